//! "External Contacts", profile `genesys`.

use serde_json::json;

use super::{Desk, each, id};

fn desk() -> Desk {
    let desk = Desk::new("genesys", "");
    for division in ["Asia", "Europe"] {
        desk.does(&["division", "add", division]);
    }
    desk.does(&["staff", "add", "name=Ann Chan", "divisions=Asia"]);
    desk.does(&["staff", "add", "name=Ben Smith", "divisions=Europe"]);
    desk
}

#[test]
fn an_organization_and_its_contacts() {
    let desk = desk();
    // Creating an External Organization, with its own custom fields.
    desk.does(&[
        "field",
        "add",
        "account_id",
        "--type",
        "identifier",
        "--label",
        "Account ID",
        "--for",
        "organization",
    ]);
    let org = desk.does(&[
        "org",
        "add",
        "name=Acme Corp",
        "website=https://acme.example",
        "street=1 Main Street",
        "city=Springfield",
        "country=US",
        "custom.account_id=A-1",
        "division=Asia",
    ]);
    assert_eq!((&org["name"], &org["custom"]["account_id"]), (&json!("Acme Corp"), &json!("A-1")));
    assert!(desk.refuses(&["org", "add", "website=https://x.example"]).1.contains("name"));

    // Creating an External Contact: first and last name are the only mandatory fields.
    let (_, why) = desk.refuses(&["contact", "add", "last_name=Lee"]);
    assert!(why.contains("FIRST_NAME_MISSING"), "{why}");
    desk.does(&["field", "add", "tier", "--type", "dropdown", "--option", "Gold", "--option", "Silver"]);
    let lee = desk.does_as(
        "Ann Chan",
        &[
            "contact",
            "add",
            "first_name=Ann",
            "last_name=Lee",
            "organization=acme corp",
            "email=ann@example.com",
            "mobile=+85291234567",
            "work_phone=+85221234567",
            "whatsapp=+85291234567",
            "twitter=@ann",
            "facebook=ann",
            "line=ann",
            "survey_opt_out=yes",
            "external_url=https://crm.example/1",
            "custom.tier=gold",
        ],
    );
    assert_eq!((&lee["organization"], &lee["division"]), (&json!("Acme Corp"), &json!("Asia")));
    desk.does_as("Ann Chan", &["contact", "note", id(&lee), "Bought two."]);
    assert_eq!(each(&desk.does(&["org", "contacts", "Acme Corp"])["contacts"], "name"), ["Ann Lee"]);
    let (_, why) = desk.refuses(&["contact", "edit", id(&lee), "organization=Acme Crop"]);
    assert!(why.contains("Acme Corp"), "{why}");

    // SMS Toggle: off until it is switched on, for each number.
    assert_eq!(lee["phones"][0]["sms"], false);
    let (code, _) = desk.refuses_as("Ann Chan", &["engage", "sms", id(&lee), "Hello", "--number", "+85291234567"]);
    assert_eq!(code, "SMS_OFF");
    desk.does_as("Ann Chan", &["contact", "edit", id(&lee), "no_sms=+85221234567"]);
    desk.does_as("Ann Chan", &["engage", "sms", id(&lee), "Hello", "--number", "+85291234567"]);
    assert_eq!(
        desk.refuses_as("Ann Chan", &["engage", "sms", id(&lee), "Hello", "--number", "+85221234567"]).0,
        "SMS_OFF"
    );

    // Survey Opt-Out: no surveys, whatever the method.
    assert_eq!(desk.does(&["survey", "check", id(&lee)])["send"], false);
    let call = desk.does_as("Ann Chan", &["enquiry", "open", "--channel", "call", "--from", "+85291234567"]);
    let number = call["enquiry"]["id"].to_string();
    let closed = desk.does_as("Ann Chan", &["enquiry", "update", &number, "--status", "closed"]);
    assert_eq!(closed["enquiry"]["survey"]["send"], false);
    assert_eq!(desk.does(&["contact", "consent", id(&lee)])["ledger"][0]["by"], "Ann Chan");

    // Where Agents See This Data: name, organization, numbers, handles, notes, custom fields, the link.
    assert_eq!(call["contact"]["name"], "Ann Lee");
    assert_eq!(call["organization"]["website"], "https://acme.example");
    assert_eq!(each(&call["notes"], "text"), ["Bought two."]);
    assert_eq!(
        (&call["contact"]["custom"]["tier"], &call["contact"]["external_url"]),
        (&json!("Gold"), &json!("https://crm.example/1"))
    );
}

#[test]
fn custom_fields_bulk_management_and_divisions() {
    let desk = desk();
    // Custom Fields are configured at the schema, appear in the template, and are disabled, not lost.
    desk.does(&["field", "add", "contract", "--type", "text", "--label", "Contract ID"]);
    let rows: &[&[(&str, &str)]] = &[
        &[("First name", "Ann"), ("Last name (Mandatory)", "Lee"), ("custom.contract", "C-1")],
        &[("First name", "Bo"), ("Last name (Mandatory)", "Ng"), ("custom.contract", "C-2")],
    ];
    desk.0.write("contacts.csv", desk.fill_template(rows));
    let file = desk.0.path().join("contacts.csv");
    let report = desk.does_as("Ann Chan", &["import", file.to_str().expect("a path")]);
    assert_eq!(report["created"], 2);
    assert_eq!(desk.finds(&["--custom", "contract=c-2"]), ["Bo Ng"]);
    desk.does(&["bulk", "edit", "level=secondary", "--custom", "contract=C-2", "--yes"]);
    assert_eq!(desk.finds(&["--level", "secondary"]), ["Bo Ng"]);
    desk.does(&["field", "disable", "contract"]);
    assert!(desk.does(&["search", "bo"])["contacts"][0]["custom"]["contract"].is_null());
    desk.does(&["field", "enable", "contract"]);
    assert_eq!(desk.does(&["search", "bo"])["contacts"][0]["custom"]["contract"], "C-2");

    // Division Behaviour: each sees their own; a contact never moves.
    assert_eq!(desk.finds_as("Ben Smith", &[]), [""; 0]);
    assert_eq!(desk.finds_as("Ann Chan", &[]), ["Ann Lee", "Bo Ng"]);
    let lee = desk.does(&["search", "lee"])["contacts"][0].clone();
    let (_, why) = desk.refuses(&["contact", "edit", id(&lee), "division=Europe"]);
    assert!(why.contains("DIVISION_FIXED") && why.contains("recreate"), "{why}");
    let ben = desk.does_as("Ben Smith", &["contact", "add", "first_name=Ed", "last_name=Lee"]);
    let (code, _) = desk.refuses(&["contact", "merge", id(&lee), id(&ben)]);
    assert_eq!(code, "MERGE_DIVISIONS");
}
