//! What an export writes of a list, and how it is read back: value by value, so that nothing in a value parts it, and as it is, so that a
//! change of the settings meanwhile changes no value. What was not written so is left to the rules of `write`.

use std::borrow::Cow;

use super::super::contact::{Contact, Email, EmailKind, Phone, PhoneKind, Social, SocialChannel};
use super::super::field::{Field, FieldKey, FieldShape};
use super::super::language::{LanguageNames, parse_language};
use super::super::name::Name;
use super::super::organization;
use super::super::phone::{self, PhoneMode, parse_number};
use super::super::rules::Rules;
use super::super::text;
use super::marks::TYPED;
use super::parse::read_email;
use super::phone_text;
use super::write::replace_where;

impl Contact {
    /// Returns all values of a field as an export writes them. Under `as_typed` also stands which numbers have no E.164 form: they would
    /// else be read anew, perhaps under another country.
    #[must_use]
    pub fn exported(&self, key: &FieldKey) -> Vec<Cow<'_, str>> {
        let mut values = self.values(key);
        if key.known() == Some(Field::AsTyped) {
            let kept = self.phones.iter().filter(|phone| phone.e164.is_none());
            values.extend(kept.map(|phone| format!("{0}{TYPED}{0}", phone.raw).into()));
            let kept = self.socials.iter().filter(|social| social.channel.identifies() && !is_e164(&social.handle));
            values.extend(kept.map(|social| format!("{0}:{1}{TYPED}{1}", social.channel, social.handle).into()));
        }
        values
    }

    /// Takes the values of a field as [`Contact::exported`] gave them; `as_typed` are its values of that field. Says whether it did: a
    /// value that is not exactly as an export writes it is somebody's edit, and nothing is taken then.
    pub fn take_exported(
        &mut self,
        key: &FieldKey,
        values: &[Cow<'_, str>],
        as_typed: &[Cow<'_, str>],
        rules: &Rules,
    ) -> bool {
        self.taken(key, values, as_typed, rules).is_some()
    }

    /// Takes the name of an organization, an owner or a division as an export wrote it, also one such as `-`: there it names something.
    /// Says whether it did.
    pub fn take_exported_name(&mut self, key: &FieldKey, name: &str) -> bool {
        let Ok(name) = Name::parse(name) else { return false };
        match key.known() {
            Some(Field::Organization) if organization::read_name(name.as_str()).is_ok() => {
                self.organization = Some(name)
            }
            Some(Field::Owner) => self.owner = Some(name),
            Some(Field::Division) => self.division = Some(name),
            _ => return false,
        }
        true
    }

    fn taken(
        &mut self,
        key: &FieldKey,
        values: &[Cow<'_, str>],
        as_typed: &[Cow<'_, str>],
        rules: &Rules,
    ) -> Option<()> {
        let field = key.known()?;
        let kept =
            |channel: Option<SocialChannel>, value: &str| as_typed.iter().any(|entry| keeps(entry, channel, value));
        match field.shape() {
            FieldShape::Phone(kind) => {
                let one = |value: &Cow<'_, str>| number(kind, value, kept(None, value), rules.sms_default);
                let fresh = values.iter().map(one).collect::<Option<Vec<_>>>()?;
                replace_where(&mut self.phones, fresh, |phone| phone.kind == kind);
            }
            FieldShape::Email(kind) => {
                let fresh = values.iter().map(|value| address(kind, value)).collect::<Option<Vec<_>>>()?;
                replace_where(&mut self.emails, fresh, |mail| mail.kind == kind);
            }
            FieldShape::Social(channel) => {
                let one = |value: &Cow<'_, str>| handle(channel, value, kept(Some(channel), value));
                let fresh = values.iter().map(one).collect::<Option<Vec<_>>>()?;
                replace_where(&mut self.socials, fresh, |social| social.channel == channel);
            }
            FieldShape::Marks => {
                let told = values.iter().filter(|entry| !is_kept(entry)).map(|entry| &**entry).collect::<Vec<_>>();
                if !told.is_empty() {
                    self.set_mark_names(field, &told, rules).ok()?;
                }
            }
            _ => return self.taken_text(field, values),
        }
        Some(())
    }

    fn taken_text(&mut self, field: Field, values: &[Cow<'_, str>]) -> Option<()> {
        let texts = || values.iter().map(|value| sound(value)).collect::<Option<Vec<_>>>();
        match (field, values) {
            (Field::SharedWith, _) => {
                let mut names = values.iter().map(|value| Name::parse(value).ok()).collect::<Option<Vec<_>>>()?;
                names.sort();
                names.dedup();
                self.shared_with = names;
            }
            (Field::OtherFirstNames, _) => self.other_first_names = texts()?,
            (Field::OtherLastNames, _) => self.other_last_names = texts()?,
            (Field::Language, [tag]) => {
                let language = parse_language(tag, LanguageNames::Any).ok().filter(|it| it.as_str() == *tag)?;
                self.language = Some(language);
            }
            _ => return None,
        }
        Some(())
    }
}

/// Whether an entry says that a value is to stay as it is.
fn keeps(entry: &str, channel: Option<SocialChannel>, value: &str) -> bool {
    let Some((name, typed)) = entry.split_once(TYPED) else { return false };
    let name = match channel {
        Some(channel) => name.strip_prefix(channel.as_str()).and_then(|rest| rest.strip_prefix(':')),
        None => Some(name),
    };
    typed == value && name == Some(value)
}

/// Whether an entry of `as_typed` says so of any value.
fn is_kept(entry: &str) -> bool {
    let identifying = SocialChannel::ALL.iter().copied().filter(|channel| channel.identifies()).map(Some);
    let typed = entry.split_once(TYPED).map_or("", |(_, typed)| typed);
    identifying.chain([None]).any(|channel| keeps(entry, channel, typed))
}

fn number(kind: PhoneKind, value: &str, kept: bool, sms: bool) -> Option<Phone> {
    let raw = sound(value)?;
    if kept {
        let extension = phone::typed_extension(value).ok()?;
        return Some(Phone { kind, raw, e164: None, extension, sms, verified: false });
    }
    let parsed = parse_number(value, PhoneMode::Lenient, None).ok()?;
    let mut phone = Phone { kind, raw, e164: Some(parsed.e164?), extension: parsed.extension, sms, verified: false };
    phone.raw = Some(phone_text(&phone)).filter(|text| *text == value)?.into_owned();
    Some(phone)
}

fn handle(channel: SocialChannel, value: &str, kept: bool) -> Option<Social> {
    if channel.identifies() && !(kept && phone::typed_extension(value).is_ok()) && !is_e164(value) {
        return None;
    }
    let handle = sound(value)?;
    Some(Social { channel, handle, verified: false })
}

fn address(kind: EmailKind, value: &str) -> Option<Email> {
    read_email(kind, value).ok().map(|(mail, _)| mail).filter(|mail| mail.address == value)
}

fn is_e164(handle: &str) -> bool {
    let parsed = || parse_number(handle, PhoneMode::Strict, None).ok().and_then(|parsed| parsed.e164);
    handle.starts_with('+') && parsed().as_deref() == Some(handle)
}

/// The text, if it is one that was cleaned and checked before.
fn sound(value: &str) -> Option<String> {
    let clean = text::clean(value);
    (clean == value && !clean.is_empty() && text::check_text(value, text::NAME_MAX_CHARS, false).is_ok())
        .then(|| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::tests::contact;

    fn cells(contact: &Contact, field: Field) -> Vec<Cow<'_, str>> {
        contact.exported(&field.into())
    }

    #[test]
    fn marks_tell_numbers_apart_that_kinds_share() {
        let (mut lee, rules) = (contact("Lee"), Rules::for_tests());
        let number = "+85291234567";
        lee.set(&Field::Mobile.into(), number, &rules).unwrap();
        // Earlier versions stored a number twice that a cell repeated.
        lee.phones.push(lee.phones[0].clone());
        lee.set(&Field::WorkPhone.into(), number, &rules).unwrap();
        (lee.phones[1].verified, lee.phones[2].sms) = (true, false);
        assert_eq!(cells(&lee, Field::Verified), ["mobile:+85291234567#2"]);
        assert_eq!(cells(&lee, Field::NoSms), ["work:+85291234567"]);
        let mut copy = lee.clone();
        (copy.phones[1].verified, copy.phones[2].sms) = (false, true);
        for field in [Field::Verified, Field::NoSms] {
            assert!(copy.take_exported(&field.into(), &cells(&lee, field), &[], &rules));
        }
        assert_eq!(copy, lee);
    }

    #[test]
    fn a_number_without_a_country_is_not_read_anew() {
        let (mut lee, rules) = (contact("Lee"), Rules { phone_mode: PhoneMode::Strict, ..Rules::for_tests() });
        let lenient = Rules { default_country: "HK".parse().ok(), ..Rules::for_tests() };
        lee.set(&Field::Mobile.into(), "39 061 2345 x9", &lenient).unwrap();
        lee.phones[0].e164 = None;
        let (numbers, typed) = (cells(&lee, Field::Mobile), cells(&lee, Field::AsTyped));
        assert_eq!(
            (&*numbers, &*typed),
            (&["39 061 2345 x9".into()][..], &["39 061 2345 x9 = 39 061 2345 x9".into()][..])
        );
        let mut copy = contact("Lee");
        assert!(!copy.take_exported(&Field::Mobile.into(), &numbers, &[], &rules), "somebody wrote it by hand");
        assert!(copy.take_exported(&Field::Mobile.into(), &numbers, &typed, &rules));
        assert!(copy.take_exported(&Field::AsTyped.into(), &typed, &typed, &rules));
        assert_eq!(copy, lee);
    }

    #[test]
    fn an_edited_value_is_left_to_the_rules() {
        let (mut lee, rules) = (contact("Lee"), Rules::for_tests());
        for (field, edited) in [
            (Field::Mobile, "+852 9123 4567"),
            (Field::Mobile, "abc"),
            (Field::Whatsapp, "9123 4567"),
            (Field::Email, "mailto:a@example.com"),
            (Field::Language, "english"),
            (Field::Verified, "+1"),
            (Field::Company, "Acme"),
        ] {
            assert!(!lee.take_exported(&field.into(), &[edited.into()], &[], &rules), "{edited}");
        }
        assert_eq!(lee, contact("Lee"));
    }
}
