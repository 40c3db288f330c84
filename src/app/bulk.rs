//! Bulk writes: one change, or a deletion, of every contact that a query finds. Each contact goes through hooks and rules on its own, outside
//! the transaction; a few hundred are then written together, with what was before. Taking a bulk write back is `undo`'s.

mod undo;

#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Instant;

use super::cautions::{Cautions, Place};
use super::contacts::Wish;
use super::custom_fields::refuse_taken;
use super::decide::{Opinion, RuleBook, Told, ask_only, decide};
use super::failure::Failure;
use super::memory::{ROUNDS, StoredState, still_holds};
use super::plugins::record::Manner;
use super::provenance::{changed_fields, write_state};
use super::{App, now};
use crate::domain::contact::{Contact, Stamp};
use crate::domain::custom::Claim;
use crate::domain::draft::Draft;
use crate::domain::field::Field;
use crate::domain::id::ContactId;
use crate::domain::invalid::Invalid;
use crate::domain::permission::{Right, Viewer};
use crate::domain::problem::Problem;
use crate::domain::warning::Caution;
use crate::plugin::hook::Hook;
use crate::registry::dispatch::Chain;
use crate::store::{Action, Actor, Batch, ChangedField, NewBatch, NewChange, Prepared, Query, StoreError, Whereabouts};

pub use undo::{LeftAlone, Undone, Why};
pub(in crate::app) use undo::{Source, TakenBack};

/// Contacts of one transaction.
const AT_ONCE: usize = 512;
/// Contacts named before anything is done.
const SAMPLE: usize = 5;
/// Refused contacts, and changes of a dry run, that are told one by one; all are counted.
const TOLD: usize = 1000;

/// What is done to every contact.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Deed {
    /// Fields are changed.
    Edit(Vec<Wish>),
    /// The contact is deleted.
    Delete,
}

/// A bulk write.
#[derive(Clone, Debug)]
pub struct BulkRequest {
    /// What is done.
    pub deed: Deed,
    /// What kind of write it is called: `edit`, `label`, `unlabel`, `delete`.
    pub kind: &'static str,
    /// What it does, for people who look at the list of bulk writes later.
    pub what: String,
    /// Run everything, write nothing.
    pub dry_run: bool,
    /// Who writes.
    pub by: Viewer,
}

/// The contacts that a bulk write is about.
#[derive(Clone, Default, Debug)]
pub struct Matched {
    /// All of them, oldest first.
    pub ids: Vec<ContactId>,
    /// Names of the first few.
    pub sample: Vec<String>,
}

/// A contact that was not written, and why.
#[derive(Clone, Debug)]
pub struct Refused {
    /// The contact.
    pub id: ContactId,
    /// Its name.
    pub name: String,
    /// Every reason.
    pub problems: Vec<Told>,
}

/// What would become of a contact.
#[derive(Clone, Debug)]
pub struct Foreseen {
    /// The contact.
    pub id: ContactId,
    /// Its name.
    pub name: String,
    /// Field by field; empty for a deletion.
    pub fields: Vec<ChangedField>,
}

/// How a bulk write ended.
#[derive(Default, Debug)]
pub struct BulkReport {
    /// Its number, by which it is taken back; none when nothing was written.
    pub batch: Option<i64>,
    /// Contacts that the query found.
    pub matched: u64,
    /// Of these, changed.
    pub changed: u64,
    /// Of these, as they should be already.
    pub unchanged: u64,
    /// Of these, refused.
    pub refused: u64,
    /// Of these, deleted.
    pub deleted: u64,
    /// The first refused ones.
    pub problems: Vec<Refused>,
    /// The first changes of a dry run.
    pub preview: Vec<Foreseen>,
    /// Values that were taken with a warning.
    pub warned: Cautions,
    /// Things to know.
    pub notes: Vec<String>,
    /// How long it took.
    pub seconds: f64,
}

/// What was decided about one contact.
enum Verdict {
    Write(Box<Ready>),
    /// Nothing changes; with what is worth a look in the values given.
    Unchanged(Vec<Problem>),
    Refused(Refused),
}

