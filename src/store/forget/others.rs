//! What others have of a person who is forgotten: the logs of those whom the person was merged with for a while, and every log into which
//! an address, a number or an id of the person was once written. What is written of somebody else today is only told.

use std::collections::BTreeSet;

use rusqlite::{OptionalExtension, Row, params};
use serde_json::Value;

use crate::domain::id::ContactId;
use crate::domain::traces::{Sight, Traces};

use super::super::contacts;
use super::super::document;
use super::super::error::StoreError;
use super::super::person::listed;
use super::{Eraser, blank};

/// When a contact that is not the person's had the person merged into it, or was merged into the person.
struct Shared {
    contact: i64,
    /// The revision before the merge.
    rev: i64,
    from: i64,
    until: i64,
}

impl Eraser<'_> {
    /// Erases the person from the logs of other contacts.
    pub(super) fn others(&self) -> Result<(), StoreError> {
        let shared = self.shared()?;
        for Shared { contact, rev, until, .. } in &shared {
            let end: Option<i64> = self.conn.query_row(
                "SELECT coalesce(
                     (SELECT min(rev) FROM change WHERE contact = ?1 AND rev > ?2 AND action = 'unmerged' AND at = ?3),
                     (SELECT max(rev) FROM change WHERE contact = ?1 AND rev > ?2 AND at <= ?3))",
                params![contact, rev, until],
                |row| row.get(0),
            )?;
            let Some(end) = end else { continue };
            // What was written meanwhile is the person's, or of both.
            self.conn.execute(
                &format!("UPDATE change SET fields = {} WHERE contact = ?1 AND rev > ?2 AND rev <= ?3", blank()),
                params![contact, rev, end],
            )?;
            self.conn.execute(
                "DELETE FROM batch_contact WHERE contact = ?1 AND rev > ?2 + 1 AND rev <= ?3",
                params![contact, rev, end],
            )?;
        }
        let once: Vec<i64> = shared.iter().map(|it| it.contact).collect();
        self.logs_of(&once)?;
        self.all_logs()
    }

    /// Takes the person out of the logs of those who once shared a document with them.
    fn logs_of(&self, contacts: &[i64]) -> Result<(), StoreError> {
        let mut select = self.conn.prepare(
            "SELECT contact, rev, fields FROM change WHERE contact IN (SELECT value FROM json_each(?1))
                 AND contact NOT IN (SELECT value FROM json_each(?2))",
        )?;
        let mut rows = select.query([listed(contacts), self.list.clone()])?;
        while let Some(row) = rows.next()? {
            let left = without(row.get_ref(2)?.as_str().map_err(rusqlite::Error::from)?, &|text| self.tells(text));
            self.put_log(row.get(0)?, row.get(1)?, left.as_deref())?;
        }
        Ok(())
    }

    /// Takes what identifies the person out of the logs of all others. The log of somebody who seems to be the same person stays with that
    /// contact, and so does in any log what its contact has today: that is only told.
    fn all_logs(&self) -> Result<(), StoreError> {
        let mut apart: BTreeSet<i64> = self.family.iter().copied().collect();
        for id in &self.twins {
            apart.extend(contacts::resolve(self.conn, *id)?);
        }
        let mut select = self.conn.prepare("SELECT contact, rev, fields FROM change")?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            let (no, fields) = (row.get(0)?, row.get_ref(2)?.as_str().map_err(rusqlite::Error::from)?);
            if apart.contains(&no) || !self.glance.may_be_in(fields) {
                continue;
            }
            if without(fields, &|text| self.traces.identify(text)).is_some() {
                let own = self.traces_of(no)?;
                let left = without(fields, &|text| self.traces.identify(text) && !own.identify(text));
                self.put_log(no, row.get(1)?, left.as_deref())?;
            }
        }
        Ok(())
    }

    fn put_log(&self, no: i64, rev: i64, left: Option<&str>) -> Result<(), StoreError> {
        if let Some(left) = left {
            let mut update =
                self.conn.prepare_cached("UPDATE change SET fields = ?3 WHERE contact = ?1 AND rev = ?2")?;
            update.execute(params![no, rev, left])?;
        }
        Ok(())
    }

    /// By what somebody else is recognised today; by nothing, if that cannot be read.
    fn traces_of(&self, no: i64) -> Result<Traces, StoreError> {
        let mut select = self.conn.prepare_cached("SELECT doc FROM contact WHERE no = ?1 AND gone < 3")?;
        let text: Option<String> = select.query_row([no], |row| row.get(0)).optional()?;
        let mut own = Traces::default();
        let read = text.and_then(|text| document::decode(ContactId::from_bytes([0; 16]), 0, &text).ok());
        if let Some(contact) = read {
            own.add(&contact);
            contact.custom.iter().for_each(|(key, value)| own.add_custom(key, value));
        }
        Ok(own)
    }

    /// Lists of names and numbers go as a whole when one of them is the person's.
    fn tells(&self, text: &str) -> bool {
        self.traces.in_text(text) || text.split("; ").any(|value| self.traces.in_row(&[value]) != Sight::None)
    }

    /// Everybody who shared a document with the person for a while, be it by way of others.
    fn shared(&self) -> Result<Vec<Shared>, StoreError> {
        let mut select = self.conn.prepare(
            "SELECT master, master_rev, other, other_rev, at, coalesce(undone_at, ?1) FROM merge ORDER BY id",
        )?;
        let read = |row: &Row<'_>| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get::<_, i64>(4)?, row.get::<_, i64>(5)?))
        };
        let merges: Vec<(i64, i64, i64, i64, i64, i64)> =
            select.query_map([i64::MAX], read)?.collect::<rusqlite::Result<_>>()?;
        let mut found: Vec<Shared> = Vec::new();
        for (master, master_rev, other, other_rev, at, undone) in merges {
            let ours = |no: i64| self.family.contains(&no);
            // Merges come in the order in which they were made, so whoever was merged before is known.
            let carried = found.iter().filter(|it| it.contact == other && it.from <= undone && it.until >= at);
            let until = if ours(other) { Some(undone) } else { carried.map(|it| it.until.min(undone)).max() };
            if let Some(until) = until.filter(|_| !ours(master)) {
                found.push(Shared { contact: master, rev: master_rev, from: at, until });
            }
            if ours(master) && !ours(other) {
                found.push(Shared { contact: other, rev: other_rev, from: at, until: undone });
            }
        }
        Ok(found)
    }

    /// Erases the person's addresses, numbers and ids from the log of everything but contacts. What names the person there is told.
    pub(super) fn records(&self) -> Result<Vec<String>, StoreError> {
        let mut select = self.conn.prepare("SELECT id, fields, kind, record FROM record_change")?;
        let (mut rows, mut told) = (select.query([])?, Vec::new());
        while let Some(row) = rows.next()? {
            let text = row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?;
            if !self.glance.may_be_in(text) {
                continue;
            }
            let left = without(text, &|text| self.traces.identify(text));
            if let Some(left) = &left {
                self.conn.execute(
                    "UPDATE record_change SET fields = ?2 WHERE id = ?1",
                    params![row.get::<_, i64>(0)?, left],
                )?;
            }
            if without(left.as_deref().unwrap_or(text), &|text| self.traces.in_text(text)).is_some() {
                let what = format!("the log of {} {}", row.get::<_, String>(2)?, row.get::<_, String>(3)?);
                if !told.contains(&what) {
                    told.push(what);
                }
            }
        }
        Ok(told)
    }

    /// What is written of somebody else and names the person is for people to judge.
    pub(super) fn mentions(&self) -> Result<Vec<String>, StoreError> {
        let mut select = self.conn.prepare(
            "SELECT 'note ' || id, text FROM note
             UNION ALL SELECT 'enquiry ' || id, doc || char(10) || coalesce(transcript, '') FROM enquiry
             UNION ALL SELECT 'organization ' || id, name || char(10) || doc FROM organization
             UNION ALL SELECT 'filter ' || name, name || char(10) || query FROM saved_filter
             UNION ALL SELECT 'engagement ' || id, doc FROM engagement
             UNION ALL SELECT 'label ' || name, name FROM label",
        )?;
        let (mut rows, mut found) = (select.query([])?, Vec::new());
        while let Some(row) = rows.next()? {
            let text = row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?;
            if text.lines().any(|line| self.traces.in_text(line)) {
                found.push(row.get(0)?);
            }
        }
        found.extend(self.contacts_that_name()?);
        Ok(found)
    }

    /// Other contacts with something of the person in a field.
    fn contacts_that_name(&self) -> Result<Vec<String>, StoreError> {
        let mut select = self
            .conn
            .prepare("SELECT id, doc FROM contact WHERE gone < 3 AND no NOT IN (SELECT value FROM json_each(?1))")?;
        let (mut rows, mut found) = (select.query([&self.list])?, Vec::new());
        while let Some(row) = rows.next()? {
            let text = row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?;
            if !self.glance.may_be_in(text) {
                continue;
            }
            let id = ContactId::from_bytes(row.get(0)?);
            let document = read(text);
            // A name where names stand is somebody else's.
            let names = |key: &str| matches!(key, "first" | "last" | "other_first" | "other_last");
            let named = match &document {
                Value::Object(fields) => fields.iter().any(|(key, value)| !names(key) && self.is_in(value)),
                other => self.is_in(other),
            };
            if named && !self.twins.contains(&id) {
                found.push(format!("contact {id}"));
            }
        }
        Ok(found)
    }

    fn is_in(&self, value: &Value) -> bool {
        match value {
            Value::String(text) => text.lines().any(|line| self.traces.in_text(line)),
            Value::Array(values) => values.iter().any(|value| self.is_in(value)),
            Value::Object(map) => map.values().any(|value| self.is_in(value)),
            _ => false,
        }
    }
}

/// A JSON text. One that is none is looked at as it stands, so that nothing in it is passed over.
fn read(json: &str) -> Value {
    serde_json::from_str(json).unwrap_or_else(|_| Value::from(json))
}

/// Takes the values that go out of an entry of a log; nothing when all stay. An entry that cannot be read goes as a whole.
fn without(fields: &str, goes: &dyn Fn(&str) -> bool) -> Option<String> {
    let Ok(mut fields) = serde_json::from_str::<Vec<Vec<Value>>>(fields) else {
        return fields.lines().any(goes).then(|| "[]".to_owned());
    };
    let mut found = false;
    for value in fields.iter_mut().flat_map(|field| field.iter_mut().skip(1)) {
        if value.as_str().is_some_and(|text| text.lines().any(goes)) {
            (*value, found) = (Value::Null, true);
        }
    }
    found.then(|| Value::from_iter(fields).to_string())
}
