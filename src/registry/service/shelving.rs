//! What outlives the process: which versions go onto the shelf, which come from it, and which leave it.

use std::path::PathBuf;
use std::sync::Arc;

use super::{Entry, FallBack, Ground, Service};
use crate::plugin::hook::HookSet;
use crate::plugin::package::LoadError;
use crate::registry::Folders;
use crate::registry::activate::{Activated, Candidate};
use crate::registry::loaded::Loaded;
use crate::registry::scan::{Place, Places};
use crate::registry::shelf::{At, Failed, Filled, Kept, Slot};

/// A change of what is known of one plugin: as it was seen, and as it shall be.
struct Change {
    name: String,
    seen: Option<Slot>,
    wanted: Option<Slot>,
}

/// Where a package on the shelf belongs.
pub(super) fn path_of(at: &At, folders: &Folders) -> PathBuf {
    let root = if at.scripts { &folders.scripts } else { &folders.plugins };
    root.join(&at.entry)
}

/// What is kept of a version that failed; what its fault said may hold anybody's data and is not.
pub(super) fn failed(fingerprint: Option<String>, why: &str) -> Option<Failed> {
    fingerprint.map(|fingerprint| Failed { fingerprint, why: why.to_owned() })
}

impl Service {
    /// Returns what serves in place of a package that cannot: what served here before, else what is on the shelf.
    pub(super) fn before(&self, entry: &Entry, old: Option<&Entry>, ground: &Ground<'_>) -> FallBack {
        if let Some(old) = old.filter(|old| old.serving.is_some()) {
            let old = old.clone().only_allowed(&ground.deployments);
            return FallBack { serving: old.serving, predecessor: old.predecessor, error: None };
        }
        let by_name = self.shelf.slot(&entry.name).map(|slot| (entry.name.as_str(), slot));
        let by_place = || self.shelf.at(&entry.at).and_then(|name| Some((name, self.shelf.slot(name)?)));
        let Some((name, slot)) = by_name.or_else(by_place) else { return FallBack::default() };
        let mut fall_back = FallBack::default();
        // Where another process put a newer version in its place meanwhile, that one is meant.
        let newer = || self.shelf.read_again(name).filter(|again| again.serving.hash != slot.serving.hash);
        let known = std::iter::once(&slot.serving).chain(&slot.before).cloned();
        let kept = known.chain(std::iter::once_with(newer).flatten().map(|again| again.serving));
        for kept in kept {
            match self.load_kept(name, &kept, entry, ground) {
                Ok(loaded) => return FallBack { serving: loaded, ..FallBack::default() },
                Err(error) => fall_back.error = fall_back.error.or(Some(error)),
            }
        }
        fall_back
    }

    /// Returns a package that this process never saw whole as it was in an earlier one.
    pub(super) fn as_it_was(&self, entry: Entry, ground: &Ground<'_>) -> Entry {
        let before = self.before(&entry, None, ground);
        entry.fall_back(before)
    }

    /// Loads a version from the shelf, under today's terms; nothing where those switch it off.
    fn load_kept(
        &self,
        name: &str,
        kept: &Kept,
        entry: &Entry,
        ground: &Ground<'_>,
    ) -> Result<Option<Arc<Loaded>>, LoadError> {
        let source = self.shelf.take(name, kept, &entry.path)?;
        let candidate = Candidate::new(source, &ground.deployments);
        if candidate.name() != name {
            return Err(LoadError::new("its kept copy has another name"));
        }
        match candidate.activate(ground.load) {
            Activated::Loaded(loaded) => {
                ground.resume(&loaded);
                loaded.note_earlier_faults(kept.faulted);
                Ok(Some(loaded))
            }
            Activated::Off(_) => Ok(None),
            Activated::Waiting(_, waits) => Err(waits.error(name)),
            Activated::Refused(_, errors) => {
                let why = errors.into_iter().next().unwrap_or_else(|| LoadError::new("it cannot be loaded"));
                let message = format!("version {}, which served before, cannot be kept: {why}", kept.version);
                Err(LoadError { message, ..why })
            }
        }
    }

    /// Loads the predecessor of a version on probation from the shelf.
    pub(super) fn kept_before(&self, entry: &Entry, serving: &Loaded, ground: &Ground<'_>) -> Option<Arc<Loaded>> {
        let slot = self.shelf.slot(&entry.name).filter(|slot| slot.serving.hash == serving.identity().hash)?;
        self.load_kept(&entry.name, slot.before.as_ref()?, entry, ground).ok().flatten()
    }

    /// Names the version that a version on probation replaced, where it is known.
    pub(in crate::registry) fn version_before(&self, serving: &Loaded) -> Option<String> {
        let identity = serving.identity();
        let entry = self.entries.iter().find(|entry| entry.name == identity.name);
        if let Some(predecessor) = entry.and_then(|entry| entry.predecessor.as_ref()) {
            return Some(predecessor.identity().version.clone());
        }
        let slot = self.shelf.slot(&identity.name).filter(|slot| slot.serving.hash == identity.hash)?;
        slot.before.as_ref().map(|before| before.version.clone())
    }

    /// Forgets that a version failed on probation, so that the next process tries it again; says why it failed.
    pub(in crate::registry) fn forgive(&mut self, name: &str) -> Option<String> {
        self.shelf.slot(name)?.failed.as_ref()?;
        let mut why = None;
        self.shelf.edit(&[], |index| {
            why = index.plugins.get_mut(name).and_then(|slot| slot.failed.take()).map(|failed| failed.why);
            why.is_some()
        });
        why
    }

