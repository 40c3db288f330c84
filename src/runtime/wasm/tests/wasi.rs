//! The empty WASI: what a guest that imports it gets to see, and what it is denied. How it is misused is in the table of attacks in
//! `tests/it/hostile`.

use super::guests::ACCEPT;
use super::kit::{BUDGET, SHORT, accepts, create, load, session};
use super::wasi_guests::wasi_guest;
use crate::plugin::budget::Budget;
use crate::plugin::fault::FaultKind;
use crate::plugin::service::{LogLevel, Services};

/// What is printed.
const TEXTS: &str = r#"
  (data (i32.const 200) "one\ntwo\nth") (data (i32.const 220) "Traceback (most recent call last):\n  File \"/0/my.py\", line 7, in create\nValueError: no\n")"#;

fn guest(body: &str) -> Vec<u8> {
    wasi_guest(body, TEXTS)
}

#[track_caller]
fn accepted(body: &str) -> Vec<(LogLevel, String)> {
    let mut session = session(guest(&format!("{body} {ACCEPT}")), BUDGET, Services::none());
    // The second call of an instance sees what the first saw.
    let logs = [accepts(&mut *session), accepts(&mut *session)].map(|returned| {
        assert!(returned.spent.host_calls > 0);
        returned.log.into_iter().map(|line| (line.level, line.text)).collect::<Vec<_>>()
    });
    assert_eq!(logs[0], logs[1]);
    logs.into_iter().next().unwrap()
}

/// The list at 2048 is empty.
const EMPTY: &str = "(call $are (i32.load (i32.const 2052)) (i32.const 0))";

#[test]
fn there_is_nothing_around_a_guest() {
    for call in ["environment", "arguments", "preopens"] {
        accepted(&format!("(i32.store (i32.const 2052) (i32.const 9)) (call ${call} (i32.const 2048)) {EMPTY}"));
    }
    for call in ["cwd", "terminal"] {
        accepted(&format!("(call ${call} (i32.const 2048)) (call $are (i32.load8_u (i32.const 2048)) (i32.const 0))"));
    }
    // Reading ends at once: an error, and of errors the second.
    accepted(
        "(call $read (call $stdin) (i64.const 10) (i32.const 2048))
         (call $are (i32.load8_u (i32.const 2048)) (i32.const 1)) (call $are (i32.load8_u (i32.const 2052)) (i32.const 1))",
    );
}

#[test]
fn time_and_chance_are_the_same_in_every_call() {
    accepted("(call $is (call $now) (i64.const 1000)) (call $is (call $now) (i64.const 2000))");
    accepted(
        "(call $date (i32.const 2048)) (call $is (i64.load (i32.const 2048)) (i64.const 0))
         (call $are (i32.load (i32.const 2056)) (i32.const 1000))",
    );
    // An hour is over as soon as somebody waits for it.
    accepted("(call $block (call $sleep (i64.const 3600000000000))) (call $is (call $now) (i64.const 3600000001000))");
    accepted(
        "(i32.store (i32.const 2048) (call $sleep (i64.const 5))) (call $poll (i32.const 2048) (i32.const 1) (i32.const 2056))
         (call $are (i32.load (i32.const 2060)) (i32.const 1))",
    );
    accepted("(call $is (call $random) (i64.const 7571288974931017996))");
    accepted("(call $bytes (i64.const 100) (i32.const 2048)) (call $are (i32.load (i32.const 2052)) (i32.const 100))");
}

#[test]
fn what_is_printed_is_logged_line_by_line() {
    let log = accepted(
        "(call $write (call $stdout) (i32.const 200) (i32.const 10) (i32.const 2048))
         (call $write (call $stderr) (i32.const 200) (i32.const 3) (i32.const 2048))
         (call $write (call $stdout) (i32.const 64) (i32.const 8) (i32.const 2048))",
    );
    let (info, warn) = (LogLevel::Info, LogLevel::Warn);
    let expected = [(info, "one"), (info, "two"), (info, "thnot good"), (warn, "one")];
    assert_eq!(log, expected.map(|(level, text)| (level, text.to_owned())));
}

#[test]
fn an_error_that_was_printed_is_the_fault() {
    let body = "(call $write (call $stderr) (i32.const 220) (i32.const 93) (i32.const 2048)) (unreachable)";
    let fault = create(&mut *session(guest(body), BUDGET, Services::none())).outcome.unwrap_err();
    assert_eq!(fault.message, "raised ValueError: no");
    assert_eq!(fault.position.map(|position| position.to_string()).as_deref(), Some("my.py:7"));
}

#[test]
fn a_guest_that_does_not_end_is_told_by_what_it_asked_for_last() {
    // What its engine was at says nothing to its author.
    let body = "(call $get (local.get $contact) (i32.const 48) (i32.const 7) (i32.const 2048)) (loop $again (br $again)) (unreachable)";
    let over = |body: &str, budget: Budget| {
        create(&mut *session(guest(body), budget, Services::none())).outcome.expect_err("more than it may spend")
    };
    let fault = over(body, SHORT);
    assert_eq!((fault.kind, &*fault.message), (FaultKind::Deadline, "did not finish within 20 ms"));
    let hint = fault.hint.unwrap_or_default();
    assert!(hint.starts_with("the last that it asked for was `contact.get` of `company`; look for a loop"), "{hint}");
    assert!(hint.contains("`deadline_ms` under [budget]"), "{hint}");
    let fault = over("(loop $again (br $again)) (unreachable)", SHORT);
    assert!(fault.hint.is_some_and(|hint| hint.starts_with("look for a loop")));
    let fault = over("(drop (memory.grow (i32.const 2000))) (unreachable)", BUDGET);
    assert!(fault.message.contains("more than 64 MiB"), "{fault}");
    assert!(fault.hint.is_some_and(|hint| hint.contains("`memory_mib`")));
}

#[test]
fn the_network_is_denied() {
    let log = accepted(
        "(drop (call $network)) (call $socket (i32.const 0) (i32.const 2048))
         (call $are (i32.load8_u (i32.const 2048)) (i32.const 1)) (call $are (i32.load8_u (i32.const 2052)) (i32.const 1))",
    );
    assert_eq!(log[0].1, "`wasi:sockets/tcp-create-socket#create-tcp-socket` was denied: plugins have no network");
}

#[test]
fn the_whole_of_wasi_loads() {
    assert!(load(guest(ACCEPT)).is_ok());
}
