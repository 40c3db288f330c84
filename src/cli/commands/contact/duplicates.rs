//! `carnet contact duplicates`

use crate::app::App;
use crate::app::failure::Failure;
use crate::cli::args::merge::DuplicatesArgs;
use crate::cli::print::Printer;
use crate::domain::permission::Viewer;

/// Runs the command.
pub fn run(_app: &App, _args: &DuplicatesArgs, _by: &Viewer, _printer: &mut Printer) -> Result<(), Failure> {
    Ok(())
}
