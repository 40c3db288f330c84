//! Plugins as operators and authors see them: what is in service, one package checked, one hook tried, a component built.

pub mod approve;
pub mod build;

use std::path::Path;
use std::sync::Arc;

use super::App;
use super::failure::{Class, Failure};
use crate::plugin::hook::Hook;
use crate::registry::cases::{Case, Played, play};
use crate::registry::{Generation, Loaded, Refused};

impl App {
    /// Finds a plugin in service by name, or loads one from a package's folder or file, without putting it into service.
    ///
    /// # Errors
    /// Not found, with the nearest name; or why the package would be refused.
    pub fn plugin(&self, name_or_path: &str) -> Result<Arc<Loaded>, Failure> {
        let generation = self.generation()?;
        if let Some(loaded) = generation.find(name_or_path) {
            return Ok(Arc::clone(loaded));
        }
        let path = Path::new(name_or_path);
        if path.exists() {
            return self.check_package(path);
        }
        if let Some(refused) = generation.refused.iter().find(|refused| refused.name == name_or_path) {
            return Err(refusal(refused));
        }
        Err(unknown(name_or_path, &generation))
    }

    /// Loads one package as this deployment would, and runs its cases.
    ///
    /// # Errors
    /// Every reason why it would be refused.
    pub fn check_package(&self, path: &Path) -> Result<Arc<Loaded>, Failure> {
        if !path.exists() {
            return Err(Failure::new(Class::NotFound, "PACKAGE", format!("there is no package `{}`", path.display()))
                .hint("name a folder with a plugin.toml, or a .rhai or .wasm file"));
        }
        self.registry()?.candidate(path).map_err(|refused| refusal(&refused))
    }

    /// Calls one hook of a plugin on an event in the form of a package's cases. Nothing is written.
    ///
    /// # Errors
    /// Usage, when the event cannot be read, or the plugin has no such hook.
    pub fn try_hook(&self, loaded: &Loaded, hook: Hook, event: &Path) -> Result<Played, Failure> {
        let text = std::fs::read_to_string(event)
            .map_err(|error| Failure { class: Class::NotFound, ..Failure::io("read", event, &error) })?;
        let text = as_case(hook, &text);
        let case = Case::parse(&text).map_err(|faults| {
            Failure::new(Class::Usage, "EVENT", format!("the event in `{}` cannot be read: {}", event.display(), faults.join("; ")))
                .hint("write it like a case of a package: [row], [contact], [master] and [other], or [enquiry], with `field = \"value\"` lines")
        })?;
        if case.hook != hook {
            let message = format!("the event in `{}` is for {}, not {hook}", event.display(), case.hook);
            return Err(
                Failure::new(Class::Usage, "EVENT_HOOK", message).hint("leave out its `hook` line, or name that hook")
            );
        }
        if !loaded.plugin.hooks().contains(hook) {
            let has: Vec<&str> = loaded.plugin.hooks().iter().map(Hook::name).collect();
            let message = format!("plugin `{}` has no {hook}", loaded.identity().name);
            return Err(Failure::new(Class::Usage, "HOOK_MISSING", message).hint(format!("it has {}", has.join(", "))));
        }
        let mut played = play(&case, &*loaded.plugin, &loaded.manifest);
        loaded.mask.log(&mut played.log);
        loaded.mask.outcome(&mut played.verdict);
        Ok(played)
    }
}

/// An event need not say for which hook it is, nor what is expected of it.
fn as_case(hook: Hook, event: &str) -> String {
    let starts = |start: &str| event.lines().any(|line| line.trim_start().starts_with(start));
    let head = if starts("hook") { String::new() } else { format!("hook = \"{hook}\"\n") };
    let tail = if starts("[expect]") { "" } else { "\n[expect]\nverdict = \"accept\"\n" };
    format!("{head}{event}{tail}")
}

/// There is no such plugin; the nearest one may be meant.
fn unknown(name: &str, generation: &Generation) -> Failure {
    let known = generation.plugins.iter().map(|loaded| loaded.identity().name.as_str());
    let score = |known: &str| strsim::jaro_winkler(known, name);
    let nearest = known.max_by(|a, b| score(a).total_cmp(&score(b))).filter(|near| score(near) > 0.75);
    let failure = Failure::new(Class::NotFound, "PLUGIN_UNKNOWN", format!("there is no plugin `{name}`"));
    match nearest {
        Some(near) => failure.hint(format!("did you mean `{near}`?")),
        None => failure.hint("`carnet plugin list` lists them; a package's folder or file may be named, too"),
    }
}

/// Everything that is wrong with a package, each with place and hint.
fn refusal(refused: &Refused) -> Failure {
    let one = |error: &crate::plugin::package::LoadError| {
        let place = error.position.as_ref().map_or_else(String::new, |position| format!("{position}: "));
        let source = error.position.as_ref().and_then(|position| position.source.as_ref());
        let source = source.map_or_else(String::new, |source| format!("\n      | {}", source.trim_end()));
        let hint = error.hint.as_ref().map_or_else(String::new, |hint| format!("\n      hint: {hint}"));
        format!("  - {place}{error}{source}{hint}")
    };
    let all: Vec<String> = std::iter::once(&refused.error).chain(&refused.more).map(one).collect();
    let (code, state) = match refused.waits {
        Some(_) => ("PLUGIN_WAITING", "waits for approval"),
        None => ("PLUGIN_REFUSED", "is refused"),
    };
    let message = format!("plugin `{}` ({}) {state}\n{}", refused.name, refused.path.display(), all.join("\n"));
    Failure::new(Class::PluginFault, code, message)
}
