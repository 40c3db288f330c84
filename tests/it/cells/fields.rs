//! The fields that no other table is about: each refuses with a code, the value, a line and a way out, and takes what it should.

use super::Want::{Blank, Fails, Is};
use super::{Want, check_in, column, row};
use crate::support::Home;

/// Column, place, and the table.
type Table = (&'static str, &'static str, &'static [(&'static str, &'static str, Want)]);

const TABLES: &[Table] = &[
    (
        "external_url",
        "external_url",
        &[
            ("40", "https://crm.example.com/a?b=1&c=é", Is("https://crm.example.com/a?b=1&c=é")),
            ("40", "\u{a0}http://intranet/x\u{200b}", Is("http://intranet/x")),
            ("39", "javascript:alert(1)", Fails("URL_FORMAT")),
            ("39", "=HYPERLINK(\"https://x.example\")", Fails("URL_FORMAT")),
            ("40", "www.example.com", Fails("URL_FORMAT")),
            ("40", "https://a b.com", Fails("URL_FORMAT")),
            ("40", "https://a\u{7}.com", Fails("TEXT_CONTROL")),
            ("40", "https://a\u{202e}.com", Fails("TEXT_BIDI")),
        ],
    ),
    (
        "wechat",
        "socials/0/handle",
        &[
            ("40", "ann_lee", Is("ann_lee")),
            ("40", "微信号", Is("微信号")),
            ("39", "@ann", Is("@ann")),
            ("35", "\u{a0}", Blank),
            ("40", "ann\u{0b}lee", Fails("TEXT_CONTROL")),
            ("40", "\u{202e}ann", Fails("TEXT_BIDI")),
        ],
    ),
    (
        "survey_opt_out",
        "survey_opt_out",
        &[
            ("78", "yes", Is("true")),
            ("78", "TRUE", Is("true")),
            ("78", "ＹＥＳ", Is("true")),
            ("78", "1", Is("true")),
            ("78", "x", Is("true")),
            ("78", "Off", Is("false")),
            ("78", "", Is("false")),
            ("78", "oui", Fails("YES_NO")),
            ("78", "2", Fails("YES_NO")),
            ("78", "yes/no", Fails("YES_NO")),
        ],
    ),
    (
        "External Organization",
        "organization",
        &[("81", "Ａcme", Is("Ａcme")), ("81", "12", Fails("NAME_FORMAT")), ("81", "a\nb", Fails("NAME_FORMAT"))],
    ),
    ("shared_with", "shared_with/0", &[("80", "Ann; Bob", Is("Ann")), ("80", "Ann;\u{7}", Fails("NAME_FORMAT"))]),
    ("verified", "verified", &[("79", "+85299999999", Fails("VALUE_UNKNOWN"))]),
    ("no_sms", "no_sms", &[("56", "+85299999999", Fails("VALUE_UNKNOWN"))]),
    (
        "custom.url",
        "custom/url",
        &[
            ("82", "HTTPS://example.com/A", Is("https://example.com/A")),
            ("82", "example.com", Fails("CUSTOM_URL")),
            ("35", "N/A", Fails("CUSTOM_URL")),
        ],
    ),
    (
        "custom.at",
        "custom/at",
        &[
            ("64", "2026-12-31 23:59", Is("2026-12-31T23:59:00Z")),
            ("64", "2026-12-31T23:59:00+08:00", Is("2026-12-31T15:59:00Z")),
            ("53", "２０２６－１２－３１ 23:59", Is("2026-12-31T23:59:00Z")),
            ("64", "12/31/2026 23:59", Fails("CUSTOM_DATETIME")),
            ("64", "2026-02-29 10:00", Fails("CUSTOM_DATETIME")),
            ("63", "46387.5", Fails("CUSTOM_DATETIME")),
        ],
    ),
    (
        "custom.interests",
        "custom/interests",
        &[
            ("70", "golf; Golf,tea", Is("golf; tea")),
            ("70", ";,", Fails("CUSTOM_TAGS")),
            ("40", "go\u{7}lf", Fails("CUSTOM_CONTROL")),
        ],
    ),
    (
        "custom.memo",
        "custom/memo",
        &[
            ("39", "=1+1", Is("=1+1")),
            ("40", "two\r\nlines\tand a tab", Is("two\nlines\tand a tab")),
            ("40", "bell\u{7}", Fails("CUSTOM_CONTROL")),
        ],
    ),
];

#[test]
fn every_other_field_takes_its_values_or_says_why_not() {
    let home = Home::new();
    for name in ["name=Ann", "name=Bob"] {
        home.run(&["staff", "add", name]).exits(0);
    }
    for (key, kind) in [
        ("url", "url"),
        ("at", "datetime"),
        ("interests", "tags"),
        ("memo", "textarea"),
        ("account", "identifier"),
        ("line1", "text"),
    ] {
        home.run(&["field", "add", key, "--type", kind]).exits(0);
    }
    let mut rows: Vec<_> = TABLES.iter().flat_map(|(name, place, table)| column(name, place, table)).collect();
    for (field, most, code) in [
        ("custom.line1", 100, "CUSTOM_TOO_LONG"),
        ("custom.memo", 1000, "CUSTOM_TOO_LONG"),
        ("wechat", 1000, "TEXT_TOO_LONG"),
        ("other_first_names", 1000, "TEXT_TOO_LONG"),
    ] {
        for one in ["x", "陳", "𠮷"] {
            rows.push(row("38").cell(field, one.repeat(most)));
            rows.push(row("38").cell(field, one.repeat(most + 1)).fails(code));
        }
    }
    rows.push(row("38").cell("external_id", format!("crm:{}", "1".repeat(1000))).fails("TEXT_TOO_LONG"));
    rows.push(row("38").cell("external_id", ":").fails("EXTERNAL_ID_FORMAT"));
    rows.push(row("38").cell("external_id", "a;".repeat(1001)).fails("IDS_TOO_MANY"));
    rows.push(row("82").cell("custom.account", "Ａ-1").is("custom/account", "Ａ-1"));
    rows.push(row("82").cell("custom.account", "a-1").fails("CUSTOM_TAKEN"));
    check_in(&home, "", &[], &rows);
}
