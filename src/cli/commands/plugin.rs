//! `carnet plugin`: one file a command.

mod approve;
mod bench;
mod build;
mod check;
mod dev;
mod figures;
mod functions;
mod history;
mod list;
mod mode;
mod new;
mod run;
mod simulate;
mod stats;
mod test;

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
        PluginCommand::Run(_) => app.require_admin(by, "run plugins")?,
        PluginCommand::New(_) => app.require_admin(by, "start plugins")?,
        PluginCommand::Build { .. } => app.require_admin(by, "build plugins")?,
        PluginCommand::Simulate(_) => app.require_admin(by, "simulate plugins")?,
        PluginCommand::Dev(_) => app.require_admin(by, "develop plugins")?,
        PluginCommand::Approve { .. } => app.require_admin(by, "approve plugins")?,
        _ => {}
    }
    match &args.command {
        PluginCommand::List => list::run(app, printer),
        PluginCommand::Check { package: Some(package) } => check::one(app, package, printer),
        PluginCommand::Check { package: None } => check::all(app, printer),
        PluginCommand::Test(args) => test::run(app, args, printer),
        PluginCommand::Run(args) => run::run(app, args, printer),
        PluginCommand::Bench(args) => bench::run(app, args, printer),
        PluginCommand::Dev(args) => dev::run(app, args, printer),
        PluginCommand::Functions { word } => functions::run(word.as_deref(), printer),
        PluginCommand::Approve { name, version, yes } => approve::run(app, name, version.as_deref(), *yes, by, printer),
        PluginCommand::Watch { generations } => super::watch::run(app, *generations, printer),
        PluginCommand::Simulate(args) => simulate::run(app, args, by, printer),
        PluginCommand::New(args) => new::run(app, args, printer),
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
