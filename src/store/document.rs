//! The contact as the JSON document in which the store keeps it: defaults left out, unknown keys passed over. The id, the revision
//! and what is searched stand in columns and tables of their own.

mod write;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::Deserialize;

use crate::domain::contact::{
    Address, Contact, ContactType, Email, EmailKind, ExternalId, Level, Phone, PhoneKind, Social, SocialChannel, Stamp,
};
use crate::domain::id::ContactId;
use crate::domain::label::LabelName;
use crate::domain::name::Name;

pub(super) use write::write;

/// Nanoseconds since 1970; what lies outside (before 1677, after 2262) is moved to the nearest end.
pub(super) fn nanos(at: DateTime<Utc>) -> i64 {
    at.timestamp_nanos_opt().unwrap_or(if at < DateTime::UNIX_EPOCH { i64::MIN } else { i64::MAX })
}

/// As it is read. Writing is by hand, in `write`; the tests write this, too, and compare.
#[derive(Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
struct Document<S: Ord> {
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<S>,
    #[serde(skip_serializing_if = "Option::is_none")]
    level: Option<S>,
    #[serde(skip_serializing_if = "Option::is_none")]
    first: Option<S>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last: Option<S>,
    #[serde(default, skip_serializing_if = "is_default")]
    placeholder: bool,
    #[serde(default = "Vec::new", skip_serializing_if = "Vec::is_empty")]
    other_first: Vec<S>,
    #[serde(default = "Vec::new", skip_serializing_if = "Vec::is_empty")]
    other_last: Vec<S>,
    #[serde(skip_serializing_if = "Option::is_none")]
    company: Option<S>,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<S>,
    #[serde(skip_serializing_if = "Option::is_none")]
    department: Option<S>,
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<S>,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<S>,
    #[serde(skip_serializing_if = "Option::is_none")]
    born: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    street: Option<S>,
    #[serde(skip_serializing_if = "Option::is_none")]
    city: Option<S>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<S>,
    #[serde(skip_serializing_if = "Option::is_none")]
    zip: Option<S>,
    #[serde(skip_serializing_if = "Option::is_none")]
    country: Option<S>,
    #[serde(default = "Vec::new", skip_serializing_if = "Vec::is_empty")]
    phones: Vec<PhoneDocument<S>>,
    #[serde(default = "Vec::new", skip_serializing_if = "Vec::is_empty")]
    silenced: Vec<S>,
    #[serde(default = "Vec::new", skip_serializing_if = "Vec::is_empty")]
    emails: Vec<EmailDocument<S>>,
    #[serde(default = "Vec::new", skip_serializing_if = "Vec::is_empty")]
    socials: Vec<SocialDocument<S>>,
    #[serde(default = "Vec::new", skip_serializing_if = "Vec::is_empty")]
    labels: Vec<S>,
    #[serde(default, skip_serializing_if = "is_default")]
    opt_out: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<S>,
    #[serde(default = "Vec::new", skip_serializing_if = "Vec::is_empty")]
    external: Vec<ExternalDocument<S>>,
    #[serde(default = "BTreeMap::new", skip_serializing_if = "BTreeMap::is_empty")]
    custom: BTreeMap<S, S>,
    #[serde(skip_serializing_if = "Option::is_none")]
    organization: Option<S>,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<S>,
    #[serde(default = "Vec::new", skip_serializing_if = "Vec::is_empty")]
    shared: Vec<S>,
    #[serde(skip_serializing_if = "Option::is_none")]
    division: Option<S>,
    #[serde(skip_serializing_if = "Option::is_none")]
    device: Option<S>,
    created: i64,
    created_by: S,
    #[serde(skip_serializing_if = "Option::is_none")]
    updated: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_by: Option<S>,
}

/// `raw` is left out when it is the E.164 form; `quiet` is the SMS toggle switched off.
#[derive(Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
struct PhoneDocument<S> {
    kind: S,
    #[serde(skip_serializing_if = "Option::is_none")]
    raw: Option<S>,
    #[serde(skip_serializing_if = "Option::is_none")]
    e164: Option<S>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ext: Option<S>,
    #[serde(default, skip_serializing_if = "is_default")]
    quiet: bool,
    #[serde(default, skip_serializing_if = "is_default")]
    verified: bool,
}

#[derive(Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
struct EmailDocument<S> {
    kind: S,
    address: S,
    #[serde(default, skip_serializing_if = "is_default")]
    verified: bool,
}

#[derive(Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
struct SocialDocument<S> {
    channel: S,
    handle: S,
    #[serde(default, skip_serializing_if = "is_default")]
    verified: bool,
}

