//! What a plugin decides about the thing in hand.

use crate::domain::problem::Problem;

/// Most bytes that the reasons of one verdict take: they are kept with every record that is refused.
pub const VERDICT_BYTES: usize = 64 << 10;

/// A plugin's decision.
#[must_use]
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// The thing may go on, with the edits made.
    Accept,
    /// A row is left out on purpose; with the reason. Only `on_import_row` may skip.
    Skip(String),
    /// The thing is refused; with at least one problem.
    Reject(Vec<Problem>),
}
