//! Plugins that mean harm, or do it by mistake, in one table for both engines: where each attacks, which limit stops it, by which fault, in
//! what time and at what cost of memory. After each, the same engines serve a sound plugin in the same process.
//!
//! `cargo test --test it hostile -- --nocapture` prints the table. All run in a process of their own, one after the other, so that a crash
//! would be seen and told by name, and memory is that attack's alone.

#![expect(clippy::print_stdout, reason = "the table of attacks is printed for whoever asks")]

mod bombs;
mod cycles;
mod guests;
pub mod kit;
#[cfg(unix)]
mod packages;
mod refused;
mod scripts;

use std::process::Command;
use std::time::{Duration, Instant};

use carnet::plugin::Session;
use carnet::plugin::budget::Budget;
use carnet::plugin::fault::FaultKind;
use carnet::plugin::hook::Hook;
use carnet::plugin::package::EngineKind;
use carnet::plugin::verdict::Verdict;
use carnet::runtime::Runtimes;

/// Set for the process that runs the attacks: which, by a part of the name, or all.
const CHILD: &str = "CARNET_TEST_HOSTILE";

/// Stack of a worker, as threads have it where nobody says otherwise.
const STACK: usize = 2 << 20;

/// Most memory that a call may cost the process: its budget of 64 MiB, what the engine keeps beside it, and some air.
const MOST_MEMORY: u64 = 160 << 20;

/// How an attack ends.
#[derive(Clone, Copy, Debug)]
pub enum End {
    /// The call fails by this limit.
    Fault(FaultKind),
    /// It is never called: loading it fails with these words.
    Refused(&'static str),
    /// It does what it wants, and that harms nobody.
    Harmless,
}

/// One hostile plugin.
pub struct Attack {
    pub engine: EngineKind,
    pub name: &'static str,
    pub place: &'static str,
    pub limit: &'static str,
    pub end: End,
    pub budget: Budget,
    pub code: Box<dyn Fn() -> Vec<u8>>,
}

/// Limits for guests that would never end.
pub const SHORT: Budget = Budget { deadline: Duration::from_millis(20), operations: u64::MAX, ..Budget::STANDARD };

/// With all the time and operations in the world, so that only what is tested can end it.
pub const PATIENT: Budget = Budget { deadline: Duration::from_secs(60), operations: u64::MAX, ..Budget::STANDARD };

fn attacks() -> Vec<Attack> {
    let parts = [guests::attacks(), bombs::attacks(), refused::attacks(), scripts::attacks(), cycles::attacks()];
    parts.into_iter().flatten().collect()
}

#[test]
fn every_attack_is_stopped_and_others_are_served() {
    let program = std::env::current_exe().expect("this program");
    let mut command = Command::new(program);
    command.args(["--exact", "hostile::attack_all", "--ignored", "--nocapture", "--test-threads=1"]);
    let only = std::env::var(CHILD).unwrap_or_else(|_| "all".to_owned());
    let output = command.env(CHILD, &only).output().expect("the program runs");
    let told = String::from_utf8_lossy(&output.stdout);
    println!("{told}");
    let begun = told.lines().filter(|line| line.starts_with("> ")).count();
    let last = told.lines().rfind(|line| line.starts_with("> ")).unwrap_or_default();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{last}: {}\n{told}\n{errors}", output.status);
    assert!(only != "all" || begun >= 100, "{begun} attacks");
}

#[test]
#[ignore = "run in a process of its own"]
fn attack_all() {
    let only = std::env::var(CHILD).expect("set by the test that starts this");
    if only == "list" {
        return attacks().iter().for_each(|attack| println!("= {}", attack.name));
    }
    let run = move || {
        let range = Range::new();
        let failed: Vec<String> = attacks()
            .into_iter()
            .filter(|attack| only == "all" || attack.name == only)
            .filter_map(|attack| range.withstand(&attack).err().map(|why| format!("{}: {why}", attack.name)))
            .collect();
        assert!(failed.is_empty(), "{} attacks got through:\n{}", failed.len(), failed.join("\n"));
    };
    let worker = std::thread::Builder::new().stack_size(STACK).spawn(run).expect("a thread");
    worker.join().expect("every attack is stopped");
}

/// Both engines.
struct Range {
    runtimes: Runtimes,
}

impl Range {
    fn new() -> Self {
        println!("\n  engine  attack · where · stopped by · code · ms to load · ms called · MiB grown");
        Self { runtimes: Runtimes::new(None).expect("the engines start") }
    }

