//! Rows that meet contacts of the store, and each other: `--on-match`, ambiguity, blanks, `<clear>` and consent.

use serde_json::Value;

use crate::support::Home;

fn count(report: &Value, name: &str) -> u64 {
    report[name].as_u64().unwrap_or_else(|| panic!("no count `{name}` in {report:#}"))
}

fn update(home: &Home, content: &str, more: &[&str], status: i32) -> Value {
    home.write("update.csv", content);
    home.json(&[&["import", "update.csv", "--on-match", "update"], more].concat(), status)
}

#[test]
fn rows_are_matched_and_brought_up_to_date() {
    let home = Home::new();
    home.write("one.csv", "First name,Last name,Email,Company,Survey Opt-Out\nAnn,Lee,ann@example.com,Acme,yes\n");
    home.write("two.csv", "First name,Last name,Email,Company,Survey Opt-Out\n,,ANN@example.com,Globex,no\nBob,Ray,bob@example.com,,\n,,bob@example.com,Initech,\n");
    home.json(&["import", "one.csv"], 0);
    let report = home.json(&["import", "two.csv", "--on-match", "update"], 0);
    assert_eq!((count(&report, "updated"), count(&report, "created")), (2, 1), "{report:#}");
    let again = home.json(&["import", "two.csv", "--on-match", "update"], 0);
    assert_eq!(count(&again, "unchanged"), 3, "{again:#}");
    let ann = &home.json(&["search", "ann"], 0)["contacts"][0];
    assert_eq!((ann["company"].as_str(), ann["first_name"].as_str()), (Some("Globex"), Some("Ann")));
    assert_eq!(ann["survey_opt_out"], true, "consent only tightens");
    assert_eq!(home.json(&["search", "bob"], 0)["contacts"][0]["company"], "Initech");
    let skipped = home.json(&["import", "one.csv", "--on-match", "skip"], 0);
    assert_eq!(count(&skipped, "skipped"), 1);
    let rejected = home.json(&["import", "one.csv", "--on-match", "reject"], 3);
    assert_eq!(count(&rejected, "failed"), 1);
}

#[test]
fn an_export_that_comes_back_finds_its_contacts_by_their_ids() {
    let home = Home::new();
    let add = |name: &str| home.json(&["contact", "add", &format!("last_name={name}")], 0)["id"].clone();
    let ids = ["Lee", "Li", "Ray"].map(add);
    home.run(&["export", "--out", "all.csv"]).exits(0);
    let [lee, li, ray] = ids.each_ref().map(|id| id.as_str().expect("an id"));
    home.json(&["contact", "merge", lee, li, "--yes"], 0);
    home.json(&["contact", "delete", ray, "--yes"], 0);
    for (on_match, status) in [("skip", 0), ("reject", 3), ("update", 0)] {
        let report = home.json(&["import", "all.csv", "--on-match", on_match, "--dry-run"], status);
        let found = ["skipped", "failed", "updated", "unchanged"].map(|name| count(&report, name));
        assert_eq!(
            (found.iter().sum::<u64>(), count(&report, "created")),
            (2, 1),
            "who was deleted is new: {report:#}"
        );
    }
    home.write("map.csv", "Last name,Mobile,Cell 2\nOh,+85291234567,+85291234568\n");
    let report = home.json(&["import", "map.csv", "--map", "Cell 2=mobile"], 0);
    let told = report["warnings"].to_string();
    assert!(told.contains("`Mobile` is left out, because `Cell 2` was mapped to mobile"), "{told}");
    assert!(!told.contains("unknown headers"), "{told}");
}

#[test]
fn rows_of_one_person_follow_the_order_of_the_file() {
    let home = Home::new();
    let content = "First name,Last name,Mobile,Email,Company\nNew,One,+85298760001,new@example.com,N\nNew,OneB,+85298760002,new@example.com,N2\nNew,OneC,+85298760001,,N3\nNew,OneD,+85298760002,,N4\n";
    let report = update(&home, content, &[], 0);
    // The second row moves the number away, so the third is somebody else, and the fourth the first again.
    let outcome = ["created", "updated", "failed"].map(|name| count(&report, name));
    assert_eq!(outcome, [2, 2, 0], "{report:#}");
    assert_eq!(home.json(&["search", "new", "OneD"], 0)["contacts"][0]["company"], "N4");
}

#[test]
fn consent_stays_where_the_file_says_nothing_of_it() {
    let home = Home::new();
    let fields = [
        "contact",
        "add",
        "last_name=Lee",
        "email=ann@example.com",
        "mobile=+85291234567",
        "survey_opt_out=yes",
        "sms=no",
        "external_id=erp:1",
        "type=customer",
    ];
    home.json(&fields, 0);
    update(&home, "Email,Company,External ID\nann@example.com,Acme,crm:5\n", &["--allow-opt-in"], 0);
    let ann = || home.json(&["search", "lee"], 0)["contacts"][0].clone();
    assert_eq!(
        (ann()["survey_opt_out"].as_bool(), ann()["type"].as_str()),
        (Some(true), Some("customer")),
        "a column that is not there changes nothing"
    );
    assert_eq!(ann()["external_ids"].as_array().map(Vec::len), Some(2), "ids are added: {:#}", ann());
    let refused = update(&home, "Email,Survey Opt-Out,SMS\nann@example.com,no,yes\n", &[], 0);
    assert_eq!((count(&refused, "unchanged"), refused["warned_values"].as_u64()), (1, Some(2)), "{refused:#}");
    assert_eq!((ann()["survey_opt_out"].as_bool(), ann()["phones"][0]["sms"].as_bool()), (Some(true), Some(false)));
    update(&home, "Email,Survey Opt-Out\nann@example.com,no\n", &["--allow-opt-in"], 0);
    assert_eq!(ann()["survey_opt_out"], false);
}

