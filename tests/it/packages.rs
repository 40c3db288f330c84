//! The packages that ship with Carnet: every committed component carries the digest of the sources beside it, and all cases pass.

use carnet::app::plugins::build::source_digest_of;
use carnet::runtime::wasm::source_digest;

use crate::support::{Home, root, shipped_packages};

/// The guests of the comparison with another host: no packages of Carnet's, but committed as built, too.
const GUESTS: &str = "tests/bench/extism/guests";

/// A built component stays small; this is what a guest in Rust may take.
const MAX_COMPONENT_BYTES: usize = 128 << 10;

#[test]
fn committed_components_are_built_from_the_sources_beside_them() {
    let mut built = shipped_packages();
    built.push(root().join(GUESTS).join("carnet"));
    built.retain(|package| package.join("Cargo.toml").exists());
    assert!(built.len() >= 3, "{built:?}");
    for package in built {
        let component = std::fs::read(package.join("plugin.wasm")).expect("a committed component");
        assert!(component.len() <= MAX_COMPONENT_BYTES, "{}: {} bytes", package.display(), component.len());
        let sources = source_digest_of(&package).expect("the sources");
        let name = package.strip_prefix(root()).expect("a package of the project").display().to_string();
        assert_eq!(source_digest(&component), Some(sources), "{name} is stale: run `carnet plugin build {name}`");
    }
}

#[test]
fn committed_components_name_no_folder_of_whoever_built_them() {
    let guests = ["carnet", "json"].map(|name| root().join(GUESTS).join(name));
    let packages = shipped_packages().into_iter().chain(guests);
    for package in packages.filter(|package| package.join("plugin.wasm").exists()) {
        let component = std::fs::read(package.join("plugin.wasm")).expect("a committed component");
        let text = String::from_utf8_lossy(&component);
        for trace in [".cargo", "registry/src", "/Users/", "C:\\"] {
            let found = text.match_indices(trace).next().map(|(at, _)| text[at..].chars().take(60).collect::<String>());
            assert_eq!(found, None, "{}", package.display());
        }
    }
}

#[test]
fn every_package_is_sound_and_its_cases_pass() {
    let home = Home::new();
    std::fs::copy(root().join("carnet.toml"), home.path().join("carnet.toml")).expect("the settings");
    for package in shipped_packages() {
        let cases = std::fs::read_dir(package.join("cases")).map_or(0, Iterator::count);
        assert!(cases >= 3, "{} has {cases} cases", package.display());
        home.run(&["plugin".as_ref(), "check".as_ref(), package.as_os_str()]).exits(0);
    }
}

#[test]
fn a_case_that_fails_refuses_the_package_and_says_what_differs() {
    let home = Home::new();
    home.write("scripts/greet/plugin.toml", "name = \"greet\"\nversion = \"1.0.0\"\n");
    home.write("scripts/greet/main.rhai", "fn on_create(contact) { contact.company = \"Acme\"; }\n");
    home.write("scripts/greet/cases/one.toml", "hook = \"on_create\"\n[contact]\nlast_name = \"Lee\"\n[expect]\nverdict = \"accept\"\n[expect.set]\ncompany = \"Globex\"\n");
    let list = home.json(&["plugin", "list"], 0);
    let error = list["plugins"][0]["error"].as_str().expect("an error");
    assert!(error.contains("one.toml") && error.contains("Globex") && error.contains("Acme"), "{error}");
}

#[test]
fn a_hook_can_be_tried_on_an_event() {
    let home = Home::with_packages();
    let event = home.write("event.toml", "[row]\n\"Full Name\" = \"Ann Lee\"\n");
    let played = home.json(
        &[
            "plugin".as_ref(),
            "run".as_ref(),
            "field-mapping".as_ref(),
            "on_import_row".as_ref(),
            "--event".as_ref(),
            event.as_os_str(),
        ],
        0,
    );
    assert_eq!(played["verdict"], "accept");
    assert!(played["edits"].to_string().contains("\"new\":\"Ann\""), "{played:#}");
    assert_eq!(
        home.json(&["plugin", "run", "field-maping", "on_import_row", "--event", "event.toml"], 1)["error"]["hint"],
        "did you mean `field-mapping`?"
    );
    home.json(&["plugin", "run", "field-mapping", "on_merge", "--event", "event.toml"], 2);
}

#[test]
fn manifests_at_fault_are_told_whole() {
    let home = Home::new();
    home.write("scripts/odd/plugin.toml", "name = \"odd\"\nversion = \"1\"\npriorty = 5\nphase = \"later\"\n");
    home.write("scripts/odd/main.rhai", "fn on_create(contact) { }\n");
    let ran = home.run(&["plugin", "check", "scripts/odd"]).exits(1);
    assert!(ran.stderr.contains("priorty") && ran.stderr.contains("phase"), "{}", ran.stderr);
}

#[test]
fn a_grant_that_is_missing_is_named_with_the_way_to_give_it() {
    let home = Home::new();
    home.install(&root().join("scripts/duplicate-guard"));
    let list = home.json(&["plugin", "list"], 0);
    assert_eq!(list["plugins"][0]["state"], "waiting");
    assert!(list["plugins"][0]["hint"].as_str().is_some_and(|hint| hint.contains("grants = [\"lookup\"]")), "{list:#}");
}

#[test]
fn sources_that_were_never_built_are_shown_and_missed_by_nobody() {
    let home = Home::new();
    for file in ["plugin.toml", "plugin.py"] {
        let content = std::fs::read(root().join("plugins/after-hours").join(file)).expect("a shipped source");
        home.write(&format!("plugins/after-hours/{file}"), content);
    }
    let listed = home.run(&["plugin", "list"]).exits(0).stdout;
    assert!(listed.contains("not built") && listed.contains("plugins/after-hours`"), "{listed}");
    assert_eq!(home.json(&["plugin", "list"], 0)["plugins"][0]["state"], "not built");
    assert!(home.run(&["plugin", "check"]).exits(0).stdout.contains("run `carnet plugin build"));
    let added = home.run(&["contact", "add", "last_name=Lee"]).exits(0);
    assert_eq!(added.stderr, "");
    home.run(&["doctor"]).exits(0);

    // Somebody counts on it: then it is missing.
    home.write("carnet.toml", "[plugins.after-hours]\npriority = 1\n");
    let listed = &home.json(&["plugin", "list"], 0)["plugins"][0];
    assert_eq!(
        (&listed["state"], &listed["hint"]),
        (&"refused".into(), &"build it: `carnet plugin build plugins/after-hours`".into())
    );
    assert!(home.run(&["contact", "add", "last_name=Wu"]).exits(0).stderr.contains("it was not asked"));
}

#[test]
fn the_copy_of_the_contract_in_a_package_is_the_contract() {
    for file in ["hooks.wit", "host.wit", "things.wit", "types.wit", "world.wit"] {
        let read =
            |folder: &str| std::fs::read_to_string(root().join(folder).join(file)).expect("a file of the contract");
        assert_eq!(read("plugins/after-hours/wit/deps/carnet-plugin"), read("wit"), "copy wit/{file} again");
    }
}
