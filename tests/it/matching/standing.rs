//! Rows that meet contacts which were merged, deleted, forgotten or verified, or which whoever imports may not see.

use serde_json::Value;

use super::{count, update};
use crate::support::Home;

#[track_caller]
fn add(home: &Home, fields: &[&str]) -> String {
    home.json(&[&["contact", "add"], fields].concat(), 0)["id"].as_str().expect("an id").to_owned()
}

fn problem(home: &Home) -> Value {
    let errors: Value = serde_json::from_str(&home.read("errors.json")).expect("a list");
    errors[0].clone()
}

#[test]
fn who_was_merged_deleted_or_forgotten_is_met_as_such() {
    let home = Home::new();
    let master = add(&home, &["last_name=Lee", "email=lee@example.com"]);
    let merged = add(&home, &["last_name=Li", "email=li@example.com", "external_id=crm:7"]);
    let deleted = add(&home, &["last_name=Ray", "email=ray@example.com"]);
    let forgotten = add(&home, &["last_name=Fox", "email=fox@example.com"]);
    home.json(&["contact", "merge", &master, &merged, "--yes"], 0);
    home.json(&["contact", "delete", &deleted, "--yes"], 0);
    home.json(&["contact", "forget", &forgotten, "--yes"], 0);
    let content = format!(
        "Carnet ID,Last name,Email,External ID,Company\n{merged},,,,By id\n,,,crm:7,By the id in another system\n{deleted},Ray,ray@example.com,,New\n,Fox,fox@example.com,,Gone\n"
    );
    let options = ["--errors-json", "errors.json"];
    let dry = update(&home, &content, &["--dry-run"], 3);
    assert_eq!(["updated", "created", "failed"].map(|name| count(&dry, name)), [2, 1, 1], "{dry:#}");
    for row in &dry["rows"].as_array().expect("rows")[..2] {
        assert_eq!((&row["action"], &row["id"]), (&"update".into(), &master.clone().into()), "{row:#}");
    }
    let report = update(&home, &content, &options, 3);
    assert_eq!(["updated", "created", "failed"].map(|name| count(&report, name)), [2, 1, 1], "{report:#}");
    assert_eq!(home.json(&["contact", "show", &master], 0)["company"], "By the id in another system");
    let ray = &home.json(&["search", "ray"], 0)["contacts"][0];
    assert!(
        ray["company"] == "New" && ray["id"] != deleted.as_str(),
        "who was deleted stays so, and the row is somebody new: {ray:#}"
    );
    assert_eq!(
        (problem(&home)["code"].as_str(), home.json(&["search", "fox"], 0)["total"].as_u64()),
        (Some("FORGOTTEN"), Some(0))
    );
    let back = update(&home, "Last name,Email\nFox,fox@example.com\n", &["--allow-forgotten"], 0);
    assert_eq!(count(&back, "created"), 1);
}

#[test]
fn what_was_proven_stays_and_the_row_says_why_it_fails() {
    let home = Home::new();
    let id = add(&home, &["last_name=Lee", "email=lee@example.com", "mobile=+85298760001", "work_phone=+85298760009"]);
    home.json(&["contact", "edit", &id, "verified+=+85298760001"], 0);
    let row = "Email,Mobile,Company\nlee@example.com,+85298760002,Acme\n";
    let failed = update(&home, row, &["--errors-json", "errors.json"], 3);
    assert_eq!(count(&failed, "failed"), 1, "nothing of the row is dropped: it waits in the error file");
    let told = problem(&home);
    assert_eq!(
        (&told["code"], &told["field"], &told["value"]),
        (&"VERIFIED_LOCKED".into(), &"mobile".into(), &"+85298760002".into())
    );
    assert!(told["hint"].as_str().is_some_and(|hint| hint.contains("--fill mobile")), "{told:#}");
    let filled = update(&home, row, &["--fill", "mobile"], 0);
    assert_eq!(count(&filled, "updated"), 1);
    // Marks of an export come back to values that the row does not change.
    let marked = update(&home, "Email,Verified,No SMS\nlee@example.com,+85298760009,+85298760001\n", &[], 0);
    assert_eq!(count(&marked, "updated"), 1);
    let held = home.json(&["contact", "show", &id], 0);
    assert_eq!((&held["company"], &held["phones"][0]["e164"]), (&"Acme".into(), &"+85298760001".into()));
    assert_eq!((&held["phones"][0]["sms"], &held["phones"][1]["verified"]), (&false.into(), &true.into()), "{held:#}");
    home.write("carnet.toml", "lock_verified = false\n");
    assert_eq!(count(&update(&home, row, &[], 0), "updated"), 1);
}

