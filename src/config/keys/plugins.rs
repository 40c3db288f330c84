//! The tables of plugins, `[plugins.NAME]`: how each is called here, what it is granted and what it is told.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Checked, KeyFault, number, unknown, word, words, wrong};
use crate::config::{Place, PluginMode, PluginSettings, Settings};
use crate::domain::reach::{self, Use};

/// All keys of `[plugins.NAME]`.
const PLUGIN_KEYS: &[&str] = &["mode", "grants", "reads", "writes", "on_fault", "priority", "config"];

/// A fault of a plugin's table, and where it stands.
pub(in crate::config) type Fault = (Range<usize>, KeyFault);

/// Applies the tables of all plugins. Every fault is told, each at its place.
pub(in crate::config) fn apply(settings: &mut Settings, text: &str, value: &Spanned<DeValue<'_>>) -> Vec<Fault> {
    let Some(table) = value.get_ref().as_table() else {
        return vec![(value.span(), wrong("plugins", "a table for each plugin, such as `[plugins.survey-policy]`"))];
    };
    let mut faults = Vec::new();
    for (name, value) in table {
        match value.get_ref().as_table() {
            Some(table) => {
                let plugin = plugin(name.get_ref(), text, table, &mut faults);
                settings.plugins.insert(name.get_ref().to_string(), plugin);
            }
            None => faults.push((value.span(), wrong(&format!("plugins.{}", name.get_ref()), "a table"))),
        }
    }
    faults
}

fn plugin(name: &str, text: &str, table: &DeTable<'_>, faults: &mut Vec<Fault>) -> PluginSettings {
    let mut plugin = PluginSettings::default();
    for (key, value) in table {
        let full = format!("plugins.{name}.{}", key.get_ref());
        let applied = match key.get_ref().as_ref() {
            // These have places of their own.
            "reads" => {
                plugin.reads = Some(names(&full, value, Use::Read, faults));
                continue;
            }
            "writes" => {
                plugin.writes = Some(names(&full, value, Use::Write, faults));
                continue;
            }
            "config" => {
                config(&mut plugin, &full, text, value, faults);
                continue;
            }
            _ => one(&mut plugin, name, key.get_ref(), &full, value.get_ref()),
        };
        if let Err(fault) = applied {
            faults.push((if fault.about_key { key.span() } else { value.span() }, fault));
        }
    }
    plugin
}

fn one(plugin: &mut PluginSettings, name: &str, key: &str, full: &str, value: &DeValue<'_>) -> Checked<()> {
    match key {
        "mode" => plugin.mode = word(full, value, &["enforce", "observe", "off"], plugin_mode)?,
        "grants" => plugin.grants = words(full, value, &["lookup", "state"], |word| Some(word.to_owned()))?,
        "on_fault" => plugin.on_fault = Some(word(full, value, &["reject", "skip"], |word| Some(word.to_owned()))?),
        "priority" => plugin.priority = Some(u16::try_from(number(full, value, 0, 1000)?).unwrap_or(1000)),
        _ => {
            let message = format!("`plugins.{name}` has no key `{key}`");
            return Err(KeyFault { message, ..unknown(key, PLUGIN_KEYS) });
        }
    }
    Ok(())
}

/// A list of names of fields.
fn names(key: &str, value: &Spanned<DeValue<'_>>, to: Use, faults: &mut Vec<Fault>) -> Vec<String> {
    let expected = "a list of fields, such as [\"mobile\", \"names\", \"custom.*\"]";
    let Some(items) = value.get_ref().as_array() else {
        faults.push((value.span(), wrong(key, expected)));
        return Vec::new();
    };
    let mut names = Vec::with_capacity(items.len());
    for item in items {
        match item.get_ref().as_str().map(|name| reach::read(name, to)) {
            Some(Ok(name)) => names.push(name),
            Some(Err(invalid)) => {
                let message = format!("`{key}`: {}", invalid.message);
                faults.push((item.span(), KeyFault { message, hint: invalid.hint, about_key: false }));
            }
            None => faults.push((item.span(), wrong(key, expected))),
        }
    }
    names
}

/// Copies a plugin's configuration; what its keys mean is known to its manifest alone.
fn config(plugin: &mut PluginSettings, key: &str, text: &str, value: &Spanned<DeValue<'_>>, faults: &mut Vec<Fault>) {
    let Some(table) = value.get_ref().as_table() else {
        faults.push((value.span(), wrong(key, "a table of the plugin's own keys")));
        return;
    };
    for (key, value) in table {
        let name = key.get_ref().to_string();
        match owned(&name, value.get_ref()) {
            Ok(taken) => {
                plugin.places.insert(name.clone(), Place::of(text, value.span().start));
                plugin.config.insert(name, taken);
            }
            Err(fault) => faults.push((value.span(), fault)),
        }
    }
}

fn owned(key: &str, value: &DeValue<'_>) -> Checked<toml::Value> {
    Ok(match value {
        DeValue::String(text) => toml::Value::String(text.to_string()),
        DeValue::Boolean(yes) => toml::Value::Boolean(*yes),
        DeValue::Integer(number) => {
            let parsed = i64::from_str_radix(number.as_str(), number.radix());
            toml::Value::Integer(parsed.map_err(|_| wrong(key, "a whole number of 64 bits"))?)
        }
        DeValue::Float(number) => toml::Value::Float(number.as_str().parse().map_err(|_| wrong(key, "a number"))?),
        DeValue::Array(items) => {
            toml::Value::Array(items.iter().map(|item| owned(key, item.get_ref())).collect::<Result<_, _>>()?)
        }
        DeValue::Table(table) => elsewhere(key, table)?,
        DeValue::Datetime(_) => return Err(wrong(key, "a text, a number, true, false or a list")),
    })
}

/// A value that is kept elsewhere: in an environment variable, or in a file.
fn elsewhere(key: &str, table: &DeTable<'_>) -> Checked<toml::Value> {
    let expected = || wrong(key, "a value, { env = \"NAME\" } or { file = \"PATH\" }");
    let mut entries = table.iter();
    let (Some((place, value)), None) = (entries.next(), entries.next()) else { return Err(expected()) };
    let named = value.get_ref().as_str().filter(|text| !text.trim().is_empty());
    match (place.get_ref().as_ref(), named) {
        (place @ ("env" | "file"), Some(name)) => {
            Ok(toml::Value::Table([(place.to_owned(), toml::Value::String(name.to_owned()))].into_iter().collect()))
        }
        _ => Err(expected()),
    }
}

fn plugin_mode(word: &str) -> Option<PluginMode> {
    match word {
        "enforce" => Some(PluginMode::Enforce),
        "observe" => Some(PluginMode::Observe),
        "off" => Some(PluginMode::Off),
        _ => None,
    }
}
