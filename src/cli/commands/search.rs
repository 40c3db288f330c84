//! `carnet search`

use serde_json::json;

use super::query;
use crate::app::failure::{Class, Failure};
use crate::app::{App, wire};
use crate::cli::args::SearchArgs;
use crate::cli::exit::Outcome;
use crate::cli::print::{Printer, table};
use crate::domain::contact::Contact;
use crate::domain::field::Field;
use crate::domain::permission::Viewer;
use crate::store::{Page, Query, Sort};

/// Runs the command.
pub fn run(app: &App, args: &SearchArgs, by: &Viewer, printer: &mut Printer) -> Result<Outcome, Failure> {
    let sort = Sort::parse(&args.sort.to_lowercase()).ok_or_else(|| {
        Failure::new(Class::Usage, "SORT", format!("there is no order `{}`", args.sort))
            .hint("use newest, oldest, updated or name")
    })?;
    let (after, limit) = (args.after.clone(), usize::from(args.limit));
    let query = Query { sort, after, limit, ..query(app, &args.query, by)? };
    tell(app, &query, printer)?;
    Ok(Outcome::Done)
}

/// Searches, and prints the page.
pub(super) fn tell(app: &App, query: &Query, printer: &mut Printer) -> Result<(), Failure> {
    let mut page = app.search(query)?;
    app.hide(&mut page.contacts)?;
    printer.answer(
        || {
            json!({
                "total": page.total, "total_is": if page.at_least { "at_least" } else { "exact" },
                "contacts": page.contacts.iter().map(wire::contact).collect::<Vec<_>>(), "next": page.next,
            })
        },
        || page_text(&page),
    );
    if let (Some(next), false) = (&page.next, printer.is_json()) {
        printer.note(&format!("more: add `--after {next}`"));
    }
    Ok(())
}

/// One page of contacts, a line each.
fn page_text(page: &Page) -> String {
    let rows: Vec<Vec<String>> = page.contacts.iter().map(row).collect();
    format!("{}{}\n", table(&rows), contacts(page.total, page.at_least))
}

/// How many contacts, for people.
pub fn contacts(total: u64, at_least: bool) -> String {
    match (total, at_least) {
        (_, true) => format!("more than {total} contacts"),
        (1, false) => "1 contact".to_owned(),
        (_, false) => format!("{total} contacts"),
    }
}

fn row(contact: &Contact) -> Vec<String> {
    let first = |fields: &[Field]| {
        fields.iter().find_map(|field| contact.get(&(*field).into())).map(String::from).unwrap_or_default()
    };
    vec![
        contact.id.to_string(),
        contact.display_name(),
        contact.company.clone().unwrap_or_default(),
        first(&[Field::Mobile, Field::WorkPhone, Field::HomePhone, Field::OtherPhone]),
        first(&[Field::Email, Field::PersonalEmail, Field::OtherEmail]),
        contact.joined(&Field::Labels.into()).unwrap_or_default(),
    ]
}
