//! `carnet plugin check`

use std::path::Path;

use serde_json::{Value, json};

use super::figures;
use super::list::{list_json, unbuilt_text};
use crate::app::App;
use crate::app::failure::{Class, Failure};
use crate::app::plugins::check::{About, Checked, Sources, asked_for};
use crate::app::plugins::faults;
use crate::app::wire;
use crate::cli::exit::Outcome;
use crate::cli::print::{Printer, table};
use crate::plugin::hook::Hook;
use crate::plugin::manifest::{Manifest, Phase};
use crate::plugin::package::{ConfigValue, EngineKind, LoadError};
use crate::registry::{Asks, Loaded, Refused};

/// Checks one package, in full.
pub(super) fn one(app: &App, package: &Path, printer: &mut Printer) -> Result<Outcome, Failure> {
    let checked = app.check_in_full(package)?;
    if checked.is_sound() {
        printer.answer(|| checked_json(&checked), || sound(&checked));
        return Ok(Outcome::Done);
    }
    let failure = refusal(&checked);
    if printer.is_json() {
        let mut answer = wire::failure(&failure);
        if let (Value::Object(answer), Value::Object(more)) = (&mut answer, checked_json(&checked)) {
            answer.extend(more);
        }
        printer.answer(|| answer, String::new);
    } else {
        printer.failure(&failure);
        if !checked.warnings.is_empty() {
            printer.note(&format!("also odd:\n{}", faults(&checked.warnings)));
        }
    }
    Ok(Outcome::Unsound)
}

fn refusal(checked: &Checked) -> Failure {
    let (name, path) = (&checked.name, checked.path.display());
    let message = format!("plugin `{name}` ({path}) is refused\n{}", faults(&checked.faults));
    Failure::new(Class::PluginFault, "PLUGIN_REFUSED", message)
}

/// Errors with their places.
pub(super) fn errors_json(errors: &[LoadError]) -> Vec<Value> {
    let one = |error: &LoadError| {
        let position = error.position.as_ref().map(|position| {
            json!({ "file": position.file, "line": position.line, "column": position.column, "source": position.source })
        });
        json!({ "message": error.message, "hint": error.hint, "position": position })
    };
    errors.iter().map(one).collect()
}

fn checked_json(checked: &Checked) -> Value {
    let mut answer = json!({
        "name": checked.name, "path": checked.path, "sound": checked.is_sound(),
        "state": if checked.is_sound() { "sound" } else { "refused" },
        "problems": errors_json(&checked.faults), "warnings": errors_json(&checked.warnings),
    });
    let Some(about) = &checked.what else { return answer };
    let more = json!({
        "engine": about.engine.as_str(), "hash": about.hash, "bytes": about.bytes,
        "hooks": about.hooks.iter().map(Hook::name).collect::<Vec<_>>(),
        "imports": about.imports.iter().map(|port| &port.name).collect::<Vec<_>>(),
        "exports": about.exports.iter().map(|port| &port.name).collect::<Vec<_>>(),
        "sources": about.sources.map(sources),
        "signed_by": about.signed.as_ref().map(|signed| signed.by.to_string()),
        "signed_comment": about.signed.as_ref().map(|signed| signed.comment.as_str()),
        "cases": about.cases, "cases_passing": about.passing,
        "mode": about.deployment.mode.as_str(), "granted": about.deployment.grants,
    });
    if let (Value::Object(answer), Value::Object(more)) = (&mut answer, more) {
        answer.extend(more);
        if let Some(Value::Object(terms)) = about.manifest.as_ref().map(|manifest| terms_json(manifest, about)) {
            answer.extend(terms);
        }
    }
    answer
}

const fn sources(sources: Sources) -> &'static str {
    match sources {
        Sources::Same => "same",
        Sources::Changed => "changed",
        Sources::Unknown => "unknown",
    }
}

fn terms_json(manifest: &Manifest, about: &About) -> Value {
    let budget = manifest.limits.budget();
    let config = manifest.config.iter().map(|key| {
        json!({
            "name": key.name, "type": key.kind.as_str(), "doc": key.doc, "secret": key.secret, "required": key.required,
            "default": key.default.as_ref().filter(|_| !key.secret).map(ToString::to_string),
            "set": about.deployment.config.contains_key(&key.name),
        })
    });
    json!({
        "version": manifest.version, "description": manifest.description, "phase": manifest.phase.as_str(),
        "priority": about.deployment.priority.unwrap_or(manifest.priority),
        "asks": asked_for(manifest), "reads": manifest.reads, "writes": manifest.writes, "config": config.collect::<Vec<_>>(),
        "budget": {
            "deadline_ms": u64::try_from(budget.deadline.as_millis()).unwrap_or(u64::MAX),
            "memory_bytes": budget.memory_bytes, "operations": budget.operations, "log_bytes": budget.log_bytes,
            "edits": budget.edits,
        },
    })
}

fn list(names: &[impl AsRef<str>]) -> String {
    names.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(", ")
}

