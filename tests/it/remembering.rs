//! What plugins remember (`state`), one table over both engines: it is written with the record or not at all.

use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::hostile::kit::{REALLOC, component_of, world};
use crate::support::Home;

/// Counts the records that it is asked about, keeps the last name that it saw, and does what that name says.
const SCRIPT: &str = r#"fn on_create(contact) {
    state_set("n", parse_int(state_get("n") ?? "0") + 1);
    state_set("last", contact.last_name);
    if contact.last_name == "Big" {
        let text = "0123456789";
        for i in 0..12 { text += text; }
        for i in 0..15 { state_set(`big${i}`, text); }
    }
    if contact.last_name == "No" { reject("not this one"); }
    if contact.last_name == "Oops" { throw "oops"; }
}
"#;

/// The same as a component, which counts in four bytes and looks at the first letter of the name.
const COMPONENT: &str = r#"
  (import "carnet:plugin/things@0.1.0" "[method]contact.get" (func $get (param i32 i32 i32 i32)))
  (import "carnet:plugin/things@0.1.0" "[resource-drop]contact" (func $drop (param i32)))
  (import "carnet:plugin/state@0.1.0" "get" (func $recall (param i32 i32 i32)))
  (import "carnet:plugin/state@0.1.0" "set" (func $remember (param i32 i32 i32 i32 i32)))
  (memory (export "memory") 4)
  (global $heap (mut i32) (i32.const 131072))
  (data (i32.const 16) "n") (data (i32.const 32) "last_name") (data (i32.const 48) "last") (data (i32.const 64) "bigA")
  (data (i32.const 80) "NOT_THIS_ONE")
  (func (export "carnet:plugin/on-create@0.1.0#create") (param $contact i32) (result i32)
    (local $name i32) (local $letter i32) (local $left i32)
    (global.set $heap (i32.const 131072))
    (call $get (local.get $contact) (i32.const 32) (i32.const 9) (i32.const 2048))
    (local.set $name (i32.load (i32.const 2056)))
    (local.set $letter (i32.load8_u (local.get $name)))
    (i32.store (i32.const 4096) (i32.const 0))
    (call $recall (i32.const 16) (i32.const 1) (i32.const 3072))
    (if (i32.load8_u (i32.const 3072)) (then (i32.store (i32.const 4096) (i32.load (i32.load (i32.const 3076))))))
    (i32.store (i32.const 4096) (i32.add (i32.load (i32.const 4096)) (i32.const 1)))
    (call $remember (i32.const 16) (i32.const 1) (i32.const 4096) (i32.const 4) (i32.const 2048))
    (call $remember (i32.const 48) (i32.const 4) (local.get $name) (i32.load (i32.const 2060)) (i32.const 3072))
    (if (i32.eq (local.get $letter) (i32.const 66)) (then
      (local.set $left (i32.const 15))
      (loop $again
        (i32.store8 (i32.const 67) (i32.add (i32.const 64) (local.get $left)))
        (call $remember (i32.const 64) (i32.const 4) (i32.const 8192) (i32.const 40960) (i32.const 3072))
        (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))))
    (if (i32.eq (local.get $letter) (i32.const 79)) (then (unreachable)))
    (call $drop (local.get $contact))
    (if (i32.eq (local.get $letter) (i32.const 78)) (then
      (i32.store8 (i32.const 1040) (i32.const 1)) (i32.store (i32.const 1044) (i32.const 1100))
      (i32.store (i32.const 1048) (i32.const 1))
      (i32.store (i32.const 1112) (i32.const 80)) (i32.store (i32.const 1116) (i32.const 12))
      (i32.store (i32.const 1120) (i32.const 80)) (i32.store (i32.const 1124) (i32.const 12))
      (return (i32.const 1040))))
    (i32.const 1024))
"#;

/// The plugin in one of the engines.
#[derive(Copy, Clone, Debug)]
enum Engine {
    Wasm,
    Rhai,
}

