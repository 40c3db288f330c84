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
    /// How calls failed last, by place in the generation.
    last_faults: Vec<Option<String>>,
    /// What earlier runs of the job counted, by place in the generation.
    earlier: Vec<Option<(PluginReport, Times)>>,
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
            last_faults: vec![None; plugins],
            earlier: vec![None; plugins],
            former: Vec::new(),
            faulted: 0,
        }
    }

    /// Counts what was said about a row.
    pub(super) fn note(&mut self, calls: &[CallNote], fuses: &Fuses) {
        self.faulted += u64::from(fuses.any_fault(calls));
        for call in calls.iter().filter(|call| call.said != Said::NotAsked) {
            call.count(&mut self.counts[call.plugin]);
            if let Some(fault) = call.fault() {
                self.last_faults[call.plugin] = Some(told(call.hook, fault));
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
                last_fault: self.last_faults[at].clone(),
            };
            match &self.earlier[at] {
                Some((earlier, before)) => {
                    let times = before.and(counts);
                    PluginReport { p50: times.quantile(0.5), p99: times.quantile(0.99), ..now.and(earlier) }
                }
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
        let times = self.counts.iter().zip(&self.earlier).map(|(counts, earlier)| match earlier {
            Some((_, before)) => before.and(counts).json(),
            None => Times::default().and(counts).json(),
        });
        let times: Vec<Value> = times.collect();
        let plugins: Vec<Value> = self.reports(fuses).iter().map(PluginReport::json).collect();
        json!({ "faulted": self.faulted, "windows": windows, "times": times, "plugins": plugins }).to_string()
    }

    /// Goes on from what an earlier run of the job left. Returns how its breakers stood, and what is otherwise now.
    pub(super) fn resume(&mut self, progress: &str, standing: &[Fuse]) -> (Vec<Fuse>, Vec<String>) {
        let kept: Value = serde_json::from_str(progress).unwrap_or_default();
        self.faulted = kept["faulted"].as_u64().unwrap_or(0);
        // Those that are new to the job are as they are for everybody.
        let mut fuses = standing.to_vec();
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
                self.earlier[at] = Some((report, Times::read(&kept["times"][nth])));
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

/// How long calls took, by step of the histogram.
#[derive(Clone, Default)]
struct Times(HookCounts);

impl Times {
    fn and(&self, counts: &HookCounts) -> Self {
        let mut sum = self.0.clone();
        sum.add(counts);
        Self(sum)
    }

    fn quantile(&self, share: f64) -> Option<Duration> {
        self.0.quantile(share)
    }

    /// The steps up to the last that holds a call, behind the longest time.
    fn json(&self) -> Value {
        let steps = self.0.steps.iter().rposition(|count| *count > 0).map_or(0, |last| last + 1);
        let longest = u64::try_from(self.0.longest.as_nanos()).unwrap_or(u64::MAX);
        json!({ "longest": longest, "steps": self.0.steps[..steps] })
    }

    /// Reads what [`Times::json`] wrote; of a job of long ago, nothing.
    fn read(kept: &Value) -> Self {
        let longest = Duration::from_nanos(kept["longest"].as_u64().unwrap_or(0));
        let mut counts = HookCounts { longest, ..HookCounts::default() };
        for (step, count) in counts.steps.iter_mut().zip(kept["steps"].as_array().into_iter().flatten()) {
            *step = count.as_u64().unwrap_or(0);
            counts.calls += *step;
        }
        Self(counts)
    }
}

/// What is kept of a job that begins.
pub(super) fn at_start(generation: &Arc<Generation>) -> String {
    Tally::new(generation).json(&Fuses::new(Arc::clone(generation)))
}

/// What is kept of a job, without the faults and trips of a plugin that is to be called again; nothing if it has none.
pub(in crate::app) fn without_trips(progress: &str, name: &str) -> Option<String> {
    let mut kept: Value = serde_json::from_str(progress).ok()?;
    let tripped = |plugin: &Value| plugin["name"] == name && !plugin["tripped_at"].is_null();
    let places: Vec<usize> =
        kept["plugins"].as_array()?.iter().enumerate().filter(|(_, it)| tripped(it)).map(|(at, _)| at).collect();
    for at in &places {
        kept["plugins"][at]["tripped_at"] = Value::Null;
        if let Some(window) = kept["windows"].get_mut(at) {
            *window = json!(0);
        }
    }
    (!places.is_empty()).then(|| kept.to_string())
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
    let micros = |key: &str| plugin[key].as_u64().map(Duration::from_micros);
    Some(PluginReport {
        identity: Arc::new(identity),
        mode: if plugin["mode"] == "observe" { "observe" } else { "enforce" },
        calls: count("calls"),
        edits: count("edits"),
        rejections: count("rejections"),
        skips: count("skips"),
        faults: count("faults"),
        time: Duration::from_micros(count("micros")),
        p50: micros("p50_micros"),
        p99: micros("p99_micros"),
        tripped_at: plugin["tripped_at"].as_u64(),
        last_fault: text("last_fault"),
    })
}

fn told(hook: Hook, fault: &Fault) -> String {
    let place = fault.position.as_ref().map_or_else(String::new, |position| format!(" at {position}"));
    format!("in {hook}{place}: {} ({})", fault.message, fault.kind.code())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_kept_whole() {
        let (mut before, mut counts) = (HookCounts::default(), HookCounts::default());
        (1..=99).for_each(|micros| before.took(Duration::from_micros(micros)));
        counts.took(Duration::from_secs(2));
        let kept = Times::default().and(&before).json();
        let times = Times::read(&kept).and(&counts);
        assert_eq!((times.0.calls, times.0.longest), (100, Duration::from_secs(2)));
        assert!(times.quantile(0.5).is_some_and(|half| (50..=66).contains(&half.as_micros())), "{kept}");
        assert_eq!(times.quantile(1.0), Some(Duration::from_secs(2)));
        assert_eq!(Times::read(&Value::Null).quantile(0.5), None);
    }

    #[test]
    fn a_reset_forgets_the_trips_of_one_plugin() {
        let kept = r#"{"faulted":30,"plugins":[{"name":"a","tripped_at":20},{"name":"b","tripped_at":7}],"windows":[1048575,3]}"#;
        let reset =
            r#"{"faulted":30,"plugins":[{"name":"a","tripped_at":null},{"name":"b","tripped_at":7}],"windows":[0,3]}"#;
        assert_eq!(without_trips(kept, "a").as_deref(), Some(reset));
        assert_eq!(without_trips(reset, "a"), None);
        assert_eq!(without_trips("", "a"), None);
    }
}
