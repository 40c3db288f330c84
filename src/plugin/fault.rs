//! How a call fails that is the plugin's doing. A fault is not a verdict: `on_fault` decides what becomes of the record.

use std::fmt;

use super::told;

/// What kind of failure.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
pub enum FaultKind {
    /// A WASM trap other than the limits below.
    Trap,
    /// The deadline passed.
    Deadline,
    /// Memory in sum.
    Memory,
    /// Script operations, or the depth of calls.
    Operations,
    /// A result too large, or malformed (bad pointers, tags, UTF-8).
    Output,
    /// Too much logged.
    Log,
    /// Too many edits.
    Edits,
    /// Too many calls of host functions.
    HostCalls,
    /// An error in a script.
    Script,
    /// An edit that the domain or a grant refused and the plugin did not mend.
    RefusedEdit,
    /// Remembered state over its size.
    State,
    /// A verdict that this hook does not have.
    Verdict,
    /// The engine itself failed.
    Engine,
    /// Not called: it faulted too often.
    Tripped,
}

impl FaultKind {
    /// Returns the stable code shown with a failed record.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Trap => "PLUGIN_TRAP",
            Self::Deadline => "PLUGIN_DEADLINE",
            Self::Memory => "PLUGIN_MEMORY",
            Self::Operations => "PLUGIN_OPERATIONS",
            Self::Output => "PLUGIN_OUTPUT",
            Self::Log => "PLUGIN_LOG",
            Self::Edits => "PLUGIN_EDITS",
            Self::HostCalls => "PLUGIN_HOST_CALLS",
            Self::Script => "PLUGIN_SCRIPT",
            Self::RefusedEdit => "PLUGIN_REFUSED_EDIT",
            Self::State => "PLUGIN_STATE",
            Self::Verdict => "PLUGIN_VERDICT",
            Self::Engine => "PLUGIN_ENGINE",
            Self::Tripped => "PLUGIN_TRIPPED",
        }
    }
}

/// A place in a plugin's source.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Position {
    /// File, relative to the package.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1; 0 when unknown.
    pub column: usize,
    /// The source line, where it is known.
    pub source: Option<String>,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)?;
        if self.column > 0 {
            write!(f, ":{}", self.column)?;
        }
        Ok(())
    }
}

/// One failed call. The registry knows whose it was.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{message}")]
pub struct Fault {
    /// What kind.
    pub kind: FaultKind,
    /// What happened: a lower-case fragment with the limit's number where one was passed.
    pub message: String,
    /// Where in the plugin's source, if known.
    pub position: Option<Position>,
    /// What its author can do.
    pub hint: Option<String>,
}

impl Fault {
    /// Returns a fault without position and hint; a message is one line, and cut where it is very long.
    #[must_use]
    pub fn new(kind: FaultKind, message: impl Into<String>) -> Self {
        Self { kind, message: told::message(message.into()), position: None, hint: None }
    }

    /// Returns a fault of a call that went over its budget, with the key of the manifest that sets it.
    #[must_use]
    pub fn over(kind: FaultKind, message: impl Into<String>) -> Self {
        let fault = Self::new(kind, message);
        let (key, first) = match kind {
            FaultKind::Deadline => ("deadline_ms", "look for a loop that does not end"),
            FaultKind::Memory => ("memory_mib", "keep less at a time"),
            FaultKind::Operations => ("operations", "look for a loop that does not end"),
            FaultKind::Log => ("log_kib", "log less"),
            FaultKind::Edits => ("edits", "set only what changes"),
            _ => return fault,
        };
        fault.hint(format!("{first}; where it needs that much, raise `{key}` under [budget] in plugin.toml"))
    }

    /// Adds where in the source it happened.
    #[must_use]
    pub fn at(mut self, position: Position) -> Self {
        self.position = Some(position);
        self
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(told::message(hint.into()));
        self
    }
}
