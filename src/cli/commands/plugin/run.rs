//! `carnet plugin run`

use serde_json::{Value, json};

use super::figures;
use crate::app::App;
use crate::app::failure::{Class, Failure};
use crate::app::plugins::run::Tried;
use crate::cli::args::RunArgs;
use crate::cli::exit::Outcome;
use crate::cli::print::{Printer, table};
use crate::plugin::fault::Fault;
use crate::plugin::hook::Hook;
use crate::plugin::service::{LogLevel, LogLine, StateWrite};
use crate::plugin::verdict::Verdict;

/// Calls one hook of a plugin on an event.
pub(super) fn run(app: &App, args: &RunArgs, printer: &mut Printer) -> Result<Outcome, Failure> {
    let hook = hook(&args.hook)?;
    let tried = app.try_hook(&args.plugin, hook, &args.event, &args.config)?;
    printer.answer(|| tried_json(&tried, hook), || tried_text(&tried, hook));
    Ok(if tried.played.verdict.is_ok() { Outcome::Done } else { Outcome::Unsound })
}

/// Finds a hook by its name.
pub(super) fn hook(name: &str) -> Result<Hook, Failure> {
    Hook::parse(name).ok_or_else(|| {
        let known: Vec<&str> = Hook::ALL.iter().map(|hook| hook.name()).collect();
        Failure::new(Class::Usage, "HOOK", format!("there is no hook `{name}`"))
            .hint(format!("use one of {}", known.join(", ")))
    })
}

fn tried_json(tried: &Tried, hook: Hook) -> Value {
    let played = &tried.played;
    let (verdict, detail) = match &played.verdict {
        Ok(Verdict::Accept) => ("accept", Value::Null),
        Ok(Verdict::Skip(reason)) => ("skip", json!({ "reason": reason })),
        Ok(Verdict::Reject(problems)) => (
            "reject",
            json!({ "problems": problems.iter().map(|problem| json!({
            "field": problem.field, "code": problem.code, "message": problem.message, "hint": problem.hint,
        })).collect::<Vec<_>>() }),
        ),
        Err(fault) => ("fault", fault_json(fault)),
    };
    let (spent, budget) = (&played.spent, &tried.budget);
    let micros = |time: std::time::Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
    json!({
        "plugin": tried.plugin, "version": tried.version, "hook": hook.name(), "verdict": verdict, "detail": detail,
        "edits": played.edits.iter().map(|edit| json!({ "field": edit.what, "old": edit.old, "new": edit.new })).collect::<Vec<_>>(),
        "refused": tried.refused, "log": log_json(&played.log),
        "state": played.state.iter().map(|write| json!({ "key": write.key, "value": remembered(write) })).collect::<Vec<_>>(),
        "spent": {
            "microseconds": micros(spent.time), "memory_bytes": spent.memory_bytes, "operations": spent.operations,
            "log_bytes": spent.log_bytes, "host_calls": spent.host_calls, "edits": played.edits.len(),
        },
        "limits": {
            "microseconds": micros(budget.deadline), "memory_bytes": budget.memory_bytes, "operations": budget.operations,
            "log_bytes": budget.log_bytes, "host_calls": budget.host_calls, "edits": budget.edits,
        },
    })
}

/// What is to be remembered under a key, as text; nothing where it is forgotten.
fn remembered(write: &StateWrite) -> Option<String> {
    write.value.as_ref().map(|value| String::from_utf8_lossy(value).into_owned())
}

/// A fault with its place and the way out.
pub(super) fn fault_json(fault: &Fault) -> Value {
    json!({
        "code": fault.kind.code(), "message": fault.message, "hint": fault.hint,
        "position": fault.position.as_ref().map(ToString::to_string),
        "source": fault.position.as_ref().and_then(|position| position.source.clone()),
    })
}

pub(super) fn log_json(log: &[LogLine]) -> Vec<Value> {
    log.iter().map(|line| json!({ "level": level(line.level), "text": line.text })).collect()
}

