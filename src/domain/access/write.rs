//! Writing a field from text, through the built-in rules: set, add, remove. Reading values from text is `parse`'s.

use super::super::contact::{Contact, ContactType, Email, EmailKind, Level, Phone, PhoneKind, Social, SocialChannel};
use super::super::field::{Field, FieldKey, FieldShape};
use super::super::invalid::Invalid;
use super::super::label::{LabelName, parse_labels};
use super::super::name::Name;
use super::super::rules::Rules;
use super::super::verified::{self, same_phone, same_social};
use super::super::warning::Warning;
use super::super::{country, date, language, organization, text};
use super::parse::{
    names, other_names, read_email, read_external_ids, read_level, read_phone, read_social, read_text, read_type,
};
use super::{VALUE_SEPARATOR, external_id_text, read_yes_no};

impl Contact {
    /// Sets a field from text; a blank text clears it. For lists it replaces all values of the field's kind.
    /// Returns what there is to know about the values that were taken.
    ///
    /// # Errors
    /// The rule that refuses the value; the contact is then unchanged.
    pub fn set(&mut self, key: &FieldKey, value: &str, rules: &Rules) -> Result<Vec<Warning>, Invalid> {
        match key {
            FieldKey::Custom(name) => {
                rules.schema.set(&mut self.custom, name, value, rules)?;
                Ok(rules.schema.doubt(&self.custom, name, value, rules).into_iter().collect())
            }
            FieldKey::Known(field) => self.set_known(*field, value, rules),
        }
    }

    /// Adds a value to a list field; a value that is there already stays once. Other fields are set.
    /// Returns what there is to know about the value.
    ///
    /// # Errors
    /// The rule that refuses the value.
    pub fn add(&mut self, key: &FieldKey, value: &str, rules: &Rules) -> Result<Vec<Warning>, Invalid> {
        if let FieldKey::Custom(name) = key {
            rules.schema.add(&mut self.custom, name, value, rules)?;
            return Ok(rules.schema.doubt(&self.custom, name, value, rules).into_iter().collect());
        }
        let mut warning = None;
        match key.known().map(|field| (field, field.shape())) {
            Some((_, FieldShape::Phone(kind))) => {
                let (mut phone, warned) = read_phone(kind, value, rules)?;
                warning = warned;
                self.quiet_if_known(&mut phone);
                if !self.phones.iter().any(|known| same_phone(known, &phone)) {
                    self.phones.push(phone);
                }
            }
            Some((_, FieldShape::Email(kind))) => {
                let (mail, warned) = read_email(kind, value)?;
                warning = warned;
                if !self
                    .emails
                    .iter()
                    .any(|known| known.kind == kind && known.address.eq_ignore_ascii_case(&mail.address))
                {
                    self.emails.push(mail);
                }
            }
            Some((_, FieldShape::Social(channel))) => {
                let (social, warned) = read_social(channel, value, rules)?;
                warning = warned;
                if !self.socials.iter().any(|known| same_social(known, &social)) {
                    self.socials.push(social);
                }
            }
            Some((Field::Labels, _)) => {
                for label in parse_labels(value)? {
                    self.add_label(label);
                }
            }
            Some((Field::ExternalId, _)) => {
                for id in read_external_ids(value)? {
                    if !self.external_ids.contains(&id) {
                        self.external_ids.push(id);
                    }
                }
            }
            Some((Field::SharedWith, _)) => {
                self.shared_with.extend(names(value)?);
                self.shared_with.sort();
                self.shared_with.dedup();
            }
            Some((Field::OtherFirstNames, _)) => extend(&mut self.other_first_names, other_names(value)?),
            Some((Field::OtherLastNames, _)) => extend(&mut self.other_last_names, other_names(value)?),
            Some((field, FieldShape::Marks)) => self.add_mark(field, value, rules)?,
            _ => return self.set(key, value, rules),
        }
        Ok(warning.into_iter().collect())
    }

