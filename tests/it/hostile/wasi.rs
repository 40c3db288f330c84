//! Components that ask for a system: for files, an environment, time, chance, streams, a network, an end. They get the empty answers of a
//! system that has none of these, within the same limits as all else.

use carnet::plugin::budget::Budget;
use carnet::plugin::fault::FaultKind::{Deadline, HostCalls, Log, Output, Trap};

use super::End::{self, Fault, Harmless, Refused};
use super::guests::{AFTER, TALKATIVE, wasm};
use super::kit::{ACCEPT, foreign_component, guest_with, wasi_guest};
use super::{Attack, PATIENT, SHORT};

/// Where these attacks are at work.
const WASI: &str = "WASI";

/// With a few calls of the host.
const FEW: Budget = Budget { host_calls: 500, ..PATIENT };

/// With as many calls of the host as it wants.
const MANY: Budget = Budget { host_calls: u64::MAX, ..PATIENT };

pub fn attacks() -> Vec<Attack> {
    [files(), surroundings(), time(), chance(), printing(), network(), ends(), unknown()]
        .into_iter()
        .flatten()
        .collect()
}

/// A guest that does this, and would then accept.
fn does(name: &'static str, limit: &'static str, end: End, budget: Budget, body: impl Into<String>) -> Attack {
    let body = body.into();
    wasm(name, (WASI, limit), end, budget, move || wasi_guest(&format!("{body} {ACCEPT}"), ""))
}

/// A guest that does this for ever, from the same heap.
fn floods(name: &'static str, limit: &'static str, end: End, budget: Budget, step: &str) -> Attack {
    does(name, limit, end, budget, format!("(loop $l (global.set $heap (i32.const 65536)) {step} (br $l))"))
}

/// A guest of a WASI that its author made up: interfaces of a package that is imported whole, core imports, and what the hook does.
fn made_up(package: &str, interface: &str, import: &str, body: &str) -> Vec<u8> {
    let (name, version) = package.split_once('@').expect("a version");
    let wit = format!(
        "package wasi:test; world all {{ import {name}/made-up@{version}; }}
         package {package} {{ interface made-up {{ {interface} }} }}"
    );
    let import = format!("(import \"{name}/made-up@{version}\" {import})");
    guest_with((&wit, &import), &format!("{body} {ACCEPT}"), "")
}

/// The list at 2048 is empty.
const EMPTY: &str = "(call $are (i32.load (i32.const 2052)) (i32.const 0))";

fn files() -> Vec<Attack> {
    let open = |name, limit, end, budget, body: &'static str| {
        wasm(name, (WASI, limit), end, budget, move || {
            made_up(
                "wasi:filesystem@0.2.9",
                "enum error-code { access, no-entry } open: func(paths: list<string>) -> result<u32, error-code>;",
                "\"open\" (func $open (param i32 i32 i32))",
                body,
            )
        })
    };
    vec![
        does("folders looked for", "nothing: there are none", Harmless, PATIENT, {
            format!("(i32.store (i32.const 2052) (i32.const 9)) (call $preopens (i32.const 2048)) {EMPTY}")
        }),
        floods(
            "folders looked for, for ever",
            "host calls",
            Fault(HostCalls),
            FEW,
            "(call $preopens (i32.const 2048))",
        )
        .told("more than 500 calls"),
        does("a file that was never opened", "handle table", Fault(Output), PATIENT, {
            "(call $stat (i32.const 1) (i32.const 2048))"
        })
        .told("handle index 1"),
        open("a file opened past the folders", "nothing: it is denied", Harmless, PATIENT, {
            "(i32.store (i32.const 4096) (i32.const 16)) (i32.store (i32.const 4100) (i32.const 6))
             (call $open (i32.const 4096) (i32.const 1) (i32.const 2048))
             (if (i32.ne (i32.load8_u (i32.const 2048)) (i32.const 1)) (then (unreachable)))"
        }),
        open("files opened for ever", "lines of log", Fault(Log), MANY, {
            "(loop $l (call $open (i32.const 4096) (i32.const 0) (i32.const 2048)) (br $l))"
        })
        .told("more than 1000 lines"),
        open("a million files to open", "bytes handed over", Fault(Output), PATIENT, {
            "(drop (memory.grow (i32.const 400))) (call $open (i32.const 131072) (i32.const 1000000) (i32.const 2048))"
        })
        .told("1048576 bytes"),
        open("files to open that lie outside memory", "bounds", Fault(Output), PATIENT, {
            "(call $open (i32.const -16) (i32.const 9) (i32.const 2048))"
        })
        .told("bounds"),
    ]
}

