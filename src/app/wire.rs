//! JSON as the command line and the server speak it: SPEC's names in snake_case, dates as ISO 8601. Domain types have no serialization of their own.

mod conflict;
pub mod custom;
pub mod enquiry;
mod job;
pub mod mapping;
pub mod merge;
pub mod note;
mod preview;
pub mod privacy;
pub mod query;
pub mod records;

use serde_json::{Map, Value, json};

pub use job::{can_resume, can_undo, job, job_plugins, job_settings, job_state, more_room, resume_command, resume_of};
pub use preview::{preview, previews};

use super::decide::Told;
use super::failure::Failure;
use crate::domain::contact::{Contact, Stamp};
use crate::domain::name::Name;
use crate::store::{Actor, ChangeEntry, Counts, LabelInfo, PluginRef};

/// A contact, all of it; empty lists and missing values are there as `[]` and `null`.
#[must_use]
pub fn contact(contact: &Contact) -> Value {
    json!({
        "id": contact.id.to_string(),
        "rev": contact.rev,
        "name": contact.display_name(),
        "type": contact.kind.as_str(),
        "level": contact.level.as_str(),
        "first_name": contact.first_name,
        "last_name": contact.last_name,
        "last_name_is_placeholder": contact.last_name_is_placeholder,
        "other_first_names": contact.other_first_names,
        "other_last_names": contact.other_last_names,
        "company": contact.company,
        "job_title": contact.job_title,
        "department": contact.department,
        "group": contact.group,
        "language": contact.language.as_ref().map(|language| language.as_str().to_owned()),
        "birth_date": contact.birth_date.map(|date| date.to_string()),
        "address": {
            "street": contact.address.street, "city": contact.address.city, "state": contact.address.state,
            "zip": contact.address.zip, "country": contact.address.country.map(|country| country.as_str().to_owned()),
        },
        "phones": contact.phones.iter().map(|phone| json!({
            "kind": phone.kind.as_str(), "raw": phone.raw, "e164": phone.e164, "extension": phone.extension,
            "sms": phone.sms, "verified": phone.verified,
        })).collect::<Vec<_>>(),
        "emails": contact.emails.iter().map(|mail| json!({
            "kind": mail.kind.as_str(), "address": mail.address, "verified": mail.verified,
        })).collect::<Vec<_>>(),
        "socials": contact.socials.iter().map(|social| json!({
            "channel": social.channel.as_str(), "handle": social.handle, "verified": social.verified,
        })).collect::<Vec<_>>(),
        "labels": contact.labels.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "survey_opt_out": contact.survey_opt_out,
        "external_url": contact.external_url,
        "external_ids": contact.external_ids.iter().map(|id| json!({ "source": id.source, "id": id.id })).collect::<Vec<_>>(),
        "custom": contact.custom.iter().map(|(key, value)| (key.clone(), json!(value))).collect::<Map<_, _>>(),
        "organization": contact.organization.as_ref().map(Name::as_str),
        "owner": contact.owner.as_ref().map(Name::as_str),
        "shared_with": contact.shared_with.iter().map(Name::as_str).collect::<Vec<_>>(),
        "division": contact.division.as_ref().map(Name::as_str),
        "device": contact.device,
        "created": stamp(&contact.created),
        "updated": stamp(&contact.updated),
    })
}

fn stamp(stamp: &Stamp) -> Value {
    json!({ "at": time(stamp.at), "by": *stamp.by })
}

/// A time, RFC 3339 in UTC with seconds.
#[must_use]
pub fn time(at: chrono::DateTime<chrono::Utc>) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}

/// One entry of the change log.
#[must_use]
pub fn change(entry: &ChangeEntry) -> Value {
    json!({
        "at": time(entry.at),
        "by": actor(&entry.actor),
        "action": entry.action.as_str(),
        "rev": entry.rev,
        "fields": entry.fields.iter().map(|field| json!({
            "field": field.field, "old": field.old, "new": field.new,
            "plugin": field.plugin.as_deref().map(plugin),
        })).collect::<Vec<_>>(),
    })
}

/// One version of a plugin.
fn plugin(plugin: &PluginRef) -> Value {
    json!({ "name": plugin.name, "version": plugin.version, "hash": plugin.hash })
}

/// Who wrote: a person's name, or `import 12`.
#[must_use]
pub fn actor(actor: &Actor) -> String {
    match actor {
        Actor::Person(name) => name.clone(),
        Actor::Import(job) => format!("import {job}"),
    }
}

/// A label with its use.
#[must_use]
pub fn label(label: &LabelInfo) -> Value {
    json!({ "name": label.name.as_str(), "colour": label.colour, "contacts": label.contacts })
}

/// Counts of an import.
#[must_use]
pub fn counts(counts: &Counts) -> Map<String, Value> {
    let pairs = std::iter::once(("read", counts.read)).chain(counts.outcomes());
    pairs.map(|(name, count)| (name.to_owned(), json!(count))).collect()
}

/// A failure, as `{error: …}`.
#[must_use]
pub fn failure(failure: &Failure) -> Value {
    let mut error = json!({
        "code": failure.code, "message": failure.message, "hint": failure.hint,
        "problems": failure.problems.iter().map(told).collect::<Vec<_>>(),
    });
    if let Some(conflict) = &failure.conflict {
        error["conflict"] = conflict::conflict(conflict);
    }
    json!({ "error": error })
}

/// One problem, and whose word it is.
#[must_use]
pub fn told(told: &Told) -> Value {
    let problem = &told.problem;
    json!({
        "field": problem.field, "code": problem.code, "value": problem.value, "message": problem.message, "hint": problem.hint,
        "plugin": told.plugin.as_ref().map(|plugin| plugin.name.clone()),
    })
}
