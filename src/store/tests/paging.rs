//! Pages in every order, while contacts come, go and change, and where more are meant than are counted.

use std::collections::HashMap;

use super::*;
use crate::domain::contact::ContactType;

/// A contact with a fresh-looking id, made so many seconds after the first.
fn made(number: u32) -> Contact {
    let mut bytes = [9; 16];
    let millis = 1_700_000_000_000 + i64::from(number) * 1000;
    bytes[..6].copy_from_slice(&millis.to_be_bytes()[2..]);
    let mut made = Contact::new(ContactId::from_bytes(bytes), Stamp { at: time(number.into()), by: Arc::from("cli") });
    made.last_name = Some(format!("N{:04}", (number * 7919) % 10_007));
    made.company = Some("Acme Ltd".to_owned());
    made
}

fn insert_all(store: &Store, numbers: impl Iterator<Item = u32>) {
    let mut numbers = numbers.map(|number| Prepared::new(&made(number)));
    store.write(|writer| numbers.try_for_each(|it| writer.insert(&it, &change(Action::Created, 0)))).unwrap();
}

/// Writes a contact so many seconds after the first was made.
fn touch(store: &Store, number: u32, seconds: i64) {
    let mut contact = store.read(|reader| reader.contact(made(number).id)).unwrap().unwrap();
    contact.kind = ContactType::Customer;
    contact.updated.at = time(seconds);
    update(store, &contact).unwrap();
}

/// Reads all pages, doing something between them.
fn pages(store: &Store, mut query: Query, between: &mut dyn FnMut(usize)) -> Vec<ContactId> {
    let mut ids = Vec::new();
    for number in 0.. {
        let page = store.read(|reader| reader.search(&query)).unwrap();
        assert!(page.contacts.len() <= query.limit);
        ids.extend(page.contacts.iter().map(|contact| contact.id));
        let Some(next) = page.next else { break };
        query.after = Some(next);
        between(number);
    }
    ids
}

#[test]
fn what_stays_as_it_is_is_shown_once_in_every_order() {
    for sort in Sort::ALL {
        for words in if *sort == Sort::Updated { &["", "n"][..] } else { &["n"] } {
            let store = Store::in_memory().unwrap();
            insert_all(&store, 0..60);
            (0..20).for_each(|number| touch(&store, number * 3, 1000 + i64::from(number % 5)));
            let query = Query { words: (*words).to_owned(), sort: *sort, limit: 7, ..Query::default() };
            let first = store.read(|reader| reader.search(&query)).unwrap().contacts;
            let mut disturb = |page: usize| {
                let page = u32::try_from(page).unwrap();
                insert_all(&store, 100 + page * 2..102 + page * 2);
                // The last one shown goes, and one is written whose name stays.
                if page == 0 {
                    let last = first.last().unwrap();
                    store.write(|writer| writer.delete(last.id, last.rev, &change(Action::Deleted, 0))).unwrap();
                }
                if *sort != Sort::Updated {
                    touch(&store, page * 3 + 1, 5000);
                }
            };
            let ids = pages(&store, query.clone(), &mut disturb);
            let mut times: HashMap<ContactId, usize> = HashMap::new();
            ids.iter().for_each(|id| *times.entry(*id).or_default() += 1);
            let once = (0..60).filter(|number| times.get(&made(*number).id) == Some(&1)).count();
            // One of them may have been the one that went before it was touched.
            assert_eq!(once, 60, "{sort} `{words}`");
            assert!(times.values().all(|times| *times == 1), "{sort} `{words}`");
        }
    }
}

#[test]
fn pages_go_on_beyond_what_is_counted() {
    let store = Store::in_memory().unwrap();
    insert_all(&store, 0..1300);
    store
        .write(|writer| {
            for number in (0..1300_u32).step_by(3) {
                let mut contact = Contact { rev: 1, ..made(number) };
                contact.updated.at = time(i64::from(number) * 2 % 700);
                writer.update(&Prepared::new(&contact), 1, &change(Action::Updated, 1))?;
            }
            Ok::<_, StoreError>(())
        })
        .unwrap();
    for sort in Sort::ALL {
        let filters = vec![Filter::Company("acme".to_owned())];
        let query = Query { filters, sort: *sort, limit: 180, ..Query::default() };
        let page = store.read(|reader| reader.search(&query)).unwrap();
        let counted = if *sort == Sort::Name { (1300, false) } else { (1000, true) };
        assert_eq!((page.total, page.at_least), counted, "{sort}");
        assert_eq!(store.read(|reader| reader.count_of(&query)).unwrap(), 1300);
        let ids = pages(&store, query, &mut |_| ());
        let mut all: Vec<Contact> = (0..1300).map(made).collect();
        for (number, contact) in all.iter_mut().enumerate().step_by(3) {
            contact.updated.at = time(number as i64 * 2 % 700);
        }
        let mut numbered: Vec<(usize, &Contact)> = all.iter().enumerate().collect();
        match sort {
            Sort::Newest => numbered.reverse(),
            Sort::Oldest => {}
            Sort::Name => numbered.sort_by_key(|(_, it)| it.display_name().to_lowercase()),
            // The id's time is the creation's, less the fraction of a second.
            Sort::Updated => numbered.sort_by_key(|(number, it)| {
                let changed = it.updated != it.created;
                let at =
                    if changed { it.updated.at } else { it.created.at - chrono::Duration::nanoseconds(123_456_789) };
                std::cmp::Reverse((at, *number))
            }),
        }
        let expected: Vec<ContactId> = numbered.into_iter().map(|(_, it)| it.id).collect();
        assert_eq!(ids.len(), expected.len());
        assert!(ids == expected, "{sort}");
    }
}

#[test]
fn a_beginning_of_many_words_finds_as_one_of_few() {
    let store = Store::in_memory().unwrap();
    insert_all(&store, 0..200);
    let count = |words: &str| {
        let query = Query { words: words.to_owned(), limit: 500, ..Query::default() };
        let page = store.read(|reader| reader.search(&query)).unwrap();
        assert_eq!(page.total, page.contacts.len() as u64);
        let meant = |contact: &Contact| contact.last_name.as_deref().unwrap().to_lowercase().starts_with(words);
        assert!(page.contacts.iter().all(meant));
        page.total
    };
    let by_look = |words: &str| {
        (0..200).filter(|number| made(*number).last_name.unwrap().to_lowercase().starts_with(words)).count() as u64
    };
    for words in ["n", "n0", "n12", "n1", "n9999"] {
        assert_eq!(count(words), by_look(words), "{words}");
    }
}

#[test]
fn a_cursor_belongs_to_its_order() {
    let store = Store::in_memory().unwrap();
    insert_all(&store, 0..3);
    touch(&store, 1, 9);
    for given in Sort::ALL {
        let query = Query { sort: *given, limit: 1, ..Query::default() };
        let next = store.read(|reader| reader.search(&query)).unwrap().next.unwrap();
        for asked in Sort::ALL {
            let query = Query { sort: *asked, after: Some(next.clone()), ..Query::default() };
            let answer = store.read(|reader| reader.search(&query));
            assert_eq!(matches!(answer, Err(StoreError::Cursor { .. })), given != asked, "{given} {asked}");
        }
    }
    for broken in ["", "n", "n-1", "nx", "u1", "u1.x", "f12", "fzz", "a12", "é", "a00"] {
        for sort in Sort::ALL {
            let query = Query { sort: *sort, after: Some(broken.to_owned()), ..Query::default() };
            assert!(matches!(store.read(|reader| reader.search(&query)), Err(StoreError::Cursor { .. })), "{broken}");
        }
    }
}
