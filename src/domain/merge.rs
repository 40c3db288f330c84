//! Merging two contacts of one person into one, as a pure function. What a person chooses field by field is in `choices`, taking a
//! merge back in `undo`. Moving notes and history is the store's work; asking plugins is the registry's.

mod carry;
pub mod choices;
pub mod undo;

#[cfg(test)]
mod tests;

use super::contact::{Contact, Email, Social};
use super::field::{Field, FieldKey, FieldShape};

/// Merges `other` into `master`: lists keep both, single values keep the master's and fill its blanks from the other, differing
/// names are kept as other names, and the stricter consent wins.
#[must_use]
pub fn merge(master: &Contact, other: &Contact) -> Contact {
    let mut merged = master.clone();
    fill_blanks(&mut merged, other);
    keep_names(&mut merged, other);
    keep_lists(&mut merged, other);
    merged.survey_opt_out |= other.survey_opt_out;
    merged.stay_silent(&[master, other]);
    merged
}

fn fill(slot: &mut Option<String>, from: &Option<String>) {
    if slot.is_none() {
        slot.clone_from(from);
    }
}

fn fill_blanks(merged: &mut Contact, other: &Contact) {
    fill(&mut merged.first_name, &other.first_name);
    if merged.last_name_is_placeholder && other.last_name.is_some() {
        merged.last_name.clone_from(&other.last_name);
        merged.last_name_is_placeholder = other.last_name_is_placeholder;
    }
    fill(&mut merged.last_name, &other.last_name);
    fill(&mut merged.company, &other.company);
    fill(&mut merged.job_title, &other.job_title);
    fill(&mut merged.department, &other.department);
    fill(&mut merged.group, &other.group);
    fill(&mut merged.external_url, &other.external_url);
    merged.language = merged.language.take().or_else(|| other.language.clone());
    merged.birth_date = merged.birth_date.or(other.birth_date);
    merged.organization = merged.organization.take().or_else(|| other.organization.clone());
    merged.owner = merged.owner.take().or_else(|| other.owner.clone());
    merged.division = merged.division.take().or_else(|| other.division.clone());
    fill(&mut merged.device, &other.device);
    // An address is filled from the other only as a whole or where it says nothing else, so that no street meets a foreign city.
    if merged.address.street.is_none() && merged.address.city.is_none() && merged.address.zip.is_none() {
        let country = merged.address.country;
        if country.is_none() || other.address.country.is_none() || country == other.address.country {
            merged.address =
                super::contact::Address { country: country.or(other.address.country), ..other.address.clone() };
        }
    }
    for (key, value) in &other.custom {
        merged.custom.entry(key.clone()).or_insert_with(|| value.clone());
    }
}

fn keep_names(merged: &mut Contact, other: &Contact) {
    let keep = |names: &mut Vec<String>, main: &Option<String>, name: Option<&String>| {
        if let Some(name) = name.filter(|name| main.as_ref() != Some(*name) && !names.contains(name)) {
            names.push(name.clone());
        }
    };
    let last = other.last_name.as_ref().filter(|_| !other.last_name_is_placeholder);
    keep(&mut merged.other_first_names, &merged.first_name, other.first_name.as_ref());
    keep(&mut merged.other_last_names, &merged.last_name, last);
    for name in &other.other_first_names {
        keep(&mut merged.other_first_names, &merged.first_name, Some(name));
    }
    for name in &other.other_last_names {
        keep(&mut merged.other_last_names, &merged.last_name, Some(name));
    }
}

