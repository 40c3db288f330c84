//! Creating and changing a contact. Hooks run first, on what is committed; one transaction follows, which checks that nobody wrote
//! meanwhile.

use std::sync::Arc;

use super::claims::Claims;
use super::wishes::grant_all;
use super::{Part, Wish, known, refuse};
use crate::app::custom_fields::refuse_taken;
use crate::app::decide::{RuleBook, decide};
use crate::app::failure::{Class, Failure};
use crate::app::memory::{remember, undisturbed};
use crate::app::plugins::record::Manner;
use crate::app::provenance::{changed_fields, created_fields, plugin_edits};
use crate::app::{App, fresh_id, now};
use crate::domain::contact::{Contact, Stamp};
use crate::domain::draft::Draft;
use crate::domain::field::FieldKey;
use crate::domain::id::ContactId;
use crate::domain::permission::{Right, Viewer};
use crate::plugin::hook::Hook;
use crate::store::{Action, Actor, ChangedField, NewChange, Prepared, StoreError};

/// Times that a change is tried again on the newest state when somebody else writes the contact in between.
pub(super) const ATTEMPTS: usize = 8;

/// A contact that was written, and what plugins had to do with it.
#[derive(Debug)]
pub struct Written {
    /// As it is stored now.
    pub contact: Contact,
    /// What changed; empty when nothing did.
    pub fields: Vec<ChangedField>,
    /// Things to know: values taken with a warning, plugins that failed and were passed over.
    pub notes: Vec<String>,
}

/// A change of a stored contact, as it can be made on any of its revisions.
pub(super) struct Change<'c> {
    /// What whoever makes it must be allowed to do.
    pub(super) right: Right,
    /// The revision that it is based on; `None` takes the newest.
    pub(super) seen: Option<u64>,
    /// What is asked for, to be told if somebody else was faster.
    pub(super) wishes: &'c [Wish],
    /// What is told when it is refused: `not changed`.
    pub(super) refused: &'static str,
    /// Makes it.
    pub(super) make: &'c dyn Fn(&mut Draft, &RuleBook) -> Result<(), Failure>,
    /// What it is a part of.
    pub(super) part: &'c Part<'c>,
}

impl App {
    /// Creates a contact. A person who was forgotten comes back only if that is allowed explicitly.
    ///
    /// # Errors
    /// Rejected, with every problem, by rules or plugins, or because the person was forgotten.
    pub fn add_contact(&self, wishes: &[Wish], allow_forgotten: bool, by: &Viewer) -> Result<Written, Failure> {
        self.add_contact_as(wishes, allow_forgotten, &Part::alone(), by)
    }

    /// Creates a contact as a part of something.
    pub(in crate::app) fn add_contact_as(
        &self,
        wishes: &[Wish],
        allow_forgotten: bool,
        part: &Part<'_>,
        by: &Viewer,
    ) -> Result<Written, Failure> {
        undisturbed(|| self.try_add(wishes, allow_forgotten, part, by))
    }

    /// Creates a contact, unless others change what plugins remember meanwhile.
    fn try_add(
        &self,
        wishes: &[Wish],
        allow_forgotten: bool,
        part: &Part<'_>,
        by: &Viewer,
    ) -> Result<Written, Failure> {
        let book = self.rule_book()?;
        let at = now();
        let mut draft = Draft::new(Contact::new(fresh_id(), Stamp { at, by: by.name().into() }));
        self.grant(&mut draft, wishes, None, &[], &book, by)?;
        let mut chain = self.chain(self.generation()?, by)?;
        let (draft, opinion) = decide(&mut chain, Hook::Create, draft, None, &book);
        if !allow_forgotten && self.is_forgotten(&draft.contact)? {
            // Refused or not, nothing of them is kept, be it in a plugin's words.
            self.keep_of_calls(Manner::NoWords);
        }
        refuse("the contact was not created", &opinion)?;
        let returns = self.check_forgotten(&draft.contact, allow_forgotten)?;
        let fields = plugin_edits(&opinion);
        let fields_told = created_fields(&draft.contact, &opinion);
        let entry = NewChange { via: part.via.clone(), ..entry(Action::Created, at, fields_told, by) };
        self.store()?.write(|writer| {
            refuse_taken(writer, &book, None, &draft.contact, "the contact was not created", by)?;
            let prepared = Prepared::new(&draft.contact);
            if returns {
                writer.lift_tombstones(&prepared, None)?;
            }
            writer.insert(&prepared, &entry)?;
            (part.also)(writer, draft.contact.id)?;
            remember(writer, &opinion).map_err(Failure::from)
        })?;
        let mut notes = self.notes(&draft, &opinion)?;
        notes.extend(self.note_forgotten(&draft.contact, None)?);
        Ok(Written { contact: Contact { rev: 1, ..draft.contact }, fields, notes })
    }

    /// Changes a contact. `seen` is the revision that the wishes are based on; without one they are meant for the newest, whoever else
    /// writes at the same time.
    ///
    /// # Errors
    /// Not found; forbidden; conflict on a stale revision, with what both wanted; rejected, with every problem.
    pub fn edit_contact(
        &self,
        id: ContactId,
        wishes: &[Wish],
        seen: Option<u64>,
        by: &Viewer,
    ) -> Result<Written, Failure> {
        self.edit_contact_as(id, wishes, seen, &Part::alone(), by)
    }

