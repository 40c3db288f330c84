//! `carnet bulk`

use serde_json::{Value, json};

use super::confirm::{can_ask, confirm};
use super::query;
use super::record::counted;
use crate::app::bulk::{BulkReport, BulkRequest, Deed, Foreseen, LeftAlone, Matched, Refused, Undone, Why};
use crate::app::contacts::Wish;
use crate::app::failure::{Class, Failure};
use crate::app::{App, filters, wire};
use crate::cli::args::bulk::{BulkArgs, BulkCommand, On};
use crate::cli::exit::Outcome;
use crate::cli::print::{Printer, problem, table};
use crate::domain::field::Field;
use crate::domain::label::LabelName;
use crate::domain::permission::Viewer;
use crate::store::Batch;

/// Changes and refused contacts that people are shown; JSON has more.
const SHOWN: usize = 10;

/// Runs the command.
pub fn run(app: &App, args: &BulkArgs, by: &Viewer, printer: &mut Printer) -> Result<Outcome, Failure> {
    match &args.command {
        BulkCommand::Edit { fields, on } => {
            let wishes = Wish::parse_all(options_first(fields)?)?;
            write(app, "edit", Deed::Edit(wishes), fields.join(" "), on, by, printer)
        }
        BulkCommand::Label { names, on } => {
            let wishes = labels(names)?.map(|name| Wish::Add(Field::Labels.into(), name)).collect();
            write(app, "label", Deed::Edit(wishes), names.join(", "), on, by, printer)
        }
        BulkCommand::Unlabel { names, on } => {
            let known = app.labels(by)?;
            for name in names.iter().filter_map(|name| LabelName::parse(name).ok()) {
                if !known.iter().any(|label| label.name == name) {
                    printer.warn(&format!("there is no label `{name}`"));
                }
            }
            let wishes = labels(names)?.map(|name| Wish::Remove(Field::Labels.into(), name)).collect();
            write(app, "unlabel", Deed::Edit(wishes), names.join(", "), on, by, printer)
        }
        BulkCommand::Delete { on } => write(app, "delete", Deed::Delete, String::new(), on, by, printer),
        BulkCommand::List { limit } => list(app, *limit, by, printer),
        BulkCommand::Undo { batch, yes } => undo(app, *batch, *yes, by, printer),
    }
}

/// What stands after a lone `--` is no option: one that was meant as such would be taken for a field or a label.
fn options_first(words: &[String]) -> Result<&[String], Failure> {
    match words.iter().find(|word| word.starts_with("--")) {
        None => Ok(words),
        Some(option) => Err(Failure::new(Class::Usage, "OPTION_AFTER", format!("`{option}` stands after `--`"))
            .hint("write options without a lone `--`: `carnet bulk edit company=Acme --label Fair`")),
    }
}

/// Labels are checked before anything is done: each would else refuse every contact.
fn labels(names: &[String]) -> Result<impl Iterator<Item = String>, Failure> {
    let names = options_first(names)?.iter().map(|name| LabelName::parse(name)).collect::<Result<Vec<_>, _>>()?;
    Ok(names.into_iter().map(|name| name.to_string()))
}

fn write(
    app: &App,
    kind: &'static str,
    deed: Deed,
    what: String,
    on: &On,
    by: &Viewer,
    printer: &mut Printer,
) -> Result<Outcome, Failure> {
    let query = query::of(app, &[], &on.query, by)?;
    let everybody = query.words.trim().is_empty() && query.labels.is_empty() && query.filters.is_empty();
    if everybody != on.all {
        let (message, hint) = if on.all {
            ("`--all` means every contact, and there is a condition", "leave out one of them")
        } else {
            ("this would be about every contact", "say which contacts, or `--all`")
        };
        return Err(Failure::new(Class::Usage, "BULK_ALL", message).hint(hint));
    }
    let matched = app.bulk_matched(&query)?;
    let question = format!("{} {}?", if deed == Deed::Delete { "Delete" } else { "Change" }, about(&matched));
    if !on.dry_run && !matched.ids.is_empty() {
        confirm(&question, on.yes, printer)?;
    }
    // What is changed tells itself; of a deletion only whom it was about is left to tell.
    let what = if deed == Deed::Delete { filters::as_options(&query) } else { what };
    let request = BulkRequest { deed, kind, what, dry_run: on.dry_run, by: by.clone() };
    let report = app.bulk(&request, &matched)?;
    report.notes.iter().for_each(|note| printer.warn(note));
    printer.answer(|| json_of(&report, &request), || text_of(&report, &request));
    Ok(if report.refused > 0 { Outcome::FailedRows } else { Outcome::Done })
}

/// How many contacts, with the names of the first few.
fn about(matched: &Matched) -> String {
    let count = matched.ids.len() as u64;
    let more = if count > matched.sample.len() as u64 { ", …" } else { "" };
    format!("{}: {}{more}", counted(count, "contact"), matched.sample.join(", "))
}

fn json_of(report: &BulkReport, request: &BulkRequest) -> Value {
    let refused = |one: &Refused| json!({ "id": one.id.to_string(), "name": one.name, "problems": one.problems.iter().map(wire::told).collect::<Vec<_>>() });
    let mut answer = json!({
        "batch": report.batch, "kind": request.kind, "dry_run": request.dry_run, "matched": report.matched, "changed": report.changed,
        "unchanged": report.unchanged, "refused": report.refused, "deleted": report.deleted,
        "problems": report.problems.iter().map(refused).collect::<Vec<_>>(),
        "seconds": report.seconds,
    });
    if let (true, Value::Object(map)) = (request.dry_run, &mut answer) {
        map.insert("changes".to_owned(), report.preview.iter().map(foreseen).collect());
    }
    answer
}

