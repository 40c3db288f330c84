//! Values as the world has them: every script, invisible characters, emoji, huge texts, bytes that are no text. Each is stored as it is or
//! refused with what to do, typed by hand and imported alike.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use serde_json::Value;

use crate::support::{Home, ran};

/// A last name, and what is stored of it or the code that refuses it.
const NAMES: &[(&str, Result<&str, &str>)] = &[
    ("Lee", Ok("Lee")),
    ("  Lee\u{a0}\u{feff}", Ok("Lee")),
    ("O'Brien-Smith, Jr.", Ok("O'Brien-Smith, Jr.")),
    ("陈大文", Ok("陈大文")),
    ("𠮷野家", Ok("𠮷野家")),
    ("พิชญ์ธิดา", Ok("พิชญ์ธิดา")),
    ("山田 花子", Ok("山田 花子")),
    ("김철수", Ok("김철수")),
    ("Łukasz Żółć", Ok("Łukasz Żółć")),
    ("Jose\u{301}", Ok("José")),
    ("Ελένη", Ok("Ελένη")),
    ("Дмитрий", Ok("Дмитрий")),
    ("שרה לוי", Ok("שרה לוי")),
    ("\u{200f}محمد\u{200f}", Ok("\u{200f}محمد\u{200f}")),
    ("می\u{200c}خواهم", Ok("می\u{200c}خواهم")),
    ("श्री क\u{94d}\u{200d}ष", Ok("श्री क\u{94d}\u{200d}ष")),
    ("👩\u{200d}🚀 Ann ❤\u{fe0f}", Ok("👩\u{200d}🚀 Ann ❤\u{fe0f}")),
    ("Null", Ok("Null")),
    ("=HYPERLINK(1)", Ok("=HYPERLINK(1)")),
    ("'; DROP TABLE contact;--", Ok("'; DROP TABLE contact;--")),
    ("<script>alert(1)</script>", Ok("<script>alert(1)</script>")),
    ("{{7*7}} %s \\n", Ok("{{7*7}} %s \\n")),
    ("gnp.eel\u{202e}exe", Err("TEXT_BIDI")),
    ("\u{2066}Lee\u{2069}", Err("TEXT_BIDI")),
    ("\u{200f}\u{200e}", Err("TEXT_INVISIBLE")),
    ("\u{3164}", Err("TEXT_INVISIBLE")),
    ("Lee\u{7}", Err("TEXT_CONTROL")),
    ("Lee\u{1b}[31m", Err("TEXT_CONTROL")),
    ("Le\ne", Err("TEXT_CONTROL")),
    ("Lee\u{85}Li", Err("TEXT_CONTROL")),
];

fn cell(value: &str) -> String {
    format!("\"{}\"", value.replace('"', "\"\""))
}

#[test]
fn names_are_imported_as_they_are_or_refused_with_a_way_out() {
    let home = Home::new();
    let long = "x".repeat(1000);
    let (too_long, huge) = ("é".repeat(1001), "x".repeat(1 << 20));
    let more = [
        (&*long, Ok(&*long)),
        (&*too_long, Err("TEXT_TOO_LONG")),
        (&*huge, Err("RECORD_TOO_LARGE")),
        ("a\0b", Err("NUL_BYTE")),
    ];
    let table: Vec<_> = NAMES.iter().copied().chain(more).collect();
    let rows: String = table.iter().map(|(value, _)| format!("{}\n", cell(value))).collect();
    home.write("names.csv", format!("Last name\n{rows}"));
    let report = home.json(&["import", "names.csv", "--errors-json", "errors.json"], 3);
    let stored: Vec<_> = table.iter().filter_map(|(_, expected)| expected.ok()).collect();
    assert_eq!(report["created"].as_u64(), Some(stored.len() as u64), "{report:#}");
    let errors: Value = serde_json::from_str(&home.read("errors.json")).expect("JSON");
    let problems =
        errors.as_array().cloned().or_else(|| errors["errors"].as_array().cloned()).expect("a list of errors");
    for (row, (value, expected)) in table.iter().enumerate() {
        let found = problems.iter().find(|problem| problem["row"].as_u64() == Some(row as u64 + 1));
        let shown: String = value.chars().take(20).collect();
        assert_eq!(found.and_then(|problem| problem["code"].as_str()), expected.err(), "{shown:?}");
        if let Some(problem) = found {
            assert!(problem["hint"].as_str().is_some_and(|hint| !hint.is_empty()), "{shown:?}: {problem:#}");
        }
    }
    home.run(&["export", "--format", "jsonl", "--out", "all.jsonl"]).exits(0);
    let lines: Vec<Value> =
        home.read("all.jsonl").lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let names: Vec<&str> = lines.iter().filter_map(|contact| contact["last_name"].as_str()).collect();
    assert_eq!(names, stored);
}

