//! The options of an import as its job keeps them, so that a resumed job goes on as it began.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::mapping::document::Document;
use super::mapping::{Mapping, Origin};
use super::report::ImportReport;
use super::{ImportRequest, error_file, pinned};
use crate::app::failure::{Class, Failure};
use crate::app::{App, Home};
use crate::config::{MatchBy, OnMatch};
use crate::domain::permission::OPERATOR;
use crate::registry::Generation;
use crate::store::Job;

/// How the job was set up, for whoever reads its record later, and for resuming it.
pub(super) fn json(
    request: &ImportRequest,
    app: &App,
    mapping: &Mapping,
    report: &ImportReport,
    generation: &Generation,
) -> String {
    let place = |path: &Option<PathBuf>| path.as_ref().map(|path| error_file::recorded(path, app.home()));
    json!({
        "profile": app.settings().profile.as_str(),
        "map": request.map.iter().map(|(header, field)| json!([header, field])).collect::<Vec<_>>(),
        "mapping": request.mapping,
        "mapped": mapped(mapping),
        "sheet": request.sheet,
        "country": request.country.map(|country| country.as_str().to_owned()),
        "encoding": request.encoding,
        "delimiter": request.delimiter.map(|byte| char::from(byte).to_string()),
        "backslash": request.backslash,
        "header_line": request.header_line,
        "on_match": request.on_match.map(OnMatch::as_str),
        "match_by": request.match_by.as_ref().map(|kinds| kinds.iter().map(|kind| kind.as_str()).collect::<Vec<_>>()),
        "overwrite": request.overwrite,
        "fill": request.fill,
        "max_errors": request.max_errors,
        "max_faults": request.max_faults,
        "allow_opt_in": request.allow_opt_in,
        "allow_forgotten": request.allow_forgotten,
        "errors": place(&request.errors),
        "errors_json": place(&request.errors_json),
        "without_plugins": request.without_plugins,
        "by": request.by.name(),
        "read_as": { "encoding": report.encoding, "delimiter": report.delimiter.to_string() },
        "settings": pinned::settings_json(app.settings()),
        "plugins": pinned::json(generation, request.without_plugins),
    })
    .to_string()
}

/// What was decided about the columns, for whoever goes on with the job: what is saved under a name may change meanwhile.
fn mapped(mapping: &Mapping) -> Value {
    let (saved, bundled) = match &mapping.from {
        Some(Origin::Saved(name)) => (Some(name), None),
        Some(Origin::Bundled(name, _)) => (None, Some(name)),
        None => (None, None),
    };
    json!({ "saved": saved, "bundled": bundled, "document": mapping.document.to_json() })
}

/// How a job was set up, as its record keeps it. What is not there was not chosen, or not kept by the Carnet that began the job; what is there
/// and cannot be read is never taken for that: the job would go on otherwise than it began.
pub(in crate::app) struct Kept {
    job: i64,
    all: Value,
}

impl Kept {
    /// Reads what a job keeps.
    ///
    /// # Errors
    /// `JOB_UNREADABLE`.
    pub(in crate::app) fn of(job: &Job) -> Result<Self, Failure> {
        let all = serde_json::from_str(&job.settings_json).map_err(|error| unreadable(job.id, &error.to_string()))?;
        Ok(Self { job: job.id, all })
    }

    /// Returns all of it, for those who only look at it: nothing where it cannot be read.
    pub(in crate::app) fn shown(job: &Job) -> Value {
        Self::of(job).map(|kept| kept.all).unwrap_or_default()
    }

    /// Returns what is kept under a name; null where nothing is.
    pub(super) fn get(&self, key: &str) -> &Value {
        &self.all[key]
    }

    pub(super) fn text(&self, key: &str) -> Result<Option<String>, Failure> {
        self.one(key, |value| value.as_str().map(str::to_owned))
    }

    fn number(&self, key: &str) -> Result<Option<u64>, Failure> {
        self.one(key, Value::as_u64)
    }

    fn flag(&self, key: &str) -> Result<bool, Failure> {
        Ok(self.one(key, Value::as_bool)?.unwrap_or(false))
    }

    fn list<T>(&self, key: &str, read: impl Fn(&Value) -> Option<T>) -> Result<Option<Vec<T>>, Failure> {
        self.one(key, |value| value.as_array()?.iter().map(&read).collect())
    }

    fn one<'k, T>(&'k self, key: &str, read: impl Fn(&'k Value) -> Option<T>) -> Result<Option<T>, Failure> {
        match self.get(key) {
            Value::Null => Ok(None),
            value => read(value).map(Some).ok_or_else(|| unreadable(self.job, &format!("`{key}` is {value}"))),
        }
    }
}

fn unreadable(job: i64, why: &str) -> Failure {
    Failure::new(Class::Internal, "JOB_UNREADABLE", format!("how job {job} was set up cannot be read: {why}"))
        .hint("finish it with the Carnet that began it, or import the file anew: `--again` takes one that was imported before")
}

/// The mapping that a job keeps; `None` for one that was begun before mappings were kept.
///
/// # Errors
/// When a newer Carnet kept it.
pub(in crate::app) fn mapping_of(job: &Job) -> Result<Option<(Document, Option<String>)>, Failure> {
    let kept = Kept::of(job)?;
    let kept = kept.get("mapped");
    if kept.is_null() {
        return Ok(None);
    }
    let document = Document::from_json(&kept["document"]).map_err(|reason| {
        Failure::new(
            Class::Internal,
            "MAPPING_UNREADABLE",
            format!("the mapping of job {} cannot be read: {reason}", job.id),
        )
        .hint("a newer Carnet began the job: finish it with that one")
    })?;
    Ok(Some((document, kept["saved"].as_str().map(str::to_owned))))
}

