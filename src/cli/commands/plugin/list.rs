//! `carnet plugin list`

use serde_json::{Value, json};

use super::stats::{standing_json, standing_text};
use crate::app::App;
use crate::app::failure::Failure;
use crate::cli::exit::Outcome;
use crate::cli::print::{Printer, table};
use crate::plugin::hook::Hook;
use crate::registry::{Generation, Loaded, Refused};

/// Lists what is loaded, refused and off.
pub(super) fn run(app: &App, printer: &mut Printer) -> Result<Outcome, Failure> {
    let generation = app.generation()?;
    let standings = app.plugin_standings(&generation);
    let observed = app.plugins_observed(&generation);
    let json = || {
        let mut list = list_json(&generation);
        for plugin in list["plugins"].as_array_mut().into_iter().flatten() {
            let name = plugin["name"].clone();
            let row = standings.iter().find(|row| row.plugin.name == name).map(standing_json);
            let of = |key: &str| row.as_ref().map_or(Value::Null, |row| row[key].clone());
            (plugin["tripped"], plugin["probation"]) = (of("tripped"), of("probation"));
            let seen = observed.iter().find(|it| it.plugin.name == name).map(|it| {
                json!({ "calls": it.calls, "edits": it.edits, "rejections": it.rejections, "skips": it.skips, "faults": it.faults })
            });
            plugin["observed"] = seen.unwrap_or(Value::Null);
        }
        list
    };
    let text = || {
        let mut text = list_text(&generation);
        text.extend(standings.iter().filter_map(standing_text).map(|line| format!("\n{line}")));
        text.extend(observed.iter().map(|it| {
            format!(
                "\n{} {} is observed: in {} calls it would have made {} edits, {} rejections and {} skips, and failed {} times",
                it.plugin.name, it.plugin.version, it.calls, it.edits, it.rejections, it.skips, it.faults
            )
        }));
        text
    };
    printer.answer(json, text);
    Ok(Outcome::Done)
}

pub(super) fn list_json(generation: &Generation) -> Value {
    let loaded = generation.plugins.iter().map(|loaded| loaded_json(loaded, &generation.state(loaded).to_string()));
    let refused = generation.refused.iter().filter(|refused| refused.kept.is_none()).map(refused_json);
    let off = generation.off.iter().map(
        |off| json!({ "name": off.name, "version": off.version, "path": off.path, "state": "off", "mode": "off", "error": null }),
    );
    json!({ "generation": generation.number, "plugins": loaded.chain(refused).chain(off).collect::<Vec<_>>() })
}

pub(super) fn loaded_json(loaded: &Loaded, state: &str) -> Value {
    let identity = loaded.identity();
    json!({
        "name": identity.name, "version": identity.version, "hash": identity.hash, "engine": identity.engine.as_str(),
        "hooks": loaded.plugin.hooks().iter().map(Hook::name).collect::<Vec<_>>(),
        "phase": loaded.phase.as_str(), "priority": loaded.priority, "state": state, "mode": loaded.mode.as_str(), "path": loaded.path,
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
        let left = loaded.probation.calls_left();
        let on_probation = if left > 0 { ", on probation" } else { "" };
        let state = format!("{}{on_probation}", generation.state(loaded));
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

pub(super) fn refused_text(refused: &Refused) -> String {
    let hint = refused.error.hint.as_ref().map_or_else(String::new, |hint| format!("\n  hint: {hint}"));
    format!("\n{refused}{hint}\n")
}
