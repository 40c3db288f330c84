//! Keys under which contacts are brought together to be compared: contacts without a key in common are never looked at side by side.
//! A key is a kind and a hash, so that millions of them fit into memory.

use std::hash::{DefaultHasher, Hash, Hasher};

use super::super::contact::{Contact, SocialChannel, words};
use super::super::text::{clean, fold, letters_key};
use super::names::Names;

words! {
    /// What a key is made of.
    KeyKind {
        /// An e-mail address.
        Email = "email",
        /// A phone or WhatsApp number.
        Phone = "phone",
        /// An id in another system.
        ExternalId = "external_id",
        /// All parts of a name.
        Name = "name",
        /// One part of a name and the first letter of another.
        NamePart = "name_part",
    }
}

impl KeyKind {
    /// Says whether the key identifies a person, unless it is common.
    #[must_use]
    pub const fn identifies(self) -> bool {
        matches!(self, Self::Email | Self::Phone | Self::ExternalId)
    }
}

/// A kind and a hash of a value.
#[derive(Copy, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Key(u64);

/// Bits of the hash; the kind stands above them.
const HASH_BITS: u32 = 61;

impl Key {
    /// Makes a key.
    #[must_use]
    pub fn new(kind: KeyKind, text: &str) -> Self {
        Self((kind as u64) << HASH_BITS | hash(text) >> (64 - HASH_BITS))
    }

    /// Returns the key as a number.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0
    }

    /// Makes a key of the number of one.
    #[must_use]
    pub const fn from_number(number: u64) -> Self {
        Self(number)
    }

    /// Returns what it is made of.
    #[must_use]
    pub fn kind(self) -> KeyKind {
        let at = usize::try_from(self.0 >> HASH_BITS).unwrap_or_default();
        KeyKind::ALL[at.min(KeyKind::ALL.len() - 1)]
    }
}

fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

/// Hands out the keys of a contact, with their texts. One may come twice.
pub fn each(contact: &Contact, f: &mut dyn FnMut(KeyKind, &str)) {
    contact.emails.iter().for_each(|mail| f(KeyKind::Email, &email(&mail.address)));
    contact.phones.iter().filter_map(|phone| phone.e164.as_deref()).for_each(|number| f(KeyKind::Phone, number));
    whatsapp(contact).for_each(|number| f(KeyKind::Phone, number));
    contact.external_ids.iter().for_each(|it| f(KeyKind::ExternalId, &external_id(&it.source, &it.id)));
    Names::of(contact).keys(f);
}

/// What tells apart the contacts of a group that is too big to be compared each with each; 0 says nothing.
#[derive(Copy, Clone, PartialEq, Eq, Default, Debug)]
pub struct SecondKeys {
    /// Of the company.
    pub company: u32,
    /// Of the birth date.
    pub birth_date: u32,
    /// Of the name.
    pub name: u32,
}

impl SecondKeys {
    /// Makes them.
    #[must_use]
    pub fn of(contact: &Contact) -> Self {
        let short = |text: Option<String>| text.map_or(0, |text| ((hash(&text) >> 32) as u32).max(1));
        let mut name = None;
        Names::of(contact).keys(&mut |kind, text| {
            if kind == KeyKind::Name && name.is_none() {
                name = Some(text.to_owned());
            }
        });
        Self {
            company: short(company(contact)),
            birth_date: short(contact.birth_date.map(|date| date.to_string())),
            name: short(name),
        }
    }
}

/// An address in its comparison form.
pub(super) fn email(address: &str) -> String {
    clean(address).to_lowercase()
}

/// The WhatsApp numbers of a contact.
pub(super) fn whatsapp(contact: &Contact) -> impl Iterator<Item = &str> {
    contact.socials.iter().filter(|it| it.channel == SocialChannel::Whatsapp).map(|it| it.handle.as_str())
}

pub(super) fn external_id(source: &str, id: &str) -> String {
    [source, id].join("\u{1f}")
}

/// Words behind a company's name that say only what kind of company it is.
const FORMS: [&str; 26] = [
    "ltd",
    "limited",
    "inc",
    "incorporated",
    "llc",
    "llp",
    "plc",
    "gmbh",
    "ag",
    "kg",
    "co",
    "corp",
    "corporation",
    "company",
    "sa",
    "sas",
    "sarl",
    "srl",
    "spa",
    "bv",
    "nv",
    "pte",
    "pty",
    "sdn",
    "bhd",
    "oy",
];

/// The company, or else the organization, as it is written.
pub(super) fn company_text(contact: &Contact) -> &str {
    contact.company.as_deref().or_else(|| contact.organization.as_ref().map(|name| name.as_str())).unwrap_or_default()
}

/// The company without its legal form; nothing when nothing is left.
pub(super) fn company(contact: &Contact) -> Option<String> {
    let folded = fold(company_text(contact)).replace('.', "");
    let mut words: Vec<&str> = folded.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    while words.len() > 1 && words.last().is_some_and(|word| FORMS.contains(word)) {
        words.pop();
    }
    let key = letters_key(&words.concat());
    (!key.is_empty()).then_some(key)
}

/// Mailboxes of a role, not of a person.
const ROLES: [&str; 18] = [
    "info",
    "office",
    "sales",
    "contact",
    "admin",
    "support",
    "hello",
    "mail",
    "service",
    "team",
    "enquiries",
    "enquiry",
    "reception",
    "booking",
    "bookings",
    "accounts",
    "marketing",
    "noreply",
];

pub(super) fn is_role_address(address: &str) -> bool {
    let mailbox = address.split(['@', '+']).next().unwrap_or_default();
    ROLES.contains(&&*mailbox.replace(['-', '.', '_'], ""))
}
