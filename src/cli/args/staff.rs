//! `carnet staff`

use clap::{Args, Subcommand};

/// `carnet staff`
#[derive(Args, Debug)]
pub struct StaffArgs {
    /// What to do
    #[command(subcommand)]
    pub command: StaffCommand,
}

/// What to do with staff members.
#[derive(Subcommand, Debug)]
pub enum StaffCommand {
    /// Add a staff member: `carnet staff add name="Ann Chan" email=ann@example.com role=admin`
    Add {
        /// `field=value`: name, email, phone, extension, role (agent, admin), availability (available, busy, away, offline), job_title,
        /// department, time_zone (Asia/Hong_Kong), divisions ("Asia;Europe"), avatar (an address)
        #[arg(required = true, value_name = "FIELD=VALUE")]
        fields: Vec<String>,
    },
    /// List staff members
    List {
        /// Beginnings of words of their names, departments or addresses [default: all]
        words: Vec<String>,
    },
    /// Show a staff member
    Show {
        /// Number, name or e-mail address
        staff: String,
    },
    /// Change a staff member; a new name is written into their contacts, too
    Edit {
        /// Number, name or e-mail address
        staff: String,
        /// `field=value`; an empty value clears the field
        #[arg(required = true, value_name = "FIELD=VALUE")]
        fields: Vec<String>,
        /// The revision that you saw; refused if somebody wrote since
        #[arg(long)]
        rev: Option<u64>,
    },
    /// Delete a staff member; their contacts keep the name
    Delete {
        /// Number, name or e-mail address
        staff: String,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
    },
}
