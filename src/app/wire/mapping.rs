//! Mappings of imported files as JSON.

use serde_json::{Value, json};

use crate::app::import::mapping::Origin;
use crate::app::import::mapping::bundled::Bundled;
use crate::app::mappings::Kept;

/// A saved mapping: `field` is null for a column that is unknown, and `-` for one that is left out.
pub fn saved(kept: &Kept) -> Value {
    let document = kept.document.to_json();
    json!({
        "name": kept.saved.name.as_str(), "bundled": false, "base": document["base"], "columns": document["columns"],
        "saved": { "at": super::time(kept.saved.at), "by": kept.saved.person },
    })
}

/// A mapping that comes with Carnet.
pub fn bundled(bundled: &Bundled) -> Value {
    let columns = bundled.columns();
    let columns = columns.iter().map(|(header, field)| json!({ "header": header, "field": field }));
    json!({ "name": bundled.name, "title": bundled.title, "bundled": true, "signs": bundled.signs, "columns": columns.collect::<Vec<_>>() })
}

/// Where the mapping of an import comes from.
pub fn origin(origin: &Origin) -> Value {
    match origin {
        Origin::Saved(name) => json!({ "name": name, "bundled": false }),
        Origin::Bundled(name, title) => json!({ "name": name, "title": title, "bundled": true }),
    }
}
