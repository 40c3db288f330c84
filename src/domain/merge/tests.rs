//! Tests of merging, of choices and of taking a merge back, on contacts alone.

use super::choices::{Choice, Choices, combine, side_by_side};
use super::undo::{Level, Merged, Trail};
use super::*;
use crate::domain::rules::Rules;
use crate::domain::tests::contact;

fn set(contact: &mut Contact, name: &str, value: &str) {
    let rules = Rules { multi_value: true, ..Rules::for_tests() };
    contact.set(&FieldKey::parse(name).unwrap(), value, &rules).unwrap();
}

fn made(fields: &[(&str, &str)]) -> Contact {
    let mut made = contact("");
    fields.iter().for_each(|(name, value)| set(&mut made, name, value));
    made
}

fn chosen(list: &[(&str, Choice)]) -> Choices {
    let mut choices = Choices::default();
    list.iter().for_each(|(name, choice)| choices.add(name, *choice).unwrap());
    choices
}

#[test]
fn lists_keep_both_blanks_are_filled_and_the_stricter_consent_wins() {
    let master = made(&[("last_name", "Lee"), ("mobile", "+85212345678"), ("labels", "VIP")]);
    let mut other =
        made(&[("last_name", "Li"), ("mobile", "+85287654321"), ("company", "Acme"), ("labels", "vip;gold")]);
    other.survey_opt_out = true;
    let merged = merge(&master, &other);
    assert_eq!(merged.values(&Field::Mobile.into()), ["+85212345678", "+85287654321"]);
    assert_eq!(merged.company.as_deref(), Some("Acme"));
    assert_eq!(merged.joined(&Field::Labels.into()).as_deref(), Some("gold; VIP"));
    assert_eq!(merged.other_last_names, ["Li"]);
    assert!(merged.survey_opt_out);
    assert_eq!(combine(&master, &other, &Choices::default(), true).unwrap(), merged);
}

/// A choice for one field, and what the field becomes.
#[track_caller]
fn check(name: &str, choice: Choice, [master, other]: [&str; 2], expected: &str) {
    let [master, other] = [master, other].map(|value| made(&[(name, value)]));
    let merged = combine(&master, &other, &chosen(&[(name, choice)]), false).unwrap();
    let text = merged.joined(&FieldKey::parse(name).unwrap()).unwrap_or_default();
    assert_eq!(text, expected, "{name} {choice:?}");
}

#[test]
fn a_choice_keeps_takes_or_adds() {
    use Choice::{Both, Master, Other};
    check("company", Other, ["Acme", "Globex"], "Globex");
    check("company", Other, ["Acme", ""], "");
    check("company", Master, ["", "Globex"], "");
    check("mobile", Master, ["+85212345678", "+85287654321"], "+85212345678");
    check("mobile", Other, ["+85212345678", "+85287654321"], "+85287654321");
    check("mobile", Both, ["+85212345678", "+85287654321"], "+85212345678; +85287654321");
    check("labels", Other, ["a;b", "c"], "c");
    check("external_id", Master, ["crm:1", "crm:2"], "crm:1");
    check("shared_with", Other, ["Ann", "Bob"], "Bob");
    check("custom.tier", Other, ["gold", "silver"], "silver");
    check("last_name", Both, ["Lee", "Li"], "Lee");
}

#[test]
fn names_that_are_not_taken_stay_as_other_names_unless_the_masters_alone_is_kept() {
    let master = made(&[("last_name", "Lee"), ("other_last_names", "Leigh")]);
    let other = made(&[("last_name", "Li"), ("other_last_names", "Ly")]);
    let names = |list: &[(&str, Choice)]| combine(&master, &other, &chosen(list), false).unwrap().other_last_names;
    assert_eq!(names(&[]), ["Leigh", "Li", "Ly"]);
    assert_eq!(names(&[("last_name", Choice::Both)]), ["Leigh", "Li", "Ly"]);
    assert_eq!(names(&[("last_name", Choice::Other)]), ["Leigh", "Lee", "Ly"]);
    assert_eq!(names(&[("last_name", Choice::Master)]), ["Leigh", "Ly"]);
    assert_eq!(names(&[("last_name", Choice::Master), ("other_last_names", Choice::Master)]), ["Leigh"]);
    assert_eq!(names(&[("other_last_names", Choice::Other)]), ["Li", "Ly"]);
}

#[test]
fn choices_that_make_no_sense_are_refused() {
    let refused = |name: &str, choice| Choices::default().add(name, choice).unwrap_err().code;
    assert_eq!(refused("company", Choice::Both), "MERGE_NOT_A_LIST");
    assert_eq!(refused("custom.tier", Choice::Both), "MERGE_NOT_A_LIST");
    assert_eq!(refused("division", Choice::Other), "MERGE_FIELD");
    assert_eq!(refused("verified", Choice::Other), "MERGE_FIELD");
    assert_eq!(refused("moblie", Choice::Other), "FIELD_UNKNOWN");
    let mut twice = chosen(&[("phones", Choice::Other)]);
    assert_eq!(twice.add("mobile", Choice::Master).unwrap_err().code, "MERGE_CHOICE_TWICE");
    twice.add("mobile", Choice::Other).unwrap();
}

