//! `carnet plugin stats`

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::app::App;
use crate::app::failure::{Class, Failure};
use crate::app::plugins::prometheus::exposition;
use crate::app::plugins::stats::{PluginStats, Probation};
use crate::app::wire;
use crate::cli::exit::Outcome;
use crate::cli::print::{Printer, table};
use crate::domain::permission::Viewer;
use crate::plugin::hook::Hook;
use crate::store::{CallSums, PluginLine, PluginRef, PluginStanding};

/// What to show.
pub(super) struct Wanted<'a> {
    pub(super) plugin: Option<&'a str>,
    pub(super) hook: Option<&'a str>,
    pub(super) reset: bool,
    pub(super) prometheus: bool,
}

/// Shows what plugins did, or forgets it.
pub(super) fn run(app: &App, wanted: &Wanted<'_>, by: &Viewer, printer: &mut Printer) -> Result<Outcome, Failure> {
    let hook = wanted.hook.map(hook).transpose()?;
    if wanted.reset {
        app.reset_plugin_stats(wanted.plugin, by)?;
        let what = wanted.plugin.unwrap_or("all plugins");
        printer.answer(|| json!({ "reset": wanted.plugin }), || format!("what {what} did is counted from now on"));
        return Ok(Outcome::Done);
    }
    let stats = app.plugin_stats(wanted.plugin, hook, by)?;
    if wanted.prometheus {
        if printer.is_json() {
            return Err(Failure::new(Class::Usage, "FORMAT", "`--prometheus` and `--json` are two formats")
                .hint("leave one of them out"));
        }
        printer.data(exposition(&stats, &*app.generation()?).trim_end());
        return Ok(Outcome::Done);
    }
    let text = || match wanted.plugin {
        Some(name) => one_text(name, &stats),
        None => all_text(&stats),
    };
    printer.answer(|| stats_json(&stats), text);
    Ok(Outcome::Done)
}

fn all_text(stats: &PluginStats) -> String {
    if stats.calls.is_empty() {
        return "no plugin was called yet".to_owned();
    }
    let told = stats.standings.iter().filter_map(standing_text).chain(stats.probations.iter().map(probation_text));
    let told: String = told.map(|line| format!("\n{line}")).collect();
    format!("{}{told}", calls_table(&stats.calls.iter().collect::<Vec<_>>(), true))
}

/// One plugin in full: the version that was called last first.
fn one_text(name: &str, stats: &PluginStats) -> String {
    let versions = stats.versions();
    if versions.is_empty() {
        return format!("{name} was not called yet");
    }
    versions.into_iter().map(|version| version_text(version, stats)).collect::<Vec<_>>().join("\n")
}

fn version_text(version: &PluginRef, stats: &PluginStats) -> String {
    let mut text = format!("{} {} ({})\n", version.name, version.version, short(&version.hash));
    let of = |it: &PluginRef| it == version;
    text.extend(
        stats.standings.iter().filter(|row| of(&row.plugin)).filter_map(standing_text).map(|line| format!("{line}\n")),
    );
    text.extend(
        stats.probations.iter().filter(|trial| of(&trial.plugin)).map(|trial| format!("{}\n", probation_text(trial))),
    );
    let calls: Vec<&CallSums> = stats.calls.iter().filter(|sums| of(&sums.plugin)).collect();
    if !calls.is_empty() {
        text.push_str(&calls_table(&calls, false));
    }
    let deeds = |kinds: &[&str]| -> Vec<Vec<String>> {
        let theirs = stats.deeds.iter().filter(|deed| of(&deed.plugin) && kinds.contains(&&*deed.kind));
        theirs
            .map(|deed| {
                let kind = if deed.kind == "fault" { String::new() } else { format!("{} ", deed.kind) };
                vec![format!("  {}", deed.hook), format!("{kind}{}", deed.what), deed.times.to_string()]
            })
            .collect()
    };
    let lines = |kinds: &[&str]| -> Vec<&PluginLine> {
        stats.lines.iter().filter(|line| of(&line.plugin) && kinds.contains(&&*line.kind)).collect()
    };
    let faults = deeds(&["fault"]);
    if !faults.is_empty() {
        text.push_str(&format!("faults\n{}", table(&faults)));
    }
    if let Some(line) = lines(&["fault"]).last() {
        let place = line.place.as_ref().map_or_else(String::new, |place| format!(" at {place}"));
        text.push_str(&format!("last fault\n  {} {}{place}: {}\n", wire::time(line.at), line.hook, line.text));
    }
    let would = deeds(&["set", "reject", "skip"]);
    if !would.is_empty() {
        text.push_str(&format!("would have, in mode observe\n{}", table(&would)));
    }
    section(&mut text, "samples", &lines(&["sample"]), false);
    section(&mut text, "log", &lines(&["debug", "info", "warn", "error"]), true);
    text
}

