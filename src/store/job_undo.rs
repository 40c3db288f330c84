//! Taking an import back, as far as the store does it: the contacts that it created are deleted, many at a time where nobody touched them.
//! Those that it updated are in a batch, and `batches` takes them back. What the import wrote down for this is `recording`'s.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::domain::contact::Contact;
use crate::domain::id::ContactId;

use super::changes;
use super::contacts::{self, Stored, gone};
use super::document::nanos;
use super::error::{Placed, StoreError};
use super::facets;
use super::identifiers::volume;
use super::person::listed;
use super::reader::Reader;
use super::recording::number;
use super::side_files::JobLock;
use super::types::{Action, Actor, ChangeEntry, NewChange};
use super::writer::Writer;

/// Contacts that one transaction takes back: as many as share a volume of identifiers.
const AT_ONCE: i64 = 16_384;

/// What there is to take back of a job.
#[derive(Copy, Clone, PartialEq, Eq, Default, Debug)]
pub struct UndoCounts {
    /// Contacts that it created and that are as it left them.
    pub created: u64,
    /// Contacts that it created and that somebody touched since.
    pub created_touched: u64,
    /// Contacts that it updated and that are as it left them.
    pub updated: u64,
    /// Contacts that it updated and that somebody wrote since.
    pub updated_touched: u64,
}

/// Contacts that a job created, looked at before they are taken back: see [`Reader::created_by`].
#[derive(Debug)]
pub struct Stretch {
    /// Ranges of numbers, in order.
    ranges: Vec<(i64, i64)>,
    /// Those that nobody had written since.
    created: Vec<Created>,
    /// Their facets: whose they are, by facet and value.
    facets: BTreeMap<u8, BTreeMap<String, Vec<i64>>>,
}

#[derive(Debug)]
struct Created {
    no: i64,
    /// Its id, where it may not be deleted.
    forbidden: Option<ContactId>,
}

impl Stretch {
    /// Where the next one begins; nothing behind the last.
    #[must_use]
    pub fn next(&self) -> Option<i64> {
        self.ranges.last().map(|(_, last)| last + 1)
    }
}

/// How one stretch of created contacts was taken back.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Removed {
    /// Contacts deleted.
    pub deleted: u64,
    /// Contacts that whoever takes back may not delete: they can be taken back later.
    pub forbidden: Vec<ContactId>,
    /// Contacts that a later batch wrote, with its number: they can be taken back when it is.
    pub above: Vec<(ContactId, i64)>,
}

/// A contact that was left as it is because somebody touched it.
#[derive(Clone, PartialEq, Debug)]
pub struct LeftBehind {
    /// The contact, as its document says it is now.
    pub contact: Contact,
    /// Whether it is gone now: deleted or merged.
    pub gone: bool,
    /// The newest change by anybody but the job.
    pub since: Option<ChangeEntry>,
    /// What hangs on it: `note`, `enquiry`, …
    pub attached: Option<&'static str>,
}

/// What may hang on a contact without changing it: what it is called, and its table.
const ATTACHED: [(&str, &str); 4] =
    [("a note", "note"), ("an enquiry", "enquiry"), ("a call or message", "engagement"), ("a visited page", "visit")];

/// Numbers of the contacts between two numbers that somebody touched since they were created.
const TOUCHED: &str = "SELECT no FROM contact WHERE no BETWEEN ?1 AND ?2 AND (rev <> 1 OR gone <> 0)
     UNION SELECT contact FROM note WHERE contact BETWEEN ?1 AND ?2
     UNION SELECT contact FROM enquiry WHERE contact BETWEEN ?1 AND ?2
     UNION SELECT contact FROM engagement WHERE contact BETWEEN ?1 AND ?2
     UNION SELECT contact FROM visit WHERE contact BETWEEN ?1 AND ?2";

fn touched(conn: &Connection, first: i64, last: i64) -> rusqlite::Result<Vec<i64>> {
    conn.prepare_cached(TOUCHED)?.query_map([first, last], |row| row.get(0))?.collect()
}

