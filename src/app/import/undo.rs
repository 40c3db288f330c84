//! Taking an import back: what it created is deleted, what it updated becomes what it was before. Whatever somebody touched since stays as it
//! is, and is told. Interrupted, it is gone on with by the same command. Labels and organizations that the import made stay, too.

use std::thread;

use crossbeam_channel::bounded;

use super::running;
use crate::app::bulk::{LeftAlone, Source, TakenBack, Why};
use crate::app::failure::{Class, Failure};
use crate::app::{App, now};
use crate::domain::contact::Contact;
use crate::domain::permission::{Right, Viewer};
use crate::store::{Job, JobState, LeftBehind, Removed, StoreError, Stretch, UndoCounts};

/// What taking a job back would do.
#[derive(Clone, Debug)]
pub struct UndoPlan {
    /// The job.
    pub job: Job,
    /// What there is to take back.
    pub counts: UndoCounts,
}

/// How taking a job back ended.
#[derive(Debug)]
pub struct ImportUndone {
    /// The job, with all that was taken back of it.
    pub job: Job,
    /// Contacts that this run deleted.
    pub deleted: u64,
    /// Contacts that this run restored.
    pub restored: u64,
    /// Contacts that were left as they are.
    pub left: Vec<LeftAlone>,
    /// How many more were left as they are that whoever takes back may not see.
    pub hidden: u64,
    /// Whether nothing is left that could be taken back later.
    pub finished: bool,
    /// Other imports that were taken back in part: what they wait for may be done now.
    pub waiting: Vec<i64>,
}

impl App {
    /// Says what taking an import back would do.
    ///
    /// # Errors
    /// Not found; conflict, when the job is running, was taken back before, or is of a Carnet that could not take imports back.
    pub fn import_undo_plan(&self, id: i64, by: &Viewer) -> Result<UndoPlan, Failure> {
        let job = self.job_to_undo(id, by)?;
        let counts = self.store()?.read(|reader| reader.undo_counts(id))?;
        Ok(UndoPlan { job, counts })
    }

    /// Takes an import back. `progress` is told how many contacts are done with.
    ///
    /// # Errors
    /// As for [`App::import_undo_plan`], and when the store fails; what was taken back by then stays so, and the same command goes on.
    pub fn import_undo(&self, id: i64, by: &Viewer, progress: &mut dyn FnMut(u64)) -> Result<ImportUndone, Failure> {
        self.job_to_undo(id, by)?;
        let store = self.store()?;
        store.write(|writer| writer.begin_undo(id, by.name(), now()))?;
        let _running = store.guard_job(id);
        let _checkpoints = store.checkpoint_aside()?;
        let Removed { deleted, forbidden, above } = self.delete_created(id, by, progress)?;
        let batch = store.read(|reader| reader.batch_of_job(id))?;
        let taken = match batch {
            Some(batch) => self.take_back_batch(Source { batch, job: Some(id) }, by)?,
            None => TakenBack { finished: true, ..TakenBack::default() },
        };
        let (behind, kept) = store.read(|reader| {
            let mut kept = Vec::new();
            for id in &forbidden {
                kept.extend(reader.contact(*id)?.map(|contact| (contact, Why::Forbidden)));
            }
            for (id, batch) in &above {
                let why = reader.job_of_batch(*batch)?.map_or(Why::Above(*batch), Why::AboveImport);
                kept.extend(reader.contact(*id)?.map(|contact| (contact, why)));
            }
            Ok((reader.left_of_job(id)?, kept))
        })?;
        let finished = taken.finished && forbidden.is_empty() && above.is_empty();
        store.write(|writer| {
            if let Some(batch) = batch.filter(|_| finished) {
                writer.finish_undo(batch, now())?;
            }
            writer.end_undo(id, finished.then(now))
        })?;
        let mut undone = ImportUndone {
            job: self.import_job(id, by)?,
            deleted,
            restored: taken.restored,
            left: taken.left,
            hidden: taken.hidden,
            finished,
            waiting: Vec::new(),
        };
        if undone.restored > 0 {
            let in_part = |job: &Job| job.id != id && job.undo.as_ref().is_some_and(|undo| undo.finished.is_none());
            undone.waiting = self.import_jobs(by)?.iter().filter(|job| in_part(job)).map(|job| job.id).collect();
        }
        let behind = behind.into_iter().map(|left| (left.contact.clone(), why(left)));
        for (contact, why) in behind.chain(kept) {
            undone.leave(&contact, why, self.sees(by, &contact));
        }
        Ok(undone)
    }

