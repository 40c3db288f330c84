//! Components that loop, overrun their results and misuse their handles.

use carnet::plugin::budget::Budget;
use carnet::plugin::fault::FaultKind::{Deadline, Edits, HostCalls, Log, Output, RefusedEdit, State, Trap, Verdict};
use carnet::plugin::package::EngineKind;

use wit_component::StringEncoding;

use super::End::{self, Fault, Harmless, Later};
use super::kit::{ACCEPT, REALLOC, component_of, guest, guest_in, hook, world_with};
use super::{Attack, PATIENT, SHORT};

pub const LOOP: &str = "(loop $l (br $l))";
pub const GET: &str = "(call $get (local.get $contact) (i32.const 32) (i32.const 9) (i32.const 2048))";
const FIND: &str =
    "(call $find (i32.const 128) (i32.const 5) (i32.const 16) (i32.const 6) (i32.const 20) (i32.const 2048))";

pub fn wasm(
    name: &'static str,
    (place, limit): (&'static str, &'static str),
    end: End,
    budget: Budget,
    code: impl Fn() -> Vec<u8> + 'static,
) -> Attack {
    let (engine, name) = (EngineKind::Wasm, name.into());
    Attack { engine, name, place, limit, end, told: "", budget, code: Box::new(code) }
}

pub fn attacks() -> Vec<Attack> {
    [loops(), floods(), results(), handles(), host_texts()].into_iter().flatten().collect()
}

/// Of the function that is called after a hook returned.
pub const AFTER: &str = "cabi_post_carnet:plugin/on-create@0.1.0#create";

/// With host calls and what they may hand over out of the way.
pub const TALKATIVE: Budget = Budget { host_calls: u64::MAX, output_bytes: 1 << 40, ..SHORT };

fn loops() -> Vec<Attack> {
    let late = |name, place, code: fn() -> Vec<u8>| {
        wasm(name, (place, "deadline"), Fault(Deadline), SHORT, code).told("20 ms")
    };
    vec![
        late("endless loop", "hook", || hook(&format!("{LOOP} {ACCEPT}"))),
        late("endless loop at start", "start function", || {
            guest(REALLOC, ACCEPT, &format!("(func $s {LOOP}) (start $s)"))
        }),
        late("endless loop after the return", "post-return", || {
            guest(REALLOC, ACCEPT, &format!(r#"(func (export "{AFTER}") (param i32) {LOOP})"#))
        }),
        late("endless loop in the allocator", "realloc", || {
            let realloc =
                format!(r#"(func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) {LOOP} (i32.const 0))"#);
            guest(&realloc, &format!("{GET} {ACCEPT}"), "")
        }),
        late("endless loop in a destructor", "resource dtor", || resources("", LOOP, "")),
        late("endless growing by nothing", "hook", || {
            hook(&format!("(loop $l (drop (memory.grow (i32.const 0))) (br $l)) {ACCEPT}"))
        }),
        late("endless tail calls", "hook", || {
            guest(REALLOC, &format!("(call $tail) {ACCEPT}"), "(func $tail (return_call $tail))")
        }),
        late("endless tail calls through a table", "hook", || {
            let more = "(table $t 1 funcref) (elem (i32.const 0) $tail) (type $v (func))
                (func $tail (return_call_indirect (type $v) (i32.const 0)))";
            guest(REALLOC, &format!("(call $tail) {ACCEPT}"), more)
        }),
        late("endless filling of memory", "bulk memory", || {
            let body =
                format!("(loop $l (memory.fill (i32.const 65536) (i32.const 7) (i32.const 60000)) (br $l)) {ACCEPT}");
            hook(&body)
        }),
        late("endless copying of all memory", "bulk memory", || {
            let copy = "(memory.copy (i32.const 0) (i32.const 29000000) (i32.const 28000000))";
            hook(&format!("(drop (memory.grow (i32.const 900))) (loop $l {copy} (br $l)) {ACCEPT}"))
        }),
        late("endless filling of a table", "bulk tables", || {
            let fill = "(loop $l (table.fill $t (i32.const 0) (ref.null func) (i32.const 15000)) (br $l))";
            guest(REALLOC, &format!("{fill} {ACCEPT}"), "(table $t 15000 funcref)")
        }),
        late("exponential recursion", "hook", || {
            let more = "(func $fib (param i32) (result i32)
                (if (result i32) (i32.lt_u (local.get 0) (i32.const 2)) (then (local.get 0))
                    (else (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1)))
                                   (call $fib (i32.sub (local.get 0) (i32.const 2)))))))";
            guest(REALLOC, &format!("(drop (call $fib (i32.const 70))) {ACCEPT}"), more)
        }),
        wasm("endless calls of the host", ("host functions", "deadline"), Fault(Deadline), TALKATIVE, || flood(GET))
            .told("20 ms"),
        wasm("endless handles, given back", ("resource.new", "deadline"), Fault(Deadline), TALKATIVE, || {
            resources("(loop $l (call $own-drop (call $own-new (i32.const 1))) (br $l))", "", "")
        }),
    ]
}

