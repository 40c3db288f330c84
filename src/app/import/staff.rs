//! The owner of a row's contact, and those whom it is shared with: names of staff members that there are. Where Carnet's own export names
//! somebody else, the name is taken and told, for an export comes in again where its people are not staff yet, or no longer.

use std::collections::BTreeSet;

use super::row::Context;
use crate::app::App;
use crate::app::failure::Failure;
use crate::domain::contact::Contact;
use crate::domain::draft::{Draft, Pending};
use crate::domain::field::{Field, FieldKey};
use crate::domain::invalid::Invalid;
use crate::domain::name::{Name, nearest};
use crate::domain::permission::Viewer;
use crate::domain::problem::Problem;
use crate::domain::warning::{Caution, Warning};
use crate::store::Referent;

/// Returns the names that rows may hold.
pub(super) fn names(app: &App, by: &Viewer) -> Result<BTreeSet<Name>, Failure> {
    let stored = app.store()?.read(|reader| reader.names(Referent::Staff))?;
    let mut names = stored.iter().map(|name| Name::parse(name)).collect::<Result<BTreeSet<_>, _>>()?;
    if let Viewer::Staff(member) = by {
        names.insert(member.name.clone());
    }
    Ok(names)
}

/// Refuses names of nobody, and writes those of somebody as they do. Names that the contact has already stay, and so do those that a plugin
/// set beside the columns (`assigned`): plugins act for the installation.
pub(super) fn check(draft: &mut Draft, before: Option<&Contact>, assigned: &[FieldKey], context: &Context) {
    let written = |field: Field| !assigned.contains(&field.into());
    if let Some(owner) = draft.contact.owner.take() {
        let held = before.and_then(|before| before.owner.as_ref());
        let free = !written(Field::Owner) || held == Some(&owner);
        draft.contact.owner =
            if free { Some(owner) } else { known(draft, Field::Owner, owner, context).or(held.cloned()) };
    }
    if !draft.contact.shared_with.is_empty() && written(Field::SharedWith) {
        let held = before.map_or(&[][..], |before| &before.shared_with);
        let wanted = std::mem::take(&mut draft.contact.shared_with);
        let known =
            |name: Name| if held.contains(&name) { Some(name) } else { known(draft, Field::SharedWith, name, context) };
        draft.contact.shared_with = wanted.into_iter().filter_map(known).collect();
    }
}

/// The name to keep, if it may be kept; why not, or what there is to know, goes into the draft.
fn known(draft: &mut Draft, field: Field, name: Name, context: &Context) -> Option<Name> {
    if let Some(bearer) = context.staff.get(&name) {
        return Some(if context.mapping.exported { name } else { bearer.clone() });
    }
    let key = FieldKey::from(field);
    let message = format!("there is no staff member `{name}`");
    let add = format!("`carnet staff add name=\"{name}\"` adds them");
    if context.mapping.exported {
        let told = Problem::to_know(&key, name.as_str(), Warning::new(Caution::StaffUnknown, message));
        draft.warnings.push(Problem { hint: Some(add), ..told });
        return Some(name);
    }
    let way = format!("{add}, `--map 'HEADER=-'` leaves the column out");
    let hint = match nearest(name.as_str(), context.staff.iter().map(Name::as_str)) {
        Some(near) => format!("did you mean `{near}`? {way}"),
        None => way,
    };
    let invalid = Invalid::new("STAFF_UNKNOWN", message).hint(hint);
    draft.pending.push(Pending { key, value: name.to_string(), invalid });
    None
}
