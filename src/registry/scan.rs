//! Looking into the folders: which packages there are, and reading one of them whole. Judging what was read is `activate`.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use sha2::{Digest, Sha256};

use super::Folders;
use crate::plugin::manifest::{MANIFEST_BYTES, MANIFEST_FILE};
use crate::plugin::package::{EngineKind, LoadError};

/// Most bytes of a component.
const WASM_BYTES: usize = 64 << 20;

/// Most bytes of a script.
const SCRIPT_BYTES: usize = 1 << 20;

/// Most bytes of a case.
const CASE_BYTES: usize = 256 << 10;

/// Most cases of a package.
const CASES: usize = 500;

/// The folder of a package's cases.
const CASES_FOLDER: &str = "cases";

/// Where a package is.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Place {
    /// Which of the folders: plugins come before scripts.
    root: PathBuf,
    /// The package's folder or file.
    pub(super) path: PathBuf,
    /// The engine of a lone file.
    lone: Option<EngineKind>,
}

/// What the folders hold.
#[derive(Debug, Default)]
pub(super) struct Places {
    /// Packages, plugins first, then scripts, each by name.
    pub(super) places: Vec<Place>,
    /// Folders that cannot be listed, with the reason; a folder that does not exist is one of them.
    pub(super) unreadable: Vec<(PathBuf, LoadError)>,
}

/// A package as it was read.
#[derive(Clone, Debug)]
pub(super) struct Source {
    /// Name of the folder or file.
    pub(super) name: String,
    pub(super) path: PathBuf,
    pub(super) engine: EngineKind,
    pub(super) code: Arc<[u8]>,
    pub(super) code_path: PathBuf,
    pub(super) manifest: Option<String>,
    /// Name and text of each case.
    pub(super) cases: Vec<(String, String)>,
    /// SHA-256 of code and manifest.
    pub(super) hash: String,
}

/// What of a file shows that it changed, without reading it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Stamp {
    pub(super) bytes: u64,
    pub(super) modified: Option<SystemTime>,
    /// Where its links lead: a swapped link is a change.
    pub(super) target: PathBuf,
}

impl Place {
    /// Takes a folder or file that somebody named, wherever it is.
    pub(super) fn named(path: &Path) -> Result<Self, LoadError> {
        let root = path.parent().unwrap_or(path).to_owned();
        let lone = if path.is_dir() { None } else { engine_of(path) };
        if lone.is_none() && !path.is_dir() {
            let hint = "name a package's folder, a component (.wasm) or a script (.rhai)";
            return Err(LoadError::new(format!("`{}` is no package", path.display())).hint(hint));
        }
        Ok(Self { root, path: path.to_owned(), lone })
    }

    /// Name of the folder or file, without extension.
    pub(super) fn name(&self) -> String {
        let name = if self.lone.is_some() { self.path.file_stem() } else { self.path.file_name() };
        name.unwrap_or_default().to_string_lossy().into_owned()
    }

    /// Files that count, whether or not they exist.
    fn files(&self) -> Vec<PathBuf> {
        if self.lone.is_some() {
            return vec![self.path.clone()];
        }
        let own = [MANIFEST_FILE, "plugin.wasm", "main.rhai"].map(|name| self.path.join(name));
        own.into_iter().chain(self.case_files().unwrap_or_default().into_iter().take(CASES + 1)).collect()
    }

    fn case_files(&self) -> io::Result<Vec<PathBuf>> {
        let folder = self.path.join(CASES_FOLDER);
        if self.lone.is_some() || !folder.is_dir() {
            return Ok(Vec::new());
        }
        let files: Vec<PathBuf> =
            list(&folder)?.into_iter().filter(|path| path.extension().is_some_and(|ext| ext == "toml")).collect();
        Ok(files)
    }

    /// Reads the package whole.
    pub(super) fn read(&self) -> Result<Source, LoadError> {
        let (engine, code_path) = self.code()?;
        let most = if engine == EngineKind::Wasm { WASM_BYTES } else { SCRIPT_BYTES };
        let code = self.read_file(&code_path, most)?;
        let manifest = match self.lone {
            Some(_) => None,
            None => Some(self.read_text(&self.path.join(MANIFEST_FILE), MANIFEST_BYTES)?),
        };
        let files = self.case_files().map_err(|error| failed(&self.path.join(CASES_FOLDER), &error))?;
        if files.len() > CASES {
            let message = format!("`{CASES_FOLDER}` holds {} cases, more than {CASES}", files.len());
            return Err(LoadError::new(message).hint("keep those that tell most"));
        }
        let case = |path: &PathBuf| {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            self.read_text(path, CASE_BYTES).map(|text| (name, text))
        };
        let cases = files.iter().map(case).collect::<Result<_, _>>()?;
        let hash = sha256(&[&code, manifest.as_deref().unwrap_or_default().as_bytes()]);
        Ok(Source {
            name: self.name(),
            path: self.path.clone(),
            engine,
            code: code.into(),
            code_path,
            manifest,
            cases,
            hash,
        })
    }

