//! Merges by choice, asked for and previewed; merges taken back; duplicates: on the command line.

use std::io::Write;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::support::{Home, Ran, ran};

#[track_caller]
fn add(home: &Home, fields: &[&str]) -> Value {
    home.json(&[&["contact", "add"], fields].concat(), 0)
}

fn id(contact: &Value) -> &str {
    contact["id"].as_str().expect("an id")
}

#[track_caller]
fn refused(home: &Home, args: &[&str], status: i32, code: &str) -> Value {
    let failure = home.json(args, status);
    assert_eq!(failure["error"]["code"], code, "{args:?}: {failure:#}");
    failure["error"].clone()
}

/// Runs the program with answers in its standard input.
fn answering(home: &Home, args: &[&str], answers: &str) -> Ran {
    let mut command = home.command();
    command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program runs");
    // It may have stopped reading already.
    let _ = child.stdin.take().expect("a pipe").write_all(answers.as_bytes());
    ran(child.wait_with_output().expect("the program ends"))
}

fn two(home: &Home) -> (Value, Value) {
    let master = add(home, &["first_name=Ann", "last_name=Lee", "company=Acme", "mobile=+85291234567", "labels=VIP"]);
    let other = add(
        home,
        &[
            "first_name=Anne",
            "last_name=Li",
            "company=Globex",
            "mobile=+85287654321",
            "job_title=Boss",
            "survey_opt_out=yes",
        ],
    );
    (master, other)
}

#[test]
fn a_merge_is_previewed_and_made_by_choices() {
    let home = Home::new();
    let (master, other) = two(&home);
    let (a, b) = (id(&master), id(&other));
    let choices = ["--take", "company", "--keep", "phones", "--both", "first_name", "--keep", "job_title"];
    let merge = [&["contact", "merge", a, b][..], &choices].concat();
    let preview = home.json(&[&merge[..], &["--preview"]].concat(), 0);
    assert_eq!((&preview["master"], &preview["other"]), (&master, &other));
    let row = |name: &str| preview["fields"].as_array().expect("rows").iter().find(|row| row["field"] == name).cloned();
    let company =
        json!({ "field": "company", "master": "Acme", "other": "Globex", "result": "Globex", "choice": "other" });
    assert_eq!(row("company"), Some(company));
    assert_eq!(row("job_title").expect("a row")["result"], Value::Null);
    assert_eq!(home.json(&["contact", "show", a], 0), master, "a preview writes nothing");
    let text = home.run(&["contact", "merge", a, b, "--preview"]).exits(0).stdout;
    assert!(text.contains("+85291234567; +85287654321") && text.contains("whose"), "{text}");

    let merged = home.json(&[&merge[..], &["--rev", "1", "--other-rev", "1"]].concat(), 0);
    assert_eq!((&merged["company"], &merged["job_title"]), (&json!("Globex"), &Value::Null));
    assert_eq!((&merged["other_first_names"], &merged["other_last_names"]), (&json!(["Anne"]), &json!(["Li"])));
    assert_eq!(merged["phones"].as_array().map(Vec::len), Some(1));
    assert_eq!(merged["survey_opt_out"], true, "the stricter consent wins");
    assert_eq!(preview["result"]["phones"], merged["phones"]);
}

