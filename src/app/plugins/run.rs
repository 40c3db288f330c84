//! One hook of one plugin, tried on an event that somebody wrote. Nothing is written, and the store is not asked.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use toml::{Table, Value};

use super::source_line;
use crate::app::App;
use crate::app::failure::{Class, Failure};
use crate::plugin::Plugin;
use crate::plugin::budget::Budget;
use crate::plugin::hook::Hook;
use crate::plugin::manifest::{ConfigType, Manifest, did_you_mean};
use crate::plugin::package::LoadError;
use crate::registry::Mask;
use crate::registry::cases::{Case, Played, play};

/// Largest event, in bytes.
const EVENT_BYTES: u64 = 4 << 20;

/// What a call did.
pub struct Tried {
    /// Name of the plugin.
    pub plugin: String,
    /// Its version.
    pub version: String,
    /// What came of the call.
    pub played: Played,
    /// What it could have spent.
    pub budget: Budget,
    /// Why it would not come into service here, if it was named by its name.
    pub refused: Option<String>,
}

impl App {
    /// Calls one hook of a plugin on an event: a file in the form of a package's cases, or the same as JSON; `-` is the standard input.
    /// `config` are values over those of the deployment, `key=value` each.
    ///
    /// # Errors
    /// Usage, when the event cannot be read, or the plugin has no such hook or setting; why the plugin cannot be loaded.
    pub fn try_hook(&self, plugin: &str, hook: Hook, event: &Path, config: &[String]) -> Result<Tried, Failure> {
        let case = event_for(hook, event)?;
        let mut ready = self.ready(plugin, &case.config, config)?;
        let Ready { code, manifest, mask, .. } = &ready;
        if !code.hooks().contains(hook) {
            return Err(no_hook(&code.identity().name, hook, &**code));
        }
        let mut played = play(&case, &**code, manifest);
        mask.log(&mut played.log);
        mask.outcome(&mut played.verdict);
        if let Err(fault) = &mut played.verdict {
            let bytes = std::fs::read(ready.path.join("plugin.wasm")).unwrap_or_default();
            source_line::add(fault, &ready.path, &bytes);
        }
        let identity = ready.code.identity();
        let (plugin, version) = (identity.name.clone(), identity.version.clone());
        let budget = ready.manifest.limits.budget();
        Ok(Tried { plugin, version, played, budget, refused: ready.refused.take() })
    }

    /// Finds what is meant and loads it: what is in service; or, where a package is named, or what lies there is refused here, that package,
    /// whatever its cases say.
    fn ready(&self, plugin: &str, of_event: &Table, config: &[String]) -> Result<Ready, Failure> {
        let generation = self.generation()?;
        let refused = generation.refused.iter().find(|refused| refused.name == plugin);
        if let Some(loaded) = generation.find(plugin).filter(|_| refused.is_none() && of_event.is_empty())
            && config.is_empty()
        {
            let (code, manifest) = (Arc::clone(&loaded.plugin), loaded.manifest.clone());
            return Ok(Ready { path: loaded.path.clone(), code, manifest, mask: loaded.mask.clone(), refused: None });
        }
        let path = match (refused, generation.find(plugin)) {
            (Some(refused), _) => refused.path.clone(),
            (None, Some(loaded)) => loaded.path.clone(),
            (None, None) if Path::new(plugin).exists() => self.package_path(Path::new(plugin))?,
            (None, None) => self.plugin(plugin)?.path.clone(),
        };
        let workbench = self.workbench()?;
        let draft = workbench.read(&path).map_err(|error| super::refused(&path, &[error]))?;
        let manifest = draft.manifest.as_ref().map_err(|errors| super::refused(&path, errors))?.clone();
        let mut given = of_event.clone();
        for pair in config {
            let (key, value) = setting(&manifest, pair)?;
            given.insert(key, value);
        }
        let (code, mask) = draft.load_as_told(given).map_err(|errors| super::refused(&path, &errors))?;
        let refused = refused.map(|refused| refused.error.to_string());
        Ok(Ready { path, code, manifest, mask, refused })
    }
}

