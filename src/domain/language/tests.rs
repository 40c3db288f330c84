//! Languages as they stand in files.

use std::collections::HashSet;

use proptest::prelude::*;

use super::LanguageNames::{Any, Five, Iso6391};
use super::*;

fn read(text: &str, names: LanguageNames) -> Result<String, &'static str> {
    parse_language(text, names).map(|language| language.to_string()).map_err(|invalid| invalid.code)
}

#[track_caller]
fn check(text: &str, tag: &str) {
    assert_eq!(read(text, Any), Ok(tag.to_owned()), "{text}");
}

#[test]
fn names_codes_and_tags_meet_in_one_tag() {
    for (text, tag) in [
        ("English", "en"),
        ("en", "en"),
        ("EN", "en"),
        ("eng", "en"),
        ("en_us", "en-US"),
        ("EN-gb", "en-GB"),
        ("English (United Kingdom)", "en-GB"),
        ("es-419", "es-419"),
        ("sr-latn-rs", "sr-Latn-RS"),
        ("Traditional Chinese", "zh-Hant"),
        ("Chinese (Traditional)", "zh-Hant"),
        ("繁體中文", "zh-Hant"),
        ("中文（繁體）", "zh-Hant"),
        ("zh-TW", "zh-Hant"),
        ("zh-HK", "zh-Hant"),
        ("zh_Hant_HK", "zh-Hant"),
        ("ZH-HANS", "zh-Hans"),
        ("zh-CN", "zh-Hans"),
        ("简体中文", "zh-Hans"),
        ("Simplified Chinese", "zh-Hans"),
        ("zh", "zh"),
        ("中文", "zh"),
        ("Chinese", "zh"),
        ("chi", "zh"),
        ("廣東話", "yue"),
        ("日本語", "ja"),
        ("Français", "fr"),
        ("francais", "fr"),
        ("ไทย", "th"),
        ("ภาษาไทย", "th"),
        ("Italiano", "it"),
        ("iw", "he"),
        ("Portuguese (Brazil)", "pt-BR"),
        (" Deutsch\u{a0}", "de"),
        ("한국어", "ko"),
        ("हिन्दी", "hi"),
    ] {
        check(text, tag);
    }
}

#[test]
fn unknown_ones_get_a_hint() {
    for (text, hint) in [
        ("cn", "zh (Chinese)"),
        ("CN", "zh (Chinese)"),
        ("jp", "ja (Japanese)"),
        ("Englsh", "en (English)"),
        ("Tradtional Chinese", "zh-Hant (Traditional Chinese)"),
        ("xx", "ISO 639-1"),
        ("", "ISO 639-1"),
        ("Klingon", ""),
        ("en-XX", ""),
        ("en-US-x-twain", ""),
    ] {
        let invalid = parse_language(text, Any).expect_err(text);
        assert_eq!(invalid.code, "LANGUAGE_UNKNOWN", "{text}");
        let given = invalid.hint.unwrap_or_default();
        assert!(given.contains(hint), "{text}: {given}");
    }
}

#[test]
fn deployments_narrow_the_choice() {
    assert_eq!(read("English", Iso6391), Ok("en".to_owned()));
    assert_eq!(read("zh-TW", Iso6391), Ok("zh-Hant".to_owned()));
    assert_eq!(read("yue", Iso6391), Err("LANGUAGE_NOT_OFFERED"));
    for (text, tag) in
        [("English", "en"), ("it", "it"), ("Thai", "th"), ("Simplified Chinese", "zh-Hans"), ("zh-TW", "zh-Hant")]
    {
        assert_eq!(read(text, Five), Ok(tag.to_owned()), "{text}");
    }
    for text in ["French", "Chinese", "zh", "yue"] {
        let invalid = parse_language(text, Five).expect_err(text);
        assert_eq!(invalid.code, "LANGUAGE_NOT_OFFERED", "{text}");
        assert!(invalid.hint.is_some_and(|hint| hint.contains("Traditional Chinese")));
    }
    assert_eq!(read("cn", Five), Err("LANGUAGE_UNKNOWN"));
}

#[test]
fn every_row_reads_back_from_what_it_says() {
    assert!(table::ROWS.is_sorted_by_key(|row| row.code));
    assert_eq!(table::ROWS.len(), 183);
    for row in table::ROWS {
        check(row.code, row.code);
        check(row.english, row.code);
        check(row.native, row.code);
        row.long_codes.iter().for_each(|code| check(code, row.code));
        let language = parse_language(row.code, Iso6391).expect(row.code);
        assert_eq!(language.english_name(), Some(row.english));
    }
    for &(alias, tag) in table::ALIASES {
        check(alias, tag);
    }
    for &(code, tag) in table::MISTAKEN {
        assert_eq!(read(code, Any), Err("LANGUAGE_UNKNOWN"), "{code}");
        check(tag, tag);
    }
}

#[test]
fn names_in_the_languages_of_the_template_are_read() {
    for (text, tag) in [
        ("Tedesco", "de"),
        ("Inglese britannico", "en-GB"),
        ("American English", "en-US"),
        ("Francese", "fr"),
        ("SPAGNOLO", "es"),
        ("Inglese (Stati Uniti)", "en-US"),
        ("Portoghese (Brasile)", "pt-BR"),
        ("Cinese", "zh"),
        ("Cinese semplificato", "zh-Hans"),
        ("Cinese (tradizionale)", "zh-Hant"),
        ("อังกฤษ", "en"),
        ("ภาษาอังกฤษ", "en"),
        ("ภาษาไทย", "th"),
        ("ภาษาจีน (ตัวเต็ม)", "zh-Hant"),
        ("กวางตุ้ง", "yue"),
        ("德语", "de"),
        ("德語", "de"),
        ("義大利文", "it"),
        ("泰文", "th"),
        ("广东话", "yue"),
        ("中文（简体）", "zh-Hans"),
        ("中文（香港）", "zh-Hant"),
        ("印尼文", "id"),
    ] {
        check(text, tag);
    }
}

#[test]
fn tables_are_in_order_and_say_nothing_twice() {
    for table in [translated::ALL.italian, translated::ALL.thai, translated::ALL.chinese] {
        assert!(table.is_sorted_by_key(|(tag, _)| tag));
    }
    let rows = table::ROWS.iter().flat_map(|row| [row.english, row.native]);
    let mut known: HashSet<String> = rows.chain(table::LONG_ONLY.iter().map(|row| row.1)).map(letters_key).collect();
    let singles = table::ALIASES.iter().map(|row| Cow::Borrowed(row.0));
    let names = singles.chain(translated::ALL.all().map(|row| row.0));
    let twice: Vec<_> = names.filter(|name| !known.insert(letters_key(name))).collect();
    assert!(twice.is_empty(), "{twice:#?}");
    for (name, tag) in translated::ALL.all() {
        check(&name, tag);
    }
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "\\PC*|[a-zA-Z]{2,3}([-_][a-zA-Z]{4})?([-_][a-zA-Z0-9]{2,3})?") {
        if let Ok(language) = parse_language(&text, Any) {
            prop_assert_eq!(parse_language(language.as_str(), Any), Ok(language));
        }
    }
}