/// A home with the plugin, and another behind it that refuses who is called Later.
fn home(engine: Engine) -> Home {
    let home = Home::new();
    let manifest = "grants = [\"state\"]\n[budget]\ndeadline_ms = 5000\n";
    match engine {
        Engine::Wasm => {
            home.write("plugins/counter/plugin.toml", format!("version = \"1.0.0\"\n{manifest}"));
            home.write(
                "plugins/counter/plugin.wasm",
                component_of(&format!("(module {COMPONENT} {REALLOC})"), &world(&["on-create"])),
            );
        }
        Engine::Rhai => {
            home.write("scripts/counter/plugin.toml", manifest);
            home.write("scripts/counter/main.rhai", SCRIPT);
        }
    }
    home.write("scripts/later/plugin.toml", "priority = 900\n");
    home.write(
        "scripts/later/main.rhai",
        "fn on_create(contact) { if contact.last_name == \"Later\" { reject(\"later\"); } }\n",
    );
    mode(&home, "enforce");
    home
}

fn mode(home: &Home, mode: &str) {
    home.write("carnet.toml", format!("[plugins.counter]\ngrants = [\"state\"]\nmode = \"{mode}\"\n"));
}

fn add(home: &Home, name: &str) -> i32 {
    home.run(&["contact", "add", &format!("last_name={name}")]).status
}

/// How many records are remembered, the last name, and how many keys there are. A look beside the program.
fn remembered(home: &Home, engine: Engine) -> (u32, String, usize) {
    let store = rusqlite::Connection::open(home.path().join("carnet.db")).expect("the database");
    store.busy_timeout(Duration::from_secs(20)).expect("a time to wait");
    let mut select = store.prepare("SELECT key, value FROM plugin_state WHERE plugin = 'counter'").expect("a query");
    let rows = select.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, Vec<u8>>(1)?))).expect("rows");
    let all: std::collections::BTreeMap<String, Vec<u8>> = rows.map(|row| row.expect("a row")).collect();
    let text = |key: &str| String::from_utf8(all.get(key).cloned().unwrap_or_default()).expect("a text");
    let count = match (engine, all.get("n")) {
        (_, None) => 0,
        (Engine::Wasm, Some(value)) => u32::from_le_bytes(value.as_slice().try_into().expect("a whole value")),
        (Engine::Rhai, Some(_)) => text("n").parse().expect("a number"),
    };
    (count, text("last"), all.len())
}

/// What has been done in a home, and what is remembered after it.
type Step = (&'static str, fn(&Home), (u32, &'static str));

/// Each goes on where the one before ended.
const STEPS: [Step; 12] = [
    ("a record that is stored", |home| assert_eq!(add(home, "Lee"), 0), (1, "Lee")),
    ("a record that it refuses itself", |home| assert_ne!(add(home, "No"), 0), (1, "Lee")),
    ("a fault after the write", |home| assert_ne!(add(home, "Oops"), 0), (1, "Lee")),
    ("a record that a later plugin refuses", |home| assert_ne!(add(home, "Later"), 0), (1, "Lee")),
    (
        "a record that a built-in rule refuses",
        |home| assert_ne!(home.run(&["contact", "add", "last_name=Ray", "birth_date=soon"]).status, 0),
        (1, "Lee"),
    ),
    (
        "a dry run",
        |home| {
            home.write("rows.csv", "Last name\nAnn\nNo\nOops\nLater\nKim\n");
            home.run(&["import", "rows.csv", "--dry-run"]).exits(3);
        },
        (1, "Lee"),
    ),
    (
        "a plugin that is only observed",
        |home| {
            mode(home, "observe");
            assert_eq!((add(home, "Pat"), add(home, "No")), (0, 0));
            home.write("watched.csv", "Last name\nSue\n");
            home.run(&["import", "watched.csv"]).exits(0);
            mode(home, "enforce");
        },
        (1, "Lee"),
    ),
    ("an import, of which three rows fail", |home| drop(home.run(&["import", "rows.csv"]).exits(3)), (3, "Kim")),
    (
        "the import taken back",
        |home| drop(home.run(&["import", "undo", "2", "--yes"]).exits(0)),
        // What was seen was seen: only the records go.
        (3, "Kim"),
    ),
    (
        "an edit, which it is not asked about",
        |home| {
            let found = home.json(&["search", "Lee"], 0);
            let id = found["contacts"][0]["id"].as_str().expect("a contact").to_owned();
            home.run(&["contact", "edit", &id, "city=Rome"]).exits(0);
        },
        (3, "Kim"),
    ),
    ("600 KiB", |home| assert_eq!(add(home, "Big"), 0), (4, "Big")),
    // What is written over makes room: 600 KiB twice are never more than 1 MiB.
    ("600 KiB again", |home| assert_eq!(add(home, "Big"), 0), (5, "Big")),
];

