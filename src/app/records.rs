//! What the use cases of organizations, staff members and divisions share: assignments, their problems told together, what changed, who may
//! manage them, and names that must be there.

use super::App;
use super::decide::Told;
use super::failure::{Class, Failure};
use crate::domain::invalid::Invalid;
use crate::domain::name::{Name, nearest};
use crate::domain::permission::Viewer;
use crate::domain::problem::Problem;
use crate::domain::record::{Record, diff};
use crate::domain::rules::Rules;
use crate::store::{Action, Actor, ChangedField, NewChange, RecordKind, Referent};

/// Admins named in a hint, at most.
const ADMINS_NAMED: usize = 3;

/// A field's name and the text that it is to have; an empty text clears it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Assignment {
    /// The field's name.
    pub field: String,
    /// The text.
    pub value: String,
}

impl Assignment {
    /// Reads `field=value`.
    ///
    /// # Errors
    /// Usage, when there is no `=`.
    pub fn parse(text: &str) -> Result<Self, Failure> {
        let (field, value) = text.split_once('=').ok_or_else(|| {
            Failure::new(Class::Usage, "ASSIGNMENT", format!("`{text}` is no assignment")).hint("write `field=value`")
        })?;
        Ok(Self { field: field.trim().to_owned(), value: value.to_owned() })
    }

    /// Reads several.
    ///
    /// # Errors
    /// As for [`Assignment::parse`]; and when a field is given twice.
    pub fn parse_all(texts: &[String]) -> Result<Vec<Self>, Failure> {
        let all = texts.iter().map(|text| Self::parse(text)).collect::<Result<Vec<_>, _>>()?;
        for (at, one) in all.iter().enumerate() {
            if all[..at].iter().any(|earlier| earlier.field == one.field) {
                let message = format!("`{}` is given twice", one.field);
                return Err(Failure::new(Class::Usage, "ASSIGNMENT", message).hint("give each field once"));
            }
        }
        Ok(all)
    }
}

/// A record that was written.
#[derive(Debug)]
pub struct WrittenRecord<R> {
    /// As it is stored now.
    pub record: R,
    /// What changed; empty when nothing did.
    pub fields: Vec<ChangedField>,
    /// How many contacts were rewritten because they name it.
    pub contacts: u64,
    /// Things to know: values taken with a warning.
    pub notes: Vec<String>,
}

/// Assignments applied to a record, as far as the rules took them.
pub(super) struct Filling {
    problems: Vec<Told>,
    notes: Vec<String>,
}

impl Filling {
    /// Applies assignments; every value that is refused is told.
    pub(super) fn of<R: Record>(record: &mut R, assignments: &[Assignment], rules: &Rules) -> Result<Self, Failure> {
        let keys = assignments.iter().map(|wish| R::key(&wish.field).map(|key| (key, &*wish.value)));
        let mut filling = Self { problems: Vec::new(), notes: Vec::new() };
        for (key, value) in keys.collect::<Result<Vec<_>, _>>()? {
            match record.set(&key, value, rules) {
                Ok(warning) => filling.notes.extend(warning.map(|warning| format!("{key}: {warning}"))),
                Err(invalid) => filling.refuse(&key.to_string(), Some(value), invalid),
            }
        }
        Ok(filling)
    }

    /// Adds the problem that a new record is given no name.
    pub(super) fn require_name(&mut self, assignments: &[Assignment]) {
        if !assignments.iter().any(|wish| wish.field == "name") {
            self.refuse("name", None, Invalid::new("NAME_MISSING", "is missing").hint("add `name=…`"));
        }
    }

    /// Adds a problem.
    pub(super) fn refuse(&mut self, field: &str, value: Option<&str>, invalid: Invalid) {
        let problem = Problem {
            field: Some(field.to_owned()),
            code: invalid.code.into(),
            value: value.map(str::to_owned),
            message: invalid.message,
            hint: invalid.hint,
        };
        self.problems.push(Told { plugin: None, problem });
    }

    /// Adds what a schema of custom fields says.
    pub(super) fn add(&mut self, problems: Vec<Problem>) {
        self.problems.extend(problems.into_iter().map(|problem| Told { plugin: None, problem }));
    }

    /// Fails with problems, if there are any.
    pub(super) fn refused(problems: Vec<Problem>, what: &str) -> Result<(), Failure> {
        let mut filling = Self { problems: Vec::new(), notes: Vec::new() };
        filling.add(problems);
        filling.accepted(what).map(drop)
    }

