//! Several handles, several threads, transactions taken back, and reopening.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::*;

fn temporary() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("carnet.db");
    (folder, path)
}

fn labelled(number: u8, name: &str) -> Prepared {
    let mut contact = contact(number, "Lee");
    contact.labels.push(label(name));
    contact.emails.push(email("lee@example.com"));
    Prepared::new(&contact)
}

#[test]
fn a_database_is_reopened_as_it_was() {
    let (_folder, path) = temporary();
    insert(&Store::open(&path).unwrap(), &contact(1, "Lee"));
    let store = Store::open(&path).unwrap();
    assert_eq!(load(&store, 1).unwrap().last_name.as_deref(), Some("Lee"));
    assert_eq!(store.check().unwrap(), [""; 0]);
    assert_eq!(store.path(), path);
}

#[test]
fn a_temporary_database_is_gone_with_its_last_handle() {
    let store = Store::in_memory().unwrap();
    let (path, clone) = (store.path().to_owned(), store.clone());
    drop(store);
    assert_eq!(clone.read(|reader| reader.count()).unwrap(), 0);
    drop(clone);
    assert!(!path.parent().unwrap().exists());
}

#[test]
fn two_writers_end_as_if_one_followed_the_other() {
    let (_folder, path) = temporary();
    let write = |first: u8| {
        let store = Store::open(&path).unwrap();
        for number in first..first + 20 {
            let name = format!("label {}", number % 7);
            store.write(|writer| writer.insert(&labelled(number, &name), &change(Action::Created, 0))).unwrap();
        }
    };
    std::thread::scope(|scope| {
        scope.spawn(|| write(0));
        scope.spawn(|| write(100));
    });
    let store = Store::open(&path).unwrap();
    assert_eq!(store.read(|reader| reader.count()).unwrap(), 40);
    let labels = store.read(|reader| reader.labels()).unwrap();
    assert_eq!((labels.len(), labels.iter().map(|it| it.contacts).sum::<u64>()), (7, 40));
    assert_eq!(store.check().unwrap(), [""; 0]);
}

#[test]
fn many_who_open_a_new_database_at_once_make_it_together() {
    for _ in 0..10 {
        let (_folder, path) = temporary();
        let start = std::sync::Barrier::new(8);
        std::thread::scope(|scope| {
            for number in 1..=8 {
                let (path, start) = (&path, &start);
                scope.spawn(move || {
                    start.wait();
                    insert(&Store::open(path).unwrap(), &contact(number, "Lee"));
                });
            }
        });
        assert_eq!(Store::open(&path).unwrap().read(|reader| reader.count()).unwrap(), 8);
    }
}

#[test]
fn a_reader_keeps_its_snapshot_while_others_write() {
    let store = Store::in_memory().unwrap();
    let counts = store.read(|reader| {
        let before = reader.count()?;
        insert(&store, &contact(1, "Lee"));
        Ok((before, reader.count()?))
    });
    assert_eq!(counts.unwrap(), (0, 0));
    assert_eq!(store.read(|reader| reader.count()).unwrap(), 1);
}

#[test]
fn what_is_taken_back_leaves_nothing_behind() {
    let store = Store::in_memory().unwrap();
    // Before its first commit a handle knows nothing that it could wrongly keep.
    store.write(|writer| writer.set_state("p", "k", None)).unwrap();
    let failed: Result<(), StoreError> = store.write(|writer| {
        writer.insert(&labelled(1, "new"), &change(Action::Created, 0))?;
        writer.set_state("p", "k", Some(b"v"))?;
        Err(StoreError::NoJob { id: 0 })
    });
    assert!(failed.is_err());
    assert!(store.read(|reader| reader.labels()).unwrap().is_empty());
    // Were the label's number still known, the contact would get one that isn't there.
    store.write(|writer| writer.insert(&labelled(2, "other"), &change(Action::Created, 0))).unwrap();
    store.write(|writer| writer.insert(&labelled(1, "new"), &change(Action::Created, 0))).unwrap();
    let labels = store.read(|reader| reader.labels()).unwrap();
    assert_eq!(labels.iter().map(|it| (it.name.as_str(), it.contacts)).collect::<Vec<_>>(), [("new", 1), ("other", 1)]);
    assert_eq!(find(&store, Identifier::Email("lee@example.com".to_owned())), [id(2), id(1)]);
    assert!(store.read(|reader| reader.state_all()).unwrap().is_empty());
}

#[test]
fn a_panic_takes_the_transaction_back_and_leaves_the_store_usable() {
    let store = Store::in_memory().unwrap();
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        store.write(|writer| {
            writer.insert(&labelled(1, "new"), &change(Action::Created, 0))?;
            if writer.count()? == 1 {
                std::panic::resume_unwind(Box::new(()));
            }
            Ok::<_, StoreError>(())
        })
    }));
    assert!(panicked.is_err());
    assert_eq!(store.read(|reader| reader.count()).unwrap(), 0);
    insert(&store, &contact(1, "Lee"));
    assert_eq!(store.read(|reader| reader.count()).unwrap(), 1);
}
