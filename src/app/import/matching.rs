//! Finding the stored contact that a row is about, and bringing the two together. Runs in the writer, in file order, on what is
//! committed and on what this batch is about to write.

use std::sync::Arc;

use super::row::Mapped;
use crate::app::failure::Failure;
use crate::config::{MatchBy, Settings};
use crate::domain::contact::Contact;
use crate::domain::draft::Draft;
use crate::domain::field::{FIELDS, Field, FieldKey};
use crate::domain::id::ContactId;
use crate::domain::invalid::Invalid;
use crate::domain::rules::Rules;
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

/// The identifiers of a contact by which it may be matched, in the order of the setting.
fn identifiers(contact: &Contact, by: MatchBy) -> Vec<Identifier> {
    match by {
        MatchBy::ExternalId => contact
            .external_ids
            .iter()
            .cloned()
            .map(|id| Identifier::ExternalId { source: id.source, id: id.id })
            .collect(),
        MatchBy::Email => contact.emails.iter().map(|mail| Identifier::Email(mail.address.clone())).collect(),
        MatchBy::Phone => contact.phones.iter().filter_map(|phone| phone.e164.clone()).map(Identifier::Phone).collect(),
    }
}

/// Searches the store by every identifier of the row.
pub(super) fn find(store: &Store, contact: &Contact, settings: &Settings) -> Result<Found, Failure> {
    let mut found: Vec<Contact> = Vec::new();
    store.read(|reader| {
        for identifier in settings.match_by.iter().flat_map(|by| identifiers(contact, *by)) {
            for candidate in reader.find(&identifier, 3)? {
                if !found.iter().any(|known| known.id == candidate.id) {
                    found.push(candidate);
                }
            }
        }
        Ok(())
    })?;
    Ok(match found.len() {
        0 => Found::None,
        1 => found.pop().map_or(Found::None, |contact| Found::One(Arc::new(contact))),
        _ => Found::Several(found.into_iter().map(|contact| contact.id).collect()),
    })
}

/// The refusal of a row that fits several contacts.
pub(super) fn ambiguous(ids: &[ContactId]) -> Invalid {
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    Invalid::new("AMBIGUOUS_MATCH", format!("the row fits {} contacts: {}", ids.len(), ids.join(", ")))
        .hint("merge them with `carnet contact merge`, or correct the row's e-mail or phone")
}

/// The refusal of a row whose person is in the store, under `on_match = "reject"`.
pub(super) fn exists(contact: &Contact) -> Invalid {
    Invalid::new("EXISTS", format!("this person is in the store already: {} ({})", contact.display_name(), contact.id))
        .hint("import with `--on-match update` to bring it up to date")
}

/// Puts a row's values over a stored contact: a blank cell keeps what is there, and consent only tightens.
/// `given` are the fields that the row has a value for; `cleared` those that it clears.
pub(super) fn overlay(mapped: &mut Mapped, before: &Contact, rules: &Rules, settings: &Settings, allow_opt_in: bool) {
    let mut after = before.clone();
    let fresh = &mapped.draft.contact;
    for info in FIELDS {
        let key = FieldKey::Known(info.field);
        if mapped.draft.pending.iter().any(|pending| pending.key == key) {
            continue;
        }
        overlay_field(&mut after, fresh, &key, settings.fill_blanks_only, allow_opt_in, rules);
    }
    for (key, value) in &fresh.custom {
        if !settings.fill_blanks_only || !after.custom.contains_key(key) {
            after.custom.insert(key.clone(), value.clone());
        }
    }
    after.updated = fresh.updated.clone();
    let draft = Draft {
        contact: after,
        pending: std::mem::take(&mut mapped.draft.pending),
        warnings: std::mem::take(&mut mapped.draft.warnings),
    };
    mapped.draft = draft;
}

fn overlay_field(
    after: &mut Contact,
    fresh: &Contact,
    key: &FieldKey,
    fill_only: bool,
    allow_opt_in: bool,
    rules: &Rules,
) {
    match key.known() {
        // Additive: a row never takes a label or an id in another system away.
        Some(Field::Labels) => fresh.labels.iter().for_each(|label| {
            after.add_label(label.clone());
        }),
        Some(Field::SurveyOptOut) => {
            after.survey_opt_out = fresh.survey_opt_out || (after.survey_opt_out && !allow_opt_in)
        }
        // A default is not something that the row said.
        Some(Field::Type) if fresh.kind == crate::domain::contact::ContactType::Lead => {}
        Some(Field::Level) if fresh.level == crate::domain::contact::Level::Primary => {}
        Some(Field::Sms) => {}
        _ => {
            let Some(value) = fresh.joined(key) else { return };
            if fill_only && after.get(key).is_some() {
                return;
            }
            if key.known() == Some(Field::LastName) && fresh.last_name_is_placeholder {
                return;
            }
            let several = Rules { multi_value: true, ..rules.clone() };
            // The value passed the rules once; a lock on a verified value keeps what is there.
            let _ = after.set(key, &value, &several);
        }
    }
}
