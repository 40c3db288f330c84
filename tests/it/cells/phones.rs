//! Phone numbers: in every notation, from every spreadsheet, under both modes and several countries.

use super::Want::{Fails, Is, Warns};
use super::{Want, check, column, row};

const PLUS: &str = "PHONE_PLUS_MISSING";
const ODD: &str = "PHONE_NOT_DIALABLE";

/// Without a country of the file.
const ANYWHERE: &[(&str, &str, Want)] = &[
    ("41", "+85212345678", Is("+85212345678")),
    ("42", "+852 1234 5678", Is("+85212345678")),
    ("42", "+852-1234-5678", Is("+85212345678")),
    ("42", "+852.1234.5678", Is("+85212345678")),
    ("42", "(852) 1234-5678", Warns("+85212345678", PLUS)),
    ("42", "+(852) 1234–5678", Is("+85212345678")),
    ("42", "\u{a0}+852\u{a0}1234\u{202f}5678\u{a0}", Is("+85212345678")),
    ("42", "\u{202a}+852 1234 5678\u{202c}", Is("+85212345678")),
    ("42", "+852\u{200e}12345678", Is("+85212345678")),
    ("42", "tel:+852-1234-5678", Is("+85212345678")),
    ("43", "12345678", Fails("PHONE_COUNTRY")),
    ("44", "0444123456", Fails("PHONE_COUNTRY")),
    ("44", "+0444123456", Fails("PHONE_COUNTRY")),
    ("45", "8.5212E+11", Fails("PHONE_SCIENTIFIC")),
    ("45", "8,5212E+11", Fails("PHONE_SCIENTIFIC")),
    ("45", "8.52e11", Fails("PHONE_SCIENTIFIC")),
    ("45", "'8.52E+11", Fails("PHONE_SCIENTIFIC")),
    ("45", "８.５２E+１１", Fails("PHONE_SCIENTIFIC")),
    ("45", "85212345678.0", Fails("PHONE_FORMAT")),
    ("45", "85,212,345,678", Fails("PHONE_FORMAT")),
    ("45", "85291234567.5", Fails("PHONE_FORMAT")),
    ("45", "85291234567.25", Fails("PHONE_FORMAT")),
    ("45", "########", Fails("PHONE_FORMAT")),
    ("45", "#N/A", Fails("PHONE_FORMAT")),
    ("46", "85212345678", Warns("+85212345678", PLUS)),
    ("46", "447911123456", Warns("+447911123456", PLUS)),
    ("46", "8613812345678", Warns("+8613812345678", PLUS)),
    ("46", "3912345678", Fails("PHONE_COUNTRY")),
    ("47", "'+85212345678", Is("+85212345678")),
    ("47", "=\"+85212345678\"", Is("+85212345678")),
    ("47", " '+852 1234 5678", Is("+85212345678")),
    ("47", "=\"85212345678\"", Warns("+85212345678", PLUS)),
    ("48", "1234567", Fails("PHONE_LENGTH")),
    ("48", "+1234567", Fails("PHONE_LENGTH")),
    ("48", "+123456789012345678901", Fails("PHONE_LENGTH")),
    ("49", "0085212345678", Is("+85212345678")),
    ("49", "01185212345678", Fails("PHONE_COUNTRY")),
    ("50", "+1 520-878-2491 x5", Is("+15208782491")),
    ("50", "+85221234567 ext. 12", Is("+85221234567")),
    ("50", "+85221234567分機12", Is("+85221234567")),
    ("50", "'＋８５２ 2123 4567 x12", Is("+85221234567")),
    ("50", "+85221234567 x12345678", Fails("PHONE_LETTERS")),
    ("51", "+85212345678; +85287654321", Fails("PHONE_SEVERAL")),
    ("51", "+85212345678/+85287654321", Fails("PHONE_SEVERAL")),
    ("51", "+85212345678, +85287654321", Fails("PHONE_SEVERAL")),
    ("51", "+85212345678\n+85287654321", Fails("PHONE_SEVERAL")),
    ("51", "+85212345678 or +85287654321", Fails("PHONE_SEVERAL")),
    ("52", "+3367a829916", Fails("PHONE_LETTERS")),
    ("52", "1-800-FLOWERS", Fails("PHONE_LETTERS")),
    ("52", "+8521234567O", Fails("PHONE_LETTERS")),
    ("53", "＋８５２１２３４５６７８", Is("+85212345678")),
    ("53", "+٨٥٢١٢٣٤٥٦٧٨", Is("+85212345678")),
    ("53", "+८५२१२३४५६७८", Is("+85212345678")),
    ("53", "\u{200f}+٨٥٢ ١٢٣٤ ٥٦٧٨\u{200f}", Is("+85212345678")),
    ("35", "N/A", Fails("PHONE_LETTERS")),
    ("35", "-", Fails("PHONE_FORMAT")),
    ("35", "NULL", Fails("PHONE_LETTERS")),
    ("40", "+8521234\u{7}5678", Fails("PHONE_FORMAT")),
    ("40", "☎ +85212345678", Fails("PHONE_FORMAT")),
    ("40", "+852½2345678", Fails("PHONE_FORMAT")),
];

