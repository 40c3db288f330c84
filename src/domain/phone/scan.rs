//! The characters of a number: digits of any script, signs between them, an extension behind them.

use unicode_normalization::UnicodeNormalization;

use super::super::invalid::Invalid;
use super::super::text::{digit_value, shown};

/// Most digits of an extension.
const EXTENSION_MAX_DIGITS: usize = 7;
/// Fewest digits on each side of a separator that make two numbers of one cell.
const SEVERAL_MIN_DIGITS: usize = 7;

/// Fewest digits before a dot and one or two more that make an amount.
const AMOUNT_MIN_DIGITS: usize = 7;

/// What stands in a cell, without its signs.
pub(super) struct Scanned {
    /// `+` and the digits, whether or not the `+` was written.
    pub(super) signed: String,
    plus: bool,
    /// The digits behind `ext`, `x` or `#`.
    pub(super) extension: Option<String>,
}

impl Scanned {
    /// The digits, in ASCII.
    pub(super) fn digits(&self) -> &str {
        &self.signed[1..]
    }

    /// Whether the number is written with its country code.
    pub(super) fn has_plus(&self) -> bool {
        self.plus
    }
}

/// Takes a cleaned, unwrapped text apart. No length is checked here.
pub(super) fn scan(text: &str) -> Result<Scanned, Invalid> {
    check_spreadsheet_damage(text)?;
    let mut scanned = Scanned { signed: String::with_capacity(24), plus: false, extension: None };
    scanned.signed.push('+');
    for (at, c) in text.char_indices() {
        let started = scanned.signed.len() > 1;
        if let Some(value) = digit_value(c) {
            scanned.signed.push(char::from(b'0' + value));
        } else if is_plus(c) && !started && !scanned.plus {
            scanned.plus = true;
        } else if let Some(extension) = extension(&text[at..]).filter(|_| started) {
            scanned.extension = Some(extension);
            break;
        } else if !is_between(c) {
            return Err(odd_character(text, c));
        }
    }
    check_one_number(text, &scanned)?;
    Ok(scanned)
}

/// `8.5212E+11`, `85212345678.0` and `85212345678.5`: what becomes of numbers that a program took for amounts.
fn check_spreadsheet_damage(text: &str) -> Result<(), Invalid> {
    if !text.is_ascii() {
        let narrow: String = text.nfkc().collect();
        return if narrow.is_ascii() { check_spreadsheet_damage(&narrow) } else { Ok(()) };
    }
    let amount = |t: &str| {
        t.bytes().any(|b| b.is_ascii_digit()) && t.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b','))
    };
    let bare = text.strip_prefix(['+', '-']).unwrap_or(text);
    let parts = bare.split_once(['E', 'e']);
    if parts.is_some_and(|(amount_part, power)| amount(amount_part) && is_power(power)) {
        let message = format!("`{}` is in scientific notation: digits were lost in a spreadsheet", shown(text));
        return Err(Invalid::new("PHONE_SCIENTIFIC", message)
            .hint("take the number from its source, with the column formatted as text"));
    }
    if is_amount(bare) {
        let message = format!("`{}` was turned into an amount", shown(text));
        return Err(Invalid::new("PHONE_FORMAT", message).hint("format the column as text"));
    }
    Ok(())
}

/// Digits, one dot, and one or two digits: the dot would be read as a sign between digits, and what follows as part of the number. People
/// who write dots part shorter groups, or end with longer ones (`9123.4567`); behind a few digits only zeros give an amount away.
fn is_amount(text: &str) -> bool {
    let digits = |t: &str| t.bytes().all(|b| b.is_ascii_digit());
    let Some((whole, rest)) = text.split_once('.').filter(|(whole, rest)| digits(whole) && digits(rest)) else {
        return false;
    };
    match rest {
        "0" | "00" => whole.len() > 4,
        _ => (1..=2).contains(&rest.len()) && whole.len() >= AMOUNT_MIN_DIGITS,
    }
}

fn is_power(text: &str) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    (1..=3).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit())
}

fn is_plus(c: char) -> bool {
    matches!(c, '+' | '\u{FF0B}' | '\u{FE62}')
}

/// Signs that people write between digits, and invisible ones that come along when copying.
fn is_between(c: char) -> bool {
    c.is_whitespace() && !matches!(c, '\n' | '\r')
        || matches!(c, '-' | '(' | ')' | '[' | ']' | '.' | '/' | '·' | '~' | '\u{AD}')
        || matches!(c, '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{FF0D}' | '\u{30FC}' | '\u{FF0E}')
        || matches!(c, '\u{FF08}' | '\u{FF09}' | '\u{FF0F}' | '\u{FF3B}' | '\u{FF3D}')
        || matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}')
}

/// The digits of `ext. 5`, `x5`, `#5`, `;ext=5`, if nothing else follows.
fn extension(text: &str) -> Option<String> {
    /// Longer marks first, as they begin with the shorter ones.
    const MARKS: [&str; 8] = [";ext=", "extension", "extn", "ext", "x", "#", "分機", "分机"];
    let mark =
        MARKS.iter().find(|mark| text.get(..mark.len()).is_some_and(|start| start.eq_ignore_ascii_case(mark)))?;
    let rest = text[mark.len()..].trim_start_matches(['.', ':', ' ', '\u{a0}', '#']);
    let digits: Option<String> = rest.chars().map(|c| digit_value(c).map(|value| char::from(b'0' + value))).collect();
    digits.filter(|digits| (1..=EXTENSION_MAX_DIGITS).contains(&digits.len()))
}

fn odd_character(text: &str, c: char) -> Invalid {
    if several(text, |c| matches!(c, ';' | ',' | '|' | '\n' | '\r' | ':') || is_plus(c)) {
        return Invalid::new("PHONE_SEVERAL", "several numbers in one cell")
            .hint("put each number in a column of its own");
    }
    if c.is_alphabetic() {
        return Invalid::new("PHONE_LETTERS", format!("`{}` has letters inside", shown(text)))
            .hint("write digits; letters are not taken for keys of a telephone");
    }
    let message = format!("`{}` cannot stand in a number", c.escape_debug());
    Invalid::new("PHONE_FORMAT", message).hint("write it like +85212345678")
}

/// `12345678/87654321` would run together into one number.
fn check_one_number(text: &str, scanned: &Scanned) -> Result<(), Invalid> {
    if scanned.signed.len() == 1 {
        let message = match text {
            "" => "is empty".to_owned(),
            _ => format!("`{}` has no digits", shown(text)),
        };
        return Err(Invalid::new("PHONE_FORMAT", message).hint("write it like +85212345678"));
    }
    if scanned.signed.len() > 14 && several(text, |c| matches!(c, '/' | '\u{FF0F}')) {
        return Err(
            Invalid::new("PHONE_SEVERAL", "several numbers in one cell").hint("put each number in a column of its own")
        );
    }
    Ok(())
}

fn several(text: &str, is_separator: impl Fn(char) -> bool) -> bool {
    text.split(is_separator).filter(|part| part.chars().filter_map(digit_value).count() >= SEVERAL_MIN_DIGITS).count()
        > 1
}
