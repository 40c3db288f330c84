//! What is known of each package between two looks into the folders: what serves, what was refused, and what is put back. What of it
//! outlives the process is `shelving`.

mod entry;
mod shelving;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::activate::{Activated, Candidate};
use super::generation::{Generation, Refused, SwitchedOff};
use super::grants::Deployments;
use super::loaded::Loaded;
use super::scan::{Place, Places};
use super::shelf::Shelf;
use super::standing::{Outbox, Pasts};
use super::{Folders, Load, Mode, abreast};
use crate::plugin::package::LoadError;
use entry::{Entry, FallBack};

/// Code of more bytes is read again where it is needed, so that many such packages do not fill the memory.
const LARGE: usize = 1 << 20;

/// All packages, in the order in which they are looked at.
pub(super) struct Service {
    entries: Vec<Entry>,
    shelf: Shelf,
}

/// What decides how packages serve here.
pub(super) struct Ground<'a> {
    pub(super) folders: &'a Folders,
    pub(super) deployments: Arc<Deployments>,
    pub(super) load: &'a dyn Load,
    /// How versions stood in earlier processes.
    pub(super) pasts: &'a Pasts,
    /// Where versions that go leave what their calls came to.
    pub(super) outbox: &'a Outbox,
}

impl Ground<'_> {
    /// Lets a version that was just loaded go on from where earlier processes left it.
    fn resume(&self, loaded: &Loaded) {
        loaded.leave_in(self.outbox);
        if let Some(standing) = self.pasts.get(&loaded.identity().name).and_then(|past| past.get(&loaded.terms)) {
            loaded.restore(standing);
        }
    }
}

/// What is to be done about a package.
enum Plan {
    /// It is judged.
    Judged(Box<Entry>),
    /// It has to be loaded; whether its cases passed before.
    Load(Box<Candidate>, bool),
}

