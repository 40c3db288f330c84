//! `carnet plugin test`

use serde_json::{Value, json};

use super::check::errors_json;
use super::figures;
use super::run::{fault_text, log_json, log_rows};
use crate::app::App;
use crate::app::failure::Failure;
use crate::app::plugins::faults;
use crate::app::plugins::test::{TestOptions, Tested, Tried};
use crate::cli::args::TestArgs;
use crate::cli::exit;
use crate::cli::print::Printer;
use crate::plugin::hand::Edit;
use crate::registry::cases::{CaseEnd, Differs, Outcome, Played};

/// Most lines of a log that are shown with a case.
const LOG_LINES: usize = 20;

/// Plays the cases of a package, or of all.
pub(super) fn run(app: &App, args: &TestArgs, printer: &mut Printer) -> Result<exit::Outcome, Failure> {
    let packages = app.packages_meant(args.package.as_deref())?;
    let tested = app.test_packages(&packages, &TestOptions { case: args.case.clone(), bless: args.bless })?;
    // One case of all packages: those that do not have it are not meant.
    let tested: Vec<&Tested> = tested
        .iter()
        .filter(|one| args.case.is_none() || tested.len() == 1 || !one.cases.is_empty() || !one.refused.is_empty())
        .collect();
    let is_well = tested.iter().all(|one| one.is_well());
    printer.answer(
        || json!({ "passed": is_well, "packages": tested.iter().map(|one| tested_json(one)).collect::<Vec<_>>() }),
        || tested.iter().map(|one| tested_text(one, args.bless)).collect::<Vec<_>>().join("\n"),
    );
    Ok(if is_well { exit::Outcome::Done } else { exit::Outcome::Unsound })
}

fn tested_json(tested: &Tested) -> Value {
    json!({
        "name": tested.name, "path": tested.path, "passed": tested.is_well(), "problems": errors_json(&tested.refused),
        "cases": tested.cases.iter().map(case_json).collect::<Vec<_>>(),
        "milliseconds": tested.time.as_millis() as u64,
    })
}

/// One case: how it went, what differs, what was blessed.
pub(super) fn case_json(tried: &Tried) -> Value {
    let run = &tried.run;
    let (differences, problems, fault) = match &run.end {
        CaseEnd::Passed => (Vec::new(), Vec::new(), None),
        CaseEnd::Unplayable(errors) => (Vec::new(), errors_json(errors), None),
        CaseEnd::Differs(differs) => {
            let differences = differs.differences.iter();
            let one = |it: &crate::registry::cases::CaseFailure| json!({ "what": it.what, "expected": it.expected, "got": it.got });
            (differences.map(one).collect(), Vec::new(), fault_of(differs))
        }
    };
    let log = match &run.end {
        CaseEnd::Differs(differs) => differs.played.as_ref().map(|played| log_json(&played.log)).unwrap_or_default(),
        _ => Vec::new(),
    };
    let (blessed, not_blessed) = match &tried.blessed {
        None => (None, None),
        Some(Ok(changes)) => (Some(changes), None),
        Some(Err(why)) => (None, Some(why)),
    };
    json!({
        "case": run.case, "passed": tried.is_well(), "microseconds": u64::try_from(run.time.as_micros()).unwrap_or(u64::MAX),
        "differences": differences, "problems": problems, "fault": fault.map(super::run::fault_json),
        "log": log, "blessed": blessed, "not_blessed": not_blessed,
    })
}

fn fault_of(differs: &Differs) -> Option<&crate::plugin::fault::Fault> {
    differs.played.as_ref()?.verdict.as_ref().err()
}

fn tested_text(tested: &Tested, bless: bool) -> String {
    let mut text = format!("{} ({})\n", tested.name, tested.path.display());
    if !tested.refused.is_empty() {
        text.push_str(&format!("✗ its cases cannot be played\n{}\n", faults(&tested.refused)));
        return text;
    }
    let width = tested.cases.iter().map(|tried| tried.run.case.chars().count()).max().unwrap_or(0);
    for tried in &tested.cases {
        let played = !matches!(tried.run.end, CaseEnd::Unplayable(_));
        let (case, time) = (&tried.run.case, if played { figures::time(tried.run.time) } else { "–".to_owned() });
        let mark = if tried.run.passed() { '✓' } else { '✗' };
        text.push_str(&format!("  {mark} {case:width$}  {time:>8}\n"));
        text.push_str(&differences(tried, "      "));
    }
    text.push_str(&summary(tested, bless));
    text.push('\n');
    text
}

