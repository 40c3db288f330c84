//! What is left of those who were forgotten: keyed digests of what identified them, so that an import does not bring them back. Without the
//! key (`secret`) the digests tell nothing; whoever has it, as everybody who has the whole database, can try out phone numbers.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use rusqlite::{Connection, OptionalExtension, params};
use sha2::Sha256;

use crate::domain::contact::Contact;
use crate::domain::traces::Traces;

use super::document::nanos;
use super::error::{Placed, StoreError};
use super::prepared::{self, Prepared, kind};
use super::reader::Reader;
use super::types::Identifier;
use super::writer::Writer;

type Digest = [u8; 32];

/// The tombstones as they stood when they were read; can be asked on any thread.
#[derive(Clone, Default, Debug)]
pub struct Tombstones(Option<Arc<Known>>);

#[derive(Debug)]
struct Known {
    secret: Vec<u8>,
    digests: HashMap<Digest, i64>,
}

impl Tombstones {
    /// Returns when the person was forgotten whom the contact's identifiers tell. What `before` had already does not count.
    #[must_use]
    pub fn forgotten(&self, contact: &Contact, before: Option<&Contact>) -> Option<DateTime<Utc>> {
        let known = self.0.as_deref()?;
        let had = before.map(prepared::identifiers).unwrap_or_default();
        let new = prepared::identifiers(contact).into_iter().filter(|identifier| !had.contains(identifier));
        let at = new.filter_map(|it| known.digests.get(&digest(&known.secret, &it)?)).max()?;
        Some(DateTime::from_timestamp_nanos(*at))
    }
}

/// The digest of an identifier; none of digits that are no whole number. WhatsApp goes by phone numbers.
fn digest(secret: &[u8], (kind, value): &(u8, String)) -> Option<Digest> {
    let kind = match *kind {
        kind::DIGITS => return None,
        kind::WHATSAPP => kind::PHONE,
        other => other,
    };
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).ok()?;
    mac.update(&[kind]);
    mac.update(value.as_bytes());
    Some(mac.finalize().into_bytes().into())
}

const SECRET: &str = "tombstone";

fn secret(conn: &Connection) -> rusqlite::Result<Option<Vec<u8>>> {
    conn.prepare_cached("SELECT value FROM secret WHERE name = ?1")?.query_row([SECRET], |row| row.get(0)).optional()
}

fn read(conn: &Connection) -> rusqlite::Result<Tombstones> {
    let any: bool = conn.prepare_cached("SELECT EXISTS (SELECT 1 FROM tombstone)")?.query_row([], |row| row.get(0))?;
    let Some(secret) = secret(conn)?.filter(|_| any) else { return Ok(Tombstones::default()) };
    let mut select = conn.prepare_cached("SELECT digest, at FROM tombstone")?;
    let digests = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<rusqlite::Result<_>>()?;
    Ok(Tombstones(Some(Arc::new(Known { secret, digests }))))
}

impl Reader<'_> {
    /// Returns what is known of those who were forgotten; costs nothing while there is nobody.
    ///
    /// # Errors
    /// The database fails.
    pub fn tombstones(&self) -> Result<Tombstones, StoreError> {
        read(self.conn).placed(self.path)
    }

    /// Returns when the person was forgotten whom the contact's identifiers tell.
    ///
    /// # Errors
    /// The database fails.
    pub fn forgotten(&self, contact: &Contact) -> Result<Option<DateTime<Utc>>, StoreError> {
        Ok(self.tombstones()?.forgotten(contact, None))
    }
}

impl Writer<'_> {
    /// Forgets that somebody was forgotten, who is back by somebody's explicit word.
    ///
    /// # Errors
    /// The database fails.
    pub fn lift_tombstones(&mut self, contact: &Prepared) -> Result<(), StoreError> {
        let Some(secret) = secret(self.reader.conn).placed(self.path)? else { return Ok(()) };
        for digest in contact.identifiers.iter().filter_map(|it| digest(&secret, it)) {
            let mut delete = self.reader.conn.prepare_cached("DELETE FROM tombstone WHERE digest = ?1")?;
            delete.execute([digest]).placed(self.path)?;
        }
        Ok(())
    }
}

/// Leaves tombstones for what identified a person, and returns how many.
pub(super) fn leave(conn: &Connection, traces: &Traces, at: DateTime<Utc>) -> rusqlite::Result<u64> {
    conn.execute("INSERT OR IGNORE INTO secret (name, value) VALUES (?1, randomblob(32))", [SECRET])?;
    let secret = secret(conn)?.unwrap_or_default();
    let emails = traces.emails().iter().cloned().map(Identifier::Email);
    let phones = traces.phones().iter().cloned().map(Identifier::Phone);
    let ids = traces.external_ids().iter().cloned();
    let ids = ids.map(|id| Identifier::ExternalId { source: id.source, id: id.id });
    let mut left = 0;
    for identifier in emails.chain(phones).chain(ids) {
        let Some(digest) = digest(&secret, &prepared::key(&identifier)) else { continue };
        let mut insert = conn.prepare_cached("INSERT OR REPLACE INTO tombstone (digest, at) VALUES (?1, ?2)")?;
        insert.execute(params![digest, nanos(at)])?;
        left += 1;
    }
    Ok(left)
}
