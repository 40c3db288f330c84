//! What answers must not tell by the way: ids, names, counts and files of contacts that whoever asks may not see.

use serde_json::Value;

use crate::support::{Home, Ran};

fn desk(settings: &str, staff: &[(&str, &str)]) -> Home {
    let home = Home::new();
    home.write("carnet.toml", settings);
    for division in ["Asia", "Europe"] {
        home.json(&["division", "add", division], 0);
    }
    for (name, division) in staff {
        let role = if *name == "Root" { "role=admin" } else { "role=agent" };
        let (name, division) = (format!("name={name}"), format!("divisions={division}"));
        home.json(&["staff", "add", &name, role, &division], 0);
    }
    home
}

fn run(home: &Home, by: &str, args: &[&str]) -> Ran {
    home.run(&[&["--json", "--as", by], args].concat())
}

#[track_caller]
fn add(home: &Home, by: &str, fields: &[&str]) -> String {
    let added = run(home, by, &[&["contact", "add"], fields].concat()).exits(0).json();
    added["id"].as_str().expect("an id").to_owned()
}

/// The code of an error, or `ok`.
fn code(answer: &Value) -> &str {
    answer["error"]["code"].as_str().unwrap_or("ok")
}

#[test]
fn hidden_contacts_have_no_id_no_value_and_no_number() {
    let home = desk("access = \"owner\"\n", &[("Ann", ""), ("Bob", "")]);
    home.json(&["field", "add", "code", "--type", "identifier"], 0);
    home.json(&["field", "add", "badge", "--type", "identifier", "--for", "organization"], 0);
    let master = add(&home, "Ann", &["last_name=Lee", "email=lee@example.com", "custom.code=X1", "labels=Secret"]);
    let merged = add(&home, "Ann", &["last_name=Lee", "email=lee@example.com"]);
    run(&home, "Ann", &["contact", "merge", &master, &merged]).exits(0);
    let asked: [&[&str]; 7] = [
        &["contact", "notes", &merged],
        &["contact", "note", &merged, "Called."],
        &["contact", "changes", &merged],
        &["contact", "consent", &merged],
        &["contact", "duplicates", &merged],
        &["contact", "export-person", &merged],
        &["contact", "forget", &merged, "--yes"],
    ];
    for args in asked {
        let told = run(&home, "Bob", args).exits(1);
        assert!(told.stdout.contains(&merged) && !told.stdout.contains(&master), "{args:?}: {told:#?}");
        assert_eq!(code(&told.json()), "CONTACT_UNKNOWN", "{args:?}");
    }
    let refused = run(&home, "Bob", &["contact", "add", "last_name=Ray", "custom.code=x1"]).exits(1).stdout;
    assert!(refused.contains("not yours to see") && !refused.contains(&master), "{refused}");
    home.write("rays.csv", "Last name,custom.code\nRay,X1\n");
    run(&home, "Bob", &["import", "rays.csv"]).exits(3);
    let failed = home.read("ErrorDetail.csv");
    assert!(failed.contains("not yours to see") && !failed.contains(&master), "{failed}");
    assert_eq!(run(&home, "Bob", &["label", "list"]).json()["labels"][0]["contacts"], 0);
    let kept = run(&home, "Bob", &["label", "delete", "Secret", "--yes"]).exits(1).json();
    assert_eq!(kept["error"]["message"], "Bob may not delete the label `Secret`: contacts have it");
    // A job, and the file that it read, are whoever's who imported it.
    assert_eq!(run(&home, "Ann", &["import", "list"]).json()["jobs"].as_array().map(Vec::len), Some(0));
    assert_eq!(code(&run(&home, "Ann", &["import", "show", "1"]).exits(1).json()), "JOB_UNKNOWN");
    assert_eq!(code(&run(&home, "Ann", &["import", "rays.csv", "--resume", "1"]).exits(1).json()), "JOB_UNKNOWN");
    assert_eq!(run(&home, "Bob", &["import", "show", "1"]).exits(0).json()["failed"], 1);
    assert!(!run(&home, "Ann", &["doctor"]).stdout.contains("contacts"));
    // Of somebody who was forgotten, agents know nothing.
    for deed in [&["contact", "forget", &master, "--yes"][..], &["contact", "export-person", &master]] {
        assert_eq!(code(&run(&home, "Ann", deed).exits(1).json()), "FORBIDDEN", "others' imports hold the person, too");
    }
    home.json(&["contact", "forget", &master, "--yes"], 0);
    assert_eq!(code(&run(&home, "Bob", &["contact", "changes", &merged]).json()), "CONTACT_UNKNOWN");
}

