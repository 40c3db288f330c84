//! The breaker: a plugin that faults too often is no longer called. What happens to the records instead is `dispatch`.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Calls that the breaker remembers.
const WINDOW: u32 = 50;

/// Faults among them that trip it.
const TRIPS_AT: u32 = 20;

/// A sliding window over the last calls of one version of a plugin, on all its sessions together.
#[derive(Debug, Default)]
pub struct Breaker {
    /// One bit for each of the last calls, the newest lowest; set when it faulted.
    window: AtomicU64,
    tripped: AtomicBool,
}

impl Breaker {
    /// Says whether the plugin must not be called.
    #[must_use]
    pub fn is_tripped(&self) -> bool {
        self.tripped.load(Ordering::Relaxed)
    }

    /// Notes a call; says whether this very one tripped the breaker.
    pub fn note(&self, faulted: bool) -> bool {
        // The usual case, all well for long, writes nothing that other threads would have to fetch again.
        if !faulted && self.window.load(Ordering::Relaxed) == 0 {
            return false;
        }
        let shift = |window: u64| (window << 1 | u64::from(faulted)) & ((1 << WINDOW) - 1);
        let before = self.window.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |window| Some(shift(window)));
        let faults = shift(before.unwrap_or_else(|window| window)).count_ones();
        faults >= TRIPS_AT && !self.tripped.swap(true, Ordering::Relaxed)
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
    fn faults_that_are_rare_enough_do_not() {
        let breaker = Breaker::default();
        for call in 0..1000 {
            breaker.note(call % 50 < 19);
        }
        assert!(!breaker.is_tripped());
    }
}
