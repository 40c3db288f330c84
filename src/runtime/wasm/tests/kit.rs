//! Packages guests and calls them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use chrono::DateTime;

use super::guests::{PRELUDE, REALLOC, component_of, world};
use crate::domain::contact::{Contact, Stamp};
use crate::domain::draft::Draft;
use crate::domain::id::ContactId;
use crate::domain::rules::Rules;
use crate::plugin::budget::Budget;
use crate::plugin::hand::{ContactHand, Sheet, Subject, Terms};
use crate::plugin::hook::Hook;
use crate::plugin::package::{ConfigValue, EngineKind, Grants, Identity, LoadError, Package};
use crate::plugin::service::Services;
use crate::plugin::verdict::Verdict;
use crate::plugin::{Plugin, Returned, Session};
use crate::runtime::wasm::{Settings, WasmRuntime};

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

#[track_caller]
pub(super) fn accepts(session: &mut dyn Session) -> Returned {
    let returned = create(session);
    assert_eq!(returned.outcome, Ok(Verdict::Accept));
    returned
}
