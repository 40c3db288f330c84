//! One version of a plugin, compiled and linked. Everything that can be wrong with it before it is called is told here.

use std::sync::{Arc, PoisonError};

use wasmtime::component::types::{ComponentFunc, ComponentItem};
use wasmtime::component::{Component, ComponentExportIndex, InstancePre, Linker, types};
use wasmtime::{Engine, Error};

use crate::plugin::hook::{Hook, HookSet};
use crate::plugin::package::{Grants, Identity, LoadError, Package};
use crate::plugin::service::Services;
use crate::plugin::{Plugin, Session};

use super::data::Data;
use super::scan::{Outside, outside};
use super::session::WasmSession;
use super::types::{GuestRowVerdict, GuestVerdict, OfContact, OfEnquiry, OfMerge, OfRow, OfUpdate};
use super::{PACKAGE, VERSION, WasmRuntime, compiling, engine, host, wasi};

/// From this size on, people are told that compiling takes a while.
const SLOW_BYTES: usize = 2 << 20;

/// Components of more bytes are compiled one at a time.
const LARGE: usize = 1 << 20;

/// A loaded component. Sessions share it.
pub(super) struct Loaded {
    pub(super) engine: Engine,
    pub(super) package: Package,
    pub(super) pre: InstancePre<Data>,
    /// The deadline in ticks of the engine's clock.
    pub(super) ticks: u64,
    /// Whether it brings an engine for another language with it: those alone need WASI.
    pub(super) is_interpreted: bool,
    hooks: Vec<(Hook, ComponentExportIndex)>,
}

/// What the world gets: sessions need the `Arc`.
pub(super) struct WasmPlugin(pub(super) Arc<Loaded>);

impl Plugin for WasmPlugin {
    fn identity(&self) -> &Arc<Identity> {
        &self.0.package.identity
    }

    fn hooks(&self) -> HookSet {
        self.0.hooks.iter().map(|(hook, _)| *hook).collect()
    }

    fn session(&self, services: Services) -> Box<dyn Session> {
        Box::new(WasmSession::new(Arc::clone(&self.0), services))
    }
}

impl Loaded {
    /// Returns where a hook's function is.
    pub(super) fn export(&self, hook: Hook) -> Option<&ComponentExportIndex> {
        self.hooks.iter().find(|(known, _)| *known == hook).map(|(_, export)| export)
    }

    /// Checks, compiles and links a package. Large components are compiled one at a time, for that takes much memory.
    pub(super) fn new(runtime: &WasmRuntime, package: &Package) -> Result<Self, LoadError> {
        let engine = &runtime.engine;
        let outside = outside(&package.code)?;
        check_grants(&outside, package.grants, &package.identity.name)?;
        let component = compile(runtime, package)?;
        let mut linker = Linker::new(engine);
        host::link(&mut linker, package.grants).map_err(|error| cannot("be linked", &error))?;
        wasi::link(&mut linker, &component, engine).map_err(|error| cannot("be linked", &error))?;
        let pre = linker.instantiate_pre(&component).map_err(|error| cannot("be linked", &error))?;
        let outer = linker.substituted_component_type(&component).map_err(|error| cannot("be linked", &error))?;
        let hooks = outside.hooks.iter().map(|(hook, export)| find_hook(engine, &component, &outer, *hook, export));
        Ok(Self {
            engine: engine.clone(),
            pre,
            ticks: engine::ticks(package.budget.deadline),
            is_interpreted: component.component_type().imports(engine).any(|(name, _)| wasi::knows(name)),
            hooks: hooks.collect::<Result<_, _>>()?,
            package: Package { code: Arc::default(), ..package.clone() },
        })
    }
}

/// Takes compiled code from the cache, or compiles and keeps it.
fn compile(runtime: &WasmRuntime, package: &Package) -> Result<Component, LoadError> {
    if package.code.len() <= LARGE {
        return compile_now(runtime, package);
    }
    let mut last = runtime.compiling.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, component)) = last.as_ref().filter(|(code, _)| Arc::ptr_eq(code, &package.code)) {
        return Ok(component.clone());
    }
    let component = compile_now(runtime, package)?;
    *last = Some((Arc::clone(&package.code), component.clone()));
    Ok(component)
}

