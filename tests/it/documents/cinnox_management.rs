//! "Managing External Contacts", profile `cinnox`.

use serde_json::{Value, json};

use super::{Desk, each, id};

#[test]
fn creating_contacts() {
    let desk = Desk::new("cinnox", "");
    // Last Name is required; what is missing becomes `customer`, and is marked.
    let nameless = desk.does(&["contact", "add", "first_name=John"]);
    assert_eq!((&nameless["last_name"], &nameless["last_name_is_placeholder"]), (&json!("customer"), &json!(true)));
    // Contact Label, several phones and e-mails of each type, and the country of a number.
    let full = desk.does(&[
        "contact",
        "add",
        "last_name=Doe",
        "labels=VIP;Press",
        "mobile=+85291234567",
        "mobile+=+85261234567",
        "work_phone=+85221234567",
        "email=john@example.com",
        "personal_email=john@example.org",
        "company=ABC",
        "job_title=CEO",
        "department=Board",
        "group=A",
        "line=john.line",
        "twitter=@john",
        "linkedin=john-doe",
        "woztell_whatsapp=85291234567",
        "woztell_facebook=f1",
        "woztell_instagram=i1",
    ]);
    assert_eq!((full["phones"].as_array().map(Vec::len), full["socials"].as_array().map(Vec::len)), (Some(3), Some(6)));
    assert_eq!(full["labels"], json!(["Press", "VIP"]));
    // Custom Field: as many as were created.
    desk.does(&[
        "field", "add", "tier", "--type", "dropdown", "--label", "Tier", "--option", "Gold", "--option", "Silver",
    ]);
    let edited = desk.does(&["contact", "edit", id(&full), "custom.tier=gold"]);
    assert_eq!(edited["custom"]["tier"], "Gold");
    let (_, why) = desk.refuses(&["contact", "edit", id(&full), "custom.tier=bronze"]);
    assert!(why.contains("Gold") && why.contains("Silver"), "{why}");
}

#[test]
fn importing_and_repairing_contacts() {
    let desk = Desk::new("cinnox", "error_column = \"AZ\"\n");
    let rows: &[&[(&str, &str)]] = &[
        &[("Last name (Mandatory)", "Lee"), ("Mobile", "91234567"), ("Email", "lee@example.com"), ("Team", "Sales")],
        &[("First name", "Ann"), ("Country", "HKG"), ("Type", "Others"), ("Birthdate", "12/14/1980")],
        &[("Last name (Mandatory)", "Ng"), ("Mobile", "+3367a8123")],
        &[("Last name (Mandatory)", "Ho"), ("Email", "[email\u{a0}protected]")],
        &[("Last name (Mandatory)", "Chan"), ("Job Title", "Manager, HR and Administration")],
    ];
    desk.0.write("contacts.csv", desk.fill_template(rows));
    let file = desk.0.path().join("contacts.csv");
    let file = file.to_str().expect("a path");
    // Yes, add country codes automatically.
    let report = desk.0.json(&["import", file, "--country", "HK"], 3);
    assert_eq!((&report["read"], &report["created"], &report["failed"]), (&json!(5), &json!(3), &json!(2)));
    assert_eq!(desk.finds(&["+85291234567"]), ["Lee"]);
    let customer = &desk.does(&["search", "ann"])["contacts"][0];
    assert_eq!((&customer["last_name"], &customer["type"]), (&json!("customer"), &json!("other")));
    assert_eq!(desk.does(&["search", "chan"])["contacts"][0]["job_title"], "Manager, HR and Administration");

    // Handling Failed Records: the error is in column AZ; the file is corrected and uploaded as it is.
    let failed = desk.0.read("ErrorDetail.csv");
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(failed.trim_start_matches('\u{feff}').as_bytes());
    let records: Vec<csv::StringRecord> = reader.records().map(|record| record.expect("a record")).collect();
    assert_eq!(records.len(), 3);
    assert!(records[1].get(51).is_some_and(|cell| cell.contains("+3367a8123")), "{records:?}");
    desk.0.write(
        "fixed.csv",
        failed.replace("+3367a8123", "+33678123456").replace("[email\u{a0}protected]", "ho@example.com"),
    );
    let fixed = desk.0.path().join("fixed.csv");
    let again = desk.does(&["import", fixed.to_str().expect("a path"), "--country", "HK"]);
    assert_eq!((&again["created"], &again["failed"]), (&json!(2), &json!(0)));

    // Splitting text in the CSV file: a comma that nobody quoted never shifts a row.
    desk.0.write("split.csv", "Last name,Title,Team\nKwok,Head of Marketing, Asia Division,Marketing\nYip,\"Head of Marketing, Asia Division\",Marketing\n");
    let split = desk.0.path().join("split.csv");
    let report = desk.0.json(&["import", split.to_str().expect("a path")], 3);
    assert_eq!((&report["created"], &report["failed"]), (&json!(1), &json!(1)));
    assert!(desk.0.read("ErrorDetail.csv").contains("quote the value that contains the delimiter"));
    assert_eq!(desk.does(&["search", "yip"])["contacts"][0]["job_title"], "Head of Marketing, Asia Division");
}

