//! Enquiries, each one document; columns hold what is asked for. Finding the contact of an enquiry is done above.

use std::collections::BTreeMap;

use chrono::DateTime;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};

use crate::domain::enquiry::{Channel, Enquiry, EnquiryStatus, Sender, SurveyDecision};
use crate::domain::id::ContactId;

use super::contacts;
use super::document::nanos;
use super::error::StoreError;

#[derive(Serialize, Deserialize)]
struct Document {
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
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    attributes: BTreeMap<String, String>,
    /// Whether a survey may be sent, once that is decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    survey: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    suppressed: Option<String>,
}

fn encode(enquiry: &Enquiry) -> String {
    let Sender { phone, email, handle, name } = enquiry.from.clone();
    let (survey, suppressed) = match &enquiry.survey {
        Some(SurveyDecision::Send) => (Some(true), None),
        Some(SurveyDecision::Suppress(reason)) => (Some(false), Some(reason.clone())),
        None => (None, None),
    };
    let (channel, subject, attributes) =
        (enquiry.channel.as_str().to_owned(), enquiry.subject.clone(), enquiry.attributes.clone());
    serde_json::to_string(&Document { channel, phone, email, handle, name, subject, attributes, survey, suppressed })
        .expect("strings always become JSON")
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
        encode(enquiry)
    ])?;
    Ok(conn.last_insert_rowid())
}

/// Replaces an enquiry.
pub(super) fn update(conn: &Connection, enquiry: &Enquiry) -> Result<(), StoreError> {
    let contact = contact_no(conn, enquiry)?;
    let changed = conn
        .prepare_cached(
            "UPDATE enquiry SET contact = ?2, status = ?3, opened_at = ?4, survey_at = ?5, doc = ?6 WHERE id = ?1",
        )?
        .execute(params![
            enquiry.id,
            contact,
            enquiry.status.as_str(),
            nanos(enquiry.opened_at),
            survey_at(enquiry),
            encode(enquiry)
        ])?;
    if changed == 0 { Err(StoreError::NoEnquiry { id: enquiry.id }) } else { Ok(()) }
}

const COLUMNS: &str = "enquiry.id, status, opened_at, enquiry.doc, contact.id";

/// Returns an enquiry.
pub(super) fn get(conn: &Connection, id: i64) -> Result<Option<Enquiry>, StoreError> {
    let mut select = conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM enquiry LEFT JOIN contact ON contact.no = enquiry.contact WHERE enquiry.id = ?1"
    ))?;
    let mut rows = select.query([id])?;
    rows.next()?.map(read).transpose()
}

/// Returns the newest enquiries, of a contact or of all.
pub(super) fn list(conn: &Connection, contact: Option<ContactId>, limit: usize) -> Result<Vec<Enquiry>, StoreError> {
    let no = match contact {
        Some(id) => match contacts::resolve(conn, id)? {
            Some(no) => Some(no),
            None => return Ok(Vec::new()),
        },
        None => None,
    };
    let filter = if no.is_some() { "enquiry.contact = ?1" } else { "?1 IS NULL" };
    let mut select = conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM enquiry LEFT JOIN contact ON contact.no = enquiry.contact
         WHERE {filter} ORDER BY enquiry.id DESC LIMIT ?2"
    ))?;
    let mut rows = select.query(params![no, i64::try_from(limit).unwrap_or(i64::MAX)])?;
    let mut enquiries = Vec::new();
    while let Some(row) = rows.next()? {
        enquiries.push(read(row)?);
    }
    Ok(enquiries)
}

fn read(row: &Row<'_>) -> Result<Enquiry, StoreError> {
    let id: i64 = row.get(0)?;
    let unreadable = |reason: String| StoreError::Unreadable { what: format!("enquiry {id}"), reason };
    let status: String = row.get(1)?;
    let text = row.get_ref(3)?.as_str().map_err(rusqlite::Error::from)?;
    let document: Document = serde_json::from_str(text).map_err(|error| unreadable(error.to_string()))?;
    let Document { channel, phone, email, handle, name, subject, attributes, survey, suppressed } = document;
    Ok(Enquiry {
        id,
        channel: Channel::parse(&channel).ok_or_else(|| unreadable(format!("unknown channel `{channel}`")))?,
        status: EnquiryStatus::parse(&status).ok_or_else(|| unreadable(format!("unknown status `{status}`")))?,
        from: Sender { phone, email, handle, name },
        subject,
        contact: row.get::<_, Option<[u8; 16]>>(4)?.map(ContactId::from_bytes),
        opened_at: DateTime::from_timestamp_nanos(row.get(2)?),
        attributes,
        survey: survey.map(|send| match send {
            true => SurveyDecision::Send,
            false => SurveyDecision::Suppress(suppressed.unwrap_or_default()),
        }),
    })
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
