//! `carnet plugin`

use std::path::Path;

use serde_json::{Value, json};

use crate::app::App;
use crate::app::failure::{Class, Failure};
use crate::app::plugins::build;
use crate::cli::args::{PluginArgs, PluginCommand};
use crate::cli::exit::Outcome;
use crate::cli::print::{Printer, table};
use crate::domain::permission::Viewer;
use crate::plugin::hand::Edit;
use crate::plugin::hook::Hook;
use crate::plugin::verdict::Verdict;
use crate::registry::cases::Played;
use crate::registry::{Generation, Loaded, Refused};

/// Runs the command.
pub fn run(app: &App, args: &PluginArgs, by: &Viewer, printer: &mut Printer) -> Result<Outcome, Failure> {
    match &args.command {
        // A plugin that is tried looks contacts up for the installation.
        PluginCommand::Run { .. } => app.require_admin(by, "run plugins")?,
        PluginCommand::Build { .. } => app.require_admin(by, "build plugins")?,
        _ => {}
    }
    match &args.command {
        PluginCommand::List => list(app, printer),
        PluginCommand::Check { package: Some(package) } => check(app, package, printer),
        PluginCommand::Check { package: None } => check_all(app, printer),
        PluginCommand::Run { plugin, hook, event } => run_hook(app, plugin, hook, event, printer),
        PluginCommand::Watch { generations } => super::watch::run(app, *generations, printer),
        PluginCommand::Build { package } => build_package(package, printer),
    }
}

fn list(app: &App, printer: &mut Printer) -> Result<Outcome, Failure> {
    let generation = app.generation()?;
    printer.answer(|| list_json(&generation), || list_text(&generation));
    Ok(Outcome::Done)
}

fn list_json(generation: &Generation) -> Value {
    let loaded = generation.plugins.iter().map(|loaded| loaded_json(loaded, &generation.state(loaded).to_string()));
    let refused = generation.refused.iter().filter(|refused| refused.kept.is_none()).map(refused_json);
    let off = generation.off.iter().map(
        |off| json!({ "name": off.name, "version": off.version, "path": off.path, "state": "off", "error": null }),
    );
    json!({ "generation": generation.number, "plugins": loaded.chain(refused).chain(off).collect::<Vec<_>>() })
}

fn loaded_json(loaded: &Loaded, state: &str) -> Value {
    let identity = loaded.identity();
    json!({
        "name": identity.name, "version": identity.version, "hash": identity.hash, "engine": identity.engine.as_str(),
        "hooks": loaded.plugin.hooks().iter().map(Hook::name).collect::<Vec<_>>(),
        "phase": loaded.phase.as_str(), "priority": loaded.priority, "state": state, "path": loaded.path,
        "description": loaded.manifest.description, "error": null,
    })
}

fn refused_json(refused: &Refused) -> Value {
    json!({
        "name": refused.name, "version": null, "hash": null, "engine": null, "hooks": [], "state": "refused",
        "path": refused.path, "error": refused.error.to_string(), "hint": refused.error.hint,
    })
}

fn list_text(generation: &Generation) -> String {
    let mut rows = vec![
        ["plugin", "version", "engine", "phase", "priority", "state", "hooks", "hash"].map(str::to_owned).to_vec(),
    ];
    rows.extend(generation.plugins.iter().map(|loaded| {
        let identity = loaded.identity();
        let hooks: Vec<&str> = loaded.plugin.hooks().iter().map(Hook::name).collect();
        let hash = identity.hash.get(..12).unwrap_or(&identity.hash).to_owned();
        let state = generation.state(loaded).to_string();
        vec![
            identity.name.clone(),
            identity.version.clone(),
            identity.engine.to_string(),
            loaded.phase.to_string(),
            loaded.priority.to_string(),
            state,
            hooks.join(" "),
            hash,
        ]
    }));
    rows.extend(generation.off.iter().map(|off| {
        vec![
            off.name.clone(),
            off.version.clone().unwrap_or_default(),
            String::new(),
            String::new(),
            String::new(),
            "off".to_owned(),
        ]
    }));
    let refused: String = generation.refused.iter().map(refused_text).collect();
    format!("generation {}\n{}{refused}", generation.number, table(&rows))
}

fn refused_text(refused: &Refused) -> String {
    let hint = refused.error.hint.as_ref().map_or_else(String::new, |hint| format!("\n  hint: {hint}"));
    format!("\n{refused}{hint}\n")
}

fn check(app: &App, package: &Path, printer: &mut Printer) -> Result<Outcome, Failure> {
    let loaded = app.check_package(package)?;
    printer.answer(|| loaded_json(&loaded, "sound"), || sound_text(&loaded));
    Ok(Outcome::Done)
}

fn sound_text(loaded: &Loaded) -> String {
    let hooks: Vec<&str> = loaded.plugin.hooks().iter().map(Hook::name).collect();
    format!("{} is sound: {}, {}; its cases pass", loaded.identity(), loaded.identity().engine, hooks.join(", "))
}

fn check_all(app: &App, printer: &mut Printer) -> Result<Outcome, Failure> {
    let generation = app.generation()?;
    let text = || {
        let sound: String = generation.plugins.iter().map(|loaded| format!("{}\n", sound_text(loaded))).collect();
        let refused: String = generation.refused.iter().map(refused_text).collect();
        if sound.is_empty() && refused.is_empty() { "no packages here".to_owned() } else { format!("{sound}{refused}") }
    };
    printer.answer(|| list_json(&generation), text);
    Ok(if generation.refused.is_empty() { Outcome::Done } else { Outcome::Unsound })
}

fn run_hook(app: &App, plugin: &str, hook: &str, event: &Path, printer: &mut Printer) -> Result<Outcome, Failure> {
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

fn build_package(package: &Path, printer: &mut Printer) -> Result<Outcome, Failure> {
    let built = build::build(package)?;
    printer.answer(
        || json!({ "file": built.path, "bytes": built.bytes, "source_digest": built.digest }),
        || {
            format!(
                "built {} ({:.1} KiB, sources {})",
                built.path.display(),
                built.bytes as f64 / 1024.0,
                &built.digest[..12]
            )
        },
    );
    Ok(Outcome::Done)
}
