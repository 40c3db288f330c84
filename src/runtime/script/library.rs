//! The small library for import work: names, numbers, addresses, dates and patterns; and Rhai's own functions that could grow without
//! bound, replaced by ones that cannot.

use std::str::FromStr;

use chrono::NaiveDate;
use rhai::{Array, Dynamic, EvalAltResult, FnPtr, ImmutableString, Map, NativeCallContext, Position};

use super::api::{Table, text};
use super::call::{Call, Outcome};
use super::engine::too_heavy;
use super::memory::{Heavy, weigh};
use super::{names, patterns};
use crate::domain::country::{Country, parse_country};
use crate::domain::date::{self, DateFormat};
use crate::domain::email::parse_email;
use crate::domain::language::{LanguageNames, parse_language};
use crate::domain::phone::{self, PhoneMode, parse_number};
use crate::domain::text::fold;

pub(super) fn register(table: &mut Table) {
    table.chapter(
        "Helpers for imports",
        "They take texts, and missing values (`()`) as empty ones; what cannot be read gives `\"\"`, so test the result. They read what the \
         built-in rules read.",
    );
    names_and_text(table);
    values(table);
    searching(table);
    bounded(table);
}

/// Registers a helper from text to text. Functions that take anything are also registered for texts: those are found at once, anything
/// else only after all kinds of arguments were tried.
fn helper(table: &mut Table, name: &'static str, convert: fn(&str) -> String) {
    table.function(name, move |context: NativeCallContext, value: &str| {
        Call::of(&context)?.charge()?;
        Outcome::Ok(ImmutableString::from(convert(value)))
    });
    table.function(name, move |context: NativeCallContext, value: Dynamic| {
        Call::of(&context)?.charge()?;
        Outcome::Ok(ImmutableString::from(convert(&argument(name, &value)?)))
    });
}

fn argument(function: &str, value: &Dynamic) -> Outcome<ImmutableString> {
    text(value).ok_or_else(|| format!("`{function}` takes a text, not a value of type {}", value.type_name()).into())
}

fn names_and_text(table: &mut Table) {
    table.say("split_name(full)", "Returns `#{first, last}`: `\"Lee, Ann\"`, `\"Ludwig van Beethoven\"`, `\"CHAN Tai Man\"`, `\"Robert Lee Jr.\"`, `\"陈大文\"` (last 陈, first 大文); a single word is a first name. No letter is lost.");
    table.say(
        "title_case(text)",
        "`\"ANN O'NEIL\"` becomes `\"Ann O'Neil\"`; words that mix capitals and small letters stay.",
    );
    table.say("fold(text)", "The form for comparing: no accents, no full-width forms, lower case.");
    table.say("digits(text)", "The digits alone, of any script, as 0–9.");
    table.function("split_name", |context: NativeCallContext, value: Dynamic| {
        Call::of(&context)?.charge()?;
        let name = names::split(&argument("split_name", &value)?);
        Outcome::Ok(Map::from([("first".into(), name.first.into()), ("last".into(), name.last.into())]))
    });
    helper(table, "title_case", names::title_case);
    helper(table, "fold", fold);
    helper(table, "digits", phone::digits);
}

