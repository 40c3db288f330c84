//! Texts of an Excel workbook: those that its cells share, runs of rich text, and characters written as `_x000D_`.
//!
//! Shared texts are the one thing of a workbook that is held as a whole, for any row may name any of them: as one piece
//! of text, with four bytes more for each.

use std::borrow::Cow;

use super::xml::Node;
use super::xml::Xml;
use crate::intake::IntakeErrorKind;

/// The texts that cells share.
#[derive(Default)]
pub(super) struct Strings {
    text: String,
    ends: Vec<u32>,
}

impl Strings {
    /// Reads the part that holds them.
    pub(super) fn read(mut xml: Xml) -> Result<Self, IntakeErrorKind> {
        let mut strings = Self::default();
        let mut one = String::new();
        loop {
            match xml.next()? {
                Node::Start(tag) if tag.name() == "si" => {
                    one.clear();
                    rich_text(&mut xml, &mut one)?;
                    strings.text.push_str(&decoded(&one));
                    let end = u32::try_from(strings.text.len());
                    let too_large = || IntakeErrorKind::UnpacksTooLarge("its texts are more than 4 GiB".to_owned());
                    strings.ends.push(end.map_err(|_| too_large())?);
                }
                Node::Eof => break,
                _ => {}
            }
        }
        strings.text.shrink_to_fit();
        strings.ends.shrink_to_fit();
        Ok(strings)
    }

    /// The text with that number.
    pub(super) fn get(&self, index: usize) -> Option<&str> {
        let end = *self.ends.get(index)? as usize;
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before] as usize);
        self.text.get(start..end)
    }
}

/// Adds the text of the tag that opened last: that of its `t` tags, in runs or not, but not that of phonetic runs, which
/// only say how the text is read aloud.
pub(super) fn rich_text(xml: &mut Xml, text: &mut String) -> Result<(), IntakeErrorKind> {
    let inside = xml.depth();
    while xml.depth() >= inside {
        match xml.next()? {
            Node::Start(tag) if tag.name() == "t" => xml.text(text)?,
            Node::Start(tag) if tag.name() == "rPh" => xml.skip()?,
            Node::Eof => break,
            _ => {}
        }
    }
    Ok(())
}

/// A text with the characters put in that XML cannot hold and Excel writes as `_x000D_`.
pub(super) fn decoded(text: &str) -> Cow<'_, str> {
    if !text.contains("_x") {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("_x") {
        plain.push_str(&rest[..at]);
        rest = &rest[at..];
        let (letter, length) = escaped(rest).unwrap_or(('_', 1));
        plain.push(letter);
        rest = &rest[length..];
    }
    plain.push_str(rest);
    Cow::Owned(plain)
}

/// The character that a text begins with in `_x000D_` form, perhaps as two halves, and the length of that.
fn escaped(text: &str) -> Option<(char, usize)> {
    const LENGTH: usize = "_x0000_".len();
    let unit = |at: usize| {
        let form = text.get(at..at + LENGTH)?;
        let digits = form.strip_prefix("_x")?.strip_suffix('_')?;
        let hex = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        hex.then(|| u16::from_str_radix(digits, 16).ok()).flatten()
    };
    let first = unit(0)?;
    if let Some(letter) = char::from_u32(u32::from(first)) {
        return Some((letter, LENGTH));
    }
    let letter = char::decode_utf16([first, unit(LENGTH)?]).next()?.ok()?;
    Some((letter, LENGTH * 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(decoded(text), expected);
    }

    #[test]
    fn escaped_characters_are_put_in() {
        check("plain_text", "plain_text");
        check("a_x000D_\nb", "a\r\nb");
        check("_x0009_", "\t");
        check("_x005F_x000D_", "_x000D_");
        check("_x00e9_", "é");
        check("_xD83D__xDE00_", "😀");
    }

    #[test]
    fn what_only_looks_escaped_stays() {
        for text in ["_x", "_x00", "_xZZZZ_", "_x000D", "_x+00D_", "_xD83D_", "_xé00_", "file_x1"] {
            check(text, text);
        }
    }
}
