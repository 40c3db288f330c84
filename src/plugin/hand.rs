//! The thing in hand: what a hook is about, with every write recorded. Both engines drive these objects, so both have the same rules,
//! the same grants and the same error texts. Nothing here knows an engine.

mod contact;
mod enquiry;
mod merge;
mod row;
mod sheet;

use std::borrow::Cow;
use std::sync::Arc;

pub use contact::ContactHand;
pub use enquiry::EnquiryHand;
pub use merge::{MergeHand, Side};
pub use row::RowHand;
pub use sheet::Sheet;

use super::fault::{Fault, FaultKind};
use super::service::LookupKey;
use super::verdict::Verdict;
use crate::domain::reach;
/// Longest name of a field or header that a refusal repeats, in bytes.
const NAME_BYTES: usize = 500;

/// What a hook is about. Boxed, because it moves in and out of engines.
#[derive(Debug)]
pub enum Subject {
    /// `on_import_row`.
    Row(Box<RowHand>),
    /// `on_create`, `on_update`, `on_delete`.
    Contact(Box<ContactHand>),
    /// `on_merge`.
    Merge(Box<MergeHand>),
    /// `on_enquiry`.
    Enquiry(Box<EnquiryHand>),
}

/// A thing that goes into a chain and comes out of it as what it was.
pub trait Held: Sized {
    /// Turns it into what hooks are about.
    fn into_subject(self: Box<Self>) -> Subject;

    /// Turns it back; `None` when the subject is something else.
    fn from_subject(subject: Subject) -> Option<Box<Self>>;
}

macro_rules! held {
    ($($hand:ident $variant:ident),*) => {$(
        impl Held for $hand {
            fn into_subject(self: Box<Self>) -> Subject {
                Subject::$variant(self)
            }

            fn from_subject(subject: Subject) -> Option<Box<Self>> {
                match subject {
                    Subject::$variant(hand) => Some(hand),
                    _ => None,
                }
            }
        }
    )*};
}

held!(RowHand Row, ContactHand Contact, MergeHand Merge, EnquiryHand Enquiry);

/// On what terms a plugin holds the thing during one call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Terms {
    /// Names that may be read, as [`reach::holds`] takes them: groups taken apart. `None` means all.
    pub reads: Option<Vec<String>>,
    /// Names that may be written; `None` means all.
    pub writes: Option<Vec<String>>,
    /// Most edits in one call.
    pub max_edits: usize,
    /// Whether nothing may be written at all: the check phase, and `on_delete`.
    pub read_only: bool,
}

impl Terms {
    /// No limits but `max_edits`.
    #[must_use]
    pub const fn open(max_edits: usize) -> Self {
        Self { reads: None, writes: None, max_edits, read_only: false }
    }
}

/// One change that a plugin asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Edit {
    /// A field's name, a header of the file, `attribute.KEY` or `survey`.
    pub what: Cow<'static, str>,
    /// Text before.
    pub old: Option<String>,
    /// Text after.
    pub new: Option<String>,
}

/// Why an access was refused: an error value for the plugin, not a trap.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refusal {
    /// Stable code: a rule's (`PHONE_FORMAT`), `FIELD_UNKNOWN`, `NOT_GRANTED` or `READ_ONLY`.
    pub code: Cow<'static, str>,
    /// The field or header.
    pub field: String,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Refusal {
    fn new(code: &'static str, field: &str, message: String, hint: &str) -> Self {
        Self { code: Cow::Borrowed(code), field: named(field), message, hint: Some(hint.to_owned()) }
    }

    /// Returns what is wrong, with the field's name unless the message has it.
    #[must_use]
    pub fn told(&self) -> String {
        let Self { field, message, .. } = self;
        if field.is_empty() || message.contains(&format!("`{field}`")) {
            return message.clone();
        }
        format!("`{field}`: {message}")
    }
}

/// A name as refusals have it: they are kept until the verdict.
fn named(name: &str) -> String {
    name[..name.floor_char_boundary(NAME_BYTES)].to_owned()
}

/// Why an edit did not happen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum EditError {
    /// Refused; the plugin may go on.
    Refused(Refusal),
    /// More edits than the budget allows: the call ends. Holds the limit.
    TooMany(usize),
}

/// Records what one call does to a thing, by terms that the registry sets. Part of every hand.
#[derive(Debug)]
pub(crate) struct Tracker {
    terms: Arc<Terms>,
    edits: Vec<Edit>,
    refused: Vec<Refusal>,
}

impl Tracker {
    fn new() -> Self {
        Self { terms: Arc::new(Terms::open(usize::MAX)), edits: Vec::new(), refused: Vec::new() }
    }

    fn begin(&mut self, terms: Arc<Terms>) {
        self.terms = terms;
        self.edits.clear();
        self.refused.clear();
    }

    fn may_read(&self, name: &str) -> Result<(), Refusal> {
        self.may_read_any(name, &[name])
    }

    /// A thing of several names may be read if any of them is granted.
    fn may_read_any(&self, told: &str, names: &[&str]) -> Result<(), Refusal> {
        match &self.terms.reads {
            Some(reads) if !names.iter().any(|name| reach::holds(reads, name)) => {
                Err(not_granted(told, "read", "reads"))
            }
            _ => Ok(()),
        }
    }

    fn may_write(&mut self, name: &str) -> Result<(), EditError> {
        self.may_write_any(name, &[name])
    }

