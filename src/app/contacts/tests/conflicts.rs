//! Several people at one contact: one revision has one heir, and whoever comes later hears what became of it.

use std::sync::Barrier;

use super::*;

const WRITERS: usize = 6;

/// Lets several people loose on one contact at the same time, each with an app of their own, and returns what came of it.
fn together(
    folder: &std::path::Path,
    deed: &(dyn Fn(&App, usize) -> Result<Written, Failure> + Sync),
) -> Vec<Result<Written, Failure>> {
    let start = Barrier::new(WRITERS);
    std::thread::scope(|scope| {
        let one = |number| {
            let start = &start;
            scope.spawn(move || {
                let app = App::open(folder, None).unwrap();
                app.generation().unwrap();
                start.wait();
                deed(&app, number)
            })
        };
        let handles: Vec<_> = (0..WRITERS).map(one).collect();
        handles.into_iter().map(|handle| handle.join().unwrap()).collect()
    })
}

#[test]
fn of_those_who_saw_one_revision_one_wins() {
    let (home, app) = home("", "");
    let id = add(&app, &["last_name=Lee"], &CLI);
    let done = together(home.path(), &|app, number| {
        app.edit_contact(id, &wishes(&[&format!("company=Acme {number}")]), Some(1), &agent(&format!("Staff {number}")))
    });
    let won: Vec<&Written> = done.iter().flatten().collect();
    assert_eq!(won.len(), 1);
    let stored = app.contact(id).unwrap();
    assert_eq!((stored.rev, &stored.company), (2, &won[0].contact.company));
    for failure in done.iter().filter_map(|done| done.as_ref().err()) {
        let conflict = failure.conflict.as_ref().unwrap();
        assert_eq!((&*failure.code, conflict.seen, conflict.now), ("STALE_REV", 1, 2));
        assert_eq!((&*conflict.theirs[0].field, &conflict.theirs[0].new), ("company", &stored.company));
        assert_eq!(conflict.yours[0].field, "company");
    }
}

#[test]
fn edits_of_the_newest_state_all_arrive() {
    let (home, app) = home("", "");
    let id = add(&app, &["last_name=Lee"], &CLI);
    let done = together(home.path(), &|app, number| edit(app, id, &[&format!("labels+=label {number}")], &CLI));
    assert!(done.iter().all(Result::is_ok), "{done:?}");
    let stored = app.contact(id).unwrap();
    assert_eq!((stored.labels.len(), stored.rev), (WRITERS, 1 + WRITERS as u64));
}

#[test]
fn threads_of_one_process_meet_in_one_app() {
    let (_home, app) = home("", "");
    let id = add(&app, &["last_name=Lee"], &CLI);
    std::thread::scope(|scope| {
        for number in 0..WRITERS {
            let app = &app;
            scope.spawn(move || edit(app, id, &[&format!("labels+=label {number}")], &CLI).unwrap());
        }
    });
    assert_eq!(app.contact(id).unwrap().labels.len(), WRITERS);
}

#[test]
fn a_conflict_tells_each_field_once_from_first_to_last() {
    let (_home, app) = home("", "");
    let id = add(&app, &["last_name=Lee", "company=Acme"], &CLI);
    edit(&app, id, &["company=Globex"], &agent("Bob")).unwrap();
    edit(&app, id, &["company=Initech", "group=East"], &agent("Zoe")).unwrap();
    let wishes = wishes(&["company=Umbrella", "labels+=VIP", "group="]);
    let failure = app.edit_contact(id, &wishes, Some(1), &CLI).unwrap_err();
    let conflict = failure.conflict.as_ref().unwrap();
    let theirs: Vec<_> = conflict.theirs.iter().map(|it| (&*it.field, it.old.as_deref(), it.new.as_deref())).collect();
    assert_eq!(theirs, [("company", Some("Acme"), Some("Initech")), ("group", None, Some("East"))]);
    assert_eq!(conflict.theirs[0].by, crate::store::Actor::Person("Zoe".to_owned()));
    let yours: Vec<_> = conflict.yours.iter().map(|it| (&*it.field, it.how, it.new.as_deref())).collect();
    assert_eq!(yours, [("company", "set", Some("Umbrella")), ("labels", "add", Some("VIP")), ("group", "set", None)]);
    assert!(failure.hint.as_ref().unwrap().contains("`--rev 3`"), "{failure:?}");
    let later = app.edit_contact(id, &wishes, Some(9), &CLI).unwrap_err();
    assert_eq!(later.conflict.unwrap().theirs, [], "a revision that never was has no story");
    assert_eq!(code(app.delete_contact(id, Some(1), &CLI)), "STALE_REV");
    assert_eq!(code(app.delete_contact(id, Some(3), &CLI)), "ok");
}

#[test]
fn a_contact_is_deleted_once_however_many_try() {
    let (home, app) = home("", "");
    let id = add(&app, &["last_name=Lee"], &CLI);
    let done = together(home.path(), &|app, number| match number % 2 {
        0 => edit(app, id, &[&format!("labels+=label {number}")], &CLI),
        _ => app.delete_contact(id, None, &CLI).map(|contact| Written { contact, fields: vec![], notes: vec![] }),
    });
    let deletions = (1..WRITERS).step_by(2).filter(|number| done[*number].is_ok()).count();
    assert_eq!(deletions, 1, "{done:?}");
    for failure in done.iter().filter_map(|done| done.as_ref().err()) {
        assert_eq!(failure.code, "CONTACT_DELETED");
    }
}
