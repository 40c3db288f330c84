//! Pairs of contacts, and what is thought of them.

use super::*;
use crate::domain::field::FieldKey;
use crate::domain::rules::Rules;
use crate::domain::tests::contact;

/// `First Last; field=value; …`; one word is a last name, `customer` a placeholder.
fn made(text: &str) -> Contact {
    let mut made = contact("");
    let rules = Rules { multi_value: true, ..Rules::for_tests() };
    for (at, part) in text.split("; ").enumerate() {
        let mut set = |name: &str, value: &str| {
            made.set(&FieldKey::parse(name).unwrap(), value, &rules).unwrap();
        };
        match part.split_once('=') {
            Some((name, value)) => set(name, value),
            None if at == 0 => {
                let (first, last) = part.rsplit_once(' ').unwrap_or(("", part));
                set("first_name", first);
                set("last_name", last);
            }
            None => panic!("{part}"),
        }
    }
    made.last_name_is_placeholder = made.last_name.as_deref() == Some("customer");
    made
}

fn likeness(a: &str, b: &str, common: bool) -> Likeness {
    let [a, b] = [a, b].map(|text| Traits::of(&made(text)));
    let one = compare(&a, &b, &|_| common);
    assert_eq!(one.score, compare(&b, &a, &|_| common).score, "the order does not count");
    one
}

#[track_caller]
fn duplicates(a: &str, b: &str) {
    let found = likeness(a, b, false);
    assert!(found.score >= WORTH_A_LOOK, "{a} | {b}: {found:#?}");
}

#[track_caller]
fn apart(a: &str, b: &str) {
    let found = likeness(a, b, false);
    assert!(found.score < WORTH_A_LOOK, "{a} | {b}: {found:#?}");
}

#[test]
fn names_are_compared_in_any_order_and_spelling() {
    duplicates("Ann Lee", "Ann Lee");
    duplicates("Ann Lee", "Lee Ann");
    duplicates("José Núñez", "Jose NUNEZ");
    duplicates("Sean O’Brien", "Sean OBrien");
    duplicates("Mary Ann Lee", "Maryann Lee");
    duplicates("大文 陳", "陳 大文");
    duplicates("大文 陳", "陳大文");
    duplicates("ธนา สุขใจ", "สุขใจ ธนา");
    apart("Ann Lee", "Bob Lee");
    apart("大文 陳", "大明 陳");
    apart("Lee", "Lee");
    apart("Ann Lee", "陳大文");
}

#[test]
fn a_similar_name_needs_something_beside_it() {
    for (a, b) in [
        ("Jonathan Smith", "Jonathon Smith"),
        ("John Smith", "Jhon Smith"),
        ("J Smith", "John Smith"),
        ("Ann Mary Lee", "Ann Lee"),
        ("Katherine Müller", "Catherine Mueller"),
        ("Jon Smith", "Jonathan Smith"),
        ("Alex Chan", "Alexander Chan"),
        ("Dan Lee", "Daniel Paul Lee"),
    ] {
        apart(a, b);
        apart(a, &format!("{b}; company=Acme"));
        duplicates(&format!("{a}; mobile=+85291234567"), &format!("{b}; work_phone=+85291234567"));
        duplicates(&format!("{a}; email=x@example.com"), &format!("{b}; email=X@example.com"));
        duplicates(
            &format!("{a}; company=Acme Ltd; birth_date=12/14/1980"),
            &format!("{b}; company=ACME; birth_date=1980-12-14"),
        );
    }
}

#[test]
fn identifiers_raise() {
    duplicates("customer; email=ann@example.com", "Ann Lee; email=ANN@example.com");
    duplicates("Ann Lee; whatsapp=+85291234567", "Ann Wong; mobile=+85291234567; email=a@example.com; company=Acme");
    duplicates("Ann Lee; external_id=crm:17", "A. Lee; external_id=crm:17");
    duplicates("Ann Lee; email=ann@example.com", "Ann Wong; email=ann@example.com");
    let both = likeness(
        "Ann Lee; mobile=+85291234567; email=a@example.com",
        "Ann Lee; mobile=+85291234567; email=a@example.com",
        false,
    );
    assert!(both.score >= 95, "{both:#?}");
    let codes: Vec<_> = both.reasons.iter().map(|reason| reason.code.as_str()).collect();
    assert_eq!(codes, ["SAME_EMAIL", "SAME_PHONE", "SAME_NAME"]);
}

