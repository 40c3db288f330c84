//! Cards, read by a parser that knows nothing of Carnet.

use calcard::vcard::{VCard, VCardProperty, VCardValue};
use proptest::prelude::*;

use super::super::vcard::card;
use super::{any_contact, contact};
use crate::domain::contact::{Contact, Phone, PhoneKind};

/// A card's line, as another program reads it: name and values.
fn read(text: &str) -> Vec<(VCardProperty, Vec<String>)> {
    let parsed = VCard::parse(text).expect("a card");
    let value = |value: VCardValue| match value {
        VCardValue::Text(text) => text,
        VCardValue::Component(parts) => parts.join(","),
        other => format!("{other:?}"),
    };
    parsed.entries.into_iter().map(|entry| (entry.name, entry.values.into_iter().map(value).collect())).collect()
}

fn all(lines: &[(VCardProperty, Vec<String>)], name: &VCardProperty) -> Vec<String> {
    lines.iter().filter(|(known, _)| known == name).flat_map(|(_, values)| values.clone()).collect()
}

fn text(value: Option<&String>) -> String {
    value.cloned().unwrap_or_default().replace("\r\n", "\n").replace('\r', "\n")
}

/// What a card must say of a contact, by the names of other address books.
fn expected(contact: &Contact) -> Vec<(VCardProperty, Vec<String>)> {
    let last = contact.last_name.as_ref().filter(|_| !contact.last_name_is_placeholder);
    let address = &contact.address;
    let place = [&address.street, &address.city, &address.state, &address.zip].map(|part| text(part.as_ref()));
    let country = address.country.map_or("", |country| country.name()).to_owned();
    let mut whole: Vec<String> = vec![String::new(), String::new()];
    whole.extend(place);
    whole.push(country);
    let numbers = contact.phones.iter().map(|phone| match (&phone.e164, &phone.extension) {
        (Some(number), Some(extension)) => format!("tel:{number};ext={extension}"),
        (Some(number), None) => format!("tel:{number}"),
        (None, _) => phone.raw.clone(),
    });
    vec![
        (
            VCardProperty::N,
            vec![text(last), text(contact.first_name.as_ref()), String::new(), String::new(), String::new()],
        ),
        (VCardProperty::Adr, if whole.iter().all(String::is_empty) { Vec::new() } else { whole }),
        (VCardProperty::Tel, numbers.collect()),
        (VCardProperty::Email, contact.emails.iter().map(|mail| mail.address.clone()).collect()),
        (VCardProperty::Title, contact.job_title.iter().cloned().collect()),
        (VCardProperty::Categories, contact.labels.iter().map(ToString::to_string).collect()),
        (VCardProperty::Uid, vec![format!("urn:uuid:{}", contact.id)]),
        (VCardProperty::Lang, contact.language.iter().map(ToString::to_string).collect()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn another_program_reads_what_is_written(contact in any_contact()) {
        let card = card(&contact);
        prop_assert!(card.split_inclusive('\n').all(|line| line.ends_with("\r\n") && line.len() <= 77), "{card}");
        let lines = read(&card);
        for (name, values) in expected(&contact) {
            prop_assert_eq!(all(&lines, &name), values, "{}", card);
        }
        prop_assert!(all(&lines, &VCardProperty::Fn).iter().any(|name| !name.is_empty()), "{}", card);
        let ours = |name: &str| all(&lines, &VCardProperty::Other(name.to_owned()));
        prop_assert_eq!(ours("X-CARNET-TYPE"), [contact.kind.as_str()]);
        let values: Vec<String> = contact.custom.values().map(|value| text(Some(value))).collect();
        prop_assert_eq!(ours("X-CARNET-CUSTOM"), values, "{}", card);
        prop_assert_eq!(ours("X-CARNET-OTHER-LAST-NAME"), contact.other_last_names.clone(), "{}", card);
    }
}

#[test]
fn a_card_says_what_other_address_books_know() {
    let mut ann = contact(0);
    ann.id = crate::domain::id::ContactId::from_bytes([7; 16]);
    (ann.first_name, ann.last_name) = (Some("Ann".into()), Some("Lee; née Ray".into()));
    (ann.company, ann.department) = (Some("Acme, Ltd.".into()), Some("Sales".into()));
    ann.address.street =
        Some("1 Long Street\nHouse of the very long name that goes on, and on, until 地址 is folded".into());
    ann.address.country = Some("HK".parse().unwrap());
    ann.birth_date = chrono::NaiveDate::from_ymd_opt(1980, 12, 14);
    let (raw, e164) = ("+852 9123 4567".to_owned(), Some("+85291234567".to_owned()));
    ann.phones = vec![Phone { kind: PhoneKind::Mobile, raw, e164, extension: None, sms: true, verified: true }];
    ann.external_url = Some("https://crm.example.com/a,b?x=1".into());
    let card = card(&ann).replace("\r\n", "\n").replace(env!("CARGO_PKG_VERSION"), "VERSION");
    insta::assert_snapshot!(card, @r#"
    BEGIN:VCARD
    VERSION:4.0
    PRODID:-//Carnet//Carnet VERSION//EN
    UID:urn:uuid:07070707-0707-0707-0707-070707070707
    REV:20231114T221320Z
    KIND:individual
    FN:Ann Lee\; née Ray
    N:Lee\; née Ray;Ann;;;
    TEL;VALUE=uri;TYPE="cell,voice,text":tel:+85291234567
    ORG:Acme\, Ltd.;Sales
    ADR;CC=HK:;;1 Long Street\nHouse of the very long name that goes on\, and o
     n\, until 地址 is folded;;;;Hong Kong
    BDAY:19801214
    URL:https://crm.example.com/a,b?x=1
    X-CARNET-TYPE:lead
    X-CARNET-LEVEL:primary
    X-CARNET-SURVEY-OPT-OUT:no
    X-CARNET-VERIFIED:+85291234567
    X-CARNET-AS-TYPED:+85291234567 = +852 9123 4567
    END:VCARD
    "#);
}
