//! Reload under fire: packages replaced, broken, repaired, deleted, renamed and swapped hundreds of times while imports and enquiries run in the
//! same process. Every call sees whole versions, a broken one never takes effect, and nothing that went stays in memory.

/// Packages made in moments, of which any call tells the version.
mod leaks;
mod packages;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Weak, mpsc};
use std::time::{Duration, Instant};

use carnet::app::App;
use carnet::app::enquiry::Opening;
use carnet::app::import::ImportRequest;
use carnet::domain::enquiry::{Channel, Sender};
use carnet::domain::permission::Viewer;
use carnet::registry::watch::{Notice, Timing};
use carnet::registry::{Generation, Report};

use crate::support::Home;
use packages::{Kind, Shop, contact};

/// Names that packages go by.
const NAMES: [&str; 4] = ["alpha", "beta", "gamma", "delta"];

/// Longest wait for anything; what is well takes a moment.
const PATIENCE: Duration = Duration::from_secs(60);

/// Numbers without a pattern, the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// Generations that were seen, to see whether they went.
#[derive(Default)]
struct Seen(Mutex<BTreeMap<u64, Weak<Generation>>>);

impl Seen {
    fn note(&self, generation: &Arc<Generation>) {
        self.0.lock().expect("no panic").entry(generation.number).or_insert_with(|| Arc::downgrade(generation));
    }

    fn alive(&self) -> Vec<u64> {
        let seen = self.0.lock().expect("no panic");
        seen.iter().filter(|(_, weak)| weak.upgrade().is_some()).map(|(number, _)| *number).collect()
    }

    fn count(&self) -> usize {
        self.0.lock().expect("no panic").len()
    }
}

/// Calls everybody once: what a plugin says it set must be what its version is, and no call fails.
fn call(app: &App, seen: &Seen) -> usize {
    let generation = app.generation().expect("the engines run");
    seen.note(&generation);
    let mut chain = app.chain(generation, &carnet::domain::permission::Viewer::Operator).expect("the store opens");
    let outcome = chain.run(carnet::plugin::hook::Hook::Create, carnet::plugin::manifest::Phase::Change, contact());
    assert!(outcome.faults.is_empty() && outcome.problems.is_empty(), "{:?}", outcome.faults);
    for (plugin, edit) in &outcome.edits {
        assert_eq!(edit.new.as_deref(), Some(plugin.version.as_str()), "{} is not whole", plugin.name);
    }
    outcome.edits.len()
}

/// One thing that happens to a package.
fn strike(shop: &mut Shop, dice: &mut Dice) {
    let name = NAMES[dice.roll(4) as usize];
    match dice.roll(12) {
        0..=2 => shop.replace(name, Kind::Wasm),
        3..=4 => shop.replace(name, Kind::Script),
        5 => shop.link(name),
        6 => shop.break_code(name),
        7 => shop.break_manifest(name),
        8 => shop.cut(name),
        9 => shop.remove(name),
        10 => shop.rename(name),
        _ => shop.litter(name),
    }
}

