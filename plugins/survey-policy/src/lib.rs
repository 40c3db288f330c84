//! Decides who is never asked how the call was: by label, type, country and channel, and by how often somebody was asked already.
//!
//! Consent only tightens here. On creation and change the plugin opts contacts out, and never back in; when an enquiry opens or changes
//! its status it suppresses the survey, with a reason that the agent and the log show. It has no say in whether a record is accepted.
//!
//! How it is laid out: this file alone knows the bindings, `policy` decides. The host's contact and the contact behind an enquiry are
//! read through one trait, so there is one set of rules for both, and its tests run natively with `cargo test`.

mod policy;

use std::sync::OnceLock;

use carnet::plugin::config;
use carnet::plugin::things::{Contact, Enquiry};
use carnet::plugin::types::{Problem, Refusal, Verdict};
use exports::carnet::plugin::{on_create, on_enquiry, on_update};
use policy::{Person, Policy};

// A world of its own: what is not imported here need not be granted, and cannot break this plugin when it changes.
wit_bindgen::generate!({
    path: "../../wit",
    inline: "
        package carnet:survey-policy;
        world guest {
            import carnet:plugin/config@0.1.0;
            export carnet:plugin/on-create@0.1.0;
            export carnet:plugin/on-update@0.1.0;
            export carnet:plugin/on-enquiry@0.1.0;
        }
    ",
    world: "carnet:survey-policy/guest",
    generate_all,
});

struct SurveyPolicy;

impl on_create::Guest for SurveyPolicy {
    fn create(contact: &Contact) -> Verdict {
        verdict(opt_out(contact))
    }
}

impl on_update::Guest for SurveyPolicy {
    fn update(contact: &Contact, _before: &Contact) -> Verdict {
        verdict(opt_out(contact))
    }
}

impl on_enquiry::Guest for SurveyPolicy {
    fn take_enquiry(enquiry: &Enquiry) -> Verdict {
        // An enquiry is not refused for want of a policy: what cannot be read is taken for an opt-out. If that is refused too, then
        // accepting is a fault, and after a fault of a plugin with a say in it no survey is sent either.
        if let Err(refusal) = suppress(enquiry) {
            let _ = enquiry.suppress_survey(&["the survey policy could not look: ", &refusal.message].concat());
        }
        Verdict::Accept
    }
}

/// Opts a contact out whom the policy names. Whoever is opted out already needs no edit.
fn opt_out(contact: &Contact) -> Result<(), Refusal> {
    if !policy::is_opted_out(contact)? && policy().names(contact)?.is_some() {
        contact.set("survey_opt_out", "yes")?;
    }
    Ok(())
}

/// Suppresses the survey of an enquiry, at every status: a reason that was true once isn't taken back.
fn suppress(enquiry: &Enquiry) -> Result<(), Refusal> {
    let channel = enquiry.get("channel")?.unwrap_or_default();
    let asked = |days| enquiry.surveys_within_days(days);
    match policy().against_survey(&channel, enquiry, asked)? {
        Some(reason) => enquiry.suppress_survey(&reason),
        None => Ok(()),
    }
}

impl Person for Contact {
    type Refusal = Refusal;

    fn get(&self, field: &str) -> Result<Option<String>, Refusal> {
        Contact::get(self, field)
    }

    fn values(&self, field: &str) -> Result<Vec<String>, Refusal> {
        Contact::values(self, field)
    }
}

/// The contact with which an enquiry was matched; without one, all its fields are empty.
impl Person for Enquiry {
    type Refusal = Refusal;

    fn get(&self, field: &str) -> Result<Option<String>, Refusal> {
        self.contact_get(field)
    }

    fn values(&self, field: &str) -> Result<Vec<String>, Refusal> {
        self.contact_values(field)
    }
}

/// The configuration stays the same as long as the plugin is loaded: it is asked for once, not for every contact.
fn policy() -> &'static Policy {
    static POLICY: OnceLock<Policy> = OnceLock::new();
    POLICY.get_or_init(|| {
        // A number that makes no sense, such as -1, fails closed: none at all, in all the time there was.
        let number = |key| config::get(key).and_then(|text| text.parse().ok());
        Policy {
            labels: config::get_list("opt_out_labels"),
            types: config::get_list("opt_out_types"),
            countries: config::get_list("opt_out_countries"),
            channels: config::get_list("channels"),
            max_surveys: number("max_surveys").unwrap_or(0),
            window_days: number("window_days").unwrap_or(u32::MAX),
        }
    })
}

/// A contact whose opt-out could not be read or set is not let in without one. A refusal has all that a problem needs, so hand it on.
fn verdict(outcome: Result<(), Refusal>) -> Verdict {
    match outcome {
        Ok(()) => Verdict::Accept,
        Err(refusal) => Verdict::Reject(vec![Problem {
            field: Some(refusal.field),
            code: refusal.code,
            message: refusal.message,
            hint: refusal.hint,
        }]),
    }
}

export!(SurveyPolicy);
