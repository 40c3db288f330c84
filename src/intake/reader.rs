//! Reading a table row by row: header, padding, blank rows, and the faults of single rows.
//!
//! A quote that is never closed costs its own row only. The row ends with the line on which the quote opens, fails
//! with `UNCLOSED_QUOTE`, and reading resumes on the next line. Lines that follow may still belong to the broken
//! value, so they fail too until one has as many cells as the header or as the last good row: nothing is swallowed,
//! and no fragment of a note is taken for a contact.

use std::io::Read;
use std::sync::Arc;

use encoding_rs::Encoding;

use super::IntakeError;
use super::IntakeErrorKind;
use super::Options;
use super::RowFault;
use super::Warning;
use super::container;
use super::dialect;
use super::encoding;
use super::scan::Notes;
use super::scan::OpenQuote;
use super::scan::Scan;
use super::scan::Scanner;
use super::text::Text;
use crate::domain::cells::Cells;

mod facts;
mod faults;

pub use self::facts::LineEnds;
pub(super) use self::facts::replaced;

/// How much of a file is looked at before its encoding is settled.
const HEAD: u64 = 1 << 20;
/// How much decoded text is looked at before the delimiter is settled.
const SAMPLE: usize = 64 << 10;
/// How many times the longest record is looked ahead for the end of a quote.
const LOOK_AHEAD: usize = 16;
/// What MS-DOS programs write at the end of a text.
const END_OF_TEXT: u8 = 0x1A;

/// One row of the table. Reuse it: its buffers are kept.
#[derive(Debug, Default, Clone)]
pub struct Row {
    /// The number of the data record, counted from 1, blank ones included, the header not.
    pub record: u64,
    /// The physical line on which the record starts, counted from 1.
    pub line: u64,
    /// The cells, at least as many as the header has. A faulty row may have more: all that could be read. Shared, because an import keeps a
    /// row's text at hand until the row is written.
    pub cells: Arc<Cells>,
    /// Why the row cannot be imported.
    pub fault: Option<RowFault>,
    /// Cells of a workbook that are not to be trusted: the row cannot be imported if their columns mean something.
    pub doubts: Vec<RowFault>,
    /// Nothing but blank cells.
    pub blank: bool,
}

/// Where a record ends, and whether it ended as it should.
#[derive(Clone, Copy)]
struct Piece {
    /// Its length in the window.
    length: usize,
    verdict: Verdict,
    notes: Notes,
}

#[derive(Clone, Copy)]
enum Verdict {
    Whole,
    Broken(OpenQuote),
    /// Longer than the limit; the piece's `length` counts only its beginning.
    TooLarge(Option<Whole>),
}

/// A record beyond the limit of which the end was found.
#[derive(Clone, Copy)]
struct Whole {
    length: usize,
    /// Line breaks inside it.
    breaks: usize,
}

/// Streams the rows of a text file.
pub(super) struct TextReader {
    source: String,
    encoding: &'static Encoding,
    size: Option<u64>,
    options: Options,
    delimiter: u8,
    text: Text,
    scanner: Scanner,
    headers: Cells,
    header_line: u64,
    byte_order_mark: bool,
    line_ends: LineEnds,
    warnings: Vec<Warning>,
    /// The first line with a replacement character that the file itself has, and how many rows have one.
    replaced: Option<(u64, u64)>,
    /// The physical line at the window's start.
    line: u64,
    record: u64,
    /// Cells in the last good row.
    usual: usize,
    /// The line of a broken quote to which the next lines may belong.
    broken_at: Option<u64>,
}

impl std::fmt::Debug for TextReader {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("TextReader")
            .field("source", &self.source)
            .field("encoding", &self.encoding.name())
            .field("delimiter", &self.delimiter())
            .field("line", &self.line)
            .finish_non_exhaustive()
    }
}

