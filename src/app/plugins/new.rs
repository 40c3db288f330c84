//! Starting a plugin: a whole package that builds and passes its cases as it is, for an author to change. What is in its files is
//! `templates/`; this file says which of them a package gets, and puts them down all at once or not at all.

mod contents;
mod template;
#[cfg(test)]
mod tests;

use std::fs;
use std::path::{Path, PathBuf};

use crate::app::App;
use crate::app::failure::{Class, Failure};
use crate::plugin::hook::{Hook, HookSet};
use crate::plugin::manifest::{did_you_mean, is_plugin_name};
use crate::registry::sources::Language;

/// What an author wants.
#[derive(Clone, Debug)]
pub struct Wish<'a> {
    /// The plugin's name.
    pub name: &'a str,
    /// The language's name.
    pub language: &'a str,
    /// The hooks' names.
    pub hooks: &'a [String],
    /// The folder in which the package's folder is made; the home's own if not said.
    pub into: Option<&'a Path>,
}

/// A package that was made.
#[derive(Debug)]
pub struct Made {
    /// Its folder.
    pub folder: PathBuf,
    /// Its language.
    pub language: Language,
    /// Its hooks.
    pub hooks: HookSet,
    /// Its files, by their paths in the folder.
    pub files: Vec<String>,
    /// Whether it lies where plugins are looked for.
    pub in_home: bool,
}

impl App {
    /// Makes a package.
    ///
    /// # Errors
    /// Usage, when a name, a hook or the language is not one; conflict, when there is such a package or folder already; or why
    /// it could not be written. Nothing is left of it then.
    pub fn new_package(&self, wish: &Wish<'_>) -> Result<Made, Failure> {
        let language = language(wish.language)?;
        let hooks = hooks(wish.hooks)?;
        check_name(wish.name)?;
        let home = self.home().folder();
        let usual = home.join(contents::usual_folder(language));
        let into = wish.into.map_or(usual.as_path(), |into| into);
        let in_home = same_folder(into, &usual);
        if in_home {
            check_free_in_home(home, wish.name)?;
        }
        let folder = into.join(wish.name);
        if folder.symlink_metadata().is_ok() {
            let message = format!("there is a `{}` already", folder.display());
            return Err(Failure::new(Class::Conflict, "PACKAGE_EXISTS", message)
                .hint("choose another name, or another place with `--dir`"));
        }
        let files = contents::files(wish.name, language, hooks, in_home);
        put_down(into, wish.name, &files).map_err(|error| Failure::io("make", &folder, &error))?;
        Ok(Made { folder, language, hooks, files: files.into_iter().map(|(name, _)| name).collect(), in_home })
    }
}

/// Reads the name of a language, or one of its other names.
fn language(name: &str) -> Result<Language, Failure> {
    let lower = name.to_ascii_lowercase();
    let known = match lower.as_str() {
        "rs" => Some(Language::Rust),
        "javascript" | "node" => Some(Language::JavaScript),
        "py" | "python3" => Some(Language::Python),
        _ => Language::ALL.into_iter().find(|language| language.name() == lower),
    };
    known.ok_or_else(|| {
        Failure::new(Class::Usage, "LANGUAGE_UNKNOWN", format!("plugins cannot be started in `{name}`"))
            .hint(did_you_mean(&lower, Language::ALL.map(Language::name)))
    })
}

/// Reads the hooks' names; none at all is the most common one.
fn hooks(names: &[String]) -> Result<HookSet, Failure> {
    let mut hooks = HookSet::default();
    for name in names.iter().map(|name| name.trim()).filter(|name| !name.is_empty()) {
        let hook = Hook::parse(name).ok_or_else(|| {
            Failure::new(Class::Usage, "HOOK_UNKNOWN", format!("there is no hook `{name}`"))
                .hint(did_you_mean(name, Hook::ALL.map(Hook::name)))
        })?;
        hooks.insert(hook);
    }
    if hooks.is_empty() {
        hooks.insert(Hook::Create);
    }
    Ok(hooks)
}

/// Names that every language's tools take: those of plugins that start with a letter, with single hyphens between words.
fn check_name(name: &str) -> Result<(), Failure> {
    let sound = is_plugin_name(name)
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && !name.ends_with('-')
        && !name.contains("--");
    if sound {
        return Ok(());
    }
    let hint = match suggestion(name) {
        Some(better) => format!("take 1–64 of `a-z`, `0-9` and single `-` between, a letter first: `{better}`"),
        None => "take 1–64 of `a-z`, `0-9` and single `-` between, a letter first: `tidy-names`".to_owned(),
    };
    Err(Failure::new(Class::Usage, "PLUGIN_NAME", format!("`{name}` cannot be the name of a new plugin")).hint(hint))
}

/// Returns the nearest name that would do.
fn suggestion(name: &str) -> Option<String> {
    let plain: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect();
    let words: Vec<&str> = plain.split('-').filter(|word| !word.is_empty()).collect();
    let better = words.join("-");
    let better: String = better.trim_start_matches(|c: char| !c.is_ascii_lowercase()).chars().take(64).collect();
    let better = better.trim_end_matches('-').to_owned();
    (!better.is_empty()).then_some(better)
}

/// Two packages of one name refuse each other.
fn check_free_in_home(home: &Path, name: &str) -> Result<(), Failure> {
    let places = ["plugins", "scripts"].map(|root| home.join(root).join(name));
    let lone = [home.join("plugins").join(format!("{name}.wasm")), home.join("scripts").join(format!("{name}.rhai"))];
    match places.into_iter().chain(lone).find(|place| place.symlink_metadata().is_ok()) {
        Some(place) => {
            let message = format!("there is a plugin `{name}` already, at `{}`", place.display());
            Err(Failure::new(Class::Conflict, "PACKAGE_EXISTS", message).hint("choose another name"))
        }
        None => Ok(()),
    }
}

fn same_folder(a: &Path, b: &Path) -> bool {
    a == b || matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}

/// Writes the package aside, and gives it its name when it is whole.
fn put_down(into: &Path, name: &str, files: &[(String, String)]) -> std::io::Result<()> {
    fs::create_dir_all(into)?;
    let aside = tempfile::Builder::new().prefix(".new-").tempdir_in(into)?;
    let whole = aside.path().join(name);
    for (path, content) in files {
        let path = whole.join(path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(path, content)?;
    }
    fs::rename(&whole, into.join(name))
}
