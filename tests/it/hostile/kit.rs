//! Components made of core WebAssembly text, packages, and a contact to hold.

use std::collections::BTreeMap;
use std::sync::Arc;

use carnet::domain::contact::{Contact, Stamp};
use carnet::domain::date::DateFormat;
use carnet::domain::draft::Draft;
use carnet::domain::id::ContactId;
use carnet::domain::language::LanguageNames;
use carnet::domain::phone::PhoneMode;
use carnet::domain::rules::{MissingLastName, RequiredNames, Rules, UnknownCustomFields, UnknownLabels};
use carnet::plugin::budget::Budget;
use carnet::plugin::hand::{ContactHand, Sheet, Subject, Terms};
use carnet::plugin::package::{EngineKind, Grants, Identity, Package};
use carnet::plugin::service::{ContactLookup, LookupKey, PluginState, Services};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// What guests usually import, a memory, a heap that starts afresh with every call, and texts at fixed places.
const PRELUDE: &str = r#"
  (import "carnet:plugin/things@0.1.0" "[method]contact.get" (func $get (param i32 i32 i32 i32)))
  (import "carnet:plugin/things@0.1.0" "[method]contact.set" (func $set (param i32 i32 i32 i32 i32 i32)))
  (import "carnet:plugin/things@0.1.0" "[method]contact.add" (func $add (param i32 i32 i32 i32 i32 i32)))
  (import "carnet:plugin/things@0.1.0" "[method]row.number" (func $number (param i32) (result i64)))
  (import "carnet:plugin/things@0.1.0" "[resource-drop]contact" (func $drop (param i32)))
  (import "carnet:plugin/log@0.1.0" "write" (func $log (param i32 i32 i32)))
  (import "carnet:plugin/lookup@0.1.0" "find" (func $find (param i32 i32 i32 i32 i32 i32)))
  (import "carnet:plugin/state@0.1.0" "set" (func $remember (param i32 i32 i32 i32 i32)))
  (import "carnet:plugin/state@0.1.0" "remove" (func $forget (param i32 i32)))
  (memory (export "memory") 2)
  (global $heap (mut i32) (i32.const 65536))
  (global $kept (mut i32) (i32.const 0))
  (data (i32.const 16) "mobile")
  (data (i32.const 32) "last_name")
  (data (i32.const 48) "company")
  (data (i32.const 64) "labels")
  (data (i32.const 80) "TEST_CODE")
  (data (i32.const 96) "\ff\fe\fd")
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

/// A component of one hook `on-create`, whose body sees `$contact` and leaves the address of a verdict (1024 is an acceptance), with an
/// allocator and more definitions.
pub fn guest(realloc: &str, body: &str, more: &str) -> Vec<u8> {
    let core = format!(
        r#"(module {PRELUDE} {realloc}
          (func (export "carnet:plugin/on-create@0.1.0#create") (param $contact i32) (result i32) (local $n i32)
             (global.set $heap (i32.const 65536))
             {body}) {more})"#
    );
    component_of(&core, &world(""))
}

/// The same with a sound allocator and nothing more.
pub fn hook(body: &str) -> Vec<u8> {
    guest(REALLOC, body, "")
}

/// A world with everything that guests may import.
pub fn world(more: &str) -> String {
    let imports =
        ["log", "config", "lookup", "state", "things"].map(|name| format!("import carnet:plugin/{name}@0.1.0;"));
    format!(
        "package test:guest; {more} world guest {{ {} {} export carnet:plugin/on-create@0.1.0; }}",
        imports.join(" "),
        if more.is_empty() { "" } else { "export mine;" }
    )
}

/// Makes a component of core text and a world of our contract.
pub fn component_of(core: &str, world: &str) -> Vec<u8> {
    let mut resolve = Resolve::default();
    resolve.push_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/wit")).expect("the contract");
    encode(&wat::parse_str(core).expect("core text"), world, resolve)
}

/// Makes a component against other WIT than ours.
pub fn foreign(core: &str, wit: &str, world: &str) -> Vec<u8> {
    let mut resolve = Resolve::default();
    resolve.push_str("foreign.wit", wit).expect("sound WIT");
    encode(&wat::parse_str(core).expect("core text"), world, resolve)
}

fn encode(core: &[u8], world: &str, mut resolve: Resolve) -> Vec<u8> {
    let package = resolve.push_str("guest.wit", world).expect("a world");
    let world = resolve.select_world(&[package], None).expect("the only world");
    let mut module = core.to_vec();
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).expect("metadata");
    ComponentEncoder::default().module(&module).expect("a module").encode().expect("a component")
}

/// Wraps code with every grant.
pub fn package(engine: EngineKind, code: Vec<u8>, budget: Budget) -> Package {
    let identity = Identity { name: "hostile".into(), version: "1.0.0".into(), hash: "0".repeat(64), engine };
    Package {
        identity: Arc::new(identity),
        code: code.into(),
        path: if engine == EngineKind::Wasm { "plugin.wasm" } else { "main.rhai" }.into(),
        grants: Grants { lookup: true, state: true },
        budget,
        config: Arc::new(BTreeMap::new()),
    }
}

/// A contact in hand that may be written.
pub fn subject(max_edits: usize) -> Subject {
    let draft = Draft::new(contact(7));
    let sheet = Sheet::new(draft, Arc::new(rules()));
    let mut subject = Subject::Contact(Box::new(ContactHand { sheet, before: Some(Arc::new(contact(7))) }));
    subject.begin(&Arc::new(Terms::open(max_edits)));
    subject
}

fn contact(number: u8) -> Contact {
    let created = Stamp { at: chrono::DateTime::UNIX_EPOCH, by: "test".into() };
    let mut contact = Contact::new(ContactId::from_bytes([number; 16]), created);
    contact.last_name = Some("Lee".to_owned());
    contact
}

/// Whoever is looked for is found, and nothing is remembered yet.
pub fn services() -> Services {
    Services { lookup: Some(Arc::new(Everybody)), state: Some(Arc::new(Empty)) }
}

struct Everybody;

impl ContactLookup for Everybody {
    fn find(&self, _: &LookupKey, limit: usize) -> Result<Vec<Arc<Contact>>, String> {
        Ok(std::iter::repeat_n(Arc::new(contact(9)), limit).collect())
    }
}

struct Empty;

impl PluginState for Empty {
    fn get(&self, _: &str, _: &str) -> Option<Vec<u8>> {
        None
    }

    fn size(&self, _: &str) -> usize {
        0
    }
}

pub fn rules() -> Rules {
    Rules {
        missing_last_name: MissingLastName::Customer,
        required_names: RequiredNames::Last,
        phone_mode: PhoneMode::Lenient,
        default_country: None,
        date_format: DateFormat::Mdy,
        accept_serial_dates: false,
        multi_value: true,
        language_names: LanguageNames::Any,
        sms_default: true,
        unknown_labels: UnknownLabels::Create,
        lock_verified: false,
        today: chrono::NaiveDate::from_ymd_opt(2026, 11, 22).expect("a day of the calendar"),
        schema: Arc::default(),
        unknown_custom_fields: UnknownCustomFields::Accept,
    }
}
