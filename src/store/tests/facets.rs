//! The table of facets: written, changed and removed with its contact, and filled for databases that did not have it.

use rusqlite::Connection;

use super::*;
use crate::domain::contact::Level;
use crate::domain::name::Name;

fn name(name: &str) -> Name {
    Name::parse(name).unwrap()
}

/// A contact with a value for every facet.
fn held(number: u8) -> Contact {
    let mut held = contact(number, "Lee");
    held.organization = Some(name("Acme"));
    held.owner = Some(name("Ann"));
    held.shared_with = vec![name("Bob"), name("Cy")];
    held.division = Some(name("Asia"));
    held.address.country = "HK".parse().ok();
    held.level = Level::Tertiary;
    held.survey_opt_out = true;
    held.custom.insert("tier".to_owned(), "Öl; gas; ÖL".to_owned());
    held.custom.insert("motto".to_owned(), "x".repeat(300));
    held
}

const ALL: [&str; 12] = [
    "1 acme",
    "2 ann",
    "3 bob",
    "3 cy",
    "4 asia",
    "5 HK",
    "6 tertiary",
    "7 ",
    "8 motto=x…100",
    "8 tier=gas",
    "8 tier=ol",
    "8 tier=ol; gas; ol",
];

fn facets(conn: &Connection) -> Vec<String> {
    let mut select = conn.prepare("SELECT facet || ' ' || value FROM contact_facet ORDER BY facet, value").unwrap();
    let rows = select.query_map([], |row| row.get::<_, String>(0)).unwrap();
    let shown = |text: String| text.replace('\u{1f}', "=").replace(&"x".repeat(100), "x…100");
    rows.map(|row| shown(row.unwrap())).collect()
}

fn stored(store: &Store) -> Vec<String> {
    store.read(|reader| Ok(facets(reader.conn))).unwrap()
}

fn updated(store: &Store) -> Option<i64> {
    store.read(|reader| Ok(reader.conn.query_row("SELECT max(updated) FROM contact", [], |row| row.get(0))?)).unwrap()
}

#[test]
fn facets_follow_their_contact() {
    let store = Store::in_memory().unwrap();
    let mut lee = held(1);
    insert(&store, &lee);
    assert_eq!(stored(&store), ALL);
    assert_eq!(updated(&store), None);
    lee.rev = 1;
    lee.updated.at = time(5);
    lee.owner = Some(name("ANN"));
    lee.shared_with.remove(0);
    lee.level = Level::Primary;
    lee.survey_opt_out = false;
    lee.custom.clear();
    lee.rev = update(&store, &lee).unwrap();
    assert_eq!(stored(&store), ["1 acme", "2 ann", "3 cy", "4 asia", "5 HK"]);
    assert_eq!(updated(&store), Some(1_700_000_005_123_456_789));
    store.write(|writer| writer.delete(id(1), lee.rev, &change(Action::Deleted, 6))).unwrap();
    assert_eq!(stored(&store), [""; 0]);
    assert_eq!(updated(&store), None);
    store
        .write(|writer| {
            let no = crate::store::contacts::resolve(writer.conn, id(1))?.unwrap();
            writer.desk().revive(no, &Prepared::new(&held(1)))
        })
        .map(drop)
        .unwrap();
    assert_eq!(stored(&store), ALL);
}

#[test]
fn two_writes_in_one_transaction_leave_what_the_second_says() {
    let store = Store::in_memory().unwrap();
    let mut lee = held(1);
    store
        .write(|writer| {
            writer.insert(&Prepared::new(&lee), &change(Action::Created, 0))?;
            lee = contact(1, "Lee");
            lee.owner = Some(name("Bob"));
            writer.update(&Prepared::new(&lee), 1, &change(Action::Updated, 1))
        })
        .map(drop)
        .unwrap_or_else(|error: StoreError| panic!("{error}"));
    assert_eq!(stored(&store), ["2 bob"]);
}

#[test]
fn a_database_of_the_first_version_gets_its_facets() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("carnet.db");
    let mut changed = contact(2, "Li");
    changed.updated.at = time(9);
    let gone = held(3);
    let conn = Connection::open(&path).unwrap();
    conn.execute_batch(include_str!("../migrations/0001_contacts.sql")).unwrap();
    conn.pragma_update(None, "user_version", 1).unwrap();
    for (contact, gone, document) in
        [(held(1), 0, None), (changed, 0, None), (gone, 1, None), (contact(4, "x"), 0, Some("{"))]
    {
        let document = document.map_or_else(|| document::encode(&contact), str::to_owned);
        let row = (contact.id.as_bytes(), gone, contact.kind.as_str(), document);
        conn.execute("INSERT INTO contact (id, rev, gone, kind, doc) VALUES (?1, 1, ?2, ?3, ?4)", row).unwrap();
    }
    drop(conn);
    let store = Store::open(&path).unwrap();
    assert_eq!(stored(&store), ALL);
    assert_eq!(updated(&store), Some(1_700_000_009_123_456_789));
    assert_eq!(load(&store, 2).unwrap().last_name.as_deref(), Some("Li"));
    assert_eq!(store.check().unwrap(), [""; 0]);
}