    /// Removes a value from a list field, or clears another field that holds it; says whether it was there.
    ///
    /// # Errors
    /// `VERIFIED_LOCKED` for a verified value under `lock_verified`.
    pub fn remove(&mut self, key: &FieldKey, value: &str, rules: &Rules) -> Result<bool, Invalid> {
        if let FieldKey::Custom(name) = key {
            return rules.schema.remove(&mut self.custom, name, value, rules);
        }
        let value = text::clean(value);
        match key.known().map(|field| (field, field.shape())) {
            Some((_, FieldShape::Phone(kind))) => {
                // In whatever notation; one without extension means the number with all of its extensions.
                let meant = read_phone(kind, &value, rules).ok().map(|(phone, _)| phone);
                let is_meant = |phone: &Phone| {
                    meant.as_ref().is_some_and(|meant| {
                        let number = meant.e164.is_some() && meant.e164 == phone.e164;
                        number && (meant.extension.is_none() || meant.extension == phone.extension)
                    })
                };
                let doomed = |phone: &Phone| phone.kind == kind && (phone.raw == *value || is_meant(phone));
                locked(self.phones.iter().any(|phone| doomed(phone) && phone.verified), &value, rules)?;
                Ok(remove_where(&mut self.phones, doomed))
            }
            Some((_, FieldShape::Email(kind))) => Ok(remove_where(&mut self.emails, |mail| {
                mail.kind == kind && mail.address.eq_ignore_ascii_case(&value)
            })),
            Some((_, FieldShape::Social(channel))) => {
                let doomed = |social: &Social| social.channel == channel && social.handle == *value;
                locked(self.socials.iter().any(|social| doomed(social) && social.verified), &value, rules)?;
                Ok(remove_where(&mut self.socials, doomed))
            }
            Some((Field::Labels, _)) => LabelName::parse(&value).map(|label| self.remove_label(&label)),
            Some((Field::ExternalId, _)) => {
                Ok(remove_where(&mut self.external_ids, |id| external_id_text(id) == value))
            }
            Some((Field::SharedWith, _)) => {
                Name::parse(&value).map(|name| remove_where(&mut self.shared_with, |known| *known == name))
            }
            Some((Field::OtherFirstNames, _)) => Ok(remove_where(&mut self.other_first_names, |known| *known == value)),
            Some((Field::OtherLastNames, _)) => Ok(remove_where(&mut self.other_last_names, |known| *known == value)),
            Some((field, FieldShape::Marks)) => self.remove_mark(field, &value, rules),
            _ if self.get(key).is_some_and(|held| held == value) => self.set(key, "", rules).map(|_| true),
            _ => Ok(false),
        }
    }

    fn set_known(&mut self, field: Field, value: &str, rules: &Rules) -> Result<Vec<Warning>, Invalid> {
        if let Some(slot) = self.text_mut(field) {
            *slot = read_text(field, value)?;
            if field == Field::LastName {
                self.last_name_is_placeholder = false;
            }
            return Ok(Vec::new());
        }
        match field.shape() {
            FieldShape::Phone(kind) => return self.set_phones(kind, value, rules),
            FieldShape::Email(kind) => return self.set_emails(kind, value, rules),
            FieldShape::Social(channel) => return self.set_socials(channel, value, rules),
            FieldShape::List if field == Field::Labels => {
                let mut labels = parse_labels(value)?;
                labels.sort();
                labels.dedup();
                self.labels = labels;
            }
            FieldShape::List => self.set_list(field, value)?,
            FieldShape::Marks => self.set_marks(field, value, rules)?,
            _ => return self.set_typed(field, value, rules).map(|warning| warning.into_iter().collect()),
        }
        Ok(Vec::new())
    }

    fn set_list(&mut self, field: Field, value: &str) -> Result<(), Invalid> {
        match field {
            Field::SharedWith => {
                let fresh = names(value)?;
                if fresh != self.shared_with {
                    self.shared_with = fresh;
                }
            }
            Field::OtherFirstNames => self.other_first_names = other_names(value)?,
            Field::OtherLastNames => self.other_last_names = other_names(value)?,
            _ => self.external_ids = read_external_ids(value)?,
        }
        Ok(())
    }

