//! Whose row it is and what it may change: matching, consent, locked values, owners, organizations, custom fields.

use serde_json::Value;

use super::Want::{Blank, Fails, Is};
use super::{Want, check, check_in, column, row};
use crate::support::Home;

fn import(home: &Home, content: &str, options: &[&str]) -> Value {
    home.write("rows.csv", content);
    home.run(&[&["--json", "import", "rows.csv", "--errors-json", "errors.json"], options].concat()).json()
}

#[track_caller]
fn counts(report: &Value, wanted: &str) {
    let names = ["created", "updated", "unchanged", "skipped", "failed", "blank"];
    let some = names.iter().filter_map(|name| Some((name, report[name].as_u64().filter(|count| *count > 0)?)));
    let found: Vec<String> = some.map(|(name, count)| format!("{name} {count}")).collect();
    assert_eq!(found.join(" "), wanted, "{report:#}");
}

fn errors(home: &Home) -> Vec<Value> {
    let errors: Value = serde_json::from_str(&home.read("errors.json")).expect("JSON");
    errors.as_array().expect("a list").clone()
}

#[test]
fn a_file_that_comes_again_changes_nothing() {
    let home = Home::new();
    // 71: in every notation, with every warning.
    let file = "First name,Last name,Mobile,Email,Birthdate,Language,Country,Labels,SMS\n\
        Ann,Lee,+852 9123 4567,<ann@example.com>,03/04/1980,zh,Korea,\"VIP;new\",Y\n\
        Bob,Ray,'85291234568,BOB@example.com,,,,,\n";
    let first = import(&home, file, &["--on-match", "update"]);
    counts(&first, "created 2");
    assert_eq!(first["warned_values"], 5, "{first:#}");
    let again = import(&home, file, &["--on-match", "update"]);
    counts(&again, "unchanged 2");
    // 57: the case of an address and the notation of a number are no changes of the person.
    let other = "Last name,Email,Mobile\nRay,bob@EXAMPLE.com,+852 9123 4568\n";
    assert_eq!(import(&home, other, &["--on-match", "update"])["created"], 0);
    // 72: one address twice in a file, which follows the order of the file.
    let twice = "Last name,Email,Mobile\nOh,o@example.com,+85291230001\nOh,o@example.com,+85291230002\n";
    counts(&import(&home, twice, &["--on-match", "update"]), "created 1 updated 1");
    let oh = &home.json(&["search", "o@example.com"], 0)["contacts"][0];
    assert_eq!(oh["phones"][0]["e164"], "+85291230002");
    // 73: the address is one's, the number another's.
    let torn = "Last name,Email,Mobile\nWho,ann@example.com,+85291234568\n";
    counts(&import(&home, torn, &["--on-match", "update"]), "failed 1");
    assert_eq!(errors(&home)[0]["code"], "AMBIGUOUS_MATCH");
}

