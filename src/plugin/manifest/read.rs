//! Walking the text of a manifest: every fault is collected, with its position, so that an author mends them in one go.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::config::number_of;
use super::{
    Bounds, ConfigKey, ConfigType, Limits, MANIFEST_BYTES, MANIFEST_FILE, Manifest, OnFault, Phase, did_you_mean,
    is_plugin_name, place::position,
};
use crate::domain::reach::{self, Use};
use crate::plugin::package::{ConfigValue, Grants, LoadError};
use crate::plugin::told;

/// The keys of a manifest.
const KEYS: [&str; 11] = [
    "name",
    "version",
    "description",
    "priority",
    "phase",
    "on_fault",
    "grants",
    "reads",
    "writes",
    "budget",
    "config",
];

/// Limits that a manifest may set: key, least, most.
const LIMITS: [(&str, u32, u32); 5] = [
    ("deadline_ms", 1, 5_000),
    ("memory_mib", 1, 256),
    ("operations", 1, 100_000_000),
    ("log_kib", 0, 1_024),
    ("edits", 0, 10_000),
];

/// Most faults that are told.
const MOST_FAULTS: usize = 50;

/// What may be asked for.
const GRANTS: [&str; 2] = ["lookup", "state"];

/// The keys of one thing that a plugin can be told.
const CONFIG_KEYS: [&str; 8] = ["type", "default", "doc", "secret", "required", "one_of", "min", "max"];

type Value<'t> = Spanned<DeValue<'t>>;

/// The faults so far, by where they stand.
struct Walk<'t> {
    text: &'t str,
    faults: Vec<(usize, LoadError)>,
}

/// Reads a manifest; see [`Manifest::parse`].
pub(super) fn manifest(text: &str, folder: &str) -> Result<Manifest, Vec<LoadError>> {
    if text.len() > MANIFEST_BYTES {
        let message = format!("{MANIFEST_FILE} has {} bytes, more than {MANIFEST_BYTES}", text.len());
        return Err(vec![LoadError::new(message)]);
    }
    let mut walk = Walk { text, faults: Vec::new() };
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        walk.fault(error.span().unwrap_or(0..0), error.message().to_owned(), None);
    }
    // What is no TOML is told alone: everything after the broken place would be guessed.
    let manifest = if walk.faults.is_empty() { walk.manifest(table.get_ref(), folder) } else { None };
    match manifest {
        Some(manifest) if walk.faults.is_empty() => Ok(manifest),
        _ => Err(walk.told()),
    }
}

impl<'t> Walk<'t> {
    fn told(mut self) -> Vec<LoadError> {
        self.faults.sort_by_key(|(at, _)| *at);
        self.faults.into_iter().map(|(_, fault)| fault).collect()
    }

    /// Notes a fault; a manifest of nothing but faults is not told to its end.
    fn fault(&mut self, span: Range<usize>, message: String, hint: Option<String>) {
        if self.faults.len() >= MOST_FAULTS {
            return;
        }
        let (message, hint) = (told::lines(message), hint.map(told::lines));
        let error = LoadError { message, position: Some(position(self.text, MANIFEST_FILE, span.start)), hint };
        self.faults.push((span.start, error));
    }

    fn manifest(&mut self, table: &DeTable<'t>, folder: &str) -> Option<Manifest> {
        self.unknown(table, &KEYS, "plugin.toml has no key");
        let base = Manifest::of_lone_file(folder);
        Some(Manifest {
            name: self.name(table, folder),
            version: self.version(table).unwrap_or(base.version),
            description: table.get("description").and_then(|value| self.text(value, "description")),
            priority: table
                .get("priority")
                .and_then(|value| self.number(value, "priority", 0, 1000))
                .map_or(base.priority, small),
            phase: self.word(table, "phase", &Phase::ALL.map(|phase| (phase.as_str(), phase))).unwrap_or(base.phase),
            on_fault: self.word(
                table,
                "on_fault",
                &[OnFault::Reject, OnFault::Skip].map(|policy| (policy.as_str(), policy)),
            ),
            asks: self.grants(table),
            reads: table.get("reads").map(|value| self.names(value, "reads", Use::Read)),
            writes: table.get("writes").map(|value| self.names(value, "writes", Use::Write)),
            limits: self.limits(table),
            config: self.config(table),
        })
    }

    fn unknown(&mut self, table: &DeTable<'t>, known: &[&str], what: &str) {
        for key in table.keys() {
            let name = key.get_ref().as_ref();
            if !known.contains(&name) {
                self.fault(key.span(), format!("{what} `{name}`"), Some(did_you_mean(name, known.iter().copied())));
            }
        }
    }

    fn name(&mut self, table: &DeTable<'t>, folder: &str) -> String {
        let value = table.get("name");
        let name = value.and_then(|value| self.text(value, "name")).unwrap_or_else(|| folder.to_owned());
        if !is_plugin_name(&name) {
            let hint = Some("use 1–64 of `a-z`, `0-9` and `-`".to_owned());
            self.fault(value.map_or(0..0, Spanned::span), format!("`{name}` cannot be a plugin's name"), hint);
        }
        name
    }