/// Says whether nobody but the job wrote a contact that is still there, unless it was taken back, and nothing hangs on it.
fn only_by(conn: &Connection, job: i64, no: i64) -> rusqlite::Result<bool> {
    conn.prepare_cached(
        "SELECT gone = 0 AND NOT EXISTS (SELECT 1 FROM change WHERE contact = ?1 AND job IS NOT ?2
                 AND NOT EXISTS (SELECT 1 FROM taken_back AS back
                     WHERE back.contact = ?1 AND change.rev > back.after AND change.rev <= back.upto))
             AND NOT EXISTS (SELECT 1 FROM note WHERE contact = ?1)
             AND NOT EXISTS (SELECT 1 FROM enquiry WHERE contact = ?1)
             AND NOT EXISTS (SELECT 1 FROM engagement WHERE contact = ?1)
             AND NOT EXISTS (SELECT 1 FROM visit WHERE contact = ?1)
         FROM contact WHERE no = ?1",
    )?
    .query_row([no, job], |row| row.get(0))
    .optional()
    .map(|found| found.unwrap_or(false))
}

/// The batch of another write that a contact is as it left it, if that can still be taken back and nothing hangs on the contact.
fn above(conn: &Connection, job: i64, no: i64) -> Result<Option<i64>, StoreError> {
    if attached(conn, no)?.is_some() {
        return Ok(None);
    }
    let sql = "SELECT max(batch.id) FROM batch JOIN batch_contact AS held ON held.batch = batch.id
             JOIN contact ON contact.no = held.contact
         WHERE held.contact = ?1 AND held.rev = contact.rev AND contact.gone = 0 AND batch.undone_at IS NULL
             AND batch.id IS NOT (SELECT job.batch FROM job WHERE job.id = ?2)";
    Ok(conn.prepare_cached(sql)?.query_row([no, job], |row| row.get(0))?)
}

/// The ranges of created contacts from a number on, neighbours put together, up to `limit` contacts.
fn ranges(conn: &Connection, job: i64, from: i64, limit: i64) -> rusqlite::Result<Vec<(i64, i64)>> {
    let mut select = conn.prepare_cached(
        "SELECT first, last FROM job_created WHERE job = ?1 AND last >= ?2 AND first >= ?3 ORDER BY first",
    )?;
    // No range is longer than a stretch, so that one which begins earlier is not looked for further back.
    let mut rows = select.query(params![job, from, from.saturating_sub(AT_ONCE)])?;
    let (mut found, mut count): (Vec<(i64, i64)>, i64) = (Vec::new(), 0);
    while let Some(row) = rows.next()? {
        let (first, last): (i64, i64) = (row.get::<_, i64>(0)?.max(from), row.get(1)?);
        let last = last.min(first.saturating_add(limit - count - 1));
        match found.last_mut() {
            Some(before) if before.1 + 1 == first => before.1 = last,
            _ => found.push((first, last)),
        }
        count += last - first + 1;
        if count >= limit {
            break;
        }
    }
    Ok(found)
}

impl Reader<'_> {
    /// Counts what there is to take back of a job.
    ///
    /// # Errors
    /// The database fails.
    pub fn undo_counts(&self, job: i64) -> Result<UndoCounts, StoreError> {
        undo_counts(self.conn, job).placed(self.path)
    }

    /// Says whether a job wrote down what it did: the contacts that it created, or a batch with those that it updated. One that wrote nothing,
    /// or that a Carnet ran which kept no such record, did not.
    ///
    /// # Errors
    /// The database fails.
    pub fn job_is_recorded(&self, job: i64) -> Result<bool, StoreError> {
        let sql =
            "SELECT batch IS NOT NULL OR EXISTS (SELECT 1 FROM job_created WHERE job = ?1) FROM job WHERE id = ?1";
        let mut select = self.conn.prepare_cached(sql).placed(self.path)?;
        Ok(select.query_row([job], |row| row.get(0)).optional().placed(self.path)?.unwrap_or(false))
    }

    /// Returns the batch in which a job keeps the contacts that it updated, if it updated any.
    ///
    /// # Errors
    /// The database fails.
    pub fn batch_of_job(&self, job: i64) -> Result<Option<i64>, StoreError> {
        let mut select = self.conn.prepare_cached("SELECT batch FROM job WHERE id = ?1").placed(self.path)?;
        Ok(select.query_row([job], |row| row.get(0)).optional().placed(self.path)?.flatten())
    }

    /// Looks at the next of the contacts that a job created, from a number on; none behind the last. What this finds may be old when it is
    /// taken back: the writer looks again who was touched.
    ///
    /// # Errors
    /// The database fails, or a contact was written by a newer Carnet.
    pub fn created_by(&self, job: i64, from: i64, may: &dyn Fn(&Contact) -> bool) -> Result<Stretch, StoreError> {
        let path = self.path;
        let ranges = ranges(self.conn, job, from, AT_ONCE).placed(path)?;
        let mut stretch = Stretch { ranges, created: Vec::new(), facets: BTreeMap::new() };
        let mut select = self.conn.prepare_cached(CREATED).placed(path)?;
        for (first, last) in &stretch.ranges {
            let mut rows = select.query([first, last]).placed(path)?;
            while let Some(row) = rows.next().placed(path)? {
                let (no, contact) = (row.get(3).placed(path)?, contacts::read(row)?);
                let forbidden = (!may(&contact)).then_some(contact.id);
                if forbidden.is_none() {
                    for (facet, value) in facets::of(&contact).iter() {
                        let values = stretch.facets.entry(facet).or_default();
                        match values.get_mut(value) {
                            Some(nos) => nos.push(no),
                            None => drop(values.insert(value.to_owned(), vec![no])),
                        }
                    }
                }
                stretch.created.push(Created { no, forbidden });
            }
        }
        Ok(stretch)
    }

    /// Returns the contacts that taking a job back has left as they are, those that were forgotten since left out.
    ///
    /// # Errors
    /// The database fails, or a contact was written by a newer Carnet.
    pub fn left_of_job(&self, job: i64) -> Result<Vec<LeftBehind>, StoreError> {
        left(self.conn, job).placed(self.path)
    }
}

