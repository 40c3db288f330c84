//! Labels as things of their own: recoloured, renamed, deleted. Renaming and deleting rewrite every contact that has the label, a few at a
//! time, within one transaction. Making them in passing, and listing, is `labels`.

use rusqlite::{Connection, OptionalExtension, params};

use crate::domain::contact::{Contact, Stamp};
use crate::domain::field::Field;
use crate::domain::id::ContactId;
use crate::domain::label::LabelName;

use super::contacts::Stored;
use super::error::{Placed, StoreError};
use super::prepared::Prepared;
use super::reader::Reader;
use super::renames;
use super::types::{Action, Actor, ChangedField, LabelInfo, NewChange};
use super::writer::Writer;

/// Contacts whose numbers are held at once.
const CHUNK: i64 = 256;

fn find(conn: &Connection, name: &LabelName) -> Result<(i64, LabelInfo), StoreError> {
    let found = conn
        .prepare_cached(
            "SELECT id, name, colour, (SELECT count(*) FROM contact_label WHERE contact_label.label = label.id)
             FROM label WHERE key = ?1",
        )?
        .query_row([name.key()], |row| {
            Ok((row.get(0)?, row.get::<_, String>(1)?, row.get(2)?, row.get::<_, i64>(3)?.unsigned_abs()))
        })
        .optional()?;
    let (id, written, colour, contacts) =
        found.ok_or_else(|| StoreError::NoLabel { name: name.as_str().to_owned() })?;
    let name = LabelName::parse(&written).map_err(|refused| StoreError::Unreadable {
        what: format!("label `{written}`"),
        reason: refused.to_string(),
    })?;
    Ok((id, LabelInfo { name, colour, contacts }))
}

/// The next contacts with a label, by number.
fn bearers(conn: &Connection, label: i64, after: i64) -> rusqlite::Result<Vec<i64>> {
    conn.prepare_cached(
        "SELECT contact FROM contact_label WHERE label = ?1 AND contact > ?2 ORDER BY contact LIMIT ?3",
    )?
    .query_map(params![label, after, CHUNK], |row| row.get(0))?
    .collect()
}

/// Id and revision of a live contact.
fn live(conn: &Connection, no: i64) -> rusqlite::Result<Option<(ContactId, u64)>> {
    conn.prepare_cached("SELECT id, rev FROM contact WHERE no = ?1 AND gone = 0")?
        .query_row([no], |row| Ok((ContactId::from_bytes(row.get(0)?), row.get::<_, i64>(1)?.unsigned_abs())))
        .optional()
}

impl Reader<'_> {
    /// Returns a label with its use.
    ///
    /// # Errors
    /// [`StoreError::NoLabel`].
    pub fn label(&self, name: &LabelName) -> Result<LabelInfo, StoreError> {
        self.settle()?;
        find(self.conn, name).map(|(_, info)| info).placed(self.path)
    }
}

impl Writer<'_> {
    /// Gives a label another name, in every contact that has it, and returns how many these are.
    ///
    /// # Errors
    /// [`StoreError::NoLabel`]; [`StoreError::LabelExists`] when another label has the name.
    pub fn rename_label(&mut self, old: &LabelName, new: &LabelName, by: &Stamp) -> Result<u64, StoreError> {
        let path = self.reader.path;
        self.settle()?;
        let (id, info) = find(self.reader.conn, old).placed(path)?;
        if new != old
            && let Ok((_, other)) = find(self.reader.conn, new)
        {
            return Err(StoreError::LabelExists { name: other.name.as_str().to_owned() });
        }
        if info.name.as_str() == new.as_str() {
            return Ok(0);
        }
        let update = "UPDATE label SET key = ?2, name = ?3 WHERE id = ?1";
        self.reader.conn.execute(update, params![id, new.key(), new.as_str()]).placed(path)?;
        self.known.labels.remove(old.key());
        renames::in_filters(self.reader.conn, "labels", old.as_str(), new.as_str()).placed(path)?;
        renames::in_kept(self.reader.conn, info.name.as_str(), &|contact| {
            if contact.remove_label(old) {
                contact.add_label(new.clone());
            }
        })
        .placed(path)?;
        self.rewrite_labelled(id, by, &mut |contact| {
            contact.remove_label(old);
            contact.add_label(new.clone());
        })
    }

    /// Deletes a label, from every contact that has it, and returns how many these were.
    ///
    /// # Errors
    /// [`StoreError::NoLabel`].
    pub fn delete_label(&mut self, name: &LabelName, by: &Stamp) -> Result<u64, StoreError> {
        let path = self.reader.path;
        self.settle()?;
        let (id, info) = find(self.reader.conn, name).placed(path)?;
        renames::in_kept(self.reader.conn, info.name.as_str(), &|contact| {
            contact.remove_label(name);
        })
        .placed(path)?;
        let contacts = self.rewrite_labelled(id, by, &mut |contact| {
            contact.remove_label(name);
        })?;
        self.settle()?;
        let conn = self.reader.conn;
        conn.execute("DELETE FROM contact_label WHERE label = ?1", [id]).placed(path)?;
        conn.execute("DELETE FROM label WHERE id = ?1", [id]).placed(path)?;
        self.known.labels.remove(name.key());
        Ok(contacts)
    }

    /// Rewrites the contacts with a label, each with its entry in the change log.
    fn rewrite_labelled(
        &mut self,
        label: i64,
        by: &Stamp,
        edit: &mut dyn FnMut(&mut Contact),
    ) -> Result<u64, StoreError> {
        let path = self.reader.path;
        let (mut count, mut last) = (0, i64::MIN);
        loop {
            let numbers = bearers(self.reader.conn, label, last).placed(path)?;
            let Some(end) = numbers.last() else { return Ok(count) };
            last = *end;
            for no in numbers {
                let Some((id, rev)) = live(self.reader.conn, no).placed(path)? else { continue };
                let stored = Stored::seen(self.reader.conn, id, rev).placed(path)?;
                let mut after = stored.contact.clone();
                edit(&mut after);
                after.updated = by.clone();
                let rev = self.desk().replace(&stored, &Prepared::new(&after)).placed(path)?;
                self.log(no, rev, &entry(&stored.contact, &after, by)).placed(path)?;
                count += 1;
            }
            self.settle()?;
        }
    }
}

fn entry(before: &Contact, after: &Contact, by: &Stamp) -> NewChange {
    let key = Field::Labels.into();
    let field = Field::Labels.name().to_owned();
    let fields = vec![ChangedField { field, old: before.joined(&key), new: after.joined(&key), plugin: None }];
    let actor = Actor::Person(by.by.to_string());
    NewChange { at: by.at, actor, action: Action::Updated, fields, via: String::new() }
}
