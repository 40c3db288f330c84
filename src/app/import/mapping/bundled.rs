//! What Carnet knows about the exports of other programs, as data: one TOML file each under `bundled/`. Which one a file is, is told by headers
//! that nobody else writes. What the columns become is worked out by `recipe`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use serde::Deserialize;

use crate::domain::field::header_key;

/// How the export of one program is read. `#` in a header stands for a number: `Phone # - Value`.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub struct Bundled {
    /// Its name for `--mapping`.
    pub name: String,
    /// Its name for people.
    pub title: String,
    /// Headers that are a sign of this program.
    pub signs: Vec<String>,
    /// How many of them make it certain.
    pub least: usize,
    /// Headers that this program never writes: with one of them the file is another's.
    #[serde(default)]
    pub never: Vec<String>,
    /// Columns that are one field each.
    #[serde(default)]
    pub fields: BTreeMap<String, String>,
    /// Columns of one list field, in order.
    #[serde(default)]
    pub lists: BTreeMap<String, Vec<String>>,
    /// Columns before which another says of what kind the value is.
    #[serde(default)]
    pub kinds: Vec<Kinds>,
    /// Groups of columns of which the first that is filled in is taken, as a whole.
    #[serde(default)]
    pub first: Vec<First>,
    /// Columns of labels.
    #[serde(default)]
    pub labels: Vec<Labels>,
    /// Columns of ids, with the name of the system whose ids they are.
    #[serde(default)]
    pub ids: BTreeMap<String, String>,
    /// Columns that no field holds, however much their headers look like one.
    #[serde(default)]
    pub left: Vec<String>,
    /// What the program writes where there is nothing, by column.
    #[serde(default)]
    pub empty: BTreeMap<String, Vec<String>>,
    /// Columns that only repeat what others say, with the others.
    #[serde(default)]
    pub repeats: BTreeMap<String, Vec<String>>,
    /// What to know about columns that are left, where they hold something.
    #[serde(default)]
    pub remarks: BTreeMap<String, Remark>,
}

/// Why a column is left, and how it can be taken.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub struct Remark {
    /// What it says, or does not: reads on after the header.
    pub says: String,
    /// The field that would take it.
    pub field: String,
}

/// Values whose kind stands in another column.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub struct Kinds {
    /// The column with the kind.
    pub label: String,
    /// The column with the value.
    pub value: String,
    /// The field of values whose kind is blank.
    pub blank: String,
    /// The field of values whose kind is not known.
    pub otherwise: String,
    /// The fields by kind; `-` for none.
    pub fields: BTreeMap<String, String>,
}

/// Sets of columns, of which one is taken.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub struct First {
    /// The columns of each field; those of a street are its lines.
    pub of: Vec<BTreeMap<String, Vec<String>>>,
}

impl Bundled {
    /// Returns its columns with the fields that they become, as far as that can be said without looking at rows; `None` for those that no
    /// field takes.
    #[must_use]
    pub fn columns(&self) -> Vec<(String, Option<String>)> {
        let mut all: Vec<(String, Option<String>)> = Vec::new();
        let mut add = |header: &String, field: Option<&str>| all.push((header.clone(), field.map(str::to_owned)));
        self.fields.iter().for_each(|(header, field)| add(header, Some(field)));
        for (field, headers) in &self.lists {
            headers.iter().for_each(|header| add(header, Some(field)));
        }
        for kinds in &self.kinds {
            add(&kinds.value, Some(&format!("by `{}`, else {}", kinds.label, kinds.otherwise)));
        }
        for set in self.first.iter().flat_map(|first| &first.of) {
            for (field, headers) in set {
                headers.iter().for_each(|header| add(header, Some(field)));
            }
        }
        self.labels.iter().for_each(|labels| add(&labels.column, Some("labels")));
        self.ids.iter().for_each(|(header, source)| add(header, Some(&format!("external_id, as {source}:…"))));
        self.left.iter().chain(self.repeats.keys()).for_each(|header| add(header, None));
        all
    }
}

