//! The library for import work: texts, names, numbers, addresses, dates, places, patterns, lists. Each child registers a chapter; here is
//! what they share: reading arguments, and bounds on what comes out.
//!
//! Every function is charged to the call, takes texts that are bounded by the engine, does work at most linear in them (or bounds what
//! it takes), and gives back no more than the engine allows. What cannot be read gives `""` or `()`; a value of the wrong kind throws.

mod bounded;
mod dates;
mod lists;
mod months;
mod numbers;
mod people;
mod phones;
mod places;
mod rules;
mod searching;
mod shown;
pub(super) mod standard;
mod texts;

pub(super) use rules::{Rules, Search, UsedRules};
pub(super) use shown::glimpse;

use rhai::{Array, Dynamic, ImmutableString, NativeCallContext};

use super::api::misuse::wrong_argument;
use super::api::{Table, text};
use super::call::{Call, Outcome};
use super::engine::MAX_ARRAY;
use super::patterns::check_length;

pub(super) fn register(table: &mut Table) {
    texts::register(table);
    people::register(table);
    phones::register(table);
    dates::register(table);
    places::register(table);
    numbers::register(table);
    searching::register(table);
    lists::register(table);
    rules::register(table);
    standard::register(table);
    bounded::register(table);
    shown::register(table);
}

/// What a value of the library's own weighs; 0 for any other.
pub(super) fn own_weight(value: &Dynamic) -> usize {
    lists::weight(value) + rules::weight(value)
}

/// A function of one text. What takes anything is registered for texts, too: those are found at once, anything else only after all kinds
/// of arguments were tried.
type OfOne = fn(&Call, &str) -> Outcome<Dynamic>;
/// A function of two texts.
type OfTwo = fn(&Call, &str, &str) -> Outcome<Dynamic>;

fn one(table: &mut Table, name: &'static str, function: OfOne) {
    table.function(name, move |context: NativeCallContext, value: &str| function(&*charged(&context)?, value));
    table.function(name, move |context: NativeCallContext, value: Dynamic| {
        function(&*charged(&context)?, &text_at(name, (0, 1), &value)?)
    });
}

fn two(table: &mut Table, name: &'static str, function: OfTwo) {
    table.function(name, move |context: NativeCallContext, first: &str, second: &str| {
        function(&*charged(&context)?, first, second)
    });
    table.function(name, move |context: NativeCallContext, first: Dynamic, second: Dynamic| {
        let call = charged(&context)?;
        function(&call, &text_at(name, (0, 2), &first)?, &text_at(name, (1, 2), &second)?)
    });
}

fn charged(context: &NativeCallContext<'_>) -> Outcome<std::sync::Arc<Call>> {
    let call = Call::of(context)?;
    call.charge()?;
    Ok(call)
}

/// Reads an argument as text. `at` is its place, from 0, among so many.
fn text_at(function: &str, at: (usize, usize), value: &Dynamic) -> Outcome<ImmutableString> {
    text(value).ok_or_else(|| wrong_argument(function, at, "a text", value))
}

/// Reads an argument as a whole number.
fn whole_at(function: &str, at: (usize, usize), value: &Dynamic) -> Outcome<i64> {
    value.as_int().map_err(|_| wrong_argument(function, at, "a whole number", value))
}

/// Reads an argument as an array of texts.
fn texts_at(function: &str, at: (usize, usize), value: &Dynamic) -> Outcome<Vec<ImmutableString>> {
    let array = value.read_lock::<Array>().ok_or_else(|| wrong_argument(function, at, "an array of texts", value))?;
    array.iter().map(|item| text(item).ok_or_else(|| wrong_argument(function, at, "an array of texts", item))).collect()
}

/// Gives a text, unless it is longer than the engine allows.
fn given(text: impl Into<ImmutableString>) -> Outcome<Dynamic> {
    let text: ImmutableString = text.into();
    check_length(text.len())?;
    Ok(text.into())
}

/// Gives an array of texts, unless it is larger than the engine allows.
fn given_all<T: Into<ImmutableString>>(items: impl Iterator<Item = T>) -> Outcome<Dynamic> {
    let (mut array, mut bytes) = (Array::new(), 0);
    for item in items {
        let item: ImmutableString = item.into();
        bytes += item.len();
        check_length(bytes)?;
        if array.len() >= MAX_ARRAY {
            return Err(rhai::EvalAltResult::ErrorDataTooLarge("size of array".into(), rhai::Position::NONE).into());
        }
        array.push(item.into());
    }
    Ok(array.into())
}

/// Joins words and what stands between them.
fn joined<'t>(parts: impl Iterator<Item = &'t str>, between: &str) -> Outcome<String> {
    let mut joined = String::new();
    for (at, part) in parts.enumerate() {
        if at > 0 {
            joined.push_str(between);
        }
        joined.push_str(part);
        check_length(joined.len())?;
    }
    Ok(joined)
}
