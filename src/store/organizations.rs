//! Organizations: one row each, a document with what is not asked for by column. Looking for them is `page`'s, and which contacts name
//! one is `naming`'s.

mod page;

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::DateTime;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};

use crate::domain::contact::{Address, Stamp};
use crate::domain::name::Name;
use crate::domain::organization::Organization;

pub use page::{OrganizationPage, OrganizationQuery};

use super::document::nanos;
use super::error::{Placed, StoreError};
use super::jobs::int;
use super::naming::{Referent, check_free, put};
use super::reader::Reader;
use super::record_changes::{RecordKind, append, stamp_of};
use super::renames;
use super::types::NewChange;
use super::writer::Writer;

impl Reader<'_> {
    /// Returns an organization by its number.
    ///
    /// # Errors
    /// The database fails, or the organization was written by a newer Carnet.
    pub fn organization(&self, id: i64) -> Result<Option<Organization>, StoreError> {
        get(self.conn, "id = ?1", id).placed(self.path)
    }

    /// Returns an organization by its name, in any case.
    ///
    /// # Errors
    /// As for [`Reader::organization`].
    pub fn organization_named(&self, name: &Name) -> Result<Option<Organization>, StoreError> {
        get(self.conn, "key = ?1", name.key()).placed(self.path)
    }

    /// Returns one page of the organizations that are meant, by name.
    ///
    /// # Errors
    /// [`StoreError::Cursor`], or as for [`Reader::organization`].
    pub fn organizations(&self, query: &OrganizationQuery) -> Result<OrganizationPage, StoreError> {
        page::page(self.conn, query).placed(self.path)
    }
}

impl Writer<'_> {
    /// Writes an organization for the first time, and returns its number.
    ///
    /// # Errors
    /// [`StoreError::NameTaken`].
    pub fn insert_organization(&mut self, organization: &Organization, entry: &NewChange) -> Result<i64, StoreError> {
        let (conn, path) = (self.reader.conn, self.path);
        check_free(conn, Referent::Organization, &organization.name, 0).placed(path)?;
        let id = insert(conn, organization).placed(path)?;
        append(conn, RecordKind::Organization, &id.to_string(), entry).placed(path)?;
        Ok(id)
    }

    /// Replaces an organization. When its name changes, the contacts that name it are rewritten. Returns its new revision and how many
    /// contacts were.
    ///
    /// # Errors
    /// [`StoreError::NoRecord`], [`StoreError::RecordConflict`] when the stored revision is not `seen_rev`, [`StoreError::NameTaken`].
    pub fn update_organization(
        &mut self,
        organization: &Organization,
        seen_rev: u64,
        entry: &NewChange,
    ) -> Result<(u64, u64), StoreError> {
        let (conn, path) = (self.reader.conn, self.path);
        let old = seen(conn, organization.id, seen_rev).placed(path)?;
        check_free(conn, Referent::Organization, &organization.name, organization.id).placed(path)?;
        let rev = replace(conn, organization, seen_rev).placed(path)?;
        append(conn, RecordKind::Organization, &organization.id.to_string(), entry).placed(path)?;
        if old.name.as_str() == organization.name.as_str() {
            return Ok((rev, 0));
        }
        renames::in_filters(conn, "organization", old.name.as_str(), organization.name.as_str()).placed(path)?;
        let contacts = self.rewrite(Referent::Organization, &old.name, entry, &organization.updated, |contact| {
            put(&mut contact.organization, &old.name, Some(&organization.name));
        })?;
        Ok((rev, contacts))
    }

    /// Deletes an organization with its notes; the contacts that name it lose the link. Its log stays. Returns how many contacts there
    /// were.
    ///
    /// # Errors
    /// As for [`Writer::update_organization`].
    pub fn delete_organization(&mut self, id: i64, seen_rev: u64, entry: &NewChange) -> Result<u64, StoreError> {
        let (conn, path) = (self.reader.conn, self.path);
        let old = seen(conn, id, seen_rev).placed(path)?;
        conn.execute("DELETE FROM note WHERE organization = ?1", [id]).placed(path)?;
        conn.execute("DELETE FROM organization WHERE id = ?1", [id]).placed(path)?;
        append(conn, RecordKind::Organization, &id.to_string(), entry).placed(path)?;
        let by = stamp_of(entry);
        self.rewrite(Referent::Organization, &old.name, entry, &by, |contact| {
            put(&mut contact.organization, &old.name, None);
        })
    }
}

#[derive(Serialize, Deserialize, Default)]
struct Document {
    #[serde(skip_serializing_if = "Option::is_none")]
    website: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    street: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    city: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    zip: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    country: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    custom: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    division: Option<String>,
    created: i64,
    created_by: String,
    updated: i64,
    updated_by: String,
}

