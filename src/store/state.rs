//! What plugins remember: a small table of bytes by plugin and key. Its limits are kept above.

use rusqlite::{Connection, OptionalExtension, params};

use super::error::StoreError;

/// A moment of the table, as one connection can tell it: between two that are equal nobody wrote there.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct StateMark {
    /// SQLite's mark of what others have written, be it here or elsewhere.
    pub(super) others: i64,
    /// What was written here by this connection.
    pub(super) own: u64,
}

/// Returns everything, by plugin and key.
pub(super) fn all(conn: &Connection) -> Result<Vec<(String, String, Vec<u8>)>, StoreError> {
    let mut select = conn.prepare_cached("SELECT plugin, key, value FROM plugin_state ORDER BY plugin, key")?;
    let all =
        select.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?.collect::<rusqlite::Result<_>>()?;
    Ok(all)
}

/// Returns what one plugin remembers.
pub(super) fn of(conn: &Connection, plugin: &str) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
    let mut select = conn.prepare_cached("SELECT key, value FROM plugin_state WHERE plugin = ?1")?;
    let all = select.query_map([plugin], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<rusqlite::Result<_>>()?;
    Ok(all)
}

/// Returns what a plugin remembers under a key.
pub(super) fn value(conn: &Connection, plugin: &str, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
    let mut select = conn.prepare_cached("SELECT value FROM plugin_state WHERE plugin = ?1 AND key = ?2")?;
    Ok(select.query_row([plugin, key], |row| row.get(0)).optional()?)
}

/// Returns the bytes that a plugin's keys and values take.
pub(super) fn size(conn: &Connection, plugin: &str) -> Result<u64, StoreError> {
    let bytes: i64 = conn
        .prepare_cached(
            "SELECT coalesce(sum(octet_length(key) + octet_length(value)), 0) FROM plugin_state WHERE plugin = ?1",
        )?
        .query_row([plugin], |row| row.get(0))?;
    Ok(bytes.unsigned_abs())
}

/// Remembers a value, or forgets it.
pub(super) fn set(conn: &Connection, plugin: &str, key: &str, value: Option<&[u8]>) -> Result<(), StoreError> {
    match value {
        Some(value) => conn
            .prepare_cached("INSERT OR REPLACE INTO plugin_state (plugin, key, value) VALUES (?1, ?2, ?3)")?
            .execute(params![plugin, key, value])?,
        None => conn
            .prepare_cached("DELETE FROM plugin_state WHERE plugin = ?1 AND key = ?2")?
            .execute(params![plugin, key])?,
    };
    Ok(())
}
