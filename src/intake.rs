//! Reading tabular files for the import, and writing them for people.
//!
//! [`open`] looks at a file's container, encoding and delimiter, refuses what is no table or what it would have to
//! guess, and hands out a [`Reader`] that streams rows in bounded memory. A bad row is a result, a [`RowFault`] beside
//! its cells, and never stops the file. What a header *means* is decided elsewhere; nothing here knows a contact.
//!
//! A workbook goes through `workbook` instead and gives the same rows. Bytes of text travel `container` (is it a table
//! at all?) → `encoding` (which letters?) → `text` (a window of UTF-8) → `dialect` (which delimiter?) → `scan` (where do
//! records and cells end?) → `reader` (rows and their faults).

use std::fs::File;
use std::io::Cursor;
use std::io::ErrorKind;
use std::io::Read;
use std::path::Path;
use std::path::PathBuf;

pub use self::error::Choice;
pub use self::error::IntakeError;
pub use self::error::IntakeErrorKind;
pub use self::error::RowFault;
pub use self::error::Warning;
pub use self::reader::LineEnds;
pub use self::reader::Row;
pub use self::table::Reader;

use self::reader::TextReader;
use self::workbook::SheetReader;

mod container;
mod dialect;
mod encoding;
mod error;
mod likelihood;
mod reader;
mod scan;
mod table;
#[cfg(test)]
mod tests;
mod text;
mod workbook;
pub mod write;

/// How to read a file, and how much of it may be held at once.
#[derive(Debug, Clone)]
pub struct Options {
    /// An encoding label such as `big5` or `windows-874`; `None` detects. A byte order mark in the file wins over it.
    pub encoding: Option<String>,
    /// The byte between cells; `None` detects. Wins over a `sep=` line.
    pub delimiter: Option<u8>,
    /// Whether a backslash inside a quoted cell makes the quote or backslash after it part of the value, as databases
    /// write them; a quote written twice is one in any case.
    pub backslash: bool,
    /// The physical line of the header, counted from 1; 0 says that there is none. `None` takes the first line that is
    /// not blank.
    pub header_line: Option<u64>,
    /// The longest record in bytes of UTF-8 (default 1 MiB); a longer one fails with `RECORD_TOO_LARGE`.
    pub max_record_bytes: usize,
    /// The most columns that a header may have (default 2,000).
    pub max_columns: usize,
    /// The longest cell in bytes of UTF-8 (default 128 KiB, more than a spreadsheet's cell holds); a longer one fails
    /// its row with `CELL_TOO_LARGE`.
    pub max_cell_bytes: usize,
    /// The sheet of a workbook, by name or as `#2`; `None` means the first that is not hidden.
    pub sheet: Option<String>,
    /// The most bytes that a sheet of a workbook may unpack to (default 4 GiB); its texts, which are held, a quarter.
    pub max_unpacked_bytes: u64,
    /// The most bytes of a workbook that comes from a stream (default 512 MiB), for it is kept in a temporary file.
    pub max_spooled_bytes: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            encoding: None,
            delimiter: None,
            backslash: false,
            header_line: None,
            max_record_bytes: 1 << 20,
            max_columns: 2000,
            max_cell_bytes: 128 << 10,
            sheet: None,
            max_unpacked_bytes: 4 << 30,
            max_spooled_bytes: 512 << 20,
        }
    }
}

/// Where the bytes come from.
pub enum Input {
    /// A file.
    Path(PathBuf),
    /// Anything else that can be read, under the name that errors and reports show (`-` is standard input).
    Stream {
        /// The name to show.
        name: String,
        /// The bytes.
        reader: Box<dyn Read + Send>,
    },
}

impl Input {
    /// Standard input, named `-`.
    pub fn stdin() -> Self {
        Self::stream("-", std::io::stdin())
    }

