//! What a query finds, in which order, and labels.

use super::*;
use crate::domain::contact::ContactType;

fn book() -> Store {
    let store = Store::in_memory().unwrap();
    let mut all = Vec::new();
    let mut add = |last: &str, change: &dyn Fn(&mut Contact)| {
        let mut contact = contact(all.len() as u8 + 1, last);
        change(&mut contact);
        all.push(Prepared::new(&contact));
    };
    add("Núñez", &|it| {
        it.first_name = Some("José".to_owned());
        it.emails.push(email("j.nunez@acme.example"));
    });
    add("陳", &|it| {
        it.first_name = Some("大文".to_owned());
        it.phones.push(phone("+85212345678"));
    });
    add("O’Brien", &|it| it.company = Some("株式会社サンプル".to_owned()));
    add("Ｗｉｄｅ", &|it| {
        let raw = "ext 9000-1112-2223-3334".to_owned();
        it.phones.push(Phone { raw, e164: None, ..phone("") });
    });
    add("customer", &|it| {
        it.last_name_is_placeholder = true;
        it.company = Some("Studio 54".to_owned());
        it.phones.push(phone("+442079460018"));
    });
    add("Straße", &|it| it.other_last_names.push("Weg".to_owned()));
    store
        .write(|writer| all.iter().try_for_each(|contact| writer.insert(contact, &change(Action::Created, 0))))
        .unwrap();
    store
}

#[test]
fn words_find_by_beginning_whatever_the_notation() {
    let store = book();
    let table: &[(&str, &[&str])] = &[
        ("jose nun", &["Núñez"]),
        ("NUÑEZ", &["Núñez"]),
        ("unez", &[]),
        ("jose weg", &[]),
        ("acme", &["Núñez"]),
        ("J.Nunez@ACME.ex", &["Núñez"]),
        ("陳大文", &["陳"]),
        ("大文", &["陳"]),
        ("文", &["陳"]),
        ("文大", &[]),
        ("会社", &["O’Brien"]),
        ("サンプル", &["O’Brien"]),
        ("ｻﾝﾌﾟﾙ", &["O’Brien"]),
        ("o'brien", &["O’Brien"]),
        ("obrien", &["O’Brien"]),
        ("brien", &["O’Brien"]),
        ("wide", &["Ｗｉｄｅ"]),
        ("customer", &[]),
        ("strasse", &["Straße"]),
        ("weg", &["Straße"]),
        ("??", &[]),
        ("\"NOT\" *", &[]),
    ];
    for (words, expected) in table {
        assert_eq!(found(&store, &Query { words: (*words).to_owned(), ..Query::default() }), *expected, "{words}");
    }
}

#[test]
fn phones_are_found_in_any_notation_and_by_fragments() {
    let store = book();
    let table: &[(&str, &[&str])] = &[
        ("+852 1234 5678", &["陳"]),
        ("00852-1234", &["陳"]),
        ("+1234", &[]),
        ("1234 5678", &["陳"]),
        ("３４５６", &["陳"]),
        ("5678", &["陳"]),
        ("(020) 7946-0018", &["customer"]),
        ("+44 (0)20 7946", &["customer"]),
        ("陳 345", &["陳"]),
        ("陳 999", &[]),
        ("1112 2223", &["Ｗｉｄｅ"]),
        ("54", &["customer"]),
        ("studio 54", &["customer"]),
        ("345 678", &["陳"]),
    ];
    for (words, expected) in table {
        assert_eq!(found(&store, &Query { words: (*words).to_owned(), ..Query::default() }), *expected, "{words}");
    }
}

#[test]
fn digits_of_a_name_are_found_beside_phones() {
    let store = book();
    let mut studio = contact(90, "Studio");
    studio.company = Some("Area 345".to_owned());
    insert(&store, &studio);
    assert_eq!(found(&store, &Query { words: "345".to_owned(), ..Query::default() }), ["陳", "Studio"]);
}

