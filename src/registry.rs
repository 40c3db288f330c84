//! Which plugins are loaded, in which order, and how their packages come and go while the program runs. Calling them is `dispatch`; running
//! code is `runtime`; what becomes of a record is decided above.

mod abreast;
mod activate;
pub mod breaker;
pub mod cases;
pub mod dispatch;
mod generation;
pub mod grants;
mod loaded;
mod probation;
mod report;
mod scan;
mod secrets;
mod service;
mod shelf;
pub mod sources;
pub mod standing;
pub mod stats;
pub mod watch;
pub mod workbench;

#[cfg(test)]
mod fake;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, TryLockError};

use arc_swap::ArcSwap;
use tracing::warn;

pub use generation::{Generation, Refused, State, SwitchedOff};
pub use grants::{Asks, Deployments, Waits};
pub use loaded::{Loaded, Logged};
pub use probation::Probation;
pub use report::{Change, Report};
pub use secrets::Mask;

use crate::plugin::Plugin;
use crate::plugin::manifest::OnFault;
use crate::plugin::package::{LoadError, Package};
use activate::{Activated, Candidate};
use scan::Place;
use service::{Ground, Service};
use standing::{Fresh, Outbox, Pasts};

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
#[derive(Clone, PartialEq, Default)]
pub struct Deployment {
    /// How it is called.
    pub mode: Mode,
    /// What it may use beside the thing in hand: `lookup`, `state`.
    pub grants: Vec<String>,
    /// Names of what it may read at most; `None` means what its manifest asks for.
    pub reads: Option<Vec<String>>,
    /// Names of what it may write at most; `None` means what its manifest asks for.
    pub writes: Option<Vec<String>>,
    /// What becomes of the record when a call fails, over the plugin's own choice.
    pub on_fault: Option<OnFault>,
    /// Place in the order of calls, 0–1000, over the plugin's own choice.
    pub priority: Option<u16>,
    /// Its configuration; a table `{ env = "NAME" }` or `{ file = "PATH" }` stands for a value that is kept elsewhere.
    pub config: toml::Table,
    /// Line and column of each value of its configuration in the settings.
    pub places: BTreeMap<String, (usize, usize)>,
}

