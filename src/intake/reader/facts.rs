//! What a reader knows about its file beside the rows: for reports, and for whoever has to decide about the header.

use super::TextReader;
use super::filled;
use crate::domain::cells::Cells;
use crate::intake::IntakeError;
use crate::intake::IntakeErrorKind;
use crate::intake::Warning;
use crate::intake::scan::Scan;
use crate::intake::scan::Scanner;

/// How many rows are looked at for the number of columns where there is no header.
const LOOKED_AT: usize = 50;

/// How many records ended in which way, those inside quotes not counted.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct LineEnds {
    /// Line feeds.
    pub lf: u64,
    /// Carriage return and line feed.
    pub crlf: u64,
    /// Carriage returns alone.
    pub cr: u64,
}

impl LineEnds {
    /// Counts the end of a record; whether it has one.
    pub(super) fn count(&mut self, record: &[u8]) -> bool {
        match record {
            [.., b'\r', b'\n'] => self.crlf += 1,
            [.., b'\n'] => self.lf += 1,
            [.., b'\r'] => self.cr += 1,
            _ => return false,
        }
        true
    }

    /// The only kind of line end in the file, `mixed`, or `none` in a file of one line.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match (self.lf, self.crlf, self.cr) {
            (0, 0, 0) => "none",
            (_, 0, 0) => "LF",
            (0, _, 0) => "CRLF",
            (0, 0, _) => "CR",
            _ => "mixed",
        }
    }
}

/// Replacement characters of the file itself: whoever wrote it had lost letters already.
pub(in crate::intake) fn replaced(line: u64, rows: u64) -> Warning {
    let rows = if rows == 1 { "1 row".to_owned() } else { format!("{rows} rows") };
    let message = format!(
        "the replacement character \u{FFFD} stands in {rows}, first on line {line}: letters were lost before the file \
         was written; it was taken as it is"
    );
    Warning { code: "REPLACEMENT_CHARACTER", line: Some(line), message }
}

impl TextReader {
    /// The physical line of the header, counted from 1; 0 if the file has none.
    pub fn header_line(&self) -> u64 {
        self.header_line
    }

    /// Whether the file begins with a byte order mark.
    pub fn has_byte_order_mark(&self) -> bool {
        self.byte_order_mark
    }

    /// The line ends of the records so far.
    pub fn line_ends(&self) -> LineEnds {
        self.line_ends
    }

    /// What was noticed so far; may grow while rows are read.
    pub fn warnings(&self) -> Vec<Warning> {
        let mut warnings = self.warnings.clone();
        if let Some((line, rows)) = self.replaced {
            warnings.push(replaced(line, rows));
        }
        if self.line_ends.name() == "mixed" {
            let LineEnds { lf, crlf, cr } = self.line_ends;
            let counts = [(crlf, "CRLF"), (lf, "LF"), (cr, "CR")]
                .map(|(count, name)| (count > 0).then(|| format!("{count} {name}")));
            let counts: Vec<String> = counts.into_iter().flatten().collect();
            let message = format!("the line ends are mixed: {}", counts.join(", "));
            warnings.push(Warning { code: "LINE_ENDS_MIXED", line: None, message });
        }
        warnings
    }

    /// Up to `count` rows that come next, with their lines, as far as they were read already; nothing is consumed.
    pub fn next_rows(&self, count: usize) -> Vec<(u64, Cells)> {
        let mut scanner = Scanner::new(self.delimiter, self.options.backslash);
        let (mut bytes, last) = (self.text.bytes(), self.text.ended());
        let (mut line, mut literal_from) = (self.line, usize::MAX);
        let mut rows = Vec::new();
        while rows.len() < count && !bytes.is_empty() {
            match scanner.scan(bytes, last, literal_from) {
                Scan::Record(length) => {
                    let text = |span: &crate::intake::scan::Span| {
                        let of = if span.scratch { &scanner.scratch[..] } else { bytes };
                        String::from_utf8_lossy(&of[span.start..span.end]).into_owned()
                    };
                    rows.push((line, scanner.spans.iter().map(text).collect::<Vec<_>>().into()));
                    line += scanner.notes.breaks as u64 + 1;
                    bytes = &bytes[length..];
                    literal_from = usize::MAX;
                }
                Scan::Broken(open) => literal_from = open.at,
                Scan::Incomplete(_) => break,
            }
        }
        rows
    }

    /// Names the columns of a file without a header by their numbers.
    pub(super) fn number_columns(&mut self) -> Result<(), IntakeError> {
        let columns = self.next_rows(LOOKED_AT).iter().map(|(_, cells)| filled(cells)).max().unwrap_or_default();
        if columns == 0 {
            return Err(IntakeError::new(&self.source, IntakeErrorKind::Empty));
        }
        self.headers = (1..=columns).map(|number| format!("Column {number}")).collect::<Vec<_>>().into();
        self.usual = columns;
        self.check_width()
    }
}
