//! Values of `carnet plugin` commands.

use clap::ValueEnum;

use crate::registry::Mode;

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
