//! The import: a file becomes contacts, every row through the plugins. Read top to bottom: [`App::import`] checks the file and the job,
//! then the pipeline runs: read · map and ask plugins on workers · write in file order, one transaction a batch.

pub mod mapping;
pub mod preview;
pub mod report;
pub mod undo;

mod ahead;
mod batch;
mod commit;
mod error_file;
mod heard;
mod limits;
mod matching;
pub(super) mod options;
mod order;
mod overlay;
mod pinned;
mod pipeline;
mod precedence;
mod remarks;
mod row;
pub(super) mod source;
mod staff;
mod stage;
mod stop;
mod tally;
mod turn;
mod unique;
mod unread;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::failure::{Class, Failure};
use super::plugins::record::Manner;
use super::{App, now, wire};
use crate::config::{MatchBy, OnMatch};
use crate::domain::country::Country;
use crate::domain::custom::Entity;
use crate::domain::permission::Viewer;
use crate::plugin::hook::Hook;
use crate::registry::{Generation, Loaded};
use crate::store::{Job, JobState, NewJob, StoreError};

use limits::Limits;
use mapping::Mapping;
use precedence::Precedence;
use preview::Previews;
use report::ImportReport;
use source::Source;

pub(super) use error_file::remove_parts;
pub use stop::Stop;
pub(super) use tally::without_trips;

/// How often an import lets others see what plugins did, at most.
const HAND_IN_AFTER: Duration = Duration::from_secs(2);

/// What to import, and how.
#[derive(Clone, Debug)]
pub struct ImportRequest {
    /// The file; `-` is the standard input.
    pub file: PathBuf,
    /// Run everything, write nothing.
    pub dry_run: bool,
    /// Of how many rows that end alike it is kept what becomes of them; `None` keeps none.
    pub show: Option<usize>,
    /// Whether it is kept of every row, in a temporary file.
    pub show_every: bool,
    /// `Their header=field` pairs, over what is recognised.
    pub map: Vec<(String, String)>,
    /// A saved or bundled mapping, over the one that the headers fit.
    pub mapping: Option<String>,
    /// Sheet of a workbook, by name or as `#2`; `None` means the first that is not hidden.
    pub sheet: Option<String>,
    /// Country of numbers without a country code, over the settings'.
    pub country: Option<Country>,
    /// Where failed rows are written; `None` means `ErrorDetail.csv` in the home folder.
    pub errors: Option<PathBuf>,
    /// Where a machine-readable list of errors is written, if wanted.
    pub errors_json: Option<PathBuf>,
    /// Encoding of the file, over what is detected.
    pub encoding: Option<String>,
    /// Delimiter of the file, over what is detected.
    pub delimiter: Option<u8>,
    /// Whether a backslash escapes quotes inside quoted cells.
    pub backslash: bool,
    /// Line of the header, over the first that is not blank; 0 if there is none.
    pub header_line: Option<u64>,
    /// What happens to rows whose person is in the store, over the settings'.
    pub on_match: Option<OnMatch>,
    /// By what rows are matched, in order, over the settings'.
    pub match_by: Option<Vec<MatchBy>>,
    /// Fields that an update overwrites, whatever the settings say; `all` for every field.
    pub overwrite: Vec<String>,
    /// Fields that an update only fills, whatever the settings say; `all` for every field.
    pub fill: Vec<String>,
    /// How many failed rows stop the job.
    pub max_errors: Option<u64>,
    /// How many rows that plugins faulted on stop the job.
    pub max_faults: Option<u64>,
    /// Whether a file that was imported before may be imported again.
    pub again: bool,
    /// Whether the import may opt contacts back in to surveys.
    pub allow_opt_in: bool,
    /// Whether the import may bring back people who were forgotten.
    pub allow_forgotten: bool,
    /// A job to finish instead of starting a new one.
    pub resume: Option<i64>,
    /// Whether plugins are passed by altogether.
    pub without_plugins: bool,
    /// Plugins to ask in a dry run in place of those in service.
    pub trial: Option<Arc<Generation>>,
    /// Whether a resumed job may go on with other plugins than those with which it began.
    pub accept_plugins: bool,
    /// Whether a resumed job may go on under other settings than those with which it began.
    pub accept_settings: bool,
    /// How to ask the import to stop.
    pub stop: Stop,
    /// Who imports.
    pub by: Viewer,
}

