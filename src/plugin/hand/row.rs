//! The row in hand of `on_import_row`: cells by header, or by the name of the field that a header was mapped to.

use std::borrow::Cow;
use std::sync::Arc;

use super::sheet::refusal;
use super::{EditError, Refusal, Terms, Tracker};
use crate::domain::cells::Cells;
use crate::domain::field::FieldKey;
use crate::domain::invalid::Invalid;
use crate::domain::reach::HEADER;
use crate::domain::row::Columns;

/// Longest cell that a plugin may write, in bytes.
const CELL_BYTES: usize = 64 << 10;

/// One row of a file.
#[derive(Debug)]
pub struct RowHand {
    columns: Arc<Columns>,
    cells: Arc<Cells>,
    record: u64,
    line: u64,
    written: Written,
    undo: Option<Box<Written>>,
    tracker: Tracker,
}

/// What plugins wrote over the file's cells.
#[derive(Clone, Default, Debug)]
struct Written {
    /// Cells, by column.
    cells: Vec<(usize, String)>,
    /// Fields that no column of the file was mapped to.
    fields: Vec<(FieldKey, String)>,
}

impl RowHand {
    /// Takes a row in hand. `record` counts the file's records from 1, `line` its lines.
    #[must_use]
    pub fn new(columns: Arc<Columns>, cells: impl Into<Arc<Cells>>, record: u64, line: u64) -> Self {
        let cells = cells.into();
        Self { columns, cells, record, line, written: Written::default(), undo: None, tracker: Tracker::new() }
    }

    /// Returns the record's number, from 1.
    #[must_use]
    pub const fn record(&self) -> u64 {
        self.record
    }

    /// Returns the line on which the record starts, from 1.
    #[must_use]
    pub const fn line(&self) -> u64 {
        self.line
    }

    /// Returns the file's columns.
    #[must_use]
    pub const fn columns(&self) -> &Arc<Columns> {
        &self.columns
    }

    /// Returns the cells as the file has them.
    #[must_use]
    pub fn original(&self) -> &Cells {
        &self.cells
    }

    /// Lets go of everything but the cells as the file has them.
    #[must_use]
    pub fn into_original(self) -> Arc<Cells> {
        self.cells
    }

    /// Returns a cell as it stands, by column.
    #[must_use]
    pub fn cell(&self, column: usize) -> &str {
        let written = self.written.cells.iter().find(|(at, _)| *at == column);
        written.map_or_else(|| self.cells.get(column).unwrap_or(""), |(_, text)| text)
    }

    /// Returns the fields that plugins set without a column.
    pub fn extra_fields(&self) -> impl Iterator<Item = (&FieldKey, &str)> {
        self.written.fields.iter().map(|(key, text)| (key, text.as_str()))
    }

    /// Returns a cell by header or field name: `None` when the file has no such column and no plugin set such a field.
    ///
    /// # Errors
    /// `NOT_GRANTED`.
    pub fn get(&self, name: &str) -> Result<Option<&str>, Refusal> {
        self.get_at(self.columns.find(name), name)
    }

    /// Returns the same, given the column that was found for the name.
    ///
    /// # Errors
    /// `NOT_GRANTED`.
    pub fn get_at(&self, column: Option<usize>, name: &str) -> Result<Option<&str>, Refusal> {
        if self.tracker.terms.reads.is_some() {
            self.tracker.may_read_any(name, &names_of(&self.columns, column, name).each_ref().map(|name| &**name))?;
        }
        if let Some(column) = column {
            return Ok(Some(self.cell(column)));
        }
        let Some(key) = FieldKey::find(name) else { return Ok(None) };
        Ok(self.written.fields.iter().find(|(known, _)| *known == key).map(|(_, text)| text.as_str()))
    }

