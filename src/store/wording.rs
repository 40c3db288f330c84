//! The words of a query as conditions: the full-text index, pieces of phone numbers, and beginnings of external ids. How text is cut is
//! said by `words`; filters are in `conditions`.

use std::fmt::Write as _;

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, params};

use super::contacts;
use super::error::StoreError;
use super::identifiers::{first_of_volume, volume};
use super::plan::{Condition, Plan, Sql, Walk, Way};
use super::prepared::kind;
use super::query::{Query, SearchFields};
use super::verify::Check;
use super::words::{Digits, Token, Wanted};

/// So many words are asked for one by one rather than by their common beginning: their lists of contacts are then read from the newest
/// on, and only as far as needed, while a beginning merges all lists first.
const EXPANDED: usize = 32;

/// Beginnings of one query that are treated so.
const EXPANSIONS: usize = 8;

/// Fewest characters that are taken for the beginning of an external id.
const MIN_ID_CHARS: usize = 3;

/// Returns the conditions of a query's words; nothing when no contact can have them.
pub(super) fn conditions(conn: &Connection, query: &Query) -> Result<Option<Vec<Condition>>, StoreError> {
    let text = query.words.trim();
    if text.is_empty() {
        return Ok(Some(Vec::new()));
    }
    let begins = if query.within.external_id { beginnings(text) } else { Vec::new() };
    let by_id = with_external_id(conn, &begins)?;
    let mut wanted = Wanted::of(text);
    if !query.within.phone {
        wanted.numbers_as_words();
    }
    let walk = walk(conn, &wanted, query.within)?;
    let exact = walk.as_ref().is_some_and(|walk| is_exact(walk, &wanted, query.within));
    let check = Check::Words(Box::new((wanted, query.within, begins)));
    if by_id.is_empty() {
        return Ok(walk.map(|walk| vec![Condition { walk: Some(walk), exact, test: None, check: Some(check) }]));
    }
    let mut found = by_id;
    if walk.is_some() {
        let words = Query { words: query.words.clone(), within: query.within, ..Query::default() };
        found.extend(by_words(conn, &words)?);
    }
    Ok(Some(vec![listed(&found, check)]))
}

/// Whether everything that is walked is meant.
fn is_exact(walk: &Walk, wanted: &Wanted, within: SearchFields) -> bool {
    let everywhere = within.name && within.email && within.company;
    let all = match walk {
        Walk::Table { .. } => wanted.numbers.is_empty(),
        Walk::Numbers(_) => wanted.text.is_empty() && wanted.numbers.len() == 1,
    };
    everywhere && all
}

/// Contacts with the words, those with the external id left out.
fn by_words(conn: &Connection, query: &Query) -> Result<Vec<i64>, StoreError> {
    let within = SearchFields { external_id: false, ..query.within };
    let mut found = Vec::new();
    if let Some(plan) = Plan::of(conn, &Query { within, ..query.clone() })? {
        let way = Way { newest_first: true, after: None };
        plan.each(conn, way, false, &mut |no, _| {
            found.push(no);
            std::ops::ControlFlow::Continue(())
        })?;
    }
    Ok(found)
}

fn listed(found: &[i64], check: Check) -> Condition {
    let from = Sql::new("(SELECT DISTINCT value AS contact FROM json_each(?)) AS hit", [json(found)]);
    let walk = Walk::Table { from, no: "hit.contact", filter: Sql::new("true", []), ordered: false };
    Condition { walk: Some(walk), exact: true, test: None, check: Some(check) }
}

fn json(numbers: &[i64]) -> Value {
    let mut text = String::from("[");
    for (at, number) in numbers.iter().enumerate() {
        let comma = if at == 0 { "" } else { "," };
        let _ = write!(text, "{comma}{number}");
    }
    text.push(']');
    Value::Text(text)
}

fn walk(conn: &Connection, wanted: &Wanted, within: SearchFields) -> Result<Option<Walk>, StoreError> {
    if within.phone
        && let Some(number) = wanted.numbers.first()
    {
        return Pieces::of(conn, number).map(|pieces| Some(Walk::Numbers(pieces)));
    }
    if !wanted.numbers.is_empty() {
        // A number that can be no word, while numbers are not looked at.
        return Ok(None);
    }
    matching(conn, &wanted.text)
}

/// The rows of the full-text index with all the tokens; nothing when there can be none.
pub(super) fn matching(conn: &Connection, tokens: &[Token]) -> Result<Option<Walk>, StoreError> {
    let Some(expression) = expression(conn, tokens)? else { return Ok(None) };
    let filter = Sql::new("contact_text MATCH ?", [Value::Text(expression)]);
    let from = Sql::new("contact_text", []);
    Ok(Some(Walk::Table { from, no: "contact_text.rowid", filter, ordered: true }))
}

/// What the full-text index is asked.
fn expression(conn: &Connection, tokens: &[Token]) -> Result<Option<String>, StoreError> {
    let mut parts = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let quoted = format!("\"{}\"", token.text);
        if !token.prefix {
            parts.push(quoted);
            continue;
        }
        let words = if at < EXPANSIONS { words_from(conn, &token.text)? } else { None };
        parts.push(match words {
            None => format!("{quoted}*"),
            Some(words) if words.is_empty() => return Ok(None),
            Some(words) => format!("({})", words.join(" OR ")),
        });
    }
    Ok((!parts.is_empty()).then(|| parts.join(" AND ")))
}

