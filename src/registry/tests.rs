//! Folders that come, change and go, with a stand-in for the engines.

use std::fs;

use tempfile::TempDir;

use super::fake::{Fake, contact, folders, write};
use super::*;
use crate::plugin::hook::Hook;
use crate::plugin::manifest::Phase;
use crate::plugin::service::Services;
use dispatch::Chain;

/// A home with a registry over it.
struct Home {
    folder: TempDir,
    loader: Arc<Fake>,
    registry: Registry,
}

impl Home {
    fn new(files: &[(&str, &str)]) -> Self {
        Self::deployed(files, &[])
    }

    fn deployed(files: &[(&str, &str)], deployments: &[(&str, Deployment)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        files.iter().for_each(|(path, text)| write(folder.path(), path, text));
        let loader = Arc::new(Fake::default());
        let deployments =
            deployments.iter().map(|(name, deployment)| ((*name).to_owned(), deployment.clone())).collect();
        let registry = Registry::open(folders(folder.path()), deployments, Arc::clone(&loader) as Arc<dyn Load>);
        Self { folder, loader, registry }
    }

    fn write(&self, path: &str, text: &str) -> Report {
        write(self.folder.path(), path, text);
        self.registry.rescan()
    }

    /// Names and versions in service, in the order of calls.
    fn serving(&self) -> Vec<String> {
        let generation = self.registry.current();
        generation
            .plugins
            .iter()
            .map(|loaded| format!("{} {}", loaded.identity().name, loaded.identity().version))
            .collect()
    }

    /// What is refused and why.
    fn refused(&self) -> Vec<String> {
        self.registry.current().refused.iter().map(ToString::to_string).collect()
    }

    fn create(&self) -> dispatch::ChainOutcome {
        let mut chain = Chain::new(self.registry.current(), |_| Services::none());
        chain.run(Hook::Create, Phase::Change, contact())
    }
}

const NOTHING: [&str; 0] = [];

#[test]
fn folders_need_not_exist() {
    let home = Home::new(&[]);
    assert_eq!(home.serving(), NOTHING);
    assert_eq!(home.registry.current().number, 1);
    assert!(home.registry.rescan().is_empty());
}

#[test]
fn packages_and_lone_files_are_found_and_nothing_else() {
    let home = Home::new(&[
        ("plugins/wasm/plugin.toml", "version = '1.2.3'"),
        ("plugins/wasm/plugin.wasm", "on_create log a"),
        ("plugins/wasm/src/lib.rs", "on_create log a"),
        ("plugins/lone.wasm", "on_create log a"),
        ("plugins/Cargo.toml", ""),
        ("plugins/target/debug/x.wasm", "on_create log a"),
        ("plugins/no-package/main.rhai", "on_create log a"),
        ("plugins/.hidden.rhai", "on_create log a"),
        ("plugins/.hidden/plugin.toml", ""),
        ("plugins/old.tmp/plugin.toml", ""),
        ("plugins/a.rhai~", "on_create log a"),
        ("scripts/script/plugin.toml", "priority = 1"),
        ("scripts/script/main.rhai", "on_create log a"),
        ("scripts/alone.rhai", "on_create log a"),
    ]);
    assert_eq!(home.serving(), ["script 0.0.0", "alone 0.0.0", "lone 0.0.0", "wasm 1.2.3"]);
    assert_eq!(home.refused(), NOTHING);
}

#[test]
fn what_did_not_change_is_not_loaded_again_and_stays_the_same_object() {
    let home = Home::new(&[("scripts/a.rhai", "on_create log a"), ("scripts/b.rhai", "on_create log b")]);
    let before = home.registry.current();
    assert_eq!(home.loader.loads(), 2);
    assert!(home.registry.rescan().is_empty());
    assert!(Arc::ptr_eq(&before, &home.registry.current()));
    let report = home.write("scripts/b.rhai", "on_create log c");
    assert_eq!((report.replaced.len(), report.generation, home.loader.loads()), (1, 2, 3));
    let after = home.registry.current();
    assert!(Arc::ptr_eq(before.find("a").unwrap(), after.find("a").unwrap()));
    assert_ne!(before.find("b").unwrap().identity().hash, report.replaced[0].hash);
}

#[test]
fn a_version_that_worked_stays_when_its_successor_does_not() {
    let home = Home::new(&[("plugins/a/plugin.toml", "version = '1.0.0'"), ("plugins/a/main.rhai", "on_create log a")]);
    write(home.folder.path(), "plugins/a/plugin.toml", "version = '2.0.0'");
    let report = home.write("plugins/a/main.rhai", "broken");
    assert_eq!(report.refused.len(), 1);
    assert_eq!(home.serving(), ["a 1.0.0"]);
    assert_eq!(home.refused(), ["plugin `a` is refused: it is broken; version 1.0.0 stays in service"]);
    let generation = home.registry.current();
    let state = generation.state(generation.find("a").unwrap());
    assert_eq!(state.to_string(), "kept 1.0.0");
    let loads = home.loader.loads();
    assert!(home.registry.rescan().is_empty());
    assert_eq!(home.loader.loads(), loads, "what was refused is not tried again until it changes");
    let report = home.write("plugins/a/main.rhai", "on_create log b");
    assert_eq!((report.replaced[0].from.as_deref(), report.replaced[0].to.as_deref()), (Some("1.0.0"), Some("2.0.0")));
    assert_eq!((home.serving(), home.refused()), (vec!["a 2.0.0".to_owned()], vec![]));
}

#[test]
fn every_way_to_be_refused_is_told() {
    #[track_caller]
    fn check(files: &[(&str, &str)], expected: &str) {
        let home = Home::new(files);
        assert_eq!(home.refused(), [expected]);
        assert_eq!(home.serving(), NOTHING);
    }
    let manifest = ("plugins/a/plugin.toml", "");
    check(&[manifest], "plugin `a` is refused: it holds neither `plugin.wasm` nor `main.rhai`");
    check(
        &[manifest, ("plugins/a/plugin.wasm", ""), ("plugins/a/main.rhai", "")],
        "plugin `a` is refused: it holds both `plugin.wasm` and `main.rhai`",
    );
    check(&[manifest, ("plugins/a/main.rhai", "panics")], "plugin `a` is refused: the rhai engine broke on it");
    check(&[("scripts/a.rhai", "nothing")], "plugin `a` is refused: it has no hook, so it would never be called");
    check(&[("scripts/A b.rhai", "on_create log a")], "plugin `A b` is refused: `A b` cannot be a plugin's name");
    check(
        &[("plugins/a/plugin.toml", "priority = 'high'\nx = 1"), ("plugins/a/main.rhai", "on_create log a")],
        "plugin `a` is refused: plugin.toml:1:12: `priority` takes a whole number from 0 to 1000 (and 1 more)",
    );
    check(
        &[("plugins/a/plugin.toml", "grants = ['lookup']"), ("plugins/a/main.rhai", "on_create log a")],
        "plugin `a` 0.0.0 waits for approval: it asks for more than it was granted: `lookup`",
    );
}

#[test]
fn hints_say_how_to_grant_and_what_is_not_built_is_not_missed() {
    let home = Home::new(&[
        ("plugins/a/plugin.toml", "grants = ['lookup', 'state']"),
        ("plugins/a/main.rhai", "on_create log a"),
        ("plugins/b/plugin.toml", ""),
        ("plugins/b/Cargo.toml", ""),
    ]);
    let generation = home.registry.current();
    let hints: Vec<&str> = generation.refused.iter().filter_map(|refused| refused.error.hint.as_deref()).collect();
    assert_eq!(
        hints,
        [
            "look at it and grant it with `carnet plugin approve a`, or write `grants = [\"lookup\", \"state\"]` under [plugins.a] in carnet.toml",
        ]
    );
    let off: Vec<_> = generation.off.iter().map(|off| (off.name.as_str(), off.state())).collect();
    assert_eq!(off, [("b", "not built")]);
}

#[test]
fn the_deployment_decides_mode_grants_priority_and_config() {
    let files = [
        ("plugins/a/plugin.toml", "grants = ['state']\n[config.city]\ntype = 'text'"),
        ("plugins/a/main.rhai", "on_create set city $city"),
        ("plugins/b/plugin.toml", "version = '3.0.0'"),
        ("plugins/b/main.rhai", "broken"),
    ];
    let given = Deployment {
        grants: vec!["state".into(), "lookup".into()],
        priority: Some(7),
        on_fault: Some(OnFault::Skip),
        config: "city = 'Rome'".parse().unwrap(),
        ..Deployment::default()
    };
    let off = Deployment { mode: Mode::Off, ..Deployment::default() };
    let home = Home::deployed(&files, &[("a", given), ("b", off)]);
    let generation = home.registry.current();
    let a = generation.find("a").unwrap();
    assert_eq!((a.priority, a.policy(Hook::Create), a.grants.state, a.grants.lookup), (7, OnFault::Skip, true, false));
    assert_eq!(home.create().edits[0].1.new.as_deref(), Some("Rome"));
    assert_eq!(generation.off[0].version.as_deref(), Some("3.0.0"));
    assert_eq!(home.refused(), NOTHING);
    let wrong = Deployment { config: "town = 1".parse().unwrap(), ..Deployment::default() };
    let home = Home::deployed(&files[2..], &[("b", wrong)]);
    assert_eq!(home.refused(), ["plugin `b` is refused: it has no setting `town`"]);
}

#[test]
fn cases_decide_before_a_version_comes_into_service() {
    let case = "hook = 'on_create'\n[contact]\n[expect]\nverdict = 'accept'\nset.city = 'Rome'";
    let home = Home::new(&[
        ("plugins/a/plugin.toml", "version = '1.0.0'"),
        ("plugins/a/main.rhai", "on_create set city Rome"),
        ("plugins/a/cases/rome.toml", case),
    ]);
    assert_eq!(home.serving(), ["a 1.0.0"]);
    home.write("plugins/a/main.rhai", "on_create set city Oslo");
    let expected = "plugin `a` is refused: case `rome.toml`: set.city: expected `Rome`, got `Oslo`; version 1.0.0 stays in service";
    assert_eq!(home.refused(), [expected]);
    home.write("plugins/a/cases/rome.toml", &case.replace("Rome", "Oslo"));
    assert_eq!(home.refused(), NOTHING);
}

#[test]
fn of_two_packages_with_one_name_the_first_stays() {
    let home = Home::new(&[("plugins/a.rhai", "on_create log a"), ("scripts/a.rhai", "on_create log b")]);
    let path = home.folder.path().join("plugins/a.rhai");
    assert_eq!(home.refused(), [format!("plugin `a` is refused: another package has its name: `{}`", path.display())]);
    fs::remove_file(path).unwrap();
    home.registry.rescan();
    assert_eq!((home.serving(), home.refused()), (vec!["a 0.0.0".to_owned()], vec![]));
}

#[test]
fn a_name_is_its_owners_though_they_cannot_be_read() {
    let home = Home::new(&[("plugins/z/plugin.toml", ""), ("plugins/z/main.rhai", "on_create log z")]);
    // Somebody comes who stands before it in the list, while it is being written.
    fs::remove_file(home.folder.path().join("plugins/z/plugin.toml")).unwrap();
    write(home.folder.path(), "plugins/a/plugin.toml", "name = 'z'\nversion = '6.6.6'");
    home.write("plugins/a/main.rhai", "on_create log a");
    assert_eq!(home.serving(), ["z 0.0.0"]);
    assert!(home.refused().iter().any(|told| told.contains("another package has its name")), "{:?}", home.refused());
    home.write("plugins/z/plugin.toml", "version = '1.0.0'");
    assert_eq!(home.serving(), ["z 1.0.0"]);
}

#[test]
fn a_removed_package_goes_and_a_renamed_one_stays_the_same_object() {
    let home = Home::new(&[("plugins/x/plugin.toml", "name = 'a'"), ("plugins/x/main.rhai", "on_create log a")]);
    let before = home.registry.current();
    fs::rename(home.folder.path().join("plugins/x"), home.folder.path().join("plugins/y")).unwrap();
    assert!(home.registry.rescan().is_empty());
    assert!(Arc::ptr_eq(before.find("a").unwrap(), home.registry.current().find("a").unwrap()));
    fs::remove_dir_all(home.folder.path().join("plugins/y")).unwrap();
    let report = home.registry.rescan();
    assert_eq!(report.removed[0].name, "a");
    assert_eq!(home.serving(), NOTHING);
}

#[test]
fn a_successor_elsewhere_that_fails_leaves_the_version_that_worked() {
    let home = Home::new(&[("scripts/x/plugin.toml", "name = 'a'"), ("scripts/x/main.rhai", "on_create log a")]);
    fs::remove_dir_all(home.folder.path().join("scripts/x")).unwrap();
    write(home.folder.path(), "scripts/y/plugin.toml", "name = 'a'\nversion = '2.0.0'");
    home.write("scripts/y/main.rhai", "broken");
    assert_eq!(home.serving(), ["a 0.0.0"]);
    assert_eq!(home.refused(), ["plugin `a` is refused: it is broken; version 0.0.0 stays in service"]);
}

#[test]
fn a_folder_that_vanishes_is_not_an_empty_one() {
    let home = Home::new(&[("plugins/a.rhai", "on_create log a")]);
    let before = home.registry.current();
    let (here, away) = (home.folder.path().join("plugins"), home.folder.path().join("away"));
    fs::rename(&here, &away).unwrap();
    home.registry.rescan();
    assert_eq!(home.serving(), ["a 0.0.0"]);
    assert!(home.refused()[0].contains("`plugins` cannot be read"), "{:?}", home.refused());
    fs::rename(&away, &here).unwrap();
    home.registry.rescan();
    assert_eq!(home.refused(), NOTHING);
    assert!(Arc::ptr_eq(before.find("a").unwrap(), home.registry.current().find("a").unwrap()));
}

#[test]
fn a_generation_is_kept_by_whoever_began_with_it() {
    let home = Home::new(&[("scripts/a.rhai", "on_create set city Rome")]);
    let mut job = Chain::new(home.registry.current(), |_| Services::none());
    home.write("scripts/a.rhai", "on_create set city Oslo");
    let outcome = job.run(Hook::Create, Phase::Change, contact());
    assert_eq!(outcome.edits[0].1.new.as_deref(), Some("Rome"));
    assert_eq!(home.create().edits[0].1.new.as_deref(), Some("Oslo"));
}

#[test]
fn on_probation_a_fault_that_the_predecessor_did_not_have_puts_it_back() {
    let home = Home::new(&[("scripts/a.rhai", "on_create set city Rome")]);
    assert_eq!(home.create().faults.len(), 0);
    home.write("scripts/a.rhai", "on_create fault");
    assert_eq!(home.create().faults.len(), 1);
    assert_eq!(home.create().edits[0].1.new.as_deref(), Some("Rome"), "the predecessor is called again");
    assert!(home.refused()[0].contains("failed on probation"), "{:?}", home.refused());
    home.registry.rescan();
    assert_eq!(home.create().faults.len(), 0, "and stays until the package changes");
    home.write("scripts/a.rhai", "on_create set city Oslo");
    assert_eq!(home.create().edits[0].1.new.as_deref(), Some("Oslo"));
    assert_eq!(home.refused(), NOTHING);
}

#[test]
fn a_rehearsal_says_nothing_about_a_version_on_probation() {
    let home = Home::new(&[("scripts/a.rhai", "on_create set city Rome")]);
    home.create();
    home.write("scripts/a.rhai", "on_create fault");
    let generation = home.registry.current();
    let left = || generation.plugins[0].probation.calls_left();
    let before = left();
    let mut rehearsal = Chain::new(Arc::clone(&generation), |_| Services::none()).rehearsing();
    assert_eq!(rehearsal.run(Hook::Create, Phase::Change, contact()).faults.len(), 1);
    assert_eq!(left(), before);
    assert_eq!(home.refused(), NOTHING);
    assert_eq!(home.create().faults.len(), 1);
    assert!(before > 0 && home.create().faults.is_empty(), "a call that counts puts the predecessor back");
}

#[test]
fn on_probation_a_fault_that_the_predecessor_had_too_is_no_reason() {
    let home = Home::new(&[("scripts/a.rhai", "on_create fault\non_update log a")]);
    home.create();
    home.write("scripts/a.rhai", "on_create fault\non_update log b");
    home.create();
    home.create();
    assert_eq!(home.refused(), NOTHING);
}

#[test]
fn a_candidate_is_loaded_from_anywhere_and_never_serves() {
    let home = Home::new(&[("elsewhere/a.rhai", "on_create log a"), ("elsewhere/b.txt", "")]);
    let candidate = home.registry.candidate(&home.folder.path().join("elsewhere/a.rhai")).unwrap();
    assert_eq!(candidate.identity().name, "a");
    assert_eq!(home.serving(), NOTHING);
    let refused = home.registry.candidate(&home.folder.path().join("elsewhere/b.txt")).unwrap_err();
    assert!(refused.error.message.ends_with("is no package"));
}

#[cfg(unix)]
mod links {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_swapped_link_is_a_change_and_a_link_out_of_the_package_is_refused() {
        let home = Home::new(&[
            ("releases/1/plugin.toml", "version = '1.0.0'"),
            ("releases/1/main.rhai", "on_create log a"),
            ("releases/2/plugin.toml", "version = '2.0.0'"),
            ("releases/2/main.rhai", "on_create log a"),
            ("plugins/b/plugin.toml", ""),
            ("secret", "on_create log a"),
        ]);
        let (root, link) = (home.folder.path(), home.folder.path().join("plugins/a"));
        symlink(root.join("releases/1"), &link).unwrap();
        symlink(root.join("secret"), root.join("plugins/b/main.rhai")).unwrap();
        home.registry.rescan();
        assert_eq!(home.serving(), ["a 1.0.0"]);
        assert_eq!(home.refused(), ["plugin `b` is refused: `main.rhai` is a link that leads out of the package"]);
        let before = scan::stamps(home.registry.folders());
        fs::remove_file(&link).unwrap();
        symlink(root.join("releases/2"), &link).unwrap();
        assert_ne!(before, scan::stamps(home.registry.folders()));
        assert_eq!(home.registry.rescan().replaced[0].to.as_deref(), Some("2.0.0"));
    }
}

#[test]
fn a_watch_finds_what_changes_and_ends_when_it_is_told() {
    use std::time::Duration;
    use watch::{Notice, Timing};
    let home = Home::new(&[("scripts/a.rhai", "on_create log a")]);
    let Home { folder, registry, .. } = home;
    let (told, heard) = crossbeam_channel::unbounded();
    let ms = Duration::from_millis;
    let timing = Timing { settle: ms(5), absence: ms(20), full: ms(5_000), look: None };
    let watch =
        Arc::new(registry).watch(Notice::Native, timing, move |report| drop(told.send(report.clone()))).unwrap();
    write(folder.path(), "scripts/b/plugin.toml", "");
    write(folder.path(), "scripts/b/main.rhai", "on_create log b");
    let mut added = Vec::new();
    while !added.contains(&"b".to_owned()) {
        let report = heard.recv_timeout(Duration::from_secs(20)).expect("the change is found");
        added.extend(report.added.into_iter().map(|change| change.name));
    }
    watch.stop();
    assert!(heard.recv().is_err(), "nothing is told after the end");
}

/// A registry that follows settings of one plugin `a`, kept here.
fn following(home: &Home, deployment: Deployment) -> Arc<Mutex<Deployment>> {
    let settings = Arc::new(Mutex::new(deployment));
    let read = Arc::clone(&settings);
    home.registry.follow(&home.folder.path().join("carnet.toml"), move || {
        Ok([("a".to_owned(), read.lock().unwrap().clone())].into())
    });
    settings
}

#[test]
fn a_version_that_asks_for_more_waits_while_the_old_one_serves() {
    let home = Home::new(&[
        ("plugins/a/plugin.toml", "version = '1.0.0'\nreads = ['mobile']"),
        ("plugins/a/main.rhai", "on_create set city Rome"),
    ]);
    let granted = |grants: &[&str], reads: &[&str]| {
        let names = |list: &[&str]| list.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        Deployment { grants: names(grants), reads: Some(names(reads)), ..Deployment::default() }
    };
    let settings = following(&home, granted(&[], &["mobile"]));
    home.write("plugins/a/plugin.toml", "version = '2.0.0'\ngrants = ['lookup']\nreads = ['mobile', 'email']");
    assert_eq!(home.serving(), ["a 1.0.0"]);
    let told = "plugin `a` 2.0.0 waits for approval: it asks for more than it was granted: `lookup`; to read `email`; \
                version 1.0.0 stays in service";
    assert_eq!(home.refused(), [told]);
    let generation = home.registry.current();
    assert_eq!(generation.state(generation.find("a").unwrap()), State::Active, "it is not stale, the other one waits");
    let loads = home.loader.loads();
    home.registry.rescan();
    assert_eq!(home.loader.loads(), loads, "what waits is not tried again until something changes");

    *settings.lock().unwrap() = granted(&["lookup"], &["mobile", "emails"]);
    let report = home.registry.rescan();
    assert_eq!((report.replaced.len(), home.refused()), (1, vec![]), "a change of the settings is a new generation");
    assert_eq!(home.serving(), ["a 2.0.0"]);

    // What is taken back is taken from what serves.
    *settings.lock().unwrap() = granted(&[], &["mobile", "emails"]);
    home.registry.rescan();
    assert_eq!(home.serving(), NOTHING);
    assert_eq!(home.refused(), ["plugin `a` 2.0.0 waits for approval: it asks for more than it was granted: `lookup`"]);
}

#[test]
fn a_setting_that_is_kept_elsewhere_is_read_at_each_look() {
    let home = Home::new(&[
        ("plugins/a/plugin.toml", "[config.city]\ntype = 'text'\nsecret = true"),
        ("plugins/a/main.rhai", "on_create set city $city"),
        ("secret", "Rome\n"),
    ]);
    let file = home.folder.path().join("secret").display().to_string();
    let config: toml::Table =
        [("city".to_owned(), toml::Value::Table([("file".to_owned(), file.into())].into_iter().collect()))]
            .into_iter()
            .collect();
    let deployment = Deployment { config, places: [("city".to_owned(), (7, 9))].into(), ..Deployment::default() };
    assert!(!format!("{deployment:?}").contains("secret"));
    following(&home, deployment);
    home.registry.rescan();
    assert_eq!(home.create().edits[0].1.new.as_deref(), Some("Rome"));
    home.write("secret", "Oslo");
    assert_eq!(home.create().edits[0].1.new.as_deref(), Some("Oslo"));
    std::fs::remove_file(home.folder.path().join("secret")).unwrap();
    home.registry.rescan();
    let told = home.refused().remove(0);
    assert!(
        told.starts_with("plugin `a` is refused: carnet.toml:7:9: setting `city` is to come from the file `"),
        "{told}"
    );
}
