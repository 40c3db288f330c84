//! What authors read when a script is wrong: what happened, where, the line, and the way out; and that nothing outside is to be had.

use super::*;

/// Writes an error as people see it: message, place, line, hint.
fn told(message: &str, position: Option<&crate::plugin::fault::Position>, hint: Option<&str>) -> String {
    let place = position.map_or_else(String::new, |position| {
        format!("\n  {position}: {}", position.source.as_deref().unwrap_or_default())
    });
    let hint = hint.map_or_else(String::new, |hint| format!("\n  hint: {hint}"));
    format!("{message}{place}{hint}")
}

/// Loads a script and calls `on_create`; returns what it failed by.
fn failure(code: &str) -> String {
    match ScriptRuntime::new().load(&package(code)) {
        Err(error) => told(&error.message, error.position.as_ref(), error.hint.as_deref()),
        Ok(script) => {
            match script.session(Services::none()).call(Hook::Create, contact_in_hand(Terms::open(9))).outcome {
                Ok(verdict) => format!("{verdict:?}"),
                Err(fault) => told(&fault.message, fault.position.as_ref(), fault.hint.as_deref()),
            }
        }
    }
}

#[track_caller]
fn check(code: &str, expected: &str) {
    assert_eq!(failure(code), expected, "\n{code}\n");
}

/// In a hook whose body begins on the second line.
#[track_caller]
fn check_body(body: &str, expected: &str) {
    check(&format!("fn on_create(contact) {{\n    {body}\n}}"), expected);
}

#[test]
fn a_wrong_argument_is_told_by_name_and_place() {
    check_body(
        "regex_find(\"x\", 5);",
        "`pattern`, the second argument of `regex_find`, must be a text, not a whole number\n  main.rhai:2:5: regex_find(\"x\", 5);\n  hint: it is written `regex_find(text, pattern)`",
    );
    check_body(
        "let a = pad_left(\"x\", \"5\", \"0\");",
        "`width`, the second argument of `pad_left`, must be a whole number, not a text\n  main.rhai:2:13: let a = pad_left(\"x\", \"5\", \"0\");\n  hint: it is written `pad_left(text, width, fill)`",
    );
    check_body(
        "title_case([1]);",
        "`title_case` takes a text, not an array\n  main.rhai:2:5: title_case([1]);\n  hint: it is written `title_case(text)`",
    );
    check_body(
        "contact.add(\"email\", 5);",
        "`value`, the second argument of `add`, must be a text, not a whole number\n  main.rhai:2:13: contact.add(\"email\", 5);\n  hint: it is written `contact.add(field, value)`",
    );
    check_body(
        "pad_left(\"x\");",
        "`pad_left` cannot be called with (a text)\n  main.rhai:2:5: pad_left(\"x\");\n  hint: it is written `pad_left(text, width, fill)`",
    );
    check_body(
        "parse_date(\"1\", \"DD.MM.YY\");",
        "`parse_date`: `DD.MM.YY` has years of two digits\n  main.rhai:2:5: parse_date(\"1\", \"DD.MM.YY\");\n  hint: say which hundred years they lie in: `parse_date(text, format, 1930)`",
    );
    check_body(
        "regex_match(\"x\", \"(\");",
        "`(` is no pattern: unclosed group\n  main.rhai:2:5: regex_match(\"x\", \"(\");",
    );
}

#[test]
fn what_was_meant_is_told() {
    check_body(
        "titel_case(\"x\");",
        "there is no function `titel_case`\n  main.rhai:2:5: titel_case(\"x\");\n  hint: did you mean `title_case`?",
    );
    check_body(
        "contact.has_lable(\"x\");",
        "there is no function `has_lable`\n  main.rhai:2:13: contact.has_lable(\"x\");\n  hint: did you mean `has_label`?",
    );
    check_body(
        "contact.frist_name = \"x\";",
        "there is no field `frist_name`\n  main.rhai:2:12: contact.frist_name = \"x\";\n  hint: did you mean `first_name`?",
    );
    check_body(
        "let total = 1; log_info(totl);",
        "there is no variable `totl`\n  main.rhai:2:29: let total = 1; log_info(totl);\n  hint: did you mean `total`?",
    );
    check_body(
        "let name = split_name(\"Ann Lee\"); name.frist.trim();",
        "`trim` was called on a missing value (`()`)\n  main.rhai:2:50: let name = split_name(\"Ann Lee\"); name.frist.trim();\n  hint: a column or key that is not there gives `()`: ask first (`if x != () { … }`), or write `(x ?? \"\").trim(…)`",
    );
    check_body(
        "frobnicate(1);",
        "there is no function `frobnicate`\n  main.rhai:2:5: frobnicate(1);\n  hint: scripts/REFERENCE.md lists what there is",
    );
}

