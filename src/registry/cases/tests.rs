//! Cases read, played and compared.

use super::*;
use crate::plugin::package::{ConfigValue, EngineKind, Grants, Identity};
use crate::registry::fake::Fake;

/// Plays a case on a fake plugin; returns the failures as text.
fn failures(manifest: &str, code: &str, case: &str) -> Vec<String> {
    let manifest = Manifest::parse(manifest, "a").unwrap();
    let identity =
        Identity { name: "a".into(), version: "1.0.0".into(), hash: String::new(), engine: EngineKind::Rhai };
    let package = Package {
        identity: Arc::new(identity),
        code: code.as_bytes().into(),
        path: "main.rhai".into(),
        grants: Grants::default(),
        budget: manifest.limits.budget(),
        config: Arc::new([("city".to_owned(), ConfigValue::Text("of the deployment".into()))].into()),
    };
    run_cases(&Fake::default(), &package, &manifest, [("one.toml", case)]).iter().map(ToString::to_string).collect()
}

#[track_caller]
fn passes(manifest: &str, code: &str, case: &str) {
    assert_eq!(failures(manifest, code, case), Vec::<String>::new());
}

#[test]
fn a_row_is_compared_by_header_and_field() {
    let case = r#"
hook = "on_import_row"
[row]
"Full Name" = "Ann Lee"
"E-mail" = "ann@example.com"
[expect]
verdict = "accept"
[expect.set]
first_name = "Ann"
email = "ann@example.com"
"Full Name" = "Ann Lee"
"#;
    passes("", "on_import_row set first_name Ann", case);
    let told = failures("", "on_import_row set first_name Bob", case);
    assert_eq!(told, ["case `one.toml`: set.first_name: expected `Ann`, got `Bob`"]);
    let told = failures("", "on_import_row skip sample", case);
    assert_eq!(told[0], "case `one.toml`: verdict: expected accept, got skip: sample");
    let told = failures("", "on_create fault", case);
    assert_eq!(told, ["case `one.toml`: hook: expected a plugin with on_import_row, got on_create"]);
}

#[test]
fn problems_and_faults_are_compared() {
    let case = "hook = 'on_create'\n[contact]\nlast_name = 'Lee'\n[expect]\nverdict = 'reject'\n[[expect.problems]]\ncode = 'BAD'\nfield = 'city'";
    passes("", "on_create reject city BAD", case);
    let told = failures("", "on_create reject zip WORSE", case);
    assert_eq!(told, ["case `one.toml`: problems: expected BAD of `city`, got WORSE of `zip`"]);
    let told = failures("", "on_create fault", case);
    assert_eq!(told[0], "case `one.toml`: verdict: expected reject, got fault PLUGIN_SCRIPT: it fails");
    passes("", "on_create set mobile 12", "hook = 'on_create'\n[contact]\n[expect]\nverdict = 'fault'");
}

#[test]
fn a_case_sees_the_manifests_defaults_and_its_own_config_but_not_the_deployments() {
    let manifest = "[config.city]\ntype = 'text'\ndefault = 'Rome'";
    let case = |config: &str, city: &str| {
        format!("hook = 'on_create'\n[contact]\n[config]\n{config}\n[expect]\nverdict = 'accept'\nset.city = '{city}'")
    };
    passes(manifest, "on_create set city $city", &case("", "Rome"));
    passes(manifest, "on_create set city $city", &case("city = 'Oslo'", "Oslo"));
    let told = failures(manifest, "on_create set city $city", &case("town = 'Oslo'", "Oslo"));
    assert_eq!(told, ["case `one.toml`: case: expected a case that can be played, got it has no setting `town`"]);
}

#[test]
fn merges_enquiries_lists_and_lookups_are_played() {
    passes(
        "",
        "on_merge set company Acme",
        "hook = 'on_merge'\n[master]\nlabels = 'a'\n[other]\nlabels = 'b'\n[expect]\nverdict = 'accept'\n[expect.set]\nlabels = 'a; b'\ncompany = 'Acme'",
    );
    let enquiry = "hook = 'on_enquiry'\nsurveys = [1]\nopened_at = '2026-01-31T12:00:00Z'\n[enquiry]\nchannel = 'call'\nfrom.phone = '+85212345678'\nstatus = 'open'\n[contact]\nlast_name = 'Lee'\n";
    passes(
        "",
        "on_enquiry set attribute.tier gold\non_enquiry set survey asked\non_enquiry set company Acme",
        &format!(
            "{enquiry}[expect]\nverdict = 'accept'\n[expect.set]\n'attribute.tier' = 'gold'\nsurvey = 'asked'\ncompany = 'Acme'\n'from.phone' = '+85212345678'"
        ),
    );
    let lookup = "hook = 'on_create'\n[contact]\n[[lookup]]\nfirst_name = 'Ann'\nemail = 'Ann@example.com'\n[expect]\nverdict = 'accept'\nset.city = 'Ann'";
    passes("grants = ['lookup']", "on_create find ann@example.com city", lookup);
}

#[test]
fn every_fault_of_a_case_is_told() {
    let told = Case::parse("hook = 'on_creat'\nbefor = 1\n[expect]\nverdict = 'acept'").unwrap_err();
    assert_eq!(
        told,
        [
            "a case has no key `befor`; did you mean `before`?",
            "`hook` names no hook; did you mean `on_create`?",
            "`expect.verdict` takes no `acept`; did you mean `accept`?",
        ]
    );
    let told = Case::parse("hook = 'on_create'\n[contact]\nmoblie = '1'\n[expect]\nverdict = 'accept'").unwrap_err();
    assert_eq!(told, ["`contact`: there is no field `moblie`; did you mean `mobile`?"]);
    assert!(Case::parse("hook = ").unwrap_err()[0].contains("line 1"));
}
