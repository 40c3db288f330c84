//! Text as people type it: cleaning, limits, and the key under which it is found again.
//! What a name, a number or an address must look like is said by the module of that value.

use std::borrow::Cow;

use unicode_normalization::char::decompose_compatible;
use unicode_normalization::{UnicodeNormalization, is_nfc};

use super::invalid::Invalid;

/// Longest name, company, job title or other single line of a record, in characters.
pub const NAME_MAX_CHARS: usize = 1000;
/// Longest value of a custom field of type text, in characters.
pub const TEXT_MAX_CHARS: usize = 100;
/// Longest value of a custom field of type textarea, in characters.
pub const TEXTAREA_MAX_CHARS: usize = 1000;
/// Longest note, in characters.
pub const NOTE_MAX_CHARS: usize = 10_000;
/// Longest part of a value that a message quotes, in characters.
const SHOWN_MAX_CHARS: usize = 60;
/// What to do about a cell that says that there is nothing.
pub const LEAVE_EMPTY: &str = "leave it empty if there is none";
/// Longest URL, in characters.
pub const URL_MAX_CHARS: usize = 2048;

/// The text in Unicode NFC, without white space, zero-width characters and byte order marks at
/// its ends, and with every line end as LF, as files are read. Borrowed when the characters that
/// are left need no change.
pub fn clean(text: &str) -> Cow<'_, str> {
    // Of plain characters only the space is taken off.
    if is_plain(text) && !text.starts_with(' ') && !text.ends_with(' ') {
        return Cow::Borrowed(text);
    }
    let trimmed = text.trim_matches(is_edge);
    if trimmed.contains('\r') {
        return Cow::Owned(trimmed.replace("\r\n", "\n").replace('\r', "\n").nfc().collect());
    }
    if trimmed.is_ascii() || is_nfc(trimmed) {
        return Cow::Borrowed(trimmed);
    }
    Cow::Owned(trimmed.nfc().collect())
}

/// Whether all of the text is printable ASCII, as in most cells: there is nothing to compose, to refuse or to warn of in it.
pub fn is_plain(text: &str) -> bool {
    let bytes = text.as_bytes();
    match bytes.last_chunk() {
        // The last eight may be among those before.
        Some(last) => are_plain(*last) && bytes.as_chunks().0.iter().all(|eight| are_plain(*eight)),
        None => bytes.iter().all(|byte| matches!(byte, b' '..=b'~')),
    }
}

/// Eight bytes at a time, which is what makes asking cheaper than doing without: none has its high bit set, nor has it when a space is
/// taken away (which borrows below a space) or when one is added (which carries at DEL).
const fn are_plain(bytes: [u8; 8]) -> bool {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const SPACES: u64 = u64::from_ne_bytes([b' '; 8]);
    const HIGH: u64 = u64::from_ne_bytes([0x80; 8]);
    let word = u64::from_ne_bytes(bytes);
    (word | word.wrapping_sub(SPACES) | word.wrapping_add(ONES)) & HIGH == 0
}

/// Whether nothing is left after [`clean`].
pub fn is_blank(text: &str) -> bool {
    text.chars().all(is_edge)
}

/// Whether a name's cell says "nothing here": blank, dashes, `N/A`, `NULL`.
///
/// `Null`, `Na` and `None` as a person would write them are names that people bear, and stay.
pub fn is_blank_token(text: &str) -> bool {
    let token = text.trim_matches(is_edge);
    matches!(token, "NULL" | "null" | "(null)" | "#N/A")
        || token.eq_ignore_ascii_case("n/a")
        || token.chars().all(is_dash)
}

/// Refuses control characters (`TEXT_CONTROL`), what [`check_visible`] refuses, and more than `max_chars` characters
/// (`TEXT_TOO_LONG`). With `multiline`, tabs and line ends are text.
pub fn check_text(text: &str, max_chars: usize, multiline: bool) -> Result<(), Invalid> {
    if is_plain(text) && text.len() <= max_chars {
        return Ok(());
    }
    let bad = |c: char| c.is_control() && !(multiline && matches!(c, '\t' | '\n' | '\r'));
    if let Some((index, c)) = text.chars().enumerate().find(|&(_, c)| bad(c)) {
        let message = format!("contains the control character U+{:04X} as character {}", u32::from(c), index + 1);
        return Err(Invalid::new("TEXT_CONTROL", message).hint(control_hint(c)));
    }
    check_visible(text)?;
    // A character takes at least one byte, so most texts need no counting.
    if text.len() <= max_chars {
        return Ok(());
    }
    let length = text.chars().count();
    if length <= max_chars {
        return Ok(());
    }
    let message = format!("is {length} characters long, the limit is {max_chars}");
    Err(Invalid::new("TEXT_TOO_LONG", message).hint("shorten it; nothing is cut off by itself"))
}

