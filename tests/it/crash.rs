//! A job killed at any point: the database is sound, it tells what was done, and the job ends as if nobody had killed it.

use std::path::Path;
use std::process::{Child, Stdio};

use rusqlite::{Connection, OpenFlags};
use serde_json::Value;

use crate::support::Home;

/// Rows that are left when a job is killed for the last time, so that it cannot end before: two transactions and more.
const BATCHES_LEFT: u64 = 5_000;

/// Rows of the file, and how often its import is killed.
const ROWS: u64 = 50_000;
const KILLS: u64 = 24;

fn long_file(home: &Home, rows: u64) {
    let mut text = String::from("First name,Last name,Email,Mobile,External ID,Company,Type\n");
    for row in 0..rows {
        // One row in 50 fails, one in 40 is blank, one in 30 is repaired by a plugin.
        match row {
            _ if row % 50 == 7 => text.push_str(&format!("Bad,Row {row},c{row}@example,,crm:{row},,Lead\n")),
            _ if row % 40 == 3 => text.push_str(",,,,,,\n"),
            _ if row % 30 == 1 => {
                text.push_str(&format!("Eve,Ray {row},e{row}@example.com,+852 9{row:07},crm:{row},Beta Ltd,Lead\n"));
            }
            _ => text.push_str(&format!("Ann,Lee {row},c{row}@example.com,+8529{row:07},crm:{row},Acme,Customer\n")),
        }
    }
    home.write("long.csv", text);
}

/// A look into the database beside the program.
fn look(home: &Home) -> Option<Connection> {
    let conn = Connection::open_with_flags(home.path().join("carnet.db"), OpenFlags::SQLITE_OPEN_READ_WRITE).ok()?;
    conn.busy_timeout(std::time::Duration::from_secs(10)).ok()?;
    Some(conn)
}

fn committed(conn: &Connection) -> Option<u64> {
    conn.query_row("SELECT committed_record FROM job WHERE id = 1", [], |row| row.get::<_, i64>(0))
        .ok()
        .map(i64::unsigned_abs)
}

fn start(home: &Home, args: &[&str]) -> Child {
    home.command().args(args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program starts")
}

/// Waits until something is so, or the child is gone; says whether it was still there.
fn wait_for(child: &mut Child, mut so: impl FnMut() -> bool) -> bool {
    while child.try_wait().expect("a child").is_none() {
        if so() {
            return true;
        }
        std::thread::yield_now();
    }
    false
}

fn kill(mut child: Child) {
    child.kill().expect("the kill");
    child.wait().expect("the end");
}

/// Everything that an import wrote, without ids and times.
fn written(home: &Home) -> Vec<String> {
    let conn = look(home).expect("the database");
    let mut all = Vec::new();
    for sql in [
        "SELECT no, rev, gone, kind, json_remove(doc, '$.created', '$.updated'), updated IS NULL FROM contact ORDER BY no",
        // Which plugin gets which number hangs on when the history of plugins was written first.
        "SELECT contact, rev, job, person, action, (
             SELECT json_group_array(json_array(value ->> 0, value ->> 1, value ->> 2, (
                 SELECT name FROM plugin_version WHERE id = value ->> 3))) FROM json_each(fields)
         ) FROM change ORDER BY contact, rev",
        "SELECT record, line, cells, problems, text FROM job_failure ORDER BY record",
        "SELECT state, committed_record, read, created, updated, unchanged, skipped, failed, blank, error_file FROM job",
        "SELECT json_remove(plugin.value, '$.micros', '$.p50_micros', '$.p99_micros') FROM job, json_each(plugins) AS plugin",
        "SELECT kind, value, contact FROM identifier ORDER BY contact, kind, value",
        "SELECT facet, value, contact FROM contact_facet ORDER BY contact, facet, value",
        "SELECT label.key, contact FROM contact_label JOIN label ON label.id = label ORDER BY contact, label.key",
        "SELECT name, version FROM plugin_version ORDER BY name, version",
        "SELECT key FROM organization ORDER BY id",
        "SELECT plugin, key, value FROM plugin_state ORDER BY plugin, key",
        "SELECT term, doc FROM contact_term ORDER BY doc, term",
        "SELECT max(last) FROM job_created",
    ] {
        let mut select = conn.prepare(sql).expect(sql);
        let columns = select.column_count();
        let mut rows = select.query([]).expect(sql);
        while let Some(row) = rows.next().expect(sql) {
            let cells: Vec<String> =
                (0..columns).map(|at| format!("{:?}", row.get_ref(at).expect("a column"))).collect();
            all.push(cells.join("|"));
        }
    }
    all.push(home.read("ErrorDetail.csv"));
    all
}

/// Names of all files of a home but those that every home has.
fn odd_files(home: &Home) -> Vec<String> {
    let known = [
        "carnet.db",
        "carnet.db-plugins",
        "carnet.db-shm",
        "carnet.db-wal",
        "carnet.toml",
        "plugins",
        "scripts",
        "long.csv",
        "ErrorDetail.csv",
    ];
    let all = std::fs::read_dir(home.path()).expect("the home");
    let names = all.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned());
    names.filter(|name| !known.contains(&name.as_str())).collect()
}

