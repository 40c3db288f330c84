//! Bytes that nobody would write, at every door through which a package comes in: the manifest, cases, components and scripts. What ships
//! with Carnet is the seed; pieces are cut, doubled, nested, swapped and overwritten. Nothing may panic, hang or overflow the stack.
//!
//! A short run, the same each time, is part of the tests. `CARNET_FUZZ_SECONDS=600 cargo test --test it fuzz` goes on from the clock.

#![expect(clippy::print_stdout, reason = "a long run tells how far it came")]

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use carnet::plugin::budget::Budget;
use carnet::plugin::hook::Hook;
use carnet::plugin::manifest::Manifest;
use carnet::plugin::package::EngineKind;
use carnet::registry::cases::Case;
use carnet::runtime::Runtimes;

use crate::hostile::kit;
use crate::support::shipped_packages;

/// How often each door is tried in a short run.
const TRIES: usize = 300;

/// Pieces that parsers look for.
const PIECES: &[&[u8]] = &[
    b"[",
    b"]",
    b"{",
    b"}",
    b"(",
    b")",
    b"\"\"\"",
    b"'''",
    b"=",
    b".",
    b",",
    b"#{",
    b"${",
    b"`",
    b"/*",
    b"*/",
    b"|x|",
    b"fn ",
    b"const ",
    b"loop {",
    b"switch ",
    b"=>",
    b"9223372036854775808",
    b"-1",
    b"1e999",
    b"nan",
    b"1979-05-27T07:32:00Z",
    b"\\u0000",
    b"\\uD800",
    b"\xff",
    b"\xf0\x9f\x92\xa9",
    b"\0",
    b"\r",
    b"\xef\xbb\xbf",
    b"[[x]]",
    b"a.b.c=1",
    b"\0asm",
    b"\x01\0\0\0",
    b"\x0d\0\x01\0",
    b"\x80\x80\x80\x80\x08",
    b"\x00\x61",
    b"\x0b",
];

struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % sides.max(1) as u64) as usize
    }

    fn range(&mut self, length: usize) -> std::ops::Range<usize> {
        let start = self.roll(length + 1);
        let most = (length - start).min(1 + self.roll(200));
        start..start + self.roll(most + 1)
    }

    /// Changes a seed, in one to four places.
    fn mutate(&mut self, seeds: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = seeds[self.roll(seeds.len())].clone();
        for _ in 0..=self.roll(4) {
            let range = self.range(bytes.len());
            match self.roll(7) {
                0 => drop(bytes.drain(range)),
                1 => {
                    let piece = PIECES[self.roll(PIECES.len())];
                    bytes.splice(range.start..range.start, piece.iter().copied());
                }
                2 => bytes[range].iter_mut().for_each(|byte| *byte = byte.wrapping_mul(31).wrapping_add(7)),
                3 => {
                    let copy = bytes[range.clone()].to_vec();
                    bytes.splice(range.start..range.start, copy.repeat(1 + self.roll(20)));
                }
                4 => {
                    let other = &seeds[self.roll(seeds.len())];
                    let part = other[self.range(other.len())].to_vec();
                    bytes.splice(range, part);
                }
                5 => {
                    let piece = PIECES[self.roll(PIECES.len())].repeat(1 << self.roll(12));
                    bytes.splice(range, piece);
                }
                _ => {
                    if let Some(byte) = bytes.get_mut(range.start) {
                        *byte ^= 1 << self.roll(8);
                    }
                }
            }
        }
        bytes.truncate(300 << 10);
        bytes
    }
}

/// What ships, by the end of the file's name.
fn seeds(name: &str) -> Vec<Vec<u8>> {
    let files = shipped_packages().into_iter().flat_map(|package| {
        let cases = std::fs::read_dir(package.join("cases")).into_iter().flatten().flatten().map(|entry| entry.path());
        ["plugin.toml", "plugin.wasm", "main.rhai"].map(|file| package.join(file)).into_iter().chain(cases)
    });
    let mut seeds: Vec<_> = files
        .filter(|path| path.to_string_lossy().ends_with(name))
        .filter_map(|path| std::fs::read(path).ok())
        .collect();
    seeds.push(if name.ends_with("wasm") {
        kit::hook(kit::ACCEPT)
    } else {
        b"fn on_create(c) { c.city = \"x\"; }".to_vec()
    });
    seeds
}

/// Tries what comes of the seeds, and says of which seed a failure came.
fn fuzz(name: &str, try_it: impl Fn(&[u8])) {
    let seconds = std::env::var("CARNET_FUZZ_SECONDS").ok().and_then(|text| text.parse().ok());
    let clock = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |time| time.as_nanos() as u64 | 1);
    let mut dice = Dice(if seconds.is_some() { clock() } else { 0x9e37_79b9_7f4a_7c15 });
    let (seeds, started, mut tries) = (seeds(name), Instant::now(), 0);
    while seconds.map_or(tries < TRIES, |seconds| started.elapsed() < Duration::from_secs(seconds)) {
        let bytes = dice.mutate(&seeds);
        if seconds.is_some() {
            // What killed the process is found here.
            let _ = std::fs::write(std::env::temp_dir().join(format!("carnet-fuzz-{name}")), &bytes);
        }
        let began = Instant::now();
        try_it(&bytes);
        let (taken, bytes) = (began.elapsed(), String::from_utf8_lossy(&bytes).into_owned());
        assert!(taken < Duration::from_secs(60), "{name} took {taken:?}: {bytes}");
        tries += 1;
    }
    println!("{name}: {tries} tries");
}

#[test]
fn manifests() {
    fuzz("plugin.toml", |bytes| drop(Manifest::parse(&String::from_utf8_lossy(bytes), "seed")));
}

#[test]
fn cases() {
    fuzz(".toml", |bytes| drop(Case::parse(&String::from_utf8_lossy(bytes), "case.toml")));
}

#[test]
fn components() {
    let runtimes = Runtimes::new(None).expect("the engines start");
    fuzz("plugin.wasm", |bytes| call(&runtimes, EngineKind::Wasm, bytes));
}

#[test]
fn scripts() {
    let runtimes = Runtimes::new(None).expect("the engines start");
    fuzz("main.rhai", |bytes| call(&runtimes, EngineKind::Rhai, bytes));
}

/// Loads it, and calls what can be loaded.
fn call(runtimes: &Runtimes, engine: EngineKind, code: &[u8]) {
    let budget = Budget { deadline: Duration::from_millis(20), ..Budget::STANDARD };
    let Ok(plugin) = runtimes.load(&kit::package(engine, code.to_vec(), budget)) else { return };
    if plugin.hooks().contains(Hook::Create) {
        drop(plugin.session(kit::services()).call(Hook::Create, kit::subject(budget.edits)));
    }
}

#[test]
fn tables_in_tables_do_not_overflow_the_stack() {
    for (open, close) in [("a.", "b = 1"), ("[a", "]"), ("x = [", ""), ("x = {a = ", ""), ("x.", "y = {}")] {
        for depth in [100, 10_000, 60_000] {
            let text = format!("{}{close}", open.repeat(depth));
            drop(Manifest::parse(&text, "seed"));
            drop(Case::parse(&text, "case.toml"));
            let header = format!("[{}a]\nb = 1", "a.".repeat(depth));
            drop(Manifest::parse(&header, "seed"));
            drop(Case::parse(&header, "case.toml"));
            let row =
                format!("hook = \"on_import_row\"\n[row]\n{}a = 1\n[expect]\nverdict = \"accept\"", "a.".repeat(depth));
            drop(Case::parse(&row, "case.toml"));
        }
    }
}
