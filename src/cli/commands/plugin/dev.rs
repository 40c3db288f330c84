//! `carnet plugin dev`

use std::sync::atomic::Ordering;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::check::errors_json;
use super::figures;
use super::test::{case_json, differences};
use crate::app::App;
use crate::app::failure::Failure;
use crate::app::import::Stop;
use crate::app::plugins::dev::{End, Round};
use crate::app::plugins::faults;
use crate::app::plugins::test::Tested;
use crate::cli::args::DevArgs;
use crate::cli::exit::Outcome;
use crate::cli::print::Printer;
use crate::cli::signals;
use crate::registry::Mode;

/// How often a signal is looked for.
const LOOK: Duration = Duration::from_millis(100);

/// How often a tool that was missing is looked for.
const LOOK_FOR_TOOL: Duration = Duration::from_secs(1);

/// Builds, tests and reloads a package on every save.
pub(super) fn run(app: &App, args: &DevArgs, printer: &mut Printer) -> Result<Outcome, Failure> {
    let mut developing = app.develop(&args.package)?;
    let stop = Stop::default();
    // The first signal ends it in order, for a build may be under way.
    stop.at_once.store(false, Ordering::Relaxed);
    signals::ask(&stop);
    let (told, changes) = channel();
    let watch = developing.watch(move || {
        // Nobody listens any more at the end.
        let _ = told.send(());
    })?;
    if !printer.is_json() {
        printer.note(&format!("watching {}; Ctrl-C ends it", developing.path().display()));
    }
    let (mut worked, mut due, mut looked) = (0, true, Instant::now());
    let outcome = loop {
        if std::mem::take(&mut due)
            && let Some(round) = developing.round()
        {
            print(&round, printer);
            worked += u64::from(matches!(round.end, End::Works { .. }));
        }
        if args.generations.is_some_and(|wanted| worked >= wanted) {
            break Outcome::Done;
        }
        if stop.is_asked() {
            break Outcome::Interrupted;
        }
        match changes.recv_timeout(LOOK) {
            // However many saves there were meanwhile, they are one.
            Ok(()) => {
                changes.try_iter().for_each(drop);
                due = true;
            }
            Err(RecvTimeoutError::Timeout) => {
                if developing.lacks_tool() && looked.elapsed() >= LOOK_FOR_TOOL {
                    (due, looked) = (true, Instant::now());
                }
            }
            Err(RecvTimeoutError::Disconnected) => break Outcome::Stopped,
        }
    };
    watch.stop();
    Ok(outcome)
}

/// One line of JSON, or one line of text and what is wrong below it.
fn print(round: &Round, printer: &mut Printer) {
    if printer.is_json() {
        printer.data(&round_json(round).to_string());
    } else {
        printer.data(round_text(round).trim_end());
    }
}

fn round_json(round: &Round) -> Value {
    let (generation, in_service, why) = match &round.end {
        End::Works { generation, in_service } => (Some(*generation), *in_service, Vec::new()),
        End::Broken { kept, why } => (*kept, None, errors_json(why)),
    };
    let tested = round.tested.as_ref();
    let problems = why.into_iter().chain(tested.into_iter().flat_map(|tested| errors_json(&tested.refused)));
    json!({
        "works": matches!(round.end, End::Works { .. }), "generation": generation,
        "in_service": in_service.is_some(), "mode": in_service.map(Mode::as_str),
        "built_bytes": round.built.as_ref().map(|built| built.bytes),
        "cases": tested.map_or(0, |tested| tested.cases.len()), "failing": tested.map_or(0, Tested::failing),
        "problems": problems.collect::<Vec<_>>(),
        "failures": tested.into_iter().flat_map(|tested| &tested.cases).filter(|tried| !tried.is_well()).map(case_json).collect::<Vec<_>>(),
        "milliseconds": u64::try_from(round.time.as_millis()).unwrap_or(u64::MAX),
    })
}

fn round_text(round: &Round) -> String {
    let built =
        round.built.as_ref().map_or_else(String::new, |built| format!("built {}; ", figures::bytes(built.bytes)));
    let time = figures::time(round.time);
    let tested = round.tested.as_ref();
    let cases = tested.map_or(0, |tested| tested.cases.len());
    match &round.end {
        End::Works { generation, in_service } => {
            let cases = match cases {
                0 => "no cases".to_owned(),
                1 => "1 case".to_owned(),
                cases => format!("{cases} cases"),
            };
            let place = if in_service.is_some() { "in service as" } else { "loaded as" };
            let mode = if *in_service == Some(Mode::Observe) { ", observed only" } else { "" };
            format!("✓ {built}{cases} in {time}, {place} generation {generation}{mode}")
        }
        End::Broken { kept, why } => {
            let stays = kept.map_or_else(String::new, |kept| format!("; generation {kept} stays"));
            let failing = tested.map_or(0, Tested::failing);
            let refused = tested.map_or(&[][..], |tested| tested.refused.as_slice());
            let what =
                if failing > 0 { format!("{failing} of {cases} cases fail") } else { "it does not load".to_owned() };
            let what = if round.tested.is_none() { "it cannot be built".to_owned() } else { what };
            let mut text = format!("✗ {built}{what}, in {time}{stays}\n");
            for errors in [why.as_slice(), refused].into_iter().filter(|errors| !errors.is_empty()) {
                text.push_str(&format!("{}\n", faults(errors)));
            }
            for tried in tested.into_iter().flat_map(|tested| &tested.cases).filter(|tried| !tried.is_well()) {
                text.push_str(&format!("  ✗ {}\n{}", tried.run.case, differences(tried, "      ")));
            }
            text
        }
    }
}
