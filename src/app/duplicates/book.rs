//! Duplicates in the whole book: contacts are streamed once and leave their keys in memory, keys are sorted, and only contacts with a key
//! in common are compared. A key that many share is cut by a second one; what is still too big then is told, not compared.

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;

use super::super::App;
use super::super::failure::Failure;
use crate::domain::contact::Contact;
use crate::domain::duplicate::keys::{self, Key, KeyKind, SecondKeys};
use crate::domain::duplicate::{COMMON, Likeness, Traits, compare};
use crate::domain::id::ContactId;
use crate::domain::permission::{Right, Viewer};
use crate::store::{Reader, StoreError};

/// Keys held at once, 12 bytes each; a bigger book is gone through several times, a part of the keys at a time.
const KEYS_AT_ONCE: usize = 10_000_000;
/// Keys of a contact, roughly, for choosing the number of parts.
const KEYS_PER_CONTACT: usize = 8;
/// Lists that keys are kept in, so that one that grows copies little.
const LISTS: usize = 64;
/// Pairs remembered at most.
const PAIRS: usize = 4_000_000;
/// Groups told as too big to compare, the biggest first.
const SKIPPED: usize = 100;

/// Two contacts that may be one person.
#[derive(Clone, PartialEq, Debug)]
pub struct Twins {
    /// How likely, and why.
    pub likeness: Likeness,
    /// The two, the older first.
    pub contacts: [Contact; 2],
}

/// Contacts that share a value, and are too many to be compared.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Crowd {
    /// What they share.
    pub kind: KeyKind,
    /// Its value.
    pub value: String,
    /// How many they are.
    pub contacts: usize,
}

/// What was found in the whole book.
#[derive(Clone, PartialEq, Debug)]
pub struct Found {
    /// The best pairs.
    pub pairs: Vec<Twins>,
    /// How many pairs there are in all.
    pub total: usize,
    /// How many comparisons were made.
    pub compared: u64,
    /// Groups that were left out.
    pub skipped: Vec<Crowd>,
}

impl App {
    /// Looks for duplicates among all contacts that the viewer sees. Returns the best pairs, `limit` at most.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn duplicates_in_book(&self, by: &Viewer, min: u8, limit: usize) -> Result<Found, Failure> {
        let query = self.query(by);
        let access = self.settings().access;
        let found = self.store()?.read(|reader| {
            let mut stream = |f: &mut dyn FnMut(&Contact)| {
                reader.for_each(&query, &mut |contact| {
                    if by.may(Right::View, &contact, access) {
                        f(&contact);
                    }
                    ControlFlow::Continue(())
                })
            };
            let count = usize::try_from(reader.count()?).unwrap_or(usize::MAX);
            let parts = (count.saturating_mul(KEYS_PER_CONTACT) / KEYS_AT_ONCE + 1) as u64;
            Search::over(reader, &mut stream, parts, min)?.best(limit)
        });
        Ok(found?)
    }
}

type Stream<'s> = dyn FnMut(&mut dyn FnMut(&Contact)) -> Result<(), StoreError> + 's;

/// High and low half of a key, and the place of the contact in the stream.
type Entry = [u32; 3];

struct Search<'r, 's> {
    reader: &'r Reader<'s>,
    min: u8,
    people: Vec<ContactId>,
    second: Vec<SecondKeys>,
    /// Keys that too many share.
    common: HashSet<Key>,
    /// Pairs worth telling, by their places, with the score.
    pairs: HashMap<(u32, u32), u8>,
    overflow: usize,
    compared: u64,
    skipped: Vec<(usize, Key, u32)>,
}

impl<'r, 's> Search<'r, 's> {
    fn over(reader: &'r Reader<'s>, stream: &mut Stream<'_>, parts: u64, min: u8) -> Result<Self, StoreError> {
        let mut search = Self {
            reader,
            min,
            people: Vec::new(),
            second: Vec::new(),
            common: HashSet::new(),
            pairs: HashMap::new(),
            overflow: 0,
            compared: 0,
            skipped: Vec::new(),
        };
        let mut kept = None;
        for part in 0..parts {
            let lists = search.read(stream, part, parts)?;
            lists.iter().for_each(|list| search.find_common(list));
            kept = (parts == 1).then_some(lists);
        }
        for part in 0..parts {
            let lists = match kept.take() {
                Some(lists) => lists,
                None => search.read(stream, part, parts)?,
            };
            for list in lists {
                groups(&list).try_for_each(|group| search.group(group))?;
            }
        }
        Ok(search)
    }

    /// Reads one part of the keys, in lists, each in order.
    fn read(&mut self, stream: &mut Stream<'_>, part: u64, parts: u64) -> Result<Vec<Vec<Entry>>, StoreError> {
        let mut lists: Vec<Vec<Entry>> = vec![Vec::new(); LISTS];
        let first = self.people.is_empty();
        let mut place = 0_u32;
        stream(&mut |contact| {
            if first {
                self.people.push(contact.id);
                self.second.push(SecondKeys::of(contact));
            }
            keys::each(contact, &mut |kind, text| {
                let number = Key::new(kind, text).number();
                if number % parts == part {
                    push(&mut lists[(number / parts) as usize % LISTS], entry(number, place));
                }
            });
            place += 1;
        })?;
        for list in &mut lists {
            list.sort_unstable();
            list.dedup();
        }
        Ok(lists)
    }

