//! What a transaction gathers before it writes: however many contacts are written at once, the tables hold the same.

use proptest::prelude::*;

use super::*;

/// Enough for whole statements of every kind, and for rows that are left over.
const CONTACTS: std::ops::Range<usize> = 1..80;

/// Values with common beginnings, equal ones, ones that end within what is compared as numbers, and others after a zero.
const VALUES: &str = "(crm|a-rather-long-source|a-rather-long-sourcf)[a-b\0é]{0,3}";

#[derive(Debug, Clone)]
struct Given {
    phone: u8,
    addresses: Vec<String>,
    label: Option<u8>,
    opted_out: bool,
}

fn given() -> impl Strategy<Value = Given> {
    let parts = (0..20_u8, prop::collection::vec(VALUES, 0..3), prop::option::of(0..3_u8), prop::bool::weighted(0.2));
    parts.prop_map(|(phone, addresses, label, opted_out)| Given { phone, addresses, label, opted_out })
}

fn made(number: usize, given: &Given) -> Contact {
    let mut made = contact(u8::try_from(number).unwrap(), "Wong");
    made.phones.push(phone(&format!("+8529000{:04}", given.phone)));
    made.emails.extend(given.addresses.iter().map(|address| email(address)));
    made.labels.extend(given.label.map(|label| self::label(&format!("label {label}"))));
    made.address.country = if given.opted_out { "HK" } else { "GB" }.parse().ok();
    made.survey_opt_out = given.opted_out;
    made
}

/// All rows of the tables that find a contact, and of those that tell of it.
fn rows(store: &Store) -> Vec<String> {
    let tables = ["identifier", "contact_facet", "contact_label", "contact_term", "change", "consent", "contact"];
    let read = |reader: &Reader<'_>| {
        let mut all = Vec::new();
        for table in tables {
            let mut select = reader.conn.prepare(&format!("SELECT * FROM {table}")).unwrap();
            let columns = select.column_count();
            let mut rows = select.query([]).unwrap();
            while let Some(row) = rows.next().unwrap() {
                let values: Vec<_> = (0..columns).map(|at| row.get_ref(at).unwrap()).collect();
                all.push(format!("{table} {values:?}"));
            }
        }
        Ok(all)
    };
    store.read(read).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn many_contacts_at_once_come_to_the_same_as_one_after_the_other(given in prop::collection::vec(given(), CONTACTS)) {
        let contacts: Vec<_> = given.iter().enumerate().map(|(at, given)| Prepared::new(&made(at, given))).collect();
        let entry = change(Action::Created, 0);
        let (apart, together) = (Store::in_memory().unwrap(), Store::in_memory().unwrap());
        for contact in &contacts {
            apart.write(|writer| writer.insert(contact, &entry)).unwrap();
        }
        let all: Vec<_> = contacts.iter().map(|contact| (contact, &entry)).collect();
        together.write(|writer| writer.insert_all(&all)).unwrap();
        prop_assert_eq!(rows(&apart), rows(&together));
    }
}

#[test]
fn an_id_that_is_taken_is_told_among_many() {
    let store = Store::in_memory().unwrap();
    insert(&store, &contact(7, "Chan"));
    let entry = change(Action::Created, 0);
    let contacts: Vec<_> = (0..40).map(|number| Prepared::new(&contact(number, "Wong"))).collect();
    let all: Vec<_> = contacts.iter().map(|contact| (contact, &entry)).collect();
    let refused = store.write(|writer| writer.insert_all(&all)).unwrap_err();
    assert!(matches!(refused, StoreError::Conflict { id: taken, seen: 0, now: 1 } if taken == id(7)), "{refused:?}");
    assert!(load(&store, 1).is_none());
}

/// A statement that began a savepoint would make the full text write a piece of its own each time, to be merged later.
#[test]
fn the_full_text_is_written_in_one_piece() {
    let store = Store::in_memory().unwrap();
    let entry = change(Action::Created, 0);
    let contacts: Vec<_> = (0..200).map(|number| Prepared::new(&contact(number, "Wong"))).collect();
    let all: Vec<_> = contacts.iter().map(|contact| (contact, &entry)).collect();
    store.write(|writer| writer.insert_all(&all)).unwrap();
    let pieces = |reader: &Reader<'_>| {
        let sql = "SELECT count(DISTINCT segid) FROM contact_text_idx";
        Ok(reader.conn.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap())
    };
    assert_eq!(store.read(pieces).unwrap(), 1);
}
