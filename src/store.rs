//! The contact store: SQLite behind methods that speak domain types. One writer, a pool of readers, one transaction for each
//! [`Store::write`] and one snapshot for each [`Store::read`]. Rules, plugins and permissions are decided above.

mod attached;
mod batches;
mod changes;
mod checkpoints;
mod conditions;
mod connection;
mod consent;
mod contacts;
mod custom_schema;
mod divisions;
mod document;
mod duplicates;
mod engagements;
mod enquiries;
mod error;
mod facets;
mod family;
mod filters;
mod forget;
mod held;
mod identifiers;
mod import_mappings;
mod job_progress;
mod job_undo;
mod jobs;
mod keys;
mod label_writes;
mod labels;
mod lifted;
mod matching;
mod merges;
mod migrations;
mod naming;
mod notes;
mod organizations;
mod person;
mod plan;
mod plugin_history;
mod plugin_standing;
mod plugin_stats;
mod prepared;
mod query;
mod reader;
mod record_changes;
mod recording;
mod renames;
mod restore;
mod scrub;
mod search;
mod side_files;
mod sieve;
mod sorted;
mod sought;
mod staff;
mod state;
mod tombstones;
mod types;
mod verify;
mod visits;
mod volumes;
mod wording;
mod words;
mod writer;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, TransactionBehavior};
use uuid::Uuid;

pub use attached::Attached;
pub use batches::{Batch, Image, NewBatch};
pub use checkpoints::Checkpoints;
pub use custom_schema::SchemaVersion;
pub use error::StoreError;
pub use forget::{ERASED, Erased};
pub use held::{Held, Original, RefusedRow};
pub use job_undo::{LeftBehind, Removed, Stretch, UndoCounts};
pub use merges::{Standing, Whereabouts};
pub use notes::NotePage;
pub use person::Person;
pub use plugin_history::{Happening, SeenPlugin};
pub use plugin_standing::PluginStanding;
pub use plugin_stats::{CallSums, Deed, PluginLine};
pub use prepared::Prepared;
pub use query::{Comparison, Filter, Query, SearchFields, Sort};
pub use reader::Reader;
pub use restore::Departed;
pub use side_files::{Copied, Turn};
pub use sought::Sought;
pub use state::StateMark;
pub use tombstones::{Recall, Tombstones};
pub use types::{
    Action, Actor, ChangeEntry, ChangedField, ConsentEntry, Counts, Failure, Identifier, Job, JobState, JobUndo,
    LabelInfo, NewChange, NewJob, Page, PluginRef, SavedFilter, SavedMapping,
};
pub use writer::Writer;

pub use divisions::DivisionInfo;
pub use naming::Referent;
pub use organizations::{OrganizationPage, OrganizationQuery};
pub use record_changes::{RecordChange, RecordKind};

use checkpoints::Aside;
use error::Placed;
use recording::Recording;
use side_files::JobLocks;
use volumes::Volumes;
use writer::{JobMoves, Known};

/// Readers kept open between uses; more are opened when more are needed at once.
const IDLE_READERS: usize = 8;

/// A handle to one database; clones share it.
#[derive(Clone, Debug)]
pub struct Store {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    path: PathBuf,
    writer: Mutex<Desk>,
    readers: Mutex<Vec<Connection>>,
    job_locks: Mutex<JobLocks>,
    volumes: Volumes,
    /// Who copies the write-ahead log beside the writer, if somebody does.
    aside: Mutex<Option<Aside>>,
    /// Dropped last, after every connection.
    _folder: Option<TemporaryFolder>,
}

/// The writer's connection and what it has learned.
#[derive(Debug)]
struct Desk {
    conn: Connection,
    known: Known,
    /// SQLite's mark of what others have written.
    seen: i64,
    /// How often it wrote what plugins remember.
    state_writes: u64,
}

