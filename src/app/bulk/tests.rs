//! Bulk writes beside other people: who may, and who was faster.

use crate::config::Profile;
use crate::domain::name::Name;
use crate::domain::permission::{Member, Role};

use super::*;

fn app() -> (tempfile::TempDir, App) {
    let folder = tempfile::tempdir().unwrap();
    let app = App::open(folder.path(), Some(Profile::Maaiiconnect)).unwrap();
    crate::app::contacts::tests::populate(&app);
    (folder, app)
}

fn staff(name: &str) -> Viewer {
    Viewer::Staff(Arc::new(Member { name: Name::parse(name).unwrap(), role: Role::Agent, divisions: Vec::new() }))
}

fn add(app: &App, fields: &[&str]) -> ContactId {
    let wishes: Vec<Wish> = fields.iter().map(|field| Wish::parse(field).unwrap()).collect();
    app.add_contact(&wishes, false, &Viewer::Operator).unwrap().contact.id
}

fn request(deed: &[&str], by: &Viewer) -> BulkRequest {
    let wishes: Vec<Wish> = deed.iter().map(|field| Wish::parse(field).unwrap()).collect();
    let deed = if wishes.is_empty() { Deed::Delete } else { Deed::Edit(wishes) };
    BulkRequest { deed, kind: "edit", what: String::new(), dry_run: false, by: by.clone() }
}

fn run(app: &App, deed: &[&str], by: &Viewer) -> BulkReport {
    app.bulk(&request(deed, by), &app.bulk_matched(&app.query(by)).unwrap()).unwrap()
}

fn codes(report: &BulkReport) -> Vec<String> {
    report.problems.iter().flat_map(|one| &one.problems).map(|told| told.problem.code.to_string()).collect()
}

#[test]
fn nobody_writes_more_than_they_may() {
    let (_folder, app) = app();
    add(&app, &["last_name=Lee", "owner=Ann", "shared_with=Bob"]);
    add(&app, &["last_name=Ray", "owner=Bob"]);
    add(&app, &["last_name=Fox", "owner=Eve"]);
    let bob = staff("Bob");
    let edited = run(&app, &["company=Acme"], &bob);
    assert_eq!(edited.changed, 2, "his own, and what is shared with him");
    let given = run(&app, &["shared_with+=Eve"], &bob);
    assert_eq!((given.changed, codes(&given)[0].as_str()), (1, "FORBIDDEN"));
    let deleted = run(&app, &[], &bob);
    assert_eq!((deleted.deleted, codes(&deleted)[0].as_str()), (1, "FORBIDDEN"));
    let batch = deleted.batch.unwrap();
    assert_eq!(app.bulk_undo(batch, &staff("Eve")).unwrap_err().code, "BULK_UNKNOWN");
    assert_eq!(app.bulk_undo(batch, &bob).unwrap().restored, 1);
    // A later bulk write stands above, and took the contacts out of his sight.
    let batch = edited.batch.unwrap();
    for contact in app.search(&app.query(&bob)).unwrap().contacts {
        let away = [Wish::parse("owner=Eve").unwrap(), Wish::parse("shared_with=").unwrap()];
        app.bulk(
            &BulkRequest { deed: Deed::Edit(away.to_vec()), ..request(&[], &Viewer::Operator) },
            &Matched { ids: vec![contact.id], sample: Vec::new() },
        )
        .unwrap();
    }
    let undone = app.bulk_undo(batch, &bob).unwrap();
    assert_eq!((undone.restored, undone.left.len(), undone.hidden, undone.finished), (0, 0, 2, false));
}

#[test]
fn whoever_was_faster_is_not_written_over() {
    let (_folder, app) = app();
    let ids = [add(&app, &["last_name=Lee"]), add(&app, &["last_name=Ray"]), add(&app, &["last_name=Fox"])];
    let matched = app.bulk_matched(&app.query(&Viewer::Operator)).unwrap();
    app.delete_contact(ids[2], None, &Viewer::Operator).unwrap();
    let request = request(&["company=Acme"], &Viewer::Operator);
    let (book, chain) = (app.rule_book().unwrap(), app.chain(app.generation().unwrap()).unwrap());
    let mut work = Work { app: &app, request: &request, book, chain, report: BulkReport::default() };
    let read = |id| Arc::new(app.contact(id).unwrap());
    let ready: Vec<Ready> = [ids[0], ids[1]]
        .into_iter()
        .map(|id| match work.decide(read(id)).unwrap() {
            Verdict::Write(ready) => *ready,
            _ => panic!("it may be written"),
        })
        .collect();
    app.edit_contact(ids[0], &[Wish::parse("company=Hooli").unwrap()], None, &Viewer::Operator).unwrap();
    assert_eq!(work.write(&ready).unwrap(), HashSet::from([ids[0]]));
    assert_eq!(read(ids[0]).company.as_deref(), Some("Hooli"));
    assert_eq!(read(ids[1]).company.as_deref(), Some("Acme"));
    let report = app.bulk(&request, &matched).unwrap();
    assert_eq!((report.changed, report.unchanged, report.refused), (1, 1, 1), "decided again on what is there now");
    assert_eq!(codes(&report), ["GONE_MEANWHILE"]);
}

#[test]
fn what_was_written_before_an_end_can_be_taken_back() {
    let (_folder, app) = app();
    let ids: Vec<ContactId> = (0..4).map(|number| add(&app, &[&format!("last_name=Lee{number}")])).collect();
    let half = Matched { ids: ids[..2].to_vec(), sample: Vec::new() };
    let report = app.bulk(&request(&["company=Acme"], &Viewer::Operator), &half).unwrap();
    let undone = app.bulk_undo(report.batch.unwrap(), &Viewer::Operator).unwrap();
    assert_eq!((undone.restored, undone.left.len()), (2, 0));
    assert!(ids.iter().all(|id| app.contact(*id).unwrap().company.is_none()));
    assert_eq!(app.bulk_undo(report.batch.unwrap(), &Viewer::Operator).unwrap_err().code, "BULK_UNDONE");
}