    fn version(&mut self, table: &DeTable<'t>) -> Option<String> {
        let value = table.get("version")?;
        let version = self.text(value, "version")?;
        if !is_version(&version) {
            self.fault(
                value.span(),
                format!("`{version}` is no version"),
                Some("write MAJOR.MINOR.PATCH, such as `1.0.0`".to_owned()),
            );
        }
        Some(version)
    }

    fn text(&mut self, value: &Value<'t>, key: &str) -> Option<String> {
        let text = value.get_ref().as_str().map(str::to_owned);
        if text.is_none() {
            self.wrong(value, key, "a text");
        }
        text
    }

    fn flag(&mut self, table: &DeTable<'t>, key: &str) -> bool {
        let Some(value) = table.get(key) else { return false };
        value.get_ref().as_bool().unwrap_or_else(|| {
            self.wrong(value, key, "`true` or `false`");
            false
        })
    }

    fn number(&mut self, value: &Value<'t>, key: &str, least: u32, most: u32) -> Option<u32> {
        let integer = value.get_ref().as_integer();
        let number = integer.and_then(|number| i64::from_str_radix(number.as_str(), number.radix()).ok());
        let number =
            number.and_then(|number| u32::try_from(number).ok()).filter(|number| (least..=most).contains(number));
        if number.is_none() {
            self.wrong(value, key, &format!("a whole number from {least} to {most}"));
        }
        number
    }

    fn wrong(&mut self, value: &Value<'t>, key: &str, takes: &str) {
        self.fault(value.span(), format!("`{key}` takes {takes}"), None);
    }

    fn word<T: Copy>(&mut self, table: &DeTable<'t>, key: &str, words: &[(&str, T)]) -> Option<T> {
        let value = table.get(key)?;
        let word = self.text(value, key)?;
        let found = words.iter().find(|(known, _)| *known == word).map(|(_, found)| *found);
        if found.is_none() {
            let known: Vec<&str> = words.iter().map(|(known, _)| *known).collect();
            let takes = known.join("` or `");
            self.fault(
                value.span(),
                format!("`{key}` takes `{takes}`, not `{word}`"),
                Some(did_you_mean(&word, known)),
            );
        }
        found
    }

    /// A list of texts, each with its place.
    fn list(&mut self, value: &Value<'t>, key: &str) -> Vec<(Range<usize>, String)> {
        let Some(items) = value.get_ref().as_array() else {
            self.wrong(value, key, "a list of texts");
            return Vec::new();
        };
        items.iter().filter_map(|item| self.text(item, key).map(|text| (item.span(), text))).collect()
    }

    /// Names of fields, groups, details of an enquiry, or headers of files; what can only be a header is one.
    fn names(&mut self, value: &Value<'t>, key: &str, to: Use) -> Vec<String> {
        let mut names = Vec::new();
        for (span, name) in self.list(value, key) {
            if name.trim().is_empty() {
                self.fault(span, format!("`{key}` holds an empty name"), None);
                continue;
            }
            match reach::read(&name, to) {
                Ok(name) => names.push(name),
                Err(invalid) => self.fault(span, format!("`{key}`: {}", invalid.message), invalid.hint),
            }
        }
        names
    }

    fn grants(&mut self, table: &DeTable<'t>) -> Grants {
        let mut grants = Grants::default();
        let Some(value) = table.get("grants") else { return grants };
        for (span, name) in self.list(value, "grants") {
            match name.as_str() {
                "lookup" => grants.lookup = true,
                "state" => grants.state = true,
                _ => self.fault(span, format!("there is no grant `{name}`"), Some(did_you_mean(&name, GRANTS))),
            }
        }
        grants
    }

