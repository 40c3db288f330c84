//! `carnet contact consent`, `forget` and `export-person`

use super::contact_id;
use crate::app::failure::Failure;
use crate::app::{App, wire};
use crate::cli::print::{Printer, table};
use crate::domain::permission::Viewer;
use crate::store::ConsentEntry;

/// Shows a contact's consent and its ledger.
pub fn consent(app: &App, id: &str, by: &Viewer, printer: &mut Printer) -> Result<(), Failure> {
    let consent = app.consent(contact_id(id)?, by)?;
    let rows = consent.ledger.iter().map(|entry| ledger_row(app, entry)).collect::<Result<Vec<_>, _>>()?;
    printer.answer(
        || wire::privacy::consent(&consent),
        || {
            let now = match consent.opt_out {
                Some(true) => "opted out: no surveys\n",
                Some(false) => "surveys may be sent\n",
                None => "forgotten\n",
            };
            let note = consent.note.as_ref().map_or_else(String::new, |note| format!("({note})\n"));
            format!("{now}{}{note}", table(&rows))
        },
    );
    Ok(())
}

fn ledger_row(app: &App, entry: &ConsentEntry) -> Result<Vec<String>, Failure> {
    let word = if entry.opt_out { "opted out" } else { "opted in" };
    let via = entry.via.as_ref().map_or_else(String::new, |via| format!(", {via}"));
    let plugin = entry.plugin.as_ref().map_or_else(String::new, |plugin| {
        format!("  [plugin {} {}, {}]", plugin.name, plugin.version, plugin.hash.get(..12).unwrap_or(&plugin.hash))
    });
    let who = format!("by {}{via}{plugin}", app.actor_text(&entry.actor)?);
    Ok(vec![wire::time(entry.at), word.to_owned(), who])
}
