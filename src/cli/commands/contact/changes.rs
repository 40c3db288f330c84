//! `carnet contact changes`: the change log for people.

use serde_json::json;

use crate::app::failure::Failure;
use crate::app::{App, wire};
use crate::cli::commands::contact_id;
use crate::cli::print::Printer;
use crate::domain::permission::Viewer;
use crate::store::{ChangeEntry, ChangedField};

/// Changes shown unless all are asked for.
const LAST_CHANGES: usize = 5;

/// Prints the change log of a contact.
pub(super) fn changes(app: &App, id: &str, all: bool, by: &Viewer, printer: &mut Printer) -> Result<(), Failure> {
    let mut entries = app.changes(contact_id(id)?, None, by)?;
    let total = entries.len();
    entries.truncate(if all { total } else { LAST_CHANGES });
    let actors = entries.iter().map(|entry| app.actor_text(&entry.actor)).collect::<Result<Vec<_>, _>>()?;
    printer.answer(
        || json!({ "total": total, "changes": entries.iter().map(wire::change).collect::<Vec<_>>() }),
        || entries.iter().zip(&actors).map(|(entry, actor)| told_entry(entry, actor)).collect(),
    );
    if entries.len() < total && !printer.is_json() {
        printer.note(&format!("{} of {total}; `--all` shows all", entries.len()));
    }
    Ok(())
}

/// One entry of the change log.
pub(in crate::cli::commands) fn entry_text(entry: &ChangeEntry) -> String {
    told_entry(entry, &wire::actor(&entry.actor))
}

fn told_entry(entry: &ChangeEntry, actor: &str) -> String {
    let fields: String = entry.fields.iter().map(field_line).collect();
    format!("{}  {} by {actor} (revision {})\n{fields}", wire::time(entry.at), entry.action, entry.rev)
}

/// One field of an entry.
pub(super) fn field_line(field: &ChangedField) -> String {
    let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "–".to_owned());
    let by = field.plugin.as_ref().map_or_else(String::new, |plugin| {
        format!("  [plugin {} {}, {}]", plugin.name, plugin.version, plugin.hash.get(..12).unwrap_or(&plugin.hash))
    });
    if field.old.is_none() && field.new.is_none() {
        return format!("  {}: (erased){by}\n", field.field);
    }
    format!("  {}: {} → {}{by}\n", field.field, value(&field.old), value(&field.new))
}
