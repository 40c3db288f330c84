//! Dates of day, month and year, read by a declared order and never by guessing.
//! Today is a parameter: nothing here looks at a clock.

use std::fmt;
use std::str::FromStr;

use chrono::{Datelike, Days, NaiveDate};

use super::invalid::Invalid;
use super::text::{clean, plain_number, shown};
use super::warning::{Caution, Warning};

/// The first year that is believed; some exports write 1604 for a birthday without a year.
const MIN_YEAR: i32 = 1800;
/// The longest spreadsheet serial: six digits reach the year 4637.
const SERIAL_MAX_DIGITS: usize = 6;

/// The order in which a file writes its dates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DateFormat {
    /// `MM/DD/YYYY`.
    Mdy,
    /// `DD/MM/YYYY`.
    Dmy,
    /// `YYYY-MM-DD`, which is accepted under the others too.
    Ymd,
}

impl DateFormat {
    fn as_str(self) -> &'static str {
        match self {
            Self::Mdy => "MM/DD/YYYY",
            Self::Dmy => "DD/MM/YYYY",
            Self::Ymd => "YYYY-MM-DD",
        }
    }
}

impl DateFormat {
    /// Writes a date in this order.
    #[must_use]
    pub fn write(self, date: NaiveDate) -> String {
        let pattern = match self {
            Self::Mdy => "%m/%d/%Y",
            Self::Dmy => "%d/%m/%Y",
            Self::Ymd => "%Y-%m-%d",
        };
        date.format(pattern).to_string()
    }
}

impl fmt::Display for DateFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for DateFormat {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        [Self::Mdy, Self::Dmy, Self::Ymd]
            .into_iter()
            .find(|format| format.as_str().eq_ignore_ascii_case(text.trim()))
            .ok_or_else(|| {
                Invalid::new("DATE_FORMAT", format!("`{}` is not a date format", shown(text)))
                    .hint("use MM/DD/YYYY, DD/MM/YYYY or YYYY-MM-DD")
            })
    }
}

/// Reads a date written in `format` or in ISO 8601 (`1980-12-14`, `19801214`), with `accept_serial`
/// also a spreadsheet's day number (`29569`). A time of midnight behind it is let go.
///
/// Refused as `DATE_FORMAT`, `DATE_RANGE` (no such day, or before 1800), `DATE_FUTURE` (after
/// `today`) or `DATE_SERIAL`.
pub fn parse_date(text: &str, format: DateFormat, accept_serial: bool, today: NaiveDate) -> Result<NaiveDate, Invalid> {
    let text = clean(text);
    let ascii = plain_number(&text);
    let day = without_midnight(&ascii);
    let date = match groups(day) {
        Some(groups) => from_groups(day, &groups, format)?,
        None => from_digits(day, accept_serial, format)?,
    };
    check_range(date, today)
}

/// What to know about a date that was read from `text` in `format`: whether day and month could be told apart by nothing else, as in
/// `03/04/1980`.
#[must_use]
pub fn doubt(text: &str, date: NaiveDate, format: DateFormat) -> Option<Warning> {
    // Only these can be swapped, and most dates are told by this alone.
    if date.day() > 12 || date.day() == date.month() || !is_ambiguous(text) {
        return None;
    }
    let message = format!("`{}` could be two days: read as {date}, for {format}", shown(text));
    Some(Warning::new(Caution::AmbiguousDate, message))
}

fn is_ambiguous(text: &str) -> bool {
    let text = clean(text);
    let ascii = plain_number(&text);
    groups(without_midnight(&ascii)).is_some_and(|groups| {
        let month = |index: usize| (1..=12).contains(&groups.values[index]);
        groups.year == YearAt::End && month(0) && month(1) && groups.values[0] != groups.values[1]
    })
}

/// Where the four-digit group stands.
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(test, derive(Debug))]
enum YearAt {
    Start,
    End,
}

/// Three numbers parted by one kind of separator.
#[cfg_attr(test, derive(PartialEq, Debug))]
struct Groups {
    values: [u32; 3],
    year: YearAt,
    separator: char,
}

