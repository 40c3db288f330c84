//! The consent ledger: who set a contact's survey opt-out, when, by which plugin and from where. Writing a contact notes by itself
//! what it does to the opt-out ([`Noted`]), so that no way of writing can forget it.

use std::sync::Arc;

use chrono::DateTime;
use rusqlite::{Connection, params};

use crate::domain::field::Field;
use crate::domain::id::ContactId;

use super::changes::{self, PluginNumbers};
use super::contacts;
use super::document::nanos;
use super::error::{Placed, StoreError};
use super::family::FAMILY;
use super::reader::Reader;
use super::types::{Action, Actor, ConsentEntry, NewChange, PluginRef};

/// A contact's opt-out that a write has changed: who did it is not known yet.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) struct Noted {
    /// The contact.
    pub(super) no: i64,
    /// The revision that the write made.
    pub(super) rev: i64,
    /// What it became.
    pub(super) opt_out: bool,
}

/// Appends to the ledger what the entry of the change log did.
pub(super) fn append(
    conn: &Connection,
    plugins: &mut PluginNumbers,
    noted: Noted,
    entry: &NewChange,
) -> rusqlite::Result<()> {
    let name = Field::SurveyOptOut.info().name;
    let plugin = entry.fields.iter().rev().find(|field| field.field == name).and_then(|field| field.plugin.as_deref());
    let plugin = plugin.map(|plugin| changes::plugin_number(conn, plugins, plugin)).transpose()?;
    let (job, person) = match &entry.actor {
        Actor::Import(job) => (Some(*job), None),
        Actor::Person(name) => (None, Some(name.as_str())),
    };
    let via = match entry.action {
        _ if !entry.via.is_empty() => Some(entry.via.as_str()),
        Action::Created | Action::Updated => None,
        other => Some(other.as_str()),
    };
    conn.prepare_cached(
        "INSERT OR REPLACE INTO consent (contact, at, rev, opt_out, job, person, plugin, via)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?
    .execute(params![noted.no, nanos(entry.at), noted.rev, noted.opt_out, job, person, plugin, via])?;
    Ok(())
}

/// Appends what was noted and never logged beside its write, as the change log tells it: the last resort, at the end of a transaction.
pub(super) fn append_from_log(conn: &Connection, left: &[Noted]) -> rusqlite::Result<()> {
    for noted in left {
        conn.prepare_cached(
            "INSERT OR IGNORE INTO consent (contact, at, rev, opt_out, job, person, plugin, via)
             SELECT contact, at, rev, ?3, job, person, NULL, action FROM change WHERE contact = ?1 AND rev = ?2",
        )?
        .execute(params![noted.no, noted.rev, noted.opt_out])?;
    }
    Ok(())
}

impl Reader<'_> {
    /// Returns who set a contact's survey opt-out, newest first, with what was set in the contacts merged into it. What was written
    /// before there was a ledger is told as far as the change log knows it.
    ///
    /// # Errors
    /// The database fails.
    pub fn consents(&self, id: ContactId) -> Result<Vec<ConsentEntry>, StoreError> {
        let Some(no) = contacts::resolve(self.conn, id).placed(self.path)? else { return Ok(Vec::new()) };
        let mut entries = ledger(self.conn, no).placed(self.path)?;
        for change in changes::list(self.conn, no, None).placed(self.path)? {
            let set = change.fields.iter().rev().find(|field| field.field == Field::SurveyOptOut.info().name);
            let Some(set) = set.filter(|_| !entries.iter().any(|entry| entry.at == change.at)) else { continue };
            let Some(word) = set.new.as_deref().or(set.old.as_ref().map(|_| "no")) else { continue };
            entries.push(ConsentEntry {
                at: change.at,
                actor: change.actor.clone(),
                opt_out: word == "yes",
                plugin: set.plugin.clone(),
                via: None,
            });
        }
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.at));
        Ok(entries)
    }
}

fn ledger(conn: &Connection, no: i64) -> rusqlite::Result<Vec<ConsentEntry>> {
    let mut select = conn.prepare_cached(&format!(
        "{FAMILY} SELECT at, job, person, opt_out, via, plugin_version.name, plugin_version.version, plugin_version.hash
         FROM consent LEFT JOIN plugin_version ON plugin_version.id = consent.plugin
         WHERE contact IN (SELECT no FROM family) ORDER BY at DESC, contact = ?1 DESC, rev DESC"
    ))?;
    let entries = select.query_map([no], |row| {
        let plugin = match row.get::<_, Option<String>>(5)? {
            Some(name) => Some(Arc::new(PluginRef { name, version: row.get(6)?, hash: row.get(7)? })),
            None => None,
        };
        let (job, person): (Option<i64>, Option<String>) = (row.get(1)?, row.get(2)?);
        Ok(ConsentEntry {
            at: DateTime::from_timestamp_nanos(row.get(0)?),
            actor: job.map_or_else(|| Actor::Person(person.unwrap_or_default()), Actor::Import),
            opt_out: row.get(3)?,
            plugin,
            via: row.get(4)?,
        })
    })?;
    entries.collect()
}
