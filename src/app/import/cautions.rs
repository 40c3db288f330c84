//! What an import tells of values that were taken with a warning: how many of each kind, and where the first one stands. The values
//! themselves are the contacts'.

use serde_json::{Value, json};

use crate::domain::problem::Problem;
use crate::domain::text::shown;
use crate::domain::warning::Caution;

/// Most kinds that are told apart.
const KINDS_MAX: usize = 64;

/// One kind of warning.
#[derive(Clone, Debug)]
pub struct Kind {
    /// Stable code.
    pub code: String,
    /// How many values.
    pub count: u64,
    /// Record number of the first one, from 1.
    pub record: u64,
    /// Line in the file of the first one, from 1.
    pub line: u64,
    /// The first one.
    pub first: Problem,
}

/// The warnings of an import, in the order in which their kinds came up.
#[derive(Clone, Default, Debug)]
pub struct Cautions {
    kinds: Vec<Kind>,
    total: u64,
}

impl Cautions {
    /// Counts the warnings about one row.
    pub(super) fn add(&mut self, record: u64, line: u64, warnings: Vec<Problem>) {
        for first in warnings {
            self.total += 1;
            if let Some(known) = self.kinds.iter_mut().find(|kind| kind.code == first.code) {
                known.count += 1;
            } else if self.kinds.len() < KINDS_MAX {
                self.kinds.push(Kind { code: first.code.to_string(), count: 1, record, line, first });
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
        format!("line {}{field}: {value}{message}{hint}", self.line)
    }

    fn json(&self) -> Value {
        json!({
            "code": self.code, "count": self.count, "summary": self.summary(),
            "first": {
                "row": self.record, "line": self.line, "field": self.first.field, "value": self.first.value,
                "message": self.first.message, "hint": self.first.hint,
            },
        })
    }
}

#[cfg(test)]
mod tests {
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
        cautions.add(1, 2, vec![plus("85212345678")]);
        cautions.add(2, 4, vec![plus("85212345679"), plus("85212345670")]);
        assert_eq!((cautions.total(), cautions.kinds().len(), cautions.kinds()[0].count), (3, 1, 3));
        assert_eq!(cautions.kinds()[0].example(), "line 2, mobile: `85212345678`: the `+` was missing");
        assert_eq!(cautions.json()[0]["first"]["row"], 1);
    }
}
