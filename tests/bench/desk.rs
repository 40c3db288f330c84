//! How fast is the desk in a big book: an enquiry with its plugins, searches, filters and the view of a contact, each as p50 and p99 over
//! a few hundred different questions, and the peak memory. The book is imported once and kept under `target/` while its size fits.
//!
//! `cargo bench --bench desk -- [CONTACTS]`, or `CARNET_BENCH_CONTACTS`; a million if neither says.

#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

mod data;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use carnet::app::App;
use carnet::app::enquiry::Opening;
use carnet::app::import::ImportRequest;
use carnet::domain::contact::{Contact, ContactType, Level};
use carnet::domain::enquiry::{Channel, Sender};
use carnet::domain::id::ContactId;
use carnet::domain::label::LabelName;
use carnet::domain::name::Name;
use carnet::domain::permission::{Scope, Viewer};
use carnet::store::{Action, Actor, Comparison, Filter, NewChange, Prepared, Query, Sort, StoreError, Writer};
use data::{PLUGINS, peak_mib};

#[cfg(unix)]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Every so many contacts one has an owner, a division and custom values.
const HELD: usize = 20;

fn main() {
    let args: Vec<String> = std::env::args().collect();
    if let Some(at) = args.iter().position(|arg| arg == "--build") {
        return build(Path::new(&args[at + 1]), args[at + 2].parse().expect("a number of contacts"));
    }
    let told = args[1..].iter().find_map(|arg| arg.parse().ok());
    let told = told.or_else(|| std::env::var("CARNET_BENCH_CONTACTS").ok()?.parse().ok());
    let contacts: u64 = told.unwrap_or(1_000_000);
    let home = book(contacts);
    let before = peak_mib();
    measure(&home, contacts);
    println!("{:<44} {:>8.0} MiB   aim {:>5} MiB   ({before:.0} MiB at the start)", "peak memory", peak_mib(), 300);
}

/// The book's home folder, built if there is none of the size.
fn book(contacts: u64) -> PathBuf {
    let home = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("target/bench-desk-{contacts}"));
    if std::fs::exists(home.join("built")).unwrap_or(false) {
        return home;
    }
    // What an earlier run began is not to be trusted.
    let _ = std::fs::remove_dir_all(&home);
    std::fs::create_dir_all(&home).expect("a home folder");
    let this = std::env::current_exe().expect("this program's path");
    let status =
        Command::new(this).arg("--build").arg(&home).arg(contacts.to_string()).status().expect("the build runs");
    assert!(status.success(), "the book is built");
    std::fs::write(home.join("built"), "").expect("a mark");
    home
}

/// Imports the book, in a process of its own: its memory is not what is measured.
fn build(home: &Path, contacts: u64) {
    data::copy_packages(home, &PLUGINS);
    let file = home.join("contacts.csv");
    data::write(&file, contacts).expect("the generated file");
    let app = App::open(home, None).expect("the home opens");
    assert_eq!(app.generation().expect("plugins load").plugins.len(), PLUGINS.len());
    let request = ImportRequest { country: "HK".parse().ok(), ..ImportRequest::new(&file) };
    let report = app.import(&request, &mut |_| {}).expect("the import runs");
    assert_eq!(report.counts.created, contacts);
    std::fs::remove_file(&file).expect("the generated file goes");
    hold(&app);
}

/// Gives some contacts what an import of the file does not.
fn hold(app: &App) {
    let store = app.store().expect("the store opens");
    let entry = NewChange {
        at: carnet::app::now(),
        actor: Actor::Person("cli".to_owned()),
        action: Action::Updated,
        fields: Vec::new(),
        via: String::new(),
    };
    let mut held = Vec::new();
    each(app, HELD, &mut |contact| held.push(contact));
    for (at, batch) in held.chunks_mut(1000).enumerate() {
        let write = |writer: &mut Writer<'_>| {
            batch.iter_mut().enumerate().try_for_each(|(inner, contact)| {
                let number = 1000 * at + inner;
                contact.owner = Name::parse(&format!("Agent {}", number % 50)).ok();
                contact.division = Name::parse(["Asia", "Europe", "America"][number % 3]).ok();
                contact.custom.insert("tier".to_owned(), ["gold", "silver", "bronze"][number % 3].to_owned());
                contact.custom.insert("points".to_owned(), (number % 5000).to_string());
                contact.updated.at = entry.at;
                writer.update(&Prepared::new(contact), contact.rev, &entry).map(drop)
            })
        };
        store.write::<(), StoreError>(write).expect("the contacts are written");
    }
}

