//! The things in hand as scripts see them: handles that point to the desk of the running call. A handle that outlives its call gives
//! errors, for the thing is no longer there.

mod contact;
mod enquiry;
mod fields;
mod merge;
mod row;

use std::sync::{Arc, MutexGuard};

use rhai::{Array, Dynamic, EvalAltResult, FuncArgs, ImmutableString};

use super::api::{Table, text};
use super::call::{Call, Desk, Outcome, Refused};
use crate::domain::contact::Contact;
use crate::plugin::hook::Hook;
use contact::{ContactHandle, Which};
use enquiry::EnquiryHandle;
use merge::MergeHandle;
use row::RowHandle;

/// Where a handle points.
#[derive(Clone)]
struct Pointer {
    call: Arc<Call>,
    number: u64,
}

/// What a hook's function is given: one value, or two for `on_update`.
pub(super) enum Arguments {
    One(Dynamic),
    Two(Dynamic, Dynamic),
}

impl FuncArgs for Arguments {
    fn parse<ARGS: Extend<Dynamic>>(self, args: &mut ARGS) {
        match self {
            Self::One(value) => args.extend([value]),
            Self::Two(first, second) => args.extend([first, second]),
        }
    }
}

/// Makes the handles for a hook.
pub(super) fn arguments(hook: Hook, call: &Arc<Call>, number: u64) -> Arguments {
    let pointer = || Pointer { call: Arc::clone(call), number };
    let contact = |which| Dynamic::from(ContactHandle { pointer: pointer(), which });
    match hook {
        Hook::ImportRow => Arguments::One(Dynamic::from(RowHandle(pointer()))),
        Hook::Create | Hook::Delete => Arguments::One(contact(Which::InHand)),
        Hook::Update => Arguments::Two(contact(Which::InHand), contact(Which::Before)),
        Hook::Merge => Arguments::One(Dynamic::from(MergeHandle(pointer()))),
        Hook::Enquiry => Arguments::One(Dynamic::from(EnquiryHandle(pointer()))),
    }
}

/// Makes a handle for a contact that a lookup found.
pub(super) fn found(call: &Arc<Call>, number: u64, contact: Arc<Contact>) -> Dynamic {
    Dynamic::from(ContactHandle { pointer: Pointer { call: Arc::clone(call), number }, which: Which::Found(contact) })
}

pub(super) fn register(table: &mut Table) {
    row::register(table);
    contact::register(table);
    fields::register(table);
    merge::register(table);
    enquiry::register(table);
    refusals(table);
}

fn refusals(table: &mut Table) {
    table.chapter(
        "Refused edits",
        "A value that the built-in rules refuse, or a field outside `reads` or `writes`, throws. Catch it to mend it: \
         `try { contact.mobile = raw; } catch (err) { contact.other_phone = raw; }`. Not caught, the call has faulted; caught but not \
         mended (the same field was not set to a good value afterwards), it has faulted too, unless it rejects.",
    );
    table.say(
        "err.code",
        "`FIELD_UNKNOWN`, `NOT_GRANTED`, `READ_ONLY`, or the rule's: `PHONE_FORMAT`, `EMAIL_FORMAT`, `DATE_RANGE`, …",
        &[(
            "try { contact.mobile = \"call me\"; } catch (err) { reject(err.code); }",
            "rejects REJECTED: PHONE_LETTERS",
        )],
    );
    table.say(
        "err.field",
        "The field's name, as you gave it.",
        &[("try { contact.mobile = \"call me\"; } catch (err) { contact[err.field] = (); }", "clears mobile")],
    );
    table.say(
        "err.message",
        "What is wrong.",
        &[(
            "try { contact.mobile = \"call me\"; } catch (err) { reject(err.message); }",
            "rejects REJECTED: `call me` has letters inside",
        )],
    );
    table.say("err.hint", "What to do about it, or an empty text.", &[("try { contact.birth_date = \"31/12/1980\"; } catch (err) { reject(err.hint); }", "rejects REJECTED: dates are read as MM/DD/YYYY; if the file has the day and the month the other way round, change `date_format`")]);
    table.module.set_custom_type::<Refused>("Refused");
    table.getter("err", "code", |refused: &mut Refused| Outcome::Ok(ImmutableString::from(&*refused.refusal.code)));
    table.getter("err", "field", |refused: &mut Refused| {
        Outcome::Ok(ImmutableString::from(refused.refusal.field.as_str()))
    });
    table.getter("err", "message", |refused: &mut Refused| {
        Outcome::Ok(ImmutableString::from(refused.refusal.message.as_str()))
    });
    table.getter("err", "hint", |refused: &mut Refused| {
        Outcome::Ok(ImmutableString::from(refused.refusal.hint.as_deref().unwrap_or_default()))
    });
    for name in ["to_string", "to_debug", "print", "debug"] {
        table.inner(name, |refused: &mut Refused| ImmutableString::from(refused.refusal.message.as_str()));
    }
}

impl Pointer {
    /// Counts an access and opens the desk, if this handle's call is still running.
    fn desk(&self) -> Outcome<MutexGuard<'_, Desk>> {
        self.call.charge()?;
        let desk = self.call.desk();
        if desk.number == self.number && desk.subject.is_some() {
            return Ok(desk);
        }
        Err("the call to which this belongs is over".into())
    }
}

/// A handle that does not fit what lies on the desk: only a mistake of ours can make one.
fn odd_handle() -> Box<EvalAltResult> {
    "this handle does not belong to what is in hand".into()
}

/// Takes back a property that cannot be set: Rhai writes it back after any method was called on its value.
fn unchanged(name: &str, held: &Dynamic, value: &Dynamic) -> Outcome<()> {
    if held.to_string() == value.to_string() { Ok(()) } else { Err(format!("`{name}` cannot be set").into()) }
}

/// What a script writes to a field.
enum Written {
    One(ImmutableString),
    Several(Vec<ImmutableString>),
}

fn written(name: &str, value: &Dynamic) -> Outcome<Written> {
    if let Some(text) = text(value) {
        return Ok(Written::One(text));
    }
    if let Some(array) = value.read_lock::<Array>() {
        let texts: Option<Vec<_>> = array.iter().map(text).collect();
        return texts
            .map(Written::Several)
            .ok_or_else(|| format!("an array for `{name}` holds something that is no text").into());
    }
    Err(format!("`{name}` takes a text, not a value of type {}", value.type_name()).into())
}
