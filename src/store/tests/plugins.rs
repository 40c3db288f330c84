//! What is kept of plugins: sums, lines, standings, history.

use std::time::Duration;

use super::*;
use crate::domain::calls::{CallCounts, STEPS};

fn version(version: &str) -> PluginRef {
    PluginRef { name: "guard".to_owned(), version: version.to_owned(), hash: format!("hash of {version}") }
}

/// A histogram by its first steps.
fn steps(first: [u64; 4]) -> [u64; STEPS] {
    std::array::from_fn(|at| first.get(at).copied().unwrap_or(0))
}

fn sums(of: &str, at: i64) -> CallSums {
    CallSums {
        plugin: version(of),
        hook: "on_create".to_owned(),
        mode: "enforce".to_owned(),
        since: time(at),
        until: time(at),
        counts: CallCounts {
            calls: 3,
            edits: 2,
            rejections: 1,
            skips: 0,
            faults: 1,
            time: Duration::from_micros(30),
            longest: Duration::from_micros(u64::try_from(at).unwrap()),
            memory: 100,
            steps: steps([0, 1, 2, 0]),
        },
    }
}

#[test]
fn sums_are_added_up_and_the_oldest_versions_let_go() {
    let store = Store::in_memory().unwrap();
    let add = |sums: CallSums| store.write::<_, StoreError>(|writer| writer.add_plugin_calls(&sums)).unwrap();
    add(sums("1", 20));
    let other = sums("1", 10);
    add(CallSums { counts: CallCounts { steps: steps([1, 0, 0, 5]), ..other.counts }, ..other });
    let all = store.read(|reader| reader.plugin_calls(Some("guard"))).unwrap();
    let expected = CallSums {
        since: time(20),
        until: time(10),
        counts: CallCounts {
            calls: 6,
            edits: 4,
            rejections: 2,
            faults: 2,
            time: Duration::from_micros(60),
            steps: steps([1, 1, 2, 5]),
            ..sums("1", 20).counts
        },
        ..sums("1", 20)
    };
    assert_eq!(all, [expected]);
    (2..=12).for_each(|number| add(sums(&number.to_string(), 100 + number)));
    store.write::<_, StoreError>(|writer| writer.trim_plugin("guard")).unwrap();
    let kept: Vec<String> =
        store.read(|reader| reader.plugin_calls(None)).unwrap().into_iter().map(|it| it.plugin.version).collect();
    assert_eq!(kept, ["12", "11", "10", "9", "8", "7", "6", "5", "4", "3"]);
    store.write::<_, StoreError>(|writer| writer.reset_plugin_stats(Some("other"))).unwrap();
    assert_eq!(store.read(|reader| reader.plugin_calls(None)).unwrap().len(), 10);
    store.write::<_, StoreError>(|writer| writer.reset_plugin_stats(None)).unwrap();
    assert_eq!(store.read(|reader| reader.plugin_calls(None)).unwrap(), []);
}

#[test]
fn the_last_lines_of_each_kind_are_kept() {
    let store = Store::in_memory().unwrap();
    let line = |kind: &str, text: String| PluginLine {
        plugin: version("1"),
        at: time(1),
        hook: "on_create".to_owned(),
        kind: kind.to_owned(),
        place: None,
        text,
    };
    store
        .write::<_, StoreError>(|writer| {
            writer.add_plugin_line(&line("fault", "it failed".to_owned()))?;
            (0..30).try_for_each(|number| writer.add_plugin_line(&line("info", number.to_string())))
        })
        .unwrap();
    let kept: Vec<String> =
        store.read(|reader| reader.plugin_lines(None)).unwrap().into_iter().map(|line| line.text).collect();
    let expected: Vec<String> =
        std::iter::once("it failed".to_owned()).chain((10..30).map(|number| number.to_string())).collect();
    assert_eq!(kept, expected);
}

#[test]
fn standings_and_history_come_back_as_they_were_written() {
    let store = Store::in_memory().unwrap();
    let row = PluginStanding {
        plugin: version("2"),
        terms: "t".to_owned(),
        calls: 1 << 49,
        tripped: Some((time(5), "too much".to_owned())),
        until: time(6),
    };
    let happened = Happening {
        at: time(7),
        plugin: "guard".to_owned(),
        version: None,
        what: "refused".to_owned(),
        detail: String::new(),
        person: Some("cli".to_owned()),
    };
    let seen = SeenPlugin {
        plugin: "guard".to_owned(),
        state: "serving".to_owned(),
        mode: "observe".to_owned(),
        version: Some(version("2")),
        terms: "t".to_owned(),
        reason: String::new(),
    };
    store
        .write::<_, StoreError>(|writer| {
            writer.put_plugin_standing(&row)?;
            writer.note_plugin(&happened)?;
            writer.see_plugin(&seen)
        })
        .unwrap();
    let read = |reader: &Reader<'_>| {
        Ok((reader.plugin_standings(None)?, reader.plugin_history(Some("guard"), 9)?, reader.plugins_seen()?))
    };
    assert_eq!(store.read(read).unwrap(), (vec![row.clone()], vec![happened], vec![seen]));
    store.write::<_, StoreError>(|writer| writer.reset_plugin("guard")).unwrap();
    let reset = PluginStanding { calls: 0, tripped: None, ..row.clone() };
    assert_eq!(store.read(|reader| reader.plugin_standings(Some("guard"))).unwrap(), [reset]);
    let many = (0..30).map(|at| PluginStanding { terms: format!("t{at}"), until: time(100 + at), ..row.clone() });
    many.for_each(|row| store.write::<_, StoreError>(|writer| writer.put_plugin_standing(&row)).unwrap());
    assert_eq!(store.read(|reader| reader.plugin_standings(None)).unwrap().len(), 20);
}
