//! The text of `plugin.toml`: what a package says about itself, asks for and can be told. Finding packages is `registry`.

mod config;
pub mod place;
mod read;

#[cfg(test)]
mod tests;

use std::fmt;
use std::time::Duration;

pub use config::{Bounds, ConfigKey, ConfigType};

use super::budget::Budget;
use super::hand::Terms;
use super::hook::Hook;
use super::package::{Grants, LoadError};
use crate::domain::reach;

/// Most bytes of a manifest.
pub const MANIFEST_BYTES: usize = 256 << 10;

/// The name of a manifest in its package.
pub const MANIFEST_FILE: &str = "plugin.toml";

/// Version of a package that names none.
const NO_VERSION: &str = "0.0.0";

/// Place in the order of calls, unless one is named.
const PRIORITY: u16 = 500;

/// When in a chain a plugin is called.
#[derive(Copy, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Phase {
    /// First: may edit and reject.
    Change,
    /// After all changes and the built-in rules: may only reject.
    Check,
}

impl Phase {
    /// Both, in the order of calls.
    pub const ALL: [Self; 2] = [Self::Change, Self::Check];

    /// Returns `change` or `check`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Change => "change",
            Self::Check => "check",
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What becomes of the record when a call fails.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
pub enum OnFault {
    /// It is refused.
    Reject,
    /// It goes on as if the plugin were not there.
    Skip,
}

impl OnFault {
    /// Returns `reject` or `skip`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reject => "reject",
            Self::Skip => "skip",
        }
    }
}

impl fmt::Display for OnFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Limits that a manifest sets in place of the standard ones.
#[derive(Copy, Clone, PartialEq, Eq, Default, Debug)]
pub struct Limits {
    /// Wall time of a call, in milliseconds, 1–5000.
    pub deadline_ms: Option<u32>,
    /// Memory in sum, in MiB, 1–256.
    pub memory_mib: Option<u32>,
    /// Script operations, 1–100,000,000.
    pub operations: Option<u32>,
    /// Text logged in a call, in KiB, 0–1024.
    pub log_kib: Option<u32>,
    /// Edits of a call, 0–10,000.
    pub edits: Option<u32>,
}

impl Limits {
    /// Returns the budget of each call.
    #[must_use]
    pub fn budget(&self) -> Budget {
        let standard = Budget::STANDARD;
        let mib = |mib: u32| (mib as usize) << 20;
        Budget {
            deadline: self.deadline_ms.map_or(standard.deadline, |ms| Duration::from_millis(ms.into())),
            memory_bytes: self.memory_mib.map_or(standard.memory_bytes, mib),
            operations: self.operations.map_or(standard.operations, u64::from),
            log_bytes: self.log_kib.map_or(standard.log_bytes, |kib| (kib as usize) << 10),
            edits: self.edits.map_or(standard.edits, |edits| edits as usize),
            ..standard
        }
    }
}

/// What a package says about itself.
#[derive(Clone, PartialEq, Debug)]
pub struct Manifest {
    /// Name: 1–64 of `a-z`, `0-9`, `-`; the folder's unless the manifest says otherwise.
    pub name: String,
    /// `MAJOR.MINOR.PATCH`, with `-pre` or `+build` if they like; `0.0.0` unless said.
    pub version: String,
    /// One sentence for people.
    pub description: Option<String>,
    /// Place in the order of calls, 0 first, 1000 last.
    pub priority: u16,
    /// When in a chain it is called.
    pub phase: Phase,
    /// What becomes of the record when a call fails; by default that depends on the hook.
    pub on_fault: Option<OnFault>,
    /// What it asks to use beside the thing in hand.
    pub asks: Grants,
    /// Names of what it may read, as `domain::reach` has them; `None` means that it does not say, so all.
    pub reads: Option<Vec<String>>,
    /// Names of what it may write; `None` means that it does not say, so all.
    pub writes: Option<Vec<String>>,
    /// Limits in place of the standard ones.
    pub limits: Limits,
    /// What it can be told, by name.
    pub config: Vec<ConfigKey>,
}

impl Manifest {
    /// Returns what a package without `plugin.toml` says: every default.
    #[must_use]
    pub fn of_lone_file(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            version: NO_VERSION.to_owned(),
            description: None,
            priority: PRIORITY,
            phase: Phase::Change,
            on_fault: None,
            asks: Grants::default(),
            reads: None,
            writes: None,
            limits: Limits::default(),
            config: Vec::new(),
        }
    }

    /// Says whether a call of this hook may write nothing: the check phase, and deletion.
    #[must_use]
    pub fn is_read_only(&self, hook: Hook) -> bool {
        self.phase == Phase::Check || hook == Hook::Delete
    }

    /// Returns the terms on which the plugin holds the thing in hand.
    #[must_use]
    pub fn terms(&self, read_only: bool) -> Terms {
        Terms {
            reads: self.reads.as_deref().map(reach::expand),
            writes: self.writes.as_deref().map(reach::expand),
            max_edits: self.limits.budget().edits,
            read_only,
        }
    }

    /// Narrows what it does not say itself to what a deployment grants: a package without `reads` sees what it is shown.
    pub fn narrow(&mut self, reads: Option<&[String]>, writes: Option<&[String]>) {
        let narrowed = |own: &mut Option<Vec<String>>, granted: Option<&[String]>| {
            if own.is_none() {
                *own = granted.map(<[String]>::to_vec);
            }
        };
        narrowed(&mut self.reads, reads);
        narrowed(&mut self.writes, writes);
    }

    /// Reads a manifest. `folder` is the package's name unless the text says otherwise.
    ///
    /// # Errors
    /// Everything that is wrong with it, in the order of the text, each with its position.
    pub fn parse(text: &str, folder: &str) -> Result<Self, Vec<LoadError>> {
        read::manifest(text, folder)
    }
}

/// Says whether a text may name a plugin: 1–64 of `a-z`, `0-9`, `-`.
#[must_use]
pub fn is_plugin_name(name: &str) -> bool {
    (1..=64).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// Returns the nearest of the known words, said as a question; else all of them.
/// Longest part of a word that is compared with others, in bytes.
const LONGEST_WORD: usize = 100;

pub(crate) fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    let word = &word[..word.floor_char_boundary(LONGEST_WORD)];
    let score = |other: &str| strsim::jaro_winkler(word, other);
    let nearest = known.iter().copied().max_by(|a, b| score(a).total_cmp(&score(b))).filter(|near| score(near) > 0.8);
    match nearest {
        Some(near) => format!("did you mean `{near}`?"),
        None if known.is_empty() => "there are none".to_owned(),
        None => format!("there are `{}`", known.join("`, `")),
    }
}