impl ImportRequest {
    /// A request with nothing but the file.
    #[must_use]
    pub fn new(file: impl Into<PathBuf>) -> Self {
        Self {
            file: file.into(),
            dry_run: false,
            show: None,
            show_every: false,
            map: Vec::new(),
            mapping: None,
            sheet: None,
            country: None,
            errors: None,
            errors_json: None,
            encoding: None,
            delimiter: None,
            backslash: false,
            header_line: None,
            on_match: None,
            match_by: None,
            overwrite: Vec::new(),
            fill: Vec::new(),
            max_errors: None,
            max_faults: None,
            again: false,
            allow_opt_in: false,
            allow_forgotten: false,
            resume: None,
            without_plugins: false,
            trial: None,
            accept_plugins: false,
            accept_settings: false,
            stop: Stop::default(),
            by: Viewer::Operator,
        }
    }
}

/// How far an import is; told after every batch.
#[derive(Copy, Clone, Debug)]
pub struct Progress {
    /// Records done with.
    pub records: u64,
    /// Of these, failed.
    pub failed: u64,
    /// Bytes of the file read.
    pub bytes: u64,
    /// Bytes in the file, if known.
    pub total_bytes: Option<u64>,
    /// The job that is to end first, while the import has not begun.
    pub waiting_for: Option<i64>,
}

impl App {
    /// Imports a file. Rows that fail are results, told in the report and written to the error file.
    ///
    /// # Errors
    /// When the file, its header, the settings or the store make an import impossible, or the store fails on the way; what was
    /// committed by then stays and is told by the job.
    pub fn import(&self, request: &ImportRequest, progress: &mut dyn FnMut(Progress)) -> Result<ImportReport, Failure> {
        let mut started = Instant::now();
        let resumed = self.job_to_resume(request)?;
        let resuming = resumed.as_ref().map(|job| options::of_job(request, job, self.home())).transpose()?;
        let request = resuming.as_ref().unwrap_or(request);
        let source = Source::take(request, self.store()?)?;
        let reader = source.open(request)?;
        // The job keeps which sheet it is, though nobody named one.
        let request = &ImportRequest { sheet: reader.sheet().map(str::to_owned), ..request.clone() };
        let schema = self.schema(Entity::Contact)?;
        let chosen = self.choose_mapping(request, resumed.as_ref(), &reader)?;
        let mapping = Mapping::resolve(&reader, &request.map, chosen, self.settings(), &schema)?;
        let precedence = Precedence::of(request, self.settings(), &mapping, &schema)?;
        self.check_content(request, &source.hash, resumed.as_ref())?;
        let generation = match request.trial.as_ref().filter(|_| request.dry_run) {
            Some(trial) => Arc::clone(trial),
            None => self.generation()?,
        };
        let reads_rows = |loaded: &Arc<Loaded>| loaded.plugin.hooks().contains(Hook::ImportRow);
        let by_plugins = !request.without_plugins && generation.plugins.iter().any(reads_rows);
        mapping.check_names(&request.file, by_plugins)?;
        let mut report = ImportReport::begin(request, &reader, &mapping, self, &generation);
        let generation = if request.without_plugins { Arc::new(Generation::empty()) } else { generation };
        let failures = request.dry_run && request.errors_json.is_some();
        report.previews = Previews::begin(request.show.unwrap_or(0), request.show_every, failures)?;
        report.notes.extend(self.warn_of_content(request, &source.hash)?);
        error_file::check_places(&report, self.home())?;
        if let Some(job) = &resumed {
            pinned::check(request, job, &generation)?;
            pinned::check_settings(request, job, self.settings())?;
        }
        // Held until the error file is written; what plugins remember is read behind it.
        let waiting = Instant::now();
        let _turn = self.take_turn(request, progress)?;
        started += waiting.elapsed();
        let mapping = Arc::new(mapping);
        let resumed = self.take_job(request, &mapping, source.hash.clone(), resumed, &generation, &mut report)?;
        report.resume(resumed.as_ref());
        if request.dry_run {
            self.keep_of_calls(Manner::Nothing);
        }
        request.stop.arm();
        let plan = pipeline::Plan { mapping: Arc::clone(&mapping), precedence };
        let mut handed_in = Instant::now();
        let mut progress = |now: Progress| {
            if !request.dry_run && handed_in.elapsed() > HAND_IN_AFTER {
                self.hand_in_plugins(None);
                handed_in = Instant::now();
            }
            progress(now);
        };
        let done = pipeline::run(self, request, reader, plan, generation, &mut report, &mut progress);
        report.seconds = started.elapsed().as_secs_f64();
        let unchanged = source.check_unchanged(request, report.job);
        let closed = self.close_job(&mut report, done.is_ok() && unchanged.is_ok());
        request.stop.disarm();
        unchanged?;
        done.map_err(|failure| report.tell_resume(failure))?;
        closed?;
        if request.dry_run {
            error_file::write_dry(&report)?;
        }
        report.check_sum()?;
        report.tell_returned();
        report.notes.extend(mapping.noticed());
        if report.counts.read == 0 && report.stopped.is_none() {
            report.notes.push("the file has a header and no rows: nothing was imported".to_owned());
        }
        Ok(report)
    }

