//! Words and filters as they are typed become a query. What they find is the store's business; whether they may be asked for is the app's.

use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, Utc};

use crate::app::App;
use crate::app::failure::{Class, Failure};
use crate::cli::args::QueryOptions;
use crate::cli::print::Printer;
use crate::domain::access::read_yes_no;
use crate::domain::contact::{ContactType, Level};
use crate::domain::country::parse_country;
use crate::domain::field::FieldKey;
use crate::domain::label::LabelName;
use crate::domain::name::Name;
use crate::domain::permission::Viewer;
use crate::store::{Comparison, Filter, Query};

/// Reads a query over what the viewer may see. Names in it that nothing has are told on stderr.
pub fn of(app: &App, words: &[String], args: &QueryOptions, by: &Viewer) -> Result<Query, Failure> {
    if args.text.as_deref().is_some_and(|text| !text.chars().any(char::is_alphanumeric)) {
        return Err(usage("WORDS", "`--words` has no words".to_owned(), "write words, or leave the option out"));
    }
    let words: Vec<&str> = words.iter().chain(&args.text).map(String::as_str).collect();
    let any_label = args.any || args.matching.as_deref().map(read_match).transpose()?.unwrap_or(false);
    let mut query = Query {
        words: words.join(" "),
        labels: args.label.iter().map(|name| LabelName::parse(name)).collect::<Result<_, _>>()?,
        any_label,
        filters: filters(app, args)?,
        ..app.query(by)
    };
    if let Some(name) = &args.filter {
        query = app.with_filter(name, query, by)?;
    }
    for warning in app.check_query(&query, by)? {
        Printer::new(false).warn(&warning);
    }
    Ok(query)
}

fn filters(app: &App, args: &QueryOptions) -> Result<Vec<Filter>, Failure> {
    let mut all = Vec::new();
    if let Some(word) = &args.kind {
        all.push(Filter::Type(one_of(
            word,
            ContactType::parse,
            "TYPE_UNKNOWN",
            "contact type",
            "lead, prospect, customer or other",
        )?));
    }
    if let Some(word) = &args.level {
        all.push(Filter::Level(one_of(
            word,
            Level::parse,
            "LEVEL_UNKNOWN",
            "level",
            "primary, secondary or tertiary",
        )?));
    }
    if let Some(company) = &args.company {
        if !company.chars().any(char::is_alphanumeric) {
            return Err(usage(
                "COMPANY",
                format!("`{company}` has no word of a company's name"),
                "name the company, or a word of it",
            ));
        }
        all.push(Filter::Company(company.clone()));
    }
    if let Some(name) = &args.organization {
        all.push(Filter::Organization(Name::parse(name)?));
    }
    if let Some(name) = &args.owner {
        all.push(Filter::Owner(owner(app, name)?));
    }
    if let Some(name) = &args.division {
        all.push(Filter::Division(Name::parse(name)?));
    }
    if let Some(name) = &args.country {
        all.push(Filter::Country(parse_country(name)?));
    }
    if let Some(word) = &args.opt_out {
        all.push(Filter::OptOut(read_yes_no(word)?));
    }
    if let Some(range) = &args.created {
        let (from, to) = read_range(range)?;
        all.push(Filter::Created(from, to));
    }
    if let Some(range) = &args.updated {
        let (from, to) = read_range(range)?;
        all.push(Filter::Updated(from, to));
    }
    for text in &args.custom {
        all.push(read_custom(text)?);
    }
    Ok(all)
}

fn usage(code: &'static str, message: String, hint: &str) -> Failure {
    Failure::new(Class::Usage, code, message).hint(hint)
}

fn read_match(word: &str) -> Result<bool, Failure> {
    match word.to_lowercase().as_str() {
        "any" => Ok(true),
        "all" => Ok(false),
        _ => Err(usage(
            "MATCH",
            format!("`{word}` is neither any nor all"),
            "`--match any` wants one of the labels, `--match all` every one",
        )),
    }
}

