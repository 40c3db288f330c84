//! Habits that people bring from other languages: what they wrote, and how it is written here. Some do not compile, and get a hint; others
//! would compile and do nothing that anybody wants, and are told when the script is loaded.

use std::sync::LazyLock;

use regex::Regex;

/// Words of other languages, and what stands for them.
const WORDS: [(&str, &str); 18] = [
    ("and", "write `&&`"),
    ("or", "write `||` between conditions, and `a ?? b` for a value that may be missing"),
    ("not", "write `!`, as in `!contact.has(\"city\")`"),
    ("is", "write `==`"),
    ("then", "leave it out: `if condition { … }`"),
    ("elif", "write `else if`"),
    ("elsif", "write `else if`"),
    ("elseif", "write `else if`"),
    ("foreach", "write `for item in array { … }`"),
    ("case", "write `switch value { \"a\" => …, \"b\" => …, _ => … }`"),
    ("match", "write `switch value { \"a\" => …, \"b\" => …, _ => … }`"),
    ("function", "write `fn`"),
    ("def", "write `fn`"),
    ("var", "write `let`"),
    ("null", "a missing value is `()`, and a blank field is `\"\"`"),
    ("nil", "a missing value is `()`, and a blank field is `\"\"`"),
    ("None", "a missing value is `()`, and a blank field is `\"\"`"),
    ("undefined", "a missing value is `()`, and a blank field is `\"\"`"),
];

/// Signs of other languages, and what stands for them.
const SIGNS: [(&str, &str); 8] = [
    ("=>", "a function without a name is written `|item| item != \"\"`"),
    ("++", "write `n += 1`"),
    ("--", "write `n -= 1`"),
    ("?", "write `if condition { a } else { b }`, which is a value"),
    ("->", "write `contact.city`"),
    ("#", "a comment begins with `//`"),
    ("'", "a text stands between double quotes, or between back-quotes"),
    ("f\"", "a text with values in it stands between back-quotes: `${contact.city}`"),
];

/// Returns how that is written here which does not compile at a place of a line, counted in characters from 1.
pub(super) fn hint(line: &str, column: usize, message: &str) -> Option<&'static str> {
    let at = line.char_indices().nth(column.saturating_sub(1)).map_or(line.len(), |(at, _)| at);
    let (before, here) = line.split_at(at);
    let of_word = |word: &str| WORDS.iter().find(|(known, _)| *known == word).map(|(_, hint)| *hint);
    // What stands in front may be a name that the compiler took for one.
    if let Some(hint) = of_word(first_word(here)).or_else(|| of_word(last_word(before))) {
        return Some(hint);
    }
    let starts =
        |sign: &str| here.starts_with(sign) || sign.ends_with('"') && before.ends_with('f') && here.starts_with('"');
    if let Some((_, hint)) = SIGNS.iter().find(|(sign, _)| starts(sign)) {
        return Some(hint);
    }
    if message.contains("boolean expression, not a string") {
        return Some(
            "`||` and `&&` are for conditions: the first text that is not blank is `first_filled([a, b])`, and `a ?? b` stands in \
             for a missing value",
        );
    }
    if message.contains("start a statement block") {
        return Some("what belongs to a condition stands in braces: `if condition { … }`");
    }
    let begins_line = before.trim().is_empty();
    (begins_line && message.contains("expecting ';'")).then_some("the statement before it ends without a `;`")
}

fn first_word(text: &str) -> &str {
    &text[..text.find(|c: char| !is_of_word(c)).unwrap_or(text.len())]
}

fn last_word(text: &str) -> &str {
    let text = text.trim_end();
    &text[text
        .rfind(|c: char| !is_of_word(c))
        .map_or(0, |at| at + text[at..].chars().next().map_or(0, char::len_utf8))..]
}

fn is_of_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// A field that is compared with a number: it is a text, so they are never equal, and neither is ever less.
pub(super) struct Compared<'s> {
    /// The thing that it is a field of.
    pub(super) thing: &'s str,
    /// The field, as it is read: `.city` or `["City"]`.
    pub(super) field: &'s str,
    /// Where it stands, in bytes.
    pub(super) at: usize,
}

/// Reads a comparison where a word begins.
pub(super) fn comparison(source: &str, at: usize) -> Option<Compared<'_>> {
    static COMPARISON: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r#"^([A-Za-z_]\w*)(\.[A-Za-z_]\w*|\["[^"\\\n]*"\])\s*(?:[<>]=?|==|!=)\s*-?[0-9]"#).ok()
    });
    let is_part = source[..at].ends_with(['.', '?']);
    let found = COMPARISON.as_ref().filter(|_| !is_part)?.captures(&source[at..])?;
    let (thing, field) = (found.get(1)?.as_str(), found.get(2)?.as_str());
    // These are numbers.
    let is_number = matches!(field, ".number" | ".line");
    (!is_number).then_some(Compared { thing, field, at })
}

/// Says whether a text in double quotes was meant to have a value in it: `"Dear ${contact.first_name}"`.
pub(super) fn has_hole(text: &str) -> bool {
    static HOLE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\$\{\s*[A-Za-z_]\w*\s*[.\[(]").ok());
    HOLE.as_ref().is_some_and(|hole| hole.is_match(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, column: usize, message: &str, expected: Option<&str>) {
        let told = hint(line, column, message);
        assert_eq!(told.is_some(), expected.is_some(), "{line}: {told:?}");
        assert!(told.unwrap_or_default().contains(expected.unwrap_or_default()), "{line}: {told:?}");
    }

    #[test]
    fn what_other_languages_write_is_told() {
        check("if a and b { }", 6, "expecting '{' to start a statement block", Some("`&&`"));
        check("if not a.has() { }", 8, "expecting '{'", Some("`!`"));
        check("    var x = 1;", 5, "'var' is a reserved keyword", Some("`let`"));
        check("function on_create(contact) {", 10, "expecting ';'", Some("`fn`"));
        check("a.filter(x => x)", 12, "expecting ','", Some("|item|"));
        check("n++;", 2, "unknown operator: '++'", Some("n += 1"));
        check("x = 'Acme';", 5, "invalid character: 'Acme'", Some("double quotes"));
        check("let s = f\"a\";", 10, "expecting ';'", Some("back-quotes"));
        check("    b();", 5, "expecting ';' to terminate this statement", Some("before it"));
        check("if a return;", 6, "expecting '{' to start a statement block", Some("braces"));
        check("é = 1 1;", 7, "expecting ';' to terminate this statement", None);
        check("", 9, "expecting ';' at the end", Some("before it"));
    }

    #[test]
    fn a_text_that_is_compared_with_a_number_is_found() {
        let found = |source: &str| comparison(source, 0).map(|it| format!("{}{}", it.thing, it.field));
        assert_eq!(found("row[\"Age\"] < 18"), Some("row[\"Age\"]".to_owned()));
        assert_eq!(found("c.zip==1000"), Some("c.zip".to_owned()));
        for sound in ["row.number > 3", "row.line == 1", "row.city == \"1\"", "row.city", "row.city.len() > 3", "é"] {
            assert_eq!(found(sound), None, "{sound}");
        }
        assert!(comparison("x.row.age < 1", 2).is_none());
    }

    #[test]
    fn a_value_in_double_quotes_is_found() {
        assert!(has_hole("Dear ${contact.first_name}") && has_hole("${ row[1] }") && has_hole("${f(1)}"));
        assert!(!has_hole("${name} $1 ${1}") && !has_hole("plain"));
    }
}
