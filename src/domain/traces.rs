//! What a person leaves in texts and rows: addresses, numbers, handles, ids and names, and how they are recognised in any notation. Where to
//! look, and what is done with what is found, is decided above.

mod glance;

pub use glance::Glance;

use super::contact::{Contact, ExternalId};
use super::email::parse_email;
use super::field::{Field, FieldKey, FieldShape};
use super::phone::digits;
use super::text::{digit_value, fold};

/// Digits that a number without a country code has at least, to be somebody's.
const NATIONAL_DIGITS: usize = 7;

/// Characters that an id or a handle has at least, to stand for a person as a whole cell, and inside a text.
const TELLING_CELL: usize = 4;
const TELLING_TEXT: usize = 6;

/// Everything by which a person is recognised.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Traces {
    /// Addresses in lower case.
    emails: Vec<String>,
    /// Digits of numbers in E.164.
    phones: Vec<String>,
    /// Digits of other numbers.
    numbers: Vec<String>,
    handles: Vec<String>,
    ids: Vec<ExternalId>,
    /// Values of custom fields that no two contacts share: key, and the value in its search form.
    customs: Vec<(String, String)>,
    /// Names in their search form.
    firsts: Vec<String>,
    lasts: Vec<String>,
}

/// Whether a row is about the person.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Sight {
    /// Nothing of the person is in it.
    None,
    /// It is somebody else's, and what is said of it names the person.
    Mentioned,
    /// It has the person's name or number, and an address or a number that is somebody else's.
    Namesake,
    /// It is about the person.
    Person,
}

impl Traces {
    /// Adds what one state of the person's contact tells.
    pub fn add(&mut self, contact: &Contact) {
        contact.emails.iter().for_each(|mail| put(&mut self.emails, mail.address.trim().to_lowercase()));
        for phone in &contact.phones {
            self.add_number(phone.e164.as_deref(), &phone.raw);
        }
        for number in &contact.silenced {
            self.add_number(Some(number.as_str()).filter(|number| number.starts_with('+')), number);
        }
        for social in &contact.socials {
            self.add_handle(&social.handle);
        }
        contact.external_ids.iter().for_each(|id| put(&mut self.ids, id.clone()));
        let placeholder = contact.last_name_is_placeholder;
        let last = contact.last_name.as_ref().filter(|_| !placeholder);
        contact.first_name.iter().chain(&contact.other_first_names).for_each(|name| put(&mut self.firsts, fold(name)));
        last.into_iter().chain(&contact.other_last_names).for_each(|name| put(&mut self.lasts, fold(name)));
    }

    /// Adds what a field once held, as the change log has it: the values of a list joined by `; `.
    pub fn add_value(&mut self, field: &str, text: &str) {
        let Ok(FieldKey::Known(field)) = FieldKey::parse(field) else { return };
        for value in text.split("; ").map(str::trim).filter(|value| !value.is_empty()) {
            match field.shape() {
                FieldShape::Email(_) => put(&mut self.emails, value.to_lowercase()),
                FieldShape::Phone(_) => self.add_number(Some(value).filter(|value| value.starts_with('+')), value),
                FieldShape::Social(_) => self.add_handle(value),
                _ => match field {
                    Field::ExternalId => {
                        let (source, id) = value.split_once(':').unwrap_or(("", value));
                        put(&mut self.ids, ExternalId { source: source.to_owned(), id: id.to_owned() });
                    }
                    Field::FirstName | Field::OtherFirstNames => put(&mut self.firsts, fold(value)),
                    Field::LastName | Field::OtherLastNames => put(&mut self.lasts, fold(value)),
                    _ => {}
                },
            }
        }
    }

    /// Adds the value of a custom field that no two contacts share.
    pub fn add_custom(&mut self, key: &str, value: &str) {
        put(&mut self.customs, (key.to_owned(), fold(value.trim())));
    }

    fn add_number(&mut self, e164: Option<&str>, raw: &str) {
        if let Some(e164) = e164 {
            return put(&mut self.phones, digits(e164));
        }
        let digits = digits(raw);
        if digits.len() >= NATIONAL_DIGITS {
            put(&mut self.numbers, digits);
        }
    }

    fn add_handle(&mut self, handle: &str) {
        if handle.starts_with('+') {
            put(&mut self.phones, digits(handle));
        }
        put(&mut self.handles, fold(handle.trim()));
    }

