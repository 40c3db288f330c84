//! Values from a list: types, levels, languages, countries, labels.

use super::Want::{Blank, Fails, Is, Warns};
use super::{Want, check, column, row};

const TYPES: &[(&str, &str, Want)] = &[
    ("65", "OTHERS", Is("other")),
    ("65", "other", Is("other")),
    ("65", "Others", Is("other")),
    ("65", "Lead ", Is("lead")),
    ("65", "", Is("lead")),
    ("65", "\u{a0}", Is("lead")),
    ("65", "PROSPECT", Is("prospect")),
    ("65", "ＣＵＳＴＯＭＥＲ", Is("customer")),
    ("65", "Partner", Fails("TYPE_UNKNOWN")),
    ("65", "1", Fails("TYPE_UNKNOWN")),
    ("65", "lead;customer", Fails("TYPE_UNKNOWN")),
    ("35", "N/A", Fails("TYPE_UNKNOWN")),
];

const LEVELS: &[(&str, &str, Want)] = &[
    ("66", "primary", Is("primary")),
    ("66", "SECONDARY", Is("secondary")),
    ("66", "PRİMARY", Is("primary")),
    ("66", "tertıary", Is("tertiary")),
    ("66", "", Is("primary")),
    ("66", "1", Fails("LEVEL_UNKNOWN")),
    ("66", "Primary 1", Fails("LEVEL_UNKNOWN")),
    ("35", "-", Fails("LEVEL_UNKNOWN")),
];

/// Taken under every profile.
const LANGUAGES: &[(&str, &str, Want)] = &[
    ("67", "English", Is("en")),
    ("67", "en", Is("en")),
    ("67", "EN", Is("en")),
    ("67", "eng", Is("en")),
    ("67", "Ｅｎｇｌｉｓｈ", Is("en")),
    ("67", "ENGLİSH", Is("en")),
    ("67", "英文", Is("en")),
    ("67", "Traditional Chinese", Is("zh-Hant")),
    ("67", "繁體中文", Is("zh-Hant")),
    ("67", "zh-TW", Is("zh-Hant")),
    ("67", "zh_hk", Is("zh-Hant")),
    ("67", "Chinese (Traditional)", Is("zh-Hant")),
    ("67", "中文（简体）", Is("zh-Hans")),
    ("67", "zh-CN", Is("zh-Hans")),
    ("67", "Simplified Chinese", Is("zh-Hans")),
    ("67", "ไทย", Is("th")),
    ("67", "Italiano", Is("it")),
    ("67", "\u{a0}Thai\u{200b}", Is("th")),
    ("67", "", Blank),
    ("67", "cn", Fails("LANGUAGE_UNKNOWN")),
    ("67", "jp", Fails("LANGUAGE_UNKNOWN")),
    ("67", "Klingon", Fails("LANGUAGE_UNKNOWN")),
    ("67", "English/French", Fails("LANGUAGE_UNKNOWN")),
    ("67", "1", Fails("LANGUAGE_UNKNOWN")),
    ("35", "N/A", Fails("LANGUAGE_UNKNOWN")),
];

/// Where the profile decides: cinnox, maaiiconnect, genesys; `!` for one that is told of.
const BY_PROFILE: &[(&str, [&str; 3])] = &[
    ("zh", ["!zh", "LANGUAGE_NOT_OFFERED", "!zh"]),
    ("中文", ["!zh", "LANGUAGE_NOT_OFFERED", "!zh"]),
    ("Mandarin", ["!zh", "LANGUAGE_NOT_OFFERED", "!zh"]),
    ("日本語", ["ja", "LANGUAGE_NOT_OFFERED", "ja"]),
    ("Français", ["fr", "LANGUAGE_NOT_OFFERED", "fr"]),
    ("العربية", ["ar", "LANGUAGE_NOT_OFFERED", "ar"]),
    ("हिन्दी", ["hi", "LANGUAGE_NOT_OFFERED", "hi"]),
    ("עברית", ["he", "LANGUAGE_NOT_OFFERED", "he"]),
    ("Türkçe", ["tr", "LANGUAGE_NOT_OFFERED", "tr"]),
    ("pt_br", ["pt-BR", "LANGUAGE_NOT_OFFERED", "pt-BR"]),
    ("Cantonese", ["LANGUAGE_NOT_OFFERED", "LANGUAGE_NOT_OFFERED", "yue"]),
    ("fil", ["LANGUAGE_NOT_OFFERED", "LANGUAGE_NOT_OFFERED", "fil"]),
];

