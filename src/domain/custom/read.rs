//! Reading values of custom fields from text, by the field's type. Each has one form in which it is stored, and takes that form back.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, SecondsFormat, Utc};

use super::super::access::{read_yes_no, yes_no};
use super::super::date::{DateFormat, parse_date};
use super::super::invalid::Invalid;
use super::super::rules::Rules;
use super::super::text::{
    LEAVE_EMPTY, TEXT_MAX_CHARS, TEXTAREA_MAX_CHARS, URL_MAX_CHARS, check_text, clean, is_blank, is_blank_token,
    plain_number, shown, word_key,
};
use super::{CustomField, CustomKind};

/// The largest whole number that every spreadsheet and every JSON reader keeps: 2^53 − 1.
const INTEGER_MAX: i64 = 9_007_199_254_740_991;

/// Digits of a number that a spreadsheet keeps.
const NUMBER_MAX_DIGITS: usize = 15;

/// Between two tags as they are stored.
pub(super) const TAG_SEPARATOR: &str = "; ";

impl CustomField {
    /// Reads a value that is not blank, and returns it as it is stored.
    pub(super) fn read(&self, value: &str, rules: &Rules) -> Result<String, Invalid> {
        let value = &*clean(value);
        match self.kind {
            // No two records share it: it cannot say that there is none.
            CustomKind::Identifier if is_blank_token(value) => {
                Err(refused("CUSTOM_IDENTIFIER", value, "no identifier").hint(LEAVE_EMPTY))
            }
            CustomKind::Text | CustomKind::Identifier => line(value, TEXT_MAX_CHARS),
            CustomKind::Textarea => lines(value, TEXTAREA_MAX_CHARS),
            CustomKind::Integer => integer(value),
            CustomKind::Number => number(value),
            CustomKind::Checkbox => checkbox(value),
            CustomKind::Date => date(value, rules),
            CustomKind::Datetime => datetime(value),
            CustomKind::Dropdown => self.option(value),
            CustomKind::Url => url(value),
            CustomKind::Tags => tags(value),
        }
    }

    /// An option is found without regard to case and width, and stored as the schema writes it.
    fn option(&self, value: &str) -> Result<String, Invalid> {
        let wanted = value.to_lowercase();
        let same = |option: &&String| option.to_lowercase() == wanted;
        let loose = |option: &&String| word_key(option) == word_key(value);
        let found = self.options.iter().find(same).or_else(|| self.options.iter().find(loose));
        found.cloned().ok_or_else(|| {
            refused("CUSTOM_OPTION", value, &format!("no option of `{}`", self.label))
                .hint(format!("use one of {}", self.options_text()))
        })
    }
}

fn refused(code: &'static str, value: &str, what: &str) -> Invalid {
    Invalid::new(code, format!("`{}` is {what}", shown(value)))
}

/// A rule of all texts, under the code of custom fields.
fn renamed(invalid: Invalid) -> Invalid {
    let code = match invalid.code {
        "TEXT_CONTROL" => "CUSTOM_CONTROL",
        "TEXT_LENGTH" | "TEXT_TOO_LONG" => "CUSTOM_TOO_LONG",
        code => code,
    };
    Invalid { code, ..invalid }
}

fn line(value: &str, max_chars: usize) -> Result<String, Invalid> {
    check_text(value, max_chars, false).map_err(renamed)?;
    Ok(value.to_owned())
}

/// Reads a text of several lines.
pub(super) fn lines(value: &str, max_chars: usize) -> Result<String, Invalid> {
    check_text(value, max_chars, true).map_err(renamed)?;
    Ok(value.to_owned())
}

fn all_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

fn integer(value: &str) -> Result<String, Invalid> {
    let text = plain_number(value);
    let no_integer = || {
        refused("CUSTOM_INTEGER", value, "no whole number")
            .hint("write digits alone, such as 1250, with a - before it if it is negative")
    };
    // A spreadsheet writes 5.0 where it means 5.
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, "0"));
    let digits = whole.strip_prefix(['+', '-']).unwrap_or(whole);
    if digits.is_empty() || !all_digits(digits) || fraction.is_empty() || fraction.bytes().any(|byte| byte != b'0') {
        return Err(no_integer());
    }
    let parsed: Option<i64> = whole.parse().ok();
    let number = parsed.filter(|number| number.unsigned_abs() <= INTEGER_MAX.unsigned_abs());
    number.map(|number| number.to_string()).ok_or_else(|| {
        refused("CUSTOM_RANGE", value, "too large a number")
            .hint(format!("numbers reach from -{INTEGER_MAX} to {INTEGER_MAX}; keep longer digits in a text field"))
    })
}

