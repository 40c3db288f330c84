//! Bringing one package into service: its manifest, what the deployment grants and tells it, its code, and its cases. Whatever is wrong is
//! collected and told together, as far as it can be found.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::cases;
use super::generation::SwitchedOff;
use super::loaded::{Loaded, Placement};
use super::scan::{Source, sha256};
use super::{Deployment, Load, Mode};
use crate::plugin::manifest::{Manifest, is_plugin_name};
use crate::plugin::package::{Grants, Identity, LoadError, Package};

/// Most failing cases that are told.
const CASES_TOLD: usize = 10;

/// What became of a package.
pub(super) enum Activated {
    /// It can be called.
    Loaded(Arc<Loaded>),
    /// The deployment does not want it.
    Off(SwitchedOff),
    /// It is refused, by this name and for these reasons.
    Refused(String, Vec<LoadError>),
}

/// A package with its manifest read.
pub(super) struct Candidate {
    source: Source,
    manifest: Result<Manifest, Vec<LoadError>>,
    deployment: Deployment,
    /// Hash of everything that decides how it runs here.
    pub(super) fingerprint: String,
}

impl Candidate {
    /// Reads the manifest of a package.
    pub(super) fn new(source: Source, deployments: &BTreeMap<String, Deployment>) -> Self {
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
        let fingerprint = fingerprint(&source, &deployment);
        Self { source, manifest, deployment, fingerprint }
    }

    /// Name of the plugin, or of its folder or file when the manifest cannot be read.
    pub(super) fn name(&self) -> &str {
        self.manifest.as_ref().map_or(&self.source.name, |manifest| &manifest.name)
    }

    /// Loads it and tries it out.
    pub(super) fn activate(self, load: &dyn Load) -> Activated {
        let name = self.name().to_owned();
        if self.deployment.mode == Mode::Off {
            let version = self.manifest.as_ref().ok().map(|manifest| manifest.version.clone());
            return Activated::Off(SwitchedOff { name, version, path: self.source.path, unbuilt: false });
        }
        match self.load(load) {
            Ok(loaded) => Activated::Loaded(Arc::new(loaded)),
            Err(errors) => Activated::Refused(name, errors),
        }
    }

    fn load(self, load: &dyn Load) -> Result<Loaded, Vec<LoadError>> {
        let Self { source, manifest, deployment, .. } = self;
        let manifest = manifest?;
        let package = package(&source, &manifest, &deployment)?;
        let plugin = guarded(load, &package).map_err(|error| vec![error])?;
        if plugin.hooks().is_empty() {
            let hint = "export an interface such as `on-create`, or define a function such as `on_create(contact)`";
            return Err(vec![LoadError::new("it has no hook, so it would never be called").hint(hint)]);
        }
        let files = source.cases.iter().map(|(name, text)| (name.as_str(), text.as_str()));
        let failures = cases::run_cases(load, &package, &manifest, files);
        if !failures.is_empty() {
            return Err(failures.into_iter().take(CASES_TOLD).map(LoadError::from).collect());
        }
        let placement = Placement {
            priority: deployment.priority.unwrap_or(manifest.priority),
            mode: deployment.mode,
            on_fault: deployment.on_fault,
            grants: package.grants,
            path: source.path,
        };
        Ok(Loaded::new(plugin, manifest, placement))
    }
}

/// A parser that panics refuses one package, not the program.
pub(super) fn guarded(load: &dyn Load, package: &Package) -> Result<Arc<dyn crate::plugin::Plugin>, LoadError> {
    let loaded = catch_unwind(AssertUnwindSafe(|| load.load(package)));
    loaded.unwrap_or_else(|_| Err(LoadError::new(format!("the {} engine broke on it", package.identity.engine))))
}

/// Gathers what the engine needs.
fn package(source: &Source, manifest: &Manifest, deployment: &Deployment) -> Result<Package, Vec<LoadError>> {
    let mut errors = not_granted(manifest, deployment);
    let config = manifest.configure(&deployment.config).map_err(|faults| errors.extend(faults));
    let config = config.unwrap_or_default();
    if !errors.is_empty() {
        return Err(errors);
    }
    let identity = Identity {
        name: manifest.name.clone(),
        version: manifest.version.clone(),
        hash: source.hash.clone(),
        engine: source.engine,
    };
    Ok(Package {
        identity: Arc::new(identity),
        code: Arc::clone(&source.code),
        path: source.code_path.clone(),
        // All that is asked for is granted, or the package would have been refused.
        grants: manifest.asks,
        budget: manifest.limits.budget(),
        config: Arc::new(config),
    })
}

fn not_granted(manifest: &Manifest, deployment: &Deployment) -> Vec<LoadError> {
    let Grants { lookup, state } = manifest.asks;
    let asked: Vec<&str> =
        [("lookup", lookup), ("state", state)].into_iter().filter(|(_, asked)| *asked).map(|(name, _)| name).collect();
    let granted = |name: &str| deployment.grants.iter().any(|grant| grant == name);
    let refused = asked.iter().filter(|name| !granted(name)).map(|name| {
        let hint = format!("add `grants = {asked:?}` under [plugins.{}] in carnet.toml", manifest.name);
        LoadError::new(format!("it asks for `{name}`, which is not granted")).hint(hint)
    });
    refused.collect()
}

/// Hashes the package with its cases, and how the deployment has it.
fn fingerprint(source: &Source, deployment: &Deployment) -> String {
    let deployed = format!("{deployment:?}");
    let cases = source.cases.iter().flat_map(|(name, text)| [name.as_bytes(), text.as_bytes()]);
    let parts: Vec<&[u8]> = [source.hash.as_bytes(), deployed.as_bytes()].into_iter().chain(cases).collect();
    sha256(&parts)
}
