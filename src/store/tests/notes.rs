//! Tests of notes: pages of many, notes of merged contacts, and what is logged.

use rusqlite::{StatementStatus, params};

use super::super::notes::{COLUMNS, CONTACT_PAGE};
use super::*;
use crate::domain::note::NoteOn;

fn add(store: &Store, on: NoteOn, text: &str) -> i64 {
    store.write(|writer| writer.insert_note(on, text, time(0), "Ann")).unwrap()
}

fn texts(store: &Store, on: NoteOn) -> Vec<String> {
    let page = store.read(|reader| reader.notes(on, None, 100)).unwrap();
    assert_eq!(page.total, page.notes.len() as u64);
    page.notes.into_iter().map(|note| note.text).collect()
}

#[test]
fn notes_come_newest_first_page_by_page_and_are_logged() {
    let store = Store::in_memory().unwrap();
    insert(&store, &contact(1, "Lee"));
    let on = NoteOn::Contact(id(1));
    let ids: Vec<i64> = ["a", "b", "c"].map(|text| add(&store, on, text)).into();
    let page = |after| store.read(|reader| reader.notes(on, after, 2)).unwrap();
    let first = page(None);
    assert_eq!((first.total, first.next), (3, Some(ids[1])));
    let second = page(first.next);
    assert_eq!((second.notes[0].text.as_str(), second.next), ("a", None));
    assert!(store.write(|writer| writer.update_note(ids[0], "A", time(5), "Bob")).unwrap());
    assert!(store.write(|writer| writer.delete_note(ids[1], time(6), "Bob")).unwrap());
    assert!(!store.write(|writer| writer.delete_note(ids[1], time(6), "Bob")).unwrap());
    assert_eq!(texts(&store, on), ["c", "A"]);
    let (note, whose) = store.read(|reader| reader.note(ids[0])).unwrap().unwrap();
    assert_eq!((note.edited, whose), (Some((time(5), "Bob".to_owned())), on));
    let log = |note: i64| {
        let log = store.read(|reader| {
            let sql =
                "SELECT action, person, fields FROM record_change WHERE kind = 'note' AND record = ?1 ORDER BY id";
            let mut select = reader.conn.prepare(sql)?;
            let rows = select.query_map([note.to_string()], |row| {
                Ok(format!("{} {} {}", row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?))
            })?;
            Ok(rows.collect::<rusqlite::Result<Vec<_>>>()?)
        });
        log.unwrap()
    };
    let whose = id(1);
    let created = format!(r#"created Ann [["contact",null,"{whose}"],["text",null,"a"]]"#);
    assert_eq!(log(ids[0]), [created, r#"updated Bob [["text","a","A"]]"#.to_owned()]);
    let deleted = format!(r#"deleted Bob [["contact","{whose}",null]]"#);
    assert_eq!(log(ids[1]), ["created Ann []".to_owned(), deleted], "the texts of a deleted note are gone");
}

#[test]
fn notes_of_a_contact_that_was_merged_away_show_with_its_master() {
    let store = Store::in_memory().unwrap();
    (1..=3).for_each(|number| insert(&store, &contact(number, "Lee")));
    for number in 1..=3 {
        add(&store, NoteOn::Contact(id(number)), &number.to_string());
    }
    let merge = |master: u8, other: u8, rev| {
        let (result, entry) = (Prepared::new(&contact(master, "Lee")), change(Action::Merged, 1));
        store.write(|writer| writer.merge(&result, 1, id(other), rev, &entry)).unwrap()
    };
    merge(2, 3, 1);
    store.write(|writer| writer.insert_note(NoteOn::Contact(id(3)), "later", time(2), "Ann")).unwrap();
    merge(1, 2, 2);
    assert_eq!(texts(&store, NoteOn::Contact(id(1))), ["later", "3", "2", "1"]);
    assert_eq!(texts(&store, NoteOn::Contact(id(3))), ["later", "3", "2", "1"]);
    let page = store.read(|reader| reader.notes(NoteOn::Contact(id(1)), None, 3)).unwrap();
    assert_eq!((page.total, page.notes.len(), page.next), (4, 3, Some(page.notes[2].id)));
}

#[test]
fn a_page_of_very_many_notes_reads_no_more_than_itself() {
    let store = Store::in_memory().unwrap();
    insert(&store, &contact(1, "Lee"));
    store
        .write(|writer| {
            writer
                .reader
                .conn
                .execute_batch(
                    "WITH RECURSIVE counter (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counter WHERE n < 100000)
                 INSERT INTO note (contact, at, person, text) SELECT 1, n, 'Ann', 'note ' || n FROM counter",
                )
                .map_err(StoreError::from)
        })
        .unwrap();
    let page = store.read(|reader| reader.notes(NoteOn::Contact(id(1)), Some(50_001), 20)).unwrap();
    assert_eq!((page.total, page.notes[0].text.as_str(), page.next), (100_000, "note 50000", Some(49_981)));
    let steps = store.read(|reader| {
        let mut select = reader.conn.prepare(&format!("SELECT {COLUMNS} FROM note {CONTACT_PAGE}"))?;
        let found = select.query_map(params![1, 50_001, 21], |_| Ok(()))?.count();
        assert_eq!(found, 21);
        Ok((select.get_status(StatementStatus::VmStep), select.get_status(StatementStatus::Sort)))
    });
    let (steps, sorts) = steps.unwrap();
    assert!(steps < 1000 && sorts == 0, "{steps} steps, {sorts} sorts");
}

#[test]
fn a_note_on_an_organization_and_its_unique_value_are_found() {
    let store = Store::in_memory().unwrap();
    let insert = "INSERT INTO organization (rev, key, name, division, doc) VALUES (1, 'acme', 'Acme', 'Asia', '{\"custom\":{\"vat-no\":\"GB1\"}}')";
    store.write(|writer| writer.reader.conn.execute_batch(insert).map_err(StoreError::from)).unwrap();
    let owner = |value: &str, except| store.read(|reader| reader.custom_owner_organization("vat-no", value, except));
    assert_eq!(owner("gb1", 0).unwrap(), Some((1, "Acme".to_owned())));
    assert_eq!((owner("gb1", 1).unwrap(), owner("gb2", 0).unwrap()), (None, None));
    add(&store, NoteOn::Organization(1), "a supplier");
    assert_eq!(texts(&store, NoteOn::Organization(1)), ["a supplier"]);
}
