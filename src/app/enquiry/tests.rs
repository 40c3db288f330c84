//! The agent's view as staff see it who may not see every contact, and enquiries while others write.

use std::sync::Arc;

use super::*;
use crate::app::contacts::Wish;
use crate::config::Profile;
use crate::domain::contact::Stamp;
use crate::domain::enquiry::SurveyDecision;
use crate::domain::field::FieldKey;
use crate::domain::permission::{Member, Role};
use crate::store::{Action, Actor, NewChange, Prepared};

struct Desk {
    app: App,
    _folder: tempfile::TempDir,
}

fn desk(profile: Profile, script: &str) -> Desk {
    let folder = tempfile::tempdir().unwrap();
    if !script.is_empty() {
        std::fs::create_dir(folder.path().join("scripts")).unwrap();
        std::fs::write(folder.path().join("scripts/desk.rhai"), script).unwrap();
    }
    Desk { app: App::open(folder.path(), Some(profile)).unwrap(), _folder: folder }
}

fn staff(name: &str, role: Role) -> Viewer {
    let name = Name::parse(name).unwrap();
    Viewer::Staff(Arc::new(Member { name, role, divisions: vec![Name::parse("Asia").unwrap()] }))
}

impl Desk {
    /// Writes a contact as it is: whether owners and divisions exist is not asked here.
    fn add(&self, fields: &[&str]) -> Contact {
        let at = now();
        let mut contact = Contact::new(crate::app::fresh_id(), Stamp { at, by: Arc::from("test") });
        for field in fields {
            let (name, value) = field.split_once('=').unwrap();
            contact.set(&FieldKey::parse(name).unwrap(), value, &self.app.rules(at).unwrap()).unwrap();
        }
        let actor = Actor::Person("test".to_owned());
        let entry = NewChange { at, actor, action: Action::Created, fields: Vec::new(), via: String::new() };
        self.app.store().unwrap().write(|writer| writer.insert(&Prepared::new(&contact), &entry)).unwrap();
        contact
    }

    fn call(&self, phone: &str, by: &Viewer) -> ScreenPop {
        let from = Sender { phone: Some(phone.to_owned()), ..Sender::default() };
        self.open(Channel::Call, from, by)
    }

    fn open(&self, channel: Channel, from: Sender, by: &Viewer) -> ScreenPop {
        let opening = Opening { channel, from, subject: None, device: None, visits: Vec::new() };
        self.app.open_enquiry(&opening, by).unwrap()
    }

    fn turn(&self, id: i64, status: EnquiryStatus, by: &Viewer) -> Result<ScreenPop, Failure> {
        self.app.update_enquiry(id, &Progress { status: Some(status), ..Progress::default() }, by)
    }
}

