//! Scripts that loop, recurse and flood. Those that grow, misuse the library, tie values together, or are no script are in the children.

mod cycles;
mod files;
mod library;
mod values;

use carnet::plugin::budget::Budget;
use carnet::plugin::fault::FaultKind::{
    self, Deadline, Edits, HostCalls, Log, Operations, Output, RefusedEdit, Script, State,
};
use carnet::plugin::package::EngineKind;

use super::End::{self, Fault, Harmless, Refused};
use super::{Attack, PATIENT, SHORT};

/// What scripts have beside their attack: whatever became of the call before, this one ends well.
const NEXT: &str = "\nfn on_delete(next) { }\n";

/// A script as it stands, or with a hook that is sound.
fn script(
    name: &'static str,
    (place, limit): (&'static str, &'static str),
    end: End,
    budget: Budget,
    code: impl Into<String>,
) -> Attack {
    let mut code = code.into();
    if !matches!(end, Refused(_) | End::Any) {
        code.push_str(NEXT);
    }
    let (engine, name) = (EngineKind::Rhai, name.into());
    Attack { engine, name, place, limit, end, told: "", budget, code: Box::new(move || code.clone().into_bytes()) }
}

/// A script whose hook `on_create(c)` does this.
fn body(name: &'static str, how: (&'static str, &'static str), kind: FaultKind, budget: Budget, body: &str) -> Attack {
    script(name, how, Fault(kind), budget, format!("fn on_create(c) {{ {body} }}"))
}

pub fn attacks() -> Vec<Attack> {
    let own = [loops(), recursion(), re_entrance(), handles(), floods()].into_iter().flatten();
    own.chain(values::attacks()).chain(library::attacks()).chain(cycles::attacks()).chain(files::attacks()).collect()
}

fn late(name: &'static str, place: &'static str, text: &str) -> Attack {
    body(name, (place, "deadline"), Deadline, SHORT, text)
}

fn loops() -> Vec<Attack> {
    vec![
        late("endless `loop`", "hook", "loop { }"),
        late("endless `while`", "hook", "while true { let x = 1; }"),
        late("endless `do`", "hook", "do { } while true;"),
        late("endless `for`", "hook", "for i in 0..9223372036854775807 { c.city; }"),
        late("endless steps", "hook", "for x in range(0.0, 1.0, 0.0000000000001) { }"),
        late("endless `catch`", "hook", "try { loop { } } catch { loop { } }"),
        late("endless closure", "closure", "let f = |x| { loop { } }; f.call(1);"),
        late("endless `map`", "callback", "[1].map(|x| { loop { } });"),
        late("endless `filter`", "callback", "[1].filter(|x| { loop { } });"),
        late("endless `sort`", "callback", "let a = [2, 1]; a.sort(|x, y| { loop { } });"),
        late("endless `reduce`", "callback", "[1, 2].reduce(|x, y| { loop { } });"),
        late("endless `for_each`", "callback", "let a = [1, 2]; a.for_each(|i| { loop { } });"),
        late("endless `retain`", "callback", "let a = [1, 2]; a.retain(|x| { loop { } });"),
        late("endless `dedup`", "callback", "let a = [1, 2]; a.dedup(|x, y| { loop { } });"),
        late("endless `find`", "callback", "[1].find(|x| { loop { } });"),
        late("endless `find_map`", "callback", "[1].find_map(|x| { loop { } });"),
        late("endless `index_of`", "callback", "[1].index_of(|x| { loop { } });"),
        late("endless `some`", "callback", "[1].some(|x| { loop { } });"),
        late("endless `all`", "callback", "[1].all(|x| { loop { } });"),
        late("endless `drain`", "callback", "let a = [1]; a.drain(|x| { loop { } });"),
        body("zipping", ("library", "not available"), Script, SHORT, "[1].zip([2], |x, y| { loop { } });"),
        late("endless `order`", "callback", "[2, 1].order(|x, y| { loop { } });"),
        late("endless `reduce_rev`", "callback", "[1, 2].reduce_rev(|x, y| { loop { } });"),
        late("endless method", "functions", "let x = 1; x.endless();\n} fn endless() { loop { }"),
        late("endless default of a lookup", "hook", "let x = c.first_name ?? { loop { } }; if x == \"\" { loop { } }"),
        late("endless `filter` of a map", "callback", "let m = #{a: 1}; m.filter(|k| { loop { } });"),
        late("endless text in a text", "hook", "let s = `${loop { }}`;"),
        late("endless condition", "hook", "while c.city == \"\" { }"),
        late("endless `switch`", "hook", "switch { loop { } } { 1 => 2 }"),
        body("padding with nothing", ("library", "script error"), Script, SHORT, "let s = \"x\"; s.pad(100, \"\");"),
        late(
            "sorting by chance",
            "callback",
            "let a = []; a.pad(4000, 0); let n = 7; loop { a.sort(|x, y| { n = (n * 75 + 74) % 65537; n - 32768 }); }",
        ),
        late(
            "patterns and padding",
            "library",
            "loop { let s = \"x\"; s.pad(16000, \"a\"); regex_match(s, \"(a+)+$b\"); }",
        ),
        body(
            "operations without end",
            ("hook", "operations"),
            Operations,
            Budget { operations: 10_000, ..PATIENT },
            "loop { }",
        )
        .told("10000"),
        script(
            "operations without end, on the second line",
            ("hook", "operations"),
            Fault(Operations),
            Budget { operations: 1000, ..PATIENT },
            "const X = 1;\nfn on_create(c) { loop { c.city; } }",
        )
        .told("main.rhai:2"),
        body(
            "operations without end, caught",
            ("hook", "operations"),
            Operations,
            Budget { operations: 1000, ..PATIENT },
            "try { loop { c.city; } } catch { }",
        )
        .told("1000"),
        script(
            "endless `loop` at the top",
            ("top level", "deadline"),
            Refused("took longer than 1000 ms"),
            SHORT,
            "const X = 1; loop { } fn on_create(c) { }",
        ),
        script(
            "an endless constant",
            ("top level", "deadline"),
            Refused("took longer than 1000 ms"),
            SHORT,
            "fn f() { loop { } } const X = f(); fn on_create(c) { }",
        ),
    ]
}

