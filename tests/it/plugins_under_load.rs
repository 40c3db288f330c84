//! Plugins under load. Workers ask them about many rows at once; what comes out is what would have come out one row after the other, with any
//! number of workers, and whether or not the job was stopped or killed on the way.

use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::Home;

const GUARD: &str = r#"
fn on_create(contact) {
    if lookup("email", contact.email, 1).len() > 0 { reject("email", "LOOKALIKE", "the address is known"); }
    if contact.company == "Twin" && lookup("name", `${contact.first_name} ${contact.last_name}`).len() > 0 {
        reject("last_name", "NAMESAKE", "the name is known");
    }
}"#;

const COUNTER: &str = r#"
fn on_create(contact) {
    let n = parse_int(state_get("n") ?? "0") + 1;
    state_set("n", n);
    contact.job_title = `No ${n}`;
}"#;

/// A script that asks for a grant.
fn granted(home: &Home, name: &str, grant: &str, code: &str) {
    let manifest = format!("name = '{name}'\nversion = '1.0.0'\ngrants = ['{grant}']\n");
    home.write(&format!("scripts/{name}/plugin.toml"), manifest);
    home.write(&format!("scripts/{name}/main.rhai"), code);
}

/// A home with a plugin that looks up, one that counts, and so many workers.
fn home(workers: usize) -> Home {
    let home = Home::new();
    granted(&home, "guard", "lookup", GUARD);
    granted(&home, "counter", "state", COUNTER);
    home.write(
        "carnet.toml",
        format!("workers = {workers}\n[plugins.guard]\ngrants = ['lookup']\n[plugins.counter]\ngrants = ['state']\n"),
    );
    home
}

/// Rows with look-alikes near and far, made without chance, and what must become of them: the titles of those that are created, in order.
fn file(home: &Home, rows: usize) -> Vec<String> {
    let (mut text, mut known, mut names, mut expected) =
        (String::from("First name,Last name,Email,Company\n"), Vec::new(), Vec::new(), Vec::new());
    for row in 0..rows {
        let back = [0, 0, 1, 0, 0, 7, 0, 400, 0, 0, 1300][row % 11].min(row);
        let (email, name) = (format!("c{}@example.com", row - back), format!("ann lee{}", row / 3 * 3));
        let company = if row % 5 == 0 { "Twin" } else { "Acme" };
        text.push_str(&format!("Ann,Lee{},{email},{company}\n", row / 3 * 3));
        let is_twin = company == "Twin" && names.contains(&name);
        if !known.contains(&email) && !is_twin {
            known.push(email.clone());
            names.push(name);
            expected.push(format!("{email} No {}", expected.len() + 1));
        }
    }
    home.write("rows.csv", text);
    expected
}

/// What is stored, oldest first.
fn stored(home: &Home) -> Vec<String> {
    home.run(&["export", "--format", "jsonl"]).exits(0);
    let contact = |line: &str| {
        let contact: Value = serde_json::from_str(line).expect("a contact");
        format!(
            "{} {}",
            contact["emails"][0]["address"].as_str().unwrap_or("?"),
            contact["job_title"].as_str().unwrap_or("?")
        )
    };
    home.read("Contact.jsonl").lines().map(contact).collect()
}

/// What the plugins did, without what it took.
fn did(report: &Value) -> Vec<Value> {
    let plugins = report["plugins"].as_array().expect("plugins");
    let one = |plugin: &Value| {
        serde_json::json!([
            plugin["name"],
            plugin["calls"],
            plugin["edits"],
            plugin["rejections"],
            plugin["faults"],
            plugin["tripped_at"]
        ])
    };
    plugins.iter().map(one).collect()
}

/// What `plugin stats` says that they did, none of them tripped.
fn counted(home: &Home) -> Vec<Value> {
    let stats = home.json(&["plugin", "stats"], 0);
    let sums = stats["calls"].as_array().expect("sums");
    let sum = |plugin: &str, key: &str| {
        sums.iter().filter(|it| it["plugin"] == plugin).filter_map(|it| it[key].as_u64()).sum::<u64>()
    };
    let one = |plugin: &&str| {
        let [calls, edits, rejections, faults] = ["calls", "edits", "rejected", "faults"].map(|key| sum(plugin, key));
        serde_json::json!([plugin, calls, edits, rejections, faults, null])
    };
    ["counter", "guard"].iter().map(one).collect()
}

