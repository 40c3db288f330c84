//! Scripts that loop, grow and flood.

use carnet::plugin::budget::Budget;
use carnet::plugin::fault::FaultKind::{
    self, Deadline, Edits, HostCalls, Log, Memory, Operations, Output, RefusedEdit, Script, State, Verdict,
};
use carnet::plugin::package::EngineKind;

use super::End::{self, Fault, Harmless, Refused};
use super::{Attack, PATIENT, SHORT};

/// A script as it stands.
pub fn script(
    name: &'static str,
    (place, limit): (&'static str, &'static str),
    end: End,
    budget: Budget,
    code: impl Into<String>,
) -> Attack {
    let code = code.into().into_bytes();
    Attack { engine: EngineKind::Rhai, name, place, limit, end, budget, code: Box::new(move || code.clone()) }
}

/// A script whose hook `on_create(c)` does this.
pub fn body(
    name: &'static str,
    how: (&'static str, &'static str),
    kind: FaultKind,
    budget: Budget,
    body: &str,
) -> Attack {
    script(name, how, Fault(kind), budget, format!("fn on_create(c) {{ {body} }}"))
}

pub fn attacks() -> Vec<Attack> {
    [loops(), recursion(), memory(), floods(), texts(), arithmetic(), patterns()].into_iter().flatten().collect()
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
        ),
        script(
            "endless `loop` at the top",
            ("top level", "deadline"),
            Refused("took longer"),
            SHORT,
            "const X = 1; loop { } fn on_create(c) { }",
        ),
        script(
            "an endless constant",
            ("top level", "deadline"),
            Refused("took longer"),
            SHORT,
            "fn f() { loop { } } const X = f(); fn on_create(c) { }",
        ),
    ]
}

fn recursion() -> Vec<Attack> {
    let deep = |name, code: &str| script(name, ("functions", "depth of calls"), Fault(Operations), PATIENT, code);
    vec![
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
    ]
}

