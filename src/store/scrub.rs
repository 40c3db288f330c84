//! Getting erased bytes out of the files: what SQLite deletes, and what it deleted before, stays on its pages until they are used again.

use super::error::{Placed, StoreError};
use super::{Desk, Store, lock};

impl Store {
    /// Rewrites the database so that nothing of what was deleted is left in it or in its log, and says whether that is so: another
    /// process that reads or writes right now can keep it.
    ///
    /// # Errors
    /// The database fails, as for want of space: a rewrite needs as much again for a while.
    pub fn scrub(&self) -> Result<bool, StoreError> {
        let path = self.path();
        // Readers between uses hold nothing, but closing them costs nothing either.
        lock(&self.inner.readers).clear();
        let desk = lock(&self.inner.writer);
        let Desk { conn, .. } = &*desk;
        // The full-text index keeps deleted words until its parts are merged; two rows in parts of their own make that sure. The copy
        // is as big as the database, and must not be made in memory.
        conn.execute_batch(
            "INSERT INTO contact_text (rowid, words) VALUES (-1, 'x');
             DELETE FROM contact_text WHERE rowid = -1;
             INSERT INTO contact_text (contact_text) VALUES ('optimize');
             PRAGMA secure_delete = OFF;
             PRAGMA temp_store = FILE;
             VACUUM;
             PRAGMA temp_store = MEMORY;",
        )
        .placed(path)?;
        let busy: i64 = conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0)).placed(path)?;
        Ok(busy == 0)
    }
}
