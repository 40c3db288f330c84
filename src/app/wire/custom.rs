//! JSON of custom fields and their schemas.

use serde_json::{Value, json};

use super::time;
use crate::domain::custom::{CustomField, Entity, Schema};
use crate::store::SchemaVersion;

/// A custom field.
#[must_use]
pub fn field(entity: Entity, field: &CustomField) -> Value {
    json!({
        "key": field.key, "label": field.label, "type": field.kind.as_str(), "options": field.options,
        "required": field.required, "enabled": field.enabled, "for": entity.as_str(),
    })
}

/// All fields of a schema.
#[must_use]
pub fn fields(entity: Entity, schema: &Schema) -> Vec<Value> {
    schema.fields.iter().map(|one| field(entity, one)).collect()
}

/// A version of a schema, with what it changed.
#[must_use]
pub fn version(entity: Entity, version: &SchemaVersion, changes: &[String]) -> Value {
    json!({
        "version": version.schema.version, "for": entity.as_str(), "at": time(version.at), "by": version.by,
        "changes": changes, "fields": fields(entity, &version.schema),
    })
}
