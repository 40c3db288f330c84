//! Others who make plugins remember something while an import is at work: no row is written that was decided on what was before.

use super::*;
use crate::app::contacts::Wish;

/// Rows count under one key, and go by a word that only others change. Everything that a plugin is told goes into the contact.
const COUNTER: &str = r#"
fn on_create(contact) {
    let n = parse_int(state_get("n") ?? "0") + 1;
    state_set("n", n);
    contact.job_title = `${n}`;
}
"#;

const READER: &str = r#"
fn on_create(contact) {
    if contact.first_name == "Word" { state_set("word", contact.last_name); }
    else { contact.department = state_get("word"); }
}
"#;

/// Every contact has a key of its own.
const KEEPER: &str = r#"
fn on_create(contact) { state_set(contact.last_name, (state_get(contact.last_name) ?? "") + "I"); }
"#;

const ROWS: usize = 60;

/// A home with one of the scripts, and two programs that work in it.
fn apps(folder: &Path, script: &str, workers: usize) -> [App; 2] {
    let to = folder.join("scripts/counter");
    std::fs::create_dir_all(&to).unwrap();
    std::fs::write(to.join("plugin.toml"), "grants = [\"state\"]\n").unwrap();
    patient(&to.join("plugin.toml"));
    std::fs::write(to.join("main.rhai"), script).unwrap();
    let settings = format!("workers = {workers}\n[plugins.counter]\ngrants = [\"state\"]\n");
    [app_with(folder, &settings), App::open(folder, None).unwrap()]
}

fn add(app: &App, first: &str, last: &str) {
    let wishes = [format!("first_name={first}"), format!("last_name={last}")].map(|wish| Wish::parse(&wish).unwrap());
    app.add_contact(&wishes, false, &Viewer::Operator).unwrap();
}

