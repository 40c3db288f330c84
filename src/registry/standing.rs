//! How plugins stood when earlier processes left them: what a registry is told when it is opened, and what outlives it. Where that is kept
//! is decided above; probation and predecessors are the shelf's.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::Mode;
use super::breaker::Window;
use super::loaded::Logged;
use crate::domain::calls::CallCounts;
use crate::plugin::fault::Fault;
use crate::plugin::hook::Hook;
use crate::plugin::package::Identity;

/// What calls came to that was not handed in yet, plugin by plugin, and time after time where it could not be written; more is forgotten.
const LEFT_BEHIND: usize = 256;

/// How the breaker of one version stood, on the terms that it had.
#[derive(Copy, Clone, PartialEq, Eq, Default, Debug)]
pub struct Standing {
    /// The last calls.
    pub window: Window,
    /// Whether it is not called any more.
    pub tripped: bool,
}

/// How the versions of one plugin stood, by the terms on which they ran.
pub type Past = BTreeMap<String, Standing>;

/// What is known of all plugins from earlier processes, by name.
pub type Pasts = BTreeMap<String, Past>;

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
    pub counts: Vec<(Hook, CallCounts)>,
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
    /// Whether its probation ended well since.
    pub proven: bool,
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
        self.counts.is_empty() && !self.tripped && !self.proven && self.window == self.before
    }
}

/// Where plugins leave what their calls came to when they go.
#[derive(Clone, Default, Debug)]
pub(super) struct Outbox(Arc<Mutex<Vec<Fresh>>>);

impl Outbox {
    pub(super) fn leave(&self, fresh: Fresh) {
        let mut left = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        left.push(fresh);
        bound(&mut left);
    }

    /// Lays what could not be handed in before what has come since.
    pub(super) fn put_back(&self, fresh: Vec<Fresh>) {
        let mut left = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        left.splice(0..0, fresh);
        bound(&mut left);
    }

    pub(super) fn take(&self) -> Vec<Fresh> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Forgets what is too much, the oldest first: how a plugin stands now is told last.
fn bound(left: &mut Vec<Fresh>) {
    if let Some(more) = left.len().checked_sub(LEFT_BEHIND).filter(|more| *more > 0) {
        left.drain(..more);
        tracing::warn!(target: "carnet::plugins", "what plugins did could not be written for too long: some of it is forgotten");
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::plugin::manifest::Phase;
    use crate::plugin::service::Services;
    use crate::registry::dispatch::Chain;
    use crate::registry::fake::{Fake, contact, folders, write};
    use crate::registry::{Deployment, Deployments, Mode, Registry};

    fn package(home: &Path, at: &str, version: &str, code: &str) {
        write(home, &format!("{at}/plugin.toml"), &format!("name = 'a'\nversion = '{version}'"));
        write(home, &format!("{at}/main.rhai"), code);
    }

    fn open(home: &Path, past: Past) -> Registry {
        let pasts = [("a".to_owned(), past)].into();
        Registry::open_as_known(folders(home), Deployments::default(), Arc::new(Fake::default()), pasts)
    }

    fn call(registry: &Registry) -> usize {
        let mut chain = Chain::new(registry.current(), |_| Services::none());
        chain.run(Hook::Create, Phase::Change, contact()).faults.len()
    }

    #[test]
    fn faults_are_handed_out_once_and_go_on_in_the_next_process() {
        let home = tempfile::tempdir().unwrap();
        package(home.path(), "plugins/a", "1.0.0", "on_create fault");
        let first = open(home.path(), Past::new());
        (0..19).for_each(|_| assert_eq!(call(&first), 1));
        let fresh = first.take_fresh();
        assert_eq!((fresh.len(), fresh[0].calls(), fresh[0].tripped), (1, 19, false));
        assert_eq!(fresh[0].faults, [(Hook::Create, "PLUGIN_SCRIPT", 19)]);
        assert!(first.take_fresh().is_empty());
        let terms = first.current().find("a").unwrap().terms.clone();
        let past = |standing: Standing| Past::from([(terms.clone(), standing)]);
        let second = open(home.path(), past(Standing { window: fresh[0].window, tripped: false }));
        call(&second);
        let fresh = second.take_fresh();
        assert!(fresh[0].tripped && fresh[0].window.is_too_much());
        let third = open(home.path(), past(Standing { tripped: true, ..Standing::default() }));
        assert_eq!(call(&third), 1);
        assert!(third.take_fresh().is_empty(), "it was not called, and nothing is new");
        package(home.path(), "plugins/a", "1.0.1", "on_create log a");
        third.rescan();
        assert_eq!(call(&third), 0, "another version is called");
    }

    #[test]
    fn a_changed_secret_makes_new_terms() {
        let home = tempfile::tempdir().unwrap();
        write(home.path(), "plugins/a/plugin.toml", "version = '1.0.0'\n[config.token]\ntype = 'text'\nsecret = true");
        write(home.path(), "plugins/a/main.rhai", "on_create log a");
        let terms = |token: &str, mode: Mode| {
            write(home.path(), "token", token);
            let file = home.path().join("token").display().to_string();
            let place = toml::Value::Table([("file".to_owned(), file.into())].into_iter().collect());
            let config = [("token".to_owned(), place)].into_iter().collect();
            let deployment = Deployment { mode, config, ..Deployment::default() };
            let deployments = [("a".to_owned(), deployment)].into_iter().collect();
            let registry = Registry::open(folders(home.path()), deployments, Arc::new(Fake::default()));
            let current = registry.current();
            current.find("a").unwrap().terms.clone()
        };
        let before = terms("one", Mode::Enforce);
        assert_eq!(terms("one", Mode::Observe), before, "to watch it is no way around a trip");
        assert_ne!(terms("two", Mode::Enforce), before);
    }

    #[test]
    fn what_could_not_be_kept_is_handed_out_again_before_what_came_since() {
        let home = tempfile::tempdir().unwrap();
        package(home.path(), "plugins/a", "1.0.0", "on_create fault");
        let registry = open(home.path(), Past::new());
        (0..20).for_each(|_| assert_eq!(call(&registry), 1));
        registry.put_back(registry.take_fresh());
        package(home.path(), "plugins/a", "1.0.1", "on_create log a");
        registry.rescan();
        call(&registry);
        let told: Vec<_> = registry.take_fresh().iter().map(|fresh| (fresh.calls(), fresh.tripped)).collect();
        assert_eq!(told, [(20, true), (1, false)]);
        registry.put_back((0..2).flat_map(|_| vec![fresh_of(&registry); LEFT_BEHIND / 2 + 1]).collect());
        assert_eq!(registry.take_fresh().len(), LEFT_BEHIND, "no more than that");
    }

    fn fresh_of(registry: &Registry) -> Fresh {
        call(registry);
        registry.take_fresh().remove(0)
    }

    #[test]
    fn what_went_leaves_what_its_calls_came_to() {
        let home = tempfile::tempdir().unwrap();
        package(home.path(), "plugins/a", "1.0.0", "on_create log a");
        let registry = open(home.path(), Past::new());
        call(&registry);
        package(home.path(), "plugins/a", "2.0.0", "on_create log a");
        registry.rescan();
        let left: Vec<String> = registry.take_fresh().iter().map(|fresh| fresh.plugin.version.clone()).collect();
        assert_eq!(left, ["1.0.0"]);
    }
}
