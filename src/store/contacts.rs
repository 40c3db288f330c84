//! Contacts and the narrow tables beside them: reading by id, and the four ways of writing. The document is `document`'s, what is
//! searched is made by `prepared`, and looking for contacts is `search`'s.

use rusqlite::{CachedStatement, Connection, OptionalExtension, Row, Statement, params};

use crate::domain::contact::Contact;
use crate::domain::id::ContactId;
use crate::domain::label::LabelName;

use super::document;
use super::error::StoreError;
use super::facets;
use super::identifiers::{Pending, volume};
use super::jobs::int;
use super::labels::{self, LabelNumbers};
use super::naming::KnownNames;
use super::prepared::{self, Prepared};

/// What stands in `contact.gone`.
pub(super) mod gone {
    /// The contact is there.
    pub(in crate::store) const LIVE: i64 = 0;
    /// It was deleted, and may come back.
    pub(in crate::store) const DELETED: i64 = 1;
    /// It was merged into another.
    pub(in crate::store) const MERGED: i64 = 2;
    /// The person was forgotten.
    pub(in crate::store) const FORGOTTEN: i64 = 3;
}

/// The columns that [`read`] takes, of a table called `contact`.
pub(super) const COLUMNS: &str = "contact.id, contact.rev, contact.doc";

/// Reads a contact from the columns [`COLUMNS`].
pub(super) fn read(row: &Row<'_>) -> Result<Contact, StoreError> {
    read_at(row, 0)
}

/// Reads a contact from the columns [`COLUMNS`], the first of which has a number.
pub(super) fn read_at(row: &Row<'_>, at: usize) -> Result<Contact, StoreError> {
    let id = ContactId::from_bytes(row.get(at)?);
    let rev = row.get::<_, i64>(at + 1)?.unsigned_abs();
    let text = row.get_ref(at + 2)?.as_str().map_err(rusqlite::Error::from)?;
    document::decode(id, rev, text).map_err(|reason| StoreError::Unreadable { what: format!("contact `{id}`"), reason })
}

/// Returns the number of a contact, or of the one it was merged into; deleted ones included.
pub(super) fn resolve(conn: &Connection, id: ContactId) -> rusqlite::Result<Option<i64>> {
    conn.prepare_cached(
        "WITH RECURSIVE way (no, onward) AS (
             SELECT no, merged_into FROM contact WHERE id = ?1
             UNION ALL SELECT contact.no, merged_into FROM contact JOIN way ON contact.no = way.onward
         )
         SELECT no FROM way WHERE onward IS NULL",
    )?
    .query_row([id.as_bytes()], |row| row.get(0))
    .optional()
}

/// Returns the highest number of any contact; 0 before the first.
pub(super) fn last_number(conn: &Connection) -> rusqlite::Result<i64> {
    let last: Option<i64> = conn.prepare_cached("SELECT max(no) FROM contact")?.query_row([], |row| row.get(0))?;
    Ok(last.unwrap_or(0))
}

/// Returns a live contact by its number.
pub(super) fn get(conn: &Connection, no: i64) -> Result<Option<Contact>, StoreError> {
    let mut select =
        conn.prepare_cached("SELECT contact.id, contact.rev, contact.doc FROM contact WHERE no = ?1 AND gone = 0")?;
    let mut rows = select.query([no])?;
    rows.next()?.map(read).transpose()
}

/// A live contact as it stands before a write.
pub(super) struct Stored {
    /// Its number.
    pub(super) no: i64,
    /// Its document.
    pub(super) document: String,
    /// The same, read.
    pub(super) contact: Contact,
}

impl Stored {
    /// Returns the contact, if it is live and nobody wrote it since `seen`.
    pub(super) fn seen(conn: &Connection, id: ContactId, seen: u64) -> Result<Self, StoreError> {
        let mut select = conn.prepare_cached(
            "SELECT contact.id, contact.rev, contact.doc, no FROM contact WHERE id = ?1 AND gone = 0",
        )?;
        let mut rows = select.query([id.as_bytes()])?;
        let row = rows.next()?.ok_or(StoreError::NotFound { id })?;
        let now = row.get::<_, i64>(1)?.unsigned_abs();
        if now != seen {
            return Err(StoreError::Conflict { id, seen, now });
        }
        Ok(Self { no: row.get(3)?, document: row.get(2)?, contact: read(row)? })
    }

    /// Returns a live contact by its number.
    pub(super) fn numbered(conn: &Connection, no: i64) -> Result<Option<Self>, StoreError> {
        let mut select =
            conn.prepare_cached("SELECT contact.id, contact.rev, contact.doc FROM contact WHERE no = ?1 AND gone = 0")?;
        let mut rows = select.query([no])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        Ok(Some(Self { no, document: row.get(2)?, contact: read(row)? }))
    }
}

