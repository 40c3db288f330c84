//! The author's loop on the command line: test and bless, run, bench, check in full, dev.

use std::io::Write;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::support::{Home, Telling, ran, root};

const SCRIPT: &str = r#"fn on_create(contact) {
    if contact.last_name == "Test" { reject("last_name", "TEST", "test records stay out", "give it a real name"); return; }
    if contact.last_name == "Boom" { let x = [1][7]; }
    contact.company = "Acme";
    log_info("named");
}
"#;

/// A home with one script of its own, `greet`, and its cases by name.
fn greet(cases: &[(&str, &str)]) -> Home {
    let home = Home::new();
    home.write("scripts/greet/plugin.toml", "name = \"greet\"\nversion = \"1.0.0\"\n");
    home.write("scripts/greet/main.rhai", SCRIPT);
    for (name, expect) in cases {
        let last_name = name.split('-').next().expect("a name");
        let case = format!(
            "# {name}\nhook = \"on_create\"\n[contact]\nlast_name = \"{last_name}\"\n\n[expect] # so\n{expect}\n"
        );
        home.write(&format!("scripts/greet/cases/{name}.toml"), case);
    }
    home
}

#[test]
fn differences_are_shown_and_blessed_but_never_a_fault() {
    let home = greet(&[
        ("Lee", "verdict = \"accept\"\nlog = [\"named\"]"),
        ("Lee-old", "verdict = \"accept\"\n\n[expect.set]\ncompany = \"Globex\" # the old owner"),
        ("Test", "verdict = \"accept\""),
        ("Boom", "verdict = \"accept\""),
    ]);
    let bad = home.write(
        "scripts/greet/cases/bad.toml",
        "hook = \"on_create\"\n[contact]\nmoblie = 1\n[expect]\nverdict = \"accept\"\n",
    );
    let told = home.run(&["plugin", "test", "greet"]).exits(1).stdout;
    for text in [
        "✓ Lee.toml",
        "set.company  expected  `Globex`",
        "got       `Acme`",
        "got       reject: last_name: test records stay out",
        "got       fault PLUGIN_SCRIPT at main.rhai:3:50",
        "cases/bad.toml:3:1: `contact`: there is no field `moblie`; did you mean `mobile`?",
        "4 of 5 cases fail",
    ] {
        assert!(told.contains(text), "{text}\n{told}");
    }
    let told = home.json(&["plugin", "test", "greet", "--bless"], 1);
    let case = |name: &str| -> Value {
        let cases = told["packages"][0]["cases"].as_array().expect("cases");
        cases.iter().find(|case| case["case"] == name).expect("the case").clone()
    };
    assert_eq!(case("Lee-old.toml")["blessed"], json!(["set.company: `Globex` → `Acme`"]));
    assert_eq!(case("Test.toml")["blessed"], json!(["verdict: accept → reject", "problems: now TEST of `last_name`"]));
    assert!(case("Boom.toml")["not_blessed"].as_str().is_some_and(|why| why.contains("never blessed")), "{told:#}");
    assert_eq!(case("bad.toml")["problems"][0]["position"]["line"], 3);
    assert_eq!(
        home.read("scripts/greet/cases/Lee-old.toml"),
        "# Lee-old\nhook = \"on_create\"\n[contact]\nlast_name = \"Lee\"\n\n[expect] # so\nverdict = \"accept\"\n\n[expect.set]\ncompany = \"Acme\" # the old owner\n"
    );
    assert!(home.read("scripts/greet/cases/Boom.toml").contains("verdict = \"accept\""));
    std::fs::remove_file(bad).expect("the removal");
    std::fs::remove_file(home.path().join("scripts/greet/cases/Boom.toml")).expect("the removal");
    // An author stands in the package's folder, and names nothing.
    let here = home.path().join("scripts/greet");
    let here =
        ran(home.command().current_dir(here).args(["plugin", "test"]).output().expect("the program runs")).exits(0);
    assert!(here.stdout.contains("3 cases pass"), "{}", here.stdout);
    let one = home.json(&["plugin", "test", "--case", "Lee"], 0);
    assert_eq!(one["packages"][0]["cases"].as_array().map(Vec::len), Some(1));
    assert_eq!(home.json(&["plugin", "test", "--case", "Tset"], 1)["error"]["hint"], "did you mean `Test`?");
    assert_eq!(home.json(&["plugin", "test", "gret"], 1)["error"]["hint"], "did you mean `greet`?");
}

