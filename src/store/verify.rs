//! What only a contact's document can tell. The rest of a query is told by tables, in `plan`.

use crate::domain::contact::Contact;
use crate::domain::text::fold;

use super::facets;
use super::keys::Keys;
use super::prepared::{self, kind};
use super::query::SearchFields;
use super::words::{Digits, Token, Tokens, Wanted, all_among};

/// A check of a document.
pub(super) enum Check {
    /// Words and pieces of numbers in the fields where they may be, or the beginning of an external id.
    Words(Box<(Wanted, SearchFields, Vec<String>)>),
    /// Words of the company.
    Company(Vec<Token>),
    /// A custom value, folded; or any other value, or none.
    Custom {
        /// Its key.
        key: String,
        /// What it is compared with.
        folded: String,
        /// Whether it must be equal, or must not.
        equal: bool,
    },
}

impl Check {
    /// Says whether it holds.
    pub(super) fn holds(&self, contact: &Contact) -> bool {
        match self {
            Self::Words(it) => {
                let (wanted, within, begins) = &**it;
                words(contact, wanted, *within) || has_external_id(contact, begins)
            }
            Self::Company(tokens) => contact.company.as_deref().is_some_and(|company| {
                let mut words = Tokens::default();
                words.add(company);
                all_among(tokens, &words.into_text())
            }),
            Self::Custom { key, folded, equal } => {
                let value = contact.custom.get(key).map(|value| fold(value));
                *equal == value.is_some_and(|value| facets::values(&value).any(|it| it == folded))
            }
        }
    }
}

fn words(contact: &Contact, wanted: &Wanted, within: SearchFields) -> bool {
    if wanted.is_empty() {
        return false;
    }
    let words = prepared::words_within(contact, within);
    let identifiers = if wanted.numbers.is_empty() { Keys::default() } else { prepared::identifiers(contact) };
    all_among(&wanted.text, &words)
        && wanted.numbers.iter().all(|number| {
            (within.phone && identifiers.iter().any(|(kind, value)| number.is_in(kind, value)))
                || (!number.as_words.is_empty() && all_among(&number.as_words, &words))
        })
}

impl Digits {
    /// Says whether they are in an identifier.
    pub(super) fn is_in(&self, kind: u8, value: &str) -> bool {
        let numbers = [kind::PHONE, kind::WHATSAPP];
        match self.anchored {
            true => numbers.contains(&kind) && value.starts_with(&self.digits),
            false => (numbers.contains(&kind) || kind == kind::DIGITS) && value.contains(&self.digits),
        }
    }
}

fn has_external_id(contact: &Contact, begins: &[String]) -> bool {
    contact.external_ids.iter().any(|it| begins.iter().any(|text| it.id.starts_with(text)))
}
