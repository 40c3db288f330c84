//! Writing tables for people and their spreadsheets: delimiter, byte order mark, formulas made harmless.
//!
//! A value that a spreadsheet would run as a formula gets an apostrophe in front, and [`restore`] takes exactly that
//! apostrophe away again, so that what is written and read back is what it was.

use std::borrow::Cow;
use std::io;
use std::io::Write;

/// How a table is written.
#[derive(Debug, Clone, Copy)]
pub struct WriteOptions {
    /// The byte between cells.
    pub delimiter: u8,
    /// Starts the file with a UTF-8 byte order mark, without which Excel takes it for the local code page.
    pub bom: bool,
    /// Neutralises formulas ([`neutralise`]).
    pub neutralise: bool,
}

impl Default for WriteOptions {
    /// What a spreadsheet opens without asking: commas, a byte order mark, no live formulas.
    fn default() -> Self {
        Self { delimiter: b',', bom: true, neutralise: true }
    }
}

/// Writes rows as UTF-8 with CRLF, each cell quoted where it has to be.
pub struct Writer<W: Write> {
    csv: csv::Writer<W>,
    neutralise: bool,
}

impl<W: Write> Writer<W> {
    /// Starts a table.
    ///
    /// # Errors
    /// If the byte order mark cannot be written.
    pub fn new(mut output: W, options: WriteOptions) -> io::Result<Self> {
        if options.bom {
            output.write_all("\u{FEFF}".as_bytes())?;
        }
        let csv = csv::WriterBuilder::new()
            .delimiter(options.delimiter)
            .terminator(csv::Terminator::CRLF)
            .flexible(true)
            .from_writer(output);
        Ok(Self { csv, neutralise: options.neutralise })
    }

    /// Writes one row; rows may differ in length.
    ///
    /// # Errors
    /// If the output cannot be written.
    pub fn write<I>(&mut self, cells: I) -> io::Result<()>
    where
        I: IntoIterator,
        I::Item: AsRef<str>,
    {
        for cell in cells {
            let cell = cell.as_ref();
            let cell = if self.neutralise { neutralise(cell) } else { Cow::Borrowed(cell) };
            self.csv.write_field(cell.as_bytes())?;
        }
        self.csv.write_record(None::<&[u8]>)?;
        Ok(())
    }

    /// Hands everything to the output.
    ///
    /// # Errors
    /// If the output cannot be written.
    pub fn flush(&mut self) -> io::Result<()> {
        self.csv.flush()
    }

    /// Flushes and returns the output.
    ///
    /// # Errors
    /// If the output cannot be written.
    pub fn finish(self) -> io::Result<W> {
        self.csv.into_inner().map_err(csv::IntoInnerError::into_error)
    }
}

/// Puts an apostrophe before a value that a spreadsheet would run as a formula, and before one that would otherwise
/// be mistaken for such a value when it is read back. Numbers and phone numbers stay as they are.
pub fn neutralise(cell: &str) -> Cow<'_, str> {
    if is_formula(cell.trim_start_matches('\'')) { Cow::Owned(format!("'{cell}")) } else { Cow::Borrowed(cell) }
}

/// Takes away the apostrophe that [`neutralise`] put there, and no other.
pub fn restore(cell: &str) -> Cow<'_, str> {
    let inner = cell.strip_prefix('\'').filter(|inner| is_formula(inner.trim_start_matches('\'')));
    Cow::Borrowed(inner.unwrap_or(cell))
}

/// Whether a spreadsheet would run it: it starts with a formula's sign, full-width ones included, and is no number.
fn is_formula(cell: &str) -> bool {
    match cell.chars().next() {
        Some('+' | '-') => !is_number(&cell[1..]),
        Some('=' | '@' | '\t' | '\r' | '\n' | '＝' | '＋' | '－' | '＠') => true,
        _ => false,
    }
}