/// A contact that may be written.
struct Ready {
    before: Arc<Contact>,
    /// What it becomes; `None` when it is deleted.
    after: Option<Prepared>,
    entry: NewChange,
    opinion: Opinion,
    /// Values that no other contact may have.
    claims: Vec<Claim>,
    /// What there is to know about values that were taken.
    warnings: Vec<Problem>,
}

impl App {
    /// Finds the contacts that a bulk write would be about, all on one snapshot.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn bulk_matched(&self, query: &Query) -> Result<Matched, Failure> {
        let mut matched = Matched::default();
        self.store()?.read(|reader| {
            reader.for_each(query, &mut |contact| {
                if matched.sample.len() < SAMPLE {
                    matched.sample.push(contact.display_name());
                }
                matched.ids.push(contact.id);
                ControlFlow::Continue(())
            })
        })?;
        Ok(matched)
    }

    /// Does a bulk write. Contacts that are refused are results, told in the report; what was committed before a failure stays, and can
    /// be taken back.
    ///
    /// # Errors
    /// When the store fails.
    pub fn bulk(&self, request: &BulkRequest, matched: &Matched) -> Result<BulkReport, Failure> {
        let started = Instant::now();
        if request.dry_run {
            self.keep_of_calls(Manner::Nothing);
        }
        let mut work = Work::begin(self, request, matched)?;
        for ids in matched.ids.chunks(AT_ONCE) {
            // Changed by somebody between the look and the write: looked at once more, fewer at a time, so that it takes less long.
            let (mut late, mut at_once) = (ids.to_vec(), AT_ONCE);
            for _ in 0..ROUNDS {
                let now = std::mem::take(&mut late);
                for ids in now.chunks(at_once) {
                    late.extend(work.round(ids)?);
                }
                at_once = (at_once / 4).max(1);
            }
            for id in late {
                let name = work.name_of(id)?;
                work.refuse(changed_meanwhile(id, name));
            }
        }
        let mut report = work.report;
        report.notes.extend(report.warned.lines());
        report.seconds = started.elapsed().as_secs_f64();
        Ok(report)
    }

    /// Returns the newest bulk writes that the viewer may take back.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn bulk_list(&self, limit: usize, by: &Viewer) -> Result<Vec<Batch>, Failure> {
        let person = (!by.is_admin()).then(|| by.name());
        Ok(self.store()?.read(|reader| reader.batches(person, limit))?)
    }
}

/// A bulk write under way.
struct Work<'w> {
    app: &'w App,
    request: &'w BulkRequest,
    book: RuleBook,
    chain: Chain,
    /// What plugins remember after the contacts that were decided on, for those that follow.
    memory: Arc<StoredState>,
    report: BulkReport,
}

impl<'w> Work<'w> {
    fn begin(app: &'w App, request: &'w BulkRequest, matched: &Matched) -> Result<Self, Failure> {
        let memory = app.stored_state()?;
        let chain = app.chain_on(app.generation()?, Arc::clone(&memory), &request.by)?;
        let report = BulkReport { matched: matched.ids.len() as u64, notes: app.not_asked()?, ..BulkReport::default() };
        Ok(Self { app, request, book: app.rule_book()?, chain, memory, report })
    }

