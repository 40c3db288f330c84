//! Workbooks as tables: one sheet of an `.xlsx` or `.ods` file becomes the same rows that a text file does.
//!
//! The archive is looked into with `package`, which counts what it unpacks to; `xml` pulls a part's tags one by one;
//! `xlsx` and `ods` know where each format keeps its sheets and cells; `format`, `number` and `serial` turn what a
//! spreadsheet keeps as a number into what it shows. A sheet is streamed; only the texts that cells of an Excel workbook
//! share are held. What a formula computes is not computed here: its last result is read.
//!
//! A spreadsheet crate would hand out values without what they show, hold a whole sheet, and give up at the first bad
//! cell. With `zip` and `quick-xml` alone, a format such as `00000` keeps its zeros in front and a long number tells that
//! it lost digits, each part is counted against limits while it unpacks, and one bad cell fails one row.

use std::collections::VecDeque;
use std::fs::File;
use std::io::Read;
use std::sync::Arc;

use super::IntakeError;
use super::IntakeErrorKind;
use super::Options;
use super::Row;
use super::RowFault;
use super::Warning;
use super::reader::replaced;
use super::reader::trimmed;
use super::write::column_letter;
use crate::domain::cells::Cells;

use self::ods::OdsRows;
use self::package::Package;
use self::row::SheetRow;
use self::sheet::chosen;
use self::sheet::warnings;
use self::xlsx::Xlsx;
use self::xlsx::XlsxRows;
use self::xml::Xml;

mod format;
mod number;
mod ods;
mod package;
mod row;
mod serial;
mod sheet;
mod strings;
#[cfg(test)]
mod tests;
mod value;
mod xlsx;
mod xml;

/// How many rows are read ahead for whoever looks for the header.
const READ_AHEAD: usize = 20;

/// The rows of either kind of workbook.
enum Rows {
    Xlsx(Box<XlsxRows>),
    Ods(Box<OdsRows>),
}

impl Rows {
    fn next(&mut self, row: &mut SheetRow) -> Result<bool, IntakeErrorKind> {
        match self {
            Self::Xlsx(rows) => rows.next(row),
            Self::Ods(rows) => rows.next(row),
        }
    }

    fn xml(&self) -> &Xml {
        match self {
            Self::Xlsx(rows) => rows.xml(),
            Self::Ods(rows) => rows.xml(),
        }
    }
}

/// Streams the rows of one sheet.
pub(super) struct SheetReader {
    source: String,
    format: &'static str,
    sheet: String,
    /// Other sheets that have rows, in words.
    others: Vec<String>,
    options: Options,
    rows: Rows,
    /// The row that was read last.
    row: SheetRow,
    /// Whether it was not handed out yet.
    held: bool,
    /// Blank rows to hand out before it.
    blanks: u64,
    headers: Cells,
    header_line: u64,
    warnings: Vec<Warning>,
    /// Rows that were read ahead, for whoever looks for the header.
    ahead: VecDeque<Row>,
    /// What stopped reading ahead.
    trouble: Option<IntakeError>,
    /// The first row with replacement characters, and how many there are.
    replaced: Option<(u64, u64)>,
    /// The number of the row that was read last.
    line: u64,
    record: u64,
}

impl SheetReader {
    /// Opens a workbook, chooses the sheet and reads its header.
    pub(super) fn open(source: String, file: File, options: &Options) -> Result<Self, IntakeError> {
        Self::open_sheet(&source, file, options).map_err(|kind| IntakeError::new(&source, kind))?.with_header()
    }

    fn open_sheet(source: &str, file: File, options: &Options) -> Result<Self, IntakeErrorKind> {
        for (given, flag) in [
            (options.encoding.is_some(), "--encoding"),
            (options.delimiter.is_some(), "--delimiter"),
            (options.backslash, "--escape"),
            (options.header_line == Some(0), "--header-line 0"),
        ] {
            if given {
                return Err(IntakeErrorKind::NotForWorkbook(flag));
            }
        }
        let damaged = |reason| IntakeErrorKind::DamagedWorkbook(reason);
        let mut package = Package::open(file, options.max_unpacked_bytes).map_err(damaged)?;
        let (format, sheets, rows, sheet) = if is_ods(&mut package)? {
            let sheets = ods::sheets(&mut package)?;
            let sheet = chosen(&sheets, options.sheet.as_deref(), false)?;
            ("ODS", sheets, Rows::Ods(Box::new(OdsRows::open(&mut package, sheet)?)), sheet)
        } else if let Some(main) = Xlsx::main_part(&mut package)? {
            let mut workbook = Xlsx::open(&mut package, &main)?;
            let sheet = chosen(&workbook.sheets, options.sheet.as_deref(), workbook.charts)?;
            let rows = workbook.rows(&mut package, sheet)?;
            workbook.sheets[sheet].found = workbook.look(&mut package, sheet)?;
            ("XLSX", workbook.sheets, Rows::Xlsx(Box::new(rows)), sheet)
        } else {
            return Err(other_archive(&package));
        };
        let others = sheets.iter().enumerate().filter(|(at, other)| *at != sheet && other.found.filled);
        let others: Vec<String> = others.map(|(_, other)| other.told()).collect();
        Ok(Self {
            source: source.to_owned(),
            format,
            sheet: sheets[sheet].name.clone(),
            options: options.clone(),
            rows,
            row: SheetRow::new(options.max_record_bytes),
            held: false,
            blanks: 0,
            headers: Cells::new(),
            header_line: 0,
            warnings: warnings(source, format, &sheets[sheet], &others, options),
            others,
            ahead: VecDeque::new(),
            trouble: None,
            replaced: None,
            line: 0,
            record: 0,
        })
    }

