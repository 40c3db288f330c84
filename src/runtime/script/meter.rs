//! What one call spends, counted where the engine can see it: atomics that the engine's callbacks read and write.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use crate::plugin::overtime::Overtime;

/// How many operations pass between two looks at the clock. Few, because one operation may copy an array of 4,096 values.
const CLOCK_EVERY: u64 = 16;

/// How many operations a call still makes that must end. The engine forgets where it was when it ends a call itself; within these few, a
/// variable is read or a function called, which fails there and says where.
pub(super) const GRACE: u64 = 32;

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
    /// The operation with which a call ends that must end; none is that far otherwise.
    last: AtomicU64,
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
            last: AtomicU64::new(u64::MAX),
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
        self.last.store(u64::MAX, Relaxed);
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

    /// Marks the call as one that must end, if it is not yet.
    pub(super) fn stop(&self) {
        self.last.fetch_min(self.operations().saturating_add(GRACE), Relaxed);
    }

    /// Says whether the call must end as soon as it can say where.
    pub(super) fn is_stopped(&self) -> bool {
        self.last.load(Relaxed) != u64::MAX
    }

    /// Says whether the call ends now.
    pub(super) fn is_over(&self, operations: u64) -> bool {
        operations > self.last.load(Relaxed)
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
