//! Values that their owner proved. Under `lock_verified` phone numbers and handles among them can be neither edited nor removed, on
//! whatever way a contact is written; marking them is `access::marks`'.

use super::contact::{Contact, Phone, Social};
use super::field::{FIELDS, Field, FieldShape};
use super::invalid::Invalid;

/// Returns the verified numbers and handles of `before` that `after` does not have as they were, with their fields. How a number was
/// typed, and whether it gets text messages, is no part of it.
#[must_use]
pub fn lost(before: &Contact, after: &Contact) -> Vec<(Field, String)> {
    let phones = before.phones.iter().filter(|phone| phone.verified);
    let phones = phones.filter(|old| !after.phones.iter().any(|new| new.verified && same_phone(old, new)));
    let phones = phones.map(|phone| (field_of(FieldShape::Phone(phone.kind)), phone.dialled().to_owned()));
    let socials = before.socials.iter().filter(|social| social.verified);
    let socials = socials.filter(|old| !after.socials.iter().any(|new| new.verified && same_social(old, new)));
    let socials = socials.map(|social| (field_of(FieldShape::Social(social.channel)), social.handle.clone()));
    phones.chain(socials).collect()
}

/// Puts back into `after` what [`lost`] finds missing.
pub fn keep(before: &Contact, after: &mut Contact) {
    for old in before.phones.iter().filter(|phone| phone.verified) {
        match after.phones.iter_mut().find(|new| same_phone(old, new)) {
            Some(new) => new.verified = true,
            None => after.phones.push(old.clone()),
        }
    }
    for old in before.socials.iter().filter(|social| social.verified) {
        match after.socials.iter_mut().find(|new| same_social(old, new)) {
            Some(new) => new.verified = true,
            None => after.socials.push(old.clone()),
        }
    }
}

/// The refusal to touch a value.
#[must_use]
pub fn locked(value: &str) -> Invalid {
    Invalid::new("VERIFIED_LOCKED", format!("`{value}` is verified and cannot be edited or removed"))
        .hint("keep it and add other values beside it, or set `lock_verified = false`")
}

/// Says whether two entries are one number of one kind, also when only one of them is known to be a real number by now.
#[must_use]
pub fn same_phone(a: &Phone, b: &Phone) -> bool {
    let number = match (&a.e164, &b.e164) {
        (Some(a), Some(b)) => a == b,
        _ => a.raw == b.raw,
    };
    number && a.kind == b.kind && a.extension == b.extension
}

/// Says whether two entries are one handle on one channel.
#[must_use]
pub(super) fn same_social(a: &Social, b: &Social) -> bool {
    a.channel == b.channel && a.handle == b.handle
}

fn field_of(shape: FieldShape) -> Field {
    FIELDS.iter().map(|info| info.field).find(|field| field.shape() == shape).unwrap_or(Field::OtherPhone)
}
