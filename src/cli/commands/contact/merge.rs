//! `carnet contact merge` and `carnet contact unmerge`

use std::io::{self, BufRead, IsTerminal};
use std::sync::Arc;

use super::super::contact_id;
use super::written;
use crate::app::failure::{Class, Failure};
use crate::app::merge::{Pair, Sides};
use crate::app::unmerge::Unmerged;
use crate::app::{App, wire};
use crate::cli::args::merge::{MergeArgs, UnmergeArgs};
use crate::cli::print::{Printer, table};
use crate::domain::change::FieldChange;
use crate::domain::contact::Contact;
use crate::domain::merge::choices::{Choice, Choices, Row, keeps_both};
use crate::domain::permission::Viewer;

/// Longest part of a value in a column, in characters.
const CELL_CHARS: usize = 36;

/// Merges, previews, or asks field by field.
pub fn merge(app: &App, args: &MergeArgs, by: &Viewer, printer: &mut Printer) -> Result<(), Failure> {
    let mut choices = Choices::default();
    for (names, choice) in [(&args.take, Choice::Other), (&args.both, Choice::Both), (&args.keep, Choice::Master)] {
        names.iter().try_for_each(|name| choices.add(name, choice))?;
    }
    let (master, other) = (contact_id(&args.master)?, contact_id(&args.other)?);
    let pair = app.merge_pair(Sides { master, other, rev: args.rev, other_rev: args.other_rev }, by)?;
    if args.preview {
        return preview(app, &pair, &choices, by, printer);
    }
    let alone = choices.is_empty() && !args.yes && !printer.is_json() && io::stdin().is_terminal();
    if args.interactive || alone {
        ask(app, &pair, &mut choices, (args.yes, by), printer)?;
    }
    written(app, app.merge_contacts(&pair, &choices, by)?, "merged", printer)
}

fn preview(app: &App, pair: &Pair, choices: &Choices, by: &Viewer, printer: &mut Printer) -> Result<(), Failure> {
    let preview = app.preview_merge(pair, choices, by)?;
    preview.notes.iter().for_each(|note| printer.warn(note));
    let shown = |side: &Contact| app.shown(side.clone()).map(Arc::new);
    let pair = &Pair { master: shown(&pair.master)?, other: shown(&pair.other)? };
    printer.answer(|| wire::merge::preview(pair, &preview), || side_by_side(pair, &preview.rows));
    Ok(())
}

/// Both contacts and the result in columns; a mark says where they differ.
fn side_by_side(pair: &Pair, rows: &[Row]) -> String {
    let head = ["", "field", "master", "other", "result", "whose"].map(str::to_owned).to_vec();
    let (master, other) = (pair.master.id.to_string(), pair.other.id.to_string());
    let ids = vec![String::new(), "id".to_owned(), master.clone(), other, master];
    let cell = |value: &Option<String>| value.as_deref().map_or_else(|| "–".to_owned(), shortened);
    let line = |row: &Row| {
        let differs = row.master != row.other;
        vec![
            if differs { "*" } else { "" }.to_owned(),
            row.key.to_string(),
            cell(&row.master),
            cell(&row.other),
            cell(&row.result),
            if differs { row.choice.as_str() } else { "" }.to_owned(),
        ]
    };
    table(&[head, ids].into_iter().chain(rows.iter().map(line)).collect::<Vec<_>>())
}

fn shortened(value: &str) -> String {
    let mut short: String = value.chars().take(CELL_CHARS).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if value.chars().nth(CELL_CHARS).is_some() {
        short.push('…');
    }
    short
}

fn ask(
    app: &App,
    pair: &Pair,
    choices: &mut Choices,
    (yes, by): (bool, &Viewer),
    printer: &mut Printer,
) -> Result<(), Failure> {
    let rows = app.propose_merge(pair, choices, by)?;
    printer.note(&side_by_side(pair, &rows));
    let asked = |row: &&Row| row.is_open() && choices.of(&row.key).is_none() && app.may_choose(pair, &row.key, by);
    let open: Vec<&Row> = rows.iter().filter(asked).collect();
    if !open.is_empty() {
        printer.note("For each field: m = the master's, o = the other's, b = both, Enter = as proposed, q = stop.");
    }
    for row in open {
        if let Some(choice) = ask_field(row, printer)? {
            choices.set(row.key.clone(), choice)?;
        }
    }
    if yes {
        return Ok(());
    }
    let rows = app.propose_merge(pair, choices, by)?;
    printer.note(&side_by_side(pair, &rows));
    let (name, gone) = (pair.master.display_name(), pair.other.display_name());
    printer.note(&format!("Merge {gone} ({}) into {name} ({})? [y/N]", pair.other.id, pair.master.id));
    match answer()?.as_str() {
        "y" | "yes" => Ok(()),
        _ => Err(stopped()),
    }
}

/// Asks until an answer makes sense; nothing when the proposal is taken.
fn ask_field(row: &Row, printer: &mut Printer) -> Result<Option<Choice>, Failure> {
    let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "–".to_owned());
    let both = keeps_both(&row.key);
    let choices = if both { "m/o/b" } else { "m/o" };
    loop {
        printer.note(&format!(
            "{}: {} | {}  [{choices}, Enter = {}]",
            row.key,
            value(&row.master),
            value(&row.other),
            row.choice.as_str()
        ));
        match answer()?.as_str() {
            "" => return Ok(None),
            "m" | "master" => return Ok(Some(Choice::Master)),
            "o" | "other" => return Ok(Some(Choice::Other)),
            "b" | "both" if both => return Ok(Some(Choice::Both)),
            "b" | "both" => printer.note(&format!("{} holds one value; choose m or o", row.key)),
            "q" | "quit" => return Err(stopped()),
            other => printer.note(&format!("`{}` is no answer; type {choices}, Enter or q", shortened(other))),
        }
    }
}

/// One line of the standard input; its end stops everything.
fn answer() -> Result<String, Failure> {
    let mut line = String::new();
    match io::stdin().lock().read_line(&mut line) {
        Ok(read) if read > 0 => Ok(line.trim().to_lowercase()),
        _ => Err(stopped()),
    }
}

fn stopped() -> Failure {
    Failure::new(Class::Rejected, "NOT_CONFIRMED", "nothing was merged")
        .hint("answer the questions and confirm with y, or choose with `--take`, `--both` and `--keep`")
}

/// Takes a merge back.
pub fn unmerge(app: &App, args: &UnmergeArgs, by: &Viewer, printer: &mut Printer) -> Result<(), Failure> {
    let unmerged = app.unmerge_contact(contact_id(&args.id)?, args.rev, by)?;
    unmerged.notes.iter().for_each(|note| printer.warn(note));
    printer.answer(|| wire::merge::unmerged(&unmerged), || unmerged_text(&unmerged));
    Ok(())
}

fn unmerged_text(unmerged: &Unmerged) -> String {
    let line = |word: &str, contact: &crate::domain::contact::Contact| {
        format!("{word} {} {} (revision {})\n", contact.id, contact.display_name(), contact.rev)
    };
    let mut text = [line("restored", &unmerged.restored), line("taken from", &unmerged.master)].concat();
    if !unmerged.carried.is_empty() {
        text.push_str("changed since the merge, and kept:\n");
    }
    let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "–".to_owned());
    for FieldChange { key, old, new } in &unmerged.carried {
        text.push_str(&format!("  {key}: {} → {}\n", value(old), value(new)));
    }
    text
}
