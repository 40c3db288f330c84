//! Rights, claims, conflicts, life cycles and locked values of contacts, through the library on a home folder of its own.

mod claims;
mod conflicts;
mod life;
mod locked;
mod rights;

use std::sync::Arc;

use tempfile::TempDir;

use super::{Wish, Written};
use crate::app::App;
use crate::app::failure::Failure;
use crate::app::merge::Sides;
use crate::app::records::Assignment;
use crate::domain::field::{Field, FieldKey};
use crate::domain::id::ContactId;
use crate::domain::merge::choices::{Choice, Choices};
use crate::domain::name::Name;
use crate::domain::permission::{Member, Role, Viewer};

const CLI: Viewer = Viewer::Operator;

/// Carnet in a folder of its own, with settings and at most one script.
fn home(settings: &str, script: &str) -> (TempDir, App) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("carnet.toml"), settings).unwrap();
    if !script.is_empty() {
        std::fs::create_dir(folder.path().join("scripts")).unwrap();
        std::fs::write(folder.path().join("scripts/desk.rhai"), script).unwrap();
    }
    let app = App::open(folder.path(), None).unwrap();
    populate(&app);
    (folder, app)
}

/// The people and divisions that the tests speak of.
pub(in crate::app) fn populate(app: &App) {
    for division in ["Asia", "Europe"] {
        app.add_division(division, &CLI).unwrap();
    }
    for staff in ["Ann", "Bob", "Cid", "Eve", "Mallory", "Root", "Zoe"] {
        let fields = Assignment::parse_all(&[format!("name={staff}")]).unwrap();
        app.add_staff(&fields, &CLI).unwrap();
    }
}

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

fn staff(staff_name: &str, role: Role, divisions: &[&str]) -> Viewer {
    let divisions = divisions.iter().map(|division| name(division)).collect();
    Viewer::Staff(Arc::new(Member { name: name(staff_name), role, divisions }))
}

fn agent(staff_name: &str) -> Viewer {
    staff(staff_name, Role::Agent, &[])
}

fn wishes(fields: &[&str]) -> Vec<Wish> {
    fields.iter().map(|field| Wish::parse(field).unwrap()).collect()
}

fn add(app: &App, fields: &[&str], by: &Viewer) -> ContactId {
    app.add_contact(&wishes(fields), false, by).unwrap().contact.id
}

fn edit(app: &App, id: ContactId, fields: &[&str], by: &Viewer) -> Result<Written, Failure> {
    app.edit_contact(id, &wishes(fields), None, by)
}

/// Merges the second into the first, with some fields taken from it.
fn merge(app: &App, master: ContactId, other: ContactId, take: &[Field], by: &Viewer) -> Result<Written, Failure> {
    let pair = app.merge_pair(Sides { master, other, rev: None, other_rev: None }, by)?;
    let mut choices = Choices::default();
    take.iter().try_for_each(|field| choices.set(FieldKey::Known(*field), Choice::Other))?;
    app.merge_contacts(&pair, &choices, by)
}

/// The code of a failure, or of its first problem.
fn code<T>(done: Result<T, Failure>) -> String {
    match done {
        Ok(_) => "ok".to_owned(),
        Err(failure) => match failure.problems.first() {
            Some(told) => told.problem.code.to_string(),
            None => failure.code.to_string(),
        },
    }
}
