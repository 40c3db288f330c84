//! Two decisions about one thing, and what they differ in: in which way, in which fields, for which reasons; counted, with examples kept.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::io;

use serde_json::Value;

use crate::app::decide::Told;
use crate::app::import::preview::Previews;

/// What would become of a contact or a row.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Decision {
    /// `accept` or `reject` for contacts; `create`, `update`, `unchanged`, `skip` or `fail` for rows.
    pub action: String,
    /// Fields that would be set; for a new contact of a file all that it has.
    pub fields: BTreeMap<String, Change>,
    /// Why it would be refused or left out.
    pub reasons: Vec<Reason>,
}

/// A field's text before and after.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Change {
    /// What is stored, if anything.
    pub old: Option<String>,
    /// What it would become; nothing when it would be cleared.
    pub new: Option<String>,
}

/// One reason.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Reason {
    /// Its code; nothing for a row that is left out.
    pub code: String,
    /// The field concerned.
    pub field: Option<String>,
    /// What it says.
    pub message: String,
    /// The plugin that says so; `None` for the built-in rules.
    pub plugin: Option<String>,
}

/// In what way two decisions differ.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Kind {
    /// Refused, and would not have been.
    RejectedNow,
    /// Not refused any more.
    AcceptedNow,
    /// Left out, and would not have been.
    SkippedNow,
    /// Not left out any more.
    TakenNow,
    /// Taken by both, but with other values.
    OtherValues,
    /// Refused or left out by both, for other reasons.
    OtherReasons,
    /// Taken by both, in another way: a new contact instead of a change, or the reverse.
    OtherWay,
}

/// One difference.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Difference {
    /// The contact or the row.
    pub who: String,
    /// In what way.
    pub kind: Kind,
    /// What would be done by what is in service.
    pub before: Decision,
    /// What would be done with the candidate.
    pub after: Decision,
}

/// All differences, counted.
#[derive(Clone, Default, Debug)]
pub struct Sums {
    /// Decisions alike.
    pub same: u64,
    /// How many of each kind.
    pub kinds: BTreeMap<Kind, u64>,
    /// In how many each field would have another value.
    pub fields: BTreeMap<String, u64>,
    /// How many would be refused for a reason that was none before, by code.
    pub codes: BTreeMap<String, u64>,
    /// The first of each kind.
    pub examples: Vec<Difference>,
    most: usize,
}

impl Kind {
    /// All kinds, those that weigh most first.
    pub const ALL: [Self; 7] = [
        Self::RejectedNow,
        Self::AcceptedNow,
        Self::SkippedNow,
        Self::TakenNow,
        Self::OtherValues,
        Self::OtherReasons,
        Self::OtherWay,
    ];

    /// Returns its name for programs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RejectedNow => "rejected_now",
            Self::AcceptedNow => "accepted_now",
            Self::SkippedNow => "skipped_now",
            Self::TakenNow => "taken_now",
            Self::OtherValues => "other_values",
            Self::OtherReasons => "other_reasons",
            Self::OtherWay => "other_way",
        }
    }
}

impl Reason {
    /// Reads what somebody told about a record.
    pub(super) fn of(told: &Told) -> Self {
        let problem = &told.problem;
        Self {
            code: problem.code.to_string(),
            field: problem.field.clone(),
            message: problem.message.clone(),
            plugin: told.plugin.as_ref().map(|plugin| plugin.name.clone()),
        }
    }
}

impl Decision {
    /// Reads what a dry run tells of a row; a row of which it tells nothing stays as it is.
    fn of_row(row: Option<&Value>) -> Self {
        let Some(row) = row else {
            return Self { action: "unchanged".to_owned(), fields: BTreeMap::new(), reasons: Vec::new() };
        };
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let action = text(&row["action"]).unwrap_or_default();
        let fields = row["fields"].as_array().into_iter().flatten();
        let change = |field: &Value| Change { old: text(&field["old"]), new: text(&field["new"]) };
        let fields = fields.filter_map(|field| Some((text(&field["field"])?, change(field)))).collect();
        let problems = row["problems"].as_array().into_iter().flatten();
        let mut reasons: Vec<Reason> = problems
            .map(|problem| Reason {
                code: text(&problem["code"]).unwrap_or_default(),
                field: text(&problem["field"]),
                message: text(&problem["message"]).unwrap_or_default(),
                plugin: text(&problem["plugin"]),
            })
            .collect();
        if action == "skip" {
            let message = text(&row["reason"]).unwrap_or_default();
            reasons.push(Reason { code: String::new(), field: None, message, plugin: None });
        }
        Self { action, fields, reasons }
    }

    fn refuses(&self) -> bool {
        matches!(self.action.as_str(), "reject" | "fail")
    }

    fn skips(&self) -> bool {
        self.action == "skip"
    }

