//! `carnet doctor`

use serde_json::json;

use crate::app::App;
use crate::app::doctor::Finding;
use crate::app::failure::Failure;
use crate::cli::exit::Outcome;
use crate::cli::print::Printer;
use crate::domain::permission::Viewer;

/// Runs the command.
pub fn run(app: &App, by: &Viewer, printer: &mut Printer) -> Result<Outcome, Failure> {
    let findings = app.doctor(by);
    let sound = findings.iter().all(|finding| finding.sound);
    let entry = |finding: &Finding| json!({ "what": finding.what, "sound": finding.sound, "found": finding.found, "hint": finding.hint });
    printer.answer(
        || json!({ "sound": sound, "findings": findings.iter().map(entry).collect::<Vec<_>>() }),
        || findings.iter().map(line).collect(),
    );
    Ok(if sound { Outcome::Done } else { Outcome::Unsound })
}

fn line(finding: &Finding) -> String {
    let mark = if finding.sound { "ok     " } else { "PROBLEM" };
    let hint = finding.hint.as_ref().map_or_else(String::new, |hint| format!("         hint: {hint}\n"));
    format!("{mark}  {}: {}\n{hint}", finding.what, finding.found)
}
