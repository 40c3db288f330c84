//! The consent ledger, forgetting people, and their tombstones. What is erased is looked for in the bytes of the files.

use super::*;
use crate::domain::contact::{ExternalId, Social, SocialChannel};
use crate::domain::custom::{CustomField, CustomKind, Entity, Schema};
use crate::domain::enquiry::{Channel, Enquiry, EnquiryStatus, Sender};

/// The bytes of the database and of its log.
fn bytes(store: &Store) -> Vec<u8> {
    let mut all = std::fs::read(store.path()).unwrap();
    let mut log = store.path().as_os_str().to_owned();
    log.push("-wal");
    all.extend(std::fs::read(log).unwrap_or_default());
    all
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window.eq_ignore_ascii_case(text.as_bytes()))
}

fn import() -> NewJob {
    NewJob { file: "f.csv".into(), file_hash: "h".into(), settings_json: "{}".into(), generation: 1, started: time(0) }
}

fn person(number: u8, first: &str, last: &str, address: &str, number_: &str) -> Contact {
    let mut person = contact(number, last);
    person.first_name = Some(first.to_owned());
    person.emails.push(email(address));
    person.phones.push(phone(number_));
    person.labels.push(label("Gold"));
    person
}

fn ledger(store: &Store, number: u8) -> Vec<(bool, Actor, Option<String>)> {
    let entries = store.read(|reader| reader.consents(id(number))).unwrap();
    entries.into_iter().map(|entry| (entry.opt_out, entry.actor, entry.via)).collect()
}

#[test]
fn every_write_of_the_opt_out_is_in_the_ledger() {
    let store = Store::in_memory().unwrap();
    insert(&store, &contact(1, "Lee"));
    assert_eq!(ledger(&store, 1), []);
    let out = Contact { rev: 1, survey_opt_out: true, ..contact(1, "Lee") };
    let plugin = Arc::new(PluginRef { name: "policy".into(), version: "1.0.0".into(), hash: "abc".into() });
    let fields = vec![ChangedField {
        field: "survey_opt_out".into(),
        old: Some("no".into()),
        new: Some("yes".into()),
        plugin: Some(Arc::clone(&plugin)),
    }];
    let entry = NewChange { fields, via: "enquiry 7".into(), ..change(Action::Updated, 1) };
    store.write(|writer| writer.update(&Prepared::new(&out), 1, &entry)).unwrap();
    update(&store, &Contact { rev: 2, last_name: Some("Li".into()), ..out.clone() }).unwrap();
    let cli = Actor::Person("cli".into());
    assert_eq!(ledger(&store, 1), [(true, cli.clone(), Some("enquiry 7".into()))]);
    assert_eq!(store.read(|reader| reader.consents(id(1))).unwrap()[0].plugin, Some(plugin));
    let merged = Contact { rev: 1, survey_opt_out: true, ..contact(2, "Master") };
    insert(&store, &contact(2, "Master"));
    let entry = change(Action::Merged, 9);
    store.write(|writer| writer.merge(&Prepared::new(&merged), 1, id(1), 3, &entry)).unwrap();
    let told = ledger(&store, 2);
    assert_eq!(told.len(), 2, "of both");
    assert_eq!(told[0], (true, cli, Some("merged".into())));
    insert(&store, &Contact { survey_opt_out: true, ..contact(3, "Out") });
    assert_eq!(ledger(&store, 3).len(), 1);
}

#[test]
fn what_was_set_before_the_ledger_is_told_by_the_change_log() {
    let store = Store::in_memory().unwrap();
    insert(&store, &contact(1, "Lee"));
    let fields = vec![ChangedField {
        field: "survey_opt_out".into(),
        old: Some("no".into()),
        new: Some("yes".into()),
        plugin: None,
    }];
    let entry = NewChange { fields, ..change(Action::Updated, 1) };
    let out = Contact { survey_opt_out: true, ..contact(1, "Lee") };
    store.write(|writer| writer.update(&Prepared::new(&out), 1, &entry)).unwrap();
    store.write(|writer| writer.reader.conn.execute("DELETE FROM consent", []).map_err(StoreError::from)).unwrap();
    assert_eq!(ledger(&store, 1), [(true, Actor::Person("cli".into()), None)]);
}

