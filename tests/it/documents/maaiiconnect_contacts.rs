//! "External Contacts Management vs Contacts", profile `maaiiconnect`.

use serde_json::json;

use super::{Desk, each, id};

#[test]
fn staff_list_and_quick_work_with_contacts() {
    let desk = Desk::new("maaiiconnect", "");
    // Staff Contact List: image, name, extension, availability; then details.
    desk.does(&[
        "staff",
        "add",
        "name=Ann Chan",
        "avatar=https://example.com/ann.png",
        "extension=101",
        "availability=busy",
        "email=ann@example.com",
        "role=agent",
        "job_title=Agent",
        "time_zone=Europe/Rome",
    ]);
    let list = desk.does(&["staff", "list"]);
    assert_eq!(each(&list["staff"], "availability"), ["busy"]);
    let ann = desk.does(&["staff", "show", "ann@example.com"]);
    assert_eq!((&ann["time_zone"], &ann["job_title"]), (&json!("Europe/Rome"), &json!("Agent")));
    desk.does(&["staff", "edit", "Ann Chan", "availability=away"]);
    assert!(desk.reads(&["staff", "list"]).stdout.contains("away"));

    // Creating New External Contacts: quick, then with more details.
    let quick = desk.does_as(
        "Ann Chan",
        &["contact", "add", "first_name=John", "last_name=Doe", "mobile=+85291234567", "email=john@example.com"],
    );
    assert_eq!((&quick["type"], &quick["level"]), (&json!("lead"), &json!("primary")));
    let full = desk.does_as(
        "Ann Chan",
        &[
            "contact",
            "add",
            "last_name=Smith",
            "company=ABC",
            "job_title=PA",
            "department=Office",
            "birth_date=12/14/1980",
            "language=Simplified Chinese",
            "group=Partners",
            "home_phone=+85225551234",
            "other_email=s@example.org",
            "street=1 Queen's Road",
            "zip=00852",
            "country=HK",
            "facebook=f",
            "whatsapp=+85261234567",
            "wechat=w",
            "twitter=t",
            "linkedin=l",
        ],
    );
    assert_eq!(full["language"], "zh-Hans");
    assert_eq!(full["socials"].as_array().map(Vec::len), Some(5));

    // Searching: the first or the last name.
    assert_eq!(desk.finds_as("Ann Chan", &["john"]), ["John Doe"]);
    assert_eq!(desk.finds_as("Ann Chan", &["doe"]), ["John Doe"]);

    // Details: view, edit, share, transfer, delete.
    desk.does(&["staff", "add", "name=Bob Wong"]);
    assert!(desk.0.run(&["--as", "Ann Chan", "contact", "show", id(&quick)]).exits(0).stdout.contains("John"));
    desk.does_as("Ann Chan", &["contact", "edit", id(&quick), "company=Acme"]);
    desk.does_as("Ann Chan", &["contact", "share", id(&quick), "Bob Wong"]);
    desk.does_as("Ann Chan", &["contact", "transfer", id(&quick), "Bob Wong"]);
    desk.does_as("Bob Wong", &["contact", "delete", id(&quick), "--yes"]);
    assert_eq!(desk.does_as("Bob Wong", &["contact", "restore", id(&quick)])["company"], "Acme");
}
