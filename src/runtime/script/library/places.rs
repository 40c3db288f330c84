//! Countries and languages.

use super::{given, one};
use crate::domain::country::parse_country;
use crate::domain::language::{LanguageNames, parse_language};
use crate::runtime::script::api::Table;

pub(super) fn register(table: &mut Table) {
    table.chapter(
        "Countries and languages",
        "Names are known in English, Italian, Thai, Chinese and their own language, codes of two and three letters, and many abbreviations.",
    );
    table.say(
        "country_code(text)",
        "The code of two letters (ISO 3166 alpha-2), or `\"\"`.",
        &[
            (r#"country_code("Hong Kong")"#, r#""HK""#),
            (r#"country_code("deu")"#, r#""DE""#),
            (r#"country_code("España")"#, r#""ES""#),
            (r#"country_code("香港特別行政區")"#, r#""HK""#),
            (r#"country_code("Atlantis")"#, r#""""#),
        ],
    );
    table.say(
        "country_name(text)",
        "The English name of a country by its code or any of its names, or `\"\"`.",
        &[(r#"country_name("HK")"#, r#""Hong Kong""#), (r#"country_name("CHE")"#, r#""Switzerland""#)],
    );
    table.say(
        "language_code(text)",
        "The code of a language (BCP 47), or `\"\"`.",
        &[
            (r#"language_code("Italian")"#, r#""it""#),
            (r#"language_code("Tedesco")"#, r#""de""#),
            (r#"language_code("Português (Brasil)")"#, r#""pt-BR""#),
            (r#"language_code("Klingonish")"#, r#""""#),
        ],
    );
    table.say(
        "language_name(text)",
        "The English name of a language by its code or any of its names, or `\"\"`.",
        &[(r#"language_name("it")"#, r#""Italian""#)],
    );
    one(table, "country_code", |_, text| {
        given(parse_country(text).map_or_else(|_| String::new(), |country| country.as_str().to_owned()))
    });
    one(table, "country_name", |_, text| given(parse_country(text).map_or("", |country| country.name())));
    one(table, "language_code", |_, text| {
        given(
            parse_language(text, LanguageNames::Any)
                .map_or_else(|_| String::new(), |language| language.as_str().to_owned()),
        )
    });
    one(table, "language_name", |_, text| {
        given(
            parse_language(text, LanguageNames::Any)
                .ok()
                .and_then(|language| language.english_name())
                .unwrap_or_default(),
        )
    });
}
