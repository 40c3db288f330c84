//! `carnet plugin list`

use serde_json::{Value, json};

use super::approve::asks_json;
use super::stats::{probation_json, probation_text, standing_text, tripped_json};
use crate::app::App;
use crate::app::failure::Failure;
use crate::cli::exit::Outcome;
use crate::cli::print::{Printer, table};
use crate::plugin::hook::Hook;
use crate::registry::{Asks, Generation, Loaded, Refused};
use crate::store::CallSums;

/// Lists what is loaded, refused and off.
pub(super) fn run(app: &App, printer: &mut Printer) -> Result<Outcome, Failure> {
    let generation = app.generation()?;
    let standings = app.plugin_standings(&generation);
    let probations = app.plugin_probations(&generation)?;
    let observed = app.plugins_observed(&generation);
    let unknown = app.unknown_plugins(&generation);
    let json = || {
        let mut list = list_json(&generation);
        for plugin in list["plugins"].as_array_mut().into_iter().flatten() {
            let name = plugin["name"].clone();
            let row = standings.iter().find(|row| row.plugin.name == name);
            let trial = probations.iter().find(|trial| trial.plugin.name == name);
            plugin["tripped"] = row.map_or(Value::Null, tripped_json);
            plugin["probation"] = trial.map_or(Value::Null, probation_json);
            let seen = observed.iter().find(|it| it.plugin.name == name).map(|CallSums { counts: it, .. }| {
                json!({ "calls": it.calls, "edits": it.edits, "rejections": it.rejections, "skips": it.skips, "faults": it.faults })
            });
            plugin["observed"] = seen.unwrap_or(Value::Null);
        }
        list["unknown"] = json!(unknown);
        list
    };
    let text = || {
        let mut text = list_text(&generation);
        text.extend(unknown.iter().map(|name| {
            format!(
                "\ncarnet.toml has settings for `{name}`, and there is no such plugin: correct the name under [plugins]"
            )
        }));
        text.extend(standings.iter().filter_map(standing_text).map(|line| format!("\n{line}")));
        text.extend(probations.iter().map(|trial| format!("\n{}", probation_text(trial))));
        text.extend(observed.iter().map(|CallSums { plugin, counts: it, .. }| {
            format!(
                "\n{} {} is observed: in {} calls it would have made {} edits, {} rejections and {} skips, and failed {} times",
                plugin.name, plugin.version, it.calls, it.edits, it.rejections, it.skips, it.faults
            )
        }));
        text
    };
    printer.answer(json, text);
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
        |off| json!({ "name": off.name, "version": off.version, "path": off.path, "state": off.state(), "mode": "off", "error": null }),
    );
    json!({ "generation": generation.number, "plugins": loaded.chain(refused).chain(off).collect::<Vec<_>>() })
}

fn loaded_json(loaded: &Loaded, state: &str) -> Value {
    let identity = loaded.identity();
    json!({
        "name": identity.name, "version": identity.version, "hash": identity.hash, "engine": identity.engine.as_str(),
        "hooks": loaded.plugin.hooks().iter().map(Hook::name).collect::<Vec<_>>(),
        "phase": loaded.phase.as_str(), "priority": loaded.priority, "state": state, "mode": loaded.mode.as_str(), "path": loaded.path,
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
        "more": refused.more.iter().map(ToString::to_string).collect::<Vec<_>>(),
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
            off.state().to_owned(),
        ]
    }));
    rows.extend(generation.refused.iter().filter_map(|refused| {
        let waits = refused.waits.as_ref()?;
        let blank = String::new;
        Some(vec![refused.name.clone(), waits.version.clone(), blank(), blank(), blank(), "waiting".to_owned()])
    }));
    let refused: String = generation.refused.iter().map(refused_text).collect();
    // Headings over nothing say nothing.
    let listed = match (rows.len(), generation.refused.is_empty()) {
        (1, true) => "there are no plugins in plugins/ and scripts/: `carnet plugin new NAME` starts one\n".to_owned(),
        (1, false) => "nothing is in service\n".to_owned(),
        _ => table(&rows),
    };
    format!("generation {}\n{listed}{}{refused}", generation.number, unbuilt_text(generation))
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
    // It says how many more there are, and not what they are.
    let all = if refused.more.is_empty() || refused.waits.is_some() {
        String::new()
    } else {
        format!("\n  all of it: `carnet plugin check {}`", refused.path.display())
    };
    format!("\n{refused}{hint}{all}\n")
}