#[test]
fn code_that_does_not_load_is_told_once_for_all_cases() {
    let home = greet(&[("Lee", "verdict = \"accept\""), ("Test", "verdict = \"reject\"")]);
    home.write("scripts/greet/main.rhai", "fn on_create(contact) {\n    let x = ;\n}\n");
    let told = home.json(&["plugin", "test", "greet"], 1);
    let package = &told["packages"][0];
    assert_eq!(
        (package["cases"].clone(), package["problems"][0]["position"]["line"].clone()),
        (json!([]), json!(2)),
        "{told:#}"
    );
}

/// Runs a hook with an event on the standard input.
fn run_piped(home: &Home, plugin: &str, hook: &str, event: &str, more: &[&str], status: i32) -> Value {
    let mut child = home
        .command()
        .args(["--json", "plugin", "run", plugin, hook, "--event", "-"])
        .args(more)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    // It may end before it has read all.
    let _ = child.stdin.take().expect("a pipe").write_all(event.as_bytes());
    ran(child.wait_with_output().expect("the program runs")).exits(status).json()
}

#[test]
fn a_hook_is_tried_on_events_of_both_notations_and_with_other_settings() {
    let home = greet(&[]);
    home.write(
        "scripts/greet/plugin.toml",
        "[config.company]\ntype = \"text\"\n[config.words]\ntype = \"list\"\ndefault = []\n",
    );
    home.write("scripts/greet/main.rhai", "fn on_create(contact) {\n    let company = config(\"company\") ?? \"Acme\";\n    contact.company = company;\n    for word in config(\"words\") { log_warn(word); }\n}\n");
    home.install(&root().join("plugins/phone-repair"));
    let lee = "[contact]\nlast_name = \"Lee\"\n";
    let tried =
        run_piped(&home, "greet", "on_create", lee, &["--config", "company=Globex", "--config", "words=a, b"], 0);
    assert_eq!(tried["edits"], json!([{ "field": "company", "old": null, "new": "Globex" }]));
    assert_eq!(tried["log"], json!([{ "level": "warn", "text": "a" }, { "level": "warn", "text": "b" }]));
    assert!(tried["spent"]["memory_bytes"].as_u64().is_some_and(|bytes| bytes > 0), "{tried:#}");
    assert_eq!((tried["spent"]["edits"].clone(), tried["limits"]["edits"].clone()), (json!(1), json!(256)));
    let row = r#"{ "row": { "Mobile": "(852) 1234-5678", "Country": "HK", "Age": null } }"#;
    let tried = run_piped(&home, "phone-repair", "on_import_row", row, &[], 0);
    assert_eq!(tried["edits"][0]["new"], "+85212345678");
    assert!(tried["spent"]["memory_bytes"].as_u64().is_some_and(|bytes| bytes > 65_536), "{tried:#}");
    let error = |event: &str, more: &[&str]| run_piped(&home, "greet", "on_create", event, more, 2)["error"].clone();
    let other = error("[row]\nMobile = \"1\"\n", &[]);
    assert!(
        other["message"]
            .as_str()
            .is_some_and(|text| text.contains("stdin:1:2: on_create is about [contact], and here is [row]")),
        "{other:#}"
    );
    assert!(other["hint"].as_str().is_some_and(|hint| hint.contains("[contact]")), "{other:#}");
    assert_eq!(error("hook = \"on_merge\"\n[master]\n[other]\n", &[])["code"], "EVENT_HOOK");
    assert!(error("{ \"contact\": ", &[])["message"].as_str().is_some_and(|text| text.contains("line 1 column")));
    assert_eq!(error(lee, &["--config", "compny=x"])["hint"], "did you mean `company`?");
    let text = home.write("lee.toml", lee);
    let told = home.run(&["plugin", "run", "greet", "on_create", "--event", &text.to_string_lossy()]).exits(0).stdout;
    for text in ["on_create: accepts", "company  – → Acme", "time", "of", "50 ms", "memory", "64 MiB", "host calls"]
    {
        assert!(told.contains(text), "{text}\n{told}");
    }
}