    /// Finds the one file of code.
    fn code(&self) -> Result<(EngineKind, PathBuf), LoadError> {
        if let Some(engine) = self.lone {
            return Ok((engine, self.path.clone()));
        }
        let (wasm, script) = (self.path.join("plugin.wasm"), self.path.join("main.rhai"));
        match (wasm.exists(), script.exists()) {
            (true, false) => Ok((EngineKind::Wasm, wasm)),
            (false, true) => Ok((EngineKind::Rhai, script)),
            (true, true) => Err(LoadError::new("it holds both `plugin.wasm` and `main.rhai`").hint("keep one of them")),
            (false, false) => {
                Err(LoadError::new("it holds neither `plugin.wasm` nor `main.rhai`").hint(self.how_to_get_code()))
            }
        }
    }

    fn how_to_get_code(&self) -> String {
        if self.path.join("Cargo.toml").exists() {
            format!("build it: `carnet plugin build {}`", self.name())
        } else {
            "add the component or the script; both have fixed names".to_owned()
        }
    }

    fn read_text(&self, path: &Path, most: usize) -> Result<String, LoadError> {
        let bytes = self.read_file(path, most)?;
        String::from_utf8(bytes).map_err(|_| LoadError::new(format!("`{}` is not UTF-8", base_name(path))))
    }

    /// Reads a regular file of the package that no link takes out of it.
    fn read_file(&self, path: &Path, most: usize) -> Result<Vec<u8>, LoadError> {
        let fail = |error: io::Error| failed(path, &error);
        let target = path.canonicalize().map_err(fail)?;
        let inside = |folder: &Path| folder.canonicalize().is_ok_and(|folder| target.starts_with(folder));
        if !inside(&self.path) && !inside(&self.root) {
            let message = format!("`{}` is a link that leads out of the package", base_name(path));
            return Err(LoadError::new(message).hint("put the file itself there"));
        }
        // Opening a pipe would wait for its other end.
        if !target.metadata().map_err(fail)?.is_file() {
            return Err(LoadError::new(format!("`{}` is not a file", base_name(path))));
        }
        let mut bytes = Vec::new();
        File::open(&target).and_then(|file| file.take(most as u64 + 1).read_to_end(&mut bytes)).map_err(fail)?;
        if bytes.len() > most {
            return Err(LoadError::new(format!("`{}` has more than {most} bytes", base_name(path))));
        }
        Ok(bytes)
    }
}

/// Lists the packages of both folders.
pub(super) fn places(folders: &Folders) -> Places {
    let mut found = Places::default();
    for root in [&folders.plugins, &folders.scripts] {
        match list(root) {
            Ok(paths) => found.places.extend(paths.into_iter().filter_map(|path| place(root, path))),
            Err(error) => found.unreadable.push((root.clone(), failed(root, &error))),
        }
    }
    found
}

/// A folder with a manifest or a lone file of code is a package; anything else is none.
fn place(root: &Path, path: PathBuf) -> Option<Place> {
    let lone = engine_of(&path).filter(|_| !path.is_dir());
    (lone.is_some() || path.join(MANIFEST_FILE).exists()).then(|| Place { root: root.to_owned(), path, lone })
}

/// Returns what shows a change, for each file that counts.
pub(super) fn stamps(folders: &Folders) -> BTreeMap<PathBuf, Stamp> {
    let files = places(folders).places.into_iter().flat_map(|place| place.files());
    files.filter_map(|path| stamp(&path).map(|stamp| (path, stamp))).collect()
}

fn stamp(path: &Path) -> Option<Stamp> {
    let target = path.canonicalize().ok()?;
    let metadata = target.metadata().ok()?;
    Some(Stamp { bytes: metadata.len(), modified: metadata.modified().ok(), target })
}

/// Returns the folders in which a change may matter: both roots, their packages, and the cases of those. Build output is left out.
pub(super) fn watched(folders: &Folders) -> Vec<PathBuf> {
    let mut watched = Vec::new();
    for root in [&folders.plugins, &folders.scripts] {
        if !root.is_dir() {
            continue;
        }
        watched.push(root.clone());
        let below =
            list(root).unwrap_or_default().into_iter().filter(|path| path.is_dir() && !path.ends_with("target"));
        for folder in below {
            let cases = folder.join(CASES_FOLDER);
            watched.push(folder);
            watched.extend(cases.is_dir().then_some(cases));
        }
    }
    watched
}

/// Lists a folder by name, without what editors and systems leave there for a moment.
fn list(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if !is_passing(&entry.file_name().to_string_lossy()) {
            paths.push(entry.path());
        }
    }
    paths.sort();
    Ok(paths)
}

/// Dotfiles, and the temporary files of editors (`4913` is one that vim tries a folder with).
fn is_passing(name: &str) -> bool {
    name.starts_with(['.', '#'])
        || name.ends_with('~')
        || name == "4913"
        || [".tmp", ".swp", ".part"].iter().any(|end| name.ends_with(end))
}

fn engine_of(path: &Path) -> Option<EngineKind> {
    match path.extension()?.to_str()? {
        "wasm" => Some(EngineKind::Wasm),
        "rhai" => Some(EngineKind::Rhai),
        _ => None,
    }
}

fn failed(path: &Path, error: &io::Error) -> LoadError {
    LoadError::new(format!("`{}` cannot be read: {error}", base_name(path)))
}

fn base_name(path: &Path) -> std::borrow::Cow<'_, str> {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy()
}

/// Hashes parts so that no two different lists of parts look alike; 64 hex digits.
pub(super) fn sha256(parts: &[&[u8]]) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    crate::domain::text::hex(&hasher.finalize())
}
