//! One contact at a time: add, show, edit, delete, search, and its change log. Hooks run first, on what is committed; one transaction
//! follows, which checks that nobody wrote meanwhile.

use std::sync::Arc;

use super::decide::{Opinion, decide};
use super::failure::{Class, Failure};
use super::provenance::{changed_fields, passed_over, plugin_edits, write_state};
use super::{App, fresh_id, now};
use crate::domain::contact::{Contact, Stamp};
use crate::domain::draft::Draft;
use crate::domain::field::{Field, FieldKey};
use crate::domain::id::ContactId;
use crate::domain::permission::Viewer;
use crate::domain::rules::Rules;
use crate::plugin::hook::Hook;
use crate::store::{Action, Actor, ChangeEntry, ChangedField, LabelInfo, NewChange, Page, Prepared, Query};

/// One change that a person asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Wish {
    /// Set a field; an empty text clears it.
    Set(FieldKey, String),
    /// Add a value to a list.
    Add(FieldKey, String),
    /// Remove a value from a list.
    Remove(FieldKey, String),
}

impl Wish {
    /// The field that it is about.
    #[must_use]
    pub const fn key(&self) -> &FieldKey {
        match self {
            Self::Set(key, _) | Self::Add(key, _) | Self::Remove(key, _) => key,
        }
    }

    /// Reads `field=value`, `field+=value` or `field-=value`.
    ///
    /// # Errors
    /// Usage, when it is none of these or the field is unknown.
    pub fn parse(text: &str) -> Result<Self, Failure> {
        let usage = || {
            Failure::new(Class::Usage, "ASSIGNMENT", format!("`{text}` is no assignment"))
                .hint("write `field=value`, `field+=value` or `field-=value`")
        };
        let (name, value) = text.split_once('=').ok_or_else(usage)?;
        let value = value.to_owned();
        if let Some(name) = name.strip_suffix('+') {
            return Ok(Self::Add(FieldKey::parse(name)?, value));
        }
        if let Some(name) = name.strip_suffix('-') {
            return Ok(Self::Remove(FieldKey::parse(name)?, value));
        }
        Ok(Self::Set(FieldKey::parse(name)?, value))
    }
}

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

impl App {
    /// Creates a contact.
    ///
    /// # Errors
    /// Rejected, with every problem, by rules or plugins.
    pub fn add_contact(&self, wishes: &[Wish], by: &Viewer) -> Result<Written, Failure> {
        let book = self.rule_book()?;
        let at = now();
        let mut draft = Draft::new(Contact::new(fresh_id(), Stamp { at, by: by.name().into() }));
        grant_all(&mut draft, wishes, &book.rules);
        let mut chain = self.chain(self.generation()?)?;
        let (draft, opinion) = decide(&mut chain, Hook::Create, draft, None, &book);
        refuse("the contact was not created", &opinion)?;
        let fields = plugin_edits(&opinion);
        let entry = NewChange {
            at,
            actor: Actor::Person(by.name().to_owned()),
            action: Action::Created,
            fields: fields.clone(),
            via: String::new(),
        };
        self.store()?.write(|writer| {
            writer.insert(&Prepared::new(&draft.contact), &entry)?;
            write_state(writer, &opinion.state)
        })?;
        self.state()?.apply(&opinion.state);
        let notes = self.notes(&draft, &opinion)?;
        Ok(Written { contact: Contact { rev: 1, ..draft.contact }, fields, notes })
    }

    /// Changes a contact. `seen` is the revision that the wishes are based on; `None` takes the newest.
    ///
    /// # Errors
    /// Not found; conflict on a stale revision; rejected, with every problem.
    pub fn edit_contact(
        &self,
        id: ContactId,
        wishes: &[Wish],
        seen: Option<u64>,
        by: &Viewer,
    ) -> Result<Written, Failure> {
        let before = Arc::new(self.contact(id)?);
        require_rev(&before, seen)?;
        let book = self.rule_book()?;
        let at = now();
        let mut draft = Draft::new((*before).clone());
        draft.contact.updated = Stamp { at, by: by.name().into() };
        grant_all(&mut draft, wishes, &book.rules);
        let mut chain = self.chain(self.generation()?)?;
        let (draft, opinion) = decide(&mut chain, Hook::Update, draft, Some(&before), &book);
        refuse(&format!("contact {id} was not changed"), &opinion)?;
        let fields = changed_fields(&before, &draft.contact, &opinion);
        let notes = self.notes(&draft, &opinion)?;
        if fields.is_empty() {
            return Ok(Written { contact: (*before).clone(), fields, notes });
        }
        let entry = NewChange {
            at,
            actor: Actor::Person(by.name().to_owned()),
            action: Action::Updated,
            fields: fields.clone(),
            via: String::new(),
        };
        let rev = self.store()?.write(|writer| {
            let rev = writer.update(&Prepared::new(&draft.contact), before.rev, &entry)?;
            write_state(writer, &opinion.state).map(|()| rev)
        })?;
        self.state()?.apply(&opinion.state);
        Ok(Written { contact: Contact { rev, ..draft.contact }, fields, notes })
    }

