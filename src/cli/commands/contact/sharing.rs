//! `carnet contact share|unshare|transfer`

use crate::app::contacts::Written;
use crate::app::failure::Failure;
use crate::app::{App, wire};
use crate::cli::commands::contact_id;
use crate::cli::print::Printer;
use crate::domain::name::Name;
use crate::domain::permission::Viewer;

/// Lets others see a contact.
pub(super) fn share(app: &App, id: &str, staff: &[String], by: &Viewer, printer: &mut Printer) -> Result<(), Failure> {
    told(app, &app.share_contact(contact_id(id)?, staff, by)?, "shared", "", printer)
}

/// Takes access away again.
pub(super) fn unshare(
    app: &App,
    id: &str,
    staff: &[String],
    by: &Viewer,
    printer: &mut Printer,
) -> Result<(), Failure> {
    told(app, &app.unshare_contact(contact_id(id)?, staff, by)?, "no longer shared", "", printer)
}

/// Gives a contact another owner.
pub(super) fn transfer(app: &App, id: &str, staff: &str, by: &Viewer, printer: &mut Printer) -> Result<(), Failure> {
    let written = app.transfer_contact(contact_id(id)?, staff, by)?;
    let left = written.fields.iter().find(|field| field.field == "owner").and_then(|field| field.old.clone());
    let left = left.map_or_else(String::new, |left| {
        format!("\n{left} owned it before and keeps no share of it; `carnet contact share` gives one")
    });
    told(app, &written, "transferred", &left, printer)
}

fn told(app: &App, written: &Written, word: &str, more: &str, printer: &mut Printer) -> Result<(), Failure> {
    written.notes.iter().for_each(|note| printer.warn(note));
    let contact = &app.shown(written.contact.clone())?;
    let word = if written.fields.is_empty() { "unchanged" } else { word };
    let owner = contact.owner.as_ref().map_or("nobody", Name::as_str);
    let shared: Vec<&str> = contact.shared_with.iter().map(Name::as_str).collect();
    let shared = if shared.is_empty() { "nobody".to_owned() } else { shared.join(", ") };
    printer.answer(
        || wire::contact(contact),
        || {
            let head = format!("{word} {} {} (revision {})", contact.id, contact.display_name(), contact.rev);
            format!("{head}\nowner: {owner}\nshared with: {shared}{more}")
        },
    );
    Ok(())
}
