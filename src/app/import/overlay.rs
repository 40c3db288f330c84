//! Bringing a row and the contact that it is about together: what the row says over what is stored, field by field as the settings and
//! whoever imports want it. Runs in the writer, in file order.

use super::precedence::{Precedence, Way};
use super::row::Mapped;
use crate::app::export::cell;
use crate::domain::contact::{Contact, Email, Phone, Social};
use crate::domain::draft::{Draft, Pending};
use crate::domain::field::{Field, FieldKey, FieldShape};
use crate::domain::invalid::Invalid;
use crate::domain::merge::take_field;
use crate::domain::problem::Problem;
use crate::domain::rules::Rules;
use crate::domain::verified::{self, same_phone};
use crate::domain::warning::Caution;

/// How rows and stored contacts come together.
pub(super) struct Policy<'s> {
    pub(super) precedence: &'s Precedence,
    pub(super) rules: &'s Rules,
    pub(super) allow_opt_in: bool,
}

/// Puts what a row says over a stored contact. What it does not say stays; lists of names grow; consent only tightens.
pub(super) fn overlay(mapped: &mut Mapped, before: &Contact, policy: &Policy<'_>) {
    let fresh = std::mem::replace(&mut mapped.draft, Draft::new(before.clone()));
    mapped.draft.contact.updated = fresh.contact.updated.clone();
    mapped.draft.pending = fresh.pending;
    mapped.draft.warnings = fresh.warnings;
    for key in &mapped.given.keys {
        if !mapped.draft.pending.iter().any(|pending| pending.key == *key) {
            overlay_field(&mut mapped.draft, (before, &fresh.contact), key, policy);
        }
    }
    for key in &mapped.given.cleared {
        clear(&mut mapped.draft, key, policy);
    }
    text_messages(mapped, before, &fresh.contact, policy);
    mapped.draft.tell_silenced(policy.rules);
    for (key, value) in &mapped.given.marks {
        mark(&mut mapped.draft, &fresh.contact, key, value, policy);
    }
}

/// Consent to text messages, number by number, only tightens.
fn text_messages(mapped: &mut Mapped, before: &Contact, fresh: &Contact, policy: &Policy<'_>) {
    let known = |new: &Phone| before.is_silenced(new) || before.phones.iter().any(|phone| is_number(phone, new));
    let wants_none = before.silent_numbers().next().is_some() && before.phones.iter().all(|phone| !phone.sms);
    let phones = &mut mapped.draft.contact.phones;
    match mapped.given.sms {
        Some(allowed) => {
            let mut kept = Vec::new();
            for phone in phones {
                // A number that was there, however it was typed, keeps its no, unless the import may loosen consent.
                let may = phone.sms || policy.allow_opt_in || !known(phone);
                if allowed && !may {
                    kept.push(phone.dialled().to_owned());
                }
                phone.sms = allowed && may;
            }
            if !kept.is_empty() {
                let message = format!("{} gets no text messages, and that stays so", kept.join(", "));
                let invalid = Invalid::new(Caution::OptInRefused.as_str(), message);
                let invalid = invalid.hint("import with `--allow-opt-in` if the contact agreed");
                mapped.draft.warnings.push(Problem::of_value(&Field::Sms.into(), "yes", invalid));
            }
        }
        // Who wants no text messages to any number wants none to the next one either.
        None if wants_none && !policy.allow_opt_in => {
            phones.iter_mut().for_each(|phone| phone.sms = false);
        }
        None => {}
    }
    if mapped.given.no_sms {
        let silent = |phone: &Phone| fresh.phones.iter().any(|new| !new.sms && same_phone(new, phone));
        let phones = mapped.draft.contact.phones.iter_mut();
        phones.filter(|phone| silent(phone)).for_each(|phone| phone.sms = false);
    }
}

/// Marks values of the contact as the row says: those that it had, too. Marks are added, never taken away.
fn mark(draft: &mut Draft, fresh: &Contact, key: &FieldKey, value: &str, policy: &Policy<'_>) {
    draft.pending.retain(|pending| pending.key != *key);
    for part in cell::part(value) {
        let Err(invalid) = draft.contact.add(key, &part, policy.rules) else { continue };
        // Of a value that was put aside, as the policy wants it, nothing needs to be said.
        if fresh.clone().add(key, &part, policy.rules).is_err() {
            draft.pending.push(Pending { key: key.clone(), value: part.into_owned(), invalid });
        }
    }
}

fn overlay_field(draft: &mut Draft, (stored, fresh): (&Contact, &Contact), key: &FieldKey, policy: &Policy<'_>) {
    if says_nothing(fresh, key) {
        return;
    }
    let held = draft.contact.get(key).is_some();
    let placeholder = key.known() == Some(Field::LastName) && draft.contact.last_name_is_placeholder;
    let way = policy.precedence.way(key);
    // A person's no is heard whatever the policy; what loosens is looked at there.
    if way == Way::Fill && held && !placeholder && key.known() != Some(Field::SurveyOptOut) {
        return;
    }
    // Names that are equal without regard to case stay as they were written first.
    let same = match key.known() {
        Some(Field::Organization) => draft.contact.organization == fresh.organization,
        Some(Field::Owner) => draft.contact.owner == fresh.owner,
        Some(Field::Division) => draft.contact.division == fresh.division,
        Some(Field::SharedWith) => draft.contact.shared_with == fresh.shared_with,
        _ => false,
    };
    if same {
        return;
    }
    match key.known().map(|field| (field, field.shape())) {
        Some((Field::Labels, _)) if way != Way::Replace => fresh.labels.iter().for_each(|label| {
            draft.contact.add_label(label.clone());
        }),
        Some((Field::ExternalId, _)) if way != Way::Replace => {
            let missing = fresh.external_ids.iter().filter(|id| !draft.contact.external_ids.contains(id)).cloned();
            let missing: Vec<_> = missing.collect();
            draft.contact.external_ids.extend(missing);
        }
        Some((Field::SurveyOptOut, _)) => opt_out(draft, fresh.survey_opt_out, policy),
        Some((_, FieldShape::Phone(_) | FieldShape::Email(_) | FieldShape::Social(_))) => {
            take_unless_locked(draft, (stored, fresh), key, policy);
        }
        // Another one than the contact has is refused when the row is decided on, and not passed over here.
        Some((Field::Division, _)) => draft.contact.division.clone_from(&fresh.division),
        _ => take_field(&mut draft.contact, fresh, key),
    }
}

