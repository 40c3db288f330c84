//! Merges: what each destroyed and what it made, so that it can be taken back, and where a contact is that nobody finds any more.
//! What comes of taking one back is worked out in `domain::merge::undo`.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::domain::contact::Contact;
use crate::domain::id::ContactId;
use crate::domain::merge::merge;
use crate::domain::merge::undo::{Level, Merged, Trail};

use super::contacts::{self, Stored, gone};
use super::document::{self, nanos};
use super::enquiries;
use super::error::{Placed, StoreError};
use super::jobs::int;
use super::prepared::Prepared;
use super::reader::Reader;
use super::types::NewChange;
use super::writer::Writer;

/// Where a contact is.
#[derive(Clone, PartialEq, Debug)]
pub enum Whereabouts {
    /// In the book.
    Live(Box<Contact>),
    /// Deleted; as it was then.
    Deleted(Box<Contact>),
    /// Erased by a merge.
    Merged {
        /// The contact that it is part of now.
        into: ContactId,
        /// When it was merged.
        at: DateTime<Utc>,
    },
    /// The person was forgotten.
    Forgotten,
}

/// What there is to be taken back.
#[derive(Clone, PartialEq, Debug)]
pub enum Standing {
    /// A merge, with all that it has had a part in.
    Merge(Box<Trail>),
    /// The contact took part in no merge.
    Never,
    /// The merges that it took part in were all taken back.
    TakenBack,
    /// A contact of the merge was deleted.
    Deleted(ContactId),
    /// A person of the merge was forgotten.
    Forgotten(ContactId),
}

impl Reader<'_> {
    /// Says where a contact is, without following merges; nothing when there never was one with the id.
    ///
    /// # Errors
    /// The database fails, or the contact was written by a newer Carnet.
    pub fn whereabouts(&self, id: ContactId) -> Result<Option<Whereabouts>, StoreError> {
        whereabouts(self.conn, id).placed(self.path)
    }

    /// Finds the merge that is meant by a contact's id: the one that erased it, or else the latest into it.
    ///
    /// # Errors
    /// The database fails, or something was written by a newer Carnet.
    pub fn standing_merge(&self, id: ContactId) -> Result<Option<Standing>, StoreError> {
        standing(self.conn, id).placed(self.path)
    }
}

impl Writer<'_> {
    /// Replaces the master by the result of a merge and erases the other contact, whose id then means the master and whose
    /// enquiries become the master's. Both originals and the result are kept for taking the merge back. Returns the master's new
    /// revision.
    ///
    /// # Errors
    /// As for [`Writer::update`], of either contact; [`StoreError::SelfMerge`] when they are one.
    pub fn merge(
        &mut self,
        result: &Prepared,
        master_rev: u64,
        other: ContactId,
        other_rev: u64,
        entry: &NewChange,
    ) -> Result<u64, StoreError> {
        if result.id == other {
            return Err(StoreError::SelfMerge { id: other });
        }
        let path = self.path;
        let master = Stored::seen(self.conn(), result.id, master_rev).placed(path)?;
        let other = Stored::seen(self.conn(), other, other_rev).placed(path)?;
        let moved = enquiries::hand_over(self.conn(), other.no, master.no).placed(path)?;
        keep(self.conn(), nanos(entry.at), [&master, &other], result.document(), &moved).placed(path)?;
        let mut desk = self.desk();
        desk.remove(&other, Some(master.no)).placed(path)?;
        let rev = desk.replace(&master, result).placed(path)?;
        self.log(master.no, rev, entry).placed(path)?;
        Ok(rev)
    }

    /// Takes a merge back. `trail` says what became of every contact and every other merge; `root` is the contact that is live,
    /// `restored` the one that returns, each with its entry for the change log. Enquiries that came with the merge go back. Returns
    /// the new revisions of both.
    ///
    /// # Errors
    /// As for [`Writer::update`]; [`StoreError::Conflict`], too, when the merge was taken back meanwhile.
    pub fn unmerge(
        &mut self,
        trail: &Trail,
        root: (&Prepared, &NewChange),
        restored: (&Prepared, &NewChange),
    ) -> Result<(u64, u64), StoreError> {
        let path = self.path;
        let stored = Stored::seen(self.conn(), root.0.id, trail.root().rev).placed(path)?;
        let erased = take_back(self.conn(), trail, stored.no, nanos(root.1.at)).placed(path)?;
        let mut desk = self.desk();
        let root_rev = desk.replace(&stored, root.0).placed(path)?;
        let restored_rev = desk.revive(erased, restored.0).placed(path)?;
        self.log(stored.no, root_rev, root.1).placed(path)?;
        self.log(erased, restored_rev, restored.1).placed(path)?;
        Ok((root_rev, restored_rev))
    }
}

