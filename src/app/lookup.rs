//! What the app lends to plugins: read-only search over a store snapshot, and their remembered state.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::domain::contact::Contact;
use crate::plugin::service::{ContactLookup, LookupKey, PluginState, StateWrite};
use crate::store::{Identifier, Query, Store, StoreError};

/// Search for other contacts among what is committed.
pub struct StoreLookup(pub Store);

impl ContactLookup for StoreLookup {
    fn find(&self, key: &LookupKey, limit: usize) -> Result<Vec<Arc<Contact>>, String> {
        let found = match key {
            LookupKey::Email(address) => self.by(&Identifier::Email(address.clone()), limit),
            LookupKey::Phone(number) => self.by(&Identifier::Phone(number.clone()), limit),
            LookupKey::ExternalId(text) => {
                let (source, id) = text.split_once(':').unwrap_or(("", text));
                self.by(&Identifier::ExternalId { source: source.to_owned(), id: id.to_owned() }, limit)
            }
            LookupKey::Name(words) => {
                let query = Query { words: words.clone(), limit, ..Query::default() };
                self.0.read(|reader| reader.newest(&query))
            }
        };
        found.map(|contacts| contacts.into_iter().map(Arc::new).collect()).map_err(|error| error.to_string())
    }
}

impl StoreLookup {
    fn by(&self, identifier: &Identifier, limit: usize) -> Result<Vec<Contact>, StoreError> {
        self.0.read(|reader| reader.find(identifier, limit))
    }
}

type Remembered = HashMap<String, HashMap<String, Vec<u8>>>;

/// What plugins remember, in memory; the store has it too, written with the records that caused it.
#[derive(Default)]
pub struct StateMemory(Mutex<Remembered>);

impl StateMemory {
    /// Reads everything that is remembered.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn load(store: &Store) -> Result<Self, StoreError> {
        let mut remembered = Remembered::new();
        for (plugin, key, value) in store.read(|reader| reader.state_all())? {
            remembered.entry(plugin).or_default().insert(key, value);
        }
        Ok(Self(Mutex::new(remembered)))
    }

    /// Returns the same for somebody who only tries things out.
    #[must_use]
    pub fn fork(&self) -> Self {
        Self(Mutex::new(self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()))
    }

    /// Takes in the writes of an accepted record, so that the next call sees them.
    pub fn apply(&self, writes: &[(String, StateWrite)]) {
        if writes.is_empty() {
            return;
        }
        let mut remembered = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (plugin, write) in writes {
            let own = remembered.entry(plugin.clone()).or_default();
            match &write.value {
                Some(value) => drop(own.insert(write.key.clone(), value.clone())),
                None => drop(own.remove(&write.key)),
            }
        }
    }
}

impl PluginState for StateMemory {
    fn get(&self, plugin: &str, key: &str) -> Option<Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(plugin)?.get(key).cloned()
    }

    fn size(&self, plugin: &str) -> usize {
        let remembered = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        remembered.get(plugin).map_or(0, |own| own.iter().map(|(key, value)| key.len() + value.len()).sum())
    }
}
