//! How much hangs on a contact: asked before it is deleted, and told when it is shown.

use crate::domain::id::ContactId;

use super::contacts;
use super::error::{Placed, StoreError};
use super::family;
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
        let count = |what: &str| family::count(self.conn, what, no).placed(self.path);
        Ok(Attached {
            open_enquiries: count("enquiry WHERE status IN ('open', 'handling')")?,
            notes: count("note WHERE true")?,
        })
    }
}