/// Labels in one cell.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub struct Labels {
    /// The column.
    pub column: String,
    /// What parts them.
    pub separator: String,
    /// How labels of the program's own begin, which are nobody's.
    #[serde(default)]
    pub system: Option<String>,
}

const SOURCES: [&str; 5] = [
    include_str!("bundled/google-contacts.toml"),
    include_str!("bundled/google-contacts-older.toml"),
    include_str!("bundled/outlook.toml"),
    include_str!("bundled/salesforce.toml"),
    include_str!("bundled/hubspot.toml"),
];

/// All of them. A file that cannot be read is a fault of the build, found by its test.
pub static BUNDLED: LazyLock<Vec<Bundled>> =
    LazyLock::new(|| SOURCES.iter().filter_map(|source| toml::from_str(source).ok()).collect());

/// What the headers of a file say about where it comes from.
#[derive(Debug)]
pub enum Recognised {
    /// Nothing.
    Unknown,
    /// It may be such an export; not enough of its headers are there to be sure.
    Perhaps(&'static Bundled),
    /// It is one.
    Certainly(&'static Bundled),
    /// It could be any of several.
    Several(Vec<&'static Bundled>),
}

/// Looks at headers.
pub fn recognise(headers: &[String]) -> Recognised {
    let keys: Vec<String> = headers.iter().map(|header| header_key(header)).collect();
    let count = |signs: &[String]| signs.iter().filter(|sign| Pattern::new(sign).is_in(&keys)).count();
    let score = |bundled: &Bundled| if count(&bundled.never) > 0 { 0 } else { count(&bundled.signs) };
    let scored: Vec<(usize, &'static Bundled)> = BUNDLED.iter().map(|bundled| (score(bundled), bundled)).collect();
    // What is beyond doubt by its own measure; by how much tells two of them apart.
    let sure: Vec<(usize, &'static Bundled)> =
        scored.iter().filter(|(score, bundled)| *score >= bundled.least).copied().collect();
    let best = sure.iter().map(|(score, _)| *score).max();
    let leaders: Vec<&'static Bundled> = sure
        .iter()
        .filter(|(score, _)| best.is_some_and(|best| *score * 2 > best))
        .map(|(_, bundled)| *bundled)
        .collect();
    match leaders[..] {
        [only] => Recognised::Certainly(only),
        [] => {
            let nearly = scored.into_iter().filter(|(score, bundled)| *score > 1 && *score * 2 >= bundled.least);
            nearly
                .max_by_key(|(score, _)| *score)
                .map_or(Recognised::Unknown, |(_, bundled)| Recognised::Perhaps(bundled))
        }
        _ => Recognised::Several(leaders),
    }
}

/// Finds one by its name, or by its name for people.
pub fn named(name: &str) -> Option<&'static Bundled> {
    let key = header_key(name);
    BUNDLED.iter().find(|bundled| header_key(&bundled.name) == key || header_key(&bundled.title) == key)
}

/// A header with a number in it, or without.
#[derive(Debug)]
pub struct Pattern {
    before: String,
    after: Option<String>,
}

impl Pattern {
    /// Reads `Phone # - Value`.
    pub fn new(text: &str) -> Self {
        match text.split_once('#') {
            Some((before, after)) => Self { before: header_key(before), after: Some(header_key(after)) },
            None => Self { before: header_key(text), after: None },
        }
    }

    /// Returns the number of a header that fits, in its comparison form; 0 for one without number.
    pub fn number(&self, key: &str) -> Option<u32> {
        let Some(after) = &self.after else { return (self.before == key).then_some(0) };
        let number = key.strip_prefix(&*self.before)?.strip_suffix(&**after)?;
        number.parse().ok().filter(|_| number.bytes().all(|byte| byte.is_ascii_digit()))
    }

    /// Returns the first column that fits, with the number.
    pub fn column(&self, keys: &[String], number: u32) -> Option<usize> {
        keys.iter().position(|key| self.number(key).is_some_and(|found| found == number || self.after.is_none()))
    }

    /// Returns the numbers that occur.
    pub fn numbers(&self, keys: &[String]) -> BTreeSet<u32> {
        keys.iter().filter_map(|key| self.number(key)).collect()
    }

    fn is_in(&self, keys: &[String]) -> bool {
        keys.iter().any(|key| self.number(key).is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::field::FieldKey;

    #[test]
    fn every_file_is_sound() {
        for source in SOURCES {
            let bundled: Bundled = toml::from_str(source).unwrap_or_else(|error| panic!("{error}"));
            let direct = bundled.fields.values().chain(bundled.lists.keys());
            let kinds =
                bundled.kinds.iter().flat_map(|kinds| kinds.fields.values().chain([&kinds.blank, &kinds.otherwise]));
            let first = bundled.first.iter().flat_map(|first| first.of.iter().flat_map(BTreeMap::keys));
            for field in direct.chain(kinds.filter(|field| *field != "-")).chain(first) {
                assert!(FieldKey::parse(field).is_ok(), "{}: {field}", bundled.name);
            }
            for remark in bundled.remarks.values() {
                assert!(FieldKey::parse(&remark.field).is_ok(), "{}: {}", bundled.name, remark.field);
            }
            let mut once: Vec<&String> = bundled.fields.values().collect();
            once.sort();
            once.dedup();
            assert_eq!(once.len(), bundled.fields.len(), "{}: two columns for one field", bundled.name);
            assert!(bundled.least > 1 && bundled.least < bundled.signs.len(), "{}", bundled.name);
        }
        assert_eq!(BUNDLED.len(), SOURCES.len());
    }

    #[track_caller]
    fn check(headers: &str, expected: &str) {
        let headers: Vec<String> = headers.split(',').map(|header| header.trim().to_owned()).collect();
        let found = match recognise(&headers) {
            Recognised::Unknown => "nobody".to_owned(),
            Recognised::Perhaps(bundled) => format!("perhaps {}", bundled.name),
            Recognised::Certainly(bundled) => bundled.name.clone(),
            Recognised::Several(several) => several.iter().map(|it| &*it.name).collect::<Vec<_>>().join(" or "),
        };
        assert_eq!(found, expected, "{headers:?}");
    }

    #[test]
    fn exports_are_known_by_their_headers_however_few() {
        check(
            "First Name,Last Name,Phone 1 - Label,Phone 1 - Value,E-mail 1 - Label,E-mail 1 - Value",
            "google-contacts",
        );
        check("Name,Given Name,Family Name,E-mail 1 - Type,E-mail 1 - Value,Group Membership", "google-contacts-older");
        check("First Name,Last Name,Phone 1 - Label,Phone 1 - Value", "google-contacts");
        check(
            "Given Name,Family Name,Phone 1 - Type,Phone 1 - Value,E-mail 1 - Type,E-mail 1 - Value",
            "google-contacts-older",
        );
        check("First Name,Phone 1 - Value,E-mail 1 - Value", "google-contacts or google-contacts-older");
        check("first_name,last_name,e-mail address,business phone,business street,categories", "outlook");
        check(
            "Salutation,First Name,Last Name,Title,Account Name,Mailing Street,Mailing City,Contact ID",
            "salesforce",
        );
        check("Record ID,First Name,Last Name,Email,Lifecycle Stage,Contact owner,Create Date", "hubspot");
        check("First Name,Last Name,Title,E-mail Address,Business Phone,Company", "perhaps outlook");
        check("First name,Last name,Mobile,Email,Company,Team,Contact Label", "nobody");
        check(
            "Record Id,Contact Owner,Lead Source,Account Name,Mailing Street,Mailing City,Mailing Zip,Email Opt Out",
            "nobody",
        );
        check(
            "Phone 1 - Label,E-mail 1 - Label,File As,Phone 1 - Type,E-mail 1 - Type,Group Membership",
            "google-contacts or google-contacts-older",
        );
    }
}
