//! The consent ledger, what was erased of a person, and all that is held about one.

use serde_json::{Value, json};

use crate::app::history::Consent;
use crate::store::{ConsentEntry, PluginRef};

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
        "plugin": entry.plugin.as_deref().map(plugin), "via": entry.via,
    })
}

fn plugin(plugin: &PluginRef) -> Value {
    json!({ "name": plugin.name, "version": plugin.version, "hash": plugin.hash })
}
