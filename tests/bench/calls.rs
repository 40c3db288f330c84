//! What plugins cost: a call against a closure in Rust that makes the same edits, warm and in a fresh instance; loading, compiled and from
//! the cache; fifty plugins at once; and what grants, services and tracing add. Times are the best of several rounds, in one process.
//!
//! `cargo bench --bench hooks`; the figures of the aims are those of a quiet machine.

#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

mod hooks;

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use carnet::app::App;
use carnet::plugin::hand::{Subject, Terms};
use carnet::plugin::hook::Hook;
use carnet::plugin::manifest::Phase;
use carnet::plugin::package::{EngineKind, Grants};
use carnet::plugin::service::{PluginState, Services};
use carnet::plugin::{Plugin, Session};
use carnet::registry::dispatch::Chain;
use carnet::runtime::Runtimes;
use tracing::Level;
use tracing_subscriber::fmt::format::FmtSpan;

#[cfg(unix)]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Plugins that are started at once.
const MANY: usize = 50;

/// Reads three fields and sets two, each time to something else: a chain keeps its edits.
const TURNS: &str = "fn on_create(contact) {
    let known = contact.first_name + contact.last_name;
    let other = if contact.company == \"Acme Ltd\" { \"Globex\" } else { \"Acme Ltd\" };
    contact.company = other;
    contact.job_title = other;
}";

/// Rounds of what takes long.
const ROUNDS: usize = 5;

fn main() {
    let home = tempfile::tempdir().expect("a temporary folder");
    calls(home.path());
    grants(home.path());
    tracing_cost(home.path());
    loading(home.path());
}

/// One call, by engine.
fn calls(home: &Path) {
    println!("one call: microseconds with nothing done, and with three reads and two writes");
    let costs = hooks::measure(home);
    let native = costs.first().map_or(0.0, |cost| cost.busy);
    for cost in &costs {
        let over = (cost.busy - native) / 1e3;
        println!(
            "  {:<8} {:>8.2} {:>8.2}   {over:>8.2} over the closure",
            cost.engine,
            cost.empty / 1e3,
            cost.busy / 1e3
        );
    }
    let runtimes = Runtimes::new(None).expect("the engines start");
    println!("the same in a fresh instance each time");
    for (name, engine, code) in busy() {
        let plugin = load(&runtimes, engine, code);
        let cost = hooks::time_open(hooks::subject(home), |subject| {
            plugin.session(Services::none()).call(Hook::Create, subject).subject
        });
        println!("  {name:<8} {:>8} {:>8.2}", "", cost / 1e3);
    }
}

/// What terms and services add to a call.
fn grants(home: &Path) {
    let runtimes = Runtimes::new(None).expect("the engines start");
    println!("with `reads` and `writes` of ten fields each instead of all");
    let names =
        ["email", "mobile", "phone", "title", "address", "first_name", "last_name", "company", "job_title", "notes"];
    let names: Vec<String> = names.map(str::to_owned).to_vec();
    let terms = Arc::new(Terms { reads: Some(names.clone()), writes: Some(names), ..Terms::open(256) });
    for (name, engine, code) in busy() {
        let mut session = load(&runtimes, engine, code).session(Services::none());
        let cost = hooks::time(hooks::subject(home), &terms, |subject| called(&mut *session, subject));
        println!("  {name:<8} {:>8} {:>8.2}", "", cost / 1e3);
    }
    println!("with one key of state read and one written");
    let code = "fn on_create(contact) { let n = state_get(\"n\") ?? \"0\"; state_set(\"n\", n); }";
    let mut package = hooks::package(EngineKind::Rhai, code.as_bytes().to_vec());
    package.grants = Grants { lookup: false, state: true };
    let services = Services { lookup: None, state: Some(Arc::new(One)) };
    let mut session = runtimes.load(&package).expect("a sound script").session(services);
    let cost = hooks::time_open(hooks::subject(home), |subject| called(&mut *session, subject));
    println!("  {:<8} {:>8} {:>8.2}", "Rhai", "", cost / 1e3);
}

