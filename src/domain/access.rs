//! Reading and writing a contact by field name, as text: the one view that CSV columns, plugins, the command line and the change log
//! share. Reading is here; every write goes through the built-in rules in `write`. What to do with a refused value is the caller's
//! decision.

mod exact;
mod marks;
mod parse;
mod write;

use std::borrow::Cow;

use super::contact::{Contact, Email, EmailKind, ExternalId, Phone, PhoneKind, Social, SocialChannel};
use super::field::{Field, FieldKey, FieldShape};
use super::invalid::Invalid;

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
            Some(FieldShape::List) => self.list(key.known()),
            Some(FieldShape::Marks) => self.marks(key.known()),
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
            FieldShape::List => self.list(Some(field)).into_iter().next(),
            FieldShape::Marks => self.marks(Some(field)).into_iter().next(),
            _ => self.typed(field),
        }
    }

    fn list(&self, field: Option<Field>) -> Vec<Cow<'_, str>> {
        match field {
            Some(Field::Labels) => self.labels.iter().map(|label| Cow::Borrowed(label.as_str())).collect(),
            Some(Field::ExternalId) => self.external_ids.iter().map(external_id_text).collect(),
            Some(Field::SharedWith) => self.shared_with.iter().map(|name| Cow::Borrowed(name.as_str())).collect(),
            Some(Field::OtherFirstNames) => texts(&self.other_first_names),
            Some(Field::OtherLastNames) => texts(&self.other_last_names),
            _ => Vec::new(),
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
            Field::Organization => named(&self.organization),
            Field::Owner => named(&self.owner),
            Field::Division => named(&self.division),
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
            Field::Device => &self.device,
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
            Field::Device => &mut self.device,
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
}

/// Between several values of one cell: what exports of address books write, Carnet's own among them.
pub const VALUE_SEPARATOR: &str = " ::: ";

fn named(name: &Option<super::name::Name>) -> Option<Cow<'_, str>> {
    name.as_ref().map(|name| Cow::Borrowed(name.as_str()))
}

fn texts(names: &[String]) -> Vec<Cow<'_, str>> {
    names.iter().map(|name| Cow::Borrowed(name.as_str())).collect()
}

fn phone_text(phone: &Phone) -> Cow<'_, str> {
    let number = phone.dialled();
    match (&phone.extension, &phone.e164) {
        (Some(extension), Some(_)) => Cow::Owned(format!("{number} x{extension}")),
        _ => Cow::Borrowed(number),
    }
}

fn external_id_text(id: &ExternalId) -> Cow<'_, str> {
    if id.source.is_empty() { Cow::Borrowed(&id.id) } else { Cow::Owned(format!("{}:{}", id.source, id.id)) }
}

/// Reads a yes or no in the words that spreadsheets and people use.
///
/// # Errors
/// `YES_NO` for any other word.
pub fn read_yes_no(value: &str) -> Result<bool, Invalid> {
    match super::text::word_key(value).as_str() {
        "yes" | "y" | "true" | "1" | "on" | "x" => Ok(true),
        "no" | "n" | "false" | "0" | "off" => Ok(false),
        _ => Err(Invalid::new("YES_NO", format!("`{}` is neither yes nor no", super::text::shown(value)))
            .hint("use yes or no")),
    }
}

/// Writes a yes or no.
#[must_use]
pub const fn yes_no(value: bool) -> &'static str {
    if value { "yes" } else { "no" }
}