    /// The input that a user named: `-` is standard input, everything else a path.
    pub fn named(path: &Path) -> Self {
        if path == Path::new("-") {
            return Self::stdin();
        }
        Self::Path(path.to_owned())
    }

    /// A stream of bytes under a name.
    pub fn stream(name: impl Into<String>, reader: impl Read + Send + 'static) -> Self {
        Self::Stream { name: name.into(), reader: Box::new(reader) }
    }
}

/// Opens a table: tells a workbook from text, chooses the sheet or detects encoding and delimiter, and reads the header.
///
/// # Errors
/// Whatever makes the whole file unreadable or ambiguous; see [`IntakeErrorKind`].
pub fn open(input: Input, options: &Options) -> Result<Reader, IntakeError> {
    let (name, mut reader, file) = match input {
        Input::Path(path) => {
            let name = path.display().to_string();
            let (file, size) = open_file(&path).map_err(|kind| IntakeError::new(&name, kind))?;
            let again = size.map(|size| (path, size));
            (name, Box::new(file) as Box<dyn Read + Send>, again)
        }
        Input::Stream { name, reader } => (name, reader, None),
    };
    let fail = |kind| IntakeError::new(&name, kind);
    let mut head = Vec::new();
    let read = reader.by_ref().take(container::ZIP.len() as u64).read_to_end(&mut head);
    read.map_err(|error| fail(IntakeErrorKind::Unreadable(error)))?;
    let size = file.as_ref().map(|(_, size)| *size);
    let whole = Cursor::new(head.clone()).chain(reader);
    if head != container::ZIP {
        if let Some(sheet) = &options.sheet {
            return Err(fail(IntakeErrorKind::SheetOfText(sheet.clone())));
        }
        return Ok(Reader::text(TextReader::open(name, Box::new(whole), size, options)?));
    }
    let workbook = match file {
        Some((path, _)) => open_file(&path).map(|(file, _)| file),
        None => spooled(whole, options.max_spooled_bytes),
    };
    let workbook = workbook.map_err(fail)?;
    Ok(Reader::sheet_of(SheetReader::open(name, workbook, options)?))
}

/// Keeps a stream in a temporary file without a name, for an archive is read from its end.
fn spooled(stream: impl Read, limit: u64) -> Result<File, IntakeErrorKind> {
    let mut file = tempfile::tempfile().map_err(IntakeErrorKind::Io)?;
    let length = std::io::copy(&mut stream.take(limit + 1), &mut file).map_err(IntakeErrorKind::Io)?;
    if length > limit {
        return Err(IntakeErrorKind::StreamTooLarge { limit });
    }
    Ok(file)
}

/// The delimiter that a user names: one character, or `tab`, `comma`, `semicolon`, `pipe`, `colon`; `None` if it cannot
/// part cells.
pub fn delimiter_named(name: &str) -> Option<u8> {
    dialect::named(name)
}

/// Returns the text of a whole file, and whether it is in UTF-8; nothing when its encoding cannot be told.
pub fn decoded(bytes: &[u8]) -> Option<(String, bool)> {
    let found = encoding::detect(bytes, true, None).ok()?;
    let (text, damaged) = found.encoding.decode_without_bom_handling(&bytes[found.bom..]);
    (!damaged).then(|| (text.into_owned(), found.encoding == encoding_rs::UTF_8))
}

/// Opens a path and tells its size if it is a regular file (a pipe has none).
fn open_file(path: &Path) -> Result<(File, Option<u64>), IntakeErrorKind> {
    let file = File::open(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => IntakeErrorKind::NotFound,
        ErrorKind::IsADirectory => IntakeErrorKind::IsDirectory,
        _ => IntakeErrorKind::Unreadable(error),
    })?;
    let metadata = file.metadata().map_err(IntakeErrorKind::Unreadable)?;
    if metadata.is_dir() {
        return Err(IntakeErrorKind::IsDirectory);
    }
    Ok((file, metadata.is_file().then_some(metadata.len())))
}
