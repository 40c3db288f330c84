//! A workbook of LibreOffice (OpenDocument): which sheets it has, and the rows of one sheet as a stream.
//!
//! All sheets are in one part, so that part is passed through twice: once for the sheets, once for the rows.

use super::package::Package;
use super::row::MAX_COLUMNS;
use super::row::MAX_ROWS;
use super::row::SheetRow;
use super::sheet::Found;
use super::sheet::Sheet;
use super::sheet::add;
use super::value;
use super::xml::Node;
use super::xml::Xml;
use crate::intake::IntakeErrorKind;

mod cell;

/// The part that holds the sheets.
const CONTENT: &str = "content.xml";

/// Whether the archive is one of OpenDocument spreadsheets, by the part that names its kind.
pub(super) fn is_spreadsheet(kind: &str) -> bool {
    kind.trim().starts_with("application/vnd.oasis.opendocument.spreadsheet")
}

/// Whether its parts are encrypted: only the list of its parts says so.
pub(super) fn is_encrypted(package: &mut Package) -> Result<bool, IntakeErrorKind> {
    const LIST: &str = "META-INF/manifest.xml";
    if !package.has(LIST) {
        return Ok(false);
    }
    let mut xml = Xml::new(package.small(LIST)?);
    loop {
        match xml.next()? {
            Node::Start(tag) if tag.name() == "encryption-data" => return Ok(true),
            Node::Eof => return Ok(false),
            _ => {}
        }
    }
}

/// Reads which sheets there are.
pub(super) fn sheets(package: &mut Package) -> Result<Vec<Sheet>, IntakeErrorKind> {
    let mut xml = Xml::new(package.large(CONTENT)?);
    let mut sheets: Vec<Sheet> = Vec::new();
    let mut hidden: Vec<String> = Vec::new();
    let mut style = String::new();
    let mut body = Body::default();
    loop {
        let depth = xml.depth();
        match xml.next()? {
            Node::Start(tag) => match tag.name() {
                "style" => style = tag.attribute("style:name").unwrap_or_default(),
                "table-properties" if tag.attribute("table:display").as_deref() == Some("false") => {
                    hidden.push(style.clone());
                }
                "spreadsheet" => body.opened = Some(depth + 1),
                "table" if body.holds(depth) => {
                    let name = tag.attribute("table:name").unwrap_or_default();
                    let hidden = tag.attribute("table:style-name").is_some_and(|style| hidden.contains(&style));
                    add(&mut sheets, Sheet { name, hidden, found: Found::default() })?;
                    body.in_table = true;
                }
                "table-row" if body.in_table => {
                    body.in_hidden_row = tag.attribute("table:visibility").is_some_and(|shown| shown != "visible");
                }
                "table-cell" if body.in_table => {
                    let (mut valued, mut merged) = (false, false);
                    tag.each(|name, value| match name {
                        "office:value-type" => valued = true,
                        "table:number-columns-spanned" | "table:number-rows-spanned" => merged |= value != "1",
                        _ => {}
                    });
                    if let Some(sheet) = sheets.last_mut() {
                        sheet.found.filled |= valued;
                        sheet.found.merged += u64::from(merged);
                        sheet.found.hidden_rows += u64::from(valued && std::mem::take(&mut body.in_hidden_row));
                    }
                }
                _ => {}
            },
            Node::End(tag) => {
                if tag.name() == "table" && body.holds(depth.saturating_sub(1)) {
                    body.in_table = false;
                }
            }
            Node::Text(text) => {
                let filled = body.in_table && !text.trim().is_empty();
                sheets.last_mut().into_iter().for_each(|sheet| sheet.found.filled |= filled);
            }
            Node::Eof => return Ok(sheets),
        }
    }
}

/// Where in the document one is.
#[derive(Default)]
struct Body {
    /// How deep the tags in the body are.
    opened: Option<usize>,
    in_table: bool,
    /// In a row that is hidden and was not counted yet.
    in_hidden_row: bool,
}

impl Body {
    /// Whether a tag that opens at that depth is one of the body's own: deleted cells and linked documents hold tables, too.
    fn holds(&self, depth: usize) -> bool {
        self.opened == Some(depth)
    }
}

