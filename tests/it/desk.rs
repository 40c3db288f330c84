//! Contacts, merges, enquiries and labels on the command line, with plugins that edit, veto and label.

use serde_json::Value;

use crate::support::Home;

/// A script that uses every hook of the desk.
const HOOKS: &str = r#"
fn on_create(contact) {
    if contact.company == "Initech" { contact.add("labels", "Printers"); }
    if contact.last_name == "Nobody" { reject("last_name", "NOT_A_NAME", "nobody is not a name", "give the person's name"); }
}
fn on_update(contact, before) {
    if before.company != contact.company { contact["custom.former_company"] = before.company; }
}
fn on_delete(contact) {
    if contact["custom.keep"] == "yes" { reject("this contact is kept"); }
}
fn on_merge(merge) {
    if merge.master.birth_date != merge.other.birth_date && merge.other.birth_date != "" { reject("birth dates differ"); }
    merge.result["custom.merged"] = "yes";
}
fn on_enquiry(enquiry) {
    if enquiry.has_contact { enquiry.contact.add("labels", "Caller"); }
    enquiry.set_attribute("greeting", "hello");
    if enquiry.channel == "sms" { enquiry.suppress_survey("no surveys by SMS"); }
}
"#;

fn desk() -> Home {
    let home = Home::new();
    home.write("scripts/desk.rhai", HOOKS);
    home
}

#[track_caller]
fn add(home: &Home, fields: &[&str]) -> Value {
    home.json(&[&["contact", "add"], fields].concat(), 0)
}

fn id(contact: &Value) -> &str {
    contact["id"].as_str().expect("an id")
}

#[test]
fn a_contact_is_added_shown_edited_and_deleted() {
    let home = desk();
    let ann = add(
        &home,
        &[
            "first_name=Ann",
            "last_name=Lee",
            "mobile=+852 9123 4567",
            "email=ann@example.com",
            "company=Initech",
            "labels=VIP",
        ],
    );
    assert_eq!(ann["labels"], serde_json::json!(["Printers", "VIP"]));
    assert_eq!(ann["phones"][0]["e164"], "+85291234567");
    let edited = home.json(&["contact", "edit", id(&ann), "company=Globex", "labels-=VIP", "--rev", "1"], 0);
    assert_eq!((edited["rev"].as_u64(), edited["custom"]["former_company"].as_str()), (Some(2), Some("Initech")));
    let stale = home.json(&["contact", "edit", id(&ann), "company=Acme", "--rev", "1"], 1);
    assert_eq!(stale["error"]["code"], "STALE_REV");
    let kept = home.json(&["contact", "edit", id(&ann), "custom.keep=yes"], 0);
    assert_eq!(
        home.json(&["contact", "delete", id(&kept), "--yes"], 1)["error"]["problems"][0]["message"],
        "this contact is kept"
    );
    home.json(&["contact", "edit", id(&ann), "custom.keep="], 0);
    home.json(&["contact", "delete", id(&ann)], 2);
    home.json(&["contact", "delete", id(&ann), "--yes"], 0);
    home.json(&["contact", "show", id(&ann)], 1);
    assert_eq!(home.json(&["search", "lee"], 0)["total"], 0);
}

#[test]
fn problems_of_rules_and_plugins_are_told_together() {
    let home = desk();
    let refused = home.json(&["contact", "add", "last_name=Nobody", "mobile=8.5E+11", "email=a@@b"], 1);
    let codes: Vec<_> = refused["error"]["problems"]
        .as_array()
        .expect("problems")
        .iter()
        .map(|problem| problem["code"].as_str().unwrap_or_default())
        .collect();
    assert!(
        codes.contains(&"NOT_A_NAME") && codes.contains(&"PHONE_SCIENTIFIC") && codes.contains(&"EMAIL_FORMAT"),
        "{codes:?}"
    );
    assert_eq!(home.json(&["search"], 0)["total"], 0);
}

#[test]
fn a_merge_can_be_edited_and_vetoed() {
    let home = desk();
    let ann = add(&home, &["last_name=Lee", "email=ann@example.com", "birth_date=12/14/1980"]);
    let other = add(&home, &["last_name=Li", "email=a.lee@example.com", "labels=gold", "survey_opt_out=yes"]);
    let twin = add(&home, &["last_name=Lee", "birth_date=12/15/1980"]);
    let veto = home.json(&["contact", "merge", id(&ann), id(&twin)], 1);
    assert_eq!(veto["error"]["problems"][0]["message"], "birth dates differ");
    let merged = home.json(&["contact", "merge", id(&ann), id(&other)], 0);
    assert_eq!((merged["custom"]["merged"].as_str(), merged["survey_opt_out"].as_bool()), (Some("yes"), Some(true)));
    assert_eq!(merged["emails"].as_array().map(Vec::len), Some(2));
    assert_eq!(home.json(&["contact", "show", id(&other)], 0)["id"], ann["id"], "the erased id leads to the master");
    home.json(&["contact", "merge", id(&ann), id(&ann)], 2);
    let changes = home.json(&["contact", "changes", id(&ann), "--all"], 0);
    assert!(changes["changes"].to_string().contains("\"plugin\":{\"name\":\"desk\""), "{changes:#}");
}

