//! What a store holds while a guest runs: the thing in hand, what the call may spend and what it has asked for so far. The functions
//! that the guest sees are in `host` and `things`.

use std::collections::BTreeMap;
use std::sync::Arc;

use wasmtime::{ResourceLimiter, UpdateDeadline};

use crate::domain::contact::Contact;
use crate::plugin::budget::Budget;
use crate::plugin::fault::{Fault, FaultKind};
use crate::plugin::hand::Subject;
use crate::plugin::package::{ConfigValue, Identity};
use crate::plugin::service::{LOG_LINES, LogLevel, LogLine, STATE_WRITES, Services, StateWrite};
use crate::plugin::told::printable;

use super::types::GuestRefusal;
use super::wasi::{Output, System};
use crate::plugin::overtime::Overtime;

/// Most contacts that one call may hold at a time.
const MAX_FOUND: usize = 2000;

/// Most core instances, memories and tables of one component, shims included.
const MAX_PARTS: usize = 64;

/// The data of a store.
pub(super) struct Data {
    pub(super) identity: Arc<Identity>,
    pub(super) config: Arc<BTreeMap<String, ConfigValue>>,
    pub(super) services: Services,
    pub(super) budget: Budget,
    pub(super) memory: Memory,
    pub(super) subject: Option<Subject>,
    pub(super) call: CallRecord,
    pub(super) found: Found,
    pub(super) overtime: Overtime,
    /// What a guest with WASI printed.
    pub(super) output: Output,
    /// What a guest with WASI takes for a system.
    pub(super) system: System,
    /// Whether an engine inside the guest runs its author's code.
    pub(super) is_interpreted: bool,
}

/// What one call did, apart from its edits.
#[derive(Default)]
pub(super) struct CallRecord {
    pub(super) host_calls: u64,
    pub(super) log_bytes: usize,
    pub(super) log: Vec<LogLine>,
    pub(super) state: Vec<StateWrite>,
    /// What the state would take with this call's writes; `None` before it was asked for.
    pub(super) state_size: Option<usize>,
    pub(super) refusals: usize,
    /// What the guest was refused last, reading or writing: it may be the error that nobody catches.
    pub(super) refused: Option<GuestRefusal>,
    /// What a guest with an engine of its own asked for last: a method, and a name.
    pub(super) asked: Option<(&'static str, String)>,
}

impl Data {
    /// Starts a call with a thing in hand.
    pub(super) fn begin(&mut self, subject: Subject) {
        self.subject = Some(subject);
        self.call = CallRecord::default();
        self.found.forget();
        self.memory.denied = false;
        self.overtime.reset();
        self.output = Output::default();
        self.system = System::default();
    }

    /// What becomes of a guest whose ticks are used up.
    pub(super) fn out_of_ticks(&self) -> UpdateDeadline {
        if self.overtime.is_over(self.budget.deadline) {
            return UpdateDeadline::Interrupt;
        }
        UpdateDeadline::Continue(1)
    }

    /// Counts one call of a host function.
    pub(super) fn count(&mut self) -> Result<(), Fault> {
        self.call.host_calls += 1;
        if self.call.host_calls <= self.budget.host_calls {
            return Ok(());
        }
        Err(Fault::new(
            FaultKind::HostCalls,
            format!("made more than {} calls of host functions", self.budget.host_calls),
        ))
    }

    /// Notes a refusal on its way to the guest.
    pub(super) fn refuse(&mut self, refusal: impl Into<GuestRefusal>) -> GuestRefusal {
        self.call.refused.insert(refusal.into()).clone()
    }

    /// Counts a refused write. Refusals are kept until the verdict, so they are limited as edits are.
    pub(super) fn count_refusal(&mut self) -> Result<(), Fault> {
        self.call.refusals += 1;
        if self.call.refusals <= self.budget.edits {
            return Ok(());
        }
        Err(Fault::new(FaultKind::Edits, format!("was refused more than {} edits", self.budget.edits)))
    }

    /// Counts the keys of state that a call changes.
    pub(super) fn count_state_write(&self, key: &str) -> Result<(), Fault> {
        if self.call.state.len() < STATE_WRITES || self.call.state.iter().any(|write| write.key == key) {
            return Ok(());
        }
        Err(Fault::new(FaultKind::State, format!("changed more than {STATE_WRITES} keys of its state in one call")))
    }

