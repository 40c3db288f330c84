//! Taking a merge back: the erased contact returns as it was, the master becomes what it would be without it, and what was changed
//! since stays. `on_update` is asked about the master; one transaction writes both.

use std::sync::Arc;

use super::contacts::{refuse, unknown};
use super::custom_fields::refuse_taken;
use super::decide::decide;
use super::failure::{Class, Failure};
use super::memory::{remember, undisturbed};
use super::merge::meanwhile;
use super::provenance::{changed_fields, passed_over};
use super::{App, now};
use crate::domain::change::{FieldChange, diff};
use crate::domain::contact::{Contact, Stamp};
use crate::domain::draft::Draft;
use crate::domain::id::ContactId;
use crate::domain::merge::undo::Trail;
use crate::domain::permission::{Right, Viewer};
use crate::plugin::hook::Hook;
use crate::store::{Action, Actor, ChangedField, NewChange, Prepared, Standing};

/// Two contacts that were one.
#[derive(Debug)]
pub struct Unmerged {
    /// The contact that is live all along, as it is stored now.
    pub master: Contact,
    /// The one that returned.
    pub restored: Contact,
    /// What had been changed since the merge, and was not taken back.
    pub carried: Vec<FieldChange>,
    /// Things to know.
    pub notes: Vec<String>,
}

impl App {
    /// Takes back the merge that erased a contact, or the latest merge into it.
    ///
    /// # Errors
    /// Not found; rejected, when there is nothing to take back, a side is gone for good, the viewer may not, or a plugin refuses;
    /// conflict, when `seen` is not the master's revision or somebody wrote meanwhile.
    pub fn unmerge_contact(&self, id: ContactId, seen: Option<u64>, by: &Viewer) -> Result<Unmerged, Failure> {
        undisturbed(|| self.try_unmerge(id, seen, by))
    }

    fn try_unmerge(&self, id: ContactId, seen: Option<u64>, by: &Viewer) -> Result<Unmerged, Failure> {
        let mut trail = self.standing_merge(id, by)?;
        self.require_rev(trail.root(), seen, &[])?;
        let (before, erased) = (Arc::new(trail.root().clone()), trail.erased().clone());
        let undone = trail.undo();
        let at = now();
        let stamp = Stamp { at, by: by.name().into() };
        // A division that the merge gave stays, as every division does.
        let division = before.division.clone();
        let draft = Draft::new(Contact { updated: stamp.clone(), division, ..trail.root().clone() });
        // Verified values that came with the other go back to it.
        let book = self.rule_book()?.unlocked();
        // What today's rules miss in it was missing before the merge.
        let known = book.settle(&mut draft.clone());
        let (draft, mut opinion) =
            decide(&mut self.chain(self.generation()?, by)?, Hook::Update, draft, Some(&before), &book);
        opinion.overlook(&known);
        refuse(&format!("the merge of {} into {} was not taken back", erased.id, before.id), &opinion)?;
        let Draft { contact: master, warnings, .. } = draft;
        let restored = Contact { updated: stamp, ..undone.restored };
        let entry = |fields, via| NewChange {
            at,
            actor: Actor::Person(by.name().to_owned()),
            action: Action::Unmerged,
            fields,
            via,
        };
        let root_entry = entry(changed_fields(&before, &master, &opinion), format!("unmerge of {}", erased.id));
        let changed = diff(&erased, &restored).into_iter().map(plain).collect();
        let restored_entry = entry(changed, format!("unmerge from {}", before.id));
        let written = self.store()?.write(|writer| {
            let prepared = [&master, &restored].map(Prepared::new);
            let revs = writer
                .unmerge(&trail, (&prepared[0], &root_entry), (&prepared[1], &restored_entry))
                .map_err(meanwhile)?;
            let refused = format!("the merge of {} into {} was not taken back", erased.id, before.id);
            refuse_taken(writer, &book, Some(&before), &master, &refused, by)?;
            refuse_taken(writer, &book, None, &restored, &refused, by)?;
            remember(writer, &opinion)?;
            Ok::<_, Failure>(revs)
        });
        let (rev, restored_rev) = written?;
        let shows = self.shows()?;
        let carried = undone.carried.into_iter().filter(|change| shows(&change.key.to_string())).collect();
        Ok(Unmerged {
            master: self.shown(Contact { rev, ..master })?,
            restored: self.shown(Contact { rev: restored_rev, ..restored })?,
            carried,
            notes: warnings
                .iter()
                .map(ToString::to_string)
                .chain(passed_over(&opinion))
                .chain(self.not_asked()?)
                .collect(),
        })
    }

    fn standing_merge(&self, id: ContactId, by: &Viewer) -> Result<Trail, Failure> {
        let standing = self.store()?.read(|reader| reader.standing_merge(id))?;
        let refused =
            |code, message: String, hint: String| Err(Failure::new(Class::Rejected, code, message).hint(hint));
        // Whoever does not see the contact learns nothing about its merges.
        let seen = || self.contact(id).and_then(|end| self.require(by, Right::View, &end)).map_err(|_| unknown(id));
        match standing {
            Some(Standing::Merge(trail)) => {
                self.require(by, Right::View, trail.root()).map_err(|_| unknown(id))?;
                // It brings a contact back, which is theirs who might have let it be erased.
                self.require_for("unmerge", by, Right::Delete, trail.root())?;
                Ok(*trail)
            }
            None => Err(unknown(id)),
            Some(Standing::Never) => {
                seen()?;
                let hint = "`carnet contact changes` shows what was merged into a contact";
                refused("NOT_MERGED", format!("contact {id} took part in no merge"), hint.to_owned())
            }
            Some(Standing::TakenBack) => {
                seen()?;
                let message = format!("every merge that contact {id} took part in was taken back already");
                refused("UNMERGED_BEFORE", message, format!("`carnet contact changes {id}` shows when"))
            }
            Some(Standing::Deleted(gone)) => {
                self.deleted_is_seen(gone, id, by)?;
                let message = match gone == id {
                    true => format!("contact {id} was deleted"),
                    false => format!("contact {id} was merged into {gone}, which was deleted"),
                };
                refused("CONTACT_DELETED", message, format!("bring it back first: `carnet contact restore {gone}`"))
            }
            Some(Standing::Forgotten(gone)) if gone == id => Err(unknown(id)),
            Some(Standing::Forgotten(gone)) => {
                let message = format!("contact {gone} of this merge was forgotten; nothing of it is kept");
                refused("FORGOTTEN", message, "a forgotten person cannot be brought back".to_owned())
            }
        }
    }

    fn deleted_is_seen(&self, gone: ContactId, asked: ContactId, by: &Viewer) -> Result<(), Failure> {
        match self.store()?.read(|reader| reader.whereabouts(gone))? {
            Some(crate::store::Whereabouts::Deleted(contact)) => {
                self.require(by, Right::View, &contact).map_err(|_| unknown(asked))
            }
            _ => Err(unknown(asked)),
        }
    }
}

/// A change that no plugin asked for.
fn plain(change: FieldChange) -> ChangedField {
    ChangedField { field: change.key.to_string(), old: change.old, new: change.new, plugin: None }
}
