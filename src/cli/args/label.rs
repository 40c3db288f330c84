//! The arguments of `carnet label`.

use clap::{Args, Subcommand};

/// `carnet label`
#[derive(Args, Debug)]
pub struct LabelArgs {
    /// What to do
    #[command(subcommand)]
    pub command: LabelCommand,
}

/// What to do with labels.
#[derive(Subcommand, Debug)]
pub enum LabelCommand {
    /// List labels with the number of contacts that have them
    List,
    /// Make a label that no contact has yet
    #[command(visible_alias = "add")]
    Create {
        /// Its name: 1–100 characters without `;` and `,`
        name: String,
        /// Its colour: #rrggbb, or a name such as red, green or blue [default: made of the name]
        #[arg(long, visible_alias = "color", value_name = "COLOUR")]
        colour: Option<String>,
    },
    /// Change a label's colour, or its name in every contact that has it
    #[command(group(clap::ArgGroup::new("change").required(true).multiple(true).args(["colour", "rename"])))]
    Edit {
        /// Its name
        name: String,
        /// Its new colour: #rrggbb, or a name such as red, green or blue
        #[arg(long, visible_alias = "color", value_name = "COLOUR")]
        colour: Option<String>,
        /// Its new name
        #[arg(long, value_name = "NAME")]
        rename: Option<String>,
    },
    /// Delete a label, from every contact that has it
    Delete {
        /// Its name
        name: String,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
    },
}
