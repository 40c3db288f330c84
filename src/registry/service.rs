//! What is known of each package between two looks into the folders: what serves, what was refused, and what is put back.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Load;
use super::activate::{Activated, Candidate};
use super::generation::{Generation, Refused, SwitchedOff};
use super::grants::{Deployments, Waits};
use super::loaded::Loaded;
use super::scan::{Place, Places};
use crate::plugin::package::LoadError;

/// All packages, in the order in which they are looked at.
#[derive(Default)]
pub(super) struct Service {
    entries: Vec<Entry>,
}

/// What is known of one package.
#[derive(Clone)]
struct Entry {
    path: PathBuf,
    name: String,
    /// Of the content that was last judged; `None` when it could not be read, so that it is tried again.
    fingerprint: Option<String>,
    serving: Option<Arc<Loaded>>,
    /// What served before, while its successor is on probation.
    predecessor: Option<Arc<Loaded>>,
    refused: Option<Refused>,
    /// Why the package cannot be read just now. Passes without judging it again if its content is the same.
    trouble: Option<Refused>,
    off: Option<SwitchedOff>,
}

impl Entry {
    fn new(path: PathBuf, name: String) -> Self {
        Self {
            path,
            name,
            fingerprint: None,
            serving: None,
            predecessor: None,
            refused: None,
            trouble: None,
            off: None,
        }
    }

    /// Lets go of what served before, once its successor has shown what it can do.
    fn forget_predecessor(&mut self) {
        let on_probation = |loaded: &Arc<Loaded>| loaded.probation.calls_left() > 0 || loaded.probation.has_faulted();
        if !self.serving.as_ref().is_some_and(on_probation) {
            self.predecessor = None;
        }
    }

    /// Two entries alike make the same generation.
    fn is_like(&self, other: &Self) -> bool {
        let same = |a: &Option<Arc<Loaded>>, b: &Option<Arc<Loaded>>| match (a, b) {
            (Some(a), Some(b)) => Arc::ptr_eq(a, b),
            (None, None) => true,
            _ => false,
        };
        let told = |entry: &Self| (entry.name.clone(), entry.refused.clone(), entry.trouble.clone(), entry.off.clone());
        same(&self.serving, &other.serving) && told(self) == told(other)
    }

    /// Returns the package as it was, with what keeps it from being read.
    fn in_trouble(path: &Path, name: String, old: Option<&Self>, error: LoadError) -> Self {
        let entry = old.cloned().unwrap_or_else(|| Self::new(path.to_owned(), name));
        let kept = entry.serving.as_ref().map(|serving| serving.identity().version.clone());
        let trouble =
            Refused { name: entry.name.clone(), path: path.to_owned(), error, more: Vec::new(), kept, waits: None };
        Self { trouble: Some(trouble), ..entry }
    }

    /// Refuses the package, keeping what served before.
    fn refuse(mut self, old: Option<&Self>, mut errors: Vec<LoadError>) -> Self {
        self.serving = old.and_then(|old| old.serving.clone());
        self.predecessor = old.and_then(|old| old.predecessor.clone());
        if let Some(serving) = &self.serving {
            self.name.clone_from(&serving.identity().name);
        }
        let kept = self.serving.as_ref().map(|serving| serving.identity().version.clone());
        let error = if errors.is_empty() { LoadError::new("it cannot be loaded") } else { errors.remove(0) };
        self.refused =
            Some(Refused { name: self.name.clone(), path: self.path.clone(), error, more: errors, kept, waits: None });
        self
    }

    /// Lets the package wait for what it was not granted, keeping what served before.
    fn wait(self, old: Option<&Self>, waits: Box<Waits>) -> Self {
        let error = waits.error(&self.name);
        let mut entry = self.refuse(old, vec![error]);
        entry.refused = entry.refused.map(|refused| Refused { waits: Some(waits), ..refused });
        entry
    }

    /// Lets go of versions that may no longer serve: what they were granted was taken back.
    fn only_allowed(mut self, deployments: &Deployments) -> Self {
        let allowed = |loaded: &Arc<Loaded>| deployments.allow(loaded);
        self.serving = self.serving.filter(allowed);
        self.predecessor = self.predecessor.filter(allowed);
        self
    }
}

impl Service {
    /// Takes in what the folders hold now; says whether anything changed.
    pub(super) fn update(&mut self, found: Places, deployments: &Deployments, load: &dyn Load) -> bool {
        self.entries.iter_mut().for_each(Entry::forget_predecessor);
        let mut entries: Vec<Entry> = Vec::with_capacity(found.places.len());
        let mut names = BTreeMap::new();
        for place in found.places {
            let entry = self.judge(&place, deployments, load, &names);
            names.entry(entry.name.clone()).or_insert_with(|| entry.path.clone());
            entries.push(entry);
        }
        entries.extend(self.stranded(&entries, &found.unreadable));
        let changed = entries.len() != self.entries.len()
            || entries.iter().zip(&self.entries).any(|(new, old)| !new.is_like(old));
        self.entries = entries;
        changed
    }

