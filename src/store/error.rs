//! What can go wrong in the store, and what to do about it. How an error becomes an exit code is decided above.

use std::io;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

use crate::domain::enquiry::EnquiryStatus;
use crate::domain::id::ContactId;

use super::record_changes::RecordKind;

/// An error of the store.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The file cannot be opened or created.
    #[error("cannot open the database `{}`", path.display())]
    Open {
        /// The database.
        path: PathBuf,
        /// What the system said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The file is something else.
    #[error("`{}` is not a Carnet database", path.display())]
    NotADatabase {
        /// The file.
        path: PathBuf,
    },
    /// A newer Carnet made the database.
    #[error("the database `{}` has version {found}, this Carnet knows up to {known}", path.display())]
    Newer {
        /// The database.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The newest version this program knows.
        known: i64,
    },
    /// Another process kept the database locked until the time to wait for it (10 s) had passed.
    #[error("the database `{}` is locked by another process", path.display())]
    Locked {
        /// The database.
        path: PathBuf,
    },
    /// The disk is full.
    #[error("no space left for the database `{}`", path.display())]
    Full {
        /// The database.
        path: PathBuf,
    },
    /// The system failed to read or write the file.
    #[error("the database `{}` could not be read or written", path.display())]
    Io {
        /// The database.
        path: PathBuf,
        /// What SQLite said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The database may not be written.
    #[error("the database `{}` cannot be written", path.display())]
    ReadOnly {
        /// The database.
        path: PathBuf,
    },
    /// The database is damaged.
    #[error("the database `{}` is damaged", path.display())]
    Corrupt {
        /// The database.
        path: PathBuf,
        /// What was found.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A stored value cannot be understood.
    #[error("the stored {what} cannot be read: {reason}")]
    Unreadable {
        /// Which thing (`contact 0198…`, `job 3`).
        what: String,
        /// Why not.
        reason: String,
    },
    /// Somebody else wrote the contact since it was read, or it exists already (`seen` is 0 then).
    #[error("contact `{id}` was changed meanwhile: revision {seen} was seen, {now} is stored")]
    Conflict {
        /// The contact.
        id: ContactId,
        /// The revision on which the write was based.
        seen: u64,
        /// The revision that is stored.
        now: u64,
    },
    /// There is no live contact with the id.
    #[error("there is no contact `{id}`")]
    NotFound {
        /// The id asked for.
        id: ContactId,
    },
    /// A contact was to be merged with itself.
    #[error("contact `{id}` cannot be merged with itself")]
    SelfMerge {
        /// The contact.
        id: ContactId,
    },
    /// There is no job with the number.
    #[error("there is no import job {id}")]
    NoJob {
        /// The number asked for.
        id: i64,
    },
    /// The job is being run by a living process.
    #[error("job {id} is still running")]
    JobRunning {
        /// The job.
        id: i64,
    },
    /// There is no enquiry with the number.
    #[error("there is no enquiry {id}")]
    NoEnquiry {
        /// The number asked for.
        id: i64,
    },
    /// There is no label with the name.
    #[error("there is no label `{name}`")]
    NoLabel {
        /// The name asked for.
        name: String,
    },
    /// There is a label with the name.
    #[error("there is a label `{name}` already")]
    LabelExists {
        /// The name, as it is stored.
        name: String,
    },
    /// A cursor that no page gave out.
    #[error("`{cursor}` is no cursor of a search")]
    Cursor {
        /// The cursor.
        cursor: String,
    },
    /// A file beside the database cannot be made.
    #[error("cannot make {what}, `{}`", path.display())]
    BesideFile {
        /// What it is for: `the lock of job 3`.
        what: String,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Somebody else wrote the enquiry since it was read.
    #[error("enquiry {id} was changed meanwhile: it is {status} now")]
    EnquiryChanged {
        /// The enquiry.
        id: i64,
        /// Where it stands now.
        status: EnquiryStatus,
    },
    /// Others changed what a plugin remembers since it decided on it.
    #[error("what plugin `{plugin}` remembers was changed by others while it decided")]
    StateMoved {
        /// The plugin.
        plugin: String,
    },
    /// Anything else that SQLite said.
    #[error("the database refused a statement")]
    Sql(#[from] rusqlite::Error),
    /// Another organization, staff member or division has the name.
    #[error("there is {} `{name}` already", kind.with_article())]
    NameTaken {
        /// What it is.
        kind: RecordKind,
        /// The name, as it is stored.
        name: String,
    },
    /// Another staff member has the e-mail address.
    #[error("staff member `{name}` has the e-mail address `{email}` already")]
    EmailTaken {
        /// The address.
        email: String,
        /// Who has it.
        name: String,
    },
    /// There is no such organization, staff member or division.
    #[error("there is no {} `{record}`", kind.noun())]
    NoRecord {
        /// What it is.
        kind: RecordKind,
        /// Its number, or its name.
        record: String,
    },
    /// Somebody else wrote the organization or staff member since it was read.
    #[error("{} {id} was changed meanwhile: revision {seen} was seen, {now} is stored", kind.noun())]
    RecordConflict {
        /// What it is.
        kind: RecordKind,
        /// Its number.
        id: i64,
        /// The revision on which the write was based.
        seen: u64,
        /// The revision that is stored.
        now: u64,
    },
    /// A division that is to be deleted has contacts or organizations.
    #[error("division `{name}` is in use: contacts {contacts}, organizations {organizations}")]
    DivisionInUse {
        /// The division.
        name: String,
        /// Contacts in it.
        contacts: u64,
        /// Organizations in it.
        organizations: u64,
    },
}

impl StoreError {
    /// Says what to do about it, as a sentence without a full stop.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Open { .. } => "check that the folder exists and that you may write in it",
            Self::NotADatabase { .. } => {
                "point --home at another folder, or move the file away to start with an empty book"
            }
            Self::Newer { .. } => "use the newer Carnet that made it, or restore the copy from before the upgrade",
            Self::Locked { .. } => {
                "wait for the other command to end, then repeat this one; `carnet import list` shows running jobs"
            }
            Self::Full { .. } => "free some space and repeat the command",
            Self::Io { .. } => "check the disk, its quota and the largest file that it allows, then repeat the command",
            Self::ReadOnly { .. } => "make the file and its folder writable for you",
            Self::Corrupt { .. } => "restore a backup; `carnet doctor` lists the damage",
            Self::Unreadable { .. } => "run `carnet doctor`; a newer Carnet may have written it",
            Self::Conflict { .. } => "read the contact again and repeat the change",
            Self::NotFound { .. } => "`carnet search` prints ids",
            Self::SelfMerge { .. } => "name two different contacts",
            Self::NoJob { .. } => "`carnet import list` shows the jobs",
            Self::JobRunning { .. } => "wait until it ends, or stop it with Ctrl-C where it runs",
            Self::NoEnquiry { .. } => "`carnet enquiry list` shows the enquiries",
            Self::NoLabel { .. } | Self::LabelExists { .. } => "`carnet label list` shows the labels",
            Self::Cursor { .. } => "pass on the `next` of the page before, or leave it out",
            Self::BesideFile { source, .. } => match source.kind() {
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "free some space and repeat the command",
                _ => "make the database's folder writable for you",
            },
            Self::EnquiryChanged { id, .. } => {
                return Some(format!("look at it with `carnet enquiry show {id}` and decide again"));
            }
            Self::StateMoved { .. } => "nothing was written; repeat the command",
            Self::Sql(_) => "run `carnet doctor`; if it finds nothing, this is a fault of Carnet's, worth reporting",
            Self::NameTaken { kind, .. } | Self::NoRecord { kind, .. } => return kind.hint(),
            Self::EmailTaken { .. } => "`carnet staff list` shows the addresses",
            Self::RecordConflict { .. } => "read it again and repeat the change",
            Self::DivisionInUse { .. } => "delete them first: no contact and no organization changes its division",
        };
        Some(hint.to_owned())
    }

    /// Names the database in an error that SQLite raised, now that its kind is told apart.
    pub(super) fn at(self, path: &Path) -> Self {
        let Self::Sql(rusqlite::Error::SqliteFailure(failure, _)) = &self else { return self };
        let code = failure.code;
        let path = path.to_owned();
        match (code, self) {
            (ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked, _) => Self::Locked { path },
            (ErrorCode::DiskFull, _) => Self::Full { path },
            (ErrorCode::ReadOnly | ErrorCode::PermissionDenied, _) => Self::ReadOnly { path },
            (ErrorCode::NotADatabase, _) => Self::NotADatabase { path },
            (ErrorCode::CannotOpen, Self::Sql(source)) => Self::Open { path, source: source.into() },
            (ErrorCode::SystemIoFailure, Self::Sql(source)) => Self::Io { path, source: source.into() },
            (ErrorCode::DatabaseCorrupt, Self::Sql(source)) => Self::Corrupt { path, source: source.into() },
            (_, other) => other,
        }
    }
}

/// Names the database in whatever error a piece of SQL ended with.
pub(super) trait Placed<T> {
    /// See [`StoreError::at`].
    fn placed(self, path: &Path) -> Result<T, StoreError>;
}

impl<T, E: Into<StoreError>> Placed<T> for Result<T, E> {
    fn placed(self, path: &Path) -> Result<T, StoreError> {
        self.map_err(|error| error.into().at(path))
    }
}
