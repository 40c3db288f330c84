//! Processes that come and go while packages break: each is a registry of its own over one home, with a stand-in for the engines.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::TempDir;

use crate::plugin::hook::Hook;
use crate::plugin::manifest::Phase;
use crate::plugin::service::Services;
use crate::registry::dispatch::Chain;
use crate::registry::fake::{Fake, contact, folders, write};
use crate::registry::standing::{Pasts, Standing};
use crate::registry::{Deployment, Deployments, Folders, Load, Mode, Registry};

const ROME: &str = "on_create set city Rome";
const OSLO: &str = "on_create set city Oslo";

/// A home whose processes share a shelf.
struct Home(TempDir);

/// One process: its registry, and what it loaded.
struct Process {
    registry: Registry,
    loader: Arc<Fake>,
}

impl Home {
    fn new(files: &[(&str, &str)]) -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        files.iter().for_each(|(path, text)| home.write(path, text));
        home
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, path: &str, text: &str) {
        write(self.path(), path, text);
    }

    fn remove(&self, path: &str) {
        let path = self.path().join(path);
        if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }.unwrap();
    }

    fn shelf(&self) -> PathBuf {
        self.path().join("carnet.db-plugins")
    }

    /// Names of the packages on the shelf, with the first digits of their hashes left out.
    fn shelved(&self) -> usize {
        let entries = fs::read_dir(self.shelf()).unwrap().flatten();
        entries.filter(|entry| entry.file_name().to_string_lossy().ends_with(".package")).count()
    }

    fn start(&self) -> Process {
        self.start_with(&[])
    }

    fn start_with(&self, deployments: &[(&str, Deployment)]) -> Process {
        let folders = Folders { shelf: Some(self.shelf()), ..folders(self.path()) };
        let deployments: Deployments =
            deployments.iter().map(|(name, deployment)| ((*name).to_owned(), deployment.clone())).collect();
        let loader = Arc::new(Fake::default());
        let registry = Registry::open(folders, deployments, Arc::clone(&loader) as Arc<dyn Load>);
        Process { registry, loader }
    }

    /// What a fresh process has in service, and what it refuses.
    #[track_caller]
    fn check(&self, serving: &[&str], refused: &[&str]) {
        self.start().check(serving, refused);
    }
}

impl Process {
    #[track_caller]
    fn check(&self, serving: &[&str], refused: &[&str]) {
        let generation = self.registry.current();
        let state = |loaded: &Arc<crate::registry::Loaded>| {
            let (name, version) = (&loaded.identity().name, &loaded.identity().version);
            format!("{name} {version} {}", generation.state(loaded))
        };
        assert_eq!(generation.plugins.iter().map(state).collect::<Vec<_>>(), serving);
        assert_eq!(generation.refused.iter().map(ToString::to_string).collect::<Vec<_>>(), refused);
    }

    /// Creates a contact; returns its city, or nothing where a call failed.
    fn create(&self) -> Option<String> {
        let mut chain = Chain::new(self.registry.current(), |_| Services::none());
        let outcome = chain.run(Hook::Create, Phase::Change, contact());
        outcome.edits.first().and_then(|(_, edit)| edit.new.clone())
    }
}

