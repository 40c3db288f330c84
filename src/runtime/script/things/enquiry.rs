//! The enquiry in scripts.

use rhai::Dynamic;

use super::contact::{ContactHandle, Which};
use super::merge::written_back;
use super::{Pointer, Written, odd_handle, written};
use crate::plugin::fault::FaultKind;
use crate::plugin::hand::{EditError, EnquiryHand, Refusal, Subject};
use crate::runtime::script::api::Table;
use crate::runtime::script::call::{Outcome, throw, unreadable};

/// The enquiry in hand of `on_enquiry`.
#[derive(Clone)]
pub(super) struct EnquiryHandle(pub(super) Pointer);

pub(super) fn register(table: &mut Table) {
    describe(table);
    table.module.set_custom_type::<EnquiryHandle>("Enquiry");
    for name in ["id", "channel", "status", "subject", "staff", "device", "opened_at"] {
        table.getter("enquiry", name, move |enquiry: &mut EnquiryHandle| enquiry.get(name));
        table.write_back(name, move |enquiry: &mut EnquiryHandle, value: Dynamic| enquiry.set(name, &value));
    }
    table.getter("enquiry", "has_contact", |enquiry: &mut EnquiryHandle| enquiry.has_contact());
    table.getter("enquiry", "contact", |enquiry: &mut EnquiryHandle| enquiry.contact());
    table.write_back("contact", |_: &mut EnquiryHandle, value: Dynamic| written_back(&value));
    table.index_getter("enquiry", |enquiry: &mut EnquiryHandle, name: &str| enquiry.get(name));
    table.index_setter("enquiry", |enquiry: &mut EnquiryHandle, name: &str, value: Dynamic| enquiry.set(name, &value));
    table.function("get", |enquiry: &mut EnquiryHandle, name: &str| enquiry.get(name));
    table.function("set_attribute", |enquiry: &mut EnquiryHandle, key: &str, value: Dynamic| {
        enquiry.set_attribute(key, &value)
    });
    table.function("suppress_survey", |enquiry: &mut EnquiryHandle, reason: &str| {
        enquiry.edit(|hand| hand.suppress_survey(reason))
    });
    table.function("surveys_within_days", |enquiry: &mut EnquiryHandle, days: i64| enquiry.surveys_within_days(days));
}

fn describe(table: &mut Table) {
    table.chapter(
        "An enquiry: `fn on_enquiry(enquiry)`",
        "Called when an enquiry opens and at every change of its status. A script that faults here is passed over by default, for an \
         enquiry is never lost to a plugin; `reject` refuses it.",
    );
    table.say("enquiry.channel", "`call`, `sms`, `whatsapp`, `web-chat`, `email`, `messenger`, `wechat`, `line`, `twitter`, `linkedin`, `instagram` or `woztell-…`.", &[("enquiry.channel", "\"whatsapp\"")]);
    table.say(
        "enquiry.status",
        "The status that it is taking on: `open`, `handling`, `closed` or `missed`.",
        &[("enquiry.status", "\"open\"")],
    );
    table.say("enquiry.id, enquiry.subject, enquiry.staff, enquiry.device, enquiry.opened_at", "Its number (0 while it opens), subject, who handles it, device, and time (RFC 3339, UTC), as texts; missing ones are `\"\"`.", &[("enquiry.id", "\"1\""), ("enquiry.subject", "\"Where is my parcel?\""), ("enquiry.staff + enquiry.device", "\"\""), ("enquiry.opened_at", "\"2026-03-01T09:30:00Z\"")]);
    table.say(
        "enquiry[\"from.phone\"]",
        "Who it is from: `from.phone` (E.164 where it is a number), `from.email`, `from.handle` or `from.name`.",
        &[("enquiry[\"from.phone\"]", "\"+85291234567\"")],
    );
    table.say(
        "enquiry[\"attribute.KEY\"]",
        "What a plugin noted before.",
        &[
            ("enquiry[\"attribute.order\"]", "\"A-17\""),
            ("enquiry[\"attribute.order\"] = \"A-18\";", "sets attribute.order = \"A-18\""),
        ],
    );
    table.say("enquiry.get(name)", "The same as a function.", &[("enquiry.get(\"channel\")", "\"whatsapp\"")]);
    table.say("enquiry.has_contact", "Whether a contact was matched.", &[("enquiry.has_contact", "true")]);
    table.say(
        "enquiry.contact",
        "That contact, which can be written: `enquiry.contact.survey_opt_out = \"yes\"`; `()` when there is none.",
        &[("enquiry.contact.survey_opt_out = \"yes\";", "sets survey_opt_out = \"yes\"")],
    );
    table.say(
        "enquiry.set_attribute(key, value)",
        "Notes something for the agent's view: key 1–64 bytes, value up to 4096; an empty value removes it.",
        &[(
            "enquiry.set_attribute(\"country\", phone_country(enquiry[\"from.phone\"]));",
            "sets attribute.country = \"HK\"",
        )],
    );
    table.say(
        "enquiry.suppress_survey(reason)",
        "Asks that no survey follow; the contact's own opt-out is not touched.",
        &[("enquiry.suppress_survey(\"a complaint\");", "sets survey = \"a complaint\"")],
    );
    table.say(
        "enquiry.surveys_within_days(days)",
        "How many surveys were sent to the contact in so many days before the enquiry opened.",
        &[("enquiry.surveys_within_days(7)", "1")],
    );
}

