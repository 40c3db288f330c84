//! Who else sees a contact, and whose it is: share, unshare, transfer. The change log tells of all three, and `on_update` is asked.

use super::write::Change;
use super::{Part, Written, known};
use crate::app::App;
use crate::app::decide::RuleBook;
use crate::app::failure::Failure;
use crate::domain::draft::Draft;
use crate::domain::id::ContactId;
use crate::domain::name::Name;
use crate::domain::permission::{Right, Viewer};

impl App {
    /// Shares a contact with staff members, each named by name, e-mail address or number.
    ///
    /// # Errors
    /// Not found, the contact or a staff member; forbidden; rejected by a plugin.
    pub fn share_contact(&self, id: ContactId, with: &[String], by: &Viewer) -> Result<Written, Failure> {
        let with = self.meant(with)?;
        let make = |draft: &mut Draft, _: &RuleBook| {
            let contact = &mut draft.contact;
            let new = with.iter().filter(|name| contact.owner.as_ref() != Some(*name));
            contact.shared_with.extend(new.cloned());
            contact.shared_with.sort();
            contact.shared_with.dedup();
            Ok(())
        };
        let mut written = self.reassign(id, Right::Share, "not shared", &make, by)?;
        let owner = written.contact.owner.as_ref().filter(|owner| with.contains(owner));
        let owns = owner.map(|owner| format!("{owner} owns the contact and sees it anyway"));
        written.notes.extend(owns);
        self.tell_blind(&with, &mut written);
        Ok(written)
    }

    /// Takes the share of staff members away again.
    ///
    /// # Errors
    /// As for [`App::share_contact`].
    pub fn unshare_contact(&self, id: ContactId, from: &[String], by: &Viewer) -> Result<Written, Failure> {
        // Whoever left keeps no share, so a name that is there is good enough.
        let held = self.contact_for(id, Right::Share, by)?.shared_with;
        let name = |text: &String| match Name::parse(text) {
            Ok(name) if held.contains(&name) => Ok(name),
            _ => known::meant(self, text),
        };
        let from = from.iter().map(name).collect::<Result<Vec<_>, _>>()?;
        let make = |draft: &mut Draft, _: &RuleBook| {
            draft.contact.shared_with.retain(|name| !from.contains(name));
            Ok(())
        };
        let mut written = self.reassign(id, Right::Share, "not changed", &make, by)?;
        let had_none = from.iter().filter(|name| !held.contains(name));
        let had_none: Vec<String> = had_none.map(|name| format!("it was not shared with {name}")).collect();
        written.notes.extend(had_none);
        Ok(written)
    }

    /// Gives a contact another owner. Whoever owned it before keeps nothing of it, unless it is shared with them; who it is shared with
    /// stays as it is.
    ///
    /// # Errors
    /// As for [`App::share_contact`].
    pub fn transfer_contact(&self, id: ContactId, to: &str, by: &Viewer) -> Result<Written, Failure> {
        let to = known::meant(self, to)?;
        let make = |draft: &mut Draft, _: &RuleBook| {
            draft.contact.shared_with.retain(|name| *name != to);
            if draft.contact.owner.as_ref() != Some(&to) {
                draft.contact.owner = Some(to.clone());
            }
            Ok(())
        };
        let mut written = self.reassign(id, Right::Transfer, "not transferred", &make, by)?;
        self.tell_blind(std::slice::from_ref(&to), &mut written);
        Ok(written)
    }

    fn reassign(
        &self,
        id: ContactId,
        right: Right,
        refused: &'static str,
        make: &dyn Fn(&mut Draft, &RuleBook) -> Result<(), Failure>,
        by: &Viewer,
    ) -> Result<Written, Failure> {
        self.change_contact(id, &Change { right, seen: None, wishes: &[], refused, make, part: &Part::alone() }, by)
    }

    fn meant(&self, staff: &[String]) -> Result<Vec<Name>, Failure> {
        staff.iter().map(|text| known::meant(self, text)).collect()
    }

    /// Under access by division a share does not open a door: somebody should know.
    fn tell_blind(&self, names: &[Name], written: &mut Written) {
        for name in names {
            if self.viewer(Some(name.as_str())).is_ok_and(|viewer| !self.sees(&viewer, &written.contact)) {
                let division = written.contact.division.as_ref().map_or("", Name::as_str);
                written
                    .notes
                    .push(format!("{name} does not belong to division {division} and will not see the contact"));
            }
        }
    }
}
