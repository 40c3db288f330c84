//! Texts that plugins make, fit to be shown: people read them in tables, terminals and logs, so they can neither steer a terminal nor fill it.
//! What a value of a record may hold is `domain`'s to say.

/// Longest message or hint of a fault, in bytes.
const TOLD_BYTES: usize = 2000;

/// Says whether a character does something to a terminal, or to the order in which text is read.
pub(crate) fn is_steering(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Makes blanks of steering characters.
pub(crate) fn printable(text: String) -> String {
    if text.contains(is_steering) { text.replace(is_steering, " ") } else { text }
}

/// Makes a message of at most [`TOLD_BYTES`] on one line.
pub(crate) fn message(text: String) -> String {
    printable(cut(text))
}

/// Makes a message that may have several lines.
pub(crate) fn lines(text: String) -> String {
    let text = cut(text);
    let bad = |c: char| is_steering(c) && c != '\n';
    if text.contains(bad) { text.replace(bad, " ") } else { text }
}

fn cut(mut text: String) -> String {
    if text.len() > TOLD_BYTES {
        text.truncate(text.floor_char_boundary(TOLD_BYTES));
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_short_and_steer_nothing() {
        let check = |text: &str, expected: &str| assert_eq!(message(text.to_owned()), expected);
        check("it failed: é", "it failed: é");
        check("\u{1b}[2J\n\u{202e}x", " [2J  x");
        assert_eq!(message("é".repeat(5000)).len(), TOLD_BYTES + '…'.len_utf8());
        assert_eq!(lines("a\nb\tc".to_owned()), "a\nb c");
    }
}