/// Imports rows; whenever some are done, somebody else may add a contact. Returns how many rows were written each time that somebody did.
fn import_beside(
    [app, other]: &[App; 2],
    folder: &Path,
    policy: OnMatch,
    name: impl Fn(usize) -> Option<(&'static str, String)>,
) -> (ImportReport, Vec<u64>) {
    let rows: String = (1..=ROWS).map(|row| format!("Row,R{row}\n")).collect();
    let file = folder.join("people.csv");
    std::fs::write(&file, format!("First name,Last name\n{rows}")).unwrap();
    let request = ImportRequest { on_match: Some(policy), ..ImportRequest::new(file) };
    let (mut written, mut times) = (Vec::new(), 0);
    let mut progress = |progress: Progress| {
        if let Some((first, last)) = name(times) {
            add(other, first, &last);
            written.push(progress.records);
        }
        times += 1;
    };
    let report = app.import(&request, &mut progress).unwrap_or_else(|failure| panic!("{failure:?}"));
    assert_eq!(report.counts.created, ROWS as u64, "{:?}", report.notes);
    (report, written)
}

fn all(app: &App) -> Vec<Contact> {
    let mut all = Vec::new();
    let each = &mut |contact: Contact| {
        all.push(contact);
        std::ops::ControlFlow::Continue(())
    };
    app.store().unwrap().read(|reader| reader.for_each(&Query::default(), each)).unwrap();
    all
}

#[test]
fn everybody_gets_a_number_of_their_own() {
    for (workers, policy) in [(1, OnMatch::Create), (3, OnMatch::Create), (1, OnMatch::Update), (3, OnMatch::Skip)] {
        let folder = tempfile::tempdir().unwrap();
        let apps = apps(folder.path(), COUNTER, workers);
        let (_, written) = import_beside(&apps, folder.path(), policy, |_| Some(("Other", "One".to_owned())));
        // Whose program it was makes no difference.
        apps.iter().for_each(|app| add(app, "Last", "One"));
        let number = |contact: Contact| contact.job_title.unwrap().parse::<usize>().unwrap();
        let mut numbers: Vec<usize> = all(&apps[0]).into_iter().map(number).collect();
        numbers.sort_unstable();
        assert!(written.len() > 5, "others came in between: {written:?}");
        assert_eq!(numbers, (1..=ROWS + written.len() + 2).collect::<Vec<_>>(), "{workers} {policy:?}");
    }
}

#[test]
fn rows_are_told_what_is_stored_when_they_are_written() {
    // Where others change it once, rows that were asked about before are found out though nothing moves when they are written.
    for (workers, policy, every) in
        [(1, OnMatch::Create, 1), (3, OnMatch::Create, 5), (3, OnMatch::Create, 50), (3, OnMatch::Update, 4)]
    {
        let folder = tempfile::tempdir().unwrap();
        let apps = apps(folder.path(), READER, workers);
        let name = |nth: usize| (nth % every == every.min(4) - 1).then(|| ("Word", format!("w{}", nth / every)));
        let (_, written) = import_beside(&apps, folder.path(), policy, name);
        assert!(!written.is_empty());
        for contact in all(&apps[0]) {
            let Some(row) = contact.last_name.as_ref().and_then(|name| name.as_str().strip_prefix('R')) else {
                continue;
            };
            let row: u64 = row.parse().unwrap();
            let last = written.iter().rposition(|records| *records < row);
            let told = contact.department.as_deref().map(ToString::to_string);
            assert_eq!(told, last.map(|nth| format!("w{nth}")), "row {row}, {workers} {policy:?} {written:?}");
        }
    }
}

#[test]
fn rows_that_went_by_nothing_of_it_are_not_asked_again() {
    let folder = tempfile::tempdir().unwrap();
    let apps = apps(folder.path(), KEEPER, 3);
    let (report, written) =
        import_beside(&apps, folder.path(), OnMatch::Create, |nth| Some(("Other", format!("O{nth}"))));
    assert_eq!(report.asked_again, 0);
    let state = apps[1].store().unwrap().read(|reader| reader.state_all()).unwrap();
    assert_eq!(state.len(), ROWS + written.len());
    assert!(state.iter().all(|(_, _, value)| value == b"I"));
}

#[test]
fn a_dry_run_leaves_what_others_remember_alone() {
    let folder = tempfile::tempdir().unwrap();
    let [app, other] = apps(folder.path(), COUNTER, 3);
    add(&other, "Other", "One");
    let dry = import(
        &app,
        folder.path(),
        "Last name\nLee\nRay\n",
        &ImportRequest { dry_run: true, ..ImportRequest::new("") },
    );
    assert_eq!(dry.counts.created, 2);
    add(&other, "Other", "Two");
    import(&app, folder.path(), "Last name\nLee\n", &ImportRequest::new(""));
    let state = other.store().unwrap().read(|reader| reader.state_all()).unwrap();
    assert_eq!(state, [("counter".to_owned(), "n".to_owned(), b"3".to_vec())]);
}

#[test]
fn an_import_comes_to_its_end_though_others_never_rest() {
    let folder = tempfile::tempdir().unwrap();
    let [app, other] = apps(folder.path(), COUNTER, 2);
    let rows: String = (1..=100).map(|row| format!("R{row}\n")).collect();
    let done = std::sync::atomic::AtomicBool::new(false);
    let added = std::thread::scope(|scope| {
        let adding: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let mut added = 0;
                    while !done.load(std::sync::atomic::Ordering::Relaxed) {
                        add(&other, "Other", "One");
                        added += 1;
                    }
                    added
                })
            })
            .collect();
        let report = import(&app, folder.path(), &format!("Last name\n{rows}"), &ImportRequest::new(""));
        done.store(true, std::sync::atomic::Ordering::Relaxed);
        assert_eq!(report.counts.created, 100);
        adding.into_iter().map(|thread| thread.join().unwrap()).sum::<usize>()
    });
    let state = other.store().unwrap().read(|reader| reader.state_value("counter", "n")).unwrap().unwrap();
    assert_eq!(String::from_utf8(state).unwrap(), (100 + added).to_string());
}
