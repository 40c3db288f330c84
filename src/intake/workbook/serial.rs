//! Days and times that a spreadsheet keeps as numbers, as text in ISO 8601: both date systems, and the 29th of February
//! 1900, which never was.

use chrono::Days;
use chrono::NaiveDate;

use super::number;

/// Milliseconds of a day.
const DAY: i64 = 86_400_000;
/// The last day that a spreadsheet knows: 9999-12-31.
const LAST: i64 = 2_958_465;

/// From which day a workbook counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Epoch {
    /// Day 1 is 1900-01-01, and day 60 a day that never was.
    Of1900,
    /// Day 0 is 1904-01-01.
    Of1904,
}

impl Epoch {
    /// A day, with its time unless that is midnight: `1980-12-14`, `1980-12-14T08:30:00`. A time alone is a time. What
    /// is no day stays a number.
    pub(super) fn date(self, value: f64) -> String {
        let Some((day, time)) = split(value) else { return number::plain(value) };
        if day == 0 && time > 0 && self == Self::Of1900 {
            return clock(time);
        }
        match self.day(day) {
            None => number::plain(value),
            Some(date) if time == 0 => date,
            Some(date) => format!("{date}T{}", clock(time)),
        }
    }

    /// A time of the day; with its day, if the number has one.
    pub(super) fn time(self, value: f64) -> String {
        match split(value) {
            Some((0, time)) => clock(time),
            Some(_) => self.date(value),
            None => number::plain(value),
        }
    }

    fn day(self, day: i64) -> Option<String> {
        let (start, day) = match (self, day) {
            (Self::Of1900, 0) => return Some("1900-01-00".to_owned()),
            (Self::Of1900, 60) => return Some("1900-02-29".to_owned()),
            (Self::Of1900, 1..60) => (NaiveDate::from_ymd_opt(1899, 12, 31)?, day),
            (Self::Of1900, _) => (NaiveDate::from_ymd_opt(1899, 12, 30)?, day),
            (Self::Of1904, _) => (NaiveDate::from_ymd_opt(1904, 1, 1)?, day),
        };
        let date = start.checked_add_days(Days::new(u64::try_from(day).ok()?))?;
        Some(date.format("%Y-%m-%d").to_string())
    }
}

/// How long something takes, in hours, minutes and seconds: `27:30:00`.
pub(super) fn duration(value: f64) -> String {
    if !value.is_finite() || value.abs() > LAST as f64 {
        return number::plain(value);
    }
    let time = (value.abs() * DAY as f64).round() as i64;
    format!("{}{}", if value < 0.0 { "-" } else { "" }, clock(time))
}

/// The day's number, and the milliseconds into it.
fn split(value: f64) -> Option<(i64, i64)> {
    if !(0.0..(LAST + 1) as f64).contains(&value) {
        return None;
    }
    let time = (value * DAY as f64).round() as i64;
    Some((time / DAY, time % DAY))
}

fn clock(time: i64) -> String {
    let (seconds, rest) = (time / 1000, time % 1000);
    let clock = format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    if rest == 0 { clock } else { format!("{clock}.{rest:03}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(epoch: Epoch, value: f64, expected: &str) {
        assert_eq!(epoch.date(value), expected);
    }

    #[test]
    fn days_are_those_of_the_calendar() {
        check(Epoch::Of1900, 29_569.0, "1980-12-14");
        check(Epoch::Of1900, 1.0, "1900-01-01");
        check(Epoch::Of1900, 59.0, "1900-02-28");
        check(Epoch::Of1900, 60.0, "1900-02-29");
        check(Epoch::Of1900, 61.0, "1900-03-01");
        check(Epoch::Of1900, 0.0, "1900-01-00");
        check(Epoch::Of1900, 2_958_465.0, "9999-12-31");
        check(Epoch::Of1904, 28_107.0, "1980-12-14");
        check(Epoch::Of1904, 0.0, "1904-01-01");
    }

    #[test]
    fn times_go_behind_their_days() {
        check(Epoch::Of1900, 29_569.354_166_666_664, "1980-12-14T08:30:00");
        check(Epoch::Of1900, 29_569.999_999_999_9, "1980-12-15");
        check(Epoch::Of1900, 0.5, "12:00:00");
        assert_eq!(Epoch::Of1900.time(0.000_005_787), "00:00:00.500");
        assert_eq!(Epoch::Of1900.time(29_569.5), "1980-12-14T12:00:00");
        assert_eq!(duration(1.145_833_333_333_333_3), "27:30:00");
        assert_eq!(duration(-0.5), "-12:00:00");
    }

    #[test]
    fn what_is_no_day_stays_a_number() {
        check(Epoch::Of1900, -1.0, "-1");
        check(Epoch::Of1900, 3_000_000.0, "3000000");
        check(Epoch::Of1900, f64::NAN, "NaN");
    }
}