/// The next of numbers that look like chance and are the same every time.
fn next(seed: &mut u64) -> u64 {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *seed >> 33
}

#[track_caller]
fn check_kills(rows: u64, kills: u64) {
    let calm = Home::with_packages();
    long_file(&calm, rows);
    calm.run(&["import", "long.csv", "--country", "HK"]).exits(3);
    let home = Home::with_packages();
    long_file(&home, rows);
    let mut seed = 20_240_229;
    let mut points: Vec<u64> = (0..kills).map(|_| next(&mut seed) % (rows - BATCHES_LEFT)).collect();
    points.sort_unstable();
    let mut killed = 0;
    for point in points {
        let args: &[&str] = if committed_by(&home).is_none() {
            &["import", "long.csv", "--country", "HK"]
        } else {
            &["import", "--resume", "1", "long.csv"]
        };
        let mut child = start(&home, args);
        let mut conn = None;
        let at = wait_for(&mut child, || {
            conn = conn.take().or_else(|| look(&home));
            conn.as_ref().and_then(committed).is_some_and(|record| record >= point)
        });
        if !at {
            break;
        }
        // A little further, into the middle of a batch.
        (0..next(&mut seed) % 200).for_each(|_| std::thread::yield_now());
        kill(child);
        killed += 1;
    }
    assert!(killed >= kills / 2, "killed {killed} times");
    let job = &home.json(&["import", "show", "1"], 0);
    let stored = home.json(&["search"], 0)["total"].as_u64();
    assert!(job["state"] == "interrupted" && job["created"].as_u64() <= Some(rows), "{job:#}");
    if stored < Some(10_000) {
        assert_eq!(job["created"].as_u64(), stored, "what the job tells is what is there: {job:#}");
    }
    home.run(&["import", "long.csv"]).exits(1);
    home.run(&["import", "--resume", "1", "long.csv"]).exits(3);
    let (expected, found) = (written(&calm), written(&home));
    for (expected, found) in expected.iter().zip(&found) {
        assert_eq!(found, expected);
    }
    assert_eq!(found.len(), expected.len());
    assert_eq!(odd_files(&home), Vec::<String>::new());
    home.json(&["doctor"], 0);
}

fn committed_by(home: &Home) -> Option<u64> {
    Path::new(&home.path().join("carnet.db")).exists().then(|| look(home))?.as_ref().and_then(committed)
}

#[test]
fn an_import_killed_again_and_again_ends_as_if_nobody_had() {
    // 86: no row twice, none missing.
    check_kills(ROWS, KILLS);
}

#[cfg(unix)]
#[test]
fn a_job_killed_while_it_writes_its_files_is_finished_by_resuming_it() {
    let home = Home::new();
    home.write("long.csv", "First name,Last name,Email\nAnn,Lee,ann@example.com\nBob,Ray,bob@nowhere\nCy,Fox,@\n");
    let pipe = home.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status().expect("mkfifo runs");
    assert!(made.success());
    // Nobody reads the pipe, so the program waits where it begins to write.
    let running = |home: &Home| committed_by(home) == Some(3);
    let mut child = start(&home, &["import", "long.csv", "--errors", "pipe"]);
    assert!(wait_for(&mut child, || running(&home)));
    kill(child);
    // Killed once more when the error file is there and the other one is not.
    let resume = ["import", "--resume", "1", "long.csv", "--errors", "ErrorDetail.csv", "--errors-json", "pipe"];
    let mut child = start(&home, &resume);
    assert!(wait_for(&mut child, || home.path().join("ErrorDetail.csv").exists()));
    kill(child);
    let errors = home.read("ErrorDetail.csv");
    home.write("ErrorDetail.csv.part", "half a fi");
    assert_eq!(home.json(&["import", "show", "1"], 0)["state"], "interrupted");
    let done = home.json(&["import", "--resume", "1", "long.csv", "--errors-json", "errors.json"], 3);
    assert_eq!((done["read"].as_u64(), done["created"].as_u64(), done["failed"].as_u64()), (Some(3), Some(1), Some(2)));
    assert_eq!(home.read("ErrorDetail.csv"), errors, "written once more, and not set aside");
    let list: Value = serde_json::from_str(&home.read("errors.json")).expect("a list of errors");
    assert_eq!(list.as_array().map(Vec::len), Some(2), "{list:#}");
    assert_eq!(odd_files(&home).iter().filter(|name| !["pipe", "errors.json"].contains(&name.as_str())).count(), 0);
}

#[test]
fn the_doctor_clears_up_after_a_killed_import() {
    let home = Home::new();
    for name in ["ErrorDetail.csv.part", "carnet.db-input-0198", "carnet.db-job-7"] {
        home.write(name, "left");
    }
    let found = home.json(&["doctor"], 0);
    assert!(found.to_string().contains("ErrorDetail.csv.part"), "{found:#}");
    assert_eq!(odd_files(&home), Vec::<String>::new());
}
