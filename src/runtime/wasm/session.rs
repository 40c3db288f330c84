//! A session: one store with one instance, used for call after call until it is worn or a call fails. A store whose guest trapped is dead
//! with everything in it, so it is thrown away.

use std::sync::Arc;
use std::time::Instant;

use wasmtime::Store;
use wasmtime::component::{ComponentExportIndex, ComponentNamedList, Instance, Lift, Lower, Resource, TypedFunc};

use crate::plugin::budget::Spent;
use crate::plugin::fault::{Fault, FaultKind};
use crate::plugin::hand::Subject;
use crate::plugin::hook::Hook;
use crate::plugin::service::Services;
use crate::plugin::verdict::Verdict;
use crate::plugin::{Returned, Session};

use super::data::{CallRecord, Data, Found, Memory};
use super::loaded::Loaded;
use super::trouble;
use super::wasi::{self, Output, System};
use crate::plugin::overtime::Overtime;

use super::types::{GuestRowVerdict, GuestVerdict, OfContact, OfEnquiry, OfMerge, OfRow, OfUpdate};

/// Most calls that one instance serves: guests must not count on being kept, and leaks end here.
const MAX_CALLS: u32 = 10_000;

/// Most handles alive in one store.
const MAX_HANDLES: usize = 200_000;

/// Hooks of one instance, looked up when first called.
#[derive(Default)]
struct Funcs {
    row: Option<TypedFunc<OfRow, (GuestRowVerdict,)>>,
    create: Option<TypedFunc<OfContact, (GuestVerdict,)>>,
    update: Option<TypedFunc<OfUpdate, (GuestVerdict,)>>,
    delete: Option<TypedFunc<OfContact, (GuestVerdict,)>>,
    merge: Option<TypedFunc<OfMerge, (GuestVerdict,)>>,
    enquiry: Option<TypedFunc<OfEnquiry, (GuestVerdict,)>>,
}

/// A store in use.
struct Live {
    store: Store<Data>,
    instance: Option<Instance>,
    funcs: Funcs,
    calls: u32,
}

/// A place where one component is called.
pub(super) struct WasmSession {
    plugin: Arc<Loaded>,
    services: Services,
    live: Option<Box<Live>>,
}

impl WasmSession {
    pub(super) const fn new(plugin: Arc<Loaded>, services: Services) -> Self {
        Self { plugin, services, live: None }
    }

    fn open(&self) -> Box<Live> {
        let Loaded { engine, package, .. } = &*self.plugin;
        let data = Data {
            identity: Arc::clone(&package.identity),
            config: Arc::clone(&package.config),
            services: self.services.clone(),
            budget: package.budget,
            memory: Memory::new(package.budget.memory_bytes),
            subject: None,
            call: CallRecord::default(),
            found: Found::default(),
            overtime: Overtime::default(),
            output: Output::default(),
            system: System::default(),
            is_interpreted: self.plugin.is_interpreted,
        };
        let mut store = Store::new(engine, data);
        store.limiter(|data| &mut data.memory);
        store.epoch_deadline_callback(|store| Ok(store.data().out_of_ticks()));
        store.set_hostcall_fuel(package.budget.output_bytes);
        store.set_max_component_handles(MAX_HANDLES);
        Box::new(Live { store, instance: None, funcs: Funcs::default(), calls: 0 })
    }

    /// A store is kept unless the call failed or the instance is worn.
    fn keep(&mut self, live: Box<Live>, failed: bool) {
        let data = live.store.data();
        let grown = data.memory.highest > self.plugin.package.budget.memory_bytes / 2;
        let worn = live.calls >= MAX_CALLS || grown || data.found.is_worn();
        self.live = (!failed && !worn).then_some(live);
    }
}

impl Session for WasmSession {
    fn call(&mut self, hook: Hook, subject: Subject) -> Returned {
        let started = Instant::now();
        let mut live = self.live.take().unwrap_or_else(|| self.open());
        live.store.data_mut().begin(subject);
        live.store.set_epoch_deadline(self.plugin.ticks);
        live.calls += 1;
        let said = live.run(hook, &self.plugin);
        let failed = said.is_err();
        let data = live.store.data_mut();
        // What was printed is logged whether or not the call ended well.
        let printed = wasi::finish(data);
        let said = match said {
            Ok(said) => said.and_then(|verdict| printed.map(|()| verdict)),
            Err(error) => {
                let fault = trouble::fault_of(&error, data);
                Err(wasi::cause(fault, data))
            }
        };
        let subject = data.subject.take().expect("every edit puts the thing in hand back");
        let record = std::mem::take(&mut data.call);
        let spent = Spent {
            time: started.elapsed(),
            memory_bytes: data.memory.highest,
            operations: 0,
            log_bytes: record.log_bytes,
            host_calls: record.host_calls,
        };
        self.keep(live, failed);
        let outcome = said.and_then(|verdict| subject.judged(verdict));
        let state = if outcome.is_ok() { record.state } else { Vec::new() };
        Returned { subject, outcome, spent, log: record.log, state }
    }
}

impl Live {
    /// Calls a hook: an engine's error on the outside, a verdict that makes no sense on the inside.
    fn run(&mut self, hook: Hook, plugin: &Loaded) -> wasmtime::Result<Result<Verdict, Fault>> {
        let instance = match self.instance {
            Some(instance) => instance,
            None => *self.instance.insert(plugin.pre.instantiate(&mut self.store)?),
        };
        let Some(export) = plugin.export(hook) else {
            return Ok(Err(Fault::new(FaultKind::Engine, format!("it has no hook `{hook}`"))));
        };
        let Self { store, funcs, .. } = self;
        let thing = Resource::new_borrow(Found::IN_HAND);
        Ok(match hook {
            Hook::ImportRow => {
                let (verdict,) =
                    func(&mut funcs.row, store, instance, export)?.call(store, (Resource::new_borrow(0),))?;
                verdict.try_into()
            }
            Hook::Create => func(&mut funcs.create, store, instance, export)?.call(store, (thing,))?.0.try_into(),
            Hook::Delete => func(&mut funcs.delete, store, instance, export)?.call(store, (thing,))?.0.try_into(),
            Hook::Update => {
                let before = Resource::new_borrow(Found::BEFORE);
                func(&mut funcs.update, store, instance, export)?.call(store, (thing, before))?.0.try_into()
            }
            Hook::Merge => {
                let (verdict,) =
                    func(&mut funcs.merge, store, instance, export)?.call(store, (Resource::new_borrow(0),))?;
                verdict.try_into()
            }
            Hook::Enquiry => {
                let (verdict,) =
                    func(&mut funcs.enquiry, store, instance, export)?.call(store, (Resource::new_borrow(0),))?;
                verdict.try_into()
            }
        })
    }
}

/// Looks a function up once for each instance.
fn func<'a, P, R>(
    slot: &'a mut Option<TypedFunc<P, R>>,
    store: &mut Store<Data>,
    instance: Instance,
    export: &ComponentExportIndex,
) -> wasmtime::Result<&'a TypedFunc<P, R>>
where
    P: ComponentNamedList + Lower,
    R: ComponentNamedList + Lift,
{
    Ok(match slot {
        Some(func) => func,
        None => slot.insert(instance.get_typed_func(store, export)?),
    })
}
