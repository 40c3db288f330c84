//! The log of what was done to anything but a contact: organizations, staff members, divisions, labels, fields of the schema. One entry
//! for every write, with who, when, and field by field what was before and after. Contacts have `changes`.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, Row, params};

use crate::domain::contact::{Stamp, words};

use super::document::nanos;
use super::error::{Placed, StoreError};
use super::reader::Reader;
use super::types::{Action, Actor, ChangedField, NewChange};

words! {
    /// What a record is, in the log.
    RecordKind {
        /// An organization, by its number.
        Organization = "organization",
        /// A staff member, by their number.
        Staff = "staff",
        /// A division, by its number.
        Division = "division",
        /// A label, by its key.
        Label = "label",
        /// A field of the schema of custom fields, by its key.
        Field = "field",
    }
}

impl RecordKind {
    /// Returns what people call it.
    #[must_use]
    pub const fn noun(self) -> &'static str {
        match self {
            Self::Staff => "staff member",
            other => other.as_str(),
        }
    }

    /// Returns the same with its article.
    #[must_use]
    pub const fn with_article(self) -> &'static str {
        match self {
            Self::Organization => "an organization",
            Self::Staff => "a staff member",
            Self::Division => "a division",
            Self::Label => "a label",
            Self::Field => "a field",
        }
    }

    /// Returns the code of the error that there is none.
    #[must_use]
    pub const fn unknown_code(self) -> &'static str {
        match self {
            Self::Organization => "ORGANIZATION_UNKNOWN",
            Self::Staff => "STAFF_UNKNOWN",
            Self::Division => "DIVISION_UNKNOWN",
            Self::Label => "LABEL_UNKNOWN",
            Self::Field => "FIELD_UNKNOWN",
        }
    }

    /// Says where such records are listed.
    #[must_use]
    pub fn hint(self) -> Option<String> {
        let (command, what) = match self {
            Self::Organization => ("org", "the organizations"),
            Self::Staff => ("staff", "the staff members"),
            Self::Division => ("division", "the divisions"),
            Self::Label => ("label", "the labels"),
            Self::Field => ("field", "the fields"),
        };
        Some(format!("`carnet {command} list` shows {what}"))
    }
}

/// An entry of the log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RecordChange {
    /// When.
    pub at: DateTime<Utc>,
    /// Who: a staff member's name, `cli`, or `import 12`.
    pub by: String,
    /// What.
    pub action: Action,
    /// Field by field.
    pub fields: Vec<ChangedField>,
}

impl Reader<'_> {
    /// Returns what was done to a record, newest first, `limit` entries at most.
    ///
    /// # Errors
    /// The database fails.
    pub fn record_changes(
        &self,
        kind: RecordKind,
        record: &str,
        limit: Option<usize>,
    ) -> Result<Vec<RecordChange>, StoreError> {
        list(self.conn, kind, record, limit).placed(self.path)
    }
}

/// Appends an entry.
pub(super) fn append(conn: &Connection, kind: RecordKind, record: &str, entry: &NewChange) -> rusqlite::Result<()> {
    let by = stamp_of(entry);
    append_by(conn, kind, record, nanos(by.at), &by.by, entry.action, &entry.fields)
}

/// When and by whom an entry's write is done, as records say it.
pub(super) fn stamp_of(entry: &NewChange) -> Stamp {
    let by = match &entry.actor {
        Actor::Person(name) => name.as_str().into(),
        Actor::Import(job) => format!("import {job}").into(),
    };
    Stamp { at: entry.at, by }
}

/// Appends an entry of a person who is known by name alone.
pub(super) fn append_by(
    conn: &Connection,
    kind: RecordKind,
    record: &str,
    at: i64,
    person: &str,
    action: Action,
    fields: &[ChangedField],
) -> rusqlite::Result<()> {
    let fields: Vec<StoredField> =
        fields.iter().map(|field| (field.field.clone(), field.old.clone(), field.new.clone())).collect();
    let fields = serde_json::to_string(&fields).expect("strings always become JSON");
    conn.prepare_cached(
        "INSERT INTO record_change (kind, record, at, person, action, fields) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute(params![kind.as_str(), record, at, person, action.as_str(), fields])?;
    Ok(())
}

/// Name, text before, text after.
type StoredField = (String, Option<String>, Option<String>);

fn list(
    conn: &Connection,
    kind: RecordKind,
    record: &str,
    limit: Option<usize>,
) -> Result<Vec<RecordChange>, StoreError> {
    let mut select = conn.prepare_cached(
        "SELECT at, person, action, fields FROM record_change WHERE kind = ?1 AND record = ?2 ORDER BY id DESC LIMIT ?3",
    )?;
    let limit = limit.map_or(-1, |limit| i64::try_from(limit).unwrap_or(i64::MAX));
    let mut rows = select.query(params![kind.as_str(), record, limit])?;
    let mut entries = Vec::new();
    while let Some(row) = rows.next()? {
        entries.push(read(row)?);
    }
    Ok(entries)
}

fn read(row: &Row<'_>) -> Result<RecordChange, StoreError> {
    let unreadable = |reason: String| StoreError::Unreadable { what: "change".to_owned(), reason };
    let word: String = row.get(2)?;
    let text = row.get_ref(3)?.as_str().map_err(rusqlite::Error::from)?;
    let fields: Vec<StoredField> = serde_json::from_str(text).map_err(|error| unreadable(error.to_string()))?;
    let field = |(field, old, new)| ChangedField { field, old, new, plugin: None };
    Ok(RecordChange {
        at: DateTime::from_timestamp_nanos(row.get(0)?),
        by: row.get(1)?,
        action: Action::parse(&word).ok_or_else(|| unreadable(format!("unknown action `{word}`")))?,
        fields: fields.into_iter().map(field).collect(),
    })
}
