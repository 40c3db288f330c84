//! Merges, merges taken back and duplicates as JSON.

use serde_json::{Value, json};

use super::contact;
use crate::app::duplicates::Candidates;
use crate::app::duplicates::book::{Crowd, Found};
use crate::app::merge::{Pair, Preview};
use crate::app::unmerge::Unmerged;
use crate::domain::contact::{Contact, Phone};
use crate::domain::duplicate::Likeness;
use crate::domain::merge::choices::Row;

/// Two contacts side by side, and what they would become.
#[must_use]
pub fn preview(pair: &Pair, preview: &Preview) -> Value {
    json!({
        "master": contact(&pair.master),
        "other": contact(&pair.other),
        "result": contact(&preview.result),
        "fields": preview.rows.iter().map(row).collect::<Vec<_>>(),
    })
}

fn row(row: &Row) -> Value {
    json!({
        "field": row.key.to_string(), "master": row.master, "other": row.other, "result": row.result,
        "choice": row.choice.as_str(),
    })
}

/// A merge that was taken back.
#[must_use]
pub fn unmerged(unmerged: &Unmerged) -> Value {
    json!({
        "master": contact(&unmerged.master),
        "restored": contact(&unmerged.restored),
        "carried": unmerged.carried.iter().map(|change| json!({
            "field": change.key.to_string(), "old": change.old, "new": change.new,
        })).collect::<Vec<_>>(),
    })
}

/// What was found in the whole book.
#[must_use]
pub fn duplicates(found: &Found) -> Value {
    json!({
        "duplicates": found.pairs.iter().map(|pair| twins(&pair.likeness, [&pair.contacts[0], &pair.contacts[1]])).collect::<Vec<_>>(),
        "total": found.total, "compared": found.compared,
        "skipped_groups": crowds(&found.skipped),
    })
}

fn crowds(skipped: &[Crowd]) -> Value {
    let one = |crowd: &Crowd| json!({ "kind": crowd.kind.as_str(), "value": crowd.value, "contacts": crowd.contacts });
    skipped.iter().map(one).collect()
}

/// Candidates for one contact, in the same form.
#[must_use]
pub fn candidates(contact: &Contact, candidates: &Candidates) -> Value {
    json!({
        "duplicates": candidates.best.iter().map(|it| twins(&it.likeness, [contact, &it.contact])).collect::<Vec<_>>(),
        "total": candidates.total, "compared": candidates.compared, "skipped_groups": crowds(&candidates.skipped),
    })
}

fn twins(likeness: &Likeness, contacts: [&Contact; 2]) -> Value {
    json!({
        "score": likeness.score,
        "reasons": reasons(likeness),
        "contacts": contacts.map(brief),
    })
}

/// Why two contacts may be one.
#[must_use]
pub fn reasons(likeness: &Likeness) -> Value {
    likeness.reasons.iter().map(|reason| json!({ "code": reason.code.as_str(), "text": reason.text })).collect()
}

fn brief(contact: &Contact) -> Value {
    json!({
        "id": contact.id.to_string(), "name": contact.display_name(), "company": contact.company,
        "phone": contact.phones.first().map(Phone::dialled),
        "email": contact.emails.first().map(|mail| &mail.address),
    })
}
