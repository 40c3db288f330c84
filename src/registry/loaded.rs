//! One plugin in service: the loaded code with its terms here, what its calls did, and whether it is still called. What of it outlives the
//! process is handed out as [`Fresh`].

use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::Mode;
use super::breaker::{Breaker, Window};
use super::probation::Probation;
use super::secrets::Mask;
use super::standing::{Fresh, Outbox, Standing, Would};
use super::stats::Stats;
use crate::domain::calls::CallCounts;
use crate::plugin::Plugin;
use crate::plugin::fault::Fault;
use crate::plugin::hand::Terms;
use crate::plugin::hook::{Hook, HookSet};
use crate::plugin::manifest::{Manifest, OnFault, Phase};
use crate::plugin::package::{Grants, Identity};
use crate::plugin::service::LogLine;
use crate::plugin::signature::Signed;

/// Lines of the log that are kept in memory.
const LOG_LINES: usize = 100;

/// Samples of observed calls that are kept in memory.
const SAMPLES: usize = 20;

/// Kinds of things that an observed plugin would have done, counted one by one; what else it thinks of is counted together.
const KINDS: usize = 100;

/// What the kinds beyond are counted under.
const OTHERS: &str = "(others)";

/// One version of a plugin in service. Stays the same object while its package stays the same, whatever generation it is in.
pub struct Loaded {
    /// The loaded code.
    pub plugin: Arc<dyn Plugin>,
    /// What its package says about it.
    pub manifest: Manifest,
    /// When in a chain it is called.
    pub phase: Phase,
    /// Place in the order of calls: the deployment's, else the manifest's.
    pub priority: u16,
    /// How it is called here.
    pub mode: Mode,
    /// What it may use beside the thing in hand.
    pub grants: Grants,
    /// Its secrets, for taking them out of what it says.
    pub mask: Mask,
    /// Who signed its package, where that counts.
    pub signed: Option<Signed>,
    /// What becomes of a record when a call fails, if deployment or manifest say so.
    pub on_fault: Option<OnFault>,
    /// Folder or file of the package.
    pub path: PathBuf,
    /// The terms on which it runs, as a hash: the version with its configuration and grants, whatever the mode.
    pub terms: String,
    /// What its calls did.
    pub stats: Stats,
    /// Whether it is still called.
    pub breaker: Breaker,
    /// Whether it still has to show that it is no worse than what it replaced.
    pub probation: Probation,
    notes: Mutex<Notes>,
    handed_out: Mutex<HandedOut>,
    outbox: OnceLock<Outbox>,
}

/// What was handed out already.
#[derive(Default)]
struct HandedOut {
    counts: BTreeMap<Hook, CallCounts>,
    window: Window,
    tripped: bool,
}

/// What is kept for people who look.
#[derive(Default)]
struct Notes {
    log: VecDeque<Logged>,
    samples: VecDeque<String>,
    fault: Option<(Hook, Fault)>,
    /// How many of the newest lines and samples were not handed out yet, and whether the fault was not.
    fresh: (usize, usize, bool),
    faults: BTreeMap<(Hook, &'static str), u64>,
    would: BTreeMap<(Hook, Would, String), u64>,
    /// Hooks in which it failed in earlier processes.
    faulted_earlier: HookSet,
}

/// One line that the plugin logged.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Logged {
    /// In which hook.
    pub hook: Hook,
    /// The line.
    pub line: LogLine,
}

/// How a deployment has a plugin in service.
pub(super) struct Placement {
    pub(super) priority: u16,
    pub(super) mode: Mode,
    pub(super) on_fault: Option<OnFault>,
    pub(super) grants: Grants,
    pub(super) signed: Option<Signed>,
    pub(super) mask: Mask,
    pub(super) path: PathBuf,
    pub(super) terms: String,
}

