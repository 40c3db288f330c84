//! Packages, a contact to hold and what guests are served with. How guests are made is in files of the library's tests.

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

#[path = "../../../src/runtime/wasm/tests/guests.rs"]
mod guests;
#[path = "../../../src/runtime/wasm/tests/wasi_guests.rs"]
mod wasi_guests;

pub use guests::{
    ACCEPT, REALLOC, component_of, foreign_component, guest, guest_in, guest_with, hook, world, world_with,
};
pub use wasi_guests::wasi_guest;

/// Adds a section to a component.
pub fn section(mut code: Vec<u8>, id: u8, content: &[u8]) -> Vec<u8> {
    code.push(id);
    let mut length = content.len();
    while length >= 0x80 {
        code.push((length & 0x7f) as u8 | 0x80);
        length >>= 7;
    }
    code.push(length as u8);
    code.extend(content);
    code
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

/// Whoever is looked for is found, more often than was asked for, and nothing is remembered yet.
pub fn services() -> Services {
    Services { lookup: Some(Arc::new(Everybody)), state: Some(Arc::new(Empty)) }
}

struct Everybody;

impl ContactLookup for Everybody {
    fn find(&self, _: &LookupKey, limit: usize) -> Result<Vec<Arc<Contact>>, String> {
        Ok(std::iter::repeat_n(Arc::new(contact(9)), limit + 5).collect())
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
