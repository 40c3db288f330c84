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
    let answer = answer(question, &format!("{question} [y/N]"), printer)?;
    if matches!(answer.to_lowercase().as_str(), "y" | "yes") { Ok(()) } else { Err(refused()) }
}

/// Asks for a name to be typed, before what cannot be taken back.
///
/// # Errors
/// As for [`confirm`].
pub fn confirm_by_name(question: &str, name: &str, printer: &mut Printer) -> Result<(), Failure> {
    let answer = answer(question, &format!("{question} Type the name to go on:"), printer)?;
    if answer == name.trim() { Ok(()) } else { Err(refused()) }
}

/// Says whether there is somebody to be asked.
pub fn can_ask(printer: &Printer) -> bool {
    io::stdin().is_terminal() && !printer.is_json()
}

fn answer(question: &str, prompt: &str, printer: &mut Printer) -> Result<String, Failure> {
    if !can_ask(printer) {
        return Err(Failure::new(Class::Usage, "CONFIRM", format!("this needs a yes: {question}")).hint("add `--yes`"));
    }
    printer.note(prompt);
    let mut answer = String::new();
    // What cannot be read is no yes.
    let read = io::stdin().lock().read_line(&mut answer);
    Ok(if read.is_ok() { answer.trim().to_owned() } else { String::new() })
}

fn refused() -> Failure {
    Failure::new(Class::Rejected, "NOT_CONFIRMED", "nothing was done")
}
