//! The table of identifiers, and the queue before it. Identifiers come in no order and the table is in theirs, so that in a big book
//! nearly every one would dirty a page of its own. Therefore the table is kept in volumes of [`VOLUME`] contacts each: writing
//! touches the pages of the last volume alone, and looking up asks each volume. A batch is written sorted, many rows to a statement.

use std::ops::Range;
use std::sync::LazyLock;

use rusqlite::{Connection, params};

use super::consent::{self, Noted};
use super::error::StoreError;

/// How many contacts share a volume, as a power of two: 16,384. Measured with a million contacts of five or six identifiers each:
/// writing costs half as much as with 65,536, and asking all 61 volumes takes some 50 µs.
const VOLUME: u32 = 14;

/// Begins a query with the table `volumes`: the number of every volume that there is.
pub(super) static VOLUMES: LazyLock<String> = LazyLock::new(|| {
    format!(
        "WITH RECURSIVE volumes (volume) AS (
             SELECT 0 UNION ALL SELECT volume + 1 FROM volumes WHERE volume < (SELECT max(no) >> {VOLUME} FROM contact)
         )"
    )
});

/// Returns the volume of a contact.
pub(super) const fn volume(contact: i64) -> i64 {
    contact >> VOLUME
}

/// Returns the number with which a volume begins.
pub(super) const fn first_of_volume(volume: i64) -> i64 {
    volume << VOLUME
}

/// Rows to a statement.
const ROWS: usize = 32;

/// Bytes of a value that are compared as one number.
const HEAD: usize = 16;

/// Facets that are worth writing, where no transaction's end says when.
const LARGE: usize = 65_536;

/// An identifier that is still to be written: volume, kind, the value's first bytes as a number, the value (where it stands in the queue's
/// text), contact. Nearly all are told apart by numbers alone, which makes sorting a batch several times faster.
type Waiting = (i64, u8, u128, Range<usize>, i64);

/// Identifiers, labels and facets of one transaction that are still to be written.
#[derive(Default, Debug)]
pub(super) struct Pending {
    text: String,
    identifiers: Vec<Waiting>,
    /// Label, contact.
    labels: Vec<(i64, i64)>,
    /// Facet, the value's first bytes as a number, the value (where it stands in `text`), contact.
    facets: Vec<(u8, u128, Range<usize>, i64)>,
    /// Opt-outs that changed and are not in the ledger yet.
    consents: Vec<Noted>,
}

impl Pending {
    /// Remembers an identifier of a contact.
    pub(super) fn push(&mut self, kind: u8, value: &str, contact: i64) {
        let start = self.text.len();
        self.text.push_str(value);
        self.identifiers.push((volume(contact), kind, head(value), start..self.text.len(), contact));
    }

    /// Remembers a label of a contact.
    pub(super) fn push_label(&mut self, label: i64, contact: i64) {
        self.labels.push((label, contact));
    }

    /// Remembers a facet of a contact.
    pub(super) fn push_facet(&mut self, facet: u8, value: &str, contact: i64) {
        let start = self.text.len();
        self.text.push_str(value);
        self.facets.push((facet, head(value), start..self.text.len(), contact));
    }

    /// Writes what is waiting, once it is worth it.
    pub(super) fn flush_when_large(&mut self, conn: &Connection) -> rusqlite::Result<()> {
        if self.facets.len() < LARGE { Ok(()) } else { self.flush(conn) }
    }

    /// Remembers that a write changed a contact's opt-out.
    pub(super) fn note_consent(&mut self, no: i64, rev: i64, opt_out: bool) {
        self.consents.push(Noted { no, rev, opt_out });
    }

    /// Hands out what a write did to a contact's opt-out, once.
    pub(super) fn take_consent(&mut self, no: i64, rev: i64) -> Option<Noted> {
        let at = self.consents.iter().position(|noted| noted.no == no && noted.rev == rev)?;
        Some(self.consents.swap_remove(at))
    }

    /// Writes the opt-outs that nobody took: at the end of a transaction, when the change log is complete.
    pub(super) fn flush_consents(&mut self, conn: &Connection) -> rusqlite::Result<()> {
        consent::append_from_log(conn, &std::mem::take(&mut self.consents))
    }

    /// Writes what is waiting.
    pub(super) fn flush(&mut self, conn: &Connection) -> rusqlite::Result<()> {
        if !self.facets.is_empty() {
            self.flush_facets(conn)?;
        }
        if !self.identifiers.is_empty() {
            self.flush_identifiers(conn)?;
        }
        if !self.labels.is_empty() {
            self.flush_labels(conn)?;
        }
        self.text.clear();
        Ok(())
    }

