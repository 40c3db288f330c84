//! `Contact.csv`: what an import under the same settings reads back as it was, field by field.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::io::Write;

use super::{Found, Trouble, cell};
use crate::app::App;
use crate::app::import::mapping::ID_HEADER;
use crate::domain::access::yes_no;
use crate::domain::contact::Contact;
use crate::domain::draft::stand_in;
use crate::domain::field::{FIELDS, Field, FieldKey, FieldShape};
use crate::domain::language::{Language, LanguageNames, parse_language};
use crate::intake::write::{WriteOptions, Writer};

/// Writes the table and returns how many contacts it has.
pub(super) fn write(app: &App, found: &Found<'_>, out: &mut dyn Write) -> Result<u64, Trouble> {
    let keys = columns(app, found)?;
    let mut writer = Writer::new(out, WriteOptions::default())?;
    writer.write(keys.iter().map(|key| app.header_of(key)).chain([ID_HEADER.to_owned()]))?;
    let count = found.each(&mut |contact| {
        writer.write(keys.iter().map(|key| app.cell(contact, key)).chain([contact.id.to_string()]))
    })?;
    writer.finish()?.flush()?;
    Ok(count)
}

/// The template's fields, those others that any of the contacts has, and custom fields by key.
fn columns(app: &App, found: &Found<'_>) -> Result<Vec<FieldKey>, Trouble> {
    let always = app.template_fields();
    let mut rest: Vec<FieldKey> =
        FIELDS.iter().map(|info| info.field).filter(|field| !always.contains(field)).map(FieldKey::Known).collect();
    let (mut used, mut custom) = (BTreeSet::new(), BTreeSet::new());
    found.each(&mut |contact| {
        used.extend(rest.extract_if(.., |key| !contact.exported(key).is_empty()));
        for key in contact.custom.keys().filter(|key| !custom.contains(*key)).cloned().collect::<Vec<_>>() {
            custom.insert(key);
        }
        Ok(())
    })?;
    let known = always.into_iter().map(FieldKey::Known).chain(used);
    Ok(known.chain(custom.into_iter().map(|key| FieldKey::Custom(key.into()))).collect())
}

impl App {
    fn header_of(&self, key: &FieldKey) -> String {
        key.known().map_or_else(|| key.to_string(), |field| self.header(field.info()))
    }

    /// A cell as the import reads it: dates and languages as the settings write them, a placeholder as the blank that it stands for.
    fn cell(&self, contact: &Contact, key: &FieldKey) -> String {
        let Some(field) = key.known() else { return cell::escape(contact.get(key).unwrap_or_default().into_owned()) };
        let settings = self.settings();
        let text = match field {
            Field::LastName if contact.last_name_is_placeholder => {
                let filled_in = stand_in(contact, settings.missing_last_name) == contact.last_name;
                contact.last_name.clone().filter(|_| !filled_in).unwrap_or_default()
            }
            Field::BirthDate => contact.birth_date.map_or_else(String::new, |date| settings.date_format.write(date)),
            Field::Language => {
                contact.language.as_ref().map_or_else(String::new, |it| language(it, settings.language_names))
            }
            // Numbers that differ have no one answer; the stricter is safe, and `No SMS` tells the rest.
            Field::Sms if contact.phones.is_empty() => String::new(),
            Field::Sms => yes_no(contact.phones.iter().all(|phone| phone.sms)).to_owned(),
            Field::Labels | Field::ExternalId => contact.joined(key).unwrap_or_default(),
            _ => match field.shape() {
                FieldShape::Text | FieldShape::Typed => contact.get(key).map(Cow::into_owned).unwrap_or_default(),
                _ => cell::join(&contact.exported(key)),
            },
        };
        cell::escape(text)
    }
}

/// A language by its tag; where five are offered by name, by its name.
fn language(language: &Language, names: LanguageNames) -> String {
    let name = language.english_name().filter(|_| names == LanguageNames::Five);
    let reads_back = |name: &&str| parse_language(name, names).as_ref() == Ok(language);
    name.filter(reads_back).unwrap_or(language.as_str()).to_owned()
}
