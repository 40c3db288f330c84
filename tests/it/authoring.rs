//! Starting plugins and building them, as an author does. No tool and no network is needed: tools are played by small scripts.

use std::path::Path;

use carnet::app::plugins::build::source_digest_of;
use carnet::plugin::hook::Hook;
use carnet::runtime::wasm::{hooks_of, source_digest};
use serde_json::Value;

use crate::support::{Home, Ran, ran, root};

#[test]
fn a_new_script_is_in_service_and_passes_its_cases_as_it_is() {
    let home = Home::new();
    let all = Hook::ALL.map(Hook::name);
    for hook in all {
        home.run(&["plugin", "new", &hook.replace('_', "-"), "--hooks", hook]).exits(0);
    }
    let made = home.json(&["plugin", "new", "everything", "--lang", "rhai", "--hooks", &all.join(",")], 0);
    assert_eq!(made["files"].as_array().map(Vec::len), Some(17), "{made:#}");
    let checked = home.json(&["plugin", "check"], 0);
    assert_eq!(checked["plugins"].as_array().map(Vec::len), Some(7), "{checked:#}");
    home.run(&["plugin", "run", "everything", "on_delete", "--event", "scripts/everything/cases/delete-vip.toml"]);
}

#[test]
fn a_new_package_is_listed() {
    let home = Home::new();
    let ran =
        home.run(&["plugin", "new", "vip", "--lang", "c", "--hooks", "on-delete, on_merge", "--dir", "mine"]).exits(0);
    insta::assert_snapshot!(ran.stdout, @r#"
    made mine/vip (C, on_delete, on_merge)
      .gitignore
      carnet.c
      carnet.h
      cases/           4 cases
      plugin.c
      plugin.toml
      README.md
      wit/deps/        the contract, documented
      wit/world.wit

    Next:
      carnet plugin build mine/vip
      carnet plugin check mine/vip

    Its README.md says how to try and to install it.
    "#);
    let mut files = files(&home.path().join("mine/vip"), Path::new(""));
    files.sort();
    insta::assert_snapshot!(files.join("\n"), @r#"
    .gitignore
    README.md
    carnet.c
    carnet.h
    cases/delete-other.toml
    cases/delete-vip.toml
    cases/merge-one-date.toml
    cases/merge-two-people.toml
    plugin.c
    plugin.toml
    wit/deps/carnet-plugin/hooks.wit
    wit/deps/carnet-plugin/host.wit
    wit/deps/carnet-plugin/things.wit
    wit/deps/carnet-plugin/types.wit
    wit/world.wit
    "#);
    insta::assert_snapshot!(home.read("mine/vip/plugin.toml"), @r#"
    # Who this plugin is, and on what terms it runs. Hooks are not listed: they are found in the code.
    name = "vip"
    version = "0.1.0"
    description = "Keeps VIPs and keeps two people apart"

    # Lower runs first, 0-1000; plugins of one priority run by name.
    priority = 500
    # `change` may edit and refuse; `check` sees what the others left, and may only refuse.
    phase = "change"
    # What happens to the record when this plugin fails: `reject` refuses it, `skip` lets it pass unseen.
    on_fault = "reject"

    # The fields (or headers of a file) that it may see and touch; the others are refused to it. Add what you need.
    reads = ["labels", "birth_date"]
    writes = []

    # What the deployment must grant: `lookup` (find other contacts), `state` (a small memory of its own).
    grants = []
    "#);
}

/// All files below, by their paths.
fn files(folder: &Path, name: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder.join(name)).expect("a folder").flatten();
    entries
        .flat_map(|entry| {
            let path = name.join(entry.file_name());
            if entry.path().is_dir() { files(folder, &path) } else { vec![path.display().to_string()] }
        })
        .collect()
}

#[track_caller]
fn refused(home: &Home, args: &[&str], status: i32, code: &str, hint: &str) {
    let answer = home.json(&[&["plugin", "new"], args].concat(), status);
    assert_eq!(answer["error"]["code"], code, "{answer:#}");
    assert!(answer["error"]["hint"].as_str().is_some_and(|told| told.contains(hint)), "{answer:#}");
}

#[test]
fn what_cannot_be_made_is_said_and_leaves_nothing() {
    let home = Home::new();
    refused(&home, &["Tidy Names"], 2, "PLUGIN_NAME", "`tidy-names`");
    refused(&home, &["../tidy"], 2, "PLUGIN_NAME", "`tidy`");
    refused(&home, &["tidy", "--hooks", "on_create,on_updat"], 2, "HOOK_UNKNOWN", "did you mean `on_update`?");
    refused(&home, &["tidy", "--lang", "pyhton"], 2, "LANGUAGE_UNKNOWN", "did you mean `python`?");
    refused(&home, &["tidy", "--lang", "cobol"], 2, "LANGUAGE_UNKNOWN", "`rhai`, `rust`, `js`, `python`, `c`");
    home.write("scripts/tidy.rhai", "fn on_create(contact) { }\n");
    refused(&home, &["tidy", "--lang", "rust"], 1, "PACKAGE_EXISTS", "another name");
    home.write("else/tidy", "a file");
    refused(&home, &["tidy", "--dir", "else"], 1, "PACKAGE_EXISTS", "--dir");
    refused(&home, &["tidy", "--dir", "else/tidy"], 1, "IO", "path");
    let mut left = files(home.path(), Path::new(""));
    left.sort();
    assert_eq!(left, ["else/tidy", "scripts/tidy.rhai"]);
}

/// Runs `plugin build` with no tool in the path.
fn build(home: &Home, package: &str) -> Ran {
    let mut command = home.command();
    command.env("PATH", "").env_remove("CARGO").env_remove("VIRTUAL_ENV").args(["--json", "plugin", "build", package]);
    ran(command.output().expect("the program runs"))
}

fn error(ran: &Ran) -> (String, String, String) {
    let answer: Value = ran.json();
    let text = |key: &str| answer["error"][key].as_str().unwrap_or_default().to_owned();
    (text("code"), text("message"), text("hint"))
}

#[test]
fn a_tool_that_is_missing_is_named_with_the_command_that_installs_it() {
    let home = Home::new();
    for (language, looked, install) in [
        ("rust", "`cargo` in PATH", "rustup target add wasm32-unknown-unknown"),
        ("js", "node_modules/.bin/componentize-js", "(cd plugins/of-js && npm install)"),
        (
            "python",
            ".venv/bin/componentize-py",
            "(cd plugins/of-python && python3 -m venv .venv && .venv/bin/pip install -r requirements.txt)",
        ),
        (
            "c",
            "`clang` with `wasm-ld` in PATH, and `zig` or `python-zig` in PATH",
            "apt-get install clang lld; or pip install ziglang==0.17.1",
        ),
    ] {
        let name = format!("of-{language}");
        home.run(&["plugin", "new", &name, "--lang", language]).exits(0);
        let (code, message, hint) = error(&build(&home, &format!("plugins/{name}")).exits(1));
        assert_eq!(code, "TOOL_MISSING");
        assert!(message.contains(looked) && hint.contains(install), "{message}\n{hint}");
    }
    home.run(&["plugin", "new", "script"]).exits(0);
    for script in ["scripts/script", "scripts/script/main.rhai"] {
        assert_eq!(error(&build(&home, script).exits(2)).0, "NOTHING_TO_BUILD");
    }
    assert_eq!(error(&build(&home, "plugins").exits(2)).0, "NO_SOURCES");
    assert_eq!(error(&build(&home, "plugins/none").exits(1)).0, "PACKAGE");
}

#[cfg(unix)]
fn tool(home: &Home, path: &str, script: &str) {
    use std::os::unix::fs::PermissionsExt;
    let path = home.write(path, format!("#!/bin/sh\n{script}\n"));
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).expect("a program");
}

#[cfg(unix)]
#[test]
fn what_a_tool_makes_gets_the_digest_of_its_sources_and_what_it_says_is_shown() {
    let home = Home::new();
    home.run(&["plugin", "new", "ours", "--lang", "python", "--hooks", "on_import_row"]).exits(0);
    let component = root().join("plugins/phone-repair/plugin.wasm");
    let bin = "plugins/ours/.venv/bin/componentize-py";
    // Its last argument is the file to write.
    tool(&home, bin, &format!("for last; do :; done\n/bin/cp '{}' \"$last\"", component.display()));
    let built = build(&home, "plugins/ours").exits(0).json();
    let package = home.path().join("plugins/ours");
    let written = std::fs::read(package.join("plugin.wasm")).expect("the component");
    assert_eq!(built["source_digest"].as_str().map(str::to_owned), source_digest(&written));
    assert_eq!(source_digest(&written), source_digest_of(&package).ok());
    assert_eq!(built["file"], "plugins/ours/plugin.wasm");

    let broken = |script: &str, status: i32| {
        tool(&home, bin, script);
        let error = error(&build(&home, "plugins/ours").exits(status));
        assert_eq!(
            std::fs::read(package.join("plugin.wasm")).ok(),
            Some(written.clone()),
            "the component that was there"
        );
        assert!(!package.join(".plugin.wasm.part").exists());
        error
    };
    let (code, message, _) = broken("echo 'plugin.py:3: odd' >&2; exit 2", 1);
    assert!(code == "BUILD" && message.contains("    plugin.py:3: odd"), "{message}");
    let nonsense = broken("for last; do :; done; echo nonsense > \"$last\"", 1);
    assert!(nonsense.1.contains("not a WebAssembly component"), "{nonsense:?}");
    let changed =
        broken(&format!("for last; do :; done; echo '#' >> plugin.py; /bin/cp '{}' \"$last\"", component.display()), 1);
    assert_eq!(changed.0, "SOURCES_CHANGED");
}

#[cfg(unix)]
#[test]
fn a_core_module_of_a_c_compiler_becomes_a_component_of_the_world_beside_it() {
    let home = Home::new();
    home.run(&["plugin", "new", "ours", "--lang", "c"]).exits(0);
    let module = wat::parse_str(
        r#"(module
            (memory (export "memory") 1)
            (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 0)
            (func (export "carnet:plugin/on-create@0.1.0#create") (param i32) (result i32) i32.const 0))"#,
    );
    let module = home.write("core.wasm", module.expect("a module"));
    let compiler = format!("while [ \"$1\" != -o ]; do shift; done; /bin/cp '{}' \"$2\"", module.display());
    tool(&home, "plugins/ours/.venv/bin/zig", &compiler);
    build(&home, "plugins/ours").exits(0);
    let component = std::fs::read(home.path().join("plugins/ours/plugin.wasm")).expect("the component");
    let hooks: Vec<Hook> = hooks_of(&component).expect("a plugin").iter().collect();
    assert_eq!(hooks, [Hook::Create]);
    // A hook that the world has and the code has not is named.
    home.write(
        "plugins/ours/wit/world.wit",
        "package local:plugin;\nworld guest { export carnet:plugin/on-delete@0.1.0; }\n",
    );
    let (_, message, _) = error(&build(&home, "plugins/ours").exits(1));
    assert!(message.contains("`on_delete`"), "{message}");
    home.write("plugins/ours/wit/world.wit", "package local:plugin;\nworld guest { exprt x; }\n");
    let (code, message, _) = error(&build(&home, "plugins/ours").exits(1));
    assert!(code == "WIT" && message.contains("world.wit:2"), "{message}");
}
