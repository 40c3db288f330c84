//! Deleting and restoring, sharing and transferring.

use super::*;
use crate::domain::permission::Right;
use crate::store::{Action, Identifier};

/// Everything that finds a contact.
fn finds(app: &App, id: ContactId) -> Vec<bool> {
    let mail = Identifier::Email("ann@example.com".to_owned());
    let phone = Identifier::Phone("+85291234567".to_owned());
    let by = |identifier| app.store().unwrap().read(|reader| reader.find(identifier, 9)).unwrap();
    let query = crate::store::Query { words: "lee".to_owned(), ..app.query(&CLI) };
    vec![
        app.contact(id).is_ok(),
        by(&mail).iter().any(|contact| contact.id == id),
        by(&phone).iter().any(|contact| contact.id == id),
        app.search(&query).unwrap().contacts.iter().any(|contact| contact.id == id),
        app.labels(&CLI).unwrap().iter().any(|label| label.contacts == 1),
    ]
}

#[test]
fn a_restored_contact_is_found_as_before() {
    let (_home, app) = home("", "");
    let id = add(&app, &["last_name=Lee", "email=ann@example.com", "mobile=+85291234567", "labels=VIP"], &CLI);
    let before = app.contact(id).unwrap();
    assert_eq!(finds(&app, id), [true; 5]);
    app.delete_contact(id, None, &agent("Bob")).unwrap();
    assert_eq!(finds(&app, id), [false; 5]);
    let deleted = app.contact_for(id, Right::View, &CLI).unwrap_err();
    assert!(deleted.message.contains("(Lee) was deleted by Bob at "), "{deleted}");
    assert_eq!(deleted.hint, Some(format!("`carnet contact restore {id}` brings it back")));
    let restored = app.restore_contact(id, &agent("Zoe")).unwrap().contact;
    assert_eq!(finds(&app, id), [true; 5]);
    assert_eq!((restored.rev, &*restored.updated.by), (3, "Zoe"));
    let stamps = |contact: crate::domain::contact::Contact| crate::domain::contact::Contact {
        rev: 0,
        updated: contact.created.clone(),
        ..contact
    };
    assert_eq!(stamps(app.contact(id).unwrap()), stamps(before));
    let actions: Vec<_> = app.changes(id, None, &CLI).unwrap().iter().map(|entry| entry.action).collect();
    assert_eq!(actions, [Action::Restored, Action::Deleted, Action::Created]);
    assert_eq!(code(app.restore_contact(id, &CLI)), "NOT_DELETED");
    assert_eq!(code(edit(&app, id, &["labels-=VIP"], &CLI)), "ok");
}

#[test]
fn a_deleted_contact_cannot_be_touched_but_its_story_is_told() {
    let (_home, app) = home("", "");
    let [id, other] = ["Lee", "Li"].map(|last| add(&app, &[&format!("last_name={last}")], &CLI));
    app.delete_contact(id, None, &CLI).unwrap();
    assert_eq!(code(edit(&app, id, &["company=Acme"], &CLI)), "CONTACT_DELETED");
    assert_eq!(code(app.delete_contact(id, None, &CLI)), "CONTACT_DELETED");
    assert_eq!(code(app.share_contact(id, &["Bob".to_owned()], &CLI)), "CONTACT_DELETED");
    assert_eq!(code(merge(&app, other, id, &[], &CLI)), "CONTACT_DELETED");
    assert_eq!(app.changes(id, None, &CLI).unwrap().len(), 2);
    assert_eq!(code(app.restore_contact(crate::app::fresh_id(), &CLI)), "CONTACT_UNKNOWN");
}

#[test]
fn a_merged_contact_is_no_deleted_one() {
    let (_home, app) = home("", "");
    let [master, other] = ["Lee", "Li"].map(|last| add(&app, &[&format!("last_name={last}")], &CLI));
    merge(&app, master, other, &[], &CLI).unwrap();
    let refused = app.restore_contact(other, &CLI).unwrap_err();
    assert_eq!(refused.code, "NOT_DELETED");
    assert!(
        refused.message.contains("merged into") && refused.hint.unwrap().contains("unmerge"),
        "{}",
        refused.message
    );
    app.delete_contact(master, None, &CLI).unwrap();
    assert_eq!(
        app.restore_contact(other, &CLI).unwrap().contact.id,
        master,
        "the id leads to the master, deleted or not"
    );
    assert_eq!(app.contact(other).unwrap().id, master);
}