#[test]
fn a_bench_counts_calls_of_each_kind_and_tells_faults() {
    let home = greet(&[("Lee", "verdict = \"accept\""), ("Boom", "verdict = \"fault\"")]);
    let measured = home.json(&["plugin", "bench", "greet", "--seconds", "0.05"], 1);
    let hook = &measured["hooks"][0];
    assert_eq!((hook["hook"].as_str(), hook["events"].as_u64()), (Some("on_create"), Some(2)), "{measured:#}");
    for kind in ["cold", "warm", "native"] {
        assert!(hook[kind]["calls"].as_u64().is_some_and(|calls| calls >= 10), "{kind}: {measured:#}");
    }
    assert_eq!(hook["fault"]["code"], "PLUGIN_SCRIPT");
    home.write("lee.toml", "[contact]\nlast_name = \"Lee\"\n");
    let text = home.run(&["plugin", "bench", "greet", "--event", "lee.toml", "--seconds", "0.05"]).exits(0).stdout;
    assert!(text.contains("cold") && text.contains("× native") && text.contains("1 event"), "{text}");
    assert_eq!(home.json(&["plugin", "bench", "greet", "--hook", "on_merge"], 2)["error"]["code"], "HOOK_MISSING");
}

#[test]
fn each_save_is_tested_and_what_works_is_in_service() {
    let home = greet(&[("Lee", "verdict = \"accept\"\n[expect.set]\ncompany = \"Acme\"")]);
    let mut developing = Telling::start(&home, &["plugin", "dev", "greet", "--generations", "3"]);
    let first = developing.next();
    assert_eq!(
        (first["works"].clone(), first["in_service"].clone(), first["cases"].clone()),
        (json!(true), json!(true), json!(1)),
        "{first:#}"
    );
    home.write("scripts/greet/main.rhai", "fn on_create(contact) { contact.company = \"Globex\"; }");
    let fails = developing.next();
    assert_eq!(
        (fails["works"].clone(), fails["failing"].clone(), fails["generation"].clone()),
        (json!(false), json!(1), first["generation"].clone()),
        "{fails:#}"
    );
    assert_eq!(fails["failures"][0]["differences"][0]["got"], "`Globex`");
    home.write("scripts/greet/main.rhai", "fn on_create(contact) {\n  contact.company = ;\n}");
    let broken = developing.next();
    assert_eq!(broken["problems"][0]["position"]["line"], 2, "{broken:#}");
    home.write("scripts/greet/main.rhai", "fn on_create(contact) { contact.company = \"Acme\"; }");
    let mended = developing.next();
    assert!(mended["works"] == true && mended["generation"].as_u64() > first["generation"].as_u64(), "{mended:#}");
    // A case is a save, too; and the last of the generations wanted ends it.
    home.write("scripts/greet/cases/Test.toml", "hook = \"on_create\"\n[contact]\n[expect]\nverdict = \"accept\"\n");
    assert_eq!(developing.next()["cases"], 2);
    assert!(developing.lines.next().is_none());
    assert!(developing.child.wait().expect("its end").success());
}

