//! The empty WASI: what a guest that imports it gets to see, and what it is denied.

use std::sync::LazyLock;

use wit_component::StringEncoding;
use wit_parser::Resolve;

use super::kit::{ACCEPT, BUDGET, PRELUDE, REALLOC, SHORT, accepts, create, faults, load, on_create, session};
use crate::plugin::fault::FaultKind;
use crate::plugin::service::{LogLevel, Services};

/// As much of WASI as these guests import.
const WASI: &str = r#"
package wasi:test;
world all {
  import wasi:cli/environment@0.2.9; import wasi:cli/exit@0.2.9; import wasi:cli/stdin@0.2.9; import wasi:cli/stdout@0.2.9;
  import wasi:cli/stderr@0.2.9; import wasi:cli/terminal-stdout@0.2.9; import wasi:clocks/monotonic-clock@0.2.9;
  import wasi:clocks/wall-clock@0.2.9; import wasi:filesystem/types@0.2.9; import wasi:filesystem/preopens@0.2.9;
  import wasi:random/random@0.2.9; import wasi:random/insecure-seed@0.2.9; import wasi:sockets/instance-network@0.2.9;
  import wasi:sockets/tcp-create-socket@0.2.9; import wasi:http/types@0.2.9;
}
package wasi:io@0.2.9 {
  interface error { resource error { to-debug-string: func() -> string; } }
  interface poll {
    resource pollable { ready: func() -> bool; block: func(); }
    poll: func(in: list<borrow<pollable>>) -> list<u32>;
  }
  interface streams {
    use error.{error}; use poll.{pollable};
    variant stream-error { last-operation-failed(error), closed }
    resource input-stream { read: func(len: u64) -> result<list<u8>, stream-error>; subscribe: func() -> pollable; }
    resource output-stream {
      check-write: func() -> result<u64, stream-error>;
      blocking-write-and-flush: func(contents: list<u8>) -> result<_, stream-error>;
    }
  }
}
package wasi:cli@0.2.9 {
  interface environment {
    get-environment: func() -> list<tuple<string, string>>; get-arguments: func() -> list<string>;
    initial-cwd: func() -> option<string>;
  }
  interface exit { exit: func(status: result); }
  interface stdin { use wasi:io/streams@0.2.9.{input-stream}; get-stdin: func() -> input-stream; }
  interface stdout { use wasi:io/streams@0.2.9.{output-stream}; get-stdout: func() -> output-stream; }
  interface stderr { use wasi:io/streams@0.2.9.{output-stream}; get-stderr: func() -> output-stream; }
  interface terminal-output { resource terminal-output; }
  interface terminal-stdout { use terminal-output.{terminal-output}; get-terminal-stdout: func() -> option<terminal-output>; }
}
package wasi:clocks@0.2.9 {
  interface monotonic-clock {
    use wasi:io/poll@0.2.9.{pollable};
    now: func() -> u64; subscribe-duration: func(when: u64) -> pollable;
  }
  interface wall-clock { record datetime { seconds: u64, nanoseconds: u32 } now: func() -> datetime; }
}
package wasi:filesystem@0.2.9 {
  interface types {
    use wasi:io/error@0.2.9.{error};
    enum error-code { access, no-entry }
    resource descriptor { stat: func() -> result<u64, error-code>; }
    filesystem-error-code: func(err: borrow<error>) -> option<error-code>;
  }
  interface preopens { use types.{descriptor}; get-directories: func() -> list<tuple<descriptor, string>>; }
}
package wasi:random@0.2.9 {
  interface random { get-random-bytes: func(len: u64) -> list<u8>; get-random-u64: func() -> u64; }
  interface insecure-seed { insecure-seed: func() -> tuple<u64, u64>; }
}
package wasi:sockets@0.2.9 {
  interface network { resource network; enum error-code { unknown, access-denied } enum ip-address-family { ipv4, ipv6 } }
  interface instance-network { use network.{network}; instance-network: func() -> network; }
  interface tcp { resource tcp-socket { hop-limit: func() -> u8; } }
  interface tcp-create-socket {
    use network.{error-code, ip-address-family}; use tcp.{tcp-socket};
    create-tcp-socket: func(address-family: ip-address-family) -> result<tcp-socket, error-code>;
  }
}
package wasi:http@0.2.9 {
  interface types {
    use wasi:io/error@0.2.9.{error as io-error}; use wasi:io/streams@0.2.9.{output-stream};
    resource fields { constructor(); }
    http-error-code: func(err: borrow<io-error>) -> option<u8>;
    body: func() -> result<output-stream>;
  }
}
"#;

