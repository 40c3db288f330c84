//! `carnet plugin check` on packages that are broken in every way that authors think of, and on sound ones.

use serde_json::Value;

use crate::support::{Home, root};

const SCRIPT: &str = "fn on_create(contact) { }\n";

/// Checks a package of these files; returns its messages, faults first, then what is odd, each as `place: message`.
#[track_caller]
fn check(home: &Home, files: &[(&str, &[u8])], faults: &[&str], odd: &[&str]) -> Value {
    let folder = home.path().join("work/odd");
    if folder.exists() {
        std::fs::remove_dir_all(&folder).expect("an empty folder");
    }
    for (name, content) in files {
        home.write(&format!("work/odd/{name}"), content);
    }
    let checked = home.json(&["plugin", "check", "work/odd"], i32::from(!faults.is_empty()));
    let told = |key: &str| -> Vec<String> {
        let one = |error: &Value| {
            let position = &error["position"];
            let message = error["message"].as_str().unwrap_or_default();
            match position["file"].as_str() {
                Some(file) => format!("{file}:{}:{}: {message}", position["line"], position["column"]),
                None => message.to_owned(),
            }
        };
        checked[key].as_array().into_iter().flatten().map(one).collect()
    };
    assert_eq!(
        (told("problems"), told("warnings")),
        (faults.iter().map(ToString::to_string).collect(), odd.iter().map(ToString::to_string).collect()),
        "{checked:#}"
    );
    checked
}

#[test]
fn packages_at_fault_are_told_whole() {
    let home = Home::new();
    let no_cases = "it has no cases";
    check(
        &home,
        &[
            ("plugin.toml", b"name = \"A B\"\nversion = \"1\"\npriorty = 3\n[config.x]\ntype = \"txt\"\n"),
            ("main.rhai", b"fn on_create(contact) {\n  let x = ;\n}\n"),
        ],
        &[
            "plugin.toml:1:8: `A B` cannot be a plugin's name",
            "plugin.toml:2:11: `1` is no version",
            "plugin.toml:3:1: plugin.toml has no key `priorty`",
            "plugin.toml:5:8: `type` takes `text` or `integer` or `number` or `bool` or `list`, not `txt`",
            "main.rhai:2:11: unexpected ';'",
        ],
        &[],
    );
    check(
        &home,
        &[
            (
                "plugin.toml",
                b"grants = [\"state\"]\nreads = [\"mobile\"]\n[config.city]\ntype = \"integer\"\nrequired = true\n",
            ),
            ("main.rhai", b"fn on_create(contact) { lookup(\"email\", \"x\"); }\n"),
        ],
        &[
            "it needs a value for `city`",
            "it asks for more than it was granted: `state`",
            "its code uses `lookup`, which its manifest does not ask for",
        ],
        &[],
    );
    check(
        &home,
        &[("plugin.toml", b"reads = [\"moblie\"]\n"), ("main.rhai", SCRIPT.as_bytes())],
        &["plugin.toml:1:10: `reads`: there is no field `moblie`"],
        &[],
    );
    check(
        &home,
        &[("Plugin.toml", b""), ("main.wasm", b"x")],
        &["it has no `plugin.toml`", "it holds neither `plugin.wasm` nor `main.rhai`"],
        &["`Plugin.toml` does not count", "`main.wasm` does not count"],
    );
    check(
        &home,
        &[("plugin.toml", b"x\n"), ("main.rhai", SCRIPT.as_bytes()), ("plugin.wasm", b"x")],
        &["plugin.toml:1:2: key with no value, expected `=`", "it holds both `plugin.wasm` and `main.rhai`"],
        &[],
    );
    check(
        &home,
        &[("plugin.toml", b""), ("main.rhai", b"fn on_cretae(contact) { }")],
        &["main.rhai:1:0: `on_cretae` is no hook"],
        &[],
    );
    check(
        &home,
        &[
            ("plugin.toml", b""),
            ("main.rhai", b"fn on_create(contact) { contact.nope = 1; }\n"),
            ("cases/one.toml", b"hook = \"on_create\"\n[contact]\n[expect]\nverdict = \"accept\"\n"),
            ("cases/two.toml", b"hook = \"on_create\"\n[contact]\n[expect]\nverdict = \"acept\"\n"),
            ("cases/three.txt", b"x"),
        ],
        &[
            "main.rhai:1:32: case `one.toml` expects accept, and the call fails: there is no field `nope`",
            "cases/two.toml:4:11: `expect.verdict` takes no `acept`; did you mean `accept`?",
        ],
        &["`cases/three.txt` does not count"],
    );
    home.write("carnet.toml", "[plugins.odd]\ngrants = [\"lookup\"]\n[plugins.odd.config]\nctiy = 1\nsize = \"big\"\n");
    check(
        &home,
        &[
            ("plugin.toml", b"[config.city]\ntype = \"text\"\n[config.size]\ntype = \"integer\"\n"),
            ("main.rhai", SCRIPT.as_bytes()),
        ],
        &[
            "carnet.toml:4:8: it has no setting `ctiy`",
            "carnet.toml:5:8: setting `size` takes a value of type integer, not `\"big\"`",
        ],
        &["carnet.toml:2:10: it is granted `lookup`, and does not ask for it", no_cases],
    );
}

