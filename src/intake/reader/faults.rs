//! Filling a row's cells, and saying what is wrong with it.

use std::sync::Arc;

use encoding_rs::UTF_8;

use super::Piece;
use super::Row;
use super::TextReader;
use super::Verdict;
use super::filled;
use super::is_blank;
use crate::intake::RowFault;
use crate::intake::Warning;
use crate::intake::scan::Notes;
use crate::intake::scan::OpenQuote;

const QUOTE_HINT: &str = "quote the value that contains the delimiter";
const CLOSE_HINT: &str = "close the quote at the end of its value, or write a quote inside a value twice (`\"\"`)";
const DOUBLE_HINT: &str = "write a quote inside a quoted value twice (`\"\"`)";
const SWALLOWED_HINT: &str =
    "close the quote on its own line, in the file that was imported, and import the rows from there";
const BACKSLASH_HINT: &str = "write a quote inside a quoted value twice (`\"\"`), not with a backslash (`\\\"`), or import \
                              with `--escape backslash`";

impl TextReader {
    /// Copies the scanned cells into the row; text that cannot be decoded becomes U+FFFD and the row's fault.
    pub(super) fn take_cells(&mut self, row: &mut Row, piece: &Piece) {
        let cells = Arc::make_mut(&mut row.cells);
        cells.clear();
        let raw = &self.text.bytes()[..piece.length];
        let (Ok(raw), Ok(scratch)) = (std::str::from_utf8(raw), std::str::from_utf8(&self.scanner.scratch)) else {
            return self.take_damaged_cells(row, piece);
        };
        let spans = &self.scanner.spans;
        if scratch.is_empty() {
            cells.extend_from(raw, spans.iter().map(|span| span.start..span.end));
        } else {
            for span in spans {
                let text = if span.scratch { scratch } else { raw };
                cells.push(&text[span.start..span.end]);
            }
        }
        if !raw.is_ascii() && raw.contains('\u{FFFD}') {
            // Whoever wrote the file had lost the letter already: what is there is what there is.
            self.replaced = Some(self.replaced.map_or((row.line, 1), |(line, rows)| (line, rows + 1)));
        }
    }

    fn take_damaged_cells(&mut self, row: &mut Row, piece: &Piece) {
        let raw = &self.text.bytes()[..piece.length];
        let cells = Arc::make_mut(&mut row.cells);
        let mut column = None;
        for (index, span) in self.scanner.spans.iter().enumerate() {
            let bytes = if span.scratch { &self.scanner.scratch } else { raw };
            let text = String::from_utf8_lossy(&bytes[span.start..span.end]);
            if column.is_none() && matches!(text, std::borrow::Cow::Owned(_)) {
                column = Some(index);
            }
            cells.push(&text);
        }
        let at = std::str::from_utf8(raw).err().map_or(0, |error| error.valid_up_to());
        let offset = self.text.raw_offset(at);
        let name = self.encoding.name();
        let line = row.line + breaks(&raw[..at]);
        let place = if line == row.line { String::new() } else { format!(", on line {line},") };
        let message = match raw.get(at) {
            Some(byte) if self.encoding == UTF_8 => {
                format!("the byte {byte:02X} at offset {offset} of the file{place} is not valid {name}")
            }
            _ => format!("the bytes at offset {offset} of the file{place} are not valid {name}"),
        };
        let hint = "put the right letter where \u{FFFD} stands; if many rows fail, name the file's encoding \
                    with `--encoding`";
        row.fault = Some(fault("ENCODING", column, message, hint));
    }

    /// Decides whether the row is blank or faulty, and brings its cells to the header's length.
    pub(super) fn judge(&mut self, row: &mut Row, piece: &Piece) {
        row.blank = false;
        match piece.verdict {
            Verdict::Broken(open) => self.mark_broken(row, open),
            Verdict::TooLarge(whole) => self.mark_too_large(row, whole.is_some()),
            Verdict::Whole => self.judge_whole(row, &piece.notes),
        }
        let cells = Arc::make_mut(&mut row.cells);
        if row.fault.is_none() {
            cells.truncate(self.headers.len());
        }
        for _ in cells.len()..self.headers.len() {
            cells.push("");
        }
    }

    fn mark_broken(&mut self, row: &mut Row, open: OpenQuote) {
        let line = row.line + open.line as u64;
        let message = format!("a quote opened on line {line} is not closed properly");
        let column = self.scanner.spans.iter().position(|span| !span.scratch && span.end > open.at);
        row.fault = Some(fault("UNCLOSED_QUOTE", column, message, CLOSE_HINT));
        self.broken_at = Some(line);
    }

    fn mark_too_large(&mut self, row: &mut Row, whole: bool) {
        let limit = self.options.max_record_bytes;
        let message = format!("the row is longer than {limit} bytes; only its beginning is kept");
        let hint = "shorten its values, or check that its line ends where it should";
        row.fault = Some(fault("RECORD_TOO_LARGE", None, message, hint));
        // Where its end was not found, what follows may still belong to it.
        if !whole {
            self.broken_at = Some(row.line);
        }
    }

