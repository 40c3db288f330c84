//! Files beside the database, each locked for as long as it is used: how any process tells a job at work from one whose process was killed,
//! since a lock ends with its process, however that ends. The others are copies of what an import can read only once, and the turn that
//! imports take. What a killed process left is swept up.

use std::collections::HashMap;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use uuid::Uuid;

use super::error::StoreError;

/// What the name of a job's lock ends with, before its number.
const JOB: &str = "-job-";
/// What the name of a copy ends with, before its own.
const COPY: &str = "-input-";
/// What the name of the turn ends with.
const TURN: &str = "-turn";

/// The locks that this handle holds, by job.
pub(super) type JobLocks = HashMap<i64, JobLock>;

/// A file that is locked; let go, and removed, when dropped.
#[derive(Debug)]
struct Locked {
    path: PathBuf,
    file: Option<File>,
}

impl Locked {
    /// Locks a file, making it if there is none; nothing when somebody else has it and this does not wait.
    fn take(path: PathBuf, wait: bool) -> io::Result<Option<Self>> {
        loop {
            let file = File::options().create(true).truncate(false).read(true).write(true).open(&path)?;
            match if wait { file.lock().map_err(TryLockError::Error) } else { file.try_lock() } {
                // Whoever had it before removed it, maybe after it was opened here: then it is nobody's, and there is another.
                Ok(()) if !is_at(&file, &path) => {}
                Ok(()) => return Ok(Some(Self { path, file: Some(file) })),
                Err(TryLockError::WouldBlock) => return Ok(None),
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
    }
}

impl Drop for Locked {
    fn drop(&mut self) {
        // Removed while it is locked, so that nobody's fresh lock is removed.
        if let Err(error) = fs::remove_file(&self.path)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(path = %self.path.display(), %error, "cannot remove a file that is not needed any more");
        }
        drop(self.file.take());
    }
}

/// Says whether a name still leads to an open file.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    match (file.metadata(), fs::metadata(path)) {
        (Ok(own), Ok(there)) => own.dev() == there.dev() && own.ino() == there.ino(),
        _ => false,
    }
}

/// Elsewhere a file that is open cannot be removed.
#[cfg(not(unix))]
fn is_at(_: &File, path: &Path) -> bool {
    path.exists()
}

