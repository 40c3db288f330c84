//! Numbers as people write them. How they write them is said by an example, for `1.234` is two different numbers.

use rhai::{Dynamic, EvalAltResult, NativeCallContext};

use super::{charged, given, text_at, two, whole_at};
use crate::domain::text::plain_number;
use crate::runtime::script::api::Table;
use crate::runtime::script::api::misuse::{refused, wrong_argument};

/// Longest number that is read, in bytes.
const MAX_NUMBER: usize = 60;
/// Most decimals that are written.
const MAX_DECIMALS: i64 = 15;

pub(super) fn register(table: &mut Table) {
    table.chapter("Numbers", "The style says by an example how numbers are written: `\"1,234.50\"`, `\"1.234,50\"`, `\"1 234,50\"`, `\"1'234.50\"`, `\"1234.50\"` or `\"1234,50\"`.");
    table.say("parse_number(text, style)", "The number, with decimals; `()` when it is none in that style. Currency signs, their codes and percent signs around it are passed over; a minus or brackets make it negative.", &[
        (r#"parse_number("€ 1.234,50", "1.234,50")"#, "1234.5"),
        (r#"parse_number("EUR 12.000,00", "1.234,50")"#, "12000.0"),
        (r#"parse_number("(1,234)", "1,234.50")"#, "-1234.0"),
        (r#"parse_number("12.34", "1.234,50")"#, "()"),
    ]);
    table.say(
        "format_number(number, decimals, style)",
        "The number with so many decimals, in that style.",
        &[
            (r#"format_number(1234.5, 2, "1.234,50")"#, r#""1.234,50""#),
            (r#"format_number(-1234567, 0, "1,234.50")"#, r#""-1,234,567""#),
        ],
    );
    two(table, "parse_number", |_, text, style| {
        Ok(parse(text, Style::read("parse_number", style)?).map_or(Dynamic::UNIT, Dynamic::from))
    });
    table.function("format_number", |context: NativeCallContext, value: Dynamic, decimals: Dynamic, style: Dynamic| {
        charged(&context)?;
        let wrong = || wrong_argument("format_number", (0, 3), "a number", &value);
        #[expect(clippy::cast_precision_loss, reason = "decimals are asked for, and floats are what the language has")]
        let number = value.as_float().or_else(|_| value.as_int().map(|whole| whole as f64)).map_err(|_| wrong())?;
        let decimals = whole_at("format_number", (1, 3), &decimals)?.clamp(0, MAX_DECIMALS);
        let style = Style::read("format_number", &text_at("format_number", (2, 3), &style)?)?;
        given(write(number, usize::try_from(decimals).unwrap_or(0), style))
    });
}

/// What may stand between groups of three digits.
const GROUPS: [char; 7] = ['.', ',', ' ', '\'', '’', '\u{a0}', '\u{202f}'];

/// What stands between groups of three digits, and before the decimals.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
struct Style {
    group: Option<char>,
    point: char,
}

impl Style {
    fn read(function: &str, style: &str) -> Result<Self, Box<EvalAltResult>> {
        let signs: Vec<char> = style.chars().filter(|c| !c.is_ascii_digit()).collect();
        let sound = |point: char| matches!(point, '.' | ',');
        match signs.as_slice() {
            [point] if sound(*point) && style.starts_with("1234") => Ok(Self { group: None, point: *point }),
            [group, point] if sound(*point) && group != point && GROUPS.contains(group) => {
                Ok(Self { group: Some(*group), point: *point })
            }
            _ => {
                let message = format!("`{}` is no style of numbers", crate::domain::text::shown(style));
                let hint =
                    "write 1234.50 as your numbers are written, such as \"1,234.50\", \"1.234,50\" or \"1234,50\"";
                Err(refused("ARGUMENT", function, message, Some(hint.to_owned())))
            }
        }
    }

    /// Blanks and apostrophes have several forms.
    fn is_group(self, c: char) -> bool {
        match self.group {
            None => false,
            Some(' ' | '\u{a0}' | '\u{202f}') => matches!(c, ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}'),
            Some('\'' | '’') => matches!(c, '\'' | '’'),
            Some(group) => c == group,
        }
    }
}

fn parse(text: &str, style: Style) -> Option<f64> {
    if text.len() > MAX_NUMBER {
        return None;
    }
    let text = plain_number(text.trim());
    let in_brackets = text.strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
    let beside = |c: char| c.is_whitespace() || matches!(c, '$' | '€' | '£' | '¥' | '%');
    let text = without_code(in_brackets.unwrap_or(&text).trim_matches(beside)).trim_matches(beside);
    let (text, minus) = match text.strip_prefix('-').or_else(|| text.strip_suffix('-')) {
        Some(rest) => (rest, true),
        None => (text.strip_prefix('+').unwrap_or(text), false),
    };
    let text = text.trim_matches(beside);
    let (whole, decimals) = text.split_once(style.point).unwrap_or((text, ""));
    let groups: Vec<&str> = whole.split(|c| style.is_group(c)).collect();
    let is_digits = |part: &&str| part.bytes().all(|byte| byte.is_ascii_digit());
    // `12.34` is no number with groups of three.
    let sound = groups.iter().all(is_digits)
        && is_digits(&decimals)
        && groups.first().is_some_and(|first| groups.len() == 1 || (1..=3).contains(&first.len()))
        && groups.iter().skip(1).all(|group| group.len() == 3)
        && !(whole.is_empty() && decimals.is_empty());
    let number: f64 = sound.then(|| format!("0{}.{decimals}0", groups.concat()).parse().ok())??;
    Some(if minus || in_brackets.is_some() { -number } else { number })
}

/// Takes a code of a currency off either end: three capitals, such as `EUR`.
fn without_code(text: &str) -> &str {
    let is_code = |part: &str| part.len() == 3 && part.bytes().all(|byte| byte.is_ascii_uppercase());
    let last = text.len().saturating_sub(3);
    match (text.split_at_checked(3), text.split_at_checked(last)) {
        (Some((code, rest)), _) if is_code(code) => rest,
        (_, Some((rest, code))) if is_code(code) => rest,
        _ => text,
    }
}

fn write(number: f64, decimals: usize, style: Style) -> String {
    let plain = format!("{:.decimals$}", number.abs());
    if !number.is_finite() {
        return String::new();
    }
    let (whole, rest) = plain.split_once('.').unwrap_or((&plain, ""));
    let mut text = String::new();
    // Minus nothing is nothing.
    if number < 0.0 && plain.bytes().any(|byte| (b'1'..=b'9').contains(&byte)) {
        text.push('-');
    }
    for (at, digit) in whole.chars().enumerate() {
        if let Some(group) = style.group
            && at > 0
            && (whole.len() - at).is_multiple_of(3)
        {
            text.push(group);
        }
        text.push(digit);
    }
    if !rest.is_empty() {
        text.push(style.point);
        text.push_str(rest);
    }
    text
}
