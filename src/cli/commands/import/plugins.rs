//! What plugins did in an import, for people: a table, and below it what a table cannot say.

use std::time::Duration;

use indicatif::HumanCount;

use crate::app::import::report::PluginReport;
use crate::cli::print::table;
use crate::domain::calls::CallCounts;

/// One line a plugin, in the order of calls.
pub(super) fn plugins_text(plugins: &[PluginReport]) -> String {
    let observed = plugins.iter().any(|plugin| plugin.mode == "observe");
    let head = ["plugin", "version", "calls", "edits", "rejections", "skips", "faults", "time", "half in", "99 % in"];
    let row = |plugin: &PluginReport| {
        let identity = &plugin.identity;
        let mark = if plugin.mode == "observe" { " *" } else { "" };
        let mut cells = vec![format!("{}{mark}", identity.name), identity.version.clone()];
        let CallCounts { calls, edits, rejections, skips, faults, time, .. } = &plugin.counts;
        cells.extend([calls, edits, rejections, skips, faults].map(|count| HumanCount(*count).to_string()));
        cells.push(short(*time));
        cells.extend([plugin.p50, plugin.p99].map(|time| time.map_or_else(|| "–".to_owned(), short)));
        cells
    };
    let head = head.map(str::to_owned).to_vec();
    let mut text = table(&std::iter::once(head).chain(plugins.iter().map(row)).collect::<Vec<_>>());
    if observed {
        text.push_str("* observed: what it would have done; nothing of it was applied\n");
    }
    for plugin in plugins {
        let name = &plugin.identity.name;
        if let Some(fault) = &plugin.last_fault {
            text.push_str(&format!("plugin `{name}` {} failed, last {fault}\n", plugin.identity.version));
        }
        match plugin.tripped_at {
            Some(0) => text.push_str(&format!("plugin `{name}` was not asked: it had failed too often before\n")),
            Some(row) => text.push_str(&format!(
                "plugin `{name}` is tripped since row {row}: at least 20 of its last 50 calls failed, and it was asked no more\n"
            )),
            None => {}
        }
    }
    text
}

/// A time with a unit that suits it.
fn short(time: Duration) -> String {
    let micros = time.as_micros();
    match micros {
        0..1_000 => format!("{micros} µs"),
        1_000..1_000_000 => format!("{:.1} ms", time.as_secs_f64() * 1e3),
        _ => format!("{:.1} s", time.as_secs_f64()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units_that_suit_them() {
        let told: Vec<String> = [0, 999, 1_000, 2_500_000].map(Duration::from_micros).map(short).into();
        assert_eq!(told, ["0 µs", "999 µs", "1.0 ms", "2.5 s"]);
    }
}
