//! The table of identifiers, and the queue before it. Identifiers come in no order and the table is in theirs, so that in a big book
//! nearly every one would dirty a page of its own. Therefore the table is kept in volumes of [`VOLUME_CONTACTS`] contacts each: writing
//! touches the pages of the last volume alone, and looking up asks those volumes that may know an answer, as `volumes` says. A batch is
//! written sorted, many rows to a statement.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::LazyLock;

use rusqlite::Connection;

use super::consent::{self, Noted};
use super::contacts;
use super::sieve;

/// How many contacts share a volume, as a power of two. Measured with a million contacts of five or six identifiers each: writing costs half
/// as much as with 65,536.
const VOLUME: u32 = 14;

/// How many contacts share a volume.
pub(super) const VOLUME_CONTACTS: usize = 1 << VOLUME;

/// Stands for all volumes in the table `volume_change`.
pub(super) const ALL_VOLUMES: i64 = -1;

/// Returns the volume of a contact.
pub(super) const fn volume(contact: i64) -> i64 {
    contact >> VOLUME
}

/// Returns the number with which a volume begins.
pub(super) const fn first_of_volume(volume: i64) -> i64 {
    volume << VOLUME
}

/// Rows to a statement. With more, nothing gets quicker.
const ROWS: usize = 32;

/// Facets that are worth writing, where no transaction's end says when.
const LARGE: usize = 65_536;

/// Identifiers, labels and facets of one transaction that are still to be written.
#[derive(Default, Debug)]
pub(super) struct Pending {
    text: String,
    /// By volume and kind, which many of them share: in lists of their own, they are neither compared nor bound for each.
    identifiers: BTreeMap<(i64, u8), Vec<Waiting>>,
    /// Label, contact.
    labels: Vec<(i64, i64)>,
    /// By facet.
    facets: BTreeMap<u8, Vec<Waiting>>,
    /// Opt-outs that changed and are not in the ledger yet.
    consents: Vec<Noted>,
    /// Volumes whose identifiers this transaction changed, with hashes of those that it added. The last
    /// volume may be missing: it is not counted until it is full.
    changed: BTreeMap<i64, Vec<u64>>,
}

/// What a transaction changed in full volumes.
#[derive(Debug)]
pub(super) struct Changes {
    /// How many changes of full volumes there were ever, this one included.
    pub(super) all: i64,
    /// Each volume's.
    pub(super) volumes: Vec<Change>,
}

/// What a transaction changed in a full volume.
#[derive(Debug)]
pub(super) struct Change {
    pub(super) volume: i64,
    /// How often the volume was changed, this change included.
    pub(super) times: i64,
    /// Hashes of the identifiers that it added.
    pub(super) added: Vec<u64>,
}

/// A value of a contact that is still to be written.
#[derive(Debug)]
struct Waiting {
    /// The value's first bytes: nearly all are told apart by them, without a look at the text.
    head: [u64; 2],
    /// Where the value stands in the queue's text.
    place: Range<usize>,
    contact: i64,
}

impl Pending {
    /// Remembers an identifier of a contact.
    pub(super) fn push(&mut self, kind: u8, value: &str, contact: i64) {
        let waiting = wait(&mut self.text, value, contact);
        self.identifiers.entry((volume(contact), kind)).or_default().push(waiting);
    }

    /// Remembers that identifiers of a contact were removed. What is kept of a volume may well have them still; but who reads the volume
    /// anew finds them gone, and must not be believed by somebody whose snapshot still has them.
    pub(super) fn note_removed(&mut self, contact: i64) {
        self.changed.entry(volume(contact)).or_default();
    }

    /// Remembers a label of a contact.
    pub(super) fn push_label(&mut self, label: i64, contact: i64) {
        self.labels.push((label, contact));
    }

    /// Remembers a facet of a contact.
    pub(super) fn push_facet(&mut self, facet: u8, value: &str, contact: i64) {
        let waiting = wait(&mut self.text, value, contact);
        self.facets.entry(facet).or_default().push(waiting);
    }

    /// Writes what is waiting, once it is worth it.
    pub(super) fn flush_when_large(&mut self, conn: &Connection) -> rusqlite::Result<()> {
        if self.facets.values().map(Vec::len).sum::<usize>() < LARGE { Ok(()) } else { self.flush(conn) }
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
        for (facet, waiting) in &mut self.facets {
            sort(&self.text, waiting);
            FACETS.write(conn, &[i64::from(*facet)], waiting, &self.text)?;
        }
        self.facets.clear();
        let last = if self.identifiers.is_empty() { 0 } else { last_volume(conn)? };
        for ((volume, kind), waiting) in &mut self.identifiers {
            if *volume < last {
                let hashes = waiting.iter().map(|it| sieve::hash(*kind, &self.text[it.place.clone()]));
                self.changed.entry(*volume).or_default().extend(hashes);
            }
            sort(&self.text, waiting);
            IDENTIFIERS.write(conn, &[*volume, i64::from(*kind)], waiting, &self.text)?;
        }
        self.identifiers.clear();
        if !self.labels.is_empty() {
            self.flush_labels(conn)?;
        }
        self.text.clear();
        Ok(())
    }