#[test]
fn a_blank_cell_keeps_and_clear_clears() {
    let home = Home::new();
    home.json(
        &["contact", "add", "last_name=Lee", "email=ann@example.com", "company=Acme", "city=Rome", "type=customer"],
        0,
    );
    update(&home, "Email,Company,City,Type\nann@example.com,<clear>,,Lead\n", &[], 0);
    let ann = &home.json(&["search", "lee"], 0)["contacts"][0];
    assert_eq!((&ann["company"], ann["address"]["city"].as_str()), (&Value::Null, Some("Rome")));
    assert_eq!(ann["type"], "lead", "an explicit default is a value");
    home.write("new.csv", "Last name,Company\nRay,<clear>\n");
    home.json(&["import", "new.csv"], 0);
    assert_eq!(home.json(&["search", "ray"], 0)["contacts"][0]["company"], Value::Null);
}

#[test]
fn a_cell_without_a_value_keeps_what_is_there() {
    let home = Home::new();
    home.write("carnet.toml", "multi_value = true\n");
    let person = ["first_name=Ann", "last_name=Lee", "email=ann@example.com", "mobile=+85291234567", "labels=VIP"];
    home.json(&[&["contact", "add"], &person[..]].concat(), 0);
    // What stands for "nothing" in a name, and separators with nothing between them.
    for nothing in ["-", "N/A", "NULL", "\u{a0}"] {
        let row = format!("First name,Last name,Email,Mobile,Label\n{nothing},{nothing},ann@example.com,;,;\n");
        for options in [&[][..], &["--overwrite", "labels,mobile"]] {
            assert_eq!(count(&update(&home, &row, options, 0), "unchanged"), 1, "{nothing:?} {options:?}");
        }
    }
    let ann = &home.json(&["search", "lee"], 0)["contacts"][0];
    assert_eq!((&ann["first_name"], &ann["last_name"]), (&"Ann".into(), &"Lee".into()));
    assert_eq!((&ann["phones"][0]["e164"], &ann["labels"][0]), (&"+85291234567".into(), &"VIP".into()));
}

#[test]
fn an_id_that_a_cell_repeats_is_one() {
    let home = Home::new();
    update(&home, "Last name,External ID\nLee,crm:1; crm:1;erp:1\n", &[], 0);
    update(&home, "Company,External ID\n,crm:1;crm:2;crm:2\n", &["--overwrite", "external_id"], 0);
    let ids = home.json(&["search", "lee"], 0)["contacts"][0]["external_ids"].clone();
    assert_eq!(ids, serde_json::json!([{"source": "crm", "id": "1"}, {"source": "crm", "id": "2"}]));
}

#[test]
fn people_who_share_a_number_are_told_apart_by_what_they_do_not_share() {
    let home = Home::new();
    let content = "Last name,Email,Mobile,External ID\nLee,ann@example.com,+85298765432,crm:1\nRay,bob@example.com,+85298765432,crm:3\n";
    home.write("family.csv", content);
    home.json(&["import", "family.csv"], 0);
    assert_eq!(count(&update(&home, content, &[], 0), "unchanged"), 2);
    let by_mail = update(&home, "Last name,Email,Mobile\nLee,ann@example.com,+85298765432\n", &[], 0);
    assert_eq!(count(&by_mail, "unchanged"), 1, "{by_mail:#}");
    let ambiguous = update(&home, "Last name,Mobile\nLee,+85298765432\n", &[], 3);
    assert_eq!(count(&ambiguous, "failed"), 1);
    assert!(home.read("ErrorDetail.csv").contains("fits 2 contacts"));
}

#[test]
fn colleagues_and_families_are_not_taken_for_one_person() {
    let home = Home::new();
    let office = "First name,Last name,Email,Work,External ID\nAnn,Lee,ann@example.com,+85221234567,\nBob,Ray,bob@example.com,+85221234567,\nCy,Lee,cy@example.com,+85221234567,\n,,dee@example.com,,crm:1\n,,dee@example.com,,crm:2\n";
    let report = update(&home, office, &[], 0);
    assert_eq!((count(&report, "created"), count(&report, "updated")), (5, 0), "{report:#}");
    assert!(
        report["warnings"].to_string().contains("another name or id became contacts of their own: records 2, 3, 5"),
        "{report:#}"
    );
    assert_eq!(count(&update(&home, office, &[], 0), "unchanged"), 5);
    // A new address alone makes nobody another person; where the number decides, it decides.
    let ann = "First name,Last name,Email,Mobile\nAnn,Lee,ann@example.com,+85298760001\nANN,LEE,lee@example.org,+85298760001\n";
    assert_eq!(count(&update(&home, ann, &[], 0), "updated"), 2);
    let renamed = "First name,Last name,Email,Mobile\nAnna,Liu,liu@example.org,+85298760001\n";
    assert_eq!(count(&update(&home, renamed, &["--match-by", "phone"], 0), "updated"), 1);
}

/// How rows are matched, and whose values win.
mod policies;

/// What rows meet that was merged, deleted, forgotten, verified, or is hidden.
mod standing;
