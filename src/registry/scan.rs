//! Looking into the folders: which packages there are, and reading one of them whole. Judging what was read is `activate`.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use sha2::{Digest, Sha256};

use super::Folders;
use super::shelf::{At, Packed};
use super::sources::built_from;
use crate::plugin::manifest::{MANIFEST_BYTES, MANIFEST_FILE, Manifest};
use crate::plugin::package::{EngineKind, LoadError};
use crate::plugin::signature::{SIGNATURE_BYTES, SIGNATURE_FILE, lone_signature};

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
    /// Folders that were listed.
    pub(super) looked_into: Vec<PathBuf>,
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
    /// The detached signature of code and manifest, if there is one.
    pub(super) signature: Option<String>,
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
    /// Where the system tells: which file it is, and when anything about it changed last, who may read it included.
    pub(super) inode: (u64, i64, i64),
    /// Where its links lead: a swapped link is a change.
    pub(super) target: PathBuf,
}

impl Source {
    /// The files that a signature is for: the manifest first, where there is one.
    pub(super) fn signed_files(&self) -> Vec<(String, &[u8])> {
        let manifest = self.manifest.as_ref().map(|text| (MANIFEST_FILE.to_owned(), text.as_bytes()));
        manifest.into_iter().chain([(base_name(&self.code_path).into_owned(), &*self.code)]).collect()
    }
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
        // A name is shown to people: what would move their cursor is not.
        name.unwrap_or_default().to_string_lossy().replace(char::is_control, "\u{fffd}")
    }

    /// Files that count, whether or not they exist.
    fn files(&self) -> Vec<PathBuf> {
        if self.lone.is_some() {
            return vec![self.path.clone(), self.signature_path()];
        }
        let own = [MANIFEST_FILE, "plugin.wasm", "main.rhai", SIGNATURE_FILE].map(|name| self.path.join(name));
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
        let signature_path = self.signature_path();
        let signature = match signature_path.symlink_metadata() {
            Ok(_) => Some(self.read_text(&signature_path, SIGNATURE_BYTES)?),
            Err(_) => None,
        };
        let hash = content_hash(&code, manifest.as_deref());
        Ok(Source {
            name: self.name(),
            path: self.path.clone(),
            engine,
            code: code.into(),
            code_path,
            manifest,
            signature,
            cases,
            hash,
        })
    }

    /// Where it is, for the shelf.
    pub(super) fn at(&self, folders: &Folders) -> At {
        At { scripts: self.root != folders.plugins, entry: base_name(&self.path).into_owned() }
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

    fn signature_path(&self) -> PathBuf {
        match self.lone {
            Some(_) => self.path.with_file_name(lone_signature(&base_name(&self.path))),
            None => self.path.join(SIGNATURE_FILE),
        }
    }

    /// Returns the manifest of a package of which there are sources, and no code yet.
    pub(super) fn unbuilt(&self) -> Option<Manifest> {
        let code = ["plugin.wasm", "main.rhai"].into_iter().any(|name| self.path.join(name).symlink_metadata().is_ok());
        if code || self.lone.is_some() || built_from(&self.path).is_none() {
            return None;
        }
        Manifest::parse(&self.read_text(&self.path.join(MANIFEST_FILE), MANIFEST_BYTES).ok()?, &self.name()).ok()
    }

    fn how_to_get_code(&self) -> String {
        if built_from(&self.path).is_some() {
            let folder = Path::new(self.root.file_name().unwrap_or_default()).join(self.name());
            format!("build it: `carnet plugin build {}`", folder.display())
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
        read_regular(&target, most).map_err(|error| match error.kind() {
            io::ErrorKind::InvalidInput => LoadError::new(format!("`{}` is not a file", base_name(path))),
            io::ErrorKind::FileTooLarge => LoadError::new(format!("`{}` has more than {most} bytes", base_name(path))),
            _ => fail(error),
        })
    }
}

/// Reads a regular file of at most so many bytes; anything else is invalid input.
pub(super) fn read_regular(path: &Path, most: usize) -> io::Result<Vec<u8>> {
    // Opening a pipe would wait for its other end.
    let data = path.metadata()?;
    if !data.is_file() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let mut bytes = Vec::with_capacity(usize::try_from(data.len()).unwrap_or(most).min(most) + 1);
    File::open(path)?.take(most as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > most { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(bytes) }
}

impl Source {
    /// Returns what the shelf keeps of it: all but the cases. Whatever else decides whether it may serve belongs here, too.
    pub(super) fn pack(&self) -> Packed {
        let code = (base_name(&self.code_path).into_owned(), self.code.to_vec());
        let manifest = self.manifest.as_ref().map(|text| (MANIFEST_FILE.to_owned(), text.clone().into_bytes()));
        let signature = self.signature.as_ref().map(|text| (SIGNATURE_FILE.to_owned(), text.clone().into_bytes()));
        Packed { name: self.name.clone(), files: manifest.into_iter().chain([code]).chain(signature).collect() }
    }

    /// Makes it of what was on the shelf, for the place where its package was.
    pub(super) fn unpack(packed: Packed, path: &Path) -> Result<Self, LoadError> {
        let (mut manifest, mut signature, mut code) = (None, None, None);
        let text = |bytes| String::from_utf8(bytes).map_err(|_| LoadError::new("its kept copy is damaged"));
        for (name, bytes) in packed.files {
            if name == MANIFEST_FILE {
                manifest = Some(text(bytes)?);
            } else if name == SIGNATURE_FILE {
                signature = Some(text(bytes)?);
            } else if let Some(engine) = engine_of(Path::new(&name)) {
                code = Some((engine, name, bytes));
            }
        }
        let (engine, file, code) = code.ok_or_else(|| LoadError::new("its kept copy is damaged"))?;
        let code_path = if manifest.is_some() { path.join(file) } else { path.to_owned() };
        let hash = content_hash(&code, manifest.as_deref());
        let name = packed.name;
        Ok(Self {
            name,
            path: path.to_owned(),
            engine,
            code: code.into(),
            code_path,
            manifest,
            signature,
            cases: Vec::new(),
            hash,
        })
    }
}

/// Hash of what a plugin is.
fn content_hash(code: &[u8], manifest: Option<&str>) -> String {
    sha256(&[code, manifest.unwrap_or_default().as_bytes()])
}

/// Lists the packages of both folders.
pub(super) fn places(folders: &Folders) -> Places {
    let mut found = Places::default();
    for root in [&folders.plugins, &folders.scripts] {
        match list(root) {
            Ok(paths) => {
                found.looked_into.push(root.clone());
                found.places.extend(paths.into_iter().filter_map(|path| place(root, path)));
            }
            Err(error) => {
                let hint =
                    "bring the folder back; to remove the plugins that were in it, put an empty one in its place";
                found.unreadable.push((root.clone(), failed(root, &error).hint(hint)));
            }
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

pub(super) fn stamp(path: &Path) -> Option<Stamp> {
    let target = path.canonicalize().ok()?;
    let metadata = target.metadata().ok()?;
    Some(Stamp { bytes: metadata.len(), modified: metadata.modified().ok(), inode: inode(&metadata), target })
}

#[cfg(unix)]
pub(super) fn inode(metadata: &fs::Metadata) -> (u64, i64, i64) {
    use std::os::unix::fs::MetadataExt;
    (metadata.ino(), metadata.ctime(), metadata.ctime_nsec())
}

#[cfg(not(unix))]
pub(super) fn inode(_: &fs::Metadata) -> (u64, i64, i64) {
    Default::default()
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
pub(super) fn is_passing(name: &str) -> bool {
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
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
    if name.contains(char::is_control) { name.replace(char::is_control, "\u{fffd}").into() } else { name }
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
