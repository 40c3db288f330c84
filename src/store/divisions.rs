//! Divisions: names with numbers. Contacts, organizations and staff members name them; a division that is renamed is renamed there, too.

use rusqlite::{Connection, OptionalExtension};

use crate::domain::name::Name;
use crate::domain::record::{Record, diff};

use super::error::{Placed, StoreError};
use super::naming::{Referent, check_free, count_naming, put, put_in_list};
use super::reader::Reader;
use super::record_changes::{RecordKind, append, stamp_of};
use super::types::{Action, ChangedField, NewChange};
use super::writer::Writer;
use super::{organizations, renames, staff};

/// A division and its use.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DivisionInfo {
    /// Number, from 1.
    pub id: i64,
    /// Name, as it was written.
    pub name: Name,
    /// How many contacts are in it.
    pub contacts: u64,
    /// How many organizations are in it.
    pub organizations: u64,
    /// How many staff members are in it.
    pub staff: u64,
}

impl Reader<'_> {
    /// Returns all divisions, by name.
    ///
    /// # Errors
    /// The database fails.
    pub fn divisions(&self) -> Result<Vec<DivisionInfo>, StoreError> {
        self.settle()?;
        list(self.conn).placed(self.path)
    }
}

impl Writer<'_> {
    /// Makes a division, and returns its number.
    ///
    /// # Errors
    /// [`StoreError::NameTaken`].
    pub fn insert_division(&mut self, name: &Name, entry: &NewChange) -> Result<i64, StoreError> {
        let (conn, path) = (self.reader.conn, self.path);
        check_free(conn, Referent::Division, name, 0).placed(path)?;
        let id = insert(conn, name).placed(path)?;
        append(conn, RecordKind::Division, &id.to_string(), entry).placed(path)?;
        Ok(id)
    }

    /// Gives a division another name, also in the contacts, organizations and staff members that name it. Returns how many contacts were
    /// rewritten.
    ///
    /// # Errors
    /// [`StoreError::NoRecord`], [`StoreError::NameTaken`].
    pub fn rename_division(&mut self, old: &Name, new: &Name, entry: &NewChange) -> Result<u64, StoreError> {
        let (conn, path) = (self.reader.conn, self.path);
        let id = number(conn, old).placed(path)?;
        check_free(conn, Referent::Division, new, id).placed(path)?;
        conn.execute("UPDATE division SET key = ?2, name = ?3 WHERE id = ?1", (id, new.key(), new.as_str()))
            .placed(path)?;
        append(conn, RecordKind::Division, &id.to_string(), entry).placed(path)?;
        rename_in_organizations(conn, old, new, entry).placed(path)?;
        replace_in_staff(conn, old, Some(new), entry).placed(path)?;
        renames::in_filters(conn, "division", old.as_str(), new.as_str()).placed(path)?;
        self.rewrite(Referent::Division, old, entry, &stamp_of(entry), |contact| {
            put(&mut contact.division, old, Some(new));
        })
    }

    /// Deletes a division that is nobody's any more but of staff members, who lose it. Returns how many they are.
    ///
    /// # Errors
    /// [`StoreError::NoRecord`]; [`StoreError::DivisionInUse`] when contacts or organizations are in it.
    pub fn delete_division(&mut self, name: &Name, entry: &NewChange) -> Result<u64, StoreError> {
        let (conn, path) = (self.reader.conn, self.path);
        let id = number(conn, name).placed(path)?;
        let contacts = self.contacts_naming(Referent::Division, name)?;
        let organizations = count_organizations(conn, name).placed(path)?;
        if contacts + organizations > 0 {
            return Err(StoreError::DivisionInUse { name: name.as_str().to_owned(), contacts, organizations });
        }
        self.forget_names();
        conn.execute("DELETE FROM division WHERE id = ?1", [id]).placed(path)?;
        append(conn, RecordKind::Division, &id.to_string(), entry).placed(path)?;
        replace_in_staff(conn, name, None, entry).placed(path)
    }
}

fn list(conn: &Connection) -> Result<Vec<DivisionInfo>, StoreError> {
    let members = staff::all(conn)?;
    let mut select = conn.prepare_cached("SELECT id, name FROM division ORDER BY key")?;
    let rows = select.query_map([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?)))?;
    let one = |row: rusqlite::Result<(i64, String)>| {
        let (id, name) = row?;
        let name = Name::parse(&name).map_err(|invalid| StoreError::Unreadable {
            what: format!("division {id}"),
            reason: invalid.to_string(),
        })?;
        Ok(DivisionInfo {
            id,
            contacts: count_naming(conn, Referent::Division, &name)?,
            organizations: count_organizations(conn, &name)?,
            staff: members.iter().filter(|member| member.divisions.contains(&name)).count() as u64,
            name,
        })
    };
    rows.map(one).collect()
}

fn count_organizations(conn: &Connection, division: &Name) -> rusqlite::Result<u64> {
    conn.prepare_cached("SELECT count(*) FROM organization WHERE division = ?1")?
        .query_row([division.key()], |row| row.get::<_, i64>(0))
        .map(i64::unsigned_abs)
}

fn find(conn: &Connection, name: &Name) -> rusqlite::Result<Option<i64>> {
    conn.prepare_cached("SELECT id FROM division WHERE key = ?1")?.query_row([name.key()], |row| row.get(0)).optional()
}

fn number(conn: &Connection, name: &Name) -> Result<i64, StoreError> {
    let unknown = || StoreError::NoRecord { kind: RecordKind::Division, record: name.as_str().to_owned() };
    find(conn, name)?.ok_or_else(unknown)
}

fn insert(conn: &Connection, name: &Name) -> rusqlite::Result<i64> {
    conn.prepare_cached("INSERT INTO division (key, name) VALUES (?1, ?2)")?.execute([name.key(), name.as_str()])?;
    Ok(conn.last_insert_rowid())
}

/// Makes a division that a contact names; returns nothing when there is one.
pub(super) fn insert_named(conn: &Connection, name: &Name) -> rusqlite::Result<Option<i64>> {
    match find(conn, name)? {
        Some(_) => Ok(None),
        None => insert(conn, name).map(Some),
    }
}

fn rename_in_organizations(conn: &Connection, old: &Name, new: &Name, entry: &NewChange) -> Result<(), StoreError> {
    for organization in organizations::of_division(conn, old)? {
        let mut renamed = organization.clone();
        (renamed.division, renamed.updated) = (Some(new.clone()), stamp_of(entry));
        organizations::rewrite(conn, &renamed, &updated(&organization, &renamed, entry))?;
    }
    Ok(())
}

fn replace_in_staff(conn: &Connection, old: &Name, new: Option<&Name>, entry: &NewChange) -> Result<u64, StoreError> {
    let mut replaced = 0;
    for member in staff::all(conn)?.into_iter().filter(|member| member.divisions.contains(old)) {
        let mut moved = member.clone();
        put_in_list(&mut moved.divisions, old, new);
        moved.updated = stamp_of(entry);
        staff::rewrite(conn, &moved, &updated(&member, &moved, entry))?;
        replaced += 1;
    }
    Ok(replaced)
}

/// The entry of a record that is changed with its division.
fn updated<R: Record>(before: &R, after: &R, entry: &NewChange) -> NewChange {
    let field = |(key, old, new): (R::Key, _, _)| ChangedField { field: key.to_string(), old, new, plugin: None };
    let fields = diff(Some(before), after).into_iter().map(field).collect();
    NewChange { action: Action::Updated, fields, ..entry.clone() }
}
