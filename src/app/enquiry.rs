//! Enquiries: somebody calls, writes or chats. The contact is found, `on_enquiry` runs, and the agent gets one answer with everything.
//! Finding is `matching`'s, who may know and do what `guard`'s, asking and writing `write`'s, the survey `survey`'s, the answer `view`'s.

mod edit;
mod guard;
mod matching;
mod survey;
#[cfg(test)]
mod tests;
mod view;
mod write;

pub use matching::Candidate;
pub use survey::SurveyCheck;
pub use view::{Activity, Permissions, ScreenPop};

use super::failure::{Class, Failure};
use super::{App, now};
use crate::domain::contact::Contact;
use crate::domain::email::parse_email;
use crate::domain::enquiry::{Channel, Enquiry, EnquiryStatus, Sender, Visit, check_transcript, line};
use crate::domain::id::ContactId;
use crate::domain::name::Name;
use crate::domain::permission::{Right, Viewer};
use crate::domain::phone::{PhoneMode, parse_number};
use crate::domain::rules::Rules;

use write::{Step, patiently};

/// What is told of an enquiry when it opens.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Opening {
    /// How it came.
    pub channel: Channel,
    /// Who it is from.
    pub from: Sender,
    /// What it is about.
    pub subject: Option<String>,
    /// The device from which it came.
    pub device: Option<String>,
    /// Pages visited before: `URL` or `URL TITLE`.
    pub visits: Vec<String>,
}

/// What becomes of an enquiry.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Progress {
    /// Its next status.
    pub status: Option<EnquiryStatus>,
    /// Who handles it: a staff member's name, e-mail address or number.
    pub staff: Option<String>,
    /// What it is about; blank takes it away.
    pub subject: Option<String>,
    /// What was said or written; empty takes it away.
    pub transcript: Option<String>,
    /// The device from which it comes.
    pub device: Option<String>,
    /// Pages visited meanwhile: `URL` or `URL TITLE`.
    pub visits: Vec<String>,
    /// The contact with which it is linked by hand.
    pub contact: Option<ContactId>,
}

/// Which enquiries are listed.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct EnquiryFilter {
    /// Only in this status.
    pub status: Option<EnquiryStatus>,
    /// Only of this contact.
    pub contact: Option<ContactId>,
    /// Only older ones than this number.
    pub after: Option<i64>,
    /// How many at most.
    pub limit: usize,
}

/// One page of enquiries, newest first.
#[derive(Clone, PartialEq, Debug)]
pub struct EnquiryPage {
    /// How many there are on all pages.
    pub total: u64,
    /// Those of this page.
    pub enquiries: Vec<Enquiry>,
    /// After which number the next page goes on, if there is one.
    pub next: Option<i64>,
}

impl App {
    /// Opens an enquiry.
    ///
    /// # Errors
    /// Usage, when nothing says who it is from, or what is told cannot be; rejected by a plugin.
    pub fn open_enquiry(&self, opening: &Opening, by: &Viewer) -> Result<ScreenPop, Failure> {
        let at = now();
        let book = self.rule_book()?;
        let from = normalise(opening.channel, opening.from.clone(), &book.rules)?;
        let visits = visits(&opening.visits)?;
        let mut enquiry = Enquiry::new(opening.channel, from, at);
        enquiry.subject = line("subject", opening.subject.clone())?;
        enquiry.device = line("device", opening.device.clone())?;
        patiently(|| {
            let matches = self.match_sender(enquiry.channel, &enquiry.from)?;
            let contact = matches.linked(self.settings().duplicates_on_enquiry).cloned();
            let enquiry = Enquiry { contact: contact.as_ref().map(|contact| contact.id), ..enquiry.clone() };
            let step = Step { visits: visits.clone(), asks: true, device_seen: true, ..Step::new(enquiry, contact) };
            self.take_step(step, &book, by)
        })
    }

