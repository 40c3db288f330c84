//! The fields in the reference: one entry each, from the table of fields.

use std::borrow::Cow;

use crate::domain::field::{FIELDS, Field, FieldInfo};
use crate::runtime::script::api::{Entry, Example, Table};

pub(super) fn register(table: &mut Table) {
    table.chapter(
        "Fields",
        "Every field can be read and set by its name, of a contact and, with its raw text, of a row: `contact.city`, `row.city`. Values are checked \
         when they are set on a contact; what stands in a row is read when the row is. (Only `row.line` is something else: the LINE id of a row is \
         `row[\"line\"]`.)",
    );
    for info in FIELDS {
        table.entry(entry(info));
    }
}

fn entry(info: &FieldInfo) -> Entry {
    let FieldInfo { field, name, doc, .. } = info;
    let value = sample(*field);
    let example = |code: String, result: String| Example { code: Cow::Owned(code), result: Cow::Owned(result) };
    let row = if *field == Field::Line { "row[\"line\"]".to_owned() } else { format!("row.{name}") };
    let mut examples = vec![
        example(format!("contact.{name} = \"{value}\";\nlog_info(contact.{name});"), told(*field, name, value)),
        example(
            format!("{row} = \"{value}\";\nlog_info({row});"),
            format!("sets {name} = \"{value}\", logs info: {value}"),
        ),
    ];
    if *field == Field::Labels {
        examples[0].code = Cow::Owned(format!("contact.{name} = \"{value}\";\nlog_info(contact.{name}.len());"));
    }
    Entry { usage: Cow::Owned(format!("contact.{name}, {row}")), doc: Cow::Owned(format!("{doc}.")), examples }
}

fn told(field: Field, name: &str, value: &str) -> String {
    let read = match field {
        Field::Labels => "2",
        _ => value,
    };
    format!("sets {name} = \"{value}\", logs info: {read}")
}

/// A value in the form in which it is kept.
const fn sample(field: Field) -> &'static str {
    match field {
        Field::FirstName => "Anna",
        Field::LastName => "Leigh",
        Field::Mobile | Field::WorkPhone | Field::HomePhone | Field::OtherPhone | Field::Whatsapp => "+85298765432",
        Field::Email | Field::PersonalEmail | Field::OtherEmail => "lee@example.org",
        Field::BirthDate => "1980-12-14",
        Field::Language => "it",
        Field::Country => "CH",
        Field::Type => "customer",
        Field::Level => "secondary",
        Field::Labels => "Buyer; New",
        Field::SurveyOptOut => "yes",
        Field::Sms => "no",
        Field::ExternalUrl => "https://crm.example.com/18",
        Field::ExternalId => "crm:18",
        Field::Verified | Field::NoSms => "+85291234567",
        Field::AsTyped => "+85291234567 = 9123 4567",
        Field::OtherFirstNames | Field::OtherLastNames => "Annie",
        Field::SharedWith | Field::Owner => "Kim Day",
        Field::Zip => "08001",
        _ => "Sample",
    }
}
