//! Guests that do what they should not, and in what words that is told; the session, the engine and other guests go on. The table of all attacks
//! is in `tests/it/hostile`.

use std::sync::Arc;
use std::time::Instant;

use crate::domain::contact::Contact;
use crate::plugin::budget::Budget;
use crate::plugin::fault::FaultKind;
use crate::plugin::hand::Subject;
use crate::plugin::hook::Hook;
use crate::plugin::service::{ContactLookup, LookupKey, Services};
use crate::plugin::verdict::Verdict;

use super::kit::{
    ACCEPT, BUDGET, PRELUDE, SHORT, accepts, component_of, create, creator, creator_with, faults, named, on_create,
    session, subject_named, world,
};

const LOOP: &str = "(loop $l (br $l))";
const GET_LAST_NAME: &str = "(call $get (local.get $contact) (i32.const 32) (i32.const 9) (i32.const 2048))";

/// Makes a guest with an allocator and a hook of its own.
fn guest(realloc: &str, body: &str, more: &str) -> Vec<u8> {
    component_of(&format!("(module {PRELUDE} {realloc} {} {more})", on_create(body)), &world(&["on-create"]))
}

#[test]
fn an_endless_loop_in_the_hook_meets_the_deadline() {
    faults(creator(&format!("{LOOP} {ACCEPT}"), ""), SHORT, FaultKind::Deadline, "20 ms");
}

#[test]
fn an_allocator_that_returns_nonsense_is_told() {
    let realloc = r#"(func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const -8))"#;
    faults(guest(realloc, &format!("{GET_LAST_NAME} {ACCEPT}"), ""), BUDGET, FaultKind::Output, "realloc");
}

#[test]
fn a_loop_of_host_calls_meets_the_deadline_too() {
    // Names count as what a call hands over, so that limit is out of the way, too.
    let budget = Budget { host_calls: u64::MAX, output_bytes: 1 << 40, ..SHORT };
    let body = format!("(loop $l (global.set $heap (i32.const 65536)) {GET_LAST_NAME} (br $l)) {ACCEPT}");
    faults(creator(&body, ""), budget, FaultKind::Deadline, "20 ms");
}

/// Grows by 16 MiB until it is refused, then panics as Rust guests do.
const MEMORY_BOMB: &str = "(loop $l (br_if $l (i32.ne (memory.grow (i32.const 256)) (i32.const -1)))) (unreachable)";

#[test]
fn a_memory_bomb_is_told_as_one() {
    faults(creator(MEMORY_BOMB, ""), BUDGET, FaultKind::Memory, "64 MiB");
}

#[test]
fn a_guest_that_survives_a_refused_growth_may_go_on() {
    let body = format!("(drop (memory.grow (i32.const 2000))) {ACCEPT}");
    let mut session = session(creator(&body, ""), BUDGET, Services::none());
    accepts(&mut *session);
    accepts(&mut *session);
}

#[test]
fn a_worn_instance_is_replaced() {
    // 40 of 64 MiB are taken in the first call; a second such call would not fit.
    let body = format!("(if (i32.eq (memory.grow (i32.const 640)) (i32.const -1)) (then unreachable)) {ACCEPT}");
    let mut session = session(creator(&body, ""), BUDGET, Services::none());
    for _ in 0..3 {
        accepts(&mut *session);
    }
}

#[test]
fn a_table_bomb_is_told_as_one() {
    let body =
        "(loop $l (br_if $l (i32.ne (table.grow $t (ref.null func) (i32.const 5000)) (i32.const -1)))) (unreachable)";
    faults(creator(body, "(table $t 1 funcref)"), BUDGET, FaultKind::Memory, "64 MiB");
}

#[test]
fn deep_recursion_is_told() {
    let more = "(func $deep (param i32) (result i32) (i32.add (call $deep (local.get 0)) (i32.const 1)))";
    faults(creator("(drop (call $deep (i32.const 0)))  (i32.const 1024)", more), BUDGET, FaultKind::Trap, "too deeply");
}

#[test]
fn traps_are_told_apart() {
    let check = |body: &str, words| faults(creator(&format!("{body} {ACCEPT}"), ""), BUDGET, FaultKind::Trap, words);
    check("(unreachable)", "panicked");
    check("(drop (i32.load (i32.const -4)))", "out of bounds memory access");
    check("(drop (i32.div_s (i32.const 1) (i32.sub (local.get $n) (local.get $n))))", "divide by zero");
    check("(drop (i32.trunc_f32_s (f32.const nan)))", "conversion to integer");
}

#[test]
fn a_trap_names_the_function() {
    let more = "(func $innermost (unreachable))";
    let fault = faults(creator(&format!("(call $innermost) {ACCEPT}"), more), BUDGET, FaultKind::Trap, "panicked");
    assert!(fault.hint.is_some_and(|hint| hint.contains("`innermost`")));
}

