//! Values of the configuration that are kept elsewhere than in the settings: in an environment variable, or in a file. They are read
//! when a package is looked at, and no message repeats them.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::Deployment;
use crate::plugin::fault::{Fault, Position};
use crate::plugin::manifest::{ConfigType, Manifest};
use crate::plugin::package::{ConfigValue, LoadError};
use crate::plugin::service::LogLine;
use crate::plugin::verdict::Verdict;

/// The file that settings are in, for messages.
const SETTINGS: &str = "carnet.toml";

/// Most bytes of a value.
const VALUE_BYTES: u64 = 64 << 10;

/// The configuration with every value read that is kept elsewhere.
#[derive(Clone, Default)]
pub(super) struct Given {
    values: toml::Table,
    /// Of values that are kept elsewhere: key, and where.
    elsewhere: Vec<(String, String)>,
    faults: Vec<LoadError>,
}

impl Given {
    /// Reads what is kept elsewhere.
    pub(super) fn read(deployment: &Deployment) -> Self {
        let mut given = Self::default();
        for (key, value) in &deployment.config {
            let Some(table) = value.as_table() else {
                given.values.insert(key.clone(), value.clone());
                continue;
            };
            let (place, read) = read(table);
            match read {
                Ok(text) => {
                    given.values.insert(key.clone(), toml::Value::String(text));
                    given.elsewhere.push((key.clone(), place));
                }
                Err(why) => {
                    let error = LoadError::new(format!("setting `{key}` is to come from {place}, and {why}"));
                    given.faults.push(LoadError { position: position(deployment, key), ..error });
                }
            }
        }
        given
    }

    /// Puts other values over them.
    pub(super) fn and(mut self, others: toml::Table) -> Self {
        for key in others.keys() {
            self.elsewhere.retain(|(known, _)| known != key);
            self.faults.retain(|fault| !fault.message.starts_with(&format!("setting `{key}`")));
        }
        self.values.extend(others);
        self
    }

    /// All that decides what the plugin is told, for hashing only.
    pub(super) fn text(&self) -> String {
        format!("{:?}{:?}", self.values, self.faults)
    }

    /// Checks the values against a manifest, each fault with its place in the settings.
    pub(super) fn configure(
        mut self,
        manifest: &Manifest,
        deployment: &Deployment,
    ) -> Result<BTreeMap<String, ConfigValue>, Vec<LoadError>> {
        for (key, place) in &self.elsewhere {
            let Some(kind) = manifest.config.iter().find(|known| known.name == *key).map(|known| known.kind) else {
                continue;
            };
            let Some(value) = self.values.get_mut(key) else { continue };
            match value.as_str().and_then(|text| typed(kind, text)) {
                Some(typed) => *value = typed,
                None => {
                    let error = LoadError::new(format!(
                        "setting `{key}` takes a value of type {kind}, and {place} holds another"
                    ));
                    self.faults.push(LoadError { position: position(deployment, key), ..error });
                }
            }
        }
        // What could not be read is told once, not as missing or of the wrong type again.
        let told: Vec<String> = deployment.config.keys().filter(|key| self.is_at_fault(key)).cloned().collect();
        let place = |key: &str| position(deployment, key);
        match manifest.configure_at(&self.values, &place) {
            Ok(values) if self.faults.is_empty() => Ok(values),
            Ok(_) => Err(self.faults),
            Err(faults) => {
                let again = |fault: &LoadError| told.iter().any(|key| fault.message.contains(&format!("`{key}`")));
                self.faults.extend(faults.into_iter().filter(|fault| !again(fault)));
                self.faults.sort_by_key(|fault| fault.position.as_ref().map(|place| (place.line, place.column)));
                Err(self.faults)
            }
        }
    }

    fn is_at_fault(&self, key: &str) -> bool {
        self.faults.iter().any(|fault| fault.message.starts_with(&format!("setting `{key}`")))
    }
}

/// The secret values of one plugin: what it says is told without them.
#[derive(Clone, Default)]
pub struct Mask(Vec<String>);

/// Secrets shorter than this are not looked for: everything would be full of them.
const MASKED_BYTES: usize = 4;

