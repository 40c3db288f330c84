//! Error files on the disk: those that jobs wrote, those set aside beside them, and the machine-readable ones. Rows about the person go, and
//! every other byte stays as it is.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use super::Forgotten;
use crate::app::failure::Failure;
use crate::app::import::mapping::ERROR_HEADER;
use crate::app::import::options::Kept;
use crate::app::output::Output;
use crate::app::{App, Home};
use crate::domain::traces::{Sight, Traces};
use crate::intake::decoded;
use crate::intake::write::restore;
use crate::store::{ERASED, Job};

const BOM: &[u8] = "\u{FEFF}".as_bytes();

/// Rewrites every error file that holds something of the person; what cannot be rewritten is told.
pub(super) fn erase(app: &App, traces: &Traces, failed: &[(i64, u64)], done: &mut Forgotten) -> Result<(), Failure> {
    for (path, rows) in candidates(app, failed)? {
        let found = cleaned(&path, rows.as_ref(), traces).map_err(|unclean| unclean.why);
        let written = found.and_then(|cleaned| match cleaned.rewritten {
            Some(kept) => write(&path, &kept).map(|()| Some(cleaned.namesakes)),
            None => Ok(None),
        });
        match written {
            Ok(None) => {}
            Ok(Some(namesakes)) => {
                if namesakes > 0 {
                    done.left.push(format!(
                        "rows of `{}` with the person's name or number, but another address or number: {namesakes}",
                        path.display()
                    ));
                }
                done.files.push(path);
            }
            Err(why) => {
                done.incomplete = true;
                done.left.push(format!("`{}`, which cannot be cleaned ({why}): delete it by hand", path.display()));
                done.unfinished.push(path);
            }
        }
    }
    Ok(())
}

/// Files that could not be cleaned, as they are noted; nothing when there are none.
pub(super) fn noted(files: &[PathBuf]) -> Option<String> {
    let names: Vec<String> = files.iter().map(|path| path.display().to_string()).collect();
    (!names.is_empty()).then(|| serde_json::json!(names).to_string())
}

/// Tells files that could not be cleaned and are still there; says whether the note of them could be read.
pub(super) fn look_again(noted: &str, done: &mut Forgotten) -> bool {
    let Ok(names) = serde_json::from_str::<Vec<PathBuf>>(noted) else {
        done.incomplete = true;
        done.left.push(format!(
            "error files that could not be cleaned: which, was noted as `{noted}`, which cannot be read; \
             look through the error files by hand"
        ));
        return false;
    };
    for path in names.into_iter().filter(|path| path.exists()) {
        done.incomplete = true;
        done.left.push(format!("`{}`, which could not be cleaned: delete it by hand", path.display()));
        done.unfinished.push(path);
    }
    true
}

/// Says whether a text holds something of the person, as it stands or as a table that lost its form.
fn holds(text: &str, traces: &Traces) -> bool {
    text.lines().any(|line| {
        let cells: Vec<&str> = line
            .split([',', ';', '\t'])
            .map(|cell| cell.trim_matches(|c: char| c == '"' || c.is_whitespace()))
            .collect();
        traces.in_text(line) || traces.in_row(&cells) == Sight::Person
    })
}

/// Error files as a person is told of them.
#[derive(Default, Debug)]
pub(in crate::app) struct FilesAbout {
    /// Those with something of the person, or of somebody with the same name or number.
    pub(in crate::app) holding: Vec<PathBuf>,
    /// Those that could not be read, so that they may hold the person; and why.
    pub(in crate::app) unread: Vec<(PathBuf, String)>,
}

/// The error files that hold something of a person: what forgetting the person would rewrite, or could not. `failed` are the refused rows
/// about the person.
///
/// # Errors
/// When the store cannot be read.
pub(in crate::app) fn about(app: &App, traces: &Traces, failed: &[(i64, u64)]) -> Result<FilesAbout, Failure> {
    let mut about = FilesAbout::default();
    for (path, rows) in candidates(app, failed)? {
        match cleaned(&path, rows.as_ref(), traces) {
            Ok(Cleaned { rewritten: None, namesakes: 0 }) => {}
            Ok(_) | Err(Unclean { holds: true, .. }) => about.holding.push(path),
            Err(Unclean { why, .. }) => about.unread.push((path, why)),
        }
    }
    Ok(about)
}