fn values(table: &mut Table) {
    table.say("normalize_phone(text)", "A phone number in E.164 (`+85212345678`), or `\"\"`.");
    table.say("normalize_phone(text, country)", "The same; numbers without a country code belong to that country.");
    table.say("is_email(text)", "Whether it is one e-mail address.");
    table.say("find_emails(text)", "All e-mail addresses in a text, as an array, each once.");
    table.say("parse_date(text, format)", "A date as `YYYY-MM-DD`, or `\"\"`; `format` is `\"MM/DD/YYYY\"`, `\"DD/MM/YYYY\"` or `\"YYYY-MM-DD\"`. Days that don't exist are not rolled over.");
    table.say("country_code(text)", "`\"Hong Kong\"`, `\"HKG\"`, `\"hk\"` become `\"HK\"`; or `\"\"`.");
    table.say("language_code(text)", "`\"Italian\"`, `\"it\"` become `\"it\"`; or `\"\"`.");
    table
        .function("normalize_phone", |context: NativeCallContext, value: Dynamic| phone_number(&context, &value, None));
    table.function("normalize_phone", |context: NativeCallContext, value: Dynamic, country: &str| {
        let country = parse_country(country).map_err(|invalid| invalid.message)?;
        phone_number(&context, &value, Some(country))
    });
    table.function("is_email", |context: NativeCallContext, value: Dynamic| {
        Call::of(&context)?.charge()?;
        Outcome::Ok(parse_email(&argument("is_email", &value)?).is_ok())
    });
    table.function("find_emails", |context: NativeCallContext, value: Dynamic| {
        Call::of(&context)?.charge()?;
        Outcome::Ok(find_emails(&argument("find_emails", &value)?))
    });
    table.function("parse_date", |context: NativeCallContext, value: Dynamic, format: &str| {
        Call::of(&context)?.charge()?;
        read_date(&argument("parse_date", &value)?, format)
    });
    helper(table, "country_code", |text| {
        parse_country(text).map_or_else(|_| String::new(), |country| country.as_str().to_owned())
    });
    helper(table, "language_code", |text| {
        parse_language(text, LanguageNames::Any).map_or_else(|_| String::new(), |language| language.as_str().to_owned())
    });
}

fn phone_number(
    context: &NativeCallContext<'_>,
    value: &Dynamic,
    country: Option<Country>,
) -> Outcome<ImmutableString> {
    Call::of(context)?.charge()?;
    let parsed = parse_number(&argument("normalize_phone", value)?, PhoneMode::Lenient, country);
    Ok(parsed.ok().and_then(|number| number.e164).unwrap_or_default().into())
}

fn find_emails(text: &str) -> Array {
    let around = |c: char| {
        c.is_whitespace() || matches!(c, ',' | ';' | '<' | '>' | '(' | ')' | '[' | ']' | '"' | '\'' | '|' | '，' | '；')
    };
    let mut found: Vec<String> = Vec::new();
    for part in text.split(around).filter(|part| part.contains('@')) {
        let part = part.trim_start_matches("mailto:").trim_end_matches(['.', ':']);
        if let Ok(email) = parse_email(part)
            && !found.iter().any(|known| known.eq_ignore_ascii_case(&email.address))
        {
            found.push(email.address);
        }
    }
    found.into_iter().map(Dynamic::from).collect()
}

/// There is no clock here, so a date in the future is a date.
fn read_date(text: &str, format: &str) -> Outcome<ImmutableString> {
    let format = DateFormat::from_str(format).map_err(|invalid| invalid.message)?;
    let date = date::parse_date(text, format, false, NaiveDate::MAX);
    Ok(date.map_or_else(|_| ImmutableString::new(), |date| date.to_string().into()))
}

fn searching(table: &mut Table) {
    table.say("regex_match(text, pattern)", "Whether the pattern occurs: `regex_match(title, \"(?i)\\\\bceo\\\\b\")`. Patterns are those of Rust's `regex`: no look-around, no back-references, and no search that runs away. Texts up to 16 KiB.");
    table.say(
        "regex_find(text, pattern)",
        "The first occurrence, or its first group if the pattern has one; `\"\"` when there is none.",
    );
    table.say("regex_replace(text, pattern, with)", "Replaces every occurrence; `$1` in `with` is the first group.");
    table.function("regex_match", |context: NativeCallContext, value: &str, pattern: ImmutableString| {
        patterns::is_match(&*Call::of(&context)?, value, &pattern)
    });
    table.function("regex_match", |context: NativeCallContext, value: Dynamic, pattern: ImmutableString| {
        patterns::is_match(&*Call::of(&context)?, &argument("regex_match", &value)?, &pattern)
    });
    table.function("regex_find", |context: NativeCallContext, value: &str, pattern: ImmutableString| {
        let found = patterns::find(&*Call::of(&context)?, value, &pattern)?;
        Outcome::Ok(ImmutableString::from(found.unwrap_or_default()))
    });
    table.function("regex_find", |context: NativeCallContext, value: Dynamic, pattern: ImmutableString| {
        let found = patterns::find(&*Call::of(&context)?, &argument("regex_find", &value)?, &pattern)?;
        Outcome::Ok(ImmutableString::from(found.unwrap_or_default()))
    });
    table.function(
        "regex_replace",
        |context: NativeCallContext, value: Dynamic, pattern: ImmutableString, with: &str| {
            let text = patterns::replace(&*Call::of(&context)?, &argument("regex_replace", &value)?, &pattern, with)?;
            Outcome::Ok(ImmutableString::from(text))
        },
    );
}