/// Refuses text that looks like another text than it is: with characters that turn the writing direction by force (`TEXT_BIDI`), or
/// with nothing to see in it (`TEXT_INVISIBLE`). Marks that scripts need (joiners, direction marks) are text.
pub fn check_visible(text: &str) -> Result<(), Invalid> {
    // All printable ASCII can be seen, and most text is nothing else.
    if text.is_ascii() {
        return Ok(());
    }
    if let Some((index, c)) = text.chars().enumerate().find(|&(_, c)| turns_direction(c)) {
        let message = format!("contains U+{:04X} as character {}, which disguises text", u32::from(c), index + 1);
        return Err(Invalid::new("TEXT_BIDI", message).hint(
            "remove it; right-to-left text needs no such character, and direction marks (U+200E, U+200F) may stay",
        ));
    }
    if text.chars().all(is_invisible) {
        return Err(Invalid::new("TEXT_INVISIBLE", "holds nothing but invisible characters")
            .hint("leave it blank, or write something that can be seen"));
    }
    Ok(())
}

/// Characters that force a writing direction on what follows, so that text reads otherwise than it is stored.
pub fn turns_direction(c: char) -> bool {
    matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// Characters of which nothing is seen on their own.
pub fn is_invisible(c: char) -> bool {
    is_edge(c)
        || turns_direction(c)
        || matches!(c,
            '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180B}'..='\u{180F}'
            | '\u{200E}' | '\u{200F}' | '\u{2061}'..='\u{2064}' | '\u{206A}'..='\u{206F}' | '\u{2800}' | '\u{3164}'
            | '\u{FE00}'..='\u{FE0F}' | '\u{FFA0}' | '\u{E0000}'..='\u{E0FFF}')
}

fn control_hint(c: char) -> &'static str {
    match c {
        '\n' | '\r' | '\t' => "write it on one line, without tabs",
        _ => "remove it; it usually comes from a wrong encoding",
    }
}

/// The key by which text is searched: compatibility forms (full-width, ligatures) unified, accents
/// removed, lower case. CJK, Hangul, kana and the vowel signs of Indic and Thai scripts are kept.
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let mut key = String::with_capacity(text.len());
    for c in text.chars() {
        decompose_compatible(c, |part| {
            if !is_accent(part) && !is_zero_width(part) {
                part.to_lowercase().for_each(|lower| push_folded(&mut key, lower));
            }
        });
    }
    // Hangul and voiced kana came apart above; people search for whole syllables. Marks are put in order with it.
    if key.is_ascii() { key } else { key.nfc().collect() }
}

/// Letters that people leave out or spell out, but that Unicode doesn't decompose.
fn push_folded(key: &mut String, c: char) {
    match c {
        'ß' => key.push_str("ss"),
        'æ' => key.push_str("ae"),
        'œ' => key.push_str("oe"),
        'þ' => key.push_str("th"),
        'ø' => key.push('o'),
        'đ' | 'ð' => key.push('d'),
        'ħ' => key.push('h'),
        'ł' => key.push('l'),
        'ı' => key.push('i'),
        'ς' => key.push('σ'),
        '\u{2018}' | '\u{2019}' | '\u{02BC}' => key.push('\''),
        // Lower case of a capital can bring its accent back.
        _ if is_accent(c) => {}
        _ => key.push(c),
    }
}

/// The key by which a word of a list is known (`lead`, `yes`): trimmed, in lower case, full-width letters as others. The `I` of Turkish
/// keyboards, with and without its dot, is an `i`.
pub fn word_key(text: &str) -> String {
    let text = clean(text);
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let narrow = text.nfkc().flat_map(char::to_lowercase).filter(|c| *c != '\u{0307}');
    narrow.map(|c| if c == 'ı' { 'i' } else { c }).collect()
}

/// The letters and digits of the folded text, for comparing names of languages and countries
/// whatever their spacing and punctuation.
pub fn letters_key(text: &str) -> String {
    let mut key = fold(text);
    key.retain(char::is_alphanumeric);
    key
}

