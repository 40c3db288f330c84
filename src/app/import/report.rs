//! What an import tells: counts that add up, plugins, files. How it looks is the command line's business.

use std::path::PathBuf;
use std::time::Duration;

use super::ImportRequest;
pub use super::limits::Stopped;
use super::mapping::{Mapping, Origin};
use super::preview::Previews;
use super::remarks::Remarks;
use crate::app::App;
use crate::app::cautions::Cautions;
use crate::app::failure::{Class, Failure};
use crate::app::wire::resume_command;
use crate::domain::calls::CallCounts;
use crate::domain::custom::Entity;
use crate::domain::field::FieldKey;
use crate::intake;
use crate::plugin::package::Identity;
use crate::registry::Generation;
use crate::store::{Counts, Job};

/// What one plugin did in an import.
#[derive(Clone, Debug)]
pub struct PluginReport {
    /// Which plugin.
    pub identity: std::sync::Arc<Identity>,
    /// `enforce`; or `observe`, under which nothing of what is counted here was applied.
    pub mode: &'static str,
    /// What its calls did and cost; of an earlier run, their memory is not known.
    pub counts: CallCounts,
    /// A time within which half of the calls ended, to the next power of two.
    pub p50: Option<Duration>,
    /// A time within which 99 of 100 calls ended, to the next power of two.
    pub p99: Option<Duration>,
    /// The row since which it is no longer called, because it failed too often; 0 when it was not called at all.
    pub tripped_at: Option<u64>,
    /// How a call failed, one of the last: in which hook, where and why.
    pub last_fault: Option<String>,
}

/// The result of an import.
#[derive(Clone, Debug)]
pub struct ImportReport {
    /// The job's number; `None` for a dry run.
    pub job: Option<i64>,
    /// The file, as given.
    pub file: String,
    /// `CSV` for text with any delimiter, `XLSX` or `ODS`.
    pub format: &'static str,
    /// The sheet read, of a workbook.
    pub sheet: Option<String>,
    /// The encoding read; a workbook has no choice of it.
    pub encoding: String,
    /// The delimiter read, with which failed rows are written; a comma for those of a workbook.
    pub delimiter: char,
    /// Whether the file begins with a byte order mark.
    pub byte_order_mark: bool,
    /// The line of the header; 0 if there is none.
    pub header_line: u64,
    /// How its lines end: `LF`, `CRLF`, `CR` or `mixed`.
    pub line_ends: &'static str,
    /// Where the mapping of its columns comes from, if not from the headers alone.
    pub mapping: Option<Origin>,
    /// Whether nothing was written.
    pub dry_run: bool,
    /// What became of the rows.
    pub counts: Counts,
    /// Values that were taken with a warning.
    pub warned: Cautions,
    /// Wall time.
    pub seconds: f64,
    /// The plugins that were asked, in call order.
    pub plugins: Vec<PluginReport>,
    /// Rows on which a plugin failed, or was missing because it had failed too often.
    pub faulted: u64,
    /// Rows that plugins were asked about again, because a row before changed what they had been told.
    pub asked_again: u64,
    /// Why the job stopped before the end of the file, if it did.
    pub stopped: Option<Stopped>,
    /// Plugins that could not be loaded, with the reason.
    pub refused_plugins: Vec<String>,
    /// Where failed rows were written, if there are any.
    pub error_file: Option<PathBuf>,
    /// Where the machine-readable errors were written, if wanted.
    pub errors_json: Option<PathBuf>,
    /// The database.
    pub database: PathBuf,
    /// Things to know about the file: unknown headers, a doubtful guess.
    pub notes: Vec<String>,
    /// Records about people who had been forgotten and are back, as the import was told to allow.
    pub returned: Vec<u64>,
    /// Records with a number of people who had been forgotten, which seem to be about others.
    pub echoes: Vec<u64>,
    /// What a dry run would do.
    pub previews: Previews,
    /// What is remarked about rows that were taken.
    pub(super) remarks: Remarks,
    /// Record up to which an earlier run of this job had come.
    pub resumed_after: u64,
    /// Rows that earlier runs of this job read.
    pub(super) read_before: u64,
    /// Whether an earlier run began this job.
    pub(super) resumed: bool,
    /// The file's headers, and the error column if it has one: for the error file.
    pub(super) headers: Vec<String>,
    pub(super) error_column: Option<usize>,
    pub(super) error_letter: crate::config::ErrorColumn,
}

/// Columns of custom fields that the schema does not have, but nearly.
fn near_misses(app: &App, mapping: &Mapping) -> Vec<String> {
    let Ok(schema) = app.schema(Entity::Contact) else { return Vec::new() };
    let near = |(_, key): &(usize, FieldKey)| match key {
        FieldKey::Custom(key) => {
            schema.nearly(key).map(|near| format!("there is no custom field `{key}`: did you mean `{near}`?"))
        }
        FieldKey::Known(_) => None,
    };
    mapping.ordered.iter().filter_map(near).collect()
}

