//! `carnet contact consent`, `forget` and `export-person`

use std::io::Write;
use std::path::Path;

use super::confirm::confirm_by_name;
use super::contact_id;
use crate::app::failure::Failure;
use crate::app::forget::Forgotten;
use crate::app::output::{self, Output};
use crate::app::{App, wire};
use crate::cli::exit::Outcome;
use crate::cli::print::{Printer, table};
use crate::domain::permission::Viewer;
use crate::store::{ConsentEntry, Person};

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

/// Whom to forget, and how.
pub struct Wish<'a> {
    /// The contact's id.
    pub id: &'a str,
    /// Whether nobody is asked.
    pub yes: bool,
    /// Why.
    pub reason: Option<&'a str>,
    /// Whether plugins are overruled.
    pub despite_plugins: bool,
}

/// Forgets a person.
pub fn forget(app: &App, wish: &Wish<'_>, by: &Viewer, printer: &mut Printer) -> Result<Outcome, Failure> {
    let id = contact_id(wish.id)?;
    if let (false, Person::Live(contact) | Person::Deleted(contact)) = (wish.yes, app.person(id, by)?) {
        let name = contact.display_name();
        // Nothing brings the person back: whoever asks for it writes the name.
        confirm_by_name(&format!("This erases `{name}` everywhere and cannot be taken back."), &name, printer)?;
    }
    let done = app.forget(id, wish.reason, wish.despite_plugins, by)?;
    done.notes.iter().for_each(|note| printer.warn(note));
    printer.answer(|| wire::privacy::forgotten(&done), || forgotten_text(&done));
    Ok(if done.incomplete { Outcome::FailedRows } else { Outcome::Done })
}

fn forgotten_text(done: &Forgotten) -> String {
    let erased = &done.erased;
    let counts = [
        ("contacts", erased.contacts),
        ("entries of the change log", erased.changes),
        ("merges", erased.merges),
        ("enquiries", erased.enquiries),
        ("notes", erased.notes),
        ("engagements", erased.engagements),
        ("visits", erased.visits),
        ("failed rows of imports", erased.failed_rows.len() as u64),
        ("reasons of other failed rows", erased.reasons),
        ("originals kept by bulk writes", erased.batches),
        ("entries of plugins' memories", erased.plugin_state.len() as u64),
        ("files", done.files.len() as u64),
    ];
    let rows: Vec<Vec<String>> = counts
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .map(|(what, count)| vec![format!("  {what}"), count.to_string()])
        .collect();
    let files: String = done.files.iter().map(|path| format!("  rewritten: {}\n", path.display())).collect();
    let left: String = done.left.iter().map(|left| format!("  - {left}\n")).collect();
    let left = if left.is_empty() { left } else { format!("not erased:\n{left}") };
    format!("forgot the person of contact {}\n{}{files}{left}", done.id, table(&rows))
}

/// Writes everything that is held about a person.
pub fn export(app: &App, id: &str, out: Option<&Path>, by: &Viewer, printer: &mut Printer) -> Result<(), Failure> {
    if let Some(path) = out {
        output::check(path, app.home())?;
    }
    let document = app.export_person(contact_id(id)?, by)?;
    let Some(path) = out else {
        printer.data(&serde_json::to_string_pretty(&document).unwrap_or_default());
        return Ok(());
    };
    let write = || {
        let mut file = Output::create(path)?;
        serde_json::to_writer_pretty(&mut file, &document)?;
        file.write_all(b"\n")?;
        file.finish()
    };
    write().map_err(|error| Failure::io("write", path, &error))?;
    printer.answer(
        || serde_json::json!({ "written": path.display().to_string() }),
        || format!("wrote everything about the person of contact {id} to `{}`", path.display()),
    );
    Ok(())
}
