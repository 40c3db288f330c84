//! Erasing a person: every row that holds something of them, in one transaction. What stays of the change log and the consent ledger is
//! when, who and which fields. Getting the erased bytes out of the database's files is `scrub`'s.

mod others;
mod rows;

use rusqlite::{Connection, OptionalExtension, params};

use crate::domain::id::ContactId;
use crate::domain::traces::{Glance, Sight, Traces};

use super::contacts::gone;
use super::error::{Placed, StoreError};
use super::identifiers::volume;
use super::person::{listed, traces};
use super::reader::Reader;
use super::types::NewChange;
use super::writer::Writer;
use super::{contacts, family, tombstones};

pub(super) use rows::each_failed_row;

/// What stands where something was erased.
pub const ERASED: &str = "(erased)";

/// What was erased of a person, and what others must still do.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Erased {
    /// Contacts: the person's own, and those merged into it.
    pub contacts: u64,
    /// Entries of the change log whose values are gone.
    pub changes: u64,
    /// Merges that cannot be taken back any more.
    pub merges: u64,
    /// Enquiries emptied.
    pub enquiries: u64,
    /// Notes.
    pub notes: u64,
    /// Calls and text messages.
    pub engagements: u64,
    /// Pages visited.
    pub visits: u64,
    /// Refused rows of imports: job and record.
    pub failed_rows: Vec<(i64, u64)>,
    /// Refused rows of others of which a reason named the person: it is gone.
    pub reasons: u64,
    /// Originals kept by bulk writes.
    pub batches: u64,
    /// Entries of plugins' memories: plugin and key.
    pub plugin_state: Vec<(String, String)>,
    /// Digests left, so that the person is known if somebody brings them back.
    pub tombstones: u64,
    /// Refused rows with the person's name and somebody else's addresses, which stay: job and record.
    pub namesakes: Vec<(i64, u64)>,
    /// Jobs that wrote the person's contacts, or refused rows about them: their files hold the person, too.
    pub jobs: Vec<i64>,
    /// What others have that names the person, and stays: `note 3`, `enquiry 7`.
    pub mentions: Vec<String>,
    /// Other contacts that seem to be the same person; they stay.
    pub twins: Vec<ContactId>,
    /// By what the person is recognised in files.
    pub traces: Traces,
}

impl Writer<'_> {
    /// Erases a person everywhere in the store, deleted or not, with all contacts merged into theirs. `seen_rev` is the revision of the
    /// contact on which the decision was made.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], also when the person was forgotten before; [`StoreError::Conflict`].
    pub fn forget(&mut self, id: ContactId, seen_rev: u64, entry: &NewChange) -> Result<Erased, StoreError> {
        let path = self.path;
        self.settle()?;
        let conn = self.reader.conn;
        conn.execute_batch("PRAGMA secure_delete = ON").placed(path)?;
        let no = contacts::resolve(conn, id).placed(path)?.ok_or(StoreError::NotFound { id })?;
        let rev = revision(conn, no, id, seen_rev).placed(path)?;
        let eraser = Eraser::new(conn, no).placed(path)?;
        let pending = self.reader.pending.get_mut();
        eraser.family.iter().for_each(|no| pending.note_removed(*no));
        let erased = eraser.erase(entry).placed(path)?;
        self.state_mark.own += erased.plugin_state.len() as u64;
        self.log(no, rev + 1, entry).placed(path)?;
        Ok(erased)
    }
}

fn revision(conn: &Connection, no: i64, id: ContactId, seen: u64) -> Result<u64, StoreError> {
    let (now, gone): (i64, i64) =
        conn.query_row("SELECT rev, gone FROM contact WHERE no = ?1", [no], |row| Ok((row.get(0)?, row.get(1)?)))?;
    match now.unsigned_abs() {
        _ if gone == gone::FORGOTTEN => Err(StoreError::NotFound { id }),
        now if now != seen => Err(StoreError::Conflict { id, seen, now }),
        now => Ok(now),
    }
}

impl Reader<'_> {
    /// Returns by what a person is recognised, and the refused rows about the person: job and record.
    ///
    /// # Errors
    /// The database fails.
    pub fn seen_in_rows(&self, id: ContactId) -> Result<(Traces, Vec<(i64, u64)>), StoreError> {
        let traces = self.traces(id)?;
        let mut rows = Vec::new();
        each_failed_row(self.conn, &traces, &mut |sight, row| {
            if sight == Sight::Person {
                rows.push((row.job, row.record.unsigned_abs()));
            }
        })
        .placed(self.path)?;
        Ok((traces, rows))
    }

    /// Returns what is still to be done for a person who was forgotten, as it was noted.
    ///
    /// # Errors
    /// The database fails.
    pub fn unfinished(&self, id: ContactId) -> Result<Option<String>, StoreError> {
        let found = self
            .conn
            .prepare_cached("SELECT CAST(value AS TEXT) FROM secret WHERE name = ?1")
            .and_then(|mut select| select.query_row([unfinished_name(id)], |row| row.get(0)).optional());
        found.placed(self.path)
    }
}

