//! A first look at stored text, before it is taken apart: whoever looks through everything that a big store holds for one person decodes
//! little more than what has something of them.

use super::super::phone::digits;
use super::super::text::fold;
use super::{NATIONAL_DIGITS, Traces, is_full};

/// What a text has somewhere if anything of a person is in it. A text that this takes for none of theirs has nothing of them, in any of
/// its parts; one that it lets pass has to be looked at closely.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Glance {
    /// Addresses, which are compared in lower case.
    lower: Vec<String>,
    /// Handles, unique values and names, which are compared in their search form.
    folded: Vec<String>,
    /// Ids, which are compared as they are.
    exact: Vec<String>,
    /// The last digits of numbers: those that stand in every notation of them.
    digits: Vec<String>,
}

impl Traces {
    /// Returns what a first look at stored text goes by.
    #[must_use]
    pub fn glance(&self) -> Glance {
        let handles = self.handles.iter().chain(self.customs.iter().map(|(_, value)| value));
        // A first name alone tells nobody, but where it is all of a name.
        let names = self.lasts.iter().chain(self.firsts.iter().filter(|name| is_full(name)));
        let tail = |number: &String| number[number.len().saturating_sub(NATIONAL_DIGITS)..].to_owned();
        let mut glance = Glance {
            lower: self.emails.clone(),
            folded: handles.chain(names).cloned().collect(),
            exact: self.ids.iter().map(|id| id.id.clone()).collect(),
            digits: self.phones.iter().chain(&self.numbers).map(tail).collect(),
        };
        for list in [&mut glance.lower, &mut glance.folded, &mut glance.exact, &mut glance.digits] {
            list.retain(|what| !what.is_empty());
        }
        glance
    }
}

impl Glance {
    /// Says whether something of the person may be in a JSON text, whatever its form.
    #[must_use]
    pub fn may_be_in(&self, json: &str) -> bool {
        let is_in = |list: &[String], text: &dyn Fn() -> String| {
            !list.is_empty() && {
                let text = text();
                list.iter().any(|what| text.contains(what))
            }
        };
        // What is escaped stands otherwise in the text than it is.
        json.contains('\\')
            || self.exact.iter().any(|what| json.contains(what))
            || (json.contains('@') && is_in(&self.lower, &|| json.to_lowercase()))
            || is_in(&self.folded, &|| fold(json))
            || is_in(&self.digits, &|| digits(json))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::contact::{Contact, Phone, PhoneKind, Social, SocialChannel};
    use crate::domain::field::Field;
    use crate::domain::rules::Rules;
    use crate::domain::tests::contact;

    /// A person with something of every kind.
    fn person() -> Contact {
        let rules = Rules::for_tests();
        let mut person = contact("Müller-Groß");
        person.set(&Field::FirstName.into(), "Ἀνδρέας ΟΔΟΣ", &rules).unwrap();
        person.set(&Field::Email.into(), "Jörg@Example.com", &rules).unwrap();
        person.set(&Field::Mobile.into(), "+852 9123 4567", &rules).unwrap();
        person.set(&Field::ExternalId.into(), "crm:Ä-7", &rules).unwrap();
        person.external_ids[0].id = "Ä-7\"x".to_owned();
        let raw = "(02) 765 43 21".to_owned();
        person.phones.push(Phone {
            kind: PhoneKind::Work,
            raw,
            e164: None,
            extension: None,
            sms: true,
            verified: false,
        });
        let handle = "Jörg.Müller".to_owned();
        person.socials.push(Social { channel: SocialChannel::Line, handle, verified: false });
        person
    }

    #[test]
    fn what_is_found_at_a_close_look_is_never_passed_over() {
        let mut traces = Traces::default();
        traces.add(&person());
        traces.add_custom("passport", "KJ-Ö 004");
        let glance = traces.glance();
        let written = [
            "JÖRG@example.COM",
            "write to <jörg@example.com>.",
            "+852-9123-4567",
            "9 1 2 3 4 5 6 7",
            "٩١٢٣٤٥٦٧",
            "027654321",
            "crm:Ä-7\"x",
            "JÖRG.MÜLLER",
            "jorg.muller",
            "kj-o 004",
            "ΟΔΟΣ Müller-Gross, ανδρεας οδος",
            "ανδρεας οδος",
            "MÜLLER-GROSS, Ἀνδρέας ΟΔΟΣ",
        ];
        for text in written {
            assert!(traces.in_text(text), "{text}");
            for json in [serde_json::json!({ "a": 1, "b": text }), serde_json::json!([["field", "x", text]])] {
                assert!(glance.may_be_in(&json.to_string()), "{json}");
            }
        }
    }

    #[test]
    fn what_has_nothing_of_a_person_is_not_looked_at_closely() {
        let mut traces = Traces::default();
        traces.add(&person());
        let glance = traces.glance();
        for json in [r#"{"first":"Jörg","mail":"j@example.com"}"#, r#"[["mobile",null,"+85291234568"]]"#, "{}"] {
            assert!(!glance.may_be_in(json), "{json}");
        }
        assert!(!Traces::default().glance().may_be_in(r#"["anything @ 12345678"]"#));
    }
}
