//! Who an enquiry is from: what identifies the sender on its channel, and who else it could be. Each look-up asks an index; nothing is
//! scanned. Linking is decided here, for everybody alike; who may see what is found is decided in `view`.

use crate::app::App;
use crate::app::failure::Failure;
use crate::config::DuplicatesOnEnquiry;
use crate::domain::contact::Contact;
use crate::domain::email::parse_email;
use crate::domain::enquiry::{Channel, Enquiry, Sender};
use crate::domain::id::ContactId;
use crate::domain::permission::{Right, Viewer};
use crate::store::{Identifier, Reader, StoreError};

/// Most contacts looked at for one identifier.
const MOST: usize = 10;

/// Most identifiers of a contact by which others are looked for, of each kind.
const MOST_IDENTIFIERS: usize = 5;

/// Somebody whom an enquiry could be from.
#[derive(Clone, PartialEq, Debug)]
pub struct Candidate {
    /// The contact.
    pub contact: Contact,
    /// How alike, 0–100, where that was weighed; what is identical needs no weighing.
    pub score: Option<u8>,
    /// Why: `same phone +85212345678`.
    pub reasons: Vec<String>,
}

/// Whom a sender fits.
#[derive(Default, Debug)]
pub(super) struct Matches {
    /// By what identifies people on the channel.
    by_channel: Vec<Candidate>,
    /// By whatever else the sender told.
    by_others: Vec<Candidate>,
}

impl Matches {
    /// Returns the one contact with which the enquiry is linked, if there is one.
    pub(super) fn linked(&self, policy: DuplicatesOnEnquiry) -> Option<&Contact> {
        if let [only] = &self.by_channel[..] {
            return Some(&only.contact);
        }
        if policy != DuplicatesOnEnquiry::Link {
            return None;
        }
        let fits = |one: &&Candidate| {
            self.by_channel.is_empty() || self.by_channel.iter().any(|known| known.contact.id == one.contact.id)
        };
        let mut fitting = self.by_others.iter().filter(fits);
        let first = fitting.next()?;
        fitting.next().is_none().then_some(&first.contact)
    }

    /// Returns everybody whom the sender fits, each once.
    pub(super) fn all(self) -> Vec<Candidate> {
        let mut all = self.by_channel;
        all_into(&mut all, self.by_others);
        all
    }
}

impl App {
    /// Looks for the sender of an enquiry among all contacts.
    pub(super) fn match_sender(&self, channel: Channel, from: &Sender) -> Result<Matches, Failure> {
        Ok(self.store()?.read(|reader| {
            let mut matches = Matches::default();
            for (identifier, identifies) in identifiers(channel, from) {
                let list = if identifies { &mut matches.by_channel } else { &mut matches.by_others };
                find(reader, &identifier, list)?;
            }
            Ok(matches)
        })?)
    }

    /// Returns who else an enquiry could be from, as the setting says: everybody who fits, and beside a linked contact those who share
    /// something with it. Nobody whom the viewer may not see, and of a linked contact that is `hidden` from them not even its likes.
    pub(super) fn candidates(
        &self,
        enquiry: &Enquiry,
        contact: Option<&Contact>,
        hidden: Option<ContactId>,
        by: &Viewer,
    ) -> Result<Vec<Candidate>, Failure> {
        let linked = contact.map(|contact| contact.id).or(hidden);
        match self.settings().duplicates_on_enquiry {
            DuplicatesOnEnquiry::Off => return Ok(Vec::new()),
            DuplicatesOnEnquiry::Link if linked.is_some() => return Ok(Vec::new()),
            _ => {}
        }
        let mut found = self.match_sender(enquiry.channel, &enquiry.from)?.all();
        if let Some(contact) = contact {
            all_into(&mut found, self.sharing(contact)?);
        }
        let fits = |candidate: &Candidate| {
            Some(candidate.contact.id) != linked && self.may(by, Right::View, &candidate.contact)
        };
        found.retain(fits);
        found.truncate(MOST);
        Ok(found)
    }

    /// Returns the contacts that have a number, address or WhatsApp handle of a contact.
    fn sharing(&self, contact: &Contact) -> Result<Vec<Candidate>, Failure> {
        let phones = contact.phones.iter().filter_map(|phone| phone.e164.clone().map(Identifier::Phone));
        let emails = contact.emails.iter().map(|mail| Identifier::Email(mail.address.clone()));
        let handles = contact.socials.iter().filter(|social| social.channel.identifies());
        let handles = handles.map(|social| Identifier::Whatsapp(social.handle.clone()));
        let identifiers =
            phones.take(MOST_IDENTIFIERS).chain(emails.take(MOST_IDENTIFIERS)).chain(handles.take(MOST_IDENTIFIERS));
        Ok(self.store()?.read(|reader| {
            let mut found = Vec::new();
            for identifier in identifiers {
                find(reader, &identifier, &mut found)?;
            }
            Ok(found)
        })?)
    }
}

/// What is known of a sender, and whether it identifies people on the channel.
fn identifiers(channel: Channel, from: &Sender) -> Vec<(Identifier, bool)> {
    // What is no number (`anonymous`, `1000`) never matches one that happens to have its digits.
    let number = |text: &Option<String>| text.clone().filter(|text| text.starts_with('+'));
    let (phone, by_phone) = (number(&from.phone), channel.identifies_by_phone());
    let email = from.email.clone().filter(|address| parse_email(address).is_ok());
    let mut all = Vec::new();
    if channel.identifies_by_handle() {
        let numbers = [number(&from.handle), phone.clone()].into_iter().flatten();
        all.extend(numbers.clone().map(|number| (Identifier::Whatsapp(number), true)));
        all.extend(number(&from.handle).map(|number| (Identifier::Phone(number), true)));
        let handle = from.handle.clone().filter(|handle| !handle.starts_with('+'));
        all.extend(handle.map(|handle| (Identifier::Whatsapp(handle), true)));
    }
    all.extend(phone.map(|number| (Identifier::Phone(number), by_phone)));
    all.extend(email.map(|address| (Identifier::Email(address), channel.identifies_by_email())));
    all
}

fn find(reader: &Reader<'_>, identifier: &Identifier, into: &mut Vec<Candidate>) -> Result<(), StoreError> {
    let reason = match identifier {
        Identifier::Phone(number) => format!("same phone {number}"),
        Identifier::Email(address) => format!("same e-mail {address}"),
        Identifier::Whatsapp(handle) => format!("same WhatsApp {handle}"),
        Identifier::ExternalId { id, .. } => format!("same external id {id}"),
    };
    let found = reader.find(identifier, MOST)?;
    let one = |contact| Candidate { contact, score: None, reasons: vec![reason.clone()] };
    all_into(into, found.into_iter().map(one).collect());
    Ok(())
}

/// Adds candidates, each contact once with all its reasons.
fn all_into(into: &mut Vec<Candidate>, more: Vec<Candidate>) {
    for candidate in more {
        match into.iter_mut().find(|known| known.contact.id == candidate.contact.id) {
            Some(known) => {
                known.score = known.score.max(candidate.score);
                let new = candidate.reasons.into_iter().filter(|reason| !known.reasons.contains(reason));
                let new: Vec<String> = new.collect();
                known.reasons.extend(new);
            }
            None => into.push(candidate),
        }
    }
}
