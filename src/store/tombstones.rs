//! What is left of those who were forgotten: keyed digests of what identified them, so that an import does not bring them back. Without the
//! key (`secret`) the digests tell nothing; whoever has it, as everybody who has the whole database, can try out phone numbers.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use rusqlite::{Connection, OptionalExtension, params};
use sha2::Sha256;

use crate::domain::contact::Contact;
use crate::domain::email::parse_email;
use crate::domain::phone::digits;
use crate::domain::text::fold;
use crate::domain::traces::Traces;

use super::document::{self, nanos};
use super::error::{Placed, StoreError};
use super::prepared::{self, Prepared, kind};
use super::reader::Reader;
use super::types::Identifier;
use super::writer::Writer;

pub(super) type Digest = [u8; 32];

/// The tombstones as they stood when they were read; can be asked on any thread.
#[derive(Clone, Default, Debug)]
pub struct Tombstones(Option<Arc<Known>>);

#[derive(Debug)]
struct Known {
    secret: Vec<u8>,
    digests: HashMap<Digest, i64>,
}

impl Tombstones {
    /// Returns who was forgotten and is told by the contact's identifiers. What `before` had already does not count. Many have the number
    /// of a switchboard: it tells a person who has the last name, too, or of whom nothing else is known.
    #[must_use]
    pub fn recall(&self, contact: &Contact, before: Option<&Contact>) -> Option<Recall> {
        let known = self.0.as_deref()?;
        let had = before.map(prepared::identifiers).unwrap_or_default();
        let at = |identifier: (u8, &str)| known.digests.get(&digest(&known.secret, identifier)?).copied();
        let addressed = !contact.emails.is_empty() || !contact.external_ids.is_empty();
        let (mut person, mut number) = (None, None);
        for identifier in prepared::identifiers(contact).iter().filter(|it| had.iter().all(|had| had != *it)) {
            let Some(found) = at(identifier) else { continue };
            let named = || named(identifier.1, contact).is_some_and(|named| at(borrowed(&named)).is_some());
            let sure = !is_number(identifier.0) || !addressed || named();
            let slot = if sure { &mut person } else { &mut number };
            *slot = (*slot).max(Some(found));
        }
        let same =
            |key: &str, value: &str| before.is_some_and(|before| before.custom.get(key).is_some_and(|it| it == value));
        let customs = contact.custom.iter().filter(|(key, value)| !same(key, value));
        person = person.max(customs.filter_map(|(key, value)| at(borrowed(&custom(key, &fold(value.trim()))))).max());
        let time = DateTime::from_timestamp_nanos;
        person.map(|at| Recall::Person(time(at))).or_else(|| number.map(|at| Recall::Number(time(at))))
    }

    /// Returns when the person was forgotten whom the cells of a row tell, whatever their columns mean: by an address, or by a whole number
    /// with the last name or without any address. Ids are told only with their source.
    #[must_use]
    pub fn in_row<'c>(&self, cells: impl Iterator<Item = &'c str>) -> Option<DateTime<Utc>> {
        let known = self.0.as_deref()?;
        let at = |identifier: (u8, &str)| known.digests.get(&digest(&known.secret, identifier)?).copied();
        let cells: Vec<&str> = cells.map(|cell| cell.trim().trim_start_matches('\'')).collect();
        let addresses: Vec<String> = cells.iter().filter_map(|cell| Some(parse_email(cell).ok()?.address)).collect();
        let addressed = !addresses.is_empty();
        let emails = addresses.into_iter().map(Identifier::Email);
        let pairs = cells.iter().filter_map(|cell| cell.split_once(':'));
        let ids = pairs.map(|(source, id)| Identifier::ExternalId { source: source.to_owned(), id: id.to_owned() });
        let sure = emails.chain(ids).filter_map(|it| at(borrowed(&prepared::key(&it))));
        let named = |number: &str| {
            let last = |cell: &&str| at((NAMED, &[number, &fold(cell)].join("\u{1f}"))).is_some();
            !addressed || cells.iter().any(last)
        };
        let numbers = cells.iter().filter(|cell| cell.starts_with('+')).map(|cell| digits(cell));
        let numbers = numbers.filter_map(|number| at((kind::PHONE, &number)).filter(|_| named(&number)));
        sure.chain(numbers).max().map(DateTime::from_timestamp_nanos)
    }

    /// Returns when the person was forgotten whom the contact's identifiers tell.
    #[must_use]
    pub fn forgotten(&self, contact: &Contact, before: Option<&Contact>) -> Option<DateTime<Utc>> {
        match self.recall(contact, before)? {
            Recall::Person(at) => Some(at),
            Recall::Number(_) => None,
        }
    }
}

