//! `carnet import mapping`

use serde_json::json;

use super::read_pair;
use crate::app::failure::Failure;
use crate::app::import::ImportRequest;
use crate::app::import::mapping::bundled::{self, BUNDLED, Bundled};
use crate::app::import::mapping::document::Decision;
use crate::app::mappings::Kept;
use crate::app::{App, wire};
use crate::cli::args::MappingCommand;
use crate::cli::commands::confirm::confirm;
use crate::cli::exit::Outcome;
use crate::cli::print::{Printer, table};
use crate::domain::permission::Viewer;

/// Runs the command.
pub fn run(app: &App, command: &MappingCommand, by: &Viewer, printer: &mut Printer) -> Result<Outcome, Failure> {
    match command {
        MappingCommand::Save { name, file, map, replace } => {
            let map = map.iter().map(|pair| read_pair(pair)).collect::<Result<_, _>>()?;
            let request = ImportRequest { map, by: by.clone(), ..ImportRequest::new(file) };
            let (kept, replaced) = app.save_mapping(name, &request, *replace)?;
            let mut answer = wire::mapping::saved(&kept);
            answer["replaced"] = replaced.into();
            let done = if replaced { "replaced the mapping" } else { "saved the mapping" };
            printer.answer(|| answer, || format!("{done} `{}`\n\n{}", kept.saved.name, columns(&kept)));
        }
        MappingCommand::List => list(app, printer)?,
        MappingCommand::Show { name } => show(app, name, printer)?,
        MappingCommand::Delete { name, yes } => {
            if let Ok(known) = app.may_delete_mapping(name, by) {
                confirm(&format!("Delete the mapping `{known}`?"), *yes, printer)?;
            }
            app.delete_mapping(name, by)?;
            printer.answer(|| json!({ "deleted": name }), || format!("deleted the mapping `{name}`"));
        }
    }
    Ok(Outcome::Done)
}

fn list(app: &App, printer: &mut Printer) -> Result<(), Failure> {
    let saved = app.saved_mappings()?;
    let all =
        saved.iter().map(wire::mapping::saved).chain(BUNDLED.iter().map(wire::mapping::bundled)).collect::<Vec<_>>();
    let rows = || {
        let head = ["mapping", "columns", "saved"].map(str::to_owned).to_vec();
        let mine = |kept: &Kept| {
            let count = kept.document.columns.len().to_string();
            vec![kept.saved.name.to_string(), count, by(kept)]
        };
        let theirs = |it: &Bundled| vec![it.name.clone(), "any".to_owned(), format!("comes with Carnet: {}", it.title)];
        std::iter::once(head).chain(saved.iter().map(mine)).chain(BUNDLED.iter().map(theirs)).collect::<Vec<_>>()
    };
    printer.answer(|| json!({ "mappings": all }), || table(&rows()));
    Ok(())
}

fn show(app: &App, name: &str, printer: &mut Printer) -> Result<(), Failure> {
    let kept = match (app.saved_mapping(name), bundled::named(name)) {
        (Ok(kept), _) => kept,
        (Err(_), Some(bundled)) => {
            let rows = || {
                let row =
                    |(header, field): &(String, Option<String>)| vec![header.clone(), field_text(field.as_deref())];
                table(&bundled.columns().iter().map(row).collect::<Vec<_>>())
            };
            let text = || format!("{}: {}, comes with Carnet\n\n{}", bundled.name, bundled.title, rows());
            printer.answer(|| wire::mapping::bundled(bundled), text);
            return Ok(());
        }
        (Err(failure), None) => return Err(failure),
    };
    let text = || format!("{}: saved {}\n\n{}", kept.saved.name, by(&kept), columns(&kept));
    printer.answer(|| wire::mapping::saved(&kept), text);
    Ok(())
}

fn by(kept: &Kept) -> String {
    format!("{} by {}", wire::time(kept.saved.at), kept.saved.person)
}

fn columns(kept: &Kept) -> String {
    let base = kept.document.base.as_deref();
    let row = |(header, decision): &(String, Decision)| {
        let field = match (decision, base) {
            (Decision::Field(key), _) => key.to_string(),
            (Decision::Leave, _) => "left out".to_owned(),
            (Decision::Open, Some(base)) => format!("as in {base}"),
            (Decision::Open, None) => field_text(None),
        };
        vec![header.clone(), field]
    };
    table(&kept.document.columns.iter().map(row).collect::<Vec<_>>())
}

fn field_text(field: Option<&str>) -> String {
    field.unwrap_or("seen by plugins only").to_owned()
}
