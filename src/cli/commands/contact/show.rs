//! `carnet contact show`: a contact for people, field by field.

use crate::app::failure::Failure;
use crate::app::{App, wire};
use crate::cli::commands::contact_id;
use crate::cli::print::{Printer, table};
use crate::domain::contact::Contact;
use crate::domain::field::{FIELDS, Field};
use crate::domain::permission::{Right, Viewer};

/// Prints a contact.
pub(super) fn show(app: &App, id: &str, by: &Viewer, printer: &mut Printer) -> Result<(), Failure> {
    let contact = app.contact_for(contact_id(id)?, Right::View, by)?;
    printer.answer(|| wire::contact(&contact), || contact_text(&contact));
    Ok(())
}

/// A contact, field by field, blanks left out.
pub(in crate::cli::commands) fn contact_text(contact: &Contact) -> String {
    let mut rows = vec![vec!["id".to_owned(), format!("{} (revision {})", contact.id, contact.rev)]];
    let placeholder = |field| field == Field::LastName && contact.last_name_is_placeholder;
    for info in FIELDS.iter().filter(|info| info.field != Field::Sms) {
        if let Some(value) = contact.joined(&info.field.into()) {
            let remark = if placeholder(info.field) { "  (placeholder)" } else { "" };
            rows.push(vec![info.name.to_owned(), format!("{value}{remark}")]);
        }
    }
    let silent: Vec<&str> = contact.phones.iter().filter(|phone| !phone.sms).map(|phone| phone.raw.as_str()).collect();
    if !silent.is_empty() {
        rows.push(vec!["no sms to".to_owned(), silent.join("; ")]);
    }
    let others = [("other_first_names", &contact.other_first_names), ("other_last_names", &contact.other_last_names)];
    rows.extend(
        others
            .into_iter()
            .filter(|(_, names)| !names.is_empty())
            .map(|(name, names)| vec![name.to_owned(), names.join("; ")]),
    );
    rows.extend(contact.custom.iter().map(|(key, value)| vec![format!("custom.{key}"), value.clone()]));
    for (name, stamp) in [("created", &contact.created), ("updated", &contact.updated)] {
        rows.push(vec![name.to_owned(), format!("{} by {}", wire::time(stamp.at), stamp.by)]);
    }
    table(&rows)
}
