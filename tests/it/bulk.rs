//! Bulk writes on the command line: what they are about, who is refused, and taking them back.

use serde_json::{Value, json};

use crate::support::Home;

/// A script that keeps some contacts as they are.
const HOOKS: &str = r#"
fn on_update(contact, before) {
    if contact.company == "Initech" { reject("company", "NOT_INITECH", "nobody joins Initech", "choose another company"); }
    contact["custom.seen"] = "yes";
}
fn on_delete(contact) {
    if contact["custom.keep"] == "yes" { reject("this contact is kept"); }
}
"#;

fn book() -> Home {
    let home = Home::new();
    home.write("scripts/desk.rhai", HOOKS);
    let rows = "First name,Last name,Company,Contact Label,custom.keep\n\
        Ann,Lee,Acme,Fair,yes\nBob,Ray,Acme,,\nCid,Fox,Globex,Fair,\nDan,Kay,Globex,Fair; VIP,\n";
    home.write("people.csv", rows);
    home.json(&["import", "people.csv"], 0);
    home
}

fn total(home: &Home, args: &[&str]) -> u64 {
    home.json(&[&["search"], args].concat(), 0)["total"].as_u64().expect("a number")
}

#[track_caller]
fn counts(answer: &Value, changed: u64, unchanged: u64, refused: u64, deleted: u64) {
    let found = ["changed", "unchanged", "refused", "deleted"].map(|name| answer[name].as_u64());
    assert_eq!(found, [changed, unchanged, refused, deleted].map(Some), "{answer:#}");
}

fn id(home: &Home, word: &str) -> String {
    home.json(&["search", word], 0)["contacts"][0]["id"].as_str().expect("an id").to_owned()
}

#[test]
fn fields_are_changed_through_hooks_and_taken_back() {
    let home = book();
    let before = home.run(&["export", "--format", "jsonl", "--out", "-"]).exits(0).stdout;
    let edit = ["bulk", "edit", "company=Umbrella", "labels+=Asia", "--label", "Fair"];
    let asked = home.json(&edit, 2);
    assert_eq!(asked["error"]["code"], "CONFIRM");
    assert!(
        asked["error"]["message"].as_str().is_some_and(|told| told.contains("3 contacts: Ann Lee, Cid Fox, Dan Kay")),
        "{asked:#}"
    );
    let dry = home.json(&[&edit[..], &["--dry-run"]].concat(), 0);
    counts(&dry, 3, 0, 0, 0);
    assert_eq!(dry["changes"][0]["fields"][0], json!({ "field": "company", "old": "Acme", "new": "Umbrella" }));
    assert_eq!((dry["batch"].is_null(), total(&home, &["umbrella"])), (true, 0));
    let done = home.json(&[&edit[..], &["--yes"]].concat(), 0);
    counts(&done, 3, 0, 0, 0);
    assert_eq!((&done["batch"], total(&home, &["umbrella"]), total(&home, &["--label", "asia"])), (&json!(1), 3, 3));
    counts(&home.json(&[&edit[..], &["--yes"]].concat(), 0), 0, 3, 0, 0);
    let undone = home.json(&["bulk", "undo", "1"], 0);
    assert_eq!((&undone["restored"], &undone["left"]), (&json!(3), &json!([])));
    assert_eq!(total(&home, &["--label", "Asia"]), 0);
    let after = home.run(&["export", "--format", "jsonl", "--out", "-"]).exits(0).stdout;
    let plain = |lines: &str| -> Vec<Value> {
        let strip = |line: &str| {
            let mut contact: Value = serde_json::from_str(line).expect("a contact");
            ["rev", "updated"].iter().for_each(|gone| drop(contact.as_object_mut().expect("an object").remove(*gone)));
            contact
        };
        lines.lines().map(strip).collect()
    };
    assert_eq!(plain(&before), plain(&after));
    assert_eq!(home.json(&["bulk", "undo", "1"], 1)["error"]["code"], "BULK_UNDONE");
    let changes = home.json(&["contact", "changes", &id(&home, "Cid")], 0);
    assert_eq!(changes["changes"][0]["action"], "undone");
    assert_eq!(home.json(&["bulk", "undo", "9"], 1)["error"]["code"], "BULK_UNKNOWN");
}

#[test]
fn refused_contacts_are_told_and_the_rest_goes_on() {
    let home = book();
    let deleted = home.json(&["bulk", "delete", "--label", "fair", "--yes"], 3);
    counts(&deleted, 0, 0, 1, 2);
    let refused = &deleted["problems"][0];
    assert_eq!(
        (&refused["name"], &refused["problems"][0]["message"]),
        (&json!("Ann Lee"), &json!("this contact is kept"))
    );
    assert_eq!(total(&home, &[]), 2);
    let edited = home.json(&["bulk", "edit", "company=Initech", "mobile=12", "--words", "bob", "--yes"], 3);
    counts(&edited, 0, 0, 1, 0);
    let codes: Vec<_> =
        edited["problems"][0]["problems"].as_array().expect("problems").iter().map(|it| it["code"].clone()).collect();
    assert!(codes.contains(&json!("NOT_INITECH")) && codes.contains(&json!("PHONE_LENGTH")), "{codes:?}");
    assert!(edited["batch"].is_null(), "nothing was written");
    let undone = home.json(&["bulk", "undo", "1"], 0);
    assert_eq!((&undone["restored"], total(&home, &["--label", "fair"])), (&json!(2), 3));
    let listed = home.json(&["bulk", "list"], 0);
    assert_eq!(listed["batches"][0]["what"], "--label fair");
    let text = home.run(&["bulk", "list"]).exits(0).stdout;
    assert!(text.contains("delete") && text.contains("2 contacts") && text.contains("taken back"), "{text}");
}

