//! Looking for organizations by beginnings of words of their names, a page at a time. Reading one is the parent's.

use rusqlite::Connection;

use crate::domain::name::Name;
use crate::domain::organization::Organization;
use crate::domain::permission::Scope;
use crate::domain::text::fold;

use super::super::error::StoreError;
use super::super::words::{is_dense, is_word_char};
use super::get;

/// What a cursor begins with; the key of the last organization follows.
const CURSOR: &str = "after:";

/// Which organizations are meant.
#[derive(Clone, PartialEq, Debug)]
pub struct OrganizationQuery {
    /// Beginnings of words of the name, all of which must be found. Empty: every organization.
    pub words: String,
    /// Which the one who asks may see.
    pub scope: Scope,
    /// Where to go on: the `next` of the page before.
    pub after: Option<String>,
    /// Most organizations on a page.
    pub limit: usize,
}

/// One page of organizations, by name.
#[derive(Clone, PartialEq, Debug)]
pub struct OrganizationPage {
    /// How many there are on all pages.
    pub total: u64,
    /// Those of this page.
    pub organizations: Vec<Organization>,
    /// Where the next page begins, if there is one.
    pub next: Option<String>,
}

/// Looks through all names: there are few enough, and beginnings of words are no index of SQLite's.
pub(super) fn page(conn: &Connection, query: &OrganizationQuery) -> Result<OrganizationPage, StoreError> {
    let after = query
        .after
        .as_deref()
        .map(|cursor| cursor.strip_prefix(CURSOR).ok_or_else(|| StoreError::Cursor { cursor: cursor.to_owned() }));
    let after = after.transpose()?;
    let wanted = Wanted::of(&query.words);
    let mut select = conn.prepare_cached("SELECT id, key, name, division FROM organization ORDER BY key")?;
    let mut rows = select.query([])?;
    let (mut total, mut shown, mut next) = (0, Vec::new(), None);
    let mut last = String::new();
    while let Some(row) = rows.next()? {
        let name = row.get_ref(2)?.as_str().map_err(rusqlite::Error::from)?;
        let division: Option<String> = row.get(3)?;
        let division = division.and_then(|key| Name::parse(&key).ok());
        if !wanted.is_met_by(name) || !query.scope.covers(division.as_ref()) {
            continue;
        }
        total += 1;
        let key: String = row.get(1)?;
        if after.is_some_and(|after| key.as_str() <= after) {
            continue;
        }
        if shown.len() < query.limit {
            shown.push(row.get::<_, i64>(0)?);
            last = key;
        } else if next.is_none() {
            next = Some(format!("{CURSOR}{last}"));
        }
    }
    let organizations = shown.into_iter().filter_map(|id| get(conn, "id = ?1", id).transpose());
    Ok(OrganizationPage { total, organizations: organizations.collect::<Result<_, _>>()?, next })
}

/// Beginnings of words that are looked for, folded.
struct Wanted {
    words: Vec<String>,
    /// Something was asked for that no name can hold.
    never: bool,
}

impl Wanted {
    fn of(words: &str) -> Self {
        let folded = fold(words).replace('\'', "");
        let cut: Vec<String> =
            folded.split(|c| !is_word(c)).filter(|word| !word.is_empty()).map(str::to_owned).collect();
        Self { never: cut.is_empty() && !words.trim().is_empty(), words: cut }
    }

    fn is_met_by(&self, name: &str) -> bool {
        if self.words.is_empty() {
            return !self.never;
        }
        let folded = fold(name);
        let joined = folded.replace('\'', "");
        self.words.iter().all(|word| begins_a_word(&joined, word) || begins_a_word(&folded, word))
    }
}

fn is_word(c: char) -> bool {
    is_word_char(c) || is_dense(c)
}

/// Scripts without spaces have a word beginning at every character.
fn begins_a_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, found)| {
        let before = text[..at].chars().next_back();
        before.is_none_or(|c| !is_word(c) || is_dense(c)) || found.starts_with(is_dense)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, words: &str, expected: bool) {
        assert_eq!(Wanted::of(words).is_met_by(name), expected, "{words} in {name}");
    }

    #[test]
    fn names_are_found_by_beginnings_of_their_words() {
        check("Société Générale", "gen soc", true);
        check("Acme, Ltd.", "cme", false);
        check("Acme, Ltd.", "acme-l", true);
        check("O’Brien & Sons", "obri", true);
        check("O’Brien & Sons", "brien", true);
        check("株式会社アクメ", "アクメ", true);
        check("ＡＣＭＥ株式会社", "会社 acme", true);
        check("Acme", "", true);
        check("Acme", "***", false);
    }
}
