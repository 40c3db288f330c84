//! Scripts against the contract: what they read, write, decide and are told when they fail.

mod reach;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::*;
use crate::domain::cells::Cells;
use crate::domain::contact::{Contact, Stamp};
use crate::domain::draft::Draft;
use crate::domain::enquiry::{Channel, Enquiry, Sender};
use crate::domain::field::field_for_header;
use crate::domain::id::ContactId;
use crate::domain::row::Columns;
use crate::domain::rules::Rules;
use crate::plugin::Returned;
use crate::plugin::budget::Budget;
use crate::plugin::fault::FaultKind;
use crate::plugin::hand::{ContactHand, Edit, EnquiryHand, MergeHand, RowHand, Sheet, Subject, Terms};
use crate::plugin::hook::Hook;
use crate::plugin::package::{ConfigValue, EngineKind, Grants};
use crate::plugin::service::{ContactLookup, LookupKey, PluginState};
use crate::plugin::verdict::Verdict;

mod errors;
mod random;
mod rules;
mod shown;

fn package(code: &str) -> Package {
    let identity =
        Identity { name: "test".into(), version: "1.0.0".into(), hash: "0".repeat(64), engine: EngineKind::Rhai };
    Package {
        identity: Arc::new(identity),
        code: code.as_bytes().into(),
        path: "scripts/test/main.rhai".into(),
        grants: Grants::default(),
        budget: Budget::STANDARD,
        config: Arc::new(BTreeMap::new()),
    }
}

#[track_caller]
fn load(code: &str) -> Arc<dyn Plugin> {
    ScriptRuntime::new().load(&package(code)).unwrap()
}

fn row(cells: &[(&str, &str)]) -> Subject {
    let headers: Vec<String> = cells.iter().map(|(header, _)| (*header).to_owned()).collect();
    let mapping = headers.iter().map(|header| field_for_header(header)).collect();
    let record: Cells = cells.iter().map(|(_, cell)| *cell).collect();
    let mut subject = Subject::Row(Box::new(RowHand::new(Arc::new(Columns::new(headers, mapping)), record, 7, 9)));
    subject.begin(&Arc::new(Terms::open(256)));
    subject
}

fn contact(last_name: &str) -> Contact {
    let created = Stamp { at: chrono::DateTime::UNIX_EPOCH, by: "test".into() };
    let mut contact = Contact::new(ContactId::from_bytes([7; 16]), created);
    contact.last_name = Some(last_name.to_owned());
    contact
}

fn ann() -> Contact {
    let mut ann = contact("Lee");
    ann.first_name = Some("Ann".into());
    ann.company = Some("Acme".into());
    let rules = Rules::for_tests();
    ann.set(&crate::domain::field::Field::Mobile.into(), "+85212345678", &rules).unwrap();
    ann.set(&crate::domain::field::Field::Labels.into(), "VIP; Lead", &rules).unwrap();
    ann
}

fn sheet(contact: Contact) -> Sheet {
    Sheet::new(Draft::new(contact), Arc::new(Rules::for_tests()))
}

fn begun(mut subject: Subject, terms: Terms) -> Subject {
    subject.begin(&Arc::new(terms));
    subject
}

fn contact_in_hand(terms: Terms) -> Subject {
    let before = Some(Arc::new(ann()));
    begun(Subject::Contact(Box::new(ContactHand { sheet: sheet(ann()), before })), terms)
}

fn merge_in_hand() -> Subject {
    let mut other = ann();
    other.company = Some("Other Ltd".into());
    let hand = MergeHand { master: Arc::new(ann()), other: Arc::new(other), result: sheet(ann()) };
    begun(Subject::Merge(Box::new(hand)), Terms::open(256))
}

fn enquiry_in_hand(with_contact: bool) -> Subject {
    let from = Sender { phone: Some("+85212345678".into()), ..Sender::default() };
    let opened_at = chrono::DateTime::from_timestamp(1_000_000, 0).unwrap();
    let enquiry = Enquiry { id: 5, ..Enquiry::new(Channel::Whatsapp, from, opened_at) };
    let hand = EnquiryHand::new(enquiry, with_contact.then(|| sheet(ann())), vec![0, 999_000]);
    begun(Subject::Enquiry(Box::new(hand)), Terms::open(256))
}

