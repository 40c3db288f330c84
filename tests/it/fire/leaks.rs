//! Hundreds of reloads leave nothing behind: no thread, no open file, no generation, and no memory. In a process of its own, for others here
//! start threads and open files, too.

use std::fs;
use std::process::Command;
use std::sync::Arc;

use super::packages::{Kind, Shop};
use super::{Dice, NAMES, Seen, call, home};

#[test]
fn hundreds_of_reloads_leave_nothing_behind() {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command.args(["--exact", "fire::leaks::reload_hundreds_of_times", "--ignored", "--test-threads=1"]);
    let output = command.output().expect("the program runs");
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && told.contains("1 passed"), "{told}");
}

/// Threads, open files, and MiB in memory, where the system tells.
fn held() -> [usize; 3] {
    let entries = |folder: &str| fs::read_dir(folder).map_or(0, Iterator::count);
    let pages = fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = pages.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).unwrap_or(0);
    [entries("/proc/self/task"), entries("/proc/self/fd"), pages >> 8]
}

#[test]
#[ignore = "run in a process of its own"]
fn reload_hundreds_of_times() {
    let (home, app) = home();
    let (mut shop, seen, mut dice) = (Shop::new(home.path()), Seen::default(), Dice(7));
    NAMES.iter().for_each(|name| shop.replace(name, Kind::Script));
    let registry = Arc::clone(app.registry().expect("the engines run"));
    let mut reload = |times| {
        for _ in 0..times {
            let name = NAMES[dice.roll(4) as usize];
            match dice.roll(4) {
                0 => shop.break_code(name),
                1 => shop.remove(name),
                _ => shop.replace(name, Kind::Script),
            }
            registry.rescan();
            call(&app, &seen);
        }
    };
    reload(100);
    let before = held();
    reload(400);
    let after = held();
    assert!(after[0] <= before[0] && after[1] <= before[1], "threads and open files: {before:?}, then {after:?}");
    assert!(after[2] <= before[2] + 16, "memory in MiB: {before:?}, then {after:?}");
    assert!(seen.count() > 200, "{}", seen.count());
    assert_eq!(seen.alive(), [registry.current().number], "generations that nobody uses");
}
