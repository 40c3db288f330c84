//! What a guest may ask of a system, answered the same in every call: an environment without anything in it, clocks that count how often
//! they are looked at, numbers that only look random, and an end that is a fault.

use wasmtime::component::{ComponentType, LinkerInstance, Lower, Resource, ResourceType};
use wasmtime::{Result, StoreContextMut};

use crate::plugin::fault::{Fault, FaultKind};
use crate::runtime::wasm::data::Data;

use super::streams::{counted, ready};

/// What each look at a clock adds to it, in nanoseconds.
const STEP: u64 = 1000;

/// Most random bytes at a time.
const MOST_RANDOM: u64 = 64 << 10;

/// What randomness starts from in every call.
const SEED: u64 = 0x00ca_51e7;

/// `wasi:sockets/network.network`. There is one, and nothing can be reached through it.
struct Network;
/// `wasi:filesystem/types.descriptor`. There never is one.
struct Descriptor;

/// `wasi:clocks/wall-clock.datetime`.
#[derive(ComponentType, Lower)]
#[component(record)]
struct Datetime {
    seconds: u64,
    nanoseconds: u32,
}

type Ctx<'a> = StoreContextMut<'a, Data>;

/// Time and chance of one call.
pub(in crate::runtime::wasm) struct System {
    /// Nanoseconds since the call began, and since 1970.
    clock: u64,
    random: u64,
}

impl Default for System {
    fn default() -> Self {
        Self { clock: 0, random: SEED }
    }
}

impl System {
    const fn look(&mut self) -> u64 {
        self.clock = self.clock.saturating_add(STEP);
        self.clock
    }

    /// Waiting takes no time: the clock is set on instead.
    fn wait_until(&mut self, clock: u64) {
        self.clock = self.clock.max(clock);
    }