    /// Decides on some contacts and writes them in one transaction. Returns those that somebody else wrote meanwhile.
    fn round(&mut self, ids: &[ContactId]) -> Result<Vec<ContactId>, Failure> {
        let found =
            self.app.store()?.read(|reader| ids.iter().map(|id| reader.contact(*id)).collect::<Result<Vec<_>, _>>())?;
        self.memory.renew();
        let (mut ready, mut others) = (Vec::new(), Vec::new());
        for (id, found) in ids.iter().zip(found) {
            // Deleted or merged into another since the query: not what was meant any more.
            let Some(before) = found.filter(|contact| contact.id == *id) else {
                let name = self.name_of(*id)?;
                self.refuse(gone_meanwhile(*id, name));
                continue;
            };
            let before = Arc::new(before);
            match self.decide(Arc::clone(&before))? {
                Verdict::Write(one) => {
                    self.memory.apply(&one.opinion.state);
                    ready.push(*one);
                }
                verdict => others.push((before, self.memory.was_asked(), verdict)),
            }
        }
        let mut late = if self.request.dry_run { HashSet::new() } else { self.write(&ready)? };
        let misled = !late.is_empty();
        for (before, by_memory, verdict) in others {
            match verdict {
                // It may have been told of what one that was left out would have made.
                _ if misled && by_memory => drop(late.insert(before.id)),
                Verdict::Refused(refused) => self.refuse(refused),
                Verdict::Unchanged(warnings) => {
                    self.report.unchanged += 1;
                    self.warn(&before, warnings);
                }
                Verdict::Write(_) => {}
            }
        }
        for one in ready.iter_mut().filter(|one| !late.contains(&one.before.id)) {
            let warnings = std::mem::take(&mut one.warnings);
            self.warn(&one.before, warnings);
            *if one.after.is_some() { &mut self.report.changed } else { &mut self.report.deleted } += 1;
            if self.request.dry_run && self.report.preview.len() < TOLD {
                let (id, name) = (one.before.id, one.before.display_name());
                self.report.preview.push(Foreseen { id, name, fields: one.entry.fields.clone() });
            }
        }
        Ok(ids.iter().copied().filter(|id| late.contains(id)).collect())
    }

    fn decide(&mut self, before: Arc<Contact>) -> Result<Verdict, Failure> {
        self.memory.was_asked();
        let by = &self.request.by;
        if let Some(failure) =
            rights(&self.request.deed).into_iter().find_map(|right| self.app.require(by, right, &before).err())
        {
            return Ok(refused(&before, vec![forbidden(failure)]));
        }
        let at = now();
        let entry = |action, fields| NewChange {
            at,
            actor: Actor::Person(by.name().to_owned()),
            action,
            fields,
            via: String::new(),
        };
        let mut draft = Draft::new((*before).clone());
        let Deed::Edit(wishes) = &self.request.deed else {
            let opinion = ask_only(&mut self.chain, Hook::Delete, draft, Some(&before), &self.book);
            if opinion.refuses() {
                return Ok(refused(&before, opinion.problems));
            }
            let entry = entry(Action::Deleted, Vec::new());
            let (claims, warnings) = (Vec::new(), Vec::new());
            return Ok(Verdict::Write(Box::new(Ready { before, after: None, entry, opinion, claims, warnings })));
        };
        draft.contact.updated = Stamp { at, by: by.name().into() };
        let granted = [Field::Owner.into(), Field::SharedWith.into()];
        self.app.grant(&mut draft, wishes, Some(&before), &granted, &self.book, by)?;
        let (draft, opinion) = decide(&mut self.chain, Hook::Update, draft, Some(&before), &self.book);
        if opinion.refuses() {
            return Ok(refused(&before, opinion.problems));
        }
        let Draft { contact, warnings, .. } = draft;
        let fields = changed_fields(&before, &contact, &opinion);
        if fields.is_empty() {
            return Ok(Verdict::Unchanged(warnings));
        }
        let claims = self.book.rules.schema.claims(Some(&before.custom), &contact.custom);
        let claims: Vec<Claim> = claims.into_iter().filter(|claim| claim.fresh).collect();
        if !claims.is_empty() {
            let taken = self
                .app
                .store()?
                .read(|reader| Ok(refuse_taken(reader, &self.book, Some(&before), &contact, "not changed", by)))?;
            if let Err(failure) = taken {
                return Ok(refused(&before, failure.problems));
            }
        }
        let (after, entry) = (Some(Prepared::new(&contact)), entry(Action::Updated, fields));
        Ok(Verdict::Write(Box::new(Ready { before, after, entry, opinion, claims, warnings })))
    }