/// The whole way of a call, as an enquiry or a row goes it: the chain, its accounts and breakers, and the spans if anybody listens.
fn tracing_cost(home: &Path) {
    println!("through the chain of one plugin, with nobody listening, with spans counted, and with spans written");
    let package = home.join("scripts/busy");
    std::fs::create_dir_all(&package).expect("a folder");
    std::fs::write(package.join("plugin.toml"), "name = \"busy\"\n").expect("a manifest");
    std::fs::write(package.join("main.rhai"), TURNS).expect("a script");
    let app = App::open(home, None).expect("the home opens");
    let generation = app.generation().expect("plugins load");
    assert_eq!(generation.plugins.len(), 1, "{:?}", generation.refused);
    let mut chain = Chain::new(generation, |_| Services::none());
    let mut timed = || {
        hooks::time_open(hooks::subject(home), |subject| {
            let outcome = chain.run(Hook::Create, Phase::Change, subject);
            assert_eq!(outcome.edits.len(), 2, "{:?}", outcome.faults);
            outcome.subject
        })
    };
    let heard = |spans| {
        tracing_subscriber::fmt()
            .with_max_level(Level::DEBUG)
            .with_span_events(spans)
            .with_writer(std::io::sink)
            .finish()
    };
    let silent = timed();
    let counted = tracing::subscriber::with_default(heard(FmtSpan::NONE), &mut timed);
    let written = tracing::subscriber::with_default(heard(FmtSpan::CLOSE), &mut timed);
    println!("  {:<8} {:>8.2} {:>8.2} {:>8.2}", "Rhai", silent / 1e3, counted / 1e3, written / 1e3);
}

/// Loading, with and without the cache.
fn loading(home: &Path) {
    println!("loading: milliseconds");
    for (name, engine, code) in busy() {
        let compiled = best(|| drop(load(&Runtimes::new(None).expect("the engines start"), engine, code.clone())));
        println!("  {name:<8} {compiled:>8.2}   with the start of the engines");
    }
    let cache = home.join("cache");
    let guests: Vec<Vec<u8>> = (0..MANY).map(|at| hooks::component(&format!("(drop (i32.const {at}))"))).collect();
    let all = || {
        let runtimes = Runtimes::new(Some(cache.clone())).expect("the engines start");
        guests.iter().for_each(|guest| drop(load(&runtimes, EngineKind::Wasm, guest.clone())));
    };
    let started = Instant::now();
    all();
    println!("  {MANY} components {:>8.0}   compiled", started.elapsed().as_secs_f64() * 1e3);
    println!("  {MANY} components {:>8.0}   from the cache", best(all));
}

fn busy() -> [(&'static str, EngineKind, Vec<u8>); 2] {
    [
        ("WASM", EngineKind::Wasm, hooks::component(hooks::BUSY_BODY)),
        ("Rhai", EngineKind::Rhai, hooks::BUSY_SCRIPT.as_bytes().to_vec()),
    ]
}

fn load(runtimes: &Runtimes, engine: EngineKind, code: Vec<u8>) -> Arc<dyn Plugin> {
    runtimes.load(&hooks::package(engine, code)).unwrap_or_else(|error| panic!("{error}: {:?}", error.hint))
}

fn called(session: &mut dyn Session, subject: Subject) -> Subject {
    let returned = session.call(Hook::Create, subject);
    assert!(returned.outcome.is_ok(), "{:?}", returned.outcome);
    returned.subject
}

/// Milliseconds of the best round.
fn best(mut run: impl FnMut()) -> f64 {
    let mut round = || {
        let started = Instant::now();
        run();
        started.elapsed().as_secs_f64() * 1e3
    };
    (0..ROUNDS).map(|_| round()).fold(f64::MAX, f64::min)
}

/// Remembers one number.
struct One;

impl PluginState for One {
    fn get(&self, _: &str, _: &str) -> Option<Vec<u8>> {
        Some(b"7".to_vec())
    }

    fn size(&self, _: &str) -> usize {
        2
    }
}
