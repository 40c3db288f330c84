//! The whole contract: every function of `wit/` has its counterpart here, and every kind of thing can be held.

use std::sync::Arc;

use chrono::DateTime;

use crate::domain::cells::Cells;
use crate::domain::draft::Draft;
use crate::domain::enquiry::{Channel, Enquiry, Sender};
use crate::domain::row::Columns;
use crate::domain::rules::Rules;
use crate::plugin::hand::{EnquiryHand, MergeHand, RowHand, Sheet, Subject, Terms};
use crate::plugin::hook::Hook;
use crate::plugin::service::Services;
use crate::plugin::verdict::Verdict;

use super::guests::{REALLOC, component_of, world};
use super::kit::{BUDGET, load, named, session};

/// Every function, by the numbers of its core parameters and results.
const READS: &str =
    "contact.get contact.values row.get merge.master merge.other merge.master-values merge.other-values merge.get
    merge.values enquiry.get enquiry.contact-get enquiry.contact-values enquiry.suppress-survey";
const WRITES: &str =
    "contact.set contact.add contact.remove row.set merge.set merge.add merge.remove enquiry.contact-set
    enquiry.contact-add enquiry.contact-remove enquiry.set-attribute";
const OTHERS: &[(&str, &str, &str)] = &[
    ("things", "[method]contact.id", "(param i32 i32)"),
    ("things", "[method]row.headers", "(param i32 i32)"),
    ("things", "[method]row.number", "(param i32) (result i64)"),
    ("things", "[method]row.line", "(param i32) (result i64)"),
    ("things", "[method]enquiry.has-contact", "(param i32) (result i32)"),
    ("things", "[method]enquiry.surveys-within-days", "(param i32 i32) (result i32)"),
    ("things", "[resource-drop]contact", "(param i32)"),
    ("things", "[resource-drop]row", "(param i32)"),
    ("things", "[resource-drop]merge", "(param i32)"),
    ("things", "[resource-drop]enquiry", "(param i32)"),
    ("log", "write", "(param i32 i32 i32)"),
    ("config", "get", "(param i32 i32 i32)"),
    ("config", "get-list", "(param i32 i32 i32)"),
    ("lookup", "find", "(param i32 i32 i32 i32 i32 i32)"),
    ("state", "get", "(param i32 i32 i32)"),
    ("state", "set", "(param i32 i32 i32 i32 i32)"),
    ("state", "remove", "(param i32 i32)"),
];

/// Imports everything, each function under its own name.
pub(super) fn imports() -> String {
    let import = |interface: &str, name: &str, shape: &str| {
        let id = name.trim_start_matches("[method]").replace("[resource-drop]", "drop-");
        let id = if interface == "things" { id } else { format!("{interface}.{id}") };
        format!("(import \"carnet:plugin/{interface}@0.1.0\" \"{name}\" (func ${id} {shape}))\n")
    };
    let method = |name: &str, shape: &str| import("things", &format!("[method]{name}"), shape);
    let reads = READS.split_whitespace().map(|name| method(name, "(param i32 i32 i32 i32)"));
    let writes = WRITES.split_whitespace().map(|name| method(name, "(param i32 i32 i32 i32 i32 i32)"));
    let others = OTHERS.iter().map(|(interface, name, shape)| import(interface, name, shape));
    reads.chain(writes).chain(others).collect()
}

/// Makes a guest of one hook that has everything at hand; texts are `$NAME`, kept at places of their own.
fn guest(hook: &str, func: &str, body: &str) -> Vec<u8> {
    let (mut data, mut body) = (String::new(), body.to_owned());
    for (at, text) in ["Full name", "company", "labels", "vip", "why", "Late"].iter().enumerate() {
        let at = 64 + at * 32;
        data.push_str(&format!("(data (i32.const {at}) \"{text}\")"));
        body = body.replace(&format!("${text}$"), &format!("(i32.const {at}) (i32.const {})", text.len()));
    }
    let core = format!(
        r#"(module {} (memory (export "memory") 2) (global $heap (mut i32) (i32.const 65536)) {data} {REALLOC}
             (func (export "carnet:plugin/{hook}@0.1.0#{func}") (param $it i32) (result i32) {body}))"#,
        imports()
    );
    component_of(&core, &world(&[hook]))
}

fn call(hook: Hook, code: Vec<u8>, mut subject: Subject) -> (Subject, Verdict) {
    subject.begin(&Arc::new(Terms::open(256)));
    let returned = session(code, BUDGET, Services::none()).call(hook, subject);
    let verdict = returned.outcome.unwrap_or_else(|fault| panic!("{fault}"));
    (returned.subject, verdict)
}

