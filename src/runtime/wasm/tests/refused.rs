//! Bytes that are no plugin for this host, told before they run and mostly before they are compiled.

use crate::plugin::hook::Hook;
use crate::plugin::package::{Grants, LoadError};
use crate::runtime::wasm::{componentize, hooks_of, source_digest, with_source_digest};

use super::guests::{ACCEPT, PRELUDE, REALLOC, foreign_component, hook};
use super::kit::{BUDGET, hook_guest, load, package, runtime};

#[track_caller]
fn refused(code: Vec<u8>, words: &str, hint: &str) -> LoadError {
    let error = load(code).err().expect("it should not have been loaded");
    assert!(error.message.contains(words), "{error}");
    assert!(error.hint.as_deref().unwrap_or_default().contains(hint), "{:?}", error.hint);
    error
}

#[test]
fn bytes_that_are_no_component() {
    refused(Vec::new(), "not a WebAssembly component", "still being written");
    refused(b"some words that are long enough".to_vec(), "not a WebAssembly component", "damaged");
    refused(vec![0; (64 << 20) + 1], "67108865 bytes is larger than 67108864", "leave out");
    refused(wat::parse_str("(module)").unwrap(), "core WebAssembly module", "carnet plugin build");
    refused(wat::parse_str("(component)").unwrap(), "no hook", "on-create");
}

#[test]
fn truncated_components_are_refused() {
    let whole = hook(ACCEPT);
    // Behind the export of the hook there is nothing that a plugin needs.
    let exported = whole.windows(9).rposition(|bytes| bytes == b"on-create").unwrap();
    for end in (0..exported).step_by(7) {
        assert!(load(whole[..end].to_vec()).is_err(), "cut at {end}");
    }
}

#[test]
fn flipped_bits_never_panic() {
    let whole = hook(ACCEPT);
    for at in (0..whole.len()).step_by(23) {
        let mut code = whole.clone();
        code[at] ^= 0x55;
        drop(load(code));
    }
}

const TYPES: &str = "variant verdict { accept, reject(list<string>) } resource contact { id: func() -> string; }";

fn foreign(version: &str, hook: &str, export: &str) -> Vec<u8> {
    let wit = format!(
        "package carnet:plugin@{version}; interface things {{ {TYPES} }} interface on-create {{ use things.{{contact, verdict}}; {hook} }}"
    );
    let world = format!("package test:guest; world guest {{ export carnet:plugin/on-create@{version}; }}");
    let core = format!(
        r#"(module (memory (export "memory") 1) {REALLOC_ONLY}
             (func (export "carnet:plugin/on-create@{version}#{export}") (param i32) (result i32) (i32.const 0)))"#
    );
    foreign_component(&core, &wit, &world)
}

const REALLOC_ONLY: &str = r#"(func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 64))"#;
const CREATE: &str = "create: func(contact: borrow<contact>) -> verdict;";

#[test]
fn another_version_is_told_by_version() {
    refused(
        foreign("0.2.0", CREATE, "create"),
        "made for carnet:plugin 0.2.0, this Carnet speaks 0.1.0",
        "build the plugin",
    );
    refused(foreign("1.1.0", CREATE, "create"), "made for carnet:plugin 1.1.0", "another version");
    // A patch version is spoken; what is wrong here is its types.
    refused(foreign("0.1.7", CREATE, "create"), "another type", "wit/");
}

#[test]
fn an_export_of_another_shape_is_told() {
    refused(foreign("0.1.0", CREATE, "create"), "`create` has another type", "wit/");
    let other = "make: func(contact: borrow<contact>) -> verdict;";
    refused(foreign("0.1.0", other, "make"), "no function `create`", "wit/");
}

#[test]
fn foreign_imports_are_named() {
    let import = |wit: &str, name: &str, func: &str| {
        let world = format!("package test:guest; world guest {{ import {name}; }}");
        let core = format!(r#"(module (import "{name}" "{func}" (func $f)) (func (export "run") (call $f)))"#);
        // Nothing need be exported: imports are looked at first.
        foreign_component(&core, wit, &world)
    };
    // Of the WASI that is there, only the hook is missing.
    let wasi = import("package wasi:cli@0.2.0; interface hello { go: func(); }", "wasi:cli/hello@0.2.0", "go");
    refused(wasi, "it has no hook", "on-create");
    let newer = import("package wasi:cli@0.3.0; interface hello { go: func(); }", "wasi:cli/hello@0.3.0", "go");
    refused(newer, "`wasi:cli/hello@0.3.0`", "empty 0.2");
    let more =
        import("package wasi:keyvalue@0.2.0; interface store { go: func(); }", "wasi:keyvalue/store@0.2.0", "go");
    refused(more, "`wasi:keyvalue/store@0.2.0`", "empty 0.2");
    let other = import("package my:house; interface hello { go: func(); }", "my:house/hello", "go");
    refused(other, "`my:house/hello`", "nothing else");
}

#[test]
fn what_is_not_granted_is_not_linked() {
    let find =
        "(call $find (i32.const 128) (i32.const 5) (i32.const 16) (i32.const 6) (i32.const 20) (i32.const 2048))";
    let mut package = package(hook(&format!("{find} {ACCEPT}")), BUDGET);
    assert!(runtime().load(&package).is_ok());
    package.grants = Grants { lookup: false, state: true };
    let error = runtime().load(&package).err().unwrap();
    assert_eq!(error.message, "it asks for `lookup`, which is not granted");
    assert_eq!(error.hint.as_deref(), Some("add grants = [\"lookup\"] under [plugins.tester] in carnet.toml"));
}

#[test]
fn nested_components_are_bounded() {
    let deep = format!("{}{}", "(component ".repeat(90), ")".repeat(90));
    refused(wat::parse_str(&deep).unwrap(), "", "");
    let many = format!("(component {})", "(core module (memory 1))".repeat(2000));
    refused(wat::parse_str(&many).unwrap(), "no hook", "");
}

#[test]
fn hooks_are_seen_without_compiling() {
    let delete =
        format!(r#"(func (export "carnet:plugin/on-delete@0.1.0#delete") (param $contact i32) (result i32) {ACCEPT})"#);
    let hooks = hooks_of(&hook_guest("on-delete", &delete)).unwrap();
    assert_eq!(hooks.iter().collect::<Vec<_>>(), [Hook::Delete]);
}

#[test]
fn a_core_module_with_its_world_becomes_a_component() {
    let component = hook(ACCEPT);
    assert_eq!(componentize(&component).unwrap(), component);
    let bare = wat::parse_str(format!("(module {PRELUDE} {REALLOC})")).unwrap();
    let error = componentize(&bare).unwrap_err();
    assert!(error.message.contains("cannot become a component"), "{error}");
}

#[test]
fn the_digest_of_the_source_is_kept_in_the_component() {
    let plain = hook(ACCEPT);
    assert_eq!(source_digest(&plain), None);
    let first = with_source_digest(plain.clone(), "aaaa");
    assert_eq!(source_digest(&first).as_deref(), Some("aaaa"));
    let second = with_source_digest(first, "bb");
    assert_eq!(source_digest(&second).as_deref(), Some("bb"));
    assert_eq!(second.len(), with_source_digest(plain, "cc").len());
    assert!(load(second).is_ok());
    assert_eq!(with_source_digest(vec![1, 2], "x"), [1, 2]);
}
