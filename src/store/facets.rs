//! What filters ask for beside words, labels and identifiers: one row for each value of a contact that has one. Which contacts a filter
//! finds is `conditions`' business.

use rusqlite::{Connection, params};

use crate::domain::contact::{Contact, Level};
use crate::domain::text::fold;

use super::contacts::{self, COLUMNS};
use super::document::nanos;
use super::identifiers::Pending;
use super::keys::Keys;

/// Facets, as they stand in the table.
pub(super) mod facet {
    /// The organization, in the comparison form of its name.
    pub(in crate::store) const ORGANIZATION: u8 = 1;
    /// The owner, likewise.
    pub(in crate::store) const OWNER: u8 = 2;
    /// A staff member that it is shared with, likewise.
    pub(in crate::store) const SHARED: u8 = 3;
    /// The division, likewise.
    pub(in crate::store) const DIVISION: u8 = 4;
    /// The country, alpha-2.
    pub(in crate::store) const COUNTRY: u8 = 5;
    /// The level, unless it is primary.
    pub(in crate::store) const LEVEL: u8 = 6;
    /// Opted out of surveys.
    pub(in crate::store) const OPT_OUT: u8 = 7;
    /// A custom value: key, U+001F, folded value.
    pub(in crate::store) const CUSTOM: u8 = 8;
}

/// Between the key and the value of a custom field.
pub(super) const KEY_END: char = '\u{1f}';

/// Characters of a custom value that the table holds; a longer one is compared in the document.
pub(super) const VALUE_CHARS: usize = 100;

/// Between the tags of one custom value.
const TAG_SEPARATOR: &str = "; ";

/// Returns the facets of a contact, each once.
pub(super) fn of(contact: &Contact) -> Keys {
    let mut keys = Keys::default();
    add(&mut keys, contact);
    keys
}

/// Adds the facets of a contact, each once.
pub(super) fn add(keys: &mut Keys, contact: &Contact) {
    let from = keys.len();
    let names = [
        (facet::ORGANIZATION, &contact.organization),
        (facet::OWNER, &contact.owner),
        (facet::DIVISION, &contact.division),
    ];
    for (facet, name) in names {
        name.iter().for_each(|name| keys.push(facet, name.key()));
    }
    contact.shared_with.iter().for_each(|name| keys.push(facet::SHARED, name.key()));
    contact.address.country.iter().for_each(|country| keys.push(facet::COUNTRY, country.as_str()));
    if contact.level != Level::Primary {
        keys.push(facet::LEVEL, contact.level.as_str());
    }
    if contact.survey_opt_out {
        keys.push(facet::OPT_OUT, "");
    }
    // Of other facets no two can be equal.
    if !contact.custom.is_empty() {
        for (key, value) in &contact.custom {
            values(&fold(value)).for_each(|value| keys.push(facet::CUSTOM, &custom(key, value)));
        }
        keys.put_in_order(from);
    }
}

/// The folded value, and its parts where it has several: tags.
pub(super) fn values(folded: &str) -> impl Iterator<Item = &str> {
    let parts = folded.contains(TAG_SEPARATOR).then(|| folded.split(TAG_SEPARATOR));
    std::iter::once(folded).chain(parts.into_iter().flatten().filter(|part| !part.is_empty()))
}

/// How a custom value stands in the table; `folded` as `fold` gives it.
pub(super) fn custom(key: &str, folded: &str) -> String {
    let end = folded.char_indices().nth(VALUE_CHARS).map_or(folded.len(), |(at, _)| at);
    let mut text = String::with_capacity(key.len() + 1 + end);
    text.push_str(key);
    text.push(KEY_END);
    text.push_str(&folded[..end]);
    text
}

/// Takes facets of a contact out of the table.
pub(super) fn remove<'f>(
    conn: &Connection,
    no: i64,
    facets: impl Iterator<Item = (u8, &'f str)>,
) -> rusqlite::Result<()> {
    for (facet, value) in facets {
        conn.prepare_cached("DELETE FROM contact_facet WHERE facet = ?1 AND value = ?2 AND contact = ?3")?
            .execute(params![facet, value, no])?;
    }
    Ok(())
}

/// Fills what a database of the first version did not have: facets, and when contacts were changed. A contact that cannot be read is
/// passed over: whoever asks for it is told.
pub(super) fn fill(conn: &Connection) -> rusqlite::Result<()> {
    let mut pending = Pending::default();
    let mut select = conn.prepare(&format!("SELECT {COLUMNS}, no FROM contact WHERE gone = 0 ORDER BY no"))?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let no = row.get(3)?;
        match contacts::read(row) {
            Ok(contact) => {
                of(&contact).iter().for_each(|(facet, value)| pending.push_facet(facet, value, no));
                fill_updated(conn, no, &contact)?;
            }
            Err(error) => tracing::warn!(%error, "passed over"),
        }
        pending.flush_when_large(conn)?;
    }
    pending.flush(conn)
}

fn fill_updated(conn: &Connection, no: i64, contact: &Contact) -> rusqlite::Result<()> {
    let Some(at) = updated(contact) else { return Ok(()) };
    conn.prepare_cached("UPDATE contact SET updated = ?2 WHERE no = ?1")?.execute(params![no, at]).map(drop)
}

/// When the contact was changed, in nanoseconds; nothing while it is as it was created.
pub(super) fn updated(contact: &Contact) -> Option<i64> {
    (contact.updated != contact.created).then(|| nanos(contact.updated.at))
}
