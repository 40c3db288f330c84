//! `carnet contact add|edit|delete|restore`.

use serde_json::json;

use super::{wishes, written};
use crate::app::App;
use crate::app::contacts::Wish;
use crate::app::failure::Failure;
use crate::cli::commands::confirm::confirm;
use crate::cli::commands::contact_id;
use crate::cli::print::Printer;
use crate::domain::contact::Contact;
use crate::domain::permission::{Right, Viewer};

/// Creates a contact.
pub(super) fn add(
    app: &App,
    fields: &[String],
    allow_forgotten: bool,
    by: &Viewer,
    printer: &mut Printer,
) -> Result<(), Failure> {
    written(app, app.add_contact(&wishes(fields)?, allow_forgotten, by)?, "created", printer)?;
    Ok(())
}

/// Changes a contact.
pub(super) fn edit(
    app: &App,
    id: &str,
    wishes: &[Wish],
    rev: Option<u64>,
    enquiry: Option<i64>,
    by: &Viewer,
    printer: &mut Printer,
) -> Result<(), Failure> {
    let id = contact_id(id)?;
    let edited = match enquiry {
        Some(enquiry) => app.edit_contact_in_enquiry(enquiry, id, wishes, rev, by)?,
        None => app.edit_contact(id, wishes, rev, by)?,
    };
    let word = if edited.fields.is_empty() { "unchanged" } else { "changed" };
    written(app, edited, word, printer)?;
    Ok(())
}

/// Brings a deleted contact back.
pub(super) fn restore(app: &App, id: &str, by: &Viewer, printer: &mut Printer) -> Result<(), Failure> {
    written(app, app.restore_contact(contact_id(id)?, by)?, "restored", printer)?;
    Ok(())
}

/// Deletes a contact, after a yes.
pub(super) fn delete(
    app: &App,
    id: &str,
    rev: Option<u64>,
    yes: bool,
    by: &Viewer,
    printer: &mut Printer,
) -> Result<(), Failure> {
    let contact = app.contact_for(contact_id(id)?, Right::Delete, by)?;
    // Whoever says yes says it to what was shown.
    let rev = if yes { rev } else { rev.or(Some(contact.rev)) };
    if !yes {
        confirm(&format!("Delete {}?", about(app, &contact)?), false, printer)?;
    }
    let deleted = app.delete_contact(contact.id, rev, by)?;
    printer.answer(
        || json!({ "deleted": deleted.id.to_string() }),
        || {
            let (id, name) = (deleted.id, deleted.display_name());
            format!("deleted {id} {name}\n`carnet contact restore {id}` brings it back")
        },
    );
    Ok(())
}

/// What is about to be deleted.
fn about(app: &App, contact: &Contact) -> Result<String, Failure> {
    let attached = app.attached(contact.id)?;
    let counted = |count: u64, one: &str, many: &str| match count {
        0 => None,
        1 => Some(format!("1 {one}")),
        count => Some(format!("{count} {many}")),
    };
    let counts =
        [counted(attached.open_enquiries, "open enquiry", "open enquiries"), counted(attached.notes, "note", "notes")];
    let counts: Vec<String> = counts.into_iter().flatten().collect();
    let with = if counts.is_empty() { String::new() } else { format!(" with {}", counts.join(" and ")) };
    Ok(format!("{} ({}){with}", contact.display_name(), contact.id))
}
