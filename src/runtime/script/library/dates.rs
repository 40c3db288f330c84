//! Dates: read in the formats that files have, written, and counted between. There is no clock, so nothing knows what day it is.

use std::str::FromStr;

use chrono::{Datelike, Days, NaiveDate};
use rhai::{Array, Dynamic, NativeCallContext};

use super::months::{MONTHS, month_of};
use super::{charged, given, one, text_at, texts_at, two, whole_at};
use crate::domain::date::{self, DateFormat};
use crate::domain::text::{clean, plain_number, shown};
use crate::runtime::script::api::Table;
use crate::runtime::script::api::misuse::refused;
use crate::runtime::script::call::{Call, Outcome};

/// The first year that is believed, as by the built-in rules.
const MIN_YEAR: i32 = 1800;
/// Longest text that is read as a date, in bytes.
const MAX_DATE: usize = 100;
/// How many years more the Buddhist calendar counts.
const BUDDHIST: i32 = 543;
/// Most formats that are tried.
const MAX_FORMATS: usize = 20;
/// How formats are told to people who wrote another.
const HOW: &str = "a format is made of YYYY (BBBB of the Buddhist calendar), MM or M, DD or D, MMM (Jan) or MMMM (January), what stands between them \
                   (letters in square brackets: `D [de] MMMM [de] YYYY`), and `*` at the end for whatever follows; \
                   YY is read with `parse_date(text, format, first_year)`";
