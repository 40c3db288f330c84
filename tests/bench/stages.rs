//! What is measured of an import, each in a process of its own: whole imports, and their parts alone on the same rows. What is made of the
//! figures is `import`'s.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use carnet::app::App;
use carnet::app::import::{ImportRequest, Progress};
use carnet::config::OnMatch;
use carnet::domain::contact::Contact;
use carnet::domain::permission::Viewer;
use carnet::intake::{self, Input, Options, Row};
use carnet::store::{Action, Actor, Counts, NewChange, Prepared, Query, Store, StoreError, Writer};

use crate::data::{PLUGINS, copy_packages, peak_mib};

/// Rows over which the rate at the beginning and at the end is taken.
pub const EDGE_ROWS: u64 = 100_000;

/// What a stage took.
#[derive(Copy, Clone)]
pub struct Measured {
    /// Rows a second, by the clock on the wall.
    pub rate: f64,
    /// Processor time of a row on all threads together, in microseconds; the steadiest figure on a busy machine.
    pub cpu_us: f64,
    /// Rows a second over the first [`EDGE_ROWS`], or half of the rows if there are fewer.
    pub first: f64,
    /// Rows a second over as many at the end.
    pub last: f64,
    /// Peak memory of the process.
    pub peak_mib: f64,
}

/// One stage.
#[derive(Copy, Clone, PartialEq, Eq)]
pub enum Stage {
    /// Reading the file, and nothing else.
    Read,
    /// An import with these plugins into an empty store.
    Import(&'static [&'static str]),
    /// An import with these plugins into a store that is full of the same people, who have changed or not.
    Match(&'static [&'static str], bool),
    /// Taking an import without plugins back.
    Undo,
    /// The same contacts, prepared beforehand, only inserted.
    Floor,
}

/// Every stage by its name on the command line.
pub const STAGES: [(&str, Stage); 13] = [
    ("read", Stage::Read),
    ("only-phone-repair", Stage::Import(&[PLUGINS[0]])),
    ("only-survey-policy", Stage::Import(&[PLUGINS[1]])),
    ("only-field-mapping", Stage::Import(&[PLUGINS[2]])),
    ("only-label-rules", Stage::Import(&[PLUGINS[3]])),
    ("none", Stage::Import(&[])),
    ("plugins", Stage::Import(&PLUGINS)),
    ("floor", Stage::Floor),
    ("undo", Stage::Undo),
    ("match-none", Stage::Match(&[], false)),
    ("match", Stage::Match(&PLUGINS, false)),
    ("match-changed-none", Stage::Match(&[], true)),
    ("match-changed", Stage::Match(&PLUGINS, true)),
];

/// Runs a stage in a fresh home and a process of its own. `seed` fills the store of a matched import.
pub fn measure(name: &str, home: &Path, file: &Path, seed: &Path) -> Measured {
    std::fs::create_dir_all(home).expect("a home folder");
    if let Some(Stage::Import(packages) | Stage::Match(packages, _)) = find(name) {
        copy_packages(home, packages);
    }
    let this = std::env::current_exe().expect("this program's path");
    let mut command = Command::new(this);
    command.args(["--stage", name, "--home"]).arg(home).arg("--file").arg(file).arg("--seed").arg(seed);
    let output = command.output().expect("the stage runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let numbers: Vec<f64> = text.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    let [rate, cpu_us, first, last, peak_mib] = numbers[..] else {
        panic!("stage {name} failed: {text}{}", String::from_utf8_lossy(&output.stderr));
    };
    std::fs::remove_dir_all(home).expect("the home folder goes");
    Measured { rate, cpu_us, first, last, peak_mib }
}

fn find(name: &str) -> Option<Stage> {
    STAGES.iter().find(|(known, _)| *known == name).map(|(_, stage)| *stage)
}

/// Runs a stage here, and returns what [`measure`] reads.
pub fn run(name: &str, home: &Path, file: &Path, seed: &Path) -> String {
    let Measured { rate, cpu_us, first, last, .. } = match find(name).expect("a known stage") {
        Stage::Read => read(file),
        Stage::Import(packages) => import(home, packages, &request(file)).0,
        Stage::Match(packages, changed) => matched(home, packages, file, seed, changed),
        Stage::Undo => undone(home, file),
        Stage::Floor => floor(home, file),
    };
    format!("{rate} {cpu_us} {first} {last} {}", peak_mib())
}

fn request(file: &Path) -> ImportRequest {
    ImportRequest { country: "HK".parse().ok(), ..ImportRequest::new(file) }
}