/// Spreadsheets and databases put `00:00:00` behind a day. Any other time is left, and refused.
fn without_midnight(text: &str) -> &str {
    let Some((day, time)) = text.split_once([' ', 'T']) else {
        return text;
    };
    let time = time.strip_suffix('Z').unwrap_or(time);
    let zeros = time.len() >= 4 && time.bytes().all(|byte| matches!(byte, b'0' | b':' | b'.'));
    let noon_clock = time.eq_ignore_ascii_case("12:00:00 am") || time.eq_ignore_ascii_case("12:00 am");
    if zeros || noon_clock { day } else { text }
}

fn groups(text: &str) -> Option<Groups> {
    of_ten(text).or_else(|| of_any(text))
}

/// `12/14/1980` and `1980-12-14`: with all of their zeros, as programs write them, and so in most files.
fn of_ten(text: &str) -> Option<Groups> {
    let (separators, digits, year) = match *text.as_bytes() {
        [a, b, s, c, d, t, e, f, g, h] if !s.is_ascii_digit() => ([s, t], [a, b, c, d, e, f, g, h], YearAt::End),
        [a, b, c, d, s, e, f, t, g, h] => ([s, t], [a, b, c, d, e, f, g, h], YearAt::Start),
        _ => return None,
    };
    let separator = separators[0];
    if separators[1] != separator || !matches!(separator, b'/' | b'-' | b'.') || !digits.iter().all(u8::is_ascii_digit)
    {
        return None;
    }
    let [a, b, c, d] = [0, 2, 4, 6].map(|at| u32::from(digits[at] - b'0') * 10 + u32::from(digits[at + 1] - b'0'));
    let values = if year == YearAt::End { [a, b, c * 100 + d] } else { [a * 100 + b, c, d] };
    Some(Groups { values, year, separator: char::from(separator) })
}

fn of_any(text: &str) -> Option<Groups> {
    let separator = text.chars().find(|c| matches!(c, '/' | '-' | '.'))?;
    let mut parts = text.split(separator);
    let parts = [parts.next()?, parts.next()?, parts.next().filter(|_| parts.next().is_none())?];
    let year = match parts.map(str::len) {
        [4, 1..=2, 1..=2] => YearAt::Start,
        [1..=2, 1..=2, 4] => YearAt::End,
        _ => return None,
    };
    let mut values = [0; 3];
    for (value, part) in values.iter_mut().zip(parts) {
        *value = number(part)?;
    }
    Some(Groups { values, year, separator })
}

/// The value of ASCII digits; a sign is none.
fn number(text: &str) -> Option<u32> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

fn from_groups(text: &str, groups: &Groups, format: DateFormat) -> Result<NaiveDate, Invalid> {
    let [a, b, c] = groups.values;
    let (year, month, day) = match (groups.year, format) {
        (YearAt::Start, _) => (a, b, c),
        // With dots the day comes first wherever dots are used.
        (YearAt::End, DateFormat::Mdy) if groups.separator != '.' => (c, a, b),
        (YearAt::End, DateFormat::Dmy) => (c, b, a),
        (YearAt::End, _) => return Err(not_in_format(text, format)),
    };
    i32::try_from(year)
        .ok()
        .and_then(|year| NaiveDate::from_ymd_opt(year, month, day))
        .ok_or_else(|| no_such_day(text, month, day, format))
}

fn no_such_day(text: &str, month: u32, day: u32, format: DateFormat) -> Invalid {
    let invalid = Invalid::new("DATE_RANGE", format!("`{}` is not a day of the calendar", shown(text)));
    if month > 12 && (1..=12).contains(&day) && format != DateFormat::Ymd {
        return invalid.hint(format!(
            "dates are read as {format}; if the file has the day and the month the other way round, change `date_format`"
        ));
    }
    invalid.hint(format!("write a day that there is, as {format} or YYYY-MM-DD"))
}

