//! Organizations: add, show, list, edit, delete, and their log. A renamed organization is renamed in its contacts, too; under access by
//! division, who may not see an organization does not find it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::custom_fields::taken_of_organizations;
use super::failure::{Class, Failure};
use super::records::{Assignment, Filling, WrittenRecord, changed, entry, removed, require_rev, unknown};
use super::{App, now};
use crate::domain::company::company_key;
use crate::domain::contact::Stamp;
use crate::domain::custom::Entity;
use crate::domain::name::Name;
use crate::domain::organization::Organization;
use crate::domain::permission::{Scope, Viewer};
use crate::store::{Action, Filter, OrganizationPage, OrganizationQuery, Query, RecordChange, RecordKind, Referent};

/// Most organizations among which one is looked for by likeness.
const COMPANIES_MAX: usize = 20_000;

impl App {
    /// Creates an organization. Under access by division it gets its maker's only division, unless another of theirs is named.
    ///
    /// # Errors
    /// Rejected, with every problem; conflict when the name is taken.
    pub fn add_organization(
        &self,
        assignments: &[Assignment],
        by: &Viewer,
    ) -> Result<WrittenRecord<Organization>, Failure> {
        // Replaced by the one that is given; without one, or with one that is refused, that is told as a problem.
        let mut organization = Organization::new(Name::parse("?")?, Stamp { at: now(), by: by.name().into() });
        let notes = self.fill_organization(&mut organization, assignments, "the organization was not created")?;
        organization.division = self.division_of_new(organization.division.take(), by)?;
        let fields = changed(None, &organization);
        let entry = entry(Action::Created, fields.clone(), by);
        let schema = self.schema(Entity::Organization)?;
        let scope = self.organization_scope(by);
        organization.id = self.store()?.write(|writer| {
            let taken = taken_of_organizations(writer, &schema, 0, &BTreeMap::new(), &organization.custom, &scope)?;
            Filling::refused(taken, "the organization was not created")?;
            writer.insert_organization(&organization, &entry).map_err(Failure::from)
        })?;
        organization.rev = 1;
        Ok(WrittenRecord { record: organization, fields, contacts: 0, notes })
    }

    /// Changes an organization. `seen` is the revision that the wishes are based on; `None` takes the newest.
    ///
    /// # Errors
    /// Not found; conflict on a stale revision or a name that is taken; rejected, with every problem; forbidden, for a division that is
    /// not the viewer's.
    pub fn edit_organization(
        &self,
        organization: &str,
        assignments: &[Assignment],
        seen: Option<u64>,
        by: &Viewer,
    ) -> Result<WrittenRecord<Organization>, Failure> {
        let before = self.organization(organization, by)?;
        require_rev(&told(&before), before.rev, seen)?;
        let mut after = before.clone();
        let notes = self.fill_organization(&mut after, assignments, &format!("{} was not changed", told(&before)))?;
        if let (None, Some(division)) = (&before.division, &after.division) {
            // The first division of an organization hides it from others.
            self.require_admin(by, "give an organization its division")?;
            after.division = Some(self.own_division(division, by)?);
        }
        let fields = changed(Some(&before), &after);
        if fields.is_empty() {
            return Ok(WrittenRecord { record: before, fields, contacts: 0, notes });
        }
        let entry = entry(Action::Updated, fields.clone(), by);
        after.updated = Stamp { at: entry.at, by: by.name().into() };
        let (schema, scope) = (self.schema(Entity::Organization)?, self.organization_scope(by));
        let (rev, contacts) = self.store()?.write(|writer| {
            let taken = taken_of_organizations(writer, &schema, after.id, &before.custom, &after.custom, &scope)?;
            Filling::refused(taken, &format!("{} was not changed", told(&before)))?;
            writer.update_organization(&after, before.rev, &entry).map_err(Failure::from)
        })?;
        after.rev = rev;
        Ok(WrittenRecord { record: after, fields, contacts, notes })
    }

