//! What a plugin can be told: the keys that its manifest declares, and the values that a deployment gives them.

use std::collections::BTreeMap;
use std::fmt;

use super::{Manifest, did_you_mean};
use crate::plugin::package::{ConfigValue, LoadError};

/// The type of a value.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum ConfigType {
    /// A text.
    Text,
    /// A whole number.
    Integer,
    /// A number; whole ones are welcome.
    Number,
    /// `true` or `false`.
    Bool,
    /// A list of texts.
    List,
}

impl ConfigType {
    /// All types, in the order in which they are told.
    pub const ALL: [Self; 5] = [Self::Text, Self::Integer, Self::Number, Self::Bool, Self::List];

    /// Returns the word for it in manifests.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Bool => "bool",
            Self::List => "list",
        }
    }

    /// Finds a type by its word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// Takes a value of this type.
    #[must_use]
    pub fn take(self, value: &toml::Value) -> Option<ConfigValue> {
        Some(match (self, value) {
            (Self::Text, toml::Value::String(text)) => ConfigValue::Text(text.clone()),
            (Self::Integer, toml::Value::Integer(number)) => ConfigValue::Integer(*number),
            (Self::Number, toml::Value::Float(number)) => ConfigValue::Number(*number),
            #[expect(clippy::cast_precision_loss, reason = "whole numbers in settings are small")]
            (Self::Number, toml::Value::Integer(number)) => ConfigValue::Number(*number as f64),
            (Self::Bool, toml::Value::Boolean(yes)) => ConfigValue::Bool(*yes),
            (Self::List, toml::Value::Array(items)) => ConfigValue::List(texts(items)?),
            _ => return None,
        })
    }
}

fn texts(items: &[toml::Value]) -> Option<Vec<String>> {
    items.iter().map(|item| item.as_str().map(str::to_owned)).collect()
}

impl fmt::Display for ConfigType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One thing that a plugin can be told.
#[derive(Clone, PartialEq, Debug)]
pub struct ConfigKey {
    /// Name: 1–64 of `a-z`, `0-9`, `_`, `-`.
    pub name: String,
    /// Type of the value.
    pub kind: ConfigType,
    /// Value when the deployment gives none.
    pub default: Option<ConfigValue>,
    /// What it is for.
    pub doc: Option<String>,
    /// Whether its value must not be shown.
    pub secret: bool,
    /// Whether the deployment must give a value.
    pub required: bool,
}

impl Manifest {
    /// Checks the values that a deployment gives and fills in the defaults. A key with neither has no value.
    ///
    /// # Errors
    /// Every unknown key, every value of the wrong type and every required key without one.
    pub fn configure(&self, given: &toml::Table) -> Result<BTreeMap<String, ConfigValue>, Vec<LoadError>> {
        let mut faults: Vec<LoadError> = given.keys().filter_map(|key| self.unknown_key(key)).collect();
        let mut values = BTreeMap::new();
        for key in &self.config {
            match (given.get(&key.name), &key.default) {
                (Some(value), _) => match key.kind.take(value) {
                    Some(value) => drop(values.insert(key.name.clone(), value)),
                    None => faults.push(self.wrong_type(key, value)),
                },
                (None, Some(default)) => drop(values.insert(key.name.clone(), default.clone())),
                (None, None) if key.required => faults.push(self.missing(key)),
                (None, None) => {}
            }
        }
        if faults.is_empty() { Ok(values) } else { Err(faults) }
    }

    fn unknown_key(&self, key: &str) -> Option<LoadError> {
        let known = || self.config.iter().map(|known| known.name.as_str());
        let unknown = || LoadError::new(format!("it has no setting `{key}`")).hint(did_you_mean(key, known()));
        (!known().any(|known| known == key)).then(unknown)
    }

    /// A secret's value is not repeated.
    fn wrong_type(&self, key: &ConfigKey, value: &toml::Value) -> LoadError {
        let (name, kind) = (&key.name, key.kind);
        let told = if key.secret { String::new() } else { format!(", not `{value}`") };
        LoadError::new(format!("setting `{name}` takes a value of type {kind}{told}"))
            .hint(format!("mend `{name}` under [plugins.{}.config] in carnet.toml", self.name))
    }

    fn missing(&self, key: &ConfigKey) -> LoadError {
        let doc = key.doc.as_ref().map_or_else(String::new, |doc| format!(": {doc}"));
        LoadError::new(format!("it needs a value for `{}`{doc}", key.name))
            .hint(format!("add `{}` under [plugins.{}.config] in carnet.toml", key.name, self.name))
    }
}
