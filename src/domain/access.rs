//! Reading and writing a contact by field name, as text: the one view that CSV columns, plugins, the command line and the change log
//! share. Every write goes through the built-in rules here. What to do with a refused value is the caller's decision.

use std::borrow::Cow;

use super::contact::{
    Contact, ContactType, Email, EmailKind, ExternalId, Level, Phone, PhoneKind, Social, SocialChannel,
};
use super::field::{Field, FieldKey, FieldShape};
use super::invalid::Invalid;
use super::label::{LABELS_MAX, LabelName, parse_labels};
use super::rules::Rules;
use super::{country, date, email, language, phone, text};

/// Longest custom value, in characters.
const CUSTOM_MAX_CHARS: usize = 1000;

impl Contact {
    /// Returns a field's text: the first value of a list, `None` when there is none. Phones come as E.164 where known, else as typed.
    #[must_use]
    pub fn get(&self, key: &FieldKey) -> Option<Cow<'_, str>> {
        match key {
            FieldKey::Custom(key) => self.custom.get(&**key).map(|value| Cow::Borrowed(value.as_str())),
            FieldKey::Known(field) => self.get_known(*field),
        }
    }

    /// Returns all values of a field; a field that is no list has one or none.
    #[must_use]
    pub fn values(&self, key: &FieldKey) -> Vec<Cow<'_, str>> {
        match key.known().map(Field::shape) {
            Some(FieldShape::Phone(kind)) => self.phones_of(kind).map(phone_text).collect(),
            Some(FieldShape::Email(kind)) => {
                self.emails_of(kind).map(|mail| Cow::Borrowed(mail.address.as_str())).collect()
            }
            Some(FieldShape::Social(channel)) => {
                self.socials_of(channel).map(|social| Cow::Borrowed(social.handle.as_str())).collect()
            }
            Some(FieldShape::List) if key.known() == Some(Field::Labels) => {
                self.labels.iter().map(|label| Cow::Borrowed(label.as_str())).collect()
            }
            Some(FieldShape::List) => self.external_ids.iter().map(external_id_text).collect(),
            _ => self.get(key).into_iter().collect(),
        }
    }

    /// Returns a field as one text, the values of a list joined by `; `.
    #[must_use]
    pub fn joined(&self, key: &FieldKey) -> Option<String> {
        let values = self.values(key);
        (!values.is_empty()).then(|| values.join("; "))
    }

    fn get_known(&self, field: Field) -> Option<Cow<'_, str>> {
        if let Some(slot) = self.text(field) {
            return slot.as_deref().map(Cow::Borrowed);
        }
        match field.shape() {
            FieldShape::Phone(kind) => self.phones_of(kind).next().map(phone_text),
            FieldShape::Email(kind) => self.emails_of(kind).next().map(|mail| Cow::Borrowed(mail.address.as_str())),
            FieldShape::Social(channel) => {
                self.socials_of(channel).next().map(|social| Cow::Borrowed(social.handle.as_str()))
            }
            FieldShape::List if field == Field::Labels => {
                self.labels.first().map(|label| Cow::Borrowed(label.as_str()))
            }
            FieldShape::List => self.external_ids.first().map(external_id_text),
            _ => self.typed(field),
        }
    }

    fn typed(&self, field: Field) -> Option<Cow<'_, str>> {
        match field {
            Field::Type => Some(Cow::Borrowed(self.kind.as_str())),
            Field::Level => Some(Cow::Borrowed(self.level.as_str())),
            Field::Language => self.language.as_ref().map(|language| Cow::Borrowed(language.as_str())),
            Field::BirthDate => self.birth_date.map(|date| Cow::Owned(date.to_string())),
            Field::Country => self.address.country.map(|country| Cow::Owned(country.as_str().to_owned())),
            Field::SurveyOptOut => Some(Cow::Borrowed(yes_no(self.survey_opt_out))),
            Field::Sms => self.sms_of_all().map(|sms| Cow::Borrowed(yes_no(sms))),
            _ => None,
        }
    }

    /// The toggle of all numbers, when they agree.
    fn sms_of_all(&self) -> Option<bool> {
        let first = self.phones.first()?.sms;
        self.phones.iter().all(|phone| phone.sms == first).then_some(first)
    }

    fn text(&self, field: Field) -> Option<&Option<String>> {
        Some(match field {
            Field::FirstName => &self.first_name,
            Field::LastName => &self.last_name,
            Field::Company => &self.company,
            Field::JobTitle => &self.job_title,
            Field::Department => &self.department,
            Field::Group => &self.group,
            Field::Street => &self.address.street,
            Field::City => &self.address.city,
            Field::State => &self.address.state,
            Field::Zip => &self.address.zip,
            Field::ExternalUrl => &self.external_url,
            _ => return None,
        })
    }

    fn text_mut(&mut self, field: Field) -> Option<&mut Option<String>> {
        Some(match field {
            Field::FirstName => &mut self.first_name,
            Field::LastName => &mut self.last_name,
            Field::Company => &mut self.company,
            Field::JobTitle => &mut self.job_title,
            Field::Department => &mut self.department,
            Field::Group => &mut self.group,
            Field::Street => &mut self.address.street,
            Field::City => &mut self.address.city,
            Field::State => &mut self.address.state,
            Field::Zip => &mut self.address.zip,
            Field::ExternalUrl => &mut self.external_url,
            _ => return None,
        })
    }

    /// Returns the numbers of a kind.
    pub fn phones_of(&self, kind: PhoneKind) -> impl Iterator<Item = &Phone> {
        self.phones.iter().filter(move |phone| phone.kind == kind)
    }

    /// Returns the addresses of a kind.
    pub fn emails_of(&self, kind: EmailKind) -> impl Iterator<Item = &Email> {
        self.emails.iter().filter(move |mail| mail.kind == kind)
    }

    /// Returns the handles on a channel.
    pub fn socials_of(&self, channel: SocialChannel) -> impl Iterator<Item = &Social> {
        self.socials.iter().filter(move |social| social.channel == channel)
    }

    /// Sets a field from text; a blank text clears it. For lists it replaces all values of the field's kind.
    /// Returns a warning about a value that was taken, if there is one.
    ///
    /// # Errors
    /// The rule that refuses the value; the contact is then unchanged.
    pub fn set(&mut self, key: &FieldKey, value: &str, rules: &Rules) -> Result<Option<String>, Invalid> {
        match key {
            FieldKey::Custom(name) => self.set_custom(name, value).map(|()| None),
            FieldKey::Known(field) => self.set_known(*field, value, rules),
        }
    }

    /// Adds a value to a list field; a value that is there already stays once. Other fields are set.
    ///
    /// # Errors
    /// The rule that refuses the value.
    pub fn add(&mut self, key: &FieldKey, value: &str, rules: &Rules) -> Result<(), Invalid> {
        match key.known().map(|field| (field, field.shape())) {
            Some((_, FieldShape::Phone(kind))) => {
                let (phone, _) = read_phone(kind, value, rules)?;
                if !self.phones.iter().any(|known| same_phone(known, &phone)) {
                    self.phones.push(phone);
                }
            }
            Some((_, FieldShape::Email(kind))) => {
                let mail = read_email(kind, value)?;
                if !self
                    .emails
                    .iter()
                    .any(|known| known.kind == kind && known.address.eq_ignore_ascii_case(&mail.address))
                {
                    self.emails.push(mail);
                }
            }
            Some((_, FieldShape::Social(channel))) => {
                let social = read_social(channel, value, rules)?;
                if !self.socials.contains(&social) {
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
            _ => drop(self.set(key, value, rules)?),
        }
        Ok(())
    }

    /// Removes a value from a list field, or clears another field that holds it; says whether it was there.
    ///
    /// # Errors
    /// `VERIFIED_LOCKED` for a verified value under `lock_verified`.
    pub fn remove(&mut self, key: &FieldKey, value: &str, rules: &Rules) -> Result<bool, Invalid> {
        let value = text::clean(value);
        match key.known().map(|field| (field, field.shape())) {
            Some((_, FieldShape::Phone(kind))) => {
                let doomed = |phone: &Phone| {
                    phone.kind == kind && (phone.raw == *value || phone.e164.as_deref() == Some(&*value))
                };
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
            _ if self.get(key).is_some_and(|held| held == value) => self.set(key, "", rules).map(|_| true),
            _ => Ok(false),
        }
    }

    fn set_custom(&mut self, name: &str, value: &str) -> Result<(), Invalid> {
        let value = text::clean(value);
        if value.is_empty() {
            self.custom.remove(name);
            return Ok(());
        }
        text::check_text(&value, CUSTOM_MAX_CHARS, true)?;
        self.custom.insert(name.to_owned(), value.into_owned());
        Ok(())
    }

    fn set_known(&mut self, field: Field, value: &str, rules: &Rules) -> Result<Option<String>, Invalid> {
        if let Some(slot) = self.text_mut(field) {
            *slot = read_text(field, value)?;
            if field == Field::LastName {
                self.last_name_is_placeholder = false;
            }
            return Ok(None);
        }
        match field.shape() {
            FieldShape::Phone(kind) => return self.set_phones(kind, value, rules),
            FieldShape::Email(kind) => self.set_emails(kind, value, rules)?,
            FieldShape::Social(channel) => self.set_socials(channel, value, rules)?,
            FieldShape::List if field == Field::Labels => {
                let mut labels = parse_labels(value)?;
                labels.sort();
                labels.dedup();
                self.labels = labels;
            }
            FieldShape::List => self.external_ids = read_external_ids(value)?,
            _ => self.set_typed(field, value, rules)?,
        }
        Ok(None)
    }

    fn set_typed(&mut self, field: Field, value: &str, rules: &Rules) -> Result<(), Invalid> {
        let value = text::clean(value);
        let given = (!value.is_empty()).then_some(&*value);
        match field {
            Field::Type => self.kind = given.map_or(Ok(ContactType::Lead), read_type)?,
            Field::Level => self.level = given.map_or(Ok(Level::Primary), read_level)?,
            Field::Language => {
                self.language = given.map(|text| language::parse_language(text, rules.language_names)).transpose()?
            }
            Field::BirthDate => {
                let read = |text| date::parse_date(text, rules.date_format, rules.accept_serial_dates, rules.today);
                self.birth_date = given.map(read).transpose()?;
            }
            Field::Country => self.address.country = given.map(country::parse_country).transpose()?,
            Field::SurveyOptOut => self.survey_opt_out = given.map_or(Ok(false), read_yes_no)?,
            Field::Sms => {
                let sms = given.map_or(Ok(rules.sms_default), read_yes_no)?;
                self.phones.iter_mut().for_each(|phone| phone.sms = sms);
            }
            _ => {}
        }
        Ok(())
    }

    fn set_phones(&mut self, kind: PhoneKind, value: &str, rules: &Rules) -> Result<Option<String>, Invalid> {
        let mut warning = None;
        let mut fresh = Vec::new();
        for part in parts(value, rules) {
            let (mut phone, warned) = read_phone(kind, part, rules)?;
            warning = warning.or(warned);
            if let Some(known) = self.phones.iter().find(|known| same_phone(known, &phone)) {
                (phone.sms, phone.verified) = (known.sms, known.verified);
            }
            fresh.push(phone);
        }
        let lost = self.phones_of(kind).find(|old| old.verified && !fresh.iter().any(|new| same_phone(old, new)));
        locked(lost.is_some(), lost.map_or("", |phone| &phone.raw), rules)?;
        replace_where(&mut self.phones, fresh, |phone| phone.kind == kind);
        Ok(warning)
    }

    fn set_emails(&mut self, kind: EmailKind, value: &str, rules: &Rules) -> Result<(), Invalid> {
        let fresh = parts(value, rules).map(|part| read_email(kind, part)).collect::<Result<Vec<_>, _>>()?;
        replace_where(&mut self.emails, fresh, |mail| mail.kind == kind);
        Ok(())
    }

    fn set_socials(&mut self, channel: SocialChannel, value: &str, rules: &Rules) -> Result<(), Invalid> {
        let fresh = parts(value, rules).map(|part| read_social(channel, part, rules)).collect::<Result<Vec<_>, _>>()?;
        let lost =
            self.socials_of(channel).find(|old| old.verified && !fresh.iter().any(|new| old.handle == new.handle));
        locked(lost.is_some(), lost.map_or("", |social| &social.handle), rules)?;
        replace_where(&mut self.socials, fresh, |social| social.channel == channel);
        Ok(())
    }
}

/// Between several values of one cell: what exports of address books write, Carnet's own among them.
pub const VALUE_SEPARATOR: &str = " ::: ";

/// Splits a cell of several values: always at ` ::: `, which no single value holds, and at `;` where the rules allow it.
fn parts<'v>(value: &'v str, rules: &Rules) -> impl Iterator<Item = &'v str> {
    let separator = if rules.multi_value { ';' } else { '\0' };
    value.split(VALUE_SEPARATOR).flat_map(move |part| part.split(separator)).filter(|part| !text::is_blank(part))
}

