//! A contact under a plugin's pen: reads and writes by field name, through the built-in rules, recorded and undoable.

use std::borrow::Cow;
use std::sync::Arc;

use super::{EditError, Refusal, Terms, Tracker};
use crate::domain::contact::Phone;
use crate::domain::draft::Draft;
use crate::domain::field::{Field, FieldKey};
use crate::domain::invalid::Invalid;
use crate::domain::rules::Rules;

/// Longest value that a plugin may write, in bytes.
const VALUE_BYTES: usize = 64 << 10;

/// Most values that a plugin may bring a list to.
const LIST_VALUES: usize = 1000;

/// A draft with recorded edits. What it was before the call is kept from the first write on.
#[derive(Debug)]
pub struct Sheet {
    draft: Draft,
    rules: Arc<Rules>,
    undo: Option<Box<Draft>>,
    pub(super) tracker: Tracker,
}

/// How a value is written.
#[derive(Copy, Clone)]
enum Write {
    Set,
    Add,
    Remove,
}

impl Sheet {
    /// Puts a draft under the pen.
    #[must_use]
    pub fn new(draft: Draft, rules: Arc<Rules>) -> Self {
        Self { draft, rules, undo: None, tracker: Tracker::new() }
    }

    /// Returns the draft as it stands.
    #[must_use]
    pub const fn draft(&self) -> &Draft {
        &self.draft
    }

    /// Applies rules about the whole record, which may fill in what is missing.
    pub fn settle_by<T>(&mut self, rules: impl FnOnce(&mut Draft) -> T) -> T {
        rules(&mut self.draft)
    }

    /// Returns the draft and lets go of everything else.
    #[must_use]
    pub fn into_draft(self) -> Draft {
        self.draft
    }

