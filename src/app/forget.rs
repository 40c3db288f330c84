//! Forgetting a person: the hook is asked, one transaction erases everything in the store, then the error files on the disk are rewritten,
//! and at last the database, so that no erased byte is left. The answer says what was erased and what Carnet cannot reach.

mod files;

pub(super) use files::about as files_about;

use std::path::PathBuf;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::contacts::refuse;
use super::decide::{Opinion, ask_only};
use super::failure::{Class, Failure};
use super::memory::{remember, undisturbed};
use super::plugins::record::Manner;
use super::provenance::passed_over;
use super::{App, now};
use crate::domain::contact::Contact;
use crate::domain::draft::Draft;
use crate::domain::id::ContactId;
use crate::domain::permission::{Right, Viewer};
use crate::plugin::hook::Hook;
use crate::store::{Action, Actor, ChangedField, Erased, JobState, NewChange, Person, Recall, StoreError};

/// What was erased, and what was not.
#[derive(Debug)]
pub struct Forgotten {
    /// The contact.
    pub id: ContactId,
    /// When the person was forgotten.
    pub at: DateTime<Utc>,
    /// What was erased in the store; nothing when the person had been forgotten before.
    pub erased: Erased,
    /// Files that were rewritten.
    pub files: Vec<PathBuf>,
    /// Files that hold the person and could not be cleaned.
    pub unfinished: Vec<PathBuf>,
    /// What Carnet could not erase, or cannot know of.
    pub left: Vec<String>,
    /// Whether a file or the database could not be cleaned: `left` says how to do it.
    pub incomplete: bool,
    /// Plugins that failed or were overruled.
    pub notes: Vec<String>,
}

impl App {
    /// Erases a person everywhere. Who may delete the contact may forget its person. A plugin that keeps the contact is heard, unless an
    /// admin goes on despite plugins: erasure may be the law. Somebody who was forgotten before is only cleaned up after once more.
    ///
    /// # Errors
    /// Not found; forbidden; rejected by a plugin; conflict, when somebody wrote meanwhile; usage, when the reason names the person.
    pub fn forget(
        &self,
        id: ContactId,
        reason: Option<&str>,
        despite_plugins: bool,
        by: &Viewer,
    ) -> Result<Forgotten, Failure> {
        let (contact, live) = match self.person(id, by)? {
            Person::Live(contact) => (contact, true),
            Person::Deleted(contact) => (contact, false),
            Person::Forgotten { id, at } => return self.clean_again(id, at),
        };
        self.require(by, Right::Delete, &contact)?;
        self.require_whole_view(by)?;
        let reason = reason.map(str::trim).filter(|reason| !reason.is_empty());
        self.check_reason(&contact, reason)?;
        let ask = || match live {
            true => self.ask_forget(&contact, despite_plugins, by),
            false => Ok((Opinion::default(), Vec::new())),
        };
        let mut asked = Some(ask()?);
        let at = now();
        let reason = reason.map(|reason| ChangedField {
            field: "reason".to_owned(),
            old: None,
            new: Some(reason.to_owned()),
            plugin: None,
        });
        let entry = NewChange {
            at,
            actor: Actor::Person(by.name().to_owned()),
            action: Action::Forgotten,
            fields: reason.into_iter().collect(),
            via: String::new(),
        };
        // Files first: whoever is interrupted here does all of it once more.
        let (traces, rows) = self.store()?.read(|reader| reader.seen_in_rows(contact.id))?;
        let erased = Erased::default();
        let mut done = Forgotten {
            id: contact.id,
            at,
            erased,
            files: Vec::new(),
            unfinished: Vec::new(),
            left: Vec::new(),
            incomplete: false,
            notes: Vec::new(),
        };
        files::erase(self, &traces, &rows, &mut done)?;
        (done.erased, done.notes) = undisturbed(|| {
            let (opinion, mut notes) = asked.take().map_or_else(ask, Ok)?;
            let erased = self.store()?.write(|writer| {
                remember(writer, &opinion)?;
                let erased = writer.forget(contact.id, contact.rev, &entry)?;
                writer.set_unfinished(contact.id, files::noted(&done.unfinished).as_deref())?;
                Ok::<_, StoreError>(erased)
            })?;
            notes.extend(passed_over(&opinion));
            Ok((erased, notes))
        })?;
        self.scrub(&mut done);
        self.tell_left(&mut done)?;
        Ok(done)
    }

    /// Says whether a new contact is a person who was forgotten and may come back.
    ///
    /// # Errors
    /// Rejected, when such a person may not.
    pub(super) fn check_forgotten(&self, contact: &Contact, allowed: bool) -> Result<bool, Failure> {
        match self.store()?.read(|reader| reader.forgotten(contact))? {
            Some(at) if !allowed => {
                let message = format!("this person was forgotten on {}", at.date_naive());
                Err(Failure::new(Class::Rejected, "FORGOTTEN", message)
                    .hint("add `--allow-forgotten` if the person wishes to be back"))
            }
            at => Ok(at.is_some()),
        }
    }

    /// Says whether a new contact is a person who was forgotten.
    pub(super) fn is_forgotten(&self, contact: &Contact) -> Result<bool, Failure> {
        Ok(self.store()?.read(|reader| reader.forgotten(contact))?.is_some())
    }

    /// What to know of a contact that gets a number or an address of somebody who was forgotten; numbers are given out again.
    pub(super) fn note_forgotten(
        &self,
        contact: &Contact,
        before: Option<&Contact>,
    ) -> Result<Option<String>, Failure> {
        let told = self.store()?.read(|reader| reader.tombstones())?.recall(contact, before);
        Ok(told.map(|told| match told {
            Recall::Person(at) => {
                format!("a number, an address or an id was that of a person who was forgotten on {}", at.date_naive())
            }
            Recall::Number(at) => format!("a number was that of a person who was forgotten on {}", at.date_naive()),
        }))
    }