/// Kept as decimal digits, so that nothing is rounded.
fn number(value: &str) -> Result<String, Invalid> {
    let text = plain_number(value);
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text.strip_prefix('+').unwrap_or(&text)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if (whole.is_empty() && fraction.is_empty()) || !all_digits(whole) || !all_digits(fraction) {
        return Err(refused("CUSTOM_NUMBER", value, "no number")
            .hint("write it like 1234.5: a point for decimals, nothing between thousands, no exponent"));
    }
    let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
    if whole.len() + fraction.len() > NUMBER_MAX_DIGITS {
        return Err(refused("CUSTOM_RANGE", value, "too long a number")
            .hint(format!("use {NUMBER_MAX_DIGITS} digits at most; keep longer ones in a text field")));
    }
    let whole = if whole.is_empty() { "0" } else { whole };
    let sign = if whole == "0" && fraction.is_empty() { "" } else { sign };
    let point = if fraction.is_empty() { "" } else { "." };
    Ok([sign, whole, point, fraction].concat())
}

fn checkbox(value: &str) -> Result<String, Invalid> {
    let read = read_yes_no(value).map_err(|invalid| Invalid { code: "CUSTOM_CHECKBOX", ..invalid })?;
    Ok(yes_no(read).to_owned())
}

/// Unlike birth dates, others may lie ahead.
fn date(value: &str, rules: &Rules) -> Result<String, Invalid> {
    let read = parse_date(value, rules.date_format, rules.accept_serial_dates, NaiveDate::MAX);
    let day = read.map_err(|invalid| Invalid { code: "CUSTOM_DATE", ..invalid })?;
    Ok(DateFormat::Ymd.write(day))
}

fn datetime(value: &str) -> Result<String, Invalid> {
    let text = plain_number(value);
    let zoned = DateTime::parse_from_rfc3339(&text).ok().map(|at| at.with_timezone(&Utc));
    let naive = || {
        let formats = ["%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S"];
        formats.iter().find_map(|format| NaiveDateTime::parse_from_str(&text, format).ok()).map(|at| at.and_utc())
    };
    let at = zoned.or_else(naive).filter(|at| (1800..=9999).contains(&at.year()));
    at.map(|at| at.to_rfc3339_opts(SecondsFormat::AutoSi, true)).ok_or_else(|| {
        refused("CUSTOM_DATETIME", value, "no date with a time")
            .hint("write 2026-12-31 23:59 (UTC), or 2026-12-31T23:59:00+08:00")
    })
}

fn url(value: &str) -> Result<String, Invalid> {
    check_text(value, URL_MAX_CHARS, false).map_err(renamed)?;
    let no_url = |hint: &str| refused("CUSTOM_URL", value, "no web address").hint(hint);
    let Some((scheme, rest)) = value.split_once("://") else {
        return Err(no_url("write it in full, such as https://example.com/page"));
    };
    let scheme = scheme.to_ascii_lowercase();
    if !matches!(scheme.as_str(), "http" | "https") {
        return Err(no_url("use an address that begins with http:// or https://"));
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    let (name, port) = match host.rsplit_once(':').filter(|(name, _)| !name.ends_with(':') && !host.ends_with(']')) {
        Some((name, port)) => (name, port),
        None => (host, "80"),
    };
    let sound = !name.is_empty()
        && !name.starts_with('.')
        && port.parse::<u16>().is_ok_and(|port| port > 0)
        && !rest.contains(|c: char| c.is_whitespace() || matches!(c, '\\' | '<' | '>' | '"'));
    if !sound {
        return Err(no_url("write it in full and without spaces, such as https://example.com/page"));
    }
    Ok(format!("{scheme}://{rest}"))
}

/// The tags of a cell, cleaned, without blanks.
pub(super) fn split_tags(value: &str) -> impl Iterator<Item = &str> {
    value.split([';', ',']).map(str::trim).filter(|tag| !is_blank(tag))
}

fn tags(value: &str) -> Result<String, Invalid> {
    let mut tags: Vec<String> = Vec::new();
    for tag in split_tags(value) {
        let tag = line(&clean(tag), TEXT_MAX_CHARS)?;
        if !tags.iter().any(|known| known.to_lowercase() == tag.to_lowercase()) {
            tags.push(tag);
        }
    }
    if tags.is_empty() {
        return Err(refused("CUSTOM_TAGS", value, "no tag").hint("write tags separated by `;` or `,`"));
    }
    lines(&tags.join(TAG_SEPARATOR), TEXTAREA_MAX_CHARS)
}
