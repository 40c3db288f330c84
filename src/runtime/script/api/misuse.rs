//! Telling a wrong call: which argument is of the wrong kind, how many there should be, what was probably meant.

use std::any::TypeId;
use std::borrow::Cow;

use rhai::{Array, Dynamic, EvalAltResult, FnPtr, ImmutableString, Map};

use super::{Api, Entry, Kind, Registered, shared};
use crate::plugin::fault::{Fault, FaultKind};
use crate::plugin::hand::Refusal;
use crate::runtime::script::call::throw;
use crate::runtime::script::library::standard;

/// How a text is called in the engine's messages.
const TEXT: &str = "&str | ImmutableString | String";

/// Returns how a kind of value is called, from the engine's name for it.
pub(in crate::runtime::script) fn kind_word(name: &str) -> Cow<'_, str> {
    Cow::Borrowed(match name {
        TEXT | "string" => "a text",
        "i64" => "a whole number",
        "f64" => "a number with decimals",
        "bool" => "`true` or `false`",
        "char" => "a character",
        "array" => "an array",
        "map" => "a map",
        "()" => "a missing value (`()`)",
        "Fn" => "a function",
        "Row" => "a row",
        "Contact" => "a contact",
        "Merge" => "a merge",
        "Enquiry" => "an enquiry",
        "List" => "a list",
        "Table" => "a table",
        "Rules" => "rules",
        "Refused" => "a caught refusal",
        "range" | "range=" => "a range",
        other => return Cow::Owned(format!("a value of type {other}")),
    })
}

/// Returns how a value is called.
pub(in crate::runtime::script) fn kind_of(value: &Dynamic) -> Cow<'static, str> {
    let name = if value.is_string() {
        "string"
    } else if value.is_array() {
        "array"
    } else if value.is_map() {
        "map"
    } else if value.is_fnptr() {
        "Fn"
    } else {
        value.type_name().rsplit("::").next().unwrap_or_default().trim_end_matches("Handle")
    };
    Cow::Owned(kind_word(name).into_owned())
}

/// Returns how values of a registered type are called; nothing for those that take any value.
fn wanted_word(id: TypeId) -> Option<&'static str> {
    let known = [
        (TypeId::of::<ImmutableString>(), "a text"),
        (TypeId::of::<&'static str>(), "a text"),
        (TypeId::of::<i64>(), "a whole number"),
        (TypeId::of::<f64>(), "a number with decimals"),
        (TypeId::of::<bool>(), "`true` or `false`"),
        (TypeId::of::<char>(), "a character"),
        (TypeId::of::<Array>(), "an array"),
        (TypeId::of::<Map>(), "a map"),
        (TypeId::of::<FnPtr>(), "a function"),
    ];
    known.iter().find(|(known, _)| *known == id).map(|(_, word)| *word)
}

/// Refuses an argument of a library function. `at` counts from 0; `count` is how many arguments there are.
pub(in crate::runtime::script) fn wrong_argument(
    function: &str,
    (at, count): (usize, usize),
    wanted: &str,
    got: &Dynamic,
) -> Box<EvalAltResult> {
    let (message, hint) = argument_told(function, at, count, wanted, &kind_of(got));
    refused("ARGUMENT", function, message, hint)
}

/// Refuses a call for a reason of its own, telling how it is written.
pub(in crate::runtime::script) fn refused(
    code: &'static str,
    function: &str,
    message: String,
    hint: Option<String>,
) -> Box<EvalAltResult> {
    throw(Refusal { code: Cow::Borrowed(code), field: function.to_owned(), message, hint }, FaultKind::Script)
}