/// Imports of the functions that are called here.
const IMPORTS: &str = r#"
  (import "wasi:cli/environment@0.2.9" "get-environment" (func $environment (param i32)))
  (import "wasi:cli/environment@0.2.9" "get-arguments" (func $arguments (param i32)))
  (import "wasi:cli/environment@0.2.9" "initial-cwd" (func $cwd (param i32)))
  (import "wasi:cli/exit@0.2.9" "exit" (func $exit (param i32)))
  (import "wasi:cli/stdin@0.2.9" "get-stdin" (func $stdin (result i32)))
  (import "wasi:cli/stdout@0.2.9" "get-stdout" (func $stdout (result i32)))
  (import "wasi:cli/stderr@0.2.9" "get-stderr" (func $stderr (result i32)))
  (import "wasi:cli/terminal-stdout@0.2.9" "get-terminal-stdout" (func $terminal (param i32)))
  (import "wasi:clocks/monotonic-clock@0.2.9" "now" (func $now (result i64)))
  (import "wasi:clocks/monotonic-clock@0.2.9" "subscribe-duration" (func $sleep (param i64) (result i32)))
  (import "wasi:clocks/wall-clock@0.2.9" "now" (func $date (param i32)))
  (import "wasi:filesystem/preopens@0.2.9" "get-directories" (func $preopens (param i32)))
  (import "wasi:filesystem/types@0.2.9" "[method]descriptor.stat" (func $stat (param i32 i32)))
  (import "wasi:io/streams@0.2.9" "[method]output-stream.blocking-write-and-flush" (func $write (param i32 i32 i32 i32)))
  (import "wasi:io/streams@0.2.9" "[method]input-stream.read" (func $read (param i32 i64 i32)))
  (import "wasi:io/poll@0.2.9" "[method]pollable.block" (func $block (param i32)))
  (import "wasi:io/poll@0.2.9" "poll" (func $poll (param i32 i32 i32)))
  (import "wasi:random/random@0.2.9" "get-random-u64" (func $random (result i64)))
  (import "wasi:random/random@0.2.9" "get-random-bytes" (func $bytes (param i64 i32)))
  (import "wasi:sockets/instance-network@0.2.9" "instance-network" (func $network (result i32)))
  (import "wasi:sockets/tcp-create-socket@0.2.9" "create-tcp-socket" (func $socket (param i32 i32)))
  (import "wasi:http/types@0.2.9" "[constructor]fields" (func $fields (result i32)))
  (import "wasi:http/types@0.2.9" "body" (func $body (param i32)))
"#;

/// Makes a component with the whole of this WASI. `$is` traps unless two numbers are one.
fn guest(body: &str) -> Vec<u8> {
    static RESOLVE: LazyLock<Resolve> = LazyLock::new(|| {
        let mut resolve = Resolve::default();
        resolve.push_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/wit")).unwrap();
        resolve.push_str("wasi.wit", WASI).unwrap();
        resolve
    });
    let mut resolve = RESOLVE.clone();
    let world = "package test:guest; world guest { include wasi:test/all; import carnet:plugin/log@0.1.0;
        import carnet:plugin/things@0.1.0; export carnet:plugin/on-create@0.1.0; }";
    let package = resolve.push_str("guest.wit", world).unwrap();
    let world = resolve.select_world(&[package], None).unwrap();
    let more = r#"
      (func $is (param i64 i64) (if (i64.ne (local.get 0) (local.get 1)) (then (unreachable))))
      (func $are (param i32 i32) (call $is (i64.extend_i32_u (local.get 0)) (i64.extend_i32_u (local.get 1))))
      (data (i32.const 200) "one\ntwo\nth") (data (i32.const 220) "Traceback (most recent call last):\n  File \"/0/my.py\", line 7, in create\nValueError: no\n")"#;
    let core = format!("(module {IMPORTS} {PRELUDE} {REALLOC} {} {more})", on_create(body));
    let mut module = wat::parse_str(core).unwrap();
    wit_component::embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
    wit_component::ComponentEncoder::default().module(&module).unwrap().encode().unwrap()
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
    faults(
        guest("(call $bytes (i64.const -1) (i32.const 2048)) (unreachable)"),
        BUDGET,
        FaultKind::Output,
        "random bytes",
    );
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
    let flood = "(loop $again (call $write (call $stdout) (i32.const 0) (i32.const 60000) (i32.const 2048)) (br $again)) (unreachable)";
    faults(guest(flood), BUDGET, FaultKind::Log, "printed more than 65536 bytes");
}

