//! What the host lends to a plugin beside the thing in hand: log, config, lookup and state. Narrow on purpose: never the store itself.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::domain::contact::Contact;

/// How a plugin may find other contacts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum LookupKey {
    /// By e-mail address, without regard to case.
    Email(String),
    /// By phone number in E.164.
    Phone(String),
    /// By id in another system, `source:id`.
    ExternalId(String),
    /// By words and prefixes of the name.
    Name(String),
}

impl LookupKey {
    /// Pairs the name of a key (`email`, `phone`, `external_id`, `name`) with its value.
    #[must_use]
    pub fn parse(by: &str, value: &str) -> Option<Self> {
        let value = value.to_owned();
        Some(match by {
            "email" => Self::Email(value),
            "phone" => Self::Phone(value),
            "external_id" => Self::ExternalId(value),
            "name" => Self::Name(value),
            _ => return None,
        })
    }
}

/// Read-only search for other contacts; a plugin has it by grant.
pub trait ContactLookup: Send + Sync {
    /// Returns at most `limit` contacts, oldest first.
    ///
    /// # Errors
    /// A message for the plugin's log when the store cannot answer.
    fn find(&self, key: &LookupKey, limit: usize) -> Result<Vec<Arc<Contact>>, String>;
}

/// What a plugin remembered; a plugin has it by grant. Sizes are checked by [`check_state_write`].
pub trait PluginState: Send + Sync {
    /// Returns the remembered bytes.
    fn get(&self, plugin: &str, key: &str) -> Option<Vec<u8>>;

    /// Returns the bytes that the plugin's state takes now, keys and values.
    fn size(&self, plugin: &str) -> usize;
}

/// One change of a plugin's state, to be committed with the record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StateWrite {
    /// The key, 1–256 bytes.
    pub key: String,
    /// The value; `None` forgets the key.
    pub value: Option<Vec<u8>>,
}

/// What a plugin was told of what it remembers, by what it asked for first. Whatever it decided holds as long as this does.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Recalled {
    /// What stood under the keys that it read or wrote.
    pub values: BTreeMap<String, Option<Vec<u8>>>,
    /// The bytes that all of it took, where that mattered.
    pub size: Option<usize>,
}

impl Recalled {
    /// Says whether it asked for nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty() && self.size.is_none()
    }
}

/// Longest key of a plugin's state, in bytes.
pub const STATE_KEY_BYTES: usize = 256;

/// Most that one plugin may remember in sum, in bytes.
pub const STATE_BYTES: usize = 1 << 20;

/// Checks one write against the limits.
///
/// # Errors
/// What limit it passes, for the plugin's author.
pub fn check_state_write(write: &StateWrite, size_now: usize) -> Result<(), String> {
    if write.key.is_empty() || write.key.len() > STATE_KEY_BYTES {
        return Err(format!("a key of state has 1–{STATE_KEY_BYTES} bytes, this one has {}", write.key.len()));
    }
    let added = write.value.as_ref().map_or(0, |value| write.key.len() + value.len());
    if size_now + added > STATE_BYTES {
        return Err(format!("state would take {} bytes, more than {STATE_BYTES}", size_now + added));
    }
    Ok(())
}

/// Most keys that one call may change.
pub const STATE_WRITES: usize = 1000;

/// Longest text that contacts are looked up by, in bytes: the store takes long to look for thousands of words.
pub const LOOKUP_BYTES: usize = 1024;

/// Most lines that one call may log: short lines cost more than their bytes.
pub const LOG_LINES: usize = 1000;

/// How serious a line of the log is.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum LogLevel {
    /// For the author.
    Debug,
    /// For the operator, when looking.
    Info,
    /// Something is odd.
    Warn,
    /// Something is wrong.
    Error,
}

/// One line that a plugin logged.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LogLine {
    /// How serious.
    pub level: LogLevel,
    /// The text.
    pub text: String,
}

/// What a session may use. Lookup and state are there only if granted.
#[derive(Clone)]
pub struct Services {
    /// Search for other contacts.
    pub lookup: Option<Arc<dyn ContactLookup>>,
    /// What the plugin remembered.
    pub state: Option<Arc<dyn PluginState>>,
}

impl Services {
    /// Nothing but log and config.
    #[must_use]
    pub const fn none() -> Self {
        Self { lookup: None, state: None }
    }
}
