//! What a plugin decided about one record so far: `on_import_row` and then `on_create` are calls of one row, and what the first one set is there
//! for the second. Nothing of it is stored before the record is.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::plugin::service::{PluginState, StateWrite};

/// What one session's plugin wants to remember of the record, from earlier calls about it.
#[derive(Clone, Default)]
pub(super) struct SoFar(Arc<Mutex<Writes>>);

type Writes = BTreeMap<String, Option<Vec<u8>>>;

impl SoFar {
    /// Takes what all plugins want to remember of the record that the next call is about.
    pub(super) fn begin(&self, plugin: &str, earlier: &[(String, StateWrite)]) {
        let mut writes = self.lock();
        writes.clear();
        let own = earlier.iter().filter(|(name, _)| name == plugin);
        writes.extend(own.map(|(_, write)| (write.key.clone(), write.value.clone())));
    }

    /// Lays it over what is stored.
    pub(super) fn over(&self, state: Arc<dyn PluginState>) -> Arc<dyn PluginState> {
        Arc::new(Laid { so_far: self.clone(), state })
    }

    fn lock(&self) -> MutexGuard<'_, Writes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Laid {
    so_far: SoFar,
    state: Arc<dyn PluginState>,
}

impl PluginState for Laid {
    fn get(&self, plugin: &str, key: &str) -> Option<Vec<u8>> {
        match self.so_far.lock().get(key) {
            Some(value) => value.clone(),
            None => self.state.get(plugin, key),
        }
    }

    fn size(&self, plugin: &str) -> usize {
        let writes = self.so_far.lock();
        let bytes = |key: &str, value: Option<&Vec<u8>>| value.map_or(0, |value| key.len() + value.len());
        let stored = self.state.size(plugin);
        writes.iter().fold(stored, |size, (key, value)| {
            // What is written over makes room.
            let before = bytes(key, self.state.get(plugin, key).as_ref());
            size.saturating_sub(before) + bytes(key, value.as_ref())
        })
    }
}
