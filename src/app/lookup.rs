//! What the app lends to plugins: read-only search over a store snapshot. What they remember is `memory`'s.

use std::sync::Arc;

use crate::domain::contact::Contact;
use crate::plugin::service::{ContactLookup, LookupKey};
use crate::store::{Identifier, Query, Sought, Store, StoreError};

/// Search for other contacts among what is committed.
pub struct StoreLookup(pub Store);

impl ContactLookup for StoreLookup {
    fn find(&self, key: &LookupKey, limit: usize) -> Result<Vec<Arc<Contact>>, String> {
        let found = self.0.read(|reader| match wanted(key) {
            Wanted::Identifier(identifier) => reader.find(&identifier, limit),
            Wanted::Words(words) => reader.newest(&Query { words: words.to_owned(), limit, ..Query::default() }),
        });
        answer(found)
    }
}

/// What a lookup asks for: somebody with an identifier, or with words in the name.
pub(super) enum Wanted<'k> {
    /// An identifier, in the store's words.
    Identifier(Identifier),
    /// Words of a name.
    Words(&'k str),
}

/// Reads what a lookup asks for.
pub(super) fn wanted(key: &LookupKey) -> Wanted<'_> {
    match key {
        LookupKey::Email(address) => Wanted::Identifier(Identifier::Email(address.clone())),
        LookupKey::Phone(number) => Wanted::Identifier(Identifier::Phone(number.clone())),
        LookupKey::ExternalId(text) => {
            let (source, id) = text.split_once(':').unwrap_or(("", text));
            Wanted::Identifier(Identifier::ExternalId { source: source.to_owned(), id: id.to_owned() })
        }
        LookupKey::Name(words) => Wanted::Words(words),
    }
}

/// What a lookup finds, as plugins get it.
pub(super) fn answer(found: Result<Vec<Contact>, StoreError>) -> Result<Vec<Arc<Contact>>, String> {
    found.map(|contacts| contacts.into_iter().map(Arc::new).collect()).map_err(|error| error.to_string())
}

/// What a lookup asks for, as rows that are not written yet are asked.
pub(super) fn sought(key: &LookupKey) -> Sought {
    match wanted(key) {
        Wanted::Identifier(identifier) => Sought::identifier(&identifier),
        Wanted::Words(words) => Sought::words(words),
    }
}
