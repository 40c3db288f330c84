//! `carnet plugin list`

use serde_json::{Value, json};

use crate::app::App;
use crate::app::failure::Failure;
use crate::cli::exit::Outcome;
use crate::cli::print::{Printer, table};
use crate::plugin::hook::Hook;
use crate::registry::{Generation, Loaded, Refused};

/// Lists what is loaded, refused and off.
pub(super) fn run(app: &App, printer: &mut Printer) -> Result<Outcome, Failure> {
    let generation = app.generation()?;
    printer.answer(|| list_json(&generation), || list_text(&generation));
    Ok(Outcome::Done)
}

pub(super) fn list_json(generation: &Generation) -> Value {
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
