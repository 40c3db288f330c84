//! The contact in hand of `on_create`, `on_update` and `on_delete`.

use std::borrow::Cow;
use std::sync::Arc;

use super::{Refusal, Sheet, Terms, Tracker};
use crate::domain::contact::Contact;

/// A contact about to be written, and what it was before.
#[derive(Debug)]
pub struct ContactHand {
    /// The contact, under the pen.
    pub sheet: Sheet,
    /// What is stored now; `None` for a new contact.
    pub before: Option<Arc<Contact>>,
}

impl ContactHand {
    /// Returns a field of what is stored now, under the same grants as the contact itself.
    ///
    /// # Errors
    /// `FIELD_UNKNOWN`, or `NOT_GRANTED`.
    pub fn before_get(&self, name: &str) -> Result<Option<Cow<'_, str>>, Refusal> {
        let key = self.sheet.readable(name)?;
        Ok(self.before.as_ref().and_then(|before| before.get(&key)))
    }

    /// Returns all values of a field of what is stored now.
    ///
    /// # Errors
    /// `FIELD_UNKNOWN`, or `NOT_GRANTED`.
    pub fn before_values(&self, name: &str) -> Result<Vec<Cow<'_, str>>, Refusal> {
        let key = self.sheet.readable(name)?;
        Ok(self.before.as_ref().map_or_else(Vec::new, |before| before.values(&key)))
    }

    pub(super) fn begin(&mut self, terms: Arc<Terms>) {
        self.sheet.begin(terms);
    }

    pub(super) const fn tracker(&self) -> &Tracker {
        &self.sheet.tracker
    }

    pub(super) const fn tracker_mut(&mut self) -> &mut Tracker {
        &mut self.sheet.tracker
    }

    pub(super) fn undo(&mut self) {
        self.sheet.undo();
    }

    pub(super) fn forget_undo(&mut self) {
        self.sheet.forget_undo();
    }
}