fn surroundings() -> Vec<Attack> {
    let ask = |name, call: &str| {
        does(name, "nothing: there is none", Harmless, PATIENT, {
            format!("(i32.store (i32.const 2052) (i32.const 9)) (call ${call} (i32.const 2048)) {EMPTY}")
        })
    };
    vec![
        ask("the environment asked for", "environment"),
        ask("arguments asked for", "arguments"),
        floods("the environment asked for, for ever", "host calls", Fault(HostCalls), FEW, {
            "(call $environment (i32.const 2048))"
        }),
        floods(
            "arguments asked for, for ever",
            "deadline",
            Fault(Deadline),
            TALKATIVE,
            "(call $arguments (i32.const 2048))",
        ),
        does(
            "an environment put outside memory",
            "bounds",
            Fault(Output),
            PATIENT,
            "(call $environment (i32.const -4))",
        ),
        does("input read without end", "nothing: it is at its end", Harmless, PATIENT, {
            "(call $read (call $stdin) (i64.const -1) (i32.const 2048))
             (call $are (i32.load8_u (i32.const 2048)) (i32.const 1))"
        }),
        floods("input read for ever", "host calls", Fault(HostCalls), FEW, {
            "(call $read (call $stdin) (i64.const -1) (i32.const 2048))"
        }),
    ]
}

fn time() -> Vec<Attack> {
    let hours = "(local.set $n (call $sleep (i64.const 3600000000000))) (call $block (local.get $n))";
    vec![
        floods("a clock watched for ever", "deadline", Fault(Deadline), TALKATIVE, "(drop (call $now))").told("20 ms"),
        floods("a clock watched often", "host calls", Fault(HostCalls), FEW, "(call $date (i32.const 2048))"),
        does("waiting for the end of time", "nothing: it comes at once", Harmless, PATIENT, {
            "(call $block (call $sleep (i64.const -1))) (call $is (call $now) (i64.const -1))
             (call $date (i32.const 2048)) (call $block (call $sleep (i64.const -1)))"
        }),
        floods(
            "waiting an hour, again and again",
            "deadline",
            Fault(Deadline),
            TALKATIVE,
            &format!("{hours} (call $waited (local.get $n))"),
        ),
        floods("waiting for more and more", "handles", Fault(Output), MANY, hours).told("handle"),
        floods("polling for ever", "deadline", Fault(Deadline), TALKATIVE, {
            "(i32.store (i32.const 4096) (call $sleep (i64.const 3600000000000)))
             (call $poll (i32.const 4096) (i32.const 1) (i32.const 2048)) (call $waited (i32.load (i32.const 4096)))"
        }),
        floods("polling nothing, for ever", "host calls", Fault(HostCalls), FEW, {
            "(call $poll (i32.const 4096) (i32.const 0) (i32.const 2048))"
        }),
        does("polling one thing a million times", "bytes handed over", Fault(Output), PATIENT, {
            "(drop (memory.grow (i32.const 200))) (memory.fill (i32.const 131072) (i32.const 0) (i32.const 4000000))
             (call $poll (i32.const 131072) (i32.const 1000000) (i32.const 2048))"
        })
        .told("1048576 bytes"),
        does("polling what was never given", "handle table", Fault(Output), PATIENT, {
            "(i32.store (i32.const 4096) (i32.const 77)) (call $poll (i32.const 4096) (i32.const 1) (i32.const 2048))"
        })
        .told("handle"),
        does("waiting for a stream", "handle table", Fault(Output), PATIENT, "(call $block (call $stdout))")
            .told("handle"),
        does("waiting for what was dropped", "handle table", Fault(Output), PATIENT, {
            "(local.set $n (call $sleep (i64.const 1))) (call $waited (local.get $n)) (call $block (local.get $n))"
        })
        .told("handle"),
    ]
}