    /// Changes a contact as a part of something. Where nothing changes, nothing is written, and the rest does not happen either.
    pub(in crate::app) fn edit_contact_as(
        &self,
        id: ContactId,
        wishes: &[Wish],
        seen: Option<u64>,
        part: &Part<'_>,
        by: &Viewer,
    ) -> Result<Written, Failure> {
        let make = |draft: &mut Draft, book: &RuleBook| {
            let before = draft.contact.clone();
            self.grant(draft, wishes, Some(&before), &[], book, by)
        };
        self.change_contact(
            id,
            &Change { right: Right::Edit, seen, wishes, refused: "not changed", make: &make, part },
            by,
        )
    }

    /// Puts wishes into a new contact, or into what is stored of one; what rules, claims and names refuse stays pending. `granted` names
    /// fields for which a right of their own was checked.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(in crate::app) fn grant(
        &self,
        draft: &mut Draft,
        wishes: &[Wish],
        before: Option<&Contact>,
        granted: &[FieldKey],
        book: &RuleBook,
        by: &Viewer,
    ) -> Result<(), Failure> {
        grant_all(draft, wishes, &book.rules);
        // First what nobody may write: whether such a name exists does not matter then.
        if let Some(claims) = Claims::of(by, self.settings().access) {
            claims.settle(draft, before, granted);
        }
        known::check(self, draft, before, by)
    }

    /// Makes a change on the newest state of a contact, again and again while others write it, unless it is meant for one revision.
    pub(super) fn change_contact(&self, id: ContactId, change: &Change<'_>, by: &Viewer) -> Result<Written, Failure> {
        undisturbed(|| {
            for _ in 0..ATTEMPTS {
                let before = Arc::new(self.contact_for(id, change.right, by)?);
                self.require_rev(&before, change.seen, change.wishes)?;
                if let Some(written) = self.try_change(&before, change, by)? {
                    return Ok(written);
                }
            }
            Err(busy(id))
        })
    }

    /// Makes a change, unless somebody wrote the contact since it was read.
    fn try_change(&self, before: &Arc<Contact>, change: &Change<'_>, by: &Viewer) -> Result<Option<Written>, Failure> {
        let book = self.rule_book()?;
        let at = now();
        let mut draft = Draft::new((**before).clone());
        (change.make)(&mut draft, &book)?;
        draft.contact.updated = Stamp { at, by: by.name().into() };
        let mut chain = self.chain(self.generation()?, by)?;
        let (draft, opinion) = decide(&mut chain, Hook::Update, draft, Some(before), &book);
        refuse(&format!("contact {} was {}", before.id, change.refused), &opinion)?;
        let mut fields = changed_fields(before, &draft.contact, &opinion);
        let known = |field: &ChangedField| fields.iter().any(|it| it.field == field.field);
        let confirmed = self.confirmed(before, change.wishes, by)?;
        let confirmed: Vec<ChangedField> = confirmed.into_iter().filter(|field| !known(field)).collect();
        fields.extend(confirmed);
        let mut notes = self.notes(&draft, &opinion)?;
        notes.extend(self.note_forgotten(&draft.contact, Some(before))?);
        if fields.is_empty() {
            return Ok(Some(Written { contact: (**before).clone(), fields, notes }));
        }
        let entry = NewChange { via: change.part.via.clone(), ..entry(Action::Updated, at, fields.clone(), by) };
        let refused = format!("contact {} was {}", before.id, change.refused);
        let written = self.store()?.write(|writer| {
            refuse_taken(writer, &book, Some(before), &draft.contact, &refused, by).map_err(Stop::Refused)?;
            let rev = writer.update(&Prepared::new(&draft.contact), before.rev, &entry)?;
            (change.part.also)(writer, before.id).map_err(Stop::Refused)?;
            remember(writer, &opinion)?;
            Ok(rev)
        });
        let rev = match written {
            Err(Stop::Overtaken) => return Ok(None),
            Err(Stop::Refused(failure)) => return Err(failure),
            Ok(rev) => rev,
        };
        Ok(Some(Written { contact: Contact { rev, ..draft.contact }, fields, notes }))
    }
}

/// Why a write came to nothing.
enum Stop {
    /// Somebody wrote the contact since it was read.
    Overtaken,
    /// Something that trying again does not change.
    Refused(Failure),
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict { .. } | StoreError::NotFound { .. } => Self::Overtaken,
            error => Self::Refused(error.into()),
        }
    }
}

/// Somebody else was faster every time.
pub(super) fn busy(id: ContactId) -> Failure {
    Failure::new(Class::Conflict, "STALE_REV", format!("others change contact {id} all the time"))
        .hint("try again in a moment")
}

/// An entry of the change log for what a person does.
pub(super) fn entry(
    action: Action,
    at: chrono::DateTime<chrono::Utc>,
    fields: Vec<ChangedField>,
    by: &Viewer,
) -> NewChange {
    NewChange { at, actor: Actor::Person(by.name().to_owned()), action, fields, via: String::new() }
}