    /// Sets a cell by header, or a field by name, whether or not the file has a column for it.
    ///
    /// # Errors
    /// The grant or limit that refuses it; `FIELD_UNKNOWN` when the name is neither header nor field.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), EditError> {
        let column = self.columns.find(name);
        if self.tracker.terms.writes.is_some() {
            let columns = Arc::clone(&self.columns);
            let names = names_of(&columns, column, name);
            self.tracker.may_write_any(name, &names.each_ref().map(|name| &**name))?;
        } else {
            self.tracker.may_write(name)?;
        }
        if value.len() > CELL_BYTES {
            let invalid =
                Invalid::new("CELL_TOO_LONG", format!("a cell of {} bytes is longer than {CELL_BYTES}", value.len()));
            return Err(self.tracker.refuse(refusal(name, invalid)));
        }
        let key = match (column, FieldKey::parse(name)) {
            (None, Err(invalid)) => return Err(self.tracker.refuse(refusal(name, invalid))),
            (_, key) => key.ok(),
        };
        if self.undo.is_none() {
            self.undo = Some(Box::new(self.written.clone()));
        }
        let old = match (column, key) {
            (Some(column), _) => Some(self.write_cell(column, value)),
            (None, Some(key)) => self.write_field(key, value),
            (None, None) => None,
        };
        let what = self.edited_name(column, name);
        self.tracker.mended(name);
        self.tracker.note(what, old, Some(value.to_owned()));
        Ok(())
    }

    /// An edit of a mapped column is told by its field, so that it can be traced to the contact.
    fn edited_name(&self, column: Option<usize>, name: &str) -> Cow<'static, str> {
        let mapped = column.and_then(|column| self.columns.mapping().get(column)).and_then(Option::as_ref);
        match mapped {
            Some(FieldKey::Known(field)) => Cow::Borrowed(field.name()),
            Some(key) => Cow::Owned(key.to_string()),
            None => Cow::Owned(name.to_owned()),
        }
    }

    fn write_cell(&mut self, column: usize, value: &str) -> String {
        let old = self.cell(column).to_owned();
        match self.written.cells.iter_mut().find(|(at, _)| *at == column) {
            Some((_, text)) => value.clone_into(text),
            None => self.written.cells.push((column, value.to_owned())),
        }
        old
    }

    fn write_field(&mut self, key: FieldKey, value: &str) -> Option<String> {
        match self.written.fields.iter_mut().find(|(known, _)| *known == key) {
            Some((_, text)) => Some(std::mem::replace(text, value.to_owned())),
            None => {
                self.written.fields.push((key, value.to_owned()));
                None
            }
        }
    }

    pub(super) fn begin(&mut self, terms: Arc<Terms>) {
        self.tracker.begin(terms);
        self.undo = None;
    }

    pub(super) const fn tracker(&self) -> &Tracker {
        &self.tracker
    }

    pub(super) const fn tracker_mut(&mut self) -> &mut Tracker {
        &mut self.tracker
    }

    pub(super) fn undo(&mut self) {
        if let Some(before) = self.undo.take() {
            self.written = *before;
        }
    }

    pub(super) fn forget_undo(&mut self) {
        self.undo = None;
    }
}

/// By which names a grant may mean a cell: its column's header, and the field that it is mapped to, whichever of them was asked for.
/// A header that reads like a field's name is not that field when it is mapped to another.
fn names_of<'a>(columns: &'a Columns, column: Option<usize>, name: &'a str) -> [Cow<'a, str>; 2] {
    let header = column.and_then(|column| columns.headers().get(column)).map_or(name, String::as_str);
    let mapped = column.and_then(|column| columns.mapping().get(column)).and_then(Option::as_ref);
    let field = mapped.map_or(Cow::Borrowed(name), |key| match key {
        FieldKey::Known(field) => Cow::Borrowed(field.name()),
        FieldKey::Custom(_) => Cow::Owned(key.to_string()),
    });
    [Cow::Owned(format!("{HEADER}{header}")), field]
}
