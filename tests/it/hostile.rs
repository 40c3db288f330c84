//! Plugins that mean harm, or do it by mistake, in one table for both engines: where each attacks, which limit stops it, by which fault, in
//! what time and at what cost of memory. After each, the same engines serve a sound plugin in the same process.
//!
//! `cargo test --test it hostile -- --nocapture` prints the table. All run in a process of their own, one after the other, so that a crash
//! would be seen and told by name, and memory is that attack's alone.

#![expect(clippy::print_stdout, reason = "the table of attacks is printed for whoever asks")]

mod bombs;
mod guests;
pub mod kit;
#[cfg(unix)]
mod packages;
mod refused;
mod scripts;
mod wasi;

use std::borrow::Cow;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use carnet::plugin::budget::Budget;
use carnet::plugin::fault::{FaultKind, Position};
use carnet::plugin::hook::Hook;
use carnet::plugin::package::EngineKind;
use carnet::plugin::verdict::Verdict;
use carnet::plugin::{Plugin, Session};
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
    /// Every call fails by this limit.
    Fault(FaultKind),
    /// The first call ends well, and the second fails by this limit: something was kept that had ended.
    Later(FaultKind),
    /// It is never called: loading it fails with these words.
    Refused(&'static str),
    /// It does what it wants, and that harms nobody.
    Harmless,
    /// It may be refused, fail or do what it wants: what matters is that it comes to an end.
    Any,
}

/// One hostile plugin.
pub struct Attack {
    pub engine: EngineKind,
    pub name: Cow<'static, str>,
    pub place: &'static str,
    pub limit: &'static str,
    pub end: End,
    /// What its author is told about it: where it is, what it is, or what to do.
    pub told: &'static str,
    pub budget: Budget,
    pub code: Box<dyn Fn() -> Vec<u8>>,
}

impl Attack {
    /// Expects these words in what its author is told.
    pub fn told(self, told: &'static str) -> Self {
        Self { told, ..self }
    }

    /// Says whether its author is told what is expected, in words that people can be shown.
    fn tells(&self, message: &str, hint: Option<&str>, position: Option<&Position>) -> Result<(), String> {
        let place = position.map(ToString::to_string).unwrap_or_default();
        let told = format!("{place} {message} {}", hint.unwrap_or_default());
        if told.len() > 4100 || told.contains(|c: char| c.is_control() && c != '\n') {
            return Err(format!("what is told of it has {} bytes: {told:.100?}", told.len()));
        }
        if !told.contains(self.told) {
            return Err(format!("its author is told `{told}`, not of `{}`", self.told));
        }
        Ok(())
    }
}

/// Limits for guests that would never end.
pub const SHORT: Budget = Budget { deadline: Duration::from_millis(20), operations: u64::MAX, ..Budget::STANDARD };

/// With all the time and operations in the world, so that only what is tested can end it.
pub const PATIENT: Budget = Budget { deadline: Duration::from_secs(60), operations: u64::MAX, ..Budget::STANDARD };

