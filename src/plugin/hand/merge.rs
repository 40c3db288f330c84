//! The merge in hand of `on_merge`: two contacts, and the one that they will become.

use std::borrow::Cow;
use std::sync::Arc;

use super::{Refusal, Sheet, Terms, Tracker};
use crate::domain::contact::Contact;

/// Two contacts about to become one.
#[derive(Debug)]
pub struct MergeHand {
    /// The one that stays, as it is stored.
    pub master: Arc<Contact>,
    /// The one that will be erased, as it is stored.
    pub other: Arc<Contact>,
    /// What the master will become, under the pen.
    pub result: Sheet,
}

/// Which side of the merge is read.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Side {
    /// The contact that stays.
    Master,
    /// The contact that will be erased.
    Other,
}

impl MergeHand {
    /// Returns a field of one side, as it is stored.
    ///
    /// # Errors
    /// `FIELD_UNKNOWN`, or `NOT_GRANTED`.
    pub fn side_get(&self, side: Side, name: &str) -> Result<Option<Cow<'_, str>>, Refusal> {
        let key = self.result.readable(name)?;
        Ok(self.side(side).get(&key))
    }

    /// Returns all values of a field of one side, as they are stored.
    ///
    /// # Errors
    /// `FIELD_UNKNOWN`, or `NOT_GRANTED`.
    pub fn side_values(&self, side: Side, name: &str) -> Result<Vec<Cow<'_, str>>, Refusal> {
        let key = self.result.readable(name)?;
        Ok(self.side(side).values(&key))
    }

    const fn side(&self, side: Side) -> &Arc<Contact> {
        match side {
            Side::Master => &self.master,
            Side::Other => &self.other,
        }
    }

    pub(super) fn begin(&mut self, terms: Arc<Terms>) {
        self.result.begin(terms);
    }

    pub(super) const fn tracker(&self) -> &Tracker {
        &self.result.tracker
    }

    pub(super) const fn tracker_mut(&mut self) -> &mut Tracker {
        &mut self.result.tracker
    }

    pub(super) fn undo(&mut self) {
        self.result.undo();
    }

    pub(super) fn forget_undo(&mut self) {
        self.result.forget_undo();
    }
}
