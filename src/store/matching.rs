//! Finding contacts by what identifies them, for rows that may be about them: numbers first, documents only of those that are meant. And
//! planting copies of contacts in another store, where an import is tried out.

use rusqlite::{ToSql, params};

use crate::domain::contact::Contact;
use crate::domain::id::ContactId;
use crate::domain::permission::Scope;

use super::conditions;
use super::contacts::{self, gone};
use super::error::{Placed, StoreError};
use super::identifiers::volume;
use super::jobs::int;
use super::prepared::{self, Prepared};
use super::reader::Reader;
use super::types::Identifier;
use super::volumes::{self, Test};
use super::writer::Writer;

impl Identifier {
    /// Returns a text that no other identifier has, however this one is written.
    #[must_use]
    pub fn token(&self) -> String {
        let (kind, value) = prepared::key(self);
        format!("{kind} {value}")
    }

    /// Says whether both mean the same: addresses in any case, numbers with or without `+`.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        prepared::key(self) == prepared::key(other)
    }
}

impl Reader<'_> {
    /// Returns the numbers of the live contacts within `scope` that have any of the identifiers, oldest first, `limit` at most.
    ///
    /// # Errors
    /// The database fails.
    pub fn matches(&self, identifiers: &[Identifier], scope: &Scope, limit: usize) -> Result<Vec<i64>, StoreError> {
        self.settle()?;
        let (mut tests, mut parameters) = (Vec::new(), Vec::new());
        for condition in conditions::scope(self.conn, scope).placed(self.path)? {
            if let Some(test) = condition.test {
                tests.push(test.text.replace("{no}", "identifier.contact"));
                parameters.extend(test.parameters);
            }
        }
        let test = Test { sql: tests.join(" AND "), parameters };
        let keys: Vec<_> = identifiers.iter().map(prepared::key).collect();
        volumes::holders(self.conn, self.volumes, &keys, &test, limit).placed(self.path)
    }

    /// Says whether a contact, by its number, has any of the identifiers.
    ///
    /// # Errors
    /// The database fails.
    pub fn holds(&self, no: i64, identifiers: &[Identifier]) -> Result<bool, StoreError> {
        self.settle()?;
        let sql = "SELECT 1 FROM identifier WHERE volume = ?1 AND kind = ?2 AND value = ?3 AND contact = ?4";
        for (kind, value) in identifiers.iter().map(prepared::key) {
            let held = self
                .conn
                .prepare_cached(sql)
                .and_then(|mut select| select.exists(params![volume(no), kind, value, no]));
            if held.placed(self.path)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Returns a live contact by its number.
    ///
    /// # Errors
    /// The database fails, or the contact was written by a newer Carnet.
    pub fn contact_numbered(&self, no: i64) -> Result<Option<Contact>, StoreError> {
        contacts::get(self.conn, no).placed(self.path)
    }

    /// Returns the number of a contact, or of the one it was merged into; deleted ones have theirs, too.
    ///
    /// # Errors
    /// The database fails.
    pub fn number_of(&self, id: ContactId) -> Result<Option<i64>, StoreError> {
        contacts::resolve(self.conn, id).placed(self.path)
    }

    /// Says whether there is, or was, a contact with the number.
    ///
    /// # Errors
    /// The database fails.
    pub fn has_number(&self, no: i64) -> Result<bool, StoreError> {
        let sql = "SELECT 1 FROM contact WHERE no = ?1";
        self.conn.prepare_cached(sql).and_then(|mut select| select.exists([no])).placed(self.path)
    }

    /// Returns the highest number of any contact; 0 before the first.
    ///
    /// # Errors
    /// The database fails.
    pub fn last_number(&self) -> Result<i64, StoreError> {
        contacts::last_number(self.conn).placed(self.path)
    }
}

impl Writer<'_> {
    /// Lets the numbers of new contacts begin above `no`: what is created here then stands behind everything in another store.
    ///
    /// # Errors
    /// The database fails, or has contacts.
    pub fn number_from(&mut self, no: i64) -> Result<(), StoreError> {
        let sql = "INSERT INTO contact (no, id, rev, gone, kind, doc) VALUES (?1, zeroblob(16), 0, ?2, '', '')";
        self.conn().execute(sql, params![no + 1, gone::FORGOTTEN]).placed(self.path)?;
        Ok(())
    }

    /// Takes in a contact of another store as it stands there: with its number and its revision, and nothing logged.
    ///
    /// # Errors
    /// The database fails, or has a contact with the number or the id.
    pub fn plant(&mut self, no: i64, contact: &Contact) -> Result<(), StoreError> {
        let sql = "INSERT INTO contact (no, id, rev, kind, doc, updated) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        let (path, whole) = (self.path, Prepared::new(contact));
        let values: [&dyn ToSql; 6] =
            [&no, &contact.id.as_bytes(), &int(contact.rev), &whole.kind.as_str(), &whole.document(), &whole.updated];
        self.conn().prepare_cached(sql).and_then(|mut insert| insert.execute(values)).placed(path)?;
        self.desk().index(no, &whole).placed(path)
    }
}
