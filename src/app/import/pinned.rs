//! The plugins and the settings with which a job began. A job keeps them: resumed later, it goes on only with the same, or with a person's
//! word.

use std::fmt::Debug;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::ImportRequest;
use super::options::Kept;
use crate::app::failure::{Class, Failure};
use crate::config::Settings;
use crate::domain::text::hex;
use crate::plugin::package::Identity;
use crate::registry::Generation;
use crate::store::Job;

/// The plugins of a generation, as a job keeps them in its settings.
pub(super) fn json(generation: &Generation, without_plugins: bool) -> Value {
    let plugins = generation.plugins.iter().filter(|_| !without_plugins).map(|loaded| loaded.plugin.identity());
    plugins.map(|it| json!({ "name": it.name, "version": it.version, "hash": it.hash })).collect()
}

/// Refuses to go on with other plugins than those with which the job began, unless that was accepted.
pub(super) fn check(request: &ImportRequest, job: &Job, generation: &Generation) -> Result<(), Failure> {
    let kept = Kept::of(job)?;
    let Some(began) = kept.get("plugins").as_array().filter(|_| !request.without_plugins) else { return Ok(()) };
    let changes =
        differences(began, &generation.plugins.iter().map(|it| it.plugin.identity().as_ref()).collect::<Vec<_>>());
    if changes.is_empty() || request.accept_plugins {
        return Ok(());
    }
    let told = format!("plugins changed since job {} began: {}", job.id, changes.join(", "));
    Err(Failure::new(Class::Conflict, "PLUGINS_CHANGED", told).hint(
        "put the plugins back as they were, or add `--accept-plugins` to go on with those of now: the rows before were made by the others",
    ))
}

/// The settings that decide what becomes of a row, each as a hash: what a plugin is configured with may be a secret.
pub(super) fn settings_json(settings: &Settings) -> Value {
    settings_of(settings).into_iter().collect()
}

fn settings_of(it: &Settings) -> [(&'static str, String); 17] {
    let hash = |value: &dyn Debug| hex(&Sha256::digest(format!("{value:?}")));
    [
        ("missing_last_name", hash(&it.missing_last_name)),
        ("required_names", hash(&it.required_names)),
        ("phone_mode", hash(&it.phone_mode)),
        ("default_country", hash(&it.default_country)),
        ("date_format", hash(&it.date_format)),
        ("accept_serial_dates", hash(&it.accept_serial_dates)),
        ("multi_value", hash(&it.multi_value)),
        ("language_names", hash(&it.language_names)),
        ("sms_default", hash(&it.sms_default)),
        ("lock_verified", hash(&it.lock_verified)),
        ("unknown_labels", hash(&it.unknown_labels)),
        ("unknown_custom_fields", hash(&it.unknown_custom_fields)),
        ("on_match", hash(&it.on_match)),
        ("match_by", hash(&it.match_by)),
        ("fill_blanks_only, overwrite or fill", hash(&(it.fill_blanks_only, &it.overwrite, &it.fill))),
        ("access", hash(&it.access)),
        ("plugins", hash(&it.plugins)),
    ]
}

/// Refuses to go on under other settings than those with which the job began, unless that was accepted.
pub(super) fn check_settings(request: &ImportRequest, job: &Job, settings: &Settings) -> Result<(), Failure> {
    let kept = Kept::of(job)?;
    let settled = |key: &str| match key {
        "on_match" => request.on_match.is_some(),
        "match_by" => request.match_by.is_some(),
        "default_country" => request.country.is_some(),
        "plugins" => request.without_plugins,
        _ => false,
    };
    let other = |(key, now): &(&str, String)| kept.get("settings")[*key].as_str().is_some_and(|then| then != now);
    let changed: Vec<&str> =
        settings_of(settings).iter().filter(|it| !settled(it.0) && other(it)).map(|it| it.0).collect();
    if changed.is_empty() || request.accept_settings {
        return Ok(());
    }
    let told = format!("settings changed since job {} began: {}", job.id, changed.join(", "));
    Err(Failure::new(Class::Conflict, "SETTINGS_CHANGED", told).hint(
        "put `carnet.toml` back as it was, or add `--accept-settings` to go on with what it says now: the rows before were made under the other",
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
