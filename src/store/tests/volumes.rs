//! Looking up identifiers in many volumes: what is kept in memory of them never hides anybody, whoever writes.

use proptest::prelude::*;
use rusqlite::params;

use super::super::identifiers::first_of_volume;
use super::*;
use crate::domain::permission::Scope;

/// Volumes of the contacts under test; the last is the one in which contacts are created.
const VOLUMES: [i64; 7] = [0, 0, 1, 2, 2, 63, 64];

fn address(number: u8) -> String {
    format!("{number}@example.com")
}

/// Two stores over one database with contacts that share nothing yet.
fn shared() -> (tempfile::TempDir, [Store; 2]) {
    let folder = tempfile::tempdir().unwrap();
    let stores = [(); 2].map(|()| Store::open(&folder.path().join("carnet.db")).unwrap());
    let plant = |writer: &mut Writer<'_>| {
        let mut numbers = (0..).zip(VOLUMES);
        numbers.try_for_each(|(at, volume)| writer.plant(first_of_volume(volume) + i64::from(at), &contact(at, "Lee")))
    };
    stores[0].write(plant).unwrap();
    (folder, stores)
}

/// Gives a contact other addresses; one that was deleted comes back.
fn give(store: &Store, number: u8, addresses: &[u8]) {
    let gone = store.read(|reader| reader.departed(id(number))).unwrap();
    let mut contact = match gone {
        Some(Departed::Deleted { contact, .. }) => {
            let rev = contact.rev;
            let entry = change(Action::Updated, 1);
            store.write(|writer| writer.restore(&Prepared::new(&contact), rev, &entry)).unwrap();
            load(store, number).unwrap()
        }
        _ => load(store, number).unwrap(),
    };
    contact.emails = addresses.iter().map(|it| email(&address(*it))).collect();
    update(store, &contact).unwrap();
}

fn delete(store: &Store, number: u8) {
    if let Some(contact) = load(store, number) {
        store.write(|writer| writer.delete(contact.id, contact.rev, &change(Action::Deleted, 1))).unwrap();
    }
}

/// Who has any of some addresses, as a reader finds it and as the table says.
fn both(reader: &Reader<'_>, addresses: &[u8], limit: usize) -> (Vec<i64>, Vec<i64>) {
    let wanted: Vec<_> = addresses.iter().map(|it| Identifier::Email(address(*it))).collect();
    let found = reader.matches(&wanted, &Scope::All, limit).unwrap();
    let list: Vec<_> = addresses.iter().map(|it| format!("'{}'", address(*it))).collect();
    let sql = format!("SELECT DISTINCT contact FROM identifier WHERE kind = 2 AND value IN ({})", list.join(","));
    let mut select = reader.conn.prepare(&format!("{sql} ORDER BY contact LIMIT ?1")).unwrap();
    let rows = select.query_map([limit as i64], |row| row.get(0)).unwrap();
    (found, rows.collect::<rusqlite::Result<_>>().unwrap())
}

fn agree(reader: &Reader<'_>) {
    for addresses in [&[0][..], &[1], &[2], &[3], &[0, 2, 3], &[9]] {
        for limit in [1, 2, 100] {
            let (found, there) = both(reader, addresses, limit);
            assert_eq!(found, there, "{addresses:?}, {limit} at most");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn nobody_is_missed_whoever_writes(
        steps in prop::collection::vec(
            (0..2_usize, 0..VOLUMES.len() as u8, prop::option::weighted(0.8, prop::collection::vec(0..4_u8, 0..3)), any::<bool>()), 1..16,
        ),
    ) {
        let (_folder, stores) = shared();
        for (writing, number, addresses, beside) in steps {
            let write = || match &addresses {
                Some(addresses) => give(&stores[writing], number, addresses),
                None => delete(&stores[writing], number),
            };
            let look = || stores.each_ref().map(|store| store.read(|reader| { agree(reader); Ok(()) }).unwrap());
            if beside {
                // A snapshot from before, which asks after others have looked at what came after it.
                let older = |reader: &Reader<'_>| { reader.count()?; write(); look(); agree(reader); Ok(()) };
                stores[0].read(older).unwrap();
            } else {
                write();
            }
            look();
        }
    }
}

#[test]
fn an_identifier_that_another_process_gives_to_an_old_contact_is_found() {
    let (_folder, [ours, theirs]) = shared();
    let ask = || ours.read(|reader| Ok(both(reader, &[3], 10))).unwrap();
    for _ in 0..80 {
        assert_eq!(ask().0, [0_i64; 0]);
    }
    let reliable = ours.inner.volumes.reliable();
    assert_eq!(reliable, u64::MAX, "volumes that were asked in vain often are not asked any more");
    give(&theirs, 2, &[3]);
    assert_eq!(ask().0, [first_of_volume(1) + 2]);
    assert_eq!(ours.inner.volumes.reliable(), reliable & !(1 << 1), "what another process wrote is asked for");
    give(&ours, 0, &[3]);
    assert_eq!(ours.inner.volumes.reliable(), reliable & !(1 << 1), "what this process writes is known to it");
    assert_eq!(ask().0, [0, first_of_volume(1) + 2]);
}

#[test]
fn new_contacts_count_no_change_and_what_is_taken_back_is_not_relied_on() {
    let (_folder, [ours, theirs]) = shared();
    let changes = || {
        let sql = "SELECT count(*) FROM volume_change WHERE volume <> ?1 OR times > ?2";
        ours.read(|reader| Ok(reader.conn.query_row(sql, params![-1, 1], |row| row.get::<_, i64>(0)).unwrap())).unwrap()
    };
    let before = changes();
    let mut lee = contact(100, "Lee");
    lee.emails.push(email("lee@example.com"));
    insert(&ours, &lee);
    assert_eq!(changes(), before);
    let ask = || ours.read(|reader| Ok(both(reader, &[3], 10))).unwrap();
    (0..80).for_each(|_| assert_eq!(ask().0, [0_i64; 0]));
    let mut given = load(&ours, 2).unwrap();
    given.emails = vec![email(&address(2))];
    let failed: Result<(), StoreError> = ours.write(|writer| {
        writer.update(&Prepared::new(&given), 1, &change(Action::Updated, 1))?;
        Err(StoreError::NoJob { id: 0 })
    });
    assert!(failed.is_err());
    // The next to count gets the number that was taken back.
    give(&theirs, 2, &[3]);
    assert_eq!(ask().0, [first_of_volume(1) + 2]);
}
