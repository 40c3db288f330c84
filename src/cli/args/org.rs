//! The arguments of `carnet org`.

use clap::{Args, Subcommand};

use super::notes::NotePageArgs;

/// `carnet org`
#[derive(Args, Debug)]
pub struct OrgArgs {
    /// What to do
    #[command(subcommand)]
    pub command: OrgCommand,
}

/// What to do with an organization.
#[derive(Subcommand, Debug)]
pub enum OrgCommand {
    /// Write a note on an organization
    Note {
        /// Its number or its name
        org: String,
        /// The note: 1–10,000 characters, on as many lines as it needs
        #[arg(allow_hyphen_values = true)]
        text: String,
    },
    /// Show the notes on an organization, newest first
    Notes {
        /// Its number or its name
        org: String,
        /// Which page
        #[command(flatten)]
        page: NotePageArgs,
    },
}
