//! Rows that cannot be read as they stand: what is wrong with them, and how they are known again in an error file. Values that are wrong are
//! `row`'s business.
//!
//! What an error file says about a quote left open would be sound CSV when it comes back: the row would pass unrepaired. So its reason
//! carries a mark, a code and a digest of the cells, and the row fails again for as long as nobody has changed it.

use sha2::{Digest, Sha256};

use super::mapping::Mapping;
use crate::domain::cells::Cells;
use crate::domain::problem::Problem;
use crate::domain::text::{self, hex};
use crate::intake::{self, write::column_letter};

/// Faults that cannot be seen any more in an error file, where every cell is quoted as it should be.
const HIDDEN: [&str; 4] = ["ENCODING", "RECORD_TOO_LARGE", "STRAY_QUOTE", "UNCLOSED_QUOTE"];

/// How a column without a header or field is named.
const COLUMN: &str = "column ";

/// What is wrong with the row as such.
pub(super) fn problem(row: &intake::Row, mapping: &Mapping) -> Option<Problem> {
    unrepaired(&row.cells, mapping).or_else(|| fault(row, mapping)).or_else(|| stray_value(row, mapping))
}

/// The column's letter, if a problem names a column by it.
pub(super) fn letter(named: &str) -> Option<&str> {
    named.strip_prefix(COLUMN).filter(|letter| letter.bytes().all(|byte| byte.is_ascii_uppercase()))
}

/// What is added to the reason in the error file, so that the row is known again as long as it is not repaired.
pub(super) fn mark(problem: &Problem, cells: &Cells, mapping: &Mapping) -> String {
    let hidden = HIDDEN.iter().find(|code| **code == problem.code);
    hidden.map_or_else(String::new, |code| format!(" [{code} {}]", digest(cells, mapping)))
}

fn fault(row: &intake::Row, mapping: &Mapping) -> Option<Problem> {
    let fault = row.fault.as_ref()?;
    let beyond = || row.cells.iter().enumerate().skip(mapping.columns.headers().len());
    let column = match fault.code {
        // The first cell too many that holds something.
        "COLUMN_COUNT" => beyond().find(|(_, cell)| !text::is_blank(cell)).map(|(at, _)| at).or(fault.column),
        _ => fault.column,
    };
    Some(Problem {
        field: column.map(|column| name_of(column, mapping)),
        code: fault.code.into(),
        value: column.and_then(|column| row.cells.get(column)).map(str::to_owned),
        message: fault.message.clone(),
        hint: fault.hint.clone(),
    })
}

/// An error column far to the right leaves columns without a header: a value there is one cell too many, as it was before.
fn stray_value(row: &intake::Row, mapping: &Mapping) -> Option<Problem> {
    let headers = mapping.columns.headers();
    let stray = |(at, cell): &(usize, &str)| headers.get(*at).is_some_and(String::is_empty) && !text::is_blank(cell);
    let written_by_us = mapping.error_column.is_some() || mapping.exported;
    let (column, value) = written_by_us.then(|| row.cells.iter().enumerate().find(stray)).flatten()?;
    Some(Problem {
        field: Some(name_of(column, mapping)),
        code: "COLUMN_COUNT".into(),
        value: Some(value.to_owned()),
        message: "there is a value in a column without a header".to_owned(),
        hint: Some("quote the value that contains the delimiter".to_owned()),
    })
}

/// A column's field, or its header, or its letter.
fn name_of(column: usize, mapping: &Mapping) -> String {
    let field = mapping.columns.mapping().get(column).and_then(Option::as_ref).map(ToString::to_string);
    let header = || mapping.columns.headers().get(column).filter(|header| !header.is_empty()).cloned();
    field.or_else(header).unwrap_or_else(|| format!("{COLUMN}{}", column_letter(column)))
}

/// The fault of a row that comes back in an error file as it was.
fn unrepaired(cells: &Cells, mapping: &Mapping) -> Option<Problem> {
    let reason = cells.get(mapping.error_column?)?.trim_end();
    let (reason, mark) = reason.strip_suffix(']')?.rsplit_once(" [")?;
    let (code, digested) = mark.split_once(' ')?;
    let code = *HIDDEN.iter().find(|hidden| **hidden == code)?;
    // A letter that could not be read is still missing, whatever else was done to the row.
    let lost = code == "ENCODING" && own(cells, mapping).any(|cell| cell.contains('\u{FFFD}'));
    if !lost && digest(cells, mapping) != digested {
        return None;
    }
    let (message, hint) = reason.strip_suffix(')').and_then(|reason| reason.split_once(" (")).unwrap_or((reason, ""));
    let hint = if hint.is_empty() { "repair the row" } else { hint };
    Some(Problem {
        field: None,
        code: code.into(),
        value: None,
        message: message.to_owned(),
        hint: Some(hint.to_owned()),
    })
}

/// The row's own cells, the error column left out.
fn own<'r>(cells: &'r Cells, mapping: &Mapping) -> impl Iterator<Item = &'r str> {
    let error_column = mapping.error_column;
    cells.iter().enumerate().filter(move |(at, _)| Some(*at) != error_column).map(|(_, cell)| cell)
}

/// Tells one row from another, empty cells at the end not counted.
fn digest(cells: &Cells, mapping: &Mapping) -> String {
    let mut hasher = Sha256::new();
    let mut blanks = 0_u64;
    for cell in own(cells, mapping) {
        if text::is_blank(cell) {
            blanks += 1;
            continue;
        }
        hasher.update(blanks.to_le_bytes());
        hasher.update((cell.len() as u64).to_le_bytes());
        hasher.update(cell);
        blanks = 0;
    }
    hex(&hasher.finalize()[..4])
}
