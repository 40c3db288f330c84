//! Everything that the store holds about a person, for the person to see. Rows without a type of their own come as JSON texts.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, Row};

use crate::domain::contact::Contact;
use crate::domain::id::ContactId;
use crate::domain::traces::{Sight, Traces};

use super::error::{Placed, StoreError};
use super::forget::each_failed_row;
use super::person::{listed, traces};
use super::plugin_stats::{Deed, PluginLine};
use super::reader::Reader;
use super::{contacts, document, family, state};

/// A state of a contact that was kept for taking something back.
#[derive(Clone, PartialEq, Debug)]
pub struct Original {
    /// Why it was kept: `merge 3`, `edit 7`, `import 2`.
    pub kept_by: String,
    /// Since when.
    pub at: DateTime<Utc>,
    /// The contact as it was.
    pub contact: Contact,
}

/// A refused row of an import that is about the person.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RefusedRow {
    /// The job.
    pub job: i64,
    /// Number of the record in the file, from 1.
    pub record: u64,
    /// Line at which it begins, from 1.
    pub line: u64,
    /// The cells as they were read.
    pub cells: Vec<String>,
    /// Why it was refused.
    pub text: String,
}

/// Everything about a person but the contact, its change log and its consent ledger.
#[derive(Clone, PartialEq, Default, Debug)]
pub struct Held {
    /// The contacts that were merged into this one, as they were then.
    pub merged: Vec<Contact>,
    /// Earlier states that merges and bulk writes keep.
    pub originals: Vec<Original>,
    /// Notes, as JSON objects.
    pub notes: Vec<String>,
    /// Enquiries with everything said in them, as JSON objects.
    pub enquiries: Vec<String>,
    /// Calls and text messages, as JSON objects.
    pub engagements: Vec<String>,
    /// Pages visited, as JSON objects.
    pub visits: Vec<String>,
    /// Refused rows of imports.
    pub refused_rows: Vec<RefusedRow>,
    /// What plugins remember: plugin, key, value.
    pub plugin_state: Vec<(String, String, Vec<u8>)>,
    /// Lines of plugins' logs, samples and faults with something by which the person is recognised.
    pub plugin_lines: Vec<PluginLine>,
    /// The same of what observed plugins would have done.
    pub plugin_deeds: Vec<Deed>,
    /// The jobs that wrote the contact.
    pub jobs: Vec<i64>,
    /// By what the person is recognised.
    pub traces: Traces,
}

impl Reader<'_> {
    /// Returns everything that is held about the person of a contact, deleted or not.
    ///
    /// # Errors
    /// The database fails, or something was written by a newer Carnet.
    pub fn held(&self, id: ContactId) -> Result<Held, StoreError> {
        self.settle()?;
        let Some(no) = contacts::resolve(self.conn, id).placed(self.path)? else { return Ok(Held::default()) };
        let mut held = held(self.conn, no).placed(self.path)?;
        // Plugins' words are kept by plugin and not by contact.
        (held.plugin_lines, held.plugin_deeds) = (self.plugin_lines(None)?, self.plugin_deeds(None)?);
        held.plugin_lines.retain(|line| held.traces.in_text(&line.text));
        held.plugin_deeds.retain(|deed| held.traces.in_text(&deed.what));
        Ok(held)
    }
}

const AT: &str = "strftime('%Y-%m-%dT%H:%M:%SZ', at / 1000000000, 'unixepoch')";

fn held(conn: &Connection, no: i64) -> Result<Held, StoreError> {
    let family = family::numbers(conn, no)?;
    let (list, (traces, _)) = (listed(&family), traces(conn, &family)?);
    let theirs = "contact IN (SELECT value FROM json_each(?1))";
    let mut held = Held {
        merged: merged(conn, &list, no)?,
        originals: originals(conn, &list)?,
        notes: texts(
            conn,
            &format!(
                "SELECT json_object('id', id, 'at', {AT}, 'by', person, 'edited_by', edited_by, 'text', text)
                 FROM note WHERE {theirs} ORDER BY id"
            ),
            &list,
        )?,
        engagements: texts(
            conn,
            &format!(
                "SELECT json_patch(json_object('id', id, 'at', {AT}), doc) FROM engagement WHERE {theirs} ORDER BY id"
            ),
            &list,
        )?,
        visits: texts(
            conn,
            &format!(
                "SELECT json_object('id', id, 'at', {AT}, 'url', url, 'title', title, 'enquiry', enquiry) FROM visit
                 WHERE {theirs} OR enquiry IN (SELECT id FROM enquiry WHERE {theirs}) ORDER BY id"
            ),
            &list,
        )?,
        enquiries: enquiries(conn, &list, &traces)?,
        jobs: numbers(conn, &format!("SELECT DISTINCT job FROM change WHERE {theirs} AND job IS NOT NULL"), &list)?,
        ..Held::default()
    };
    each_failed_row(conn, &traces, &mut |sight, row| {
        if sight == Sight::Person {
            let (record, line) = (row.record.unsigned_abs(), row.line.unsigned_abs());
            held.refused_rows.push(RefusedRow { job: row.job, record, line, cells: row.cells, text: row.text });
        }
    })?;
    let about = |text: &str| traces.in_text(text);
    held.plugin_state = state::all(conn)?;
    held.plugin_state.retain(|(_, key, value)| about(key) || about(&String::from_utf8_lossy(value)));
    held.traces = traces;
    Ok(held)
}