/// With the country of the file, after a colon.
const AT_HOME: &[(&str, &str, &str)] = &[
    ("43", "HK:12345678", "+85212345678"),
    ("43", "HK:2123 4567", "+85221234567"),
    ("43", "HK:(852) 1234-5678", "!+85212345678"),
    ("43", "HK:+4420 7946 0958", "+442079460958"),
    ("44", "BE:0444123456", "+32444123456"),
    ("44", "BE:0444/12.34.56", "+32444123456"),
    ("44", "BE:(0)444 123456", "+32444123456"),
    ("44", "BE:+32 (0)444 12 34 56", "+32444123456"),
    ("44", "BE:85212345678", "!+85212345678"),
    ("44", "BE:+0444123456", "PHONE_COUNTRY"),
    ("44", "IT:06 698 12345", "+390669812345"),
    ("44", "GB:020 7946 0958", "+442079460958"),
    ("44", "US:(201) 555-0123", "+12015550123"),
    ("44", "US:1 201 555 0123", "+12015550123"),
    ("44", "TH:081 234 5678", "+66812345678"),
    ("48", "HK:1234567", "PHONE_LENGTH"),
    ("48", "HK:123456789012345678901", "PHONE_LENGTH"),
    ("49", "US:01185212345678", "+85212345678"),
    ("49", "CA:011 852 1234 5678", "+85212345678"),
    ("49", "AU:0011 852 2345 6789", "+85223456789"),
    ("49", "JP:010 852 2345 6789", "+85223456789"),
    ("49", "DE:0085212345678", "+85212345678"),
];

#[test]
fn numbers_are_read_or_refused_without_a_country() {
    let mut rows = column("mobile", "phones/0/e164", ANYWHERE);
    rows.push(
        row("42").cell("work_phone", "+852 1234 5678").is("phones/0/raw", "+852 1234 5678").is("phones/0/kind", "work"),
    );
    rows.push(row("47").cell("mobile", "=\"+852 1234 5678\"").is("phones/0/raw", "+852 1234 5678"));
    rows.push(row("47").cell("mobile", "'+85212345678").is("phones/0/raw", "+85212345678"));
    rows.push(row("50").cell("mobile", "+1 520-878-2491 x5").is("phones/0/extension", "5"));
    rows.push(row("50").cell("mobile", "'＋８５２ 2123 4567 x１２").is("phones/0/extension", "12"));
    for digits in [16, 18, 20] {
        let number = format!("+852{}", "1".repeat(digits - 3));
        rows.push(row("48").cell("mobile", &number).blank("phones/0/e164").is("phones/0/raw", number).warns(ODD));
    }
    // One number of two kinds is one identifier; two people may share it.
    rows.push(
        row("54")
            .cell("mobile", "+85291234567")
            .cell("work_phone", "+852 9123 4567")
            .is("phones/1/e164", "+85291234567"),
    );
    rows.push(row("55").cell("first_name", "Bob").cell("mobile", "+85291234567").is("phones/0/e164", "+85291234567"));
    rows.push(row("53").cell("whatsapp", "＋８５２ 9123 4567").is("socials/0/handle", "+85291234567"));
    rows.push(row("46").cell("whatsapp", "85291234567").is("socials/0/handle", "+85291234567").warns(PLUS));
    rows.push(row("52").cell("whatsapp", "ann.lee").fails("PHONE_LETTERS"));
    // A warning about a value of a row that fails is not counted: nothing was taken.
    rows.push(row("46").cell("mobile", "85212345678").cell("email", "no mail").fails("EMAIL_FORMAT"));
    let report = check("", &[], &rows);
    let kind = report["warned"].as_array().and_then(|kinds| kinds.iter().find(|kind| kind["code"] == PLUS));
    assert_eq!(kind.map(|kind| &kind["first"]["value"]), Some(&"(852) 1234-5678".into()), "{report:#}");
}