/// Who began a job; nobody is told of old ones, nor of one that cannot be read.
pub(super) fn begun_by(job: &Job) -> Option<String> {
    Kept::of(job).and_then(|kept| kept.text("by")).ok().flatten()
}

/// The request that finishes a job: its own options, and of the new request the file and where errors are written.
///
/// # Errors
/// Usage, when the new request names an option that the job has settled; `JOB_UNREADABLE`.
pub(super) fn of_job(request: &ImportRequest, job: &Job, home: &Home) -> Result<ImportRequest, Failure> {
    let named = !request.map.is_empty()
        || request.mapping.is_some()
        || request.sheet.is_some()
        || request.match_by.is_some()
        || !request.overwrite.is_empty()
        || !request.fill.is_empty()
        || request.country.is_some()
        || request.encoding.is_some()
        || request.delimiter.is_some()
        || request.backslash
        || request.header_line.is_some()
        || request.on_match.is_some()
        || request.allow_opt_in
        || request.allow_forgotten
        || request.without_plugins
        || request.dry_run;
    if named {
        let message = format!("job {} goes on as it began: its options cannot be changed", job.id);
        return Err(Failure::new(Class::Usage, "RESUME_OPTIONS", message)
            .hint("leave out all options but `--errors`, `--errors-json`, `--accept-plugins`, `--accept-settings`, `--max-errors` and `--max-faults`"));
    }
    let kept = Kept::of(job)?;
    // Whose the contacts are must not change in the middle of a file.
    if let Some(by) = kept.text("by")?.filter(|by| by != request.by.name()) {
        let message = format!("job {} was begun by {by}", job.id);
        let way = if by == OPERATOR { "leave out `--as`".to_owned() } else { format!("add `--as \"{by}\"`") };
        return Err(Failure::new(Class::Rejected, "FORBIDDEN", message).hint(format!("{way} to finish it")));
    }
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let pair = |pair: &Value| Some((text(&pair[0])?, text(&pair[1])?));
    let path = |key: &str| Ok::<_, Failure>(kept.text(key)?.map(|path| home.folder().join(path)));
    let (errors, errors_json) = (path("errors")?, path("errors_json")?);
    Ok(ImportRequest {
        map: kept.list("map", pair)?.unwrap_or_default(),
        country: kept.one("country", |value| value.as_str()?.parse().ok())?,
        encoding: kept.text("encoding")?,
        delimiter: kept.one("delimiter", |value| value.as_str()?.bytes().next())?,
        backslash: kept.flag("backslash")?,
        header_line: kept.number("header_line")?,
        on_match: kept.one("on_match", |value| OnMatch::parse(value.as_str()?))?,
        mapping: kept.text("mapping")?,
        sheet: kept.text("sheet")?,
        match_by: kept.list("match_by", |kind| MatchBy::parse(kind.as_str()?))?,
        overwrite: kept.list("overwrite", text)?.unwrap_or_default(),
        fill: kept.list("fill", text)?.unwrap_or_default(),
        // A job that was stopped for its errors may be given more room.
        max_errors: request.max_errors.or(kept.number("max_errors")?),
        max_faults: request.max_faults.or(kept.number("max_faults")?),
        allow_opt_in: kept.flag("allow_opt_in")?,
        allow_forgotten: kept.flag("allow_forgotten")?,
        errors: request.errors.clone().or(errors),
        errors_json: request.errors_json.clone().or(errors_json),
        without_plugins: kept.flag("without_plugins")?,
        ..request.clone()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::import::Progress;

    /// A job that stopped after its first row, with its record changed by somebody.
    fn resumed(changed: &str) -> Result<(), Failure> {
        let folder = tempfile::tempdir().unwrap();
        let app = App::open(folder.path(), None).unwrap();
        let file = folder.path().join("rows.csv");
        std::fs::write(&file, "Last name,Email\nLee,bad\nRay,bad\nFox,fox@example.com\n").unwrap();
        let begin = ImportRequest { max_errors: Some(0), on_match: Some(OnMatch::Skip), ..ImportRequest::new(&file) };
        let job = app.import(&begin, &mut |_: Progress| ()).unwrap().job;
        let database = rusqlite::Connection::open(app.home().database()).unwrap();
        database.execute(&format!("UPDATE job SET settings = {changed}"), []).unwrap();
        let go_on = ImportRequest { resume: job, max_errors: Some(9), ..ImportRequest::new(&file) };
        app.import(&go_on, &mut |_: Progress| ()).map(drop)
    }

    #[test]
    fn a_job_whose_record_cannot_be_read_does_not_go_on_otherwise_than_it_began() {
        resumed("settings").unwrap_or_else(|failure| panic!("{failure:?}"));
        resumed("json_remove(settings, '$.on_match')").unwrap_or_else(|failure| panic!("{failure:?}"));
        for (changed, told) in [
            ("'{'", "EOF"),
            ("json_set(settings, '$.on_match', 'guess')", "`on_match` is \"guess\""),
            ("json_set(settings, '$.match_by', json('[\"email\", \"shoe size\"]'))", "`match_by` is"),
            ("json_set(settings, '$.allow_opt_in', 'maybe')", "`allow_opt_in` is"),
        ] {
            let failure = resumed(changed).expect_err(changed);
            assert_eq!(failure.code, "JOB_UNREADABLE", "{changed}");
            assert!(failure.message.contains(told) && failure.hint.is_some(), "{failure:?}");
        }
    }
}
