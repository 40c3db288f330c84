//! `carnet plugin simulate`: what a candidate would decide differently from what is in service, over contacts and over a file.

use insta::assert_snapshot;
use serde_json::Value;

use crate::support::Home;

const IN_SERVICE: &str = r#"
fn on_create(contact) {
    if contact.company == "Acme" { contact.label("Partner"); }
    if contact.city == "" { reject("city", "NO_CITY", "a city is needed"); }
}
"#;

const CANDIDATE: &str = r#"
fn on_create(contact) {
    if contact.company != "" { contact.label("Company"); }
    if contact.email == "" { reject("email", "NO_EMAIL", "an address is needed"); }
    if contact.last_name == "Fault" { throw "no"; }
}
fn on_import_row(row) {
    if row.get("City") == "Rome" { skip("not from Rome"); }
}
"#;

const PEOPLE: &str = "First name,Last name,Company,City,Email\n\
    Ann,Lee,Acme,Rome,ann@example.com\n\
    Bob,Ray,,London,\n\
    Cem,Fox,Globex,London,cem@example.com\n\
    Dan,Fault,,London,dan@example.com\n";

/// A home with four contacts that came in before any plugin, the plugin in service, and a candidate beside it.
fn home() -> Home {
    let home = Home::new();
    home.write("people.csv", PEOPLE);
    home.run(&["import", "people.csv"]).exits(0);
    home.write("scripts/rule.rhai", IN_SERVICE);
    home.write("next/rule.rhai", CANDIDATE);
    home
}

/// What is told, without what differs from run to run.
fn told(text: &str) -> String {
    let no_id = |line: &str| {
        let uuid = |word: &str| word.len() == 36 && word.matches('-').count() == 4;
        line.split(' ').filter(|word| !uuid(word)).collect::<Vec<_>>().join(" ")
    };
    let kept = text.lines().filter(|line| !line.starts_with("a call takes"));
    let kept: Vec<String> = kept.map(no_id).collect();
    let text = kept.join("\n");
    let hashes: Vec<&str> = text.split(['(', ')']).filter(|part| part.len() == 8 && !part.contains(' ')).collect();
    hashes.into_iter().fold(text.clone(), |text, hash| text.replace(hash, "HASH"))
}

#[test]
fn a_candidate_is_compared_over_contacts() {
    let home = home();
    let database = || std::fs::read(home.path().join("carnet.db")).unwrap();
    let before = database();
    let ran = home.run(&["plugin", "simulate", "next/rule.rhai"]).exits(0);
    assert_snapshot!(told(&ran.stdout), @r"
    rule 0.0.0 (HASH) in place of 0.0.0 (HASH): on_create, 4 contacts; nothing was written

      decisions alike           0
      would be refused now      2
      would get other values    2
      calls that failed         1
      calls that failed before  0

    fields with other values
      labels  2

    new reasons
      NO_EMAIL       1
      PLUGIN_SCRIPT  1

    would be refused now
      Bob Ray
        + email: an address is needed [rule]
      Dan Fault
        + plugin `rule` 0.0.0 failed in on_create at rule.rhai:5:39: no [rule]

    would get other values
      Ann Lee
        labels: `Partner` → `Company`
      Cem Fox
        labels: – → `Company`
    ");
    assert!(database() == before, "nothing was written");
    let some = home.json(&["plugin", "simulate", "next/rule.rhai", "--company", "Globex"], 0);
    assert_eq!((&some["looked_at"], &some["kinds"]["other_values"]), (&Value::from(1), &Value::from(1)));
    let one = home.json(&["plugin", "simulate", "next/rule.rhai", "--limit", "1", "--examples", "0"], 0);
    assert_eq!((&one["looked_at"], &one["examples"]), (&Value::from(1), &Value::from(Vec::<Value>::new())));
    let alike = home.json(&["plugin", "simulate", "scripts/rule.rhai"], 0);
    assert_eq!((&alike["different"], &alike["same"]), (&Value::from(0), &Value::from(4)));
    assert!(alike["notes"][0].as_str().unwrap().contains("what is in service"), "{alike}");
}

#[test]
fn a_candidate_is_compared_over_the_rows_of_a_file() {
    let home = home();
    let ran = home.run(&["plugin", "simulate", "next/rule.rhai", "--file", "people.csv"]).exits(0);
    assert_snapshot!(told(&ran.stdout), @r"
    rule 0.0.0 (HASH) in place of 0.0.0 (HASH): on_import_row and on_create, 4 rows; nothing was written

      decisions alike           0
      would be refused now      2
      would be left out now     1
      would get other values    1
      calls that failed         1
      calls that failed before  0

    fields with other values
      labels  1

    new reasons
      NO_EMAIL       1
      PLUGIN_SCRIPT  1

    would be refused now
      row 2
        + email: an address is needed [rule]
      row 4
        + plugin `rule` 0.0.0 failed in on_create at rule.rhai:5:39: no [rule]

    would be left out now
      row 1
        + rule: not from Rome

    would get other values
      row 3
        labels: – → `Company`
    ");
    let updates = ["plugin", "simulate", "next/rule.rhai", "--file", "people.csv", "--on-match", "update"];
    let told = home.json(&updates, 0);
    assert_eq!((&told["same"], &told["kinds"]["skipped_now"]), (&Value::from(2), &Value::from(1)), "{told:#}");
    assert_eq!(home.json(&["import", "list"], 0)["jobs"].as_array().map(Vec::len), Some(1), "no job was made");
}

#[test]
fn what_cannot_be_simulated_is_told() {
    let home = home();
    home.write("rows/rows.rhai", "fn on_import_row(row) { }");
    home.write("next/broken.rhai", "fn on_create(contact) { ");
    for (args, code) in [
        (&["rows/rows.rhai"][..], "SIMULATE_HOOK"),
        (&["next/rule.rhai", "--hook", "on_update"], "SIMULATE_HOOK"),
        (&["next/rule.rhai", "--hook", "on_paper"], "HOOK"),
        (&["next/rule.rhai", "--file", "people.csv", "--label", "VIP"], "SIMULATE_OVER"),
        (&["next/nothing"], "PACKAGE"),
        (&["next/broken.rhai"], "PLUGIN_REFUSED"),
    ] {
        let all: Vec<&str> = ["--json", "plugin", "simulate"].iter().chain(args).copied().collect();
        let ran = home.run(&all);
        let text = format!("{}{}", ran.stdout, ran.stderr);
        assert!(ran.status != 0 && text.contains(&format!("\"{code}\"")), "{args:?}: {text}");
    }
}
