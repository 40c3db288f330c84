//! Labels: made when first used, with a colour of their own, and counted. Which contact has which is written by `contacts`.

use std::collections::{HashMap, HashSet};

use rusqlite::{Connection, OptionalExtension, params};

use crate::domain::label::LabelName;

use super::Reader;
use super::error::{Placed, StoreError};
use super::types::LabelInfo;

/// Numbers of labels by key, as far as this connection has seen them.
pub(super) type LabelNumbers = HashMap<String, i64>;

/// Colours of labels that were made in passing: far enough apart to be told from each other.
const PALETTE: [&str; 12] = [
    "#b71c1c", "#880e4f", "#4a148c", "#311b92", "#0d47a1", "#01579b", "#006064", "#1b5e20", "#827717", "#e65100",
    "#4e342e", "#455a64",
];

/// The same name gets the same colour in every book.
fn colour_of(key: &str) -> &'static str {
    let hash = key
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    PALETTE[(hash >> 32) as usize % PALETTE.len()]
}

/// Returns a label's number, making the label if need be.
pub(super) fn number(conn: &Connection, known: &mut LabelNumbers, name: &LabelName) -> rusqlite::Result<i64> {
    if let Some(number) = known.get(name.key()) {
        return Ok(*number);
    }
    let number = match find(conn, name)? {
        Some(number) => number,
        None => insert(conn, name, colour_of(name.key()))?,
    };
    known.insert(name.key().to_owned(), number);
    Ok(number)
}

fn find(conn: &Connection, name: &LabelName) -> rusqlite::Result<Option<i64>> {
    conn.prepare_cached("SELECT id FROM label WHERE key = ?1")?.query_row([name.key()], |row| row.get(0)).optional()
}

fn insert(conn: &Connection, name: &LabelName, colour: &str) -> rusqlite::Result<i64> {
    conn.prepare_cached("INSERT INTO label (key, name, colour) VALUES (?1, ?2, ?3)")?.execute(params![
        name.key(),
        name.as_str(),
        colour
    ])?;
    Ok(conn.last_insert_rowid())
}

/// Makes a label.
pub(super) fn create(conn: &Connection, name: &LabelName, colour: Option<&str>) -> Result<(), StoreError> {
    let known: Option<String> = conn
        .prepare_cached("SELECT name FROM label WHERE key = ?1")?
        .query_row([name.key()], |row| row.get(0))
        .optional()?;
    match known {
        Some(name) => Err(StoreError::LabelExists { name }),
        None => Ok(insert(conn, name, colour.unwrap_or_else(|| colour_of(name.key()))).map(drop)?),
    }
}

/// Gives a label another colour.
pub(super) fn set_colour(conn: &Connection, name: &LabelName, colour: &str) -> Result<(), StoreError> {
    let changed =
        conn.prepare_cached("UPDATE label SET colour = ?2 WHERE key = ?1")?.execute(params![name.key(), colour])?;
    if changed == 0 {
        return Err(StoreError::NoLabel { name: name.as_str().to_owned() });
    }
    Ok(())
}

/// Returns all labels with their use, by name.
pub(super) fn list(conn: &Connection) -> Result<Vec<LabelInfo>, StoreError> {
    let mut select = conn.prepare_cached(
        "SELECT name, colour, (SELECT count(*) FROM contact_label WHERE contact_label.label = label.id) FROM label ORDER BY key",
    )?;
    let mut rows = select.query([])?;
    let mut labels = Vec::new();
    while let Some(row) = rows.next()? {
        let name: String = row.get(0)?;
        let name = LabelName::parse(&name).map_err(|refused| StoreError::Unreadable {
            what: format!("label `{name}`"),
            reason: refused.to_string(),
        })?;
        labels.push(LabelInfo { name, colour: row.get(1)?, contacts: row.get::<_, i64>(2)?.unsigned_abs() });
    }
    Ok(labels)
}

impl Reader<'_> {
    /// Returns the names of all labels, without counting who has them.
    ///
    /// # Errors
    /// The database fails.
    pub fn label_names(&self) -> Result<HashSet<LabelName>, StoreError> {
        let names = |conn: &Connection| {
            let mut select = conn.prepare_cached("SELECT name FROM label")?;
            select.query_map([], |row| row.get::<_, String>(0))?.collect::<rusqlite::Result<Vec<_>>>()
        };
        let names = names(self.conn).placed(self.path)?;
        let sound = |name: String| {
            LabelName::parse(&name).map_err(|refused| StoreError::Unreadable {
                what: format!("label `{name}`"),
                reason: refused.to_string(),
            })
        };
        names.into_iter().map(sound).collect()
    }
}
