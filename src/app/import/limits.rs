//! `--max-errors` and `--max-faults`: when a job is to stop, counted in the order of the file.

use super::ImportRequest;
use super::row::{Ended, RowEnd};
use crate::app::failure::{Class, Failure};
use crate::app::wire::{more_room, resume_command};
use crate::config::Settings;
use crate::registry::dispatch::Fuses;
use crate::store::Counts;

/// How much may go wrong in a job.
#[derive(Copy, Clone, Debug)]
pub(super) struct Limits {
    errors: Option<u64>,
    faults: Option<u64>,
}

/// Why a job stopped before the end of its file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stopped {
    /// Stable code.
    pub code: &'static str,
    /// What happened.
    pub message: String,
    /// The way on.
    pub hint: String,
}

impl Limits {
    pub(super) fn of(request: &ImportRequest, settings: &Settings) -> Self {
        Self { errors: request.max_errors.or(settings.max_errors), faults: request.max_faults.or(settings.max_faults) }
    }

    /// Says whether so many are too much.
    pub(super) fn passed(&self, (errors, faults): (u64, u64)) -> bool {
        self.errors.is_some_and(|most| errors > most) || self.faults.is_some_and(|most| faults > most)
    }

    /// The first row of a batch with which there is too much.
    pub(super) fn cut(&self, batch: &[Ended], before: &Counts, faulted: u64, fuses: &Fuses) -> Option<usize> {
        if self.errors.is_none() && self.faults.is_none() {
            return None;
        }
        let (mut errors, mut faults) = (before.failed, faulted);
        batch.iter().position(|row| {
            errors += u64::from(matches!(row.end, RowEnd::Failed(_)));
            faults += u64::from(fuses.any_fault(&row.asked.calls));
            self.passed((errors, faults))
        })
    }

    /// Why the job stopped, if it did.
    pub(super) fn why(&self, counts: &Counts, faulted: u64, job: Option<i64>, file: &str) -> Option<Stopped> {
        let (code, option, what, most, now) = match (self.errors, self.faults) {
            (Some(most), _) if counts.failed > most => {
                ("MAX_ERRORS", "--max-errors", "rows failed", most, counts.failed)
            }
            (_, Some(most)) if faulted > most => {
                ("MAX_FAULTS", "--max-faults", "rows met a failing plugin", most, faulted)
            }
            _ => return None,
        };
        let message = format!("stopped: {now} {what}, more than {option} {most} allows");
        let hint = match job {
            Some(job) => format!(
                "see why in the error file; go on with `{} {option} {}`, or take it back \
                 with `carnet import undo {job}`, correct the cause and begin anew",
                resume_command(job, file),
                more_room(now)
            ),
            None => format!("see why above; allow more with `{option} {}`", more_room(now)),
        };
        Some(Stopped { code, message, hint })
    }

    /// Refuses to go on with a job that has no room left.
    pub(super) fn check_room(&self, counts: &Counts, faulted: u64, job: i64, file: &str) -> Result<(), Failure> {
        let Some(stopped) = self.why(counts, faulted, Some(job), file) else { return Ok(()) };
        let option = if stopped.code == "MAX_ERRORS" { "--max-errors" } else { "--max-faults" };
        let now = if stopped.code == "MAX_ERRORS" { counts.failed } else { faulted };
        let message = format!("job {job} {}", stopped.message);
        let hint = format!("give it more room: `{} {option} {}`", resume_command(job, file), more_room(now));
        Err(Failure::new(Class::Usage, stopped.code, message).hint(hint))
    }
}

impl Stopped {
    /// What somebody asked for, and not the rows.
    pub(super) fn asked(job: Option<i64>, file: &str) -> Self {
        let hint = match job {
            Some(job) => format!("finish it with `{}`", resume_command(job, file)),
            None => "nothing was written".to_owned(),
        };
        Self { code: "STOPPED", message: "stopped, as was asked".to_owned(), hint }
    }

    /// Says whether somebody asked for it.
    #[must_use]
    pub fn is_asked(&self) -> bool {
        self.code == "STOPPED"
    }
}