impl TextReader {
    pub(super) fn open(
        source: String,
        mut input: Box<dyn Read + Send>,
        size: Option<u64>,
        options: &Options,
    ) -> Result<Self, IntakeError> {
        let fail = |kind| IntakeError::new(&source, kind);
        let mut head = Vec::new();
        input.by_ref().take(HEAD).read_to_end(&mut head).map_err(|error| fail(IntakeErrorKind::Unreadable(error)))?;
        if head.is_empty() {
            return Err(fail(IntakeErrorKind::Empty));
        }
        if let Some(kind) = container::binary_format(&head) {
            return Err(fail(kind));
        }
        let whole = (head.len() as u64) < HEAD;
        let detected = encoding::detect(&head, whole, options.encoding.as_deref()).map_err(fail)?;
        let warnings = encoding_warnings(&detected, options);
        let (encoding, byte_order_mark) = (detected.encoding, detected.bom > 0);
        let mut text = Text::new(head, detected.bom, input, encoding);
        fill_sample(&mut text).map_err(|error| fail(IntakeErrorKind::Io(error)))?;
        if let Some(kind) = container::text_format(text.bytes()) {
            return Err(fail(kind));
        }
        let mut reader = Self {
            source,
            encoding,
            size,
            options: options.clone(),
            delimiter: b',',
            text,
            scanner: Scanner::new(b',', false),
            headers: Cells::new(),
            header_line: 0,
            byte_order_mark,
            line_ends: LineEnds::default(),
            warnings,
            replaced: None,
            line: 1,
            record: 0,
            usual: 0,
            broken_at: None,
        };
        reader.settle_delimiter()?;
        reader.read_header()?;
        Ok(reader)
    }

