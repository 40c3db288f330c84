//! What a dry run says is what the import does: for generated files whose rows are about each other and about what is stored, under every
//! policy, for whoever imports.

mod beside;
mod ordered;

use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::app::import::preview::{Outcome, Preview};
use crate::app::import::report::ImportReport;
use crate::app::import::{ImportRequest, Progress};
use crate::config::{MatchBy, OnMatch};
use crate::domain::custom::{CustomField, CustomKind, Entity};
use crate::domain::name::Name;
use crate::domain::permission::{Member, Role};

const SETTINGS: &str = "workers = 1\naccess = \"division\"\n[plugins.duplicate-guard]\ngrants = [\"lookup\"]\n\
    [plugins.duplicate-guard.config]\nreject_lookalikes = true\n";

const HEADER: &str = "External ID,First name,Last name,Email,Mobile,Work,Company,Contact Label,Survey Opt-Out,SMS,\
    External Organization,custom.code,Division";

/// A file of rows that share people.
fn rows(most: usize) -> impl Strategy<Value = String> {
    let one = |values: &'static [&'static str]| proptest::sample::select(values);
    let who = (
        one(&["", "", "", "crm:1", "crm:2", "erp:1"]),
        one(&["Ann", "Bob", "", "<clear>"]),
        one(&["Lee", "Ray", "", "Lee"]),
        one(&["", "a@example.com", "b@example.com", "A@example.com", "c@example.com", "bad"]),
        one(&["", "+85298760001", "+85298760002", "+85298760003", "<clear>"]),
        one(&["", "", "+85298760001", "+85298760004", "8.5E+11"]),
    );
    let what = (
        one(&["", "Acme", "Globex", "<clear>"]),
        one(&["", "VIP", "vip; Gold", "Gold"]),
        one(&["", "yes", "no"]),
        one(&["", "", "yes", "no"]),
        one(&["", "", "Acme Ltd", "acme ltd", "Globex"]),
        one(&["", "", "X1", "x1", "X2"]),
        one(&["", "", "", "Asia", "Europe"]),
    );
    let row = (who, what)
        .prop_map(|((a, b, c, d, e, f), (g, h, i, j, k, l, m))| [a, b, c, d, e, f, g, h, i, j, k, l, m].join(","));
    proptest::collection::vec(row, 1..most).prop_map(|rows| format!("{HEADER}\n{}\n", rows.join("\n")))
}

fn app(folder: &Path, plugin: bool) -> App {
    if plugin {
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/duplicate-guard");
        let to = folder.join("scripts/duplicate-guard");
        std::fs::create_dir_all(&to).unwrap();
        for name in ["plugin.toml", "main.rhai"] {
            std::fs::copy(from.join(name), to.join(name)).unwrap();
        }
        patient(&to.join("plugin.toml"));
    }
    app_with(folder, SETTINGS)
}

/// Gives a plugin time: on a machine with much else to do, a call that waits long for its turn would fail one import and not the other.
fn patient(manifest: &Path) {
    let text = std::fs::read_to_string(manifest).unwrap();
    std::fs::write(manifest, format!("{text}\n[budget]\ndeadline_ms = 5000\n")).unwrap();
}

fn app_with(folder: &Path, settings: &str) -> App {
    std::fs::write(folder.join("carnet.toml"), settings).unwrap();
    let app = App::open(folder, None).unwrap();
    let field = CustomField {
        key: "code".to_owned(),
        label: "Code".to_owned(),
        kind: CustomKind::Identifier,
        options: Vec::new(),
        required: false,
        enabled: true,
    };
    app.add_field(Entity::Contact, field, &Viewer::Operator).unwrap();
    app
}

fn import(app: &App, folder: &Path, content: &str, options: &ImportRequest) -> ImportReport {
    let file = folder.join("people.csv");
    std::fs::write(&file, content).unwrap();
    let request = ImportRequest { file, show: Some(usize::MAX), again: true, ..options.clone() };
    app.import(&request, &mut |_: Progress| ()).unwrap_or_else(|failure| panic!("{failure:?}"))
}

/// Everything that is stored of contacts, and how often it was written.
fn stored(app: &App) -> String {
    let store = app.store().unwrap();
    let mut all = String::new();
    let each = &mut |contact: Contact| {
        all.push_str(&format!("{contact:?}\n"));
        std::ops::ControlFlow::Continue(())
    };
    store.read(|reader| reader.for_each(&Query::default(), each)).unwrap();
    let names = [Referent::Organization, Referent::Division].map(|it| store.read(|reader| reader.names(it)).unwrap());
    format!("{all}{names:?}{:?}", store.read(|reader| reader.labels()).unwrap())
}

/// What is told of a row, ids aside: a dry run has none for those whom it creates.
fn told(preview: &Preview) -> String {
    let ids =
        regex::Regex::new(r"\([0-9a-f-]{36}\)|contact [0-9a-f-]{36}(, of row \d+,)?|an earlier row's contact").unwrap();
    let outcome = match &preview.outcome {
        Outcome::Contact { name, .. } => Outcome::Contact { id: None, name: name.clone() },
        nothing @ Outcome::Nothing(_) => nothing.clone(),
    };
    let text = format!("{:?}", Preview { outcome, ..preview.clone() });
    ids.replace_all(&text.replace("(from an earlier row of this file)", "(id)"), "(id)").into_owned()
}

fn compare(base: &str, content: &str, options: &ImportRequest, plugin: bool) {
    let folder = tempfile::tempdir().unwrap();
    let app = app(folder.path(), plugin);
    import(&app, folder.path(), base, &ImportRequest { on_match: Some(OnMatch::Update), ..ImportRequest::new("") });
    let before = stored(&app);
    let dry = import(&app, folder.path(), content, &ImportRequest { dry_run: true, ..options.clone() });
    assert_eq!(stored(&app), before, "a dry run writes nothing");
    let real = import(&app, folder.path(), content, options);
    let told = |report: &ImportReport| report.previews.shown.iter().map(told).collect::<Vec<_>>();
    assert_eq!(told(&dry), told(&real), "{base}\n{content}\n{options:?}");
    assert_eq!(dry.counts, real.counts, "{content}");
    assert_eq!((&dry.previews.fields, &dry.previews.codes), (&real.previews.fields, &real.previews.codes));
    let notes = |report: &ImportReport| {
        // The error file is the import's alone.
        report.notes.iter().filter(|note| !note.contains("ErrorDetail")).cloned().collect::<Vec<_>>()
    };
    assert_eq!((notes(&dry), dry.warned.total()), (notes(&real), real.warned.total()), "{base}\n{content}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn a_dry_run_says_what_the_import_does(
        base in rows(8),
        content in rows(20),
        policy in proptest::sample::select(OnMatch::ALL),
        (plugin, agent, fill, opt_in) in any::<(bool, bool, bool, bool)>(),
    ) {
        let member = || Member { name: Name::parse("Ann").unwrap(), role: Role::Agent, divisions: vec![Name::parse("Asia").unwrap()] };
        let by = if agent { Viewer::Staff(Arc::new(member())) } else { Viewer::Operator };
        let all = vec!["all".to_owned()];
        let options = ImportRequest {
            on_match: Some(policy),
            match_by: (opt_in && policy != OnMatch::Create).then(|| vec![MatchBy::Phone, MatchBy::Email]),
            fill: if fill && policy == OnMatch::Update { all } else { Vec::new() },
            allow_opt_in: opt_in,
            by,
            ..ImportRequest::new("")
        };
        compare(&base, &content, &options, plugin);
    }
}