/// The lock of a job; let go when dropped.
#[derive(Debug)]
pub(super) struct JobLock(#[expect(dead_code, reason = "held, not looked at")] Locked);

impl JobLock {
    /// Takes the lock of a job, or says that somebody has it.
    pub(super) fn take(database: &Path, job: i64) -> Result<Self, StoreError> {
        let path = beside(database, &format!("{JOB}{job}"));
        match Locked::take(path.clone(), false) {
            Ok(Some(lock)) => Ok(Self(lock)),
            Ok(None) => Err(StoreError::JobRunning { id: job }),
            Err(source) => Err(StoreError::BesideFile { what: format!("the lock of job {job}"), path, source }),
        }
    }
}

/// Says whether somebody holds the lock of a job.
pub(super) fn is_held(database: &Path, job: i64) -> bool {
    // Shared, so that two who look at the same time don't see each other.
    match File::open(beside(database, &format!("{JOB}{job}"))).map(|file| file.try_lock_shared().is_err()) {
        Ok(held) => held,
        Err(error) => error.kind() != io::ErrorKind::NotFound,
    }
}

/// A copy of what can be read only once, gone when this is dropped.
#[derive(Debug)]
pub struct Copied(Locked);

impl Copied {
    pub(super) fn make(database: &Path) -> Result<Self, StoreError> {
        let path = beside(database, &format!("{COPY}{}", Uuid::now_v7().simple()));
        let made = Locked::take(path.clone(), true).and_then(|lock| lock.ok_or(io::ErrorKind::WouldBlock.into()));
        let failed = |source| StoreError::BesideFile { what: "a copy of the input".to_owned(), path, source };
        made.map(Self).map_err(failed)
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    /// A handle to it; all share one place in the file.
    ///
    /// # Errors
    /// The system has no more handles.
    pub fn handle(&self) -> io::Result<File> {
        self.0.file.as_ref().ok_or(io::ErrorKind::NotFound)?.try_clone()
    }
}

/// The turn of one import: no other one writes meanwhile. Given back when dropped, or when its process ends.
#[derive(Debug)]
pub struct Turn(#[expect(dead_code, reason = "held, not looked at")] Locked);

impl Turn {
    pub(super) fn take(database: &Path) -> Result<Option<Self>, StoreError> {
        let path = beside(database, TURN);
        let lock = Locked::take(path.clone(), false);
        let failed = |source| StoreError::BesideFile { what: "the turn of imports".to_owned(), path, source };
        Ok(lock.map_err(failed)?.map(Self))
    }
}

/// Removes what killed processes left beside the database, and returns the copies among it.
pub(super) fn sweep(database: &Path) -> Vec<PathBuf> {
    let own = database.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let folder = database.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut swept = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let Some(kind) = name.strip_prefix(&own) else { continue };
        let copy = kind.starts_with(COPY);
        if !copy && !kind.starts_with(JOB) && kind != TURN {
            continue;
        }
        // Whoever uses it has it locked; taking the lock and letting it go removes it.
        let removed = Locked::take(entry.path(), false).is_ok_and(|lock| lock.is_some());
        if removed && copy {
            swept.push(entry.path());
        }
    }
    swept
}

fn beside(database: &Path, end: &str) -> PathBuf {
    let mut path = database.as_os_str().to_owned();
    path.push(end);
    path.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_uses_is_swept_up() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("carnet.db");
        let names = || {
            let mut names: Vec<String> = fs::read_dir(folder.path())
                .unwrap()
                .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
                .collect();
            names.sort();
            names
        };
        fs::write(&database, "").unwrap();
        fs::write(folder.path().join("carnet.db-input-left"), "x").unwrap();
        fs::write(folder.path().join("carnet.db-job-7"), "").unwrap();
        fs::write(folder.path().join("carnet.db-wal"), "").unwrap();
        let (copy, job) = (Copied::make(&database).unwrap(), JobLock::take(&database, 8).unwrap());
        let swept = sweep(&database);
        assert_eq!(swept, [folder.path().join("carnet.db-input-left")]);
        let used = copy.path().file_name().unwrap().to_string_lossy().into_owned();
        assert_eq!(names(), ["carnet.db", &used, "carnet.db-job-8", "carnet.db-wal"]);
        assert!(is_held(&database, 8) && !is_held(&database, 7));
        drop((copy, job));
        assert_eq!(names(), ["carnet.db", "carnet.db-wal"]);
    }

    #[test]
    fn a_file_that_cannot_be_made_is_named_with_what_it_is_for() {
        let folder = tempfile::tempdir().unwrap();
        let nowhere = folder.path().join("nowhere/carnet.db");
        let failures = [
            ("the lock of job 3, `", JobLock::take(&nowhere, 3).map(drop)),
            ("a copy of the input, `", Copied::make(&nowhere).map(drop)),
            ("the turn of imports, `", Turn::take(&nowhere).map(drop)),
        ];
        for (what, failed) in failures {
            let failed = failed.unwrap_err().to_string();
            assert!(failed.starts_with(&format!("cannot make {what}{}", nowhere.display())), "{failed}");
        }
        let full = io::ErrorKind::StorageFull.into();
        let full = StoreError::BesideFile { what: "the turn of imports".to_owned(), path: nowhere, source: full };
        assert_eq!(full.hint().unwrap(), "free some space and repeat the command");
    }

    #[test]
    fn a_turn_is_one_importers_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("carnet.db");
        let first = Turn::take(&database).unwrap();
        assert!(first.is_some() && Turn::take(&database).unwrap().is_none());
        drop(first);
        let next = Turn::take(&database).unwrap();
        assert!(next.is_some() && Turn::take(&database).unwrap().is_none());
        drop(next);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
