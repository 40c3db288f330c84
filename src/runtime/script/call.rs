//! The call that is running: the thing in hand, what the script has said and logged so far, and why it must end, if it must. Handles in
//! the script point here; after the call the thing is gone and they only give errors.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rhai::{Dynamic, EvalAltResult, NativeCallContext, Position};

use super::captured::Captured;
use super::library::UsedRules;
use super::load::Terms;
use super::memory::Scales;
use super::meter::Meter;
use super::patterns::Used;
use crate::domain::problem::Problem;
use crate::plugin::fault::{Fault, FaultKind};
use crate::plugin::hand::{EditError, Refusal, Subject};
use crate::plugin::service::{LOG_LINES, LogLevel, LogLine, Services, StateWrite};
use crate::plugin::told::printable;
use crate::plugin::verdict::{VERDICT_BYTES, Verdict};

/// What native functions return.
pub(super) type Outcome<T> = Result<T, Box<EvalAltResult>>;

/// How often a host function looks at the clock itself.
const CLOCK_EVERY_HOST_CALLS: u64 = 32;

/// The state of a session's calls, one after the other.
pub(super) struct Call {
    pub(super) meter: Meter,
    pub(super) scales: Arc<Scales>,
    pub(super) terms: Arc<Terms>,
    pub(super) services: Services,
    pub(super) patterns: Used,
    pub(super) rules: UsedRules,
    pub(super) captured: Captured,
    desk: Mutex<Desk>,
}

/// What lies on the desk during a call.
#[derive(Default)]
pub(super) struct Desk {
    /// Counts calls, so that a handle kept from an earlier call is known as such.
    pub(super) number: u64,
    pub(super) subject: Option<Subject>,
    pub(super) problems: Vec<Problem>,
    pub(super) skip: Option<String>,
    pub(super) log: Vec<LogLine>,
    pub(super) log_bytes: usize,
    pub(super) state: Vec<StateWrite>,
    /// What the state would take with these writes; `None` before anything was written.
    pub(super) state_size: Option<usize>,
    pub(super) said_bytes: usize,
    pub(super) failure: Option<Fault>,
}

/// What is left on the desk when a call has ended.
pub(super) struct Left {
    pub(super) subject: Option<Subject>,
    pub(super) verdict: Verdict,
    pub(super) failure: Option<Fault>,
    pub(super) log: Vec<LogLine>,
    pub(super) log_bytes: usize,
    pub(super) state: Vec<StateWrite>,
}

/// The engine's tag, by which native functions find their call.
#[derive(Clone)]
pub(super) struct Tag(pub(super) Arc<Call>);

/// A refused access as a script sees it: something to catch, with `code`, `field`, `message` and `hint`.
#[derive(Clone, Debug)]
pub(super) struct Refused {
    pub(super) refusal: Refusal,
    /// What it is when nobody catches it.
    pub(super) kind: FaultKind,
}

impl Call {
    pub(super) fn new(terms: Arc<Terms>, services: Services) -> Self {
        let scales = Arc::new(Scales::new(terms.budget.memory_bytes));
        Self {
            meter: Meter::new(),
            scales,
            terms,
            services,
            patterns: Used::default(),
            rules: UsedRules::default(),
            captured: Captured::default(),
            desk: Mutex::default(),
        }
    }

    /// Finds the call that a native function belongs to.
    pub(super) fn of(context: &NativeCallContext<'_>) -> Outcome<Arc<Self>> {
        let tag = context.tag().and_then(|tag| tag.read_lock::<Tag>()).map(|tag| Arc::clone(&tag.0));
        tag.ok_or_else(|| "this function has no call that it belongs to".into())
    }

    /// The desk stays usable after a panic: everything on it is replaced for the next call.
    pub(super) fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lays the thing in hand on the desk; returns the call's number.
    pub(super) fn begin(&self, subject: Option<Subject>) -> u64 {
        let mut desk = self.desk();
        let number = desk.number + 1;
        *desk = Desk { number, subject, ..Desk::default() };
        number
    }

    /// Clears the desk.
    pub(super) fn end(&self) -> Left {
        self.captured.release();
        let mut desk = self.desk();
        let fresh = Desk { number: desk.number, ..Desk::default() };
        let done = std::mem::replace(&mut *desk, fresh);
        Left {
            subject: done.subject,
            verdict: match (done.problems, done.skip) {
                (problems, _) if !problems.is_empty() => Verdict::Reject(problems),
                (_, Some(reason)) => Verdict::Skip(reason),
                _ => Verdict::Accept,
            },
            failure: done.failure,
            log: done.log,
            log_bytes: done.log_bytes,
            state: done.state,
        }
    }