fn keep(
    conn: &Connection,
    at: i64,
    [master, other]: [&Stored; 2],
    result: &str,
    enquiries: &str,
) -> rusqlite::Result<()> {
    conn.prepare_cached(
        "INSERT INTO merge (at, master, master_rev, master_doc, other, other_rev, other_doc, enquiries, result_doc)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?
    .execute(params![
        at,
        master.no,
        int(master.contact.rev),
        master.document,
        other.no,
        int(other.contact.rev),
        other.document,
        enquiries,
        result
    ])?;
    Ok(())
}

/// Writes what became of the merges and of the contacts that are erased still, and gives enquiries back. Returns the number of the
/// contact that returns.
fn take_back(conn: &Connection, trail: &Trail, root: i64, at: i64) -> Result<i64, StoreError> {
    let target = &trail.levels[0].merges[0];
    let number = target.number;
    let undone = conn
        .prepare_cached(
            "UPDATE merge SET undone_at = ?2 WHERE id = ?1 AND undone_at IS NULL RETURNING other, enquiries",
        )?
        .query_row(params![number, at], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?)))
        .optional()?;
    let rev = trail.root().rev;
    let (erased, enquiries) = undone.ok_or(StoreError::Conflict { id: trail.root().id, seen: rev, now: rev })?;
    for (depth, level) in trail.levels.iter().enumerate() {
        for step in level.merges.iter().skip(usize::from(depth == 0)) {
            let docs = [&step.before, &step.other, &step.result].map(document::encode);
            conn.prepare_cached("UPDATE merge SET master_doc = ?2, other_doc = ?3, result_doc = ?4 WHERE id = ?1")?
                .execute(params![step.number, docs[0], docs[1], docs[2]])?;
        }
        if depth + 1 < trail.levels.len() {
            conn.prepare_cached("UPDATE contact SET kind = ?2, doc = ?3 WHERE id = ?1 AND gone = 2")?
                .execute(params![level.now.id.as_bytes(), level.now.kind.as_str(), document::encode(&level.now)])?;
        }
    }
    conn.prepare_cached(
        "UPDATE enquiry SET contact = ?2 WHERE id IN (SELECT value FROM json_each(?1)) AND contact = ?3",
    )?
    .execute(params![enquiries, erased, root])?;
    Ok(erased)
}

fn whereabouts(conn: &Connection, id: ContactId) -> Result<Option<Whereabouts>, StoreError> {
    let mut select = conn.prepare_cached(
        "SELECT contact.id, contact.rev, contact.doc, gone,
                (SELECT at FROM merge WHERE other = contact.no AND undone_at IS NULL ORDER BY merge.id DESC LIMIT 1)
         FROM contact WHERE id = ?1",
    )?;
    let mut rows = select.query([id.as_bytes()])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    Ok(Some(match row.get::<_, i64>(3)? {
        gone::LIVE => Whereabouts::Live(Box::new(contacts::read(row)?)),
        gone::DELETED => Whereabouts::Deleted(Box::new(contacts::read(row)?)),
        gone::MERGED => {
            let at = DateTime::from_timestamp_nanos(row.get::<_, Option<i64>>(4)?.unwrap_or_default());
            Whereabouts::Merged { into: end_of(conn, id)?, at }
        }
        _ => Whereabouts::Forgotten,
    }))
}

/// The contact that one is part of now.
fn end_of(conn: &Connection, id: ContactId) -> Result<ContactId, StoreError> {
    let no = contacts::resolve(conn, id)?.ok_or(StoreError::NotFound { id })?;
    let end = conn.prepare_cached("SELECT id FROM contact WHERE no = ?1")?.query_row([no], |row| row.get(0))?;
    Ok(ContactId::from_bytes(end))
}