#[test]
fn habits_from_other_languages_are_told() {
    check_body(
        "if contact.has(\"city\") and contact.has(\"email\") { }",
        "expecting '{' to start a statement block\n  main.rhai:2:28: if contact.has(\"city\") and contact.has(\"email\") { }\n  hint: write `&&`",
    );
    check_body(
        "if contact.city == null { }",
        "'null' is a reserved keyword\n  main.rhai:2:24: if contact.city == null { }\n  hint: a missing value is `()`, and a blank field is `\"\"`",
    );
    check_body(
        "if contact.city == None { }",
        "there is no variable `None`\n  main.rhai:2:24: if contact.city == None { }\n  hint: a missing value is `()`, and a blank field is `\"\"`",
    );
    check_body(
        "contact.label(\"a\")\n    contact.label(\"b\");",
        "expecting ';' to terminate this statement\n  main.rhai:3:5: contact.label(\"b\");\n  hint: the statement before it ends without a `;`",
    );
    check_body(
        "let f = contact.labels.filter(x => x != \"a\");",
        "expecting ',' to separate the arguments to function call 'filter'\n  main.rhai:2:37: let f = contact.labels.filter(x => x != \"a\");\n  hint: a function without a name is written `|item| item != \"\"`",
    );
    check_body(
        "let n = contact.city || \"x\";",
        "expecting a boolean expression, not a string\n  main.rhai:2:29: let n = contact.city || \"x\";\n  hint: `||` and `&&` are for conditions: the first text that is not blank is `first_filled([a, b])`, and `a ?? b` stands in for a missing value",
    );
}

#[test]
fn a_sign_between_values_that_it_is_not_for_is_told() {
    check_body(
        "let n = contact.city.len() - \"1\";",
        "`-` does not go with a whole number and a text\n  main.rhai:2:32: let n = contact.city.len() - \"1\";\n  hint: make a number of the text, as by `parse_int(text)` or `parse_number(text, \"1,234.50\")`",
    );
    check_body(
        "let n = [1].find(|n| n > 4) * 2;",
        "`*` does not go with a missing value (`()`) and a whole number\n  main.rhai:2:33: let n = [1].find(|n| n > 4) * 2;\n  hint: a value that is missing is `()`: write `x ?? 0`, or ask first (`if x != () { … }`)",
    );
    check_body(
        "let n = contact.city.to_int();",
        "`to_int` is not for texts\n  main.rhai:2:26: let n = contact.city.to_int();\n  hint: of a text it is `parse_int(text)`",
    );
}

#[test]
fn what_compiles_and_is_never_meant_is_refused() {
    check_body(
        "if contact.zip < 1000 { contact.label(\"a\"); }",
        "`contact.zip` is a text, and is compared with a number: that is never so\n  main.rhai:2:8: if contact.zip < 1000 { contact.label(\"a\"); }\n  hint: make a number of it, as by `parse_int(contact.zip)` or `parse_number(contact.zip, \"1,234.50\")`, or compare it with a text",
    );
    check_body(
        "contact.company = \"Dear ${contact.city}\";",
        "`${…}` between double quotes stands for itself\n  main.rhai:2:23: contact.company = \"Dear ${contact.city}\";\n  hint: put a text with values in it between back-quotes",
    );
    let sound = "let text = #{zip: 1}; if text.zip == 1 { reject(regex_replace(\"a\", \"(?P<n>a)\", \"${n}!\")); }";
    assert!(failure(&format!("fn on_create(contact) {{ {sound} }}")).contains("a!"));
}

#[test]
fn a_limit_is_told_where_it_was_passed() {
    let place = |body: &str| {
        let code = format!("fn on_create(contact) {{\n    spin();\n}}\nfn spin() {{\n    let n = 0;\n    {body}\n}}");
        let budget = Budget { operations: 20_000, deadline: std::time::Duration::from_secs(60), ..Budget::STANDARD };
        let script = ScriptRuntime::new().load(&Package { budget, ..package(&code) }).unwrap();
        let returned = script.session(Services::none()).call(Hook::Create, contact_in_hand(Terms::open(9)));
        let fault = returned.outcome.unwrap_err();
        assert_eq!(fault.position.as_ref().map(|position| position.line), Some(6), "{body}: {fault:?}");
        format!("{fault}; {}", fault.hint.as_deref().unwrap_or_default())
    };
    let told = place("while true { n += 1; }");
    assert!(told.starts_with("it took more than 20000 operations; look for a loop"), "{told}");
    assert!(told.ends_with("raise `operations` under [budget] in plugin.toml"), "{told}");
    assert!(place("for i in 0..2000 { log_info(i); }").contains("more than 1000 lines"));
    let told = place("for i in 0..100 { log_info(pad_left(\"x\", 1000, \"x\")); }");
    assert!(told.contains("more than 65536 bytes") && told.contains("`log_kib`"), "{told}");
}