#[test]
fn consent_is_written_down_with_where_it_came_from() {
    let home = Home::new();
    let file = "Last name,Mobile,SMS,Survey Opt-Out,Email\nLee,+85291234567,Y,yes,ann@example.com\n";
    counts(&import(&home, file, &[]), "created 1");
    // 78: nobody is opted back in, and the row says so.
    let back = "Email,Survey Opt-Out,Company\nann@example.com,FALSE,Acme\n";
    let report = import(&home, back, &["--on-match", "update"]);
    counts(&report, "updated 1");
    assert_eq!(
        (&report["warned"][0]["code"], &report["warned"][0]["first"]["line"]),
        (&"OPT_IN_REFUSED".into(), &2.into())
    );
    let ann = home.json(&["search", "ann"], 0)["contacts"][0].clone();
    assert_eq!((&ann["survey_opt_out"], &ann["company"]), (&true.into(), &"Acme".into()));
    // 56: where the column is absent, what was said stays.
    import(&home, "Email,Mobile,SMS\nann@example.com,+85291234567,N\n", &["--on-match", "update"]);
    import(&home, "Email,Mobile\nann@example.com,+852 9123 4567\n", &["--on-match", "update"]);
    let ann = home.json(&["search", "ann"], 0)["contacts"][0].clone();
    assert_eq!(ann["phones"][0]["sms"], false);
    let id = ann["id"].as_str().expect("an id");
    let ledger = home.json(&["contact", "consent", id], 0)["ledger"].clone();
    assert_eq!(ledger.as_array().map(Vec::len), Some(1), "{ledger:#}");
    assert_eq!((&ledger[0]["opt_out"], &ledger[0]["via"]), (&true.into(), &"line 2".into()), "{ledger:#}");
    assert!(ledger[0]["by"].to_string().contains("import"), "{ledger:#}");
    // The toggle of a number is in the change log, with the import that set it.
    let log = home.json(&["contact", "changes", id], 0).to_string();
    assert!(log.contains(r#""field":"sms","old":"+85291234567 yes""#) && log.contains(r#""by":"import 3""#), "{log}");
}

#[test]
fn blank_cells_keep_and_a_word_clears() {
    // 77: a blank cell keeps, the word clears, an absent column touches nothing.
    let home = Home::new();
    import(&home, "Last name,Email,Company,Title,Labels\nLee,ann@example.com,Acme,Boss,VIP\n", &[]);
    let file = "Email,Company,Title,Labels\nann@example.com,\u{a0},<clear>,new\n";
    counts(&import(&home, file, &["--on-match", "update"]), "updated 1");
    let ann = &home.json(&["search", "ann"], 0)["contacts"][0];
    assert_eq!((&ann["company"], &ann["job_title"]), (&"Acme".into(), &Value::Null));
    assert_eq!(ann["labels"].as_array().map(Vec::len), Some(2), "labels add up");
}

#[test]
fn locked_values_and_the_dead_stay_as_they_are() {
    let home = Home::new();
    let add = |fields: &[&str]| {
        let added = home.json(&[&["contact", "add"], fields].concat(), 0);
        added["id"].as_str().expect("an id").to_owned()
    };
    add(&["last_name=Lee", "email=ann@example.com", "mobile=+85291234567", "verified=+85291234567"]);
    // 79: under a profile that locks verified numbers the row fails, so that the number that it brings is not lost.
    let file = "Email,Mobile,Company\nann@example.com,+85299999999,Acme\n";
    counts(&import(&home, file, &["--on-match", "update"]), "failed 1");
    let problem = &errors(&home)[0];
    assert_eq!(
        (&problem["code"], &problem["value"]),
        (&"VERIFIED_LOCKED".into(), &"+85299999999".into()),
        "{problem:#}"
    );
    assert!(home.read("ErrorDetail.csv").contains("+85299999999"));
    // 76: who was deleted is new, who was forgotten is not.
    let deleted = add(&["last_name=Ray", "email=bob@example.com"]);
    home.json(&["contact", "delete", &deleted, "--yes"], 0);
    let forgotten = add(&["last_name=Oh", "email=oh@example.com"]);
    home.run(&["contact", "forget", &forgotten, "--yes"]).exits(0);
    let file = "Last name,Email\nRay,bob@example.com\nOh,oh@example.com\n";
    counts(&import(&home, file, &["--on-match", "update"]), "created 1 failed 1");
    assert_eq!(errors(&home)[0]["code"], "FORGOTTEN");
    // 75: who was merged away is the one who is left.
    let (one, two) = (add(&["last_name=Chan", "external_id=crm:1"]), add(&["last_name=Chan", "external_id=crm:2"]));
    home.json(&["contact", "merge", &one, &two, "--yes"], 0);
    counts(&import(&home, "External ID,Company\ncrm:2,Acme\n", &["--on-match", "update"]), "updated 1");
    assert_eq!(home.json(&["contact", "show", &one], 0)["company"], "Acme");
}

#[test]
fn companies_are_not_taken_for_organizations_but_suggested() {
    let home = Home::new();
    home.json(&["org", "add", "name=ACME Limited"], 0);
    let rows = [
        row("81")
            .cell("company", "Acme Ltd")
            .is("company", "Acme Ltd")
            .blank("organization")
            .warns("ORGANIZATION_NEAR"),
        row("81").cell("company", "acme limited").blank("organization").warns("ORGANIZATION_NEAR"),
        row("81").cell("company", "Acme Asia Ltd").blank("organization"),
        row("81").cell("company", "Limited").blank("organization"),
        row("81")
            .cell("company", "Acme Ltd")
            .cell("External Organization", "acme limited")
            .is("organization", "acme limited"),
        // 80: an owner whom nobody knows fails the row, whoever imports.
        row("80").cell("owner", "Nobody Known").fails("STAFF_UNKNOWN"),
        row("80").cell("shared_with", "Nobody Known").fails("STAFF_UNKNOWN"),
        row("80").cell("owner", "a\nb").fails("NAME_FORMAT"),
        row("80").cell("division", "x".repeat(201)).fails("NAME_FORMAT"),
    ];
    let report = check_in(&home, "", &[], &rows);
    let told = report["warned"][0]["first"]["message"].as_str().unwrap_or_default();
    assert_eq!(told, "`Acme Ltd` may be the organization `ACME Limited`");
    assert!(report["warned"][0]["first"]["hint"].is_string());
}

/// Values of custom fields, by type.
const NUMBERS: &[(&str, &str, Want)] = &[
    ("82", "=1+1", Fails("CUSTOM_NUMBER")),
    ("82", "1+1", Fails("CUSTOM_NUMBER")),
    ("82", "'5", Fails("CUSTOM_NUMBER")),
    ("82", "1,234.5", Fails("CUSTOM_NUMBER")),
    ("82", "1.234,5", Fails("CUSTOM_NUMBER")),
    ("82", "1e5", Fails("CUSTOM_NUMBER")),
    ("82", "NaN", Fails("CUSTOM_NUMBER")),
    ("82", "€5", Fails("CUSTOM_NUMBER")),
    ("82", "5%", Fails("CUSTOM_NUMBER")),
    ("82", "N/A", Fails("CUSTOM_NUMBER")),
    ("82", "1234567890123456", Fails("CUSTOM_RANGE")),
    ("82", "-1.50", Is("-1.5")),
    ("82", "−2", Is("-2")),
    ("82", "１２．５", Is("12.5")),
    ("82", "\u{200f}٣\u{200f}", Is("3")),
    ("82", "\u{a0}007\u{a0}", Is("7")),
    ("82", "", Blank),
];

#[test]
fn custom_fields_take_what_they_hold_and_name_the_version_that_refuses() {
    let home = Home::new();
    let field = |args: &[&str]| drop(home.run(&[&["field"], args].concat()).exits(0));
    field(&["add", "score", "--type", "number"]);
    field(&["add", "tier", "--type", "dropdown", "--option", "Gold", "--option", "Silver"]);
    field(&["edit", "tier", "--option", "Gold", "--option", "Platinum"]);
    field(&["add", "stars", "--type", "integer"]);
    field(&["add", "vip", "--type", "checkbox"]);
    let mut rows = column("custom.score", "custom/score", NUMBERS);
    rows.extend(column(
        "custom.tier",
        "custom/tier",
        &[
            ("83", "gold", Is("Gold")),
            ("83", "PLATİNUM", Is("Platinum")),
            ("83", "ｇｏｌｄ", Is("Gold")),
            ("83", "silver", Fails("CUSTOM_OPTION")),
            ("83", "Bronze", Fails("CUSTOM_OPTION")),
            ("83", "=\"Gold\"", Fails("CUSTOM_OPTION")),
        ],
    ));
    rows.extend(column(
        "custom.stars",
        "custom/stars",
        &[
            ("82", "5.0", Is("5")),
            ("82", "5.5", Fails("CUSTOM_INTEGER")),
            ("82", "=5", Fails("CUSTOM_INTEGER")),
            ("82", "٤", Is("4")),
        ],
    ));
    rows.extend(column(
        "custom.vip",
        "custom/vip",
        &[
            ("82", "ＴＲＵＥ", Is("yes")),
            ("82", "n", Is("no")),
            ("82", "perhaps", Fails("CUSTOM_CHECKBOX")),
            ("82", "-", Fails("CUSTOM_CHECKBOX")),
        ],
    ));
    check_in(&home, "", &[], &rows);
    let said = |value: &str| {
        let found = errors(&home).into_iter().find(|problem| problem["value"] == value).expect("a problem");
        found["message"].as_str().unwrap_or_default().to_owned()
    };
    assert_eq!(
        said("silver"),
        "`silver` is no option of `Tier` in version 5 of the custom fields; it was one up to version 2"
    );
    assert_eq!(said("Bronze"), "`Bronze` is no option of `Tier` in version 5 of the custom fields");
}

#[test]
fn nothing_is_a_value_in_no_kind_of_field() {
    let rows = [
        row("35").cell("external_url", "N/A").fails("URL_FORMAT"),
        row("35").cell("survey_opt_out", "-").fails("YES_NO"),
        row("35").cell("sms", "n/a").fails("YES_NO"),
        row("35").cell("whatsapp", "N/A").fails("PHONE_LETTERS"),
        row("35").cell("birth_date", "NULL").fails("DATE_FORMAT"),
        row("35").cell("level", "—").fails("LEVEL_UNKNOWN"),
        // Nobody becomes one person, or belongs together, by what they lack.
        row("35").cell("external_id", "N/A").fails("EXTERNAL_ID_FORMAT"),
        row("35").cell("external_id", "crm:-").fails("EXTERNAL_ID_FORMAT"),
        row("35").cell("external_id", "crm:1;NULL").fails("EXTERNAL_ID_FORMAT"),
        row("35").cell("External Organization", "N/A").fails("NAME_FORMAT"),
        row("35").cell("owner", "-").fails("NAME_FORMAT"),
        row("35").cell("division", "null").fails("NAME_FORMAT"),
        row("35").cell("custom.account", "n/a").fails("CUSTOM_IDENTIFIER"),
    ];
    let home = Home::new();
    home.run(&["field", "add", "account", "--type", "identifier"]).exits(0);
    check_in(&home, "", &[], &rows);
    for problem in errors(&home) {
        assert_eq!(problem["hint"], "leave it empty if there is none", "{problem:#}");
    }
    check("", &[], &[row("35").cell("external_url", "\u{a0}").blank("external_url")]);
}
