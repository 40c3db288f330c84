//! How plugins stood when earlier processes left them: what a registry is told when it is opened, and what outlives it. Where that is kept
//! is decided above.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use super::Mode;
use super::breaker::Window;
use super::loaded::Logged;
use super::stats::HookCounts;
use crate::plugin::fault::Fault;
use crate::plugin::hook::{Hook, HookSet};
use crate::plugin::package::Identity;

/// Plugins that left without handing in what their calls came to; more are forgotten.
const LEFT_BEHIND: usize = 256;

/// In which hooks a version was called, and in which it failed.
#[derive(Copy, Clone, PartialEq, Eq, Default, Debug)]
pub struct Record {
    /// Hooks that were called.
    pub called: HookSet,
    /// Hooks that failed.
    pub faulted: HookSet,
}

impl Record {
    /// Says whether it never failed in one of these hooks, though it was called.
    #[must_use]
    pub fn is_sound_in(self, hooks: HookSet) -> bool {
        hooks.iter().any(|hook| self.called.contains(hook) && !self.faulted.contains(hook))
    }

    pub(super) fn with(mut self, counts: &[(Hook, HookCounts)]) -> Self {
        for (hook, counts) in counts {
            self.called.insert(*hook);
            if counts.faults > 0 {
                self.faulted.insert(*hook);
            }
        }
        self
    }
}

/// What a version on probation replaced.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Predecessor {
    /// Its version.
    pub version: String,
    /// Its content.
    pub hash: String,
    /// Where it was called, and failed.
    pub record: Record,
}

/// How one version stood, on the terms that it had.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Standing {
    /// The last calls, see [`Window`].
    pub window: u64,
    /// Whether it is not called any more.
    pub tripped: bool,
    /// How many calls of its probation are left, and what it replaced.
    pub probation: Option<(u32, Predecessor)>,
    /// Why it was taken back, if it failed on probation.
    pub failed: Option<String>,
    /// Where it was called, and failed.
    pub record: Record,
}

/// What is known of one plugin from earlier processes.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Past {
    /// How its versions stood, by the terms on which they ran.
    pub by_terms: BTreeMap<String, Standing>,
    /// What served last.
    pub served: Option<Predecessor>,
}

/// What is known of all plugins from earlier processes, by name.
pub type Pasts = BTreeMap<String, Past>;

/// Finds the package of a version that served before, by name and content hash.
pub type Shelf = dyn Fn(&str, &str) -> Option<PathBuf> + Send + Sync;

/// What became of a probation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Trial {
    /// So many calls are left of it.
    On(u32, Predecessor),
    /// It failed where its predecessor did not. Whether that one was put back.
    Failed(Predecessor, bool),
}

/// What an observed plugin would have done.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Would {
    /// It would have set a field.
    Set,
    /// It would have refused the thing.
    Reject,
    /// It would have left the row out.
    Skip,
}

impl Would {
    /// Returns `set`, `reject` or `skip`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Set => "set",
            Self::Reject => "reject",
            Self::Skip => "skip",
        }
    }
}

/// What the calls of a plugin came to since somebody last asked.
#[derive(Clone, Debug)]
pub struct Fresh {
    /// Which plugin.
    pub plugin: Arc<Identity>,
    /// How it was called.
    pub mode: Mode,
    /// The terms on which it ran: the version with its configuration and grants.
    pub terms: String,
    /// Counts by hook.
    pub counts: Vec<(Hook, HookCounts)>,
    /// Faults by hook and code.
    pub faults: Vec<(Hook, &'static str, u64)>,
    /// What would have been, in observe mode, by hook, field and reason.
    pub would: Vec<(Hook, Would, String, u64)>,
    /// The last lines of its log.
    pub log: Vec<Logged>,
    /// Samples of what would have been.
    pub samples: Vec<String>,
    /// The last fault.
    pub fault: Option<(Hook, Fault)>,
    /// The last calls when the plugin was loaded, or when this was last asked.
    pub before: Window,
    /// The last calls now.
    pub window: Window,
    /// Whether it tripped since.
    pub tripped: bool,
    /// Where its probation stands.
    pub trial: Option<Trial>,
}

impl Fresh {
    /// Calls made.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.counts.iter().map(|(_, counts)| counts.calls).sum()
    }

    /// Says whether nothing happened.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let failed = matches!(self.trial, Some(Trial::Failed(..)));
        self.counts.is_empty() && !self.tripped && !failed && self.window == self.before
    }
}

/// Where plugins leave what their calls came to when they go.
#[derive(Clone, Default, Debug)]
pub(super) struct Outbox(Arc<Mutex<Vec<Fresh>>>);

impl Outbox {
    pub(super) fn leave(&self, fresh: Fresh) {
        let mut left = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if left.len() < LEFT_BEHIND {
            left.push(fresh);
        }
    }

    pub(super) fn take(&self) -> Vec<Fresh> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
