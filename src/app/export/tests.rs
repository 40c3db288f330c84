//! Contacts of every kind through the real way out and in again: export to CSV, import into an empty home, compare.

mod vcard;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::ControlFlow;

use chrono::{DateTime, Days, NaiveDate};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::Value;

use super::*;
use crate::app::import::ImportRequest;
use crate::app::{fresh_id, wire};
use crate::config::Profile;
use crate::domain::contact::{
    ContactType, Email, EmailKind, ExternalId, Level, Phone, PhoneKind, Social, SocialChannel, Stamp,
};
use crate::domain::label::{LabelName, parse_labels};
use crate::domain::name::Name;
use crate::domain::phone::{PhoneMode, parse_number};
use crate::domain::rules::MissingLastName;
use crate::domain::text::{check_text, clean, is_blank_token};
use crate::domain::{country, email, language};
use crate::store::{Action, Actor, NewChange, Prepared};

/// What has broken files before.
const ODD: &[&str] = &[
    "=1+1",
    "+x",
    "+852-1",
    "-",
    "--",
    "@sum",
    "'=1",
    "''=1",
    "'",
    "<clear>",
    "'<clear>",
    "''<clear>",
    "< clear >",
    "n/a",
    "N/A",
    "null",
    "a ::: b",
    ":::",
    "a :::",
    "::: b",
    "a;b",
    ";",
    "a, b",
    "\"q\"",
    "\"",
    "[\"a\"]",
    "[\"a\",\"b\"]",
    "x = y",
    "陳大文",
    "ชื่อ",
    "＝1",
    "ﷺ",
    "שלום\u{200f}",
    "\u{200f}מ",
    "😀👩\u{200d}🚀",
    "é",
    "customer",
    "Sample",
    "yes",
    "8.5E+11",
    "0123",
    "a#2",
    "work:a",
    "sep=;",
    "a\u{a0}b",
];

/// Numbers as people type them, and the country that they come from.
const NUMBERS: &[(&str, &str)] = &[
    ("+85291234567", ""),
    ("+852 9123 4567", ""),
    ("9123 4567", "HK"),
    ("tel:+852-9123-4567", ""),
    ("00 852 91234567", ""),
    ("+85291234567 x12", ""),
    ("+85291234567;ext=5", ""),
    ("9123 4567 ext. 12", "HK"),
    ("+999 1234 5678", ""),
    ("12345678901234567", "HK"),
    ("+999 1234 5678 x9", ""),
    ("(415) 555-2671", "US"),
    ("85291234567", ""),
    ("999999999999", "IT"),
    ("+390612345678", ""),
    ("0000000000", "US"),
];

fn text(multiline: bool) -> impl Strategy<Value = String> {
    let lines = if multiline { "[a-z]{1,3}(\n|\r\n|\t|\r)[a-z=+'\"]{1,3}" } else { "[a-z',;=@ ]{1,8}" };
    prop_oneof![select(ODD).prop_map(str::to_owned), Just(lines).prop_flat_map(|lines| lines), "\\PC{1,8}"]
        .prop_map(|text| clean(&text).into_owned())
        // An import refuses it everywhere, as the sign of a letter that was lost.
        .prop_map(|text| text.replace('\u{fffd}', "?"))
        .prop_filter("no such text is stored", move |text| {
            !text.is_empty() && check_text(text, 1000, multiline).is_ok()
        })
}

fn line() -> impl Strategy<Value = Option<String>> {
    proptest::option::of(text(false))
}

fn link() -> impl Strategy<Value = Option<String>> {
    line().prop_map(|line| line.map(|line| format!("https://example.com/{}", line.replace(char::is_whitespace, "-"))))
}

fn person() -> impl Strategy<Value = String> {
    text(false).prop_filter("no name", |text| !is_blank_token(text))
}

/// Organizations are not named by numbers.
fn unnumbered() -> impl Strategy<Value = Name> {
    name().prop_filter("a number", |name| name.as_str().parse::<i64>().is_err())
}

fn name() -> impl Strategy<Value = Name> {
    text(false).prop_filter_map("no name", |text| Name::parse(&text).ok())
}

fn label() -> impl Strategy<Value = LabelName> {
    text(false).prop_filter_map("no label", |text| parse_labels(&text).ok().filter(|found| found.len() == 1)?.pop())
}

fn number() -> impl Strategy<Value = (String, Option<String>, Option<String>)> {
    select(NUMBERS).prop_map(|(raw, country)| {
        let country = (!country.is_empty()).then(|| country::parse_country(country).unwrap());
        let parsed = parse_number(raw, PhoneMode::Lenient, country).unwrap();
        (raw.to_owned(), parsed.e164, parsed.extension)
    })
}