pub(super) fn sheet() -> Sheet {
    Sheet::new(Draft::new(named(1, "Result")), Arc::new(Rules::for_tests()))
}

#[test]
fn every_function_of_the_contract_is_linked() {
    assert!(load(guest("on-create", "create", "(call $drop-contact (local.get $it)) (i32.const 1024)")).is_ok());
}

#[test]
fn a_row_is_read_written_and_skipped() {
    let body = "(call $row.get (local.get $it) $Full name$ (i32.const 2048))
        (call $row.set (local.get $it) $company$ (i32.load (i32.const 2056)) (i32.load (i32.const 2060)) (i32.const 2080))
        (call $row.headers (local.get $it) (i32.const 2080))
        (if (i32.ne (i32.load (i32.const 2084)) (i32.const 2)) (then unreachable))
        (if (i64.ne (call $row.number (local.get $it)) (i64.const 3)) (then unreachable))
        (if (i64.ne (call $row.line (local.get $it)) (i64.const 4)) (then unreachable))
        (call $drop-row (local.get $it))
        (i32.store8 (i32.const 1024) (i32.const 1))
        (i32.store (i32.const 1028) (i32.load (i32.const 2056))) (i32.store (i32.const 1032) (i32.load (i32.const 2060)))
        (i32.const 1024)";
    let columns = Columns::new(vec!["Full name".into(), "Other".into()], vec![None, None]);
    let row = RowHand::new(Arc::new(columns), Cells::from(vec!["Ann\tLee", "x"]), 3, 4);
    let (subject, verdict) =
        call(Hook::ImportRow, guest("on-import-row", "import-row", body), Subject::Row(Box::new(row)));
    assert_eq!(verdict, Verdict::Skip("Ann Lee".into()));
    let Subject::Row(row) = subject else { panic!("not a row") };
    assert_eq!(row.get("company"), Ok(Some("Ann\tLee")));
}

#[test]
fn a_merge_is_read_and_its_result_written() {
    let body = "(call $merge.other (local.get $it) $company$ (i32.const 2048))
        (call $merge.set (local.get $it) $company$ (i32.load (i32.const 2056)) (i32.load (i32.const 2060)) (i32.const 2080))
        (call $merge.add (local.get $it) $labels$ $vip$ (i32.const 2080))
        (call $merge.values (local.get $it) $labels$ (i32.const 2080))
        (if (i32.ne (i32.load (i32.const 2088)) (i32.const 1)) (then unreachable))
        (call $drop-merge (local.get $it)) (i32.const 1024)";
    let mut other = named(2, "Other");
    other.company = Some("ACME".into());
    let merge = MergeHand { master: Arc::new(named(1, "Master")), other: Arc::new(other), result: sheet() };
    let code = guest("on-merge", "merge-contacts", body);
    let (mut subject, verdict) = call(Hook::Merge, code, Subject::Merge(Box::new(merge)));
    assert_eq!(verdict, Verdict::Accept);
    let edits: Vec<_> = subject.keep().into_iter().map(|edit| (edit.what, edit.new.unwrap_or_default())).collect();
    assert_eq!(edits, [("company".into(), "ACME".to_owned()), ("labels".into(), "vip".to_owned())]);
}

#[test]
fn an_enquiry_is_read_and_annotated() {
    let body = "(if (i32.eqz (call $enquiry.has-contact (local.get $it))) (then unreachable))
        (if (i32.ne (call $enquiry.surveys-within-days (local.get $it) (i32.const 1)) (i32.const 1)) (then unreachable))
        (call $enquiry.contact-add (local.get $it) $labels$ $vip$ (i32.const 2080))
        (call $enquiry.set-attribute (local.get $it) $why$ $Late$ (i32.const 2080))
        (call $enquiry.suppress-survey (local.get $it) $Late$ (i32.const 2080))
        (call $drop-enquiry (local.get $it)) (i32.const 1024)";
    let enquiry = Enquiry::new(Channel::Email, Sender::default(), DateTime::UNIX_EPOCH);
    let hand = EnquiryHand::new(enquiry, Some(sheet()), vec![-10, -100_000]);
    let code = guest("on-enquiry", "take-enquiry", body);
    let (subject, verdict) = call(Hook::Enquiry, code, Subject::Enquiry(Box::new(hand)));
    assert_eq!(verdict, Verdict::Accept);
    let Subject::Enquiry(hand) = subject else { panic!("not an enquiry") };
    assert_eq!(hand.suppress(), Some("Late"));
    assert_eq!(hand.enquiry().attributes["why"], "Late");
    assert_eq!(hand.contact().unwrap().draft().contact.labels.len(), 1);
}