/// Whether a cell turned out to hold no value, as `-` is no name and a lone `;` no number: it keeps what is there, like a blank one.
fn says_nothing(fresh: &Contact, key: &FieldKey) -> bool {
    let always_says = matches!(key.known().map(Field::shape), Some(FieldShape::Typed | FieldShape::Marks));
    !always_says && fresh.get(key).is_none()
}

/// An import cannot opt anybody back in, unless it is told that it may; and it says so.
fn opt_out(draft: &mut Draft, wanted: bool, policy: &Policy<'_>) {
    if !wanted && draft.contact.survey_opt_out && !policy.allow_opt_in {
        let invalid =
            Invalid::new(Caution::OptInRefused.as_str(), "the contact opted out of surveys and stays so".to_owned());
        let hint = invalid.hint("import with `--allow-opt-in` if the contact agreed");
        draft.warnings.push(Problem::of_value(&Field::SurveyOptOut.into(), "no", hint));
        return;
    }
    draft.contact.survey_opt_out = wanted;
}

/// Replaces numbers, addresses or handles; what is said about one that stays (toggle, verified) stays with it, and goes with it into another
/// field, be it that the field where it was has another one by now.
fn take_unless_locked(draft: &mut Draft, (stored, fresh): (&Contact, &Contact), key: &FieldKey, policy: &Policy<'_>) {
    let before = draft.contact.clone();
    take_field(&mut draft.contact, fresh, key);
    keep_marks(&mut draft.contact, stored);
    let lost = if policy.rules.lock_verified { verified::lost(&before, &draft.contact) } else { Vec::new() };
    if let Some((_, value)) = lost.first() {
        let invalid = verified::locked(value);
        let invalid = invalid.hint(format!(
            "keep it in the row, or import with `--fill {key}`; a value beside it goes into another field"
        ));
        draft.contact = before;
        let value = fresh.joined(key).unwrap_or_default();
        draft.pending.push(Pending { key: key.clone(), value, invalid });
    }
}

/// Says whether two entries are one number, of whatever kind and however typed.
fn is_number(a: &Phone, b: &Phone) -> bool {
    a.raw == b.raw || (a.e164.is_some() && a.e164 == b.e164)
}

fn keep_marks(contact: &mut Contact, before: &Contact) {
    for phone in &mut contact.phones {
        let mut same = before.phones.iter().filter(|known| is_number(known, phone)).peekable();
        if let Some(known) = before.phones.iter().find(|known| same_phone(known, phone)) {
            (phone.sms, phone.verified) = (known.sms, known.verified || phone.verified);
        } else if let Some(known) = same.peek().copied() {
            // Under another kind the number is no other one: the stricter word holds.
            (phone.sms, phone.verified) = (same.all(|known| known.sms), known.verified || phone.verified);
        } else {
            phone.sms &= !before.is_silenced(phone);
        }
    }
    for mail in &mut contact.emails {
        let same = |known: &Email| known.kind == mail.kind && known.address.eq_ignore_ascii_case(&mail.address);
        mail.verified |= before.emails.iter().any(|known| same(known) && known.verified);
    }
    for social in &mut contact.socials {
        let same = |known: &Social| known.channel == social.channel && known.handle == social.handle;
        social.verified |= before.socials.iter().any(|known| same(known) && known.verified);
    }
}

/// `<clear>`: what may be blank becomes so, and what may not is refused with the reason.
fn clear(draft: &mut Draft, key: &FieldKey, policy: &Policy<'_>) {
    let (message, hint) = match key.known() {
        Some(Field::SurveyOptOut) => return opt_out(draft, false, policy),
        _ if policy.precedence.way(key) == Way::Fill && draft.contact.get(key).is_some() => {
            let invalid = Invalid::new("CLEAR_KEPT", "the value stays: this field is only filled where it is blank");
            let invalid = invalid.hint(format!("import with `--overwrite {key}`"));
            return draft.warnings.push(Problem::of_value(key, cell::CLEAR, invalid));
        }
        Some(Field::Type) => ("every contact has a type", "write lead, prospect, customer or other"),
        Some(Field::Level) => ("every contact has a level", "write primary, secondary or tertiary"),
        Some(Field::Sms | Field::NoSms) => {
            ("text messages are allowed or not, and never blank", "write yes or no into the column `SMS`")
        }
        Some(Field::AsTyped) => ("it goes with the numbers", "clear the number itself"),
        _ => return draft.offer(key, "", policy.rules),
    };
    let invalid = Invalid::new("CANNOT_CLEAR", message).hint(hint);
    draft.pending.push(Pending { key: key.clone(), value: cell::CLEAR.to_owned(), invalid });
}
