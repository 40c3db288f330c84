//! Every function with which a guest could look at a field or touch it, with every field: what is not granted is refused by name.

use std::sync::Arc;

use chrono::DateTime;

use super::guests::{REALLOC, component_of, world};
use super::kit::{BUDGET, named, session};
use super::whole::{imports, sheet};
use crate::domain::cells::Cells;
use crate::domain::contact::Contact;
use crate::domain::enquiry::{Channel, Enquiry, Sender};
use crate::domain::field::FIELDS;
use crate::domain::reach::ENQUIRY;
use crate::domain::row::Columns;
use crate::plugin::hand::{ContactHand, EnquiryHand, MergeHand, RowHand, Subject, Terms};
use crate::plugin::hook::Hook;
use crate::plugin::service::{ContactLookup, LookupKey, Services};
use crate::plugin::verdict::Verdict;

/// Where the names lie, each in a place of its own.
const NAMES: usize = 4096;

fn fields() -> Vec<&'static str> {
    FIELDS.iter().map(|info| info.name).filter(|name| *name != "group").chain(["custom.tier"]).collect()
}

/// Calls each function with each name, and traps unless it is refused with a code of 11 letters (`NOT_GRANTED`) and that name.
fn body(functions: &[&str], names: &[&str]) -> String {
    let mut body = String::new();
    for function in functions {
        let (function, handle) = function.split_once('@').unwrap_or((function, "(local.get $it)"));
        let value = if is_write(function) { "(i32.const 16) (i32.const 1)" } else { "" };
        for (at, name) in names.iter().enumerate() {
            let (at, len) = (NAMES + at * 32, name.len());
            body.push_str(&format!(
                "(call ${function} {handle} (i32.const {at}) (i32.const {len}) {value} (i32.const 2048))
                 (if (i32.ne (i32.load8_u (i32.const 2048)) (i32.const 1)) (then unreachable))
                 (if (i32.ne (i32.load (i32.const 2056)) (i32.const 11)) (then unreachable))
                 (if (i32.ne (i32.load (i32.const 2064)) (i32.const {len})) (then unreachable))"
            ));
        }
    }
    body
}

fn is_write(function: &str) -> bool {
    ["set", "add", "remove"].iter().any(|verb| function.ends_with(verb))
}

/// Plays a guest under terms that grant one harmless field, or what is said.
#[track_caller]
fn check(hook: Hook, (name, func): (&str, &str), body: &str, names: &[&str], granted: &str, mut subject: Subject) {
    let data: String = names
        .iter()
        .enumerate()
        .map(|(at, name)| format!("(data (i32.const {}) \"{name}\")", NAMES + at * 32))
        .collect();
    let (before, ends) = match hook {
        Hook::Update => {
            ("(param $before i32)", "(call $drop-contact (local.get $it)) (call $drop-contact (local.get $before))")
        }
        Hook::ImportRow => ("", "(call $drop-row (local.get $it))"),
        Hook::Merge => ("", "(call $drop-merge (local.get $it))"),
        _ => ("", "(call $drop-enquiry (local.get $it))"),
    };
    // A refused edit that is then accepted is a fault; it is rejected with one problem: no field, code and message of one letter.
    let core = format!(
        r#"(module {} (memory (export "memory") 4) (global $heap (mut i32) (i32.const 131072)) {data}
             (data (i32.const 16) "x") (data (i32.const 32) "external_id") {REALLOC}
             (func (export "carnet:plugin/{name}@0.1.0#{func}") (param $it i32) {before} (result i32)
               {body} {ends}
               (i32.store8 (i32.const 1024) (i32.const {}))
               (i32.store (i32.const 1028) (i32.const 1200)) (i32.store (i32.const 1032) (i32.const 1))
               (i32.store (i32.const 1212) (i32.const 16)) (i32.store (i32.const 1216) (i32.const 1))
               (i32.store (i32.const 1220) (i32.const 16)) (i32.store (i32.const 1224) (i32.const 1))
               (i32.const 1024)))"#,
        imports(),
        if hook == Hook::ImportRow { 2 } else { 1 },
    );
    let list = || Some(vec![granted.to_owned()]);
    subject.begin(&Arc::new(Terms { reads: list(), writes: list(), ..Terms::open(10_000) }));
    let services = Services { lookup: Some(Arc::new(Found)), state: None };
    let returned = session(component_of(&core, &world(&[name])), BUDGET, services).call(hook, subject);
    assert!(matches!(returned.outcome, Ok(Verdict::Reject(_))), "{:?}", returned.outcome);
}

/// Finds one contact.
struct Found;

impl ContactLookup for Found {
    fn find(&self, _: &LookupKey, _: usize) -> Result<Vec<Arc<Contact>>, String> {
        Ok(vec![Arc::new(named(9, "Found"))])
    }
}

