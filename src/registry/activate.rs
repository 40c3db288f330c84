//! Bringing one package into service: its manifest, what the deployment grants and tells it, its code, and its cases. Whatever is wrong is
//! collected and told together, as far as it can be found.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, OnceLock};

use super::cases;
use super::generation::SwitchedOff;
use super::grants::{Deployments, Waits};
use super::loaded::{Loaded, Placement};
use super::scan::{Place, Source, sha256};
use super::secrets::{Given, Mask};
use super::service::Ground;
use super::shelf::Packed;
use super::{Deployment, Load, Mode};
use crate::plugin::manifest::{Manifest, is_plugin_name};
use crate::plugin::package::{ConfigValue, Identity, LoadError, Package};
use crate::plugin::signature::Trust;

/// Most failing cases that are told.
const CASES_TOLD: usize = 10;

/// What became of a package.
pub(super) enum Activated {
    /// It can be called.
    Loaded(Arc<Loaded>),
    /// The deployment does not want it.
    Off(SwitchedOff),
    /// It is sound, and asks for more than it was granted, by this name.
    Waiting(String, Box<Waits>),
    /// It is refused, by this name and for these reasons.
    Refused(String, Vec<LoadError>),
}

/// A package with its manifest read.
pub(super) struct Candidate {
    source: Source,
    manifest: Result<Manifest, Vec<LoadError>>,
    deployment: Deployment,
    /// What it is told, values that are kept elsewhere included.
    given: Given,
    trust: Trust,
    /// Hash of everything that decides how it runs here.
    pub(super) fingerprint: String,
    /// Hash of its content and of what it is granted and told: what its faults are counted under, whatever its mode and its cases.
    terms: String,
    /// Whether its code is at hand.
    is_whole: bool,
}

impl Candidate {
    /// Reads the manifest of a package.
    pub(super) fn new(source: Source, deployments: &Deployments) -> Self {
        let manifest = match &source.manifest {
            Some(text) => Manifest::parse(text, &source.name),
            None if is_plugin_name(&source.name) => Ok(Manifest::of_lone_file(&source.name)),
            None => {
                let error = LoadError::new(format!("`{}` cannot be a plugin's name", source.name));
                Err(vec![error.hint("rename the file: 1–64 of `a-z`, `0-9` and `-`")])
            }
        };
        let name = manifest.as_ref().map_or(&source.name, |manifest| &manifest.name);
        let deployment = deployments.get(name).cloned().unwrap_or_default();
        let given = Given::read(&deployment);
        let trust = deployments.trust.clone();
        let fingerprint = fingerprint(&source, &deployment, &given, &trust);
        let terms = terms(&source, &deployment, &given);
        Self { source, manifest, deployment, given, trust, fingerprint, terms, is_whole: true }
    }

    /// Name of the plugin, or of its folder or file when the manifest cannot be read.
    pub(super) fn name(&self) -> &str {
        self.manifest.as_ref().map_or(&self.source.name, |manifest| &manifest.name)
    }

    /// Says whether the package itself says its name.
    pub(super) const fn is_named(&self) -> bool {
        self.manifest.is_ok()
    }

    /// What is noted when its cases passed: of its content, its terms and the program that played them.
    pub(super) fn proof(&self) -> String {
        sha256(&[self.fingerprint.as_bytes(), program().as_bytes()])
    }

    /// Lets go of code that is large.
    pub(super) fn without_code_over(mut self, bytes: usize) -> Self {
        self.is_whole = self.source.code.len() <= bytes;
        if !self.is_whole {
            self.source.code = Arc::default();
        }
        self
    }

    /// Packs it for the shelf, with the hash of what was packed.
    pub(super) fn pack(&self, place: &Place) -> Option<(Packed, String)> {
        if self.is_whole {
            return Some((self.source.pack(), self.source.hash.clone()));
        }
        place.read().ok().map(|source| (source.pack(), source.hash))
    }

    /// Loads it and tries it out, reading it again if its code was let go of. Cases that passed before are not played again.
    pub(super) fn activate_from(&self, place: &Place, ground: &Ground<'_>, passed: bool) -> Activated {
        if self.is_whole {
            return self.activate_unless(passed, ground.load);
        }
        match place.read().map(|source| Self::new(source, &ground.deployments)) {
            Ok(again) if again.fingerprint == self.fingerprint => again.activate_unless(passed, ground.load),
            Ok(again) => Activated::Refused(again.name().to_owned(), vec![LoadError::new("it is being changed")]),
            Err(error) => Activated::Refused(self.name().to_owned(), vec![error]),
        }
    }

    /// Loads it and tries it out.
    pub(super) fn activate(&self, load: &dyn Load) -> Activated {
        self.activate_unless(false, load)
    }

    fn activate_unless(&self, passed: bool, load: &dyn Load) -> Activated {
        let name = self.name().to_owned();
        if self.deployment.mode == Mode::Off {
            let version = self.manifest.as_ref().ok().map(|manifest| manifest.version.clone());
            return Activated::Off(SwitchedOff { name, version, path: self.source.path.clone(), unbuilt: false });
        }
        match self.load(load, passed) {
            Ok(Ok(loaded)) => Activated::Loaded(Arc::new(loaded)),
            Ok(Err(waits)) => Activated::Waiting(name, waits),
            Err(errors) => Activated::Refused(name, errors),
        }
    }

