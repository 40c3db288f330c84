//! Files that are no plugin, or none of ours.

use super::End::{Harmless, Refused};
use super::guests::wasm;
use super::kit::{ACCEPT, REALLOC, foreign_component, guest, hook, section};
use super::{Attack, PATIENT};

pub fn attacks() -> Vec<Attack> {
    let file = |name, limit, words, code: fn() -> Vec<u8>| wasm(name, ("file", limit), Refused(words), PATIENT, code);
    let mut all = vec![
        file("an empty file", "format", "not a WebAssembly component", Vec::new),
        file("wrong magic", "format", "not a WebAssembly component", || {
            [b"\0msa\x0d\0\x01\0", &hook(ACCEPT)[8..]].concat()
        }),
        file("an unknown version of the format", "format", "not a WebAssembly component", || {
            [b"\0asm\x0e\0\x01\0", &hook(ACCEPT)[8..]].concat()
        }),
        file("100 MB of nothing", "64 MiB", "larger than", || vec![0; 100 << 20]),
        file("100 MB of a component", "64 MiB", "larger than", || padded(100 << 20)),
        file("a core module", "format", "core WebAssembly module", || wat::parse_str("(module)").expect("a module")),
        file("a component without hooks", "hooks", "no hook", || wat::parse_str("(component)").expect("a component")),
        file("a machine's own program", "format", "not a WebAssembly component", || {
            b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0".to_vec()
        }),
        file("another version of the contract", "version", "made for carnet:plugin 0.2.0", || other("0.2.0", "create")),
        file("a contract without a version", "version", "made for carnet:plugin", || other("0.0.1", "create")),
        file("a hook of another type", "types", "another type", || other("0.1.0", "create")),
        file("a hook without its function", "types", "no function `create`", || other("0.1.0", "make")),
        file("an import that nobody has", "imports", "`my:house/hello`", || {
            imports("my:house/hello", "package my:house;")
        }),
        file("an import of our own that does not exist", "imports", "", || {
            imports("carnet:plugin/hello@0.1.0", "package carnet:plugin@0.1.0;")
        }),
        file("an import with a name of 90 KB", "bytes of a message", "`my:house/", || {
            let name = format!("my:house/h{}", "ello".repeat(22_500));
            let house = format!("(component (import \"{name}\" (instance)))");
            wat::parse_str(house).expect("a component")
        }),
        wasm("a custom section of 50 MB", ("file", "nothing: it is passed over"), Harmless, PATIENT, || {
            padded(50 << 20)
        }),
        wasm("function names that are no UTF-8", ("file", "nothing: they are not needed"), Harmless, PATIENT, || {
            let mut code = guest(REALLOC, ACCEPT, "(func $name_of_a_function)");
            let name = b"name_of_a_function";
            let at = code.windows(name.len()).rposition(|part| part == name).expect("the name section");
            code[at..at + 4].copy_from_slice(b"\xff\xfe\xfd\xfc");
            code
        }),
    ];
    all.extend((0..16).map(truncated));
    all
}

/// What is cut off is missed wherever it was.
fn truncated(sixteenth: usize) -> Attack {
    let code = move || {
        let whole = hook(ACCEPT);
        // Behind the export of the hook there is nothing that a plugin needs.
        let end = whole.windows(9).rposition(|bytes| bytes == b"on-create").expect("the export");
        whole[..end * sixteenth / 16].to_vec()
    };
    let name = format!("cut at {sixteenth}/16").into();
    Attack { name, ..wasm("", ("file", "format"), Refused(""), PATIENT, code) }
}

/// A component with a section that nobody reads.
fn padded(bytes: usize) -> Vec<u8> {
    section(hook(ACCEPT), 0, &[b"\x01x".as_slice(), &vec![b'x'; bytes]].concat())
}

fn other(version: &str, function: &str) -> Vec<u8> {
    let types = "variant verdict { accept, reject(list<string>) } resource contact { id: func() -> string; }";
    let wit = format!(
        "package carnet:plugin@{version}; interface things {{ {types} }}
         interface on-create {{ use things.{{contact, verdict}}; {function}: func(contact: borrow<contact>) -> verdict; }}"
    );
    let world = format!("package test:guest; world guest {{ export carnet:plugin/on-create@{version}; }}");
    let core = format!(
        r#"(module (memory (export "memory") 1)
             (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 64))
             (func (export "carnet:plugin/on-create@{version}#{function}") (param i32) (result i32) (i32.const 0)))"#
    );
    foreign_component(&core, &wit, &world)
}

fn imports(name: &str, package: &str) -> Vec<u8> {
    let world = format!("package test:guest; world guest {{ import {name}; }}");
    let core = format!(r#"(module (import "{name}" "go" (func $f)) (func (export "run") (call $f)))"#);
    foreign_component(&core, &format!("{package} interface hello {{ go: func(); }}"), &world)
}
