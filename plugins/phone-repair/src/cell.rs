//! A cell taken apart: the signs around and between the digits. What the digits mean is `number`'s affair.

/// What people write before or behind a number to say whose it is. The column says so already.
const NOTES: [&str; 12] =
    ["tel", "telephone", "phone", "mobile", "mob", "cell", "work", "office", "home", "main", "direct", "whatsapp"];

/// Marks of an extension. A longer one stands before those that it begins with.
const EXTENSIONS: [&str; 6] = [";ext=", "extension", "extn", "ext", "x", "#"];

/// Most digits of an extension.
const EXTENSION_DIGITS: usize = 7;

/// Zeros of the scripts whose digits are found in phone numbers; the nine others follow each.
const ZEROS: [char; 6] = ['0', '\u{0660}', '\u{06F0}', '\u{0966}', '\u{0E50}', '\u{FF10}'];

/// One number as it was written.
#[derive(Debug, PartialEq, Eq)]
pub struct Written {
    /// Whether a `+` stood before the digits.
    pub plus: bool,
    /// The digits, in ASCII.
    pub digits: String,
    /// Whether `(0)` was among them: "dial it at home only".
    pub bracketed_zero: bool,
    /// The digits of an extension; empty without one.
    pub extension: String,
}

/// Takes a cell apart that holds one number; `None` when anything in it is not understood.
pub fn read(text: &str) -> Option<Written> {
    let text = unwrap(text);
    let mut written = Written {
        plus: false,
        digits: String::with_capacity(16),
        bracketed_zero: text.contains("(0)"),
        extension: String::new(),
    };
    for (at, c) in text.char_indices() {
        if let Some(digit) = digit(c) {
            written.digits.push(digit);
        } else if is_plus(c) && written.digits.is_empty() && !written.plus {
            written.plus = true;
        } else if let Some(extension) = extension(&text[at..]).filter(|_| !written.digits.is_empty()) {
            written.extension = extension;
            break;
        } else if !(is_between(c) || c == '/' && parts_area_code(&written.digits, &text[at + 1..])) {
            return None;
        }
    }
    (!written.digits.is_empty()).then_some(written)
}

/// Cuts a cell with several numbers at `;`, `,`, `|`, `/`, line ends, and before every further `+`.
pub fn split(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut has_digits) = (0, false);
    for (at, c) in text.char_indices() {
        let is_separator = matches!(c, ';' | ',' | '|' | '/' | '\n' | '\r');
        if is_separator || is_plus(c) && has_digits {
            parts.push(&text[start..at]);
            start = if is_separator { at + 1 } else { at };
            has_digits = false;
        }
        has_digits |= digit(c).is_some();
    }
    parts.push(&text[start..]);
    parts.retain(|part| !part.trim().is_empty());
    parts
}

/// Takes off what spreadsheets, links and people put around a number.
fn unwrap(text: &str) -> &str {
    let text = trim(text);
    let text = text.strip_prefix("=\"").and_then(|rest| rest.strip_suffix('"')).unwrap_or(text);
    let mut text = trim(text.trim_start_matches('\''));
    while let Some(shorter) = without_note(text) {
        text = shorter;
    }
    without_decimals(text)
}

/// Trims spaces and the invisible marks that come along when a number is copied from an address book.
fn trim(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || is_invisible(c))
}

/// `Mobile: +852…`, `tel:+852…`, `+852… (office)`. A word that is not in [`NOTES`] may be worth keeping, so it stays.
fn without_note(text: &str) -> Option<&str> {
    let is_letter = |c: char| c.is_ascii_alphabetic();
    let behind = text.trim_start_matches(is_letter);
    if is_note(&text[..text.len() - behind.len()]) {
        return Some(trim(behind.trim_start_matches(['.', ':'])));
    }
    let bare = text.trim_end_matches([')', ']', '.', ':']);
    let before = bare.trim_end_matches(is_letter);
    is_note(&bare[before.len()..]).then(|| trim(before.trim_end_matches(['(', '[', '-', ' '])))
}

fn is_note(word: &str) -> bool {
    NOTES.iter().any(|note| note.eq_ignore_ascii_case(word))
}

