//! What a candidate would decide differently from what is in service, over stored contacts or over the rows of a file. Nothing is written:
//! contacts are decided on and forgotten, and a file is imported twice as a dry run. What two decisions differ in is `differing`'s.

mod differing;

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

pub use differing::{Change, Decision, Difference, Kind, Reason};

use crate::app::App;
use crate::app::decide::{RuleBook, decide};
use crate::app::failure::{Class, Failure};
use crate::app::import::{ImportRequest, Progress};
use crate::app::plugins::record::Manner;
use crate::domain::calls::CallCounts;
use crate::domain::change::diff;
use crate::domain::contact::Contact;
use crate::domain::draft::Draft;
use crate::domain::permission::Scope;
use crate::plugin::hook::Hook;
use crate::plugin::package::Identity;
use crate::registry::dispatch::{Chain, Fuses, Said};
use crate::registry::{Generation, Loaded, Mode};
use crate::store::Query;

/// Contacts that are read from the store at once.
const AT_ONCE: usize = 512;

/// The hooks that can be tried on a stored contact: as if it came in now, or as if somebody saved it unchanged.
const ON_CONTACTS: [Hook; 2] = [Hook::Create, Hook::Update];

/// What to simulate.
#[derive(Clone, Debug)]
pub struct SimulateRequest {
    /// The candidate's folder or file.
    pub package: PathBuf,
    /// What it is tried on.
    pub over: Over,
    /// The only hook to try on contacts; otherwise all that the candidate or its predecessor has.
    pub hook: Option<Hook>,
    /// Differences of each kind that are shown.
    pub examples: usize,
}

/// What a candidate is tried on.
#[derive(Clone, Debug)]
pub enum Over {
    /// Stored contacts, so many of them at most.
    Contacts(Box<Query>, Option<u64>),
    /// The rows of a file, as this import would take them.
    File(Box<ImportRequest>),
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Simulation {
    /// The candidate.
    pub candidate: Arc<Identity>,
    /// What it would take the place of.
    pub serving: Option<Arc<Identity>>,
    /// The hooks that were tried.
    pub hooks: Vec<Hook>,
    /// Contacts or rows that were decided on.
    pub looked_at: u64,
    /// How they differ.
    pub differing: differing::Sums,
    /// Calls of the candidate that failed.
    pub faults: u64,
    /// The same of what it would take the place of.
    pub faults_before: u64,
    /// What the candidate's calls took; known for contacts only.
    pub calls: CallCounts,
    /// Things to know.
    pub notes: Vec<String>,
}

impl App {
    /// Decides with the candidate and without it, and tells what differs. `progress` is told how many were looked at.
    ///
    /// # Errors
    /// Why the package would be refused; usage, when it cannot be tried on what is asked; or the store fails.
    pub fn simulate(&self, request: &SimulateRequest, progress: &mut dyn FnMut(u64)) -> Result<Simulation, Failure> {
        self.keep_of_calls(Manner::NotEvenSeen);
        let candidate = self.check_package(&request.package)?;
        let now = self.generation()?;
        let serving = now.find(&candidate.identity().name).cloned();
        let generation = with(&now, &candidate);
        let hooks = hooks(request, &candidate, serving.as_deref())?;
        let mut simulation = Simulation {
            candidate: Arc::clone(candidate.identity()),
            serving: serving.as_ref().map(|loaded| Arc::clone(loaded.identity())),
            hooks,
            looked_at: 0,
            differing: differing::Sums::keeping(request.examples),
            faults: 0,
            faults_before: 0,
            calls: CallCounts::default(),
            notes: notes(&candidate, serving.as_deref()),
        };
        match &request.over {
            Over::Contacts(query, limit) => {
                let trial = Trial { app: self, book: self.rule_book()?, now, generation };
                trial.contacts(query, limit.unwrap_or(u64::MAX), &mut simulation, progress)?;
            }
            Over::File(import) => self.simulate_file(import, (&now, &generation), &mut simulation, progress)?,
        }
        Ok(simulation)
    }

