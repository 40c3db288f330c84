//! Every filter, alone and combined, against a plain look at each contact.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::*;
use crate::domain::contact::{ContactType, ExternalId, Level};
use crate::domain::name::Name;
use crate::domain::permission::Scope;
use crate::domain::text::fold;
use crate::store::words::Tokens;

const NAMES: [&str; 6] = ["Ann", "Anna", "José", "陳大文", "O’Brien", "Bo 77"];
const COMPANIES: [&str; 5] = ["Acme Ltd", "Acme", "Ann & Sons", "株式会社サンプル", "Area 345"];
const PEOPLE: [&str; 3] = ["Ann", "Bob", "Cy"];
const DIVISIONS: [&str; 3] = ["Asia", "Europe", "America"];
const LABELS: [&str; 3] = ["VIP", "Gold", "News"];
const VALUES: [&str; 9] = ["gold", "Größe", "gold; silver", "7", "12.5", "-3", "2026-11-01", "2026-11-01T10:00", "007"];
const WORDS: [&str; 16] = [
    "", "ann", "an bo", "jos", "acme", "大文", "obrien", "345", "+852123", "77", "bo 77", "crm-1", "ann 345",
    "example", "+1 77", "sons ann",
];

/// Milliseconds at which contact number `at` is created: far enough apart to be told from each other.
fn millis(at: usize) -> i64 {
    1_700_000_000_000 + at as i64 * 3_600_000
}

fn at(millis: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(millis).unwrap()
}

fn name(name: &str) -> Name {
    Name::parse(name).unwrap()
}

fn one_of(texts: &'static [&'static str]) -> impl Strategy<Value = Option<String>> {
    proptest::option::of(select(texts).prop_map(str::to_owned))
}

fn name_of(texts: &'static [&'static str]) -> impl Strategy<Value = Option<Name>> {
    proptest::option::of(select(texts).prop_map(name))
}

prop_compose! {
    fn contacts()(all in proptest::collection::vec(any_contact(), 1..24)) -> Vec<Contact> {
        let mut all = all;
        for (number, contact) in all.iter_mut().enumerate() {
            let mut bytes = [7; 16];
            bytes[..6].copy_from_slice(&millis(number).to_be_bytes()[2..]);
            let changed = contact.updated.at != contact.created.at;
            contact.id = ContactId::from_bytes(bytes);
            // The time of an import is that of its beginning.
            contact.created.at = at(millis(number) - (number as i64 % 3) * 1000);
            contact.updated.at = if changed { at(millis(number * 2) + 500) } else { contact.created.at };
        }
        all
    }
}

prop_compose! {
    fn any_contact()(
        (first, last, company) in (one_of(&NAMES), one_of(&NAMES), one_of(&COMPANIES)),
        (organization, owner, division) in (name_of(&["Acme", "Globex"]), name_of(&PEOPLE), name_of(&DIVISIONS)),
        shared in subsequence(PEOPLE.to_vec(), 0..=2),
        labels in subsequence(LABELS.to_vec(), 0..=3),
        (kind, level) in (select(ContactType::ALL), select(Level::ALL)),
        (opt_out, changed) in any::<(bool, bool)>(),
        country in select(vec!["HK", "GB", ""]),
        custom in proptest::collection::btree_map(select(vec!["tier", "size"]), select(&VALUES[..]), 0..=2),
        phones in subsequence(vec!["+85212345678", "+4420771234"], 0..=2),
        emails in subsequence(vec!["ann@example.com", "x345@acme.org"], 0..=2),
        external in subsequence(vec![("crm", "crm-1"), ("erp", "CRM-17"), ("", "3456")], 0..=2),
    ) -> Contact {
        let mut it = contact(0, "");
        (it.first_name, it.last_name, it.company) = (first, last, company);
        (it.organization, it.owner, it.division) = (organization, owner, division);
        it.shared_with = shared.into_iter().map(name).collect();
        it.labels = labels.into_iter().map(label).collect();
        it.labels.sort();
        (it.kind, it.level, it.survey_opt_out) = (kind, level, opt_out);
        it.address.country = country.parse().ok();
        it.custom = custom.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
        it.phones = phones.into_iter().map(phone).collect();
        it.emails = emails.into_iter().map(email).collect();
        it.external_ids =
            external.into_iter().map(|(source, id)| ExternalId { source: source.to_owned(), id: id.to_owned() }).collect();
        if changed {
            it.updated.at = time(1);
        }
        it
    }
}

