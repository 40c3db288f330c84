//! The plugins with which a job began. A job keeps them: resumed later, it goes on only with the same, or with a person's word.

use serde_json::{Value, json};

use super::ImportRequest;
use crate::app::failure::{Class, Failure};
use crate::plugin::package::Identity;
use crate::registry::Generation;
use crate::store::Job;

/// The plugins of a generation, as a job keeps them in its settings.
pub(super) fn json(generation: &Generation, without_plugins: bool) -> Value {
    let plugins = generation.plugins.iter().filter(|_| !without_plugins).map(|loaded| loaded.plugin.identity());
    plugins.map(|it| json!({ "name": it.name, "version": it.version, "hash": it.hash })).collect()
}

/// Refuses to go on with other plugins than those with which the job began, unless that was accepted: then it is told.
pub(super) fn check(request: &ImportRequest, job: &Job, generation: &Generation) -> Result<Option<String>, Failure> {
    let kept: Value = serde_json::from_str(&job.settings_json).unwrap_or_default();
    let Some(began) = kept["plugins"].as_array().filter(|_| !request.without_plugins) else { return Ok(None) };
    let changes =
        differences(began, &generation.plugins.iter().map(|it| it.plugin.identity().as_ref()).collect::<Vec<_>>());
    if changes.is_empty() {
        return Ok(None);
    }
    let told = format!("plugins changed since job {} began: {}", job.id, changes.join(", "));
    if request.accept_plugins {
        return Ok(Some(told));
    }
    Err(Failure::new(Class::Conflict, "PLUGINS_CHANGED", told).hint(
        "put the plugins back as they were, or add `--accept-plugins` to go on with those of now: the rows before were made by the others",
    ))
}

fn differences(began: &[Value], now: &[&Identity]) -> Vec<String> {
    let text = |plugin: &Value, key: &str| plugin[key].as_str().unwrap_or_default().to_owned();
    let mut told = Vec::new();
    for plugin in began {
        let (name, version) = (text(plugin, "name"), text(plugin, "version"));
        match now.iter().find(|it| *it.name == name) {
            None => told.push(format!("{name} {version} is gone")),
            Some(it) if *it.version != version => told.push(format!("{name} {version} → {}", it.version)),
            Some(it) if *it.hash != text(plugin, "hash") => told.push(format!("{name} {version} has other content")),
            Some(_) => {}
        }
    }
    let new = now.iter().filter(|it| !began.iter().any(|plugin| plugin["name"].as_str() == Some(&it.name)));
    told.extend(new.map(|it| format!("{} {} is new", it.name, it.version)));
    told
}