/// Repeats for ever, from the same heap.
pub fn flood(step: &str) -> Vec<u8> {
    hook(&format!(
        "(loop $l (global.set $heap (i32.const 65536)) (local.set $n (i32.add (local.get $n) (i32.const 1))) {step} (br $l)) {ACCEPT}"
    ))
}

/// A guest with a resource of its own: what the hook does first, what its destructor does, and more definitions.
pub fn resources(first: &str, destructor: &str, more: &str) -> Vec<u8> {
    let body = format!("{first} (call $own-drop (call $own-new (i32.const 1))) {ACCEPT}");
    let core = format!(
        r#"(module
          (import "carnet:plugin/things@0.1.0" "[resource-drop]contact" (func $drop (param i32)))
          (import "[export]test:guest/mine" "[resource-new]thing" (func $own-new (param i32) (result i32)))
          (import "[export]test:guest/mine" "[resource-drop]thing" (func $own-drop (param i32)))
          (memory (export "memory") 2)
          (func (export "test:guest/mine#[dtor]thing") (param i32) {destructor})
          (func (export "carnet:plugin/on-create@0.1.0#create") (param $contact i32) (result i32) {body}) {more})"#
    );
    component_of(&core, &world_with(&["on-create"], "interface mine { resource thing {} }", "export mine;"))
}

