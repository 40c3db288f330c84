//! Which plugins are loaded, in which order, and how their packages come and go while the program runs. Calling them is `dispatch`; running
//! code is `runtime`; what becomes of a record is decided above.

mod abreast;
mod activate;
pub mod breaker;
pub mod cases;
pub mod dispatch;
mod generation;
mod loaded;
mod probation;
mod report;
mod scan;
mod service;
mod shelf;
mod standing;
pub mod stats;
pub mod watch;

#[cfg(test)]
mod fake;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, TryLockError};

use arc_swap::ArcSwap;

pub use generation::{Generation, Refused, State, SwitchedOff};
pub use loaded::{Loaded, Logged};
pub use probation::Probation;
pub use report::{Change, Report};
pub use standing::Standing;

use crate::plugin::Plugin;
use crate::plugin::manifest::OnFault;
use crate::plugin::package::{LoadError, Package};
use activate::{Activated, Candidate};
use scan::Place;
use service::{Ground, Service};

/// Loads packages: the engines, or a stand-in for tests.
pub trait Load: Send + Sync {
    /// Loads one version of a plugin.
    ///
    /// # Errors
    /// Why it cannot be loaded.
    fn load(&self, package: &Package) -> Result<Arc<dyn Plugin>, LoadError>;
}

/// How a plugin is called here.
#[derive(Copy, Clone, PartialEq, Eq, Default, Debug)]
pub enum Mode {
    /// Called, and its word counts.
    #[default]
    Enforce,
    /// Called, but nothing it says is applied: it is counted, and samples are kept.
    Observe,
    /// Not loaded.
    Off,
}

impl Mode {
    /// Returns `enforce`, `observe` or `off`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Enforce => "enforce",
            Self::Observe => "observe",
            Self::Off => "off",
        }
    }
}

/// What a deployment says about one plugin.
#[derive(Clone, PartialEq, Default, Debug)]
pub struct Deployment {
    /// How it is called.
    pub mode: Mode,
    /// What it may use beside the thing in hand: `lookup`, `state`.
    pub grants: Vec<String>,
    /// What becomes of the record when a call fails, over the plugin's own choice.
    pub on_fault: Option<OnFault>,
    /// Place in the order of calls, 0–1000, over the plugin's own choice.
    pub priority: Option<u16>,
    /// Its configuration.
    pub config: toml::Table,
}

/// Where packages are. Folders need not exist.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Folders {
    /// WASM plugins, though scripts are welcome.
    pub plugins: PathBuf,
    /// Scripts, though WASM plugins are welcome.
    pub scripts: PathBuf,
    /// Where engines keep compiled code.
    pub cache: Option<PathBuf>,
    /// Where the last good version of each plugin is kept for the next process.
    pub shelf: Option<PathBuf>,
}

/// The plugins in service, kept up to date with their folders.
pub struct Registry {
    folders: Folders,
    deployments: BTreeMap<String, Deployment>,
    loader: Arc<dyn Load>,
    /// How versions stood when this process began.
    standings: Vec<Standing>,
    current: ArcSwap<Generation>,
    /// What is known of each package; locked while the folders are looked through, so that this happens once at a time.
    service: Mutex<Service>,
}

impl Registry {
    /// Looks through the folders and loads what is there. What cannot be loaded is in the generation's list of refused packages.
    #[must_use]
    pub fn open(folders: Folders, deployments: BTreeMap<String, Deployment>, loader: Arc<dyn Load>) -> Self {
        Self::open_as_known(folders, deployments, loader, Vec::new())
    }

    /// Does what [`Registry::open`] does, with how versions stood when an earlier process took [`Registry::standings`].
    #[must_use]
    pub fn open_as_known(
        folders: Folders,
        deployments: BTreeMap<String, Deployment>,
        loader: Arc<dyn Load>,
        standings: Vec<Standing>,
    ) -> Self {
        let service = Mutex::new(Service::new(&folders));
        let current = ArcSwap::from_pointee(Generation::empty());
        let registry = Self { folders, deployments, loader, standings, current, service };
        registry.rescan();
        registry
    }