    fn table<'a>(&mut self, table: &'a DeTable<'t>, key: &str) -> Option<&'a DeTable<'t>> {
        let value = table.get(key)?;
        if !value.get_ref().is_table() {
            self.wrong(value, key, &format!("a table: [{key}]"));
        }
        value.get_ref().as_table()
    }

    fn limits(&mut self, table: &DeTable<'t>) -> Limits {
        let Some(table) = self.table(table, "budget") else { return Limits::default() };
        self.unknown(table, &LIMITS.map(|(key, ..)| key), "[budget] has no key");
        let [deadline_ms, memory_mib, operations, log_kib, edits] =
            LIMITS.map(|(key, least, most)| table.get(key).and_then(|value| self.number(value, key, least, most)));
        Limits { deadline_ms, memory_mib, operations, log_kib, edits }
    }

    fn config(&mut self, table: &DeTable<'t>) -> Vec<ConfigKey> {
        let Some(table) = self.table(table, "config") else { return Vec::new() };
        table.iter().filter_map(|(key, value)| self.config_key(key, value)).collect()
    }

    fn config_key(&mut self, key: &Spanned<std::borrow::Cow<'t, str>>, value: &Value<'t>) -> Option<ConfigKey> {
        let name = key.get_ref().as_ref();
        let sound = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-');
        if !(1..=64).contains(&name.len()) || !name.bytes().all(sound) {
            let hint = Some("use 1–64 of `a-z`, `0-9`, `_` and `-`".to_owned());
            self.fault(key.span(), format!("`{name}` cannot be a setting's name"), hint);
        }
        let Some(table) = value.get_ref().as_table() else {
            self.wrong(value, name, &format!("a table: [config.{name}]"));
            return None;
        };
        self.unknown(table, &CONFIG_KEYS, &format!("[config.{name}] has no key"));
        let kinds = ConfigType::ALL.map(|kind| (kind.as_str(), kind));
        if table.get("type").is_none() {
            let hint = Some(did_you_mean("", kinds.map(|(word, _)| word)));
            self.fault(key.span(), format!("setting `{name}` has no `type`"), hint);
        }
        let kind = self.word(table, "type", &kinds)?;
        let default = table.get("default").and_then(|value| self.default(value, name, kind));
        let required = self.flag(table, "required");
        if required && default.is_some() {
            self.fault(
                key.span(),
                format!("setting `{name}` is required and has a default"),
                Some("keep one of them".to_owned()),
            );
        }
        let doc = table.get("doc").and_then(|value| self.text(value, "doc"));
        let secret = self.flag(table, "secret");
        if secret && default.is_some() {
            let hint = Some("a manifest is for everybody to read: say `required = true` instead".to_owned());
            self.fault(key.span(), format!("setting `{name}` is secret and has a default"), hint);
        }
        let bounds = self.bounds(table, name, kind);
        if let Some((value, fault)) =
            table.get("default").zip(default.as_ref().and_then(|default| bounds.fault(default)))
        {
            self.fault(value.span(), format!("the default of `{name}` {fault}"), None);
        }
        Some(ConfigKey { name: name.to_owned(), kind, default, doc, secret, required, bounds })
    }

    /// Which values of its type a setting takes.
    fn bounds(&mut self, table: &DeTable<'t>, name: &str, kind: ConfigType) -> Bounds {
        let is_number = matches!(kind, ConfigType::Integer | ConfigType::Number);
        let mut bounds = Bounds::default();
        if let Some(value) = table.get("one_of") {
            if matches!(kind, ConfigType::Text | ConfigType::List) {
                bounds.one_of = self.list(value, "one_of").into_iter().map(|(_, word)| word).collect();
                if bounds.one_of.is_empty() {
                    self.fault(value.span(), format!("`one_of` of `{name}` offers nothing"), None);
                }
            } else {
                self.fault(value.span(), format!("`one_of` is for settings of type text or list, not {kind}"), None);
            }
        }
        for (key, bound) in [("min", &mut bounds.min), ("max", &mut bounds.max)] {
            let Some(value) = table.get(key) else { continue };
            if !is_number {
                self.fault(
                    value.span(),
                    format!("`{key}` is for settings of type integer or number, not {kind}"),
                    None,
                );
                continue;
            }
            *bound = plain(value.get_ref()).and_then(|value| kind.take(&value)).as_ref().and_then(number_of);
            if bound.is_none() {
                self.wrong(value, key, &format!("a value of type {kind}"));
            }
        }
        if bounds.min.zip(bounds.max).is_some_and(|(min, max)| min > max)
            && let Some(value) = table.get("max")
        {
            self.fault(value.span(), format!("`max` of `{name}` is less than its `min`"), None);
        }
        bounds
    }

    fn default(&mut self, value: &Value<'t>, name: &str, kind: ConfigType) -> Option<ConfigValue> {
        let taken = plain(value.get_ref()).and_then(|value| kind.take(&value));
        if taken.is_none() {
            self.fault(value.span(), format!("the default of `{name}` is not of type {kind}"), None);
        }
        taken
    }
}

/// The value without its places, if it is of a kind that settings have.
fn plain(value: &DeValue<'_>) -> Option<toml::Value> {
    Some(match value {
        DeValue::String(text) => toml::Value::String(text.to_string()),
        DeValue::Integer(number) => toml::Value::Integer(i64::from_str_radix(number.as_str(), number.radix()).ok()?),
        DeValue::Float(number) => toml::Value::Float(number.as_str().parse().ok()?),
        DeValue::Boolean(yes) => toml::Value::Boolean(*yes),
        DeValue::Array(items) => {
            toml::Value::Array(items.iter().map(|item| plain(item.get_ref())).collect::<Option<_>>()?)
        }
        DeValue::Datetime(_) | DeValue::Table(_) => return None,
    })
}

fn small(number: u32) -> u16 {
    u16::try_from(number).unwrap_or(u16::MAX)
}

fn is_version(version: &str) -> bool {
    let core = version.split(['-', '+']).next().unwrap_or_default();
    let parts: Vec<&str> = core.split('.').collect();
    let number = |part: &&str| !part.is_empty() && part.len() <= 9 && part.bytes().all(|b| b.is_ascii_digit());
    let rest = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'+');
    version.len() <= 64 && parts.len() == 3 && parts.iter().all(number) && version.bytes().all(rest)
}
