//! Whole books, small ones: the keys bring together what belongs together, in one part and in several.

use std::collections::BTreeSet;

use super::*;
use crate::domain::contact::Stamp;
use crate::domain::field::FieldKey;
use crate::domain::rules::Rules;
use crate::store::{Action, Actor, NewChange, Prepared, Query, Store};

/// A book of contacts, each `field=value; …`.
fn book(contacts: &[String]) -> Store {
    let store = Store::in_memory().unwrap();
    let rules = Rules { multi_value: true, ..Rules::for_tests() };
    store
        .write(|writer| {
            for (at, text) in contacts.iter().enumerate() {
                let mut id = [7; 16];
                id[12..].copy_from_slice(&(at as u32).to_be_bytes());
                let at = chrono::DateTime::UNIX_EPOCH;
                let mut contact = Contact::new(ContactId::from_bytes(id), Stamp { at, by: "test".into() });
                for part in text.split("; ") {
                    let (name, value) = part.split_once('=').unwrap();
                    contact.set(&FieldKey::parse(name).unwrap(), value, &rules).unwrap();
                }
                let actor = Actor::Person("test".to_owned());
                let entry = NewChange { at, actor, action: Action::Created, fields: Vec::new(), via: String::new() };
                writer.insert(&Prepared::new(&contact), &entry)?;
            }
            Ok::<_, StoreError>(())
        })
        .unwrap();
    store
}

fn search(store: &Store, parts: u64) -> Found {
    let found = store.read(|reader| {
        let mut stream = |f: &mut dyn FnMut(&Contact)| {
            reader.for_each(&Query::default(), &mut |contact| {
                f(&contact);
                ControlFlow::Continue(())
            })
        };
        Search::over(reader, &mut stream, parts, 60)?.best(1000)
    });
    found.unwrap()
}

fn pairs(found: &Found) -> BTreeSet<(u8, String, String)> {
    let name = |contact: &Contact| contact.display_name();
    found.pairs.iter().map(|it| (it.likeness.score, name(&it.contacts[0]), name(&it.contacts[1]))).collect()
}

#[test]
fn pairs_are_found_by_any_key_and_told_once() {
    let store = book(&[
        "first_name=Ann; last_name=Lee; email=ann@example.com; mobile=+85291234567".to_owned(),
        "first_name=Anne; last_name=Lee; email=ANN@example.com; whatsapp=+85291234567".to_owned(),
        "first_name=Bob; last_name=Ray; company=Acme Ltd; birth_date=12/14/1980".to_owned(),
        "first_name=Rob; last_name=Ray; company=Acme Ltd; birth_date=12/14/1980".to_owned(),
        "first_name=Jonathan; last_name=Smith; company=Globex".to_owned(),
        "first_name=Jonathon; last_name=Smith; company=GLOBEX Inc.".to_owned(),
    ]);
    let one = search(&store, 1);
    let names: Vec<_> = pairs(&one).into_iter().map(|(_, a, b)| format!("{a} | {b}")).collect();
    assert_eq!(names, ["Jonathan Smith | Jonathon Smith", "Ann Lee | Anne Lee"]);
    assert_eq!((one.total, one.skipped.len()), (2, 0));
    for parts in [2, 7] {
        assert_eq!(pairs(&search(&store, parts)), pairs(&one), "{parts}");
    }
}

#[test]
fn what_many_share_counts_little_and_is_cut() {
    let mut all: Vec<String> = (0..30)
        .map(|at| {
            format!("first_name=N{at}; last_name=M{at}; email=info@acme.com; work_phone=+85221234567; company=Acme")
        })
        .collect();
    all.push("first_name=N3; last_name=M3; email=info@acme.com; company=Acme".to_owned());
    all.extend((0..25).map(|at| format!("first_name=John; last_name=Smith; external_id=crm:{at}")));
    all.extend((0..2).map(|_| "first_name=John; last_name=Smith; company=Globex".to_owned()));
    all.extend((0..22).map(|at| format!("first_name=Jane; last_name=Doe; company=Initech; zip={at}")));
    let store = book(&all);
    let found = search(&store, 1);
    let names: Vec<_> = pairs(&found).into_iter().map(|(_, a, b)| format!("{a} | {b}")).collect();
    assert_eq!(names, ["N3 M3 | N3 M3"]);
    assert!(found.skipped.iter().any(|it| it.kind == KeyKind::Name && it.value == "doe jane" && it.contacts == 22));
    assert_eq!(pairs(&search(&store, 3)), pairs(&found));
}