impl ImportReport {
    pub(super) fn begin(
        request: &ImportRequest,
        reader: &intake::Reader,
        mapping: &Mapping,
        app: &App,
        generation: &Generation,
    ) -> Self {
        let home = app.home();
        let mut notes = Vec::new();
        if !mapping.unknown.is_empty() {
            let by = if request.without_plugins { "not imported" } else { "seen by plugins only" };
            notes.push(format!("unknown headers, {by}: {}", listed(&mapping.unknown)));
        }
        notes.extend(mapping.notes.iter().cloned());
        notes.extend(near_misses(app, mapping));
        notes.extend(
            app.unknown_plugins(generation)
                .into_iter()
                .map(|name| format!("carnet.toml has settings for `{name}`, and there is no such plugin")),
        );
        let refused_plugins = if request.without_plugins {
            Vec::new()
        } else {
            generation.refused.iter().map(ToString::to_string).collect()
        };
        Self {
            job: None,
            file: request.file.display().to_string(),
            format: reader.format(),
            sheet: reader.sheet().map(str::to_owned),
            encoding: reader.encoding().to_owned(),
            delimiter: reader.delimiter(),
            byte_order_mark: reader.has_byte_order_mark(),
            header_line: reader.header_line(),
            line_ends: reader.line_ends().name(),
            dry_run: request.dry_run,
            counts: Counts::default(),
            warned: Cautions::default(),
            seconds: 0.0,
            plugins: Vec::new(),
            faulted: 0,
            asked_again: 0,
            stopped: None,
            refused_plugins,
            error_file: (!request.dry_run).then(|| request.errors.clone().unwrap_or_else(|| home.error_file())),
            errors_json: request.errors_json.clone(),
            database: home.database(),
            notes,
            returned: Vec::new(),
            echoes: Vec::new(),
            previews: Previews::default(),
            remarks: Remarks::default(),
            resumed_after: 0,
            read_before: 0,
            resumed: false,
            headers: mapping.headers().to_vec(),
            mapping: mapping.from.clone(),
            error_column: mapping.error_column,
            error_letter: app.settings().error_column.clone(),
        }
    }

    /// Tells what is known of the file when it was read to its end.
    pub(super) fn tell_of_file(&mut self, reader: &intake::Reader) {
        self.line_ends = reader.line_ends().name();
        self.notes.splice(0..0, reader.warnings().into_iter().map(|warning| warning.message));
    }

    pub(super) fn resume(&mut self, job: Option<&Job>) {
        if let Some(job) = job {
            self.resumed = true;
            self.counts = job.counts;
            self.resumed_after = job.committed_record;
            self.read_before = job.counts.read;
        }
    }

    /// Tells what is remarked, and whom `--allow-forgotten` has brought back.
    pub(super) fn tell_returned(&mut self) {
        self.notes.extend(self.remarks.notes());
        for (numbers, what) in [
            (&self.returned, "people who had been forgotten are back, by records"),
            (&self.echoes, "numbers of people who had been forgotten, now others' as it seems, are in records"),
        ] {
            let records: Vec<String> = numbers.iter().map(u64::to_string).collect();
            if !records.is_empty() {
                self.notes.push(format!("{what} {}", listed(&records)));
            }
        }
    }

    /// Adds to a failure how the job is finished.
    pub(super) fn tell_resume(&self, failure: Failure) -> Failure {
        let Some(job) = self.job else { return failure };
        let way = format!("what was imported stays: `{}` goes on with the rest", resume_command(job, &self.file));
        let hint = failure.hint.as_ref().map_or_else(|| way.clone(), |hint| format!("{hint}; {way}"));
        Failure { hint: Some(hint), ..failure }
    }

    /// Checks that every row ended in exactly one way.
    pub(super) fn check_sum(&self) -> Result<(), Failure> {
        if self.counts.sum_is_sound() {
            return Ok(());
        }
        let message = format!("the outcomes of the import do not add up to the rows read: {:?}", self.counts);
        Err(Failure::new(Class::Internal, "SUM", message)
            .hint("this is a fault of Carnet: please report it with the file"))
    }

    /// Rows per second, of this run alone.
    #[must_use]
    pub fn rate(&self) -> f64 {
        let read = self.counts.read.saturating_sub(self.read_before);
        if self.seconds > 0.0 { read as f64 / self.seconds } else { 0.0 }
    }

    /// Returns what plugins did, for the job's record.
    #[must_use]
    pub fn plugins_json(&self) -> String {
        serde_json::Value::Array(self.plugins.iter().map(PluginReport::json).collect()).to_string()
    }
}

/// Headers for people: not all of a thousand, and none of a thousand characters.
pub(super) fn listed(headers: &[String]) -> String {
    let short = |header: &String| {
        if header.chars().count() > 60 {
            format!("{}…", header.chars().take(60).collect::<String>())
        } else {
            header.clone()
        }
    };
    let shown: Vec<String> = headers.iter().take(20).map(short).collect();
    let more = headers.len() - shown.len();
    if more > 0 { format!("{} and {more} more", shown.join(", ")) } else { shown.join(", ") }
}

impl PluginReport {
    /// Returns the report in the words of `import --json`.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        let CallCounts { calls, edits, rejections, skips, faults, time, .. } = &self.counts;
        serde_json::json!({
            "name": self.identity.name, "version": self.identity.version, "hash": self.identity.hash,
            "engine": self.identity.engine.as_str(), "mode": self.mode, "calls": calls, "edits": edits,
            "rejections": rejections, "skips": skips, "faults": faults, "micros": micros(*time),
            "p50_micros": self.p50.map(micros), "p99_micros": self.p99.map(micros), "tripped_at": self.tripped_at,
            "last_fault": self.last_fault,
        })
    }
}
