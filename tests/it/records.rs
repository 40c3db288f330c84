//! Organizations, staff members and divisions on the command line: who may do what with them, and what becomes of the contacts that
//! name them.

use serde_json::{Value, json};

use crate::support::Home;

#[track_caller]
fn refused(home: &Home, args: &[&str], status: i32, code: &str) -> Value {
    let answer = home.json(args, status);
    assert_eq!(answer["error"]["code"], code, "{answer:#}");
    answer["error"].clone()
}

#[track_caller]
fn done(home: &Home, args: &[&str]) -> Value {
    home.json(args, 0)
}

/// Notes in the store that every contact names something, as the store itself may have done already.
fn note_facet(home: &Home, facet: u8, key: &str) {
    let conn = rusqlite::Connection::open(home.path().join("carnet.db")).expect("the database");
    let sql = "INSERT OR IGNORE INTO contact_facet SELECT ?1, ?2, no FROM contact WHERE gone = 0";
    conn.execute(sql, (facet, key)).expect("a facet");
}

#[test]
fn staff_are_managed_by_admins_and_act_by_number_name_or_address() {
    let home = Home::new();
    done(&home, &["division", "add", "Asia"]);
    let ann = done(
        &home,
        &[
            "staff",
            "add",
            "name=Ann Chan",
            "email=ann@example.com",
            "phone=+852 2123 4567",
            "role=admin",
            "extension=12",
        ],
    );
    assert_eq!(
        (&ann["id"], &ann["phone"], &ann["availability"]),
        (&json!(1), &json!("+85221234567"), &json!("offline"))
    );
    let bob = ["staff", "add", "name=Bob Ho", "email=bob@example.com", "divisions=asia", "time_zone=asia/hong_kong"];
    let bob = done(&home, &[&["--as", "ANN@example.com"], &bob[..]].concat());
    assert_eq!((&bob["divisions"], &bob["time_zone"]), (&json!(["Asia"]), &json!("Asia/Hong_Kong")));
    assert_eq!(bob["created"]["by"], "Ann Chan");
    refused(&home, &["staff", "add", "name=ann chan"], 1, "NAME_TAKEN");
    refused(&home, &["staff", "add", "name=Eve", "email=ANN@example.com"], 1, "EMAIL_TAKEN");
    refused(&home, &["staff", "add", "name=Eve", "divisions=Asiaa"], 1, "DIVISION_UNKNOWN");
    let told =
        refused(&home, &["staff", "add", "email=x", "phone=8.5E+11", "role=boss", "time_zone=Moon"], 1, "REJECTED");
    let codes: Vec<_> = told["problems"].as_array().expect("problems").iter().map(|problem| &problem["code"]).collect();
    assert_eq!(codes, ["EMAIL_FORMAT", "PHONE_SCIENTIFIC", "ROLE_UNKNOWN", "TIME_ZONE_UNKNOWN", "NAME_MISSING"]);
    assert_eq!(
        refused(&home, &["staff", "edit", "1", "rol=agent"], 2, "FIELD_UNKNOWN")["hint"],
        "did you mean `role`?"
    );

    assert_eq!(
        refused(&home, &["--as", "Anne Chan", "staff", "list"], 1, "STAFF_UNKNOWN")["hint"],
        "did you mean `Ann Chan`?"
    );
    let told = refused(&home, &["--as", "2", "staff", "add", "name=Eve"], 1, "FORBIDDEN");
    assert_eq!(told["hint"], "only admins may; ask Ann Chan");
    refused(&home, &["--as", "2", "staff", "edit", "Bob Ho", "role=admin"], 1, "FORBIDDEN");
    refused(&home, &["--as", "2", "staff", "edit", "Ann Chan", "availability=busy"], 1, "FORBIDDEN");
    done(&home, &["--as", "bob ho", "staff", "edit", "2", "availability=Busy"]);
    refused(&home, &["staff", "edit", "2", "name=Rob Ho", "--rev", "1"], 1, "STALE_REV");
    insta::assert_snapshot!(home.run(&["staff", "list"]).exits(0).stdout, @r"
    1  Ann Chan  offline  admin  ann@example.com  +85221234567  12
    2  Bob Ho    busy     agent  bob@example.com
    ");
    done(&home, &["staff", "delete", "Ann Chan"]);
    refused(&home, &["--as", "1", "staff", "list"], 1, "STAFF_UNKNOWN");
}

#[test]
fn an_organization_is_added_found_edited_and_deleted() {
    let home = Home::new();
    let acme = done(
        &home,
        &[
            "org",
            "add",
            "name=Acme",
            "website=www.acme.com",
            "country=Hong Kong",
            "phone=+852 2123 4567",
            "custom.tier=gold",
        ],
    );
    assert_eq!((&acme["address"]["country"], &acme["custom"]), (&json!("HK"), &json!({ "tier": "gold" })));
    done(&home, &["org", "add", "name=Société Générale"]);
    refused(&home, &["org", "add", "name=ACME"], 1, "NAME_TAKEN");
    let told = refused(&home, &["org", "add", "website=javascript:x", "country=Atlantis"], 1, "REJECTED");
    assert_eq!(told["problems"].as_array().map(Vec::len), Some(3), "{told:#}");
    refused(&home, &["org", "add", "name=A", "name=B"], 2, "ASSIGNMENT");
    assert_eq!(refused(&home, &["org", "show", "Acmee"], 1, "ORGANIZATION_UNKNOWN")["hint"], "did you mean `Acme`?");
    let page = done(&home, &["org", "list", "gen", "soc"]);
    assert_eq!((&page["total"], &page["organizations"][0]["id"], &page["next"]), (&json!(1), &json!(2), &Value::Null));
    let next = done(&home, &["org", "list", "--limit", "1"])["next"].as_str().expect("more").to_owned();
    assert_eq!(done(&home, &["org", "list", "--limit", "1", "--after", &next])["organizations"][0]["id"], 2);
    refused(&home, &["org", "list", "--after", "7"], 2, "CURSOR");
    let edited = done(&home, &["org", "edit", "acme", "name=Acme Ltd", "custom.tier=", "--rev", "1"]);
    assert_eq!((&edited["rev"], &edited["custom"]), (&json!(2), &json!({})));
    refused(&home, &["org", "edit", "1", "phone=+85221234568", "--rev", "1"], 1, "STALE_REV");
    let changes = done(&home, &["org", "changes", "Acme Ltd"]);
    assert_eq!(changes["changes"][0]["fields"][0], json!({ "field": "name", "old": "Acme", "new": "Acme Ltd" }));
    assert_eq!((&changes["changes"][1]["action"], &changes["changes"][1]["by"]), (&json!("created"), &json!("cli")));
    insta::assert_snapshot!(home.run(&["org", "delete", "1"]).exits(0).stdout, @"deleted organization 1 Acme Ltd");
    refused(&home, &["org", "show", "1"], 1, "ORGANIZATION_UNKNOWN");
    let last = done(&home, &["org", "changes", "1"])["changes"][0].clone();
    assert_eq!((&last["action"], &last["fields"][0]["old"]), (&json!("deleted"), &json!("Acme Ltd")));
}

#[test]
fn contacts_follow_what_they_name() {
    let home = Home::new();
    home.write("people.csv", "Last name,External Organization,Division,Owner\nLee,Acme,Asia,Ann\nLi,ACME,asia,ann\n");
    done(&home, &["staff", "add", "name=Ann"]);
    done(&home, &["import", "people.csv"]);
    let acme = done(&home, &["org", "show", "acme"]);
    assert_eq!(
        (&acme["name"], &acme["division"], &acme["created"]["by"]),
        (&json!("Acme"), &Value::Null, &json!("import 1"))
    );
    for (facet, key) in [(1, "acme"), (2, "ann"), (4, "asia")] {
        note_facet(&home, facet, key);
    }
    assert_eq!(
        done(&home, &["division", "list"])["divisions"],
        json!([{ "id": 1, "name": "Asia", "contacts": 2, "organizations": 0, "staff": 0 }])
    );
    refused(&home, &["division", "delete", "asia"], 1, "DIVISION_IN_USE");
    let renamed = home.run(&["org", "edit", "Acme", "name=Acme Ltd"]).exits(0);
    assert!(renamed.stdout.contains("renamed in 2 contacts"), "{renamed:#?}");
    done(&home, &["staff", "edit", "Ann", "name=Zoe"]);
    done(&home, &["division", "rename", "Asia", "APAC"]);
    let found = done(&home, &["search", "lee"])["contacts"][0].clone();
    assert_eq!(
        (&found["organization"], &found["owner"], &found["division"], &found["rev"]),
        (&json!("Acme Ltd"), &json!("Zoe"), &json!("APAC"), &json!(4))
    );
    let id = found["id"].as_str().expect("an id");
    let changes = done(&home, &["contact", "changes", id]);
    assert_eq!(changes["changes"][0]["fields"][0]["new"], "APAC");

    for (facet, key) in [(1, "acme ltd"), (2, "zoe")] {
        note_facet(&home, facet, key);
    }
    let asked = refused(&home, &["staff", "delete", "Zoe"], 2, "CONFIRM");
    assert!(asked["message"].as_str().is_some_and(|text| text.contains("2 contacts")), "{asked:#}");
    let deleted = home.run(&["staff", "delete", "Zoe", "--yes"]).exits(0);
    assert!(deleted.stderr.contains("2 contacts keep the name Zoe"), "{deleted:#?}");
    refused(&home, &["org", "delete", "Acme Ltd"], 2, "CONFIRM");
    assert_eq!(done(&home, &["org", "delete", "Acme Ltd", "--yes"])["contacts"], 2);
    let found = done(&home, &["contact", "show", id]);
    assert_eq!((&found["organization"], &found["owner"]), (&Value::Null, &json!("Zoe")));
}

#[test]
fn rows_name_staff_that_there_is_and_exports_come_in_anywhere() {
    let home = Home::new();
    done(&home, &["staff", "add", "name=Ann Chan"]);
    home.write(
        "people.csv",
        "Last name,Owner,Shared with,Email\nLee,ann chan,,lee@example.com\nLi,Bob Ray,,\nLo,Ann Chan,ANN CHAN ::: Ann Chen,\nLu,,Ann Chan,\n",
    );
    let report = home.json(&["import", "people.csv", "--errors-json", "errors.json"], 3);
    assert_eq!((&report["created"], &report["failed"]), (&json!(2), &json!(2)), "{report:#}");
    let errors: Value = serde_json::from_str(&home.read("errors.json")).expect("a list");
    let told = |at: usize| ["line", "column", "field", "code", "value"].map(|key| errors[at][key].clone());
    assert_eq!(told(0), [json!(3), json!("B"), json!("owner"), json!("STAFF_UNKNOWN"), json!("Bob Ray")]);
    assert_eq!(told(1), [json!(4), json!("C"), json!("shared_with"), json!("STAFF_UNKNOWN"), json!("Ann Chen")]);
    let hint = |at: usize| errors[at]["hint"].as_str().unwrap_or_default().to_owned();
    assert!(hint(0).contains("`carnet staff add name=\"Bob Ray\"`"), "{}", hint(0));
    assert!(hint(1).contains("did you mean `Ann Chan`?"), "{}", hint(1));
    assert_eq!(done(&home, &["search", "lee"])["contacts"][0]["owner"], "Ann Chan", "as its bearer writes it");

    home.run(&["export", "--out", "Contact.csv"]).exits(0);
    let fresh = Home::new();
    fresh.write("Contact.csv", home.read("Contact.csv"));
    let report = done(&fresh, &["import", "Contact.csv"]);
    assert_eq!((&report["created"], &report["warned_values"]), (&json!(2), &json!(2)), "{report:#}");
    assert_eq!((&report["warned"][0]["code"], &report["warned"][0]["count"]), (&json!("STAFF_UNKNOWN"), &json!(2)));
    let lee = done(&fresh, &["search", "lee"])["contacts"][0].clone();
    assert_eq!(
        (&lee["owner"], &done(&fresh, &["search", "lu"])["contacts"][0]["shared_with"]),
        (&json!("Ann Chan"), &json!(["Ann Chan"]))
    );
    // A contact keeps whom it names when they leave, and a row may say so.
    done(&home, &["staff", "delete", "Ann Chan", "--yes"]);
    for (owner, status, outcome) in [("Ann Chan", 0, "updated"), ("Bob Ray", 3, "failed")] {
        home.write("again.csv", format!("Email,Owner,Company\nlee@example.com,{owner},{owner} Ltd\n"));
        let report = home.json(&["import", "again.csv", "--on-match", "update", "--overwrite", "all"], status);
        assert_eq!(report[outcome], 1, "{report:#}");
    }
}

#[test]
fn under_access_by_division_members_see_and_make_what_is_theirs() {
    let home = Home::new();
    home.write("carnet.toml", "access = \"division\"\n");
    for args in [
        &["division", "add", "Asia"][..],
        &["division", "add", "Europe"],
        &["staff", "add", "name=Bob", "divisions=Europe"],
        &["staff", "add", "name=Eve", "divisions=Europe;Asia"],
        &["org", "add", "name=Everybody's"],
        &["org", "add", "name=Asiatic", "division=asia"],
    ] {
        done(&home, args);
    }
    assert_eq!(done(&home, &["--as", "Bob", "org", "list"])["total"], 1);
    refused(&home, &["--as", "Bob", "org", "show", "Asiatic"], 1, "ORGANIZATION_UNKNOWN");
    refused(&home, &["--as", "Bob", "org", "edit", "2", "city=Rome"], 1, "ORGANIZATION_UNKNOWN");
    refused(&home, &["--as", "Bob", "org", "delete", "Everybody's"], 1, "FORBIDDEN");
    assert_eq!(done(&home, &["--as", "Bob", "org", "add", "name=Bob's"])["division"], "Europe");
    refused(&home, &["--as", "Bob", "org", "add", "name=More", "division=Asia"], 1, "FORBIDDEN");
    refused(&home, &["--as", "Bob", "division", "add", "Moon"], 1, "FORBIDDEN");
    refused(&home, &["--as", "Eve", "org", "add", "name=Eve's"], 1, "DIVISION_NEEDED");
    assert_eq!(done(&home, &["--as", "Eve", "org", "add", "name=Eve's", "division=ASIA"])["division"], "Asia");
    let told = refused(&home, &["--as", "Eve", "org", "edit", "Eve's", "division=Europe"], 1, "DIVISION_FIXED");
    assert_eq!(told["hint"], "delete the organization and recreate it in the other division");
    refused(&home, &["division", "delete", "Europe"], 1, "DIVISION_IN_USE");
    done(&home, &["org", "delete", "Bob's"]);
    assert_eq!(done(&home, &["division", "delete", "europe"])["staff"], 2);
    insta::assert_snapshot!(home.run(&["division", "list"]).exits(0).stdout, @"1  Asia  0 contacts  2 organizations  1 staff member");
}
