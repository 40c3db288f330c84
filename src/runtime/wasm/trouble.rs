//! What a failed call means: from an engine's error to a fault that names the plugin's limit or mistake.

use wasmtime::{Error, PoolConcurrencyLimitError, Trap, WasmBacktrace};

use crate::plugin::budget::Budget;
use crate::plugin::fault::{Fault, FaultKind};

use super::data::Data;

/// Most functions named in a hint.
const FRAMES: usize = 3;

/// Sorts an error of a call, by what the guest had asked for until then.
pub(super) fn fault_of(error: &Error, data: &Data) -> Fault {
    let fault = kind_of(error, &data.budget, data.memory.denied);
    let place = || error.downcast_ref::<WasmBacktrace>().and_then(place);
    let is_over = matches!(fault.kind, FaultKind::Deadline | FaultKind::Memory);
    // An engine inside the guest has functions of its own on the stack, and its author's are not among them.
    let place = if is_over && data.is_interpreted { data.call.asked.as_ref().map(last_asked) } else { place() };
    // What is in both are the guest's own words, too.
    match (&fault.hint, place) {
        (Some(hint), Some(place)) if is_over => {
            let both = format!("{place}; {hint}");
            fault.hint(both)
        }
        (None, Some(place)) => fault.hint(place),
        _ => fault,
    }
}

/// What a guest was given or told last is near to where it was.
fn last_asked((method, name): &(&'static str, String)) -> String {
    format!("the last that it asked for was `{method}` of `{name}`")
}

fn kind_of(error: &Error, budget: &Budget, denied: bool) -> Fault {
    if let Some(fault) = error.downcast_ref::<Fault>() {
        return fault.clone();
    }
    match error.downcast_ref::<Trap>() {
        Some(Trap::Interrupt) => deadline(budget),
        _ if denied => memory(budget),
        Some(trap) => trapped(*trap),
        None if error.is::<PoolConcurrencyLimitError>() => {
            Fault::new(FaultKind::Engine, format!("too many plugins run at once: {error}"))
        }
        None => malformed(error, budget),
    }
}

fn deadline(budget: &Budget) -> Fault {
    let limit = budget.deadline.as_millis();
    Fault::over(FaultKind::Deadline, format!("did not finish within {limit} ms"))
}

fn memory(budget: &Budget) -> Fault {
    let limit = budget.memory_bytes >> 20;
    Fault::over(FaultKind::Memory, format!("asked for more than {limit} MiB of memory in sum"))
}

fn trapped(trap: Trap) -> Fault {
    match trap {
        Trap::UnreachableCodeReached => Fault::new(FaultKind::Trap, "panicked (`unreachable` was executed)"),
        Trap::StackOverflow => Fault::new(FaultKind::Trap, "called itself too deeply: more than 512 KiB of stack"),
        Trap::StringOutOfBounds
        | Trap::ListOutOfBounds
        | Trap::InvalidChar
        | Trap::InvalidDiscriminant
        | Trap::UnalignedPointer => {
            Fault::new(FaultKind::Output, format!("gave back a malformed value: {}", words(&trap)))
        }
        _ => Fault::new(FaultKind::Trap, format!("trapped: {}", words(&trap))),
    }
}

fn words(trap: &Trap) -> String {
    let text = trap.to_string();
    text.strip_prefix("wasm trap: ").unwrap_or(&text).to_owned()
}

/// What is no trap was found by the engine when it read what the guest gave it.
fn malformed(error: &Error, budget: &Budget) -> Fault {
    let cause = error.root_cause().to_string();
    if cause.contains("allocated for hostcalls") {
        return Fault::new(
            FaultKind::Output,
            format!("handed over more than {} bytes in one piece", budget.output_bytes),
        );
    }
    Fault::new(FaultKind::Output, format!("gave the host a malformed value or handle: {cause}"))
}

/// Names the innermost functions, without the machinery of panics.
fn place(trace: &WasmBacktrace) -> Option<String> {
    let names = trace.frames().iter().filter_map(wasmtime::FrameInfo::func_name);
    let plain = names.filter(|name| !name.contains("panic") && !name.starts_with("_R") && name.len() <= 80);
    let names: Vec<String> = plain.take(FRAMES).map(|name| format!("`{name}`")).collect();
    (!names.is_empty()).then(|| format!("it happened in {}", names.join(", called by ")))
}
