//! What changed between two generations, for logs and people.

use std::sync::Arc;

use tracing::info;

use super::generation::{Generation, Refused};
use crate::plugin::package::Identity;

/// What a look into the folders changed.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Report {
    /// Number of the generation in service.
    pub generation: u64,
    /// Plugins that came.
    pub added: Vec<Change>,
    /// Plugins with another version, content or terms.
    pub replaced: Vec<Change>,
    /// Plugins that went.
    pub removed: Vec<Change>,
    /// Packages that were refused and were not before, or for another reason.
    pub refused: Vec<Refused>,
    /// Plugins that served all along while their packages were refused, or out of sight, and are well again.
    pub mended: Vec<String>,
}

/// One plugin that came, changed or went.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Change {
    /// Its name.
    pub name: String,
    /// Version that served before.
    pub from: Option<String>,
    /// Version that serves now.
    pub to: Option<String>,
    /// Content hash of the one that serves now, else of the one that went.
    pub hash: String,
}

impl Report {
    /// Says whether nothing changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let is_same = self.added.is_empty() && self.replaced.is_empty();
        is_same && self.removed.is_empty() && self.refused.is_empty() && self.mended.is_empty()
    }

    pub(super) fn between(before: &Generation, after: &Generation) -> Self {
        let mut report = Self { generation: after.number, ..Self::default() };
        for loaded in &after.plugins {
            let new = loaded.identity();
            match before.find(&new.name) {
                None => report.added.push(change(None, Some(new))),
                Some(old) if !Arc::ptr_eq(old, loaded) => {
                    report.replaced.push(change(Some(old.identity()), Some(new)));
                }
                Some(_) => {}
            }
        }
        let gone = before.plugins.iter().filter(|old| after.find(&old.identity().name).is_none());
        report.removed.extend(gone.map(|old| change(Some(old.identity()), None)));
        report.refused.extend(after.refused.iter().filter(|refused| !before.refused.contains(refused)).cloned());
        let is_refused = |generation: &Generation, name: &str| generation.refused.iter().any(|it| it.name == name);
        let mended = before.refused.iter().map(|refused| &refused.name).filter(|name| {
            let same = before.find(name).zip(after.find(name)).is_some_and(|(old, new)| Arc::ptr_eq(old, new));
            same && !is_refused(after, name)
        });
        report.mended.extend(mended.cloned());
        report
    }

    pub(super) fn log(&self) {
        let generation = self.generation;
        let version = |version: &Option<String>| version.clone().unwrap_or_default();
        for Change { name, to, hash, .. } in &self.added {
            info!(target: "carnet::registry", generation, plugin = name, version = version(to), hash, "in service");
        }
        for Change { name, from, to, hash } in &self.replaced {
            info!(target: "carnet::registry", generation, plugin = name, from = version(from), version = version(to), hash, "replaced");
        }
        for Change { name, from, .. } in &self.removed {
            info!(target: "carnet::registry", generation, plugin = name, version = version(from), "out of service");
        }
        for name in &self.mended {
            info!(target: "carnet::registry", generation, plugin = name, "well again");
        }
        for refused in &self.refused {
            info!(target: "carnet::registry", generation, plugin = refused.name, "{refused}");
        }
    }
}

fn change(old: Option<&Arc<Identity>>, new: Option<&Arc<Identity>>) -> Change {
    let shown = new.or(old);
    Change {
        name: shown.map(|identity| identity.name.clone()).unwrap_or_default(),
        from: old.map(|identity| identity.version.clone()),
        to: new.map(|identity| identity.version.clone()),
        hash: shown.map(|identity| identity.hash.clone()).unwrap_or_default(),
    }
}
