//! Exports on the command line: what they hold, for whom, where they are written, and that they import again.

use serde_json::{Value, json};

use crate::support::Home;

fn add(home: &Home, fields: &[&str]) -> Value {
    home.json(&[&["contact", "add"], fields].concat(), 0)
}

/// Every contact as JSON Lines, without what must differ.
fn contacts(home: &Home, profile: &str) -> Vec<Value> {
    let lines = home.run(&["--profile", profile, "export", "--format", "jsonl", "--out", "-"]).exits(0).stdout;
    let strip = |line: &str| {
        let mut contact: Value = serde_json::from_str(line).expect("a contact");
        for volatile in ["id", "rev", "created", "updated"] {
            contact.as_object_mut().expect("an object").remove(volatile);
        }
        contact
    };
    lines.lines().map(strip).collect()
}

const ANN: &[&str] = &[
    "first_name=Ann",
    "last_name==1+1",
    "other_phone=+852 2123 4567 ext 12",
    "mobile=+852 9123 4567 ::: +999 1234 5678",
    "mobile+=+85298765432",
    "email=ann@example.com",
    "line=a :::",
    "line+=b; c",
    "whatsapp=+85291234567",
    "company=<clear>",
    "street=1 Long Street\nFloor 2",
    "language=zh-Hant",
    "labels=VIP; Fair 2026",
    "custom.Tier=gold, silver",
    "birth_date=12/14/1980",
    "verified=+85291234567 ::: line:a :::",
    "no_sms=+85298765432",
    "survey_opt_out=yes",
    "external_id=crm:42",
];

#[test]
fn an_export_imports_into_an_empty_home_as_it_was() {
    for profile in ["cinnox", "maaiiconnect", "genesys"] {
        let (home, copy) = (Home::new(), Home::new());
        // Kept from the days before the settings were strict.
        add(&home, ANN);
        add(&home, &["first_name=Bob", "last_name=Ray"]);
        let answer = home.json(&["--profile", profile, "export"], 0);
        assert_eq!((&answer["format"], &answer["contacts"]), (&json!("csv"), &json!(2)));
        copy.write("Contact.csv", home.read("Contact.csv"));
        let report = copy.json(&["--profile", profile, "import", "Contact.csv"], 0);
        assert_eq!(report["created"], 2, "{profile}: {report:#}");
        assert_eq!(contacts(&home, profile), contacts(&copy, profile), "{profile}");
    }
}

#[test]
fn columns_may_be_moved_and_taken_out() {
    let (home, copy) = (Home::new(), Home::new());
    add(&home, &["last_name==cmd", "company=@Acme", "email=a@example.com"]);
    home.run(&["export"]).exits(0);
    let csv = home.read("Contact.csv");
    let rows: Vec<Vec<&str>> =
        csv.trim_start_matches('\u{feff}').lines().map(|line| line.split(',').collect()).collect();
    let column = |header: &str| rows[0].iter().position(|known| *known == header).expect("a column");
    let kept = ["Survey Opt-Out", "Company", "Last name (Mandatory)"].map(column);
    let cut: Vec<String> = rows.iter().map(|row| kept.map(|at| row[at]).join(",")).collect();
    assert_eq!(cut[1], "no,'@Acme,'=cmd");
    copy.write("cut.csv", cut.join("\n"));
    copy.json(&["import", "cut.csv"], 0);
    let found = &copy.json(&["search"], 0)["contacts"][0];
    assert_eq!((&found["last_name"], &found["company"]), (&json!("=cmd"), &json!("@Acme")));
}

#[test]
fn an_edited_export_follows_the_rules() {
    let home = Home::new();
    home.write("carnet.toml", "profile = \"maaiiconnect\"\nmissing_last_name = \"customer\"\n");
    let rows = "Last name,Mobile,No SMS,Carnet ID\nLee,+85291234567 x5,+85291234567 x5,1\nRay,+852 9123 4568,,2\nFox,+85291234569,+85299999999,3\n";
    home.write("edited.csv", rows);
    let report = home.json(&["import", "edited.csv"], 3);
    assert_eq!((&report["created"], &report["failed"]), (&json!(1), &json!(2)), "{report:#}");
    let errors = home.read("ErrorDetail.csv");
    assert!(errors.contains("is not `+` and digits only") && errors.contains("no value `+85299999999`"), "{errors}");
    let lee = &home.json(&["search", "lee"], 0)["contacts"][0]["phones"][0];
    assert_eq!((&lee["extension"], &lee["sms"]), (&json!("5"), &json!(false)));
}

#[test]
fn an_export_that_comes_back_silences_single_numbers_only() {
    let home = Home::new();
    let lee = add(&home, &["last_name=Lee", "external_id=crm:1", "mobile=+85291234567", "mobile+=+85291234568"]);
    home.run(&["export"]).exits(0);
    home.json(&["contact", "edit", lee["id"].as_str().expect("an id"), "no_sms=+85291234568"], 0);
    home.json(&["export", "--out", "now.csv"], 0);
    home.json(&["import", "now.csv", "--on-match", "update"], 0);
    let phones = home.json(&["search", "lee"], 0)["contacts"][0]["phones"].clone();
    assert_eq!((&phones[0]["sms"], &phones[1]["sms"]), (&json!(true), &json!(false)));
}

#[test]
fn cards_are_written_for_other_address_books() {
    let home = Home::new();
    add(&home, ANN);
    let answer = home.json(&["export", "--format", "vcard"], 0);
    assert_eq!((&answer["format"], &answer["contacts"]), (&json!("vcard"), &json!(1)));
    let card = home.read("Contact.vcf");
    assert!(card.starts_with("BEGIN:VCARD\r\nVERSION:4.0\r\n") && card.ends_with("END:VCARD\r\n"), "{card}");
    for line in [
        "FN:Ann =1+1\r\n",
        "N:=1+1;Ann;;;\r\n",
        "tel:+85221234567;ext=12\r\n",
        "CATEGORIES:Fair 2026,VIP\r\n",
        "BDAY:19801214\r\n",
    ] {
        assert!(card.contains(line), "{line}: {card}");
    }
    let lines = home.run(&["export", "nobody", "--format", "vcard", "--out", "-"]).exits(0);
    assert_eq!(lines.stdout, "");
}

#[test]
fn the_template_has_divisions_where_they_decide() {
    let home = Home::new();
    let headers = |profile: &str| home.json(&["--profile", profile, "template"], 0)["headers"].to_string();
    assert!(headers("genesys").contains("\"Division\"") && headers("genesys").contains("External Organization"));
    assert!(!headers("cinnox").contains("\"Division\""));
}
