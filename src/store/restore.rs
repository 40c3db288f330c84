//! Contacts that are gone: what is left of them, and bringing a deleted one back.

use rusqlite::{OptionalExtension, params};

use crate::domain::contact::Contact;
use crate::domain::id::ContactId;

use super::changes;
use super::contacts::{self, COLUMNS, gone};
use super::error::{Placed, StoreError};
use super::jobs::int;
use super::prepared::Prepared;
use super::reader::Reader;
use super::types::{Action, ChangeEntry, NewChange};
use super::writer::Writer;

/// A contact that nothing finds any more.
#[derive(Clone, PartialEq, Debug)]
pub enum Departed {
    /// It was deleted, and can be brought back.
    Deleted {
        /// As it was.
        contact: Box<Contact>,
        /// When and by whom.
        entry: Option<ChangeEntry>,
    },
    /// The person was forgotten: nothing is left.
    Forgotten,
}

impl Reader<'_> {
    /// Returns what became of a contact that is gone; `None` for one that is there, or never was. An id that was merged away stands
    /// for its master, as it does while that is there.
    ///
    /// # Errors
    /// The database fails, or the contact was written by a newer Carnet.
    pub fn departed(&self, id: ContactId) -> Result<Option<Departed>, StoreError> {
        let Some(no) = contacts::resolve(self.conn, id).placed(self.path)? else { return Ok(None) };
        self.departed_no(no).placed(self.path)
    }

    fn departed_no(&self, no: i64) -> Result<Option<Departed>, StoreError> {
        let gone: i64 =
            self.conn.prepare_cached("SELECT gone FROM contact WHERE no = ?1")?.query_row([no], |row| row.get(0))?;
        match gone {
            gone::DELETED => {
                let mut select = self.conn.prepare_cached(&format!("SELECT {COLUMNS} FROM contact WHERE no = ?1"))?;
                let mut rows = select.query([no])?;
                let Some(row) = rows.next()? else { return Ok(None) };
                let contact = Box::new(contacts::read(row)?);
                let entries = changes::list(self.conn, no, None)?;
                Ok(Some(Departed::Deleted { contact, entry: entries.into_iter().find(is_deletion) }))
            }
            gone::FORGOTTEN => Ok(Some(Departed::Forgotten)),
            _ => Ok(None),
        }
    }

    /// Returns what was done to a contact itself since a revision, oldest first.
    ///
    /// # Errors
    /// The database fails.
    pub fn changes_since(&self, id: ContactId, rev: u64) -> Result<Vec<ChangeEntry>, StoreError> {
        let no = self
            .conn
            .prepare_cached("SELECT no FROM contact WHERE id = ?1")
            .and_then(|mut select| select.query_row([id.as_bytes()], |row| row.get(0)).optional())
            .placed(self.path)?;
        let Some(no) = no else { return Ok(Vec::new()) };
        changes::since(self.conn, no, int(rev)).placed(self.path)
    }
}

fn is_deletion(entry: &ChangeEntry) -> bool {
    // Taking back what created it deletes a contact, too.
    matches!(entry.action, Action::Deleted | Action::Undone)
}

impl Writer<'_> {
    /// Brings a deleted contact back and returns its new revision.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there never was such a contact, [`StoreError::Conflict`] when it is not deleted any more, or was
    /// written since.
    pub fn restore(&mut self, contact: &Prepared, seen_rev: u64, entry: &NewChange) -> Result<u64, StoreError> {
        let path = self.path;
        let id = contact.id();
        let stored: Option<(i64, i64, i64)> = self
            .conn()
            .prepare_cached("SELECT no, rev, gone FROM contact WHERE id = ?1")
            .and_then(|mut select| {
                select.query_row(params![id.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).optional()
            })
            .placed(path)?;
        let (no, rev, gone) = stored.ok_or(StoreError::NotFound { id })?;
        if gone != gone::DELETED || rev != int(seen_rev) {
            return Err(StoreError::Conflict { id, seen: seen_rev, now: rev.unsigned_abs() });
        }
        let rev = self.desk().revive(no, contact).placed(path)?;
        self.log(no, rev, entry).placed(path)?;
        Ok(rev)
    }
}
