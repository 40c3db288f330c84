//! Notes on contacts and organizations, newest first. A note stays with the contact for which it was written; notes of contacts merged into
//! one are read with it. Who may do what is decided above.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::domain::id::ContactId;
use crate::domain::note::{Note, NoteOn};

use super::contacts;
use super::document::nanos;
use super::error::{Placed, StoreError};
use super::family;
use super::reader::Reader;
use super::record_changes::RecordKind;
use super::writer::Writer;

/// One page of notes, the newest first.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NotePage {
    /// How many there are on all pages.
    pub total: u64,
    /// The notes of this page.
    pub notes: Vec<Note>,
    /// Where the next page begins, if there is one.
    pub next: Option<i64>,
}

pub(super) const COLUMNS: &str = "id, text, at, person, edited_at, edited_by";

/// A page walks the index from its end and stops when it is full, however many notes there are.
pub(super) const CONTACT_PAGE: &str = "WHERE contact = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3";
const ORGANIZATION_PAGE: &str = "WHERE organization = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3";

fn read(row: &Row<'_>) -> rusqlite::Result<Note> {
    let edited_at = row.get::<_, Option<i64>>(4)?.map(DateTime::from_timestamp_nanos);
    Ok(Note {
        id: row.get(0)?,
        text: row.get(1)?,
        at: DateTime::from_timestamp_nanos(row.get(2)?),
        by: row.get(3)?,
        edited: edited_at.zip(row.get(5)?),
    })
}

/// The column by which notes are found, and the numbers to look for.
fn place(conn: &Connection, on: NoteOn) -> rusqlite::Result<(bool, Vec<i64>)> {
    match on {
        NoteOn::Contact(id) => {
            let no = contacts::resolve(conn, id)?;
            Ok((true, no.map_or_else(|| Ok(Vec::new()), |no| family::numbers(conn, no))?))
        }
        NoteOn::Organization(id) => Ok((false, vec![id])),
    }
}

fn page(conn: &Connection, on: NoteOn, after: i64, limit: usize) -> rusqlite::Result<NotePage> {
    let (of_contact, numbers) = place(conn, on)?;
    let (column, filter) = if of_contact { ("contact", CONTACT_PAGE) } else { ("organization", ORGANIZATION_PAGE) };
    let mut select = conn.prepare_cached(&format!("SELECT {COLUMNS} FROM note {filter}"))?;
    let mut count = conn.prepare_cached(&format!("SELECT count(*) FROM note WHERE {column} = ?1"))?;
    let one_more = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
    let (mut total, mut notes) = (0, Vec::new());
    for number in numbers {
        total += count.query_row([number], |row| row.get::<_, i64>(0))?.unsigned_abs();
        for note in select.query_map(params![number, after, one_more], read)? {
            notes.push(note?);
        }
    }
    notes.sort_by_key(|note| std::cmp::Reverse(note.id));
    let more = notes.len() > limit;
    notes.truncate(limit);
    let next = notes.last().filter(|_| more).map(|note| note.id);
    Ok(NotePage { total, notes, next })
}

fn find(conn: &Connection, id: i64) -> rusqlite::Result<Option<(Note, NoteOn)>> {
    let found = conn
        .prepare_cached(&format!(
            "SELECT {COLUMNS}, organization, (SELECT contact.id FROM contact WHERE no = note.contact) FROM note WHERE id = ?1"
        ))?
        .query_row([id], |row| {
            let on = match row.get::<_, Option<i64>>(6)? {
                Some(number) => NoteOn::Organization(number),
                None => NoteOn::Contact(ContactId::from_bytes(row.get(7)?)),
            };
            Ok((read(row)?, on))
        });
    found.optional()
}

/// Says whether what a note is about is there still.
fn there(conn: &Connection, sql: &str, number: i64) -> rusqlite::Result<bool> {
    conn.prepare_cached(sql)?.exists([number])
}

/// One entry of the log of everything but contacts: field, text before, text after.
type Field<'a> = (&'static str, Option<&'a str>, Option<&'a str>);