#[test]
fn a_contact_that_is_not_yours_is_linked_and_hidden() {
    let desk = desk(
        Profile::Maaiiconnect,
        "fn on_enquiry(enquiry) { if enquiry.has_contact { enquiry.contact.add(\"labels\", \"Seen\"); let x = []; x[5] } }",
    );
    let (ann, bob, root) = (staff("Ann", Role::Agent), staff("Bob", Role::Agent), staff("Root", Role::Admin));
    let number = "+85291234567";
    let lee = desk.add(&["last_name=Lee", &format!("mobile={number}"), "owner=Ann", "survey_opt_out=yes"]);
    let pop = desk.call(number, &bob);
    assert!(pop.restricted && pop.contact.is_none() && pop.candidates.is_empty() && pop.changes.is_empty());
    assert_eq!((pop.permissions.view, pop.permissions.edit), (false, false));
    let json = crate::app::wire::enquiry::screen_pop(&pop).to_string();
    for secret in ["Lee", "opted", &lee.id.to_string(), "Ann"] {
        assert!(!json.contains(secret), "{secret} in {json}");
    }
    let id = pop.enquiry.id;
    assert_eq!(desk.app.enquiry(id).unwrap().contact, Some(lee.id), "linked all the same");
    assert_eq!(pop.survey, None, "what may be sent would tell of the opt-out");
    assert_eq!(desk.app.show_enquiry(id, &ann).unwrap().contact.map(|contact| contact.id), Some(lee.id));
    assert_eq!(desk.app.show_enquiry(id, &root).unwrap().enquiry.contact_name.as_deref(), Some("Lee"));
    desk.turn(id, EnquiryStatus::Handling, &bob).unwrap();
    let all = EnquiryFilter { status: None, contact: None, after: None, limit: 9 };
    assert_eq!(desk.app.enquiries(all, &bob).unwrap().enquiries[0].contact, None);
    assert_eq!(desk.app.enquiries(all, &ann).unwrap().enquiries[0].contact_name.as_deref(), Some("Lee"));
    let wish = [Wish::parse("company=Acme").unwrap()];
    assert_eq!(desk.app.edit_in_enquiry(id, &wish, &bob).unwrap_err().code, "FORBIDDEN");
    let other = desk.add(&["last_name=Li", "owner=Bob"]);
    let take = Progress { contact: Some(other.id), ..Progress::default() };
    assert_eq!(desk.app.update_enquiry(id, &take, &bob).unwrap_err().code, "FORBIDDEN");
    // Bob handles it: even who owns the contact asks him, or an admin.
    for told in [desk.app.update_enquiry(id, &take, &ann), desk.app.edit_in_enquiry(id, &wish, &ann)] {
        let told = told.unwrap_err();
        assert_eq!((&*told.code, told.hint.as_deref()), ("FORBIDDEN", Some("ask Bob, or an admin")));
    }
    assert_eq!(desk.app.may_edit_in_enquiry(id, lee.id, &ann).unwrap_err().code, "FORBIDDEN");
    assert!(!desk.app.show_enquiry(id, &ann).unwrap().permissions.edit);
    let pop = desk.app.edit_in_enquiry(id, &wish, &root).unwrap();
    assert_eq!(pop.contact.and_then(|contact| contact.company).as_deref(), Some("Acme"));
    let seen = |by: &Viewer| desk.app.activity(lee.id, 9, by).map(|(activity, _)| activity.enquiries.len());
    assert_eq!(seen(&ann).unwrap(), 1);
    assert_eq!(seen(&bob).unwrap_err().code, "CONTACT_UNKNOWN");
    assert_eq!(desk.app.survey_check(lee.id, &bob).unwrap_err().code, "CONTACT_UNKNOWN");
}

#[test]
fn candidates_are_those_that_the_viewer_sees() {
    let desk = desk(Profile::Genesys, "");
    let number = "+85291234567";
    let of = |last: &str, division: &str| {
        desk.add(&[
            "first_name=Ann",
            &format!("last_name={last}"),
            &format!("mobile={number}"),
            &format!("division={division}"),
        ])
    };
    let (asia, europe) = (of("Lee", "Asia"), of("Li", "Europe"));
    let names = |by: &Viewer| {
        let mut ids: Vec<_> = desk.call(number, by).candidates.iter().map(|it| it.contact.id).collect();
        ids.sort();
        ids
    };
    assert_eq!(names(&staff("Ann", Role::Agent)), [asia.id]);
    assert_eq!(names(&Viewer::Operator), [asia.id, europe.id]);
}

/// What an agent learns of an enquiry, as they show and as they list it.
fn learned(desk: &Desk, id: i64, by: &Viewer) -> String {
    use crate::app::wire::enquiry;
    let shown = enquiry::screen_pop(&desk.app.show_enquiry(id, by).unwrap());
    let all = EnquiryFilter { status: None, contact: None, after: None, limit: 9 };
    let listed = desk.app.enquiries(all, by).unwrap().enquiries.into_iter().find(|enquiry| enquiry.id == id).unwrap();
    format!("{shown} {}", enquiry::enquiry(&listed))
}

