//! Contacts that may be one person: for one contact by looking up what identifies it, for the whole book in `book`. Only pairs that the
//! viewer sees are told; nothing is written.

pub mod book;

use std::collections::HashSet;

use super::App;
use super::failure::Failure;
use crate::domain::contact::Contact;
use crate::domain::duplicate::keys::{Key, KeyKind};
use crate::domain::duplicate::{COMMON, Likeness, Traits, compare, keys};
use crate::domain::permission::{Right, Viewer};
use crate::store::{Identifier, Query, Reader, SearchFields, StoreError};
use book::Crowd;

/// A contact that may be the same person as another.
#[derive(Clone, PartialEq, Debug)]
pub struct Candidate {
    /// The contact.
    pub contact: Contact,
    /// How likely, and why.
    pub likeness: Likeness,
}

/// What was found for one contact.
#[derive(Clone, PartialEq, Default, Debug)]
pub struct Candidates {
    /// The best ones.
    pub best: Vec<Candidate>,
    /// How many there are in all.
    pub total: usize,
    /// How many contacts were looked at.
    pub compared: usize,
    /// Groups that share something with it and are too big to be compared with each.
    pub skipped: Vec<Crowd>,
}

/// Contacts that a search for a name looks at.
const NAMESAKES: usize = 20;
/// Contacts that a search for a part of a name looks at.
const SIMILAR: usize = 100;
/// Contacts that are counted at most, to tell how many share an identifier.
const COUNTED: usize = 10_000;
/// Where names are looked for.
const NAMES: SearchFields = SearchFields { name: true, email: false, phone: false, company: false, external_id: false };

impl App {
    /// Returns the contacts that may be the same person as one, best first, with a look at names that are only similar, and with the groups
    /// that are too big to be compared.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn duplicates_of_thoroughly(
        &self,
        contact: &Contact,
        by: &Viewer,
        min: u8,
        limit: usize,
    ) -> Result<Candidates, Failure> {
        let mut searches = full_name(contact);
        keys::each(contact, &mut |kind, text| {
            if kind == KeyKind::NamePart && !searches.iter().any(|known| known == text) {
                searches.push(text.to_owned());
            }
        });
        let found = self.weighed(contact, &searches, by, min, limit)?;
        Ok(Candidates { skipped: self.crowds(contact, by)?, ..found })
    }

    /// The groups that share an identifier with a contact and are too big to be compared, the biggest first.
    fn crowds(&self, contact: &Contact, by: &Viewer) -> Result<Vec<Crowd>, Failure> {
        let (query, access) = (self.query(by), self.settings().access);
        let (mut crowds, mut name) = (Vec::new(), None);
        keys::each(contact, &mut |kind, text| {
            if kind == KeyKind::Name && name.is_none() {
                name = Some(text.to_owned());
            }
        });
        self.store()?.read(|reader| {
            for (identifier, key) in identifiers(contact) {
                let (kind, value) = (key.kind(), identifier_text(&identifier));
                if crowds.iter().any(|known: &Crowd| (known.kind, &known.value) == (kind, &value)) {
                    continue;
                }
                let sharing = reader.find(&identifier, COUNTED)?;
                let contacts = sharing.iter().filter(|other| by.may(Right::View, other, access)).count();
                if contacts > COMMON {
                    crowds.push(Crowd { kind, value, contacts });
                }
            }
            if let (Some(words), Some(value)) = (full_name(contact).pop(), name) {
                let total = reader.search(&Query { words, within: NAMES, limit: 1, ..query.clone() })?.total;
                if total > COMMON as u64 {
                    let contacts = usize::try_from(total).unwrap_or(usize::MAX);
                    crowds.push(Crowd { kind: KeyKind::Name, value, contacts });
                }
            }
            Ok(())
        })?;
        crowds.sort_by_key(|crowd| std::cmp::Reverse(crowd.contacts));
        Ok(crowds)
    }

    fn weighed(
        &self,
        contact: &Contact,
        searches: &[String],
        by: &Viewer,
        min: u8,
        limit: usize,
    ) -> Result<Candidates, Failure> {
        let query = self.query(by);
        let (found, common) = self.store()?.read(|reader| gather(reader, contact, searches, &query))?;
        let traits = Traits::of(contact);
        let mut others = found;
        others.retain(|other| other.id != contact.id && by.may(Right::View, other, self.settings().access));
        let compared = others.len();
        let mut candidates: Vec<Candidate> = others
            .into_iter()
            .map(|other| {
                let likeness = compare(&traits, &Traits::of(&other), &|key| common.contains(&key));
                Candidate { contact: other, likeness }
            })
            .filter(|candidate| candidate.likeness.score >= min)
            .collect();
        candidates.sort_by(|a, b| {
            b.likeness.score.cmp(&a.likeness.score).then_with(|| a.contact.id.as_bytes().cmp(b.contact.id.as_bytes()))
        });
        let total = candidates.len();
        candidates.truncate(limit);
        Ok(Candidates { best: candidates, total, compared, skipped: Vec::new() })
    }
}

