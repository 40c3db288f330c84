//! The examples of the scripts' reference, each run by the real engine on the event that the reference shows; and whether everything that
//! scripts can reach has one.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Case, play};
use crate::plugin::hook::Hook;
use crate::plugin::manifest::Manifest;
use crate::plugin::package::{EngineKind, Grants, Identity, Package};
use crate::plugin::service::LogLevel;
use crate::plugin::verdict::Verdict;
use crate::registry::cases::Played;
use crate::runtime::script::examples::{EVENTS, hook_of};
use crate::runtime::script::{self, Entry, Kind, ScriptRuntime};

/// Runs an example and says what came of it, as the reference does.
fn run(code: &str) -> String {
    let is_body = code.ends_with(';') || (code.ends_with('}') && !code.starts_with("#{"));
    let body = if is_body { code.to_owned() } else { format!("log_info(to_debug({code}));") };
    let hook = hook_of(code);
    let played = match played(hook, &body) {
        Ok(played) => played,
        Err(error) => return format!("is not loaded: {error}"),
    };
    match &played.verdict {
        Ok(Verdict::Accept) if !is_body => played.log[0].text.clone(),
        _ => told(&played),
    }
}

fn played(hook: Hook, body: &str) -> Result<Played, String> {
    let parameters = match hook {
        Hook::ImportRow => "row",
        Hook::Update => "contact, before",
        Hook::Merge => "merge",
        Hook::Enquiry => "enquiry",
        Hook::Create | Hook::Delete => "contact",
    };
    let event = EVENTS.iter().find(|(known, _)| *known == hook).map_or("", |(_, event)| event);
    let text = format!("hook = \"{hook}\"\n{event}\n[expect]\nverdict = \"accept\"\n");
    let case = Case::parse(&text, "example").unwrap();
    let manifest = Manifest::parse("name = \"example\"\ngrants = [\"lookup\", \"state\"]\n", "example").unwrap();
    let identity =
        Identity { name: "example".into(), version: "1".into(), hash: String::new(), engine: EngineKind::Rhai };
    let package = Package {
        identity: Arc::new(identity),
        code: format!("fn {hook}({parameters}) {{\n{body}\n}}").as_bytes().into(),
        path: "main.rhai".into(),
        grants: Grants { lookup: true, state: true },
        budget: manifest.limits.budget(),
        config: Arc::new(BTreeMap::new()),
    };
    let plugin = ScriptRuntime::new().load(&package).map_err(|error| error.to_string())?;
    Ok(play(&case, &*plugin, &manifest))
}

/// What a call did, in a line.
fn told(played: &Played) -> String {
    let mut told: Vec<String> = Vec::new();
    let last = |at: usize, what: &str| played.edits.iter().skip(at + 1).all(|later| later.what != what);
    for (_, edit) in played.edits.iter().enumerate().filter(|(at, edit)| last(*at, &edit.what)) {
        told.push(match &edit.new {
            Some(new) => format!("sets {} = {new:?}", edit.what),
            None => format!("clears {}", edit.what),
        });
    }
    for line in &played.log {
        let level = match line.level {
            LogLevel::Debug => "debug",
            LogLevel::Info => "info",
            LogLevel::Warn => "warn",
            LogLevel::Error => "error",
        };
        told.push(format!("logs {level}: {}", line.text));
    }
    for write in &played.state {
        told.push(match &write.value {
            Some(value) => format!("remembers {} = {:?}", write.key, String::from_utf8_lossy(value)),
            None => format!("forgets {}", write.key),
        });
    }
    match &played.verdict {
        Ok(Verdict::Accept) => {}
        Ok(Verdict::Skip(reason)) => told.push(format!("skips: {reason}")),
        Ok(Verdict::Reject(problems)) => told.extend(problems.iter().map(|problem| {
            let field = problem.field.as_ref().map_or_else(String::new, |field| format!(" of {field}"));
            let hint = problem.hint.as_ref().map_or_else(String::new, |hint| format!("; {hint}"));
            format!("rejects {}{field}: {}{hint}", problem.code, problem.message)
        })),
        Err(fault) => told.push(format!("faults: {fault}")),
    }
    if told.is_empty() { "accepts".to_owned() } else { told.join(", ") }
}

fn entries() -> impl Iterator<Item = &'static Entry> {
    script::chapters().iter().flat_map(|chapter| &chapter.entries)
}

#[test]
fn every_example_gives_what_the_reference_says() {
    let mut faults = Vec::new();
    for example in entries().flat_map(|entry| &entry.examples) {
        let got = run(&example.code);
        if got != example.result {
            faults.push(format!("{}\n  said: {}\n  got:  {got}", example.code, example.result));
        }
    }
    assert!(faults.is_empty(), "{} examples are wrong:\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn everything_that_scripts_can_reach_has_an_entry_with_an_example() {
    let says = |entry: &Entry, what: &str| entry.examples.iter().any(|example| example.code.contains(what));
    let without: Vec<String> = script::registered()
        .iter()
        .filter(|known| {
            let name = known.name;
            !entries().any(|entry| match known.kind {
                Kind::Function => entry.function() == Some(name) && says(entry, &format!("{name}(")),
                Kind::Getter(thing) => entry.usage.contains(thing) && says(entry, &format!("{thing}.{name}")),
                Kind::Setter(thing) => says(entry, &format!("{thing}.{name} = ")),
                Kind::IndexGetter(thing) => entry.usage.starts_with(&format!("{thing}[")) && says(entry, "["),
                Kind::IndexSetter(thing) => entry.usage.starts_with(&format!("{thing}[")) && says(entry, "\"] = "),
            })
        })
        .map(|known| format!("{:?} {}", known.kind, known.name))
        .collect();
    assert_eq!(without, [""; 0], "registered without an entry and an example");
    let bare: Vec<&str> = entries().filter(|entry| entry.examples.is_empty()).map(|entry| &*entry.usage).collect();
    assert_eq!(bare, [""; 0], "entries without an example");
}

#[test]
fn the_reference_page_is_the_table() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/REFERENCE.md");
    let reference = script::reference();
    if std::env::var_os("CARNET_WRITE_REFERENCE").is_some() {
        std::fs::write(path, reference).unwrap();
        return;
    }
    let page = std::fs::read_to_string(path).unwrap_or_default();
    assert!(page == reference, "scripts/REFERENCE.md is out of date: run this test with CARNET_WRITE_REFERENCE=1");
}
