//! The table of what scripts may call: registering a function and writing its entry of the reference stand side by side, and a test finds
//! whatever was registered without an entry and an example. The functions themselves are in `host`, `things` and `library`; how the
//! table is shown is in `page`, how a wrong call is explained in `misuse`.

pub(super) mod misuse;
mod page;

use std::any::TypeId;
use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use rhai::{Dynamic, FuncRegistration, Module, RhaiNativeFunc};

use super::{engine, host, library, things};

/// Everything that Carnet adds to the language; made once for the process.
pub(super) struct Api {
    /// Rhai's own library is in it, too.
    pub(super) module: Arc<Module>,
    chapters: Vec<Chapter>,
    registered: Vec<Registered>,
}

/// Collects functions and what is said of them.
#[derive(Default)]
pub(super) struct Table {
    pub(super) module: Module,
    chapters: Vec<Chapter>,
    registered: Vec<Registered>,
}

/// A part of the reference.
#[derive(Debug)]
pub struct Chapter {
    /// What it is about.
    pub title: &'static str,
    /// What to know first, as Markdown.
    pub intro: &'static str,
    /// Its functions, properties and indexes.
    pub entries: Vec<Entry>,
}

/// A function, property or index.
#[derive(Debug)]
pub struct Entry {
    /// How it is written: `pad_left(text, width, fill)`.
    pub usage: Cow<'static, str>,
    /// What it does, as Markdown.
    pub doc: Cow<'static, str>,
    /// Examples that run.
    pub examples: Vec<Example>,
}

/// Code and what comes of it. Code that ends with `;` or `}` is a hook's body, anything else an expression.
#[derive(Clone, Debug)]
pub struct Example {
    /// What is run.
    pub code: Cow<'static, str>,
    /// The expression's value as `to_debug` writes it; or what the body sets, rejects, skips and logs.
    pub result: Cow<'static, str>,
}

/// Examples as they are written in the table.
pub(super) type Examples = &'static [(&'static str, &'static str)];

/// Something that scripts can reach.
#[derive(Debug)]
pub struct Registered {
    /// Its name; empty for an index.
    pub name: &'static str,
    /// What kind of thing it is.
    pub kind: Kind,
    types: Vec<TypeId>,
}

