//! Staff members: one row each, a document with what is not asked for by column. Which contacts they own is `naming`'s.

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};

use crate::domain::name::Name;
use crate::domain::permission::Role;
use crate::domain::staff::{Availability, Staff, time_zone};

use super::document::nanos;
use super::error::{Placed, StoreError};
use super::jobs::int;
use super::naming::{Referent, check_free, put, put_in_list};
use super::organizations::stamp;
use super::reader::Reader;
use super::record_changes::{RecordKind, append};
use super::renames;
use super::types::NewChange;
use super::writer::Writer;

impl Reader<'_> {
    /// Returns a staff member by their number.
    ///
    /// # Errors
    /// The database fails, or the record was written by a newer Carnet.
    pub fn staff_member(&self, id: i64) -> Result<Option<Staff>, StoreError> {
        get(self.conn, "id = ?1", id).placed(self.path)
    }

    /// Returns a staff member by their name, in any case.
    ///
    /// # Errors
    /// As for [`Reader::staff_member`].
    pub fn staff_named(&self, name: &Name) -> Result<Option<Staff>, StoreError> {
        get(self.conn, "key = ?1", name.key()).placed(self.path)
    }

    /// Returns a staff member by their e-mail address, in any case.
    ///
    /// # Errors
    /// As for [`Reader::staff_member`].
    pub fn staff_with_email(&self, address: &str) -> Result<Option<Staff>, StoreError> {
        get(self.conn, "email = ?1", address.to_lowercase()).placed(self.path)
    }

    /// Returns all staff members, by name.
    ///
    /// # Errors
    /// As for [`Reader::staff_member`].
    pub fn staff(&self) -> Result<Vec<Staff>, StoreError> {
        all(self.conn).placed(self.path)
    }
}

impl Writer<'_> {
    /// Writes a staff member for the first time, and returns their number.
    ///
    /// # Errors
    /// [`StoreError::NameTaken`], [`StoreError::EmailTaken`].
    pub fn insert_staff(&mut self, staff: &Staff, entry: &NewChange) -> Result<i64, StoreError> {
        let (conn, path) = (self.reader.conn, self.path);
        check(conn, staff).placed(path)?;
        let id = insert(conn, staff).placed(path)?;
        append(conn, RecordKind::Staff, &id.to_string(), entry).placed(path)?;
        Ok(id)
    }

    /// Replaces a staff member. When their name changes, the contacts that they own or share are rewritten. Returns the new revision and
    /// how many contacts were.
    ///
    /// # Errors
    /// [`StoreError::NoRecord`], [`StoreError::RecordConflict`] when the stored revision is not `seen_rev`, [`StoreError::NameTaken`],
    /// [`StoreError::EmailTaken`].
    pub fn update_staff(&mut self, staff: &Staff, seen_rev: u64, entry: &NewChange) -> Result<(u64, u64), StoreError> {
        let (conn, path) = (self.reader.conn, self.path);
        let old = seen(conn, staff.id, seen_rev).placed(path)?;
        check(conn, staff).placed(path)?;
        let rev = replace(conn, staff, seen_rev).placed(path)?;
        append(conn, RecordKind::Staff, &staff.id.to_string(), entry).placed(path)?;
        if old.name.as_str() == staff.name.as_str() {
            return Ok((rev, 0));
        }
        renames::in_staffs_work(conn, old.name.as_str(), staff.name.as_str()).placed(path)?;
        renames::in_filters(conn, "owner", old.name.as_str(), staff.name.as_str()).placed(path)?;
        let contacts = self.rewrite(Referent::Staff, &old.name, entry, &staff.updated, |contact| {
            put(&mut contact.owner, &old.name, Some(&staff.name));
            put_in_list(&mut contact.shared_with, &old.name, Some(&staff.name));
        })?;
        Ok((rev, contacts))
    }

    /// Deletes a staff member. Their contacts keep the name, and the log stays. Returns how many contacts name them.
    ///
    /// # Errors
    /// As for [`Writer::update_staff`].
    pub fn delete_staff(&mut self, id: i64, seen_rev: u64, entry: &NewChange) -> Result<u64, StoreError> {
        let (conn, path) = (self.reader.conn, self.path);
        let old = seen(conn, id, seen_rev).placed(path)?;
        conn.execute("DELETE FROM staff WHERE id = ?1", [id]).placed(path)?;
        append(conn, RecordKind::Staff, &id.to_string(), entry).placed(path)?;
        self.contacts_naming(Referent::Staff, &old.name)
    }
}

#[derive(Serialize, Deserialize)]
struct Document {
    #[serde(skip_serializing_if = "Option::is_none")]
    avatar: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    extension: Option<String>,
    availability: String,
    role: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    department: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    zone: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    divisions: Vec<String>,
    created: i64,
    created_by: String,
    updated: i64,
    updated_by: String,
}

