//! Everything that can be written, inside one transaction. The SQL is in the files named after what is written; the transaction
//! itself is begun and ended by `Store::write`.

use std::ops::Deref;

use chrono::Utc;
use rusqlite::Connection;

use crate::domain::enquiry::Enquiry;
use crate::domain::id::ContactId;
use crate::domain::label::LabelName;

use super::changes::{self, PluginNumbers};
use super::contacts::{Desk, Inserts, Stored};
use super::error::{Placed, StoreError};
use super::labels::{self, LabelNumbers};
use super::naming::KnownNames;
use super::prepared::Prepared;
use super::reader::Reader;
use super::recording::Recording;
use super::side_files::JobLock;
use super::state::{self, StateMark};
use super::types::{Actor, Counts, Failure, JobState, NewChange, NewJob};
use super::{consent, enquiries, jobs};

/// What a connection has learned about numbers in the database; forgotten when somebody else wrote, or when a transaction that
/// taught it was taken back.
#[derive(Default, Debug)]
pub(super) struct Known {
    pub(super) labels: LabelNumbers,
    pub(super) plugins: PluginNumbers,
    pub(super) names: KnownNames,
}

/// What becomes of the locks of jobs when the transaction is committed.
#[derive(Default, Debug)]
pub(super) struct JobMoves {
    pub(super) taken: Vec<(i64, JobLock)>,
    pub(super) ended: Vec<i64>,
}

/// One open transaction. Whatever a [`Reader`] answers, it answers with what was written so far.
#[derive(Debug)]
pub struct Writer<'a> {
    pub(super) reader: Reader<'a>,
    pub(super) known: &'a mut Known,
    pub(super) job_moves: JobMoves,
    pub(super) recording: Recording,
    pub(super) state_mark: StateMark,
}

impl<'a> Deref for Writer<'a> {
    type Target = Reader<'a>;

    fn deref(&self) -> &Self::Target {
        &self.reader
    }
}

