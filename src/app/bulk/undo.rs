//! Taking a bulk write back: every contact that nobody wrote since becomes what it was before. The others are left as they are, and told.
//! Hooks are not asked: what was before was decided on then.

use super::AT_ONCE;
use crate::app::custom_fields::taken_by_others;
use crate::app::decide::Opinion;
use crate::app::failure::{Class, Failure};
use crate::app::provenance::changed_fields;
use crate::app::{App, now};
use crate::domain::contact::{Contact, Stamp};
use crate::domain::id::ContactId;
use crate::domain::permission::{Right, Viewer};
use crate::domain::verified;
use crate::store::{Action, Actor, Batch, ChangeEntry, Image, NewChange, Reader, StoreError};

/// A contact that was left as it is.
#[derive(Clone, Debug)]
pub struct LeftAlone {
    /// The contact.
    pub id: ContactId,
    /// Its name.
    pub name: String,
    /// Why it was left.
    pub why: Why,
}

/// Why a contact was left as it is.
#[derive(Clone, Debug)]
pub enum Why {
    /// Somebody wrote it since: this stays so. The newest change of it.
    Since(Option<ChangeEntry>),
    /// A later bulk write wrote it, and is to be taken back first.
    Above(i64),
    /// A later import wrote it, and is to be taken back first.
    AboveImport(i64),
    /// Somebody added something to it since: a note, an enquiry.
    Attached(&'static str),
    /// Whoever takes back may not write it.
    Forbidden,
    /// What it would get back cannot be had: another contact has a value that is unique.
    Taken(String),
}

/// How taking back ended.
#[derive(Debug)]
pub struct Undone {
    /// The bulk write.
    pub batch: Batch,
    /// Contacts that are again what they were.
    pub restored: u64,
    /// Contacts that were left as they are.
    pub left: Vec<LeftAlone>,
    /// How many more were left as they are that whoever takes back may not see.
    pub hidden: u64,
    /// Whether nothing is left that could be taken back later.
    pub finished: bool,
}

/// What is taken back: the batch of a bulk write, or of an import job.
#[derive(Copy, Clone, Debug)]
pub(in crate::app) struct Source {
    /// The batch.
    pub(in crate::app) batch: i64,
    /// The job that keeps it, if one does.
    pub(in crate::app) job: Option<i64>,
}

impl Source {
    /// How the consent ledger calls it.
    pub(in crate::app) fn via(self) -> String {
        self.job.map_or_else(|| format!("bulk {}", self.batch), |job| format!("import {job}"))
    }
}

/// How far the contacts of a batch were taken back.
#[derive(Default, Debug)]
pub(in crate::app) struct TakenBack {
    /// Contacts that are again what they were.
    pub(in crate::app) restored: u64,
    /// Contacts that were left as they are.
    pub(in crate::app) left: Vec<LeftAlone>,
    /// How many more were left as they are that whoever takes back may not see.
    pub(in crate::app) hidden: u64,
    /// Whether nothing is left that could be taken back later.
    pub(in crate::app) finished: bool,
}

impl App {
    /// Takes a bulk write back. When it is interrupted, what was taken back stays so, and the rest can be taken back by the same command.
    ///
    /// # Errors
    /// Not found; conflict, when it was taken back before; rejected, when somebody else did it and the viewer is no admin.
    pub fn bulk_undo(&self, id: i64, by: &Viewer) -> Result<Undone, Failure> {
        let batch = self.undoable(id, by)?;
        let TakenBack { restored, left, hidden, finished } =
            self.take_back_batch(Source { batch: id, job: None }, by)?;
        if finished && !self.store()?.write(|writer| writer.finish_undo(id, now()))? {
            return Err(undone_before(&batch));
        }
        Ok(Undone { batch, restored, left, hidden, finished })
    }

    /// Takes all contacts of a batch back, some at a time.
    ///
    /// # Errors
    /// When the store fails; what was taken back by then stays so.
    pub(in crate::app) fn take_back_batch(&self, source: Source, by: &Viewer) -> Result<TakenBack, Failure> {
        // What somebody wrote since stays so; anything else can still be taken back.
        let (mut taken, mut after) = (TakenBack { finished: true, ..TakenBack::default() }, 0);
        loop {
            let images = self.store()?.read(|reader| reader.batch_images(source.batch, after, AT_ONCE))?;
            let Some(last) = images.last() else { return Ok(taken) };
            after = last.no;
            let (count, skipped) = self.take_back(source, images, by)?;
            taken.restored += count;
            taken.finished &= skipped.iter().all(|(_, why)| matches!(why, Why::Since(_)));
            let (seen, others): (Vec<_>, Vec<_>) =
                skipped.into_iter().partition(|(image, _)| self.sees(by, &image.now));
            taken.left.extend(seen.into_iter().map(|(image, why)| left_alone(&image, why)));
            taken.hidden += others.len() as u64;
        }
    }

