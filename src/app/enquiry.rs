//! Enquiries: somebody calls, writes or chats. The contact is found, `on_enquiry` runs, and the agent gets one answer with everything.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::contacts::refuse;
use super::decide::{Opinion, RuleBook};
use super::failure::{Class, Failure};
use super::provenance::{changed_fields, passed_over, write_state};
use super::{App, now};
use crate::domain::contact::{Contact, Stamp};
use crate::domain::draft::Draft;
use crate::domain::email::parse_email;
use crate::domain::enquiry::{Channel, Enquiry, EnquiryStatus, Sender, SurveyDecision};
use crate::domain::permission::Viewer;
use crate::domain::phone::{PhoneMode, parse_number};
use crate::domain::rules::Rules;
use crate::plugin::hand::{EnquiryHand, Sheet};
use crate::plugin::hook::Hook;
use crate::plugin::manifest::Phase;
use crate::store::{Action, Actor, ChangeEntry, ChangedField, Identifier, NewChange, Prepared};

/// Changes of a contact shown with an enquiry.
const RECENT_CHANGES: usize = 5;

/// Enquiries of a contact shown with an enquiry.
const RECENT_ENQUIRIES: usize = 5;

/// What the agent gets: the enquiry, and everything about its contact.
#[derive(Debug)]
pub struct ScreenPop {
    /// The enquiry.
    pub enquiry: Enquiry,
    /// The contact that it was matched with, after plugins.
    pub contact: Option<Contact>,
    /// Contacts that it fits when it fits several.
    pub candidates: Vec<Contact>,
    /// The contact's newest changes.
    pub changes: Vec<ChangeEntry>,
    /// The contact's newest earlier enquiries.
    pub earlier: Vec<Enquiry>,
    /// What plugins changed in the contact.
    pub fields: Vec<ChangedField>,
    /// Whether a survey may follow, as things stand.
    pub survey: SurveyDecision,
    /// Plugins that failed and were passed over.
    pub notes: Vec<String>,
}

impl App {
    /// Opens an enquiry.
    ///
    /// # Errors
    /// Usage, when nothing says who it is from; rejected by a plugin.
    pub fn open_enquiry(
        &self,
        channel: Channel,
        from: Sender,
        subject: Option<String>,
        by: &Viewer,
    ) -> Result<ScreenPop, Failure> {
        let book = self.rule_book()?;
        let from = normalise(from, &book.rules)?;
        let mut found = self.match_sender(channel, &from)?;
        let contact = if found.len() == 1 { found.pop() } else { None };
        let enquiry = Enquiry {
            id: 0,
            channel,
            status: EnquiryStatus::Open,
            from,
            subject,
            contact: contact.as_ref().map(|contact| contact.id),
            opened_at: now(),
            attributes: BTreeMap::new(),
            survey: None,
        };
        self.run_enquiry(enquiry, contact, found, &book, by)
    }

    /// Gives an enquiry its next status. When it closes, the survey decision is made.
    ///
    /// # Errors
    /// Not found; conflict, when the status cannot follow; rejected by a plugin.
    pub fn update_enquiry(&self, id: i64, status: EnquiryStatus, by: &Viewer) -> Result<ScreenPop, Failure> {
        let mut enquiry = self.enquiry(id)?;
        if !enquiry.status.may_become(status) {
            let message = format!("enquiry {id} is {} and cannot become {status}", enquiry.status);
            return Err(
                Failure::new(Class::Conflict, "ENQUIRY_STATUS", message).hint("open → handling → closed, or missed")
            );
        }
        enquiry.status = status;
        let contact = enquiry
            .contact
            .map(|id| self.store()?.read(|reader| reader.contact(id)).map_err(Failure::from))
            .transpose()?
            .flatten();
        self.run_enquiry(enquiry, contact, Vec::new(), &self.rule_book()?, by)
    }

    /// Returns an enquiry.
    ///
    /// # Errors
    /// Not found.
    pub fn enquiry(&self, id: i64) -> Result<Enquiry, Failure> {
        let found = self.store()?.read(|reader| reader.enquiry(id))?;
        found.ok_or_else(|| {
            Failure::new(Class::NotFound, "ENQUIRY_UNKNOWN", format!("there is no enquiry {id}"))
                .hint("`carnet enquiry list` lists them")
        })
    }

