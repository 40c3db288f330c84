//! Guests that do as they should.

use std::sync::Arc;

use crate::domain::contact::Contact;
use crate::plugin::fault::FaultKind;
use crate::plugin::hook::Hook;
use crate::plugin::service::{ContactLookup, LogLevel, LookupKey, PluginState, Services, StateWrite};
use crate::plugin::verdict::Verdict;

use super::guests::{ACCEPT, hook};
use super::kit::{BUDGET, accepts, create, hook_guest, load, named, session, subject};

/// Text of `get` ends up at 2048: tags, then address and length.
const GET_LAST_NAME: &str = "(call $get (local.get $contact) (i32.const 32) (i32.const 9) (i32.const 2048))";
const SET_COMPANY: &str = "(call $set (local.get $contact) (i32.const 48) (i32.const 7)
    (i32.load (i32.const 2056)) (i32.load (i32.const 2060)) (i32.const 2048))";

#[test]
fn accepts_and_serves_many_calls_with_one_instance() {
    let mut session = session(hook(ACCEPT), BUDGET, Services::none());
    for _ in 0..3 {
        let returned = accepts(&mut *session);
        // Two pages, and a few elements of tables.
        assert_eq!(returned.spent.memory_bytes >> 16, 2);
        assert_eq!(returned.spent.host_calls, 0);
    }
}

#[test]
fn finds_the_hooks_that_are_there() {
    let plugin = load(hook(ACCEPT)).unwrap();
    assert_eq!(plugin.hooks().iter().collect::<Vec<_>>(), [Hook::Create]);
    let fault = plugin.session(Services::none()).call(Hook::Delete, subject()).outcome.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Engine);
}

#[test]
fn reads_and_writes_the_thing_in_hand() {
    let body = format!("{GET_LAST_NAME} {SET_COMPANY} {ACCEPT}");
    let returned = accepts(&mut *session(hook(&body), BUDGET, Services::none()));
    let mut subject = returned.subject;
    let edits = subject.keep();
    assert_eq!((edits[0].what.as_ref(), edits[0].new.as_deref()), ("company", Some("Lee")));
    assert_eq!(returned.spent.host_calls, 2);
}

/// One problem at 1100: no field, code at 80, message at 64, no hint.
const REJECT: &str = "(call $drop (local.get $contact))
    (i32.store (i32.const 1112) (i32.const 80)) (i32.store (i32.const 1116) (i32.const 9))
    (i32.store (i32.const 1120) (i32.const 64)) (i32.store (i32.const 1124) (i32.const 8))
    (i32.store8 (i32.const 1040) (i32.const 1))
    (i32.store (i32.const 1044) (i32.const 1100)) (i32.store (i32.const 1048) (i32.const 1)) (i32.const 1040)";

#[test]
fn rejects_with_a_problem() {
    let returned = create(&mut *session(hook(REJECT), BUDGET, Services::none()));
    let Ok(Verdict::Reject(problems)) = returned.outcome else { panic!("{:?}", returned.outcome) };
    assert_eq!((problems[0].code.as_ref(), problems[0].message.as_str()), ("TEST_CODE", "not good"));
    assert_eq!((&problems[0].field, &problems[0].hint), (&None, &None));
}

#[test]
fn logs_and_reads_its_configuration() {
    let body = "(call $config (i32.const 112) (i32.const 8) (i32.const 2048))
        (call $log (i32.const 2) (i32.load (i32.const 2052)) (i32.load (i32.const 2056)))";
    let code = hook(&format!("{body} {ACCEPT}"));
    let returned = accepts(&mut *session(code, BUDGET, Services::none()));
    assert_eq!((returned.log[0].level, returned.log[0].text.as_str()), (LogLevel::Warn, "hello"));
    assert_eq!((returned.spent.log_bytes, returned.spent.host_calls), (5, 2));
}

struct OneContact;

impl ContactLookup for OneContact {
    fn find(&self, key: &LookupKey, limit: usize) -> Result<Vec<Arc<Contact>>, String> {
        assert_eq!((key, limit), (&LookupKey::Email("mobile".into()), 20));
        Ok(vec![Arc::new(named(9, "Found"))])
    }
}

#[test]
fn reads_contacts_that_it_looked_up() {
    let body = format!(
        "(call $find (i32.const 128) (i32.const 5) (i32.const 16) (i32.const 6) (i32.const 99) (i32.const 2048))
         (local.set $n (i32.load (i32.load (i32.const 2052))))
         (call $get (local.get $n) (i32.const 32) (i32.const 9) (i32.const 2048)) {SET_COMPANY}
         (call $drop (local.get $n)) {ACCEPT}"
    );
    let services = Services { lookup: Some(Arc::new(OneContact)), state: None };
    let mut session = session(hook(&body), BUDGET, services);
    for _ in 0..2 {
        let mut subject = accepts(&mut *session).subject;
        assert_eq!(subject.keep()[0].new.as_deref(), Some("Found"));
    }
}

struct Remembered;

impl PluginState for Remembered {
    fn get(&self, plugin: &str, key: &str) -> Option<Vec<u8>> {
        assert_eq!((plugin, key), ("tester", "mobile"));
        Some(b"before".to_vec())
    }

    fn size(&self, _: &str) -> usize {
        12
    }
}

#[test]
fn remembers_what_it_wrote_in_the_same_call() {
    let read_and_log = "(call $recall (i32.const 16) (i32.const 6) (i32.const 2048))
        (call $log (i32.const 1) (i32.load (i32.const 2052)) (i32.load (i32.const 2056)))";
    let write = "(call $remember (i32.const 16) (i32.const 6) (i32.const 64) (i32.const 8) (i32.const 2048))";
    let code = hook(&format!("{read_and_log} {write} {read_and_log} {ACCEPT}"));
    let services = Services { lookup: None, state: Some(Arc::new(Remembered)) };
    let returned = accepts(&mut *session(code, BUDGET, services));
    let logged: Vec<&str> = returned.log.iter().map(|line| line.text.as_str()).collect();
    assert_eq!(logged, ["before", "not good"]);
    assert_eq!(returned.state, [StateWrite { key: "mobile".into(), value: Some(b"not good".to_vec()) }]);
}

#[test]
fn reads_what_a_contact_was_before() {
    let hook = format!(
        r#"(func (export "carnet:plugin/on-update@0.1.0#update") (param $contact i32) (param $before i32) (result i32)
             (call $get (local.get $before) (i32.const 32) (i32.const 9) (i32.const 2048)) {SET_COMPANY}
             (call $drop (local.get $before)) {ACCEPT})"#
    );
    let code = hook_guest("on-update", &hook);
    let mut returned = session(code, BUDGET, Services::none()).call(Hook::Update, subject());
    assert_eq!(returned.outcome, Ok(Verdict::Accept));
    assert_eq!(returned.subject.keep()[0].new.as_deref(), Some("Old"));
}

#[test]
fn an_edit_that_was_refused_and_not_mended_is_a_fault() {
    let body =
        "(call $set (local.get $contact) (i32.const 64) (i32.const 8) (i32.const 64) (i32.const 8) (i32.const 2048))";
    let mut session = session(hook(&format!("{body} {ACCEPT}")), BUDGET, Services::none());
    for _ in 0..2 {
        let returned = create(&mut *session);
        let fault = returned.outcome.unwrap_err();
        assert_eq!(fault.kind, FaultKind::RefusedEdit);
        assert!(fault.message.contains("`not good`"), "{fault}");
    }
}
