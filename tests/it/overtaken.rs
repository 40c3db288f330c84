//! Others change what a plugin remembers after it has decided and before the record is written: it decides once more, on what is there then.

use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;
use std::time::Duration;

use crate::support::Home;

/// Counts under one key whatever it is asked about, and says what it came to.
const SCRIPT: &str = r#"fn count() {
    let n = parse_int(state_get("n") ?? "0") + 1;
    state_set("n", n);
    log_warn(`it is ${n}`);
    n
}
fn on_create(contact) { contact.job_title = `${count()}`; }
fn on_update(contact, before) { contact.job_title = `${count()}`; }
fn on_delete(contact) { count(); }
fn on_merge(merge) { count(); }
fn on_enquiry(enquiry) { count(); }
"#;

/// What somebody else adds between the decision and the write.
const OTHERS: i64 = 10;

fn home() -> Home {
    let home = Home::new();
    home.write("carnet.toml", "[plugins.counter]\ngrants = [\"state\"]\n");
    home.write("scripts/counter/plugin.toml", "grants = [\"state\"]\n[budget]\ndeadline_ms = 5000\n");
    home.write("scripts/counter/main.rhai", SCRIPT);
    home
}

fn database(home: &Home) -> rusqlite::Connection {
    let store = rusqlite::Connection::open(home.path().join("carnet.db")).expect("the database");
    store.busy_timeout(Duration::from_secs(20)).expect("a time to wait");
    store
}

fn counted(store: &rusqlite::Connection) -> i64 {
    let read = "SELECT CAST(CAST(value AS TEXT) AS INTEGER) FROM plugin_state WHERE plugin = 'counter' AND key = 'n'";
    store.query_row(read, [], |row| row.get(0)).expect("a count")
}

/// Holds the lock, lets a command decide about some records, writes the count that they went by, and lets it go on. Returns how it ended, and
/// what it told on the way.
#[track_caller]
fn interrupted(home: &Home, store: &rusqlite::Connection, args: &[&str], records: i64) -> (i32, String) {
    let before = counted(store);
    store.execute_batch("BEGIN IMMEDIATE").expect("the lock");
    let changed = store.execute(
        "UPDATE plugin_state SET value = CAST(?1 AS BLOB) WHERE plugin = 'counter' AND key = 'n'",
        [(before + OTHERS).to_string()],
    );
    assert_eq!(changed.expect("a write"), 1);
    let mut command = home.command();
    let mut child =
        command.args(args).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("the program starts");
    let mut stderr = BufReader::new(child.stderr.take().expect("a pipe"));
    let mut told = String::new();
    for _ in 0..records {
        stderr.read_line(&mut told).expect("a line");
    }
    assert!(told.contains(&format!("it is {}", before + records)), "{args:?}: {told}");
    store.execute_batch("COMMIT").expect("the commit");
    stderr.read_to_string(&mut told).expect("the rest");
    (child.wait().expect("the end").code().expect("a status"), told)
}

/// The same for a command that succeeds: it counts on from what others wrote.
#[track_caller]
fn overtake(home: &Home, args: &[&str], records: i64) {
    let store = database(home);
    let before = counted(&store);
    let (status, told) = interrupted(home, &store, args, records);
    assert_eq!(status, 0, "{args:?}: {told}");
    assert!(told.contains(&format!("it is {}", before + OTHERS + 1)), "{args:?} is decided once more: {told}");
    assert_eq!(counted(&store), before + OTHERS + records, "{args:?}: {told}");
}

fn add(home: &Home, name: &str) -> String {
    let added = home.json(&["contact", "add", &format!("last_name={name}")], 0);
    added["id"].as_str().expect("an id").to_owned()
}

#[test]
fn a_decision_that_others_overtook_is_made_again() {
    let home = home();
    let [lee, ray] = ["Lee", "Ray"].map(|name| add(&home, name));
    overtake(&home, &["contact", "add", "last_name=Fox"], 1);
    overtake(&home, &["contact", "edit", &lee, "city=Rome"], 1);
    overtake(&home, &["contact", "merge", &lee, &ray, "--yes"], 1);
    overtake(&home, &["contact", "unmerge", &ray], 1);
    overtake(&home, &["contact", "delete", &ray, "--yes"], 1);
    overtake(&home, &["contact", "restore", &ray], 1);
    overtake(&home, &["enquiry", "open", "--channel", "call", "--from", "+85291234567"], 1);
    overtake(&home, &["enquiry", "update", "1", "--status", "handling"], 1);
    overtake(&home, &["enquiry", "edit", "1", "last_name=Wu"], 1);
    // Fox, Lee, Ray and Wu.
    overtake(&home, &["bulk", "edit", "company=Acme", "--all", "--yes"], 4);
    overtake(&home, &["contact", "forget", &ray, "--yes"], 1);
    // What was decided is what is stored, not only what is remembered.
    let found = home.json(&["contact", "show", &lee], 0);
    let title = found["contact"]["job_title"].as_str().or(found["job_title"].as_str()).expect("a title").to_owned();
    assert!(title.parse::<i64>().expect("a number") > 9 * OTHERS, "{title}");
}

#[test]
fn what_is_refused_the_second_time_is_not_written() {
    let home = home();
    add(&home, "Lee");
    home.write(
        "scripts/counter/main.rhai",
        format!("{SCRIPT}fn enough(n) {{ if n > 5 {{ reject(\"enough\"); }} }}\n")
            .replace("contact.job_title = `${count()}`; }\nfn on_update", "enough(count()); }\nfn on_update"),
    );
    let store = database(&home);
    let (status, told) = interrupted(&home, &store, &["contact", "add", "last_name=Fox"], 1);
    assert_eq!(status, 1, "{told}");
    assert!(told.contains("it is 2") && told.contains("it is 12") && told.contains("enough"), "{told}");
    assert_eq!(counted(&store), 1 + OTHERS, "what others wrote stays");
    assert_eq!(home.json(&["search", "Fox"], 0)["total"], 0);
}
