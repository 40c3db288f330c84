//! Calling a package's hooks again and again, and what that takes: cold, each call in an instance of its own, as an interactive event has it;
//! warm, many calls in one, as an import has it; and the same with a hook that does nothing, for comparison.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use toml::Table;

use super::run::event_for;
use crate::app::App;
use crate::app::failure::{Class, Failure};
use crate::plugin::budget::Spent;
use crate::plugin::fault::Fault;
use crate::plugin::hand::Subject;
use crate::plugin::hook::{Hook, HookSet};
use crate::plugin::manifest::Manifest;
use crate::plugin::package::Identity;
use crate::plugin::service::Services;
use crate::plugin::verdict::Verdict;
use crate::plugin::{Plugin, Returned, Session};
use crate::registry::cases::{Case, Stage};

/// Calls of each kind that are made, however long they take.
const LEAST_CALLS: usize = 10;

/// Most calls of each kind whose times are kept.
const MOST_CALLS: usize = 1_000_000;

/// Share of the time that goes to cold calls, warm calls and the empty hook.
const SHARES: [f64; 3] = [0.45, 0.45, 0.1];

/// What to measure.
#[derive(Clone, Debug)]
pub struct BenchOptions {
    /// The one hook to measure, instead of all that have events.
    pub hook: Option<Hook>,
    /// A file with an event, instead of the package's cases.
    pub event: Option<PathBuf>,
    /// How long to measure in sum.
    pub time: Duration,
}

/// What calls of a package took.
pub struct Measured {
    /// Which plugin.
    pub identity: Arc<Identity>,
    /// How long a call may take.
    pub deadline: Duration,
    /// Memory that a call may take, in bytes.
    pub memory_limit: usize,
    /// Each hook.
    pub hooks: Vec<OfHook>,
    /// Cases that could not be read.
    pub left_out: Vec<String>,
}

/// What calls of one hook took.
pub struct OfHook {
    /// Which.
    pub hook: Hook,
    /// How many events there are.
    pub events: usize,
    /// Calls in an instance of their own each.
    pub cold: Calls,
    /// Calls in one instance.
    pub warm: Calls,
    /// Calls of a hook that does nothing.
    pub empty: Calls,
    /// Most memory of a call, in bytes.
    pub memory: usize,
    /// Calls that failed.
    pub faults: usize,
    /// The first of them.
    pub fault: Option<Fault>,
}

/// How long calls took.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Calls {
    /// In order, shortest first, in nanoseconds.
    times: Vec<u64>,
}

impl Calls {
    /// How many there were.
    #[must_use]
    pub const fn count(&self) -> usize {
        self.times.len()
    }

    /// The time that no more than this share of the calls took.
    #[must_use]
    pub fn quantile(&self, share: f64) -> Duration {
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a place in a list of at most a million"
        )]
        let at = (self.times.len() as f64 * share).ceil() as usize;
        let at = at.saturating_sub(1).min(self.times.len().saturating_sub(1));
        Duration::from_nanos(self.times.get(at).copied().unwrap_or_default())
    }

    /// Calls in a second, one after the other.
    #[must_use]
    pub fn per_second(&self) -> f64 {
        let sum = Duration::from_nanos(self.times.iter().sum()).as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "at most a million")]
        let count = self.times.len() as f64;
        if sum > 0.0 { count / sum } else { 0.0 }
    }

    fn note(&mut self, time: Duration) {
        if self.times.len() < MOST_CALLS {
            self.times.push(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX));
        }
    }
}

impl App {
    /// Measures a package on its cases' events, or on one event.
    ///
    /// # Errors
    /// When it cannot be loaded, or there is no event to call it with.
    pub fn bench_package(&self, package: &Path, options: &BenchOptions) -> Result<Measured, Failure> {
        let path = self.package_path(package)?;
        let workbench = self.workbench()?;
        let draft = workbench.read(&path).map_err(|error| super::refused(&path, &[error]))?;
        let (plugin, mask) = draft.load_as_told(Table::new()).map_err(|errors| super::refused(&path, &errors))?;
        let manifest = draft.manifest.as_ref().map_err(|errors| super::refused(&path, errors))?;
        let name = &plugin.identity().name;
        if let Some(hook) = options.hook.filter(|hook| !plugin.hooks().contains(*hook)) {
            return Err(super::run::no_hook(name, hook, &*plugin));
        }
        let (cases, left_out) = match &options.event {
            Some(event) => (vec![one_event(event, options.hook, &*plugin)?], Vec::new()),
            None => own_events(draft.cases(), options.hook),
        };
        if cases.is_empty() {
            let which = options.hook.map_or_else(String::new, |hook| format!(" for {hook}"));
            return Err(Failure::new(Class::Usage, "NO_EVENTS", format!("`{name}` has no case with an event{which}"))
                .hint("name a file with one: `--event FILE`, and its hook: `--hook HOOK`"));
        }
        // A case with a configuration of its own is played under it.
        let mut ready: Vec<(Case, Arc<dyn Plugin>)> = Vec::new();
        for case in cases.into_iter().filter(|case| plugin.hooks().contains(case.hook)) {
            let code = if case.config.is_empty() {
                Arc::clone(&plugin)
            } else {
                draft.load_as_told(case.config.clone()).map_err(|errors| super::refused(&path, &errors))?.0
            };
            ready.push((case, code));
        }
        let budget = manifest.limits.budget();
        let hooks: Vec<Hook> =
            plugin.hooks().iter().filter(|hook| ready.iter().any(|(case, _)| case.hook == *hook)).collect();
        let time = options.time / u32::try_from(hooks.len().max(1)).unwrap_or(1);
        let measured = hooks.iter().map(|hook| {
            let own: Vec<&(Case, Arc<dyn Plugin>)> = ready.iter().filter(|(case, _)| case.hook == *hook).collect();
            let mut of_hook = measure(*hook, &own, manifest, time);
            of_hook.fault.iter_mut().for_each(|fault| mask.fault(fault));
            of_hook
        });
        Ok(Measured {
            hooks: measured.collect(),
            identity: Arc::clone(plugin.identity()),
            deadline: budget.deadline,
            memory_limit: budget.memory_bytes,
            left_out,
        })
    }
}