#[test]
fn merges_that_make_no_sense_are_refused_with_the_way_out() {
    let home = Home::new();
    let (master, other) = two(&home);
    let (a, b) = (id(&master), id(&other));
    refused(&home, &["contact", "merge", a, a], 2, "MERGE_SAME");
    refused(&home, &["contact", "merge", a, b, "--both", "company"], 2, "MERGE_NOT_A_LIST");
    refused(&home, &["contact", "merge", a, b, "--take", "compny"], 2, "FIELD_UNKNOWN");
    refused(&home, &["contact", "merge", a, b, "--take", "company", "--keep", "company"], 2, "MERGE_CHOICE_TWICE");
    refused(&home, &["contact", "merge", a, b, "--rev", "2"], 1, "STALE_REV");
    refused(&home, &["contact", "merge", a, b, "--other-rev", "9"], 1, "STALE_REV");
    refused(&home, &["contact", "merge", a, "0198c0de-0000-7000-8000-000000000000"], 1, "CONTACT_UNKNOWN");
    refused(&home, &["contact", "unmerge", a], 1, "NOT_MERGED");
    let gone = add(&home, &["last_name=Gone"]);
    home.json(&["contact", "delete", id(&gone), "--yes"], 0);
    refused(&home, &["contact", "merge", a, id(&gone)], 1, "CONTACT_DELETED");
    let proved = add(&home, &["last_name=Proved", "mobile=+85255555555", "verified=+85255555555"]);
    let locked = refused(&home, &["contact", "merge", a, id(&proved), "--keep", "mobile"], 1, "VERIFIED_LOCKED");
    assert!(locked["message"].as_str().is_some_and(|text| text.contains("+85255555555")), "{locked:#}");

    home.json(&["contact", "merge", a, b], 0);
    let third = add(&home, &["last_name=Third"]);
    let again = refused(&home, &["contact", "merge", id(&third), b], 1, "MERGED_BEFORE");
    assert!(again["message"].as_str().is_some_and(|text| text.contains(a)), "it is said into whom: {again:#}");
    refused(&home, &["contact", "unmerge", b, "--rev", "1"], 1, "STALE_REV");
}

#[test]
fn every_field_that_differs_is_asked_for() {
    let home = Home::new();
    let (master, other) = two(&home);
    let merge = ["contact", "merge", id(&master), id(&other), "--interactive", "--keep", "job_title"];
    // First name, last name, mobile, company, labels: the end of the answers stops everything.
    for stop in ["", "m\nq\n", "m\nm\nm\nm\nm\n", "m\nm\nm\nm\nm\nn\n"] {
        let ran = answering(&home, &merge, stop).exits(1);
        assert!(ran.stderr.contains("nothing was merged"), "{ran:#?}");
    }
    let ran = answering(&home, &merge, "o\n?\n\nb\nb\no\nm\ny\n").exits(0);
    assert!(ran.stderr.contains("company holds one value") && ran.stderr.contains("`?` is no answer"), "{ran:#?}");
    let merged = home.json(&["contact", "show", id(&other)], 0);
    let names = [&merged["first_name"], &merged["last_name"], &merged["company"], &merged["job_title"]];
    assert_eq!(names, [&json!("Anne"), &json!("Lee"), &json!("Globex"), &Value::Null]);
    assert_eq!(merged["phones"].as_array().map(Vec::len), Some(2));
}

#[test]
fn merges_are_taken_back_one_from_the_middle_of_a_chain() {
    let home = Home::new();
    home.write(
        "scripts/guard.rhai",
        r#"fn on_update(contact, before) { if before.group == "kept" { reject("this contact is kept"); } }"#,
    );
    let (a, b) = two(&home);
    let c = add(&home, &["last_name=Third", "mobile=+85287654321", "email=c@example.com"]);
    let call = home.json(&["enquiry", "open", "--channel", "call", "--from", "+85291234567"], 0);
    home.json(&["contact", "merge", id(&a), id(&b)], 0);
    home.json(&["contact", "edit", id(&a), "department=Sales", "mobile+=+85266666666", "group=kept"], 0);
    home.json(&["contact", "merge", id(&c), id(&a)], 0);
    let vetoed = home.json(&["contact", "unmerge", id(&b)], 1);
    assert_eq!(vetoed["error"]["problems"][0]["message"], "this contact is kept");
    home.write("scripts/guard.rhai", "fn on_update(contact, before) { }");

    let unmerged = home.json(&["contact", "unmerge", id(&b)], 0);
    let whole = |contact: &Value| {
        let mut contact = contact.clone();
        contact.as_object_mut().expect("a contact").retain(|key, _| !matches!(key.as_str(), "rev" | "updated"));
        contact
    };
    assert_eq!(whole(&unmerged["restored"]), whole(&b));
    assert_eq!(whole(&home.json(&["contact", "show", id(&b)], 0)), whole(&b));
    let carried: Vec<_> =
        unmerged["carried"].as_array().expect("a list").iter().map(|it| it["field"].clone()).collect();
    assert_eq!(carried, ["mobile", "department", "group"]);
    assert_eq!((&unmerged["master"]["id"], &unmerged["master"]["department"]), (&c["id"], &json!("Sales")));
    refused(&home, &["contact", "unmerge", id(&b)], 1, "UNMERGED_BEFORE");

    let text = home.run(&["contact", "unmerge", id(&a)]).exits(0).stdout;
    assert!(text.starts_with(&format!("restored {} Ann Lee (revision ", id(&a))), "{text}");
    let again = home.json(&["contact", "show", id(&a)], 0);
    assert_eq!(
        (&again["department"], &again["survey_opt_out"], &again["company"]),
        (&json!("Sales"), &json!(false), &json!("Acme"))
    );
    assert_eq!(again["phones"].as_array().map(Vec::len), Some(2));
    assert_eq!(whole(&home.json(&["contact", "show", id(&c)], 0)), whole(&c));
    let number = call["enquiry"]["id"].to_string();
    assert!(home.json(&["enquiry", "show", &number], 0)["contact"].to_string().contains(id(&a)));
    let changes = home.json(&["contact", "changes", id(&b), "--all"], 0);
    assert_eq!(changes["changes"][0]["action"], "unmerged");
}

