//! Everything that can be asked, on one consistent snapshot. The SQL is in the files named after what is asked for.

use std::cell::RefCell;
use std::ops::ControlFlow;
use std::path::Path;

use rusqlite::Connection;

use crate::domain::contact::Contact;
use crate::domain::enquiry::Enquiry;
use crate::domain::id::ContactId;

use super::error::{Placed, StoreError};
use super::identifiers::{Changes, Pending};
use super::query::Query;
use super::types::{ChangeEntry, Failure, Identifier, Job, JobState, LabelInfo, Page};
use super::volumes::{self, Test, Volumes};
use super::{changes, contacts, enquiries, jobs, labels, prepared, search, side_files, state};

/// One consistent view of the store.
#[derive(Debug)]
pub struct Reader<'a> {
    pub(super) conn: &'a Connection,
    pub(super) path: &'a Path,
    /// What the writer that this reader belongs to has not written yet; empty for others.
    pub(super) pending: RefCell<Pending>,
    /// What is known of the volumes of identifiers; nothing for a writer's reader, which sees what is not committed.
    pub(super) volumes: Option<&'a Volumes>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(conn: &'a Connection, path: &'a Path, volumes: Option<&'a Volumes>) -> Self {
        Self { conn, path, pending: RefCell::default(), volumes }
    }

    /// Writes what identifies contacts before it is asked for.
    pub(super) fn settle(&self) -> Result<(), StoreError> {
        self.pending.borrow_mut().flush(self.conn).placed(self.path)
    }

    /// Completes the consent ledger, when everything else is written.
    pub(super) fn settle_consents(&self) -> Result<(), StoreError> {
        self.pending.borrow_mut().flush_consents(self.conn).placed(self.path)
    }

    /// Counts what a transaction changed in full volumes of identifiers, when everything is written.
    pub(super) fn count_changes(&self) -> Result<Option<Changes>, StoreError> {
        self.pending.borrow_mut().count_changes(self.conn).placed(self.path)
    }

    /// Returns a contact. The id of one that was merged into another returns that one; a deleted contact is not there.
    ///
    /// # Errors
    /// The database fails, or the contact was written by a newer Carnet.
    pub fn contact(&self, id: ContactId) -> Result<Option<Contact>, StoreError> {
        let Some(no) = contacts::resolve(self.conn, id).placed(self.path)? else { return Ok(None) };
        contacts::get(self.conn, no).placed(self.path)
    }

    /// Returns the live contacts with an identifier, oldest first, `limit` at most.
    ///
    /// # Errors
    /// The database fails, or a contact was written by a newer Carnet.
    pub fn find(&self, identifier: &Identifier, limit: usize) -> Result<Vec<Contact>, StoreError> {
        self.settle()?;
        let keys = [prepared::key(identifier)];
        let numbers = volumes::holders(self.conn, self.volumes, &keys, &Test::default(), limit).placed(self.path)?;
        let found = numbers.into_iter().filter_map(|no| contacts::get(self.conn, no).transpose());
        found.collect::<Result<_, _>>().placed(self.path)
    }

    /// Returns one page of the contacts that are meant.
    ///
    /// # Errors
    /// [`StoreError::Cursor`], the database fails, or a contact was written by a newer Carnet.
    pub fn search(&self, query: &Query) -> Result<Page, StoreError> {
        self.settle()?;
        search::page(self.conn, query).placed(self.path)
    }

    /// Hands out all contacts that are meant, oldest first, until `f` breaks. `limit` is not looked at; `after` is the `next` of a page
    /// with the oldest first.
    ///
    /// # Errors
    /// The database fails, or a contact was written by a newer Carnet.
    pub fn for_each(&self, query: &Query, f: &mut dyn FnMut(Contact) -> ControlFlow<()>) -> Result<(), StoreError> {
        self.settle()?;
        search::for_each(self.conn, query, f).placed(self.path)
    }

    /// Returns the newest of the contacts that are meant, `limit` at most, without counting the others.
    ///
    /// # Errors
    /// The database fails, or a contact was written by a newer Carnet.
    pub fn newest(&self, query: &Query) -> Result<Vec<Contact>, StoreError> {
        self.settle()?;
        search::newest(self.conn, query).placed(self.path)
    }

    /// Counts all contacts that are meant, however many.
    ///
    /// # Errors
    /// The database fails, or a contact was written by a newer Carnet.
    pub fn count_of(&self, query: &Query) -> Result<u64, StoreError> {
        self.settle()?;
        search::count_of(self.conn, query).placed(self.path)
    }

    /// Returns how many live contacts there are.
    ///
    /// # Errors
    /// The database fails.
    pub fn count(&self) -> Result<u64, StoreError> {
        search::count(self.conn).placed(self.path)
    }

    /// Returns all labels, by name.
    ///
    /// # Errors
    /// The database fails.
    pub fn labels(&self) -> Result<Vec<LabelInfo>, StoreError> {
        labels::list(self.conn).placed(self.path)
    }

    /// Returns the change log of a contact, with what was done to those merged into it, newest first, `limit` entries at most.
    ///
    /// # Errors
    /// The database fails.
    pub fn changes(&self, id: ContactId, limit: Option<usize>) -> Result<Vec<ChangeEntry>, StoreError> {
        let Some(no) = contacts::resolve(self.conn, id).placed(self.path)? else { return Ok(Vec::new()) };
        changes::list(self.conn, no, limit).placed(self.path)
    }

    /// Returns an import job. One that is recorded as running while its process is gone is interrupted.
    ///
    /// # Errors
    /// The database fails.
    pub fn job(&self, id: i64) -> Result<Option<Job>, StoreError> {
        Ok(jobs::get(self.conn, id).placed(self.path)?.map(|job| self.told_alive(job)))
    }

    /// Returns all import jobs, newest first.
    ///
    /// # Errors
    /// The database fails.
    pub fn jobs(&self) -> Result<Vec<Job>, StoreError> {
        let jobs = jobs::list(self.conn, None).placed(self.path)?;
        Ok(jobs.into_iter().map(|job| self.told_alive(job)).collect())
    }

    /// Returns the newest job of a file's content, running or not, that was not taken back.
    ///
    /// # Errors
    /// The database fails.
    pub fn job_by_hash(&self, file_hash: &str) -> Result<Option<Job>, StoreError> {
        let jobs = jobs::list(self.conn, Some(file_hash)).placed(self.path)?;
        let standing = |job: &Job| job.undo.as_ref().is_none_or(|undo| undo.finished.is_none());
        Ok(jobs.into_iter().find(standing).map(|job| self.told_alive(job)))
    }

    fn told_alive(&self, mut job: Job) -> Job {
        if job.state == JobState::Running && !side_files::is_held(self.path, job.id) {
            job.state = JobState::Interrupted;
        }
        job
    }

    /// Hands out the refused rows of a job in the order of the file.
    ///
    /// # Errors
    /// The database fails, or `f` does.
    pub fn failures(&self, job: i64, f: &mut dyn FnMut(Failure) -> Result<(), StoreError>) -> Result<(), StoreError> {
        jobs::failures(self.conn, job, f).placed(self.path)
    }

    /// Returns an enquiry.
    ///
    /// # Errors
    /// The database fails.
    pub fn enquiry(&self, id: i64) -> Result<Option<Enquiry>, StoreError> {
        enquiries::get(self.conn, id).placed(self.path)
    }

    /// Returns the newest enquiries, of a contact or of all, `limit` at most.
    ///
    /// # Errors
    /// The database fails.
    pub fn enquiries(&self, contact: Option<ContactId>, limit: usize) -> Result<Vec<Enquiry>, StoreError> {
        enquiries::list(self.conn, contact, None, None, limit).placed(self.path)
    }

    /// Returns when the enquiries of a contact were opened that closed with a survey, in Unix seconds, oldest first.
    ///
    /// # Errors
    /// The database fails.
    pub fn surveys_sent(&self, contact: ContactId) -> Result<Vec<i64>, StoreError> {
        enquiries::surveys_sent(self.conn, contact).placed(self.path)
    }

    /// Returns what plugins remember: plugin, key, value.
    ///
    /// # Errors
    /// The database fails.
    pub fn state_all(&self) -> Result<Vec<(String, String, Vec<u8>)>, StoreError> {
        state::all(self.conn).placed(self.path)
    }

    /// Returns what one plugin remembers.
    ///
    /// # Errors
    /// The database fails.
    pub fn state_of(&self, plugin: &str) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        state::of(self.conn, plugin).placed(self.path)
    }

    /// Returns what a plugin remembers under a key.
    ///
    /// # Errors
    /// The database fails.
    pub fn state_value(&self, plugin: &str, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        state::value(self.conn, plugin, key).placed(self.path)
    }

    /// Returns the bytes that a plugin's keys and values take.
    ///
    /// # Errors
    /// The database fails.
    pub fn state_size(&self, plugin: &str) -> Result<u64, StoreError> {
        state::size(self.conn, plugin).placed(self.path)
    }
}
