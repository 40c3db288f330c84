//! Cases read, played and compared.

use super::*;
use crate::plugin::package::{ConfigValue, EngineKind, Grants, Identity};
use crate::registry::fake::Fake;

fn package(manifest: &Manifest, code: &str) -> Package {
    let identity =
        Identity { name: "a".into(), version: "1.0.0".into(), hash: String::new(), engine: EngineKind::Rhai };
    Package {
        identity: Arc::new(identity),
        code: code.as_bytes().into(),
        path: "main.rhai".into(),
        grants: Grants::default(),
        budget: manifest.limits.budget(),
        config: Arc::new([("city".to_owned(), ConfigValue::Text("of the deployment".into()))].into()),
    }
}

/// Plays a case on a fake plugin; returns the failures as text.
fn failures(manifest: &str, code: &str, case: &str) -> Vec<String> {
    let manifest = Manifest::parse(manifest, "a").unwrap();
    let package = package(&manifest, code);
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

/// Each fault as `line:column message`.
#[track_caller]
fn faults(text: &str, expected: &[&str]) {
    let told = Case::parse(text, "one.toml").unwrap_err();
    let told: Vec<String> = told
        .iter()
        .map(|error| {
            let position = error.position.as_ref().unwrap();
            format!("{}:{} {error}", position.line, position.column)
        })
        .collect();
    assert_eq!(told, expected, "{text}");
}

#[test]
fn every_fault_of_a_case_is_told_with_its_place() {
    faults(
        "hook = 'on_creat'\nbefor = 1\n[expect]\nverdict = 'acept'",
        &[
            "1:8 `hook` names no hook; did you mean `on_create`?",
            "2:1 a case has no key `befor`; did you mean `before`?",
            "4:11 `expect.verdict` takes no `acept`; did you mean `accept`?",
        ],
    );
    let expect = "[expect]\nverdict = 'accept'";
    faults(
        &format!("hook = 'on_create'\n[contact]\nmoblie = '1'\n{expect}"),
        &["3:1 `contact`: there is no field `moblie`; did you mean `mobile`?"],
    );
    faults(
        &format!("hook = 'on_import_row'\n[contact]\n{expect}"),
        &["2:2 on_import_row is about [row], and here is [contact], which is for on_create, on_update or on_delete"],
    );
    faults(
        &format!(
            "hook = 'on_create'\n[contact]\nmobile = 2020-01-01\n{expect}\nset = 1\n[[expect.problems]]\nfeld = 1"
        ),
        &[
            "3:10 `contact.mobile` takes a text",
            "6:7 `set` takes a table: [expect.set]",
            "8:1 [[expect.problems]] has no key `feld`; did you mean `field`?",
        ],
    );
    faults("hook = ", &["1:8 string values must be quoted, expected literal string"]);
}

#[test]
fn lines_of_the_log_are_compared() {
    let case = "hook = 'on_create'\n[contact]\n[expect]\nverdict = 'accept'\nlog = ['lo']";
    passes("", "on_create log hello", case);
    let told = failures("", "on_create log hi", case);
    assert_eq!(told, ["case `one.toml`: log: expected a line with `lo`, got `hi`"]);
}

/// Blesses a case against a plugin; returns its text afterwards with the changes below, or why not.
fn blessed(code: &str, text: &str) -> String {
    let manifest = Manifest::parse("", "a").unwrap();
    let package = package(&manifest, code);
    let mut runs = play_cases(&Fake::default(), &package, &manifest, [("one.toml", text)]);
    let CaseEnd::Differs(mut differs) = runs.remove(0).end else { return "nothing differs".to_owned() };
    let Differs { case, played, .. } = &mut *differs;
    match bless(text, case, played.as_mut().unwrap()) {
        Ok(blessed) => {
            let again = play_cases(&Fake::default(), &package, &manifest, [("one.toml", blessed.text.as_str())]);
            assert!(again[0].passed(), "{}", blessed.text);
            format!("{}--\n{}\n", blessed.text, blessed.changes.join("\n"))
        }
        Err(why) => why,
    }
}

#[test]
fn what_came_out_is_written_over_what_was_expected_and_nothing_else() {
    let case = "# why\nhook = 'on_create'   # this one\n[contact]\nlast_name = \"Lee\"\n\n[expect] # so\nverdict = 'accept' # or not\n\n[expect.set]\n# the city\ncity = 'Rome' # eternal\nlast_name = 'Lee'\n# end\n";
    insta::assert_snapshot!(blessed("on_create set city Oslo", case), @r##"
    # why
    hook = 'on_create'   # this one
    [contact]
    last_name = "Lee"

    [expect] # so
    verdict = 'accept' # or not

    [expect.set]
    # the city
    city = "Oslo" # eternal
    last_name = 'Lee'
    # end
    --
    set.city: `Rome` → `Oslo`
    "##);
    insta::assert_snapshot!(blessed("on_create reject city BAD", case), @r#"
    # why
    hook = 'on_create'   # this one
    [contact]
    last_name = "Lee"

    [expect] # so
    verdict = "reject" # or not

    [expect.set]
    # the city
    city = "" # eternal
    last_name = 'Lee'

    [[expect.problems]]
    code = "BAD"
    field = "city"
    # end
    --
    verdict: accept → reject
    set.city: `Rome` → ``
    problems: now BAD of `city`
    "#);
    assert_eq!(blessed("on_create fault", case), "it ended in a fault (PLUGIN_SCRIPT), and a fault is never blessed");
}

#[test]
fn expectations_come_and_go_in_any_notation() {
    let case = "hook = 'on_create'\n[contact]\n[expect]\nverdict = 'reject'\n[[expect.problems]]\ncode = 'OLD'\n[[expect.problems]]\ncode = 'BAD'\n";
    insta::assert_snapshot!(blessed("on_create reject zip BAD", case), @r#"
    hook = 'on_create'
    [contact]
    [expect]
    verdict = 'reject'
    [[expect.problems]]
    code = 'BAD'
    --
    problems: no longer OLD
    "#);
    insta::assert_snapshot!(blessed("on_create set city Oslo", case), @r#"
    hook = 'on_create'
    [contact]
    [expect]
    verdict = "accept"

    [expect.set]
    city = "Oslo"
    --
    verdict: reject → accept
    set.city: nothing → `Oslo`
    problems: no longer OLD
    problems: no longer BAD
    "#);
    let inline = "hook = 'on_create'\nexpect = { verdict = 'accept', log = ['a', 'b'] }\n[contact]\n";
    insta::assert_snapshot!(blessed("on_create log a\non_create reject city BAD", inline), @r#"
    hook = 'on_create'
    expect = { verdict = "reject", log = ['a'], problems = [{ code = "BAD", field = "city" }] }
    [contact]
    --
    verdict: accept → reject
    problems: now BAD of `city`
    log: no longer `b`
    "#);
    let dotted = "hook = 'on_enquiry'\r\nexpect.verdict = 'accept'\r\nexpect.set.attribute.tier = 'tin'\r\n[enquiry]\r\nchannel = 'call'\r\n";
    insta::assert_snapshot!(blessed("on_enquiry set attribute.tier gold", dotted).replace('\r', "␍"), @r#"
    hook = 'on_enquiry'␍
    expect.verdict = 'accept'␍
    expect.set.attribute.tier = "gold"␍
    [enquiry]␍
    channel = 'call'␍
    --
    set.attribute.tier: `tin` → `gold`
    "#);
}
