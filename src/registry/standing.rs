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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::plugin::manifest::Phase;
    use crate::plugin::service::Services;
    use crate::registry::Registry;
    use crate::registry::dispatch::Chain;
    use crate::registry::fake::{Fake, contact, folders, write};

    fn package(home: &Path, at: &str, version: &str, code: &str) {
        write(home, &format!("{at}/plugin.toml"), &format!("name = 'a'\nversion = '{version}'"));
        write(home, &format!("{at}/main.rhai"), code);
    }

    fn open(home: &Path, past: Past, shelf: Option<&str>) -> Registry {
        let kept = shelf.map(|at| home.join(at));
        let shelf = kept.map(|path| Box::new(move |_: &str, _: &str| Some(path.clone())) as Box<Shelf>);
        let pasts = [("a".to_owned(), past)].into();
        Registry::open_with(folders(home), BTreeMap::new(), Arc::new(Fake::default()), pasts, shelf)
    }

    fn call(registry: &Registry) -> usize {
        let mut chain = Chain::new(registry.current(), |_| Services::none());
        chain.run(Hook::Create, Phase::Change, contact()).faults.len()
    }

    fn served(registry: &Registry) -> (String, Predecessor) {
        let current = registry.current();
        let loaded = current.find("a").unwrap();
        (loaded.terms.clone(), loaded.as_predecessor())
    }

    #[test]
    fn faults_are_handed_out_once_and_go_on_in_the_next_process() {
        let home = tempfile::tempdir().unwrap();
        package(home.path(), "plugins/a", "1.0.0", "on_create fault");
        let first = open(home.path(), Past::default(), None);
        (0..19).for_each(|_| assert_eq!(call(&first), 1));
        let fresh = first.take_fresh();
        assert_eq!((fresh.len(), fresh[0].calls(), fresh[0].tripped), (1, 19, false));
        assert_eq!(fresh[0].faults, [(Hook::Create, "PLUGIN_SCRIPT", 19)]);
        assert!(first.take_fresh().is_empty());
        let (terms, _) = served(&first);
        let standing = Standing { window: fresh[0].window.bits(), ..Standing::default() };
        let past = |standing: Standing| Past { by_terms: [(terms.clone(), standing)].into(), served: None };
        let second = open(home.path(), past(standing), None);
        call(&second);
        let fresh = second.take_fresh();
        assert!(fresh[0].tripped && fresh[0].window.is_too_much());
        let third = open(home.path(), past(Standing { tripped: true, ..Standing::default() }), None);
        assert_eq!(call(&third), 1);
        assert!(third.take_fresh().is_empty(), "it was not called, and nothing is new");
        package(home.path(), "plugins/a", "1.0.1", "on_create log a");
        third.rescan();
        assert_eq!(call(&third), 0, "another version is called");
    }

    #[test]
    fn what_went_leaves_what_its_calls_came_to() {
        let home = tempfile::tempdir().unwrap();
        package(home.path(), "plugins/a", "1.0.0", "on_create log a");
        let registry = open(home.path(), Past::default(), None);
        call(&registry);
        package(home.path(), "plugins/a", "2.0.0", "on_create log a");
        registry.rescan();
        let left: Vec<String> = registry.take_fresh().iter().map(|fresh| fresh.plugin.version.clone()).collect();
        assert_eq!(left, ["1.0.0"]);
    }

    #[test]
    fn a_predecessor_of_an_earlier_process_is_put_back_from_the_shelf() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path();
        package(path, "plugins/a", "1.0.0", "on_create log a");
        package(path, "shelf/a", "1.0.0", "on_create log a");
        let first = open(path, Past::default(), None);
        call(&first);
        let (old_terms, old) = served(&first);
        package(path, "plugins/a", "2.0.0", "on_create fault");
        let past = Past { by_terms: BTreeMap::new(), served: Some(old.clone()) };
        for (shelf, version) in [(None, "2.0.0"), (Some("plugins/a"), "2.0.0"), (Some("shelf/a"), "1.0.0")] {
            let second = open(path, past.clone(), shelf);
            assert_eq!(second.current().find("a").unwrap().probation.calls_left(), 200);
            call(&second);
            assert_eq!(second.current().find("a").unwrap().identity().version, version, "{shelf:?}");
            let trials: Vec<_> = second.take_fresh().into_iter().filter_map(|fresh| fresh.trial).collect();
            assert_eq!(trials, [Trial::Failed(old.clone(), version == "1.0.0")]);
            assert_eq!(call(&second), usize::from(version == "2.0.0"));
        }
        // The next process does not try it again, as long as the predecessor is at hand.
        let failed = Standing { failed: Some("version 2.0.0 failed".to_owned()), ..Standing::default() };
        let terms = served(&open(path, Past::default(), None)).0;
        assert_ne!(terms, old_terms);
        let past = Past { by_terms: [(terms, failed)].into(), ..past };
        let third = open(path, past.clone(), Some("shelf/a"));
        assert_eq!(call(&third), 0);
        assert_eq!(
            third.current().refused[0].to_string(),
            "plugin `a` is refused: version 2.0.0 failed; version 1.0.0 stays in service"
        );
        let without = open(path, past, None);
        assert_eq!((call(&without), without.current().find("a").unwrap().probation.calls_left()), (1, 0));
    }
}
