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

/// The mapping that a job keeps; `None` for one that was begun before mappings were kept.
///
/// # Errors
/// When a newer Carnet kept it.
pub(in crate::app) fn mapping_of(job: &Job) -> Result<Option<(Document, Option<String>)>, Failure> {
    let kept: Value = serde_json::from_str(&job.settings_json).unwrap_or_default();
    let kept = &kept["mapped"];
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

/// Who began a job; nobody is told of old ones.
pub(super) fn begun_by(job: &Job) -> Option<String> {
    let kept: Value = serde_json::from_str(&job.settings_json).unwrap_or_default();
    kept["by"].as_str().map(str::to_owned)
}

/// The request that finishes a job: its own options, and of the new request the file and where errors are written.
///
/// # Errors
/// Usage, when the new request names an option that the job has settled.
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
    let kept: Value = serde_json::from_str(&job.settings_json).unwrap_or_default();
    let text = |key: &str| kept[key].as_str().map(str::to_owned);
    // Whose the contacts are must not change in the middle of a file.
    if let Some(by) = begun_by(job).filter(|by| by != request.by.name()) {
        let message = format!("job {} was begun by {by}", job.id);
        let way = if by == OPERATOR { "leave out `--as`".to_owned() } else { format!("add `--as \"{by}\"`") };
        return Err(Failure::new(Class::Rejected, "FORBIDDEN", message).hint(format!("{way} to finish it")));
    }
    let texts = |key: &str| {
        kept[key].as_array().map(|all| all.iter().filter_map(|one| one.as_str().map(str::to_owned)).collect::<Vec<_>>())
    };
    let pair = |pair: &Value| Some((pair[0].as_str()?.to_owned(), pair[1].as_str()?.to_owned()));
    Ok(ImportRequest {
        map: kept["map"].as_array().map(|pairs| pairs.iter().filter_map(pair).collect()).unwrap_or_default(),
        country: text("country").map(|code| code.parse()).transpose()?,
        encoding: text("encoding"),
        delimiter: text("delimiter").and_then(|text| text.bytes().next()),
        backslash: kept["backslash"].as_bool().unwrap_or(false),
        header_line: kept["header_line"].as_u64(),
        on_match: text("on_match").as_deref().and_then(OnMatch::parse),
        mapping: text("mapping"),
        sheet: text("sheet"),
        match_by: texts("match_by").map(|kinds| kinds.iter().filter_map(|kind| MatchBy::parse(kind)).collect()),
        overwrite: texts("overwrite").unwrap_or_default(),
        fill: texts("fill").unwrap_or_default(),
        // A job that was stopped for its errors may be given more room.
        max_errors: request.max_errors.or(kept["max_errors"].as_u64()),
        max_faults: request.max_faults.or(kept["max_faults"].as_u64()),
        allow_opt_in: kept["allow_opt_in"].as_bool().unwrap_or(false),
        allow_forgotten: kept["allow_forgotten"].as_bool().unwrap_or(false),
        errors: request.errors.clone().or_else(|| text("errors").map(|path| home.folder().join(path))),
        errors_json: request.errors_json.clone().or_else(|| text("errors_json").map(|path| home.folder().join(path))),
        without_plugins: kept["without_plugins"].as_bool().unwrap_or(false),
        ..request.clone()
    })
}
