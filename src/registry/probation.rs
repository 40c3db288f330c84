//! The first calls of a version that replaced another: faults are noted, so that its predecessor can be put back.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

use super::standing::{Predecessor, Trial};
use crate::plugin::hook::{Hook, HookSet};

/// Calls that a probation lasts.
pub const CALLS: u32 = 200;

/// Whether a version is on probation, and where it faulted.
#[derive(Debug, Default)]
pub struct Probation {
    calls_left: AtomicU32,
    /// One bit for each hook.
    faulted: AtomicU32,
    /// What it replaced, and whether it failed.
    trial: Mutex<Option<Trial>>,
}

impl Probation {
    pub(super) fn begin(&self, calls_left: u32, predecessor: Predecessor) {
        *self.lock() = Some(Trial::On(calls_left, predecessor));
        self.calls_left.store(calls_left, Ordering::Relaxed);
    }

    /// Notes a call.
    pub(super) fn note(&self, hook: Hook, faulted: bool) {
        let left = self.calls_left.load(Ordering::Relaxed);
        if left == 0 {
            return;
        }
        // Two calls at once may count as one: a probation that lasts a call longer does no harm.
        self.calls_left.store(left - 1, Ordering::Relaxed);
        if faulted {
            self.faulted.fetch_or(1 << hook as u32, Ordering::Relaxed);
        }
    }

    /// Returns how many calls are left of it; 0 when it is over or never was.
    #[must_use]
    pub fn calls_left(&self) -> u32 {
        self.calls_left.load(Ordering::Relaxed)
    }

    /// Returns where it stands; nothing when it never was on probation.
    #[must_use]
    pub fn trial(&self) -> Option<Trial> {
        match self.lock().clone()? {
            Trial::On(_, predecessor) => Some(Trial::On(self.calls_left(), predecessor)),
            failed @ Trial::Failed(..) => Some(failed),
        }
    }

    pub(super) fn has_faulted(&self) -> bool {
        self.faulted.load(Ordering::Relaxed) != 0
    }

    /// Returns the hooks in which it faulted.
    pub(super) fn hooks(&self) -> HookSet {
        let faulted = self.faulted.load(Ordering::Relaxed);
        Hook::ALL.into_iter().filter(|hook| faulted & (1 << *hook as u32) != 0).collect()
    }

    /// Forgets the faults: they have been judged.
    pub(super) fn end(&self) {
        self.faulted.store(0, Ordering::Relaxed);
    }

    /// It failed, and is over.
    pub(super) fn fail(&self, put_back: bool) {
        let mut trial = self.lock();
        if let Some(Trial::On(_, predecessor)) = trial.take() {
            *trial = Some(Trial::Failed(predecessor, put_back));
        }
        self.calls_left.store(0, Ordering::Relaxed);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Trial>> {
        self.trial.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