/// A plugin that can be called.
struct Ready {
    path: PathBuf,
    code: Arc<dyn Plugin>,
    manifest: Manifest,
    mask: Mask,
    refused: Option<String>,
}

/// Reads an event for a hook.
///
/// # Errors
/// Not found, or what is wrong with it, with the way to write it.
pub(super) fn event_for(hook: Hook, event: &Path) -> Result<Case, Failure> {
    let text = read(event)?;
    let is_piped = event == Path::new("-");
    let name = if is_piped { "standard input".to_owned() } else { event.display().to_string() };
    let case = if text.trim_start().starts_with('{') {
        Case::from_table(&of_json(&text, hook).map_err(|error| unreadable(&name, hook, &[error]))?)
    } else {
        let (text, added) = as_case(hook, &text);
        let file =
            event.file_name().filter(|_| !is_piped).map_or_else(|| "stdin".into(), |file| file.to_string_lossy());
        Case::parse(&text, &file).map_err(|errors| errors.into_iter().map(|error| moved(error, added)).collect())
    };
    let case = case.map_err(|errors: Vec<LoadError>| unreadable(&name, hook, &errors))?;
    if case.hook != hook {
        let message = format!("the event in `{name}` is for {}, not {hook}", case.hook);
        let hint = "leave out its `hook` line, or name that hook";
        return Err(Failure::new(Class::Usage, "EVENT_HOOK", message).hint(hint));
    }
    Ok(case)
}

fn read(event: &Path) -> Result<String, Failure> {
    let mut bytes = Vec::new();
    let read = if event == Path::new("-") {
        std::io::stdin().lock().take(EVENT_BYTES + 1).read_to_end(&mut bytes)
    } else {
        std::fs::File::open(event).and_then(|file| file.take(EVENT_BYTES + 1).read_to_end(&mut bytes))
    };
    read.map_err(|error| Failure { class: Class::NotFound, ..Failure::io("read", event, &error) })?;
    let fail = |what: String| Failure::new(Class::Usage, "EVENT", format!("the event in `{}` {what}", event.display()));
    if bytes.len() as u64 > EVENT_BYTES {
        return Err(fail(format!("has more than {EVENT_BYTES} bytes")));
    }
    let text = String::from_utf8(bytes).map_err(|_| fail("is not UTF-8".to_owned()).hint("save it as UTF-8"))?;
    Ok(text.strip_prefix('\u{feff}').map_or(text.clone(), str::to_owned))
}

fn unreadable(name: &str, hook: Hook, errors: &[LoadError]) -> Failure {
    let told = super::faults(errors);
    Failure::new(Class::Usage, "EVENT", format!("the event in `{name}` cannot be read\n{told}"))
        .hint(format!("an event for {hook} is written like a case: {}", example(hook)))
}

const fn example(hook: Hook) -> &'static str {
    match hook {
        Hook::ImportRow => "[row], then a line such as \"Full Name\" = \"Ann Lee\" for each cell",
        Hook::Create | Hook::Delete => "[contact], then a line such as first_name = \"Ann\" for each field",
        Hook::Update => "[contact] and [before], each followed by lines such as first_name = \"Ann\"",
        Hook::Merge => "[master] and [other], each followed by lines such as first_name = \"Ann\"",
        Hook::Enquiry => {
            "[enquiry], then lines such as channel = \"call\" and from.phone = \"+85212345678\"; [contact] if it is known"
        }
    }
}