/// A sheet as it is read.
pub(super) struct OdsRows {
    xml: Xml,
    /// How deep its rows are at least.
    inside: usize,
    /// The last row's number.
    row: u64,
    /// How often the last row is there again.
    repeats: u64,
    ended: bool,
    shown: String,
}

impl OdsRows {
    /// Goes to the sheet with that index.
    pub(super) fn open(package: &mut Package, sheet: usize) -> Result<Self, IntakeErrorKind> {
        let mut xml = Xml::new(package.large(CONTENT)?);
        let mut body = Body::default();
        let mut tables = 0;
        loop {
            let depth = xml.depth();
            match xml.next()? {
                Node::Start(tag) if tag.name() == "spreadsheet" => body.opened = Some(depth + 1),
                Node::Start(tag) if tag.name() == "table" && body.holds(depth) => {
                    if tables == sheet {
                        break;
                    }
                    tables += 1;
                }
                Node::Eof => return Err(IntakeErrorKind::DamagedWorkbook("its sheet is missing".to_owned())),
                _ => {}
            }
        }
        let inside = xml.depth();
        Ok(Self { xml, inside, row: 0, repeats: 0, ended: false, shown: String::new() })
    }

    /// The document that is read.
    pub(super) fn xml(&self) -> &Xml {
        &self.xml
    }

    /// Reads the next row that is not blank. `row` must be the one of the last call: a row that is repeated stays in it.
    pub(super) fn next(&mut self, row: &mut SheetRow) -> Result<bool, IntakeErrorKind> {
        if self.repeats > 0 {
            self.repeats -= 1;
            return self.count(row);
        }
        while !self.ended {
            match self.xml.next()? {
                Node::Start(tag) => match tag.name() {
                    "table-row" => {
                        let repeated = repeated(tag.attribute("table:number-rows-repeated"));
                        row.begin(self.row + 1);
                        self.cells(row)?;
                        if row.is_blank() {
                            self.row = self.row.saturating_add(repeated);
                        } else {
                            self.repeats = repeated - 1;
                            return self.count(row);
                        }
                    }
                    "table-rows" | "table-header-rows" | "table-row-group" => {}
                    _ => self.xml.skip()?,
                },
                Node::End(_) => self.ended = self.xml.depth() < self.inside,
                Node::Eof => self.ended = true,
                Node::Text(_) => {}
            }
        }
        Ok(false)
    }

    fn count(&mut self, row: &mut SheetRow) -> Result<bool, IntakeErrorKind> {
        self.row += 1;
        row.number = self.row;
        if self.row > MAX_ROWS {
            return Err(IntakeErrorKind::DamagedWorkbook(format!("it has more than {MAX_ROWS} rows")));
        }
        Ok(true)
    }

    fn cells(&mut self, row: &mut SheetRow) -> Result<(), IntakeErrorKind> {
        let mut column = 0_usize;
        let inside = self.xml.depth();
        while self.xml.depth() >= inside {
            match self.xml.next()? {
                Node::Start(tag) if matches!(tag.name(), "table-cell" | "covered-table-cell") => {
                    let head = cell::Head::of(&tag);
                    self.shown.clear();
                    cell::shown(&mut self.xml, &mut self.shown)?;
                    let repeated = usize::try_from(head.repeated).unwrap_or(MAX_COLUMNS);
                    if head.is_empty(&self.shown) {
                        column = column.saturating_add(repeated);
                        continue;
                    }
                    if column.saturating_add(repeated) > MAX_COLUMNS {
                        let reason = format!("row {} has more than {MAX_COLUMNS} columns", row.number);
                        return Err(IntakeErrorKind::DamagedWorkbook(reason));
                    }
                    for _ in 0..repeated {
                        head.push(row, column, &self.shown);
                        column += 1;
                    }
                }
                Node::Start(_) => self.xml.skip()?,
                Node::Eof => break,
                _ => {}
            }
        }
        Ok(())
    }
}

/// How often something is there: once, if nothing is said.
fn repeated(attribute: Option<String>) -> u64 {
    attribute.and_then(|count| count.parse().ok()).unwrap_or(1).max(1)
}
