//! What becomes of a contact: written, read, replaced, deleted, merged, and its change log.

use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::domain::contact::{Address, ContactType, ExternalId, Level, Social, SocialChannel};
use crate::store::document;

/// Text with what JSON writes otherwise.
fn option() -> impl Strategy<Value = Option<String>> {
    proptest::option::of("(\\PC|[\"\\\\\u{0}-\u{1F}]){1,12}")
}

fn list() -> impl Strategy<Value = Vec<String>> {
    proptest::collection::vec("\\PC{0,8}", 0..3)
}

prop_compose! {
    fn any_phone()(
        kind in proptest::sample::select(PhoneKind::ALL), raw in "[0-9 +]{1,12}", e164 in proptest::option::of("\\+[0-9]{8}"),
        same in any::<bool>(), extension in option(), sms in any::<bool>(), verified in any::<bool>(),
    ) -> Phone {
        let raw = e164.clone().filter(|_| same).unwrap_or(raw);
        Phone { kind, raw, e164, extension, sms, verified }
    }
}

prop_compose! {
    fn names()(
        first_name in option(), last_name in option(), last_name_is_placeholder in any::<bool>(), other_first_names in list(),
        other_last_names in list(), company in option(), job_title in option(), department in option(), group in option(),
        external_url in option(), survey_opt_out in any::<bool>(),
    ) -> Contact {
        Contact {
            first_name, last_name, last_name_is_placeholder, other_first_names, other_last_names, company, job_title, department,
            group, external_url, survey_opt_out, ..contact(1, "")
        }
    }
}

prop_compose! {
    pub(in crate::store) fn any_contact()(
        base in names(),
        kind in proptest::sample::select(ContactType::ALL), level in proptest::sample::select(Level::ALL),
        language in proptest::option::of(proptest::sample::select(vec!["en", "zh-Hant", "pt-BR"])),
        days in proptest::option::of(700_000..740_000),
        country in proptest::option::of(proptest::sample::select(vec!["HK", "IT", "TH"])),
        (street, city, state, zip) in (option(), option(), option(), option()),
        phones in proptest::collection::vec(any_phone(), 0..4),
        silenced in proptest::collection::vec("\\PC{0,9}", 0..3),
        emails in proptest::collection::vec((proptest::sample::select(EmailKind::ALL), "\\PC{0,9}", any::<bool>()), 0..3),
        socials in proptest::collection::vec((proptest::sample::select(SocialChannel::ALL), "\\PC{0,9}", any::<bool>()), 0..3),
        labels in proptest::collection::vec("[A-Za-zé]{1,8}", 0..4),
        ids in proptest::collection::vec(("[a-z]{0,4}", "\\PC{0,6}"), 0..3),
        custom in proptest::collection::btree_map("[a-z_]{1,6}", "\\PC{0,9}", 0..3),
        updated in proptest::option::of((any::<i32>(), "[a-z ]{0,8}")),
    ) -> Contact {
        let mut contact = Contact {
            kind, level,
            language: language.map(|tag| tag.parse().unwrap()),
            birth_date: days.map(|days| chrono::NaiveDate::from_num_days_from_ce_opt(days).unwrap()),
            address: Address { street, city, state, zip, country: country.map(|code| code.parse().unwrap()) },
            phones,
            silenced,
            emails: emails.into_iter().map(|(kind, address, verified)| Email { kind, address, verified }).collect(),
            socials: socials.into_iter().map(|(channel, handle, verified)| Social { channel, handle, verified }).collect(),
            external_ids: ids.into_iter().map(|(source, id)| ExternalId { source, id }).collect(),
            custom,
            ..base
        };
        for name in labels {
            contact.add_label(label(&name));
        }
        if let Some((seconds, by)) = updated {
            contact.updated = Stamp { at: time(i64::from(seconds)), by: Arc::from(by) };
        }
        contact.put_in_order();
        contact
    }
}

proptest! {
    #[test]
    fn every_contact_survives_its_document(contact in any_contact()) {
        let text = document::encode(&contact);
        prop_assert_eq!(document::decode(contact.id, contact.rev, &text), Ok(contact));
    }
}