const COUNTRIES: &[(&str, &str, Want)] = &[
    ("68", "Hong Kong", Is("HK")),
    ("68", "HK", Is("HK")),
    ("68", "HKG", Is("HK")),
    ("68", "hk", Is("HK")),
    ("68", "ＨＫ", Is("HK")),
    ("68", " hong\u{a0}kong ", Is("HK")),
    ("68", "香港", Is("HK")),
    ("68", "USA", Is("US")),
    ("68", "U.S.A.", Is("US")),
    ("68", "United States of America (the)", Is("US")),
    ("68", "美国", Is("US")),
    ("68", "Stati Uniti", Is("US")),
    ("68", "UK", Is("GB")),
    ("68", "Regno Unito", Is("GB")),
    ("68", "Korea (the Republic of)", Is("KR")),
    ("68", "대한민국", Is("KR")),
    ("68", "Korea", Warns("KR", "COUNTRY_LOOSE")),
    ("68", "KOREA", Warns("KR", "COUNTRY_LOOSE")),
    ("68", "Congo", Warns("CG", "COUNTRY_LOOSE")),
    ("68", "Scotland", Warns("GB", "COUNTRY_LOOSE")),
    ("68", "Korea, North", Is("KP")),
    ("68", "Côte d'Ivoire", Is("CI")),
    ("68", "Cote d’Ivoire", Is("CI")),
    ("68", "COTE D'IVOIRE", Is("CI")),
    ("68", "Deutschland", Is("DE")),
    ("68", "Österreich", Is("AT")),
    ("68", "Ελλάδα", Is("GR")),
    ("68", "भारत", Is("IN")),
    ("68", "مصر", Is("EG")),
    ("68", "ישראל", Is("IL")),
    ("68", "ประเทศไทย", Is("TH")),
    ("68", "日本", Is("JP")),
    ("68", "Россия", Is("RU")),
    ("68", "TÜRKİYE", Is("TR")),
    ("68", "FİLİPPİNE", Is("PH")),
    ("68", "São Tomé and Príncipe", Is("ST")),
    ("68", "Curac\u{327}ao", Is("CW")),
    ("68", "", Blank),
    ("68", "Kowloon", Fails("COUNTRY_UNKNOWN")),
    ("68", "Virgin Islands", Fails("COUNTRY_UNKNOWN")),
    ("68", "ZZ", Fails("COUNTRY_UNKNOWN")),
    ("68", "+852", Fails("COUNTRY_UNKNOWN")),
    ("68", "🇭🇰", Fails("COUNTRY_UNKNOWN")),
    ("35", "N/A", Fails("COUNTRY_UNKNOWN")),
    ("35", "-", Fails("COUNTRY_UNKNOWN")),
];

#[test]
fn words_of_a_list_are_known_in_every_notation() {
    let mut rows = column("type", "type", TYPES);
    rows.extend(column("level", "level", LEVELS));
    rows.extend(column("country", "address/country", COUNTRIES));
    let report = check("", &[], &rows);
    assert_eq!(report["warned"][0]["count"], 4, "{report:#}");
}