/// Digits with blanks, full stops and commas between them, as in `+852 1234 5678` and `-5.25`. Hyphens are out:
/// `+852-1234` would be computed.
fn is_number(digits: &str) -> bool {
    let bytes = digits.as_bytes();
    let ends = [bytes.first(), bytes.last()];
    ends.into_iter().all(|end| end.is_some_and(u8::is_ascii_digit))
        && bytes.iter().all(|byte| byte.is_ascii_digit() || matches!(byte, b' ' | b'.' | b','))
}

/// The letters of a spreadsheet's column: 0 is `A`, 25 `Z`, 26 `AA`.
pub fn column_letter(index: usize) -> String {
    let mut letters = Vec::new();
    let mut rest = Some(index);
    while let Some(number) = rest {
        letters.push(char::from(b'A' + (number % 26) as u8));
        rest = (number / 26).checked_sub(1);
    }
    letters.iter().rev().collect()
}

/// The index of a spreadsheet's column by its letters in any case: `A` is 0, `AZ` 51.
pub fn column_index(letters: &str) -> Option<usize> {
    if letters.is_empty() {
        return None;
    }
    let number = letters.bytes().try_fold(0_usize, |sum, letter| {
        let digit = letter.is_ascii_alphabetic().then(|| usize::from(letter.to_ascii_uppercase() - b'A') + 1)?;
        sum.checked_mul(26)?.checked_add(digit)
    })?;
    number.checked_sub(1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(cell: &str, written: &str) {
        assert_eq!(neutralise(cell), written);
        assert_eq!(restore(written), cell);
    }

    #[test]
    fn formulas_are_neutralised_and_restored() {
        check("=HYPERLINK(\"x\")", "'=HYPERLINK(\"x\")");
        check("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0");
        check("@SUM(A1)", "'@SUM(A1)");
        check("-", "'-");
        check("\t=1", "'\t=1");
        check("＝1+1", "'＝1+1");
        check("+852-1234", "'+852-1234");
    }

    #[test]
    fn apostrophes_of_the_value_itself_survive() {
        check("'=1", "''=1");
        check("''@x", "'''@x");
        check("'", "'");
        check("'quoted'", "'quoted'");
        check("'+85212345678", "'+85212345678");
    }

    #[test]
    fn numbers_and_phone_numbers_stay() {
        for cell in ["+85212345678", "+852 1234 5678", "-5", "-5.25", "-1,234", "12", "", "a=b"] {
            check(cell, cell);
        }
    }

    #[test]
    fn columns_have_letters() {
        for (index, letters) in [(0, "A"), (25, "Z"), (26, "AA"), (51, "AZ"), (701, "ZZ"), (702, "AAA")] {
            assert_eq!(column_letter(index), letters);
            assert_eq!(column_index(&letters.to_lowercase()), Some(index));
        }
        for letters in ["", "A1", "É", "ZZZZZZZZZZZZZZZZZZZZ"] {
            assert_eq!(column_index(letters), None, "{letters}");
        }
    }

    #[test]
    fn a_table_is_written_for_a_spreadsheet() {
        let options = WriteOptions { delimiter: b';', ..WriteOptions::default() };
        let mut writer = Writer::new(Vec::new(), options).unwrap();
        writer.write(["Name", "Note"]).unwrap();
        writer.write(["=1;2", "a \"b\"\nc", ""]).unwrap();
        let written = String::from_utf8(writer.finish().unwrap()).unwrap();
        assert_eq!(written, "\u{FEFF}Name;Note\r\n\"'=1;2\";\"a \"\"b\"\"\nc\";\r\n");
    }

    proptest! {
        #[test]
        fn restoring_undoes_neutralising(cell in "['=+@\\-\t\r0-9a ＝]{0,6}|.*") {
            let written = neutralise(&cell);
            prop_assert_eq!(restore(&written), cell.as_str());
        }

        #[test]
        fn letters_and_index_are_inverse(index in 0_usize..10_000_000) {
            prop_assert_eq!(column_index(&column_letter(index)), Some(index));
        }
    }
}
