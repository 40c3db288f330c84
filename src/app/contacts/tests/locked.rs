//! Verified numbers and handles under `lock_verified`: no way of writing a contact edits or removes one.

use super::*;
use crate::app::import::ImportRequest;
use crate::config::OnMatch;
use crate::domain::field::Field;

const LOCK: &str = "lock_verified = true";

/// A contact with a verified mobile number, WhatsApp and LINE handle, and values beside them that are not.
fn proved(app: &App) -> ContactId {
    add(
        app,
        &[
            "last_name=Lee",
            "mobile=+852 9123 4567",
            "mobile+=+85291111111",
            "work_phone=+85221234567",
            "whatsapp=+85291234567",
            "line=ann.lee",
            "line+=ann.two",
            "email=ann@example.com",
            "verified=+85291234567 ::: +85291234567 ::: line:ann.lee ::: whatsapp:+85291234567 ::: ann@example.com",
        ],
        &CLI,
    )
}

#[test]
fn every_edit_of_a_locked_value_is_refused_by_name() {
    let (_home, app) = home(LOCK, "");
    let id = proved(&app);
    for (wish, value) in [
        ("mobile=", "+852 9123 4567"),
        ("mobile=+85298765432", "+852 9123 4567"),
        ("mobile=+85291111111", "+852 9123 4567"),
        ("mobile=+85291234567 x5", "+852 9123 4567"),
        ("mobile-=+85291234567", "+85291234567"),
        ("mobile-=+852 9123 4567", "+852 9123 4567"),
        ("mobile-=00852 9123-4567", "00852 9123-4567"),
        ("line=", "ann.lee"),
        ("line=ann.two", "ann.lee"),
        ("line-=ann.lee", "ann.lee"),
        ("whatsapp=+85298765432", "+85291234567"),
        ("verified=", "+85291234567"),
        ("verified-=line:ann.lee", "line:ann.lee"),
        ("verified=+85291234567", "ann@example.com"),
    ] {
        let refused = edit(&app, id, &[wish], &CLI).expect_err(wish);
        let problem = &refused.problems[0].problem;
        assert_eq!(problem.code, "VERIFIED_LOCKED", "{wish}");
        assert!(problem.message.contains(&format!("`{value}`")), "{wish}: {}", problem.message);
        assert_eq!(refused.problems.len(), 1, "{wish}: told once");
    }
    assert_eq!(app.contact(id).unwrap().rev, 1);
}

#[test]
fn what_stands_beside_a_locked_value_is_free() {
    let (_home, app) = home(LOCK, "");
    let id = proved(&app);
    for wish in [
        "mobile-=+85291111111",
        "mobile+=+85293333333",
        "mobile=+852-9123-4567 ::: +85294444444",
        "line=ann.lee ::: ann.three",
        "line+=ann.lee",
        "work_phone=",
        "sms=no",
        "no_sms=+85291234567",
        "as_typed=+85291234567 = 9123 4567",
        "verified+=+85294444444",
        "email=",
    ] {
        assert_eq!(code(edit(&app, id, &[wish], &CLI)), "ok", "{wish}");
    }
    let contact = app.contact(id).unwrap();
    let verified = contact.values(&Field::Verified.into()).join(" ");
    assert_eq!(verified, "+85291234567 +85294444444 whatsapp:+85291234567 line:ann.lee");
    assert!(contact.phones.iter().all(|phone| phone.e164.as_deref() != Some("+85291234567") || !phone.sms));
    assert_eq!(
        contact.socials.iter().filter(|social| social.handle == "ann.lee").count(),
        1,
        "no twin that is not proved"
    );
    assert_eq!(code(app.delete_contact(id, None, &CLI)), "ok", "the contact as a whole can go");
    assert_eq!(code(app.restore_contact(id, &CLI)), "ok");
}

