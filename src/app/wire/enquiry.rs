//! Enquiries, the agent's view, engagements and visits as JSON.

use serde_json::{Map, Value, json};

use crate::app::enquiry::{Activity, Candidate, ScreenPop, SurveyCheck};
use crate::app::wire::note::note;
use crate::app::wire::privacy::consent_entry;
use crate::app::wire::records::organization;
use crate::app::wire::{change, contact, time};
use crate::domain::engagement::Engagement;
use crate::domain::enquiry::{Enquiry, EnquiryStatus, SurveyDecision, Visit};
use crate::domain::name::Name;

/// An enquiry; its transcript by size.
#[must_use]
pub fn enquiry(enquiry: &Enquiry) -> Value {
    let from = &enquiry.from;
    json!({
        "id": enquiry.id, "rev": enquiry.rev, "channel": enquiry.channel.as_str(), "status": enquiry.status.as_str(),
        "from": { "phone": from.phone, "email": from.email, "handle": from.handle, "name": from.name },
        "subject": enquiry.subject,
        "contact": enquiry.contact.map(|id| id.to_string()), "contact_name": enquiry.contact_name,
        "staff": enquiry.staff.as_ref().map(Name::as_str), "device": enquiry.device,
        "transcript_bytes": enquiry.transcript_bytes,
        "opened_at": time(enquiry.opened_at), "changed_at": time(enquiry.changed_at), "closed_at": enquiry.closed_at.map(time),
        "attributes": enquiry.attributes,
        "survey": enquiry.survey.as_ref().filter(|_| enquiry.status == EnquiryStatus::Closed).map(survey),
    })
}

/// A survey decision.
#[must_use]
pub fn survey(decision: &SurveyDecision) -> Value {
    match decision {
        SurveyDecision::Send => json!({ "send": true, "reason": null }),
        SurveyDecision::Suppress(reason) => json!({ "send": false, "reason": reason }),
    }
}

/// Whether a survey may be sent to a contact, and who has a say in it.
#[must_use]
pub fn survey_check(check: &SurveyCheck) -> Value {
    let mut value = survey(&check.decision);
    value["contact"] = json!(check.contact.to_string());
    value["opted_out"] = json!(check.opted_out);
    value["ledger"] = check.ledger.as_ref().map_or(Value::Null, consent_entry);
    value["plugins"] = json!(check.plugins);
    value
}

/// The agent's view.
#[must_use]
pub fn screen_pop(pop: &ScreenPop) -> Value {
    let held = pop.contact.as_ref();
    let labels = held.map_or_else(Vec::new, |held| held.labels.iter().map(ToString::to_string).collect());
    let custom: Map<String, Value> =
        held.map_or_else(Map::new, |held| held.custom.iter().map(|(key, value)| (key.clone(), json!(value))).collect());
    let mut asked = enquiry(&pop.enquiry);
    asked["visits"] = pop.visits.iter().map(visit).collect();
    if let Some(transcript) = &pop.transcript {
        asked["transcript"] = json!(transcript);
    }
    json!({
        "enquiry": asked,
        "contact": held.map(contact),
        "restricted": pop.restricted,
        "permissions": { "view": pop.permissions.view, "edit": pop.permissions.edit },
        "organization": pop.organization.as_ref().map(organization),
        "labels": labels,
        "custom": custom,
        "external_url": held.and_then(|held| held.external_url.clone()),
        "notes": pop.contact_notes.iter().map(note).collect::<Vec<_>>(),
        "candidates": pop.candidates.iter().map(candidate).collect::<Vec<_>>(),
        "survey": pop.survey.as_ref().map(survey),
        "activity": activity(&pop.activity),
        "changes": pop.changes.iter().map(change).collect::<Vec<_>>(),
        "earlier_enquiries": pop.activity.enquiries.iter().map(enquiry).collect::<Vec<_>>(),
        "notes_for_agent": pop.notes,
    })
}

fn candidate(candidate: &Candidate) -> Value {
    json!({ "contact": contact(&candidate.contact), "score": candidate.score, "reasons": candidate.reasons })
}

/// What happened with a contact.
#[must_use]
pub fn activity(activity: &Activity) -> Value {
    json!({
        "enquiries": activity.enquiries.iter().map(enquiry).collect::<Vec<_>>(),
        "engagements": activity.engagements.iter().map(engagement).collect::<Vec<_>>(),
        "visits": activity.visits.iter().map(visit).collect::<Vec<_>>(),
    })
}

/// A call or a text message.
#[must_use]
pub fn engagement(engagement: &Engagement) -> Value {
    json!({
        "id": engagement.id, "contact": engagement.contact.to_string(), "kind": engagement.kind.as_str(),
        "number": engagement.number, "text": engagement.text, "at": time(engagement.at), "by": engagement.by,
    })
}

/// A visited page.
#[must_use]
pub fn visit(visit: &Visit) -> Value {
    json!({ "at": time(visit.at), "url": visit.url, "title": visit.title, "enquiry": visit.enquiry })
}