#[track_caller]
fn call(code: &str, hook: Hook, subject: Subject) -> Returned {
    load(code).session(Services::none()).call(hook, subject)
}

/// Runs the body of a hook and returns what was edited, as `what=new`.
#[track_caller]
fn edits(hook: Hook, body: &str, subject: Subject) -> Vec<String> {
    let parameters = match hook {
        Hook::ImportRow => "row",
        Hook::Update => "contact, before",
        Hook::Merge => "merge",
        Hook::Enquiry => "enquiry",
        Hook::Create | Hook::Delete => "contact",
    };
    let mut returned = call(&format!("fn {hook}({parameters}) {{ {body} }}"), hook, subject);
    assert_eq!(returned.outcome, Ok(Verdict::Accept), "{body}");
    returned
        .subject
        .keep()
        .into_iter()
        .map(|Edit { what, new, .. }| format!("{what}={}", new.unwrap_or_default()))
        .collect()
}

#[test]
fn a_row_is_read_and_written_by_header_and_by_field() {
    let check = |body: &str, expected: &[&str]| {
        let subject = row(&[("Full Name", "Ann Lee"), ("Mobile", "+85212345678"), ("City", " ")]);
        assert_eq!(edits(Hook::ImportRow, body, subject), expected, "{body}");
    };
    check("row.first_name = row[\"Full Name\"];", &["first_name=Ann Lee"]);
    check("row[\"Full Name\"] = row.mobile + \"!\";", &["Full Name=+85212345678!"]);
    check("row.set(\"company\", row.get(\"mobile\"));", &["company=+85212345678"]);
    check("if row[\"No such\"] == () { row.company = 12; }", &["company=12"]);
    check("if row.has(\"mobile\") && !row.has(\"city\") && !row.has(\"x\") { row.sms = true; }", &["sms=yes"]);
    check("row.company = `${row.number} ${row.line} ${row.headers.len()}`;", &["company=7 9 3"]);
    check("row[\"custom.tier\"] = \"A\"; row.mobile = ();", &["custom.tier=A", "mobile="]);
    check("row[\"line\"] = \"@ann\"; row.company = row[\"line\"];", &["line=@ann", "company=@ann"]);
    check("row.mobile = row.mobile;", &[]);
    check("row.mobile.split(\"+\"); row.headers.len(); row[\"Full Name\"].split(\" \");", &[]);
    check("row[\"Full Name\"].trim(); row[\"Full Name\"].replace(\"Ann \", \"\");", &["Full Name=Lee"]);
}

#[test]
fn a_contact_is_read_and_written_by_field() {
    let check = |body: &str, expected: &[&str]| {
        assert_eq!(edits(Hook::Update, body, contact_in_hand(Terms::open(256))), expected, "{body}");
    };
    check("contact.company = contact.first_name.to_upper();", &["company=ANN"]);
    check("contact.company = contact.city + contact[\"custom.none\"] + \"x\";", &["company=x"]);
    check("contact.label(\"New\"); contact.unlabel(\"vip\");", &["labels=Lead; New; VIP", "labels=Lead; New"]);
    check("contact.labels.push(\"Zeta\");", &["labels=Lead", "labels=Lead; VIP", "labels=Lead; VIP; Zeta"]);
    check("contact.labels = [];", &["labels="]);
    check(
        "if contact.has_label(\"vip\") && contact.labels == [\"Lead\", \"VIP\"] { contact.company = \"yes\"; }",
        &["company=yes"],
    );
    check(
        "contact.add(\"email\", \"a@example.com\"); contact.remove(\"mobile\", contact.mobile);",
        &["email=a@example.com", "mobile="],
    );
    check("contact.survey_opt_out = true; contact[\"custom.n\"] = 3;", &["survey_opt_out=yes", "custom.n=3"]);
    check("if contact.company != before.company { throw 1; } contact.company = \"\";", &["company="]);
    check(
        "if contact.has(\"company\") && !contact.has(\"city\") { contact.city = contact.values(\"mobile\")[0]; }",
        &["city=+85212345678"],
    );
    check(
        "try { contact.mobile = \"abc\"; } catch (err) { contact.mobile = \"+85287654321\"; contact.city = err.code; }",
        &["mobile=+85287654321", "city=PHONE_LETTERS"],
    );
    check("if contact.id.len() != 36 || contact.id.split(\"-\").len() != 5 { throw contact.id; }", &[]);
    check("contact.mobile.split(\"+\"); contact.labels.len(); before.labels.len(); before.mobile.split(\"+\");", &[]);
    check(
        "contact.add(\"mobile\", \"+85287654321\"); contact.mobile = contact.mobile;",
        &["mobile=+85212345678; +85287654321"],
    );
}

