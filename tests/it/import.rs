//! The main job: the fixture of a messy file goes through the shipped plugins, what fails comes back repaired, and the log tells who did what.

use serde_json::Value;

use crate::support::{Home, fixture, root};

/// Rows of the fixture, the sample row and blank ones included.
const ROWS: u64 = 200;

fn import(home: &Home) -> Value {
    home.json(&["import".as_ref(), fixture("contacts.csv").as_os_str()], 3)
}

fn count(report: &Value, name: &str) -> u64 {
    report[name].as_u64().unwrap_or_else(|| panic!("no count `{name}` in {report:#}"))
}

#[track_caller]
fn assert_sum(report: &Value) {
    let parts = ["created", "updated", "unchanged", "skipped", "failed", "blank"];
    let sum: u64 = parts.iter().map(|name| count(report, name)).sum();
    assert_eq!(sum, count(report, "read"), "{report:#}");
}

#[test]
fn a_messy_file_is_imported_through_components_and_scripts() {
    let home = Home::with_packages();
    let report = import(&home);
    assert_sum(&report);
    assert_eq!(count(&report, "read"), ROWS, "{report:#}");
    assert_eq!(count(&report, "skipped"), 1, "the template's sample row");
    assert!(report["warnings"].to_string().contains("skipped (the template's sample row): records 1"), "{report:#}");
    assert_eq!(count(&report, "blank"), 2);
    assert!(count(&report, "failed") >= 14, "{report:#}");
    assert_eq!((report["encoding"].as_str(), report["delimiter"].as_str()), (Some("UTF-8"), Some(",")));
    let plugins = report["plugins"].as_array().expect("the plugins");
    for (engine, at_least) in [("wasm", 2), ("rhai", 2)] {
        let called = plugins.iter().filter(|plugin| plugin["engine"] == engine && plugin["calls"].as_u64() > Some(0));
        assert!(called.count() >= at_least, "{engine}: {report:#}");
    }
    let faults: u64 = plugins.iter().map(|plugin| plugin["faults"].as_u64().unwrap_or(1)).sum();
    assert_eq!(faults, 0, "{report:#}");
    assert_eq!(home.json(&["search"], 0)["total"], report["created"]);
}

#[test]
fn every_unsound_row_names_its_reason() {
    let home = Home::with_packages();
    import(&home);
    let errors = home.read("ErrorDetail.csv");
    let codes = [
        ("science@example.com", "spreadsheet"),
        ("letters@example.com", "letters"),
        ("roll@example.com", "date"),
        ("leap@example.com", "date"),
        ("serial@example.com", "serial"),
        ("type@example.com", "contact type"),
        ("level@example.com", "contact level"),
        ("language@example.com", "zh"),
        ("kowloon@example.com", "country"),
        ("jane.doe@example.com", "quote the value"),
        ("nowhere@example.com", "country"),
        ("[email protected]", "hidden"),
    ];
    for (row, reason) in codes {
        let line =
            errors.lines().find(|line| line.contains(row)).unwrap_or_else(|| panic!("{row} is not in\n{errors}"));
        assert!(line.to_lowercase().contains(reason), "{row}: {line}");
    }
    assert!(errors.lines().next().is_some_and(|header| header.ends_with("Error detail")), "{errors}");
}

#[test]
fn a_repaired_error_file_comes_in_once() {
    let home = Home::new();
    let file = home.write("people.csv", "First name,Last name,Email,Type\nAnn,Lee,ann@example.com,Partner\nBob,Ray,bob@example.com,Lead\nCy,=Formula,@bad,Lead\n");
    let first = home.json(&["import".as_ref(), file.as_os_str()], 3);
    assert_eq!((count(&first, "created"), count(&first, "failed")), (1, 2), "{first:#}");
    let repaired = home.read("ErrorDetail.csv").replace("Partner", "Customer").replace("'@bad", "cy@example.com");
    home.write("ErrorDetail.csv", repaired);
    let second = home.json(&["import", "ErrorDetail.csv"], 0);
    assert_eq!((count(&second, "created"), count(&second, "failed")), (2, 0), "{second:#}");
    let found = home.json(&["search", "formula"], 0);
    assert_eq!(found["contacts"][0]["last_name"], "=Formula", "a formula is stored as it was: {found:#}");
    let again = home.run(&["import", "ErrorDetail.csv"]).exits(1);
    assert!(again.stderr.contains("imported before"), "{again:#?}");
    assert_eq!(home.json(&["search"], 0)["total"], 3);
}

#[test]
fn an_unrepaired_error_file_adds_nothing() {
    let home = Home::new();
    home.write("people.csv", "First name,Last name,Email\nAnn,Lee,not-an-address\nBob,Ray,bob@example.com,too many\n");
    let first = home.json(&["import", "people.csv"], 3);
    assert_eq!(count(&first, "failed"), 2);
    let errors = home.read("ErrorDetail.csv");
    let second = home.json(&["import", "ErrorDetail.csv"], 3);
    assert_eq!((count(&second, "created"), count(&second, "failed")), (0, 2), "{second:#}");
    assert_eq!(
        home.read("ErrorDetail.csv").lines().count(),
        errors.lines().count(),
        "the rows are there again, none lost and none twice"
    );
}

