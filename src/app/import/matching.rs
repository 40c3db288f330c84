//! Finding the stored contact that a row is about, and bringing the two together. Runs in the writer, in file order, on what is
//! committed.

use std::sync::Arc;

use super::row::Mapped;
use crate::app::failure::Failure;
use crate::config::{MatchBy, Settings};
use crate::domain::contact::{Contact, Email, Phone, Social};
use crate::domain::draft::{Draft, Pending};
use crate::domain::field::{Field, FieldKey, FieldShape};
use crate::domain::id::ContactId;
use crate::domain::invalid::Invalid;
use crate::domain::merge::take_field;
use crate::domain::permission::{Access, Right, Viewer};
use crate::domain::problem::Problem;
use crate::domain::rules::Rules;
use crate::domain::verified::{self, same_phone};
use crate::domain::warning::Caution;
use crate::store::{Identifier, Store};

/// What matching found.
pub(super) enum Found {
    /// Nobody.
    None,
    /// One contact.
    One(Arc<Contact>),
    /// Several, which is for a person to sort out.
    Several(Vec<ContactId>),
}

/// How rows and stored contacts come together.
pub(super) struct Policy<'s> {
    pub(super) settings: &'s Settings,
    pub(super) rules: &'s Rules,
    pub(super) allow_opt_in: bool,
}

/// The identifiers of a contact by which it may be matched.
fn identifiers(contact: &Contact, by: MatchBy) -> Vec<Identifier> {
    match by {
        MatchBy::ExternalId => {
            let ids = contact.external_ids.iter().cloned();
            ids.map(|id| Identifier::ExternalId { source: id.source, id: id.id }).collect()
        }
        MatchBy::Email => contact.emails.iter().map(|mail| Identifier::Email(mail.address.clone())).collect(),
        MatchBy::Phone => contact.phones.iter().filter_map(|phone| phone.e164.clone()).map(Identifier::Phone).collect(),
    }
}

/// Finds the contact that an export wrote the row about; one that was merged away leads to its master. An id that is unknown says
/// nothing, nor does one of a contact that whoever imports may not see.
pub(super) fn by_id(
    store: &Store,
    id: Option<&str>,
    settings: &Settings,
    viewer: &Viewer,
) -> Result<Option<Contact>, Failure> {
    let Some(id) = id.and_then(|id| id.trim().parse::<ContactId>().ok()) else { return Ok(None) };
    let found = store.read(|reader| reader.contact(id))?;
    Ok(found.filter(|contact| viewer.may(Right::Edit, contact, settings.access)))
}

/// Searches the store by the kinds of identifiers in the order of the setting. A later kind may narrow what an earlier one found, for
/// people share numbers; kinds that contradict each other leave the row ambiguous. An id in another system decides alone.
/// Contacts that whoever imports may not see are not there.
pub(super) fn find(store: &Store, contact: &Contact, settings: &Settings, viewer: &Viewer) -> Result<Found, Failure> {
    let mut found: Vec<Contact> = Vec::new();
    for by in &settings.match_by {
        let next = candidates(store, contact, *by, viewer, settings.access)?;
        if next.is_empty() {
            continue;
        }
        if *by == MatchBy::ExternalId && next.len() == 1 {
            found = next;
            break;
        }
        let common = |known: &Contact| next.iter().any(|candidate| candidate.id == known.id);
        if found.is_empty() {
            found = next;
        } else if found.iter().any(common) {
            found.retain(common);
        } else {
            found.extend(next);
            break;
        }
    }
    Ok(match found.len() {
        0 => Found::None,
        1 => found.pop().map_or(Found::None, |contact| Found::One(Arc::new(contact))),
        _ => Found::Several(found.into_iter().map(|contact| contact.id).collect()),
    })
}

/// Contacts looked at for one identifier.
const CANDIDATES: usize = 10;

fn candidates(
    store: &Store,
    contact: &Contact,
    by: MatchBy,
    viewer: &Viewer,
    access: Access,
) -> Result<Vec<Contact>, Failure> {
    // Among contacts of others, one's own could be anywhere.
    let limit = if viewer.is_admin() { CANDIDATES } else { usize::MAX };
    let mut found: Vec<Contact> = Vec::new();
    store.read(|reader| {
        for identifier in identifiers(contact, by) {
            for candidate in reader.find(&identifier, limit)? {
                if viewer.may(Right::Edit, &candidate, access) && !found.iter().any(|known| known.id == candidate.id) {
                    found.push(candidate);
                }
            }
        }
        Ok(())
    })?;
    Ok(found)
}

