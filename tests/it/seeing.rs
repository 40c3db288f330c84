//! What plugins did and what became of them, as later commands see it: counts, trips, probation, history, modes.

use std::collections::BTreeMap;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::support::{Home, ran};

const GUARD: &str = r#"
fn on_create(contact) {
    log_info("looked at " + contact.last_name);
    if contact.company == "Bad" { throw "no such company"; }
    if contact.company == "No" { reject("company", "NO_SUCH", "nobody serves it"); }
    contact.job_title = "Seen";
}
"#;

fn home() -> Home {
    let home = Home::new();
    home.write("scripts/guard.rhai", GUARD);
    home
}

fn rows(home: &Home, companies: &[(&str, usize)]) {
    let rows: String = companies
        .iter()
        .flat_map(|(company, times)| std::iter::repeat_n(*company, *times))
        .enumerate()
        .map(|(row, company)| format!("Lee{row},{company}\n"))
        .collect();
    home.write("rows.csv", format!("Last name,Company\n{rows}"));
}

fn words(home: &Home, plugin: &str) -> Vec<String> {
    let history = home.json(&["plugin", "history", plugin], 0);
    let all = history["history"].as_array().expect("a list").iter().rev();
    all.map(|it| it["what"].as_str().expect("a word").to_owned()).collect()
}

fn listed(home: &Home) -> Value {
    home.json(&["plugin", "list"], 0)["plugins"][0].clone()
}

#[test]
fn a_plugin_that_tripped_stays_tripped_until_it_is_reset() {
    let home = home();
    assert_eq!(home.json(&["plugin", "stats"], 0)["calls"], json!([]));
    assert!(!home.path().join("carnet.db").exists(), "to look makes no database");
    rows(&home, &[("Acme", 5), ("No", 2), ("Bad", 30)]);
    home.json(&["import", "rows.csv"], 3);
    let stats = home.json(&["plugin", "stats", "guard", "--hook", "on_create"], 0);
    let sums = &stats["calls"][0];
    let counts = ["accepted", "rejected", "skipped", "edits"].map(|key| sums[key].as_u64().expect("a count"));
    assert_eq!(counts, [5, 2, 0, 7], "{stats:#}");
    assert!(sums["faults"].as_u64() >= Some(20) && sums["p99_us"].as_u64() > Some(0), "{stats:#}");
    assert_eq!((&stats["faults"][0]["what"], &stats["faults"][0]["times"]), (&json!("PLUGIN_SCRIPT"), &sums["faults"]));
    let lines = stats["lines"].as_array().expect("lines");
    assert!(lines.iter().any(|line| line["kind"] == "fault" && line["place"] == "guard.rhai:4:35"), "{stats:#}");
    // Of rows that it was asked about ahead of their turn, and that were decided without it then, no line is kept.
    let looked = |row: usize| lines.iter().any(|line| line["text"] == format!("looked at Lee{row}"));
    assert!(lines.len() <= 2 * 20 && looked(26) && !looked(27), "{stats:#}");
    // Another process knows, and another command is refused.
    let list = listed(&home);
    assert_eq!((list["state"].as_str(), list["mode"].as_str()), (Some("tripped"), Some("enforce")), "{list:#}");
    assert!(list["tripped"]["why"].as_str().is_some_and(|why| why.contains("on_create: PLUGIN_SCRIPT")), "{list:#}");
    let refused = home.run(&["contact", "add", "last_name=Ann"]).exits(1);
    assert!(refused.stderr.contains("no longer called"), "{refused:?}");
    let told = home.run(&["plugin", "list"]).exits(0).stdout;
    assert!(told.contains("guard 0.0.0 is tripped since 20"), "{told}");
    // Switching it off and on is no way around it; observing is none, either.
    home.json(&["plugin", "disable", "guard"], 0);
    assert_eq!(home.json(&["plugin", "enable", "guard"], 0)["state"], "tripped");
    assert_eq!(home.json(&["plugin", "reset", "guard"], 0)["forgotten"].as_array().map(Vec::len), Some(1));
    assert_eq!(home.json(&["plugin", "reset", "guard"], 0)["forgotten"], json!([]));
    home.json(&["contact", "add", "last_name=Ann"], 0);
    assert_eq!(words(&home, "guard"), ["added", "tripped", "switched off", "switched on", "reset"]);
    // A new version is called at once, on probation, which every call shortens.
    home.write("scripts/guard.rhai", format!("{GUARD}// mended"));
    home.json(&["contact", "add", "last_name=Bob"], 0);
    home.json(&["contact", "add", "last_name=Cid"], 0);
    let list = listed(&home);
    assert_eq!((&list["probation"]["calls_left"], &list["tripped"]), (&json!(198), &Value::Null), "{list:#}");
    assert_eq!(words(&home, "guard").last().map(String::as_str), Some("replaced"));
    home.json(&["plugin", "stats", "--reset"], 0);
    assert_eq!(home.json(&["plugin", "stats"], 0)["calls"], json!([]));
    assert_eq!(listed(&home)["probation"]["calls_left"], 198, "how it stands stays");
    assert_eq!(home.json(&["plugin", "stats", "gard"], 1)["error"]["hint"], "did you mean `guard`?");
}

