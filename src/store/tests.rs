//! Tests of the store as its callers see it, by what they are about. Small pure parts are tested beside their code.

mod batches;
pub(super) mod contacts;
mod enquiries;
mod facets;
mod faults;
mod filtering;
mod gathering;
mod job_undo;
mod jobs;
mod labels;
mod merging;
mod notes;
mod paging;
mod plugins;
mod privacy;
mod records;
mod restore;
mod searching;
mod sharing;
mod volumes;

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::*;
use crate::domain::contact::{Contact, Email, EmailKind, Phone, PhoneKind, Stamp};
use crate::domain::id::ContactId;
use crate::domain::label::LabelName;

fn time(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000 + seconds, 123_456_789).unwrap()
}

fn id(number: u8) -> ContactId {
    ContactId::from_bytes([1, 2, 3, 4, 5, 6, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, number])
}

/// A contact with an id and a last name, unless it is empty.
fn contact(number: u8, last_name: &str) -> Contact {
    let mut contact = Contact::new(id(number), Stamp { at: time(0), by: Arc::from("cli") });
    contact.last_name = (!last_name.is_empty()).then(|| last_name.to_owned());
    contact
}

fn label(name: &str) -> LabelName {
    LabelName::parse(name).unwrap()
}

fn phone(e164: &str) -> Phone {
    Phone {
        kind: PhoneKind::Mobile,
        raw: e164.to_owned(),
        e164: Some(e164.to_owned()),
        extension: None,
        sms: true,
        verified: false,
    }
}

fn email(address: &str) -> Email {
    Email { kind: EmailKind::Work, address: address.to_owned(), verified: false }
}

fn change(action: Action, seconds: i64) -> NewChange {
    NewChange {
        at: time(seconds),
        actor: Actor::Person("cli".to_owned()),
        action,
        fields: Vec::new(),
        via: String::new(),
    }
}

fn insert(store: &Store, contact: &Contact) {
    store.write(|writer| writer.insert(&Prepared::new(contact), &change(Action::Created, 0))).unwrap();
}

fn update(store: &Store, contact: &Contact) -> Result<u64, StoreError> {
    store.write(|writer| writer.update(&Prepared::new(contact), contact.rev, &change(Action::Updated, 1)))
}

fn load(store: &Store, number: u8) -> Option<Contact> {
    store.read(|reader| reader.contact(id(number))).unwrap()
}

fn find(store: &Store, identifier: Identifier) -> Vec<ContactId> {
    store.read(|reader| reader.find(&identifier, 10)).unwrap().into_iter().map(|contact| contact.id).collect()
}

/// Last names of what a query finds, oldest first, which both ways of asking must agree on.
fn found(store: &Store, query: &Query) -> Vec<String> {
    let page = store.read(|reader| reader.search(query)).unwrap();
    assert_eq!(page.total, page.contacts.len() as u64, "{query:?}");
    let mut all = Vec::new();
    let mut keep = |contact| {
        all.push(contact);
        std::ops::ControlFlow::Continue(())
    };
    store.read(|reader| reader.for_each(query, &mut keep)).unwrap();
    assert!(all.iter().eq(page.contacts.iter().rev()), "{query:?}");
    all.into_iter().map(|contact| contact.last_name.unwrap_or_default()).collect()
}
