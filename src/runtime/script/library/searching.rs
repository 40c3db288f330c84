//! Patterns.

use rhai::{Dynamic, ImmutableString, Map, NativeCallContext};

use super::{charged, given, given_all, one, text_at};
use crate::runtime::script::api::Table;
use crate::runtime::script::api::misuse::wrong_argument;
use crate::runtime::script::call::{Call, Outcome};
use crate::runtime::script::patterns;

pub(super) fn register(table: &mut Table) {
    table.chapter(
        "Patterns",
        "Patterns are those of Rust's [`regex`](https://docs.rs/regex/latest/regex/#syntax): no look-around, no back-references, and no \
         search that runs away. `(?i)` at the front makes case meaningless. Texts have up to 16 KiB. A pattern is compiled once: keep it in a \
         constant, or write it where it is used. Between back-quotes, backslashes need not be doubled.",
    );
    table.say(
        "regex_match(text, pattern)",
        "Whether the pattern occurs.",
        &[(r#"regex_match("Deputy CEO", `(?i)\bceo\b`)"#, "true")],
    );
    table.say(
        "regex_find(text, pattern)",
        "The first occurrence, or its first group if the pattern has one; `\"\"` when there is none.",
        &[(r#"regex_find("id: 42; id: 7", `id: (\d+)`)"#, r#""42""#), (r#"regex_find("none", `\d+`)"#, r#""""#)],
    );
    table.say(
        "regex_find_all(text, pattern)",
        "All occurrences, or the first group of each if the pattern has one.",
        &[
            (r#"regex_find_all("id: 42; id: 7", `id: (\d+)`)"#, r#"["42", "7"]"#),
            (r#"regex_find_all("none", `\d+`)"#, "[]"),
        ],
    );
    table.say(
        "regex_groups(text, pattern)",
        "The first occurrence and its groups, `\"\"` for one that took no part; an empty array when there is none.",
        &[(r#"regex_groups("1980-12", `(\d{4})-(\d\d)(-\d\d)?`)"#, r#"["1980-12", "1980", "12", ""]"#)],
    );
    table.say(
        "regex_named(text, pattern)",
        "The groups of the first occurrence that have names; an empty map when there is none.",
        &[(
            r#"regex_named("Lee (Acme)", `^(?P<name>\w+) \((?P<company>\w+)\)$`)"#,
            r#"#{"company": "Acme", "name": "Lee"}"#,
        )],
    );
    table.say(
        "regex_replace(text, pattern, with)",
        "Every occurrence replaced; `$1` in `with` is the first group, `${name}` a named one, `$$` a dollar.",
        &[(r#"regex_replace("a-b-c", "-(.)", "+$1")"#, r#""a+b+c""#)],
    );
    table.say(
        "regex_split(text, pattern)",
        "What stands between the occurrences.",
        &[(r#"regex_split("Lead;  VIP,New", `[;,]\s*`)"#, r#"["Lead", "VIP", "New"]"#)],
    );
    table.say(
        "regex_escape(text)",
        "The pattern that finds just this text.",
        &[(r#"regex_escape("C++ (dev.)")"#, r#""C\\+\\+ \\(dev\\.\\)""#)],
    );
    searcher(table, "regex_match", |call, text, pattern| Ok(patterns::is_match(call, text, pattern)?.into()));
    searcher(table, "regex_find", |call, text, pattern| {
        given(patterns::find(call, text, pattern)?.unwrap_or_default())
    });
    searcher(table, "regex_find_all", |call, text, pattern| {
        given_all(patterns::find_all(call, text, pattern)?.into_iter())
    });
    searcher(table, "regex_groups", |call, text, pattern| {
        given_all(patterns::groups(call, text, pattern)?.into_iter())
    });
    searcher(table, "regex_named", |call, text, pattern| {
        let named = patterns::named(call, text, pattern)?;
        Ok(named.into_iter().map(|(name, text)| (name.into(), text.into())).collect::<Map>().into())
    });
    searcher(table, "regex_split", |call, text, pattern| given_all(patterns::split(call, text, pattern)?.into_iter()));
    one(table, "regex_escape", |_, text| given(regex::escape(text)));
    table.function("regex_replace", |context: NativeCallContext, value: Dynamic, pattern: Dynamic, with: Dynamic| {
        let call = charged(&context)?;
        let (text, pattern) = (text_at("regex_replace", (0, 3), &value)?, pattern_at("regex_replace", 3, &pattern)?);
        given(patterns::replace(&call, &text, &pattern, &text_at("regex_replace", (2, 3), &with)?)?)
    });
}

type Search = fn(&Call, &str, &ImmutableString) -> Outcome<Dynamic>;

fn searcher(table: &mut Table, name: &'static str, search: Search) {
    table.function(name, move |context: NativeCallContext, text: &str, pattern: ImmutableString| {
        search(&*charged(&context)?, text, &pattern)
    });
    table.function(name, move |context: NativeCallContext, value: Dynamic, pattern: Dynamic| {
        let call = charged(&context)?;
        search(&call, &text_at(name, (0, 2), &value)?, &pattern_at(name, 2, &pattern)?)
    });
}

/// A pattern is a text and nothing else: an empty one would be found everywhere.
fn pattern_at(function: &str, count: usize, value: &Dynamic) -> Outcome<ImmutableString> {
    value
        .read_lock::<ImmutableString>()
        .map(|text| text.clone())
        .ok_or_else(|| wrong_argument(function, (1, count), "a text", value))
}
