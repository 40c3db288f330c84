//! What a plugin can be told: the keys that its manifest declares, and the values that a deployment gives them.

use std::collections::BTreeMap;
use std::fmt;

use super::{Manifest, did_you_mean};
use crate::plugin::fault::Position;
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
    /// Which values of its type it takes.
    pub bounds: Bounds,
}

/// Which values of its type a setting takes.
#[derive(Clone, PartialEq, Default, Debug)]
pub struct Bounds {
    /// The texts to choose from; any where there are none. Of a list, each item is one of them.
    pub one_of: Vec<String>,
    /// The least number.
    pub min: Option<f64>,
    /// The greatest number.
    pub max: Option<f64>,
}

impl Bounds {
    /// Says what is wrong with a value, as the end of a sentence, without repeating it.
    #[must_use]
    pub fn fault(&self, value: &ConfigValue) -> Option<String> {
        let offered = |text: &String| self.one_of.is_empty() || self.one_of.contains(text);
        let is_offered = match value {
            ConfigValue::Text(text) => offered(text),
            ConfigValue::List(items) => items.iter().all(offered),
            _ => true,
        };
        if !is_offered {
            return Some(format!("takes `{}`", self.one_of.join("`, `")));
        }
        let number = number_of(value)?;
        let fits = self.min.is_none_or(|min| number >= min) && self.max.is_none_or(|max| number <= max);
        let told = |bound: f64| ConfigValue::Number(bound).to_string();
        (!fits).then(|| match (self.min, self.max) {
            (Some(min), Some(max)) => format!("takes {} to {}", told(min), told(max)),
            (Some(min), None) => format!("takes {} and more", told(min)),
            (None, max) => format!("takes up to {}", told(max.unwrap_or(number))),
        })
    }
}

/// A number, where the value is one. What is no number (`nan`) fits nowhere.
#[expect(clippy::cast_precision_loss, reason = "bounds of settings are small")]
pub(super) fn number_of(value: &ConfigValue) -> Option<f64> {
    match value {
        ConfigValue::Integer(number) => Some(*number as f64),
        ConfigValue::Number(number) => Some(*number),
        _ => None,
    }
}

impl Manifest {
    /// Checks the values that a deployment gives and fills in the defaults. A key with neither has no value.
    ///
    /// # Errors
    /// Every unknown key, every value of the wrong type or out of bounds, and every required key without one.
    pub fn configure(&self, given: &toml::Table) -> Result<BTreeMap<String, ConfigValue>, Vec<LoadError>> {
        self.configure_at(given, &|_| None)
    }

    /// As [`Manifest::configure`], with the place of each key that is given.
    ///
    /// # Errors
    /// The same, each with its place.
    pub fn configure_at(
        &self,
        given: &toml::Table,
        place: &dyn Fn(&str) -> Option<Position>,
    ) -> Result<BTreeMap<String, ConfigValue>, Vec<LoadError>> {
        let at = |key: &str, error: LoadError| LoadError { position: place(key), ..error };
        let unknown = given.keys().filter_map(|key| self.unknown_key(key).map(|error| at(key, error)));
        let mut faults: Vec<LoadError> = unknown.collect();
        let mut values = BTreeMap::new();
        for key in &self.config {
            match (given.get(&key.name), &key.default) {
                (Some(value), _) => match self.take(key, value) {
                    Ok(value) => drop(values.insert(key.name.clone(), value)),
                    Err(error) => faults.push(at(&key.name, error)),
                },
                (None, Some(default)) => drop(values.insert(key.name.clone(), default.clone())),
                (None, None) if key.required => faults.push(self.missing(key)),
                (None, None) => {}
            }
        }
        if faults.is_empty() { Ok(values) } else { Err(faults) }
    }

    /// Takes one value of the right type within its bounds.
    fn take(&self, key: &ConfigKey, value: &toml::Value) -> Result<ConfigValue, LoadError> {
        let taken = key.kind.take(value).ok_or_else(|| self.wrong_type(key, value))?;
        match key.bounds.fault(&taken) {
            None => Ok(taken),
            Some(fault) => {
                let told = if key.secret { String::new() } else { format!(", not `{taken}`") };
                Err(LoadError::new(format!("setting `{}` {fault}{told}", key.name)).hint(self.mend(key)))
            }
        }
    }

    fn mend(&self, key: &ConfigKey) -> String {
        format!("mend `{}` under [plugins.{}.config] in carnet.toml", key.name, self.name)
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
        LoadError::new(format!("setting `{name}` takes a value of type {kind}{told}")).hint(self.mend(key))
    }

    fn missing(&self, key: &ConfigKey) -> LoadError {
        let doc = key.doc.as_ref().map_or_else(String::new, |doc| format!(": {doc}"));
        LoadError::new(format!("it needs a value for `{}`{doc}", key.name)).hint(format!(
            "add `{}` under [plugins.{}.config] in carnet.toml{}",
            key.name,
            self.name,
            if key.secret { ": a value, { env = \"NAME\" } or { file = \"PATH\" }" } else { "" }
        ))
    }
}
