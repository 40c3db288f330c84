//! `carnet org`

use serde_json::json;

use super::confirm::confirm;
use super::record::{change_text, counted, record_text, tell_notes, written_text};
use super::{notes, search};
use crate::app::App;
use crate::app::failure::Failure;
use crate::app::records::{Assignment, WrittenRecord};
use crate::app::wire::records as records_wire;
use crate::cli::args::{OrgArgs, OrgCommand};
use crate::cli::exit::Outcome;
use crate::cli::print::{Printer, table};
use crate::domain::organization::Organization;
use crate::domain::permission::Viewer;
use crate::store::{OrganizationPage, Query};

/// Runs the command.
pub fn run(app: &App, args: &OrgArgs, by: &Viewer, printer: &mut Printer) -> Result<Outcome, Failure> {
    match &args.command {
        OrgCommand::Add { fields } => {
            written(&app.add_organization(&Assignment::parse_all(fields)?, by)?, "created", printer);
        }
        OrgCommand::Show { org } => {
            let found = app.shown_organization(app.organization(org, by)?)?;
            let text = || record_text(&found, found.id, found.rev, [&found.created, &found.updated]);
            printer.answer(|| records_wire::organization(&found), text);
        }
        OrgCommand::List { words, limit, after } => {
            let page = app.organizations(&words.join(" "), after.clone(), usize::from(*limit), by)?;
            list(&page, printer);
        }
        OrgCommand::Edit { org, fields, rev } => {
            let wishes = Assignment::parse_all(fields)?;
            written(&app.edit_organization(org, &wishes, *rev, by)?, "changed", printer);
        }
        OrgCommand::Delete { org, rev, yes } => delete(app, org, *rev, *yes, by, printer)?,
        OrgCommand::Changes { org } => {
            let entries = app.organization_changes(org, by)?;
            printer.answer(
                || json!({ "changes": entries.iter().map(records_wire::change).collect::<Vec<_>>() }),
                || entries.iter().map(change_text).collect(),
            );
        }
        OrgCommand::Contacts { org, limit, after } => {
            let query = app.contacts_of_organization(org, by)?;
            search::tell(app, &Query { after: after.clone(), limit: usize::from(*limit), ..query }, printer)?;
        }
        OrgCommand::Note { org, text } => notes::add_to_organization(app, org, text, by, printer)?,
        OrgCommand::Notes { org, page } => notes::list_of_organization(app, org, *page, by, printer)?,
    }
    Ok(Outcome::Done)
}

fn written(written: &WrittenRecord<Organization>, verb: &str, printer: &mut Printer) {
    tell_notes(written, printer);
    let organization = &written.record;
    let name = organization.name.as_str();
    printer.answer(
        || records_wire::organization(organization),
        || written_text(written, verb, organization.id, organization.rev, name),
    );
}

fn list(page: &OrganizationPage, printer: &mut Printer) {
    let row = |organization: &Organization| {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        vec![
            organization.id.to_string(),
            organization.name.to_string(),
            organization.division.as_ref().map(ToString::to_string).unwrap_or_default(),
            organization.address.country.map(|country| country.as_str().to_owned()).unwrap_or_default(),
            text(&organization.phone),
            text(&organization.website),
        ]
    };
    let rows: Vec<_> = page.organizations.iter().map(row).collect();
    printer.answer(
        || {
            let organizations: Vec<_> = page.organizations.iter().map(records_wire::organization).collect();
            json!({ "total": page.total, "organizations": organizations, "next": page.next })
        },
        || format!("{}{}\n", table(&rows), counted(page.total, "organization")),
    );
    more(page.next.as_deref(), printer);
}

fn more(next: Option<&str>, printer: &mut Printer) {
    if let (Some(next), false) = (next, printer.is_json()) {
        printer.note(&format!("more: add `--after \"{next}\"`"));
    }
}

fn delete(
    app: &App,
    org: &str,
    rev: Option<u64>,
    yes: bool,
    by: &Viewer,
    printer: &mut Printer,
) -> Result<(), Failure> {
    let found = app.organization(org, by)?;
    app.require_admin(by, "delete organizations")?;
    let contacts = app.contacts_naming_organization(&found)?;
    if contacts > 0 {
        let lose = if contacts == 1 { "loses" } else { "lose" };
        let question =
            format!("Delete organization {}? {} {lose} the link to it.", found.name, counted(contacts, "contact"));
        confirm(&question, yes, printer)?;
    }
    let (deleted, contacts) = app.delete_organization(&found.id.to_string(), rev, by)?;
    printer.answer(
        || json!({ "deleted": deleted.id, "name": deleted.name.as_str(), "contacts": contacts }),
        || {
            let lost = match contacts {
                0 => String::new(),
                count => format!("; {} lost the link to it", counted(count, "contact")),
            };
            format!("deleted organization {} {}{lost}", deleted.id, deleted.name)
        },
    );
    Ok(())
}
