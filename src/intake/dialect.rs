//! Which delimiter a file uses: what its `sep=` line says, or what splits its first rows as evenly as its header.

use super::Choice;
use super::scan::Scan;
use super::scan::Scanner;

/// The delimiters that are looked for, the likeliest first.
const CANDIDATES: [u8; 5] = *b",;\t|:";
/// How many records are looked at.
const SAMPLE: usize = 50;
/// How many cells of a row are shown where somebody has to choose.
const SHOWN_CELLS: usize = 6;
/// Shares of fitting rows closer than this are a draw.
const CLOSE: f64 = 0.1;

/// The delimiter that a first line such as `sep=;` declares, and that line's length with its line end.
pub(super) fn declared(bytes: &[u8]) -> Option<(u8, usize)> {
    let end = bytes.iter().take(16).position(|byte| matches!(byte, b'\r' | b'\n'));
    let end = end.unwrap_or(bytes.len().min(16));
    let line = &bytes[..end];
    // A spreadsheet that saves such a file again may quote the line and pad it with delimiters.
    let line = line.strip_prefix(b"\"").unwrap_or(line);
    let (name, rest) = line.split_at_checked(4)?;
    let (delimiter, rest) = rest.split_first()?;
    let rest = rest.strip_prefix(b"\"").unwrap_or(rest);
    if !name.eq_ignore_ascii_case(b"sep=") || !is_possible(*delimiter) || rest.iter().any(|byte| byte != delimiter) {
        return None;
    }
    let end_length = match &bytes[end..] {
        [b'\r', b'\n', ..] => 2,
        rest => usize::from(!rest.is_empty()),
    };
    Some((*delimiter, end + end_length))
}

/// Whether a byte can part cells: ASCII, and neither a letter, a digit, a quote nor a line end.
fn is_possible(byte: u8) -> bool {
    byte == b'\t' || (byte.is_ascii() && !byte.is_ascii_control() && !byte.is_ascii_alphanumeric() && byte != b'"')
}

/// The delimiter that a user names: one character, or `tab`, `comma`, `semicolon`, `pipe`, `colon`; `None` if it cannot
/// part cells.
pub(super) fn named(name: &str) -> Option<u8> {
    let delimiter = match name.to_ascii_lowercase().as_str() {
        "tab" | "\\t" => b'\t',
        "comma" => b',',
        "semicolon" => b';',
        "pipe" => b'|',
        "colon" => b':',
        _ => *name.as_bytes().first().filter(|_| name.len() == 1)?,
    };
    is_possible(delimiter).then_some(delimiter)
}

/// How one candidate splits the sample.
struct Split {
    delimiter: u8,
    header: usize,
    rows: usize,
    /// Rows with more than one cell.
    split: usize,
    /// The share of rows that have as many cells as the header; fewer cells count half, more count nothing.
    fit: f64,
}

/// Detects the delimiter from the beginning of the decoded text; `last` says that it is all of the text.
///
/// # Errors
/// The possible delimiters, if more than one is as likely, or if the likely one does not split what it should.
pub(super) fn detect(bytes: &[u8], last: bool, backslash: bool) -> Result<u8, Vec<Choice>> {
    let scanner = |delimiter| Scanner::new(delimiter, backslash);
    let splits: Vec<Split> = CANDIDATES.iter().map(|byte| split(bytes, last, scanner(*byte), *byte)).collect();
    let mut able: Vec<&Split> = splits.iter().filter(|split| split.header > 1).collect();
    if able.iter().any(|split| split.delimiter != b':') {
        // Times, links and remarks are full of colons, in headers too.
        able.retain(|split| split.delimiter != b':');
    }
    able.sort_by(|a, b| b.fit.total_cmp(&a.fit).then(b.header.cmp(&a.header)));
    let Some(best) = able.first() else { return Ok(without_header(&splits)) };
    let rivals: Vec<&&Split> = able[1..].iter().filter(|rival| is_rival(best, rival)).collect();
    if rivals.is_empty() && is_supported(best, &splits) {
        return Ok(best.delimiter);
    }
    let mut choices: Vec<&Split> = able.clone();
    if rivals.is_empty() {
        choices.extend(splits.iter().filter(|split| split.header < 2 && split.split * 2 > split.rows));
    }
    if choices.len() == 1 {
        // Nothing but the header contains it: the file may well have one column.
        choices.extend(splits.iter().find(|split| split.header < 2));
    }
    Err(choices.iter().map(|split| choice(bytes, last, scanner(split.delimiter), split.delimiter)).collect())
}