    /// Takes away what another person has, too: it tells neither of them.
    pub fn remove_shared(&mut self, other: &Contact) {
        let mut theirs = Self::default();
        theirs.add(other);
        self.emails.retain(|mail| !theirs.emails.contains(mail));
        self.phones.retain(|phone| !theirs.phones.contains(phone));
        self.numbers.retain(|number| !theirs.numbers.contains(number));
        self.handles.retain(|handle| !theirs.handles.contains(handle));
        self.ids.retain(|id| !theirs.ids.contains(id));
        self.customs.retain(|(key, value)| other.custom.get(key).is_none_or(|held| fold(held.trim()) != *value));
    }

    /// Says whether a contact has the person's first and last name, or the only name there is.
    #[must_use]
    pub fn has_name_of(&self, other: &Contact) -> bool {
        let mut theirs = Self::default();
        theirs.add(other);
        let same = |ours: &[String], theirs: &[String]| {
            ours.is_empty() && theirs.is_empty() || theirs.iter().any(|name| ours.contains(name))
        };
        (!self.firsts.is_empty() || !self.lasts.is_empty())
            && same(&self.firsts, &theirs.firsts)
            && same(&self.lasts, &theirs.lasts)
    }

    /// The addresses, in lower case.
    #[must_use]
    pub fn emails(&self) -> &[String] {
        &self.emails
    }

    /// The numbers, in E.164 without `+`.
    #[must_use]
    pub fn phones(&self) -> &[String] {
        &self.phones
    }

    /// The ids in other systems.
    #[must_use]
    pub fn external_ids(&self) -> &[ExternalId] {
        &self.ids
    }

    /// The values of custom fields that no two contacts share: key, and the value in its search form.
    #[must_use]
    pub fn customs(&self) -> &[(String, String)] {
        &self.customs
    }

    /// The last names, in their search form.
    #[must_use]
    pub fn last_names(&self) -> &[String] {
        &self.lasts
    }

    /// Says whether a text has something that identifies the person, or the person's full name.
    #[must_use]
    pub fn in_text(&self, text: &str) -> bool {
        self.identify(text) || self.name(text)
    }

    /// Says whether a text has something that identifies the person; a name does not.
    #[must_use]
    pub fn identify(&self, text: &str) -> bool {
        self.is_theirs(text) || self.has_number(text)
    }

    /// Says whether a text has an address or an id of the person; many may have the same number.
    fn is_theirs(&self, text: &str) -> bool {
        if self.emails.iter().any(|_| text.contains('@')) {
            let lower = text.to_lowercase();
            if self.emails.iter().any(|mail| has(&lower, mail, is_mail_char)) {
                return true;
            }
        }
        self.has_id(text)
    }

    fn has_id(&self, text: &str) -> bool {
        let cell = text.trim();
        let telling = |id: &str| match id.chars().count() {
            0..TELLING_CELL => false,
            TELLING_CELL..TELLING_TEXT => cell == id,
            _ => has(text, id, char::is_alphanumeric),
        };
        let pair = |id: &ExternalId| !id.source.is_empty() && cell == format!("{}:{}", id.source, id.id);
        self.ids.iter().any(|id| telling(&id.id) || pair(id)) || {
            let folded = fold(cell);
            let customs = self.customs.iter().map(|(_, value)| value);
            self.handles.iter().chain(customs).any(|handle| match handle.chars().count() {
                0..TELLING_CELL => false,
                TELLING_CELL..TELLING_TEXT => folded == *handle,
                _ => has(&folded, handle, |c| c.is_alphanumeric() || c == '_'),
            })
        }
    }

    fn has_number(&self, text: &str) -> bool {
        (!self.phones.is_empty() || !self.numbers.is_empty()) && runs(text).iter().any(|run| self.is_in(run))
    }

    /// Numbers are told apart by nothing but blanks, and parts of one number, too: every stretch of groups is tried.
    fn is_in(&self, run: &Run) -> bool {
        (0..run.groups.len()).any(|from| {
            let mut number = String::new();
            run.groups[from..].iter().take(10).any(|group| {
                number.push_str(group);
                self.is_number(&number, run.plus)
            })
        })
    }

