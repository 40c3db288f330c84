//! Marks: fields that tell something about the values of others. Which values their owner proved, which numbers get no text
//! messages, and how numbers were typed. They name a value by its text, and can only name one that is there.

use std::borrow::Cow;

use super::super::contact::Contact;
use super::super::field::Field;
use super::super::invalid::Invalid;
use super::super::rules::Rules;
use super::super::text;
use super::write::locked;
use super::{VALUE_SEPARATOR, phone_text};

/// Between a number and how it was typed.
const TYPED: &str = " = ";

impl Contact {
    pub(super) fn marks(&self, field: Option<Field>) -> Vec<Cow<'_, str>> {
        match field {
            Some(Field::Verified) => {
                let phones = self.phones.iter().filter(|phone| phone.verified).map(phone_text);
                let emails = self.emails.iter().filter(|mail| mail.verified).map(|mail| mail.address.as_str().into());
                let socials = self.socials.iter().filter(|social| social.verified);
                let socials = socials.map(|social| format!("{}:{}", social.channel, social.handle).into());
                phones.chain(emails).chain(socials).collect()
            }
            Some(Field::NoSms) => self.phones.iter().filter(|phone| !phone.sms).map(phone_text).collect(),
            Some(Field::AsTyped) => {
                let differs = |phone: &&super::Phone| phone_text(phone) != phone.raw;
                let told = |phone: &super::Phone| format!("{}{TYPED}{}", phone_text(phone), phone.raw).into();
                self.phones.iter().filter(differs).map(told).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Replaces the marks of a field: what is not named loses its mark.
    pub(super) fn set_marks(&mut self, field: Field, value: &str, rules: &Rules) -> Result<(), Invalid> {
        let named: Vec<&str> = split(value).collect();
        let mut fresh = self.clone();
        match field {
            Field::Verified => {
                let kept = |mark: &Cow<'_, str>| named.iter().any(|name| text::clean(name) == *mark);
                let lost = self.marks(Some(field)).into_iter().find(|mark| !kept(mark));
                locked(lost.is_some(), lost.as_deref().unwrap_or_default(), rules)?;
                fresh.phones.iter_mut().for_each(|phone| phone.verified = false);
                fresh.emails.iter_mut().for_each(|mail| mail.verified = false);
                fresh.socials.iter_mut().for_each(|social| social.verified = false);
            }
            // Blank says nothing about text messages; `sms` sets all numbers at once.
            Field::NoSms if !named.is_empty() => fresh.phones.iter_mut().for_each(|phone| phone.sms = true),
            _ => {}
        }
        for name in named {
            fresh.mark(field, name, true)?;
        }
        *self = fresh;
        Ok(())
    }

    /// Adds marks to those that are there.
    pub(super) fn add_mark(&mut self, field: Field, value: &str, _: &Rules) -> Result<(), Invalid> {
        let mut fresh = self.clone();
        for name in split(value) {
            fresh.mark(field, name, true)?;
        }
        *self = fresh;
        Ok(())
    }

    /// Takes a mark away; says whether it was there.
    pub(super) fn remove_mark(&mut self, field: Field, value: &str, rules: &Rules) -> Result<bool, Invalid> {
        let marked = self.marks(Some(field)).iter().any(|mark| *mark == *value);
        locked(field == Field::Verified && marked, value, rules)?;
        self.mark(field, value, false).map(|()| marked)
    }

    fn mark(&mut self, field: Field, name: &str, on: bool) -> Result<(), Invalid> {
        let name = text::clean(name);
        let (number, typed) = match name.split_once(TYPED) {
            Some((number, typed)) if field == Field::AsTyped => (number.trim(), Some(typed.trim())),
            _ => (&*name, None),
        };
        let mut found = false;
        for phone in &mut self.phones {
            if phone_text(phone) != number && phone.raw != number {
                continue;
            }
            found = true;
            match field {
                Field::Verified => phone.verified = on,
                Field::NoSms => phone.sms = !on,
                // Of a number without E.164 what was typed is the number itself.
                _ if phone.e164.is_none() => return Err(not_typed(number)),
                _ => {
                    let raw = typed.filter(|_| on).or(phone.e164.as_deref()).unwrap_or(number).to_owned();
                    phone.raw = raw;
                }
            }
        }
        if field == Field::Verified {
            for mail in self.emails.iter_mut().filter(|mail| mail.address.eq_ignore_ascii_case(number)) {
                (mail.verified, found) = (on, true);
            }
            let said = |social: &super::Social| format!("{}:{}", social.channel, social.handle) == number;
            for social in self.socials.iter_mut().filter(|social| said(social) || social.handle == number) {
                (social.verified, found) = (on, true);
            }
        }
        if found {
            return Ok(());
        }
        Err(Invalid::new("VALUE_UNKNOWN", format!("the contact has no value `{number}`"))
            .hint("write the value as `carnet contact show` prints it, and add it to the contact first"))
    }
}

fn not_typed(number: &str) -> Invalid {
    Invalid::new("AS_TYPED", format!("`{number}` is kept as it was typed and has no other form"))
        .hint("edit the number itself")
}

fn split(value: &str) -> impl Iterator<Item = &str> {
    value.split(VALUE_SEPARATOR).flat_map(|part| part.split(';')).filter(|part| !text::is_blank(part))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::tests::contact;

    #[test]
    fn marks_name_values_that_are_there() {
        let (mut lee, rules) = (contact("Lee"), Rules::for_tests());
        lee.set(&Field::Mobile.into(), "+852 9123 4567", &rules).unwrap();
        lee.set(&Field::WorkPhone.into(), "+85221234567", &rules).unwrap();
        lee.set(&Field::Email.into(), "ann@example.com", &rules).unwrap();
        lee.set(&Field::Line.into(), "ann.lee", &rules).unwrap();
        let all = "+85291234567 ::: ann@example.com ::: line:ann.lee";
        lee.set(&Field::Verified.into(), all, &rules).unwrap();
        assert_eq!(lee.values(&Field::Verified.into()).join(VALUE_SEPARATOR), all);
        lee.set(&Field::NoSms.into(), "+85221234567", &rules).unwrap();
        assert_eq!(lee.values(&Field::NoSms.into()), ["+85221234567"]);
        assert_eq!(lee.values(&Field::AsTyped.into()), ["+85291234567 = +852 9123 4567"]);
        assert_eq!(lee.set(&Field::Verified.into(), "+1", &rules).unwrap_err().code, "VALUE_UNKNOWN");
        let locked = Rules { lock_verified: true, ..rules };
        assert_eq!(lee.set(&Field::Verified.into(), "", &locked).unwrap_err().code, "VERIFIED_LOCKED");
        assert_eq!(lee.values(&Field::Verified.into()).len(), 3);
    }
}