fn argument_told(function: &str, at: usize, count: usize, wanted: &str, got: &str) -> (String, Option<String>) {
    let entry = usage(function, count);
    let name = entry.and_then(|entry| entry.arguments().get(at).map(|name| format!("`{name}`, ")));
    let ordinal = ["first", "second", "third", "fourth", "fifth"].get(at).copied().unwrap_or("last");
    let message = match name {
        Some(name) if count > 1 => format!("{name}the {ordinal} argument of `{function}`, must be {wanted}, not {got}"),
        _ => format!("`{function}` takes {wanted}, not {got}"),
    };
    (message, entry.map(|entry| format!("it is written `{}`", entry.usage)))
}

/// The entry of a function with so many arguments; else any of that name.
fn usage(function: &str, count: usize) -> Option<&'static Entry> {
    let named = || shared().entries().filter(|entry| entry.function() == Some(function));
    named().find(|entry| entry.arguments().len() == count).or_else(|| named().next())
}

/// Explains a call of a function that is not there, or not for these values.
pub(in crate::runtime::script) fn no_function(signature: &str) -> Fault {
    let fault = |message: String| Fault::new(FaultKind::Script, message);
    let (name, types) = signature.split_once(" (").unwrap_or((signature, ""));
    let types: Vec<&str> =
        types.strip_suffix(')').unwrap_or(types).split(", ").filter(|name| !name.is_empty()).collect();
    if let Some(property) = name.strip_prefix("get$").or_else(|| name.strip_prefix("set$")) {
        return no_property(property, &types);
    }
    let told: Vec<Cow<'_, str>> = types.iter().map(|name| kind_word(name)).collect();
    if types.first() == Some(&"()") && (Api::knows(name) || standard::NAMES.contains(&name)) && !takes_anything(name) {
        return fault(format!("`{name}` was called on a missing value (`()`)")).hint(format!(
            "a column or key that is not there gives `()`: ask first (`if x != () {{ … }}`), or write `(x ?? \"\").{name}(…)`"
        ));
    }
    if !name.starts_with(|c: char| c.is_alphabetic() || c == '_') {
        let fault = fault(format!("`{name}` does not go with {}", told.join(" and ")));
        return match sign_hint(&types) {
            Some(hint) => fault.hint(hint),
            None => fault,
        };
    }
    if let (Some(&TEXT | &"string"), Some(reader)) = (types.first(), reader_of(name)) {
        return fault(format!("`{name}` is not for texts")).hint(format!("of a text it is `{reader}`"));
    }
    let overloads: Vec<&Registered> = functions(name).collect();
    if let Some((at, wanted)) = mismatch(&overloads, &types) {
        // The thing before the dot is the first value, and no argument of the entry.
        let is_method = usage(name, types.len()).is_some_and(|entry| entry.arguments().len() + 1 == types.len());
        let (at, count) = if is_method { (at.saturating_sub(1), types.len() - 1) } else { (at, types.len()) };
        let got = told.get(at + usize::from(is_method)).map_or("nothing", |word| &**word);
        let (message, hint) = argument_told(name, at, count, wanted, got);
        return Fault { hint, ..fault(message) };
    }
    if !overloads.is_empty() {
        let usages = shared().entries().filter(|entry| entry.function() == Some(name));
        let usages: Vec<String> = usages.map(|entry| format!("`{}`", entry.usage)).collect();
        let message = format!("`{name}` cannot be called with ({})", told.join(", "));
        return fault(message).hint(format!("it is written {}", usages.join(" or ")));
    }
    let message = format!("there is no function `{name}` for ({})", told.join(", "));
    match Api::nearest(name) {
        _ if standard::NAMES.contains(&name) => {
            fault(message).hint("there is one of that name, but it takes other values")
        }
        Some(near) => fault(format!("there is no function `{name}`")).hint(format!("did you mean `{near}`?")),
        None => fault(format!("there is no function `{name}`")).hint("scripts/REFERENCE.md lists what there is"),
    }
}

