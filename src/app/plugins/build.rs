//! Building a WASM package from its Rust sources: cargo compiles, the result becomes a component, and the digest of the sources goes into it, so
//! that anybody can see whether the committed component is the sources' own.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use sha2::{Digest, Sha256};

use crate::app::failure::{Class, Failure};
use crate::domain::text::hex;
use crate::runtime::wasm::{componentize, with_source_digest};

/// The target of guests: no WASI, no system.
const TARGET: &str = "wasm32-unknown-unknown";

/// A component that was built.
#[derive(Debug)]
pub struct Built {
    /// Where it is.
    pub path: PathBuf,
    /// Its size in bytes.
    pub bytes: usize,
    /// SHA-256 of its sources, 64 hex digits.
    pub digest: String,
}

/// Builds `plugin.wasm` of a package with cargo (or the program that `CARGO` names).
///
/// # Errors
/// Usage, when the folder is no Rust package; rejected, when cargo fails, with the way to install what is missing.
pub fn build(package: &Path) -> Result<Built, Failure> {
    let manifest = package.join("Cargo.toml");
    if !manifest.exists() {
        let message = format!("`{}` has no Cargo.toml: it is no Rust package", package.display());
        return Err(Failure::new(Class::Usage, "NOT_RUST", message)
            .hint("name the folder of a plugin written in Rust, such as plugins/phone-repair"));
    }
    let manifest = fs::canonicalize(&manifest).map_err(|error| Failure::io("find", &manifest, &error))?;
    let digest = source_digest_of(package).map_err(|error| Failure::io("read the sources of", package, &error))?;
    let compiled = compile(&manifest)?;
    let code = fs::read(&compiled).map_err(|error| Failure::io("read", &compiled, &error))?;
    let component = with_source_digest(componentize(&code)?, &digest);
    let path = package.join("plugin.wasm");
    let part = package.join(".plugin.wasm.part");
    fs::write(&part, &component)
        .and_then(|()| fs::rename(&part, &path))
        .map_err(|error| Failure::io("write", &path, &error))?;
    Ok(Built { path, bytes: component.len(), digest })
}

/// Runs cargo and returns the file that it made.
fn compile(manifest: &Path) -> Result<PathBuf, Failure> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(&cargo)
        .args([
            "build",
            "--release",
            "--target",
            TARGET,
            "--message-format",
            "json-render-diagnostics",
            "--manifest-path",
        ])
        .arg(manifest)
        .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS", remapped_paths())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| Failure::io("run", Path::new(&cargo), &error))?;
    if !output.status.success() {
        return Err(Failure::new(Class::Rejected, "BUILD", format!("cargo could not build `{}`", manifest.display()))
            .hint(format!(
                "its messages are above; where the target is missing, `rustup target add {TARGET}` installs it"
            )));
    }
    made(&String::from_utf8_lossy(&output.stdout), manifest).ok_or_else(|| {
        Failure::new(Class::Rejected, "BUILD", "cargo made no .wasm file")
            .hint("set `crate-type = [\"cdylib\"]` under [lib] in Cargo.toml")
    })
}

/// Finds the component among what cargo tells that it made.
fn made(messages: &str, manifest: &Path) -> Option<PathBuf> {
    let artifacts = messages.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let own =
        artifacts.filter(|message| message["manifest_path"].as_str().is_some_and(|path| Path::new(path) == manifest));
    let files = own.flat_map(|message| message["filenames"].as_array().cloned().unwrap_or_default());
    files
        .filter_map(|file| file.as_str().map(PathBuf::from))
        .find(|file| file.extension().is_some_and(|extension| extension == "wasm"))
}

/// Names of this machine's folders stay out of the component, so that the same sources give the same bytes elsewhere.
fn remapped_paths() -> String {
    let home = std::env::var("HOME").unwrap_or_default();
    let cargo_home = std::env::var("CARGO_HOME").unwrap_or_else(|_| format!("{home}/.cargo"));
    let mut flags: Vec<String> = Vec::new();
    if !home.is_empty() {
        flags.push(format!("--remap-path-prefix={home}=/home"));
    }
    let registries = fs::read_dir(Path::new(&cargo_home).join("registry/src")).into_iter().flatten().flatten();
    flags.extend(registries.map(|entry| format!("--remap-path-prefix={}=/crates", entry.path().display())));
    flags.join(" ")
}

/// Returns the digest of a package's sources: its Cargo.toml and `src/`, and the lock file of its workspace.
///
/// # Errors
/// When a source cannot be read.
pub fn source_digest_of(package: &Path) -> io::Result<String> {
    let mut files = vec![package.join("Cargo.toml")];
    let mut folders = vec![package.join("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    let mut hasher = Sha256::new();
    for file in &files {
        let name = file.strip_prefix(package).unwrap_or(file).to_string_lossy().replace('\\', "/");
        add(&mut hasher, &name, &fs::read(file)?);
    }
    if let Some(lock) = package.ancestors().take(3).map(|folder| folder.join("Cargo.lock")).find(|lock| lock.exists()) {
        add(&mut hasher, "Cargo.lock", &fs::read(lock)?);
    }
    Ok(hex(&hasher.finalize()))
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

    #[test]
    fn the_digest_follows_every_source() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("src")).unwrap();
        fs::write(folder.path().join("Cargo.toml"), "[package]").unwrap();
        fs::write(folder.path().join("src/lib.rs"), "//! one").unwrap();
        let digest = || source_digest_of(folder.path()).unwrap();
        let first = digest();
        assert_eq!((first.len(), digest()), (64, first.clone()));
        fs::write(folder.path().join("src/other.rs"), "").unwrap();
        let second = digest();
        assert_ne!(first, second);
        fs::write(folder.path().join("Cargo.lock"), "version = 4").unwrap();
        assert_ne!(second, digest());
        fs::write(folder.path().join("plugin.wasm"), "not a source").unwrap();
        assert_eq!(digest().len(), 64);
    }

    #[test]
    fn the_component_is_found_among_cargos_messages() {
        let messages = "{\"reason\":\"compiler-artifact\",\"manifest_path\":\"/dep/Cargo.toml\",\"filenames\":[\"/t/dep.wasm\"]}\nnot json\n\
                        {\"reason\":\"compiler-artifact\",\"manifest_path\":\"/p/Cargo.toml\",\"filenames\":[\"/t/p.d\",\"/t/p.wasm\"]}\n";
        assert_eq!(made(messages, Path::new("/p/Cargo.toml")), Some(PathBuf::from("/t/p.wasm")));
        assert_eq!(made(messages, Path::new("/q/Cargo.toml")), None);
    }
}
