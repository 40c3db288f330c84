//! Whether a survey may follow. Consent fails closed: an opt-out, a plugin's wish, a plugin that failed or could not be asked, a contact
//! that is gone, and somebody who may be meant and opted out, each suppress it.

use crate::app::decide::Opinion;
use crate::app::failure::Failure;
use crate::app::{App, now};
use crate::domain::contact::Contact;
use crate::domain::enquiry::{Channel, Enquiry, EnquiryStatus, Sender, SurveyDecision};
use crate::domain::id::ContactId;
use crate::domain::permission::{Right, Viewer};
use crate::plugin::hook::Hook;
use crate::registry::Mode;
use crate::store::ConsentEntry;

const OPTED_OUT: &str = "the contact opted out of surveys";

/// Whether a survey may be sent to a contact, and who has a say in it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SurveyCheck {
    /// The contact.
    pub contact: ContactId,
    /// What would be decided if a call closed now; a plugin may still decide otherwise about another enquiry.
    pub decision: SurveyDecision,
    /// Whether the contact opted out.
    pub opted_out: bool,
    /// What the consent ledger says last.
    pub ledger: Option<ConsentEntry>,
    /// The plugins that are asked when an enquiry closes.
    pub plugins: Vec<String>,
}

/// What is known when a decision is made.
pub(super) struct Known<'a> {
    pub(super) enquiry: &'a Enquiry,
    pub(super) contact: Option<&'a Contact>,
    /// Whether somebody whom the sender fits opted out, when nobody is linked.
    pub(super) one_opted_out: bool,
    /// What plugins wish.
    pub(super) suppress: Option<String>,
    pub(super) opinion: &'a Opinion,
    /// A plugin that could not be asked.
    pub(super) absent: Option<String>,
}

/// Makes the decision.
pub(super) fn decide(known: Known<'_>) -> SurveyDecision {
    let Known { enquiry, contact, one_opted_out, suppress, opinion, absent } = known;
    let failed = || {
        let fault = opinion.faults.first()?;
        Some(format!("plugin `{}` failed, and consent fails closed: {}", fault.plugin.name, fault.fault.message))
    };
    let opted_out = contact.is_some_and(|contact| contact.survey_opt_out).then(|| OPTED_OUT.to_owned());
    let gone = (enquiry.contact.is_some() && contact.is_none()).then(|| "the contact was deleted".to_owned());
    let perhaps = one_opted_out.then(|| "one of the contacts that match opted out of surveys".to_owned());
    let reason = opted_out.or(suppress).or_else(failed).or(absent.map(closed)).or(gone).or(perhaps);
    reason.map_or(SurveyDecision::Send, SurveyDecision::Suppress)
}

fn closed(absent: String) -> String {
    format!("consent fails closed: {absent}")
}

impl App {
    /// Says whether one of the contacts that a sender fits opted out. Only asked when the enquiry is linked with none of them.
    pub(super) fn one_opted_out(&self, enquiry: &Enquiry) -> Result<bool, Failure> {
        if enquiry.contact.is_some() {
            return Ok(false);
        }
        let all = self.match_sender(enquiry.channel, &enquiry.from)?.all();
        Ok(all.iter().any(|candidate| candidate.contact.survey_opt_out))
    }

    /// Returns the decision about an enquiry as things stand, without asking plugins again: once it is closed, what was decided then.
    pub(super) fn survey_so_far(
        &self,
        enquiry: &Enquiry,
        contact: Option<&Contact>,
    ) -> Result<SurveyDecision, Failure> {
        let earlier = enquiry.survey.clone();
        if enquiry.status == EnquiryStatus::Closed {
            return Ok(earlier.unwrap_or_else(|| SurveyDecision::Suppress("no decision was recorded".to_owned())));
        }
        let suppress = match earlier {
            Some(SurveyDecision::Suppress(reason)) => Some(reason),
            _ => None,
        };
        Ok(decide(Known {
            enquiry,
            contact,
            one_opted_out: self.one_opted_out(enquiry)?,
            suppress,
            opinion: &Opinion::default(),
            absent: self.absent_from_surveys()?,
        }))
    }

    /// Says whether a survey may be sent to a contact as it stands now.
    ///
    /// # Errors
    /// Not found.
    pub fn survey_check(&self, id: ContactId, by: &Viewer) -> Result<SurveyCheck, Failure> {
        let contact = self.contact_for(id, Right::View, by)?;
        let generation = self.generation()?;
        let has_a_say = generation
            .plugins
            .iter()
            .filter(|loaded| loaded.mode == Mode::Enforce && loaded.plugin.hooks().contains(Hook::Enquiry));
        let plugins = has_a_say.map(|loaded| loaded.identity().name.clone()).collect();
        let decision = self.if_a_call_closed(&contact, by)?;
        let ledger = self.store()?.read(|reader| reader.consents(contact.id))?.into_iter().next();
        Ok(SurveyCheck { contact: contact.id, decision, opted_out: contact.survey_opt_out, ledger, plugins })
    }

    /// Asks what would be decided if a call of the contact closed now. Nothing is written, and what plugins change is dropped.
    fn if_a_call_closed(&self, contact: &Contact, by: &Viewer) -> Result<SurveyDecision, Failure> {
        let at = now();
        let phone = contact.phones.iter().find_map(|phone| phone.e164.clone());
        let email = contact.emails.first().map(|mail| mail.address.clone());
        let from = Sender { phone, email, handle: None, name: Some(contact.display_name()) };
        let mut enquiry = Enquiry::new(Channel::Call, from, at);
        enquiry.contact = Some(contact.id);
        enquiry.take_on(EnquiryStatus::Closed, at);
        let book = self.rule_book()?;
        let hand = self.enquiry_hand(enquiry, Some(contact.clone()), &book)?;
        let (hand, opinion, _) = self.ask_enquiry(hand, &book, by)?;
        let refused = opinion.problems.first().filter(|_| opinion.refuses());
        let refused = refused.map(|told| format!("a plugin refuses the enquiry: {}", told.problem.message));
        let (enquiry, sheet, suppress) = hand.into_parts();
        let contact = sheet.map(|sheet| sheet.into_draft().contact);
        let absent = self.absent_from_surveys()?;
        let suppress = suppress.or(refused);
        Ok(decide(Known {
            enquiry: &enquiry,
            contact: contact.as_ref(),
            one_opted_out: false,
            suppress,
            opinion: &opinion,
            absent,
        }))
    }

    /// Returns why a plugin that may have a say cannot be asked, if there is one: it was refused, or it failed too often.
    pub(super) fn absent_from_surveys(&self) -> Result<Option<String>, Failure> {
        // What a refused package would have asked for is not known.
        if let Some(absent) = self.not_asked()?.into_iter().next() {
            return Ok(Some(absent));
        }
        let generation = self.generation()?;
        let tripped = generation.plugins.iter().find(|loaded| {
            loaded.mode == Mode::Enforce && loaded.plugin.hooks().contains(Hook::Enquiry) && loaded.breaker.is_tripped()
        });
        Ok(tripped.map(|loaded| format!("plugin `{}` failed too often and is not asked", loaded.identity().name)))
    }
}