/// The name as it is searched; nothing when there is too little of it.
fn full_name(contact: &Contact) -> Vec<String> {
    let mut has_key = false;
    keys::each(contact, &mut |kind, _| has_key |= kind == KeyKind::Name);
    let last = contact.last_name.as_deref().filter(|_| !contact.last_name_is_placeholder);
    let words: Vec<&str> = [last, contact.first_name.as_deref()].into_iter().flatten().collect();
    if has_key && !words.is_empty() { vec![words.join(" ")] } else { Vec::new() }
}

/// Contacts with something in common, and the keys that too many share.
fn gather(
    reader: &Reader<'_>,
    contact: &Contact,
    searches: &[String],
    query: &Query,
) -> Result<(Vec<Contact>, HashSet<Key>), StoreError> {
    let (mut found, mut common): (Vec<Contact>, _) = (Vec::new(), HashSet::new());
    let mut take = |contacts: Vec<Contact>| {
        for contact in contacts {
            if !found.iter().any(|known| known.id == contact.id) {
                found.push(contact);
            }
        }
    };
    for (identifier, key) in identifiers(contact) {
        let contacts = reader.find(&identifier, COMMON + 1)?;
        if contacts.len() > COMMON {
            common.insert(key);
        }
        take(contacts);
    }
    for (at, words) in searches.iter().enumerate() {
        let limit = if at == 0 { NAMESAKES } else { SIMILAR };
        let query = Query { words: words.clone(), within: NAMES, limit, ..query.clone() };
        let page = reader.search(&query)?;
        if at == 0 && page.total > COMMON as u64 {
            keys::each(contact, &mut |kind, text| {
                if kind == KeyKind::Name {
                    common.insert(Key::new(kind, text));
                }
            });
        }
        take(page.contacts);
    }
    Ok((found, common))
}

/// An identifier for people.
fn identifier_text(identifier: &Identifier) -> String {
    match identifier {
        Identifier::Email(text) | Identifier::Phone(text) | Identifier::Whatsapp(text) => text.clone(),
        Identifier::ExternalId { source, id } => format!("{source}:{id}"),
    }
}

/// What identifies a contact, each with its key. A WhatsApp number is a phone number, and the other way round.
fn identifiers(contact: &Contact) -> Vec<(Identifier, Key)> {
    let mut all: Vec<(Identifier, Key)> = Vec::new();
    let mut push = |identifier: Identifier, key: Key| {
        if !all.iter().any(|(known, _)| *known == identifier) {
            all.push((identifier, key));
        }
    };
    keys::each(contact, &mut |kind, text| match kind {
        KeyKind::Email => push(Identifier::Email(text.to_owned()), Key::new(kind, text)),
        KeyKind::Phone => {
            push(Identifier::Phone(text.to_owned()), Key::new(kind, text));
            push(Identifier::Whatsapp(text.to_owned()), Key::new(kind, text));
        }
        KeyKind::ExternalId => {
            let (source, id) = text.split_once('\u{1f}').unwrap_or(("", text));
            let (source, id) = (source.to_owned(), id.to_owned());
            push(Identifier::ExternalId { source, id }, Key::new(kind, text));
        }
        KeyKind::Name | KeyKind::NamePart => {}
    });
    all
}
