//! `carnet import`

use indicatif::{HumanCount, ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use crate::app::failure::{Class, Failure};
use crate::app::import::report::{ImportReport, Preview};
use crate::app::import::tally::Kind;
use crate::app::import::{ImportRequest, Progress};
use crate::app::{App, wire};
use crate::cli::args::{ImportArgs, JobCommand, MatchByArg, OnMatchArg};
use crate::cli::exit::Outcome;
use crate::cli::print::{Printer, table};
use crate::config::{MatchBy, OnMatch};
use crate::domain::permission::Viewer;
use crate::intake::delimiter_named;
use crate::store::Job;

/// Rows that a dry run shows to people.
const SHOWN_ROWS: usize = 20;

/// Runs the command.
pub fn run(app: &App, args: &ImportArgs, by: &Viewer, printer: &mut Printer) -> Result<Outcome, Failure> {
    match &args.jobs {
        Some(JobCommand::List) => list(app, by, printer),
        Some(JobCommand::Show { job }) => show(app, *job, by, printer),
        Some(JobCommand::Undo { .. } | JobCommand::Mapping(_)) => {
            Err(Failure::new(Class::Usage, "IMPORT", "this cannot be done yet"))
        }
        None => import(app, args, by, printer),
    }
}

fn import(app: &App, args: &ImportArgs, by: &Viewer, printer: &mut Printer) -> Result<Outcome, Failure> {
    let request = request(args, by)?;
    let bar = printer.shows_progress().then(progress_bar);
    let result = app.import(&request, &mut |progress| {
        if let Some(bar) = &bar {
            draw(bar, progress);
        }
    });
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
    let report = result?;
    report.notes.iter().for_each(|note| printer.warn(note));
    report.refused_plugins.iter().for_each(|refused| printer.warn(refused));
    printer.answer(|| report_json(&report), || report_text(&report));
    Ok(if report.counts.failed > 0 { Outcome::FailedRows } else { Outcome::Done })
}

fn request(args: &ImportArgs, by: &Viewer) -> Result<ImportRequest, Failure> {
    let file = args.file.clone().ok_or_else(|| Failure::new(Class::Usage, "FILE", "no file was named"))?;
    let delimiter = args.delimiter.as_deref().map(|name| {
        delimiter_named(name).ok_or_else(|| {
            Failure::new(Class::Usage, "DELIMITER", format!("`{name}` is no delimiter"))
                .hint("use comma, semicolon, tab, pipe, or one of , ; |")
        })
    });
    Ok(ImportRequest {
        dry_run: args.dry_run,
        map: args.map.iter().map(|pair| read_pair(pair)).collect::<Result<_, _>>()?,
        mapping: args.mapping.clone(),
        sheet: args.sheet.clone(),
        country: args.country.as_deref().map(str::parse).transpose()?,
        errors: args.errors.clone(),
        errors_json: args.errors_json.clone(),
        encoding: args.encoding.clone(),
        delimiter: delimiter.transpose()?,
        on_match: args.on_match.map(on_match),
        match_by: (!args.match_by.is_empty()).then(|| args.match_by.iter().copied().map(match_by).collect()),
        overwrite: args.overwrite.clone(),
        fill: args.fill.clone(),
        max_errors: args.max_errors,
        max_faults: args.max_faults,
        again: args.again,
        allow_opt_in: args.allow_opt_in,
        allow_forgotten: args.allow_forgotten,
        resume: args.resume,
        without_plugins: args.no_plugins,
        by: by.clone(),
        ..ImportRequest::new(file)
    })
}

/// The field comes after the last `=`, for headers may hold one.
fn read_pair(pair: &str) -> Result<(String, String), Failure> {
    pair.rsplit_once('=').map(|(header, field)| (header.to_owned(), field.trim().to_owned())).ok_or_else(|| {
        Failure::new(Class::Usage, "MAP", format!("`--map {pair}` maps nothing"))
            .hint("write `--map 'Their header=last_name'`")
    })
}

const fn on_match(arg: OnMatchArg) -> OnMatch {
    match arg {
        OnMatchArg::Create => OnMatch::Create,
        OnMatchArg::Skip => OnMatch::Skip,
        OnMatchArg::Update => OnMatch::Update,
        OnMatchArg::Reject => OnMatch::Reject,
    }
}

const fn match_by(arg: MatchByArg) -> MatchBy {
    match arg {
        MatchByArg::ExternalId => MatchBy::ExternalId,
        MatchByArg::Email => MatchBy::Email,
        MatchByArg::Phone => MatchBy::Phone,
    }
}

fn progress_bar() -> ProgressBar {
    let bar = ProgressBar::new(0);
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {percent:>3}%  {msg}  {eta} left") {
        bar.set_style(style);
    }
    bar
}

