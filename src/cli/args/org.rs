//! `carnet org`

use clap::{Args, Subcommand};

use super::notes::NotePageArgs;

/// `carnet org`
#[derive(Args, Debug)]
pub struct OrgArgs {
    /// What to do
    #[command(subcommand)]
    pub command: OrgCommand,
}

/// What to do with organizations.
#[derive(Subcommand, Debug)]
pub enum OrgCommand {
    /// Create an organization: `carnet org add name=Acme website=www.acme.com country=HK`
    Add {
        /// `field=value`: name, website, street, city, state, zip, country, phone, external_url, division, custom.KEY
        #[arg(required = true, value_name = "FIELD=VALUE")]
        fields: Vec<String>,
    },
    /// Show an organization
    Show {
        /// Number or name
        org: String,
    },
    /// List organizations by name
    List {
        /// Beginnings of words of the name [default: all]
        words: Vec<String>,
        /// How many at a time
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=1000))]
        limit: u16,
        /// Go on after an earlier answer's `next`
        #[arg(long, value_name = "CURSOR")]
        after: Option<String>,
    },
    /// Change an organization; a new name is written into its contacts, too
    Edit {
        /// Number or name
        org: String,
        /// `field=value`; an empty value clears the field
        #[arg(required = true, value_name = "FIELD=VALUE")]
        fields: Vec<String>,
        /// The revision that you saw; refused if somebody wrote since
        #[arg(long)]
        rev: Option<u64>,
    },
    /// Delete an organization; its contacts stay and lose the link
    Delete {
        /// Number or name
        org: String,
        /// The revision that you saw; refused if somebody wrote since
        #[arg(long)]
        rev: Option<u64>,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
    },
    /// Show what was changed in an organization, when and by whom
    Changes {
        /// Number or name
        org: String,
    },
    /// List the contacts of an organization
    Contacts {
        /// Number or name
        org: String,
        /// How many at a time
        #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=1000))]
        limit: u16,
        /// Go on after an earlier answer's `next`
        #[arg(long, value_name = "CURSOR")]
        after: Option<String>,
    },
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
