//! Enquiries, each one document; columns hold what is asked for, and the transcript. Finding the contact of an enquiry is done above;
//! visited pages are `visits`'.

use std::collections::BTreeMap;

use chrono::DateTime;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};

use crate::domain::enquiry::{Channel, Enquiry, EnquiryStatus, Sender, SurveyDecision};
use crate::domain::id::ContactId;
use crate::domain::name::Name;

use super::contacts;
use super::document::nanos;
use super::error::{Placed, StoreError};
use super::family::FAMILY;
use super::{Reader, Writer};

/// What was added since the first release has defaults: documents of that time lack it.
#[derive(Serialize, Deserialize)]
struct Document {
    #[serde(default = "first")]
    rev: u64,
    channel: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    handle: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    contact_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    staff: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    device: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    changed: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    closed: Option<i64>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    attributes: BTreeMap<String, String>,
    /// Whether a survey may be sent, as last decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    survey: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    suppressed: Option<String>,
}

const fn first() -> u64 {
    1
}

fn encode(enquiry: &Enquiry, rev: u64) -> String {
    let Sender { phone, email, handle, name } = enquiry.from.clone();
    let (survey, suppressed) = match &enquiry.survey {
        Some(SurveyDecision::Send) => (Some(true), None),
        Some(SurveyDecision::Suppress(reason)) => (Some(false), Some(reason.clone())),
        None => (None, None),
    };
    let document = Document {
        rev,
        channel: enquiry.channel.as_str().to_owned(),
        phone,
        email,
        handle,
        name,
        subject: enquiry.subject.clone(),
        contact_name: enquiry.contact_name.clone(),
        staff: enquiry.staff.as_ref().map(|name| name.as_str().to_owned()),
        device: enquiry.device.clone(),
        changed: Some(nanos(enquiry.changed_at)),
        closed: enquiry.closed_at.map(nanos),
        attributes: enquiry.attributes.clone(),
        survey,
        suppressed,
    };
    serde_json::to_string(&document).expect("strings and numbers always become JSON")
}

fn survey_at(enquiry: &Enquiry) -> Option<i64> {
    let sent = enquiry.status == EnquiryStatus::Closed && enquiry.survey == Some(SurveyDecision::Send);
    sent.then(|| nanos(enquiry.opened_at))
}

fn contact_no(conn: &Connection, enquiry: &Enquiry) -> Result<Option<i64>, StoreError> {
    let Some(id) = enquiry.contact else { return Ok(None) };
    contacts::resolve(conn, id)?.map(Some).ok_or(StoreError::NotFound { id })
}

/// Records an enquiry and returns its number.
pub(super) fn insert(conn: &Connection, enquiry: &Enquiry) -> Result<i64, StoreError> {
    let contact = contact_no(conn, enquiry)?;
    conn.prepare_cached(
        "INSERT INTO enquiry (contact, status, opened_at, survey_at, doc) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![
        contact,
        enquiry.status.as_str(),
        nanos(enquiry.opened_at),
        survey_at(enquiry),
        encode(enquiry, first())
    ])?;
    Ok(conn.last_insert_rowid())
}

/// Replaces an enquiry that nobody wrote since it was read, and returns its new revision.
pub(super) fn update(conn: &Connection, enquiry: &Enquiry) -> Result<u64, StoreError> {
    let contact = contact_no(conn, enquiry)?;
    let now = get(conn, enquiry.id)?.ok_or(StoreError::NoEnquiry { id: enquiry.id })?;
    if now.rev != enquiry.rev {
        return Err(StoreError::EnquiryChanged { id: enquiry.id, status: now.status });
    }
    let rev = now.rev + 1;
    conn.prepare_cached(
        "UPDATE enquiry SET contact = ?2, status = ?3, opened_at = ?4, survey_at = ?5, doc = ?6 WHERE id = ?1",
    )?
    .execute(params![
        enquiry.id,
        contact,
        enquiry.status.as_str(),
        nanos(enquiry.opened_at),
        survey_at(enquiry),
        encode(enquiry, rev)
    ])?;
    Ok(rev)
}

/// The size of a text is known without reading it.
const COLUMNS: &str =
    "enquiry.id, status, opened_at, enquiry.doc, contact.id, coalesce(octet_length(enquiry.transcript), 0)";

