//! Filters, labels and who is asking, as conditions over the tables of facets and labels. Words are in `wording`; which condition is
//! walked is chosen by `plan`.

use chrono::{DateTime, Utc};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension};

use crate::domain::contact::Level;
use crate::domain::label::LabelName;
use crate::domain::name::Name;
use crate::domain::permission::Scope;
use crate::domain::text::fold;

use super::document::nanos;
use super::error::StoreError;
use super::facets::{self, KEY_END, facet};
use super::plan::{Condition, Sql, Walk};
use super::query::{Comparison, Filter, Query};
use super::verify::Check;
use super::wording;
use super::words;

/// A contact's id is made after the time that counts as that of its creation: at once, or in the course of the same import.
const IMPORT_MILLIS: i64 = 24 * 60 * 60 * 1000;

/// Clocks may differ by this.
const CLOCK_MILLIS: i64 = 60 * 1000;

/// Returns the conditions of everything but the words.
pub(super) fn of(conn: &Connection, query: &Query) -> Result<Vec<Condition>, StoreError> {
    let mut all = labels(query);
    all.extend(scope(conn, &query.scope)?);
    for filter in &query.filters {
        all.push(one(conn, filter)?);
    }
    Ok(all)
}

/// Nothing is found.
fn never() -> Condition {
    tested(Sql::new("false", []))
}

fn tested(test: Sql) -> Condition {
    Condition { walk: None, exact: false, test: Some(test), check: None }
}

/// Those of a table whose rows stand in the order of the numbers.
fn ordered(table: &str, no: &'static str, filter: Sql) -> Condition {
    let its = filter.text.replace(&format!("{table}."), "its.");
    let its_no = no.replace(table, "its");
    let test = format!("EXISTS (SELECT 1 FROM {table} AS its WHERE {its} AND {its_no} = {{no}})");
    let test = Sql { text: test, parameters: filter.parameters.clone() };
    let walk = Walk::Table { from: Sql::new(table, []), no, filter, ordered: true };
    Condition { walk: Some(walk), exact: true, test: Some(test), check: None }
}

/// Those that a selection of numbers names; or all others.
fn among(selection: Sql, among: bool) -> Condition {
    let Sql { text, parameters } = selection;
    let not = if among { "" } else { "NOT " };
    let test = Sql { text: format!("{{no}} {not}IN ({text})"), parameters: parameters.clone() };
    let from = Sql { text: format!("({text}) AS hit"), parameters };
    let walk = Walk::Table { from, no: "hit.contact", filter: Sql::new("true", []), ordered: false };
    Condition { walk: among.then_some(walk), exact: true, test: Some(test), check: None }
}

fn number(facet: u8) -> Value {
    Value::Integer(facet.into())
}

fn has(facet: u8, value: &str) -> Condition {
    let filter =
        Sql::new("contact_facet.facet = ? AND contact_facet.value = ?", [number(facet), Value::Text(value.to_owned())]);
    ordered("contact_facet", "contact_facet.contact", filter)
}

/// Those without any of the values.
fn has_none(facet: u8, values: &[String]) -> Condition {
    let test = format!(
        "NOT EXISTS (SELECT 1 FROM contact_facet AS its WHERE its.facet = ? AND its.value IN ({}) AND its.contact = {{no}})",
        marks(values.len())
    );
    let mut parameters = vec![number(facet)];
    parameters.extend(values.iter().cloned().map(Value::Text));
    tested(Sql { text: test, parameters })
}

fn marks(count: usize) -> String {
    vec!["?"; count].join(", ")
}

fn labels(query: &Query) -> Vec<Condition> {
    let key = |label: &LabelName| Value::Text(label.key().to_owned());
    if query.any_label && query.labels.len() > 1 {
        let marks = marks(query.labels.len());
        let numbers = format!("SELECT id FROM label WHERE key IN ({marks})");
        let parameters: Vec<Value> = query.labels.iter().map(key).collect();
        let selection = Sql {
            text: format!("SELECT DISTINCT contact FROM contact_label WHERE label IN ({numbers})"),
            parameters: parameters.clone(),
        };
        let test = format!(
            "EXISTS (SELECT 1 FROM contact_label AS its WHERE its.label IN ({numbers}) AND its.contact = {{no}})"
        );
        return vec![Condition { test: Some(Sql { text: test, parameters }), ..among(selection, true) }];
    }
    let one = |label: &LabelName| {
        let filter = Sql::new("contact_label.label = (SELECT id FROM label WHERE key = ?)", [key(label)]);
        ordered("contact_label", "contact_label.contact", filter)
    };
    query.labels.iter().map(one).collect()
}

