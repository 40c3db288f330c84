//! What rows wrote that the store does not have yet, as lookups find it; and which rows wrote what of late.

use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::heard::Heard;
use super::row::{Ended, Ready, RowEnd};
use super::stage::Stage;
use crate::app::lookup::sought;
use crate::app::memory::crowds;
use crate::domain::contact::Contact;
use crate::domain::id::ContactId;
use crate::plugin::service::{ContactLookup, LookupKey};
use crate::store::{Prepared, Sought};

/// Rows after which what is no longer needed is let go.
const SWEEP_ROWS: usize = 4096;

/// Keys under which plugins remember something else than they did.
pub(super) type Moved = HashMap<String, HashSet<String>>;

/// Contacts that were written by rows and are not in the store yet.
#[derive(Default)]
pub(super) struct Pending(Mutex<Contacts>);

#[derive(Default)]
struct Contacts {
    all: Vec<Arc<Prepared>>,
    /// Where each stands; one that was written twice, where it was written last.
    place: HashMap<ContactId, usize>,
    /// By what identifies them.
    by_key: HashMap<(u8, String), Vec<usize>>,
}

impl Pending {
    pub(super) fn add(&self, contact: &Arc<Prepared>) {
        let mut contacts = self.lock();
        let at = contacts.all.len();
        contacts.all.push(Arc::clone(contact));
        contacts.place.insert(contact.id(), at);
        for (kind, value) in contact.keys() {
            contacts.by_key.entry((kind, value.to_owned())).or_default().push(at);
        }
    }

    pub(super) fn clear(&self) {
        *self.lock() = Contacts::default();
    }

    fn lock(&self) -> MutexGuard<'_, Contacts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Contacts {
    /// Those that answer, in the order in which they were written.
    fn find(&self, sought: &Sought) -> Vec<&Arc<Prepared>> {
        let all: Box<dyn Iterator<Item = usize> + '_> = match sought.key() {
            Some((kind, value)) => match self.by_key.get(&(kind, value.to_owned())) {
                Some(places) => Box::new(places.iter().copied()),
                None => Box::new(std::iter::empty()),
            },
            None => Box::new(0..self.all.len()),
        };
        let stands = |at: &usize| self.place.get(&self.all[*at].id()) == Some(at) && self.all[*at].answers(sought);
        all.filter(stands).map(|at| &self.all[at]).collect()
    }
}

/// Search among what is committed and what is about to be.
pub(super) struct AheadLookup {
    pub(super) stage: Stage,
    pub(super) pending: Arc<Pending>,
}

impl ContactLookup for AheadLookup {
    fn find(&self, key: &LookupKey, limit: usize) -> Result<Vec<Arc<Contact>>, String> {
        let contacts = self.pending.lock();
        if contacts.all.is_empty() {
            return self.stage.find(key, limit);
        }
        let fresh = contacts.find(&sought(key));
        let mut found = self.stage.find(key, limit)?;
        // What is rewritten is told as it will be.
        found.retain(|contact| !contacts.place.contains_key(&contact.id));
        let fresh = fresh.into_iter().map(|prepared| prepared.contact().map(Arc::new));
        let mut fresh = fresh.collect::<Result<Vec<_>, _>>().map_err(|error| error.to_string())?;
        fresh.retain(|contact| self.stage.shows(contact));
        // Names are told newest first, everything else oldest first.
        if matches!(key, LookupKey::Name(_)) {
            fresh.reverse();
            std::mem::swap(&mut found, &mut fresh);
        }
        found.append(&mut fresh);
        found.truncate(limit);
        Ok(found)
    }
}

/// A row that wrote a contact.
struct Wrote {
    record: u64,
    after: Arc<Prepared>,
    /// What it was before, if it was.
    before: Option<Arc<Prepared>>,
}

/// Which rows wrote what of late.
#[derive(Default)]
pub(super) struct Ledger {
    hasher: RandomState,
    rows: VecDeque<Wrote>,
    /// The last row that wrote something identified so, by hash: two values taken for one cost time, and no more.
    keys: HashMap<u64, u64>,
    /// The last row that wrote a remembered value, by hash.
    state: HashMap<u64, u64>,
    /// The last row that made a plugin remember something, and how much that is now, by plugin.
    plugins: HashMap<String, u64>,
    /// Rows since the last sweep.
    fresh: usize,
}