#[test]
fn components_at_fault_are_told_whole() {
    let home = Home::new();
    let component = |wat: &str| wat::parse_str(wat).expect("a component");
    let broken = |code: &[u8], faults: &[&str], odd: &[&str]| {
        check(&home, &[("plugin.toml", b""), ("plugin.wasm", code)], faults, odd);
    };
    let whole = component("(component (core module (memory 1)))");
    let cut = "this is not a WebAssembly component: unexpected end-of-file (at byte 20)";
    broken(&whole[..whole.len() - 1], &[cut], &[]);
    broken(&component("(module)"), &["this is a core WebAssembly module, not a component"], &[]);
    broken(
        b"text",
        &["this is not a WebAssembly component: magic header not detected: bad magic number (at byte 0)"],
        &[],
    );
    broken(
        &component(
            r#"(component
                (import "wasi:cli/nowhere@9.0.0" (instance))
                (import "carnet:plugin/config@0.9.0" (instance $i))
                (export "carnet:plugin/on-merge@2.0.0" (instance $i)))"#,
        ),
        &[
            "it imports `wasi:cli/nowhere@9.0.0`, which Carnet does not have",
            "it was made for carnet:plugin 0.9.0, this Carnet speaks 0.1.0",
            "it was made for carnet:plugin 2.0.0, this Carnet speaks 0.1.0",
        ],
        &[],
    );
    let shape = r#"(component
        (core module $m (func (export "f")))
        (core instance $i (instantiate $m))
        (func $f (canon lift (core func $i "f")))
        (instance $x (export "create" (func $f)))
        (export "carnet:plugin/on-create@0.1.0" (instance $x))
        (export "carnet:plugin/on-creat@0.1.0" (instance $x)))"#;
    let checked = check(
        &home,
        &[("plugin.toml", b""), ("plugin.wasm", &component(shape))],
        &[
            "its export `carnet:plugin/on-create@0.1.0` is not the hook: `create` has another type: expected 1-tuple, found 0-tuple",
        ],
        &["its export `carnet:plugin/on-creat@0.1.0` is no hook of carnet:plugin@0.1.0"],
    );
    assert_eq!(checked["warnings"][0]["hint"], "did you mean `on-create`?");
    let sound = std::fs::read(root().join("plugins/phone-repair/plugin.wasm")).expect("a component");
    check(
        &home,
        &[
            ("plugin.toml", b"grants = [\"state\"]"),
            ("plugin.wasm", &sound),
            ("Cargo.toml", b"[package]"),
            ("src/lib.rs", b""),
        ],
        &["it asks for more than it was granted: `state`"],
        &[
            "its sources changed since it was built",
            "it asks for `state`, which its component does not import",
            "it has no cases",
        ],
    );
}

#[test]
fn a_sound_package_is_summed_up() {
    let home = Home::with_packages();
    home.write("carnet.toml", "[plugins.survey-policy.config]\nmax_surveys = 3\n");
    for case in ["types", "countries"] {
        let text = "hook = \"on_create\"\n[contact]\nlast_name = \"Lee\"\n[expect]\nverdict = \"accept\"\n";
        home.write(&format!("plugins/survey-policy/cases/{case}.toml"), text);
    }
    let told = home.run(&["plugin", "check", "survey-policy"]).exits(0).stdout;
    let told: Vec<&str> = told.lines().filter(|line| !line.contains("version") && !line.contains("code ")).collect();
    insta::assert_snapshot!(told.join("\n"), @r#"
    survey-policy is sound
    Decides who gets no survey: by label, type, country and channel, and by how often somebody was asked already
      hooks       on_create, on_update, on_enquiry
      order       change phase, priority 900, mode enforce
      reads       every field
      writes      every field
      grants      none asked
      on a fault  reject; an enquiry goes on
      budget      50 ms, 64 MiB, 64 KiB of log, 256 edits
      cases       2, all pass

    settings
      channels           list     empty                      Channels after which no survey is sent, such as sms or web-chat.
      max_surveys        integer  3, by carnet.toml          So many surveys within the window are enough. 0 switches surveys off.
      opt_out_countries  list     empty                      Countries whose people get no survey, as ISO 3166-1 alpha-2.
      opt_out_labels     list     No survey, Do not contact  Labels whose bearers get no survey. Case doesn't matter.
      opt_out_types      list     empty                      Contact types that get no survey: lead, prospect, customer, other.
      window_days        integer  30                         The window, in days before the enquiry opened.
    "#);
    let json = home.json(&["plugin", "check", "survey-policy"], 0);
    assert_eq!((json["sound"].as_bool(), json["cases_passing"].as_u64()), (Some(true), Some(2)), "{json:#}");
}
