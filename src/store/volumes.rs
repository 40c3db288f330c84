//! Looking up who has an identifier, without asking every volume of the table of identifiers. What a full volume holds hardly changes, so once
//! enough look-ups asked it in vain, it is read as a whole, and what it surely does not hold is kept in memory ([`Sieve`]). A command that
//! looks up a few never pays for that, and an import into a big store pays once.
//!
//! That nothing is missed hangs on two things. Every transaction that changes the identifiers of a full volume counts itself in the table
//! `volume_change` ([`Pending::count_changes`](super::identifiers::Pending::count_changes)); and a look-up relies on what is kept of a
//! volume only where its own snapshot has a count at which that was true. What this process writes is added when it is committed;
//! what others wrote makes the volume be asked again, as do snapshots from before, until it is worth being read once more.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use rusqlite::Connection;
use rusqlite::types::Value;

use super::identifiers::{ALL_VOLUMES, Changes, VOLUME_CONTACTS, volume};
use super::sieve::{self, SETS, Sieve};

/// Look-ups in vain after which a volume is worth being read: they took as long as reading it will.
const WORTH: u32 = if cfg!(test) { 3 } else { 65_536 };

/// Words of memory that a store may take for it: 48 MiB. That is room for six million contacts, or for twelve with half as many bits each.
/// Volumes beyond are always asked.
const WORDS: usize = (48 << 20) / size_of::<u64>();

/// Bits for a volume, where all find room: ten for an identifier, with six to a contact.
const BITS: usize = if cfg!(test) { 256 } else { 60 * VOLUME_CONTACTS };

/// What is known of the volumes of a store in this process.
#[derive(Default, Debug)]
pub(super) struct Volumes {
    known: RwLock<Known>,
}

#[derive(Default, Debug)]
struct Known {
    /// How many changes of full volumes had been counted when this was learned, and how many of each.
    all_changes: i64,
    changes: BTreeMap<i64, i64>,
    /// What volumes surely do not hold, in groups of neighbours; and the bits for each, settled with the first of them.
    groups: BTreeMap<usize, Group>,
    bits: usize,
    /// Look-ups in vain, by volume.
    in_vain: BTreeMap<i64, u32>,
}

/// Volumes that are neighbours.
#[derive(Debug)]
struct Group {
    sieve: Sieve,
    /// Of volumes that were read: the count of changes at which the sieve has all that they hold.
    read: BTreeMap<usize, i64>,
    /// Those that have this count now, as bits.
    reliable: u64,
}

/// What a snapshot says of volumes.
struct Head {
    /// The last one, in which contacts are created.
    last: i64,
    /// How many changes of full ones were counted.
    changes: i64,
}

/// Volumes to ask, as bits: a word for each group.
struct ToAsk {
    /// For one identifier after the other.
    volumes: Vec<u64>,
    /// Those that would be worth reading, if they are asked in vain often.
    unread: Vec<u64>,
}

/// A condition that contacts must fulfil, as SQL about `identifier.contact`, with its parameters.
#[derive(Default, Debug)]
pub(super) struct Test {
    pub(super) sql: String,
    pub(super) parameters: Vec<Value>,
}

/// Returns the numbers of the contacts that have any of the identifiers and fulfil the test, oldest first, `limit` at most.
pub(super) fn holders(
    conn: &Connection,
    kept: Option<&Volumes>,
    keys: &[(u8, String)],
    test: &Test,
    limit: usize,
) -> rusqlite::Result<Vec<i64>> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let head = Head::read(conn)?;
    let to_ask = match kept {
        Some(kept) => kept.to_ask(conn, &head, keys)?,
        None => ToAsk::all(&head, keys),
    };
    let (mut found, in_vain) = ask(conn, &to_ask, keys, test, limit)?;
    if keys.len() > 1 {
        found.sort_unstable();
        found.dedup();
        found.truncate(limit);
    }
    if let Some(kept) = kept.filter(|_| !in_vain.is_empty())
        && let Some(volume) = kept.count_in_vain(&in_vain)
    {
        kept.read(conn, &head, volume)?;
    }
    Ok(found)
}