#[test]
fn a_call_that_must_end_ends_whatever_it_catches() {
    let budget = Budget { operations: 20_000, deadline: std::time::Duration::from_secs(60), ..Budget::STANDARD };
    for body in [
        "let n = 0; while true { try { while true { n += 1; } } catch { } }",
        "while true { try { while true { contact.has(\"city\"); } } catch { contact.city = \"x\"; } }",
        "while true { }",
        "let n = 0; try { while true { n += 1; } } catch { }",
    ] {
        let code = format!("fn on_create(contact) {{ {body} }}");
        let script = ScriptRuntime::new().load(&Package { budget, ..package(&code) }).unwrap();
        let returned = script.session(Services::none()).call(Hook::Create, contact_in_hand(Terms::open(9)));
        let fault = returned.outcome.unwrap_err();
        assert_eq!(fault.kind, FaultKind::Operations, "{body}: {fault:?}");
        assert!(returned.spent.operations <= 20_100, "{body}: {}", returned.spent.operations);
    }
}

#[test]
fn errors_in_closures_helpers_and_constants_have_their_line() {
    check(
        "fn on_create(contact) {\n    [1].map(|item| {\n        item / 0\n    });\n}",
        "division by zero: 1 / 0\n  main.rhai:3:14: item / 0",
    );
    check(
        "fn on_create(contact) { one(contact) }\nfn one(contact) {\n    two(contact.company)\n}\nfn two(text) {\n    upper([text])\n}",
        "`upper` takes a text, not an array\n  main.rhai:6:5: upper([text])\n  hint: it is written `upper(text)`",
    );
    check(
        "const A = 1;\nconst CODES = table([\"a=1\", \"b\"]);\nfn on_create(contact) { }",
        "`table`: the pair \"b\" cannot be read\n  main.rhai:2:15: const CODES = table([\"a=1\", \"b\"]);\n  hint: write it like \"key=value\"",
    );
    check(
        "const A = 1;\nfn plus(n) { A + n }\nconst B = plus(2);\nfn on_create(contact) { }",
        "there is no variable `A` here\n  main.rhai:2:14: fn plus(n) { A + n }\n  hint: what computes a constant does not see the others: hand them over as arguments",
    );
    check(
        "const NAMES = list([\"a\", [1]]);\nfn on_create(contact) { }",
        "`list` takes an array of texts, not an array\n  main.rhai:1:15: const NAMES = list([\"a\", [1]]);\n  hint: it is written `list(texts)`",
    );
    check(
        "const CODES = table(#{a: \"1\", \" A\": \"2\"});\nfn on_create(contact) { }",
        "`table`: `a` stands twice in the table\n  main.rhai:1:15: const CODES = table(#{a: \"1\", \" A\": \"2\"});\n  hint: whatever their case and the blanks around them, keys must differ",
    );
}

#[test]
fn nothing_outside_can_be_named() {
    let words = [
        "open",
        "open_file",
        "read_file",
        "write_file",
        "load",
        "require",
        "include",
        "http_get",
        "fetch",
        "connect",
        "request",
        "now",
        "today",
        "timestamp",
        "time",
        "date",
        "random",
        "rand",
        "rand_int",
        "env",
        "getenv",
        "system",
        "exec",
        "spawn",
        "sleep",
        "exit_process",
        "parse_toml",
        "to_blob",
        "blob",
        "eval_file",
    ];
    for word in words {
        for call in
            [format!("{word}()"), format!("{word}(\"x\")"), format!("{word}(1)"), format!("Fn(\"{word}\").call(\"x\")")]
        {
            let failure = failure(&format!("fn on_create(contact) {{ {call}; }}"));
            let refused =
                ["there is no function", "not available", "reserved keyword"].iter().any(|told| failure.contains(told));
            let misused =
                word == "sleep" && failure.contains("cannot be called") || failure.contains("takes other values");
            assert!(refused || misused, "{call}: {failure}");
        }
    }
    for code in ["eval(\"1\")", "import \"x\" as x", "export let x = 1", "import \"file:///etc/passwd\" as p"] {
        let failure = failure(&format!("fn on_create(contact) {{ {code}; }}"));
        assert!(failure.contains("not available"), "{code}: {failure}");
    }
}
