//! "Internal (Staff) and External Contacts", profile `cinnox`.

use serde_json::json;

use super::{Desk, each, id};

#[test]
fn internal_and_external_contacts() {
    let desk = Desk::new("cinnox", "");

    // Internal (Staff) Contact List: avatar, name, extension, availability; then everything about one of them.
    desk.does(&[
        "staff",
        "add",
        "name=Ann Chan",
        "avatar=https://example.com/ann.png",
        "extension=101",
        "availability=available",
        "phone=+85221234567",
        "email=ann@example.com",
        "role=admin",
        "department=Support",
        "job_title=Team lead",
        "time_zone=Asia/Hong_Kong",
    ]);
    desk.does(&["staff", "add", "name=Bob Wong", "extension=102"]);
    let list = desk.does(&["staff", "list"]);
    assert_eq!(each(&list["staff"], "name"), ["Ann Chan", "Bob Wong"]);
    assert_eq!(each(&list["staff"], "availability"), ["available", "offline"]);
    assert_eq!(each(&list["staff"], "extension"), ["101", "102"]);
    let ann = desk.does(&["staff", "show", "Ann Chan"]);
    let expected = [
        ("avatar", "https://example.com/ann.png"),
        ("phone", "+85221234567"),
        ("email", "ann@example.com"),
        ("role", "admin"),
        ("department", "Support"),
        ("job_title", "Team lead"),
        ("time_zone", "Asia/Hong_Kong"),
        ("extension", "101"),
    ];
    for (field, value) in expected {
        assert_eq!(ann[field], value, "{field}");
    }

    // Creating New External Contacts: the quick form, with its default selections.
    let quick = desk.does_as(
        "Bob Wong",
        &["contact", "add", "first_name=John", "last_name=Doe", "mobile=+85291234567", "email=john@example.com"],
    );
    assert_eq!(
        (&quick["type"], &quick["level"], &quick["owner"]),
        (&json!("lead"), &json!("primary"), &json!("Bob Wong"))
    );
    // More Details.
    let full = desk.does(&[
        "contact",
        "add",
        "first_name=Jane",
        "last_name=Smith",
        "type=Customer",
        "level=Secondary",
        "company=ABC",
        "job_title=PA",
        "department=Office",
        "birth_date=12/14/1980",
        "language=zh",
        "group=Partners",
        "mobile=+85261234567",
        "work_phone=+85231234567",
        "home_phone=+85225551234",
        "other_phone=+85225551235",
        "email=jane@example.com",
        "other_email=jane.s@example.org",
        "street=1 Queen's Road",
        "city=Hong Kong",
        "state=HK",
        "zip=00852",
        "country=Hong Kong",
        "facebook=jane.smith",
        "whatsapp=+85261234567",
        "wechat=jane_s",
    ]);
    assert_eq!((full["birth_date"].as_str(), full["language"].as_str()), (Some("1980-12-14"), Some("zh")));
    assert_eq!(each(&full["phones"], "kind"), ["mobile", "work", "home", "other"]);
    assert_eq!(full["address"]["zip"], "00852");
    let (_, why) = desk.refuses(&["contact", "add", "last_name=X", "birth_date=14/12/1980"]);
    assert!(why.contains("MM/DD/YYYY"), "{why}");

    // Search Contacts: staff and external contacts by name.
    assert_eq!(desk.finds(&["jane"]), ["Jane Smith"]);
    assert_eq!(each(&desk.does(&["staff", "list", "ann"])["staff"], "name"), ["Ann Chan"]);

    // External Contact List: calls and SMS to a number that is there; edit and remove.
    desk.does_as("Bob Wong", &["engage", "call", id(&quick)]);
    desk.does_as("Bob Wong", &["engage", "sms", id(&quick), "See you at ten."]);
    let activity = desk.does(&["contact", "activity", id(&quick)]);
    assert_eq!(each(&activity["engagements"], "kind"), ["sms", "call"]);
    desk.does_as("Bob Wong", &["contact", "edit", id(&full), "company=ABC Ltd"]);
    assert_eq!(desk.does(&["contact", "show", id(&full)])["company"], "ABC Ltd");
    desk.does(&["contact", "delete", id(&full), "--yes"]);
    assert_eq!(desk.finds(&["jane"]), [""; 0]);

    // Adding Notes to Contact: add, view, edit.
    let note = desk.does_as("Bob Wong", &["contact", "note", id(&quick), "Prefers e-mail."]);
    let number = note["id"].to_string();
    desk.does_as("Bob Wong", &["contact", "note-edit", &number, "Prefers e-mail in the morning."]);
    let notes = desk.does(&["contact", "notes", id(&quick)]);
    assert_eq!(each(&notes["notes"], "text"), ["Prefers e-mail in the morning."]);
    assert_eq!(each(&notes["notes"], "by"), ["Bob Wong"]);
}
