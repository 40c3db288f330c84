//! What was done to a contact: its change log and its consent ledger. Both outlive the contact.

use super::App;
use super::failure::{Class, Failure};
use crate::domain::change::diff;
use crate::domain::contact::Contact;
use crate::domain::field::{Field, FieldKey};
use crate::domain::id::ContactId;
use crate::domain::permission::Viewer;
use crate::store::{Action, Actor, ChangeEntry, ChangedField, ConsentEntry, Person};

/// A contact's consent, and how it came about.
#[derive(Debug)]
pub struct Consent {
    /// Whether no surveys may be sent; `None` of somebody who was forgotten.
    pub opt_out: Option<bool>,
    /// Who set it, newest first.
    pub ledger: Vec<ConsentEntry>,
    /// What to know when the ledger does not tell everything.
    pub note: Option<String>,
}

impl App {
    /// Returns a contact's change log, newest first; also of one that was deleted, and for admins of one that was forgotten.
    ///
    /// # Errors
    /// Not found.
    pub fn changes(&self, id: ContactId, limit: Option<usize>, by: &Viewer) -> Result<Vec<ChangeEntry>, Failure> {
        self.shown_changes(self.all_changes(id, limit, by)?)
    }

    /// The same with the values of custom fields that are not in use: for the person whom they are about.
    pub(super) fn all_changes(
        &self,
        id: ContactId,
        limit: Option<usize>,
        by: &Viewer,
    ) -> Result<Vec<ChangeEntry>, Failure> {
        let person = self.person(id, by)?;
        let mut entries = self.store()?.read(|reader| reader.changes(id, limit))?;
        if let Person::Live(contact) | Person::Deleted(contact) = &person {
            tell_creation(&mut entries, contact);
        }
        Ok(entries)
    }

    /// Returns a contact's survey consent with its ledger.
    ///
    /// # Errors
    /// Not found.
    pub fn consent(&self, id: ContactId, by: &Viewer) -> Result<Consent, Failure> {
        let person = self.person(id, by)?;
        let ledger = self.store()?.read(|reader| reader.consents(id))?;
        let opt_out = match &person {
            Person::Live(contact) | Person::Deleted(contact) => Some(contact.survey_opt_out),
            Person::Forgotten { .. } => None,
        };
        let told = ledger.first().map_or(Some(false), |entry| Some(entry.opt_out));
        let note = opt_out.filter(|_| opt_out != told).map(|_| {
            "the ledger began after the contact's consent was last set: who set it is not recorded".to_owned()
        });
        Ok(Consent { opt_out, ledger, note })
    }

    /// Returns whom an id leads to, whether or not the contact is still there.
    ///
    /// # Errors
    /// Not found, or not to be seen by the viewer. Who was forgotten is for admins alone.
    pub fn person(&self, id: ContactId, by: &Viewer) -> Result<Person, Failure> {
        let found = self.store()?.read(|reader| reader.person(id))?;
        let person = found.ok_or_else(|| super::contacts::unknown(id))?;
        match &person {
            // Named by the id that was asked for: where it leads is nobody's business either.
            Person::Live(contact) | Person::Deleted(contact) if !self.sees(by, contact) => {
                return Err(super::contacts::unknown(id));
            }
            Person::Forgotten { .. } if !by.is_admin() => return Err(super::contacts::unknown(id)),
            Person::Live(_) | Person::Deleted(_) | Person::Forgotten { .. } => {}
        }
        Ok(person)
    }

    /// Why an id leads to no contact: there never was one, it was deleted, or the person was forgotten.
    pub(super) fn absent(&self, id: ContactId) -> Failure {
        let found = self.store().and_then(|store| Ok(store.read(|reader| reader.person(id))?));
        match found {
            Ok(Some(Person::Forgotten { at, .. })) => forgotten(id, at),
            _ => super::contacts::unknown(id),
        }
    }

    /// Who wrote, for people: a job with the name of its file.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn actor_text(&self, actor: &Actor) -> Result<String, Failure> {
        let Actor::Import(number) = actor else { return Ok(super::wire::actor(actor)) };
        let job = self.store()?.read(|reader| reader.job(*number))?;
        Ok(job.map_or_else(|| super::wire::actor(actor), |job| format!("import {number} ({})", job.file)))
    }
}

/// The person is gone for good, as they wished.
pub(super) fn forgotten(id: ContactId, at: chrono::DateTime<chrono::Utc>) -> Failure {
    let message = format!("the person of contact {id} was forgotten on {}", at.date_naive());
    Failure::new(Class::NotFound, "CONTACT_FORGOTTEN", message)
        .hint("nothing is left of the contact, and nothing brings it back")
}

/// An import logs of a new contact only what plugins did: the rest is what the contact has, with later changes taken back.
fn tell_creation(entries: &mut [ChangeEntry], contact: &Contact) {
    let (later, created) = match entries.split_last_mut() {
        Some((last, later)) if last.action == Action::Created && last.rev == 1 => (later, last),
        _ => return,
    };
    let foreign = |entry: &ChangeEntry| {
        matches!(entry.action, Action::Created | Action::Merged | Action::Unmerged | Action::Forgotten)
    };
    if !matches!(created.actor, Actor::Import(_)) || later.iter().any(foreign) {
        return;
    }
    let blank = Contact::new(contact.id, contact.created.clone());
    let mut fields: Vec<ChangedField> = Vec::new();
    for change in diff(&blank, contact) {
        let name = change.key.to_string();
        fields.push(ChangedField { field: name, old: None, new: change.new, plugin: None });
    }
    for changed in later.iter().flat_map(|entry| &entry.fields).filter(|changed| is_told(&changed.field)) {
        // Newest first: the last one that is met stood nearest to the beginning.
        match fields.iter_mut().find(|field| field.field == changed.field) {
            Some(field) => field.new.clone_from(&changed.old),
            None => fields.push(ChangedField { plugin: None, new: changed.old.clone(), old: None, ..changed.clone() }),
        }
    }
    fields.retain(|field| {
        let default = FieldKey::parse(&field.field).ok().and_then(|key| blank.joined(&key));
        field.new != default && !created.fields.iter().any(|told| told.field == field.field)
    });
    created.fields.extend(fields);
}

fn is_told(field: &str) -> bool {
    !FieldKey::parse(field).is_ok_and(|key| key.known().is_some_and(Field::comes_last))
}
