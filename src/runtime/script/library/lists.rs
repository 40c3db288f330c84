//! Lists and tables that never change: a constant array is copied wherever it is used, these are not.

use std::collections::HashMap;
use std::sync::Arc;

use rhai::{Array, Dynamic, ImmutableString, Map, NativeCallContext};

use super::{charged, given_all, text_at, texts_at};
use crate::domain::text::{shown, word_key};
use crate::runtime::script::api::misuse::{refused, wrong_argument};
use crate::runtime::script::api::{Table, text};
use crate::runtime::script::call::Outcome;

/// What an entry takes beside its texts, about: two strings, and its place in the index.
const ENTRY: usize = 160;

/// Texts that are found whatever their case.
#[derive(Clone)]
struct List(Arc<Listed>);

struct Listed {
    items: Vec<ImmutableString>,
    places: HashMap<String, usize>,
    weight: usize,
}

/// Texts that stand for others, found whatever their case; in the order in which they were given.
#[derive(Clone)]
struct Codes(Arc<Coded>);

struct Coded {
    pairs: Vec<(ImmutableString, ImmutableString)>,
    places: HashMap<String, usize>,
    weight: usize,
}

/// What a list or a table weighs; 0 for any other value.
pub(super) fn weight(value: &Dynamic) -> usize {
    if let Some(list) = value.read_lock::<List>() {
        return list.0.weight;
    }
    value.read_lock::<Codes>().map_or(0, |codes| codes.0.weight)
}

pub(super) fn register(table: &mut Table) {
    table.chapter(
        "Lists and tables",
        "For constants: `const TITLES = list([\"Mr\", \"Ms\"]);` at the top of a script is made once, and used as often as you like at no \
         cost; a constant array or map is copied wherever it is used. They hold texts, never change, and find what they hold whatever its case \
         and the blanks around it.",
    );
    table.module.set_custom_type::<List>("List");
    table.module.set_custom_type::<Codes>("Table");
    lists(table);
    tables(table);
}

