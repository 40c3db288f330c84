//! Divisions: add, list, rename, delete. Admins and the operator manage them; a division that has contacts or organizations stays.

use super::App;
use super::failure::{Class, Failure};
use super::records::entry;
use crate::domain::name::Name;
use crate::domain::permission::{Scope, Viewer};
use crate::domain::staff::listed_name;
use crate::store::{Action, ChangedField, DivisionInfo, Filter, Query};

impl App {
    /// Makes a division.
    ///
    /// # Errors
    /// Forbidden; conflict when there is one of the name.
    pub fn add_division(&self, name: &str, by: &Viewer) -> Result<DivisionInfo, Failure> {
        self.require_admin(by, "add divisions")?;
        if let Some(meant) = name.strip_prefix("name=") {
            return Err(Failure::new(Class::Usage, "NAME_FORMAT", "a division is added by its name alone")
                .hint(format!("write `carnet division add \"{meant}\"`")));
        }
        let name = listed_name(name)?;
        let entry = entry(Action::Created, vec![named(None, Some(&name))], by);
        let id = self.store()?.write(|writer| writer.insert_division(&name, &entry))?;
        Ok(DivisionInfo { id, name, contacts: 0, organizations: 0, staff: 0 })
    }

    /// Returns all divisions by name, with their use as far as the viewer sees it.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn divisions(&self, by: &Viewer) -> Result<Vec<DivisionInfo>, Failure> {
        let mut divisions = self.store()?.read(|reader| reader.divisions())?;
        let query = self.query(by);
        if query.scope != Scope::All {
            for division in &mut divisions {
                let filters = vec![Filter::Division(division.name.clone())];
                division.contacts = self.count_of(&Query { filters, ..query.clone() })?;
                if !query.scope.covers(Some(&division.name)) {
                    division.organizations = 0;
                }
            }
        }
        Ok(divisions)
    }

    /// Returns a division with its use.
    ///
    /// # Errors
    /// Not found, with the nearest name.
    pub fn division(&self, name: &str) -> Result<DivisionInfo, Failure> {
        let known = self.known_division(&Name::parse(name)?)?;
        let found =
            self.store()?.read(|reader| reader.divisions())?.into_iter().find(|division| division.name == known);
        found.ok_or_else(|| super::records::unknown(crate::store::RecordKind::Division, name, []))
    }

    /// Gives a division another name, wherever it stands. Returns it with its new name, and how many contacts were rewritten.
    ///
    /// # Errors
    /// Forbidden; not found; conflict when another has the name.
    pub fn rename_division(&self, name: &str, new: &str, by: &Viewer) -> Result<(DivisionInfo, u64), Failure> {
        self.require_admin(by, "rename divisions")?;
        let old = self.division(name)?;
        let new = listed_name(new)?;
        if new.as_str() == old.name.as_str() {
            return Ok((old, 0));
        }
        let entry = entry(Action::Updated, vec![named(Some(&old.name), Some(&new))], by);
        let contacts = self.store()?.write(|writer| writer.rename_division(&old.name, &new, &entry))?;
        Ok((DivisionInfo { name: new, ..old }, contacts))
    }

    /// Deletes a division. Returns it, and how many staff members lose it.
    ///
    /// # Errors
    /// Forbidden; not found; rejected while contacts or organizations are in it.
    pub fn delete_division(&self, name: &str, by: &Viewer) -> Result<(DivisionInfo, u64), Failure> {
        self.require_admin(by, "delete divisions")?;
        let found = self.division(name)?;
        let entry = entry(Action::Deleted, vec![named(Some(&found.name), None)], by);
        let staff = self.store()?.write(|writer| writer.delete_division(&found.name, &entry))?;
        Ok((found, staff))
    }
}

fn named(old: Option<&Name>, new: Option<&Name>) -> ChangedField {
    let text = |name: Option<&Name>| name.map(|name| name.as_str().to_owned());
    ChangedField { field: "name".to_owned(), old: text(old), new: text(new), plugin: None }
}