fn undo_counts(conn: &Connection, job: i64) -> Result<UndoCounts, StoreError> {
    let mut counts = UndoCounts::default();
    for (first, last) in ranges(conn, job, 0, i64::MAX)? {
        let mut others = 0;
        for no in touched(conn, first, last)? {
            others += u64::from(!only_by(conn, job, no)?);
        }
        counts.created += (last - first + 1).unsigned_abs() - others;
        counts.created_touched += others;
    }
    let left: i64 = conn.query_row("SELECT count(*) FROM job_left WHERE job = ?1", [job], |row| row.get(0))?;
    counts.created_touched += left.unsigned_abs();
    let (all, untouched): (i64, i64) = conn.query_row(
        "SELECT count(*), coalesce(sum(contact.rev = held.rev), 0)
         FROM batch_contact AS held JOIN contact ON contact.no = held.contact
         WHERE held.batch = (SELECT batch FROM job WHERE id = ?1) AND contact.gone < 3",
        [job],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    (counts.updated, counts.updated_touched) = (untouched.unsigned_abs(), (all - untouched).unsigned_abs());
    Ok(counts)
}

fn left(conn: &Connection, job: i64) -> Result<Vec<LeftBehind>, StoreError> {
    let mut select = conn.prepare(
        "SELECT contact.id, contact.rev, contact.doc, contact.no, contact.gone
         FROM job_left JOIN contact ON contact.no = job_left.contact WHERE job = ?1 ORDER BY contact.no",
    )?;
    let mut rows = select.query([job])?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        let (no, gone): (i64, i64) = (row.get(3)?, row.get(4)?);
        if gone != gone::FORGOTTEN {
            let since = changes::newest_by_others(conn, no, job)?;
            all.push(LeftBehind {
                contact: contacts::read(row)?,
                gone: gone != 0,
                since,
                attached: attached(conn, no)?,
            });
        }
    }
    Ok(all)
}

fn attached(conn: &Connection, no: i64) -> rusqlite::Result<Option<&'static str>> {
    for (what, table) in ATTACHED {
        let mut select = conn.prepare_cached(&format!("SELECT 1 FROM {table} WHERE contact = ?1"))?;
        if select.exists([no])? {
            return Ok(Some(what));
        }
    }
    Ok(None)
}