    /// Reads the first row that is not blank as the header, from the wanted one on.
    fn with_header(mut self) -> Result<Self, IntakeError> {
        let wanted = self.options.header_line.unwrap_or_default();
        loop {
            if !self.fetch()? {
                let kind = match wanted {
                    0 => IntakeErrorKind::EmptySheet { sheet: self.sheet, others: self.others },
                    _ => IntakeErrorKind::NoSuchLine { wanted, lines: self.line },
                };
                return Err(IntakeError::new(&self.source, kind));
            }
            if self.row.number >= wanted {
                break;
            }
            (self.line, self.held) = (self.row.number, false);
        }
        let line = self.row.number;
        let fail = |kind| Err(IntakeError::at(&self.source, line, kind));
        if self.row.too_large {
            return fail(IntakeErrorKind::RecordTooLarge { line, limit: self.options.max_record_bytes });
        }
        let mut cells = Cells::new();
        self.row.write(&mut cells, row::MAX_COLUMNS);
        let headers = trimmed(&cells);
        // Those behind the last header too: one of them may be a header that is not worked out.
        if let Some(fault) = self.row.faults(row::MAX_COLUMNS).next() {
            return fail(IntakeErrorKind::BadHeader(Box::new(fault)));
        }
        let (columns, limit) = (headers.len(), self.options.max_columns);
        if columns > limit {
            return fail(IntakeErrorKind::TooManyColumns { columns, limit });
        }
        self.headers = headers;
        (self.header_line, self.line) = (line, line);
        (self.blanks, self.held) = (0, false);
        self.read_ahead();
        Ok(self)
    }

    fn read_ahead(&mut self) {
        while self.ahead.len() < READ_AHEAD && self.trouble.is_none() {
            let mut row = Row::default();
            match self.read_on(&mut row) {
                Ok(true) => self.ahead.push_back(row),
                Ok(false) => break,
                Err(error) => self.trouble = Some(error),
            }
        }
    }

    pub(super) fn source(&self) -> &str {
        &self.source
    }