/// Logs what was done to a note.
fn log(
    conn: &Connection,
    id: i64,
    at: DateTime<Utc>,
    by: &str,
    action: &str,
    fields: &[Field<'_>],
) -> rusqlite::Result<()> {
    let fields = serde_json::to_string(fields).expect("strings always become JSON");
    conn.prepare_cached(
        "INSERT INTO record_change (kind, record, at, person, action, fields) VALUES ('note', ?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![id.to_string(), nanos(at), by, action, fields])?;
    Ok(())
}

/// What a note is about, as the log names it.
fn whose(on: NoteOn) -> (&'static str, String) {
    match on {
        NoteOn::Contact(id) => ("contact", id.to_string()),
        NoteOn::Organization(number) => ("organization", number.to_string()),
    }
}

impl Reader<'_> {
    /// Returns a page of the notes on a contact, those merged into it included, or on an organization. `after` is the `next` of the page
    /// before.
    ///
    /// # Errors
    /// The database fails.
    pub fn notes(&self, on: NoteOn, after: Option<i64>, limit: usize) -> Result<NotePage, StoreError> {
        page(self.conn, on, after.unwrap_or(i64::MAX), limit).placed(self.path)
    }

    /// Returns a note, and what it is about; for a contact, the one for which it was written.
    ///
    /// # Errors
    /// The database fails.
    pub fn note(&self, id: i64) -> Result<Option<(Note, NoteOn)>, StoreError> {
        find(self.conn, id).placed(self.path)
    }
}

impl Writer<'_> {
    /// Writes a note and returns its number.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when it is about a contact that is not there any more, or never was; [`StoreError::NoRecord`] of an
    /// organization.
    pub fn insert_note(&mut self, on: NoteOn, text: &str, at: DateTime<Utc>, by: &str) -> Result<i64, StoreError> {
        let (conn, path) = (self.reader.conn, self.reader.path);
        let (contact, organization) = match on {
            NoteOn::Contact(id) => {
                let no = contacts::resolve(conn, id).placed(path)?.ok_or(StoreError::NotFound { id })?;
                if !there(conn, "SELECT 1 FROM contact WHERE no = ?1 AND gone = 0", no).placed(path)? {
                    return Err(StoreError::NotFound { id });
                }
                (Some(no), None)
            }
            NoteOn::Organization(number) => {
                if !there(conn, "SELECT 1 FROM organization WHERE id = ?1", number).placed(path)? {
                    let kind = RecordKind::Organization;
                    return Err(StoreError::NoRecord { kind, record: number.to_string() });
                }
                (None, Some(number))
            }
        };
        conn.prepare_cached("INSERT INTO note (contact, organization, at, person, text) VALUES (?1, ?2, ?3, ?4, ?5)")
            .and_then(|mut insert| insert.execute(params![contact, organization, nanos(at), by, text]))
            .placed(path)?;
        let id = conn.last_insert_rowid();
        let (what, number) = whose(on);
        let fields = [(what, None, Some(&*number)), ("text", None, Some(text))];
        log(conn, id, at, by, "created", &fields).placed(path)?;
        Ok(id)
    }

    /// Replaces the text of a note; says whether it was there.
    ///
    /// # Errors
    /// The database fails.
    pub fn update_note(&mut self, id: i64, text: &str, at: DateTime<Utc>, by: &str) -> Result<bool, StoreError> {
        let (conn, path) = (self.reader.conn, self.reader.path);
        let Some((old, _)) = find(conn, id).placed(path)? else { return Ok(false) };
        conn.prepare_cached("UPDATE note SET text = ?2, edited_at = ?3, edited_by = ?4 WHERE id = ?1")
            .and_then(|mut update| update.execute(params![id, text, nanos(at), by]))
            .placed(path)?;
        log(conn, id, at, by, "updated", &[("text", Some(&old.text), Some(text))]).placed(path)?;
        Ok(true)
    }

    /// Deletes a note; says whether it was there. The log keeps who and when, and none of its texts.
    ///
    /// # Errors
    /// The database fails.
    pub fn delete_note(&mut self, id: i64, at: DateTime<Utc>, by: &str) -> Result<bool, StoreError> {
        let (conn, path) = (self.reader.conn, self.reader.path);
        let Some((_, on)) = find(conn, id).placed(path)? else { return Ok(false) };
        conn.prepare_cached("DELETE FROM note WHERE id = ?1").and_then(|mut gone| gone.execute([id])).placed(path)?;
        let (what, number) = whose(on);
        log(conn, id, at, by, "deleted", &[(what, Some(&number), None)]).placed(path)?;
        Ok(true)
    }
}
