//! Every way in which a script could look at a field or touch it, with every field: what is not granted is neither seen nor changed.

use super::*;
use crate::domain::field::FIELDS;
use crate::domain::reach::ENQUIRY;

/// Nothing but one harmless field may be read and written.
fn narrow() -> Terms {
    Terms { reads: Some(vec!["group".into()]), writes: Some(vec!["group".into()]), ..Terms::open(100_000) }
}

/// Rules that look at one field.
const RULES: &str = "rules([#{field: \"$\", pattern: \"x\", gives: \"x\"}])";

fn fields() -> Vec<&'static str> {
    let known = FIELDS.iter().map(|info| info.name).filter(|name| *name != "group");
    known.chain(["custom.tier"]).collect()
}

/// Tries each expression with each name, `$` being the name, and expects `NOT_GRANTED` with the name every time.
#[track_caller]
fn check(hook: Hook, parameters: &str, expressions: &[&str], names: &[&str], subject: Subject) {
    let mut body = String::new();
    for expression in expressions {
        for name in names {
            let property = !name.contains('.');
            if expression.contains(".$") && !property {
                continue;
            }
            let tried = expression.replace('$', name);
            let shown = tried.replace('"', "'");
            body.push_str(&format!(
                "try {{ {tried}; log_info(\"done: {shown}\"); }} catch (err) {{ if err.code != \"NOT_GRANTED\" || err.field != \"{name}\" {{ log_info(\"odd: {shown} \" + err.code); }} }}\n"
            ));
        }
    }
    // A refused edit that is then accepted is a fault; here it is rejected.
    let code = format!("fn {hook}({parameters}) {{ {body} reject(\"x\"); }}");
    let package = Package { grants: Grants { lookup: true, state: false }, ..package(&code) };
    let services = Services { lookup: Some(Arc::new(Found)), state: None };
    let plugin = ScriptRuntime::new().load(&package).unwrap();
    let returned = plugin.session(services).call(hook, subject);
    let told: Vec<String> = returned.log.into_iter().map(|line| line.text).collect();
    assert_eq!(told, Vec::<String>::new());
    assert!(matches!(returned.outcome, Ok(Verdict::Reject(_))), "{:?}", returned.outcome);
}

/// Finds one contact that has everything.
struct Found;

impl ContactLookup for Found {
    fn find(&self, _: &LookupKey, _: usize) -> Result<Vec<Arc<Contact>>, String> {
        Ok(vec![Arc::new(ann())])
    }
}

/// The ways to read a field of a contact.
fn reads(contact: &str) -> Vec<String> {
    ["$C.get(\"$\")", "$C[\"$\"]", "$C.values(\"$\")", "$C.has(\"$\")", "$C.matches(\"$\", \"x\")", "$C.$"]
        .iter()
        .map(|way| way.replace("$C", contact))
        .collect()
}

/// The ways to write one. A property is read before it is written, which is refused as well.
fn writes(contact: &str) -> Vec<String> {
    ["$C.set(\"$\", \"x\")", "$C[\"$\"] = \"x\"", "$C.add(\"$\", \"x\")", "$C.remove(\"$\", \"x\")", "$C.$ = \"x\""]
        .iter()
        .map(|way| way.replace("$C", contact))
        .collect()
}

fn as_texts(ways: &[String]) -> Vec<&str> {
    ways.iter().map(String::as_str).collect()
}

#[test]
fn no_field_of_a_contact_is_seen_or_touched_that_is_not_granted() {
    let ways: Vec<String> = reads("contact").into_iter().chain(reads("before")).chain(writes("contact")).collect();
    check(Hook::Update, "contact, before", &as_texts(&ways), &fields(), contact_in_hand(narrow()));
    let rules = [format!("{RULES}.fitting(contact)"), format!("{RULES}.fitting(contact, before)")];
    check(Hook::Update, "contact, before", &as_texts(&rules), &["company", "custom.tier"], contact_in_hand(narrow()));
    let labels =
        ["contact.has_label(\"VIP\")", "before.has_label(\"VIP\")", "contact.label(\"x\")", "contact.unlabel(\"VIP\")"];
    check(Hook::Update, "contact, before", &labels, &["labels"], contact_in_hand(narrow()));
}