/// Returns an enquiry.
pub(super) fn get(conn: &Connection, id: i64) -> Result<Option<Enquiry>, StoreError> {
    let mut select = conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM enquiry LEFT JOIN contact ON contact.no = enquiry.contact WHERE enquiry.id = ?1"
    ))?;
    let mut rows = select.query([id])?;
    rows.next()?.map(read).transpose()
}

/// Returns the newest enquiries: of a contact and those merged into it, and with a status, if so asked.
pub(super) fn list(
    conn: &Connection,
    contact: Option<ContactId>,
    status: Option<EnquiryStatus>,
    after: Option<i64>,
    limit: usize,
) -> Result<Vec<Enquiry>, StoreError> {
    let Some(no) = of_whom(conn, contact)? else { return Ok(Vec::new()) };
    let mut select = conn.prepare_cached(&format!(
        "{FAMILY} SELECT {COLUMNS} FROM enquiry LEFT JOIN contact ON contact.no = enquiry.contact
         WHERE enquiry.id IN (SELECT id FROM enquiry WHERE {} AND id < ?3 ORDER BY id DESC LIMIT ?4)
         ORDER BY enquiry.id DESC",
        meant(no, status)
    ))?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let status = status.map(EnquiryStatus::as_str);
    let mut rows = select.query(params![no, status, after.unwrap_or(i64::MAX), limit])?;
    let mut enquiries = Vec::new();
    while let Some(row) = rows.next()? {
        enquiries.push(read(row)?);
    }
    Ok(enquiries)
}

/// How many there are.
fn count(conn: &Connection, contact: Option<ContactId>, status: Option<EnquiryStatus>) -> Result<u64, StoreError> {
    let Some(no) = of_whom(conn, contact)? else { return Ok(0) };
    let sql = format!("{FAMILY} SELECT count(*) FROM enquiry WHERE {}", meant(no, status));
    let count = conn
        .prepare_cached(&sql)?
        .query_row(params![no, status.map(EnquiryStatus::as_str)], |row| row.get::<_, i64>(0))?;
    Ok(count.unsigned_abs())
}

/// The row of the contact that is asked for; nothing when it is unknown.
fn of_whom(conn: &Connection, contact: Option<ContactId>) -> Result<Option<Option<i64>>, StoreError> {
    let Some(id) = contact else { return Ok(Some(None)) };
    Ok(contacts::resolve(conn, id)?.map(Some))
}

/// Which enquiries are meant: of `?1` if there is one, with the status `?2` if there is one.
fn meant(no: Option<i64>, status: Option<EnquiryStatus>) -> String {
    let of_contact = if no.is_some() { "contact IN (SELECT no FROM family)" } else { "?1 IS NULL" };
    // A contact's enquiries are few, those in a status may be many: the plus keeps SQLite from starting with them.
    let in_status = match (status, no) {
        (None, _) => "?2 IS NULL",
        (Some(_), None) => "status = ?2",
        (Some(_), Some(_)) => "+status = ?2",
    };
    format!("{of_contact} AND {in_status}")
}

fn read(row: &Row<'_>) -> Result<Enquiry, StoreError> {
    let id: i64 = row.get(0)?;
    let unreadable = |reason: String| StoreError::Unreadable { what: format!("enquiry {id}"), reason };
    let status: String = row.get(1)?;
    let text = row.get_ref(3)?.as_str().map_err(rusqlite::Error::from)?;
    let document: Document = serde_json::from_str(text).map_err(|error| unreadable(error.to_string()))?;
    let opened_at = DateTime::from_timestamp_nanos(row.get(2)?);
    let channel = document.channel;
    let staff = document.staff.as_deref().map(Name::parse).transpose();
    Ok(Enquiry {
        id,
        rev: document.rev,
        channel: Channel::parse(&channel).ok_or_else(|| unreadable(format!("unknown channel `{channel}`")))?,
        status: EnquiryStatus::parse(&status).ok_or_else(|| unreadable(format!("unknown status `{status}`")))?,
        from: Sender { phone: document.phone, email: document.email, handle: document.handle, name: document.name },
        subject: document.subject,
        contact: row.get::<_, Option<[u8; 16]>>(4)?.map(ContactId::from_bytes),
        contact_name: document.contact_name,
        staff: staff.map_err(|refused| unreadable(refused.to_string()))?,
        device: document.device,
        transcript_bytes: usize::try_from(row.get::<_, i64>(5)?).unwrap_or_default(),
        opened_at,
        changed_at: document.changed.map_or(opened_at, DateTime::from_timestamp_nanos),
        closed_at: document.closed.map(DateTime::from_timestamp_nanos),
        attributes: document.attributes,
        survey: document.survey.map(|send| match send {
            true => SurveyDecision::Send,
            false => SurveyDecision::Suppress(document.suppressed.unwrap_or_default()),
        }),
    })
}

