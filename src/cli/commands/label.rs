//! `carnet label`

use serde_json::json;

use crate::app::failure::Failure;
use crate::app::{App, wire};
use crate::cli::args::{LabelArgs, LabelCommand};
use crate::cli::exit::Outcome;
use crate::cli::print::{Printer, table};

/// Runs the command.
pub fn run(app: &App, args: &LabelArgs, printer: &mut Printer) -> Result<Outcome, Failure> {
    match args.command {
        LabelCommand::List => {
            let labels = app.labels()?;
            let row = |label: &crate::store::LabelInfo| {
                vec![label.name.to_string(), label.colour.clone(), label.contacts.to_string()]
            };
            printer.answer(
                || json!({ "labels": labels.iter().map(wire::label).collect::<Vec<_>>() }),
                || {
                    if labels.is_empty() {
                        "no labels yet".to_owned()
                    } else {
                        table(&labels.iter().map(row).collect::<Vec<_>>())
                    }
                },
            );
        }
    }
    Ok(Outcome::Done)
}
