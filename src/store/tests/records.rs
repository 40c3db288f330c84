//! Organizations, staff members and divisions, and what becomes of the contacts that name them.

use super::*;
use crate::domain::name::Name;
use crate::domain::organization::Organization;
use crate::domain::permission::Scope;
use crate::domain::staff::Staff;

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

fn stamp() -> Stamp {
    Stamp { at: time(0), by: Arc::from("cli") }
}

fn created() -> NewChange {
    change(Action::Created, 0)
}

fn updated() -> NewChange {
    change(Action::Updated, 5)
}

fn organization(store: &Store, text: &str) -> Organization {
    let id = store.write(|writer| writer.insert_organization(&Organization::new(name(text), stamp()), &created()));
    store.read(|reader| reader.organization(id.unwrap())).unwrap().unwrap()
}

fn staff(store: &Store, text: &str, divisions: &[&str]) -> Staff {
    let mut staff = Staff::new(name(text), stamp());
    staff.divisions = divisions.iter().map(|text| name(text)).collect();
    let id = store.write(|writer| writer.insert_staff(&staff, &created()));
    store.read(|reader| reader.staff_member(id.unwrap())).unwrap().unwrap()
}

/// Inserts a contact that names things, as the facets say, too.
fn naming(store: &Store, number: u8, put: impl Fn(&mut Contact)) -> Contact {
    let mut contact = contact(number, "Lee");
    put(&mut contact);
    insert(store, &contact);
    let facets = [(1, contact.organization.clone()), (2, contact.owner.clone()), (4, contact.division.clone())];
    let facets = facets.into_iter().filter_map(|(facet, name)| Some((facet, name?)));
    let facets = facets.chain(contact.shared_with.iter().map(|name| (3, name.clone())));
    for (facet, name) in facets {
        let sql = "INSERT OR IGNORE INTO contact_facet SELECT ?1, ?2, no FROM contact WHERE id = ?3";
        let written = store.write(|writer| {
            writer.reader.conn.execute(sql, (facet, name.key(), contact.id.as_bytes())).map_err(StoreError::from)
        });
        written.unwrap();
    }
    contact
}

fn changes_of(store: &Store, kind: RecordKind, id: i64) -> Vec<String> {
    let told = |entry: RecordChange| {
        let fields = entry.fields.iter().map(|field| {
            format!("{} {}→{}", field.field, field.old.as_deref().unwrap_or("–"), field.new.as_deref().unwrap_or("–"))
        });
        format!("{} by {}: {}", entry.action, entry.by, fields.collect::<Vec<_>>().join(", "))
    };
    let entries = store.read(|reader| reader.record_changes(kind, &id.to_string(), None)).unwrap();
    entries.into_iter().map(told).collect()
}

#[test]
fn what_a_contact_names_is_made_once_and_logged() {
    let store = Store::in_memory().unwrap();
    naming(&store, 1, |contact| {
        contact.organization = Some(name("Acme"));
        contact.division = Some(name("Asia"));
        contact.updated.by = Arc::from("import 3");
    });
    naming(&store, 2, |contact| contact.organization = Some(name("ACME")));
    let acme = store.read(|reader| reader.organization_named(&name("acme"))).unwrap().unwrap();
    assert_eq!((acme.name.as_str(), acme.rev, acme.division, &*acme.created.by), ("Acme", 1, None, "import 3"));
    assert_eq!(changes_of(&store, RecordKind::Organization, acme.id), ["created by import 3: name –→Acme"]);
    assert_eq!(store.read(|reader| reader.names(Referent::Division)).unwrap(), ["Asia"]);
    let mut moved = load(&store, 2).unwrap();
    moved.organization = Some(name("Globex"));
    update(&store, &moved).unwrap();
    assert_eq!(store.read(|reader| reader.names(Referent::Organization)).unwrap(), ["Acme", "Globex"]);
}

#[test]
fn what_was_made_in_a_transaction_that_failed_is_made_again() {
    let store = Store::in_memory().unwrap();
    let mut lee = contact(1, "Lee");
    lee.organization = Some(name("Acme"));
    let failed: Result<(), StoreError> = store.write(|writer| {
        writer.insert(&Prepared::new(&lee), &created())?;
        Err(StoreError::NotFound { id: id(1) })
    });
    assert!(failed.is_err());
    insert(&store, &lee);
    assert_eq!(store.read(|reader| reader.names(Referent::Organization)).unwrap(), ["Acme"]);
}

