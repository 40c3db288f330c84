//! The consent ledger, what was erased of a person, and all that is held about one.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::app::forget::Forgotten;
use crate::app::history::Consent;
use crate::store::ConsentEntry;

/// A contact's consent with its ledger.
#[must_use]
pub fn consent(consent: &Consent) -> Value {
    let mut value = json!({
        "opt_out": consent.opt_out,
        "ledger": consent.ledger.iter().map(consent_entry).collect::<Vec<_>>(),
    });
    if let (Some(note), Value::Object(map)) = (&consent.note, &mut value) {
        map.insert("note".to_owned(), json!(note));
    }
    value
}

/// One entry of the ledger.
#[must_use]
pub fn consent_entry(entry: &ConsentEntry) -> Value {
    json!({
        "opt_out": entry.opt_out, "at": super::time(entry.at), "by": super::actor(&entry.actor),
        "plugin": entry.plugin.as_deref().map(super::plugin), "via": entry.via,
    })
}

/// What was erased of a person, and what was not. Keys of plugins' memories may name the person, and are only counted.
#[must_use]
pub fn forgotten(done: &Forgotten) -> Value {
    let erased = &done.erased;
    let mut plugins: BTreeMap<&str, u64> = BTreeMap::new();
    erased.plugin_state.iter().for_each(|(plugin, _)| *plugins.entry(plugin).or_default() += 1);
    json!({
        "forgotten": done.id.to_string(),
        "at": super::time(done.at),
        "erased": {
            "contacts": erased.contacts, "changes": erased.changes, "merges": erased.merges,
            "enquiries": erased.enquiries, "notes": erased.notes, "engagements": erased.engagements,
            "visits": erased.visits, "failed_rows": erased.failed_rows.len(), "reasons": erased.reasons, "batches": erased.batches,
            "plugin_state": plugins.iter().map(|(plugin, entries)| json!({ "plugin": plugin, "entries": entries })).collect::<Vec<_>>(),
            "files": done.files.iter().map(|path| path.display().to_string()).collect::<Vec<_>>(),
        },
        "left": done.left,
        "complete": !done.incomplete,
        "notes": done.notes,
    })
}