#[test]
fn an_error_that_was_printed_is_the_fault() {
    let body = "(call $write (call $stderr) (i32.const 220) (i32.const 93) (i32.const 2048)) (unreachable)";
    let fault = faults(guest(body), BUDGET, FaultKind::Trap, "raised ValueError: no");
    assert_eq!(fault.position.map(|position| position.to_string()).as_deref(), Some("my.py:7"));
}

#[test]
fn a_guest_that_does_not_end_is_told_by_what_it_asked_for_last() {
    // What its engine was at says nothing to its author.
    let body = "(call $get (local.get $contact) (i32.const 48) (i32.const 7) (i32.const 2048)) (loop $again (br $again)) (unreachable)";
    let fault = faults(guest(body), SHORT, FaultKind::Deadline, "did not finish within 20 ms");
    let hint = fault.hint.unwrap_or_default();
    assert!(hint.starts_with("the last that it asked for was `contact.get` of `company`; look for a loop"), "{hint}");
    assert!(hint.contains("`deadline_ms` under [budget]"), "{hint}");
    let fault = faults(guest("(loop $again (br $again)) (unreachable)"), SHORT, FaultKind::Deadline, "20 ms");
    assert!(fault.hint.is_some_and(|hint| hint.starts_with("look for a loop")));
    let body = "(drop (memory.grow (i32.const 2000))) (unreachable)";
    let fault = faults(guest(body), BUDGET, FaultKind::Memory, "more than 64 MiB");
    assert!(fault.hint.is_some_and(|hint| hint.contains("`memory_mib`")));
}

#[test]
fn leaving_and_the_network_are_faults_or_denied() {
    faults(guest("(call $exit (i32.const 0)) (unreachable)"), BUDGET, FaultKind::Trap, "exited with success");
    faults(guest("(call $exit (i32.const 1)) (unreachable)"), BUDGET, FaultKind::Trap, "exited with failure");
    let fault =
        faults(guest("(drop (call $fields)) (unreachable)"), BUDGET, FaultKind::Trap, "plugins have no network");
    assert!(fault.message.starts_with("called `wasi:http/types#[constructor]fields`"), "{fault}");
    let log = accepted(
        "(drop (call $network)) (call $socket (i32.const 0) (i32.const 2048))
         (call $are (i32.load8_u (i32.const 2048)) (i32.const 1)) (call $are (i32.load8_u (i32.const 2052)) (i32.const 1))",
    );
    assert_eq!(log[0].1, "`wasi:sockets/tcp-create-socket#create-tcp-socket` was denied: plugins have no network");
    // Without a file there is no handle of one.
    faults(
        guest("(call $stat (i32.const 1) (i32.const 2048)) (unreachable)"),
        BUDGET,
        FaultKind::Output,
        "handle index 1",
    );
}

#[test]
fn floods_of_calls_end() {
    let ask = "(loop $again (drop (call $now)) (br $again)) (unreachable)";
    let budget = crate::plugin::budget::Budget { host_calls: 1000, ..BUDGET };
    faults(guest(ask), budget, FaultKind::HostCalls, "1000 calls");
    faults(guest("(loop $again (br $again)) (unreachable)"), SHORT, FaultKind::Deadline, "20 ms");
    let handles = "(loop $again (drop (call $stdout)) (br $again)) (unreachable)";
    let budget = crate::plugin::budget::Budget { host_calls: u64::MAX, ..BUDGET };
    let fault = create(&mut *session(guest(handles), budget, Services::none())).outcome.unwrap_err();
    assert!(fault.message.contains("handle"), "{fault}");
}

#[test]
fn the_whole_of_wasi_loads() {
    assert!(load(guest(ACCEPT)).is_ok());
}
