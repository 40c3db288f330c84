//! The contract between Carnet and its plugins, as both engines see it: hooks, the thing in hand, verdicts, budgets, faults and
//! packages. Nothing here runs a plugin; that is `runtime`. Which plugins are called, and in which order, is `registry`.
//!
//! The life of a call: the registry opens a [`Session`] of a [`Plugin`] (one for each import worker or interactive event), hands it a
//! [`Subject`](hand::Subject) and gets it back with the plugin's edits recorded in it, a [`Verdict`](verdict::Verdict) or a
//! [`Fault`](fault::Fault), and what was [`Spent`](budget::Spent). The registry then keeps or reverts the edits.

pub mod budget;
pub mod fault;
pub mod hand;
pub mod hook;
pub mod manifest;
pub mod overtime;
pub mod package;
pub mod service;
pub mod signature;
pub(crate) mod told;
pub mod verdict;

use std::sync::Arc;

use budget::Spent;
use fault::Fault;
use hand::Subject;
use hook::{Hook, HookSet};
use package::Identity;
use service::{LogLine, Services, StateWrite};
use verdict::Verdict;

/// One loaded version of a plugin, whichever engine runs it.
pub trait Plugin: Send + Sync {
    /// Says which plugin this is, exactly.
    fn identity(&self) -> &Arc<Identity>;

    /// Says which hooks it implements, found by looking at its exports or functions.
    fn hooks(&self) -> HookSet;

    /// Opens a session: for one interactive event, or for one worker of an import, which uses it for many rows.
    fn session(&self, services: Services) -> Box<dyn Session>;
}

/// A place where one plugin is called, one call after the other. A fault ends that call alone: the session serves the next one afresh.
pub trait Session: Send {
    /// Calls a hook that the plugin has, within its budget. Never panics, whatever the plugin does.
    fn call(&mut self, hook: Hook, subject: Subject) -> Returned;
}

/// What comes back from a call.
#[derive(Debug)]
pub struct Returned {
    /// The thing in hand, with the call's edits recorded and not yet kept; also after a fault.
    pub subject: Subject,
    /// What the plugin said, or how it failed.
    pub outcome: Result<Verdict, Fault>,
    /// What the call spent.
    pub spent: Spent,
    /// What it logged.
    pub log: Vec<LogLine>,
    /// What it asked to remember, to be committed with the record.
    pub state: Vec<StateWrite>,
}
