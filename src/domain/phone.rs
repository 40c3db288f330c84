//! Phone numbers: from what stands in a cell to E.164, with every guess named as a warning.
//! The numbering plans come from libphonenumber; what this file adds is what spreadsheets do to numbers.

use rlibphonenumber::{NumberLengthType, PHONE_NUMBER_UTIL, PhoneNumber, PhoneNumberFormat, Region};

use super::country::Country;
use super::invalid::Invalid;
use super::text::{clean, digit_value, shown};
use super::warning::{Caution, Warning};

mod about;
mod plans;
mod scan;

pub use about::{About, about, dial_code};
use scan::{Scanned, scan};

/// Fewest digits of a number, country code included.
pub const MIN_DIGITS: usize = 8;
/// Most digits of a number, country code included.
pub const MAX_DIGITS: usize = 20;
/// Most digits of a number that can be dialled (E.164).
const MAX_DIALABLE_DIGITS: usize = 15;
/// Fewest digits of which a lost `+` is believed; shorter ones are national numbers somewhere.
const MIN_DIGITS_WITHOUT_PLUS: usize = 11;

/// How numbers may be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PhoneMode {
    /// `+` and digits, or with a default country digits alone.
    Strict,
    /// Also spaces, brackets, hyphens, `00`, digits of other scripts and extensions.
    Lenient,
}

/// A number that was accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParsedNumber {
    /// `+` and at most 15 digits; `None` when no numbering plan has room for the number, which is
    /// then kept as typed and cannot be dialled.
    pub e164: Option<String>,
    /// Digits to dial after the call is answered.
    pub extension: Option<String>,
    /// What was guessed or found odd, for the import's report.
    pub warning: Option<Warning>,
}

impl ParsedNumber {
    /// Tiny countries have numbers shorter than what the documents allow, and a trunk zero that
    /// was written counts for nothing.
    fn dialable(number: Dialable) -> Result<Self, Invalid> {
        check_length(number.e164.trim_start_matches('+'))?;
        Ok(Self { e164: Some(number.e164), extension: None, warning: None })
    }

    fn plus_restored(number: Dialable) -> Result<Self, Invalid> {
        let warning = Warning::new(Caution::PlusMissing, format!("the `+` was missing: read as {}", number.e164));
        let parsed = Self::dialable(number)?;
        Ok(Self { warning: Some(warning), ..parsed })
    }

    fn stored_only(message: String) -> Self {
        Self { e164: None, extension: None, warning: Some(Warning::new(Caution::NotDialable, message)) }
    }
}

/// Reads one number. `default_country` is where numbers without a country code belong.
///
/// Refused as `PHONE_FORMAT`, `PHONE_SCIENTIFIC` (digits lost in a spreadsheet), `PHONE_LETTERS`,
/// `PHONE_LENGTH`, `PHONE_SEVERAL` (more than one number) or `PHONE_COUNTRY` (no country known).
pub fn parse_number(text: &str, mode: PhoneMode, default_country: Option<Country>) -> Result<ParsedNumber, Invalid> {
    // Most cells of a clean file go this way.
    if is_plain_international(text) {
        return international(text);
    }
    let text = clean(text);
    let text = unwrap(&text);
    // Written before a national number, a zero in brackets is not dialled from abroad.
    let text =
        text.strip_prefix("(0)").filter(|_| mode == PhoneMode::Lenient && default_country.is_some()).unwrap_or(text);
    let scanned = scan(text)?;
    if mode == PhoneMode::Strict {
        check_strict(text)?;
    }
    let mut parsed = resolve(&scanned, default_country)?;
    parsed.extension = scanned.extension;
    Ok(parsed)
}

/// The extension in a number as it was typed, whatever country the number belongs to. Refused as by [`parse_number`] when it is no number
/// at all.
pub fn typed_extension(text: &str) -> Result<Option<String>, Invalid> {
    let text = clean(text);
    scan(unwrap(&text)).map(|scanned| scanned.extension)
}

