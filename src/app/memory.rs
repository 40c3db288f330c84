//! What plugins remember. They are told what is stored when they are asked, and what they decide on it is written only while that still holds:
//! two who write at once never lose what a plugin counts. If others were faster, the record is decided once more.

#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::App;
use super::decide::Opinion;
use super::failure::Failure;
use super::provenance::write_state;
use crate::plugin::service::{PluginState, Recalled, STATE_BYTES, StateWrite};
use crate::store::{Reader, Store, StoreError, Writer};

/// How often a record is decided. Each time in vain, somebody else has written one; so this is how many may come first, not how long it takes.
pub(super) const ROUNDS: usize = 64;

/// A quarter of what a plugin may remember: as long as it is far from full, how much it is makes no difference to it.
const ROOMY: usize = STATE_BYTES / 4;

/// Says whether a plugin that was told of one size may decide otherwise when it is another one.
pub(super) fn crowds(was: usize, now: usize) -> bool {
    was != now && was.max(now) > ROOMY
}

/// Decides and writes, and does it again on what plugins remember by then while others change it in between.
pub(super) fn undisturbed<T>(mut attempt: impl FnMut() -> Result<T, Failure>) -> Result<T, Failure> {
    for _ in 1..ROUNDS {
        match attempt() {
            Err(failure) if failure.is_state_moved() => {}
            done => return done,
        }
    }
    attempt()
}

/// Writes what plugins want to remember, in the transaction of the record, if all that they were told of it is still so.
///
/// # Errors
/// [`StoreError::StateMoved`] when it is not: nothing of the transaction may be kept then.
pub(super) fn remember(writer: &mut Writer<'_>, opinion: &Opinion) -> Result<(), StoreError> {
    still_holds(writer, &opinion.recalled)?;
    write_state(writer, &opinion.state)
}

/// Checks that what plugins were told of what they remember is what a transaction finds.
///
/// # Errors
/// [`StoreError::StateMoved`] when it is not.
pub(super) fn still_holds(reader: &Reader<'_>, recalled: &[(String, Recalled)]) -> Result<(), StoreError> {
    for (plugin, Recalled { values, size }) in recalled {
        let mut moved = false;
        for (key, told) in values {
            moved |= reader.state_value(plugin, key)? != *told;
        }
        if let Some(told) = size {
            moved |= crowds(*told, usize::try_from(reader.state_size(plugin)?).unwrap_or(usize::MAX));
        }
        if moved {
            return Err(StoreError::StateMoved { plugin: plugin.clone() });
        }
    }
    Ok(())
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

fn apply(remembered: &mut Remembered, writes: &[(String, StateWrite)]) {
    for (plugin, write) in writes {
        match remembered.get_mut(plugin) {
            Some(own) => own.set(write.key.clone(), write.value.clone()),
            None => remembered.entry(plugin.clone()).or_default().set(write.key.clone(), write.value.clone()),
        }
    }
}

/// What is remembered is whole at any moment, so what a thread that panicked left is as good as any.
fn lock(remembered: &Mutex<Remembered>) -> MutexGuard<'_, Remembered> {
    remembered.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What plugins remember as it is stored: all of one plugin is read when it first asks. What a decision made of it that is not written yet
/// lies over it.
#[derive(Debug)]
pub struct StoredState {
    store: Store,
    read: Mutex<Remembered>,
    asked: AtomicBool,
}

impl StoredState {
    /// Nothing is read yet.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self { store, read: Mutex::default(), asked: AtomicBool::new(false) }
    }

    /// Takes in what will be written before the next decision is.
    pub fn apply(&self, writes: &[(String, StateWrite)]) {
        apply(&mut lock(&self.read), writes);
    }

    /// Reads anew from now on.
    pub fn renew(&self) {
        lock(&self.read).clear();
    }

    /// Says whether a plugin asked since this was last called.
    pub fn was_asked(&self) -> bool {
        self.asked.swap(false, Ordering::Relaxed)
    }

    /// What cannot be read is told as nothing: the write finds that it is otherwise.
    fn with<T>(&self, plugin: &str, f: impl FnOnce(&Own) -> T) -> T {
        self.asked.store(true, Ordering::Relaxed);
        let mut read = lock(&self.read);
        if let Some(own) = read.get(plugin) {
            return f(own);
        }
        let mut own = Own::default();
        match self.store.read(|reader| reader.state_of(plugin)) {
            Ok(all) => all.into_iter().for_each(|(key, value)| own.set(key, Some(value))),
            Err(error) => {
                tracing::warn!(plugin, %error, "cannot read what a plugin remembers");
                return f(&own);
            }
        }
        f(read.entry(plugin.to_owned()).or_insert(own))
    }
}

impl PluginState for StoredState {
    fn get(&self, plugin: &str, key: &str) -> Option<Vec<u8>> {
        self.with(plugin, |own| own.values.get(key).cloned())
    }

    fn size(&self, plugin: &str) -> usize {
        self.with(plugin, |own| own.size)
    }
}

/// What all plugins remember, in memory, for an import: it is asked for every row, and written with the rows that caused it.
#[derive(Default, Debug)]
pub struct StateMemory(Mutex<Remembered>);

impl Clone for StateMemory {
    fn clone(&self) -> Self {
        Self(Mutex::new(lock(&self.0).clone()))
    }
}

impl StateMemory {
    /// Reads everything that is remembered.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn load(reader: &Reader<'_>) -> Result<Self, StoreError> {
        let mut remembered = Remembered::new();
        for (plugin, key, value) in reader.state_all()? {
            remembered.entry(plugin).or_default().set(key, Some(value));
        }
        Ok(Self(Mutex::new(remembered)))
    }

    /// Takes in the writes of an accepted record, so that the next call sees them.
    pub fn apply(&self, writes: &[(String, StateWrite)]) {
        if !writes.is_empty() {
            apply(&mut lock(&self.0), writes);
        }
    }

    /// Becomes what another one is.
    pub fn become_like(&self, other: &Self) {
        let like = lock(&other.0).clone();
        *lock(&self.0) = like;
    }

    /// Returns the keys under which another one has something else, by plugin.
    #[must_use]
    pub fn differences(&self, other: &Self) -> HashMap<String, HashSet<String>> {
        let (mine, theirs) = (lock(&self.0), lock(&other.0));
        let nothing = Own::default();
        let mut all: HashMap<String, HashSet<String>> = HashMap::new();
        for plugin in mine.keys().chain(theirs.keys().filter(|plugin| !mine.contains_key(*plugin))) {
            let [one, two] = [&mine, &theirs].map(|it| &it.get(plugin).unwrap_or(&nothing).values);
            let keys = one.keys().chain(two.keys().filter(|key| !one.contains_key(*key)));
            let other: HashSet<String> = keys.filter(|key| one.get(*key) != two.get(*key)).cloned().collect();
            if !other.is_empty() {
                all.insert(plugin.clone(), other);
            }
        }
        all
    }
}

impl PluginState for StateMemory {
    fn get(&self, plugin: &str, key: &str) -> Option<Vec<u8>> {
        lock(&self.0).get(plugin)?.values.get(key).cloned()
    }

    fn size(&self, plugin: &str) -> usize {
        lock(&self.0).get(plugin).map_or(0, |own| own.size)
    }
}

impl App {
    /// What plugins remember, as it is stored from now on.
    pub(super) fn stored_state(&self) -> Result<Arc<StoredState>, Failure> {
        Ok(Arc::new(StoredState::new(self.store()?.clone())))
    }
}