#[test]
fn a_package_anywhere_is_developed_and_a_build_that_fails_is_told() {
    let home = Home::new();
    home.write("work/guest/plugin.toml", "version = \"1.0.0\"\n");
    home.write("work/guest/Cargo.toml", "[package");
    home.write("work/guest/src/lib.rs", "//! nothing yet");
    let mut developing = Telling::start(&home, &["plugin", "dev", "work/guest"]);
    let first = developing.next();
    assert_eq!((first["works"].clone(), first["generation"].clone()), (json!(false), Value::Null), "{first:#}");
    assert!(first["problems"][0]["message"].as_str().is_some_and(|text| text.contains("guest")), "{first:#}");
    drop(developing);
    home.write("work/hello.rhai", "fn on_create(contact) { }");
    let mut developing = Telling::start(&home, &["plugin", "dev", "work/hello.rhai", "--generations", "1"]);
    assert_eq!(developing.next()["in_service"], false);
    assert!(developing.child.wait().expect("its end").success());
}

#[test]
fn settings_that_change_take_effect_while_a_package_is_developed() {
    let home = greet(&[("Lee", "verdict = \"accept\"")]);
    home.write("scripts/greet/plugin.toml", "name = \"greet\"\n[config.company]\ntype = \"text\"\ndefault = \"\"\n");
    let mut developing = Telling::start(&home, &["plugin", "dev", "greet", "--generations", "3"]);
    let first = developing.next();
    assert_eq!((&first["works"], &first["mode"]), (&json!(true), &json!("enforce")), "{first:#}");
    let mut told = |settings: &str| {
        home.write("carnet.toml", settings);
        let told = developing.next();
        let why = told["problems"][0]["message"].as_str().unwrap_or_default().to_owned();
        (told["works"] == true, told["mode"].clone(), why)
    };
    assert_eq!(told("[plugins.greet]\nmode = \"observe\"\n"), (true, json!("observe"), String::new()));
    let (works, _, why) = told("[plugins.greet]\nmode = \"observ\"\n");
    assert!(!works && why.contains("carnet.toml") && why.contains("2:8"), "{why}");
    let (works, _, why) = told("[plugins.greet.config]\ncompny = \"x\"\n");
    assert!(!works && why.contains("compny"), "{why}");
    let (works, _, why) = told("[plugins.greet]\nmode = \"off\"\n");
    assert!(!works && why.contains("switched off"), "{why}");
    assert_eq!(told("[plugins.greet]\nmode = \"enforce\"\n"), (true, json!("enforce"), String::new()));
    assert!(developing.child.wait().expect("its end").success());
}

#[cfg(unix)]
#[test]
fn packages_of_other_languages_are_built_when_their_tool_is_there_and_after_each_save() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::new();
    let shipped = root().join("plugins/phone-repair");
    for (name, from) in [("plugin.toml", "plugin.toml"), ("cases/one.toml", "cases/brackets-and-hyphens.toml")] {
        let content = std::fs::read_to_string(shipped.join(from)).expect("a file of the package");
        home.write(&format!("plugins/ours/{name}"), content.replace("phone-repair", "ours"));
    }
    home.write("plugins/ours/plugin.py", "first = 1\n");
    let mut command = home.command();
    command.env("PATH", "").env_remove("VIRTUAL_ENV").args(["--json", "plugin", "dev", "ours", "--generations", "2"]);
    let mut developing = Telling::of(command);
    let lacks = developing.next();
    assert!(lacks["problems"][0]["hint"].as_str().is_some_and(|hint| hint.contains("pip install")), "{lacks:#}");
    // The tool comes, and nothing is saved. Its last argument is the file to write.
    let copy = format!("for last; do :; done\n/bin/cp '{}' \"$last\"", shipped.join("plugin.wasm").display());
    let tool = home.write("tool", format!("#!/bin/sh\n{copy}\n"));
    std::fs::set_permissions(&tool, std::fs::Permissions::from_mode(0o755)).expect("a program");
    let place = home.path().join("plugins/ours/.venv/bin");
    std::fs::create_dir_all(&place).expect("a folder");
    std::fs::rename(tool, place.join("componentize-py")).expect("the tool in its place");
    let built = developing.next();
    assert_eq!((&built["works"], &built["cases"]), (&json!(true), &json!(1)), "{built:#}");
    assert!(built["built_bytes"].is_u64(), "{built:#}");
    home.write("plugins/ours/wit/world.wit", "package local:plugin;\n");
    let again = developing.next();
    assert!(again["works"] == true && again["built_bytes"].is_u64(), "{again:#}");
    assert!(developing.child.wait().expect("its end").success());

    let sources = |home: &Home| home.json(&["plugin", "check", "plugins/ours"], 0)["sources"].clone();
    assert_eq!(sources(&home), "same");
    let told = home.run(&["plugin", "check", "plugins/ours"]).exits(0).stdout;
    assert!(!told.contains("does not count"), "{told}");
    home.write("plugins/ours/plugin.py", "first = 2\n");
    assert_eq!(sources(&home), "changed");
}

