//! `carnet plugin bench`

use std::time::Duration;

use serde_json::{Value, json};

use super::figures;
use super::run::{fault_json, fault_text, hook};
use crate::app::App;
use crate::app::failure::Failure;
use crate::app::plugins::bench::{BenchOptions, Calls, Measured, OfHook};
use crate::cli::args::BenchArgs;
use crate::cli::exit::Outcome;
use crate::cli::print::{Printer, table};

/// Measures a package.
pub(super) fn run(app: &App, args: &BenchArgs, printer: &mut Printer) -> Result<Outcome, Failure> {
    let options = BenchOptions {
        hook: args.hook.as_deref().map(hook).transpose()?,
        event: args.event.clone(),
        time: Duration::from_secs_f64(args.seconds),
    };
    let measured = app.bench_package(&args.package, &options)?;
    if cfg!(debug_assertions) {
        printer.warn("this Carnet was built for debugging: calls take several times as long as in a release");
    }
    for case in &measured.left_out {
        printer.warn(&format!("case `{case}` cannot be read and is left out: `carnet plugin test` says why"));
    }
    printer.answer(|| measured_json(&measured), || measured_text(&measured));
    Ok(if measured.hooks.iter().all(|hook| hook.faults == 0) { Outcome::Done } else { Outcome::Unsound })
}

fn measured_json(measured: &Measured) -> Value {
    let nanos = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
    let calls = |calls: &Calls| {
        json!({
            "calls": calls.count(), "per_second": calls.per_second().round(), "p50_ns": nanos(calls.quantile(0.5)),
            "p99_ns": nanos(calls.quantile(0.99)), "max_ns": nanos(calls.quantile(1.0)),
            "deadline_share": calls.quantile(0.99).as_secs_f64() / measured.deadline.as_secs_f64(),
        })
    };
    let hooks: Vec<Value> = measured
        .hooks
        .iter()
        .map(|of| {
            json!({
                "hook": of.hook.name(), "events": of.events, "cold": calls(&of.cold), "warm": calls(&of.warm),
                "native": calls(&of.empty), "memory_bytes": of.memory, "faults": of.faults,
                "fault": of.fault.as_ref().map(fault_json),
            })
        })
        .collect();
    let identity = &measured.identity;
    json!({
        "plugin": identity.name, "version": identity.version, "engine": identity.engine.as_str(), "hash": identity.hash,
        "deadline_ns": nanos(measured.deadline), "memory_limit_bytes": measured.memory_limit,
        "debug_build": cfg!(debug_assertions), "hooks": hooks,
    })
}

fn measured_text(measured: &Measured) -> String {
    let identity = &measured.identity;
    let mut text = format!(
        "{} {}, {}; a call may take {} and {}\n\n",
        identity.name,
        identity.version,
        identity.engine,
        figures::time(measured.deadline),
        figures::bytes(measured.memory_limit)
    );
    let head = ["hook", "", "calls/s", "p50", "p99", "max", "of deadline", "× native", "memory"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    measured.hooks.iter().for_each(|hook| rows.extend(hook_rows(hook, measured.deadline)));
    text.push_str(&table(&rows));
    text.push_str(
        "\ncold: an instance for each call, as an interactive event has; warm: one for many, as an import has; native: a\n\
         hook in Carnet itself that does nothing. The share of the deadline is that of p99.\n",
    );
    for (of, fault) in measured.hooks.iter().filter_map(|of| Some((of, of.fault.as_ref()?))) {
        let told = fault_text(fault, "  ");
        text.push_str(&format!("\n{} calls of {} failed: {told}", figures::count(of.faults as u64), of.hook));
    }
    text
}

fn hook_rows(of: &OfHook, deadline: Duration) -> Vec<Vec<String>> {
    let base = of.empty.quantile(0.5).as_secs_f64();
    let row = |name: &str, calls: &Calls| {
        let [p50, p99, max] = [0.5, 0.99, 1.0].map(|share| calls.quantile(share));
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "calls in a second")]
        let per_second = figures::count(calls.per_second() as u64);
        let against = if base > 0.0 { format!("{:.0}", p50.as_secs_f64() / base) } else { "–".to_owned() };
        vec![
            String::new(),
            name.to_owned(),
            per_second,
            figures::time(p50),
            figures::time(p99),
            figures::time(max),
            figures::share(p99.as_secs_f64(), deadline.as_secs_f64()),
            against,
        ]
    };
    let mut rows = vec![row("cold", &of.cold), row("warm", &of.warm), row("native", &of.empty)];
    let events = if of.events == 1 { "1 event".to_owned() } else { format!("{} events", of.events) };
    rows[0][0] = of.hook.to_string();
    rows[1][0] = format!("  {events}");
    rows[0].push(figures::bytes(of.memory));
    rows[2].truncate(6);
    rows
}