    /// The entry of the change log stays, and so does its reason.
    fn check_reason(&self, contact: &Contact, reason: Option<&str>) -> Result<(), Failure> {
        let Some(reason) = reason else { return Ok(()) };
        let traces = self.store()?.read(|reader| reader.traces(contact.id))?;
        if !traces.in_text(reason) {
            return Ok(());
        }
        Err(Failure::new(Class::Usage, "REASON", "the reason names the person, and it is kept")
            .hint("say why without name, address or number, such as `request 2026-17`"))
    }

    fn ask_forget(
        &self,
        contact: &Contact,
        despite_plugins: bool,
        by: &Viewer,
    ) -> Result<(Opinion, Vec<String>), Failure> {
        if despite_plugins && !by.is_admin() {
            return Err(Failure::new(Class::Rejected, "FORBIDDEN", format!("{} may not overrule plugins", by.name()))
                .hint("ask an admin"));
        }
        // What plugins say of somebody who is to be forgotten is not kept.
        self.keep_of_calls(Manner::NoWords);
        let before = Arc::new(contact.clone());
        let mut chain = self.chain(self.generation()?, by)?;
        let draft = Draft::new(contact.clone());
        let opinion = ask_only(&mut chain, Hook::Delete, draft, Some(&before), &self.rule_book()?);
        let refused = refuse(&format!("the person of contact {} was not forgotten", contact.id), &opinion);
        match refused {
            Err(failure) if !despite_plugins => {
                Err(failure.hint("`--despite-plugins` overrules plugins, for admins: erasure may be the law"))
            }
            Err(failure) => {
                let overruled = failure.problems.iter().map(|told| {
                    let who = told.plugin.as_ref().map_or("the rules", |plugin| plugin.name.as_str());
                    format!("{who} would have kept the contact, and was overruled: {}", told.problem)
                });
                // What a plugin wished to remember of somebody whom it refused to let go is not written.
                Ok((Opinion::default(), overruled.collect()))
            }
            Ok(()) => Ok((opinion, Vec::new())),
        }
    }

    /// What another process kept from being cleaned may be cleaned now. By what the person was recognised is gone: a file that could not
    /// be cleaned then is told until it is not there any more.
    fn clean_again(&self, id: ContactId, at: DateTime<Utc>) -> Result<Forgotten, Failure> {
        let mut done = Forgotten {
            id,
            at,
            erased: Erased::default(),
            files: Vec::new(),
            unfinished: Vec::new(),
            left: Vec::new(),
            incomplete: false,
            notes: vec![format!(
                "this person was forgotten on {} already: the database was cleaned again",
                at.date_naive()
            )],
        };
        if let Some(noted) = self.store()?.read(|reader| reader.unfinished(id))? {
            // A note that cannot be read stays, for it says that something is left.
            if files::look_again(&noted, &mut done) {
                self.store()?.write(|writer| writer.set_unfinished(id, files::noted(&done.unfinished).as_deref()))?;
            }
        }
        let (rows, jobs) =
            self.store()?.write(|writer| Ok::<_, StoreError>((writer.forget_again()?, writer.jobs()?)))?;
        for job in jobs.iter().filter(|job| rows.iter().any(|(number, _)| *number == job.id)) {
            let file = job.error_file.as_deref().unwrap_or("its error file");
            done.left.push(format!("`{file}` of job {}, which had rows of the person: delete it by hand", job.id));
        }
        done.erased.failed_rows = rows;
        // What came in since and told the person by no whole address, number or id is not known any more.
        if jobs.iter().any(|job| job.started > at && job.counts.failed > 0) {
            done.left.push(
                "refused rows of later imports in which the person's addresses and numbers are misspelt: they are not recognised any more, so look through the error files"
                    .to_owned(),
            );
        }
        self.scrub(&mut done);
        Ok(done)
    }

    fn scrub(&self, done: &mut Forgotten) {
        let scrubbed = self.store().and_then(|store| store.scrub().map_err(Failure::from));
        let why = match scrubbed {
            Ok(true) => return,
            Ok(false) => "another process was at work in it".to_owned(),
            Err(failure) => failure.message,
        };
        done.incomplete = true;
        done.left.push(format!(
            "erased bytes in free parts of `{}` ({why}): run `carnet contact forget {}` again later",
            self.home().database().display(),
            done.id
        ));
    }

    /// What nobody but people can erase.
    fn tell_left(&self, done: &mut Forgotten) -> Result<(), Failure> {
        let (jobs, remembered) = self.store()?.read(|reader| Ok((reader.jobs()?, reader.state_all()?)))?;
        for job in &jobs {
            if done.erased.jobs.contains(&job.id) {
                done.left.push(format!("the imported file `{}` (job {}), wherever it is kept", job.file, job.id));
            }
            if job.state == JobState::Running {
                done.left.push(format!("what import {} brings in, which is running", job.id));
            }
        }
        for id in &done.erased.twins {
            done.left.push(format!(
                "contact {id}, which has the same name and an address or a number of this one: forget it, too, if it is the same person"
            ));
        }
        for thing in &done.erased.mentions {
            done.left.push(format!("{thing}, which is not this person's but names them"));
        }
        for (job, record) in &done.erased.namesakes {
            done.left.push(format!(
                "record {record} of job {job}, which failed: it has the person's name or number, but another address or number"
            ));
        }
        if !remembered.is_empty() {
            done.left.push("what plugins remember in a form of their own: only readable text was searched".to_owned());
        }
        done.left.push("files written by exports, and backups: Carnet does not know where they are".to_owned());
        Ok(())
    }
}