/// The ASCII digits in any notation of a number, for searching by a fragment.
pub fn digits(text: &str) -> String {
    text.chars().filter_map(digit_value).map(|value| char::from(b'0' + value)).collect()
}

/// Whether the text is `+` and the digits of a number, and nothing around or between them.
pub(super) fn is_plain_international(text: &str) -> bool {
    match text.as_bytes() {
        [b'+', first, rest @ ..] => {
            (MIN_DIGITS - 1..MAX_DIALABLE_DIGITS).contains(&rest.len())
                && (b'1'..=b'9').contains(first)
                && rest.iter().all(u8::is_ascii_digit)
        }
        _ => false,
    }
}

/// Takes off what spreadsheets and links put around a number: `'+852…`, `="+852…"`, `tel:+852…`.
pub fn unwrap(text: &str) -> &str {
    let formula = text.strip_prefix("=\"").and_then(|rest| rest.strip_suffix('"'));
    let text = formula.unwrap_or(text).trim_start_matches('\'');
    match text.get(..4) {
        Some(scheme) if scheme.eq_ignore_ascii_case("tel:") => text[4..].trim(),
        _ => text.trim(),
    }
}

fn check_strict(text: &str) -> Result<(), Invalid> {
    let digits = text.strip_prefix('+').unwrap_or(text);
    if digits.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with("00") {
        return Ok(());
    }
    let message = format!("`{}` is not `+` and digits only", shown(text));
    Err(Invalid::new("PHONE_FORMAT", message).hint("write it like +85212345678, without spaces, brackets or hyphens"))
}

/// Finds out in which country's plan the number stands.
fn resolve(number: &Scanned, default_country: Option<Country>) -> Result<ParsedNumber, Invalid> {
    let digits = number.digits();
    if number.has_plus() {
        check_length(digits)?;
        return international(&number.signed);
    }
    if let Some(number) = after_idd(digits, default_country) {
        return ParsedNumber::dialable(number);
    }
    match default_country {
        Some(country) => national(number, country),
        None => {
            check_length(digits)?;
            let number = without_plus(digits).ok_or_else(no_country)?;
            ParsedNumber::plus_restored(number)
        }
    }
}

fn check_length(digits: &str) -> Result<(), Invalid> {
    if (MIN_DIGITS..=MAX_DIGITS).contains(&digits.len()) {
        return Ok(());
    }
    let message =
        format!("has {} digits, a number has {MIN_DIGITS} to {MAX_DIGITS} with its country code", digits.len());
    Err(Invalid::new("PHONE_LENGTH", message).hint("write the whole number with its country code, like +85212345678"))
}

fn no_country() -> Invalid {
    Invalid::new("PHONE_COUNTRY", "has no country code")
        .hint("choose a country for the numbers without one, or write it like +85212345678")
}

/// A number whose country code is written out. `signed` is `+` and digits, [`MIN_DIGITS`] or more.
fn international(signed: &str) -> Result<ParsedNumber, Invalid> {
    if signed.as_bytes().get(1) == Some(&b'0') {
        let message = format!("`{signed}` has no country code: none begins with 0");
        return Err(Invalid::new("PHONE_COUNTRY", message)
            .hint("leave out the `+` and choose a country, or write the country code after the `+`"));
    }
    if plans::leave(&signed[1..]) {
        return Ok(ParsedNumber { e164: Some(signed.to_owned()), extension: None, warning: None });
    }
    match parse_possible(signed, None) {
        Some(number) => ParsedNumber::dialable(number),
        None => Ok(ParsedNumber::stored_only(format!(
            "`{signed}` fits no country's numbers: kept as typed, it cannot be dialled"
        ))),
    }
}

/// A number behind an international prefix: `00` anywhere, `011` where the country code is 1. The
/// prefixes of single countries are left to their plans.
fn after_idd(digits: &str, default_country: Option<Country>) -> Option<Dialable> {
    let is_one = || default_country.and_then(calling_code) == Some(1);
    let rest = digits.strip_prefix("00").or_else(|| digits.strip_prefix("011").filter(|_| is_one()))?;
    if rest.starts_with('0') {
        return None;
    }
    parse_possible(&format!("+{rest}"), None)
}

