//! Rust, by cargo, or the program that `CARGO` names: the linker may give a core module or a component.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::Place;
use super::tool::{find, missing};
use crate::app::failure::{Class, Failure};

/// The target of guests: no WASI, no system.
const TARGET: &str = "wasm32-unknown-unknown";

/// Compiles the package and returns what cargo made.
pub(super) fn compile(place: &Place<'_>) -> Result<Vec<u8>, Failure> {
    let made = cargo(&place.full.join("Cargo.toml"), place.given)?;
    fs::read(&made).map_err(|error| Failure::io("read", &made, &error))
}

/// Runs cargo and returns the file that it made.
fn cargo(manifest: &Path, package: &Path) -> Result<PathBuf, Failure> {
    let cargo = program()?;
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
        return Err(Failure::new(Class::Rejected, "BUILD", format!("cargo could not build `{}`", package.display()))
            .hint(format!(
                "its messages are above; where the target is missing, `rustup target add {TARGET}` installs it"
            )));
    }
    made(&String::from_utf8_lossy(&output.stdout), manifest).ok_or_else(|| {
        Failure::new(Class::Rejected, "BUILD", "cargo made no .wasm file")
            .hint("set `crate-type = [\"cdylib\"]` under [lib] in Cargo.toml")
    })
}

/// Finds cargo. What `CARGO` names is taken at its word.
fn program() -> Result<PathBuf, Failure> {
    if let Some(named) = std::env::var_os("CARGO").filter(|named| !named.is_empty()) {
        return Ok(named.into());
    }
    find("cargo", &[]).ok_or_else(|| {
        let install = format!("see https://rustup.rs, then `rustup target add {TARGET}`");
        missing("cargo, which builds Rust,", "`cargo` in PATH, and what CARGO names", &install)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_component_is_found_among_cargos_messages() {
        let messages = "{\"reason\":\"compiler-artifact\",\"manifest_path\":\"/dep/Cargo.toml\",\"filenames\":[\"/t/dep.wasm\"]}\nnot json\n\
                        {\"reason\":\"compiler-artifact\",\"manifest_path\":\"/p/Cargo.toml\",\"filenames\":[\"/t/p.d\",\"/t/p.wasm\"]}\n";
        assert_eq!(made(messages, Path::new("/p/Cargo.toml")), Some(PathBuf::from("/t/p.wasm")));
        assert_eq!(made(messages, Path::new("/q/Cargo.toml")), None);
    }
}
