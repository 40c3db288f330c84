//! Scripts that misuse the library: odd values, endless texts, patterns that repeat, and what is not there.

use carnet::plugin::fault::FaultKind::{RefusedEdit, Script, State, Verdict};

use super::super::End::{Fault, Harmless, Refused};
use super::super::{Attack, PATIENT};
use super::{body, late, script};

pub fn attacks() -> Vec<Attack> {
    [texts(), arithmetic(), thrown(), patterns()].into_iter().flatten().collect()
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
        body("waiting for a part", ("library", "not available"), Script, PATIENT, "sleep(10.0);"),
        body("waiting, by name", ("library", "not available"), Script, PATIENT, "Fn(\"sleep\").call(10);"),
        body("code in a text, by name", ("library", "not available"), Script, PATIENT, "Fn(\"eval\").call(\"1\");"),
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
        script(
            "another file, at the top",
            ("language", "not available"),
            Refused("`import`"),
            PATIENT,
            "import \"x\" as y; fn on_create(c) { }",
        ),
        script(
            "something for other files",
            ("language", "not available"),
            Refused("`export`"),
            PATIENT,
            "export const X = 1; fn on_create(c) { }",
        ),
    ]
}

fn arithmetic() -> Vec<Attack> {
    // None of these may panic, so their errors, if any, are caught; what ends the call is the throw.
    let odd = "let odd = [\"\", \"x\", \"é漢字\", 0, 1, -1, 9223372036854775807, -9223372036854775807 - 1, 0.0/0.0, 1.0/0.0, (), true, 'é', [], [1, ()], #{}, #{a: 1}, 0..5, 5..=0, -9..9223372036854775807, |x| x, c];";
    let names =
        "len get set push append insert pad remove truncate chop splice extract split split_rev split_at index_of
        contains drain retain dedup sort sort_desc order zip reduce find some all map filter sub_string crop replace
        trim to_upper to_chars bytes chars bits get_bit set_bit get_bits set_bits parse_int parse_float to_hex
        to_binary to_json parse_json mixin fill_with keys values range abs sign round floor to_int log sqrt max min
        take tag set_tag type_of print debug to_debug to_string reverse clear is_zero split_name title_case fold
        digits normalize_phone is_email find_emails parse_date country_code language_code regex_match regex_find
        regex_replace reject skip config lookup state_get state_set label unlabel add has get_fn_metadata_list
        is_anonymous name start end is_empty + - * / % ** << >> & == < ||"
            .split_whitespace();
    let calls: String = names
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

/// What is thrown may be anything.
fn thrown() -> Vec<Attack> {
    let throws = |name, text: &str| body(name, ("errors", "script error"), Script, PATIENT, text);
    vec![
        throws("throwing nothing", "throw ();"),
        throws("throwing a number", "throw 1;"),
        throws("throwing a fraction", "throw 1.5;"),
        throws("throwing a letter", "throw 'c';"),
        throws("throwing an empty text", "throw \"\";"),
        throws("throwing an array", "throw [1, [2]];"),
        throws("throwing a map", "throw #{a: #{}};"),
        throws("throwing the contact", "throw c;"),
        throws("throwing a closure", "throw |x| x;"),
        throws("throwing yes", "throw true;"),
        throws("throwing labels", "throw c.labels;"),
        throws("throwing what was caught", "try { throw c; } catch (e) { throw e; }"),
        throws("dividing by nothing", "1 / 0;"),
        throws("an item that is not there", "[1][5];"),
        throws("an entry that is not there", "#{}.a.b.c;"),
        throws("a field that is not there", "c.x.y;"),
        throws("`this`, where there is none", "this.x;"),
    ]
}

fn patterns() -> Vec<Attack> {
    let bad = |name, text: &str| body(name, ("patterns", "size of a pattern"), Script, PATIENT, text);
    let slow = |name, pattern: &str| {
        let text = "let t = \"\"; t.pad(16000, 'a');";
        let search = format!("regex_match(t, \"{pattern}\"); regex_replace(t, \"{pattern}\", \"\");");
        late(name, "patterns", &format!("{text} loop {{ {search} }}"))
    };
    vec![
        bad(
            "repeats of repeats",
            "regex_match(\"x\", \"(((((((((x{100}){100}){100}){100}){100}){100}){100}){100}){100})\");",
        ),
        bad("repeats of every letter", "regex_match(\"x\", \"\\\\w{1000}\\\\w{1000}\\\\w{1000}\");"),
        bad("groups in groups", "let p = \"(\"; while p.len() < 900 { p += p; } regex_match(\"x\", p);"),
        bad("a pattern of 2 KB", "let p = \"a\"; while p.len() < 2000 { p += p; } regex_match(\"x\", p);"),
        bad("a text of 60 KB searched", "let t = \"\"; t.pad(60000, 'a'); regex_match(t, \"a\");"),
        slow("repeats that backtrack", "(a+)+$b"),
        slow("choices that backtrack", "(a|aa)+$b"),
        slow("nothing, repeated", "(a*)*b"),
        slow("anything, six times", "(.*.*.*.*.*.*)*b"),
        slow("perhaps, 200 times", "(?:a?){200}a{200}b"),
        slow("as few as may be", "[a-z]*?[a-y]*?[a-x]*?[a-w]*?b"),
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
