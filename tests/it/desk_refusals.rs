//! What the desk refuses: things that are not there, values that break their type, writes that came too late. Each with a code, a
//! status and a way out.

use serde_json::Value;

use crate::support::Home;

const NOBODY: &str = "0198c0de-0000-7000-8000-000000000001";

#[track_caller]
fn refused(home: &Home, args: &[&str], status: i32) -> Value {
    let answer = home.json(args, status)["error"].clone();
    assert!(answer["code"].is_string() && answer["message"].is_string(), "{args:?}: {answer}");
    let told = answer["hint"].is_string() || answer["problems"].as_array().is_some_and(|all| !all.is_empty());
    assert!(told, "{args:?} says no way out: {answer}");
    answer
}

#[track_caller]
fn add(home: &Home, fields: &[&str]) -> String {
    home.json(&[&["contact", "add"], fields].concat(), 0)["id"].as_str().expect("an id").to_owned()
}

#[test]
fn things_that_are_not_there_are_named() {
    let home = Home::new();
    let ann = add(&home, &["last_name=Lee"]);
    let about_nobody: &[&[&str]] = &[
        &["contact", "show", NOBODY],
        &["contact", "edit", NOBODY, "company=Acme"],
        &["contact", "delete", NOBODY, "--yes"],
        &["contact", "restore", NOBODY],
        &["contact", "note", NOBODY, "hello"],
        &["contact", "notes", NOBODY],
        &["contact", "activity", NOBODY],
        &["contact", "changes", NOBODY],
        &["contact", "consent", NOBODY],
        &["contact", "forget", NOBODY, "--yes"],
        &["contact", "export-person", NOBODY],
        &["contact", "merge", &ann, NOBODY],
        &["contact", "unmerge", NOBODY],
        &["contact", "duplicates", NOBODY],
        &["contact", "transfer", &ann, "Nobody"],
        &["contact", "share", &ann, "Nobody"],
        &["contact", "edit", &ann, "organization=Nowhere"],
        &["engage", "call", NOBODY],
        &["survey", "check", NOBODY],
        &["enquiry", "show", "99"],
        &["enquiry", "update", "99", "--status", "closed"],
        &["org", "show", "Nowhere"],
        &["org", "delete", "99", "--yes"],
        &["staff", "show", "Nobody"],
        &["division", "delete", "Nowhere"],
        &["label", "delete", "nothing", "--yes"],
        &["field", "disable", "nothing"],
        &["filter", "show", "nothing"],
        &["search", "--filter", "nothing"],
        &["bulk", "undo", "99"],
        &["import", "show", "99"],
        &["--as", "Nobody", "search"],
    ];
    for args in about_nobody {
        refused(&home, args, 1);
    }
    // What is no id, no number and no field at all is wrong usage.
    for args in [
        &["contact", "show", "lee"][..],
        &["contact", "edit", &ann, "colour=red"],
        &["contact", "edit", &ann, "company"],
    ] {
        refused(&home, args, 2);
    }
    assert_eq!(home.json(&["contact", "show", &ann], 0)["rev"], 1, "nothing was written on the way");
}

