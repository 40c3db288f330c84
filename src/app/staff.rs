//! Staff members: add, show, list, edit, delete. Admins and the operator manage them; everybody may say whether they are available.

use super::failure::Failure;
use super::records::{Assignment, Filling, WrittenRecord, changed, entry, require_rev, unknown};
use super::{App, now};
use crate::domain::contact::Stamp;
use crate::domain::name::Name;
use crate::domain::permission::Viewer;
use crate::domain::staff::Staff;
use crate::domain::text::fold;
use crate::store::{Action, RecordKind, Referent};

impl App {
    /// Creates a staff member.
    ///
    /// # Errors
    /// Forbidden; rejected, with every problem; not found for a division; conflict when the name or the e-mail address is taken.
    pub fn add_staff(&self, assignments: &[Assignment], by: &Viewer) -> Result<WrittenRecord<Staff>, Failure> {
        self.require_admin(by, "add staff members")?;
        // Replaced by the one that is given; without one, or with one that is refused, that is told as a problem.
        let mut staff = Staff::new(Name::parse("?")?, Stamp { at: now(), by: by.name().into() });
        let mut filling = Filling::of(&mut staff, assignments, &self.rules(now())?)?;
        filling.require_name(assignments);
        let notes = filling.accepted("the staff member was not added")?;
        self.settle_divisions(&mut staff)?;
        let fields = changed(None, &staff);
        let entry = entry(Action::Created, fields.clone(), by);
        staff.id = self.store()?.write(|writer| writer.insert_staff(&staff, &entry))?;
        staff.rev = 1;
        Ok(WrittenRecord { record: staff, fields, contacts: 0, notes })
    }

    /// Changes a staff member. `seen` is the revision that the wishes are based on; `None` takes the newest.
    ///
    /// # Errors
    /// Not found; forbidden; conflict on a stale revision, or when the name or the e-mail address is taken; rejected, with every problem.
    pub fn edit_staff(
        &self,
        staff: &str,
        assignments: &[Assignment],
        seen: Option<u64>,
        by: &Viewer,
    ) -> Result<WrittenRecord<Staff>, Failure> {
        let before = self.staff_member(staff)?;
        let own = by.member().is_some_and(|member| member.name == before.name);
        if !(own && assignments.iter().all(|wish| wish.field == "availability")) {
            self.require_admin(by, "edit staff members")?;
        }
        require_rev(&told(&before), before.rev, seen)?;
        let mut after = before.clone();
        let filling = Filling::of(&mut after, assignments, &self.rules(now())?)?;
        let notes = filling.accepted(&format!("{} was not changed", told(&before)))?;
        self.settle_divisions(&mut after)?;
        let fields = changed(Some(&before), &after);
        if fields.is_empty() {
            return Ok(WrittenRecord { record: before, fields, contacts: 0, notes });
        }
        let entry = entry(Action::Updated, fields.clone(), by);
        after.updated = Stamp { at: entry.at, by: by.name().into() };
        let (rev, contacts) = self.store()?.write(|writer| writer.update_staff(&after, before.rev, &entry))?;
        after.rev = rev;
        Ok(WrittenRecord { record: after, fields, contacts, notes })
    }

    /// Deletes a staff member; contacts keep the name. Returns the member, and how many contacts name them.
    ///
    /// # Errors
    /// Forbidden; not found.
    pub fn delete_staff(&self, staff: &str, by: &Viewer) -> Result<(Staff, u64), Failure> {
        self.require_admin(by, "delete staff members")?;
        let found = self.staff_member(staff)?;
        let entry = entry(Action::Deleted, Vec::new(), by);
        let contacts = self.store()?.write(|writer| writer.delete_staff(found.id, found.rev, &entry))?;
        Ok((found, contacts))
    }

    /// Returns how many contacts a staff member owns or shares.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn contacts_naming_staff(&self, staff: &Staff) -> Result<u64, Failure> {
        Ok(self.store()?.read(|reader| reader.contacts_naming(Referent::Staff, &staff.name))?)
    }

    /// Returns a staff member by number, name or e-mail address.
    ///
    /// # Errors
    /// Not found, with the nearest name.
    pub fn staff_member(&self, staff: &str) -> Result<Staff, Failure> {
        let wanted = staff.trim();
        let found = self.store()?.read(|reader| {
            // No name is a number.
            if let Ok(number) = wanted.parse() {
                return reader.staff_member(number);
            }
            let named = match Name::parse(wanted) {
                Ok(name) => reader.staff_named(&name)?,
                Err(_) => None,
            };
            named.map_or_else(|| reader.staff_with_email(wanted), |found| Ok(Some(found)))
        })?;
        match found {
            Some(found) => Ok(found),
            None => {
                let all = self.staff()?;
                let names = all.iter().map(|member| member.name.as_str());
                let addresses = all.iter().filter_map(|member| member.email.as_deref());
                Err(unknown(RecordKind::Staff, staff, names.chain(addresses)))
            }
        }
    }

    /// Returns all staff members, by name.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn staff(&self) -> Result<Vec<Staff>, Failure> {
        Ok(self.store()?.read(|reader| reader.staff())?)
    }

    /// Returns the staff members in whose names, departments or addresses every word begins one, by name.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn staff_found(&self, words: &str) -> Result<Vec<Staff>, Failure> {
        let wanted = fold(words);
        let says = |member: &Staff, wanted: &str| {
            let texts = [Some(member.name.as_str()), member.department.as_deref(), member.email.as_deref()];
            texts.into_iter().flatten().any(|text| {
                let text = fold(text);
                text.split(|c: char| !c.is_alphanumeric()).chain([text.as_str()]).any(|word| word.starts_with(wanted))
            })
        };
        let mut staff = self.staff()?;
        staff.retain(|member| wanted.split_whitespace().all(|word| says(member, word)));
        Ok(staff)
    }

    /// Divisions must exist, and are written as they are stored.
    fn settle_divisions(&self, staff: &mut Staff) -> Result<(), Failure> {
        let known = staff.divisions.iter().map(|division| self.known_division(division));
        staff.divisions = known.collect::<Result<_, _>>()?;
        Ok(())
    }
}

fn told(staff: &Staff) -> String {
    format!("staff member {} `{}`", staff.id, staff.name)
}
