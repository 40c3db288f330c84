//! Import jobs: stopped by a signal, resumed, piped in, two at once, out of room, listed and shown.

use std::io::Write;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};
use serde_json::Value;

use crate::support::{Home, Ran, ran};

const ROWS: usize = 20_000;

fn long_file(home: &Home, name: &str, rows: usize) {
    let mut text = String::from("External ID,First name,Last name,Email\n");
    for row in 0..rows {
        let mail = if row % 1000 == 5 { "nowhere".to_owned() } else { format!("c{row}@example.com") };
        text.push_str(&format!("crm:{row},Ann,Lee {row},{mail}\n"));
    }
    home.write(name, text);
}

fn piped(home: &Home, args: &[&str], text: &str) -> Ran {
    let mut child = home
        .command()
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    // A program that refuses at once closes the pipe.
    let _ = child.stdin.take().expect("a pipe").write_all(text.as_bytes());
    ran(child.wait_with_output().expect("the end"))
}

fn names(home: &Home) -> Vec<String> {
    let all = std::fs::read_dir(home.path()).expect("the home");
    let mut names: Vec<String> =
        all.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// Waits until there are contacts, and holds the job where it is: it writes nothing as long as what is returned lives.
fn hold_half_way(home: &Home, child: &mut Child) -> Connection {
    let path = home.path().join("carnet.db");
    loop {
        let conn = Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_WRITE).ok();
        // Whoever waits politely gets the lock when the job is over.
        let conn = conn.filter(|conn| conn.busy_timeout(Duration::ZERO).is_ok());
        if let Some(conn) = conn.filter(|conn| conn.execute_batch("BEGIN IMMEDIATE").is_ok()) {
            let contacts = conn.query_row("SELECT count(*) FROM contact", [], |row| row.get::<_, i64>(0));
            if contacts.is_ok_and(|contacts| contacts > 0) {
                return conn;
            }
        }
        assert!(child.try_wait().expect("a child").is_none(), "it ended too early");
        std::thread::yield_now();
    }
}

/// Asks it to stop while it is half-way.
#[cfg(unix)]
fn stop_half_way(home: &Home, child: &mut Child, name: &str) {
    let held = hold_half_way(home, child);
    signal(child, name);
    drop(held);
}

#[cfg(unix)]
fn signal(child: &Child, name: &str) {
    let done = Command::new("kill").args([name, &child.id().to_string()]).status().expect("kill runs");
    assert!(done.success());
}

