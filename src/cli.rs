//! The command line: parse, run one command, print its answer, exit. Every command is a thin view on a use case of `app`.

mod args;
mod commands;
mod exit;
mod print;
mod signals;

use std::process::ExitCode;

use clap::Parser;
use tracing_subscriber::EnvFilter;

use crate::app::App;
use crate::app::failure::{Class, Failure};
use crate::config::Profile;

use args::{Cli, Command};
use exit::Outcome;
use print::Printer;

/// Runs the command that the arguments name.
#[must_use]
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    set_up_log(cli.verbose);
    let mut printer = Printer::new(cli.json);
    let status = match run(&cli, &mut printer) {
        Ok(outcome) => outcome.into(),
        Err(failure) => {
            printer.failure(&failure);
            exit::of_failure(&failure)
        }
    };
    if printer.wrote_all() { status } else { exit::unwritten() }
}

/// Arguments that cannot be read. Asking for help is no error; with `--json` an error is a document like any other.
fn usage(error: &clap::Error) -> ExitCode {
    // Arguments need not be text.
    if error.use_stderr() && std::env::args_os().any(|arg| arg == "--json") {
        let message = one_line(&error.to_string());
        Printer::new(true)
            .failure(&Failure::new(Class::Usage, "USAGE", message).hint("`carnet --help` lists the commands"));
    } else {
        // A closed pipe is the reader's choice.
        let _ = error.print();
    }
    exit::of_usage(error)
}

/// What is wrong in one line: all that is said before the usage.
fn one_line(text: &str) -> String {
    let said = text.lines().map(str::trim).take_while(|line| !line.starts_with("Usage:"));
    let said: Vec<&str> = said.filter(|line| !line.is_empty() && !line.starts_with("For more information")).collect();
    said.join(" ").trim_start_matches("error: ").to_owned()
}

fn run(cli: &Cli, printer: &mut Printer) -> Result<Outcome, Failure> {
    let profile = cli.profile.as_deref().map(read_profile).transpose()?;
    let app = App::open(&cli.home, profile)?;
    let by = app.viewer(cli.acting.as_deref())?;
    let outcome = match &cli.command {
        Command::Import(args) => commands::import::run(&app, args, &by, printer),
        Command::Template(args) => commands::template::run(&app, args, printer),
        Command::Export(args) => commands::export::run(&app, args, &by, printer),
        Command::Search(args) => commands::search::run(&app, args, &by, printer),
        Command::Contact(args) => commands::contact::run(&app, args, &by, printer),
        Command::Enquiry(args) => commands::enquiry::run(&app, args, &by, printer),
        Command::Label(args) => commands::label::run(&app, args, &by, printer),
        Command::Plugin(args) => commands::plugin::run(&app, args, &by, printer),
        Command::Doctor => commands::doctor::run(&app, &by, printer),
        Command::Staff(args) => commands::staff::run(&app, args, &by, printer),
        Command::Division(args) => commands::division::run(&app, args, &by, printer),
        Command::Org(args) => commands::org::run(&app, args, &by, printer),
        Command::Field(args) => commands::field::run(&app, args, &by, printer),
        Command::Engage(args) => commands::engage::run(&app, args, &by, printer),
        Command::Survey(args) => commands::engage::survey(&app, args, &by, printer),
        Command::Bulk(args) => commands::bulk::run(&app, args, &by, printer),
        Command::Filter(args) => commands::filter::run(&app, args, &by, printer),
    };
    app.hand_in_plugins_at_last(None);
    outcome
}

fn read_profile(name: &str) -> Result<Profile, Failure> {
    Profile::parse(name).ok_or_else(|| {
        Failure::new(Class::Usage, "PROFILE", format!("there is no profile `{name}`"))
            .hint(format!("choose one of {}", Profile::NAMES.join(", ")))
    })
}

/// Warnings of plugins and of Carnet go to stderr; `-v` and `CARNET_LOG` show more.
fn set_up_log(verbose: u8) {
    let level = ["warn", "info", "debug"][usize::from(verbose.min(2))];
    let default = format!("carnet={level},carnet::notice=info");
    let filter = EnvFilter::try_from_env("CARNET_LOG").unwrap_or_else(|_| EnvFilter::new(default));
    let subscriber =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).without_time().with_ansi(false);
    // A second subscriber in one process, as in tests, changes nothing.
    let _ = subscriber.try_init();
}