fn draw(bar: &ProgressBar, progress: Progress) {
    if let Some(total) = progress.total_bytes {
        bar.set_length(total);
    }
    bar.set_position(progress.bytes);
    let rate = progress.records as f64 / bar.elapsed().as_secs_f64().max(0.001);
    bar.set_message(format!(
        "{} rows, {}/s, {} failed",
        HumanCount(progress.records),
        HumanCount(rate as u64),
        HumanCount(progress.failed)
    ));
}

fn report_json(report: &ImportReport) -> Value {
    let mut value = json!({
        "job": report.job, "file": report.file, "encoding": report.encoding, "delimiter": report.delimiter.to_string(), "dry_run": report.dry_run,
    });
    if let Value::Object(map) = &mut value {
        map.extend(wire::counts(&report.counts));
        map.insert("warnings".into(), json!(report.notes));
        map.insert("warned_values".into(), json!(report.warned.total()));
        map.insert("warned".into(), report.warned.json());
        map.insert("seconds".into(), json!(round(report.seconds)));
        map.insert("rows_per_second".into(), json!(report.rate().round()));
        map.insert("database".into(), json!(report.database));
        map.insert("error_file".into(), json!(error_file(report)));
        map.insert("errors_json".into(), json!(report.errors_json));
        map.insert("resumed_after".into(), json!(report.resumed_after));
        map.insert(
            "plugins".into(),
            report.plugins.iter().map(crate::app::import::report::PluginReport::json).collect(),
        );
        map.insert("refused_plugins".into(), json!(report.refused_plugins));
        if report.dry_run {
            map.insert("rows".into(), report.preview.iter().map(preview_json).collect());
        }
    }
    value
}

fn round(seconds: f64) -> f64 {
    (seconds * 1000.0).round() / 1000.0
}

fn error_file(report: &ImportReport) -> Option<String> {
    report.error_file.as_ref().filter(|_| report.counts.failed > 0).map(|path| path.display().to_string())
}

fn preview_json(preview: &Preview) -> Value {
    json!({
        "row": preview.record, "line": preview.line, "action": preview.action,
        if matches!(preview.action, "skip" | "fail") { "reason" } else { "name" }: preview.name,
        "fields": preview.fields.iter().map(|field| json!({
            "field": field.field, "old": field.old, "new": field.new, "plugin": field.plugin,
        })).collect::<Vec<_>>(),
    })
}

fn report_text(report: &ImportReport) -> String {
    let mut text = String::new();
    if report.dry_run {
        text.push_str(&preview_text(report));
    }
    let job = report.job.map_or_else(|| "dry run, nothing was written".to_owned(), |job| format!("job {job}"));
    text.push_str(&format!(
        "{}: {job}, {}, delimiter {}\n\n",
        report.file,
        report.encoding,
        delimiter_name(report.delimiter)
    ));
    text.push_str(&counts_text(report));
    text.push_str(&warned_text(report));
    text.push_str(&format!("\n{:.2} s, {} rows/s\n", report.seconds, HumanCount(report.rate() as u64)));
    if !report.plugins.is_empty() {
        text.push('\n');
        text.push_str(&plugins_text(report));
    }
    if !report.dry_run {
        text.push_str(&format!("\ndatabase  {}\n", report.database.display()));
    }
    if let Some(path) = error_file(report) {
        text.push_str(&format!(
            "errors    {path}\n\nThe rows that failed are there with the reason: correct them and import that file.\n"
        ));
    }
    text
}

fn delimiter_name(delimiter: char) -> String {
    match delimiter {
        ',' => "comma".to_owned(),
        ';' => "semicolon".to_owned(),
        '\t' => "tab".to_owned(),
        '|' => "pipe".to_owned(),
        other => format!("`{other}`"),
    }
}

fn counts_text(report: &ImportReport) -> String {
    let counts = &report.counts;
    let width = HumanCount(counts.read).to_string().len().max(6);
    let line = |name: &str, count: u64| format!("  {name:<10} {:>width$}\n", HumanCount(count).to_string());
    let mut text: String = counts.outcomes().into_iter().map(|(name, count)| line(name, count)).collect();
    let checked = if counts.sum_is_sound() { "= the sum of the above" } else { "which is NOT the sum of the above" };
    text.push_str(&format!("  {:<10} {:>width$}  {checked}\n", "rows read", HumanCount(counts.read).to_string()));
    text
}