fn foreseen(one: &Foreseen) -> Value {
    let fields = one.fields.iter().map(|field| json!({ "field": field.field, "old": field.old, "new": field.new }));
    json!({ "id": one.id.to_string(), "name": one.name, "fields": fields.collect::<Vec<_>>() })
}

fn text_of(report: &BulkReport, request: &BulkRequest) -> String {
    let mut text = String::new();
    for one in report.preview.iter().take(SHOWN) {
        let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "–".to_owned());
        let told: Vec<String> = one
            .fields
            .iter()
            .map(|field| format!("{}: {} → {}", field.field, value(&field.old), value(&field.new)))
            .collect();
        text.push_str(&format!(
            "{}  {}\n",
            one.name,
            if told.is_empty() { "deleted".to_owned() } else { told.join("; ") }
        ));
    }
    for one in report.problems.iter().take(SHOWN) {
        let told: Vec<String> = one.problems.iter().map(problem).collect();
        text.push_str(&format!("refused {} {}: {}\n", one.id, one.name, told.join(" | ")));
    }
    if report.refused > SHOWN as u64 {
        text.push_str(&format!("and {} more refused; `--json` lists them\n", report.refused - SHOWN as u64));
    }
    let done = if request.dry_run { "would be " } else { "" };
    let deleted = if request.deed == Deed::Delete { "deleted" } else { "changed" };
    text.push_str(&format!(
        "{} matched, {} {done}{deleted}, {} unchanged, {} refused",
        report.matched,
        report.changed + report.deleted,
        report.unchanged,
        report.refused
    ));
    if let Some(batch) = report.batch {
        text.push_str(&format!("\nbulk write {batch}: `carnet bulk undo {batch}` takes it back"));
    }
    text
}

fn list(app: &App, limit: usize, by: &Viewer, printer: &mut Printer) -> Result<Outcome, Failure> {
    let batches = app.bulk_list(limit, by)?;
    printer.answer(
        || json!({ "batches": batches.iter().map(batch_json).collect::<Vec<_>>() }),
        || table(&batches.iter().map(batch_row).collect::<Vec<_>>()),
    );
    Ok(Outcome::Done)
}

fn batch_json(batch: &Batch) -> Value {
    json!({
        "batch": batch.id, "kind": batch.kind, "what": batch.what, "by": batch.person, "at": wire::time(batch.at),
        "contacts": batch.contacts, "undone_at": batch.undone_at.map(wire::time),
    })
}

fn batch_row(batch: &Batch) -> Vec<String> {
    let undone = batch.undone_at.map_or_else(String::new, |at| format!("taken back {}", wire::time(at)));
    let contacts = counted(batch.contacts, "contact");
    let what = format!("{} {}", batch.kind, batch.what);
    vec![batch.id.to_string(), wire::time(batch.at), batch.person.clone(), contacts, what.trim_end().to_owned(), undone]
}

fn undo(app: &App, batch: i64, yes: bool, by: &Viewer, printer: &mut Printer) -> Result<Outcome, Failure> {
    // Taking back changes nothing that was done since, so only a person at a terminal is asked.
    if can_ask(printer) {
        confirm(&format!("Take back bulk write {batch}?"), yes, printer)?;
    }
    let undone = app.bulk_undo(batch, by)?;
    printer.answer(|| undone_json(&undone), || undone_text(&undone));
    Ok(Outcome::Done)
}

fn undone_json(undone: &Undone) -> Value {
    json!({
        "batch": undone.batch.id, "kind": undone.batch.kind, "contacts": undone.batch.contacts, "restored": undone.restored,
        "finished": undone.finished, "left": undone.left.iter().map(left_json).collect::<Vec<_>>(), "left_hidden": undone.hidden,
    })
}

/// A contact that was left as it is.
pub fn left_json(one: &LeftAlone) -> Value {
    let since = if let Why::Since(since) = &one.why { since.as_ref() } else { None };
    json!({
        "id": one.id.to_string(), "name": one.name, "why": why(one), "changed_by": since.map(|entry| wire::actor(&entry.actor)),
        "changed_at": since.map(|entry| wire::time(entry.at)), "action": since.map(|entry| entry.action.as_str()),
    })
}

/// Why a contact was left as it is, for people.
pub fn why(left: &LeftAlone) -> String {
    match &left.why {
        Why::Since(Some(entry)) => {
            format!("{} by {} on {}", entry.action, wire::actor(&entry.actor), wire::time(entry.at))
        }
        Why::Since(None) => "changed since".to_owned(),
        Why::Above(batch) => format!("bulk write {batch} came after it: take that back first"),
        Why::AboveImport(job) => format!("import {job} came after it: take that back first"),
        Why::Attached(what) => format!("it has {what}"),
        Why::Forbidden => "you may not write it".to_owned(),
        Why::Taken(problem) => problem.clone(),
    }
}

fn undone_text(undone: &Undone) -> String {
    let left = |one: &LeftAlone| format!("left as it is: {} {}  ({})\n", one.id, one.name, why(one));
    let told: String = undone.left.iter().map(left).collect();
    let again = if undone.finished { "" } else { "; the same command takes back the rest when it can be" };
    format!(
        "{told}took back bulk write {}: {} restored, {} left as they are{again}",
        undone.batch.id,
        counted(undone.restored, "contact"),
        undone.left.len() as u64 + undone.hidden
    )
}