/// A package in order: what it may do, at a glance.
fn sound(checked: &Checked) -> String {
    let mut text = format!("{} is sound\n", checked.name);
    let Some(about) = &checked.what else { return text };
    let Some(manifest) = &about.manifest else { return text };
    text.extend(manifest.description.iter().map(|description| format!("{description}\n")));
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut row = |name: &str, value: String| rows.push(vec![format!("  {name}"), value]);
    row("version", format!("{} ({})", manifest.version, about.hash.get(..12).unwrap_or(&about.hash)));
    row("code", format!("{}, {}{}", about.engine, figures::bytes(about.bytes), built(about)));
    row("hooks", list(&about.hooks.iter().map(Hook::name).collect::<Vec<_>>()));
    row("order", order(manifest, about));
    let fields = |names: &Option<Vec<String>>| match names {
        None => "every field".to_owned(),
        Some(names) if names.is_empty() => "nothing".to_owned(),
        Some(names) => list(names),
    };
    row("reads", fields(&manifest.reads));
    let is_check = manifest.phase == Phase::Check;
    row("writes", if is_check { "nothing: it only rejects".to_owned() } else { fields(&manifest.writes) });
    let grants = asked_for(manifest);
    row("grants", if grants.is_empty() { "none asked".to_owned() } else { format!("{}, granted", list(&grants)) });
    if let Some(signed) = &about.signed {
        row("signed", format!("by {}: {}", signed.by, signed.comment));
    }
    let on_fault = about.deployment.on_fault.or(manifest.on_fault);
    row("on a fault", on_fault.map_or("reject; an enquiry goes on", |policy| policy.as_str()).to_owned());
    row("budget", budget(manifest, about.engine));
    let cases = match about.cases {
        0 => "none".to_owned(),
        1 => "1, passes".to_owned(),
        cases => format!("{cases}, all pass"),
    };
    row("cases", cases);
    text.push_str(&table(&rows));
    if !manifest.config.is_empty() {
        text.push_str("\nsettings\n");
        text.push_str(&settings(manifest, about));
    }
    if !checked.warnings.is_empty() {
        text.push_str(&format!("\nodd, though nothing breaks\n{}\n", faults(&checked.warnings)));
    }
    text
}

fn built(about: &About) -> &'static str {
    match about.sources {
        Some(Sources::Same) => ", built from the sources beside it",
        Some(Sources::Changed) => ", built from other sources",
        Some(Sources::Unknown) | None => "",
    }
}

fn order(manifest: &Manifest, about: &About) -> String {
    let priority = about.deployment.priority.unwrap_or(manifest.priority);
    let by = if about.deployment.priority.is_some() { ", by carnet.toml" } else { "" };
    format!("{} phase, priority {priority}{by}, mode {}", manifest.phase, about.deployment.mode.as_str())
}

fn budget(manifest: &Manifest, engine: EngineKind) -> String {
    let budget = manifest.limits.budget();
    let operations = match engine {
        EngineKind::Rhai => format!(", {} operations", figures::count(budget.operations)),
        EngineKind::Wasm => String::new(),
    };
    format!(
        "{}, {}{operations}, {} of log, {} edits",
        figures::time(budget.deadline),
        figures::bytes(budget.memory_bytes),
        figures::bytes(budget.log_bytes),
        figures::count(budget.edits as u64)
    )
}

/// Settings with what they are told here; secrets are not shown.
fn settings(manifest: &Manifest, about: &About) -> String {
    let rows = manifest.config.iter().map(|key| {
        let given = about.deployment.config.get(&key.name);
        let value = match (given, &key.default) {
            (Some(_), _) if key.secret => "set, secret".to_owned(),
            (Some(value), _) => format!("{value}, by carnet.toml"),
            (None, Some(default)) => {
                let text = match default {
                    ConfigValue::List(items) => items.join(", "),
                    other => other.to_string(),
                };
                if text.is_empty() { "empty".to_owned() } else { text }
            }
            (None, None) => "not set".to_owned(),
        };
        vec![format!("  {}", key.name), key.kind.to_string(), value, key.doc.clone().unwrap_or_default()]
    });
    table(&rows.collect::<Vec<_>>())
}

fn sound_line(loaded: &Loaded) -> String {
    let hooks: Vec<&str> = loaded.plugin.hooks().iter().map(Hook::name).collect();
    let signed = loaded.signed.as_ref().map_or_else(String::new, |signed| format!("; signed by {}", signed.by));
    let asks = Asks::of(&loaded.manifest);
    let asks = if asks.is_modest() { String::new() } else { format!("; granted: {}", asks.told()) };
    format!(
        "{} is sound: {}, {}; its cases pass{asks}{signed}",
        loaded.identity(),
        loaded.identity().engine,
        hooks.join(", ")
    )
}

fn refused_in_full(refused: &Refused) -> String {
    let all: Vec<LoadError> = std::iter::once(&refused.error).chain(&refused.more).cloned().collect();
    let kept = refused.kept.as_ref().map_or_else(String::new, |kept| format!("; version {kept} stays in service"));
    let (version, state) = match &refused.waits {
        Some(waits) => (format!(" {}", waits.version), "waits for approval"),
        None => (String::new(), "is refused"),
    };
    format!("\n{}{version} ({}) {state}{kept}\n{}\n", refused.name, refused.path.display(), faults(&all))
}

/// Checks all packages of the home folder.
pub(super) fn all(app: &App, printer: &mut Printer) -> Result<Outcome, Failure> {
    let generation = app.generation()?;
    let text = || {
        let sound: String = generation.plugins.iter().map(|loaded| format!("{}\n", sound_line(loaded))).collect();
        let refused: String = generation.refused.iter().map(refused_in_full).collect();
        let all = format!("{sound}{}{refused}", unbuilt_text(&generation));
        if all.is_empty() { "no packages here".to_owned() } else { all }
    };
    printer.answer(|| list_json(&generation), text);
    Ok(if generation.refused.is_empty() { Outcome::Done } else { Outcome::Unsound })
}
