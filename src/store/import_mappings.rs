//! Saved mappings of imported files. What is in them is text to the store.

use chrono::DateTime;
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::domain::name::Name;

use super::document::nanos;
use super::error::{Placed, StoreError};
use super::reader::Reader;
use super::types::SavedMapping;
use super::writer::Writer;

impl Reader<'_> {
    /// Returns a saved mapping.
    ///
    /// # Errors
    /// The database fails.
    pub fn import_mapping(&self, name: &Name) -> Result<Option<SavedMapping>, StoreError> {
        let sql = "SELECT name, doc, person, at FROM import_mapping WHERE folded = ?1";
        let mut select = self.conn.prepare_cached(sql).placed(self.path)?;
        let found = select.query_row([name.key()], |row| Ok(saved(row))).optional().placed(self.path)?;
        found.transpose()
    }

    /// Returns all saved mappings, by name.
    ///
    /// # Errors
    /// The database fails.
    pub fn import_mappings(&self) -> Result<Vec<SavedMapping>, StoreError> {
        list(self.conn).placed(self.path)
    }
}

impl Writer<'_> {
    /// Saves a mapping, in the place of one with the same name; says whether there was one.
    ///
    /// # Errors
    /// The database fails.
    pub fn save_import_mapping(&mut self, mapping: &SavedMapping) -> Result<bool, StoreError> {
        let replaced = self.delete_import_mapping(&mapping.name)?;
        let SavedMapping { name, doc_json, person, at } = mapping;
        let sql = "INSERT INTO import_mapping (folded, name, doc, person, at) VALUES (?1, ?2, ?3, ?4, ?5)";
        let mut insert = self.conn.prepare_cached(sql).placed(self.path)?;
        insert.execute(params![name.key(), name.as_str(), doc_json, person, nanos(*at)]).placed(self.path)?;
        Ok(replaced)
    }

    /// Deletes a saved mapping; says whether there was one.
    ///
    /// # Errors
    /// The database fails.
    pub fn delete_import_mapping(&mut self, name: &Name) -> Result<bool, StoreError> {
        let mut delete = self.conn.prepare_cached("DELETE FROM import_mapping WHERE folded = ?1").placed(self.path)?;
        Ok(delete.execute([name.key()]).placed(self.path)? > 0)
    }
}

fn list(conn: &Connection) -> Result<Vec<SavedMapping>, StoreError> {
    let mut select = conn.prepare_cached("SELECT name, doc, person, at FROM import_mapping ORDER BY folded")?;
    let mut rows = select.query([])?;
    let mut mappings = Vec::new();
    while let Some(row) = rows.next()? {
        mappings.push(saved(row)?);
    }
    Ok(mappings)
}

fn saved(row: &Row<'_>) -> Result<SavedMapping, StoreError> {
    let name: String = row.get(0)?;
    let name = Name::parse(&name)
        .map_err(|refused| StoreError::Unreadable { what: format!("mapping `{name}`"), reason: refused.to_string() })?;
    Ok(SavedMapping {
        name,
        doc_json: row.get(1)?,
        person: row.get(2)?,
        at: DateTime::from_timestamp_nanos(row.get(3)?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;

    #[test]
    fn names_are_unique_without_case() {
        let store = Store::in_memory().unwrap();
        let mapping = |name: &str, doc: &str| SavedMapping {
            name: Name::parse(name).unwrap(),
            doc_json: doc.to_owned(),
            person: "cli".to_owned(),
            at: DateTime::from_timestamp_nanos(7),
        };
        let save = |name, doc| store.write(|writer| writer.save_import_mapping(&mapping(name, doc))).unwrap();
        assert!(!save("Acme CRM", "1"));
        assert!(save("ACME crm", "2"));
        assert!(!save("Beta", "3"));
        let all = store.read(|reader| reader.import_mappings()).unwrap();
        assert_eq!(all, [mapping("ACME crm", "2"), mapping("Beta", "3")]);
        let found = |name| store.read(|reader| reader.import_mapping(&Name::parse(name).unwrap())).unwrap();
        assert_eq!(found("acme CRM").map(|it| it.doc_json), Some("2".to_owned()));
        let deleted = |name| store.write(|writer| writer.delete_import_mapping(&Name::parse(name).unwrap())).unwrap();
        assert!(deleted("acme crm") && !deleted("acme crm"));
        assert_eq!(found("Acme CRM"), None);
    }
}
