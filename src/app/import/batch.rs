//! The rows of one transaction: what is counted, found and written of them. When they are written is `commit`'s.

use std::collections::VecDeque;

use super::row::{Ended, RowEnd};
use crate::app::provenance::write_state;
use crate::domain::id::ContactId;
use crate::store::{Counts, Reader, StoreError, Writer};

/// Brings the contact that a row updates into the store of a dry run, as it stands beneath.
pub(super) fn plant(writer: &mut Writer<'_>, beneath: &Reader<'_>, row: &Ended) -> Result<(), StoreError> {
    let RowEnd::Update(ready, _) = &row.end else { return Ok(()) };
    let id = ready.contact.id();
    if writer.number_of(id)?.is_some() {
        return Ok(());
    }
    let (Some(no), Some(contact)) = (beneath.number_of(id)?, beneath.contact(id)?) else { return Ok(()) };
    writer.plant(no, &contact)
}

/// Takes what follows a row out of a batch.
pub(super) fn put_behind(batch: &mut Vec<Ended>, behind: &mut VecDeque<Ended>, last: usize) {
    let mut tail: VecDeque<Ended> = batch.split_off(last + 1).into();
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

/// Writes what a row came to.
pub(super) fn write_row(writer: &mut Writer<'_>, job: Option<i64>, row: &Ended) -> Result<(), StoreError> {
    if let RowEnd::Create(ready) | RowEnd::Update(ready, _) = &row.end
        && ready.returned
    {
        writer.lift_tombstones(&ready.contact)?;
    }
    match &row.end {
        RowEnd::Create(ready) => {
            writer.insert(&ready.contact, &ready.entry)?;
            write_state(writer, &ready.state)
        }
        RowEnd::Update(ready, seen) => {
            writer.update(&ready.contact, *seen, &ready.entry)?;
            write_state(writer, &ready.state)
        }
        RowEnd::Failed(failure) => job.map_or(Ok(()), |job| writer.add_failure(job, failure)),
        RowEnd::Match(_) | RowEnd::Unchanged | RowEnd::Skipped(_) | RowEnd::Blank => Ok(()),
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
            RowEnd::Skipped(_) => &mut counts.skipped,
            RowEnd::Failed(_) => &mut counts.failed,
            RowEnd::Blank => &mut counts.blank,
            RowEnd::Match(_) => continue,
        } += 1;
    }
    counts
}