    fn undoable(&self, id: i64, by: &Viewer) -> Result<Batch, Failure> {
        let batch = self.store()?.read(|reader| reader.batch(id))?;
        let batch = batch.filter(|batch| by.is_admin() || batch.person == by.name()).ok_or_else(|| {
            let (message, hint) = if by.is_admin() {
                (format!("there is no bulk write {id}"), "`carnet bulk list` shows them")
            } else {
                (format!("there is no bulk write {id} of yours"), "`carnet bulk list` shows yours")
            };
            Failure::new(Class::NotFound, "BULK_UNKNOWN", message).hint(hint)
        })?;
        if let Some(job) = self.store()?.read(|reader| reader.job_of_batch(id))? {
            let message = format!("bulk write {id} is what import {job} updated");
            return Err(Failure::new(Class::Usage, "BULK_IMPORT", message)
                .hint(format!("`carnet import undo {job}` takes the import back")));
        }
        if batch.undone_at.is_some() {
            return Err(undone_before(&batch));
        }
        Ok(batch)
    }

    /// Takes some contacts back in one transaction; returns how many, and those that were left as they are.
    fn take_back(&self, source: Source, images: Vec<Image>, by: &Viewer) -> Result<(u64, Vec<(Image, Why)>), Failure> {
        let batch = source.batch;
        let access = self.settings().access;
        let may = |image: &Image| rights(image).into_iter().all(|right| by.may(right, &image.now, access));
        let mut restored = 0;
        let book = self.rule_book()?;
        let skipped = self.store()?.write(|writer| {
            let mut skipped = Vec::new();
            for image in images {
                let (contact, entry) = back(source, &image, self.settings().lock_verified, by);
                // A deleted contact holds none of its values any more.
                let held = Some(&image.now).filter(|_| !image.gone);
                let taken = taken_by_others(writer, &book, held, &contact, by)?;
                let why = if !image.untouched {
                    since(writer, batch, &image)?
                } else if !may(&image) {
                    Why::Forbidden
                } else if let Some(problem) = taken.first() {
                    Why::Taken(problem.to_string())
                } else if writer.take_back(batch, &image, &contact, &entry)? {
                    restored += 1;
                    continue;
                } else {
                    since(writer, batch, &image)?
                };
                skipped.push((image, why));
            }
            if let Some(job) = source.job {
                writer.count_restored(job, restored)?;
            }
            Ok::<_, StoreError>(skipped)
        })?;
        Ok((restored, skipped))
    }
}

fn left_alone(image: &Image, why: Why) -> LeftAlone {
    LeftAlone { id: image.id, name: image.now.display_name(), why }
}

/// What whoever takes back must be allowed to do with a contact: no more than for doing it by hand.
fn rights(image: &Image) -> Vec<Right> {
    if image.gone {
        return vec![Right::Delete];
    }
    let before = &image.before;
    let differs = [
        (before.owner != image.now.owner, Right::Transfer),
        (before.shared_with != image.now.shared_with, Right::Share),
    ];
    let more = differs.into_iter().filter(|(differs, _)| *differs).map(|(_, right)| right);
    std::iter::once(Right::Edit).chain(more).collect()
}

/// Who wrote a contact since: a later bulk write, which can be taken back, or somebody.
fn since(reader: &Reader<'_>, batch: i64, image: &Image) -> Result<Why, StoreError> {
    Ok(match reader.batch_above(batch, image.no)? {
        Some(above) => reader.job_of_batch(above)?.map_or(Why::Above(above), Why::AboveImport),
        None => Why::Since(reader.changes(image.id, Some(1))?.into_iter().next()),
    })
}

/// What a contact becomes, and what the change log says of it. Whatever way it is written, its division stays, and so do verified values
/// where they are locked.
fn back(source: Source, image: &Image, lock_verified: bool, by: &Viewer) -> (Contact, NewChange) {
    let at = now();
    let mut contact = image.before.clone();
    if image.now.division.is_some() {
        contact.division.clone_from(&image.now.division);
    }
    if lock_verified {
        verified::keep(&image.now, &mut contact);
        // Of numbers that stay, the numbers themselves tell.
        contact.remember_silent(std::iter::empty());
    }
    contact.updated = Stamp { at, by: by.name().into() };
    let fields = changed_fields(&image.now, &contact, &Opinion::default());
    let actor = Actor::Person(by.name().to_owned());
    (contact, NewChange { at, actor, action: Action::Undone, fields, via: source.via() })
}

fn undone_before(batch: &Batch) -> Failure {
    let when = batch.undone_at.map_or_else(String::new, |at| format!(" on {}", at.format("%Y-%m-%d %H:%M UTC")));
    let message = format!("bulk write {} was taken back before{when}", batch.id);
    Failure::new(Class::Conflict, "BULK_UNDONE", message).hint("`carnet bulk list` shows what can be taken back")
}
