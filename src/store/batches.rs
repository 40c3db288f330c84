//! Batches: what a bulk write replaced, contact by contact, for taking it back. What a bulk write does, and who may take it back, is decided
//! above.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::domain::contact::Contact;
use crate::domain::id::ContactId;

use super::contacts::{self, Stored, gone};
use super::document::{self, nanos};
use super::error::{Placed, StoreError};
use super::jobs::int;
use super::prepared::Prepared;
use super::reader::Reader;
use super::types::NewChange;
use super::writer::Writer;

/// A bulk write that begins.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewBatch {
    /// What kind of write: `edit`, `delete`, `import`, …
    pub kind: String,
    /// What it does, for people.
    pub what: String,
    /// Who writes.
    pub person: String,
    /// When it began.
    pub at: DateTime<Utc>,
}

/// A bulk write.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Batch {
    /// Number, from 1.
    pub id: i64,
    /// What kind of write.
    pub kind: String,
    /// What it did, for people.
    pub what: String,
    /// Who wrote.
    pub person: String,
    /// When it began.
    pub at: DateTime<Utc>,
    /// How many contacts it wrote.
    pub contacts: u64,
    /// When it was taken back.
    pub undone_at: Option<DateTime<Utc>>,
}

/// One contact of a batch, before and now.
#[derive(Clone, PartialEq, Debug)]
pub struct Image {
    /// The contact's number: where to go on.
    pub no: i64,
    /// Its id.
    pub id: ContactId,
    /// As it was before.
    pub before: Contact,
    /// As its document says it is now, be it gone or not.
    pub now: Contact,
    /// Whether it is gone now: deleted, merged or forgotten.
    pub gone: bool,
    /// Whether nobody wrote it since.
    pub untouched: bool,
}

/// The kind of a batch that an import keeps.
pub(super) const IMPORT: &str = "import";

const BATCH: &str = "id, kind, what, person, at, contacts, undone_at";

fn batch(row: &Row<'_>) -> rusqlite::Result<Batch> {
    Ok(Batch {
        id: row.get(0)?,
        kind: row.get(1)?,
        what: row.get(2)?,
        person: row.get(3)?,
        at: DateTime::from_timestamp_nanos(row.get(4)?),
        contacts: row.get::<_, i64>(5)?.unsigned_abs(),
        undone_at: row.get::<_, Option<i64>>(6)?.map(DateTime::from_timestamp_nanos),
    })
}

impl Reader<'_> {
    /// Returns a batch.
    ///
    /// # Errors
    /// The database fails.
    pub fn batch(&self, id: i64) -> Result<Option<Batch>, StoreError> {
        let sql = format!("SELECT {BATCH} FROM batch WHERE id = ?1");
        let found = self.conn.prepare_cached(&sql).and_then(|mut select| select.query_row([id], batch).optional());
        found.placed(self.path)
    }

    /// Returns the newest batches, those of one person or all, `limit` at most. What imports updated is not among them.
    ///
    /// # Errors
    /// The database fails.
    pub fn batches(&self, person: Option<&str>, limit: usize) -> Result<Vec<Batch>, StoreError> {
        let sql = format!(
            "SELECT {BATCH} FROM batch WHERE (?1 IS NULL OR person = ?1) AND kind <> '{IMPORT}' ORDER BY id DESC LIMIT ?2"
        );
        let asked = params![person, i64::try_from(limit).unwrap_or(i64::MAX)];
        let found = self.conn.prepare_cached(&sql).and_then(|mut select| select.query_map(asked, batch)?.collect());
        found.placed(self.path)
    }

    /// Returns the contacts of a batch that are not taken back yet, by number, after the number `after`, `limit` at most.
    ///
    /// # Errors
    /// The database fails, or a contact was written by a newer Carnet.
    pub fn batch_images(&self, id: i64, after: i64, limit: usize) -> Result<Vec<Image>, StoreError> {
        images(self.conn, id, after, limit).placed(self.path)
    }
}

