//! The import: a file becomes contacts, every row through the plugins. Read top to bottom: [`App::import`] checks the file and the job,
//! then the pipeline runs: read · map and ask plugins on workers · write in file order, one transaction a batch.

pub mod mapping;
pub mod preview;
pub mod report;

mod commit;
mod error_file;
mod matching;
mod options;
mod overlay;
mod pipeline;
mod precedence;
mod remarks;
mod row;
mod stage;
mod unique;

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use sha2::{Digest, Sha256};

use super::failure::{Class, Failure};
use super::{App, now};
use crate::config::{MatchBy, OnMatch};
use crate::domain::country::Country;
use crate::domain::custom::Entity;
use crate::domain::permission::Viewer;
use crate::domain::text::hex;
use crate::intake;
use crate::registry::Generation;
use crate::store::{Job, JobState, NewJob};

use mapping::Mapping;
use precedence::Precedence;
use preview::Previews;
use report::ImportReport;

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
    /// Sheet of a workbook, by name or as `#2`; `None` means the first.
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
}

impl App {
    /// Imports a file. Rows that fail are results, told in the report and written to the error file.
    ///
    /// # Errors
    /// When the file, its header, the settings or the store make an import impossible, or the store fails on the way; what was
    /// committed by then stays and is told by the job.
    pub fn import(&self, request: &ImportRequest, progress: &mut dyn FnMut(Progress)) -> Result<ImportReport, Failure> {
        let started = Instant::now();
        let resumed = self.job_to_resume(request)?;
        let resuming = resumed.as_ref().map(|job| options::of_job(request, job)).transpose()?;
        let request = resuming.as_ref().unwrap_or(request);
        let reader = open_file(request)?;
        let schema = self.schema(Entity::Contact)?;
        let mapping = Mapping::resolve(&reader, &request.map, self.settings(), &schema)?;
        let precedence = Precedence::of(request, self.settings(), &mapping, &schema)?;
        let file_hash = self.check_content(request, resumed.as_ref())?;
        let generation = self.generation()?;
        let mut report = ImportReport::begin(request, &reader, &mapping, self, &generation);
        report.previews = Previews::begin(request.show.unwrap_or(0), request.show_every)?;
        report.notes.extend(self.warn_of_content(request, &file_hash)?);
        error_file::check_places(&report, self.home())?;
        let resumed = self.take_job(request, file_hash, resumed, &generation, &mut report)?;
        report.resume(resumed.as_ref());
        let plan = pipeline::Plan { mapping: Arc::new(mapping), precedence };
        let done = pipeline::run(self, request, reader, plan, generation, &mut report, progress);
        report.seconds = started.elapsed().as_secs_f64();
        self.close_job(&mut report, done.is_ok())?;
        done?;
        report.check_sum()?;
        report.tell_returned();
        if report.counts.read == 0 {
            report.notes.push("the file has a header and no rows: nothing was imported".to_owned());
        }
        Ok(report)
    }

    /// Begins the job, or takes one up again; the content is looked at once more in the same transaction, for two may start at once.
    fn take_job(
        &self,
        request: &ImportRequest,
        file_hash: String,
        resumed: Option<Job>,
        generation: &Generation,
        report: &mut ImportReport,
    ) -> Result<Option<Job>, Failure> {
        if request.dry_run {
            return Ok(None);
        }
        if let Some(job) = resumed {
            report.job = Some(job.id);
            return self.store()?.write(|writer| {
                let job = writer.job(job.id)?.unwrap_or(job);
                resumable(&job)?;
                writer.resume_job(job.id)?;
                Ok(Some(job))
            });
        }
        let once = self.imports_once(request) && !file_hash.is_empty();
        let job = NewJob {
            file: request.file.display().to_string(),
            file_hash,
            settings_json: options::json(request, self),
            generation: generation.number,
            started: now(),
        };
        report.job =
            Some(self.store()?.write(|writer| match writer.job_by_hash(&job.file_hash)?.filter(|_| once) {
                Some(earlier) => Err(imported_before(request, &earlier)),
                None => writer.begin_job(&job).map_err(Failure::from),
            })?);
        Ok(None)
    }