fn not_in_format(text: &str, format: DateFormat) -> Invalid {
    let invalid = Invalid::new("DATE_FORMAT", format!("`{}` is not a date in {format}", shown(text)));
    invalid.hint(format!("write it as {format} or YYYY-MM-DD, with four digits for the year"))
}

/// `19801214`, or a spreadsheet's day number.
fn from_digits(text: &str, accept_serial: bool, format: DateFormat) -> Result<NaiveDate, Invalid> {
    let whole = text.strip_suffix(".0").unwrap_or(text);
    let Some(value) = number(whole) else {
        return Err(not_in_format(text, format));
    };
    if text.len() == 8 {
        let date = i32::try_from(value / 10_000)
            .ok()
            .and_then(|year| NaiveDate::from_ymd_opt(year, value / 100 % 100, value % 100));
        return date.ok_or_else(|| no_such_day(text, value / 100 % 100, value % 100, DateFormat::Ymd));
    }
    let looks_like_year = whole.len() == 4 && (1800..=2100).contains(&value);
    if whole.len() > SERIAL_MAX_DIGITS || looks_like_year {
        return Err(not_in_format(text, format));
    }
    let date = from_serial(value).ok_or_else(|| {
        Invalid::new("DATE_RANGE", format!("`{}` is no day of a spreadsheet", shown(text)))
            .hint(format!("write it as {format} or YYYY-MM-DD"))
    })?;
    if accept_serial {
        return Ok(date);
    }
    Err(Invalid::new("DATE_SERIAL", format!("`{}` is a spreadsheet's number for a day", shown(text))).hint(format!(
        "it stands for {date} in most spreadsheets; format the column as a date, or set `accept_serial_dates`"
    )))
}

/// Day 1 is 1900-01-01, and day 60 the 29 February 1900 that never was.
fn from_serial(serial: u32) -> Option<NaiveDate> {
    let before_first = NaiveDate::from_ymd_opt(1899, 12, 31)?;
    match serial {
        0 | 60 => None,
        1..60 => before_first.checked_add_days(Days::new(serial.into())),
        _ => before_first.checked_add_days(Days::new(u64::from(serial) - 1)),
    }
}

