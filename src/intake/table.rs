//! What an import reads from, be it a text file or a sheet of a workbook.

use super::IntakeError;
use super::Row;
use super::Warning;
use super::reader::{LineEnds, TextReader};
use super::workbook::SheetReader;
use crate::domain::cells::Cells;

/// Streams the rows of a table.
#[derive(Debug)]
pub struct Reader(Source);

enum Source {
    Text(Box<TextReader>),
    Sheet(Box<SheetReader>),
}

impl std::fmt::Debug for Source {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text(text) => text.fmt(formatter),
            Self::Sheet(sheet) => write!(formatter, "sheet `{}` of `{}`", sheet.sheet(), sheet.source()),
        }
    }
}

impl Reader {
    pub(super) fn text(reader: TextReader) -> Self {
        Self(Source::Text(Box::new(reader)))
    }

    pub(super) fn sheet_of(reader: SheetReader) -> Self {
        Self(Source::Sheet(Box::new(reader)))
    }

    /// The file's name as it was given (`-` is standard input).
    pub fn source(&self) -> &str {
        match &self.0 {
            Source::Text(text) => text.source(),
            Source::Sheet(sheet) => sheet.source(),
        }
    }

    /// `CSV` for text with any delimiter, `XLSX` or `ODS`.
    pub fn format(&self) -> &'static str {
        match &self.0 {
            Source::Text(_) => "CSV",
            Source::Sheet(sheet) => sheet.format(),
        }
    }

    /// The name of the sheet, if this is a workbook.
    pub fn sheet(&self) -> Option<&str> {
        match &self.0 {
            Source::Text(_) => None,
            Source::Sheet(sheet) => Some(sheet.sheet()),
        }
    }

    /// The name of the encoding, such as `UTF-8` or `Big5`; a workbook's is always UTF-8.
    pub fn encoding(&self) -> &'static str {
        match &self.0 {
            Source::Text(text) => text.encoding(),
            Source::Sheet(_) => "UTF-8",
        }
    }

    /// The delimiter in use; for a workbook the one with which its rows are written as text.
    pub fn delimiter(&self) -> char {
        match &self.0 {
            Source::Text(text) => text.delimiter(),
            Source::Sheet(_) => ',',
        }
    }

    /// The header cells as they are in the file, without a byte order mark and without empty cells at the end.
    pub fn headers(&self) -> &Cells {
        match &self.0 {
            Source::Text(text) => text.headers(),
            Source::Sheet(sheet) => sheet.headers(),
        }
    }

    /// The physical line of the header, counted from 1; in a workbook the row.
    pub fn header_line(&self) -> u64 {
        match &self.0 {
            Source::Text(text) => text.header_line(),
            Source::Sheet(sheet) => sheet.header_line(),
        }
    }

    /// What was noticed so far; may grow while rows are read.
    pub fn warnings(&self) -> Vec<Warning> {
        match &self.0 {
            Source::Text(text) => text.warnings(),
            Source::Sheet(sheet) => sheet.warnings(),
        }
    }

    /// Whether the file begins with a byte order mark.
    pub fn has_byte_order_mark(&self) -> bool {
        match &self.0 {
            Source::Text(text) => text.has_byte_order_mark(),
            Source::Sheet(_) => false,
        }
    }

    /// The line ends of the records so far; a sheet has none.
    pub fn line_ends(&self) -> LineEnds {
        match &self.0 {
            Source::Text(text) => text.line_ends(),
            Source::Sheet(_) => LineEnds::default(),
        }
    }

    /// Up to `count` rows that come next, with their lines, as far as they were read already; nothing is consumed.
    pub fn next_rows(&self, count: usize) -> Vec<(u64, Cells)> {
        match &self.0 {
            Source::Text(text) => text.next_rows(count),
            Source::Sheet(sheet) => sheet.next_rows(count),
        }
    }

    /// The bytes that there are to read, if that is known.
    pub fn size_bytes(&self) -> Option<u64> {
        match &self.0 {
            Source::Text(text) => text.size_bytes(),
            Source::Sheet(sheet) => Some(sheet.size_bytes()),
        }
    }

    /// The bytes of these that were read, for progress.
    pub fn bytes_read(&self) -> u64 {
        match &self.0 {
            Source::Text(text) => text.bytes_read(),
            Source::Sheet(sheet) => sheet.bytes_read(),
        }
    }

    /// Reads the next row; `false` is the end of the table.
    ///
    /// # Errors
    /// Only if the bytes themselves cannot be read, or a workbook turns out to be damaged; a bad row is a
    /// [`RowFault`](super::RowFault).
    pub fn read(&mut self, row: &mut Row) -> Result<bool, IntakeError> {
        match &mut self.0 {
            Source::Text(text) => text.read(row),
            Source::Sheet(sheet) => sheet.read(row),
        }
    }
}