    /// Returns a field's text: the first value of a list, or the refused value while there is one.
    ///
    /// # Errors
    /// `FIELD_UNKNOWN`, or `NOT_GRANTED`.
    pub fn get(&self, name: &str) -> Result<Option<Cow<'_, str>>, Refusal> {
        Ok(self.draft.get(&self.readable(name)?))
    }

    /// Returns all values of a list field.
    ///
    /// # Errors
    /// `FIELD_UNKNOWN`, or `NOT_GRANTED`.
    pub fn values(&self, name: &str) -> Result<Vec<Cow<'_, str>>, Refusal> {
        Ok(self.draft.contact.values(&self.readable(name)?))
    }

    /// Sets a field; a blank text clears it.
    ///
    /// # Errors
    /// The rule, grant or limit that refuses it.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), EditError> {
        self.write(name, value, Write::Set)
    }

    /// Adds a value to a list field.
    ///
    /// # Errors
    /// The rule, grant or limit that refuses it.
    pub fn add(&mut self, name: &str, value: &str) -> Result<(), EditError> {
        self.write(name, value, Write::Add)
    }

    /// Removes a value from a list field; a value that is not there is no error.
    ///
    /// # Errors
    /// The rule, grant or limit that refuses it.
    pub fn remove(&mut self, name: &str, value: &str) -> Result<(), EditError> {
        self.write(name, value, Write::Remove)
    }

    pub(super) fn readable(&self, name: &str) -> Result<FieldKey, Refusal> {
        let key = FieldKey::parse(name).map_err(|invalid| refusal(name, invalid))?;
        self.tracker.may_read(name).map(|()| key)
    }

    fn write(&mut self, name: &str, value: &str, how: Write) -> Result<(), EditError> {
        let key = match FieldKey::parse(name) {
            Ok(key) => key,
            Err(invalid) => return Err(self.tracker.refuse(refusal(name, invalid))),
        };
        self.tracker.may_write(name)?;
        if let Some(refusal) = self.not_a_plugins_to_do(&key, name, value, how) {
            return Err(self.tracker.refuse(refusal));
        }
        let old = self.text(&key);
        if self.undo.is_none() {
            self.undo = Some(Box::new(self.draft.clone()));
        }
        let toggles = matches!(key.known(), Some(Field::Sms | Field::NoSms));
        let phones = toggles.then(|| self.draft.contact.phones.clone());
        let done = match how {
            Write::Set => self.draft.set(&key, value, &self.rules),
            Write::Add => self.draft.add(&key, value, &self.rules),
            Write::Remove => self.draft.remove(&key, value, &self.rules).map(drop),
        };
        match done {
            Ok(()) => {
                if let Some(phones) = phones.filter(|phones| loosens(phones, &self.draft.contact.phones)) {
                    self.draft.contact.phones = phones;
                    let message = "a plugin cannot allow text messages to a number that gets none".to_owned();
                    let hint = "only a person can, by editing the contact";
                    return Err(self.tracker.refuse(Refusal::new("CONSENT", name, message, hint)));
                }
                if !toggles {
                    self.keep_silent();
                }
                let new = self.text(&key);
                self.tracker.note(static_name(&key), old, new);
                Ok(())
            }
            Err(invalid) => Err(self.tracker.refuse(refusal(name, invalid))),
        }
    }

    /// What rules allow a person but not a plugin: loosening consent, and values or lists of any length.
    fn not_a_plugins_to_do(&self, key: &FieldKey, name: &str, value: &str, how: Write) -> Option<Refusal> {
        if value.len() > VALUE_BYTES {
            let message = format!("a value of {} bytes is longer than {VALUE_BYTES}", value.len());
            return Some(Refusal::new("VALUE_TOO_LONG", name, message, "write less"));
        }
        if matches!(how, Write::Add) && self.draft.contact.values(key).len() >= LIST_VALUES {
            let message = format!("`{name}` holds {LIST_VALUES} values already");
            return Some(Refusal::new("LIST_FULL", name, message, "remove some first"));
        }
        let opts_in = key.known() == Some(Field::SurveyOptOut)
            && self.draft.contact.survey_opt_out
            && !crate::domain::access::read_yes_no(value).unwrap_or(false);
        opts_in.then(|| {
            let message = "a plugin cannot opt a contact back in to surveys".to_owned();
            Refusal::new("CONSENT", name, message, "only a person can, by editing the contact")
        })
    }

    /// A number that gets no text messages gets none in another field either, whatever a plugin wrote in between.
    fn keep_silent(&mut self) {
        let Some(before) = &self.undo else { return };
        for phone in self.draft.contact.phones.iter_mut().filter(|phone| phone.sms) {
            let same = |known: &Phone| known.raw == phone.raw || (known.e164.is_some() && known.e164 == phone.e164);
            phone.sms = !before.contact.phones.iter().any(|known| !known.sms && same(known));
        }
    }

    /// A refused value counts as the text before, so that a repair is told as one.
    fn text(&self, key: &FieldKey) -> Option<String> {
        let pending = self.draft.pending.iter().find(|pending| pending.key == *key);
        pending.map(|pending| pending.value.clone()).or_else(|| self.draft.contact.joined(key))
    }

    pub(super) fn begin(&mut self, terms: Arc<Terms>) {
        self.tracker.begin(terms);
        self.undo = None;
    }

    pub(super) fn undo(&mut self) {
        if let Some(before) = self.undo.take() {
            self.draft = *before;
        }
    }

    pub(super) fn forget_undo(&mut self) {
        self.undo = None;
    }
}

/// Says whether any of the same numbers gets text messages that got none.
fn loosens(before: &[Phone], after: &[Phone]) -> bool {
    before.iter().zip(after).any(|(before, after)| !before.sms && after.sms)
}

pub(super) fn refusal(name: &str, invalid: Invalid) -> Refusal {
    Refusal {
        code: Cow::Borrowed(invalid.code),
        field: super::named(name),
        message: invalid.message,
        hint: invalid.hint,
    }
}

/// Built-in names are not copied for every edit.
fn static_name(key: &FieldKey) -> Cow<'static, str> {
    key.known().map_or_else(|| Cow::Owned(key.to_string()), |field: Field| Cow::Borrowed(field.name()))
}
