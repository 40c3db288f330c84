//! Tests of renaming and deleting labels: documents, counts, searches and the change log agree afterwards.

use super::*;
use crate::domain::field::Field;

fn by() -> Stamp {
    Stamp { at: time(9), by: "Ann".into() }
}

/// Contacts with the labels `VIP` and `gold`, more than are rewritten at once.
fn book(contacts: u8) -> Store {
    let store = Store::in_memory().unwrap();
    for number in 1..=contacts {
        let mut contact = contact(number, "Lee");
        contact.labels = vec![label("gold"), label("VIP")];
        insert(&store, &contact);
    }
    store
}

fn with(store: &Store, name: &str) -> usize {
    found(store, &Query { labels: vec![label(name)], limit: 1000, ..Query::default() }).len()
}

#[test]
fn a_renamed_label_is_renamed_in_every_contact() {
    let store = book(3);
    let rename = |old: &str, new: &str| store.write(|writer| writer.rename_label(&label(old), &label(new), &by()));
    assert_eq!(rename("vip", "Best").unwrap(), 3);
    assert_eq!((with(&store, "VIP"), with(&store, "best"), with(&store, "gold")), (0, 3, 3));
    let lee = load(&store, 1).unwrap();
    assert_eq!((lee.rev, lee.joined(&Field::Labels.into()).as_deref()), (2, Some("Best; gold")));
    assert_eq!((lee.updated.at, &*lee.updated.by), (time(9), "Ann"));
    let log = store.read(|reader| reader.changes(id(1), None)).unwrap();
    assert_eq!((log[0].rev, log[0].fields[0].old.as_deref()), (2, Some("gold; VIP")));
    assert_eq!(rename("best", "BEST").unwrap(), 3, "the case is part of the name");
    assert_eq!(load(&store, 2).unwrap().labels[0].as_str(), "BEST");
    assert_eq!(rename("best", "BEST").unwrap(), 0);
    assert!(matches!(rename("best", "Gold"), Err(StoreError::LabelExists { .. })));
    assert!(matches!(rename("none", "more"), Err(StoreError::NoLabel { .. })));
    assert_eq!(store.read(|reader| reader.labels()).unwrap().len(), 2);
    // The name is free again.
    let mut fresh = contact(9, "Li");
    fresh.labels = vec![label("VIP"), label("BEST")];
    insert(&store, &fresh);
    assert_eq!((with(&store, "VIP"), with(&store, "best")), (1, 4));
}

#[test]
fn a_deleted_label_is_gone_from_every_contact() {
    let store = book(3);
    assert_eq!(store.read(|reader| reader.label(&label("vip"))).unwrap().contacts, 3);
    assert_eq!(store.write(|writer| writer.delete_label(&label("vip"), &by())).unwrap(), 3);
    assert_eq!((with(&store, "VIP"), with(&store, "gold")), (0, 3));
    assert_eq!(load(&store, 3).unwrap().labels, [label("gold")]);
    assert!(matches!(store.read(|reader| reader.label(&label("vip"))), Err(StoreError::NoLabel { .. })));
    let mut fresh = contact(9, "Li");
    fresh.labels = vec![label("VIP")];
    insert(&store, &fresh);
    assert_eq!(with(&store, "VIP"), 1);
}

#[test]
fn more_contacts_than_are_held_at_once_are_rewritten() {
    let store = Store::in_memory().unwrap();
    let many = 600_u32;
    store
        .write(|writer| {
            (0..many).try_for_each(|number| {
                let bytes: [u8; 16] = std::array::from_fn(|at| number.to_be_bytes().get(at).copied().unwrap_or(7));
                let mut contact = Contact::new(ContactId::from_bytes(bytes), by());
                contact.labels = vec![label("VIP")];
                writer.insert(&Prepared::new(&contact), &change(Action::Created, 0))
            })
        })
        .unwrap();
    assert_eq!(store.write(|writer| writer.delete_label(&label("VIP"), &by())).unwrap(), u64::from(many));
    assert_eq!(store.read(|reader| reader.labels()).unwrap(), []);
}
