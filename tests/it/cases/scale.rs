//! Sheer size, faults and haste: rows of a size that nobody types, plugins that fail in every way or are changed under a running job, files of
//! which no row is sound, two imports at once.

use std::path::Path;

use carnet::app::App;
use carnet::app::import::ImportRequest;
use serde_json::Value;

use crate::support::Home;

/// Rows with a last name and a company each.
fn rows(home: &Home, name: &str, companies: &[&str]) {
    let mut text = String::from("Last name,Email,Company\n");
    for (row, company) in companies.iter().enumerate() {
        text.push_str(&format!("Lee,{name}{row}@example.com,{company}\n"));
    }
    home.write(&format!("{name}.csv"), text);
}

#[test]
fn a_table_too_wide_and_a_cell_too_long_are_refused_by_name() {
    // 85: limits are told at the header or the row.
    let home = Home::new();
    let wide: Vec<String> = (0..20_000).map(|column| format!("Column {column}")).collect();
    home.write("wide.csv", format!("Last name,{}\nLee\n", wide.join(",")));
    let refused = home.run(&["import", "wide.csv"]);
    assert!(matches!(refused.status, 1 | 2) && refused.stderr.contains("columns"), "{}", refused.stderr);
    home.write("long.csv", format!("Last name,Company\nLee,{}\nKim,Acme\n", "x".repeat(10 << 20)));
    let report = home.json(&["import", "long.csv", "--errors-json", "errors.json"], 3);
    assert_eq!((report["created"].as_u64(), report["failed"].as_u64()), (Some(1), Some(1)), "{report:#}");
    let errors: Value = serde_json::from_str(&home.read("errors.json")).expect("errors");
    assert_eq!((errors[0]["row"].as_u64(), errors[0]["line"].as_u64()), (Some(1), Some(2)));
    assert!(errors[0]["code"].as_str().is_some_and(|code| code.ends_with("_TOO_LARGE")), "{errors:#}");
}

#[test]
fn imports_at_once_wait_for_each_other_and_the_same_file_comes_in_once() {
    let home = Home::new();
    let many = ["Acme"; 3000];
    rows(&home, "one", &many);
    rows(&home, "two", &many);
    let start = |file: &str| home.command().args(["--json", "import", file]).output();
    let ran = std::thread::scope(|scope| {
        let runs = ["one.csv", "two.csv", "one.csv"].map(|file| scope.spawn(move || start(file)));
        runs.map(|run| crate::support::ran(run.join().expect("a run").expect("the program runs")))
    });
    let done = |ran: &&crate::support::Ran| ran.status == 0;
    assert_eq!(ran.iter().filter(done).count(), 2, "{ran:#?}");
    let refused = ran.iter().find(|ran| ran.status == 1).expect("the second of the same file is refused");
    let code = refused.json()["error"]["code"].clone();
    assert!(code == "IMPORT_RUNNING" || code == "IMPORTED_BEFORE", "{refused:#?}");
    assert_eq!(home.json(&["search"], 0)["total"], 6000);
}

#[test]
fn whatever_a_plugin_does_fails_its_row_by_name_and_the_job_goes_on() {
    // 89: loops, traps and greed cost one row each.
    let ways = [
        ("loop", "PLUGIN_OPERATIONS"),
        ("memory", "PLUGIN_MEMORY"),
        ("throw", "PLUGIN_SCRIPT"),
        ("refused", "PLUGIN_REFUSED_EDIT"),
        ("edits", "PLUGIN_EDITS"),
        ("log", "PLUGIN_LOG"),
        ("verdict", "PLUGIN_VERDICT"),
    ];
    let home = Home::new();
    home.write("scripts/wild/plugin.toml", "name = 'wild'\nversion = '3.1.4'\n[budget]\ndeadline_ms = 5000\n");
    let script = r#"fn on_create(contact) {
        switch contact.company {
            "loop" => { let n = 0; loop { n += 1; } }
            "memory" => { let t = []; loop { t.push("x".pad_end(60000)); } }
            "throw" => { throw "no"; }
            "refused" => { contact.mobile = "12"; }
            "edits" => { for n in 0..1000 { contact.city = `c${n}`; } }
            "log" => { for n in 0..100000 { log_info("a line that is far too long to be logged so often, and nobody reads it"); } }
            "verdict" => { return false; }
        }
    }"#;
    home.write(
        "scripts/wild/main.rhai",
        script.replace("\"x\".pad_end(60000)", "make()") + "fn make() { let s = \"x\"; for n in 0..15 { s += s; } s }",
    );
    let companies: Vec<&str> = ways.iter().flat_map(|(way, _)| [*way, "Acme"]).collect();
    rows(&home, "wild", &companies);
    let report = home.json(&["import", "wild.csv", "--errors-json", "errors.json"], 3);
    assert_eq!((report["created"].as_u64(), report["failed"].as_u64()), (Some(7), Some(7)), "{report:#}");
    let errors: Value = serde_json::from_str(&home.read("errors.json")).expect("errors");
    for ((way, code), error) in ways.iter().zip(errors.as_array().expect("a list")) {
        let message = error["message"].as_str().unwrap_or_default();
        assert_eq!((error["code"].as_str(), error["plugin"].as_str()), (Some(*code), Some("wild")), "{way}: {error:#}");
        assert!(message.contains("plugin `wild` 3.1.4 failed in on_create"), "{way}: {message}");
        assert!(*way == "verdict" || message.contains(" at main.rhai:"), "{way}: {message}");
    }
    assert_eq!(report["plugins"][0]["faults"], 7);
}