/// Hands out every so many contacts.
fn each(app: &App, step: usize, f: &mut dyn FnMut(Contact)) {
    let mut at = 0;
    let read = |reader: &carnet::store::Reader<'_>| {
        reader.for_each(&Query::default(), &mut |contact| {
            if at % step == 0 {
                f(contact);
            }
            at += 1;
            std::ops::ControlFlow::Continue(())
        })
    };
    app.store().expect("the store opens").read(read).expect("the contacts are read");
}

/// One thing that is measured: how often, how fast it should be, and how.
struct Case<'a> {
    name: &'static str,
    aim_ms: Option<f64>,
    times: usize,
    run: Box<dyn FnMut(usize) + 'a>,
}

fn measure(home: &Path, contacts: u64) {
    let app = App::open(home, None).expect("the home opens");
    let mut ids: Vec<ContactId> = Vec::new();
    each(&app, usize::try_from(contacts / 1000).unwrap_or(1).max(1), &mut |contact| ids.push(contact.id));
    println!("{contacts} contacts; milliseconds");
    println!("{:<44} {:>9} {:>9} {:>9}", "", "p50", "p99", "aim p99");
    let only = std::env::var("CARNET_BENCH_ONLY").unwrap_or_default();
    for mut case in cases(&app, contacts, &ids).into_iter().filter(|case| case.name.contains(&only)) {
        // Once before it counts: a database is warm in daily use.
        (case.run)(0);
        let mut took: Vec<Duration> = (0..case.times)
            .map(|at| {
                let started = Instant::now();
                (case.run)(at);
                started.elapsed()
            })
            .collect();
        took.sort_unstable();
        let at = |percent: usize| took[(took.len() - 1) * percent / 100].as_secs_f64() * 1000.0;
        let aim = case.aim_ms.map_or_else(String::new, |aim| format!("{aim:.0}"));
        let missed = if case.aim_ms.is_some_and(|aim| at(99) > aim) { "  missed" } else { "" };
        println!("{:<44} {:>9.2} {:>9.2} {aim:>9}{missed}", case.name, at(50), at(99));
    }
}