fn encode(organization: &Organization) -> String {
    let Address { street, city, state, zip, country } = organization.address.clone();
    serde_json::to_string(&Document {
        website: organization.website.clone(),
        street,
        city,
        state,
        zip,
        country: country.map(|country| country.as_str().to_owned()),
        phone: organization.phone.clone(),
        url: organization.external_url.clone(),
        custom: organization.custom.clone(),
        division: organization.division.as_ref().map(|name| name.as_str().to_owned()),
        created: nanos(organization.created.at),
        created_by: organization.created.by.to_string(),
        updated: nanos(organization.updated.at),
        updated_by: organization.updated.by.to_string(),
    })
    .expect("strings and numbers always become JSON")
}

const COLUMNS: &str = "id, rev, name, doc";

fn read(row: &Row<'_>) -> Result<Organization, StoreError> {
    let id: i64 = row.get(0)?;
    let unreadable = |reason: String| StoreError::Unreadable { what: format!("organization {id}"), reason };
    let text: String = row.get(3)?;
    let name = |name: &str| Name::parse(name).map_err(|_| unreadable(format!("unsound name `{name}`")));
    let document: Document = serde_json::from_str(&text).map_err(|error| unreadable(error.to_string()))?;
    let country =
        document.country.as_deref().map(|code| code.parse().map_err(|_| unreadable(format!("country `{code}`"))));
    Ok(Organization {
        id,
        rev: row.get::<_, i64>(1)?.unsigned_abs(),
        name: name(&row.get::<_, String>(2)?)?,
        website: document.website,
        address: Address {
            street: document.street,
            city: document.city,
            state: document.state,
            zip: document.zip,
            country: country.transpose()?,
        },
        phone: document.phone,
        external_url: document.url,
        custom: document.custom,
        division: document.division.as_deref().map(name).transpose()?,
        created: stamp(document.created, document.created_by),
        updated: stamp(document.updated, document.updated_by),
    })
}

/// A stamp as it was stored.
pub(super) fn stamp(at: i64, by: String) -> Stamp {
    Stamp { at: DateTime::from_timestamp_nanos(at), by: Arc::from(by) }
}

fn get(
    conn: &Connection,
    condition: &str,
    parameter: impl rusqlite::ToSql,
) -> Result<Option<Organization>, StoreError> {
    let mut select = conn.prepare_cached(&format!("SELECT {COLUMNS} FROM organization WHERE {condition}"))?;
    let mut rows = select.query([parameter])?;
    rows.next()?.map(read).transpose()
}

fn seen(conn: &Connection, id: i64, seen: u64) -> Result<Organization, StoreError> {
    let kind = RecordKind::Organization;
    let stored = get(conn, "id = ?1", id)?.ok_or_else(|| StoreError::NoRecord { kind, record: id.to_string() })?;
    if stored.rev != seen {
        return Err(StoreError::RecordConflict { kind, id, seen, now: stored.rev });
    }
    Ok(stored)
}

fn insert(conn: &Connection, organization: &Organization) -> rusqlite::Result<i64> {
    conn.prepare_cached("INSERT INTO organization (rev, key, name, division, doc) VALUES (1, ?1, ?2, ?3, ?4)")?
        .execute(params![
            organization.name.key(),
            organization.name.as_str(),
            organization.division.as_ref().map(Name::key),
            encode(organization)
        ])?;
    Ok(conn.last_insert_rowid())
}

/// Makes an organization of which a contact told the name; returns nothing when there is one.
pub(super) fn insert_named(conn: &Connection, name: &Name, by: &Stamp) -> rusqlite::Result<Option<i64>> {
    let known: Option<i64> = conn
        .prepare_cached("SELECT id FROM organization WHERE key = ?1")?
        .query_row([name.key()], |row| row.get(0))
        .optional()?;
    match known {
        Some(_) => Ok(None),
        None => insert(conn, &Organization::new(name.clone(), by.clone())).map(Some),
    }
}

fn replace(conn: &Connection, organization: &Organization, seen: u64) -> rusqlite::Result<u64> {
    let rev = seen + 1;
    conn.prepare_cached(
        "UPDATE organization SET rev = ?2, key = ?3, name = ?4, division = ?5, doc = ?6 WHERE id = ?1",
    )?
    .execute(params![
        organization.id,
        int(rev),
        organization.name.key(),
        organization.name.as_str(),
        organization.division.as_ref().map(Name::key),
        encode(organization)
    ])?;
    Ok(rev)
}

/// Returns the organizations of a division.
pub(super) fn of_division(conn: &Connection, division: &Name) -> Result<Vec<Organization>, StoreError> {
    let mut select =
        conn.prepare_cached(&format!("SELECT {COLUMNS} FROM organization WHERE division = ?1 ORDER BY id"))?;
    let mut rows = select.query([division.key()])?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        all.push(read(row)?);
    }
    Ok(all)
}

/// Writes an organization whose division got another name.
pub(super) fn rewrite(conn: &Connection, organization: &Organization, entry: &NewChange) -> rusqlite::Result<()> {
    replace(conn, organization, organization.rev)?;
    append(conn, RecordKind::Organization, &organization.id.to_string(), entry)
}