impl Loaded {
    pub(super) fn new(plugin: Arc<dyn Plugin>, manifest: Manifest, placement: Placement) -> Self {
        Self {
            phase: manifest.phase,
            priority: placement.priority,
            mode: placement.mode,
            grants: placement.grants,
            signed: placement.signed,
            mask: placement.mask,
            on_fault: placement.on_fault.or(manifest.on_fault),
            path: placement.path,
            terms: placement.terms,
            plugin,
            manifest,
            stats: Stats::default(),
            breaker: Breaker::default(),
            probation: Probation::default(),
            notes: Mutex::default(),
            handed_out: Mutex::default(),
            outbox: OnceLock::new(),
        }
    }

    /// Says which plugin it is, exactly.
    #[must_use]
    pub fn identity(&self) -> &Arc<Identity> {
        self.plugin.identity()
    }

    /// Returns what becomes of a record when a call of this hook fails.
    #[must_use]
    pub fn policy(&self, hook: Hook) -> OnFault {
        // An enquiry is never lost to a plugin; everything else is data that the plugin may be guarding.
        let by_hook = if hook == Hook::Enquiry { OnFault::Skip } else { OnFault::Reject };
        self.on_fault.unwrap_or(by_hook)
    }

    /// Says whether a call of this hook may write nothing.
    #[must_use]
    pub fn is_read_only(&self, hook: Hook) -> bool {
        self.manifest.is_read_only(hook)
    }

    /// Returns the terms on which it holds the thing in hand.
    #[must_use]
    pub fn terms(&self, read_only: bool) -> Terms {
        self.manifest.terms(read_only)
    }

    /// Returns the last lines of its log, oldest first.
    #[must_use]
    pub fn log(&self) -> Vec<Logged> {
        self.with_notes(|notes| notes.log.iter().cloned().collect())
    }

    /// Returns what it would have done in the last calls in observe mode that would have changed something, oldest first.
    #[must_use]
    pub fn samples(&self) -> Vec<String> {
        self.with_notes(|notes| notes.samples.iter().cloned().collect())
    }

    /// Returns its last fault.
    #[must_use]
    pub fn last_fault(&self) -> Option<(Hook, Fault)> {
        self.with_notes(|notes| notes.fault.clone())
    }

    /// Says whether it faulted in a hook that its predecessor has and is not known to have failed in.
    pub(super) fn faulted_where_not(&self, predecessor: &Self) -> bool {
        let (hooks, known) = (predecessor.plugin.hooks(), predecessor.faulted_hooks());
        self.probation.hooks().iter().any(|hook| hooks.contains(hook) && !known.contains(hook))
    }

    /// Returns the hooks in which it ever failed, as far as is known.
    pub(super) fn faulted_hooks(&self) -> HookSet {
        let earlier = self.with_notes(|notes| notes.faulted_earlier);
        let counted = self.stats.snapshot();
        let counted = counted.iter().filter(|(_, counts)| counts.faults > 0).map(|(hook, _)| *hook);
        counted.chain(earlier.iter()).chain(self.probation.hooks().iter()).collect()
    }

    /// Takes note of the hooks in which it failed in earlier processes.
    pub(super) fn note_earlier_faults(&self, hooks: HookSet) {
        self.with_notes(|notes| notes.faulted_earlier = hooks);
    }

    /// Goes on from where earlier processes left this version.
    pub(super) fn restore(&self, standing: &Standing) {
        self.breaker.restore(standing.window, standing.tripped);
        let mut handed_out = self.handed_out.lock().unwrap_or_else(PoisonError::into_inner);
        (handed_out.window, handed_out.tripped) = (standing.window, standing.tripped);
    }

    /// Lets it leave behind what its calls came to when it goes.
    pub(super) fn leave_in(&self, outbox: &Outbox) {
        let _ = self.outbox.set(outbox.clone());
    }

