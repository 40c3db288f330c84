//! `carnet division`

use serde_json::json;

use super::record::counted;
use crate::app::App;
use crate::app::failure::Failure;
use crate::app::wire::records as wire;
use crate::cli::args::{DivisionArgs, DivisionCommand};
use crate::cli::exit::Outcome;
use crate::cli::print::{Printer, table};
use crate::domain::permission::Viewer;
use crate::store::DivisionInfo;

/// Runs the command.
pub fn run(app: &App, args: &DivisionArgs, by: &Viewer, printer: &mut Printer) -> Result<Outcome, Failure> {
    match &args.command {
        DivisionCommand::Add { name } => {
            let division = app.add_division(name, by)?;
            printer
                .answer(|| wire::division(&division), || format!("created division {} {}", division.id, division.name));
        }
        DivisionCommand::List => list(app, by, printer)?,
        DivisionCommand::Rename { name, new } => {
            let (division, contacts) = app.rename_division(name, new, by)?;
            printer.answer(
                || wire::division(&division),
                || {
                    let also = match contacts {
                        0 => String::new(),
                        count => format!(", also in {}", counted(count, "contact")),
                    };
                    format!("division {} is {} now{also}", division.id, division.name)
                },
            );
        }
        DivisionCommand::Delete { name } => {
            let (division, staff) = app.delete_division(name, by)?;
            printer.answer(
                || json!({ "deleted": division.id, "name": division.name.as_str(), "staff": staff }),
                || {
                    let lost = match staff {
                        0 => String::new(),
                        count => format!("; it was taken from {}", counted(count, "staff member")),
                    };
                    format!("deleted division {} {}{lost}", division.id, division.name)
                },
            );
        }
    }
    Ok(Outcome::Done)
}

fn list(app: &App, by: &Viewer, printer: &mut Printer) -> Result<(), Failure> {
    let divisions = app.divisions(by)?;
    let row = |division: &DivisionInfo| {
        vec![
            division.id.to_string(),
            division.name.to_string(),
            counted(division.contacts, "contact"),
            counted(division.organizations, "organization"),
            counted(division.staff, "staff member"),
        ]
    };
    printer.answer(
        || json!({ "divisions": divisions.iter().map(wire::division).collect::<Vec<_>>() }),
        || match divisions.len() {
            0 => "no divisions yet".to_owned(),
            _ => table(&divisions.iter().map(row).collect::<Vec<_>>()),
        },
    );
    Ok(())
}
