//! Scripts that grow, nest and multiply their values.

use std::time::Duration;

use carnet::plugin::budget::Budget;
use carnet::plugin::fault::FaultKind::{Deadline, Memory, Script};

use super::super::End::{Any, Fault};
use super::super::{Attack, PATIENT, SHORT};
use super::{body, script};

pub fn attacks() -> Vec<Attack> {
    [memory(), nested(), rings(), amplified()].into_iter().flatten().collect()
}

fn memory() -> Vec<Attack> {
    let bomb = |name, text: &str| body(name, ("values", "memory in sum, or of one value"), Memory, PATIENT, text);
    let (small, smaller) = (Budget { memory_bytes: 2 << 20, ..PATIENT }, Budget { memory_bytes: 1 << 18, ..PATIENT });
    let variables: String = (0..60).map(|at| format!("let v{at} = a; ")).collect();
    vec![
        bomb("a text in a text, doubled", "let s = \"x\"; loop { s = `${s}${s}`; }"),
        bomb(
            "a text replaced by itself",
            "let s = \"x\"; while s.len() < 60000 { s += s.sub_string(0, 4000); } let t = s; t.replace(\"x\", s);",
        ),
        bomb(
            "a text replaced by pattern",
            "let s = \"x\"; while s.len() < 16384 { s += s; } regex_replace(s, \"x\", \"xxxxxxxx\");",
        ),
        bomb("an array and itself", "let a = [1]; loop { a = a + a; }"),
        bomb(
            "an array mapped to arrays",
            "let a = []; a.pad(4000, 0); let b = []; b.pad(4000, 1); b.map(|x| a).len();",
        ),
        bomb("a map that grows", "let m = #{}; for i in 0..100000 { m.set(`k${i}`, i); }"),
        bomb("a text that doubles", "let s = \"x\"; loop { s += s; }"),
        bomb("a text padded", "let s = \"x\"; s.pad(100000000, \"y\");"),
        bomb("a text replaced by more", "let s = \"x\"; loop { s.replace(\"x\", \"xx\"); }"),
        bomb("an array that grows", "let a = []; loop { a.push(1); }"),
        bomb("an array that doubles", "let a = [1]; loop { a += a; }"),
        bomb("an array of itself", "let a = [1]; loop { a = [a, a]; }"),
        bomb("an array padded", "let a = []; a.pad(1000000000, 0);"),
        bomb("an array padded with arrays", "let a = []; a.pad(4000, 0); let b = []; b.pad(4000, a);"),
        bomb("arrays in arrays in arrays", "let a = []; loop { a = [a]; }"),
        bomb("a map of itself", "let m = #{}; loop { m = #{a: m, b: m}; }"),
        bomb("a map in itself", "let m = #{}; loop { m.a = m; }"),
        script(
            "an array in itself, through `this`",
            ("values", "deadline, or memory of one value"),
            Fault(Deadline),
            SHORT,
            "fn grow() { loop { this = [this]; } } fn on_create(c) { let a = []; a.grow(); }",
        ),
        script(
            "a map in itself, through `this`",
            ("values", "memory of one value"),
            Fault(Memory),
            PATIENT,
            "fn grow() { loop { this = #{a: this}; } } fn on_create(c) { let a = 1; a.grow(); }",
        ),
        body(
            "a map filled by index",
            ("values", "memory in sum"),
            Memory,
            small,
            "let a = []; a.pad(4000, 0); let m = #{}; let i = 0; loop { m[`k${i}`] = a; i += 1; }",
        ),
        body(
            "a map of long texts",
            ("values", "memory in sum"),
            Memory,
            small,
            "let s = \"0123456789abcdef\"; while s.len() < 32768 { s += s; } let m = #{}; let i = 0; loop { m[`k${i}`] = s; i += 1; }",
        ),
        body(
            "a map of many entries",
            ("values", "memory in sum"),
            Memory,
            smaller,
            "let m = #{}; let i = 0; loop { m[`k${i}`] = i; i += 1; }",
        ),
        body(
            "a map that a closure holds",
            ("values", "memory in sum"),
            Memory,
            smaller,
            "let m = #{}; let f = || m.len(); let i = 0; loop { m[`k${i}`] = i; i += 1; }",
        ),
        body(
            "many variables that weigh together",
            ("values", "memory in sum"),
            Memory,
            small,
            &format!("let a = []; a.pad(4000, 0); {variables} loop {{ v1; }}"),
        ),
        script(
            "variables of callers that weigh together",
            ("values", "memory in sum"),
            Fault(Memory),
            Budget { memory_bytes: 4 << 20, ..PATIENT },
            format!(
                "fn on_create(c) {{ down(0) }} fn down(n) {{ let a = []; a.pad(4000, n); {variables} down(n + 1) }}"
            ),
        ),
        bomb(
            "too many variables",
            Box::leak((0..400).map(|at| format!("let v{at} = 1; ")).collect::<String>().into_boxed_str()),
        ),
        bomb("splitting into letters", "let s = \"x\"; s.pad(60000, 'a'); loop { let a = s.split(\"\"); }"),
        bomb("splitting at each letter", "let s = \"x\"; s.pad(60000, 'a'); loop { let a = s.split('a'); }"),
        bomb("a text of every letter", "let s = \"x\"; s.pad(60000, 'a'); loop { let a = s.to_chars(); }"),
        bomb(
            "all addresses of a text",
            "let s = \"\"; for i in 0..4500 { s += `${i}@b.co `; } let a = find_emails(s); loop { a += a; }",
        ),
    ]
}