fn chance() -> Vec<Attack> {
    let bytes = |count: i64| format!("(call $bytes (i64.const {count}) (i32.const 2048))");
    vec![
        does("random bytes without end", "bytes at a time", Fault(Output), PATIENT, bytes(-1)).told("random bytes"),
        does("more random bytes than memory", "bounds", Fault(Output), PATIENT, {
            format!("(global.set $heap (i32.const 131000)) {}", bytes(65_536))
        })
        .told("realloc"),
        floods("random bytes for ever", "deadline", Fault(Deadline), TALKATIVE, &bytes(60_000)).told("20 ms"),
        floods("random numbers for ever", "host calls", Fault(HostCalls), FEW, "(drop (call $random))"),
    ]
}

fn printing() -> Vec<Attack> {
    let write = |stream: &str, at: i32, length: i32| {
        format!("(call $write (local.get $n) (i32.const {at}) (i32.const {length}) (i32.const 2048))")
            .replace("(local.get $n)", if stream.is_empty() { "(local.get $n)" } else { stream })
    };
    // One handle, many writes.
    let flood = |name, limit, kind, budget: Budget, open: &str, fill: u32, length: i32| {
        let step = write("", 8192, length);
        does(name, limit, Fault(kind), budget, {
            format!(
                "(memory.fill (i32.const 8192) (i32.const {fill}) (i32.const 50000))
                 (local.set $n (call ${open})) (loop $l {step} (br $l))"
            )
        })
    };
    let printed = "bytes of log";
    vec![
        flood("flood of standard output", printed, Log, MANY, "stdout", 120, 50_000)
            .told("printed more than 65536 bytes"),
        flood("flood of standard error", printed, Log, MANY, "stderr", 120, 50_000)
            .told("printed more than 65536 bytes"),
        flood("flood of single letters", printed, Log, MANY, "stdout", 120, 1).told("printed more than 65536 bytes"),
        flood("flood of empty lines printed", printed, Log, MANY, "stdout", 10, 50_000),
        flood("flood of empty lines of standard error", printed, Log, MANY, "stderr", 10, 50_000),
        flood("flood of blanks printed", printed, Log, MANY, "stdout", 32, 50_000),
        flood("flood of nothing printed", "host calls", HostCalls, FEW, "stdout", 120, 0),
        flood("flood of nothing printed, in time", "deadline", Deadline, TALKATIVE, "stderr", 120, 0),
        floods("flood of streams", "handles", Fault(Output), MANY, "(drop (call $stdout))").told("handle"),
        does("printing from outside memory", "bounds", Fault(Output), PATIENT, write("(call $stdout)", -16, 64))
            .told("bounds"),
        does("printing 2 MB", "bytes handed over", Fault(Output), PATIENT, {
            format!("(drop (memory.grow (i32.const 40))) {}", write("(call $stdout)", 8192, 2_000_000))
        })
        .told("1048576 bytes"),
        does("printing what is no text", "nothing: it is made readable", Harmless, PATIENT, {
            write("(call $stderr)", 96, 3)
        }),
        does("printing to what was never given", "handle table", Fault(Output), PATIENT, {
            write("(i32.const 77)", 16, 6)
        })
        .told("handle"),
        wasm("last words that steer a terminal", (WASI, "made blanks"), Fault(Trap), PATIENT, || {
            let words =
                r#"(data (i32.const 8192) "thread 'x' panicked at \1b[2J\07.rs:1:1:\n\1b]0;gone\07 \e2\80\ae\n")"#;
            let write = "(call $write (call $stderr) (i32.const 8192) (i32.const 55) (i32.const 2048))";
            wasi_guest(&format!("{write} (unreachable) {ACCEPT}"), words)
        })
        .told("panicked"),
        wasm("last words without end", (WASI, "bytes of a message"), Fault(Trap), PATIENT, || {
            let words = format!("(data (i32.const 8192) \"panicked at x.rs:1:1:\\n{}\\n\")", "why ".repeat(10_000));
            let write = "(call $write (call $stderr) (i32.const 8192) (i32.const 40023) (i32.const 2048))";
            wasi_guest(&format!("{write} (unreachable) {ACCEPT}"), &words)
        })
        .told("panicked"),
        // What is printed in the second call is of that call.
        does("a stream kept", "nothing: it is the call's own", Harmless, PATIENT, {
            "(if (i32.eqz (global.get $kept)) (then (global.set $kept (call $stdout))))
             (call $write (global.get $kept) (i32.const 16) (i32.const 6) (i32.const 2048))"
        }),
    ]
}

