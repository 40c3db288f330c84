//! The two engines behind one door. Neither knows the other, nor the store.

pub mod script;
pub mod wasm;

use std::path::PathBuf;
use std::sync::Arc;

use crate::plugin::Plugin;
use crate::plugin::package::{EngineKind, LoadError, Package};

/// Both engines, made once for a process.
pub struct Runtimes {
    wasm: wasm::WasmRuntime,
    script: script::ScriptRuntime,
}

impl Runtimes {
    /// Starts the engines. Compiled components are kept in `cache_dir`, if there is one.
    ///
    /// # Errors
    /// When this machine cannot run one of them.
    pub fn new(cache_dir: Option<PathBuf>) -> Result<Self, LoadError> {
        Ok(Self { wasm: wasm::WasmRuntime::new(wasm::Settings { cache_dir })?, script: script::ScriptRuntime::new() })
    }

    /// Loads a package with the engine that it names.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn load(&self, package: &Package) -> Result<Arc<dyn Plugin>, LoadError> {
        match package.identity.engine {
            EngineKind::Wasm => self.wasm.load(package),
            EngineKind::Rhai => self.script.load(package),
        }
    }
}