    /// Begins the job, or takes one up again; the content is looked at once more in the same transaction, for two may start at once.
    fn take_job(
        &self,
        request: &ImportRequest,
        mapping: &Mapping,
        file_hash: String,
        resumed: Option<Job>,
        generation: &Arc<Generation>,
        report: &mut ImportReport,
    ) -> Result<Option<Job>, Failure> {
        if request.dry_run {
            return Ok(None);
        }
        let settings_json = options::json(request, self, mapping, report, generation);
        if let Some(job) = resumed {
            report.job = Some(job.id);
            return self.store()?.write(|writer| {
                let job = writer.job(job.id)?.unwrap_or(job);
                resumable(&job)?;
                let progress = writer.job_progress(job.id)?;
                let faulted = tally::faulted(&progress);
                Limits::of(request, self.settings()).check_room(&job.counts, faulted, job.id, &report.file)?;
                writer.resume_job(job.id)?;
                writer.set_job_settings(job.id, &settings_json)?;
                Ok(Some(job))
            });
        }
        let once = self.imports_once(request) && !file_hash.is_empty();
        let job = NewJob {
            file: request.file.display().to_string(),
            file_hash,
            settings_json,
            generation: generation.number,
            started: now(),
        };
        report.job =
            Some(self.store()?.write(|writer| match writer.job_by_hash(&job.file_hash)?.filter(|_| once) {
                Some(earlier) => Err(imported_before(request, &earlier)),
                None => {
                    let id = writer.begin_job(&job)?;
                    // Who takes part is known even if the process does not live to the first batch.
                    writer.note_progress(id, &tally::at_start(generation))?;
                    Ok::<_, Failure>(id)
                }
            })?);
        Ok(None)
    }

    /// Writes the error file and the job's end. A job whose error file cannot be written is not done: resuming it writes the file.
    fn close_job(&self, report: &mut ImportReport, done: bool) -> Result<(), Failure> {
        let Some(job) = report.job else { return Ok(()) };
        let store = self.store()?;
        // Nobody works on the job any more, whatever becomes of its end.
        let _running = store.guard_job(job);
        let wrote = if done { error_file::write(store, job, report) } else { Ok(()) };
        let whole = done && wrote.is_ok();
        let state = if whole && report.stopped.is_none() { JobState::Done } else { JobState::Stopped };
        let file = report.error_file.as_ref().filter(|_| whole && report.counts.failed > 0);
        let file = file.map(|path| error_file::recorded(path, self.home()));
        store.write(|writer| writer.finish_job(job, state, &report.plugins_json(), file.as_deref()))?;
        wrote.map_err(|failure| {
            let hint = format!(
                "the rows are imported, and those that failed are kept: `{}` writes them, `--errors FILE` elsewhere",
                wire::resume_command(job, &report.file)
            );
            Failure { hint: Some(hint), ..failure }
        })
    }

    fn job_to_resume(&self, request: &ImportRequest) -> Result<Option<Job>, Failure> {
        let Some(id) = request.resume else { return Ok(None) };
        let job = self.import_job(id, &request.by)?;
        resumable(&job)?;
        Ok(Some(job))
    }

