//! The last good version across processes, with the real program; and folders full of what no package is.

use std::fs;
use std::process::Command;

use serde_json::Value;

use crate::support::Home;

const ROME: &str = "fn on_create(contact) { contact.city = \"Rome\"; }\n";

/// Name, state and error of each plugin that the program lists.
fn listed(home: &Home) -> Vec<(String, String, String)> {
    let list = home.json(&["plugin", "list"], 0);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let one = |plugin: &Value| (text(&plugin["name"]), text(&plugin["state"]), text(&plugin["error"]));
    list["plugins"].as_array().expect("plugins").iter().map(one).collect()
}

fn city(home: &Home, email: &str) -> Value {
    let added = home.json(&["contact", "add", "last_name=Lee", &format!("email={email}")], 0);
    added["address"]["city"].clone()
}

#[test]
fn a_command_that_starts_while_a_package_is_broken_has_the_version_before() {
    let home = Home::new();
    home.write("plugins/guard/plugin.toml", "version = '1.2.0'\n");
    home.write("plugins/guard/main.rhai", ROME);
    assert_eq!(city(&home, "a@example.com"), "Rome");
    home.write("plugins/guard/plugin.toml", "version = '1.3.0'\n");
    home.write("plugins/guard/main.rhai", "fn on_create(contact) {");
    assert_eq!(city(&home, "b@example.com"), "Rome");
    let text = home.run(&["plugin", "list"]).exits(0).stdout;
    assert!(text.contains("kept 1.2.0") && text.contains("; version 1.2.0 stays in service"), "{text}");
    let [(name, state, error)] = &listed(&home)[..] else { panic!("one plugin") };
    assert_eq!((name.as_str(), state.as_str()), ("guard", "kept 1.2.0"));
    assert!(!error.is_empty());
    home.write("rows.csv", "Last name\nLee\n");
    let report = home.json(&["import", "rows.csv"], 0);
    assert_eq!((&report["created"], &report["plugins"][0]["version"]), (&1.into(), &"1.2.0".into()), "{report:#}");
    home.write("carnet.toml", "[plugins.guard]\nmode = 'off'\n");
    assert_eq!(city(&home, "c@example.com"), Value::Null);
    fs::remove_file(home.path().join("carnet.toml")).expect("the settings go");
    fs::remove_dir_all(home.path().join("plugins/guard")).expect("the package goes");
    assert_eq!(listed(&home), []);
    assert_eq!(city(&home, "d@example.com"), Value::Null);
    let refused = home.run(&["export", "--out", "carnet.db-plugins/x.csv"]).exits(2);
    assert!(refused.stderr.contains("Carnet keeps its own data there"), "{refused:#?}");
}

#[test]
fn a_version_that_fails_at_work_is_taken_back_by_the_next_command() {
    let home = Home::new();
    home.write("scripts/guard.rhai", ROME);
    assert_eq!(city(&home, "a@example.com"), "Rome");
    home.write("scripts/guard.rhai", "fn on_create(contact) { throw \"Lee, born 1970\"; }\n");
    home.run(&["contact", "add", "last_name=Lee"]).exits(1);
    assert_eq!(city(&home, "b@example.com"), "Rome");
    assert_eq!(listed(&home)[0].1, "kept 0.0.0");
    let kept = home.read("carnet.db-plugins/index.json");
    assert!(!kept.contains("1970"), "what a fault said may be anybody's data: {kept}");
    home.write("scripts/guard.rhai", ROME.replace("Rome", "Oslo"));
    assert_eq!(city(&home, "c@example.com"), "Oslo");
}

