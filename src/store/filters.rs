//! Saved filters, and what is told of names that a filter asks for. The query itself is text to the store.

use chrono::DateTime;
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::domain::label::LabelName;
use crate::domain::name::Name;

use super::document::nanos;
use super::error::{Placed, StoreError};
use super::facets::{KEY_END, facet};
use super::reader::Reader;
use super::types::SavedFilter;
use super::writer::Writer;

impl Reader<'_> {
    /// Returns a saved filter.
    ///
    /// # Errors
    /// The database fails.
    pub fn filter(&self, name: &Name) -> Result<Option<SavedFilter>, StoreError> {
        let sql = "SELECT name, query, person, at FROM saved_filter WHERE key = ?1";
        let mut select = self.conn.prepare_cached(sql).placed(self.path)?;
        let found = select.query_row([name.key()], |row| Ok(saved(row))).optional().placed(self.path)?;
        found.transpose()
    }

    /// Returns all saved filters, by name.
    ///
    /// # Errors
    /// The database fails.
    pub fn filters(&self) -> Result<Vec<SavedFilter>, StoreError> {
        list(self.conn).placed(self.path)
    }

    /// Says whether any contact has a value for a custom field.
    ///
    /// # Errors
    /// The database fails.
    pub fn has_custom(&self, key: &str) -> Result<bool, StoreError> {
        self.settle()?;
        let sql = "SELECT EXISTS (SELECT 1 FROM contact_facet WHERE facet = ?1 AND value >= ?2 AND value < ?3)";
        let ends = params![facet::CUSTOM, format!("{key}{KEY_END}"), format!("{key}\u{20}")];
        let mut select = self.conn.prepare_cached(sql).placed(self.path)?;
        select.query_row(ends, |row| row.get(0)).placed(self.path)
    }

    /// Says whether there is a label with a name.
    ///
    /// # Errors
    /// The database fails.
    pub fn has_label(&self, name: &LabelName) -> Result<bool, StoreError> {
        let mut select =
            self.conn.prepare_cached("SELECT EXISTS (SELECT 1 FROM label WHERE key = ?1)").placed(self.path)?;
        select.query_row([name.key()], |row| row.get(0)).placed(self.path)
    }
}

impl Writer<'_> {
    /// Saves a filter, in the place of one with the same name; says whether there was one.
    ///
    /// # Errors
    /// The database fails.
    pub fn save_filter(&mut self, filter: &SavedFilter) -> Result<bool, StoreError> {
        let replaced = self.delete_filter(&filter.name)?;
        let SavedFilter { name, query_json, person, at } = filter;
        let sql = "INSERT INTO saved_filter (key, name, query, person, at) VALUES (?1, ?2, ?3, ?4, ?5)";
        let mut insert = self.conn.prepare_cached(sql).placed(self.path)?;
        insert.execute(params![name.key(), name.as_str(), query_json, person, nanos(*at)]).placed(self.path)?;
        Ok(replaced)
    }

    /// Deletes a saved filter; says whether there was one.
    ///
    /// # Errors
    /// The database fails.
    pub fn delete_filter(&mut self, name: &Name) -> Result<bool, StoreError> {
        let mut delete = self.conn.prepare_cached("DELETE FROM saved_filter WHERE key = ?1").placed(self.path)?;
        Ok(delete.execute([name.key()]).placed(self.path)? > 0)
    }
}

fn list(conn: &Connection) -> Result<Vec<SavedFilter>, StoreError> {
    let mut select = conn.prepare_cached("SELECT name, query, person, at FROM saved_filter ORDER BY key")?;
    let mut rows = select.query([])?;
    let mut filters = Vec::new();
    while let Some(row) = rows.next()? {
        filters.push(saved(row)?);
    }
    Ok(filters)
}

fn saved(row: &Row<'_>) -> Result<SavedFilter, StoreError> {
    let name: String = row.get(0)?;
    let name = Name::parse(&name)
        .map_err(|refused| StoreError::Unreadable { what: format!("filter `{name}`"), reason: refused.to_string() })?;
    Ok(SavedFilter {
        name,
        query_json: row.get(1)?,
        person: row.get(2)?,
        at: DateTime::from_timestamp_nanos(row.get(3)?),
    })
}
