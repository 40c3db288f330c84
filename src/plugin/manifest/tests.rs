//! Manifests good and bad.

use std::time::Duration;

use super::*;
use crate::plugin::package::ConfigValue;

const FULL: &str = r#"
name = "phone-repair"
version = "1.2.0-rc.1"
description = "Mends phone numbers"
priority = 100
phase = "check"
on_fault = "skip"
grants = ["lookup", "state"]
reads = ["mobile", "Their header"]
writes = []

[budget]
deadline_ms = 200
memory_mib = 32
edits = 0

[config.country]
type = "text"
default = "HK"
doc = "country of numbers without a code"

[config.token]
type = "text"
secret = true
required = true

[config.share]
type = "number"
default = 1

[config.words]
type = "list"
"#;

#[test]
fn a_full_manifest_is_read() {
    let manifest = Manifest::parse(FULL, "folder").unwrap();
    assert_eq!((manifest.name.as_str(), manifest.version.as_str()), ("phone-repair", "1.2.0-rc.1"));
    assert_eq!((manifest.priority, manifest.phase, manifest.on_fault), (100, Phase::Check, Some(OnFault::Skip)));
    assert_eq!(manifest.asks, Grants { lookup: true, state: true });
    assert_eq!(manifest.reads.as_deref(), Some(&["mobile".to_owned(), "header:Their header".to_owned()][..]));
    assert_eq!(manifest.writes.as_deref(), Some(&[][..]));
    let budget = manifest.limits.budget();
    assert_eq!((budget.deadline, budget.memory_bytes, budget.edits), (Duration::from_millis(200), 32 << 20, 0));
    assert_eq!(budget.operations, Budget::STANDARD.operations);
    assert!(manifest.config.iter().any(|key| key.name == "token" && key.secret && key.required));
}

#[test]
fn an_empty_manifest_has_every_default() {
    assert_eq!(Manifest::parse("", "a-b").unwrap(), Manifest::of_lone_file("a-b"));
}

/// Each fault as `line:column message`.
#[track_caller]
fn check(text: &str, expected: &[&str]) {
    let faults = Manifest::parse(text, "folder").unwrap_err();
    let told: Vec<String> = faults
        .iter()
        .map(|fault| {
            let position = fault.position.as_ref().unwrap();
            format!("{}:{} {fault}", position.line, position.column)
        })
        .collect();
    assert_eq!(told, expected, "{text}");
}

#[test]
fn every_fault_is_told_with_its_place() {
    check("name = 'Big Name'", &["1:8 `Big Name` cannot be a plugin's name"]);
    check("version = '1.0'", &["1:11 `1.0` is no version"]);
    check("priority = 1001", &["1:12 `priority` takes a whole number from 0 to 1000"]);
    check("priority = -1", &["1:12 `priority` takes a whole number from 0 to 1000"]);
    check("phase = 'chek'", &["1:9 `phase` takes `change` or `check`, not `chek`"]);
    check("on_fault = 1", &["1:12 `on_fault` takes a text"]);
    check("grants = 'lookup'", &["1:10 `grants` takes a list of texts"]);
    check("reads = ['email', 3, ' ']", &["1:19 `reads` takes a text", "1:22 `reads` holds an empty name"]);
    check(
        "reads = ['mobile', 'emial']\nwrites = ['from.phone']",
        &["1:20 `reads`: there is no field `emial`", "2:11 `writes`: there is no field `from.phone`"],
    );
    check("[config.a]\ntype = 'integer'\nmin = 3\nmax = 2", &["4:7 `max` of `a` is less than its `min`"]);
    check("[config.a]\ntype = 'integer'\nmax = 2\ndefault = 3", &["4:11 the default of `a` takes up to 2"]);
    check(
        "[config.a]\ntype = 'text'\nmin = 'a'\none_of = []",
        &["3:7 `min` is for settings of type integer or number, not text", "4:10 `one_of` of `a` offers nothing"],
    );
    check(
        "[config.a]\ntype = 'bool'\none_of = ['yes']",
        &["3:10 `one_of` is for settings of type text or list, not bool"],
    );
    check("[config.a]\ntype = 'text'\none_of = ['x']\ndefault = 'y'", &["4:11 the default of `a` takes `x`"]);
    check("[config.a]\ntype = 'text'\nsecret = true\ndefault = 'y'", &["1:9 setting `a` is secret and has a default"]);
    check("budget = 3", &["1:10 `budget` takes a table: [budget]"]);
    check("[config.A]\ntype = 'text'", &["1:9 `A` cannot be a setting's name"]);
    check("[config.a]", &["1:9 setting `a` has no `type`"]);
    check("[config.a]\ntype = 'text'\ndefault = 3", &["3:11 the default of `a` is not of type text"]);
    check(
        "[config.a]\ntype = 'bool'\ndefault = true\nrequired = true",
        &["1:9 setting `a` is required and has a default"],
    );
    check(
        "nmae = 'a'\n\n[budget]\ndeadline_ms = 60_000\ndeadline = 3\n[config.a]\ntype = 'txt'\n",
        &[
            "1:1 plugin.toml has no key `nmae`",
            "4:15 `deadline_ms` takes a whole number from 1 to 5000",
            "5:1 [budget] has no key `deadline`",
            "7:8 `type` takes `text` or `integer` or `number` or `bool` or `list`, not `txt`",
        ],
    );
}

