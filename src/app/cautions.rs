//! What is told of values that were taken with a warning where there may be very many, in imports and bulk writes: how many of each kind, and
//! where the first one stands. The values themselves are the contacts'.

use std::fmt;

use serde_json::{Value, json};

use crate::domain::id::ContactId;
use crate::domain::problem::Problem;
use crate::domain::text::shown;
use crate::domain::warning::Caution;

/// Most kinds that are told apart.
const KINDS_MAX: usize = 64;

/// Where a value stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Place {
    /// In a file.
    Row {
        /// Record number, from 1.
        record: u64,
        /// Line, from 1.
        line: u64,
    },
    /// In a contact.
    Contact {
        /// Which one.
        id: ContactId,
        /// Its name.
        name: String,
    },
}

/// One kind of warning.
#[derive(Clone, Debug)]
pub struct Kind {
    /// Stable code.
    pub code: String,
    /// How many values.
    pub count: u64,
    /// Where the first one stands.
    pub place: Place,
    /// The first one.
    pub first: Problem,
}

/// Warnings, in the order in which their kinds came up.
#[derive(Clone, Default, Debug)]
pub struct Cautions {
    kinds: Vec<Kind>,
    total: u64,
}

impl Cautions {
    /// Counts the warnings about one row or one contact.
    pub(super) fn add(&mut self, warnings: Vec<Problem>, place: impl Fn() -> Place) {
        for first in warnings {
            self.total += 1;
            if let Some(known) = self.kinds.iter_mut().find(|kind| kind.code == first.code) {
                known.count += 1;
            } else if self.kinds.len() < KINDS_MAX {
                self.kinds.push(Kind { code: first.code.to_string(), count: 1, place: place(), first });
            }
        }
    }

    /// Returns how many values were taken with a warning.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.total
    }

    /// Returns the kinds.
    #[must_use]
    pub fn kinds(&self) -> &[Kind] {
        &self.kinds
    }

    /// Returns a line for each kind.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        self.kinds.iter().map(|kind| format!("{} × {}; {}", kind.count, kind.summary(), kind.example())).collect()
    }

    /// Returns the kinds as JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        self.kinds.iter().map(Kind::json).collect()
    }
}

impl Kind {
    /// Returns what is said of any value of the kind.
    #[must_use]
    pub fn summary(&self) -> &str {
        Caution::parse(&self.code).map_or(self.first.message.as_str(), |caution| caution.summary())
    }

    /// Returns where the first value stands, and what became of it: `line 2, mobile: 85212345678: the plus was missing`.
    #[must_use]
    pub fn example(&self) -> String {
        let field = self.first.field.as_ref().map_or_else(String::new, |field| format!(", {field}"));
        let message = &self.first.message;
        // Most messages quote the value themselves.
        let value = self.first.value.as_deref().map(shown).filter(|value| !message.contains(&**value));
        let value = value.map_or_else(String::new, |value| format!("`{value}`: "));
        let hint = self.first.hint.as_ref().map_or_else(String::new, |hint| format!(" ({hint})"));
        format!("{}{field}: {value}{message}{hint}", self.place)
    }

    fn json(&self) -> Value {
        let mut first = json!({
            "field": self.first.field, "value": self.first.value, "message": self.first.message, "hint": self.first.hint,
        });
        if let Value::Object(first) = &mut first {
            match &self.place {
                Place::Row { record, line } => {
                    first.insert("row".to_owned(), json!(record));
                    first.insert("line".to_owned(), json!(line));
                }
                Place::Contact { id, .. } => drop(first.insert("contact".to_owned(), json!(id.to_string()))),
            }
        }
        json!({ "code": self.code, "count": self.count, "summary": self.summary(), "first": first })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Row { line, .. } => write!(f, "line {line}"),
            Self::Contact { id, name } => write!(f, "{name} ({id})"),
        }
    }
}

#[cfg(test)]
mod tests {
    mod told;

    use super::*;
    use crate::domain::field::Field;
    use crate::domain::warning::Warning;

    #[test]
    fn kinds_are_counted_and_the_first_of_each_is_shown() {
        let plus = |value: &str| {
            let warning = Warning::new(Caution::PlusMissing, "the `+` was missing");
            Problem::to_know(&Field::Mobile.into(), value, warning)
        };
        let mut cautions = Cautions::default();
        cautions.add(vec![plus("85212345678")], || Place::Row { record: 1, line: 2 });
        cautions.add(vec![plus("85212345679"), plus("85212345670")], || Place::Row { record: 2, line: 4 });
        assert_eq!((cautions.total(), cautions.kinds().len(), cautions.kinds()[0].count), (3, 1, 3));
        assert_eq!(cautions.kinds()[0].example(), "line 2, mobile: `85212345678`: the `+` was missing");
        assert_eq!(cautions.json()[0]["first"]["row"], 1);
    }
}