/// Writes the name of a contact that is deleted into its enquiries. Whoever holds one of them in hand must look again.
pub(super) fn keep_name(conn: &Connection, contact: i64, name: &str) -> rusqlite::Result<()> {
    conn.prepare_cached(
        "UPDATE enquiry SET doc = json_set(doc, '$.contact_name', ?2, '$.rev', coalesce(doc ->> '$.rev', 1) + 1)
         WHERE contact = ?1",
    )?
    .execute(params![contact, name])?;
    Ok(())
}

/// Returns when the contact's enquiries were opened that closed with a survey, in Unix seconds, oldest first.
pub(super) fn surveys_sent(conn: &Connection, contact: ContactId) -> Result<Vec<i64>, StoreError> {
    let Some(no) = contacts::resolve(conn, contact)? else { return Ok(Vec::new()) };
    let mut select = conn.prepare_cached(
        "SELECT survey_at / 1000000000 FROM enquiry WHERE contact = ?1 AND survey_at IS NOT NULL ORDER BY survey_at",
    )?;
    let times = select.query_map([no], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    Ok(times)
}

/// Gives one contact's enquiries to another, and returns their numbers as a JSON list.
pub(super) fn hand_over(conn: &Connection, from: i64, to: i64) -> Result<String, StoreError> {
    let moved: String = conn
        .prepare_cached("SELECT json_group_array(id) FROM enquiry WHERE contact = ?1")?
        .query_row([from], |row| row.get(0))
        .optional()?
        .unwrap_or_default();
    conn.prepare_cached("UPDATE enquiry SET contact = ?2 WHERE contact = ?1")?.execute([from, to])?;
    Ok(moved)
}

impl Reader<'_> {
    /// Returns the newest enquiries, of a contact, with a status and older than the one with the number `after` if so asked, `limit` at most.
    ///
    /// # Errors
    /// The database fails.
    pub fn enquiries_after(
        &self,
        contact: Option<ContactId>,
        status: Option<EnquiryStatus>,
        after: Option<i64>,
        limit: usize,
    ) -> Result<Vec<Enquiry>, StoreError> {
        list(self.conn, contact, status, after, limit).placed(self.path)
    }

    /// Counts enquiries, of a contact and with a status if so asked.
    ///
    /// # Errors
    /// The database fails.
    pub fn count_enquiries(
        &self,
        contact: Option<ContactId>,
        status: Option<EnquiryStatus>,
    ) -> Result<u64, StoreError> {
        count(self.conn, contact, status).placed(self.path)
    }

    /// Returns what was said or written in an enquiry, if that was kept.
    ///
    /// # Errors
    /// The database fails.
    pub fn transcript(&self, enquiry: i64) -> Result<Option<String>, StoreError> {
        let found = self
            .conn
            .prepare_cached("SELECT transcript FROM enquiry WHERE id = ?1")
            .and_then(|mut select| select.query_row([enquiry], |row| row.get(0)).optional())
            .placed(self.path)?;
        Ok(found.flatten())
    }
}

impl Writer<'_> {
    /// Keeps what was said or written in an enquiry, over what was kept before.
    ///
    /// # Errors
    /// [`StoreError::NoEnquiry`].
    pub fn set_transcript(&mut self, enquiry: i64, transcript: Option<&str>) -> Result<(), StoreError> {
        let changed = self
            .conn
            .prepare_cached("UPDATE enquiry SET transcript = ?2 WHERE id = ?1")
            .and_then(|mut update| update.execute(params![enquiry, transcript]))
            .placed(self.path)?;
        if changed == 0 { Err(StoreError::NoEnquiry { id: enquiry }) } else { Ok(()) }
    }

    /// Returns the enquiry, if nobody wrote it since `seen`.
    ///
    /// # Errors
    /// [`StoreError::EnquiryChanged`], or [`StoreError::NoEnquiry`].
    pub fn enquiry_as_seen(&self, seen: &Enquiry) -> Result<Enquiry, StoreError> {
        let id = seen.id;
        match self.enquiry(id)? {
            Some(now) if now.rev == seen.rev => Ok(now),
            Some(now) => Err(StoreError::EnquiryChanged { id, status: now.status }),
            None => Err(StoreError::NoEnquiry { id }),
        }
    }
}
