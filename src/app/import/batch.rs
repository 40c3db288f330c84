//! The rows of one transaction: what is counted, found and written of them. When they are written is `commit`'s.

use std::collections::VecDeque;

use super::row::{Ended, Ready, RowEnd};
use crate::app::provenance::write_state;
use crate::domain::id::ContactId;
use crate::store::{Counts, Reader, StoreError, Writer};

/// Brings the contact that a row updates into the store of a dry run, as it stands beneath.
fn plant(writer: &mut Writer<'_>, beneath: &Reader<'_>, row: &Ended) -> Result<(), StoreError> {
    let RowEnd::Update(ready, _) = &row.end else { return Ok(()) };
    let id = ready.contact.id();
    if writer.number_of(id)?.is_some() {
        return Ok(());
    }
    let (Some(no), Some(contact)) = (beneath.number_of(id)?, beneath.contact(id)?) else { return Ok(()) };
    writer.plant(no, &contact)
}

/// Takes rows out of a batch, from one on.
pub(super) fn put_behind(batch: &mut Vec<Ended>, behind: &mut VecDeque<Ended>, from: usize) {
    let mut tail: VecDeque<Ended> = batch.split_off(from).into();
    tail.append(behind);
    *behind = tail;
}

/// Says whether a row updates the contact.
pub(super) fn updates(batch: &[Ended], id: ContactId) -> bool {
    batch.iter().any(|row| matches!(&row.end, RowEnd::Update(ready, _) if ready.contact.id() == id))
}

/// The rows that update a contact.
pub(super) fn about(batch: &[Ended], id: ContactId) -> Vec<usize> {
    let about = |row: &Ended| matches!(&row.end, RowEnd::Update(ready, _) if ready.contact.id() == id);
    batch.iter().enumerate().filter(|(_, row)| about(row)).map(|(at, _)| at).collect()
}

/// Writes what rows came to, in their order. In a dry run, `beneath` is the store that the contacts are in which rows update.
pub(super) fn write_rows(
    writer: &mut Writer<'_>,
    beneath: Option<&Reader<'_>>,
    job: Option<i64>,
    rows: &[Ended],
) -> Result<(), StoreError> {
    // New contacts that follow each other go to the store together, which writes them quicker so.
    for rows in rows.chunk_by(|a, b| created(a).is_some() && created(b).is_some()) {
        let new: Vec<&Ready> = rows.iter().filter_map(created).collect();
        if new.is_empty() {
            rows.iter().try_for_each(|row| write_row(writer, beneath, job, row))?;
        } else {
            create(writer, job, &new)?;
        }
    }
    Ok(())
}

/// What a row creates.
fn created(row: &Ended) -> Option<&Ready> {
    match &row.end {
        RowEnd::Create(ready) => Some(ready),
        _ => None,
    }
}

fn create(writer: &mut Writer<'_>, job: Option<i64>, new: &[&Ready]) -> Result<(), StoreError> {
    let mut returned = new.iter().filter(|ready| ready.returned);
    returned.try_for_each(|ready| writer.lift_tombstones(&ready.contact, job))?;
    let contacts: Vec<_> = new.iter().map(|ready| (&*ready.contact, &ready.entry)).collect();
    writer.insert_all(&contacts)?;
    new.iter().try_for_each(|ready| write_state(writer, &ready.state))
}

/// Writes what a row came to that creates nothing.
fn write_row(
    writer: &mut Writer<'_>,
    beneath: Option<&Reader<'_>>,
    job: Option<i64>,
    row: &Ended,
) -> Result<(), StoreError> {
    if let Some(beneath) = beneath {
        plant(writer, beneath, row)?;
    }
    match &row.end {
        RowEnd::Update(ready, seen) => {
            if ready.returned {
                writer.lift_tombstones(&ready.contact, job)?;
            }
            writer.update(&ready.contact, *seen, &ready.entry)?;
            write_state(writer, &ready.state)
        }
        RowEnd::Failed(failure) => job.map_or(Ok(()), |job| writer.add_failure(job, failure)),
        RowEnd::Create(_)
        | RowEnd::Match(_)
        | RowEnd::Unchanged
        | RowEnd::Skipped(_)
        | RowEnd::Known(_)
        | RowEnd::Blank => Ok(()),
    }
}

/// Counts how the rows ended.
pub(super) fn count(batch: &[Ended]) -> Counts {
    let mut counts = Counts { read: batch.len() as u64, ..Counts::default() };
    for row in batch {
        *match &row.end {
            RowEnd::Create(_) => &mut counts.created,
            RowEnd::Update(..) => &mut counts.updated,
            RowEnd::Unchanged => &mut counts.unchanged,
            RowEnd::Skipped(_) | RowEnd::Known(_) => &mut counts.skipped,
            RowEnd::Failed(_) => &mut counts.failed,
            RowEnd::Blank => &mut counts.blank,
            RowEnd::Match(_) => continue,
        } += 1;
    }
    counts
}