    /// Says in what way another decision differs from this one, if it does.
    fn kind_beside(&self, new: &Self) -> Option<Kind> {
        match ((self.refuses(), self.skips()), (new.refuses(), new.skips())) {
            ((false, _), (true, _)) => Some(Kind::RejectedNow),
            ((true, _), (false, _)) => Some(Kind::AcceptedNow),
            ((_, false), (_, true)) => Some(Kind::SkippedNow),
            ((_, true), (_, false)) => Some(Kind::TakenNow),
            ((true, _), _) | ((_, true), _) => {
                let all = |decision: &Self| decision.reasons.iter().cloned().collect::<BTreeSet<_>>();
                (all(self) != all(new)).then_some(Kind::OtherReasons)
            }
            _ if self.action != new.action => Some(Kind::OtherWay),
            _ => (self.fields != new.fields).then_some(Kind::OtherValues),
        }
    }
}

impl Sums {
    /// Begins to count; so many examples of each kind are kept.
    #[must_use]
    pub fn keeping(examples: usize) -> Self {
        Self { most: examples, ..Self::default() }
    }

    /// Counts those of which neither side tells anything as alike.
    pub(super) fn out_of(&mut self, looked_at: u64) {
        self.same = looked_at.saturating_sub(self.differing());
    }

    /// Returns how many differ.
    #[must_use]
    pub fn differing(&self) -> u64 {
        self.kinds.values().sum()
    }

    /// Takes in two decisions about one thing.
    pub(super) fn take(&mut self, who: impl FnOnce() -> String, before: Decision, after: Decision) {
        let Some(kind) = before.kind_beside(&after) else {
            self.same += 1;
            return;
        };
        let count = self.kinds.entry(kind).or_default();
        *count += 1;
        let shown = *count <= self.most as u64;
        if kind == Kind::OtherValues {
            for (field, ..) in other_fields(&before, &after) {
                *self.fields.entry(field.to_owned()).or_default() += 1;
            }
        }
        let codes: BTreeSet<&str> = new_reasons(&before, &after).map(|reason| reason.code.as_str()).collect();
        for code in codes.into_iter().filter(|code| !code.is_empty()) {
            *self.codes.entry(code.to_owned()).or_default() += 1;
        }
        if shown {
            self.examples.push(Difference { who: who(), kind, before, after });
        }
    }
}

impl Difference {
    /// Fields that would have another value: what they would have without the candidate, and with it.
    #[must_use]
    pub fn fields(&self) -> Vec<(&str, Option<&str>, Option<&str>)> {
        other_fields(&self.before, &self.after)
    }

    /// Reasons that were none before.
    pub fn new_reasons(&self) -> impl Iterator<Item = &Reason> {
        new_reasons(&self.before, &self.after)
    }

    /// Reasons that are none any more.
    pub fn old_reasons(&self) -> impl Iterator<Item = &Reason> {
        new_reasons(&self.after, &self.before)
    }
}

fn other_fields<'d>(before: &'d Decision, after: &'d Decision) -> Vec<(&'d str, Option<&'d str>, Option<&'d str>)> {
    let all: BTreeSet<&String> = before.fields.keys().chain(after.fields.keys()).collect();
    // A field that one of them leaves alone stays what the other found.
    let text = |decision: &'d Decision, other: &'d Decision, field: &String| match decision.fields.get(field) {
        Some(change) => change.new.as_deref(),
        None => other.fields.get(field).and_then(|change| change.old.as_deref()),
    };
    let told = |field: &'d String| (field.as_str(), text(before, after, field), text(after, before, field));
    all.into_iter().map(told).filter(|(_, before, after)| before != after).collect()
}

fn new_reasons<'d>(before: &'d Decision, after: &'d Decision) -> impl Iterator<Item = &'d Reason> {
    after.reasons.iter().filter(|reason| !before.reasons.contains(reason))
}

/// Walks over the rows of two dry runs of one file, side by side, in the order of the file.
pub(super) fn each_row(
    before: &Previews,
    after: &Previews,
    take: &mut dyn FnMut(u64, Decision, Decision),
) -> io::Result<()> {
    let (mut old, mut new) = (Rows::of(before)?, Rows::of(after)?);
    let (mut a, mut b) = (old.next()?, new.next()?);
    loop {
        let order = match (&a, &b) {
            (Some((left, _)), Some((right, _))) => left.cmp(right),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => return Ok(()),
        };
        let left = if order.is_le() { std::mem::replace(&mut a, old.next()?) } else { None };
        let right = if order.is_ge() { std::mem::replace(&mut b, new.next()?) } else { None };
        let number = left.as_ref().or(right.as_ref()).map_or(0, |(number, _)| *number);
        let decision = |row: Option<(u64, Value)>| Decision::of_row(row.as_ref().map(|(_, row)| row));
        take(number, decision(left), decision(right));
    }
}

/// The rows of one dry run.
struct Rows<'p>(Box<dyn Iterator<Item = io::Result<String>> + 'p>);

impl<'p> Rows<'p> {
    fn of(previews: &'p Previews) -> io::Result<Self> {
        Ok(Self(Box::new(previews.rows()?)))
    }

    fn next(&mut self) -> io::Result<Option<(u64, Value)>> {
        let Some(line) = self.0.next().transpose()? else { return Ok(None) };
        let row: Value = serde_json::from_str(&line).map_err(io::Error::other)?;
        Ok(Some((row["row"].as_u64().unwrap_or(0), row)))
    }
}