fn encode(staff: &Staff) -> String {
    serde_json::to_string(&Document {
        avatar: staff.avatar.clone(),
        email: staff.email.clone(),
        phone: staff.phone.clone(),
        extension: staff.extension.clone(),
        availability: staff.availability.as_str().to_owned(),
        role: staff.role.as_str().to_owned(),
        title: staff.job_title.clone(),
        department: staff.department.clone(),
        zone: staff.time_zone.map(str::to_owned),
        divisions: staff.divisions.iter().map(|name| name.as_str().to_owned()).collect(),
        created: nanos(staff.created.at),
        created_by: staff.created.by.to_string(),
        updated: nanos(staff.updated.at),
        updated_by: staff.updated.by.to_string(),
    })
    .expect("strings and numbers always become JSON")
}

const COLUMNS: &str = "id, rev, name, doc";

fn read(row: &Row<'_>) -> Result<Staff, StoreError> {
    let id: i64 = row.get(0)?;
    let unreadable = |what: &str, value: &str| StoreError::Unreadable {
        what: format!("staff member {id}"),
        reason: format!("unknown {what} `{value}`"),
    };
    let name = |name: &str| Name::parse(name).map_err(|_| unreadable("name", name));
    let text = row.get_ref(3)?.as_str().map_err(rusqlite::Error::from)?;
    let document: Document = serde_json::from_str(text).map_err(|error| unreadable("document", &error.to_string()))?;
    let zone = document.zone.as_deref();
    Ok(Staff {
        id,
        rev: row.get::<_, i64>(1)?.unsigned_abs(),
        name: name(&row.get::<_, String>(2)?)?,
        avatar: document.avatar,
        email: document.email,
        phone: document.phone,
        extension: document.extension,
        availability: Availability::parse(&document.availability)
            .ok_or_else(|| unreadable("availability", &document.availability))?,
        role: Role::parse(&document.role).ok_or_else(|| unreadable("role", &document.role))?,
        job_title: document.title,
        department: document.department,
        time_zone: zone.map(|zone| time_zone(zone).ok_or_else(|| unreadable("time zone", zone))).transpose()?,
        divisions: document.divisions.iter().map(|division| name(division)).collect::<Result<_, _>>()?,
        created: stamp(document.created, document.created_by),
        updated: stamp(document.updated, document.updated_by),
    })
}

fn get(conn: &Connection, condition: &str, parameter: impl rusqlite::ToSql) -> Result<Option<Staff>, StoreError> {
    let mut select = conn.prepare_cached(&format!("SELECT {COLUMNS} FROM staff WHERE {condition}"))?;
    let mut rows = select.query([parameter])?;
    rows.next()?.map(read).transpose()
}

/// Returns all staff members, by name.
pub(super) fn all(conn: &Connection) -> Result<Vec<Staff>, StoreError> {
    let mut select = conn.prepare_cached(&format!("SELECT {COLUMNS} FROM staff ORDER BY key"))?;
    let mut rows = select.query([])?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        all.push(read(row)?);
    }
    Ok(all)
}

fn seen(conn: &Connection, id: i64, seen: u64) -> Result<Staff, StoreError> {
    let kind = RecordKind::Staff;
    let stored = get(conn, "id = ?1", id)?.ok_or_else(|| StoreError::NoRecord { kind, record: id.to_string() })?;
    if stored.rev != seen {
        return Err(StoreError::RecordConflict { kind, id, seen, now: stored.rev });
    }
    Ok(stored)
}

/// Name and e-mail address are what a member is called by: nobody else has them.
fn check(conn: &Connection, staff: &Staff) -> Result<(), StoreError> {
    check_free(conn, Referent::Staff, &staff.name, staff.id)?;
    let Some(email) = &staff.email else { return Ok(()) };
    let taken: Option<String> = conn
        .prepare_cached("SELECT name FROM staff WHERE email = ?1 AND id <> ?2")?
        .query_row(params![email.to_lowercase(), staff.id], |row| row.get(0))
        .optional()?;
    taken.map_or(Ok(()), |name| Err(StoreError::EmailTaken { email: email.clone(), name }))
}

fn insert(conn: &Connection, staff: &Staff) -> rusqlite::Result<i64> {
    conn.prepare_cached("INSERT INTO staff (rev, key, name, email, doc) VALUES (1, ?1, ?2, ?3, ?4)")?.execute(
        params![
            staff.name.key(),
            staff.name.as_str(),
            staff.email.as_ref().map(|email| email.to_lowercase()),
            encode(staff)
        ],
    )?;
    Ok(conn.last_insert_rowid())
}

fn replace(conn: &Connection, staff: &Staff, seen: u64) -> rusqlite::Result<u64> {
    let rev = seen + 1;
    conn.prepare_cached("UPDATE staff SET rev = ?2, key = ?3, name = ?4, email = ?5, doc = ?6 WHERE id = ?1")?
        .execute(params![
            staff.id,
            int(rev),
            staff.name.key(),
            staff.name.as_str(),
            staff.email.as_ref().map(|email| email.to_lowercase()),
            encode(staff)
        ])?;
    Ok(rev)
}

/// Writes a staff member whose division got another name, or went.
pub(super) fn rewrite(conn: &Connection, staff: &Staff, entry: &NewChange) -> rusqlite::Result<()> {
    replace(conn, staff, staff.rev)?;
    append(conn, RecordKind::Staff, &staff.id.to_string(), entry)
}