#[test]
fn a_no_to_text_messages_outlives_its_number() {
    let home = Home::new();
    let id = add(&home, &["last_name=Lee", "email=lee@example.com", "mobile=+85298760001", "sms=no"]);
    let rows = "Email,Mobile\nlee@example.com,+85298760002\nlee@example.com,+85298760001\n";
    assert_eq!(count(&update(&home, rows, &[], 0), "updated"), 2);
    assert_eq!(home.json(&["contact", "show", &id], 0)["phones"][0]["sms"], false);
    let told = update(&home, "Email,SMS,Survey Opt-Out\nlee@example.com,yes,no\n", &["--dry-run"], 0);
    let warned = (&told["warned"][0]["code"], &told["warned"][0]["count"], &told["warned"][0]["first"]["row"]);
    assert_eq!(serde_json::json!(warned), serde_json::json!(["OPT_IN_REFUSED", 1, 1]), "{told:#}");
    // Another number takes its place, and it goes into another field; a plugin that moves numbers keeps it, too.
    let id_two =
        add(&home, &["last_name=Kim", "email=kim@example.com", "mobile=+85298760005", "home_phone=+85298760006"]);
    home.run(&["contact", "edit", &id_two, "no_sms=+85298760005"]).exits(0);
    let silent = || {
        let kim = home.json(&["contact", "show", &id_two], 0);
        let phones = kim["phones"].as_array().expect("phones").iter();
        phones.filter(|phone| phone["sms"] == false).map(|phone| phone["e164"].clone()).collect::<Vec<_>>()
    };
    update(&home, "Email,Mobile,Work\nkim@example.com,+85298760007,+85298760005\n", &[], 0);
    assert_eq!(silent(), ["+85298760005"]);
    update(&home, "Email,SMS\nlee@example.com,yes\n", &["--allow-opt-in"], 0);
    assert_eq!(home.json(&["contact", "show", &id], 0)["phones"][0]["sms"], true);
    let script = "fn on_update(contact, before) { let it = contact.work_phone; \
        if it != '' { contact.work_phone = ''; contact.other_phone = it; } if contact.company == 'Loud' { contact.sms = true; } }";
    home.write("scripts/mover.rhai", script.replace('\'', "\""));
    assert_eq!(count(&update(&home, "Email,Company\nkim@example.com,Acme\n", &[], 0), "updated"), 1);
    assert_eq!(silent(), ["+85298760005"]);
    let refused = update(&home, "Email,Company\nkim@example.com,Loud\n", &[], 3);
    assert!(count(&refused, "failed") == 1 && silent() == ["+85298760005"], "{refused:#}");
}

/// Tells what it finds, wherever it can.
const NOSY: &str = r#"
fn on_create(contact) { tell(contact); }
fn on_update(contact) { tell(contact); }
fn tell(contact) {
    for by in ["email", "phone", "name"] {
        let value = if by == "email" { contact.email } else if by == "phone" { contact.mobile } else { contact.last_name };
        for known in lookup(by, value, 5) {
            if known.company != "" { contact.job_title = known.company; }
        }
    }
}
"#;

#[test]
fn of_hidden_contacts_an_import_tells_nothing() {
    // 74: what the importer may not see is not there, not even in a refusal.
    let settings = "access = \"division\"\n[plugins.nosy]\ngrants = [\"lookup\"]\n";
    let manifest = "name = \"nosy\"\nversion = \"1.0.0\"\ndescription = \"Looks around\"\ngrants = [\"lookup\"]\n";
    let home = |hidden: bool| {
        let home = Home::new();
        home.write("carnet.toml", settings);
        home.write("scripts/nosy/plugin.toml", manifest);
        home.write("scripts/nosy/main.rhai", NOSY);
        for division in ["Asia", "Europe"] {
            home.json(&["division", "add", division], 0);
        }
        home.json(&["staff", "add", "name=Ann", "role=agent", "divisions=Asia"], 0);
        add(&home, &["last_name=Own", "email=own@example.com", "division=Asia", "company=Ours"]);
        if hidden {
            let id = add(
                &home,
                &[
                    "last_name=Secret",
                    "email=secret@example.com",
                    "mobile=+85298760001",
                    "division=Europe",
                    "company=Hush",
                    "external_id=crm:1",
                ],
            );
            home.write("ids.csv", format!("Carnet ID,Last name,Email,Mobile,External ID\n{id},Secret,secret@example.com,+85298760001,crm:1\n,Own,own@example.com,,\n,Own,own@example.com,+85298760001,\n"));
        } else {
            home.write("ids.csv", "Carnet ID,Last name,Email,Mobile,External ID\n01900000-0000-7000-8000-000000000000,Secret,secret@example.com,+85298760001,crm:1\n,Own,own@example.com,,\n,Own,own@example.com,+85298760001,\n");
        }
        home
    };
    let ids = regex::Regex::new(r"[0-9a-f]{8}-[0-9a-f-]{27}|\d+\.\d+ s|/tmp/\S+?/|\d+ rows/s").expect("a pattern");
    let run = |home: &Home, policy: &str, more: &[&str]| {
        let args = [&["--as", "Ann", "import", "ids.csv", "--again", "--on-match", policy], more].concat();
        let ran = home.run(&args);
        let errors = std::fs::read_to_string(home.path().join("ErrorDetail.csv")).unwrap_or_default();
        let text = format!("{} {} {} {errors}", ran.status, ran.stdout, ran.stderr);
        let folder = home.path().display().to_string();
        (ids.replace_all(&text.replace(&folder, ""), "").into_owned(), text)
    };
    for policy in ["create", "update", "skip", "reject"] {
        let (with, without) = (home(true), home(false));
        for more in [&["--dry-run"][..], &[]] {
            let ((told, whole), (as_new, _)) = (run(&with, policy, more), run(&without, policy, more));
            assert_eq!(told, as_new, "{policy} {more:?}");
            assert!(!whole.contains("Hush") && !whole.contains("Europe"), "{whole}");
        }
        let found = with.json(&["search", "secret"], 0);
        assert_eq!(found["total"], 2, "{policy}: theirs beside the hidden one");
        assert!(
            !found["contacts"].as_array().expect("contacts").iter().any(|it| it["job_title"] == "Hush"),
            "{found:#}"
        );
    }
}
