//! Which files a new package has, and the facts by which its templates are filled in.

use std::collections::BTreeMap;

use super::template::{Facts, fill};
use crate::app::plugins::build::pins;
use crate::plugin::hook::{Hook, HookSet};
use crate::registry::sources::Language;

/// The contract, as it is in `wit/` of this version: all but the world of everything, so that another hook or import is one line.
const CONTRACT: [(&str, &str); 4] = [
    ("types.wit", include_str!("../../../../wit/types.wit")),
    ("things.wit", include_str!("../../../../wit/things.wit")),
    ("hooks.wit", include_str!("../../../../wit/hooks.wit")),
    ("host.wit", include_str!("../../../../wit/host.wit")),
];

/// Each file of the contract says of which package it is, for the one that says it for all is left out.
const PACKAGE: &str = "package carnet:plugin@0.1.0;";

const MANIFEST: &str = include_str!("templates/common/plugin.toml");
const README: &str = include_str!("templates/common/README.md");
const WORLD: &str = include_str!("templates/common/world.wit");

/// What git need not keep.
const IGNORED: &str = "target/\nnode_modules/\n.venv/\n__pycache__/\n";

/// One case: of which hook, its file's name, its text.
type CaseFile = (Hook, &'static str, &'static str);

macro_rules! case {
    ($hook:ident, $name:literal) => {
        (Hook::$hook, $name, include_str!(concat!("templates/cases/", $name, ".toml")))
    };
}

const CASES: [CaseFile; 14] = [
    case!(ImportRow, "import-row-mailto"),
    case!(ImportRow, "import-row-test"),
    case!(Create, "create-company"),
    case!(Create, "create-own-label"),
    case!(Create, "create-person"),
    case!(Update, "update-moved"),
    case!(Update, "update-stayed"),
    case!(Delete, "delete-vip"),
    case!(Delete, "delete-other"),
    case!(Merge, "merge-two-people"),
    case!(Merge, "merge-one-date"),
    case!(Enquiry, "enquiry-missed"),
    case!(Enquiry, "enquiry-stranger"),
    case!(Enquiry, "enquiry-closed"),
];

/// The files of each language: path in the package, template.
fn sources(language: Language) -> &'static [(&'static str, &'static str)] {
    match language {
        Language::Rhai => &[("main.rhai", include_str!("templates/rhai/main.rhai"))],
        Language::Rust => &[
            ("Cargo.toml", include_str!("templates/rust/Cargo.toml")),
            ("src/lib.rs", include_str!("templates/rust/lib.rs.txt")),
        ],
        Language::JavaScript => &[
            ("package.json", include_str!("templates/js/package.json")),
            ("plugin.js", include_str!("templates/js/plugin.js")),
        ],
        Language::Python => &[
            ("plugin.py", include_str!("templates/python/plugin.py")),
            ("requirements.txt", include_str!("templates/python/requirements.txt")),
        ],
        Language::C => &[
            ("carnet.c", include_str!("templates/c/carnet.c.txt")),
            ("carnet.h", include_str!("templates/c/carnet.h.txt")),
            ("plugin.c", include_str!("templates/c/plugin.c.txt")),
        ],
    }
}

/// Returns the folder of the home in which packages of this language live.
pub(super) const fn usual_folder(language: Language) -> &'static str {
    match language {
        Language::Rhai => "scripts",
        _ => "plugins",
    }
}

/// Returns the files of a package, by path.
pub(super) fn files(name: &str, language: Language, hooks: HookSet, in_home: bool) -> Vec<(String, String)> {
    let facts = facts(name, language, hooks, in_home);
    let mut files: Vec<(String, String)> =
        vec![("plugin.toml".to_owned(), fill(MANIFEST, &facts)), ("README.md".to_owned(), fill(README, &facts))];
    files.extend(sources(language).iter().map(|(path, text)| ((*path).to_owned(), fill(text, &facts))));
    if language != Language::Rhai {
        files.push((".gitignore".to_owned(), IGNORED.to_owned()));
        files.push(("wit/world.wit".to_owned(), fill(WORLD, &facts)));
        let contract = CONTRACT.iter();
        files.extend(
            contract.map(|(path, text)| (format!("wit/deps/carnet-plugin/{path}"), format!("{PACKAGE}\n\n{text}"))),
        );
    }
    let cases = CASES.iter().filter(|(hook, ..)| hooks.contains(*hook));
    files.extend(cases.map(|(_, name, text)| (format!("cases/{name}.toml"), (*text).to_owned())));
    files.sort();
    files
}

