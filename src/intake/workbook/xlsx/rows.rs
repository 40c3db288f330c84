//! The rows of an Excel sheet: cells by their references, values by their types and formats.

use crate::intake::IntakeErrorKind;
use crate::intake::workbook::format::Format;
use crate::intake::workbook::number;
use crate::intake::workbook::row::MAX_COLUMNS;
use crate::intake::workbook::row::MAX_ROWS;
use crate::intake::workbook::row::SheetRow;
use crate::intake::workbook::serial;
use crate::intake::workbook::serial::Epoch;
use crate::intake::workbook::strings::Strings;
use crate::intake::workbook::strings::decoded;
use crate::intake::workbook::strings::rich_text;
use crate::intake::workbook::value;
use crate::intake::workbook::xml::Node;
use crate::intake::workbook::xml::Tag;
use crate::intake::workbook::xml::Xml;

/// A sheet as it is read.
pub(in crate::intake::workbook) struct XlsxRows {
    xml: Xml,
    strings: Strings,
    formats: Vec<Format>,
    epoch: Epoch,
    /// The last row's number.
    row: u64,
    ended: bool,
    raw: String,
}

/// How a cell's value is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Number,
    Shared,
    Text,
    Boolean,
    Error,
    Date,
}

/// What a cell's tag says.
struct Head {
    column: usize,
    style: usize,
    kind: Kind,
}

impl XlsxRows {
    pub(super) fn new(xml: Xml, strings: Strings, formats: Vec<Format>, epoch: Epoch) -> Self {
        Self { xml, strings, formats, epoch, row: 0, ended: false, raw: String::new() }
    }

    /// The document that is read.
    pub(in crate::intake::workbook) fn xml(&self) -> &Xml {
        &self.xml
    }

    /// Reads the next row that is in the file; those without any cell may be left out of it.
    pub(in crate::intake::workbook) fn next(&mut self, row: &mut SheetRow) -> Result<bool, IntakeErrorKind> {
        while !self.ended {
            match self.xml.next()? {
                Node::Start(tag) if tag.name() == "row" => {
                    let named = tag.attribute("r").map(|number| number.parse().unwrap_or(0));
                    let number = named.unwrap_or(self.row + 1);
                    if number <= self.row || number > MAX_ROWS {
                        let reason = format!("row {number} cannot come after row {}", self.row);
                        return Err(IntakeErrorKind::DamagedWorkbook(reason));
                    }
                    self.row = number;
                    row.begin(number);
                    self.cells(row)?;
                    return Ok(true);
                }
                Node::End(tag) if tag.name() == "sheetData" => {
                    self.ended = true;
                    return self.xml.drain().map(|()| false);
                }
                Node::Eof => self.ended = true,
                _ => {}
            }
        }
        Ok(false)
    }

    fn cells(&mut self, row: &mut SheetRow) -> Result<(), IntakeErrorKind> {
        let mut next_column = 0;
        let inside = self.xml.depth();
        while self.xml.depth() >= inside {
            match self.xml.next()? {
                Node::Start(tag) if tag.name() == "c" => {
                    let head = head(&tag, next_column);
                    if head.column < next_column || head.column >= MAX_COLUMNS {
                        let reason = format!("the cells of row {} are out of order", row.number);
                        return Err(IntakeErrorKind::DamagedWorkbook(reason));
                    }
                    next_column = head.column + 1;
                    self.cell(&head, row)?;
                }
                Node::Eof => break,
                _ => {}
            }
        }
        Ok(())
    }

