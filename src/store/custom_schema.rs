//! The schemas of custom fields, every version whole, and who made it; and what of a field stands in contacts. The newest version is in
//! force. What a sound schema is, is said by the domain.

use chrono::{DateTime, Utc};
use rusqlite::{OptionalExtension, params};
use serde::{Deserialize, Serialize};

use crate::domain::custom::{CustomField, CustomKind, Entity, Schema};
use crate::domain::id::ContactId;
use crate::domain::text;

use super::contacts;
use super::document::nanos;
use super::error::{Placed, StoreError};
use super::facets::{self, KEY_END, facet::CUSTOM};
use super::jobs::int;
use super::reader::Reader;
use super::writer::Writer;

/// Most owners of one value that are told.
const OWNERS_MAX: usize = 8;

/// One version of a schema.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SchemaVersion {
    /// The schema.
    pub schema: Schema,
    /// When it was made.
    pub at: DateTime<Utc>,
    /// Who made it.
    pub by: String,
}

#[derive(Serialize, Deserialize)]
struct Document {
    key: String,
    label: String,
    kind: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    options: Vec<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    required: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    disabled: bool,
}

fn encode(schema: &Schema) -> String {
    let one = |field: &CustomField| Document {
        key: field.key.clone(),
        label: field.label.clone(),
        kind: field.kind.as_str().to_owned(),
        options: field.options.clone(),
        required: field.required,
        disabled: !field.enabled,
    };
    let fields: Vec<Document> = schema.fields.iter().map(one).collect();
    serde_json::to_string(&fields).expect("strings always become JSON")
}

fn decode(version: i64, fields: &str) -> Result<Schema, StoreError> {
    let unreadable = |reason: String| StoreError::Unreadable { what: format!("schema {version}"), reason };
    let one = |field: Document| {
        let kind =
            CustomKind::parse(&field.kind).ok_or_else(|| unreadable(format!("unknown type `{}`", field.kind)))?;
        let Document { key, label, options, required, disabled, .. } = field;
        Ok(CustomField { key, label, kind, options, required, enabled: !disabled })
    };
    let documents: Vec<Document> = serde_json::from_str(fields).map_err(|error| unreadable(error.to_string()))?;
    let fields = documents.into_iter().map(one).collect::<Result<_, StoreError>>()?;
    Ok(Schema { version: version.unsigned_abs(), fields, former: Vec::new() })
}

/// The custom fields of contacts whose values no two contacts share.
pub(super) fn identifiers(conn: &rusqlite::Connection) -> Result<Vec<String>, StoreError> {
    let mut select = conn
        .prepare_cached("SELECT version, fields FROM custom_schema WHERE entity = ?1 ORDER BY version DESC LIMIT 1")?;
    let mut rows = select.query([Entity::Contact.as_str()])?;
    let Some(row) = rows.next()? else { return Ok(Vec::new()) };
    let schema = decode(row.get(0)?, &row.get::<_, String>(1)?)?;
    Ok(schema.fields.into_iter().filter(|it| it.kind == CustomKind::Identifier).map(|it| it.key).collect())
}