impl Store {
    /// Opens a database, making it if there is none and migrating it if it is older.
    ///
    /// # Errors
    /// Whatever [`StoreError`] says about opening.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Self::with(path.to_owned(), None)
    }

    /// Opens an empty database that is gone when its last handle is. It is a file in the system's temporary folder, so that
    /// readers and the writer meet there as they do in a real one.
    ///
    /// # Errors
    /// As for [`Store::open`].
    pub fn in_memory() -> Result<Self, StoreError> {
        let folder = TemporaryFolder::make()?;
        Self::with(folder.0.join("carnet.db"), Some(folder))
    }

    fn with(path: PathBuf, folder: Option<TemporaryFolder>) -> Result<Self, StoreError> {
        let conn = connection::open_writer(&path)?;
        if folder.is_some() {
            conn.execute_batch("PRAGMA synchronous = OFF").placed(&path)?;
        }
        let writer = Mutex::new(Desk { conn, known: Known::default(), seen: 0, state_writes: 0 });
        let (readers, job_locks, aside) = (Mutex::default(), Mutex::default(), Mutex::default());
        let volumes = Volumes::default();
        Ok(Self { inner: Arc::new(Inner { path, writer, readers, job_locks, volumes, aside, _folder: folder }) })
    }

    /// Returns where the database is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.inner.path
    }

    /// Reads on one consistent snapshot, beside any writer.
    ///
    /// # Errors
    /// Whatever `f` ends with, or the database.
    pub fn read<T>(&self, f: impl FnOnce(&Reader<'_>) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let path = self.path();
        let idle = lock(&self.inner.readers).pop();
        let mut conn = idle.map_or_else(|| connection::open_reader(path), Ok)?;
        let snapshot = conn.transaction().placed(path)?;
        let answer = f(&Reader::new(&snapshot, path, Some(&self.inner.volumes)));
        snapshot.finish().placed(path)?;
        let mut readers = lock(&self.inner.readers);
        if readers.len() < IDLE_READERS {
            readers.push(conn);
        }
        answer
    }

    /// Writes in one transaction: all of it when `f` succeeds, and nothing when it fails or panics. Waits for other writers; must
    /// not be called from within itself.
    ///
    /// # Errors
    /// Whatever `f` ends with, or the database.
    pub fn write<T, E: From<StoreError>>(&self, f: impl FnOnce(&mut Writer<'_>) -> Result<T, E>) -> Result<T, E> {
        let path = self.path();
        let mut desk = lock(&self.inner.writer);
        let Desk { conn, known, seen, state_writes } = &mut *desk;
        let transaction = conn.transaction_with_behavior(TransactionBehavior::Immediate).placed(path)?;
        let version: i64 = transaction.pragma_query_value(None, "data_version", |row| row.get(0)).placed(path)?;
        // Taken away until the commit: what a transaction that is taken back has taught is wrong.
        let mut learned = std::mem::take(known);
        if version != *seen {
            learned = Known::default();
        }
        let mut writer = Writer {
            reader: Reader::new(&transaction, path, None),
            known: &mut learned,
            job_moves: JobMoves::default(),
            recording: Recording::default(),
            state_mark: StateMark { others: version, own: *state_writes },
        };
        let answer = f(&mut writer)?;
        writer.settle()?;
        writer.settle_consents()?;
        let changes = writer.count_changes()?;
        let (moves, state_mark) = (writer.job_moves, writer.state_mark);
        transaction.commit().placed(path)?;
        if let Some(changes) = changes {
            self.inner.volumes.committed(&changes);
        }
        (*known, *seen, *state_writes) = (learned, version, state_mark.own);
        self.see_to_log(conn);
        self.move_locks(moves);
        Ok(answer)
    }

    fn move_locks(&self, moves: JobMoves) {
        let mut locks = lock(&self.inner.job_locks);
        locks.extend(moves.taken);
        for id in moves.ended {
            locks.remove(&id);
        }
    }

    /// Returns a guard for a job begun or resumed with this store: when it is dropped, the job no longer counts as running,
    /// whether it was finished or not.
    #[must_use]
    pub fn guard_job(&self, id: i64) -> JobGuard {
        JobGuard { store: self.clone(), id }
    }

    /// Makes room beside the database for a copy of what can be read only once.
    ///
    /// # Errors
    /// [`StoreError::BesideFile`] when no file can be made there.
    pub fn make_copy(&self) -> Result<Copied, StoreError> {
        Copied::make(self.path())
    }

    /// Takes the turn of an import, so that two at once end as if one had followed the other; nothing while somebody else has it.
    ///
    /// # Errors
    /// [`StoreError::BesideFile`] when no file can be made beside the database.
    pub fn try_turn(&self) -> Result<Option<Turn>, StoreError> {
        Turn::take(self.path())
    }

    /// Removes what killed processes left beside the database, and returns the copies among it.
    pub fn sweep(&self) -> Vec<PathBuf> {
        side_files::sweep(self.path())
    }

    /// Looks through the whole database and returns what is wrong with it; nothing when it is sound.
    ///
    /// # Errors
    /// It cannot be read at all.
    pub fn check(&self) -> Result<Vec<String>, StoreError> {
        self.read(|reader| check(reader.conn).placed(self.path()))
    }
}

/// Ends the life of an import job, as others see it, when dropped.
#[derive(Debug)]
pub struct JobGuard {
    store: Store,
    id: i64,
}

impl Drop for JobGuard {
    fn drop(&mut self) {
        lock(&self.store.inner.job_locks).remove(&self.id);
    }
}

/// A panic while the lock was held has left nothing half done: transactions are taken back, and lists are changed in one step.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn check(conn: &Connection) -> Result<Vec<String>, StoreError> {
    let mut wrong = Vec::new();
    let mut pages = conn.prepare("PRAGMA integrity_check")?;
    for found in pages.query_map([], |row| row.get::<_, String>(0))? {
        wrong.extend(Some(found?).filter(|found| found != "ok"));
    }
    let mut keys = conn.prepare("PRAGMA foreign_key_check")?;
    for found in keys.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(2)?)))? {
        let (table, parent) = found?;
        wrong.push(format!("a row of `{table}` names a row of `{parent}` that is not there"));
    }
    Ok(wrong)
}

/// A folder of its own for a database that is to vanish.
#[derive(Debug)]
struct TemporaryFolder(PathBuf);

impl TemporaryFolder {
    fn make() -> Result<Self, StoreError> {
        let path = std::env::temp_dir().join(format!("carnet-{}", Uuid::now_v7()));
        match std::fs::create_dir(&path) {
            Ok(()) => Ok(Self(path)),
            Err(source) => Err(StoreError::Open { path, source: source.into() }),
        }
    }
}

impl Drop for TemporaryFolder {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            tracing::warn!(path = %self.0.display(), %error, "cannot remove a temporary database");
        }
    }
}