/// Functions of Rhai's own library whose result is checked too late, or that wait.
fn bounded(table: &mut Table) {
    table.function("replace", |text: &mut ImmutableString, find: &str, with: &str| replace(text, find, with));
    table.function("replace", |text: &mut ImmutableString, find: char, with: &str| {
        replace(text, find.encode_utf8(&mut [0; 4]), with)
    });
    table.function("replace", |text: &mut ImmutableString, find: &str, with: char| {
        replace(text, find, with.encode_utf8(&mut [0; 4]))
    });
    // Padding with nothing would never end.
    table.function("pad", |text: &mut ImmutableString, length: i64, with: &str| pad(text, length, with));
    super::sorting::register(table);
    table.function("map", |context: NativeCallContext, array: Array, mapper: FnPtr| map(&context, array, &mapper));
    // By their exact types, for those win over any other.
    table.function("sleep", |_: i64| refused::<()>("sleep"));
    table.function("sleep", |_: f64| refused::<()>("sleep"));
    table.function("zip", |_: Array, _: Array, _: FnPtr| refused::<Array>("zip"));
}

fn refused<T>(name: &str) -> Outcome<T> {
    Err(EvalAltResult::ErrorRuntime(format!("`{name}` is not available").into(), Position::NONE).into())
}

fn replace(text: &mut ImmutableString, find: &str, with: &str) -> Outcome<()> {
    let count = text.matches(find).count();
    let grown = text.len() + count.saturating_mul(with.len());
    patterns::check_length(grown.saturating_sub(count * find.len()))?;
    if count > 0 {
        *text = text.replace(find, with).into();
    }
    Ok(())
}

fn pad(text: &mut ImmutableString, length: i64, with: &str) -> Outcome<()> {
    let length = usize::try_from(length).unwrap_or(0);
    let missing = length.saturating_sub(text.chars().count());
    if missing == 0 {
        return Ok(());
    }
    if with.is_empty() {
        return Err("`pad` takes a text that is not empty".into());
    }
    patterns::check_length(length)?;
    let padded = format!("{text}{}", with.chars().cycle().take(missing).collect::<String>());
    patterns::check_length(padded.len())?;
    *text = padded.into();
    Ok(())
}

/// Weighs what it collects, which is in no variable yet.
fn map(context: &NativeCallContext<'_>, array: Array, mapper: &FnPtr) -> Outcome<Array> {
    let call = Call::of(context)?;
    let mut mapped = Array::with_capacity(array.len());
    let (mut weight, mut with_index) = (0, false);
    for (index, item) in array.into_iter().enumerate() {
        let value = map_one(context, mapper, item, index, &mut with_index)?;
        weight += weigh(&value, 0).map_err(|heavy| too_heavy(&call, heavy))?;
        if weight > call.terms.budget.memory_bytes {
            return Err(too_heavy(&call, Heavy::Bytes));
        }
        mapped.push(value);
    }
    Ok(mapped)
}

/// Calls `|item|` or, when there is no such function, `|item, index|` from then on.
fn map_one(
    context: &NativeCallContext<'_>,
    mapper: &FnPtr,
    item: Dynamic,
    index: usize,
    with_index: &mut bool,
) -> Outcome<Dynamic> {
    let index = Dynamic::from(i64::try_from(index).unwrap_or(i64::MAX));
    if !*with_index {
        match mapper.call_raw(context, None, [item.clone()]) {
            Err(error) if is_missing(&error, mapper) => *with_index = true,
            done => return done,
        }
    }
    mapper.call_raw(context, None, [item, index])
}

fn is_missing(error: &EvalAltResult, mapper: &FnPtr) -> bool {
    matches!(error, EvalAltResult::ErrorFunctionNotFound(signature, _) if signature.starts_with(mapper.fn_name()))
}
