//! The table of what scripts may call: registering a function and writing its line of the reference are one act, so neither can be
//! forgotten. The functions themselves are in `host`, `things` and `library`.

use std::fmt::Write;
use std::sync::{Arc, LazyLock};

use rhai::{Dynamic, FuncRegistration, Module, RhaiNativeFunc};

use super::{host, library, things};

/// Everything that Carnet adds to the language; made once for the process.
pub(super) struct Api {
    pub(super) module: Arc<Module>,
    chapters: Vec<Chapter>,
}

/// Collects functions and what is said of them.
#[derive(Default)]
pub(super) struct Table {
    pub(super) module: Module,
    chapters: Vec<Chapter>,
}

struct Chapter {
    title: &'static str,
    intro: &'static str,
    entries: Vec<(&'static str, &'static str)>,
}

/// Returns the table of this process.
pub(super) fn shared() -> &'static Api {
    static API: LazyLock<Api> = LazyLock::new(|| {
        let mut table = Table::default();
        host::register(&mut table);
        things::register(&mut table);
        library::register(&mut table);
        table.module.build_index();
        Api { module: table.module.into(), chapters: table.chapters }
    });
    &API
}

impl Table {
    /// Begins a chapter of the reference.
    pub(super) fn chapter(&mut self, title: &'static str, intro: &'static str) {
        self.chapters.push(Chapter { title, intro, entries: Vec::new() });
    }

    /// Adds a line to the reference.
    pub(super) fn say(&mut self, usage: &'static str, doc: &'static str) {
        if let Some(chapter) = self.chapters.last_mut() {
            chapter.entries.push((usage, doc));
        }
    }

    /// Registers a function.
    pub(super) fn function<A: 'static, const N: usize, const X: bool, R, const F: bool, G>(
        &mut self,
        name: &'static str,
        function: G,
    ) where
        R: std::any::Any + Clone + Send + Sync,
        G: RhaiNativeFunc<A, N, X, R, F> + Send + Sync + 'static,
    {
        // Volatile: never called while compiling. Pure: allowed on constants, for nothing that a script holds is changed.
        let registration = FuncRegistration::new(name).in_global_namespace().with_volatility(true).with_purity(true);
        registration.set_into_module(&mut self.module, function);
    }
}

impl Api {
    /// Returns the nearest name of a function, for a misspelt one.
    pub(super) fn nearest(name: &str) -> Option<&'static str> {
        let name = &name[..name.floor_char_boundary(100)];
        let known =
            shared().chapters.iter().flat_map(|chapter| &chapter.entries).filter_map(|(usage, _)| bare_name(usage));
        let scored = known.map(|known| (strsim::jaro_winkler(known, name), known));
        scored
            .filter(|(score, known)| *score > 0.85 && *known != name)
            .max_by(|a, b| a.0.total_cmp(&b.0))
            .map(|(_, known)| known)
    }

    /// Writes the reference as Markdown.
    pub(super) fn reference(&self) -> String {
        let mut page = String::new();
        for chapter in &self.chapters {
            let _ = write!(page, "### {}\n\n{}\n\n", chapter.title, chapter.intro);
            if !chapter.entries.is_empty() {
                page.push_str("| | |\n|---|---|\n");
            }
            for (usage, doc) in &chapter.entries {
                let _ = writeln!(page, "| `{}` | {} |", usage.replace('|', "\\|"), doc.replace('|', "\\|"));
            }
            page.push('\n');
        }
        page
    }
}

/// Returns the function's name of `contact.add(field, value)`.
fn bare_name(usage: &'static str) -> Option<&'static str> {
    let head = usage.split('(').next().filter(|head| head.len() < usage.len())?;
    head.rsplit('.').next()
}

/// Reads an argument that should be text: missing values are empty, numbers are written out, yes and no are words.
pub(super) fn text(value: &Dynamic) -> Option<rhai::ImmutableString> {
    if let Some(text) = value.read_lock::<rhai::ImmutableString>() {
        return Some(text.clone());
    }
    if value.is_unit() {
        return Some(rhai::ImmutableString::new());
    }
    if let Ok(yes) = value.as_bool() {
        return Some(if yes { "yes" } else { "no" }.into());
    }
    let plain = value.is_int() || value.is_float() || value.is_char();
    plain.then(|| value.to_string().into())
}

/// Says whether scripts may call something by that name, with whatever arguments.
pub(super) fn is_function(name: &str) -> bool {
    shared().chapters.iter().flat_map(|chapter| &chapter.entries).any(|(usage, _)| bare_name(usage) == Some(name))
}