fn recursion() -> Vec<Attack> {
    let deep = |name, code: &str| script(name, ("functions", "depth of calls"), Fault(Operations), PATIENT, code);
    let nested = format!("{}down(n + 1){}", "(1 + ".repeat(9), ")".repeat(9));
    let deepest = format!(
        "fn on_create(c) {{ down(0) }} fn down(n) {{ if n > 0 {{ if n > 0 {{ return {nested}; }} }} {nested} }}"
    );
    vec![
        deep(
            "deep recursion through lists",
            "fn on_create(c) { down(0) } fn down(n) { let a = [n, [n, [n]]]; 1 + (2 * (3 + down(n + 1))) }",
        ),
        deep("deep recursion", "fn on_create(c) { down(0) } fn down(n) { 1 + (2 * (3 + down(n + 1))) }"),
        deep("mutual recursion", "fn on_create(c) { ping(0) } fn ping(n) { pong(n) } fn pong(n) { ping(n + 1) }"),
        deep("recursion of a closure", "fn on_create(c) { let f = |g, n| g.call(g, n + 1); f.call(f, 0) }"),
        deep("recursion through `map`", "fn on_create(c) { down([1]) } fn down(a) { a.map(|x| down([x])) }"),
        deep(
            "recursion through `sort`",
            "fn on_create(c) { down(1) } fn down(n) { let a = [2, 1]; a.sort(|x, y| { down(1); 1 }); }",
        ),
        deep("recursion by name", "fn on_create(c) { down() } fn down() { Fn(\"down\").call() }"),
        deep("recursion with the thing in hand", "fn on_create(c) { c.down() } fn down() { this.down() }"),
        deep("the deepest expressions in the deepest calls", &deepest),
    ]
}

/// What calls itself, or changes what is just being walked.
fn re_entrance() -> Vec<Attack> {
    let changed = |name, text: &str| body(name, ("callback", "script error"), Script, PATIENT, text);
    vec![
        script(
            "a hook that calls itself",
            ("hook", "depth of calls"),
            Fault(Operations),
            PATIENT,
            "fn on_create(c) { on_create(c) }",
        ),
        script(
            "a hook that calls another",
            ("hook", "depth of calls"),
            Fault(Operations),
            PATIENT,
            "fn on_create(c) { on_update(c, c) } fn on_update(c, before) { on_create(c) }",
        ),
        changed("an array that grows while it is mapped", "let a = [1, 2]; a.map(|x| { a.push(x); x }); throw 1;"),
        changed("an array that grows while it is sorted", "let a = [2, 1]; a.sort(|x, y| { a.push(1); 0 }); throw 1;"),
        changed("an array cleared while it is walked", "let a = [1, 2]; a.retain(|x| { a.clear(); true }); throw 1;"),
        changed("a map emptied while it is filtered", "let m = #{a: 1}; m.filter(|k| { m.clear(); true }); throw 1;"),
        changed("a closure that changes itself", "let f = |x| x; f = |x| { f = 1; x }; f.call(1); f.call(1); throw 1;"),
    ]
}

