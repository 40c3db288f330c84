//! Names and codes as they stand in files.

use std::collections::HashSet;

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
    for (name, code) in translated::ALL.all() {
        check(&name, code);
    }
}

#[test]
fn names_in_the_languages_of_the_template_are_read() {
    for (text, code) in [
        ("H.K.", "HK"),
        ("h.k.", "HK"),
        ("HKSAR", "HK"),
        ("香港特別行政區", "HK"),
        ("中华人民共和国香港特别行政区", "HK"),
        ("เขตบริหารพิเศษฮ่องกง", "HK"),
        ("U.S.", "US"),
        ("S. Korea", "KR"),
        ("Großbritannien", "GB"),
        ("GROSSBRITANNIEN", "GB"),
        ("Inghilterra", "GB"),
        ("ประเทศอังกฤษ", "GB"),
        ("大不列颠", "GB"),
        ("Repubblica Italiana", "IT"),
        ("義大利", "IT"),
        ("意大利", "IT"),
        ("อิตาลี", "IT"),
        ("ไทย", "TH"),
        ("ประเทศไทย", "TH"),
        ("ประเทศญี่ปุ่น", "JP"),
        ("中華民國", "TW"),
        ("中华人民共和国", "CN"),
        ("สาธารณรัฐประชาชนจีน", "CN"),
        ("Perù", "PE"),
        ("PERU'", "PE"),
        ("Città del Vaticano", "VA"),
        ("Olanda", "NL"),
        ("剛果（金）", "CD"),
        ("Kingdom of Thailand", "TH"),
        ("Republic of the Philippines", "PH"),
    ] {
        check(text, code);
    }
}

#[test]
fn tables_are_in_order_and_say_nothing_twice() {
    for table in [translated::ALL.italian, translated::ALL.thai, translated::ALL.chinese] {
        assert!(table.is_sorted_by_key(|(code, _)| code));
    }
    assert!(names::LOOSE.is_sorted());
    let iso = celes::Country::get_countries();
    let mut known: HashSet<String> = iso
        .iter()
        .flat_map(|it| [it.alpha3, it.long_name])
        .chain(names::SHORT_NAMES.iter().map(|row| row.1))
        .map(key)
        .collect();
    let singles = names::ALIASES.iter().chain(names::NATIVE).map(|row| Cow::Borrowed(row.0));
    let twice: Vec<_> =
        singles.chain(translated::ALL.all().map(|row| row.0)).filter(|name| !known.insert(key(name))).collect();
    assert!(twice.is_empty(), "{twice:#?}");
}

#[test]
fn loose_names_are_told_in_every_language() {
    for &(name, code) in names::LOOSE {
        assert_eq!(key(name), name, "as it is looked up");
        let country = parse_country(name).unwrap();
        assert_eq!((country.as_str(), doubt(name, country).is_some()), (code, true), "{name}");
    }
    for name in ["สกอตแลนด์", "เวลส์", "ไอร์แลนด์เหนือ", "Irlanda del Nord"]
    {
        assert!(doubt(name, parse_country(name).unwrap()).is_some(), "{name}");
    }
    assert_eq!(doubt("อังกฤษ", parse_country("อังกฤษ").unwrap()), None, "what Thai calls all of it");
}

fn key(name: &str) -> String {
    words(name).concat()
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in any::<String>()) {
        if let Ok(country) = parse_country(&text) {
            prop_assert_eq!(parse_country(country.as_str()), Ok(country));
        }
    }
}