fn one_of<T>(
    word: &str,
    parse: fn(&str) -> Option<T>,
    code: &'static str,
    noun: &str,
    choices: &str,
) -> Result<T, Failure> {
    parse(&word.trim().to_lowercase())
        .ok_or_else(|| usage(code, format!("there is no {noun} `{word}`"), &format!("use {choices}")))
}

/// A staff member by name, e-mail address or number; or the name of one who has left.
fn owner(app: &App, text: &str) -> Result<Name, Failure> {
    match app.viewer(Some(text)) {
        Ok(Viewer::Staff(member)) => Ok(member.name.clone()),
        _ => Ok(Name::parse(text)?),
    }
}

type Time = Option<DateTime<Utc>>;

/// Reads `FROM..TO`, either of which may be missing, or one day. The end is not part of the range; a day that ends it is.
fn read_range(text: &str) -> Result<(Time, Time), Failure> {
    let refused = |why: &str| {
        usage(
            "RANGE",
            format!("`{text}` {why}"),
            "write FROM..TO, such as 2026-11-01..2026-11-30, 2026-11-01T10:00.. or ..2026-11-30",
        )
    };
    let (from, to) = text.split_once("..").unwrap_or((text, text));
    let [from, to] = [from, to].map(|end| Some(end.trim()).filter(|end| !end.is_empty()));
    if from.is_none() && to.is_none() {
        return Err(refused("has neither beginning nor end"));
    }
    let read = |end: Option<&str>, last: bool| match end {
        None => Ok(None),
        Some(end) => read_time(end, last).map(Some).ok_or_else(|| refused("is no range of dates")),
    };
    let (from, to) = (read(from, false)?, read(to, true)?);
    if from.zip(to).is_some_and(|(from, to)| from >= to) {
        return Err(refused("ends before it begins"));
    }
    Ok((from, to))
}

fn read_time(text: &str, end_of_day: bool) -> Option<DateTime<Utc>> {
    if let Ok(day) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        let day = if end_of_day { day.checked_add_days(Days::new(1))? } else { day };
        return Some(day.and_hms_opt(0, 0, 0)?.and_utc());
    }
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return Some(at.to_utc());
    }
    let formats = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S"];
    formats.iter().find_map(|format| NaiveDateTime::parse_from_str(text, format).ok()).map(|at| at.and_utc())
}

/// Reads `KEY=VALUE`, `KEY!=VALUE`, `KEY>=N`, `KEY<=N`, `KEY` or `!KEY`.
fn read_custom(text: &str) -> Result<Filter, Failure> {
    // Keys hold neither of the signs, so the first of them ends the key.
    let (key, sign, value) = match text.find(['=', '!', '<', '>']) {
        None => (text, "", ""),
        Some(0) if text.starts_with('!') => (&text[1..], "!", ""),
        Some(at) => {
            let sign = ["!=", ">=", "<=", "="].into_iter().find(|sign| text[at..].starts_with(sign));
            let Some(sign) = sign else {
                return Err(usage("CUSTOM_FILTER", format!("`{text}` is no filter of a custom field"), CUSTOM_HINT));
            };
            (&text[..at], sign, text[at + sign.len()..].trim())
        }
    };
    let key = key.trim();
    let key = key.strip_prefix("custom.").unwrap_or(key);
    FieldKey::parse(&format!("custom.{key}"))?;
    let value = || value.to_owned();
    let is = match sign {
        "" => Comparison::Present,
        "!" => Comparison::Absent,
        "=" => Comparison::Equal(value()),
        "!=" => Comparison::Different(value()),
        _ => end(text, &value(), sign == ">=")?,
    };
    if matches!(&is, Comparison::Equal(text) | Comparison::Different(text) if text.is_empty()) {
        return Err(usage(
            "CUSTOM_FILTER",
            format!("`{text}` compares with nothing"),
            "`--custom KEY` wants any value, `--custom !KEY` none",
        ));
    }
    Ok(Filter::Custom { key: key.to_owned(), is })
}