#[derive(Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
struct ExternalDocument<S> {
    source: S,
    id: S,
}

#[cfg(test)]
fn is_default(flag: &bool) -> bool {
    !*flag
}

/// Writes a contact's document.
pub(super) fn encode(contact: &Contact) -> String {
    let mut text = String::with_capacity(1024);
    write(contact, &mut text);
    text
}

/// Reads a contact back, or says why its document makes no contact.
pub(super) fn decode(id: ContactId, rev: u64, text: &str) -> Result<Contact, String> {
    let document: Document<String> = serde_json::from_str(text).map_err(|error| error.to_string())?;
    contact(id, rev, document)
}

fn contact(id: ContactId, rev: u64, document: Document<String>) -> Result<Contact, String> {
    let created = Stamp { at: DateTime::from_timestamp_nanos(document.created), by: document.created_by.into() };
    let updated = match (document.updated, document.updated_by) {
        (Some(at), Some(by)) => Stamp { at: DateTime::from_timestamp_nanos(at), by: Arc::from(by) },
        _ => created.clone(),
    };
    let mut contact = Contact {
        id,
        rev,
        kind: document.kind.map_or(Ok(ContactType::Lead), |word| known("type", ContactType::parse(&word), &word))?,
        level: document.level.map_or(Ok(Level::Primary), |word| known("level", Level::parse(&word), &word))?,
        first_name: document.first,
        last_name: document.last,
        last_name_is_placeholder: document.placeholder,
        other_first_names: document.other_first,
        other_last_names: document.other_last,
        company: document.company,
        job_title: document.title,
        department: document.department,
        group: document.group,
        language: parsed("language", document.language.as_deref())?,
        birth_date: parsed("birth date", document.born.as_deref())?,
        address: Address {
            street: document.street,
            city: document.city,
            state: document.state,
            zip: document.zip,
            country: parsed("country", document.country.as_deref())?,
        },
        phones: document.phones.into_iter().map(phone).collect::<Result<_, _>>()?,
        silenced: document.silenced,
        emails: document.emails.into_iter().map(email).collect::<Result<_, _>>()?,
        socials: document.socials.into_iter().map(social).collect::<Result<_, _>>()?,
        labels: document.labels.iter().map(|name| label(name)).collect::<Result<_, _>>()?,
        survey_opt_out: document.opt_out,
        external_url: document.url,
        external_ids: document.external.into_iter().map(|it| ExternalId { source: it.source, id: it.id }).collect(),
        custom: document.custom,
        organization: document.organization.as_deref().map(name).transpose()?,
        owner: document.owner.as_deref().map(name).transpose()?,
        shared_with: document.shared.iter().map(|text| name(text)).collect::<Result<_, _>>()?,
        division: document.division.as_deref().map(name).transpose()?,
        device: document.device,
        created,
        updated,
    };
    contact.put_in_order();
    Ok(contact)
}

fn known<T>(what: &str, value: Option<T>, word: &str) -> Result<T, String> {
    value.ok_or_else(|| format!("unknown {what} `{word}`"))
}

fn parsed<T: std::str::FromStr>(what: &str, text: Option<&str>) -> Result<Option<T>, String> {
    text.map(|text| text.parse().map_err(|_| format!("unknown {what} `{text}`"))).transpose()
}

fn phone(document: PhoneDocument<String>) -> Result<Phone, String> {
    let raw = document.raw.or_else(|| document.e164.clone()).ok_or("a phone without a number")?;
    Ok(Phone {
        kind: known("phone kind", PhoneKind::parse(&document.kind), &document.kind)?,
        raw,
        e164: document.e164,
        extension: document.ext,
        sms: !document.quiet,
        verified: document.verified,
    })
}

fn email(document: EmailDocument<String>) -> Result<Email, String> {
    let kind = known("e-mail kind", EmailKind::parse(&document.kind), &document.kind)?;
    Ok(Email { kind, address: document.address, verified: document.verified })
}

fn social(document: SocialDocument<String>) -> Result<Social, String> {
    let channel = known("channel", SocialChannel::parse(&document.channel), &document.channel)?;
    Ok(Social { channel, handle: document.handle, verified: document.verified })
}

fn label(name: &str) -> Result<LabelName, String> {
    LabelName::parse(name).map_err(|_| format!("unsound label `{name}`"))
}

fn name(text: &str) -> Result<Name, String> {
    Name::parse(text).map_err(|_| format!("unsound name `{text}`"))
}