#[test]
fn of_a_hidden_contact_an_enquiry_is_taken_and_no_other_read_or_written() {
    let desk = desk(Profile::Maaiiconnect, "fn on_enquiry(enquiry) { enquiry.set_attribute(\"mood\", \"gloomy\"); }");
    let (bob, eve) = (staff("Bob", Role::Agent), staff("Eve", Role::Agent));
    let number = "+85291234567";
    let lee = desk.add(&["last_name=Lee", &format!("mobile={number}"), "owner=Bob", "device=Phone"]);
    let from = Sender { phone: Some(number.to_owned()), ..Sender::default() };
    let told = Opening {
        channel: Channel::Call,
        from,
        subject: Some("Refund".to_owned()),
        device: Some("Evil".to_owned()),
        visits: vec!["https://example.com/secret".to_owned()],
    };
    let ring = |by: &Viewer| desk.app.open_enquiry(&told, by).unwrap().enquiry.id;
    let said = Progress { transcript: Some("said so".to_owned()), ..Progress::default() };
    let secrets = ["Refund", "secret", "gloomy", "Evil", "said so", "Lee"];
    // It rings: who is calling is told, and nothing more; the contact's device is not written.
    let id = ring(&eve);
    assert!(learned(&desk, id, &eve).contains(number));
    for secret in secrets {
        assert!(!learned(&desk, id, &eve).contains(secret), "{secret} while it rings");
    }
    let device = || desk.app.contact(lee.id).unwrap().device;
    assert_eq!(device().as_deref(), Some("Phone"));
    // Taken by Eve, it is hers, except for the contact.
    desk.turn(id, EnquiryStatus::Handling, &eve).unwrap();
    desk.app.update_enquiry(id, &said, &eve).unwrap();
    let hers = learned(&desk, id, &eve);
    assert!(secrets[..5].iter().all(|secret| hers.contains(secret)) && !hers.contains("Lee"), "{hers}");
    let evil = Progress { device: Some("Worse".to_owned()), ..Progress::default() };
    desk.app.update_enquiry(id, &evil, &eve).unwrap();
    assert_eq!(device().as_deref(), Some("Phone"));
    let closed = desk.turn(id, EnquiryStatus::Closed, &eve).unwrap();
    assert_eq!(closed.survey, Some(SurveyDecision::Send), "who closes it sends the survey");
    assert_eq!(desk.app.update_enquiry(id, &said, &eve).unwrap_err().code, "FORBIDDEN");
    // Handled by Bob, it is his.
    let id = ring(&bob);
    assert_eq!(device().as_deref(), Some("Evil"), "Bob may write it");
    desk.turn(id, EnquiryStatus::Handling, &bob).unwrap();
    desk.app.update_enquiry(id, &said, &bob).unwrap();
    let own = desk.add(&["last_name=Own", "owner=Eve"]);
    let wish = [Wish::parse("company=Acme").unwrap()];
    let refused_to_eve = |id: i64| {
        let all = learned(&desk, id, &eve);
        for secret in secrets.iter().chain([&number]) {
            assert!(!all.contains(secret), "{secret} in {all}");
        }
        for progress in [
            said.clone(),
            evil.clone(),
            Progress { staff: Some("Eve".to_owned()), ..Progress::default() },
            Progress { status: Some(EnquiryStatus::Closed), ..Progress::default() },
            Progress { contact: Some(own.id), ..Progress::default() },
            Progress { visits: vec!["https://example.com".to_owned()], ..Progress::default() },
        ] {
            let told = desk.app.update_enquiry(id, &progress, &eve).unwrap_err();
            assert_eq!(told.code, "FORBIDDEN", "{progress:?}");
            assert!(!told.to_string().contains("Lee") && !told.hint.unwrap().contains(&lee.id.to_string()));
        }
        let told = desk.app.edit_in_enquiry(id, &wish, &eve).unwrap_err();
        assert_eq!((&*told.code, told.hint.as_deref()), ("FORBIDDEN", Some("ask an admin")));
    };
    refused_to_eve(id);
    desk.turn(id, EnquiryStatus::Closed, &bob).unwrap();
    refused_to_eve(id);
    // Deleting the contact opens nothing.
    let missed = ring(&bob);
    desk.turn(missed, EnquiryStatus::Missed, &bob).unwrap();
    let taken = ring(&bob);
    desk.turn(taken, EnquiryStatus::Handling, &bob).unwrap();
    desk.app.delete_contact(lee.id, None, &bob).unwrap();
    refused_to_eve(id);
    refused_to_eve(taken);
    let relink = Progress { contact: Some(own.id), ..Progress::default() };
    assert_eq!(desk.app.update_enquiry(missed, &relink, &eve).unwrap_err().code, "FORBIDDEN");
    desk.turn(missed, EnquiryStatus::Handling, &eve).unwrap();
    let told = desk.app.edit_in_enquiry(missed, &wish, &eve).unwrap_err();
    assert_eq!((&*told.code, told.hint.as_deref()), ("FORBIDDEN", Some("ask an admin")));
    let told = desk.app.edit_in_enquiry(taken, &wish, &bob).unwrap_err();
    assert!(told.code == "CONTACT_DELETED" && told.hint.unwrap().contains("Lee"), "Bob is told");
    assert!(learned(&desk, taken, &bob).contains("Lee"));
}