#[test]
fn no_field_of_a_merge_is_seen_or_touched_that_is_not_granted() {
    let ways: Vec<String> = ["merge.master", "merge.other", "merge.result"]
        .into_iter()
        .flat_map(reads)
        .chain(writes("merge.result"))
        .collect();
    let Subject::Merge(hand) = merge_in_hand() else { panic!("a merge") };
    check(Hook::Merge, "merge", &as_texts(&ways), &fields(), begun(Subject::Merge(hand), narrow()));
}

#[test]
fn nothing_of_an_enquiry_and_its_contact_is_seen_or_touched_that_is_not_granted() {
    let in_hand = || begun(enquiry_in_hand(true), narrow());
    let ways: Vec<String> = reads("enquiry.contact").into_iter().chain(writes("enquiry.contact")).collect();
    check(Hook::Enquiry, "enquiry", &as_texts(&ways), &fields(), in_hand());
    let details: Vec<&str> = ENQUIRY.into_iter().chain(["attribute.x"]).collect();
    check(Hook::Enquiry, "enquiry", &["enquiry[\"$\"]", "enquiry.get(\"$\")", "enquiry.$"], &details, in_hand());
    check(Hook::Enquiry, "enquiry", &["enquiry.set_attribute(\"x\", \"y\")"], &["attribute.x"], in_hand());
    check(Hook::Enquiry, "enquiry", &["enquiry.suppress_survey(\"y\")"], &["survey"], in_hand());
}

#[test]
fn a_lookup_tells_nothing_that_is_not_granted() {
    let by_id = Terms { reads: Some(vec!["external_id".into()]), ..narrow() };
    let others: Vec<&str> = fields().into_iter().filter(|name| *name != "external_id").collect();
    let ways: Vec<String> = reads("lookup(\"external_id\", \"x:1\")[0]");
    check(Hook::Update, "contact, before", &as_texts(&ways), &others, contact_in_hand(by_id));
    for (by, field) in [("email", "email"), ("phone", "mobile"), ("name", "first_name"), ("external_id", "external_id")]
    {
        let ask = format!("lookup(\"{by}\", \"x\")");
        check(Hook::Update, "contact, before", &[&ask], &[field], contact_in_hand(narrow()));
    }
    let most = Terms { reads: Some(crate::domain::reach::expand(&["emails".into()])), ..narrow() };
    let returned = call("fn on_create(contact) { }", Hook::Create, contact_in_hand(most));
    assert_eq!(returned.outcome, Ok(Verdict::Accept));
}

#[test]
fn a_cell_goes_by_its_header_and_by_its_field() {
    let cells = [("Mobile", "1"), ("Notes", "2"), ("custom.tier", "3")];
    let fitting = format!("{RULES}.fitting(row)");
    let ways = [
        "row.get(\"$\")",
        "row[\"$\"]",
        "row.has(\"$\")",
        "row.matches(\"$\", \"x\")",
        fitting.as_str(),
        "row.set(\"$\", \"x\")",
        "row[\"$\"] = \"x\"",
    ];
    let narrow = |granted: &str| {
        let names = Some(vec![granted.to_owned()]);
        begun(row(&cells), Terms { reads: names.clone(), writes: names, ..Terms::open(1000) })
    };
    check(Hook::ImportRow, "row", &ways, &["Mobile", "mobile", "Notes", "custom.tier"], narrow("group"));
    check(Hook::ImportRow, "row", &["row.$", "row.$ = \"x\""], &["mobile"], narrow("group"));
    check(Hook::ImportRow, "row", &ways, &["Notes", "custom.tier"], narrow("mobile"));
    check(Hook::ImportRow, "row", &ways, &["Mobile", "mobile", "custom.tier"], narrow("header:Notes"));
    check(Hook::ImportRow, "row", &ways, &["Mobile", "mobile", "Notes"], narrow("custom.*"));
    // Either name reaches a granted cell.
    for granted in ["mobile", "header:Mobile", "header:*", "*"] {
        let code = "fn on_import_row(row) { row[\"Mobile\"] = row.mobile + row.get(\"Mobile\"); }";
        let returned = call(code, Hook::ImportRow, narrow(granted));
        assert_eq!(returned.outcome, Ok(Verdict::Accept), "{granted}");
    }
}
