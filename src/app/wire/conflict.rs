//! What two people wanted of one contact, as JSON.

use serde_json::{Value, json};

use super::{actor, time};
use crate::app::contacts::conflict::Conflict;

/// A conflict, as `{seen, now, theirs, yours}`.
pub(super) fn conflict(conflict: &Conflict) -> Value {
    json!({
        "seen": conflict.seen, "now": conflict.now,
        "theirs": conflict.theirs.iter().map(|field| json!({
            "field": field.field, "old": field.old, "new": field.new, "by": actor(&field.by), "at": time(field.at),
        })).collect::<Vec<_>>(),
        "yours": conflict.yours.iter().map(|field| json!({
            "field": field.field, "how": field.how, "new": field.new,
        })).collect::<Vec<_>>(),
    })
}
