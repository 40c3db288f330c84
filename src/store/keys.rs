//! Identifiers and facets while they are on their way to their tables. Their texts stand in one string: an import makes them on one thread
//! and drops them on another, where every piece of memory costs on its own.

use std::ops::Range;

/// Kinds with a value each, whose texts stand one behind the other; what stood in the string before stays there.
#[derive(Clone, Default, Debug)]
pub(super) struct Keys {
    text: String,
    all: Vec<Key>,
}

/// A kind, and where its value stands.
#[derive(Clone, Copy, Debug)]
struct Key {
    kind: u8,
    start: u32,
    end: u32,
}

/// As many as most contacts have at most.
const USUAL: usize = 16;

impl Keys {
    /// None yet, behind some text.
    pub(super) fn behind(text: String) -> Self {
        Self { text, all: Vec::with_capacity(USUAL) }
    }

    /// Adds a value.
    pub(super) fn push(&mut self, kind: u8, value: &str) {
        self.add(kind, |text| text.push_str(value));
    }

    /// Adds what `write` appends to the text.
    pub(super) fn add(&mut self, kind: u8, write: impl FnOnce(&mut String)) {
        let start = self.text.len() as u32;
        write(&mut self.text);
        self.all.push(Key { kind, start, end: self.text.len() as u32 });
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// Puts those from a number on in order, and keeps each once.
    pub(super) fn put_in_order(&mut self, from: usize) {
        let Self { text, all } = self;
        let order = |a: &Key, b: &Key| a.kind.cmp(&b.kind).then_with(|| a.value(text).cmp(b.value(text)));
        all[from..].sort_unstable_by(order);
        // `Vec` has no such method for a part of it.
        let mut kept = from;
        for at in from..all.len() {
            if at == from || order(&all[kept - 1], &all[at]).is_ne() {
                all[kept] = all[at];
                kept += 1;
            }
        }
        all.truncate(kept);
    }

    /// All of them, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u8, &str)> {
        self.within(0..self.all.len())
    }

    /// Those with these numbers.
    pub(super) fn within(&self, numbers: Range<usize>) -> impl Iterator<Item = (u8, &str)> {
        self.all[numbers].iter().map(|key| (key.kind, key.value(&self.text)))
    }

    /// The text, with what stood there before the keys.
    pub(super) fn text(&self) -> &str {
        &self.text
    }
}

impl Key {
    fn value<'t>(&self, text: &'t str) -> &'t str {
        &text[self.start as usize..self.end as usize]
    }
}
