//! `carnet plugin watch`: each generation as it takes effect.

use std::sync::mpsc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::app::App;
use crate::app::failure::{Class, Failure};
use crate::cli::exit::Outcome;
use crate::cli::print::Printer;
use crate::registry::watch::{Notice, Timing};
use crate::registry::{Change, Report};
use crate::registry::{Generation, Refused};

/// How often folders are looked at where the system cannot tell of changes.
const POLL: Duration = Duration::from_secs(2);

/// Runs the command until it is stopped, or so many generations took effect.
pub fn run(app: &App, generations: Option<u64>, printer: &mut Printer) -> Result<Outcome, Failure> {
    let registry = app.registry()?;
    let (told, reports) = mpsc::channel();
    let notice = if app.settings().poll_folders { Notice::Poll(POLL) } else { Notice::Native };
    let watch = registry
        .watch(notice, Timing::default(), move |report| {
            // Nobody listens any more once enough generations were seen.
            let _ = told.send(report.clone());
        })
        .map_err(|error| Failure::new(Class::Internal, "WATCH", error.to_string()))?;
    first(&registry.current(), printer);
    let mut seen = 1;
    while generations.is_none_or(|wanted| seen < wanted) {
        let Ok(report) = reports.recv() else { break };
        print(&report, printer);
        seen += 1;
    }
    watch.stop();
    Ok(Outcome::Done)
}

/// What is in service when the watch begins is told like any other generation: all of it was added.
fn first(generation: &Generation, printer: &mut Printer) {
    let change = |loaded: &std::sync::Arc<crate::registry::Loaded>| {
        let identity = loaded.identity();
        Change {
            name: identity.name.clone(),
            from: None,
            to: Some(identity.version.clone()),
            hash: identity.hash.clone(),
        }
    };
    let added = generation.plugins.iter().map(change).collect();
    print(
        &Report { generation: generation.number, added, refused: generation.refused.clone(), ..Report::default() },
        printer,
    );
}

/// One line of JSON, or one block of text, a generation.
fn print(report: &Report, printer: &mut Printer) {
    if printer.is_json() {
        printer.data(&report_json(report).to_string());
    } else {
        printer.data(report_text(report).trim_end());
    }
}

fn report_json(report: &Report) -> Value {
    let changes = |changes: &[Change]| -> Vec<Value> {
        changes
            .iter()
            .map(|change| json!({ "name": change.name, "from": change.from, "to": change.to, "hash": change.hash }))
            .collect()
    };
    let refused = |refused: &Refused| json!({ "name": refused.name, "path": refused.path, "error": refused.error.to_string(), "hint": refused.error.hint, "kept": refused.kept, "state": if refused.waits.is_some() { "waiting" } else { "refused" } });
    json!({
        "generation": report.generation, "added": changes(&report.added), "replaced": changes(&report.replaced),
        "removed": changes(&report.removed), "refused": report.refused.iter().map(refused).collect::<Vec<_>>(), "mended": report.mended,
    })
}

fn report_text(report: &Report) -> String {
    let mut text = format!("generation {}\n", report.generation);
    let version = |version: &Option<String>| version.clone().unwrap_or_default();
    let hash = |change: &Change| change.hash.get(..12).unwrap_or(&change.hash).to_owned();
    text.extend(
        report
            .added
            .iter()
            .map(|change| format!("  added     {} {} ({})\n", change.name, version(&change.to), hash(change))),
    );
    text.extend(report.replaced.iter().map(|change| {
        format!("  replaced  {} {} → {} ({})\n", change.name, version(&change.from), version(&change.to), hash(change))
    }));
    text.extend(report.removed.iter().map(|change| format!("  removed   {} {}\n", change.name, version(&change.from))));
    text.extend(report.mended.iter().map(|name| format!("  mended    {name}\n")));
    for refused in &report.refused {
        let what = if refused.waits.is_some() { "waiting" } else { "refused" };
        text.push_str(&format!("  {what}   {refused}\n"));
        text.extend(refused.error.hint.iter().map(|hint| format!("            hint: {hint}\n")));
    }
    text
}
