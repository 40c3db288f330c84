//! `carnet plugin run`

use std::path::Path;

use serde_json::{Value, json};

use crate::app::App;
use crate::app::failure::{Class, Failure};
use crate::cli::exit::Outcome;
use crate::cli::print::Printer;
use crate::plugin::hand::Edit;
use crate::plugin::hook::Hook;
use crate::plugin::verdict::Verdict;
use crate::registry::Loaded;
use crate::registry::cases::Played;

/// Calls one hook of a plugin on an event.
pub(super) fn run(
    app: &App,
    plugin: &str,
    hook: &str,
    event: &Path,
    printer: &mut Printer,
) -> Result<Outcome, Failure> {
    let hook = Hook::parse(hook).ok_or_else(|| {
        let known: Vec<&str> = Hook::ALL.iter().map(|hook| hook.name()).collect();
        Failure::new(Class::Usage, "HOOK", format!("there is no hook `{hook}`"))
            .hint(format!("use one of {}", known.join(", ")))
    })?;
    let loaded = app.plugin(plugin)?;
    let played = app.try_hook(&loaded, hook, event)?;
    printer.answer(|| played_json(&loaded, hook, &played), || played_text(&loaded, hook, &played));
    Ok(if played.verdict.is_ok() { Outcome::Done } else { Outcome::Unsound })
}

fn played_json(loaded: &Loaded, hook: Hook, played: &Played) -> Value {
    let (verdict, detail) = match &played.verdict {
        Ok(Verdict::Accept) => ("accept", Value::Null),
        Ok(Verdict::Skip(reason)) => ("skip", json!({ "reason": reason })),
        Ok(Verdict::Reject(problems)) => (
            "reject",
            json!({ "problems": problems.iter().map(|problem| json!({
            "field": problem.field, "code": problem.code, "message": problem.message, "hint": problem.hint,
        })).collect::<Vec<_>>() }),
        ),
        Err(fault) => (
            "fault",
            json!({
                "code": fault.kind.code(), "message": fault.message, "hint": fault.hint,
                "position": fault.position.as_ref().map(ToString::to_string),
            }),
        ),
    };
    let spent = &played.spent;
    json!({
        "plugin": loaded.identity().name, "version": loaded.identity().version, "hook": hook.name(), "verdict": verdict, "detail": detail,
        "edits": played.edits.iter().map(|edit| json!({ "field": edit.what, "old": edit.old, "new": edit.new })).collect::<Vec<_>>(),
        "log": played.log.iter().map(|line| line.text.clone()).collect::<Vec<_>>(),
        "spent": {
            "microseconds": u64::try_from(spent.time.as_micros()).unwrap_or(u64::MAX), "memory_bytes": spent.memory_bytes,
            "operations": spent.operations, "log_bytes": spent.log_bytes, "host_calls": spent.host_calls,
        },
    })
}

fn played_text(loaded: &Loaded, hook: Hook, played: &Played) -> String {
    let mut text = format!("{} {} {hook}: ", loaded.identity().name, loaded.identity().version);
    match &played.verdict {
        Ok(Verdict::Accept) => text.push_str("accepts\n"),
        Ok(Verdict::Skip(reason)) => text.push_str(&format!("skips the row: {reason}\n")),
        Ok(Verdict::Reject(problems)) => {
            text.push_str("rejects\n");
            problems.iter().for_each(|problem| {
                let hint = problem.hint.as_ref().map_or_else(String::new, |hint| format!(" ({hint})"));
                text.push_str(&format!("  {}: {problem}{hint}\n", problem.code));
            });
        }
        Err(fault) => {
            let place = fault.position.as_ref().map_or_else(String::new, |position| format!(" at {position}"));
            text.push_str(&format!("FAULT {}{place}: {fault}\n", fault.kind.code()));
            if let Some(source) = fault.position.as_ref().and_then(|position| position.source.as_ref()) {
                text.push_str(&format!("  | {}\n", source.trim_end()));
            }
            text.extend(fault.hint.iter().map(|hint| format!("  hint: {hint}\n")));
        }
    }
    text.extend(played.edits.iter().map(edit_line));
    text.extend(played.log.iter().map(|line| format!("  log: {}\n", line.text)));
    let spent = &played.spent;
    text.push_str(&format!(
        "  spent: {} µs, {} host calls, {} operations, {} KiB of memory\n",
        spent.time.as_micros(),
        spent.host_calls,
        spent.operations,
        spent.memory_bytes >> 10
    ));
    text
}

fn edit_line(edit: &Edit) -> String {
    let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "–".to_owned());
    format!("  {}: {} → {}\n", edit.what, value(&edit.old), value(&edit.new))
}
