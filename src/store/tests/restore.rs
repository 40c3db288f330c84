//! Contacts that are gone: what is told of them, and bringing one back.

use super::*;
use crate::store::Departed;

fn full(number: u8) -> Contact {
    let mut contact = contact(number, "Lee");
    contact.phones = vec![phone("+85291234567")];
    contact.emails = vec![email("lee@example.com")];
    contact.labels = vec![label("VIP")];
    contact
}

fn delete(store: &Store, number: u8, rev: u64) {
    store.write(|writer| writer.delete(id(number), rev, &change(Action::Deleted, 2))).unwrap();
}

fn restore(store: &Store, number: u8, rev: u64) -> Result<u64, StoreError> {
    store.write(|writer| writer.restore(&Prepared::new(&full(number)), rev, &change(Action::Restored, 3)))
}

fn departed(store: &Store, number: u8) -> Option<Departed> {
    store.read(|reader| reader.departed(id(number))).unwrap()
}

#[test]
fn a_deleted_contact_is_told_of_and_comes_back_whole() {
    let store = Store::in_memory().unwrap();
    insert(&store, &full(1));
    assert_eq!(departed(&store, 1), None);
    assert_eq!(departed(&store, 2), None);
    delete(&store, 1, 1);
    let Some(Departed::Deleted { contact: was, entry }) = departed(&store, 1) else { panic!("not told of") };
    assert_eq!((was.rev, was.last_name.as_deref(), entry.unwrap().at), (2, Some("Lee"), time(2)));
    assert_eq!(restore(&store, 1, 2).unwrap(), 3);
    assert_eq!(departed(&store, 1), None);
    assert_eq!(load(&store, 1).unwrap(), Contact { rev: 3, ..full(1) });
    assert_eq!(find(&store, Identifier::Email("lee@example.com".to_owned())), [id(1)]);
    assert_eq!(find(&store, Identifier::Phone("+85291234567".to_owned())), [id(1)]);
    assert_eq!(found(&store, &Query { words: "lee".to_owned(), ..Query::default() }), ["Lee"]);
    assert_eq!(store.read(|reader| reader.labels()).unwrap()[0].contacts, 1);
    let actions: Vec<_> =
        store.read(|reader| reader.changes(id(1), None)).unwrap().iter().map(|it| it.action).collect();
    assert_eq!(actions, [Action::Restored, Action::Deleted, Action::Created]);
    assert_eq!(store.check().unwrap(), [""; 0]);
}

#[test]
fn only_what_is_deleted_and_as_it_was_seen_is_restored() {
    let store = Store::in_memory().unwrap();
    insert(&store, &full(1));
    assert!(matches!(restore(&store, 1, 1), Err(StoreError::Conflict { seen: 1, now: 1, .. })), "it is there");
    assert!(matches!(restore(&store, 9, 1), Err(StoreError::NotFound { .. })));
    delete(&store, 1, 1);
    assert!(matches!(restore(&store, 1, 1), Err(StoreError::Conflict { seen: 1, now: 2, .. })));
    restore(&store, 1, 2).unwrap();
    assert!(matches!(restore(&store, 1, 2), Err(StoreError::Conflict { .. })), "once is enough");
}

#[test]
fn what_was_done_since_a_revision_is_told_in_order() {
    let store = Store::in_memory().unwrap();
    insert(&store, &full(1));
    for rev in 1..4 {
        update(&store, &Contact { rev, ..full(1) }).unwrap();
    }
    let since = |rev| store.read(|reader| reader.changes_since(id(1), rev)).unwrap();
    assert_eq!(since(1).iter().map(|entry| entry.rev).collect::<Vec<_>>(), [2, 3, 4]);
    assert_eq!(since(4), []);
    assert_eq!(store.read(|reader| reader.changes_since(id(2), 0)).unwrap(), []);
}