#[cfg(unix)]
#[test]
fn a_signal_stops_an_import_in_good_order() {
    // 87: what is stopped half-way is whole, and can be taken back or gone on with.
    let home = Home::new();
    long_file(&home, "long.csv", ROWS);
    let mut child = home
        .command()
        .args(["import", "long.csv"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    stop_half_way(&home, &mut child, "-INT");
    let stopped = ran(child.wait_with_output().expect("the end")).exits(130);
    assert!(stopped.stdout.contains("carnet import --resume 1 long.csv"), "{stopped:?}");
    let job = home.json(&["import", "show", "1"], 0);
    let read = job["read"].as_u64().expect("a count");
    assert!(job["state"] == "stopped" && read > 0 && read < ROWS as u64, "{job:#}");
    assert_eq!(job["resume"], "carnet import --resume 1 long.csv");
    let part = home.read("ErrorDetail.csv");
    assert_eq!(part.lines().count() as u64 - 1, job["failed"].as_u64().expect("a count"), "{job:#}");
    let done = home.json(&["import", "--resume", "1", "long.csv"], 3);
    assert_eq!((done["read"].as_u64(), done["failed"].as_u64()), (Some(ROWS as u64), Some(20)), "{done:#}");
    let whole = home.read("ErrorDetail.csv");
    assert!(whole.starts_with(&part) && whole.lines().count() == 21, "the whole file takes the place of its beginning");
    assert!(!names(&home).iter().any(|name| name.contains("earlier") || name.contains("-job-")), "{:?}", names(&home));
    let help = home.run(&["import", "--help"]).exits(0);
    assert!(help.stdout.contains("exit status is 130"), "{}", help.stdout);
}

#[cfg(unix)]
#[test]
fn the_second_signal_ends_it_at_once_and_a_stopped_job_can_be_taken_back() {
    let home = Home::new();
    long_file(&home, "long.csv", ROWS);
    let made = Command::new("mkfifo").arg(home.path().join("pipe")).status().expect("mkfifo runs");
    assert!(made.success());
    // It stops, and then waits for somebody who reads its errors: only the second signal gets through.
    let mut child = home
        .command()
        .args(["import", "long.csv", "--errors-json", "pipe"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    stop_half_way(&home, &mut child, "-TERM");
    while !home.path().join("ErrorDetail.csv").exists() {
        assert!(child.try_wait().expect("a child").is_none(), "it waits");
        std::thread::yield_now();
    }
    signal(&child, "-TERM");
    assert_eq!(child.wait().expect("the end").code(), Some(130));
    let job = home.json(&["import", "show", "1"], 0);
    assert_eq!(job["state"], "interrupted");
    let undone = home.json(&["import", "undo", "1", "--yes"], 0);
    assert_eq!(undone["deleted"], job["created"], "{undone:#}");
    assert!(home.run(&["import", "--resume", "1", "long.csv"]).exits(1).stderr.contains("taken back"));
    assert_eq!(home.json(&["search"], 0)["total"], 0);
}

#[cfg(unix)]
#[test]
fn what_is_piped_in_is_known_again_and_can_be_resumed() {
    let home = Home::new();
    let rows = "First name,Last name,Email\nAnn,Lee,ann@example.com\nBob,Ray,nowhere\n";
    let first = piped(&home, &["--json", "import", "-"], rows).exits(3).json();
    assert_eq!((first["created"].as_u64(), first["failed"].as_u64()), (Some(1), Some(1)), "{first:#}");
    assert!(home.read("ErrorDetail.csv").contains("Bob,Ray,nowhere,"), "the rows as they came");
    let again = piped(&home, &["import", "-"], rows).exits(1);
    assert!(again.stderr.contains("was imported before, by job 1"), "{again:?}");
    assert!(!names(&home).iter().any(|name| name.contains("-input-")), "{:?}", names(&home));
    // A job that could not write its errors is finished with the same bytes, and with no others.
    std::fs::remove_file(home.path().join("ErrorDetail.csv")).expect("the file");
    home.write("carnet.db-input-left", "somebody's rows");
    let other = rows.replace("Lee", "Low");
    let mut child = start_with_errors_in_a_pipe(&home, &other);
    wait_for_rows_of(&home, 2, &mut child);
    child.kill().expect("the kill");
    child.wait().expect("the end");
    let wrong = piped(&home, &["import", "--resume", "2", "-"], rows).exits(1);
    assert!(wrong.stderr.contains("is not the file of job 2"), "{wrong:?}");
    let errors = ["import", "--resume", "2", "-", "--errors", "ErrorDetail.csv"];
    piped(&home, &errors, &other).exits(3);
    assert!(!names(&home).iter().any(|name| name.contains("-input-")), "{:?}", names(&home));
    assert_eq!(home.json(&["search"], 0)["total"], 2);
}

#[cfg(unix)]
fn start_with_errors_in_a_pipe(home: &Home, rows: &str) -> Child {
    let made = Command::new("mkfifo").arg(home.path().join("pipe")).status().expect("mkfifo runs");
    assert!(made.success());
    let mut child = home
        .command()
        .args(["import", "-", "--errors", "pipe"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    child.stdin.take().expect("a pipe").write_all(rows.as_bytes()).expect("the rows");
    child
}

#[cfg(unix)]
fn wait_for_rows_of(home: &Home, job: u64, child: &mut Child) {
    loop {
        let jobs = home.json(&["import", "list"], 0);
        let found = &jobs["jobs"][0];
        if found["job"].as_u64() == Some(job) && found["read"].as_u64() > Some(0) {
            return;
        }
        assert!(child.try_wait().expect("a child").is_none(), "it ended too early: {jobs:#}");
    }
}

#[test]
fn two_imports_at_once_end_as_if_one_had_followed_the_other() {
    // 88: no identifier twice, and nobody waits forever.
    let home = Home::new();
    let file = |company: &str| {
        let rows: String = (0..2000).map(|row| format!("crm:{row},Lee {row},{company}\n")).collect();
        format!("External ID,Last name,Company\n{rows}")
    };
    home.write("a.csv", file("Alpha"));
    home.write("b.csv", file("Beta"));
    // The database is there before, so that both have the same to do.
    home.json(&["search"], 0);
    let start = |name: &str| {
        let args =
            ["--json", "import", name, "--on-match", "update", "--match-by", "external-id", "--overwrite", "all"];
        home.command().args(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts")
    };
    let both = [start("a.csv"), start("b.csv")].map(|child| ran(child.wait_with_output().expect("the end")));
    let both: Vec<Value> = both.into_iter().map(|ran| ran.json()).collect();
    let sum = |key: &str| both.iter().map(|report| report[key].as_u64().expect("a count")).sum::<u64>();
    home.run(&["export", "--format", "jsonl", "--out", "all.jsonl"]).exits(0);
    let exported = home.read("all.jsonl");
    assert_eq!(exported.lines().count() as u64, sum("created"), "{both:#?}");
    let theirs = exported.lines().filter(|line| line.contains("\"Alpha\"") || line.contains("\"Beta\"")).count();
    assert_eq!((theirs, sum("created") + sum("updated")), (2000, 4000), "nobody is there twice: {both:#?}");
    let alphas = exported.lines().filter(|line| line.contains("\"Alpha\"")).count();
    assert!([0, 2000].contains(&alphas), "{alphas} are of one file, the others of the other");
    assert!(!names(&home).iter().any(|name| name.contains("-turn") || name.contains("-job-")), "{:?}", names(&home));
    // The same file twice at once, where every row becomes a contact: one of them is refused.
    home.write("c.csv", file("Gamma").replace("crm:", "other:"));
    let start = || {
        let args = ["--json", "import", "c.csv"];
        home.command().args(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts")
    };
    let both = [start(), start()].map(|child| ran(child.wait_with_output().expect("the end")));
    assert_eq!(both.iter().filter(|ran| ran.status == 1).count(), 1, "{both:#?}");
    home.json(&["doctor"], 0);
}

#[cfg(unix)]
#[test]
fn without_room_an_import_stops_with_a_reason_and_goes_on_later() {
    let home = Home::new();
    long_file(&home, "long.csv", ROWS);
    // No file may grow beyond some megabytes: the system says what a full disk says.
    let limited = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 4000; exec \"$0\" --home . import long.csv"])
        .arg(env!("CARGO_BIN_EXE_carnet"))
        .current_dir(home.path())
        .output();
    let stopped = ran(limited.expect("the program runs"));
    assert!([1, 4].contains(&stopped.status), "{stopped:?}");
    assert!(stopped.stderr.contains("carnet import --resume 1 long.csv"), "{stopped:?}");
    let job = home.json(&["import", "show", "1"], 0);
    let created = job["created"].as_u64().expect("a count");
    assert!(created > 0 && created < ROWS as u64, "{job:#}");
    assert!(["stopped", "interrupted"].contains(&job["state"].as_str().expect("a state")), "{job:#}");
    let done = home.json(&["import", "--resume", "1", "long.csv"], 3);
    assert_eq!(done["created"].as_u64(), Some(ROWS as u64 - 20), "{done:#}");
    home.json(&["doctor"], 0);
}

#[test]
fn a_job_is_shown_with_all_that_one_asks_of_it() {
    let home = Home::new();
    home.write("people.csv", "Vorname;Last name;Email\nAnn;Lee;ann@example.com\nBob;Ray;nowhere\n");
    home.run(&["import", "people.csv", "--map", "Vorname=first_name", "--country", "HK", "--allow-opt-in"]).exits(3);
    let listed = home.run(&["import", "list"]).exits(0);
    let line = listed.stdout.lines().nth(1).expect("a job").split_whitespace().collect::<Vec<_>>();
    assert_eq!((line[0], line[1], line[3], line.last()), ("1", "done", "cli", Some(&"people.csv")), "{listed:?}");
    let shown = home.run(&["import", "show", "1"]).exits(0).stdout;
    for part in [
        "job       1, done",
        "read as   UTF-8, delimiter semicolon",
        "by        cli",
        "rows/s",
        "map Vorname=first_name, country HK, allow-opt-in yes",
        "ErrorDetail.csv",
        "take it back with `carnet import undo 1`",
    ] {
        assert!(shown.contains(part), "{part} is not in\n{shown}");
    }
    assert!(!shown.contains("missing_last_name"), "digests tell nobody anything:\n{shown}");
    let job = home.json(&["import", "show", "1"], 0);
    assert_eq!(
        (job["by"].as_str(), job["delimiter"].as_str(), job["undo"].as_str()),
        (Some("cli"), Some(";"), Some("carnet import undo 1"))
    );
    assert!(job["seconds"].as_f64() > Some(0.0) && job["undone"].is_null() && job["resume"].is_null(), "{job:#}");
}

#[test]
fn a_copied_home_has_its_own_error_files() {
    let (home, copy) = (Home::new(), Home::new());
    home.write("people.csv", "First name,Last name,Email\nAnn,Lee,ann@example.com\nAnn,Lee,ann@example.com,more\n");
    home.json(&["import", "people.csv", "--errors", "errors.csv", "--errors-json", "errors.json"], 3);
    for name in ["carnet.db", "errors.csv", "errors.json"] {
        std::fs::copy(home.path().join(name), copy.path().join(name)).expect("a copy");
    }
    let before = (home.read("errors.csv"), home.read("errors.json"));
    let found = copy.json(&["search", "lee"], 0);
    copy.json(&["contact", "forget", found["contacts"][0]["id"].as_str().expect("an id"), "--yes"], 0);
    assert_eq!((home.read("errors.csv"), home.read("errors.json")), before, "the original is another home");
    assert!(
        !copy.read("errors.csv").contains("ann@example.com") && !copy.read("errors.json").contains("ann@example.com")
    );
    assert!(
        home.json(&["import", "show", "1"], 0)["error_file"].as_str().is_some_and(|path| path.ends_with("errors.csv"))
    );
}

#[cfg(unix)]
#[test]
fn a_job_goes_on_with_the_plugins_of_its_beginning() {
    let home = Home::with_packages();
    long_file(&home, "long.csv", ROWS / 2);
    let mut child = home
        .command()
        .args(["import", "long.csv"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    stop_half_way(&home, &mut child, "-INT");
    assert_eq!(child.wait().expect("the end").code(), Some(130));
    let calls = |job: &Value| {
        let plugins = job["plugins"].as_array().expect("plugins").clone();
        plugins.iter().map(|plugin| plugin["calls"].as_u64().unwrap_or(0)).sum::<u64>()
    };
    let before = calls(&home.json(&["import", "show", "1"], 0));
    let manifest = home.read("scripts/label-rules/plugin.toml");
    let version = manifest.lines().find(|line| line.starts_with("version")).expect("a version");
    home.write("scripts/label-rules/plugin.toml", manifest.replace(version, "version = \"9.0.0\""));
    let refused = home.run(&["import", "--resume", "1", "long.csv"]).exits(1);
    assert!(refused.stderr.contains("plugins changed since job 1 began: label-rules "), "{refused:?}");
    assert!(refused.stderr.contains("→ 9.0.0") && refused.stderr.contains("--accept-plugins"), "{refused:?}");
    home.write("scripts/label-rules/plugin.toml", &manifest);
    let done = home.json(&["import", "--resume", "1", "long.csv"], 3);
    assert!(before > 0 && calls(&done) > before, "the table sums all runs: {done:#}");
}
