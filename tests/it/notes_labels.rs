//! Labels as things of their own, and notes on contacts, on the command line.

use serde_json::{Value, json};

use crate::support::Home;

fn add(home: &Home, fields: &[&str]) -> String {
    home.json(&[&["contact", "add"], fields].concat(), 0)["id"].as_str().expect("an id").to_owned()
}

fn code(answer: &Value) -> &str {
    answer["error"]["code"].as_str().unwrap_or_default()
}

#[test]
fn a_label_is_made_coloured_renamed_and_deleted() {
    let home = Home::new();
    let vip = home.json(&["label", "create", "VIP", "--colour", "#0D47A1"], 0);
    assert_eq!(vip, json!({ "name": "VIP", "colour": "#0d47a1", "contacts": 0 }));
    assert_eq!(code(&home.json(&["label", "create", "vip"], 1)), "LABEL_EXISTS");
    assert_eq!(code(&home.json(&["label", "create", "a;b"], 2)), "LABEL_FORMAT");
    assert_eq!(code(&home.json(&["label", "create", "x", "--colour", "mauve-ish"], 2)), "LABEL_COLOUR");
    assert_eq!(code(&home.json(&["label", "edit", "none", "--colour", "red"], 1)), "LABEL_UNKNOWN");
    home.json(&["label", "edit", "vip"], 2);
    let ann = add(&home, &["last_name=Lee", "labels=vip;gold"]);
    add(&home, &["last_name=Li", "labels=VIP"]);
    assert_eq!(code(&home.json(&["label", "edit", "vip", "--rename", "GOLD"], 1)), "LABEL_EXISTS");
    let renamed = home.json(&["label", "edit", "vip", "--rename", "Best", "--colour", "green"], 0);
    assert_eq!(renamed, json!({ "name": "Best", "colour": "#1b5e20", "contacts": 2 }));
    let lee = home.json(&["contact", "show", &ann], 0);
    assert_eq!((&lee["labels"], &lee["rev"]), (&json!(["Best", "gold"]), &json!(2)));
    let log = home.json(&["contact", "changes", &ann], 0);
    let field = &log["changes"][0]["fields"][0];
    assert_eq!((&field["old"], &field["new"]), (&json!("gold; vip"), &json!("Best; gold")));
    let asked = home.json(&["label", "delete", "best"], 2);
    assert_eq!(code(&asked), "CONFIRM");
    assert!(asked["error"]["message"].as_str().is_some_and(|told| told.contains("2 contacts lose it")), "{asked:#}");
    assert_eq!(home.json(&["label", "delete", "best", "--yes"], 0), json!({ "deleted": "Best", "contacts": 2 }));
    assert_eq!(home.json(&["contact", "show", &ann], 0)["labels"], json!(["gold"]));
    assert_eq!(home.json(&["search", "--label", "best"], 0)["total"], 0);
    home.json(&["label", "create", "Unused"], 0);
    home.json(&["label", "delete", "unused"], 0);
    assert_eq!(home.json(&["label", "list"], 0)["labels"][0]["name"], "gold");
}

#[test]
fn notes_are_written_paged_changed_and_deleted() {
    let home = Home::new();
    let ann = add(&home, &["last_name=Lee"]);
    assert_eq!(home.json(&["contact", "notes", &ann], 0), json!({ "notes": [], "next": null, "total": 0 }));
    let first = home.json(&["contact", "note", &ann, "called back\nasked for a quote 报价"], 0);
    assert_eq!(
        (&first["text"], &first["by"], &first["edited_at"], &first["edited_by"]),
        (&json!("called back\nasked for a quote 报价"), &json!("cli"), &Value::Null, &Value::Null)
    );
    home.json(&["contact", "note", &ann, "-- second --"], 0);
    home.json(&["contact", "note", &ann, "third"], 0);
    for (text, wrong) in [(" \n ", "NOTE_EMPTY"), ("a\u{1b}b", "NOTE_CONTROL"), (&*"x".repeat(10_001), "NOTE_TOO_LONG")]
    {
        assert_eq!(code(&home.json(&["contact", "note", &ann, text], 2)), wrong);
    }
    let page = home.json(&["contact", "notes", &ann, "--limit", "2"], 0);
    assert_eq!(
        (&page["total"], &page["notes"][0]["text"], &page["notes"][1]["text"]),
        (&json!(3), &json!("third"), &json!("-- second --"))
    );
    let next = page["next"].as_str().expect("a cursor");
    let rest = home.json(&["contact", "notes", &ann, "--after", next], 0);
    assert_eq!((&rest["notes"][0]["id"], &rest["next"]), (&first["id"], &Value::Null));
    let number = first["id"].to_string();
    let edited = home.json(&["contact", "note-edit", &number, "sent the quote"], 0);
    assert_eq!((&edited["text"], &edited["edited_by"]), (&json!("sent the quote"), &json!("cli")));
    assert_eq!(code(&home.json(&["contact", "note-delete", &number], 2)), "CONFIRM");
    assert_eq!(home.json(&["contact", "note-delete", &number, "--yes"], 0), json!({ "deleted": first["id"] }));
    assert_eq!(code(&home.json(&["contact", "note-edit", &number, "x"], 1)), "NOTE_UNKNOWN");
    assert_eq!(home.json(&["contact", "show", &ann], 0)["rev"], 1, "a note is no change of the contact");
    let told = home.run(&["contact", "notes", &ann]).exits(0).stdout;
    assert!(told.lines().nth(1) == Some("  third") && !told.contains("quote"), "{told}");
}

#[test]
fn notes_of_a_merged_contact_show_with_its_master() {
    let home = Home::new();
    let (ann, other) = (add(&home, &["last_name=Lee"]), add(&home, &["last_name=Li"]));
    home.json(&["contact", "note", &ann, "mine"], 0);
    home.json(&["contact", "note", &other, "theirs"], 0);
    home.json(&["contact", "merge", &ann, &other], 0);
    let notes = home.json(&["contact", "notes", &ann], 0);
    assert_eq!((&notes["total"], &notes["notes"][0]["text"]), (&json!(2), &json!("theirs")));
    home.json(&["contact", "delete", &ann, "--yes"], 0);
    assert_eq!(code(&home.json(&["contact", "notes", &ann], 1)), "CONTACT_DELETED");
    assert_eq!(code(&home.json(&["contact", "note-edit", "1", "x"], 1)), "NOTE_UNKNOWN");
    assert_eq!(code(&home.json(&["org", "note", "Acme", "x"], 1)), "ORGANIZATION_UNKNOWN");
}
