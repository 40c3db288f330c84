//! People's names and e-mail addresses.

use rhai::{Dynamic, Map};

use super::{given, given_all, one, two};
use crate::domain::email::parse_email;
use crate::runtime::script::api::Table;
use crate::runtime::script::call::Outcome;
use crate::runtime::script::names;

pub(super) fn register(table: &mut Table) {
    table.chapter("Names and e-mail", "What cannot be known about a name is decided by the commonest rule; no letter is ever lost. Addresses are read as the built-in rules read them.");
    names(table);
    emails(table);
}

fn names(table: &mut Table) {
    table.say("split_name(full)", "The first and the last name of a full one; a single word is a first name. Jr., III and the like go with the last name.", &[
        (r#"split_name("Lee, Ann")"#, r#"#{"first": "Ann", "last": "Lee"}"#),
        (r#"split_name("Ludwig van Beethoven").last"#, r#""van Beethoven""#),
        (r#"split_name("CHAN Tai Man").first"#, r#""Tai Man""#),
        (r#"split_name("Robert Lee Jr.").last"#, r#""Lee Jr.""#),
        (r#"split_name("陈大文")"#, r#"#{"first": "大文", "last": "陈"}"#),
    ]);
    table.say(
        "join_name(first, last)",
        "The full name; Chinese and Korean ones with the last name in front, without a space.",
        &[
            (r#"join_name("Ann", "Lee")"#, r#""Ann Lee""#),
            (r#"join_name("大文", "陈")"#, r#""陈大文""#),
            (r#"join_name((), "Lee")"#, r#""Lee""#),
        ],
    );
    table.say(
        "split_title(full)",
        "A name without the forms of address in front of it, and these.",
        &[(r#"split_title("Prof. Dr. Ann Lee")"#, r#"#{"name": "Ann Lee", "title": "Prof. Dr."}"#)],
    );
    one(table, "split_name", |_, text| {
        let name = names::split(text);
        Ok(Map::from([("first".into(), name.first.into()), ("last".into(), name.last.into())]).into())
    });
    two(table, "join_name", |_, first, last| given(names::join(first, last)));
    one(table, "split_title", |_, text| {
        let (title, name) = names::split_title(text);
        Ok(Map::from([("title".into(), title.into()), ("name".into(), name.into())]).into())
    });
}

fn emails(table: &mut Table) {
    table.say(
        "is_email(text)",
        "Whether it is one e-mail address.",
        &[(r#"is_email("ann@example.com")"#, "true"), (r#"is_email("ann@")"#, "false")],
    );
    table.say(
        "find_emails(text)",
        "All e-mail addresses in a text, each once.",
        &[(
            r#"find_emails("Ann <ann@example.com>; lee@example.org, ANN@example.com")"#,
            r#"["ann@example.com", "lee@example.org"]"#,
        )],
    );
    table.say(
        "email_name(text)",
        "The name beside an address: of `Ann Lee <ann@example.com>`; or `\"\"`.",
        &[
            (r#"email_name("\"Lee, Ann\" <ann@example.com>")"#, r#""Lee, Ann""#),
            (r#"email_name("ann@example.com")"#, r#""""#),
        ],
    );
    table.say(
        "email_local(text)",
        "The part of an address before the `@`, as it is written.",
        &[(r#"email_local("Ann.Lee@example.com")"#, r#""Ann.Lee""#)],
    );
    table.say(
        "email_domain(text)",
        "The part behind it, in small letters; `\"\"` when it is no address.",
        &[(r#"email_domain("Ann <ann@Example.COM>")"#, r#""example.com""#), (r#"email_domain("n/a")"#, r#""""#)],
    );
    one(table, "is_email", |_, text| Ok(parse_email(text).is_ok().into()));
    one(table, "find_emails", |_, text| find_emails(text));
    one(table, "email_name", |_, text| given(email_name(text)));
    one(table, "email_local", |_, text| given(address(text).rsplit_once('@').map_or("", |(local, _)| local)));
    one(table, "email_domain", |_, text| {
        given(address(text).rsplit_once('@').map_or_else(String::new, |(_, domain)| domain.to_lowercase()))
    });
}

fn address(text: &str) -> String {
    parse_email(text).map_or_else(|_| String::new(), |email| email.address)
}

/// What stands before `<address>`, without quotes.
fn email_name(text: &str) -> &str {
    let Some((name, rest)) = text.rsplit_once('<') else { return "" };
    let is_address = rest.trim_end().strip_suffix('>').is_some_and(|inside| parse_email(inside).is_ok());
    if is_address { name.trim().trim_matches(['"', '\'']).trim() } else { "" }
}

fn find_emails(text: &str) -> Outcome<Dynamic> {
    let around = |c: char| {
        c.is_whitespace() || matches!(c, ',' | ';' | '<' | '>' | '(' | ')' | '[' | ']' | '"' | '\'' | '|' | '，' | '；')
    };
    let mut known = std::collections::HashSet::new();
    let mut found: Vec<String> = Vec::new();
    for part in text.split(around).filter(|part| part.contains('@')) {
        let part = part.trim_start_matches("mailto:").trim_end_matches(['.', ':']);
        if let Ok(email) = parse_email(part)
            && known.insert(email.address.to_ascii_lowercase())
        {
            found.push(email.address);
        }
    }
    given_all(found.into_iter())
}