    /// Returns things to know, or fails with every problem. A division that cannot change, and nothing else, is told by its
    /// own code.
    pub(super) fn accepted(self, what: &str) -> Result<Vec<String>, Failure> {
        if self.problems.is_empty() {
            return Ok(self.notes);
        }
        if let [Told { problem, .. }] = &*self.problems
            && problem.code == "DIVISION_FIXED"
        {
            let failure = Failure::new(Class::Rejected, "DIVISION_FIXED", problem.message.clone());
            return Err(Failure { hint: problem.hint.clone(), ..failure });
        }
        Err(Failure::new(Class::Rejected, "REJECTED", what).because(self.problems))
    }
}

/// What the log says of a record: every field that differs.
pub(super) fn changed<R: Record>(before: Option<&R>, after: &R) -> Vec<ChangedField> {
    let field = |(key, old, new): (R::Key, _, _)| ChangedField { field: key.to_string(), old, new, plugin: None };
    diff(before, after).into_iter().map(field).collect()
}

/// What the log keeps of a record that is deleted: every value that it had.
pub(super) fn removed<R: Record>(record: &R) -> Vec<ChangedField> {
    let gone = |field: ChangedField| ChangedField { old: field.new, new: None, ..field };
    changed(None, record).into_iter().map(gone).collect()
}

/// An entry for the log.
pub(super) fn entry(action: Action, fields: Vec<ChangedField>, by: &Viewer) -> NewChange {
    let actor = Actor::Person(by.name().to_owned());
    NewChange { at: super::now(), actor, action, fields, via: String::new() }
}

/// Refuses a write that is based on an older revision.
pub(super) fn require_rev(what: &str, rev: u64, seen: Option<u64>) -> Result<(), Failure> {
    match seen {
        Some(seen) if seen != rev => {
            Err(Failure::new(Class::Conflict, "STALE_REV", format!("{what} is at revision {rev} now, not {seen}"))
                .hint("look at it again and decide again"))
        }
        _ => Ok(()),
    }
}

impl App {
    /// Checks that the viewer manages things: an admin, or the operator. `deed` reads on after `may not`.
    ///
    /// # Errors
    /// Forbidden, with who may.
    pub fn require_admin(&self, by: &Viewer, deed: &str) -> Result<(), Failure> {
        if by.is_admin() {
            return Ok(());
        }
        let staff = self.store()?.read(|reader| reader.staff())?;
        let admins: Vec<&str> = staff
            .iter()
            .filter(|member| Viewer::Staff(member.member().into()).is_admin())
            .map(|member| member.name.as_str())
            .take(ADMINS_NAMED)
            .collect();
        let who = if admins.is_empty() { "whoever operates Carnet".to_owned() } else { admins.join(" or ") };
        Err(Failure::new(Class::Rejected, "FORBIDDEN", format!("{} may not {deed}", by.name()))
            .hint(format!("only admins may; ask {who}")))
    }

    /// Checks that an organization named by hand exists and is the viewer's to see, and returns its name as it is stored.
    ///
    /// # Errors
    /// `ORGANIZATION_UNKNOWN` with the nearest name that the viewer may know.
    pub fn known_organization(&self, name: &Name, by: &Viewer) -> Result<Name, Failure> {
        let known = self.names_known_to(Referent::Organization, by)?;
        let stored = self.known(Referent::Organization, name).ok();
        let seen = stored.filter(|stored| known.iter().any(|known| known == stored.as_str()));
        seen.ok_or_else(|| unknown(RecordKind::Organization, name.as_str(), known.iter().map(String::as_str)))
    }

    /// Checks that a staff member named by hand exists, and returns the name as it is stored.
    ///
    /// # Errors
    /// `STAFF_UNKNOWN` with the nearest name.
    pub fn known_staff(&self, name: &Name) -> Result<Name, Failure> {
        self.known(Referent::Staff, name)
    }

    /// Checks that a division named by hand exists, and returns its name as it is stored.
    ///
    /// # Errors
    /// `DIVISION_UNKNOWN` with the nearest name.
    pub fn known_division(&self, name: &Name) -> Result<Name, Failure> {
        self.known(Referent::Division, name)
    }

    fn known(&self, referent: Referent, name: &Name) -> Result<Name, Failure> {
        let stored = self.store()?.read(|reader| reader.stored_name(referent, name))?;
        match stored {
            Some(stored) => Ok(Name::parse(&stored)?),
            None => {
                let names = self.store()?.read(|reader| reader.names(referent))?;
                Err(unknown(referent.kind(), name.as_str(), names.iter().map(String::as_str)))
            }
        }
    }
}

/// There is no such record; the nearest name may be the one that was meant.
pub(super) fn unknown<'n>(kind: RecordKind, wanted: &str, names: impl IntoIterator<Item = &'n str>) -> Failure {
    let failure = Failure::new(Class::NotFound, kind.unknown_code(), format!("there is no {} `{wanted}`", kind.noun()));
    match nearest(wanted, names) {
        Some(near) => failure.hint(format!("did you mean `{near}`?")),
        None => Failure { hint: kind.hint(), ..failure },
    }
}
