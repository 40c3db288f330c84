//! What plugins were told about other rows' doings while they were asked about one: lookups and remembered values. Whether it still holds when
//! the row's turn comes is `order`'s.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::app::lookup::sought;
use crate::domain::contact::Contact;
use crate::plugin::service::{ContactLookup, LookupKey, PluginState};
use crate::store::Sought;

/// One answer that a row before may have changed.
#[derive(Debug)]
pub(super) enum Heard {
    /// A search for contacts.
    Lookup(Sought),
    /// What a plugin remembered under a key.
    State(String, String),
    /// How much a plugin remembered.
    Size(String, usize),
}

/// What was heard since it was last taken.
#[derive(Default, Debug)]
pub(super) struct Ear(Mutex<Vec<Heard>>);

impl Ear {
    fn note(&self, heard: Heard) {
        self.lock().push(heard);
    }

    pub(super) fn take(&self) -> Vec<Heard> {
        std::mem::take(&mut *self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Heard>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A service whose answers are noted.
pub(super) struct Listening<S: ?Sized> {
    pub(super) ear: Arc<Ear>,
    pub(super) service: Arc<S>,
}

impl<S: ContactLookup + ?Sized> ContactLookup for Listening<S> {
    fn find(&self, key: &LookupKey, limit: usize) -> Result<Vec<Arc<Contact>>, String> {
        self.ear.note(Heard::Lookup(sought(key)));
        self.service.find(key, limit)
    }
}

impl<S: PluginState + ?Sized> PluginState for Listening<S> {
    fn get(&self, plugin: &str, key: &str) -> Option<Vec<u8>> {
        self.ear.note(Heard::State(plugin.to_owned(), key.to_owned()));
        self.service.get(plugin, key)
    }

    fn size(&self, plugin: &str) -> usize {
        let size = self.service.size(plugin);
        self.ear.note(Heard::Size(plugin.to_owned(), size));
        size
    }
}
