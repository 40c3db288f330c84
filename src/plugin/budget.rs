//! What one call of a plugin may spend, and what it spent. One struct for both engines; every field is enforced by both or said not to be.

use std::time::Duration;

/// Limits of one call.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Budget {
    /// Wall time.
    pub deadline: Duration,
    /// Memory in sum: linear memories and tables (WASM); strings, arrays and maps (Rhai).
    pub memory_bytes: usize,
    /// Script operations; WASM is held by the deadline alone.
    pub operations: u64,
    /// Text logged, in bytes.
    pub log_bytes: usize,
    /// Edits asked for.
    pub edits: usize,
    /// Calls of host functions (reads, lookups, log lines), so that a flood of cheap calls ends before the deadline.
    pub host_calls: u64,
    /// Bytes that one call may hand to the host in one piece.
    pub output_bytes: usize,
}

impl Budget {
    /// The limits of a package that names none: 50 ms, 64 MiB, 1,000,000 operations, 64 KiB of log, 256 edits.
    pub const STANDARD: Self = Self {
        deadline: Duration::from_millis(50),
        memory_bytes: 64 << 20,
        operations: 1_000_000,
        log_bytes: 64 << 10,
        edits: 256,
        host_calls: 100_000,
        output_bytes: 1 << 20,
    };
}

/// What one call spent.
#[derive(Copy, Clone, PartialEq, Eq, Default, Debug)]
pub struct Spent {
    /// Wall time.
    pub time: Duration,
    /// Highest memory in sum; of a script, an estimate by its variables.
    pub memory_bytes: usize,
    /// Script operations (Rhai).
    pub operations: u64,
    /// Text logged, in bytes.
    pub log_bytes: usize,
    /// Calls of host functions.
    pub host_calls: u64,
}