fn compile_now(runtime: &WasmRuntime, package: &Package) -> Result<Component, LoadError> {
    let before = runtime.cache.as_ref().map(|cache| cache.before(&package.code)).transpose();
    let before = before.map_err(|error| {
        LoadError::new(format!("compiled code that was altered cannot be taken away: {error}"))
            .hint("empty the folder `carnet` among your caches (XDG_CACHE_HOME, else ~/.cache)")
    })?;
    if package.code.len() >= SLOW_BYTES && !before.as_ref().is_some_and(|before| before.is_cached) {
        let (name, size) = (&package.identity.name, package.code.len() as f64 / f64::from(1 << 20));
        let once = if before.is_some() { ", once" } else { "" };
        tracing::info!(target: "carnet::notice", "compiling {name} ({size:.0} MB{once})…");
    }
    let time = compiling::time(package.code.len());
    let component = runtime.compiler.compile(&runtime.engine, &package.code, time)?;
    if let (Some(cache), Some(before)) = (&runtime.cache, &before) {
        cache.seal(before);
    }
    Ok(component)
}

fn check_grants(outside: &Outside, grants: Grants, plugin: &str) -> Result<(), LoadError> {
    for (name, granted) in [("lookup", grants.lookup), ("state", grants.state)] {
        if !granted && outside.imports.iter().any(|import| import == name) {
            return Err(LoadError::new(format!("it asks for `{name}`, which is not granted"))
                .hint(format!("add grants = [\"{name}\"] under [plugins.{plugin}] in carnet.toml")));
        }
    }
    Ok(())
}

/// Finds a hook's function and compares its type, so that no call can fail for that.
fn find_hook(
    engine: &Engine,
    component: &Component,
    outer: &types::Component,
    hook: Hook,
    export: &str,
) -> Result<(Hook, ComponentExportIndex), LoadError> {
    let name = function_of(hook);
    let wrong = |what: &str| {
        LoadError::new(format!("its export `{export}` is not the hook: {what}"))
            .hint(format!("build the plugin against wit/ of {PACKAGE}@{VERSION}"))
    };
    let Some(ComponentItem::ComponentInstance(interface)) = outer.get_export(engine, export).map(|found| found.ty)
    else {
        return Err(wrong("it is no interface"));
    };
    let Some(ComponentItem::ComponentFunc(func)) = interface.get_export(engine, name).map(|found| found.ty) else {
        return Err(wrong(&format!("it has no function `{name}`")));
    };
    check_type(&func, outer, hook).map_err(|error| wrong(&format!("`{name}` has another type: {error:#}")))?;
    let interface = component.get_export_index(None, export);
    let index = interface.and_then(|interface| component.get_export_index(Some(&interface), name));
    index.map(|index| (hook, index)).ok_or_else(|| wrong("it cannot be found"))
}

fn check_type(func: &ComponentFunc, outer: &types::Component, hook: Hook) -> wasmtime::Result<()> {
    let types = outer.instance_type();
    match hook {
        Hook::ImportRow => func.typecheck::<OfRow, (GuestRowVerdict,)>(&types),
        Hook::Create | Hook::Delete => func.typecheck::<OfContact, (GuestVerdict,)>(&types),
        Hook::Update => func.typecheck::<OfUpdate, (GuestVerdict,)>(&types),
        Hook::Merge => func.typecheck::<OfMerge, (GuestVerdict,)>(&types),
        Hook::Enquiry => func.typecheck::<OfEnquiry, (GuestVerdict,)>(&types),
    }
}

/// Returns the one function of a hook's interface.
const fn function_of(hook: Hook) -> &'static str {
    match hook {
        Hook::ImportRow => "import-row",
        Hook::Create => "create",
        Hook::Update => "update",
        Hook::Delete => "delete",
        Hook::Merge => "merge-contacts",
        Hook::Enquiry => "take-enquiry",
    }
}

pub(super) fn cannot(what: &str, error: &Error) -> LoadError {
    LoadError::new(format!("the component cannot {what}: {error:#}"))
        .hint(format!("build the plugin against wit/ of {PACKAGE}@{VERSION}"))
}