fn summary(tested: &Tested, bless: bool) -> String {
    let (all, failing, time) = (tested.cases.len(), tested.failing(), figures::time(tested.time));
    let blessed = tested.cases.iter().filter(|tried| matches!(tried.blessed, Some(Ok(_)))).count();
    let of = |count: usize| format!("{count} of {all} cases");
    match (all, failing, blessed) {
        (0, ..) => "it has no cases: put events with the verdict expected into cases/*.toml".to_owned(),
        (1, 0, 0) => format!("1 case passes, in {time}"),
        (_, 0, 0) => format!("{all} cases pass, in {time}"),
        (_, 0, _) => format!("{} blessed: read what changed before you keep it", of(blessed)),
        (_, _, 0) if bless => format!("{} fail, and none could be blessed", of(failing)),
        (_, _, 0) => {
            format!("{} fail, in {time}; where what came out is right, `--bless` writes it into them", of(failing))
        }
        _ => format!("{} blessed, {failing} could not be", of(blessed)),
    }
}

/// What differs, line by line; nothing for a case that passes.
pub(super) fn differences(tried: &Tried, indent: &str) -> String {
    let mut text = String::new();
    match &tried.run.end {
        CaseEnd::Passed => {}
        CaseEnd::Unplayable(errors) => {
            for error in errors {
                let place = error.position.as_ref().map_or_else(String::new, |position| format!("{position}: "));
                text.push_str(&format!("{indent}{place}{error}\n"));
                let source = error.position.as_ref().and_then(|position| position.source.as_ref());
                text.extend(source.map(|source| format!("{indent}| {}\n", source.trim_end())));
                text.extend(error.hint.iter().map(|hint| format!("{indent}hint: {hint}\n")));
            }
        }
        CaseEnd::Differs(differs) => {
            for difference in &differs.differences {
                let pad = " ".repeat(difference.what.chars().count());
                text.push_str(&format!("{indent}{}  expected  {}\n", difference.what, difference.expected));
                text.push_str(&format!("{indent}{pad}  got       {}\n", difference.got));
            }
            if let Some(fault) = fault_of(differs) {
                let told = fault_text(fault, indent);
                // Its first line is what was got.
                text.extend(told.lines().skip(1).map(|line| format!("{line}\n")));
            } else if let Some(played) = differs.played.as_ref().filter(|played| keeps_edits(played)) {
                let edits: Vec<String> = played.edits.iter().map(edit).collect();
                text.push_str(&format!("{indent}edits: {}\n", edits.join(", ")));
            }
            text.push_str(&log(differs, indent));
        }
    }
    match &tried.blessed {
        None => {}
        Some(Ok(changes)) => text.extend(changes.iter().map(|change| format!("{indent}blessed: {change}\n"))),
        Some(Err(why)) => text.push_str(&format!("{indent}not blessed: {why}\n")),
    }
    text
}

/// What the plugin logged: the last lines, where there are many.
fn log(differs: &Differs, indent: &str) -> String {
    let rows = differs.played.as_ref().map(|played| log_rows(&played.log)).unwrap_or_default();
    let left_out = rows.len().saturating_sub(LOG_LINES);
    let mut text = String::new();
    if left_out > 0 {
        text.push_str(&format!("{indent}log: {left_out} lines more, and\n"));
    }
    let shown = rows.into_iter().skip(left_out);
    text.extend(shown.map(|(level, line)| format!("{indent}log: {level:5} {line}\n")));
    text
}

/// The edits of a record that is refused are thrown away, and say nothing.
fn keeps_edits(played: &Played) -> bool {
    played.outcome() == Outcome::Accept && !played.edits.is_empty()
}

fn edit(edit: &Edit) -> String {
    let value = |value: &Option<String>| value.as_ref().map_or_else(|| "–".to_owned(), |value| format!("`{value}`"));
    format!("{} {} → {}", edit.what, value(&edit.old), value(&edit.new))
}