fn tried_text(tried: &Tried, hook: Hook) -> String {
    let played = &tried.played;
    let mut text = format!("{} {}, {hook}: ", tried.plugin, tried.version);
    match &played.verdict {
        Ok(Verdict::Accept) => text.push_str("accepts\n"),
        Ok(Verdict::Skip(reason)) => text.push_str(&format!("skips the row: {reason}\n")),
        Ok(Verdict::Reject(problems)) => {
            text.push_str("rejects\n");
            for problem in problems {
                text.push_str(&format!("  {}: {problem}\n", problem.code));
                text.extend(problem.hint.iter().map(|hint| format!("    hint: {hint}\n")));
            }
        }
        Err(fault) => text.push_str(&fault_text(fault, "  ")),
    }
    if !played.edits.is_empty() {
        let kept = if matches!(played.verdict, Ok(Verdict::Accept)) { "" } else { ", thrown away with it" };
        text.push_str(&format!("\nedits{kept}\n"));
        let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "–".to_owned());
        let rows = played
            .edits
            .iter()
            .map(|edit| vec![format!("  {}", edit.what), format!("{} → {}", value(&edit.old), value(&edit.new))]);
        text.push_str(&table(&rows.collect::<Vec<_>>()));
    }
    if !played.log.is_empty() {
        text.push_str("\nlog\n");
        let rows = log_rows(&played.log).into_iter().map(|(level, line)| vec![format!("  {level}"), line]);
        text.push_str(&table(&rows.collect::<Vec<_>>()));
    }
    if !played.state.is_empty() {
        text.push_str("\nto remember\n");
        let rows = played
            .state
            .iter()
            .map(|write| vec![format!("  {}", write.key), remembered(write).unwrap_or_else(|| "–".to_owned())]);
        text.push_str(&table(&rows.collect::<Vec<_>>()));
    }
    text.push('\n');
    text.push_str(&spent_text(tried));
    if let Some(why) = &tried.refused {
        text.push_str(&format!("\nit is tried as it lies in its folder, and is not in service: {why}\n"));
    }
    text
}

/// The level and text of each line, with those that repeat themselves told once.
pub(super) fn log_rows(log: &[LogLine]) -> Vec<(&'static str, String)> {
    let runs = log.chunk_by(|one, next| one.level == next.level && one.text == next.text);
    let row = |run: &[LogLine]| {
        let again = if run.len() > 1 { format!(" ({} times)", run.len()) } else { String::new() };
        run.first().map(|line| (level(line.level), format!("{}{again}", line.text)))
    };
    runs.filter_map(row).collect()
}

/// A fault on the line that it ends, its source and what to do about it below.
pub(super) fn fault_text(fault: &Fault, indent: &str) -> String {
    let place = fault.position.as_ref().map_or_else(String::new, |position| format!(" at {position}"));
    let mut text = format!("FAULT {}{place}: {fault}\n", fault.kind.code());
    if let Some(source) = fault.position.as_ref().and_then(|position| position.source.as_ref()) {
        text.push_str(&format!("{indent}| {}\n", source.trim_end()));
    }
    text.extend(fault.hint.iter().map(|hint| format!("{indent}hint: {hint}\n")));
    text
}

#[expect(clippy::cast_precision_loss, reason = "shares are shown with one decimal")]
fn spent_text(tried: &Tried) -> String {
    let (spent, budget) = (&tried.played.spent, &tried.budget);
    let edits = tried.played.edits.len();
    let line = |what: &str, spent: String, of: String, share: String| vec![format!("  {what}"), spent, of, share];
    let counted = |what: &str, spent: u64, of: u64| {
        line(what, figures::count(spent), figures::count(of), figures::share(spent as f64, of as f64))
    };
    let sized = |what: &str, spent: usize, of: usize| {
        line(what, figures::bytes(spent), figures::bytes(of), figures::share(spent as f64, of as f64))
    };
    let deadline = figures::share(spent.time.as_secs_f64(), budget.deadline.as_secs_f64());
    let mut rows = vec![
        ["spent", "", "of", ""].map(str::to_owned).to_vec(),
        line("time", figures::time(spent.time), figures::time(budget.deadline), deadline),
        sized("memory", spent.memory_bytes, budget.memory_bytes),
    ];
    // Components have no operations: the deadline alone holds them.
    if spent.operations > 0 {
        rows.push(counted("operations", spent.operations, budget.operations));
    }
    rows.push(counted("host calls", spent.host_calls, budget.host_calls));
    rows.push(sized("log", spent.log_bytes, budget.log_bytes));
    rows.push(counted("edits", edits as u64, budget.edits as u64));
    table(&rows)
}

const fn level(level: LogLevel) -> &'static str {
    match level {
        LogLevel::Debug => "debug",
        LogLevel::Info => "info",
        LogLevel::Warn => "warn",
        LogLevel::Error => "error",
    }
}
