//! "External Contacts Management", profile `maaiiconnect`.

use serde_json::json;

use super::{Desk, each, id};

fn desk() -> Desk {
    let desk = Desk::new("maaiiconnect", "error_column = \"AA\"\n");
    desk.does(&["staff", "add", "name=Ann Chan", "role=admin"]);
    desk.does(&["staff", "add", "name=Bob Wong"]);
    desk.does(&["staff", "add", "name=Eve Lau"]);
    desk
}

#[test]
fn creating_and_importing_contacts() {
    let desk = desk();
    // Creating: the last name is needed, and a language is one of five.
    let (_, why) = desk.refuses(&["contact", "add", "first_name=John"]);
    assert!(why.contains("LAST_NAME_MISSING"), "{why}");
    let contact = desk.does_as(
        "Bob Wong",
        &[
            "contact",
            "add",
            "first_name=John",
            "last_name=Doe",
            "mobile=+85291234567",
            "language=Traditional Chinese",
            "twitter=@john",
        ],
    );
    assert_eq!(
        (&contact["type"], &contact["language"], &contact["owner"]),
        (&json!("lead"), &json!("zh-Hant"), &json!("Bob Wong"))
    );
    assert!(desk.refuses(&["contact", "add", "last_name=X", "language=Klingon"]).1.contains("LANGUAGE"));
    assert!(desk.refuses(&["contact", "add", "last_name=X", "mobile=+852 9123 4567"]).1.contains("PHONE"));

    // Importing: the template, filled according to the guidelines.
    let rows: &[&[(&str, &str)]] = &[
        &[("Last name (Mandatory)", "Lee"), ("Mobile", "+85261234567"), ("Language", "Thai"), ("Country", "Hong Kong")],
        &[("First name", "Ann")],
        &[("Last name (Mandatory)", "Ng"), ("Mobile", "9123 4567")],
        &[("Last name (Mandatory)", "Ho"), ("Language", "French")],
        &[("Last name (Mandatory)", "Yip"), ("Department", "Sales"), ("Level", "Tertiary"), ("Type", "Customer")],
    ];
    desk.0.write("contacts.csv", desk.fill_template(rows));
    let file = desk.0.path().join("contacts.csv");
    let report = desk.0.json(&["--as", "Bob Wong", "import", file.to_str().expect("a path")], 3);
    assert_eq!((&report["created"], &report["failed"]), (&json!(2), &json!(3)));
    assert_eq!(desk.finds_as("Bob Wong", &[]), ["John Doe", "Lee", "Yip"], "who imports owns");
    // Handling Failed Records: ErrorDetail.csv, corrected and uploaded again.
    let failed = desk.0.read("ErrorDetail.csv");
    assert_eq!(failed.lines().count(), 4, "{failed}");
    let fixed = failed.replace("9123 4567", "+85291230000").replace("French", "Italian").replace("Ann,", "Ann,Au");
    desk.0.write("fixed.csv", fixed);
    let file = desk.0.path().join("fixed.csv");
    let again = desk.0.json(&["--as", "Bob Wong", "import", file.to_str().expect("a path")], 0);
    assert_eq!((&again["created"], &again["failed"]), (&json!(3), &json!(0)));
}

#[test]
fn searching_and_exporting_contacts() {
    let desk = desk();
    desk.does_as("Bob Wong", &["contact", "add", "last_name=Lee", "company=Acme", "email=lee@example.com"]);
    let ng = desk.does_as("Ann Chan", &["contact", "add", "last_name=Ng", "email=ng@acme.example"]);
    desk.does_as("Eve Lau", &["contact", "add", "last_name=Ho"]);
    // By contact name or e-mail address; not by company.
    assert_eq!(desk.finds(&["acme"]), ["Ng"]);
    assert_eq!(desk.finds(&["lee"]), ["Lee"]);
    // The export holds what one created and what is shared with one.
    desk.does_as("Ann Chan", &["contact", "share", id(&ng), "Bob Wong"]);
    assert_eq!(desk.does_as("Bob Wong", &["export"])["contacts"], 2);
    let export = desk.0.read("Contact.csv");
    assert!(export.contains("Lee") && export.contains("Ng") && !export.contains("Ho,"), "{export}");
    assert_eq!(desk.does_as("Ann Chan", &["export"])["contacts"], 1, "an admin sees more than they own");
}

#[test]
fn details_sharing_transfer_and_deletion() {
    let desk = desk();
    let lee = desk.does_as("Bob Wong", &["contact", "add", "last_name=Lee", "mobile=+85291234567"]);
    let lee = id(&lee);
    // Others neither see nor find it.
    assert_eq!(desk.refuses_as("Eve Lau", &["contact", "show", lee]).0, "CONTACT_UNKNOWN");
    assert_eq!(desk.finds_as("Eve Lau", &[]), [""; 0]);
    // Activity: inquiry history, engagement, journey.
    let call = desk.does(&[
        "enquiry",
        "open",
        "--channel",
        "call",
        "--from",
        "+85291234567",
        "--visit",
        "https://example.com/",
    ]);
    desk.does(&["enquiry", "update", &call["enquiry"]["id"].to_string(), "--status", "closed"]);
    desk.does_as("Bob Wong", &["engage", "sms", lee, "Thank you for your call."]);
    let activity = desk.does_as("Bob Wong", &["contact", "activity", lee]);
    let lists = ["enquiries", "engagements", "visits"].map(|list| activity[list].as_array().map(Vec::len));
    assert_eq!(lists, [Some(1); 3]);
    // Edit External Contact details, and the change log.
    desk.does_as("Bob Wong", &["contact", "edit", lee, "company=Acme"]);
    assert_eq!(desk.does_as("Bob Wong", &["contact", "changes", lee])["changes"][0]["by"], "Bob Wong");

    // Sharing: by the owner; whoever it is shared with sees and edits it, but neither shares nor deletes it.
    assert_eq!(desk.refuses_as("Eve Lau", &["contact", "share", lee, "Eve Lau"]).0, "CONTACT_UNKNOWN");
    let shared = desk.does_as("Bob Wong", &["contact", "share", lee, "Eve Lau"]);
    assert_eq!(shared["shared_with"], json!(["Eve Lau"]));
    desk.does_as("Eve Lau", &["contact", "edit", lee, "job_title=CEO"]);
    for deed in [
        &["contact", "share", lee, "Ann Chan"][..],
        &["contact", "transfer", lee, "Eve Lau"],
        &["contact", "delete", lee, "--yes"],
    ] {
        assert_eq!(desk.refuses_as("Eve Lau", deed).0, "FORBIDDEN", "{deed:?}");
    }
    let (_, why) = desk.refuses_as("Bob Wong", &["contact", "share", lee, "Eve Lao"]);
    assert!(why.contains("Eve Lau"), "{why}");
    // Transferring ownership: by the owner or an administrator.
    let moved = desk.does_as("Ann Chan", &["contact", "transfer", lee, "Eve Lau"]);
    assert_eq!(moved["owner"], "Eve Lau");
    assert_eq!(each(&desk.does(&["contact", "changes", lee])["changes"], "by")[0], "Ann Chan");
    // Deleting, after a confirmation.
    assert_eq!(desk.0.json(&["--as", "Eve Lau", "contact", "delete", lee], 2)["error"]["code"], "CONFIRM");
    desk.does_as("Eve Lau", &["contact", "delete", lee, "--yes"]);
    assert_eq!(desk.finds(&[]), [""; 0]);
}
