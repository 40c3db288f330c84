//! Finding the end of one record and of its cells in a slice of bytes. No reading, no decoding, no lines counted
//! beyond the record.
//!
//! RFC 4180, with what people's files need: blanks around a quoted cell, LF, CRLF and CR, quotes inside an unquoted
//! cell as they are. Written by hand because the usual parsers forgive silently what must fail here: text after a
//! closing quote, and a quote that is never closed.

const PLAIN: u8 = 0;
const STOP: u8 = 1;
const NOTE: u8 = 2;

/// Where a cell's bytes are: in the record, or, if they had to be unescaped, in the scanner's scratch space.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) scratch: bool,
}

/// A quote that opens a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct OpenQuote {
    /// Its offset in the record.
    pub(super) at: usize,
    /// Line breaks in the record before it.
    pub(super) line: usize,
    /// Line breaks that were seen after it, in its cell.
    pub(super) breaks: usize,
}

/// What was noticed in a record.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Notes {
    /// Line breaks inside cells.
    pub(super) breaks: usize,
    /// A NUL byte is in the record.
    pub(super) nul: bool,
    /// A blank stands between a delimiter and an opening quote.
    pub(super) spaced_quote: bool,
    /// The first column in which text follows a closing quote.
    pub(super) stray: Option<usize>,
    /// The last column in which a backslash stands before the quote that closes the cell.
    pub(super) backslash: Option<usize>,
    bare_quotes: usize,
    multiline: Option<OpenQuote>,
}

impl Notes {
    /// Whether a quote may be left open: unquoted cells hold an odd number of them.
    pub(super) fn odd_quotes(&self) -> bool {
        self.bare_quotes % 2 == 1
    }
}

/// What a scan found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scan {
    /// A record of that many bytes, its line end included.
    Record(usize),
    /// The record goes on beyond the bytes, perhaps inside a quoted cell.
    Incomplete(Option<OpenQuote>),
    /// That quote is not closed where its cell ends.
    Broken(OpenQuote),
}

enum Cell {
    Stop(usize),
    Incomplete(Option<OpenQuote>),
    Broken(OpenQuote),
}

/// A quoted cell while it is scanned.
struct Quoted {
    /// Where the cell starts, blanks before its quote included.
    start: usize,
    open: OpenQuote,
    /// What stands before this offset is in the scratch space already.
    from: usize,
    /// Where the cell starts in the scratch space.
    scratch: usize,
}

/// Scans records one at a time; holds the cells of the last one.
pub(super) struct Scanner {
    delimiter: u8,
    class: [u8; 256],
    /// Bytes that mean something inside quotes.
    quoted_class: [bool; 256],
    backslash: bool,
    pub(super) spans: Vec<Span>,
    pub(super) scratch: Vec<u8>,
    pub(super) notes: Notes,
}

impl Scanner {
    /// A scanner of cells parted by `delimiter`; `backslash` says that it escapes quotes.
    pub(super) fn new(delimiter: u8, backslash: bool) -> Self {
        let mut class = [PLAIN; 256];
        class[usize::from(b'"')] = NOTE;
        class[0] = NOTE;
        for stop in [delimiter, b'\n', b'\r'] {
            class[usize::from(stop)] = STOP;
        }
        let mut quoted_class = [false; 256];
        for byte in [b'"', b'\r', b'\n', 0] {
            quoted_class[usize::from(byte)] = true;
        }
        quoted_class[usize::from(b'\\')] = backslash;
        Self {
            delimiter,
            class,
            quoted_class,
            backslash,
            spans: Vec::new(),
            scratch: Vec::new(),
            notes: Notes::default(),
        }
    }

    /// Scans the record at the start of `bytes`; `last` says that nothing follows them. Quotes at or after
    /// `literal_from` open nothing.
    pub(super) fn scan(&mut self, bytes: &[u8], last: bool, literal_from: usize) -> Scan {
        self.spans.clear();
        self.scratch.clear();
        self.notes = Notes::default();
        if let Some(length) = self.simple(bytes) {
            return Scan::Record(length);
        }
        self.spans.clear();
        let mut at = 0;
        loop {
            let cell = match self.opening_quote(bytes, at) {
                Some(quote) if quote < literal_from => self.quoted(bytes, last, at, quote),
                _ => self.plain(bytes, last, at),
            };
            match cell {
                Cell::Stop(stop) if bytes.get(stop) == Some(&self.delimiter) => at = stop + 1,
                Cell::Stop(stop) => return self.finish(bytes, last, stop, literal_from),
                Cell::Incomplete(open) => return Scan::Incomplete(open),
                Cell::Broken(open) => return Scan::Broken(open),
            }
        }
    }

