//! What plugins did in a job, counted row by row in the order of the file, whoever asked them and however often; kept with the job, so that it
//! goes on counting when it is resumed.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::report::PluginReport;
use crate::plugin::fault::Fault;
use crate::plugin::hook::Hook;
use crate::plugin::package::{EngineKind, Identity};
use crate::registry::dispatch::{CallNote, Fuse, Fuses, Said};
use crate::registry::stats::HookCounts;
use crate::registry::{Generation, Loaded};

/// Sums by plugin.
#[derive(Clone)]
pub(super) struct Tally {
    generation: Arc<Generation>,
    /// What was counted since the job was begun or resumed, by place in the generation.
    counts: Vec<HookCounts>,
    /// What earlier runs of the job counted, by place in the generation.
    earlier: Vec<Option<PluginReport>>,
    /// Plugins of earlier runs that are no longer in service as they were.
    former: Vec<PluginReport>,
    /// Rows on which a plugin failed, or was missing because it had failed too often.
    pub(super) faulted: u64,
}

impl Tally {
    pub(super) fn new(generation: &Arc<Generation>) -> Self {
        let plugins = generation.plugins.len();
        Self {
            generation: Arc::clone(generation),
            counts: vec![HookCounts::default(); plugins],
            earlier: vec![None; plugins],
            former: Vec::new(),
            faulted: 0,
        }
    }

    /// Counts what was said about a row.
    pub(super) fn note(&mut self, calls: &[CallNote], fuses: &Fuses) {
        self.faulted += u64::from(fuses.any_fault(calls));
        for call in calls.iter().filter(|call| call.said != Said::NotAsked) {
            let counts = &mut self.counts[call.plugin];
            counts.took(call.time);
            counts.edits += call.edits as u64;
            match call.said {
                Said::Rejected => counts.rejections += 1,
                Said::Skipped => counts.skips += 1,
                Said::Faulted => counts.faults += 1,
                Said::Accepted | Said::NotAsked => {}
            }
        }
    }

    /// What each plugin did, in the order of calls; those that are gone come last.
    pub(super) fn reports(&self, fuses: &Fuses) -> Vec<PluginReport> {
        let one = |(at, loaded): (usize, &Arc<Loaded>)| {
            let counts = &self.counts[at];
            let now = PluginReport {
                identity: Arc::clone(loaded.identity()),
                mode: loaded.mode.as_str(),
                calls: counts.calls,
                edits: counts.edits,
                rejections: counts.rejections,
                skips: counts.skips,
                faults: counts.faults,
                time: counts.time,
                p50: counts.quantile(0.5),
                p99: counts.quantile(0.99),
                tripped_at: fuses.standing()[at].tripped_at,
                last_fault: loaded.last_fault().filter(|_| counts.faults > 0).map(|(hook, fault)| told(hook, &fault)),
            };
            match &self.earlier[at] {
                Some(earlier) => now.and(earlier),
                None => now,
            }
        };
        self.generation.plugins.iter().enumerate().map(one).chain(self.former.iter().cloned()).collect()
    }

    /// What is kept with each batch, if there is anything to keep.
    pub(super) fn progress(&self, fuses: &Fuses) -> Option<String> {
        (!self.counts.is_empty() || !self.former.is_empty()).then(|| self.json(fuses))
    }

    /// What a resumed job has to know, as JSON.
    pub(super) fn json(&self, fuses: &Fuses) -> String {
        let windows = fuses.standing().iter().map(|fuse| json!(fuse.window)).collect::<Vec<_>>();
        let plugins: Vec<Value> = self.reports(fuses).iter().map(PluginReport::json).collect();
        json!({ "faulted": self.faulted, "windows": windows, "plugins": plugins }).to_string()
    }

    /// Goes on from what an earlier run of the job left. Returns how its breakers stood, and what is otherwise now.
    pub(super) fn resume(&mut self, progress: &str) -> (Vec<Fuse>, Vec<String>) {
        let kept: Value = serde_json::from_str(progress).unwrap_or_default();
        self.faulted = kept["faulted"].as_u64().unwrap_or(0);
        let mut fuses = vec![Fuse::default(); self.counts.len()];
        let mut notes = Vec::new();
        for (nth, plugin) in kept["plugins"].as_array().into_iter().flatten().enumerate() {
            let Some(report) = read(plugin) else { continue };
            let old = Arc::clone(&report.identity);
            let plugins = &self.generation.plugins;
            if let Some(at) = plugins
                .iter()
                .position(|loaded| loaded.identity().hash == old.hash && loaded.identity().name == old.name)
            {
                fuses[at] = Fuse { window: kept["windows"][nth].as_u64().unwrap_or(0), tripped_at: report.tripped_at };
                self.earlier[at] = Some(report);
                continue;
            }
            let now = self.generation.find(&old.name).map(|loaded| loaded.identity());
            notes.push(match now {
                Some(now) => format!(
                    "plugin `{}` was version {} ({}) when the job stopped, and is version {} ({}) for the rows from here on",
                    old.name, old.version, short(&old.hash), now.version, short(&now.hash)
                ),
                None => format!("plugin `{}` {} is no longer in service: the rows from here on go without it", old.name, old.version),
            });
            self.former.push(report);
        }
        let came = |loaded: &&Arc<Loaded>| {
            !kept["plugins"]
                .as_array()
                .is_some_and(|all| all.iter().any(|plugin| plugin["name"] == *loaded.identity().name))
        };
        if kept["plugins"].is_array() {
            let new = self.generation.plugins.iter().filter(came);
            notes.extend(new.map(|loaded| {
                format!(
                    "plugin `{}` {} came since the job stopped, and is asked for the rows from here on",
                    loaded.identity().name,
                    loaded.identity().version
                )
            }));
        }
        (fuses, notes)
    }
}

/// What is kept of a job that begins.
pub(super) fn at_start(generation: &Arc<Generation>) -> String {
    Tally::new(generation).json(&Fuses::new(Arc::clone(generation)))
}

/// How many rows met a failing plugin, by what is kept of a job.
pub(super) fn faulted(progress: &str) -> u64 {
    let kept: Value = serde_json::from_str(progress).unwrap_or_default();
    kept["faulted"].as_u64().unwrap_or(0)
}

fn short(hash: &str) -> &str {
    hash.get(..8).unwrap_or(hash)
}

/// Reads what [`PluginReport::json`] wrote.
fn read(plugin: &Value) -> Option<PluginReport> {
    let text = |key: &str| plugin[key].as_str().map(str::to_owned);
    let count = |key: &str| plugin[key].as_u64().unwrap_or(0);
    let engine = [EngineKind::Rhai, EngineKind::Wasm].into_iter().find(|kind| plugin["engine"] == kind.as_str())?;
    let identity = Identity { name: text("name")?, version: text("version")?, hash: text("hash")?, engine };
    Some(PluginReport {
        identity: Arc::new(identity),
        mode: if plugin["mode"] == "observe" { "observe" } else { "enforce" },
        calls: count("calls"),
        edits: count("edits"),
        rejections: count("rejections"),
        skips: count("skips"),
        faults: count("faults"),
        time: Duration::from_micros(count("micros")),
        p50: None,
        p99: None,
        tripped_at: plugin["tripped_at"].as_u64(),
        last_fault: text("last_fault"),
    })
}

fn told(hook: Hook, fault: &Fault) -> String {
    let place = fault.position.as_ref().map_or_else(String::new, |position| format!(" at {position}"));
    format!("in {hook}{place}: {} ({})", fault.message, fault.kind.code())
}
