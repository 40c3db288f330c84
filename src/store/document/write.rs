//! Writing a document, by hand: every contact that an import creates is written once, and through `serde` this cost more than anything else
//! that is made ready for it. Byte for byte it is what `serde_json` makes of [`Document`](super::Document), which the tests hold it to.

use std::fmt::Write as _;

use chrono::{Datelike, NaiveDate};

use super::nanos;
use crate::domain::contact::{Address, Contact, ContactType, Email, ExternalId, Level, Phone, Social};
use crate::domain::name::Name;

/// Appends a member whose value is a text, and the comma behind it.
macro_rules! text {
    ($into:ident, $key:literal, $value:expr) => {
        $into.push_str(concat!("\"", $key, "\":\""));
        push_escaped($into, $value);
        $into.push_str("\",");
    };
}

/// The same, unless there is no value.
macro_rules! text_if {
    ($into:ident, $key:literal, $value:expr) => {
        if let Some(value) = $value {
            text!($into, $key, value);
        }
    };
}

/// Appends a contact's document. What can be missing stands before what is always there, so that a comma follows each of them.
pub(in crate::store) fn write(contact: &Contact, into: &mut String) {
    into.push('{');
    text_if!(into, "kind", (contact.kind != ContactType::Lead).then(|| contact.kind.as_str()));
    text_if!(into, "level", (contact.level != Level::Primary).then(|| contact.level.as_str()));
    names(contact, into);
    text_if!(into, "company", &contact.company);
    text_if!(into, "title", &contact.job_title);
    text_if!(into, "department", &contact.department);
    text_if!(into, "group", &contact.group);
    text_if!(into, "language", contact.language.as_ref().map(|language| language.as_str()));
    if let Some(date) = contact.birth_date {
        into.push_str("\"born\":\"");
        push_date(into, date);
        into.push_str("\",");
    }
    let Address { street, city, state, zip, country } = &contact.address;
    text_if!(into, "street", street);
    text_if!(into, "city", city);
    text_if!(into, "state", state);
    text_if!(into, "zip", zip);
    text_if!(into, "country", country.as_ref().map(|country| country.as_str()));
    list(into, "phones", &contact.phones, phone);
    list(into, "silenced", &contact.silenced, |into, number| quoted(into, number));
    list(into, "emails", &contact.emails, email);
    list(into, "socials", &contact.socials, social);
    list(into, "labels", &contact.labels, |into, label| quoted(into, label.as_str()));
    if contact.survey_opt_out {
        into.push_str("\"opt_out\":true,");
    }
    text_if!(into, "url", &contact.external_url);
    list(into, "external", &contact.external_ids, external);
    if !contact.custom.is_empty() {
        custom(contact, into);
    }
    text_if!(into, "organization", contact.organization.as_ref().map(Name::as_str));
    text_if!(into, "owner", contact.owner.as_ref().map(Name::as_str));
    list(into, "shared", &contact.shared_with, |into, name| quoted(into, name.as_str()));
    text_if!(into, "division", contact.division.as_ref().map(Name::as_str));
    text_if!(into, "device", &contact.device);
    stamps(contact, into);
    into.push('}');
}

fn names(contact: &Contact, into: &mut String) {
    text_if!(into, "first", &contact.first_name);
    text_if!(into, "last", &contact.last_name);
    if contact.last_name_is_placeholder {
        into.push_str("\"placeholder\":true,");
    }
    list(into, "other_first", &contact.other_first_names, |into, name| quoted(into, name));
    list(into, "other_last", &contact.other_last_names, |into, name| quoted(into, name));
}

/// Appends a member whose value is a list, and the comma behind it, unless it is empty.
fn list<T>(into: &mut String, key: &str, list: &[T], one: impl Fn(&mut String, &T)) {
    let Some((first, rest)) = list.split_first() else { return };
    into.push('"');
    into.push_str(key);
    into.push_str("\":[");
    one(into, first);
    for other in rest {
        into.push(',');
        one(into, other);
    }
    into.push_str("],");
}

fn custom(contact: &Contact, into: &mut String) {
    into.push_str("\"custom\":{");
    for (at, (key, value)) in contact.custom.iter().enumerate() {
        if at > 0 {
            into.push(',');
        }
        quoted(into, key);
        into.push(':');
        quoted(into, value);
    }
    into.push_str("},");
}

