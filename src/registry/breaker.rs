//! The breaker: a plugin that faults too often is no longer called. What happens to the records instead is `dispatch`.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Calls that the breaker remembers.
const WINDOW: u32 = 50;

/// Faults among them that trip it.
const TRIPS_AT: u32 = 20;

/// The last calls of a plugin: one bit for each, the newest lowest; set when it faulted.
#[derive(Copy, Clone, PartialEq, Eq, Default, Debug)]
pub struct Window(u64);

impl Window {
    /// Takes bits that [`Window::bits`] gave.
    #[must_use]
    pub const fn of(bits: u64) -> Self {
        Self(bits & ((1 << WINDOW) - 1))
    }

    /// The bits.
    #[must_use]
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// Appends the newest calls of another window, at most 50.
    #[must_use]
    pub const fn then(self, newer: Self, calls: u64) -> Self {
        if calls >= WINDOW as u64 {
            return newer;
        }
        Self::of(self.0 << calls | newer.0 & ((1 << calls) - 1))
    }

    /// Says whether there are too many faults among them.
    #[must_use]
    pub const fn is_too_much(self) -> bool {
        self.0.count_ones() >= TRIPS_AT
    }

    /// Notes a call; says whether there are too many faults now.
    pub const fn note(&mut self, faulted: bool) -> bool {
        *self = Self::of(self.0 << 1 | faulted as u64);
        self.is_too_much()
    }
}

/// A sliding window over the last calls of one version of a plugin, on all its sessions together.
#[derive(Debug, Default)]
pub struct Breaker {
    /// See [`Window`].
    window: AtomicU64,
    tripped: AtomicBool,
}

impl Breaker {
    /// Says whether the plugin must not be called.
    #[must_use]
    pub fn is_tripped(&self) -> bool {
        self.tripped.load(Ordering::Relaxed)
    }

    /// Returns the last calls.
    #[must_use]
    pub fn window(&self) -> Window {
        Window::of(self.window.load(Ordering::Relaxed))
    }

    /// Notes a call; says whether this very one tripped the breaker.
    pub fn note(&self, faulted: bool) -> bool {
        // The usual case, all well for long, writes nothing that other threads would have to fetch again.
        if !faulted && self.window.load(Ordering::Relaxed) == 0 {
            return false;
        }
        let after = |bits: u64| {
            let mut window = Window::of(bits);
            (window.note(faulted), window.bits())
        };
        let before = self.window.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |bits| Some(after(bits).1));
        after(before.unwrap_or_else(|bits| bits)).0 && !self.tripped.swap(true, Ordering::Relaxed)
    }

    /// Goes on from where it stood in another process.
    pub(super) fn restore(&self, window: Window, tripped: bool) {
        self.window.store(window.bits(), Ordering::Relaxed);
        self.tripped.store(tripped, Ordering::Relaxed);
    }

    /// Forgets all faults.
    pub fn reset(&self) {
        self.window.store(0, Ordering::Relaxed);
        self.tripped.store(false, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twenty_faults_in_fifty_calls_trip_it_once() {
        let breaker = Breaker::default();
        let tripped: Vec<bool> = (0..25).map(|_| breaker.note(true)).collect();
        assert_eq!(tripped.iter().position(|tripped| *tripped), Some(19));
        assert_eq!(tripped.iter().filter(|tripped| **tripped).count(), 1);
        breaker.reset();
        assert!(!breaker.is_tripped() && !breaker.note(true));
    }

    #[test]
    fn windows_of_two_processes_are_joined() {
        #[track_caller]
        fn check(old: u64, newer: u64, calls: u64, expected: u64) {
            assert_eq!(Window::of(old).then(Window::of(newer), calls).bits(), expected);
        }
        check(0b1, 0b10, 2, 0b110);
        check(0b1, 0b111, 0, 0b1);
        check(u64::MAX, 0, 50, 0);
        check(u64::MAX, 0, 49, 1 << 49);
    }

    #[test]
    fn faults_that_are_rare_enough_do_not() {
        let breaker = Breaker::default();
        for call in 0..1000 {
            breaker.note(call % 50 < 19);
        }
        assert!(!breaker.is_tripped());
    }
}