#[test]
fn names_are_typed_as_they_are_or_refused_with_a_way_out() {
    let home = Home::new();
    for (value, expected) in NAMES.iter().filter(|(value, _)| !value.is_ascii() || value.contains(['\u{7}', '<'])) {
        let field = format!("last_name={value}");
        let answer = home.run(&["--json", "contact", "add", &field]);
        let json = answer.json();
        match expected {
            Ok(stored) => assert_eq!(json["last_name"].as_str(), Some(*stored), "{value:?}"),
            Err(code) => {
                let problem = &json["error"]["problems"][0];
                assert_eq!((problem["code"].as_str(), answer.status), (Some(*code), 1), "{value:?}");
                assert!(problem["hint"].is_string(), "{value:?}");
            }
        }
    }
    let long = format!("last_name={}", "x".repeat(100_000));
    let refused = home.json(&["contact", "add", &long], 1);
    let problem = &refused["error"]["problems"][0];
    assert_eq!(problem["code"], "TEXT_TOO_LONG");
    assert!(problem["message"].as_str().is_some_and(|message| message.contains("100000")), "{}", problem["message"]);
}

#[test]
fn every_field_refuses_what_it_cannot_be() {
    let home = Home::new();
    for (wish, code) in [
        ("company=a\u{202e}b", "TEXT_BIDI"),
        ("custom.note=a\u{202e}b", "TEXT_BIDI"),
        ("labels=a\u{202e}b", "TEXT_BIDI"),
        ("owner=a\u{202e}b", "TEXT_BIDI"),
        ("organization=\u{200f}", "TEXT_INVISIBLE"),
        ("line=\u{200f}", "TEXT_INVISIBLE"),
        ("email=a\u{200b}b@example.com", "EMAIL_FORMAT"),
        ("email=a\u{202e}b@example.com", "EMAIL_FORMAT"),
        ("external_id=sf:\u{7}", "TEXT_CONTROL"),
        ("external_id=b:", "EXTERNAL_ID_FORMAT"),
        ("external_url=javascript:alert(1)", "URL_FORMAT"),
        ("external_url=www.example.com/a", "URL_FORMAT"),
        ("organization=12", "NAME_FORMAT"),
        ("birth_date=13/13/1980", "DATE_RANGE"),
        ("birth_date=9999-01-01", "DATE_FUTURE"),
        ("mobile=12", "PHONE_LENGTH"),
    ] {
        let refused = home.json(&["contact", "add", "last_name=Lee", wish], 1);
        let problems = refused["error"]["problems"].as_array().expect("problems").clone();
        let needs_way_out =
            ["EXTERNAL_ID_FORMAT", "URL_FORMAT", "NAME_FORMAT", "DATE_RANGE", "DATE_FUTURE", "PHONE_LENGTH"];
        assert!(!needs_way_out.contains(&code) || problems[0]["hint"].is_string(), "{wish:?}: {refused:#}");
        assert_eq!((problems.len(), problems[0]["code"].as_str()), (1, Some(code)), "{wish:?}: {refused:#}");
    }
    // An emptied variable names no folder: the current one is meant.
    let mut here = home.command();
    let here = here.current_dir(home.path()).env("CARNET_HOME", "").args(["search", "--json"]).output();
    assert_eq!(ran(here.expect("the program runs")).exits(0).json()["total"], 0);
    // What is copied from address books comes wrapped like this, and a number has no direction to hide.
    let pasted =
        home.json(&["contact", "add", "mobile=\u{202a}+852 9123 4567\u{202c}", "whatsapp=\u{202a}+85291234567"], 0);
    assert_eq!(pasted["phones"][0]["raw"], "+852 9123 4567");
    assert_eq!(pasted["socials"][0]["handle"], "+85291234567");
}

#[test]
fn bytes_that_are_no_text_are_wrong_usage() {
    let home = Home::new();
    let args = [OsStr::new("--json"), OsStr::new("contact"), OsStr::new("add"), OsStr::from_bytes(b"last_name=L\xe9e")];
    let refused = ran(home.command().args(args).output().expect("the program runs")).exits(2).json();
    assert_eq!(refused["error"]["code"], "USAGE");
    for field in ["last_name", "=Lee", "lastname=Lee", "custom.=x", "last_name+"] {
        let refused = home.json(&["contact", "add", field], 2);
        assert!(refused["error"]["hint"].is_string(), "{field}: {refused:#}");
    }
}
