//! `carnet import undo`

use indicatif::{HumanCount, ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use crate::app::App;
use crate::app::failure::Failure;
use crate::app::import::undo::{ImportUndone, UndoPlan};
use crate::app::wire;
use crate::cli::commands::bulk::{left_json, why};
use crate::cli::commands::confirm::confirm;
use crate::cli::commands::record::counted;
use crate::cli::exit::Outcome;
use crate::cli::print::{Printer, table};
use crate::domain::permission::Viewer;

/// Contacts left as they are that people are shown; JSON has all.
const SHOWN: usize = 20;

/// Runs the command.
pub fn run(app: &App, job: i64, yes: bool, by: &Viewer, printer: &mut Printer) -> Result<Outcome, Failure> {
    let plan = app.import_undo_plan(job, by)?;
    confirm(&question(&plan), yes, printer)?;
    let bar = printer.shows_progress().then(|| bar(plan.counts.created));
    let undone = app.import_undo(job, by, &mut |deleted| {
        if let Some(bar) = &bar {
            bar.set_position(deleted);
        }
    });
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
    let undone = undone?;
    printer.answer(|| undone_json(&undone), || undone_text(&undone));
    Ok(Outcome::Done)
}

fn bar(total: u64) -> ProgressBar {
    let bar = ProgressBar::new(total);
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {percent:>3}%  {human_pos} taken back  {eta} left") {
        bar.set_style(style);
    }
    bar
}

/// What will be done, and what will not.
fn question(plan: &UndoPlan) -> String {
    let counts = &plan.counts;
    let people = |count: u64| counted_nicely(count, "contact");
    let deeds = [
        (counts.created, format!("delete {} that it created", people(counts.created))),
        (counts.updated, format!("restore {} that it updated", people(counts.updated))),
    ];
    let deeds: Vec<String> = deeds.into_iter().filter(|(count, _)| *count > 0).map(|(_, deed)| deed).collect();
    let what = if deeds.is_empty() { "nothing to delete or restore".to_owned() } else { deeds.join(" and ") };
    let touched = counts.created_touched + counts.updated_touched;
    let kept = match touched {
        0 => String::new(),
        1 => " 1 contact was touched since and stays as it is.".to_owned(),
        _ => format!(" {} were touched since and stay as they are.", people(touched)),
    };
    format!("Take back import {} of {}: {what}?{kept}", plan.job.id, plan.job.file)
}

fn counted_nicely(count: u64, noun: &str) -> String {
    counted(count, noun).replacen(&count.to_string(), &HumanCount(count).to_string(), 1)
}

fn undone_json(undone: &ImportUndone) -> Value {
    let all = undone.job.undo.as_ref();
    json!({
        "job": undone.job.id, "file": undone.job.file, "deleted": undone.deleted, "restored": undone.restored, "finished": undone.finished,
        "deleted_in_all": all.map(|undo| undo.deleted), "restored_in_all": all.map(|undo| undo.restored),
        "began": all.map(|undo| wire::time(undo.began)), "left_total": undone.left.len() as u64 + undone.hidden,
        "left": undone.left.iter().map(left_json).collect::<Vec<_>>(), "left_hidden": undone.hidden,
        "waiting": undone.waiting,
    })
}

fn undone_text(undone: &ImportUndone) -> String {
    let left = undone.left.len() as u64 + undone.hidden;
    let mut text = format!(
        "took back import {}: {} deleted, {} restored, {} left as they are\n",
        undone.job.id,
        counted_nicely(undone.deleted, "contact"),
        HumanCount(undone.restored),
        HumanCount(left),
    );
    if !undone.left.is_empty() {
        let row = |one: &crate::app::bulk::LeftAlone| vec![one.id.to_string(), one.name.clone(), why(one)];
        text.push_str(&format!(
            "\nleft as they are:\n{}",
            table(&undone.left.iter().take(SHOWN).map(row).collect::<Vec<_>>())
        ));
    }
    if undone.left.len() > SHOWN {
        text.push_str(&format!("… and {} more; `--json` lists all\n", undone.left.len() - SHOWN));
    }
    if undone.hidden > 0 {
        text.push_str(&format!("{} of them you may not see\n", HumanCount(undone.hidden)));
    }
    if undone.deleted > 0 {
        text.push_str("\n`carnet contact restore` brings a deleted one back; labels and organizations that the import made stay\n");
    }
    if !undone.finished {
        text.push_str("\nthe same command takes back the rest when it can be\n");
    }
    for job in &undone.waiting {
        text.push_str(&format!("\nimport {job} was taken back in part: `carnet import undo {job}` goes on with it\n"));
    }
    text
}
