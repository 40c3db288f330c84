//! `carnet filter`

use clap::{Args, Subcommand};

use super::QueryArgs;

/// `carnet filter`
#[derive(Args, Debug)]
pub struct FilterArgs {
    /// What to do
    #[command(subcommand)]
    pub command: FilterCommand,
}

/// What to do with saved filters.
#[derive(Subcommand, Debug)]
pub enum FilterCommand {
    /// Save a query under a name, in the place of the one that has it: `carnet filter save "Asian VIPs" --label VIP --division Asia`
    Save {
        /// Its name
        name: String,
        /// Which contacts
        #[command(flatten)]
        query: Box<QueryArgs>,
    },
    /// List saved filters
    List,
    /// Show what a filter asks for, and how many contacts it finds
    Show {
        /// Its name
        name: String,
    },
    /// Delete a filter; the contacts stay
    Delete {
        /// Its name
        name: String,
    },
}
