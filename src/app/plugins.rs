//! Plugins as operators and authors see them: what is in service; one package started, checked, tested, measured, built, developed; one hook
//! tried.

pub mod approve;
pub mod bench;
pub mod build;
pub mod check;
pub mod dev;
pub mod history;
pub mod mode;
pub mod new;
mod package;
pub mod prometheus;
pub mod record;
pub mod run;
pub mod simulate;
mod source_line;
pub mod stats;
pub mod test;

use std::path::Path;
use std::sync::Arc;

use super::failure::{Class, Failure};
use super::{App, deployments};
use crate::plugin::package::LoadError;
use crate::registry::workbench::Workbench;
use crate::registry::{Generation, Loaded, Refused};
use crate::runtime::Runtimes;

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

    /// Sets a workbench up, where packages are tried without loading what is in service.
    ///
    /// # Errors
    /// When an engine cannot be started.
    pub fn workbench(&self) -> Result<Workbench, Failure> {
        let runtimes = Runtimes::new(self.home.folders().cache)?;
        let deployed = deployments::deployments(self.settings(), self.home.folder());
        Ok(Workbench::new(deployed, Arc::new(runtimes)))
    }
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
    let all: Vec<LoadError> = std::iter::once(&refused.error).chain(&refused.more).cloned().collect();
    let failure = refused_as(&refused.name, &refused.path, &all);
    if refused.waits.is_none() {
        return failure;
    }
    let message =
        format!("plugin `{}` ({}) waits for approval\n{}", refused.name, refused.path.display(), faults(&all));
    Failure { code: "PLUGIN_WAITING".into(), message, ..failure }
}

/// A package that cannot be used.
fn refused(path: &Path, errors: &[LoadError]) -> Failure {
    let name = path.file_stem().unwrap_or(path.as_os_str()).to_string_lossy();
    refused_as(&name, path, errors)
}

fn refused_as(name: &str, path: &Path, errors: &[LoadError]) -> Failure {
    let message = format!("plugin `{name}` ({}) is refused\n{}", path.display(), faults(errors));
    Failure::new(Class::PluginFault, "PLUGIN_REFUSED", message)
}

/// Faults as a list, each with its place, the line there, and what to do about it.
#[must_use]
pub fn faults(errors: &[LoadError]) -> String {
    let one = |error: &LoadError| {
        let place = error.position.as_ref().map_or_else(String::new, |position| format!("{position}: "));
        let source = error.position.as_ref().and_then(|position| position.source.as_ref());
        let source = source.map_or_else(String::new, |source| format!("\n      | {}", source.trim_end()));
        let hint = error.hint.as_ref().map_or_else(String::new, |hint| format!("\n      hint: {hint}"));
        format!("  - {place}{error}{source}{hint}")
    };
    errors.iter().map(one).collect::<Vec<_>>().join("\n")
}
