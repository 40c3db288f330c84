//! A file locked for the life of an import job, beside the database: how any process tells a job at work from one whose process
//! was killed, since a lock ends with its process, however that ends.

use std::collections::HashMap;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use super::error::StoreError;

/// The locks that this handle holds, by job.
pub(super) type JobLocks = HashMap<i64, JobLock>;

/// One held lock; let go, and the file removed, when dropped.
#[derive(Debug)]
pub(super) struct JobLock {
    path: PathBuf,
    file: Option<File>,
}

impl JobLock {
    /// Takes the lock of a job, or says that somebody has it.
    pub(super) fn take(database: &Path, job: i64) -> Result<Self, StoreError> {
        let path = lock_path(database, job);
        let failed = |source| StoreError::JobLock { path: path.clone(), source };
        let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { path, file: Some(file) }),
            Err(TryLockError::WouldBlock) => Err(StoreError::JobRunning { id: job }),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }
}

impl Drop for JobLock {
    fn drop(&mut self) {
        // Removed while it is locked, so that nobody's fresh lock is removed.
        if let Err(error) = fs::remove_file(&self.path)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(path = %self.path.display(), %error, "cannot remove the lock file of a job");
        }
        drop(self.file.take());
    }
}

/// Says whether somebody holds the lock of a job.
pub(super) fn is_held(database: &Path, job: i64) -> bool {
    // Shared, so that two who look at the same time don't see each other.
    match File::open(lock_path(database, job)).map(|file| file.try_lock_shared().is_err()) {
        Ok(held) => held,
        Err(error) => error.kind() != io::ErrorKind::NotFound,
    }
}

fn lock_path(database: &Path, job: i64) -> PathBuf {
    let mut path = database.as_os_str().to_owned();
    path.push(format!("-job-{job}"));
    path.into()
}