#[test]
fn a_renamed_organization_is_renamed_in_its_contacts() {
    let store = Store::in_memory().unwrap();
    let acme = organization(&store, "Acme");
    organization(&store, "Globex");
    naming(&store, 1, |contact| contact.organization = Some(name("acme")));
    naming(&store, 2, |contact| contact.organization = Some(name("Globex")));
    let gone = naming(&store, 3, |contact| contact.organization = Some(name("Acme")));
    store.write(|writer| writer.delete(gone.id, 1, &change(Action::Deleted, 1))).unwrap();
    let renamed = |text| Organization { name: name(text), ..acme.clone() };
    let write = |text, rev| store.write(|writer| writer.update_organization(&renamed(text), rev, &updated()));
    assert!(matches!(write("GLOBEX", 1), Err(StoreError::NameTaken { name, .. }) if name == "Globex"));
    assert!(matches!(write("Acme Ltd", 7), Err(StoreError::RecordConflict { now: 1, .. })));
    assert_eq!(write("Acme Ltd", 1).unwrap(), (2, 1));
    assert_eq!(load(&store, 1).unwrap().organization.unwrap().as_str(), "Acme Ltd");
    assert_eq!(load(&store, 2).unwrap().rev, 1);
    let log = store.read(|reader| reader.changes(id(1), None)).unwrap();
    assert_eq!((log[0].rev, log[0].fields[0].field.as_str()), (2, "organization"));
    assert_eq!((log[0].fields[0].old.as_deref(), log[0].fields[0].new.as_deref()), (Some("acme"), Some("Acme Ltd")));
    assert_eq!(store.read(|reader| reader.names(Referent::Organization)).unwrap(), ["Acme Ltd", "Globex"]);
}

#[test]
fn a_deleted_organization_leaves_its_contacts_without_it_until_one_names_it_again() {
    let store = Store::in_memory().unwrap();
    naming(&store, 1, |contact| contact.organization = Some(name("Acme")));
    let acme = store.read(|reader| reader.organization_named(&name("acme"))).unwrap().unwrap();
    assert_eq!(store.read(|reader| reader.contacts_naming(Referent::Organization, &acme.name)).unwrap(), 1);
    let lost = store.write(|writer| writer.delete_organization(acme.id, 1, &change(Action::Deleted, 5))).unwrap();
    assert_eq!((lost, load(&store, 1).unwrap().organization), (1, None));
    assert_eq!(changes_of(&store, RecordKind::Organization, acme.id)[0], "deleted by cli: ");
    naming(&store, 2, |contact| contact.organization = Some(name("Acme")));
    let again = store.read(|reader| reader.organization_named(&name("acme"))).unwrap().unwrap();
    assert!(again.id > acme.id, "numbers are never given twice");
}

#[test]
fn a_renamed_staff_member_is_renamed_as_owner_and_sharer_and_a_deleted_one_stays_as_text() {
    let store = Store::in_memory().unwrap();
    let ann = staff(&store, "Ann", &[]);
    naming(&store, 1, |contact| contact.owner = Some(name("Ann")));
    naming(&store, 2, |contact| contact.shared_with = vec![name("ann"), name("Bob")]);
    let zoe = Staff { name: name("Zoe"), ..ann.clone() };
    assert_eq!(store.write(|writer| writer.update_staff(&zoe, 1, &updated())).unwrap(), (2, 2));
    assert_eq!(load(&store, 1).unwrap().owner, Some(name("Zoe")));
    assert_eq!(load(&store, 2).unwrap().shared_with, [name("Bob"), name("Zoe")]);
    store.write(|writer| writer.delete_staff(ann.id, 2, &change(Action::Deleted, 6))).unwrap();
    assert_eq!(load(&store, 1).unwrap().owner, Some(name("Zoe")));
    assert_eq!(store.read(|reader| reader.staff_named(&name("zoe"))).unwrap(), None);
}