fn lists(table: &mut Table) {
    table.say(
        "list(texts)",
        "A list of the texts of an array.",
        &[(r#"list(["Mr", "Ms", "Dr"])"#, r#"list(["Mr", "Ms", "Dr"])"#)],
    );
    table.say(
        "list.contains(text)",
        "Whether it is in the list. `in` says the same.",
        &[(r#"list(["Mr", "Ms"]).contains(" MS ")"#, "true"), (r#""dr" in list(["Mr", "Ms"])"#, "false")],
    );
    table.say(
        "list.index_of(text)",
        "Its place in the list, from 0; -1 when it is not there.",
        &[(r#"list(["Mr", "Ms"]).index_of("ms")"#, "1"), (r#"list(["Mr", "Ms"]).index_of("Dr")"#, "-1")],
    );
    table.say("list.len()", "How many there are.", &[(r#"list(["Mr", "Ms"]).len()"#, "2")]);
    table.say(
        "list[0]",
        "The text at a place, from 0, or from the end: `list[-1]`; `()` where there is none.",
        &[(r#"let list = list(["Mr", "Ms"]); log_info(list[-1]);"#, "logs info: Ms"), (r#"list(["Mr"])[7]"#, "()")],
    );
    table.say("list.to_array()", "The texts as an array. `for text in list` goes through them without it.", &[(r#"list(["Mr", "Ms"]).to_array()"#, r#"["Mr", "Ms"]"#), ("for field in list([\"city\", \"company\"]) {\n    if !contact.has(field) { reject(field, \"MISSING\", `${field} is needed`); }\n}", "rejects MISSING of city: city is needed")]);
    table.function("list", |context: NativeCallContext, texts: Dynamic| {
        charged(&context)?;
        let items = texts_at("list", (0, 1), &texts)?;
        let weight = items.iter().map(|item| ENTRY + item.len() * 2).sum();
        let mut places = HashMap::with_capacity(items.len());
        for (at, item) in items.iter().enumerate() {
            places.entry(word_key(item)).or_insert(at);
        }
        Outcome::Ok(List(Arc::new(Listed { items, places, weight })))
    });
    table.function("contains", |context: NativeCallContext, list: &mut List, value: &str| {
        charged(&context)?;
        Outcome::Ok(list.0.place(value).is_some())
    });
    table.function("contains", |context: NativeCallContext, list: &mut List, value: Dynamic| {
        charged(&context)?;
        Outcome::Ok(list.0.place(&text_at("contains", (0, 1), &value)?).is_some())
    });
    table.function("index_of", |context: NativeCallContext, list: &mut List, value: Dynamic| {
        charged(&context)?;
        let place = list.0.place(&text_at("index_of", (0, 1), &value)?);
        Outcome::Ok(place.and_then(|at| i64::try_from(at).ok()).unwrap_or(-1))
    });
    table.function("len", |list: &mut List| i64::try_from(list.0.items.len()).unwrap_or(i64::MAX));
    table.inner("len", |codes: &mut Codes| i64::try_from(codes.0.pairs.len()).unwrap_or(i64::MAX));
    table.function("to_array", |context: NativeCallContext, list: &mut List| {
        charged(&context)?;
        given_all(list.0.items.iter().cloned())
    });
    table.index_getter("list", |list: &mut List, at: i64| {
        let count = i64::try_from(list.0.items.len()).unwrap_or(i64::MAX);
        let at = if at < 0 { at.saturating_add(count) } else { at };
        let item = usize::try_from(at).ok().and_then(|at| list.0.items.get(at));
        Outcome::Ok(item.map_or(Dynamic::UNIT, |item| item.clone().into()))
    });
    table.module.set_iter(std::any::TypeId::of::<List>(), |value| {
        let items = value.try_cast::<List>().map(|list| list.0.items.clone()).unwrap_or_default();
        Box::new(items.into_iter().map(Dynamic::from))
    });
    for name in ["to_string", "to_debug", "print", "debug"] {
        table.inner(name, |list: &mut List| {
            shown_as(list.0.items.iter().map(|item| format!("{item:?}")), "list([", "])")
        });
        table.inner(name, |codes: &mut Codes| {
            shown_as(codes.0.pairs.iter().map(|(from, to)| format!("{from:?}: {to:?}")), "table(#{", "})")
        });
    }
}

impl Listed {
    fn place(&self, text: &str) -> Option<usize> {
        self.places.get(word_key(text).as_str()).copied()
    }
}

fn shown_as(items: impl Iterator<Item = String>, open: &str, close: &str) -> ImmutableString {
    let mut text = open.to_owned();
    for (at, item) in items.enumerate() {
        if at > 0 {
            text.push_str(", ");
        }
        text.push_str(&item);
        if text.len() > 2000 {
            text.push('…');
            break;
        }
    }
    text.push_str(close);
    text.into()
}

fn tables(table: &mut Table) {
    table.say(
        "table(map)",
        "A table of what stands for what, from a map.",
        &[(r#"table(#{"1": "Lead", "2": "Customer"})"#, r#"table(#{"1": "Lead", "2": "Customer"})"#)],
    );
    table.say("table(lines)", "The same from an array of texts `key=value`, as they are configured: `const CODES = table(config(\"codes\"));`. The last `=` of a line parts it. A line that cannot be read keeps the script from loading. `for pair in table` goes through the pairs, in their order.", &[("for pair in table([\"b=1\", \"a=2\"]) { log_info(`${pair[0]} is ${pair[1]}`); }", "logs info: b is 1, logs info: a is 2"), (r#"table(["Their header=last_name"]).get("their header")"#, r#""last_name""#)]);
    table.say(
        "table.get(key)",
        "What stands for the key; `()` when it is not in the table.",
        &[
            (r#"table(#{hk: "Hong Kong"}).get("HK")"#, r#""Hong Kong""#),
            (r#"table(#{hk: "Hong Kong"}).get("CN")"#, "()"),
        ],
    );
    table.say(
        "table.get(key, other)",
        "The same; `other` when it is not in the table.",
        &[(r#"table(#{hk: "Hong Kong"}).get("CN", "abroad")"#, r#""abroad""#)],
    );
    table.say(
        "table.has(key)",
        "Whether the key is in the table. `in` says the same.",
        &[(r#"table(#{hk: "Hong Kong"}).has("HK")"#, "true"), (r#""CN" in table(#{hk: "Hong Kong"})"#, "false")],
    );
    table.say(
        "table.keys()",
        "The keys as an array, in their order.",
        &[(r#"table(["b=1", "a=2"]).keys()"#, r#"["b", "a"]"#)],
    );
    table.say(
        r#"table["key"]"#,
        "What stands for the key; `()` when it is not in the table.",
        &[(
            "let table = table(#{hk: \"Hong Kong\"});\ncontact.city = table[contact.country];",
            r#"sets city = "Hong Kong""#,
        )],
    );
    table.function("table", |context: NativeCallContext, given: Dynamic| {
        charged(&context)?;
        codes(&given)
    });
    table.function("get", |context: NativeCallContext, codes: &mut Codes, key: Dynamic| {
        charged(&context)?;
        codes.0.value(&text_at("get", (0, 1), &key)?, Dynamic::UNIT)
    });
    table.function("get", |context: NativeCallContext, codes: &mut Codes, key: Dynamic, other: Dynamic| {
        charged(&context)?;
        codes.0.value(&text_at("get", (0, 2), &key)?, other)
    });
    for name in ["has", "contains"] {
        table.function(name, move |context: NativeCallContext, codes: &mut Codes, key: Dynamic| {
            charged(&context)?;
            Outcome::Ok(codes.0.places.contains_key(word_key(&text_at(name, (0, 1), &key)?).as_str()))
        });
    }
    table.function("keys", |context: NativeCallContext, codes: &mut Codes| {
        charged(&context)?;
        given_all(codes.0.pairs.iter().map(|(key, _)| key.clone()))
    });
    table.index_getter("table", |codes: &mut Codes, key: Dynamic| {
        codes.0.value(&text_at("get", (0, 1), &key)?, Dynamic::UNIT)
    });
    table.module.set_iter(std::any::TypeId::of::<Codes>(), |value| {
        let pairs = value.try_cast::<Codes>().map(|codes| codes.0.pairs.clone()).unwrap_or_default();
        let pair = |(key, value): (ImmutableString, ImmutableString)| {
            Dynamic::from(vec![Dynamic::from(key), Dynamic::from(value)])
        };
        Box::new(pairs.into_iter().map(pair))
    });
}

impl Coded {
    fn value(&self, key: &str, other: Dynamic) -> Outcome<Dynamic> {
        let place = self.places.get(word_key(key).as_str());
        Ok(place.and_then(|at| self.pairs.get(*at)).map_or(other, |(_, value)| value.clone().into()))
    }
}

fn codes(given: &Dynamic) -> Outcome<Codes> {
    let mut pairs: Vec<(ImmutableString, ImmutableString)> = Vec::new();
    let wrong =
        |value: &Dynamic| wrong_argument("table", (0, 1), "a map of texts, or an array of texts `key=value`", value);
    if let Some(map) = given.read_lock::<Map>() {
        for (key, value) in map.iter() {
            pairs.push((key.as_str().into(), text(value).ok_or_else(|| wrong(value))?));
        }
    } else {
        let lines = given.read_lock::<Array>().ok_or_else(|| wrong(given))?;
        for line in lines.iter() {
            pairs.push(pair(&text(line).ok_or_else(|| wrong(line))?)?);
        }
    }
    let weight = pairs.iter().map(|(key, value)| ENTRY + key.len() * 2 + value.len()).sum();
    let mut places = HashMap::with_capacity(pairs.len());
    for (at, (key, _)) in pairs.iter().enumerate() {
        if places.insert(word_key(key), at).is_some() {
            let message = format!("`{}` stands twice in the table", shown(key));
            return Err(refused(
                "ARGUMENT",
                "table",
                message,
                Some("whatever their case and the blanks around them, keys must differ".to_owned()),
            ));
        }
    }
    Ok(Codes(Arc::new(Coded { pairs, places, weight })))
}

/// Takes a line `key=value` apart.
fn pair(line: &str) -> Outcome<(ImmutableString, ImmutableString)> {
    let parts = line.rsplit_once('=').map(|(key, value)| (key.trim(), value.trim()));
    match parts.filter(|(key, value)| !key.is_empty() && !value.is_empty()) {
        Some((key, value)) => Ok((key.into(), value.into())),
        None => {
            let message = format!("the pair \"{}\" cannot be read", shown(line));
            Err(refused("ARGUMENT", "table", message, Some("write it like \"key=value\"".to_owned())))
        }
    }
}
