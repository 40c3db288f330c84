//! What is left when a call fails: its log, the session, other guests. How guests make calls fail is the table of attacks in
//! `tests/it/hostile`.

use crate::plugin::fault::FaultKind;
use crate::plugin::hand::Subject;
use crate::plugin::hook::Hook;
use crate::plugin::service::Services;
use crate::plugin::verdict::Verdict;

use super::guests::{ACCEPT, hook};
use super::kit::{BUDGET, SHORT, accepts, create, hook_guest, load, session, subject_named};

const LOOP: &str = "(loop $l (br $l))";

#[test]
fn what_was_logged_before_a_fault_is_kept_and_what_was_remembered_is_not() {
    let body = "(call $log (i32.const 3) (i32.const 64) (i32.const 8))
        (call $remember (i32.const 16) (i32.const 6) (i32.const 64) (i32.const 8) (i32.const 2048)) (unreachable)";
    let returned = create(&mut *session(hook(body), BUDGET, Services::none()));
    assert_eq!(returned.outcome.unwrap_err().kind, FaultKind::Trap);
    assert_eq!((returned.log.len(), returned.state.len()), (1, 0));
}

#[test]
fn what_a_contact_was_before_cannot_be_written() {
    let hook = format!(
        r#"(func (export "carnet:plugin/on-update@0.1.0#update") (param $before i32) (param $contact i32) (result i32)
             (call $set (local.get $contact) (i32.const 48) (i32.const 7) (i32.const 64) (i32.const 8) (i32.const 2048))
             (call $drop (local.get $before)) {ACCEPT})"#
    );
    let code = hook_guest("on-update", &hook);
    let fault = session(code, BUDGET, Services::none()).call(Hook::Update, subject_named("Lee")).outcome.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Trap);
    assert!(fault.message.contains("`company`"), "{fault}");
}

/// Fails for contacts whose last name has three letters.
fn moody(failure: &str) -> Vec<u8> {
    hook(&format!(
        "(call $get (local.get $contact) (i32.const 32) (i32.const 9) (i32.const 2048))
         (if (i32.eq (i32.load (i32.const 2060)) (i32.const 3)) (then {failure})) {ACCEPT}"
    ))
}

#[test]
fn after_a_fault_the_session_serves_the_next_call() {
    for (failure, kind) in [("(unreachable)", FaultKind::Trap), (LOOP, FaultKind::Deadline)] {
        let mut session = session(moody(failure), SHORT, Services::none());
        let mut called = |name| session.call(Hook::Create, subject_named(name));
        for _ in 0..2 {
            let returned = called("Lee");
            assert_eq!(returned.outcome.unwrap_err().kind, kind);
            let Subject::Contact(hand) = returned.subject else { panic!("another thing came back") };
            assert_eq!(hand.sheet.draft().contact.last_name.as_deref(), Some("Lee"));
        }
        // The deadline is short, so a busy machine may need several tries.
        assert!((0..50).any(|_| called("Wong").outcome == Ok(Verdict::Accept)));
    }
}

#[test]
fn a_hostile_guest_does_not_disturb_another() {
    let mut hostile = session(hook(&format!("{LOOP} {ACCEPT}")), SHORT, Services::none());
    let mut good = session(hook(ACCEPT), BUDGET, Services::none());
    std::thread::scope(|scope| {
        let failing = scope.spawn(move || create(&mut *hostile).outcome.unwrap_err().kind);
        (0..100).for_each(|_| drop(accepts(&mut *good)));
        assert_eq!(failing.join().unwrap(), FaultKind::Deadline);
    });
}

#[test]
fn many_sessions_live_at_once() {
    let plugin = load(hook(ACCEPT)).unwrap();
    let mut sessions: Vec<_> = (0..200).map(|_| plugin.session(Services::none())).collect();
    for session in &mut sessions {
        accepts(&mut **session);
    }
}
