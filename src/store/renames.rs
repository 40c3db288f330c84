//! What is renamed or deleted is also named where nobody looks: by contacts that are deleted or merged away, by what merges and bulk writes
//! keep, and by saved filters. Live contacts are `naming`'s and `label_writes`'.

use rusqlite::{Connection, Row, params};
use serde_json::Value;

use crate::domain::contact::Contact;
use crate::domain::name::Name;

use super::document;
use super::error::StoreError;
use super::person;

/// Documents that come back when something is taken back: their two numbers, what they are and whose; and how they are written by their
/// two numbers.
const KEPT: [(&str, &str); 5] = [
    (
        "SELECT doc, no, 0, 'contact', id FROM contact WHERE gone IN (1, 2)",
        "UPDATE contact SET doc = ?3 WHERE no = ?1 AND ?2 = 0",
    ),
    (
        "SELECT master_doc, merge.id, 0, 'original in merge ' || merge.id || ' of contact', contact.id
         FROM merge JOIN contact ON contact.no = master",
        "UPDATE merge SET master_doc = ?3 WHERE id = ?1 AND ?2 = 0",
    ),
    (
        "SELECT other_doc, merge.id, 0, 'original in merge ' || merge.id || ' of contact', contact.id
         FROM merge JOIN contact ON contact.no = other",
        "UPDATE merge SET other_doc = ?3 WHERE id = ?1 AND ?2 = 0",
    ),
    (
        "SELECT result_doc, merge.id, 0, 'result of merge ' || merge.id || ', contact', contact.id
         FROM merge JOIN contact ON contact.no = master WHERE result_doc IS NOT NULL",
        "UPDATE merge SET result_doc = ?3 WHERE id = ?1 AND ?2 = 0",
    ),
    (
        "SELECT held.doc, batch, contact, 'original in bulk write ' || batch || ' of contact', contact.id
         FROM batch_contact AS held JOIN contact ON contact.no = held.contact WHERE held.doc IS NOT NULL",
        "UPDATE batch_contact SET doc = ?3 WHERE batch = ?1 AND contact = ?2",
    ),
];

/// Changes every kept document that has a name in it.
pub(super) fn in_kept(conn: &Connection, name: &str, edit: &dyn Fn(&mut Contact)) -> Result<(), StoreError> {
    // Documents have names as whoever wrote them did; they are the same in lower case.
    let quoted = Value::from(name).to_string().to_lowercase();
    for (select, update) in KEPT {
        let mut select = conn.prepare_cached(select)?;
        let mut rows = select.query([])?;
        // What is written while it is walked may come once more: it has its new name then, and stays.
        while let Some(row) = rows.next()? {
            let text = row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?;
            if !text.to_lowercase().contains(&quoted) {
                continue;
            }
            let mut contact = person::original(row, 0, 3)?;
            let before = document::encode(&contact);
            edit(&mut contact);
            let after = document::encode(&contact);
            if after != before {
                let numbers = (row.get::<_, i64>(1)?, row.get::<_, i64>(2)?);
                conn.prepare_cached(update)?.execute(params![numbers.0, numbers.1, after])?;
            }
        }
    }
    Ok(())
}

/// Gives what saved filters ask for in a field (`labels`, or the field of a condition) its new name.
pub(super) fn in_filters(conn: &Connection, field: &str, old: &str, new: &str) -> Result<(), StoreError> {
    let mut select = conn.prepare_cached("SELECT key, query FROM saved_filter")?;
    let read = |row: &Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?));
    let filters: Vec<(String, String)> = select.query_map([], read)?.collect::<rusqlite::Result<_>>()?;
    let Ok(old) = Name::parse(old) else { return Ok(()) };
    let is_old = |value: &Value| value.as_str().and_then(|text| Name::parse(text).ok()).is_some_and(|name| name == old);
    for (key, text) in filters {
        let Ok(mut query) = serde_json::from_str::<Value>(&text) else { continue };
        let mut found = false;
        let mut put = |value: &mut Value| {
            if is_old(value) {
                (*value, found) = (new.into(), true);
            }
        };
        if field == "labels" {
            query["labels"].as_array_mut().into_iter().flatten().for_each(&mut put);
        } else {
            let conditions = query["filters"].as_array_mut().into_iter().flatten();
            conditions.filter(|condition| condition["field"] == field).for_each(|condition| put(&mut condition["is"]));
        }
        if found {
            conn.prepare_cached("UPDATE saved_filter SET query = ?2 WHERE key = ?1")?
                .execute(params![key, query.to_string()])?;
        }
    }
    Ok(())
}

/// Lets what a staff member wrote, handles or began be theirs under the new name.
pub(super) fn in_staffs_work(conn: &Connection, old: &str, new: &str) -> Result<(), StoreError> {
    for update in [
        "UPDATE note SET person = ?2 WHERE person = ?1",
        "UPDATE batch SET person = ?2 WHERE person = ?1",
        "UPDATE job SET undone_by = ?2 WHERE undone_by = ?1",
        "UPDATE saved_filter SET person = ?2 WHERE person = ?1",
        "UPDATE job SET settings = json_set(settings, '$.by', ?2) WHERE json_valid(settings) AND settings ->> '$.by' = ?1",
        "UPDATE enquiry SET doc = json_set(doc, '$.staff', ?2, '$.rev', coalesce(doc ->> '$.rev', 1) + 1)
         WHERE doc ->> '$.staff' = ?1",
    ] {
        conn.execute(update, params![old, new])?;
    }
    Ok(())
}