    /// Hands out what its calls came to since this was last asked.
    #[must_use]
    pub fn take_fresh(&self) -> Fresh {
        let mut handed_out = self.handed_out.lock().unwrap_or_else(PoisonError::into_inner);
        let mut counts = Vec::new();
        for (hook, now) in self.stats.snapshot() {
            let fresh = handed_out.counts.get(&hook).map_or_else(|| now.clone(), |before| now.since(before));
            if fresh.calls > 0 {
                counts.push((hook, fresh));
            }
            handed_out.counts.insert(hook, now);
        }
        let window = self.breaker.window();
        let before = std::mem::replace(&mut handed_out.window, window);
        let tripped = self.breaker.is_tripped();
        let was_tripped = std::mem::replace(&mut handed_out.tripped, tripped);
        let newest = |kept: usize, fresh: usize| kept.saturating_sub(fresh);
        let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        let (lines, samples, fault) = std::mem::take(&mut notes.fresh);
        Fresh {
            plugin: Arc::clone(self.identity()),
            mode: self.mode,
            terms: self.terms.clone(),
            counts,
            faults: std::mem::take(&mut notes.faults)
                .into_iter()
                .map(|((hook, code), times)| (hook, code, times))
                .collect(),
            would: std::mem::take(&mut notes.would)
                .into_iter()
                .map(|((hook, would, what), times)| (hook, would, what, times))
                .collect(),
            log: notes.log.iter().skip(newest(notes.log.len(), lines)).cloned().collect(),
            samples: notes.samples.iter().skip(newest(notes.samples.len(), samples)).cloned().collect(),
            fault: notes.fault.clone().filter(|_| fault),
            before,
            window,
            tripped: tripped && !was_tripped,
            proven: self.probation.take_proven(),
        }
    }

    /// Calls it again after its faults tripped it.
    pub fn reset(&self) {
        self.breaker.reset();
    }

    pub(super) fn note_log(&self, hook: Hook, lines: &[LogLine]) {
        if lines.is_empty() {
            return;
        }
        self.with_notes(|notes| {
            notes.fresh.0 += lines.len();
            lines.iter().for_each(|line| keep(&mut notes.log, LOG_LINES, Logged { hook, line: line.clone() }));
        });
    }

    pub(super) fn note_sample(&self, sample: String) {
        self.with_notes(|notes| {
            notes.fresh.1 += 1;
            keep(&mut notes.samples, SAMPLES, sample);
        });
    }

    /// Counts what an observed call would have done.
    pub(super) fn note_would(&self, hook: Hook, would: Would, what: &str) {
        self.with_notes(|notes| {
            let key = (hook, would, what.to_owned());
            let is_known = notes.would.len() < KINDS || notes.would.contains_key(&key);
            let key = if is_known { key } else { (hook, would, OTHERS.to_owned()) };
            *notes.would.entry(key).or_default() += 1;
        });
    }

    pub(super) fn note_fault(&self, hook: Hook, fault: &Fault) {
        self.with_notes(|notes| {
            notes.fault = Some((hook, fault.clone()));
            notes.fresh.2 = true;
            *notes.faults.entry((hook, fault.kind.code())).or_default() += 1;
        });
    }

    /// Notes are whole at any moment, so those of a thread that panicked are as good as any.
    fn with_notes<T>(&self, look: impl FnOnce(&mut Notes) -> T) -> T {
        look(&mut self.notes.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn keep<T>(kept: &mut VecDeque<T>, most: usize, item: T) {
    if kept.len() == most {
        kept.pop_front();
    }
    kept.push_back(item);
}

impl Drop for Loaded {
    fn drop(&mut self) {
        let Some(outbox) = self.outbox.get() else { return };
        let fresh = self.take_fresh();
        if !fresh.is_empty() {
            outbox.leave(fresh);
        }
    }
}

impl std::fmt::Debug for Loaded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Loaded").field("identity", self.identity()).field("mode", &self.mode).finish_non_exhaustive()
    }
}