/// An event from a file is for the hook that is named, or for the only one that there is.
fn one_event(event: &Path, hook: Option<Hook>, plugin: &dyn Plugin) -> Result<Case, Failure> {
    let mut hooks = plugin.hooks().iter();
    let only = hooks.next().filter(|_| hooks.next().is_none());
    let hook = hook.or(only).ok_or_else(|| {
        let has: Vec<&str> = plugin.hooks().iter().map(Hook::name).collect();
        let message = format!("plugin `{}` has several hooks", plugin.identity().name);
        Failure::new(Class::Usage, "HOOK", message).hint(format!("name one: `--hook`, with {}", has.join(", ")))
    })?;
    event_for(hook, event)
}

fn own_events(cases: &[(String, String)], hook: Option<Hook>) -> (Vec<Case>, Vec<String>) {
    let (mut events, mut left_out) = (Vec::new(), Vec::new());
    for (name, text) in cases {
        match Case::parse(text, name) {
            Ok(case) if hook.is_none_or(|hook| hook == case.hook) => events.push(case),
            Ok(_) => {}
            Err(_) => left_out.push(name.clone()),
        }
    }
    (events, left_out)
}

fn measure(hook: Hook, events: &[&(Case, Arc<dyn Plugin>)], manifest: &Manifest, time: Duration) -> OfHook {
    let empty: Arc<dyn Plugin> = Arc::new(Empty(Arc::clone(events[0].1.identity())));
    let stages: Vec<(Stage<'_>, &dyn Plugin)> =
        events.iter().map(|(case, plugin)| (Stage::new(case, manifest), &**plugin)).collect();
    let nothing: Vec<(Stage<'_>, &dyn Plugin)> =
        events.iter().map(|(case, _)| (Stage::new(case, manifest), &*empty)).collect();
    let mut of_hook = OfHook {
        hook,
        events: events.len(),
        cold: Calls::default(),
        warm: Calls::default(),
        empty: Calls::default(),
        memory: 0,
        faults: 0,
        fault: None,
    };
    let [cold, warm, empty] = SHARES.map(|share| time.mul_f64(share));
    of_hook.cold =
        round(hook, &stages, cold, true, |returned| of_hook.memory = of_hook.memory.max(returned.spent.memory_bytes));
    of_hook.warm = round(hook, &stages, warm, false, |returned| {
        of_hook.memory = of_hook.memory.max(returned.spent.memory_bytes);
        if let Err(fault) = &returned.outcome {
            of_hook.faults += 1;
            of_hook.fault.get_or_insert_with(|| fault.clone());
        }
    });
    of_hook.empty = round(hook, &nothing, empty, false, |_| {});
    of_hook
}

/// Calls each event in turn until the time is over. Making the thing in hand is not counted.
fn round(
    hook: Hook,
    stages: &[(Stage<'_>, &dyn Plugin)],
    time: Duration,
    cold: bool,
    mut look: impl FnMut(&Returned),
) -> Calls {
    let mut calls = Calls::default();
    let mut sessions: Vec<Box<dyn Session>> =
        if cold { Vec::new() } else { stages.iter().map(|(stage, plugin)| stage.session(*plugin)).collect() };
    // The first call of an instance is no warm one.
    for (session, (stage, _)) in sessions.iter_mut().zip(stages) {
        look(&session.call(hook, stage.subject()));
    }
    let until = Instant::now() + time;
    while Instant::now() < until || calls.count() < LEAST_CALLS {
        for (at, (stage, plugin)) in stages.iter().enumerate() {
            let subject = stage.subject();
            let started = Instant::now();
            let returned = match sessions.get_mut(at) {
                Some(session) => session.call(hook, subject),
                None => stage.session(*plugin).call(hook, subject),
            };
            calls.note(started.elapsed());
            look(&returned);
        }
    }
    calls.times.sort_unstable();
    calls
}

/// A native hook that does nothing: what is left is what Carnet itself takes.
struct Empty(Arc<Identity>);

impl Plugin for Empty {
    fn identity(&self) -> &Arc<Identity> {
        &self.0
    }

    fn hooks(&self) -> HookSet {
        Hook::ALL.into_iter().collect()
    }

    fn session(&self, _services: Services) -> Box<dyn Session> {
        Box::new(Nothing)
    }
}

struct Nothing;

impl Session for Nothing {
    fn call(&mut self, _hook: Hook, subject: Subject) -> Returned {
        let outcome = Ok(Verdict::Accept);
        Returned { subject, outcome, spent: Spent::default(), log: Vec::new(), state: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_of_the_calls_made() {
        let calls = Calls { times: (1..=100).map(|nanos| nanos * 1000).collect() };
        let micros = |share| calls.quantile(share).as_micros();
        assert_eq!((micros(0.5), micros(0.99), micros(1.0), micros(0.0)), (50, 99, 100, 1));
        assert_eq!(Calls::default().quantile(0.5), Duration::ZERO);
        assert!((Calls { times: vec![500_000; 4] }.per_second() - 2000.0).abs() < 1e-6);
    }
}