    /// Gives an enquiry its next status, or tells more of it. When it closes, the survey decision is made.
    ///
    /// # Errors
    /// Not found; usage, when nothing is told; forbidden, when somebody else handles it; conflict, when the status cannot follow or somebody changed the enquiry meanwhile;
    /// rejected by a plugin.
    pub fn update_enquiry(&self, id: i64, progress: &Progress, by: &Viewer) -> Result<ScreenPop, Failure> {
        if *progress == Progress::default() {
            return Err(Failure::new(Class::Usage, "NOTHING_TO_DO", format!("nothing is said about enquiry {id}"))
                .hint(
                    "give `--status`, `--staff`, `--subject`, `--transcript`, `--device`, `--visit` or `--contact`",
                ));
        }
        if let Some(transcript) = &progress.transcript {
            check_transcript(transcript)?;
        }
        let visits = visits(&progress.visits)?;
        let book = self.rule_book()?;
        patiently(|| {
            let enquiry = self.enquiry(id)?;
            self.require_turn(&enquiry, by)?;
            let step = Step { visits: visits.clone(), ..self.next_step(enquiry, progress, by)? };
            self.take_step(step, &book, by)
        })
    }

    fn next_step(&self, mut enquiry: Enquiry, progress: &Progress, by: &Viewer) -> Result<Step, Failure> {
        if let Some(status) = progress.status {
            change_status(&mut enquiry, status)?;
            let handler = by.member().filter(|_| status == EnquiryStatus::Handling);
            enquiry.staff = handler.map(|member| member.name.clone()).or(enquiry.staff);
        }
        if let Some(staff) = &progress.staff {
            enquiry.staff = self.staff_name(staff)?;
        }
        if progress.subject.is_some() {
            enquiry.subject = line("subject", progress.subject.clone())?;
        }
        let device = line("device", progress.device.clone())?;
        let device_seen = device.is_some() || progress.contact.is_some();
        enquiry.device = device.or(enquiry.device);
        let contact = match progress.contact {
            Some(contact) => Some(self.link(&mut enquiry, contact, by)?),
            None => self.contact_of(&enquiry)?,
        };
        Ok(Step {
            transcript: progress.transcript.clone(),
            asks: progress.status.is_some(),
            device_seen: device_seen && enquiry.closed_at.is_none(),
            linked_by_hand: progress.contact.is_some(),
            ..Step::new(enquiry, contact)
        })
    }

    /// Links an enquiry with a contact by hand. Whoever does must be allowed to edit it, and the one that it is taken from.
    fn link(&self, enquiry: &mut Enquiry, contact: ContactId, by: &Viewer) -> Result<Contact, Failure> {
        let contact = self.contact_for(contact, Right::Edit, by)?;
        if let Some(old) = self.contact_behind(enquiry)?.filter(|old| old.id != contact.id) {
            self.require_hidden(enquiry.id, Right::Edit, &old, by)?;
        }
        (enquiry.contact, enquiry.contact_name) = (Some(contact.id), None);
        Ok(contact)
    }

    fn staff_name(&self, staff: &str) -> Result<Option<Name>, Failure> {
        Ok(self.viewer(Some(staff))?.member().map(|member| member.name.clone()))
    }

    /// Returns an enquiry with everything that the agent should know, and what was said in it if that is theirs to know.
    ///
    /// # Errors
    /// Not found.
    pub fn show_enquiry(&self, id: i64, by: &Viewer) -> Result<ScreenPop, Failure> {
        let enquiry = self.enquiry(id)?;
        let contact = self.contact_of(&enquiry)?;
        let survey = self.survey_so_far(&enquiry, contact.as_ref())?;
        let tells = self.insight(&enquiry, by)?.tells();
        let transcript = if tells { self.store()?.read(|reader| reader.transcript(id))? } else { None };
        Ok(ScreenPop { transcript, ..self.screen_pop(enquiry, contact, survey, by)? })
    }

    /// Returns an enquiry as it is stored.
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