    fn judge_whole(&mut self, row: &mut Row, notes: &Notes) {
        self.note_spaces(row.line, notes);
        let encoding = row.fault.take();
        row.fault = self.fault_of_notes(notes).or(encoding);
        if row.fault.is_none() && row.cells.iter().all(is_blank) {
            row.blank = true;
            return;
        }
        row.fault = row.fault.take().or_else(|| self.fault_of_cells(row, notes));
        self.find_the_way_back(row);
        if notes.stray.is_some() && notes.odd_quotes() {
            self.broken_at = Some(row.line);
        }
    }

    /// What the scanner's notes say against a whole record.
    pub(super) fn fault_of_notes(&self, notes: &Notes) -> Option<RowFault> {
        if let Some(column) = notes.stray {
            let hint = if notes.backslash.is_some() { BACKSLASH_HINT } else { DOUBLE_HINT };
            let message = "text follows a closing quote".to_owned();
            return Some(fault("STRAY_QUOTE", Some(column), message, hint));
        }
        let spans = &self.scanner.spans;
        notes.nul.then(|| {
            let record = self.text.bytes();
            let column = spans.iter().position(|span| {
                let bytes = if span.scratch { &self.scanner.scratch } else { record };
                bytes[span.start..span.end].contains(&0)
            });
            let hint = "remove it, or export the file again";
            fault("NUL_BYTE", column, "a value contains a NUL character".to_owned(), hint)
        })
    }

    fn fault_of_cells(&self, row: &Row, notes: &Notes) -> Option<RowFault> {
        let columns = self.headers.len();
        if notes.breaks > 2
            && let Some(column) = row.cells.iter().position(|cell| self.holds_rows(cell))
        {
            let (first, last) = (row.line, row.line + notes.breaks as u64);
            let message =
                format!("a value goes on from line {first} to line {last} and holds what look like rows of their own");
            return Some(fault("UNCLOSED_QUOTE", Some(column), message, SWALLOWED_HINT));
        }
        if row.cells.len() > columns && row.cells.iter().skip(columns).any(|cell| !is_blank(cell)) {
            return Some(self.too_many_cells(row));
        }
        let limit = self.options.max_cell_bytes;
        if row.cells.bytes() <= limit {
            return None;
        }
        let column = row.cells.iter().position(|cell| cell.len() > limit)?;
        let message = format!("the value has {} bytes; the limit is {limit}", row.cells[column].len());
        Some(fault("CELL_TOO_LARGE", Some(column), message, "shorten the value"))
    }

    /// Whether every whole line inside the value has as many cells as the header: rows that a quote left open has swallowed.
    fn holds_rows(&self, cell: &str) -> bool {
        let columns = self.headers.len();
        let lines = || cell.split('\n').skip(1);
        let count = lines().count();
        let is_row = |line: &str| line.bytes().filter(|byte| *byte == self.delimiter).count() + 1 == columns;
        columns > 2 && count > 2 && lines().take(count - 1).all(is_row)
    }

    fn too_many_cells(&self, row: &Row) -> RowFault {
        let columns = self.headers.len();
        let cells = filled(&row.cells);
        let message = format!("the row has {cells} cells, the header {columns}");
        let typographic = row.cells.iter().any(|cell| cell.contains(['“', '”', '„', '«', '»', '＂']));
        let hint = match typographic {
            true => format!("{QUOTE_HINT} with straight quotes (`\"`); typographic ones (`“”`) don't count"),
            false => QUOTE_HINT.to_owned(),
        };
        fault("COLUMN_COUNT", Some(columns), message, &hint)
    }

    /// After a broken quote, lines may be the rest of its value, until one looks like a row again.
    fn find_the_way_back(&mut self, row: &mut Row) {
        let cells = self.scanner.spans.len();
        let Some(line) = self.broken_at else {
            self.usual = if row.fault.is_none() { cells } else { self.usual };
            return;
        };
        match &row.fault {
            None if cells == self.headers.len() || cells == self.usual => self.broken_at = None,
            Some(fault) if fault.code != "COLUMN_COUNT" => {}
            _ => {
                let message = format!("this line seems to belong to the value that is broken on line {line}");
                let hint = "repair the quotes there; the value may continue here";
                row.fault = Some(fault("UNCLOSED_QUOTE", None, message, hint));
            }
        }
    }

    fn note_spaces(&mut self, line: u64, notes: &Notes) {
        let code = "SPACE_BEFORE_QUOTE";
        if notes.spaced_quote && !self.warnings.iter().any(|warning| warning.code == code) {
            let message = "blanks before an opening quote were ignored".to_owned();
            self.warnings.push(Warning { code, line: Some(line), message });
        }
    }
}

fn fault(code: &'static str, column: Option<usize>, message: String, hint: &str) -> RowFault {
    RowFault { code, column, message, hint: Some(hint.to_owned()) }
}

/// The line breaks in some bytes.
fn breaks(bytes: &[u8]) -> u64 {
    let pairs = bytes.windows(2).filter(|pair| *pair == b"\r\n").count();
    (bytes.iter().filter(|byte| matches!(byte, b'\r' | b'\n')).count() - pairs) as u64
}
