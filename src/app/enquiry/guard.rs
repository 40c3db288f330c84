//! Who may read an enquiry and go on with it. One whose contact the viewer may not see is theirs to take while it rings, and to handle then;
//! of any other they learn no more than that there is one. Rights over the contact itself are `viewer`'s.

use super::view::Permissions;
use crate::app::App;
use crate::app::failure::{Class, Failure};
use crate::domain::contact::Contact;
use crate::domain::enquiry::{Enquiry, EnquiryStatus};
use crate::domain::id::ContactId;
use crate::domain::permission::{Right, Viewer};
use crate::store::{Departed, Reader, StoreError};

/// How much of an enquiry somebody may know.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) enum Insight {
    /// Everything.
    Whole,
    /// It is theirs, and its contact hidden from them.
    Own,
    /// It rings for whoever takes it, and its contact is hidden.
    Rings,
    /// How it stands, and no more.
    Little,
}

impl Insight {
    /// Says whether the contact is hidden.
    pub(super) fn is_restricted(self) -> bool {
        self != Self::Whole
    }

    /// Says whether they may know what it is about, and what was said in it.
    pub(super) const fn tells(self) -> bool {
        matches!(self, Self::Whole | Self::Own)
    }
}

/// The contact by which it is decided who may see an enquiry: a deleted one still counts.
pub(super) fn behind(reader: &Reader<'_>, id: ContactId) -> Result<Option<Contact>, StoreError> {
    if let Some(contact) = reader.contact(id)? {
        return Ok(Some(contact));
    }
    Ok(match reader.departed(id)? {
        Some(Departed::Deleted { contact, .. }) => Some(*contact),
        Some(Departed::Forgotten) | None => None,
    })
}

impl App {
    /// Returns the contact of an enquiry, deleted or not.
    pub(super) fn contact_behind(&self, enquiry: &Enquiry) -> Result<Option<Contact>, Failure> {
        let Some(id) = enquiry.contact else { return Ok(None) };
        Ok(self.store()?.read(|reader| behind(reader, id))?)
    }

    /// Says how much of an enquiry the viewer may know.
    pub(super) fn insight(&self, enquiry: &Enquiry, by: &Viewer) -> Result<Insight, Failure> {
        let contact = self.contact_behind(enquiry)?;
        Ok(self.insight_by(enquiry, contact.as_ref(), by))
    }

    /// Says how much of an enquiry the viewer may know whose contact is known.
    pub(super) fn insight_by(&self, enquiry: &Enquiry, contact: Option<&Contact>, by: &Viewer) -> Insight {
        if contact.is_none_or(|contact| self.may(by, Right::View, contact)) {
            return Insight::Whole;
        }
        match (&enquiry.staff, enquiry.status) {
            (Some(_), _) if is_theirs(enquiry, by) => Insight::Own,
            (None, EnquiryStatus::Open | EnquiryStatus::Missed) => Insight::Rings,
            _ => Insight::Little,
        }
    }

    /// Checks that an enquiry is the viewer's to go on with: nobody else handles it, and if its contact is hidden from them, it rings
    /// for them or they handle it.
    pub(super) fn require_turn(&self, enquiry: &Enquiry, by: &Viewer) -> Result<(), Failure> {
        turn(enquiry, self.insight(enquiry, by)?, by)
    }

    /// Says what the viewer may do with the contact of an enquiry.
    pub(super) fn permissions(
        &self,
        enquiry: &Enquiry,
        contact: Option<&Contact>,
        insight: Insight,
        by: &Viewer,
    ) -> Permissions {
        let editable = contact.is_none_or(|contact| self.may(by, Right::Edit, contact));
        Permissions {
            view: !insight.is_restricted(),
            edit: enquiry.status.allows_edit()
                && !insight.is_restricted()
                && turn(enquiry, insight, by).is_ok()
                && editable,
        }
    }
}

fn is_theirs(enquiry: &Enquiry, by: &Viewer) -> bool {
    by.member().is_some_and(|member| enquiry.staff.as_ref() == Some(&member.name))
}

fn turn(enquiry: &Enquiry, insight: Insight, by: &Viewer) -> Result<(), Failure> {
    match insight {
        Insight::Whole => {}
        Insight::Rings => return Ok(()),
        Insight::Own if enquiry.status != EnquiryStatus::Closed => return Ok(()),
        Insight::Own | Insight::Little => return Err(hidden(enquiry.id)),
    }
    match &enquiry.staff {
        Some(staff) if enquiry.status.allows_edit() && !by.is_admin() && !is_theirs(enquiry, by) => {
            let message = format!("enquiry {} is handled by {staff}", enquiry.id);
            Err(Failure::new(Class::Rejected, "FORBIDDEN", message).hint(format!("ask {staff}, or an admin")))
        }
        _ => Ok(()),
    }
}

/// The contact of an enquiry is somebody else's, and is not named.
pub(super) fn hidden(id: i64) -> Failure {
    Failure::new(Class::Rejected, "FORBIDDEN", format!("the contact of enquiry {id} is not yours to see"))
        .hint("ask an admin")
}
