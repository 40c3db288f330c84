//! What became of plugins over time, and how each was seen last, so that a change is written once however many processes see it.

use chrono::{DateTime, Utc};
use rusqlite::{Row, params};

use super::document::nanos;
use super::error::{Placed, StoreError};
use super::jobs::int;
use super::plugin_stats::collect;
use super::reader::Reader;
use super::types::PluginRef;
use super::writer::Writer;

/// One thing that happened to a plugin.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Happening {
    /// When it was noticed.
    pub at: DateTime<Utc>,
    /// Name of the plugin.
    pub plugin: String,
    /// The version that it is about, if one is known.
    pub version: Option<PluginRef>,
    /// What: `added`, `replaced`, `tripped`.
    pub what: String,
    /// More about it; may be empty.
    pub detail: String,
    /// Who did it; nobody where it was found in the folders or the settings.
    pub person: Option<String>,
}

/// How a plugin was seen last.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SeenPlugin {
    /// Name of the plugin.
    pub plugin: String,
    /// `serving`, `off`, `refused`, `waiting`, `gone`.
    pub state: String,
    /// `enforce`, `observe` or `off`.
    pub mode: String,
    /// The version that served last.
    pub version: Option<PluginRef>,
    /// The terms on which it served, as a hash.
    pub terms: String,
    /// Why its package is refused or waits; empty when it does not.
    pub reason: String,
}

impl Reader<'_> {
    /// Returns what happened to one plugin or to all, newest first, `limit` at most.
    ///
    /// # Errors
    /// The database fails.
    pub fn plugin_history(&self, name: Option<&str>, limit: usize) -> Result<Vec<Happening>, StoreError> {
        let sql = "SELECT at, plugin, what, detail, person, name, plugin_version.version, hash
                   FROM plugin_history LEFT JOIN plugin_version ON plugin_version.id = plugin_history.version
                   WHERE ?1 IS NULL OR plugin = ?1 ORDER BY plugin_history.id DESC LIMIT ?2";
        let read = || -> rusqlite::Result<Vec<Happening>> {
            let mut select = self.conn.prepare_cached(sql)?;
            select.query_map(params![name, int(limit as u64)], happening)?.collect()
        };
        read().placed(self.path)
    }

    /// Returns how plugins were seen last, by name.
    ///
    /// # Errors
    /// The database fails.
    pub fn plugins_seen(&self) -> Result<Vec<SeenPlugin>, StoreError> {
        let sql = "SELECT plugin, state, mode, terms, reason, name, plugin_version.version, hash
                   FROM plugin_seen LEFT JOIN plugin_version ON id = plugin_seen.version
                   WHERE ?1 IS NULL OR plugin = ?1 ORDER BY plugin";
        let seen = |row: &Row<'_>| {
            Ok(SeenPlugin {
                plugin: row.get(0)?,
                state: row.get(1)?,
                mode: row.get(2)?,
                terms: row.get(3)?,
                reason: row.get(4)?,
                version: joined(row, 5)?,
            })
        };
        collect(self.conn, sql, None, seen).placed(self.path)
    }
}

impl Writer<'_> {
    /// Notes what happened to a plugin.
    ///
    /// # Errors
    /// The database fails.
    pub fn note_plugin(&mut self, happening: &Happening) -> Result<(), StoreError> {
        let version = happening.version.as_ref().map(|version| self.version_of(version)).transpose()?;
        let Happening { at, plugin, what, detail, person, .. } = happening;
        let sql =
            "INSERT INTO plugin_history (at, plugin, version, what, detail, person) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        let insert = self.conn().prepare_cached(sql);
        let added = insert.and_then(|mut it| it.execute(params![nanos(*at), plugin, version, what, detail, person]));
        added.map(drop).placed(self.path)
    }

    /// Notes how a plugin was seen.
    ///
    /// # Errors
    /// The database fails.
    pub fn see_plugin(&mut self, seen: &SeenPlugin) -> Result<(), StoreError> {
        let version = seen.version.as_ref().map(|version| self.version_of(version)).transpose()?;
        let SeenPlugin { plugin, state, mode, terms, reason, .. } = seen;
        let sql = "INSERT OR REPLACE INTO plugin_seen (plugin, state, mode, version, terms, reason)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        let insert = self.conn().prepare_cached(sql);
        let added = insert.and_then(|mut it| it.execute(params![plugin, state, mode, version, terms, reason]));
        added.map(drop).placed(self.path)
    }
}

fn happening(row: &Row<'_>) -> rusqlite::Result<Happening> {
    Ok(Happening {
        at: DateTime::from_timestamp_nanos(row.get(0)?),
        plugin: row.get(1)?,
        what: row.get(2)?,
        detail: row.get(3)?,
        person: row.get(4)?,
        version: joined(row, 5)?,
    })
}

/// Reads the version that three columns name, if there is one.
fn joined(row: &Row<'_>, at: usize) -> rusqlite::Result<Option<PluginRef>> {
    let name: Option<String> = row.get(at)?;
    name.map(|name| Ok(PluginRef { name, version: row.get(at + 1)?, hash: row.get(at + 2)? })).transpose()
}
