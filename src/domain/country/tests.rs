//! Names and codes as they stand in files.

use proptest::prelude::*;

use super::*;

#[track_caller]
fn check(text: &str, code: &str) {
    let country = parse_country(text).unwrap_or_else(|e| panic!("{text}: {e}"));
    assert_eq!(country.as_str(), code, "{text}");
}

#[test]
fn names_codes_and_aliases_are_read() {
    for (text, code) in [
        ("Hong Kong", "HK"),
        ("HK", "HK"),
        ("HKG", "HK"),
        ("hk", "HK"),
        (" Hong  Kong SAR\u{a0}", "HK"),
        ("USA", "US"),
        ("U.S.A.", "US"),
        ("United States of America (the)", "US"),
        ("UK", "GB"),
        ("u.k.", "GB"),
        ("Great Britain", "GB"),
        ("Korea", "KR"),
        ("Korea (the Republic of)", "KR"),
        ("Korea, South", "KR"),
        ("Korea (the Democratic People’s Republic of)", "KP"),
        ("Côte d'Ivoire", "CI"),
        ("Cote d’Ivoire", "CI"),
        ("COTE D IVOIRE", "CI"),
        ("Russia", "RU"),
        ("Vietnam", "VN"),
        ("Viet Nam", "VN"),
        ("Macau", "MO"),
        ("Macao", "MO"),
        ("Taiwan", "TW"),
        ("Taiwan (Province of China)", "TW"),
        ("Türkiye", "TR"),
        ("Turkey", "TR"),
        ("Bosnia & Herzegovina", "BA"),
        ("St. Kitts and Nevis", "KN"),
        ("Congo (the Democratic Republic of the)", "CD"),
        ("Congo (the)", "CG"),
        ("Samoa", "WS"),
        ("American Samoa", "AS"),
        ("Virgin Islands (U.S.)", "VI"),
        ("Virgin Islands (British)", "VG"),
        ("Falkland Islands (the) [Malvinas]", "FK"),
        ("Saint Helena, Ascension and Tristan da Cunha", "SH"),
        ("Bolivia (Plurinational State of)", "BO"),
        ("Micronesia (Federated States of)", "FM"),
        ("Réunion", "RE"),
        ("香港", "HK"),
        ("Ｊａｐａｎ", "JP"),
    ] {
        check(text, code);
    }
}

#[test]
fn unknown_names_get_the_nearest_as_a_hint() {
    let hint = |text| {
        let invalid = parse_country(text).expect_err(text);
        assert_eq!(invalid.code, "COUNTRY_UNKNOWN", "{text}");
        invalid.hint.unwrap_or_default()
    };
    assert!(hint("Belguim").contains("Belgium (BE)"));
    assert!(hint("Philipines").contains("Philippines (PH)"));
    assert!(!hint("Kowloon").contains("did you mean"));
    for text in ["", "ZZ", "ZZZ", "Virgin Islands", "852", "the"] {
        hint(text);
    }
}

#[test]
fn every_country_reads_back_from_what_it_prints() {
    let all = Country::all();
    assert!(all.len() >= 249);
    for country in all {
        assert!(!country.name().is_empty());
        check(country.as_str(), country.as_str());
        check(country.name(), country.as_str());
    }
}

#[test]
fn no_alias_names_two_countries() {
    for &(alias, code) in names::ALIASES.iter().chain(names::NATIVE).chain(names::LOOSE) {
        check(alias, code);
    }
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in any::<String>()) {
        if let Ok(country) = parse_country(&text) {
            prop_assert_eq!(parse_country(country.as_str()), Ok(country));
        }
    }
}
