//! What a lookup asks for, and whether a contact answers it: for contacts that are not written yet. Lookups in the tables are `identifiers` and
//! `search`.

use crate::domain::contact::Contact;

use super::document;
use super::error::StoreError;
use super::prepared::{self, Prepared};
use super::types::Identifier;
use super::words::{Wanted, all_among};

/// What a lookup asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sought(What);

#[derive(Clone, PartialEq, Eq, Debug)]
enum What {
    /// An identifier, as it stands in the table.
    Key(u8, String),
    /// Words and pieces of numbers.
    Words(Wanted),
    /// Nothing in particular.
    Everybody,
}

impl Sought {
    /// An identifier.
    #[must_use]
    pub fn identifier(identifier: &Identifier) -> Self {
        let (kind, value) = prepared::key(identifier);
        Self(What::Key(kind, value))
    }

    /// The words of a query that looks where queries look unless told otherwise.
    #[must_use]
    pub fn words(query: &str) -> Self {
        if query.trim().is_empty() { Self(What::Everybody) } else { Self(What::Words(Wanted::of(query))) }
    }

    /// The identifier, where it is one.
    #[must_use]
    pub fn key(&self) -> Option<(u8, &str)> {
        match &self.0 {
            What::Key(kind, value) => Some((*kind, value)),
            What::Words(_) | What::Everybody => None,
        }
    }
}

impl Prepared {
    /// Says whether a lookup finds the contact.
    #[must_use]
    pub fn answers(&self, sought: &Sought) -> bool {
        match &sought.0 {
            What::Key(kind, value) => self.identifiers().any(|key| key == (*kind, &**value)),
            What::Everybody => true,
            What::Words(wanted) => {
                !wanted.is_empty()
                    && all_among(&wanted.text, self.words())
                    && wanted.numbers.iter().all(|number| {
                        self.identifiers().any(|(kind, value)| number.is_in(kind, value))
                            || (!number.as_words.is_empty() && all_among(&number.as_words, self.words()))
                    })
            }
        }
    }

    /// Returns what identifies the contact: kinds and values.
    pub fn keys(&self) -> impl Iterator<Item = (u8, &str)> {
        self.identifiers()
    }

    /// Returns the contact as it will be read once it is written for the first time.
    ///
    /// # Errors
    /// Never, for what this Carnet prepared.
    pub fn contact(&self) -> Result<Contact, StoreError> {
        document::decode(self.id, 1, self.document())
            .map_err(|reason| StoreError::Unreadable { what: format!("contact `{}`", self.id), reason })
    }
}