#[test]
fn an_enquiry_finds_its_contact_and_plugins_label_it() {
    let home = desk();
    let ann = add(&home, &["last_name=Lee", "mobile=+85291234567", "email=ann@example.com"]);
    let call = home.json(&["enquiry", "open", "--channel", "call", "--from", "+852 9123 4567"], 0);
    assert_eq!(call["contact"]["id"], ann["id"]);
    assert_eq!(call["contact"]["labels"], serde_json::json!(["Caller"]));
    assert_eq!(call["enquiry"]["attributes"]["greeting"], "hello");
    assert_eq!(call["survey"]["send"], true);
    let sms = home.json(&["enquiry", "open", "--channel", "sms", "--from", "+85291234567"], 0);
    assert_eq!(sms["survey"]["reason"], "no surveys by SMS");
    let mail = home.json(&["enquiry", "open", "--channel", "email", "--from", "ANN@example.com"], 0);
    assert_eq!(mail["contact"]["id"], ann["id"]);
    let chat = home.json(&["enquiry", "open", "--channel", "messenger", "--handle", "ann.lee"], 0);
    assert_eq!(chat["contact"], Value::Null, "Messenger never matches");
    let number = call["enquiry"]["id"].to_string();
    let closed = home.json(&["enquiry", "update", &number, "--status", "closed"], 0);
    assert_eq!(closed["enquiry"]["survey"]["send"], true);
    home.json(&["enquiry", "update", &number, "--status", "handling"], 1);
    assert_eq!(home.json(&["label", "list"], 0)["labels"][0]["contacts"], 1);
}

#[test]
fn consent_fails_closed_when_a_plugin_fails() {
    let home = Home::new();
    home.write("scripts/broken.rhai", "fn on_enquiry(enquiry) { let x = []; x[5] }");
    add(&home, &["last_name=Lee", "mobile=+85291234567"]);
    let ran = home.run(&["--json", "enquiry", "open", "--channel", "call", "--from", "+85291234567"]).exits(0);
    let call = ran.json();
    assert_eq!(call["survey"]["send"], false, "{call:#}");
    assert!(call["survey"]["reason"].as_str().is_some_and(|reason| reason.contains("broken")), "{call:#}");
    assert!(ran.stderr.contains("passed over"), "{}", ran.stderr);
}

#[test]
fn people_are_found_by_words_beginnings_and_numbers_in_any_notation() {
    let home = Home::new();
    add(&home, &["first_name=José", "last_name=Müller", "company=Acme", "mobile=+85291234567"]);
    add(&home, &["first_name=大文", "last_name=陈", "email=dawen@example.org"]);
    let total = |words: &str| home.json(&["search", words], 0)["total"].as_u64();
    for words in ["jose", "MULLER", "mül", "jose müller", "acme", "9123 4567", "+852 9123-4567", "91234", "Ｊｏｓｅ"]
    {
        assert_eq!(total(words), Some(1), "{words}");
    }
    for words in ["陈", "大文", "dawen", "dawen@example.org"] {
        assert_eq!(total(words), Some(1), "{words}");
    }
    assert_eq!(total("nobody"), Some(0));
}

#[test]
fn a_plugin_that_cannot_be_loaded_is_never_an_open_door_in_silence() {
    let home = Home::new();
    home.write("scripts/guard.rhai", "fn on_create(contact) { this is no script");
    let ran = home.run(&["contact", "add", "last_name=Lee", "mobile=+85291234567"]).exits(0);
    assert!(ran.stderr.contains("plugin `guard` is refused") && ran.stderr.contains("was not asked"), "{ran:#?}");
    let call = home.json(&["enquiry", "open", "--channel", "call", "--from", "+85291234567"], 0);
    assert_eq!(call["survey"]["send"], false, "{call:#}");
}

#[test]
fn a_plugin_cannot_loosen_consent() {
    let home = Home::new();
    home.write("scripts/loose.rhai", "fn on_update(contact, before) { contact.survey_opt_out = \"no\"; }");
    let ann = add(&home, &["last_name=Lee", "survey_opt_out=yes"]);
    let refused = home.json(&["contact", "edit", id(&ann), "company=Acme"], 1);
    assert!(refused.to_string().contains("cannot opt a contact back in"), "{refused:#}");
    home.run(&["contact", "edit", id(&ann), "survey_opt_out=no"]).exits(0);
}

#[test]
fn a_call_from_nobody_in_particular_is_not_lost() {
    let home = Home::new();
    for from in ["anonymous", "1000", "98765432"] {
        let call = home.json(&["enquiry", "open", "--channel", "call", "--from", from], 0);
        assert_eq!(call["enquiry"]["from"]["phone"], from);
    }
}
