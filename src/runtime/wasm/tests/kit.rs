//! Builds guests from core WebAssembly text and calls them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use chrono::DateTime;
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

use crate::domain::contact::{Contact, Stamp};
use crate::domain::draft::Draft;
use crate::domain::id::ContactId;
use crate::domain::rules::Rules;
use crate::plugin::budget::Budget;
use crate::plugin::fault::{Fault, FaultKind};
use crate::plugin::hand::{ContactHand, Sheet, Subject, Terms};
use crate::plugin::hook::Hook;
use crate::plugin::package::{ConfigValue, EngineKind, Grants, Identity, LoadError, Package};
use crate::plugin::service::Services;
use crate::plugin::verdict::Verdict;
use crate::plugin::{Plugin, Returned, Session};
use crate::runtime::wasm::{Settings, WasmRuntime};

/// A world with everything that guests may import, and the given exports.
pub(super) fn world(exports: &[&str]) -> String {
    let imports =
        ["log", "config", "lookup", "state", "things"].map(|name| format!("import carnet:plugin/{name}@0.1.0;"));
    let exports = exports.iter().map(|name| format!("export carnet:plugin/{name}@0.1.0;"));
    format!("package test:guest; world guest {{ {} {} }}", imports.join(" "), exports.collect::<String>())
}

/// Makes a component of core text and a world.
pub(super) fn component_of(core: &str, world: &str) -> Vec<u8> {
    let mut resolve = Resolve::default();
    resolve.push_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/wit")).unwrap();
    encode(core, world, resolve)
}

/// Makes a component against other WIT than ours.
pub(super) fn foreign_component(core: &str, wit: &str, world: &str) -> Vec<u8> {
    let mut resolve = Resolve::default();
    resolve.push_str("foreign.wit", wit).unwrap();
    encode(core, world, resolve)
}

fn encode(core: &str, world: &str, mut resolve: Resolve) -> Vec<u8> {
    let package = resolve.push_str("guest.wit", world).unwrap();
    let world = resolve.select_world(&[package], None).unwrap();
    let mut module = wat::parse_str(core).unwrap();
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
    ComponentEncoder::default().module(&module).unwrap().encode().unwrap()
}

/// What guests usually import, a memory, a heap that starts afresh with every call, and texts at fixed places.
pub(super) const PRELUDE: &str = r#"
  (import "carnet:plugin/things@0.1.0" "[method]contact.get" (func $get (param i32 i32 i32 i32)))
  (import "carnet:plugin/things@0.1.0" "[method]contact.set" (func $set (param i32 i32 i32 i32 i32 i32)))
  (import "carnet:plugin/things@0.1.0" "[resource-drop]contact" (func $drop (param i32)))
  (import "carnet:plugin/log@0.1.0" "write" (func $log (param i32 i32 i32)))
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
"#;

/// The allocator of a well-behaved guest.
pub(super) const REALLOC: &str = r#"
  (func $realloc (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (local $at i32)
    (local.set $at (i32.and (i32.add (global.get $heap) (i32.const 7)) (i32.const -8)))
    (global.set $heap (i32.add (local.get $at) (local.get 3)))
    (local.get $at))
"#;

/// A hook `on-create`: the body sees `$contact`, and says what follows by leaving the address of a verdict. 1024 is an acceptance.
pub(super) fn on_create(body: &str) -> String {
    format!(
        r#"(func (export "carnet:plugin/on-create@0.1.0#create") (param $contact i32) (result i32) (local $n i32)
             (global.set $heap (i32.const 65536))
             {body})"#
    )
}

/// Ends a hook well.
pub(super) const ACCEPT: &str = "(call $drop (local.get $contact)) (i32.const 1024)";

/// Makes a component with the usual imports of one hook `on-create`, and more definitions.
pub(super) fn creator(body: &str, more: &str) -> Vec<u8> {
    let core = format!("(module {PRELUDE} {REALLOC} {} {more})", on_create(body));
    component_of(&core, &world(&["on-create"]))
}

