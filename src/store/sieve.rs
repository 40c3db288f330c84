//! What surely is not in which of 64 sets, in little memory: Bloom filters of the same size that lie beside each other, one bit of a word
//! for each set, so that one look at a few words tells of all of them. Which sets those are is `volumes`'.

use std::hash::{DefaultHasher, Hash, Hasher};

/// Sets in a sieve.
pub(super) const SETS: usize = u64::BITS as usize;

/// Words that tell of a value. With ten bits a value, one more would save a look in vain for one value in a thousand.
const PROBES: u64 = 5;

/// 64 sets of hashed values, of which it can be said that they surely do not hold a value.
#[derive(Debug)]
pub(super) struct Sieve {
    words: Vec<u64>,
}

impl Sieve {
    /// Empty sets, with so many bits each.
    pub(super) fn new(bits: usize) -> Self {
        Self { words: vec![0; bits] }
    }

    /// Adds a value to a set.
    pub(super) fn add(&mut self, set: usize, hash: u64) {
        for place in places(hash, self.words.len()) {
            self.words[place] |= 1 << set;
        }
    }

    /// Makes a set empty.
    pub(super) fn clear(&mut self, set: usize) {
        self.words.iter_mut().for_each(|word| *word &= !(1 << set));
    }

    /// Returns the sets that may hold a value, as bits: all that do, and a few that do not.
    pub(super) fn may_hold(&self, hash: u64) -> u64 {
        places(hash, self.words.len()).fold(u64::MAX, |sets, place| sets & self.words[place])
    }
}

/// Hashes an identifier: its kind, and its value.
pub(super) fn hash(kind: u8, value: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    (kind, value).hash(&mut hasher);
    hasher.finish()
}

/// Where a value's bits are, by steps that come from its hash, too.
fn places(hash: u64, words: usize) -> impl Iterator<Item = usize> {
    let step = hash.rotate_left(u64::BITS / 2) | 1;
    let scaled = move |mixed: u64| (u128::from(mixed) * words as u128) >> u64::BITS;
    (0..PROBES).map(move |probe| scaled(hash.wrapping_add(step.wrapping_mul(probe))) as usize)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_a_set_holds_is_never_missed(
            values in prop::collection::vec((0..SETS, any::<u64>()), 0..200), bits in 1..5_000_usize, cleared in 0..SETS,
        ) {
            let mut sieve = Sieve::new(bits);
            values.iter().for_each(|(set, value)| sieve.add(*set, *value));
            sieve.clear(cleared);
            for (set, value) in values {
                prop_assert_eq!(sieve.may_hold(value) >> set & 1, u64::from(set != cleared), "of set {}", set);
            }
        }
    }
}