#[test]
fn a_version_whose_cases_fail_is_tried_all_the_same() {
    let home = greet(&[("Lee", "verdict = \"accept\"")]);
    home.write("lee.toml", "[contact]\nlast_name = \"Lee\"\n");
    let run = |plugin: &str| home.json(&["plugin", "run", plugin, "on_create", "--event", "lee.toml"], 0);
    assert_eq!((&run("greet")["edits"][0]["new"], &run("greet")["refused"]), (&json!("Acme"), &Value::Null));
    // The one that serves goes on; the one that lies there is what its author asks about.
    home.write("scripts/greet/main.rhai", "fn on_create(contact) { contact.company = \"Initech\"; }");
    home.write("scripts/greet/cases/Lee.toml", "hook = \"on_create\"\n[contact]\n[expect]\nverdict = \"reject\"\n");
    let tried = run("greet");
    assert_eq!(tried["edits"][0]["new"], "Initech");
    assert!(tried["refused"].as_str().is_some_and(|why| why.contains("Lee.toml")), "{tried:#}");
    assert_eq!(run("scripts/greet")["edits"][0]["new"], "Initech");
}

#[test]
fn what_a_plugin_remembers_is_part_of_a_case() {
    let home = greet(&[]);
    home.write("scripts/greet/plugin.toml", "name = \"greet\"\nversion = \"1.0.0\"\ngrants = [\"state\"]\n");
    home.write(
        "scripts/greet/main.rhai",
        r#"fn on_create(contact) {
    let n = parse_int(state_get("n") ?? "0") + 1;
    if n > 3 { reject("three are enough"); }
    state_set("n", n);
    state_remove("old.one");
}
"#,
    );
    let case = |n: &str, verdict: &str, after: &str| {
        format!(
            "hook = \"on_create\"\n[contact]\nlast_name = \"Lee\"\n[state]\nn = {n}\n\"old.one\" = \"x\"\n[expect]\nverdict = \"{verdict}\"\n[expect.state]\n{after}\n"
        )
    };
    home.write("scripts/greet/cases/second.toml", case("1", "accept", "n = 2 # counted\n\"old.one\" = \"\""));
    // What is refused leaves nothing.
    home.write("scripts/greet/cases/fourth.toml", case("3", "reject", "n = 3\n\"old.one\" = \"x\""));
    home.write("scripts/greet/cases/wrong.toml", case("1", "accept", "n = 7 # counted"));
    let told = home.run(&["plugin", "test", "greet"]).exits(1).stdout;
    assert!(told.contains("1 of 3 cases fail") && told.contains("state.n  expected  `7`"), "{told}");
    home.run(&["plugin", "test", "greet", "--bless"]).exits(0);
    assert!(home.read("scripts/greet/cases/wrong.toml").ends_with("n = \"2\" # counted\n"));
    home.run(&["plugin", "test", "greet"]).exits(0);
    // An event has the same, and what would be remembered is told to programs, too.
    let event = "[contact]\nlast_name = \"Lee\"\n[state]\nn = 1\n";
    let tried = run_piped(&home, "scripts/greet", "on_create", event, &[], 0);
    let remembered = json!([{ "key": "n", "value": "2" }, { "key": "old.one", "value": null }]);
    assert_eq!(tried["state"], remembered, "{tried:#}");
}