/// Values that were taken, and that somebody should know of: how many of each kind, and where the first one is.
fn warned_text(report: &ImportReport) -> String {
    let kinds = report.warned.kinds();
    if kinds.is_empty() {
        return String::new();
    }
    let count = |kind: &Kind| HumanCount(kind.count).to_string();
    let width = kinds.iter().map(|kind| count(kind).len()).max().unwrap_or_default().max(6);
    // An earlier run of the job told of its own rows.
    let since = match report.resumed_after {
        0 => String::new(),
        record => format!(" after record {}", HumanCount(record)),
    };
    let mut text = format!("\ntaken{since}, and worth a look:\n");
    for kind in kinds {
        let indent = " ".repeat(width + 4);
        text.push_str(&format!("  {:>width$} × {}\n{indent} {}\n", count(kind), kind.summary(), kind.example()));
    }
    text
}

fn plugins_text(report: &ImportReport) -> String {
    let head =
        ["plugin", "version", "engine", "calls", "edits", "rejections", "skips", "faults"].map(str::to_owned).to_vec();
    let row = |plugin: &crate::app::import::report::PluginReport| {
        let identity = &plugin.identity;
        let counts = [plugin.calls, plugin.edits, plugin.rejections, plugin.skips, plugin.faults];
        let mut cells = vec![identity.name.clone(), identity.version.clone(), identity.engine.to_string()];
        cells.extend(counts.iter().map(|count| HumanCount(*count).to_string()));
        cells
    };
    table(&std::iter::once(head).chain(report.plugins.iter().map(row)).collect::<Vec<_>>())
}

fn preview_text(report: &ImportReport) -> String {
    let mut text = String::new();
    for preview in report.preview.iter().take(SHOWN_ROWS) {
        text.push_str(&format!("line {}: {} {}\n", preview.line, preview.action, preview.name));
        for field in &preview.fields {
            let by = field.plugin.as_ref().map_or_else(String::new, |plugin| format!("  [{plugin}]"));
            let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "–".to_owned());
            text.push_str(&match &field.old {
                Some(_) => format!("    {}: {} → {}{by}\n", field.field, value(&field.old), value(&field.new)),
                None => format!("    {}: {}{by}\n", field.field, value(&field.new)),
            });
        }
    }
    if report.preview.len() > SHOWN_ROWS {
        text.push_str(&format!("… and {} more; `--json` shows up to 1000\n", report.preview.len() - SHOWN_ROWS));
    }
    text.push('\n');
    text
}

fn list(app: &App, by: &Viewer, printer: &mut Printer) -> Result<Outcome, Failure> {
    let jobs = app.import_jobs(by)?;
    printer.answer(
        || json!({ "jobs": jobs.iter().map(wire::job).collect::<Vec<_>>() }),
        || if jobs.is_empty() { "no imports yet".to_owned() } else { jobs_text(&jobs) },
    );
    Ok(Outcome::Done)
}

fn jobs_text(jobs: &[Job]) -> String {
    let head = ["job", "state", "started", "read", "created", "failed", "file"].map(str::to_owned).to_vec();
    let row = |job: &Job| {
        vec![
            job.id.to_string(),
            job.state.to_string(),
            wire::time(job.started),
            job.counts.read.to_string(),
            job.counts.created.to_string(),
            job.counts.failed.to_string(),
            job.file.clone(),
        ]
    };
    table(&std::iter::once(head).chain(jobs.iter().map(row)).collect::<Vec<_>>())
}

fn show(app: &App, id: i64, by: &Viewer, printer: &mut Printer) -> Result<Outcome, Failure> {
    let job = app.import_job(id, by)?;
    printer.answer(|| wire::job(&job), || job_text(&job));
    Ok(Outcome::Done)
}

fn job_text(job: &Job) -> String {
    let mut text = jobs_text(std::slice::from_ref(job));
    let counts = &job.counts;
    text.push_str(&format!(
        "\nupdated {}, unchanged {}, skipped {}, blank {}; written up to record {}\n",
        counts.updated, counts.unchanged, counts.skipped, counts.blank, job.committed_record
    ));
    if matches!(job.state, crate::store::JobState::Interrupted | crate::store::JobState::Stopped) {
        text.push_str(&format!("finish it with `carnet import --resume {} {}`\n", job.id, job.file));
    }
    text
}
