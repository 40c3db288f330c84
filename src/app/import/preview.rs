//! What an import would do, row by row: kept in part for people, whole in a file of its own for programs, and summed up by field. Making a
//! row's preview is `row`'s and `commit`'s; how it looks is the command line's business.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use crate::app::failure::Failure;
use crate::app::wire;

/// One field of a row that a dry run shows.
#[derive(Clone, PartialEq, Eq, Debug)]
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

/// What a row comes to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// A contact.
    Contact {
        /// The one that would be updated.
        id: Option<String>,
        /// Its name.
        name: String,
    },
    /// Nothing, for these reasons: it is skipped, or fails.
    Nothing(String),
}

/// What would become of one row.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Preview {
    /// Record number, from 1.
    pub record: u64,
    /// Line in the file, from 1.
    pub line: u64,
    /// `create`, `update`, `skip` or `fail`.
    pub action: &'static str,
    /// What it comes to.
    pub outcome: Outcome,
    /// The fields that would change.
    pub fields: Vec<PreviewField>,
    /// What is wrong with a row that fails, and what is odd about another: objects with code, field, value, message, hint, line.
    pub problems: Vec<serde_json::Value>,
}

/// How often a field would be changed in which way.
#[derive(Copy, Clone, PartialEq, Eq, Default, Debug)]
pub struct FieldSum {
    /// By contacts that would be created.
    pub created: u64,
    /// In contacts that have no value yet.
    pub filled: u64,
    /// In contacts that have another value.
    pub changed: u64,
    /// In contacts that would lose theirs.
    pub cleared: u64,
}

/// What a dry run would do.
#[derive(Clone, Default, Debug)]
pub struct Previews {
    /// How many rows of each action are kept.
    most: usize,
    /// The first rows of each action, in the order of the file.
    pub shown: Vec<Preview>,
    /// How many rows there are of each action.
    pub actions: BTreeMap<&'static str, u64>,
    /// What would be done to fields, by field.
    pub fields: BTreeMap<String, FieldSum>,
    /// How many rows fail for which reason, by code.
    pub codes: BTreeMap<String, u64>,
    /// Labels, organizations and divisions that would be made, by kind.
    pub new_names: Vec<(&'static str, Vec<String>)>,
    /// Every row, for programs.
    every: Option<Arc<Spool>>,
    /// What is wrong with every row that fails.
    failures: Option<Arc<Spool>>,
}

impl Previews {
    /// Begins a list with at most `most` rows of each action, and every row in a file if that is wanted; so with all that is wrong with rows.
    ///
    /// # Errors
    /// When a file cannot be made.
    pub(super) fn begin(most: usize, every: bool, failures: bool) -> Result<Self, Failure> {
        let spool = |wanted: bool| wanted.then(|| Spool::make().map(Arc::new)).transpose();
        Ok(Self { most, every: spool(every)?, failures: spool(failures)?, ..Self::default() })
    }

    /// Takes in a row.
    ///
    /// # Errors
    /// When the file of all rows cannot be written.
    pub(super) fn take(&mut self, preview: Preview) -> Result<(), Failure> {
        for field in &preview.fields {
            let sum = self.fields.entry(field.field.clone()).or_default();
            *match (preview.action, &field.old, &field.new) {
                ("create", ..) => &mut sum.created,
                (_, None, _) => &mut sum.filled,
                (_, Some(_), Some(_)) => &mut sum.changed,
                (_, Some(_), None) => &mut sum.cleared,
            } += 1;
        }
        if preview.action == "fail" {
            let mut codes: Vec<&str> = preview.problems.iter().filter_map(|problem| problem["code"].as_str()).collect();
            codes.sort_unstable();
            codes.dedup();
            for code in codes {
                *self.codes.entry(code.to_owned()).or_default() += 1;
            }
        }
        if let Some(spool) = self.failures.as_ref().filter(|_| preview.action == "fail") {
            preview.problems.iter().try_for_each(|problem| spool.write(&problem.to_string()))?;
        }
        if let Some(spool) = &self.every {
            spool.write(&wire::preview(&preview).to_string())?;
        }
        let count = self.actions.entry(preview.action).or_default();
        *count += 1;
        if *count <= self.most as u64 {
            self.shown.push(preview);
        }
        Ok(())
    }

    /// Returns every row as JSON, in the order of the file; none where that was not wanted.
    ///
    /// # Errors
    /// When the file of all rows cannot be read.
    pub fn rows(&self) -> io::Result<impl Iterator<Item = io::Result<String>> + use<>> {
        let lines = self.every.as_ref().map(|spool| spool.lines()).transpose()?;
        Ok(lines.into_iter().flatten())
    }

    /// Returns all that is wrong with rows as JSON, in the order of the file; none where that was not wanted.
    ///
    /// # Errors
    /// When their file cannot be read.
    pub(super) fn failures(&self) -> io::Result<impl Iterator<Item = io::Result<String>> + use<>> {
        let lines = self.failures.as_ref().map(|spool| spool.lines()).transpose()?;
        Ok(lines.into_iter().flatten())
    }

    /// Hands out every row as JSON, in the order of the file; only where that was wanted.
    ///
    /// # Errors
    /// When the file of all rows cannot be read, or `f` fails.
    pub fn each(&self, f: &mut dyn FnMut(&str) -> io::Result<()>) -> io::Result<()> {
        self.rows()?.try_for_each(|line| f(&line?))
    }
}

/// A temporary file with a line for each row.
#[derive(Debug)]
struct Spool {
    path: PathBuf,
    file: Mutex<BufWriter<File>>,
}

impl Spool {
    fn make() -> Result<Self, Failure> {
        let path = std::env::temp_dir().join(format!("carnet-{}.jsonl", uuid::Uuid::now_v7()));
        let made = File::options().read(true).write(true).create_new(true).open(&path);
        let file = made.map_err(|error| Failure::io("write", &path, &error))?;
        Ok(Self { path, file: Mutex::new(BufWriter::new(file)) })
    }

    fn write(&self, line: &str) -> Result<(), Failure> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        writeln!(file, "{line}").map_err(|error| Failure::io("write", &self.path, &error))
    }

    fn lines(&self) -> io::Result<impl Iterator<Item = io::Result<String>> + use<>> {
        self.file.lock().unwrap_or_else(PoisonError::into_inner).flush()?;
        Ok(BufReader::new(File::open(&self.path)?).lines())
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_file(&self.path) {
            tracing::warn!(path = %self.path.display(), %error, "cannot remove a temporary file");
        }
    }
}