    /// The file's name as it was given (`-` is standard input).
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The name of the encoding, such as `UTF-8` or `Big5`.
    pub fn encoding(&self) -> &'static str {
        self.encoding.name()
    }

    /// The delimiter in use.
    pub fn delimiter(&self) -> char {
        char::from(self.delimiter)
    }

    /// The header cells as they are in the file, without a byte order mark and without empty cells at the end.
    pub fn headers(&self) -> &Cells {
        &self.headers
    }

    /// The file's size in bytes, if it is known.
    pub fn size_bytes(&self) -> Option<u64> {
        self.size
    }

    /// Bytes of the file taken so far, for progress.
    pub fn bytes_read(&self) -> u64 {
        self.text.raw_read()
    }

    /// Reads the next row; `false` is the end of the file.
    ///
    /// # Errors
    /// Only if the bytes themselves cannot be read ([`IntakeErrorKind::Io`]); a bad row is a [`RowFault`].
    pub fn read(&mut self, row: &mut Row) -> Result<bool, IntakeError> {
        let Some(piece) = self.locate()? else { return Ok(false) };
        self.record += 1;
        row.record = self.record;
        row.line = self.line;
        row.fault = None;
        self.take_cells(row, &piece);
        self.judge(row, &piece);
        self.advance(&piece)?;
        Ok(true)
    }

    /// Consumes a `sep=` line and settles the delimiter.
    fn settle_delimiter(&mut self) -> Result<(), IntakeError> {
        let declared = dialect::declared(self.text.bytes());
        if let Some((_, length)) = declared {
            self.text.consume(length);
            self.line += 1;
        }
        self.skip_to_header()?;
        let wanted = self.options.delimiter.or(declared.map(|(delimiter, _)| delimiter));
        self.delimiter = match wanted {
            Some(delimiter) => delimiter,
            None => dialect::detect(self.text.bytes(), self.text.ended(), self.options.backslash)
                .map_err(|choices| IntakeError::new(&self.source, IntakeErrorKind::DoubtfulDelimiter { choices }))?,
        };
        self.scanner = Scanner::new(self.delimiter, self.options.backslash);
        Ok(())
    }

    /// Passes over what stands above the header, as whoever imports says.
    fn skip_to_header(&mut self) -> Result<(), IntakeError> {
        let wanted = self.options.header_line.unwrap_or_default();
        while self.line < wanted {
            if self.text.ended() && self.text.bytes().is_empty() {
                let kind = IntakeErrorKind::NoSuchLine { wanted, lines: self.line - 1 };
                return Err(IntakeError::new(&self.source, kind));
            }
            self.skip_line()?;
            self.line += 1;
        }
        fill_sample(&mut self.text).map_err(|error| IntakeError::new(&self.source, IntakeErrorKind::Io(error)))
    }

    /// Reads the first row that is not blank as the header.
    fn read_header(&mut self) -> Result<(), IntakeError> {
        if self.options.header_line == Some(0) {
            return self.number_columns();
        }
        let mut row = Row::default();
        loop {
            let Some(piece) = self.locate()? else {
                return Err(IntakeError::new(&self.source, IntakeErrorKind::Empty));
            };
            row.line = self.line;
            row.fault = None;
            self.take_cells(&mut row, &piece);
            self.refuse_header(&row, &piece)?;
            self.advance(&piece)?;
            self.headers = trimmed(&row.cells);
            if !self.headers.is_empty() {
                break;
            }
        }
        self.header_line = row.line;
        self.usual = row.cells.len();
        self.check_width()
    }

    fn check_width(&self) -> Result<(), IntakeError> {
        let (columns, limit) = (self.headers.len(), self.options.max_columns);
        if columns > limit {
            let kind = IntakeErrorKind::TooManyColumns { columns, limit };
            return Err(IntakeError::at(&self.source, self.header_line, kind));
        }
        Ok(())
    }

    fn refuse_header(&mut self, row: &Row, piece: &Piece) -> Result<(), IntakeError> {
        let fail = |line, kind| Err(IntakeError::at(&self.source, line, kind));
        match piece.verdict {
            Verdict::Broken(open) => {
                let line = row.line + open.line as u64;
                fail(line, IntakeErrorKind::UnclosedQuote { line })
            }
            Verdict::TooLarge(_) => {
                let limit = self.options.max_record_bytes;
                fail(row.line, IntakeErrorKind::RecordTooLarge { line: row.line, limit })
            }
            Verdict::Whole => match row.fault.clone().or_else(|| self.fault_of_notes(&piece.notes)) {
                Some(mut fault) => {
                    // Every quoted header looks so under a delimiter that is not the file's.
                    if let Some(hint) = fault.hint.as_mut().filter(|_| self.options.delimiter.is_some()) {
                        hint.push_str("; or leave `--delimiter` out, if the file is parted by something else");
                    }
                    fail(row.line, IntakeErrorKind::BadHeader(Box::new(fault)))
                }
                None => Ok(()),
            },
        }
    }

    /// Finds the end of the next record, reading on as needed. Its cells are in the scanner afterwards.
    fn locate(&mut self) -> Result<Option<Piece>, IntakeError> {
        let limit = self.options.max_record_bytes;
        let (mut reach, mut may_look_ahead) = (limit, true);
        let mut broken: Option<OpenQuote> = None;
        loop {
            let (bytes, last) = visible(&self.text, reach);
            if self.text.ended() && self.text.bytes().is_empty() {
                return Ok(None);
            }
            let full = bytes.len() > reach;
            match self.scanner.scan(bytes, last, broken.map_or(usize::MAX, |open| open.at)) {
                Scan::Record(length) if length <= limit => {
                    let verdict = broken.map_or(Verdict::Whole, Verdict::Broken);
                    return Ok(Some(Piece { length, verdict, notes: self.scanner.notes }));
                }
                Scan::Record(length) if reach > limit && broken.is_none() => {
                    let breaks = self.scanner.notes.breaks;
                    return Ok(Some(self.too_large(Some(Whole { length, breaks }))));
                }
                Scan::Record(_) => return Ok(Some(self.too_large(None))),
                Scan::Broken(open) => (broken, reach, may_look_ahead) = (Some(open), limit, false),
                // The quote may be closed further on, and the value just too long.
                Scan::Incomplete(Some(_)) if full && may_look_ahead => {
                    reach = reach.saturating_mul(2);
                    may_look_ahead = reach < limit.saturating_mul(LOOK_AHEAD);
                }
                Scan::Incomplete(Some(_)) if full && reach > limit => reach = limit,
                Scan::Incomplete(Some(open)) if full && open.breaks > 0 => broken = Some(open),
                Scan::Incomplete(_) if full => return Ok(Some(self.too_large(None))),
                Scan::Incomplete(_) => self.fill()?,
            }
        }
    }

    fn fill(&mut self) -> Result<(), IntakeError> {
        self.text.fill().map_err(|error| IntakeError::at(&self.source, self.line, IntakeErrorKind::Io(error)))
    }

    /// A record beyond the limit: its first cells are kept, as far as the limit reaches.
    fn too_large(&mut self, whole: Option<Whole>) -> Piece {
        let bytes = self.text.bytes();
        let mut length = self.options.max_record_bytes.min(bytes.len());
        while length > 0 && bytes.get(length).is_some_and(|byte| byte & 0xC0 == 0x80) {
            length -= 1;
        }
        if let Scan::Broken(open) = self.scanner.scan(&bytes[..length], true, usize::MAX) {
            self.scanner.scan(&bytes[..length], true, open.at);
        }
        Piece { length, verdict: Verdict::TooLarge(whole), notes: self.scanner.notes }
    }

    /// Moves behind a record and counts its lines.
    fn advance(&mut self, piece: &Piece) -> Result<(), IntakeError> {
        let (length, breaks) = match piece.verdict {
            Verdict::TooLarge(Some(whole)) => (whole.length, whole.breaks),
            _ => (piece.length, piece.notes.breaks),
        };
        self.line += breaks as u64 + 1;
        let ends_line = self.line_ends.count(&self.text.bytes()[..length]);
        self.text.consume(length);
        if matches!(piece.verdict, Verdict::TooLarge(None)) {
            self.skip_line()?;
        } else if !ends_line && self.text.ended() {
            self.text.consume(self.text.bytes().len()); // end-of-text marks
        }
        Ok(())
    }

    /// Drops the rest of a line that is too long to hold.
    fn skip_line(&mut self) -> Result<(), IntakeError> {
        loop {
            let bytes = self.text.bytes();
            let end = bytes.iter().position(|byte| matches!(byte, b'\r' | b'\n'));
            match end {
                Some(end) if bytes[end] == b'\r' && end + 1 == bytes.len() && !self.text.ended() => {
                    self.text.consume(end);
                    self.fill()?;
                }
                Some(end) => {
                    let pair = bytes[end] == b'\r' && bytes.get(end + 1) == Some(&b'\n');
                    self.text.consume(end + 1 + usize::from(pair));
                    return Ok(());
                }
                None => {
                    self.text.consume(bytes.len());
                    if self.text.ended() {
                        return Ok(());
                    }
                    self.fill()?;
                }
            }
        }
    }
}

