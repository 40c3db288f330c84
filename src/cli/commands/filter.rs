//! `carnet filter`

use serde_json::{Value, json};

use super::query;
use crate::app::failure::Failure;
use crate::app::{App, filters, wire};
use crate::cli::args::{FilterArgs, FilterCommand};
use crate::cli::exit::Outcome;
use crate::cli::print::{Printer, table};
use crate::domain::name::Name;
use crate::domain::permission::Viewer;
use crate::store::{Query, SavedFilter};

/// Runs the command.
pub fn run(app: &App, args: &FilterArgs, by: &Viewer, printer: &mut Printer) -> Result<Outcome, Failure> {
    match &args.command {
        FilterCommand::Save { name, query: args } => {
            let name = Name::parse(name)?;
            let query = query(app, args, by)?;
            let replaced = app.save_filter(&name, &query, by)?;
            let done = if replaced { "replaced the filter" } else { "saved the filter" };
            printer.answer(
                || json!({ "name": name.as_str(), "query": wire::query::to_json(&query), "replaced": replaced }),
                || format!("{done} `{name}`: {}", filters::as_options(&query)),
            );
        }
        FilterCommand::List => {
            let all = app.filters(by)?;
            let row =
                |(filter, query): &(SavedFilter, Query)| vec![filter.name.to_string(), filters::as_options(query)];
            printer.answer(
                || json!({ "filters": all.iter().map(|(filter, query)| saved(filter, query)).collect::<Vec<_>>() }),
                || {
                    if all.is_empty() {
                        "no saved filters yet".to_owned()
                    } else {
                        table(&all.iter().map(row).collect::<Vec<_>>())
                    }
                },
            );
        }
        FilterCommand::Show { name } => {
            let (filter, query) = app.filter(name, by)?;
            let within = app.query(by);
            let contacts = app.count_of(&Query { scope: within.scope, within: within.within, ..query.clone() })?;
            let mut answer = saved(&filter, &query);
            answer["contacts"] = contacts.into();
            printer.answer(
                || answer,
                || {
                    let told = |name: &str, value: String| vec![name.to_owned(), value];
                    table(&[
                        told("filter", filter.name.to_string()),
                        told("query", filters::as_options(&query)),
                        told("finds", super::search::contacts(contacts, false)),
                        told("saved", format!("{} by {}", wire::time(filter.at), filter.person)),
                    ])
                },
            );
        }
        FilterCommand::Delete { name } => {
            app.delete_filter(name, by)?;
            printer.answer(|| json!({ "deleted": name }), || format!("deleted the filter `{name}`"));
        }
    }
    Ok(Outcome::Done)
}

fn saved(filter: &SavedFilter, query: &Query) -> Value {
    json!({
        "name": filter.name.as_str(), "query": wire::query::to_json(query), "saved": { "at": wire::time(filter.at), "by": filter.person },
    })
}