#[test]
fn nothing_of_a_forgotten_person_is_left_in_the_files() {
    let store = Store::in_memory().unwrap();
    let ann = person(1, "Annabel", "Leeworth", "ann.leeworth@example.com", "+85291234567");
    let twin = person(2, "Bella", "Leeworth", "a.leeworth@example.org", "+85298765432");
    let bob = person(3, "Bob", "Smithson", "bob@example.com", "+85212345678");
    for contact in [&ann, &twin, &bob] {
        insert(&store, contact);
    }
    // Earlier states leave their bytes on free pages, and words in the index.
    let moved = Contact { rev: 1, company: Some("Quuxley".repeat(400)), ..ann.clone() };
    let fields = vec![ChangedField {
        field: "email".into(),
        old: Some("ann.leeworth@example.com".into()),
        new: Some("annabel@example.net".into()),
        plugin: None,
    }];
    let entry = NewChange { fields, ..change(Action::Updated, 1) };
    store.write(|writer| writer.update(&Prepared::new(&moved), 1, &entry)).unwrap();
    store.write(|writer| writer.merge(&Prepared::new(&moved), 2, id(2), 1, &change(Action::Merged, 2))).unwrap();
    let sender = Sender { phone: Some("+85291234567".into()), ..Sender::default() };
    let enquiry = Enquiry {
        subject: Some("Annabel Leeworth calls".into()),
        contact: Some(id(1)),
        ..Enquiry::new(Channel::Call, sender, time(3))
    };
    let (number, job) = store
        .write(|writer| {
            writer.set_state("counter", "seen:ann.leeworth@example.com", Some(b"3"))?;
            writer.set_state("counter", "rows", Some(b"17"))?;
            let job = writer.begin_job(&import())?;
            for (record, cells) in [(1, ["Annabel", "Leeworth", "9123 4567"]), (2, ["Bob", "Smithson", "1234"])] {
                let cells = cells.map(str::to_owned).to_vec();
                let row = Failure { record, line: record, cells, problems_json: "[]".into(), text: "no".into() };
                writer.add_failure(job, &row)?;
            }
            let number = writer.insert_enquiry(&enquiry)?;
            writer.reader.conn.execute_batch(
                "UPDATE enquiry SET transcript = 'Quuxley said so';
                 INSERT INTO note (contact, at, person, text) VALUES (1, 0, 'cli', 'Quuxley is nice'), (3, 0, 'cli', 'Annabel Leeworth is a friend');
                 INSERT INTO record_change (kind, record, at, person, action, fields)
                 VALUES ('note', '1', 0, 'cli', 'updated', '[[\"text\",\"quuxley was nice\"]]');
                 INSERT INTO engagement (contact, at, doc) VALUES (2, 0, '{\"number\":\"+85298765432\"}');
                 INSERT INTO visit (enquiry, at, url) VALUES (1, 0, 'https://example.com/?q=quuxley');",
            )?;
            Ok::<_, StoreError>((number, job))
        })
        .unwrap();
    let held = store.read(|reader| reader.held(id(1))).unwrap();
    assert_eq!((held.notes.len(), held.engagements.len(), held.visits.len(), held.merged.len()), (1, 1, 1, 1));
    assert!(held.enquiries[0].contains("Quuxley said so") && held.notes[0].contains("is nice"), "{held:?}");
    for word in ["annabel", "91234567", "98765432", "quuxley"] {
        assert!(holds(&bytes(&store), word), "{word}");
    }
    let entry = NewChange { fields: Vec::new(), ..change(Action::Forgotten, 10) };
    let erased = store.write(|writer| writer.forget(id(2), 3, &entry)).unwrap();
    assert!(store.scrub().unwrap());
    assert_eq!((erased.contacts, erased.merges, erased.enquiries), (2, 1, 1));
    assert_eq!(erased.failed_rows, [(job, 1)]);
    assert_eq!((erased.notes, erased.engagements, erased.visits), (1, 1, 1));
    assert_eq!(erased.mentions, ["note 2"]);
    store.write(|writer| writer.reader.conn.execute_batch("DELETE FROM note").map_err(StoreError::from)).unwrap();
    assert!(store.scrub().unwrap());
    assert_eq!(erased.plugin_state, [("counter".to_owned(), "seen:ann.leeworth@example.com".to_owned())]);
    for word in ["annabel", "leeworth", "91234567", "98765432", "quuxley", "9123 4567"] {
        assert!(!holds(&bytes(&store), word), "{word}");
    }
    assert!(matches!(store.read(|reader| reader.person(id(2))).unwrap(), Some(Person::Forgotten { .. })));
    assert_eq!(load(&store, 1), None);
    assert_eq!(load(&store, 3).map(|contact| contact.emails), Some(bob.emails.clone()));
    assert_eq!(find(&store, Identifier::Email("bob@example.com".into())), [id(3)]);
    assert_eq!(found(&store, &Query { words: "smithson".into(), ..Query::default() }), ["Smithson"]);
    let emptied = store.read(|reader| reader.enquiry(number)).unwrap().unwrap();
    assert_eq!(emptied.rev, 2, "whoever holds it must look again");
    assert_eq!((emptied.status, emptied.from, emptied.subject), (EnquiryStatus::Open, Sender::default(), None));
    assert_eq!(store.check().unwrap(), Vec::<String>::new());
    let again = store.write(|writer| writer.forget(id(2), 4, &entry));
    assert!(matches!(again, Err(StoreError::NotFound { .. })), "{again:?}");
}