/// Leaves a rejection at 1040 with so many problems at 1100.
fn reject(count: u32, problem: &str) -> String {
    format!(
        "(call $drop (local.get $contact)) {problem} (i32.store8 (i32.const 1040) (i32.const 1))
         (i32.store (i32.const 1044) (i32.const 1100)) (i32.store (i32.const 1048) (i32.const {count})) (i32.const 1040)"
    )
}

/// Writes a problem's code at 1100: address and length.
fn code(address: i32, length: u32) -> String {
    format!("(i32.store (i32.const 1112) (i32.const {address})) (i32.store (i32.const 1116) (i32.const {length}))")
}

#[test]
fn malformed_results_are_told() {
    let check = |count, problem: &str, words| {
        faults(creator(&reject(count, problem), ""), BUDGET, FaultKind::Output, words);
    };
    check(1 << 28, "", "out of bounds");
    check(1, &code(-16, 8), "out of bounds");
    check(1, &code(96, 3), "utf-8");
    check(1, "(i32.store8 (i32.const 1100) (i32.const 9))", "discriminant");
    check(65, "", "65 problems, more than 64");
    faults(creator(&reject(0, ""), ""), BUDGET, FaultKind::Verdict, "0 problems");
    let body = "(call $drop (local.get $contact)) (i32.store8 (i32.const 1040) (i32.const 7)) (i32.const 1040)";
    faults(creator(body, ""), BUDGET, FaultKind::Output, "discriminant");
    faults(creator("(call $drop (local.get $contact)) (i32.const 1025)", ""), BUDGET, FaultKind::Output, "aligned");
    faults(creator("(call $drop (local.get $contact)) (i32.const -4)", ""), BUDGET, FaultKind::Output, "bounds");
}

#[test]
fn a_result_that_multiplies_is_cut_short() {
    // 1000 problems that all share one text of 100 KiB would take 100 MiB here.
    let fill = "(loop $l
        (i32.store (i32.add (i32.const 1112) (local.get $n)) (i32.const 20000))
        (i32.store (i32.add (i32.const 1116) (local.get $n)) (i32.const 100000))
        (local.set $n (i32.add (local.get $n) (i32.const 40)))
        (br_if $l (i32.lt_u (local.get $n) (i32.const 16000))))";
    let started = Instant::now();
    faults(creator(&reject(400, fill), ""), BUDGET, FaultKind::Output, "1048576 bytes");
    assert!(started.elapsed() < BUDGET.deadline);
}

#[test]
fn a_huge_text_is_refused_before_it_is_copied() {
    let body = format!(
        "(drop (memory.grow (i32.const 40)))
         (call $set (local.get $contact) (i32.const 48) (i32.const 7) (i32.const 0) (i32.const 2000000) (i32.const 2048)) {ACCEPT}"
    );
    faults(creator(&body, ""), BUDGET, FaultKind::Output, "1048576 bytes");
    let body = format!("(call $get (local.get $contact) (i32.const 8192) (i32.const 5000) (i32.const 2048)) {ACCEPT}");
    faults(creator(&body, ""), BUDGET, FaultKind::Output, "5000 bytes, more than 4096");
}

/// Repeats for ever.
fn flood(step: &str) -> Vec<u8> {
    creator(&format!("(loop $l (global.set $heap (i32.const 65536)) {step} (br $l)) {ACCEPT}"), "")
}

#[test]
fn floods_end_before_the_deadline() {
    let few = Budget { host_calls: 500, ..BUDGET };
    faults(flood(GET_LAST_NAME), few, FaultKind::HostCalls, "more than 500 calls");
    let log = "(call $log (i32.const 1) (i32.const 2048) (i32.const 1024))";
    faults(flood(log), BUDGET, FaultKind::Log, "more than 65536 bytes");
    let empty = "(call $log (i32.const 1) (i32.const 16) (i32.const 0))";
    faults(flood(empty), BUDGET, FaultKind::Log, "more than 1000 lines");
}

#[test]
fn edits_and_refusals_are_counted() {
    // The value grows by one letter each time, so that every write is an edit.
    let set = |field: u32, length: u32| {
        format!(
            "(local.set $n (i32.add (local.get $n) (i32.const 1)))
             (i32.store8 (i32.add (i32.const 4096) (local.get $n)) (i32.const 65))
             (call $set (local.get $contact) (i32.const {field}) (i32.const {length}) (i32.const 4097) (local.get $n) (i32.const 2048))"
        )
    };
    let few = Budget { edits: 20, ..BUDGET };
    // The registry passes `edits` on in the terms; here they allow 256.
    faults(flood(&set(48, 7)), few, FaultKind::Edits, "edits");
    faults(flood(&set(64, 8)), few, FaultKind::Edits, "was refused more than 20 edits");
}

#[test]
fn what_was_logged_before_a_fault_is_kept_and_what_was_remembered_is_not() {
    let more = r#"(import "carnet:plugin/state@0.1.0" "set" (func $write (param i32 i32 i32 i32 i32)))"#;
    let body = "(call $log (i32.const 3) (i32.const 64) (i32.const 8))
        (call $write (i32.const 16) (i32.const 6) (i32.const 64) (i32.const 8) (i32.const 2048)) (unreachable)";
    let returned = create(&mut *session(creator_with(more, body), BUDGET, Services::none()));
    assert_eq!(returned.outcome.unwrap_err().kind, FaultKind::Trap);
    assert_eq!((returned.log.len(), returned.state.len()), (1, 0));
}

