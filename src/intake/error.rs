//! What can go wrong with a whole file ([`IntakeError`]) or with one row ([`RowFault`]), and what to do about it.

use std::io;

use thiserror::Error;

/// Why a file cannot be imported as it is.
#[derive(Debug, Error)]
#[error("`{file}`{}: {kind}", .line.map(|line| format!(", line {line}")).unwrap_or_default())]
pub struct IntakeError {
    file: String,
    line: Option<u64>,
    kind: IntakeErrorKind,
}

impl IntakeError {
    pub(super) fn new(file: &str, kind: IntakeErrorKind) -> Self {
        Self { file: file.to_owned(), line: None, kind }
    }

    pub(super) fn at(file: &str, line: u64, kind: IntakeErrorKind) -> Self {
        Self { file: file.to_owned(), line: Some(line), kind }
    }

    /// The file's name as it was given (`-` is standard input).
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The physical line concerned, counted from 1.
    pub fn line(&self) -> Option<u64> {
        self.line
    }

    /// What happened.
    pub fn kind(&self) -> &IntakeErrorKind {
        &self.kind
    }

    /// The code by which programs know it.
    pub fn code(&self) -> &'static str {
        self.kind.code()
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        self.kind.hint()
    }
}

/// What is wrong with a file.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum IntakeErrorKind {
    /// There is no such file.
    #[error("no such file")]
    NotFound,
    /// The system refused to open or look at the file.
    #[error("cannot be read: {0}")]
    Unreadable(#[source] io::Error),
    /// Reading failed in the middle of the file.
    #[error("reading stopped: {0}")]
    Io(#[source] io::Error),
    /// The path is a directory.
    #[error("is a directory, not a file")]
    IsDirectory,
    /// No bytes, or nothing but blank lines.
    #[error("is empty: there is no header and no row")]
    Empty,
    /// A workbook or document of an old Office (`.xls`).
    #[error("is an old Excel workbook (.xls) or Office document, not an .xlsx, .ods or CSV file")]
    LegacyExcel,
    /// A workbook that opens only with a password.
    #[error("is a workbook protected by a password")]
    ProtectedWorkbook,
    /// An archive that cannot be read, or a workbook that makes no sense, with the reason.
    #[error("is a damaged workbook or ZIP archive: {0}")]
    DamagedWorkbook(String),
    /// A workbook that unpacks to more than the limit, or suspiciously much for its size; says which part.
    #[error("is too large: {0}")]
    UnpacksTooLarge(String),
    /// A workbook from a stream that is longer than what is kept of one.
    #[error("is a workbook of more than {} MiB from a stream", .limit >> 20)]
    StreamTooLarge {
        /// The most bytes that are kept.
        limit: u64,
    },
    /// A document that is zipped like a workbook, with what it is.
    #[error("is {0}, not an .xlsx, .ods or CSV file")]
    OtherDocument(&'static str),
    /// A ZIP archive that is no workbook.
    #[error("is a ZIP archive, not a workbook or CSV file")]
    ZipArchive {
        /// Files in it that could be imported.
        tables: Vec<String>,
    },
    /// A workbook without any cells.
    #[error("has no sheet with cells{}", if *.charts { ", only charts" } else { "" })]
    NoSheet {
        /// Whether it has charts.
        charts: bool,
    },
    /// All sheets are hidden, and none was named.
    #[error("has only hidden sheets: {}", .sheets.join(", "))]
    HiddenSheets {
        /// Its sheets.
        sheets: Vec<String>,
    },
    /// There is no sheet of that name or number.
    #[error("has no sheet `{wanted}`")]
    UnknownSheet {
        /// What was asked for.
        wanted: String,
        /// Its sheets.
        sheets: Vec<String>,
    },
    /// The sheet has no row.
    #[error("the sheet `{sheet}` is empty: there is no header and no row")]
    EmptySheet {
        /// Its name.
        sheet: String,
        /// Other sheets, which have rows.
        others: Vec<String>,
    },
    /// An option that means nothing for a workbook.
    #[error("is a workbook, for which `{0}` means nothing")]
    NotForWorkbook(&'static str),
    /// A sheet was named, and the file has none.
    #[error("is a text file and has no sheet `{0}`")]
    SheetOfText(String),
    /// A compressed file or an archive, with its format.
    #[error("is a {0} archive, not a CSV file")]
    Archive(&'static str),
    /// A web page, perhaps named `.csv` or `.xls`.
    #[error("is an HTML page, not a CSV file")]
    Html,
    /// A PDF.
    #[error("is a PDF document, not a CSV file")]
    Pdf,
    /// Text in another format, with its name.
    #[error("is {0}, not a CSV file")]
    NotATable(&'static str),
    /// Not text at all.
    #[error("is not text: it looks like binary data")]
    Binary,
    /// The label names no encoding that can be read.
    #[error("`{0}` is not an encoding that can be read")]
    UnknownEncoding(String),
    /// Several encodings would make sense of the bytes; the likeliest comes first.
    #[error("the encoding is doubtful: it could be {}", listed(.choices))]
    DoubtfulEncoding {
        /// The encodings, each with lines of the text as they read in it.
        choices: Vec<Choice>,
    },
    /// Several delimiters would split the file, or the likeliest one splits nothing.
    #[error("the delimiter is doubtful: it could be {}", listed(.choices))]
    DoubtfulDelimiter {
        /// The delimiters, each with the first rows as they would be split.
        choices: Vec<Choice>,
    },
    /// The header opens a quote that is not closed properly.
    #[error("a quote opened in the header is not closed properly")]
    UnclosedQuote {
        /// The physical line on which the quote is opened.
        line: u64,
    },
    /// The header cannot be trusted.
    #[error("the header cannot be read: {}", .0.message)]
    BadHeader(Box<RowFault>),
    /// More columns than the limit.
    #[error("the header has {columns} columns; the limit is {limit}")]
    TooManyColumns {
        /// The columns counted.
        columns: usize,
        /// The most that are read.
        limit: usize,
    },
    /// The header is longer than the limit.
    #[error("the header is longer than {limit} bytes")]
    RecordTooLarge {
        /// The physical line on which the header starts.
        line: u64,
        /// The most bytes that are read.
        limit: usize,
    },
    /// The header is said to be on a line that the file does not have.
    #[error("the header cannot be on line {wanted}: the file has {lines} lines")]
    NoSuchLine {
        /// The line named.
        wanted: u64,
        /// The lines of the file.
        lines: u64,
    },
}

impl IntakeErrorKind {
    /// The code by which programs know it.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "FILE_NOT_FOUND",
            Self::Unreadable(_) | Self::Io(_) => "FILE_UNREADABLE",
            Self::IsDirectory => "FILE_IS_FOLDER",
            Self::Empty => "FILE_EMPTY",
            Self::LegacyExcel => "FILE_WORKBOOK",
            Self::Archive(_) => "FILE_ARCHIVE",
            Self::Binary => "FILE_BINARY",
            Self::UnknownEncoding(_) => "ENCODING_UNKNOWN",
            Self::DoubtfulEncoding { .. } => "ENCODING_DOUBTFUL",
            Self::DoubtfulDelimiter { .. } => "DELIMITER_DOUBTFUL",
            Self::UnclosedQuote { .. } => "UNCLOSED_QUOTE",
            Self::BadHeader(fault) => fault.code,
            Self::TooManyColumns { .. } => "TOO_MANY_COLUMNS",
            Self::RecordTooLarge { .. } => "RECORD_TOO_LARGE",
            Self::NoSuchLine { .. } => "HEADER_LINE",
            _ => "FILE_FORMAT",
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NotFound => "check the path",
            Self::IsDirectory => "name a file inside it",
            Self::Unreadable(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                "check the file's permissions"
            }
            Self::Unreadable(_) => "check the path and the disk that it is on",
            Self::Io(_) => "check the disk or the program that writes the data, then import again",
            Self::Empty => "export the contacts again, or start from `carnet template`",
            Self::LegacyExcel => "open it and save it as .xlsx or as `CSV UTF-8 (comma delimited)`",
            Self::ProtectedWorkbook => "open it, remove the password, and save it",
            Self::DamagedWorkbook(_) => "open it in a spreadsheet and save it anew, or get the file again",
            Self::UnpacksTooLarge(_) => {
                "save the one sheet as `CSV UTF-8`; if it is small, the file is not what it seems"
            }
            Self::StreamTooLarge { .. } => "save it as a file and import that",
            Self::OtherDocument(_) => "save its table as .xlsx or as `CSV UTF-8`",
            Self::ZipArchive { tables } if tables.is_empty() => "unpack it and import the file inside",
            Self::ZipArchive { tables } => return Some(format!("unpack it and import one of: {}", tables.join(", "))),
            Self::NoSheet { .. } => "put the contacts in a sheet with a header in its first row",
            Self::HiddenSheets { .. } => "name one with `--sheet`",
            Self::UnknownSheet { sheets, .. } => return Some(format!("its sheets are {}", sheets.join(", "))),
            Self::EmptySheet { others, .. } if others.is_empty() => "put a header in its first row",
            Self::EmptySheet { others, .. } => {
                return Some(format!("rows are in {}: name one with `--sheet`", others.join(", ")));
            }
            Self::NotForWorkbook(_) => {
                "leave it out: a workbook says itself where its cells are and how they are encoded"
            }
            Self::SheetOfText(_) => "leave out `--sheet`",
            Self::Archive(_) => "unpack it and import the file inside",
            Self::Html => "open it in a browser or spreadsheet and save the table as `CSV UTF-8`",
            Self::Pdf | Self::NotATable(_) | Self::Binary => "export the contacts as CSV from where they are kept",
            Self::UnknownEncoding(_) => {
                "use utf-8, utf-16le, utf-16be, gb18030, big5, shift_jis, euc-kr, windows-1252 or windows-874"
            }
            Self::DoubtfulEncoding { choices } => return Some(flags("--encoding", "reads", choices)),
            Self::DoubtfulDelimiter { choices } => return Some(flags("--delimiter", "parts", choices)),
            Self::UnclosedQuote { .. } => "close the quote, or write a quote inside a value twice (`\"\"`)",
            Self::BadHeader(fault) => return fault.hint.clone(),
            Self::TooManyColumns { .. } => "remove the columns that are not needed, or check the delimiter",
            Self::NoSuchLine { .. } => "count the lines from 1, blank ones too",
            Self::RecordTooLarge { .. } => "check that the file has line breaks and a header in its first row",
        };
        Some(hint.to_owned())
    }
}

/// One reading of an ambiguous file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The value to pass: an encoding label, or a delimiter's name.
    pub value: String,
    /// What the file looks like in this reading: lines with letters that differ, or the first rows in their cells.
    pub preview: String,
}

fn listed(choices: &[Choice]) -> String {
    let names: Vec<String> = choices.iter().map(|choice| format!("`{}`", choice.value)).collect();
    match names.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => names.concat(),
    }
}

/// The choices one below the other, each with the option to type and what the file looks like then.
fn flags(flag: &str, right: &str, choices: &[Choice]) -> String {
    let width = choices.iter().map(|choice| choice.value.len()).max().unwrap_or_default();
    let line = |choice: &Choice| format!("\n  {flag} {:width$}   {}", choice.value, choice.preview);
    let lines: String = choices.iter().map(line).collect();
    format!("choose the one that {right} the text as it should be:{lines}")
}

/// Why one row cannot be imported. Its cells still hold what could be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowFault {
    /// `COLUMN_COUNT`, `ENCODING`, `NUL_BYTE`, `UNCLOSED_QUOTE`, `STRAY_QUOTE`, `RECORD_TOO_LARGE` or `CELL_TOO_LARGE`;
    /// for a cell of a workbook also `CELL_ERROR`, `NUMBER_DIGITS_LOST` or `FORMULA_WITHOUT_VALUE`.
    pub code: &'static str,
    /// The column concerned, counted from 0; for `COLUMN_COUNT` the first one beyond the header.
    pub column: Option<usize>,
    /// What happened, in lower case.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

/// Something that was read, but that the user may want to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// `ENCODING_GUESSED`, `ENCODING_OVERRIDDEN`, `SPACE_BEFORE_QUOTE`, `REPLACEMENT_CHARACTER`, `LINE_ENDS_MIXED`,
    /// `WORKBOOK_NAME`, `OTHER_SHEETS`, `HIDDEN_ROWS` or `MERGED_CELLS`.
    pub code: &'static str,
    /// The first physical line concerned, counted from 1.
    pub line: Option<u64>,
    /// What was noticed, in lower case.
    pub message: String,
}
