//! What a failed call means: from an engine's error to a fault that names the plugin's limit or mistake.

use wasmtime::{Error, PoolConcurrencyLimitError, Trap, WasmBacktrace};

use crate::plugin::budget::Budget;
use crate::plugin::fault::{Fault, FaultKind};

/// Most functions named in a hint.
const FRAMES: usize = 3;

/// Sorts an error of a call. `denied` says that the guest was refused memory before.
pub(super) fn fault_of(error: &Error, budget: &Budget, denied: bool) -> Fault {
    let fault = kind_of(error, budget, denied);
    // Names of functions are the guest's own words.
    match error.downcast_ref::<WasmBacktrace>().and_then(place) {
        Some(place) if fault.hint.is_none() => fault.hint(place),
        _ => fault,
    }
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
    Fault::new(FaultKind::Deadline, format!("did not finish within {limit} ms"))
}

fn memory(budget: &Budget) -> Fault {
    let limit = budget.memory_bytes >> 10;
    Fault::new(FaultKind::Memory, format!("asked for more than {limit} KiB of memory in sum"))
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
