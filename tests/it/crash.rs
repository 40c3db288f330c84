//! A job killed in the middle: the database opens, is sound, and tells what was done; the job can be finished.

use std::io::Write;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::Home;

const ROWS: u64 = 40_000;

fn long_file(home: &Home) {
    let mut text = String::from("First name,Last name,Email,Mobile,External ID\n");
    for row in 0..ROWS {
        text.push_str(&format!("Ann,Lee {row},c{row}@example.com,+8529{row:07},crm:{row}\n"));
    }
    home.write("long.csv", text);
}

/// Kills an import once it has committed something; says whether it was still running then.
fn kill_midway(home: &Home) -> bool {
    let mut child = home
        .command()
        .args(["import", "long.csv"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    let deadline = Instant::now() + Duration::from_secs(60);
    let wal = home.path().join("carnet.db-wal");
    while Instant::now() < deadline && child.try_wait().expect("a child").is_none() {
        // A write-ahead log of this size holds some batches, and the file has many more.
        if std::fs::metadata(&wal).is_ok_and(|data| data.len() > 2 << 20) {
            break;
        }
        std::thread::yield_now();
    }
    let running = child.try_wait().expect("a child").is_none();
    child.kill().expect("the kill");
    child.wait().expect("the end");
    running
}

#[test]
fn a_killed_import_leaves_a_sound_database_and_can_be_finished() {
    let home = Home::new();
    long_file(&home);
    assert!(kill_midway(&home), "the import was killed while it ran");
    let jobs = home.json(&["import", "list"], 0);
    let job = &jobs["jobs"][0];
    assert_eq!(job["state"], "interrupted", "{jobs:#}");
    let created = job["created"].as_u64().expect("a count");
    assert!(created > 0 && created < ROWS, "{jobs:#}");
    assert_eq!(home.json(&["search"], 0)["total"].as_u64(), Some(created), "what the job tells is what is there");
    let doctor = home.json(&["doctor"], 1);
    let database =
        doctor["findings"].as_array().expect("findings").iter().find(|finding| finding["what"] == "database").cloned();
    assert_eq!(database.map(|finding| finding["sound"].clone()), Some(Value::Bool(true)), "{doctor:#}");
    let refused = home.run(&["import", "long.csv"]).exits(1);
    assert!(refused.stderr.contains("--resume 1"), "{}", refused.stderr);
    let finished = home.json(&["import", "long.csv", "--resume", "1"], 0);
    assert_eq!(finished["created"].as_u64(), Some(ROWS), "{finished:#}");
    assert_eq!(home.json(&["search"], 0)["total"].as_u64(), Some(ROWS), "no row twice, none missing");
    home.json(&["doctor"], 0);
}

#[test]
fn an_import_from_standard_input_is_read() {
    let home = Home::new();
    let mut child = home
        .command()
        .args(["--json", "import", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    child.stdin.take().expect("a pipe").write_all(b"Last name,Email\nLee,ann@example.com\n").expect("the rows");
    let ran = crate::support::ran(child.wait_with_output().expect("the end")).exits(0);
    assert_eq!(ran.json()["created"], 1);
}