/// Returns the conditions of who is asking.
pub(super) fn scope(conn: &Connection, scope: &Scope) -> Result<Vec<Condition>, StoreError> {
    Ok(match scope {
        Scope::All => Vec::new(),
        Scope::Person(name) => vec![of_person(name)],
        Scope::Divisions(names) => of_divisions(conn, names)?.into_iter().collect(),
        Scope::PersonWithin(name, names) => {
            std::iter::once(of_person(name)).chain(of_divisions(conn, names)?).collect()
        }
    })
}

/// Contacts that the person owns, or that are shared with them.
fn of_person(name: &Name) -> Condition {
    let key = || Value::Text(name.key().to_owned());
    let both = || [number(facet::OWNER), key(), number(facet::SHARED), key()];
    let selection = "SELECT contact FROM contact_facet WHERE facet = ? AND value = ?
                 UNION SELECT contact FROM contact_facet WHERE facet = ? AND value = ?";
    let its =
        "EXISTS (SELECT 1 FROM contact_facet AS its WHERE its.facet = ? AND its.value = ? AND its.contact = {no})";
    let test = Sql::new(format!("({its} OR {its})"), both());
    Condition { test: Some(test), ..among(Sql::new(selection, both()), true) }
}

/// Contacts of the divisions, and those without one.
fn of_divisions(conn: &Connection, names: &[Name]) -> Result<Option<Condition>, StoreError> {
    let others = other_divisions(conn, names)?;
    Ok((!others.is_empty()).then(|| has_none(facet::DIVISION, &others)))
}

/// The divisions of contacts that are none of these.
fn other_divisions(conn: &Connection, names: &[Name]) -> Result<Vec<String>, StoreError> {
    let mut next =
        conn.prepare_cached("SELECT value FROM contact_facet WHERE facet = ?1 AND value > ?2 ORDER BY value LIMIT 1")?;
    let (mut others, mut last) = (Vec::new(), String::new());
    while let Some(value) = next.query_row((facet::DIVISION, &last), |row| row.get::<_, String>(0)).optional()? {
        if names.iter().all(|name| name.key() != value) {
            others.push(value.clone());
        }
        last = value;
    }
    Ok(others)
}

fn one(conn: &Connection, filter: &Filter) -> Result<Condition, StoreError> {
    Ok(match filter {
        Filter::Type(kind) => {
            let filter = Sql::new("contact.kind = ? AND contact.gone = 0", [Value::Text(kind.as_str().to_owned())]);
            by_type(filter)
        }
        Filter::Level(Level::Primary) => {
            let others: Vec<String> = Level::ALL.iter().map(|level| level.as_str().to_owned()).collect();
            has_none(facet::LEVEL, &others)
        }
        Filter::Level(level) => has(facet::LEVEL, level.as_str()),
        Filter::Company(company) => {
            let tokens = words::whole(company);
            match wording::matching(conn, &tokens)? {
                Some(walk) => {
                    Condition { walk: Some(walk), exact: false, test: None, check: Some(Check::Company(tokens)) }
                }
                None => never(),
            }
        }
        Filter::Organization(name) => has(facet::ORGANIZATION, name.key()),
        Filter::Owner(name) => has(facet::OWNER, name.key()),
        Filter::Division(name) => has(facet::DIVISION, name.key()),
        Filter::Country(country) => has(facet::COUNTRY, country.as_str()),
        Filter::OptOut(true) => has(facet::OPT_OUT, ""),
        Filter::OptOut(false) => has_none(facet::OPT_OUT, &[String::new()]),
        Filter::Created(from, to) => created(*from, *to),
        Filter::Updated(from, to) => updated(*from, *to),
        Filter::Custom { key, is } => custom(key, is),
    })
}

fn by_type(filter: Sql) -> Condition {
    // The index of types holds the live ones alone, in the order of their numbers.
    let test = Sql {
        text: "EXISTS (SELECT 1 FROM contact AS its INDEXED BY contact_live
             WHERE its.kind = ? AND its.gone = 0 AND its.no = {no})"
            .to_owned(),
        parameters: filter.parameters.clone(),
    };
    let from = Sql::new("contact INDEXED BY contact_live", []);
    let walk = Walk::Table { from, no: "contact.no", filter, ordered: true };
    Condition { walk: Some(walk), exact: true, test: Some(test), check: None }
}

type Time = Option<DateTime<Utc>>;