    /// Keeps a line of the log.
    pub(super) fn log(&mut self, level: LogLevel, text: String) -> Result<(), Fault> {
        self.call.log_bytes += text.len();
        if self.call.log_bytes > self.budget.log_bytes {
            let limit = self.budget.log_bytes;
            return Err(Fault::over(FaultKind::Log, format!("logged more than {limit} bytes")));
        }
        if self.call.log.len() >= LOG_LINES {
            return Err(Fault::new(FaultKind::Log, format!("logged more than {LOG_LINES} lines")).hint("log less"));
        }
        self.call.log.push(LogLine { level, text: printable(text) });
        Ok(())
    }
}

/// The contacts that `lookup` lent. Handles of earlier calls never mean a later call's contacts, for numbers are not used again.
#[derive(Default)]
pub(super) struct Found {
    /// Number of the first contact of this call.
    base: u32,
    contacts: Vec<Option<Arc<Contact>>>,
    held: usize,
}

impl Found {
    /// Number of the thing in hand.
    pub(super) const IN_HAND: u32 = 0;
    /// Number of what it was before.
    pub(super) const BEFORE: u32 = 1;
    /// First number of a found contact.
    const FIRST: u32 = 2;
    /// A store that lent more is not used again.
    const WORN: u32 = 100_000;

    pub(super) fn keep(&mut self, contact: Arc<Contact>) -> Result<u32, Fault> {
        if self.held >= MAX_FOUND {
            let message = format!("holds more than {MAX_FOUND} contacts found by `lookup`");
            return Err(Fault::new(FaultKind::HostCalls, message).hint("drop what you no longer need"));
        }
        self.held += 1;
        self.contacts.push(Some(contact));
        let at = u32::try_from(self.contacts.len()).unwrap_or(u32::MAX);
        Ok((Self::FIRST + self.base).saturating_add(at - 1))
    }

    pub(super) fn get(&self, number: u32) -> Result<&Arc<Contact>, Fault> {
        let at = number.checked_sub(Self::FIRST + self.base);
        at.and_then(|at| self.contacts.get(at as usize)).and_then(Option::as_ref).ok_or_else(stale)
    }

    pub(super) fn release(&mut self, number: u32) {
        let at = number.checked_sub(Self::FIRST + self.base);
        if let Some(slot) = at.and_then(|at| self.contacts.get_mut(at as usize)) {
            self.held -= usize::from(slot.take().is_some());
        }
    }

    fn forget(&mut self) {
        self.base = self.base.saturating_add(u32::try_from(self.contacts.len()).unwrap_or(u32::MAX));
        self.contacts.clear();
        self.held = 0;
    }

    /// Says whether so many contacts were lent that the store's tables may be full of handles never given back.
    pub(super) fn is_worn(&self) -> bool {
        self.base.saturating_add(u32::try_from(self.contacts.len()).unwrap_or(u32::MAX)) > Self::WORN
    }
}

/// The fault of a guest that uses a handle which means nothing in this call.
pub(super) fn stale() -> Fault {
    Fault::new(FaultKind::Trap, "used a handle that is not one of this call's")
        .hint("handles end with the call that they were given to: do not keep them")
}

/// Memory in sum over everything in a store.
pub(super) struct Memory {
    limit: usize,
    used: usize,
    /// The most recent growth, to be taken back if it fails.
    last: usize,
    /// The most that was used at a time, in bytes.
    pub(super) highest: usize,
    /// Whether something was denied: what follows is a fault of memory, whatever it looks like.
    pub(super) denied: bool,
}

impl Memory {
    pub(super) const fn new(limit: usize) -> Self {
        Self { limit, used: 0, last: 0, highest: 0, denied: false }
    }

    fn grow(&mut self, bytes: usize) -> bool {
        let used = self.used.saturating_add(bytes);
        if used > self.limit {
            self.denied = true;
            return false;
        }
        (self.used, self.last) = (used, bytes);
        self.highest = self.highest.max(used);
        true
    }

    fn take_back(&mut self) {
        self.used -= std::mem::take(&mut self.last);
        self.denied = true;
    }
}

impl ResourceLimiter for Memory {
    fn memory_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        Ok(self.grow(desired.saturating_sub(current)))
    }

    fn memory_grow_failed(&mut self, _: wasmtime::Error) -> wasmtime::Result<()> {
        self.take_back();
        Ok(())
    }

    fn table_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        Ok(self.grow(desired.saturating_sub(current).saturating_mul(size_of::<usize>())))
    }

    fn table_grow_failed(&mut self, _: wasmtime::Error) -> wasmtime::Result<()> {
        self.take_back();
        Ok(())
    }

    fn instances(&self) -> usize {
        MAX_PARTS
    }

    fn tables(&self) -> usize {
        MAX_PARTS
    }

    fn memories(&self) -> usize {
        MAX_PARTS
    }
}
