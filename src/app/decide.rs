//! Asking plugins and built-in rules about one record: the change phase, the rules, the check phase, in that order for every way a
//! record can come in. Nothing is written here.

use std::collections::HashSet;
use std::sync::Arc;

use crate::domain::contact::Contact;
use crate::domain::draft::Draft;
use crate::domain::field::Field;
use crate::domain::invalid::Invalid;
use crate::domain::label::LabelName;
use crate::domain::name::Name;
use crate::domain::permission::Access;
use crate::domain::problem::Problem;
use crate::domain::rules::{Rules, UnknownLabels};
use crate::domain::verified;
use crate::plugin::hand::{ContactHand, Edit, Held, Sheet, Subject};
use crate::plugin::hook::Hook;
use crate::plugin::manifest::{OnFault, Phase};
use crate::plugin::package::Identity;
use crate::plugin::service::{Recalled, StateWrite};
use crate::registry::dispatch::{Chain, ChainOutcome, FaultReport};

/// A problem, and whose word it is.
#[derive(Clone, Debug)]
pub struct Told {
    /// The plugin; `None` for the built-in rules.
    pub plugin: Option<Arc<Identity>>,
    /// What it says.
    pub problem: Problem,
}

/// What plugins and rules said about a record.
#[derive(Default, Debug)]
pub struct Opinion {
    /// Reasons to refuse it; any refuses it.
    pub problems: Vec<Told>,
    /// The reason to leave a row out.
    pub skip: Option<(Arc<Identity>, String)>,
    /// Edits made, with who made them.
    pub edits: Vec<(Arc<Identity>, Edit)>,
    /// What plugins want to remember if the record is written.
    pub state: Vec<(String, StateWrite)>,
    /// What they were told of what they remember; see [`remember`](super::memory::remember).
    pub recalled: Vec<(String, Recalled)>,
    /// Calls that failed, including those passed over.
    pub faults: Vec<FaultReport>,
}

impl Opinion {
    /// Asks the plugins of one phase about a thing, takes in what they say, and returns it with their edits. What they wanted to remember of
    /// the same record before is there for them.
    pub fn ask<H: Held>(&mut self, chain: &mut Chain, hook: Hook, phase: Phase, hand: Box<H>) -> Box<H> {
        if !chain.has_phase(hook, phase) {
            return hand;
        }
        let subject = self.absorb(chain.run_after(&self.state, hook, phase, hand.into_subject()));
        H::from_subject(subject).expect("a chain returns the thing that it was given")
    }

    fn absorb(&mut self, outcome: ChainOutcome) -> Subject {
        self.problems
            .extend(outcome.problems.into_iter().map(|(plugin, problem)| Told { plugin: Some(plugin), problem }));
        self.problems.extend(outcome.faults.iter().filter(|fault| fault.policy == OnFault::Reject).map(fault_problem));
        self.faults.extend(outcome.faults);
        self.edits.extend(outcome.edits);
        self.state.extend(outcome.state);
        self.recalled.extend(outcome.recalled);
        self.skip = self.skip.take().or(outcome.skip);
        outcome.subject
    }

    /// Takes in what built-in rules said.
    pub fn rules_say(&mut self, problems: Vec<Problem>) {
        self.problems.extend(problems.into_iter().map(|problem| Told { plugin: None, problem }));
    }

    /// Takes back what built-in rules said where it is known already, and not held against anybody.
    pub fn overlook(&mut self, known: &[Problem]) {
        self.problems.retain(|told| told.plugin.is_some() || !known.contains(&told.problem));
    }

    /// Says whether the record is refused.
    #[must_use]
    pub fn refuses(&self) -> bool {
        !self.problems.is_empty()
    }
}

/// A fault under `on_fault = "reject"` is a reason to refuse, naming the plugin and the place.
fn fault_problem(report: &FaultReport) -> Told {
    let place = report.fault.position.as_ref().map_or_else(String::new, |position| format!(" at {position}"));
    let message = format!(
        "plugin `{}` {} failed in {}{place}: {}",
        report.plugin.name, report.plugin.version, report.hook, report.fault.message
    );
    let hint = report
        .fault
        .hint
        .clone()
        .or_else(|| Some("the record may be sound: mend the plugin, then try again".to_owned()));
    let problem = Problem { field: None, code: report.fault.kind.code().into(), value: None, message, hint };
    Told { plugin: Some(Arc::clone(&report.plugin)), problem }
}

/// The built-in rules with what they need to know of the store.
#[derive(Clone)]
pub struct RuleBook {
    /// The rules.
    pub rules: Arc<Rules>,
    /// The labels there are, if unknown ones are refused.
    pub known_labels: Option<Arc<HashSet<LabelName>>>,
    /// What staff see of contacts: a refusal names no other.
    pub access: Access,
}

