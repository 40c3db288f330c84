//! What the unit tests of several domain files share.

use std::sync::Arc;

use chrono::DateTime;

use super::contact::{Contact, Stamp};
use super::id::ContactId;

/// A contact with a fixed id and time, and a last name unless it is empty.
pub(crate) fn contact(last_name: &str) -> Contact {
    let created = Stamp { at: DateTime::UNIX_EPOCH, by: Arc::from("test") };
    let mut contact = Contact::new(ContactId::from_bytes([7; 16]), created);
    contact.last_name = (!last_name.is_empty()).then(|| last_name.to_owned());
    contact
}