/// Things in hand after their call, or taken for others.
fn handles() -> Vec<Attack> {
    let other = |name, text: &str| body(name, ("handles", "kind of thing"), Script, PATIENT, text);
    vec![
        // Constants are computed before any call and are copied; scopes are fresh.
        script(
            "a contact kept in a constant",
            ("handles", "nothing: nothing outlives its call"),
            Harmless,
            PATIENT,
            "const KEPT = []; fn on_create(c) { if KEPT.len() > 0 { throw \"kept\"; } KEPT.push(c); }",
        ),
        script(
            "a contact kept in what is remembered",
            ("handles", "script error"),
            Fault(Script),
            PATIENT,
            "fn on_create(c) { state_set(\"kept\", c); }",
        ),
        other("a contact taken for a row", "c.number; c.headers; throw 1;"),
        other("a contact taken for a merge", "c.master(\"city\");"),
        other("a contact taken for an enquiry", "c.suppress_survey(\"no\");"),
        other("a number taken for a contact", "let x = 7; x.set(\"city\", \"x\");"),
        body(
            "writing a contact that a script only found",
            ("handles", "only shown"),
            RefusedEdit,
            PATIENT,
            "let all = lookup(\"name\", \"Lee\"); all[0].city = \"x\";",
        ),
    ]
}

fn floods() -> Vec<Attack> {
    let few = Budget { host_calls: 100, ..PATIENT };
    let free = Budget { host_calls: u64::MAX, ..PATIENT };
    let flood = |name, limit, kind, budget, text: &str| body(name, ("host functions", limit), kind, budget, text);
    vec![
        flood("flood of lines in a script's log", "bytes of log", Log, free, "loop { print(\"0123456789\"); }"),
        flood("flood of empty lines in a script's log", "lines of log", Log, free, "loop { print(\"\"); }"),
        flood("flood of a log, caught", "bytes of log", Log, free, "try { loop { print(\"0123456789\"); } } catch { }"),
        flood("flood of `log_info`", "bytes of log", Log, free, "loop { log_info(\"0123456789\"); }"),
        flood("flood of `debug`", "bytes of log", Log, free, "loop { debug(\"0123456789\"); }"),
        flood(
            "flood of edits, caught",
            "edits",
            Edits,
            free,
            "try { for i in 0..300 { c.city = `c${i}`; } } catch { }",
        ),
        flood("flood of a script's edits", "edits", Edits, free, "let i = 0; loop { c.city = `c${i}`; i += 1; }"),
        flood(
            "flood of a script's refused edits",
            "edits",
            Edits,
            free,
            "loop { try { c.mobile = \"none\"; } catch { } }",
        ),
        flood(
            "flood of unknown fields",
            "refused edits",
            Edits,
            free,
            "let i = 0; loop { try { c.set(`f${i}`, \"x\"); } catch { } i += 1; }",
        ),
        flood("flood of problems", "problems", Output, free, "loop { reject(\"no\"); }"),
        flood(
            "a problem of 60 KB, again and again",
            "bytes of a verdict",
            Output,
            free,
            "let s = \"x\"; s.pad(60000, 'y'); loop { reject(s); }",
        ),
        flood("flood of a script's reads", "host calls", HostCalls, few, "loop { c.city; }"),
        flood("flood of helpers", "host calls", HostCalls, few, "loop { fold(\"x\"); }"),
        flood("flood of empty notes", "host calls", HostCalls, few, "loop { log_info(\"\"); }"),
        flood("flood of empty prints", "host calls", HostCalls, few, "loop { print(\"\"); }"),
        flood("flood of lookups", "host calls", HostCalls, few, "loop { lookup(\"name\", \"x\"); }"),
        flood(
            "flood of a script's remembered keys",
            "writes of state",
            State,
            free,
            "let i = 0; loop { state_set(`k${i}`, \"\"); i += 1; }",
        ),
        flood(
            "flood of a script's forgotten keys",
            "writes of state",
            State,
            free,
            "let i = 0; loop { state_remove(`k${i}`); i += 1; }",
        ),
        flood(
            "a memory of more than 1 MiB",
            "bytes of state",
            State,
            free,
            "let s = \"x\"; s.pad(60000, 'y'); let i = 0; loop { state_set(`k${i}`, s); i += 1; }",
        ),
        flood(
            "edits of 60 KB",
            "the rules of values",
            RefusedEdit,
            free,
            "let s = \"x\"; s.pad(60000, 'y'); let i = 0; loop { c.add(\"external_id\", `s:${i}${s}`); i += 1; }",
        ),
    ]
}
