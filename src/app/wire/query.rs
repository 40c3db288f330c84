//! A query as JSON: as saved filters keep it, and as the server takes it. What is about one page or one viewer is not part of it.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value, json};

use crate::app::failure::{Class, Failure};
use crate::domain::contact::{ContactType, Level};
use crate::domain::label::LabelName;
use crate::domain::name::Name;
use crate::store::{Comparison, Filter, Query};

/// Writes words, labels and filters.
#[must_use]
pub fn to_json(query: &Query) -> Value {
    json!({
        "words": query.words,
        "labels": query.labels.iter().map(LabelName::as_str).collect::<Vec<_>>(),
        "match": if query.any_label { "any" } else { "all" },
        "filters": query.filters.iter().map(filter).collect::<Vec<_>>(),
    })
}

fn filter(filter: &Filter) -> Value {
    let is = |field: &str, value: &str| json!({ "field": field, "is": value });
    match filter {
        Filter::Type(kind) => is("type", kind.as_str()),
        Filter::Level(level) => is("level", level.as_str()),
        Filter::Company(company) => is("company", company),
        Filter::Organization(name) => is("organization", name.as_str()),
        Filter::Owner(name) => is("owner", name.as_str()),
        Filter::Division(name) => is("division", name.as_str()),
        Filter::Country(country) => is("country", country.as_str()),
        Filter::OptOut(opt_out) => json!({ "field": "opt_out", "is": opt_out }),
        Filter::Created(from, to) => json!({ "field": "created", "from": from.map(time), "to": to.map(time) }),
        Filter::Updated(from, to) => json!({ "field": "updated", "from": from.map(time), "to": to.map(time) }),
        Filter::Custom { key, is } => {
            let field = format!("custom.{key}");
            match is {
                Comparison::Present => json!({ "field": field, "present": true }),
                Comparison::Absent => json!({ "field": field, "present": false }),
                Comparison::Equal(value) => json!({ "field": field, "is": value }),
                Comparison::Different(value) => json!({ "field": field, "is_not": value }),
                Comparison::Number(from, to) => {
                    json!({ "field": field, "least": from.map(number), "most": to.map(number) })
                }
                Comparison::Text(from, to) => json!({ "field": field, "from": from, "to": to }),
            }
        }
    }
}

/// A number; as text where JSON readers would get its last digit wrong.
fn number(number: f64) -> Value {
    let read = serde_json::from_str::<f64>(&json!(number).to_string());
    if read.is_ok_and(|read| read.to_bits() == number.to_bits()) { json!(number) } else { json!(number.to_string()) }
}

fn read_number(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.parse().ok()).filter(|number| number.is_finite())
}

fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// Reads words, labels and filters into a query that has the rest.
///
/// # Errors
/// Usage, naming the part that cannot be read.
pub fn from_json(value: &Value, rest: Query) -> Result<Query, Failure> {
    let map = value.as_object().ok_or_else(|| unsound("a query is a JSON object"))?;
    let known = ["words", "labels", "match", "filters"];
    if let Some(key) = map.keys().find(|key| !known.contains(&key.as_str())) {
        return Err(unsound(&format!("a query has no `{key}`")).hint(format!("it has {}", known.join(", "))));
    }
    let list = |key: &str| match map.get(key) {
        None | Some(Value::Null) => Ok(&[][..]),
        Some(Value::Array(list)) => Ok(&list[..]),
        Some(_) => Err(unsound(&format!("`{key}` is no list"))),
    };
    let any_label = match text(map, "match")? {
        None | Some("all") => false,
        Some("any") => true,
        Some(word) => return Err(unsound(&format!("`match` cannot be `{word}`")).hint("use `any` or `all`")),
    };
    let label = |value: &Value| {
        let name = value.as_str().ok_or_else(|| unsound("a label is a text"))?;
        Ok::<_, Failure>(LabelName::parse(name)?)
    };
    Ok(Query {
        words: text(map, "words")?.unwrap_or_default().to_owned(),
        labels: list("labels")?.iter().map(label).collect::<Result<_, _>>()?,
        any_label,
        filters: list("filters")?.iter().map(read_filter).collect::<Result<_, _>>()?,
        ..rest
    })
}

fn unsound(message: &str) -> Failure {
    Failure::new(Class::Usage, "QUERY", message)
}

fn text<'v>(map: &'v Map<String, Value>, key: &str) -> Result<Option<&'v str>, Failure> {
    match map.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(unsound(&format!("`{key}` is no text"))),
    }
}

fn read_filter(value: &Value) -> Result<Filter, Failure> {
    let map = value.as_object().ok_or_else(|| unsound("a filter is a JSON object"))?;
    let field = text(map, "field")?.ok_or_else(|| unsound("a filter names its `field`"))?;
    if let Some(key) = field.strip_prefix("custom.") {
        return Ok(Filter::Custom { key: key.to_owned(), is: comparison(map, field)? });
    }
    let ends = || Ok::<_, Failure>((read_time(map, "from")?, read_time(map, "to")?));
    let is = || text(map, "is")?.ok_or_else(|| unsound(&format!("the filter `{field}` has no `is`")));
    Ok(match field {
        "type" => Filter::Type(word(is()?, ContactType::parse, field)?),
        "level" => Filter::Level(word(is()?, Level::parse, field)?),
        "company" => Filter::Company(is()?.to_owned()),
        "organization" => Filter::Organization(Name::parse(is()?)?),
        "owner" => Filter::Owner(Name::parse(is()?)?),
        "division" => Filter::Division(Name::parse(is()?)?),
        "country" => Filter::Country(word(is()?, |code| code.parse().ok(), field)?),
        "opt_out" => {
            let opt_out = map.get("is").and_then(Value::as_bool);
            Filter::OptOut(opt_out.ok_or_else(|| unsound("the filter `opt_out` is true or false"))?)
        }
        "created" => ends().map(|(from, to)| Filter::Created(from, to))?,
        "updated" => ends().map(|(from, to)| Filter::Updated(from, to))?,
        _ => return Err(unsound(&format!("there is no filter `{field}`"))),
    })
}