    /// The length of a record with nothing in it but text, delimiters and a line end; nothing where there is more, or may be. Most records
    /// are so simple, and eight of their bytes are looked at as one number.
    fn simple(&mut self, bytes: &[u8]) -> Option<usize> {
        const EACH: u64 = 0x0101_0101_0101_0101;
        let delimiter = EACH * u64::from(self.delimiter);
        // The highest bit of each byte that is 0, and perhaps of some behind one that is.
        let zeros = |x: u64| x.wrapping_sub(EACH) & !x;
        let mut start = 0;
        for (at, eight) in bytes.as_chunks().0.iter().enumerate() {
            let eight = u64::from_le_bytes(*eight);
            let ends = zeros(eight ^ (EACH * u64::from(b'\n'))) | zeros(eight ^ (EACH * u64::from(b'\r')));
            let others = zeros(eight ^ (EACH * u64::from(b'"'))) | zeros(eight);
            let mut found = (zeros(eight ^ delimiter) | ends | others) & (EACH * 0x80);
            while found != 0 {
                let stop = 8 * at + (found.trailing_zeros() / 8) as usize;
                found &= found - 1;
                match self.class[usize::from(bytes[stop])] {
                    PLAIN => continue,
                    NOTE => return None,
                    _ => self.spans.push(Span { start, end: stop, scratch: false }),
                }
                match (bytes[stop], bytes.get(stop + 1)) {
                    (byte, _) if byte == self.delimiter => start = stop + 1,
                    (b'\n', _) => return Some(stop + 1),
                    (_, Some(b'\n')) => return Some(stop + 2),
                    // A carriage return alone, or the last byte that there is.
                    _ => return None,
                }
            }
        }
        None
    }

    /// Judges a whole record whose last cell ends at `stop`.
    fn finish(&mut self, bytes: &[u8], last: bool, stop: usize, literal_from: usize) -> Scan {
        let length = match bytes.get(stop..) {
            Some([b'\r', b'\n', ..]) => stop + 2,
            Some([b'\r']) if !last => return Scan::Incomplete(None),
            Some([_, ..]) => stop + 1,
            _ => stop,
        };
        if literal_from == usize::MAX {
            if let Some(open) = self.notes.multiline
                && self.notes.odd_quotes()
            {
                // An unclosed quote ran on into a later row and was closed by one of that row's quotes.
                return Scan::Broken(open);
            }
            if let Some(column) = self.notes.backslash
                && self.notes.bare_quotes > 0
            {
                self.notes.stray.get_or_insert(column);
            }
        }
        Scan::Record(length)
    }

    /// The offset of the quote that opens the cell at `at`, blanks before it skipped.
    fn opening_quote(&self, bytes: &[u8], at: usize) -> Option<usize> {
        match bytes.get(at)? {
            b'"' => Some(at),
            b' ' => {
                let quote = skip_spaces(bytes, at);
                (bytes.get(quote) == Some(&b'"')).then_some(quote)
            }
            _ => None,
        }
    }

    fn plain(&mut self, bytes: &[u8], last: bool, start: usize) -> Cell {
        let mut from = start;
        loop {
            let found = bytes[from..].iter().position(|byte| self.class[usize::from(*byte)] != PLAIN);
            let Some(offset) = found else { break };
            let at = from + offset;
            match bytes[at] {
                b'"' => self.notes.bare_quotes += 1,
                0 => self.notes.nul = true,
                _ => {
                    self.spans.push(Span { start, end: at, scratch: false });
                    return Cell::Stop(at);
                }
            }
            from = at + 1;
        }
        if !last {
            return Cell::Incomplete(None);
        }
        self.spans.push(Span { start, end: bytes.len(), scratch: false });
        Cell::Stop(bytes.len())
    }

    fn quoted(&mut self, bytes: &[u8], last: bool, start: usize, quote: usize) -> Cell {
        let open = OpenQuote { at: quote, line: self.notes.breaks, breaks: 0 };
        let mut cell = Quoted { start, open, from: quote + 1, scratch: self.scratch.len() };
        let mut at = cell.from;
        loop {
            let found = bytes[at..].iter().position(|byte| self.quoted_class[usize::from(*byte)]);
            let Some(offset) = found else { return unfinished(last, cell.open) };
            at += offset;
            match (bytes[at], bytes.get(at + 1)) {
                (b'"' | b'\r' | b'\\', None) if !last => return Cell::Incomplete(Some(cell.open)),
                (b'"', Some(b'"')) => {
                    self.scratch.extend_from_slice(&bytes[cell.from..=at]);
                    at += 2;
                    cell.from = at;
                }
                (b'\\', Some(b'"' | b'\\')) => {
                    self.scratch.extend_from_slice(&bytes[cell.from..at]);
                    cell.from = at + 1;
                    at += 2;
                }
                (b'"', _) => return self.close(bytes, last, &cell, at),
                (b'\r', next) => {
                    self.scratch.extend_from_slice(&bytes[cell.from..at]);
                    self.scratch.push(b'\n');
                    cell.open.breaks += 1;
                    at += 1 + usize::from(next == Some(&b'\n'));
                    cell.from = at;
                }
                (byte, _) => {
                    cell.open.breaks += usize::from(byte == b'\n');
                    self.notes.nul |= byte == 0;
                    at += 1;
                }
            }
        }
    }

