//! The note of one call: what it came to, and what is told of it. It counts at once, or, in a job, when the row is written that it was about.

use std::time::Duration;

use crate::domain::calls::CallCounts;
use crate::plugin::fault::Fault;
use crate::plugin::hook::Hook;
use crate::plugin::service::LogLine;
use crate::plugin::verdict::Verdict;
use crate::registry::loaded::Loaded;
use crate::registry::standing::Would;

/// Lines of one call that are kept: no more of them are ever handed in at once.
const LINES: usize = 20;

/// Characters of such a line.
const LINE_CHARS: usize = 500;

/// What stands where a plugin's words were.
const HUSHED: &str = "(its words are not kept: the person was forgotten)";

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

/// One call of a plugin.
#[derive(Clone, PartialEq, Debug)]
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
    /// The memory that it took, in bytes, where the engine knows it.
    pub memory: u64,
    /// What is told of it beside.
    pub aside: Option<Box<Aside>>,
}

/// What is told of few calls.
#[derive(Clone, PartialEq, Default, Debug)]
pub struct Aside {
    /// The last lines that it logged.
    pub lines: Vec<LogLine>,
    /// How it failed.
    pub fault: Option<Fault>,
    /// What would have been, in observe mode.
    pub would: Vec<(Would, String)>,
    /// The same for people.
    pub sample: Option<String>,
}

impl CallNote {
    /// A call that was not made.
    pub(super) const fn not_asked(plugin: usize, hook: Hook) -> Self {
        Self { plugin, hook, said: Said::NotAsked, edits: 0, time: Duration::ZERO, memory: 0, aside: None }
    }

    /// What is told of it beside.
    pub(super) fn aside(&mut self) -> &mut Aside {
        self.aside.get_or_insert_default()
    }

    /// Takes the lines that it logged; of a job's call only what is handed in, for many rows may be under way.
    pub(super) fn take_lines(&mut self, mut lines: Vec<LogLine>, of_job: bool) {
        if lines.is_empty() {
            return;
        }
        if of_job {
            lines.drain(..lines.len().saturating_sub(LINES));
            for LogLine { text, .. } in &mut lines {
                if let Some((end, _)) = text.char_indices().nth(LINE_CHARS) {
                    text.truncate(end);
                }
            }
        }
        self.aside().lines = lines;
    }

    /// Lets go of everything that was said in words: it may name somebody of whom nothing may be kept.
    pub fn hush(&mut self) {
        let Some(aside) = &mut self.aside else { return };
        let fault = aside.fault.take().map(|fault| Fault { message: HUSHED.to_owned(), hint: None, ..fault });
        **aside = Aside { fault, ..Aside::default() };
    }

    /// Counts it.
    pub fn count(&self, counts: &mut CallCounts) {
        counts.took(self.time);
        counts.edits += self.edits as u64;
        counts.memory = counts.memory.max(self.memory);
        match self.said {
            Said::Rejected => counts.rejections += 1,
            Said::Skipped => counts.skips += 1,
            Said::Faulted => counts.faults += 1,
            Said::Accepted | Said::NotAsked => {}
        }
    }

    /// Keeps what is told of it.
    pub(super) fn keep(&self, loaded: &Loaded) {
        let Some(aside) = &self.aside else { return };
        loaded.note_log(self.hook, &aside.lines);
        aside.fault.iter().for_each(|fault| loaded.note_fault(self.hook, fault));
        aside.would.iter().for_each(|(would, what)| loaded.note_would(self.hook, *would, what));
        aside.sample.iter().for_each(|sample| loaded.note_sample(sample.clone()));
    }

    /// How it failed, if it did.
    #[must_use]
    pub fn fault(&self) -> Option<&Fault> {
        self.aside.as_ref().and_then(|aside| aside.fault.as_ref())
    }
}
