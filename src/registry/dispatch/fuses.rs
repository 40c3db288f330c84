//! Breakers of one job, in the order of its rows: workers run ahead of each other, so what a plugin's calls came to is noted row by row, and it
//! trips where it would have tripped had the rows come one after the other.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use super::judge;
use super::note::{CallNote, Said};
use crate::domain::calls::CallCounts;
use crate::plugin::hook::Hook;
use crate::registry::Mode;
use crate::registry::breaker::Window;
use crate::registry::generation::Generation;

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

    /// Counts the calls about rows that are written, by row, and lets everybody else know: outside the job the plugin trips, too. Calls whose
    /// answers were not used, for the row was asked about again, count nowhere. Those of a rehearsal prove nothing about a version on
    /// probation.
    pub fn tell<'c>(&self, rows: impl Iterator<Item = &'c [CallNote]>, rehearses: bool) {
        let mut sums: BTreeMap<(usize, Hook), CallCounts> = BTreeMap::new();
        for call in rows.flatten().filter(|call| call.said != Said::NotAsked) {
            let loaded = &self.generation.plugins[call.plugin];
            call.count(sums.entry((call.plugin, call.hook)).or_default());
            call.keep(loaded);
            if !rehearses {
                loaded.probation.note(call.hook, call.said == Said::Faulted);
            }
            loaded.breaker.note(call.said == Said::Faulted);
        }
        for ((at, hook), counts) in &sums {
            self.generation.plugins[*at].stats.hand_in(*hook, counts);
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
        assert!(generation.plugins[0].stats.snapshot().is_empty());
        fuses.tell(notes.iter().take(20).map(Vec::as_slice), false);
        let (hook, counts) = generation.plugins[0].stats.snapshot().remove(0);
        assert_eq!((hook, counts.calls, counts.faults), (Hook::Create, 20, 20), "what was not used does not count");
        assert!(generation.plugins[0].breaker.is_tripped());
        fuses.restore(&before);
        assert_eq!((ask(&mut chain)[0].said, fuses.flags().changes()), (Said::Faulted, 2));
    }
}