    /// A thing of several names may be written if any of them is granted.
    fn may_write_any(&mut self, name: &str, names: &[&str]) -> Result<(), EditError> {
        let refusal = if self.terms.read_only {
            Refusal::new(
                "READ_ONLY",
                name,
                format!("`{name}` cannot be set here"),
                "the check phase and `on_delete` may only reject",
            )
        } else if let Some(writes) = &self.terms.writes
            && !names.iter().any(|name| reach::holds(writes, name))
        {
            not_granted(name, "write", "writes")
        } else if self.edits.len() >= self.terms.max_edits {
            return Err(EditError::TooMany(self.terms.max_edits));
        } else {
            return Ok(());
        };
        Err(self.refuse(refusal))
    }

    /// Notes a refusal: a plugin that ignores it has faulted. As many are noted as edits are allowed, then the call ends.
    fn refuse(&mut self, refusal: Refusal) -> EditError {
        if self.refused.len() > self.terms.max_edits {
            return EditError::TooMany(self.terms.max_edits);
        }
        self.refused.push(refusal.clone());
        EditError::Refused(refusal)
    }

    /// Notes that an earlier refusal under this name is mended.
    fn mended(&mut self, name: &str) {
        let name = &name[..name.floor_char_boundary(NAME_BYTES)];
        self.refused.retain(|refusal| refusal.field != name);
    }

    /// Notes an edit, if it changed anything, and that an earlier refusal of the same field is mended.
    fn note(&mut self, what: Cow<'static, str>, old: Option<String>, new: Option<String>) {
        self.mended(&what);
        if old != new {
            self.edits.push(Edit { what, old, new });
        }
    }
}

/// Names the field and the grant that does not hold it.
fn not_granted(name: &str, verb: &str, grant: &str) -> Refusal {
    let message = format!("this plugin may not {verb} `{name}`: `{grant}` does not grant it");
    let hint = format!("add it to `{grant}` in plugin.toml, or in carnet.toml where that narrows it further");
    Refusal::new("NOT_GRANTED", name, message, &hint)
}

/// Hands a call to whichever thing it is.
macro_rules! each {
    ($self:expr, $hand:ident => $body:expr) => {
        match $self {
            Subject::Row($hand) => $body,
            Subject::Contact($hand) => $body,
            Subject::Merge($hand) => $body,
            Subject::Enquiry($hand) => $body,
        }
    };
}

impl Subject {
    /// Starts a call: its terms hold until [`Subject::keep`] or [`Subject::revert`].
    pub fn begin(&mut self, terms: &Arc<Terms>) {
        each!(self, hand => hand.begin(Arc::clone(terms)));
    }

    /// Says whether the call may look contacts up by what is told of them: whoever may not read it could find it out by asking.
    ///
    /// # Errors
    /// `NOT_GRANTED`, for the first field that it may not read.
    pub fn may_look_up(&self, by: &LookupKey) -> Result<(), Refusal> {
        let name = match by {
            LookupKey::Email(_) => "emails",
            LookupKey::Phone(_) => "phones",
            LookupKey::Name(_) => "names",
            LookupKey::ExternalId(_) => "external_id",
        };
        let mut fields = reach::group(name);
        if fields.is_empty() {
            fields.push(name);
        }
        let told = fields.into_iter().try_for_each(|field| self.may_read(field));
        told.map_err(|refusal| Refusal {
            message: format!(
                "this plugin may not look contacts up by what it may not read: `reads` does not grant `{}`",
                refusal.field
            ),
            hint: Some(format!(
                "add `{name}` to `reads` in plugin.toml, or in carnet.toml where that narrows it further"
            )),
            ..refusal
        })
    }

    /// Says whether the call may read a field, be it of the thing in hand or of a contact that it found.
    ///
    /// # Errors
    /// `NOT_GRANTED`.
    pub fn may_read(&self, name: &str) -> Result<(), Refusal> {
        each!(self, hand => hand.tracker().may_read(name))
    }

    /// Returns what the call was refused and did not mend.
    #[must_use]
    pub fn unmended(&self) -> Option<&Refusal> {
        each!(self, hand => hand.tracker().refused.first())
    }

    /// Returns a call's verdict, unless it accepts although an edit was refused and not mended: then the plugin has not done what it meant to do,
    /// and did not see that. An edit no longer matters when the thing is not to be stored.
    ///
    /// # Errors
    /// That fault.
    pub fn judged(&self, verdict: Verdict) -> Result<Verdict, Fault> {
        let Some(refusal) = self.unmended().filter(|_| matches!(verdict, Verdict::Accept)) else { return Ok(verdict) };
        let fault = Fault::new(FaultKind::RefusedEdit, refusal.told());
        Err(match &refusal.hint {
            Some(hint) => fault.hint(hint.clone()),
            None => fault,
        })
    }

    /// Keeps the call's edits and returns them.
    pub fn keep(&mut self) -> Vec<Edit> {
        each!(self, hand => {
            hand.forget_undo();
            std::mem::take(&mut hand.tracker_mut().edits)
        })
    }

    /// Undoes the call's edits and returns what they would have been.
    pub fn revert(&mut self) -> Vec<Edit> {
        each!(self, hand => {
            hand.undo();
            std::mem::take(&mut hand.tracker_mut().edits)
        })
    }
}
