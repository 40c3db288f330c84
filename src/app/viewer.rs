//! Who acts, and what they may: the settings' access rules applied to contacts and queries.

use std::sync::Arc;

use super::App;
use super::failure::{Class, Failure};
use crate::config::{ExportScope, SearchField};
use crate::domain::contact::Contact;
use crate::domain::name::Name;
use crate::domain::permission::{Right, Scope, Viewer};
use crate::store::{Query, SearchFields};

impl App {
    /// Finds out who acts: the operator, or the staff member with a name, an e-mail address or a number.
    ///
    /// # Errors
    /// Not found, with the nearest name.
    pub fn viewer(&self, staff: Option<&str>) -> Result<Viewer, Failure> {
        match staff {
            None => Ok(Viewer::Operator),
            Some(staff) => Ok(Viewer::Staff(Arc::new(self.staff_member(staff)?.member()))),
        }
    }

    /// Returns a query for every contact that the viewer sees, under the settings.
    #[must_use]
    pub fn query(&self, by: &Viewer) -> Query {
        let has = |field| self.settings().search_fields.contains(&field);
        let within = SearchFields {
            name: has(SearchField::Name),
            email: has(SearchField::Email),
            phone: has(SearchField::Phone),
            company: has(SearchField::Company),
            external_id: has(SearchField::ExternalId),
        };
        Query { within, scope: by.scope(self.settings().access), ..Query::default() }
    }

    /// Returns which contacts an export for the viewer holds.
    #[must_use]
    pub fn export_scope(&self, by: &Viewer) -> Scope {
        let seen = by.scope(self.settings().access);
        match (self.settings().export_scope, by.member(), seen) {
            (ExportScope::Owned, Some(member), Scope::Divisions(own)) => Scope::PersonWithin(member.name.clone(), own),
            (ExportScope::Owned, Some(member), _) => Scope::Person(member.name.clone()),
            (_, _, seen) => seen,
        }
    }

    /// Checks that nothing is hidden from the viewer: what is held about a person stands in imports and logs of others, too.
    ///
    /// # Errors
    /// Forbidden.
    pub fn require_whole_view(&self, by: &Viewer) -> Result<(), Failure> {
        if by.scope(self.settings().access) == Scope::All {
            return Ok(());
        }
        let message = format!("{} may not: what is held about a person stands in records of others, too", by.name());
        Err(Failure::new(Class::Rejected, "FORBIDDEN", message).hint("ask an admin"))
    }

    /// Checks that the viewer may do something with a contact. One that they may not even see is not found.
    ///
    /// # Errors
    /// Not found, or forbidden with who may.
    pub fn require(&self, by: &Viewer, right: Right, contact: &Contact) -> Result<(), Failure> {
        let deed = match right {
            Right::View => "see",
            Right::Edit => "edit",
            Right::Share => "share",
            Right::Transfer => "transfer",
            Right::Delete => "delete",
        };
        self.require_for(deed, by, right, contact)
    }

    /// As [`App::require`], for something that takes another's right: the refusal says what was wanted.
    ///
    /// # Errors
    /// As for [`App::require`].
    pub(super) fn require_for(&self, deed: &str, by: &Viewer, right: Right, contact: &Contact) -> Result<(), Failure> {
        let access = self.settings().access;
        if by.may(right, contact, access) {
            return Ok(());
        }
        if !by.may(Right::View, contact, access) {
            return Err(super::contacts::unknown(contact.id));
        }
        let owner = contact.owner.as_ref().map_or("an admin", Name::as_str);
        Err(Failure::new(Class::Rejected, "FORBIDDEN", format!("{} may not {deed} contact {}", by.name(), contact.id))
            .hint(format!("ask {owner}, or an admin")))
    }
}
