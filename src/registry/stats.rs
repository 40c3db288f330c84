//! What a plugin's calls did and cost. Sessions count for themselves and hand in their sums, so that counting costs a call next to nothing.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::domain::calls::{CallCounts, STEPS};
use crate::plugin::hook::Hook;

/// Counts of one loaded version of a plugin, shared by all its sessions.
#[derive(Debug, Default)]
pub struct Stats([SharedCounts; Hook::ALL.len()]);

#[derive(Debug)]
struct SharedCounts {
    calls: AtomicU64,
    edits: AtomicU64,
    rejections: AtomicU64,
    skips: AtomicU64,
    faults: AtomicU64,
    nanos: AtomicU64,
    longest: AtomicU64,
    memory: AtomicU64,
    steps: [AtomicU64; STEPS],
}

impl Default for SharedCounts {
    fn default() -> Self {
        let zero = AtomicU64::default;
        Self {
            calls: zero(),
            edits: zero(),
            rejections: zero(),
            skips: zero(),
            faults: zero(),
            nanos: zero(),
            longest: zero(),
            memory: zero(),
            steps: std::array::from_fn(|_| zero()),
        }
    }
}

impl Stats {
    /// Adds what a session counted.
    pub fn hand_in(&self, hook: Hook, counts: &CallCounts) {
        let shared = &self.0[hook as usize];
        let nanos = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        let add = |to: &AtomicU64, count: u64| to.fetch_add(count, Ordering::Relaxed);
        add(&shared.calls, counts.calls);
        add(&shared.edits, counts.edits);
        add(&shared.rejections, counts.rejections);
        add(&shared.skips, counts.skips);
        add(&shared.faults, counts.faults);
        add(&shared.nanos, nanos(counts.time));
        shared.longest.fetch_max(nanos(counts.longest), Ordering::Relaxed);
        shared.memory.fetch_max(counts.memory, Ordering::Relaxed);
        for (to, count) in shared.steps.iter().zip(counts.steps).filter(|(_, count)| *count > 0) {
            add(to, count);
        }
    }

    /// Returns the counts of the hooks that were called.
    #[must_use]
    pub fn snapshot(&self) -> Vec<(Hook, CallCounts)> {
        let all = Hook::ALL.into_iter().map(|hook| (hook, self.0[hook as usize].read()));
        all.filter(|(_, counts)| counts.calls > 0).collect()
    }
}

impl SharedCounts {
    fn read(&self) -> CallCounts {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        CallCounts {
            calls: read(&self.calls),
            edits: read(&self.edits),
            rejections: read(&self.rejections),
            skips: read(&self.skips),
            faults: read(&self.faults),
            time: Duration::from_nanos(read(&self.nanos)),
            longest: Duration::from_nanos(read(&self.longest)),
            memory: read(&self.memory),
            steps: std::array::from_fn(|at| read(&self.steps[at])),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_sessions_hand_in_is_summed() {
        let (stats, mut counts) = (Stats::default(), CallCounts { edits: 2, faults: 1, ..CallCounts::default() });
        counts.took(Duration::from_nanos(1000));
        stats.hand_in(Hook::Create, &counts);
        stats.hand_in(Hook::Create, &counts);
        let mut twice = counts.clone();
        twice.add(&counts);
        assert_eq!(stats.snapshot(), [(Hook::Create, twice.clone())]);
        assert_eq!(twice.since(&counts), counts);
    }
}
