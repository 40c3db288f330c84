//! What the commands of organizations, staff members and divisions print alike.

use crate::app::records::WrittenRecord;
use crate::app::wire;
use crate::cli::print::{Printer, table};
use crate::domain::contact::Stamp;
use crate::domain::record::Record;
use crate::store::{ChangedField, RecordChange};

/// `3 contacts`, `1 contact`.
pub fn counted(count: u64, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

/// What was written: `changed organization 3 Acme (revision 2)`, what changed in it, and what else.
pub fn written_text<R: Record>(written: &WrittenRecord<R>, verb: &str, id: i64, rev: u64, name: &str) -> String {
    let verb = if written.fields.is_empty() { "unchanged" } else { verb };
    let fields: String = written.fields.iter().map(field_line).collect();
    let contacts = match written.contacts {
        0 => String::new(),
        count => format!("renamed in {}\n", counted(count, "contact")),
    };
    format!("{verb} {} {id} {name} (revision {rev})\n{fields}{contacts}", R::NOUN)
}

/// Tells what there is to know about a record that was written.
pub fn tell_notes<R>(written: &WrittenRecord<R>, printer: &mut Printer) {
    written.notes.iter().for_each(|note| printer.warn(note));
}

/// A record, field by field, blanks left out.
pub fn record_text<R: Record>(record: &R, id: i64, rev: u64, stamps: [&Stamp; 2]) -> String {
    let mut rows = vec![vec!["number".to_owned(), format!("{id} (revision {rev})")]];
    let fields = record.keys().into_iter().filter_map(|key| record.get(&key).map(|value| (key.to_string(), value)));
    rows.extend(fields.map(|(key, value)| vec![key, value.replace('\n', ", ")]));
    for (name, stamp) in ["created", "updated"].into_iter().zip(stamps) {
        rows.push(vec![name.to_owned(), format!("{} by {}", wire::time(stamp.at), stamp.by)]);
    }
    table(&rows)
}

/// One entry of a record's log.
pub fn change_text(entry: &RecordChange) -> String {
    let fields: String = entry.fields.iter().map(field_line).collect();
    format!("{}  {} by {}\n{fields}", wire::time(entry.at), entry.action, entry.by)
}

fn field_line(field: &ChangedField) -> String {
    let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "–".to_owned());
    format!("  {}: {} → {}\n", field.field, value(&field.old), value(&field.new))
}
