//! Whose a new contact is, and what nobody gives away by writing a field.

use super::*;
use crate::app::import::ImportRequest;
use crate::app::import::report::ImportReport;

fn held(app: &App, id: ContactId) -> (Option<String>, Option<String>) {
    let contact = app.contact(id).unwrap();
    (contact.owner.map(|name| name.to_string()), contact.division.map(|name| name.to_string()))
}

#[test]
fn a_new_contact_is_its_creators() {
    for access in ["open", "owner", "division"] {
        let (_home, app) = home(&format!("access = \"{access}\""), "");
        let id = add(&app, &["last_name=Lee"], &staff("Ann", Role::Agent, &["Asia"]));
        let division = (access == "division").then(|| "Asia".to_owned());
        assert_eq!(held(&app, id), (Some("Ann".to_owned()), division), "{access}");
        assert_eq!(held(&app, add(&app, &["last_name=Lee"], &CLI)), (None, None));
    }
}

#[test]
fn one_of_several_divisions_must_be_said() {
    let (_home, app) = home("access = \"division\"", "");
    let new = |fields: &[&str], by: &Viewer| app.add_contact(&wishes(fields), false, by);
    let ann = staff("Ann", Role::Agent, &["Asia", "Europe"]);
    let refused = new(&["last_name=Lee"], &ann).unwrap_err();
    let problem = &refused.problems[0].problem;
    assert_eq!((problem.field.as_deref(), &*problem.code), (Some("division"), "DIVISION_MISSING"));
    assert_eq!(problem.hint.as_deref(), Some("add `division=…` with one of Asia, Europe"));
    assert_eq!(code(new(&["last_name=Lee", "division=europe"], &ann)), "ok");
    assert_eq!(code(new(&["last_name=Lee", "division=Mars"], &ann)), "FORBIDDEN");
    assert_eq!(code(new(&["last_name=Lee"], &staff("Root", Role::Admin, &["Asia", "Europe"]))), "ok");
    assert_eq!(code(new(&["last_name=Lee", "division=Europe"], &staff("Root", Role::Admin, &[]))), "ok");
    assert_eq!(code(new(&["last_name=Lee", "division=Mars"], &staff("Root", Role::Admin, &[]))), "DIVISION_UNKNOWN");
    assert_eq!(held(&app, add(&app, &["last_name=Lee"], &agent("Zoe"))).1, None);
}

#[test]
fn nobody_gives_contacts_away_by_writing_fields() {
    let (_home, app) = home("access = \"owner\"", "");
    let (ann, root) = (agent("Ann"), staff("Root", Role::Admin, &[]));
    let new = |fields: &[&str], by: &Viewer| code(app.add_contact(&wishes(fields), false, by));
    assert_eq!(new(&["last_name=Lee", "owner=Bob"], &ann), "FORBIDDEN");
    assert_eq!(new(&["last_name=Lee", "owner=ann"], &ann), "ok");
    assert_eq!(new(&["last_name=Lee", "shared_with=Bob"], &ann), "FORBIDDEN");
    assert_eq!(new(&["last_name=Lee", "owner=Bob", "shared_with=Zoe"], &root), "ok");
    let id = add(&app, &["last_name=Lee"], &ann);
    for wish in ["owner=Bob", "owner=", "shared_with=Bob", "shared_with+=Bob", "division=Asia"] {
        assert_eq!(code(edit(&app, id, &[wish], &ann)), "FORBIDDEN", "{wish}");
    }
    let refused = edit(&app, id, &["owner=Bob"], &ann).unwrap_err();
    let hint = format!("`carnet contact transfer {id} STAFF` gives it another owner");
    assert_eq!(refused.problems[0].problem.hint.as_deref(), Some(&*hint));
    assert_eq!(code(edit(&app, id, &["owner=ANN", "shared_with="], &ann)), "ok", "nothing changes");
    assert_eq!(code(edit(&app, id, &["owner=Bob", "shared_with=Ann", "division=Asia"], &root)), "ok");
}

#[test]
fn a_division_is_for_good() {
    let script = "fn on_update(contact, before) { if contact.company == \"Move\" { contact.division = \"Europe\"; } }";
    let (_home, app) = home("access = \"division\"", script);
    let asia = staff("Ann", Role::Agent, &["Asia", "Europe"]);
    let id = add(&app, &["last_name=Lee", "division=Asia"], &asia);
    for by in [&asia, &CLI, &staff("Root", Role::Admin, &[])] {
        assert_eq!(code(edit(&app, id, &["division=Europe"], by)), "DIVISION_FIXED");
        assert_eq!(code(edit(&app, id, &["division="], by)), "DIVISION_FIXED");
        assert_eq!(code(edit(&app, id, &["company=Move"], by)), "DIVISION_FIXED", "a plugin moves nothing either");
        assert_eq!(code(edit(&app, id, &["division=ASIA"], by)), "ok");
    }
    let refused = edit(&app, id, &["division=Europe"], &CLI).unwrap_err();
    assert_eq!(refused.problems[0].problem.hint.as_deref(), Some("delete it and recreate it in `Europe`"));
    let without = add(&app, &["last_name=Lee"], &CLI);
    assert_eq!(code(edit(&app, without, &["division=Asia"], &asia)), "FORBIDDEN");
    assert_eq!(code(edit(&app, without, &["division=Asia"], &CLI)), "ok");
}

