//! What calls of plugins did and cost: sums that can be added up, whoever counts them and wherever they are kept.

use std::time::Duration;

/// Steps of the histogram: step `n` holds calls of 2ⁿ⁻¹ to 2ⁿ ns, the last one everything from about 17 s.
pub const STEPS: usize = 36;

/// What some calls did and cost: of one hook or of all, of one session or since ever.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CallCounts {
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

impl Default for CallCounts {
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

impl CallCounts {
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
        // Of a job of long ago calls are known, but not how long they took.
        let (mut below, timed) = (0, self.steps.iter().sum::<u64>());
        #[expect(clippy::cast_precision_loss, reason = "a share of a count of calls")]
        let reached = |below: u64| below as f64 >= share * timed as f64;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_right_to_a_power_of_two() {
        let mut counts = CallCounts::default();
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
}