impl Mask {
    pub(super) fn of(manifest: &Manifest, config: &BTreeMap<String, ConfigValue>) -> Self {
        let secret = manifest.config.iter().filter(|key| key.secret).filter_map(|key| config.get(&key.name));
        let texts = secret.flat_map(|value| match value {
            ConfigValue::List(items) => items.clone(),
            value => vec![value.to_string()],
        });
        let mut texts: Vec<String> = texts.filter(|text| text.len() >= MASKED_BYTES).collect();
        // One that holds another goes first.
        texts.sort_by_key(|text| std::cmp::Reverse(text.len()));
        Self(texts)
    }

    fn text(&self, text: &mut String) {
        for secret in &self.0 {
            if text.contains(secret.as_str()) {
                *text = text.replace(secret.as_str(), "***");
            }
        }
    }

    fn maybe(&self, text: &mut Option<String>) {
        if let Some(text) = text {
            self.text(text);
        }
    }

    /// Takes the secrets out of what a call logged.
    pub fn log(&self, lines: &mut [LogLine]) {
        if !self.0.is_empty() {
            lines.iter_mut().for_each(|line| self.text(&mut line.text));
        }
    }

    /// Takes the secrets out of how a call failed.
    pub fn fault(&self, fault: &mut Fault) {
        self.text(&mut fault.message);
        self.maybe(&mut fault.hint);
        if let Some(position) = &mut fault.position {
            self.maybe(&mut position.source);
        }
    }

    /// Takes the secrets out of what a call said, and of how it failed.
    pub fn outcome(&self, outcome: &mut Result<Verdict, Fault>) {
        match outcome {
            _ if self.0.is_empty() => {}
            Ok(Verdict::Accept) => {}
            Ok(Verdict::Skip(reason)) => self.text(reason),
            Ok(Verdict::Reject(problems)) => problems.iter_mut().for_each(|problem| {
                self.text(&mut problem.message);
                self.maybe(&mut problem.hint);
            }),
            Err(fault) => self.fault(fault),
        }
    }
}

/// The source line is not shown: it may hold a secret.
fn position(deployment: &Deployment, key: &str) -> Option<Position> {
    let (line, column) = *deployment.places.get(key)?;
    Some(Position { file: SETTINGS.to_owned(), line, column, source: None })
}

/// Says where the value is kept, and reads it.
fn read(table: &toml::Table) -> (String, Result<String, String>) {
    let named = |key: &str| table.get(key).and_then(toml::Value::as_str);
    if let Some(name) = named("env") {
        let value = std::env::var(name).map_err(|error| match error {
            std::env::VarError::NotPresent => "that is not set".to_owned(),
            std::env::VarError::NotUnicode(_) => "that is not UTF-8".to_owned(),
        });
        return (format!("the environment variable `{name}`"), value);
    }
    let path = named("file").unwrap_or_default();
    (format!("the file `{path}`"), read_file(Path::new(path)))
}

/// Reads a regular file; the newline at its end, which editors add, is none of the value.
fn read_file(path: &Path) -> Result<String, String> {
    let fail = |error: std::io::Error| format!("it cannot be read: {error}");
    if !path.metadata().map_err(fail)?.is_file() {
        return Err("that is not a file".to_owned());
    }
    let mut bytes = Vec::new();
    File::open(path).and_then(|file| file.take(VALUE_BYTES + 1).read_to_end(&mut bytes)).map_err(fail)?;
    if bytes.len() as u64 > VALUE_BYTES {
        return Err(format!("it has more than {VALUE_BYTES} bytes"));
    }
    let text = String::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned())?;
    let line = text.strip_suffix('\n').unwrap_or(&text);
    Ok(line.strip_suffix('\r').unwrap_or(line).to_owned())
}

/// A list has one item a line.
fn typed(kind: ConfigType, text: &str) -> Option<toml::Value> {
    let trimmed = text.trim();
    Some(match kind {
        ConfigType::Text => toml::Value::String(text.to_owned()),
        ConfigType::Integer => toml::Value::Integer(trimmed.parse().ok()?),
        ConfigType::Number => toml::Value::Float(trimmed.parse().ok()?),
        ConfigType::Bool => toml::Value::Boolean(trimmed.parse().ok()?),
        ConfigType::List => {
            let items = text.lines().map(str::trim).filter(|line| !line.is_empty());
            toml::Value::Array(items.map(|item| toml::Value::String(item.to_owned())).collect())
        }
    })
}