    /// Looks at one package, without loading again what did not change.
    fn judge(
        &self,
        place: &Place,
        deployments: &Deployments,
        load: &dyn Load,
        names: &BTreeMap<String, PathBuf>,
    ) -> Entry {
        let old = self.entries.iter().find(|entry| entry.path == place.path);
        let source = match place.read() {
            Ok(source) => source,
            Err(error) => {
                let old = old.cloned().map(|old| old.only_allowed(deployments));
                return Entry::in_trouble(&place.path, place.name(), old.as_ref(), error);
            }
        };
        let candidate = Candidate::new(source, deployments);
        let mut entry = Entry::new(place.path.clone(), candidate.name().to_owned());
        if let Some(first) = names.get(candidate.name()) {
            let message = format!("another package has its name: `{}`", first.display());
            return entry.refuse(None, vec![LoadError::new(message).hint("rename one of them, or take it away")]);
        }
        if let Some(known) = self.known(&candidate, old) {
            return Entry { path: place.path.clone(), trouble: None, ..known.clone() };
        }
        let by_name = self.entries.iter().find(|known| known.name == candidate.name());
        let old = old.filter(|old| old.serving.is_some()).or(by_name).cloned().map(|old| old.only_allowed(deployments));
        let old = old.as_ref();
        entry.fingerprint = Some(candidate.fingerprint.clone());
        match candidate.activate(load) {
            Activated::Off(off) => Entry { off: Some(off), ..entry },
            Activated::Waiting(_, waits) => entry.wait(old, waits),
            Activated::Refused(_, errors) => entry.refuse(old, errors),
            Activated::Loaded(loaded) => {
                entry.predecessor = old.and_then(|old| old.serving.clone());
                if entry.predecessor.is_some() {
                    loaded.probation.begin();
                }
                Entry { serving: Some(loaded), ..entry }
            }
        }
    }

    /// Finds the entry of a package that was judged with the same content, here or where it was before.
    fn known<'e>(&'e self, candidate: &Candidate, old: Option<&'e Entry>) -> Option<&'e Entry> {
        let same = |entry: &&Entry| {
            entry.name == candidate.name() && entry.fingerprint.as_ref() == Some(&candidate.fingerprint)
        };
        // What was refused is only known in its place: elsewhere it may be judged otherwise.
        old.filter(same).or_else(|| self.entries.iter().find(|entry| same(entry) && entry.serving.is_some()))
    }

    /// Keeps what serves from a folder that cannot be looked into: that is never taken for an empty folder.
    fn stranded(&self, entries: &[Entry], unreadable: &[(PathBuf, LoadError)]) -> Vec<Entry> {
        let taken: BTreeSet<&str> = entries.iter().map(|entry| entry.name.as_str()).collect();
        let reason = |path: &Path| {
            unreadable.iter().find(|(root, _)| path.parent() == Some(root)).map(|(_, error)| error.clone())
        };
        let stranded =
            self.entries.iter().filter(|entry| entry.serving.is_some() && !taken.contains(entry.name.as_str()));
        stranded
            .filter_map(|old| {
                let error = reason(&old.path)?;
                Some(Entry::in_trouble(&old.path, old.name.clone(), Some(old), error))
            })
            .collect()
    }

    /// Ends probations: where a version faulted in a hook in which its predecessor never did, the predecessor is put back. Says whether
    /// anything changed.
    pub(super) fn end_probations(&mut self) -> bool {
        let mut changed = false;
        for entry in &mut self.entries {
            let Some(serving) = entry.serving.clone().filter(|serving| serving.probation.has_faulted()) else {
                continue;
            };
            let predecessor = entry.predecessor.take_if(|predecessor| serving.faulted_where_not(predecessor));
            serving.probation.end();
            let Some(predecessor) = predecessor else { continue };
            changed = true;
            let (old, new) = (&predecessor.identity().version, &serving.identity().version);
            let cause = serving.last_fault().map_or_else(String::new, |(hook, fault)| format!(": {hook}: {fault}"));
            let error = LoadError::new(format!("version {new} failed on probation where version {old} did not{cause}"));
            entry.refused = Some(Refused {
                name: entry.name.clone(),
                path: entry.path.clone(),
                error: error.hint("mend it and put the mended version in its place"),
                more: Vec::new(),
                kept: Some(old.clone()),
                waits: None,
            });
            entry.serving = Some(predecessor);
        }
        changed
    }

    /// Makes a generation of what serves.
    pub(super) fn generation(&self, number: u64) -> Generation {
        let plugins = self.entries.iter().filter_map(|entry| entry.serving.clone()).collect();
        let mut refused: Vec<Refused> =
            self.entries.iter().filter_map(|entry| entry.trouble.clone().or_else(|| entry.refused.clone())).collect();
        refused.sort_by(|a, b| a.name.cmp(&b.name));
        let mut off: Vec<SwitchedOff> = self.entries.iter().filter_map(|entry| entry.off.clone()).collect();
        off.sort_by(|a, b| a.name.cmp(&b.name));
        Generation::new(number, plugins, refused, off)
    }
}