fn comparisons() -> impl Strategy<Value = Comparison> {
    let number = || proptest::option::of(select(vec![-3.0, 7.0, 10.0]));
    let text =
        || proptest::option::of(select(vec!["2026-11-01", "2026-10", "2026-11-01T09:00"]).prop_map(str::to_owned));
    let value = || select(vec!["GOLD", "grosse", "silver", "gold; silver", "7", "none"]).prop_map(str::to_owned);
    prop_oneof![
        Just(Comparison::Present),
        Just(Comparison::Absent),
        value().prop_map(Comparison::Equal),
        value().prop_map(Comparison::Different),
        (number(), number()).prop_map(|(from, to)| Comparison::Number(from, to)),
        (text(), text()).prop_map(|(from, to)| Comparison::Text(from, to)),
    ]
}

fn filters() -> impl Strategy<Value = Filter> {
    let time = || proptest::option::of((0..24_usize).prop_map(|number| at(millis(number))));
    prop_oneof![
        select(ContactType::ALL).prop_map(Filter::Type),
        select(Level::ALL).prop_map(Filter::Level),
        select(vec!["acme", "ACME ltd", "サンプル", "??", "ann"]).prop_map(|text| Filter::Company(text.to_owned())),
        select(vec!["ACME", "none"]).prop_map(|text| Filter::Organization(name(text))),
        select(&PEOPLE[..]).prop_map(|text| Filter::Owner(name(text))),
        select(&DIVISIONS[..]).prop_map(|text| Filter::Division(name(text))),
        select(vec!["HK", "GB", "IT"]).prop_map(|code| Filter::Country(code.parse().unwrap())),
        any::<bool>().prop_map(Filter::OptOut),
        (time(), time()).prop_map(|(from, to)| Filter::Created(from, to)),
        (time(), time()).prop_map(|(from, to)| Filter::Updated(from, to)),
        (select(vec!["tier", "size", "ti"]), comparisons())
            .prop_map(|(key, is)| Filter::Custom { key: key.to_owned(), is }),
    ]
}

prop_compose! {
    fn queries()(
        words in select(&WORDS[..]),
        (filled, fields) in any::<(bool, [bool; 5])>(),
        labels in subsequence(LABELS.to_vec(), 0..=2),
        any_label in any::<bool>(),
        filters in proptest::collection::vec(filters(), 0..=2),
        scope in prop_oneof![
            3 => Just(Scope::All),
            1 => select(&PEOPLE[..]).prop_map(|text| Scope::Person(name(text))),
            1 => subsequence(DIVISIONS.to_vec(), 0..=2)
                .prop_map(|names| Scope::Divisions(names.into_iter().map(name).collect())),
            1 => (select(&PEOPLE[..]), subsequence(DIVISIONS.to_vec(), 0..=2))
                .prop_map(|(text, names)| Scope::PersonWithin(name(text), names.into_iter().map(name).collect())),
        ],
        sort in select(Sort::ALL),
    ) -> Query {
        let [name, email, phone, company, external_id] = fields;
        let within = if filled { SearchFields::default() } else { SearchFields { name, email, phone, company, external_id } };
        let labels = labels.into_iter().map(label).collect();
        Query { words: words.to_owned(), within, labels, any_label, filters, scope, sort, limit: 4, after: None }
    }
}