#[test]
fn without_the_lock_a_verified_value_changes_like_any_other() {
    let (_home, app) = home("lock_verified = false", "");
    let id = proved(&app);
    assert_eq!(code(edit(&app, id, &["mobile=+85291234567", "line=ann.lee", "email=ann@example.com"], &CLI)), "ok");
    let verified = |id| app.contact(id).unwrap().values(&Field::Verified.into()).len();
    assert_eq!(verified(id), 4, "what is written again stays proved");
    assert_eq!(code(edit(&app, id, &["mobile=", "line-=ann.lee", "verified="], &CLI)), "ok");
    assert_eq!(verified(id), 0);
}

#[test]
fn a_plugin_is_held_to_it() {
    for deed in [
        "contact.mobile = \"+85298765432\"",
        "contact.remove(\"mobile\", \"+85291234567\")",
        "contact.line = \"\"",
        "contact.remove(\"verified\", \"line:ann.lee\")",
        "contact.verified = \"\"",
    ] {
        let script = format!("fn on_update(contact, before) {{ {deed}; }}");
        let (_home, app) = home(LOCK, &script);
        let id = proved(&app);
        let refused = edit(&app, id, &["company=Acme"], &CLI).expect_err(deed);
        let told = format!("{:?}", refused.problems);
        assert!(told.contains("is verified and cannot be edited or removed"), "{deed}: {told}");
    }
}

#[test]
fn a_merge_loses_no_locked_value_of_either() {
    let (_home, app) = home(LOCK, "");
    let id = proved(&app);
    let other = add(&app, &["last_name=Li", "mobile=+85290000000", "verified=+85290000000"], &CLI);
    let take = |field: Field| merge(&app, id, other, &[field], &CLI);
    let refused = take(Field::Mobile).unwrap_err();
    assert!(refused.message.contains("9123 4567"), "{refused:?}");
    assert_eq!(code(take(Field::Line)), "VERIFIED_LOCKED");
    let merged = merge(&app, id, other, &[Field::WorkPhone], &CLI).unwrap().contact;
    assert_eq!(merged.phones.iter().filter(|phone| phone.verified).count(), 2);
}

#[test]
fn an_import_is_held_to_it() {
    let (_home, app) = home(&format!("{LOCK}\nmulti_value = true"), "");
    let id = proved(&app);
    let import = |header: &str, cell: &str| {
        let file = app.home().folder().join("contacts.csv");
        std::fs::write(&file, format!("Last name,Email,{header}\nLee,ann@example.com,{cell}\n")).unwrap();
        let request = ImportRequest { on_match: Some(OnMatch::Update), ..ImportRequest::new(file) };
        app.import(&request, &mut |_| {}).unwrap().counts
    };
    for (header, cell) in
        [("Mobile", "+85298765432"), ("Mobile", "<clear>"), ("LINE", "ann.two"), ("WhatsApp", "<clear>")]
    {
        assert_eq!(import(header, cell).failed, 1, "{header} {cell}");
        let errors = std::fs::read_to_string(app.home().error_file()).unwrap();
        assert!(errors.contains("` is verified and cannot be edited or removed"), "{errors}");
    }
    assert_eq!(import("Mobile", "+852 9123 4567; +85291111111").unchanged, 1);
    assert_eq!(import("Mobile", "+85291234567").updated, 1, "an unproved number beside it goes");
    assert_eq!(app.contact(id).unwrap().values(&Field::Verified.into()).len(), 4);
    assert_eq!(import("Mobile,No SMS", "+85291234567,+85291234567").updated, 1);
    assert!(app.contact(id).unwrap().phones.iter().any(|phone| phone.verified && !phone.sms), "consent tightens");
    assert_eq!(import("LINE,Verified", "ann.two;ann.lee,line:ann.two").updated, 1);
    assert_eq!(
        app.contact(id).unwrap().values(&Field::Verified.into()).len(),
        5,
        "a file can prove values, not unprove them"
    );
}