fn keep_lists(merged: &mut Contact, other: &Contact) {
    for phone in &other.phones {
        let twin = merged.phones.iter_mut().find(|known| known.is_twin_of(phone));
        match twin {
            // The stricter consent wins for text messages, too.
            Some(twin) => {
                twin.sms &= phone.sms;
                twin.verified |= phone.verified;
            }
            None => merged.phones.push(phone.clone()),
        }
    }
    for mail in &other.emails {
        let same =
            |known: &&mut Email| known.kind == mail.kind && known.address.to_lowercase() == mail.address.to_lowercase();
        match merged.emails.iter_mut().find(same) {
            Some(twin) => twin.verified |= mail.verified,
            None => merged.emails.push(mail.clone()),
        }
    }
    for social in &other.socials {
        let same = |known: &&mut Social| known.channel == social.channel && known.handle == social.handle;
        match merged.socials.iter_mut().find(same) {
            Some(twin) => twin.verified |= social.verified,
            None => merged.socials.push(social.clone()),
        }
    }
    for id in &other.external_ids {
        if !merged.external_ids.contains(id) {
            merged.external_ids.push(id.clone());
        }
    }
    for label in &other.labels {
        merged.add_label(label.clone());
    }
    // Whoever worked with either of them still finds the person.
    let staff = other.shared_with.iter().chain(&other.owner);
    let new: Vec<_> = staff.filter(|name| merged.owner.as_ref() != Some(*name)).cloned().collect();
    merged.shared_with.extend(new);
    merged.shared_with.sort();
    merged.shared_with.dedup();
}

/// Copies one field as it stands, flags and all. Consent is not copied: it is only ever tightened.
pub fn take_field(to: &mut Contact, from: &Contact, key: &FieldKey) {
    let field = match key {
        FieldKey::Custom(name) => {
            match from.custom.get(&**name) {
                Some(value) => drop(to.custom.insert(name.to_string(), value.clone())),
                None => drop(to.custom.remove(&**name)),
            }
            return;
        }
        FieldKey::Known(field) => *field,
    };
    match field.shape() {
        FieldShape::Phone(kind) => copy_list(&mut to.phones, &from.phones, |phone| phone.kind == kind),
        FieldShape::Email(kind) => copy_list(&mut to.emails, &from.emails, |mail| mail.kind == kind),
        FieldShape::Social(channel) => copy_list(&mut to.socials, &from.socials, |social| social.channel == channel),
        FieldShape::List if field == Field::Labels => to.labels.clone_from(&from.labels),
        FieldShape::List => copy_names(to, from, field),
        // Marks go with the values that they are about.
        FieldShape::Marks => {}
        FieldShape::Typed => copy_typed(to, from, field),
        FieldShape::Text => copy_text(to, from, field),
    }
}

fn copy_list<T: Clone>(to: &mut Vec<T>, from: &[T], mine: impl Fn(&T) -> bool) {
    to.retain(|item| !mine(item));
    to.extend(from.iter().filter(|item| mine(item)).cloned());
}

fn copy_names(to: &mut Contact, from: &Contact, field: Field) {
    match field {
        Field::SharedWith => to.shared_with.clone_from(&from.shared_with),
        Field::OtherFirstNames => to.other_first_names.clone_from(&from.other_first_names),
        Field::OtherLastNames => to.other_last_names.clone_from(&from.other_last_names),
        _ => to.external_ids.clone_from(&from.external_ids),
    }
}

fn copy_typed(to: &mut Contact, from: &Contact, field: Field) {
    match field {
        Field::Type => to.kind = from.kind,
        Field::Level => to.level = from.level,
        Field::Language => to.language.clone_from(&from.language),
        Field::BirthDate => to.birth_date = from.birth_date,
        Field::Country => to.address.country = from.address.country,
        Field::Organization => to.organization.clone_from(&from.organization),
        Field::Owner => to.owner.clone_from(&from.owner),
        // Consent is never loosened by a choice: the stricter already won.
        _ => {}
    }
}

fn copy_text(to: &mut Contact, from: &Contact, field: Field) {
    match field {
        Field::FirstName => to.first_name.clone_from(&from.first_name),
        Field::LastName => {
            to.last_name.clone_from(&from.last_name);
            to.last_name_is_placeholder = from.last_name_is_placeholder;
        }
        Field::Company => to.company.clone_from(&from.company),
        Field::JobTitle => to.job_title.clone_from(&from.job_title),
        Field::Department => to.department.clone_from(&from.department),
        Field::Group => to.group.clone_from(&from.group),
        Field::Street => to.address.street.clone_from(&from.address.street),
        Field::City => to.address.city.clone_from(&from.address.city),
        Field::State => to.address.state.clone_from(&from.address.state),
        Field::Zip => to.address.zip.clone_from(&from.address.zip),
        Field::ExternalUrl => to.external_url.clone_from(&from.external_url),
        Field::Device => to.device.clone_from(&from.device),
        _ => {}
    }
}