    /// Returns the newest enquiries.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn enquiries(&self, limit: usize) -> Result<Vec<Enquiry>, Failure> {
        Ok(self.store()?.read(|reader| reader.enquiries(None, limit))?)
    }

    fn match_sender(&self, channel: Channel, from: &Sender) -> Result<Vec<Contact>, Failure> {
        let mut found: Vec<Contact> = Vec::new();
        let phone = from
            .phone
            .as_ref()
            .filter(|_| channel.identifies_by_phone())
            .map(|number| Identifier::Phone(number.clone()));
        let whatsapp = from
            .phone
            .as_ref()
            .filter(|_| channel == Channel::Whatsapp)
            .map(|number| Identifier::Whatsapp(number.clone()));
        let email = from
            .email
            .as_ref()
            .filter(|_| channel.identifies_by_email())
            .map(|address| Identifier::Email(address.clone()));
        self.store()?.read(|reader| {
            for identifier in [phone, whatsapp, email].into_iter().flatten() {
                for contact in reader.find(&identifier, 10)? {
                    if !found.iter().any(|known| known.id == contact.id) {
                        found.push(contact);
                    }
                }
            }
            Ok(())
        })?;
        Ok(found)
    }

    /// Asks the plugins, makes the survey decision where the enquiry closes, and writes all of it in one transaction.
    fn run_enquiry(
        &self,
        enquiry: Enquiry,
        contact: Option<Contact>,
        candidates: Vec<Contact>,
        book: &RuleBook,
        by: &Viewer,
    ) -> Result<ScreenPop, Failure> {
        let before = contact.map(Arc::new);
        let hand = self.enquiry_hand(enquiry, before.as_ref(), book)?;
        let (hand, opinion) = self.ask_enquiry(hand)?;
        refuse("the enquiry was refused", &opinion)?;
        let (mut enquiry, sheet, suppress) = hand.into_parts();
        let mut after = sheet.map(|sheet| sheet.into_draft().contact);
        let survey = match self.not_asked()?.into_iter().next() {
            // Whoever was not asked may have had a say in it.
            Some(absent) if suppress.is_none() => SurveyDecision::Suppress(format!("consent fails closed: {absent}")),
            _ => survey_decision(&enquiry, after.as_ref(), &candidates, suppress, &opinion),
        };
        if enquiry.status == EnquiryStatus::Closed {
            enquiry.survey = Some(survey.clone());
        }
        let fields = before
            .as_ref()
            .zip(after.as_ref())
            .map_or_else(Vec::new, |(before, after)| changed_fields(before, after, &opinion));
        let notes = passed_over(&opinion).into_iter().chain(self.not_asked()?).collect();
        self.write_enquiry(&mut enquiry, before.as_deref(), after.as_mut(), &fields, &opinion, by)?;
        let mut pop = ScreenPop {
            enquiry,
            contact: after,
            candidates,
            changes: Vec::new(),
            earlier: Vec::new(),
            fields,
            survey,
            notes,
        };
        self.add_activity(&mut pop)?;
        Ok(pop)
    }

    fn enquiry_hand(
        &self,
        enquiry: Enquiry,
        contact: Option<&Arc<Contact>>,
        book: &RuleBook,
    ) -> Result<EnquiryHand, Failure> {
        let surveys = match contact {
            Some(contact) => self.store()?.read(|reader| reader.surveys_sent(contact.id))?,
            None => Vec::new(),
        };
        let sheet = contact.map(|contact| Sheet::new(Draft::new((**contact).clone()), Arc::clone(&book.rules)));
        Ok(EnquiryHand::new(enquiry, sheet, surveys))
    }

    fn ask_enquiry(&self, hand: EnquiryHand) -> Result<(Box<EnquiryHand>, Opinion), Failure> {
        let mut chain = self.chain(self.generation()?)?;
        let mut opinion = Opinion::default();
        let mut hand = Box::new(hand);
        for phase in [Phase::Change, Phase::Check] {
            hand = opinion.ask(&mut chain, Hook::Enquiry, phase, hand);
        }
        Ok((hand, opinion))
    }

    fn write_enquiry(
        &self,
        enquiry: &mut Enquiry,
        before: Option<&Contact>,
        after: Option<&mut Contact>,
        fields: &[ChangedField],
        opinion: &Opinion,
        by: &Viewer,
    ) -> Result<(), Failure> {
        let at = now();
        let (id, rev) = self.store()?.write(|writer| {
            let rev = match (before, &after) {
                (Some(before), Some(after)) if !fields.is_empty() => {
                    let stamped = Contact { updated: Stamp { at, by: by.name().into() }, ..(**after).clone() };
                    let entry = NewChange {
                        at,
                        actor: Actor::Person(by.name().to_owned()),
                        action: Action::Updated,
                        fields: fields.to_vec(),
                        via: String::new(),
                    };
                    Some(writer.update(&Prepared::new(&stamped), before.rev, &entry)?)
                }
                _ => None,
            };
            write_state(writer, &opinion.state)?;
            if enquiry.id == 0 {
                return writer.insert_enquiry(enquiry).map(|id| (id, rev));
            }
            writer.update_enquiry(enquiry).map(|()| (enquiry.id, rev))
        })?;
        enquiry.id = id;
        if let (Some(after), Some(rev)) = (after, rev) {
            after.rev = rev;
        }
        self.state()?.apply(&opinion.state);
        Ok(())
    }

    fn add_activity(&self, pop: &mut ScreenPop) -> Result<(), Failure> {
        let Some(contact) = &pop.contact else { return Ok(()) };
        let (changes, earlier) = self.store()?.read(|reader| {
            Ok((
                reader.changes(contact.id, Some(RECENT_CHANGES))?,
                reader.enquiries(Some(contact.id), RECENT_ENQUIRIES + 1)?,
            ))
        })?;
        pop.changes = changes;
        pop.earlier =
            earlier.into_iter().filter(|earlier| earlier.id != pop.enquiry.id).take(RECENT_ENQUIRIES).collect();
        Ok(())
    }
}

