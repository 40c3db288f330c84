//! Pages that somebody looked at, told with their enquiries: the journey of a contact.

use chrono::DateTime;
use rusqlite::{Connection, Row, params};

use crate::domain::enquiry::Visit;
use crate::domain::id::ContactId;

use super::document::nanos;
use super::error::{Placed, StoreError};
use super::family::{self, FAMILY};
use super::{Reader, Writer, contacts};

const COLUMNS: &str = "enquiry, at, url, title";

fn read(row: &Row<'_>) -> rusqlite::Result<Visit> {
    Ok(Visit {
        enquiry: row.get(0)?,
        at: DateTime::from_timestamp_nanos(row.get(1)?),
        url: row.get(2)?,
        title: row.get(3)?,
    })
}

fn of_contact(conn: &Connection, no: i64, limit: usize) -> rusqlite::Result<Vec<Visit>> {
    let mut select = conn.prepare_cached(&format!(
        "{FAMILY} SELECT {COLUMNS} FROM visit
         WHERE id IN (SELECT id FROM visit WHERE contact IN (SELECT no FROM family) ORDER BY id DESC LIMIT ?2)
         ORDER BY id DESC"
    ))?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    select.query_map(params![no, limit], read)?.collect()
}

fn of_enquiry(conn: &Connection, enquiry: i64, limit: usize) -> rusqlite::Result<Vec<Visit>> {
    let mut select =
        conn.prepare_cached(&format!("SELECT {COLUMNS} FROM visit WHERE enquiry = ?1 ORDER BY id DESC LIMIT ?2"))?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    select.query_map(params![enquiry, limit], read)?.collect()
}

impl Reader<'_> {
    /// Counts the pages that a contact and those merged into it visited.
    ///
    /// # Errors
    /// The database fails.
    pub fn count_visits(&self, contact: ContactId) -> Result<u64, StoreError> {
        let Some(no) = contacts::resolve(self.conn, contact).placed(self.path)? else { return Ok(0) };
        family::count(self.conn, "visit WHERE true", no).placed(self.path)
    }

    /// Returns the pages that a contact, or one that was merged into it, visited last, newest first, `limit` at most.
    ///
    /// # Errors
    /// The database fails.
    pub fn visits(&self, contact: ContactId, limit: usize) -> Result<Vec<Visit>, StoreError> {
        let Some(no) = contacts::resolve(self.conn, contact).placed(self.path)? else { return Ok(Vec::new()) };
        of_contact(self.conn, no, limit).placed(self.path)
    }

    /// Returns the pages that were told with an enquiry, newest first, `limit` at most.
    ///
    /// # Errors
    /// The database fails.
    pub fn visits_of_enquiry(&self, enquiry: i64, limit: usize) -> Result<Vec<Visit>, StoreError> {
        of_enquiry(self.conn, enquiry, limit).placed(self.path)
    }
}

impl Writer<'_> {
    /// Records pages told with an enquiry, in order, as visited by its contact if it has one.
    ///
    /// # Errors
    /// The database fails.
    pub fn add_visits(&mut self, enquiry: i64, contact: Option<ContactId>, visits: &[Visit]) -> Result<(), StoreError> {
        let conn = self.conn;
        let no = contact.map_or(Ok(None), |id| contacts::resolve(conn, id)).placed(self.path)?;
        for Visit { at, url, title, .. } in visits {
            conn.prepare_cached("INSERT INTO visit (contact, enquiry, at, url, title) VALUES (?1, ?2, ?3, ?4, ?5)")
                .and_then(|mut insert| insert.execute(params![no, enquiry, nanos(*at), url, title]))
                .placed(self.path)?;
        }
        Ok(())
    }

    /// Gives the pages told with an enquiry to the contact with which it was linked by hand.
    ///
    /// # Errors
    /// The database fails.
    pub fn link_visits(&mut self, enquiry: i64, contact: ContactId) -> Result<(), StoreError> {
        let conn = self.conn;
        let no = contacts::resolve(conn, contact).placed(self.path)?;
        conn.prepare_cached("UPDATE visit SET contact = ?2 WHERE enquiry = ?1")
            .and_then(|mut update| update.execute(params![enquiry, no]))
            .placed(self.path)?;
        Ok(())
    }
}
