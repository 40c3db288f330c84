//! What is known of one package: what serves of it, what was refused and why, and what is put back.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::plugin::package::LoadError;
use crate::registry::generation::{Refused, SwitchedOff};
use crate::registry::grants::{Deployments, Waits};
use crate::registry::loaded::Loaded;
use crate::registry::shelf::{At, Failed};

/// What is known of one package.
#[derive(Clone)]
pub(super) struct Entry {
    pub(super) path: PathBuf,
    pub(super) at: At,
    /// Name of the plugin; of its folder or file where the manifest cannot be read.
    pub(super) name: String,
    /// Whether the package itself says that name.
    pub(super) named: bool,
    /// Of the content that was last judged; `None` when it could not be read, so that it is tried again.
    pub(super) fingerprint: Option<String>,
    pub(super) serving: Option<Arc<Loaded>>,
    /// Whether what serves is what the package holds, rather than what it held before.
    pub(super) own: bool,
    /// For what its cases passed, if they did.
    pub(super) passed: Option<String>,
    /// What served before, while its successor is on probation.
    pub(super) predecessor: Option<Arc<Loaded>>,
    /// What the package holds failed on probation.
    pub(super) failed: Option<Failed>,
    pub(super) refused: Option<Refused>,
    /// Why the package cannot be read just now. Passes without judging it again if its content is the same.
    pub(super) trouble: Option<Refused>,
    pub(super) off: Option<SwitchedOff>,
}

/// What serves in place of a package that cannot.
#[derive(Default)]
pub(super) struct FallBack {
    pub(super) serving: Option<Arc<Loaded>>,
    pub(super) predecessor: Option<Arc<Loaded>>,
    /// Why nothing does, where something should.
    pub(super) error: Option<LoadError>,
}

impl Entry {
    pub(super) fn new(path: &Path, at: At, name: String) -> Self {
        Self {
            path: path.to_owned(),
            at,
            name,
            named: false,
            fingerprint: None,
            serving: None,
            own: false,
            passed: None,
            predecessor: None,
            failed: None,
            refused: None,
            trouble: None,
            off: None,
        }
    }

    /// Lets go of what served before, once its successor has shown what it can do.
    pub(super) fn forget_predecessor(&mut self) {
        if !self.is_on_probation() {
            self.predecessor = None;
        }
    }

    pub(super) fn is_on_probation(&self) -> bool {
        let serving = self.serving.as_ref();
        serving.is_some_and(|loaded| loaded.probation.calls_left() > 0 || loaded.probation.has_faulted())
    }

    /// Two entries alike make the same generation.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        let same = |a: &Option<Arc<Loaded>>, b: &Option<Arc<Loaded>>| match (a, b) {
            (Some(a), Some(b)) => Arc::ptr_eq(a, b),
            (None, None) => true,
            _ => false,
        };
        let told = |entry: &Self| (entry.name.clone(), entry.refused.clone(), entry.trouble.clone(), entry.off.clone());
        same(&self.serving, &other.serving) && told(self) == told(other)
    }

    /// Returns the package as it was, with what keeps it from being read.
    pub(super) fn in_trouble(mut self, error: LoadError) -> Self {
        let kept = self.serving.as_ref().map(|serving| serving.identity().version.clone());
        let (name, path) = (self.name.clone(), self.path.clone());
        self.trouble = Some(Refused { name, path, error, more: Vec::new(), kept, waits: None });
        self
    }

    /// Takes what served before.
    pub(super) fn fall_back(mut self, before: FallBack) -> Self {
        (self.serving, self.predecessor, self.own) = (before.serving, before.predecessor, false);
        if let Some(serving) = &self.serving {
            self.name.clone_from(&serving.identity().name);
        }
        self
    }

    /// Refuses what the package holds; what served before goes on.
    pub(super) fn refuse(mut self, before: FallBack, mut errors: Vec<LoadError>) -> Self {
        errors.extend(before.error.clone());
        self = self.fall_back(before);
        let kept = self.serving.as_ref().map(|serving| serving.identity().version.clone());
        let error = if errors.is_empty() { LoadError::new("it cannot be loaded") } else { errors.remove(0) };
        let (name, path) = (self.name.clone(), self.path.clone());
        self.refused = Some(Refused { name, path, error, more: errors, kept, waits: None });
        self
    }

    /// Lets the package wait for what it was not granted; what served before goes on.
    pub(super) fn wait(self, before: FallBack, waits: Box<Waits>) -> Self {
        let error = waits.error(&self.name);
        let mut entry = self.refuse(before, vec![error]);
        entry.refused = entry.refused.map(|refused| Refused { waits: Some(waits), ..refused });
        entry
    }

    /// Lets go of versions that may no longer serve: what they were granted was taken back.
    pub(super) fn only_allowed(mut self, deployments: &Deployments) -> Self {
        let allowed = |loaded: &Arc<Loaded>| deployments.allow(loaded);
        self.serving = self.serving.filter(allowed);
        self.predecessor = self.predecessor.filter(allowed);
        self
    }

    /// Refuses it because of another package with its name.
    pub(super) fn refuse_twin(self, first: &Path) -> Self {
        let message = format!("another package has its name: `{}`", first.display());
        let error = LoadError::new(message).hint("rename one of them, or take it away");
        self.refuse(FallBack::default(), vec![error])
    }
}
