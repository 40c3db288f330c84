//! `carnet plugin list`

use serde_json::{Value, json};

use super::approve::asks_json;
use crate::app::App;
use crate::app::failure::Failure;
use crate::cli::exit::Outcome;
use crate::cli::print::{Printer, table};
use crate::plugin::hook::Hook;
use crate::registry::{Asks, Generation, Loaded, Refused};

/// Lists what is loaded, refused and off.
pub(super) fn run(app: &App, printer: &mut Printer) -> Result<Outcome, Failure> {
    let generation = app.generation()?;
    printer.answer(|| list_json(&generation), || list_text(&generation));
    Ok(Outcome::Done)
}

pub(super) fn list_json(generation: &Generation) -> Value {
    let kept = |name: &str| generation.refused.iter().find(|refused| refused.kept.is_some() && refused.name == name);
    let loaded = generation.plugins.iter().map(|loaded| {
        let mut json = loaded_json(loaded, &generation.state(loaded).to_string());
        if let Some(refused) = kept(&loaded.identity().name) {
            json["error"] = refused.error.to_string().into();
            json["hint"] = json!(refused.error.hint);
        }
        json
    });
    // A version that waits stands beside the one that serves; one that is refused is told as the reason why that one is stale.
    let absent = |refused: &&Refused| refused.kept.is_none() || refused.waits.is_some();
    let refused = generation.refused.iter().filter(absent).map(refused_json);
    let off = generation.off.iter().map(
        |off| json!({ "name": off.name, "version": off.version, "path": off.path, "state": off.state(), "error": null }),
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
        "grants": asks_json(&Asks::of(&loaded.manifest)),
        "signed_by": loaded.signed.as_ref().map(|signed| signed.by.to_string()),
        "signed_comment": loaded.signed.as_ref().map(|signed| signed.comment.as_str()),
    })
}

fn refused_json(refused: &Refused) -> Value {
    if let Some(waits) = &refused.waits {
        return json!({
            "name": refused.name, "version": waits.version, "hash": null, "engine": null, "hooks": [], "state": "waiting",
            "path": refused.path, "error": refused.error.to_string(), "hint": refused.error.hint, "serving": refused.kept,
            "asks": asks_json(&waits.asks), "missing": asks_json(&waits.missing),
            "approve": format!("carnet plugin approve {}", refused.name),
        });
    }
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
            off.state().to_owned(),
        ]
    }));
    rows.extend(generation.refused.iter().filter_map(|refused| {
        let waits = refused.waits.as_ref()?;
        let blank = String::new;
        Some(vec![refused.name.clone(), waits.version.clone(), blank(), blank(), blank(), "waiting".to_owned()])
    }));
    let refused: String = generation.refused.iter().map(refused_text).collect();
    format!("generation {}\n{}{}{refused}", generation.number, table(&rows), unbuilt_text(generation))
}

/// Says how to bring what is not built into service.
pub(super) fn unbuilt_text(generation: &Generation) -> String {
    let unbuilt = generation.off.iter().filter(|off| off.unbuilt);
    unbuilt
        .map(|off| format!("\n{} is not built: run `carnet plugin build {}`\n", off.name, off.path.display()))
        .collect()
}

fn refused_text(refused: &Refused) -> String {
    let hint = refused.error.hint.as_ref().map_or_else(String::new, |hint| format!("\n  hint: {hint}"));
    format!("\n{refused}{hint}\n")
}
