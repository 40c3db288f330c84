//! `carnet plugin`: one file a command.

mod build;
mod check;
mod history;
mod list;
mod mode;
mod run;
mod stats;

use crate::app::App;
use crate::app::failure::Failure;
use crate::cli::args::{PluginArgs, PluginCommand};
use crate::cli::exit::Outcome;
use crate::cli::print::Printer;
use crate::domain::permission::Viewer;
use crate::registry::Mode;

/// Runs the command.
pub fn run(app: &App, args: &PluginArgs, by: &Viewer, printer: &mut Printer) -> Result<Outcome, Failure> {
    match &args.command {
        // A plugin that is tried looks contacts up for the installation.
        PluginCommand::Run { .. } => app.require_admin(by, "run plugins")?,
        PluginCommand::Build { .. } => app.require_admin(by, "build plugins")?,
        _ => {}
    }
    match &args.command {
        PluginCommand::List => list::run(app, printer),
        PluginCommand::Check { package: Some(package) } => check::one(app, package, printer),
        PluginCommand::Check { package: None } => check::all(app, printer),
        PluginCommand::Run { plugin, hook, event } => run::run(app, plugin, hook, event, printer),
        PluginCommand::Watch { generations } => super::watch::run(app, *generations, printer),
        PluginCommand::Build { package } => build::run(package, printer),
        PluginCommand::Stats { plugin, hook, reset, prometheus } => {
            let wanted = stats::Wanted {
                plugin: plugin.as_deref(),
                hook: hook.as_deref(),
                reset: *reset,
                prometheus: *prometheus,
            };
            stats::run(app, &wanted, by, printer)
        }
        PluginCommand::History { plugin, limit } => history::run(app, plugin.as_deref(), *limit, printer),
        PluginCommand::Enable { plugin } => mode::run(app, plugin, Mode::Enforce, by, printer),
        PluginCommand::Disable { plugin } => mode::run(app, plugin, Mode::Off, by, printer),
        PluginCommand::Mode { plugin, mode } => mode::run(app, plugin, (*mode).into(), by, printer),
        PluginCommand::Reset { plugin } => mode::reset(app, plugin, by, printer),
    }
}
