//! A person as a whole: the contact, those merged into it, deleted or not, and every text that holds something of them. Erasing all of it
//! is `forget`'s.

use chrono::DateTime;
use chrono::Utc;
use rusqlite::{Connection, OptionalExtension, Row};

use crate::domain::contact::Contact;
use crate::domain::id::ContactId;
use crate::domain::traces::Traces;

use super::contacts::{self, gone};
use super::custom_schema;
use super::document;
use super::error::{Placed, StoreError};
use super::family;
use super::prepared;
use super::reader::Reader;
use super::types::{Action, Identifier};
use super::volumes::{self, Test};

/// What a contact's id leads to.
#[derive(Clone, PartialEq, Debug)]
pub enum Person {
    /// A contact.
    Live(Contact),
    /// A contact that was deleted; it may come back.
    Deleted(Contact),
    /// Somebody who was forgotten.
    Forgotten {
        /// The id that leads there: the contact's own, also when another was asked for that had been merged into it.
        id: ContactId,
        /// When.
        at: DateTime<Utc>,
    },
}

impl Reader<'_> {
    /// Returns whom an id leads to, deleted and forgotten ones included.
    ///
    /// # Errors
    /// The database fails, or the contact was written by a newer Carnet.
    pub fn person(&self, id: ContactId) -> Result<Option<Person>, StoreError> {
        let Some(no) = contacts::resolve(self.conn, id).placed(self.path)? else { return Ok(None) };
        person(self.conn, no).placed(self.path)
    }

    /// Returns everything by which a person is recognised: what the contact holds and once held, and what was merged into it; without
    /// what another contact has, too.
    ///
    /// # Errors
    /// As for [`Reader::person`].
    pub fn traces(&self, id: ContactId) -> Result<Traces, StoreError> {
        self.settle()?;
        let Some(no) = contacts::resolve(self.conn, id).placed(self.path)? else { return Ok(Traces::default()) };
        let family = family::numbers(self.conn, no).placed(self.path)?;
        Ok(traces(self.conn, &family).placed(self.path)?.0)
    }
}

fn person(conn: &Connection, no: i64) -> Result<Option<Person>, StoreError> {
    let mut select =
        conn.prepare_cached("SELECT contact.id, contact.rev, contact.doc, contact.gone FROM contact WHERE no = ?1")?;
    let mut rows = select.query([no])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    Ok(Some(match row.get::<_, i64>(3)? {
        gone::LIVE => Person::Live(contacts::read(row)?),
        gone::FORGOTTEN => Person::Forgotten { id: ContactId::from_bytes(row.get(0)?), at: forgotten_at(conn, no)? },
        _ => Person::Deleted(contacts::read(row)?),
    }))
}

fn forgotten_at(conn: &Connection, no: i64) -> rusqlite::Result<DateTime<Utc>> {
    let at = conn
        .prepare_cached("SELECT at FROM change WHERE contact = ?1 AND action = ?2 ORDER BY rev DESC LIMIT 1")?
        .query_row((no, Action::Forgotten.as_str()), |row| row.get(0))
        .optional()?;
    Ok(DateTime::from_timestamp_nanos(at.unwrap_or_default()))
}

/// Numbers as a JSON list, for `IN (SELECT value FROM json_each(?1))`.
pub(super) fn listed(numbers: &[i64]) -> String {
    let numbers: Vec<String> = numbers.iter().map(i64::to_string).collect();
    format!("[{}]", numbers.join(","))
}

/// Reads a contact as something keeps it, from the columns of its document, of what that is, and of the contact's id behind that.
pub(super) fn original(row: &Row<'_>, document: usize, what: usize) -> Result<Contact, StoreError> {
    let id = ContactId::from_bytes(row.get(what + 1)?);
    let text = row.get_ref(document)?.as_str().map_err(rusqlite::Error::from)?;
    document::decode(id, 0, text).map_err(|reason| {
        let what = row.get::<_, String>(what).unwrap_or_default();
        StoreError::Unreadable { what: format!("{what} `{id}`"), reason }
    })
}

