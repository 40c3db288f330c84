//! Merging two contacts: the rules propose, whoever merges chooses, `on_merge` edits or vetoes, one transaction writes. Taking a merge
//! back is `unmerge`'s.

use std::sync::Arc;

use super::contacts::{Written, refuse, unknown};
use super::custom_fields::refuse_taken;
use super::decide::Opinion;
use super::failure::{Class, Failure};
use super::memory::{remember, undisturbed};
use super::provenance::{changed_fields, passed_over};
use super::{App, now, wire};
use crate::domain::contact::{Contact, Stamp};
use crate::domain::draft::Draft;
use crate::domain::field::{Field, FieldKey};
use crate::domain::id::ContactId;
use crate::domain::merge::choices::{Choice, Choices, Row, combine, side_by_side, tighten};
use crate::domain::name::Name;
use crate::domain::permission::{Right, Viewer};
use crate::domain::problem::Problem;
use crate::plugin::hand::{MergeHand, Sheet};
use crate::plugin::hook::Hook;
use crate::plugin::manifest::Phase;
use crate::store::{Action, Actor, NewChange, Prepared, StoreError, Whereabouts};

/// Two contacts that may be merged, as somebody saw them.
#[derive(Clone, Debug)]
pub struct Pair {
    /// The one that stays.
    pub master: Arc<Contact>,
    /// The one that is erased.
    pub other: Arc<Contact>,
}

/// Who is to be merged, and the revisions that were seen.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Sides {
    /// The one that stays.
    pub master: ContactId,
    /// The one that is erased.
    pub other: ContactId,
    /// The master's revision on which the choices are based; `None` takes the newest.
    pub rev: Option<u64>,
    /// The other's.
    pub other_rev: Option<u64>,
}

/// What a merge would make.
#[derive(Debug)]
pub struct Preview {
    /// What the master would become.
    pub result: Contact,
    /// Both, side by side.
    pub rows: Vec<Row>,
    /// Things to know.
    pub notes: Vec<String>,
}

/// What a merge would bring from the other, and the right that it takes over the master.
const STAFF_FIELDS: [(Field, Right); 2] = [(Field::Owner, Right::Transfer), (Field::SharedWith, Right::Share)];

impl App {
    /// Looks at two contacts before a merge: both are there, may be merged by the viewer, and belong together.
    ///
    /// # Errors
    /// Usage, when both are one; not found; conflict, when one was merged before or a revision is stale; rejected, when the viewer
    /// may not, or the divisions differ.
    pub fn merge_pair(&self, sides: Sides, by: &Viewer) -> Result<Pair, Failure> {
        if sides.master == sides.other {
            return Err(same(sides.master));
        }
        let [master, other] = self.store()?.read(|reader| {
            let [master, other] = [sides.master, sides.other].map(|id| reader.whereabouts(id));
            Ok([master?, other?])
        })?;
        let master = self.live(sides.master, master, by)?;
        let other = self.live(sides.other, other, by)?;
        self.require(by, Right::Edit, &master)?;
        self.require(by, Right::Delete, &other)?;
        self.require_rev(&master, sides.rev, &[])?;
        self.require_rev(&other, sides.other_rev, &[])?;
        match (&master.division, &other.division) {
            (Some(one), Some(two)) if one != two => Err(Failure::new(
                Class::Rejected,
                "MERGE_DIVISIONS",
                format!("contact {} belongs to `{one}` and {} to `{two}`", master.id, other.id),
            )
            .hint(
                "merge contacts of one division; a contact never changes its division: delete it and create it anew",
            )),
            // The first division of a contact hides it from others, in a merge as anywhere else.
            (None, Some(division)) if !by.is_admin() => Err(Failure::new(
                Class::Rejected,
                "FORBIDDEN",
                format!("contact {} belongs to no division, and would get `{division}` by this merge", master.id),
            )
            .hint("merge the other way round, or ask an admin")),
            _ => Ok(Pair { master: Arc::new(master), other: Arc::new(other) }),
        }
    }

    /// Says what a merge would make, plugins included; nothing is written.
    ///
    /// # Errors
    /// Rejected, when a choice would lose a locked value, or a plugin vetoes.
    pub fn preview_merge(&self, pair: &Pair, choices: &Choices, by: &Viewer) -> Result<Preview, Failure> {
        let (Draft { contact: result, warnings, .. }, opinion) = self.merged(pair, choices, by)?;
        let rows = self.shown_rows(side_by_side(&pair.master, &pair.other, &result, choices))?;
        let notes = self.merge_notes(pair, choices, &warnings, by).chain(passed_over(&opinion));
        Ok(Preview { result: self.shown(result)?, rows, notes: notes.collect() })
    }