/// Nothing splits the header. Rows that are split all the same must fail one by one, not pass as one long value.
fn without_header(splits: &[Split]) -> u8 {
    let found = splits.iter().find(|split| split.delimiter != b':' && split.rows > 0 && split.split * 2 > split.rows);
    found.map_or(b',', |split| split.delimiter)
}

/// Whether a candidate explains the file about as well as the best one. Twice the columns settle a draw: a delimiter
/// inside values does not fall into the same places by chance.
fn is_rival(best: &Split, rival: &Split) -> bool {
    if best.rows == 0 {
        return rival.header == best.header;
    }
    rival.fit > 0.0 && best.fit - rival.fit < CLOSE && best.header < rival.header * 2
}

/// Whether the rows bear out what the header says.
fn is_supported(best: &Split, splits: &[Split]) -> bool {
    if best.rows == 0 || best.split > 0 {
        return true;
    }
    let others = splits.iter().any(|split| split.delimiter != best.delimiter && split.split * 2 > split.rows);
    // Rows with only the first of several cells are short, but whole, in a comma-separated file.
    best.delimiter == b',' && !others
}

fn split(bytes: &[u8], last: bool, scanner: Scanner, delimiter: u8) -> Split {
    let counts = counts(bytes, last, scanner, delimiter);
    let header = counts.first().copied().unwrap_or(0);
    let rows = counts.get(1..).unwrap_or_default();
    let exact = rows.iter().filter(|count| **count == header).count();
    let short = rows.iter().filter(|count| (2..header).contains(*count)).count();
    let fit = (exact as f64 + short as f64 / 2.0) / rows.len().max(1) as f64;
    Split { delimiter, header, rows: rows.len(), split: rows.iter().filter(|count| **count > 1).count(), fit }
}

/// The numbers of cells in the first records that are not blank; empty cells at the end don't count.
fn counts(bytes: &[u8], last: bool, mut scanner: Scanner, delimiter: u8) -> Vec<usize> {
    let mut counts = Vec::new();
    let mut at = 0;
    let mut literal_from = usize::MAX;
    while counts.len() <= SAMPLE && at < bytes.len() {
        match scanner.scan(&bytes[at..], last, literal_from) {
            Scan::Record(length) => {
                let record = &bytes[at..at + length];
                let blank = record.iter().all(|byte| byte.is_ascii_whitespace() || *byte == delimiter);
                counts.extend((!blank).then(|| filled(record, &scanner)));
                at += length;
                literal_from = usize::MAX;
            }
            Scan::Broken(open) => literal_from = open.at,
            Scan::Incomplete(Some(open)) if open.breaks > 0 => literal_from = open.at,
            Scan::Incomplete(_) => break,
        }
    }
    counts
}

fn filled(record: &[u8], scanner: &Scanner) -> usize {
    let is_filled = |span: &super::scan::Span| {
        let bytes = if span.scratch { &scanner.scratch } else { record };
        !bytes[span.start..span.end].trim_ascii().is_empty()
    };
    scanner.spans.iter().rposition(is_filled).map_or(1, |index| index + 1)
}

/// The delimiter by its name, with the first two rows as it splits them.
fn choice(bytes: &[u8], last: bool, mut scanner: Scanner, delimiter: u8) -> Choice {
    let mut rows = Vec::new();
    let mut at = 0;
    while rows.len() < 2 && at < bytes.len() {
        let Scan::Record(length) = scanner.scan(&bytes[at..], last, 0) else { break };
        let record = &bytes[at..at + length];
        let cells = scanner.spans.iter().take(SHOWN_CELLS).map(|span| shown(&record[span.start..span.end]));
        let cells: Vec<String> = cells.collect();
        if cells.iter().any(|cell| !cell.is_empty()) {
            let more = if scanner.spans.len() > SHOWN_CELLS { " | …" } else { "" };
            rows.push(format!("{}{more}", cells.join(" | ")));
        }
        at += length;
    }
    let value = match delimiter {
        b',' => "comma".to_owned(),
        b';' => "semicolon".to_owned(),
        b'\t' => "tab".to_owned(),
        b'|' => "pipe".to_owned(),
        b':' => "colon".to_owned(),
        other => char::from(other).to_string(),
    };
    Choice { value, preview: rows.join("  ⏎  ") }
}

fn shown(cell: &[u8]) -> String {
    String::from_utf8_lossy(cell).trim().chars().take(24).collect()
}
