//! Engagements, each one document: calls and text messages to contacts.

use chrono::DateTime;
use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};

use crate::domain::engagement::{Engagement, EngagementKind};
use crate::domain::id::ContactId;

use super::document::nanos;
use super::error::{Placed, StoreError};
use super::family::{self, FAMILY};
use super::{Reader, Writer, contacts};

#[derive(Serialize, Deserialize)]
struct Document {
    kind: String,
    number: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    by: String,
}

fn insert(conn: &Connection, no: i64, engagement: &Engagement) -> rusqlite::Result<i64> {
    let Engagement { kind, number, text, by, at, .. } = engagement;
    let document =
        Document { kind: kind.as_str().to_owned(), number: number.clone(), text: text.clone(), by: by.clone() };
    let document = serde_json::to_string(&document).expect("strings always become JSON");
    conn.prepare_cached("INSERT INTO engagement (contact, at, doc) VALUES (?1, ?2, ?3)")?.execute(params![
        no,
        nanos(*at),
        document
    ])?;
    Ok(conn.last_insert_rowid())
}

fn list(conn: &Connection, no: i64, limit: usize) -> Result<Vec<Engagement>, StoreError> {
    let mut select = conn.prepare_cached(&format!(
        "{FAMILY} SELECT engagement.id, at, engagement.doc, contact.id FROM engagement JOIN contact ON contact.no = engagement.contact
         WHERE engagement.id IN (
             SELECT id FROM engagement WHERE contact IN (SELECT no FROM family) ORDER BY id DESC LIMIT ?2
         )
         ORDER BY engagement.id DESC"
    ))?;
    let mut rows = select.query(params![no, i64::try_from(limit).unwrap_or(i64::MAX)])?;
    let mut engagements = Vec::new();
    while let Some(row) = rows.next()? {
        let id: i64 = row.get(0)?;
        let unreadable = |reason: String| StoreError::Unreadable { what: format!("engagement {id}"), reason };
        let text = row.get_ref(2)?.as_str().map_err(rusqlite::Error::from)?;
        let document: Document = serde_json::from_str(text).map_err(|error| unreadable(error.to_string()))?;
        let Document { kind, number, text, by } = document;
        engagements.push(Engagement {
            id,
            contact: ContactId::from_bytes(row.get(3)?),
            kind: EngagementKind::parse(&kind).ok_or_else(|| unreadable(format!("unknown kind `{kind}`")))?,
            number,
            text,
            at: DateTime::from_timestamp_nanos(row.get(1)?),
            by,
        });
    }
    Ok(engagements)
}

impl Reader<'_> {
    /// Counts the calls and text messages to a contact and those merged into it.
    ///
    /// # Errors
    /// The database fails.
    pub fn count_engagements(&self, contact: ContactId) -> Result<u64, StoreError> {
        let Some(no) = contacts::resolve(self.conn, contact).placed(self.path)? else { return Ok(0) };
        family::count(self.conn, "engagement WHERE true", no).placed(self.path)
    }

    /// Returns the last calls and text messages to a contact, or to one that was merged into it, newest first, `limit` at most.
    ///
    /// # Errors
    /// The database fails.
    pub fn engagements(&self, contact: ContactId, limit: usize) -> Result<Vec<Engagement>, StoreError> {
        let Some(no) = contacts::resolve(self.conn, contact).placed(self.path)? else { return Ok(Vec::new()) };
        list(self.conn, no, limit).placed(self.path)
    }
}

impl Writer<'_> {
    /// Records a call or text message, and returns its number; the one it carries is not looked at.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when no live contact has the id.
    pub fn add_engagement(&mut self, engagement: &Engagement) -> Result<i64, StoreError> {
        let (id, conn) = (engagement.contact, self.conn);
        if self.contact(id)?.is_none() {
            return Err(StoreError::NotFound { id });
        }
        let no = contacts::resolve(conn, id).placed(self.path)?.ok_or(StoreError::NotFound { id })?;
        insert(conn, no, engagement).placed(self.path)
    }
}