/// The ids of contacts that may have been created between two times.
fn ids(from: Time, to: Time) -> [Value; 2] {
    let end = |millis: i64| {
        let millis = millis.clamp(0, (1 << 48) - 1);
        Value::Blob(millis.to_be_bytes()[2..].to_vec())
    };
    let from = from.map_or(0, |from| from.timestamp_millis().saturating_sub(CLOCK_MILLIS));
    let to = to.map_or(i64::MAX, |to| to.timestamp_millis().saturating_add(IMPORT_MILLIS));
    // A shorter blob comes before all that begin with it.
    let last = if to >= (1 << 48) - 1 { Value::Blob(vec![0xff; 17]) } else { end(to + 1) };
    [end(from), last]
}

fn nanoseconds(from: Time, to: Time) -> [Value; 2] {
    [Value::Integer(from.map_or(i64::MIN, nanos)), Value::Integer(to.map_or(i64::MAX, nanos))]
}

fn created(from: Time, to: Time) -> Condition {
    let ([first, last], [start, end]) = (ids(from, to), nanoseconds(from, to));
    let selection =
        Sql::new("SELECT no AS contact FROM contact WHERE id >= ? AND id < ?", [first.clone(), last.clone()]);
    let test = Sql::new(
        "EXISTS (SELECT 1 FROM contact AS its WHERE its.no = {no} AND its.gone = 0 AND its.id >= ? AND its.id < ?
             AND its.doc ->> 'created' >= ? AND its.doc ->> 'created' < ?)",
        [first, last, start, end],
    );
    Condition { test: Some(test), exact: false, ..among(selection, true) }
}

fn updated(from: Time, to: Time) -> Condition {
    let ([first, last], [start, end]) = (ids(from, to), nanoseconds(from, to));
    let selection = Sql::new(
        "SELECT no AS contact FROM contact WHERE updated >= ? AND updated < ?
             UNION ALL SELECT no FROM contact WHERE updated IS NULL AND gone = 0 AND id >= ? AND id < ?",
        [start.clone(), end.clone(), first, last],
    );
    let test = Sql::new(
        "EXISTS (SELECT 1 FROM contact AS its WHERE its.no = {no} AND ifnull(its.updated, its.doc ->> 'created') >= ?
             AND ifnull(its.updated, its.doc ->> 'created') < ?)",
        [start, end],
    );
    Condition { test: Some(test), exact: false, ..among(selection, true) }
}

fn custom(key: &str, is: &Comparison) -> Condition {
    let text = |text: String| Value::Text(text);
    let facet = || number(facet::CUSTOM);
    // All values of the key: U+0020 follows U+001F.
    let (first, end) = (format!("{key}{KEY_END}"), format!("{key}\u{20}"));
    let any = "SELECT DISTINCT contact FROM contact_facet WHERE facet = ? AND value >= ? AND value < ?";
    match is {
        Comparison::Present | Comparison::Absent => {
            among(Sql::new(any, [facet(), text(first), text(end)]), *is == Comparison::Present)
        }
        Comparison::Equal(value) | Comparison::Different(value) => {
            let equal = matches!(is, Comparison::Equal(_));
            let folded = fold(value);
            let stored = facets::custom(key, &folded);
            if folded.chars().count() < facets::VALUE_CHARS {
                return if equal { has(facet::CUSTOM, &stored) } else { has_none(facet::CUSTOM, &[stored]) };
            }
            let check = Some(Check::Custom { key: key.to_owned(), folded, equal });
            match equal {
                true => Condition { exact: false, check, ..has(facet::CUSTOM, &stored) },
                false => Condition { walk: None, exact: false, test: None, check },
            }
        }
        Comparison::Number(least, most) => {
            let length = Value::Integer(first.chars().count() as i64 + 1);
            let number = format!(
                "{any} AND CAST(substr(value, ?) AS NUMERIC) = substr(value, ?)
                 AND CAST(substr(value, ?) AS NUMERIC) BETWEEN ? AND ?"
            );
            let ends = [least.unwrap_or(f64::NEG_INFINITY), most.unwrap_or(f64::INFINITY)].map(Value::Real);
            let [least, most] = ends;
            let parameters = [facet(), text(first), text(end), length.clone(), length.clone(), length, least, most];
            among(Sql::new(number, parameters), true)
        }
        Comparison::Text(least, most) => {
            let date = format!("{any} AND substr(value, ?) GLOB '[0-9][0-9][0-9][0-9]-[0-9]*'");
            let length = Value::Integer(first.chars().count() as i64 + 1);
            let from = format!("{first}{}", least.as_deref().map(fold).unwrap_or_default());
            // A day that ends the range is in it with all its hours.
            let to = most.as_deref().map_or(end, |most| format!("{first}{}\u{10ffff}", fold(most)));
            among(Sql::new(date, [facet(), text(from), text(to), length]), true)
        }
    }
}
