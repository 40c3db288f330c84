//! The JSON of what an import would do.

use serde_json::{Value, json};

use crate::app::import::preview::{FieldSum, Outcome, Preview, Previews};

/// One row of a dry run.
#[must_use]
pub fn preview(preview: &Preview) -> Value {
    let mut value = json!({ "row": preview.record, "line": preview.line, "action": preview.action });
    if let Value::Object(map) = &mut value {
        match &preview.outcome {
            Outcome::Contact { id, name } => {
                if let Some(id) = id {
                    map.insert("id".into(), json!(id));
                }
                map.insert("name".into(), json!(name));
            }
            Outcome::Nothing(reasons) => drop(map.insert("reason".into(), json!(reasons))),
        }
        let fields = preview
            .fields
            .iter()
            .map(|field| json!({ "field": field.field, "old": field.old, "new": field.new, "plugin": field.plugin }));
        map.insert("fields".into(), fields.collect());
        let told = if preview.action == "fail" { "problems" } else { "warnings" };
        if !preview.problems.is_empty() {
            map.insert(told.into(), json!(preview.problems));
        }
    }
    value
}

/// What a dry run would do as a whole: to fields, and beside contacts.
#[must_use]
pub fn previews(previews: &Previews) -> Value {
    let field = |(field, sum): (&String, &FieldSum)| {
        let FieldSum { created, filled, changed, cleared } = sum;
        (field.clone(), json!({ "created": created, "filled": filled, "changed": changed, "cleared": cleared }))
    };
    let mut made = serde_json::Map::new();
    for (kind, names) in &previews.new_names {
        made.insert((*kind).to_owned(), json!(names));
    }
    json!({
        "fields": previews.fields.iter().map(field).collect::<serde_json::Map<_, _>>(),
        "failures": previews.codes,
        "new": made,
    })
}