    pub(super) fn format(&self) -> &'static str {
        self.format
    }

    pub(super) fn sheet(&self) -> &str {
        &self.sheet
    }

    pub(super) fn headers(&self) -> &Cells {
        &self.headers
    }

    pub(super) fn header_line(&self) -> u64 {
        self.header_line
    }

    pub(super) fn warnings(&self) -> Vec<Warning> {
        let replaced = self.replaced.map(|(line, rows)| replaced(line, rows));
        self.warnings.iter().cloned().chain(replaced).collect()
    }

    /// The rows that come next, with their numbers; nothing is consumed.
    pub(super) fn next_rows(&self, count: usize) -> Vec<(u64, Cells)> {
        self.ahead.iter().take(count).map(|row| (row.line, Cells::clone(&row.cells))).collect()
    }

    /// The size of the sheet in the archive: what there is to read, when progress is told.
    pub(super) fn size_bytes(&self) -> u64 {
        self.rows.xml().part().packed_size()
    }

    pub(super) fn bytes_read(&self) -> u64 {
        self.rows.xml().part().packed_read()
    }

    /// Reads the next row; `false` is the end of the sheet. Blank rows count up to the last one with a value.
    pub(super) fn read(&mut self, row: &mut Row) -> Result<bool, IntakeError> {
        match (self.ahead.pop_front(), self.trouble.take()) {
            (Some(ahead), trouble) => {
                (*row, self.trouble) = (ahead, trouble);
                Ok(true)
            }
            (None, Some(trouble)) => Err(trouble),
            (None, None) => self.read_on(row),
        }
    }

    fn read_on(&mut self, row: &mut Row) -> Result<bool, IntakeError> {
        if !self.held && !self.fetch()? {
            return Ok(false);
        }
        self.record += 1;
        self.line += 1;
        (row.record, row.line, row.fault, row.blank) = (self.record, self.line, None, false);
        row.doubts.clear();
        if self.blanks > 0 {
            self.blanks -= 1;
            row.blank = true;
            Arc::make_mut(&mut row.cells).clear();
            let cells = Arc::make_mut(&mut row.cells);
            self.headers.iter().for_each(|_| cells.push(""));
            return Ok(true);
        }
        self.held = false;
        self.fill(row);
        Ok(true)
    }

    /// Reads on to the next row that is not blank, and counts those before it.
    fn fetch(&mut self) -> Result<bool, IntakeError> {
        loop {
            let more = self.rows.next(&mut self.row);
            if !more.map_err(|kind| IntakeError::at(&self.source, self.line + 1, kind))? {
                return Ok(false);
            }
            if !self.row.is_blank() {
                break;
            }
        }
        self.blanks = self.row.number.saturating_sub(self.line + 1);
        self.held = true;
        Ok(true)
    }

    fn fill(&mut self, row: &mut Row) {
        let width = self.headers.len();
        self.row.write(Arc::make_mut(&mut row.cells), width);
        if row.cells.iter().any(|cell| cell.contains('\u{FFFD}')) {
            self.replaced.get_or_insert((row.line, 0)).1 += 1;
        }
        row.fault = self.fault();
        if row.fault.is_none() {
            Arc::make_mut(&mut row.cells).truncate(width);
            row.doubts.extend(self.row.faults(width));
        }
    }

    /// What is wrong with the row as such.
    fn fault(&self) -> Option<RowFault> {
        let fault =
            |code, column, message, hint: &str| Some(RowFault { code, column, message, hint: Some(hint.to_owned()) });
        if self.row.too_large {
            let message =
                format!("the row is longer than {} bytes; not all of it is kept", self.options.max_record_bytes);
            return fault("RECORD_TOO_LARGE", None, message, "shorten its values");
        }
        let width = self.headers.len();
        if let Some((column, what)) = self.row.beyond(width) {
            let (name, last) = (self.row.name_of(column), column_letter(width.saturating_sub(1)));
            let message = format!("cell {name} {what}, but the header ends at column {last}");
            return fault("COLUMN_COUNT", Some(width), message, "give its column a header, or remove the value");
        }
        let limit = self.options.max_cell_bytes;
        if let Some((column, text)) = self.row.cells().find(|(_, text)| text.len() > limit) {
            let message = format!("cell {} has {} bytes; the limit is {limit}", self.row.name_of(column), text.len());
            return fault("CELL_TOO_LARGE", Some(column), message, "shorten the value");
        }
        if let Some((column, _)) = self.row.cells().find(|(_, text)| text.contains('\0')) {
            let message = format!("cell {} contains a NUL character", self.row.name_of(column));
            return fault("NUL_BYTE", Some(column), message, "remove it, or export the file again");
        }
        None
    }
}

/// Whether the archive names itself a spreadsheet of OpenDocument, and can be read.
fn is_ods(package: &mut Package) -> Result<bool, IntakeErrorKind> {
    const KIND: &str = "mimetype";
    if !package.has(KIND) {
        return Ok(false);
    }
    let mut kind = String::new();
    let read = package.small(KIND)?.take(256).read_to_string(&mut kind);
    if read.is_err() || !ods::is_spreadsheet(&kind) {
        return Ok(false);
    }
    if ods::is_encrypted(package)? {
        return Err(IntakeErrorKind::ProtectedWorkbook);
    }
    Ok(true)
}

/// What an archive is that is no workbook.
fn other_archive(package: &Package) -> IntakeErrorKind {
    const SIGNS: [(&str, &str); 5] = [
        ("xl/workbook.bin", "a binary Excel workbook (.xlsb)"),
        ("word/document.xml", "a Word document"),
        ("ppt/presentation.xml", "a PowerPoint presentation"),
        ("Index/Document.iwa", "a document of Numbers or Pages"),
        ("META-INF/manifest.xml", "a document or a program"),
    ];
    if let Some((_, what)) = SIGNS.iter().find(|(part, _)| package.has(part)) {
        return IntakeErrorKind::OtherDocument(what);
    }
    let tables = package.names().filter(|name| {
        let name = name.to_lowercase();
        [".csv", ".tsv", ".txt", ".xlsx", ".ods"].iter().any(|ending| name.ends_with(ending))
    });
    IntakeErrorKind::ZipArchive { tables: tables.take(5).collect() }
}