    /// Deletes an organization; its contacts lose the link. Returns it, and how many contacts there were.
    ///
    /// # Errors
    /// Forbidden, unless an admin or the operator asks; not found; conflict on a stale revision.
    pub fn delete_organization(
        &self,
        organization: &str,
        seen: Option<u64>,
        by: &Viewer,
    ) -> Result<(Organization, u64), Failure> {
        let found = self.organization(organization, by)?;
        self.require_admin(by, "delete organizations")?;
        require_rev(&told(&found), found.rev, seen)?;
        let entry = entry(Action::Deleted, removed(&found), by);
        let contacts = self.store()?.write(|writer| writer.delete_organization(found.id, found.rev, &entry))?;
        Ok((found, contacts))
    }

    /// Returns how many contacts name an organization, whoever may see them: what its end would touch.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn contacts_naming_organization(&self, organization: &Organization) -> Result<u64, Failure> {
        Ok(self.store()?.read(|reader| reader.contacts_naming(Referent::Organization, &organization.name))?)
    }

    /// Returns an organization by its number, or its name.
    ///
    /// # Errors
    /// Not found, also when the viewer may not see it.
    pub fn organization(&self, organization: &str, by: &Viewer) -> Result<Organization, Failure> {
        let found = self.store()?.read(|reader| {
            let numbered = match organization.trim().parse() {
                Ok(number) => reader.organization(number)?,
                Err(_) => None,
            };
            match (numbered, Name::parse(organization)) {
                (None, Ok(name)) => reader.organization_named(&name),
                (numbered, _) => Ok(numbered),
            }
        })?;
        match found.filter(|found| self.sees_organization(by, found)) {
            Some(found) => Ok(found),
            None => Err(self.no_organization(organization, by)?),
        }
    }

    /// Returns the names of the organizations that the viewer does not see.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(super) fn hidden_organizations(&self, by: &Viewer) -> Result<BTreeSet<Name>, Failure> {
        if !matches!(self.organization_scope(by), Scope::Divisions(_)) {
            return Ok(BTreeSet::new());
        }
        let query = OrganizationQuery { words: String::new(), scope: Scope::All, after: None, limit: usize::MAX };
        let all = self.store()?.read(|reader| reader.organizations(&query))?.organizations;
        Ok(all.into_iter().filter(|one| !self.sees_organization(by, one)).map(|one| one.name).collect())
    }

    /// Returns the organizations that the viewer sees by what their names are compared by, for suggesting them; none where there are very
    /// many, of which some would fit anything.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(super) fn companies(&self, by: &Viewer) -> Result<HashMap<String, Name>, Failure> {
        let scope = self.organization_scope(by);
        let query = OrganizationQuery { words: String::new(), scope, after: None, limit: COMPANIES_MAX + 1 };
        let all = self.store()?.read(|reader| reader.organizations(&query))?.organizations;
        if all.len() > COMPANIES_MAX {
            return Ok(HashMap::new());
        }
        let keyed = all.into_iter().map(|one| (company_key(one.name.as_str()), one.name));
        Ok(keyed.filter(|(key, _)| !key.is_empty()).collect())
    }

    /// Returns one page of the organizations that the viewer sees, as they may be shown, found by beginnings of words of their names.
    ///
    /// # Errors
    /// Usage, when the cursor is none of ours.
    pub fn organizations(
        &self,
        words: &str,
        after: Option<String>,
        limit: usize,
        by: &Viewer,
    ) -> Result<OrganizationPage, Failure> {
        let query = OrganizationQuery { words: words.to_owned(), scope: self.organization_scope(by), after, limit };
        let mut page = self.store()?.read(|reader| reader.organizations(&query))?;
        let found = std::mem::take(&mut page.organizations);
        page.organizations = found.into_iter().map(|one| self.shown_organization(one)).collect::<Result<_, _>>()?;
        Ok(page)
    }

    /// Returns the query for the contacts of an organization that the viewer sees.
    ///
    /// # Errors
    /// Not found.
    pub fn contacts_of_organization(&self, organization: &str, by: &Viewer) -> Result<Query, Failure> {
        let name = self.organization(organization, by)?.name;
        Ok(Query { filters: vec![Filter::Organization(name)], ..self.query(by) })
    }

    /// Returns what was done to an organization, newest first. Admins may still ask for one that was deleted, by its number.
    ///
    /// # Errors
    /// Not found.
    pub fn organization_changes(&self, organization: &str, by: &Viewer) -> Result<Vec<RecordChange>, Failure> {
        let log = |id: i64| {
            self.store()?
                .read(|reader| reader.record_changes(RecordKind::Organization, &id.to_string(), None))
                .map_err(Failure::from)
        };
        match (self.organization(organization, by), organization.trim().parse()) {
            (Ok(found), _) => log(found.id),
            (Err(missing), Ok(number)) if by.is_admin() => {
                let entries = log(number)?;
                if entries.is_empty() { Err(missing) } else { Ok(entries) }
            }
            (Err(missing), _) => Err(missing),
        }
    }

    /// The nearest name that the viewer may know is told.
    fn no_organization(&self, wanted: &str, by: &Viewer) -> Result<Failure, Failure> {
        let names = self.names_known_to(Referent::Organization, by)?;
        Ok(unknown(RecordKind::Organization, wanted, names.iter().map(String::as_str)))
    }

    /// Returns the names of organizations, staff members or divisions that the viewer may know.
    pub(super) fn names_known_to(&self, what: Referent, by: &Viewer) -> Result<Vec<String>, Failure> {
        match (what, self.organization_scope(by)) {
            (Referent::Organization, Scope::Divisions(_)) => {
                let page = self.organizations("", None, usize::MAX, by)?;
                Ok(page.organizations.into_iter().map(|known| known.name.as_str().to_owned()).collect())
            }
            _ => Ok(self.store()?.read(|reader| reader.names(what))?),
        }
    }

    /// Says whether the viewer sees an organization.
    pub(super) fn sees_organization(&self, by: &Viewer, organization: &Organization) -> bool {
        self.organization_scope(by).covers(organization.division.as_ref())
    }

    fn organization_scope(&self, by: &Viewer) -> Scope {
        by.scope(self.settings().access)
    }

    fn fill_organization(
        &self,
        organization: &mut Organization,
        assignments: &[Assignment],
        what: &str,
    ) -> Result<Vec<String>, Failure> {
        let before = organization.clone();
        let rules = self.rules(now())?;
        let mut filling = Filling::of(organization, assignments, &rules)?;
        if before.rev == 0 {
            filling.require_name(assignments);
        }
        let schema = self.schema(Entity::Organization)?;
        filling.add(schema.settle(&before.custom, &mut organization.custom, &rules));
        filling.accepted(what)
    }

    /// An organization as it may be shown: without the values of custom fields that are not in use.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn shown_organization(&self, mut organization: Organization) -> Result<Organization, Failure> {
        if !organization.custom.is_empty() {
            self.schema(Entity::Organization)?.hide(&mut organization.custom);
        }
        Ok(organization)
    }

    /// The division of an organization that the viewer makes.
    fn division_of_new(&self, given: Option<Name>, by: &Viewer) -> Result<Option<Name>, Failure> {
        if let Some(given) = given {
            return self.own_division(&given, by).map(Some);
        }
        match self.organization_scope(by) {
            Scope::Divisions(divisions) if divisions.len() > 1 => {
                let names: Vec<&str> = divisions.iter().map(Name::as_str).collect();
                let message = format!("{} works in {} divisions", by.name(), names.len());
                Err(Failure::new(Class::Rejected, "DIVISION_NEEDED", message)
                    .hint(format!("say which the organization belongs to: add `division=` {}", names.join(" or "))))
            }
            Scope::Divisions(divisions) => Ok(divisions.into_iter().next()),
            Scope::All | Scope::Person(_) | Scope::PersonWithin(..) => Ok(None),
        }
    }

    /// A division that exists, and in which the viewer may put things.
    fn own_division(&self, division: &Name, by: &Viewer) -> Result<Name, Failure> {
        let known = self.known_division(division)?;
        if self.organization_scope(by).covers(Some(&known)) {
            return Ok(known);
        }
        Err(Failure::new(Class::Rejected, "FORBIDDEN", format!("{} is not in division `{known}`", by.name()))
            .hint("name a division of your own, or ask an admin"))
    }
}

fn told(organization: &Organization) -> String {
    format!("organization {} `{}`", organization.id, organization.name)
}