#[test]
fn who_was_opted_out_since_stays_out_on_both_sides() {
    let home = Home::new();
    let (a, b) = (add(&home, &["last_name=Lee"]), add(&home, &["last_name=Li", "survey_opt_out=yes"]));
    let out = |unmerged: &Value| {
        (unmerged["master"]["survey_opt_out"].clone(), unmerged["restored"]["survey_opt_out"].clone())
    };
    home.json(&["contact", "merge", id(&a), id(&b)], 0);
    assert_eq!(out(&home.json(&["contact", "unmerge", id(&b)], 0)), (json!(false), json!(true)));
    home.json(&["contact", "merge", id(&a), id(&b)], 0);
    for word in ["no", "yes"] {
        home.json(&["contact", "edit", id(&a), &format!("survey_opt_out={word}")], 0);
    }
    assert_eq!(out(&home.json(&["contact", "unmerge", id(&a)], 0)), (json!(true), json!(true)));
}

#[test]
fn duplicates_are_told_with_score_and_reasons() {
    let home = Home::new();
    let ann = add(&home, &["first_name=Ann", "last_name=Lee", "email=ann@example.com"]);
    let twin = add(&home, &["first_name=Lee", "last_name=Anne", "email=ANN@example.com"]);
    add(&home, &["first_name=Bob", "last_name=Lee", "mobile=+85291234567"]);
    add(&home, &["first_name=Eve", "last_name=Lee", "mobile=+85291234567"]);
    for args in [&["contact", "duplicates"][..], &["contact", "duplicates", id(&ann)]] {
        let found = home.json(args, 0);
        assert_eq!((&found["total"], &found["skipped_groups"]), (&json!(1), &json!([])), "{found:#}");
        let pair = &found["duplicates"][0];
        assert_eq!((&pair["contacts"][0]["id"], &pair["contacts"][1]["id"]), (&ann["id"], &twin["id"]));
        assert_eq!(
            (&pair["reasons"][0]["code"], &pair["contacts"][0]["email"]),
            (&json!("SAME_EMAIL"), &json!("ann@example.com"))
        );
        assert!(pair["score"].as_u64().is_some_and(|score| score > 80), "{found:#}");
    }
    assert_eq!(home.json(&["contact", "duplicates", "--min", "30"], 0)["total"], 2);
    let text = home.run(&["contact", "duplicates", "--min", "99"]).exits(0).stdout;
    assert_eq!(text, "no duplicates\n");
    home.run(&["contact", "duplicates", "--min", "101"]).exits(2);
    let crowd: String = (0..21).map(|at| format!("Max{at},Crowd,crowd@example.com\n")).collect();
    home.write("crowd.csv", format!("First name,Last name,Email\n{crowd}"));
    home.run(&["import", "crowd.csv"]).exits(0);
    let one = &home.json(&["search", "Max7"], 0)["contacts"][0];
    let told = home.run(&["contact", "duplicates", id(one)]).exits(0).stdout;
    assert!(told.ends_with("not compared: 21 contacts with the email crowd@example.com\n"), "{told}");
    home.json(&["contact", "duplicates", "0198c0de-0000-7000-8000-000000000000"], 1);
}