#[test]
fn no_field_of_a_contact_is_seen_or_touched_that_is_not_granted() {
    let functions = [
        "contact.get",
        "contact.values",
        "contact.get@(local.get $before)",
        "contact.values@(local.get $before)",
        "contact.set",
        "contact.add",
        "contact.remove",
    ];
    let hand = ContactHand { sheet: sheet(), before: Some(Arc::new(named(1, "Before"))) };
    let subject = Subject::Contact(Box::new(hand));
    check(Hook::Update, ("on-update", "update"), &body(&functions, &fields()), &fields(), "group", subject);
}

#[test]
fn a_lookup_tells_nothing_that_is_not_granted() {
    let in_hand = || Subject::Contact(Box::new(ContactHand { sheet: sheet(), before: None }));
    let ask = |by: &str, len: usize| {
        format!(
            "(call $lookup.find {by} (i32.const {len}) (i32.const 16) (i32.const 1) (i32.const 9) (i32.const 3000))"
        )
    };
    // What may be looked up by may be read; nothing else of what is found may.
    let found = format!(
        "{} (if (i32.load8_u (i32.const 3000)) (then unreachable))
         (if (i32.ne (i32.load (i32.const 3008)) (i32.const 1)) (then unreachable))
         {} (call $drop-contact (i32.load (i32.load (i32.const 3004))))",
        ask("(i32.const 32)", 11),
        body(
            &[
                "contact.get@(i32.load (i32.load (i32.const 3004)))",
                "contact.values@(i32.load (i32.load (i32.const 3004)))"
            ],
            &fields().into_iter().filter(|name| *name != "external_id").collect::<Vec<_>>()
        )
    );
    let names: Vec<&str> = fields().into_iter().filter(|name| *name != "external_id").collect();
    check(Hook::Update, ("on-update", "update"), &found, &names, "external_id", in_hand());
    let keys = ["email", "phone", "name", "external_id"];
    let refused: String = keys
        .iter()
        .enumerate()
        .map(|(at, by)| {
            let ask = ask(&format!("(i32.const {})", NAMES + at * 32), by.len());
            format!(
                "{ask} (if (i32.ne (i32.load8_u (i32.const 3000)) (i32.const 1)) (then unreachable))
                 (if (i32.ne (i32.load (i32.const 3008)) (i32.const 11)) (then unreachable))"
            )
        })
        .collect();
    check(Hook::Update, ("on-update", "update"), &refused, &keys, "group", in_hand());
}

#[test]
fn no_field_of_a_merge_is_seen_or_touched_that_is_not_granted() {
    let functions = [
        "merge.master",
        "merge.other",
        "merge.master-values",
        "merge.other-values",
        "merge.get",
        "merge.values",
        "merge.set",
        "merge.add",
        "merge.remove",
    ];
    let hand = MergeHand { master: Arc::new(named(1, "Master")), other: Arc::new(named(2, "Other")), result: sheet() };
    let subject = Subject::Merge(Box::new(hand));
    check(Hook::Merge, ("on-merge", "merge-contacts"), &body(&functions, &fields()), &fields(), "group", subject);
}

#[test]
fn nothing_of_an_enquiry_and_its_contact_is_seen_or_touched_that_is_not_granted() {
    let functions = [
        "enquiry.contact-get",
        "enquiry.contact-values",
        "enquiry.contact-set",
        "enquiry.contact-add",
        "enquiry.contact-remove",
    ];
    let in_hand = || {
        let enquiry = Enquiry::new(Channel::Email, Sender::default(), DateTime::UNIX_EPOCH);
        Subject::Enquiry(Box::new(EnquiryHand::new(enquiry, Some(sheet()), Vec::new())))
    };
    let hook = ("on-enquiry", "take-enquiry");
    check(Hook::Enquiry, hook, &body(&functions, &fields()), &fields(), "group", in_hand());
    let details: Vec<&str> = ENQUIRY.into_iter().chain(["attribute.x"]).collect();
    check(Hook::Enquiry, hook, &body(&["enquiry.get"], &details), &details, "group", in_hand());
}

#[test]
fn a_cell_goes_by_its_header_and_by_its_field() {
    let row = || {
        let mapping = vec![Some(crate::domain::field::Field::Mobile.into()), None];
        let columns = Columns::new(vec!["Cell".into(), "Notes".into()], mapping);
        Subject::Row(Box::new(RowHand::new(Arc::new(columns), Cells::from(vec!["1", "2"]), 1, 2)))
    };
    let hook = ("on-import-row", "import-row");
    for (granted, hidden) in
        [("group", &["Cell", "mobile", "Notes"][..]), ("mobile", &["Notes"]), ("header:Notes", &["Cell", "mobile"])]
    {
        check(Hook::ImportRow, hook, &body(&["row.get", "row.set"], hidden), hidden, granted, row());
    }
}
