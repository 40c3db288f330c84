//! `carnet staff`

use serde_json::json;

use super::confirm::confirm;
use super::record::{counted, record_text, tell_notes, written_text};
use crate::app::App;
use crate::app::failure::Failure;
use crate::app::records::{Assignment, WrittenRecord};
use crate::app::wire::records as wire;
use crate::cli::args::{StaffArgs, StaffCommand};
use crate::cli::exit::Outcome;
use crate::cli::print::{Printer, table};
use crate::domain::permission::Viewer;
use crate::domain::staff::Staff;

/// Runs the command.
pub fn run(app: &App, args: &StaffArgs, by: &Viewer, printer: &mut Printer) -> Result<Outcome, Failure> {
    match &args.command {
        StaffCommand::Add { fields } => {
            written(&app.add_staff(&Assignment::parse_all(fields)?, by)?, "created", printer);
        }
        StaffCommand::List { words } => list(app, &words.join(" "), printer)?,
        StaffCommand::Show { staff } => {
            let staff = app.staff_member(staff)?;
            let text = || record_text(&staff, staff.id, staff.rev, [&staff.created, &staff.updated]);
            printer.answer(|| wire::staff(&staff), text);
        }
        StaffCommand::Edit { staff, fields, rev } => {
            written(&app.edit_staff(staff, &Assignment::parse_all(fields)?, *rev, by)?, "changed", printer);
        }
        StaffCommand::Delete { staff, yes } => delete(app, staff, *yes, by, printer)?,
    }
    Ok(Outcome::Done)
}

fn written(written: &WrittenRecord<Staff>, verb: &str, printer: &mut Printer) {
    tell_notes(written, printer);
    let staff = &written.record;
    printer.answer(|| wire::staff(staff), || written_text(written, verb, staff.id, staff.rev, staff.name.as_str()));
}

fn list(app: &App, words: &str, printer: &mut Printer) -> Result<(), Failure> {
    let staff = app.staff_found(words)?;
    let row = |member: &Staff| {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        vec![
            member.id.to_string(),
            member.name.to_string(),
            member.availability.to_string(),
            member.role.to_string(),
            text(&member.email),
            text(&member.phone),
            text(&member.extension),
        ]
    };
    printer.answer(
        || json!({ "staff": staff.iter().map(wire::staff).collect::<Vec<_>>() }),
        || match staff.len() {
            0 if words.is_empty() => "no staff members yet".to_owned(),
            0 => format!("no staff member has `{words}` in name, department or address"),
            _ => table(&staff.iter().map(row).collect::<Vec<_>>()),
        },
    );
    Ok(())
}

fn delete(app: &App, staff: &str, yes: bool, by: &Viewer, printer: &mut Printer) -> Result<(), Failure> {
    app.require_admin(by, "delete staff members")?;
    let found = app.staff_member(staff)?;
    let contacts = app.contacts_naming_staff(&found)?;
    if contacts > 0 {
        let question = format!("Delete {}, who owns or shares {}?", found.name, counted(contacts, "contact"));
        confirm(&question, yes, printer)?;
    }
    let (deleted, contacts) = app.delete_staff(&found.id.to_string(), by)?;
    printer.answer(
        || json!({ "deleted": deleted.id, "name": deleted.name.as_str(), "contacts": contacts }),
        || format!("deleted staff member {} {}", deleted.id, deleted.name),
    );
    if contacts > 0 {
        let name = &deleted.name;
        printer.note(&format!(
            "{} {} the name {name}; give them another owner with `carnet contact transfer ID STAFF`, or all at once with \
             `carnet bulk edit owner=STAFF --owner \"{name}\"`",
            counted(contacts, "contact"),
            if contacts == 1 { "keeps" } else { "keep" },
        ));
    }
    Ok(())
}