#[track_caller]
fn check_steps(engine: Engine) {
    let home = home(engine);
    for (what, step, (count, last)) in STEPS {
        step(&home);
        let (found, name, _) = remembered(&home, engine);
        assert_eq!((found, name.as_str()), (count, last), "{engine:?}, after {what}");
    }
    assert_eq!(remembered(&home, engine).2, 17);
}

#[test]
fn a_component_remembers_with_the_record_or_not_at_all() {
    check_steps(Engine::Wasm);
}

#[test]
fn a_script_remembers_with_the_record_or_not_at_all() {
    check_steps(Engine::Rhai);
}

/// Rows of a file whose import is killed: several transactions.
const ROWS: u32 = 16_000;

/// How far the job is.
fn committed(home: &Home) -> Option<i64> {
    let store = rusqlite::Connection::open_with_flags(
        home.path().join("carnet.db"),
        rusqlite::OpenFlags::SQLITE_OPEN_READ_WRITE,
    );
    let store = store.ok()?;
    store.busy_timeout(Duration::from_secs(20)).ok()?;
    store.query_row("SELECT committed_record FROM job WHERE id = 1", [], |row| row.get(0)).ok()
}

/// Starts an import and waits until something more of it is committed.
fn start(home: &Home, args: &[&str]) -> std::process::Child {
    let from = if home.path().join("carnet.db").exists() { committed(home).unwrap_or(0) } else { 0 };
    let mut command = home.command();
    let mut child = command.args(args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program starts");
    let patience = Instant::now() + Duration::from_secs(120);
    while !home.path().join("carnet.db").exists() || committed(home).is_none_or(|record| record <= from) {
        assert!(Instant::now() < patience && child.try_wait().expect("a child").is_none(), "nothing was committed");
        std::thread::yield_now();
    }
    child
}

fn long_file(home: &Home) {
    let rows: String = (0..ROWS).map(|row| format!("Lee,c{row}@example.com\n")).collect();
    home.write("long.csv", format!("Last name,Email\n{rows}"));
}

#[track_caller]
fn check_killed(engine: Engine) {
    let home = home(engine);
    long_file(&home);
    for args in [&["import", "long.csv"][..], &["import", "--resume", "1", "long.csv"]] {
        let mut child = start(&home, args);
        child.kill().expect("the kill");
        child.wait().expect("the end");
        let (count, ..) = remembered(&home, engine);
        assert_eq!(i64::from(count), committed(&home).expect("a job"), "{engine:?}: with the records that are there");
        assert!(0 < count && count < ROWS, "{engine:?}: killed on the way, not at {count}");
    }
    home.run(&["import", "--resume", "1", "long.csv"]).exits(0);
    assert_eq!(remembered(&home, engine).0, ROWS, "{engine:?}: each record once");
}

#[test]
fn a_killed_import_counts_each_record_once() {
    check_killed(Engine::Wasm);
    check_killed(Engine::Rhai);
}

#[track_caller]
fn check_two_writers(engine: Engine) {
    let home = home(engine);
    long_file(&home);
    let mut import = start(&home, &["import", "long.csv"]);
    let adds = (0..3).map(|_| add(&home, "Wu")).collect::<Vec<_>>();
    assert_eq!(adds, [0, 0, 0]);
    assert!(import.wait().expect("the end").success());
    assert_eq!(home.json(&["import", "show", "1"], 0)["created"], ROWS);
    assert_eq!(home.json(&["search", "Wu"], 0)["total"], 3, "nobody's record is lost");
    // Whoever commits first, the other goes on from there.
    let (count, last, keys) = remembered(&home, engine);
    assert_eq!((count, keys), (ROWS + 3, 2), "{engine:?}: each record once");
    assert!(["Lee", "Wu"].contains(&last.as_str()), "{last}");
    assert_eq!(add(&home, "Wu"), 0);
    assert_eq!(remembered(&home, engine), (count + 1, "Wu".to_owned(), 2));
}

#[test]
fn two_writers_at_once_count_each_record_once() {
    check_two_writers(Engine::Wasm);
    check_two_writers(Engine::Rhai);
}

/// Hands what a row is called on to the hook of its contact, which says what it was told.
const TWO_HOOKS: &str = r#"
fn on_import_row(row) {
    if row.last_name == "Big" {
        let text = "0123456789";
        for i in 0..12 { text += text; }
        for i in 0..15 { state_set(`big${i}`, text); }
    }
    if row.last_name == "Less" { state_remove("row"); } else { state_set("row", row.last_name); }
    state_set("rows", parse_int(state_get("rows") ?? "0") + 1);
}
fn about(contact) {
    contact.job_title = `${state_get("rows")} ${state_get("row") ?? "nothing"}`;
    if contact.last_name == "Big" {
        let text = "0123456789";
        for i in 0..12 { text += text; }
        for i in 0..15 { state_set(`more${i}`, text); }
    }
    state_set("made", parse_int(state_get("made") ?? "0") + 1);
    if contact.last_name == "No" { reject("not this one"); }
}
fn on_create(contact) { about(contact); }
fn on_update(contact, before) { about(contact); }
"#;

#[track_caller]
fn check_two_hooks(workers: usize, more: &[&str]) {
    let home = Home::new();
    home.write("carnet.toml", format!("workers = {workers}\n[plugins.counter]\ngrants = [\"state\"]\n"));
    home.write("scripts/counter/plugin.toml", "grants = [\"state\"]\n[budget]\ndeadline_ms = 5000\n");
    home.write("scripts/counter/main.rhai", TWO_HOOKS);
    // The fourth row is refused by its own plugin, the fifth by a rule, the sixth has no room for all that it would have remembered.
    home.write(
        "rows.csv",
        "Last name,Email,Birth date\nLee,a@example.com,\nRay,b@example.com,\nLess,c@example.com,\nNo,d@example.com,\n\
         Fox,e@example.com,soon\nBig,f@example.com,\nRay,a@example.com,\n",
    );
    let titles = |told: &serde_json::Value| {
        let rows = told["rows"].as_array().expect("rows").iter();
        let fields = rows.map(|row| row["fields"].as_array().expect("fields").clone());
        let title = |fields: Vec<serde_json::Value>| {
            let title = fields.iter().find(|field| field["field"] == "job_title");
            title.map(|field| field["new"].as_str().expect("a title").to_owned())
        };
        fields.filter_map(title).collect::<Vec<_>>()
    };
    let import = [&["import", "rows.csv"][..], more].concat();
    let tried = home.json(&[&import[..], &["--dry-run"]].concat(), 3);
    assert_eq!(titles(&tried), ["1 Lee", "2 Ray", "3 nothing", "4 Ray"], "{workers} {more:?}: {tried:#}");
    assert_eq!(remembered_by_key(&home), [], "a dry run");
    assert_eq!(home.json(&import, 3)["failed"], 3, "{workers} {more:?}");
    let expected =
        [("made", "4"), ("row", "Ray"), ("rows", "4")].map(|(key, value)| (key.to_owned(), value.to_owned()));
    assert_eq!(remembered_by_key(&home), expected, "{workers} {more:?}: of refused rows nothing");
}

fn remembered_by_key(home: &Home) -> Vec<(String, String)> {
    let store = rusqlite::Connection::open(home.path().join("carnet.db")).expect("the database");
    let mut select = store.prepare("SELECT key, CAST(value AS TEXT) FROM plugin_state ORDER BY key").expect("a query");
    let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).expect("rows");
    rows.map(|row| row.expect("a row")).collect()
}

#[test]
fn what_is_set_for_a_row_is_there_for_its_contact_or_for_nobody() {
    check_two_hooks(1, &[]);
    check_two_hooks(3, &[]);
    check_two_hooks(3, &["--on-match", "update", "--match-by", "email"]);
}