/// An event need not say for which hook it is, nor what is expected of it. Returns the lines added before it, too.
fn as_case(hook: Hook, event: &str) -> (String, usize) {
    let table: Option<Table> = event.parse().ok();
    let has = |key: &str| table.as_ref().is_some_and(|table| table.contains_key(key));
    let (head, added) = if has("hook") { (String::new(), 0) } else { (format!("hook = \"{hook}\"\n"), 1) };
    let tail = if has("expect") { "" } else { "\n[expect]\nverdict = \"accept\"\n" };
    (format!("{head}{event}{tail}"), added)
}

/// A position in the event as somebody wrote it; a line that was added is none of theirs.
fn moved(mut error: LoadError, added: usize) -> LoadError {
    error.position = error.position.filter(|position| position.line > added).map(|mut position| {
        position.line -= added;
        position
    });
    error
}

/// The same event as JSON.
fn of_json(text: &str, hook: Hook) -> Result<Table, LoadError> {
    let document: serde_json::Value = serde_json::from_str(text).map_err(|error| LoadError::new(error.to_string()))?;
    let Some(Value::Table(mut table)) = plain(document) else {
        return Err(LoadError::new("it is no JSON object"));
    };
    table.entry("hook").or_insert_with(|| hook.name().into());
    table.entry("expect").or_insert_with(|| Table::from_iter([("verdict".to_owned(), "accept".into())]).into());
    Ok(table)
}

/// What is null is not there.
fn plain(value: serde_json::Value) -> Option<Value> {
    Some(match value {
        serde_json::Value::Null => return None,
        serde_json::Value::Bool(yes) => Value::Boolean(yes),
        serde_json::Value::Number(number) => match number.as_i64() {
            Some(whole) => Value::Integer(whole),
            None => Value::Float(number.as_f64()?),
        },
        serde_json::Value::String(text) => Value::String(text),
        serde_json::Value::Array(items) => Value::Array(items.into_iter().filter_map(plain).collect()),
        serde_json::Value::Object(entries) => {
            Value::Table(entries.into_iter().filter_map(|(key, value)| Some((key, plain(value)?))).collect())
        }
    })
}

/// Reads `key=value` by the type that the manifest declares; the items of a list are separated by commas.
fn setting(manifest: &Manifest, pair: &str) -> Result<(String, Value), Failure> {
    let usage = |message: String| Failure::new(Class::Usage, "CONFIG_VALUE", message);
    let Some((name, text)) = pair.split_once('=') else {
        return Err(usage(format!("`{pair}` is no setting")).hint("write `--config key=value`"));
    };
    let name = name.trim();
    let Some(key) = manifest.config.iter().find(|key| key.name == name) else {
        let known = did_you_mean(name, manifest.config.iter().map(|key| key.name.as_str()));
        return Err(usage(format!("plugin `{}` has no setting `{name}`", manifest.name)).hint(known));
    };
    let value = match key.kind {
        ConfigType::Text => Some(Value::String(text.to_owned())),
        ConfigType::Integer => text.trim().parse().ok().map(Value::Integer),
        ConfigType::Number => text.trim().parse().ok().filter(|number: &f64| number.is_finite()).map(Value::Float),
        ConfigType::Bool => text.trim().parse().ok().map(Value::Boolean),
        ConfigType::List if text.trim().is_empty() => Some(Value::Array(Vec::new())),
        ConfigType::List => Some(Value::Array(text.split(',').map(|item| item.trim().into()).collect())),
    };
    let told = if key.secret { String::new() } else { format!(", not `{text}`") };
    let value = value.ok_or_else(|| usage(format!("setting `{name}` takes a value of type {}{told}", key.kind)))?;
    Ok((name.to_owned(), value))
}

/// A hook that a plugin does not have.
pub(super) fn no_hook(name: &str, hook: Hook, plugin: &dyn Plugin) -> Failure {
    let has: Vec<&str> = plugin.hooks().iter().map(Hook::name).collect();
    let message = format!("plugin `{name}` has no {hook}");
    Failure::new(Class::Usage, "HOOK_MISSING", message).hint(format!("it has {}", has.join(", ")))
}
