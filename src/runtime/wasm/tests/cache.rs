//! The compile cache: faster when it works, and never in the way.

use std::fs;
use std::path::Path;

use crate::runtime::wasm::{Settings, WasmRuntime};

use super::kit::{ACCEPT, BUDGET, creator, package};

fn loads(folder: &Path) {
    let runtime = WasmRuntime::new(Settings { cache_dir: Some(folder.to_owned()) }).unwrap();
    assert!(runtime.load(&package(creator(ACCEPT, ""), BUDGET)).is_ok());
}

fn files_under(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files_under(&path) } else { vec![path] }).collect()
}

#[test]
fn a_damaged_cache_is_a_miss() {
    let folder = tempfile::tempdir().unwrap();
    loads(folder.path());
    let files = files_under(folder.path());
    assert!(!files.is_empty());
    for damage in [&b""[..], b"nonsense"] {
        files.iter().for_each(|file| fs::write(file, damage).unwrap());
        loads(folder.path());
    }
}

#[test]
fn a_cache_that_cannot_be_written_is_none() {
    let file = tempfile::NamedTempFile::new().unwrap();
    loads(file.path());
    loads(&file.path().join("below"));
}