impl Writer<'_> {
    /// Records that a job is being taken back, by whom, and that nobody may take it up any more. It counts as running until
    /// [`Writer::end_undo`], or its [`JobGuard`](super::JobGuard) is dropped.
    ///
    /// # Errors
    /// [`StoreError::JobRunning`] when somebody works on it.
    pub fn begin_undo(&mut self, job: i64, person: &str, at: DateTime<Utc>) -> Result<(), StoreError> {
        self.job_moves.taken.push((job, JobLock::take(self.path, job)?));
        let update = "UPDATE job SET undo_began = coalesce(undo_began, ?3), undone_by = ?2,
                 state = CASE state WHEN 'running' THEN 'stopped' ELSE state END WHERE id = ?1";
        self.conn().execute(update, params![job, person, nanos(at)]).placed(self.path)?;
        Ok(())
    }

    /// Deletes a stretch of the contacts that a job created. Those that somebody touched stay, and are remembered as left, even if it was
    /// after the stretch was looked at; those that `may` refuses stay, and can be taken back later. Each is logged as taken back by `person`.
    ///
    /// # Errors
    /// The database fails, or a contact was written by a newer Carnet.
    pub fn take_back_created(
        &mut self,
        job: i64,
        stretch: Stretch,
        person: &str,
        at: DateTime<Utc>,
        may: &dyn Fn(&Contact) -> bool,
    ) -> Result<Removed, StoreError> {
        let path = self.path;
        let entry = NewChange {
            at,
            actor: Actor::Person(person.to_owned()),
            action: Action::Undone,
            fields: Vec::new(),
            via: format!("import {job}"),
        };
        self.settle()?;
        let Stretch { ranges, created, mut facets } = stretch;
        let mut touched = BTreeSet::new();
        for (first, last) in &ranges {
            touched.extend(self::touched(self.conn(), *first, *last).placed(path)?);
        }
        let mut removed = Removed::default();
        let (mut doomed, mut kept) = (Vec::with_capacity(created.len()), Vec::new());
        for Created { no, forbidden } in created.into_iter().filter(|it| !touched.contains(&it.no)) {
            match forbidden {
                None => doomed.push(no),
                Some(id) => {
                    kept.push(no);
                    removed.forbidden.push(id);
                }
            }
        }
        if !touched.is_empty() {
            facets.values_mut().flat_map(BTreeMap::values_mut).for_each(|nos| nos.retain(|no| !touched.contains(no)));
        }
        for no in touched {
            match self.take_back_touched(job, no, &entry, may)? {
                Touched::Deleted => removed.deleted += 1,
                Touched::Forbidden(id) => {
                    kept.push(no);
                    removed.forbidden.push(id);
                }
                Touched::Above(id, batch) => {
                    kept.push(no);
                    removed.above.push((id, batch));
                }
                Touched::Left => {}
            }
        }
        self.settle()?;
        delete(self.conn(), &doomed, &facets, person, at).placed(path)?;
        doomed.iter().for_each(|no| self.reader.pending.get_mut().note_removed(*no));
        removed.deleted += doomed.len() as u64;
        forget(self.conn(), job, &ranges, &kept).placed(path)?;
        let update = "UPDATE job SET undone_deleted = undone_deleted + ?2 WHERE id = ?1";
        self.conn().execute(update, params![job, removed.deleted.cast_signed()]).placed(path)?;
        Ok(removed)
    }

    /// One that was written since: by the job alone, or by others, too.
    fn take_back_touched(
        &mut self,
        job: i64,
        no: i64,
        entry: &NewChange,
        may: &dyn Fn(&Contact) -> bool,
    ) -> Result<Touched, StoreError> {
        let path = self.path;
        if only_by(self.conn(), job, no).placed(path)?
            && let Some(old) = Stored::numbered(self.conn(), no).placed(path)?
        {
            if !may(&old.contact) {
                return Ok(Touched::Forbidden(old.contact.id));
            }
            let rev = self.desk().remove(&old, None).placed(path)?;
            self.log(no, rev, entry).placed(path)?;
            return Ok(Touched::Deleted);
        }
        if let Some(batch) = above(self.conn(), job, no).placed(path)?
            && let Some(old) = Stored::numbered(self.conn(), no).placed(path)?
        {
            return Ok(Touched::Above(old.contact.id, batch));
        }
        let insert = "INSERT OR IGNORE INTO job_left (job, contact) VALUES (?1, ?2)";
        self.conn().prepare_cached(insert).and_then(|mut insert| insert.execute([job, no])).placed(path)?;
        Ok(Touched::Left)
    }

    /// Counts contacts of a job that are again as they were before it updated them.
    ///
    /// # Errors
    /// The database fails.
    pub fn count_restored(&mut self, job: i64, more: u64) -> Result<(), StoreError> {
        let update = "UPDATE job SET undone_restored = undone_restored + ?2 WHERE id = ?1";
        self.conn().execute(update, params![job, more.cast_signed()]).placed(self.path).map(drop)
    }

    /// Records that nothing is left of a job that could be taken back, or only that nobody is at it any more.
    ///
    /// # Errors
    /// The database fails.
    pub fn end_undo(&mut self, job: i64, finished: Option<DateTime<Utc>>) -> Result<(), StoreError> {
        let update = "UPDATE job SET undone_at = ?2 WHERE id = ?1";
        self.conn().execute(update, params![job, finished.map(nanos)]).placed(self.path)?;
        self.put_back_lifted(job)?;
        self.job_moves.ended.push(job);
        Ok(())
    }
}

