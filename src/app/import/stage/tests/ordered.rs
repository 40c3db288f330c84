//! What plugins look up and remember is what it would be, had the rows come one after the other: for generated files, with one worker or
//! several, tried out first or not, stopped on the way or not.

use super::*;

/// Everything that it is told goes into the contact, so that whatever is told otherwise shows.
const WATCHER: &str = r#"
fn on_import_row(row) {
    let rows = parse_int(state_get("rows") ?? "0") + 1;
    state_set("rows", rows);
    state_set("row", `${rows} ${row.last_name}`);
}
fn about(contact) {
    let n = parse_int(state_get("n") ?? "0") + 1;
    state_set("n", n);
    let told = `${n}: ${state_get("row")};`;
    for address in contact.values("email") {
        state_set(address, `${n}`);
        for other in lookup("email", address, 2) { told += ` e ${other.first_name} ${other.job_title.len()};`; }
    }
    for number in contact.values("mobile") {
        told += ` ${state_get(number)}`;
        if n % 3 == 0 { state_set(number, `${n}`); }
        for other in lookup("phone", number, 2) { told += ` p ${other.last_name} ${other.company};`; }
    }
    for other in lookup("name", contact.last_name, 2) { told += ` n ${other.email} ${other.department.len()};`; }
    told
}
fn on_create(contact) {
    contact.job_title = about(contact);
    if contact.company == "Globex" { contact.owner = "Bea"; contact.division = "Europe"; }
    if contact.first_name == "Bob" && lookup("name", "bob", 3).len() > 1 { reject("first_name", "BOBS", "there are enough"); }
}
fn on_update(contact, before) { contact.department = about(contact); }
"#;

fn app(folder: &Path, workers: usize, access: &str) -> App {
    let settings =
        format!("workers = {workers}\naccess = \"{access}\"\n[plugins.watcher]\ngrants = [\"lookup\", \"state\"]\n");
    let script = folder.join("scripts/watcher");
    std::fs::create_dir_all(&script).unwrap();
    let manifest = "name = \"watcher\"\nversion = \"1.0.0\"\ngrants = [\"lookup\", \"state\"]\n";
    std::fs::write(script.join("plugin.toml"), manifest).unwrap();
    std::fs::write(script.join("main.rhai"), WATCHER).unwrap();
    patient(&script.join("plugin.toml"));
    super::app_with(folder, &settings)
}

/// What is stored, without what no two imports have in common: ids, moments, numbers of jobs.
fn common(app: &App) -> String {
    let chance = regex::Regex::new(r"[0-9a-f]{8}-[0-9a-f-]{27}|\d{4}-\d\d-\d\dT[0-9:.]+Z|import \d+").unwrap();
    chance.replace_all(&stored(app), "").into_owned()
}

fn remembered(app: &App) -> Vec<(String, String, Vec<u8>)> {
    let mut all = app.store().unwrap().read(|reader| reader.state_all()).unwrap();
    all.sort();
    all
}

/// Imports a file, asked to stop whenever so many rows are done, and resumed as often.
fn in_pieces(app: &App, folder: &Path, content: &str, options: &ImportRequest, every: u64) -> ImportReport {
    let file = folder.join("people.csv");
    std::fs::write(&file, content).unwrap();
    let mut resume = None;
    loop {
        let stop = crate::app::import::Stop::default();
        let begun = ImportRequest { again: true, ..options.clone() };
        let options = if resume.is_some() {
            ImportRequest { resume, by: options.by.clone(), ..ImportRequest::new("") }
        } else {
            begun
        };
        let request = ImportRequest { file: file.clone(), stop: stop.clone(), ..options };
        let mut first = None;
        let mut progress = |progress: Progress| {
            if progress.records >= *first.get_or_insert(progress.records) + every {
                stop.asked.store(true, std::sync::atomic::Ordering::Relaxed);
            }
        };
        let report = app.import(&request, &mut progress).unwrap_or_else(|failure| panic!("{failure:?}"));
        if report.stopped.is_none() {
            return report;
        }
        resume = report.job;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn plugins_are_told_what_they_would_be_told_row_by_row(
        base in rows(8),
        content in rows(60),
        policy in proptest::sample::select(OnMatch::ALL),
        access in proptest::sample::select(&["open", "division", "owner"]),
        agent in any::<bool>(),
        every in 5..30_u64,
    ) {
        let asia = || vec![Name::parse("Asia").unwrap()];
        let member = || Member { name: Name::parse("Ann").unwrap(), role: Role::Agent, divisions: asia() };
        let by = if agent { Viewer::Staff(Arc::new(member())) } else { Viewer::Operator };
        let options = ImportRequest { on_match: Some(policy), by, ..ImportRequest::new("") };
        let mut all = Vec::new();
        for (workers, pieces) in [(1, None), (4, None), (3, Some(every))] {
            let folder = tempfile::tempdir().unwrap();
            let app = app(folder.path(), workers, access);
            let update = ImportRequest { on_match: Some(OnMatch::Update), ..ImportRequest::new("") };
            import(&app, folder.path(), &base, &update);
            let report = if let Some(every) = pieces {
                in_pieces(&app, folder.path(), &content, &options, every)
            } else {
                let dry = import(&app, folder.path(), &content, &ImportRequest { dry_run: true, ..options.clone() });
                let real = import(&app, folder.path(), &content, &options);
                let told = |report: &ImportReport| report.previews.shown.iter().map(told).collect::<Vec<_>>();
                for (dry, real) in told(&dry).iter().zip(told(&real)) {
                    assert_eq!(dry, &real, "{base}\n{content}\n{policy:?} {access} {agent}");
                }
                real
            };
            all.push((common(&app), remembered(&app), report.counts));
        }
        for (nth, other) in all.iter().enumerate().skip(1) {
            for (line, expected) in other.0.lines().zip(all[0].0.lines()) {
                assert_eq!(line, expected, "way {nth}: {base}\n{content}\n{policy:?} {access} {agent} {every}");
            }
            assert_eq!(other, &all[0], "way {nth}: {base}\n{content}");
        }
    }
}