#[test]
fn languages_are_narrowed_by_the_profile() {
    for (at, profile) in ["cinnox", "maaiiconnect", "genesys"].into_iter().enumerate() {
        let mut rows = column("language", "language", LANGUAGES);
        rows.extend(BY_PROFILE.iter().map(|(text, wants)| {
            let row = row("67").cell("language", *text);
            match wants[at].strip_prefix('!') {
                Some(tag) => row.is("language", tag).warns("LANGUAGE_SCRIPT"),
                None if wants[at].starts_with("LANGUAGE") => row.fails(wants[at]),
                None => row.is("language", wants[at]),
            }
        }));
        check(&format!("profile = \"{profile}\""), &[], &rows);
    }
}

#[test]
fn what_was_meant_is_in_the_hint() {
    let home = crate::support::Home::new();
    home.write("cells.csv", "Last name,Language,Country\nLee,cn,Belguim\nLi,jp,Philipines\nRay,Englsh,N/A\n");
    home.json(&["import", "cells.csv", "--errors-json", "errors.json"], 3);
    let errors = home.read("errors.json");
    for hint in ["zh (Chinese)", "Belgium (BE)", "ja (Japanese)", "Philippines (PH)", "en (English)", "leave it empty"]
    {
        assert!(errors.contains(hint), "{hint}: {errors}");
    }
}

#[test]
fn labels_are_one_without_regard_to_case() {
    let long = "x".repeat(101);
    let rows = [
        row("70").cell("labels", "VIP;Prospect").is("labels/0", "Prospect").is("labels/1", "VIP").blank("labels/2"),
        row("70").cell("labels", "VIP,Prospect").is("labels/1", "VIP").blank("labels/2"),
        row("70").cell("labels", " VIP ; vip;;VIP, ").is("labels/0", "VIP").blank("labels/1"),
        row("70").cell("labels", "\u{a0}ViP\u{200b}").is("labels/0", "ViP"),
        row("70").cell("labels", "Cafe\u{301}").is("labels/0", "Café"),
        row("70").cell("labels", "CAFÉ").is("labels/0", "CAFÉ"),
        // Another width is another label, as another accent is: labels are equal but for the case.
        row("70").cell("labels", "ＶＩＰ").is("labels/0", "ＶＩＰ"),
        row("70").cell("labels", "Cafe").is("labels/0", "Cafe"),
        row("70").cell("labels", "=1+1").is("labels/0", "=1+1"),
        row("70").cell("labels", "重要；客户").is("labels/0", "重要；客户"),
        row("70").cell("labels", ";,;").blank("labels/0"),
        row("70").cell("labels", "x".repeat(100)).is("labels/0", "x".repeat(100)),
        row("70").cell("labels", long).fails("LABEL_FORMAT"),
        row("70").cell("labels", "a\u{7}b").fails("LABEL_FORMAT"),
        row("70").cell("labels", "VIP;a\u{202e}b").fails("TEXT_BIDI"),
        row("70").cell("labels", "a;".repeat(1001)).fails("LABELS_TOO_MANY"),
    ];
    let home = crate::support::Home::new();
    super::check_in(&home, "", &[], &rows);
    let labels = home.json(&["label", "list"], 0);
    let count = |name: &str| {
        let known = labels["labels"].as_array().expect("a list").iter();
        let same = known.filter(|label| label["name"].as_str().is_some_and(|it| it.to_lowercase() == name));
        same.map(|label| label["contacts"].as_u64().unwrap_or_default()).collect::<Vec<_>>()
    };
    assert_eq!([count("vip"), count("café"), count("prospect")], [vec![4], vec![2], vec![2]], "{labels:#}");
    let home = crate::support::Home::new();
    home.json(&["label", "add", "VIP"], 0);
    let rows = [
        row("70").cell("labels", "vip").is("labels/0", "vip"),
        row("70").cell("labels", "VIP;Prospect").fails("LABEL_UNKNOWN"),
        row("70").cell("labels", "").blank("labels/0"),
    ];
    super::check_in(&home, "unknown_labels = \"reject\"", &[], &rows);
}
