//! What plugins did, in the text format that Prometheus reads.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::stats::PluginStats;
use crate::domain::calls::{CallCounts, STEPS};
use crate::registry::Generation;

/// Steps of the histogram that are told: 1 µs to 17 s, each four times the one before.
const BUCKETS: std::ops::RangeInclusive<usize> = 10..=34;

/// Writes all metrics. Contents of one version, such as those of a lone script, are summed up.
#[must_use]
pub fn exposition(stats: &PluginStats, generation: &Generation) -> String {
    let mut text = String::new();
    let sums = summed(stats);
    metric(&mut text, "carnet_plugin_calls_total", "counter", "Calls of plugins by what they said.");
    for (labels, it) in &sums {
        let outcomes = [("accept", it.accepted()), ("reject", it.rejections), ("skip", it.skips), ("fault", it.faults)];
        for (outcome, count) in outcomes {
            line(&mut text, "carnet_plugin_calls_total", &format!("{labels},outcome=\"{outcome}\""), count);
        }
    }
    metric(
        &mut text,
        "carnet_plugin_edits_total",
        "counter",
        "Edits kept; in mode observe, edits that would have been.",
    );
    for (labels, it) in &sums {
        line(&mut text, "carnet_plugin_edits_total", labels, it.edits);
    }
    metric(&mut text, "carnet_plugin_faults_total", "counter", "Calls that failed, by the code of the fault.");
    for (labels, count) in faults(stats) {
        line(&mut text, "carnet_plugin_faults_total", &labels, count);
    }
    histogram(&mut text, &sums);
    metric(
        &mut text,
        "carnet_plugin_memory_peak_bytes",
        "gauge",
        "Most memory that one call took, where the engine knows it.",
    );
    for (labels, it) in &sums {
        line(&mut text, "carnet_plugin_memory_peak_bytes", labels, it.memory);
    }
    in_service(&mut text, generation);
    text
}

fn in_service(text: &mut String, generation: &Generation) {
    let all = generation.plugins.iter().map(|loaded| {
        let identity = loaded.identity();
        let labels = format!("plugin={},version={}", quoted(&identity.name), quoted(&identity.version));
        (labels, loaded)
    });
    let all: Vec<_> = all.collect();
    metric(text, "carnet_plugin_info", "gauge", "Plugins in service.");
    for (labels, loaded) in &all {
        let (hash, engine, mode) = (quoted(&loaded.identity().hash), loaded.identity().engine, loaded.mode.as_str());
        line(text, "carnet_plugin_info", &format!("{labels},hash={hash},engine=\"{engine}\",mode=\"{mode}\""), 1);
    }
    metric(text, "carnet_plugin_tripped", "gauge", "1 when the plugin faulted too often and is not called any more.");
    for (labels, loaded) in &all {
        line(text, "carnet_plugin_tripped", labels, u64::from(loaded.breaker.is_tripped()));
    }
    metric(text, "carnet_plugin_probation_calls_left", "gauge", "Calls left of the probation of a new version.");
    for (labels, loaded) in &all {
        line(text, "carnet_plugin_probation_calls_left", labels, u64::from(loaded.probation.calls_left()));
    }
    metric(text, "carnet_plugins_refused", "gauge", "Packages that are refused.");
    let _ = writeln!(text, "carnet_plugins_refused {}", generation.refused.len());
}

fn histogram(text: &mut String, sums: &BTreeMap<String, CallCounts>) {
    let name = "carnet_plugin_call_seconds";
    metric(text, name, "histogram", "Time of calls.");
    for (labels, it) in sums {
        let steps = |upto: usize| it.steps.iter().take(upto + 1).sum::<u64>();
        for step in BUCKETS.step_by(2) {
            let le = seconds(1 << step);
            line(text, &format!("{name}_bucket"), &format!("{labels},le=\"{le}\""), steps(step));
        }
        let all = steps(STEPS);
        line(text, &format!("{name}_bucket"), &format!("{labels},le=\"+Inf\""), all);
        let sum = seconds(u64::try_from(it.time.as_nanos()).unwrap_or(u64::MAX));
        let _ = writeln!(text, "{name}_sum{{{labels}}} {sum}");
        line(text, &format!("{name}_count"), labels, all);
    }
}

/// Nanoseconds as seconds, exactly.
fn seconds(nanos: u64) -> String {
    let text = format!("{}.{:09}", nanos / 1_000_000_000, nanos % 1_000_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Sums by the labels that tell them apart.
fn summed(stats: &PluginStats) -> BTreeMap<String, CallCounts> {
    let mut all = BTreeMap::<_, CallCounts>::new();
    for sums in &stats.calls {
        let (plugin, version) = (quoted(&sums.plugin.name), quoted(&sums.plugin.version));
        let labels =
            format!("plugin={plugin},version={version},hook={},mode={}", quoted(&sums.hook), quoted(&sums.mode));
        all.entry(labels).or_default().add(&sums.counts);
    }
    all
}

fn faults(stats: &PluginStats) -> BTreeMap<String, u64> {
    let mut all = BTreeMap::new();
    for deed in stats.deeds.iter().filter(|deed| deed.kind == "fault") {
        let (plugin, version) = (quoted(&deed.plugin.name), quoted(&deed.plugin.version));
        let labels =
            format!("plugin={plugin},version={version},hook={},code={}", quoted(&deed.hook), quoted(&deed.what));
        *all.entry(labels).or_default() += deed.times;
    }
    all
}

fn metric(text: &mut String, name: &str, kind: &str, help: &str) {
    let _ = write!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
}

fn line(text: &mut String, name: &str, labels: &str, value: u64) {
    let _ = writeln!(text, "{name}{{{labels}}} {value}");
}

fn quoted(value: &str) -> String {
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_exact_and_labels_escaped() {
        assert_eq!(
            [0, 1, 1024, 1 << 30, 5_000_000_000].map(seconds),
            ["0", "0.000000001", "0.000001024", "1.073741824", "5"]
        );
        assert_eq!(quoted("a\"\\\n"), "\"a\\\"\\\\\\n\"");
    }
}