fn check_range(date: NaiveDate, today: NaiveDate) -> Result<NaiveDate, Invalid> {
    if date > today {
        return Err(Invalid::new("DATE_FUTURE", format!("`{date}` is in the future"))
            .hint("check the year; leave it empty if it isn't known"));
    }
    if date.year() < MIN_YEAR {
        let message = format!("`{date}` is before the year {MIN_YEAR}");
        return Err(Invalid::new("DATE_RANGE", message).hint("leave the cell empty if the year isn't known"));
    }
    Ok(date)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::DateFormat::{Dmy, Mdy, Ymd};
    use super::*;

    fn today() -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 6, 15).expect("a day")
    }

    fn read(text: &str, format: DateFormat) -> Result<String, &'static str> {
        parse_date(text, format, false, today()).map(|date| date.to_string()).map_err(|invalid| invalid.code)
    }

    #[track_caller]
    fn check(text: &str, format: DateFormat, date: &str) {
        assert_eq!(read(text, format), Ok(date.to_owned()), "{text}");
    }

    #[test]
    fn the_declared_format_decides() {
        check("12/14/1980", Mdy, "1980-12-14");
        check("03/04/1980", Mdy, "1980-03-04");
        check("03/04/1980", Dmy, "1980-04-03");
        check("3-4-1980", Mdy, "1980-03-04");
        check("14.12.1980", Dmy, "1980-12-14");
        check(" 12/14/1980 00:00:00 ", Mdy, "1980-12-14");
        check("12/14/1980 12:00:00 AM", Mdy, "1980-12-14");
        check("１２/１４/１９８０", Mdy, "1980-12-14");
        check("02/29/1980", Mdy, "1980-02-29");
        for format in [Mdy, Dmy, Ymd] {
            check("1980-12-14", format, "1980-12-14");
            check("1980/12/14", format, "1980-12-14");
            check("1980-12-14T00:00:00.000Z", format, "1980-12-14");
            check("19801214", format, "1980-12-14");
        }
    }

    #[test]
    fn nothing_rolls_over_or_is_guessed() {
        for (text, code) in [
            ("", "DATE_FORMAT"),
            ("14/12/1980", "DATE_RANGE"),
            ("02/29/1981", "DATE_RANGE"),
            ("00/10/1980", "DATE_RANGE"),
            ("19801314", "DATE_RANGE"),
            ("1604-05-06", "DATE_RANGE"),
            ("01/01/1600", "DATE_RANGE"),
            ("06/16/2026", "DATE_FUTURE"),
            ("9999-01-01", "DATE_FUTURE"),
            ("29569", "DATE_SERIAL"),
            ("29569.0", "DATE_SERIAL"),
            ("1980", "DATE_FORMAT"),
            ("14-Dec-80", "DATE_FORMAT"),
            ("12/14/80", "DATE_FORMAT"),
            ("1/1", "DATE_FORMAT"),
            ("--06-12", "DATE_FORMAT"),
            ("12/14-1980", "DATE_FORMAT"),
            ("12/+4/1980", "DATE_FORMAT"),
            ("03.04.1980", "DATE_FORMAT"),
            ("12/14/1980 09:30", "DATE_FORMAT"),
        ] {
            assert_eq!(read(text, Mdy), Err(code), "{text}");
        }
        assert_eq!(read("12/14/1980", Dmy), Err("DATE_RANGE"));
        assert_eq!(read("12/14/1980", Ymd), Err("DATE_FORMAT"));
        let invalid = parse_date("14/12/1980", Mdy, false, today()).expect_err("month 14");
        assert!(invalid.hint.is_some_and(|hint| hint.contains("date_format")));
    }

    #[test]
    fn serials_count_from_1900() {
        for (text, date) in [
            ("29569", "1980-12-14"),
            ("29569.0", "1980-12-14"),
            ("1", "1900-01-01"),
            ("59", "1900-02-28"),
            ("61", "1900-03-01"),
        ] {
            let read = parse_date(text, Mdy, true, today()).expect(text);
            assert_eq!(read.to_string(), date, "{text}");
        }
        for (text, code) in
            [("60", "DATE_RANGE"), ("0", "DATE_RANGE"), ("90000", "DATE_FUTURE"), ("1980", "DATE_FORMAT")]
        {
            let invalid = parse_date(text, Mdy, true, today()).expect_err(text);
            assert_eq!(invalid.code, code, "{text}");
        }
    }

    #[test]
    fn ambiguity_is_seen() {
        for (text, ambiguous) in [
            ("03/04/1980", true),
            ("3-4-1980", true),
            ("03/03/1980", false),
            ("12/14/1980", false),
            ("1980-03-04", false),
            ("x", false),
        ] {
            assert_eq!(is_ambiguous(text), ambiguous, "{text}");
        }
    }

    #[test]
    fn formats_read_back() {
        for format in [Mdy, Dmy, Ymd] {
            assert_eq!(format.to_string().parse(), Ok(format));
        }
        assert_eq!("mm/dd/yyyy".parse(), Ok(Mdy));
        assert!("MM/DD".parse::<DateFormat>().is_err());
    }

    proptest! {
        #[test]
        fn ten_characters_are_read_as_any_number_of_them(text in "[0-9]{2}[/.-][0-9]{2}[/.-][0-9]{4}|[0-9]{4}[/.-][0-9]{2}[/.-][0-9]{2}|[0-9/.x-]{10}") {
            prop_assert!(of_ten(&text).is_none_or(|read| of_any(&text) == Some(read)), "{}", text);
        }

        #[test]
        fn any_text_is_read_or_refused(
            text in "\\PC*|[0-9]{1,9}|[0-9]{1,4}[/.-][0-9]{1,2}[/.-][0-9]{1,4}",
            serial in any::<bool>(),
        ) {
            let _ = is_ambiguous(&text);
            if let Ok(date) = parse_date(&text, Mdy, serial, today()) {
                prop_assert_eq!(parse_date(&date.to_string(), Mdy, serial, today()), Ok(date));
            }
        }
    }
}
