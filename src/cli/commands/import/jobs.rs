//! `carnet import list` and `carnet import show`

use indicatif::{HumanCount, HumanDuration};
use serde_json::{Value, json};

use crate::app::failure::Failure;
use crate::app::{App, wire};
use crate::cli::exit::Outcome;
use crate::cli::print::{Printer, table};
use crate::domain::permission::Viewer;
use crate::store::Job;

/// Lists jobs.
pub fn list(app: &App, by: &Viewer, printer: &mut Printer) -> Result<Outcome, Failure> {
    let jobs = app.import_jobs(by)?;
    printer.answer(
        || json!({ "jobs": jobs.iter().map(wire::job).collect::<Vec<_>>() }),
        || if jobs.is_empty() { "no imports yet".to_owned() } else { jobs_text(&jobs) },
    );
    Ok(Outcome::Done)
}

fn jobs_text(jobs: &[Job]) -> String {
    let head = ["job", "state", "started", "by", "read", "created", "updated", "failed", "file"];
    let row = |job: &Job| {
        let counts = &job.counts;
        let mut cells =
            vec![job.id.to_string(), wire::job_state(job).to_owned(), wire::time(job.started), text(job, "by")];
        let shown = [counts.read, counts.created, counts.updated, counts.failed];
        cells.extend(shown.iter().map(|count| HumanCount(*count).to_string()));
        cells.push(job.file.clone());
        cells
    };
    let head = head.map(str::to_owned).to_vec();
    table(&std::iter::once(head).chain(jobs.iter().map(row)).collect::<Vec<_>>())
}

/// Shows one job.
pub fn show(app: &App, id: i64, by: &Viewer, printer: &mut Printer) -> Result<Outcome, Failure> {
    let job = app.import_job(id, by)?;
    printer.answer(|| wire::job(&job), || job_text(&job));
    Ok(Outcome::Done)
}

fn settings(job: &Job) -> Value {
    wire::job_settings(job)
}

fn text(job: &Job, key: &str) -> String {
    settings(job)[key].as_str().unwrap_or_default().to_owned()
}

fn job_text(job: &Job) -> String {
    let mut rows = vec![
        vec!["job".to_owned(), format!("{}, {}", job.id, wire::job_state(job))],
        vec!["file".to_owned(), job.file.clone()],
    ];
    let mut add = |name: &str, value: String| {
        if !value.is_empty() {
            rows.push(vec![name.to_owned(), value]);
        }
    };
    add("read as", read_as(&settings(job)));
    add("by", text(job, "by"));
    add("started", wire::time(job.started));
    add("ended", job.finished.map(wire::time).unwrap_or_default());
    let seconds = job.worked.as_secs_f64();
    if seconds > 0.0 {
        let rate = HumanCount((job.counts.read as f64 / seconds) as u64);
        let took = if seconds < 60.0 { format!("{seconds:.2} s") } else { HumanDuration(job.worked).to_string() };
        add("took", format!("{took}, {rate} rows/s"));
    }
    add("settings", chosen(&settings(job)).join(", "));
    add("errors", job.error_file.clone().unwrap_or_default());
    let mut text = table(&rows);
    text.push('\n');
    text.push_str(&super::counts_text(&job.counts));
    let plugins = wire::job_plugins(job);
    if !plugins.is_empty() {
        text.push('\n');
        text.push_str(&plugins_text(&plugins));
    }
    text.push('\n');
    text.push_str(&onward(job));
    text
}

/// Encoding and delimiter, or the sheet; and what said what the columns mean.
fn read_as(settings: &Value) -> String {
    let (read, mapped) = (&settings["read_as"], &settings["mapped"]);
    let sheet = settings["sheet"].as_str();
    let text = |word: Option<String>| word.filter(|_| sheet.is_none());
    let words = [
        sheet.map(|sheet| format!("workbook, sheet `{sheet}`")),
        text(read["encoding"].as_str().map(str::to_owned)),
        text(read["delimiter"].as_str().map(delimiter)),
        mapped["saved"].as_str().map(|name| format!("by the mapping `{name}`")),
        mapped["bundled"].as_str().map(|name| format!("by the bundled mapping `{name}`")),
    ];
    words.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn delimiter(text: &str) -> String {
    text.chars().next().map_or_else(String::new, |c| format!("delimiter {}", super::delimiter_name(c)))
}

/// The settings that were not left as they are, as they were written.
fn chosen(settings: &Value) -> Vec<String> {
    let Value::Object(all) = settings else { return Vec::new() };
    // `settings` are digests by which a resumed job sees whether any was changed: nothing to read.
    let known = ["by", "read_as", "mapped", "sheet", "plugins", "errors", "errors_json", "settings"];
    let shown = all.iter().filter(|(key, _)| !known.contains(&key.as_str()));
    shown.filter_map(|(key, value)| Some(format!("{} {}", key.replace('_', "-"), shown_value(value)?))).collect()
}

fn shown_value(value: &Value) -> Option<String> {
    match value {
        Value::Null | Value::Bool(false) => None,
        Value::Bool(true) => Some("yes".to_owned()),
        Value::String(text) => Some(text.clone()),
        Value::Array(parts) if parts.is_empty() => None,
        Value::Array(parts) => {
            let part = |part: &Value| match part {
                Value::Array(pair) => pair.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("="),
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            Some(parts.iter().map(part).collect::<Vec<_>>().join("; "))
        }
        other => Some(other.to_string()),
    }
}

/// What plugins did, a line for each version.
pub fn plugins_text(plugins: &[Value]) -> String {
    let head = ["plugin", "version", "engine", "calls", "edits", "rejections", "skips", "faults"];
    let row = |plugin: &Value| {
        head.map(|key| match &plugin[if key == "plugin" { "name" } else { key }] {
            Value::String(text) => text.clone(),
            other => HumanCount(other.as_u64().unwrap_or(0)).to_string(),
        })
        .to_vec()
    };
    table(&std::iter::once(head.map(str::to_owned).to_vec()).chain(plugins.iter().map(row)).collect::<Vec<_>>())
}

/// What was undone, and what can be done now.
fn onward(job: &Job) -> String {
    let mut text = String::new();
    if let Some(undo) = &job.undo {
        let when = undo.finished.map_or_else(|| format!("in part, begun {}", wire::time(undo.began)), wire::time);
        text.push_str(&format!(
            "taken back by {} ({when}): {} deleted, {} restored\n",
            undo.by,
            HumanCount(undo.deleted),
            HumanCount(undo.restored)
        ));
    }
    if wire::can_resume(job) {
        text.push_str(&format!(
            "written up to record {}; finish it with `{}`\n",
            HumanCount(job.committed_record),
            wire::resume_of(job)
        ));
    }
    if wire::can_undo(job) {
        let again = if job.undo.is_some() { "go on taking it back" } else { "take it back" };
        text.push_str(&format!("{again} with `carnet import undo {}`\n", job.id));
    }
    text
}