    /// Writes contacts with what they were before. Those that somebody else wrote meanwhile are left out and returned, and so are those whose
    /// plugins remember something else by now, be it that of one that was left out.
    fn write(&mut self, ready: &[Ready]) -> Result<HashSet<ContactId>, Failure> {
        if ready.is_empty() {
            return Ok(HashSet::new());
        }
        let known = self.report.batch;
        let new = NewBatch {
            kind: self.request.kind.to_owned(),
            what: self.request.what.clone(),
            person: self.request.by.name().to_owned(),
            at: now(),
        };
        let (batch, late) = self.app.store()?.write(|writer| {
            let batch = known.map_or_else(|| writer.begin_batch(&new), Ok)?;
            let mut late = HashSet::new();
            for one in ready {
                let (id, rev) = (one.before.id, one.before.rev);
                // A contact of the same transaction may have been faster.
                let mut taken = false;
                for claim in &one.claims {
                    taken |= writer.custom_owner(&claim.key, &claim.value, id)?.is_some();
                }
                if taken {
                    late.insert(id);
                    continue;
                }
                let undisturbed = still_holds(writer, &one.opinion.recalled);
                match undisturbed.and_then(|()| writer.remember(batch, id, rev)) {
                    Err(StoreError::StateMoved { .. } | StoreError::Conflict { .. } | StoreError::NotFound { .. }) => {
                        late.insert(id);
                        continue;
                    }
                    remembered => remembered?,
                }
                let entry = NewChange { via: format!("bulk {batch}"), ..one.entry.clone() };
                match &one.after {
                    Some(after) => drop(writer.update(after, rev, &entry)?),
                    None => writer.delete(id, rev, &entry)?,
                }
                write_state(writer, &one.opinion.state)?;
            }
            Ok::<_, StoreError>((batch, late))
        })?;
        self.report.batch = Some(batch);
        Ok(late)
    }

    /// Counts what was guessed. That a value was not there to be removed is no guess, and mostly true of very many.
    fn warn(&mut self, contact: &Contact, mut warnings: Vec<Problem>) {
        warnings.retain(|warning| Caution::parse(&warning.code).is_some());
        self.report.warned.add(warnings, || Place::Contact { id: contact.id, name: contact.display_name() });
    }

    /// The name of a contact that was there a moment ago; empty when it was merged into another or forgotten.
    fn name_of(&self, id: ContactId) -> Result<String, Failure> {
        Ok(match self.app.store()?.read(|reader| reader.whereabouts(id))? {
            Some(Whereabouts::Live(contact) | Whereabouts::Deleted(contact)) => contact.display_name(),
            _ => String::new(),
        })
    }

    fn refuse(&mut self, refused: Refused) {
        self.report.refused += 1;
        if self.report.problems.len() < TOLD {
            self.report.problems.push(refused);
        }
    }
}

/// What whoever writes must be allowed to do with each contact.
fn rights(deed: &Deed) -> Vec<Right> {
    let Deed::Edit(wishes) = deed else { return vec![Right::Delete] };
    let about = |field: Field| wishes.iter().any(|wish| wish.key().known() == Some(field));
    let more = [(Field::Owner, Right::Transfer), (Field::SharedWith, Right::Share)];
    std::iter::once(Right::Edit)
        .chain(more.into_iter().filter(|(field, _)| about(*field)).map(|(_, right)| right))
        .collect()
}

fn refused(contact: &Contact, problems: Vec<Told>) -> Verdict {
    Verdict::Refused(Refused { id: contact.id, name: contact.display_name(), problems })
}

fn told(invalid: Invalid) -> Told {
    Told { plugin: None, problem: Problem::of_record(None, invalid) }
}

fn forbidden(failure: Failure) -> Told {
    let problem =
        Problem { field: None, code: failure.code, value: None, message: failure.message, hint: failure.hint };
    Told { plugin: None, problem }
}

fn changed_meanwhile(id: ContactId, name: String) -> Refused {
    let invalid =
        Invalid::new("CHANGED_MEANWHILE", format!("contact {id} was changed by somebody else, again and again"));
    Refused { id, name, problems: vec![told(invalid.hint("repeat the command"))] }
}

fn gone_meanwhile(id: ContactId, name: String) -> Refused {
    let invalid = Invalid::new("GONE_MEANWHILE", format!("contact {id} was deleted or merged by somebody else"));
    let hint = format!("`carnet contact show {id}` says what became of it");
    Refused { id, name, problems: vec![told(invalid.hint(hint))] }
}