/// Who is told, and when that person was forgotten.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Recall {
    /// The person who was forgotten.
    Person(DateTime<Utc>),
    /// Somebody else, as it seems, with the same number.
    Number(DateTime<Utc>),
}

/// Kinds of digests beside those of identifiers: a unique custom value (key, U+001F, folded value), and a number with the folded last name.
const CUSTOM: u8 = 6;
const NAMED: u8 = 7;

const fn is_number(kind: u8) -> bool {
    matches!(kind, kind::PHONE | kind::WHATSAPP)
}

fn custom(key: &str, folded: &str) -> (u8, String) {
    (CUSTOM, [key, folded].join("\u{1f}"))
}

/// A number with a contact's last name.
fn named(number: &str, contact: &Contact) -> Option<(u8, String)> {
    let last = contact.last_name.as_deref().filter(|_| !contact.last_name_is_placeholder)?;
    Some((NAMED, [number, &fold(last)].join("\u{1f}")))
}

fn borrowed((kind, value): &(u8, String)) -> (u8, &str) {
    (*kind, value)
}

/// The digest of an identifier; none of digits that are no whole number. WhatsApp goes by phone numbers.
fn digest(secret: &[u8], (kind, value): (u8, &str)) -> Option<Digest> {
    let kind = match kind {
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

pub(super) fn read(conn: &Connection) -> rusqlite::Result<Tombstones> {
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
    /// Forgets that somebody was forgotten, who is back by somebody's explicit word; an import's word holds until it is taken back.
    ///
    /// # Errors
    /// The database fails.
    pub fn lift_tombstones(&mut self, contact: &Prepared, job: Option<i64>) -> Result<(), StoreError> {
        let Some(secret) = secret(self.reader.conn).placed(self.path)? else { return Ok(()) };
        let whole = document::decode(contact.id, 0, contact.document())
            .map_err(|reason| StoreError::Unreadable { what: format!("contact `{}`", contact.id), reason })?;
        let numbers = contact.identifiers().filter(|(kind, _)| is_number(*kind));
        let numbers = numbers.filter_map(|(_, number)| named(number, &whole));
        let customs = whole.custom.iter().map(|(key, value)| custom(key, &fold(value.trim())));
        let more: Vec<_> = numbers.chain(customs).collect();
        let mut lifted = Vec::new();
        for digest in contact.identifiers().chain(more.iter().map(borrowed)).filter_map(|it| digest(&secret, it)) {
            let mut delete = self.reader.conn.prepare_cached("DELETE FROM tombstone WHERE digest = ?1 RETURNING at")?;
            let at = delete.query_row([digest], |row| row.get(0)).optional().placed(self.path)?;
            lifted.extend(at.map(|at| (digest, at)));
        }
        match job.filter(|_| !lifted.is_empty()) {
            Some(job) => self.note_lifted(job, contact.id, &lifted),
            None => Ok(()),
        }
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
    let named = traces.phones().iter().flat_map(|phone| {
        traces.last_names().iter().map(move |last| (NAMED, [phone.as_str(), last.as_str()].join("\u{1f}")))
    });
    let customs = traces.customs().iter().map(|(key, value)| custom(key, value));
    let known = emails.chain(phones).chain(ids).map(|it| prepared::key(&it));
    let mut left = 0;
    for identifier in known.chain(named).chain(customs) {
        let Some(digest) = digest(&secret, borrowed(&identifier)) else { continue };
        let mut insert = conn.prepare_cached("INSERT OR REPLACE INTO tombstone (digest, at) VALUES (?1, ?2)")?;
        insert.execute(params![digest, nanos(at)])?;
        left += 1;
    }
    Ok(left)
}