    /// Ends a quoted cell at its closing quote, unless text follows.
    fn close(&mut self, bytes: &[u8], last: bool, cell: &Quoted, quote: usize) -> Cell {
        let stop = skip_spaces(bytes, quote + 1);
        if !self.backslash && quote > cell.open.at + 1 && bytes[quote - 1] == b'\\' {
            self.notes.backslash = Some(self.spans.len());
        }
        match bytes.get(stop) {
            None if !last => return Cell::Incomplete(Some(cell.open)),
            Some(byte) if self.class[usize::from(*byte)] != STOP => return self.stray(bytes, last, cell),
            _ => {}
        }
        self.notes.breaks += cell.open.breaks;
        self.notes.spaced_quote |= cell.start < cell.open.at;
        if cell.open.breaks > 0 {
            self.notes.multiline.get_or_insert(cell.open);
        }
        self.push_quoted(bytes, cell, quote);
        Cell::Stop(stop)
    }

    fn push_quoted(&mut self, bytes: &[u8], cell: &Quoted, quote: usize) {
        if self.scratch.len() == cell.scratch {
            self.spans.push(Span { start: cell.from, end: quote, scratch: false });
            return;
        }
        self.scratch.extend_from_slice(&bytes[cell.from..quote]);
        self.spans.push(Span { start: cell.scratch, end: self.scratch.len(), scratch: true });
    }

    /// Text follows a closing quote. On the line of the opening quote the cell is kept as it is, quotes and all;
    /// after a line break the opening quote itself is in doubt.
    fn stray(&mut self, bytes: &[u8], last: bool, cell: &Quoted) -> Cell {
        if cell.open.breaks > 0 {
            return Cell::Broken(cell.open);
        }
        self.scratch.truncate(cell.scratch);
        self.notes.stray.get_or_insert(self.spans.len());
        self.plain(bytes, last, cell.start)
    }
}

fn unfinished(last: bool, open: OpenQuote) -> Cell {
    if last { Cell::Broken(open) } else { Cell::Incomplete(Some(open)) }
}

fn skip_spaces(bytes: &[u8], from: usize) -> usize {
    from + bytes[from..].iter().take_while(|byte| **byte == b' ').count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_quoted_cell_may_have_many_lines() {
        let text = format!("\"{}\",b\n", "x\n".repeat(50_000)).into_bytes();
        let mut scanner = Scanner::new(b',', false);
        assert_eq!(scanner.scan(&text, false, usize::MAX), Scan::Record(text.len()));
        assert_eq!(scanner.notes.breaks, 50_000);
    }

    #[test]
    fn a_backslash_escapes_where_it_is_told_to() {
        let text = br#""say \"hi\", C:\\","\n x""y",\"z
"#;
        let mut scanner = Scanner::new(b',', true);
        assert_eq!(scanner.scan(text, true, usize::MAX), Scan::Record(text.len()));
        let cells: Vec<&[u8]> = scanner
            .spans
            .iter()
            .map(|span| if span.scratch { &scanner.scratch[span.start..span.end] } else { &text[span.start..span.end] })
            .collect();
        assert_eq!(cells, [&br#"say "hi", C:\"#[..], br#"\n x"y"#, br#"\"z"#]);
    }

    proptest! {
        /// Records that are nothing but text are found quickly, and no others.
        #[test]
        fn a_simple_record_is_found_as_any_other_is(
            text in "([a é\u{8}\u{b}\u{c}\u{e}!#+-]{0,9}[,;\t\"\r\n\u{0}]){0,9}[a-z]{0,9}", at in 0_usize..3,
        ) {
            let (bytes, delimiter) = (text.as_bytes(), b",;\t"[at]);
            let mut scanner = Scanner::new(delimiter, false);
            let Some(length) = scanner.simple(bytes) else { return Ok(()) };
            let spans = std::mem::take(&mut scanner.spans);
            let mut at = 0;
            while let Cell::Stop(stop) = scanner.plain(bytes, false, at) {
                at = stop + 1;
                if bytes[stop] != delimiter {
                    break;
                }
            }
            prop_assert_eq!(scanner.finish(bytes, false, at - 1, usize::MAX), Scan::Record(length));
            prop_assert!(!bytes[..length].iter().any(|byte| matches!(byte, b'"' | 0)));
            let places = |spans: &[Span]| spans.iter().map(|it| (it.start, it.end, it.scratch)).collect::<Vec<_>>();
            prop_assert_eq!(places(&spans), places(&scanner.spans));
        }

        /// Where the window happens to end must not change what a record is.
        #[test]
        fn a_scan_decides_nothing_too_early(text in "[a,\"\r\n\\\\ ]{0,40}", cut in 0_usize..40, backslash: bool) {
            let bytes = text.as_bytes();
            let mut scanner = Scanner::new(b',', backslash);
            let early = scanner.scan(&bytes[..cut.min(bytes.len())], false, usize::MAX);
            if !matches!(early, Scan::Incomplete(_)) {
                prop_assert_eq!(early, scanner.scan(bytes, true, usize::MAX));
            }
        }
    }
}