impl EnquiryHandle {
    fn with<T>(&self, read: impl FnOnce(&EnquiryHand) -> Outcome<T>) -> Outcome<T> {
        match &self.0.desk()?.subject {
            Some(Subject::Enquiry(hand)) => read(hand),
            _ => Err(odd_handle()),
        }
    }

    fn get(&self, name: &str) -> Outcome<Dynamic> {
        self.with(|hand| {
            let text = hand.get(name).map_err(unreadable)?;
            Ok(text.as_deref().unwrap_or_default().into())
        })
    }

    fn has_contact(&self) -> Outcome<bool> {
        self.with(|hand| Ok(hand.contact().is_some()))
    }

    fn contact(&self) -> Outcome<Dynamic> {
        let handle = || Dynamic::from(ContactHandle { pointer: self.0.clone(), which: Which::OfEnquiry });
        Ok(if self.has_contact()? { handle() } else { Dynamic::UNIT })
    }

    fn surveys_within_days(&self, days: i64) -> Outcome<i64> {
        let days = u32::try_from(days.clamp(0, 100_000)).unwrap_or(0);
        self.with(|hand| Ok(i64::from(hand.surveys_within_days(days))))
    }

    /// Attributes are the only thing that can be set by index. Rhai writes anything back after a method was called on its value.
    fn set(&self, name: &str, value: &Dynamic) -> Outcome<()> {
        if self.get(name).is_ok_and(|held| held.to_string() == value.to_string()) {
            return Ok(());
        }
        match name.strip_prefix("attribute.") {
            Some(key) => self.set_attribute(key, value),
            None => Err(read_only(name)),
        }
    }

    fn set_attribute(&self, key: &str, value: &Dynamic) -> Outcome<()> {
        let Written::One(text) = written(key, value)? else {
            return Err("an attribute takes one text, not an array".into());
        };
        self.edit(|hand| hand.set_attribute(key, &text))
    }

    fn edit(&self, write: impl FnOnce(&mut EnquiryHand) -> Result<(), EditError>) -> Outcome<()> {
        let mut desk = self.0.desk()?;
        let done = match &mut desk.subject {
            Some(Subject::Enquiry(hand)) => write(hand),
            _ => return Err(odd_handle()),
        };
        drop(desk);
        done.map_err(|error| self.0.call.edit_failed(error))
    }
}

fn read_only(name: &str) -> Box<rhai::EvalAltResult> {
    let refusal = Refusal {
        code: "READ_ONLY".into(),
        field: name.to_owned(),
        message: format!("`{name}` of an enquiry cannot be set"),
        hint: Some("note it by `enquiry.set_attribute(key, value)`".to_owned()),
    };
    throw(refusal, FaultKind::RefusedEdit)
}
