//! Enquiries, what was said in them, visited pages, calls and text messages.

use super::*;
use crate::domain::engagement::{Engagement, EngagementKind};
use crate::domain::enquiry::{Channel, Enquiry, EnquiryStatus, Sender, SurveyDecision, Visit};
use crate::domain::name::Name;

pub(super) fn enquiry(contact: Option<ContactId>) -> Enquiry {
    let from = Sender { phone: Some("+85212345678".to_owned()), ..Sender::default() };
    Enquiry {
        subject: Some("Refund".to_owned()),
        contact,
        attributes: [("queue".to_owned(), "gold".to_owned())].into(),
        ..Enquiry::new(Channel::Call, from, time(60))
    }
}

fn insert(store: &Store, contact: &Contact) {
    store.write(|writer| writer.insert(&Prepared::new(contact), &change(Action::Created, 0))).unwrap();
}

#[test]
fn enquiries_are_kept_whole_and_surveys_counted() {
    let store = Store::in_memory().unwrap();
    insert(&store, &contact(1, "Lee"));
    let mut asked = enquiry(Some(id(1)));
    asked.id = store.write(|writer| writer.insert_enquiry(&asked)).unwrap();
    asked.rev = 1;
    store.write(|writer| writer.insert_enquiry(&enquiry(None))).unwrap();
    assert_eq!(store.read(|reader| reader.enquiry(asked.id)).unwrap(), Some(asked.clone()));
    assert_eq!(store.read(|reader| reader.surveys_sent(id(1))).unwrap(), [0; 0]);
    asked.survey = Some(SurveyDecision::Suppress("opted out".to_owned()));
    asked.take_on(EnquiryStatus::Closed, time(90));
    asked.rev = store.write(|writer| writer.update_enquiry(&asked)).unwrap();
    assert_eq!(store.read(|reader| reader.enquiry(asked.id)).unwrap(), Some(asked.clone()));
    asked.survey = Some(SurveyDecision::Send);
    store.write(|writer| writer.update_enquiry(&asked)).unwrap();
    let stale = store.write(|writer| writer.update_enquiry(&asked));
    assert!(matches!(stale, Err(StoreError::EnquiryChanged { id: 1, status: EnquiryStatus::Closed })));
    assert_eq!(store.read(|reader| reader.surveys_sent(id(1))).unwrap(), [1_700_000_060]);
    let ids = |status| {
        let found = store.read(|reader| reader.enquiries_after(None, status, None, 9)).unwrap();
        found.into_iter().map(|it| it.id).collect::<Vec<_>>()
    };
    assert_eq!((ids(None), ids(Some(EnquiryStatus::Closed))), (vec![2, 1], vec![1]));
    assert_eq!(ids(Some(EnquiryStatus::Missed)), [0; 0]);
    let unknown = Enquiry { contact: Some(id(9)), ..enquiry(None) };
    assert!(matches!(store.write(|writer| writer.insert_enquiry(&unknown)), Err(StoreError::NotFound { .. })));
    assert!(matches!(
        store.write(|writer| writer.update_enquiry(&enquiry(None))),
        Err(StoreError::NoEnquiry { id: 0 })
    ));
}

#[test]
fn everything_about_an_enquiry_comes_back() {
    let store = Store::in_memory().unwrap();
    let mut whole = Enquiry {
        contact_name: Some("Ann Lee".to_owned()),
        staff: Some(Name::parse("Bob").unwrap()),
        device: Some("Firefox on Windows".to_owned()),
        ..enquiry(None)
    };
    (whole.id, whole.rev) = (store.write(|writer| writer.insert_enquiry(&whole)).unwrap(), 1);
    whole.take_on(EnquiryStatus::Closed, time(99));
    whole.rev = store.write(|writer| writer.update_enquiry(&whole)).unwrap();
    assert_eq!(store.read(|reader| reader.enquiry(whole.id)).unwrap(), Some(whole));
}

#[test]
fn a_document_of_the_first_release_is_read() {
    let store = Store::in_memory().unwrap();
    store
        .write::<_, StoreError>(|writer| {
            writer.conn.execute(
                r#"INSERT INTO enquiry (status, opened_at, doc)
                   VALUES ('handling', 60, '{"channel":"email","email":"ann@example.com","survey":false}')"#,
                [],
            )?;
            Ok(())
        })
        .unwrap();
    let mut old = store.read(|reader| reader.enquiry(1)).unwrap().unwrap();
    assert_eq!((old.rev, old.changed_at, old.closed_at), (1, old.opened_at, None));
    assert_eq!(old.survey, Some(SurveyDecision::Suppress(String::new())));
    old.rev = store.write(|writer| writer.update_enquiry(&old)).unwrap();
    assert_eq!(old.rev, 2);
}

#[test]
fn a_transcript_is_told_by_its_size() {
    let store = Store::in_memory().unwrap();
    let id = store.write(|writer| writer.insert_enquiry(&enquiry(None))).unwrap();
    assert_eq!(store.read(|reader| reader.transcript(id)).unwrap(), None);
    store.write(|writer| writer.set_transcript(id, Some("Ann: 你好"))).unwrap();
    assert_eq!(store.read(|reader| reader.transcript(id)).unwrap().as_deref(), Some("Ann: 你好"));
    assert_eq!(store.read(|reader| reader.enquiry(id)).unwrap().unwrap().transcript_bytes, 11);
    let nowhere = store.write(|writer| writer.set_transcript(9, None));
    assert!(matches!(nowhere, Err(StoreError::NoEnquiry { id: 9 })));
}