fn replace_where<T>(list: &mut Vec<T>, fresh: Vec<T>, mine: impl Fn(&T) -> bool) {
    let at = list.iter().position(&mine).unwrap_or(list.len());
    list.retain(|item| !mine(item));
    let at = at.min(list.len());
    list.splice(at..at, fresh);
}

fn remove_where<T>(list: &mut Vec<T>, doomed: impl Fn(&T) -> bool) -> bool {
    let before = list.len();
    list.retain(|item| !doomed(item));
    list.len() < before
}

fn locked(touched: bool, value: &str, rules: &Rules) -> Result<(), Invalid> {
    if touched && rules.lock_verified {
        return Err(Invalid::new("VERIFIED_LOCKED", format!("`{value}` is verified and cannot be edited or removed"))
            .hint("set `lock_verified = false` to allow it"));
    }
    Ok(())
}

fn same_phone(a: &Phone, b: &Phone) -> bool {
    let number = match (&a.e164, &b.e164) {
        (Some(a), Some(b)) => a == b,
        _ => a.raw == b.raw,
    };
    number && a.kind == b.kind && a.extension == b.extension
}

fn phone_text(phone: &Phone) -> Cow<'_, str> {
    let number = phone.e164.as_deref().unwrap_or(&phone.raw);
    match (&phone.extension, &phone.e164) {
        (Some(extension), Some(_)) => Cow::Owned(format!("{number} x{extension}")),
        _ => Cow::Borrowed(number),
    }
}