/// A package about which all is done.
enum Done<'p> {
    /// It was judged before.
    Judged(&'p Entry),
    /// How loading it ended.
    Loaded(&'p Candidate, Activated),
}

impl Service {
    pub(super) fn new(folders: &Folders) -> Self {
        Self { entries: Vec::new(), shelf: Shelf::new(folders.shelf.clone()) }
    }

    /// Takes in what the folders hold now; says whether anything changed.
    pub(super) fn update(&mut self, found: &Places, ground: &Ground<'_>) -> bool {
        self.shelf.refresh();
        self.entries.iter_mut().for_each(Entry::forget_predecessor);
        let read = abreast::map(&found.places, |place| {
            place.read().map(|source| Candidate::new(source, &ground.deployments).without_code_over(LARGE))
        });
        let mut names = self.owners(found, &read, ground);
        let planned = found.places.iter().zip(read).map(|(place, read)| self.plan(place, read, ground, &mut names));
        let planned: Vec<(&Place, Plan)> = found.places.iter().zip(planned.collect::<Vec<_>>()).collect();
        let done = abreast::map(&planned, |(place, plan)| match plan {
            Plan::Judged(entry) => Done::Judged(entry),
            Plan::Load(candidate, passed) => Done::Loaded(candidate, candidate.activate_from(place, ground, *passed)),
        });
        let (mut entries, mut filled) = (Vec::with_capacity(planned.len()), Vec::new());
        let mut serving: BTreeMap<String, PathBuf> = BTreeMap::new();
        for ((place, _), done) in planned.iter().zip(done) {
            let entry = match done {
                Done::Judged(entry) => entry.clone(),
                Done::Loaded(candidate, activated) => {
                    let entry = self.settle(place, candidate, activated, ground);
                    filled.extend(self.fill(place, &entry, candidate));
                    entry
                }
            };
            // A package that cannot be read may turn out to be a twin when what it held before is taken.
            let entry = match serving.get(&entry.name) {
                Some(first) if entry.serving.is_some() => entry.refuse_twin(first),
                _ => entry,
            };
            if entry.serving.is_some() {
                serving.insert(entry.name.clone(), entry.path.clone());
            }
            entries.push(entry);
        }
        entries.extend(self.stranded(&entries, found, ground));
        let changed = entries.len() != self.entries.len()
            || entries.iter().zip(&self.entries).any(|(new, old)| !new.is_like(old));
        self.entries = entries;
        let ended = self.end_probations(ground);
        self.shelve(&filled, found, ground);
        changed || ended
    }

    /// Whose names are taken beforehand: a name belongs to the package whose folder bears it. Nobody takes it, with what it was granted, by
    /// standing before it in the list, nor while it cannot be read or only a part of it is there.
    fn owners(
        &self,
        found: &Places,
        read: &[Result<Candidate, LoadError>],
        ground: &Ground<'_>,
    ) -> BTreeMap<String, PathBuf> {
        let mut names = BTreeMap::new();
        for readable in [true, false] {
            for (place, read) in found.places.iter().zip(read).filter(|(_, read)| read.is_ok() == readable) {
                let before = || self.entries.iter().find(|entry| entry.path == place.path);
                let name = read.as_ref().map_or_else(|_| before().map(|entry| &*entry.name), |it| Some(it.name()));
                if name.is_none_or(|name| name == place.name()) {
                    names.entry(place.name()).or_insert_with(|| place.path.clone());
                }
            }
        }
        let shelf = &self.shelf.index().plugins;
        let kept = shelf.iter().map(|(name, slot)| (name, shelving::path_of(&slot.at, ground.folders)));
        let served = self.entries.iter().filter(|old| old.serving.is_some());
        for (name, path) in served.map(|old| (&old.name, old.path.clone())).chain(kept) {
            if path.file_stem().is_some_and(|stem| stem == &**name) && left_behind(&path, found).is_some() {
                names.entry(name.clone()).or_insert(path);
            }
        }
        names
    }

    /// Says what is to be done about one package, without loading again what did not change.
    fn plan(
        &self,
        place: &Place,
        read: Result<Candidate, LoadError>,
        ground: &Ground<'_>,
        names: &mut BTreeMap<String, PathBuf>,
    ) -> Plan {
        let old = self.entries.iter().find(|entry| entry.path == place.path);
        let judged = |entry| Plan::Judged(Box::new(entry));
        let mut entry = Entry::new(&place.path, place.at(ground.folders), place.name());
        let candidate = match read {
            Ok(candidate) => candidate,
            Err(error) => {
                if let Some(unbuilt) = self.not_built(place, ground) {
                    return judged(unbuilt);
                }
                let old = old.map(|old| old.clone().only_allowed(&ground.deployments));
                let was = old.unwrap_or_else(|| self.as_it_was(entry, ground));
                return judged(was.in_trouble(error));
            }
        };
        (entry.name, entry.named) = (candidate.name().to_owned(), candidate.is_named());
        if let Some(first) = names.get(candidate.name()).filter(|first| **first != place.path) {
            return judged(entry.refuse_twin(first));
        }
        names.insert(candidate.name().to_owned(), place.path.clone());
        if let Some(known) = self.known(&candidate, old) {
            return judged(Entry { path: entry.path, at: entry.at, trouble: None, ..known.clone() });
        }
        let slot = self.shelf.slot(candidate.name());
        let failed = slot.and_then(|slot| slot.failed.clone()).filter(|it| it.fingerprint == candidate.fingerprint);
        if let Some(failed) = failed {
            let before = self.before(&entry, old, ground);
            if before.serving.is_some() {
                let error = failed_on_probation(candidate.name(), &failed.why);
                (entry.fingerprint, entry.failed) = (Some(candidate.fingerprint), Some(failed));
                return judged(entry.refuse(before, vec![error]));
            }
        }
        let passed = slot.is_some_and(|slot| slot.passed.as_ref() == Some(&candidate.proof()));
        Plan::Load(Box::new(candidate), passed)
    }

    /// Takes note of how loading a package ended.
    fn settle(&self, place: &Place, candidate: &Candidate, activated: Activated, ground: &Ground<'_>) -> Entry {
        let old = self.entries.iter().find(|entry| entry.path == place.path && entry.serving.is_some());
        let old = old.or_else(|| self.entries.iter().find(|entry| entry.name == candidate.name()));
        let mut entry = Entry::new(&place.path, place.at(ground.folders), candidate.name().to_owned());
        (entry.named, entry.fingerprint) = (candidate.is_named(), Some(candidate.fingerprint.clone()));
        match activated {
            Activated::Off(off) => Entry { off: Some(off), ..entry },
            Activated::Waiting(_, waits) => {
                let before = self.before(&entry, old, ground);
                entry.wait(before, waits)
            }
            Activated::Refused(_, errors) => {
                let before = self.before(&entry, old, ground);
                entry.refuse(before, errors)
            }
            Activated::Loaded(loaded) => {
                entry.predecessor = old.and_then(|old| old.serving.clone());
                match (&entry.predecessor, self.shelf.slot(&entry.name)) {
                    (Some(_), _) => loaded.probation.begin(),
                    (None, Some(slot)) if slot.serving.hash != loaded.identity().hash => loaded.probation.begin(),
                    (None, Some(slot)) if slot.before.is_some() => {
                        loaded.probation.restore(slot.serving.calls_left, slot.serving.faulted);
                    }
                    (None, _) => {}
                }
                ground.resume(&loaded);
                Entry { serving: Some(loaded), own: true, passed: Some(candidate.proof()), ..entry }
            }
        }
    }

    /// Looks at a package that cannot be read: sources that were never built guard nothing, so that nothing is missing without them. Where
    /// it has served, or the deployment speaks of it, somebody counts on it.
    fn not_built(&self, place: &Place, ground: &Ground<'_>) -> Option<Entry> {
        let manifest = place.unbuilt()?;
        let served =
            |entry: &Entry| entry.serving.is_some() && (entry.path == place.path || entry.name == manifest.name);
        let deployed = ground.deployments.get(&manifest.name).is_some_and(|deployment| deployment.mode != Mode::Off);
        let counted_on = deployed || self.shelf.slot(&manifest.name).is_some();
        if counted_on || self.entries.iter().any(served) {
            return None;
        }
        let (name, version) = (manifest.name, Some(manifest.version));
        let off = SwitchedOff { name: name.clone(), version, path: place.path.clone(), unbuilt: true };
        Some(Entry { off: Some(off), ..Entry::new(&place.path, place.at(ground.folders), name) })
    }

    /// What served before, and is held in case its successor fails.
    pub(super) fn predecessors(&self) -> impl Iterator<Item = &Arc<Loaded>> {
        self.entries.iter().filter_map(|entry| entry.predecessor.as_ref())
    }

    /// Finds the entry of a package that was judged with the same content, here or where it was before.
    fn known<'e>(&'e self, candidate: &Candidate, old: Option<&'e Entry>) -> Option<&'e Entry> {
        let same = |entry: &&Entry| {
            entry.name == candidate.name() && entry.fingerprint.as_ref() == Some(&candidate.fingerprint)
        };
        // What was refused is only known in its place: elsewhere it may be judged otherwise.
        old.filter(same).or_else(|| self.entries.iter().find(|entry| same(entry) && entry.serving.is_some()))
    }

    /// Keeps what serves from a folder that cannot be looked into, or from one of which only a part is there: that is never taken for
    /// a package that was removed.
    fn stranded(&self, entries: &[Entry], found: &Places, ground: &Ground<'_>) -> Vec<Entry> {
        // Whoever was refused, and has nothing to fall back on, takes no name.
        let holds = |entry: &Entry| entry.refused.is_none() || entry.serving.is_some();
        let is_taken = |name: &str| entries.iter().any(|entry| entry.name == name && holds(entry));
        let mut stranded = Vec::new();
        for old in self.entries.iter().filter(|old| old.serving.is_some() && !is_taken(&old.name)) {
            stranded.extend(left_behind(&old.path, found).map(|error| old.clone().in_trouble(error)));
        }
        for (name, slot) in &self.shelf.index().plugins {
            let path = shelving::path_of(&slot.at, ground.folders);
            if is_taken(name) || self.entries.iter().any(|old| old.name == *name) {
                continue;
            }
            if let Some(error) = left_behind(&path, found) {
                let was = self.as_it_was(Entry::new(&path, slot.at.clone(), name.clone()), ground);
                stranded.push(was.in_trouble(error));
            }
        }
        stranded
    }

    /// Ends probations: where a version faulted in a hook in which its predecessor is not known to have failed, the predecessor is put
    /// back. Says whether anything changed.
    fn end_probations(&mut self, ground: &Ground<'_>) -> bool {
        let mut changed = false;
        for at in 0..self.entries.len() {
            let entry = &self.entries[at];
            let Some(serving) = entry.serving.clone().filter(|serving| serving.probation.has_faulted()) else {
                continue;
            };
            let predecessor = entry.predecessor.clone().or_else(|| self.kept_before(entry, &serving, ground));
            let predecessor = predecessor.filter(|predecessor| serving.faulted_where_not(predecessor));
            serving.probation.end();
            let Some(predecessor) = predecessor else { continue };
            changed = true;
            self.entries[at].put_back(&serving, predecessor);
        }
        changed
    }

    /// Looks after probations between two looks into the folders; says whether anything changed.
    pub(super) fn look_after(&mut self, ground: &Ground<'_>) -> bool {
        let changed = self.end_probations(ground);
        if changed {
            self.shelve(&[], &Places::default(), ground);
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

impl Entry {
    /// Calls what served before again.
    fn put_back(&mut self, serving: &Loaded, predecessor: Arc<Loaded>) {
        let (old, new) = (&predecessor.identity().version, &serving.identity().version);
        let predecessor_name = predecessor.identity().name.clone();
        let why = format!("version {new} failed on probation where version {old} did not");
        let cause = serving.last_fault().map_or_else(String::new, |(hook, fault)| {
            let place = fault.position.as_ref().map_or_else(String::new, |position| format!(" at {position}"));
            format!(": {hook}{place}: {fault}")
        });
        let failed = shelving::failed(self.fingerprint.clone(), &why);
        tracing::warn!(
            target: "carnet::registry", plugin = serving.identity().name, version = new, back = old,
            "{why}{cause}: its predecessor is put back"
        );
        let refused = Self { refused: None, ..self.clone() };
        let before = FallBack { serving: Some(predecessor), ..FallBack::default() };
        *self = refused.refuse(before, vec![failed_on_probation(&predecessor_name, &format!("{why}{cause}"))]);
        self.failed = failed;
    }
}

fn failed_on_probation(name: &str, why: &str) -> LoadError {
    LoadError::new(why).hint(format!(
        "`carnet plugin stats {name}` says how it failed; put a mended version in its place, or let this one try again by \
         `carnet plugin reset {name}`"
    ))
}

/// Why what served from a path is not removed though it is not listed: its folder cannot be looked into, or only a part of it is there.
fn left_behind(path: &Path, found: &Places) -> Option<LoadError> {
    if let Some((_, error)) = found.unreadable.iter().find(|(root, _)| path.parent() == Some(root)) {
        return Some(error.clone());
    }
    let is_left = path.symlink_metadata().is_ok() && !found.places.iter().any(|place| place.path == path);
    is_left.then(|| {
        LoadError::new("it has no `plugin.toml` any more").hint("put it back, or remove the rest of the package")
    })
}