fn attacks() -> Vec<Attack> {
    let parts = [guests::attacks(), wasi::attacks(), bombs::attacks(), refused::attacks(), scripts::attacks()];
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
    assert!(only != "all" || begun >= 300, "{begun} attacks");
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

/// Both engines, and a sound plugin in each.
struct Range {
    runtimes: Runtimes,
    sound: [(EngineKind, Arc<dyn Plugin>); 2],
}

impl Range {
    fn new() -> Self {
        println!("\n  engine  attack · where · stopped by · code · ms to load · ms called · MiB grown");
        let runtimes = Runtimes::new(None).expect("the engines start");
        let sound =
            [EngineKind::Wasm, EngineKind::Rhai].map(|engine| (engine, sound(&runtimes, engine).expect("loads")));
        Self { runtimes, sound }
    }

    /// Lets an attack have its way as often as tells, and then calls a sound plugin of each engine.
    fn withstand(&self, attack: &Attack) -> Result<(), String> {
        println!("> {}", attack.name);
        let code = (attack.code)();
        let (before, started) = (Memory::fresh(), Instant::now());
        let loaded = self.runtimes.load(&kit::package(attack.engine, code, attack.budget));
        let loading = started.elapsed();
        let started = Instant::now();
        let (told, code) = match (loaded, attack.end) {
            (Err(error), End::Refused(words)) if error.message.contains(words) => {
                (attack.tells(&error.message, error.hint.as_deref(), error.position.as_ref()), "refused")
            }
            (Err(error), End::Any) => (attack.tells(&error.message, error.hint.as_deref(), None), "refused"),
            (Err(error), end) => (Err(format!("expected {end:?}, not loaded: {error} ({:?})", error.hint)), "refused"),
            (Ok(_), End::Refused(words)) => (Err(format!("it was loaded, not refused for `{words}`")), "loaded"),
            (Ok(plugin), _) => match call_all(&*plugin, attack) {
                Ok(code) => (Ok(()), code),
                Err(why) => (Err(why), "called"),
            },
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
        self.serves_others(attack.engine)
    }

    /// Calls those that were there before, and one that is loaded only now.
    fn serves_others(&self, engine: EngineKind) -> Result<(), String> {
        let fresh = sound(&self.runtimes, engine)?;
        for (engine, plugin) in self.sound.iter().map(|(engine, plugin)| (*engine, plugin)).chain([(engine, &fresh)]) {
            let said = plugin.session(kit::services()).call(Hook::Create, kit::subject(256)).outcome;
            if said != Ok(Verdict::Accept) {
                return Err(format!("afterwards a sound {engine} plugin ends with {said:?}"));
            }
        }
        Ok(())
    }
}

fn sound(runtimes: &Runtimes, engine: EngineKind) -> Result<Arc<dyn Plugin>, String> {
    let code = match engine {
        EngineKind::Wasm => kit::hook(kit::ACCEPT),
        EngineKind::Rhai => b"fn on_create(contact) { contact.company = \"Acme\"; }".to_vec(),
    };
    runtimes.load(&kit::package(engine, code, PATIENT)).map_err(|error| error.message)
}

/// Calls until all is seen; returns the code that the attack ended with, if that is the right one.
fn call_all(plugin: &dyn Plugin, attack: &Attack) -> Result<&'static str, String> {
    let mut session = plugin.session(kit::services());
    let mut call = |end| called(&mut *session, attack, end);
    let code = match attack.end {
        End::Fault(kind) => {
            let (first, second) = (call(attack.end)?, call(attack.end)?);
            if first != second {
                return Err(format!("it ended by {first:?}, and then by {second:?}"));
            }
            kind.code()
        }
        End::Later(kind) => {
            call(End::Harmless)?;
            call(End::Fault(kind))?;
            call(End::Harmless)?;
            kind.code()
        }
        End::Harmless | End::Any | End::Refused(_) => {
            call(attack.end)?;
            call(attack.end)?;
            "-"
        }
    };
    // Whatever it did, its session serves the next call.
    if plugin.hooks().contains(Hook::Delete) {
        let said = session.call(Hook::Delete, kit::subject(256)).outcome;
        if said != Ok(Verdict::Accept) {
            return Err(format!("its session then ends with {said:?}"));
        }
    }
    Ok(code)
}

/// Calls once; returns the message that it ended with, if it ended as it should.
fn called(session: &mut dyn Session, attack: &Attack, end: End) -> Result<Option<String>, String> {
    let returned = session.call(Hook::Create, kit::subject(attack.budget.edits));
    let (log, state) = (returned.log.len(), returned.state.len());
    if log > 1000 || state > 2000 {
        return Err(format!("{log} lines of log and {state} writes of state came back"));
    }
    match (returned.outcome, end) {
        (Err(fault), End::Fault(kind)) if fault.kind == kind => {
            attack.tells(&fault.message, fault.hint.as_deref(), fault.position.as_ref())?;
            Ok(Some(fault.message))
        }
        (Err(fault), End::Any) => attack.tells(&fault.message, fault.hint.as_deref(), None).map(|()| None),
        (Ok(_), End::Harmless | End::Any) => Ok(None),
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
