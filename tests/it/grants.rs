//! What plugins ask for and are granted: approving, waiting, secrets, bounds and signatures, through the program.

use std::os::unix::fs::PermissionsExt;

use crate::support::Home;

const CODE: &str = "fn on_create(contact) { contact.city = \"Rome\"; }\n";

fn greet(home: &Home, manifest: &str) {
    home.write("scripts/greet/plugin.toml", manifest);
    home.write("scripts/greet/main.rhai", CODE);
}

#[test]
fn what_asks_for_more_waits_until_it_is_approved() {
    let home = Home::new();
    greet(&home, "version = \"1.0.0\"\ngrants = [\"lookup\"]\nreads = [\"mobile\"]\nwrites = [\"city\"]\n");
    let list = home.json(&["plugin", "list"], 0);
    let waiting = &list["plugins"][0];
    assert_eq!((&waiting["state"], &waiting["version"]), (&"waiting".into(), &"1.0.0".into()), "{list:#}");
    assert_eq!(waiting["missing"]["grants"], serde_json::json!(["lookup"]));
    assert_eq!(waiting["approve"], "carnet plugin approve greet");

    // Nobody is there to say yes; nothing is written.
    let ran = home.run(&["plugin", "approve", "greet"]).exits(2);
    assert!(ran.stdout.contains("searches all other contacts") && ran.stderr.contains("--yes"), "{ran:#?}");
    assert!(!home.path().join("carnet.toml").exists());
    home.run(&["plugin", "approve", "greet", "--yes", "--version", "0.9.0"]).exits(1);
    home.run(&["plugin", "approve", "gret", "--yes"]).exits(1);

    home.run(&["plugin", "approve", "greet", "--yes", "--version", "1.0.0"]).exits(0);
    insta::assert_snapshot!(home.read("carnet.toml"), @r#"
    [plugins.greet]
    grants = ["lookup"]
    reads = ["mobile"]
    writes = ["city"]
    "#);
    let list = home.json(&["plugin", "list"], 0);
    assert_eq!(list["plugins"][0]["state"], "active", "{list:#}");

    // The next version asks for more, in a file that somebody cares for.
    let text = "# Ours.\nprofile = \"cinnox\"   # as agreed\n\n[plugins.greet]\nmode = \"enforce\"\nreads = [\n    \"mobile\", # of rows\n]\nwrites = [\"city\"]\ngrants = [\"lookup\"] # why not\n";
    let path = home.write("carnet.toml", text);
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o640)).expect("rights");
    greet(
        &home,
        "version = \"2.0.0\"\ngrants = [\"lookup\", \"state\"]\nreads = [\"phones\", \"email\"]\nwrites = [\"city\"]\n",
    );
    let ran = home.run(&["plugin", "check"]).exits(1);
    let told = ran.stdout.replace(&home.path().display().to_string(), "HOME");
    insta::assert_snapshot!(told.trim(), @r#"
    greet 1.0.0 (24bf47bbce01) is sound: rhai, on_create; its cases pass; granted: `lookup`; to read `mobile`; to write `city`

    greet 2.0.0 (HOME/scripts/greet) waits for approval; version 1.0.0 stays in service
      - it asks for more than it was granted: `state`; to read `phones`, `email`
          hint: look at it and grant it with `carnet plugin approve greet`, or write `grants = ["lookup", "state"]` under [plugins.greet] in carnet.toml
    "#);
    let ran = home.run(&["contact", "add", "last_name=Lee"]);
    assert!(ran.status == 0 && !ran.stderr.contains("was not asked"), "the version before is asked: {ran:#?}");
    let approved = home.json(&["plugin", "approve", "greet", "--yes"], 0);
    assert_eq!(approved["new"]["reads"], serde_json::json!(["phones", "email"]));
    assert_eq!(approved["state"], "greet 2.0.0 is in service");
    insta::assert_snapshot!(home.read("carnet.toml"), @r#"
    # Ours.
    profile = "cinnox"   # as agreed

    [plugins.greet]
    mode = "enforce"
    reads = [
        "mobile", # of rows
        "phones",
        "email",
    ]
    writes = ["city"]
    grants = ["lookup", "state"] # why not
    "#);
    assert_eq!(std::fs::metadata(&path).expect("the settings").permissions().mode() & 0o777, 0o640);
    let again = home.run(&["plugin", "approve", "greet"]).exits(0);
    assert!(again.stdout.contains("has all that it asks for"), "{again:#?}");
    assert_eq!(
        std::fs::read_dir(home.path())
            .expect("the home")
            .flatten()
            .filter(|entry| entry.file_name().to_string_lossy().contains("carnet.toml"))
            .count(),
        1
    );
}

#[test]
fn a_package_that_does_not_say_what_it_reads_and_writes_is_narrowed() {
    let home = Home::new();
    home.write("scripts/lone.rhai", "fn on_create(contact) { log_info(contact.mobile); contact.city = \"Rome\"; }\n");
    let ran = home.run(&["plugin", "approve", "lone"]).exits(0);
    assert!(ran.stdout.contains("needs no approval"), "{ran:#?}");
    home.run(&["contact", "add", "last_name=Lee"]).exits(0);
    home.write("carnet.toml", "[plugins.lone]\nreads = [\"names\", \"mobil\"]\nwrites = [\"from.phone\"]\n");
    let ran = home.run(&["plugin", "list"]);
    assert!(ran.stderr.contains("2:19") && ran.stderr.contains("did you mean `mobile`?"), "{ran:#?}");
    assert!(ran.stderr.contains("3:11") && ran.stderr.contains("cannot be written"), "{ran:#?}");
    home.write("carnet.toml", "[plugins.lone]\nreads = [\"names\"]\n");
    let ran = home.run(&["contact", "add", "last_name=Lee"]);
    assert!(ran.status != 0 && ran.stderr.contains("may not read `mobile`: `reads` does not grant it"), "{ran:#?}");
    home.write("carnet.toml", "[plugins.lone]\nwrites = [\"names\"]\n");
    let ran = home.run(&["contact", "add", "last_name=Lee"]);
    assert!(ran.status != 0 && ran.stderr.contains("may not write `city`: `writes` does not grant it"), "{ran:#?}");
}

#[test]
fn every_fault_of_the_configuration_is_told_with_its_place_and_no_secret_is() {
    let home = Home::new();
    let manifest = "version = \"1.0.0\"\ngrants = [\"state\"]\n\
        [config.token]\ntype = \"text\"\nsecret = true\nrequired = true\ndoc = \"key of the service\"\n\
        [config.pin]\ntype = \"integer\"\nsecret = true\nmax = 9\n\
        [config.size]\ntype = \"integer\"\nmin = 1\nmax = 9\n[config.kind]\ntype = \"text\"\none_of = [\"a\", \"b\"]\n\
        [config.town]\ntype = \"text\"\nrequired = true\n";
    greet(&home, manifest);
    let settings = "[plugins.greet.config]\ntoken = { env = \"GREET_NOT_SET\" }\npin = 123456789\nsize = 10\nkind = \"c\"\nsise = 3\n";
    home.write("carnet.toml", settings);
    let ran = home.run(&["plugin", "check", "scripts/greet"]).exits(1);
    insta::assert_snapshot!(ran.stderr.lines().skip(1).collect::<Vec<_>>().join("\n"), @r#"
      - it needs a value for `town`
          hint: add `town` under [plugins.greet.config] in carnet.toml
      - carnet.toml:2:9: setting `token` is to come from the environment variable `GREET_NOT_SET`, and that is not set
      - carnet.toml:3:7: setting `pin` takes up to 9
          hint: mend `pin` under [plugins.greet.config] in carnet.toml
      - carnet.toml:4:8: setting `size` takes 1 to 9, not `10`
          hint: mend `size` under [plugins.greet.config] in carnet.toml
      - carnet.toml:5:8: setting `kind` takes `a`, `b`, not `c`
          hint: mend `kind` under [plugins.greet.config] in carnet.toml
      - carnet.toml:6:8: it has no setting `sise`
          hint: did you mean `size`?
      - it asks for more than it was granted: `state`
          hint: look at it and grant it with `carnet plugin approve greet`, or write `grants = ["state"]` under [plugins.greet] in carnet.toml
    also odd:
      - it has no cases
          hint: put events with the verdict expected into cases/*.toml: a version that breaks one never comes into service
    "#);
    assert!(!format!("{ran:?}").contains("123456789"));

    home.write("token.txt", "s3cr3t-t0ken\n");
    let code = "fn on_create(contact) { log_warn(\"with \" + config(\"token\") + config(\"pin\")); contact.city = config(\"town\"); }\n";
    home.write("scripts/greet/main.rhai", code);
    let settings = "[plugins.greet]\ngrants = [\"state\"]\n[plugins.greet.config]\ntoken = { file = \"token.txt\" }\npin = { env = \"GREET_PIN\" }\ntown = \"Rome\"\n";
    home.write("carnet.toml", settings);
    let event = home.write("event.toml", "[contact]\nlast_name = \"Lee\"\n");
    let mut shown = String::new();
    for args in [
        &["plugin", "list"][..],
        &["plugin", "check"],
        &["--json", "plugin", "list"],
        &["plugin", "run", "greet", "on_create", "--event", event.to_str().expect("a path")],
        &["contact", "add", "last_name=Lee"],
        &["doctor"],
    ] {
        let output = home.command().args(args).env("GREET_PIN", "7").env("CARNET_LOG", "trace").output();
        let ran = crate::support::ran(output.expect("the program runs")).exits(0);
        shown.push_str(&format!("{}{}", ran.stdout, ran.stderr));
    }
    assert!(shown.contains("city: – → Rome"), "{shown}");
    assert!(shown.contains("with ***"), "{shown}");
    assert!(!shown.contains("s3cr3t"), "{shown}");
    let output = home.command().args(["plugin", "check", "scripts/greet"]).env("GREET_PIN", "77").output();
    let ran = crate::support::ran(output.expect("the program runs")).exits(1);
    assert!(
        ran.stderr.contains("carnet.toml:5:7: setting `pin` takes up to 9") && !ran.stderr.contains("77"),
        "{ran:#?}"
    );
}

const KEY: &str = "RWQQnXlDe7kHm+rhyHk7VZfEs/SQ52rDEXLEOWkPjuFBQruFGmH5pJ8O";
const OTHER_KEY: &str = "RWTA4O/E/FavSWJ/F9iT5Wl6S6Igi8gLApLn9Y2BIOs1PBtVQp25xrGW";
const SIGNATURE: &str = "untrusted comment: signature\nRUQQnXlDe7kHm6iFqB6uwZfYmklyhENt3fmTbOBRmHJQrzSwqdoJmigiNcq35j4GTReuAwjcndieE0NTzru87/nx5L11UtgCFAQ=\ntrusted comment: greet 1.0.0\nFivCqvVzLpbA/esbH7l6l3yFhkbV+zrhEhO43I1YDuywHMFSEELCAs2oeVC442j+ZDscFxft55lFuUexqggpDA==\n";
const LONE_SIGNATURE: &str = "untrusted comment: signature\nRUQQnXlDe7kHm7+PNdE6G9SO2X71abFDzQNvwzQiv6r9xQCv58vjdb7O3Z9aRSW72HAGQJ11cibAafyabeKWDBStU7+wct/tYQ8=\ntrusted comment: lone\ng8SHFptZNJ0GeUvQ0SCpkUN7IWLj0KhJArUAGXY+Nb9oPkLussb5gtehLHE70lL/S3Lqz/89/zZBQbA9WTyCCw==\n";

#[test]
fn a_signature_is_over_code_and_manifest_together() {
    let home = Home::new();
    let manifest = "name = \"greet\"\nversion = \"1.0.0\"\n";
    greet(&home, manifest);
    let trust = |keys: &str, required: bool| {
        home.write("carnet.toml", format!("trusted_keys = [{keys}]\nrequire_signature = {required}\n"));
    };
    /// Checks that the package is refused and what is said.
    #[track_caller]
    fn refused(home: &Home, words: &str) {
        let list = home.json(&["plugin", "list"], 0);
        // Where a version with a good signature served before, it goes on.
        let state = list["plugins"][0]["state"].as_str().unwrap_or_default();
        assert!(state == "refused" || state == "kept 1.0.0", "{list:#}");
        assert!(list["plugins"][0]["error"].as_str().is_some_and(|error| error.contains(words)), "{list:#}");
    }
    let mine = format!("\"{KEY}\"");
    trust(&mine, true);
    refused(&home, "it is not signed");
    home.write("scripts/greet/plugin.minisig", SIGNATURE);
    let list = home.json(&["plugin", "list"], 0);
    let plugin = &list["plugins"][0];
    assert_eq!((&plugin["state"], &plugin["signed_by"]), (&"active".into(), &"9B07B97B43799D10".into()), "{list:#}");
    assert_eq!(plugin["signed_comment"], "greet 1.0.0");
    let ran = home.run(&["plugin", "check"]).exits(0);
    assert!(ran.stdout.contains("signed by 9B07B97B43799D10"), "{ran:#?}");
    let ran = home.run(&["plugin", "check", "greet"]).exits(0);
    assert!(ran.stdout.contains("by 9B07B97B43799D10: greet 1.0.0"), "{ran:#?}");
    assert!(!ran.stdout.contains("plugin.minisig"), "it counts: {ran:#?}");

    // Neither file may be another one, even where no signature is required.
    trust(&mine, false);
    home.write("scripts/greet/plugin.toml", "name = \"greet\"\nversion = \"1.0.1\"\n");
    refused(&home, "one of them was altered");
    home.write("scripts/greet/plugin.toml", manifest);
    home.write("scripts/greet/main.rhai", CODE.replace("Rome", "Oslo"));
    refused(&home, "one of them was altered");
    home.write("scripts/greet/main.rhai", CODE);
    home.write("scripts/greet/plugin.minisig", SIGNATURE.replace("greet 1.0.0", "greet 9.0.0"));
    refused(&home, "one of them was altered");
    home.write("scripts/greet/plugin.minisig", "soup");
    refused(&home, "no signature of minisign");
    home.write("scripts/greet/plugin.minisig", SIGNATURE);
    trust(&format!("\"{OTHER_KEY}\""), false);
    refused(&home, "signed by key 9B07B97B43799D10, which is not trusted here");
    trust(&format!("\"{OTHER_KEY}\", {mine}"), true);
    assert_eq!(home.json(&["plugin", "list"], 0)["plugins"][0]["state"], "active");

    trust("", true);
    assert!(home.run(&["plugin", "list"]).stderr.contains("refuses every plugin"));
    trust("\"RWsoup\"", true);
    assert!(home.run(&["plugin", "list"]).stderr.contains("no public key of minisign"));

    std::fs::remove_dir_all(home.path().join("scripts/greet")).expect("the package goes");
    trust(&mine, true);
    home.write("scripts/lone.rhai", CODE);
    refused(&home, "it is not signed");
    home.write("scripts/lone.rhai.minisig", LONE_SIGNATURE);
    assert_eq!(home.json(&["plugin", "list"], 0)["plugins"][0]["state"], "active");
    // A signature is for a name, too.
    std::fs::rename(home.path().join("scripts/lone.rhai"), home.path().join("scripts/other.rhai")).expect("a name");
    std::fs::rename(home.path().join("scripts/lone.rhai.minisig"), home.path().join("scripts/other.rhai.minisig"))
        .expect("a name");
    refused(&home, "altered");
}