/// The plain look.
fn meant(contact: &Contact, query: &Query) -> bool {
    let has = |label| contact.labels.contains(label);
    let labelled = query.labels.is_empty()
        || if query.any_label { query.labels.iter().any(has) } else { query.labels.iter().all(has) };
    let of_person = |name| contact.owner.as_ref() == Some(name) || contact.shared_with.contains(name);
    let of_divisions = |names: &[Name]| contact.division.as_ref().is_none_or(|division| names.contains(division));
    let seen = match &query.scope {
        Scope::All => true,
        Scope::Person(name) => of_person(name),
        Scope::Divisions(names) => of_divisions(names),
        Scope::PersonWithin(name, names) => of_person(name) && of_divisions(names),
    };
    labelled && seen && worded(contact, query) && query.filters.iter().all(|filter| holds(contact, filter))
}

fn words_of(texts: &[&str]) -> BTreeSet<String> {
    let mut tokens = Tokens::default();
    texts.iter().for_each(|text| tokens.add(text));
    tokens.into_text().split_whitespace().map(str::to_owned).collect()
}

fn worded(contact: &Contact, query: &Query) -> bool {
    let (within, text) = (query.within, query.words.as_str());
    let by_id = |id: &ExternalId| [text.to_owned(), text.to_uppercase()].iter().any(|text| id.id.starts_with(text));
    if text.is_empty() || (within.external_id && contact.external_ids.iter().any(by_id)) {
        return true;
    }
    let mut texts = Vec::new();
    if within.name {
        let both = [contact.first_name.as_deref(), contact.last_name.as_deref()];
        texts.extend(both.into_iter().flatten());
    }
    texts.extend(contact.company.as_deref().filter(|_| within.company));
    texts.extend(contact.emails.iter().map(|email| &*email.address).filter(|_| within.email));
    let mut words = words_of(&texts);
    if within.name && contact.first_name.as_deref() == Some("陳大文") && contact.last_name.as_deref() == Some("陳大文")
    {
        words.extend(words_of(&["陳大文陳大文"]));
    }
    let phone = |digits: &str, anchored: bool| {
        let fits = |number: &str| if anchored { number[1..].starts_with(digits) } else { number.contains(digits) };
        within.phone && contact.phones.iter().any(|phone| fits(phone.e164.as_deref().unwrap()))
    };
    let begins = |beginning: &str| words.iter().any(|word| word.starts_with(beginning));
    match text {
        "345" => phone("345", false) || begins("345"),
        "ann 345" => begins("ann") && (phone("345", false) || begins("345")),
        "+852123" => phone("852123", true),
        "+1 77" => phone("177", true),
        "crm-1" => begins("crm") && begins("1"),
        _ => text.split(' ').all(begins),
    }
}

fn within<T: PartialOrd>(value: &T, from: Option<&T>, to: Option<&T>) -> bool {
    from.is_none_or(|from| value >= from) && to.is_none_or(|to| value < to)
}

fn holds(contact: &Contact, filter: &Filter) -> bool {
    match filter {
        Filter::Type(kind) => contact.kind == *kind,
        Filter::Level(level) => contact.level == *level,
        Filter::Company(text) => {
            let wanted = words_of(&[text]);
            // The last character of a run stands alone in the index, but is not asked for.
            let wanted: Vec<_> = wanted.iter().filter(|word| text.is_ascii() || word.chars().count() == 2).collect();
            let company = contact.company.as_deref().map_or_else(BTreeSet::new, |company| words_of(&[company]));
            !wanted.is_empty() && wanted.iter().all(|word| company.contains(*word))
        }
        Filter::Organization(name) => contact.organization.as_ref() == Some(name),
        Filter::Owner(name) => contact.owner.as_ref() == Some(name),
        Filter::Division(name) => contact.division.as_ref() == Some(name),
        Filter::Country(country) => contact.address.country.as_ref() == Some(country),
        Filter::OptOut(opt_out) => contact.survey_opt_out == *opt_out,
        Filter::Created(from, to) => within(&contact.created.at, from.as_ref(), to.as_ref()),
        Filter::Updated(from, to) => within(&contact.updated.at, from.as_ref(), to.as_ref()),
        Filter::Custom { key, is } => compared(contact.custom.get(key).map(String::as_str), is),
    }
}