/// The version of the plugin that set the city, by the change log of the contacts of a file, oldest first.
fn cities(app: &App) -> Vec<(String, String)> {
    let store = app.store().expect("a store");
    let query = carnet::store::Query { limit: 10_000, sort: carnet::store::Sort::Oldest, ..Default::default() };
    let contacts = store.read(|reader| reader.search(&query)).expect("the contacts").contacts;
    let one = |contact: &carnet::domain::contact::Contact| {
        let changes = store.read(|reader| reader.changes(contact.id, None)).expect("its changes");
        let field = changes[0].fields.iter().find(|field| field.field == "city");
        let plugin = field
            .and_then(|field| field.plugin.as_ref())
            .map(|plugin| format!("{} {}", plugin.version, &plugin.hash[..8]));
        (contact.address.city.clone().unwrap_or_default(), plugin.unwrap_or_default())
    };
    contacts.iter().map(one).collect()
}

fn plugin(home: &Home, version: &str, code: &str) {
    home.write("scripts/pin/plugin.toml", format!("name = 'pin'\nversion = '{version}'\n"));
    home.write("scripts/pin/main.rhai", code);
}

#[test]
fn a_job_keeps_the_plugins_with_which_it_began() {
    // 90: a plugin that is changed meanwhile waits for the next job.
    let home = Home::new();
    let change = |round: u32| match round {
        1 => plugin(&home, "2.0.0", "fn on_create(contact) { contact.city = \"Two\"; }"),
        2 => plugin(&home, "3.0.0", "fn on_create(contact) { this is broken"),
        3 => std::fs::remove_dir_all(home.path().join("scripts/pin")).expect("it goes"),
        4 => plugin(&home, "4.0.0", "fn on_create(contact) { contact.city = \"Four\"; }"),
        _ => {}
    };
    plugin(&home, "1.0.0", "fn on_create(contact) { contact.city = \"One\"; }");
    rows(&home, "first", &["Acme"; 2500]);
    rows(&home, "second", &["Acme"; 3]);
    let app = App::open(home.path(), None).expect("an app");
    let (mut round, mut generations) = (0, Vec::new());
    let request = |name: &str| ImportRequest { errors: None, ..ImportRequest::new(home.path().join(name)) };
    let report = app
        .import(&request("first.csv"), &mut |_| {
            round += 1;
            change(round);
            app.registry().expect("a registry").rescan();
            generations.push(app.generation().expect("a generation").number);
        })
        .expect("the import");
    assert!(generations.last() > generations.first(), "the folder was seen to change: {generations:?}");
    assert_eq!((report.counts.created, report.plugins.len()), (2500, 1));
    assert_eq!((report.plugins[0].identity.version.as_str(), report.plugins[0].counts.calls), ("1.0.0", 2500));
    let first = cities(&app);
    assert!(
        first.iter().all(|it| *it == first[0]) && first[0].0 == "One" && first[0].1.starts_with("1.0.0 "),
        "{:?}",
        first[0]
    );
    let next = app.import(&request("second.csv"), &mut |_| {}).expect("the next import");
    assert_eq!(next.plugins[0].identity.version, "4.0.0");
    assert_eq!(cities(&app).last().map(|(city, _)| city.as_str()), Some("Four"));
    let job = app.import_job(1, &carnet::domain::permission::Viewer::Operator).expect("the job");
    let hash = &report.plugins[0].identity.hash;
    assert!(job.plugins_json.contains("1.0.0") && job.plugins_json.contains(hash), "{}", job.plugins_json);
    assert!(Path::new(&job.file).ends_with("first.csv"));
}

#[test]
fn a_file_without_a_sound_row_stops_with_a_report_that_is_whole() {
    // 91: where nothing is sound, not every row is read.
    let home = Home::new();
    let mut text = String::from("Last name,Email\n");
    (0..5000).for_each(|row| text.push_str(&format!("Lee,no address {row}\n")));
    home.write("rows.csv", text);
    let report = home.json(&["import", "rows.csv", "--max-errors", "1000"], 1);
    assert_eq!((report["read"].as_u64(), report["failed"].as_u64()), (Some(1001), Some(1001)), "{report:#}");
    assert_eq!(home.read("ErrorDetail.csv").lines().count(), 1002);
}

#[test]
fn who_only_watches_and_fails_all_the_time_changes_nothing() {
    let home = Home::new();
    home.write("carnet.toml", "[plugins.sink]\nmode = 'observe'\n");
    home.write("scripts/sink.rhai", "fn on_create(contact) { throw \"the other side does not answer\"; }");
    rows(&home, "many", &["Acme"; 2000]);
    let report = home.json(&["import", "many.csv"], 0);
    assert_eq!((report["created"].as_u64(), report["faulted"].as_u64()), (Some(2000), Some(0)));
    assert_eq!(
        (report["plugins"][0]["faults"].as_u64(), report["plugins"][0]["tripped_at"].as_u64()),
        (Some(20), Some(20))
    );
}