/// The value (0–9) of a decimal digit of any script in common use.
pub fn digit_value(c: char) -> Option<u8> {
    /// The zeros of the scripts; the other nine digits follow each.
    const ZEROS: [u32; 19] = [
        0x0660, 0x06F0, 0x07C0, 0x0966, 0x09E6, 0x0A66, 0x0AE6, 0x0B66, 0x0BE6, 0x0C66, 0x0CE6, 0x0D66, 0x0E50, 0x0ED0,
        0x0F20, 0x1040, 0x17E0, 0x1810, 0xFF10,
    ];
    if c.is_ascii() {
        return c.is_ascii_digit().then(|| c as u8 - b'0');
    }
    let code = u32::from(c);
    ZEROS
        .iter()
        .find_map(|&zero| code.checked_sub(zero).filter(|&value| value < 10))
        .and_then(|value| u8::try_from(value).ok())
}

/// The text of a number or a day in ASCII: digits of all scripts, full-width signs and the minus of typographers. Marks of the writing
/// direction mean nothing in it, and some programs put them between all digits.
pub fn plain_number(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let one = |c| match c {
        '\u{2212}' | '\u{FF0D}' => '-',
        '\u{FF0E}' => '.',
        '\u{FF0F}' => '/',
        _ => digit_value(c).map_or(c, |value| char::from(b'0' + value)),
    };
    let means_nothing = |c: &char| matches!(c, '\u{200E}' | '\u{200F}' | '\u{061C}') || turns_direction(*c);
    Cow::Owned(text.chars().filter(|c| !means_nothing(c)).map(one).collect())
}

/// A value as an error message quotes it: its first 60 characters on one line.
pub fn shown(text: &str) -> String {
    if is_plain(text) && text.len() <= SHOWN_MAX_CHARS {
        return text.to_owned();
    }
    let mut shown: String = text.chars().take(SHOWN_MAX_CHARS).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().nth(SHOWN_MAX_CHARS).is_some() {
        shown.push('…');
    }
    shown
}

fn is_edge(c: char) -> bool {
    c.is_whitespace() || is_zero_width(c)
}

fn is_dash(c: char) -> bool {
    matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{FF0D}')
}

/// Invisible characters that mean nothing at an end. Direction marks aren't among them.
fn is_zero_width(c: char) -> bool {
    matches!(c, '\u{200B}'..='\u{200D}' | '\u{2060}' | '\u{FEFF}')
}

/// Marks that are accents or optional points; those of other scripts are letters of their own.
fn is_accent(c: char) -> bool {
    matches!(c,
        '\u{0300}'..='\u{036F}' | '\u{0591}'..='\u{05C7}' | '\u{064B}'..='\u{065F}' | '\u{0670}'
        | '\u{1AB0}'..='\u{1AFF}' | '\u{1DC0}'..='\u{1DFF}' | '\u{20D0}'..='\u{20FF}'
        | '\u{FE20}'..='\u{FE2F}')
}

