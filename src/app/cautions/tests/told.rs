//! What is guessed about a value is told whichever way it comes in: by a person's hand, from a file, from a plugin.

use std::path::Path;

use crate::app::App;
use crate::app::bulk::{BulkReport, BulkRequest, Deed};
use crate::app::contacts::Wish;
use crate::app::enquiry::Opening;
use crate::app::import::report::ImportReport;
use crate::app::import::{ImportRequest, Progress};
use crate::app::merge::{Pair, Sides};
use crate::config::OnMatch;
use crate::domain::enquiry::{Channel, Sender};
use crate::domain::id::ContactId;
use crate::domain::merge::choices::Choices;
use crate::domain::permission::Viewer;
use crate::store::Query;

/// A number whose `+` is put back.
const GUESSED: &str = "85291234567";

const OPERATOR: Viewer = Viewer::Operator;

/// A way of writing: who sets the number, if a plugin does, and what is told.
type Way = (&'static str, &'static str, fn(&App) -> Vec<String>);

const SETS: &str = "contact.mobile = \"85291234567\"";

const WAYS: &[Way] = &[
    ("a new contact", "", |app| {
        app.add_contact(&wishes(&["last_name=Ray", &mobile("=")]), false, &OPERATOR).unwrap().notes
    }),
    ("an edit that sets", "", |app| edit(app, &mobile("="))),
    ("an edit that adds", "", |app| edit(app, &mobile("+="))),
    ("a bulk edit", "", |app| bulk(app, &mobile("="), false).notes),
    ("a bulk edit that adds", "", |app| bulk(app, &mobile("+="), false).notes),
    ("a bulk edit that is tried", "", |app| bulk(app, &mobile("="), true).notes),
    ("an import", "", |app| import(app, "Last name,Mobile\nRay,85291234567\n", ImportRequest::new(""))),
    ("an import over a contact", "", |app| import(app, OVER_LEE, over())),
    ("a plugin, of a new contact", "fn on_create(contact) { SETS }", |app| {
        app.add_contact(&wishes(&["last_name=Ray"]), false, &OPERATOR).unwrap().notes
    }),
    ("a plugin that adds", "fn on_update(contact, before) { contact.add(\"mobile\", \"85291234567\") }", |app| {
        edit(app, "company=Acme")
    }),
    ("a plugin, of a bulk edit", "fn on_update(contact, before) { SETS }", |app| {
        bulk(app, "company=Acme", false).notes
    }),
    ("a plugin, of a row", "fn on_create(contact) { SETS }", |app| {
        import(app, "Last name\nRay\n", ImportRequest::new(""))
    }),
    ("a plugin, of a row that is looked up", "fn on_create(contact) { SETS }", |app| {
        import(app, "Last name,Email\nRay,ray@example.com\n", over())
    }),
    ("a plugin, of a row over a contact", "fn on_update(contact, before) { SETS }", |app| {
        import(app, "Last name,Email,Company\nLee,lee@example.com,Acme\n", over())
    }),
    ("a plugin, of a merge", "fn on_merge(merge) { merge.result.mobile = \"85291234567\" }", |app| {
        app.merge_contacts(&pair(app), &Choices::default(), &OPERATOR).unwrap().notes
    }),
    ("a plugin, of a merge that is looked at", "fn on_merge(merge) { merge.result.mobile = \"85291234567\" }", |app| {
        app.preview_merge(&pair(app), &Choices::default(), &OPERATOR).unwrap().notes
    }),
    ("a plugin, of a merge taken back", "fn on_update(contact, before) { SETS }", |app| {
        let pair = pair(app);
        app.merge_contacts(&pair, &Choices::default(), &OPERATOR).unwrap();
        app.unmerge_contact(pair.other.id, None, &OPERATOR).unwrap().notes
    }),
    ("a plugin, of an enquiry", "fn on_enquiry(enquiry) { enquiry.contact.mobile = \"85291234567\" }", |app| {
        let from = Sender { email: Some("lee@example.com".to_owned()), ..Sender::default() };
        let opening = Opening { channel: Channel::Email, from, subject: None, device: None, visits: Vec::new() };
        app.open_enquiry(&opening, &OPERATOR).unwrap().notes
    }),
];

