//! What a new package holds, for every language and every choice of hooks.

use wit_parser::{Resolve, WorldItem};

use super::*;
use crate::registry::cases::Case;

/// Every choice of hooks.
fn choices() -> impl Iterator<Item = HookSet> {
    (1..1_u32 << Hook::ALL.len()).map(|bits| {
        Hook::ALL.into_iter().enumerate().filter(|(place, _)| bits & (1 << place) != 0).map(|(_, hook)| hook).collect()
    })
}

fn text<'a>(files: &'a [(String, String)], path: &str) -> &'a str {
    files.iter().find(|(known, _)| known == path).map_or("", |(_, text)| text)
}

#[test]
fn every_package_is_whole_and_says_nothing_of_hooks_that_it_does_not_have() {
    for (language, hooks) in
        Language::ALL.into_iter().flat_map(|language| choices().map(move |hooks| (language, hooks)))
    {
        let files = contents::files("tidy-names", language, hooks, true);
        let manifest = crate::plugin::manifest::Manifest::parse(text(&files, "plugin.toml"), "x");
        let manifest = manifest.unwrap_or_else(|faults| panic!("{language}: {faults:?}"));
        // A call is never lost to a new plugin, whatever else it does.
        let keeps_enquiries = matches!(manifest.on_fault, None | Some(crate::plugin::manifest::OnFault::Skip));
        assert!(keeps_enquiries || !hooks.contains(Hook::Enquiry), "{language}");
        assert_eq!(
            (manifest.name.as_str(), manifest.config.len()),
            ("tidy-names", usize::from(hooks.contains(Hook::Create)))
        );
        for (path, text) in files.iter().filter(|(path, _)| !path.starts_with("wit/deps/")) {
            assert!(!text.contains("{{") && !text.contains("}}"), "{language}: {path} was not filled in:\n{text}");
            assert!(
                !text.contains("\n\n\n\n") && text.ends_with('\n') && !text.starts_with('\n'),
                "{language}: {path}:\n{text}"
            );
        }
        let played: HookSet = files
            .iter()
            .filter(|(path, _)| path.starts_with("cases/"))
            .map(|(path, text)| Case::parse(text, path).unwrap_or_else(|faults| panic!("{path}: {faults:?}")).hook)
            .collect();
        assert_eq!(played, hooks, "{language}");
        let code = match language {
            Language::Rhai => "main.rhai",
            Language::Rust => "src/lib.rs",
            Language::JavaScript => "plugin.js",
            Language::Python => "plugin.py",
            Language::C => "plugin.c",
        };
        for hook in Hook::ALL {
            let camel: String = hook.interface().split('-').map(|word| word[..1].to_uppercase() + &word[1..]).collect();
            let sign = match language {
                Language::Rhai => format!("fn {hook}("),
                Language::Rust => format!("impl {hook}::Guest for"),
                Language::JavaScript => format!("export const o{} =", &camel[1..]),
                Language::Python => format!("class {camel}(exports.{camel}):"),
                Language::C => format!("{}(", hook.name().to_uppercase()),
            };
            assert_eq!(text(&files, code).contains(&sign), hooks.contains(hook), "{language}, {hook}");
            assert_eq!(
                text(&files, "README.md").contains(&format!("run plugins/tidy-names {hook} "))
                    || language == Language::Rhai,
                hooks.contains(hook) || language == Language::Rhai
            );
        }
    }
}

/// The names at the world's border, sorted.
fn border(resolve: &Resolve, items: impl IntoIterator<Item = WorldItem>) -> Vec<String> {
    let name = |item| match item {
        WorldItem::Interface { id, .. } => resolve.id_of(id).unwrap_or_default(),
        other => panic!("{other:?}"),
    };
    let mut names: Vec<String> = items.into_iter().map(name).collect();
    names.sort();
    names
}

#[test]
fn the_world_of_a_package_exports_its_hooks_and_imports_no_right() {
    for hooks in choices() {
        let folder = tempfile::tempdir().unwrap();
        put_down(folder.path(), "it", &contents::files("it", Language::C, hooks, false)).unwrap();
        let mut resolve = Resolve::default();
        let (package, _) = resolve.push_dir(folder.path().join("it/wit")).unwrap();
        let world = resolve.select_world(&[package], None).unwrap();
        let world = resolve.worlds[world].clone();
        let mut expected: Vec<String> =
            hooks.iter().map(|hook| format!("carnet:plugin/{}@0.1.0", hook.interface())).collect();
        expected.sort();
        assert_eq!(border(&resolve, world.exports.into_values()), expected);
        let mut expected = vec!["carnet:plugin/things@0.1.0".to_owned(), "carnet:plugin/types@0.1.0".to_owned()];
        if hooks.contains(Hook::Create) {
            expected.insert(0, "carnet:plugin/config@0.1.0".to_owned());
        }
        assert_eq!(border(&resolve, world.imports.into_values()), expected);
    }
}

#[test]
fn new_packages_take_the_bindings_of_the_committed_ones() {
    let committed = include_str!("../../../../plugins/Cargo.toml");
    let wanted = format!("wit-bindgen = {{ version = \"{}\"", crate::app::plugins::build::pins::WIT_BINDGEN);
    assert!(committed.contains(&wanted));
}

/// `better` is what the hint proposes; an empty text takes the name.
#[track_caller]
fn check(name: &str, better: &str) {
    match check_name(name) {
        Ok(()) => assert_eq!(better, "", "{name}"),
        Err(failure) => {
            let hint = failure.hint.unwrap();
            assert!(hint.ends_with(&format!("`{better}`")) && check_name(better).is_ok(), "{name}: {hint}");
        }
    }
}

#[test]
fn names_are_those_that_every_tool_takes() {
    check("tidy", "");
    check("a-1", "");
    check("Tidy Names", "tidy-names");
    check("tidy_names", "tidy-names");
    check("-tidy--names-", "tidy-names");
    check("3com", "com");
    check("../up", "up");
    check("/etc/passwd", "etc-passwd");
    check("", "tidy-names");
    check("名前", "tidy-names");
    check(&"a".repeat(65), &"a".repeat(64));
    check(&format!("{}-b", "a".repeat(63)), &"a".repeat(63));
}

#[test]
fn a_package_that_cannot_be_written_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let files = vec![("one".to_owned(), String::new()), ("one/two".to_owned(), String::new())];
    assert!(put_down(folder.path(), "it", &files).is_err());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
