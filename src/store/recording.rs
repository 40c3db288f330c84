//! What an import writes down so that it can be taken back: which numbers its new contacts have, and its updated ones as they were before.
//! Numbers are given out in order and nobody else writes within a transaction, so its new contacts are one range. Taking back is
//! `job_undo`'s.

use rusqlite::{Connection, OptionalExtension, params};

use super::batches;
use super::contacts::Stored;
use super::error::StoreError;
use super::jobs::int;

/// What one transaction of an import wrote.
#[derive(Default, Debug)]
pub(super) struct Recording {
    /// The first and the last new contact.
    created: Option<(i64, i64)>,
    /// The job's batch, and how many contacts this transaction added to it.
    batch: Option<(i64, i64)>,
}

impl Recording {
    /// Remembers a contact that was just created.
    pub(super) fn created(&mut self, no: i64) {
        let (first, _) = self.created.unwrap_or((no, no));
        self.created = Some((first, no));
    }

    /// Keeps a contact as it is before the job updates it. One that the job created itself needs no keeping.
    pub(super) fn updated(&mut self, conn: &Connection, job: i64, old: &Stored) -> Result<(), StoreError> {
        if self.created.is_some_and(|(first, last)| (first..=last).contains(&old.no)) || is_own(conn, job, old.no)? {
            return Ok(());
        }
        let Some(batch) = self.batch(conn, job)? else { return Ok(()) };
        if batches::keep(conn, batch, old.no, old.contact.rev + 1, &old.document)?
            && let Some((_, kept)) = &mut self.batch
        {
            *kept += 1;
        }
        Ok(())
    }

    fn batch(&mut self, conn: &Connection, job: i64) -> rusqlite::Result<Option<i64>> {
        if let Some((batch, _)) = self.batch {
            return Ok(Some(batch));
        }
        let found = conn
            .prepare_cached("SELECT batch FROM job WHERE id = ?1")?
            .query_row([job], |row| row.get::<_, Option<i64>>(0))
            .optional()?;
        let batch = match found {
            None => return Ok(None),
            Some(Some(batch)) => batch,
            Some(None) => begin(conn, job)?,
        };
        self.batch = Some((batch, 0));
        Ok(Some(batch))
    }

    /// Writes down what is not written yet.
    pub(super) fn write(&mut self, conn: &Connection, job: i64) -> rusqlite::Result<()> {
        let Self { created, batch } = std::mem::take(self);
        if let Some((first, last)) = created {
            conn.prepare_cached("INSERT INTO job_created (job, first, last) VALUES (?1, ?2, ?3)")?
                .execute([job, first, last])?;
        }
        if let Some((batch, kept)) = batch.filter(|(_, kept)| *kept > 0) {
            batches::count(conn, batch, kept)?;
        }
        Ok(())
    }
}

fn is_own(conn: &Connection, job: i64, no: i64) -> rusqlite::Result<bool> {
    let mut select = conn.prepare_cached(
        "SELECT last >= ?2 FROM job_created WHERE job = ?1 AND first <= ?2 ORDER BY first DESC LIMIT 1",
    )?;
    Ok(select.query_row(params![job, no], |row| row.get(0)).optional()?.unwrap_or(false))
}

fn begin(conn: &Connection, job: i64) -> rusqlite::Result<i64> {
    conn.execute(
        "INSERT INTO batch (kind, what, person, at)
         SELECT ?2, file, coalesce(settings ->> 'by', ''), started FROM job WHERE id = ?1",
        params![job, batches::IMPORT],
    )?;
    let batch = conn.last_insert_rowid();
    conn.execute("UPDATE job SET batch = ?2 WHERE id = ?1", [job, batch])?;
    Ok(batch)
}

/// A job's number, for whoever meets its batch.
pub(super) fn job_of(conn: &Connection, batch: i64) -> rusqlite::Result<Option<i64>> {
    conn.prepare_cached("SELECT id FROM job WHERE batch = ?1")?.query_row([batch], |row| row.get(0)).optional()
}

/// Numbers of SQLite for numbers of rows.
pub(super) fn number(rows: usize) -> i64 {
    int(rows as u64)
}