fn memory() -> Vec<Attack> {
    let bomb = |name, text: &str| body(name, ("values", "memory in sum, or of one value"), Memory, PATIENT, text);
    let small = Budget { memory_bytes: 2 << 20, ..PATIENT };
    vec![
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

fn floods() -> Vec<Attack> {
    let few = Budget { host_calls: 100, ..PATIENT };
    let free = Budget { host_calls: u64::MAX, ..PATIENT };
    let flood = |name, limit, kind, budget, text: &str| body(name, ("host functions", limit), kind, budget, text);
    vec![
        flood("flood of lines in a script's log", "bytes of log", Log, free, "loop { print(\"0123456789\"); }"),
        flood("flood of empty lines in a script's log", "lines of log", Log, free, "loop { print(\"\"); }"),
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

fn texts() -> Vec<Attack> {
    let long = |name, limit, kind, text: &str| {
        body(name, ("texts", limit), kind, PATIENT, &format!("let s = \"x\"; s.pad(60000, 'y'); {text}"))
    };
    vec![
        long("a field's name of 60 KB", "bytes of a name", RefusedEdit, "c.set(s, \"x\");"),
        long("a field's name of 60 KB, read", "bytes of a name", Script, "c.get(s);"),
        long("a field's name of 60 KB, by index", "bytes of a name", RefusedEdit, "c[s] = \"x\";"),
        long("a function's name of 60 KB", "bytes of a message", Script, "Fn(s).call(1);"),
        long("throwing 60 KB", "bytes of a message", Script, "throw s;"),
        long("a key of 60 KB", "bytes of a key", State, "state_set(s, \"x\");"),
        long("a lookup by 60 KB", "bytes of a name", Script, "lookup(s, \"x\");"),
        long("a lookup of 60 KB", "bytes of a lookup", Script, "lookup(\"name\", s);"),
        long("a phone number of 60 KB", "format", RefusedEdit, "c.mobile = s;"),
        long("a country of 60 KB", "format", RefusedEdit, "c.country = s;"),
        long("a pattern of 60 KB", "bytes of a pattern", Script, "regex_match(\"x\", s);"),
        body("control characters thrown", ("texts", "made blanks"), Script, PATIENT, "throw \"\\x1b[2J\\x07\";"),
        script(
            "control characters in problems and log",
            ("texts", "made blanks"),
            Harmless,
            PATIENT,
            "fn on_create(c) { reject(\"\\x1b[2J\"); print(\"\\x1b[2J\"); }",
        ),
        script(
            "a hook that ends with `false`",
            ("verdict", "verdict"),
            Fault(Verdict),
            PATIENT,
            "fn on_create(c) { false }",
        ),
        body("a row's verdict about a contact", ("verdict", "verdict"), Verdict, PATIENT, "skip(\"no\");"),
        script(
            "leaving by the back door",
            ("library", "nothing: it is a `return`"),
            Harmless,
            PATIENT,
            "fn on_create(c) { exit(); }",
        ),
        body("waiting", ("library", "not available"), Script, PATIENT, "sleep(10);"),
        body("the clock", ("library", "not available"), Script, PATIENT, "timestamp();"),
        script(
            "code in a text",
            ("language", "not available"),
            Refused("`eval`"),
            PATIENT,
            "fn on_create(c) { eval(\"1\") }",
        ),
        script(
            "another file",
            ("language", "not available"),
            Refused("`import`"),
            PATIENT,
            "fn on_create(c) { import \"/etc/passwd\" as p; }",
        ),
    ]
}

fn arithmetic() -> Vec<Attack> {
    // None of these may panic, so their errors, if any, are caught; what ends the call is the throw.
    let odd = "let odd = [\"\", \"x\", \"é漢字\", 0, 1, -1, 9223372036854775807, -9223372036854775807 - 1, 0.0/0.0, 1.0/0.0, (), true, 'é', [], [1, ()], #{}, #{a: 1}, 0..5, 5..=0, -9..9223372036854775807, |x| x, c];";
    let names = [
        "len",
        "get",
        "set",
        "push",
        "append",
        "insert",
        "pad",
        "remove",
        "truncate",
        "chop",
        "splice",
        "extract",
        "split",
        "split_rev",
        "split_at",
        "index_of",
        "contains",
        "drain",
        "retain",
        "dedup",
        "sort",
        "sort_desc",
        "order",
        "zip",
        "reduce",
        "find",
        "some",
        "all",
        "map",
        "filter",
        "sub_string",
        "crop",
        "replace",
        "trim",
        "to_upper",
        "to_chars",
        "bytes",
        "chars",
        "bits",
        "get_bit",
        "set_bit",
        "get_bits",
        "set_bits",
        "parse_int",
        "parse_float",
        "to_hex",
        "to_binary",
        "to_json",
        "parse_json",
        "mixin",
        "fill_with",
        "keys",
        "values",
        "range",
        "abs",
        "sign",
        "round",
        "floor",
        "to_int",
        "log",
        "sqrt",
        "max",
        "min",
        "take",
        "tag",
        "set_tag",
        "type_of",
        "print",
        "debug",
        "to_debug",
        "to_string",
        "reverse",
        "clear",
        "is_zero",
        "split_name",
        "title_case",
        "fold",
        "digits",
        "normalize_phone",
        "is_email",
        "find_emails",
        "parse_date",
        "country_code",
        "language_code",
        "regex_match",
        "regex_find",
        "regex_replace",
        "reject",
        "skip",
        "config",
        "lookup",
        "state_get",
        "state_set",
        "label",
        "unlabel",
        "add",
        "has",
        "get_fn_metadata_list",
        "is_anonymous",
        "name",
        "start",
        "end",
        "is_empty",
        "+",
        "-",
        "*",
        "/",
        "%",
        "**",
        "<<",
        ">>",
        "&",
        "==",
        "<",
        "||",
    ];
    let calls: String = names
        .iter()
        .map(|name| {
            format!(
                "let f = Fn(\"{name}\"); for x in odd {{ let t = x; try {{ f.call(t); }} catch {{ }}
                 for y in odd {{ let t = x; try {{ f.call(t, y); }} catch {{ }} }} }}\n"
            )
        })
        .collect();
    let threes: String = ["splice", "extract", "replace", "sub_string", "set_bits", "range", "index_of", "regex_replace", "insert", "crop", "bits", "chars", "lookup"]
        .iter()
        .map(|name| format!("let f = Fn(\"{name}\"); for x in odd {{ for y in odd {{ for z in odd {{ let t = x; try {{ f.call(t, y, z); }} catch {{ }} }} }} }}\n"))
        .collect();
    vec![
        script(
            "every function with every odd value",
            ("library", "script errors"),
            Fault(Script),
            PATIENT,
            format!("fn on_create(c) {{ {odd} {calls} throw \"done\"; }}"),
        ),
        script(
            "functions of three with every odd value",
            ("library", "script errors"),
            Fault(Script),
            PATIENT,
            format!("fn on_create(c) {{ {odd} {threes} throw \"done\"; }}"),
        ),
        body("numbers that overflow", ("arithmetic", "script error"), Script, PATIENT, "9223372036854775807 + 1;"),
        body(
            "negating the least number",
            ("arithmetic", "script error"),
            Script,
            PATIENT,
            "let x = -9223372036854775807 - 1; -x;",
        ),
        body(
            "dividing the least number",
            ("arithmetic", "script error"),
            Script,
            PATIENT,
            "let x = -9223372036854775807 - 1; x / -1;",
        ),
        body("a power too high", ("arithmetic", "script error"), Script, PATIENT, "2 ** 100000000000;"),
        script(
            "sorting what has no order",
            ("library", "nothing: it comes out somehow"),
            Harmless,
            PATIENT,
            "fn on_create(c) { let a = [0.0/0.0, 1.0, -1.0, 0.0/0.0]; for i in 0..6 { a += a; } a.sort(); a.sort(|x, y| if x < y { 1 } else { 1 }); }",
        ),
    ]
}

fn patterns() -> Vec<Attack> {
    let bad = |name, text: &str| body(name, ("patterns", "size of a pattern"), Script, PATIENT, text);
    vec![
        bad(
            "repeats of repeats",
            "regex_match(\"x\", \"(((((((((x{100}){100}){100}){100}){100}){100}){100}){100}){100})\");",
        ),
        bad("repeats of every letter", "regex_match(\"x\", \"\\\\w{1000}\\\\w{1000}\\\\w{1000}\");"),
        bad("groups in groups", "let p = \"(\"; while p.len() < 900 { p += p; } regex_match(\"x\", p);"),
        late("a new pattern each time", "patterns", "let i = 0; loop { regex_match(\"x\", `\\\\w{50}${i}`); i += 1; }"),
        late(
            "a search that backtracks",
            "patterns",
            "let t = \"x\"; t.pad(16000, 'a'); loop { regex_match(t, \"(a|aa)+$b\"); }",
        ),
        late(
            "a search from every place",
            "patterns",
            "let t = \"x\"; t.pad(16000, 'a'); loop { regex_replace(t, \".*?b|a\", \"a\"); }",
        ),
    ]
}