    fn is_number(&self, number: &str, plus: bool) -> bool {
        let (digits, exit) = number.strip_prefix("00").map_or((number, false), |rest| (rest, true));
        if self.phones.iter().chain(&self.numbers).any(|known| known == digits) {
            return true;
        }
        // Behind a country code, what follows is no number of its own.
        let national = if plus || exit { None } else { Some(digits.trim_start_matches('0')) };
        national.filter(|digits| digits.len() >= NATIONAL_DIGITS).is_some_and(|digits| {
            let country = |known: &String| known.strip_suffix(digits).is_some_and(|code| (1..=3).contains(&code.len()));
            self.phones.iter().any(country)
        })
    }

    fn name(&self, text: &str) -> bool {
        let folded = fold(text);
        let part = |name: &str| has(&folded, name, char::is_alphanumeric);
        let single = self.firsts.iter().chain(&self.lasts).filter(|name| is_full(name));
        single.into_iter().any(|name| part(name))
            || self.firsts.iter().any(|first| {
                self.lasts.iter().filter(|last| folded.contains(last.as_str())).any(|last| {
                    [format!("{first} {last}"), format!("{last} {first}"), format!("{last}, {first}")]
                        .iter()
                        .chain(Some(&[last.as_str(), first].concat()).filter(|_| is_dense(last) && is_dense(first)))
                        .any(|name| part(name))
                })
            })
    }

    /// Says whether a row of a table is about the person. The name alone tells when nothing in the row is somebody else's, and a number
    /// when there is the last name with it, or no address.
    #[must_use]
    pub fn in_row<S: AsRef<str>>(&self, cells: &[S]) -> Sight {
        if cells.iter().any(|cell| self.is_theirs(cell.as_ref())) {
            return Sight::Person;
        }
        let last = |cell: &S| self.lasts.contains(&fold(cell.as_ref().trim())) || self.name(cell.as_ref());
        if cells.iter().any(|cell| self.has_number(cell.as_ref())) {
            let addressed = cells.iter().any(|cell| cell.as_ref().contains('@'));
            return if addressed && !cells.iter().any(last) { Sight::Namesake } else { Sight::Person };
        }
        let is = |names: &[String]| cells.iter().any(|cell| names.contains(&fold(cell.as_ref().trim())));
        let named = (is(&self.firsts) && is(&self.lasts)) || cells.iter().any(|cell| self.name(cell.as_ref()));
        match (named, cells.iter().any(|cell| is_somebodys(cell.as_ref()))) {
            (false, _) => Sight::None,
            (true, true) => Sight::Namesake,
            (true, false) => Sight::Person,
        }
    }
}

fn put<T: PartialEq>(list: &mut Vec<T>, value: T) {
    if !list.contains(&value) {
        list.push(value);
    }
}

fn is_mail_char(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '.' | '_' | '%' | '+' | '-')
}

fn is_dense(text: &str) -> bool {
    text.chars().all(|c| c >= '\u{2E80}')
}

/// Whether one name alone tells a person: several words, or three characters of a script that writes them in one go.
fn is_full(name: &str) -> bool {
    name.split_whitespace().count() > 1 || (is_dense(name) && name.chars().count() > 2)
}

/// Says whether a text has another one in it that is no part of something longer, as `part` tells what goes on.
fn has(text: &str, what: &str, part: fn(char) -> bool) -> bool {
    let goes_on = |c: char| part(c) && c < '\u{2E80}';
    !what.is_empty()
        && text.match_indices(what).any(|(at, _)| {
            let mut after = text[at + what.len()..].chars();
            // A full stop that ends a sentence ends the value, too.
            let next = after.next().filter(|c| *c != '.' || after.next().is_some_and(char::is_alphanumeric));
            !text[..at].chars().next_back().is_some_and(goes_on) && !next.is_some_and(goes_on)
        })
}

/// Groups of digits with nothing between them but what stands in numbers.
struct Run {
    groups: Vec<String>,
    plus: bool,
}

fn runs(text: &str) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let (mut open, mut inside) = (false, false);
    for c in text.chars() {
        if let Some(value) = digit_value(c) {
            if !open {
                runs.push(Run { groups: Vec::new(), plus: false });
                open = true;
            }
            let Some(run) = runs.last_mut() else { continue };
            if !inside {
                run.groups.push(String::new());
            }
            if let Some(group) = run.groups.last_mut() {
                group.push(char::from(b'0' + value));
            }
            inside = true;
        } else if matches!(c, '+' | '＋') {
            runs.push(Run { groups: Vec::new(), plus: true });
            (open, inside) = (true, false);
        } else {
            open &=
                c.is_whitespace() || matches!(c, '-' | '(' | ')' | '.' | '\u{2010}'..='\u{2015}' | '－' | '（' | '）');
            inside = false;
        }
    }
    runs
}

