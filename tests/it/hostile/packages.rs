//! Packages that are hostile as files: too large, too many, or leading elsewhere. What is inside a component or a script is in the other parts.

use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::support::Home;

const CODE: &str = "fn on_create(contact) { contact.company = \"Acme\"; }\n";

/// What nobody may learn by way of a package.
const SECRET: &str = "hunter2 = [";

const CASE: &str = "hook = \"on_create\"\n[contact]\nlast_name = \"Lee\"\n[expect]\nverdict = \"accept\"\n";

/// How a sound package, in its folder, becomes hostile; and the words by which it is refused.
type Trick = (&'static str, fn(&Path), &'static str);

fn large(path: &Path) {
    fs::File::create(path).and_then(|file| file.set_len(100 << 20)).expect("a file of 100 MB without content");
}

fn link(target: impl AsRef<Path>, at: &Path) {
    let _ = fs::remove_file(at);
    symlink(target, at).expect("a link");
}

const OUTSIDE: &str = "is a link that leads out of the package";

const TRICKS: [Trick; 25] = [
    ("manifest-of-100-mb", |at| large(&at.join("plugin.toml")), "has more than"),
    ("script-of-100-mb", |at| large(&at.join("main.rhai")), "has more than"),
    ("component-of-100-mb", |at| component(at, large), "has more than"),
    ("case-of-100-mb", |at| large(&at.join("cases/one.toml")), "has more than"),
    ("signature-of-100-mb", |at| large(&at.join("plugin.minisig")), "has more than"),
    (
        "ten-thousand-cases",
        |at| (0..10_000).for_each(|case| fs::write(at.join(format!("cases/c{case}.toml")), CASE).expect("a case")),
        "10001 cases",
    ),
    ("manifest-elsewhere", |at| link("../../secret.toml", &at.join("plugin.toml")), OUTSIDE),
    ("script-elsewhere", |at| link("../../secret.toml", &at.join("main.rhai")), OUTSIDE),
    ("component-elsewhere", |at| component(at, |code| link("../../secret.toml", code)), OUTSIDE),
    ("case-elsewhere", |at| link("../../../secret.toml", &at.join("cases/one.toml")), OUTSIDE),
    ("signature-elsewhere", |at| link("../../secret.toml", &at.join("plugin.minisig")), OUTSIDE),
    (
        "cases-elsewhere",
        |at| {
            fs::remove_dir_all(at.join("cases")).expect("the cases go");
            link("../../secrets", &at.join("cases"));
        },
        OUTSIDE,
    ),
    ("script-in-a-ring", |at| link("main.rhai", &at.join("main.rhai")), "holds neither"),
    ("script-gone", |at| link("nowhere.rhai", &at.join("main.rhai")), "main.rhai"),
    ("script-without-end", |at| link("/dev/zero", &at.join("main.rhai")), OUTSIDE),
    ("script-a-pipe", |at| pipe(&at.join("main.rhai")), "is not a file"),
    ("manifest-a-pipe", |at| pipe(&at.join("plugin.toml")), "is not a file"),
    ("case-a-socket", |at| socket(&at.join("cases/one.toml")), "is not a file"),
    ("manifest-no-text", |at| write(&at.join("plugin.toml"), b"name = \"\xff\""), "not UTF-8"),
    (
        "manifest-nested-deep",
        |at| write(&at.join("plugin.toml"), format!("x = {}", "[".repeat(60_000)).as_bytes()),
        "recurs",
    ),
    (
        "case-nested-deep",
        |at| write(&at.join("cases/one.toml"), format!("x = {}", "[".repeat(60_000)).as_bytes()),
        "one.toml",
    ),
    ("version-that-steers", |at| write(&at.join("plugin.toml"), b"version = \"1.0.0\\u001b[2J\"\n"), "version"),
    ("script-a-folder", |at| folder(&at.join("main.rhai")), "is not a file"),
    ("name-with-dots", |at| write(&at.join("plugin.toml"), b"name = \"../../carnet\"\n"), "../../carnet"),
    ("name-of-a-neighbour", |at| write(&at.join("plugin.toml"), b"name = \"sound\"\n"), "sound"),
];

fn write(at: &Path, bytes: &[u8]) {
    fs::write(at, bytes).expect("a file");
}

/// Whoever opened it would wait for its other end.
fn pipe(at: &Path) {
    fs::remove_file(at).expect("the file goes");
    let made = Command::new("mkfifo").arg(at).status().expect("the command runs");
    assert!(made.success(), "{made}");
}

fn socket(at: &Path) {
    fs::remove_file(at).expect("the file goes");
    // Paths of sockets are short.
    let near = std::env::temp_dir().join(format!("carnet-{}.socket", std::process::id()));
    let _ = fs::remove_file(&near);
    drop(UnixListener::bind(&near).expect("a socket"));
    fs::rename(&near, at).expect("on one file system");
}

fn component(at: &Path, make: fn(&Path)) {
    fs::remove_file(at.join("main.rhai")).expect("the script goes");
    make(&at.join("plugin.wasm"));
}

fn folder(at: &Path) {
    fs::remove_file(at).expect("the file goes");
    fs::create_dir(at).expect("a folder");
}

#[test]
fn every_hostile_package_is_refused_by_name_and_others_serve() {
    let home = Home::new();
    let package = |name: &str| {
        home.write(&format!("plugins/{name}/plugin.toml"), "version = \"1.0.0\"\n");
        home.write(&format!("plugins/{name}/main.rhai"), CODE);
        home.write(&format!("plugins/{name}/cases/one.toml"), CASE);
        home.path().join("plugins").join(name)
    };
    home.write("secret.toml", SECRET);
    home.write("secrets/one.toml", SECRET);
    package("sound");
    for (name, trick, _) in TRICKS {
        trick(&package(name));
    }
    let started = Instant::now();
    let list = home.json(&["plugin", "list"], 0);
    let taken = started.elapsed();
    let plugins = list["plugins"].as_array().expect("plugins");
    let failed: Vec<String> = TRICKS
        .iter()
        .filter_map(|(name, _, words)| {
            let found = plugins.iter().find(|plugin| {
                plugin["name"] == *name || plugin["path"].as_str().is_some_and(|path| path.contains(name))
            });
            let Some(found) = found else { return Some(format!("{name}: not listed")) };
            let error = found["error"].as_str().unwrap_or_default();
            (found["state"] != "refused" || !error.contains(words)).then(|| format!("{name}: {found:#}"))
        })
        .collect();
    assert!(failed.is_empty(), "{} packages got through:\n{}", failed.len(), failed.join("\n"));
    assert!(!list.to_string().contains("hunter2"), "{list:#}");
    let serving: Vec<_> =
        plugins.iter().filter(|plugin| plugin["state"] == "active").map(|plugin| &plugin["name"]).collect();
    assert_eq!(serving, ["sound"]);
    assert!(taken < Duration::from_secs(30), "{taken:?}");
    home.run(&["contact", "add", "last_name=Lee"]).exits(0);
    assert!(home.json(&["search", "Lee"], 0).to_string().contains("Acme"));
}