    /// Puts both side by side with what the choices make of them; plugins are not asked.
    ///
    /// # Errors
    /// Rejected, when a choice would lose a locked value, or is not the viewer's.
    pub fn propose_merge(&self, pair: &Pair, choices: &Choices, by: &Viewer) -> Result<Vec<Row>, Failure> {
        let result = self.proposal(pair, choices, by)?;
        self.shown_rows(side_by_side(&pair.master, &pair.other, &result, choices))
    }

    fn shown_rows(&self, mut rows: Vec<Row>) -> Result<Vec<Row>, Failure> {
        let shows = self.shows()?;
        rows.retain(|row| shows(&row.key.to_string()));
        Ok(rows)
    }

    /// Says whether the value of a field is the viewer's to choose.
    #[must_use]
    pub fn may_choose(&self, pair: &Pair, key: &FieldKey, by: &Viewer) -> bool {
        let right = STAFF_FIELDS.iter().find(|(field, _)| key.known() == Some(*field));
        right.is_none_or(|(_, right)| by.may(*right, &pair.master, self.settings().access))
    }

    /// Merges: the other is erased, and its id leads to the master from then on.
    ///
    /// # Errors
    /// Rejected, when a choice would lose a locked value, or a plugin vetoes; conflict, when somebody wrote meanwhile.
    pub fn merge_contacts(&self, pair: &Pair, choices: &Choices, by: &Viewer) -> Result<Written, Failure> {
        undisturbed(|| self.try_merge(pair, choices, by))
    }

    fn try_merge(&self, pair: &Pair, choices: &Choices, by: &Viewer) -> Result<Written, Failure> {
        let (Draft { contact: result, warnings, .. }, opinion) = self.merged(pair, choices, by)?;
        let Pair { master, other } = pair;
        let fields = changed_fields(master, &result, &opinion);
        let entry = NewChange {
            at: result.updated.at,
            actor: Actor::Person(by.name().to_owned()),
            action: Action::Merged,
            fields: fields.clone(),
            via: format!("merge with {}", other.id),
        };
        let book = self.rule_book()?;
        // Values that either has are not new: a third contact may have had one since before the field became unique.
        let mut brought = (**master).clone();
        let of_other = result.custom.iter().filter(|(key, value)| other.custom.get(*key) == Some(*value));
        brought.custom.extend(of_other.map(|(key, value)| (key.clone(), value.clone())));
        let written = self.store()?.write(|writer| {
            let rev =
                writer.merge(&Prepared::new(&result), master.rev, other.id, other.rev, &entry).map_err(meanwhile)?;
            // What a plugin set may be somebody else's.
            refuse_taken(writer, &book, Some(&brought), &result, "the contacts were not merged", by)?;
            remember(writer, &opinion)?;
            Ok::<_, Failure>(rev)
        });
        let rev = written?;
        let mut notes: Vec<String> = self.merge_notes(pair, choices, &warnings, by).collect();
        notes.extend(passed_over(&opinion).into_iter().chain(self.not_asked()?));
        Ok(Written { contact: Contact { rev, ..result }, fields, notes })
    }

    /// What whoever merges should know, but for plugins that failed: what they asked for and cannot have, whom they shut out, and what is
    /// odd about values that plugins set.
    fn merge_notes(
        &self,
        pair: &Pair,
        choices: &Choices,
        warnings: &[Problem],
        by: &Viewer,
    ) -> impl Iterator<Item = String> {
        let odd: Vec<String> = warnings.iter().map(ToString::to_string).collect();
        consent_note(choices).into_iter().chain(self.staff_note(pair, by)).chain(odd)
    }

    fn merged(&self, pair: &Pair, choices: &Choices, by: &Viewer) -> Result<(Draft, Opinion), Failure> {
        let Pair { master, other } = pair;
        let mut proposal = self.proposal(pair, choices, by)?;
        proposal.updated = Stamp { at: now(), by: by.name().into() };
        let (mut result, opinion) = self.ask_merge(master, other, proposal, by)?;
        refuse(&format!("contacts {} and {} were not merged", master.id, other.id), &opinion)?;
        // The stricter consent wins, whatever a plugin wished.
        tighten(&mut result.contact, master, other);
        Ok((result, opinion))
    }