fn texts(conn: &Connection, sql: &str, list: &str) -> Result<Vec<String>, StoreError> {
    Ok(conn.prepare(sql)?.query_map([list], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
}

fn numbers(conn: &Connection, sql: &str, list: &str) -> Result<Vec<i64>, StoreError> {
    Ok(conn.prepare(sql)?.query_map([list], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
}

/// The person's own, and those of nobody in particular that came from the person's number or address.
fn enquiries(conn: &Connection, list: &str, traces: &Traces) -> Result<Vec<String>, StoreError> {
    let mut select = conn.prepare(
        "SELECT json_patch(json_object('id', id, 'status', status,
                 'opened_at', strftime('%Y-%m-%dT%H:%M:%SZ', opened_at / 1000000000, 'unixepoch'),
                 'transcript', transcript), doc),
             contact IS NOT NULL, doc || char(10) || coalesce(transcript, '')
         FROM enquiry WHERE contact IS NULL OR contact IN (SELECT value FROM json_each(?1)) ORDER BY id",
    )?;
    let (mut rows, mut found) = (select.query([list])?, Vec::new());
    while let Some(row) = rows.next()? {
        let (whole, own, text): (String, bool, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        if own || text.lines().any(|line| traces.in_text(line)) {
            found.push(whole);
        }
    }
    Ok(found)
}

fn merged(conn: &Connection, list: &str, no: i64) -> Result<Vec<Contact>, StoreError> {
    let mut select = conn.prepare(
        "SELECT id, rev, doc FROM contact WHERE no IN (SELECT value FROM json_each(?1)) AND no <> ?2 ORDER BY no",
    )?;
    let (mut rows, mut found) = (select.query((list, no))?, Vec::new());
    while let Some(row) = rows.next()? {
        found.push(contacts::read(row)?);
    }
    Ok(found)
}

/// Of a merge that was taken back, only the person's own side.
fn originals(conn: &Connection, list: &str) -> Result<Vec<Original>, StoreError> {
    let mut select = conn.prepare(
        "SELECT 'merge ' || merge.id, merge.at, contact.id, master_rev, master_doc FROM merge
             JOIN contact ON contact.no = master WHERE master IN (SELECT value FROM json_each(?1))
         UNION ALL SELECT 'merge ' || merge.id, merge.at, contact.id, other_rev, other_doc FROM merge
             JOIN contact ON contact.no = other WHERE other IN (SELECT value FROM json_each(?1))
         UNION ALL SELECT coalesce('import ' || (SELECT job.id FROM job WHERE job.batch = batch.id), batch.kind || ' ' || batch.id),
                 batch.at, contact.id, batch_contact.rev, batch_contact.doc
             FROM batch_contact JOIN batch ON batch.id = batch JOIN contact ON contact.no = batch_contact.contact
             WHERE batch_contact.contact IN (SELECT value FROM json_each(?1)) AND batch_contact.doc IS NOT NULL
         ORDER BY 2",
    )?;
    let (mut rows, mut found) = (select.query([list])?, Vec::new());
    while let Some(row) = rows.next()? {
        found.push(original(row)?);
    }
    Ok(found)
}

fn original(row: &Row<'_>) -> Result<Original, StoreError> {
    let id = ContactId::from_bytes(row.get(2)?);
    let rev = row.get::<_, i64>(3)?.unsigned_abs();
    let text = row.get_ref(4)?.as_str().map_err(rusqlite::Error::from)?;
    let contact = document::decode(id, rev, text)
        .map_err(|reason| StoreError::Unreadable { what: format!("original of contact `{id}`"), reason })?;
    Ok(Original { kept_by: row.get(0)?, at: DateTime::from_timestamp_nanos(row.get(1)?), contact })
}
