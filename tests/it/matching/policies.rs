//! How rows are matched, in which order, and whose values win: `--match-by`, `--overwrite`, `--fill`, and the settings.

use serde_json::Value;

use super::{count, update};
use crate::support::Home;

fn lee(home: &Home) -> Value {
    home.json(&["search", "lee"], 0)["contacts"][0].clone()
}

#[track_caller]
fn refused(home: &Home, args: &[&str], code: &str, told: &str) {
    let answer = home.json(&[&["import", "update.csv"], args].concat(), 2);
    let error = &answer["error"];
    let text = format!("{} {}", error["message"].as_str().unwrap_or(""), error["hint"].as_str().unwrap_or(""));
    assert!(error["code"] == code && text.contains(told), "{args:?}: {error:#}");
}

#[test]
fn the_order_of_identifiers_counts() {
    let home = Home::new();
    let store = "Last name,Email,Mobile,External ID\nLee,ann@example.com,+85298760001,crm:1\nRay,bob@example.com,+85298760002,crm:2\n";
    home.write("store.csv", store);
    home.json(&["import", "store.csv"], 0);
    let row = "Email,External ID,Company\nbob@example.com,crm:1,Acme\n";
    update(&home, row, &["--match-by", "external_id,email", "--dry-run"], 0);
    let told = home.json(&["import", "update.csv", "--on-match", "reject", "--dry-run"], 3);
    let problem = &told["rows"][0]["problems"][0];
    assert_eq!(
        (&problem["code"], &problem["field"], &problem["value"]),
        (&"EXISTS".into(), &"external_id".into(), &"crm:1".into())
    );
    let ambiguous = update(&home, row, &["--match-by", "email,external_id", "--dry-run"], 3);
    let problem = &ambiguous["rows"][0]["problems"][0];
    let message = problem["message"].as_str().expect("a message");
    assert_eq!(problem["code"], "AMBIGUOUS_MATCH");
    for (name, by) in [("Lee", "external_id"), ("Ray", "email")] {
        let id = home.json(&["search", name], 0)["contacts"][0]["id"].as_str().expect("an id").to_owned();
        assert!(message.contains(&format!("{name} ({id}) by {by}")), "{message}");
    }
    assert!(problem["line"] == 2 && problem["hint"].is_string() && problem["value"].is_string(), "{problem}");
    // Without the phone among them, somebody else with the same number is somebody else.
    let row = "Last name,Email,Mobile\nFox,fox@example.com,+85298760001\n";
    assert_eq!(count(&update(&home, row, &["--match-by", "email"], 0), "created"), 1);
    refused(&home, &["--match-by", "email"], "OPTION_IDLE", "--on-match update");
}

#[test]
fn a_number_of_very_many_is_told_apart_by_the_rest() {
    let home = Home::new();
    let row = |n: usize| format!("P{n},p{n}@example.com,+85298760001\n");
    let all: String = (0..300).map(row).collect();
    home.write("office.csv", format!("Last name,Email,Mobile\n{all}"));
    home.json(&["import", "office.csv"], 0);
    for order in ["email,phone", "phone,email"] {
        let same = home.json(&["import", "office.csv", "--on-match", "skip", "--match-by", order, "--dry-run"], 0);
        assert_eq!(count(&same, "skipped"), 300, "{order}");
    }
    let ambiguous = update(&home, "Last name,Mobile\nLee,+85298760001\n", &["--dry-run"], 3);
    assert!(
        ambiguous["rows"][0]["reason"].as_str().is_some_and(|told| told.contains("200 contacts or more")),
        "{ambiguous:#}"
    );
}