fn network() -> Vec<Attack> {
    vec![
        does("a socket", "nothing: it is denied", Harmless, PATIENT, {
            "(call $socket (i32.const 0) (i32.const 2048)) (call $are (i32.load8_u (i32.const 2048)) (i32.const 1))"
        }),
        floods("flood of sockets", "lines of log", Fault(Log), MANY, "(call $socket (i32.const 0) (i32.const 2048))")
            .told("more than 65536 bytes"),
        does(
            "a socket of an unknown kind",
            "tags",
            Fault(Output),
            PATIENT,
            "(call $socket (i32.const 9) (i32.const 2048))",
        )
        .told("discriminant"),
        does("an address of 2 MB resolved", "bytes handed over", Fault(Output), PATIENT, {
            "(drop (memory.grow (i32.const 40)))
             (call $resolve (call $network) (i32.const 8192) (i32.const 2000000) (i32.const 2048))"
        })
        .told("1048576 bytes"),
        does("an address resolved", "nothing: it is denied", Harmless, PATIENT, {
            "(call $resolve (call $network) (i32.const 16) (i32.const 6) (i32.const 2048))
             (call $are (i32.load8_u (i32.const 2048)) (i32.const 1))"
        }),
        does("headers of a request", "no network", Fault(Trap), PATIENT, "(drop (call $fields))")
            .told("called `wasi:http/types#[constructor]fields`: plugins have no network"),
        does("a request that was never made", "handle table", Fault(Output), PATIENT, {
            "(call $request (i32.const 1) (i32.const 2048))"
        })
        .told("handle"),
        does("the body of an answer", "no network", Fault(Trap), PATIENT, "(call $body (i32.const 2048))")
            .told("plugins have no network"),
    ]
}

