//! `ErrorDetail.csv`: failed rows in their original columns, with the reasons in the error column, so that a repaired file can be imported as it
//! is. Written from the job's record in the store, whole or not at all.

use std::fs::File;
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};

use super::mapping::ERROR_HEADER;
use super::report::ImportReport;
use crate::app::failure::Failure;
use crate::config::ErrorColumn;
use crate::intake::write::{self, WriteOptions, Writer};
use crate::store::{Failure as FailedRow, Store, StoreError};

/// Writes the error file and the machine-readable errors, if rows failed and they are wanted.
pub(super) fn write(store: &Store, job: i64, report: &ImportReport) -> Result<(), Failure> {
    if let Some(path) = report.error_file.as_ref().filter(|_| report.counts.failed > 0) {
        write_csv(store, job, report, path)?;
    }
    if let Some(path) = &report.errors_json {
        write_json(store, job, path)?;
    }
    Ok(())
}

fn write_csv(store: &Store, job: i64, report: &ImportReport, path: &Path) -> Result<(), Failure> {
    keep_edited(path, report)?;
    let temporary = beside(path);
    let failed = |error: std::io::Error| Failure::io("write", path, &error);
    let layout = Layout::of(report);
    let options = WriteOptions { delimiter: u8::try_from(report.delimiter).unwrap_or(b','), ..WriteOptions::default() };
    let file = File::create(&temporary).map_err(failed)?;
    let mut writer = Writer::new(BufWriter::new(file), options).map_err(failed)?;
    writer.write(layout.header(&report.headers)).map_err(failed)?;
    let mut trouble = None;
    store.read(|reader| {
        reader.failures(job, &mut |row| {
            if trouble.is_none() {
                trouble = writer.write(layout.row(&row)).err();
            }
            Ok(())
        })
    })?;
    trouble
        .map_or(Ok(()), Err)
        .and_then(|()| close(writer))
        .and_then(|()| std::fs::rename(&temporary, path))
        .map_err(failed)
}

/// The rename must not come before the content.
fn close(writer: Writer<BufWriter<File>>) -> io::Result<()> {
    let file = writer.finish()?.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.sync_all()
}

/// An error file of an earlier job may be under repair: it is set aside, not written over. The file just imported is done with.
fn keep_edited(path: &Path, report: &ImportReport) -> Result<(), Failure> {
    let imported = std::fs::canonicalize(&report.file).ok();
    let existing = std::fs::canonicalize(path).ok();
    if existing.is_none() || (existing == imported && !report.from_stdin()) {
        return Ok(());
    }
    let aside = path.with_extension("previous.csv");
    std::fs::rename(path, &aside).map_err(|error| Failure::io("set aside", path, &error))
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    path.with_file_name(name)
}

fn write_json(store: &Store, job: i64, path: &Path) -> Result<(), Failure> {
    let mut all: Vec<serde_json::Value> = Vec::new();
    store.read(|reader| {
        reader.failures(job, &mut |row: FailedRow| -> Result<(), StoreError> {
            if let Ok(serde_json::Value::Array(problems)) = serde_json::from_str(&row.problems_json) {
                all.extend(problems);
            }
            Ok(())
        })
    })?;
    let text = serde_json::to_string_pretty(&all).unwrap_or_default();
    std::fs::write(path, text).map_err(|error| Failure::io("write", path, &error))
}

/// Where the error column stands among the file's own.
struct Layout {
    /// The file's error column, which is replaced.
    old: Option<usize>,
    /// Cells before the error column.
    width: usize,
}

impl Layout {
    fn of(report: &ImportReport) -> Self {
        let own = report.headers.len() - usize::from(report.error_column.is_some());
        let fixed = match &report.error_letter {
            ErrorColumn::FirstFree => None,
            ErrorColumn::Letter(letter) => write::column_index(letter),
        };
        Self { old: report.error_column, width: fixed.map_or(own, |at| at.max(own)) }
    }

    fn header(&self, headers: &[String]) -> Vec<String> {
        self.place(headers.iter().map(String::as_str), ERROR_HEADER)
    }

    fn row(&self, row: &FailedRow) -> Vec<String> {
        self.place(row.cells.iter().map(String::as_str), &row.text)
    }

    /// Cells beyond the header, as a row with too many has them, go behind the error column, so that nothing is lost.
    fn place<'c>(&self, cells: impl Iterator<Item = &'c str>, error: &str) -> Vec<String> {
        let own: Vec<&str> = cells.enumerate().filter(|(at, _)| Some(*at) != self.old).map(|(_, cell)| cell).collect();
        let (inside, beyond) = own.split_at(own.len().min(self.width));
        let mut placed: Vec<String> = inside.iter().map(|cell| (*cell).to_owned()).collect();
        placed.resize(self.width, String::new());
        placed.push(error.to_owned());
        placed.extend(beyond.iter().map(|cell| (*cell).to_owned()));
        placed
    }
}
