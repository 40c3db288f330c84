//! What one call of a hook costs: the same work as a closure in Rust, as a component and as a script. More of it is in `calls`.

#![allow(dead_code, reason = "each benchmark uses a part of it")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use carnet::app::{App, now};
use carnet::domain::contact::{Contact, Stamp};
use carnet::domain::draft::Draft;
use carnet::domain::field::Field;
use carnet::domain::id::ContactId;
use carnet::plugin::Session;
use carnet::plugin::budget::Budget;
use carnet::plugin::hand::{ContactHand, Sheet, Subject, Terms};
use carnet::plugin::hook::Hook;
use carnet::plugin::package::{EngineKind, Grants, Identity, Package};
use carnet::plugin::service::Services;
use carnet::plugin::verdict::Verdict;
use carnet::runtime::Runtimes;
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// Calls of one round; the best of several rounds counts.
const CALLS: u32 = 20_000;
const ROUNDS: u32 = 5;

/// A hook that does nothing, and one that reads three fields and sets two.
const EMPTY_SCRIPT: &str = "fn on_create(contact) {}";
pub const BUSY_SCRIPT: &str = "fn on_create(contact) {
    let known = contact.first_name + contact.last_name + contact.mobile;
    contact.company = \"Acme Ltd\";
    contact.job_title = \"CEO\";
}";
const EMPTY_BODY: &str = "";
pub const BUSY_BODY: &str = "
    (call $get (local.get $contact) (i32.const 16) (i32.const 10) (i32.const 2048))
    (call $get (local.get $contact) (i32.const 32) (i32.const 9) (i32.const 2048))
    (call $get (local.get $contact) (i32.const 48) (i32.const 6) (i32.const 2048))
    (call $set (local.get $contact) (i32.const 64) (i32.const 7) (i32.const 80) (i32.const 8) (i32.const 2048))
    (call $set (local.get $contact) (i32.const 96) (i32.const 9) (i32.const 112) (i32.const 3) (i32.const 2048))";

/// Nanoseconds of a call that does nothing, and of one that reads three fields and sets two.
pub struct Cost {
    /// What runs it.
    pub engine: &'static str,
    /// Nothing done.
    pub empty: f64,
    /// Three reads, two writes.
    pub busy: f64,
}

/// Measures both engines, and a closure.
pub fn measure(home: &Path) -> Vec<Cost> {
    let subject = || subject(home);
    let runtimes = Runtimes::new(None).expect("the engines start");
    let session = |engine, code: Vec<u8>| {
        let plugin = runtimes.load(&package(engine, code)).unwrap_or_else(|error| panic!("{error}: {:?}", error.hint));
        plugin.session(Services::none())
    };
    let script = |text: &str| session(EngineKind::Rhai, text.as_bytes().to_vec());
    let component = |body: &str| session(EngineKind::Wasm, component(body));
    let called = |mut session: Box<dyn Session>| {
        time_open(subject(), |subject| {
            let returned = session.call(Hook::Create, subject);
            assert_eq!(returned.outcome, Ok(Verdict::Accept));
            returned.subject
        })
    };
    vec![
        Cost {
            engine: "closure",
            empty: time_open(subject(), |subject| subject),
            busy: time_open(subject(), natively),
        },
        Cost { engine: "WASM", empty: called(component(EMPTY_BODY)), busy: called(component(BUSY_BODY)) },
        Cost { engine: "Rhai", empty: called(script(EMPTY_SCRIPT)), busy: called(script(BUSY_SCRIPT)) },
    ]
}

/// A contact in hand.
pub fn subject(home: &Path) -> Subject {
    let app = App::open(home, None).expect("the home opens");
    let rules = Arc::new(app.rules(now()).expect("the rules"));
    let mut draft = Draft::new(Contact::new(ContactId::from_bytes([7; 16]), Stamp { at: now(), by: "bench".into() }));
    for (field, value) in
        [(Field::FirstName, "Ann"), (Field::LastName, "Lee"), (Field::Mobile, "+85291234567"), (Field::Company, "Old")]
    {
        draft.set(&field.into(), value, &rules).expect("a sound value");
    }
    Subject::Contact(Box::new(ContactHand { sheet: Sheet::new(draft, Arc::clone(&rules)), before: None }))
}

