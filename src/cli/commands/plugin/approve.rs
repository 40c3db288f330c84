//! `carnet plugin approve`

use serde_json::{Value, json};

use crate::app::App;
use crate::app::failure::Failure;
use crate::app::plugins::approve::Approval;
use crate::cli::commands::confirm::confirm;
use crate::cli::exit::Outcome;
use crate::cli::print::{Printer, table};
use crate::config::SETTINGS_FILE;
use crate::domain::permission::Viewer;
use crate::registry::Asks;

/// Shows what a plugin asks for and, with a yes, grants it.
pub(super) fn run(
    app: &App,
    name: &str,
    version: Option<&str>,
    yes: bool,
    by: &Viewer,
    printer: &mut Printer,
) -> Result<Outcome, Failure> {
    let approval = app.approval(name, version)?;
    if !approval.is_needed() {
        printer.answer(|| approval_json(&approval, false, None), || nothing_new(&approval));
        return Ok(Outcome::Done);
    }
    if !printer.is_json() {
        printer.data(asks_text(&approval).trim_end());
    }
    let Approval { name, version, new, .. } = &approval;
    confirm(&format!("Grant {name} {version} what is new: {}?", new.told()), yes, printer)?;
    // How it was is told of first, and by nobody in particular.
    app.hand_in_plugins(None);
    app.approve(&approval)?;
    // What came of it is told by looking again.
    let fresh = App::open(app.home().folder(), Some(app.settings().profile))?;
    let generation = fresh.generation()?;
    fresh.hand_in_plugins_at_last(Some(by.name()));
    let state = match (generation.refused.iter().find(|refused| refused.name == *name), generation.find(name)) {
        (Some(refused), _) => refused.to_string(),
        (None, Some(loaded)) => format!("{name} {} is in service", loaded.identity().version),
        (None, None) => format!("{name} is not in service"),
    };
    let path = fresh.home().folder().join(SETTINGS_FILE);
    let written = || format!("granted in {}: [plugins.{name}] {}\n{state}", path.display(), new.told());
    printer.answer(|| approval_json(&approval, true, Some(&state)), written);
    Ok(Outcome::Done)
}

fn nothing_new(approval: &Approval) -> String {
    let Approval { name, version, asks, .. } = approval;
    if asks.is_modest() {
        return format!("{name} {version} asks for nothing beside the thing in hand: it needs no approval");
    }
    format!("{name} {version} has all that it asks for: {}", asks.told())
}

fn asks_text(approval: &Approval) -> String {
    let Approval { name, version, serving, asks, granted, new } = approval;
    let meanwhile = match serving {
        Some(serving) if serving != version => format!(" (version {serving} serves meanwhile)"),
        _ => String::new(),
    };
    let list = |names: &[String]| names.join(", ");
    let fields = |names: &Option<Vec<String>>| names.as_deref().map_or_else(String::new, list);
    let limit = |names: &Option<Vec<String>>| names.as_deref().map_or_else(|| "not limited yet".to_owned(), list);
    let mut rows = vec![["", "asks", "granted", "new"].map(str::to_owned).to_vec()];
    if !asks.grants.is_empty() {
        rows.push(vec!["grants".to_owned(), list(&asks.grants), list(&granted.grants), list(&new.grants)]);
    }
    for (key, asked, granted, new) in
        [("reads", &asks.reads, &granted.reads, &new.reads), ("writes", &asks.writes, &granted.writes, &new.writes)]
    {
        if asked.is_some() {
            rows.push(vec![key.to_owned(), fields(asked), limit(granted), fields(new)]);
        }
    }
    let meaning = [
        ("lookup", "searches all other contacts by name, phone, e-mail or external id; sees of them what it may read"),
        ("state", "remembers up to 1 MiB of its own, committed with the records"),
    ];
    let told: String = meaning
        .iter()
        .filter(|(grant, _)| new.grants.iter().any(|new| new == grant))
        .map(|(grant, meaning)| format!("{grant}: {meaning}\n"))
        .collect();
    format!("{name} {version} asks for this{meanwhile}:\n{}{told}", table(&rows))
}

fn approval_json(approval: &Approval, granted: bool, state: Option<&str>) -> Value {
    json!({
        "name": approval.name, "version": approval.version, "serving": approval.serving,
        "asks": asks_json(&approval.asks), "granted_before": asks_json(&approval.granted), "new": asks_json(&approval.new),
        "granted": granted, "state": state,
    })
}

/// What is asked, as lists; `null` where fields are not named.
pub(super) fn asks_json(asks: &Asks) -> Value {
    json!({ "grants": asks.grants, "reads": asks.reads, "writes": asks.writes })
}