prop_compose! {
    fn phone()((raw, e164, extension) in number(), kind in select(PhoneKind::ALL), sms in any::<bool>(), verified in any::<bool>(), plain in any::<bool>())
        -> Phone {
        let raw = e164.clone().filter(|_| plain && extension.is_none()).unwrap_or(raw);
        Phone { kind, raw, e164, extension, sms, verified }
    }
}

prop_compose! {
    fn mail()(
        address in prop_oneof!["[a-c=+'-][a-z]?@x\\.(com|hk)", "[A-Za-z.+#-]{1,9}@[a-z]{1,4}\\.[a-z]{2}"]
            .prop_filter("no address", |text| email::parse_email(text).is_ok_and(|parsed| parsed.address == *text)),
        kind in select(EmailKind::ALL), verified in any::<bool>(),
    ) -> Email {
        Email { kind, address, verified }
    }
}

prop_compose! {
    fn social()(channel in select(SocialChannel::ALL), handle in text(false), (raw, e164, _) in number(), verified in any::<bool>()) -> Social {
        let handle = if channel.identifies() { e164.unwrap_or(raw) } else { handle };
        Social { channel, handle, verified }
    }
}

fn external_id() -> impl Strategy<Value = ExternalId> {
    let parts = (text(false), text(false)).prop_map(|(source, id)| format!("{source}:{id}"));
    prop_oneof![text(false), parts, "[a-z]{2}:[0-9]{3}"].prop_filter_map("no id", |text| {
        let mut scratch = contact(0);
        scratch.add(&crate::domain::field::Field::ExternalId.into(), &text, &rules()).ok()?;
        scratch.external_ids.pop().filter(|_| !text.contains(';'))
    })
}

fn rules() -> crate::domain::rules::Rules {
    crate::domain::rules::Rules::for_tests()
}

fn contact(second: i64) -> Contact {
    let at = DateTime::from_timestamp(1_700_000_000 + second, 0).unwrap();
    Contact::new(fresh_id(), Stamp { at, by: "test".into() })
}

prop_compose! {
    fn words()(
        first in person(), last in person(), company in line(), job_title in line(), department in line(), group in line(),
        (city, state, zip) in (line(), line(), line()), street in proptest::option::of(text(true)), external_url in link(), device in line(),
    ) -> Contact {
        let mut contact = Contact { first_name: Some(first), last_name: Some(last), company, job_title, department, group, external_url, device, ..contact(0) };
        contact.address.street = street;
        (contact.address.city, contact.address.state, contact.address.zip) = (city, state, zip);
        contact
    }
}

prop_compose! {
    fn any_contact()(
        base in words(),
        (kind, level, survey_opt_out, placeholder) in (select(ContactType::ALL), select(Level::ALL), any::<bool>(), any::<bool>()),
        tag in proptest::option::of(select(vec!["en", "en-US", "it", "th", "zh-Hans", "zh-Hant", "fr", "pt-BR", "es-419"])),
        days in proptest::option::of(0..82_000_u64), country in proptest::option::of(select(country::Country::all())),
        phones in proptest::collection::vec(phone(), 0..6), emails in proptest::collection::vec(mail(), 0..4),
        socials in proptest::collection::vec(social(), 0..5), mut labels in proptest::collection::vec(label(), 0..4),
        external_ids in proptest::collection::vec(external_id(), 0..3),
        custom in proptest::collection::btree_map("[A-Za-z0-9_-]{1,3}", text(true), 0..3),
        (organization, owner, division) in (proptest::option::of(unnumbered()), proptest::option::of(name()), proptest::option::of(name())),
        mut shared_with in proptest::collection::vec(name(), 0..3),
        others in proptest::collection::vec(text(false), 0..4), cut in 0..4_usize,
    ) -> Contact {
        labels.sort();
        labels.dedup();
        shared_with.sort();
        shared_with.dedup();
        let custom = custom.into_iter().collect::<BTreeMap<_, _>>();
        let (first, second) = others.split_at(cut.min(others.len()));
        let distinct = |names: &[String]| names.iter().enumerate().filter(|(at, name)| !names[..*at].contains(name)).map(|(_, name)| name.clone()).collect();
        let mut contact = Contact {
            kind, level, survey_opt_out, phones, emails, socials, labels, external_ids, custom, organization, owner, division, shared_with,
            other_first_names: distinct(first), other_last_names: distinct(second), ..base
        };
        contact.language = tag.map(|tag| language::parse_language(tag, language::LanguageNames::Any).unwrap());
        contact.birth_date = days.and_then(|days| NaiveDate::from_ymd_opt(1800, 1, 1)?.checked_add_days(Days::new(days)));
        contact.address.country = country;
        if placeholder && contact.company.is_some() {
            contact.last_name = Some("customer".to_owned());
            contact.last_name_is_placeholder = true;
        }
        contact.put_in_order();
        contact
    }
}

