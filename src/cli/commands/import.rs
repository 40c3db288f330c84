//! `carnet import`: the import itself. Its jobs are `jobs`', and taking one back is `undo`'s.

mod jobs;
mod mapping;
mod plugins;
mod preview;
mod undo;

use indicatif::{HumanCount, ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use plugins::plugins_text;

use crate::app::cautions::Kind;
use crate::app::failure::{Class, Failure};
use crate::app::import::mapping::Origin;
use crate::app::import::report::{ImportReport, PluginReport, Stopped};
use crate::app::import::{ImportRequest, Progress};
use crate::app::{App, wire};
use crate::cli::args::{EscapeArg, ImportArgs, JobCommand, MatchByArg, OnMatchArg};
use crate::cli::exit::Outcome;
use crate::cli::print::Printer;
use crate::cli::signals;
use crate::config::{MatchBy, OnMatch};
use crate::domain::permission::Viewer;
use crate::intake::delimiter_named;
use crate::store::Counts;

/// Rows of each outcome that a dry run shows to people.
const SHOWN_ROWS: usize = 20;

/// Runs the command.
pub fn run(app: &App, args: &ImportArgs, by: &Viewer, printer: &mut Printer) -> Result<Outcome, Failure> {
    match &args.jobs {
        Some(JobCommand::List) => jobs::list(app, by, printer),
        Some(JobCommand::Show { job }) => jobs::show(app, *job, by, printer),
        Some(JobCommand::Undo { job, yes }) => undo::run(app, *job, *yes, by, printer),
        Some(JobCommand::Mapping(command)) => mapping::run(app, command, by, printer),
        None => import(app, args, by, printer),
    }
}

fn import(app: &App, args: &ImportArgs, by: &Viewer, printer: &mut Printer) -> Result<Outcome, Failure> {
    let request = ImportRequest { show_every: args.dry_run && printer.is_json(), ..request(app, args, by)? };
    signals::ask(&request.stop);
    let bar = printer.shows_progress().then(progress_bar);
    let result = app.import(&request, &mut |progress| match (progress.waiting_for, &bar) {
        (Some(job), _) => printer.note(&format!("waiting for job {job}: one import at a time")),
        (None, Some(bar)) => draw(bar, progress),
        (None, None) => {}
    });
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
    let report = result?;
    // A plugin that is missing changes what becomes of every row: nothing is told before it.
    report.refused_plugins.iter().for_each(|refused| printer.warn(refused));
    report.notes.iter().for_each(|note| printer.warn(note));
    if report.dry_run && printer.is_json() {
        // There may be a million rows: they go out one by one.
        printer.answer_with_list(&report_json(&report), "rows", |row| report.previews.each(row));
    } else {
        printer.answer(|| report_json(&report), || report_text(&report));
    }
    Ok(match &report.stopped {
        Some(stopped) if stopped.is_asked() => Outcome::Interrupted,
        Some(_) => Outcome::Stopped,
        None if report.counts.failed > 0 => Outcome::FailedRows,
        None => Outcome::Done,
    })
}

fn request(app: &App, args: &ImportArgs, by: &Viewer) -> Result<ImportRequest, Failure> {
    let file = match (&args.file, args.resume) {
        (Some(file), _) => file.clone(),
        (None, Some(job)) => app.import_job(job, by)?.file.into(),
        (None, None) => return Err(Failure::new(Class::Usage, "FILE", "no file was named")),
    };
    let delimiter = args.delimiter.as_deref().map(|name| {
        delimiter_named(name).ok_or_else(|| {
            Failure::new(Class::Usage, "DELIMITER", format!("`{name}` is no delimiter"))
                .hint("use comma, semicolon, tab, pipe, or one of , ; |")
        })
    });
    Ok(ImportRequest {
        dry_run: args.dry_run,
        show: args.dry_run.then(|| args.show.unwrap_or(SHOWN_ROWS)),
        map: args.map.iter().map(|pair| read_pair(pair)).collect::<Result<_, _>>()?,
        mapping: args.mapping.clone(),
        sheet: args.sheet.clone(),
        country: args.country.as_deref().map(str::parse).transpose()?,
        errors: args.errors.clone(),
        errors_json: args.errors_json.clone(),
        encoding: args.encoding.clone(),
        delimiter: delimiter.transpose()?,
        backslash: args.escape == Some(EscapeArg::Backslash),
        header_line: args.header_line,
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
        accept_plugins: args.accept_plugins,
        accept_settings: args.accept_settings,
        by: by.clone(),
        ..ImportRequest::new(file)
    })
}

/// The field comes after the last `=`, for headers may hold one.
pub(super) fn read_pair(pair: &str) -> Result<(String, String), Failure> {
    pair.rsplit_once('=').map(|(header, field)| (header.to_owned(), field.trim().to_owned())).ok_or_else(|| {
        Failure::new(Class::Usage, "MAP", format!("`--map {pair}` maps nothing"))
            .hint("write `--map 'Their header=last_name'`")
    })
}

pub(super) const fn on_match(arg: OnMatchArg) -> OnMatch {
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
    let text = report.sheet.is_none();
    let mut value = json!({
        "job": report.job, "file": report.file, "format": report.format.to_lowercase(), "sheet": report.sheet,
        "encoding": text.then_some(&report.encoding), "delimiter": text.then(|| report.delimiter.to_string()),
        "byte_order_mark": report.byte_order_mark, "header_line": report.header_line,
        "line_ends": text.then_some(report.line_ends), "dry_run": report.dry_run,
    });
    if let Value::Object(map) = &mut value {
        map.insert("mapping".into(), report.mapping.as_ref().map_or(Value::Null, wire::mapping::origin));
        map.extend(wire::counts(&report.counts));
        map.insert("warnings".into(), json!(report.notes));
        map.insert("warned_values".into(), json!(report.warned.total()));
        map.insert("warned".into(), report.warned.json());
        map.insert("stopped".into(), report.stopped.as_ref().map_or(Value::Null, stopped_json));
        map.insert("faulted".into(), json!(report.faulted));
        map.insert("asked_again".into(), json!(report.asked_again));
        map.insert("seconds".into(), json!(round(report.seconds)));
        map.insert("rows_per_second".into(), json!(report.rate().round()));
        map.insert("database".into(), json!(report.database));
        map.insert("error_file".into(), json!(error_file(report)));
        map.insert("errors_json".into(), json!(report.errors_json));
        map.insert("resumed_after".into(), json!(report.resumed_after));
        map.insert("plugins".into(), report.plugins.iter().map(PluginReport::json).collect());
        map.insert("refused_plugins".into(), json!(report.refused_plugins));
        if report.dry_run {
            map.insert("changes".into(), wire::previews(&report.previews));
        }
    }
    value
}

fn stopped_json(stopped: &Stopped) -> Value {
    json!({ "code": stopped.code, "message": stopped.message, "hint": stopped.hint })
}

fn round(seconds: f64) -> f64 {
    (seconds * 1000.0).round() / 1000.0
}

fn error_file(report: &ImportReport) -> Option<String> {
    report.error_file.as_ref().filter(|_| report.counts.failed > 0).map(|path| path.display().to_string())
}

fn report_text(report: &ImportReport) -> String {
    let mut text = String::new();
    if report.dry_run {
        text.push_str(&preview::text(&report.previews));
    }
    let job = report.job.map_or_else(|| "dry run, nothing was written".to_owned(), |job| format!("job {job}"));
    text.push_str(&format!(
        "{}: {job}, {}{}\n",
        report.file,
        match &report.sheet {
            Some(sheet) => format!("{}, sheet `{sheet}`", report.format),
            None => format!("{}, delimiter {}", report.encoding, delimiter_name(report.delimiter)),
        },
        particulars(report)
    ));
    match &report.mapping {
        Some(Origin::Saved(name)) => text.push_str(&format!("read by the saved mapping `{name}`\n")),
        Some(Origin::Bundled(_, title)) => text.push_str(&format!("read as an export of {title}\n")),
        None => {}
    }
    if !report.refused_plugins.is_empty() {
        let one = report.refused_plugins.len() == 1;
        let what = if one { "a plugin that is" } else { "plugins that are" };
        text.push_str(&format!("without {what} refused, as told above\n"));
    }
    if let Some(stopped) = &report.stopped {
        text.push_str(&format!("{}\n", stopped.message));
    }
    text.push('\n');
    text.push_str(&counts_text(&report.counts));
    text.push_str(&warned_text(report));
    text.push_str(&format!("\n{:.2} s, {} rows/s\n", report.seconds, HumanCount(report.rate() as u64)));
    if !report.plugins.is_empty() {
        text.push('\n');
        text.push_str(&plugins_text(&report.plugins));
    }
    if !report.dry_run {
        text.push_str(&format!("\ndatabase  {}\n", report.database.display()));
    }
    if let Some(path) = error_file(report) {
        text.push_str(&format!(
            "errors    {path}\n\nThe rows that failed are there with the reason: correct them and import that file.\n"
        ));
    }
    if let Some(stopped) = &report.stopped {
        let rest = if report.dry_run { "was not looked at" } else { "is not imported" };
        text.push_str(&format!("\nThe rest of the file {rest}: {}.\n", stopped.hint));
    }
    text
}

/// What is not as in most files.
fn particulars(report: &ImportReport) -> String {
    let header = match report.header_line {
        0 => ", no header".to_owned(),
        1 => String::new(),
        line => format!(", header on line {line}"),
    };
    format!("{}{header}", if report.byte_order_mark { ", byte order mark" } else { "" })
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

fn counts_text(counts: &Counts) -> String {
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
