//! The compile cache: faster when it works, and never in the way.

use std::fs;
use std::path::Path;

use crate::runtime::wasm::{Settings, WasmRuntime};

use super::guests::{ACCEPT, hook};
use super::kit::{BUDGET, package};

fn loads(folder: &Path) {
    let runtime = WasmRuntime::new(Settings { cache_dir: Some(folder.to_owned()) }).unwrap();
    assert!(runtime.load(&package(hook(ACCEPT), BUDGET)).is_ok());
}

fn files_under(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files_under(&path) } else { vec![path] }).collect()
}

#[test]
fn a_damaged_cache_is_a_miss() {
    let folder = tempfile::tempdir().unwrap();
    loads(folder.path());
    let compiled = || {
        let files = files_under(&folder.path().join("compiled/modules"));
        files.into_iter().find(|path| path.extension().is_none()).expect("compiled code")
    };
    let sound = fs::read(compiled()).unwrap();
    // A flipped bit goes unnoticed by the engine, and would be run.
    let mut flipped = sound.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 0x10;
    for damage in [&b""[..], b"nonsense", &sound[..sound.len() / 2], &flipped] {
        fs::write(compiled(), damage).unwrap();
        loads(folder.path());
        assert_eq!(fs::read(compiled()).unwrap(), sound);
    }
    // What came from elsewhere has no seal.
    let foreign = compiled().with_file_name("foreign");
    fs::write(&foreign, &sound).unwrap();
    files_under(&folder.path().join("seals")).iter().for_each(|seal| fs::write(seal, "0".repeat(64)).unwrap());
    loads(folder.path());
    assert!(!foreign.exists());
    assert_eq!(fs::read(compiled()).unwrap(), sound);
}

#[test]
fn several_may_use_it_at_once() {
    let folder = tempfile::tempdir().unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| loads(folder.path()));
        }
    });
    loads(folder.path());
}

#[test]
fn a_cache_that_cannot_be_written_is_none() {
    let file = tempfile::NamedTempFile::new().unwrap();
    loads(file.path());
    loads(&file.path().join("below"));
}
