//! What the settings say about plugins, in the registry's words.

use std::path::Path;

use crate::config::{PluginMode, PluginSettings, Profile, Settings};
use crate::plugin::manifest::OnFault;
use crate::plugin::signature::Trust;
use crate::registry::{Deployment, Deployments, Mode};

/// Returns how settings have each plugin. Files that they name are the home's, unless they lie elsewhere.
#[must_use]
pub fn deployments(settings: &Settings, home: &Path) -> Deployments {
    let named: Deployments =
        settings.plugins.iter().map(|(name, plugin)| (name.clone(), deployment(plugin, home))).collect();
    named.trusting(Trust::new(&settings.trusted_keys, settings.require_signature))
}

/// Reads the settings of a home again, for a program that goes on while they change.
///
/// # Errors
/// Why they cannot be used.
pub fn read_again(home: &Path, profile: Profile) -> Result<Deployments, String> {
    match Settings::load(home, Some(profile)) {
        Ok(settings) => Ok(deployments(&settings, home)),
        Err(error) => {
            let faults =
                error.faults.iter().map(|fault| format!("; {}:{}: {}", fault.line, fault.column, fault.message));
            Err(format!("{error}{}", faults.collect::<String>()))
        }
    }
}

fn deployment(plugin: &PluginSettings, home: &Path) -> Deployment {
    Deployment {
        mode: match plugin.mode {
            PluginMode::Enforce => Mode::Enforce,
            PluginMode::Observe => Mode::Observe,
            PluginMode::Off => Mode::Off,
        },
        grants: plugin.grants.clone(),
        reads: plugin.reads.clone(),
        writes: plugin.writes.clone(),
        on_fault: plugin.on_fault.as_deref().map(|word| if word == "skip" { OnFault::Skip } else { OnFault::Reject }),
        priority: plugin.priority,
        config: plugin.config.iter().map(|(key, value)| (key.clone(), at_home(value, home))).collect(),
        places: plugin.places.iter().map(|(key, place)| (key.clone(), (place.line, place.column))).collect(),
    }
}

/// A file that holds a value is told by its whole path.
fn at_home(value: &toml::Value, home: &Path) -> toml::Value {
    let Some(file) = value.get("file").and_then(toml::Value::as_str) else { return value.clone() };
    let path = home.join(file).display().to_string();
    toml::Value::Table([("file".to_owned(), path.into())].into_iter().collect())
}