#[test]
fn what_was_changed_since_is_left_alone() {
    let home = book();
    home.json(&["bulk", "label", "Hot", "--type", "lead", "--yes"], 0);
    home.json(&["bulk", "unlabel", "hot", "--words", "cid", "--yes"], 0);
    home.json(&["contact", "edit", &id(&home, "bob"), "company=Hooli"], 0);
    home.json(&["contact", "delete", &id(&home, "dan"), "--yes"], 0);
    let second = home.json(&["bulk", "undo", "2"], 0);
    assert_eq!((&second["restored"], total(&home, &["--label", "hot"])), (&json!(1), 3));
    let first = home.json(&["bulk", "undo", "1"], 0);
    let left: Vec<_> =
        first["left"].as_array().expect("a list").iter().map(|it| (it["name"].clone(), it["action"].clone())).collect();
    assert_eq!(left, [(json!("Bob Ray"), json!("updated")), (json!("Dan Kay"), json!("deleted"))]);
    assert_eq!((&first["restored"], &first["left"][0]["changed_by"]), (&json!(2), &json!("cli")));
    assert_eq!(total(&home, &["--label", "hot"]), 1, "the one that was changed since keeps it");
}

#[test]
fn nonsense_is_refused_before_anything_is_done() {
    let home = book();
    for (args, status) in [
        (vec!["bulk", "edit", "--yes"], 2),
        (vec!["bulk", "edit", "nonsense", "--yes"], 2),
        (vec!["bulk", "edit", "colour=red", "--yes"], 2),
        (vec!["bulk", "label", "a;b", "--yes"], 2),
        (vec!["bulk", "delete", "--type", "friend", "--yes"], 2),
        (vec!["bulk", "delete"], 2),
        (vec!["bulk", "delete", "--yes"], 2),
        (vec!["bulk", "delete", "--words", "", "--yes"], 2),
        (vec!["bulk", "delete", "--words", " !", "--all", "--yes"], 2),
        (vec!["bulk", "delete", "--words", "ann", "--all", "--yes"], 2),
        (vec!["bulk", "edit", "company=A", "company=B", "--all", "--yes"], 2),
        (vec!["bulk", "edit", "company=Acme", "--yes", "--", "--label", "Fair"], 2),
        (vec!["bulk", "label", "Hot", "--yes", "--", "--label", "Fair"], 2),
        (vec!["bulk", "undo", "x"], 2),
    ] {
        home.json(&args, status);
    }
    let nobody = home.json(&["bulk", "delete", "--words", "zzz"], 0);
    assert_eq!((&nobody["matched"], nobody["batch"].is_null()), (&json!(0), true));
    assert_eq!(total(&home, &[]), 4);
}

#[test]
fn what_could_not_be_taken_back_can_be_later() {
    let home = book();
    home.json(&["bulk", "label", "Hot", "--type", "lead", "--yes"], 0);
    home.json(&["bulk", "unlabel", "hot", "--words", "cid", "--yes"], 0);
    let early = home.json(&["bulk", "undo", "1"], 0);
    assert_eq!((&early["restored"], &early["finished"]), (&json!(3), &json!(false)));
    assert_eq!(early["left"][0]["why"], "bulk write 2 came after it: take that back first");
    home.json(&["bulk", "undo", "2"], 0);
    assert_eq!(total(&home, &["--label", "hot"]), 1);
    let late = home.json(&["bulk", "undo", "1"], 0);
    assert_eq!((&late["restored"], &late["finished"], total(&home, &["--label", "hot"])), (&json!(1), &json!(true), 0));
    assert_eq!(home.json(&["bulk", "undo", "1"], 1)["error"]["code"], "BULK_UNDONE");
}

#[test]
fn taking_back_leaves_unique_values_unique_and_contacts_in_their_division() {
    let home = book();
    home.json(&["field", "add", "contract", "--type", "identifier"], 0);
    home.json(&["contact", "edit", &id(&home, "bob"), "custom.contract=C-1"], 0);
    home.json(&["bulk", "delete", "--words", "bob", "--yes"], 0);
    let other = home.json(&["contact", "add", "last_name=Moe", "custom.contract=C-1"], 0);
    let left = home.json(&["bulk", "undo", "1"], 0);
    assert_eq!((&left["restored"], &left["finished"]), (&json!(0), &json!(false)));
    assert!(left["left"][0]["why"].as_str().is_some_and(|why| why.contains("`C-1` is that of contact")), "{left:#}");
    home.json(&["contact", "edit", other["id"].as_str().expect("an id"), "custom.contract="], 0);
    assert_eq!(home.json(&["bulk", "undo", "1"], 0)["restored"], 1);
    home.json(&["division", "add", "Asia"], 0);
    home.json(&["bulk", "edit", "division=Asia", "company=Umbrella", "--words", "bob", "--yes"], 0);
    assert_eq!(home.json(&["bulk", "undo", "2"], 0)["restored"], 1);
    let bob = home.json(&["contact", "show", &id(&home, "bob")], 0);
    assert_eq!((&bob["division"], &bob["company"]), (&json!("Asia"), &json!("Acme")));
}
