//! What of a job is neither a count nor an option: one document, written with each batch, so that a job goes on as if it had never been killed.
//! What it says is decided above.

use rusqlite::{OptionalExtension, params};

use super::error::{Placed, StoreError};
use super::reader::Reader;
use super::writer::Writer;

impl Reader<'_> {
    /// Returns how far a job's plugins are, as JSON; empty before the first batch.
    ///
    /// # Errors
    /// The database fails.
    pub fn job_progress(&self, id: i64) -> Result<String, StoreError> {
        let select = self.conn.prepare_cached("SELECT progress FROM job WHERE id = ?1");
        let found = select.and_then(|mut select| select.query_row([id], |row| row.get(0)).optional());
        Ok(found.placed(self.path)?.unwrap_or_default())
    }
}

impl Writer<'_> {
    /// Notes how far a job's plugins are, as JSON.
    ///
    /// # Errors
    /// The database fails.
    pub fn note_progress(&mut self, id: i64, progress: &str) -> Result<(), StoreError> {
        let update = self.conn().prepare_cached("UPDATE job SET progress = ?2 WHERE id = ?1");
        update.and_then(|mut update| update.execute(params![id, progress])).placed(self.path)?;
        Ok(())
    }
}
