//! Import jobs and the rows they refused. Whether the process of a running job is alive is told by `side_files`.

use std::time::Duration;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::document::nanos;
use super::error::{Placed, StoreError};
use super::types::{Counts, Failure, Job, JobState, JobUndo, NewJob};
use super::writer::Writer;

/// SQLite's integers have a sign; no file has that many rows.
pub(super) fn int(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

const COLUMNS: &str =
    "id, file, file_hash, state, settings, generation, read, created, updated, unchanged, skipped, failed, blank,
     committed_record, started, finished, coalesce(nullif(progress, '') ->> '$.plugins', plugins), error_file, worked,
     undo_began, undone_by, undone_at, undone_deleted, undone_restored";

/// Records a job that begins, and returns its number.
pub(super) fn insert(conn: &Connection, job: &NewJob) -> Result<i64, StoreError> {
    conn.prepare_cached(
        "INSERT INTO job (file, file_hash, state, settings, generation, started, counted)
         VALUES (?1, ?2, 'running', ?3, ?4, ?5, ?5)",
    )?
    .execute(params![job.file, job.file_hash, job.settings_json, int(job.generation), nanos(job.started)])?;
    Ok(conn.last_insert_rowid())
}

/// Records how far a job has come, and how long it took.
pub(super) fn advance(
    conn: &Connection,
    id: i64,
    committed_record: u64,
    counts: &Counts,
    at: DateTime<Utc>,
) -> Result<(), StoreError> {
    let Counts { read, created, updated, unchanged, skipped, failed, blank } = counts.to_owned();
    let changed = conn
        .prepare_cached(
            "UPDATE job SET committed_record = ?2, read = ?3, created = ?4, updated = ?5, unchanged = ?6, skipped = ?7,
                 failed = ?8, blank = ?9, worked = worked + max(0, ?10 - coalesce(counted, ?10)), counted = ?10
             WHERE id = ?1",
        )?
        .execute(params![
            id,
            int(committed_record),
            int(read),
            int(created),
            int(updated),
            int(unchanged),
            int(skipped),
            int(failed),
            int(blank),
            nanos(at)
        ])?;
    found(changed, id)
}

/// Records a job's end.
pub(super) fn finish(
    conn: &Connection,
    id: i64,
    state: JobState,
    plugins: &str,
    error_file: Option<&str>,
    at: DateTime<Utc>,
) -> Result<(), StoreError> {
    let changed = conn
        .prepare_cached(
            "UPDATE job SET state = ?2, plugins = ?3, error_file = ?4, finished = ?5,
                 worked = worked + max(0, ?5 - coalesce(counted, ?5)), counted = NULL WHERE id = ?1",
        )?
        .execute(params![id, state.as_str(), plugins, error_file, nanos(at)])?;
    found(changed, id)
}

/// Marks a job as running again.
pub(super) fn resume(conn: &Connection, id: i64, at: DateTime<Utc>) -> Result<(), StoreError> {
    let changed = conn
        .prepare_cached("UPDATE job SET state = 'running', finished = NULL, counted = ?2 WHERE id = ?1")?
        .execute(params![id, nanos(at)])?;
    found(changed, id)
}

impl Writer<'_> {
    /// Keeps the settings with which a job goes on.
    ///
    /// # Errors
    /// [`StoreError::NoJob`].
    pub fn set_job_settings(&mut self, id: i64, settings_json: &str) -> Result<(), StoreError> {
        let update = "UPDATE job SET settings = ?2 WHERE id = ?1";
        let changed = self.conn().execute(update, params![id, settings_json]).placed(self.path)?;
        found(changed, id)
    }
}

fn found(changed: usize, id: i64) -> Result<(), StoreError> {
    if changed == 0 { Err(StoreError::NoJob { id }) } else { Ok(()) }
}

