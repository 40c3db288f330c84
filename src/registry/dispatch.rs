//! Calling the plugins of one generation about one thing: order, terms, keeping and reverting edits, counting. What becomes of the record
//! is decided above.

mod fuses;
mod judge;
mod note;
mod recalled;
mod so_far;
mod traced;

#[cfg(test)]
mod tests;

use std::sync::Arc;

pub use fuses::{Flags, Fuse, Fuses};
pub(super) use judge::said;
pub use note::{Aside, CallNote, Said};

use super::Mode;
use super::generation::Generation;
use super::loaded::Loaded;
use crate::domain::calls::CallCounts;
use crate::domain::problem::Problem;
use crate::plugin::Session;
use crate::plugin::fault::{Fault, FaultKind};
use crate::plugin::hand::{Edit, Subject, Terms};
use crate::plugin::hook::Hook;
use crate::plugin::manifest::{OnFault, Phase};
use crate::plugin::package::{Grants, Identity};
use crate::plugin::service::{Recalled, Services, StateWrite};
use crate::plugin::verdict::Verdict;
use recalled::Notepad;
use so_far::SoFar;

/// Calls after which a chain hands in what it counted.
const HAND_IN_AFTER: u64 = 256;

/// Sessions of one generation's plugins, for one import worker or one interactive event.
pub struct Chain {
    generation: Arc<Generation>,
    services: Box<dyn Fn(Grants) -> Services + Send>,
    links: Vec<Link>,
    /// Calls since counts were handed in.
    calls: u64,
    job: Option<OfJob>,
    /// Whether nothing comes of its calls, so that they prove nothing about a version on probation.
    rehearses: bool,
}

/// What a chain of a job has instead of everybody's breakers.
struct OfJob {
    flags: Arc<Flags>,
    /// What was called since the notes were taken.
    notes: Vec<CallNote>,
}

/// One plugin in a chain, and what its calls did since they were handed in.
struct Link {
    open: Option<Open>,
    fresh: [CallCounts; Hook::ALL.len()],
}

/// A session, opened when first needed. The terms are copies of its own: one shared by all workers would be counted up and down by all.
struct Open {
    session: Box<dyn Session>,
    writable: Arc<Terms>,
    read_only: Arc<Terms>,
    /// What it is told of what it remembers, where that is kept.
    notepad: Option<Notepad>,
    /// What it wants to remember of the record so far, if it remembers anything.
    so_far: Option<SoFar>,
}

/// One call that failed, or was not made because the plugin is tripped.
#[derive(Clone, PartialEq, Debug)]
pub struct FaultReport {
    /// Whose call.
    pub plugin: Arc<Identity>,
    /// Which hook.
    pub hook: Hook,
    /// How it failed.
    pub fault: Fault,
    /// What becomes of the record.
    pub policy: OnFault,
}

/// What the plugins of one phase said.
#[derive(Debug)]
pub struct ChainOutcome {
    /// The thing in hand, with the edits that were kept.
    pub subject: Subject,
    /// Reasons to refuse it, with who gave them.
    pub problems: Vec<(Arc<Identity>, Problem)>,
    /// The reason to leave a row out, with who gave it.
    pub skip: Option<(Arc<Identity>, String)>,
    /// Calls that failed.
    pub faults: Vec<FaultReport>,
    /// Edits kept, with who made them, in order.
    pub edits: Vec<(Arc<Identity>, Edit)>,
    /// What to remember if the record is written, with the plugin's name.
    pub state: Vec<(String, StateWrite)>,
    /// What plugins were told of what they remember, with the plugin's name; of a job it is not kept here.
    pub recalled: Vec<(String, Recalled)>,
}

impl ChainOutcome {
    const fn new(subject: Subject) -> Self {
        Self {
            subject,
            problems: Vec::new(),
            skip: None,
            faults: Vec::new(),
            edits: Vec::new(),
            state: Vec::new(),
            recalled: Vec::new(),
        }
    }

    /// Says whether the thing is refused: by a verdict, or by a fault under `on_fault = "reject"`.
    #[must_use]
    pub fn rejected(&self) -> bool {
        !self.problems.is_empty() || self.faults.iter().any(|report| report.policy == OnFault::Reject)
    }
}

