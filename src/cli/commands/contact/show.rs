//! `carnet contact show`: a contact for people, field by field.

use crate::app::failure::Failure;
use crate::app::{App, wire};
use crate::cli::commands::contact_id;
use crate::cli::print::{Printer, table};
use crate::domain::contact::{Contact, Phone};
use crate::domain::custom::{Entity, Schema};
use crate::domain::field::{FIELDS, Field, FieldShape};
use crate::domain::permission::{Right, Viewer};

/// Prints a contact.
pub(super) fn show(app: &App, id: &str, by: &Viewer, printer: &mut Printer) -> Result<(), Failure> {
    let contact = app.shown(app.contact_for(contact_id(id)?, Right::View, by)?)?;
    let notes = app.attached(contact.id)?.notes;
    let schema = app.schema(Entity::Contact)?;
    printer.answer(
        || wire::contact(&contact),
        || table(&rows(&contact, &schema, &app.settings().department_label, notes)),
    );
    Ok(())
}

fn rows(contact: &Contact, schema: &Schema, department: &str, notes: u64) -> Vec<Vec<String>> {
    let mut rows = vec![row("id", &format!("{} (revision {})", contact.id, contact.rev))];
    for field in FIELDS.iter().map(|info| info.field) {
        let name = match field {
            Field::Department => department.to_lowercase(),
            field => field.name().replace('_', " "),
        };
        rows.extend(values(contact, field).iter().map(|value| row(&name, value)));
    }
    for (key, value) in &contact.custom {
        let label = schema.find(key).map(|field| field.label.as_str()).filter(|label| *label != key);
        let name = format!("custom.{key}");
        rows.push(row(&label.map_or_else(|| name.clone(), |label| format!("{label} ({name})")), value));
    }
    if notes > 0 {
        rows.push(row("notes", &notes.to_string()));
    }
    for (name, stamp) in [("created", &contact.created), ("updated", &contact.updated)] {
        rows.push(row(name, &format!("{} by {}", wire::time(stamp.at), stamp.by)));
    }
    rows
}

/// A value of several lines goes on under its beginning.
fn row(name: &str, value: &str) -> Vec<String> {
    vec![name.to_owned(), value.lines().collect::<Vec<_>>().join(" / ")]
}

/// What stands in the lines of a field, marks beside the values that they are about.
fn values(contact: &Contact, field: Field) -> Vec<String> {
    match field.shape() {
        FieldShape::Phone(kind) => contact.phones_of(kind).map(phone).collect(),
        FieldShape::Email(kind) => {
            contact.emails_of(kind).map(|mail| marked(&mail.address, &[("verified", mail.verified)])).collect()
        }
        FieldShape::Social(channel) => {
            contact.socials_of(channel).map(|social| marked(&social.handle, &[("verified", social.verified)])).collect()
        }
        FieldShape::Marks => Vec::new(),
        _ if field == Field::Sms => Vec::new(),
        _ if field == Field::LastName => {
            let marks = [("placeholder", contact.last_name_is_placeholder)];
            contact.last_name.iter().map(|name| marked(name, &marks)).collect()
        }
        _ => contact.joined(&field.into()).into_iter().collect(),
    }
}

fn phone(phone: &Phone) -> String {
    let number = phone.dialled();
    let extension = phone.extension.as_ref().filter(|_| phone.e164.is_some());
    let number = extension.map_or_else(|| number.to_owned(), |extension| format!("{number} x{extension}"));
    let typed = if phone.raw == number { String::new() } else { format!("typed as {}", phone.raw) };
    marked(&number, &[("verified", phone.verified), ("no SMS", !phone.sms), (&typed, !typed.is_empty())])
}

/// A value with the marks that hold: `+85291234567  (verified, no SMS)`.
fn marked(value: &str, marks: &[(&str, bool)]) -> String {
    let marks: Vec<&str> = marks.iter().filter(|(_, holds)| *holds).map(|(mark, _)| *mark).collect();
    if marks.is_empty() { value.to_owned() } else { format!("{value}  ({})", marks.join(", ")) }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use chrono::DateTime;

    use super::*;
    use crate::domain::contact::{Email, EmailKind, PhoneKind, Social, SocialChannel, Stamp};
    use crate::domain::id::ContactId;
    use crate::domain::name::Name;

    fn phone(kind: PhoneKind, raw: &str, e164: &str) -> Phone {
        Phone {
            kind,
            raw: raw.to_owned(),
            e164: Some(e164.to_owned()).filter(|it| !it.is_empty()),
            extension: None,
            sms: true,
            verified: false,
        }
    }

    #[test]
    fn a_contact_reads_like_a_card() {
        let created = Stamp { at: DateTime::from_timestamp(1_700_000_000, 0).unwrap(), by: Arc::from("cli") };
        let mut ann = Contact::new(ContactId::from_bytes([7; 16]), created.clone());
        ann.rev = 3;
        (ann.first_name, ann.last_name) = (Some("Ann".to_owned()), Some("customer".to_owned()));
        ann.last_name_is_placeholder = true;
        ann.address.street = Some("1 Queen's Road\nCentral".to_owned());
        ann.phones = vec![
            Phone { verified: true, ..phone(PhoneKind::Mobile, "+852 9123 4567", "+85291234567") },
            Phone { sms: false, ..phone(PhoneKind::Mobile, "1000", "") },
            Phone { extension: Some("12".to_owned()), ..phone(PhoneKind::Work, "+85221234567 x12", "+85221234567") },
        ];
        ann.emails = vec![Email { kind: EmailKind::Work, address: "ann@example.com".to_owned(), verified: true }];
        ann.socials = vec![Social { channel: SocialChannel::Line, handle: "ann.lee".to_owned(), verified: true }];
        let name = |name: &str| Name::parse(name).unwrap();
        (ann.organization, ann.division) = (Some(name("Acme")), Some(name("Asia")));
        (ann.owner, ann.shared_with) = (Some(name("Bob")), vec![name("Cid"), name("Dora")]);
        ann.department = Some("Ops".to_owned());
        ann.device = Some("Firefox on Windows".to_owned());
        ann.other_last_names = vec!["Li".to_owned()];
        ann.custom.insert("tier".to_owned(), "gold".to_owned());
        ann.updated = Stamp { at: DateTime::from_timestamp(1_700_000_100, 0).unwrap(), by: Arc::from("Bob") };
        insta::assert_snapshot!(table(&rows(&ann, &Schema::default(), "Team", 2)), @r"
        id                07070707-0707-0707-0707-070707070707 (revision 3)
        first name        Ann
        last name         customer  (placeholder)
        mobile            +85291234567  (verified, typed as +852 9123 4567)
        mobile            1000  (no SMS)
        work phone        +85221234567 x12
        email             ann@example.com  (verified)
        line              ann.lee  (verified)
        team              Ops
        street            1 Queen's Road / Central
        type              lead
        level             primary
        survey opt out    no
        organization      Acme
        division          Asia
        owner             Bob
        shared with       Cid; Dora
        other last names  Li
        device            Firefox on Windows
        custom.tier       gold
        notes             2
        created           2023-11-14T22:13:20Z by cli
        updated           2023-11-14T22:15:00Z by Bob
        ");
    }
}
