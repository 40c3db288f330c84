//! Names and texts: kept character by character, or refused; an empty last name by the profile.

use super::Want::{Blank, Fails, Is};
use super::{Row, Want, check, column, row};
use crate::support::Home;

/// Texts as they are stored in a field without rules of its own.
const COMPANIES: &[(&str, &str, Want)] = &[
    ("39", "=HYPERLINK(\"http://x.example\")", Is("=HYPERLINK(\"http://x.example\")")),
    ("39", "+cmd|' /C calc'!A0", Is("+cmd|' /C calc'!A0")),
    ("39", "@SUM(1+1)", Is("@SUM(1+1)")),
    ("39", "-", Is("-")),
    ("39", "-1+1", Is("-1+1")),
    ("39", "\tTabbed", Is("Tabbed")),
    ("39", "'quoted", Is("'quoted")),
    ("39", "''", Is("''")),
    ("35", "N/A", Is("N/A")),
    ("35", "NULL", Is("NULL")),
    ("35", "\u{a0}\u{200b}", Blank),
    ("35", "\u{a0}Acme\u{a0}", Is("Acme")),
    ("37", "Cafe\u{301}", Is("Café")),
    ("37", "\u{212b}ngstr\u{f6}m", Is("Ångström")),
    ("37", "Ａｃｍｅ", Is("Ａｃｍｅ")),
    ("37", "ﬁne", Is("ﬁne")),
    ("40", "👩\u{200d}👩\u{200d}👧 Co", Is("👩\u{200d}👩\u{200d}👧 Co")),
    ("40", "🇭🇰", Is("🇭🇰")),
    ("40", "a\u{200d}b", Is("a\u{200d}b")),
    ("40", "שלום\u{200f} (Ltd)", Is("שלום\u{200f} (Ltd)")),
    ("40", "Acme\u{7}", Fails("TEXT_CONTROL")),
    ("40", "Ac\u{1f}me", Fails("TEXT_CONTROL")),
    ("40", "Ac\u{9b}me", Fails("TEXT_CONTROL")),
    ("40", "Ac\nme", Fails("TEXT_CONTROL")),
    ("40", "Ac\u{202e}me", Fails("TEXT_BIDI")),
    ("40", "\u{2066}Acme\u{2069}", Fails("TEXT_BIDI")),
    ("40", "\u{3164}", Fails("TEXT_INVISIBLE")),
    ("40", "İstanbul ıssız", Is("İstanbul ıssız")),
    ("40", "\"Bob\" & Sons; <b>", Is("\"Bob\" & Sons; <b>")),
];

/// Last names that are none.
const NOTHING: &[&str] =
    &["", " ", "\u{a0}", "\u{200b}", "\u{feff}", "-", "--", "—", "N/A", "n/a", "#N/A", "NULL", "null"];

fn long(count: usize, one: &str) -> String {
    one.repeat(count)
}

#[test]
fn texts_are_kept_as_they_are_or_refused() {
    let mut rows = column("company", "company", COMPANIES);
    for (case, text, kept) in [
        ("38", long(1000, "x"), true),
        ("38", long(1001, "x"), false),
        ("38", long(1000, "é"), true),
        ("38", long(1000, "陳"), true),
        ("38", long(1001, "陳"), false),
        ("38", long(1000, "𠮷"), true),
        // Two code points that compose to one count as one.
        ("38", long(1000, "e\u{301}"), true),
        ("38", format!("  {}\u{a0}", long(1000, "x")), true),
    ] {
        let one = row(case).cell("company", &text);
        rows.push(if kept {
            one.is("company", text.replace("e\u{301}", "é").trim().to_owned())
        } else {
            one.fails("TEXT_TOO_LONG")
        });
    }
    for field in ["job_title", "department", "group", "city", "state", "zip"] {
        let place = if matches!(field, "city" | "state" | "zip") { ["address/", field].concat() } else { field.into() };
        let place: &'static str = place.leak();
        rows.push(row("38").cell(field, long(1001, "y")).fails("TEXT_TOO_LONG"));
        rows.push(row("39").cell(field, "=1+1").is(place, "=1+1"));
    }
    rows.push(row("69").cell("zip", "01234").is("address/zip", "01234"));
    rows.push(row("69").cell("zip", "'01234").is("address/zip", "'01234"));
    rows.push(row("40").cell("street", "1 High St\r\nFloor 2").is("address/street", "1 High St\nFloor 2"));
    rows.push(row("40").cell("street", "1 High St\u{b}Floor 2").fails("TEXT_CONTROL"));
    // Every problem of a row is told at once.
    rows.push(
        row("38")
            .cell("company", "a\u{1}")
            .cell("mobile", "12")
            .cell("email", "a@b")
            .fails("TEXT_CONTROL")
            .fails("PHONE_LENGTH")
            .fails("EMAIL_DOMAIN"),
    );
    check("", &[], &rows);
}