impl Chain {
    /// Opens a chain. `services` returns what a plugin with these grants may use; sessions are opened when first needed.
    pub fn new(generation: Arc<Generation>, services: impl Fn(Grants) -> Services + Send + 'static) -> Self {
        let link = |_: &Arc<Loaded>| Link { open: None, fresh: Default::default() };
        Self {
            links: generation.plugins.iter().map(link).collect(),
            generation,
            services: Box::new(services),
            calls: 0,
            job: None,
            rehearses: false,
        }
    }

    /// Opens a chain of a job, whose plugins trip by the order of its rows: its calls are noted, for [`Fuses::note`], and count where their
    /// answers are used, see [`Fuses::tell`].
    pub fn for_job(
        generation: Arc<Generation>,
        services: impl Fn(Grants) -> Services + Send + 'static,
        flags: Arc<Flags>,
    ) -> Self {
        let mut chain = Self::new(generation, services);
        chain.job = Some(OfJob { flags, notes: Vec::new() });
        chain
    }

    /// Makes its calls count for no probation: of a dry run, or of a simulation.
    #[must_use]
    pub fn rehearsing(mut self) -> Self {
        self.rehearses = true;
        self
    }

    /// Takes the notes of the calls since they were last taken; a chain of no job has none.
    pub fn take_notes(&mut self) -> Vec<CallNote> {
        self.job.as_mut().map(|job| std::mem::take(&mut job.notes)).unwrap_or_default()
    }

    /// Returns the generation whose plugins are called.
    #[must_use]
    pub const fn generation(&self) -> &Arc<Generation> {
        &self.generation
    }

    /// Says whether any plugin has this hook.
    #[must_use]
    pub fn has(&self, hook: Hook) -> bool {
        Phase::ALL.into_iter().any(|phase| self.has_phase(hook, phase))
    }

    /// Says whether any plugin has this hook in this phase.
    #[must_use]
    pub fn has_phase(&self, hook: Hook, phase: Phase) -> bool {
        !self.generation.calls(hook, phase).is_empty()
    }

    /// Calls the plugins of a phase, one after the other. All are called even after a rejection, so that all problems are told; a skip
    /// ends the chain.
    pub fn run(&mut self, hook: Hook, phase: Phase, subject: Subject) -> ChainOutcome {
        self.run_after(&[], hook, phase, subject)
    }

    /// The same about a record of which plugins were asked before: each sees what it wanted to remember then, as if it were stored.
    pub fn run_after(
        &mut self,
        earlier: &[(String, StateWrite)],
        hook: Hook,
        phase: Phase,
        subject: Subject,
    ) -> ChainOutcome {
        let Self { generation, services, links, calls, job, rehearses } = self;
        let mut outcome = ChainOutcome::new(subject);
        let traced = traced::chain(generation, hook, phase);
        for &at in generation.calls(hook, phase) {
            let loaded = &*generation.plugins[at];
            let is_tripped = match &*job {
                Some(job) => job.flags.is_tripped(at),
                None => loaded.breaker.is_tripped(),
            };
            let note = if !is_tripped {
                *calls += 1;
                let span = traced.is_some().then(|| traced::call(loaded, generation, hook));
                let (next, note) = links[at].call(loaded, services, (job.is_none(), earlier), (at, hook), outcome);
                outcome = next;
                if let Some(span) = &span {
                    traced::called(span, loaded, &note);
                }
                note
            } else {
                if loaded.mode == Mode::Enforce {
                    outcome.faults.push(tripped(loaded, hook));
                }
                CallNote::not_asked(at, hook)
            };
            match job {
                Some(job) => job.notes.push(note),
                None if note.said == Said::NotAsked => {}
                None => {
                    note.count(&mut links[at].fresh[hook as usize]);
                    note.keep(loaded);
                    if !*rehearses {
                        loaded.probation.note(hook, note.said == Said::Faulted);
                    }
                    if loaded.breaker.note(note.said == Said::Faulted) {
                        judge::warn_tripped(loaded, hook);
                    }
                }
            }
            if outcome.skip.is_some() {
                break;
            }
        }
        if self.calls >= HAND_IN_AFTER {
            self.hand_in();
        }
        outcome
    }

    /// Adds what was counted to what all sessions of the plugins counted.
    fn hand_in(&mut self) {
        self.calls = 0;
        for (link, loaded) in self.links.iter_mut().zip(&self.generation.plugins) {
            for hook in Hook::ALL {
                let counts = &mut link.fresh[hook as usize];
                if counts.calls > 0 {
                    loaded.stats.hand_in(hook, counts);
                    *counts = CallCounts::default();
                }
            }
        }
    }
}