impl Reader<'_> {
    /// Returns the import job that keeps a batch, if one does.
    ///
    /// # Errors
    /// The database fails.
    pub fn job_of_batch(&self, batch: i64) -> Result<Option<i64>, StoreError> {
        super::recording::job_of(self.conn, batch).placed(self.path)
    }

    /// Returns the newest later batch that wrote a contact, by its number, and was not taken back there yet.
    ///
    /// # Errors
    /// The database fails.
    pub fn batch_above(&self, batch: i64, contact: i64) -> Result<Option<i64>, StoreError> {
        let sql = "SELECT max(id) FROM batch WHERE id > ?1 AND undone_at IS NULL
             AND EXISTS (SELECT 1 FROM batch_contact WHERE batch_contact.batch = batch.id AND contact = ?2)";
        let found = self.conn.prepare_cached(sql).and_then(|mut max| max.query_row([batch, contact], |row| row.get(0)));
        found.placed(self.path)
    }
}

fn images(conn: &Connection, batch: i64, after: i64, limit: usize) -> Result<Vec<Image>, StoreError> {
    let mut select = conn.prepare_cached(
        "SELECT contact.id, contact.rev, contact.doc, contact.no, contact.gone, held.rev, held.doc
         FROM batch_contact AS held JOIN contact ON contact.no = held.contact
         WHERE held.batch = ?1 AND held.contact > ?2 ORDER BY held.contact LIMIT ?3",
    )?;
    let mut rows = select.query(params![batch, after, i64::try_from(limit).unwrap_or(i64::MAX)])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let (id, rev) = (ContactId::from_bytes(row.get(0)?), row.get::<_, i64>(1)?);
        let decode = |text: String| {
            document::decode(id, rev.unsigned_abs(), &text)
                .map_err(|reason| StoreError::Unreadable { what: format!("contact `{id}`"), reason })
        };
        let gone: i64 = row.get(4)?;
        // Of a forgotten person there is no document.
        if gone == gone::FORGOTTEN {
            continue;
        }
        let now = contacts::read(row)?;
        let before = decode(row.get(6)?)?;
        let untouched = row.get::<_, i64>(5)? == rev;
        found.push(Image { no: row.get(3)?, id, before, now, gone: gone != 0, untouched });
    }
    Ok(found)
}

impl Writer<'_> {
    /// Records a bulk write that begins, and returns its number.
    ///
    /// # Errors
    /// The database fails.
    pub fn begin_batch(&mut self, batch: &NewBatch) -> Result<i64, StoreError> {
        let insert = "INSERT INTO batch (kind, what, person, at) VALUES (?1, ?2, ?3, ?4)";
        let values = params![batch.kind, batch.what, batch.person, nanos(batch.at)];
        self.conn.execute(insert, values).placed(self.path)?;
        Ok(self.conn.last_insert_rowid())
    }

    /// Remembers a contact as it stands, before this transaction changes or deletes it once. One that the batch wrote before is
    /// remembered as it was first.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the stored revision is not `seen_rev`, [`StoreError::NotFound`] when no live contact has the id.
    pub fn remember(&mut self, batch: i64, id: ContactId, seen_rev: u64) -> Result<(), StoreError> {
        let old = Stored::seen(self.conn, id, seen_rev).placed(self.path)?;
        keep_one(self.conn, batch, old.no, seen_rev + 1, &old.document).placed(self.path)
    }

    /// Takes back what a batch did to one contact, unless somebody wrote it since: a change is replaced by what was before, and a
    /// deleted contact comes back. The batch forgets it then. Says whether it was taken back.
    ///
    /// # Errors
    /// The database fails.
    pub fn take_back(
        &mut self,
        batch: i64,
        image: &Image,
        contact: &Contact,
        entry: &NewChange,
    ) -> Result<bool, StoreError> {
        let path = self.path;
        let (no, seen) = (image.no, image.now.rev);
        let same = "SELECT 1 FROM batch_contact JOIN contact ON contact.no = batch_contact.contact
             WHERE batch = ?1 AND contact = ?2 AND batch_contact.rev = contact.rev AND contact.rev = ?3 AND contact.gone < 2";
        let found = self.conn.prepare_cached(same).and_then(|mut select| select.exists(params![batch, no, int(seen)]));
        if !found.placed(path)? {
            return Ok(false);
        }
        let prepared = Prepared::new(contact);
        let rev = if image.gone {
            self.desk().revive(no, &prepared).placed(path)?
        } else {
            let old = Stored::seen(self.conn, image.id, seen).placed(path)?;
            self.desk().replace(&old, &prepared).placed(path)?
        };
        self.log(no, rev, entry).placed(path)?;
        pass_on(self.conn, batch, no, rev).placed(path)?;
        let forget = "DELETE FROM batch_contact WHERE batch = ?1 AND contact = ?2";
        self.conn.prepare_cached(forget).and_then(|mut delete| delete.execute(params![batch, no])).placed(path)?;
        Ok(true)
    }

    /// Records that a batch was taken back; what is left of it cannot be taken back any more, and is forgotten. Says whether this was the
    /// first time.
    ///
    /// # Errors
    /// The database fails.
    pub fn finish_undo(&mut self, batch: i64, at: DateTime<Utc>) -> Result<bool, StoreError> {
        let mark = "UPDATE batch SET undone_at = ?2 WHERE id = ?1 AND undone_at IS NULL";
        let marked = self.conn.execute(mark, params![batch, nanos(at)]).placed(self.path)?;
        self.conn.execute("DELETE FROM batch_contact WHERE batch = ?1", [batch]).placed(self.path)?;
        Ok(marked > 0)
    }
}

