//! Breakers of one job, in the order of its rows: workers run ahead of each other, so what a plugin's calls came to is noted row by row, and it
//! trips where it would have tripped had the rows come one after the other.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use super::judge;
use crate::plugin::fault::Fault;
use crate::plugin::hook::Hook;
use crate::plugin::verdict::Verdict;
use crate::registry::Mode;
use crate::registry::breaker::Window;
use crate::registry::generation::Generation;

/// What one call came to.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Said {
    /// It accepted.
    Accepted,
    /// It rejected.
    Rejected,
    /// It left the row out.
    Skipped,
    /// It failed.
    Faulted,
    /// It was not made: the plugin is tripped.
    NotAsked,
}

impl Said {
    pub(super) const fn of(said: &Result<Verdict, Fault>) -> Self {
        match said {
            Ok(Verdict::Accept) => Self::Accepted,
            Ok(Verdict::Reject(_)) => Self::Rejected,
            Ok(Verdict::Skip(_)) => Self::Skipped,
            Err(_) => Self::Faulted,
        }
    }
}

/// One call of a plugin about a row.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct CallNote {
    /// Its place in the generation.
    pub plugin: usize,
    /// Which hook.
    pub hook: Hook,
    /// What it came to.
    pub said: Said,
    /// Edits kept; in observe mode, edits that would have been.
    pub edits: usize,
    /// What it took.
    pub time: Duration,
}

/// Which plugins of a job are tripped, for the chains of all its workers.
#[derive(Debug)]
pub struct Flags {
    tripped: Box<[AtomicBool]>,
    /// Counts up whenever one changes.
    changes: AtomicU32,
}

impl Flags {
    pub(super) fn is_tripped(&self, plugin: usize) -> bool {
        self.tripped[plugin].load(Ordering::Relaxed)
    }

    /// How often they changed: what was said under another number was said by others.
    #[must_use]
    pub fn changes(&self) -> u32 {
        self.changes.load(Ordering::Acquire)
    }

    fn set(&self, plugin: usize, tripped: bool) {
        if self.tripped[plugin].swap(tripped, Ordering::Relaxed) != tripped {
            self.changes.fetch_add(1, Ordering::Release);
        }
    }
}

/// One plugin's breaker in a job.
#[derive(Copy, Clone, PartialEq, Eq, Default, Debug)]
pub struct Fuse {
    /// The last calls, one bit each, the newest lowest.
    pub window: u64,
    /// The row that tripped it; 0 when it was tripped before the first.
    pub tripped_at: Option<u64>,
}

/// The breakers of a job.
#[derive(Debug)]
pub struct Fuses {
    generation: Arc<Generation>,
    fuses: Vec<Fuse>,
    flags: Arc<Flags>,
}

impl Fuses {
    /// Takes over what is known of the plugins.
    #[must_use]
    pub fn new(generation: Arc<Generation>) -> Self {
        let plugins = || generation.plugins.iter();
        let fuses = plugins().map(|loaded| Fuse {
            window: loaded.breaker.window().bits(),
            tripped_at: loaded.breaker.is_tripped().then_some(0),
        });
        let fuses: Vec<Fuse> = fuses.collect();
        let tripped = fuses.iter().map(|fuse| AtomicBool::new(fuse.tripped_at.is_some())).collect();
        Self { flags: Arc::new(Flags { tripped, changes: AtomicU32::new(0) }), fuses, generation }
    }

    /// What the chains look at.
    #[must_use]
    pub const fn flags(&self) -> &Arc<Flags> {
        &self.flags
    }

    /// How they stand, by place in the generation.
    #[must_use]
    pub fn standing(&self) -> &[Fuse] {
        &self.fuses
    }

    /// Goes back to how they stood, or on from where an earlier run of the job left them.
    pub fn restore(&mut self, standing: &[Fuse]) {
        for (at, fuse) in standing.iter().enumerate().take(self.fuses.len()) {
            self.fuses[at] = *fuse;
            self.flags.set(at, fuse.tripped_at.is_some());
        }
    }

    /// Notes what the calls about a row came to, in the order of the rows.
    pub fn note(&mut self, record: u64, calls: &[CallNote]) {
        for call in calls.iter().filter(|call| call.said != Said::NotAsked) {
            let fuse = &mut self.fuses[call.plugin];
            let mut window = Window::of(fuse.window);
            let trips = window.note(call.said == Said::Faulted);
            fuse.window = window.bits();
            if trips && fuse.tripped_at.is_none() {
                fuse.tripped_at = Some(record);
                self.flags.set(call.plugin, true);
                judge::warn_tripped(&self.generation.plugins[call.plugin], call.hook);
            }
        }
    }

    /// Lets everybody else know what a row that is written came to: outside the job the plugin trips, too.
    pub fn tell(&self, calls: &[CallNote]) {
        for call in calls.iter().filter(|call| call.said != Said::NotAsked) {
            self.generation.plugins[call.plugin].breaker.note(call.said == Said::Faulted);
        }
    }

    /// Says whether a plugin failed on the row, or was not asked because it had failed too often; those in observe mode do not count.
    #[must_use]
    pub fn any_fault(&self, calls: &[CallNote]) -> bool {
        let counts = |call: &&CallNote| self.generation.plugins[call.plugin].mode == Mode::Enforce;
        calls.iter().filter(counts).any(|call| matches!(call.said, Said::Faulted | Said::NotAsked))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugin::service::Services;
    use crate::registry::dispatch::Chain;
    use crate::registry::fake::{contact, loaded};

    #[test]
    fn a_job_trips_by_its_rows_and_not_by_who_calls_first() {
        let generation = Arc::new(Generation::of(vec![loaded("a", "", "on_create fault", Mode::Enforce)]));
        let mut fuses = Fuses::new(Arc::clone(&generation));
        let mut chain = Chain::for_job(Arc::clone(&generation), |_| Services::none(), Arc::clone(fuses.flags()));
        let ask = |chain: &mut Chain| {
            chain.run(Hook::Create, crate::plugin::manifest::Phase::Change, contact());
            chain.take_notes()
        };
        // Thirty rows are asked about before the first is noted.
        let notes: Vec<Vec<CallNote>> = (0..30).map(|_| ask(&mut chain)).collect();
        assert!(notes.iter().all(|calls| calls[0].said == Said::Faulted));
        let before = fuses.standing().to_vec();
        (1..).zip(&notes).take(20).for_each(|(record, calls)| fuses.note(record, calls));
        assert_eq!((fuses.standing()[0].tripped_at, fuses.flags().changes()), (Some(20), 1));
        assert_eq!(ask(&mut chain)[0].said, Said::NotAsked);
        assert!(!generation.plugins[0].breaker.is_tripped(), "not before the rows are written");
        notes.iter().take(20).for_each(|calls| fuses.tell(calls));
        assert!(generation.plugins[0].breaker.is_tripped());
        fuses.restore(&before);
        assert_eq!((ask(&mut chain)[0].said, fuses.flags().changes()), (Said::Faulted, 2));
    }
}