fn compared(value: Option<&str>, is: &Comparison) -> bool {
    let values: Vec<String> = value.map(fold).map_or_else(Vec::new, |value| {
        let parts: Vec<String> = value.split("; ").map(str::to_owned).collect();
        parts.into_iter().chain([value]).collect()
    });
    let number = |text: &String| text.parse::<f64>().ok();
    match is {
        Comparison::Present => value.is_some(),
        Comparison::Absent => value.is_none(),
        Comparison::Equal(text) => values.contains(&fold(text)),
        Comparison::Different(text) => !values.contains(&fold(text)),
        Comparison::Number(from, to) => values
            .iter()
            .filter_map(number)
            .any(|value| from.is_none_or(|from| value >= from) && to.is_none_or(|to| value <= to)),
        Comparison::Text(from, to) => values.iter().filter(|value| value.starts_with("2026-")).any(|value| {
            let (from, to) = (from.as_deref().map(fold), to.as_deref().map(fold));
            from.is_none_or(|from| *value >= from) && to.is_none_or(|to| *value <= to || value.starts_with(&to))
        }),
    }
}

/// All pages, one after the other.
fn paged(store: &Store, query: &Query) -> Vec<ContactId> {
    let (mut query, mut ids) = (query.clone(), Vec::new());
    loop {
        let page = store.read(|reader| reader.search(&query)).unwrap();
        assert!(!page.at_least && page.contacts.len() <= query.limit, "{query:?}");
        ids.extend(page.contacts.iter().map(|contact| contact.id));
        let Some(next) = page.next else {
            assert_eq!(page.total, ids.len() as u64, "{query:?}");
            return ids;
        };
        query.after = Some(next);
    }
}

fn in_order(mut contacts: Vec<&Contact>, sort: Sort) -> Vec<ContactId> {
    match sort {
        Sort::Newest => contacts.reverse(),
        Sort::Oldest => {}
        Sort::Updated => {
            let changed = |it: &Contact| it.updated != it.created;
            // What was never changed stands at the time of its id, which the tests make later than that of its creation.
            let key = |it: &&Contact| {
                let id = i64::from_be_bytes([[0; 2].as_slice(), &it.id.as_bytes()[..6]].concat().try_into().unwrap());
                if changed(it) { it.updated.at.timestamp_millis() } else { id }
            };
            contacts.sort_by_key(|it| std::cmp::Reverse((key(it), changed(it))));
        }
        Sort::Name => contacts.sort_by_key(|it| (fold(&it.display_name()), it.id)),
    }
    contacts.into_iter().map(|contact| contact.id).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn every_query_finds_what_a_plain_look_finds(
        contacts in contacts(),
        queries in proptest::collection::vec(queries(), 20),
    ) {
        let store = Store::in_memory().unwrap();
        store.write(|writer| {
            contacts.iter().try_for_each(|contact| writer.insert(&Prepared::new(contact), &change(Action::Created, 0)))
        }).unwrap();
        for query in queries {
            let expected: Vec<&Contact> = contacts.iter().filter(|contact| meant(contact, &query)).collect();
            let ids: Vec<ContactId> = expected.iter().map(|contact| contact.id).collect();
            prop_assert_eq!(&paged(&store, &query), &in_order(expected, query.sort), "{:?}", &query);
            let mut streamed = Vec::new();
            let mut keep = |contact: Contact| {
                streamed.push(contact.id);
                ControlFlow::Continue(())
            };
            store.read(|reader| reader.for_each(&query, &mut keep)).unwrap();
            prop_assert_eq!(&streamed, &ids, "{:?}", &query);
            prop_assert_eq!(store.read(|reader| reader.count_of(&query)).unwrap(), ids.len() as u64);
        }
    }
}
