//! Plugins added, changed, broken and removed while a command runs: each generation is told as it takes effect, and what breaks never does.

use crate::support::{Home, Telling};

#[test]
fn generations_are_told_as_they_take_effect() {
    let home = Home::new();
    home.write("scripts/one.rhai", "fn on_create(contact) { contact.company = \"Acme\"; }");
    let mut watching = Telling::start(&home, &["plugin", "watch"]);
    let first = watching.next();
    assert_eq!(first["added"][0]["name"], "one", "{first:#}");
    home.write("scripts/two.rhai", "fn on_create(contact) { }");
    let added = watching.next();
    assert_eq!((added["added"][0]["name"].as_str(), added["generation"].as_u64()), (Some("two"), Some(2)), "{added:#}");
    home.write("scripts/one.rhai", "fn on_create(contact) { this is no script");
    let refused = watching.next();
    assert_eq!(refused["refused"][0]["name"], "one", "{refused:#}");
    assert_eq!(refused["refused"][0]["kept"], "0.0.0", "the version that worked stays");
    home.write("scripts/one.rhai", "fn on_create(contact) { contact.company = \"Globex\"; }");
    let replaced = watching.next();
    assert_eq!(replaced["replaced"][0]["name"], "one", "{replaced:#}");
    assert_ne!(replaced["replaced"][0]["hash"], first["added"][0]["hash"]);
    std::fs::remove_file(home.path().join("scripts/two.rhai")).expect("the removal");
    let removed = watching.next();
    assert_eq!(removed["removed"][0]["name"], "two", "{removed:#}");
}

#[test]
fn a_folder_that_comes_late_is_seen() {
    let home = Home::new();
    let mut watching = Telling::start(&home, &["plugin", "watch"]);
    assert_eq!(watching.next()["added"], serde_json::json!([]));
    home.write("scripts/late.rhai", "fn on_create(contact) { }");
    assert_eq!(watching.next()["added"][0]["name"], "late");
}

/// Threads and open files of a process.
#[cfg(target_os = "linux")]
fn held(id: u32) -> [usize; 2] {
    ["task", "fd"].map(|what| std::fs::read_dir(format!("/proc/{id}/{what}")).expect("the process runs").count())
}

#[cfg(target_os = "linux")]
#[test]
fn a_watch_goes_on_for_ever_and_holds_nothing_of_what_went() {
    let home = Home::new();
    let script = |city: usize| format!("fn on_create(contact) {{ contact.city = \"C{city}\"; }}");
    home.write("scripts/one.rhai", script(0));
    home.write("rows.csv", "Last name\nLee\nKim\n");
    let mut watching = Telling::start(&home, &["plugin", "watch"]);
    watching.next();
    let mut held_before = None;
    for round in 1..=8 {
        home.write("scripts/one.rhai", script(round));
        assert_eq!(watching.next()["replaced"][0]["name"], "one");
        // Commands come and go meanwhile, each with the version of that moment.
        let report = home.json(&["import", "rows.csv", "--again"], 0);
        assert_eq!((&report["created"], &report["faulted"]), (&2.into(), &0.into()), "{report:#}");
        let held = held(watching.child.id());
        assert_eq!(held, *held_before.get_or_insert(held), "threads and open files");
    }
}
