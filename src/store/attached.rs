//! How much hangs on a contact: asked before it is deleted, and told when it is shown.

use rusqlite::params;

use crate::domain::id::ContactId;

use super::contacts;
use super::error::{Placed, StoreError};
use super::reader::Reader;

/// How much hangs on a contact.
#[derive(Copy, Clone, PartialEq, Eq, Default, Debug)]
pub struct Attached {
    /// Enquiries that are open or being handled.
    pub open_enquiries: u64,
    /// Notes.
    pub notes: u64,
}

impl Reader<'_> {
    /// Counts what hangs on a contact and on those merged into it.
    ///
    /// # Errors
    /// The database fails.
    pub fn attached(&self, id: ContactId) -> Result<Attached, StoreError> {
        let Some(no) = contacts::resolve(self.conn, id).placed(self.path)? else { return Ok(Attached::default()) };
        let count = |what: &str| -> Result<u64, StoreError> {
            let family = "WITH RECURSIVE family (no) AS (
                 SELECT ?1 UNION SELECT contact.no FROM contact JOIN family ON contact.merged_into = family.no
             )";
            let sql = format!("{family} SELECT count(*) FROM {what} AND contact IN (SELECT no FROM family)");
            let count: i64 = self.conn.prepare_cached(&sql)?.query_row(params![no], |row| row.get(0))?;
            Ok(count.unsigned_abs())
        };
        Ok(Attached {
            open_enquiries: count("enquiry WHERE status IN ('open', 'handling')").placed(self.path)?,
            notes: count("note WHERE true").placed(self.path)?,
        })
    }
}
