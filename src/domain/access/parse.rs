//! Reading the values of fields from text: what each rule takes, and what it makes of it.

use super::super::contact::{
    ContactType, Email, EmailKind, ExternalId, Level, Phone, PhoneKind, Social, SocialChannel,
};
use super::super::field::Field;
use super::super::invalid::Invalid;
use super::super::label::LABELS_MAX;
use super::super::name::Name;
use super::super::record::check_link;
use super::super::rules::Rules;
use super::super::warning::{Caution, Warning};
use super::super::{email, phone, text};
use super::VALUE_SEPARATOR;

pub(super) fn read_text(field: Field, value: &str) -> Result<Option<String>, Invalid> {
    let clean = text::clean(value);
    if clean.is_empty() || (matches!(field, Field::FirstName | Field::LastName) && text::is_blank_token(&clean)) {
        return Ok(None);
    }
    text::check_text(&clean, text::NAME_MAX_CHARS, field == Field::Street)?;
    if field == Field::ExternalUrl {
        check_link(&clean)?;
    }
    Ok(Some(clean.into_owned()))
}

pub(super) fn read_phone(kind: PhoneKind, value: &str, rules: &Rules) -> Result<(Phone, Option<Warning>), Invalid> {
    let parsed = phone::parse_number(value, rules.phone_mode, rules.default_country)?;
    let raw = as_typed(value);
    let phone =
        Phone { kind, raw, e164: parsed.e164, extension: parsed.extension, sms: rules.sms_default, verified: false };
    Ok((phone, parsed.warning))
}

/// A number without what a spreadsheet or a link put around it. Address books wrap numbers in characters that force a direction; in a
/// number they mean nothing.
fn as_typed(number: &str) -> String {
    if phone::is_plain_international(number) {
        return number.to_owned();
    }
    let clean = text::clean(number);
    let number = phone::unwrap(&clean);
    if number.is_ascii() { number.into() } else { number.chars().filter(|c| !text::turns_direction(*c)).collect() }
}

pub(super) fn read_email(kind: EmailKind, value: &str) -> Result<(Email, Option<Warning>), Invalid> {
    let parsed = email::parse_email(value)?;
    let told = || Warning::new(Caution::Unwrapped, format!("read as `{}`", text::shown(&parsed.address)));
    let warning = parsed.unwrapped.then(told);
    Ok((Email { kind, address: parsed.address, verified: false }, warning))
}

pub(super) fn read_social(
    channel: SocialChannel,
    value: &str,
    rules: &Rules,
) -> Result<(Social, Option<Warning>), Invalid> {
    let clean = text::clean(value);
    if clean.is_empty() {
        return Err(Invalid::new("SOCIAL_EMPTY", "is empty").hint("write the handle"));
    }
    if channel.identifies() {
        let number = phone::parse_number(&clean, rules.phone_mode, rules.default_country)?;
        let handle = number.e164.unwrap_or_else(|| as_typed(&clean));
        return Ok((Social { channel, handle, verified: false }, number.warning));
    }
    text::check_text(&clean, text::NAME_MAX_CHARS, false)?;
    let handle = clean.into_owned();
    Ok((Social { channel, handle, verified: false }, None))
}

/// Reads ids in other systems, in order, each once.
pub(super) fn read_external_ids(value: &str) -> Result<Vec<ExternalId>, Invalid> {
    if value.bytes().filter(|byte| *byte == b';').count() >= LABELS_MAX {
        return Err(Invalid::new("IDS_TOO_MANY", format!("more than {LABELS_MAX} ids at once")).hint("use fewer"));
    }
    let one = |part: &str| {
        let clean = text::clean(part);
        text::check_text(&clean, text::NAME_MAX_CHARS, false)?;
        let no_id = || Invalid::new("EXTERNAL_ID_FORMAT", format!("`{}` is no external id", text::shown(&clean)));
        Ok(match clean.split_once(':') {
            Some((source, id)) if text::is_blank(source) || text::is_blank(id) => {
                return Err(no_id().hint("write it as `source:id`, such as `crm:17`, or only the id without a colon"));
            }
            // Rows without an id are not all one person.
            Some((_, id)) if text::is_blank_token(id) => return Err(no_id().hint(text::LEAVE_EMPTY)),
            None if text::is_blank_token(&clean) => return Err(no_id().hint(text::LEAVE_EMPTY)),
            Some((source, id)) => ExternalId { source: source.to_owned(), id: id.to_owned() },
            None => ExternalId { source: String::new(), id: clean.into_owned() },
        })
    };
    let mut ids = Vec::new();
    for part in value.split(';').filter(|part| !text::is_blank(part)) {
        let id = one(part)?;
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    Ok(ids)
}

pub(super) fn read_type(value: &str) -> Result<ContactType, Invalid> {
    let word = text::word_key(value);
    let word = if word == "others" { "other" } else { &word };
    ContactType::parse(word).ok_or_else(|| {
        Invalid::new("TYPE_UNKNOWN", format!("`{}` is no contact type", text::shown(value)))
            .hint("use Lead, Prospect, Customer or Other")
    })
}

pub(super) fn read_level(value: &str) -> Result<Level, Invalid> {
    Level::parse(&text::word_key(value)).ok_or_else(|| {
        Invalid::new("LEVEL_UNKNOWN", format!("`{}` is no contact level", text::shown(value)))
            .hint("use Primary, Secondary or Tertiary")
    })
}

/// Reads the names of staff members, sorted, each once.
pub(super) fn names(value: &str) -> Result<Vec<Name>, Invalid> {
    let given = value.split(VALUE_SEPARATOR).flat_map(|part| part.split(';')).filter(|part| !text::is_blank(part));
    let mut names = given.map(Name::parse).collect::<Result<Vec<_>, _>>()?;
    names.sort();
    names.dedup();
    Ok(names)
}

/// Reads the other names of a person, in order, each once.
pub(super) fn other_names(value: &str) -> Result<Vec<String>, Invalid> {
    let mut names: Vec<String> = Vec::new();
    for part in value.split(VALUE_SEPARATOR).filter(|part| !text::is_blank(part)) {
        let clean = text::clean(part);
        text::check_text(&clean, text::NAME_MAX_CHARS, false)?;
        if !names.iter().any(|known| *known == *clean) {
            names.push(clean.into_owned());
        }
    }
    Ok(names)
}
