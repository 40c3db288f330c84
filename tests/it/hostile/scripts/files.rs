//! Files that are no script, scripts that break the parser or do not get past their own top.

use carnet::plugin::budget::Budget;
use carnet::plugin::fault::FaultKind::Script;
use carnet::plugin::package::EngineKind;

use super::super::End::{Any, Fault, Refused};
use super::super::{Attack, PATIENT};
use super::script;

pub fn attacks() -> Vec<Attack> {
    [files(), tops(), bombs()].into_iter().flatten().collect()
}

fn files() -> Vec<Attack> {
    let file = |name: &'static str, limit, words, code: Vec<u8>| Attack {
        engine: EngineKind::Rhai,
        name: name.into(),
        place: "file",
        limit,
        end: Refused(words),
        told: "",
        budget: PATIENT,
        code: Box::new(move || code.clone()),
    };
    vec![
        file("a script that is no UTF-8", "UTF-8", "UTF-8", b"fn on_create(c) { }\n// caf\xe9".to_vec())
            .told("main.rhai:2"),
        file("an empty script", "hooks", "no hook", Vec::new()),
        file("a script of 400 KB of comments", "bytes", "more than", b"//".repeat(200_000)),
        file("a script of 100 MB", "bytes", "more than", vec![b' '; 100 << 20]),
        file("a script of zeros", "syntax", "", b"\0\0\0\0".to_vec()),
        file("a core module taken for a script", "syntax", "", b"\0asm\x01\0\0\0".to_vec()),
        file("a shell's script", "syntax", "", b"#!/bin/sh\necho hello".to_vec()),
        file("a script that was cut", "syntax", "", b"fn on_create(c) { c.city = \"Par".to_vec()),
        file("a letter that is none", "syntax", "", br#"fn on_create(c) { c.city = "\uD800"; }"#.to_vec()),
        file("half a pair of letters", "syntax", "", br#"const X = "\xff\u{110000}"; fn on_create(c) { }"#.to_vec()),
    ]
}

fn tops() -> Vec<Attack> {
    let top = |name, limit, words, text: &str| script(name, ("top level", limit), Refused(words), PATIENT, text);
    let cases: String = (0..20_000).map(|at| format!("{at} => 1,")).collect();
    let cases = format!("fn on_create(c) {{ switch 1 {{ {cases} }} }}");
    vec![
        top(
            "deep recursion in a constant",
            "depth of calls",
            "deep",
            "fn f() { f() } const X = f(); fn on_create(c) { }",
        ),
        top(
            "a text that doubles at the top",
            "memory of one value",
            "takes more than",
            "let s = \"x\"; loop { s += s; } fn on_create(c) { }",
        ),
        top("throwing at the top", "script error", "no", "throw \"no\"; fn on_create(c) { }"),
        top("remembering at the top", "not in a call", "", "const X = state_set(\"k\", \"v\"); fn on_create(c) { }"),
        top("looking up at the top", "not in a call", "", "const X = lookup(\"name\", \"x\"); fn on_create(c) { }"),
        top("20,000 cases of a `switch`", "cases", "more than 4000 cases", &cases),
        script(
            "constants that are written",
            ("top level", "script error"),
            Fault(Script),
            PATIENT,
            "const X = 1; fn on_create(c) { X = 2; throw X; }",
        ),
    ]
}

/// Texts that nest or repeat one thing. What the parser swallows must at least be found to have no hook, or run without harm.
fn bombs() -> Vec<Attack> {
    let bomb = |name: String, text: String| Attack {
        name: name.into(),
        ..script("", ("parser", "depth of expressions, or bytes"), Any, Budget::STANDARD, text)
    };
    let hook = "fn on_create(c) { }";
    let nested = [
        ("(", ")"),
        ("[", "]"),
        ("#{a:", "}"),
        ("{", "}"),
        ("if true {", "}"),
        ("-", ""),
        ("!", ""),
        ("`${", "}`"),
        ("|x| ", ""),
        ("f(", ")"),
        ("a.b[", "]"),
        ("switch 1 { 1 => ", "}"),
        ("fn x() {", "}"),
        ("/*", "*/"),
        ("try {", "} catch {}"),
    ];
    let mut all = Vec::new();
    for (open, close) in nested {
        for times in [100, 20_000] {
            let (opened, closed) = (open.repeat(times), close.repeat(times));
            let (name, inside) =
                (format!("`{open}` {times} times"), format!("fn on_create(c) {{ {opened}1{closed} }}"));
            all.push(bomb(format!("{name}, in a constant"), format!("const X = {opened}1{closed}; {hook}")));
            all.push(bomb(format!("{name}, in a hook"), inside));
        }
    }
    let long = [
        ("a sum of 50,000", format!("const X = {}1; {hook}", "1+".repeat(50_000))),
        ("50,000 properties", format!("const X = a{}; {hook}", ".b".repeat(50_000))),
        ("a text of 200 KB", format!("const X = \"{}\"; {hook}", "x".repeat(200_000))),
        ("an array of 100,000", format!("const X = [{}]; {hook}", "1,".repeat(100_000))),
        ("a number of 10,000 digits", format!("const X = {}; {hook}", "9".repeat(10_000))),
        ("one function 5,000 times", "fn f() { }\n".repeat(5_000)),
        ("20,000 functions", (0..20_000).map(|at| format!("fn f{at}() {{ }}\n")).collect()),
        ("20,000 statements", format!("fn on_create(c) {{ {} }}", "let x = 1;".repeat(20_000))),
        ("a name of 100 KB", format!("const {} = 1; {hook}", "X".repeat(100_000))),
    ];
    all.extend(long.map(|(name, text)| bomb(name.to_owned(), text)));
    all
}