fn standing(conn: &Connection, id: ContactId) -> Result<Option<Standing>, StoreError> {
    let found: Option<(i64, i64)> = conn
        .prepare_cached("SELECT no, gone FROM contact WHERE id = ?1")?
        .query_row([id.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((no, gone)) = found else { return Ok(None) };
    let side = match gone {
        gone::LIVE => "master",
        gone::MERGED => "other",
        gone::DELETED => return Ok(Some(Standing::Deleted(id))),
        _ => return Ok(Some(Standing::Forgotten(id))),
    };
    let latest = format!("SELECT id FROM merge WHERE {side} = ?1 AND undone_at IS NULL ORDER BY id DESC LIMIT 1");
    let Some(number) = conn.prepare_cached(&latest)?.query_row([no], |row| row.get(0)).optional()? else {
        let ever: bool = conn
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM merge WHERE master = ?1 OR other = ?1)")?
            .query_row([no], |row| row.get(0))?;
        return Ok(Some(if ever { Standing::TakenBack } else { Standing::Never }));
    };
    trail(conn, number).map(Some)
}

fn trail(conn: &Connection, first: i64) -> Result<Standing, StoreError> {
    let (mut levels, mut number, mut opted_out_since) = (Vec::new(), first, false);
    let (erased, gone): ([u8; 16], i64) = conn
        .prepare_cached(
            "SELECT contact.id, gone FROM contact JOIN merge ON contact.no = merge.other WHERE merge.id = ?1",
        )?
        .query_row([first], |row| Ok((row.get(0)?, row.get(1)?)))?;
    match gone {
        gone::MERGED => {}
        gone::LIVE | gone::DELETED => return Ok(Standing::TakenBack),
        _ => return Ok(Standing::Forgotten(ContactId::from_bytes(erased))),
    }
    loop {
        let (no, gone, since, id): (i64, i64, i64, [u8; 16]) = conn
            .prepare_cached(
                "SELECT contact.no, gone, merge.master_rev, contact.id FROM merge JOIN contact ON contact.no = merge.master
                 WHERE merge.id = ?1",
            )?
            .query_row([number], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
        match gone {
            gone::LIVE | gone::MERGED => {}
            gone::DELETED => return Ok(Standing::Deleted(ContactId::from_bytes(id))),
            _ => return Ok(Standing::Forgotten(ContactId::from_bytes(id))),
        }
        levels.push(level(conn, no, number)?);
        opted_out_since |= opted_out(conn, no, since)?;
        if gone == gone::LIVE {
            return Ok(Standing::Merge(Box::new(Trail { levels, opted_out_since })));
        }
        number = conn
            .prepare_cached("SELECT id FROM merge WHERE other = ?1 AND undone_at IS NULL ORDER BY id DESC LIMIT 1")?
            .query_row([no], |row| row.get(0))?;
    }
}

/// A contact, gone or not, with the merges into it from one on.
fn level(conn: &Connection, no: i64, from: i64) -> Result<Level, StoreError> {
    let now = {
        let mut select =
            conn.prepare_cached("SELECT contact.id, contact.rev, contact.doc FROM contact WHERE no = ?1")?;
        let mut rows = select.query([no])?;
        let row = rows.next()?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
        contacts::read(row)?
    };
    let mut select = conn.prepare_cached(
        "SELECT merge.id, master_rev, master_doc, other_rev, other_doc, result_doc, other.id
         FROM merge JOIN contact AS other ON other.no = merge.other
         WHERE merge.master = ?1 AND merge.id >= ?2 AND undone_at IS NULL ORDER BY merge.id",
    )?;
    let mut rows = select.query([no, from])?;
    let mut merges = Vec::new();
    while let Some(row) = rows.next()? {
        merges.push(merged(row, now.id)?);
    }
    Ok(Level { merges, now })
}

fn merged(row: &Row<'_>, master: ContactId) -> Result<Merged, StoreError> {
    let number: i64 = row.get(0)?;
    let contact = |id: ContactId, rev: i64, doc: &str| {
        let unreadable = |reason| StoreError::Unreadable { what: format!("merge {number}"), reason };
        document::decode(id, rev.unsigned_abs(), doc).map_err(unreadable)
    };
    let text = |at: usize| row.get::<_, String>(at);
    let rev: i64 = row.get(1)?;
    let before = contact(master, rev, &text(2)?)?;
    let other = contact(ContactId::from_bytes(row.get(6)?), row.get(3)?, &text(4)?)?;
    // Early merges did not keep what they made; the rules would make the same again.
    let result = match row.get::<_, Option<String>>(5)? {
        Some(doc) => contact(master, rev + 1, &doc)?,
        None => merge(&before, &other),
    };
    Ok(Merged { number, before, other, result })
}

/// Says whether a person or an import has opted a contact out of surveys after a revision.
fn opted_out(conn: &Connection, no: i64, since: i64) -> rusqlite::Result<bool> {
    conn.prepare_cached(
        "SELECT EXISTS (
             SELECT 1 FROM change, json_each(change.fields) AS field
             WHERE change.contact = ?1 AND change.rev > ?2 + 1 AND change.action NOT IN ('merged', 'unmerged')
               AND json_extract(field.value, '$[0]') = 'survey_opt_out'
               AND json_extract(field.value, '$[2]') = 'yes'
         )",
    )?
    .query_row([no, since], |row| row.get(0))
}
