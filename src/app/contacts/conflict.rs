//! Two people who changed one contact at the same time: what each of them wanted, field by field.

use chrono::{DateTime, Utc};

use super::Wish;
use crate::app::failure::{Class, Failure};
use crate::app::{App, wire};
use crate::domain::contact::Contact;
use crate::store::{Actor, ChangeEntry};

/// A change that was based on a revision which is not the newest any more.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Conflict {
    /// The revision that the change is based on.
    pub seen: u64,
    /// The revision that is stored.
    pub now: u64,
    /// What others changed since, each field once.
    pub theirs: Vec<Theirs>,
    /// What was asked for.
    pub yours: Vec<Yours>,
}

/// A field that somebody else changed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Theirs {
    /// Name of the field.
    pub field: String,
    /// Text at the revision that was seen.
    pub old: Option<String>,
    /// Text now.
    pub new: Option<String>,
    /// Who wrote it last.
    pub by: Actor,
    /// When.
    pub at: DateTime<Utc>,
}

/// A field that was to be changed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Yours {
    /// Name of the field.
    pub field: String,
    /// `set`, `add` or `remove`.
    pub how: &'static str,
    /// The value, as it was given; `None` to clear the field.
    pub new: Option<String>,
}

impl App {
    /// Checks that a contact is still at the revision that somebody saw.
    ///
    /// # Errors
    /// Conflict, with what was changed since and what is asked for now.
    pub(in crate::app) fn require_rev(
        &self,
        contact: &Contact,
        seen: Option<u64>,
        wishes: &[Wish],
    ) -> Result<(), Failure> {
        let Some(seen) = seen.filter(|seen| *seen != contact.rev) else { return Ok(()) };
        let (id, now) = (contact.id, contact.rev);
        let entries = self.store()?.read(|reader| reader.changes_since(id, seen))?;
        let entries = self.shown_changes(entries)?;
        let who = entries.last().map_or_else(String::new, |last| {
            format!(": {} {} it at {}", wire::actor(&last.actor), last.action, wire::time(last.at))
        });
        let again = if wishes.is_empty() {
            "decide again".to_owned()
        } else {
            format!("repeat what still holds with `--rev {now}`")
        };
        let failure = Failure::new(
            Class::Conflict,
            "STALE_REV",
            format!("contact {id} is at revision {now} now, not {seen}{who}"),
        );
        Err(Failure {
            conflict: Some(Box::new(Conflict { seen, now, theirs: theirs(entries), yours: yours(wishes) })),
            ..failure.hint(format!("look at it with `carnet contact show {id}` and {again}"))
        })
    }
}

/// Joins the changes of one field: from what it was first to what it is last.
fn theirs(entries: Vec<ChangeEntry>) -> Vec<Theirs> {
    let mut all: Vec<Theirs> = Vec::new();
    for ChangeEntry { at, actor, fields, .. } in entries {
        for field in fields {
            match all.iter_mut().find(|known| known.field == field.field) {
                Some(known) => (known.new, known.by, known.at) = (field.new, actor.clone(), at),
                None => {
                    let (field, old, new) = (field.field, field.old, field.new);
                    all.push(Theirs { field, old, new, by: actor.clone(), at });
                }
            }
        }
    }
    all
}

fn yours(wishes: &[Wish]) -> Vec<Yours> {
    let one = |wish: &Wish| Yours {
        field: wish.key().to_string(),
        how: wish.how(),
        new: Some(wish.value().to_owned()).filter(|value| !value.is_empty()),
    };
    wishes.iter().map(one).collect()
}
