//! A package as an engine needs it to load one version of a plugin: who it is, its code, and on what terms it runs here. Reading packages
//! from a folder is `registry`; the text of `plugin.toml` is `manifest`.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use super::budget::Budget;
use super::fault::Position;
use super::told;

/// Which engine runs a plugin.
#[derive(Copy, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum EngineKind {
    /// A WebAssembly component.
    Wasm,
    /// A Rhai script.
    Rhai,
}

impl EngineKind {
    /// Returns `wasm` or `rhai`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Wasm => "wasm",
            Self::Rhai => "rhai",
        }
    }
}

impl fmt::Display for EngineKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Which plugin, exactly: what the change log names.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Identity {
    /// Name, unique among the loaded: 1–64 of `a-z`, `0-9`, `-`.
    pub name: String,
    /// Version as the manifest says; `0.0.0` for a lone file.
    pub version: String,
    /// SHA-256 of code and manifest, 64 hex digits.
    pub hash: String,
    /// What runs it.
    pub engine: EngineKind,
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ({})", self.name, self.version, self.hash.get(..12).unwrap_or(&self.hash))
    }
}

/// A value of the plugin's configuration, checked against its manifest.
#[derive(Clone, PartialEq, Debug)]
pub enum ConfigValue {
    /// One text.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// A number.
    Number(f64),
    /// Yes or no.
    Bool(bool),
    /// A list of texts.
    List(Vec<String>),
}

impl fmt::Display for ConfigValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Integer(number) => number.fmt(f),
            Self::Number(number) => number.fmt(f),
            Self::Bool(yes) => yes.fmt(f),
            Self::List(items) => f.write_str(&items.join(",")),
        }
    }
}

/// What a plugin may use beside the thing in hand.
#[derive(Copy, Clone, PartialEq, Eq, Default, Debug)]
pub struct Grants {
    /// Search for other contacts.
    pub lookup: bool,
    /// A small store of its own.
    pub state: bool,
}

/// One version of a plugin, ready to be loaded by its engine.
#[derive(Clone)]
pub struct Package {
    /// Which plugin.
    pub identity: Arc<Identity>,
    /// The component or the script.
    pub code: Arc<[u8]>,
    /// Where the code was read, for messages.
    pub path: PathBuf,
    /// What the deployment grants of what the manifest asks.
    pub grants: Grants,
    /// Limits of each call.
    pub budget: Budget,
    /// Configuration, defaults filled in.
    pub config: Arc<BTreeMap<String, ConfigValue>>,
}

/// Values may be secret; only manifests know which.
impl fmt::Debug for Package {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Package")
            .field("identity", &self.identity)
            .field("path", &self.path)
            .field("grants", &self.grants)
            .field("budget", &self.budget)
            .field("config", &self.config.keys().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

/// Why a package cannot be loaded. Displayed with the plugin's name by the registry.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{message}")]
pub struct LoadError {
    /// What is wrong: a lower-case fragment.
    pub message: String,
    /// Where in the code, if known.
    pub position: Option<Position>,
    /// What its author or the operator can do.
    pub hint: Option<String>,
}

impl LoadError {
    /// Returns an error without position and hint.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: told::lines(message.into()), position: None, hint: None }
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(told::lines(hint.into()));
        self
    }

    /// Adds where it is.
    #[must_use]
    pub fn at(mut self, position: Position) -> Self {
        self.position = Some(position);
        self
    }
}