    /// Writes the error file and the job's end. A job whose error file cannot be written is not done: resuming it writes the file.
    fn close_job(&self, report: &mut ImportReport, done: bool) -> Result<(), Failure> {
        let Some(job) = report.job else { return Ok(()) };
        let wrote = if done { error_file::write(self.store()?, job, report) } else { Ok(()) };
        let state = if done && wrote.is_ok() { JobState::Done } else { JobState::Stopped };
        let file = report.error_file.as_ref().filter(|_| state == JobState::Done && report.counts.failed > 0);
        let file = file.map(|path| path.display().to_string());
        self.store()?.write(|writer| writer.finish_job(job, state, &report.plugins_json(), file.as_deref()))?;
        wrote.map_err(|failure| {
            let hint = format!("the rows are imported, and those that failed are kept: `carnet import --resume {job} {}` writes them, `--errors FILE` elsewhere", report.file);
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
        job.filter(known).ok_or_else(|| {
            Failure::new(Class::NotFound, "JOB_UNKNOWN", format!("there is no import job {id}"))
                .hint("`carnet import list` shows the jobs")
        })
    }

    /// Says whether the same content may come in only once: `create` would make every contact twice.
    fn imports_once(&self, request: &ImportRequest) -> bool {
        request.on_match.unwrap_or(self.settings().on_match) == OnMatch::Create && !request.again && !request.dry_run
    }

    /// Refuses content that was imported before, for `create` would make every contact twice.
    fn check_content(&self, request: &ImportRequest, resumed: Option<&Job>) -> Result<String, Failure> {
        // What cannot be read twice has no hash: the standard input, a pipe.
        if !std::fs::metadata(&request.file).is_ok_and(|data| data.is_file()) {
            return match resumed {
                Some(job) => Err(Failure::new(
                    Class::Usage,
                    "RESUME_STREAM",
                    format!("job {} cannot be resumed from a stream", job.id),
                )
                .hint(format!("name the file that it imported: `{}`", job.file))),
                None => Ok(String::new()),
            };
        }
        let hash = hash_file(&request.file)?;
        if let Some(job) = resumed {
            if job.file_hash == hash {
                return Ok(hash);
            }
            let message =
                format!("`{}` is not the file of job {}: its content differs", request.file.display(), job.id);
            return Err(Failure::new(Class::Conflict, "RESUME_FILE", message)
                .hint(format!("resume with the unchanged `{}`", job.file)));
        }
        if !self.imports_once(request) {
            return Ok(hash);
        }
        match self.store()?.read(|reader| reader.job_by_hash(&hash))? {
            Some(job) => Err(imported_before(request, &job)),
            None => Ok(hash),
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
        JobState::Interrupted | JobState::Stopped => (
            "IMPORT_UNFINISHED",
            format!("`{file}` was imported in part by job {}, which did not finish", job.id),
            format!("finish it with `carnet import --resume {} {file}`", job.id),
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

fn open_file(request: &ImportRequest) -> Result<intake::Reader, Failure> {
    let options = intake::Options {
        encoding: request.encoding.clone(),
        delimiter: request.delimiter,
        ..intake::Options::default()
    };
    Ok(intake::open(intake::Input::named(&request.file), &options)?)
}

fn hash_file(path: &Path) -> Result<String, Failure> {
    let failed = |error: std::io::Error| Failure::io("read", path, &error);
    let mut file = std::fs::File::open(path).map_err(failed)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer).map_err(failed)? {
            0 => return Ok(hex(&hasher.finalize())),
            n => hasher.update(&buffer[..n]),
        }
    }
}

/// A job may be taken up again unless it is done, or somebody works on it.
fn resumable(job: &Job) -> Result<(), Failure> {
    match job.state {
        JobState::Interrupted | JobState::Stopped => Ok(()),
        JobState::Running => {
            Err(Failure::new(Class::Conflict, "JOB_RUNNING", format!("job {} is still running", job.id)))
        }
        JobState::Done => Err(Failure::new(
            Class::Conflict,
            "JOB_DONE",
            format!("job {} is done: there is nothing to resume", job.id),
        )),
    }
}