    /// Counts a host function against the budget; every host function begins with it.
    pub(super) fn charge(&self) -> Outcome<()> {
        self.check_stopped()?;
        let calls = self.meter.host_call();
        let limit = self.terms.budget.host_calls;
        if calls > limit {
            return Err(self.stop(FaultKind::HostCalls, format!("more than {limit} calls of host functions")));
        }
        if calls.is_multiple_of(CLOCK_EVERY_HOST_CALLS) { self.check_clock() } else { Ok(()) }
    }

    /// Ends the call if its time is over; functions whose work grows with their input call it.
    pub(super) fn check_clock(&self) -> Outcome<()> {
        if self.meter.is_late() { Err(self.late()) } else { Ok(()) }
    }

    /// Ends the call because its time is over.
    pub(super) fn late(&self) -> Box<EvalAltResult> {
        let message = format!("it took longer than {} ms", self.meter.allowed().as_millis());
        self.stop_with(Fault::over(FaultKind::Deadline, message))
    }

    /// Fails where a call is that must end.
    pub(super) fn check_stopped(&self) -> Outcome<()> {
        if self.meter.is_stopped() { Err(stopped()) } else { Ok(()) }
    }

    /// Ends the call: whatever the script catches, it ends a little later. The first reason counts.
    pub(super) fn stop(&self, kind: FaultKind, message: impl Into<String>) -> Box<EvalAltResult> {
        self.stop_with(Fault::new(kind, message))
    }

    /// Ends the call with a fault that says more.
    pub(super) fn stop_with(&self, fault: Fault) -> Box<EvalAltResult> {
        self.meter.stop();
        self.desk().failure.get_or_insert(fault);
        stopped()
    }

    /// Logs a line within the budget.
    pub(super) fn log(&self, level: LogLevel, text: &str) -> Outcome<()> {
        let limit = self.terms.budget.log_bytes;
        let mut desk = self.desk();
        desk.log_bytes += text.len();
        if desk.log_bytes > limit {
            drop(desk);
            return Err(self.stop_with(Fault::over(FaultKind::Log, format!("it logged more than {limit} bytes"))));
        }
        if desk.log.len() >= LOG_LINES {
            drop(desk);
            return Err(self.stop(FaultKind::Log, format!("it logged more than {LOG_LINES} lines")));
        }
        desk.log.push(LogLine { level, text: printable(text.to_owned()) });
        Ok(())
    }

    /// Counts bytes that the script hands over in problems and reasons.
    pub(super) fn say(&self, bytes: usize) -> Outcome<()> {
        let limit = self.terms.budget.output_bytes.min(VERDICT_BYTES);
        let mut desk = self.desk();
        desk.said_bytes += bytes;
        let over = desk.said_bytes > limit;
        drop(desk);
        if over {
            Err(self.stop(FaultKind::Output, format!("its verdict takes more than {limit} bytes")))
        } else {
            Ok(())
        }
    }

    /// Turns a failed edit into what the script sees, or ends the call.
    pub(super) fn edit_failed(&self, error: EditError) -> Box<EvalAltResult> {
        match error {
            EditError::Refused(refusal) => throw(refusal, FaultKind::RefusedEdit),
            EditError::TooMany(limit) => {
                self.stop_with(Fault::over(FaultKind::Edits, format!("more than {limit} edits in one call")))
            }
        }
    }
}

/// The error of a call that must end: one of a script, for of its own the engine forgets where they happened.
fn stopped() -> Box<EvalAltResult> {
    EvalAltResult::ErrorRuntime(Dynamic::UNIT, Position::NONE).into()
}

/// Throws a refusal, which a script may catch.
pub(super) fn throw(refusal: Refusal, kind: FaultKind) -> Box<EvalAltResult> {
    EvalAltResult::ErrorRuntime(Dynamic::from(Refused { refusal, kind }), Position::NONE).into()
}

/// Throws a refusal of reading, which is an error of the script when it is not caught.
pub(super) fn unreadable(refusal: Refusal) -> Box<EvalAltResult> {
    throw(refusal, FaultKind::Script)
}