impl Writer<'_> {
    pub(super) fn conn(&self) -> &Connection {
        self.reader.conn
    }

    pub(super) fn desk(&mut self) -> Desk<'_> {
        Desk {
            conn: self.reader.conn,
            labels: &mut self.known.labels,
            pending: self.reader.pending.get_mut(),
            names: &mut self.known.names,
        }
    }

    /// Appends to the change log, and to the consent ledger when the write changed the opt-out.
    pub(super) fn log(&mut self, no: i64, rev: u64, entry: &NewChange) -> rusqlite::Result<()> {
        let (conn, rev) = (self.reader.conn, jobs::int(rev));
        changes::append(conn, &mut self.known.plugins, (no, rev, entry))?;
        self.log_consent(no, rev, entry)
    }

    fn log_consent(&mut self, no: i64, rev: i64, entry: &NewChange) -> rusqlite::Result<()> {
        let conn = self.reader.conn;
        match self.reader.pending.get_mut().take_consent(no, rev) {
            Some(noted) => consent::append(conn, &mut self.known.plugins, noted, entry),
            None => Ok(()),
        }
    }

    /// Writes a contact for the first time; its revision becomes 1.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] with `seen` 0 when the id is taken.
    pub fn insert(&mut self, contact: &Prepared, entry: &NewChange) -> Result<(), StoreError> {
        self.insert_all(&[(contact, entry)])
    }

    /// Writes contacts for the first time, one after the other.
    ///
    /// # Errors
    /// As for [`Writer::insert`]; nothing of the transaction may be kept then.
    pub fn insert_all(&mut self, contacts: &[(&Prepared, &NewChange)]) -> Result<(), StoreError> {
        let (conn, path) = (self.reader.conn, self.reader.path);
        let mut inserts = Inserts::prepare(conn).placed(path)?;
        let mut written = Vec::with_capacity(changes::ROWS);
        for contacts in contacts.chunks(changes::ROWS) {
            for (contact, entry) in contacts {
                let no = self.desk().insert(&mut inserts, contact).placed(path)?;
                if let Actor::Import(_) = entry.actor {
                    self.recording.created(no);
                }
                written.push((no, 1, *entry));
            }
            changes::append_all(conn, &mut self.known.plugins, &written).placed(path)?;
            written.drain(..).try_for_each(|(no, rev, entry)| self.log_consent(no, rev, entry)).placed(path)?;
        }
        Ok(())
    }

    /// Replaces a contact and returns its new revision.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the stored revision is not `seen_rev`, [`StoreError::NotFound`] when no live contact has the id.
    pub fn update(&mut self, contact: &Prepared, seen_rev: u64, entry: &NewChange) -> Result<u64, StoreError> {
        let path = self.path;
        let old = Stored::seen(self.conn(), contact.id, seen_rev).placed(path)?;
        if let Actor::Import(job) = entry.actor {
            self.recording.updated(self.reader.conn, job, &old).placed(path)?;
        }
        let rev = self.desk().replace(&old, contact).placed(path)?;
        self.log(old.no, rev, entry).placed(path)?;
        Ok(rev)
    }

    /// Deletes a contact: nothing finds it any more, but its change log stays, and its enquiries keep its name.
    ///
    /// # Errors
    /// As for [`Writer::update`].
    pub fn delete(&mut self, id: ContactId, seen_rev: u64, entry: &NewChange) -> Result<(), StoreError> {
        let path = self.path;
        let old = Stored::seen(self.conn(), id, seen_rev).placed(path)?;
        enquiries::keep_name(self.conn(), old.no, &old.contact.display_name()).placed(path)?;
        let rev = self.desk().remove(&old, None).placed(path)?;
        self.log(old.no, rev, entry).placed(path)
    }

    /// Makes a label that no contact has yet.
    ///
    /// # Errors
    /// [`StoreError::LabelExists`] when there is one with the name, whatever its case.
    pub fn create_label(&mut self, name: &LabelName, colour: Option<&str>) -> Result<(), StoreError> {
        labels::create(self.conn(), name, colour).placed(self.path)
    }

    /// Gives a label another colour, `#rrggbb`.
    ///
    /// # Errors
    /// [`StoreError::NoLabel`].
    pub fn set_label_colour(&mut self, name: &LabelName, colour: &str) -> Result<(), StoreError> {
        labels::set_colour(self.conn(), name, colour).placed(self.path)
    }

    /// Records an import job that begins, and returns its number. It counts as running until it is finished, or this process and
    /// every handle to the store in it are gone, or its [`JobGuard`](super::JobGuard) is dropped.
    ///
    /// # Errors
    /// [`StoreError::BesideFile`] when its lock file cannot be made beside the database.
    pub fn begin_job(&mut self, job: &NewJob) -> Result<i64, StoreError> {
        let id = jobs::insert(self.conn(), job).placed(self.path)?;
        self.job_moves.taken.push((id, JobLock::take(self.path, id)?));
        Ok(id)
    }

    /// Takes up a job whose process is gone; it is running again.
    ///
    /// # Errors
    /// [`StoreError::JobRunning`] when somebody works on it, [`StoreError::NoJob`].
    pub fn resume_job(&mut self, id: i64) -> Result<(), StoreError> {
        jobs::resume(self.conn(), id, Utc::now()).placed(self.path)?;
        self.job_moves.taken.push((id, JobLock::take(self.path, id)?));
        Ok(())
    }

    /// Records how far a job has come: the last record of this transaction, and the counts since its beginning; and what it wrote, for
    /// taking it back.
    ///
    /// # Errors
    /// [`StoreError::NoJob`].
    pub fn advance_job(&mut self, id: i64, committed_record: u64, counts: &Counts) -> Result<(), StoreError> {
        jobs::advance(self.conn(), id, committed_record, counts, Utc::now()).placed(self.path)?;
        self.recording.write(self.reader.conn, id).placed(self.reader.path)
    }

    /// Records a job's end, now.
    ///
    /// # Errors
    /// [`StoreError::NoJob`].
    pub fn finish_job(
        &mut self,
        id: i64,
        state: JobState,
        plugins_json: &str,
        error_file: Option<&str>,
    ) -> Result<(), StoreError> {
        jobs::finish(self.conn(), id, state, plugins_json, error_file, Utc::now()).placed(self.path)?;
        self.job_moves.ended.push(id);
        Ok(())
    }

    /// Records a row that was refused.
    ///
    /// # Errors
    /// The database fails, or the job has the record already.
    pub fn add_failure(&mut self, job: i64, failure: &Failure) -> Result<(), StoreError> {
        jobs::add_failure(self.conn(), job, failure).placed(self.path)
    }

    /// Records an enquiry and returns its number; the one it carries is not looked at. Its revision becomes 1.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when it names a contact that never was.
    pub fn insert_enquiry(&mut self, enquiry: &Enquiry) -> Result<i64, StoreError> {
        enquiries::insert(self.conn(), enquiry).placed(self.path)
    }

    /// Replaces an enquiry that nobody wrote since it was read, and returns its new revision. The transcript is written on its own.
    ///
    /// # Errors
    /// [`StoreError::EnquiryChanged`] when somebody did; [`StoreError::NoEnquiry`], or [`StoreError::NotFound`] when it names a contact
    /// that never was.
    pub fn update_enquiry(&mut self, enquiry: &Enquiry) -> Result<u64, StoreError> {
        enquiries::update(self.conn(), enquiry).placed(self.path)
    }

    /// Lets a plugin remember a value, or forget it.
    ///
    /// # Errors
    /// The database fails.
    pub fn set_state(&mut self, plugin: &str, key: &str, value: Option<&[u8]>) -> Result<(), StoreError> {
        self.state_mark.own += 1;
        state::set(self.conn(), plugin, key, value).placed(self.path)
    }

    /// Says at which moment the transaction finds what plugins remember, what it wrote itself included. It holds once it is committed.
    #[must_use]
    pub const fn state_mark(&self) -> StateMark {
        self.state_mark
    }
}
