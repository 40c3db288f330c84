//! What the shelf knows of each plugin: which version serves, which served before it, and which one failed. A small file of JSON.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::plugin::hook::{Hook, HookSet};
use crate::plugin::manifest::is_plugin_name;

/// How the file is written; another format is taken for an empty shelf.
const FORMAT: u32 = 1;

/// All plugins on the shelf, by name.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub(in crate::registry) struct Index {
    format: u32,
    pub(in crate::registry) plugins: BTreeMap<String, Slot>,
}

/// What is known of one plugin.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(in crate::registry) struct Slot {
    /// Where its package is.
    pub(in crate::registry) at: At,
    /// The version in service.
    pub(in crate::registry) serving: Kept,
    /// The version that it replaced, while it is on probation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::registry) before: Option<Kept>,
    /// The version that failed on probation, and was replaced by its predecessor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::registry) failed: Option<Failed>,
    /// Hash of the content, the terms and the program for which the cases passed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::registry) passed: Option<String>,
}

/// Where a package is: relative to the home, so that a copy of a home has a shelf of its own.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(in crate::registry) struct At {
    /// In the folder of scripts, or in that of plugins.
    pub(in crate::registry) scripts: bool,
    /// Name of its folder or file there.
    pub(in crate::registry) entry: String,
}

/// A version whose package is on the shelf.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(in crate::registry) struct Kept {
    pub(in crate::registry) version: String,
    /// SHA-256 of code and manifest, 64 hex digits.
    pub(in crate::registry) hash: String,
    /// Size of its file.
    pub(in crate::registry) bytes: u64,
    /// Calls that its probation still lasts.
    #[serde(default)]
    pub(in crate::registry) calls_left: u32,
    /// Hooks in which it failed while it served.
    #[serde(default, with = "hooks")]
    pub(in crate::registry) faulted: HookSet,
}

/// A version that failed on probation.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(in crate::registry) struct Failed {
    /// Of its content and terms: with others it is judged again.
    pub(in crate::registry) fingerprint: String,
    /// What is told of it.
    pub(in crate::registry) why: String,
}

impl Index {
    pub(super) fn empty() -> Self {
        Self { format: FORMAT, plugins: BTreeMap::new() }
    }

    /// Reads it, leaving out what cannot be: names and hashes make the names of files.
    pub(super) fn parse(bytes: &[u8]) -> Self {
        let Ok(mut index) = serde_json::from_slice::<Self>(bytes) else { return Self::empty() };
        if index.format != FORMAT {
            return Self::empty();
        }
        let sound = |kept: &Kept| kept.hash.len() == 64 && kept.hash.bytes().all(|byte| byte.is_ascii_hexdigit());
        index.plugins.retain(|name, slot| {
            is_plugin_name(name) && sound(&slot.serving) && slot.before.as_ref().is_none_or(sound)
        });
        index
    }

    /// Names of all files that are needed.
    pub(super) fn files(&self) -> impl Iterator<Item = String> {
        self.plugins.iter().flat_map(|(name, slot)| {
            std::iter::once(&slot.serving).chain(&slot.before).map(move |kept| kept.file(name))
        })
    }
}

impl Kept {
    /// Name of the file with its package.
    pub(super) fn file(&self, name: &str) -> String {
        format!("{name}@{}.package", self.hash)
    }
}

/// Hooks by their names.
mod hooks {
    use super::{Deserialize, Hook, HookSet};

    pub(super) fn serialize<S: serde::Serializer>(hooks: &HookSet, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(hooks.iter().map(Hook::name))
    }

    pub(super) fn deserialize<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<HookSet, D::Error> {
        let names = Vec::<String>::deserialize(deserializer)?;
        Ok(names.iter().filter_map(|name| Hook::parse(name)).collect())
    }
}