fn ends() -> Vec<Attack> {
    let elsewhere = |name, place, limit, kind, more: &'static str| {
        wasm(name, (place, limit), Fault(kind), SHORT, move || wasi_guest(ACCEPT, more))
    };
    vec![
        does("the end of the program", "fault", Fault(Trap), PATIENT, "(call $exit (i32.const 0))")
            .told("exited with success"),
        does("the end of the program, in failure", "fault", Fault(Trap), PATIENT, "(call $exit (i32.const 1))")
            .told("exited with failure"),
        does("an end that is neither", "tags", Fault(Output), PATIENT, "(call $exit (i32.const 7))")
            .told("discriminant"),
        elsewhere("the end of the program at start", "start function", "fault", Trap, {
            "(func $s (call $exit (i32.const 0))) (start $s)"
        })
        .told("exited with success"),
        elsewhere("a clock watched at start", "start function", "deadline", Deadline, {
            "(func $s (loop $l (drop (call $now)) (br $l))) (start $s)"
        }),
        wasm("a clock asked after the return", ("post-return", "re-entrance"), Fault(Trap), PATIENT, || {
            wasi_guest(ACCEPT, &format!(r#"(func (export "{AFTER}") (param i32) (drop (call $now)))"#))
        }),
    ]
}

fn unknown() -> Vec<Attack> {
    let refused = |name, limit, words, package: &'static str| {
        wasm(name, ("imports", limit), Refused(words), PATIENT, move || {
            made_up(package, "go: func();", "\"go\" (func $go)", "(call $go)")
        })
    };
    let declared = |name, limit, end, interface: &'static str, import: &'static str, body: &'static str| {
        wasm(name, ("imports", limit), end, PATIENT, move || made_up("wasi:cli@0.2.9", interface, import, body))
    };
    vec![
        refused("a WASI of another version", "version", "`wasi:cli/made-up@0.3.0`", "wasi:cli@0.3.0"),
        refused("a WASI of long ago", "version", "`wasi:io/made-up@0.1.0`", "wasi:io@0.1.0"),
        refused("an unknown package of WASI", "package", "`wasi:keyvalue/made-up@0.2.0`", "wasi:keyvalue@0.2.0"),
        refused("a package that is nearly WASI", "package", "`wasi:clients/made-up@0.2.0`", "wasi:clients@0.2.0"),
        wasm("WASI without a version", ("imports", "version"), Refused("`wasi:cli/made-up`"), PATIENT, || {
            let world = "package test:guest; world guest { import wasi:cli/made-up; }";
            let core = r#"(module (import "wasi:cli/made-up" "go" (func $f)) (func (export "run") (call $f)))"#;
            foreign_component(core, "package wasi:cli; interface made-up { go: func(); }", world)
        }),
        wasm("a program of the first WASI", ("file", "format"), Refused("core WebAssembly module"), PATIENT, || {
            let program = r#"(module (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
                (func (export "_start") (call $exit (i32.const 0))))"#;
            wat::parse_str(program).expect("a module")
        }),
        declared(
            "a function of WASI that nobody has",
            "fault",
            Fault(Trap),
            "go: func();",
            "\"go\" (func $go)",
            "(call $go)",
        )
        .told("called `wasi:cli/made-up#go`: plugins have no such thing"),
        declared(
            "a million texts for a function that nobody has",
            "bytes handed over",
            Fault(Output),
            "go: func(all: list<list<tuple<u8, string>>>);",
            "\"go\" (func $go (param i32 i32))",
            "(drop (memory.grow (i32.const 200))) (call $go (i32.const 131072) (i32.const 1000000))",
        )
        .told("1048576 bytes"),
        wasm("a function of WASI of another type", ("imports", "types"), Refused("be linked"), PATIENT, || {
            let wit = "package wasi:test; world all { import wasi:clocks/monotonic-clock@0.2.9; }
                package wasi:clocks@0.2.9 { interface monotonic-clock { now: func() -> string; } }";
            let import = r#"(import "wasi:clocks/monotonic-clock@0.2.9" "now" (func $now (param i32)))"#;
            guest_with((wit, import), &format!("(call $now (i32.const 2048)) {ACCEPT}"), "")
        }),
        wasm("a thing of WASI of another type", ("imports", "types"), Refused("be linked"), PATIENT, || {
            let wit = "package wasi:test; world all { import wasi:cli/stdout@0.2.9; }
                package wasi:cli@0.2.9 { interface stdout { resource mine; get-stdout: func() -> mine; } }";
            let import = r#"(import "wasi:cli/stdout@0.2.9" "get-stdout" (func $get-stdout (result i32)))"#;
            guest_with((wit, import), &format!("(drop (call $get-stdout)) {ACCEPT}"), "")
        }),
        wasm("hundreds of things of WASI", ("imports", "things"), Refused("things of WASI"), PATIENT, || {
            let names = || (0..300).map(|at| format!("thing{at}"));
            let things: String = names().map(|name| format!("resource {name};")).collect();
            let imports: String = names()
                .map(|name| format!("(import \"wasi:cli/made-up@0.2.9\" \"[resource-drop]{name}\" (func (param i32)))"))
                .collect();
            let wit = format!(
                "package wasi:test; world all {{ import wasi:cli/made-up@0.2.9; }}
                 package wasi:cli@0.2.9 {{ interface made-up {{ {things} }} }}"
            );
            guest_with((&wit, &imports), ACCEPT, "")
        }),
    ]
}