/// Reads until there is enough of the text to settle what is not known yet.
fn fill_sample(text: &mut Text) -> std::io::Result<()> {
    while !text.ended() && text.bytes().len() < SAMPLE {
        text.fill()?;
    }
    Ok(())
}

/// As much of the window as a record may have and a line end, without end-of-text marks at the end of the file; and
/// whether nothing follows it.
fn visible(text: &Text, limit: usize) -> (&[u8], bool) {
    let bytes = text.bytes();
    let most = limit.saturating_add(2);
    if !text.ended() || bytes.len() > most {
        return (&bytes[..bytes.len().min(most)], false);
    }
    let marks = bytes.iter().rev().take_while(|byte| **byte == END_OF_TEXT).count();
    (&bytes[..bytes.len() - marks], true)
}

/// The header's cells without a second byte order mark and without blank cells at the end.
pub(super) fn trimmed(cells: &Cells) -> Cells {
    let cells = cells.iter().take(filled(cells)).enumerate();
    cells.map(|(index, cell)| if index == 0 { cell.trim_start_matches('\u{FEFF}') } else { cell }).collect()
}

/// How many cells there are, blank ones at the end not counted.
pub(super) fn filled(cells: &Cells) -> usize {
    (0..cells.len()).rfind(|index| !is_blank(&cells[*index])).map_or(0, |index| index + 1)
}

/// An end-of-text mark is nothing either, wherever old programs leave one on a line of its own.
pub(super) fn is_blank(cell: &str) -> bool {
    cell.chars().all(|letter| letter.is_whitespace() || matches!(letter, '\u{FEFF}' | '\u{1A}'))
}

fn encoding_warnings(detected: &encoding::Detected, options: &Options) -> Vec<Warning> {
    let name = detected.encoding.name();
    let warning = |code, message| vec![Warning { code, line: None, message }];
    if detected.guessed {
        return warning(
            "ENCODING_GUESSED",
            format!("the text was taken for {name}: if letters look wrong, name another with `--encoding`"),
        );
    }
    match &options.encoding {
        Some(label) if detected.bom > 0 && encoding::by_label(label).ok() != Some(detected.encoding) => {
            let message = format!("the file's byte order mark says {name}, so `{label}` was not used");
            warning("ENCODING_OVERRIDDEN", message)
        }
        _ => Vec::new(),
    }
}