#[test]
fn a_merge_shows_both_sides_and_writes_the_result() {
    let check =
        |body: &str, expected: &[&str]| assert_eq!(edits(Hook::Merge, body, merge_in_hand()), expected, "{body}");
    check(
        "merge.result.company = merge.master.company + \" & \" + merge.other.company;",
        &["company=Acme & Other Ltd"],
    );
    check("merge.result.label(merge.other.labels[0] + \"2\");", &["labels=Lead; Lead2; VIP"]);
    check("let result = merge.result; result.city = merge.result.id == merge.master.id;", &["city=yes"]);
}

#[test]
fn an_enquiry_is_read_and_its_contact_written() {
    let check = |body: &str, expected: &[&str]| {
        assert_eq!(edits(Hook::Enquiry, body, enquiry_in_hand(true)), expected, "{body}");
    };
    check("enquiry.contact.survey_opt_out = \"yes\";", &["survey_opt_out=yes"]);
    check(
        "enquiry.set_attribute(\"from\", `${enquiry.channel} ${enquiry[\"from.phone\"]}`);",
        &["attribute.from=whatsapp +85212345678"],
    );
    check("enquiry[\"attribute.n\"] = enquiry.surveys_within_days(1);", &["attribute.n=1"]);
    check("enquiry.suppress_survey(enquiry.contact.first_name);", &["survey=Ann"]);
    check(
        "if enquiry.subject == \"\" && enquiry.id == \"5\" && enquiry.has_contact { enquiry.contact.label(\"Seen\"); }",
        &["labels=Lead; Seen; VIP"],
    );
    assert_eq!(
        edits(Hook::Enquiry, "if enquiry.contact != () || enquiry.has_contact { throw 1; }", enquiry_in_hand(false)),
        [""; 0]
    );
}