/// Values nested ever deeper, and what looks through all of them.
fn nested() -> Vec<Attack> {
    let deep = |name, kind, use_of: &str| {
        let text = format!("let a = []; let b = []; loop {{ a = [a]; b = [[[[[[b]]]]]]; {use_of} }}");
        body(name, ("values", "depth of values"), kind, PATIENT, &text)
    };
    vec![
        deep("nested values printed", Memory, "print(a);"),
        deep("nested values compared", Memory, "a == b;"),
        deep("nested values in a text", Memory, "`${a}`;"),
        deep("nested values searched", Memory, "a.contains(b);"),
        deep("nested values in a map, as JSON", Memory, "#{x: a}.to_json();"),
        deep("nested values switched on", Memory, "switch a { 1 => 2 }"),
        deep("nested values looked for", Memory, "a in [b];"),
    ]
}

/// Values that hold themselves by way of a closure, and what looks through all of them.
fn rings() -> Vec<Attack> {
    let ring = |name, use_of: &str| {
        let text = format!(
            "let a = 0; let f = || {{ a }}; a = f; let b = []; let g = || b.len(); b = [b, g]; {use_of} throw 1;"
        );
        Attack { end: Any, ..body(name, ("values", "depth of values"), Script, PATIENT, &text) }
    };
    vec![
        ring("a ring of closures printed", "print(f);"),
        ring("a ring of closures shown", "debug(f);"),
        ring("a ring of closures in a text", "let t = to_debug(f) + `${f}`;"),
        ring("a ring of closures thrown", "throw f;"),
        ring("a ring of closures compared", "f == a;"),
        ring("a ring of closures as JSON", "#{x: f}.to_json();"),
        ring("a ring of closures switched on", "switch f { 1 => 2 }"),
        ring("a ring of arrays printed", "print(b);"),
        ring("a ring of arrays shown", "debug(b);"),
        ring("a ring of arrays in a text", "let t = `${b}`;"),
        ring("a ring of arrays thrown", "throw b;"),
        ring("a ring of arrays thrown in a map", "throw #{x: [g]};"),
        ring("a ring of arrays compared", "b == [b, g];"),
        ring("a ring of arrays searched", "b.contains(g); g in b;"),
        ring("a ring of arrays as JSON", "#{x: b}.to_json();"),
        ring("a ring of arrays sorted", "b += [1, 2]; b.sort(); b.dedup();"),
    ]
}

/// A text made of values that are far smaller than it.
fn amplified() -> Vec<Attack> {
    let long = |name, kind, text: &str| {
        let values = r#"let s = "x"; s.pad(60000, '\x01'); let m = #{}; for i in 0..900 { m[`k${i}`] = s; }"#;
        body(name, ("values", "bytes of a text"), kind, PATIENT, &format!("{values} {text}"))
    };
    vec![
        long("a map of 54 MB of one text, printed", Memory, "print(m);"),
        long("a map of 54 MB of one text, shown", Memory, "debug(m);"),
        long("a map of 54 MB of one text, in a text", Memory, "let t = `${m}`;"),
        long("a map of 54 MB of one text, in an array, in a text", Memory, "let t = \"\" + [m];"),
        long("a map of 54 MB of one text, as JSON", Memory, "let t = m.to_json();"),
        long("a map of 54 MB of one text, thrown", Memory, "throw m;"),
        long("a map of 54 MB of one text, as a problem", Memory, "reject(m);"),
        long("a map of 54 MB of one text, its values", Memory, "let a = m.values(); a += a;"),
        body(
            "an array of 54 MB of one text, in a text",
            ("values", "bytes of a text"),
            Memory,
            PATIENT,
            r#"let s = "x"; s.pad(60000, '\x01'); let a = []; a.pad(900, 0); for i in 0..900 { a[i] = s; } let t = `${a}`;"#,
        ),
        script(
            "a map of 54 MB of one text, through `this`",
            ("values", "bytes of a text"),
            Fault(Memory),
            PATIENT,
            r#"fn fill(s) { for i in 0..900 { this[`k${i}`] = s; } `${this}` }
               fn on_create(c) { let s = "x"; s.pad(60000, '\x01'); let m = #{}; let t = m.fill(s); }"#,
        ),
        script(
            "a map of many texts, through `this`",
            ("values", "bytes of a text"),
            Fault(Memory),
            Budget { deadline: Duration::from_secs(1), ..PATIENT },
            r#"fn fill(s) { let i = 0; loop { this[`k${i}`] = s + i; i += 1; } }
               fn on_create(c) { let s = "x"; s.pad(60000, 'y'); let m = #{}; m.fill(s); }"#,
        ),
        long("a map of 54 MB of keys", Memory, "let n = #{}; for i in 0..900 { n[s + i] = 0; } let t = `${n}`;"),
        long("a closure that holds 54 MB, shown", Memory, "let f = || m.len(); debug(f); throw 1;"),
    ]
}
