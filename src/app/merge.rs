//! Merging two contacts: the rules propose, whoever merges chooses, `on_merge` edits or vetoes, one transaction writes.

use std::sync::Arc;

use super::contacts::{Written, refuse};
use super::decide::Opinion;
use super::failure::{Class, Failure};
use super::provenance::{changed_fields, passed_over, write_state};
use super::{App, now};
use crate::domain::contact::{Contact, Stamp};
use crate::domain::draft::Draft;
use crate::domain::field::FieldKey;
use crate::domain::id::ContactId;
use crate::domain::merge::{Choice, choose, merge};
use crate::domain::permission::{Right, Viewer};
use crate::plugin::hand::{MergeHand, Sheet};
use crate::plugin::hook::Hook;
use crate::plugin::manifest::Phase;
use crate::store::{Action, Actor, NewChange, Prepared};

impl App {
    /// Merges `other` into `master`: `other` is erased, and its id leads to the master from then on. `take` names the fields whose value
    /// comes from the other.
    ///
    /// # Errors
    /// Not found; usage, when both are one; rejected, when a plugin vetoes; conflict, when somebody wrote meanwhile.
    pub fn merge_contacts(
        &self,
        master: ContactId,
        other: ContactId,
        take: &[FieldKey],
        by: &Viewer,
    ) -> Result<Written, Failure> {
        let (master, other) = (
            Arc::new(self.contact_for(master, Right::Edit, by)?),
            Arc::new(self.contact_for(other, Right::Delete, by)?),
        );
        if master.id == other.id {
            return Err(Failure::new(
                Class::Usage,
                "MERGE_SAME",
                format!("contact {} cannot be merged with itself", master.id),
            )
            .hint("name two different contacts"));
        }
        let at = now();
        let mut proposal = merge(&master, &other);
        take.iter().for_each(|key| choose(&mut proposal, &master, &other, key, Choice::Other));
        proposal.updated = Stamp { at, by: by.name().into() };
        let (mut result, opinion) = self.ask_merge(&master, &other, proposal)?;
        refuse(&format!("contacts {} and {} were not merged", master.id, other.id), &opinion)?;
        // The stricter consent wins, whatever a plugin wished.
        result.survey_opt_out |= master.survey_opt_out || other.survey_opt_out;
        let fields = changed_fields(&master, &result, &opinion);
        let entry = NewChange {
            at,
            actor: Actor::Person(by.name().to_owned()),
            action: Action::Merged,
            fields: fields.clone(),
            via: String::new(),
        };
        let rev = self.store()?.write(|writer| {
            let rev = writer.merge(&Prepared::new(&result), master.rev, other.id, other.rev, &entry)?;
            write_state(writer, &opinion.state).map(|()| rev)
        })?;
        self.state()?.apply(&opinion.state);
        let notes = passed_over(&opinion).into_iter().chain(self.not_asked()?).collect();
        Ok(Written { contact: Contact { rev, ..result }, fields, notes })
    }

    fn ask_merge(
        &self,
        master: &Arc<Contact>,
        other: &Arc<Contact>,
        proposal: Contact,
    ) -> Result<(Contact, Opinion), Failure> {
        let book = self.rule_book()?;
        let mut chain = self.chain(self.generation()?)?;
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
        Ok((hand.result.into_draft().contact, opinion))
    }
}