/// Values may be secret; only manifests know which.
impl std::fmt::Debug for Deployment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Deployment")
            .field("mode", &self.mode)
            .field("grants", &self.grants)
            .field("reads", &self.reads)
            .field("writes", &self.writes)
            .field("on_fault", &self.on_fault)
            .field("priority", &self.priority)
            .field("config", &self.config.keys().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
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

/// Settings that may change while the program runs.
struct Settings {
    file: PathBuf,
    read: Box<dyn Fn() -> Result<Deployments, String> + Send + Sync>,
}

/// The plugins in service, kept up to date with their folders.
pub struct Registry {
    folders: Folders,
    deployments: ArcSwap<Deployments>,
    /// Where the deployments are read again at each look, where they can change.
    settings: OnceLock<Settings>,
    loader: Arc<dyn Load>,
    /// How versions stood when this process began.
    pasts: Pasts,
    /// Where versions that go leave what their calls came to.
    outbox: Outbox,
    current: ArcSwap<Generation>,
    /// What is known of each package; locked while the folders are looked through, so that this happens once at a time.
    service: Mutex<Service>,
}

impl Registry {
    /// Looks through the folders and loads what is there. What cannot be loaded is in the generation's list of refused packages.
    #[must_use]
    pub fn open(folders: Folders, deployments: Deployments, loader: Arc<dyn Load>) -> Self {
        Self::open_as_known(folders, deployments, loader, Pasts::new())
    }

    /// Does what [`Registry::open`] does, going on from how versions stood when earlier processes ended.
    #[must_use]
    pub fn open_as_known(folders: Folders, deployments: Deployments, loader: Arc<dyn Load>, pasts: Pasts) -> Self {
        let registry = Self {
            service: Mutex::new(Service::new(&folders)),
            folders,
            deployments: ArcSwap::from_pointee(deployments),
            settings: OnceLock::new(),
            loader,
            pasts,
            outbox: Outbox::default(),
            current: ArcSwap::from_pointee(Generation::empty()),
        };
        registry.rescan();
        registry
    }

    /// Takes what the calls of all plugins came to since this was last asked, also of those that went meanwhile.
    #[must_use]
    pub fn take_fresh(&self) -> Vec<Fresh> {
        let current = self.current();
        let service = self.service.lock().unwrap_or_else(PoisonError::into_inner);
        let mut fresh = self.outbox.take();
        let all = service.predecessors().chain(current.plugins.iter());
        fresh.extend(all.map(|loaded| loaded.take_fresh()).filter(|fresh| !fresh.is_empty()));
        fresh
    }

    /// Takes back what [`Registry::take_fresh`] gave and nobody could keep, to give it again.
    pub fn put_back(&self, fresh: Vec<Fresh>) {
        self.outbox.put_back(fresh);
    }

    /// Names the version that a version on probation replaced, where it is known.
    #[must_use]
    pub fn version_before(&self, serving: &Loaded) -> Option<String> {
        self.service.lock().unwrap_or_else(PoisonError::into_inner).version_before(serving)
    }

    /// Forgets that a version of a plugin failed on probation, so that the next process tries it again; says why it failed.
    #[must_use]
    pub fn forgive(&self, name: &str) -> Option<String> {
        self.service.lock().unwrap_or_else(PoisonError::into_inner).forgive(name)
    }

    fn ground(&self) -> Ground<'_> {
        let Self { folders, deployments, loader, pasts, outbox, .. } = self;
        Ground { folders, deployments: deployments.load_full(), load: &**loader, pasts, outbox }
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
        if let Some(settings) = self.settings.get() {
            match (settings.read)() {
                Ok(deployments) => self.deployments.store(Arc::new(deployments)),
                Err(why) => warn!(target: "carnet::registry", "the settings of plugins stay as they were: {why}"),
            }
        }
        let found = scan::places(&self.folders);
        let changed = service.update(&found, &self.ground());
        if changed || before.number == 0 {
            self.put_into_service(&service);
        }
        let report = Report::between(&before, &self.current.load());
        report.log();
        report
    }

    /// Reads what the deployment says again at each look: a change of the settings is a new generation. While they cannot be read, what
    /// was said before holds.
    pub fn follow(&self, file: &Path, read: impl Fn() -> Result<Deployments, String> + Send + Sync + 'static) {
        // Whoever comes second follows the same file.
        let _ = self.settings.set(Settings { file: file.to_owned(), read: Box::new(read) });
    }

    /// What shows that the settings changed.
    fn settings_stamp(&self) -> Option<(PathBuf, scan::Stamp)> {
        let file = &self.settings.get()?.file;
        Some((file.clone(), scan::stamp(file)?))
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
        candidate(path, &self.deployments.load(), &*self.loader)
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
pub fn candidate(path: &Path, deployments: &Deployments, load: &dyn Load) -> Result<Arc<Loaded>, Box<Refused>> {
    let refused = |name: String, mut errors: Vec<LoadError>| {
        let error = if errors.is_empty() { LoadError::new("it cannot be loaded") } else { errors.remove(0) };
        Box::new(Refused { name, path: path.to_owned(), error, more: errors, kept: None, waits: None })
    };
    let place = Place::named(path).map_err(|error| refused(path.display().to_string(), vec![error]))?;
    let source = place.read().map_err(|error| refused(place.name(), vec![error]))?;
    let wanted: Deployments = deployments
        .iter()
        .map(|(name, deployment)| {
            let mode = if deployment.mode == Mode::Off { Mode::Enforce } else { deployment.mode };
            (name.clone(), Deployment { mode, ..deployment.clone() })
        })
        .collect();
    match Candidate::new(source, &wanted.trusting(deployments.trust.clone())).activate(load) {
        Activated::Loaded(loaded) => Ok(loaded),
        Activated::Off(off) => Err(refused(off.name, Vec::new())),
        Activated::Waiting(name, waits) => {
            let refused = refused(name.clone(), vec![waits.error(&name)]);
            Err(Box::new(Refused { waits: Some(waits), ..*refused }))
        }
        Activated::Refused(name, errors) => Err(refused(name, errors)),
    }
}

impl Load for crate::runtime::Runtimes {
    fn load(&self, package: &Package) -> Result<Arc<dyn Plugin>, LoadError> {
        Self::load(self, package)
    }
}
