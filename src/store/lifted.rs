//! People who were forgotten and whom an import let come back: what it lifted is kept with the job, and holds again when the import is taken back.

use rusqlite::{OptionalExtension, params};

use crate::domain::id::ContactId;

use super::contacts::gone;
use super::error::{Placed, StoreError};
use super::tombstones::Digest;
use super::writer::Writer;

/// Bytes of a contact's id, of a digest, and of the moment that stands behind it.
const ID: usize = 16;
const DIGEST: usize = size_of::<Digest>();
const ENTRY: usize = DIGEST + size_of::<i64>();

fn prefix(job: i64) -> String {
    format!("lifted {job} ")
}

impl Writer<'_> {
    /// Keeps what a job lifted for a contact.
    pub(super) fn note_lifted(&mut self, job: i64, id: ContactId, lifted: &[(Digest, i64)]) -> Result<(), StoreError> {
        let mut value = id.as_bytes().to_vec();
        for (digest, at) in lifted {
            value.extend_from_slice(digest);
            value.extend_from_slice(&at.to_be_bytes());
        }
        let name = format!("{}{id}", prefix(job));
        let insert = "INSERT OR REPLACE INTO secret (name, value) VALUES (?1, ?2)";
        self.conn().execute(insert, params![name, value]).map(drop).placed(self.path)
    }

    /// Lets tombstones hold again that a job lifted for contacts that are deleted now.
    pub(super) fn put_back_lifted(&mut self, job: i64) -> Result<(), StoreError> {
        let put_back = || -> rusqlite::Result<()> {
            let conn = self.conn();
            let mut select = conn.prepare_cached("SELECT name, value FROM secret WHERE instr(name, ?1) = 1")?;
            let mut rows = select.query([prefix(job)])?;
            while let Some(row) = rows.next()? {
                let (name, value): (String, Vec<u8>) = (row.get(0)?, row.get(1)?);
                let Some((id, entries)) = value.split_at_checked(ID) else { continue };
                let mut state = conn.prepare_cached("SELECT gone FROM contact WHERE id = ?1")?;
                let state: Option<i64> = state.query_row([id], |row| row.get(0)).optional()?;
                // Whoever is still there, because somebody touched the contact, is back.
                if state != Some(gone::DELETED) {
                    continue;
                }
                for entry in entries.as_chunks::<ENTRY>().0 {
                    let (digest, at) = entry.split_at(DIGEST);
                    let at = at.try_into().map_or(0, i64::from_be_bytes);
                    conn.execute("INSERT OR IGNORE INTO tombstone (digest, at) VALUES (?1, ?2)", params![digest, at])?;
                }
                conn.execute("DELETE FROM secret WHERE name = ?1", [name])?;
            }
            Ok(())
        };
        put_back().placed(self.path)
    }
}