fn nameless(outcome: impl Fn(Row) -> Row) -> Vec<Row> {
    NOTHING.iter().map(|nothing| outcome(row("35").cell("last_name", *nothing))).collect()
}

#[test]
fn a_missing_last_name_is_what_the_profile_says() {
    let customer = |row: Row| row.is("last_name", "customer").is("last_name_is_placeholder", "true");
    let mut rows = nameless(customer);
    for name in ["Null", "Na", "None", "X", "-a", "Ng", "O", "李", "ｎ／ａ．"] {
        rows.push(row("35").cell("last_name", name).is("last_name", name));
    }
    rows.push(customer(row("36").cell("first_name", "Sukarno").cell("last_name", "")).is("first_name", "Sukarno"));
    rows.push(customer(row("35").cell("first_name", "N/A").cell("last_name", "-")).blank("first_name"));
    check("", &[], &rows);

    let mut strict = nameless(|row| row.fails("LAST_NAME_MISSING"));
    strict.push(row("36").cell("first_name", "Sukarno").cell("last_name", "").fails("LAST_NAME_MISSING"));
    strict.push(row("35").cell("first_name", "").is("last_name", "Lee"));
    check("profile = \"maaiiconnect\"", &[], &strict);

    strict.pop();
    strict.push(row("35").cell("first_name", "n/a").fails("FIRST_NAME_MISSING"));
    strict.push(
        row("35").cell("first_name", "").cell("last_name", "-").fails("FIRST_NAME_MISSING").fails("LAST_NAME_MISSING"),
    );
    check("profile = \"genesys\"", &[], &strict);

    check(
        "missing_last_name = \"first-name\"",
        &[],
        &[
            row("36").cell("first_name", "Sukarno").cell("last_name", "NULL").is("last_name", "Sukarno"),
            row("36").cell("first_name", "").cell("last_name", "").fails("LAST_NAME_MISSING"),
        ],
    );
    check(
        "missing_last_name = \"email\"",
        &[],
        &[
            row("36").cell("last_name", "").cell("email", "su@example.com").is("last_name", "su"),
            row("36").cell("last_name", "").fails("LAST_NAME_MISSING"),
        ],
    );
}

#[test]
fn names_are_found_in_every_form_and_neutralised_only_for_spreadsheets() {
    let home = Home::new();
    let rows = [
        row("37").cell("last_name", "Jose\u{301}").is("last_name", "José"),
        row("39").cell("last_name", "=HYPERLINK(1)").is("last_name", "=HYPERLINK(1)"),
        row("39").cell("last_name", "@x").is("last_name", "@x"),
    ];
    super::check_in(&home, "", &[], &rows);
    for words in ["José", "Jose\u{301}", "Ｊｏｓｅ", "JOSE", "jos"] {
        assert_eq!(home.json(&["search", words], 0)["total"], 1, "{words}");
    }
    home.run(&["export", "--out", "all.csv"]).exits(0);
    let exported = home.read("all.csv");
    assert!(exported.contains("'=HYPERLINK(1)") && exported.contains("'@x"), "{exported}");
    let again = home.json(&["import", "all.csv", "--on-match", "update"], 0);
    assert_eq!((again["unchanged"].as_u64(), again["warned_values"].as_u64()), (Some(3), Some(0)), "{again:#}");
}
