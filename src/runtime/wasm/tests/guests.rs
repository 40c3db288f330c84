//! Guests made of core WebAssembly text. The integration tests include this file, too, so nothing of the crate is named here.

use std::sync::LazyLock;

use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// What guests usually import, a memory, a heap that starts afresh with every call, and texts at fixed places.
pub const PRELUDE: &str = r#"
  (import "carnet:plugin/things@0.1.0" "[method]contact.get" (func $get (param i32 i32 i32 i32)))
  (import "carnet:plugin/things@0.1.0" "[method]contact.set" (func $set (param i32 i32 i32 i32 i32 i32)))
  (import "carnet:plugin/things@0.1.0" "[method]row.number" (func $number (param i32) (result i64)))
  (import "carnet:plugin/things@0.1.0" "[resource-drop]contact" (func $drop (param i32)))
  (import "carnet:plugin/log@0.1.0" "write" (func $log (param i32 i32 i32)))
  (import "carnet:plugin/config@0.1.0" "get" (func $config (param i32 i32 i32)))
  (import "carnet:plugin/lookup@0.1.0" "find" (func $find (param i32 i32 i32 i32 i32 i32)))
  (import "carnet:plugin/state@0.1.0" "get" (func $recall (param i32 i32 i32)))
  (import "carnet:plugin/state@0.1.0" "set" (func $remember (param i32 i32 i32 i32 i32)))
  (import "carnet:plugin/state@0.1.0" "remove" (func $forget (param i32 i32)))
  (memory (export "memory") 2)
  (global $heap (mut i32) (i32.const 65536))
  (global $kept (mut i32) (i32.const 0))
  (data (i32.const 16) "mobile")
  (data (i32.const 32) "last_name")
  (data (i32.const 48) "company")
  (data (i32.const 64) "not good")
  (data (i32.const 80) "TEST_CODE")
  (data (i32.const 96) "\ff\fe\fd")
  (data (i32.const 112) "greeting")
  (data (i32.const 128) "email")
  (data (i32.const 144) "name")
"#;

/// The allocator of a well-behaved guest.
pub const REALLOC: &str = r#"
  (func $realloc (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (local $at i32)
    (local.set $at (i32.and (i32.add (global.get $heap) (i32.const 7)) (i32.const -8)))
    (global.set $heap (i32.add (local.get $at) (local.get 3)))
    (local.get $at))
"#;

/// Ends a hook well.
pub const ACCEPT: &str = "(call $drop (local.get $contact)) (i32.const 1024)";

/// Core text of a guest of one hook `on-create`, whose body sees `$contact` and leaves the address of a verdict (1024 is an acceptance), with
/// more imports, an allocator and more definitions.
fn core(imports: &str, realloc: &str, body: &str, more: &str) -> String {
    format!(
        r#"(module {imports} {PRELUDE} {realloc}
          (func (export "carnet:plugin/on-create@0.1.0#create") (param $contact i32) (result i32) (local $n i32)
             (global.set $heap (i32.const 65536))
             {body}) {more})"#
    )
}

/// A component of one hook `on-create`, with an allocator and more definitions.
pub fn guest(realloc: &str, body: &str, more: &str) -> Vec<u8> {
    guest_in(StringEncoding::UTF8, realloc, body, more)
}

/// The same for a guest that keeps its texts in another encoding.
pub fn guest_in(encoding: StringEncoding, realloc: &str, body: &str, more: &str) -> Vec<u8> {
    encode(&core("", realloc, body, more), &world(&["on-create"]), CONTRACT.clone(), encoding)
}

/// The same with a sound allocator and nothing more.
pub fn hook(body: &str) -> Vec<u8> {
    guest(REALLOC, body, "")
}

/// The same with other imports: packages in WIT with a world `wasi:test/all`, and core text.
pub fn guest_with((wit, imports): (&str, &str), body: &str, more: &str) -> Vec<u8> {
    let world = world_with(&["on-create"], "", "include wasi:test/all;");
    let mut resolve = CONTRACT.clone();
    resolve.push_str("wasi.wit", wit).expect("sound WIT");
    encode(&core(imports, REALLOC, body, more), &world, resolve, StringEncoding::UTF8)
}

/// A world with everything that guests may import, and the given hooks.
pub fn world(hooks: &[&str]) -> String {
    world_with(hooks, "", "")
}

/// The same with more items, outside of it and in it.
pub fn world_with(hooks: &[&str], outside: &str, inside: &str) -> String {
    let imports =
        ["log", "config", "lookup", "state", "things"].map(|name| format!("import carnet:plugin/{name}@0.1.0;"));
    let exports = hooks.iter().map(|name| format!("export carnet:plugin/{name}@0.1.0;"));
    let (imports, exports) = (imports.join(" "), exports.collect::<String>());
    format!("package test:guest; {outside} world guest {{ {imports} {inside} {exports} }}")
}

static CONTRACT: LazyLock<Resolve> = LazyLock::new(|| {
    let mut resolve = Resolve::default();
    resolve.push_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/wit")).expect("the contract");
    resolve
});

/// Makes a component of core text and a world of our contract.
pub fn component_of(core: &str, world: &str) -> Vec<u8> {
    encode(core, world, CONTRACT.clone(), StringEncoding::UTF8)
}

/// Makes a component against other WIT than ours.
pub fn foreign_component(core: &str, wit: &str, world: &str) -> Vec<u8> {
    let mut resolve = Resolve::default();
    resolve.push_str("foreign.wit", wit).expect("sound WIT");
    encode(core, world, resolve, StringEncoding::UTF8)
}

fn encode(core: &str, world: &str, mut resolve: Resolve, encoding: StringEncoding) -> Vec<u8> {
    let package = resolve.push_str("guest.wit", world).expect("a world");
    let world = resolve.select_world(&[package], None).expect("the only world");
    let mut module = wat::parse_str(core).expect("core text");
    embed_component_metadata(&mut module, &resolve, world, encoding).expect("metadata");
    ComponentEncoder::default().module(&module).expect("a module").encode().expect("a component")
}