impl RuleBook {
    /// Applies the rules about the whole record.
    #[must_use]
    pub fn settle(&self, draft: &mut Draft) -> Vec<Problem> {
        let mut problems = draft.settle(&self.rules);
        problems.extend(self.unknown_labels(&draft.contact));
        // A value that was refused is told already.
        let refused = |problem: &Problem| draft.pending.iter().any(|it| problem.field == Some(it.key.to_string()));
        let missing = self.rules.schema.missing(&draft.contact.custom);
        problems.extend(missing.into_iter().filter(|problem| !refused(problem)));
        problems
    }

    /// The same rules without the lock on verified values, for what gives them back to whom they came from.
    #[must_use]
    pub fn unlocked(mut self) -> Self {
        let rules = Rules { lock_verified: false, ..(*self.rules).clone() };
        self.rules = Arc::new(rules);
        self
    }

    /// Applies the rules about the whole record, `before` being what is stored of it.
    #[must_use]
    pub fn settle_over(&self, draft: &mut Draft, before: Option<&Contact>) -> Vec<Problem> {
        let mut problems = self.settle(draft);
        problems.extend(before.map(|before| self.kept(before, &draft.contact)).unwrap_or_default());
        problems
    }

    /// What must stay as it was, whoever writes and however: the division, and verified values where they are locked.
    #[must_use]
    pub fn kept(&self, before: &Contact, after: &Contact) -> Vec<Problem> {
        let locked = if self.rules.lock_verified { verified::lost(before, after) } else { Vec::new() };
        let locked = locked.into_iter().map(|(field, value)| {
            let invalid = verified::locked(&value);
            Problem::of_value(&field.into(), &value, invalid)
        });
        moved(before, after).into_iter().chain(locked).collect()
    }

    fn unknown_labels(&self, contact: &Contact) -> Option<Problem> {
        let known = self.known_labels.as_ref().filter(|_| self.rules.unknown_labels == UnknownLabels::Reject)?;
        let unknown = contact.labels.iter().find(|label| !known.contains(*label))?;
        let invalid = Invalid::new("LABEL_UNKNOWN", format!("there is no label `{unknown}`"))
            .hint("create it, or set `unknown_labels = \"create\"`");
        Some(Problem::of_value(&Field::Labels.into(), unknown.as_str(), invalid))
    }
}

/// A contact's division is for good: moving it would take it from one team's book into another's.
fn moved(before: &Contact, after: &Contact) -> Option<Problem> {
    let held = before.division.as_ref().filter(|held| after.division.as_ref() != Some(*held))?;
    let wanted = after.division.as_ref().map_or_else(|| "without one".to_owned(), |wanted| format!("in `{wanted}`"));
    let message = format!("contacts cannot move between divisions, and this one belongs to `{held}`");
    let invalid = Invalid::new("DIVISION_FIXED", message).hint(format!("delete it and recreate it {wanted}"));
    let value = after.division.as_ref().map_or("", Name::as_str);
    Some(Problem::of_value(&Field::Division.into(), value, invalid))
}

/// Asks about a contact that is to be created, changed or deleted, and returns what it would become.
pub fn decide(
    chain: &mut Chain,
    hook: Hook,
    draft: Draft,
    before: Option<&Arc<Contact>>,
    book: &RuleBook,
) -> (Draft, Opinion) {
    let mut opinion = Opinion::default();
    let draft = decide_further(chain, hook, draft, before, book, &mut opinion);
    (draft, opinion)
}

/// The same about a record of which plugins said something before.
pub fn decide_further(
    chain: &mut Chain,
    hook: Hook,
    draft: Draft,
    before: Option<&Arc<Contact>>,
    book: &RuleBook,
    opinion: &mut Opinion,
) -> Draft {
    let mut draft = ask(chain, hook, Phase::Change, draft, before, book, opinion);
    opinion.rules_say(book.settle_over(&mut draft, before.map(|before| &**before)));
    ask(chain, hook, Phase::Check, draft, before, book, opinion)
}

fn ask(
    chain: &mut Chain,
    hook: Hook,
    phase: Phase,
    draft: Draft,
    before: Option<&Arc<Contact>>,
    book: &RuleBook,
    opinion: &mut Opinion,
) -> Draft {
    // Nothing is put under a pen that nobody holds.
    if !chain.has_phase(hook, phase) {
        return draft;
    }
    let sheet = Sheet::new(draft, Arc::clone(&book.rules));
    let hand = Box::new(ContactHand { sheet, before: before.cloned() });
    opinion.ask(chain, hook, phase, hand).sheet.into_draft()
}

/// Asks about a contact that nothing will be written of: a deletion.
pub fn ask_only(
    chain: &mut Chain,
    hook: Hook,
    draft: Draft,
    before: Option<&Arc<Contact>>,
    book: &RuleBook,
) -> Opinion {
    let mut opinion = Opinion::default();
    let draft = ask(chain, hook, Phase::Change, draft, before, book, &mut opinion);
    ask(chain, hook, Phase::Check, draft, before, book, &mut opinion);
    opinion
}
