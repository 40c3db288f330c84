//! Imports that wait for each other, and jobs that are resumed under other settings.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use crate::support::Home;

fn start(home: &Home, args: &[&str]) -> Child {
    home.command().args(args).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("the program starts")
}

/// What a child says first on its standard error.
fn first_line(child: &mut Child) -> String {
    let mut line = String::new();
    let stderr = child.stderr.as_mut().expect("a pipe");
    BufReader::new(stderr).read_line(&mut line).expect("a line");
    line
}

/// A job that has its rows and waits for ever where it writes its errors.
#[cfg(unix)]
fn stuck(home: &Home, file: &str) -> Child {
    let made = Command::new("mkfifo").arg(home.path().join("pipe")).status().expect("mkfifo runs");
    assert!(made.success());
    let mut child = start(home, &["import", file, "--errors", "pipe"]);
    while home.json(&["import", "list"], 0)["jobs"][0]["read"].as_u64().unwrap_or(0) == 0 {
        assert!(child.try_wait().expect("a child").is_none(), "it ended too early");
    }
    child
}

#[cfg(unix)]
#[test]
fn an_import_waits_for_the_one_at_work_and_a_dry_run_does_not() {
    let home = Home::new();
    home.write("a.csv", "Last name,Email\nLee,ann@example.com\nRay,nowhere\n");
    home.write("b.csv", "Last name,Email\nLow,ann@example.com\n");
    let update = ["import", "b.csv", "--on-match", "update"];
    let mut first = stuck(&home, "a.csv");
    let tried = home.json(&["import", "b.csv", "--on-match", "update", "--dry-run"], 0);
    assert_eq!(tried["updated"], 1, "{tried:#}");
    let mut given_up = start(&home, &update);
    assert_eq!(first_line(&mut given_up), "waiting for job 1: one import at a time\n");
    let done = Command::new("kill").args(["-INT", &given_up.id().to_string()]).status().expect("kill runs");
    assert!(done.success());
    assert_eq!(given_up.wait().expect("the end").code(), Some(130));
    let mut second = start(&home, &update);
    assert_eq!(first_line(&mut second), "waiting for job 1: one import at a time\n");
    // Others write meanwhile, and whoever is killed gives the turn back.
    home.json(&["contact", "add", "last_name=Fox"], 0);
    first.kill().expect("the kill");
    first.wait().expect("the end");
    assert_eq!(second.wait().expect("the end").code(), Some(0));
    let job = home.json(&["import", "show", "2"], 0);
    assert_eq!((job["updated"].as_u64(), job["created"].as_u64()), (Some(1), Some(0)), "{job:#}");
}

#[cfg(unix)]
#[test]
fn a_job_goes_on_under_the_settings_of_its_beginning() {
    let home = Home::new();
    home.write("a.csv", "Last name,Email\nLee,ann@example.com\nRay,nowhere\n");
    let mut child = stuck(&home, "a.csv");
    child.kill().expect("the kill");
    child.wait().expect("the end");
    home.write("carnet.toml", "on_match = \"update\"\nphone_mode = \"strict\"\nworkers = 1\n");
    let resume = ["import", "--resume", "1", "a.csv", "--errors", "ErrorDetail.csv"];
    let refused = home.run(&resume).exits(1);
    assert!(refused.stderr.contains("settings changed since job 1 began: phone_mode, on_match\n"), "{refused:?}");
    assert!(refused.stderr.contains("--accept-settings"), "{refused:?}");
    home.write("carnet.toml", "workers = 1\n");
    home.json(&resume, 3);
}

#[test]
fn two_files_of_errors_have_two_names() {
    let home = Home::new();
    home.write("a.csv", "Last name,Email\nRay,nowhere\n");
    let refused = home.run(&["import", "a.csv", "--errors", "e.csv", "--errors-json", "./e.csv"]).exits(2);
    assert!(refused.stderr.contains("is to hold the error file and the list of errors"), "{refused:?}");
}