fn facts(name: &str, language: Language, hooks: HookSet, in_home: bool) -> Facts {
    let mut truths: Vec<String> = hooks.iter().map(|hook| hook.name().to_owned()).collect();
    truths.push(language.name().to_owned());
    let only = |hook: Hook| hooks.contains(hook) && hooks.iter().count() == 1;
    let enquiry = match hooks.contains(Hook::Enquiry) {
        true if only(Hook::Enquiry) => "only_enquiry",
        true => "also_enquiry",
        false => "never_enquiry",
    };
    truths.push(enquiry.to_owned());
    if !only(Hook::ImportRow) {
        truths.push("not_only_import_row".to_owned());
    }
    truths.push(if in_home { "in_home" } else { "elsewhere" }.to_owned());

    let place = if in_home { format!("{}/{name}", usual_folder(language)) } else { name.to_owned() };
    let tries = CASES.iter().filter(|(hook, ..)| hooks.contains(*hook));
    let mut tries: Vec<(Hook, String)> = tries
        .map(|(hook, case, _)| (*hook, format!("$ carnet plugin run {place} {hook} --event {place}/cases/{case}.toml")))
        .collect();
    tries.dedup_by_key(|(hook, _)| *hook);
    let tries: Vec<String> = tries.into_iter().map(|(_, line)| line).collect();
    let script = language == Language::Rhai;
    let pick = |of_script: &str, of_component: &str| if script { of_script } else { of_component }.to_owned();
    let words = BTreeMap::from([
        ("name", name.to_owned()),
        ("description", describe(hooks)),
        ("reads", quoted(hooks, reads)),
        ("writes", quoted(hooks, writes)),
        ("exports", exports(hooks)),
        ("place", place),
        ("tries", tries.join("\n")),
        ("where", if in_home { "home folder" } else { "folder that holds this one" }.to_owned()),
        ("in_language", pick(", a script", &format!(", in {}", language.title()))),
        ("and_settings", if hooks.contains(Hook::Create) { ", its settings" } else { "" }.to_owned()),
        ("ready", pick("saved", "built")),
        ("dev", pick("tests and reloads", "builds, tests and reloads")),
        ("code", pick("main.rhai", "plugin.wasm")),
        ("home_folder", usual_folder(language).to_owned()),
        ("wit_bindgen", pins::WIT_BINDGEN.to_owned()),
        ("componentize_js", pins::COMPONENTIZE_JS.to_owned()),
        ("componentize_py", pins::COMPONENTIZE_PY.to_owned()),
        ("ziglang", pins::ZIGLANG.to_owned()),
    ]);
    Facts { truths, words }
}

/// One sentence without its dot.
fn describe(hooks: HookSet) -> String {
    let does = |hook| match hook {
        Hook::ImportRow => "tidies rows",
        Hook::Create => "labels contacts of companies",
        Hook::Update => "clears outdated job titles",
        Hook::Delete => "keeps VIPs",
        Hook::Merge => "keeps two people apart",
        Hook::Enquiry => "marks missed enquiries",
    };
    let all: Vec<&str> = hooks.iter().map(does).collect();
    let text = match all.split_last() {
        Some((last, before)) if !before.is_empty() => format!("{} and {last}", before.join(", ")),
        _ => all.concat(),
    };
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + letters.as_str())
}

const fn reads(hook: Hook) -> &'static [&'static str] {
    match hook {
        Hook::ImportRow => &["last_name", "email"],
        Hook::Create => &["company", "labels"],
        Hook::Update => &["company", "job_title"],
        Hook::Delete => &["labels"],
        Hook::Merge => &["birth_date"],
        Hook::Enquiry => &["status", "labels"],
    }
}

const fn writes(hook: Hook) -> &'static [&'static str] {
    match hook {
        Hook::ImportRow => &["email"],
        Hook::Create => &["labels"],
        Hook::Update => &["job_title"],
        Hook::Delete | Hook::Merge => &[],
        Hook::Enquiry => &["labels", "survey"],
    }
}

/// The names of all hooks, each once.
fn quoted(hooks: HookSet, of: impl Fn(Hook) -> &'static [&'static str]) -> String {
    let mut names: Vec<&str> = Vec::new();
    for name in hooks.iter().flat_map(of) {
        if !names.contains(name) {
            names.push(name);
        }
    }
    let quoted: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
    quoted.join(", ")
}

/// The line by which a Rust plugin names the interfaces that it exports.
fn exports(hooks: HookSet) -> String {
    let mut names: Vec<&str> = hooks.iter().map(Hook::name).collect();
    names.sort_unstable();
    match names.as_slice() {
        [one] => format!("use exports::carnet::plugin::{one};"),
        all => {
            let line = format!("use exports::carnet::plugin::{{{}}};", all.join(", "));
            if line.len() <= 100 {
                return line;
            }
            format!("use exports::carnet::plugin::{{\n    {},\n}};", all.join(", "))
        }
    }
}
