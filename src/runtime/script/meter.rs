//! What one call spends, counted where the engine can see it: atomics that the engine's callbacks read and write.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use crate::plugin::overtime::Overtime;

/// How many operations pass between two looks at the clock. Few, because one operation may copy an array of 4,096 values.
const CLOCK_EVERY: u64 = 16;

/// Counters of the call that is running, and of none in between.
#[derive(Debug)]
pub(super) struct Meter {
    base: Instant,
    /// How long a call may take, in nanoseconds.
    allowed_nanos: AtomicU64,
    overtime: Overtime,
    deadline_nanos: AtomicU64,
    operations: AtomicU64,
    host_calls: AtomicU64,
    stopped: AtomicBool,
}

impl Meter {
    pub(super) fn new() -> Self {
        Self {
            base: Instant::now(),
            allowed_nanos: AtomicU64::new(u64::MAX),
            overtime: Overtime::default(),
            deadline_nanos: AtomicU64::new(u64::MAX),
            operations: AtomicU64::new(0),
            host_calls: AtomicU64::new(0),
            stopped: AtomicBool::new(false),
        }
    }

    /// Starts counting a call.
    pub(super) fn start(&self, now: Instant, deadline: Duration) {
        self.allowed_nanos.store(u64::try_from(deadline.as_nanos()).unwrap_or(u64::MAX), Relaxed);
        self.overtime.reset();
        let until = now.duration_since(self.base).saturating_add(deadline);
        self.deadline_nanos.store(u64::try_from(until.as_nanos()).unwrap_or(u64::MAX), Relaxed);
        self.operations.store(0, Relaxed);
        self.host_calls.store(0, Relaxed);
        self.stopped.store(false, Relaxed);
    }

    /// Takes the engine's count of operations; says whether the deadline has passed, now and then.
    pub(super) fn tick(&self, operations: u64) -> bool {
        self.operations.store(operations, Relaxed);
        operations.is_multiple_of(CLOCK_EVERY) && self.is_late()
    }

    /// Says whether the deadline has passed, and as much work again is done.
    pub(super) fn is_late(&self) -> bool {
        let elapsed = u64::try_from(self.base.elapsed().as_nanos()).unwrap_or(u64::MAX);
        elapsed > self.deadline_nanos.load(Relaxed) && self.overtime.is_over(self.allowed())
    }

    /// Returns how long the call may take.
    pub(super) fn allowed(&self) -> Duration {
        Duration::from_nanos(self.allowed_nanos.load(Relaxed))
    }

    /// Counts a call of a host function and returns how many there were.
    pub(super) fn host_call(&self) -> u64 {
        self.host_calls.fetch_add(1, Relaxed) + 1
    }

    /// Marks the call as one that must end.
    pub(super) fn stop(&self) {
        self.stopped.store(true, Relaxed);
    }

    /// Says whether the call must end.
    pub(super) fn is_stopped(&self) -> bool {
        self.stopped.load(Relaxed)
    }

    /// Returns the operations so far.
    pub(super) fn operations(&self) -> u64 {
        self.operations.load(Relaxed)
    }

    /// Returns the calls of host functions so far.
    pub(super) fn host_calls(&self) -> u64 {
        self.host_calls.load(Relaxed)
    }
}
