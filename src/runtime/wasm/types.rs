//! The types of `carnet:plugin/types` and `things` as the component model sees them, and how they become the plugin floor's own.

use std::borrow::Cow;

use wasmtime::component::{ComponentType, Lift, Lower, Resource};

use crate::domain::problem::Problem;
use crate::plugin::fault::{Fault, FaultKind};
use crate::plugin::hand;
use crate::plugin::service::LogLevel;
use crate::plugin::told::printable;
use crate::plugin::verdict::{VERDICT_BYTES, Verdict};

/// Most problems that one verdict may hold.
const MAX_PROBLEMS: usize = 64;

/// `things.contact`.
pub(super) struct ContactThing;
/// `things.row`.
pub(super) struct RowThing;
/// `things.merge`.
pub(super) struct MergeThing;
/// `things.enquiry`.
pub(super) struct EnquiryThing;

/// Parameters of `on-create` and `on-delete`.
pub(super) type OfContact = (Resource<ContactThing>,);
/// Parameters of `on-update`.
pub(super) type OfUpdate = (Resource<ContactThing>, Resource<ContactThing>);
/// Parameters of `on-import-row`.
pub(super) type OfRow = (Resource<RowThing>,);
/// Parameters of `on-merge`.
pub(super) type OfMerge = (Resource<MergeThing>,);
/// Parameters of `on-enquiry`.
pub(super) type OfEnquiry = (Resource<EnquiryThing>,);

/// `types.problem`.
#[derive(ComponentType, Lift, Debug)]
#[component(record)]
pub(super) struct GuestProblem {
    field: Option<String>,
    code: String,
    message: String,
    hint: Option<String>,
}

/// `types.verdict`.
#[derive(ComponentType, Lift, Debug)]
#[component(variant)]
pub(super) enum GuestVerdict {
    #[component(name = "accept")]
    Accept,
    #[component(name = "reject")]
    Reject(Vec<GuestProblem>),
}

/// `types.row-verdict`.
#[derive(ComponentType, Lift, Debug)]
#[component(variant)]
pub(super) enum GuestRowVerdict {
    #[component(name = "accept")]
    Accept,
    #[component(name = "skip")]
    Skip(String),
    #[component(name = "reject")]
    Reject(Vec<GuestProblem>),
}

/// `types.refusal`.
#[derive(ComponentType, Lower, Clone, Debug)]
#[component(record)]
pub(super) struct GuestRefusal {
    code: String,
    pub(super) field: String,
    pub(super) message: String,
    pub(super) hint: Option<String>,
}

/// `log.level`, in its order: the engine reads the number.
#[derive(ComponentType, Lift, Copy, Clone, Debug)]
#[component(enum)]
#[repr(u8)]
#[expect(dead_code, reason = "only guests make them")]
pub(super) enum GuestLevel {
    #[component(name = "debug")]
    Debug,
    #[component(name = "info")]
    Info,
    #[component(name = "warn")]
    Warn,
    #[component(name = "error")]
    Error,
}

impl GuestRefusal {
    pub(super) fn new(code: &str, field: &str, message: String, hint: &str) -> Self {
        Self { code: code.to_owned(), field: field.to_owned(), message, hint: Some(hint.to_owned()) }
    }
}

impl From<hand::Refusal> for GuestRefusal {
    fn from(refusal: hand::Refusal) -> Self {
        let hand::Refusal { code, field, message, hint } = refusal;
        Self { code: code.into_owned(), field, message, hint }
    }
}

impl From<GuestLevel> for LogLevel {
    fn from(level: GuestLevel) -> Self {
        match level {
            GuestLevel::Debug => Self::Debug,
            GuestLevel::Info => Self::Info,
            GuestLevel::Warn => Self::Warn,
            GuestLevel::Error => Self::Error,
        }
    }
}

impl GuestProblem {
    /// Bytes of its texts.
    fn bytes(&self) -> usize {
        let optional = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        optional(&self.field) + self.code.len() + self.message.len() + optional(&self.hint)
    }
}

impl From<GuestProblem> for Problem {
    fn from(problem: GuestProblem) -> Self {
        Self {
            field: problem.field.map(printable),
            code: Cow::Owned(printable(problem.code)),
            value: None,
            message: printable(problem.message),
            hint: problem.hint.map(printable),
        }
    }
}

impl TryFrom<GuestVerdict> for Verdict {
    type Error = Fault;

    fn try_from(verdict: GuestVerdict) -> Result<Self, Fault> {
        match verdict {
            GuestVerdict::Accept => Ok(Self::Accept),
            GuestVerdict::Reject(problems) => rejection(problems),
        }
    }
}

impl TryFrom<GuestRowVerdict> for Verdict {
    type Error = Fault;

    fn try_from(verdict: GuestRowVerdict) -> Result<Self, Fault> {
        match verdict {
            GuestRowVerdict::Accept => Ok(Self::Accept),
            GuestRowVerdict::Skip(reason) if reason.len() > VERDICT_BYTES => Err(too_long()),
            GuestRowVerdict::Skip(reason) => Ok(Self::Skip(printable(reason))),
            GuestRowVerdict::Reject(problems) => rejection(problems),
        }
    }
}

fn too_long() -> Fault {
    Fault::new(FaultKind::Output, format!("gave reasons of more than {VERDICT_BYTES} bytes in sum"))
}

fn rejection(problems: Vec<GuestProblem>) -> Result<Verdict, Fault> {
    match problems.len() {
        0 => Err(Fault::new(FaultKind::Verdict, "rejected with 0 problems")
            .hint("a rejection holds at least one problem, so that people know why")),
        1..=MAX_PROBLEMS if problems.iter().map(GuestProblem::bytes).sum::<usize>() > VERDICT_BYTES => Err(too_long()),
        1..=MAX_PROBLEMS => Ok(Verdict::Reject(problems.into_iter().map(Problem::from).collect())),
        count => {
            Err(Fault::new(FaultKind::Output, format!("rejected with {count} problems, more than {MAX_PROBLEMS}")))
        }
    }
}
