//! `carnet contact`: one file for each group of verbs, joined here.

mod changes;
mod duplicates;
mod merge;
mod sharing;
mod show;
mod write;

use super::{notes, privacy};
use crate::app::App;
use crate::app::contacts::{Wish, Written};
use crate::app::failure::Failure;
use crate::app::wire;
use crate::cli::args::{ContactArgs, ContactCommand};
use crate::cli::exit::Outcome;
use crate::cli::print::Printer;
use crate::domain::permission::Viewer;

pub(super) use changes::entry_text;

/// Runs the command.
pub fn run(app: &App, args: &ContactArgs, by: &Viewer, printer: &mut Printer) -> Result<Outcome, Failure> {
    match &args.command {
        ContactCommand::Add { fields, allow_forgotten } => write::add(app, fields, *allow_forgotten, by, printer)?,
        ContactCommand::Show { id } => show::show(app, id, by, printer)?,
        ContactCommand::Edit { id, fields, rev, enquiry } => {
            write::edit(app, id, &wishes(fields)?, *rev, *enquiry, by, printer)?;
        }
        ContactCommand::Delete { id, rev, yes } => write::delete(app, id, *rev, *yes, by, printer)?,
        ContactCommand::Restore { id } => write::restore(app, id, by, printer)?,
        ContactCommand::Share { id, staff } => sharing::share(app, id, staff, by, printer)?,
        ContactCommand::Unshare { id, staff } => sharing::unshare(app, id, staff, by, printer)?,
        ContactCommand::Transfer { id, staff } => sharing::transfer(app, id, staff, by, printer)?,
        ContactCommand::Merge(args) => merge::merge(app, args, by, printer)?,
        ContactCommand::Unmerge(args) => merge::unmerge(app, args, by, printer)?,
        ContactCommand::Duplicates(args) => duplicates::run(app, args, by, printer)?,
        ContactCommand::Changes { id, all } => changes::changes(app, id, *all, by, printer)?,
        ContactCommand::Note { id, text } => notes::add(app, id, text, by, printer)?,
        ContactCommand::Notes { id, page } => notes::list(app, id, *page, by, printer)?,
        ContactCommand::NoteEdit { note, text } => notes::edit(app, *note, text, by, printer)?,
        ContactCommand::NoteDelete { note, yes } => notes::delete(app, *note, *yes, by, printer)?,
        ContactCommand::Forget { id, yes, reason, despite_plugins } => {
            let wish = privacy::Wish { id, yes: *yes, reason: reason.as_deref(), despite_plugins: *despite_plugins };
            return privacy::forget(app, &wish, by, printer);
        }
        ContactCommand::ExportPerson { id, out } => privacy::export(app, id, out.as_deref(), by, printer)?,
        ContactCommand::Activity { id, limit } => super::enquiry::activity(app, id, usize::from(*limit), by, printer)?,
        ContactCommand::Consent { id } => privacy::consent(app, id, by, printer)?,
    }
    Ok(Outcome::Done)
}

pub(super) fn wishes(fields: &[String]) -> Result<Vec<Wish>, Failure> {
    Wish::parse_all(fields)
}

fn written(app: &App, written: Written, word: &str, printer: &mut Printer) -> Result<(), Failure> {
    written.notes.iter().for_each(|note| printer.warn(note));
    let contact = &app.shown(written.contact)?;
    let fields = app.shown_fields(written.fields)?;
    printer.answer(
        || wire::contact(contact),
        || {
            let edits: String = fields.iter().map(changes::field_line).collect();
            format!("{word} {} {} (revision {})\n{edits}", contact.id, contact.display_name(), contact.rev)
        },
    );
    Ok(())
}