/// The words of the index with a beginning, quoted; nothing when they are many.
fn words_from(conn: &Connection, beginning: &str) -> Result<Option<Vec<String>>, StoreError> {
    let mut next = conn.prepare_cached("SELECT term FROM contact_term WHERE term >= ?1 LIMIT 1")?;
    let (mut words, mut from) = (Vec::new(), beginning.to_owned());
    while words.len() <= EXPANDED {
        let word: Option<String> = next.query_row([&from], |row| row.get(0)).optional()?;
        match word.filter(|word| word.starts_with(beginning)) {
            Some(word) => {
                words.push(format!("\"{word}\""));
                // No word holds a control character.
                from = word + "\u{1}";
            }
            None => return Ok(Some(words)),
        }
    }
    Ok(None)
}

/// Contacts with a piece of a phone number, or with the same digits in a name.
pub(super) struct Pieces {
    number: Digits,
    /// Those with the digits in a name, in order.
    named: Vec<i64>,
}

impl Pieces {
    fn of(conn: &Connection, number: &Digits) -> Result<Self, StoreError> {
        let mut named = Vec::new();
        if let Some(expression) = expression(conn, &number.as_words)? {
            let mut select =
                conn.prepare_cached("SELECT rowid FROM contact_text WHERE contact_text MATCH ?1 ORDER BY rowid")?;
            named = select.query_map([expression], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
        }
        Ok(Self { number: number.clone(), named })
    }

    /// Says whether the digits begin the number, so that few rows are looked at.
    pub(super) const fn is_anchored(&self) -> bool {
        self.number.anchored
    }

    /// The volumes on a way.
    pub(super) fn volumes(&self, conn: &Connection, way: Way) -> Result<Vec<i64>, StoreError> {
        let last = volume(contacts::last_number(conn)?);
        let first = way.after.map_or(if way.newest_first { last } else { 0 }, |after| volume(after.clamp(0, i64::MAX)));
        Ok(if way.newest_first { (0..=first.min(last)).rev().collect() } else { (first..=last).collect() })
    }

    /// The contacts of a volume.
    pub(super) fn of_volume(&self, volume: i64) -> Sql {
        let (phone, whatsapp, digits) = (kind::PHONE, kind::WHATSAPP, kind::DIGITS);
        let piece = Value::Text(self.number.digits.clone());
        let (filter, mut parameters) = if self.number.anchored {
            // `:` follows `9`.
            let end = Value::Text(format!("{}:", self.number.digits));
            (format!("kind IN ({phone}, {whatsapp}) AND value >= ? AND value < ?"), vec![piece, end])
        } else {
            (format!("kind IN ({phone}, {whatsapp}, {digits}) AND instr(value, ?) > 0"), vec![piece])
        };
        parameters.insert(0, Value::Integer(volume));
        let mut text = format!("(SELECT DISTINCT contact FROM identifier WHERE volume = ? AND {filter}");
        let from = self.named.partition_point(|no| *no < first_of_volume(volume));
        let to = self.named.partition_point(|no| *no < first_of_volume(volume + 1));
        if from < to {
            text.push_str(" UNION SELECT value FROM json_each(?)");
            parameters.push(json(&self.named[from..to]));
        }
        text.push_str(") AS hit");
        Sql { text, parameters }
    }
}

/// What an external id may begin with, given what was typed.
fn beginnings(text: &str) -> Vec<String> {
    if text.chars().count() < MIN_ID_CHARS {
        return Vec::new();
    }
    let mut all = vec![text.to_owned(), text.to_lowercase(), text.to_uppercase()];
    all.sort_unstable();
    all.dedup();
    all
}

/// Contacts with an external id that begins so, in any system: in each volume from one system to the next.
fn with_external_id(conn: &Connection, begins: &[String]) -> Result<Vec<i64>, StoreError> {
    let mut found = Vec::new();
    if begins.is_empty() {
        return Ok(found);
    }
    let last = contacts::last_number(conn)?;
    let mut next_system = conn.prepare_cached(
        "SELECT value FROM identifier WHERE volume = ?1 AND kind = ?2 AND value >= ?3 ORDER BY value LIMIT 1",
    )?;
    let mut ids = conn.prepare_cached(
        "SELECT contact FROM identifier WHERE volume = ?1 AND kind = ?2 AND value >= ?3 AND value < ?4",
    )?;
    for volume in 0..=volume(last) {
        let mut from = String::new();
        loop {
            let value: Option<String> =
                next_system.query_row(params![volume, kind::EXTERNAL, from], |row| row.get(0)).optional()?;
            let Some((system, _)) = value.as_deref().and_then(|value| value.split_once('\u{1f}')) else { break };
            for text in begins {
                let begin = format!("{system}\u{1f}{text}");
                let end = format!("{begin}\u{10ffff}");
                let rows = ids.query_map(params![volume, kind::EXTERNAL, begin, end], |row| row.get::<_, i64>(0))?;
                for row in rows {
                    found.push(row?);
                }
            }
            from = format!("{system}\u{20}");
        }
    }
    found.sort_unstable();
    found.dedup();
    Ok(found)
}