    /// Loads it and plays its cases, even where it then waits: what is approved is known to work.
    fn load(&self, load: &dyn Load, passed: bool) -> Result<Result<Loaded, Box<Waits>>, Vec<LoadError>> {
        let Self { source, manifest, deployment, given, trust, terms, .. } = self;
        let files = source.signed_files();
        let files: Vec<(&str, &[u8])> = files.iter().map(|(name, content)| (name.as_str(), *content)).collect();
        // What nobody vouches for is not looked at any further.
        let signed = trust.judge(&files, source.signature.as_deref()).map_err(|error| vec![error])?;
        let mut manifest = manifest.clone()?;
        let waits = Waits::of(&manifest, deployment).map(Box::new);
        let config = given.clone().configure(&manifest, deployment).map_err(|mut faults| {
            faults.extend(waits.iter().map(|waits| waits.error(&manifest.name)));
            faults
        })?;
        if waits.is_none() {
            manifest.narrow(deployment.reads.as_deref(), deployment.writes.as_deref());
        }
        let package = package(source, &manifest, config);
        let plugin = guarded(load, &package).map_err(|error| vec![error])?;
        if plugin.hooks().is_empty() {
            let hint = "export an interface such as `on-create`, or define a function such as `on_create(contact)`";
            return Err(vec![LoadError::new("it has no hook, so it would never be called").hint(hint)]);
        }
        let files = source.cases.iter().filter(|_| !passed).map(|(name, text)| (name.as_str(), text.as_str()));
        let failures =
            cases::run_cases(&Again { load, package: &package, plugin: &plugin }, &package, &manifest, files);
        if !failures.is_empty() {
            return Err(failures.into_iter().take(CASES_TOLD).map(LoadError::from).collect());
        }
        if let Some(waits) = waits {
            return Ok(Err(waits));
        }
        let placement = Placement {
            priority: deployment.priority.unwrap_or(manifest.priority),
            mode: deployment.mode,
            on_fault: deployment.on_fault,
            grants: package.grants,
            signed,
            mask: Mask::of(&manifest, &package.config),
            path: source.path.clone(),
            terms: terms.clone(),
        };
        Ok(Ok(Loaded::new(plugin, manifest, placement)))
    }
}

/// Gives cases that want nothing else the plugin that is loaded already.
struct Again<'a> {
    load: &'a dyn Load,
    package: &'a Package,
    plugin: &'a Arc<dyn crate::plugin::Plugin>,
}

impl Load for Again<'_> {
    fn load(&self, package: &Package) -> Result<Arc<dyn crate::plugin::Plugin>, LoadError> {
        if package.config == self.package.config { Ok(Arc::clone(self.plugin)) } else { self.load.load(package) }
    }
}

/// Which program this is: another build may judge cases otherwise.
fn program() -> &'static str {
    static PROGRAM: OnceLock<String> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let file = std::env::current_exe().and_then(|path| path.metadata());
        let stamp = file.map(|data| (data.len(), data.modified().ok())).ok();
        format!("{} {stamp:?}", env!("CARGO_PKG_VERSION"))
    })
}

/// A parser that panics refuses one package, not the program.
pub(super) fn guarded(load: &dyn Load, package: &Package) -> Result<Arc<dyn crate::plugin::Plugin>, LoadError> {
    let loaded = catch_unwind(AssertUnwindSafe(|| load.load(package)));
    loaded.unwrap_or_else(|_| Err(LoadError::new(format!("the {} engine broke on it", package.identity.engine))))
}

/// Gathers what the engine needs.
pub(super) fn package(source: &Source, manifest: &Manifest, config: BTreeMap<String, ConfigValue>) -> Package {
    let identity = Identity {
        name: manifest.name.clone(),
        version: manifest.version.clone(),
        hash: source.hash.clone(),
        engine: source.engine,
    };
    Package {
        identity: Arc::new(identity),
        code: Arc::clone(&source.code),
        path: source.code_path.clone(),
        // What is not granted of it keeps the package from being called.
        grants: manifest.asks,
        budget: manifest.limits.budget(),
        config: Arc::new(config),
    }
}

fn terms(source: &Source, deployment: &Deployment, given: &Given) -> String {
    let deployed = Deployment { mode: Mode::default(), priority: None, ..deployment.clone() };
    let deployed = format!("{deployed:?}{}", given.text());
    sha256(&[source.hash.as_bytes(), deployed.as_bytes()])
}

/// Hashes the package with its cases, and how the deployment has it.
fn fingerprint(source: &Source, deployment: &Deployment, given: &Given, trust: &Trust) -> String {
    let deployed = format!("{deployment:?}{}{trust:?}{:?}", given.text(), source.signature);
    let cases = source.cases.iter().flat_map(|(name, text)| [name.as_bytes(), text.as_bytes()]);
    let parts: Vec<&[u8]> = [source.hash.as_bytes(), deployed.as_bytes()].into_iter().chain(cases).collect();
    sha256(&parts)
}