#[cfg(unix)]
#[test]
fn folders_full_of_what_no_package_is_neither_block_nor_break() {
    use std::os::unix::fs::symlink;
    let home = Home::new();
    let at = |name: &str| home.path().join("plugins").join(name);
    home.write("plugins/sound/plugin.toml", "version = '1.0.0'\n");
    home.write("plugins/sound/main.rhai", ROME);
    home.write("elsewhere/outside/plugin.toml", "name = 'outside'\n");
    home.write("elsewhere/outside/main.rhai", ROME);
    symlink(home.path().join("elsewhere/outside"), at("outside")).expect("a link");
    // Pipes in every place where a file is read, and a device behind a link.
    for (package, pipe) in [("p1", "plugin.toml"), ("p2", "main.rhai"), ("p3", "cases/one.toml")] {
        home.write(&format!("plugins/{package}/plugin.toml"), "");
        home.write(&format!("plugins/{package}/main.rhai"), ROME);
        let place = at(package).join(pipe);
        fs::create_dir_all(place.parent().expect("a folder")).expect("the folder");
        let _ = fs::remove_file(&place);
        assert!(Command::new("mkfifo").arg(&place).status().expect("mkfifo runs").success());
    }
    assert!(Command::new("mkfifo").arg(at("pipe.rhai")).status().expect("mkfifo runs").success());
    home.write("plugins/zero/plugin.toml", "");
    symlink("/dev/zero", at("zero/plugin.wasm")).expect("a link");
    symlink(at("loop"), at("loop")).expect("a link to itself");
    symlink(at("loop.rhai"), at("loop.rhai")).expect("a link to itself");
    symlink(at(""), at("inward")).expect("a link to its own folder");
    home.write("plugins/Sound/plugin.toml", "");
    home.write("plugins/Sound/main.rhai", ROME);
    home.write("scripts/sound.rhai", ROME);
    home.write("plugins/naïve ☃\u{1b}[31m.rhai", ROME);
    home.write(&format!("plugins/{}.rhai", "x".repeat(240)), ROME);
    let deep = format!("plugins/deep/{}", ["y".repeat(200).as_str(); 12].join("/"));
    fs::create_dir_all(home.path().join(deep)).expect("deep folders");
    home.write("plugins/deep/plugin.toml", "");
    home.write("plugins/deep/main.rhai", ROME);
    let listed = listed(&home);
    let serving: Vec<&str> =
        listed.iter().filter(|(_, state, _)| state == "active").map(|(name, ..)| name.as_str()).collect();
    assert_eq!(serving, ["deep", "outside", "sound"], "{listed:#?}");
    let error = |name: &str| {
        listed.iter().find(|(known, state, _)| known == name && state == "refused").map_or("", |it| it.2.as_str())
    };
    assert_eq!(error("p1"), "`plugin.toml` is not a file");
    assert_eq!(error("p2"), "`main.rhai` is not a file");
    assert_eq!(error("p3"), "`one.toml` is not a file");
    assert_eq!(error("pipe"), "`pipe.rhai` is not a file");
    assert_eq!(error("zero"), "`plugin.wasm` is a link that leads out of the package");
    assert!(error("loop").contains("symbolic links"), "{listed:#?}");
    assert_eq!(error("Sound"), "`Sound` cannot be a plugin's name");
    assert!(error("sound").starts_with("another package has its name"), "{listed:#?}");
    assert!(!format!("{listed:?}").contains("\\u{1b}"), "{listed:#?}");
    assert!(listed.iter().any(|(name, ..)| name.starts_with("xxx")), "{listed:#?}");
    // Folders that cannot be used at all, and one that nobody may write beside.
    fs::rename(at(""), home.path().join("was")).expect("the folder goes");
    home.write("plugins", "a file");
    let left = self::listed(&home);
    assert!(left.iter().any(|(name, state, _)| name == "outside" && state == "kept 0.0.0"), "{left:#?}");
}

#[test]
fn five_hundred_plugins_are_loaded_and_listed() {
    let home = Home::new();
    for number in 0..500 {
        home.write(&format!("scripts/p{number:03}.rhai"), ROME);
    }
    for _ in 0..2 {
        assert_eq!(listed(&home).iter().filter(|(_, state, _)| state == "active").count(), 500);
    }
    assert_eq!(city(&home, "a@example.com"), "Rome");
    let kept = fs::read_dir(home.path().join("carnet.db-plugins")).expect("a shelf").count();
    assert_eq!(kept, 502, "one file for each, the index and the lock");
    fs::write(home.path().join("scripts/p007.rhai"), "nonsense").expect("a write");
    assert_eq!(listed(&home).iter().filter(|(_, state, _)| state == "kept 0.0.0").count(), 1);
}
