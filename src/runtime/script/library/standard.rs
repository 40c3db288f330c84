//! What Rhai brings of its own: the names, for telling what a misspelt one may have meant, and the most useful of it, with examples.

use crate::runtime::script::api::Table;

/// Functions of the language and of the packages that scripts are given.
pub(in crate::runtime::script) const NAMES: &[&str] = &[
    "PI",
    "E",
    "abs",
    "acos",
    "acosh",
    "all",
    "append",
    "asin",
    "asinh",
    "atan",
    "atanh",
    "bits",
    "bytes",
    "call",
    "ceiling",
    "chop",
    "chars",
    "clear",
    "contains",
    "cos",
    "cosh",
    "crop",
    "curry",
    "debug",
    "dedup",
    "degrees",
    "drain",
    "ends_with",
    "exclusive",
    "exit",
    "exp",
    "extract",
    "fill_with",
    "filter",
    "find",
    "find_map",
    "floor",
    "for_each",
    "fraction",
    "get",
    "get_bit",
    "get_bits",
    "hypot",
    "index_of",
    "insert",
    "int",
    "is_anonymous",
    "is_def_fn",
    "is_def_var",
    "is_empty",
    "is_even",
    "is_exclusive",
    "is_finite",
    "is_inclusive",
    "is_infinite",
    "is_nan",
    "is_odd",
    "is_shared",
    "is_zero",
    "keys",
    "len",
    "ln",
    "log",
    "make_lower",
    "make_upper",
    "map",
    "max",
    "min",
    "mixin",
    "name",
    "order",
    "order_by",
    "order_desc",
    "pad",
    "parse_float",
    "parse_int",
    "parse_json",
    "pop",
    "print",
    "push",
    "radians",
    "range",
    "reduce",
    "reduce_rev",
    "remove",
    "replace",
    "retain",
    "reverse",
    "round",
    "set",
    "set_bit",
    "set_bits",
    "set_tag",
    "shift",
    "sign",
    "sin",
    "sinh",
    "some",
    "sort",
    "sort_by",
    "sort_desc",
    "splice",
    "split",
    "split_rev",
    "sqrt",
    "start",
    "end",
    "starts_with",
    "sub_string",
    "tag",
    "take",
    "tan",
    "tanh",
    "to_binary",
    "to_chars",
    "to_debug",
    "to_degrees",
    "to_float",
    "to_hex",
    "to_int",
    "to_json",
    "to_lower",
    "to_octal",
    "to_radians",
    "to_string",
    "to_upper",
    "trim",
    "truncate",
    "type_of",
    "values",
    "Fn",
];

pub(super) fn register(table: &mut Table) {
    table.chapter(
        "What the language brings",
        "The most useful of [Rhai's own](https://rhai.rs/book/language/index.html) functions. They take just what they say: a missing value (`()`) \
         has none of them, so write `(row[\"Notes\"] ?? \"\").len()`. `trim` and `replace` change the text that they are called on, and give it \
         back, too. A text and a number are never equal, and neither is less than the other: `parse_int(row[\"Age\"]) < 18`. There are no `eval`, `import`, `export`, `sleep` and `timestamp`.",
    );
    texts(table);
    arrays(table);
    maps(table);
}

