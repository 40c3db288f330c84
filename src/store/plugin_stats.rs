//! What the calls of plugins came to, summed across processes: counts by version, hook and mode, faults by code, the last lines that they logged.
//! What is counted, and when it is handed in, is decided above.

use std::time::Duration;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::changes::plugin_number;
use super::document::nanos;
use super::error::{Placed, StoreError};
use super::jobs::int;
use super::reader::Reader;
use super::types::PluginRef;
use super::writer::Writer;
use crate::domain::calls::{CallCounts, STEPS};

/// Versions of one plugin whose counts are kept.
const VERSIONS: i64 = 10;

/// Lines of one kind that are kept of a version.
const LINES: i64 = 20;

/// Sums of one version of a plugin, in one hook and mode.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CallSums {
    /// Which version.
    pub plugin: PluginRef,
    /// Name of the hook.
    pub hook: String,
    /// How it was called: `enforce` or `observe`.
    pub mode: String,
    /// Since when it is counted.
    pub since: DateTime<Utc>,
    /// When it was counted last.
    pub until: DateTime<Utc>,
    /// What its calls did and cost.
    pub counts: CallCounts,
}

/// How often a version did something of a kind.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Deed {
    /// Which version.
    pub plugin: PluginRef,
    /// Name of the hook.
    pub hook: String,
    /// `fault`, or what an observed call would have done: `set`, `reject`, `skip`.
    pub kind: String,
    /// The fault's code; the field, with the reason.
    pub what: String,
    /// How often.
    pub times: u64,
    /// When last.
    pub until: DateTime<Utc>,
}

/// A line that a version logged, a sample of what it would have done, or a fault.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PluginLine {
    /// Which version.
    pub plugin: PluginRef,
    /// When it was handed in.
    pub at: DateTime<Utc>,
    /// Name of the hook.
    pub hook: String,
    /// `debug`, `info`, `warn`, `error`, `sample` or `fault`.
    pub kind: String,
    /// Where in the plugin's source.
    pub place: Option<String>,
    /// The line.
    pub text: String,
}

impl Reader<'_> {
    /// Returns what calls came to, of one plugin or of all: by name, the version that was called last first.
    ///
    /// # Errors
    /// The database fails.
    pub fn plugin_calls(&self, name: Option<&str>) -> Result<Vec<CallSums>, StoreError> {
        let sql = "SELECT name, plugin_version.version, hash, hook, mode, since, until, calls, edits, rejections, skips, faults,
                          nanos, longest, memory, steps
                   FROM plugin_calls JOIN plugin_version ON id = plugin_calls.version WHERE ?1 IS NULL OR name = ?1
                   ORDER BY name, max(until) OVER (PARTITION BY id) DESC, id DESC, hook, mode";
        collect(self.conn, sql, name, sums).placed(self.path)
    }

    /// Returns faults by code and what observed calls would have done, the most frequent first.
    ///
    /// # Errors
    /// The database fails.
    pub fn plugin_deeds(&self, name: Option<&str>) -> Result<Vec<Deed>, StoreError> {
        let sql = "SELECT name, plugin_version.version, hash, hook, kind, what, times, until
                   FROM plugin_deed JOIN plugin_version ON id = plugin_deed.version WHERE ?1 IS NULL OR name = ?1
                   ORDER BY name, id, times DESC, hook, kind, what";
        let deed = |row: &Row<'_>| {
            Ok(Deed {
                plugin: plugin(row)?,
                hook: row.get(3)?,
                kind: row.get(4)?,
                what: row.get(5)?,
                times: row.get::<_, i64>(6)?.unsigned_abs(),
                until: DateTime::from_timestamp_nanos(row.get(7)?),
            })
        };
        collect(self.conn, sql, name, deed).placed(self.path)
    }

    /// Returns the last lines, oldest first.
    ///
    /// # Errors
    /// The database fails.
    pub fn plugin_lines(&self, name: Option<&str>) -> Result<Vec<PluginLine>, StoreError> {
        let sql = "SELECT name, plugin_version.version, hash, at, hook, kind, place, text
                   FROM plugin_line JOIN plugin_version ON plugin_version.id = plugin_line.version
                   WHERE ?1 IS NULL OR name = ?1 ORDER BY plugin_line.id";
        let line = |row: &Row<'_>| {
            Ok(PluginLine {
                plugin: plugin(row)?,
                at: DateTime::from_timestamp_nanos(row.get(3)?),
                hook: row.get(4)?,
                kind: row.get(5)?,
                place: row.get(6)?,
                text: row.get(7)?,
            })
        };
        collect(self.conn, sql, name, line).placed(self.path)
    }
}