#[test]
fn a_dry_run_shows_what_would_change_and_writes_nothing() {
    let home = Home::with_packages();
    let report = home.json(&["import".as_ref(), "--dry-run".as_ref(), fixture("contacts.csv").as_os_str()], 3);
    assert_sum(&report);
    assert_eq!(report["job"], Value::Null);
    let rows = report["rows"].as_array().expect("rows");
    assert!(
        rows.iter().any(|row| row["fields"]
            .as_array()
            .is_some_and(|fields| fields.iter().any(|field| field["plugin"] == "phone-repair"))),
        "{report:#}"
    );
    assert_eq!(home.json(&["search"], 0)["total"], 0);
    assert!(!home.path().join("ErrorDetail.csv").exists());
}

#[test]
fn the_change_log_names_the_plugin_that_made_an_edit() {
    let home = Home::with_packages();
    import(&home);
    let found = home.json(&["search", "Belgium"], 0);
    let contact = &found["contacts"][0];
    assert_eq!(contact["phones"][0]["e164"], "+32470123456", "{found:#}");
    let changes = home.json(&["contact", "changes", contact["id"].as_str().expect("an id")], 0);
    let edit = changes["changes"][0]["fields"]
        .as_array()
        .expect("fields")
        .iter()
        .find(|field| field["field"] == "mobile")
        .expect("the edit");
    assert_eq!(edit["plugin"]["name"], "phone-repair", "{changes:#}");
    assert_eq!(edit["plugin"]["hash"].as_str().map(str::len), Some(64));
    assert_eq!((edit["old"].as_str(), edit["new"].as_str()), (Some("0470 12 34 56"), Some("+32470123456")));
}

#[test]
fn headers_are_mapped_as_told_and_repeated_ones_must_be() {
    let home = Home::new();
    home.write("foreign.csv", "Vorname;Nachname;Mail;Mail\nAnn;Lee;ann@example.com;ann@example.org\n");
    let refused = home.run(&["import", "foreign.csv"]).exits(1);
    assert!(
        refused.stderr.contains("both mean `email`") && refused.stderr.contains("--map '#3=email'"),
        "{refused:#?}"
    );
    let args = [
        "import",
        "foreign.csv",
        "--map",
        "Vorname=first_name",
        "--map",
        "Nachname=last_name",
        "--map",
        "#3=email",
        "--map",
        "#4=other_email",
    ];
    let report = home.json(&args, 0);
    assert_eq!(report["delimiter"], ";");
    let contact = &home.json(&["search", "lee"], 0)["contacts"][0];
    assert_eq!(
        (contact["first_name"].as_str(), contact["emails"][1]["address"].as_str()),
        (Some("Ann"), Some("ann@example.org"))
    );
}

#[test]
fn what_is_exported_imports_again_into_the_same_contacts() {
    let (home, copy) = (Home::with_packages(), Home::new());
    import(&home);
    home.run(&["export"]).exits(0);
    std::fs::copy(home.path().join("Contact.csv"), copy.path().join("Contact.csv")).expect("a copy");
    copy.json(&["import", "Contact.csv"], 0);
    let contacts = |home: &Home| -> Vec<Value> {
        let lines = home.run(&["export", "--format", "jsonl", "--out", "-"]).exits(0).stdout;
        let strip = |line: &str| {
            let mut contact: Value = serde_json::from_str(line).expect("a contact");
            for volatile in ["id", "created", "updated", "rev"] {
                contact.as_object_mut().expect("an object").remove(volatile);
            }
            contact
        };
        lines.lines().map(strip).collect()
    };
    for (ours, theirs) in contacts(&home).iter().zip(contacts(&copy)) {
        let without_raw = |contact: &Value| contact.to_string();
        let phones = |contact: &Value| {
            contact["phones"]
                .as_array()
                .map(|phones| phones.iter().map(|phone| phone["e164"].to_string()).collect::<Vec<_>>())
        };
        assert_eq!(phones(ours), phones(&theirs));
        for field in [
            "name",
            "company",
            "emails",
            "labels",
            "survey_opt_out",
            "birth_date",
            "address",
            "language",
            "type",
            "level",
        ] {
            assert_eq!(ours[field], theirs[field], "{field}: {}", without_raw(ours));
        }
    }
}

