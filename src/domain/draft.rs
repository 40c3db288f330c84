//! A contact in the making: what was taken so far, and what was refused but may still be put right by a later edit.

use std::borrow::Cow;

use super::contact::Contact;
use super::field::{Field, FieldKey};
use super::invalid::Invalid;
use super::problem::Problem;
use super::rules::{MissingLastName, RequiredNames, Rules};
use super::text;
use super::warning::{Caution, Warning};

/// The word that stands for a missing last name.
pub const PLACEHOLDER_LAST_NAME: &str = "customer";

/// A contact together with the values that the rules refused so far.
#[derive(Clone, PartialEq, Debug)]
pub struct Draft {
    /// What was taken.
    pub contact: Contact,
    /// Values that were refused, with the reason, by field.
    pub pending: Vec<Pending>,
    /// Things to know about values that were taken.
    pub warnings: Vec<Problem>,
    /// Numbers that the contact has or had, here or before, and that get no text messages.
    silent: Vec<String>,
}

/// A refused value.
#[derive(Clone, PartialEq, Debug)]
pub struct Pending {
    /// The field.
    pub key: FieldKey,
    /// The value as given.
    pub value: String,
    /// Why it was refused.
    pub invalid: Invalid,
}

impl Draft {
    /// Starts from a contact, with nothing refused.
    #[must_use]
    pub fn new(contact: Contact) -> Self {
        let silent = contact.silent_numbers().map(str::to_owned).collect();
        Self { contact, pending: Vec::new(), warnings: Vec::new(), silent }
    }

