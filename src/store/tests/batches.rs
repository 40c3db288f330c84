//! Batches: what they remember, and taking them back in any order, beside writes of others.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

fn begin(writer: &mut Writer<'_>) -> i64 {
    let batch =
        NewBatch { kind: "edit".to_owned(), what: "company=Acme".to_owned(), person: "cli".to_owned(), at: time(5) };
    writer.begin_batch(&batch).unwrap()
}

/// Changes or deletes contacts in one batch; those that are gone are passed over.
fn bulk(store: &Store, numbers: &[u8], company: Option<&str>) -> i64 {
    let written: Result<i64, StoreError> = store.write(|writer| {
        let batch = begin(writer);
        for number in numbers {
            let Some(mut contact) = writer.contact(id(*number))? else { continue };
            writer.remember(batch, contact.id, contact.rev)?;
            match company {
                Some(company) => {
                    contact.company = Some(company.to_owned());
                    contact.labels = vec![label(company)];
                    writer.update(&Prepared::new(&contact), contact.rev, &change(Action::Updated, 6)).map(drop)?;
                }
                None => writer.delete(contact.id, contact.rev, &change(Action::Deleted, 6))?,
            }
        }
        Ok(batch)
    });
    written.unwrap()
}

/// Takes a batch back, `at_once` contacts in a transaction, and returns the contacts that were restored.
fn undo(store: &Store, batch: i64, at_once: usize) -> Vec<ContactId> {
    let (mut after, mut restored) = (0, Vec::new());
    loop {
        let images = store.read(|reader| reader.batch_images(batch, after, at_once)).unwrap();
        let Some(last) = images.last() else { break };
        after = last.no;
        let done: Result<(), StoreError> = store.write(|writer| {
            for image in &images {
                let contact = image.before.clone();
                if writer.take_back(batch, image, &contact, &change(Action::Undone, 7))? {
                    restored.push(image.id);
                }
            }
            Ok(())
        });
        done.unwrap();
    }
    assert!(store.write(|writer| writer.finish_undo(batch, time(8))).unwrap());
    assert!(!store.write(|writer| writer.finish_undo(batch, time(9))).unwrap(), "only the first time counts");
    restored
}

fn of_company(store: &Store, company: &str) -> Vec<String> {
    let by_label = found(store, &Query { labels: vec![label(company)], ..Query::default() });
    let by_word = found(store, &Query { words: company.to_owned(), ..Query::default() });
    assert_eq!(by_label, by_word);
    by_label
}

#[test]
fn a_batch_is_listed_and_taken_back() {
    let store = Store::in_memory().unwrap();
    (1..=3).for_each(|number| insert(&store, &contact(number, &format!("Lee{number}"))));
    let batch = bulk(&store, &[1, 2], Some("Acme"));
    let gone = bulk(&store, &[2, 3], None);
    let listed = store.read(|reader| reader.batches(None, 10)).unwrap();
    assert_eq!(listed.iter().map(|batch| (batch.id, batch.contacts)).collect::<Vec<_>>(), [(gone, 2), (batch, 2)]);
    assert_eq!(of_company(&store, "Acme"), ["Lee1"]);
    assert_eq!(undo(&store, gone, 1), [id(2), id(3)]);
    assert_eq!(of_company(&store, "Acme"), ["Lee1", "Lee2"]);
    assert_eq!(undo(&store, batch, 10), [id(1), id(2)]);
    assert_eq!(of_company(&store, "Acme"), [""; 0]);
    assert!(store.read(|reader| reader.batch(batch)).unwrap().is_some_and(|batch| batch.undone_at == Some(time(8))));
    let actions = store.read(|reader| reader.changes(id(2), None)).unwrap().into_iter().map(|entry| entry.action);
    let expected = [Action::Undone, Action::Undone, Action::Deleted, Action::Updated, Action::Created];
    assert_eq!(actions.collect::<Vec<_>>().len(), expected.len());
    assert_eq!(store.check().unwrap(), [""; 0]);
}