/// Returns a job as it is recorded.
pub(super) fn get(conn: &Connection, id: i64) -> Result<Option<Job>, StoreError> {
    let mut select = conn.prepare_cached(&format!("SELECT {COLUMNS} FROM job WHERE id = ?1"))?;
    Ok(select.query_row([id], job).optional()?)
}

/// Returns all jobs, or those of a file, as they are recorded, newest first.
pub(super) fn list(conn: &Connection, file_hash: Option<&str>) -> Result<Vec<Job>, StoreError> {
    let mut select =
        conn.prepare_cached(&format!("SELECT {COLUMNS} FROM job WHERE ?1 IS NULL OR file_hash = ?1 ORDER BY id DESC"))?;
    let jobs = select.query_map([file_hash], job)?.collect::<rusqlite::Result<_>>()?;
    Ok(jobs)
}

fn job(row: &Row<'_>) -> rusqlite::Result<Job> {
    let count = |column: usize| row.get::<_, i64>(column).map(i64::unsigned_abs);
    let state: String = row.get(3)?;
    Ok(Job {
        id: row.get(0)?,
        file: row.get(1)?,
        file_hash: row.get(2)?,
        // A word of a newer version can only mean that it isn't running here.
        state: JobState::parse(&state).unwrap_or(JobState::Stopped),
        settings_json: row.get(4)?,
        generation: count(5)?,
        counts: Counts {
            read: count(6)?,
            created: count(7)?,
            updated: count(8)?,
            unchanged: count(9)?,
            skipped: count(10)?,
            failed: count(11)?,
            blank: count(12)?,
        },
        committed_record: count(13)?,
        started: DateTime::from_timestamp_nanos(row.get(14)?),
        finished: row.get::<_, Option<i64>>(15)?.map(DateTime::from_timestamp_nanos),
        plugins_json: row.get(16)?,
        error_file: row.get(17)?,
        worked: Duration::from_nanos(count(18)?),
        undo: undo(row)?,
    })
}

fn undo(row: &Row<'_>) -> rusqlite::Result<Option<JobUndo>> {
    let Some(began) = row.get::<_, Option<i64>>(19)? else { return Ok(None) };
    Ok(Some(JobUndo {
        began: DateTime::from_timestamp_nanos(began),
        by: row.get::<_, Option<String>>(20)?.unwrap_or_default(),
        finished: row.get::<_, Option<i64>>(21)?.map(DateTime::from_timestamp_nanos),
        deleted: row.get::<_, i64>(22)?.unsigned_abs(),
        restored: row.get::<_, i64>(23)?.unsigned_abs(),
    }))
}

/// Records a refused row.
pub(super) fn add_failure(conn: &Connection, job: i64, failure: &Failure) -> Result<(), StoreError> {
    let cells = serde_json::to_string(&failure.cells).expect("a list of strings always becomes JSON");
    conn.prepare_cached(
        "INSERT INTO job_failure (job, record, line, cells, problems, text) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute(params![job, int(failure.record), int(failure.line), cells, failure.problems_json, failure.text])?;
    Ok(())
}

/// Hands out a job's refused rows in the order of the file.
pub(super) fn failures(
    conn: &Connection,
    job: i64,
    f: &mut dyn FnMut(Failure) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut select = conn
        .prepare_cached("SELECT record, line, cells, problems, text FROM job_failure WHERE job = ?1 ORDER BY record")?;
    let mut rows = select.query([job])?;
    while let Some(row) = rows.next()? {
        let record = row.get::<_, i64>(0)?.unsigned_abs();
        let cells =
            serde_json::from_str(row.get_ref(2)?.as_str().map_err(rusqlite::Error::from)?).map_err(|error| {
                StoreError::Unreadable { what: format!("row {record} of job {job}"), reason: error.to_string() }
            })?;
        let line = row.get::<_, i64>(1)?.unsigned_abs();
        f(Failure { record, line, cells, problems_json: row.get(3)?, text: row.get(4)? })?;
    }
    Ok(())
}