impl Writer<'_> {
    /// Adds to what calls came to.
    ///
    /// # Errors
    /// The database fails.
    pub fn add_plugin_calls(&mut self, more: &CallSums) -> Result<(), StoreError> {
        let version = self.version_of(&more.plugin)?;
        add(self.reader.conn, version, more).placed(self.path)
    }

    /// Adds to how often a version did something.
    ///
    /// # Errors
    /// The database fails.
    pub fn add_plugin_deed(&mut self, more: &Deed) -> Result<(), StoreError> {
        let version = self.version_of(&more.plugin)?;
        let sql = "INSERT INTO plugin_deed (version, hook, kind, what, times, until) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                   ON CONFLICT DO UPDATE SET times = times + excluded.times, until = excluded.until";
        let values = params![version, more.hook, more.kind, more.what, int(more.times), nanos(more.until)];
        let added = self.conn().prepare_cached(sql).and_then(|mut insert| insert.execute(values));
        added.map(drop).placed(self.path)
    }

    /// Keeps a line, and lets go of the oldest of its kind where there are too many.
    ///
    /// # Errors
    /// The database fails.
    pub fn add_plugin_line(&mut self, line: &PluginLine) -> Result<(), StoreError> {
        let version = self.version_of(&line.plugin)?;
        let PluginLine { at, hook, kind, place, text, .. } = line;
        let add = || -> rusqlite::Result<()> {
            let sql = "INSERT INTO plugin_line (version, at, hook, kind, place, text) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
            self.conn().prepare_cached(sql)?.execute(params![version, nanos(*at), hook, kind, place, text])?;
            let sql = "DELETE FROM plugin_line WHERE id <= (SELECT id FROM plugin_line WHERE version = ?1 AND kind = ?2
                       ORDER BY id DESC LIMIT 1 OFFSET ?3) AND version = ?1 AND kind = ?2";
            self.conn().prepare_cached(sql)?.execute(params![version, kind, LINES])?;
            Ok(())
        };
        add().placed(self.path)
    }

    /// Lets go of the counts of versions that were called longest ago.
    ///
    /// # Errors
    /// The database fails.
    pub fn trim_plugin(&mut self, name: &str) -> Result<(), StoreError> {
        let trim = || -> rusqlite::Result<()> {
            let old = "SELECT id FROM plugin_calls JOIN plugin_version ON id = plugin_calls.version WHERE name = ?1
                       GROUP BY id ORDER BY max(until) DESC LIMIT -1 OFFSET ?2";
            let mut select = self.conn().prepare_cached(old)?;
            let old =
                select.query_map(params![name, VERSIONS], |row| row.get(0))?.collect::<rusqlite::Result<Vec<i64>>>()?;
            for version in old {
                for table in TABLES {
                    self.conn().execute(&format!("DELETE FROM {table} WHERE version = ?1"), [version])?;
                }
            }
            Ok(())
        };
        trim().placed(self.path)
    }

    /// Forgets what calls came to, of one plugin or of all.
    ///
    /// # Errors
    /// The database fails.
    pub fn reset_plugin_stats(&mut self, name: Option<&str>) -> Result<(), StoreError> {
        let theirs = "version IN (SELECT id FROM plugin_version WHERE ?1 IS NULL OR name = ?1)";
        for table in TABLES {
            self.conn().execute(&format!("DELETE FROM {table} WHERE {theirs}"), [name]).placed(self.path)?;
        }
        Ok(())
    }

    pub(super) fn version_of(&mut self, plugin: &PluginRef) -> Result<i64, StoreError> {
        plugin_number(self.reader.conn, &mut self.known.plugins, plugin).placed(self.path)
    }
}

/// What is counted and kept of a version.
const TABLES: [&str; 3] = ["plugin_calls", "plugin_deed", "plugin_line"];

