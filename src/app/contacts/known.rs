//! Names that a person types must be those of organizations, staff members and divisions that there are. What an import or a plugin
//! brings is not looked at here.

use crate::app::App;
use crate::app::failure::{Class, Failure};
use crate::domain::contact::Contact;
use crate::domain::draft::{Draft, Pending};
use crate::domain::field::Field;
use crate::domain::invalid::Invalid;
use crate::domain::name::Name;
use crate::domain::permission::Viewer;

/// Keeps every new name that nobody has as refused, with its reason.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn check(app: &App, draft: &mut Draft, before: Option<&Contact>, by: &Viewer) -> Result<(), Failure> {
    for field in [Field::Organization, Field::Owner, Field::SharedWith, Field::Division] {
        let held = before.map(|before| names(before, field)).unwrap_or_default();
        for name in names(&draft.contact, field).into_iter().filter(|name| !held.contains(name)) {
            match known(app, field, &name, by) {
                Ok(known) => spell(&mut draft.contact, field, known),
                Err(failure) => {
                    let (key, value) = (field.into(), name.to_string());
                    draft.pending.push(Pending { key, value, invalid: invalid(failure)? });
                }
            }
        }
    }
    Ok(())
}

fn names(contact: &Contact, field: Field) -> Vec<Name> {
    match field {
        Field::Organization => contact.organization.iter().cloned().collect(),
        Field::Owner => contact.owner.iter().cloned().collect(),
        Field::Division => contact.division.iter().cloned().collect(),
        _ => contact.shared_with.clone(),
    }
}

/// Only what was named can be at fault here; anything else is a failure of its own.
fn invalid(failure: Failure) -> Result<Invalid, Failure> {
    match (failure.class, failure.code.clone()) {
        (Class::NotFound | Class::Usage | Class::Rejected, std::borrow::Cow::Borrowed(code)) => {
            Ok(Invalid { code, message: failure.message, hint: failure.hint })
        }
        _ => Err(failure),
    }
}

/// Writes a name as its bearer does, whatever case it was typed in.
fn spell(contact: &mut Contact, field: Field, name: Name) {
    match field {
        Field::Organization => contact.organization = Some(name),
        Field::Owner => contact.owner = Some(name),
        Field::Division => contact.division = Some(name),
        _ => contact.shared_with.iter_mut().filter(|typed| **typed == name).for_each(|typed| *typed = name.clone()),
    }
}

fn known(app: &App, field: Field, name: &Name, by: &Viewer) -> Result<Name, Failure> {
    match field {
        Field::Organization => app.known_organization(name, by),
        Field::Division => app.known_division(name),
        _ => app.known_staff(name),
    }
}

/// Returns the staff member that a person means by a name, an e-mail address or a number.
///
/// # Errors
/// When there is none.
pub(super) fn meant(app: &App, staff_member: &str) -> Result<Name, Failure> {
    Ok(app.staff_member(staff_member)?.name)
}
