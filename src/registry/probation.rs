//! The first calls of a version that replaced another: faults are noted, so that its predecessor can be put back.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use crate::plugin::hook::{Hook, HookSet};

/// Calls that a probation lasts.
const CALLS: u32 = 200;

/// Whether a version is on probation, and where it faulted.
#[derive(Debug, Default)]
pub struct Probation {
    calls_left: AtomicU32,
    /// One bit for each hook.
    faulted: AtomicU32,
    /// Whether its last call was made in this process, without a fault that is not judged yet.
    proven: AtomicBool,
}

impl Probation {
    pub(super) fn begin(&self) {
        self.calls_left.store(CALLS, Ordering::Relaxed);
    }

    /// Goes on from where it stood in another process.
    pub(super) fn restore(&self, calls_left: u32, faulted: HookSet) {
        self.calls_left.store(calls_left.min(CALLS), Ordering::Relaxed);
        let faulted = faulted.iter().fold(0, |bits, hook| bits | 1 << hook as u32);
        self.faulted.store(faulted, Ordering::Relaxed);
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
        if left == 1 && !self.has_faulted() {
            self.proven.store(true, Ordering::Relaxed);
        }
    }

    /// Returns how many calls are left of it; 0 when it is over or never was.
    #[must_use]
    pub fn calls_left(&self) -> u32 {
        self.calls_left.load(Ordering::Relaxed)
    }

    /// Says, once, that it ended well in this process.
    pub(super) fn take_proven(&self) -> bool {
        self.proven.swap(false, Ordering::Relaxed)
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
}
