//! What a package is written in, which of its files are sources, and their digest, which tells whether a component was made of what lies
//! beside it. Building from them is done above.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::domain::text::hex;

/// Folders of what tools fetch and make; hidden ones are passed over as well.
const FETCHED: [&str; 3] = ["node_modules", "target", "__pycache__"];

/// A language of plugins.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Language {
    /// A script, run as it is.
    Rhai,
    /// Compiled by cargo.
    Rust,
    /// Built by componentize-js.
    JavaScript,
    /// Built by componentize-py.
    Python,
    /// Compiled by clang or zig.
    C,
}

impl Language {
    /// All languages, the nearest at hand first.
    pub const ALL: [Self; 5] = [Self::Rhai, Self::Rust, Self::JavaScript, Self::Python, Self::C];

    /// Returns its name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rhai => "rhai",
            Self::Rust => "rust",
            Self::JavaScript => "js",
            Self::Python => "python",
            Self::C => "c",
        }
    }

    /// Returns its name in sentences.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Rhai => "Rhai",
            Self::Rust => "Rust",
            Self::JavaScript => "JavaScript",
            Self::Python => "Python",
            Self::C => "C",
        }
    }

    /// Finds the language of a package by what lies in its folder. Beside a component, files alone say nothing, for they may be anybody's:
    /// there, a world in `wit/` says that they are what it is built from.
    #[must_use]
    pub fn of_package(package: &Path) -> Option<Self> {
        let has = |name: &str| package.join(name).is_file();
        if has("main.rhai") {
            Some(Self::Rhai)
        } else if has("Cargo.toml") {
            Some(Self::Rust)
        } else if has("package.json") {
            Some(Self::JavaScript)
        } else if has("plugin.wasm") && !package.join("wit").is_dir() {
            None
        } else {
            Self::by_files(package)
        }
    }

    /// Those that are built from a folder without a file that names them. What is in `src/` counts where the tool looks there.
    fn by_files(package: &Path) -> Option<Self> {
        let src = package.join("src");
        let holds = |folder: &Path, extensions: &[&str]| {
            let files = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
            files.filter(|file| !is_hidden(file)).any(|file| has_extension(&file, extensions))
        };
        if holds(package, &["js", "mjs"]) || src.join("index.js").is_file() {
            Some(Self::JavaScript)
        } else if holds(package, &["py"]) {
            Some(Self::Python)
        } else if holds(package, &["c"]) || holds(&src, &["c"]) {
            Some(Self::C)
        } else {
            None
        }
    }

    /// Says whether a file is one that people write in this language.
    #[must_use]
    pub fn writes(self, file: &Path) -> bool {
        let extensions: &[&str] = match self {
            Self::Rhai => &["rhai"],
            Self::Rust => &["rs"],
            Self::JavaScript => &["js", "mjs", "json"],
            Self::Python => &["py"],
            Self::C => &["c", "h"],
        };
        let named = self == Self::Python && file.file_name().is_some_and(|name| name == "requirements.txt");
        named || has_extension(file, extensions)
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Returns the language from which a package's component is built; `None` for a script, and for a component without sources.
#[must_use]
pub fn built_from(package: &Path) -> Option<Language> {
    Language::of_package(package).filter(|language| *language != Language::Rhai)
}

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
    digests_of(package, language).map(|digests| digests.all)
}

/// Returns the digests of a package in a language.
///
/// # Errors
/// When a source cannot be read.
pub fn digests_of(package: &Path, language: Language) -> io::Result<Digests> {
    let package = &fs::canonicalize(package)?;
    let mut hasher = Sha256::new();
    for file in files(package, language)? {
        let name = file.strip_prefix(package).unwrap_or(&file).to_string_lossy().replace('\\', "/");
        add(&mut hasher, &name, &fs::read(&file)?);
    }
    let sources = hex(&hasher.clone().finalize());
    let locks = package.ancestors().take(3).map(|folder| folder.join("Cargo.lock"));
    if let Some(lock) = locks.filter(|_| language == Language::Rust).find(|lock| lock.exists()) {
        add(&mut hasher, "Cargo.lock", &fs::read(lock)?);
    }
    Ok(Digests { sources, all: hex(&hasher.finalize()) })
}

/// Lists what a component is made of, in a fixed order.
fn files(package: &Path, language: Language) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    if language == Language::Rust {
        files.push(package.join("Cargo.toml"));
        below(&package.join("src"), &|_| true, &mut files)?;
    } else {
        below(package, &|file| language.writes(file), &mut files)?;
    }
    let world = package.join("wit");
    if world.is_dir() {
        below(&world, &|_| true, &mut files)?;
    }
    files.sort();
    files.dedup();
    Ok(files)
}

/// Collects files; cases are no sources, and what tools fetch and make is none of the package's own.
fn below(folder: &Path, wanted: &dyn Fn(&Path) -> bool, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        // A link to a folder may lead round in a circle.
        if entry.file_type()?.is_dir() {
            if !is_fetched(&path) && !path.ends_with("cases") {
                below(&path, wanted, files)?;
            }
        } else if wanted(&path) && path.is_file() {
            files.push(path);
        }
    }
    Ok(())
}

/// Says whether a folder holds what tools fetch and make: libraries, builds, virtual environments by whatever name.
pub(super) fn is_fetched(folder: &Path) -> bool {
    is_hidden(folder) || FETCHED.iter().any(|name| folder.ends_with(name)) || folder.join("pyvenv.cfg").exists()
}

fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'))
}

fn has_extension(file: &Path, extensions: &[&str]) -> bool {
    file.extension().is_some_and(|extension| extensions.iter().any(|known| extension == *known))
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

    #[track_caller]
    fn written_in(files: &[&str], language: Option<Language>) {
        assert_eq!(Language::of_package(package(files).path()), language, "{files:?}");
    }

    #[test]
    fn the_language_shows_in_the_files() {
        written_in(&["main.rhai", "Cargo.toml"], Some(Language::Rhai));
        written_in(&["Cargo.toml", "package.json", "tidy.py"], Some(Language::Rust));
        written_in(&["package.json", "tidy.py"], Some(Language::JavaScript));
        written_in(&["src/index.js"], Some(Language::JavaScript));
        written_in(&["plugin.py", "plugin.c"], Some(Language::Python));
        written_in(&["src/plugin.c"], Some(Language::C));
        written_in(&["src/plugin.py", "plugin.toml", ".hidden.py"], None);
        // A component from elsewhere with a file beside it.
        written_in(&["plugin.wasm", "tidy.py"], None);
        written_in(&["plugin.wasm", "plugin.py", "wit/world.wit"], Some(Language::Python));
        written_in(&["plugin.wasm", "Cargo.toml"], Some(Language::Rust));
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
        check("plugin.c", "plugin.wasm.part", false);
    }

    #[test]
    fn a_virtual_environment_holds_no_sources_whatever_its_name() {
        let folder = package(&["plugin.py", "env/pyvenv.cfg"]);
        let before = source_digest_of(folder.path()).unwrap();
        fs::write(folder.path().join("env/six.py"), "").unwrap();
        assert_eq!(source_digest_of(folder.path()).unwrap(), before);
    }

    #[cfg(unix)]
    #[test]
    fn links_in_a_circle_are_not_followed() {
        let folder = package(&["plugin.py"]);
        std::os::unix::fs::symlink(folder.path(), folder.path().join("again")).unwrap();
        assert_eq!(source_digest_of(folder.path()).unwrap().len(), 64);
    }
}
