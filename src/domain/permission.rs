//! Who may see and do what with a contact, as pure rules. Which contacts a search may return is the store's filter, made from [`Scope`].

use std::sync::Arc;

use super::contact::{Contact, words};
use super::name::Name;

/// How access to contacts is decided, by setting.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Access {
    /// All staff see, edit, merge and delete every contact.
    Open,
    /// The owner, those it is shared with, and admins see and edit; owner and admins share, transfer and delete.
    Owner,
    /// Staff see and edit the contacts of their divisions, and those without one; admins all.
    Division,
}

words! {
    /// What a staff member may administer.
    Role {
        /// Works with contacts; the default.
        Agent = "agent",
        /// Sees and manages everything.
        Admin = "admin",
    }
}

/// Who acts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Viewer {
    /// Whoever operates the installation, at the command line without `--as`: may do everything.
    Operator,
    /// A staff member.
    Staff(Arc<Member>),
}

/// What permissions need to know of a staff member.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Member {
    /// Name.
    pub name: Name,
    /// Role.
    pub role: Role,
    /// Divisions.
    pub divisions: Vec<Name>,
}

/// What somebody wants to do with a contact.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Right {
    /// See it.
    View,
    /// Change its fields, add notes, be its master in a merge.
    Edit,
    /// Share it with other staff.
    Share,
    /// Give it another owner.
    Transfer,
    /// Delete it, or let it be erased in a merge.
    Delete,
}

/// Which contacts somebody sees.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Scope {
    /// All.
    All,
    /// Those that the person owns or that are shared with them.
    Person(Name),
    /// Those of the divisions, and those without one.
    Divisions(Vec<Name>),
    /// Those of a person, as far as they are of the divisions or without one.
    PersonWithin(Name, Vec<Name>),
}

/// Name under which the operator's writes are logged.
pub const OPERATOR: &str = "cli";

impl Viewer {
    /// Returns the name for the change log.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Operator => OPERATOR,
            Self::Staff(member) => member.name.as_str(),
        }
    }

    /// Returns the staff member, if one acts.
    #[must_use]
    pub fn member(&self) -> Option<&Member> {
        match self {
            Self::Operator => None,
            Self::Staff(member) => Some(member),
        }
    }

    /// Says whether the viewer manages everything: settings, staff, schema, every contact.
    #[must_use]
    pub fn is_admin(&self) -> bool {
        self.member().is_none_or(|member| member.role == Role::Admin)
    }

    /// Says whether the viewer may do something with a contact.
    #[must_use]
    pub fn may(&self, right: Right, contact: &Contact, access: Access) -> bool {
        let Some(member) = self.member() else { return true };
        if self.is_admin() {
            return true;
        }
        match access {
            Access::Open => true,
            Access::Owner => {
                let owns = contact.owner.as_ref() == Some(&member.name);
                let shares = contact.shared_with.contains(&member.name);
                match right {
                    Right::View | Right::Edit => owns || shares,
                    Right::Share | Right::Transfer | Right::Delete => owns,
                }
            }
            Access::Division => contact.division.as_ref().is_none_or(|division| member.divisions.contains(division)),
        }
    }

    /// Returns which contacts the viewer sees.
    #[must_use]
    pub fn scope(&self, access: Access) -> Scope {
        match (self.member(), access) {
            (Some(member), Access::Owner) if !self.is_admin() => Scope::Person(member.name.clone()),
            (Some(member), Access::Division) if !self.is_admin() => Scope::Divisions(member.divisions.clone()),
            _ => Scope::All,
        }
    }
}

impl Scope {
    /// Says whether a record of a division, or of none, is within. Persons own contacts only.
    #[must_use]
    pub fn covers(&self, division: Option<&Name>) -> bool {
        match self {
            Self::Divisions(divisions) | Self::PersonWithin(_, divisions) => {
                division.is_none_or(|division| divisions.contains(division))
            }
            Self::All | Self::Person(_) => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::tests::contact;

    fn viewer(name: &str, role: Role, divisions: &[&str]) -> Viewer {
        let divisions = divisions.iter().map(|name| Name::parse(name).unwrap()).collect();
        Viewer::Staff(Arc::new(Member { name: Name::parse(name).unwrap(), role, divisions }))
    }

    #[test]
    fn the_owner_shares_and_deletes_others_see_what_is_shared() {
        let mut held = contact("Lee");
        held.owner = Some(Name::parse("Ann").unwrap());
        held.shared_with = vec![Name::parse("Bob").unwrap()];
        let may = |viewer: &Viewer, right| viewer.may(right, &held, Access::Owner);
        let [ann, bob, eve] = ["ann", "bob", "eve"].map(|name| viewer(name, Role::Agent, &[]));
        let rights = [Right::View, Right::Edit, Right::Share, Right::Transfer, Right::Delete];
        assert_eq!(rights.map(|right| may(&ann, right)), [true; 5]);
        assert_eq!(rights.map(|right| may(&bob, right)), [true, true, false, false, false]);
        assert_eq!(rights.map(|right| may(&eve, right)), [false; 5]);
        assert_eq!(rights.map(|right| may(&viewer("root", Role::Admin, &[]), right)), [true; 5]);
        assert_eq!(rights.map(|right| may(&Viewer::Operator, right)), [true; 5]);
        assert_eq!(rights.map(|right| eve.may(right, &held, Access::Open)), [true; 5]);
    }

    #[test]
    fn a_division_sees_its_own_and_what_belongs_to_none() {
        let mut held = contact("Lee");
        let ann = viewer("Ann", Role::Agent, &["Asia"]);
        assert!(ann.may(Right::Delete, &held, Access::Division));
        held.division = Some(Name::parse("ASIA").unwrap());
        assert!(ann.may(Right::Edit, &held, Access::Division));
        held.division = Some(Name::parse("Europe").unwrap());
        assert!(!ann.may(Right::View, &held, Access::Division));
        assert_eq!(ann.scope(Access::Division), Scope::Divisions(vec![Name::parse("asia").unwrap()]));
    }
}