/// Tells the others to stop, also when a test fails.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Imports and enquiries on threads of their own, until they are told to stop.
fn under_load(app: &App, seen: &Seen, home: &Path, strikes: impl FnOnce()) -> [u64; 3] {
    let (over, calls, rows, enquiries) =
        (AtomicBool::new(false), AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
    let go_on = || !over.load(Ordering::Relaxed);
    std::thread::scope(|scope| {
        let _over = Over(&over);
        for _ in 0..2 {
            scope.spawn(|| {
                while go_on() {
                    calls.fetch_add(call(app, seen) as u64, Ordering::Relaxed);
                }
            });
        }
        scope.spawn(|| {
            while go_on() {
                let request = ImportRequest { again: true, ..ImportRequest::new(home.join("rows.csv")) };
                let report = app.import(&request, &mut |_| {}).expect("the import runs");
                assert_eq!((report.counts.failed, report.counts.created), (0, 200), "no row meets a broken version");
                rows.fetch_add(200, Ordering::Relaxed);
            }
        });
        scope.spawn(|| {
            while go_on() {
                let from = Sender { phone: Some("+85291234567".into()), ..Sender::default() };
                let opening = Opening { channel: Channel::Call, from, subject: None, device: None, visits: Vec::new() };
                app.open_enquiry(&opening, &Viewer::Operator).expect("the enquiry is taken");
                enquiries.fetch_add(1, Ordering::Relaxed);
            }
        });
        strikes();
        // Each of them got through at least once, whatever happened.
        let patience = Instant::now() + PATIENCE;
        while [&calls, &rows, &enquiries].iter().any(|count| count.load(Ordering::Relaxed) == 0) {
            assert!(Instant::now() < patience, "somebody stopped");
            std::thread::yield_now();
        }
    });
    [calls, rows, enquiries].map(AtomicU64::into_inner)
}

fn home() -> (Home, App) {
    let home = Home::new();
    home.write("carnet.toml", "workers = 2\n");
    let rows: String = (0..200).map(|row| format!("Lee,c{row}@example.com\n")).collect();
    home.write("rows.csv", format!("Last name,Email\n{rows}"));
    let app = App::open(home.path(), None).expect("the home opens");
    (home, app)
}

#[test]
fn hundreds_of_changes_while_imports_and_enquiries_run() {
    let (home, app) = home();
    let mut shop = Shop::new(home.path());
    NAMES.iter().for_each(|name| shop.replace(name, Kind::Script));
    let (seen, mut dice) = (Seen::default(), Dice(7));
    let registry = Arc::clone(app.registry().expect("the engines run"));
    let done = under_load(&app, &seen, home.path(), || {
        for _ in 0..300 {
            strike(&mut shop, &mut dice);
            registry.rescan();
            let generation = registry.current();
            for loaded in &generation.plugins {
                let version = &loaded.identity().version;
                assert!(shop.is_good(&loaded.identity().name, version), "{version} of a broken package took effect");
            }
        }
    });
    assert!(done.iter().all(|count| *count > 0), "{done:?}");
    assert!(seen.count() > 50, "{}", seen.count());
    // Whoever was good at the end serves, and of what served before nothing is left.
    for name in NAMES {
        shop.tidy(name);
        shop.replace(name, Kind::Script);
    }
    registry.rescan();
    let last = registry.current();
    assert_eq!(last.plugins.len(), NAMES.len());
    assert!(last.refused.is_empty(), "{:?}", last.refused);
    let alive: Vec<u64> = seen.alive().into_iter().filter(|number| *number != last.number).collect();
    assert_eq!(alive, [] as [u64; 0], "generations that nobody uses");
}

fn watched(notice: Notice) {
    let (home, app) = home();
    let mut shop = Shop::new(home.path());
    shop.replace("alpha", Kind::Script);
    let registry = Arc::clone(app.registry().expect("the engines run"));
    let ms = Duration::from_millis;
    let timing = Timing { settle: ms(8), absence: ms(40), full: ms(60_000), look: None };
    let (told, heard) = mpsc::channel();
    let watch = registry.watch(notice, timing, move |report: &Report| drop(told.send(report.clone())));
    let watch = watch.expect("a thread");
    let wait = |what: &str, is_so: &dyn Fn(&Generation) -> bool| {
        let patience = Instant::now() + PATIENCE;
        while !is_so(&registry.current()) {
            let left = patience.saturating_duration_since(Instant::now());
            assert!(heard.recv_timeout(left).is_ok(), "never seen: {what}");
        }
    };
    let serves = |name: &'static str, version: String| {
        move |generation: &Generation| generation.find(name).is_some_and(|it| it.identity().version == version)
    };
    let refused = |generation: &Generation| generation.refused.iter().any(|refused| refused.kept.is_some());
    let seen = Seen::default();
    under_load(&app, &seen, home.path(), || {
        for round in 0..5 {
            let kind = if round % 2 == 0 { Kind::Wasm } else { Kind::Script };
            shop.replace("alpha", kind);
            wait("replaced", &serves("alpha", shop.version("alpha")));
            shop.break_code("alpha");
            wait("broken", &refused);
            shop.grow("alpha", Kind::Wasm);
            wait("grown", &serves("alpha", shop.version("alpha")));
            shop.link("alpha");
            wait("swapped", &serves("alpha", shop.version("alpha")));
            shop.litter("alpha");
            shop.remove("alpha");
            wait("removed", &|generation| generation.find("alpha").is_none());
            // The folder itself goes: what served goes on, and whatever comes back is seen.
            shop.replace("alpha", kind);
            wait("back", &serves("alpha", shop.version("alpha")));
            shop.take_folder_away();
            wait("out of sight", &refused);
            shop.bring_folder_back();
            wait("in sight", &|generation| generation.refused.is_empty());
        }
    });
    watch.stop();
}

#[test]
fn changes_are_seen_natively() {
    watched(Notice::Native);
}

#[test]
fn changes_are_seen_by_looking() {
    watched(Notice::Poll(Duration::from_millis(10)));
}