#[test]
fn plugins_guard_both_ways() {
    let script = r#"
        fn on_delete(contact) { if contact.company == "Keep" { reject("this contact is kept"); } }
        fn on_update(contact, before) {
            if contact.company == "Gone" && before.company == "Gone" { reject("this contact stays gone"); }
            if contact.company == "Mark" { contact.group = "restored"; }
        }"#;
    let (_home, app) = home("", script);
    let [keep, gone, mark] =
        ["Keep", "Gone", "Mark"].map(|it| add(&app, &["last_name=Lee", &format!("company={it}")], &CLI));
    assert!(app.delete_contact(keep, None, &CLI).unwrap_err().problems[0].problem.message.contains("is kept"));
    app.delete_contact(gone, None, &CLI).unwrap();
    assert!(app.restore_contact(gone, &CLI).unwrap_err().problems[0].problem.message.contains("stays gone"));
    assert_eq!(code(app.contact_for(gone, Right::View, &CLI)), "CONTACT_DELETED");
    app.delete_contact(mark, None, &CLI).unwrap();
    let restored = app.restore_contact(mark, &CLI).unwrap();
    assert_eq!((restored.fields.len(), restored.contact.group.as_deref()), (1, Some("restored")));
}

#[test]
fn the_restored_survive_each_other() {
    let (_home, app) = home("", "");
    let id = add(&app, &["last_name=Lee", "labels=VIP"], &CLI);
    for _ in 0..3 {
        app.delete_contact(id, None, &CLI).unwrap();
        app.restore_contact(id, &CLI).unwrap();
    }
    assert_eq!(app.contact(id).unwrap().rev, 7);
    assert_eq!(app.store().unwrap().check().unwrap(), [""; 0]);
}

fn told(written: &Written) -> Vec<(&str, Option<&str>, Option<&str>)> {
    written.fields.iter().map(|field| (&*field.field, field.old.as_deref(), field.new.as_deref())).collect()
}

#[test]
fn shares_come_and_go() {
    let (_home, app) = home("access = \"owner\"", "");
    let (ann, bob) = (agent("Ann"), agent("Bob"));
    let id = add(&app, &["last_name=Lee"], &ann);
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    assert_eq!(code(app.contact_for(id, Right::View, &bob)), "CONTACT_UNKNOWN");
    let shared = app.share_contact(id, &names(&["Zoe", "Bob"]), &ann).unwrap();
    assert_eq!(told(&shared), [("shared_with", None, Some("Bob; Zoe"))]);
    assert_eq!(code(edit(&app, id, &["company=Acme"], &bob)), "ok");
    assert_eq!(code(app.share_contact(id, &names(&["Cid"]), &bob)), "FORBIDDEN");
    let again = app.share_contact(id, &names(&["BOB", "ann"]), &ann).unwrap();
    assert_eq!((told(&again), &*again.notes), (vec![], &[String::from("Ann owns the contact and sees it anyway")][..]));
    let ended = app.unshare_contact(id, &names(&["bob", "Cid"]), &ann).unwrap();
    assert_eq!(told(&ended), [("shared_with", Some("Bob; Zoe"), Some("Zoe"))]);
    assert_eq!(ended.notes, ["it was not shared with Cid"]);
    assert_eq!(code(app.contact_for(id, Right::View, &bob)), "CONTACT_UNKNOWN");
    assert_eq!(app.changes(id, None, &ann).unwrap().len(), 4);
}

#[test]
fn a_transfer_gives_all_of_it_away() {
    let (_home, app) = home("access = \"owner\"", "");
    let (ann, bob) = (agent("Ann"), agent("Bob"));
    let id = add(&app, &["last_name=Lee"], &ann);
    app.share_contact(id, &["Bob".to_owned(), "Zoe".to_owned()], &ann).unwrap();
    assert_eq!(code(app.transfer_contact(id, "Bob", &bob)), "FORBIDDEN");
    let moved = app.transfer_contact(id, "Bob", &ann).unwrap();
    assert_eq!(told(&moved), [("owner", Some("Ann"), Some("Bob")), ("shared_with", Some("Bob; Zoe"), Some("Zoe"))]);
    assert_eq!(code(app.contact_for(id, Right::View, &ann)), "CONTACT_UNKNOWN");
    assert_eq!(code(app.contact_for(id, Right::Edit, &agent("Zoe"))), "ok", "shares stay");
    assert_eq!(told(&app.transfer_contact(id, "bob", &bob).unwrap()), []);
}

#[test]
fn plugins_see_a_share_as_an_edit() {
    let script = r#"fn on_update(contact, before) {
        if contact.owner != before.owner { reject("owners are for ever"); }
        if contact.values("shared_with").contains("Mallory") { reject("not with Mallory"); }
    }"#;
    let (_home, app) = home("", script);
    let id = add(&app, &["last_name=Lee"], &agent("Ann"));
    assert!(
        app.transfer_contact(id, "Bob", &CLI).is_err_and(|failure| failure.message.ends_with("was not transferred"))
    );
    assert!(app.share_contact(id, &["Mallory".to_owned()], &CLI).is_err());
    assert!(app.share_contact(id, &["Bob".to_owned()], &CLI).is_ok());
}
