//! `carnet field`

use serde_json::{Value, json};

use crate::app::custom_fields::FieldWritten;
use crate::app::failure::{Class, Failure};
use crate::app::{App, wire};
use crate::cli::args::{EntityArg, FieldArgs, FieldCommand, KindArg};
use crate::cli::exit::Outcome;
use crate::cli::print::{Printer, table};
use crate::domain::custom::{CustomField, CustomKind, Entity, FieldEdit, Schema};
use crate::domain::permission::Viewer;

/// Runs the command.
pub fn run(app: &App, args: &FieldArgs, by: &Viewer, printer: &mut Printer) -> Result<Outcome, Failure> {
    let switch = |enabled: bool| FieldEdit { enabled: Some(enabled), ..FieldEdit::default() };
    match &args.command {
        FieldCommand::List { entity, versions: true } => versions(app, entities(*entity), printer)?,
        FieldCommand::List { entity, versions: false } => list(app, entities(*entity), printer)?,
        FieldCommand::Add { key, kind, label, option, required, entity } => {
            let field = CustomField {
                key: key.clone(),
                label: label.clone().unwrap_or_default(),
                kind: (*kind).into(),
                options: option.clone(),
                required: *required,
                enabled: true,
            };
            written(&app.add_field((*entity).into(), field, by)?, printer);
        }
        FieldCommand::Edit { key, label, option, required, entity, kind } => {
            let (entity, field) = app.custom_field(key, entity.map(Into::into))?;
            same_type(&field, *kind)?;
            let options = (!option.is_empty()).then(|| option.clone());
            let edit = FieldEdit { label: label.clone(), options, required: *required, enabled: None };
            if edit == FieldEdit::default() {
                return Err(Failure::new(Class::Usage, "CUSTOM_EDIT", "nothing is to be changed")
                    .hint("say what: `--label`, `--option` or `--required`"));
            }
            written(&app.edit_field(entity, key, &edit, by)?, printer);
        }
        FieldCommand::Disable { key, entity } => {
            let (entity, _) = app.custom_field(key, entity.map(Into::into))?;
            written(&app.edit_field(entity, key, &switch(false), by)?, printer);
        }
        FieldCommand::Enable { key, entity } => {
            let (entity, _) = app.custom_field(key, entity.map(Into::into))?;
            written(&app.edit_field(entity, key, &switch(true), by)?, printer);
        }
        FieldCommand::Show { key, entity } => {
            let (entity, field) = app.custom_field(key, entity.map(Into::into))?;
            printer.answer(|| wire::custom::field(entity, &field), || field_text(entity, &field));
        }
    }
    Ok(Outcome::Done)
}

fn entities(entity: Option<EntityArg>) -> Vec<Entity> {
    entity.map_or_else(|| Entity::ALL.to_vec(), |entity| vec![entity.into()])
}

/// Values of one type make no sense under another.
fn same_type(field: &CustomField, kind: Option<KindArg>) -> Result<(), Failure> {
    match kind.map(CustomKind::from) {
        Some(kind) if kind != field.kind => {
            let (key, held) = (&field.key, field.kind);
            Err(Failure::new(Class::Rejected, "CUSTOM_TYPE_FIXED", format!("`{key}` is of type {held} and stays so"))
                .hint(format!("disable it with `carnet field disable {key}`, and add a field with another key")))
        }
        _ => Ok(()),
    }
}

fn list(app: &App, entities: Vec<Entity>, printer: &mut Printer) -> Result<(), Failure> {
    let schemas = entities.into_iter().map(|entity| Ok((entity, app.schema(entity)?)));
    let schemas = schemas.collect::<Result<Vec<_>, Failure>>()?;
    let fields: Vec<Value> =
        schemas.iter().flat_map(|(entity, schema)| wire::custom::fields(*entity, schema)).collect();
    printer.answer(
        || json!({ "fields": fields, "version": schemas.first().map_or(0, |(_, schema)| schema.version) }),
        || {
            if fields.is_empty() {
                return "no custom fields yet; `carnet field add` makes one".to_owned();
            }
            let rows =
                schemas.iter().flat_map(|(entity, schema)| schema.fields.iter().map(|field| row(*entity, field)));
            table(&rows.collect::<Vec<_>>())
        },
    );
    Ok(())
}

fn row(entity: Entity, field: &CustomField) -> Vec<String> {
    let mut remarks: Vec<String> = Vec::new();
    if !field.enabled {
        remarks.push("disabled".to_owned());
    }
    if field.required {
        remarks.push("required".to_owned());
    }
    if !field.options.is_empty() {
        remarks.push(field.options.join(" | "));
    }
    vec![entity.to_string(), field.name(), field.kind.to_string(), field.label.clone(), remarks.join(", ")]
}

fn field_text(entity: Entity, field: &CustomField) -> String {
    let yes_no = |yes| crate::domain::access::yes_no(yes).to_owned();
    let mut rows = vec![
        vec!["field".to_owned(), field.name()],
        vec!["for".to_owned(), entity.to_string()],
        vec!["label".to_owned(), field.label.clone()],
        vec!["type".to_owned(), field.kind.to_string()],
    ];
    if !field.options.is_empty() {
        rows.push(vec!["options".to_owned(), field.options.join(" | ")]);
    }
    rows.push(vec!["required".to_owned(), yes_no(field.required)]);
    rows.push(vec!["enabled".to_owned(), yes_no(field.enabled)]);
    table(&rows)
}

fn written(written: &FieldWritten, printer: &mut Printer) {
    let FieldWritten { field, entity, version, changes, notes } = written;
    printer.answer(
        || {
            let mut answer = wire::custom::field(*entity, field);
            answer["version"] = json!(version);
            answer["notes"] = json!(notes);
            answer
        },
        || match changes.is_empty() {
            true => format!("unchanged: `{}` is so already", field.key),
            false => format!("version {version}: {}", changes.join("; ")),
        },
    );
    if !printer.is_json() {
        notes.iter().for_each(|note| printer.note(&format!("note: {note}")));
    }
}

fn versions(app: &App, entities: Vec<Entity>, printer: &mut Printer) -> Result<(), Failure> {
    let mut told = Vec::new();
    for entity in entities {
        let versions = app.schema_versions(entity)?;
        for (at, version) in versions.iter().enumerate() {
            let blank = Schema::default();
            let before = versions.get(at + 1).map_or(&blank, |before| &before.schema);
            told.push((entity, before.changes(&version.schema), version.clone()));
        }
    }
    let one = |(entity, changes, version): &(Entity, Vec<String>, _)| wire::custom::version(*entity, version, changes);
    printer.answer(
        || json!({ "versions": told.iter().map(one).collect::<Vec<_>>() }),
        || {
            let row = |(entity, changes, version): &(Entity, Vec<String>, crate::store::SchemaVersion)| {
                let number = format!("{entity} {}", version.schema.version);
                vec![number, wire::time(version.at), version.by.clone(), changes.join("; ")]
            };
            if told.is_empty() {
                "no custom fields yet".to_owned()
            } else {
                table(&told.iter().map(row).collect::<Vec<_>>())
            }
        },
    );
    Ok(())
}
