//! From digits to E.164, where exactly one reading is possible.

use crate::cell::Written;
use crate::plan::Plan;

/// Fewest and most digits of a number with its country code that the built-in rules store.
const STORED: std::ops::RangeInclusive<usize> = 8..=20;

/// Returns a number in E.164, with ` x5` behind it if it has an extension; `None` when it cannot be read, or in more than one way.
/// `home` is the plan of the row's country.
pub fn clean(written: &Written, home: Option<&Plan>) -> Option<String> {
    let mut text = match written.plus {
        true => with_plus(written)?,
        false => without_plus(&written.digits, home)?,
    };
    if !written.extension.is_empty() {
        text.push_str(" x");
        text.push_str(&written.extension);
    }
    Some(text)
}

/// Says whether a cell holds a number in E.164 that fits its country's plan, and nothing else: most cells do, and need no reading.
pub fn is_clean(cell: &str) -> bool {
    let digits = cell.strip_prefix('+').filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
    digits.is_some_and(|digits| Plan::of_number(digits).is_some_and(|plan| plan.fits(&digits[plan.code.len()..])))
}

/// A number behind a `+`: nothing but its own digits decides. One that fits no known plan is only tidied.
fn with_plus(written: &Written) -> Option<String> {
    let digits = written.digits.strip_prefix("00").unwrap_or(&written.digits);
    let as_it_stands = || {
        let is_plausible =
            STORED.contains(&digits.len()) && !written.digits.starts_with('0') && !written.bracketed_zero;
        is_plausible.then(|| joined("", digits))
    };
    international(digits).or_else(as_it_stands)
}

/// A number without a `+`. All readings that the row's country allows are tried; if two differ, none is taken.
fn without_plus(digits: &str, home: Option<&Plan>) -> Option<String> {
    let mut readings = vec![digits.strip_prefix("00").and_then(international)];
    if let Some(home) = home {
        readings.extend([
            digits.strip_prefix(home.idd).filter(|_| !home.idd.is_empty()).and_then(international),
            home.without_trunk(digits).map(|national| joined(home.code, national)),
            home.is_whole(digits).then(|| joined(home.code, digits)),
            // The `+` was eaten, as spreadsheets do.
            digits.strip_prefix(home.code).and_then(|rest| behind_code(home, rest)),
        ]);
    }
    let mut readings = readings.into_iter().flatten();
    let first = readings.next()?;
    readings.all(|other| other == first).then_some(first)
}

/// Digits that begin with a country code.
fn international(digits: &str) -> Option<String> {
    let plan = Plan::of_number(digits)?;
    behind_code(plan, &digits[plan.code.len()..])
}

/// What stands behind a country code: a number, one with the trunk prefix left in (`+44 (0)20 …`), or with the country code once more
/// (`+852 852 …`). The first that fits is it: with the prefix or the code left in, it would fit no number of that country.
fn behind_code(plan: &Plan, rest: &str) -> Option<String> {
    let doubled = || rest.strip_prefix(plan.code).filter(|national| plan.fits(national));
    let national = Some(rest).filter(|rest| plan.fits(rest)).or_else(|| plan.without_trunk(rest)).or_else(doubled)?;
    Some(joined(plan.code, national))
}

fn joined(code: &str, digits: &str) -> String {
    ["+", code, digits].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell;

    fn read(text: &str, country: &str) -> Option<String> {
        clean(&cell::read(text)?, Plan::of_country(country))
    }

    #[track_caller]
    fn check(text: &str, country: &str, e164: &str) {
        assert_eq!(read(text, country).as_deref(), Some(e164), "{text} in {country:?}");
    }

    #[test]
    fn what_is_clean_is_read_as_it_stands() {
        for text in [
            "+85212345678",
            "+4420123456789",
            "+3904441234",
            "+85202345678",
            "+8521234",
            "+0085212345678",
            "+",
            "85212345678",
            "+852 12345678",
        ] {
            let clean = is_clean(text);
            assert!(!clean || read(text, "HK").as_deref() == Some(text), "{text}");
            assert_eq!(clean, ["+85212345678", "+3904441234"].contains(&text), "{text}");
        }
    }

    #[test]
    fn one_reading_is_taken() {
        for (text, country, e164) in [
            ("+85212345678", "", "+85212345678"),
            ("(852) 1234-5678", "HK", "+85212345678"),
            ("12345678", "Hong Kong", "+85212345678"),
            ("0085212345678", "", "+85212345678"),
            ("001 852 1234 5678", "HK", "+85212345678"),
            ("01185212345678", "US", "+85212345678"),
            ("0011 852 1234 5678", "AU", "+85212345678"),
            ("0444123456", "BE", "+32444123456"),
            ("020 7946 0958", "UK", "+442079460958"),
            ("+44 (0)20 7946 0958", "", "+442079460958"),
            ("44 (0)20 7946 0958", "GB", "+442079460958"),
            ("+49 (0)30 1234567", "", "+49301234567"),
            ("030/1234567", "DE", "+49301234567"),
            ("06 698 12345", "IT", "+390669812345"),
            ("+39 (0)6 698 12345", "", "+390669812345"),
            ("+852 852 1234 5678", "", "+85212345678"),
            ("+0085212345678", "", "+85212345678"),
            ("612345678", "FR", "+33612345678"),
            ("8 916 123-45-67", "RU", "+79161234567"),
            ("06 20 123 4567", "HU", "+36201234567"),
            ("1 520 878 2491", "US", "+15208782491"),
            ("520.878.2491 ext 5", "CA", "+15208782491 x5"),
            ("+999 1234 5678", "", "+99912345678"),
        ] {
            check(text, country, e164);
        }
    }

    #[test]
    fn two_readings_are_none() {
        // An Italian mobile number, or one that lost its plus.
        assert_eq!(read("3912345678", "IT"), None);
        // A local number of Berlin lacks its area code.
        assert_eq!(read("1234567", "DE"), None);
        // 011 is Johannesburg at home, and abroad elsewhere.
        check("011 123 4567", "ZA", "+27111234567");
        assert_eq!(read("01185212345678", ""), None);
    }

    #[test]
    fn no_reading_is_none() {
        for (text, country) in [
            ("12345678", ""),
            ("85212345678", ""),
            ("1234567", "HK"),
            ("123456789012", "HK"),
            ("1520878249", "US"),
            ("+1234567", ""),
            ("+0444123456", "BE"),
            ("+999 (0)1234 5678", ""),
        ] {
            assert_eq!(read(text, country), None, "{text} in {country:?}");
        }
    }

    #[test]
    fn what_is_clean_stays_so() {
        for text in ["+85212345678", "+442079460958", "+15208782491 x5", "+8521234567890123"] {
            check(text, "", text);
        }
    }
}
