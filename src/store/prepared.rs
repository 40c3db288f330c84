//! A contact made ready to be written, on any thread: document, identifiers, labels, facets and words. The writer only binds and steps.

use crate::domain::contact::{Contact, ContactType, Phone, Social};
use crate::domain::id::ContactId;
use crate::domain::label::LabelName;
use crate::domain::text::{clean, digit_value};

use super::document;
use super::facets::{self, Facet};
use super::naming::NamedByContact;
use super::query::SearchFields;
use super::types::Identifier;
use super::words::{Tokens, is_dense};

/// Kinds of identifiers, as they stand in the table.
pub(super) mod kind {
    /// E.164 without `+`.
    pub(in crate::store) const PHONE: u8 = 1;
    /// E-mail address in lower case.
    pub(in crate::store) const EMAIL: u8 = 2;
    /// Source, U+001F, id.
    pub(in crate::store) const EXTERNAL: u8 = 3;
    /// WhatsApp handle, without `+`.
    pub(in crate::store) const WHATSAPP: u8 = 4;
    /// Digits of a number without E.164; searched, never matched.
    pub(in crate::store) const DIGITS: u8 = 5;
}

/// A contact encoded for the store.
#[derive(Clone, Debug)]
pub struct Prepared {
    pub(super) id: ContactId,
    pub(super) kind: ContactType,
    pub(super) document: String,
    pub(super) words: String,
    /// Kind and value; no two equal.
    pub(super) identifiers: Vec<(u8, String)>,
    pub(super) labels: Vec<LabelName>,
    pub(super) named: NamedByContact,
    /// Facet and value; no two equal.
    pub(super) facets: Vec<Facet>,
    /// When it was changed, in nanoseconds; nothing while it is as it was created.
    pub(super) updated: Option<i64>,
    /// Whether no surveys may be sent.
    pub(super) opt_out: bool,
}

impl Prepared {
    /// Encodes a contact. Its revision is not looked at: the store counts.
    #[must_use]
    pub fn new(contact: &Contact) -> Self {
        Self {
            id: contact.id,
            kind: contact.kind,
            document: document::encode(contact),
            words: words(contact),
            identifiers: identifiers(contact),
            labels: contact.labels.clone(),
            named: NamedByContact::of(contact),
            facets: facets::of(contact),
            updated: facets::updated(contact),
            opt_out: contact.survey_opt_out,
        }
    }

    /// Returns the contact's id.
    #[must_use]
    pub const fn id(&self) -> ContactId {
        self.id
    }
}

/// The words by which the contact is found.
pub(super) fn words(contact: &Contact) -> String {
    words_within(contact, SearchFields::default())
}

/// The words by which the contact is found in some fields.
pub(super) fn words_within(contact: &Contact, within: SearchFields) -> String {
    let mut tokens = Tokens::default();
    if within.name {
        add_names(&mut tokens, contact);
    }
    if within.company {
        contact.company.iter().for_each(|name| tokens.add(name));
    }
    if within.email {
        contact.emails.iter().for_each(|email| tokens.add(&email.address));
    }
    tokens.into_text()
}

fn add_names(tokens: &mut Tokens, contact: &Contact) {
    let last = contact.last_name.as_deref().filter(|_| !contact.last_name_is_placeholder);
    match (contact.first_name.as_deref(), last) {
        // People type such names in one go, family name first.
        (Some(first), Some(last)) if [first, last].iter().all(|name| name.chars().all(is_dense)) => {
            tokens.add(&[last, first].concat());
        }
        names => [names.0, names.1].into_iter().flatten().for_each(|name| tokens.add(name)),
    }
    contact.other_first_names.iter().chain(&contact.other_last_names).for_each(|name| tokens.add(name));
}

/// What identifies the contact, each once.
pub(super) fn identifiers(contact: &Contact) -> Vec<(u8, String)> {
    let mut all: Vec<(u8, String)> = contact.phones.iter().filter_map(of_phone).collect();
    all.extend(contact.emails.iter().map(|email| (kind::EMAIL, email_key(&email.address))));
    all.extend(contact.socials.iter().filter_map(of_social));
    all.extend(contact.external_ids.iter().map(|it| (kind::EXTERNAL, external_key(&it.source, &it.id))));
    all.sort_unstable();
    all.dedup();
    all
}

fn of_phone(phone: &Phone) -> Option<(u8, String)> {
    if let Some(e164) = &phone.e164 {
        return Some((kind::PHONE, phone_key(e164)));
    }
    let digits: String = phone.raw.chars().filter_map(digit_value).map(|value| char::from(b'0' + value)).collect();
    (!digits.is_empty()).then_some((kind::DIGITS, digits))
}

fn of_social(social: &Social) -> Option<(u8, String)> {
    social.channel.identifies().then(|| (kind::WHATSAPP, handle_key(&social.handle)))
}

/// The kind and value under which an identifier stands in the table.
pub(super) fn key(identifier: &Identifier) -> (u8, String) {
    match identifier {
        Identifier::Phone(e164) => (kind::PHONE, phone_key(e164)),
        Identifier::Email(address) => (kind::EMAIL, email_key(address)),
        Identifier::ExternalId { source, id } => (kind::EXTERNAL, external_key(source, id)),
        Identifier::Whatsapp(handle) => (kind::WHATSAPP, handle_key(handle)),
    }
}

fn phone_key(e164: &str) -> String {
    e164.trim().trim_start_matches('+').to_owned()
}

fn email_key(address: &str) -> String {
    if address.is_ascii() {
        return address.trim().to_ascii_lowercase();
    }
    clean(&address.to_lowercase()).into_owned()
}

fn handle_key(handle: &str) -> String {
    phone_key(handle).to_lowercase()
}

fn external_key(source: &str, id: &str) -> String {
    [source, id].join("\u{1f}")
}