#[test]
fn numbers_of_the_country_of_the_file_get_its_code() {
    for country in ["HK", "BE", "IT", "GB", "US", "TH", "CA", "AU", "JP", "DE"] {
        let mine = AT_HOME.iter().filter_map(|(case, text, e164)| {
            let (home, number) = text.split_once(':')?;
            (home == country).then_some((*case, number, *e164))
        });
        let one = |(case, number, e164): (&'static str, &'static str, &'static str)| {
            let row = row(case).cell("mobile", number);
            match e164.strip_prefix('!') {
                Some(e164) => row.is("phones/0/e164", e164).warns(PLUS),
                None if e164.starts_with('+') => row.is("phones/0/e164", e164),
                None => row.fails(e164),
            }
        };
        check("", &["--country", country], &mine.map(one).collect::<Vec<_>>());
    }
}

#[test]
fn strict_numbers_are_a_plus_and_digits() {
    let strict = [
        ("41", "+85212345678", Is("+85212345678")),
        ("47", "'+85212345678", Is("+85212345678")),
        ("47", "=\"+85212345678\"", Is("+85212345678")),
        ("42", "+852 1234 5678", Fails("PHONE_FORMAT")),
        ("42", "(852) 1234-5678", Fails("PHONE_FORMAT")),
        ("42", "+852\u{a0}12345678", Fails("PHONE_FORMAT")),
        ("43", "12345678", Is("+85212345678")),
        ("46", "85212345678", Warns("+85212345678", PLUS)),
        ("45", "8.5212E+11", Fails("PHONE_SCIENTIFIC")),
        ("48", "1234567", Fails("PHONE_LENGTH")),
        ("49", "0085212345678", Fails("PHONE_FORMAT")),
        ("50", "+15208782491x5", Fails("PHONE_FORMAT")),
        ("51", "+85212345678; +85287654321", Fails("PHONE_SEVERAL")),
        ("52", "+3367a829916", Fails("PHONE_LETTERS")),
        ("53", "＋８５２１２３４５６７８", Fails("PHONE_FORMAT")),
        ("53", "+٨٥٢١٢٣٤٥٦٧٨", Fails("PHONE_FORMAT")),
    ];
    check("profile = \"maaiiconnect\"", &["--country", "HK"], &column("mobile", "phones/0/e164", &strict));
}

#[test]
fn several_numbers_in_a_cell_are_parted_where_that_is_on() {
    let both = |cell: &str| {
        row("51").cell("mobile", cell).is("phones/0/e164", "+85212345678").is("phones/1/e164", "+85287654321")
    };
    let rows = [
        both("+85212345678; +85287654321"),
        both("+85212345678;+85287654321;"),
        both("+85212345678 ::: +852 8765 4321"),
        both("85212345678; 85287654321").warns(PLUS).warns(PLUS),
        row("51").cell("mobile", "+85212345678; 12").fails("PHONE_LENGTH"),
        row("51").cell("mobile", "+85212345678, +85287654321").fails("PHONE_SEVERAL"),
        row("60").cell("email", "a@b.com;c@d.com").is("emails/0/address", "a@b.com").is("emails/1/address", "c@d.com"),
        row("60").cell("email", "a@b.com; no mail").fails("EMAIL_FORMAT"),
        // One that is there twice, however it is written, is one.
        both("+85212345678; +852 1234-5678; +85287654321"),
        row("54").cell("whatsapp", "+85212345678; +85212345678; +85287654321").is("socials/1/handle", "+85287654321"),
        row("60").cell("email", "a@b.com; A@B.COM; c@d.com").is("emails/1/address", "c@d.com"),
        row("60")
            .cell("email", "Ann <a@b.com>; mailto:c@d.com")
            .is("emails/1/address", "c@d.com")
            .warns("EMAIL_UNWRAPPED")
            .warns("EMAIL_UNWRAPPED"),
    ];
    check("multi_value = true", &[], &rows);
}

#[test]
fn text_messages_are_what_the_row_says_or_the_profile() {
    let number = |sms: &str| row("56").cell("mobile", "+85291234567").cell("sms", sms);
    let said = || {
        vec![
            number("Y").is("phones/0/sms", "true"),
            number("ＹＥＳ").is("phones/0/sms", "true"),
            number("\u{200b}no\u{a0}").is("phones/0/sms", "false"),
            number("0").is("phones/0/sms", "false"),
            number("maybe").fails("YES_NO"),
            number("N/A").fails("YES_NO"),
        ]
    };
    for (profile, by_default) in [("cinnox", "true"), ("maaiiconnect", "true"), ("genesys", "false")] {
        let mut rows = said();
        rows.push(number("").is("phones/0/sms", by_default));
        check(&format!("profile = \"{profile}\""), &[], &rows);
    }
}
