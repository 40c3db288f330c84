//! Carrying changes from one state of a contact to another contact: what differs between `from` and `to` is done to `onto`. Lists are
//! compared value by value, so that what else stands in a list stays.

use super::super::contact::{Contact, Email, Phone, Social};
use super::super::field::{FIELDS, Field, FieldKey, FieldShape};
use super::take_field;

/// Does to `onto` what was done between `from` and `to`: single values are replaced, values of lists are added, removed and marked.
pub(super) fn carry(from: &Contact, to: &Contact, onto: &mut Contact) {
    for field in FIELDS.iter().map(|info| info.field) {
        if matches!(field.shape(), FieldShape::Text | FieldShape::Typed) {
            let key = FieldKey::Known(field);
            let renamed = field == Field::LastName && from.last_name_is_placeholder != to.last_name_is_placeholder;
            if from.get(&key) != to.get(&key) || renamed {
                take_field(onto, to, &key);
            }
        }
    }
    if from.survey_opt_out != to.survey_opt_out {
        onto.survey_opt_out = to.survey_opt_out;
    }
    if from.division != to.division {
        onto.division.clone_from(&to.division);
    }
    for key in from.custom.keys().chain(to.custom.keys()) {
        if from.custom.get(key) != to.custom.get(key) {
            take_field(onto, to, &FieldKey::Custom(key.as_str().into()));
        }
    }
    carry_silence(from, to, onto);
    carry_list(&from.phones, &to.phones, &mut onto.phones, Phone::is_twin_of, |was, is, it| {
        mark_phone(was, is, it);
        if was.sms != is.sms {
            it.sms = is.sms;
        }
    });
    onto.remember_silent(std::iter::empty());
    carry_list(&from.emails, &to.emails, &mut onto.emails, same_email, mark_email);
    carry_list(&from.socials, &to.socials, &mut onto.socials, same_social, mark_social);
    carry_list(&from.external_ids, &to.external_ids, &mut onto.external_ids, PartialEq::eq, |_, _, _| {});
    carry_list(
        &from.other_first_names,
        &to.other_first_names,
        &mut onto.other_first_names,
        PartialEq::eq,
        |_, _, _| {},
    );
    carry_list(&from.other_last_names, &to.other_last_names, &mut onto.other_last_names, PartialEq::eq, |_, _, _| {});
    carry_list(&from.labels, &to.labels, &mut onto.labels, PartialEq::eq, |_, is, it| it.clone_from(is));
    carry_list(&from.shared_with, &to.shared_with, &mut onto.shared_with, PartialEq::eq, |_, is, it| it.clone_from(is));
    onto.labels.sort();
    onto.shared_with.sort();
}

/// Carries what was remembered of numbers that are gone, but for numbers that only another contact brought.
fn carry_silence(from: &Contact, to: &Contact, onto: &mut Contact) {
    let has = |contact: &Contact, number: &str| contact.phones.iter().any(|phone| phone.dialled() == number);
    onto.silenced.retain(|number| !from.silenced.contains(number) || to.silenced.contains(number));
    let since = to.silenced.iter().filter(|number| !from.silenced.contains(number));
    let theirs = since.filter(|number| !has(from, number) || has(onto, number));
    onto.silenced.extend(theirs.cloned().collect::<Vec<_>>());
}

/// Takes from `onto` the values of lists that were removed between `from` and `to`, and marks those that were marked. Consent is
/// only tightened.
pub(super) fn carry_removals(from: &Contact, to: &Contact, onto: &mut Contact) {
    let had = onto.clone();
    drop_removed(&from.phones, &to.phones, &mut onto.phones, Phone::is_twin_of, |was, is, it| {
        mark_phone(was, is, it);
        it.sms &= is.sms || !was.sms;
    });
    // Of a number that was silenced and then removed, the removal is not all that counts.
    let since = to.silenced.iter().filter(|number| had.phones.iter().any(|phone| phone.dialled() == *number));
    onto.remember_silent(had.silent_numbers().chain(since.map(String::as_str)));
    drop_removed(&from.emails, &to.emails, &mut onto.emails, same_email, mark_email);
    drop_removed(&from.socials, &to.socials, &mut onto.socials, same_social, mark_social);
    drop_removed(&from.external_ids, &to.external_ids, &mut onto.external_ids, PartialEq::eq, |_, _, _| {});
    drop_removed(
        &from.other_first_names,
        &to.other_first_names,
        &mut onto.other_first_names,
        PartialEq::eq,
        |_, _, _| {},
    );
    drop_removed(&from.other_last_names, &to.other_last_names, &mut onto.other_last_names, PartialEq::eq, |_, _, _| {});
    drop_removed(&from.labels, &to.labels, &mut onto.labels, PartialEq::eq, |_, _, _| {});
    drop_removed(&from.shared_with, &to.shared_with, &mut onto.shared_with, PartialEq::eq, |_, _, _| {});
}

fn same_email(a: &Email, b: &Email) -> bool {
    a.kind == b.kind && a.address.to_lowercase() == b.address.to_lowercase()
}

fn same_social(a: &Social, b: &Social) -> bool {
    a.channel == b.channel && a.handle == b.handle
}

fn mark_phone(was: &Phone, is: &Phone, it: &mut Phone) {
    if was.raw != is.raw {
        it.raw.clone_from(&is.raw);
    }
    if was.verified != is.verified {
        it.verified = is.verified;
    }
}

fn mark_email(was: &Email, is: &Email, it: &mut Email) {
    if was.address != is.address {
        it.address.clone_from(&is.address);
    }
    if was.verified != is.verified {
        it.verified = is.verified;
    }
}

fn mark_social(was: &Social, is: &Social, it: &mut Social) {
    if was.verified != is.verified {
        it.verified = is.verified;
    }
}

fn drop_removed<T: PartialEq>(
    from: &[T],
    to: &[T],
    onto: &mut Vec<T>,
    same: impl Fn(&T, &T) -> bool,
    mark: impl Fn(&T, &T, &mut T),
) {
    let find = |list: &[T], item: &T| list.iter().position(|known| same(known, item));
    onto.retain(|item| find(from, item).is_none() || find(to, item).is_some());
    for item in onto {
        if let (Some(was), Some(is)) = (find(from, item), find(to, item))
            && from[was] != to[is]
        {
            mark(&from[was], &to[is], item);
        }
    }
}

fn carry_list<T: Clone + PartialEq>(
    from: &[T],
    to: &[T],
    onto: &mut Vec<T>,
    same: impl Fn(&T, &T) -> bool,
    mark: impl Fn(&T, &T, &mut T),
) {
    if from == to {
        return;
    }
    drop_removed(from, to, onto, &same, mark);
    let holds = |list: &[T], item: &T| list.iter().any(|known| same(known, item));
    for item in to {
        if !holds(from, item) && !holds(onto, item) {
            onto.push(item.clone());
        }
    }
    // The first value of a list counts most, so an order that was changed is a change, too.
    let place = |list: &[T], item: &T| list.iter().position(|known| same(known, item));
    let shared: Vec<usize> = from.iter().filter_map(|item| place(to, item)).collect();
    if !shared.is_sorted() {
        onto.sort_by_key(|item| place(to, item).unwrap_or(usize::MAX));
    }
}