#[test]
fn a_tombstone_knows_whom_it_is_for_and_nobody_else() {
    let store = Store::in_memory().unwrap();
    let shared = "+85221111111";
    let mut ann = person(1, "Annabel", "Leeworth", "ann@example.com", "+85291234567");
    ann.phones.push(phone(shared));
    insert(&store, &ann);
    insert(&store, &person(2, "Bob", "Smithson", "bob@example.com", shared));
    let forgotten = |contact: &Contact| store.read(|reader| reader.forgotten(contact)).unwrap();
    assert_eq!(forgotten(&ann), None);
    store.write(|writer| writer.forget(id(1), 1, &change(Action::Forgotten, 5))).unwrap();
    assert_eq!(forgotten(&person(9, "A", "L", "ANN@example.com", "+447911123456")), Some(time(5)));
    assert_eq!(forgotten(&person(9, "A", "Leeworth", "x@example.com", "+85291234567")), Some(time(5)));
    assert_eq!(forgotten(&person(9, "A", "L", "x@example.com", "+85291234567")), None, "somebody else at the number");
    let alone = Contact { emails: Vec::new(), ..person(9, "A", "L", "x@example.com", "+85291234567") };
    assert_eq!(forgotten(&alone), Some(time(5)));
    assert_eq!(forgotten(&person(9, "Annabel", "Leeworth", "x@example.com", shared)), None);
    // Rows of which nobody knows what their columns mean.
    let known = store.read(|reader| reader.tombstones()).unwrap();
    let check = |cells: &[&str], expected: bool| {
        assert_eq!(known.in_row(cells.iter().copied()).is_some(), expected, "{cells:?}");
    };
    check(&["x", "Ann <ANN@example.com>"], true);
    check(&["A", "'+85291234567"], true);
    check(&["leeworth", "x@example.com", "+852 9123 4567"], true);
    check(&["A", "x@example.com", "+85291234567"], false);
    check(&["Annabel", "Leeworth", "ann@@example.com"], false);
    check(&["Annabel", "Leeworth", shared], false);
    let back = person(9, "A", "L", "ann@example.com", "+85291234567");
    store.write(|writer| writer.lift_tombstones(&Prepared::new(&back), None)).unwrap();
    assert_eq!(forgotten(&back), None);
}

/// An entry of a contact's change log in which fields got new values.
fn log(store: &Store, number: u8, rev: u64, fields: &[(&str, &str)]) {
    let changed = |(field, new): &(&str, &str)| ChangedField {
        field: (*field).to_owned(),
        old: None,
        new: Some((*new).to_owned()),
        plugin: None,
    };
    let entry = NewChange { fields: fields.iter().map(changed).collect(), ..change(Action::Updated, 1) };
    let now = load(store, number).unwrap();
    store.write(|writer| writer.update(&Prepared::new(&now), rev, &entry)).unwrap();
}

/// What is left of the new values in a contact's log.
fn logged(store: &Store, number: u8) -> Vec<String> {
    let entries = store.read(|reader| reader.changes(id(number), None)).unwrap();
    entries.into_iter().flat_map(|entry| entry.fields).filter_map(|field| field.new).collect()
}

/// A custom field whose values no two contacts share.
fn with_identifier(store: &Store, key: &str) {
    let field = CustomField {
        key: key.to_owned(),
        label: key.to_owned(),
        kind: CustomKind::Identifier,
        options: Vec::new(),
        required: false,
        enabled: true,
    };
    let schema = Schema { version: 1, fields: vec![field], former: Vec::new() };
    store.write(|writer| writer.put_schema(Entity::Contact, &schema, time(0), "cli")).unwrap();
}

