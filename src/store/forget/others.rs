//! What others have of a person who is forgotten: the logs of those whom the person was merged with for a while, and every log into which
//! an address, a number or an id of the person was once written. What is written of somebody else today is only told.

use rusqlite::{Row, params};
use serde_json::Value;

use crate::domain::id::ContactId;
use crate::domain::text::fold;
use crate::domain::traces::Sight;

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
        self.log_of(&format!("contact IN (SELECT value FROM json_each('{}'))", listed(&once)), &|text| {
            self.tells(text)
        })?;
        let keys = self.keys(false);
        if keys.is_empty() {
            return Ok(());
        }
        // The log of somebody who seems to be the same person stays with that contact.
        let twins = self.twins.iter().map(|id| format!("x'{}'", hex(*id))).collect::<Vec<_>>().join(",");
        self.log_of(
            &format!(
                "contact NOT IN (SELECT no FROM contact WHERE id IN ({twins})) AND {}",
                any_in("fields", keys.len())
            ),
            &|text| self.traces.identify(text),
        )
    }

    /// Takes values out of the logs of other contacts. A list goes as a whole when one of its values does.
    fn log_of(&self, which: &str, goes: &dyn Fn(&str) -> bool) -> Result<(), StoreError> {
        let mut select = self.conn.prepare(&format!(
            "SELECT contact, rev, fields FROM change
             WHERE contact NOT IN (SELECT value FROM json_each(?1)) AND {which}"
        ))?;
        let keys = if which.contains("?2") { self.keys(false) } else { Vec::new() };
        let mut rows = select.query(rusqlite::params_from_iter(Some(&self.list).into_iter().chain(&keys)))?;
        while let Some(row) = rows.next()? {
            if let Some(text) = without(&row.get::<_, String>(2)?, goes) {
                self.conn.execute(
                    "UPDATE change SET fields = ?3 WHERE contact = ?1 AND rev = ?2",
                    params![row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, text],
                )?;
            }
        }
        Ok(())
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
        let keys = self.keys(true);
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let mut select = self.conn.prepare(&format!(
            "SELECT id, fields, kind, record FROM record_change WHERE ?1 IS NOT NULL AND {}",
            any_in("fields", keys.len())
        ))?;
        let mut rows = select.query(rusqlite::params_from_iter(Some(&self.list).into_iter().chain(&keys)))?;
        let mut told = Vec::new();
        while let Some(row) = rows.next()? {
            let text: String = row.get(1)?;
            let left = without(&text, &|text| self.traces.identify(text));
            if let Some(left) = &left {
                self.conn.execute(
                    "UPDATE record_change SET fields = ?2 WHERE id = ?1",
                    params![row.get::<_, i64>(0)?, left],
                )?;
            }
            if without(left.as_ref().unwrap_or(&text), &|text| self.traces.in_text(text)).is_some() {
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
        let keys = self.keys(true);
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let mut select = self.conn.prepare(&format!(
            "SELECT id, doc FROM contact
             WHERE gone < 3 AND no NOT IN (SELECT value FROM json_each(?1)) AND {}",
            any_in("doc", keys.len())
        ))?;
        let mut rows = select.query(rusqlite::params_from_iter(Some(&self.list).into_iter().chain(&keys)))?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let id = ContactId::from_bytes(row.get(0)?);
            let text = row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?;
            let document: Value = serde_json::from_str(text).unwrap_or_default();
            // A name where names stand is somebody else's.
            let names = |key: &str| matches!(key, "first" | "last" | "other_first" | "other_last");
            let fields = document.as_object().into_iter().flatten().filter(|(key, _)| !names(key));
            if !self.twins.contains(&id) && fields.into_iter().any(|(_, value)| self.is_in(value)) {
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

    /// What a text has, in lower case, if something of the person is in it: the database looks for it before anything is read.
    fn keys(&self, names: bool) -> Vec<String> {
        let traces = &self.traces;
        let tail = |number: &String| number[number.len().saturating_sub(4)..].to_owned();
        let ids = traces.external_ids().iter().map(|id| id.id.to_lowercase());
        let own = traces.emails().iter().cloned().chain(traces.phones().iter().map(tail)).chain(ids);
        let mut keys: Vec<String> = own.filter(|key| !key.is_empty()).collect();
        if names {
            keys.extend(traces.last_names().iter().map(|name| fold(name)));
        }
        keys.sort();
        keys.dedup();
        keys
    }
}

/// A condition that one of the parameters from the second on is in a column.
fn any_in(column: &str, count: usize) -> String {
    let one = |at: usize| format!("instr(lower({column}), ?{}) > 0", at + 2);
    format!("({})", (0..count).map(one).collect::<Vec<_>>().join(" OR "))
}

/// Takes the values that go out of an entry of a log; nothing when all stay.
fn without(fields: &str, goes: &dyn Fn(&str) -> bool) -> Option<String> {
    let mut fields: Vec<Vec<Value>> = serde_json::from_str(fields).ok()?;
    let mut found = false;
    for value in fields.iter_mut().flat_map(|field| field.iter_mut().skip(1)) {
        if value.as_str().is_some_and(|text| text.lines().any(goes)) {
            (*value, found) = (Value::Null, true);
        }
    }
    found.then(|| serde_json::to_string(&fields).unwrap_or_else(|_| "[]".to_owned()))
}

fn hex(id: ContactId) -> String {
    id.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}