/// What kind of thing was registered.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Kind {
    /// `name(…)`
    Function,
    /// `thing.name`, by the word that the reference uses for the thing.
    Getter(&'static str),
    /// `thing.name = …`
    Setter(&'static str),
    /// `thing["name"]`
    IndexGetter(&'static str),
    /// `thing["name"] = …`
    IndexSetter(&'static str),
}

/// Returns the table of this process.
pub(super) fn shared() -> &'static Api {
    static API: LazyLock<Api> = LazyLock::new(|| {
        let mut table = Table::default();
        host::register(&mut table);
        things::register(&mut table);
        library::register(&mut table);
        // One module of all that there is, for each call of a function asks one module after the other. Ours win over Rhai's own.
        table.module.fill_with(&engine::standard());
        table.module.build_index();
        Api { module: table.module.into(), chapters: table.chapters, registered: table.registered }
    });
    &API
}

impl Table {
    /// Begins a chapter of the reference.
    pub(super) fn chapter(&mut self, title: &'static str, intro: &'static str) {
        self.chapters.push(Chapter { title, intro, entries: Vec::new() });
    }

    /// Adds an entry to the reference.
    pub(super) fn say(&mut self, usage: &'static str, doc: &'static str, examples: Examples) {
        let example = |(code, result): &(&'static str, &'static str)| Example {
            code: Cow::Borrowed(code),
            result: Cow::Borrowed(result),
        };
        let examples = examples.iter().map(example).collect();
        self.entry(Entry { usage: Cow::Borrowed(usage), doc: Cow::Borrowed(doc), examples });
    }

    /// Adds an entry that is made, not written.
    pub(super) fn entry(&mut self, entry: Entry) {
        if let Some(chapter) = self.chapters.last_mut() {
            chapter.entries.push(entry);
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
        self.note(name, Kind::Function, G::param_types());
        self.inner(name, function);
    }

    /// Registers a function that the language calls by itself, or that stands in for one that scripts must not have.
    pub(super) fn inner<A: 'static, const N: usize, const X: bool, R, const F: bool, G>(
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

    /// Registers the reading of a property.
    pub(super) fn getter<A: 'static, const X: bool, R, const F: bool, G>(
        &mut self,
        thing: &'static str,
        name: &'static str,
        function: G,
    ) where
        R: std::any::Any + Clone + Send + Sync,
        G: RhaiNativeFunc<A, 1, X, R, F> + Send + Sync + 'static,
    {
        self.note(name, Kind::Getter(thing), G::param_types());
        FuncRegistration::new_getter(name)
            .with_purity(true)
            .with_volatility(false)
            .set_into_module(&mut self.module, function);
    }

    /// Registers the writing of a property.
    pub(super) fn setter<A: 'static, const X: bool, R, const F: bool, G>(
        &mut self,
        thing: &'static str,
        name: &'static str,
        function: G,
    ) where
        R: std::any::Any + Clone + Send + Sync,
        G: RhaiNativeFunc<A, 2, X, R, F> + Send + Sync + 'static,
    {
        self.note(name, Kind::Setter(thing), G::param_types());
        self.write_back(name, function);
    }

    /// Registers a property that cannot be set, but that Rhai writes back after a method was called on its value.
    pub(super) fn write_back<A: 'static, const X: bool, R, const F: bool, G>(&mut self, name: &'static str, function: G)
    where
        R: std::any::Any + Clone + Send + Sync,
        G: RhaiNativeFunc<A, 2, X, R, F> + Send + Sync + 'static,
    {
        FuncRegistration::new_setter(name).with_volatility(false).set_into_module(&mut self.module, function);
    }

    /// Registers the reading of an index.
    pub(super) fn index_getter<A: 'static, const X: bool, R, const F: bool, G>(
        &mut self,
        thing: &'static str,
        function: G,
    ) where
        R: std::any::Any + Clone + Send + Sync,
        G: RhaiNativeFunc<A, 2, X, R, F> + Send + Sync + 'static,
    {
        self.note("", Kind::IndexGetter(thing), G::param_types());
        FuncRegistration::new_index_getter()
            .with_purity(true)
            .with_volatility(false)
            .set_into_module(&mut self.module, function);
    }

    /// Registers the writing of an index.
    pub(super) fn index_setter<A: 'static, const X: bool, R, const F: bool, G>(
        &mut self,
        thing: &'static str,
        function: G,
    ) where
        R: std::any::Any + Clone + Send + Sync,
        G: RhaiNativeFunc<A, 3, X, R, F> + Send + Sync + 'static,
    {
        self.note("", Kind::IndexSetter(thing), G::param_types());
        FuncRegistration::new_index_setter().with_volatility(false).set_into_module(&mut self.module, function);
    }

    fn note(&mut self, name: &'static str, kind: Kind, types: impl AsRef<[TypeId]>) {
        self.registered.push(Registered { name, kind, types: types.as_ref().to_vec() });
    }
}

impl Api {
    /// Returns all that is said, chapter by chapter.
    pub(super) fn chapters(&self) -> &[Chapter] {
        &self.chapters
    }

    /// Returns all that scripts can reach.
    pub(super) fn registered(&self) -> &[Registered] {
        &self.registered
    }

    fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.chapters.iter().flat_map(|chapter| &chapter.entries)
    }
}

impl Registered {
    /// Returns how many values it takes, the thing before the dot included.
    #[must_use]
    pub fn arity(&self) -> usize {
        self.types.len()
    }
}

impl Entry {
    /// Returns the function's name of `contact.add(field, value)`; nothing for a property.
    #[must_use]
    pub fn function(&self) -> Option<&str> {
        let head = self.usage.split('(').next().filter(|head| head.len() < self.usage.len())?;
        head.rsplit('.').next()
    }

    /// Returns the names of its arguments, without the thing before the dot.
    fn arguments(&self) -> Vec<&str> {
        let inside =
            self.usage.split_once('(').and_then(|(_, rest)| rest.rsplit_once(')')).map_or("", |(inside, _)| inside);
        inside.split(", ").map(str::trim).filter(|name| !name.is_empty()).collect()
    }
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
