//! Taking imports back: what is deleted, what stays, and what is left for later.

use super::*;

fn begin(store: &Store) -> i64 {
    let job = NewJob {
        file: "people.csv".to_owned(),
        file_hash: "h".to_owned(),
        settings_json: "{\"by\":\"cli\"}".to_owned(),
        generation: 1,
        started: time(0),
    };
    store.write(|writer| writer.begin_job(&job)).unwrap()
}

/// One transaction of an import.
fn import(store: &Store, job: i64, contacts: &[Contact]) {
    let entry = NewChange { actor: Actor::Import(job), ..change(Action::Created, 1) };
    store
        .write(|writer| {
            contacts.iter().try_for_each(|contact| writer.insert(&Prepared::new(contact), &entry))?;
            writer.advance_job(job, contacts.len() as u64, &Counts::default())
        })
        .unwrap();
}

fn take_back(store: &Store, job: i64, may: &dyn Fn(&Contact) -> bool) -> Removed {
    let stretch = store.read(|reader| reader.created_by(job, 0, may)).unwrap();
    let behind = stretch.next().unwrap();
    let removed = store.write(|writer| writer.take_back_created(job, stretch, "cli", time(9), may)).unwrap();
    let rest = store.read(|reader| reader.created_by(job, behind, may)).unwrap();
    assert_eq!(rest.next(), None, "all of it was one stretch");
    removed
}

fn full(number: u8, name: &str) -> Contact {
    let mut contact = contact(number, name);
    contact.emails.push(email(&format!("c{number}@example.com")));
    contact.phones.push(phone(&format!("+8529000000{number}")));
    contact.add_label(label("VIP"));
    contact.survey_opt_out = number == 2;
    contact
}

#[test]
fn two_imports_that_met_are_taken_back_each_on_its_own() {
    let store = Store::in_memory().unwrap();
    let (one, other) = (begin(&store), begin(&store));
    import(&store, one, &[full(1, "Ash"), full(2, "Birch")]);
    import(&store, other, &[full(3, "Cedar")]);
    import(&store, one, &[full(4, "Date"), full(5, "Elm")]);
    // Updated by the import that created it: still its own. Updated by somebody: not any more.
    let entry = NewChange { actor: Actor::Import(one), ..change(Action::Updated, 2) };
    let again = Contact { company: Some("Acme".to_owned()), ..load(&store, 1).unwrap() };
    store
        .write(|writer| {
            writer.update(&Prepared::new(&again), 1, &entry)?;
            writer.advance_job(one, 5, &Counts::default())
        })
        .unwrap();
    assert_eq!(store.read(|reader| reader.batch_of_job(one)).unwrap(), None, "nothing to restore");
    update(&store, &Contact { company: Some("Beta".to_owned()), ..load(&store, 5).unwrap() }).unwrap();
    let counts = store.read(|reader| reader.undo_counts(one)).unwrap();
    assert_eq!(counts, UndoCounts { created: 3, created_touched: 1, ..UndoCounts::default() });

    let refused = take_back(&store, one, &|contact| contact.last_name.as_deref() != Some("Date"));
    assert_eq!((refused.deleted, refused.forbidden), (2, vec![id(4)]));
    let left = store.read(|reader| reader.left_of_job(one)).unwrap();
    assert_eq!(left.iter().map(|left| left.contact.id).collect::<Vec<_>>(), [id(5)]);
    assert_eq!(left[0].since.as_ref().map(|entry| entry.action), Some(Action::Updated));
    assert_eq!(found(&store, &Query::default()), ["Cedar", "Date", "Elm"]);
    let labelled = Query { labels: vec![label("VIP")], ..Query::default() };
    assert_eq!(found(&store, &labelled), ["Cedar", "Date", "Elm"]);
    assert_eq!(find(&store, Identifier::Email("c2@example.com".to_owned())), []);
    assert_eq!(find(&store, Identifier::Phone("+85290000003".to_owned())), [id(3)]);
    let changes = store.read(|reader| reader.changes_since(id(2), 0)).unwrap();
    assert_eq!(
        changes.iter().map(|entry| (entry.rev, entry.action)).collect::<Vec<_>>(),
        [(1, Action::Created), (2, Action::Undone)]
    );

    // What was refused can be taken back later, and comes back like anything that was deleted.
    assert_eq!(take_back(&store, one, &|_| true).deleted, 1);
    let gone = Prepared::new(&full(4, "Date"));
    store.write(|writer| writer.restore(&gone, 2, &change(Action::Restored, 10))).unwrap();
    assert_eq!(found(&store, &labelled), ["Cedar", "Date", "Elm"]);
    assert_eq!(store.check().unwrap(), Vec::<String>::new());
}

#[test]
fn a_job_under_undo_is_nobody_elses() {
    let store = Store::in_memory().unwrap();
    let job = begin(&store);
    assert!(matches!(store.write(|writer| writer.begin_undo(job, "cli", time(3))), Err(StoreError::JobRunning { .. })));
    drop(store.guard_job(job));
    store.write(|writer| writer.begin_undo(job, "cli", time(3))).unwrap();
    let elsewhere = Store::open(store.path()).unwrap();
    assert!(matches!(elsewhere.write(|writer| writer.resume_job(job)), Err(StoreError::JobRunning { .. })));
    store.write(|writer| writer.end_undo(job, Some(time(4)))).unwrap();
    let undo = store.read(|reader| reader.job(job)).unwrap().unwrap().undo.unwrap();
    assert_eq!((undo.began, undo.finished, &*undo.by), (time(3), Some(time(4)), "cli"));
    assert_eq!(store.read(|reader| reader.job_by_hash("h")).unwrap(), None, "the file may come again");
}