fn with_handle(mut contact: Contact, handle: &str) -> Contact {
    contact.socials.push(Social { channel: SocialChannel::Line, handle: handle.to_owned(), verified: false });
    contact
}

#[test]
fn whatever_tells_a_person_goes_out_of_the_logs_of_others() {
    let store = Store::in_memory().unwrap();
    with_identifier(&store, "passport");
    let mut ann = with_handle(person(1, "Ann", "Lee", "Ann.Lée@example.com", "+85291234567"), "Ann.Lée.9999");
    ann.phones.push(Phone { e164: None, raw: "(02) 765 43 21".into(), ..phone("+85200000000") });
    ann.external_ids.push(ExternalId { source: "crm".into(), id: "AX-77-Ö".into() });
    ann.custom.insert("passport".into(), "KJ-Ö-004".into());
    insert(&store, &ann);
    insert(&store, &with_handle(contact(2, "Smithson"), "shared.handle"));
    store
        .write(|writer| {
            let both = with_handle(ann.clone(), "shared.handle");
            writer.update(&Prepared::new(&both), 1, &change(Action::Updated, 1))
        })
        .unwrap();
    let hers = [
        ("line", "ANN.LÉE.9999"),
        ("email", "ANN.LÉE@example.com"),
        ("mobile", "+85291234567"),
        ("company", "call 9 1 2 3 4 5 6 7"),
        ("work_phone", "02-7654321"),
        ("external_id", "crm:AX-77-Ö"),
        ("custom.passport", "kj-ö-004"),
    ];
    for (rev, entry) in hers.iter().enumerate() {
        log(&store, 2, rev as u64 + 1, &[*entry, ("job_title", "Clerk")]);
    }
    log(&store, 2, 8, &[("line", "shared.handle")]);
    let erased = store.write(|writer| writer.forget(id(1), 2, &change(Action::Forgotten, 9))).unwrap();
    let left = logged(&store, 2);
    assert!(left.iter().all(|text| text == "Clerk" || text == "shared.handle"), "{left:?}");
    assert_eq!(left.len(), hers.len() + 1, "what is not hers stays, and what is written of somebody else today");
    assert_eq!(erased.mentions, [format!("contact {}", id(2))]);
}

#[test]
fn whoever_names_a_person_is_told_whatever_the_name_is_written_in() {
    for (first, last) in [("Jane", "Miller"), ("Jane", "Müller"), ("Анна", "ИВАНОВА"), ("小明", "王")] {
        let store = Store::in_memory().unwrap();
        let jane = Contact { first_name: Some(first.to_owned()), ..contact(1, last) };
        insert(&store, &jane);
        let text = format!("a friend of {first} {}", last.to_lowercase());
        let mut friend = contact(2, "Smithson");
        friend.custom.insert("remark".into(), text.clone());
        insert(&store, &friend);
        store
            .write(|writer| {
                let fields = serde_json::json!([["remark", null, text]]).to_string();
                let insert = "INSERT INTO record_change (kind, record, at, person, action, fields)
                     VALUES ('organization', '7', 0, 'cli', 'updated', ?1)";
                writer.reader.conn.execute(insert, [fields]).map_err(StoreError::from)
            })
            .unwrap();
        let erased = store.write(|writer| writer.forget(id(1), 1, &change(Action::Forgotten, 9))).unwrap();
        let told = ["the log of organization 7".to_owned(), format!("contact {}", id(2))];
        assert_eq!(erased.mentions, told, "{last}");
    }
}

#[test]
fn a_refused_row_that_is_damaged_is_looked_at_as_it_stands() {
    let store = Store::in_memory().unwrap();
    insert(&store, &person(1, "Annabel", "Leeworth", "ann@example.com", "+85291234567"));
    let job = store
        .write(|writer| {
            let job = writer.begin_job(&import())?;
            for (record, cells) in ["[\"Annabel\",\"Leeworth\",", "[\"ann@example.com", "[\"Bob\""].into_iter().enumerate()
            {
                let insert = "INSERT INTO job_failure (job, record, line, cells, problems, text) VALUES (?1, ?2, 1, ?3, '[]', 'no')";
                writer.reader.conn.execute(insert, rusqlite::params![job, record as i64 + 1, cells])?;
            }
            Ok::<_, StoreError>(job)
        })
        .unwrap();
    let erased = store.write(|writer| writer.forget(id(1), 1, &change(Action::Forgotten, 9))).unwrap();
    assert_eq!(erased.failed_rows, [(job, 1), (job, 2)]);
}
