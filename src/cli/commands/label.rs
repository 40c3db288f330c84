//! `carnet label`

use serde_json::json;

use super::confirm::confirm;
use super::record::counted;
use crate::app::failure::Failure;
use crate::app::{App, wire};
use crate::cli::args::{LabelArgs, LabelCommand};
use crate::cli::exit::Outcome;
use crate::cli::print::{Printer, table};
use crate::domain::permission::Viewer;
use crate::store::LabelInfo;

/// Runs the command.
pub fn run(app: &App, args: &LabelArgs, by: &Viewer, printer: &mut Printer) -> Result<Outcome, Failure> {
    match &args.command {
        LabelCommand::List => list(&app.labels(by)?, printer),
        LabelCommand::Create { name, colour } => {
            let label = app.create_label(name, colour.as_deref())?;
            printer.answer(|| wire::label(&label), || format!("created `{}` ({})", label.name, label.colour));
        }
        LabelCommand::Edit { name, colour, rename } => {
            let (label, rewritten) = app.edit_label(name, colour.as_deref(), rename.as_deref(), by)?;
            printer.answer(
                || wire::label(&label),
                || {
                    let contacts = if rename.is_some() {
                        format!(", {} rewritten", counted(rewritten, "contact"))
                    } else {
                        String::new()
                    };
                    format!("`{}` ({}){contacts}", label.name, label.colour)
                },
            );
        }
        LabelCommand::Delete { name, yes } => {
            let label = app.label(name, by)?;
            if label.contacts > 0 {
                let (verb, contacts) =
                    (if label.contacts == 1 { "loses" } else { "lose" }, counted(label.contacts, "contact"));
                confirm(&format!("Delete the label `{}`? {contacts} {verb} it.", label.name), *yes, printer)?;
            }
            let label = app.delete_label(name, by)?;
            printer.answer(
                || json!({ "deleted": label.name.as_str(), "contacts": label.contacts }),
                || format!("deleted `{}` from {}", label.name, counted(label.contacts, "contact")),
            );
        }
    }
    Ok(Outcome::Done)
}

fn list(labels: &[LabelInfo], printer: &mut Printer) {
    let row = |label: &LabelInfo| vec![label.name.to_string(), label.colour.clone(), label.contacts.to_string()];
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