    /// Returns a field's text: the refused value while there is one, so that a plugin can repair it, else the contact's.
    #[must_use]
    pub fn get(&self, key: &FieldKey) -> Option<Cow<'_, str>> {
        match self.pending.iter().find(|pending| pending.key == *key) {
            Some(pending) => Some(Cow::Borrowed(&pending.value)),
            None => self.contact.get(key),
        }
    }

    /// Sets a field, keeping a refused value as pending. What was refused before stays refused: a good value beside a bad one does not
    /// make the bad one good.
    pub fn offer(&mut self, key: &FieldKey, value: &str, rules: &Rules) {
        if let Err(invalid) = self.take(key, value, rules) {
            self.pending.push(Pending { key: key.clone(), value: value.to_owned(), invalid });
        }
    }

    /// Sets a field as a repair: a good value for the whole field settles what was refused of it before.
    ///
    /// # Errors
    /// The rule that refuses the value; the draft is then unchanged.
    pub fn set(&mut self, key: &FieldKey, value: &str, rules: &Rules) -> Result<(), Invalid> {
        self.take(key, value, rules)?;
        self.pending.retain(|pending| pending.key != *key);
        Ok(())
    }

    fn take(&mut self, key: &FieldKey, value: &str, rules: &Rules) -> Result<(), Invalid> {
        self.note_silent();
        let warnings = self.contact.set(key, value, rules).map_err(|invalid| nothing_meant(value, invalid))?;
        self.keep_silent(key);
        self.warn(key, value, warnings);
        Ok(())
    }

    fn warn(&mut self, key: &FieldKey, value: &str, warnings: Vec<Warning>) {
        self.warnings.extend(warnings.into_iter().map(|warning| Problem::to_know(key, value, warning)));
    }

    /// Adds a value to a list field. What was refused before stays refused: it is not the value that was meant.
    ///
    /// # Errors
    /// The rule that refuses the value.
    pub fn add(&mut self, key: &FieldKey, value: &str, rules: &Rules) -> Result<(), Invalid> {
        self.note_silent();
        let warnings = self.contact.add(key, value, rules)?;
        self.keep_silent(key);
        self.warn(key, value, warnings);
        Ok(())
    }

    /// Removes a value from a field; says whether it was there.
    ///
    /// # Errors
    /// The rule that keeps the value.
    pub fn remove(&mut self, key: &FieldKey, value: &str, rules: &Rules) -> Result<bool, Invalid> {
        self.note_silent();
        self.contact.remove(key, value, rules)
    }

    /// Takes down which numbers get no text messages; what somebody allowed since is allowed.
    fn note_silent(&mut self) {
        let phones = &self.contact.phones;
        self.silent.retain(|number| !phones.iter().any(|phone| phone.sms && phone.dialled() == number));
        for phone in phones.iter().filter(|phone| !phone.sms) {
            if !self.silent.iter().any(|number| number == phone.dialled()) {
                self.silent.push(phone.dialled().to_owned());
            }
        }
    }

    /// A number that moves to another field takes its no to text messages along, though another number has taken its place before.
    fn keep_silent(&mut self, key: &FieldKey) {
        if self.silent.is_empty() || matches!(key.known(), Some(Field::Sms | Field::NoSms)) {
            return;
        }
        for phone in &mut self.contact.phones {
            phone.sms &= !self.silent.iter().any(|number| number == phone.dialled());
        }
    }

    /// Tells of numbers that came back and get no text messages, for they got none before.
    pub fn tell_silenced(&mut self, rules: &Rules) {
        // Where no number gets any until somebody says so, nobody expects otherwise.
        if !rules.sms_default {
            return;
        }
        for phone in self.contact.phones.iter().filter(|phone| !phone.sms && self.contact.is_silenced(phone)) {
            let number = phone.dialled();
            let message = format!(
                "{number} got no text messages when the contact had it before, and gets none now; a person can allow them with `no_sms-={number}`"
            );
            let told = Problem::to_know(&Field::Sms.into(), number, Warning::new(Caution::SmsOffKept, message));
            if !self.warnings.contains(&told) {
                self.warnings.push(told);
            }
        }
    }

    /// Applies the rules about the whole record, filling in a missing last name where they say so, and returns all problems.
    pub fn settle(&mut self, rules: &Rules) -> Vec<Problem> {
        self.contact.put_in_order();
        self.note_silent();
        self.tell_silenced(rules);
        self.contact.silenced.clear();
        self.contact.remember_silent(self.silent.iter().map(String::as_str));
        let mut problems: Vec<Problem> = self
            .pending
            .iter()
            .map(|pending| Problem::of_value(&pending.key, &pending.value, pending.invalid.clone()))
            .collect();
        let refused = |field| self.pending.iter().any(|pending| pending.key.known() == Some(field));
        let (no_first, no_last) = (refused(Field::FirstName), refused(Field::LastName));
        if rules.required_names == RequiredNames::FirstAndLast && self.contact.first_name.is_none() && !no_first {
            problems.push(missing(
                Field::FirstName,
                "FIRST_NAME_MISSING",
                "the first name is missing",
                "fill in the first name",
            ));
        }
        if self.contact.last_name.is_none() && !no_last {
            problems.extend(fill_last_name(&mut self.contact, rules.missing_last_name));
        }
        problems
    }
}

/// `N/A` is no value, and no mistake in one either: there is a better hint than how to write it.
fn nothing_meant(value: &str, invalid: Invalid) -> Invalid {
    let nothing = text::is_blank_token(value) && !text::is_blank(value);
    if nothing { invalid.hint(text::LEAVE_EMPTY) } else { invalid }
}

fn missing(field: Field, code: &'static str, message: &str, hint: &str) -> Problem {
    Problem::of_record(Some(&field.into()), Invalid::new(code, message.to_owned()).hint(hint))
}

/// Returns what stands for a missing last name.
#[must_use]
pub fn stand_in(contact: &Contact, policy: MissingLastName) -> Option<String> {
    match policy {
        MissingLastName::Customer => Some(PLACEHOLDER_LAST_NAME.to_owned()),
        MissingLastName::Reject => None,
        MissingLastName::FirstName => contact.first_name.clone(),
        MissingLastName::Email => {
            contact.emails.first().and_then(|mail| mail.address.split('@').next()).map(str::to_owned)
        }
    }
}