impl Ledger {
    /// Notes what a row writes.
    pub(super) fn note(&mut self, row: &Ended) {
        let (RowEnd::Create(ready) | RowEnd::Update(ready, _)) = &row.end else { return };
        let before = ready.before.as_ref().map(|before| Arc::new(Prepared::new(before)));
        let wrote = Wrote { record: row.record, after: Arc::clone(&ready.contact), before };
        self.note_keys(&wrote);
        self.rows.push_back(wrote);
        for (plugin, write) in &ready.state {
            let hash = self.hasher.hash_one((plugin, &write.key));
            self.state.insert(hash, row.record);
            match self.plugins.get_mut(plugin) {
                Some(last) => *last = row.record,
                None => drop(self.plugins.insert(plugin.clone(), row.record)),
            }
        }
    }

    /// Notes what others made plugins remember, as if a row had: whoever was told before it was known is asked again.
    pub(super) fn note_others(&mut self, record: u64, moved: &Moved) {
        let late = |last: &mut u64| *last = record.max(*last);
        for (plugin, keys) in moved {
            late(self.plugins.entry(plugin.clone()).or_default());
            keys.iter().for_each(|key| late(self.state.entry(self.hasher.hash_one((plugin, key))).or_default()));
        }
    }

    fn note_keys(&mut self, wrote: &Wrote) {
        for (kind, value) in [Some(&wrote.after), wrote.before.as_ref()].into_iter().flatten().flat_map(|it| it.keys())
        {
            self.keys.insert(self.hasher.hash_one((kind, value)), wrote.record);
        }
    }

    /// Forgets what rows up to this one wrote: nobody is asked any more about a row before.
    pub(super) fn sweep(&mut self, until: u64) {
        self.fresh += 1;
        if self.fresh < SWEEP_ROWS {
            return;
        }
        self.fresh = 0;
        while self.rows.front().is_some_and(|wrote| wrote.record <= until) {
            self.rows.pop_front();
        }
        self.keys.retain(|_, record| *record > until);
        self.state.retain(|_, record| *record > until);
    }

    /// Forgets that rows after this one wrote anything: they are decided once more.
    pub(super) fn rewind(&mut self, record: u64) {
        while self.rows.back().is_some_and(|wrote| wrote.record > record) {
            self.rows.pop_back();
        }
    }

    /// Says whether something that was heard when the rows up to `seen` were written may be otherwise now. `size` tells how much a plugin
    /// remembers now.
    pub(super) fn disturbs(&self, heard: &[Heard], seen: u64, size: impl Fn(&str) -> usize) -> bool {
        let since = |record: Option<&u64>| record.is_some_and(|record| *record > seen);
        heard.iter().any(|heard| match heard {
            Heard::Lookup(sought) => match sought.key() {
                Some(key) => since(self.keys.get(&self.hasher.hash_one(key))),
                None => {
                    self.rows.iter().rev().take_while(|wrote| wrote.record > seen).any(|wrote| wrote.answers(sought))
                }
            },
            Heard::State(plugin, key) => since(self.state.get(&self.hasher.hash_one((plugin, key)))),
            Heard::Size(plugin, was) => since(self.plugins.get(plugin)) && crowds(*was, size(plugin)),
        })
    }

    /// Says whether something was looked up that a row after this one changed, rather than made.
    pub(super) fn meets_change(&self, heard: &[Heard], after: u64) -> bool {
        let lookups =
            || heard.iter().filter_map(|heard| if let Heard::Lookup(sought) = heard { Some(sought) } else { None });
        let recent = self.rows.iter().rev().take_while(|wrote| wrote.record > after);
        lookups().next().is_some()
            && recent.filter(|wrote| wrote.before.is_some()).any(|wrote| lookups().any(|sought| wrote.answers(sought)))
    }
}

impl Wrote {
    fn answers(&self, sought: &Sought) -> bool {
        self.after.answers(sought) || self.before.as_ref().is_some_and(|before| before.answers(sought))
    }
}

/// Says whether what was heard is about what a row would have written.
pub(super) fn concerns(heard: &[Heard], ready: &Ready) -> bool {
    heard.iter().any(|heard| match heard {
        Heard::Lookup(sought) => {
            ready.contact.answers(sought)
                || ready.before.as_ref().is_some_and(|before| Prepared::new(before).answers(sought))
        }
        Heard::State(plugin, key) => ready.state.iter().any(|(own, write)| own == plugin && write.key == *key),
        Heard::Size(plugin, _) => ready.state.iter().any(|(own, _)| own == plugin),
    })
}
