//! A package on its author's workbench: read once, looked at from all sides, loaded and tried, and never in service. Unlike `activate`, which
//! asks whether a package may come into service here, this tells what there is, however broken.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::activate::{guarded, package};
use super::cases::{CaseRun, play_cases};
use super::grants::{Deployments, Waits};
use super::scan::{Place, Source, sha256};
use super::secrets::{Given, Mask};
use super::{Deployment, Load};
use crate::plugin::Plugin;
use crate::plugin::manifest::{Manifest, is_plugin_name};
use crate::plugin::package::{EngineKind, Grants, LoadError};

/// Where packages are tried: with a deployment's settings, and engines of its own.
pub struct Workbench {
    deployments: Deployments,
    load: Arc<dyn Load>,
}

/// A package that was read.
pub struct Draft<'w> {
    workbench: &'w Workbench,
    source: Source,
    /// What its manifest says, or everything that is wrong with it.
    pub manifest: Result<Manifest, Vec<LoadError>>,
}

impl Workbench {
    /// Sets a workbench up.
    #[must_use]
    pub fn new(deployments: Deployments, load: Arc<dyn Load>) -> Self {
        Self { deployments, load }
    }

    /// Reads a package.
    ///
    /// # Errors
    /// When it cannot be read, or holds no code.
    pub fn read(&self, path: &Path) -> Result<Draft<'_>, LoadError> {
        let source = Place::named(path)?.read()?;
        let manifest = match &source.manifest {
            Some(text) => Manifest::parse(text, &source.name),
            None if is_plugin_name(&source.name) => Ok(Manifest::of_lone_file(&source.name)),
            None => {
                let error = LoadError::new(format!("`{}` cannot be a plugin's name", source.name));
                Err(vec![error.hint("rename the file: 1–64 of `a-z`, `0-9` and `-`")])
            }
        };
        Ok(Draft { workbench: self, source, manifest })
    }
}

impl Draft<'_> {
    /// Name of the plugin, or of its folder or file when the manifest cannot be read.
    #[must_use]
    pub fn name(&self) -> &str {
        self.manifest.as_ref().map_or(&self.source.name, |manifest| &manifest.name)
    }

    /// Folder or file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.source.path
    }

    /// The file of code.
    #[must_use]
    pub const fn code_path(&self) -> &PathBuf {
        &self.source.code_path
    }

    /// The code.
    #[must_use]
    pub fn code(&self) -> &[u8] {
        &self.source.code
    }

    /// What runs it.
    #[must_use]
    pub const fn engine(&self) -> EngineKind {
        self.source.engine
    }

    /// SHA-256 of code and manifest.
    #[must_use]
    pub fn hash(&self) -> &str {
        &self.source.hash
    }

    /// Hash of all that counts of it, cases included.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let cases = self.source.cases.iter().flat_map(|(name, text)| [name.as_bytes(), text.as_bytes()]);
        let parts: Vec<&[u8]> = std::iter::once(self.source.hash.as_bytes()).chain(cases).collect();
        sha256(&parts)
    }

    /// The text of the manifest; a lone file has none.
    #[must_use]
    pub fn manifest_text(&self) -> Option<&str> {
        self.source.manifest.as_deref()
    }

    /// Name and text of each case.
    #[must_use]
    pub fn cases(&self) -> &[(String, String)] {
        &self.source.cases
    }

    /// What this deployment says about it.
    #[must_use]
    pub fn deployment(&self) -> Deployment {
        self.workbench.deployments.get(self.name()).cloned().unwrap_or_default()
    }

    /// Returns what keeps this deployment's settings from fitting it: grants that are missing, and values, each with its place.
    #[must_use]
    pub fn unfit(&self) -> Vec<LoadError> {
        let (Ok(manifest), deployment) = (&self.manifest, self.deployment()) else { return Vec::new() };
        let mut faults = Given::read(&deployment).configure(manifest, &deployment).err().unwrap_or_default();
        faults.extend(Waits::of(manifest, &deployment).map(|waits| waits.error(&manifest.name)));
        faults
    }

    /// Loads it for its author as this deployment tells it, with other values over those; all that it asks for is granted. Returns what must
    /// not be shown of what it is told, too.
    ///
    /// # Errors
    /// What is wrong with manifest, configuration or code.
    pub fn load_as_told(&self, others: toml::Table) -> Result<(Arc<dyn Plugin>, Mask), Vec<LoadError>> {
        let (manifest, deployment) = (self.manifest.as_ref().map_err(Clone::clone)?, self.deployment());
        let config = Given::read(&deployment).and(others).configure(manifest, &deployment)?;
        let mask = Mask::of(manifest, &config);
        let package = package(&self.source, manifest, config);
        let plugin = guarded(&*self.workbench.load, &package).map_err(|error| vec![error])?;
        Ok((plugin, mask))
    }

    /// Loads its code alone, told what can be told of what it is told: for looking at it though its manifest or settings are at fault.
    ///
    /// # Errors
    /// What is wrong with the code.
    pub fn load_code(&self) -> Result<Arc<dyn Plugin>, LoadError> {
        let mut manifest = match &self.manifest {
            Ok(manifest) => manifest.clone(),
            Err(_) => {
                let all = Grants { lookup: true, state: true };
                Manifest { asks: all, ..Manifest::of_lone_file("unnamed") }
            }
        };
        manifest.config.iter_mut().for_each(|key| key.required = false);
        let config = manifest.configure(&toml::Table::new());
        let config = config
            .map_err(|mut errors| errors.pop().unwrap_or_else(|| LoadError::new("it cannot be told anything")))?;
        let package = package(&self.source, &manifest, config);
        guarded(&*self.workbench.load, &package)
    }

    /// Plays cases of it, each a name and a text.
    ///
    /// # Errors
    /// What is wrong with the manifest.
    pub fn play<'a>(
        &self,
        cases: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Vec<CaseRun>, Vec<LoadError>> {
        let manifest = self.manifest.as_ref().map_err(Clone::clone)?;
        // Each case brings its own configuration.
        let package = package(&self.source, manifest, BTreeMap::new());
        Ok(play_cases(&*self.workbench.load, &package, manifest, cases))
    }
}

/// Lists the packages of both folders, plugins first.
#[must_use]
pub fn packages(folders: &super::Folders) -> Vec<PathBuf> {
    super::scan::places(folders).places.into_iter().map(|place| place.path).collect()
}
