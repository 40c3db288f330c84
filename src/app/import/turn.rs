//! The turn of an import: one at a time from its first row to its error file, so that two at once end as if one had followed the other. A
//! dry run writes nothing and waits for nobody.

use std::thread;
use std::time::{Duration, Instant};

use super::{ImportRequest, Progress};
use crate::app::App;
use crate::app::failure::{Class, Failure};
use crate::store::{JobState, Turn};

/// How often a waiting import asks whether it is its turn.
const PAUSE: Duration = Duration::from_millis(20);

/// How long it waits before it says so.
const SILENT: Duration = Duration::from_secs(1);

impl App {
    /// Waits until no other import is at work, and keeps others waiting until it is dropped; nothing for a dry run.
    ///
    /// # Errors
    /// When somebody asks it to stop meanwhile, or no file can be locked beside the database.
    pub(super) fn take_turn(
        &self,
        request: &ImportRequest,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Option<Turn>, Failure> {
        if request.dry_run {
            return Ok(None);
        }
        let (began, mut told) = (Instant::now(), None);
        loop {
            if let Some(turn) = self.store()?.try_turn()? {
                return Ok(Some(turn));
            }
            if request.stop.is_asked() {
                let message = "stopped while it waited for another import: nothing was imported";
                return Err(Failure::new(Class::Conflict, "STOPPED", message).hint("start it again"));
            }
            if began.elapsed() >= SILENT {
                let at_work = self.import_at_work()?;
                if at_work.is_some() && at_work != told {
                    told = at_work;
                    progress(Progress { records: 0, failed: 0, bytes: 0, total_bytes: None, waiting_for: at_work });
                }
            }
            thread::sleep(PAUSE);
        }
    }

    /// The import whose turn it is; nothing in the moment before it has a number.
    fn import_at_work(&self) -> Result<Option<i64>, Failure> {
        let jobs = self.store()?.read(|reader| reader.jobs())?;
        // A job that is being taken back counts as running, too, and nobody waits for it.
        let at_work = jobs.iter().find(|job| job.state == JobState::Running && job.undo.is_none());
        Ok(at_work.map(|job| job.id))
    }
}