    /// What the rules and the choices make of both. A merge gives the master to nobody, and shares it with nobody, unless whoever merges
    /// could do that anyway.
    fn proposal(&self, Pair { master, other }: &Pair, choices: &Choices, by: &Viewer) -> Result<Contact, Failure> {
        let access = self.settings().access;
        let mut result = combine(master, other, choices, self.settings().lock_verified).map_err(locked)?;
        for (field, right) in STAFF_FIELDS {
            if by.may(right, master, access) {
                continue;
            }
            // To keep what is there needs no right.
            if choices.of(&field.into()).is_some_and(|choice| choice != Choice::Master) {
                return self.require(by, right, master).map(|()| result);
            }
            match field {
                Field::Owner => result.owner.clone_from(&master.owner),
                _ => result.shared_with.clone_from(&master.shared_with),
            }
        }
        Ok(result)
    }

    /// Who sees the other, and will not see the master, should be told to whoever cannot change it.
    fn staff_note(&self, Pair { master, other }: &Pair, by: &Viewer) -> Option<String> {
        let access = self.settings().access;
        let mine = STAFF_FIELDS.iter().all(|(_, right)| by.may(*right, master, access));
        let kept = |name: &&Name| master.owner.as_ref() == Some(*name) || master.shared_with.contains(name);
        let loses = other.owner.iter().chain(&other.shared_with).any(|name| !kept(&name));
        (!mine && loses).then(|| {
            let owner = master.owner.as_ref().map_or("an admin", Name::as_str);
            format!("the owner and whom the contact is shared with stay as they are; ask {owner} to share it")
        })
    }

    fn ask_merge(
        &self,
        master: &Arc<Contact>,
        other: &Arc<Contact>,
        proposal: Contact,
        by: &Viewer,
    ) -> Result<(Draft, Opinion), Failure> {
        let book = self.rule_book()?;
        let mut chain = self.chain(self.generation()?, by)?;
        let mut opinion = Opinion::default();
        let sheet = Sheet::new(Draft::new(proposal), Arc::clone(&book.rules));
        let mut hand = Box::new(MergeHand { master: Arc::clone(master), other: Arc::clone(other), result: sheet });
        for phase in [Phase::Change, Phase::Check] {
            hand = opinion.ask(&mut chain, Hook::Merge, phase, hand);
            if phase == Phase::Change {
                opinion.rules_say(hand.result.settle_by(|draft| book.settle(draft)));
                opinion.rules_say(book.kept(master, &hand.result.draft().contact));
                // Of the other only the values count: its division is compared before.
                let other = Contact { division: None, ..(**other).clone() };
                opinion.rules_say(book.kept(&other, &hand.result.draft().contact));
            }
        }
        Ok((hand.result.into_draft(), opinion))
    }

    /// A side of a merge must be in the book itself: an id that leads elsewhere is told, not followed.
    fn live(&self, id: ContactId, found: Option<Whereabouts>, by: &Viewer) -> Result<Contact, Failure> {
        match found {
            Some(Whereabouts::Live(contact)) => Ok(*contact),
            Some(Whereabouts::Deleted(contact)) => {
                self.require(by, Right::View, &contact)?;
                Err(Failure::new(Class::NotFound, "CONTACT_DELETED", format!("contact {id} was deleted"))
                    .hint(format!("bring it back with `carnet contact restore {id}`")))
            }
            Some(Whereabouts::Merged { into, at }) => {
                let end = self.contact(into).map_err(|_| unknown(id))?;
                self.require(by, Right::View, &end).map_err(|_| unknown(id))?;
                let (name, at) = (end.display_name(), wire::time(at));
                let message = format!("contact {id} was merged into {into} ({name}) on {at}");
                Err(Failure::new(Class::Conflict, "MERGED_BEFORE", message)
                    .hint(format!("name {into} instead, or take that merge back with `carnet contact unmerge {id}`")))
            }
            Some(Whereabouts::Forgotten) | None => Err(unknown(id)),
        }
    }
}

/// What was asked for and cannot be had is told.
fn consent_note(choices: &Choices) -> Option<String> {
    let note = || "consent is not chosen in a merge: the stricter of both holds".to_owned();
    choices.name_consent().then(note)
}

fn same(id: ContactId) -> Failure {
    Failure::new(Class::Usage, "MERGE_SAME", format!("contact {id} cannot be merged with itself"))
        .hint("name two different contacts")
}

/// A locked value is no slip of the pen but a rule that says no.
fn locked(invalid: crate::domain::invalid::Invalid) -> Failure {
    Failure { class: Class::Rejected, ..invalid.into() }
}

/// A contact that was there a moment ago was deleted or merged by somebody else.
pub(super) fn meanwhile(error: StoreError) -> Failure {
    match error {
        StoreError::NotFound { id } => {
            Failure::new(Class::Conflict, "STALE_REV", format!("contact {id} was deleted or merged meanwhile"))
                .hint("look at both contacts again and decide anew")
        }
        error => error.into(),
    }
}

#[cfg(test)]
mod tests;