fn fill_last_name(contact: &mut Contact, policy: MissingLastName) -> Option<Problem> {
    let stand_in = stand_in(contact, policy);
    contact.last_name_is_placeholder = stand_in.is_some();
    contact.last_name = stand_in;
    contact.last_name.is_none().then(|| {
        missing(
            Field::LastName,
            "LAST_NAME_MISSING",
            "the last name is missing",
            "fill in the last name, or set `missing_last_name = \"customer\"`",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::tests::contact;

    #[test]
    fn a_refused_value_stays_readable_and_is_settled_by_a_good_one() {
        let (rules, mobile) = (Rules::for_tests(), Field::Mobile.into());
        let mut draft = Draft::new(contact("Lee"));
        draft.offer(&mobile, "8.5E+11", &rules);
        assert_eq!(draft.get(&mobile).unwrap(), "8.5E+11");
        assert_eq!(draft.clone().settle(&rules)[0].code, "PHONE_SCIENTIFIC");
        draft.set(&mobile, "+85212345678", &rules).unwrap();
        assert_eq!(draft.settle(&rules), []);
        assert_eq!(draft.get(&mobile).unwrap(), "+85212345678");
        draft.offer(&mobile, "abc", &rules);
        draft.offer(&mobile, "+85212345679", &rules);
        draft.add(&mobile, "+85212345670", &rules).unwrap();
        assert_eq!(draft.settle(&rules)[0].value.as_deref(), Some("abc"), "what stands beside it does not settle it");
    }

    #[test]
    fn a_no_to_text_messages_follows_the_number() {
        let (rules, (mobile, work)) = (Rules::for_tests(), (Field::Mobile.into(), Field::WorkPhone.into()));
        let (old, new, other) = ("+85291234567", "+85298765432", "+85223456789");
        let mut lee = contact("Lee");
        lee.set(&mobile, old, &rules).unwrap();
        lee.set(&work, other, &rules).unwrap();
        lee.set(&Field::NoSms.into(), old, &rules).unwrap();
        let check = |change: &dyn Fn(&mut Draft), expected: &str| {
            let mut draft = Draft::new(lee.clone());
            change(&mut draft);
            assert_eq!(draft.contact.get(&Field::NoSms.into()).as_deref().unwrap_or(""), expected);
        };
        let set = |draft: &mut Draft, key: &FieldKey, value: &str| draft.set(key, value, &rules).unwrap();
        let moved = |draft: &mut Draft| {
            set(draft, &mobile, new);
            set(draft, &work, old);
        };
        check(&moved, old);
        check(&|draft| (draft.offer(&mobile, new, &rules), draft.offer(&work, "+852 9123 4567", &rules)).0, old);
        check(
            &|draft| {
                draft.remove(&mobile, old, &rules).unwrap();
                draft.add(&work, old, &rules).unwrap();
            },
            old,
        );
        // Somebody's explicit word counts, before and after.
        check(
            &|draft| {
                draft.remove(&Field::NoSms.into(), old, &rules).unwrap();
                moved(draft);
            },
            "",
        );
        check(
            &|draft| {
                moved(draft);
                draft.remove(&Field::NoSms.into(), old, &rules).unwrap();
                draft.add(&mobile, other, &rules).unwrap();
            },
            "",
        );
    }

    #[test]
    fn a_missing_last_name_follows_the_policy() {
        let check = |policy, expected: Option<&str>| {
            let mut draft = Draft::new(contact(""));
            draft.contact.first_name = Some("Ann".into());
            let rules = Rules { missing_last_name: policy, ..Rules::for_tests() };
            let problems = draft.settle(&rules);
            assert_eq!(draft.contact.last_name.as_deref(), expected);
            assert_eq!(problems.is_empty(), expected.is_some());
            assert_eq!(draft.contact.last_name_is_placeholder, expected.is_some());
        };
        check(MissingLastName::Customer, Some("customer"));
        check(MissingLastName::Reject, None);
        check(MissingLastName::FirstName, Some("Ann"));
        check(MissingLastName::Email, None);
    }
}