    /// Counts which full volumes have changed: once, at the end of a transaction, when everything else is written. Nobody can know yet what a
    /// volume holds that was the last one when the transaction began.
    pub(super) fn count_changes(&mut self, conn: &Connection) -> rusqlite::Result<Option<Changes>> {
        let mut changed = std::mem::take(&mut self.changed);
        if !changed.is_empty() {
            changed.split_off(&last_volume(conn)?);
        }
        if changed.is_empty() {
            return Ok(None);
        }
        let count = |volume: i64| {
            conn.prepare_cached(
                "INSERT INTO volume_change (volume, times) VALUES (?1, 1)
                     ON CONFLICT (volume) DO UPDATE SET times = times + 1 RETURNING times",
            )?
            .query_row([volume], |row| row.get(0))
        };
        let counted = |(volume, added)| Ok(Change { volume, times: count(volume)?, added });
        let volumes = changed.into_iter().map(counted).collect::<rusqlite::Result<_>>()?;
        Ok(Some(Changes { all: count(ALL_VOLUMES)?, volumes }))
    }

    fn flush_labels(&mut self, conn: &Connection) -> rusqlite::Result<()> {
        static ONE: &str = "INSERT OR IGNORE INTO contact_label (label, contact) VALUES (?, ?)";
        static MANY: LazyLock<String> = LazyLock::new(|| [ONE, &", (?, ?)".repeat(ROWS - 1)].concat());
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
}

static FACETS: LazyLock<Insert> = LazyLock::new(|| Insert::into("contact_facet (facet, value, contact)", 1));
static IDENTIFIERS: LazyLock<Insert> = LazyLock::new(|| Insert::into("identifier (volume, kind, value, contact)", 2));

/// Statements that write values with their contacts, one row or [`ROWS`] of them; the columns before are the same in all.
struct Insert {
    one: String,
    many: String,
}

impl Insert {
    /// Statements for a table whose first `shared` columns are numbers that all rows share.
    fn into(table: &str, shared: usize) -> Self {
        let same: String = (1..=shared).map(|at| format!("?{at}, ")).collect();
        let row = |at: usize| format!("({same}?{}, ?{})", shared + 2 * at + 1, shared + 2 * at + 2);
        let rows = |count: usize| (0..count).map(row).collect::<Vec<_>>().join(", ");
        let insert = |count: usize| format!("INSERT OR IGNORE INTO {table} VALUES {}", rows(count));
        Self { one: insert(1), many: insert(ROWS) }
    }

    fn write(&self, conn: &Connection, shared: &[i64], waiting: &[Waiting], text: &str) -> rusqlite::Result<()> {
        let (chunks, rest) = waiting.as_chunks::<ROWS>();
        write_rows(conn, &self.many, shared, chunks.iter().map(|rows| &rows[..]), text)?;
        write_rows(conn, &self.one, shared, rest.chunks(1), text)
    }
}

/// Steps a statement for each of some lists of rows. What is bound stays bound between steps.
fn write_rows<'w>(
    conn: &Connection,
    sql: &str,
    shared: &[i64],
    lists: impl ExactSizeIterator<Item = &'w [Waiting]>,
    text: &str,
) -> rusqlite::Result<()> {
    if lists.len() == 0 {
        return Ok(());
    }
    let mut insert = conn.prepare_cached(sql)?;
    for (at, column) in shared.iter().enumerate() {
        insert.raw_bind_parameter(at + 1, column)?;
    }
    for rows in lists {
        for (at, row) in rows.iter().enumerate() {
            insert.raw_bind_parameter(shared.len() + 2 * at + 1, &text[row.place.clone()])?;
            insert.raw_bind_parameter(shared.len() + 2 * at + 2, row.contact)?;
        }
        insert.raw_execute()?;
    }
    Ok(())
}

/// Keeps a value in the text until it is written.
fn wait(text: &mut String, value: &str, contact: i64) -> Waiting {
    let start = text.len();
    text.push_str(value);
    Waiting { head: head(value), place: start..text.len(), contact }
}

/// Sorts rows as the table is. Only the order of writing hangs on it, so zeros at a value's end may be passed over.
fn sort(text: &str, waiting: &mut [Waiting]) {
    let rest = |it: &Waiting| text.as_bytes()[it.place.clone()].get(size_of::<[u64; 2]>()..).unwrap_or_default();
    waiting.sort_unstable_by(|a, b| {
        a.head.cmp(&b.head).then_with(|| rest(a).cmp(rest(b))).then_with(|| a.contact.cmp(&b.contact))
    });
}

/// The first bytes of a value as numbers: in the order of the values, as far as they tell.
fn head(value: &str) -> [u64; 2] {
    let mut bytes = [[0; size_of::<u64>()]; 2];
    let length = value.len().min(size_of_val(&bytes));
    bytes.as_flattened_mut()[..length].copy_from_slice(&value.as_bytes()[..length]);
    bytes.map(u64::from_be_bytes)
}

/// The volume in which contacts are created.
fn last_volume(conn: &Connection) -> rusqlite::Result<i64> {
    contacts::last_number(conn).map(volume)
}
