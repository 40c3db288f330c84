//! `ErrorDetail.csv`: failed rows in their original columns, with the reasons in the error column, so that a repaired file can be imported as it
//! is. Written from the job's record in the store, whole or not at all.

use std::fmt::Display;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use super::mapping::ERROR_HEADER;
use super::options::Kept;
use super::report::ImportReport;
use crate::app::Home;
use crate::app::failure::{Class, Failure};
use crate::app::output::{self, Output};
use crate::config::ErrorColumn;
use crate::intake::write::{self, WriteOptions, Writer};
use crate::store::{Failure as FailedRow, Job, JobState, Store};

/// Says before the first row whether errors can be written where they are to go.
pub(super) fn check_places(report: &ImportReport, home: &Home) -> Result<(), Failure> {
    if let (Some(table), Some(list)) = (&report.error_file, &report.errors_json)
        && is_one_file(table, list)
    {
        let message = format!("`{}` is to hold the error file and the list of errors", list.display());
        return Err(Failure::new(Class::Usage, "OUTPUT", message).hint("name another file with `--errors-json`"));
    }
    for path in [&report.error_file, &report.errors_json].into_iter().flatten() {
        output::check(path, home)?;
        if same_file(path, &report.file) && report.error_column.is_none() {
            let message = format!("`{}` is the file that is imported: errors would be written over it", path.display());
            return Err(Failure::new(Class::Usage, "OUTPUT", message).hint("name another file with `--errors`"));
        }
    }
    Ok(())
}

/// Says whether two names are of one file, be it there or not.
fn is_one_file(one: &Path, other: &Path) -> bool {
    let folder = |path: &Path| {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        std::fs::canonicalize(folder).ok()
    };
    one == other || (one.file_name() == other.file_name() && folder(one).is_some() && folder(one) == folder(other))
}

fn same_file(path: &Path, file: &str) -> bool {
    std::fs::canonicalize(path).ok().is_some_and(|path| std::fs::canonicalize(file).ok() == Some(path))
}

/// Writes the error file and the machine-readable errors, if rows failed and they are wanted. It is still the import's turn, so that of two the
/// second sets the first one's file aside.
pub(super) fn write(store: &Store, job: i64, report: &mut ImportReport) -> Result<(), Failure> {
    if let Some(path) = report.error_file.clone().filter(|_| report.counts.failed > 0) {
        report.notes.extend(write_csv(store, job, report, &path)?);
    }
    if let Some(path) = &report.errors_json {
        write_json(store, job, path)?;
    }
    Ok(())
}

fn write_csv(store: &Store, job: i64, report: &ImportReport, path: &Path) -> Result<Option<String>, Failure> {
    let failed = |error: io::Error| Failure::io("write", path, &error);
    let layout = Layout::of(report);
    let options = WriteOptions { delimiter: u8::try_from(report.delimiter).unwrap_or(b','), ..WriteOptions::default() };
    let mut writer = Writer::new(Output::create(path).map_err(failed)?, options).map_err(failed)?;
    writer.write(layout.header(&report.headers)).map_err(failed)?;
    each_failure(store, job, &mut |row| writer.write(layout.row(&row)))?.map_err(failed)?;
    let output = writer.finish().map_err(failed)?;
    let mut aside = None;
    output.finish_after(|new| keep_earlier(path, new, report).map(|kept| aside = kept)).map_err(failed)?;
    Ok(aside)
}

/// Hands failed rows to a writer, stopping at its first error.
fn each_failure(
    store: &Store,
    job: i64,
    write: &mut dyn FnMut(FailedRow) -> io::Result<()>,
) -> Result<io::Result<()>, Failure> {
    let mut written = Ok(());
    store.read(|reader| {
        reader.failures(job, &mut |row| {
            if written.is_ok() {
                written = write(row);
            }
            Ok(())
        })
    })?;
    Ok(written)
}