fn external_id_text(id: &ExternalId) -> Cow<'_, str> {
    if id.source.is_empty() { Cow::Borrowed(&id.id) } else { Cow::Owned(format!("{}:{}", id.source, id.id)) }
}

fn read_text(field: Field, value: &str) -> Result<Option<String>, Invalid> {
    let clean = text::clean(value);
    if clean.is_empty() || (matches!(field, Field::FirstName | Field::LastName) && text::is_blank_token(&clean)) {
        return Ok(None);
    }
    text::check_text(&clean, text::NAME_MAX_CHARS, field == Field::Street)?;
    Ok(Some(clean.into_owned()))
}

fn read_phone(kind: PhoneKind, value: &str, rules: &Rules) -> Result<(Phone, Option<String>), Invalid> {
    let parsed = phone::parse_number(value, rules.phone_mode, rules.default_country)?;
    let raw = text::clean(value).into_owned();
    let phone =
        Phone { kind, raw, e164: parsed.e164, extension: parsed.extension, sms: rules.sms_default, verified: false };
    Ok((phone, parsed.warning))
}

fn read_email(kind: EmailKind, value: &str) -> Result<Email, Invalid> {
    email::parse_email(value).map(|parsed| Email { kind, address: parsed.address, verified: false })
}

fn read_social(channel: SocialChannel, value: &str, rules: &Rules) -> Result<Social, Invalid> {
    let clean = text::clean(value);
    text::check_text(&clean, text::NAME_MAX_CHARS, false)?;
    let handle = if channel.identifies() {
        phone::parse_number(&clean, rules.phone_mode, rules.default_country)?.e164.unwrap_or_else(|| clean.into_owned())
    } else {
        clean.into_owned()
    };
    Ok(Social { channel, handle, verified: false })
}

