//! One row of a sheet as it is read: the cells that are there, in order, and what casts doubt on them.

use crate::domain::cells::Cells;
use crate::intake::RowFault;
use crate::intake::write::column_letter;

/// The columns that a sheet may have.
pub(super) const MAX_COLUMNS: usize = 16_384;
/// The rows that a sheet may have.
pub(super) const MAX_ROWS: u64 = 1 << 20;

/// Why a cell's value is not to be trusted.
#[derive(Debug)]
struct Doubt {
    code: &'static str,
    column: usize,
    message: String,
    hint: &'static str,
}

/// A row of a sheet. Reuse it: its buffers are kept.
#[derive(Debug, Default)]
pub(super) struct SheetRow {
    /// The row's number in the sheet, counted from 1.
    pub(super) number: u64,
    text: String,
    /// Columns, each with the end of its text.
    cells: Vec<(usize, usize)>,
    doubts: Vec<Doubt>,
    /// Whether it is longer than a row may be; what comes after the limit is not kept.
    pub(super) too_large: bool,
    limit: usize,
}

impl SheetRow {
    /// A row that holds no more than so many bytes.
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, ..Self::default() }
    }

    /// Starts a row.
    pub(super) fn begin(&mut self, number: u64) {
        self.number = number;
        self.text.clear();
        self.cells.clear();
        self.doubts.clear();
        self.too_large = false;
    }

    /// Adds a cell behind the last one. Empty ones are left out.
    pub(super) fn push(&mut self, column: usize, text: &str) {
        if self.text.len() + text.len() > self.limit {
            self.too_large = true;
        } else if text.contains('\r') {
            // A line break inside a value is a line feed, as in a text file.
            self.push(column, &text.replace("\r\n", "\n").replace('\r', "\n"));
        } else if !text.is_empty() {
            self.text.push_str(text);
            self.cells.push((column, self.text.len()));
        }
    }

    /// Says that a cell's value is not to be trusted; `message` continues its name.
    pub(super) fn doubt(&mut self, code: &'static str, column: usize, message: impl Into<String>, hint: &'static str) {
        self.doubts.push(Doubt { code, column, message: message.into(), hint });
    }

    /// The values of the first columns that are not to be trusted.
    pub(super) fn faults(&self, width: usize) -> impl Iterator<Item = RowFault> {
        self.doubts.iter().filter(move |doubt| doubt.column < width).map(|doubt| RowFault {
            code: doubt.code,
            column: Some(doubt.column),
            message: format!("cell {} {}", self.name_of(doubt.column), doubt.message),
            hint: Some(doubt.hint.to_owned()),
        })
    }

    /// The first cell behind these columns that holds anything, a value or one that could not be had, and what is to be said of it.
    pub(super) fn beyond(&self, width: usize) -> Option<(usize, &str)> {
        let value = self.cells().find(|(column, text)| *column >= width && !crate::intake::reader::is_blank(text));
        let value = value.map(|(column, _)| (column, "has a value"));
        let doubt = self.doubts.iter().find(|doubt| doubt.column >= width).map(|doubt| (doubt.column, &*doubt.message));
        value.into_iter().chain(doubt).min_by_key(|(column, _)| *column)
    }

    /// The name of a cell, such as `B7`.
    pub(super) fn name_of(&self, column: usize) -> String {
        format!("{}{}", column_letter(column), self.number)
    }

    /// The cells with their columns.
    pub(super) fn cells(&self) -> impl Iterator<Item = (usize, &str)> {
        let starts = std::iter::once(0).chain(self.cells.iter().map(|(_, end)| *end));
        self.cells.iter().zip(starts).map(|((column, end), start)| (*column, &self.text[start..*end]))
    }

    /// Whether there is nothing but blanks.
    pub(super) fn is_blank(&self) -> bool {
        !self.too_large && self.doubts.is_empty() && self.cells().all(|(_, text)| crate::intake::reader::is_blank(text))
    }

    /// Writes the cells in their places into `record`, up to `width`; those beyond follow one after the other.
    pub(super) fn write(&self, record: &mut Cells, width: usize) {
        record.clear();
        for (column, text) in self.cells() {
            while record.len() < column.min(width) {
                record.push("");
            }
            record.push(text);
        }
        while record.len() < width {
            record.push("");
        }
    }
}
