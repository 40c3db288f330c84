//! Asking before something is done that touches more than what was named.

use std::io::{self, BufRead, IsTerminal};

use crate::app::failure::{Class, Failure};
use crate::cli::print::Printer;

/// Asks whether to go on, as `Delete Acme? Its 3 contacts …`, unless `yes` says so. Programs are never asked: they say `--yes`.
///
/// # Errors
/// Usage, when nobody can be asked; rejected, when the answer is no.
pub fn confirm(question: &str, yes: bool, printer: &mut Printer) -> Result<(), Failure> {
    if yes {
        return Ok(());
    }
    if !io::stdin().is_terminal() || printer.is_json() {
        return Err(Failure::new(Class::Usage, "CONFIRM", format!("this needs a yes: {question}")).hint("add `--yes`"));
    }
    printer.note(&format!("{question} [y/N]"));
    let mut answer = String::new();
    let read = io::stdin().lock().read_line(&mut answer);
    if read.is_ok() && matches!(answer.trim().to_lowercase().as_str(), "y" | "yes") {
        return Ok(());
    }
    Err(Failure::new(Class::Rejected, "NOT_CONFIRMED", "nothing was done"))
}