/// `85212345678.0`: a program took the number for an amount. No digit is lost up to fifteen.
fn without_decimals(text: &str) -> &str {
    match text.strip_suffix(".0") {
        Some(whole) if (7..=15).contains(&whole.len()) && whole.bytes().all(|b| b.is_ascii_digit()) => whole,
        _ => text,
    }
}

fn digit(c: char) -> Option<char> {
    let value = ZEROS.iter().find_map(|zero| (c as u32).checked_sub(*zero as u32).filter(|value| *value < 10))?;
    char::from_digit(value, 10)
}

fn is_plus(c: char) -> bool {
    matches!(c, '+' | '\u{FF0B}')
}

fn is_between(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\u{A0}' | '\u{202F}' | '\u{3000}' | '-' | '.' | '(' | ')' | '[' | ']' | '·')
        || matches!(c, '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{FF08}' | '\u{FF09}' | '\u{FF0D}' | '\u{FF0E}')
        || is_invisible(c)
}

fn is_invisible(c: char) -> bool {
    matches!(c, '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
}

/// `030/1234567` is one number, `030 1234567/8` is two in shorthand, and `12345678/87654321` two in full.
fn parts_area_code(before: &str, behind: &str) -> bool {
    (1..=6).contains(&before.len()) && !behind.contains('/') && behind.chars().filter_map(digit).count() >= 5
}

/// The digits of `ext. 5`, `x5`, `#5`, `;ext=5`, if nothing else follows.
fn extension(text: &str) -> Option<String> {
    let begins = |mark: &&&str| text.get(..mark.len()).is_some_and(|start| start.eq_ignore_ascii_case(mark));
    let mark = EXTENSIONS.iter().find(begins)?;
    let rest = trim(text[mark.len()..].trim_start_matches(['.', ':', ' ', '#']));
    let digits: Option<String> = rest.chars().map(digit).collect();
    digits.filter(|digits| (1..=EXTENSION_DIGITS).contains(&digits.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, plus: bool, digits: &str, extension: &str) {
        let written = read(text).unwrap_or_else(|| panic!("{text:?} was not understood"));
        assert_eq!((written.plus, &*written.digits, &*written.extension), (plus, digits, extension), "{text:?}");
    }

    #[test]
    fn wrappings_come_off() {
        for text in [
            "+85212345678",
            "'+85212345678",
            "=\"+85212345678\"",
            "tel:+852-1234-5678",
            "Mobile: +852 1234 5678",
            "Tel. (+852) 1234.5678",
            "+852 1234 5678 (office)",
            "+852 1234 5678 - home",
            "\u{202A}+852\u{A0}1234\u{2011}5678\u{202C}",
            "＋８５２１２３４５６７８",
            "+٨٥٢١٢٣٤٥٦٧٨",
        ] {
            check(text, true, "85212345678", "");
        }
        check("85212345678.0", false, "85212345678", "");
        check("030/1234567", false, "0301234567", "");
    }

    #[test]
    fn extensions_are_kept_apart() {
        for text in ["+1 520-878-2491 x5", "+15208782491 ext. 5", "+15208782491;ext=5", "+1 520 878 2491 Extension: 5"]
        {
            check(text, true, "15208782491", "5");
        }
    }

    #[test]
    fn what_is_not_understood_is_left_alone() {
        for text in [
            "",
            "n/a",
            "8.52E+10",
            "+3367a829916",
            "1-800-FLOWERS",
            "+852 1234 5678 (ask for Jane)",
            "+852 1234 5678 x",
            "+85212345678; +85287654321",
            "+85212345678 +85287654321",
            "12345678/87654321",
            "030 1234567/8",
        ] {
            assert_eq!(read(text), None, "{text:?}");
        }
    }

    #[test]
    fn several_numbers_are_cut_apart() {
        assert_eq!(split("+85212345678; +85287654321"), ["+85212345678", " +85287654321"]);
        assert_eq!(split("+852 1234 5678 +852 8765 4321"), ["+852 1234 5678 ", "+852 8765 4321"]);
        assert_eq!(split("12345678/87654321;"), ["12345678", "87654321"]);
        assert_eq!(split("+85212345678"), ["+85212345678"]);
    }
}