#[test]
fn handles_end_with_their_call() {
    faults(creator("(i32.const 1024)", ""), BUDGET, FaultKind::Output, "borrow handles still remain");
    let twice = format!("(call $drop (local.get $contact)) {ACCEPT}");
    faults(creator(&twice, ""), BUDGET, FaultKind::Output, "unknown handle");
    let invented = format!("(call $get (i32.const 77) (i32.const 32) (i32.const 9) (i32.const 2048)) {ACCEPT}");
    faults(creator(&invented, ""), BUDGET, FaultKind::Output, "unknown handle");
}

#[test]
fn a_handle_of_another_kind_is_told() {
    let more = r#"(import "carnet:plugin/things@0.1.0" "[method]row.number" (func $number (param i32) (result i64)))"#;
    let body = format!("(drop (call $number (local.get $contact))) {ACCEPT}");
    faults(creator_with(more, &body), BUDGET, FaultKind::Output, "handle");
}

#[test]
fn what_a_contact_was_before_cannot_be_written() {
    let hook = format!(
        r#"(func (export "carnet:plugin/on-update@0.1.0#update") (param $before i32) (param $contact i32) (result i32)
             (call $set (local.get $contact) (i32.const 48) (i32.const 7) (i32.const 64) (i32.const 8) (i32.const 2048))
             (call $drop (local.get $before)) {ACCEPT})"#
    );
    let code = super::kit::hook_guest("on-update", &hook);
    let fault = session(code, BUDGET, Services::none()).call(Hook::Update, subject_named("Lee")).outcome.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Trap);
    assert!(fault.message.contains("`company`"), "{fault}");
}

struct Everybody;

impl ContactLookup for Everybody {
    fn find(&self, _: &LookupKey, limit: usize) -> Result<Vec<Arc<Contact>>, String> {
        Ok(std::iter::repeat_n(Arc::new(named(9, "Found")), limit + 5).collect())
    }
}

const FIND: &str = r#"
    (import "carnet:plugin/lookup@0.1.0" "find" (func $find (param i32 i32 i32 i32 i32 i32)))"#;
const CALL_FIND: &str =
    "(call $find (i32.const 128) (i32.const 5) (i32.const 16) (i32.const 6) (i32.const 20) (i32.const 2048))";

#[test]
fn a_found_contact_is_forgotten_after_the_call() {
    // Keeps the handle of the first call and reads it in the second.
    let body = format!(
        "(if (global.get $kept)
           (then (call $get (global.get $kept) (i32.const 32) (i32.const 9) (i32.const 2048)))
           (else {CALL_FIND} (global.set $kept (i32.load (i32.load (i32.const 2052))))))
         {ACCEPT}"
    );
    let services = Services { lookup: Some(Arc::new(Everybody)), state: None };
    let mut session = session(creator_with(FIND, &body), BUDGET, services);
    accepts(&mut *session);
    let fault = create(&mut *session).outcome.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Trap);
    assert!(fault.message.contains("not one of this call's"), "{fault}");
    accepts(&mut *session);
}

#[test]
fn a_flood_of_found_contacts_ends() {
    let body = format!("(loop $l (global.set $heap (i32.const 65536)) {CALL_FIND} (br $l)) {ACCEPT}");
    let services = Services { lookup: Some(Arc::new(Everybody)), state: None };
    let fault = create(&mut *session(creator_with(FIND, &body), BUDGET, services)).outcome.unwrap_err();
    assert_eq!(fault.kind, FaultKind::HostCalls);
    assert!(fault.message.contains("more than 2000 contacts"), "{fault}");
}

/// Fails for contacts whose last name has three letters.
fn moody(failure: &str) -> Vec<u8> {
    creator(
        &format!("{GET_LAST_NAME} (if (i32.eq (i32.load (i32.const 2060)) (i32.const 3)) (then {failure})) {ACCEPT}"),
        "",
    )
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
    let mut hostile = session(creator(&format!("{LOOP} {ACCEPT}"), ""), SHORT, Services::none());
    let mut good = session(creator(ACCEPT, ""), BUDGET, Services::none());
    std::thread::scope(|scope| {
        let failing = scope.spawn(move || create(&mut *hostile).outcome.unwrap_err().kind);
        (0..100).for_each(|_| drop(accepts(&mut *good)));
        assert_eq!(failing.join().unwrap(), FaultKind::Deadline);
    });
}

#[test]
fn many_sessions_live_at_once() {
    let plugin = super::kit::load(creator(ACCEPT, "")).unwrap();
    let mut sessions: Vec<_> = (0..200).map(|_| plugin.session(Services::none())).collect();
    for session in &mut sessions {
        accepts(&mut **session);
    }
}