#[test]
fn fields_are_overwritten_or_filled_as_told() {
    let home = Home::new();
    let add =
        ["contact", "add", "last_name=Lee", "email=a@example.com", "company=Acme", "labels=VIP", "external_id=crm:1"];
    home.json(&add, 0);
    let row = "Email,Company,Job Title,Contact Label,Firma,Survey Opt-Out\na@example.com,Globex,Boss,Gold,Hooli,yes\n";
    let shown = |options: &[&str]| {
        let report = update(&home, row, &[&["--dry-run"], options].concat(), 0);
        let fields = report["rows"][0]["fields"].as_array().cloned().unwrap_or_default();
        let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
        fields
            .iter()
            .map(|it| format!("{} {}>{}", text(&it["field"]), text(&it["old"]), text(&it["new"])))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let all = "company Acme>Globex, job_title ->Boss, labels VIP>Gold; VIP, survey_opt_out no>yes";
    assert_eq!(shown(&[]), all);
    assert_eq!(shown(&["--overwrite", "all"]), all, "labels add up, unless they are named");
    // A person's no is heard even where values are only filled in.
    assert_eq!(shown(&["--fill", "all"]), "job_title ->Boss, survey_opt_out no>yes");
    assert_eq!(
        shown(&["--fill", "all", "--overwrite", "Company"]),
        "company Acme>Globex, job_title ->Boss, survey_opt_out no>yes"
    );
    assert_eq!(
        shown(&["--overwrite", "labels", "--fill", "COMPANY"]),
        "job_title ->Boss, labels VIP>Gold, survey_opt_out no>yes"
    );
    assert_eq!(
        shown(&["--map", "Firma=company", "--map", "Company=-", "--fill", "Firma,contact label"]),
        "job_title ->Boss, survey_opt_out no>yes"
    );
    home.write("carnet.toml", "on_match = \"update\"\nfill = [\"all\"]\noverwrite = [\"Job Title\", \"company\"]\n");
    assert_eq!(shown(&[]), "company Acme>Globex, job_title ->Boss, survey_opt_out no>yes");
    assert_eq!(shown(&["--fill", "company"]), "job_title ->Boss, survey_opt_out no>yes");
    assert_eq!(shown(&["--overwrite", "all"]), all);

    refused(&home, &["--overwrite", "company", "--fill", "Company"], "FIELD_TWICE", "`company` is in");
    refused(&home, &["--overwrite", "all", "--fill", "all"], "FIELD_TWICE", "`all` is in");
    refused(&home, &["--overwrite", "compnay"], "FIELD_UNKNOWN", "did you mean `company`?");
    refused(&home, &["--fill", "Firma"], "FIELD_UNKNOWN", "--map 'Firma=FIELD'");
    refused(&home, &["--fill", "company", "--on-match", "skip"], "OPTION_IDLE", "nothing is updated");
    home.write("carnet.toml", "fill = [\"company\"]\noverwrite = [\"Company\"]\n");
    refused(&home, &[], "SETTINGS", "");
}

#[test]
fn what_cannot_be_blank_is_not_cleared() {
    let home = Home::new();
    home.json(&["division", "add", "Asia"], 0);
    home.json(
        &[
            "contact",
            "add",
            "last_name=Lee",
            "email=a@example.com",
            "company=Acme",
            "mobile=+85298760001",
            "sms=no",
            "survey_opt_out=yes",
            "division=Asia",
        ],
        0,
    );
    for (field, code) in [
        ("Type", "CANNOT_CLEAR"),
        ("Level", "CANNOT_CLEAR"),
        ("SMS", "CANNOT_CLEAR"),
        ("No SMS", "CANNOT_CLEAR"),
        ("Division", "DIVISION_FIXED"),
    ] {
        let report = update(&home, &format!("Email,{field}\na@example.com,<clear>\n"), &["--dry-run"], 3);
        let problem = &report["rows"][0]["problems"][0];
        assert_eq!(problem["code"], code, "{problem:#}");
        assert!(problem["hint"].is_string() && problem["field"].is_string() && problem["line"] == 2, "{problem:#}");
    }
    let report = update(
        &home,
        "Email,Survey Opt-Out,Last name,Company,Team\na@example.com,<clear>,<clear>,<clear>,<clear>\n",
        &[],
        0,
    );
    let kept = &report["warned"][0];
    assert_eq!((&kept["code"], &kept["first"]["row"]), (&"OPT_IN_REFUSED".into(), &1.into()), "{report:#}");
    assert_eq!(report["warnings"], serde_json::json!([]), "nothing is told twice");
    let held = home.json(&["search", "a@example.com"], 0)["contacts"][0].clone();
    assert_eq!(
        (&held["survey_opt_out"], &held["company"], &held["last_name"]),
        (&true.into(), &Value::Null, &"customer".into())
    );
    assert_eq!(held["last_name_is_placeholder"], true);
    let kept = update(&home, "Email,City,Last name\na@example.com,Rome,Lee\n", &["--fill", "all"], 0);
    assert_eq!(count(&kept, "updated"), 1);
    assert_eq!(lee(&home)["last_name"], "Lee", "what stands in for a name gives way to one");
    let kept = update(&home, "Email,City\na@example.com,<clear>\n", &["--fill", "city"], 0);
    assert_eq!((count(&kept, "unchanged"), kept["warned_values"].as_u64()), (1, Some(1)), "{kept:#}");
}

#[test]
fn the_second_row_of_a_person_follows_the_policy() {
    let content = "Last name,Email,Mobile,Company\nLee,ann@example.com,+85298760001,Acme\nLee,ANN@example.com,+85298760002,Globex\n";
    for (policy, counts, status) in [
        ("create", [2, 0, 0, 0], 0),
        ("update", [1, 1, 0, 0], 0),
        ("skip", [1, 0, 1, 0], 0),
        ("reject", [1, 0, 0, 1], 3),
    ] {
        let home = Home::new();
        home.write("people.csv", content);
        let run = |more: &[&str]| {
            let report = home.json(&[&["import", "people.csv", "--on-match", policy], more].concat(), status);
            ["created", "updated", "skipped", "failed"].map(|name| count(&report, name))
        };
        assert_eq!((run(&["--dry-run"]), run(&[])), (counts, counts), "{policy}");
        let company = if policy == "update" { "Globex" } else { "Acme" };
        assert!(
            home.json(&["search", "lee"], 0)["contacts"]
                .as_array()
                .is_some_and(|all| all.iter().any(|it| it["company"] == company))
        );
    }
    // Whom two rows created, a third fits both.
    let home = Home::new();
    let report = update(
        &home,
        "Last name,Email,Mobile\nLee,a@example.com,+85298760001\nRay,b@example.com,+85298760002\nWho,a@example.com,+85298760002\n",
        &[],
        3,
    );
    assert_eq!((count(&report, "created"), count(&report, "failed")), (2, 1));
    let errors = home.read("ErrorDetail.csv");
    assert!(errors.contains("fits 2 contacts: Lee (") && errors.contains(") by email; Ray ("), "{errors}");
}

#[test]
fn rows_that_nothing_can_match_are_told() {
    let home = Home::new();
    let report = update(&home, "First name,Last name\nAnn,Lee\nBob,Ray\n", &[], 0);
    assert!(
        report["warnings"][0]
            .as_str()
            .is_some_and(|told| told.contains("anything to match them by") && told.ends_with("records 1, 2")),
        "{report:#}"
    );
}