#[test]
fn the_repository_itself_is_a_home() {
    let doctor = Home::new();
    let ran = crate::support::ran(
        doctor
            .command()
            .args(["--home"])
            .arg(root())
            .args(["plugin", "list", "--json"])
            .output()
            .expect("the program runs"),
    );
    // `--home` given twice is refused by the parser, so the plain command is used.
    assert_eq!(ran.status, 2);
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_carnet"));
    let ran = crate::support::ran(
        command.arg("--home").arg(root()).args(["plugin", "list", "--json"]).output().expect("the program runs"),
    )
    .exits(0);
    let list = ran.json();
    let states: Vec<_> = list["plugins"]
        .as_array()
        .expect("plugins")
        .iter()
        .map(|plugin| (plugin["name"].clone(), plugin["state"].clone()))
        .collect();
    // What is shipped as source only is not built, and nobody misses it.
    let expected = |name: &serde_json::Value| if name == "after-hours" { "not built" } else { "active" };
    assert!(states.len() >= 5 && states.iter().all(|(name, state)| *state == expected(name)), "{list:#}");
}

#[test]
fn several_values_of_a_kind_survive_the_way_out_and_in() {
    let (home, copy) = (Home::with_packages(), Home::with_packages());
    let fields = [
        "contact",
        "add",
        "last_name=Lee",
        "mobile=+85298765432",
        "mobile+=+85298765433",
        "email=a@example.com",
        "email+=b@example.com",
        "personal_email=c@example.com",
        "other_email=d@example.com",
        "sms=no",
    ];
    home.json(&fields, 0);
    home.run(&["export"]).exits(0);
    std::fs::copy(home.path().join("Contact.csv"), copy.path().join("Contact.csv")).expect("a copy");
    copy.json(&["import", "Contact.csv"], 0);
    let contact = |home: &Home| home.json(&["search", "lee"], 0)["contacts"][0].clone();
    let (ours, theirs) = (contact(&home), contact(&copy));
    assert_eq!((&ours["phones"], &ours["emails"]), (&theirs["phones"], &theirs["emails"]));
    assert_eq!(theirs["phones"][1]["sms"], false);
}

#[test]
fn errors_are_never_written_over_what_is_needed() {
    let home = Home::new();
    home.write("people.csv", "Last name,Email\nLee,bad\nRay,ray@example.com\n");
    home.write("carnet.toml", "");
    home.json(&["search"], 0);
    for target in ["carnet.db", "carnet.toml", "people.csv", "."] {
        let refused = home.run(&["import", "people.csv", "--errors", target]).exits(2);
        assert!(refused.stderr.contains("cannot write") || refused.stderr.contains("written over"), "{refused:#?}");
    }
    home.run(&["import", "people.csv", "--errors", "nowhere/errors.csv"]).exits(1);
    home.run(&["export", "--out", "carnet.db"]).exits(2);
    assert_eq!(home.json(&["import", "list"], 0)["jobs"], serde_json::json!([]), "nothing was imported");
    home.json(&["import", "people.csv"], 3);
    home.write("more.csv", "Last name,Email\nFox,worse\n");
    let second = home.run(&["import", "more.csv"]).exits(3);
    assert!(second.stderr.contains("ErrorDetail.earlier-1.csv"), "{second:#?}");
    assert!(home.read("ErrorDetail.earlier-1.csv").contains("Lee"));
    assert!(home.read("ErrorDetail.csv").contains("Fox"));
}

#[test]
fn an_error_column_far_to_the_right_shifts_nothing() {
    let home = Home::new();
    home.write("carnet.toml", "error_column = \"AZ\"\n");
    home.write("people.csv", "First name,Last name,Company,Team\nAnn,Lee,Acme, Inc,Sales\n");
    home.json(&["import", "people.csv"], 3);
    let errors = home.read("ErrorDetail.csv");
    assert_eq!(errors.lines().next().map(|header| header.split(',').count()), Some(52), "AZ is the 52nd column");
    let again = home.json(&["import", "ErrorDetail.csv"], 3);
    assert_eq!((count(&again, "created"), count(&again, "failed")), (0, 1), "{again:#}");
}

#[test]
fn a_job_that_is_resumed_goes_on_as_it_began() {
    let home = Home::new();
    home.write("people.csv", "Nachname,Email\nLee,bad\n");
    home.json(&["import", "people.csv", "--map", "Nachname=last_name"], 3);
    let refused = home.run(&["import", "people.csv", "--resume", "1"]).exits(1);
    assert!(refused.stderr.contains("is done"), "{refused:#?}");
    let changed = home.run(&["import", "people.csv", "--resume", "1", "--on-match", "update"]);
    assert_ne!(changed.status, 0, "{changed:#?}");
}

#[test]
fn the_templates_sample_row_is_skipped_under_every_profile() {
    // 32: what the template shows is nobody.
    for profile in ["cinnox", "maaiiconnect", "genesys"] {
        let home = Home::new();
        home.run(&["--profile", profile, "template", "--out", "template.csv"]).exits(0);
        let report = home.json(&["--profile", profile, "import", "template.csv"], 0);
        assert_eq!((count(&report, "skipped"), count(&report, "created")), (1, 0), "{profile}: {report:#}");
    }
}