/// Asks volumes for identifiers, and tells which of those that would be worth reading were asked in vain. For each identifier, the oldest
/// contacts are found first, `limit` at most.
fn ask(
    conn: &Connection,
    to_ask: &ToAsk,
    keys: &[(u8, String)],
    test: &Test,
    limit: usize,
) -> rusqlite::Result<(Vec<i64>, Vec<i64>)> {
    let sql = "SELECT contact FROM identifier WHERE volume = ?1 AND kind = ?2 AND value = ?3";
    // Without a limit, which SQLite would compile into the statement, anew whenever it is bound: no more rows are taken than are wanted.
    let mut select = match test.sql.as_str() {
        "" => conn.prepare_cached(&format!("{sql} ORDER BY contact"))?,
        test => conn.prepare_cached(&format!("{sql} AND {test} ORDER BY contact"))?,
    };
    for (at, value) in test.parameters.iter().enumerate() {
        select.raw_bind_parameter(4 + at, value)?;
    }
    let (mut found, mut in_vain) = (Vec::new(), Vec::new());
    for ((kind, value), volumes) in keys.iter().zip(to_ask.volumes.chunks(to_ask.unread.len())) {
        select.raw_bind_parameter(2, kind)?;
        select.raw_bind_parameter(3, value)?;
        let full = found.len().saturating_add(limit);
        for (group, set) in each(volumes) {
            if found.len() >= full {
                break;
            }
            let (before, volume) = (found.len(), volume_of(group, set));
            select.raw_bind_parameter(1, volume)?;
            let mut rows = select.raw_query();
            while found.len() < full
                && let Some(row) = rows.next()?
            {
                found.push(row.get(0)?);
            }
            if found.len() == before && to_ask.unread[group] >> set & 1 == 1 {
                in_vain.push(volume);
            }
        }
    }
    Ok((found, in_vain))
}

impl Head {
    fn read(conn: &Connection) -> rusqlite::Result<Self> {
        let sql = "SELECT (SELECT max(no) FROM contact), (SELECT times FROM volume_change WHERE volume = ?1)";
        conn.prepare_cached(sql)?.query_row([ALL_VOLUMES], |row| {
            let (last, changes): (Option<i64>, Option<i64>) = (row.get(0)?, row.get(1)?);
            Ok(Self { last: volume(last.unwrap_or(0)), changes: changes.unwrap_or(0) })
        })
    }

    /// How many groups there are.
    fn groups(&self) -> usize {
        place_of(self.last).0 + 1
    }

    /// Volumes of a group: all that there are.
    fn volumes(&self, group: usize) -> u64 {
        let (last_group, last_set) = place_of(self.last);
        if group < last_group { u64::MAX } else { u64::MAX >> (SETS - 1 - last_set) }
    }

    /// Volumes of a group that are full.
    fn full(&self, group: usize) -> u64 {
        let (last_group, last_set) = place_of(self.last);
        if group < last_group { u64::MAX } else { !(u64::MAX << last_set) }
    }
}

impl ToAsk {
    /// Asks every volume.
    fn all(head: &Head, keys: &[(u8, String)]) -> Self {
        let groups = head.groups();
        let volumes = keys.iter().flat_map(|_| (0..groups).map(|group| head.volumes(group)));
        Self { volumes: volumes.collect(), unread: vec![0; groups] }
    }
}

impl Volumes {
    /// Returns the volumes that may hold identifiers.
    fn to_ask(&self, conn: &Connection, head: &Head, keys: &[(u8, String)]) -> rusqlite::Result<ToAsk> {
        let mut known = self.known();
        if known.all_changes < head.changes {
            drop(known);
            let changes = read_changes(conn)?;
            self.knowing().learn(head, changes);
            known = self.known();
        }
        Ok(if known.all_changes == head.changes { known.to_ask(head, keys) } else { ToAsk::all(head, keys) })
    }

    /// Counts look-ups in vain, and returns a volume that is worth being read by now.
    fn count_in_vain(&self, volumes: &[i64]) -> Option<i64> {
        let mut known = self.knowing();
        for volume in volumes {
            *known.in_vain.entry(*volume).or_default() += 1;
        }
        let worth = volumes.iter().copied().find(|volume| known.in_vain[volume] >= WORTH)?;
        // It is for this look-up to read it, and for nobody beside it.
        known.in_vain.remove(&worth);
        Some(worth)
    }

    /// Reads a full volume, and keeps what it surely does not hold.
    fn read(&self, conn: &Connection, head: &Head, volume: i64) -> rusqlite::Result<()> {
        let sql = "SELECT (SELECT times FROM volume_change WHERE volume = ?1)";
        let changes: Option<i64> = conn.prepare_cached(sql)?.query_row([volume], |row| row.get(0))?;
        let mut select = conn.prepare_cached("SELECT kind, value FROM identifier WHERE volume = ?1")?;
        let mut rows = select.query([volume])?;
        let mut hashes = Vec::with_capacity(BITS / 10);
        while let Some(row) = rows.next()? {
            hashes.push(sieve::hash(row.get(0)?, row.get_ref(1)?.as_str()?));
        }
        self.knowing().keep(head, volume, changes.unwrap_or(0), &hashes);
        Ok(())
    }

    /// The first volumes that need not be asked, as bits.
    #[cfg(test)]
    pub(super) fn reliable(&self) -> u64 {
        self.known().groups.get(&0).map_or(0, |group| group.reliable)
    }

