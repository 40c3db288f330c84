//! That documents written by hand are those that `serde_json` writes.

use chrono::NaiveDate;
use proptest::prelude::*;

use super::*;
use crate::store::prepared::Prepared;
use crate::store::tests::contacts::any_contact;

fn document(contact: &Contact) -> Document<&str> {
    let updated = contact.updated != contact.created;
    let Address { street, city, state, zip, country } = &contact.address;
    Document {
        kind: (contact.kind != ContactType::Lead).then(|| contact.kind.as_str()),
        level: (contact.level != Level::Primary).then(|| contact.level.as_str()),
        first: contact.first_name.as_deref(),
        last: contact.last_name.as_deref(),
        placeholder: contact.last_name_is_placeholder,
        other_first: texts(&contact.other_first_names),
        other_last: texts(&contact.other_last_names),
        company: contact.company.as_deref(),
        title: contact.job_title.as_deref(),
        department: contact.department.as_deref(),
        group: contact.group.as_deref(),
        language: contact.language.as_ref().map(|language| language.as_str()),
        born: contact.birth_date.map(|date| date.to_string()),
        street: street.as_deref(),
        city: city.as_deref(),
        state: state.as_deref(),
        zip: zip.as_deref(),
        country: country.as_ref().map(|country| country.as_str()),
        phones: contact.phones.iter().map(phone_document).collect(),
        silenced: texts(&contact.silenced),
        emails: contact.emails.iter().map(email_document).collect(),
        socials: contact.socials.iter().map(social_document).collect(),
        labels: contact.labels.iter().map(LabelName::as_str).collect(),
        opt_out: contact.survey_opt_out,
        url: contact.external_url.as_deref(),
        external: contact.external_ids.iter().map(|it| ExternalDocument { source: &*it.source, id: &*it.id }).collect(),
        custom: contact.custom.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect(),
        organization: contact.organization.as_ref().map(Name::as_str),
        owner: contact.owner.as_ref().map(Name::as_str),
        shared: contact.shared_with.iter().map(Name::as_str).collect(),
        division: contact.division.as_ref().map(Name::as_str),
        device: contact.device.as_deref(),
        created: nanos(contact.created.at),
        created_by: &contact.created.by,
        updated: updated.then(|| nanos(contact.updated.at)),
        updated_by: updated.then_some(&contact.updated.by),
    }
}

fn texts(list: &[String]) -> Vec<&str> {
    list.iter().map(String::as_str).collect()
}

fn phone_document(phone: &Phone) -> PhoneDocument<&str> {
    let raw = Some(phone.raw.as_str());
    PhoneDocument {
        kind: phone.kind.as_str(),
        raw: raw.filter(|_| raw != phone.e164.as_deref()),
        e164: phone.e164.as_deref(),
        ext: phone.extension.as_deref(),
        quiet: !phone.sms,
        verified: phone.verified,
    }
}

fn email_document(email: &Email) -> EmailDocument<&str> {
    EmailDocument { kind: email.kind.as_str(), address: &email.address, verified: email.verified }
}

fn social_document(social: &Social) -> SocialDocument<&str> {
    SocialDocument { channel: social.channel.as_str(), handle: &social.handle, verified: social.verified }
}

proptest! {
    #[test]
    fn what_is_written_by_hand_is_what_serde_writes(contact in any_contact()) {
        let expected = serde_json::to_string(&document(&contact)).unwrap();
        prop_assert_eq!(encode(&contact), &*expected);
        for prepared in [Prepared::new(&contact), Prepared::taking(contact.clone())] {
            prop_assert_eq!((prepared.document(), &prepared.labels), (&*expected, &contact.labels));
        }
    }
}

#[test]
fn every_character_is_written_as_serde_writes_it_wherever_it_stands() {
    let mut contact =
        Contact::new(ContactId::from_bytes([1; 16]), Stamp { at: DateTime::UNIX_EPOCH, by: "cli".into() });
    // All of ASCII, and some that are longer.
    for c in ('\0'..='\u{7f}').chain(['\u{80}', 'é', '\u{2028}', '大', '\u{FFFD}', '🙂']) {
        for before in 0..18 {
            for after in [0, 1, 9] {
                contact.last_name = Some([&*"x".repeat(before), &*c.to_string(), &*"é".repeat(after)].concat());
                assert_eq!(encode(&contact), serde_json::to_string(&document(&contact)).unwrap());
            }
        }
    }
}

#[test]
fn every_day_is_written_as_chrono_writes_it() {
    let mut contact =
        Contact::new(ContactId::from_bytes([1; 16]), Stamp { at: DateTime::UNIX_EPOCH, by: "cli".into() });
    let of_year = |year| (1..=366).filter_map(move |day| NaiveDate::from_yo_opt(year, day));
    for date in [-1, 0, 1, 99, 999, 1583, 1999, 2000, 2024, 9999, 10_000].into_iter().flat_map(of_year) {
        contact.birth_date = Some(date);
        assert!(encode(&contact).contains(&format!(r#""born":"{date}","#)), "{date}");
    }
}
