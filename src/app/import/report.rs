//! What an import tells: counts that add up, plugins, files. How it looks is the command line's business.

use std::path::PathBuf;

use super::ImportRequest;
use super::mapping::Mapping;
use crate::app::App;
use crate::app::failure::{Class, Failure};
use crate::domain::custom::Entity;
use crate::domain::field::FieldKey;
use crate::intake;
use crate::plugin::package::Identity;
use crate::registry::Generation;
use crate::registry::dispatch::PluginCounts;
use crate::store::{Counts, Job};

/// Most rows that a dry run shows in detail.
pub const PREVIEW_ROWS: usize = 1000;

/// What one plugin did in an import.
#[derive(Clone, Debug)]
pub struct PluginReport {
    /// Which plugin.
    pub identity: std::sync::Arc<Identity>,
    /// Times it was called.
    pub calls: u64,
    /// Edits that it made.
    pub edits: u64,
    /// Records that it rejected.
    pub rejections: u64,
    /// Rows that it skipped.
    pub skips: u64,
    /// Calls that failed.
    pub faults: u64,
}

/// One field of a row that a dry run shows.
#[derive(Clone, Debug)]
pub struct PreviewField {
    /// The field.
    pub field: String,
    /// Text before.
    pub old: Option<String>,
    /// Text after.
    pub new: Option<String>,
    /// The plugin that set it last, if one did.
    pub plugin: Option<String>,
}

/// What would become of one row.
#[derive(Clone, Debug)]
pub struct Preview {
    /// Record number, from 1.
    pub record: u64,
    /// Line in the file, from 1.
    pub line: u64,
    /// `create`, `update`, `skip` or `fail`.
    pub action: &'static str,
    /// The contact's name, or for a row that is skipped or fails the reasons.
    pub name: String,
    /// The fields that would change.
    pub fields: Vec<PreviewField>,
}

/// The result of an import.
#[derive(Clone, Debug)]
pub struct ImportReport {
    /// The job's number; `None` for a dry run.
    pub job: Option<i64>,
    /// The file, as given.
    pub file: String,
    /// The encoding read.
    pub encoding: String,
    /// The delimiter read.
    pub delimiter: char,
    /// Whether nothing was written.
    pub dry_run: bool,
    /// What became of the rows.
    pub counts: Counts,
    /// Values that were taken with a warning.
    pub warned_values: u64,
    /// Wall time.
    pub seconds: f64,
    /// The plugins that were asked, in call order.
    pub plugins: Vec<PluginReport>,
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
    /// What a dry run would do, row by row, up to [`PREVIEW_ROWS`].
    pub preview: Vec<Preview>,
    /// Record up to which an earlier run of this job had come.
    pub resumed_after: u64,
    /// Whether an earlier run began this job.
    pub(super) resumed: bool,
    /// Whether it was stopped on request, before the end of the file.
    pub stopped: bool,
    /// What plugins did in earlier runs of this job, as JSON.
    pub(super) earlier: Vec<serde_json::Value>,
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
        let mut notes: Vec<String> = reader.warnings().iter().map(|warning| warning.message.clone()).collect();
        if !mapping.unknown.is_empty() {
            notes.push(format!("unknown headers, seen by plugins only: {}", listed(&mapping.unknown)));
        }
        notes.extend(mapping.left_out.iter().cloned());
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
            encoding: reader.encoding().to_owned(),
            delimiter: reader.delimiter(),
            dry_run: request.dry_run,
            counts: Counts::default(),
            warned_values: 0,
            seconds: 0.0,
            plugins: Vec::new(),
            refused_plugins,
            error_file: (!request.dry_run).then(|| request.errors.clone().unwrap_or_else(|| home.error_file())),
            errors_json: request.errors_json.clone().filter(|_| !request.dry_run),
            database: home.database(),
            notes,
            returned: Vec::new(),
            echoes: Vec::new(),
            preview: Vec::new(),
            resumed_after: 0,
            resumed: false,
            stopped: false,
            earlier: Vec::new(),
            headers: mapping.columns.headers().to_vec(),
            error_column: mapping.error_column,
            error_letter: app.settings().error_column.clone(),
        }
    }

    pub(super) fn resume(&mut self, job: Option<&Job>) {
        if let Some(job) = job {
            self.resumed = true;
            self.counts = job.counts;
            self.resumed_after = job.committed_record;
        }
    }

    /// Adds what plugins did.
    pub(super) fn add_counts(&mut self, counts: &[PluginCounts]) {
        for more in counts.iter().filter(|more| more.calls > 0) {
            let Some(own) = self.plugins.iter_mut().find(|own| own.identity == more.plugin) else { continue };
            own.calls += more.calls;
            own.edits += more.edits;
            own.rejections += more.rejections;
            own.skips += more.skips;
            own.faults += more.faults;
        }
    }

    /// Remembers what plugins did in earlier runs of the job.
    pub(super) fn add_runs(&mut self, job: Option<&Job>) {
        self.earlier = job.and_then(|job| serde_json::from_str(&job.plugins_json).ok()).unwrap_or_default();
    }

    /// Tells whom `--allow-forgotten` has brought back.
    pub(super) fn tell_returned(&mut self) {
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
        let way =
            format!("what was imported stays: `carnet import --resume {job} {}` goes on with the rest", self.file);
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

    /// Rows per second.
    #[must_use]
    pub fn rate(&self) -> f64 {
        if self.seconds > 0.0 { self.counts.read as f64 / self.seconds } else { 0.0 }
    }

    /// Returns the command that finishes a job which was stopped.
    #[must_use]
    pub fn resume_command(&self) -> Option<String> {
        let job = self.job.filter(|_| self.stopped)?;
        Some(format!("carnet import --resume {job} {}", self.file))
    }

    /// Returns what plugins did, for the job's record.
    #[must_use]
    pub fn plugins_json(&self) -> String {
        serde_json::Value::Array(self.all_plugins()).to_string()
    }

    /// Returns what plugins did in all runs of the job, each version on its own.
    #[must_use]
    pub fn all_plugins(&self) -> Vec<serde_json::Value> {
        let mut all = self.earlier.clone();
        for plugin in self.plugins.iter().map(PluginReport::json) {
            let same = |other: &&mut serde_json::Value| {
                ["name", "version", "hash"].into_iter().all(|key| other[key] == plugin[key])
            };
            let Some(other) = all.iter_mut().find(same) else {
                all.push(plugin);
                continue;
            };
            for key in ["calls", "edits", "rejections", "skips", "faults"] {
                let sum = other[key].as_u64().unwrap_or(0) + plugin[key].as_u64().unwrap_or(0);
                other[key] = sum.into();
            }
        }
        all
    }
}

/// Headers for people: not all of a thousand, and none of a thousand characters.
fn listed(headers: &[String]) -> String {
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
        serde_json::json!({
            "name": self.identity.name, "version": self.identity.version, "hash": self.identity.hash,
            "engine": self.identity.engine.as_str(), "calls": self.calls, "edits": self.edits,
            "rejections": self.rejections, "skips": self.skips, "faults": self.faults,
        })
    }
}