    /// Deletes what the job created. Returns how many contacts, and those that can be only later. A stretch is read while the one before it
    /// is deleted.
    fn delete_created(&self, job: i64, by: &Viewer, progress: &mut dyn FnMut(u64)) -> Result<Removed, Failure> {
        let (store, access) = (self.store()?, self.settings().access);
        let may = |contact: &Contact| by.may(Right::Delete, contact, access);
        let (found, stretches) = bounded::<Result<Stretch, StoreError>>(0);
        let read = move || {
            let next = |stretch: &Result<Stretch, StoreError>| stretch.as_ref().ok().and_then(Stretch::next);
            let look = |from| store.read(|reader| reader.created_by(job, from, &may));
            let mut stretch = look(0);
            while let Some(from) = next(&stretch) {
                // Nobody takes it any more when the deleting failed.
                if found.send(stretch).is_err() {
                    return;
                }
                stretch = look(from);
            }
            if stretch.is_err() {
                let _ = found.send(stretch);
            }
        };
        thread::scope(|scope| {
            scope.spawn(read);
            let mut all = Removed::default();
            for stretch in stretches {
                let stretch = stretch?;
                let removed: Removed = store
                    .write::<_, StoreError>(|writer| writer.take_back_created(job, stretch, by.name(), now(), &may))?;
                all.deleted += removed.deleted;
                all.forbidden.extend(removed.forbidden);
                all.above.extend(removed.above);
                progress(all.deleted);
            }
            Ok(all)
        })
    }

    fn job_to_undo(&self, id: i64, by: &Viewer) -> Result<Job, Failure> {
        let job = self.import_job(id, by)?;
        if job.state == JobState::Running {
            return Err(running(id));
        }
        let wrote = job.counts.created + job.counts.updated > 0;
        if wrote && job.undo.is_none() && !self.store()?.read(|reader| reader.job_is_recorded(id))? {
            let message = format!("job {id} did not write down what it did: an earlier Carnet imported it");
            let hint = "`carnet bulk delete --created FROM..TO` deletes the contacts that were created then";
            return Err(Failure::new(Class::Rejected, "JOB_NOT_KEPT", message).hint(hint));
        }
        match job.undo.as_ref().and_then(|undo| undo.finished) {
            Some(at) => {
                let when = at.format("%Y-%m-%d %H:%M UTC");
                Err(Failure::new(Class::Conflict, "JOB_UNDONE", format!("job {id} was taken back before, on {when}"))
                    .hint("`carnet contact restore` brings single contacts back"))
            }
            None => Ok(job),
        }
    }
}

impl ImportUndone {
    fn leave(&mut self, contact: &Contact, why: Why, seen: bool) {
        if seen {
            self.left.push(LeftAlone { id: contact.id, name: contact.display_name(), why });
        } else {
            self.hidden += 1;
        }
    }
}

fn why(left: LeftBehind) -> Why {
    match (left.since, left.attached) {
        (Some(entry), _) => Why::Since(Some(entry)),
        (None, Some(what)) => Why::Attached(what),
        (None, None) => Why::Since(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::import::{ImportRequest, Progress};
    use crate::config::OnMatch;
    use crate::store::{JobState, Query};

    const OPERATOR: Viewer = Viewer::Operator;

    fn import(app: &App, rows: &str) -> i64 {
        let file = app.home().folder().join("rows.csv");
        std::fs::write(&file, format!("Last name,Email,Company\n{rows}\n")).unwrap();
        let request = ImportRequest { on_match: Some(OnMatch::Update), ..ImportRequest::new(file) };
        app.import(&request, &mut |_: Progress| ()).unwrap().job.unwrap()
    }

    #[test]
    fn an_import_whose_people_were_forgotten_can_be_taken_back() {
        for by_update in [false, true] {
            let folder = tempfile::tempdir().unwrap();
            let app = App::open(folder.path(), None).unwrap();
            let mut job = import(&app, "Lee,lee@example.com,");
            if by_update {
                job = import(&app, "Lee,lee@example.com,Acme");
            }
            let lee = app.search(&Query::default()).unwrap().contacts[0].id;
            app.forget(lee, None, false, &OPERATOR).unwrap();
            let plan = app.import_undo_plan(job, &OPERATOR).unwrap_or_else(|failure| panic!("{failure:?}"));
            assert_eq!((plan.counts.created, plan.counts.updated), (0, 0));
            let undone = app.import_undo(job, &OPERATOR, &mut |_| ()).unwrap();
            assert!(undone.finished, "{undone:?}");
        }
    }

    #[test]
    fn an_import_that_was_never_written_down_is_refused_with_a_way_out() {
        let folder = tempfile::tempdir().unwrap();
        let app = App::open(folder.path(), None).unwrap();
        let job = import(&app, "Lee,lee@example.com,");
        let database = rusqlite::Connection::open(app.home().database()).unwrap();
        database.execute("DELETE FROM job_created", []).unwrap();
        for refused in [
            app.import_undo_plan(job, &OPERATOR).map(drop).unwrap_err(),
            app.import_undo(job, &OPERATOR, &mut |_| ()).map(drop).unwrap_err(),
        ] {
            assert_eq!(refused.code, "JOB_NOT_KEPT");
            assert!(refused.hint.unwrap().contains("carnet bulk delete --created FROM..TO"));
        }
        let kept = app.import_job(job, &OPERATOR).unwrap();
        assert_eq!((kept.state, kept.undo), (JobState::Done, None), "nothing was begun");
    }
}
