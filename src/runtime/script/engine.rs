//! A Rhai engine for one session: the language without files, clock, modules and `eval`, every limit set, and callbacks that hold the
//! call to its budget.

use std::sync::Arc;

use rhai::packages::{
    BasicArrayPackage, BasicMapPackage, BasicMathPackage, CorePackage, LogicPackage, MoreStringPackage, Package,
};
use rhai::{Dynamic, Engine, EvalAltResult, EvalContext, Module, OptimizationLevel};

use super::api;
use super::blame::{self, too_long};
use super::call::{Call, Tag};
use super::memory::{Heavy, Scales};
use super::meter::GRACE;
use crate::plugin::fault::{Fault, FaultKind};
use crate::plugin::service::LogLevel;

/// Longest string, and most bytes of all strings in one array or map.
pub(super) const MAX_STRING: usize = 64 << 10;
/// Most elements of an array, those of arrays in it included.
pub(super) const MAX_ARRAY: usize = 4096;
/// Most entries of a map, those of maps in it included.
pub(super) const MAX_MAP: usize = 1_000;
/// Most variables in the reach of one function call.
pub(super) const MAX_VARIABLES: usize = 256;
/// Deepest nesting of calls.
pub(super) const MAX_CALL_LEVELS: usize = 32;
/// Deepest nesting of expressions at top level, and in a function.
pub(super) const MAX_EXPR_DEPTHS: (usize, usize) = (48, 32);
/// Most functions of a script, closures included.
const MAX_FUNCTIONS: usize = 512;

/// Words that scripts cannot use: they would bring in code that was not checked, or (`curry`) make chains of values that nobody sees.
const DISABLED: [&str; 4] = ["eval", "import", "export", "curry"];

/// Returns what of Rhai's own library scripts may use: no files, no clock, no modules, no blobs.
pub(super) fn standard() -> Module {
    let mut all = Module::new();
    CorePackage::init(&mut all);
    LogicPackage::init(&mut all);
    BasicMathPackage::init(&mut all);
    BasicArrayPackage::init(&mut all);
    BasicMapPackage::init(&mut all);
    MoreStringPackage::init(&mut all);
    // Else each function is searched for in a list, at every call.
    all.register_lazy_functions();
    all
}

/// Makes an engine that runs calls of `call`, with the script's constants in everyone's reach.
pub(super) fn engine(call: &Arc<Call>, constants: Option<&Arc<Module>>) -> Engine {
    let mut engine = Engine::new_raw();
    engine.register_global_module(Arc::clone(&api::shared().module));
    if let Some(constants) = constants {
        engine.register_global_module(Arc::clone(constants));
    }
    limit(&mut engine, call.terms.budget.operations);
    watch(&mut engine, call);
    engine.set_default_tag(Dynamic::from(Tag(Arc::clone(call))));
    engine
}

fn limit(engine: &mut Engine, operations: u64) {
    for word in DISABLED {
        engine.disable_symbol(word);
    }
    engine
        // Full optimization would call our functions while compiling.
        .set_optimization_level(OptimizationLevel::Simple)
        // A backstop: `watch` ends a call before.
        .set_max_operations(operations.saturating_add(2 * GRACE))
        .set_max_call_levels(MAX_CALL_LEVELS)
        .set_max_expr_depths(MAX_EXPR_DEPTHS.0, MAX_EXPR_DEPTHS.1)
        .set_max_string_size(MAX_STRING)
        .set_max_array_size(MAX_ARRAY)
        .set_max_map_size(MAX_MAP)
        .set_max_variables(MAX_VARIABLES)
        .set_max_functions(MAX_FUNCTIONS)
        .set_max_modules(1);
}

fn watch(engine: &mut Engine, call: &Arc<Call>) {
    let (held, limit) = (Arc::clone(call), call.terms.budget.operations);
    engine.on_progress(move |operations| {
        if held.meter.tick(operations) {
            drop(held.late());
        }
        if operations > limit {
            drop(held.stop_with(blame::too_many_operations(limit)));
        }
        // Made only when it is needed: a value that is made and dropped at every operation is felt.
        if held.meter.is_over(operations) { Some(Dynamic::UNIT) } else { None }
    });
    let (printing, debugging) = (Arc::clone(call), Arc::clone(call));
    // A line too much is noticed at the next operation.
    engine.on_print(move |text| drop(printing.charge().and_then(|()| printing.log(LogLevel::Info, text))));
    engine.on_debug(move |text, _, _| drop(debugging.charge().and_then(|()| debugging.log(LogLevel::Debug, text))));
    weigh_variables(engine, call);
}

#[expect(
    deprecated,
    reason = "the only place where the values in a script's reach can be seen; marked volatile, not to be removed"
)]
fn weigh_variables(engine: &mut Engine, call: &Arc<Call>) {
    let (held, scales) = (Arc::clone(call), Arc::clone(&call.scales));
    engine.on_var(move |name, _, context| on_access(&held, &scales, name, &context).map(|()| None));
}

fn on_access(
    call: &Call,
    scales: &Scales,
    name: &str,
    context: &EvalContext<'_, '_, '_, '_, '_, '_>,
) -> Result<(), Box<EvalAltResult>> {
    call.check_stopped()?;
    call.captured
        .note(name, context.scope(), call.terms.budget.memory_bytes)
        .map_err(|heavy| too_heavy(call, heavy))?;
    scales.access(context.scope(), context.this_ptr(), context.call_level()).map_err(|heavy| too_heavy(call, heavy))
}

/// Ends a call whose values weigh too much.
pub(super) fn too_heavy(call: &Call, heavy: Heavy) -> Box<EvalAltResult> {
    let message = match heavy {
        Heavy::Bytes => format!("its values take more than {} MiB", call.terms.budget.memory_bytes >> 20),
        Heavy::Text => return call.stop(FaultKind::Memory, too_long()),
        Heavy::Depth => {
            return call.stop(FaultKind::Memory, "values are nested too deep, or hold themselves");
        }
    };
    call.stop_with(Fault::over(FaultKind::Memory, message))
}