#[test]
fn a_version_that_fails_where_its_predecessor_did_not_is_told() {
    let home = home();
    rows(&home, &[("Acme", 3)]);
    home.json(&["import", "rows.csv"], 0);
    home.write("scripts/guard.rhai", "fn on_create(contact) { throw \"ouch\"; }");
    home.json(&["contact", "add", "last_name=Ann"], 1);
    let history = home.json(&["plugin", "history", "guard"], 0);
    assert_eq!(history["history"][0]["what"], "taken back", "{history:#}");
    let told = history["history"][0]["detail"].as_str().expect("more about it");
    assert_eq!(told, "version 0.0.0 failed on probation where version 0.0.0 did not; version 0.0.0 is put back");
    // Its predecessor goes on in later processes, until somebody wants the other to be tried again.
    let put_back = listed(&home);
    assert_eq!(put_back["state"], "kept 0.0.0", "{put_back:#}");
    assert_eq!(home.json(&["contact", "add", "last_name=Bob"], 0)["job_title"], "Seen");
    assert_eq!(words(&home, "guard"), ["added", "taken back"]);
    assert_eq!(home.json(&["plugin", "reset", "guard"], 0)["forgotten"].as_array().map(Vec::len), Some(1));
    let again = listed(&home);
    assert_eq!((&again["state"], &again["probation"]["calls_left"]), (&json!("active"), &json!(200)), "{again:#}");
    assert_eq!(again["probation"]["predecessor"], "0.0.0");
    assert_eq!(words(&home, "guard"), ["added", "taken back", "reset", "replaced"]);
}

#[test]
fn a_version_that_passed_its_probation_is_told() {
    let home = home();
    home.json(&["contact", "add", "last_name=Ann"], 0);
    home.write("scripts/guard.rhai", format!("{GUARD}// mended"));
    rows(&home, &[("Acme", 199)]);
    home.json(&["import", "rows.csv", "--dry-run"], 0);
    home.json(&["import", "rows.csv"], 0);
    assert_eq!(listed(&home)["probation"]["calls_left"], 1, "a dry run proves nothing");
    assert_eq!(words(&home, "guard"), ["added", "replaced"]);
    home.json(&["contact", "add", "last_name=Bob"], 0);
    assert_eq!(listed(&home)["probation"], Value::Null);
    assert_eq!(words(&home, "guard"), ["added", "replaced", "proven"]);
    let last = home.json(&["plugin", "history", "guard"], 0)["history"][0].clone();
    assert_eq!((last["detail"].as_str(), &last["by"]), (Some("its probation is over"), &Value::Null), "{last:#}");
}

#[test]
fn a_reset_reaches_the_job_that_is_resumed() {
    let home = Home::new();
    home.write("scripts/guard.rhai", GUARD);
    home.write("carnet.toml", "max_faults = 25\n[plugins.guard]\non_fault = 'skip'\n");
    rows(&home, &[("Bad", 30), ("Acme", 100)]);
    let stopped = home.json(&["import", "rows.csv"], 1);
    assert_eq!((&stopped["plugins"][0]["tripped_at"], &stopped["faulted"]), (&json!(20), &json!(26)), "{stopped:#}");
    let reset = home.run(&["plugin", "reset", "guard"]).exits(0).stdout;
    assert!(reset.contains("import job 1 had tripped it: it is called again when the job is resumed"), "{reset}");
    let resumed = home.json(&["import", "rows.csv", "--resume", "1", "--max-faults", "100"], 0);
    let guard = &resumed["plugins"][0];
    assert_eq!((&resumed["faulted"], &guard["tripped_at"], &guard["calls"]), (&json!(30), &Value::Null, &json!(124)));
    // Half of all calls of both runs were quick, and the first run's are among them.
    assert!(guard["p50_micros"].as_u64().is_some() && guard["p99_micros"].as_u64() >= guard["p50_micros"].as_u64());
    assert_eq!(
        home.json(&["plugin", "reset", "guard"], 0)["forgotten"],
        json!([]),
        "a job that is done keeps its story"
    );
}

