//! What plugins were told of what they remember, for whoever writes what they decided on it. Chains of jobs have an ear of their own, which
//! hears of everything.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::plugin::service::{PluginState, Recalled, STATE_KEY_BYTES};

/// Notes what one session is told.
#[derive(Clone, Default)]
pub(super) struct Notepad(Arc<Mutex<Recalled>>);

impl Notepad {
    /// Takes what was told since it was last taken.
    pub(super) fn take(&self) -> Recalled {
        std::mem::take(&mut *self.lock())
    }

    /// Puts the notepad between a plugin and what it remembers.
    pub(super) fn under(&self, state: Arc<dyn PluginState>) -> Arc<dyn PluginState> {
        Arc::new(Noted { notepad: self.clone(), state })
    }

    fn lock(&self) -> MutexGuard<'_, Recalled> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Noted {
    notepad: Notepad,
    state: Arc<dyn PluginState>,
}

impl PluginState for Noted {
    fn get(&self, plugin: &str, key: &str) -> Option<Vec<u8>> {
        let value = self.state.get(plugin, key);
        // What is too long for a key is never there.
        if key.len() <= STATE_KEY_BYTES {
            self.notepad.lock().values.entry(key.to_owned()).or_insert_with(|| value.clone());
        }
        value
    }

    fn size(&self, plugin: &str) -> usize {
        let size = self.state.size(plugin);
        self.notepad.lock().size.get_or_insert(size);
        size
    }
}
