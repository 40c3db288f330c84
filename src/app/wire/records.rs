//! JSON of organizations, staff members, divisions and their log.

use serde_json::{Map, Value, json};

use super::{stamp, time};
use crate::domain::name::Name;
use crate::domain::organization::Organization;
use crate::domain::staff::Staff;
use crate::store::{DivisionInfo, RecordChange};

/// An organization, all of it.
#[must_use]
pub fn organization(organization: &Organization) -> Value {
    let address = &organization.address;
    json!({
        "id": organization.id,
        "rev": organization.rev,
        "name": organization.name.as_str(),
        "website": organization.website,
        "address": {
            "street": address.street, "city": address.city, "state": address.state, "zip": address.zip,
            "country": address.country.map(|country| country.as_str().to_owned()),
        },
        "phone": organization.phone,
        "external_url": organization.external_url,
        "custom": organization.custom.iter().map(|(key, value)| (key.clone(), json!(value))).collect::<Map<_, _>>(),
        "division": organization.division.as_ref().map(Name::as_str),
        "created": stamp(&organization.created),
        "updated": stamp(&organization.updated),
    })
}

/// A staff member, all of it.
#[must_use]
pub fn staff(staff: &Staff) -> Value {
    json!({
        "id": staff.id,
        "rev": staff.rev,
        "name": staff.name.as_str(),
        "avatar": staff.avatar,
        "email": staff.email,
        "phone": staff.phone,
        "extension": staff.extension,
        "availability": staff.availability.as_str(),
        "role": staff.role.as_str(),
        "job_title": staff.job_title,
        "department": staff.department,
        "time_zone": staff.time_zone,
        "divisions": staff.divisions.iter().map(Name::as_str).collect::<Vec<_>>(),
        "created": stamp(&staff.created),
        "updated": stamp(&staff.updated),
    })
}

/// A division with its use.
#[must_use]
pub fn division(division: &DivisionInfo) -> Value {
    json!({
        "id": division.id, "name": division.name.as_str(), "contacts": division.contacts,
        "organizations": division.organizations, "staff": division.staff,
    })
}

/// One entry of the log of a record.
#[must_use]
pub fn change(entry: &RecordChange) -> Value {
    json!({
        "at": time(entry.at),
        "by": entry.by,
        "action": entry.action.as_str(),
        "fields": entry.fields.iter().map(|field| json!({ "field": field.field, "old": field.old, "new": field.new }))
            .collect::<Vec<_>>(),
    })
}
