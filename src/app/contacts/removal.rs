//! Deleting a contact, and bringing a deleted one back.

use std::sync::Arc;

use super::write::{ATTEMPTS, busy, entry};
use super::{Written, refuse, unknown};
use crate::app::custom_fields::refuse_taken;
use crate::app::decide::{ask_only, decide};
use crate::app::failure::{Class, Failure};
use crate::app::memory::{remember, undisturbed};
use crate::app::provenance::changed_fields;
use crate::app::{App, now};
use crate::domain::contact::{Contact, Stamp};
use crate::domain::draft::Draft;
use crate::domain::id::ContactId;
use crate::domain::permission::{Right, Viewer};
use crate::plugin::hook::Hook;
use crate::store::{Action, Departed, Prepared, StoreError};

impl App {
    /// Deletes a contact. Its change log stays, and it can be restored. Without the revision that was seen, whatever is there goes.
    ///
    /// # Errors
    /// Not found; forbidden; conflict, when somebody wrote since the revision that was seen; rejected, when a plugin keeps it.
    pub fn delete_contact(&self, id: ContactId, seen: Option<u64>, by: &Viewer) -> Result<Contact, Failure> {
        undisturbed(|| {
            for _ in 0..ATTEMPTS {
                let before = Arc::new(self.contact_for(id, Right::Delete, by)?);
                self.require_rev(&before, seen, &[])?;
                if self.try_delete(&before, by)? {
                    return Ok((*before).clone());
                }
            }
            Err(busy(id))
        })
    }

    /// Deletes a contact, unless somebody wrote it since it was read.
    fn try_delete(&self, before: &Arc<Contact>, by: &Viewer) -> Result<bool, Failure> {
        let mut chain = self.chain(self.generation()?, by)?;
        let draft = Draft::new((**before).clone());
        let opinion = ask_only(&mut chain, Hook::Delete, draft, Some(before), &self.rule_book()?);
        refuse(&format!("contact {} was not deleted", before.id), &opinion)?;
        let entry = entry(Action::Deleted, now(), Vec::new(), by);
        let written = self.store()?.write(|writer| {
            writer.delete(before.id, before.rev, &entry)?;
            remember(writer, &opinion)
        });
        if let Err(StoreError::Conflict { .. } | StoreError::NotFound { .. }) = written {
            return Ok(false);
        }
        written?;
        Ok(true)
    }

    /// Brings a deleted contact back as it was. `on_update` is asked about it, with the contact as it was before and after.
    ///
    /// # Errors
    /// Not found; not deleted at all, merged or forgotten; forbidden; rejected, with every problem.
    pub fn restore_contact(&self, id: ContactId, by: &Viewer) -> Result<Written, Failure> {
        undisturbed(|| self.try_restore(id, by))
    }

    fn try_restore(&self, id: ContactId, by: &Viewer) -> Result<Written, Failure> {
        let before = Arc::new(self.deleted_contact(id, by)?);
        let book = self.rule_book()?;
        let at = now();
        let mut draft = Draft::new((*before).clone());
        draft.contact.updated = Stamp { at, by: by.name().into() };
        let mut chain = self.chain(self.generation()?, by)?;
        // What today's rules miss in it was missing when it was deleted.
        let known = book.settle(&mut draft.clone());
        let (draft, mut opinion) = decide(&mut chain, Hook::Update, draft, Some(&before), &book);
        opinion.overlook(&known);
        refuse(&format!("contact {id} was not restored"), &opinion)?;
        let fields = changed_fields(&before, &draft.contact, &opinion);
        let entry = entry(Action::Restored, at, fields.clone(), by);
        let refused = format!("contact {id} was not restored");
        let rev = self.store()?.write(|writer| {
            // Somebody else may have got its unique values while it was gone.
            refuse_taken(writer, &book, None, &draft.contact, &refused, by)?;
            let prepared = Prepared::new(&draft.contact);
            // An import that let the person come back may have been taken back: this is the word of whoever restores.
            writer.lift_tombstones(&prepared, None)?;
            let rev = writer.restore(&prepared, before.rev, &entry)?;
            remember(writer, &opinion)?;
            Ok::<_, Failure>(rev)
        })?;
        let notes = self.notes(&draft, &opinion)?;
        Ok(Written { contact: Contact { rev, ..draft.contact }, fields, notes })
    }

    /// Returns a deleted contact that the viewer may bring back.
    fn deleted_contact(&self, id: ContactId, by: &Viewer) -> Result<Contact, Failure> {
        let (live, gone) = self.store()?.read(|reader| Ok((reader.contact(id)?, reader.departed(id)?)))?;
        match (live, gone) {
            (Some(live), _) if !self.sees(by, &live) => Err(unknown(id)),
            (Some(live), _) => Err(not_deleted(id, &live)),
            (None, Some(Departed::Deleted { contact, .. })) => {
                // Whoever might delete it may bring it back.
                self.require_for("restore", by, Right::Delete, &contact)?;
                Ok(*contact)
            }
            (None, _) => Err(self.missing(id, by)?),
        }
    }
}

fn not_deleted(id: ContactId, live: &Contact) -> Failure {
    let refused = |message: String| Failure::new(Class::Rejected, "NOT_DELETED", message);
    let name = live.display_name();
    if id == live.id {
        return refused(format!("contact {id} ({name}) is not deleted")).hint("there is nothing to restore");
    }
    refused(format!("contact {id} was not deleted, but merged into {} ({name})", live.id))
        .hint(format!("`carnet contact unmerge {id}` takes the merge back"))
}
