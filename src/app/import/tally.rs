//! What plugins did in a job, counted row by row in the order of the file, whoever asked them and however often; kept with the job, so that it
//! goes on counting when it is resumed.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::report::PluginReport;
use crate::domain::calls::CallCounts;
use crate::plugin::fault::Fault;
use crate::plugin::hook::Hook;
use crate::plugin::package::{EngineKind, Identity};
use crate::registry::dispatch::{CallNote, Fuse, Fuses, Said};
use crate::registry::{Generation, Loaded};

/// Sums by plugin.
#[derive(Clone)]
pub(super) struct Tally {
    generation: Arc<Generation>,
    /// What was counted since the job was begun or resumed, by place in the generation.
    counts: Vec<CallCounts>,
    /// How calls failed last, by place in the generation.
    last_faults: Vec<Option<String>>,
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
            counts: vec![CallCounts::default(); plugins],
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
            let (mut counts, mut last_fault) = (self.counts[at].clone(), self.last_faults[at].clone());
            if let Some(earlier) = &self.earlier[at] {
                counts.add(&earlier.counts);
                last_fault = last_fault.or_else(|| earlier.last_fault.clone());
            }
            PluginReport {
                identity: Arc::clone(loaded.identity()),
                mode: loaded.mode.as_str(),
                p50: counts.quantile(0.5),
                p99: counts.quantile(0.99),
                counts,
                tripped_at: fuses.standing()[at].tripped_at,
                last_fault,
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
        let reports = self.reports(fuses);
        // Those that are gone take no more time.
        let times: Vec<Value> =
            reports.iter().take(self.counts.len()).map(|report| times_json(&report.counts)).collect();
        let plugins: Vec<Value> = reports.iter().map(PluginReport::json).collect();
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
            let Some(report) = read(plugin, &kept["times"][nth]) else { continue };
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

/// How long calls took: the steps of the histogram up to the last that holds a call, behind the longest time.
fn times_json(counts: &CallCounts) -> Value {
    let steps = counts.steps.iter().rposition(|count| *count > 0).map_or(0, |last| last + 1);
    let longest = u64::try_from(counts.longest.as_nanos()).unwrap_or(u64::MAX);
    json!({ "longest": longest, "steps": counts.steps[..steps] })
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

/// Reads what [`PluginReport::json`] and [`times_json`] wrote; of a job of long ago there are no times.
fn read(plugin: &Value, times: &Value) -> Option<PluginReport> {
    let text = |key: &str| plugin[key].as_str().map(str::to_owned);
    let count = |key: &str| plugin[key].as_u64().unwrap_or(0);
    let engine = [EngineKind::Rhai, EngineKind::Wasm].into_iter().find(|kind| plugin["engine"] == kind.as_str())?;
    let identity = Identity { name: text("name")?, version: text("version")?, hash: text("hash")?, engine };
    let micros = |key: &str| plugin[key].as_u64().map(Duration::from_micros);
    let mut counts = CallCounts {
        calls: count("calls"),
        edits: count("edits"),
        rejections: count("rejections"),
        skips: count("skips"),
        faults: count("faults"),
        time: Duration::from_micros(count("micros")),
        longest: Duration::from_nanos(times["longest"].as_u64().unwrap_or(0)),
        ..CallCounts::default()
    };
    for (step, count) in counts.steps.iter_mut().zip(times["steps"].as_array().into_iter().flatten()) {
        *step = count.as_u64().unwrap_or(0);
    }
    Some(PluginReport {
        identity: Arc::new(identity),
        mode: if plugin["mode"] == "observe" { "observe" } else { "enforce" },
        counts,
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
        let (mut before, mut counts) = (CallCounts::default(), CallCounts::default());
        (1..=99).for_each(|micros| before.took(Duration::from_micros(micros)));
        counts.took(Duration::from_secs(2));
        let now = PluginReport {
            identity: Arc::new(Identity {
                name: "a".into(),
                version: "1".into(),
                hash: "h".into(),
                engine: EngineKind::Rhai,
            }),
            mode: "enforce",
            p50: before.quantile(0.5),
            p99: before.quantile(0.99),
            counts: before,
            tripped_at: None,
            last_fault: None,
        };
        let kept = times_json(&now.counts);
        let earlier = read(&now.json(), &kept).unwrap();
        assert_eq!(earlier.counts, now.counts);
        counts.add(&earlier.counts);
        assert_eq!((counts.calls, counts.longest), (100, Duration::from_secs(2)));
        assert!(counts.quantile(0.5).is_some_and(|half| (50..=66).contains(&half.as_micros())), "{kept}");
        assert_eq!(counts.quantile(1.0), Some(Duration::from_secs(2)));
        // A job of long ago kept no times: its calls count, and the quantiles are those of the calls since.
        let mut counts = read(&now.json(), &Value::Null).unwrap().counts;
        assert_eq!((counts.calls, counts.quantile(0.5)), (99, None));
        counts.took(Duration::from_micros(1));
        assert_eq!(counts.quantile(0.99), Some(Duration::from_micros(1)));
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
