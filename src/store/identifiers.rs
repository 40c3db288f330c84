//! The table of identifiers, and the queue before it. Identifiers come in no order and the table is in theirs, so a batch is
//! written sorted: neighbours then share a page, which a large book would otherwise fetch for each.

use std::ops::Range;

use rusqlite::{Connection, params};

use super::error::StoreError;

/// Identifiers of one transaction that are still to be written.
#[derive(Default, Debug)]
pub(super) struct Pending {
    text: String,
    items: Vec<(u8, Range<usize>, i64)>,
}

impl Pending {
    /// Remembers an identifier of a contact.
    pub(super) fn push(&mut self, kind: u8, value: &str, contact: i64) {
        let start = self.text.len();
        self.text.push_str(value);
        self.items.push((kind, start..self.text.len(), contact));
    }

    /// Forgets everything, for a transaction that was taken back.
    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.items.clear();
    }

    /// Writes what is waiting.
    pub(super) fn flush(&mut self, conn: &Connection) -> rusqlite::Result<()> {
        if self.items.is_empty() {
            return Ok(());
        }
        let Self { text, items } = self;
        items.sort_unstable_by(|a, b| (a.0, &text[a.1.clone()], a.2).cmp(&(b.0, &text[b.1.clone()], b.2)));
        let mut insert =
            conn.prepare_cached("INSERT OR IGNORE INTO identifier (kind, value, contact) VALUES (?1, ?2, ?3)")?;
        for (kind, span, contact) in items.iter() {
            insert.execute(params![kind, &text[span.clone()], contact])?;
        }
        self.clear();
        Ok(())
    }
}

/// Returns the numbers of the contacts with an identifier, oldest first.
pub(super) fn find(conn: &Connection, key: &(u8, String), limit: usize) -> Result<Vec<i64>, StoreError> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut select =
        conn.prepare_cached("SELECT contact FROM identifier WHERE kind = ?1 AND value = ?2 ORDER BY contact LIMIT ?3")?;
    let found = select.query_map(params![key.0, key.1, limit], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    Ok(found)
}
