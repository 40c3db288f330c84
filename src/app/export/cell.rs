//! Cells that are more than a text: lists, and the word that clears. Written by an export and read back by an import, so both are here.
//! Formulas are `intake`'s.

use std::borrow::Cow;

use crate::domain::access::VALUE_SEPARATOR;

/// The cell that clears a field of a stored contact; a blank one keeps what is there.
pub const CLEAR: &str = "<clear>";

/// Joins values: with ` ::: ` between them, or, where that would not part them again, as a JSON list.
pub fn join(values: &[Cow<'_, str>]) -> String {
    let core = VALUE_SEPARATOR.trim();
    if values.iter().any(|value| value.contains(core)) || values.first().is_some_and(|first| first.starts_with(LIST)) {
        return serde_json::Value::from(values.iter().map(AsRef::as_ref).collect::<Vec<_>>()).to_string();
    }
    values.join(VALUE_SEPARATOR)
}

/// Parts what [`join`] joined.
pub fn part(cell: &str) -> Vec<Cow<'_, str>> {
    let cell = cell.trim();
    let list = cell.starts_with(LIST).then(|| serde_json::from_str::<Vec<String>>(cell).ok()).flatten();
    match list {
        Some(values) => values.into_iter().map(Cow::Owned).collect(),
        None => cell.split(VALUE_SEPARATOR).map(Cow::Borrowed).collect(),
    }
}

/// How a JSON list of texts begins.
const LIST: &str = "[\"";

/// Puts an apostrophe before a value that reads as the word that clears, or would after this was taken back.
pub fn escape(cell: String) -> String {
    if clears(cell.trim_start_matches('\'')) { format!("'{cell}") } else { cell }
}

/// Takes back what [`escape`] did.
pub fn unescape(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|rest| clears(rest.trim_start_matches('\''))).unwrap_or(cell)
}

/// Says whether a cell clears its field.
pub fn clears(cell: &str) -> bool {
    // Nearly all cells begin otherwise, which is seen before anything is trimmed.
    !cell.starts_with(|first: char| first.is_ascii_graphic() && first != '<') && cell.trim() == CLEAR
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lists_are_joined_as_address_books_do() {
        assert_eq!(join(&["+1".into(), "+2".into()]), "+1 ::: +2");
        assert_eq!(join(&["a :::".into(), "b".into()]), r#"["a :::","b"]"#);
        assert_eq!(part("a ::: b"), ["a", "b"]);
        assert_eq!(escape("'<clear>".to_owned()), "''<clear>");
        assert_eq!(unescape("<clear>"), "<clear>");
    }

    proptest! {
        #[test]
        fn what_is_joined_comes_apart_again(values in proptest::collection::vec("[^ ]|[^ ][a: ;\\[\"',]{0,5}[^ ]|\\[\"a\"\\]", 1..4)) {
            let values: Vec<Cow<'_, str>> = values.into_iter().map(|value| Cow::Owned(crate::domain::text::clean(&value).into_owned())).collect();
            prop_assume!(values.iter().all(|value| !value.is_empty()));
            let cell = join(&values);
            prop_assert_eq!(part(&cell), values);
        }

        #[test]
        fn the_word_clears_whatever_is_around_it(cell in "[ \t\u{a0}]{0,2}<clear>[ \t\u{a0}]{0,2}|[ '<a-]{0,3}<?clear>?") {
            prop_assert_eq!(clears(&cell), cell.trim() == CLEAR);
        }

        #[test]
        fn what_is_escaped_never_clears(cell in "'{0,3}<clear>|.*") {
            let written = escape(cell.clone());
            prop_assert!(!clears(&written));
            prop_assert_eq!(unescape(&written), cell);
        }
    }
}