/// The hex digits of some bytes, lower case: how digests are written.
pub fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or_default();
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn clean_trims_and_composes() {
        for (text, expected) in [
            ("Lee", "Lee"),
            (" \u{a0}\u{feff}Lee\u{200b}\t", "Lee"),
            ("Jose\u{301}", "José"),
            ("a\r\nb\rc", "a\nb\nc"),
            ("\u{200f}שלום\u{200f}", "\u{200f}שלום\u{200f}"),
            ("👩\u{200d}🚀", "👩\u{200d}🚀"),
            ("\u{a0}\u{200b}", ""),
        ] {
            assert_eq!(clean(text), expected, "{text:?}");
            assert_eq!(is_blank(text), expected.is_empty(), "{text:?}");
        }
        assert!(matches!(clean(" Müller "), Cow::Borrowed("Müller")));
    }

    #[test]
    fn blank_tokens_are_not_names() {
        for token in ["", "\u{a0}", "-", "--", "—", "N/A", "n/a", " NULL ", "null"] {
            assert!(is_blank_token(token), "{token:?}");
        }
        for name in ["Null", "Na", "NA", "None", "-a", "X"] {
            assert!(!is_blank_token(name), "{name:?}");
        }
    }

    #[test]
    fn check_text_refuses_and_never_cuts() {
        let code = |text, max, multiline| check_text(text, max, multiline).map_err(|e| e.code);
        assert_eq!(code("陳大文", 3, false), Ok(()));
        assert_eq!(code("陳大文", 2, false), Err("TEXT_TOO_LONG"));
        assert_eq!(code("a\nb", 9, true), Ok(()));
        assert_eq!(code("a\nb", 9, false), Err("TEXT_CONTROL"));
        assert_eq!(code("a\0b", 9, true), Err("TEXT_CONTROL"));
        assert_eq!(code("=HYPERLINK(1)", 99, false), Ok(()));
    }

    #[test]
    fn text_that_looks_like_another_is_refused() {
        let code = |text| check_visible(text).map_err(|e| e.code);
        for good in ["", "Lee", "שלום\u{200f}", "\u{200e}Lee", "می\u{200c}خواهم", "👩\u{200d}🚀", "❤\u{fe0f}", "陳"]
        {
            assert_eq!(code(good), Ok(()), "{good:?}");
        }
        for bidi in ["a\u{202e}b", "\u{202a}a", "a\u{2066}b\u{2069}"] {
            assert_eq!(code(bidi), Err("TEXT_BIDI"), "{bidi:?}");
        }
        for nothing in ["\u{200f}", "\u{3164}", "\u{2800}\u{ad}", "\u{e0041}"] {
            assert_eq!(code(nothing), Err("TEXT_INVISIBLE"), "{nothing:?}");
        }
    }

    #[test]
    fn fold_finds_what_people_mean() {
        for (text, key) in [
            ("José", "jose"),
            ("Ｊｏｓｅ", "jose"),
            ("ŁUKASZ Søren", "lukasz soren"),
            ("Straße", "strasse"),
            ("O’Brien", "o'brien"),
            ("陳大文", "陳大文"),
            ("ガｶﾞが", "ガガが"),
            ("한글", "한글"),
            ("ไทย่", "ไทย่"),
            ("İstanbul", "istanbul"),
            ("ΣΟΦΟΣ", "σοφοσ"),
        ] {
            assert_eq!(fold(text), key, "{text}");
        }
    }

    #[test]
    fn words_of_a_list_are_known_in_any_case_and_width() {
        for (text, key) in [
            (" Lead\u{a0}", "lead"),
            ("ＬＥＡＤ", "lead"),
            ("PRİMARY", "primary"),
            ("prımary", "primary"),
            ("\u{200b}Yes", "yes"),
            ("léad", "léad"),
        ] {
            assert_eq!(word_key(text), key, "{text:?}");
        }
    }

    #[test]
    fn messages_quote_the_beginning() {
        assert_eq!(shown("a\nb"), "a b");
        assert_eq!(shown(&"é".repeat(61)), "é".repeat(60) + "…");
        assert_eq!(shown(&"é".repeat(60)), "é".repeat(60));
    }

    #[test]
    fn digits_of_other_scripts_have_values() {
        assert_eq!(digit_value('７'), Some(7));
        assert_eq!(digit_value('٣'), Some(3));
        assert_eq!(digit_value('๙'), Some(9));
        assert_eq!(digit_value('½'), None);
    }

    #[test]
    fn plain_text_is_printable_ascii() {
        for length in 0..=20 {
            for at in 0..length {
                for byte in 0..=0x7f_u8 {
                    let text: String = (0..length).map(|i| if i == at { char::from(byte) } else { 'x' }).collect();
                    assert_eq!(is_plain(&text), matches!(byte, b' '..=b'~'), "{text:?}");
                }
            }
        }
    }

    proptest! {
        #[test]
        fn plain_is_what_needs_no_second_look(text in "[ -~\\x00-\u{20}\u{7f}é\u{a0}]{0,24}|[ -~]{0,24}|\\PC*") {
            prop_assert_eq!(is_plain(&text), text.chars().all(|c| matches!(c, ' '..='~')));
        }

        #[test]
        fn clean_is_idempotent(text in any::<String>()) {
            let once = clean(&text).into_owned();
            prop_assert_eq!(&*clean(&once), &*once);
        }

        #[test]
        fn fold_needs_no_order_of_marks_before_its_end(
            text in "\\PC*|[A-Za-zÀ-ɏ가각ガかｶﾞ\u{300}-\u{36f}\u{5b0}-\u{5bd}\u{e38}\u{e48}\u{94d}\u{93c}\u{200b}\u{3099}\u{1e9b}ﬁİ]{0,12}"
        ) {
            let mut key = String::new();
            for c in text.nfkd().filter(|&c| !is_accent(c) && !is_zero_width(c)) {
                c.to_lowercase().for_each(|lower| push_folded(&mut key, lower));
            }
            prop_assert_eq!(fold(&text), key.nfc().collect::<String>());
        }

        #[test]
        fn fold_is_idempotent_on_names(text in "[A-Za-zÀ-ɏ가-힣ぁ-ヿ一-龥\u{300}-\u{36f}]{0,12}") {
            let once = fold(&text);
            prop_assert_eq!(fold(&once), once);
        }
    }
}
