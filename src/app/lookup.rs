//! What the app lends to plugins: read-only search over a store snapshot, and their remembered state.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::domain::contact::Contact;
use crate::plugin::service::{ContactLookup, LookupKey, PluginState, StateWrite};
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

/// What one plugin remembers, and the bytes that it takes.
#[derive(Clone, Default, Debug)]
struct Own {
    values: HashMap<String, Vec<u8>>,
    size: usize,
}

impl Own {
    fn set(&mut self, key: String, value: Option<Vec<u8>>) {
        let bytes = key.len();
        let old = match value {
            Some(value) => {
                self.size += bytes + value.len();
                self.values.insert(key, value)
            }
            None => self.values.remove(&key),
        };
        self.size -= old.map_or(0, |old| bytes + old.len());
    }
}

type Remembered = HashMap<String, Own>;

/// What plugins remember, in memory; the store has it too, written with the records that caused it.
#[derive(Default, Debug)]
pub struct StateMemory(Mutex<Remembered>);

impl Clone for StateMemory {
    fn clone(&self) -> Self {
        Self(Mutex::new(self.lock().clone()))
    }
}

impl StateMemory {
    /// Reads everything that is remembered.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn load(store: &Store) -> Result<Self, StoreError> {
        let mut remembered = Remembered::new();
        for (plugin, key, value) in store.read(|reader| reader.state_all())? {
            remembered.entry(plugin).or_default().set(key, Some(value));
        }
        Ok(Self(Mutex::new(remembered)))
    }

    /// Takes in the writes of an accepted record, so that the next call sees them.
    pub fn apply(&self, writes: &[(String, StateWrite)]) {
        if writes.is_empty() {
            return;
        }
        let mut remembered = self.lock();
        for (plugin, write) in writes {
            match remembered.get_mut(plugin) {
                Some(own) => own.set(write.key.clone(), write.value.clone()),
                None => remembered.entry(plugin.clone()).or_default().set(write.key.clone(), write.value.clone()),
            }
        }
    }

    /// Becomes what another one is.
    pub fn become_like(&self, other: &Self) {
        let like = other.lock().clone();
        *self.lock() = like;
    }

    /// What is remembered is whole at any moment, so what a thread that panicked left is as good as any.
    fn lock(&self) -> MutexGuard<'_, Remembered> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl PluginState for StateMemory {
    fn get(&self, plugin: &str, key: &str) -> Option<Vec<u8>> {
        self.lock().get(plugin)?.values.get(key).cloned()
    }

    fn size(&self, plugin: &str) -> usize {
        self.lock().get(plugin).map_or(0, |own| own.size)
    }
}