    fn find_common(&mut self, list: &[Entry]) {
        self.common.extend(groups(list).filter(|group| group.len() > COMMON).map(|group| key(&group[0])));
    }

    fn group(&mut self, group: &[Entry]) -> Result<(), StoreError> {
        let places: Vec<u32> = group.iter().map(|entry| entry[2]).collect();
        if places.len() <= COMMON {
            return self.compare(&places);
        }
        let key = key(&group[0]);
        let by: &[fn(&SecondKeys) -> u32] =
            if key.kind().identifies() { &[|it| it.name] } else { &[|it| it.company, |it| it.birth_date] };
        for second in by {
            let mut cut: Vec<(u32, u32)> =
                places.iter().map(|place| (second(&self.second[*place as usize]), *place)).collect();
            cut.retain(|(second, _)| *second != 0);
            cut.sort_unstable();
            for same in cut.chunk_by(|a, b| a.0 == b.0).filter(|same| same.len() > 1) {
                let places: Vec<u32> = same.iter().map(|(_, place)| *place).collect();
                if places.len() <= COMMON {
                    self.compare(&places)?;
                } else {
                    self.skip(places.len(), key, places[0]);
                }
            }
        }
        Ok(())
    }

    fn skip(&mut self, contacts: usize, key: Key, example: u32) {
        self.skipped.push((contacts, key, example));
        if self.skipped.len() >= 2 * SKIPPED {
            self.skipped.sort_unstable_by(|a, b| b.cmp(a));
            self.skipped.truncate(SKIPPED);
        }
    }

    /// Compares each with each.
    fn compare(&mut self, places: &[u32]) -> Result<(), StoreError> {
        if let [one, two] = places
            && self.pairs.contains_key(&(*one, *two))
        {
            return Ok(());
        }
        let mut traits = Vec::with_capacity(places.len());
        for place in places {
            if let Some(contact) = self.reader.live(self.people[*place as usize])? {
                traits.push((*place, Traits::of(&contact)));
            }
        }
        for (at, (one, a)) in traits.iter().enumerate() {
            for (two, b) in &traits[at + 1..] {
                self.compared += 1;
                let score = compare(a, b, &|key| self.common.contains(&key)).score;
                let pair = (*one.min(two), *one.max(two));
                if score < self.min {
                    continue;
                }
                if self.pairs.len() < PAIRS {
                    self.pairs.insert(pair, score);
                } else if !self.pairs.contains_key(&pair) {
                    self.overflow += 1;
                }
            }
        }
        Ok(())
    }

    fn best(mut self, limit: usize) -> Result<Found, StoreError> {
        let mut order: Vec<((u32, u32), u8)> = self.pairs.drain().collect();
        order.sort_unstable_by_key(|(pair, score)| (u8::MAX - score, *pair));
        let (total, mut pairs) = (order.len() + self.overflow, Vec::new());
        for ((one, two), _) in order.into_iter().take(limit) {
            let [one, two] = [one, two].map(|place| self.reader.live(self.people[place as usize]));
            if let (Some(one), Some(two)) = (one?, two?) {
                let likeness = compare(&Traits::of(&one), &Traits::of(&two), &|key| self.common.contains(&key));
                pairs.push(Twins { likeness, contacts: [one, two] });
            }
        }
        self.skipped.sort_unstable_by(|a, b| b.cmp(a));
        self.skipped.truncate(SKIPPED);
        let skipped = self.skipped.iter().map(|(contacts, key, example)| self.crowd(*contacts, *key, *example));
        let skipped = skipped.collect::<Result<_, _>>()?;
        Ok(Found { pairs, total, compared: self.compared, skipped })
    }

    fn crowd(&self, contacts: usize, shared: Key, example: u32) -> Result<Crowd, StoreError> {
        let mut value = String::new();
        if let Some(contact) = self.reader.live(self.people[example as usize])? {
            keys::each(&contact, &mut |kind, text| {
                if Key::new(kind, text) == shared {
                    value = text.replace('\u{1f}', ":");
                }
            });
        }
        Ok(Crowd { kind: shared.kind(), value, contacts })
    }
}

/// Grows a list by a quarter: doubling would need three times the memory for a moment.
fn push(list: &mut Vec<Entry>, entry: Entry) {
    if list.len() == list.capacity() {
        list.reserve_exact((list.len() / 4).max(1024));
    }
    list.push(entry);
}

const fn entry(key: u64, place: u32) -> Entry {
    [(key >> 32) as u32, key as u32, place]
}

fn key(entry: &Entry) -> Key {
    Key::from_number(u64::from(entry[0]) << 32 | u64::from(entry[1]))
}

/// Runs of entries with one key, where there are several.
fn groups(list: &[Entry]) -> impl Iterator<Item = &[Entry]> {
    list.chunk_by(|a, b| a[..2] == b[..2]).filter(|group| group.len() > 1)
}

#[cfg(test)]
mod tests;