#[test]
fn a_deleted_contact_leaves_its_name() {
    let store = Store::in_memory().unwrap();
    insert(&store, &contact(1, "Lee"));
    let mut held = enquiry(Some(id(1)));
    (held.id, held.rev) = (store.write(|writer| writer.insert_enquiry(&held)).unwrap(), 1);
    store.write(|writer| writer.delete(id(1), 1, &change(Action::Deleted, 5))).unwrap();
    let left = store.read(|reader| reader.enquiry(held.id)).unwrap().unwrap();
    assert_eq!((left.contact_name.as_deref(), left.rev), (Some("Lee"), 2));
    // Whoever had it in hand must not write the name away.
    assert!(matches!(store.write(|writer| writer.update_enquiry(&held)), Err(StoreError::EnquiryChanged { .. })));
}

#[test]
fn the_activity_of_merged_contacts_is_the_masters() {
    let store = Store::in_memory().unwrap();
    let page = |url: &str| Visit { enquiry: None, at: time(1), url: url.to_owned(), title: Some("Prices".to_owned()) };
    let call = |number: u8| Engagement {
        id: 0,
        contact: id(number),
        kind: EngagementKind::Sms,
        number: "+85212345678".to_owned(),
        text: Some("hello".to_owned()),
        at: time(2),
        by: "Ann".to_owned(),
    };
    for number in 1..=2 {
        insert(&store, &contact(number, "Lee"));
        let asked = store.write(|writer| writer.insert_enquiry(&enquiry(Some(id(number))))).unwrap();
        let pages = [page("https://a.com"), page("https://b.com")];
        store.write(|writer| writer.add_visits(asked, Some(id(number)), &pages)).unwrap();
        store.write(|writer| writer.add_engagement(&call(number))).unwrap();
    }
    let merge = |writer: &mut Writer<'_>| {
        writer.merge(&Prepared::new(&contact(1, "Lee")), 1, id(2), 1, &change(Action::Merged, 9))
    };
    store.write(merge).unwrap();
    for asked in [id(1), id(2)] {
        let visits = store.read(|reader| reader.visits(asked, 3)).unwrap();
        let told: Vec<_> = visits.iter().map(|visit| (visit.url.as_str(), visit.enquiry)).collect();
        assert_eq!(told, [("https://b.com", Some(2)), ("https://a.com", Some(2)), ("https://b.com", Some(1))]);
        let engagements = store.read(|reader| reader.engagements(asked, 9)).unwrap();
        assert_eq!(engagements.iter().map(|it| (it.id, it.contact)).collect::<Vec<_>>(), [(2, id(2)), (1, id(1))]);
        assert_eq!(engagements[0], Engagement { id: 2, ..call(2) });
        assert_eq!(store.read(|reader| reader.enquiries(Some(asked), 9)).unwrap().len(), 2);
    }
    let nobody = store.write(|writer| writer.add_engagement(&call(9)));
    assert!(matches!(nobody, Err(StoreError::NotFound { .. })));
}

#[test]
fn of_a_forgotten_person_nothing_stays() {
    let store = Store::in_memory().unwrap();
    insert(&store, &contact(1, "Lee"));
    let secret = "Secret";
    let asked = Enquiry {
        from: Sender { name: Some(secret.to_owned()), ..Sender::default() },
        subject: Some(secret.to_owned()),
        device: Some(secret.to_owned()),
        attributes: [("why".to_owned(), secret.to_owned())].into(),
        contact_name: Some(secret.to_owned()),
        survey: Some(SurveyDecision::Suppress(secret.to_owned())),
        ..enquiry(Some(id(1)))
    };
    let number = store.write(|writer| writer.insert_enquiry(&asked)).unwrap();
    let page = Visit { enquiry: None, at: time(1), url: secret.to_owned(), title: None };
    store.write(|writer| writer.set_transcript(number, Some(secret))).unwrap();
    store.write(|writer| writer.add_visits(number, None, &[page])).unwrap();
    store.write(|writer| writer.forget(id(1), 1, &change(Action::Forgotten, 5))).unwrap();
    let left = store.read(|reader| reader.enquiry(number)).unwrap().unwrap();
    assert!(!format!("{left:?}").contains(secret), "{left:?}");
    assert_eq!(
        (left.channel, left.survey),
        (Channel::Call, Some(SurveyDecision::Suppress(crate::store::ERASED.to_owned())))
    );
    assert_eq!(store.read(|reader| reader.transcript(number)).unwrap(), None);
    assert_eq!(store.read(|reader| reader.visits_of_enquiry(number, 9)).unwrap(), []);
}

#[test]
fn pages_follow_an_enquiry_that_is_linked_later() {
    let store = Store::in_memory().unwrap();
    insert(&store, &contact(1, "Lee"));
    let asked = store.write(|writer| writer.insert_enquiry(&enquiry(None))).unwrap();
    let page = Visit { enquiry: None, at: time(1), url: "https://a.com".to_owned(), title: None };
    store.write(|writer| writer.add_visits(asked, None, std::slice::from_ref(&page))).unwrap();
    assert_eq!(store.read(|reader| reader.visits(id(1), 9)).unwrap(), []);
    store.write(|writer| writer.link_visits(asked, id(1))).unwrap();
    let visits = store.read(|reader| reader.visits(id(1), 9)).unwrap();
    assert_eq!(visits, [Visit { enquiry: Some(asked), ..page }]);
    assert_eq!(store.read(|reader| reader.visits_of_enquiry(asked, 9)).unwrap(), visits);
}