fn package(version: &str, code: &str) -> [(&'static str, String); 2] {
    [("plugins/a/plugin.toml", format!("version = '{version}'")), ("plugins/a/main.rhai", code.to_owned())]
}

fn home(version: &str, code: &str) -> Home {
    let home = Home::new(&[]);
    home.put(version, code);
    home
}

impl Home {
    fn put(&self, version: &str, code: &str) {
        package(version, code).iter().for_each(|(path, text)| self.write(path, text));
    }
}

#[test]
fn a_process_that_starts_while_a_package_is_broken_has_the_last_good_version() {
    let home = home("1.2.0", ROME);
    home.check(&["a 1.2.0 active"], &[]);
    let broken: &[(&str, &str, &str)] = &[
        ("main.rhai", "broken", "it is broken"),
        ("main.rhai", "panics", "the rhai engine broke on it"),
        ("plugin.toml", "version = ", "plugin.toml:1:11: "),
        ("plugin.wasm", "", "it holds both `plugin.wasm` and `main.rhai`"),
    ];
    for (file, text, why) in broken {
        home.write(&format!("plugins/a/{file}"), text);
        let process = home.start();
        let generation = process.registry.current();
        assert_eq!(generation.state(generation.find("a").unwrap()).to_string(), "kept 1.2.0", "{file}");
        let told = generation.refused[0].to_string();
        assert!(told.contains(why) && told.ends_with("; version 1.2.0 stays in service"), "{told}");
        assert_eq!(process.create().as_deref(), Some("Rome"));
        if *file == "plugin.wasm" {
            home.remove("plugins/a/plugin.wasm");
        }
        home.put("1.2.0", ROME);
    }
    home.remove("plugins/a/main.rhai");
    let neither = "it holds neither `plugin.wasm` nor `main.rhai`; version 1.2.0 stays in service";
    home.check(&["a 1.2.0 kept 1.2.0"], &[&format!("plugin `a` is refused: {neither}")]);
    home.remove("plugins/a/plugin.toml");
    home.write("plugins/a/README.md", "what is left");
    let rest = "plugin `a` is refused: it has no `plugin.toml` any more; version 1.2.0 stays in service";
    home.check(&["a 1.2.0 kept 1.2.0"], &[rest]);
    home.put("1.3.0", OSLO);
    home.check(&["a 1.3.0 active"], &[]);
}

#[test]
fn what_somebody_removed_leaves_the_shelf_and_what_is_out_of_sight_does_not() {
    let home = home("1.0.0", ROME);
    home.write("scripts/b.rhai", OSLO);
    home.check(&["a 1.0.0 active", "b 0.0.0 active"], &[]);
    assert_eq!(home.shelved(), 2);
    home.remove("scripts/b.rhai");
    home.check(&["a 1.0.0 active"], &[]);
    assert_eq!(home.shelved(), 1);
    let away = home.path().join("away");
    fs::rename(home.path().join("plugins"), &away).unwrap();
    let generation = home.start().registry.current();
    assert_eq!(generation.state(generation.find("a").unwrap()).to_string(), "kept 1.0.0");
    assert!(generation.refused[0].error.message.starts_with("`plugins` cannot be read"));
    assert!(generation.refused[0].error.hint.as_ref().unwrap().contains("put an empty one in its place"));
    fs::write(home.path().join("plugins"), "a file where a folder was").unwrap();
    assert_eq!(home.start().create().as_deref(), Some("Rome"));
    home.remove("plugins");
    fs::create_dir(home.path().join("plugins")).unwrap();
    home.check(&[], &[]);
    assert_eq!(home.shelved(), 0);
    home.put("1.0.0", "broken");
    home.check(&[], &["plugin `a` is refused: it is broken"]);
}

#[test]
fn a_renamed_package_stays_and_another_plugin_in_its_place_does_not_become_it() {
    let home = home("1.0.0", ROME);
    home.check(&["a 1.0.0 active"], &[]);
    home.write("plugins/a/plugin.toml", "name = 'b'");
    home.check(&["b 0.0.0 active"], &[]);
    assert_eq!(home.shelved(), 1);
    fs::rename(home.path().join("plugins/a"), home.path().join("plugins/c")).unwrap();
    home.check(&["b 0.0.0 active"], &[]);
    home.write("plugins/c/plugin.toml", "nonsense");
    home.start().create().expect("by its place it is still known");
}

#[test]
fn the_shelf_is_no_way_around_the_settings() {
    let home = Home::new(&[("plugins/a/plugin.toml", "grants = ['state']"), ("plugins/a/main.rhai", ROME)]);
    let granted = Deployment { grants: vec!["state".into()], ..Deployment::default() };
    home.start_with(&[("a", granted.clone())]).check(&["a 0.0.0 active"], &[]);
    home.write("plugins/a/main.rhai", "broken");
    home.start_with(&[("a", granted.clone())]).create().expect("the version before");
    // Without the grant neither what is there nor what was is taken.
    home.check(&[], &["plugin `a` is refused: it is broken (and 1 more)"]);
    let off = Deployment { mode: Mode::Off, ..granted.clone() };
    for path in ["", "plugins/a/main.rhai"] {
        if !path.is_empty() {
            home.remove(path);
        }
        let generation = home.start_with(&[("a", off.clone())]).registry.current();
        assert!(generation.plugins.is_empty(), "{path}");
    }
    let observed = Deployment { mode: Mode::Observe, priority: Some(3), ..granted };
    let generation = home.start_with(&[("a", observed)]).registry.current();
    let kept = generation.find("a").unwrap();
    assert_eq!((kept.mode, kept.priority), (Mode::Observe, 3), "it serves on today's terms");
}

#[test]
fn a_copy_that_was_changed_is_not_used_and_a_lost_one_is_made_again() {
    let home = home("1.0.0", ROME);
    home.check(&["a 1.0.0 active"], &[]);
    let entries = || fs::read_dir(home.shelf()).unwrap().flatten().map(|entry| entry.path());
    let copy = entries().find(|path| path.extension().is_some_and(|end| end == "package")).unwrap();
    let whole = fs::read_to_string(&copy).unwrap();
    fs::remove_file(&copy).unwrap();
    home.check(&["a 1.0.0 active"], &[]);
    assert_eq!(fs::read_to_string(&copy).unwrap(), whole, "made again");
    home.write("plugins/a/main.rhai", "broken");
    for (text, why) in [
        (whole.replace("Rome", "Oslo"), "its kept copy was changed by somebody else"),
        (whole.replace("plugin.toml", "plugin.tomm"), "its kept copy was changed by somebody else"),
        (whole[..whole.len() - 1].to_owned(), "its kept copy is damaged"),
        (String::new(), "its kept copy is damaged"),
    ] {
        fs::write(&copy, text).unwrap();
        let generation = home.start().registry.current();
        assert!(generation.plugins.is_empty(), "{why}");
        let more: Vec<String> = generation.refused[0].more.iter().map(ToString::to_string).collect();
        assert_eq!(more, [format!("version 1.0.0 cannot be kept in service: {why}")]);
    }
    for text in ["", "{}", "{\"format\":1,\"plugins\":{\"../a\":{}}}", "{\"format\":9,\"plugins\":{}}"] {
        fs::write(home.shelf().join("index.json"), text).unwrap();
        home.check(&[], &["plugin `a` is refused: it is broken"]);
    }
    home.put("1.0.0", ROME);
    home.check(&["a 1.0.0 active"], &[]);
    fs::remove_dir_all(home.shelf()).unwrap();
    fs::write(home.shelf(), "no folder").unwrap();
    home.check(&["a 1.0.0 active"], &[]);
}

#[test]
fn versions_come_and_go_and_the_shelf_does_not_grow() {
    let home = home("0.0.0", ROME);
    for patch in 1..40 {
        home.put(&format!("0.0.{patch}"), ROME);
        home.start().create().unwrap();
        assert!(home.shelved() <= 2, "the one in service, and its predecessor");
    }
    for _ in 0..200 {
        home.start().create().unwrap();
    }
    home.check(&["a 0.0.39 active"], &[]);
    assert_eq!(home.shelved(), 1, "the probation is over");
}

#[test]
fn on_probation_a_fault_in_one_process_puts_the_predecessor_back_in_the_next() {
    let home = home("1.0.0", ROME);
    assert_eq!(home.start().create().as_deref(), Some("Rome"));
    home.put("2.0.0", "on_create fault");
    assert_eq!(home.start().create(), None);
    let failed = "plugin `a` is refused: version 2.0.0 failed on probation where version 1.0.0 did not; version 1.0.0 stays in service";
    for _ in 0..3 {
        let process = home.start();
        process.check(&["a 1.0.0 kept 1.0.0"], &[failed]);
        assert_eq!(process.create().as_deref(), Some("Rome"));
    }
    // Under other terms it is judged again, and fails again.
    let other = Deployment { priority: Some(1), ..Deployment::default() };
    assert_eq!(home.start_with(&[("a", other.clone())]).create(), None);
    assert_eq!(home.start_with(&[("a", other)]).create().as_deref(), Some("Rome"));
    home.put("2.0.1", OSLO);
    assert_eq!(home.start().create().as_deref(), Some("Oslo"));
    home.check(&["a 2.0.1 active"], &[]);
    assert_eq!(home.shelved(), 2);
}

#[test]
fn within_one_process_the_predecessor_comes_from_the_shelf_at_once() {
    let home = home("1.0.0", ROME);
    home.check(&["a 1.0.0 active"], &[]);
    home.put("2.0.0", "on_create fault");
    let process = home.start();
    assert_eq!((process.create(), process.create().as_deref()), (None, Some("Rome")));
    drop(process);
    assert_eq!(home.start().create().as_deref(), Some("Rome"));
}

#[test]
fn a_predecessor_that_failed_there_too_is_no_better() {
    let home = home("1.0.0", "on_create fault");
    assert_eq!(home.start().create(), None);
    home.put("2.0.0", "on_create fault\non_update log a");
    assert_eq!(home.start().create(), None);
    home.check(&["a 2.0.0 active"], &[]);
}

#[test]
fn standings_of_an_earlier_process_are_taken() {
    let home = home("1.0.0", "on_create fault");
    let process = home.start();
    for _ in 0..20 {
        process.create();
    }
    let fresh = process.registry.take_fresh();
    assert!(fresh[0].tripped);
    let standing = Standing { window: fresh[0].window, tripped: true };
    let pasts = Pasts::from([("a".to_owned(), [(fresh[0].terms.clone(), standing)].into())]);
    let folders = Folders { shelf: None, ..folders(home.path()) };
    let loader = Arc::new(Fake::default());
    let again = |folders: &Folders, pasts| {
        Registry::open_as_known(folders.clone(), Deployments::default(), Arc::clone(&loader) as Arc<dyn Load>, pasts)
    };
    assert!(again(&folders, pasts.clone()).current().plugins[0].breaker.is_tripped());
    home.put("1.0.1", "on_create fault");
    assert!(!again(&folders, pasts).current().plugins[0].breaker.is_tripped(), "another version");
}

#[test]
fn cases_that_passed_are_not_played_again_until_something_changes() {
    let case =
        "hook = 'on_create'\n[config]\ncity = 'Rome'\n[contact]\n[expect]\nverdict = 'accept'\nset.city = 'Rome'";
    let home = Home::new(&[
        ("plugins/a/plugin.toml", "version = '1.0.0'\n[config.city]\ntype = 'text'\ndefault = 'Bern'"),
        ("plugins/a/main.rhai", "on_create set city $city"),
        ("plugins/a/cases/rome.toml", case),
    ]);
    assert_eq!(home.start().loader.loads(), 2, "its own settings, and the case's");
    assert_eq!(home.start().loader.loads(), 1);
    let other = Deployment { priority: Some(1), ..Deployment::default() };
    assert_eq!(home.start_with(&[("a", other)]).loader.loads(), 2);
    home.write("plugins/a/cases/rome.toml", &case.replace("set.city = 'Rome'", "set.city = 'Oslo'"));
    let generation = home.start().registry.current();
    assert!(generation.refused[0].to_string().contains("expected `Oslo`"), "{:?}", generation.refused);
    assert_eq!(generation.find("a").unwrap().identity().version, "1.0.0", "the content is the same, and served before");
}

#[test]
fn many_processes_at_once_leave_a_sound_shelf() {
    let home = home("0.0.0", ROME);
    home.start();
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                for _ in 0..30 {
                    assert!(home.start().create().is_some(), "there is always a version that works");
                }
            });
        }
        for patch in 1..60 {
            home.put(&format!("0.0.{patch}"), if patch % 2 == 0 { ROME } else { "broken" });
        }
        home.put("1.0.0", OSLO);
    });
    assert_eq!(home.start().create().as_deref(), Some("Oslo"));
    home.write("plugins/a/main.rhai", "broken");
    assert_eq!(home.start().create().as_deref(), Some("Oslo"));
    assert!(home.shelved() <= 2);
    let left = fs::read_dir(home.shelf()).unwrap().flatten();
    assert!(left.map(|entry| entry.file_name()).all(|name| !name.to_string_lossy().ends_with(".fresh")));
}
