//! What is somebody's by writing a contact: a new one gets its owner and division from whoever creates it, and nobody but an admin gives
//! contacts away by writing their fields. Which contacts somebody may write at all is `viewer`'s.

use std::sync::Arc;

use crate::domain::contact::Contact;
use crate::domain::draft::{Draft, Pending};
use crate::domain::field::{Field, FieldKey};
use crate::domain::invalid::Invalid;
use crate::domain::name::Name;
use crate::domain::permission::{Access, Member, Viewer};

/// The claims of one staff member. The operator has none.
#[derive(Clone, Debug)]
pub struct Claims {
    member: Arc<Member>,
    admin: bool,
    access: Access,
}

impl Claims {
    /// Returns the claims of whoever acts.
    #[must_use]
    pub fn of(by: &Viewer, access: Access) -> Option<Self> {
        match by {
            Viewer::Operator => None,
            Viewer::Staff(member) => Some(Self { member: Arc::clone(member), admin: by.is_admin(), access }),
        }
    }

    /// Applies them to a contact that is to be written, before plugins see it. What is refused stays readable and keeps what it was.
    /// `assigned` names fields that are not the viewer's to answer for: those that a plugin set in a row (plugins act for the
    /// installation, whoever imports), and those for which a right of their own was checked.
    pub fn settle(&self, draft: &mut Draft, before: Option<&Contact>, assigned: &[FieldKey]) {
        let written = |field: Field| !self.admin && !assigned.contains(&field.into());
        if written(Field::Owner) {
            self.check_owner(draft, before);
        }
        if written(Field::SharedWith) {
            check_sharing(draft, before);
        }
        if written(Field::Division) {
            self.check_division(draft, before);
        }
        if before.is_none() {
            self.fill_in(draft);
        }
    }

    fn check_owner(&self, draft: &mut Draft, before: Option<&Contact>) {
        let held = before.and_then(|before| before.owner.as_ref());
        let wanted = draft.contact.owner.as_ref();
        if wanted == held || (before.is_none() && wanted.is_none_or(|owner| *owner == self.member.name)) {
            return;
        }
        let hint = match before {
            Some(before) => format!("`carnet contact transfer {} STAFF` gives it another owner", before.id),
            None => "leave it out: you own what you create, and `carnet contact transfer` gives it away".to_owned(),
        };
        let held = held.cloned();
        forbid(draft, Field::Owner, "the owner cannot be written like this".to_owned(), hint);
        draft.contact.owner = held;
    }

    /// One's own contacts can be given a division of one's own; the first division of a stored contact hides it from others, so it is
    /// an admin's. A contact that has one keeps it, whoever writes.
    fn check_division(&self, draft: &mut Draft, before: Option<&Contact>) {
        let Some(division) = &draft.contact.division else { return };
        let held = before.and_then(|before| before.division.as_ref());
        if held.is_some() || (before.is_none() && self.member.divisions.contains(division)) {
            return;
        }
        let (message, hint) = match (before, self.own_divisions()) {
            (Some(_), _) => ("the division of a contact is given by admins".to_owned(), "ask an admin".to_owned()),
            (None, own) if own.is_empty() => {
                (format!("you do not belong to division `{division}`"), "leave it out, or ask an admin".to_owned())
            }
            (None, own) => (format!("you do not belong to division `{division}`"), format!("use one of yours: {own}")),
        };
        forbid(draft, Field::Division, message, hint);
        draft.contact.division = None;
    }

    fn fill_in(&self, draft: &mut Draft) {
        let refused = |draft: &Draft, field: Field| draft.pending.iter().any(|it| it.key.known() == Some(field));
        let own = draft.contact.owner.as_ref().is_none_or(|owner| *owner == self.member.name);
        if own && !refused(draft, Field::Owner) {
            draft.contact.owner = Some(self.member.name.clone());
        }
        if let Some(division) = &mut draft.contact.division
            && let Some(known) = self.member.divisions.iter().find(|known| *known == division)
        {
            *division = known.clone();
        }
        if self.access != Access::Division || draft.contact.division.is_some() || refused(draft, Field::Division) {
            return;
        }
        match &self.member.divisions[..] {
            [] => {}
            [only] => draft.contact.division = Some(only.clone()),
            // A contact of no division is everybody's to see, which is an admin's to decide.
            _ if self.admin => {}
            _ => {
                let invalid = Invalid::new("DIVISION_MISSING", "you belong to several divisions: say which one");
                let invalid = invalid.hint(format!("add `division=…` with one of {}", self.own_divisions()));
                draft.pending.push(Pending { key: Field::Division.into(), value: String::new(), invalid });
            }
        }
    }

    fn own_divisions(&self) -> String {
        self.member.divisions.iter().map(Name::as_str).collect::<Vec<_>>().join(", ")
    }
}

fn check_sharing(draft: &mut Draft, before: Option<&Contact>) {
    let held = before.map_or(&[][..], |before| &before.shared_with);
    if draft.contact.shared_with == held {
        return;
    }
    let hint = before.map_or_else(
        || "leave it out, and share the contact with `carnet contact share` when it is there".to_owned(),
        |before| format!("`carnet contact share {0} STAFF` and `unshare {0} STAFF` do it", before.id),
    );
    let held = held.to_vec();
    forbid(draft, Field::SharedWith, "whom a contact is shared with cannot be written like this".to_owned(), hint);
    draft.contact.shared_with = held;
}

fn forbid(draft: &mut Draft, field: Field, message: String, hint: String) {
    let value = draft.contact.joined(&field.into()).unwrap_or_default();
    let invalid = Invalid::new("FORBIDDEN", message).hint(hint);
    draft.pending.push(Pending { key: field.into(), value, invalid });
}
