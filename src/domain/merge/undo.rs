//! Taking a merge back: the contact that was erased returns as it was, and the master becomes what it would be without that merge.
//! Merges that were made later are made again on what is left, so that each stays and can be taken back in its turn. Reading and
//! writing the merges is the store's work.

use super::super::change::{FieldChange, diff};
use super::super::contact::Contact;
use super::carry::{carry, carry_removals};
use super::merge;

/// One merge that stands.
#[derive(Clone, PartialEq, Debug)]
pub struct Merged {
    /// Its number in the store.
    pub number: i64,
    /// The master before it.
    pub before: Contact,
    /// The contact that it erased.
    pub other: Contact,
    /// What it made of the master.
    pub result: Contact,
}

/// One contact with the merges into it, from the one that matters on.
#[derive(Clone, PartialEq, Debug)]
pub struct Level {
    /// The merges, oldest first. The first is the one to be taken back or, further up, the one that erased the contact of the level below.
    pub merges: Vec<Merged>,
    /// The contact as it is now.
    pub now: Contact,
}

/// All that a merge to be taken back has had a part in: its master first, then the master of that one, up to the contact that is live.
#[derive(Clone, PartialEq, Debug)]
pub struct Trail {
    /// The levels; there is at least one, and each has at least one merge.
    pub levels: Vec<Level>,
    /// Whether somebody has opted the contact out of surveys since, and not another merge.
    pub opted_out_since: bool,
}

/// What comes of taking a merge back.
#[derive(Clone, PartialEq, Debug)]
pub struct Undone {
    /// The contact that was erased.
    pub restored: Contact,
    /// What was changed since, oldest first; it stays with the master, or is taken from both.
    pub carried: Vec<FieldChange>,
}

impl Trail {
    /// The contact that is live.
    #[must_use]
    pub fn root(&self) -> &Contact {
        &self.levels[self.levels.len() - 1].now
    }

    /// The contact that was erased by the merge to be taken back.
    #[must_use]
    pub fn erased(&self) -> &Contact {
        &self.levels[0].merges[0].other
    }

    /// Takes the merge back. The trail then tells what every contact and every other merge of it has become.
    #[must_use]
    pub fn undo(&mut self) -> Undone {
        let (mut restored, was_out) = (self.erased().clone(), self.root().survey_opt_out);
        let mut edits = Edits::default();
        let mut below: Option<Contact> = None;
        for level in &mut self.levels {
            let Level { merges, now } = level;
            let Some((first, later)) = merges.split_first_mut() else { continue };
            let was = first.result.clone();
            let start = match below {
                None => first.before.clone(),
                Some(fresh) => {
                    let (before, old) = (&first.before, std::mem::replace(&mut first.other, fresh));
                    first.result = again(before, &old, &was, before, &first.other);
                    first.result.clone()
                }
            };
            let fresh = replay(start, was, later, now, &mut edits);
            *now = Contact { rev: now.rev, updated: now.updated.clone(), ..fresh };
            below = Some(now.clone());
        }
        let carried = edits.told();
        for (from, to) in &edits.0 {
            carry_removals(from, to, &mut restored);
        }
        let newly_out = edits.0.iter().any(|(from, to)| to.survey_opt_out && !from.survey_opt_out);
        if was_out && (newly_out || self.opted_out_since) {
            restored.survey_opt_out = true;
            if let Some(level) = self.levels.last_mut() {
                level.now.survey_opt_out = true;
            }
        }
        Undone { restored, carried }
    }
}

/// States before and after each stretch in which people and imports wrote.
#[derive(Default)]
struct Edits(Vec<(Contact, Contact)>);

impl Edits {
    /// What was changed, each field once.
    fn told(&self) -> Vec<FieldChange> {
        let mut told: Vec<FieldChange> = Vec::new();
        for change in self.0.iter().flat_map(|(from, to)| diff(from, to)) {
            match told.iter_mut().find(|known| known.key == change.key) {
                Some(known) => known.new = change.new,
                None => told.push(change),
            }
        }
        told.retain(|change| change.old != change.new);
        told
    }
}

/// Goes through what came after a state that has changed: edits are carried over, merges are made again.
fn replay(start: Contact, was: Contact, later: &mut [Merged], now: &Contact, edits: &mut Edits) -> Contact {
    let (mut state, mut was) = (start, was);
    for step in later {
        carry(&was, &step.before, &mut state);
        edits.0.push((was, step.before.clone()));
        let result = again(&step.before, &step.other, &step.result, &state, &step.other);
        step.before = state;
        was = std::mem::replace(&mut step.result, result.clone());
        state = result;
    }
    carry(&was, now, &mut state);
    edits.0.push((was, now.clone()));
    state
}

/// Makes a merge again with other sides: what people and plugins chose beyond the proposal is chosen again.
fn again(before: &Contact, other: &Contact, result: &Contact, new_before: &Contact, new_other: &Contact) -> Contact {
    let mut fresh = merge(new_before, new_other);
    carry(&merge(before, other), result, &mut fresh);
    fresh
}