#[test]
fn a_document_leaves_defaults_out_and_passes_unknown_keys_over() {
    let lee = contact(1, "Lee");
    assert_eq!(document::encode(&lee), r#"{"last":"Lee","created":1700000000123456789,"created_by":"cli"}"#);
    let newer = r#"{"last":"Lee","aura":{"colour":["red"]},"created":1700000000123456789,"created_by":"cli"}"#;
    assert_eq!(document::decode(lee.id, 0, newer), Ok(lee.clone()));
    assert!(
        document::decode(lee.id, 0, r#"{"kind":"saint","created":0,"created_by":""}"#).unwrap_err().contains("saint")
    );
}

#[test]
fn a_contact_is_read_as_it_was_written_and_counts_its_revisions() {
    let store = Store::in_memory().unwrap();
    let mut lee = contact(1, "Lee");
    lee.phones.push(phone("+85212345678"));
    insert(&store, &lee);
    lee.rev = 1;
    assert_eq!(load(&store, 1), Some(lee.clone()));
    lee.company = Some("Acme".to_owned());
    assert_eq!(update(&store, &lee).unwrap(), 2);
    lee.rev = 2;
    assert_eq!(load(&store, 1), Some(lee));
    assert_eq!(load(&store, 2), None);
    assert_eq!(store.read(|reader| reader.count()).unwrap(), 1);
}

#[test]
fn a_stale_revision_is_refused_and_changes_nothing() {
    let store = Store::in_memory().unwrap();
    insert(&store, &contact(1, "Lee"));
    let mut lee = load(&store, 1).unwrap();
    update(&store, &lee).unwrap();
    lee.company = Some("Acme".to_owned());
    let refused = update(&store, &lee).unwrap_err();
    assert!(matches!(refused, StoreError::Conflict { seen: 1, now: 2, .. }), "{refused:?}");
    assert!(refused.hint().is_some());
    assert_eq!(load(&store, 1).unwrap().company, None);
    assert!(matches!(update(&store, &contact(9, "Nobody")), Err(StoreError::NotFound { .. })));
    let twice = store.write(|writer| writer.insert(&Prepared::new(&lee), &change(Action::Created, 0)));
    assert!(matches!(twice, Err(StoreError::Conflict { seen: 0, now: 2, .. })));
}

#[test]
fn an_update_moves_identifiers_labels_and_words() {
    let store = Store::in_memory().unwrap();
    let mut lee = contact(1, "Lee");
    lee.phones = vec![phone("+85212345678"), phone("+85212345678")];
    lee.emails = vec![email("Old@Example.com")];
    lee.labels = vec![label("VIP")];
    insert(&store, &lee);
    assert_eq!(find(&store, Identifier::Email("old@example.COM".to_owned())), [id(1)]);
    assert_eq!(find(&store, Identifier::Phone("+85212345678".to_owned())), [id(1)]);
    let mut lee = load(&store, 1).unwrap();
    lee.last_name = Some("Li".to_owned());
    lee.emails = vec![email("new@example.com")];
    lee.labels = vec![label("gold")];
    update(&store, &lee).unwrap();
    assert_eq!(find(&store, Identifier::Email("old@example.com".to_owned())), []);
    assert_eq!(find(&store, Identifier::Email("new@example.com".to_owned())), [id(1)]);
    let asked = |words: &str, labels: &[LabelName]| {
        found(&store, &Query { words: words.to_owned(), labels: labels.to_vec(), ..Query::default() }).len()
    };
    assert_eq!((asked("lee", &[]), asked("li", &[])), (0, 1));
    assert_eq!((asked("", &[label("vip")]), asked("", &[label("GOLD")])), (0, 1));
}

#[test]
fn external_ids_and_whatsapp_identify() {
    let store = Store::in_memory().unwrap();
    let mut lee = contact(1, "Lee");
    lee.external_ids.push(ExternalId { source: "crm".to_owned(), id: "A-1".to_owned() });
    lee.socials.push(Social { channel: SocialChannel::Whatsapp, handle: "+85212345678".to_owned(), verified: false });
    lee.socials.push(Social { channel: SocialChannel::Line, handle: "lee".to_owned(), verified: false });
    insert(&store, &lee);
    let external = |source: &str, id: &str| Identifier::ExternalId { source: source.to_owned(), id: id.to_owned() };
    assert_eq!(find(&store, external("crm", "A-1")), [id(1)]);
    assert_eq!(find(&store, external("", "A-1")), []);
    assert_eq!(find(&store, Identifier::Whatsapp("+85212345678".to_owned())), [id(1)]);
    assert_eq!(find(&store, Identifier::Whatsapp("lee".to_owned())), []);
    assert_eq!(find(&store, Identifier::Phone("+85212345678".to_owned())), []);
}

#[test]
fn a_deleted_contact_is_found_by_nothing_but_its_changes() {
    let store = Store::in_memory().unwrap();
    let mut lee = contact(1, "Lee");
    lee.phones.push(phone("+85212345678"));
    lee.labels.push(label("VIP"));
    insert(&store, &lee);
    store.write(|writer| writer.delete(id(1), 1, &change(Action::Deleted, 5))).unwrap();
    assert_eq!(load(&store, 1), None);
    assert_eq!(find(&store, Identifier::Phone("+85212345678".to_owned())), []);
    for words in ["", "lee", "1234"] {
        assert_eq!(found(&store, &Query { words: words.to_owned(), ..Query::default() }), [""; 0], "{words}");
    }
    assert_eq!(store.read(|reader| reader.labels()).unwrap()[0].contacts, 0);
    let log = store.read(|reader| reader.changes(id(1), None)).unwrap();
    assert_eq!(
        log.iter().map(|entry| (entry.action, entry.rev)).collect::<Vec<_>>(),
        [(Action::Deleted, 2), (Action::Created, 1)]
    );
}

#[test]
fn changes_keep_who_what_and_which_plugin() {
    let store = Store::in_memory().unwrap();
    let plugin =
        Arc::new(PluginRef { name: "phone-repair".to_owned(), version: "1.2.0".to_owned(), hash: "abc".to_owned() });
    let field = |old: Option<&str>, new: Option<&str>, plugin| ChangedField {
        field: "note".to_owned(),
        old: old.map(str::to_owned),
        new: new.map(str::to_owned),
        plugin,
    };
    let fields = vec![
        field(None, Some("a \"quoted\"\\\n\u{1}陳"), None),
        field(Some("before"), None, Some(Arc::clone(&plugin))),
        field(None, None, None),
        field(Some(""), None, None),
    ];
    let entry = NewChange {
        at: time(7),
        actor: Actor::Import(12),
        action: Action::Created,
        fields: fields.clone(),
        via: String::new(),
    };
    store.write(|writer| writer.insert(&Prepared::new(&contact(1, "Lee")), &entry)).unwrap();
    let log = store.read(|reader| reader.changes(id(1), Some(5))).unwrap();
    assert_eq!(log, [ChangeEntry { at: time(7), actor: Actor::Import(12), action: Action::Created, rev: 1, fields }]);
    assert_eq!(store.read(|reader| reader.changes(id(1), Some(0))).unwrap(), []);
}

#[test]
fn a_merge_erases_the_other_and_moves_what_it_had() {
    let store = Store::in_memory().unwrap();
    let (mut master, mut other) = (contact(1, "Lee"), contact(2, "Li"));
    master.labels.push(label("VIP"));
    other.emails.push(email("li@example.com"));
    insert(&store, &master);
    store.write(|writer| writer.insert(&Prepared::new(&other), &change(Action::Created, 2))).unwrap();
    let moved = store.write(|writer| writer.insert_enquiry(&super::enquiries::enquiry(Some(id(2))))).unwrap();
    master.emails.push(email("li@example.com"));
    let merge =
        |writer: &mut Writer<'_>| writer.merge(&Prepared::new(&master), 1, id(2), 1, &change(Action::Merged, 9));
    assert_eq!(store.write(merge).unwrap(), 2);

    let merged = load(&store, 2).unwrap();
    assert_eq!((merged.id, merged.rev), (id(1), 2));
    assert_eq!(find(&store, Identifier::Email("li@example.com".to_owned())), [id(1)]);
    assert_eq!(store.read(|reader| reader.count()).unwrap(), 1);
    let log = store.read(|reader| reader.changes(id(2), None)).unwrap();
    assert_eq!(
        log.iter().map(|entry| entry.action).collect::<Vec<_>>(),
        [Action::Merged, Action::Created, Action::Created]
    );
    assert_eq!(store.read(|reader| reader.enquiry(moved)).unwrap().unwrap().contact, Some(id(1)));
    assert_eq!(store.read(|reader| reader.enquiries(Some(id(2)), 5)).unwrap().len(), 1);
    assert!(matches!(store.write(merge), Err(StoreError::Conflict { .. })));
    let again = store.write(|writer| writer.merge(&Prepared::new(&master), 2, id(2), 2, &change(Action::Merged, 9)));
    assert!(matches!(again, Err(StoreError::NotFound { .. })));
    let itself = store.write(|writer| writer.merge(&Prepared::new(&master), 2, id(1), 2, &change(Action::Merged, 9)));
    assert!(matches!(itself, Err(StoreError::SelfMerge { .. })));
}

#[test]
fn an_id_resolves_through_several_merges() {
    let store = Store::in_memory().unwrap();
    for number in 1..=3 {
        insert(&store, &contact(number, "Lee"));
    }
    let merge = |master: u8, other: u8| {
        let master = Prepared::new(&contact(master, "Lee"));
        store.write(|writer| writer.merge(&master, 1, id(other), 1, &change(Action::Merged, 1))).unwrap();
    };
    merge(2, 3);
    store
        .write(|writer| writer.merge(&Prepared::new(&contact(1, "Lee")), 1, id(2), 2, &change(Action::Merged, 2)))
        .unwrap();
    assert_eq!(load(&store, 3).unwrap().id, id(1));
    assert_eq!(store.read(|reader| reader.changes(id(1), None)).unwrap().len(), 5);
}

#[test]
fn plugins_remember_and_forget() {
    let store = Store::in_memory().unwrap();
    let set = |key: &str, value: Option<&[u8]>| store.write(|writer| writer.set_state("p", key, value)).unwrap();
    set("b", Some(&[0, 255]));
    set("a", Some(b"1"));
    set("a", Some(b"2"));
    set("c", Some(b"3"));
    set("c", None);
    let all = store.read(|reader| reader.state_all()).unwrap();
    let entry = |key: &str, value: &[u8]| ("p".to_owned(), key.to_owned(), value.to_vec());
    assert_eq!(all, [entry("a", b"2"), entry("b", &[0, 255])]);
}