#[test]
fn what_waits_and_who_let_it_in_is_told() {
    let home = Home::new();
    home.write("scripts/guard/plugin.toml", "version = '1.0.0'\n");
    home.write("scripts/guard/main.rhai", GUARD);
    home.json(&["contact", "add", "last_name=Ann"], 0);
    home.write("scripts/guard/plugin.toml", "version = '2.0.0'\ngrants = ['state']\n");
    home.json(&["plugin", "list"], 0);
    let history = home.json(&["plugin", "history", "guard"], 0)["history"][0].clone();
    assert_eq!(history["what"], "waits", "{history:#}");
    let told = history["detail"].as_str().expect("more about it");
    assert!(
        told.starts_with("version 2.0.0 waits for approval: ") && told.ends_with("1.0.0 stays in service"),
        "{told}"
    );
    home.json(&["plugin", "approve", "guard", "--yes"], 0);
    let history = home.json(&["plugin", "history", "guard"], 0)["history"][0].clone();
    assert_eq!((&history["what"], &history["by"]), (&json!("replaced"), &json!("cli")), "{history:#}");
}

#[test]
fn what_an_observed_plugin_would_do_is_counted_and_never_done() {
    let home = home();
    home.write(
        "carnet.toml",
        "# ours\nprofile = 'cinnox' # as ever\n\n# the guard\n[plugins.guard] # new\npriority = 7\n",
    );
    let change = home.json(&["plugin", "mode", "guard", "observe"], 0);
    assert_eq!((&change["written"], &change["state"]), (&json!(["mode = \"observe\""]), &json!("observe")));
    let written = "# ours\nprofile = 'cinnox' # as ever\n\n# the guard\n[plugins.guard] # new\npriority = 7\nmode = \"observe\"\n";
    assert_eq!(home.read("carnet.toml"), written);
    rows(&home, &[("Acme", 4), ("No", 2), ("Bad", 1)]);
    let dry = home.json(&["import", "rows.csv", "--dry-run"], 0);
    assert_eq!(dry["created"], 7, "{dry:#}");
    assert_eq!(home.json(&["plugin", "stats"], 0)["calls"], json!([]), "a rehearsal counts for nothing");
    assert_eq!(home.json(&["import", "rows.csv"], 0)["created"], 7);
    assert_eq!(home.json(&["search", "Lee0"], 0)["contacts"][0]["job_title"], Value::Null);
    let stats = home.json(&["plugin", "stats", "guard"], 0);
    let would: Vec<String> = stats["would"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|it| {
            format!("{} {} {}", it["kind"].as_str().unwrap_or("?"), it["what"].as_str().unwrap_or("?"), it["times"])
        })
        .collect();
    assert_eq!(would, ["set job_title 4", "reject company NO_SUCH 2"]);
    let list = listed(&home);
    assert_eq!(list["observed"], json!({ "calls": 7, "edits": 4, "rejections": 2, "skips": 0, "faults": 1 }));
    let told = home.run(&["plugin", "stats", "guard"]).exits(0).stdout;
    assert!(told.contains("on_create  set job_title           4\n"), "{told}");
    assert!(told.contains("would set `job_title` to `Seen`"), "{told}");
    assert!(home.run(&["plugin", "list"]).stdout.contains("in 7 calls it would have made 4 edits, 2 rejections"));
    home.json(&["plugin", "enable", "guard"], 0);
    assert_eq!(home.read("carnet.toml"), written.replace("observe", "enforce"));
    assert_eq!(home.json(&["contact", "add", "last_name=Zoe"], 0)["job_title"], "Seen");
    assert_eq!(words(&home, "guard"), ["added", "mode", "mode"]);
    let by: Value = home.json(&["plugin", "history"], 0)["history"][0]["by"].clone();
    assert_eq!(by, "cli");
    // Who is forgotten is gone from what plugins said, too, also in the call that let them go.
    let zoe = home.json(&["search", "Zoe"], 0)["contacts"][0]["id"].as_str().expect("an id").to_owned();
    assert!(home.json(&["plugin", "stats", "guard"], 0)["lines"].to_string().contains("Zoe"));
    home.json(&["contact", "forget", &zoe, "--yes"], 0);
    assert_eq!(home.json(&["plugin", "stats", "guard"], 0)["lines"], json!([]));
}