/// An error file of an earlier job may be under repair: it is set aside under a name of its own, never written over. The repaired file that
/// was just imported is done with, and so is what the first runs of a resumed job wrote, as long as it is the beginning of the new file.
fn keep_earlier(path: &Path, new: &Path, report: &ImportReport) -> io::Result<Option<String>> {
    let regular = std::fs::metadata(path).is_ok_and(|data| data.is_file());
    let repaired = same_file(path, &report.file) && report.error_column.is_some();
    if !regular || repaired || (report.resumed && is_beginning(path, new)?) {
        return Ok(None);
    }
    let place = std::fs::canonicalize(path)?;
    let aside =
        (1_u32..).map(|number| place.with_extension(format!("earlier-{number}.csv"))).find(|aside| !aside.exists());
    let aside: PathBuf = aside.unwrap_or_else(|| place.with_extension("earlier.csv"));
    std::fs::rename(&place, &aside)?;
    Ok(Some(format!("an earlier `{}` was kept as `{}`", path.display(), aside.display())))
}

/// Says whether a file begins with all that another holds.
fn is_beginning(old: &Path, new: &Path) -> io::Result<bool> {
    let (mut old, mut new) = (BufReader::new(File::open(old)?), BufReader::new(File::open(new)?));
    loop {
        let (before, now) = (old.fill_buf()?, new.fill_buf()?);
        let length = before.len().min(now.len());
        if length == 0 || before[..length] != now[..length] {
            return Ok(before.is_empty());
        }
        old.consume(length);
        new.consume(length);
    }
}

/// How a job keeps the path of a file that it wrote: below the home folder as it is called there, so that a copy of the home names its own.
pub(super) fn recorded(path: &Path, home: &Home) -> String {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let folder = absolute.parent().and_then(|folder| std::fs::canonicalize(folder).ok());
    let absolute = match (folder, absolute.file_name()) {
        (Some(folder), Some(name)) => folder.join(name),
        _ => absolute,
    };
    let below = std::fs::canonicalize(home.folder()).ok();
    let below = below.and_then(|home| absolute.strip_prefix(home).ok().map(Path::to_owned));
    below.unwrap_or(absolute).display().to_string()
}

/// Removes error files that were never finished, unless somebody may be at it. Returns which.
pub(in crate::app) fn remove_parts(home: &Home, jobs: &[Job]) -> Vec<PathBuf> {
    if jobs.iter().any(|job| job.state == JobState::Running) {
        return Vec::new();
    }
    let named = |job: &Job| {
        let kept = Kept::shown(job);
        ["errors", "errors_json"].map(|key| kept[key].as_str().map(str::to_owned)).into_iter().flatten()
    };
    let mut parts: Vec<PathBuf> = jobs.iter().flat_map(named).map(|path| home.folder().join(path)).collect();
    parts.push(home.error_file());
    parts.iter_mut().for_each(|path| {
        path.as_mut_os_string().push(".part");
    });
    parts.sort();
    parts.dedup();
    parts.retain(|path| std::fs::remove_file(path).is_ok());
    parts
}

/// Tells where the error file of a job is from here.
pub(super) fn place(job: &mut Job, home: &Home) {
    job.error_file = job.error_file.take().map(|path| home.folder().join(path).display().to_string());
}

fn write_json(store: &Store, job: i64, path: &Path) -> Result<(), Failure> {
    let failed = |error: io::Error| Failure::io("write", path, &error);
    let mut list = List::begin(path).map_err(failed)?;
    each_failure(store, job, &mut |row| {
        let problems: Vec<serde_json::Value> = serde_json::from_str(&row.problems_json).unwrap_or_default();
        problems.iter().try_for_each(|problem| list.add(problem))
    })?
    .map_err(failed)?;
    list.finish().map_err(failed)
}

/// Writes the machine-readable errors of a dry run, if they are wanted: the store holds none of them.
pub(super) fn write_dry(report: &ImportReport) -> Result<(), Failure> {
    let Some(path) = &report.errors_json else { return Ok(()) };
    let write = || {
        let mut list = List::begin(path)?;
        report.previews.failures()?.try_for_each(|problem| list.add(&problem?))?;
        list.finish()
    };
    write().map_err(|error| Failure::io("write", path, &error))
}

/// A list in JSON, with a line for each error.
struct List {
    out: Output,
    comma: &'static str,
}

impl List {
    fn begin(path: &Path) -> io::Result<Self> {
        let mut out = Output::create(path)?;
        out.write_all(b"[")?;
        Ok(Self { out, comma: "" })
    }

    fn add(&mut self, problem: &dyn Display) -> io::Result<()> {
        write!(self.out, "{}\n  {problem}", self.comma)?;
        self.comma = ",";
        Ok(())
    }

    fn finish(mut self) -> io::Result<()> {
        self.out.write_all(b"\n]\n")?;
        self.out.finish()
    }
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
