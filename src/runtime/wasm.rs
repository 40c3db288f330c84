//! Plugins that are WebAssembly components, run by Wasmtime. Guests are taken for hostile: whatever one does ends its own call and nothing
//! else. Where plugins come from and which are called is `registry`; what they may do to a thing in hand is `plugin::hand`.

mod data;
mod engine;
mod heft;
mod host;
mod loaded;
mod scan;
mod session;
#[cfg(test)]
mod tests;
mod things;
mod trouble;
mod types;

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use wasmtime::Engine;

use crate::plugin::Plugin;
use crate::plugin::hook::HookSet;
use crate::plugin::package::{LoadError, Package};

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

/// The WebAssembly engine: one for a process, created once. Clones share it.
#[derive(Clone)]
pub struct WasmRuntime {
    engine: Engine,
    compiling: Arc<Mutex<()>>,
}

impl WasmRuntime {
    /// Creates the engine and starts its clock, a thread that ends with the engine.
    ///
    /// # Errors
    /// Why this system cannot run one.
    pub fn new(settings: Settings) -> Result<Self, LoadError> {
        let engine = engine::create(&settings)
            .map_err(|error| LoadError::new(format!("the WebAssembly engine cannot start: {error:#}")))?;
        Ok(Self { engine, compiling: Arc::default() })
    }

    /// Checks, compiles and links a package's component. Runs none of its code.
    ///
    /// # Errors
    /// What is wrong with the component, or what it asks for without a grant.
    pub fn load(&self, package: &Package) -> Result<Arc<dyn Plugin>, LoadError> {
        let loaded = loaded::Loaded::new(&self.engine, &self.compiling, package)?;
        Ok(Arc::new(loaded::WasmPlugin(Arc::new(loaded))))
    }
}

/// Returns the hooks that a component exports, without compiling it.
///
/// # Errors
/// What keeps the bytes from being a plugin for this version of Carnet.
pub fn hooks_of(component: &[u8]) -> Result<HookSet, LoadError> {
    Ok(scan::outside(component)?.hooks.into_iter().map(|(hook, _)| hook).collect())
}