/// Lets go of everything that plugins said in words: it may be about anybody.
pub(super) fn forget_words(conn: &Connection) -> rusqlite::Result<()> {
    conn.execute("DELETE FROM plugin_line", [])?;
    // How a plugin failed last in an import is in its own words.
    let without = "(SELECT json_group_array(json_set(it.value, '$.last_fault', NULL)) FROM json_each";
    conn.execute(&format!("UPDATE job SET plugins = {without}(job.plugins) AS it) WHERE json_valid(plugins)"), [])?;
    conn.execute(
        &format!(
            "UPDATE job SET progress = json_set(progress, '$.plugins', {without}(job.progress, '$.plugins') AS it))
             WHERE json_valid(progress) AND json_type(progress, '$.plugins') = 'array'"
        ),
        [],
    )?;
    conn.execute("DELETE FROM plugin_deed WHERE kind <> 'fault'", [])?;
    Ok(())
}

fn add(conn: &Connection, version: i64, more: &CallSums) -> rusqlite::Result<()> {
    let CallSums { hook, mode, counts, .. } = more;
    let sql = "SELECT steps FROM plugin_calls WHERE version = ?1 AND hook = ?2 AND mode = ?3";
    let known = conn.prepare_cached(sql)?.query_row(params![version, hook, mode], |row| row.get::<_, String>(0));
    let mut steps = known.optional()?.map_or([0; STEPS], |known| read_steps(&known));
    steps.iter_mut().zip(counts.steps).for_each(|(sum, count)| *sum += count);
    let sql = "INSERT INTO plugin_calls
                   (version, hook, mode, since, until, calls, edits, rejections, skips, faults, nanos, longest, memory, steps)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)
               ON CONFLICT DO UPDATE SET until = excluded.until, calls = calls + excluded.calls, edits = edits + excluded.edits,
                   rejections = rejections + excluded.rejections, skips = skips + excluded.skips,
                   faults = faults + excluded.faults, nanos = nanos + excluded.nanos,
                   longest = max(longest, excluded.longest), memory = max(memory, excluded.memory), steps = excluded.steps";
    conn.prepare_cached(sql)?.execute(params![
        version,
        hook,
        mode,
        nanos(more.since),
        nanos(more.until),
        int(counts.calls),
        int(counts.edits),
        int(counts.rejections),
        int(counts.skips),
        int(counts.faults),
        duration_nanos(counts.time),
        duration_nanos(counts.longest),
        int(counts.memory),
        serde_json::to_string(&steps[..]).unwrap_or_default(),
    ])?;
    Ok(())
}

fn duration_nanos(time: Duration) -> i64 {
    i64::try_from(time.as_nanos()).unwrap_or(i64::MAX)
}

/// A histogram that cannot be read is an empty one: the counts stay. In one of more steps, the further ones are longer calls.
fn read_steps(json: &str) -> [u64; STEPS] {
    let mut steps = [0; STEPS];
    let known: Vec<u64> = serde_json::from_str(json).unwrap_or_default();
    known.iter().enumerate().for_each(|(at, count)| steps[at.min(STEPS - 1)] += count);
    steps
}

fn sums(row: &Row<'_>) -> rusqlite::Result<CallSums> {
    let count = |at: usize| row.get::<_, i64>(at).map(i64::unsigned_abs);
    Ok(CallSums {
        plugin: plugin(row)?,
        hook: row.get(3)?,
        mode: row.get(4)?,
        since: DateTime::from_timestamp_nanos(row.get(5)?),
        until: DateTime::from_timestamp_nanos(row.get(6)?),
        counts: CallCounts {
            calls: count(7)?,
            edits: count(8)?,
            rejections: count(9)?,
            skips: count(10)?,
            faults: count(11)?,
            time: Duration::from_nanos(count(12)?),
            longest: Duration::from_nanos(count(13)?),
            memory: count(14)?,
            steps: read_steps(row.get_ref(15)?.as_str()?),
        },
    })
}

/// Reads the version that the first three columns name.
pub(super) fn plugin(row: &Row<'_>) -> rusqlite::Result<PluginRef> {
    Ok(PluginRef { name: row.get(0)?, version: row.get(1)?, hash: row.get(2)? })
}

pub(super) fn collect<T>(
    conn: &Connection,
    sql: &str,
    name: Option<&str>,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Vec<T>, StoreError> {
    let mut select = conn.prepare_cached(sql)?;
    Ok(select.query_map([name], read)?.collect::<rusqlite::Result<_>>()?)
}
