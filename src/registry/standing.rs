//! How one version of a plugin stands: what has to outlive the process that saw it. Whoever opens a registry hands in what was known, and
//! takes what is known at the end; keeping it is `app`'s and the store's.

use std::sync::Arc;

use crate::plugin::hook::HookSet;
use crate::plugin::package::Identity;

use super::breaker::Window;
use super::loaded::Loaded;

/// How one version of a plugin stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Standing {
    /// Which version, exactly: another one stands for itself.
    pub plugin: Arc<Identity>,
    /// Whether it faulted too often to be called.
    pub tripped: bool,
    /// Its last calls.
    pub window: Window,
    /// Calls that its probation still lasts; 0 when it is over or never was.
    pub calls_left: u32,
    /// Hooks in which it faulted on probation.
    pub faulted: HookSet,
}

impl Standing {
    /// Looks at a version in service.
    #[must_use]
    pub fn of(loaded: &Loaded) -> Self {
        Self {
            plugin: Arc::clone(loaded.identity()),
            tripped: loaded.breaker.is_tripped(),
            window: loaded.breaker.window(),
            calls_left: loaded.probation.calls_left(),
            faulted: loaded.probation.hooks(),
        }
    }

    /// Puts a version that was just loaded back to where it stood.
    pub(super) fn restore(&self, loaded: &Loaded) {
        if *self.plugin == **loaded.identity() {
            loaded.breaker.restore(self.window, self.tripped);
            loaded.probation.restore(self.calls_left, self.faulted);
        }
    }
}