fn unfinished_name(id: ContactId) -> String {
    format!("unfinished {id}")
}

impl Writer<'_> {
    /// Notes what is still to be done for a person who is forgotten; nothing when all is done.
    ///
    /// # Errors
    /// The database fails.
    pub fn set_unfinished(&mut self, id: ContactId, what: Option<&str>) -> Result<(), StoreError> {
        let (conn, name) = (self.reader.conn, unfinished_name(id));
        let done = match what {
            Some(what) => conn.execute(
                "INSERT OR REPLACE INTO secret (name, value) VALUES (?1, CAST(?2 AS BLOB))",
                params![name, what],
            ),
            None => conn.execute("DELETE FROM secret WHERE name = ?1", [name]),
        };
        done.map(drop).placed(self.path)
    }
}

struct Eraser<'c> {
    conn: &'c Connection,
    /// The contact.
    no: i64,
    family: Vec<i64>,
    /// The family as a JSON list.
    list: String,
    traces: Traces,
    /// What to go by where everything is looked through.
    glance: Glance,
    twins: Vec<ContactId>,
}

impl<'c> Eraser<'c> {
    fn new(conn: &'c Connection, no: i64) -> Result<Self, StoreError> {
        let family = family::numbers(conn, no)?;
        let (traces, twins) = traces(conn, &family)?;
        Ok(Self { conn, no, list: listed(&family), family, glance: traces.glance(), traces, twins })
    }

    fn erase(self, entry: &NewChange) -> Result<Erased, StoreError> {
        let (enquiries, visits) = self.enquiries()?;
        let mut erased = Erased {
            contacts: self.family.len() as u64,
            tombstones: tombstones::leave(self.conn, &self.traces, entry.at)?,
            jobs: self.jobs()?,
            notes: self.rows("note")?,
            engagements: self.rows("engagement")?,
            enquiries,
            visits: visits + self.all("DELETE FROM visit WHERE contact IN (SELECT value FROM json_each(?1))")?,
            changes: self.changes()?,
            batches: self.all("DELETE FROM batch_contact WHERE contact IN (SELECT value FROM json_each(?1))")?,
            plugin_state: self.plugin_state()?,
            ..Erased::default()
        };
        super::plugin_stats::forget_words(self.conn)?;
        self.others()?;
        erased.mentions = self.records()?;
        self.batch_words()?;
        erased.merges = self.all(
            "DELETE FROM merge WHERE master IN (SELECT value FROM json_each(?1))
                OR other IN (SELECT value FROM json_each(?1))",
        )?;
        self.failed_rows(&mut erased)?;
        erased.mentions.extend(self.mentions()?);
        self.contacts()?;
        (erased.traces, erased.twins) = (self.traces, self.twins);
        Ok(erased)
    }

    /// Runs a statement about the family, and returns how many rows it touched.
    fn all(&self, sql: &str) -> Result<u64, StoreError> {
        Ok(self.conn.prepare(sql)?.execute([&self.list])? as u64)
    }

    /// Deletes the rows of a table that belong to the family, with what the log of changes says of them.
    fn rows(&self, table: &str) -> Result<u64, StoreError> {
        let theirs = "contact IN (SELECT value FROM json_each(?1))";
        let mut select = self.conn.prepare(&format!("SELECT id FROM {table} WHERE {theirs}"))?;
        let ids = select.query_map([&self.list], |row| row.get::<_, i64>(0))?.collect::<rusqlite::Result<Vec<_>>>()?;
        ids.into_iter().try_for_each(|id| self.record_change(table, id))?;
        self.all(&format!("DELETE FROM {table} WHERE {theirs}"))
    }

    /// Of a record that is erased, the log keeps when and who.
    fn record_change(&self, kind: &str, id: i64) -> Result<(), StoreError> {
        self.conn.execute(
            "UPDATE record_change SET fields = '[]' WHERE kind = ?1 AND record = ?2",
            params![kind, id.to_string()],
        )?;
        Ok(())
    }