fn section(text: &mut String, title: &str, lines: &[&PluginLine], with_kind: bool) {
    if lines.is_empty() {
        return;
    }
    let row = |line: &&PluginLine| {
        let kind = if with_kind { format!("{}: ", line.kind) } else { String::new() };
        vec![format!("  {}", wire::time(line.at)), line.hook.clone(), format!("{kind}{}", line.text)]
    };
    text.push_str(&format!("{title}\n{}", table(&lines.iter().map(row).collect::<Vec<_>>())));
}

/// What is odd about how a version stands; nothing when all is well.
pub(super) fn standing_text(row: &PluginStanding) -> Option<String> {
    let PluginRef { name, version, .. } = &row.plugin;
    let (at, why) = row.tripped.as_ref()?;
    Some(format!(
        "{name} {version} is tripped since {}: {why}; `carnet plugin reset {name}` calls it again",
        wire::time(*at)
    ))
}

/// How a probation stands.
pub(super) fn probation_text(trial: &Probation) -> String {
    let PluginRef { name, version, .. } = &trial.plugin;
    let after = trial.predecessor.as_ref().map_or_else(String::new, |old| format!(" after {old}"));
    format!("{name} {version} is on probation{after}: {} calls left", trial.calls_left)
}

fn calls_table(calls: &[&CallSums], with_plugin: bool) -> String {
    let observed = calls.iter().any(|sums| sums.mode != "enforce");
    let who: &[&str] = if with_plugin { &["plugin", "version", "hash"] } else { &[] };
    let mode: &[&str] = if observed { &["mode"] } else { &[] };
    let rest = ["calls", "accept", "reject", "skip", "edits", "faults", "p50", "p99", "max", "memory", "since"];
    let head = who.iter().chain(&["hook"]).chain(mode).chain(&rest).map(|it| (*it).to_owned()).collect();
    let rows = calls.iter().map(|sums| {
        let it = &sums.counts;
        let mut row = Vec::new();
        if with_plugin {
            let PluginRef { name, version, hash } = &sums.plugin;
            row.extend([name.clone(), version.clone(), short(hash).to_owned()]);
        }
        row.push(sums.hook.clone());
        row.extend(observed.then(|| sums.mode.clone()));
        let numbers = [it.calls, it.accepted(), it.rejections, it.skips, it.edits, it.faults];
        row.extend(numbers.map(|number| number.to_string()));
        let times = [it.quantile(0.5), it.quantile(0.99), (it.calls > 0).then_some(it.longest)];
        row.extend(times.map(|time| time.map_or_else(|| "–".to_owned(), duration)));
        row.push(if it.memory == 0 { "–".to_owned() } else { bytes(it.memory) });
        row.push(since(sums.since));
        row
    });
    table(&std::iter::once(head).chain(rows).collect::<Vec<_>>())
}

fn since(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M").to_string()
}

fn short(hash: &str) -> &str {
    hash.get(..8).unwrap_or(hash)
}