fn texts(table: &mut Table) {
    table.say("text.len()", "How many characters.", &[(r#""陈大文".len()"#, "3")]);
    table.say("text.is_empty()", "Whether there are none.", &[(r#"contact.city.is_empty()"#, "true")]);
    table.say(
        "text.contains(part)",
        "Whether the part occurs. `in` says the same.",
        &[(r#""Acme Ltd".contains("Ltd")"#, "true"), (r#""Ltd" in "Acme Ltd""#, "true")],
    );
    table.say("text.starts_with(part)", "Whether it begins so.", &[(r#""+85291234567".starts_with("+852")"#, "true")]);
    table.say("text.ends_with(part)", "Whether it ends so.", &[(r#""ann@example.org".ends_with(".org")"#, "true")]);
    table.say(
        "text.index_of(part)",
        "The place of the first occurrence, from 0; -1 when there is none.",
        &[(r#""crm:17".index_of(":")"#, "3")],
    );
    table.say(
        "text.sub_string(start, length)",
        "A part of it, counted from 0; from the end when `start` is negative.",
        &[(r#""A-1017".sub_string(2, 4)"#, r#""1017""#), (r#""A-1017".sub_string(-4)"#, r#""1017""#)],
    );
    table.say(
        "text.split(mark)",
        "What stands between the marks, blank parts included.",
        &[(r#""a,b,,c".split(",")"#, r#"["a", "b", "", "c"]"#)],
    );
    table.say(
        "text.to_upper(), text.to_lower()",
        "Capitals, and small letters.",
        &[(r#""Ann".to_upper()"#, r#""ANN""#), (r#""Ann".to_lower()"#, r#""ann""#)],
    );
    table.say(
        "text.trim()",
        "Takes the blanks off both ends of the value that it is called on, and gives it back.",
        &[
            ("row.company.trim();", r#"sets company = "ACME   Trading Ltd.""#),
            ("row.city = upper(\"  Kowloon \".trim());", r#"sets city = "KOWLOON""#),
        ],
    );
    table.say(
        "text.replace(part, with)",
        "Replaces every occurrence in the value that it is called on, and gives it back.",
        &[
            ("contact.company.replace(\"Acme\", \"Globex\");", r#"sets company = "Globex""#),
            ("contact.company = contact.company.replace(\"Acme\", \"Globex\");", r#"sets company = "Globex""#),
        ],
    );
    table.say("parse_int(text)", "The whole number; anything else throws.", &[(r#"parse_int("42") + 1"#, "43")]);
    table.say(
        "parse_float(text)",
        "The number with decimals; anything else throws. `parse_number` reads what people write.",
        &[(r#"parse_float("1.5")"#, "1.5")],
    );
    table.say(
        "to_string(value)",
        "Any value as text. So does a template: `` `${a} and ${b}` ``.",
        &[("to_string(42)", r#""42""#), ("`${1 + 1} rows`", r#""2 rows""#)],
    );
    table.say(
        "type_of(value)",
        "What kind of value it is.",
        &[(r#"type_of("x")"#, r#""string""#), ("type_of(())", r#""()""#), ("type_of(list([]))", r#""List""#)],
    );
}

fn arrays(table: &mut Table) {
    table.say("array.len()", "How many values.", &[("[1, 2, 3].len()", "3")]);
    table.say(
        "array.push(value)",
        "Adds a value at the end.",
        &[("let found = [];\nfound.push(\"a\");\nlog_info(found.len());", "logs info: 1")],
    );
    table.say(
        "array.contains(value)",
        "Whether it holds the value, in this very case. `in` says the same.",
        &[("[1, 2].contains(2)", "true"), ("\"VIP\" in contact.labels", "true")],
    );
    table.say(
        "array.index_of(value)",
        "The place of a value, from 0; -1 when it is not there.",
        &[(r#"["a", "b"].index_of("b")"#, "1")],
    );
    table.say(
        "array.map(|item| …)",
        "What a function makes of each value.",
        &[("contact.labels.map(|label| upper(label))", r#"["LEAD", "VIP"]"#)],
    );
    table.say(
        "array.filter(|item| …)",
        "The values of which a function says `true`.",
        &[("contact.labels.filter(|label| label != \"VIP\")", r#"["Lead"]"#)],
    );
    table.say("array.find(|item| …)", "The first such value, or `()`.", &[("[3, 5, 8].find(|n| n > 4)", "5")]);
    table.say(
        "array.some(|item| …), array.all(|item| …)",
        "Whether a function says `true` of any, or of all.",
        &[("[1, 2].some(|n| n > 1)", "true"), ("[1, 2].all(|n| n > 1)", "false")],
    );
    table.say(
        "array.reduce(|sum, item| …, start)",
        "One value made of all.",
        &[("[1, 2, 3].reduce(|sum, n| sum + n, 0)", "6")],
    );
    table.say(
        "array.sort(), array.dedup(), array.reverse()",
        "Change the array that they are called on: sorted, without values that follow their like, the other way round.",
        &[("let a = [3, 1, 1];\na.sort();\na.dedup();\na.reverse();\nlog_info(to_debug(a));", "logs info: [3, 1]")],
    );
}

fn maps(table: &mut Table) {
    table.say(
        "map.key, map[\"key\"]",
        "A value by its key; `()` when there is none, misspelt ones included.",
        &[("let name = split_name(\"Ann Lee\");\nlog_info(name.last + name[\"first\"]);", "logs info: LeeAnn")],
    );
    table.say(
        "map.keys(), map.values()",
        "The keys, and the values, in the order of the keys.",
        &[("#{b: 1, a: 2}.keys()", r#"["a", "b"]"#), ("#{b: 1, a: 2}.values()", "[2, 1]")],
    );
    table.say("map.contains(key)", "Whether it has the key.", &[("#{a: 1}.contains(\"a\")", "true")]);
}