#[test]
fn whoever_shares_an_address_and_a_number_is_worth_a_look() {
    for (a, b) in [("Jon Smith", "Jonathan Smith"), ("Bill Lee", "William Lee"), ("Ann Lee", "陳大文")] {
        for phone in ["mobile=+85291234567", "whatsapp=+85291234567"] {
            let both = "mobile=+85291234567; email=x@example.com";
            duplicates(&format!("{a}; {phone}; email=x@example.com"), &format!("{b}; {both}"));
            let born = |text: &str, date: &str| format!("{text}; {both}; birth_date={date}");
            if a == "Bill Lee" {
                apart(&born(a, "1980-12-14"), &born(b, "2004-02-03"));
            }
        }
    }
    let jon = ["Jon Smith", "Jonathan Smith"].map(|name| format!("{name}; mobile=+85291234567; email=x@example.com"));
    assert!(likeness(&jon[0], &jon[1], false).score > 90);
    assert!(likeness(&jon[0], &jon[1], true).score < WORTH_A_LOOK);
}

#[test]
fn families_and_colleagues_are_not_one_person() {
    apart("Ann Lee; home_phone=+85221234567", "Bob Lee; home_phone=+85221234567");
    for (a, b) in [("Bob Lee", "Rob Lee"), ("Jo Lee", "John Lee"), ("Max Lee", "Mary Lee"), ("Ann Lee", "Paul Lee")] {
        apart(&format!("{a}; mobile=+85291234567"), &format!("{b}; mobile=+85291234567"));
    }
    apart(
        "Ann Lee; company=Acme; email=info@acme.com; work_phone=+85221234567",
        "Bob Wong; company=Acme; email=info@acme.com; work_phone=+85221234567",
    );
    apart("Ann Lee; company=Acme", "Bob Wong; company=Acme");
    apart("Ann Lee; work_phone=+85221234567 x12; company=Acme", "Ann; work_phone=+85221234567 x13; company=Acme");
    let frequent = likeness("Ann Lee; email=x@acme.com", "Bob Wong; email=x@acme.com", true);
    assert!(frequent.score < 20, "{frequent:#?}");
    assert!(likeness("John Smith", "John Smith", true).score < WORTH_A_LOOK);
}

#[test]
fn what_differs_lowers() {
    apart("Ann Lee; birth_date=12/14/1980", "Ann Lee; birth_date=12/15/1990");
    apart("Ann Lee; external_id=crm:1", "Ann Lee; external_id=crm:2");
    apart("John Smith; company=Acme", "John Smith; company=Globex");
    duplicates("Ann Lee; birth_date=1980-02-03", "Ann Lee; birth_date=1980-03-02");
    duplicates("Ann Lee; external_id=crm:1; email=a@example.com", "Ann Lee; external_id=crm:2; email=a@example.com");
    let told = likeness("Ann Lee; birth_date=12/14/1980", "Ann Lee; birth_date=12/15/1990", false);
    assert!(told.reasons.iter().any(|reason| reason.code == ReasonCode::DifferentBirthDate));
}

#[test]
fn a_name_that_a_merge_kept_counts() {
    duplicates("Ann Lee; other_last_names=Wong", "Ann Wong");
}

#[test]
fn contacts_worth_a_look_have_a_key_in_common() {
    let all = |text: &str| {
        let mut all = Vec::new();
        keys::each(&made(text), &mut |kind, text| all.push(Key::new(kind, text)));
        all
    };
    for (a, b) in [
        ("Ann Lee", "Lee Ann"),
        ("John Smith", "Jhon Smith"),
        ("J Smith", "John Smith"),
        ("Ann Mary Lee", "Ann Lee"),
        ("大文 陳", "陳大文"),
        ("Ann; whatsapp=+85291234567", "Bob; mobile=+85291234567"),
        ("Ann; email=A@example.com", "Bob; email=a@example.com"),
    ] {
        let b = all(b);
        assert!(all(a).iter().any(|key| b.contains(key)), "{a}");
    }
    assert_eq!(Key::new(KeyKind::NamePart, "x").kind(), KeyKind::NamePart);
    assert_eq!(keys::SecondKeys::of(&contact("")), keys::SecondKeys::default());
}
