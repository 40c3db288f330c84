//! Taking an import back: what it created and updated goes, what somebody touched since stays and is told.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::Home;

const FIRST: &str = "External ID,First name,Last name,Email,Company,Labels,Country\n\
    crm:1,Ann,Lee,ann@example.com,Acme,VIP,HK\n\
    crm:2,Bob,Ray,bob@example.com,Acme,VIP,HK\n\
    crm:3,Cy,Fox,cy@example.com,Beta,,BE\n\
    crm:4,Di,Oak,di@example.com,,,\n\
    crm:5,Ed,Elm,ed@example.com,,,\n";

fn ids(home: &Home) -> BTreeMap<String, String> {
    let found = home.json(&["search", "--limit", "100"], 0);
    let contacts = found["contacts"].as_array().expect("contacts").clone();
    contacts.iter().map(|contact| (text(&contact["first_name"]).to_owned(), text(&contact["id"]).to_owned())).collect()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn total(home: &Home, args: &[&str]) -> u64 {
    home.json(&[&["search"], args].concat(), 0)["total"].as_u64().expect("a total")
}

#[test]
fn creates_go_and_what_was_touched_stays() {
    // 92: what somebody edited since is kept and listed.
    let home = Home::new();
    home.write("people.csv", FIRST);
    home.json(&["import", "people.csv"], 0);
    let ids = ids(&home);
    home.json(&["contact", "edit", &ids["Ann"], "job_title=Director"], 0);
    home.json(&["contact", "note", &ids["Bob"], "rang today"], 0);
    home.json(&["contact", "delete", &ids["Cy"], "--yes"], 0);
    let asked = home.run(&["import", "undo", "1"]).exits(2);
    assert!(asked.stderr.contains("delete 2 contacts that it created? 3 contacts were touched since"), "{asked:?}");
    assert_eq!(total(&home, &[]), 4, "nothing was done");
    let undone = home.json(&["import", "undo", "1", "--yes"], 0);
    assert_eq!((undone["deleted"].as_u64(), undone["left_total"].as_u64()), (Some(2), Some(3)), "{undone:#}");
    let left: Vec<(&str, &str)> =
        undone["left"].as_array().expect("left").iter().map(|one| (text(&one["name"]), text(&one["why"]))).collect();
    assert_eq!(left.iter().map(|(name, _)| *name).collect::<Vec<_>>(), ["Ann Lee", "Bob Ray", "Cy Fox"], "{undone:#}");
    assert!(left[0].1.starts_with("updated by cli on ") && left[2].1.starts_with("deleted by cli on "), "{left:?}");
    assert_eq!(left[1].1, "it has a note");
    // Nothing finds them any more, by whatever way.
    assert_eq!(total(&home, &[]), 2);
    for query in [&["di@example.com"][..], &["oak"], &["--country", "HK", "di"], &["--label", "VIP", "ed"]] {
        assert_eq!(total(&home, query), 0, "{query:?}");
    }
    assert_eq!(total(&home, &["--label", "VIP"]), 2);
    let changes = home.json(&["contact", "changes", &ids["Di"]], 0);
    assert_eq!(changes["changes"][0]["action"], "undone", "{changes:#}");
    // One comes back by hand, and the file may come in again.
    home.json(&["contact", "restore", &ids["Di"]], 0);
    assert_eq!(total(&home, &["di@example.com"]), 1);
    let shown = home.run(&["import", "show", "1"]).exits(0);
    assert!(shown.stdout.contains("taken back by cli") && shown.stdout.contains("2 deleted, 0 restored"), "{shown:?}");
    assert!(home.run(&["import", "undo", "1", "--yes"]).exits(1).stderr.contains("taken back before"));
    assert!(home.run(&["import", "--resume", "1", "people.csv"]).exits(1).stderr.contains("was taken back"));
    assert_eq!(home.json(&["import", "people.csv"], 0)["created"], 5);
    home.json(&["doctor"], 0);
}

#[test]
fn updates_become_what_was_before() {
    let home = Home::new();
    home.write("people.csv", FIRST);
    home.json(&["import", "people.csv"], 0);
    let before = home.json(&["search", "--limit", "100"], 0);
    // Fay is created, and then updated by the same file.
    let more = "External ID,First name,Last name,Company,Job title\n\
        crm:1,,Lee,Gamma,Head\ncrm:2,,Ray,Gamma,Head\ncrm:9,Fay,Ash,Gamma,\ncrm:9,Fay,Ash,,Chief\ncrm:5,,Elm,Gamma,\ncrm:5,,Elm,,Boss\n";
    home.write("more.csv", more);
    let args = ["import", "more.csv", "--on-match", "update", "--match-by", "external-id", "--overwrite", "all"];
    let report = home.json(&args, 0);
    assert_eq!((report["created"].as_u64(), report["updated"].as_u64()), (Some(1), Some(5)), "{report:#}");
    assert_eq!(home.json(&["bulk", "list"], 0)["batches"], Value::Array(Vec::new()), "an import is no bulk write");
    let refused = home.run(&["bulk", "undo", "1"]).exits(2);
    assert!(refused.stderr.contains("carnet import undo 2"), "{refused:?}");
    let ids = ids(&home);
    home.json(&["contact", "edit", &ids["Bob"], "job_title=Director"], 0);
    let undone = home.json(&["import", "undo", "2", "--yes"], 0);
    assert_eq!((undone["deleted"].as_u64(), undone["restored"].as_u64()), (Some(1), Some(2)), "{undone:#}");
    assert_eq!(undone["left"][0]["name"], "Bob Ray", "{undone:#}");
    let after = home.json(&["search", "--limit", "100"], 0);
    let plain = |page: &Value| {
        let mut contacts = page["contacts"].as_array().expect("contacts").clone();
        contacts.retain(|contact| contact["first_name"] != "Bob");
        for contact in &mut contacts {
            for key in ["rev", "updated", "updated_at", "updated_by"] {
                contact.as_object_mut().expect("an object").remove(key);
            }
        }
        contacts
    };
    assert_eq!(plain(&after), plain(&before));
    home.json(&["doctor"], 0);
}

#[test]
fn what_is_forgotten_is_gone_from_what_an_import_kept() {
    let home = Home::new();
    home.write("people.csv", FIRST);
    home.json(&["import", "people.csv"], 0);
    home.write("more.csv", "External ID,Last name,Company\ncrm:1,Lee,Gamma\ncrm:2,Ray,Gamma\n");
    home.json(
        &["import", "more.csv", "--on-match", "update", "--match-by", "external-id", "--overwrite", "company"],
        0,
    );
    let ids = ids(&home);
    home.json(&["contact", "forget", &ids["Ann"], "--yes"], 0);
    let undone = home.json(&["import", "undo", "2", "--yes"], 0);
    assert_eq!((undone["restored"].as_u64(), undone["left_total"].as_u64()), (Some(1), Some(0)), "{undone:#}");
    let undone = home.json(&["import", "undo", "1", "--yes"], 0);
    let names: Vec<&str> = undone["left"].as_array().expect("left").iter().map(|one| text(&one["name"])).collect();
    assert!(!names.iter().any(|name| name.contains("Lee")), "{undone:#}");
    let database = std::fs::read(home.path().join("carnet.db")).expect("the database");
    assert!(!database.windows(15).any(|bytes| bytes == b"ann@example.com"), "no byte is left");
}

#[test]
fn an_agent_takes_back_only_what_is_theirs() {
    let home = Home::new();
    home.write("carnet.toml", "access = \"owner\"\n");
    home.json(&["staff", "add", "name=Ann Lee", "email=ann.lee@example.com", "role=agent"], 0);
    home.json(&["staff", "add", "name=Bob Ray", "email=bob.ray@example.com", "role=agent"], 0);
    home.write("people.csv", "First name,Last name,Email\nCy,Fox,cy@example.com\nDi,Oak,di@example.com\n");
    home.json(&["--as", "Ann Lee", "import", "people.csv"], 0);
    let found = home.json(&["search"], 0);
    let id = found["contacts"].as_array().expect("contacts").iter().find(|one| one["first_name"] == "Di").expect("Di");
    let stranger = home.run(&["--as", "Bob Ray", "import", "undo", "1", "--yes"]).exits(1);
    assert!(stranger.stderr.contains("there is no import job 1"), "{stranger:?}");
    home.json(&["contact", "transfer", text(&id["id"]), "Bob Ray"], 0);
    let undone = home.json(&["--as", "Ann Lee", "import", "undo", "1", "--yes"], 0);
    assert_eq!((undone["deleted"].as_u64(), undone["left_hidden"].as_u64()), (Some(1), Some(1)), "{undone:#}");
    assert!(!undone.to_string().contains("Oak"), "{undone:#}");
    assert_eq!(home.json(&["search"], 0)["total"], 1);
}

#[test]
fn imports_are_taken_back_one_after_the_other_down_to_nothing() {
    let home = Home::new();
    let file = |company: &str| format!("External ID,Last name,Company\ncrm:1,Lee,{company}\ncrm:2,Ray,{company}\n");
    home.write("a.csv", file("Alpha"));
    // Each contact is written twice by one import.
    home.write("b.csv", format!("{}crm:1,Lee,Gamma\ncrm:2,Ray,Gamma\n", file("Beta")));
    home.write("c.csv", file("Delta"));
    home.json(&["import", "a.csv"], 0);
    for name in ["b.csv", "c.csv"] {
        home.json(&["import", name, "--on-match", "update", "--match-by", "external-id", "--overwrite", "all"], 0);
    }
    for job in ["3", "2"] {
        let undone = home.json(&["import", "undo", job, "--yes"], 0);
        assert_eq!((undone["restored"].as_u64(), undone["left_total"].as_u64()), (Some(2), Some(0)), "{undone:#}");
    }
    assert_eq!(home.json(&["search"], 0)["contacts"][0]["company"], "Alpha");
    // What somebody writes after that is kept.
    home.json(&["contact", "edit", &ids_by_last(&home, "Ray"), "company=Mine"], 0);
    let undone = home.json(&["import", "undo", "1", "--yes"], 0);
    assert_eq!((undone["deleted"].as_u64(), undone["left_total"].as_u64()), (Some(1), Some(1)), "{undone:#}");
}

#[test]
fn what_a_later_import_updated_can_be_taken_back_when_that_is() {
    for order in [["2", "1"], ["1", "2"]] {
        let home = Home::new();
        home.write("people.csv", FIRST);
        home.write("more.csv", "External ID,Last name,Company\ncrm:1,Lee,Gamma\ncrm:2,Ray,Gamma\ncrm:9,Ash,Gamma\n");
        home.json(&["import", "people.csv"], 0);
        let update = ["--on-match", "update", "--match-by", "external-id", "--overwrite", "all"];
        home.json(&[&["import", "more.csv"], &update[..]].concat(), 0);
        // Of two contacts that the second import updated, somebody edited one.
        home.json(&["contact", "edit", &ids_by_last(&home, "Ray"), "job_title=Head"], 0);
        if order == ["1", "2"] {
            let first = home.run(&["import", "undo", "1", "--yes"]).exits(0).stdout;
            assert!(first.contains("import 2 came after it: take that back first"), "{first}");
            assert!(first.contains("the same command takes back the rest when it can be"), "{first}");
            assert!(first.contains("3 contacts deleted") && first.contains("updated by cli on"), "{first}");
            let shown = home.run(&["import", "show", "1"]).exits(0).stdout;
            assert!(shown.contains("in part"), "{shown}");
        }
        let second = home.run(&["import", "undo", "2", "--yes"]).exits(0).stdout;
        assert!(second.contains("1 contact deleted, 1 restored, 1 left"), "{second}");
        assert_eq!(second.contains("`carnet import undo 1` goes on with it"), order == ["1", "2"], "{second}");
        let undone = home.json(&["import", "undo", "1", "--yes"], 0);
        let deleted = if order == ["1", "2"] { 1 } else { 4 };
        assert_eq!((undone["deleted"].as_u64(), undone["left_total"].as_u64()), (Some(deleted), Some(1)), "{undone:#}");
        assert_eq!(undone["finished"], true, "{undone:#}");
        assert_eq!(total(&home, &[]), 1, "the one that was edited stays");
        home.json(&["doctor"], 0);
    }
}

fn ids_by_last(home: &Home, name: &str) -> String {
    let found = home.json(&["search", name], 0);
    text(&found["contacts"][0]["id"]).to_owned()
}
