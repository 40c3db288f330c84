//! The arguments of `carnet contact`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::merge::{DuplicatesArgs, MergeArgs, UnmergeArgs};
use super::notes::NotePageArgs;

/// `carnet contact`
#[derive(Args, Debug)]
pub struct ContactArgs {
    /// What to do
    #[command(subcommand)]
    pub command: ContactCommand,
}

/// What to do with a contact.
#[derive(Subcommand, Debug)]
pub enum ContactCommand {
    /// Create a contact: `carnet contact add first_name=Ann last_name=Lee mobile=+85212345678`
    Add {
        /// `field=value`, or `field+=value` for another value of a list; `carnet template --fields` lists the fields
        #[arg(required = true, value_name = "FIELD=VALUE")]
        fields: Vec<String>,
        /// Create it although the person was forgotten
        #[arg(long)]
        allow_forgotten: bool,
    },
    /// Show a contact
    Show {
        /// Its id
        id: String,
    },
    /// Change a contact: `field=value`, `field+=value`, `field-=value`
    Edit {
        /// Its id
        id: String,
        /// What to change
        #[arg(required = true, value_name = "FIELD=VALUE")]
        fields: Vec<String>,
        /// The revision that you saw; refused if somebody wrote since
        #[arg(long)]
        rev: Option<u64>,
        /// Change it as part of this enquiry, which must be the contact's and being handled
        #[arg(long, value_name = "N")]
        enquiry: Option<i64>,
    },
    /// Delete a contact
    Delete {
        /// Its id
        id: String,
        /// The revision that you saw; refused if somebody wrote since
        #[arg(long)]
        rev: Option<u64>,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
    },
    /// Bring a deleted contact back
    Restore {
        /// Its id
        id: String,
    },
    /// Let other staff members see and edit a contact, too
    Share {
        /// Its id
        id: String,
        /// Whom to share it with: names, e-mail addresses or numbers
        #[arg(required = true, value_name = "STAFF")]
        staff: Vec<String>,
    },
    /// Take staff members' access to a contact away again
    Unshare {
        /// Its id
        id: String,
        /// From whom
        #[arg(required = true, value_name = "STAFF")]
        staff: Vec<String>,
    },
    /// Give a contact another owner
    Transfer {
        /// Its id
        id: String,
        /// The new owner: a name, an e-mail address or a number
        #[arg(value_name = "STAFF")]
        staff: String,
    },
    /// Merge two contacts into the first; the second is erased and its id leads to the first
    Merge(MergeArgs),
    /// Take a merge back: the erased contact returns, and what was changed since stays
    Unmerge(UnmergeArgs),
    /// Find contacts that may be one person, scored, with the reasons
    Duplicates(DuplicatesArgs),
    /// Show what was changed in a contact, when and by whom
    Changes {
        /// Its id
        id: String,
        /// Show all changes, not only the last five
        #[arg(long)]
        all: bool,
    },
    /// Write a note on a contact
    Note {
        /// Its id
        id: String,
        /// The note: 1–10,000 characters, on as many lines as it needs
        #[arg(allow_hyphen_values = true)]
        text: String,
    },
    /// Show the notes on a contact, newest first, with those of contacts merged into it
    Notes {
        /// Its id
        id: String,
        /// Which page
        #[command(flatten)]
        page: NotePageArgs,
    },
    /// Change a note; its author and admins may
    NoteEdit {
        /// The note's number
        note: i64,
        /// The new text
        #[arg(allow_hyphen_values = true)]
        text: String,
    },
    /// Delete a note; its author and admins may
    NoteDelete {
        /// The note's number
        note: i64,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
    },
    /// Erase a person everywhere: contact, change log, enquiries, notes, merges, failed rows, error files
    Forget {
        /// The contact's id
        id: String,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
        /// Why, for the change log; must not name the person
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
        /// Go on although a plugin keeps the contact; for admins
        #[arg(long)]
        despite_plugins: bool,
    },
    /// Write everything that is held about a person as one JSON document
    ExportPerson {
        /// The contact's id
        id: String,
        /// Where to write it [default: standard output]
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Show whether a contact takes surveys, and who set that, when and from where
    Consent {
        /// Its id
        id: String,
    },
    /// Show what happened with a contact: its enquiries, calls and text messages to it, pages that it visited
    Activity {
        /// Its id
        id: String,
        /// How many of each
        #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=1000))]
        limit: u16,
    },
}