    /// Imports a file twice as a dry run, and compares what would become of its rows.
    fn simulate_file(
        &self,
        import: &ImportRequest,
        (now, generation): (&Arc<Generation>, &Arc<Generation>),
        simulation: &mut Simulation,
        progress: &mut dyn FnMut(u64),
    ) -> Result<(), Failure> {
        let dry = |trial: &Arc<Generation>| ImportRequest {
            dry_run: true,
            show: None,
            show_every: true,
            trial: Some(Arc::clone(trial)),
            ..import.clone()
        };
        let mut tell = |told: Progress| progress(told.records / 2);
        let before = self.import(&dry(now), &mut tell)?;
        let half = before.counts.read;
        let mut tell = |told: Progress| progress(half / 2 + told.records / 2);
        let after = self.import(&dry(generation), &mut tell)?;
        simulation.looked_at = after.counts.read;
        let faults = |plugins: &[crate::app::import::report::PluginReport], identity: &Identity| {
            plugins
                .iter()
                .filter(|plugin| *plugin.identity == *identity)
                .map(|plugin| plugin.counts.faults)
                .sum::<u64>()
        };
        simulation.faults = faults(&after.plugins, &simulation.candidate);
        simulation.faults_before = simulation.serving.as_ref().map_or(0, |serving| faults(&before.plugins, serving));
        differing::each_row(&before.previews, &after.previews, &mut |number, old, new| {
            simulation.differing.take(|| format!("row {number}"), old, new);
        })
        .map_err(|error| {
            Failure::new(Class::Internal, "SIMULATION", format!("cannot compare the dry runs: {error}"))
        })?;
        simulation.differing.out_of(simulation.looked_at);
        Ok(())
    }
}

/// The generation in service with the candidate in its place, called like one in force.
fn with(now: &Generation, candidate: &Arc<Loaded>) -> Arc<Generation> {
    let name = &candidate.identity().name;
    let mut plugins: Vec<_> = now.plugins.iter().filter(|loaded| loaded.identity().name != *name).cloned().collect();
    plugins.push(Arc::clone(candidate));
    Arc::new(Generation::of(plugins))
}

fn hooks(request: &SimulateRequest, candidate: &Loaded, serving: Option<&Loaded>) -> Result<Vec<Hook>, Failure> {
    let has = |hook: Hook| {
        candidate.plugin.hooks().contains(hook) || serving.is_some_and(|loaded| loaded.plugin.hooks().contains(hook))
    };
    let name = &candidate.identity().name;
    if let Over::File(_) = request.over {
        let of_rows = [Hook::ImportRow, Hook::Create, Hook::Update].into_iter().filter(|hook| has(*hook)).collect();
        return Ok(of_rows);
    }
    let tried = |hook: &Hook| has(*hook) && request.hook.is_none_or(|only| only == *hook);
    let hooks: Vec<Hook> = ON_CONTACTS.into_iter().filter(tried).collect();
    if !hooks.is_empty() {
        return Ok(hooks);
    }
    let message = match request.hook {
        Some(hook) if has(hook) => format!("{hook} cannot be tried on stored contacts"),
        Some(hook) => format!("plugin `{name}` has no {hook}"),
        None => format!("plugin `{name}` has neither on_create nor on_update, so stored contacts say nothing about it"),
    };
    Err(Failure::new(Class::Usage, "SIMULATE_HOOK", message).hint(
        "`--file FILE` tries on_import_row on the rows of a file; `carnet plugin run` tries any hook on one event",
    ))
}

fn notes(candidate: &Loaded, serving: Option<&Loaded>) -> Vec<String> {
    let mut notes = Vec::new();
    let name = &candidate.identity().name;
    if serving.is_some_and(|serving| serving.identity().hash == candidate.identity().hash) {
        notes.push(format!("the package is what is in service as `{name}`: only its settings could make a difference"));
    }
    if candidate.mode == Mode::Observe {
        notes.push(format!("`{name}` is in observe mode here, so nothing that it decides would be applied"));
    }
    notes
}

/// A simulation over contacts under way.
struct Trial<'t> {
    app: &'t App,
    book: RuleBook,
    now: Arc<Generation>,
    generation: Arc<Generation>,
}

/// One of the two sides.
struct Side {
    chain: Chain,
    /// The place of the plugin in question, if it is there.
    place: Option<usize>,
}

impl Trial<'_> {
    fn contacts(
        &self,
        query: &Query,
        limit: u64,
        simulation: &mut Simulation,
        progress: &mut dyn FnMut(u64),
    ) -> Result<(), Failure> {
        let mut ids = Vec::new();
        self.app.store()?.read(|reader| {
            reader.for_each(query, &mut |contact| {
                ids.push(contact.id);
                if (ids.len() as u64) < limit { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            })
        })?;
        let name = simulation.candidate.name.clone();
        let mut before = self.side(&self.now, &name, &query.scope)?;
        let mut after = self.side(&self.generation, &name, &query.scope)?;
        let several = simulation.hooks.len() > 1;
        for some in ids.chunks(AT_ONCE) {
            // Read apart from asking: a plugin that looks contacts up needs a connection of its own.
            let contacts = self.app.store()?.read(|reader| {
                some.iter().filter_map(|id| reader.contact(*id).transpose()).collect::<Result<Vec<Contact>, _>>()
            })?;
            for contact in contacts.into_iter().map(Arc::new) {
                for hook in simulation.hooks.clone() {
                    let old =
                        self.ask(&mut before, hook, &contact, |_, fault| simulation.faults_before += u64::from(fault));
                    let new = self.ask(&mut after, hook, &contact, |time, fault| {
                        simulation.calls.took(time);
                        simulation.faults += u64::from(fault);
                    });
                    let which = if several { format!(" ({hook})") } else { String::new() };
                    let who = || format!("{} {}{which}", contact.id, contact.display_name());
                    simulation.differing.take(who, old, new);
                }
                simulation.looked_at += 1;
            }
            progress(simulation.looked_at);
        }
        Ok(())
    }

    fn side(&self, generation: &Arc<Generation>, name: &str, scope: &Scope) -> Result<Side, Failure> {
        // Breakers of its own, which nobody trips: every contact is asked about, and nothing that is in service is counted against it.
        let fuses = Fuses::new(Arc::clone(generation));
        let chain = self.app.trial_chain(Arc::clone(generation), Arc::clone(fuses.flags()), scope)?;
        Ok(Side { chain, place: generation.plugins.iter().position(|loaded| loaded.identity().name == name) })
    }

    /// Decides on a contact as a side would.
    fn ask(
        &self,
        side: &mut Side,
        hook: Hook,
        contact: &Arc<Contact>,
        mut count: impl FnMut(Duration, bool),
    ) -> Decision {
        let before = (hook == Hook::Update).then_some(contact);
        let (draft, opinion) = decide(&mut side.chain, hook, Draft::new(Contact::clone(contact)), before, &self.book);
        for note in side.chain.take_notes().into_iter().filter(|note| Some(note.plugin) == side.place) {
            count(note.time, note.said == Said::Faulted);
        }
        let changes = diff(contact, &draft.contact).into_iter();
        let fields = changes.map(|it| (it.key.to_string(), Change { old: it.old, new: it.new })).collect();
        let reasons = opinion.problems.iter().map(Reason::of).collect();
        Decision { action: if opinion.refuses() { "reject" } else { "accept" }.to_owned(), fields, reasons }
    }
}
