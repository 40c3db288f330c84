//! Rules of the code base, kept by reading it: the floors of `src/README.md`, what every file opens with, how long it may be, that SQL leaves
//! letters to Rust.

use std::fs;
use std::path::{Path, PathBuf};

/// Lines that a source file may have, its inline tests included.
const MAX_LINES: usize = 500;

/// The floors, by module. Modules on one floor do not import each other, except that a parent joins its children.
const FLOORS: &[(&str, u8)] = &[
    ("domain", 0),
    ("store", 1),
    ("plugin", 1),
    ("config", 1),
    ("intake", 1),
    ("runtime::wasm", 2),
    ("runtime::script", 2),
    // Joins the two engines, its children.
    ("runtime", 2),
    ("registry", 3),
    ("app", 4),
    ("http", 5),
    ("cli", 5),
];

/// What an engine may use of floor 1: the contract, and nothing else.
const ENGINE_MAY_USE: &[&str] = &["domain", "plugin"];

#[test]
fn imports_point_down_only() {
    let faults: Vec<String> = sources("src").iter().flat_map(|path| upward_imports(path)).collect();
    assert!(faults.is_empty(), "imports that go up or sideways:\n{}", faults.join("\n"));
}

#[test]
fn the_rule_about_imports_finds_what_it_forbids() {
    assert!(fault("store", "crate::plugin::hook").is_some());
    assert!(fault("runtime::wasm", "crate::store::Store").is_some());
    assert!(fault("runtime::wasm", "crate::runtime::script::Engine").is_some());
    assert!(fault("app", "crate::cli::print").is_some());
    assert!(fault("app", "crate::registry::Registry").is_none());
    assert!(fault("domain", "crate::domain::text").is_none());
}

#[test]
fn every_file_says_what_lives_in_it() {
    let silent: Vec<PathBuf> =
        ["src", "tests", "plugins"].iter().flat_map(|top| sources(top)).filter(|path| !opens_with_doc(path)).collect();
    assert!(silent.is_empty(), "files without `//!` at their head: {silent:#?}");
}

#[test]
fn no_file_is_too_long() {
    let lines = |path: &PathBuf| fs::read_to_string(path).expect("a source file").lines().count();
    let long: Vec<_> = ["src", "tests"]
        .iter()
        .flat_map(|top| sources(top))
        .map(|path| (lines(&path), path))
        .filter(|(lines, _)| *lines > MAX_LINES)
        .collect();
    assert!(long.is_empty(), "files over {MAX_LINES} lines: {long:#?}");
}

#[test]
fn modules_are_never_named_mod() {
    let named: Vec<_> =
        ["src", "plugins"].iter().flat_map(|top| sources(top)).filter(|path| path.ends_with("mod.rs")).collect();
    assert!(named.is_empty(), "{named:#?}");
}

/// SQLite knows the case of ASCII letters only; names are compared in the forms that `domain` gives them.
#[test]
fn sql_leaves_letters_to_rust() {
    let faults: Vec<String> = sources("src/store")
        .iter()
        .flat_map(|path| {
            let text = fs::read_to_string(path).expect("a source file");
            let bad = text.lines().filter(|line| compares_letters(line)).map(|line| line.trim().to_owned());
            bad.map(|line| format!("{}: {line}", path.display())).collect::<Vec<_>>()
        })
        .collect();
    assert!(faults.is_empty(), "SQL that compares text by its own idea of letters:\n{}", faults.join("\n"));
    assert!(compares_letters("WHERE instr(lower(doc), ?1)") && compares_letters("name LIKE ?1"));
    assert!(!compares_letters("self.push_lower(token);") && !compares_letters("// It is lower (so far)."));
}

fn compares_letters(line: &str) -> bool {
    let calls = |name: &str| {
        line.match_indices(name).any(|(at, _)| !line[..at].ends_with(|c: char| c.is_alphanumeric() || "_.".contains(c)))
    };
    calls("lower(") || calls("upper(") || line.contains("NOCASE") || line.contains(" LIKE ")
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All Rust files under a folder, build output left out.
fn sources(top: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(top)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of the project").flatten() {
            let path = entry.path();
            if path.is_dir() && !path.ends_with("target") {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn opens_with_doc(path: &Path) -> bool {
    let text = fs::read_to_string(path).expect("a source file");
    text.starts_with("//!") || text.starts_with("#![doc = include_str!")
}

fn upward_imports(path: &Path) -> Vec<String> {
    let relative = path.strip_prefix(root().join("src")).expect("a file under src").with_extension("");
    let module = relative.to_string_lossy().replace('/', "::");
    if matches!(module.as_str(), "lib" | "main") {
        return Vec::new();
    }
    let text = fs::read_to_string(path).expect("a source file");
    let imports = text
        .lines()
        .enumerate()
        .flat_map(|(number, line)| crate_paths(line).into_iter().map(move |import| (number + 1, import)));
    imports
        .filter_map(|(number, import)| {
            fault(&module, &import).map(|why| format!("{}:{number}: {import}: {why}", path.display()))
        })
        .collect()
}

/// Every `crate::…` path named in a line of code.
fn crate_paths(line: &str) -> Vec<String> {
    let code = line.split("//").next().unwrap_or_default();
    code.match_indices("crate::")
        .map(|(at, _)| code[at..].chars().take_while(|c| c.is_alphanumeric() || matches!(c, ':' | '_')).collect())
        .collect()
}

fn floor(path: &str) -> Option<(&'static str, u8)> {
    let inside = |name: &str| path == name || path.strip_prefix(name).is_some_and(|rest| rest.starts_with("::"));
    FLOORS.iter().filter(|(name, _)| inside(name)).max_by_key(|(name, _)| name.len()).copied()
}

fn fault(from: &str, import: &str) -> Option<String> {
    let to = import.strip_prefix("crate::")?;
    let (Some((from, high)), Some((to, low))) = (floor(from), floor(to)) else { return None };
    let child = to.strip_prefix(from).is_some_and(|rest| rest.starts_with("::"));
    if from == to || child {
        return None;
    }
    if low >= high {
        return Some(format!("`{from}` is on floor {high}, `{to}` on {low}"));
    }
    let engine = from.starts_with("runtime::");
    (engine && !ENGINE_MAY_USE.contains(&to)).then(|| format!("an engine may use {ENGINE_MAY_USE:?}, not `{to}`"))
}
