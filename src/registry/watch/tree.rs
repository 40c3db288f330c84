//! Watching one package with all its sources, for whoever writes it. What builds leave there is no change.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::{Notice, Sight, Timing, Watch, WatchError, start};
use crate::registry::scan::{Stamp, is_passing, sha256, stamp};
use crate::registry::sources::is_fetched;

/// Most files that are looked at: more are no package.
const MOST_FILES: usize = 5_000;

/// A package's folder or lone file, as its author changes it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tree {
    /// The folder or file.
    pub root: PathBuf,
    /// A file that is made from the others, and so is no change.
    pub made: Option<PathBuf>,
    /// A file elsewhere that counts as well, whether or not it is there: the settings.
    pub settings: PathBuf,
}

impl Tree {
    /// Watches it from now on, and calls back after each change that has settled; also without one, now and then.
    ///
    /// # Errors
    /// When no thread can be started.
    pub fn watch(
        &self,
        notice: Notice,
        timing: Timing,
        on_change: impl FnMut() + Send + 'static,
    ) -> Result<Watch, WatchError> {
        start(self.clone(), notice, timing, on_change)
    }

    /// Hashes everything that counts, so that a file that was saved as it was is no change.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let mut parts = Vec::new();
        for path in self.files() {
            parts.push(path.to_string_lossy().into_owned().into_bytes());
            // A file that went meanwhile shows in the next look.
            parts.push(fs::read(&path).unwrap_or_default());
        }
        sha256(&parts.iter().map(Vec::as_slice).collect::<Vec<_>>())
    }

    /// Returns the files that count.
    #[must_use]
    pub fn files(&self) -> Vec<PathBuf> {
        let mut files = self.walk().0;
        files.extend(Some(self.settings.clone()).filter(|file| is_regular(file)));
        files
    }

    /// Files and folders. Links to folders are not followed: they may lead round in a circle.
    fn walk(&self) -> (Vec<PathBuf>, Vec<PathBuf>) {
        if self.root.is_file() {
            return (vec![self.root.clone()], Vec::new());
        }
        let (mut files, mut folders, mut open) = (Vec::new(), Vec::new(), vec![self.root.clone()]);
        while let Some(folder) = open.pop() {
            for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
                let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
                if is_passing(&name) || self.made.as_ref() == Some(&path) || files.len() >= MOST_FILES {
                    continue;
                }
                match entry.file_type() {
                    Ok(kind) if kind.is_dir() && !is_fetched(&path) => open.push(path),
                    Ok(kind) if kind.is_dir() => {}
                    _ if is_regular(&path) => files.push(path),
                    _ => {}
                }
            }
            folders.push(folder);
        }
        files.sort();
        (files, folders)
    }
}

/// Reading a pipe would wait for its other end.
fn is_regular(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|data| data.is_file())
}

impl Sight for Tree {
    fn stamps(&self) -> BTreeMap<PathBuf, Stamp> {
        self.files().into_iter().filter_map(|path| stamp(&path).map(|stamp| (path, stamp))).collect()
    }

    fn folders(&self) -> Vec<PathBuf> {
        let (_, mut folders) = self.walk();
        // A folder that went and comes back shows in the one above it; a file that is replaced, too.
        folders.extend([&self.root, &self.settings].into_iter().filter_map(|path| path.parent().map(PathBuf::from)));
        folders
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_count_and_what_builds_leave_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        for path in
            ["plugin.toml", "src/lib.rs", "src/deep/a.rs", "target/x", "node_modules/y", "plugin.wasm", ".a.swp", "b~"]
        {
            fs::create_dir_all(root.join(path).parent().unwrap()).unwrap();
            fs::write(root.join(path), path).unwrap();
        }
        let settings = tempfile::tempdir().unwrap();
        let settings = settings.path().join("carnet.toml");
        let tree = Tree { root: root.to_owned(), made: Some(root.join("plugin.wasm")), settings: settings.clone() };
        let names = |tree: &Tree| -> Vec<String> {
            tree.files()
                .iter()
                .map(|path| path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/"))
                .collect()
        };
        assert_eq!(names(&tree), ["plugin.toml", "src/deep/a.rs", "src/lib.rs"]);
        let before = tree.fingerprint();
        fs::write(root.join("plugin.toml"), "plugin.toml").unwrap();
        fs::write(root.join("plugin.wasm"), "built").unwrap();
        assert_eq!(tree.fingerprint(), before);
        fs::write(root.join("src/lib.rs"), "changed").unwrap();
        let after = tree.fingerprint();
        assert_ne!(after, before);
        fs::write(settings, "").unwrap();
        assert_ne!(tree.fingerprint(), after);
    }
}
