//! The change log: one entry for every write, clustered by contact. Which versions of plugins took part stands in a table of its
//! own, so that an entry names them by number.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::{Arc, LazyLock};

use chrono::DateTime;
use rusqlite::{Connection, OptionalExtension, Row, Statement, ToSql, params};

use super::document::nanos;
use super::error::StoreError;
use super::family::FAMILY;
use super::types::{Action, Actor, ChangeEntry, ChangedField, NewChange, PluginRef};

/// Numbers of the plugin versions that this connection has seen.
pub(super) type PluginNumbers = HashMap<PluginRef, i64>;

/// A contact's number, the revision that it was written with, and what was done.
pub(super) type Written<'e> = (i64, i64, &'e NewChange);

/// Entries to a statement.
pub(super) const ROWS: usize = 16;

/// Columns of an entry.
const COLUMNS: usize = 7;

/// Appends an entry.
pub(super) fn append(conn: &Connection, plugins: &mut PluginNumbers, written: Written<'_>) -> rusqlite::Result<()> {
    let mut insert = conn.prepare_cached(&INSERT)?;
    bind(&mut insert, 0, conn, plugins, written)?;
    insert.raw_execute().map(drop)
}

/// Appends entries; [`ROWS`] of them are a single statement, which costs a third less.
pub(super) fn append_all(
    conn: &Connection,
    plugins: &mut PluginNumbers,
    written: &[Written<'_>],
) -> rusqlite::Result<()> {
    let (chunks, rest) = written.as_chunks::<ROWS>();
    if !chunks.is_empty() {
        let mut insert = conn.prepare_cached(&INSERT_MANY)?;
        for rows in chunks {
            rows.iter().enumerate().try_for_each(|(at, row)| bind(&mut insert, at, conn, plugins, *row))?;
            insert.raw_execute()?;
        }
    }
    rest.iter().try_for_each(|row| append(conn, plugins, *row))
}

static INSERT: LazyLock<String> = LazyLock::new(|| insert(1));

static INSERT_MANY: LazyLock<String> = LazyLock::new(|| insert(ROWS));

/// The statement for some entries. If one fails, the others may stay, and whoever writes takes the transaction back: SQLite would otherwise
/// begin a savepoint for every statement of several rows, at which the full text writes out what it has gathered so far.
fn insert(rows: usize) -> String {
    let row = format!("(?{})", ", ?".repeat(COLUMNS - 1));
    let rows = vec![row; rows].join(", ");
    format!("INSERT OR FAIL INTO change (contact, rev, at, job, person, action, fields) VALUES {rows}")
}

fn bind(
    insert: &mut Statement<'_>,
    at: usize,
    conn: &Connection,
    plugins: &mut PluginNumbers,
    (no, rev, entry): Written<'_>,
) -> rusqlite::Result<()> {
    let (job, person) = match &entry.actor {
        Actor::Import(job) => (Some(*job), None),
        Actor::Person(name) => (None, Some(name.as_str())),
    };
    let fields = encode(conn, plugins, &entry.fields)?;
    let columns: [&dyn ToSql; COLUMNS] = [&no, &rev, &nanos(entry.at), &job, &person, &entry.action.as_str(), &fields];
    let mut place = COLUMNS * at;
    columns.into_iter().try_for_each(|column| {
        place += 1;
        insert.raw_bind_parameter(place, column)
    })
}

/// Written by hand because it runs on the writer's thread, for every row.
fn encode(conn: &Connection, plugins: &mut PluginNumbers, fields: &[ChangedField]) -> rusqlite::Result<String> {
    let mut json = String::with_capacity(2 + fields.len() * 32);
    json.push('[');
    for (at, field) in fields.iter().enumerate() {
        json.push_str(if at == 0 { "[" } else { ",[" });
        push_text(&mut json, &field.field);
        let plugin = match &field.plugin {
            Some(plugin) => Some(plugin_number(conn, plugins, plugin)?),
            None => None,
        };
        let values = [field.old.as_deref(), field.new.as_deref()];
        let last = if plugin.is_some() { 2 } else { values.iter().rposition(Option::is_some).map_or(0, |at| at + 1) };
        for value in &values[..last] {
            json.push(',');
            match value {
                Some(text) => push_text(&mut json, text),
                None => json.push_str("null"),
            }
        }
        if let Some(number) = plugin {
            let _ = write!(json, ",{number}");
        }
        json.push(']');
    }
    json.push(']');
    Ok(json)
}

fn push_text(json: &mut String, text: &str) {
    json.push('"');
    if text.bytes().any(|byte| byte < 0x20 || matches!(byte, b'"' | b'\\')) {
        for c in text.chars() {
            match c {
                '"' | '\\' => json.extend(['\\', c]),
                c if c < ' ' => drop(write!(json, "\\u{:04x}", u32::from(c))),
                c => json.push(c),
            }
        }
    } else {
        json.push_str(text);
    }
    json.push('"');
}

/// Returns the number of a plugin's version, which is given one if it has none yet.
pub(super) fn plugin_number(
    conn: &Connection,
    plugins: &mut PluginNumbers,
    plugin: &PluginRef,
) -> rusqlite::Result<i64> {
    if let Some(number) = plugins.get(plugin) {
        return Ok(*number);
    }
    let PluginRef { name, version, hash } = plugin;
    conn.prepare_cached("INSERT OR IGNORE INTO plugin_version (name, version, hash) VALUES (?1, ?2, ?3)")?
        .execute(params![name, version, hash])?;
    let number = conn
        .prepare_cached("SELECT id FROM plugin_version WHERE name = ?1 AND version = ?2 AND hash = ?3")?
        .query_row(params![name, version, hash], |row| row.get(0))?;
    plugins.insert(plugin.clone(), number);
    Ok(number)
}

/// Returns the entries of a contact and of those merged into it, newest first.
pub(super) fn list(conn: &Connection, no: i64, limit: Option<usize>) -> Result<Vec<ChangeEntry>, StoreError> {
    let mut select = conn.prepare_cached(&format!(
        "{FAMILY} SELECT at, job, person, action, rev, fields FROM change WHERE contact IN (SELECT no FROM family)
         ORDER BY at DESC, contact = ?1 DESC, rev DESC LIMIT ?2"
    ))?;
    let limit = limit.map_or(-1, |limit| i64::try_from(limit).unwrap_or(i64::MAX));
    let mut rows = select.query(params![no, limit])?;
    let (mut entries, mut plugins) = (Vec::new(), HashMap::new());
    while let Some(row) = rows.next()? {
        entries.push(entry(conn, &mut plugins, row)?);
    }
    Ok(entries)
}

/// Returns the entries of a contact itself since a revision, oldest first.
pub(super) fn since(conn: &Connection, no: i64, rev: i64) -> Result<Vec<ChangeEntry>, StoreError> {
    let mut select = conn.prepare_cached(
        "SELECT at, job, person, action, rev, fields FROM change WHERE contact = ?1 AND rev > ?2 ORDER BY rev",
    )?;
    let mut rows = select.query(params![no, rev])?;
    let (mut entries, mut plugins) = (Vec::new(), HashMap::new());
    while let Some(row) = rows.next()? {
        entries.push(entry(conn, &mut plugins, row)?);
    }
    Ok(entries)
}

/// Returns the newest entry of a contact itself, or of one merged into it, that an import job did not make.
pub(super) fn newest_by_others(conn: &Connection, no: i64, job: i64) -> Result<Option<ChangeEntry>, StoreError> {
    let mut select = conn.prepare_cached(&format!(
        "{FAMILY} SELECT at, job, person, action, rev, fields FROM change
         WHERE contact IN (SELECT no FROM family) AND job IS NOT ?2 ORDER BY at DESC LIMIT 1"
    ))?;
    let mut rows = select.query([no, job])?;
    rows.next()?.map(|row| entry(conn, &mut HashMap::new(), row)).transpose()
}

fn entry(
    conn: &Connection,
    plugins: &mut HashMap<i64, Arc<PluginRef>>,
    row: &Row<'_>,
) -> Result<ChangeEntry, StoreError> {
    let (job, person): (Option<i64>, Option<String>) = (row.get(1)?, row.get(2)?);
    let word: String = row.get(3)?;
    let fields = row.get_ref(5)?.as_str().map_err(rusqlite::Error::from)?;
    Ok(ChangeEntry {
        at: DateTime::from_timestamp_nanos(row.get(0)?),
        actor: job.map_or_else(|| Actor::Person(person.unwrap_or_default()), Actor::Import),
        action: Action::parse(&word).ok_or_else(|| unreadable(format!("unknown action `{word}`")))?,
        rev: row.get::<_, i64>(4)?.unsigned_abs(),
        fields: decode(conn, plugins, fields)?,
    })
}

fn unreadable(reason: String) -> StoreError {
    StoreError::Unreadable { what: "change".to_owned(), reason }
}

/// Name, text before, text after, plugin; the tail may be cut.
type StoredField = Vec<serde_json::Value>;

fn decode(
    conn: &Connection,
    plugins: &mut HashMap<i64, Arc<PluginRef>>,
    json: &str,
) -> Result<Vec<ChangedField>, StoreError> {
    let stored: Vec<StoredField> = serde_json::from_str(json).map_err(|error| unreadable(error.to_string()))?;
    let read = |field: StoredField| {
        let text = |at: usize| field.get(at).and_then(|value| value.as_str()).map(str::to_owned);
        let plugin = match field.get(3).and_then(serde_json::Value::as_i64) {
            Some(number) => plugin_version(conn, plugins, number)?,
            None => None,
        };
        Ok(ChangedField { field: text(0).unwrap_or_default(), old: text(1), new: text(2), plugin })
    };
    stored.into_iter().map(read).collect()
}

fn plugin_version(
    conn: &Connection,
    known: &mut HashMap<i64, Arc<PluginRef>>,
    number: i64,
) -> Result<Option<Arc<PluginRef>>, StoreError> {
    if let Some(plugin) = known.get(&number) {
        return Ok(Some(Arc::clone(plugin)));
    }
    let found = conn
        .prepare_cached("SELECT name, version, hash FROM plugin_version WHERE id = ?1")?
        .query_row([number], |row| Ok(PluginRef { name: row.get(0)?, version: row.get(1)?, hash: row.get(2)? }))
        .optional()?;
    Ok(found.map(|plugin| Arc::clone(known.entry(number).or_insert_with(|| Arc::new(plugin)))))
}