#[test]
fn an_email_address_is_one_persons() {
    let store = Store::in_memory().unwrap();
    let with = |text: &str, email: &str| Staff { email: Some(email.to_owned()), ..Staff::new(name(text), stamp()) };
    store.write(|writer| writer.insert_staff(&with("Ann", "Ann@Example.com"), &created())).unwrap();
    let taken = store.write(|writer| writer.insert_staff(&with("Bob", "ann@example.COM"), &created()));
    assert!(matches!(taken, Err(StoreError::EmailTaken { name, .. }) if name == "Ann"));
    let ann = store.read(|reader| reader.staff_with_email("ANN@example.com")).unwrap().unwrap();
    assert_eq!(ann.name.as_str(), "Ann");
    assert_eq!(store.write(|writer| writer.update_staff(&ann, 1, &updated())).unwrap(), (2, 0));
}

#[test]
fn a_division_is_renamed_everywhere_and_stays_while_it_is_in_use() {
    let store = Store::in_memory().unwrap();
    naming(&store, 1, |contact| contact.division = Some(name("Asia")));
    let ann = staff(&store, "Ann", &["Asia", "Europe"]);
    let acme = Organization { division: Some(name("asia")), ..Organization::new(name("Acme"), stamp()) };
    let acme = store.write(|writer| writer.insert_organization(&acme, &created())).unwrap();
    let rename =
        |old: &str, new: &str| store.write(|writer| writer.rename_division(&name(old), &name(new), &updated()));
    assert!(matches!(rename("Moon", "Mars"), Err(StoreError::NoRecord { .. })));
    assert_eq!(rename("asia", "Zone").unwrap(), 1);
    assert_eq!(load(&store, 1).unwrap().division.unwrap().as_str(), "Zone");
    let stored = store.read(|reader| reader.staff_member(ann.id)).unwrap().unwrap();
    assert_eq!((stored.rev, &stored.divisions[..]), (2, &[name("Europe"), name("Zone")][..]));
    assert_eq!(changes_of(&store, RecordKind::Staff, ann.id)[0], "updated by cli: divisions Asia; Europe→Europe; Zone");
    assert_eq!(changes_of(&store, RecordKind::Organization, acme)[0], "updated by cli: division asia→Zone");
    let delete = || store.write(|writer| writer.delete_division(&name("zone"), &change(Action::Deleted, 6)));
    assert!(matches!(delete(), Err(StoreError::DivisionInUse { organizations: 1, .. })));
    store.write(|writer| writer.delete_organization(acme, 2, &change(Action::Deleted, 6))).unwrap();
    // The contact is counted by its facet; deleted, it is not counted any more.
    store.write(|writer| writer.delete(id(1), 2, &change(Action::Deleted, 6))).unwrap();
    assert_eq!(delete().unwrap(), 1);
    let stored = store.read(|reader| reader.staff_member(ann.id)).unwrap().unwrap();
    assert_eq!(stored.divisions, [name("Europe")]);
}

#[test]
fn organizations_come_in_pages_by_name_within_what_is_seen() {
    let store = Store::in_memory().unwrap();
    for (text, division) in [("beta", None), ("Alpha", Some("Asia")), ("Gamma Beta", Some("Europe")), ("Delta", None)] {
        let organization = Organization { division: division.map(name), ..Organization::new(name(text), stamp()) };
        store.write(|writer| writer.insert_organization(&organization, &created())).unwrap();
    }
    let page = |words: &str, scope: Scope, after: Option<String>, limit| {
        let query = OrganizationQuery { words: words.to_owned(), scope, after, limit };
        let page = store.read(|reader| reader.organizations(&query)).unwrap();
        let names: Vec<_> = page.organizations.iter().map(|found| found.name.to_string()).collect();
        (page.total, names.join(", "), page.next)
    };
    let (total, names, next) = page("", Scope::All, None, 3);
    assert_eq!((total, names.as_str()), (4, "Alpha, beta, Delta"));
    assert_eq!(page("", Scope::All, next, 3), (4, "Gamma Beta".to_owned(), None));
    assert_eq!(page("bet", Scope::Divisions(vec![name("asia")]), None, 3), (1, "beta".to_owned(), None));
    let broken = OrganizationQuery { words: String::new(), scope: Scope::All, after: Some("7".to_owned()), limit: 1 };
    assert!(matches!(store.read(|reader| reader.organizations(&broken)), Err(StoreError::Cursor { .. })));
}
