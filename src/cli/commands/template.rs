//! `carnet template`

use std::io::{self, Write};
use std::path::Path;

use serde_json::json;

use crate::app::App;
use crate::app::failure::Failure;
use crate::app::output::{self, Output};
use crate::cli::args::TemplateArgs;
use crate::cli::exit::Outcome;
use crate::cli::print::{Printer, table};
use crate::domain::custom::{CustomField, Entity};
use crate::domain::field::{FIELDS, FieldInfo, aliases};
use crate::intake::write::{WriteOptions, Writer};

/// Runs the command.
pub fn run(app: &App, args: &TemplateArgs, printer: &mut Printer) -> Result<Outcome, Failure> {
    if args.fields {
        return list_fields(app, printer).map(|()| Outcome::Done);
    }
    let (header, sample) = app.template()?;
    let csv = csv(&header, &sample).map_err(|error| Failure::io("write", Path::new("the template"), &error))?;
    match &args.out {
        Some(path) => {
            output::check(path, app.home())?;
            let written = Output::create(path).and_then(|mut out| out.write_all(&csv).and_then(|()| out.finish()));
            written.map_err(|error| Failure::io("write", path, &error))?;
            printer.answer(|| json!({ "file": path, "headers": header }), || format!("wrote {}", path.display()));
        }
        None => printer
            .answer(|| json!({ "headers": header, "sample": sample }), || String::from_utf8_lossy(&csv).into_owned()),
    }
    Ok(Outcome::Done)
}

fn csv(header: &[String], sample: &[String]) -> io::Result<Vec<u8>> {
    let options = WriteOptions { neutralise: false, ..WriteOptions::default() };
    let mut writer = Writer::new(Vec::new(), options)?;
    writer.write(header)?;
    writer.write(sample)?;
    writer.finish()
}

fn list_fields(app: &App, printer: &mut Printer) -> Result<(), Failure> {
    let custom = app.custom_fields(Entity::Contact)?;
    let known = |info: &FieldInfo| json!({ "name": info.name, "header": app.header(info), "doc": info.doc, "aliases": aliases::of(info.field).collect::<Vec<_>>() });
    let own = |field: &CustomField| json!({ "name": field.name(), "header": field.name(), "doc": field.doc(), "aliases": [field.label] });
    let known_row = |info: &FieldInfo| vec![info.name.to_owned(), app.header(info), info.doc.to_owned()];
    let own_row = |field: &CustomField| vec![field.name(), field.name(), field.doc()];
    printer.answer(
        || json!({ "fields": FIELDS.iter().map(known).chain(custom.iter().map(own)).collect::<Vec<_>>() }),
        || table(&FIELDS.iter().map(known_row).chain(custom.iter().map(own_row)).collect::<Vec<_>>()),
    );
    Ok(())
}