#[test]
fn hints_name_what_mends_it() {
    let home = greet(&[("Lee", "verdict = \"accept\"")]);
    home.write(
        "scripts/greet/plugin.toml",
        "name = \"greet\"\nversion = \"1.0.0\"\ngrants = [\"lookup\"]\nreads = [\"email\", \"header:Age\", \"phones\", \"from.phone\"]\n[config.key]\ntype = \"text\"\nrequired = true\n",
    );
    home.write("scripts/greet/main.rhai", "fn on_create(contact) {\n    lookup(\"email\", contact.email);\n}\n");
    // A case does not see the settings of the deployment.
    let told = home.json(&["plugin", "test", "greet"], 1);
    let hint = &told["packages"][0]["problems"][0]["hint"];
    assert!(hint.as_str().is_some_and(|hint| hint.starts_with("say it under [config] in the case")), "{told:#}");
    // Whoever is asked to approve is not told to approve.
    let told = home.json(&["plugin", "approve", "greet"], 1);
    assert!(told["error"]["hint"].as_str().is_some_and(|hint| hint.starts_with("mend what else is wrong")), "{told:#}");
    let case = home.read("scripts/greet/cases/Lee.toml").replace("[expect]", "[config]\nkey = \"x\"\n[expect]");
    home.write("scripts/greet/cases/Lee.toml", case);
    let told = home.run(&["plugin", "test", "greet"]).exits(1).stdout;
    assert!(told.contains("hint: add `emails` to `reads` in plugin.toml"), "{told}");
    // Groups are names like any other; what none of its hooks can meet is odd.
    let told = home.json(&["plugin", "check", "greet"], 1);
    let odd: Vec<&str> =
        told["warnings"].as_array().expect("warnings").iter().filter_map(|it| it["message"].as_str()).collect();
    assert_eq!(
        odd,
        [
            "`reads` names a column of files, `header:Age`, and it has no on_import_row",
            "`reads` names a detail of enquiries, `from.phone`, and it has no on_enquiry"
        ],
        "{told:#}"
    );
}

#[test]
fn a_list_without_plugins_and_settings_without_a_plugin_are_told() {
    let home = Home::new();
    let told = home.run(&["plugin", "list"]).exits(0).stdout;
    assert!(told.contains("`carnet plugin new NAME` starts one") && !told.contains("priority"), "{told}");
    home.write("scripts/greet.rhai", "fn on_create(contact) { }\n");
    home.write("carnet.toml", "[plugins.gret]\nmode = \"off\"\n[plugins.greet.config]\na = 1\nb = 2\n");
    let told = home.run(&["plugin", "list"]).exits(0).stdout;
    assert!(told.contains("settings for `gret`, and there is no such plugin"), "{told}");
    assert!(told.contains("all of it: `carnet plugin check "), "{told}");
    let told = home.json(&["plugin", "list"], 0);
    assert_eq!(told["unknown"], json!(["gret"]));
    assert_eq!(told["plugins"][0]["more"].as_array().map(Vec::len), Some(1), "{told:#}");
}

#[test]
fn a_setting_that_stands_elsewhere_is_known_to_every_command() {
    let home = greet(&[]);
    home.write(
        "scripts/greet/plugin.toml",
        "name = \"greet\"\n[config.token]\ntype = \"text\"\nsecret = true\nrequired = true\n",
    );
    home.write("scripts/greet/main.rhai", "fn on_create(contact) { throw `no ${config(\"token\")}`; }\n");
    home.write("carnet.toml", "[plugins.greet.config]\ntoken = { file = \"token\" }\n");
    home.write("token", "s3cret-token\n");
    home.write("lee.toml", "[contact]\nlast_name = \"Lee\"\n");
    home.run(&["plugin", "test", "greet"]).exits(0);
    let measured = home.json(&["plugin", "bench", "greet", "--event", "lee.toml", "--seconds", "0.01"], 1);
    assert_eq!(measured["hooks"][0]["fault"]["message"], "no ***", "{measured:#}");
    let mut developing = Telling::start(&home, &["plugin", "dev", "greet", "--generations", "1"]);
    assert_eq!(developing.next()["works"], true);
    assert!(developing.child.wait().expect("its end").success());
}
