//! Chains of fake plugins: order, keeping and reverting, phases, policies, the breaker, observing.

use super::*;
use crate::domain::cells::Cells;
use crate::domain::field::Field;
use crate::plugin::hand::Subject;
use crate::registry::fake::{contact, field, loaded};

/// A chain over plugins given by name, manifest and code.
fn chain(plugins: &[(&str, &str, &str)]) -> Chain {
    open(plugins.iter().map(|(name, manifest, code)| loaded(name, manifest, code, Mode::Enforce)).collect())
}

fn open(plugins: Vec<Arc<Loaded>>) -> Chain {
    Chain::new(Arc::new(Generation::of(plugins)), |_| Services::none())
}

fn create(chain: &mut Chain) -> ChainOutcome {
    chain.run(Hook::Create, Phase::Change, contact())
}

/// What a plugin's calls came to so far.
fn counts(chain: &mut Chain, name: &str) -> CallCounts {
    chain.hand_in();
    let counts = chain.generation().find(name).unwrap().stats.snapshot();
    counts.first().map(|(_, counts)| counts.clone()).unwrap_or_default()
}

#[test]
fn low_priorities_come_first_then_names_and_each_sees_the_earlier_edits() {
    let mut chain = chain(&[
        ("b", "", "on_create set company B"),
        ("last", "priority = 900", "on_create fault-on company C\non_create set company last"),
        ("c", "", "on_create set company C"),
        ("a", "", "on_create set company A"),
        ("first", "priority = 10", "on_create set company first"),
    ]);
    let outcome = create(&mut chain);
    let told: Vec<(&str, Option<&str>)> =
        outcome.edits.iter().map(|(plugin, edit)| (plugin.name.as_str(), edit.new.as_deref())).collect();
    assert_eq!(told, [("first", Some("first")), ("a", Some("A")), ("b", Some("B")), ("c", Some("C"))]);
    assert_eq!(outcome.faults.len(), 1, "the last one saw what the one before it wrote");
    assert_eq!(field(&outcome.subject, Field::Company).as_deref(), Some("C"));
}

#[test]
fn a_fault_undoes_the_edits_of_its_call_alone() {
    let mut chain = chain(&[
        ("a", "", "on_create set company A"),
        ("b", "", "on_create set company B\non_create set city Rome\non_create fault"),
        ("c", "", "on_create set job_title C"),
    ]);
    let outcome = create(&mut chain);
    assert_eq!(field(&outcome.subject, Field::Company).as_deref(), Some("A"));
    assert_eq!(field(&outcome.subject, Field::City), None);
    assert_eq!(field(&outcome.subject, Field::JobTitle).as_deref(), Some("C"));
    assert!(outcome.rejected());
    assert_eq!(outcome.faults[0].plugin.name, "b");
}

#[test]
fn problems_of_all_are_told_together() {
    let mut chain = chain(&[
        ("a", "", "on_create reject city A1"),
        ("b", "", "on_create reject zip B1"),
        ("c", "", "on_create log hi"),
    ]);
    let outcome = create(&mut chain);
    let codes: Vec<&str> = outcome.problems.iter().map(|(_, problem)| &*problem.code).collect();
    assert_eq!(codes, ["A1", "B1"]);
    assert!(outcome.rejected());
    let lines = chain.generation().find("c").unwrap().log();
    assert_eq!(lines.len(), 1);
    assert_eq!((lines[0].hook, lines[0].line.text.as_str()), (Hook::Create, "hi"));
}

#[test]
fn the_policy_is_the_manifests_else_the_hooks() {
    let rejects = |manifest: &str, hook: Hook| {
        loaded("a", manifest, "on_create fault\non_enquiry fault", Mode::Enforce).policy(hook)
    };
    assert_eq!(rejects("", Hook::Create), OnFault::Reject);
    assert_eq!(rejects("", Hook::Enquiry), OnFault::Skip);
    assert_eq!(rejects("on_fault = 'skip'", Hook::Create), OnFault::Skip);
    assert_eq!(rejects("on_fault = 'reject'", Hook::Enquiry), OnFault::Reject);
    let outcome = create(&mut chain(&[("a", "on_fault = 'skip'", "on_create fault")]));
    assert!(!outcome.rejected());
    assert_eq!(outcome.faults[0].policy, OnFault::Skip);
}

#[test]
fn the_check_phase_and_deletion_may_only_reject() {
    let mut chain = chain(&[("a", "phase = 'check'", "on_create set company A"), ("b", "", "on_delete set company B")]);
    assert!(chain.has(Hook::Create) && !chain.has_phase(Hook::Create, Phase::Change));
    assert!(!chain.has(Hook::Merge));
    let outcome = chain.run(Hook::Create, Phase::Check, contact());
    assert_eq!(outcome.faults[0].fault.kind, FaultKind::RefusedEdit);
    assert_eq!(field(&outcome.subject, Field::Company), None);
    let outcome = chain.run(Hook::Delete, Phase::Change, contact());
    assert_eq!(outcome.faults[0].fault.kind, FaultKind::RefusedEdit);
}

