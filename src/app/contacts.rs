//! One contact at a time: here finding, searching and what was changed; writing, deleting and sharing are in the files below.
//! Whoever asks gets what they may see: everything else is not there.

pub(in crate::app) mod claims;
mod confirm;
pub mod conflict;
mod known;
mod removal;
mod sharing;
#[cfg(test)]
pub(in crate::app) mod tests;
mod wishes;
mod write;

use super::App;
use super::decide::Opinion;
use super::failure::{Class, Failure};
use super::provenance::passed_over;
use super::wire;
use crate::domain::contact::Contact;
use crate::domain::draft::Draft;
use crate::domain::id::ContactId;
use crate::domain::permission::{Right, Viewer};
use crate::store::{ChangeEntry, Departed, Page, Query, Writer};

pub use wishes::Wish;
pub use write::Written;

/// What the write of a contact is a part of.
pub(super) struct Part<'a> {
    /// From where it comes, for the log: `enquiry 12`; empty when it stands alone.
    pub(super) via: String,
    /// What else happens in its transaction, or takes it back.
    pub(super) also: &'a dyn Fn(&mut Writer<'_>, ContactId) -> Result<(), Failure>,
}

impl Part<'_> {
    /// A write that stands alone.
    pub(super) fn alone() -> Self {
        Self { via: String::new(), also: &|_, _| Ok(()) }
    }
}

impl App {
    /// Returns a contact, whoever asks; the id of one that was merged away leads to its master. For what a person asks for there is
    /// [`App::contact_for`].
    ///
    /// # Errors
    /// Not found.
    pub fn contact(&self, id: ContactId) -> Result<Contact, Failure> {
        let found = self.store()?.read(|reader| reader.contact(id))?;
        found.ok_or_else(|| self.absent(id))
    }

    /// Returns a contact with which the viewer may do what they want to; the id of one that was merged away leads to its master.
    ///
    /// # Errors
    /// Not found, for one that the viewer may not see, too; `CONTACT_DELETED` for one that they could see while it was there; forbidden.
    pub fn contact_for(&self, id: ContactId, right: Right, by: &Viewer) -> Result<Contact, Failure> {
        let Some(contact) = self.store()?.read(|reader| reader.contact(id))? else { return Err(self.missing(id, by)?) };
        if !self.sees(by, &contact) {
            // Named by the id that was asked for: where it leads is nobody's business either.
            return Err(unknown(id));
        }
        self.require(by, right, &contact)?;
        Ok(contact)
    }

    /// Says whether the viewer sees a contact.
    #[must_use]
    pub fn sees(&self, by: &Viewer, contact: &Contact) -> bool {
        by.may(Right::View, contact, self.settings().access)
    }

    /// Why there is no such contact, as far as the viewer may know.
    fn missing(&self, id: ContactId, by: &Viewer) -> Result<Failure, Failure> {
        Ok(match self.store()?.read(|reader| reader.departed(id))? {
            Some(Departed::Deleted { contact, entry }) if self.sees(by, &contact) => deleted(&contact, entry.as_ref()),
            Some(Departed::Forgotten) if by.is_admin() => self.absent(id),
            _ => unknown(id),
        })
    }

    /// Searches contacts.
    ///
    /// # Errors
    /// Usage, when the cursor is none of ours.
    pub fn search(&self, query: &Query) -> Result<Page, Failure> {
        Ok(self.store()?.read(|reader| reader.search(query))?)
    }

    /// Returns how much hangs on a contact: its enquiries that are not closed yet, and its notes.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn attached(&self, id: ContactId) -> Result<crate::store::Attached, Failure> {
        Ok(self.store()?.read(|reader| reader.attached(id))?)
    }

    /// Things to know about a record that was written: warnings, plugins that failed, and plugins that could not be asked at all.
    fn notes(&self, draft: &Draft, opinion: &Opinion) -> Result<Vec<String>, Failure> {
        let warnings = draft.warnings.iter().map(ToString::to_string);
        Ok(warnings.chain(passed_over(opinion)).chain(self.not_asked()?).collect())
    }

    /// Plugins that are refused with no earlier version in their place: what they guard goes unguarded, and somebody should know.
    pub(super) fn not_asked(&self) -> Result<Vec<String>, Failure> {
        let generation = self.generation()?;
        let absent = generation.refused.iter().filter(|refused| refused.kept.is_none());
        Ok(absent.map(|refused| format!("{refused}; it was not asked")).collect())
    }
}

/// There is no such contact, as far as the one who asks may know.
pub(super) fn unknown(id: ContactId) -> Failure {
    Failure::new(Class::NotFound, "CONTACT_UNKNOWN", format!("there is no contact {id}"))
        .hint("`carnet search` lists contacts with their ids")
}

const DELETED: &str = "CONTACT_DELETED";

fn deleted(contact: &Contact, entry: Option<&ChangeEntry>) -> Failure {
    let told = |entry: &ChangeEntry| format!(" by {} at {}", wire::actor(&entry.actor), wire::time(entry.at));
    let (id, name) = (contact.id, contact.display_name());
    let message = format!("contact {id} ({name}) was deleted{}", entry.map(told).unwrap_or_default());
    Failure::new(Class::NotFound, DELETED, message).hint(format!("`carnet contact restore {id}` brings it back"))
}

/// Turns a refusing opinion into a failure with every problem.
pub(super) fn refuse(what: &str, opinion: &Opinion) -> Result<(), Failure> {
    if !opinion.refuses() {
        return Ok(());
    }
    let class = if opinion.problems.iter().all(|told| told.problem.code.starts_with("PLUGIN_")) {
        Class::PluginFault
    } else {
        Class::Rejected
    };
    Err(Failure::new(class, "REJECTED", what).because(opinion.problems.clone()))
}