impl Link {
    fn call(
        &mut self,
        loaded: &Loaded,
        services: &dyn Fn(Grants) -> Services,
        (notes, earlier): (bool, &[(String, StateWrite)]),
        (at, hook): (usize, Hook),
        mut outcome: ChainOutcome,
    ) -> (ChainOutcome, CallNote) {
        let open = self.open.get_or_insert_with(|| Open::new(loaded, services, notes));
        if let Some(so_far) = &open.so_far {
            so_far.begin(&loaded.identity().name, earlier);
        }
        let terms = if loaded.is_read_only(hook) { &open.read_only } else { &open.writable };
        outcome.subject.begin(terms);
        let mut returned = open.session.call(hook, outcome.subject);
        loaded.mask.log(&mut returned.log);
        loaded.mask.outcome(&mut returned.outcome);
        let lines = std::mem::take(&mut returned.log);
        judge::log(loaded, hook, &lines);
        let said = judge::said(hook, loaded.phase, &returned.subject, returned.outcome);
        let mut note = CallNote {
            plugin: at,
            hook,
            said: Said::of(&said),
            edits: 0,
            time: returned.spent.time,
            memory: returned.spent.memory_bytes as u64,
            aside: None,
        };
        note.take_lines(lines, !notes);
        outcome.subject = returned.subject;
        let recalled = open.notepad.as_ref().map(Notepad::take).filter(|recalled| !recalled.is_empty());
        outcome.recalled.extend(recalled.map(|recalled| (loaded.identity().name.clone(), recalled)));
        match loaded.mode {
            Mode::Enforce => enforce(loaded, said, returned.state, &mut note, &mut outcome),
            Mode::Observe | Mode::Off => judge::observe(loaded, said, &mut note, &mut outcome.subject),
        }
        (outcome, note)
    }
}

impl Open {
    fn new(loaded: &Loaded, services: &dyn Fn(Grants) -> Services, notes: bool) -> Self {
        let terms = |read_only| Arc::new(loaded.terms(read_only));
        let mut services = services(loaded.grants);
        // Of a plugin that is only observed nothing comes, whatever it goes by.
        let notepad = services.state.take_if(|_| notes && loaded.mode == Mode::Enforce).map(|state| {
            let notepad = Notepad::default();
            services.state = Some(notepad.under(state));
            notepad
        });
        let so_far = services.state.take().map(|state| {
            let so_far = SoFar::default();
            services.state = Some(so_far.over(state));
            so_far
        });
        let session = loaded.plugin.session(services);
        Self { session, writable: terms(false), read_only: terms(true), notepad, so_far }
    }
}

impl Drop for Chain {
    fn drop(&mut self) {
        self.hand_in();
    }
}

/// Applies what a plugin said: edits are kept unless the call failed.
fn enforce(
    loaded: &Loaded,
    said: Result<Verdict, Fault>,
    state: Vec<StateWrite>,
    note: &mut CallNote,
    outcome: &mut ChainOutcome,
) {
    let (identity, hook) = (loaded.identity(), note.hook);
    let verdict = match said {
        Ok(verdict) => verdict,
        Err(fault) => {
            outcome.subject.revert();
            traced::fault(loaded, hook, &fault);
            note.aside().fault = Some(fault.clone());
            outcome.faults.push(FaultReport { plugin: Arc::clone(identity), hook, fault, policy: loaded.policy(hook) });
            return;
        }
    };
    let edits = outcome.subject.keep();
    note.edits = edits.len();
    outcome.edits.extend(edits.into_iter().map(|edit| (Arc::clone(identity), edit)));
    outcome.state.extend(state.into_iter().map(|write| (identity.name.clone(), write)));
    match verdict {
        Verdict::Accept => {}
        Verdict::Skip(reason) => outcome.skip = Some((Arc::clone(identity), reason)),
        Verdict::Reject(problems) => {
            outcome.problems.extend(problems.into_iter().map(|problem| (Arc::clone(identity), problem)));
        }
    }
}

/// A tripped guard never turns into an open door: its policy is applied without it.
fn tripped(loaded: &Loaded, hook: Hook) -> FaultReport {
    let fault =
        Fault::new(FaultKind::Tripped, "it is no longer called, because at least 20 of its last 50 calls failed").hint(
            format!(
                "mend it: a new version is called again at once; `carnet plugin reset {}` calls this one",
                loaded.identity().name
            ),
        );
    FaultReport { plugin: Arc::clone(loaded.identity()), hook, fault, policy: loaded.policy(hook) }
}
