//! `carnet division`

use clap::{Args, Subcommand};

/// `carnet division`
#[derive(Args, Debug)]
pub struct DivisionArgs {
    /// What to do
    #[command(subcommand)]
    pub command: DivisionCommand,
}

/// What to do with divisions.
#[derive(Subcommand, Debug)]
pub enum DivisionCommand {
    /// Add a division
    Add {
        /// Its name
        name: String,
    },
    /// List divisions with their contacts, organizations and staff members
    List,
    /// Give a division another name, wherever it stands
    Rename {
        /// Its name
        name: String,
        /// The name that it gets
        new: String,
    },
    /// Delete a division that has no contacts and no organizations
    Delete {
        /// Its name
        name: String,
    },
}
