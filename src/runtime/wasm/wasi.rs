//! The empty WASI of guests that cannot start without one: those written in JavaScript or Python. It has no files, no environment, no
//! arguments and no network; its clock counts looks, its randomness is the same in every call, and what is printed goes to the plugin's log.
//! So the same event still gives the same verdict. Guests that import no WASI are linked to none of this.
//!
//! Every import is defined by walking what the component asks for. What must answer has its answer in `system` and `streams`; what WASI lets
//! fail is denied in its own words, so that a library may go on without it; anything else is a fault that names the import.

mod blame;
mod streams;
mod system;

use wasmtime::component::types::{ComponentFunc, ComponentItem};
use wasmtime::component::{Component, Linker, LinkerInstance, ResourceType, Type, Val};
use wasmtime::{Engine, Error, Result, StoreContextMut};

use crate::plugin::fault::{Fault, FaultKind};
use crate::plugin::service::LogLevel;

use super::data::Data;

pub(super) use blame::cause;
pub(super) use streams::{Output, finish};
pub(super) use system::System;

/// The packages of which interfaces are there. Others are refused when the plugin is loaded.
const PACKAGES: [&str; 7] =
    ["wasi:cli/", "wasi:clocks/", "wasi:filesystem/", "wasi:http/", "wasi:io/", "wasi:random/", "wasi:sockets/"];

/// The versions that are there, with all their patch versions.
const MINOR: &str = "0.2.";

/// Most kinds of things that a guest may ask for. (All of WASI 0.2 has 30.) Each is compared with those before it.
const MOST_KINDS: usize = 200;

/// Says whether an import is of the WASI that guests may ask for.
pub(super) fn knows(import: &str) -> bool {
    let (interface, version) = import.split_once('@').unwrap_or((import, ""));
    PACKAGES.iter().any(|package| interface.starts_with(package)) && version.starts_with(MINOR)
}

/// Links what a component imports of WASI.
pub(super) fn link(linker: &mut Linker<Data>, component: &Component, engine: &Engine) -> Result<()> {
    let outer = component.component_type();
    let mut resources = Resources::default();
    for (name, import) in outer.imports(engine) {
        let ComponentItem::ComponentInstance(interface) = import.ty else { continue };
        if !knows(name) {
            continue;
        }
        let mut instance = linker.instance(name)?;
        let short = name.split_once('@').map_or(name, |(short, _)| short);
        for (item, export) in interface.exports(engine) {
            match export.ty {
                ComponentItem::Resource(ty) => {
                    instance.resource(item, resources.host(short, item, ty)?, |_, _| Ok(()))?;
                }
                ComponentItem::ComponentFunc(func) => link_func(&mut instance, short, item, &func)?,
                _ => {}
            }
        }
    }
    Ok(())
}

/// Which of the host's types stands for each of the component's. One and the same type is seen under several names.
#[derive(Default)]
struct Resources(Vec<(ResourceType, ResourceType)>);

impl Resources {
    /// The first to name a type is the interface that it comes from.
    fn host(&mut self, interface: &str, name: &str, asked: ResourceType) -> Result<ResourceType> {
        if let Some((_, host)) = self.0.iter().find(|(known, _)| *known == asked) {
            return Ok(*host);
        }
        if self.0.len() >= MOST_KINDS {
            return Err(Error::msg(format!("it asks for more than {MOST_KINDS} kinds of things of WASI")));
        }
        let number = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
        let host = streams::resource(interface, name)
            .or_else(|| system::resource(interface, name))
            .unwrap_or_else(|| ResourceType::host_dynamic(number));
        self.0.push((asked, host));
        Ok(host)
    }
}

fn link_func(instance: &mut LinkerInstance<'_, Data>, interface: &str, name: &str, func: &ComponentFunc) -> Result<()> {
    if streams::link(instance, interface, name)? || system::link(instance, interface, name)? {
        return Ok(());
    }
    let full = format!("{interface}#{name}");
    let lacks = lacking(interface);
    let Some(denial) = denial(func).filter(|_| !interface.starts_with("wasi:http/")) else {
        return instance.func_new(name, move |_, _, _, _| {
            let fault = Fault::new(FaultKind::Trap, format!("called `{full}`: {lacks}"));
            Err(fault.hint("do without it: a plugin sees its event and its configuration, and nothing else").into())
        });
    };
    instance.func_new(name, move |mut store, _, given, results| {
        given.iter().try_for_each(|value| give_back(&mut store, value))?;
        let data = store.data_mut();
        data.count()?;
        data.log(LogLevel::Warn, format!("`{full}` was denied: {lacks}"))?;
        if let Some(result) = results.first_mut() {
            *result = Val::Result(Err(Some(Box::new(denial.clone()))));
        }
        Ok(())
    })
}

/// Lets go of the handles in what a guest handed over: what it lent must be given back before the call ends.
fn give_back(store: &mut StoreContextMut<'_, Data>, value: &Val) -> Result<()> {
    match value {
        Val::Resource(handle) => handle.resource_drop(store),
        Val::List(all) | Val::Tuple(all) => all.iter().try_for_each(|value| give_back(store, value)),
        Val::Record(fields) => fields.iter().try_for_each(|(_, value)| give_back(store, value)),
        Val::Variant(_, Some(value)) | Val::Option(Some(value)) => give_back(store, value),
        Val::Result(Ok(Some(value)) | Err(Some(value))) => give_back(store, value),
        _ => Ok(()),
    }
}

/// What a plugin does not have, in the words of people.
fn lacking(interface: &str) -> &'static str {
    match interface.split('/').next().unwrap_or_default() {
        "wasi:http" | "wasi:sockets" => "plugins have no network",
        "wasi:filesystem" => "plugins have no files",
        "wasi:clocks" => "plugins have no clock",
        _ => "plugins have no such thing",
    }
}

/// Returns how a function says in its own words that something is not allowed.
fn denial(func: &ComponentFunc) -> Option<Val> {
    let Some(Type::Result(result)) = func.results().next() else { return None };
    let Some(Type::Enum(codes)) = result.err() else { return None };
    let code = ["access-denied", "access", "not-permitted"]
        .into_iter()
        .find(|code| codes.names().any(|name| name == *code))?;
    Some(Val::Enum(code.to_owned()))
}
