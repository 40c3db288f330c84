//! How fast is an import, as ratios within one run: with two WASM and two Rhai plugins, without plugins, and the store's floor (the same
//! contacts, prepared, only inserted). Each stage runs in a process of its own, so that its peak memory is its own.
//!
//! `cargo bench --bench import -- [--rows N] [--rounds N]`

#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

mod data;

use std::io::Write;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use carnet::app::App;
use carnet::app::import::ImportRequest;
use carnet::domain::contact::Contact;
use carnet::store::{Action, Actor, NewChange, Prepared, Query, Store, StoreError, Writer};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The plugins of the job: two components and two scripts.
const PLUGINS: [&str; 4] =
    ["plugins/phone-repair", "plugins/survey-policy", "scripts/field-mapping", "scripts/label-rules"];

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let value = |name: &str| args.iter().position(|arg| arg == name).and_then(|at| args.get(at + 1)).cloned();
    let rows: u64 = value("--rows").map_or(200_000, |rows| rows.parse().expect("--rows takes a number"));
    let rounds: usize = value("--rounds").map_or(3, |rounds| rounds.parse().expect("--rounds takes a number"));
    match value("--stage") {
        Some(stage) => run_stage(
            &stage,
            Path::new(&value("--home").expect("--home")),
            Path::new(&value("--file").expect("--file")),
        ),
        None => run_all(rows, rounds),
    }
}

/// One stage's result: rows a second and peak memory in MiB.
struct Measured {
    rate: f64,
    peak_mib: f64,
}

fn run_all(rows: u64, rounds: usize) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("contacts.csv");
    data::write(&file, rows).expect("the generated file");
    let size = std::fs::metadata(&file).expect("the file was just written").len();
    println!("{rows} rows x {} columns, {:.0} MB, best of {rounds} rounds", data::HEADERS.len(), size as f64 / 1e6);
    let mut best: Vec<(&str, Measured)> = Vec::new();
    for stage in ["plugins", "none", "floor"] {
        let measured = (0..rounds).map(|round| measure(stage, &folder.path().join(format!("{stage}-{round}")), &file));
        let fastest = measured.max_by(|a, b| a.rate.total_cmp(&b.rate)).expect("at least one round");
        println!("{:<32} {:>9.0} rows/s   peak {:>5.0} MiB", name(stage), fastest.rate, fastest.peak_mib);
        best.push((stage, fastest));
    }
    let rate =
        |stage: &str| best.iter().find(|(name, _)| *name == stage).map_or(f64::NAN, |(_, measured)| measured.rate);
    println!("with plugins / without plugins   {:>8.0} %", 100.0 * rate("plugins") / rate("none"));
    println!("with plugins / store's floor     {:>8.0} %", 100.0 * rate("plugins") / rate("floor"));
}

fn name(stage: &str) -> &'static str {
    match stage {
        "plugins" => "import, 2 WASM + 2 Rhai plugins",
        "none" => "import, no plugins",
        _ => "store's floor: inserts only",
    }
}

/// Runs a stage in a fresh home and a process of its own.
fn measure(stage: &str, home: &Path, file: &Path) -> Measured {
    std::fs::create_dir_all(home).expect("a home folder");
    if stage == "plugins" {
        PLUGINS.iter().for_each(|package| copy_package(Path::new(env!("CARGO_MANIFEST_DIR")), home, package));
    }
    let this = std::env::current_exe().expect("this program's path");
    let output = Command::new(this)
        .args(["--stage", stage, "--home"])
        .arg(home)
        .arg("--file")
        .arg(file)
        .output()
        .expect("the stage runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut numbers = text.split_whitespace().filter_map(|word| word.parse::<f64>().ok());
    let (Some(rate), Some(peak_mib)) = (numbers.next(), numbers.next()) else {
        panic!("stage {stage} failed: {text}{}", String::from_utf8_lossy(&output.stderr));
    };
    std::fs::remove_dir_all(home).expect("the home folder goes");
    Measured { rate, peak_mib }
}

/// Copies what counts of a package: manifest and code.
fn copy_package(root: &Path, home: &Path, package: &str) {
    let to = home.join(package);
    std::fs::create_dir_all(&to).expect("a package folder");
    for name in ["plugin.toml", "plugin.wasm", "main.rhai"] {
        let from = root.join(package).join(name);
        if from.exists() {
            std::fs::copy(from, to.join(name)).expect("the package is copied");
        }
    }
}

fn run_stage(stage: &str, home: &Path, file: &Path) {
    let rate = if stage == "floor" { floor(home, file) } else { import(stage, home, file) };
    let mut out = std::io::stdout();
    writeln!(out, "{rate} {}", peak_mib()).expect("the parent listens");
}

fn import(stage: &str, home: &Path, file: &Path) -> f64 {
    let app = App::open(home, None).expect("the home opens");
    let expected = if stage == "plugins" { PLUGINS.len() } else { 0 };
    let generation = app.generation().expect("plugins load");
    assert_eq!(
        generation.plugins.len(),
        expected,
        "refused: {:?}",
        generation.refused.iter().map(ToString::to_string).collect::<Vec<_>>()
    );
    let request = ImportRequest { country: "HK".parse().ok(), ..ImportRequest::new(file) };
    let started = Instant::now();
    let report = app.import(&request, &mut |_| {}).expect("the import runs");
    assert_eq!(report.counts.failed, 0, "every generated row is sound");
    report.counts.created as f64 / started.elapsed().as_secs_f64()
}

/// The same contacts again, read from an import of the file and written to a fresh store by inserts alone.
fn floor(home: &Path, file: &Path) -> f64 {
    let source: PathBuf = home.join("source");
    std::fs::create_dir_all(&source).expect("a folder for the source");
    let app = App::open(&source, None).expect("the home opens");
    let request = ImportRequest { country: "HK".parse().ok(), ..ImportRequest::new(file) };
    app.import(&request, &mut |_| {}).expect("the import runs");
    let mut contacts: Vec<Contact> = Vec::new();
    let read = |reader: &carnet::store::Reader<'_>| {
        reader.for_each(&Query::default(), &mut |contact| {
            contacts.push(contact);
            ControlFlow::Continue(())
        })
    };
    app.store().expect("the store opens").read(read).expect("the contacts are read");
    let prepared: Vec<Prepared> = contacts.iter().map(Prepared::new).collect();
    let entry = NewChange {
        at: carnet::app::now(),
        actor: Actor::Import(1),
        action: Action::Created,
        fields: Vec::new(),
        via: String::new(),
    };
    let store = Store::open(&home.join("floor.db")).expect("a fresh store");
    let started = Instant::now();
    for batch in prepared.chunks(1024) {
        let insert = |writer: &mut Writer<'_>| batch.iter().try_for_each(|contact| writer.insert(contact, &entry));
        store.write::<(), StoreError>(insert).expect("the inserts");
    }
    prepared.len() as f64 / started.elapsed().as_secs_f64()
}

/// Peak memory of this process, where the system tells.
fn peak_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kib| kib.parse::<f64>().ok()).map_or(f64::NAN, |kib| kib / 1024.0)
}