#[test]
fn whoever_takes_an_enquiry_handles_it() {
    let desk = desk(Profile::Cinnox, "");
    let (ann, bob) = (staff("Ann", Role::Agent), staff("Bob", Role::Agent));
    let id = desk.call("+85291234567", &ann).enquiry.id;
    assert_eq!(desk.app.enquiry(id).unwrap().staff, None);
    desk.turn(id, EnquiryStatus::Missed, &ann).unwrap();
    let pop = desk.turn(id, EnquiryStatus::Handling, &bob).unwrap();
    assert_eq!(pop.enquiry.staff, Some(Name::parse("Bob").unwrap()));
    // Nobody else closes it, nor makes a contact of it.
    assert_eq!(desk.turn(id, EnquiryStatus::Closed, &ann).unwrap_err().code, "FORBIDDEN");
    let wish = [Wish::parse("last_name=Lee").unwrap()];
    assert_eq!(desk.app.edit_in_enquiry(id, &wish, &ann).unwrap_err().code, "FORBIDDEN");
    assert_eq!(desk.app.search(&desk.app.query(&ann)).unwrap().total, 0);
    let pop = desk.turn(id, EnquiryStatus::Closed, &bob).unwrap();
    assert_eq!(pop.enquiry.staff, Some(Name::parse("Bob").unwrap()));
    assert_eq!(desk.turn(id, EnquiryStatus::Handling, &ann).unwrap_err().code, "ENQUIRY_STATUS");
}

#[test]
fn a_call_is_not_lost_to_somebody_who_edits_the_contact() {
    let desk = desk(Profile::Cinnox, "");
    let mut left = 3;
    let answer = patiently(|| {
        left -= 1;
        if left > 0 { Err(Failure::new(Class::Conflict, "STALE_REV", "meanwhile")) } else { Ok(left) }
    });
    assert_eq!(answer.unwrap(), 0);
    let never = patiently(|| Err::<(), _>(Failure::new(Class::Conflict, "STALE_REV", "meanwhile")));
    assert_eq!(never.unwrap_err().code, "STALE_REV");
    let id = desk.call("1000", &Viewer::Operator).enquiry.id;
    let stale = desk.app.enquiry(id).unwrap();
    desk.turn(id, EnquiryStatus::Closed, &Viewer::Operator).unwrap();
    let book = desk.app.rule_book().unwrap();
    let late = desk.app.take_step(Step::new(stale, None), &book, &Viewer::Operator).unwrap_err();
    assert_eq!((&*late.code, late.class), ("ENQUIRY_CHANGED", Class::Conflict));
    assert!(late.message.contains("it is closed now"), "{late}");
}

#[test]
fn consent_stays_when_the_rest_of_a_plugins_edits_is_dropped() {
    let desk = desk(
        Profile::Maaiiconnect,
        "fn on_enquiry(enquiry) { enquiry.contact.last_name = \"\"; enquiry.contact.survey_opt_out = \"yes\"; }",
    );
    let lee = desk.add(&["last_name=Lee", "mobile=+85291234567"]);
    let pop = desk.call("+85291234567", &Viewer::Operator);
    let contact = desk.app.contact(lee.id).unwrap();
    assert_eq!((contact.last_name.as_deref(), contact.survey_opt_out, contact.rev), (Some("Lee"), true, 2));
    assert!(pop.notes[0].contains("dropped: last_name"), "{:?}", pop.notes);
    assert_eq!(pop.fields.len(), 1);
    assert!(pop.fields[0].plugin.is_some());
}