const CUSTOM_HINT: &str = "write KEY=VALUE, KEY!=VALUE, KEY>=N, KEY<=N, KEY or !KEY";

/// One end of a range: a number, or a date or time.
fn end(text: &str, value: &str, least: bool) -> Result<Comparison, Failure> {
    let number: Option<f64> = value.parse().ok().filter(|number: &f64| number.is_finite());
    match number {
        Some(number) if least => Ok(Comparison::Number(Some(number), None)),
        Some(number) => Ok(Comparison::Number(None, Some(number))),
        None if read_time(value, false).is_some() => {
            let end = Some(value.to_owned());
            Ok(if least { Comparison::Text(end, None) } else { Comparison::Text(None, end) })
        }
        None => Err(usage(
            "CUSTOM_RANGE",
            format!("`{text}` compares with neither a number nor a date"),
            "write KEY>=10, or KEY>=2026-11-01",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_range(text: &str, expected: &str) {
        let told = |at: Time| at.map_or_else(String::new, |at| at.format("%Y-%m-%dT%H:%M").to_string());
        let found = match read_range(text) {
            Ok((from, to)) => format!("{}..{}", told(from), told(to)),
            Err(failure) => failure.message,
        };
        assert_eq!(found, expected);
    }

    #[test]
    fn ranges_of_time_have_ends_that_may_be_open() {
        check_range("2026-11-01..2026-11-30", "2026-11-01T00:00..2026-12-01T00:00");
        check_range("2026-11-01", "2026-11-01T00:00..2026-11-02T00:00");
        check_range("2026-11-01T10:00..", "2026-11-01T10:00..");
        check_range("..2026-11-01 09:30", "..2026-11-01T09:30");
        check_range("2026-11-01T10:00:00+08:00..2026-11-01", "2026-11-01T02:00..2026-11-02T00:00");
        check_range("..", "`..` has neither beginning nor end");
        check_range("", "`` has neither beginning nor end");
        check_range("11/01/2026..", "`11/01/2026..` is no range of dates");
        check_range("2026-02-30..", "`2026-02-30..` is no range of dates");
        check_range("2026-12-01..2026-11-01", "`2026-12-01..2026-11-01` ends before it begins");
    }

    #[track_caller]
    fn check_custom(text: &str, expected: Result<(&str, Comparison), &str>) {
        let found = read_custom(text).map_err(|failure| failure.code.into_owned());
        let expected = expected.map(|(key, is)| Filter::Custom { key: key.to_owned(), is }).map_err(str::to_owned);
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn custom_filters_are_read() {
        let text = |text: &str| Some(text.to_owned());
        check_custom("tier=gold", Ok(("tier", Comparison::Equal("gold".to_owned()))));
        check_custom("custom.tier = a=b", Ok(("tier", Comparison::Equal("a=b".to_owned()))));
        check_custom("tier!=gold", Ok(("tier", Comparison::Different("gold".to_owned()))));
        check_custom("tier", Ok(("tier", Comparison::Present)));
        check_custom("!tier", Ok(("tier", Comparison::Absent)));
        check_custom("points>=-2.5", Ok(("points", Comparison::Number(Some(-2.5), None))));
        check_custom("points<=10", Ok(("points", Comparison::Number(None, Some(10.0)))));
        check_custom("since>=2026-11-01", Ok(("since", Comparison::Text(text("2026-11-01"), None))));
        check_custom("since<=2026-11-01T10:00", Ok(("since", Comparison::Text(None, text("2026-11-01T10:00")))));
        check_custom("points>10", Err("CUSTOM_FILTER"));
        check_custom("points>=inf", Err("CUSTOM_RANGE"));
        check_custom("points>=", Err("CUSTOM_RANGE"));
        check_custom("tier=", Err("CUSTOM_FILTER"));
        check_custom("a b=c", Err("FIELD_UNKNOWN"));
        check_custom("!", Err("FIELD_UNKNOWN"));
        check_custom("", Err("FIELD_UNKNOWN"));
    }
}
