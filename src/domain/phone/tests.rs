//! Numbers as they stand in files, each with what becomes of it.

use proptest::prelude::*;

use super::*;

const LENIENT: PhoneMode = PhoneMode::Lenient;

fn country(code: &str) -> Option<Country> {
    (!code.is_empty()).then(|| code.parse().expect("a country code"))
}

fn read(text: &str, mode: PhoneMode, code: &str) -> Result<ParsedNumber, Invalid> {
    parse_number(text, mode, country(code))
}

#[track_caller]
fn check(text: &str, code: &str, e164: &str) {
    let parsed = read(text, LENIENT, code).unwrap_or_else(|e| panic!("{text}: {e}"));
    assert_eq!(parsed.e164.as_deref(), Some(e164), "{text} {code}: {parsed:?}");
}

#[track_caller]
fn refuse(text: &str, mode: PhoneMode, country: &str, code: &str) {
    match read(text, mode, country) {
        Err(invalid) => assert_eq!(invalid.code, code, "{text}: {invalid}"),
        Ok(parsed) => panic!("{text} {country}: {parsed:?}"),
    }
}

#[test]
fn notations_of_a_number_meet_in_e164() {
    for (text, country, e164) in [
        ("+85212345678", "", "+85212345678"),
        ("+852 1234 5678", "", "+85212345678"),
        ("(852) 1234-5678", "HK", "+85212345678"),
        ("+(852) 1234‑5678", "US", "+85212345678"),
        ("12345678", "HK", "+85212345678"),
        ("0444123456", "BE", "+32444123456"),
        ("'+85212345678", "", "+85212345678"),
        ("=\"+85212345678\"", "", "+85212345678"),
        ("tel:+852-1234-5678", "", "+85212345678"),
        ("0085212345678", "HK", "+85212345678"),
        ("0085212345678", "", "+85212345678"),
        ("01185212345678", "US", "+85212345678"),
        ("011 852 1234 5678", "CA", "+85212345678"),
        ("0011 852 2345 6789", "AU", "+85223456789"),
        ("010 852 2345 6789", "JP", "+85223456789"),
        ("＋８５２１２３４５６７８", "", "+85212345678"),
        ("+٨٥٢١٢٣٤٥٦٧٨", "", "+85212345678"),
        ("\u{202a}+852 1234 5678\u{202c}", "", "+85212345678"),
        ("+44 (0)20 7946 0958", "", "+442079460958"),
        ("020 7946 0958", "GB", "+442079460958"),
        ("06 698 12345", "IT", "+390669812345"),
        ("030/123456", "DE", "+4930123456"),
        ("(201) 555-0123", "US", "+12015550123"),
        ("1 201 555 0123", "US", "+12015550123"),
        ("555 1234", "IS", "+3545551234"),
        ("+1 520-878-2491 x5", "", "+15208782491"),
    ] {
        check(text, country, e164);
    }
}

#[test]
fn a_lost_plus_is_put_back_with_a_warning() {
    for country in ["", "HK", "US", "BE", "GB"] {
        check("85212345678", country, "+85212345678");
        let parsed = read("85212345678", LENIENT, country).expect("accepted");
        assert!(parsed.warning.is_some(), "{country}");
    }
    // A Chinese mobile number without its country is not taken for a North American one.
    refuse("13812345678", LENIENT, "", "PHONE_COUNTRY");
    check("13812345678", "CN", "+8613812345678");
    refuse("2025550123", LENIENT, "", "PHONE_COUNTRY");
}

#[test]
fn extensions_are_kept_apart() {
    for (text, extension) in [
        ("+1 520-878-2491 x5", Some("5")),
        ("+1 520-878-2491 ext. 123", Some("123")),
        ("+15208782491;ext=7", Some("7")),
        ("+15208782491 #42", Some("42")),
        ("+15208782491 Extension: 0042", Some("0042")),
        ("+15208782491", None),
    ] {
        let parsed = read(text, LENIENT, "").unwrap_or_else(|e| panic!("{text}: {e}"));
        assert_eq!(parsed.extension.as_deref(), extension, "{text}");
        assert_eq!(parsed.e164.as_deref(), Some("+15208782491"), "{text}");
    }
}