    /// Packs a version that came into service, where the shelf has not got it.
    pub(super) fn fill(&self, place: &Place, entry: &Entry, candidate: &Candidate) -> Option<Filled> {
        let loaded = entry.serving.as_ref().filter(|_| entry.own && self.shelf.is_there())?;
        let hash = &loaded.identity().hash;
        let slot = self.shelf.slot(&entry.name).filter(|slot| slot.serving.hash == *hash);
        if slot.is_some_and(|slot| self.shelf.holds(&entry.name, &slot.serving)) {
            return None;
        }
        // What changed since it was read is looked at the next time.
        let packed = candidate.pack(place).filter(|(_, packed)| packed == hash)?.0;
        Some(Filled::new(&entry.name, hash, &packed))
    }

    /// Brings the shelf up to date with what serves.
    pub(super) fn shelve(&mut self, filled: &[Filled], found: &Places, ground: &Ground<'_>) {
        if !self.shelf.is_there() {
            return;
        }
        let mut changes: Vec<Change> = self.entries.iter().filter_map(|entry| self.wanted(entry, filled)).collect();
        changes.extend(self.removed(found, ground));
        changes.retain(|change| change.seen != change.wanted);
        if changes.is_empty() && filled.is_empty() {
            return;
        }
        self.shelf.edit(filled, |index| {
            let mut changed = false;
            for Change { name, seen, wanted } in changes {
                // Whoever changed it meanwhile saw what is there now, or later.
                if index.plugins.get(&name) == seen.as_ref() {
                    changed = true;
                    match wanted {
                        Some(slot) => drop(index.plugins.insert(name, slot)),
                        None => drop(index.plugins.remove(&name)),
                    }
                }
            }
            changed
        });
    }

    /// What the shelf shall know of a package.
    fn wanted(&self, entry: &Entry, filled: &[Filled]) -> Option<Change> {
        let loaded = entry.serving.as_ref()?;
        let hash = &loaded.identity().hash;
        let seen = self.shelf.slot(&entry.name).cloned();
        let (at, passed) = (entry.at.clone(), entry.passed.clone());
        let wanted = match (&seen, entry.own) {
            (Some(slot), true) if slot.serving.hash == *hash => {
                let before = slot.before.clone().filter(|_| entry.is_on_probation());
                Slot { at, before, failed: None, passed, serving: slot.serving.clone() }
            }
            (slot, true) => {
                let filled = filled.iter().find(|filled| filled.name == entry.name && filled.hash == *hash)?;
                let calls_left = loaded.probation.calls_left();
                let serving = Kept { calls_left, ..filled.kept(&loaded.identity().version) };
                let before = slot.as_ref().map(|slot| slot.serving.clone()).filter(|_| calls_left > 0);
                Slot { at, serving, before, failed: None, passed }
            }
            // The predecessor was put back.
            (Some(slot), false)
                if entry.failed.is_some() && slot.before.as_ref().is_some_and(|it| it.hash == *hash) =>
            {
                Slot { at, serving: slot.before.clone()?, before: None, failed: entry.failed.clone(), passed: None }
            }
            (slot, false) => Slot { at, ..slot.clone()? },
        };
        Some(Change { name: entry.name.clone(), seen, wanted: Some(wanted) })
    }

    /// Plugins that somebody took away: their place is empty or another's, and its folder can be looked into.
    fn removed(&self, found: &Places, ground: &Ground<'_>) -> Vec<Change> {
        let was_looked_into = |path: &PathBuf| found.looked_into.iter().any(|root| path.parent() == Some(root));
        let is_gone = |path: &PathBuf| {
            let other = self.entries.iter().any(|entry| entry.path == *path && entry.named);
            other || path.symlink_metadata().is_err()
        };
        let slots = self.shelf.index().plugins.iter().filter(|(name, slot)| {
            let path = path_of(&slot.at, ground.folders);
            !self.entries.iter().any(|entry| entry.name == **name) && was_looked_into(&path) && is_gone(&path)
        });
        slots.map(|(name, slot)| Change { name: name.clone(), seen: Some(slot.clone()), wanted: None }).collect()
    }

    /// Notes for the next process how the versions on the shelf did in this one.
    pub(in crate::registry) fn note(&mut self) {
        let mut notes: Vec<(String, String, u32, HookSet)> = Vec::new();
        for entry in &self.entries {
            let Some((loaded, slot)) = entry.serving.as_ref().zip(self.shelf.slot(&entry.name)) else { continue };
            let kept = &slot.serving;
            if kept.hash != loaded.identity().hash {
                continue;
            }
            let calls = kept.calls_left.saturating_sub(loaded.probation.calls_left());
            let faulted = loaded.faulted_hooks();
            if calls > 0 && slot.before.is_some() || faulted.iter().any(|hook| !kept.faulted.contains(hook)) {
                notes.push((entry.name.clone(), kept.hash.clone(), calls, faulted));
            }
        }
        if notes.is_empty() {
            return;
        }
        self.shelf.edit(&[], |index| {
            for (name, hash, calls, faulted) in notes {
                let Some(slot) = index.plugins.get_mut(&name).filter(|slot| slot.serving.hash == hash) else {
                    continue;
                };
                slot.serving.calls_left = slot.serving.calls_left.saturating_sub(calls);
                slot.serving.faulted = slot.serving.faulted.iter().chain(faulted.iter()).collect();
            }
            true
        });
    }
}
