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
    let mut work = Work::begin(&app, &request, &matched).unwrap();
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

/// Counts every contact, and refuses the sixth.
const COUNTER: &str = r#"fn on_update(contact, before) {
    let n = parse_int(state_get("n") ?? "0") + 1;
    if n == 6 { reject("enough"); }
    state_set("n", n);
    contact.job_title = `${n}`;
}
"#;

#[test]
fn plugins_remember_contact_by_contact_and_go_on_from_others() {
    let (folder, _) = app();
    let script = folder.path().join("scripts/counter");
    std::fs::create_dir_all(&script).unwrap();
    std::fs::write(script.join("plugin.toml"), "grants = [\"state\"]\n[budget]\ndeadline_ms = 5000\n").unwrap();
    std::fs::write(script.join("main.rhai"), COUNTER).unwrap();
    std::fs::write(folder.path().join("carnet.toml"), "[plugins.counter]\ngrants = [\"state\"]\n").unwrap();
    let apps = [(); 2].map(|()| App::open(folder.path(), None).unwrap());
    let ids: Vec<ContactId> = (0..6).map(|number| add(&apps[0], &[&format!("last_name=Lee{number}")])).collect();
    let titles = || ids.iter().map(|id| apps[1].contact(*id).unwrap().job_title).collect::<Vec<_>>();
    let matched = Matched { ids: ids[..3].to_vec(), sample: Vec::new() };
    let request = request(&["company=Acme"], &Viewer::Operator);
    let dry = apps[0].bulk(&BulkRequest { dry_run: true, ..request.clone() }, &matched).unwrap();
    assert_eq!(dry.preview.last().unwrap().fields.iter().filter_map(|it| it.new.as_deref()).max(), Some("Acme"));
    // Decided, and overtaken before it is written: all are left for the next round.
    let mut work = Work::begin(&apps[0], &request, &matched).unwrap();
    let ready = |id: &ContactId, work: &mut Work<'_>| match work.decide(Arc::new(apps[0].contact(*id).unwrap())) {
        Ok(Verdict::Write(ready)) => {
            work.memory.apply(&ready.opinion.state);
            *ready
        }
        _ => panic!("it may be written"),
    };
    let decided: Vec<Ready> = ids[..3].iter().map(|id| ready(id, &mut work)).collect();
    for id in &ids[3..] {
        apps[1].edit_contact(*id, &[Wish::parse("company=Hooli").unwrap()], None, &Viewer::Operator).unwrap();
    }
    assert_eq!(work.write(&decided).unwrap(), ids[..3].iter().copied().collect());
    assert_eq!(work.round(&ids[..3]).unwrap(), []);
    assert_eq!(titles(), [Some("4"), Some("5"), None, Some("1"), Some("2"), Some("3")].map(|it| it.map(Into::into)));
    assert_eq!((work.report.changed, work.report.refused), (2, 1), "the sixth is refused");
}