#[test]
fn what_is_no_toml_is_told_with_its_line() {
    let faults = Manifest::parse("name = \"a\"\nversion = 1.\n", "folder").unwrap_err();
    assert_eq!(faults[0].position.as_ref().unwrap().line, 2);
    assert!(Manifest::parse(&" ".repeat(MANIFEST_BYTES + 1), "folder").is_err());
}

#[test]
fn near_words_are_offered() {
    let hint = |text: &str| Manifest::parse(text, "folder").unwrap_err()[0].hint.clone().unwrap();
    assert_eq!(hint("priorty = 3"), "did you mean `priority`?");
    assert_eq!(hint("grants = ['lokup']"), "did you mean `lookup`?");
    assert_eq!(hint("grants = ['network']"), "there are `lookup`, `state`");
}

fn table(text: &str) -> toml::Table {
    text.parse().unwrap()
}

#[test]
fn defaults_are_filled_in_and_whole_numbers_are_numbers() {
    let manifest = Manifest::parse(FULL, "folder").unwrap();
    let values = manifest.configure(&table("token = 'x'\nshare = 2")).unwrap();
    assert_eq!(values.get("country"), Some(&ConfigValue::Text("HK".into())));
    assert_eq!(values.get("share"), Some(&ConfigValue::Number(2.0)));
    assert_eq!(values.get("words"), None);
}

#[test]
fn every_fault_of_the_deployment_is_told() {
    let manifest = Manifest::parse(FULL, "folder").unwrap();
    let faults = manifest.configure(&table("contry = 'x'\nwords = ['a', 1]\nshare = 'much'")).unwrap_err();
    let told: Vec<String> = faults.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "it has no setting `contry`",
            "setting `share` takes a value of type number, not `\"much\"`",
            "it needs a value for `token`",
            "setting `words` takes a value of type list, not `[\"a\", 1]`",
        ]
    );
    assert_eq!(faults[0].hint.as_deref(), Some("did you mean `country`?"));
    let secret = manifest.configure(&table("token = 7")).unwrap_err();
    assert!(!secret[0].to_string().contains('7'));
}

#[test]
fn values_out_of_bounds_are_told_and_secrets_are_not_repeated() {
    let text = "[config.size]\ntype = 'integer'\nmin = 1\nmax = 9\n[config.kinds]\ntype = 'list'\none_of = ['a', 'b']\n\
                [config.pin]\ntype = 'text'\nsecret = true\none_of = ['0']\n[config.share]\ntype = 'number'\nmin = 0.5\n";
    let manifest = Manifest::parse(text, "x").unwrap();
    let faults = manifest.configure(&table("size = 10\nkinds = ['a', 'c']\npin = '1234'\nshare = nan")).unwrap_err();
    let told: Vec<String> = faults.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "setting `kinds` takes `a`, `b`, not `a,c`",
            "setting `pin` takes `0`",
            "setting `share` takes 0.5 and more, not `NaN`",
            "setting `size` takes 1 to 9, not `10`",
        ]
    );
    assert!(manifest.configure(&table("size = 9\nkinds = ['b']\npin = '0'\nshare = 0.5")).is_ok());
}

#[test]
fn what_a_package_does_not_say_is_narrowed() {
    let granted = ["mobile".to_owned()];
    let mut lone = Manifest::of_lone_file("lone");
    lone.narrow(Some(&granted), None);
    assert_eq!((lone.reads.as_deref(), lone.writes), (Some(&granted[..]), None));
    let mut own = Manifest::parse("reads = ['emails']", "own").unwrap();
    own.narrow(Some(&granted), Some(&[]));
    assert_eq!(own.terms(false).reads.unwrap(), ["email", "personal_email", "other_email"]);
    assert_eq!(own.writes, Some(Vec::new()));
}

proptest::proptest! {
    #[test]
    fn no_text_is_too_odd(text in ".{0,200}") {
        let _ = Manifest::parse(&text, "folder");
    }
}
