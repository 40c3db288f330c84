//! A contact from its first day to its last, and back: conflicts between processes, deleting, restoring, sharing, transferring.

use std::process::Stdio;

use serde_json::{Value, json};

use crate::support::{Home, ran};

#[track_caller]
fn add(home: &Home, fields: &[&str]) -> String {
    home.json(&[&["contact", "add"], fields].concat(), 0)["id"].as_str().expect("an id").to_owned()
}

#[test]
fn of_two_processes_with_one_revision_one_wins_and_the_other_hears_of_it() {
    let home = Home::new();
    let id = add(&home, &["last_name=Lee", "company=Acme"]);
    let edit = |number: usize| {
        let mut command = home.command();
        command.args(["--json", "contact", "edit", &id, &format!("company=Firm {number}"), "--rev", "1"]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program runs")
    };
    let children: Vec<_> = (0..4).map(edit).collect();
    let done: Vec<_> = children.into_iter().map(|child| ran(child.wait_with_output().expect("an end"))).collect();
    let won: Vec<Value> = done.iter().filter(|ran| ran.status == 0).map(|ran| ran.json()).collect();
    assert_eq!(won.len(), 1, "{done:#?}");
    for lost in done.iter().filter(|ran| ran.status != 0) {
        let error = &lost.json()["error"];
        assert_eq!((lost.status, error["code"].as_str()), (1, Some("STALE_REV")));
        let conflict = &error["conflict"];
        assert_eq!((&conflict["seen"], &conflict["now"]), (&json!(1), &json!(2)));
        let theirs = &conflict["theirs"][0];
        assert_eq!(
            (&theirs["field"], &theirs["old"], &theirs["new"]),
            (&json!("company"), &json!("Acme"), &won[0]["company"])
        );
        assert_eq!((theirs["by"].as_str(), theirs["at"].is_string()), (Some("cli"), true));
        assert_eq!(conflict["yours"][0]["field"], "company");
    }
    let told = home.run(&["contact", "edit", &id, "company=Mine", "labels+=VIP", "--rev", "1"]).exits(1).stderr;
    assert!(told.contains("is at revision 2 now, not 1: cli updated it at "), "{told}");
    assert!(told.contains("  company:  Acme → Firm ") && told.contains("  labels:   add VIP"), "{told}");
    assert!(told.contains("--rev 2"), "{told}");
}

#[test]
fn processes_that_name_no_revision_all_arrive() {
    let home = Home::new();
    let id = add(&home, &["last_name=Lee"]);
    let edit = |number: usize| {
        let mut command = home.command();
        command.args(["contact", "edit", &id, &format!("labels+=label {number}")]);
        command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("the program runs")
    };
    let children: Vec<_> = (0..4).map(edit).collect();
    for child in children {
        ran(child.wait_with_output().expect("an end")).exits(0);
    }
    assert_eq!(home.json(&["contact", "show", &id], 0)["labels"].as_array().map(Vec::len), Some(4));
}

#[test]
fn a_contact_is_deleted_and_comes_back() {
    let home = Home::new();
    let id = add(&home, &["first_name=Ann", "last_name=Lee", "mobile=+85291234567", "labels=VIP"]);
    home.json(&["enquiry", "open", "--channel", "call", "--from", "+85291234567"], 0);
    let asked = home.run(&["contact", "delete", &id]).exits(2).stderr;
    assert!(asked.contains(&format!("this needs a yes: Delete Ann Lee ({id}) with 1 open enquiry?")), "{asked}");
    assert!(asked.contains("--yes"), "{asked}");
    home.json(&["contact", "delete", &id, "--yes", "--rev", "9"], 1);
    let deleted = home.run(&["contact", "delete", &id, "--yes"]).exits(0).stdout;
    assert!(deleted.contains(&format!("`carnet contact restore {id}` brings it back")), "{deleted}");
    let gone = home.json(&["contact", "show", &id], 1);
    assert_eq!(gone["error"]["code"], "CONTACT_DELETED");
    assert!(
        gone["error"]["message"].as_str().is_some_and(|text| text.contains("(Ann Lee) was deleted by cli at")),
        "{gone:#}"
    );
    home.json(&["contact", "edit", &id, "company=Acme"], 1);
    assert_eq!(home.json(&["search", "ann"], 0)["total"], 0);
    let story = home.json(&["contact", "changes", &id, "--all"], 0);
    assert_eq!(story["changes"][0]["action"], "deleted");
    assert_eq!(home.json(&["contact", "restore", &id], 0)["last_name"], "Lee");
    assert_eq!(home.json(&["contact", "restore", &id], 1)["error"]["code"], "NOT_DELETED");
    for words in ["ann", "9123 4567"] {
        assert_eq!(home.json(&["search", words, "--label", "vip"], 0)["total"], 1, "{words}");
    }
    let call = home.json(&["enquiry", "open", "--channel", "call", "--from", "+85291234567"], 0);
    assert_eq!(call["contact"]["id"], id.as_str());
    home.json(&["contact", "restore", "00000000-0000-7000-8000-000000000000"], 1);
    home.json(&["contact", "restore", "nonsense"], 2);
}

#[test]
fn what_is_shown_reads_like_a_card() {
    let home = Home::new();
    let id = add(&home, &["last_name=Lee"]);
    home.json(&["contact", "edit", &id, "company=Acme"], 0);
    let card = home.run(&["contact", "show", &id]).exits(0).stdout;
    assert!(card.contains("company         Acme\n") && card.starts_with("id              "), "{card}");
    let unknown = home.run(&["contact", "show", "00000000-0000-7000-8000-000000000000"]).exits(1).stderr;
    assert!(unknown.contains("there is no contact") && unknown.contains("carnet search"), "{unknown}");
}

#[test]
fn every_assignment_is_taken_or_refused_aloud() {
    let home = Home::new();
    let code = |answer: &Value| answer["error"]["problems"][0]["code"].clone();
    for fields in
        [["mobile=abc", "mobile+=+85291234567"], ["email=zz", "email+=a@b.cc"], ["mobile+=+85291234567", "mobile+=1"]]
    {
        let refused = home.json(&[&["contact", "add", "last_name=Lee"], &fields[..]].concat(), 1);
        assert!(code(&refused).is_string(), "{refused:#}");
    }
    let twice = home.json(&["contact", "add", "last_name=Lee", "mobile=+85291234567", "mobile=+85291234568"], 2);
    assert_eq!(twice["error"]["code"], "ASSIGNED_TWICE");
    assert_eq!(twice["error"]["hint"], "a further value is added by `mobile+=…`");
    home.json(&["contact", "add", "last_name=Lee", "labels+="], 2);
    let id = add(&home, &["last_name=Lee", "company+=Acme", "mobile=+852 9123 4567", "sms=no"]);
    assert_eq!(code(&home.json(&["contact", "edit", &id, "company+=Hooli"], 1)), "ONE_VALUE");
    let unlabelled = home.run(&["contact", "edit", &id, "labels-=VIP"]).exits(0);
    assert!(unlabelled.stderr.contains("labels: `VIP` is not there"), "{unlabelled:?}");
    home.json(&["contact", "edit", &id, "work_phone=+85291234567"], 0);
    let added = home.json(&["contact", "edit", &id, "other_phone+=+85291234567"], 0);
    let quiet = |contact: &Value| {
        contact["phones"].as_array().expect("a list").iter().map(|it| it["sms"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(quiet(&added), [json!(false), json!(false), json!(false)], "one number, whatever it is called");
    home.write("again.csv", "Last name,Mobile,SMS\nLee,+85291234567,yes\n");
    home.json(&["import", "again.csv", "--on-match", "update"], 0);
    assert_eq!(quiet(&home.json(&["contact", "show", &id], 0))[0], json!(false), "an import loosens no consent");
}

#[test]
fn text_messages_are_switched_on_one_number_at_a_time_where_they_are_off() {
    let home = Home::new();
    let run = |args: &[&str], status| home.json(&[&["--profile", "genesys"], args].concat(), status);
    let ann = run(&["contact", "add", "first_name=Ann", "last_name=Lee", "mobile=+85291234567", "sms=yes"], 0);
    let id = ann["id"].as_str().expect("an id");
    run(&["contact", "edit", id, "work_phone=+85221234567"], 0);
    let refused = run(&["contact", "edit", id, "sms=yes"], 1);
    assert_eq!(refused["error"]["problems"][0]["code"], "SMS_ONE_BY_ONE");
    let done = run(&["contact", "edit", id, "no_sms-=+85221234567"], 0);
    assert_eq!((&done["phones"][0]["sms"], &done["phones"][1]["sms"]), (&json!(true), &json!(true)));
}

#[test]
fn todays_rules_keep_nobody_from_coming_back_and_hidden_values_stay_hidden() {
    let home = Home::new();
    home.json(&["field", "add", "tier", "--type", "text"], 0);
    let (ann, bob) = (add(&home, &["last_name=Lee", "custom.tier=old"]), add(&home, &["last_name=Ray"]));
    home.json(&["contact", "edit", &ann, "custom.tier=gold"], 0);
    home.json(&["contact", "delete", &bob, "--yes"], 0);
    home.json(&["field", "add", "need", "--type", "text", "--required"], 0);
    home.json(&["contact", "restore", &bob], 0);
    home.json(&["contact", "edit", &bob, "company=Acme"], 1);
    home.json(&["field", "edit", "need", "--required", "false"], 0);
    home.json(&["field", "disable", "tier"], 0);
    for args in [
        &["contact", "changes", &ann, "--all"][..],
        &["contact", "merge", &bob, &ann, "--preview"],
        &["contact", "merge", &bob, &ann, "--yes"],
        &["contact", "changes", &bob, "--all"],
    ] {
        let told = home.run(args).exits(0).stdout;
        assert!(!told.contains("tier") && !told.contains("gold"), "{told}");
    }
    home.json(&["field", "edit", "need", "--required", "true"], 0);
    home.json(&["contact", "unmerge", &ann], 0);
    let stale = home.json(&["contact", "edit", &ann, "company=Acme", "--rev", "1"], 1).to_string();
    assert!(stale.contains("STALE_REV") && !stale.contains("gold"), "{stale}");
}

#[test]
fn unique_values_stay_unique_on_every_way() {
    let home = Home::new();
    let (ann, cid) =
        (add(&home, &["last_name=Lee", "custom.badge=1"]), add(&home, &["last_name=Fox", "custom.badge=1"]));
    for key in ["badge", "code"] {
        home.json(&["field", "add", key, "--type", "identifier"], 0);
    }
    let bob = add(&home, &["last_name=Ray", "mobile=+85291234567", "custom.code=B"]);
    home.json(&["contact", "edit", &ann, "custom.code=A"], 0);
    home.write(
        "scripts/desk.rhai",
        r#"fn on_enquiry(enquiry) { enquiry.contact["custom.code"] = "A"; enquiry.contact.survey_opt_out = "yes"; }"#,
    );
    let call = home.run(&["--json", "enquiry", "open", "--channel", "call", "--from", "+85291234567"]).exits(0);
    assert!(call.stdout.contains("`A` is that of contact"), "{call:?}");
    let seen = home.json(&["contact", "show", &bob], 0);
    assert_eq!((&seen["custom"]["code"], &seen["survey_opt_out"]), (&json!("B"), &json!(true)));
    // Two had one badge before badges were unique: that is no reason against a merge.
    home.json(&["contact", "merge", &bob, &ann, "--take", "custom.code", "--yes"], 0);
    home.json(&["contact", "edit", &cid, "custom.code=B"], 0);
    let refused = home.json(&["contact", "unmerge", &ann], 1);
    assert_eq!(refused["error"]["problems"][0]["code"], "CUSTOM_TAKEN", "{refused:#}");
    home.json(&["contact", "edit", &cid, "custom.code=", "custom.badge="], 0);
    home.json(&["contact", "unmerge", &ann], 0);
}