#[test]
fn a_change_is_written_once_however_many_see_it() {
    let home = home();
    home.json(&["contact", "add", "last_name=Ann"], 0);
    home.write("scripts/guard.rhai", format!("{GUARD}// two"));
    home.write("scripts/broken.rhai", "fn on_create(contact) {");
    let list = || home.command().args(["plugin", "list"]).stdout(Stdio::piped()).spawn().expect("it starts");
    let all: Vec<_> = (0..4).map(|_| list()).collect();
    all.into_iter().for_each(|child| drop(ran(child.wait_with_output().expect("it ends")).exits(0)));
    assert_eq!(words(&home, "guard"), ["added", "replaced"]);
    assert_eq!(words(&home, "broken"), ["refused"]);
    std::fs::remove_file(home.path().join("scripts/broken.rhai")).expect("the removal");
    assert_eq!(words(&home, "broken"), ["refused", "removed"]);
    let told = home.run(&["-vv", "contact", "add", "last_name=Ann"]).exits(0).stderr;
    assert!(
        told.contains("call{plugin=\"guard\" version=\"0.0.0\" hook=\"on_create\" generation=1 verdict=\"accept\""),
        "{told}"
    );
    assert!(!home.run(&["contact", "add", "last_name=Ann"]).stderr.contains("call{"));
}

/// One sample of the exposition format: its name, its labels, its value.
type Sample = (String, BTreeMap<String, String>, f64);

/// Reads the text format as strictly as it is written down: every metric has its HELP and TYPE first, and stands in one piece.
fn exposition(text: &str) -> BTreeMap<String, (String, Vec<Sample>)> {
    let is_name = |name: &str| {
        name.chars().enumerate().all(|(at, c)| c == '_' || c.is_ascii_alphabetic() || (at > 0 && c.is_ascii_digit()))
            && !name.is_empty()
    };
    let mut metrics: BTreeMap<String, (String, Vec<Sample>)> = BTreeMap::new();
    let (mut current, mut helped) = (String::new(), String::new());
    for line in text.lines() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            helped = help.split_once(' ').expect("a help").0.to_owned();
        } else if let Some(kind) = line.strip_prefix("# TYPE ") {
            let (name, kind) = kind.split_once(' ').expect("a type");
            assert!(is_name(name) && name == helped && ["counter", "gauge", "histogram"].contains(&kind), "{line}");
            assert!(metrics.insert(name.to_owned(), (kind.to_owned(), Vec::new())).is_none(), "twice: {line}");
            current = name.to_owned();
        } else {
            let (head, value) = line.rsplit_once(' ').expect("a value");
            let (name, labels) = match head.split_once('{') {
                Some((name, rest)) => (name, labels(rest.strip_suffix('}').expect("a brace"))),
                None => (head, BTreeMap::new()),
            };
            let (kind, samples) = metrics.get_mut(&current).expect("a type first");
            let ends: &[&str] = if kind == "histogram" { &["_bucket", "_sum", "_count"] } else { &[""] };
            assert!(ends.iter().any(|end| name == format!("{current}{end}")), "{line} under {current}");
            assert!(kind != "counter" || name.ends_with("_total"), "{line}");
            assert!(labels.keys().all(|label| is_name(label)), "{line}");
            let sample = (name.to_owned(), labels, value.parse().expect("a number"));
            assert!(!samples.iter().any(|it| (&it.0, &it.1) == (&sample.0, &sample.1)), "twice: {line}");
            samples.push(sample);
        }
    }
    metrics
}

fn labels(mut text: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    while !text.is_empty() {
        let (name, rest) = text.split_once("=\"").expect("a label");
        let (mut value, mut at) = (String::new(), 0);
        let bytes: Vec<char> = rest.chars().collect();
        while bytes[at] != '"' {
            if bytes[at] == '\\' {
                at += 1;
                assert!(['\\', '"', 'n'].contains(&bytes[at]), "{text}");
            }
            value.push(bytes[at]);
            at += 1;
        }
        assert!(found.insert(name.to_owned(), value).is_none(), "{text}");
        let rest: String = bytes[at + 1..].iter().collect();
        text = &text[text.len() - rest.len()..];
        text = text.strip_prefix(',').unwrap_or(text);
    }
    found
}