#[test]
fn a_stale_contact_is_not_remembered() {
    let store = Store::in_memory().unwrap();
    insert(&store, &contact(1, "Lee"));
    let refused: Result<(), StoreError> = store.write(|writer| {
        let batch = begin(writer);
        writer.remember(batch, id(1), 7)
    });
    assert!(matches!(refused, Err(StoreError::Conflict { seen: 7, now: 1, .. })));
    assert!(store.read(|reader| reader.batches(None, 10)).unwrap().is_empty());
}

#[test]
fn what_a_batch_wrote_twice_is_as_it_was_first() {
    let store = Store::in_memory().unwrap();
    insert(&store, &contact(1, "Lee"));
    let batch: Result<i64, StoreError> = store.write(|writer| {
        let batch = begin(writer);
        for company in ["Acme", "Globex"] {
            let mut lee = writer.contact(id(1))?.unwrap();
            lee.company = Some(company.to_owned());
            writer.remember(batch, lee.id, lee.rev)?;
            writer.update(&Prepared::new(&lee), lee.rev, &change(Action::Updated, 6))?;
        }
        Ok(batch)
    });
    assert_eq!(undo(&store, batch.unwrap(), 10).len(), 1);
    assert_eq!(load(&store, 1).unwrap().company, None);
}

#[derive(Clone, Debug)]
enum Step {
    Edit(Vec<u8>),
    Delete(Vec<u8>),
    ByHand(u8),
    Undo(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let some = || proptest::collection::btree_set(1..4_u8, 1..4).prop_map(|set| set.into_iter().collect::<Vec<_>>());
    prop_oneof![
        some().prop_map(Step::Edit),
        some().prop_map(Step::Delete),
        (1..4_u8).prop_map(Step::ByHand),
        (0..6_usize).prop_map(Step::Undo),
    ]
}

/// What a contact should be: its company and whether it is there, and which write made it so.
type State = (Option<String>, bool, usize);

/// What a batch should hold: of each contact what was before, and which write it made.
type Held = BTreeMap<u8, (State, usize)>;

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_only_what_nobody_touched_is_taken_back(steps in proptest::collection::vec(step(), 1..12), at_once in 1..4_usize) {
        let store = Store::in_memory().unwrap();
        let mut now: BTreeMap<u8, State> = (1..4).map(|number| (number, (None, true, 0))).collect();
        (1..4).for_each(|number| insert(&store, &contact(number, "Lee")));
        // None once it is taken back.
        let mut batches: Vec<Option<(i64, Held)>> = Vec::new();
        for (at, step) in steps.iter().enumerate() {
            let write = at + 1;
            match step {
                Step::Edit(numbers) | Step::Delete(numbers) => {
                    let company = matches!(step, Step::Edit(_)).then(|| format!("Acme{at}"));
                    let batch = bulk(&store, numbers, company.as_deref());
                    let mut held = BTreeMap::new();
                    for number in numbers {
                        let before = now[number].clone();
                        if !before.1 {
                            continue;
                        }
                        let after = (company.clone().or_else(|| before.0.clone()), company.is_some(), write);
                        held.insert(*number, (before, write));
                        now.insert(*number, after);
                    }
                    batches.push(Some((batch, held)));
                }
                Step::ByHand(number) => {
                    let Some(mut contact) = load(&store, *number) else { continue };
                    contact.company = Some(format!("Hand{at}"));
                    contact.labels.clear();
                    update(&store, &contact).unwrap();
                    now.insert(*number, (contact.company, true, write));
                }
                Step::Undo(which) => {
                    let Some((batch, held)) = batches.get_mut(*which).and_then(Option::take) else { continue };
                    undo(&store, batch, at_once);
                    for (number, (before, made)) in held {
                        if now[&number].2 == made {
                            now.insert(number, before);
                        }
                    }
                }
            }
            for (number, (company, there, _)) in &now {
                let stored = load(&store, *number);
                prop_assert_eq!(stored.is_some(), *there, "contact {} after {:?}", number, step);
                prop_assert_eq!(stored.and_then(|contact| contact.company), company.clone().filter(|_| *there));
            }
        }
        prop_assert_eq!(store.check().unwrap(), Vec::<String>::new());
    }
}