/// Brings phone and e-mail into the form in which contacts are matched. What is no number or address (`anonymous`, a short code) is kept as
/// given: an enquiry is never lost to its sender's notation.
fn normalise(from: Sender, rules: &Rules) -> Result<Sender, Failure> {
    let number = |raw: String| {
        let parsed = parse_number(&raw, PhoneMode::Lenient, rules.default_country).ok();
        parsed.and_then(|parsed| parsed.e164).unwrap_or(raw)
    };
    let address = |raw: String| parse_email(&raw).map_or(raw, |parsed| parsed.address);
    let from = Sender { phone: from.phone.map(number), email: from.email.map(address), ..from };
    if [&from.phone, &from.email, &from.handle, &from.name].into_iter().all(Option::is_none) {
        return Err(Failure::new(Class::Usage, "ENQUIRY_FROM", "the enquiry comes from nobody")
            .hint("say who: `--from` with a phone number or an e-mail address, `--handle` or `--name`"));
    }
    Ok(from)
}

/// Consent fails closed: an opt-out, a plugin's wish, a plugin that failed when it was asked, a contact that is gone, and candidates of
/// whom one opted out, each suppress the survey.
fn survey_decision(
    enquiry: &Enquiry,
    contact: Option<&Contact>,
    candidates: &[Contact],
    suppress: Option<String>,
    opinion: &Opinion,
) -> SurveyDecision {
    let opted_out = |contact: &Contact| contact.survey_opt_out;
    let reason = if contact.is_some_and(opted_out) {
        Some("the contact opted out of surveys".to_owned())
    } else if suppress.is_some() {
        suppress
    } else if let Some(fault) = opinion.faults.first() {
        Some(format!("plugin `{}` failed, and consent fails closed: {}", fault.plugin.name, fault.fault.message))
    } else if enquiry.contact.is_some() && contact.is_none() {
        Some("the contact was deleted".to_owned())
    } else {
        candidates.iter().any(opted_out).then(|| "one of the contacts that match opted out of surveys".to_owned())
    };
    reason.map_or(SurveyDecision::Send, SurveyDecision::Suppress)
}