/// Everything of a contact that must come back.
fn shown(contact: &Contact, profile: Profile) -> Value {
    let mut shown = wire::contact(contact);
    let map = shown.as_object_mut().unwrap();
    ["id", "rev", "created", "updated"].iter().for_each(|gone| drop(map.remove(*gone)));
    if crate::config::Settings::of_profile(profile).missing_last_name == MissingLastName::Reject {
        // Where nothing is filled in, the word that once was is a name like others.
        map.remove("last_name_is_placeholder");
        map.remove("name");
    }
    shown
}

fn app(profile: Profile) -> (tempfile::TempDir, App) {
    let folder = tempfile::tempdir().unwrap();
    let app = App::open(folder.path(), Some(profile)).unwrap();
    (folder, app)
}

fn store(app: &App, contacts: &[Contact]) {
    let entry = NewChange {
        at: contacts[0].created.at,
        actor: Actor::Person("test".into()),
        action: Action::Created,
        fields: Vec::new(),
        via: String::new(),
    };
    let written: Result<(), StoreError> = app
        .store()
        .unwrap()
        .write(|writer| contacts.iter().try_for_each(|contact| writer.insert(&Prepared::new(contact), &entry)));
    written.unwrap();
}

fn all(app: &App, profile: Profile) -> Vec<Value> {
    let mut found = Vec::new();
    let each = app.store().unwrap().read(|reader| {
        reader.for_each(&Query::default(), &mut |contact| {
            found.push(shown(&contact, profile));
            ControlFlow::Continue(())
        })
    });
    each.unwrap();
    found
}

fn csv_of(app: &App) -> Vec<u8> {
    let mut csv = Vec::new();
    app.export(&Query::default(), Format::Csv, &mut csv, Path::new("out")).unwrap();
    csv
}

/// What a spreadsheet does to a file: columns moved, other quotes, line ends and delimiter.
fn saved_by_a_spreadsheet(csv: &[u8]) -> Vec<u8> {
    let mut reader = ::csv::ReaderBuilder::new().has_headers(false).from_reader(&csv[3..]);
    let mut writer =
        ::csv::WriterBuilder::new().delimiter(b';').quote_style(::csv::QuoteStyle::Always).from_writer(Vec::new());
    for record in reader.records() {
        writer.write_record(record.unwrap().iter().rev()).unwrap();
    }
    writer.into_inner().unwrap()
}

fn import(csv: &[u8], profile: Profile) -> Vec<Value> {
    let (folder, app) = app(profile);
    let file = folder.path().join("Contact.csv");
    std::fs::write(&file, csv).unwrap();
    let report = app.import(&ImportRequest::new(file), &mut |_| ()).unwrap();
    let errors = std::fs::read_to_string(folder.path().join("ErrorDetail.csv")).unwrap_or_default();
    assert_eq!((report.counts.failed, report.counts.skipped, report.counts.blank), (0, 0, 0), "{errors}");
    all(&app, profile)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, max_shrink_iters: 300, ..ProptestConfig::default() })]

    #[test]
    fn what_is_exported_comes_back_as_it_was(
        contacts in proptest::collection::vec(any_contact(), 1..30),
        profile in select(vec![Profile::Cinnox, Profile::Maaiiconnect, Profile::Genesys]),
        spreadsheet in any::<bool>(),
    ) {
        let (_folder, app) = app(profile);
        store(&app, &contacts);
        let csv = csv_of(&app);
        let csv = if spreadsheet { saved_by_a_spreadsheet(&csv) } else { csv };
        let (before, after) = (all(&app, profile), import(&csv, profile));
        prop_assert_eq!(before.len(), after.len());
        for (before, after) in before.iter().zip(&after) {
            prop_assert_eq!(before, after);
        }
    }
}

#[test]
fn cells_are_written_as_the_settings_read_them() {
    let (_folder, app) = app(Profile::Maaiiconnect);
    let mut ann = contact(0);
    ann.last_name = Some("Lee".to_owned());
    ann.language = Some("zh-Hant".parse().unwrap());
    store(&app, &[ann]);
    let csv = String::from_utf8(csv_of(&app)).unwrap();
    assert!(csv.contains("Traditional Chinese"), "{csv}");
    assert!(csv.starts_with("\u{feff}First name,Last name (Mandatory),"), "{csv}");
    let texts: Vec<Cow<'_, str>> = vec!["a".into()];
    assert_eq!(cell::part("a"), texts);
}

#[test]
fn an_export_that_cannot_be_written_is_named() {
    struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::StorageFull.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let (_folder, app) = app(Profile::Cinnox);
    let failed = app.export(&Query::default(), Format::Csv, &mut Full, Path::new("friends.csv")).unwrap_err();
    assert!(failed.message.contains("`friends.csv`"), "{failed}");
}
