//! Export: contacts by query, as CSV that imports again, or as JSON Lines. Whole or not at all: a file appears when it is complete.

use std::io::{self, Write};
use std::ops::ControlFlow;

use super::failure::Failure;
use super::import::mapping::ID_HEADER;
use super::{App, wire};
use crate::domain::access::{VALUE_SEPARATOR, yes_no};
use crate::domain::contact::Contact;
use crate::domain::field::{FIELDS, Field, FieldKey};
use crate::intake::write::{WriteOptions, Writer};
use crate::store::Query;

/// The format of an export.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Format {
    /// `Contact.csv`: the template's columns, custom fields, and the contact's id.
    Csv,
    /// One JSON document a line.
    JsonLines,
}

impl App {
    /// Writes the contacts that a query finds, oldest first, and returns how many.
    ///
    /// # Errors
    /// When the store cannot be read or the output not be written.
    pub fn export(&self, query: &Query, format: Format, out: &mut dyn Write) -> Result<u64, Failure> {
        let failed = |error: io::Error| Failure::io("write", std::path::Path::new("the export"), &error);
        match format {
            Format::Csv => self.export_csv(query, out, failed),
            Format::JsonLines => self.export_lines(query, out, failed),
        }
    }

    fn export_csv(
        &self,
        query: &Query,
        out: &mut dyn Write,
        failed: impl Fn(io::Error) -> Failure,
    ) -> Result<u64, Failure> {
        let custom = self.custom_keys(query)?;
        let keys: Vec<FieldKey> = FIELDS.iter().map(|info| FieldKey::Known(info.field)).chain(custom).collect();
        let mut writer = Writer::new(out, WriteOptions::default()).map_err(&failed)?;
        let header = keys.iter().map(|key| self.header_of(key)).chain([ID_HEADER.to_owned()]);
        writer.write(header).map_err(&failed)?;
        let count = self.each(query, &mut |contact| {
            let cells = keys.iter().map(|key| self.cell(&contact, key)).chain([contact.id.to_string()]);
            writer.write(cells)
        })?;
        writer.finish().map_err(failed)?;
        Ok(count)
    }

    fn export_lines(
        &self,
        query: &Query,
        out: &mut dyn Write,
        failed: impl Fn(io::Error) -> Failure,
    ) -> Result<u64, Failure> {
        let count = self.each(query, &mut |contact| writeln!(out, "{}", wire::contact(&contact)))?;
        out.flush().map_err(failed)?;
        Ok(count)
    }

    /// Streams contacts to a writer, stopping at its first error.
    fn each(&self, query: &Query, write: &mut dyn FnMut(Contact) -> io::Result<()>) -> Result<u64, Failure> {
        let (mut count, mut trouble) = (0, None);
        self.store()?.read(|reader| {
            reader.for_each(query, &mut |contact| match write(contact) {
                Ok(()) => {
                    count += 1;
                    ControlFlow::Continue(())
                }
                Err(error) => {
                    trouble = Some(error);
                    ControlFlow::Break(())
                }
            })
        })?;
        match trouble {
            Some(error) => Err(Failure::io("write", std::path::Path::new("the export"), &error)),
            None => Ok(count),
        }
    }

    /// The custom fields that any of the contacts uses, by key.
    fn custom_keys(&self, query: &Query) -> Result<Vec<FieldKey>, Failure> {
        let mut keys = std::collections::BTreeSet::new();
        self.each(query, &mut |contact| {
            keys.extend(contact.custom.into_keys());
            Ok(())
        })?;
        Ok(keys.into_iter().map(|key| FieldKey::Custom(key.into())).collect())
    }

    fn header_of(&self, key: &FieldKey) -> String {
        key.known().map_or_else(|| key.to_string(), |field| self.header(field.info()))
    }

    /// A cell as the import reads it: dates in the format of the settings, a placeholder as the blank that it stands for.
    fn cell(&self, contact: &Contact, key: &FieldKey) -> String {
        match key.known() {
            Some(Field::LastName) if contact.last_name_is_placeholder => String::new(),
            Some(Field::BirthDate) => {
                contact.birth_date.map_or_else(String::new, |date| self.settings().date_format.write(date))
            }
            // Numbers that differ have no one answer; the stricter is safe.
            Some(Field::Sms) if !contact.phones.is_empty() => {
                yes_no(contact.phones.iter().all(|phone| phone.sms)).to_owned()
            }
            Some(Field::Labels | Field::ExternalId) => contact.joined(key).unwrap_or_default(),
            _ => contact.values(key).join(VALUE_SEPARATOR),
        }
    }
}