/// The refusal of a row that fits several contacts.
pub(super) fn ambiguous(ids: &[ContactId]) -> Invalid {
    let told: Vec<String> = ids.iter().take(5).map(ToString::to_string).collect();
    Invalid::new("AMBIGUOUS_MATCH", format!("the row fits {} contacts: {}", ids.len(), told.join(", ")))
        .hint("correct the row's e-mail or phone, give it an external id, or merge the contacts if they are one person")
}

/// The refusal of a row whose person is in the store, under `on_match = "reject"`.
pub(super) fn exists(contact: &Contact) -> Invalid {
    Invalid::new("EXISTS", format!("this person is in the store already: {} ({})", contact.display_name(), contact.id))
        .hint("import with `--on-match update` to bring it up to date")
}

/// Puts what a row says over a stored contact. What it does not say stays; lists of names grow; consent only tightens.
pub(super) fn overlay(mapped: &mut Mapped, before: &Contact, policy: &Policy<'_>) {
    let fresh = std::mem::replace(&mut mapped.draft, Draft::new(before.clone()));
    mapped.draft.contact.updated = fresh.contact.updated.clone();
    mapped.draft.pending = fresh.pending;
    mapped.draft.warnings = fresh.warnings;
    for key in &mapped.given.keys {
        if !mapped.draft.pending.iter().any(|pending| pending.key == *key) {
            overlay_field(&mut mapped.draft, &fresh.contact, key, policy);
        }
    }
    for key in &mapped.given.cleared {
        clear(&mut mapped.draft, key, policy);
    }
    if let Some(allowed) = mapped.given.sms {
        let known = |new: &Phone| before.phones.iter().any(|phone| is_number(phone, new));
        for phone in &mut mapped.draft.contact.phones {
            // A number that was there, however it was typed, keeps its no, unless the import may loosen consent.
            phone.sms = allowed && (phone.sms || policy.allow_opt_in || !known(phone));
        }
    }
    if mapped.given.no_sms {
        let silent = |phone: &Phone| fresh.contact.phones.iter().any(|new| !new.sms && same_phone(new, phone));
        mapped.draft.contact.phones.iter_mut().filter(|phone| silent(phone)).for_each(|phone| phone.sms = false);
    }
}

fn overlay_field(draft: &mut Draft, fresh: &Contact, key: &FieldKey, policy: &Policy<'_>) {
    let held = draft.contact.get(key).is_some();
    let placeholder = key.known() == Some(Field::LastName) && draft.contact.last_name_is_placeholder;
    if policy.settings.fill_blanks_only && held && !placeholder {
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
        Some((Field::Labels, _)) => fresh.labels.iter().for_each(|label| {
            draft.contact.add_label(label.clone());
        }),
        Some((Field::ExternalId, _)) => {
            let missing = fresh.external_ids.iter().filter(|id| !draft.contact.external_ids.contains(id)).cloned();
            let missing: Vec<_> = missing.collect();
            draft.contact.external_ids.extend(missing);
        }
        Some((Field::SurveyOptOut, _)) => opt_out(draft, fresh.survey_opt_out, policy),
        Some((_, FieldShape::Phone(_) | FieldShape::Email(_) | FieldShape::Social(_))) => {
            take_unless_locked(draft, fresh, key, policy);
        }
        // Another one than the contact has is refused when the row is decided on, and not passed over here.
        Some((Field::Division, _)) => draft.contact.division.clone_from(&fresh.division),
        _ => take_field(&mut draft.contact, fresh, key),
    }
}

/// An import cannot opt anybody back in, unless it is told that it may; and it says so.
fn opt_out(draft: &mut Draft, wanted: bool, policy: &Policy<'_>) {
    if !wanted && draft.contact.survey_opt_out && !policy.allow_opt_in {
        let code = Caution::OptInRefused.as_str();
        let invalid = Invalid::new(code, "the contact opted out of surveys and stays so".to_owned());
        let hint = invalid.hint("import with `--allow-opt-in` if the contact agreed");
        draft.warnings.push(Problem::of_value(&Field::SurveyOptOut.into(), "no", hint));
        return;
    }
    draft.contact.survey_opt_out = wanted;
}

/// Replaces numbers, addresses or handles; what is said about one that stays (toggle, verified) stays with it.
fn take_unless_locked(draft: &mut Draft, fresh: &Contact, key: &FieldKey, policy: &Policy<'_>) {
    let before = draft.contact.clone();
    take_field(&mut draft.contact, fresh, key);
    keep_marks(&mut draft.contact, &before);
    let lost = if policy.rules.lock_verified { verified::lost(&before, &draft.contact) } else { Vec::new() };
    if let Some((_, value)) = lost.first() {
        let invalid = verified::locked(value);
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

fn clear(draft: &mut Draft, key: &FieldKey, policy: &Policy<'_>) {
    if key.known() == Some(Field::SurveyOptOut) {
        return opt_out(draft, false, policy);
    }
    draft.offer(key, "", policy.rules);
}
