//! What differs between two states of a contact, field by field. Who changed it, when, and where that is kept, is decided above.

use super::contact::Contact;
use super::field::{FIELDS, Field, FieldKey};

/// One field's change, values as text; lists joined by `; `.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FieldChange {
    /// The field.
    pub key: FieldKey,
    /// Text before; `None` when there was no value.
    pub old: Option<String>,
    /// Text after; `None` when it was cleared.
    pub new: Option<String>,
}

/// Returns what differs, in the order of the field table, custom fields last.
#[must_use]
pub fn diff(before: &Contact, after: &Contact) -> Vec<FieldChange> {
    // Told by `sms_changes`, or no change of what is held.
    let told = |field: &Field| !matches!(field, Field::Sms | Field::NoSms | Field::AsTyped);
    let known = FIELDS.iter().map(|info| info.field).filter(told).map(FieldKey::Known);
    let custom = before.custom.keys().chain(after.custom.keys().filter(|key| !before.custom.contains_key(*key)));
    let custom = custom.map(|key| FieldKey::Custom(key.as_str().into()));
    let mut changes: Vec<FieldChange> =
        known.chain(custom).filter_map(|key| field_change(before, after, key)).collect();
    changes.extend(sms_changes(before, after));
    changes
}

fn field_change(before: &Contact, after: &Contact, key: FieldKey) -> Option<FieldChange> {
    let (old, new) = (before.joined(&key), after.joined(&key));
    (old != new).then_some(FieldChange { key, old, new })
}

/// The toggle is kept per number, so a change is told per number, too.
fn sms_changes(before: &Contact, after: &Contact) -> Option<FieldChange> {
    let told = |contact: &Contact, other: &Contact| {
        let differing = contact.phones.iter().filter(|phone| {
            other.phones.iter().any(|twin| twin.raw == phone.raw && twin.kind == phone.kind && twin.sms != phone.sms)
        });
        let told: Vec<String> =
            differing.map(|phone| format!("{} {}", phone.raw, super::access::yes_no(phone.sms))).collect();
        (!told.is_empty()).then(|| told.join("; "))
    };
    let (old, new) = (told(before, after), told(after, before));
    (old != new).then_some(FieldChange { key: Field::Sms.into(), old, new })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::rules::Rules;
    use crate::domain::tests::contact;

    #[test]
    fn only_what_differs_is_told() {
        let rules = Rules::for_tests();
        let before = contact("Lee");
        let mut after = before.clone();
        assert_eq!(diff(&before, &after), []);
        after.set(&Field::Mobile.into(), "+85212345678", &rules).unwrap();
        after.set(&FieldKey::parse("custom.tier").unwrap(), "gold", &rules).unwrap();
        let told: Vec<_> =
            diff(&before, &after).into_iter().map(|change| (change.key.to_string(), change.old, change.new)).collect();
        assert_eq!(
            told,
            [
                ("mobile".into(), None, Some("+85212345678".into())),
                ("custom.tier".to_string(), None, Some("gold".to_string()))
            ]
        );
        let mut silent = after.clone();
        silent.phones[0].sms = false;
        assert_eq!(diff(&after, &silent)[0].new.as_deref(), Some("+85212345678 no"));
    }
}