/// Whether a cell holds an address or a number, whosever it is. Dates are none.
fn is_somebodys(cell: &str) -> bool {
    if parse_email(cell).is_ok() {
        return true;
    }
    if cell.chars().any(char::is_alphabetic) {
        return false;
    }
    let is_number = |run: &Run| {
        let date = run.groups.len() == 3 && run.groups.iter().all(|group| group.len() <= 4);
        !date && (NATIONAL_DIGITS..=15).contains(&run.groups.iter().map(String::len).sum())
    };
    runs(cell).iter().any(is_number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::rules::Rules;
    use crate::domain::tests::contact;

    fn traces() -> Traces {
        let rules = Rules::for_tests();
        let mut person = contact("Leeworth");
        person.set(&Field::FirstName.into(), "Annabel", &rules).unwrap();
        person.set(&Field::Email.into(), "Ann@Example.com", &rules).unwrap();
        person.set(&Field::Mobile.into(), "+852 9123 4567", &rules).unwrap();
        person.set(&Field::ExternalId.into(), "crm:A-1", &rules).unwrap();
        let mut traces = Traces::default();
        traces.add(&person);
        traces
    }

    #[track_caller]
    fn check(text: &str, expected: bool) {
        assert_eq!(traces().in_text(text), expected, "{text}");
    }

    #[test]
    fn addresses_are_whole_addresses() {
        check("write to <ANN@example.com>.", true);
        check("ann@example.com.", true);
        check("joann@example.com", false);
        check("jo.ann@example.com", false);
        check("ann@example.com.hk", false);
    }

    #[test]
    fn numbers_are_found_in_any_notation() {
        for text in [
            "+85291234567",
            "00852-9123-4567",
            "9123 4567",
            "'+852 (9123) 4567",
            "tel ９１２３４５６７",
            "22334455 91234567",
        ] {
            check(text, true);
        }
        for text in ["+1 9123 4567", "912345678", "1234567", "+852912345678", "9123456"] {
            check(text, false);
        }
    }

    #[test]
    fn names_are_full_names() {
        check("called Leeworth, Annabel", true);
        check("ÁNNABEL LEEWORTH", true);
        check("Annabel", false);
        check("Mary-Annabel Leeworthy", false);
    }

    #[test]
    fn ids_are_told_by_their_source_or_their_length() {
        check("crm:A-1", true);
        check("A-1", false);
    }

    #[test]
    fn a_row_with_the_name_and_other_addresses_is_a_namesake() {
        let row = |cells: &[&str]| traces().in_row(cells);
        assert_eq!(row(&["Annabel", "Leeworth", "", "12/14/1980"]), Sight::Person);
        assert_eq!(row(&["Annabel", "Leeworth", "ann@@example.com", "1980-12-14"]), Sight::Person);
        assert_eq!(row(&["Annabel", "Leeworth", "other@example.com"]), Sight::Namesake);
        assert_eq!(row(&["Annabel Leeworth", "+44 20 7946 0958"]), Sight::Namesake);
        assert_eq!(row(&["Annabel", "Lee"]), Sight::None);
    }

    #[test]
    fn a_number_that_others_have_too_does_not_tell_alone() {
        let row = |cells: &[&str]| traces().in_row(cells);
        assert_eq!(row(&["Bob", "Smithson", "bob@@example.com", "9123 4567"]), Sight::Namesake);
        assert_eq!(row(&["Bob", "Leeworth", "bob@example.com", "9123 4567"]), Sight::Person);
        assert_eq!(row(&["X", "", "", "9123 4567"]), Sight::Person);
        assert_eq!(row(&["Bob", "Smith", "91234567"]), Sight::Person);
    }

    #[test]
    fn what_somebody_else_has_too_tells_nothing() {
        let mut traces = traces();
        let mut colleague = contact("Smith");
        colleague.set(&Field::WorkPhone.into(), "+85291234567", &Rules::for_tests()).unwrap();
        traces.remove_shared(&colleague);
        assert!(!traces.identify("+85291234567") && traces.identify("ann@example.com"));
    }

    #[test]
    fn former_values_count() {
        let mut traces = Traces::default();
        traces.add_value("email", "old@example.com; older@example.com");
        traces.add_value("custom.pet", "Rex");
        assert!(traces.identify("older@example.com") && !traces.in_text("Rex"));
    }
}