    /// Returns the jobs that the viewer may know of, newest first: admins all, others what they imported themselves.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn import_jobs(&self, by: &Viewer) -> Result<Vec<Job>, Failure> {
        let mut jobs = self.store()?.read(|reader| reader.jobs())?;
        jobs.iter_mut().for_each(|job| error_file::place(job, self.home()));
        jobs.retain(|job| by.is_admin() || options::begun_by(job).is_some_and(|person| person == by.name()));
        Ok(jobs)
    }

    /// Returns a job that the viewer may know of.
    ///
    /// # Errors
    /// Not found.
    pub fn import_job(&self, id: i64, by: &Viewer) -> Result<Job, Failure> {
        let job = self.store()?.read(|reader| reader.job(id))?;
        let known = |job: &Job| by.is_admin() || options::begun_by(job).is_some_and(|person| person == by.name());
        let placed = |mut job: Job| {
            error_file::place(&mut job, self.home());
            job
        };
        job.filter(known).map(placed).ok_or_else(|| {
            Failure::new(Class::NotFound, "JOB_UNKNOWN", format!("there is no import job {id}"))
                .hint("`carnet import list` shows the jobs")
        })
    }

    /// Says whether the same content may come in only once: `create` would make every contact twice.
    fn imports_once(&self, request: &ImportRequest) -> bool {
        request.on_match.unwrap_or(self.settings().on_match) == OnMatch::Create && !request.again && !request.dry_run
    }

    /// Refuses another file than the job's, and content that was imported before, for `create` would make every contact twice.
    fn check_content(&self, request: &ImportRequest, hash: &str, resumed: Option<&Job>) -> Result<(), Failure> {
        if let Some(job) = resumed {
            if job.file_hash == hash {
                return Ok(());
            }
            let message =
                format!("`{}` is not the file of job {}: its content differs", request.file.display(), job.id);
            return Err(Failure::new(Class::Conflict, "RESUME_FILE", message)
                .hint(format!("resume with the unchanged `{}`", job.file)));
        }
        if !self.imports_once(request) || hash.is_empty() {
            return Ok(());
        }
        match self.store()?.read(|reader| reader.job_by_hash(hash))? {
            Some(job) => Err(imported_before(request, &job)),
            None => Ok(()),
        }
    }
}

impl App {
    /// A dry run says what would keep the import itself from beginning.
    fn warn_of_content(&self, request: &ImportRequest, file_hash: &str) -> Result<Option<String>, Failure> {
        let tried = ImportRequest { dry_run: false, ..request.clone() };
        if !request.dry_run || !self.imports_once(&tried) || file_hash.is_empty() {
            return Ok(None);
        }
        let job = self.store()?.read(|reader| reader.job_by_hash(file_hash))?;
        Ok(job.map(|job| {
            let refusal = imported_before(request, &job);
            format!("the import itself would be refused: {}", refusal.message)
        }))
    }
}

fn imported_before(request: &ImportRequest, job: &Job) -> Failure {
    let file = request.file.display();
    let (code, message, hint) = match job.state {
        state if job.undo.is_some() && state != JobState::Running => (
            "IMPORT_UNDO_UNFINISHED",
            format!("`{file}` was imported by job {}, which is taken back only in part", job.id),
            format!("go on with `carnet import undo {}`, or import it once more with `--again`", job.id),
        ),
        JobState::Interrupted | JobState::Stopped => (
            "IMPORT_UNFINISHED",
            format!("`{file}` was imported in part by job {}, which did not finish", job.id),
            format!("finish it with `{}`", wire::resume_command(job.id, &file.to_string())),
        ),
        JobState::Running => (
            "IMPORT_RUNNING",
            format!("`{file}` is being imported by job {} right now", job.id),
            "wait for it".to_owned(),
        ),
        JobState::Done => (
            "IMPORTED_BEFORE",
            format!(
                "the content of `{file}` was imported before, by job {} on {}",
                job.id,
                job.started.format("%Y-%m-%d %H:%M UTC")
            ),
            "use `--on-match update` to bring contacts up to date, or `--again` to create them once more".to_owned(),
        ),
    };
    Failure::new(Class::Conflict, code, message).hint(hint)
}

/// A job may be taken up again unless it is done, or somebody works on it.
fn resumable(job: &Job) -> Result<(), Failure> {
    if job.undo.is_some() {
        let message = format!("job {} was taken back: it cannot be finished any more", job.id);
        let hint = if job.undo.as_ref().is_some_and(|undo| undo.finished.is_none()) {
            format!("go on taking it back with `carnet import undo {}`, then import the file again", job.id)
        } else {
            "import the file again".to_owned()
        };
        return Err(Failure::new(Class::Conflict, "JOB_UNDONE", message).hint(hint));
    }
    match job.state {
        JobState::Interrupted | JobState::Stopped => Ok(()),
        JobState::Running => Err(running(job.id)),
        JobState::Done => {
            let message = format!("job {} is done: there is nothing to resume", job.id);
            let hint = format!("`carnet import show {}` tells how it ended", job.id);
            Err(Failure::new(Class::Conflict, "JOB_DONE", message).hint(hint))
        }
    }
}

/// Somebody works on the job: said as the store says it, where it is seen before the store is asked.
fn running(id: i64) -> Failure {
    StoreError::JobRunning { id }.into()
}
