//! What a plugin's calls did and cost. Sessions count for themselves and hand in their sums, so that counting costs a call next to nothing.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::plugin::hook::Hook;

/// Steps of the histogram: step `n` holds calls of 2ⁿ⁻¹ to 2ⁿ ns, the last one everything from about 17 s.
pub const STEPS: usize = 36;

/// Counts of one hook of one plugin.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HookCounts {
    /// Calls made.
    pub calls: u64,
    /// Edits kept; in observe mode, edits that would have been.
    pub edits: u64,
    /// Things refused by verdict.
    pub rejections: u64,
    /// Rows skipped by verdict.
    pub skips: u64,
    /// Calls that failed.
    pub faults: u64,
    /// Time of all calls.
    pub time: Duration,
    /// Time of the longest call.
    pub longest: Duration,
    /// Most memory that a call took, in bytes, where the engine knows it.
    pub memory: u64,
    /// Calls by step of the histogram, see [`STEPS`].
    pub steps: [u64; STEPS],
}

impl Default for HookCounts {
    fn default() -> Self {
        Self {
            calls: 0,
            edits: 0,
            rejections: 0,
            skips: 0,
            faults: 0,
            time: Duration::ZERO,
            longest: Duration::ZERO,
            memory: 0,
            steps: [0; STEPS],
        }
    }
}

impl HookCounts {
    /// Counts a call's time.
    pub fn took(&mut self, time: Duration) {
        self.calls += 1;
        self.time += time;
        self.longest = self.longest.max(time);
        self.steps[step(time)] += 1;
    }

    /// Adds other counts to these.
    pub fn add(&mut self, other: &Self) {
        self.calls += other.calls;
        self.edits += other.edits;
        self.rejections += other.rejections;
        self.skips += other.skips;
        self.faults += other.faults;
        self.time += other.time;
        self.longest = self.longest.max(other.longest);
        self.memory = self.memory.max(other.memory);
        for (sum, count) in self.steps.iter_mut().zip(other.steps) {
            *sum += count;
        }
    }

    /// Returns what was counted since `earlier`, which is part of it; the peaks are those of all the time.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        Self {
            calls: self.calls - earlier.calls,
            edits: self.edits - earlier.edits,
            rejections: self.rejections - earlier.rejections,
            skips: self.skips - earlier.skips,
            faults: self.faults - earlier.faults,
            time: self.time - earlier.time,
            longest: self.longest,
            memory: self.memory,
            steps: std::array::from_fn(|at| self.steps[at] - earlier.steps[at]),
        }
    }

    /// Calls that accepted.
    #[must_use]
    pub const fn accepted(&self) -> u64 {
        self.calls.saturating_sub(self.rejections + self.skips + self.faults)
    }

    /// Returns a time within which this share (0–1) of the calls ended, to the next power of two ns; `None` without calls.
    #[must_use]
    pub fn quantile(&self, share: f64) -> Option<Duration> {
        let mut below = 0;
        #[expect(clippy::cast_precision_loss, reason = "a share of a count of calls")]
        let reached = |below: u64| below as f64 >= share * self.calls as f64;
        let found = self.steps.iter().position(|count| {
            below += count;
            *count > 0 && reached(below)
        })?;
        Some(Duration::from_nanos(1 << found).min(self.longest))
    }
}

fn step(time: Duration) -> usize {
    let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
    ((u64::BITS - nanos.leading_zeros()) as usize).min(STEPS - 1)
}

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
    pub fn hand_in(&self, hook: Hook, counts: &HookCounts) {
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
    pub fn snapshot(&self) -> Vec<(Hook, HookCounts)> {
        let all = Hook::ALL.into_iter().map(|hook| (hook, self.0[hook as usize].read()));
        all.filter(|(_, counts)| counts.calls > 0).collect()
    }
}

impl SharedCounts {
    fn read(&self) -> HookCounts {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        HookCounts {
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
    fn quantiles_are_right_to_a_power_of_two() {
        let mut counts = HookCounts::default();
        assert_eq!(counts.quantile(0.5), None);
        for micros in 1..=100 {
            counts.took(Duration::from_micros(micros));
        }
        let half = counts.quantile(0.5).unwrap();
        assert!((50..=100).contains(&half.as_micros()), "{half:?}");
        assert_eq!(counts.quantile(1.0), Some(Duration::from_micros(100)));
        counts.took(Duration::from_secs(3600));
        assert_eq!(counts.longest, Duration::from_secs(3600));
    }

    #[test]
    fn what_sessions_hand_in_is_summed() {
        let (stats, mut counts) = (Stats::default(), HookCounts { edits: 2, faults: 1, ..HookCounts::default() });
        counts.took(Duration::from_nanos(1000));
        stats.hand_in(Hook::Create, &counts);
        stats.hand_in(Hook::Create, &counts);
        let mut twice = counts.clone();
        twice.add(&counts);
        assert_eq!(stats.snapshot(), [(Hook::Create, twice.clone())]);
        assert_eq!(twice.since(&counts), counts);
    }
}