    /// Learns what this process has just committed.
    pub(super) fn committed(&self, changes: &Changes) {
        self.knowing().add(changes);
    }

    fn known(&self) -> RwLockReadGuard<'_, Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn knowing(&self) -> RwLockWriteGuard<'_, Known> {
        self.known.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn to_ask(&self, head: &Head, keys: &[(u8, String)]) -> ToAsk {
        let groups = head.groups();
        let reliable = |group: usize| self.groups.get(&group).map_or(0, |known| known.reliable & head.full(group));
        let has_room = self.groups.len() < WORDS / self.bits.max(1);
        let unread = |group: usize| {
            if has_room || self.groups.contains_key(&group) { head.full(group) & !reliable(group) } else { 0 }
        };
        let mut volumes = Vec::with_capacity(keys.len() * groups);
        for (kind, value) in keys {
            let hash = sieve::hash(*kind, value);
            volumes.extend((0..groups).map(|group| {
                let may_hold = self.groups.get(&group).map_or(u64::MAX, |known| known.sieve.may_hold(hash));
                head.volumes(group) & (may_hold | !reliable(group))
            }));
        }
        ToAsk { volumes, unread: (0..groups).map(unread).collect() }
    }

    /// Learns what a snapshot says of changes, unless more is known.
    fn learn(&mut self, head: &Head, changes: BTreeMap<i64, i64>) {
        if self.all_changes < head.changes {
            (self.all_changes, self.changes) = (head.changes, changes);
            self.review();
        }
    }

    /// Keeps what a volume holds at a count of changes.
    fn keep(&mut self, head: &Head, volume: i64, changes: i64, hashes: &[u64]) {
        let (group, set) = place_of(volume);
        if self.bits == 0 {
            self.bits = (WORDS / head.groups()).clamp(BITS / 2, BITS);
        }
        let has_room = self.groups.len() < WORDS / self.bits;
        let group = match self.groups.entry(group) {
            Entry::Occupied(group) => group.into_mut(),
            Entry::Vacant(place) if has_room => place.insert(Group::new(self.bits)),
            Entry::Vacant(_) => return,
        };
        if let Some(known) = group.read.get(&set) {
            if *known >= changes {
                return;
            }
            group.read.remove(&set);
            group.sieve.clear(set);
        }
        hashes.iter().for_each(|hash| group.sieve.add(set, *hash));
        group.read.insert(set, changes);
        self.review();
    }

    /// Adds what was committed to what is kept of volumes that had no other change before.
    fn add(&mut self, changes: &Changes) {
        for change in &changes.volumes {
            let (group, set) = place_of(change.volume);
            let Some(group) = self.groups.get_mut(&group) else { continue };
            let Some(known) = group.read.get_mut(&set).filter(|known| **known + 1 == change.times) else {
                continue;
            };
            change.added.iter().for_each(|hash| group.sieve.add(set, *hash));
            *known = change.times;
        }
        if self.all_changes + 1 == changes.all {
            self.all_changes = changes.all;
            self.changes.extend(changes.volumes.iter().map(|change| (change.volume, change.times)));
        }
        self.review();
    }

    /// Sees anew what can be relied on.
    fn review(&mut self) {
        for (group, known) in &mut self.groups {
            let now = |set: usize| self.changes.get(&volume_of(*group, set)).copied().unwrap_or(0);
            let reliable = known.read.iter().filter(|(set, changes)| **changes == now(**set));
            known.reliable = reliable.fold(0, |sets, (set, _)| sets | 1 << set);
        }
    }
}

impl Group {
    fn new(bits: usize) -> Self {
        Self { sieve: Sieve::new(bits), read: BTreeMap::new(), reliable: 0 }
    }
}

fn read_changes(conn: &Connection) -> rusqlite::Result<BTreeMap<i64, i64>> {
    let mut select = conn.prepare_cached("SELECT volume, times FROM volume_change WHERE volume <> ?1")?;
    select.query_map([ALL_VOLUMES], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

/// The group of a volume, and its place there.
fn place_of(volume: i64) -> (usize, usize) {
    let volume = usize::try_from(volume).unwrap_or_default();
    (volume / SETS, volume % SETS)
}

fn volume_of(group: usize, set: usize) -> i64 {
    (group * SETS + set) as i64
}

/// Groups and places of the bits that are set, in order.
fn each(volumes: &[u64]) -> impl Iterator<Item = (usize, usize)> {
    volumes.iter().enumerate().flat_map(|(group, sets)| {
        let mut sets = *sets;
        std::iter::from_fn(move || {
            let set = (sets != 0).then(|| sets.trailing_zeros() as usize)?;
            sets &= sets - 1;
            Some((group, set))
        })
    })
}