/// By what a person is recognised, and other contacts that seem to be the same person: they have the name, and an address or a number.
pub(super) fn traces(conn: &Connection, family: &[i64]) -> Result<(Traces, Vec<ContactId>), StoreError> {
    let (mut traces, list) = (Traces::default(), listed(family));
    let customs = custom_schema::identifiers(conn)?;
    // A merge that was taken back is between two persons: each original is its own contact's.
    let mut documents = conn.prepare_cached(
        "SELECT doc, 'contact', id FROM contact WHERE no IN (SELECT value FROM json_each(?1)) AND gone < 3
         UNION ALL SELECT master_doc, 'original in merge ' || merge.id || ' of contact', contact.id
             FROM merge JOIN contact ON contact.no = master WHERE master IN (SELECT value FROM json_each(?1))
         UNION ALL SELECT other_doc, 'original in merge ' || merge.id || ' of contact', contact.id
             FROM merge JOIN contact ON contact.no = other WHERE other IN (SELECT value FROM json_each(?1))
         UNION ALL SELECT held.doc, 'original in bulk write ' || batch || ' of contact', contact.id
             FROM batch_contact AS held JOIN contact ON contact.no = held.contact
             WHERE held.contact IN (SELECT value FROM json_each(?1)) AND held.doc IS NOT NULL",
    )?;
    let mut rows = documents.query([&list])?;
    while let Some(row) = rows.next()? {
        let contact = original(row, 0, 1)?;
        traces.add(&contact);
        let held = customs.iter().filter_map(|key| Some((key, contact.custom.get(key)?)));
        held.for_each(|(key, value)| traces.add_custom(key, value));
    }
    // What a merge that was taken back had made was of two persons.
    let mut changes = conn.prepare_cached(
        "SELECT json_extract(field.value, '$[0]'), json_extract(field.value, '$[1]')
         FROM change, json_each(change.fields) AS field
         WHERE contact IN (SELECT value FROM json_each(?1)) AND json_type(field.value, '$[1]') = 'text'
             AND action <> 'unmerged'",
    )?;
    let mut rows = changes.query([&list])?;
    while let Some(row) = rows.next()? {
        let (field, value) = (row.get::<_, String>(0)?, row.get::<_, String>(1)?);
        traces.add_value(&field, &value);
        if let Some(key) = field.strip_prefix("custom.").filter(|key| customs.iter().any(|known| known == key)) {
            traces.add_custom(key, &value);
        }
    }
    without_shared(conn, traces, family)
}

/// A switchboard's number is its callers' no more than the next one's: it must not lead to the rows of others.
fn without_shared(
    conn: &Connection,
    mut traces: Traces,
    family: &[i64],
) -> Result<(Traces, Vec<ContactId>), StoreError> {
    let mut twins = Vec::new();
    let emails = traces.emails().iter().cloned().map(Identifier::Email);
    let phones =
        traces.phones().iter().flat_map(|it| [Identifier::Phone(it.clone()), Identifier::Whatsapp(it.clone())]);
    let ids = traces.external_ids().iter().cloned();
    let ids = ids.map(|it| Identifier::ExternalId { source: it.source, id: it.id });
    let known: Vec<Identifier> = emails.chain(phones).chain(ids).collect();
    for identifier in known {
        for no in volumes::holders(conn, None, &[prepared::key(&identifier)], &Test::default(), family.len() + 1)? {
            let other = if family.contains(&no) { None } else { contacts::get(conn, no)? };
            match other {
                Some(other) if traces.has_name_of(&other) => twins.push(other.id),
                Some(other) => traces.remove_shared(&other),
                None => {}
            }
        }
    }
    twins.sort();
    twins.dedup();
    Ok((traces, twins))
}