    fn cell(&mut self, head: &Head, row: &mut SheetRow) -> Result<(), IntakeErrorKind> {
        self.raw.clear();
        let (mut formula, mut valued) = (false, false);
        let inside = self.xml.depth();
        while self.xml.depth() >= inside {
            match self.xml.next()? {
                Node::Start(tag) => match tag.name() {
                    "v" => {
                        valued = true;
                        self.xml.text(&mut self.raw)?;
                    }
                    "is" => {
                        valued = true;
                        rich_text(&mut self.xml, &mut self.raw)?;
                    }
                    name => {
                        formula |= name == "f";
                        self.xml.skip()?;
                    }
                },
                Node::Eof => break,
                _ => {}
            }
        }
        // A type alone is no value, and a formula without one was never worked out; the text of one may be empty.
        let valued = valued && (head.kind == Kind::Text || !self.raw.trim().is_empty());
        match (valued, formula) {
            (true, _) => self.value(head, row),
            (false, true) => {
                value::uncalculated(row, head.column);
                Ok(())
            }
            (false, false) => Ok(()),
        }
    }

    fn value(&self, head: &Head, row: &mut SheetRow) -> Result<(), IntakeErrorKind> {
        let (raw, column) = (self.raw.as_str(), head.column);
        match head.kind {
            Kind::Shared => {
                let text = raw.trim().parse().ok().and_then(|index| self.strings.get(index));
                let missing = || format!("row {} names the shared text {raw}, which is missing", row.number);
                row.push(column, text.ok_or_else(|| IntakeErrorKind::DamagedWorkbook(missing()))?);
            }
            Kind::Text => row.push(column, &decoded(raw)),
            Kind::Boolean => match raw.trim() {
                "1" => row.push(column, "TRUE"),
                "0" => row.push(column, "FALSE"),
                other => row.push(column, &other.to_ascii_uppercase()),
            },
            Kind::Error => value::error(row, column, raw),
            Kind::Date => row.push(column, value::iso_day(raw)),
            Kind::Number => self.number(head, row),
        }
        Ok(())
    }

    fn number(&self, head: &Head, row: &mut SheetRow) {
        let (raw, column) = (self.raw.trim(), head.column);
        let Some(number) = raw.parse::<f64>().ok().filter(|number| number.is_finite()) else {
            return row.push(column, raw);
        };
        let format = self.formats.get(head.style).copied().unwrap_or(Format::Number);
        let text = match format {
            Format::Date => self.epoch.date(number),
            Format::Time => self.epoch.time(number),
            Format::Duration => serial::duration(number),
            Format::Percent => number::percent(number),
            Format::Padded(width) => number::padded(number, width).unwrap_or_else(|| number::plain(number)),
            Format::Number | Format::Scientific => number::plain(number),
        };
        let scientific = format == Format::Scientific;
        // Another program may have written digits that a spreadsheet would not keep.
        let longer = number::is_cut(number) && raw.bytes().all(|digit| digit.is_ascii_digit());
        row.push(column, if longer { raw } else { &text });
        value::doubt_number(row, column, number, scientific);
    }
}

/// Reads a cell's tag; without a reference it comes behind the last one.
fn head(tag: &Tag<'_>, next_column: usize) -> Head {
    let mut head = Head { column: next_column, style: 0, kind: Kind::Number };
    tag.each(|name, value| match name {
        "r" => head.column = column(value).unwrap_or(usize::MAX),
        "s" => head.style = value.parse().unwrap_or(0),
        "t" => {
            head.kind = match value {
                "s" => Kind::Shared,
                "str" | "inlineStr" => Kind::Text,
                "b" => Kind::Boolean,
                "e" => Kind::Error,
                "d" => Kind::Date,
                _ => Kind::Number,
            }
        }
        _ => {}
    });
    head
}

/// The column of a reference such as `AB12`.
fn column(reference: &str) -> Option<usize> {
    let letters = reference.trim_end_matches(|letter: char| letter.is_ascii_digit());
    let number = letters.bytes().try_fold(0_usize, |sum, letter| {
        let digit = letter.is_ascii_alphabetic().then(|| usize::from(letter.to_ascii_uppercase() - b'A') + 1)?;
        Some((sum * 26 + digit).min(MAX_COLUMNS + 1))
    })?;
    number.checked_sub(1)
}