impl Reader<'_> {
    /// Returns the number of the schema in force, 0 when there is none.
    ///
    /// # Errors
    /// The database fails.
    pub fn schema_version(&self, entity: Entity) -> Result<u64, StoreError> {
        let newest = self
            .conn
            .prepare_cached("SELECT max(version) FROM custom_schema WHERE entity = ?1")
            .and_then(|mut select| select.query_row([entity.as_str()], |row| row.get::<_, Option<i64>>(0)));
        Ok(newest.placed(self.path)?.unwrap_or(0).unsigned_abs())
    }

    /// Returns the schema in force; without a field when there is none.
    ///
    /// # Errors
    /// The database fails, or a newer Carnet wrote the schema.
    pub fn schema(&self, entity: Entity) -> Result<Schema, StoreError> {
        let newest = self
            .conn
            .prepare_cached("SELECT version, fields FROM custom_schema WHERE entity = ?1 ORDER BY version DESC LIMIT 1")
            .and_then(|mut select| {
                let read = |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?));
                select.query_row([entity.as_str()], read).optional()
            });
        match newest.placed(self.path)? {
            Some((version, fields)) => decode(version, &fields),
            None => Ok(Schema::default()),
        }
    }

    /// Returns all versions of a schema, newest first.
    ///
    /// # Errors
    /// As for [`Reader::schema`].
    pub fn schema_versions(&self, entity: Entity) -> Result<Vec<SchemaVersion>, StoreError> {
        let mut select = self.conn.prepare_cached(
            "SELECT version, at, person, fields FROM custom_schema WHERE entity = ?1 ORDER BY version DESC",
        )?;
        let mut rows = select.query([entity.as_str()])?;
        let mut versions = Vec::new();
        while let Some(row) = rows.next()? {
            let fields: String = row.get(3)?;
            let schema = decode(row.get(0)?, &fields)?;
            versions.push(SchemaVersion { schema, at: DateTime::from_timestamp_nanos(row.get(1)?), by: row.get(2)? });
        }
        Ok(versions)
    }

    /// Returns the live contacts with a value of a custom field, in any case; a few at most.
    ///
    /// # Errors
    /// The database fails, or a contact was written by a newer Carnet.
    pub fn custom_owners(&self, key: &str, value: &str) -> Result<Vec<ContactId>, StoreError> {
        self.settle()?;
        let mut select =
            self.conn.prepare_cached("SELECT contact FROM contact_facet WHERE facet = ?1 AND value = ?2")?;
        let mut rows = select.query(params![CUSTOM, facet(key, value)])?;
        let folded = text::fold(value);
        let mut owners = Vec::new();
        while let Some(row) = rows.next()? {
            let Some(contact) = contacts::get(self.conn, row.get(0)?).placed(self.path)? else { continue };
            // A facet may stand for a part of a value, or for its beginning.
            if contact.custom.get(key).is_some_and(|held| text::fold(held) == folded) {
                owners.push(contact.id);
            }
            if owners.len() == OWNERS_MAX {
                break;
            }
        }
        Ok(owners)
    }

    /// Returns another live contact with a value of a custom field, in any case.
    ///
    /// # Errors
    /// The database fails.
    pub fn custom_owner(&self, key: &str, value: &str, except: ContactId) -> Result<Option<ContactId>, StoreError> {
        Ok(self.custom_owners(key, value)?.into_iter().find(|id| *id != except))
    }

    /// Returns another organization with a value of a custom field, in any case: its number and name. Organizations are few enough to be
    /// looked through.
    ///
    /// # Errors
    /// The database fails.
    pub fn custom_owner_organization(
        &self,
        key: &str,
        value: &str,
        except: i64,
    ) -> Result<Option<(i64, String)>, StoreError> {
        let folded = text::fold(value);
        let mut select = self.conn.prepare_cached(
            "SELECT id, name, held FROM (
                 SELECT id, name, json_extract(doc, '$.custom.\"' || ?1 || '\"') AS held FROM organization WHERE id <> ?2
             ) WHERE held IS NOT NULL",
        )?;
        let mut rows = select.query(params![key, except])?;
        while let Some(row) = rows.next()? {
            if text::fold(&row.get::<_, String>(2)?) == folded {
                return Ok(Some((row.get(0)?, row.get(1)?)));
            }
        }
        Ok(None)
    }

    /// Returns how many contacts have a value of a custom field; `value` counts one value alone, in any case.
    ///
    /// # Errors
    /// The database fails.
    pub fn custom_count(&self, key: &str, value: Option<&str>) -> Result<u64, StoreError> {
        self.settle()?;
        let (from, to) = match value {
            Some(value) => (facet(key, value), facet(key, value)),
            // What follows the separator sorts between it and its successor.
            None => (format!("{key}{KEY_END}"), format!("{key} ")),
        };
        let count = self
            .conn
            .prepare_cached(
                "SELECT count(DISTINCT contact) FROM contact_facet WHERE facet = ?1 AND value BETWEEN ?2 AND ?3",
            )
            .and_then(|mut select| select.query_row(params![CUSTOM, from, to], |row| row.get::<_, i64>(0)));
        Ok(count.placed(self.path)?.unsigned_abs())
    }
}

/// A custom value as the facets have it.
fn facet(key: &str, value: &str) -> String {
    facets::custom(key, &text::fold(value))
}

impl Writer<'_> {
    /// Writes the next version of a schema.
    ///
    /// # Errors
    /// The database fails, or has the version.
    pub fn put_schema(
        &mut self,
        entity: Entity,
        schema: &Schema,
        at: DateTime<Utc>,
        by: &str,
    ) -> Result<(), StoreError> {
        let row = params![entity.as_str(), int(schema.version), nanos(at), by, encode(schema)];
        let insert = "INSERT INTO custom_schema (entity, version, at, person, fields) VALUES (?1, ?2, ?3, ?4, ?5)";
        self.reader.conn.execute(insert, row).map(drop).placed(self.reader.path)
    }
}
