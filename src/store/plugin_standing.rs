//! How versions of plugins stand across processes: their last calls, and whether they tripped.

use chrono::{DateTime, Utc};
use rusqlite::{Row, params};

use super::document::nanos;
use super::error::{Placed, StoreError};
use super::plugin_stats::{collect, plugin};
use super::reader::Reader;
use super::types::PluginRef;
use super::writer::Writer;

/// Terms of one plugin that are remembered.
const TERMS: i64 = 20;

/// How one version of a plugin stands, on the terms that it had.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PluginStanding {
    /// Which version.
    pub plugin: PluginRef,
    /// The terms on which it runs, as a hash.
    pub terms: String,
    /// The last calls, one bit each.
    pub calls: u64,
    /// When and why it tripped, if it is not called any more.
    pub tripped: Option<(DateTime<Utc>, String)>,
    /// When it was written last.
    pub until: DateTime<Utc>,
}

impl Reader<'_> {
    /// Returns how versions stand, of one plugin or of all.
    ///
    /// # Errors
    /// The database fails.
    pub fn plugin_standings(&self, name: Option<&str>) -> Result<Vec<PluginStanding>, StoreError> {
        let sql = "SELECT it.name, it.version, it.hash, terms, calls, tripped_at, tripped_why, until
                   FROM plugin_standing JOIN plugin_version it ON it.id = plugin_standing.version
                   WHERE ?1 IS NULL OR plugin = ?1 ORDER BY plugin, until DESC, terms";
        collect(self.conn, sql, name, standing).placed(self.path)
    }
}

impl Writer<'_> {
    /// Writes how a version stands; the terms that were not seen longest are forgotten.
    ///
    /// # Errors
    /// The database fails.
    pub fn put_plugin_standing(&mut self, it: &PluginStanding) -> Result<(), StoreError> {
        let version = self.version_of(&it.plugin)?;
        let name = &it.plugin.name;
        let put = || -> rusqlite::Result<()> {
            let sql = "INSERT OR REPLACE INTO plugin_standing
                           (plugin, terms, version, calls, tripped_at, tripped_why, until)
                       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
            let (at, why) = it.tripped.as_ref().map(|(at, why)| (nanos(*at), why.as_str())).unzip();
            self.conn().prepare_cached(sql)?.execute(params![
                name,
                it.terms,
                version,
                it.calls.cast_signed(),
                at,
                why,
                nanos(it.until)
            ])?;
            let sql = "DELETE FROM plugin_standing WHERE plugin = ?1 AND terms IN (SELECT terms FROM plugin_standing
                       WHERE plugin = ?1 ORDER BY until DESC LIMIT -1 OFFSET ?2)";
            self.conn().prepare_cached(sql)?.execute(params![name, TERMS])?;
            Ok(())
        };
        put().placed(self.path)
    }

    /// Forgets faults and trips of a plugin.
    ///
    /// # Errors
    /// The database fails.
    pub fn reset_plugin(&mut self, name: &str) -> Result<(), StoreError> {
        let sql = "UPDATE plugin_standing SET calls = 0, tripped_at = NULL, tripped_why = NULL WHERE plugin = ?1";
        self.conn().execute(sql, [name]).map(drop).placed(self.path)
    }
}

fn standing(row: &Row<'_>) -> rusqlite::Result<PluginStanding> {
    let (at, why): (Option<i64>, Option<String>) = (row.get(5)?, row.get(6)?);
    Ok(PluginStanding {
        plugin: plugin(row)?,
        terms: row.get(3)?,
        calls: row.get::<_, i64>(4)?.cast_unsigned(),
        tripped: at.map(|at| (DateTime::from_timestamp_nanos(at), why.unwrap_or_default())),
        until: DateTime::from_timestamp_nanos(row.get(7)?),
    })
}
