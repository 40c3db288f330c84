//! What came out of a case against what was expected of it.

use std::borrow::Cow;
use std::sync::Arc;

use super::parse::{Expected, ExpectedProblem, Outcome};
use super::play::Played;
use crate::domain::field::FieldKey;
use crate::domain::problem::Problem;
use crate::plugin::hand::{Subject, Terms};
use crate::plugin::verdict::Verdict;

impl Played {
    /// Returns what differs from what was expected: what was looked at, what should have come out, what did.
    #[must_use]
    pub fn compare(&mut self, expect: &Expected) -> Vec<(String, String, String)> {
        let mut differences = Vec::new();
        if self.outcome() != expect.verdict {
            differences.push(("verdict".to_owned(), expect.verdict.as_str().to_owned(), self.told()));
        }
        for wanted in expect.problems.iter().filter(|wanted| !self.problems().iter().any(|told| wanted.is_met_by(told)))
        {
            let told: Vec<String> =
                self.problems().iter().map(|problem| problem_text(&problem.code, problem.field.as_deref())).collect();
            differences.push(("problems".to_owned(), wanted.to_string(), list_or_none(&told)));
        }
        for (name, wanted) in &expect.set {
            let got = self.value(name);
            if got != *wanted {
                differences.push((format!("set.{name}"), format!("`{wanted}`"), format!("`{got}`")));
            }
        }
        for wanted in expect.log.iter().filter(|wanted| !self.logged(wanted)) {
            let lines: Vec<String> = self.log.iter().map(|line| format!("`{}`", line.text)).collect();
            differences.push(("log".to_owned(), format!("a line with `{wanted}`"), list_or_none(&lines)));
        }
        for (key, wanted) in &expect.state {
            let got = self.remembers(key);
            if got != *wanted {
                differences.push((format!("state.{key}"), format!("`{wanted}`"), format!("`{got}`")));
            }
        }
        differences
    }

    /// Says how the call ended.
    #[must_use]
    pub const fn outcome(&self) -> Outcome {
        match &self.verdict {
            Ok(Verdict::Accept) => Outcome::Accept,
            Ok(Verdict::Reject(_)) => Outcome::Reject,
            Ok(Verdict::Skip(_)) => Outcome::Skip,
            Err(_) => Outcome::Fault,
        }
    }

    /// Returns the problems told, if it rejected.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        match &self.verdict {
            Ok(Verdict::Reject(problems)) => problems,
            _ => &[],
        }
    }

    /// Returns a cell, field or detail afterwards; a missing one is blank.
    pub fn value(&mut self, name: &str) -> String {
        // What is read here is not read by the plugin, whatever it may read.
        self.subject.begin(&Arc::new(Terms::open(0)));
        value(&self.subject, name).unwrap_or_default()
    }

    /// Returns what is remembered under a key afterwards; nothing is blank. What is not accepted leaves nothing.
    #[must_use]
    pub fn remembers(&self, key: &str) -> String {
        let accepts = self.outcome() == Outcome::Accept;
        let written = self.state.iter().rev().find(|write| write.key == key).filter(|_| accepts);
        let known = || self.known.iter().find(|(known, _)| known == key).map(|(_, value)| value.clone());
        let value = match written {
            Some(write) => write.value.as_ref().map(|value| String::from_utf8_lossy(value).into_owned()),
            None => known(),
        };
        value.unwrap_or_default()
    }

    /// Says whether a line of the log holds a text.
    #[must_use]
    pub fn logged(&self, text: &str) -> bool {
        self.log.iter().any(|line| line.text.contains(text))
    }

    fn told(&self) -> String {
        match &self.verdict {
            Ok(Verdict::Accept) => "accept".to_owned(),
            Ok(Verdict::Skip(reason)) => format!("skip: {reason}"),
            Ok(Verdict::Reject(problems)) => {
                let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
                format!("reject: {}", told.join("; "))
            }
            Err(fault) => {
                let place = fault.position.as_ref().map_or_else(String::new, |position| format!(" at {position}"));
                format!("fault {}{place}: {fault}", fault.kind.code())
            }
        }
    }
}

impl ExpectedProblem {
    /// Says whether a problem that was told is the one expected.
    #[must_use]
    pub fn is_met_by(&self, problem: &Problem) -> bool {
        self.code.as_ref().is_none_or(|code| *code == problem.code)
            && (self.field.is_none() || self.field == problem.field)
    }
}

impl std::fmt::Display for ExpectedProblem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // What is not said is not compared.
        let code = self.code.as_deref().unwrap_or("any code");
        match &self.field {
            Some(field) => write!(f, "{code} of `{field}`"),
            None => f.write_str(code),
        }
    }
}

fn list_or_none(told: &[String]) -> String {
    if told.is_empty() { "none".to_owned() } else { told.join(", ") }
}

/// A problem that was told, by its code and what it is about.
pub(super) fn problem_text(code: &str, field: Option<&str>) -> String {
    format!("{code} of {}", field.map_or_else(|| "the record".to_owned(), |field| format!("`{field}`")))
}

/// A value by header, field, or detail of an enquiry; lists joined by `; `.
fn value(subject: &Subject, name: &str) -> Option<String> {
    let sheet = match subject {
        Subject::Row(row) => return row.get(name).ok().flatten().map(str::to_owned),
        Subject::Contact(hand) => &hand.sheet,
        Subject::Merge(hand) => &hand.result,
        Subject::Enquiry(hand) if name == "survey" => return hand.suppress().map(str::to_owned),
        Subject::Enquiry(hand) => match (hand.get(name), hand.contact()) {
            (Ok(detail), _) => return detail.map(Cow::into_owned),
            (Err(_), contact) => contact?,
        },
    };
    let key = FieldKey::parse(name).ok()?;
    let draft = sheet.draft();
    let pending = draft.pending.iter().find(|pending| pending.key == key);
    pending.map(|pending| pending.value.clone()).or_else(|| draft.contact.joined(&key))
}
