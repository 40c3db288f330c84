//! A contact made ready to be written, on any thread: document, identifiers, labels, facets and words. The writer only binds and steps.

use std::mem;

use crate::domain::contact::{Contact, ContactType, Phone, Social};
use crate::domain::id::ContactId;
use crate::domain::label::LabelName;
use crate::domain::text::{clean, digit_value};

use super::document;
use super::facets;
use super::keys::Keys;
use super::naming::NamedByContact;
use super::query::SearchFields;
use super::types::Identifier;
use super::words::{Tokens, is_dense, push_lower_ascii};

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

/// Bytes that all texts of nearly every contact fit into.
const USUAL: usize = 1024;

/// A contact encoded for the store.
#[derive(Clone, Debug)]
pub struct Prepared {
    pub(super) id: ContactId,
    pub(super) kind: ContactType,
    /// Document, words, identifiers and facets: their texts stand behind each other in this order, for the sake of one allocation.
    keys: Keys,
    /// Where the document ends.
    document_end: usize,
    /// Where the words end.
    words_end: usize,
    /// How many of the keys are identifiers; the others are facets.
    identifiers: usize,
    pub(super) labels: Vec<LabelName>,
    pub(super) named: Option<Box<NamedByContact>>,
    /// When it was changed, in nanoseconds; nothing while it is as it was created.
    pub(super) updated: Option<i64>,
    /// Whether no surveys may be sent.
    pub(super) opt_out: bool,
}

impl Prepared {
    /// Encodes a contact. Its revision is not looked at: the store counts.
    #[must_use]
    pub fn new(contact: &Contact) -> Self {
        Self { labels: contact.labels.clone(), ..Self::without_labels(contact) }
    }

    /// Encodes a contact that is not needed any more: [`Prepared::new`], with fewer copies.
    #[must_use]
    pub fn taking(mut contact: Contact) -> Self {
        // Its labels stand in its document, too, so they are taken behind that.
        let prepared = Self::without_labels(&contact);
        Self { labels: mem::take(&mut contact.labels), ..prepared }
    }

    fn without_labels(contact: &Contact) -> Self {
        let mut text = String::with_capacity(USUAL);
        document::write(contact, &mut text);
        let document_end = text.len();
        let mut tokens = Tokens::behind(text);
        add_words(&mut tokens, contact, SearchFields::default());
        let text = tokens.into_text();
        let words_end = text.len();
        let mut keys = Keys::behind(text);
        add_identifiers(&mut keys, contact);
        let identifiers = keys.len();
        facets::add(&mut keys, contact);
        Self {
            id: contact.id,
            kind: contact.kind,
            keys,
            document_end,
            words_end,
            identifiers,
            labels: Vec::new(),
            named: NamedByContact::of(contact).map(Box::new),
            updated: facets::updated(contact),
            opt_out: contact.survey_opt_out,
        }
    }

    /// Returns the contact's id.
    #[must_use]
    pub const fn id(&self) -> ContactId {
        self.id
    }

    /// Its document.
    pub(super) fn document(&self) -> &str {
        &self.keys.text()[..self.document_end]
    }

    /// The words by which it is found.
    pub(super) fn words(&self) -> &str {
        &self.keys.text()[self.document_end..self.words_end]
    }

    /// Kinds and values of what identifies it; no two equal.
    pub(super) fn identifiers(&self) -> impl Iterator<Item = (u8, &str)> {
        self.keys.within(0..self.identifiers)
    }

    /// Its facets and their values; no two equal.
    pub(super) fn facets(&self) -> impl Iterator<Item = (u8, &str)> {
        self.keys.within(self.identifiers..self.keys.len())
    }
}

/// The words by which the contact is found.
pub(super) fn words(contact: &Contact) -> String {
    words_within(contact, SearchFields::default())
}

/// The words by which the contact is found in some fields.
pub(super) fn words_within(contact: &Contact, within: SearchFields) -> String {
    let mut tokens = Tokens::default();
    add_words(&mut tokens, contact, within);
    tokens.into_text()
}

fn add_words(tokens: &mut Tokens, contact: &Contact, within: SearchFields) {
    if within.name {
        add_names(tokens, contact);
    }
    if within.company {
        contact.company.iter().for_each(|name| tokens.add(name));
    }
    if within.email {
        contact.emails.iter().for_each(|email| tokens.add(&email.address));
    }
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
pub(super) fn identifiers(contact: &Contact) -> Keys {
    let mut keys = Keys::default();
    add_identifiers(&mut keys, contact);
    keys
}

/// Adds what identifies the contact, each once.
fn add_identifiers(keys: &mut Keys, contact: &Contact) {
    let from = keys.len();
    contact.phones.iter().for_each(|phone| add_phone(keys, phone));
    contact.emails.iter().for_each(|email| keys.add(kind::EMAIL, |text| push_email(text, &email.address)));
    contact.external_ids.iter().for_each(|it| keys.add(kind::EXTERNAL, |text| push_external(text, &it.source, &it.id)));
    contact.socials.iter().for_each(|social| add_social(keys, social));
    keys.put_in_order(from);
}

fn add_phone(keys: &mut Keys, phone: &Phone) {
    if let Some(e164) = &phone.e164 {
        return keys.push(kind::PHONE, without_plus(e164));
    }
    let digits = || phone.raw.chars().filter_map(digit_value).map(|value| char::from(b'0' + value));
    if digits().next().is_some() {
        keys.add(kind::DIGITS, |text| text.extend(digits()));
    }
}

fn add_social(keys: &mut Keys, social: &Social) {
    if social.channel.identifies() {
        keys.add(kind::WHATSAPP, |text| push_handle(text, &social.handle));
    }
}

/// The kind and value under which an identifier stands in the table.
pub(super) fn key(identifier: &Identifier) -> (u8, String) {
    let mut text = String::new();
    let kind = match identifier {
        Identifier::Phone(e164) => {
            text.push_str(without_plus(e164));
            kind::PHONE
        }
        Identifier::Email(address) => {
            push_email(&mut text, address);
            kind::EMAIL
        }
        Identifier::ExternalId { source, id } => {
            push_external(&mut text, source, id);
            kind::EXTERNAL
        }
        Identifier::Whatsapp(handle) => {
            push_handle(&mut text, handle);
            kind::WHATSAPP
        }
    };
    (kind, text)
}

fn without_plus(e164: &str) -> &str {
    e164.trim().trim_start_matches('+')
}

fn push_email(text: &mut String, address: &str) {
    if address.is_ascii() {
        push_lower_ascii(text, address.trim());
    } else {
        text.push_str(&clean(&address.to_lowercase()));
    }
}

fn push_handle(text: &mut String, handle: &str) {
    let handle = without_plus(handle);
    if handle.is_ascii() {
        push_lower_ascii(text, handle);
    } else {
        text.push_str(&handle.to_lowercase());
    }
}

fn push_external(text: &mut String, source: &str, id: &str) {
    text.push_str(source);
    text.push('\u{1f}');
    text.push_str(id);
}
