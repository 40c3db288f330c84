//! What the store takes and gives besides contacts: queries and pages, changes, jobs, failures, labels. Plain values; the SQL is
//! in the files named after them.

use std::ops::AddAssign;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::domain::contact::{Contact, words};
use crate::domain::label::LabelName;
use crate::domain::name::Name;

/// Something that identifies a contact.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Identifier {
    /// A phone number in E.164.
    Phone(String),
    /// An e-mail address, in any case.
    Email(String),
    /// An id in another system.
    ExternalId {
        /// The other system; may be empty.
        source: String,
        /// The id there.
        id: String,
    },
    /// A WhatsApp handle: E.164, or as it was given.
    Whatsapp(String),
}

/// One page of a search.
#[derive(Clone, PartialEq, Debug)]
pub struct Page {
    /// How many contacts there are on all pages, as far as they were counted.
    pub total: u64,
    /// Whether there are more than `total`; counting stops where it would take longer than the page.
    pub at_least: bool,
    /// The contacts of this page.
    pub contacts: Vec<Contact>,
    /// Where the next page begins, if there is one.
    pub next: Option<String>,
}

/// A label and its use.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LabelInfo {
    /// Its name, as first written.
    pub name: LabelName,
    /// Its colour, `#rrggbb`.
    pub colour: String,
    /// How many contacts have it.
    pub contacts: u64,
}

/// Who wrote.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Actor {
    /// A staff member by name, or `cli`.
    Person(String),
    /// An import job.
    Import(i64),
}

words! {
    /// What was done to a contact.
    Action {
        /// It was made.
        Created = "created",
        /// Some of its values were changed.
        Updated = "updated",
        /// It was deleted.
        Deleted = "deleted",
        /// Another contact was merged into it.
        Merged = "merged",
        /// A merge was taken back.
        Unmerged = "unmerged",
        /// It was brought back after it had been deleted.
        Restored = "restored",
        /// A bulk write was taken back.
        Undone = "undone",
        /// The person was forgotten.
        Forgotten = "forgotten",
    }
}

/// One version of a plugin, exactly.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct PluginRef {
    /// Name.
    pub name: String,
    /// Version.
    pub version: String,
    /// Hash of its content.
    pub hash: String,
}

/// What became of one field.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ChangedField {
    /// Name of the field.
    pub field: String,
    /// Text before; `None` when there was none.
    pub old: Option<String>,
    /// Text after; `None` when there is none.
    pub new: Option<String>,
    /// The plugin that asked for it, if one did.
    pub plugin: Option<Arc<PluginRef>>,
}

/// An entry for the change log, to be written with the contact.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewChange {
    /// When.
    pub at: DateTime<Utc>,
    /// Who.
    pub actor: Actor,
    /// What.
    pub action: Action,
    /// Field by field.
    pub fields: Vec<ChangedField>,
    /// From where, for the consent ledger (`enquiry 12`); empty when the actor says it all.
    pub via: String,
}

/// An entry of the change log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ChangeEntry {
    /// When.
    pub at: DateTime<Utc>,
    /// Who.
    pub actor: Actor,
    /// What.
    pub action: Action,
    /// The revision that the write made.
    pub rev: u64,
    /// Field by field.
    pub fields: Vec<ChangedField>,
}

/// An entry of the consent ledger.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ConsentEntry {
    /// When.
    pub at: DateTime<Utc>,
    /// Who.
    pub actor: Actor,
    /// What the survey opt-out became.
    pub opt_out: bool,
    /// The plugin that asked for it, if one did.
    pub plugin: Option<Arc<PluginRef>>,
    /// From where (`enquiry 12`, `merged`), when the actor does not say it all.
    pub via: Option<String>,
}

words! {
    /// Where an import job stands.
    JobState {
        /// A living process works on it.
        Running = "running",
        /// It ended as it should.
        Done = "done",
        /// It ended early, with a reason.
        Stopped = "stopped",
        /// Its process is gone.
        Interrupted = "interrupted",
    }
}

