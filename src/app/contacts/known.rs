//! Names that a person types must be those of organizations, staff members and divisions that there are. What an import or a plugin
//! brings is not looked at here.

use crate::app::App;
use crate::app::failure::{Class, Failure};
use crate::domain::contact::Contact;
use crate::domain::draft::{Draft, Pending};
use crate::domain::field::Field;
use crate::domain::invalid::Invalid;
use crate::domain::name::Name;

/// Keeps every new name that nobody has as refused, with its reason.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn check(app: &App, draft: &mut Draft, before: Option<&Contact>) -> Result<(), Failure> {
    for field in [Field::Organization, Field::Owner, Field::SharedWith, Field::Division] {
        let held = before.map(|before| names(before, field)).unwrap_or_default();
        for name in names(&draft.contact, field).into_iter().filter(|name| !held.contains(name)) {
            if let Err(failure) = exists(app, field, &name) {
                let (key, value) = (field.into(), name.to_string());
                draft.pending.push(Pending { key, value, invalid: invalid(failure)? });
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

fn exists(app: &App, field: Field, name: &Name) -> Result<(), Failure> {
    match field {
        Field::Organization => organization(app, name),
        Field::Division => division(app, name),
        _ => staff(app, name),
    }
}

fn organization(_: &App, _: &Name) -> Result<(), Failure> {
    Ok(())
}

fn staff(_: &App, _: &Name) -> Result<(), Failure> {
    Ok(())
}

fn division(_: &App, _: &Name) -> Result<(), Failure> {
    Ok(())
}

/// Returns the staff member that a person means by a name, an e-mail address or a number.
///
/// # Errors
/// When there is none.
pub(super) fn meant(app: &App, staff_member: &str) -> Result<Name, Failure> {
    let name = Name::parse(staff_member)?;
    staff(app, &name)?;
    Ok(name)
}
