//! Tests of who may do what with notes, labels and custom fields.

use std::sync::Arc;

use super::*;
use crate::app::contacts::Wish;
use crate::domain::custom::{CustomField, CustomKind, Entity};
use crate::domain::permission::{Member, Role};

fn staff(name: &str, role: Role) -> Viewer {
    Viewer::Staff(Arc::new(Member { name: Name::parse(name).unwrap(), role, divisions: Vec::new() }))
}

/// A home in which contacts are seen by their owners, with one of Ann's.
fn desk() -> (tempfile::TempDir, App, ContactId) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("carnet.toml"), "access = \"owner\"\n").unwrap();
    let app = App::open(folder.path(), None).unwrap();
    let wishes = ["last_name=Lee", "labels=VIP"].map(|text| Wish::parse(text).unwrap());
    let id = app.add_contact(&wishes, false, &Viewer::Operator).unwrap().contact.id;
    let mut contact = app.contact(id).unwrap();
    contact.owner = Some(Name::parse("Ann").unwrap());
    contact.shared_with = vec![Name::parse("Bob").unwrap()];
    let entry = crate::store::NewChange {
        at: now(),
        actor: crate::store::Actor::Person("cli".to_owned()),
        action: crate::store::Action::Updated,
        fields: Vec::new(),
        via: String::new(),
    };
    let prepared = crate::store::Prepared::new(&contact);
    app.store().unwrap().write(|writer| writer.update(&prepared, 1, &entry)).unwrap();
    (folder, app, id)
}

fn code<T: std::fmt::Debug>(answer: Result<T, Failure>) -> String {
    answer.unwrap_err().code.into_owned()
}

#[test]
fn only_the_author_or_an_admin_changes_a_note_and_only_who_sees_the_contact_sees_it() {
    let (_folder, app, id) = desk();
    let [ann, bob, eve] = ["ANN", "Bob", "Eve"].map(|name| staff(name, Role::Agent));
    let root = staff("Root", Role::Admin);
    let note = app.add_note(id, "called", &ann).unwrap();
    assert_eq!(app.notes_of(id, None, 10, &bob).unwrap().total, 1);
    assert_eq!(code(app.notes_of(id, None, 10, &eve)), "CONTACT_UNKNOWN");
    assert_eq!(code(app.add_note(id, "x", &eve)), "CONTACT_UNKNOWN");
    assert_eq!(code(app.edit_note(note.id, "x", &bob)), "FORBIDDEN");
    assert_eq!(code(app.delete_note(note.id, &bob)), "FORBIDDEN");
    assert_eq!(code(app.edit_note(note.id, "x", &eve)), "NOTE_UNKNOWN");
    let edited = app.edit_note(note.id, "called twice", &staff("ann", Role::Agent)).unwrap();
    assert!(edited.edited.is_some());
    let again = app.edit_note(note.id, "called twice", &root).unwrap();
    assert_eq!(again.edited.map(|(_, by)| by).as_deref(), Some("ann"), "the same text is no edit");
    app.delete_note(note.id, &root).unwrap();
    assert_eq!(app.notes_of(id, None, 10, &ann).unwrap().total, 0);
}

#[test]
fn labels_that_contacts_have_and_the_schema_are_for_those_who_see_everything() {
    let (_folder, app, _) = desk();
    let (ann, root) = (staff("Ann", Role::Agent), staff("Root", Role::Admin));
    app.create_label("Mine", Some("red")).unwrap();
    assert_eq!(app.edit_label("mine", None, Some("Ours"), &ann).unwrap().0.name.as_str(), "Ours");
    assert_eq!(code(app.edit_label("vip", None, Some("Best"), &ann)), "FORBIDDEN");
    assert_eq!(code(app.delete_label("vip", &ann)), "FORBIDDEN");
    assert_eq!(app.delete_label("vip", &root).unwrap().contacts, 1);
    let field = CustomField {
        key: "tier".to_owned(),
        label: String::new(),
        kind: CustomKind::Text,
        options: Vec::new(),
        required: false,
        enabled: true,
    };
    assert_eq!(code(app.add_field(Entity::Contact, field.clone(), &ann)), "FORBIDDEN");
    assert_eq!(app.add_field(Entity::Contact, field, &root).unwrap().version, 1);
    assert_eq!(app.schema_versions(Entity::Contact).unwrap()[0].by, "Root");
}
