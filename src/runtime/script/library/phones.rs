//! Phone numbers: read, told apart, written for people.

use rhai::{Dynamic, NativeCallContext};

use super::{charged, given, given_all, one, text_at};
use crate::domain::country::{Country, parse_country};
use crate::domain::phone::{self, PhoneMode, parse_number};
use crate::runtime::script::api::Table;
use crate::runtime::script::api::misuse::refused;
use crate::runtime::script::call::Outcome;

/// Most numbers of one cell that are read.
const MAX_NUMBERS: usize = 100;

pub(super) fn register(table: &mut Table) {
    table.chapter("Phone numbers", "Numbers are read as the built-in rules read them, and told apart by the numbering plans of all countries. A country is a name or a code.");
    table.say(
        "normalize_phone(text)",
        "The number in E.164, or `\"\"`.",
        &[(r#"normalize_phone("00852 9123-4567")"#, r#""+85291234567""#), (r#"normalize_phone("call me")"#, r#""""#)],
    );
    table.say(
        "normalize_phone(text, country)",
        "The same; numbers without a country code belong to that country. A blank country is not known, and what is no country throws.",
        &[
            (r#"normalize_phone(row.mobile, "Hong Kong")"#, r#""+85291234567""#),
            (r#"normalize_phone("+852 9123 4567", row["Country"])"#, r#""+85291234567""#),
            (r#"normalize_phone("020 7946 0018", "GB")"#, r#""+442079460018""#),
        ],
    );
    table.say(
        "find_phones(text, country)",
        "All numbers of a cell that holds several, in E.164, each once; what is no number is passed over.",
        &[(r#"find_phones(row["Business Phone"], "HK")"#, r#"["+85223456789", "+85223456790"]"#)],
    );
    table.say(
        "phone_extension(text)",
        "The extension that was typed behind a number, or `\"\"`.",
        &[(r#"phone_extension("+852 2345 6789 ext. 12")"#, r#""12""#)],
    );
    table.say(
        "phone_country(number)",
        "The country of a number with its country code; or `\"\"`.",
        &[(r#"phone_country("+852 9123 4567")"#, r#""HK""#), (r#"phone_country("9123 4567")"#, r#""""#)],
    );
    table.say("phone_kind(number)", "`mobile`, `fixed`, `either` (where the plan does not tell them apart, as in the USA), `toll_free`, `premium`, `voip`, `other`; `\"\"` for what no plan gives out.", &[(r#"phone_kind("+85291234567")"#, r#""mobile""#), (r#"phone_kind("+12125550123")"#, r#""either""#), (r#"phone_kind("+442079460018")"#, r#""fixed""#)]);
    table.say(
        "is_mobile(number)",
        "Whether it is surely a mobile number, or where the plan does not tell, may be one.",
        &[(r#"is_mobile("+85291234567")"#, "true"), (r#"is_mobile("+85223456789")"#, "false")],
    );
    table.say(
        "format_phone(number)",
        "As it is written abroad; what is no number stays.",
        &[(r#"format_phone("+85291234567")"#, r#""+852 9123 4567""#)],
    );
    table.say(
        "format_phone(number, country)",
        "As people write it in that country: without the country code at home.",
        &[
            (r#"format_phone("+442079460018", "GB")"#, r#""020 7946 0018""#),
            (r#"format_phone("+442079460018", "HK")"#, r#""+44 20 7946 0018""#),
        ],
    );
    table.say(
        "dial_code(country)",
        "The country code for dialling, or `\"\"`.",
        &[(r#"dial_code("HK")"#, r#""+852""#), (r#"dial_code("Neverland")"#, r#""""#)],
    );
    reading(table);
    one(table, "phone_extension", |_, text| given(phone::typed_extension(text).ok().flatten().unwrap_or_default()));
    one(table, "phone_country", |_, text| {
        given(
            about(text).and_then(|about| about.country).map_or_else(String::new, |country| country.as_str().to_owned()),
        )
    });
    one(table, "phone_kind", |_, text| given(about(text).map_or("", |about| about.kind)));
    one(table, "is_mobile", |_, text| {
        Ok(about(text).is_some_and(|about| matches!(about.kind, "mobile" | "either")).into())
    });
    one(table, "format_phone", |_, text| {
        given(about(text).map_or_else(|| text.to_owned(), |about| about.international))
    });
    one(table, "dial_code", |_, text| given(parse_country(text).ok().and_then(phone::dial_code).unwrap_or_default()));
}

fn about(text: &str) -> Option<phone::About> {
    let parsed = parse_number(text, PhoneMode::Lenient, None).ok()?;
    phone::about(&parsed.e164?)
}

fn reading(table: &mut Table) {
    one(table, "normalize_phone", |_, text| given(number(text, None)));
    table.function("normalize_phone", |context: NativeCallContext, value: &str, land: &str| {
        charged(&context)?;
        given(number(value, country("normalize_phone", land)?))
    });
    table.function("normalize_phone", |context: NativeCallContext, value: Dynamic, land: Dynamic| {
        charged(&context)?;
        let land = country("normalize_phone", &text_at("normalize_phone", (1, 2), &land)?)?;
        given(number(&text_at("normalize_phone", (0, 2), &value)?, land))
    });
    table.function("find_phones", |context: NativeCallContext, value: Dynamic, land: Dynamic| {
        let call = charged(&context)?;
        let land = country("find_phones", &text_at("find_phones", (1, 2), &land)?)?;
        let text = text_at("find_phones", (0, 2), &value)?;
        let mut found: Vec<String> = Vec::new();
        let apart = |c: char| matches!(c, '/' | ';' | ',' | '|' | '\n' | '、' | '；' | '，');
        for part in text.split(apart).filter(|part| !part.trim().is_empty()).take(MAX_NUMBERS) {
            call.check_clock()?;
            let number = number(part.trim_matches([' ', ':']), land);
            if !number.is_empty() && !found.contains(&number) {
                found.push(number);
            }
        }
        given_all(found.into_iter())
    });
    table.function("format_phone", |context: NativeCallContext, value: Dynamic, land: Dynamic| {
        charged(&context)?;
        let land = country("format_phone", &text_at("format_phone", (1, 2), &land)?)?;
        let text = text_at("format_phone", (0, 2), &value)?;
        given(match about(&text) {
            Some(about) if land.is_some() && about.country == land => about.national,
            Some(about) => about.international,
            None => text.to_string(),
        })
    });
}

fn number(text: &str, country: Option<Country>) -> String {
    parse_number(text, PhoneMode::Lenient, country).ok().and_then(|number| number.e164).unwrap_or_default()
}

/// A country that a script names itself is its mistake, when there is none of that name. A blank one is not known: it comes from a cell, or
/// from `country_code`.
fn country(function: &str, name: &str) -> Outcome<Option<Country>> {
    if name.trim().is_empty() {
        return Ok(None);
    }
    parse_country(name).map(Some).map_err(|invalid| {
        let hint = invalid.hint.unwrap_or_default();
        let hint =
            format!("{hint}; of a cell, give it `country_code(…)`, which is blank where there is no such country");
        refused("COUNTRY_UNKNOWN", function, format!("`{function}`: {}", invalid.message), Some(hint))
    })
}