#[test]
fn pages_follow_each_other_without_gap_while_contacts_come() {
    let store = Store::in_memory().unwrap();
    for number in 1..=5 {
        insert(&store, &contact(number, &format!("Lee{number}")));
    }
    let mut query = Query { words: "lee".to_owned(), limit: 2, ..Query::default() };
    let mut names = Vec::new();
    loop {
        let page = store.read(|reader| reader.search(&query)).unwrap();
        names.extend(page.contacts.into_iter().filter_map(|contact| contact.last_name));
        insert(&store, &contact(names.len() as u8 + 10, "Leech"));
        let Some(next) = page.next else { break };
        query.after = Some(next);
    }
    assert_eq!(names, ["Lee5", "Lee4", "Lee3", "Lee2", "Lee1"]);
    let broken = Query { after: Some("x".to_owned()), ..Query::default() };
    assert!(matches!(store.read(|reader| reader.search(&broken)), Err(StoreError::Cursor { .. })));
    let none = store.read(|reader| reader.search(&Query { limit: 0, ..Query::default() })).unwrap();
    assert_eq!((none.total, none.contacts.len()), (8, 0));
}

#[test]
fn streaming_stops_when_told() {
    let store = book();
    let mut names = Vec::new();
    let mut two = |contact: Contact| {
        names.extend(contact.last_name);
        if names.len() == 2 { std::ops::ControlFlow::Break(()) } else { std::ops::ControlFlow::Continue(()) }
    };
    store.read(|reader| reader.for_each(&Query::default(), &mut two)).unwrap();
    assert_eq!(names, ["Núñez", "陳"]);
}

#[test]
fn filters_combine() {
    let store = Store::in_memory().unwrap();
    let people: [(&str, &[&str], ContactType); 4] = [
        ("Ann", &["VIP", "gold"], ContactType::Lead),
        ("Bob", &["vip"], ContactType::Customer),
        ("Cy", &["gold"], ContactType::Customer),
        ("Ann", &[], ContactType::Other),
    ];
    for (number, (name, labels, kind)) in people.into_iter().enumerate() {
        let mut contact = contact(number as u8, name);
        contact.kind = kind;
        contact.labels.extend(labels.iter().map(|name| label(name)));
        insert(&store, &contact);
    }
    #[track_caller]
    fn check(
        store: &Store,
        words: &str,
        labels: &[&str],
        any_label: bool,
        kind: Option<ContactType>,
        expected: &[&str],
    ) {
        let labels = labels.iter().map(|name| label(name)).collect();
        assert_eq!(
            found(
                store,
                &Query {
                    words: words.to_owned(),
                    labels,
                    any_label,
                    filters: kind.map(crate::store::Filter::Type).into_iter().collect(),
                    ..Query::default()
                }
            ),
            expected
        );
    }
    check(&store, "", &["Vip"], false, None, &["Ann", "Bob"]);
    check(&store, "", &["vip", "Gold"], false, None, &["Ann"]);
    check(&store, "", &["vip", "Gold"], true, None, &["Ann", "Bob", "Cy"]);
    check(&store, "", &["vip"], true, Some(ContactType::Customer), &["Bob"]);
    check(&store, "", &[], false, Some(ContactType::Customer), &["Bob", "Cy"]);
    check(&store, "ann", &[], false, None, &["Ann", "Ann"]);
    check(&store, "ann", &["gold"], false, Some(ContactType::Lead), &["Ann"]);
    check(&store, "ann", &["gold", "vip"], true, Some(ContactType::Other), &[]);
    check(&store, "", &["unheard of"], false, None, &[]);
    check(&store, "", &["unheard of", "gold"], true, None, &["Ann", "Cy"]);
}