fn read_external_ids(value: &str) -> Result<Vec<ExternalId>, Invalid> {
    if value.matches(';').count() >= LABELS_MAX {
        return Err(Invalid::new("IDS_TOO_MANY", format!("more than {LABELS_MAX} ids at once")).hint("use fewer"));
    }
    let one = |part: &str| {
        let clean = text::clean(part);
        text::check_text(&clean, text::NAME_MAX_CHARS, false)?;
        Ok(match clean.split_once(':') {
            Some((source, id)) if !source.is_empty() && !id.is_empty() => {
                ExternalId { source: source.to_owned(), id: id.to_owned() }
            }
            _ => ExternalId { source: String::new(), id: clean.into_owned() },
        })
    };
    value.split(';').filter(|part| !text::is_blank(part)).map(one).collect()
}

fn read_type(value: &str) -> Result<ContactType, Invalid> {
    let word = value.to_lowercase();
    let word = if word == "others" { "other" } else { &word };
    ContactType::parse(word).ok_or_else(|| {
        Invalid::new("TYPE_UNKNOWN", format!("`{value}` is no contact type"))
            .hint("use Lead, Prospect, Customer or Other")
    })
}

fn read_level(value: &str) -> Result<Level, Invalid> {
    Level::parse(&value.to_lowercase()).ok_or_else(|| {
        Invalid::new("LEVEL_UNKNOWN", format!("`{value}` is no contact level"))
            .hint("use Primary, Secondary or Tertiary")
    })
}

/// Reads a yes or no in the words that spreadsheets and people use.
///
/// # Errors
/// `YES_NO` for any other word.
pub fn read_yes_no(value: &str) -> Result<bool, Invalid> {
    match value.trim().to_lowercase().as_str() {
        "yes" | "y" | "true" | "1" | "on" | "x" => Ok(true),
        "no" | "n" | "false" | "0" | "off" => Ok(false),
        _ => Err(Invalid::new("YES_NO", format!("`{value}` is neither yes nor no")).hint("use yes or no")),
    }
}

/// Writes a yes or no.
#[must_use]
pub const fn yes_no(value: bool) -> &'static str {
    if value { "yes" } else { "no" }
}
