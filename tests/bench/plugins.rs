//! What plugins cost beside their calls: compiling a component, loading it from the cache, instantiating it, starting with 50 and 500 of them,
//! looking through the folders again, and the time from a saved file to its taking effect.
//!
//! `cargo bench --bench plugins`; the figures of the aims are those on a quiet machine.

#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use carnet::plugin::budget::Budget;
use carnet::plugin::package::{ConfigValue, EngineKind, Grants, Identity, Package};
use carnet::plugin::service::Services;
use carnet::registry::watch::{Notice, Timing};
use carnet::registry::{Deployments, Folders, Registry, Report};
use carnet::runtime::Runtimes;

#[cfg(unix)]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// The best of so many rounds counts.
const ROUNDS: u32 = 5;

/// A component of about 40 KB that is shipped.
const SHIPPED: &str = "survey-policy";

fn main() {
    let args: Vec<String> = std::env::args().collect();
    // A start is measured in a process of its own, which has nothing warm but the system's files.
    if let Some(at) = args.iter().position(|arg| arg == "--start") {
        let home = PathBuf::from(&args[at + 1]);
        let (took, registry) = start(&home);
        let generation = registry.current();
        println!("{} {} {}", took.as_secs_f64() * 1e3, generation.plugins.len(), peak_mib());
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    engines(folder.path());
    starts(folder.path());
    saved_to_active(folder.path());
}

fn line(title: &str, took: Duration, note: &str) {
    println!("{title:<46} {:>9.2} ms   {note}", took.as_secs_f64() * 1e3);
}

/// One component in the engine: cold, from the cache, and a session of it.
fn engines(folder: &Path) {
    let package = package(SHIPPED);
    let bytes = package.code.len();
    let cold = best(|| {
        let runtimes = Runtimes::new(None).expect("the engines start");
        timed(|| runtimes.load(&package).expect("it loads"))
    });
    let cache = Some(folder.join("cache"));
    Runtimes::new(cache.clone()).expect("the engines start").load(&package).expect("it loads");
    let cached = best(|| {
        let runtimes = Runtimes::new(cache.clone()).expect("the engines start");
        timed(|| runtimes.load(&package).expect("it loads"))
    });
    let runtimes = Runtimes::new(cache).expect("the engines start");
    let plugin = runtimes.load(&package).expect("it loads");
    let session = best(|| timed(|| plugin.session(Services::none())));
    line(&format!("compile a component of {bytes} bytes"), cold, "");
    let ratio = cold.as_secs_f64() / cached.as_secs_f64();
    line("load it from the cache", cached, &format!("{ratio:.0} times as fast"));
    line("a session of it", session, "");
}

/// Starting with many plugins: compiled, then from the cache and the shelf.
fn starts(folder: &Path) {
    println!();
    for (count, aim) in [(50, "aim below 300 ms"), (500, "")] {
        let home = folder.join(format!("home-{count}"));
        fill(&home, count);
        let (cold, started, _) = measured_start(&home);
        assert_eq!(started, count, "all plugins start");
        let (mut warm, mut peak) = (f64::MAX, 0.0);
        for _ in 0..ROUNDS {
            let (took, _, mib) = measured_start(&home);
            (warm, peak) = (warm.min(took), mib);
        }
        line(&format!("start with {count} plugins, nothing cached"), ms(cold), "each compiled, its cases played");
        let ratio = cold / warm;
        line(
            &format!("start with {count} plugins, from the cache"),
            ms(warm),
            &format!("{ratio:.1} times as fast; {aim}"),
        );
        let (_, registry) = start(&home);
        let rescan = best(|| timed(|| assert!(registry.rescan().is_empty(), "nothing changed")));
        line(&format!("look through {count} again"), rescan, &format!("peak memory at the start {peak:.0} MiB"));
    }
}

/// From a saved file to the generation with it, natively, with the settle time that deployments have.
fn saved_to_active(folder: &Path) {
    println!("\nfrom saved to active, settle time 200 ms included, worst of 10");
    let home = folder.join("watched");
    fs::create_dir_all(home.join("plugins")).expect("a folder");
    fs::create_dir_all(home.join("scripts")).expect("a folder");
    let (_, registry) = start(&home);
    let registry = Arc::new(registry);
    let (told, heard) = mpsc::channel();
    let on_change = move |report: &Report| drop(told.send((Instant::now(), report.clone())));
    let _watch = registry.watch(Notice::Native, Timing::default(), on_change).expect("a thread");
    let saved = |path: &Path, content: &[u8]| {
        let started = Instant::now();
        fs::write(path, content).expect("the file is saved");
        let (at, report) = heard.recv_timeout(Duration::from_secs(60)).expect("it is seen");
        assert!(report.refused.is_empty(), "{:?}", report.refused);
        at - started
    };
    let script = |round: u32| format!("fn on_create(contact) {{ contact.city = \"C{round}\"; }}").into_bytes();
    let worst = (0..10).map(|round| saved(&home.join("scripts/one.rhai"), &script(round))).max();
    line("  a script", worst.unwrap_or_default(), "aim below 500 ms");
    let code = fs::read(shipped(SHIPPED).join("plugin.wasm")).expect("the component");
    let mut worst = Duration::ZERO;
    for round in 0..10 {
        // As a lone file, without the settings that its package knows; another custom section makes it another component.
        worst = worst.max(saved(&home.join("plugins/two.wasm"), &marked(&code, round)));
    }
    line(&format!("  a component of {} bytes, compiled", code.len()), worst, "aim below 500 ms");
}

fn shipped(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("plugins").join(name)
}

/// A home with so many plugins: the shipped component over and over, each with other bytes, and every fifth a script.
fn fill(home: &Path, count: usize) {
    let code = fs::read(shipped(SHIPPED).join("plugin.wasm")).expect("the component");
    let manifest = fs::read_to_string(shipped(SHIPPED).join("plugin.toml")).expect("the manifest");
    fs::create_dir_all(home.join("scripts")).expect("a folder");
    for number in 0..count {
        if number % 5 == 0 {
            let script = format!("fn on_create(contact) {{ contact.city = \"C{number}\"; }}");
            fs::write(home.join(format!("scripts/s{number:03}.rhai")), script).expect("a script");
            continue;
        }
        let package = home.join(format!("plugins/p{number:03}"));
        fs::create_dir_all(&package).expect("a folder");
        let named = manifest.replace(&format!("\"{SHIPPED}\""), &format!("\"p{number:03}\""));
        fs::write(package.join("plugin.toml"), named).expect("a manifest");
        let mark = u32::try_from(number).expect("a small number");
        fs::write(package.join("plugin.wasm"), marked(&code, mark)).expect("a component");
        copy_cases(&shipped(SHIPPED).join("cases"), &package.join("cases"));
    }
}

fn copy_cases(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for case in fs::read_dir(from).expect("cases").flatten() {
        fs::copy(case.path(), to.join(case.file_name())).expect("a copy");
    }
}

/// A component with one custom section more.
fn marked(code: &[u8], mark: u32) -> Vec<u8> {
    // Section 0, six bytes: a name of one byte, and the mark.
    [code, &[0, 6, 1, b'm'], &mark.to_le_bytes()].concat()
}

fn start(home: &Path) -> (Duration, Registry) {
    let folders = Folders {
        plugins: home.join("plugins"),
        scripts: home.join("scripts"),
        cache: Some(home.join("cache")),
        shelf: Some(home.join("shelf")),
    };
    let started = Instant::now();
    let runtimes = Runtimes::new(folders.cache.clone()).expect("the engines start");
    let registry = Registry::open(folders, Deployments::default(), Arc::new(runtimes));
    (started.elapsed(), registry)
}

/// Milliseconds, plugins and peak memory of a start in a process of its own.
fn measured_start(home: &Path) -> (f64, usize, f64) {
    let this = std::env::current_exe().expect("this program's path");
    let output = Command::new(this).arg("--start").arg(home).output().expect("the start runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let numbers: Vec<f64> = text.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    let [took, count, peak] = numbers[..] else {
        panic!("the start failed: {text}{}", String::from_utf8_lossy(&output.stderr));
    };
    (took, count as usize, peak)
}

fn package(name: &str) -> Package {
    let code = fs::read(shipped(name).join("plugin.wasm")).expect("the component");
    let identity =
        Identity { name: name.into(), version: "1.0.0".into(), hash: "0".repeat(64), engine: EngineKind::Wasm };
    Package {
        identity: Arc::new(identity),
        code: code.into(),
        path: PathBuf::from("plugin.wasm"),
        grants: Grants::default(),
        budget: Budget::STANDARD,
        config: Arc::new(BTreeMap::<String, ConfigValue>::new()),
    }
}

fn timed<T>(work: impl FnOnce() -> T) -> Duration {
    let started = Instant::now();
    let made = work();
    let took = started.elapsed();
    drop(made);
    took
}

fn best(mut round: impl FnMut() -> Duration) -> Duration {
    (0..ROUNDS).map(|_| round()).min().unwrap_or_default()
}

fn ms(ms: f64) -> Duration {
    Duration::from_secs_f64(ms / 1e3)
}

/// Peak memory of this process, where the system tells.
fn peak_mib() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    kib.unwrap_or_default() / 1024.0
}