#[test]
fn labels_are_made_once_with_a_colour_and_counted() {
    let store = Store::in_memory().unwrap();
    for (number, name) in ["VIP", "vip", "Gold"].into_iter().enumerate() {
        let mut contact = contact(number as u8, "Lee");
        contact.labels.push(label(name));
        insert(&store, &contact);
    }
    store.write(|writer| writer.create_label(&label("Empty"), "#123456")).unwrap();
    store.write(|writer| writer.set_label_colour(&label("gold"), "#00ff00")).unwrap();
    let labels = store.read(|reader| reader.labels()).unwrap();
    let told: Vec<_> = labels.iter().map(|it| (it.name.as_str(), it.contacts)).collect();
    assert_eq!(told, [("Empty", 0), ("Gold", 1), ("VIP", 2)]);
    assert_eq!((&*labels[0].colour, &*labels[1].colour), ("#123456", "#00ff00"));
    assert!(labels[2].colour.len() == 7 && labels[2].colour.starts_with('#'));
    let twice = store.write(|writer| writer.create_label(&label("vip"), "#123456"));
    assert!(matches!(twice, Err(StoreError::LabelExists { name }) if name == "VIP"));
    let unknown = store.write(|writer| writer.set_label_colour(&label("none"), "#123456"));
    assert!(matches!(unknown, Err(StoreError::NoLabel { .. })));
}

#[test]
fn a_writer_finds_what_it_wrote_before_the_commit() {
    let store = Store::in_memory().unwrap();
    let mut lee = contact(1, "Lee");
    lee.phones.push(phone("+85212345678"));
    lee.labels.push(label("VIP"));
    let query = Query { words: "1234".to_owned(), labels: vec![label("vip")], ..Query::default() };
    store
        .write(|writer| {
            writer.insert(&Prepared::new(&lee), &change(Action::Created, 0))?;
            assert_eq!(writer.find(&Identifier::Phone("+85212345678".to_owned()), 3)?.len(), 1);
            assert_eq!(writer.labels()?[0].contacts, 1);
            assert_eq!(store.read(|reader| reader.count())?, 0);
            lee.phones.clear();
            writer.update(&Prepared::new(&lee), 1, &change(Action::Updated, 0))?;
            assert_eq!(writer.search(&query)?.total, 0);
            Ok::<_, StoreError>(())
        })
        .unwrap();
    assert_eq!(found(&store, &query), [""; 0]);
}

#[test]
fn identifiers_are_found_in_every_volume() {
    let store = Store::in_memory().unwrap();
    let mut lee = contact(1, "Lee");
    lee.emails.push(email("lee@example.com"));
    lee.phones.push(phone("+85212345678"));
    insert(&store, &lee);
    // As if fifty thousand others had come between.
    store
        .write(|writer| {
            Ok::<_, StoreError>(
                writer
                    .conn
                    .execute("INSERT INTO contact SELECT 50000, x'00', 1, 1, NULL, '', '', NULL FROM contact", [])?,
            )
        })
        .unwrap();
    let mut li = Contact { id: id(2), last_name: Some("Li".to_owned()), ..lee };
    insert(&store, &li);
    assert_eq!(find(&store, Identifier::Email("lee@example.com".to_owned())), [id(1), id(2)]);
    for words in ["+8521234", "5678"] {
        let page = |after, limit| {
            let query = Query { words: words.to_owned(), after, limit, ..Query::default() };
            let page = store.read(|reader| reader.search(&query)).unwrap();
            assert_eq!(page.total, 2);
            (page.contacts.into_iter().map(|contact| contact.id).collect::<Vec<_>>(), page.next)
        };
        let (first, next) = page(None, 1);
        assert_eq!(first, [id(2)]);
        assert_eq!(page(next, 1), (vec![id(1)], None));
        assert_eq!(page(None, 0).0, []);
    }
    li.rev = 1;
    li.emails.clear();
    update(&store, &li).unwrap();
    assert_eq!(find(&store, Identifier::Email("lee@example.com".to_owned())), [id(1)]);
}
