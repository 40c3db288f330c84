//! Numbers of spreadsheets as text: as a spreadsheet shows them, fifteen digits and no scientific notation; and by which
//! signs a number tells that it had more.

/// From where on a spreadsheet's number has more than fifteen digits, of which it keeps fifteen.
const EXACT: f64 = 1e15;
/// Digits of which a number shown in scientific notation keeps no more, if it was typed so.
const SCIENTIFIC_DIGITS: usize = 7;

/// A number as a spreadsheet shows it in a wide column.
pub(super) fn plain(value: f64) -> String {
    if !value.is_finite() {
        return value.to_string();
    }
    if value == value.trunc() && value.abs() < EXACT {
        return format!("{}", value as i64);
    }
    let digits = format!("{value:.14e}");
    let Some((mantissa, exponent)) = digits.split_once('e') else { return digits };
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |rest| ("-", rest));
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let digits = digits.trim_end_matches('0');
    let Ok(exponent) = exponent.parse::<i64>() else { return value.to_string() };
    let (whole, fraction) = match usize::try_from(exponent) {
        Ok(exponent) => {
            let at = (exponent + 1).min(digits.len());
            (format!("{:0<width$}", &digits[..at], width = exponent + 1), digits[at..].to_owned())
        }
        Err(_) => ("0".to_owned(), format!("{}{digits}", "0".repeat(exponent.unsigned_abs() as usize - 1))),
    };
    if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

/// A share as a spreadsheet shows it: `12.5%`.
pub(super) fn percent(value: f64) -> String {
    format!("{}%", plain(value * 100.0))
}

/// A whole number with zeros in front, as by the format `00000`; nothing if it is none.
pub(super) fn padded(value: f64, width: usize) -> Option<String> {
    let whole = value >= 0.0 && value == value.trunc() && value < EXACT;
    whole.then(|| format!("{:0>width$}", value as i64))
}

/// Whether a number has lost digits for certain: a spreadsheet keeps fifteen.
pub(super) fn is_cut(value: f64) -> bool {
    value.is_finite() && value.abs() >= EXACT
}

/// Whether a number that is shown in scientific notation looks as if it had been typed so, as `8.5212E+11` is by a
/// spreadsheet that opens a CSV file: a long number of which only zeros follow the first few digits.
pub(super) fn was_typed_short(value: f64) -> bool {
    if value.abs() < 1e8 || value != value.trunc() || value.abs() >= EXACT {
        return false;
    }
    (value as i64).unsigned_abs().to_string().trim_end_matches('0').len() <= SCIENTIFIC_DIGITS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(value: f64, expected: &str) {
        assert_eq!(plain(value), expected);
    }

    #[test]
    fn numbers_look_as_in_a_spreadsheet() {
        check(0.0, "0");
        check(-0.0, "0");
        check(85_212_345_678.0, "85212345678");
        check(999_999_999_999_999.0, "999999999999999");
        check(0.1 + 0.2, "0.3");
        check(1.1 * 1.1, "1.21");
        check(-5.25, "-5.25");
        check(1234.5, "1234.5");
        check(0.000_000_123, "0.000000123");
        check(123_456_789.123_456_78, "123456789.123457");
        check(1e20, "100000000000000000000");
        check(1.234_567_890_123_456_7e19, "12345678901234600000");
        check(99_999_999_999_999.99, "100000000000000");
        check(1e-300, &format!("0.{}1", "0".repeat(299)));
    }

    #[test]
    fn shares_and_zeros_in_front_stay() {
        assert_eq!(percent(0.125), "12.5%");
        assert_eq!(percent(0.07), "7%");
        assert_eq!(padded(1234.0, 5).as_deref(), Some("01234"));
        assert_eq!(padded(123_456.0, 5).as_deref(), Some("123456"));
        assert_eq!(padded(-1.0, 5), None);
        assert_eq!(padded(1.5, 5), None);
    }

    #[test]
    fn lost_digits_are_noticed() {
        assert!(is_cut(1e15) && is_cut(-1.234e19) && !is_cut(999_999_999_999_999.0));
        assert!(was_typed_short(852_120_000_000.0) && was_typed_short(8.521e11));
        assert!(!was_typed_short(85_212_345_678.0) && !was_typed_short(5000.0));
    }
}