#[test]
fn what_hangs_on_a_contact_is_counted_with_those_merged_into_it() {
    let store = Store::in_memory().unwrap();
    insert(&store, &full(1));
    insert(&store, &full(2));
    let count = |number| store.read(|reader| reader.attached(id(number))).unwrap();
    assert_eq!(count(1), crate::store::Attached::default());
    store
        .write(|writer| {
            for contact in ["1", "1", "2"] {
                let sql = format!("INSERT INTO note (contact, at, person, text) VALUES ({contact}, 0, 'cli', 'hello')");
                writer.conn().execute_batch(&sql)?;
            }
            Ok::<_, StoreError>(())
        })
        .unwrap();
    assert_eq!((count(1).notes, count(2).notes), (2, 1));
    let merged = Prepared::new(&full(1));
    store.write(|writer| writer.merge(&merged, 1, id(2), 1, &change(Action::Merged, 4))).unwrap();
    assert_eq!((count(1).notes, count(2).notes), (3, 3));
}

#[test]
fn what_was_renamed_meanwhile_comes_back_by_its_new_name() {
    let store = Store::in_memory().unwrap();
    let name = |text: &str| crate::domain::name::Name::parse(text).unwrap();
    let lee = Contact { labels: vec![label("Gold")], division: Some(name("Asia")), ..contact(1, "Lee") };
    insert(&store, &lee);
    store.write(|writer| writer.delete(id(1), 1, &change(Action::Deleted, 1))).unwrap();
    let by = Stamp { at: time(2), by: "cli".into() };
    store.write(|writer| writer.rename_label(&label("gold"), &label("Silver"), &by)).unwrap();
    store.write(|writer| writer.rename_division(&name("Asia"), &name("APAC"), &change(Action::Updated, 2))).unwrap();
    let Some(Person::Deleted(gone)) = store.read(|reader| reader.person(id(1))).unwrap() else { panic!("not deleted") };
    assert_eq!((gone.labels, gone.division), (vec![label("Silver")], Some(name("APAC"))));
}

#[test]
fn a_name_is_the_same_in_any_letters_where_it_comes_back_by_its_new_one() {
    let written = [
        ("gold", "GOLD", "Silver"),
        ("école", "ÉCOLE", "Neu"),
        ("οδος", "ΟΔΟΣ", "Neu"),
        // The sign of the unit Kelvin is a capital k.
        ("kind", "\u{212A}ind", "Neu"),
        ("the \"é\"", "THE \"É\"", "a \\ b"),
        ("vip", "vip", "VIP"),
    ];
    for (first, other, new) in written {
        let store = Store::in_memory().unwrap();
        insert(&store, &Contact { labels: vec![label(first)], ..contact(1, "Lee") });
        insert(&store, &Contact { labels: vec![label(other)], ..contact(2, "Li") });
        delete(&store, 2, 1);
        let by = Stamp { at: time(2), by: "cli".into() };
        store.write(|writer| writer.rename_label(&label(first), &label(new), &by)).unwrap();
        let gone = store.read(|reader| reader.person(id(2))).unwrap();
        let Some(Person::Deleted(gone)) = gone else { panic!("not deleted") };
        assert_eq!(gone.labels[0].as_str(), new, "{other}");
    }
}

#[test]
fn a_kept_document_that_cannot_be_read_is_named() {
    let store = Store::in_memory().unwrap();
    for number in [1, 2] {
        insert(&store, &full(number));
    }
    store.write(|writer| writer.merge(&Prepared::new(&full(1)), 1, id(2), 1, &change(Action::Merged, 4))).unwrap();
    let break_in =
        |sql: &str| store.write(|writer| writer.conn().execute_batch(sql).map_err(StoreError::from)).unwrap();
    let by = Stamp { at: time(2), by: "cli".into() };
    let fails = || store.write(|writer| writer.delete_label(&label("VIP"), &by)).unwrap_err().to_string();
    break_in("UPDATE merge SET other_doc = '\"VIP\"'");
    let named = format!("the stored original in merge 1 of contact `{}` cannot be read", id(2));
    assert!(fails().starts_with(&named), "{}", fails());
    let told = store.read(|reader| reader.traces(id(1))).map(drop).unwrap_err().to_string();
    assert!(told.starts_with(&named), "{told}");
    break_in("UPDATE merge SET other_doc = '{}'; UPDATE contact SET doc = '\"VIP\"' WHERE gone = 2");
    assert!(fails().starts_with(&format!("the stored contact `{}` cannot be read", id(2))), "{}", fails());
}
