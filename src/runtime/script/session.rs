//! Calling a script: one engine, many calls, each with a fresh scope and a clean desk.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;

use rhai::{CallFnOptions, Dynamic, Engine, EvalAltResult, Scope};

use super::blame;
use super::call::{Call, Left};
use super::engine::engine;
use super::load::Loaded;
use super::things;
use crate::plugin::budget::Spent;
use crate::plugin::fault::{Fault, FaultKind};
use crate::plugin::hand::Subject;
use crate::plugin::hook::Hook;
use crate::plugin::service::Services;
use crate::plugin::{Returned, Session};

/// A session of one script.
pub(super) struct ScriptSession {
    loaded: Arc<Loaded>,
    call: Arc<Call>,
    engine: Engine,
}

impl ScriptSession {
    pub(super) fn new(loaded: Arc<Loaded>, services: Services) -> Self {
        let call = Arc::new(Call::new(Arc::clone(&loaded.terms), services));
        let engine = engine(&call, loaded.constants.as_ref());
        Self { loaded, call, engine }
    }

    fn run(&self, hook: Hook, number: u64, scope: &mut Scope<'_>) -> Result<Dynamic, Fault> {
        // What the function leaves in the scope is weighed.
        let options = CallFnOptions::new().eval_ast(false).rewind_scope(false);
        let args = things::arguments(hook, &self.call, number);
        let call = || self.engine.call_fn_with_options::<Dynamic>(options, scope, &self.loaded.ast, hook.name(), args);
        match catch_unwind(AssertUnwindSafe(call)) {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => Err(self.fault(hook, *error)),
            Err(panic) => {
                Err(Fault::new(FaultKind::Engine, format!("the script engine failed: {}", panic_text(&*panic))))
            }
        }
    }

    /// Where nothing better is known, a fault is at the hook's function.
    fn fault(&self, hook: Hook, error: EvalAltResult) -> Fault {
        let failure = self.call.desk().failure.take();
        let source = &self.loaded.source;
        let fault = blame::fault(error, failure, source, &self.call);
        if fault.position.is_some() { fault } else { fault.at(source.find_function(hook.name())) }
    }
}

impl Session for ScriptSession {
    fn call(&mut self, hook: Hook, subject: Subject) -> Returned {
        let started = Instant::now();
        let number = self.call.begin(Some(subject));
        self.call.scales.reset();
        self.call.meter.start(started, self.loaded.terms.budget.deadline);
        let mut scope = Scope::new();
        let result = self.run(hook, number, &mut scope);
        let memory_bytes = self.call.scales.highest(&scope);
        let left = self.call.end();
        let spent = Spent {
            time: started.elapsed(),
            memory_bytes,
            operations: self.call.meter.operations(),
            log_bytes: left.log_bytes,
            host_calls: self.call.meter.host_calls(),
        };
        conclude(hook, result, left, spent)
    }
}

/// Puts together what a call gives back.
fn conclude(hook: Hook, result: Result<Dynamic, Fault>, left: Left, spent: Spent) -> Returned {
    // The subject is on the desk from the call's first to its last moment.
    let subject = left.subject.expect("nothing takes the subject from the desk but the end of the call");
    let outcome = result.and_then(|value| match left.failure {
        Some(fault) => Err(fault),
        None => check_value(hook, &value).and_then(|()| subject.judged(left.verdict)),
    });
    let state = if outcome.is_ok() { left.state } else { Vec::new() };
    Returned { subject, outcome, spent, log: left.log, state }
}

/// A function's value is that of its last statement and means nothing, but `false` may have been meant as a verdict, and must not count
/// as acceptance.
fn check_value(hook: Hook, value: &Dynamic) -> Result<(), Fault> {
    if value.as_bool() != Ok(false) {
        return Ok(());
    }
    let fault = Fault::new(FaultKind::Verdict, format!("`{hook}` ended with `false`, which is no verdict"));
    Err(fault.hint("use `reject(…)` to refuse, or end with `return;`"))
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no reason given")
}
