//! `carnet contact note|notes|note-edit|note-delete` and `carnet org note|notes`

use serde_json::json;

use super::confirm::confirm;
use super::contact_id;
use crate::app::failure::Failure;
use crate::app::{App, wire};
use crate::cli::args::NotePageArgs;
use crate::cli::print::Printer;
use crate::domain::note::Note;
use crate::domain::permission::Viewer;
use crate::domain::text::shown;
use crate::store::NotePage;

/// Writes a note on a contact.
pub fn add(app: &App, id: &str, text: &str, by: &Viewer, printer: &mut Printer) -> Result<(), Failure> {
    wrote(&app.add_note(contact_id(id)?, text, by)?, "wrote", printer);
    Ok(())
}

/// Lists the notes on a contact.
pub fn list(app: &App, id: &str, page: NotePageArgs, by: &Viewer, printer: &mut Printer) -> Result<(), Failure> {
    print(&app.notes_of(contact_id(id)?, page.after, usize::from(page.limit), by)?, printer);
    Ok(())
}

/// Writes a note on an organization, named by its number or its name.
pub fn add_to_organization(
    app: &App,
    organization: &str,
    text: &str,
    by: &Viewer,
    printer: &mut Printer,
) -> Result<(), Failure> {
    wrote(&app.add_organization_note(organization, text, by)?, "wrote", printer);
    Ok(())
}

/// Lists the notes on an organization, named by its number or its name.
pub fn list_of_organization(
    app: &App,
    organization: &str,
    page: NotePageArgs,
    by: &Viewer,
    printer: &mut Printer,
) -> Result<(), Failure> {
    print(&app.organization_notes(organization, page.after, usize::from(page.limit), by)?, printer);
    Ok(())
}

/// Changes a note.
pub fn edit(app: &App, id: i64, text: &str, by: &Viewer, printer: &mut Printer) -> Result<(), Failure> {
    wrote(&app.edit_note(id, text, by)?, "changed", printer);
    Ok(())
}

/// Deletes a note.
pub fn delete(app: &App, id: i64, yes: bool, by: &Viewer, printer: &mut Printer) -> Result<(), Failure> {
    let note = app.own_note(id, by, "delete")?;
    confirm(&format!("Delete note {id} by {} (`{}`)?", note.by, shown(&note.text)), yes, printer)?;
    app.delete_note(id, by)?;
    printer.answer(|| json!({ "deleted": id }), || format!("deleted note {id}"));
    Ok(())
}

fn wrote(note: &Note, word: &str, printer: &mut Printer) {
    printer.answer(|| wire::note::note(note), || format!("{word} note {}", note.id));
}

fn print(page: &NotePage, printer: &mut Printer) {
    printer.answer(
        || wire::note::page(page),
        || if page.total == 0 { "no notes yet".to_owned() } else { page.notes.iter().map(note_text).collect() },
    );
    if let (Some(next), false) = (page.next, printer.is_json()) {
        printer.note(&format!("{} notes; more: add `--after {next}`", page.total));
    }
}

/// A note: who and when on one line, the text below it, set in.
pub fn note_text(note: &Note) -> String {
    let edited = note.edited.as_ref().map_or_else(String::new, |(at, by)| {
        let who = if *by == note.by { String::new() } else { format!(" by {by}") };
        format!(", edited {}{who}", wire::time(*at))
    });
    let text: String = note.text.lines().map(|line| format!("  {line}").trim_end().to_owned() + "\n").collect();
    format!("note {}  {}  {}{edited}\n{text}", note.id, wire::time(note.at), note.by)
}
