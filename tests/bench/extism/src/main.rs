//! One rule through Carnet and through Extism: it reads three fields of a contact and sets two. Both guests are Rust and built alike; their
//! sources and what was made of them are in `guests/`. Carnet lends its guest the contact. Extism's gets as JSON what the rule reads and
//! nothing more, answers in JSON what it sets, and that is written into the same contact: grants, rules and the record of edits are those
//! of `Sheet` on either way. Instances are compiled before, and measured both kept from call to call and fresh for each.
//!
//! A host that runs strangers' code bounds its time and memory. Carnet always does; Extism is measured so, and without bounds as well.
//!
//! `cargo bench --manifest-path tests/bench/extism/Cargo.toml`

#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

#[path = "../../hooks.rs"]
mod hooks;

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;

use carnet::plugin::Session;
use carnet::plugin::budget::Budget;
use carnet::plugin::hand::{Edit, Subject, Terms};
use carnet::plugin::hook::Hook;
use carnet::plugin::package::EngineKind;
use carnet::plugin::service::Services;
use carnet::plugin::verdict::Verdict;
use carnet::runtime::Runtimes;
use extism::{CompiledPlugin, Manifest, Plugin, PluginBuilder, Wasm};
use serde::{Deserialize, Serialize};

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Made by `carnet plugin build`.
const COMPONENT: &[u8] = include_bytes!("../guests/carnet/plugin.wasm");

/// Made as its `Cargo.toml` says.
const MODULE: &[u8] = include_bytes!("../guests/json/plugin.wasm");

/// Kept instances are measured so often, in turn, and the best counts: a machine that is busy for a while slows all of them.
const TURNS: usize = 5;

/// How many times as long as Carnet's a call through Extism is to be, in a kept instance.
const AIM: f64 = 5.0;

/// What Extism's guest is told.
#[derive(Serialize)]
struct Read<'a> {
    first_name: Option<Cow<'a, str>>,
    last_name: Option<Cow<'a, str>>,
    mobile: Option<Cow<'a, str>>,
}

/// What it answers.
#[derive(Deserialize)]
struct Set {
    company: Option<String>,
    job_title: Option<String>,
}

/// A way to call the rule, and nanoseconds of a call.
struct Way<'a> {
    name: &'static str,
    kept: Box<dyn FnMut(Subject) -> Subject + 'a>,
    fresh: Box<dyn FnMut(Subject) -> Subject + 'a>,
    kept_ns: f64,
}

impl<'a> Way<'a> {
    fn new(
        name: &'static str,
        kept: impl FnMut(Subject) -> Subject + 'a,
        fresh: impl FnMut(Subject) -> Subject + 'a,
    ) -> Self {
        Self { name, kept: Box::new(kept), fresh: Box::new(fresh), kept_ns: f64::MAX }
    }
}

/// Nanoseconds of a call. Neither way may be quick by leaving work out.
fn time(home: &Path, call: &mut dyn FnMut(Subject) -> Subject) -> f64 {
    let subject = || hooks::subject(home);
    let expected = edits(subject(), hooks::natively);
    assert_eq!(edits(subject(), &mut *call), expected, "before");
    let time = hooks::time_open(subject(), &mut *call);
    assert_eq!(edits(subject(), &mut *call), expected, "after many calls");
    time
}

fn main() {
    let home = tempfile::tempdir().expect("a temporary folder");
    let runtimes = Runtimes::new(None).expect("the engines start");
    let package = hooks::package(EngineKind::Wasm, COMPONENT.to_vec());
    let plugin = runtimes.load(&package).unwrap_or_else(|error| panic!("{error}: {:?}", error.hint));

    let Budget { deadline, memory_bytes, .. } = package.budget;
    let pages = u32::try_from(memory_bytes >> 16).expect("less than 4 GiB");
    let bare = Manifest::new([Wasm::data(MODULE)]);
    let [bounded, unbounded] = [bare.clone().with_timeout(deadline).with_memory_max(pages), bare].map(compiled);

    let mut session = plugin.session(Services::none());
    let carnet = Way::new(
        "Carnet",
        move |subject| through_carnet(&mut *session, subject),
        |subject| through_carnet(&mut *plugin.session(Services::none()), subject),
    );
    let mut ways = [carnet, extism("Extism", &bounded), extism("Extism, unbounded", &unbounded)];
    let mut floor = f64::MAX;
    for _ in 0..TURNS {
        floor = floor.min(time(home.path(), &mut hooks::natively));
        for Way { kept, kept_ns, .. } in &mut ways {
            *kept_ns = kept_ns.min(time(home.path(), kept));
        }
    }

    println!("three reads and two writes: nanoseconds in an instance that is kept, and in a fresh one for each call");
    println!("  {:<26} {floor:>9.0}", "no plugin");
    let mut first = None;
    for Way { name, kept_ns, fresh, .. } in &mut ways {
        let fresh_ns = time(home.path(), fresh);
        let (carnet_kept, carnet_fresh) = *first.get_or_insert((*kept_ns, fresh_ns));
        let (kept, fresh) = (*kept_ns / carnet_kept, fresh_ns / carnet_fresh);
        println!("  {name:<26} {kept_ns:>9.0} {fresh_ns:>9.0}   {kept:.1} and {fresh:.1} times Carnet's");
    }
    println!("aim: at least {AIM} times Carnet's, in a kept instance");
}

fn compiled(manifest: Manifest) -> CompiledPlugin {
    // Nothing is left in the user's folders; compiling is not measured.
    CompiledPlugin::new(PluginBuilder::new(manifest).with_cache_disabled()).expect("a sound module")
}

fn extism<'a>(name: &'static str, compiled: &'a CompiledPlugin) -> Way<'a> {
    let instance = || Plugin::new_from_compiled(compiled).expect("an instance");
    let mut kept = instance();
    Way::new(
        name,
        move |subject| through_extism(&mut kept, subject),
        move |subject| through_extism(&mut instance(), subject),
    )
}

/// The edits of one call, which are undone.
fn edits(mut subject: Subject, call: impl FnOnce(Subject) -> Subject) -> Vec<Edit> {
    subject.begin(&Arc::new(Terms::open(Budget::STANDARD.edits)));
    call(subject).revert()
}

fn through_carnet(session: &mut dyn Session, subject: Subject) -> Subject {
    let returned = session.call(Hook::Create, subject);
    assert_eq!(returned.outcome, Ok(Verdict::Accept));
    returned.subject
}

fn through_extism(guest: &mut Plugin, mut subject: Subject) -> Subject {
    let Subject::Contact(hand) = &mut subject else { unreachable!("it is a contact") };
    let get = |name| hand.sheet.get(name).expect("a field");
    let read = Read { first_name: get("first_name"), last_name: get("last_name"), mobile: get("mobile") };
    let told = serde_json::to_vec(&read).expect("JSON of texts");
    let answer: &[u8] = guest.call("on_create", &told).expect("a call that ends well");
    let Set { company, job_title } = serde_json::from_slice(answer).expect("the guest's JSON");
    for (name, value) in [("company", company), ("job_title", job_title)] {
        if let Some(value) = value {
            hand.sheet.set(name, &value).expect("a sound value");
        }
    }
    subject
}