#[test]
fn plugins_may_assign_what_people_may_not() {
    let script = "fn on_create(contact) { contact.owner = \"Zoe\"; contact.division = \"Europe\"; }";
    let (_home, app) = home("access = \"division\"", script);
    let id = add(&app, &["last_name=Lee"], &staff("Ann", Role::Agent, &["Asia", "Europe"]));
    assert_eq!(held(&app, id), (Some("Zoe".to_owned()), Some("Europe".to_owned())));
}

fn import(app: &App, csv: &str, on_match: &str, by: &Viewer) -> ImportReport {
    let file = app.home().folder().join("contacts.csv");
    std::fs::write(&file, csv).unwrap();
    let on_match = crate::config::OnMatch::parse(on_match);
    let request = ImportRequest { by: by.clone(), on_match, again: true, ..ImportRequest::new(file) };
    app.import(&request, &mut |_| {}).unwrap()
}

fn errors(app: &App) -> String {
    std::fs::read_to_string(app.home().error_file()).unwrap()
}

#[test]
fn an_import_by_staff_is_held_to_the_same() {
    let (_home, app) = home("access = \"division\"", "");
    let ann = staff("Ann", Role::Agent, &["Asia"]);
    let report = import(&app, "Last name,Owner,Division\nLee,,\nLi,ann,asia\nLo,Bob,\nLu,,Europe\n", "create", &ann);
    assert_eq!((report.counts.created, report.counts.failed), (2, 2));
    for contact in app.search(&app.query(&CLI)).unwrap().contacts {
        assert_eq!(held(&app, contact.id), (Some("Ann".to_owned()), Some("Asia".to_owned())));
    }
    let errors = errors(&app);
    assert!(errors.contains("the owner cannot be written") && errors.contains("you do not belong"), "{errors}");
}

#[test]
fn a_plugin_may_deal_out_the_rows_of_an_import() {
    let script = "fn on_import_row(row) { row.set(\"owner\", \"Zoe\"); }";
    let (_home, app) = home("access = \"open\"", script);
    assert_eq!(import(&app, "Last name\nLee\n", "create", &agent("Ann")).counts.created, 1);
    let contact = app.search(&app.query(&CLI)).unwrap().contacts.remove(0);
    assert_eq!(held(&app, contact.id).0.as_deref(), Some("Zoe"));
}

#[test]
fn an_import_neither_finds_nor_tells_of_what_is_not_seen() {
    let (_home, app) = home("access = \"owner\"", "");
    for owner in ["Bob", "Zoe", "Ann"] {
        add(&app, &["last_name=Lee", "email=lee@example.com", &format!("owner={owner}")], &CLI);
    }
    let csv = "Last name,Email,Company\nLee,lee@example.com,Acme\n";
    for (policy, by, expected) in [
        ("reject", "Eve", (1, 0, 0)),
        ("update", "Ann", (0, 1, 0)),
        ("reject", "Ann", (0, 0, 1)),
        ("skip", "Ann", (0, 0, 0)),
    ] {
        let counts = import(&app, csv, policy, &agent(by)).counts;
        assert_eq!((counts.created, counts.updated, counts.failed), expected, "{policy} {by}");
    }
    let several = import(&app, csv, "update", &CLI);
    assert_eq!(several.counts.failed, 1, "the operator sees all of them");
    assert_eq!(
        import(&app, "Last name,Email,Owner\nLee,lee@example.com,Ann\n", "update", &agent("Ann")).counts.failed,
        0
    );
    assert_eq!(
        import(&app, "Last name,Email,Owner\nLee,lee@example.com,Bob\n", "update", &agent("Ann")).counts.failed,
        1
    );
}

#[test]
fn an_import_moves_no_contact_between_divisions() {
    let (_home, app) = home("access = \"division\"", "");
    let id = add(&app, &["last_name=Lee", "email=lee@example.com", "division=Asia"], &CLI);
    let csv = |division: &str| format!("Last name,Email,Division\nLee,lee@example.com,{division}\n");
    assert_eq!(import(&app, &csv("Europe"), "update", &CLI).counts.failed, 1);
    assert!(errors(&app).contains("cannot move between divisions"));
    assert_eq!(import(&app, &csv("<clear>"), "update", &CLI).counts.failed, 1);
    assert_eq!(import(&app, &csv("asia"), "update", &CLI).counts.unchanged, 1);
    assert_eq!(import(&app, &csv(""), "update", &CLI).counts.unchanged, 1);
    assert_eq!(held(&app, id).1.as_deref(), Some("Asia"));
}
