//! Plugins that are WebAssembly components, run by Wasmtime. Guests are taken for hostile: whatever one does ends its own call and nothing
//! else. Where plugins come from and which are called is `registry`; what they may do to a thing in hand is `plugin::hand`.

mod cache;
mod compiling;
mod data;
mod engine;
mod heft;
mod host;
mod inspect;
mod loaded;
mod scan;
mod session;
#[cfg(test)]
mod tests;
mod things;
mod trouble;
mod types;
mod wasi;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use wasmtime::component::Component;
use wasmtime::{Cache, Engine};

use crate::plugin::Plugin;
use crate::plugin::hook::HookSet;
use crate::plugin::package::{LoadError, Package};

use cache::CompileCache;
use compiling::Compiler;
pub use inspect::{Inspected, Port, inspect};

pub use scan::{componentize, source_digest, with_source_digest};

/// The WIT package that host and guests share.
const PACKAGE: &str = "carnet:plugin";

/// The version of it that this host speaks, with all its patch versions.
const VERSION: &str = "0.1.0";

/// Returns an interface's full name.
fn name_of(interface: &str) -> String {
    format!("{PACKAGE}/{interface}@{VERSION}")
}

/// How the engine is set up.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Settings {
    /// Folder where compiled components are kept, created if missing; `None` compiles afresh each time.
    pub cache_dir: Option<PathBuf>,
}

/// Code, and what it was compiled to.
type Compiled = (Arc<[u8]>, Component);

/// The WebAssembly engine: one for a process, created once. Clones share it.
#[derive(Clone)]
pub struct WasmRuntime {
    engine: Engine,
    /// One component is compiled at a time, for that takes all processors. What was compiled last is wanted again by its cases.
    compiling: Arc<Mutex<Option<Compiled>>>,
    cache: Option<CompileCache>,
    compiler: Compiler,
}

impl WasmRuntime {
    /// Creates the engine and starts its clock, a thread that ends with the engine.
    ///
    /// # Errors
    /// Why this system cannot run one.
    pub fn new(settings: Settings) -> Result<Self, LoadError> {
        let (cache, engines) = settings.cache_dir.as_deref().and_then(open_cache).unzip();
        let engine = engine::create(engines.as_ref())
            .map_err(|error| LoadError::new(format!("the WebAssembly engine cannot start: {error:#}")))?;
        Ok(Self { engine, compiling: Arc::default(), cache, compiler: Compiler::default() })
    }

    /// Checks, compiles and links a package's component. Runs none of its code.
    ///
    /// # Errors
    /// What is wrong with the component, or what it asks for without a grant.
    pub fn load(&self, package: &Package) -> Result<Arc<dyn Plugin>, LoadError> {
        let loaded = loaded::Loaded::new(self, package)?;
        Ok(Arc::new(loaded::WasmPlugin(Arc::new(loaded))))
    }
}

/// A cache that cannot be used is no cache: compiling takes longer, and that is all.
fn open_cache(folder: &Path) -> Option<(CompileCache, Cache)> {
    let opened = CompileCache::open(folder).map_err(wasmtime::Error::from);
    match opened.and_then(|cache| Ok((cache.clone(), cache.engines()?))) {
        Ok(opened) => Some(opened),
        Err(error) => {
            tracing::warn!(folder = %folder.display(), %error, "compiled plugins cannot be cached");
            None
        }
    }
}

/// Returns the hooks that a component exports, without compiling it.
///
/// # Errors
/// What keeps the bytes from being a plugin for this version of Carnet.
pub fn hooks_of(component: &[u8]) -> Result<HookSet, LoadError> {
    Ok(scan::outside(component)?.hooks.into_iter().map(|(hook, _)| hook).collect())
}
