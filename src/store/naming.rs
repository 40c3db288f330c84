//! Contacts name organizations, staff members and divisions. Here: that what a contact names is there, which contacts name something, and
//! what becomes of them when it gets another name or goes. The rows of the things named are written in files of their own.

use std::collections::HashSet;

use rusqlite::{Connection, OptionalExtension, params};

use crate::domain::change::{FieldChange, diff};
use crate::domain::contact::{Contact, Stamp};
use crate::domain::name::Name;

use super::contacts::Stored;
use super::document::nanos;
use super::error::{Placed, StoreError};
use super::facets::facet;
use super::prepared::Prepared;
use super::reader::Reader;
use super::record_changes::{RecordKind, append_by};
use super::types::{Action, ChangedField, NewChange};
use super::writer::Writer;
use super::{divisions, organizations, renames};

/// What contacts refer to by name.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Referent {
    /// The organization to which they belong.
    Organization,
    /// The staff member who owns them, and those with whom they are shared.
    Staff,
    /// Their division.
    Division,
}

impl Referent {
    /// What it is in the log and in errors.
    #[must_use]
    pub const fn kind(self) -> RecordKind {
        match self {
            Self::Organization => RecordKind::Organization,
            Self::Staff => RecordKind::Staff,
            Self::Division => RecordKind::Division,
        }
    }

    /// Its table.
    const fn table(self) -> &'static str {
        self.kind().as_str()
    }

    /// The facets (`contact_facet.facet`) under which contacts name it.
    fn facets(self) -> String {
        match self {
            Self::Organization => facet::ORGANIZATION.to_string(),
            Self::Staff => format!("{}, {}", facet::OWNER, facet::SHARED),
            Self::Division => facet::DIVISION.to_string(),
        }
    }
}

/// Names remembered of a kind; enough for any file in which they come again.
const REMEMBERED: usize = 100_000;

/// What a contact names, and who wrote it.
#[derive(Clone, Debug)]
pub(super) struct NamedByContact {
    organization: Option<Name>,
    division: Option<Name>,
    written: Stamp,
}

impl NamedByContact {
    /// Nothing for most: who wrote them is counted by all threads of an import, and each count costs.
    pub(super) fn of(contact: &Contact) -> Option<Self> {
        let (organization, division) = (&contact.organization, &contact.division);
        let names_any = organization.is_some() || division.is_some();
        names_any.then(|| Self {
            organization: organization.clone(),
            division: division.clone(),
            written: contact.updated.clone(),
        })
    }
}

/// Organizations and divisions that this connection knows to be there, by key.
#[derive(Default, Debug)]
pub(super) struct KnownNames {
    organizations: HashSet<String>,
    divisions: HashSet<String>,
}

impl KnownNames {
    /// Makes what a contact names and is not there yet.
    pub(super) fn see_to(&mut self, conn: &Connection, named: &NamedByContact) -> rusqlite::Result<()> {
        if let Some(name) = &named.organization {
            remember(&mut self.organizations, name, || {
                let number = organizations::insert_named(conn, name, &named.written)?;
                created(conn, RecordKind::Organization, number, name, &named.written)
            })?;
        }
        if let Some(name) = &named.division {
            remember(&mut self.divisions, name, || {
                let number = divisions::insert_named(conn, name)?;
                created(conn, RecordKind::Division, number, name, &named.written)
            })?;
        }
        Ok(())
    }

    /// Forgets all names, since one is not there any more.
    fn clear(&mut self) {
        self.organizations.clear();
        self.divisions.clear();
    }
}

fn remember(
    known: &mut HashSet<String>,
    name: &Name,
    make: impl FnOnce() -> rusqlite::Result<()>,
) -> rusqlite::Result<()> {
    if known.contains(name.key()) {
        return Ok(());
    }
    make()?;
    if known.len() >= REMEMBERED {
        known.clear();
    }
    known.insert(name.key().to_owned());
    Ok(())
}

/// Logs what was made in passing; `number` is none when it was there.
fn created(conn: &Connection, kind: RecordKind, number: Option<i64>, name: &Name, by: &Stamp) -> rusqlite::Result<()> {
    let Some(number) = number else { return Ok(()) };
    let field = ChangedField { field: "name".to_owned(), old: None, new: Some(name.as_str().to_owned()), plugin: None };
    append_by(conn, kind, &number.to_string(), nanos(by.at), &by.by, Action::Created, &[field])
}