/// What a write needs besides the contact.
pub(super) struct Desk<'a> {
    /// The connection, inside a transaction.
    pub(super) conn: &'a Connection,
    /// Numbers of labels.
    pub(super) labels: &'a mut LabelNumbers,
    /// Identifiers still to be written.
    pub(super) pending: &'a mut Pending,
    /// Organizations and divisions that are there.
    pub(super) names: &'a mut KnownNames,
}

/// The statements that write a new contact, taken out once for many: finding and putting back one costs a tenth of what it does.
pub(super) struct Inserts<'c> {
    contact: CachedStatement<'c>,
    words: CachedStatement<'c>,
}

impl<'c> Inserts<'c> {
    pub(super) fn prepare(conn: &'c Connection) -> rusqlite::Result<Self> {
        let contact = "INSERT INTO contact (id, rev, kind, doc, updated) VALUES (?1, 1, ?2, ?3, ?4)";
        Ok(Self { contact: conn.prepare_cached(contact)?, words: conn.prepare_cached(ADD_WORDS)? })
    }
}

const ADD_WORDS: &str = "INSERT INTO contact_text (rowid, words) VALUES (?1, ?2)";

impl Desk<'_> {
    /// Writes a contact for the first time, and returns its number.
    pub(super) fn insert(&mut self, inserts: &mut Inserts<'_>, contact: &Prepared) -> Result<i64, StoreError> {
        let Prepared { id, kind, updated, .. } = contact;
        match inserts.contact.execute(params![id.as_bytes(), kind.as_str(), contact.document(), updated]) {
            Err(error) if is_constraint(&error) => return Err(self.exists(contact.id)?),
            done => done?,
        };
        let no = self.conn.last_insert_rowid();
        if contact.opt_out {
            self.pending.note_consent(no, 1, true);
        }
        add_words(&mut inserts.words, no, contact.words())?;
        self.index_apart_from_words(no, contact)?;
        Ok(no)
    }

    /// Writes everything that finds a contact.
    pub(super) fn index(&mut self, no: i64, contact: &Prepared) -> rusqlite::Result<()> {
        self.add_words(no, contact.words())?;
        self.index_apart_from_words(no, contact)
    }

    fn index_apart_from_words(&mut self, no: i64, contact: &Prepared) -> rusqlite::Result<()> {
        self.see_to_names(contact)?;
        self.add_labels(no, contact.labels.iter())?;
        contact.identifiers().for_each(|(kind, value)| self.pending.push(kind, value, no));
        contact.facets().for_each(|(facet, value)| self.pending.push_facet(facet, value, no));
        Ok(())
    }

    /// Makes what a contact names and is not there yet.
    fn see_to_names(&mut self, contact: &Prepared) -> rusqlite::Result<()> {
        contact.named.as_deref().map_or(Ok(()), |named| self.names.see_to(self.conn, named))
    }

    /// Brings a contact back that was deleted or merged away, as `contact` says it is, and returns the new revision.
    pub(super) fn revive(&mut self, no: i64, contact: &Prepared) -> Result<u64, StoreError> {
        let opted_out = self.opted_out(no)?;
        let rev: i64 = self
            .conn
            .prepare_cached(
                "UPDATE contact SET rev = rev + 1, gone = 0, merged_into = NULL, kind = ?2, doc = ?3, updated = ?4
                 WHERE no = ?1 RETURNING rev",
            )?
            .query_row(params![no, contact.kind.as_str(), contact.document(), contact.updated], |row| row.get(0))?;
        if opted_out != contact.opt_out {
            self.pending.note_consent(no, rev, contact.opt_out);
        }
        self.index(no, contact)?;
        Ok(rev.unsigned_abs())
    }

    /// Says whether a contact opted out, by its document, live or not.
    fn opted_out(&self, no: i64) -> Result<bool, StoreError> {
        let mut select =
            self.conn.prepare_cached("SELECT contact.id, contact.rev, contact.doc FROM contact WHERE no = ?1")?;
        let mut rows = select.query([no])?;
        Ok(rows.next()?.map(read).transpose()?.is_some_and(|contact| contact.survey_opt_out))
    }

    fn exists(&self, id: ContactId) -> Result<StoreError, StoreError> {
        let now: i64 =
            self.conn.query_row("SELECT rev FROM contact WHERE id = ?1", [id.as_bytes()], |row| row.get(0))?;
        Ok(StoreError::Conflict { id, seen: 0, now: now.unsigned_abs() })
    }

    /// Replaces a contact and what is searched of it, and returns the new revision.
    pub(super) fn replace(&mut self, old: &Stored, new: &Prepared) -> Result<u64, StoreError> {
        let rev = old.contact.rev + 1;
        self.conn
            .prepare_cached("UPDATE contact SET rev = ?2, kind = ?3, doc = ?4, updated = ?5 WHERE no = ?1")?
            .execute(params![old.no, int(rev), new.kind.as_str(), new.document(), new.updated])?;
        if old.contact.survey_opt_out != new.opt_out {
            self.pending.note_consent(old.no, int(rev), new.opt_out);
        }
        if prepared::words(&old.contact) != new.words() {
            self.remove_words(old.no)?;
            self.add_words(old.no, new.words())?;
        }
        self.see_to_names(new)?;
        let known = prepared::identifiers(&old.contact);
        self.remove_identifiers(old.no, known.iter().filter(|it| new.identifiers().all(|new| new != *it)))?;
        for (kind, value) in new.identifiers().filter(|it| known.iter().all(|known| known != *it)) {
            self.pending.push(kind, value, old.no);
        }
        self.remove_labels(old.no, old.contact.labels.iter().filter(|label| !new.labels.contains(label)))?;
        self.add_labels(old.no, new.labels.iter().filter(|label| !old.contact.labels.contains(label)))?;
        // What was waiting is written: labels were removed.
        let known = facets::of(&old.contact);
        facets::remove(self.conn, old.no, known.iter().filter(|it| new.facets().all(|new| new != *it)))?;
        for (facet, value) in new.facets().filter(|it| known.iter().all(|known| known != *it)) {
            self.pending.push_facet(facet, value, old.no);
        }
        Ok(rev)
    }

    /// Takes a contact out of everything that finds it; its document stays, and so does what was noted about it.
    pub(super) fn remove(&mut self, old: &Stored, merged_into: Option<i64>) -> Result<u64, StoreError> {
        let rev = old.contact.rev + 1;
        let gone = if merged_into.is_some() { 2 } else { 1 };
        self.conn
            .prepare_cached("UPDATE contact SET rev = ?2, gone = ?3, merged_into = ?4, updated = NULL WHERE no = ?1")?
            .execute(params![old.no, int(rev), gone, merged_into])?;
        self.remove_words(old.no)?;
        self.remove_identifiers(old.no, prepared::identifiers(&old.contact).iter())?;
        self.remove_labels(old.no, old.contact.labels.iter())?;
        facets::remove(self.conn, old.no, facets::of(&old.contact).iter())?;
        Ok(rev)
    }

    fn add_words(&self, no: i64, words: &str) -> rusqlite::Result<()> {
        add_words(&mut *self.conn.prepare_cached(ADD_WORDS)?, no, words)
    }

    fn remove_words(&self, no: i64) -> rusqlite::Result<()> {
        self.conn.prepare_cached("DELETE FROM contact_text WHERE rowid = ?1")?.execute([no])?;
        Ok(())
    }

    fn add_labels<'l>(&mut self, no: i64, labels: impl Iterator<Item = &'l LabelName>) -> rusqlite::Result<()> {
        for label in labels {
            let number = labels::number(self.conn, self.labels, label)?;
            self.pending.push_label(number, no);
        }
        Ok(())
    }

    fn remove_labels<'l>(&mut self, no: i64, labels: impl Iterator<Item = &'l LabelName>) -> rusqlite::Result<()> {
        self.pending.flush(self.conn)?;
        for label in labels {
            self.conn
                .prepare_cached(
                    "DELETE FROM contact_label WHERE label = (SELECT id FROM label WHERE key = ?1) AND contact = ?2",
                )?
                .execute(params![label.key(), no])?;
        }
        Ok(())
    }

    fn remove_identifiers<'i>(
        &mut self,
        no: i64,
        identifiers: impl Iterator<Item = (u8, &'i str)>,
    ) -> rusqlite::Result<()> {
        self.pending.flush(self.conn)?;
        for (kind, value) in identifiers {
            self.pending.note_removed(no);
            self.conn
                .prepare_cached(
                    "DELETE FROM identifier WHERE volume = ?1 AND kind = ?2 AND value = ?3 AND contact = ?4",
                )?
                .execute(params![volume(no), kind, value, no])?;
        }
        Ok(())
    }
}

fn add_words(insert: &mut Statement<'_>, no: i64, words: &str) -> rusqlite::Result<()> {
    if words.is_empty() {
        return Ok(());
    }
    insert.execute(params![no, words]).map(drop)
}

fn is_constraint(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(rusqlite::ErrorCode::ConstraintViolation)
}