fn cases<'a>(app: &'a App, contacts: u64, ids: &'a [ContactId]) -> Vec<Case<'a>> {
    let mut cases: Vec<Case<'a>> = vec![
        Case {
            name: "enquiry matched, with its plugins",
            aim_ms: Some(5.0),
            times: 300,
            run: Box::new(move |at| {
                let row = at as u64 * 7919 % contacts / 10 * 10 + 1;
                let from = Sender { phone: Some(format!("+8529{row:07}")), ..Sender::default() };
                let opening = Opening { channel: Channel::Call, from, subject: None, device: None, visits: Vec::new() };
                let pop = app.open_enquiry(&opening, &Viewer::Operator).expect("the enquiry opens");
                assert!(pop.contact.is_some() || !pop.candidates.is_empty());
            }),
        },
        Case {
            name: "contact with its last five changes",
            aim_ms: Some(2.0),
            times: 300,
            run: Box::new(move |at| {
                let id = ids[at * 37 % ids.len()];
                app.contact(id).expect("the contact");
                app.changes(id, Some(5), &Viewer::Operator).expect("its changes");
            }),
        },
    ];
    let words = |words: &str| Query { words: words.to_owned(), ..Query::default() };
    let few = |texts: &[&str]| texts.iter().map(|text| words(text)).collect::<Vec<_>>();
    let filter = |filter: Filter| vec![Query { filters: vec![filter], ..Query::default() }];
    let name = |text: &str| Name::parse(text).expect("a name");
    let label = |text: &str| LabelName::parse(text).expect("a label");
    let day = |number: i64| carnet::app::now() - chrono::Duration::days(number);
    let custom = |key: &str, is: Comparison| Filter::Custom { key: key.to_owned(), is };
    let mut ask = |name: &'static str, aim_ms: Option<f64>, times: usize, queries: Vec<Query>| {
        let run = move |at: usize| {
            let query = &queries[at % queries.len()];
            app.store().expect("the store").read(|reader| reader.search(query)).map(drop).expect("the search");
        };
        cases.push(Case { name, aim_ms, times, run: Box::new(run) });
    };
    let common =
        ["an", "ann", "ha", "hadd", "ch", "chia", "mü", "müller", "ng", "nguyen", "in", "ini", "lotus", "wo", "zo"];
    ask("prefix, common", Some(30.0), 300, few(&common));
    ask("prefix, in every address", Some(30.0), 60, few(&["ex", "exam", "exampl", "com", "or"]));
    ask(
        "prefix, rare",
        Some(30.0),
        300,
        (0..300).map(|at| words(&format!("c{}", 100_000 + at * 7919 % 900_000))).collect(),
    );
    ask("prefix, thousands of words", Some(30.0), 60, few(&["c1", "c12", "p9", "p98", "c123", "p777"]));
    ask("two words", Some(30.0), 300, few(&["ann ng", "jo obrien", "acme wong", "zoe hadd", "mei lotus", "ann zoe"]));
    ask("phone, its beginning", None, 200, (0..200).map(|at| words(&format!("+85291{:03}", at % 1000))).collect());
    ask(
        "phone, the whole number",
        None,
        200,
        (0..200).map(|at| words(&format!("+8529{:07}", at * 4999 + 1))).collect(),
    );
    ask("phone, a fragment", None, 40, (0..40).map(|at| words(&format!("{}", 1000 + at * 211))).collect());
    ask("phone, a rare fragment", None, 20, (0..20).map(|at| words(&format!("{}", 9_012_345 + at * 211))).collect());
    let labelled = |text: &str, labels: &[&str], any_label| Query {
        labels: labels.iter().map(|text| label(text)).collect(),
        any_label,
        ..words(text)
    };
    ask("label", None, 100, vec![labelled("", &["vip"], false), labelled("", &["newsletter"], false)]);
    let with_words = ["an", "haddad", "wong acme", "c12", "zoe", "exam"].map(|text| labelled(text, &["vip"], false));
    ask("label with words", Some(50.0), 300, with_words.to_vec());
    ask("one of two labels with words", Some(50.0), 100, vec![labelled("an", &["vip", "newsletter"], true)]);
    ask("type", None, 50, filter(Filter::Type(ContactType::Customer)));
    ask("level", None, 50, filter(Filter::Level(Level::Secondary)));
    ask("level, primary", None, 50, filter(Filter::Level(Level::Primary)));
    ask("company", None, 50, filter(Filter::Company("Acme Ltd".to_owned())));
    ask("owner", None, 50, filter(Filter::Owner(name("Agent 7"))));
    ask("division", None, 50, filter(Filter::Division(name("Asia"))));
    ask("country", None, 50, filter(Filter::Country("HK".parse().expect("a country"))));
    ask("opted out", None, 50, filter(Filter::OptOut(true)));
    ask("created, all of them", None, 20, filter(Filter::Created(Some(day(30)), None)));
    ask("created, none", None, 20, filter(Filter::Created(None, Some(day(3000)))));
    ask("updated", None, 20, filter(Filter::Updated(Some(day(30)), None)));
    ask("custom, equal", None, 50, filter(custom("tier", Comparison::Equal("Gold".to_owned()))));
    ask("custom, a range of numbers", None, 50, filter(custom("points", Comparison::Number(Some(100.0), Some(120.0)))));
    ask("custom, absent", None, 50, filter(custom("tier", Comparison::Absent)));
    let seen = |scope: Scope, text: &str| vec![Query { scope, ..words(text) }];
    ask("what an agent owns", None, 50, seen(Scope::Person(name("Agent 7")), ""));
    ask("what an agent owns, with words", Some(50.0), 50, seen(Scope::Person(name("Agent 7")), "an"));
    ask("what a division sees, with words", Some(50.0), 50, seen(Scope::Divisions(vec![name("Asia")]), "an"));
    let several = Query {
        filters: vec![Filter::Type(ContactType::Customer), Filter::Country("HK".parse().expect("a country"))],
        ..labelled("wong", &["vip"], false)
    };
    ask("words, label, type and country", None, 100, vec![several]);
    let sorted = |sort: Sort, text: &str| vec![Query { sort, ..words(text) }];
    ask("oldest first", None, 50, sorted(Sort::Oldest, "an"));
    ask("last changed first", None, 20, sorted(Sort::Updated, ""));
    ask("last changed first, with words", None, 20, sorted(Sort::Updated, "haddad"));
    ask("by name, with words", None, 10, sorted(Sort::Name, "haddad"));
    ask("everything", None, 50, vec![Query::default()]);
    cases
}