/// A number as it is dialled inside `country`, or one that lost its `+`.
fn national(number: &Scanned, country: Country) -> Result<ParsedNumber, Invalid> {
    let digits = number.digits();
    let home = match parse_possible(digits, region(country)) {
        Some(home) if home.is_valid() => return ParsedNumber::dialable(home),
        home => home,
    };
    let abroad = Some(&number.signed)
        .filter(|_| digits.len() >= MIN_DIGITS_WITHOUT_PLUS && !digits.starts_with('0'))
        .and_then(|signed| parse_possible(signed, None));
    let own_code = |n: &Dialable| calling_code(country) == Some(n.number.country_code);
    let abroad = match abroad {
        Some(n) if own_code(&n) || n.is_valid() => return ParsedNumber::plus_restored(n),
        abroad => abroad,
    };
    check_length(digits)?;
    match (home, abroad) {
        (Some(home), _) => ParsedNumber::dialable(home),
        (None, Some(abroad)) => ParsedNumber::plus_restored(abroad),
        (None, None) => Ok(ParsedNumber::stored_only(format!(
            "`{digits}` is not a number of {}: kept as typed, it cannot be dialled",
            country.name()
        ))),
    }
}

/// A number that lost its `+` in a file without a country. One- and two-digit country codes fit too
/// many national numbers to be believed unless the number is one that is really given out.
fn without_plus(digits: &str) -> Option<Dialable> {
    if digits.len() < MIN_DIGITS_WITHOUT_PLUS || digits.starts_with('0') {
        return None;
    }
    let number = parse_possible(&format!("+{digits}"), None)?;
    (number.number.country_code >= 100 || number.is_valid()).then_some(number)
}

/// A number that some country's plan has room for.
struct Dialable {
    number: PhoneNumber,
    e164: String,
}

impl Dialable {
    /// Whether the plan gives such numbers out, and not only numbers of that length.
    fn is_valid(&self) -> bool {
        PHONE_NUMBER_UTIL.is_valid_number(&self.number)
    }
}

/// The number, if its country's plan has numbers of that length that can be dialled from abroad.
fn parse_possible(text: &str, region: Option<Region>) -> Option<Dialable> {
    // The library would refuse longer ones too, after more work.
    if text.len() > MAX_DIGITS + 1 {
        return None;
    }
    let number = PHONE_NUMBER_UTIL.parse(text, region).ok()?;
    let length = PHONE_NUMBER_UTIL.is_possible_number_with_reason(&number);
    // Zeros alone are how forms are filled in by people who don't want to.
    if !matches!(length, Ok(NumberLengthType::IsPossible)) || number.national_number == 0 {
        return None;
    }
    let e164 = PHONE_NUMBER_UTIL.format(&number, PhoneNumberFormat::E164).into_owned();
    (e164.len() <= MAX_DIALABLE_DIGITS + 1 && (e164 == text || reads_back(&e164, &number)))
        .then_some(Dialable { number, e164 })
}

/// Whether the E.164 form is the number itself: of `00` where one trunk zero is usual, the second
/// would be taken off when it's read again, and the number be another one.
fn reads_back(e164: &str, number: &PhoneNumber) -> bool {
    let (country_code, national_number) = (number.country_code, number.national_number);
    let bare = PhoneNumber { country_code, national_number, ..PhoneNumber::default() };
    // What is left as it is has no such zeros, nor anything else beside its digits.
    (*number == bare && plans::leave(&e164[1..])) || PHONE_NUMBER_UTIL.parse(e164, None).is_ok_and(|it| it == *number)
}

fn region(country: Country) -> Option<Region> {
    Region::from_code(country.as_str()).ok()
}

fn calling_code(country: Country) -> Option<i32> {
    PHONE_NUMBER_UTIL.get_country_code_for_region(region(country)?)
}

#[cfg(test)]
mod tests;