fn stamps(contact: &Contact, into: &mut String) {
    let _ = write!(into, "\"created\":{},\"created_by\":", nanos(contact.created.at));
    quoted(into, &contact.created.by);
    if contact.updated != contact.created {
        let _ = write!(into, ",\"updated\":{},\"updated_by\":", nanos(contact.updated.at));
        quoted(into, &contact.updated.by);
    }
}

fn phone(into: &mut String, phone: &Phone) {
    into.push_str("{\"kind\":\"");
    into.push_str(phone.kind.as_str());
    into.push_str("\",");
    // `raw` is left out when it is the E.164 form.
    text_if!(into, "raw", Some(phone.raw.as_str()).filter(|raw| Some(*raw) != phone.e164.as_deref()));
    text_if!(into, "e164", &phone.e164);
    text_if!(into, "ext", &phone.extension);
    if !phone.sms {
        into.push_str("\"quiet\":true,");
    }
    end(into, phone.verified);
}

fn email(into: &mut String, email: &Email) {
    into.push_str("{\"kind\":\"");
    into.push_str(email.kind.as_str());
    into.push_str("\",");
    text!(into, "address", &email.address);
    end(into, email.verified);
}

fn social(into: &mut String, social: &Social) {
    into.push_str("{\"channel\":\"");
    into.push_str(social.channel.as_str());
    into.push_str("\",");
    text!(into, "handle", &social.handle);
    end(into, social.verified);
}

fn external(into: &mut String, external: &ExternalId) {
    into.push_str("{\"source\":");
    quoted(into, &external.source);
    into.push_str(",\"id\":");
    quoted(into, &external.id);
    into.push('}');
}

/// Ends a value that its owner may have proved; behind the last member stands a comma already.
fn end(into: &mut String, verified: bool) {
    if verified {
        into.push_str("\"verified\":true}");
    } else {
        into.pop();
        into.push('}');
    }
}

/// A day as `chrono` writes it, without its machinery where the year has four digits.
fn push_date(into: &mut String, date: NaiveDate) {
    let Some(year) = u32::try_from(date.year()).ok().filter(|year| *year <= 9999) else {
        let _ = write!(into, "{date}");
        return;
    };
    let digit = |value: u32| b'0' + (value % 10) as u8;
    let (month, day) = (date.month(), date.day());
    let [y, yy, yyy, yyyy] = [1000, 100, 10, 1].map(|unit| digit(year / unit));
    let text = [y, yy, yyy, yyyy, b'-', digit(month / 10), digit(month), b'-', digit(day / 10), digit(day)];
    into.push_str(std::str::from_utf8(&text).unwrap_or_default());
}

fn quoted(into: &mut String, text: &str) {
    into.push('"');
    push_escaped(into, text);
    into.push('"');
}

fn push_escaped(into: &mut String, text: &str) {
    if is_plain(text.as_bytes()) {
        return into.push_str(text);
    }
    let mut from = 0;
    for (at, byte) in text.bytes().enumerate() {
        let escape = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            0x08 => "\\b",
            0x0C => "\\f",
            0..0x20 => "\\u00",
            _ => continue,
        };
        into.push_str(&text[from..at]);
        into.push_str(escape);
        if escape.ends_with('0') {
            let _ = write!(into, "{byte:02x}");
        }
        from = at + 1;
    }
    into.push_str(&text[from..]);
}

/// Says whether JSON takes a text as it is. Most do, and are short: eight bytes are looked at as one number.
fn is_plain(bytes: &[u8]) -> bool {
    match bytes.last_chunk() {
        // The last eight may have been looked at in part already; that is less work than one by one.
        Some(last) => bytes.as_chunks().0.iter().all(|eight| are_plain(*eight)) && are_plain(*last),
        None => bytes.iter().all(|byte| *byte >= 0x20 && !matches!(byte, b'"' | b'\\')),
    }
}

/// The same of eight bytes. `x - 0x01…` borrows into the highest bit of a byte that is 0, `x - 0x20…` into that of one below 0x20; `!x`
/// leaves those out that had the bit themselves. A byte behind one that borrows may be taken for one, too, which changes nothing.
fn are_plain(bytes: [u8; 8]) -> bool {
    const EACH: u64 = 0x0101_0101_0101_0101;
    let eight = u64::from_le_bytes(bytes);
    let zeros = |x: u64| x.wrapping_sub(EACH) & !x;
    let control = eight.wrapping_sub(EACH * 0x20) & !eight;
    let found = control | zeros(eight ^ (EACH * b'"' as u64)) | zeros(eight ^ (EACH * b'\\' as u64));
    found & (EACH * 0x80) == 0
}