/// How many rows ended how.
#[derive(Copy, Clone, PartialEq, Eq, Default, Debug)]
pub struct Counts {
    /// Rows read.
    pub read: u64,
    /// Rows that made a contact.
    pub created: u64,
    /// Rows that changed one.
    pub updated: u64,
    /// Rows that found theirs as it should be.
    pub unchanged: u64,
    /// Rows passed over.
    pub skipped: u64,
    /// Rows refused.
    pub failed: u64,
    /// Rows without a value.
    pub blank: u64,
}

impl Counts {
    /// Returns the ways in which rows end, by name, with their counts.
    #[must_use]
    pub const fn outcomes(&self) -> [(&'static str, u64); 6] {
        [
            ("created", self.created),
            ("updated", self.updated),
            ("unchanged", self.unchanged),
            ("skipped", self.skipped),
            ("failed", self.failed),
            ("blank", self.blank),
        ]
    }

    /// Says whether every row read has exactly one end.
    #[must_use]
    pub fn sum_is_sound(&self) -> bool {
        self.read == self.outcomes().iter().map(|(_, count)| count).sum::<u64>()
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, more: Self) {
        self.read += more.read;
        self.created += more.created;
        self.updated += more.updated;
        self.unchanged += more.unchanged;
        self.skipped += more.skipped;
        self.failed += more.failed;
        self.blank += more.blank;
    }
}

/// An import job that begins.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewJob {
    /// Name of the file.
    pub file: String,
    /// Hash of its content.
    pub file_hash: String,
    /// The settings, as JSON.
    pub settings_json: String,
    /// The plugin generation.
    pub generation: u64,
    /// When it began.
    pub started: DateTime<Utc>,
}

/// An import job.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Job {
    /// Number, from 1.
    pub id: i64,
    /// Name of the file.
    pub file: String,
    /// Hash of its content.
    pub file_hash: String,
    /// Where it stands.
    pub state: JobState,
    /// The settings, as JSON.
    pub settings_json: String,
    /// The plugin generation.
    pub generation: u64,
    /// How the committed rows ended.
    pub counts: Counts,
    /// The last record that is committed, from 1; 0 before the first.
    pub committed_record: u64,
    /// When it began.
    pub started: DateTime<Utc>,
    /// When it ended.
    pub finished: Option<DateTime<Utc>>,
    /// The plugins that took part, as JSON.
    pub plugins_json: String,
    /// Where the refused rows were written: below the home folder, or elsewhere and absolute.
    pub error_file: Option<String>,
    /// How long was worked on it, all its runs together.
    pub worked: Duration,
    /// Whether it was taken back.
    pub undo: Option<JobUndo>,
}

/// How far an import job was taken back.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct JobUndo {
    /// When somebody began to.
    pub began: DateTime<Utc>,
    /// Who, last.
    pub by: String,
    /// When all was taken back that could be.
    pub finished: Option<DateTime<Utc>>,
    /// Contacts that it had created, and that were deleted.
    pub deleted: u64,
    /// Contacts that it had updated, and that are again as they were before.
    pub restored: u64,
}

/// A row that was refused.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Failure {
    /// Number of the record in the file, from 1.
    pub record: u64,
    /// Line at which it begins, from 1.
    pub line: u64,
    /// The cells as they were read.
    pub cells: Vec<String>,
    /// The problems, as JSON.
    pub problems_json: String,
    /// What goes into the error column.
    pub text: String,
}

/// A query with a name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SavedFilter {
    /// Its name.
    pub name: Name,
    /// The query, as JSON.
    pub query_json: String,
    /// Who saved it.
    pub person: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// How the columns of a kind of file are mapped, under a name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SavedMapping {
    /// Its name.
    pub name: Name,
    /// The mapping, as JSON.
    pub doc_json: String,
    /// Who saved it.
    pub person: String,
    /// When.
    pub at: DateTime<Utc>,
}