impl Reader<'_> {
    /// Returns how many live contacts name an organization, a staff member (as owner, or as one with whom they are shared) or a division.
    ///
    /// # Errors
    /// The database fails.
    pub fn contacts_naming(&self, referent: Referent, name: &Name) -> Result<u64, StoreError> {
        self.settle()?;
        count_naming(self.conn, referent, name).placed(self.path)
    }

    /// Returns the names of all organizations, staff members or divisions, in order.
    ///
    /// # Errors
    /// The database fails.
    pub fn names(&self, referent: Referent) -> Result<Vec<String>, StoreError> {
        let all = || {
            let mut select =
                self.conn.prepare_cached(&format!("SELECT name FROM {} ORDER BY key", referent.table()))?;
            select.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<Vec<String>>>()
        };
        all().placed(self.path)
    }

    /// Returns a name as it is stored, if there is an organization, a staff member or a division of that name.
    ///
    /// # Errors
    /// The database fails.
    pub fn stored_name(&self, referent: Referent, name: &Name) -> Result<Option<String>, StoreError> {
        stored_name(self.conn, referent, name).placed(self.path)
    }
}

pub(super) fn count_naming(conn: &Connection, referent: Referent, name: &Name) -> rusqlite::Result<u64> {
    let sql = format!(
        "SELECT count(DISTINCT contact.no) FROM contact_facet CROSS JOIN contact ON contact.no = contact_facet.contact
         WHERE contact_facet.facet IN ({}) AND contact_facet.value = ?1 AND contact.gone = 0",
        referent.facets()
    );
    conn.prepare_cached(&sql)?.query_row([name.key()], |row| row.get::<_, i64>(0)).map(i64::unsigned_abs)
}

fn stored_name(conn: &Connection, referent: Referent, name: &Name) -> rusqlite::Result<Option<String>> {
    conn.prepare_cached(&format!("SELECT name FROM {} WHERE key = ?1", referent.table()))?
        .query_row([name.key()], |row| row.get(0))
        .optional()
}

/// Refuses a name that another record has; `id` is the one that is to have it.
pub(super) fn check_free(conn: &Connection, referent: Referent, name: &Name, id: i64) -> Result<(), StoreError> {
    let taken: Option<String> = conn
        .prepare_cached(&format!("SELECT name FROM {} WHERE key = ?1 AND id <> ?2", referent.table()))?
        .query_row(params![name.key(), id], |row| row.get(0))
        .optional()?;
    taken.map_or(Ok(()), |name| Err(StoreError::NameTaken { kind: referent.kind(), name }))
}

impl Writer<'_> {
    /// Makes sure that nothing is taken to be there that was just renamed or deleted.
    pub(super) fn forget_names(&mut self) {
        self.known.names.clear();
    }

    /// Lets every live contact that names `old` be changed by `edit`, each with an entry in its change log, and returns how many were. What
    /// may come back is changed, too, and not counted.
    pub(super) fn rewrite(
        &mut self,
        referent: Referent,
        old: &Name,
        entry: &NewChange,
        by: &Stamp,
        edit: impl Fn(&mut Contact),
    ) -> Result<u64, StoreError> {
        self.forget_names();
        self.settle()?;
        let path = self.path;
        renames::in_kept(self.reader.conn, old.as_str(), &edit).placed(path)?;
        let mut rewritten = 0;
        for no in naming(self.reader.conn, referent, old).placed(path)? {
            let Some(stored) = Stored::numbered(self.reader.conn, no).placed(path)? else { continue };
            let mut contact = Contact { updated: by.clone(), ..stored.contact.clone() };
            edit(&mut contact);
            let fields: Vec<ChangedField> = diff(&stored.contact, &contact).into_iter().map(changed).collect();
            if fields.is_empty() {
                continue;
            }
            let rev = self.desk().replace(&stored, &Prepared::new(&contact)).placed(path)?;
            let entry = NewChange { action: Action::Updated, fields, ..entry.clone() };
            self.log(no, rev, &entry).placed(path)?;
            rewritten += 1;
        }
        Ok(rewritten)
    }
}

fn changed(change: FieldChange) -> ChangedField {
    ChangedField { field: change.key.to_string(), old: change.old, new: change.new, plugin: None }
}

/// The numbers of the contacts that name something, each once.
fn naming(conn: &Connection, referent: Referent, name: &Name) -> rusqlite::Result<Vec<i64>> {
    let sql = format!(
        "SELECT DISTINCT contact FROM contact_facet WHERE facet IN ({}) AND value = ?1 ORDER BY contact",
        referent.facets()
    );
    conn.prepare_cached(&sql)?.query_map([name.key()], |row| row.get(0))?.collect()
}

/// Gives a name in a contact's place for it its new spelling, or takes it away.
pub(super) fn put(slot: &mut Option<Name>, old: &Name, new: Option<&Name>) {
    if slot.as_ref() == Some(old) {
        *slot = new.cloned();
    }
}

/// The same in a list, which stays sorted, each name once.
pub(super) fn put_in_list(list: &mut Vec<Name>, old: &Name, new: Option<&Name>) {
    if !list.contains(old) {
        return;
    }
    list.retain(|name| name != old);
    list.extend(new.cloned());
    list.sort();
    list.dedup();
}