    fn set_typed(&mut self, field: Field, value: &str, rules: &Rules) -> Result<Option<Warning>, Invalid> {
        let value = text::clean(value);
        let given = (!value.is_empty()).then_some(&*value);
        let mut warning = None;
        // Contacts without an organization, an owner or a division do not share one.
        let names = matches!(field, Field::Organization | Field::Owner | Field::Division);
        if names && given.is_some_and(text::is_blank_token) {
            let invalid = Invalid::new("NAME_FORMAT", format!("`{value}` is no name"));
            return Err(invalid.hint(text::LEAVE_EMPTY));
        }
        match field {
            Field::Type => self.kind = given.map_or(Ok(ContactType::Lead), read_type)?,
            Field::Level => self.level = given.map_or(Ok(Level::Primary), read_level)?,
            Field::Language => {
                self.language = given.map(|text| language::parse_language(text, rules.language_names)).transpose()?;
                warning = self.language.as_ref().and_then(language::doubt);
            }
            Field::BirthDate => {
                let read = |text| date::parse_date(text, rules.date_format, rules.accept_serial_dates, rules.today);
                self.birth_date = given.map(read).transpose()?;
                warning = self.birth_date.and_then(|day| date::doubt(&value, day, rules.date_format));
            }
            Field::Country => {
                self.address.country = given.map(country::parse_country).transpose()?;
                warning = self.address.country.and_then(|country| country::doubt(&value, country));
            }
            Field::SurveyOptOut => self.survey_opt_out = given.map_or(Ok(false), read_yes_no)?,
            Field::Sms => {
                let sms = given.map_or(Ok(rules.sms_default), read_yes_no)?;
                self.phones.iter_mut().for_each(|phone| phone.sms = sms);
            }
            Field::Organization => {
                given.map(organization::read_name).transpose()?;
                set_name(&mut self.organization, given)?;
            }
            Field::Owner => set_name(&mut self.owner, given)?,
            Field::Division => set_name(&mut self.division, given)?,
            _ => {}
        }
        Ok(warning)
    }

    /// A number that gets no text messages gets none under another kind either.
    fn quiet_if_known(&self, phone: &mut Phone) {
        let same = |known: &&Phone| known.e164.is_some() && known.e164 == phone.e164;
        let quiet = self.phones.iter().filter(same).any(|known| !known.sms);
        phone.sms &= !quiet;
    }

    fn set_phones(&mut self, kind: PhoneKind, value: &str, rules: &Rules) -> Result<Vec<Warning>, Invalid> {
        let mut warnings = Vec::new();
        let mut fresh = Vec::new();
        each_part(value, rules, |part| {
            let (mut phone, warned) = read_phone(kind, part, rules)?;
            self.quiet_if_known(&mut phone);
            warnings.extend(warned);
            if let Some(known) = self.phones.iter().find(|known| same_phone(known, &phone)) {
                (phone.sms, phone.verified) = (known.sms, known.verified);
            }
            push_once(&mut fresh, phone, same_phone);
            Ok(())
        })?;
        let lost = self.phones_of(kind).find(|old| old.verified && !fresh.iter().any(|new| same_phone(old, new)));
        locked(lost.is_some(), lost.map_or("", |phone| &phone.raw), rules)?;
        replace_where(&mut self.phones, fresh, |phone| phone.kind == kind);
        Ok(warnings)
    }

    fn set_emails(&mut self, kind: EmailKind, value: &str, rules: &Rules) -> Result<Vec<Warning>, Invalid> {
        let mut warnings = Vec::new();
        let mut fresh = Vec::new();
        each_part(value, rules, |part| {
            let (mut mail, warned) = read_email(kind, part)?;
            warnings.extend(warned);
            let same = |known: &Email| known.kind == kind && known.address.eq_ignore_ascii_case(&mail.address);
            mail.verified = self.emails.iter().any(|known| same(known) && known.verified);
            push_once(&mut fresh, mail, |a: &Email, b| a.address.eq_ignore_ascii_case(&b.address));
            Ok(())
        })?;
        replace_where(&mut self.emails, fresh, |mail| mail.kind == kind);
        Ok(warnings)
    }