/// A file; of a machine-readable one also the records whose rows were erased.
type Candidate = (PathBuf, Option<BTreeSet<u64>>);

/// Error files that there are, and of machine-readable ones the records whose rows were erased. What was recorded for a folder of that
/// time is also looked for in the home folder.
fn candidates(app: &App, erased: &[(i64, u64)]) -> Result<Vec<Candidate>, Failure> {
    let jobs = app.store()?.read(|reader| reader.jobs())?;
    let mut found: Vec<Candidate> = Vec::new();
    let mut add = |path: PathBuf, rows: Option<BTreeSet<u64>>| {
        if !found.iter().any(|(known, _)| *known == path) {
            found.push((path, rows));
        }
    };
    // What was piped into an import that was killed is nobody's any more.
    app.store()?.sweep();
    // Below the home folder they are named from there, so that those of a copied home are its own.
    let recorded = jobs.iter().flat_map(|job| [job.error_file.clone(), kept(job, "errors")]);
    let recorded = recorded.flatten().map(|path| app.home().folder().join(path));
    for path in recorded.chain([app.home().error_file()]) {
        // The file may be gone while those that were set aside are still there.
        let place = place(&path, app.home()).unwrap_or(path);
        with_earlier(&place).into_iter().for_each(|path| add(path, None));
    }
    for job in &jobs {
        let rows = erased.iter().filter(|(number, _)| *number == job.id).map(|(_, record)| *record);
        let rows: BTreeSet<u64> = rows.collect();
        if let Some(path) = kept(job, "errors_json").and_then(|path| place(&app.home().folder().join(path), app.home()))
        {
            add(path, Some(rows));
        }
    }
    Ok(found)
}

/// A path among the settings of a job.
fn kept(job: &Job, key: &str) -> Option<String> {
    Kept::shown(job)[key].as_str().map(str::to_owned)
}

/// Where a recorded file is: as it was named, or under its name in the home folder.
fn place(path: &Path, home: &Home) -> Option<PathBuf> {
    let named = || fs::canonicalize(home.folder().join(path.file_name()?)).ok();
    fs::canonicalize(path).ok().or_else(named)
}

/// A file, and what is beside it: set aside (`ErrorDetail.earlier-1.csv`), or never finished (`ErrorDetail.csv.part`).
fn with_earlier(path: &Path) -> Vec<PathBuf> {
    let text =
        |name: Option<&std::ffi::OsStr>| name.map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let (prefix, part) = (format!("{}.earlier", text(path.file_stem())), format!("{}.part", text(path.file_name())));
    let beside = path.parent().and_then(|folder| fs::read_dir(folder).ok()).into_iter().flatten().flatten();
    let earlier = beside.map(|entry| entry.path()).filter(|path| {
        let name = text(path.file_name());
        name == part || (name.starts_with(&prefix) && name.ends_with(".csv"))
    });
    let mut all: Vec<PathBuf> = earlier.chain([path.to_owned()]).filter(|path| path.is_file()).collect();
    all.sort();
    all
}

/// What a file is without the person.
struct Cleaned {
    /// Its bytes; nothing when there is nothing to erase in it.
    rewritten: Option<Vec<u8>>,
    /// Rows with the person's name or number that seem to be somebody else's, and stay.
    namesakes: usize,
}

/// Why the person cannot be taken out of a file.
struct Unclean {
    why: String,
    /// Whether the person is in it for certain; otherwise it could not be read.
    holds: bool,
}

