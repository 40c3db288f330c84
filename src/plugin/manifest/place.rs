//! Where in a text of TOML something stands, for people: manifests, cases and settings are told with line, column and the line itself.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::plugin::fault::Position;

/// Most characters of a line that are shown.
const LINE_SHOWN: usize = 200;

/// Turns an offset in bytes into a line and column that people count, with the line itself.
#[must_use]
pub fn position(text: &str, file: &str, at: usize) -> Position {
    let before = text.get(..at).unwrap_or(text);
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let source = text[start..].lines().next().map(|line| line.chars().take(LINE_SHOWN).collect());
    let line = before.bytes().filter(|b| *b == b'\n').count() + 1;
    Position { file: file.to_owned(), line, column: before[start..].chars().count() + 1, source }
}

/// What of an entry is meant.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Part {
    /// Its key.
    Key,
    /// Its value.
    Value,
}

/// Finds an entry by its keys; a number is a place in a list, from 0. Where it is not there, what of its path is there is meant, else the
/// text's beginning.
#[must_use]
pub fn locate(text: &str, file: &str, path: &[&str], part: Part) -> Position {
    let (table, _) = DeTable::parse_recoverable(text);
    position(text, file, offset(table.get_ref(), path, part).unwrap_or(0))
}

fn offset(table: &DeTable<'_>, path: &[&str], part: Part) -> Option<usize> {
    let (key, value, rest) = entry(table, path)?;
    let here = if part == Part::Key || value.get_ref().is_table() { key } else { value.span().start };
    match (rest, value.get_ref()) {
        ([], _) => Some(here),
        (_, DeValue::Table(inner)) => offset(inner, rest, part).or(Some(here)),
        ([at, rest @ ..], DeValue::Array(items)) => {
            let item = at.parse::<usize>().ok().and_then(|at| items.get(at));
            let inner = item.map(|item| match item.get_ref() {
                DeValue::Table(inner) => offset(inner, rest, part).unwrap_or(item.span().start),
                _ => item.span().start,
            });
            inner.or(Some(here))
        }
        _ => Some(here),
    }
}

/// The longest beginning of the path that is a key here: `from.phone` is one when it is quoted, and two when it is not.
fn entry<'a, 't, 'p>(
    table: &'a DeTable<'t>,
    path: &'p [&'p str],
) -> Option<(usize, &'a Spanned<DeValue<'t>>, &'p [&'p str])> {
    (1..=path.len()).rev().find_map(|length| {
        let name = path[..length].join(".");
        let (key, value) = table.iter().find(|(key, _)| key.get_ref().as_ref() == name)?;
        Some((key.span().start, value, &path[length..]))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str =
        "reads = ['a', 'b']\n[contact]\n'from.phone' = 1\n[enquiry]\nfrom.phone = 2\n[[expect.problems]]\ncode = 3\n";

    #[track_caller]
    fn check(path: &[&str], part: Part, expected: &str) {
        assert_eq!(locate(TEXT, "f", path, part).to_string(), expected);
    }

    #[test]
    fn entries_are_found_however_they_are_written() {
        check(&["reads"], Part::Key, "f:1:1");
        check(&["reads"], Part::Value, "f:1:9");
        check(&["reads", "1"], Part::Value, "f:1:15");
        check(&["contact"], Part::Value, "f:2:2");
        check(&["contact", "from", "phone"], Part::Value, "f:3:16");
        check(&["enquiry", "from", "phone"], Part::Value, "f:5:14");
        check(&["expect", "problems", "0", "code"], Part::Key, "f:7:1");
    }

    #[test]
    fn what_is_missing_is_where_it_would_be() {
        check(&["hook"], Part::Value, "f:1:1");
        check(&["contact", "mobile"], Part::Value, "f:2:2");
        assert_eq!(locate("= broken", "f", &["a"], Part::Key).to_string(), "f:1:1");
    }
}