#[test]
fn searching_and_exporting_contacts() {
    let desk = Desk::new("cinnox", "");
    for fields in [
        ["last_name=Lee", "company=Acme", "email=lee@example.com", "labels=VIP;Press"],
        ["last_name=Ng", "company=Globex", "email=ng@acme.example", "labels=VIP"],
        ["last_name=Ho", "company=Initech", "email=ho@example.com", "labels=Press"],
    ] {
        desk.does(&[&["contact", "add"][..], &fields].concat());
    }
    // By name, company or e-mail address.
    assert_eq!(desk.finds(&["ho"]), ["Ho"]);
    assert_eq!(desk.finds(&["acme"]), ["Lee", "Ng"]);
    assert_eq!(desk.finds(&["ng@acme"]), ["Ng"]);
    // The filter: company, any or all labels.
    assert_eq!(desk.finds(&["--company", "acme"]), ["Lee"]);
    assert_eq!(desk.finds(&["--label", "VIP", "--label", "Press", "--match", "any"]), ["Ho", "Lee", "Ng"]);
    assert_eq!(desk.finds(&["--label", "VIP", "--label", "Press", "--match", "all"]), ["Lee"]);
    // Both at once, unless the setting says one at a time.
    assert_eq!(desk.finds(&["acme", "--label", "Press"]), ["Lee"]);
    desk.0.write("carnet.toml", "profile = \"cinnox\"\nsearch_with_filters = false\n");
    let refused = desk.0.json(&["search", "acme", "--label", "Press"], 2);
    assert!(refused["error"]["hint"].is_string(), "{refused}");
    // Export.
    desk.does(&["export"]);
    let export = desk.0.read("Contact.csv");
    assert_eq!(export.lines().count(), 4, "{export}");
}

#[test]
fn details_enquiries_and_editing() {
    let desk = Desk::new("cinnox", "");
    desk.does(&["staff", "add", "name=Ann Chan"]);
    let lee = desk.does(&[
        "contact",
        "add",
        "last_name=Lee",
        "mobile=+85291234567",
        "line=lee.line",
        "verified=+85291234567 ::: line:lee.line",
    ]);
    // You cannot edit verified phone numbers and social media IDs.
    for change in ["mobile=+85261234567", "mobile=", "line=other", "verified="] {
        let (_, why) = desk.refuses(&["contact", "edit", id(&lee), change]);
        assert!(why.contains("VERIFIED_LOCKED"), "{change}: {why}");
    }
    // Open: view. Handling: view and edit. Closed, missed: view.
    let pop = desk.does(&[
        "enquiry",
        "open",
        "--channel",
        "call",
        "--from",
        "+85291234567",
        "--device",
        "Desk phone",
        "--visit",
        "https://example.com/prices Prices",
    ]);
    assert_eq!((&pop["contact"]["id"], &pop["permissions"]), (&lee["id"], &json!({ "view": true, "edit": false })));
    let number = pop["enquiry"]["id"].to_string();
    let (code, _) = desk.refuses_as("Ann Chan", &["enquiry", "edit", &number, "company=Acme"]);
    assert_eq!(code, "ENQUIRY_VIEW_ONLY");
    let handling = desk.does_as("Ann Chan", &["enquiry", "update", &number, "--status", "handling"]);
    assert_eq!((&handling["permissions"]["edit"], &handling["enquiry"]["staff"]), (&json!(true), &json!("Ann Chan")));
    desk.does_as("Ann Chan", &["enquiry", "edit", &number, "company=Acme"]);
    desk.0.write("chat.txt", "Lee: hello\nAnn: hello\n");
    let transcript = desk.0.path().join("chat.txt");
    let closed = desk.does_as(
        "Ann Chan",
        &["enquiry", "update", &number, "--status", "closed", "--transcript", transcript.to_str().expect("a path")],
    );
    assert_eq!(closed["enquiry"]["survey"]["send"], true);
    let (code, _) = desk.refuses_as("Ann Chan", &["enquiry", "edit", &number, "company=Globex"]);
    assert_eq!(code, "ENQUIRY_VIEW_ONLY");
    let missed = desk.does(&["enquiry", "open", "--channel", "sms", "--from", "+85291234567"]);
    let missed = desk.does(&["enquiry", "update", &missed["enquiry"]["id"].to_string(), "--status", "missed"]);
    assert_eq!(missed["permissions"], json!({ "view": true, "edit": false }));

    // Activity: enquiry history, engagement, journey; a closed enquiry leads to its conversation.
    desk.does(&["engage", "call", id(&lee)]);
    let activity = desk.does(&["contact", "activity", id(&lee)]);
    assert_eq!(each(&activity["enquiries"], "status"), ["missed", "closed"]);
    assert_eq!(each(&activity["engagements"], "kind"), ["call"]);
    assert_eq!(each(&activity["visits"], "url"), ["https://example.com/prices"]);
    assert!(desk.does(&["enquiry", "show", &number]).to_string().contains("Lee: hello"));
    // Device information.
    assert_eq!(desk.does(&["contact", "show", id(&lee)])["device"], "Desk phone");
    // Change Log: the last five records, or all.
    for company in ["A", "B", "C", "D", "E", "F"] {
        desk.does_as("Ann Chan", &["contact", "edit", id(&lee), &format!("company={company}")]);
    }
    let last = desk.does(&["contact", "changes", id(&lee)]);
    assert_eq!(last["changes"].as_array().map(Vec::len), Some(5));
    assert_eq!((&last["changes"][0]["by"], &last["changes"][0]["fields"][0]["new"]), (&json!("Ann Chan"), &json!("F")));
    assert!(desk.does(&["contact", "changes", id(&lee), "--all"])["changes"].as_array().map_or(0, Vec::len) > 7);
}