/// An earlier batch, or the import that created it, finds the contact again as it left it, so that all can be taken back one after the other,
/// the last first.
fn pass_on(conn: &Connection, batch: i64, no: i64, rev: u64) -> rusqlite::Result<()> {
    let before: i64 = conn
        .prepare_cached("SELECT coalesce(seen, rev - 1) FROM batch_contact WHERE batch = ?1 AND contact = ?2")?
        .query_row([batch, no], |row| row.get(0))?;
    conn.prepare_cached("INSERT OR REPLACE INTO taken_back (contact, after, upto) VALUES (?1, ?2, ?3)")?.execute([
        no,
        before,
        int(rev),
    ])?;
    conn.prepare_cached(
        "UPDATE batch_contact SET rev = ?4
         WHERE batch IN (SELECT id FROM batch WHERE id < ?1 AND undone_at IS NULL) AND contact = ?2 AND rev = ?3",
    )?
    .execute(params![batch, no, before, int(rev)])
    .map(drop)
}

/// Keeps a contact in a batch; one that is there stays as it was first. Says whether it is new there: the batch is not told of it.
pub(super) fn keep(conn: &Connection, batch: i64, no: i64, rev: u64, document: &str) -> Result<bool, StoreError> {
    let new = conn
        .prepare_cached(
            "INSERT OR IGNORE INTO batch_contact (batch, contact, rev, gone, doc, seen) VALUES (?1, ?2, ?3, 0, ?4, ?3 - 1)",
        )?
        .execute(params![batch, no, int(rev), document])?;
    if new == 0 {
        conn.prepare_cached("UPDATE batch_contact SET rev = ?3 WHERE batch = ?1 AND contact = ?2")?
            .execute(params![batch, no, int(rev)])?;
    }
    Ok(new > 0)
}

/// Tells a batch how many contacts are new in it.
pub(super) fn count(conn: &Connection, batch: i64, more: i64) -> rusqlite::Result<()> {
    conn.prepare_cached("UPDATE batch SET contacts = contacts + ?2 WHERE id = ?1")?.execute([batch, more]).map(drop)
}

fn keep_one(conn: &Connection, batch: i64, no: i64, rev: u64, document: &str) -> Result<(), StoreError> {
    if keep(conn, batch, no, rev, document)? {
        count(conn, batch, 1)?;
    }
    Ok(())
}
