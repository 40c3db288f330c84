//! What contacts are meant: words, labels, filters, and who is asking. Plain values; `search` makes SQL of them.

use chrono::{DateTime, Utc};

use crate::domain::contact::{ContactType, Level, words};
use crate::domain::country::Country;
use crate::domain::label::LabelName;
use crate::domain::name::Name;
use crate::domain::permission::Scope;

/// Which contacts are meant.
#[derive(Clone, PartialEq, Debug)]
pub struct Query {
    /// Beginnings of words, all of which must be found in the fields of `within`; a phone number in any notation, or a fragment of one of
    /// at least three digits. Empty: every contact.
    pub words: String,
    /// Where words are looked for.
    pub within: SearchFields,
    /// Labels that the contact must have.
    pub labels: Vec<LabelName>,
    /// Whether one of the labels is enough.
    pub any_label: bool,
    /// What else must hold, all of it.
    pub filters: Vec<Filter>,
    /// Which contacts the one who asks may see.
    pub scope: Scope,
    /// In which order pages come. Streaming is always oldest first.
    pub sort: Sort,
    /// Where to go on: the `next` of the page before.
    pub after: Option<String>,
    /// Most contacts on a page; 50 by default. Streaming does not look at it.
    pub limit: usize,
}

impl Default for Query {
    fn default() -> Self {
        Self {
            words: String::new(),
            within: SearchFields::default(),
            labels: Vec::new(),
            any_label: false,
            filters: Vec::new(),
            scope: Scope::All,
            sort: Sort::Newest,
            after: None,
            limit: 50,
        }
    }
}

/// Where words are looked for.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct SearchFields {
    /// In names.
    pub name: bool,
    /// In e-mail addresses.
    pub email: bool,
    /// In phone numbers: in any notation, and fragments of three digits or more.
    pub phone: bool,
    /// In the company's name.
    pub company: bool,
    /// In ids of other systems.
    pub external_id: bool,
}

impl Default for SearchFields {
    fn default() -> Self {
        Self { name: true, email: true, phone: true, company: true, external_id: false }
    }
}

words! {
    /// In which order pages come.
    Sort {
        /// The newest first.
        Newest = "newest",
        /// The oldest first.
        Oldest = "oldest",
        /// The last changed first.
        Updated = "updated",
        /// By name.
        Name = "name",
    }
}

/// One condition.
#[derive(Clone, PartialEq, Debug)]
pub enum Filter {
    /// What the contact is.
    Type(ContactType),
    /// Its tier.
    Level(Level),
    /// Its company, all words of it, in any case.
    Company(String),
    /// Its organization.
    Organization(Name),
    /// Who owns it.
    Owner(Name),
    /// Its division.
    Division(Name),
    /// Its country.
    Country(Country),
    /// Whether it opted out of surveys.
    OptOut(bool),
    /// When it was created: from, up to but not including.
    Created(Option<DateTime<Utc>>, Option<DateTime<Utc>>),
    /// When it was last written: from, up to but not including.
    Updated(Option<DateTime<Utc>>, Option<DateTime<Utc>>),
    /// A custom field.
    Custom {
        /// The field's key.
        key: String,
        /// How its value compares.
        is: Comparison,
    },
}

/// How a custom value compares. Numbers compare as numbers, dates as dates, other texts without regard to case and accents.
#[derive(Clone, PartialEq, Debug)]
pub enum Comparison {
    /// There is a value.
    Present,
    /// There is none.
    Absent,
    /// It is equal; of a field of tags, one of them is.
    Equal(String),
    /// It is different, or there is none.
    Different(String),
    /// It is a number in the range, ends included.
    Number(Option<f64>, Option<f64>),
    /// It is a date or time in the range, ISO 8601, ends included.
    Text(Option<String>, Option<String>),
}