    /// Returns how each version in service stands, for the next process.
    #[must_use]
    pub fn standings(&self) -> Vec<Standing> {
        self.current.load().plugins.iter().map(|loaded| Standing::of(loaded)).collect()
    }

    fn ground(&self) -> Ground<'_> {
        let Self { folders, deployments, loader, standings, .. } = self;
        Ground { folders, deployments, load: &**loader, standings }
    }

    /// Returns the generation in service. If a version on probation faulted, its predecessor is put back first.
    pub fn current(&self) -> Arc<Generation> {
        let current = self.current.load_full();
        if !current.plugins.iter().any(|loaded| loaded.probation.has_faulted()) {
            return current;
        }
        // While packages are being loaded nobody waits for that: whoever loads them ends probations, too.
        let mut service = match self.service.try_lock() {
            Ok(service) => service,
            Err(TryLockError::Poisoned(error)) => error.into_inner(),
            Err(TryLockError::WouldBlock) => return current,
        };
        if service.look_after(&self.ground()) {
            self.put_into_service(&service);
        }
        self.current.load_full()
    }

    /// Returns the folders that are looked through.
    #[must_use]
    pub const fn folders(&self) -> &Folders {
        &self.folders
    }

    /// Looks through the folders and puts a new generation into service if anything changed. A version that worked stays in service
    /// while its successor cannot be loaded.
    pub fn rescan(&self) -> Report {
        let mut service = self.service.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.current.load_full();
        let found = scan::places(&self.folders);
        let changed = service.update(&found, &self.ground());
        if changed || before.number == 0 {
            self.put_into_service(&service);
        }
        let report = Report::between(&before, &self.current.load());
        report.log();
        report
    }

    fn put_into_service(&self, service: &Service) {
        let number = self.current.load().number + 1;
        self.current.store(Arc::new(service.generation(number)));
    }

    /// Loads one package from anywhere, as this deployment would, without putting it into service.
    ///
    /// # Errors
    /// Why it would be refused.
    pub fn candidate(&self, path: &Path) -> Result<Arc<Loaded>, Box<Refused>> {
        candidate(path, &self.deployments, &*self.loader)
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.service.get_mut().unwrap_or_else(PoisonError::into_inner).note();
    }
}

/// Loads one package from anywhere, as a deployment would. A package that is switched off is loaded all the same.
///
/// # Errors
/// Why it would be refused.
pub fn candidate(
    path: &Path,
    deployments: &BTreeMap<String, Deployment>,
    load: &dyn Load,
) -> Result<Arc<Loaded>, Box<Refused>> {
    let refused = |name: String, mut errors: Vec<LoadError>| {
        let error = if errors.is_empty() { LoadError::new("it cannot be loaded") } else { errors.remove(0) };
        Box::new(Refused { name, path: path.to_owned(), error, more: errors, kept: None })
    };
    let place = Place::named(path).map_err(|error| refused(path.display().to_string(), vec![error]))?;
    let source = place.read().map_err(|error| refused(place.name(), vec![error]))?;
    let wanted: BTreeMap<String, Deployment> = deployments
        .iter()
        .map(|(name, deployment)| {
            let mode = if deployment.mode == Mode::Off { Mode::Enforce } else { deployment.mode };
            (name.clone(), Deployment { mode, ..deployment.clone() })
        })
        .collect();
    match Candidate::new(source, &wanted).activate(load) {
        Activated::Loaded(loaded) => Ok(loaded),
        Activated::Off(off) => Err(refused(off.name, Vec::new())),
        Activated::Refused(name, errors) => Err(refused(name, errors)),
    }
}

impl Load for crate::runtime::Runtimes {
    fn load(&self, package: &Package) -> Result<Arc<dyn Plugin>, LoadError> {
        Self::load(self, package)
    }
}