    /// Lets an attack have its way twice, and then calls a sound plugin of each engine.
    fn withstand(&self, attack: &Attack) -> Result<(), String> {
        println!("> {}", attack.name);
        let code = (attack.code)();
        let (before, started) = (Memory::fresh(), Instant::now());
        let loaded = self.runtimes.load(&kit::package(attack.engine, code, attack.budget));
        let loading = started.elapsed();
        let started = Instant::now();
        let (told, code) = match (loaded, attack.end) {
            (Err(error), End::Refused(words)) if error.message.contains(words) => (Ok(()), "refused"),
            (Err(error), end) => (Err(format!("expected {end:?}, not loaded: {error} ({:?})", error.hint)), "refused"),
            (Ok(_), End::Refused(words)) => (Err(format!("it was loaded, not refused for `{words}`")), "loaded"),
            (Ok(plugin), end) => {
                let mut session = plugin.session(kit::services());
                let first = called(&mut *session, attack, end);
                let second = called(&mut *session, attack, end);
                (first.clone().and(second).map(drop), first.unwrap_or_default())
            }
        };
        let (calling, grown) = (started.elapsed(), before.grown());
        let Attack { engine, name, place, limit, .. } = attack;
        println!(
            "  {engine:<6}  {name} · {place} · {limit} · {code} · {:.0} · {:.0} · {:.1}",
            loading.as_secs_f64() * 1e3,
            calling.as_secs_f64() * 1e3,
            grown as f64 / 1e6
        );
        told?;
        if grown > MOST_MEMORY {
            return Err(format!("the process grew by {} MiB", grown >> 20));
        }
        self.serves_others()
    }

    fn serves_others(&self) -> Result<(), String> {
        let sound = [
            (EngineKind::Wasm, kit::hook(kit::ACCEPT)),
            (EngineKind::Rhai, b"fn on_create(contact) { contact.company = \"Acme\"; }".to_vec()),
        ];
        for (engine, code) in sound {
            let plugin = self.runtimes.load(&kit::package(engine, code, PATIENT)).map_err(|error| error.message)?;
            let said = plugin.session(kit::services()).call(Hook::Create, kit::subject(256)).outcome;
            if said != Ok(Verdict::Accept) {
                return Err(format!("afterwards a sound {engine} plugin ends with {said:?}"));
            }
        }
        Ok(())
    }
}

/// Calls once; returns the code that it ended with, if that is the right one.
fn called(session: &mut dyn Session, attack: &Attack, end: End) -> Result<&'static str, String> {
    let returned = session.call(Hook::Create, kit::subject(attack.budget.edits));
    let (log, state) = (returned.log.len(), returned.state.len());
    if log > 1000 || state > 2000 {
        return Err(format!("{log} lines of log and {state} writes of state came back"));
    }
    match (returned.outcome, end) {
        (Err(fault), End::Fault(kind)) if fault.kind == kind => {
            let length = fault.message.len() + fault.hint.as_ref().map_or(0, String::len);
            if length > 3000 || fault.message.contains(char::is_control) {
                return Err(format!(
                    "its fault has {length} bytes: {:?}",
                    &fault.message[..100.min(fault.message.len())]
                ));
            }
            Ok(kind.code())
        }
        (Ok(_), End::Harmless) => Ok("-"),
        (said, end) => Err(format!("expected {end:?}, got {:.600}", format!("{said:?}"))),
    }
}

/// What the process takes, where the system tells.
struct Memory(Option<u64>);

impl Memory {
    /// Forgets how much it ever was.
    fn fresh() -> Self {
        let _ = std::fs::write("/proc/self/clear_refs", "5");
        Self(status("VmRSS:"))
    }

    fn grown(&self) -> u64 {
        status("VmHWM:").zip(self.0).map_or(0, |(highest, before)| highest.saturating_sub(before))
    }
}

/// A figure of this process, in bytes.
fn status(key: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(key))?;
    line.split_whitespace().next()?.parse::<u64>().ok().map(|kib| kib << 10)
}