/// Makes a component of one hook `on-create` with more imports.
pub(super) fn creator_with(imports: &str, body: &str) -> Vec<u8> {
    let core = format!("(module {imports} {PRELUDE} {REALLOC} {})", on_create(body));
    component_of(&core, &world(&["on-create"]))
}

/// Makes a component of another hook.
pub(super) fn hook_guest(hook: &str, func: &str) -> Vec<u8> {
    component_of(&format!("(module {PRELUDE} {REALLOC} {func})"), &world(&[hook]))
}

/// The engine that all tests share.
pub(super) fn runtime() -> &'static WasmRuntime {
    static RUNTIME: OnceLock<WasmRuntime> = OnceLock::new();
    RUNTIME.get_or_init(|| WasmRuntime::new(Settings { cache_dir: None }).unwrap())
}

/// Limits with a deadline that good guests keep on the busiest machine.
pub(super) const BUDGET: Budget = Budget { deadline: Duration::from_secs(5), ..Budget::STANDARD };

/// Limits for guests that would never end.
pub(super) const SHORT: Budget = Budget { deadline: Duration::from_millis(20), ..Budget::STANDARD };

/// Wraps a component with every grant.
pub(super) fn package(code: Vec<u8>, budget: Budget) -> Package {
    let config =
        [("greeting", ConfigValue::Text("hello".into())), ("list", ConfigValue::List(vec!["a".into(), "b".into()]))];
    Package {
        identity: Arc::new(Identity {
            name: "tester".into(),
            version: "1.0.0".into(),
            hash: "0".repeat(64),
            engine: EngineKind::Wasm,
        }),
        code: code.into(),
        path: PathBuf::from("plugin.wasm"),
        grants: Grants { lookup: true, state: true },
        budget,
        config: Arc::new(config.into_iter().map(|(key, value)| (key.to_owned(), value)).collect::<BTreeMap<_, _>>()),
    }
}

pub(super) fn load(code: Vec<u8>) -> Result<Arc<dyn Plugin>, LoadError> {
    runtime().load(&package(code, BUDGET))
}

pub(super) fn session(code: Vec<u8>, budget: Budget, services: Services) -> Box<dyn Session> {
    let plugin = runtime().load(&package(code, budget)).unwrap_or_else(|error| panic!("{error} ({:?})", error.hint));
    plugin.session(services)
}

pub(super) fn named(number: u8, last_name: &str) -> Contact {
    let created = Stamp { at: DateTime::UNIX_EPOCH, by: Arc::from("test") };
    let mut contact = Contact::new(ContactId::from_bytes([number; 16]), created);
    contact.last_name = Some(last_name.to_owned());
    contact
}

/// A contact in hand that may be written.
pub(super) fn subject() -> Subject {
    subject_named("Lee")
}

pub(super) fn subject_named(last_name: &str) -> Subject {
    let sheet = Sheet::new(Draft::new(named(7, last_name)), Arc::new(Rules::for_tests()));
    let mut subject = Subject::Contact(Box::new(ContactHand { sheet, before: Some(Arc::new(named(7, "Old"))) }));
    subject.begin(&Arc::new(Terms::open(BUDGET.edits)));
    subject
}

pub(super) fn create(session: &mut dyn Session) -> Returned {
    session.call(Hook::Create, subject())
}

/// Calls twice, and expects the same fault both times.
#[track_caller]
pub(super) fn faults(code: Vec<u8>, budget: Budget, kind: FaultKind, words: &str) -> Fault {
    let mut session = session(code, budget, Services::none());
    let mut fault = || create(&mut *session).outcome.expect_err("the call should have failed");
    let (first, second) = (fault(), fault());
    assert_eq!((first.kind, second.kind), (kind, kind), "{first}; {second}");
    assert!(first.message.contains(words), "{first}");
    // Where a loop was when its time was up is chance.
    assert_eq!(first.message, second.message);
    first
}

#[track_caller]
pub(super) fn accepts(session: &mut dyn Session) -> Returned {
    let returned = create(session);
    assert_eq!(returned.outcome, Ok(Verdict::Accept));
    returned
}