const OVER_LEE: &str = "Last name,Email,Mobile\nLee,lee@example.com,85291234567\n";

fn mobile(how: &str) -> String {
    format!("mobile{how}{GUESSED}")
}

fn wishes(fields: &[&str]) -> Vec<Wish> {
    fields.iter().map(|field| Wish::parse(field).unwrap()).collect()
}

fn lee(app: &App) -> ContactId {
    app.search(&Query { words: "Lee".to_owned(), ..Query::default() }).unwrap().contacts[0].id
}

fn edit(app: &App, field: &str) -> Vec<String> {
    app.edit_contact(lee(app), &wishes(&[field]), None, &OPERATOR).unwrap().notes
}

fn bulk(app: &App, field: &str, dry_run: bool) -> BulkReport {
    let deed = Deed::Edit(wishes(&[field]));
    let request = BulkRequest { deed, kind: "edit", what: String::new(), dry_run, by: OPERATOR };
    app.bulk(&request, &app.bulk_matched(&Query::default()).unwrap()).unwrap()
}

fn over() -> ImportRequest {
    ImportRequest { on_match: Some(OnMatch::Update), ..ImportRequest::new("") }
}

/// What an import tells, when a dry run has told the same of the row.
fn import(app: &App, rows: &str, request: ImportRequest) -> Vec<String> {
    let file = app.home().folder().join("rows.csv");
    std::fs::write(&file, rows).unwrap();
    let import = |dry_run| -> ImportReport {
        let request = ImportRequest { file: file.clone(), dry_run, show: Some(1), ..request.clone() };
        app.import(&request, &mut |_: Progress| ()).unwrap()
    };
    let dry = import(true);
    let of_row: Vec<_> = dry.previews.shown[0].problems.iter().map(|problem| problem["message"].clone()).collect();
    let real = import(false);
    assert_eq!(dry.warned.lines(), real.warned.lines());
    assert_eq!(of_row.len() as u64, real.warned.total(), "{of_row:?}");
    real.warned.lines()
}

fn pair(app: &App) -> Pair {
    let other = app.add_contact(&wishes(&["last_name=Lee", "company=Acme"]), false, &OPERATOR).unwrap().contact.id;
    let master = app.search(&Query { words: "lee@example.com".to_owned(), ..Query::default() }).unwrap().contacts[0].id;
    app.merge_pair(Sides { master, other, rev: None, other_rev: None }, &OPERATOR).unwrap()
}

fn home(folder: &Path, script: &str) -> App {
    if !script.is_empty() {
        std::fs::create_dir(folder.join("scripts")).unwrap();
        std::fs::write(folder.join("scripts/sets.rhai"), script.replace("SETS", SETS)).unwrap();
    }
    App::open(folder, None).unwrap()
}

#[test]
fn a_guess_is_told_whichever_way_the_value_comes_in() {
    for (way, script, write) in WAYS {
        let folder = tempfile::tempdir().unwrap();
        home(folder.path(), "")
            .add_contact(&wishes(&["last_name=Lee", "email=lee@example.com"]), false, &OPERATOR)
            .unwrap();
        let told = write(&home(folder.path(), script));
        assert!(told.iter().any(|line| line.contains("the `+` was missing")), "{way}: {told:?}");
        assert_eq!(told.len(), 1, "{way}: once, and nothing else: {told:?}");
    }
}

#[test]
fn a_bulk_write_counts_what_it_guesses_and_not_what_was_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let app = home(folder.path(), "");
    for name in ["Lee", "Ray", "Fox"] {
        app.add_contact(&wishes(&[&format!("last_name={name}")]), false, &OPERATOR).unwrap();
    }
    let edited = bulk(&app, "birth_date=03/04/1981", false);
    assert_eq!((edited.changed, edited.warned.total()), (3, 3));
    assert!(edited.notes[0].starts_with("3 × an ambiguous date"), "{:?}", edited.notes);
    assert!(edited.notes[0].contains("Lee ("), "the first is named: {:?}", edited.notes);
    let again = bulk(&app, "birth_date=03/04/1981", false);
    assert_eq!((again.unchanged, again.warned.total()), (3, 3), "it is guessed once more");
    assert!(bulk(&app, "labels-=VIP", false).notes.is_empty(), "that nobody has the label is told by the counts");
}
