//! `carnet contact`

mod duplicates;
mod merge;

use std::io::{self, BufRead, IsTerminal};

use serde_json::json;

use super::contact_id;
use crate::app::contacts::{Wish, Written};
use crate::app::failure::{Class, Failure};
use crate::app::{App, wire};
use crate::cli::args::{ContactArgs, ContactCommand};
use crate::cli::exit::Outcome;
use crate::cli::print::{Printer, table};
use crate::domain::contact::Contact;
use crate::domain::field::{FIELDS, Field};
use crate::domain::permission::Viewer;
use crate::store::{ChangeEntry, ChangedField};

/// Changes shown unless all are asked for.
const LAST_CHANGES: usize = 5;

/// Runs the command.
pub fn run(app: &App, args: &ContactArgs, by: &Viewer, printer: &mut Printer) -> Result<Outcome, Failure> {
    match &args.command {
        ContactCommand::Add { fields } => written(app.add_contact(&wishes(fields)?, by)?, "created", printer),
        ContactCommand::Show { id } => show(app, id, printer)?,
        ContactCommand::Edit { id, fields, rev } => {
            let written_contact = app.edit_contact(contact_id(id)?, &wishes(fields)?, *rev, by)?;
            let word = if written_contact.fields.is_empty() { "unchanged" } else { "changed" };
            written(written_contact, word, printer);
        }
        ContactCommand::Delete { id, rev, yes } => delete(app, id, *rev, *yes, by, printer)?,
        ContactCommand::Merge(args) => merge::merge(app, args, by, printer)?,
        ContactCommand::Unmerge(args) => merge::unmerge(app, args, by, printer)?,
        ContactCommand::Duplicates(args) => duplicates::run(app, args, by, printer)?,
        ContactCommand::Changes { id, all } => changes(app, id, *all, printer)?,
    }
    Ok(Outcome::Done)
}

fn wishes(fields: &[String]) -> Result<Vec<Wish>, Failure> {
    fields.iter().map(|text| Wish::parse(text)).collect()
}

fn written(written: Written, word: &str, printer: &mut Printer) {
    written.notes.iter().for_each(|note| printer.warn(note));
    let contact = &written.contact;
    printer.answer(
        || wire::contact(contact),
        || {
            let edits: String = written.fields.iter().map(field_line).collect();
            format!("{word} {} {} (revision {})\n{edits}", contact.id, contact.display_name(), contact.rev)
        },
    );
}

fn show(app: &App, id: &str, printer: &mut Printer) -> Result<(), Failure> {
    let contact = app.contact(contact_id(id)?)?;
    printer.answer(|| wire::contact(&contact), || contact_text(&contact));
    Ok(())
}

/// A contact, field by field, blanks left out.
pub(super) fn contact_text(contact: &Contact) -> String {
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

fn delete(app: &App, id: &str, rev: Option<u64>, yes: bool, by: &Viewer, printer: &mut Printer) -> Result<(), Failure> {
    let contact = app.contact(contact_id(id)?)?;
    if !yes && !confirmed(&contact, printer)? {
        return Err(Failure::new(Class::Rejected, "NOT_CONFIRMED", "nothing was deleted"));
    }
    let deleted = app.delete_contact(contact.id, rev, by)?;
    printer.answer(
        || json!({ "deleted": deleted.id.to_string() }),
        || format!("deleted {} {}", deleted.id, deleted.display_name()),
    );
    Ok(())
}

fn confirmed(contact: &Contact, printer: &mut Printer) -> Result<bool, Failure> {
    if !io::stdin().is_terminal() || printer.is_json() {
        return Err(Failure::new(Class::Usage, "CONFIRM", format!("deleting {} needs a yes", contact.display_name()))
            .hint("add `--yes`"));
    }
    printer.note(&format!("Delete {} ({})? [y/N]", contact.display_name(), contact.id));
    let mut answer = String::new();
    let read = io::stdin().lock().read_line(&mut answer);
    Ok(read.is_ok() && matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}

fn changes(app: &App, id: &str, all: bool, printer: &mut Printer) -> Result<(), Failure> {
    let entries = app.changes(contact_id(id)?, (!all).then_some(LAST_CHANGES))?;
    printer.answer(
        || json!({ "changes": entries.iter().map(wire::change).collect::<Vec<_>>() }),
        || entries.iter().map(entry_text).collect(),
    );
    Ok(())
}

/// One entry of the change log.
pub(super) fn entry_text(entry: &ChangeEntry) -> String {
    let fields: String = entry.fields.iter().map(field_line).collect();
    format!(
        "{}  {} by {} (revision {})\n{fields}",
        wire::time(entry.at),
        wire::action(entry.action),
        wire::actor(&entry.actor),
        entry.rev
    )
}

fn field_line(field: &ChangedField) -> String {
    let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "–".to_owned());
    let by = field.plugin.as_ref().map_or_else(String::new, |plugin| {
        format!("  [plugin {} {}, {}]", plugin.name, plugin.version, plugin.hash.get(..12).unwrap_or(&plugin.hash))
    });
    format!("  {}: {} → {}{by}\n", field.field, value(&field.old), value(&field.new))
}
