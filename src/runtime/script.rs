//! The engine for scripts: Rhai packages behind the same contract as WASM components. What a script may call is registered in `host`,
//! `things` and `library`; what it may spend is held by `meter` and `memory`; how it fails is told by `blame`.
//!
//! One immutable tree of syntax per loaded package, one Rhai engine per session (a microsecond to make, and so no lock is shared between
//! workers). The script's top-level statements run once, when it is loaded, to compute its constants; a hook call runs one function and
//! nothing else, in a fresh scope.

mod api;
mod blame;
mod call;
mod captured;
mod engine;
pub mod examples;
mod habits;
mod host;
mod library;
mod load;
mod memory;
mod meter;
mod names;
mod patterns;
mod scan;
mod session;
mod sorting;
mod things;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::plugin::hook::HookSet;
use crate::plugin::package::{Identity, LoadError, Package};
use crate::plugin::service::Services;
use crate::plugin::{Plugin, Session};
pub use api::{Chapter, Entry, Example, Kind, Registered};
use load::Loaded;
use session::ScriptSession;

/// Loads scripts. Holds nothing of its own: what all scripts share is made once for the process.
#[derive(Copy, Clone, Default, Debug)]
pub struct ScriptRuntime;

impl ScriptRuntime {
    /// Returns the runtime.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }

    /// Compiles a script and finds its hooks.
    ///
    /// # Errors
    /// What is wrong with the script, with its position where that is known.
    pub fn load(&self, package: &Package) -> Result<Arc<dyn Plugin>, LoadError> {
        Ok(Arc::new(Script(Arc::new(load::load(package)?))))
    }
}

/// Returns the reference of everything that a script may call, as Markdown, made from the same table that registers it.
#[must_use]
pub fn reference() -> String {
    api::shared().reference()
}

/// Returns the same as data.
#[must_use]
pub fn chapters() -> &'static [Chapter] {
    api::shared().chapters()
}

/// Returns everything that was registered, for whoever checks that all of it is told.
#[must_use]
pub fn registered() -> &'static [Registered] {
    api::shared().registered()
}

/// Returns the entries that fit a word, with their chapters: those of that name, or with it in their name, or that speak of it.
#[must_use]
pub fn search(word: &str) -> Vec<(&'static Chapter, Vec<&'static Entry>)> {
    api::shared().search(word)
}

/// One loaded version of a script.
struct Script(Arc<Loaded>);

impl Plugin for Script {
    fn identity(&self) -> &Arc<Identity> {
        &self.0.identity
    }

    fn hooks(&self) -> HookSet {
        self.0.hooks
    }

    fn session(&self, services: Services) -> Box<dyn Session> {
        Box::new(ScriptSession::new(Arc::clone(&self.0), services))
    }
}