fn word<T>(word: &str, parse: impl Fn(&str) -> Option<T>, field: &str) -> Result<T, Failure> {
    parse(word).ok_or_else(|| unsound(&format!("the filter `{field}` cannot be `{word}`")))
}

fn read_time(map: &Map<String, Value>, key: &str) -> Result<Option<DateTime<Utc>>, Failure> {
    let parse = |text: &str| {
        let at = DateTime::parse_from_rfc3339(text);
        at.map(|at| at.to_utc())
            .map_err(|_| unsound(&format!("`{text}` is no time")).hint("write 2026-11-01T10:00:00Z"))
    };
    text(map, key)?.map(parse).transpose()
}

fn comparison(map: &Map<String, Value>, field: &str) -> Result<Comparison, Failure> {
    let has = |key: &str| map.contains_key(key);
    if has("present") {
        let present = map["present"].as_bool().ok_or_else(|| unsound("`present` is true or false"))?;
        return Ok(if present { Comparison::Present } else { Comparison::Absent });
    }
    if let Some(value) = text(map, "is")? {
        return Ok(Comparison::Equal(value.to_owned()));
    }
    if let Some(value) = text(map, "is_not")? {
        return Ok(Comparison::Different(value.to_owned()));
    }
    if has("least") || has("most") {
        let end = |key: &str| match map.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(number) => read_number(number).map(Some).ok_or_else(|| unsound(&format!("`{key}` is no number"))),
        };
        return Ok(Comparison::Number(end("least")?, end("most")?));
    }
    if has("from") || has("to") {
        let end = |key: &str| Ok::<_, Failure>(text(map, key)?.map(str::to_owned));
        return Ok(Comparison::Text(end("from")?, end("to")?));
    }
    Err(unsound(&format!("the filter `{field}` says nothing"))
        .hint("it has `present`, `is`, `is_not`, `least` and `most`, or `from` and `to`"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;

    fn name() -> impl Strategy<Value = Name> {
        "[A-Za-z\"'é陳][A-Za-z0-9 é]{0,8}".prop_map(|text| Name::parse(&text).unwrap())
    }

    fn comparisons() -> impl Strategy<Value = Comparison> {
        let number = || proptest::option::of(-1e9..1e9_f64);
        let text = || proptest::option::of("[0-9-]{1,10}");
        prop_oneof![
            Just(Comparison::Present),
            Just(Comparison::Absent),
            any::<String>().prop_map(Comparison::Equal),
            any::<String>().prop_map(Comparison::Different),
            (number(), number()).prop_map(|(from, to)| Comparison::Number(from, to)),
            (text(), text()).prop_map(|(from, to)| Comparison::Text(from, to)),
        ]
    }

    fn filters() -> impl Strategy<Value = Filter> {
        let time = || {
            proptest::option::of((0..4_000_000_000_000_i64).prop_map(|at| DateTime::from_timestamp_millis(at).unwrap()))
        };
        prop_oneof![
            select(ContactType::ALL).prop_map(Filter::Type),
            select(Level::ALL).prop_map(Filter::Level),
            any::<String>().prop_map(Filter::Company),
            name().prop_map(Filter::Organization),
            name().prop_map(Filter::Owner),
            name().prop_map(Filter::Division),
            select(vec!["HK", "GB"]).prop_map(|code| Filter::Country(code.parse().unwrap())),
            any::<bool>().prop_map(Filter::OptOut),
            (time(), time()).prop_map(|(from, to)| Filter::Created(from, to)),
            (time(), time()).prop_map(|(from, to)| Filter::Updated(from, to)),
            ("[a-z_]{1,8}", comparisons()).prop_map(|(key, is)| Filter::Custom { key, is }),
        ]
    }

    proptest! {
        #[test]
        fn a_query_survives_its_json(
            words in any::<String>(),
            labels in proptest::collection::vec("[a-z]{1,5}", 0..3),
            any_label in any::<bool>(),
            filters in proptest::collection::vec(filters(), 0..4),
        ) {
            let labels = labels.iter().map(|name| LabelName::parse(name).unwrap()).collect();
            let query = Query { words, labels, any_label, filters, ..Query::default() };
            let text = to_json(&query).to_string();
            let read = from_json(&serde_json::from_str(&text).unwrap(), Query::default()).unwrap();
            prop_assert_eq!(read, query);
        }

        #[test]
        fn no_json_breaks_it(text in "[\\[\\]{}:,\"a-z0-9]{0,40}") {
            if let Ok(value) = serde_json::from_str(&text) {
                let _ = from_json(&value, Query::default());
            }
        }
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        for (text, message) in [
            ("[]", "a query is a JSON object"),
            (r#"{"lables": []}"#, "a query has no `lables`"),
            (r#"{"match": "some"}"#, "`match` cannot be `some`"),
            (r#"{"filters": [{"field": "type", "is": "friend"}]}"#, "the filter `type` cannot be `friend`"),
            (r#"{"filters": [{"field": "age"}]}"#, "there is no filter `age`"),
            (r#"{"filters": [{"field": "custom.tier"}]}"#, "the filter `custom.tier` says nothing"),
            (r#"{"filters": [{"field": "created", "from": "today"}]}"#, "`today` is no time"),
        ] {
            let failure = from_json(&serde_json::from_str(text).unwrap(), Query::default()).unwrap_err();
            assert_eq!((&*failure.code, &*failure.message), ("QUERY", message));
        }
    }
}