#[test]
fn prometheus_reads_what_plugins_did() {
    let home = home();
    home.write("scripts/odd/plugin.toml", "version = '1.0.0'\n");
    home.write("scripts/odd/main.rhai", "fn on_import_row(row) { if row[\"Company\"] == \"No\" { skip(\"no\"); } }");
    rows(&home, &[("Acme", 4), ("No", 2), ("Bad", 1)]);
    home.json(&["import", "rows.csv"], 3);
    let text = home.run(&["plugin", "stats", "--prometheus"]).exits(0).stdout;
    let metrics = exposition(&text);
    let of = |name: &str, wanted: &[(&str, &str)]| -> f64 {
        let fits =
            |sample: &&Sample| wanted.iter().all(|(key, value)| sample.1.get(*key).map(String::as_str) == Some(value));
        let all = metrics.values().flat_map(|(_, samples)| samples);
        all.filter(|sample| sample.0 == name).filter(fits).map(|sample| sample.2).sum()
    };
    let calls = "carnet_plugin_calls_total";
    assert_eq!(of(calls, &[("plugin", "guard"), ("hook", "on_create"), ("outcome", "accept")]), 4.0, "{text}");
    assert_eq!(of(calls, &[("plugin", "guard"), ("outcome", "fault")]), 1.0);
    assert_eq!(of("carnet_plugin_faults_total", &[("code", "PLUGIN_SCRIPT")]), 1.0);
    assert_eq!(of("carnet_plugin_info", &[("plugin", "guard"), ("engine", "rhai"), ("mode", "enforce")]), 1.0);
    assert_eq!(of("carnet_plugin_tripped", &[]), 0.0);
    let (kind, samples) = &metrics["carnet_plugin_call_seconds"];
    assert_eq!(kind, "histogram");
    let buckets: Vec<f64> = samples
        .iter()
        .filter(|it| it.0.ends_with("_bucket") && it.1["plugin"] == "guard" && it.1["hook"] == "on_create")
        .map(|it| it.2)
        .collect();
    assert!(buckets.is_sorted() && buckets.last() == Some(&5.0), "{buckets:?}");
    assert_eq!(of("carnet_plugin_call_seconds_count", &[("plugin", "guard")]), 5.0);
    home.json(&["plugin", "stats", "--prometheus"], 2);
}

#[test]
fn the_change_log_names_plugin_version_and_hash() {
    let home = Home::new();
    home.write("scripts/mark/plugin.toml", "version = '3.1.4'\n");
    home.write(
        "scripts/mark/main.rhai",
        "fn on_import_row(row) { row.department = \"import\"; }
         fn on_create(contact) { contact.job_title = \"created\"; }
         fn on_update(contact, before) { contact.job_title = \"updated \" + contact.company; }
         fn on_merge(merge) { merge.result.job_title = \"merged\"; }
         fn on_enquiry(enquiry) { if enquiry.has_contact { enquiry.contact.label(\"Caller\"); } }",
    );
    home.write("rows.csv", "Last name,Company,Mobile phone\nLee,Acme,+85291234567\n");
    home.json(&["import", "rows.csv"], 0);
    let lee = home.json(&["search", "Lee"], 0)["contacts"][0]["id"].as_str().expect("an id").to_owned();
    let ray = home.json(&["contact", "add", "last_name=Ray"], 0)["id"].as_str().expect("an id").to_owned();
    home.json(&["contact", "edit", &lee, "company=Globex"], 0);
    home.json(&["bulk", "edit", "company=Initech", "--company", "Globex", "--yes"], 0);
    home.json(&["enquiry", "open", "--channel", "call", "--from", "+85291234567"], 0);
    home.json(&["contact", "merge", &lee, &ray, "--yes"], 0);
    let hash = listed(&home)["hash"].clone();
    let changes = home.json(&["contact", "changes", &lee, "--all"], 0);
    let entries = changes["changes"].as_array().expect("a list");
    let by_plugin: Vec<String> = entries
        .iter()
        .rev()
        .flat_map(|entry| entry["fields"].as_array().expect("fields"))
        .filter(|field| !field["plugin"].is_null())
        .map(|field| {
            assert_eq!(field["plugin"], json!({ "name": "mark", "version": "3.1.4", "hash": hash }), "{field:#}");
            format!("{}: {}", field["field"].as_str().unwrap_or("?"), field["new"].as_str().unwrap_or("?"))
        })
        .collect();
    let expected = [
        "department: import",
        "job_title: created",
        "job_title: created",
        "job_title: updated Globex",
        "job_title: updated Initech",
        "labels: Caller",
        "job_title: merged",
    ];
    // What the other was made with comes in by its time, among those of the master.
    let sorted =
        |texts: &[&str]| texts.iter().map(|it| (*it).to_owned()).collect::<std::collections::BTreeSet<String>>();
    assert_eq!(by_plugin.len(), expected.len(), "{by_plugin:#?}");
    assert_eq!(by_plugin.into_iter().collect::<std::collections::BTreeSet<_>>(), sorted(&expected));
}