/// Reads a file and takes the person out.
///
/// # Errors
/// When it cannot be done, although the file holds something of the person, or may do so.
fn cleaned(path: &Path, rows: Option<&BTreeSet<u64>>, traces: &Traces) -> Result<Cleaned, Unclean> {
    let unread = |why: String| Unclean { why, holds: false };
    let held = |why: &str| Err(Unclean { why: why.to_owned(), holds: true });
    let bytes = fs::read(path).map_err(|error| unread(error.to_string()))?;
    let (text, utf8) = decoded(&bytes).ok_or_else(|| unread("its encoding cannot be told".to_owned()))?;
    let nothing = Cleaned { rewritten: None, namesakes: 0 };
    if !utf8 {
        return if holds(&text, traces) { held("it is not UTF-8 any more") } else { Ok(nothing) };
    }
    let kept = match rows {
        Some(rows) => without_entries(&bytes, rows, traces),
        None => without_rows(&bytes, traces),
    };
    match kept {
        Ok((kept, namesakes)) => Ok(Cleaned { rewritten: (kept != bytes).then_some(kept), namesakes }),
        Err(why) if holds(&text, traces) => held(why),
        Err(_) => Ok(nothing),
    }
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), String> {
    let write = || {
        let mut out = Output::create(path)?;
        out.write_all(bytes)?;
        out.finish()
    };
    write().map_err(|error| error.to_string())
}

/// Leaves out the rows about the person; the bytes of all others stay as they are.
fn without_rows(bytes: &[u8], traces: &Traces) -> Result<(Vec<u8>, usize), &'static str> {
    let start = if bytes.starts_with(BOM) { BOM.len() } else { 0 };
    let body = &bytes[start..];
    if std::str::from_utf8(body).is_err() {
        return Err("it is no UTF-8 any more");
    }
    let delimiter = delimiter(body).ok_or("it has no error column any more")?;
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).has_headers(false).flexible(true).from_reader(body);
    let mut records: Vec<(usize, Fate)> = Vec::new();
    let (mut record, mut error) = (csv::StringRecord::new(), None);
    while reader.read_record(&mut record).map_err(|_| "it is no table any more")? {
        let at = record.position().map_or(0, |position| position.byte()) as usize;
        // The reader takes the second half of a line end with the next record.
        let at = at + usize::from(body.get(at) == Some(&b'\n') && at > 0);
        if records.is_empty() {
            error = record.iter().position(|cell| cell == ERROR_HEADER);
            records.push((at, Fate::Stays));
        } else {
            records.push((at, fate(&record, error, delimiter, traces)));
        }
    }
    let (mut kept, mut namesakes) = (bytes[..start].to_vec(), 0);
    for (index, (from, fate)) in records.iter().enumerate() {
        let to = records.get(index + 1).map_or(body.len(), |(next, _)| *next);
        let row = &body[*from..to];
        match fate {
            Fate::Goes => {}
            Fate::Stays => kept.extend_from_slice(row),
            Fate::Namesake => {
                namesakes += 1;
                kept.extend_from_slice(row);
            }
            Fate::Reworded(text) => {
                kept.extend_from_slice(text);
                kept.extend(row.iter().skip(row.trim_ascii_end().len()).filter(|byte| matches!(byte, b'\r' | b'\n')));
            }
        }
    }
    Ok((kept, namesakes))
}

/// What becomes of a row.
enum Fate {
    Stays,
    Goes,
    /// It stays, and is told.
    Namesake,
    /// It is somebody else's, and its reason named the person: the row with another reason, without its line end.
    Reworded(Vec<u8>),
}

fn fate(record: &csv::StringRecord, error: Option<usize>, delimiter: u8, traces: &Traces) -> Fate {
    let cells: Vec<_> = record.iter().map(restore).collect();
    let sight = traces.in_row(&cells);
    if sight == Sight::Person {
        return Fate::Goes;
    }
    let is_reason = |at: usize| error == Some(at);
    let named = cells.iter().enumerate().any(|(at, cell)| is_reason(at) && traces.in_text(cell));
    let own: Vec<_> = cells.iter().enumerate().filter(|(at, _)| !is_reason(*at)).map(|(_, cell)| cell).collect();
    if named && traces.in_row(&own) == Sight::None {
        let terminator = csv::Terminator::Any(b'\n');
        let mut row = csv::WriterBuilder::new().delimiter(delimiter).terminator(terminator).from_writer(Vec::new());
        let cells = record.iter().enumerate().map(|(at, cell)| if is_reason(at) { ERASED } else { cell });
        let text = row.write_record(cells).ok().and_then(|()| row.into_inner().ok());
        // What cannot be written stays out: nothing of the person may be left.
        return text.map_or(Fate::Goes, |text| Fate::Reworded(text.strip_suffix(b"\n").unwrap_or(&text).to_vec()));
    }
    if sight == Sight::Namesake { Fate::Namesake } else { Fate::Stays }
}