#[test]
fn what_is_no_number_is_refused() {
    for (text, country, code) in [
        ("", "", "PHONE_FORMAT"),
        ("-", "", "PHONE_FORMAT"),
        ("+", "HK", "PHONE_FORMAT"),
        ("12345678", "", "PHONE_COUNTRY"),
        ("+0444123456", "BE", "PHONE_COUNTRY"),
        ("8.5212E+11", "HK", "PHONE_SCIENTIFIC"),
        ("8,52E+11", "", "PHONE_SCIENTIFIC"),
        ("9e9", "", "PHONE_SCIENTIFIC"),
        ("85212345678.0", "HK", "PHONE_FORMAT"),
        ("85291234567.5", "HK", "PHONE_FORMAT"),
        ("85291234567.5", "", "PHONE_FORMAT"),
        ("+85291234567.50", "", "PHONE_FORMAT"),
        ("８５２９１２３４５６７．５", "", "PHONE_FORMAT"),
        ("9123456.7", "HK", "PHONE_FORMAT"),
        ("+3367a829916", "", "PHONE_LETTERS"),
        ("1-800-FLOWERS", "US", "PHONE_LETTERS"),
        ("unknown", "US", "PHONE_LETTERS"),
        ("+1234567", "", "PHONE_LENGTH"),
        ("1234567", "HK", "PHONE_LENGTH"),
        ("1234567", "", "PHONE_LENGTH"),
        ("+123456789012345678901", "", "PHONE_LENGTH"),
        ("123456789012345678901", "HK", "PHONE_LENGTH"),
        ("+85212345678; +85287654321", "", "PHONE_SEVERAL"),
        ("+85212345678 +85287654321", "", "PHONE_SEVERAL"),
        ("23456789/98765432", "HK", "PHONE_SEVERAL"),
        ("+852*12345678", "", "PHONE_FORMAT"),
        ("+852 1234 5678 x", "", "PHONE_LETTERS"),
    ] {
        refuse(text, LENIENT, country, code);
    }
}

#[test]
fn strict_mode_takes_plus_and_digits_only() {
    let ok = |text, country| read(text, PhoneMode::Strict, country).map(|p| p.e164);
    let number = Ok(Some("+85212345678".to_owned()));
    assert_eq!(ok("+85212345678", ""), number);
    assert_eq!(ok(" '+85212345678", ""), number);
    assert_eq!(ok("12345678", "HK"), number);
    for text in ["+852 1234 5678", "(852) 1234-5678", "0085212345678", "＋８５２１２３４５６７８", "+15208782491x5"]
    {
        refuse(text, PhoneMode::Strict, "HK", "PHONE_FORMAT");
    }
    refuse("8.5E+11", PhoneMode::Strict, "", "PHONE_SCIENTIFIC");
    refuse("+3367a829916", PhoneMode::Strict, "", "PHONE_LETTERS");
}

#[test]
fn numbers_without_a_plan_are_stored_but_not_dialable() {
    for (text, country) in
        [("+8521234567890123", ""), ("+12345678901234567890", ""), ("12345678901234567890", "HK"), ("+99912345678", "")]
    {
        let parsed = read(text, LENIENT, country).unwrap_or_else(|e| panic!("{text}: {e}"));
        assert_eq!(parsed.e164, None, "{text}");
        assert!(parsed.warning.is_some(), "{text}");
    }
}

#[test]
fn digits_serve_searching() {
    assert_eq!(digits("+852 (１２３４) ext ٥"), "85212345");
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in any::<String>(), strict in any::<bool>()) {
        let mode = if strict { PhoneMode::Strict } else { LENIENT };
        let _ = parse_number(&text, mode, country("HK"));
    }

    #[test]
    fn numbers_read_back_as_the_library_reads_them(
        text in "(\\+|00|0|)(852|39|54|1)?[0-9]{6,12}( x[0-9]{1,3})?",
        code in prop::sample::select(vec!["HK", "US", "BE", "IT", "AR", "MX", "BR", "DE"]),
    ) {
        if let Ok(number) = PHONE_NUMBER_UTIL.parse(&text, country(code).and_then(region)) {
            let e164 = PHONE_NUMBER_UTIL.format(&number, PhoneNumberFormat::E164);
            let by_library = PHONE_NUMBER_UTIL.parse(&*e164, None).is_ok_and(|again| again == number);
            prop_assert_eq!(reads_back(&e164, &number), by_library, "{}", e164);
        }
    }

    #[test]
    fn e164_reads_back_as_itself(
        text in "(\\+|00|011|0|)[0-9 ()-]{6,22}( x[0-9]{1,3})?",
        code in prop::sample::select(vec!["", "HK", "US", "BE", "IT", "AR", "MX", "BR", "DE"]),
    ) {
        if let Ok(ParsedNumber { e164: Some(e164), .. }) = read(&text, LENIENT, code) {
            prop_assert!((MIN_DIGITS..=MAX_DIALABLE_DIGITS).contains(&(e164.len() - 1)), "{}", e164);
            for mode in [LENIENT, PhoneMode::Strict] {
                let again = read(&e164, mode, code).expect("reads back");
                prop_assert_eq!(again.e164.as_deref(), Some(e164.as_str()));
            }
        }
    }
}