fn read(file: &Path) -> Measured {
    let watch = Watch::start();
    let mut reader = intake::open(Input::Path(file.to_owned()), &Options::default()).expect("the file opens");
    let (mut row, mut rows) = (Row::default(), 0);
    while reader.read(&mut row).expect("the file is read") {
        rows += 1;
    }
    watch.stop(rows, &[])
}

fn import(home: &Path, packages: &[&str], request: &ImportRequest) -> (Measured, Counts) {
    let app = App::open(home, None).expect("the home opens");
    let generation = app.generation().expect("plugins load");
    let refused: Vec<_> = generation.refused.iter().map(ToString::to_string).collect();
    assert_eq!(generation.plugins.len(), packages.len(), "refused: {refused:?}");
    let mut steps = Vec::new();
    let watch = Watch::start();
    let mut step = |told: Progress| steps.push((told.records, watch.started.elapsed().as_secs_f64()));
    let report = app.import(request, &mut step).expect("the import runs");
    let measured = watch.stop(report.counts.read, &steps);
    assert_eq!(report.counts.failed, 0, "every generated row is sound");
    (measured, report.counts)
}

/// Fills the store, then imports into it. The clock counts the second import alone; the peak memory is that of both.
fn matched(home: &Path, packages: &[&str], file: &Path, seed: &Path, changed: bool) -> Measured {
    import(home, packages, &request(seed));
    let request = ImportRequest { on_match: Some(OnMatch::Update), again: true, ..request(file) };
    let (measured, counts) = import(home, packages, &request);
    let met = if changed { counts.updated } else { counts.unchanged };
    assert_eq!(met, counts.read, "every row meets its contact: {counts:?}");
    measured
}

/// Imports the file and takes it back; the clock counts the taking back alone.
fn undone(home: &Path, file: &Path) -> Measured {
    let (_, counts) = import(home, &[], &request(file));
    let app = App::open(home, None).expect("the home opens");
    let watch = Watch::start();
    let undone = app.import_undo(1, &Viewer::Operator, &mut |_| {}).expect("the import is taken back");
    assert!(undone.finished && undone.deleted == counts.created, "{} of {counts:?}", undone.deleted);
    watch.stop(undone.deleted, &[])
}

/// The same contacts again, read from an import of the file and written to a fresh store by inserts alone.
fn floor(home: &Path, file: &Path) -> Measured {
    let source: PathBuf = home.join("source");
    std::fs::create_dir_all(&source).expect("a folder for the source");
    let app = App::open(&source, None).expect("the home opens");
    app.import(&request(file), &mut |_| {}).expect("the import runs");
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
    let watch = Watch::start();
    let checkpoints = store.checkpoint_aside().expect("a thread");
    // As many to a transaction as the import has.
    for batch in prepared.chunks(2048) {
        let batch: Vec<_> = batch.iter().map(|contact| (contact, &entry)).collect();
        let insert = |writer: &mut Writer<'_>| writer.insert_all(&batch);
        store.write::<(), StoreError>(insert).expect("the inserts");
    }
    // An import, too, ends when the copying beside it has.
    drop(checkpoints);
    watch.stop(prepared.len() as u64, &[])
}

/// Takes the time on the wall and of the processor.
struct Watch {
    started: Instant,
    cpu: f64,
}

impl Watch {
    fn start() -> Self {
        Self { started: Instant::now(), cpu: cpu_seconds() }
    }

    /// `steps` tells how many rows were done when, in seconds.
    fn stop(&self, rows: u64, steps: &[(u64, f64)]) -> Measured {
        let seconds = self.started.elapsed().as_secs_f64();
        let edge = EDGE_ROWS.min(rows / 2);
        Measured {
            rate: rows as f64 / seconds,
            cpu_us: (cpu_seconds() - self.cpu) * 1e6 / rows as f64,
            first: rate_between(steps, 0, edge),
            last: rate_between(steps, rows - edge, rows),
            peak_mib: f64::NAN,
        }
    }
}

fn rate_between(steps: &[(u64, f64)], from: u64, to: u64) -> f64 {
    let at = |rows: u64| steps.iter().find(|(done, _)| *done >= rows.max(1));
    // The last batch is told of when the import returns.
    match (at(from), at(to).or(steps.last())) {
        (Some((first, began)), Some((last, ended))) => (last - first) as f64 / (ended - began),
        _ => f64::NAN,
    }
}

/// Processor time of this process so far, threads that ended included, where the system tells: in hundredths of a second.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name of the program stands in brackets and may hold anything; user and system time are the 12th and 13th field behind it.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok()).unwrap_or(f64::NAN);
    (ticks(11) + ticks(12)) / 100.0
}