#[test]
fn values_that_break_their_type_are_refused() {
    let home = Home::new();
    let fields: &[(&str, &str, &[&str], &[&str])] = &[
        ("f_text", "text", &["abc", "日本"], &[&LONG_101]),
        ("f_area", "textarea", &["two\nlines"], &[&LONG_1001]),
        ("f_integer", "integer", &["7", "-12"], &["1.5", "seven", "1e99", "99999999999999999999"]),
        ("f_number", "number", &["1.5", "-2"], &["one", "1,5,2", "NaN", "inf"]),
        ("f_check", "checkbox", &["yes", "no", "TRUE"], &["maybe"]),
        ("f_date", "date", &["2027-02-28"], &["2027-02-30", "yesterday"]),
        ("f_moment", "datetime", &["2027-02-28T10:00:00Z"], &["2027-02-28T25:00:00Z", "noon"]),
        ("f_url", "url", &["https://example.com/a?b=c"], &["javascript:alert(1)", "example"]),
        ("f_tags", "tags", &["a;b;c"], &[]),
    ];
    for (key, kind, ..) in fields {
        home.json(&["field", "add", key, "--type", kind], 0);
    }
    home.json(&["field", "add", "f_drop", "--type", "dropdown", "--option", "A", "--option", "B"], 0);
    home.json(&["field", "add", "f_id", "--type", "identifier"], 0);
    let ann = add(&home, &["last_name=Lee", "custom.f_id=X-1", "custom.f_drop=a"]);
    for (key, _, good, bad) in fields {
        for value in *good {
            home.run(&["contact", "edit", &ann, &format!("custom.{key}={value}")]).exits(0);
        }
        for value in *bad {
            let answer = refused(&home, &["contact", "edit", &ann, &format!("custom.{key}={value}")], 1);
            assert!(answer.to_string().contains(key), "{key}: {answer}");
        }
    }
    refused(&home, &["contact", "edit", &ann, "custom.f_drop=C"], 1);
    // An identifier is one person's.
    let answer = refused(&home, &["contact", "add", "last_name=Ng", "custom.f_id=x-1"], 1);
    assert!(answer.to_string().contains(&ann), "{answer}");
    for bad in [
        &["field", "add", "F x", "--type", "text"][..],
        &["field", "add", "f_text", "--type", "text"],
        &["field", "add", "g", "--type", "dropdown"],
    ] {
        let status = home.run(bad).status;
        assert!(matches!(status, 1 | 2), "{bad:?}: {status}");
    }
    for label in ["", "a;b", "a,b", &LONG_101] {
        let status = home.run(&["label", "create", label]).status;
        assert!(matches!(status, 1 | 2), "{label}: {status}");
    }
    home.json(&["label", "create", "VIP", "--colour", "#ff0000"], 0);
    refused(&home, &["label", "create", "vip"], 1);
    for colour in ["#ff00", "#gggggg", "octarine"] {
        let status = home.run(&["label", "edit", "VIP", "--colour", colour]).status;
        assert!(matches!(status, 1 | 2), "{colour}: {status}");
    }
}

#[test]
fn a_saved_filter_over_a_disabled_field_says_so() {
    let home = Home::new();
    home.json(&["field", "add", "tier", "--type", "text"], 0);
    add(&home, &["last_name=Lee", "custom.tier=gold"]);
    home.json(&["filter", "save", "Gold ones", "--custom", "tier=GOLD"], 0);
    assert_eq!(home.json(&["search", "--filter", "gold ones"], 0)["total"], 1);
    home.json(&["field", "disable", "tier"], 0);
    let status = home.run(&["search", "--filter", "gold ones"]).status;
    assert!(matches!(status, 1 | 2), "{status}");
    let answer = refused(&home, &["search", "--filter", "gold ones"], status);
    let told = answer.to_string();
    assert!(told.contains("tier") && told.contains("Gold ones") && told.contains("enable"), "{told}");
    home.json(&["field", "enable", "tier"], 0);
    assert_eq!(home.json(&["search", "--filter", "gold ones"], 0)["total"], 1);
}

#[test]
fn of_two_writers_with_one_revision_one_wins_and_the_other_sees_both() {
    let home = Home::new();
    let ann = add(&home, &["last_name=Lee", "company=Acme"]);
    let edits: Vec<_> = ["Globex", "Initech", "Hooli", "Umbrella"]
        .map(|company| {
            home.command()
                .args(["--json", "contact", "edit", &ann, &format!("company={company}"), "--rev", "1"])
                .stdout(std::process::Stdio::piped())
                .spawn()
                .expect("the program")
        })
        .into_iter()
        .map(|child| crate::support::ran(child.wait_with_output().expect("its end")))
        .collect();
    let won: Vec<_> = edits.iter().filter(|ran| ran.status == 0).collect();
    assert_eq!(won.len(), 1, "{edits:#?}");
    let company = won[0].json()["company"].clone();
    assert_eq!(home.json(&["contact", "show", &ann], 0)["company"], company);
    for lost in edits.iter().filter(|ran| ran.status != 0) {
        let error = &lost.json()["error"];
        assert_eq!(error["code"], "STALE_REV", "{error}");
        assert!(error["conflict"].to_string().contains(company.as_str().expect("a company")), "{error}");
    }
    // A merge whose other side was just deleted.
    let other = add(&home, &["last_name=Ng"]);
    home.json(&["contact", "delete", &other, "--yes"], 0);
    refused(&home, &["contact", "merge", &ann, &other], 1);
    assert_eq!(home.json(&["contact", "show", &ann], 0)["rev"], 2);
}

static LONG_101: std::sync::LazyLock<String> = std::sync::LazyLock::new(|| "x".repeat(101));
static LONG_1001: std::sync::LazyLock<String> = std::sync::LazyLock::new(|| "x".repeat(1001));