    fn flush_identifiers(&mut self, conn: &Connection) -> rusqlite::Result<()> {
        static ONE: &str = "INSERT OR IGNORE INTO identifier (volume, kind, value, contact) VALUES (?, ?, ?, ?)";
        static MANY: LazyLock<String> = LazyLock::new(|| many(ONE, ", (?, ?, ?, ?)"));
        let Self { text, identifiers, .. } = self;
        let value = |it: &Waiting| &text[it.3.clone()];
        identifiers.sort_unstable_by(|a, b| {
            let by_head = (a.0, a.1, a.2).cmp(&(b.0, b.1, b.2));
            by_head.then_with(|| rest(text, &a.3).cmp(rest(text, &b.3))).then(a.4.cmp(&b.4))
        });
        let (chunks, rest) = identifiers.as_chunks::<ROWS>();
        for (sql, rows) in
            chunks.iter().map(|rows| (MANY.as_str(), &rows[..])).chain(rest.chunks(1).map(|row| (ONE, row)))
        {
            let mut insert = conn.prepare_cached(sql)?;
            for (at, row) in rows.iter().enumerate() {
                insert.raw_bind_parameter(4 * at + 1, row.0)?;
                insert.raw_bind_parameter(4 * at + 2, row.1)?;
                insert.raw_bind_parameter(4 * at + 3, value(row))?;
                insert.raw_bind_parameter(4 * at + 4, row.4)?;
            }
            insert.raw_execute()?;
        }
        self.identifiers.clear();
        Ok(())
    }

    fn flush_labels(&mut self, conn: &Connection) -> rusqlite::Result<()> {
        static ONE: &str = "INSERT OR IGNORE INTO contact_label (label, contact) VALUES (?, ?)";
        static MANY: LazyLock<String> = LazyLock::new(|| many(ONE, ", (?, ?)"));
        self.labels.sort_unstable();
        let (chunks, rest) = self.labels.as_chunks::<ROWS>();
        for (sql, rows) in
            chunks.iter().map(|rows| (MANY.as_str(), &rows[..])).chain(rest.chunks(1).map(|row| (ONE, row)))
        {
            let mut insert = conn.prepare_cached(sql)?;
            for (at, (label, contact)) in rows.iter().enumerate() {
                insert.raw_bind_parameter(2 * at + 1, label)?;
                insert.raw_bind_parameter(2 * at + 2, contact)?;
            }
            insert.raw_execute()?;
        }
        self.labels.clear();
        Ok(())
    }

    fn flush_facets(&mut self, conn: &Connection) -> rusqlite::Result<()> {
        static ONE: &str = "INSERT OR IGNORE INTO contact_facet (facet, value, contact) VALUES (?, ?, ?)";
        static MANY: LazyLock<String> = LazyLock::new(|| many(ONE, ", (?, ?, ?)"));
        let Self { text, facets, .. } = self;
        facets.sort_unstable_by(|a, b| {
            (a.0, a.1).cmp(&(b.0, b.1)).then_with(|| rest(text, &a.2).cmp(rest(text, &b.2))).then(a.3.cmp(&b.3))
        });
        let (chunks, rest) = facets.as_chunks::<ROWS>();
        for (sql, rows) in
            chunks.iter().map(|rows| (MANY.as_str(), &rows[..])).chain(rest.chunks(1).map(|row| (ONE, row)))
        {
            let mut insert = conn.prepare_cached(sql)?;
            for (at, row) in rows.iter().enumerate() {
                insert.raw_bind_parameter(3 * at + 1, row.0)?;
                insert.raw_bind_parameter(3 * at + 2, &text[row.2.clone()])?;
                insert.raw_bind_parameter(3 * at + 3, row.3)?;
            }
            insert.raw_execute()?;
        }
        self.facets.clear();
        Ok(())
    }
}

/// The first bytes of a value as a number: in the order of the values, as far as it tells.
fn head(value: &str) -> u128 {
    let mut bytes = [0; HEAD];
    let length = value.len().min(bytes.len());
    bytes[..length].copy_from_slice(&value.as_bytes()[..length]);
    u128::from_be_bytes(bytes)
}

/// What a value's head does not tell of it. Only the order of writing hangs on the comparison, so zeros at an end may be passed over.
fn rest<'t>(text: &'t str, place: &Range<usize>) -> &'t [u8] {
    text.as_bytes()[place.clone()].get(HEAD..).unwrap_or_default()
}

/// The statement for [`ROWS`] rows.
fn many(one: &str, more: &str) -> String {
    [one, &more.repeat(ROWS - 1)].concat()
}

/// Returns the numbers of the contacts with an identifier, oldest first.
pub(super) fn find(conn: &Connection, key: &(u8, String), limit: usize) -> Result<Vec<i64>, StoreError> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    static SQL: LazyLock<String> = LazyLock::new(|| {
        format!(
            "{} SELECT contact FROM volumes CROSS JOIN identifier USING (volume) WHERE kind = ?1 AND value = ?2
             ORDER BY contact LIMIT ?3",
            *VOLUMES
        )
    });
    let mut select = conn.prepare_cached(&SQL)?;
    let found = select.query_map(params![key.0, key.1, limit], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    Ok(found)
}