fn floods() -> Vec<Attack> {
    let few = Budget { host_calls: 500, ..PATIENT };
    let patient = Budget { host_calls: u64::MAX, ..PATIENT };
    // A value that grows by a letter each time, so that every write is an edit.
    let write = |field: u32, length: u32| {
        format!(
            "(i32.store8 (i32.add (i32.const 4096) (local.get $n)) (i32.const 65))
             (call $set (local.get $contact) (i32.const {field}) (i32.const {length}) (i32.const 4097) (local.get $n) (i32.const 2048))"
        )
    };
    let (edits, refused) = (write(48, 7), write(80, 9));
    // A key of four letters that is another one each time.
    let key = |call: &str| {
        format!("(i32.store (i32.const 4096) (i32.or (i32.const 0x20202020) (i32.and (local.get $n) (i32.const 0x1f1f1f1f))))
            (local.set $n (i32.add (i32.const 0x10) (local.get $n)))
            (i32.store (i32.const 4100) (i32.add (i32.const 0x30303030) (i32.and (i32.shr_u (local.get $n) (i32.const 5)) (i32.const 0x0f0f0f0f)))) {call}")
    };
    let set = key("(call $remember (i32.const 4096) (i32.const 8) (i32.const 0) (i32.const 0) (i32.const 2048))");
    let remove = key("(call $forget (i32.const 4096) (i32.const 8))");
    let named = |name, limit, end, budget, step: String| {
        wasm(name, ("host functions", limit), end, budget, move || flood(&step))
    };
    let same =
        "(call $remember (i32.const 32) (i32.const 9) (i32.const 0) (i32.const 60000) (i32.const 2048))".to_owned();
    let large = key("(call $remember (i32.const 4096) (i32.const 8) (i32.const 0) (i32.const 60000) (i32.const 2048))");
    let log = |length: u32| format!("(call $log (i32.const 1) (i32.const 2048) (i32.const {length}))");
    vec![
        named("flood of reads", "host calls", Fault(HostCalls), few, GET.to_owned()).told("more than 500 calls"),
        named("flood of log lines", "bytes of log", Fault(Log), patient, log(1024)).told("more than 65536 bytes"),
        named("flood of empty log lines", "lines of log", Fault(Log), patient, log(0)).told("more than 1000 lines"),
        named("one huge line of log", "bytes of log", Fault(Log), patient, log(100_000)),
        named("flood of edits", "edits", Fault(Edits), patient, edits).told("more than 256 edits"),
        named("flood of refused edits", "edits", Fault(Edits), patient, refused)
            .told("was refused more than 256 edits"),
        named("flood of found contacts", "contacts held", Fault(HostCalls), patient, FIND.to_owned())
            .told("more than 2000 contacts"),
        named("flood of remembered keys", "writes of state", Fault(State), patient, set),
        named("flood of forgotten keys", "writes of state", Fault(State), patient, remove),
        named("one key remembered for ever", "host calls", Fault(HostCalls), few, same),
        named(
            "flood of more than is remembered",
            "deadline: it is refused each time",
            Fault(Deadline),
            TALKATIVE,
            large,
        ),
    ]
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

/// Makes so many problems that all share one text.
fn shared(count: u32, length: u32) -> String {
    let fill = format!(
        "(loop $l
           (i32.store (i32.add (i32.const 1112) (local.get $n)) (i32.const 20000))
           (i32.store (i32.add (i32.const 1116) (local.get $n)) (i32.const {length}))
           (local.set $n (i32.add (local.get $n) (i32.const 40)))
           (br_if $l (i32.lt_u (local.get $n) (i32.const {}))))",
        count * 40
    );
    reject(count, &fill)
}

fn results() -> Vec<Attack> {
    let bad =
        |name, limit, kind, body: String| wasm(name, ("result", limit), Fault(kind), PATIENT, move || hook(&body));
    let grown = "(drop (memory.grow (i32.const 900)))";
    let ends = |with: &str| format!("(call $drop (local.get $contact)) {with}");
    vec![
        bad("a list longer than memory", "bounds", Output, reject(1 << 28, "")).told("out of bounds"),
        bad("a list of a million empty problems", "bytes handed over", Output, reject(1_000_000, grown)),
        bad("a text outside memory", "bounds", Output, reject(1, &code(-16, 8))).told("out of bounds"),
        bad("a text over the end of memory", "bounds", Output, reject(1, &code(131_070, 8))).told("out of bounds"),
        bad("a text that is no UTF-8", "UTF-8", Output, reject(1, &code(96, 3))).told("utf-8"),
        bad("an unknown tag of an option", "tags", Output, reject(1, "(i32.store8 (i32.const 1100) (i32.const 9))"))
            .told("discriminant"),
        bad("too many problems", "problems", Output, reject(65, "")).told("65 problems, more than 64"),
        bad("no problems", "problems", Verdict, reject(0, "")).told("0 problems"),
        bad("400 problems that share 100 KB", "bytes handed over", Output, shared(400, 100_000)).told("1048576 bytes"),
        bad("64 problems that share 16 KB", "bytes of a verdict", Output, shared(64, 16_000)),
        bad(
            "an unknown tag of a verdict",
            "tags",
            Output,
            ends("(i32.store8 (i32.const 1040) (i32.const 7)) (i32.const 1040)"),
        )
        .told("discriminant"),
        bad("a result not aligned", "alignment", Output, ends("(i32.const 1025)")).told("aligned"),
        bad("a result outside memory", "bounds", Output, ends("(i32.const -4)")).told("bounds"),
        wasm("an allocator that returns nonsense", ("realloc", "bounds"), Fault(Output), PATIENT, || {
            allocator("(i32.const -8)")
        })
        .told("realloc"),
        wasm(
            "an allocator that is not aligned",
            ("realloc", "nothing: texts need no alignment"),
            Harmless,
            PATIENT,
            || allocator("(i32.const 4097)"),
        ),
        wasm("an allocator that calls the host", ("realloc", "re-entrance"), Fault(Trap), PATIENT, || {
            allocator("(call $log (i32.const 1) (i32.const 0) (i32.const 4)) (i32.const 4096)")
        }),
        wasm("an allocator that panics", ("realloc", "trap"), Fault(Trap), PATIENT, || allocator("(unreachable)")),
        wasm("the host called after the return", ("post-return", "re-entrance"), Fault(Trap), PATIENT, || {
            let log = "(call $log (i32.const 1) (i32.const 0) (i32.const 4))";
            guest(REALLOC, ACCEPT, &format!(r#"(func (export "{AFTER}") (param i32) {log})"#))
        }),
    ]
}

/// A guest that reads a field, whose allocator answers as said.
fn allocator(answer: &str) -> Vec<u8> {
    let realloc = format!(r#"(func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) {answer})"#);
    guest(&realloc, &format!("{GET} {ACCEPT}"), "")
}

fn handles() -> Vec<Attack> {
    let bad =
        |name, kind, body: String| wasm(name, ("handles", "handle table"), Fault(kind), PATIENT, move || hook(&body));
    // Keeps the handle of the first call and reads it in the second.
    let kept = format!(
        "(if (global.get $kept)
           (then (call $get (global.get $kept) (i32.const 32) (i32.const 9) (i32.const 2048)))
           (else {FIND} (global.set $kept (i32.load (i32.load (i32.const 2052))))))
         {ACCEPT}"
    );
    let written = format!(
        "{FIND} (call $set (i32.load (i32.load (i32.const 2052))) (i32.const 48) (i32.const 7) (i32.const 64) (i32.const 8) (i32.const 2048)) {ACCEPT}"
    );
    let read = |number: u32| {
        format!("(call $get (i32.const {number}) (i32.const 32) (i32.const 9) (i32.const 2048)) {ACCEPT}")
    };
    vec![
        bad("a handle kept", Output, "(i32.const 1024)".to_owned()).told("borrow handles still remain"),
        bad("a handle dropped twice", Output, format!("(call $drop (local.get $contact)) {ACCEPT}"))
            .told("unknown handle"),
        bad("a handle never given", Output, read(77)).told("unknown handle"),
        bad("a handle of all ones", Output, read(u32::MAX)).told("handle"),
        bad("a handle of another kind", Output, format!("(drop (call $number (local.get $contact))) {ACCEPT}"))
            .told("handle"),
        bad(
            "a handle used after it was dropped",
            Output,
            format!("(call $drop (local.get $contact)) {GET} (i32.const 1024)"),
        ),
        wasm("a flood of handles never given back", ("resource.new", "handles"), Fault(Output), PATIENT, || {
            resources("(loop $l (drop (call $own-new (i32.const 1))) (br $l))", "", "")
        }),
        wasm(
            "a handle of an earlier call",
            ("handles", "numbers are not used again"),
            Later(Trap),
            PATIENT,
            move || hook(&kept),
        )
        .told("not one of this call's"),
        bad("writing a contact that was only found", Trap, written).told("not in hand"),
    ]
}

fn host_texts() -> Vec<Attack> {
    let grown = "(drop (memory.grow (i32.const 40)))";
    let set = |field: (u32, u32), value: u32| {
        let (at, length) = field;
        format!(
            "{grown} (call $set (local.get $contact) (i32.const {at}) (i32.const {length}) (i32.const 100000) (i32.const {value}) (i32.const 2048)) {ACCEPT}"
        )
    };
    let talk = |name, limit, kind, body: String| {
        wasm(name, ("host functions", limit), Fault(kind), PATIENT, move || hook(&body))
    };
    let company = |at: i32, length: i32, answer: i32| {
        format!(
            "(call $set (local.get $contact) (i32.const 48) (i32.const 7) (i32.const {at}) (i32.const {length}) (i32.const {answer})) {ACCEPT}"
        )
    };
    let encoded = |name, limit, kind, encoding, text: u32, length: u32| {
        let body = format!("(i32.store (i32.const 4096) (i32.const {text})) {}", company(4096, length as i32, 2048));
        wasm(name, ("host functions", limit), Fault(kind), PATIENT, move || guest_in(encoding, REALLOC, &body, ""))
    };
    vec![
        talk("a value of 2 MB", "bytes handed over", Output, set((48, 7), 2_000_000)).told("1048576 bytes"),
        talk("a value outside memory", "bounds", Output, company(-16, 8, 2048)).told("out of bounds"),
        talk("a value over the end of memory", "bounds", Output, company(131_070, 8, 2048)).told("out of bounds"),
        talk("a value that is no UTF-8", "UTF-8", Output, company(96, 3, 2048)).told("utf-8"),
        talk("an answer that would lie outside memory", "bounds", Output, company(64, 8, -4)).told("bounds"),
        talk("an answer that would not be aligned", "alignment", Output, company(64, 8, 2049)).told("aligned"),
        encoded("a value that is no UTF-16", "UTF-16", Output, StringEncoding::UTF16, 0x0041_d800, 2),
        encoded("a value of 4 GiB in UTF-16", "bounds", Output, StringEncoding::UTF16, 0x0041_0041, 1 << 31),
        encoded("a value of two encodings", "bounds", Output, StringEncoding::CompactUTF16, 0x0041_0041, u32::MAX),
        talk("a level of log that is none", "tags", Output, {
            format!("(call $log (i32.const 77) (i32.const 16) (i32.const 6)) {ACCEPT}")
        })
        .told("discriminant"),
        talk("a memory of 2 MB", "bytes handed over", Output, {
            format!("{grown} (call $remember (i32.const 32) (i32.const 9) (i32.const 0) (i32.const 2000000) (i32.const 2048)) {ACCEPT}")
        })
        .told("1048576 bytes"),
        talk("a value of 100 KB", "bytes of a value", RefusedEdit, set((48, 7), 100_000)),
        talk("a field's name of 8 KB", "bytes of a name", Output, set((8192, 8192), 4)).told("8192 bytes, more than 4096"),
        talk("a field's name of 5 KB, read", "bytes of a name", Output, {
            format!("(call $get (local.get $contact) (i32.const 8192) (i32.const 5000) (i32.const 2048)) {ACCEPT}")
        })
        .told("5000 bytes, more than 4096"),
        talk("a field's name of control characters", "unknown field", RefusedEdit, {
            let name = "(i32.store (i32.const 4096) (i32.const 0x4a325b1b))";
            format!(
                "{name} (call $set (local.get $contact) (i32.const 4096) (i32.const 4) (i32.const 0) (i32.const 1) (i32.const 2048)) {ACCEPT}"
            )
        }),
        talk("a name to look up of 1 MB", "bytes of a lookup", RefusedEdit, {
            format!("{grown} (call $find (i32.const 144) (i32.const 4) (i32.const 100000) (i32.const 1000000) (i32.const 20) (i32.const 2048))
                (if (i32.load8_u (i32.const 2048)) (then (call $set (local.get $contact) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 2048)))) {ACCEPT}")
        }),
    ]
}
