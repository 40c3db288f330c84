//! Merges, merges taken back and duplicates as JSON.

use serde_json::{Value, json};

use super::contact;
use crate::app::merge::{Pair, Preview};
use crate::app::unmerge::Unmerged;
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