pub(super) fn register(table: &mut Table) {
    table.chapter(
        "Dates",
        "Dates are texts, `YYYY-MM-DD`. Days that don't exist are not rolled over, and years before 1800 are not believed, so that what \
         cannot be read gives `\"\"`. A script has no clock: ages are counted to a day that it is given.",
    );
    table.say("parse_date(text, format)", "A date from a text. The three formats of `date_format` (`\"MM/DD/YYYY\"`, `\"DD/MM/YYYY\"`, `\"YYYY-MM-DD\"`) are read as the built-in rules read them, with any separator, ISO dates included. Others are read to the letter. Names of months are those of English, French, German, Italian, Portuguese and Spanish, in full (`MMMM`) or as they are shortened (`MMM`), whatever their case and accents. `BBBB` is a year of the Buddhist calendar. Words stand in square brackets. An array of formats is tried in its order.", &[
        (r#"parse_date("14/12/1980", "DD/MM/YYYY")"#, r#""1980-12-14""#),
        (r#"parse_date("31/02/1980", "DD/MM/YYYY")"#, r#""""#),
        (r#"parse_date("14 Dec 1980", "D MMM YYYY")"#, r#""1980-12-14""#),
        (r#"parse_date("December 4, 1980", ["YYYY-MM-DD", "MMMM D, YYYY"])"#, r#""1980-12-04""#),
        (r#"parse_date("3. Dez. 1980", "D. MMM YYYY")"#, r#""1980-12-03""#),
        (r#"parse_date("03.Dec.1980", "DD.MMM.YYYY")"#, r#""1980-12-03""#),
        (r#"parse_date("3 marzo 1980", "D MMMM YYYY")"#, r#""1980-03-03""#),
        (r#"parse_date("3 de marzo de 1980", "D [de] MMMM [de] YYYY")"#, r#""1980-03-03""#),
        (r#"parse_date("1980年12月3日", "YYYY年M月D日")"#, r#""1980-12-03""#),
        (r#"parse_date("14/12/2523", "DD/MM/BBBB")"#, r#""1980-12-14""#),
        (r#"parse_date("2024-05-01T13:45:00Z", "YYYY-MM-DD*")"#, r#""2024-05-01""#),
    ]);
    table.say(
        "parse_date(text, format, first_year)",
        "The same for years of two digits (`YY`): they lie in the hundred years from `first_year` on.",
        &[
            (r#"parse_date("14.12.80", "DD.MM.YY", 1930)"#, r#""1980-12-14""#),
            (r#"parse_date("14.12.29", "DD.MM.YY", 1930)"#, r#""2029-12-14""#),
        ],
    );
    table.say(
        "format_date(date, format)",
        "A date in another format, with English names of months; `\"\"` when it is none.",
        &[(r#"format_date("1980-12-04", "D MMMM YYYY")"#, r#""4 December 1980""#)],
    );
    table.say(
        "is_date(text)",
        "Whether it is a day of the calendar, as `YYYY-MM-DD`.",
        &[(r#"is_date("2024-02-29")"#, "true"), (r#"is_date("2023-02-29")"#, "false")],
    );
    table.say(
        "years_between(from, to)",
        "Full years from one day to another, negative when `to` is earlier: an age. `()` when one is no date.",
        &[(r#"years_between("1980-12-14", "2024-12-13")"#, "43"), (r#"years_between("", "2024-12-13")"#, "()")],
    );
    table.say(
        "days_between(from, to)",
        "Days from one day to another; `()` when one is no date.",
        &[(r#"days_between("2024-02-28", "2024-03-01")"#, "2")],
    );
    table.say(
        "add_days(date, days)",
        "The day so many days later, or earlier.",
        &[(r#"add_days("2024-12-31", 1)"#, r#""2025-01-01""#)],
    );
    reading(table);
    one(table, "is_date", |_, text| Ok(iso(text).is_some().into()));
    two(table, "format_date", |_, text, format| {
        let parts = parts("format_date", format)?;
        given(iso(text).map_or_else(String::new, |date| write(date, &parts)))
    });
    two(table, "years_between", |_, from, to| Ok(between(from, to, |from, to| i64::from(years(from, to)))));
    two(table, "days_between", |_, from, to| Ok(between(from, to, |from, to| (to - from).num_days())));
    table.function("add_days", |context: NativeCallContext, text: Dynamic, days: Dynamic| {
        charged(&context)?;
        let text = text_at("add_days", (0, 2), &text)?;
        let days = whole_at("add_days", (1, 2), &days)?;
        let step = Days::new(days.unsigned_abs());
        let later = iso(&text)
            .and_then(|date| if days < 0 { date.checked_sub_days(step) } else { date.checked_add_days(step) });
        given(
            later
                .filter(|date| (MIN_YEAR..=9999).contains(&date.year()))
                .map_or_else(String::new, |date| date.to_string()),
        )
    });
}

fn reading(table: &mut Table) {
    table.function("parse_date", |context: NativeCallContext, text: &str, format: &str| {
        read_any(&*charged(&context)?, text, &[format.into()], None)
    });
    table.function("parse_date", |context: NativeCallContext, text: Dynamic, formats: Dynamic| {
        let call = charged(&context)?;
        read_any(&call, &text_at("parse_date", (0, 2), &text)?, &formats_at(&formats, 2)?, None)
    });
    table.function("parse_date", |context: NativeCallContext, text: Dynamic, formats: Dynamic, first_year: Dynamic| {
        let call = charged(&context)?;
        let first = whole_at("parse_date", (2, 3), &first_year)?;
        let first = i32::try_from(first).ok().filter(|year| (MIN_YEAR..=9900).contains(year));
        let first = first.ok_or_else(|| {
            let message = "`first_year`, the third argument of `parse_date`, must be a year from 1800 on".to_owned();
            refused("ARGUMENT", "parse_date", message, None)
        })?;
        read_any(&call, &text_at("parse_date", (0, 3), &text)?, &formats_at(&formats, 3)?, Some(first))
    });
}

fn formats_at(value: &Dynamic, count: usize) -> Outcome<Vec<rhai::ImmutableString>> {
    if value.read_lock::<Array>().is_some() {
        return texts_at("parse_date", (1, count), value);
    }
    Ok(vec![text_at("parse_date", (1, count), value)?])
}

fn read_any(call: &Call, text: &str, formats: &[rhai::ImmutableString], first_year: Option<i32>) -> Outcome<Dynamic> {
    if formats.len() > MAX_FORMATS {
        let message = format!("`parse_date` tries at most {MAX_FORMATS} formats");
        return Err(refused("ARGUMENT", "parse_date", message, None));
    }
    call.check_clock()?;
    let cleaned = clean(text);
    let plain = plain_number(&cleaned);
    let mut found = None;
    for format in formats {
        // A format that is none is told, whatever the text is.
        let date = match DateFormat::from_str(format) {
            Ok(format) => {
                (text.len() <= MAX_DATE).then(|| date::parse_date(text, format, false, NaiveDate::MAX).ok()).flatten()
            }
            Err(_) => {
                let parts = parts("parse_date", format)?;
                if parts.contains(&Part::ShortYear) && first_year.is_none() {
                    let message = format!("`{}` has years of two digits", shown(format));
                    let hint = "say which hundred years they lie in: `parse_date(text, format, 1930)`";
                    return Err(refused("ARGUMENT", "parse_date", message, Some(hint.to_owned())));
                }
                (plain.len() <= MAX_DATE).then(|| read(&plain, &parts, first_year)).flatten()
            }
        };
        if found.is_none() {
            found = date;
        }
    }
    given(found.map_or_else(String::new, |date| date.to_string()))
}

/// A part of a format.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Part {
    Year,
    /// Of the Buddhist calendar: 543 years more.
    BuddhistYear,
    ShortYear,
    /// Two digits, or one or two.
    Month(bool),
    Day(bool),
    /// The first three letters, or all.
    MonthName(bool),
    Sign(char),
    Rest,
}

fn parts(function: &str, format: &str) -> Outcome<Vec<Part>> {
    let wrong = || {
        let message = format!("`{}` is no format of dates", shown(format));
        refused("ARGUMENT", function, message, Some(HOW.to_owned()))
    };
    if format.len() > MAX_DATE {
        return Err(wrong());
    }
    let words = [
        ("YYYY", Part::Year),
        ("BBBB", Part::BuddhistYear),
        ("YY", Part::ShortYear),
        ("MMMM", Part::MonthName(true)),
        ("MMM", Part::MonthName(false)),
        ("MM", Part::Month(true)),
        ("M", Part::Month(false)),
        ("DD", Part::Day(true)),
        ("D", Part::Day(false)),
        ("*", Part::Rest),
    ];
    let mut parts: Vec<Part> = Vec::new();
    let mut left = format;
    while let Some(sign) = left.chars().next() {
        if let Some((word, part)) = words.iter().find(|(word, _)| left.starts_with(word)) {
            parts.push(part.clone());
            left = &left[word.len()..];
        } else if let Some((words, rest)) = left.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            parts.extend(words.chars().map(Part::Sign));
            left = rest;
        } else if sign.is_ascii_alphabetic() {
            return Err(wrong());
        } else {
            parts.push(Part::Sign(sign));
            left = &left[sign.len_utf8()..];
        }
    }
    let count = |test: fn(&Part) -> bool| parts.iter().filter(|part| test(part)).count();
    let sound = count(|part| matches!(part, Part::Year | Part::BuddhistYear | Part::ShortYear)) == 1
        && count(|part| matches!(part, Part::Month(_) | Part::MonthName(_))) == 1
        && count(|part| matches!(part, Part::Day(_))) == 1
        && parts.iter().rev().skip(1).all(|part| *part != Part::Rest);
    if sound { Ok(parts) } else { Err(wrong()) }
}

fn read(text: &str, parts: &[Part], first_year: Option<i32>) -> Option<NaiveDate> {
    let (mut year, mut month, mut day, mut left) = (0, 0, 0, text);
    for (at, part) in parts.iter().enumerate() {
        match part {
            Part::Year => year = i32::try_from(number(&mut left, 4, 4)?).ok()?,
            Part::BuddhistYear => year = i32::try_from(number(&mut left, 4, 4)?).ok()? - BUDDHIST,
            Part::ShortYear => {
                let short = i32::try_from(number(&mut left, 2, 2)?).ok()?;
                let first = first_year?;
                year = first + (short - first).rem_euclid(100);
            }
            Part::Month(two) => month = number(&mut left, if *two { 2 } else { 1 }, 2)?,
            Part::Day(two) => day = number(&mut left, if *two { 2 } else { 1 }, 2)?,
            Part::MonthName(full) => {
                month = month_name(&mut left, *full)?;
                // The dot of a shortened name, where the format has none of its own.
                if !full && parts.get(at + 1) != Some(&Part::Sign('.')) {
                    left = left.strip_prefix('.').unwrap_or(left);
                }
            }
            Part::Sign(sign) => left = left.strip_prefix(*sign)?,
            Part::Rest => left = "",
        }
    }
    NaiveDate::from_ymd_opt(year, month, day).filter(|date| left.is_empty() && date.year() >= MIN_YEAR)
}

/// Takes so many digits off the front.
fn number(left: &mut &str, fewest: usize, most: usize) -> Option<u32> {
    let count = left.bytes().take(most).take_while(u8::is_ascii_digit).count();
    let (digits, rest) = left.split_at_checked(count).filter(|_| count >= fewest)?;
    *left = rest;
    digits.parse().ok()
}

/// Takes the name of a month off the front.
fn month_name(left: &mut &str, full: bool) -> Option<u32> {
    let count = left.find(|c: char| !c.is_alphabetic()).unwrap_or(left.len());
    let (word, rest) = left.split_at_checked(count)?;
    let month = month_of(word, full)?;
    *left = rest;
    Some(month)
}

fn write(date: NaiveDate, parts: &[Part]) -> String {
    use std::fmt::Write;
    let mut text = String::new();
    let name = usize::try_from(date.month0()).ok().and_then(|at| MONTHS.get(at)).copied().unwrap_or_default();
    for part in parts {
        let _ = match part {
            Part::Year => write!(text, "{:04}", date.year()),
            Part::BuddhistYear => write!(text, "{:04}", date.year() + BUDDHIST),
            Part::ShortYear => write!(text, "{:02}", date.year().rem_euclid(100)),
            Part::Month(true) => write!(text, "{:02}", date.month()),
            Part::Month(false) => write!(text, "{}", date.month()),
            Part::Day(true) => write!(text, "{:02}", date.day()),
            Part::Day(false) => write!(text, "{}", date.day()),
            Part::MonthName(full) => {
                let name = if *full { name } else { &name[..3.min(name.len())] };
                let (first, rest) = name.split_at(1.min(name.len()));
                write!(text, "{}{rest}", first.to_ascii_uppercase())
            }
            Part::Sign(sign) => write!(text, "{sign}"),
            Part::Rest => Ok(()),
        };
    }
    text
}

/// A date as scripts have it.
fn iso(text: &str) -> Option<NaiveDate> {
    let text = text.trim();
    let sound = text.len() == 10
        && text
            .bytes()
            .enumerate()
            .all(|(at, byte)| if matches!(at, 4 | 7) { byte == b'-' } else { byte.is_ascii_digit() });
    NaiveDate::from_str(text).ok().filter(|_| sound)
}

fn between(from: &str, to: &str, count: fn(NaiveDate, NaiveDate) -> i64) -> Dynamic {
    match (iso(from), iso(to)) {
        (Some(from), Some(to)) => count(from, to).into(),
        _ => Dynamic::UNIT,
    }
}

fn years(from: NaiveDate, to: NaiveDate) -> i32 {
    if to < from {
        return -years(to, from);
    }
    let before_birthday = (to.month(), to.day()) < (from.month(), from.day());
    to.year() - from.year() - i32::from(before_birthday)
}
