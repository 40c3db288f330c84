//! `carnet bulk`: one change of every contact that a query finds.

use clap::{Args, Subcommand};

use super::QueryOptions;

/// `carnet bulk`
#[derive(Args, Debug)]
pub struct BulkArgs {
    /// What to do
    #[command(subcommand)]
    pub command: BulkCommand,
}

/// What to do with every contact that is meant.
#[derive(Subcommand, Debug)]
pub enum BulkCommand {
    /// Change fields: `carnet bulk edit company=Acme labels+=VIP --label Fair`
    Edit {
        /// `field=value`, `field+=value`, `field-=value`; `carnet template --fields` lists the fields
        #[arg(required = true, value_name = "FIELD=VALUE")]
        fields: Vec<String>,
        /// Which contacts, and how
        #[command(flatten)]
        on: On,
    },
    /// Give labels
    Label {
        /// The labels
        #[arg(required = true, value_name = "NAME")]
        names: Vec<String>,
        /// Which contacts, and how
        #[command(flatten)]
        on: On,
    },
    /// Take labels away
    Unlabel {
        /// The labels
        #[arg(required = true, value_name = "NAME")]
        names: Vec<String>,
        /// Which contacts, and how
        #[command(flatten)]
        on: On,
    },
    /// Delete contacts
    Delete {
        /// Which contacts, and how
        #[command(flatten)]
        on: On,
    },
    /// List bulk writes, newest first
    List {
        /// How many
        #[arg(long, default_value_t = 20)]
        limit: usize,
    },
    /// Take a bulk write back; what was changed since stays, and is listed
    Undo {
        /// Its number
        batch: i64,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
    },
}

/// Which contacts, and how.
#[derive(Args, Debug)]
pub struct On {
    /// Which contacts
    #[command(flatten)]
    pub query: QueryOptions,
    /// Every contact
    #[arg(long, help_heading = "Which contacts")]
    pub all: bool,
    /// Run everything, hooks included, and say what would change, but write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Do not ask
    #[arg(long, short)]
    pub yes: bool,
}