    /// Deletes a contact. Its change log stays.
    ///
    /// # Errors
    /// Not found; conflict on a stale revision; rejected, when a plugin keeps it.
    pub fn delete_contact(&self, id: ContactId, seen: Option<u64>, by: &Viewer) -> Result<Contact, Failure> {
        let before = Arc::new(self.contact(id)?);
        require_rev(&before, seen)?;
        let mut chain = self.chain(self.generation()?)?;
        let opinion = super::decide::ask_only(
            &mut chain,
            Hook::Delete,
            Draft::new((*before).clone()),
            Some(&before),
            &self.rule_book()?,
        );
        refuse(&format!("contact {id} was not deleted"), &opinion)?;
        let entry = NewChange {
            at: now(),
            actor: Actor::Person(by.name().to_owned()),
            action: Action::Deleted,
            fields: Vec::new(),
            via: String::new(),
        };
        self.store()?.write(|writer| {
            writer.delete(before.id, before.rev, &entry)?;
            write_state(writer, &opinion.state)
        })?;
        self.state()?.apply(&opinion.state);
        Ok((*before).clone())
    }

    /// Returns a contact; the id of one that was merged away leads to its master.
    ///
    /// # Errors
    /// Not found.
    pub fn contact(&self, id: ContactId) -> Result<Contact, Failure> {
        let found = self.store()?.read(|reader| reader.contact(id))?;
        found.ok_or_else(|| unknown(id))
    }

    /// Searches contacts.
    ///
    /// # Errors
    /// Usage, when the cursor is none of ours.
    pub fn search(&self, query: &Query) -> Result<Page, Failure> {
        Ok(self.store()?.read(|reader| reader.search(query))?)
    }

    /// Returns a contact's change log, newest first.
    ///
    /// # Errors
    /// Not found.
    pub fn changes(&self, id: ContactId, limit: Option<usize>) -> Result<Vec<ChangeEntry>, Failure> {
        let id = self.contact(id)?.id;
        Ok(self.store()?.read(|reader| reader.changes(id, limit))?)
    }

    /// Returns all labels.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn labels(&self) -> Result<Vec<LabelInfo>, Failure> {
        Ok(self.store()?.read(|reader| reader.labels())?)
    }
}

/// There is no such contact, as far as the one who asks may know.
pub(super) fn unknown(id: ContactId) -> Failure {
    Failure::new(Class::NotFound, "CONTACT_UNKNOWN", format!("there is no contact {id}"))
        .hint("`carnet search` lists contacts with their ids")
}

fn require_rev(contact: &Contact, seen: Option<u64>) -> Result<(), Failure> {
    match seen {
        Some(seen) if seen != contact.rev => {
            let message = format!("contact {} is at revision {} now, not {seen}", contact.id, contact.rev);
            Err(Failure::new(Class::Conflict, "STALE_REV", message)
                .hint(format!("look at it with `carnet contact show {}` and decide again", contact.id)))
        }
        _ => Ok(()),
    }
}

/// Applies wishes; what a rule refuses stays pending, so that all problems are told together and a plugin may repair them.
pub(super) fn grant_all(draft: &mut Draft, wishes: &[Wish], rules: &Rules) {
    let last = |wish: &&Wish| wish.key().known().is_some_and(Field::comes_last);
    let ordered = wishes.iter().filter(|wish| !last(wish)).chain(wishes.iter().filter(last));
    for wish in ordered {
        let (key, value, done) = match wish {
            Wish::Set(key, value) => {
                draft.offer(key, value, rules);
                continue;
            }
            Wish::Add(key, value) => (key, value, draft.add(key, value, rules)),
            Wish::Remove(key, value) => (key, value, draft.contact.remove(key, value, rules).map(drop)),
        };
        if let Err(invalid) = done {
            draft.pending.push(crate::domain::draft::Pending { key: key.clone(), value: value.clone(), invalid });
        }
    }
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

impl App {
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