/// What nobody wrote since is as it was created for as long as that is so, whenever it is read.
const CREATED: &str = "SELECT contact.id, contact.rev, contact.doc, contact.no FROM contact
     WHERE no BETWEEN ?1 AND ?2 AND rev = 1 AND gone = 0 ORDER BY no";

enum Touched {
    Deleted,
    Forbidden(ContactId),
    Above(ContactId, i64),
    Left,
}

/// Takes contacts that are as they were created out of everything that finds them, all at once; their documents stay. The change log tells
/// who did it and when; no fields change, and what is deleted says nothing to the consent ledger, so that there is no way to tell it.
fn delete(
    conn: &Connection,
    doomed: &[i64],
    facets: &BTreeMap<u8, BTreeMap<String, Vec<i64>>>,
    person: &str,
    at: DateTime<Utc>,
) -> rusqlite::Result<()> {
    let (Some(first), Some(last)) = (doomed.first(), doomed.last()) else { return Ok(()) };
    let list = listed(doomed);
    let theirs = "IN (SELECT value FROM json_each(?1))";
    let run = |sql: &str| conn.prepare_cached(sql).and_then(|mut all| all.execute([&list]).map(drop));
    run(&format!("UPDATE contact SET rev = 2, gone = {} WHERE no {theirs}", gone::DELETED))?;
    run(&format!("DELETE FROM contact_text WHERE rowid {theirs}"))?;
    conn.prepare_cached(
        "INSERT INTO change (contact, rev, at, person, action, fields)
         SELECT value, 2, ?2, ?3, ?4, '[]' FROM json_each(?1)",
    )?
    .execute(params![list, nanos(at), person, Action::Undone.as_str()])?;
    // The tables are in other orders: each is walked once where the contacts are, and asked of each row whether it is theirs.
    conn.prepare_cached(&format!(
        "DELETE FROM identifier WHERE volume BETWEEN ?2 AND ?3 AND contact BETWEEN ?4 AND ?5 AND +contact {theirs}"
    ))?
    .execute(params![list, volume(*first), volume(*last), first, last])?;
    conn.prepare_cached(&format!(
        "DELETE FROM contact_label WHERE label IN (SELECT id FROM label) AND contact BETWEEN ?2 AND ?3 AND +contact {theirs}"
    ))?
    .execute(params![list, first, last])?;
    // Of a range without gaps, all contacts with a value go at once.
    let whole = number(doomed.len()) == last - first + 1;
    let mut delete =
        conn.prepare_cached("DELETE FROM contact_facet WHERE facet = ?1 AND value = ?2 AND contact BETWEEN ?3 AND ?4")?;
    for (facet, values) in facets {
        for (value, nos) in values {
            for group in nos.chunk_by(|_, _| whole) {
                if let (Some(first), Some(last)) = (group.first(), group.last()) {
                    delete.execute(params![facet, value, first, last])?;
                }
            }
        }
    }
    Ok(())
}

/// Leaves of a stretch only what can be taken back later.
fn forget(conn: &Connection, job: i64, stretch: &[(i64, i64)], kept: &[i64]) -> rusqlite::Result<()> {
    for (first, last) in stretch {
        // The last range may go on behind the stretch, the first may have begun before it.
        let over = conn
            .prepare_cached("SELECT first, last FROM job_created WHERE job = ?1 AND first <= ?3 AND last >= ?2")?
            .query_map([&job, first, last], range)?
            .collect::<rusqlite::Result<Vec<_>>>()?;
        for (from, to) in over {
            conn.prepare_cached("DELETE FROM job_created WHERE job = ?1 AND first = ?2")?.execute([job, from])?;
            add(conn, job, from, to.min(first - 1))?;
            add(conn, job, from.max(last + 1), to)?;
        }
    }
    kept.iter().try_for_each(|no| add(conn, job, *no, *no))
}

fn range(row: &Row<'_>) -> rusqlite::Result<(i64, i64)> {
    Ok((row.get(0)?, row.get(1)?))
}

fn add(conn: &Connection, job: i64, first: i64, last: i64) -> rusqlite::Result<()> {
    if first <= last {
        conn.prepare_cached("INSERT INTO job_created (job, first, last) VALUES (?1, ?2, ?3)")?
            .execute([job, first, last])?;
    }
    Ok(())
}