/// The same three reads and two writes without a plugin.
pub fn natively(mut subject: Subject) -> Subject {
    if let Subject::Contact(hand) = &mut subject {
        for name in ["first_name", "last_name", "mobile"] {
            std::hint::black_box(hand.sheet.get(name).expect("a field"));
        }
        hand.sheet.set("company", "Acme Ltd").expect("a sound value");
        hand.sheet.set("job_title", "CEO").expect("a sound value");
    }
    subject
}

/// Nanoseconds of a call on open terms.
pub fn time_open(subject: Subject, call: impl FnMut(Subject) -> Subject) -> f64 {
    time(subject, &Arc::new(Terms::open(Budget::STANDARD.edits)), call)
}

/// Nanoseconds of a call; every call finds the contact as it was.
pub fn time(mut subject: Subject, terms: &Arc<Terms>, mut call: impl FnMut(Subject) -> Subject) -> f64 {
    let mut best = Duration::MAX;
    for _ in 0..ROUNDS {
        let started = Instant::now();
        for _ in 0..CALLS {
            subject.begin(terms);
            subject = call(subject);
            subject.revert();
        }
        best = best.min(started.elapsed());
    }
    best.as_secs_f64() * 1e9 / f64::from(CALLS)
}

/// Wraps code without grants.
pub fn package(engine: EngineKind, code: Vec<u8>) -> Package {
    let identity = Identity { name: "bench".into(), version: "1.0.0".into(), hash: "0".repeat(64), engine };
    Package {
        identity: Arc::new(identity),
        code: code.into(),
        path: PathBuf::from(if engine == EngineKind::Wasm { "plugin.wasm" } else { "main.rhai" }),
        grants: Grants::default(),
        // A busy machine is no fault of a plugin's.
        budget: Budget { deadline: Duration::from_secs(5), ..Budget::STANDARD },
        config: Arc::new(BTreeMap::new()),
    }
}

/// Makes a component of one hook: a body of core WebAssembly that sees `$contact`.
pub fn component(body: &str) -> Vec<u8> {
    let core = format!(
        r#"(module
          (import "carnet:plugin/things@0.1.0" "[method]contact.get" (func $get (param i32 i32 i32 i32)))
          (import "carnet:plugin/things@0.1.0" "[method]contact.set" (func $set (param i32 i32 i32 i32 i32 i32)))
          (import "carnet:plugin/things@0.1.0" "[resource-drop]contact" (func $drop (param i32)))
          (memory (export "memory") 2)
          (global $heap (mut i32) (i32.const 65536))
          (data (i32.const 16) "first_name") (data (i32.const 32) "last_name") (data (i32.const 48) "mobile")
          (data (i32.const 64) "company") (data (i32.const 80) "Acme Ltd")
          (data (i32.const 96) "job_title") (data (i32.const 112) "CEO")
          (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (local $at i32)
            (local.set $at (i32.and (i32.add (global.get $heap) (i32.const 7)) (i32.const -8)))
            (global.set $heap (i32.add (local.get $at) (local.get 3)))
            (local.get $at))
          (func (export "carnet:plugin/on-create@0.1.0#create") (param $contact i32) (result i32)
            (global.set $heap (i32.const 65536))
            {body}
            (call $drop (local.get $contact))
            (i32.const 1024)))"#
    );
    let world = "package bench:guest;
        world guest { import carnet:plugin/things@0.1.0; export carnet:plugin/on-create@0.1.0; }";
    let mut resolve = Resolve::default();
    resolve.push_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/wit")).expect("the contract");
    let package = resolve.push_str("guest.wit", world).expect("a world");
    let world = resolve.select_world(&[package], None).expect("the only world");
    let mut module = wat::parse_str(core).expect("core text");
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).expect("metadata");
    ComponentEncoder::default().module(&module).expect("a module").encode().expect("a component")
}