    /// The next of splitmix64.
    const fn draw(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.random ^ (self.random >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

fn datetime(clock: u64) -> (Datetime,) {
    let nanoseconds = u32::try_from(clock % 1_000_000_000).unwrap_or_default();
    (Datetime { seconds: clock / 1_000_000_000, nanoseconds },)
}

/// Returns the host's type of a resource that is defined here.
pub(super) fn resource(interface: &str, name: &str) -> Option<ResourceType> {
    Some(match (interface, name) {
        ("wasi:sockets/network", "network") => ResourceType::host::<Network>(),
        ("wasi:filesystem/types", "descriptor") => ResourceType::host::<Descriptor>(),
        _ => return None,
    })
}

/// Links a function that is defined here; says whether it is.
pub(super) fn link(instance: &mut LinkerInstance<'_, Data>, interface: &str, name: &str) -> Result<bool> {
    match interface {
        "wasi:clocks/monotonic-clock" | "wasi:clocks/wall-clock" => link_clock(instance, interface, name),
        "wasi:random/random" | "wasi:random/insecure" | "wasi:random/insecure-seed" => link_random(instance, name),
        _ => link_surroundings(instance, interface, name),
    }
}

fn link_surroundings(instance: &mut LinkerInstance<'_, Data>, interface: &str, name: &str) -> Result<bool> {
    match (interface, name) {
        ("wasi:cli/environment", "get-environment") => {
            instance.func_wrap(name, |mut s: Ctx<'_>, ()| counted(&mut s, (Vec::<(String, String)>::new(),)))
        }
        ("wasi:cli/environment", "get-arguments") => {
            instance.func_wrap(name, |mut s: Ctx<'_>, ()| counted(&mut s, (Vec::<String>::new(),)))
        }
        ("wasi:cli/environment", "initial-cwd" | "get-initial-cwd") => {
            instance.func_wrap(name, |mut s: Ctx<'_>, ()| counted(&mut s, (None::<String>,)))
        }
        ("wasi:cli/exit", "exit") => {
            instance.func_wrap(name, |_: Ctx<'_>, (status,): (std::result::Result<(), ()>,)| -> Result<()> {
                ended(if status.is_ok() { "success" } else { "failure" })
            })
        }
        ("wasi:cli/exit", "exit-with-code") => {
            instance.func_wrap(name, |_: Ctx<'_>, (code,): (u8,)| -> Result<()> { ended(&format!("status {code}")) })
        }
        ("wasi:filesystem/preopens", "get-directories") => instance
            .func_wrap(name, |mut s: Ctx<'_>, ()| counted(&mut s, (Vec::<(Resource<Descriptor>, String)>::new(),))),
        ("wasi:filesystem/types", "filesystem-error-code") => instance.func_new(name, |_, _, _, results| {
            results.iter_mut().for_each(|result| *result = wasmtime::component::Val::Option(None));
            Ok(())
        }),
        ("wasi:sockets/instance-network", "instance-network") => {
            instance.func_wrap(name, |mut s: Ctx<'_>, ()| counted(&mut s, (Resource::<Network>::new_own(0),)))
        }
        _ => return Ok(false),
    }?;
    Ok(true)
}

/// A plugin ends its call with a verdict.
fn ended(how: &str) -> Result<()> {
    let fault = Fault::new(FaultKind::Trap, format!("exited with {how} instead of giving a verdict"));
    Err(fault.hint("return a verdict; a plugin has no program to end").into())
}

fn link_clock(instance: &mut LinkerInstance<'_, Data>, interface: &str, name: &str) -> Result<bool> {
    let wall = interface.ends_with("wall-clock");
    match name {
        "now" if wall => instance.func_wrap(name, |mut s: Ctx<'_>, ()| {
            let clock = s.data_mut().system.look();
            counted(&mut s, datetime(clock))
        }),
        "resolution" if wall => instance.func_wrap(name, |mut s: Ctx<'_>, ()| counted(&mut s, datetime(STEP))),
        "now" => instance.func_wrap(name, |mut s: Ctx<'_>, ()| {
            let clock = s.data_mut().system.look();
            counted(&mut s, (clock,))
        }),
        "resolution" => instance.func_wrap(name, |mut s: Ctx<'_>, ()| counted(&mut s, (STEP,))),
        "subscribe-instant" => instance.func_wrap(name, |mut s: Ctx<'_>, (when,): (u64,)| {
            s.data_mut().system.wait_until(when);
            ready(&mut s)
        }),
        "subscribe-duration" => instance.func_wrap(name, |mut s: Ctx<'_>, (nanoseconds,): (u64,)| {
            let system = &mut s.data_mut().system;
            system.wait_until(system.clock.saturating_add(nanoseconds));
            ready(&mut s)
        }),
        _ => return Ok(false),
    }?;
    Ok(true)
}

fn link_random(instance: &mut LinkerInstance<'_, Data>, name: &str) -> Result<bool> {
    match name {
        "get-random-bytes" | "get-insecure-random-bytes" => {
            instance.func_wrap(name, |mut s: Ctx<'_>, (most,): (u64,)| {
                if most > MOST_RANDOM {
                    let message = format!("asked for {most} random bytes at once, more than {MOST_RANDOM}");
                    return Err(Fault::new(FaultKind::Output, message).into());
                }
                let system = &mut s.data_mut().system;
                let bytes: Vec<u8> = (0..most).map(|_| system.draw().to_le_bytes()[0]).collect();
                counted(&mut s, (bytes,))
            })
        }
        "get-random-u64" | "get-insecure-random-u64" => instance.func_wrap(name, |mut s: Ctx<'_>, ()| {
            let number = s.data_mut().system.draw();
            counted(&mut s, (number,))
        }),
        "insecure-seed" | "get-insecure-seed" => {
            instance.func_wrap(name, |mut s: Ctx<'_>, ()| counted(&mut s, ((SEED, SEED),)))
        }
        _ => return Ok(false),
    }?;
    Ok(true)
}