#[test]
fn bulk_writes_and_saved_filters_are_whoever_made_them() {
    let home = desk("access = \"owner\"\n", &[("Root", ""), ("Ann", ""), ("Bob", "")]);
    let shared = add(&home, "Ann", &["last_name=Lee"]);
    let given = add(&home, "Ann", &["last_name=Fox"]);
    run(&home, "Ann", &["bulk", "edit", "owner=Bob", "--words", "Fox", "--yes"]).exits(0);
    run(&home, "Ann", &["bulk", "edit", "owner=Bob", "shared_with+=Ann", "--words", "Lee", "--yes"]).exits(0);
    run(&home, "Bob", &["bulk", "label", "VIP", "--words", "Nobody", "--yes"]).exits(0);
    run(&home, "Bob", &["bulk", "label", "VIP", "--words", "Fox", "--yes"]).exits(0);
    let listed = run(&home, "Bob", &["bulk", "list"]).json();
    assert_eq!(listed["batches"].as_array().map(Vec::len), Some(1), "{listed}");
    let unknown = run(&home, "Bob", &["bulk", "undo", "1"]).exits(1).json();
    assert_eq!(unknown["error"]["message"], "there is no bulk write 1 of yours");
    let undone = run(&home, "Ann", &["bulk", "undo", "1"]).exits(0);
    assert!(!undone.stdout.contains(&given), "{undone:#?}");
    assert_eq!((&undone.json()["restored"], &undone.json()["left_hidden"]), (&0.into(), &1.into()), "{undone:#?}");
    let kept = run(&home, "Ann", &["bulk", "undo", "2"]).exits(0).json();
    assert_eq!(
        (&kept["restored"], &kept["left"][0]["id"]),
        (&0.into(), &shared.as_str().into()),
        "who has it keeps it"
    );

    run(&home, "Ann", &["filter", "save", "Mine", "--company", "Acme"]).exits(0);
    run(&home, "Root", &["filter", "save", "Ours", "--type", "lead"]).exits(0);
    assert_eq!(run(&home, "Ann", &["filter", "save", "mine", "--company", "Hooli"]).json()["replaced"], true);
    let told = run(&home, "Bob", &["filter", "save", "MINE", "--type", "lead"]).exits(1);
    assert!(told.stdout.contains("FORBIDDEN") && told.stdout.contains("Ann saved it"), "{told:#?}");
    assert_eq!(code(&run(&home, "Bob", &["filter", "delete", "ours"]).exits(1).json()), "FORBIDDEN");
    let names = |by| run(&home, by, &["filter", "list"]).json()["filters"].as_array().map(Vec::len);
    assert_eq!([names("Ann"), names("Bob"), names("Root")], [Some(2), Some(1), Some(2)]);
    run(&home, "Root", &["filter", "delete", "mine"]).exits(0);
    for args in [&["plugin", "run", "x", "on_create", "--event", "x.toml"][..], &["plugin", "build", "x"]] {
        assert_eq!(code(&run(&home, "Bob", args).exits(1).json()), "FORBIDDEN", "{args:?}");
    }
}

#[test]
fn an_export_of_ones_own_holds_nothing_of_another_division() {
    let settings = "access = \"division\"\nexport_scope = \"owned-or-shared\"\n";
    let home = desk(settings, &[("Root", ""), ("Ann", "Asia"), ("Eve", "Europe")]);
    let id = add(&home, "Ann", &["last_name=Lee"]);
    let other = add(&home, "Eve", &["last_name=Ray"]);
    run(&home, "Ann", &["contact", "transfer", &id, "Eve"]).exits(0);
    let out = home.run(&["--as", "Eve", "export", "--format", "jsonl", "--out", "-"]).exits(0);
    assert!(out.stdout.contains(&other) && !out.stdout.contains(&id), "{out:#?}");
    assert!(out.stderr.contains("only contacts that you own"), "{out:#?}");
    let divisions = run(&home, "Eve", &["division", "list"]).json();
    let counts = |at: usize| divisions["divisions"][at]["contacts"].as_u64();
    assert_eq!((counts(0), counts(1)), (Some(0), Some(1)), "{divisions}");
    let root = home.run(&["--as", "Root", "export", "--out", "root.csv"]).exits(0);
    assert!(root.stderr.contains("only contacts that you own"), "{root:#?}");
    let operator = home.run(&["export", "--out", "all.csv"]).exits(0);
    assert!(operator.stderr.is_empty() && operator.stdout.contains("wrote 2 contacts"), "{operator:#?}");
}

#[test]
fn usage_errors_tell_all_in_json_even_of_arguments_that_are_no_text() {
    let home = Home::new();
    let message = home.json(&["contact", "add"], 2)["error"]["message"].as_str().map(str::to_owned);
    let message = message.expect("a message");
    assert!(message.contains("not provided: <") && !message.contains("Usage"), "{message}");
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt;
        let bad = std::ffi::OsStr::from_bytes(b"last_name=\xff");
        let args = ["contact", "add"].map(std::ffi::OsStr::new);
        let answer = home.json(&[&args[..], &[bad]].concat(), 2);
        assert_eq!(answer["error"]["code"], "USAGE");
        assert_eq!(home.run(&[&args[..], &[bad]].concat()).status, 2);
    }
}