#[test]
fn merging_and_deleting() {
    let desk = Desk::new("cinnox", "");
    let master = desk.does(&[
        "contact",
        "add",
        "first_name=John",
        "last_name=Doe",
        "mobile=+85291234567",
        "company=ABC",
        "job_title=CEO",
    ]);
    let other = desk.does(&[
        "contact",
        "add",
        "first_name=Jonathan",
        "last_name=Doe",
        "mobile=+85291234567",
        "mobile+=+85261234567",
        "company=ABC Ltd",
        "job_title=Chairman",
    ]);
    // Suggested when handling an enquiry by phone number.
    let pop = desk.does(&["enquiry", "open", "--channel", "call", "--from", "+85291234567"]);
    assert_eq!(pop["candidates"].as_array().map(Vec::len), Some(2));
    desk.does(&["contact", "note", id(&other), "Met at the fair."]);
    let call = desk.does(&["enquiry", "open", "--channel", "call", "--from", "+85261234567"]);
    assert_eq!(call["contact"]["id"], other["id"]);
    // Two contacts' information, then the choice of what to keep, copy and replace.
    let preview = desk.does(&["contact", "merge", id(&master), id(&other), "--preview"]);
    assert_eq!((&preview["master"]["id"], &preview["other"]["id"]), (&master["id"], &other["id"]));
    let merged = desk.does(&["contact", "merge", id(&master), id(&other), "--take", "company", "--both", "first_name"]);
    assert_eq!((&merged["company"], &merged["job_title"]), (&json!("ABC Ltd"), &json!("CEO")));
    assert_eq!(merged["other_first_names"], json!(["Jonathan"]));
    assert_eq!(merged["phones"].as_array().map(Vec::len), Some(2));
    // All activities and enquiries on one page.
    let activity = desk.does(&["contact", "activity", id(&master)]);
    assert_eq!(activity["enquiries"].as_array().map(Vec::len), Some(1));
    assert_eq!(each(&desk.does(&["contact", "notes", id(&master)])["notes"], "text"), ["Met at the fair."]);
    assert_eq!(desk.does(&["contact", "show", id(&other)])["id"], master["id"]);
    // And back again.
    desk.does(&["contact", "unmerge", id(&other)]);
    assert_eq!(desk.does(&["contact", "show", id(&other)])["company"], "ABC Ltd");

    // Deleting: asks to confirm; the room of an open enquiry stays, with the name.
    assert_eq!(desk.0.json(&["contact", "delete", id(&other)], 2)["error"]["code"], "CONFIRM");
    desk.does(&["contact", "delete", id(&other), "--yes"]);
    let room = desk.does(&["enquiry", "show", &call["enquiry"]["id"].to_string()]);
    assert_eq!((&room["contact"], &room["enquiry"]["contact_name"]), (&Value::Null, &json!("Jonathan Doe")));
}
