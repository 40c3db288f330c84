//! The arguments of pages of notes.

use clap::Args;

/// A page of notes.
#[derive(Args, Copy, Clone, Debug)]
pub struct NotePageArgs {
    /// How many at a time
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub limit: u16,
    /// Go on after an earlier answer's `next`
    #[arg(long, value_name = "CURSOR")]
    pub after: Option<i64>,
}