    fn set_socials(&mut self, channel: SocialChannel, value: &str, rules: &Rules) -> Result<Vec<Warning>, Invalid> {
        let mut warnings = Vec::new();
        let mut fresh = Vec::new();
        each_part(value, rules, |part| {
            let (mut social, warned) = read_social(channel, part, rules)?;
            warnings.extend(warned);
            social.verified = self.socials.iter().any(|known| same_social(known, &social) && known.verified);
            push_once(&mut fresh, social, same_social);
            Ok(())
        })?;
        let lost = self.socials_of(channel).find(|old| old.verified && !fresh.iter().any(|new| same_social(old, new)));
        locked(lost.is_some(), lost.map_or("", |social| &social.handle), rules)?;
        replace_where(&mut self.socials, fresh, |social| social.channel == channel);
        Ok(warnings)
    }
}

/// Reads the values of a cell one by one: it is split always at ` ::: `, which no single value holds, and at `;` where the rules allow it.
fn each_part(value: &str, rules: &Rules, mut read: impl FnMut(&str) -> Result<(), Invalid>) -> Result<(), Invalid> {
    let separator = if rules.multi_value { b';' } else { b':' };
    // Most cells hold one value, which is seen faster than a search for the separators is prepared.
    if !value.bytes().any(|byte| byte == b':' || byte == separator) {
        return if text::is_blank(value) { Ok(()) } else { read(value) };
    }
    let parts = value.split(VALUE_SEPARATOR).flat_map(|part| part.split(|char| char == ';' && rules.multi_value));
    parts.filter(|part| !text::is_blank(part)).try_for_each(read)
}

/// A value that a cell repeats, in whatever notation, is one value.
fn push_once<T>(list: &mut Vec<T>, value: T, same: impl Fn(&T, &T) -> bool) {
    if !list.iter().any(|known| same(known, &value)) {
        list.push(value);
    }
}

/// A name that is equal without regard to case stays as it was written first.
fn set_name(slot: &mut Option<Name>, given: Option<&str>) -> Result<(), Invalid> {
    let name = given.map(Name::parse).transpose()?;
    if *slot != name {
        *slot = name;
    }
    Ok(())
}

fn extend(names: &mut Vec<String>, more: Vec<String>) {
    for name in more {
        if !names.contains(&name) {
            names.push(name);
        }
    }
}

pub(super) fn replace_where<T>(list: &mut Vec<T>, mut fresh: Vec<T>, mine: impl Fn(&T) -> bool) {
    match list.iter().position(&mine) {
        Some(at) => {
            list.retain(|item| !mine(item));
            list.splice(at..at, fresh);
        }
        None if list.is_empty() => *list = fresh,
        None => list.append(&mut fresh),
    }
}

fn remove_where<T>(list: &mut Vec<T>, doomed: impl Fn(&T) -> bool) -> bool {
    let before = list.len();
    list.retain(|item| !doomed(item));
    list.len() < before
}

pub(super) fn locked(touched: bool, value: &str, rules: &Rules) -> Result<(), Invalid> {
    if touched && rules.lock_verified { Err(verified::locked(value)) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::tests::contact;

    #[test]
    fn nothing_parts_a_value_where_semicolons_do_not() {
        let rules = Rules::for_tests();
        let codes = [(Field::Email, "ann@example.com\0"), (Field::Mobile, "+85291234567\0+85291234568")];
        for (field, value) in codes {
            let mut lee = contact("Lee");
            let refused = lee.set(&field.into(), value, &rules).expect_err(value);
            assert!(lee.get(&field.into()).is_none(), "{}", refused.code);
        }
    }
}
