//! `carnet plugin`: one file a command.

mod approve;
mod build;
mod check;
mod list;
mod run;

use crate::app::App;
use crate::app::failure::Failure;
use crate::cli::args::{PluginArgs, PluginCommand};
use crate::cli::exit::Outcome;
use crate::cli::print::Printer;
use crate::domain::permission::Viewer;

/// Runs the command.
pub fn run(app: &App, args: &PluginArgs, by: &Viewer, printer: &mut Printer) -> Result<Outcome, Failure> {
    match &args.command {
        // A plugin that is tried looks contacts up for the installation.
        PluginCommand::Run { .. } => app.require_admin(by, "run plugins")?,
        PluginCommand::Build { .. } => app.require_admin(by, "build plugins")?,
        PluginCommand::Approve { .. } => app.require_admin(by, "approve plugins")?,
        _ => {}
    }
    match &args.command {
        PluginCommand::List => list::run(app, printer),
        PluginCommand::Check { package: Some(package) } => check::one(app, package, printer),
        PluginCommand::Check { package: None } => check::all(app, printer),
        PluginCommand::Approve { name, version, yes } => approve::run(app, name, version.as_deref(), *yes, printer),
        PluginCommand::Run { plugin, hook, event } => run::run(app, plugin, hook, event, printer),
        PluginCommand::Watch { generations } => super::watch::run(app, *generations, printer),
        PluginCommand::Build { package } => build::run(package, printer),
    }
}