fn duration(time: Duration) -> String {
    match time.as_nanos() {
        0..1_000 => format!("{} ns", time.as_nanos()),
        1_000..1_000_000 => format!("{} µs", time.as_micros()),
        1_000_000..10_000_000_000 => format!("{} ms", time.as_millis()),
        _ => format!("{} s", time.as_secs()),
    }
}

fn bytes(count: u64) -> String {
    if count < 1 << 20 { format!("{} KiB", count.div_ceil(1 << 10)) } else { format!("{} MiB", count >> 20) }
}

fn stats_json(stats: &PluginStats) -> Value {
    let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
    let calls = stats.calls.iter().map(|sums| {
        let it = &sums.counts;
        json!({
            "plugin": sums.plugin.name, "version": sums.plugin.version, "hash": sums.plugin.hash, "hook": sums.hook,
            "mode": sums.mode, "calls": it.calls, "accepted": it.accepted(), "rejected": it.rejections, "skipped": it.skips,
            "edits": it.edits, "faults": it.faults, "p50_us": it.quantile(0.5).map(micros), "p99_us": it.quantile(0.99).map(micros),
            "max_us": micros(it.longest), "total_us": micros(it.time), "memory_peak_bytes": it.memory,
            "since": wire::time(sums.since), "until": wire::time(sums.until),
        })
    });
    let deeds = |faults: bool| -> Vec<Value> {
        let some = stats.deeds.iter().filter(|deed| (deed.kind == "fault") == faults);
        some.map(|deed| {
            json!({
                "plugin": deed.plugin.name, "version": deed.plugin.version, "hook": deed.hook, "kind": deed.kind,
                "what": deed.what, "times": deed.times, "last": wire::time(deed.until),
            })
        })
        .collect()
    };
    let lines = stats.lines.iter().map(|line| {
        json!({
            "plugin": line.plugin.name, "version": line.plugin.version, "hook": line.hook, "kind": line.kind,
            "at": wire::time(line.at), "place": line.place, "text": line.text,
        })
    });
    json!({
        "calls": calls.collect::<Vec<_>>(), "faults": deeds(true), "would": deeds(false), "lines": lines.collect::<Vec<_>>(),
        "standings": standings_json(stats),
    })
}

pub(super) fn tripped_json(row: &PluginStanding) -> Value {
    json!(row.tripped.as_ref().map(|(at, why)| json!({ "since": wire::time(*at), "why": why })))
}

pub(super) fn probation_json(trial: &Probation) -> Value {
    json!({ "calls_left": trial.calls_left, "predecessor": trial.predecessor })
}

/// How each version stands of which there is anything to say.
fn standings_json(stats: &PluginStats) -> Vec<Value> {
    let mut versions: Vec<&PluginRef> = stats.standings.iter().map(|row| &row.plugin).collect();
    versions.extend(stats.probations.iter().map(|trial| &trial.plugin));
    versions.sort_by_key(|it| (&it.name, &it.version, &it.hash));
    versions.dedup();
    let one = |it: &PluginRef| {
        let row = stats.standings.iter().find(|row| row.plugin == *it);
        let trial = stats.probations.iter().find(|trial| trial.plugin == *it);
        json!({
            "plugin": it.name, "version": it.version, "tripped": row.map_or(Value::Null, tripped_json),
            "probation": trial.map_or(Value::Null, probation_json),
        })
    };
    versions.into_iter().map(one).collect()
}

/// Reads a hook's name.
pub(super) fn hook(name: &str) -> Result<Hook, Failure> {
    Hook::parse(name).ok_or_else(|| {
        let known: Vec<&str> = Hook::ALL.iter().map(|hook| hook.name()).collect();
        Failure::new(Class::Usage, "HOOK", format!("there is no hook `{name}`"))
            .hint(format!("use one of {}", known.join(", ")))
    })
}
