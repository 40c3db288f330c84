//! Export: contacts by query, as CSV that imports again without loss, as vCards, or as JSON Lines. One snapshot, one contact at a time in
//! memory. What each format looks like is in the files below; where the file is written is the caller's.

pub(super) mod cell;
mod csv;
mod jsonl;
mod vcard;

#[cfg(test)]
mod tests;

use std::io::{self, Write};
use std::ops::ControlFlow;
use std::path::Path;

use super::App;
use super::failure::Failure;
use crate::domain::contact::Contact;
use crate::domain::custom::{Entity, Schema};
use crate::store::{Query, Reader, StoreError};

/// The format of an export.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Format {
    /// The template's columns, those other fields that are used, custom fields, and the contact's id.
    Csv,
    /// vCard 4.0.
    Vcard,
    /// One JSON document a line.
    JsonLines,
}

impl Format {
    /// Returns the format's name, as on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Vcard => "vcard",
            Self::JsonLines => "jsonl",
        }
    }

    /// Returns the name of the file, unless told otherwise.
    #[must_use]
    pub const fn file_name(self) -> &'static str {
        match self {
            Self::Csv => "Contact.csv",
            Self::Vcard => "Contact.vcf",
            Self::JsonLines => "Contact.jsonl",
        }
    }
}

impl App {
    /// Writes the contacts that a query finds, oldest first, and returns how many. Whose contacts these may be is said by the query's scope:
    /// [`App::export_scope`]. `place` is how errors name what is written.
    ///
    /// # Errors
    /// When the store cannot be read or the output not be written.
    pub fn export(&self, query: &Query, format: Format, out: &mut dyn Write, place: &Path) -> Result<u64, Failure> {
        let schema = self.schema(Entity::Contact)?;
        let mut unwritten = None;
        let count = self.store()?.read(|reader| {
            let found = Found { reader, query, schema: &schema };
            let written = match format {
                Format::Csv => csv::write(self, &found, out),
                Format::Vcard => vcard::write(&found, out),
                Format::JsonLines => jsonl::write(&found, out),
            };
            match written {
                Ok(count) => Ok(count),
                Err(Trouble::Store(error)) => Err(error),
                Err(Trouble::Output(error)) => {
                    unwritten = Some(error);
                    Ok(0)
                }
            }
        })?;
        match unwritten {
            Some(error) => Err(Failure::io("write", place, &error)),
            None => Ok(count),
        }
    }
}

/// What a query finds on one snapshot, as often as it is asked.
struct Found<'r> {
    reader: &'r Reader<'r>,
    query: &'r Query,
    /// Values of custom fields that are not in use are left out.
    schema: &'r Schema,
}

impl Found<'_> {
    /// Streams the contacts to a writer, stopping at its first error, and returns how many there were.
    fn each(&self, write: &mut dyn FnMut(&Contact) -> io::Result<()>) -> Result<u64, Trouble> {
        let (mut count, mut trouble) = (0, None);
        self.reader.for_each(self.query, &mut |mut contact| {
            self.schema.hide(&mut contact.custom);
            match write(&contact) {
                Ok(()) => {
                    count += 1;
                    ControlFlow::Continue(())
                }
                Err(error) => {
                    trouble = Some(error);
                    ControlFlow::Break(())
                }
            }
        })?;
        match trouble {
            Some(error) => Err(Trouble::Output(error)),
            None => Ok(count),
        }
    }
}

/// Why an export did not come to its end.
enum Trouble {
    Store(StoreError),
    Output(io::Error),
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}
