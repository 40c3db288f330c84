//! Custom fields on the command line: the schema, what it asks of every contact, imports, plugins, and what is shown.

use serde_json::{Value, json};

use crate::support::Home;

/// A home with a field of most types.
fn desk() -> Home {
    let home = Home::new();
    let add = |args: &[&str]| drop(home.run(&[&["field", "add"], args].concat()).exits(0));
    add(&["tier", "--type", "dropdown", "--option", "Gold", "--option", "Silver", "--label", "Account tier"]);
    add(&["account_no", "--type", "identifier", "--label", "Account number"]);
    add(&["since", "--type", "date"]);
    add(&["score", "--type", "number"]);
    add(&["interests", "--type", "tags"]);
    home
}

#[track_caller]
fn add(home: &Home, fields: &[&str], status: i32) -> Value {
    home.json(&[&["contact", "add"], fields].concat(), status)
}

fn codes(answer: &Value) -> Vec<&str> {
    let problems = answer["error"]["problems"].as_array().expect("problems");
    problems.iter().map(|problem| problem["code"].as_str().unwrap_or_default()).collect()
}

#[test]
fn a_schema_is_made_changed_and_kept_in_versions() {
    let home = Home::new();
    assert_eq!(home.json(&["field", "list"], 0), json!({ "fields": [], "version": 0 }));
    let tier = home.json(&["field", "add", "tier", "--type", "dropdown", "--option", "Gold", "--option", "Silver"], 0);
    assert_eq!(
        (&tier["key"], &tier["label"], &tier["type"], &tier["options"]),
        (&json!("tier"), &json!("Tier"), &json!("dropdown"), &json!(["Gold", "Silver"]))
    );
    assert_eq!((&tier["required"], &tier["enabled"], &tier["for"]), (&json!(false), &json!(true), &json!("contact")));
    let refused = |args: &[&str], status: i32, code: &str| {
        assert_eq!(home.json(&[&["field"], args].concat(), status)["error"]["code"], code, "{args:?}");
    };
    refused(&["add", "Tier", "--type", "text"], 2, "CUSTOM_KEY");
    refused(&["add", "tier", "--type", "text"], 1, "CUSTOM_EXISTS");
    refused(&["add", "level2", "--type", "dropdown"], 2, "CUSTOM_OPTIONS");
    refused(&["edit", "tier", "--type", "text"], 1, "CUSTOM_TYPE_FIXED");
    refused(&["edit", "teir", "--label", "x"], 1, "CUSTOM_UNKNOWN");
    let ann = add(&home, &["last_name=Lee", "custom.tier=silver"], 0);
    assert_eq!(ann["custom"]["tier"], "Silver");
    let edited = home.json(&["field", "edit", "tier", "--option", "Gold", "--label", "Account tier"], 0);
    assert_eq!(edited["version"], 2);
    assert_eq!(edited["notes"][0], "1 contact has the option `Silver`, and keep it until the field is next set");
    home.json(&["contact", "add", "last_name=Li"], 0);
    let required = home.json(&["field", "edit", "tier", "--required", "true"], 0);
    assert_eq!(required["notes"][0], "1 contact has no value: nothing happens to them until they are next edited");
    home.json(&["field", "add", "staff", "--type", "integer", "--for", "organization"], 0);
    let told = home.run(&["field", "list", "--versions", "--for", "contact"]).exits(0).stdout;
    let told: Vec<&str> = told.lines().map(|line| line.rsplit("  cli  ").next().unwrap_or_default()).collect();
    assert_eq!(
        told,
        [
            "`tier` required",
            "`tier`: label `Tier` → `Account tier`; `tier`: options Gold, Silver → Gold",
            "`tier` added (dropdown)"
        ]
    );
    insta::assert_snapshot!(home.run(&["field", "list"]).exits(0).stdout, @"
    contact       custom.tier   dropdown  Account tier  required, Gold
    organization  custom.staff  integer   Staff
    ");
}

#[test]
fn every_value_follows_its_type_and_all_problems_are_told() {
    let home = desk();
    let bad = ["last_name=Lee", "custom.tier=bronze", "custom.since=31/12/2099", "custom.score=1,5"];
    let refused = add(&home, &bad, 1);
    assert_eq!(codes(&refused), ["CUSTOM_OPTION", "CUSTOM_DATE", "CUSTOM_NUMBER"]);
    assert_eq!(refused["error"]["problems"][0]["field"], "custom.tier");
    assert_eq!(refused["error"]["problems"][0]["hint"], "use one of Gold, Silver");
    let good = [
        "last_name=Lee",
        "custom.tier=GOLD",
        "custom.since=12/31/2099",
        "custom.score=+1.50",
        "custom.interests=tea, ski;Tea",
    ];
    let ann = add(&home, &good, 0);
    assert_eq!(
        ann["custom"],
        json!({ "interests": "tea; ski", "score": "1.5", "since": "2099-12-31", "tier": "Gold" })
    );
    let id = ann["id"].as_str().expect("an id");
    let edited =
        home.json(&["contact", "edit", id, "custom.interests+=golf", "custom.interests-=TEA", "custom.score="], 0);
    assert_eq!((&edited["custom"]["interests"], edited["custom"].get("score")), (&json!("ski; golf"), None));
    home.write("carnet.toml", "unknown_custom_fields = \"reject\"\n");
    let unknown = add(&home, &["last_name=Lee", "custom.teir=gold"], 1);
    assert_eq!(
        (codes(&unknown)[0], &unknown["error"]["problems"][0]["hint"]),
        ("CUSTOM_UNKNOWN", &json!("did you mean `tier`? if not, `carnet field add teir` makes the field"))
    );
}

#[test]
fn a_required_field_is_asked_of_new_contacts_and_edits() {
    let home = desk();
    let ann = add(&home, &["last_name=Lee"], 0);
    let id = ann["id"].as_str().expect("an id");
    home.run(&["field", "edit", "tier", "--required", "true"]).exits(0);
    let refused = add(&home, &["last_name=Li"], 1);
    assert_eq!(
        (codes(&refused), &refused["error"]["problems"][0]["field"]),
        (vec!["CUSTOM_MISSING"], &json!("custom.tier"))
    );
    assert_eq!(codes(&add(&home, &["last_name=Li", "custom.tier=none"], 1)), ["CUSTOM_OPTION"], "told once");
    home.json(&["contact", "show", id], 0);
    assert_eq!(codes(&home.json(&["contact", "edit", id, "company=Acme"], 1)), ["CUSTOM_MISSING"]);
    home.json(&["contact", "edit", id, "company=Acme", "custom.tier=gold"], 0);
    assert_eq!(codes(&home.json(&["contact", "edit", id, "custom.tier="], 1)), ["CUSTOM_MISSING"]);
    home.run(&["field", "disable", "tier"]).exits(0);
    add(&home, &["last_name=Li"], 0);
}

#[test]
fn a_disabled_field_is_shown_nowhere_and_keeps_its_values() {
    let home = desk();
    let ann = add(&home, &["last_name=Lee", "custom.tier=gold", "custom.score=7"], 0);
    let id = ann["id"].as_str().expect("an id");
    let off = home.json(&["field", "disable", "tier"], 0);
    assert_eq!(off["notes"][0], "1 contact has a value: kept, but shown nowhere until the field is enabled");
    for answer in [&home.json(&["contact", "show", id], 0), &home.json(&["search", "lee"], 0)["contacts"][0]] {
        assert_eq!(answer["custom"], json!({ "score": "7" }));
    }
    assert!(!home.run(&["contact", "show", id]).stdout.contains("Gold"));
    let headers = home.json(&["template"], 0)["headers"].to_string();
    assert!(headers.contains("custom.score") && !headers.contains("custom.tier"), "{headers}");
    for wish in ["custom.tier=silver", "custom.tier="] {
        let refused = home.json(&["contact", "edit", id, wish], 1);
        assert_eq!(codes(&refused), ["CUSTOM_DISABLED"]);
        assert_eq!(refused["error"]["problems"][0]["hint"], "enable it with `carnet field enable tier`");
    }
    home.json(&["contact", "edit", id, "company=Acme"], 0);
    home.run(&["field", "enable", "tier"]).exits(0);
    assert_eq!(home.json(&["contact", "show", id], 0)["custom"], json!({ "score": "7", "tier": "Gold" }));
}

const HINT: &str = "did you mean `account_no`? if not, `carnet field add acount_no` makes the field";

#[test]
fn a_slip_in_a_key_typed_by_hand_is_no_new_field() {
    let home = desk();
    let slip = add(&home, &["last_name=Lee", "custom.acount_no=A-1"], 1);
    assert_eq!(codes(&slip), ["CUSTOM_UNKNOWN"]);
    assert_eq!(slip["error"]["problems"][0]["hint"], HINT);
    add(&home, &["last_name=Lee", "custom.shoe=42"], 0);
    home.write("slip.csv", "Last name,custom.acount_no\nLi,A-2\n");
    let report = home.json(&["import", "slip.csv"], 0);
    assert!(report["warnings"].to_string().contains("did you mean `account_no`?"), "{report:#}");
}

#[test]
fn an_identifier_belongs_to_one_contact() {
    let home = desk();
    let ann = add(&home, &["last_name=Lee", "custom.account_no=Acc-1"], 0);
    let id = ann["id"].as_str().expect("an id");
    let twin = add(&home, &["last_name=Li", "custom.account_no=ＡＣＣ-1"], 1);
    assert_eq!(codes(&twin), ["CUSTOM_TAKEN"]);
    assert!(twin["error"]["problems"][0]["message"].as_str().is_some_and(|told| told.contains(id)), "{twin:#}");
    let li = add(&home, &["last_name=Li", "custom.account_no=A; b"], 0);
    let other = li["id"].as_str().expect("an id");
    add(&home, &["last_name=Part", "custom.account_no=A"], 0);
    assert_eq!(codes(&home.json(&["contact", "edit", other, "custom.account_no=acc-1"], 1)), ["CUSTOM_TAKEN"]);
    home.json(&["contact", "edit", id, "company=Acme", "custom.account_no=ACC-1"], 0);
    home.json(&["contact", "delete", id, "--yes"], 0);
    home.json(&["contact", "edit", other, "custom.account_no=acc-1"], 0);
}

#[test]
fn an_import_checks_custom_values_row_by_row() {
    let home = desk();
    add(&home, &["last_name=Lee", "email=lee@example.com", "custom.account_no=A-1"], 0);
    home.run(&["field", "edit", "tier", "--required", "true"]).exits(0);
    home.write(
        "in.csv",
        "Last name,Email,ACCOUNT TIER,custom.Account_No,custom.since\n\
         New,n@example.com,gold,A-2,01/31/2030\n\
         Taken,t@example.com,gold,a-1,\n\
         Twin,w@example.com,silver,a-2,\n\
         Tierless,x@example.com,,A-3,\n\
         Bronze,b@example.com,bronze,A-4,someday\n\
         Free,f@example.com,SILVER,A-3,\n",
    );
    let check = |report: &Value| {
        assert_eq!(
            (&report["read"], &report["created"], &report["failed"]),
            (&json!(6), &json!(2), &json!(4)),
            "{report:#}"
        );
    };
    check(&home.json(&["import", "in.csv", "--dry-run"], 3));
    check(&home.json(&["import", "in.csv", "--errors-json", "errors.json"], 3));
    let errors: Value = serde_json::from_str(&home.read("errors.json")).expect("JSON");
    let told: Vec<String> = errors
        .as_array()
        .or_else(|| errors["errors"].as_array())
        .expect("a list")
        .iter()
        .map(|error| {
            format!(
                "{} {} {}",
                error["row"],
                error["field"].as_str().unwrap_or("-"),
                error["code"].as_str().unwrap_or("-")
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            "2 custom.account_no CUSTOM_TAKEN",
            "3 custom.account_no CUSTOM_TAKEN",
            "4 custom.tier CUSTOM_MISSING",
            "5 custom.since CUSTOM_DATE",
            "5 custom.tier CUSTOM_OPTION"
        ]
    );
    // Two rows that change hands of a value in one batch; the one who gives it up comes first.
    home.write(
        "swap.csv",
        "Last name,Email,custom.tier,custom.account_no\nLee,lee@example.com,gold,A-9\nNew,n@example.com,gold,A-1\nFree,f@example.com,gold,A-9\n",
    );
    let swap = home.json(&["import", "swap.csv", "--on-match", "update"], 3);
    assert_eq!((&swap["updated"], &swap["failed"]), (&json!(2), &json!(1)), "{swap:#}");
    assert_eq!(home.json(&["search", "n@example.com"], 0)["contacts"][0]["custom"]["account_no"], "A-1");
}

#[test]
fn a_plugins_value_follows_the_schema_too() {
    let home = desk();
    home.write(
        "scripts/tiers.rhai",
        r#"fn on_create(contact) { contact["custom.tier"] = if contact.company == "Acme" { "gold" } else { "Platinum" }; }"#,
    );
    assert_eq!(add(&home, &["last_name=Lee", "company=Acme"], 0)["custom"]["tier"], "Gold");
    let refused = add(&home, &["last_name=Lee"], 1);
    let told = refused["error"]["problems"][0]["message"].as_str().unwrap_or_default();
    assert!(told.contains("`custom.tier`: `Platinum` is no option of `Account tier`"), "{told}");
}
