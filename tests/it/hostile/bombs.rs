//! Components that ask for more memory, tables, stack or compiling than anybody should have.

use carnet::plugin::fault::FaultKind::{Memory, Trap};

use super::End::{Fault, Harmless, Refused};
use super::guests::{AFTER, GET, resources, wasm};
use super::kit::{ACCEPT, REALLOC, guest, hook, section};
use super::{Attack, PATIENT};

/// Grows by 16 MiB until it is refused, then panics as Rust guests do.
const GROW: &str = "(loop $l (br_if $l (i32.ne (memory.grow (i32.const 256)) (i32.const -1)))) (unreachable)";

pub fn attacks() -> Vec<Attack> {
    [memory(), stack(), traps(), compiling()].into_iter().flatten().collect()
}

fn more(more: impl Into<String>) -> impl Fn() -> Vec<u8> {
    let more = more.into();
    move || guest(REALLOC, ACCEPT, &more)
}

fn memory() -> Vec<Attack> {
    let bomb = |name, place, body: &'static str, extra: &'static str| {
        wasm(name, (place, "memory in sum"), Fault(Memory), PATIENT, move || guest(REALLOC, body, extra)).told("64 MiB")
    };
    let bomb_in = |name, place, realloc: &str, body: &str, extra: &str| {
        let [realloc, body, extra] = [realloc, body, extra].map(str::to_owned);
        wasm(name, (place, "memory in sum"), Fault(Memory), PATIENT, move || guest(&realloc, &body, &extra))
            .told("64 MiB")
    };
    let harmless =
        |name, limit, body: &'static str| wasm(name, ("memory.grow", limit), Harmless, PATIENT, move || hook(body));
    let denied =
        |name, words, extra: &'static str| wasm(name, ("definitions", "refused"), Refused(words), PATIENT, more(extra));
    vec![
        bomb("memory bomb", "memory.grow", GROW, ""),
        bomb_in("memory bomb at start", "start function", REALLOC, ACCEPT, &format!("(func $s {GROW}) (start $s)")),
        bomb_in(
            "memory bomb in the allocator",
            "realloc",
            &format!(r#"(func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) {GROW})"#),
            &format!("{GET} {ACCEPT}"),
            "",
        ),
        bomb_in(
            "memory bomb after the return",
            "post-return",
            REALLOC,
            ACCEPT,
            &format!(r#"(func (export "{AFTER}") (param i32) {GROW})"#),
        ),
        wasm("memory bomb in a destructor", ("resource dtor", "memory in sum"), Fault(Memory), PATIENT, || {
            resources("", GROW, "")
        }),
        harmless(
            "a growth that is refused, and borne",
            "nothing: it goes on without",
            "(drop (memory.grow (i32.const 2000))) (call $drop (local.get $contact)) (i32.const 1024)",
        ),
        // 40 of 64 MiB are taken in the first call; a second such call would not fit.
        harmless(
            "memory taken anew by every call",
            "nothing: worn instances are replaced",
            "(if (i32.eq (memory.grow (i32.const 640)) (i32.const -1)) (then unreachable))
             (call $drop (local.get $contact)) (i32.const 1024)",
        ),
        bomb(
            "table bomb",
            "table.grow",
            "(loop $l (br_if $l (i32.ne (table.grow $t (ref.null func) (i32.const 5000)) (i32.const -1)))) (unreachable)",
            "(table $t 1 funcref)",
        ),
        bomb("several memories", "definitions", ACCEPT, "(memory $a 400) (memory $b 400) (memory $c 400)"),
        bomb("a memory that starts too large", "definitions", ACCEPT, "(memory $a 1500)"),
        denied("a memory of 4 GiB", "be compiled", "(memory $a 65536)"),
        denied("a memory of 64 bits", "be compiled", "(memory $a i64 1)"),
        denied("a shared memory", "be compiled", "(memory $a 1 1 shared)"),
        denied("a table of 4 thousand million", "be compiled", "(table $a 0xffffffff funcref)"),
        denied("many memories", "be compiled", Box::leak("(memory 1)".repeat(40).into_boxed_str())),
        denied("many tables", "be compiled", Box::leak("(table 1 funcref)".repeat(90).into_boxed_str())),
        denied("exceptions", "be compiled", "(tag $t) (func (throw $t))"),
        denied(
            "garbage-collected types",
            "be compiled",
            "(type $s (struct (field i32))) (func (drop (struct.new_default $s)))",
        ),
        wasm("waiting for another thread", ("atomics", "refused"), Refused("be compiled"), PATIENT, || {
            hook(&format!("(drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1))) {ACCEPT}"))
        }),
        wasm("a data segment of 10 MB", ("definitions", "nothing: within its memory"), Harmless, PATIENT, || {
            let data = "x".repeat(10 << 20);
            guest(REALLOC, ACCEPT, &format!("(memory $big 200) (data (memory $big) (i32.const 0) \"{data}\")"))
        }),
    ]
}

fn stack() -> Vec<Attack> {
    const DEEP: &str = "(func $deep (param i32) (result i32) (i32.add (call $deep (local.get 0)) (i32.const 1)))";
    const DOWN: &str = "(drop (call $deep (i32.const 0)))";
    let deep = |name, extra: &'static str| {
        wasm(name, ("hook", "stack"), Fault(Trap), PATIENT, move || guest(REALLOC, &format!("{DOWN} {ACCEPT}"), extra))
            .told("too deeply")
    };
    let deep_in = |name, place, code: fn() -> Vec<u8>| {
        wasm(name, (place, "stack"), Fault(Trap), PATIENT, code).told("too deeply")
    };
    vec![
        deep("deep recursion", DEEP),
        deep_in("deep recursion at start", "start function", || {
            guest(REALLOC, ACCEPT, &format!("{DEEP} (func $s {DOWN}) (start $s)"))
        }),
        deep_in("deep recursion in the allocator", "realloc", || {
            let realloc =
                r#"(func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (call $deep (i32.const 0)))"#;
            guest(realloc, &format!("{GET} {ACCEPT}"), DEEP)
        }),
        deep_in("deep recursion after the return", "post-return", || {
            guest(REALLOC, ACCEPT, &format!(r#"{DEEP} (func (export "{AFTER}") (param i32) {DOWN})"#))
        }),
        deep_in("deep recursion in a destructor", "resource dtor", || resources("", DOWN, DEEP)),
        deep(
            "deep recursion through a table",
            "(type $f (func (param i32) (result i32))) (table $t 1 funcref) (elem (i32.const 0) $deep)
            (func $deep (type $f) (i32.add (call_indirect (type $f) (local.get 0) (i32.const 0)) (i32.const 1)))",
        ),
        wasm("frames of thousands of variables", ("hook", "stack"), Fault(Trap), PATIENT, || {
            let gets: String = (1..2000)
                .map(|at| {
                    format!("(local.set {at} (i64.add (local.get {}) (i64.extend_i32_u (local.get 0))))", at.max(2) - 1)
                })
                .collect();
            let sums: String =
                (1..2000).map(|at| format!("(local.set 1 (i64.xor (local.get 1) (local.get {at})))")).collect();
            let deep = format!(
                "(func $deep (param i32) (result i32) (local {}) {gets} (drop (call $deep (i32.const 1))) {sums} (i32.wrap_i64 (local.get 1)))",
                "i64 ".repeat(2000)
            );
            guest(REALLOC, &format!("(drop (call $deep (i32.const 0))) {ACCEPT}"), &deep)
        }),
    ]
}

fn traps() -> Vec<Attack> {
    let trap = |name, body: &'static str, extra: &'static str| {
        wasm(name, ("hook", "trap"), Fault(Trap), PATIENT, move || guest(REALLOC, &format!("{body} {ACCEPT}"), extra))
    };
    vec![
        trap("a panic", "(unreachable)", "").told("panicked"),
        trap("a panic in a function", "(call $innermost)", "(func $innermost (unreachable))").told("`innermost`"),
        trap("reading outside memory", "(drop (i32.load (i32.const -4)))", "").told("out of bounds memory access"),
        trap("filling outside memory", "(memory.fill (i32.const 0) (i32.const 1) (i32.const -1))", ""),
        trap("dividing by nothing", "(drop (i32.div_s (i32.const 1) (i32.sub (local.get $n) (local.get $n))))", "")
            .told("divide by zero"),
        trap("a number of what is none", "(drop (i32.trunc_f32_s (f32.const nan)))", "").told("conversion to integer"),
        trap("calling nothing", "(call_indirect (type $v) (i32.const 0))", "(type $v (func)) (table $t 1 funcref)"),
        trap(
            "calling by another type",
            "(call_indirect (type $v) (i32.const 0))",
            "(type $v (func)) (table $t 1 funcref) (elem (i32.const 0) $w) (func $w (param i64))",
        ),
        trap(
            "a panic in a function of an odd name",
            "(call $\"\\1b[2J\\e2\\80\\ae\")",
            "(func $\"\\1b[2J\\e2\\80\\ae\" (unreachable))",
        ),
    ]
}

/// Small files that take long to compile, or much.
fn compiling() -> Vec<Attack> {
    let denied = |name, definitions: &'static str| {
        wasm(name, ("definitions", "refused"), Refused("be compiled"), PATIENT, move || beside(definitions))
    };
    vec![
        wasm(
            "loops in loops with thousands of variables",
            ("compiling", "refused"),
            Refused("compile"),
            PATIENT,
            || {
                let (loops, locals) = (300, 300);
                let used: String = (0..locals)
                    .map(|at| format!("(local.set {at} (i32.add (local.get {at}) (i32.const 1)))"))
                    .collect();
                let body = format!("{}{used}{}", "(loop ".repeat(loops), "(br_if 0 (local.get 0)))".repeat(loops));
                guest(REALLOC, ACCEPT, &format!("(func $big (local {}) {body})", "i32 ".repeat(locals)))
            },
        ),
        wasm("branches with thousands of variables", ("compiling", "refused"), Refused("compile"), PATIENT, || {
            let (loops, locals) = (30_000, 900);
            let used: String =
                (0..locals - 100).map(|at| format!("(local.set 0 (i32.add (local.get 0) (local.get {at})))")).collect();
            let body = format!("{}{used}", "(if (local.get 0) (then (local.set 0 (i32.const 7))))".repeat(loops));
            guest(REALLOC, ACCEPT, &format!("(func $big (param i32) (local {}) {body})", "i32 ".repeat(locals - 100)))
        }),
        wasm(
            "a branch table with thousands of values",
            ("compiling", "nothing: it is compiled in a second"),
            Harmless,
            PATIENT,
            || {
                let values = 300;
                let results = "i32 ".repeat(values);
                let consts = "(i32.const 1)".repeat(values);
                let drops = "drop ".repeat(values);
                let targets = "0 ".repeat(20_000);
                guest(
                    REALLOC,
                    ACCEPT,
                    &format!(
                        "(func $big (param i32) (block (result {results}) {consts} local.get 0 br_table {targets}) {drops})"
                    ),
                )
            },
        ),
        wasm("thousands of loops in a row", ("compiling", "refused"), Refused("compile"), PATIENT, || {
            let loops =
                "(loop (local.set 0 (i32.add (local.get 0) (i32.const 7))) (br_if 0 (local.get 0)))".repeat(4000);
            guest(REALLOC, ACCEPT, &format!("(func $big (param i32) {loops})"))
        }),
        wasm("tens of thousands of branches", ("compiling", "refused"), Refused("compile"), PATIENT, || {
            let branches = "(if (local.get 0) (then (local.set 0 (i32.const 7))))".repeat(30_000);
            guest(REALLOC, ACCEPT, &format!("(func $big (param i32) {branches})"))
        }),
        wasm(
            "a loop with tens of thousands of variables",
            ("compiling", "refused"),
            Refused("compile"),
            PATIENT,
            || {
                let locals = "i32 ".repeat(45_000);
                guest(REALLOC, ACCEPT, &format!("(func $big (local {locals}) (loop (br_if 0 (local.get 0))))"))
            },
        ),
        wasm("many functions that are nearly too much", ("compiling", "refused"), Refused("compile"), PATIENT, || {
            let loops =
                "(loop (local.set 0 (i32.add (local.get 0) (i32.const 7))) (br_if 0 (local.get 0)))".repeat(900);
            guest(REALLOC, ACCEPT, &format!("(func (param i32) {loops})").repeat(100))
        }),
        wasm(
            "components in components, doubled 30 times",
            ("compiling", "refused"),
            Refused("components"),
            PATIENT,
            doubled,
        ),
        denied("streams between components", "(type (stream u8))"),
        denied("threads", "(core type $f (func (param i32))) (core func (canon thread.spawn-ref $f))"),
        wasm(
            "host functions lowered 20,000 times",
            ("compiling", "refused"),
            Refused("functions between"),
            PATIENT,
            || {
                let lowered = r#"(core func (canon lower (func $host "write") (memory $m "memory")))"#.repeat(20_000);
                beside(&format!(
                    r#"(core module $c (memory (export "memory") 1)) (core instance $m (instantiate $c))
                   (import "host" (instance $host (export "write" (func (param "text" string))))) {lowered}"#
                ))
            },
        ),
        wasm("a function of 2 MB", ("compiling", "refused"), Refused("compile"), PATIENT, || {
            let step = "(local.set 0 (i32.add (i32.mul (local.get 0) (i32.const 77)) (i32.load (local.get 1))))";
            guest(REALLOC, ACCEPT, &format!("(func $big (param i32 i32) {})", step.repeat(160_000)))
        }),
    ]
}

/// A component that holds another twice, which holds another twice, …
fn doubled() -> Vec<u8> {
    let mut text = "(component $c0 (core module $m) (core instance (instantiate $m)))".to_owned();
    for level in 1..30 {
        let below = level - 1;
        text = format!(
            "(component $c{level} {text} (instance (instantiate $c{below})) (instance (instantiate $c{below})))"
        );
    }
    beside(&format!("{text} (instance (instantiate $c29))"))
}

/// A sound plugin with another component in it that is never made: what counts is what it would make.
fn beside(definitions: &str) -> Vec<u8> {
    let inner = wat::parse_str(format!("(component {definitions})")).expect("a component");
    section(hook(ACCEPT), 4, &inner)
}
