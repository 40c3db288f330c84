//! What finding duplicates asks the store: contacts by their own id, without following merges.

use crate::domain::contact::Contact;
use crate::domain::id::ContactId;

use super::contacts;
use super::error::{Placed, StoreError};
use super::reader::Reader;

impl Reader<'_> {
    /// Returns a live contact by its own id.
    ///
    /// # Errors
    /// The database fails, or the contact was written by a newer Carnet.
    pub fn live(&self, id: ContactId) -> Result<Option<Contact>, StoreError> {
        let read = || {
            let mut select = self.conn.prepare_cached(
                "SELECT contact.id, contact.rev, contact.doc FROM contact WHERE id = ?1 AND gone = 0",
            )?;
            let mut rows = select.query([id.as_bytes()])?;
            rows.next()?.map(contacts::read).transpose()
        };
        read().placed(self.path)
    }
}