    fn jobs(&self) -> Result<Vec<i64>, StoreError> {
        let mut select = self.conn.prepare(
            "SELECT DISTINCT job FROM change
             WHERE contact IN (SELECT value FROM json_each(?1)) AND job IS NOT NULL ORDER BY job",
        )?;
        Ok(select.query_map([&self.list], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
    }

    fn contacts(&self) -> Result<(), StoreError> {
        for no in &self.family {
            self.conn.execute("DELETE FROM contact_text WHERE rowid = ?1", [no])?;
            self.conn.execute("DELETE FROM identifier WHERE volume = ?1 AND contact = ?2", params![volume(*no), no])?;
        }
        self.all(
            "DELETE FROM contact_label WHERE label IN (SELECT id FROM label)
                AND contact IN (SELECT value FROM json_each(?1))",
        )?;
        self.all("DELETE FROM contact_facet WHERE contact IN (SELECT value FROM json_each(?1))")?;
        self.all(
            "UPDATE contact SET gone = 3, doc = '{}', kind = 'other', updated = NULL
             WHERE no IN (SELECT value FROM json_each(?1))",
        )?;
        self.conn.execute("UPDATE contact SET rev = rev + 1 WHERE no = ?1", [self.no])?;
        Ok(())
    }

    /// Field names and plugins stay.
    fn changes(&self) -> Result<u64, StoreError> {
        self.all(&format!(
            "UPDATE change SET fields = {} WHERE contact IN (SELECT value FROM json_each(?1)) AND fields <> '[]'",
            blank()
        ))
    }

    /// The person's own enquiries, and those of nobody in particular that came from the person's number or address. How and when they
    /// came and ended stays. Returns how many there were, and how many visited pages went with them.
    fn enquiries(&self) -> Result<(u64, u64), StoreError> {
        let mut select = self.conn.prepare(
            "SELECT id, doc, contact IS NOT NULL, transcript FROM enquiry
             WHERE contact IS NULL OR contact IN (SELECT value FROM json_each(?1))",
        )?;
        let (mut rows, mut count, mut visits) = (select.query([&self.list])?, 0, 0);
        while let Some(row) = rows.next()? {
            let (id, text, own): (i64, String, bool) = (row.get(0)?, row.get(1)?, row.get(2)?);
            let said = row.get::<_, Option<String>>(3)?;
            let told = |text: &str| text.lines().any(|line| self.traces.in_text(line));
            if own || told(&text) || said.is_some_and(|said| told(&said)) {
                self.conn.execute(
                    "UPDATE enquiry SET doc = ?2, transcript = NULL WHERE id = ?1",
                    params![id, emptied(&text)],
                )?;
                visits += self.conn.execute("DELETE FROM visit WHERE enquiry = ?1", [id])? as u64;
                self.record_change("enquiry", id)?;
                count += 1;
            }
        }
        Ok((count, visits))
    }

    fn plugin_state(&self) -> Result<Vec<(String, String)>, StoreError> {
        let told = super::state::all(self.conn)?
            .into_iter()
            .filter(|(_, key, value)| self.traces.in_text(key) || self.traces.in_text(&String::from_utf8_lossy(value)));
        let told: Vec<(String, String)> = told.map(|(plugin, key, _)| (plugin, key)).collect();
        for (plugin, key) in &told {
            super::state::set(self.conn, plugin, key, None)?;
        }
        Ok(told)
    }

    /// What a bulk write was called may name whom it was about.
    fn batch_words(&self) -> Result<(), StoreError> {
        let mut select = self.conn.prepare("SELECT id, what FROM batch")?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            let (id, what): (i64, String) = (row.get(0)?, row.get(1)?);
            if self.traces.in_text(&what) {
                self.conn.execute("UPDATE batch SET what = ?2 WHERE id = ?1", params![id, ERASED])?;
            }
        }
        Ok(())
    }
}

/// The fields of an entry of the change log without their values: `[[field, null, null, plugin], ...]`.
const fn blank() -> &'static str {
    "(SELECT json_group_array(CASE WHEN json_array_length(value) > 3
         THEN json_array(json_extract(value, '$[0]'), NULL, NULL, json_extract(value, '$[3]'))
         ELSE json_array(json_extract(value, '$[0]')) END)
     FROM json_each(change.fields))"
}

/// What stays of an enquiry.
fn emptied(document: &str) -> String {
    let stays = |key: &String| matches!(key.as_str(), "rev" | "channel" | "survey" | "staff" | "changed" | "closed");
    let whole: serde_json::Map<String, serde_json::Value> = serde_json::from_str(document).unwrap_or_default();
    let mut left: serde_json::Map<_, _> = whole.into_iter().filter(|(key, _)| stays(key)).collect();
    // Whoever holds the enquiry in hand must look again, and not write the person back.
    let rev = left.get("rev").and_then(serde_json::Value::as_u64).unwrap_or(1);
    left.insert("rev".to_owned(), (rev + 1).into());
    if left.get("survey").and_then(serde_json::Value::as_bool) == Some(false) {
        left.insert("suppressed".to_owned(), ERASED.into());
    }
    serde_json::Value::Object(left).to_string()
}
