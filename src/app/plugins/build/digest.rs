//! The digest of a package's sources: what a component is made of, and what tells whether it was made of what lies beside it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::app::plugins::language::Language;
use crate::domain::text::hex;

/// Folders that hold no sources of the package's own.
const PASSED_OVER: [&str; 4] = ["cases", "node_modules", "target", "__pycache__"];

/// Two digests of one package.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Digests {
    /// Of what people write.
    pub sources: String,
    /// The same with the lock file that their tool writes: what is kept in the component.
    pub all: String,
}

/// Returns the digest of a package's sources, found by its language, and of the lock file of its workspace: the one that its component
/// carries when it was built from them.
///
/// # Errors
/// When a source cannot be read, or there is none.
pub fn source_digest_of(package: &Path) -> io::Result<String> {
    let none = || io::Error::new(io::ErrorKind::NotFound, "there are no sources");
    let language = Language::of_package(package).ok_or_else(none)?;
    of(package, language).map(|digests| digests.all)
}

/// Returns the digests of a package in a language.
pub(super) fn of(package: &Path, language: Language) -> io::Result<Digests> {
    let package = &fs::canonicalize(package)?;
    let mut files = match language {
        Language::Rust => {
            let mut files = vec![package.join("Cargo.toml")];
            below(&package.join("src"), &|_| true, &mut files)?;
            files
        }
        _ => {
            let mut files = Vec::new();
            below(package, &|file| is_source(file, language), &mut files)?;
            files
        }
    };
    let world = package.join("wit");
    if world.is_dir() {
        below(&world, &|_| true, &mut files)?;
    }
    files.sort();
    files.dedup();
    let mut hasher = Sha256::new();
    for file in &files {
        let name = file.strip_prefix(package).unwrap_or(file).to_string_lossy().replace('\\', "/");
        add(&mut hasher, &name, &fs::read(file)?);
    }
    let sources = hex(&hasher.clone().finalize());
    let locks = package.ancestors().take(3).map(|folder| folder.join("Cargo.lock"));
    if let Some(lock) = locks.filter(|_| language == Language::Rust).find(|lock| lock.exists()) {
        add(&mut hasher, "Cargo.lock", &fs::read(lock)?);
    }
    Ok(Digests { sources, all: hex(&hasher.finalize()) })
}

/// Collects files, those of hidden folders and of tools left out.
fn below(folder: &Path, wanted: &dyn Fn(&Path) -> bool, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let path = entry.path();
        // A link to a folder may lead round in a circle.
        if entry.file_type()?.is_dir() {
            if !name.starts_with('.') && !PASSED_OVER.contains(&&*name) {
                below(&path, wanted, files)?;
            }
        } else if wanted(&path) && path.is_file() {
            files.push(path);
        }
    }
    Ok(())
}

fn is_source(file: &Path, language: Language) -> bool {
    let extensions: &[&str] = match language {
        Language::Rhai => &["rhai"],
        Language::Rust => &["rs"],
        Language::JavaScript => &["js", "mjs", "json"],
        Language::Python => &["py"],
        Language::C => &["c", "h"],
    };
    let named = language == Language::Python && file.file_name().is_some_and(|name| name == "requirements.txt");
    named || file.extension().is_some_and(|extension| extensions.iter().any(|known| extension == *known))
}

/// Lengths keep two files from passing for one.
fn add(hasher: &mut Sha256, name: &str, content: &[u8]) {
    hasher.update((name.len() as u64).to_le_bytes());
    hasher.update(name);
    hasher.update((content.len() as u64).to_le_bytes());
    hasher.update(content);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, file).unwrap();
        }
        folder
    }

    #[test]
    fn the_digest_follows_every_source() {
        let folder = package(&["Cargo.toml", "src/lib.rs"]);
        let digest = || source_digest_of(folder.path()).unwrap();
        let first = digest();
        assert_eq!((first.len(), digest()), (64, first.clone()));
        fs::write(folder.path().join("src/other.rs"), "").unwrap();
        let second = digest();
        assert_ne!(first, second);
        fs::write(folder.path().join("Cargo.lock"), "version = 4").unwrap();
        let third = digest();
        assert_ne!(second, third);
        fs::create_dir(folder.path().join("wit")).unwrap();
        fs::write(folder.path().join("wit/world.wit"), "package a:b;").unwrap();
        let fourth = digest();
        assert_ne!(third, fourth);
        for other in ["plugin.wasm", "README.md", "helper.py"] {
            fs::write(folder.path().join(other), "not a source").unwrap();
        }
        assert_eq!(digest(), fourth);
    }

    /// Adding `file` to a package changes its digest, or does not.
    #[track_caller]
    fn check(first: &str, file: &str, counts: bool) {
        let (before, after) = (package(&[first]), package(&[first, file]));
        let digest = |folder: &tempfile::TempDir| source_digest_of(folder.path()).unwrap();
        assert_eq!(digest(&before) != digest(&after), counts, "{first}, {file}");
    }

    #[test]
    fn every_language_has_sources_of_its_own() {
        check("plugin.js", "lib/names.mjs", true);
        check("plugin.js", "wit/world.wit", true);
        check("plugin.js", "node_modules/left/index.js", false);
        check("plugin.js", "cases/one.toml", false);
        check("plugin.py", "names.py", true);
        check("plugin.py", "requirements.txt", true);
        check("plugin.py", ".venv/lib/other.py", false);
        check("plugin.py", "__pycache__/plugin.py", false);
        check("plugin.c", "carnet.h", true);
        check("plugin.c", "plugin.wasm", false);
    }

    #[cfg(unix)]
    #[test]
    fn links_in_a_circle_are_not_followed() {
        let folder = package(&["plugin.py"]);
        std::os::unix::fs::symlink(folder.path(), folder.path().join("again")).unwrap();
        assert_eq!(source_digest_of(folder.path()).unwrap().len(), 64);
    }
}
