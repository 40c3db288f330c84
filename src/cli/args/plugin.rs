//! Arguments and values of `carnet plugin` that are more than a word.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::registry::Mode;

/// `carnet plugin new`
#[derive(Args, Debug)]
pub struct NewPluginArgs {
    /// The plugin's name: `a-z`, `0-9` and `-`
    pub name: String,
    /// rhai, rust, js, python or c
    #[arg(long, value_name = "LANGUAGE", default_value = "rhai")]
    pub lang: String,
    /// on_import_row, on_create, on_update, on_delete, on_merge, on_enquiry; several with commas [default: on_create]
    #[arg(long, value_name = "HOOKS", value_delimiter = ',')]
    pub hooks: Vec<String>,
    /// Folder in which the package's folder is made [default: scripts/ of the home folder for rhai, else plugins/]
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
}

/// `carnet plugin mode`
#[derive(Copy, Clone, PartialEq, Eq, ValueEnum, Debug)]
pub enum ModeArg {
    /// It is called, and its word counts
    Enforce,
    /// It is called, and nothing that it says is applied
    Observe,
    /// It is not called
    Off,
}

impl From<ModeArg> for Mode {
    fn from(mode: ModeArg) -> Self {
        match mode {
            ModeArg::Enforce => Self::Enforce,
            ModeArg::Observe => Self::Observe,
            ModeArg::Off => Self::Off,
        }
    }
}