#[test]
fn rejections_add_up_and_the_function_goes_on() {
    let code = "fn on_create(contact) {
        reject(\"one\");
        reject(\"mobile\", \"TWO\", \"two\");
        reject(\"mobile\", \"THREE\", \"three\", \"do this\");
        reject(#{field: \"city\", code: \"FOUR\", message: \"four\", hint: \"do that\"});
        reject(#{message: \"five\"});
    }";
    let returned = call(code, Hook::Create, contact_in_hand(Terms::open(256)));
    let Ok(Verdict::Reject(problems)) = returned.outcome else { panic!("{:?}", returned.outcome) };
    let told: Vec<_> = problems
        .iter()
        .map(|problem| {
            format!(
                "{} {} {} {}",
                problem.field.as_deref().unwrap_or("-"),
                problem.code,
                problem.message,
                problem.hint.as_deref().unwrap_or("-")
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            "- REJECTED one -",
            "mobile TWO two -",
            "mobile THREE three do this",
            "city FOUR four do that",
            "- REJECTED five -"
        ]
    );
}

#[track_caller]
fn check_verdict(body: &str, expected: Result<Verdict, FaultKind>) {
    let returned = call(&format!("fn on_import_row(row) {{ {body} }}"), Hook::ImportRow, row(&[("Mobile", "1")]));
    assert_eq!(returned.outcome.map_err(|fault| fault.kind), expected, "{body}");
}

#[test]
fn verdicts_are_what_was_said_and_nothing_else() {
    check_verdict("", Ok(Verdict::Accept));
    check_verdict("true", Ok(Verdict::Accept));
    check_verdict("exit();", Ok(Verdict::Accept));
    check_verdict("skip(\"a sample\"); return;", Ok(Verdict::Skip("a sample".into())));
    check_verdict("return false;", Err(FaultKind::Verdict));
    check_verdict("[1, 2].pop();", Ok(Verdict::Accept));
    check_verdict("reject(#{mesage: \"x\"})", Err(FaultKind::Script));
    check_verdict("throw \"no\";", Err(FaultKind::Script));
    let returned = call("fn on_create(contact) { skip(\"x\"); }", Hook::Create, contact_in_hand(Terms::open(256)));
    assert_eq!(returned.outcome.unwrap_err().kind, FaultKind::Verdict);
}

#[test]
fn an_error_names_line_column_and_source() {
    let code = "fn on_create(contact) {\n    let a = 1;\n    check(contact);\n}\nfn check(contact) {\n    contact.nmae = \"x\";\n}";
    let fault = call(code, Hook::Create, contact_in_hand(Terms::open(256))).outcome.unwrap_err();
    assert_eq!((fault.kind, fault.message.as_str()), (FaultKind::RefusedEdit, "there is no field `nmae`"));
    let position = fault.position.unwrap();
    assert_eq!(
        (position.file.as_str(), position.line, position.source.as_deref()),
        ("main.rhai", 6, Some("contact.nmae = \"x\";"))
    );
    assert_eq!(position.column, 12);
}

#[track_caller]
fn check_fault(body: &str, terms: Terms, kind: FaultKind, message: &str, hint: &str) {
    let code = format!("fn on_update(contact, before) {{ {body} }}");
    let fault = call(&code, Hook::Update, contact_in_hand(terms)).outcome.unwrap_err();
    assert_eq!(fault.kind, kind, "{body}: {fault:?}");
    assert!(fault.message.contains(message), "{body}: {fault:?}");
    assert!(fault.hint.as_deref().unwrap_or_default().contains(hint), "{body}: {fault:?}");
}

#[test]
fn faults_say_what_happened_and_what_to_do() {
    let open = || Terms::open(256);
    let read_only = || Terms { read_only: true, ..open() };
    let narrow = || Terms { reads: Some(vec!["company".into()]), writes: Some(vec!["city".into()]), ..open() };
    check_fault("contact.mobile = \"abc\";", open(), FaultKind::RefusedEdit, "", "");
    check_fault("try { contact.mobile = \"abc\"; } catch { }", open(), FaultKind::RefusedEdit, "", "");
    check_fault("contact.nmae", open(), FaultKind::Script, "there is no field `nmae`", "");
    check_fault("before.company = \"x\";", open(), FaultKind::RefusedEdit, "only shown", "in hand");
    check_fault("contact.company = \"x\";", read_only(), FaultKind::RefusedEdit, "cannot be set", "check phase");
    check_fault("contact.company = \"x\";", narrow(), FaultKind::RefusedEdit, "may not write", "plugin.toml");
    check_fault("contact.city = contact.mobile;", narrow(), FaultKind::Script, "may not read", "plugin.toml");
    check_fault("contact.company = [1, #{}];", open(), FaultKind::Script, "no text", "");
    check_fault("reject(1, 2);", open(), FaultKind::Script, "`reject` cannot be called with", "`reject(message)`");
    check_fault(
        "let f = Fn(\"lookup\"); f.call(\"email\", \"x\");",
        open(),
        FaultKind::Script,
        "not granted",
        "carnet.toml",
    );
    check_fault("for i in 0..300 { contact.city = `c${i}`; }", open(), FaultKind::Edits, "256", "");
    check_fault("throw contact.id + \"!\";", open(), FaultKind::Script, "!", "");
}

#[test]
fn constants_are_computed_once_and_seen_by_every_function() {
    let mut package = package(
        "const LIMIT = config(\"limit\");\nconst NAMES = config(\"names\");\nconst DOUBLE = LIMIT * 2;\n\
         fn on_create(contact) { contact.city = helper(); }\nfn helper() { `${DOUBLE} ${NAMES[1]} ${config(\"none\") ?? 7}` }",
    );
    let names = ConfigValue::List(vec!["a".into(), "b".into()]);
    package.config = Arc::new(BTreeMap::from([("limit".into(), ConfigValue::Integer(21)), ("names".into(), names)]));
    let script = ScriptRuntime::new().load(&package).unwrap();
    let mut session = script.session(Services::none());
    for _ in 0..2 {
        let mut returned = session.call(Hook::Create, contact_in_hand(Terms::open(9)));
        assert_eq!(returned.outcome, Ok(Verdict::Accept));
        assert_eq!(returned.subject.keep()[0].new.as_deref(), Some("42 b 7"));
    }
}

#[test]
fn a_session_goes_on_after_a_fault_with_nothing_left_of_it() {
    let code = "fn on_create(contact) { if contact.company == \"Acme\" { log_info(\"x\"); reject(\"first\"); throw \"no\"; } contact.city = \"C\"; }";
    let script = load(code);
    let mut session = script.session(Services::none());
    let mut first = session.call(Hook::Create, contact_in_hand(Terms::open(9)));
    assert_eq!(first.outcome.unwrap_err().kind, FaultKind::Script);
    assert_eq!((first.log.len(), first.subject.revert().len()), (1, 0));
    let second = Subject::Contact(Box::new(ContactHand { sheet: sheet(contact("Wong")), before: None }));
    let mut returned = session.call(Hook::Create, begun(second, Terms::open(9)));
    assert_eq!(returned.outcome, Ok(Verdict::Accept));
    assert_eq!((returned.log.len(), returned.subject.keep().len()), (0, 1));
    assert!(returned.spent.operations > 0 && returned.spent.host_calls == 3, "{:?}", returned.spent);
}

struct Book;

impl ContactLookup for Book {
    fn find(&self, key: &LookupKey, limit: usize) -> Result<Vec<Arc<Contact>>, String> {
        match key {
            LookupKey::Email(_) => Ok((0..limit.min(3)).map(|_| Arc::new(ann())).collect()),
            _ => Err("closed".into()),
        }
    }
}

struct Memory;

impl PluginState for Memory {
    fn get(&self, plugin: &str, key: &str) -> Option<Vec<u8>> {
        (plugin == "test" && key == "n").then(|| b"41".to_vec())
    }

    fn size(&self, _: &str) -> usize {
        (1 << 20) - 100
    }
}

#[track_caller]
fn granted(body: &str) -> Returned {
    let mut package = package(&format!("fn on_create(contact) {{ {body} }}"));
    package.grants = Grants { lookup: true, state: true };
    let script = ScriptRuntime::new().load(&package).unwrap();
    let services = Services { lookup: Some(Arc::new(Book)), state: Some(Arc::new(Memory)) };
    script.session(services).call(Hook::Create, contact_in_hand(Terms::open(9)))
}

#[test]
fn lookup_and_state_work_by_grant() {
    let accepts = |body: &str| assert_eq!(granted(body).outcome, Ok(Verdict::Accept), "{body}");
    accepts(
        "let found = lookup(\"email\", \"a@b.c\"); if found.len() != 3 || found[0].company != \"Acme\" { throw 1; }",
    );
    accepts("if lookup(\"email\", \"a@b.c\", 2).len() != 2 { throw 1; }");
    accepts("if state_get(\"n\") != \"41\" || state_get(\"m\") != () { throw 1; }");
    let returned =
        granted("state_set(\"n\", parse_int(state_get(\"n\")) + 1); if state_get(\"n\") != \"42\" { throw 1; }");
    assert_eq!((returned.outcome, returned.state[0].value.as_deref()), (Ok(Verdict::Accept), Some(&b"42"[..])));
    let fails = |body: &str, kind| assert_eq!(granted(body).outcome.unwrap_err().kind, kind, "{body}");
    fails("lookup(\"shoe\", \"x\");", FaultKind::Script);
    fails("lookup(\"phone\", \"x\");", FaultKind::Script);
    fails("let c = lookup(\"email\", \"x\")[0]; c.company = \"y\";", FaultKind::RefusedEdit);
    fails(
        "state_set(\"k\", \"123456789 123456789 123456789 123456789 123456789 123456789 123456789 123456789 123456789 123456789 \");",
        FaultKind::State,
    );
    fails("state_set(\"\", \"1\");", FaultKind::State);
    assert_eq!(granted("state_set(\"n\", \"1\"); throw 1;").state, []);
}

#[track_caller]
fn check_load(code: &str, message: &str, hint: &str, line: Option<usize>) {
    let error = ScriptRuntime::new().load(&package(code)).err().unwrap_or_else(|| panic!("loaded: {code}"));
    assert!(error.message.contains(message), "{code}: {error:?}");
    assert!(error.hint.as_deref().unwrap_or_default().contains(hint), "{code}: {error:?}");
    assert_eq!(error.position.as_ref().map(|position| position.line), line, "{code}: {error:?}");
}

#[test]
fn a_script_that_cannot_work_is_not_loaded() {
    check_load("fn on_create(contact) {\n  let x = ;\n}", "", "", Some(2));
    check_load(
        "fn on_create(contact) {\n  contact.city = cty;\n}",
        "there is no variable `cty`",
        "did you mean `city`?",
        Some(2),
    );
    check_load(
        "fn on_create(contact) {\n  titel_case(\"x\");\n}",
        "there is no function `titel_case`",
        "did you mean `title_case`?",
        Some(2),
    );
    check_load("\nfn onCreate(contact) { }", "`onCreate` is no hook", "did you mean `on_create`?", Some(2));
    check_load("fn on_import(row) { }", "`on_import` is no hook", "`on_import_row`", Some(1));
    check_load("fn on_ponies(row) { }", "`on_ponies` is no hook", "on_import_row(row)", Some(1));
    check_load("fn helper() { }", "no hook", "on_import_row(row)", None);
    check_load(
        "fn on_create() { }",
        "`on_create` takes (contact), and here it has 0",
        "fn on_create(contact)",
        Some(1),
    );
    check_load("fn on_update(contact) { }", "takes (contact, before), and here it has 1 parameter", "", Some(1));
    check_load("let x = 1; fn on_create(contact) { }", "`let x`", "const x", None);
    check_load("const X = 1 / 0; fn on_create(contact) { }", "", "", Some(1));
    check_load(
        "fn on_create(contact) { lookup(\"email\", \"x\"); }",
        "asks for `lookup`, which is not granted",
        "grants = [\"lookup\"]",
        None,
    );
    check_load(
        "fn on_create(contact) { `${state_get(\"x\")}`; }",
        "asks for `state`, which is not granted",
        "grants = [\"state\"]",
        None,
    );
    check_load("reject(\"x\"); fn on_create(contact) { }", "hooks only", "", Some(1));
}

#[track_caller]
fn helper(expression: &str, expected: &str) {
    let returned = call(
        &format!("fn on_create(contact) {{ log_info({expression}); }}"),
        Hook::Create,
        contact_in_hand(Terms::open(9)),
    );
    assert_eq!(returned.outcome, Ok(Verdict::Accept), "{expression}");
    assert_eq!(returned.log[0].text, expected, "{expression}");
}

#[test]
fn helpers_read_what_imports_bring() {
    helper("split_name(\"Lee, Ann\").first + split_name(()).last", "Ann");
    helper("title_case(\"ANN LEE\") + fold(\"É\") + digits(\"+1 (23)\")", "Ann Leee123");
    helper("normalize_phone(\"1234 5678\", \"HK\") + normalize_phone(\"x\")", "+85212345678");
    helper(
        "find_emails(\"Ann <a@example.com>; b@example.com, A@example.com\")",
        "[\"a@example.com\", \"b@example.com\"]",
    );
    helper("`${is_email(\"a@example.com\")} ${is_email(\"a@\")}`", "true false");
    helper("parse_date(\"14/12/1980\", \"DD/MM/YYYY\") + parse_date(\"14/12/1980\", \"MM/DD/YYYY\")", "1980-12-14");
    helper("country_code(\"Hong Kong\") + language_code(\"Italian\") + country_code(\"?\")", "HKit");
    helper("`${regex_match(\"The CEO\", \"(?i)\\\\bceo\\\\b\")}`", "true");
    helper("regex_find(\"id: 42;\", \"id: (\\\\d+)\") + regex_replace(\"a-b-c\", \"-(.)\", \"$1\")", "42abc");
    helper("{ let s = \"a.b\"; s.replace(\".\", \"--\"); s }", "a--b");
    helper("[1, 2].map(|x| x * 2)", "[2, 4]");
    helper("[5, 5].map(|x, i| x * i)", "[0, 5]");
}