    /// Returns the newest enquiries, each with its contact's name if the viewer may know it.
    ///
    /// # Errors
    /// Not found, when a contact is named that the viewer does not see.
    pub fn enquiries(&self, filter: EnquiryFilter, by: &Viewer) -> Result<EnquiryPage, Failure> {
        let EnquiryFilter { status, contact, after, limit } = filter;
        let contact = contact.map(|id| self.contact_for(id, Right::View, by)).transpose()?.map(|contact| contact.id);
        let (total, next, found, contacts) = self.store()?.read(|reader| {
            let mut found = reader.enquiries_after(contact, status, after, limit.saturating_add(1))?;
            let more = found.len() > limit;
            found.truncate(limit);
            let next = found.last().filter(|_| more).map(|last| last.id);
            let total = reader.count_enquiries(contact, status)?;
            let one = |enquiry: &Enquiry| enquiry.contact.map_or(Ok(None), |id| guard::behind(reader, id));
            let contacts = found.iter().map(one).collect::<Result<Vec<_>, _>>()?;
            Ok((total, next, found, contacts))
        })?;
        let told = found.into_iter().zip(contacts).map(|(enquiry, contact)| {
            let insight = self.insight_by(&enquiry, contact.as_ref(), by);
            view::told(enquiry, contact.as_ref(), insight)
        });
        Ok(EnquiryPage { total, enquiries: told.collect(), next })
    }

    fn contact_of(&self, enquiry: &Enquiry) -> Result<Option<Contact>, Failure> {
        let Some(id) = enquiry.contact else { return Ok(None) };
        Ok(self.store()?.read(|reader| reader.contact(id))?)
    }

    fn may(&self, by: &Viewer, right: Right, contact: &Contact) -> bool {
        by.may(right, contact, self.settings().access)
    }
}

fn change_status(enquiry: &mut Enquiry, status: EnquiryStatus) -> Result<(), Failure> {
    if !enquiry.status.may_become(status) {
        let message = format!("enquiry {} is {} and cannot become {status}", enquiry.id, enquiry.status);
        let may_follow = EnquiryStatus::ALL.iter().filter(|next| enquiry.status.may_become(**next));
        let may_follow: Vec<&str> = may_follow.map(|next| next.as_str()).collect();
        let hint = match &may_follow[..] {
            [] => format!("nothing follows {}: open a new enquiry", enquiry.status),
            words => format!("{} may become {}", enquiry.status, words.join(" or ")),
        };
        return Err(Failure::new(Class::Conflict, "ENQUIRY_STATUS", message).hint(hint));
    }
    enquiry.take_on(status, now());
    Ok(())
}

fn visits(given: &[String]) -> Result<Vec<Visit>, Failure> {
    let at = now();
    Ok(given.iter().map(|text| Visit::parse(text, at)).collect::<Result<_, _>>()?)
}

/// Brings phone and e-mail into the form in which contacts are matched. What is no number or address (`anonymous`, a short code) is kept as
/// given: an enquiry is never lost to its sender's notation.
fn normalise(channel: Channel, from: Sender, rules: &Rules) -> Result<Sender, Failure> {
    let number = |raw: String| e164(&raw, rules).unwrap_or(raw);
    let address = |raw: String| parse_email(&raw).map_or(raw, |parsed| parsed.address);
    let from = from.checked()?;
    let from = Sender {
        phone: from.phone.map(number),
        email: from.email.map(address),
        handle: if channel.identifies_by_handle() { from.handle.map(number) } else { from.handle },
        name: from.name,
    };
    if from.is_nobody() {
        return Err(Failure::new(Class::Usage, "ENQUIRY_FROM", "the enquiry comes from nobody")
            .hint("say who: `--from` with a phone number or an e-mail address, `--handle` or `--name`"));
    }
    Ok(from)
}

/// The number that is meant, if it is one.
pub(super) fn e164(raw: &str, rules: &Rules) -> Option<String> {
    parse_number(raw, PhoneMode::Lenient, rules.default_country).ok()?.e164
}