#[test]
fn a_refused_edit_is_a_fault_unless_the_plugin_rejects() {
    let fault = |code: &str| create(&mut chain(&[("a", "", code)])).faults.first().map(|report| report.fault.kind);
    assert_eq!(fault("on_create set mobile 12"), Some(FaultKind::RefusedEdit));
    assert_eq!(fault("on_create set mobile 12\non_create set mobile +85212345678"), None);
    assert_eq!(fault("on_create set mobile 12\non_create reject mobile BAD"), None);
    assert_eq!(fault("on_create skip why"), Some(FaultKind::Verdict));
}

#[test]
fn grants_and_limits_of_the_manifest_hold() {
    let fault = |manifest: &str, code: &str| {
        let outcome = create(&mut chain(&[("a", manifest, code)]));
        outcome.faults.first().map(|report| report.fault.to_string())
    };
    assert_eq!(fault("writes = ['city']", "on_create set city Rome"), None);
    let told = fault("writes = ['city']", "on_create set company A").unwrap();
    assert!(told.contains("may not write `company`"), "{told}");
    let told = fault("[budget]\nedits = 1", "on_create set city A\non_create set company A").unwrap();
    assert_eq!(told, "more than 1 edits");
}

#[test]
fn a_plugin_that_faults_too_often_is_no_longer_called_and_its_policy_holds() {
    let mut chain = chain(&[("a", "", "on_create fault"), ("b", "", "on_create set company B")]);
    for _ in 0..20 {
        assert_eq!(create(&mut chain).faults[0].fault.kind, FaultKind::Script);
    }
    let outcome = create(&mut chain);
    assert_eq!(outcome.faults[0].fault.kind, FaultKind::Tripped);
    assert!(outcome.rejected());
    assert_eq!(field(&outcome.subject, Field::Company).as_deref(), Some("B"));
    let tripped = Arc::clone(chain.generation().find("a").unwrap());
    assert_eq!(chain.generation().state(&tripped).to_string(), "tripped");
    assert_eq!(counts(&mut chain, "a").calls, 20);
    tripped.reset();
    assert_eq!(create(&mut chain).faults[0].fault.kind, FaultKind::Script);
}

#[test]
fn an_observed_plugin_is_called_and_counted_but_changes_nothing() {
    let watched = |code: &str| {
        let mut chain = open(vec![loaded("a", "", code, Mode::Observe)]);
        let outcome = create(&mut chain);
        assert!(
            !outcome.rejected() && outcome.edits.is_empty() && outcome.faults.is_empty() && outcome.state.is_empty()
        );
        assert_eq!(field(&outcome.subject, Field::Company), None);
        let counts = counts(&mut chain, "a");
        (counts, chain.generation().find("a").unwrap().samples())
    };
    let (counts, samples) = watched("on_create set company A\non_create remember k v");
    assert_eq!((counts.calls, counts.edits), (1, 1));
    assert_eq!(samples, ["on_create would set `company` to `A`"]);
    let (counts, samples) = watched("on_create reject company BAD");
    assert_eq!(counts.rejections, 1);
    assert_eq!(samples, ["on_create would reject: company: is refused"]);
    let (counts, samples) = watched("on_create set company A\non_create fault");
    assert_eq!((counts.faults, counts.edits), (1, 0));
    assert_eq!(samples, ["on_create failed: it fails"]);
}

#[test]
fn what_is_to_be_remembered_is_handed_on_unless_the_call_fails() {
    let outcome = create(&mut chain(&[
        ("a", "grants = ['state']", "on_create remember k v"),
        ("b", "grants = ['state']", "on_create remember k v\non_create fault"),
    ]));
    let told: Vec<(&str, &str)> =
        outcome.state.iter().map(|(plugin, write)| (plugin.as_str(), write.key.as_str())).collect();
    assert_eq!(told, [("a", "k")]);
}

#[test]
fn a_skip_ends_the_chain() {
    use crate::domain::row::Columns;
    use crate::plugin::hand::RowHand;
    let columns = Columns::new(vec!["Their city".into()], vec![None]);
    let row = RowHand::new(Arc::new(columns), Cells::from(vec!["Rome"]), 1, 2);
    let mut chain = chain(&[
        ("a", "", "on_import_row set city Milan"),
        ("b", "", "on_import_row skip sample"),
        ("c", "", "on_import_row reject city BAD"),
    ]);
    let outcome = chain.run(Hook::ImportRow, Phase::Change, Subject::Row(Box::new(row)));
    assert_eq!(
        outcome.skip.as_ref().map(|(plugin, reason)| (plugin.name.as_str(), reason.as_str())),
        Some(("b", "sample"))
    );
    assert!(!outcome.rejected());
    assert_eq!(["a", "b", "c"].map(|name| counts(&mut chain, name).calls), [1, 1, 0]);
}

#[test]
fn sessions_count_for_themselves_and_hand_in_when_they_end() {
    let plugin = loaded("a", "", "on_create set company A", Mode::Enforce);
    let generation = Arc::new(Generation::of(vec![Arc::clone(&plugin)]));
    let mut one = Chain::new(Arc::clone(&generation), |_| Services::none());
    let mut two = Chain::new(generation, |_| Services::none());
    create(&mut one);
    create(&mut two);
    create(&mut two);
    two.hand_in();
    assert_eq!(plugin.stats.snapshot()[0].1.calls, 2);
    drop((one, two));
    let (hook, counts) = plugin.stats.snapshot().remove(0);
    assert_eq!((hook, counts.calls, counts.edits), (Hook::Create, 3, 3));
    assert_eq!(counts.longest.as_micros(), 3);
}
