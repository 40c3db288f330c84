//! The shelf: a folder beside the database with the version in service of each plugin, so that a command that starts while a package is
//! broken, half-written or unreadable has the last good one. It decides nothing: what comes from it is judged by today's settings like any
//! package. Several processes share it; without it, or where it cannot be written, all goes on as if there were none.

mod index;
mod packed;

#[cfg(test)]
mod tests;

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use tracing::{debug, warn};

pub(super) use index::{At, Failed, Index, Kept, Slot};
pub(super) use packed::Packed;

use super::scan::{self, Source};
use crate::plugin::package::LoadError;

const INDEX: &str = "index.json";
const LOCK: &str = "lock";
/// What the name of a file that is not written yet ends with.
const FRESH: &str = ".fresh";
/// Most bytes of the index.
const INDEX_BYTES: usize = 16 << 20;
/// Most bytes of a package.
const PACKAGE_BYTES: usize = 80 << 20;
/// How often the lock is tried, and how long between.
const TRIES: u32 = 200;
const PAUSE: Duration = Duration::from_millis(5);

/// The shelf as it was last read.
#[derive(Debug)]
pub(super) struct Shelf {
    folder: Option<PathBuf>,
    index: Index,
}

/// A version to be put on the shelf.
pub(super) struct Filled {
    pub(super) name: String,
    pub(super) hash: String,
    pub(super) bytes: Vec<u8>,
}

impl Filled {
    pub(super) fn new(name: &str, hash: &str, packed: &Packed) -> Self {
        Self { name: name.to_owned(), hash: hash.to_owned(), bytes: packed.to_bytes() }
    }

    /// What the index says of it.
    pub(super) fn kept(&self, version: &str) -> Kept {
        Kept {
            version: version.to_owned(),
            hash: self.hash.clone(),
            bytes: self.bytes.len() as u64,
            calls_left: 0,
            faulted: Default::default(),
        }
    }
}

impl Shelf {
    /// Takes the folder of a shelf; it need not exist.
    pub(super) fn new(folder: Option<PathBuf>) -> Self {
        Self { folder, index: Index::empty() }
    }

    /// Reads again what is known: another process may have changed it.
    pub(super) fn refresh(&mut self) {
        if let Some(folder) = &self.folder {
            self.index = read_index(folder);
        }
    }

    pub(super) const fn is_there(&self) -> bool {
        self.folder.is_some()
    }

    pub(super) const fn index(&self) -> &Index {
        &self.index
    }

    /// What is known of a plugin.
    pub(super) fn slot(&self, name: &str) -> Option<&Slot> {
        self.index.plugins.get(name)
    }

    /// What is known of a plugin by now, whoever wrote it.
    pub(super) fn read_again(&self, name: &str) -> Option<Slot> {
        read_index(self.folder.as_ref()?).plugins.remove(name)
    }

    /// The plugin whose package was in a place.
    pub(super) fn at(&self, at: &At) -> Option<&str> {
        self.index.plugins.iter().find(|(_, slot)| slot.at == *at).map(|(name, _)| name.as_str())
    }

    /// Says whether the package of a version is there, by its size.
    pub(super) fn holds(&self, name: &str, kept: &Kept) -> bool {
        let path = self.folder.as_ref().map(|folder| folder.join(kept.file(name)));
        path.is_some_and(|path| path.metadata().is_ok_and(|data| data.is_file() && data.len() == kept.bytes))
    }

    /// Takes a version from the shelf, as if it had been read where its package is. One that is not what it should be is not used.
    pub(super) fn take(&self, name: &str, kept: &Kept, path: &Path) -> Result<Source, LoadError> {
        let folder = self.folder.as_ref().ok_or_else(|| LoadError::new("nothing is kept"))?;
        let lost = |what: &str| {
            warn!(target: "carnet::registry", plugin = name, version = kept.version, "its kept copy cannot be used: {what}");
            LoadError::new(format!("version {} cannot be kept in service: {what}", kept.version))
        };
        let bytes = scan::read_regular(&folder.join(kept.file(name)), PACKAGE_BYTES);
        let bytes = bytes.map_err(|error| lost(&format!("its kept copy cannot be read: {error}")))?;
        let packed = Packed::parse(&bytes).map_err(|error| lost(&error.message))?;
        let source = Source::unpack(packed, path).map_err(|error| lost(&error.message))?;
        if source.hash != kept.hash {
            return Err(lost("its kept copy was changed by somebody else"));
        }
        Ok(source)
    }

    /// Changes what is known, under the lock of the shelf and on what it says then, and puts packages there. What is not needed any more
    /// goes. A shelf that cannot be written stays as it is.
    pub(super) fn edit(&mut self, filled: &[Filled], edit: impl FnOnce(&mut Index) -> bool) {
        let Some(folder) = self.folder.clone() else { return };
        match edit_in(&folder, filled, edit) {
            Ok(index) => self.index = index,
            Err(error) => {
                debug!(target: "carnet::registry", folder = %folder.display(), "the shelf stays as it is: {error}")
            }
        }
    }
}

fn edit_in(folder: &Path, filled: &[Filled], edit: impl FnOnce(&mut Index) -> bool) -> io::Result<Index> {
    fs::create_dir_all(folder)?;
    let _lock = lock(folder)?;
    let mut index = read_index(folder);
    for Filled { name, hash, bytes } in filled {
        write(folder, &format!("{name}@{hash}.package"), bytes)?;
    }
    if edit(&mut index) {
        write(folder, INDEX, &serde_json::to_vec_pretty(&index).map_err(io::Error::from)?)?;
    }
    sweep(folder, &index)?;
    Ok(index)
}

/// Takes the lock of those who write. One who has it is done in a moment; if not, somebody else's work is not waited for.
fn lock(folder: &Path) -> io::Result<File> {
    let file = File::options().create(true).truncate(false).write(true).open(folder.join(LOCK))?;
    for _ in 0..TRIES {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => thread::sleep(PAUSE),
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
    Err(io::ErrorKind::WouldBlock.into())
}

/// Readers see the old file or the new one, whole.
fn write(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let fresh = folder.join(format!("{name}{FRESH}"));
    fs::write(&fresh, bytes).and_then(|()| fs::rename(&fresh, folder.join(name))).inspect_err(|_| {
        // What could not be written whole is in nobody's way, and goes with the next sweep.
        let _ = fs::remove_file(&fresh);
    })
}

/// Removes what the index does not name: older versions, and what a killed process left.
fn sweep(folder: &Path, index: &Index) -> io::Result<()> {
    let needed: std::collections::BTreeSet<String> = index.files().collect();
    for entry in fs::read_dir(folder)?.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let ours = name.ends_with(".package") || name.ends_with(FRESH);
        if ours && !needed.contains(&name) {
            // On some systems somebody who reads it keeps it there: then it goes the next time.
            let _ = fs::remove_file(entry.path());
        }
    }
    Ok(())
}

fn read_index(folder: &Path) -> Index {
    match scan::read_regular(&folder.join(INDEX), INDEX_BYTES) {
        Ok(bytes) => Index::parse(&bytes),
        Err(error) => {
            if error.kind() != io::ErrorKind::NotFound {
                debug!(target: "carnet::registry", folder = %folder.display(), "the shelf cannot be read: {error}");
            }
            Index::empty()
        }
    }
}