#[test]
fn rows_are_decided_as_if_one_after_the_other() {
    let mut plugins = Vec::new();
    for workers in [1, 4] {
        let home = home(workers);
        let expected = file(&home, 2000);
        let report = home.json(&["import", "rows.csv", "--errors-json", "errors.json"], 3);
        assert_eq!(stored(&home), expected, "{workers} workers");
        assert_eq!(report["failed"].as_u64(), Some(2000 - expected.len() as u64));
        assert!(report["asked_again"].as_u64() > Some(0), "{report:#}");
        assert_eq!(counted(&home), did(&report), "what was asked in vain is not counted");
        plugins.push(did(&report));
    }
    assert_eq!(plugins[0], plugins[1], "what plugins did is counted by rows, not by workers");
}

#[test]
fn a_dry_run_decides_as_the_import_will() {
    let home = home(3);
    let expected = file(&home, 1200);
    let dry = home.json(&["import", "rows.csv", "--dry-run"], 3);
    assert_eq!(dry["created"].as_u64(), Some(expected.len() as u64));
    let real = home.json(&["import", "rows.csv"], 3);
    assert_eq!(did(&dry), did(&real), "a dry run leaves nothing behind that a plugin remembers");
    assert_eq!(stored(&home), expected);
}

#[test]
fn a_stopped_and_a_killed_job_go_on_as_if_nothing_had_been() {
    let home = home(4);
    let expected = file(&home, 3000);
    let stopped = home.json(&["import", "rows.csv", "--max-errors", "500"], 1);
    assert_eq!((stopped["failed"].as_u64(), stopped["stopped"]["code"].as_str()), (Some(501), Some("MAX_ERRORS")));
    let mut child = home
        .command()
        .args(["import", "rows.csv", "--resume", "1", "--max-errors", "100000"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    let (wal, deadline) = (home.path().join("carnet.db-wal"), Instant::now() + Duration::from_secs(60));
    while Instant::now() < deadline && child.try_wait().expect("a child").is_none() {
        // Begun, and a batch or so committed.
        if std::fs::metadata(&wal).is_ok_and(|data| data.len() > 600 << 10) {
            break;
        }
        std::thread::yield_now();
    }
    child.kill().expect("the kill");
    child.wait().expect("the end");
    let job = home.json(&["import", "list"], 0)["jobs"][0].clone();
    let report = if job["state"] == "done" {
        job
    } else {
        home.json(&["import", "rows.csv", "--resume", "1", "--max-errors", "100000"], 3)
    };
    assert_eq!(stored(&home), expected);
    assert_eq!(report["read"], 3000, "{report:#}");
    let calls: Vec<&Value> =
        report["plugins"].as_array().expect("plugins").iter().map(|plugin| &plugin["calls"]).collect();
    assert_eq!(calls, [3000, 3000], "what was counted before is in the sum");
}

#[test]
fn a_match_that_is_updated_shows_its_new_values_to_the_rows_behind() {
    let home = Home::new();
    home.write("carnet.toml", "workers = 3\n[plugins.follow]\ngrants = ['lookup']\n");
    // Every row takes its company from the contact with the address in its job title.
    let script = "fn on_import_row(row) { let f = lookup('email', row['Title']); if f.len() > 0 { row['Company'] = `${f[0].company}+`; } }";
    granted(&home, "follow", "lookup", &script.replace('\'', "\""));
    let mut text =
        String::from("Last name,Email,Title,Company\nLee,a@example.com,,A\nKim,b@example.com,a@example.com,\n");
    text.push_str("Lee,a@example.com,b@example.com,\nKim,b@example.com,a@example.com,\n");
    home.write("rows.csv", text);
    home.json(&["import", "rows.csv", "--on-match", "update"], 0);
    home.run(&["export", "--format", "jsonl"]).exits(0);
    let contacts = home.read("Contact.jsonl");
    assert!(contacts.contains(r#""A++""#) && contacts.contains(r#""A+++""#), "{contacts}");
}

#[test]
fn what_a_row_would_have_made_is_gone_when_it_fails_at_the_last_moment() {
    let mut seen = Vec::new();
    for workers in [1, 3] {
        let home = home(workers);
        home.run(&["field", "add", "account_no", "--type", "identifier"]).exits(0);
        // Every seventh row has the account of the one before, which is known only when both are written; its address comes once more.
        let mut text = String::from("Last name,Email,custom.account_no\n");
        for row in 0..400 {
            let account = if row % 7 == 6 { row - 1 } else { row };
            let email = if row % 7 == 0 && row > 0 { row - 1 } else { row };
            text.push_str(&format!("Lee,c{email}@example.com,A-{account}\n"));
        }
        home.write("rows.csv", text);
        let report = home.json(&["import", "rows.csv", "--errors-json", "errors.json"], 3);
        let failed = failures(&home);
        assert!(failed.iter().all(|(row, code)| row % 7 == 0 && code == "CUSTOM_TAKEN"), "{failed:?}");
        let expected: Vec<String> = (0..400)
            .filter(|row| row % 7 != 6)
            .enumerate()
            .map(|(nth, row)| {
                let email = if row % 7 == 0 && row > 0 { row - 1 } else { row };
                format!("c{email}@example.com No {}", nth + 1)
            })
            .collect();
        assert_eq!(stored(&home), expected, "what failed is neither counted nor found");
        seen.push(did(&report));
    }
    assert_eq!(seen[0], seen[1]);
}

/// A script that fails on rows whose company says so.
const FRAIL: &str = r#"
fn on_import_row(row) { fail_on(row["Company"], "row"); }
fn on_create(contact) { fail_on(contact.company, "create"); contact.add("labels", "seen"); }
fn fail_on(company, place) { if company == place { throw "no"; } }"#;

fn frail(home: &Home, rows: std::ops::Range<usize>, at: impl Fn(usize) -> &'static str) {
    home.write("scripts/frail.rhai", FRAIL);
    let mut text = String::from("Last name,Email,Company\n");
    for row in rows {
        text.push_str(&format!("Lee,c{row}@example.com,{}\n", at(row)));
    }
    home.write("rows.csv", text);
}

/// The rows that failed, with their codes.
fn failures(home: &Home) -> Vec<(u64, String)> {
    let errors: Value = serde_json::from_str(&home.read("errors.json")).expect("errors");
    let one =
        |error: &Value| (error["row"].as_u64().expect("a row"), error["code"].as_str().expect("a code").to_owned());
    errors.as_array().expect("a list").iter().map(one).collect()
}

#[test]
fn a_plugin_trips_at_the_same_row_whoever_asks_it() {
    for place in ["row", "create"] {
        let mut seen = Vec::new();
        for workers in [1, 4] {
            let home = Home::new();
            home.write("carnet.toml", format!("workers = {workers}\n"));
            // From the 900th row on nearly all fail, until there are 20 faults in 50 calls.
            frail(&home, 0..1500, |row| if row >= 900 && row % 10 > 0 { place } else { "Acme" });
            let report = home.json(&["import", "rows.csv", "--errors-json", "errors.json"], 3);
            assert!(report["faulted"] == report["failed"], "{report:#}");
            seen.push((failures(&home), did(&report)));
        }
        assert_eq!(seen[0], seen[1], "{place}");
        let (failures, plugins) = &seen[0];
        let tripped = plugins[0][5].as_u64().expect("it is tripped");
        assert!((920..=950).contains(&tripped), "{plugins:?}");
        let kept = |(row, code): &(u64, String)| (*row > tripped) == (code == "PLUGIN_TRIPPED");
        assert!(failures.iter().all(kept), "{failures:?}");
        let hooks = 2;
        let missed = failures.iter().filter(|(_, code)| code == "PLUGIN_TRIPPED").count() as u64;
        assert_eq!(missed, hooks * (1500 - tripped), "each row behind is told for each hook that was not asked");
    }
}

#[test]
fn a_tripped_plugin_that_may_be_missing_is_passed_over_and_told() {
    let home = Home::new();
    home.write("carnet.toml", "workers = 4\n[plugins.frail]\non_fault = 'skip'\n");
    frail(&home, 0..600, |row| if row < 30 { "create" } else { "Acme" });
    let ran = home.run(&["import", "rows.csv"]).exits(0);
    assert!(ran.stdout.contains("plugin `frail` is tripped since row 20: "), "{ran:#?}");
    assert!(ran.stdout.contains("plugin `frail` 0.0.0 failed, last in on_create at frail.rhai:4"), "{ran:#?}");
    let other = Home::new();
    other.write("carnet.toml", "max_faults = 7\n[plugins.frail]\non_fault = 'skip'\n");
    frail(&other, 0..600, |row| if row < 30 { "create" } else { "Acme" });
    let report = other.json(&["import", "rows.csv"], 1);
    let told = (report["faulted"].as_u64(), report["created"].as_u64(), report["stopped"]["code"].as_str());
    assert_eq!(told, (Some(8), Some(8), Some("MAX_FAULTS")), "{report:#}");
    let refused = other.run(&["import", "rows.csv", "--resume", "1"]).exits(2);
    assert!(refused.stderr.contains("--max-faults 16"), "{refused:#?}");
    // The breaker stands where it stood: it trips at row 20, and the rows behind go without the plugin.
    let resumed = other.json(&["import", "rows.csv", "--resume", "1", "--max-faults", "1000"], 0);
    assert_eq!((resumed["plugins"][0]["tripped_at"].as_u64(), resumed["created"].as_u64()), (Some(20), Some(600)));
}

#[test]
fn too_many_failed_rows_stop_the_job_where_they_are_too_many() {
    for workers in [1, 4] {
        let home = Home::new();
        home.write("carnet.toml", format!("workers = {workers}\nmax_errors = 10\n"));
        let mut text = String::from("Last name,Email\n");
        (1..=3000).for_each(|row| text.push_str(&format!("Lee,{}\n", if row % 100 == 0 { "no address" } else { "" })));
        home.write("rows.csv", text);
        let first = home.json(&["import", "rows.csv", "--max-errors", "0"], 1);
        assert_eq!((first["read"].as_u64(), first["failed"].as_u64()), (Some(100), Some(1)));
        let shown = home.json(&["import", "show", "1"], 0);
        assert_eq!(shown["resume"], "carnet import --resume 1 rows.csv --max-errors 10", "with room to go on");
        let ten = home.json(&["import", "rows.csv", "--again"], 1);
        assert_eq!(
            (ten["read"].as_u64(), ten["created"].as_u64(), ten["failed"].as_u64()),
            (Some(1100), Some(1089), Some(11))
        );
        assert_eq!(home.read("ErrorDetail.csv").lines().count(), 12, "the header, and every row that failed");
        let job = home.json(&["import", "show", "2"], 0);
        assert_eq!((job["state"].as_str(), job["committed_record"].as_u64()), (Some("stopped"), Some(1100)));
        assert!(
            ten["stopped"]["hint"].as_str().is_some_and(|hint| hint.contains("--resume 2 rows.csv --max-errors 22"))
        );
        let dry = home.json(&["import", "rows.csv", "--dry-run"], 1);
        assert_eq!((dry["read"].as_u64(), dry["job"].as_u64()), (Some(1100), None));
        let rest = home.json(&["import", "--resume", "2", "--max-errors", "30"], 3);
        assert_eq!((rest["read"].as_u64(), rest["failed"].as_u64()), (Some(3000), Some(30)));
    }
}

#[test]
fn a_busy_machine_fails_no_sound_row() {
    let home = Home::new();
    home.write("carnet.toml", "workers = 4\n");
    home.write("scripts/counting/plugin.toml", "name = 'counting'\nversion = '1.0.0'\n[budget]\ndeadline_ms = 20\n");
    home.write("scripts/counting/main.rhai", "fn on_create(contact) { let n = 0; for i in 0..1500 { n += i; } }");
    let mut text = String::from("Last name\n");
    (0..150).for_each(|row| text.push_str(&format!("Lee {row}\n")));
    home.write("rows.csv", text);
    let over = std::sync::atomic::AtomicBool::new(false);
    let report = std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                while !over.load(std::sync::atomic::Ordering::Relaxed) {
                    std::hint::spin_loop()
                }
            });
        }
        let ran = home.command().args(["--json", "import", "rows.csv"]).output();
        over.store(true, std::sync::atomic::Ordering::Relaxed);
        crate::support::ran(ran.expect("the program runs")).exits(0).json()
    });
    assert_eq!((report["created"].as_u64(), report["faulted"].as_u64()), (Some(150), Some(0)), "{report:#}");
}

#[test]
fn what_is_observed_and_what_is_refused_is_told_where_it_is_seen() {
    let home = Home::new();
    home.write("carnet.toml", "[plugins.shy]\nmode = 'observe'\n");
    home.write(
        "scripts/shy.rhai",
        "fn on_create(contact) { if contact.last_name == \"Lee\" { reject(\"no\"); } contact.city = \"Rome\"; }",
    );
    home.write("scripts/broken.rhai", "fn on_create(contact) { nonsense");
    home.write("rows.csv", "Last name,Nonsense\nLee,1\nKim,2\n");
    let ran = home.run(&["import", "rows.csv"]).exits(0);
    let first = ran.stderr.lines().next().unwrap_or_default();
    assert!(first.contains("plugin `broken` is refused"), "{ran:#?}");
    assert!(ran.stdout.contains("shy *") && ran.stdout.contains("nothing of it was applied"), "{ran:#?}");
    let report = home.json(&["import", "rows.csv", "--again"], 0);
    let shy = &report["plugins"][0];
    assert_eq!(
        (shy["mode"].as_str(), shy["rejections"].as_u64(), shy["edits"].as_u64()),
        (Some("observe"), Some(1), Some(1)),
        "{shy:#}"
    );
}