/// What stands before the error column's header.
fn delimiter(body: &[u8]) -> Option<u8> {
    let header = std::str::from_utf8(body).ok()?;
    let before = header.split_once(ERROR_HEADER)?.0;
    before.trim_end_matches('"').bytes().next_back().filter(|byte| !byte.is_ascii_alphanumeric())
}

/// Leaves out the errors of erased rows, and those that name the person.
fn without_entries(bytes: &[u8], rows: &BTreeSet<u64>, traces: &Traces) -> Result<(Vec<u8>, usize), &'static str> {
    let entries: Vec<serde_json::Value> =
        serde_json::from_slice(bytes).map_err(|_| "it is no list of errors any more")?;
    let about = |entry: &serde_json::Value| {
        entry["row"].as_u64().is_some_and(|row| rows.contains(&row))
            || entry
                .as_object()
                .is_some_and(|map| map.values().filter_map(serde_json::Value::as_str).any(|text| traces.in_text(text)))
    };
    if !entries.iter().any(about) {
        return Ok((bytes.to_vec(), 0));
    }
    let kept: Vec<String> = entries.iter().filter(|entry| !about(entry)).map(|entry| format!("\n  {entry}")).collect();
    Ok((format!("[{}\n]\n", kept.join(",")).into_bytes(), 0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::contact::{Contact, Email, EmailKind, Stamp};

    fn traces() -> Traces {
        let created = Stamp { at: chrono::DateTime::UNIX_EPOCH, by: "test".into() };
        let mut person = Contact::new(crate::app::fresh_id(), created);
        (person.first_name, person.last_name) = (Some("Annabel".into()), Some("Leeworth".into()));
        person.emails.push(Email { kind: EmailKind::Work, address: "ann@example.com".into(), verified: false });
        let mut traces = Traces::default();
        traces.add(&person);
        traces
    }

    #[track_caller]
    fn check(before: &str, after: &str) {
        let (kept, _) = without_rows(before.as_bytes(), &traces()).unwrap();
        assert_eq!(String::from_utf8(kept).unwrap(), after);
    }

    #[test]
    fn only_the_rows_of_the_person_go() {
        check(
            "\u{FEFF}Name;Mail;Error detail\r\n\"O\n;x\";b@example.com;no\r\nA;ANN@example.com;no\r\nC;;no\r\n",
            "\u{FEFF}Name;Mail;Error detail\r\n\"O\n;x\";b@example.com;no\r\nC;;no\r\n",
        );
        check("a,Error detail\nann@example.com,no\n", "a,Error detail\n");
        check("a,Error detail\r\nx,no\r\nann@example.com,no", "a,Error detail\r\nx,no\r\n");
        check(
            "a,b,\"Error detail\"\r\nAnnabel,Leeworth,no\r\nAnnabel,Lee,no\r\n",
            "a,b,\"Error detail\"\r\nAnnabel,Lee,no\r\n",
        );
        // The row of somebody else stays, whatever a plugin said of it.
        check(
            "a;b;Error detail;c\r\n\"B;ob\";b@example.com;\"as Annabel Leeworth, too\";\"\"\r\nC;;no;x\r\n",
            "a;b;Error detail;c\r\n\"B;ob\";b@example.com;(erased);\r\nC;;no;x\r\n",
        );
    }

    #[test]
    fn errors_of_erased_rows_go() {
        let before = r#"[{"row":1,"value":"x"},{"row":2,"value":"y"},{"row":3,"value":"ann@example.com"}]"#;
        let (kept, _) = without_entries(before.as_bytes(), &BTreeSet::from([2]), &traces()).unwrap();
        assert_eq!(String::from_utf8(kept).unwrap(), "[\n  {\"row\":1,\"value\":\"x\"}\n]\n");
    }
}
