//! What plugins remember: a small table of bytes by plugin and key. Its limits are kept above.

use rusqlite::{Connection, params};

use super::error::StoreError;

/// Returns everything, by plugin and key.
pub(super) fn all(conn: &Connection) -> Result<Vec<(String, String, Vec<u8>)>, StoreError> {
    let mut select = conn.prepare_cached("SELECT plugin, key, value FROM plugin_state ORDER BY plugin, key")?;
    let all =
        select.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?.collect::<rusqlite::Result<_>>()?;
    Ok(all)
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