/// What to do about a sign between values that it is not for.
fn sign_hint(types: &[&str]) -> Option<&'static str> {
    let has = |kinds: &[&str]| types.iter().any(|name| kinds.contains(name));
    if has(&["()"]) {
        Some("a value that is missing is `()`: write `x ?? 0`, or ask first (`if x != () { … }`)")
    } else if has(&[TEXT, "string"]) && has(&["i64", "f64"]) {
        Some("make a number of the text, as by `parse_int(text)` or `parse_number(text, \"1,234.50\")`")
    } else {
        None
    }
}

/// What makes a number of a text, for a function that makes one of another number.
fn reader_of(name: &str) -> Option<&'static str> {
    match name {
        "to_int" => Some("parse_int(text)"),
        "to_float" => Some("parse_float(text)"),
        _ => None,
    }
}

fn functions(name: &str) -> impl Iterator<Item = &'static Registered> {
    shared().registered().iter().filter(move |known| known.kind == Kind::Function && known.name == name)
}

fn takes_anything(name: &str) -> bool {
    let any = TypeId::of::<Dynamic>();
    functions(name).any(|known| known.types.first() == Some(&any))
}

/// The first argument that fits no overload with so many, and what it should have been.
fn mismatch(overloads: &[&Registered], types: &[&str]) -> Option<(usize, &'static str)> {
    let alike = overloads.iter().filter(|known| known.types.len() == types.len());
    let faults = alike.filter_map(|known| {
        let mut pairs = known.types.iter().zip(types).enumerate();
        pairs.find_map(|(at, (id, name))| {
            wanted_word(*id).filter(|word| *word != kind_word(name)).map(|word| (at, word))
        })
    });
    // The overload that fits longest is the one that was meant.
    faults.max_by_key(|(at, _)| *at)
}

fn no_property(property: &str, types: &[&str]) -> Fault {
    let thing = types.first().map_or(Cow::Borrowed("a value"), |name| kind_word(name));
    let fault = Fault::new(FaultKind::Script, format!("{thing} has no property `{property}`"));
    if types.first() == Some(&"()") {
        return fault.hint("a key or column that is not there gives `()`: ask first, or write `x?.name`");
    }
    let receiver = types.first().map(|name| name.to_ascii_lowercase()).unwrap_or_default();
    let of_thing = shared().registered().iter().filter(|known| known.kind.receiver() == Some(receiver.as_str()));
    match nearest(property, of_thing.map(|known| known.name)) {
        Some(near) => fault.hint(format!("did you mean `{near}`?")),
        None if functions(property).next().is_some() || standard::NAMES.contains(&property) => {
            fault.hint(format!("`{property}` is a function: write `{property}()`"))
        }
        None => fault,
    }
}

impl Kind {
    fn receiver(self) -> Option<&'static str> {
        match self {
            Self::Getter(thing) | Self::Setter(thing) => Some(thing),
            _ => None,
        }
    }
}

impl Api {
    /// Says whether scripts may call something of Carnet's by that name, with whatever arguments.
    pub(in crate::runtime::script) fn knows(name: &str) -> bool {
        functions(name).next().is_some()
    }

    /// Returns the nearest name of a function, for a misspelt one.
    pub(in crate::runtime::script) fn nearest(name: &str) -> Option<&'static str> {
        let own = shared().registered().iter().filter(|known| known.kind == Kind::Function).map(|known| known.name);
        nearest(name, own.chain(standard::NAMES.iter().copied()))
    }
}

/// Returns the name that resembles a misspelt one most, if one does.
pub(in crate::runtime::script) fn nearest<'n>(name: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let name = &name[..name.floor_char_boundary(100)];
    let plain = |text: &str| text.replace('_', "").to_ascii_lowercase();
    let score = |known: &str| {
        if plain(known) == plain(name) { 1.0 } else { strsim::jaro_winkler(known, name) }
    };
    let scored = names.filter(|known| *known != name && !known.is_empty()).map(|known| (score(known), known));
    scored.filter(|(score, _)| *score > 0.85).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, known)| known)
}
