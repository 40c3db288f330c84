//! One step in the life of an enquiry: plugins are asked, the survey decided, and all of it written in one transaction.

use std::sync::Arc;

use super::survey::{Known, decide};
use super::view::ScreenPop;
use crate::app::contacts::refuse;
use crate::app::custom_fields::taken_by_others;
use crate::app::decide::{Opinion, RuleBook};
use crate::app::failure::Failure;
use crate::app::memory::{remember, undisturbed};
use crate::app::provenance::{changed_fields, passed_over};
use crate::app::{App, now};
use crate::domain::contact::{Contact, Stamp};
use crate::domain::draft::Draft;
use crate::domain::enquiry::{Enquiry, Visit};
use crate::domain::permission::{Right, Viewer};
use crate::domain::problem::Problem;
use crate::plugin::hand::{EnquiryHand, Sheet};
use crate::plugin::hook::Hook;
use crate::plugin::manifest::Phase;
use crate::store::{Action, Actor, ChangedField, NewChange, Prepared, StoreError, Writer};

/// How often a step is tried when others write its contact meanwhile: a call is not lost to them.
const ATTEMPTS: usize = 4;

/// What is to be written of an enquiry.
pub(super) struct Step {
    /// As it is to be; with number 0 it is new.
    pub(super) enquiry: Enquiry,
    /// Its contact, as stored.
    pub(super) contact: Option<Contact>,
    /// Whether plugins are asked: it opens, or takes on a status.
    pub(super) asks: bool,
    /// Whether the contact was just seen with the enquiry's device.
    pub(super) device_seen: bool,
    /// Whether it was just linked with the contact by hand.
    pub(super) linked_by_hand: bool,
    /// What was said, if that is told now; empty takes it away.
    pub(super) transcript: Option<String>,
    /// Pages visited.
    pub(super) visits: Vec<Visit>,
}

impl Step {
    pub(super) const fn new(enquiry: Enquiry, contact: Option<Contact>) -> Self {
        Self {
            enquiry,
            contact,
            asks: false,
            device_seen: false,
            linked_by_hand: false,
            transcript: None,
            visits: Vec::new(),
        }
    }
}

/// A step as it will be written.
struct Decided {
    enquiry: Enquiry,
    before: Option<Arc<Contact>>,
    after: Option<Contact>,
    fields: Vec<ChangedField>,
    opinion: Opinion,
    /// What is worth a look in what plugins set.
    odd: Vec<String>,
    notes: Vec<String>,
}

/// Tries again while others write the contact, or what plugins remember, between looking and writing.
pub(super) fn patiently<T>(mut attempt: impl FnMut() -> Result<T, Failure>) -> Result<T, Failure> {
    undisturbed(|| {
        for _ in 1..ATTEMPTS {
            match attempt() {
                Err(failure) if matches!(&*failure.code, "STALE_REV" | "NOT_FOUND") => {}
                done => return done,
            }
        }
        attempt()
    })
}

impl App {
    /// Asks the plugins, decides about the survey, and writes all of it in one transaction.
    pub(super) fn take_step(&self, step: Step, book: &RuleBook, by: &Viewer) -> Result<ScreenPop, Failure> {
        let Step { enquiry, contact, asks, device_seen, linked_by_hand, transcript, visits } = step;
        let before = contact.map(Arc::new);
        let mut seen = before.as_ref().map(|before| (**before).clone());
        if let (Some(seen), Some(device), true) = (&mut seen, &enquiry.device, device_seen)
            && self.may(by, Right::Edit, seen)
        {
            seen.device = Some(device.clone());
        }
        let mut decided = if asks {
            self.ask_about(enquiry, before, seen, book, by)?
        } else {
            Decided::unasked(enquiry, before, seen)
        };
        let at = now();
        let written = self.store()?.write::<_, StoreError>(|writer| {
            let enquiry = &mut decided.enquiry;
            if enquiry.id == 0 {
                (enquiry.id, enquiry.rev) = (writer.insert_enquiry(enquiry)?, 1);
            } else {
                enquiry.rev = writer.update_enquiry(enquiry)?;
            }
            if let Some(transcript) = &transcript {
                writer.set_transcript(enquiry.id, Some(transcript.as_str()).filter(|text| !text.is_empty()))?;
                enquiry.transcript_bytes = transcript.len();
            }
            if let (Some(contact), true) = (enquiry.contact, linked_by_hand) {
                writer.link_visits(enquiry.id, contact)?;
            }
            writer.add_visits(enquiry.id, enquiry.contact, &visits)?;
            let rev = decided.write_contact(writer, book, at, by)?;
            if asks && rev.is_none() {
                decided.still_stands(writer)?;
            }
            remember(writer, &decided.opinion)?;
            Ok(rev)
        })?;
        if let (Some(after), Some(rev)) = (&mut decided.after, written) {
            (after.rev, after.updated) = (rev, Stamp { at, by: by.name().into() });
        }
        let Decided { enquiry, after, fields, odd, notes, .. } = decided;
        let survey = match &enquiry.survey {
            Some(survey) if asks => survey.clone(),
            _ => self.survey_so_far(&enquiry, after.as_ref())?,
        };
        Ok(self.screen_pop(enquiry, after, survey, by)?.with(self.shown_fields(fields)?, odd, notes))
    }

