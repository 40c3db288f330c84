//! Who may do what, under each of the three kinds of access: every use case that takes a contact, for everybody in turn.

use super::*;
use crate::app::export::Format;
use crate::domain::permission::Right;

/// What came of every use case on a contact of its own, by somebody.
fn all(app: &App, fields: &[&str], by: &Viewer) -> Vec<String> {
    let fresh = || add(app, fields, &CLI);
    let rev = |id| app.contact(id).unwrap().rev;
    let (other, gone) = (fresh(), fresh());
    app.delete_contact(gone, None, &CLI).unwrap();
    let id = fresh();
    let codes = [
        code(app.contact_for(id, Right::View, by)),
        code(app.changes(id, None, by)),
        code(edit(app, id, &["company=Acme"], by)),
        code(app.edit_contact(id, &wishes(&["company=Globex"]), Some(rev(id)), by)),
        code(app.share_contact(id, &["Zoe".to_owned()], by)),
        code(app.unshare_contact(id, &["Zoe".to_owned()], by)),
        code(merge(app, id, other, &[], by)),
        code(app.restore_contact(gone, by)),
        code(app.delete_contact(id, None, by)),
        code(app.transfer_contact(fresh(), "Zoe", by)),
    ];
    codes.into()
}

const UNKNOWN: &str = "CONTACT_UNKNOWN";

#[test]
fn under_open_access_all_staff_do_everything() {
    let (_home, app) = home("access = \"open\"", "");
    assert_eq!(all(&app, &["last_name=Lee", "owner=Ann"], &agent("Eve")), ["ok"; 10]);
    assert_eq!(all(&app, &["last_name=Lee", "division=Asia"], &agent("Eve")), ["ok"; 10]);
}

#[test]
fn under_access_by_owner_everybody_has_their_own() {
    let (_home, app) = home("access = \"owner\"", "");
    let fields = &["last_name=Lee", "owner=Ann", "shared_with=Bob"];
    for by in [CLI, staff("Root", Role::Admin, &[]), agent("ann")] {
        assert_eq!(all(&app, fields, &by), ["ok"; 10], "{}", by.name());
    }
    let no = "FORBIDDEN";
    assert_eq!(all(&app, fields, &agent("BOB")), ["ok", "ok", "ok", "ok", no, no, no, no, no, no]);
    assert_eq!(all(&app, fields, &agent("Eve")), [UNKNOWN; 10]);
    assert_eq!(all(&app, &["last_name=Lee"], &agent("Ann")), [UNKNOWN; 10], "a contact of nobody is the admins'");
}

#[test]
fn under_access_by_division_everybody_has_their_team() {
    let (_home, app) = home("access = \"division\"", "");
    let [asia, europe] = ["Asia", "Europe"].map(|division| staff("Ann", Role::Agent, &[division]));
    let fields = &["last_name=Lee", "division=asia", "owner=Zoe"];
    assert_eq!(all(&app, fields, &asia), ["ok"; 10]);
    assert_eq!(all(&app, fields, &europe), [UNKNOWN; 10]);
    assert_eq!(all(&app, fields, &staff("Root", Role::Admin, &["Europe"])), ["ok"; 10]);
    assert_eq!(all(&app, &["last_name=Lee"], &europe), ["ok"; 10], "a contact without a division is everybody's");
}

#[test]
fn what_may_not_be_seen_is_not_told_by_another_id_either() {
    let (_home, app) = home("access = \"owner\"", "");
    let master = add(&app, &["last_name=Lee", "owner=Ann"], &CLI);
    let other = add(&app, &["last_name=Li", "owner=Ann"], &CLI);
    merge(&app, master, other, &[], &CLI).unwrap();
    let refused = app.contact_for(other, Right::View, &agent("Eve")).unwrap_err();
    assert!(!format!("{refused:?}").contains(&master.to_string()), "{refused:?}");
    app.delete_contact(master, None, &CLI).unwrap();
    for id in [master, other] {
        assert_eq!(code(app.contact_for(id, Right::View, &agent("Eve"))), UNKNOWN);
        assert_eq!(code(app.restore_contact(id, &agent("Eve"))), UNKNOWN);
        assert_eq!(code(app.contact_for(id, Right::View, &agent("Ann"))), "CONTACT_DELETED");
    }
    assert_eq!(code(app.edit_contact(master, &[], Some(7), &agent("Eve"))), UNKNOWN, "no conflict tells of it");
}

#[test]
fn the_failure_says_whom_to_ask() {
    let (_home, app) = home("access = \"owner\"", "");
    let id = add(&app, &["last_name=Lee", "owner=Ann", "shared_with=Bob"], &CLI);
    let refused = app.delete_contact(id, None, &agent("Bob")).unwrap_err();
    assert_eq!(refused.to_string(), format!("Bob may not delete contact {id}"));
    assert_eq!(refused.hint.as_deref(), Some("ask Ann, or an admin"));
}

#[test]
fn the_failure_says_what_was_wanted_and_leaves_names_alone() {
    let (_home, app) = home("access = \"owner\"", "");
    app.add_staff(&Assignment::parse_all(&["name=delete all".to_owned()]).unwrap(), &CLI).unwrap();
    let (gone, master, other) = (
        add(&app, &["last_name=Lee", "owner=Ann", "shared_with=delete all"], &CLI),
        add(&app, &["last_name=Li", "owner=Ann", "shared_with=delete all"], &CLI),
        add(&app, &["last_name=Li", "owner=Ann"], &CLI),
    );
    app.delete_contact(gone, None, &CLI).unwrap();
    merge(&app, master, other, &[], &CLI).unwrap();
    let by = agent("delete all");
    let restored = app.restore_contact(gone, &by).unwrap_err();
    assert_eq!(restored.to_string(), format!("delete all may not restore contact {gone}"));
    let unmerged = app.unmerge_contact(other, None, &by).unwrap_err();
    assert_eq!(unmerged.to_string(), format!("delete all may not unmerge contact {master}"));
}

#[test]
fn an_export_holds_what_one_may_see_or_what_is_ones_own() {
    let scope = |settings: &str, by: &Viewer| {
        let (_home, app) = home(settings, "");
        app.export_scope(by)
    };
    use crate::domain::permission::Scope;
    let ann = staff("Ann", Role::Agent, &["Asia"]);
    assert_eq!(scope("access = \"open\"", &ann), Scope::All);
    assert_eq!(scope("access = \"division\"", &ann), Scope::Divisions(vec![name("Asia")]));
    assert_eq!(scope("profile = \"maaiiconnect\"", &ann), Scope::Person(name("Ann")));
    assert_eq!(scope("profile = \"maaiiconnect\"", &CLI), Scope::All);
    let (_home, app) = home("", "");
    let (query, place) = (app.query(&ann), std::path::Path::new("out.jsonl"));
    assert_eq!(app.export(&query, Format::JsonLines, &mut Vec::new(), place).unwrap(), 0);
}