#[test]
fn no_choice_loosens_consent_or_loses_what_is_locked() {
    let mut master = made(&[("mobile", "+85212345678"), ("survey_opt_out", "yes")]);
    let mut other = made(&[("mobile", "+85212345678"), ("email", "a@example.com")]);
    master.phones[0].sms = false;
    other.emails[0].verified = true;
    let all = chosen(&[("survey_opt_out", Choice::Other), ("sms", Choice::Other), ("mobile", Choice::Other)]);
    let merged = combine(&master, &other, &all, true).unwrap();
    assert!(merged.survey_opt_out && !merged.phones[0].sms);
    let keep = chosen(&[("emails", Choice::Master)]);
    let refused = combine(&master, &other, &keep, true).unwrap_err();
    assert_eq!((refused.code, refused.message.contains("a@example.com")), ("VERIFIED_LOCKED", true));
    assert_eq!(combine(&master, &other, &keep, false).unwrap().emails, []);
    // The number itself stays, and so does what is known of it.
    master.phones[0].verified = true;
    assert!(combine(&master, &other, &chosen(&[("mobile", Choice::Other)]), true).unwrap().phones[0].verified);
}

#[test]
fn both_are_put_side_by_side_with_whose_value_it_will_be() {
    let master = made(&[("last_name", "Lee"), ("company", "Acme"), ("labels", "a"), ("city", "Rome")]);
    let other = made(&[("last_name", "Li"), ("job_title", "Boss"), ("labels", "b"), ("city", "Rome")]);
    let rows = side_by_side(&master, &other, &merge(&master, &other), &Choices::default());
    let told: Vec<_> = rows
        .iter()
        .filter(|row| row.is_open())
        .map(|row| (row.key.to_string(), row.choice.as_str(), row.result.clone().unwrap_or_default()))
        .collect();
    let expected = [
        ("last_name", "both", "Lee"),
        ("company", "master", "Acme"),
        ("job_title", "other", "Boss"),
        ("labels", "both", "a; b"),
    ];
    let told: Vec<_> = told.iter().map(|(key, choice, result)| (key.as_str(), *choice, result.as_str())).collect();
    assert_eq!(told, expected);
}

fn merged(number: i64, before: &Contact, other: &Contact) -> Merged {
    Merged { number, before: before.clone(), other: other.clone(), result: merge(before, other) }
}

#[test]
fn what_was_changed_since_stays_when_a_merge_is_taken_back() {
    let master = made(&[("last_name", "Lee"), ("mobile", "+85212345678")]);
    let other =
        made(&[("last_name", "Li"), ("mobile", "+85287654321"), ("email", "li@example.com"), ("company", "Acme")]);
    let step = merged(1, &master, &other);
    let mut now = step.result.clone();
    set(&mut now, "mobile", "+85212345678;+85255555555");
    set(&mut now, "job_title", "Boss");
    now.survey_opt_out = true;
    let mut trail = Trail { levels: vec![Level { merges: vec![step], now }], opted_out_since: false };
    let undone = trail.undo();
    let carried: Vec<_> = undone.carried.iter().map(|change| change.key.to_string()).collect();
    assert_eq!(carried, ["mobile", "job_title", "survey_opt_out"]);
    let expected = made(&[
        ("last_name", "Lee"),
        ("mobile", "+85212345678;+85255555555"),
        ("job_title", "Boss"),
        ("survey_opt_out", "yes"),
    ]);
    assert_eq!(*trail.root(), expected);
    let restored =
        made(&[("last_name", "Li"), ("email", "li@example.com"), ("company", "Acme"), ("survey_opt_out", "yes")]);
    assert_eq!(undone.restored, restored);
}

#[test]
fn a_value_that_two_brought_stays_while_one_of_them_does() {
    let master = made(&[("last_name", "Lee")]);
    let other = made(&[("mobile", "+85287654321"), ("company", "Acme")]);
    let third = made(&[("mobile", "+85287654321"), ("company", "Globex")]);
    let first = merged(1, &master, &other);
    let second = merged(2, &first.result, &third);
    let now = second.result.clone();
    assert_eq!(now.company.as_deref(), Some("Acme"));
    let mut trail = Trail { levels: vec![Level { merges: vec![first, second], now }], opted_out_since: false };
    let undone = trail.undo();
    assert_eq!((undone.restored, undone.carried), (other, Vec::new()));
    assert_eq!(*trail.root(), merge(&master, &third));
    let step = &trail.levels[0].merges[1];
    assert_eq!((&step.before, &step.result), (&master, &merge(&master, &third)));
}

#[test]
fn one_is_taken_from_a_contact_that_was_erased_itself() {
    let [master, other, top] = ["Lee", "Li", "Ly"].map(|name| made(&[("last_name", name), ("custom.of", name)]));
    let (below, mut other) = (master.clone(), other);
    set(&mut other, "email", "li@example.com");
    let first = merged(1, &below, &other);
    let second = merged(2, &top, &first.result);
    let mut now = second.result.clone();
    set(&mut now, "job_title", "Boss");
    let levels = vec![Level { now: first.result.clone(), merges: vec![first] }, Level { merges: vec![second], now }];
    let mut trail = Trail { levels, opted_out_since: false };
    assert_eq!(trail.undo().restored, other);
    assert_eq!(trail.levels[0].now, master);
    let mut expected = merge(&top, &master);
    set(&mut expected, "job_title", "Boss");
    assert_eq!(*trail.root(), expected);
    assert_eq!(trail.levels[1].merges[0].other, master);
}
