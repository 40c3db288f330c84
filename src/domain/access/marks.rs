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
pub(super) const TYPED: &str = " = ";

impl Contact {
    pub(super) fn marks(&self, field: Option<Field>) -> Vec<Cow<'_, str>> {
        match field {
            Some(Field::Verified) => {
                let phones = marked(self.phone_names(), self.phones.iter().map(|phone| phone.verified));
                let emails = marked(self.email_names(), self.emails.iter().map(|mail| mail.verified));
                let socials = marked(self.social_names(), self.socials.iter().map(|social| social.verified));
                phones.chain(emails).chain(socials).collect()
            }
            Some(Field::NoSms) => marked(self.phone_names(), self.phones.iter().map(|phone| !phone.sms)).collect(),
            Some(Field::AsTyped) => {
                let named = self.phone_names().into_iter().zip(&self.phones);
                let differs = named.filter(|(_, phone)| phone_text(phone) != phone.raw);
                differs.map(|(name, phone)| format!("{name}{TYPED}{}", phone.raw).into()).collect()
            }
            _ => Vec::new(),
        }
    }

    /// What each number is called: by its text, with its kind before it where kinds share the number.
    fn phone_names(&self) -> Vec<Cow<'_, str>> {
        names(&self.phones.iter().map(|phone| (phone.kind.as_str(), phone_text(phone))).collect::<Vec<_>>(), false)
    }

    fn email_names(&self) -> Vec<Cow<'_, str>> {
        let texts = self.emails.iter().map(|mail| (mail.kind.as_str(), mail.address.as_str().into()));
        names(&texts.collect::<Vec<_>>(), false)
    }

    /// A handle is called by its channel and itself.
    fn social_names(&self) -> Vec<Cow<'_, str>> {
        let texts = self.socials.iter().map(|social| (social.channel.as_str(), social.handle.as_str().into()));
        names(&texts.collect::<Vec<_>>(), true)
    }

    /// Replaces the marks of a field: what is not named loses its mark.
    pub(super) fn set_marks(&mut self, field: Field, value: &str, rules: &Rules) -> Result<(), Invalid> {
        self.set_mark_names(field, &split(value).collect::<Vec<_>>(), rules)
    }

    /// The same, of names that are parted already.
    pub(super) fn set_mark_names(&mut self, field: Field, named: &[&str], rules: &Rules) -> Result<(), Invalid> {
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
        let meant = meant(&self.phone_names(), number);
        for (at, phone) in self.phones.iter_mut().enumerate() {
            let alike = || bare(number, phone.kind.as_str()) == phone_text(phone) || phone.raw == number;
            if !meant.as_ref().map_or_else(alike, |it| it[at]) {
                continue;
            }
            found = true;
            match field {
                Field::Verified => phone.verified = on,
                Field::NoSms => phone.sms = !on,
                // Of a number without E.164 what was typed is the number itself.
                _ if phone.e164.is_none() && typed == Some(&phone.raw) => {}
                _ if phone.e164.is_none() => return Err(not_typed(number)),
                _ => {
                    let raw = typed.filter(|_| on).or(phone.e164.as_deref()).unwrap_or(number).to_owned();
                    phone.raw = raw;
                }
            }
        }
        if field == Field::Verified && !found {
            let meant_mails = self::meant(&self.email_names(), number);
            for (at, mail) in self.emails.iter_mut().enumerate() {
                let alike = || mail.address.eq_ignore_ascii_case(bare(number, mail.kind.as_str()));
                if meant_mails.as_ref().map_or_else(alike, |it| it[at]) {
                    (mail.verified, found) = (on, true);
                }
            }
            let meant_handles = self::meant(&self.social_names(), number);
            for (at, social) in self.socials.iter_mut().enumerate() {
                if meant_handles.as_ref().map_or_else(|| social.handle == number, |it| it[at]) {
                    (social.verified, found) = (on, true);
                }
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

fn marked<'n>(names: Vec<Cow<'n, str>>, marks: impl Iterator<Item = bool>) -> impl Iterator<Item = Cow<'n, str>> {
    names.into_iter().zip(marks).filter_map(|(name, mark)| mark.then_some(name))
}

/// Calls values by their texts, so that each name means one: with the kind before it where several have the text, and counted where even
/// the kind is the same.
fn names<'t>(texts: &[(&str, Cow<'t, str>)], always_kind: bool) -> Vec<Cow<'t, str>> {
    let mut names: Vec<Cow<'t, str>> = Vec::with_capacity(texts.len());
    for (kind, text) in texts {
        if !always_kind && texts.iter().filter(|(_, other)| other == text).count() == 1 {
            names.push(text.clone());
            continue;
        }
        let mut name = format!("{kind}:{text}");
        let mut count = 1;
        while names.contains(&Cow::Borrowed(&name)) {
            count += 1;
            name = format!("{kind}:{text}#{count}");
        }
        names.push(name.into());
    }
    names
}

/// A name without the kind that may stand before it.
fn bare<'n>(name: &'n str, kind: &str) -> &'n str {
    name.strip_prefix(kind).and_then(|rest| rest.strip_prefix(':')).unwrap_or(name)
}

/// Which values have exactly this name; `None` when none has.
fn meant(names: &[Cow<'_, str>], name: &str) -> Option<Vec<bool>> {
    let meant: Vec<bool> = names.iter().map(|known| *known == name).collect();
    meant.contains(&true).then_some(meant)
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
        lee.set(&Field::NoSms.into(), "work:+85221234567", &rules).unwrap();
        assert_eq!(lee.values(&Field::NoSms.into()), ["+85221234567"]);
        assert_eq!(lee.values(&Field::AsTyped.into()), ["+85291234567 = +852 9123 4567"]);
        assert_eq!(lee.set(&Field::Verified.into(), "+1", &rules).unwrap_err().code, "VALUE_UNKNOWN");
        let locked = Rules { lock_verified: true, ..rules };
        assert_eq!(lee.set(&Field::Verified.into(), "", &locked).unwrap_err().code, "VERIFIED_LOCKED");
        assert_eq!(lee.values(&Field::Verified.into()).len(), 3);
    }
}
