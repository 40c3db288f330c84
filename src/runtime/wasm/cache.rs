//! Compiled code on disk. The engine's cache believes what it finds in its folder, and a flipped bit there ends the process; so each file is
//! sealed with its digest when it is written, and taken away before the engine sees it when it is no longer what was sealed.
//! The folder is its user's own: whoever may write there may do anything that this user may.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use wasmtime::{Cache, CacheConfig};

use crate::domain::text::hex;

/// Most bytes of compiled code that are kept; what was not used for longest goes first.
const MOST_BYTES: u64 = 1 << 30;

/// Most files of compiled code that are kept.
const MOST_FILES: u64 = 2000;

/// Between the parts of a seal's name: the component's digest, the compiler's folder, the file.
const BETWEEN: char = '~';

/// The folder of compiled code.
#[derive(Clone, Debug)]
pub(super) struct CompileCache {
    /// The engine's own.
    compiled: PathBuf,
    /// One file for each of compiled code, with its digest in it.
    seals: PathBuf,
}

/// What is known of a component before it is compiled.
pub(super) struct Before {
    component: String,
    files: BTreeSet<String>,
    /// Whether sound compiled code was found.
    pub(super) is_cached: bool,
}

impl CompileCache {
    /// Opens the folder and takes away what has no seal.
    ///
    /// # Errors
    /// When it cannot be written: then compiling takes longer, and that is all.
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        let cache = Self { compiled: folder.join("compiled"), seals: folder.join("seals") };
        for folder in [&cache.compiled, &cache.seals] {
            make_private(folder)?;
        }
        let probe = tempfile::tempfile_in(&cache.seals)?;
        drop(probe);
        cache.sweep()?;
        Ok(cache)
    }

    /// Returns the engine's part of it.
    pub(super) fn engines(&self) -> wasmtime::Result<Cache> {
        let mut config = CacheConfig::new();
        config.with_directory(self.compiled.canonicalize()?);
        config.with_files_total_size_soft_limit(MOST_BYTES).with_file_count_soft_limit(MOST_FILES);
        // A file that is compressed anew would no longer be what was sealed.
        config.with_optimized_compression_usage_counter_threshold(u64::MAX);
        Cache::new(config)
    }

    /// Takes away compiled code without a seal, and seals without code.
    fn sweep(&self) -> io::Result<()> {
        let files = self.files();
        let mut sealed = BTreeSet::new();
        for seal in names(&self.seals)? {
            match seal.split_once(BETWEEN) {
                Some((_, file)) if files.contains(file) => {
                    sealed.insert(file.to_owned());
                }
                _ => remove(&self.seals.join(&seal))?,
            }
        }
        files.difference(&sealed).try_for_each(|file| remove(&self.path(file)))
    }

    /// Checks what is kept for a component, before the engine looks for it.
    ///
    /// # Errors
    /// When a file that is not what was sealed cannot be taken away.
    pub(super) fn before(&self, code: &[u8]) -> io::Result<Before> {
        let component = hex(&Sha256::digest(code));
        let mut is_cached = false;
        for seal in names(&self.seals)? {
            let Some((_, file)) = seal.split_once(BETWEEN).filter(|(of, _)| *of == component) else { continue };
            let kept = fs::read(self.path(file)).map(|bytes| hex(&Sha256::digest(bytes))).unwrap_or_default();
            if fs::read_to_string(self.seals.join(&seal)).is_ok_and(|sum| sum == kept) {
                is_cached = true;
            } else {
                tracing::debug!(file, "compiled code is not what was kept, and compiled again");
                remove(&self.path(file))?;
                remove(&self.seals.join(&seal))?;
            }
        }
        Ok(Before { component, files: self.files(), is_cached })
    }

    /// Seals what the engine kept. What cannot be sealed is compiled again another time.
    pub(super) fn seal(&self, before: &Before) {
        for file in self.files().difference(&before.files) {
            let sealed = fs::read(self.path(file)).and_then(|bytes| {
                let part = tempfile::NamedTempFile::new_in(&self.compiled)?;
                fs::write(part.path(), hex(&Sha256::digest(bytes)))?;
                let name = format!("{}{BETWEEN}{file}", before.component);
                part.persist(self.seals.join(name)).map_err(|error| error.error)
            });
            if let Err(error) = sealed {
                tracing::debug!(file, %error, "compiled code was not sealed");
            }
        }
    }

    /// Returns the files of compiled code: compiler's folder and name.
    fn files(&self) -> BTreeSet<String> {
        let root = self.compiled.join("modules");
        let mut files = BTreeSet::new();
        for compiler in names(&root).unwrap_or_default() {
            // What has an extension is the engine's bookkeeping, or half written.
            let inside =
                names(&root.join(&compiler)).unwrap_or_default().into_iter().filter(|name| !name.contains('.'));
            files.extend(inside.map(|name| format!("{compiler}{BETWEEN}{name}")));
        }
        files
    }

    fn path(&self, file: &str) -> PathBuf {
        let (compiler, name) = file.split_once(BETWEEN).unwrap_or(("", file));
        self.compiled.join("modules").join(compiler).join(name)
    }
}

fn names(folder: &Path) -> io::Result<Vec<String>> {
    fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
}

/// Another process may have been faster.
fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Makes a folder that is nobody else's business.
fn make_private(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}