    fn ask_about(
        &self,
        enquiry: Enquiry,
        before: Option<Arc<Contact>>,
        seen: Option<Contact>,
        book: &RuleBook,
        by: &Viewer,
    ) -> Result<Decided, Failure> {
        let hand = self.enquiry_hand(enquiry, seen, book)?;
        let (hand, opinion, mut notes) = self.ask_enquiry(hand, book, by)?;
        refuse("the enquiry was refused", &opinion)?;
        let (mut enquiry, sheet, suppress) = hand.into_parts();
        let mut odd = Vec::new();
        let after = sheet.map(|sheet| {
            let Draft { contact, warnings, .. } = sheet.into_draft();
            odd.extend(warnings.iter().map(ToString::to_string));
            contact
        });
        let known = Known {
            enquiry: &enquiry,
            contact: after.as_ref(),
            one_opted_out: self.one_opted_out(&enquiry)?,
            suppress,
            opinion: &opinion,
            absent: self.absent_from_surveys()?,
        };
        enquiry.survey = Some(decide(known));
        let fields = before
            .as_ref()
            .zip(after.as_ref())
            .map_or_else(Vec::new, |(before, after)| changed_fields(before, after, &opinion));
        notes.extend(passed_over(&opinion));
        notes.extend(self.not_asked()?);
        Ok(Decided { enquiry, before, after, fields, opinion, odd, notes })
    }

    pub(super) fn enquiry_hand(
        &self,
        enquiry: Enquiry,
        contact: Option<Contact>,
        book: &RuleBook,
    ) -> Result<EnquiryHand, Failure> {
        let surveys = match &contact {
            Some(contact) => self.store()?.read(|reader| reader.surveys_sent(contact.id))?,
            None => Vec::new(),
        };
        let sheet = contact.map(|contact| Sheet::new(Draft::new(contact), Arc::clone(&book.rules)));
        Ok(EnquiryHand::new(enquiry, sheet, surveys))
    }

    pub(super) fn ask_enquiry(
        &self,
        hand: EnquiryHand,
        book: &RuleBook,
        by: &Viewer,
    ) -> Result<(Box<EnquiryHand>, Opinion, Vec<String>), Failure> {
        let mut chain = self.chain(self.generation()?, by)?;
        let mut opinion = Opinion::default();
        let given = hand.contact().map(|sheet| sheet.draft().clone());
        let mut hand = opinion.ask(&mut chain, Hook::Enquiry, Phase::Change, Box::new(hand));
        let notes = match (given, hand.contact_sheet()) {
            (Some(given), Some(sheet)) => {
                let (before, after) = (given.contact.clone(), &sheet.draft().contact);
                let taken = self.store()?.read(|reader| taken_by_others(reader, book, Some(&before), after, by))?;
                settle(sheet, given, book, taken)
            }
            _ => Vec::new(),
        };
        let hand = opinion.ask(&mut chain, Hook::Enquiry, Phase::Check, hand);
        Ok((hand, opinion, notes))
    }
}

/// Applies the rules about the whole record to what plugins made of the contact. What breaks them is dropped and told: the call is not lost
/// to it. An opt-out stays, for consent fails closed.
fn settle(sheet: &mut Sheet, given: Draft, book: &RuleBook, taken: Vec<Problem>) -> Vec<String> {
    if sheet.draft().contact == given.contact {
        return Vec::new();
    }
    // A contact may break today's rules already; plugins answer for what they added.
    let before = given.contact.clone();
    let known = book.settle(&mut given.clone());
    let problems: Vec<Problem> = sheet
        .settle_by(|draft| book.settle_over(draft, Some(&before)))
        .into_iter()
        .filter(|problem| !known.contains(problem))
        .chain(taken)
        .collect();
    if problems.is_empty() {
        return Vec::new();
    }
    sheet.settle_by(|draft| {
        let opted_out = draft.contact.survey_opt_out;
        *draft = given;
        draft.contact.survey_opt_out |= opted_out;
    });
    let told = |problem: &Problem| format!("what plugins changed in the contact was dropped: {problem}");
    problems.iter().map(told).collect()
}

impl Decided {
    /// A step that plugins have no say in.
    fn unasked(enquiry: Enquiry, before: Option<Arc<Contact>>, seen: Option<Contact>) -> Self {
        let opinion = Opinion::default();
        let fields = before
            .as_ref()
            .zip(seen.as_ref())
            .map_or_else(Vec::new, |(before, seen)| changed_fields(before, seen, &opinion));
        Self { enquiry, before, after: seen, fields, opinion, odd: Vec::new(), notes: Vec::new() }
    }

    /// Checks that the contact is as it was when it was decided about: it may have opted out meanwhile.
    fn still_stands(&self, writer: &Writer<'_>) -> Result<(), StoreError> {
        let Some(before) = &self.before else { return Ok(()) };
        let (id, seen) = (before.id, before.rev);
        match writer.contact(id)? {
            Some(now) if now.id == id && now.rev == seen => Ok(()),
            Some(now) => Err(StoreError::Conflict { id, seen, now: now.rev }),
            None => Err(StoreError::NotFound { id }),
        }
    }

    /// Writes the contact, if anything in it changed, and returns its new revision.
    fn write_contact(
        &self,
        writer: &mut Writer<'_>,
        book: &RuleBook,
        at: chrono::DateTime<chrono::Utc>,
        by: &Viewer,
    ) -> Result<Option<u64>, StoreError> {
        let (Some(before), Some(after)) = (&self.before, &self.after) else { return Ok(None) };
        if self.fields.is_empty() {
            return Ok(None);
        }
        if !taken_by_others(writer, book, Some(before), after, by)?.is_empty() {
            // Somebody else got the value since plugins were asked: they are asked again.
            return Err(StoreError::Conflict { id: before.id, seen: before.rev, now: before.rev });
        }
        let stamped = Contact { updated: Stamp { at, by: by.name().into() }, ..after.clone() };
        let entry = NewChange {
            at,
            actor: Actor::Person(by.name().to_owned()),
            action: Action::Updated,
            fields: self.fields.clone(),
            via: format!("enquiry {}", self.enquiry.id),
        };
        writer.update(&Prepared::new(&stamped), before.rev, &entry).map(Some)
    }
}
