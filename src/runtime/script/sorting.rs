//! Sorting arrays for scripts. A script may say anything when asked which of two values comes first; whatever it says, this ends, and an
//! error of its function is the script's error.

use std::cmp::Ordering;

use rhai::{Array, Dynamic, FnPtr, ImmutableString, NativeCallContext};

use super::api::Table;
use super::call::Outcome;

pub(super) fn register(table: &mut Table) {
    for name in ["sort", "sort_by"] {
        table.inner(name, |context: NativeCallContext, array: &mut Array, by: FnPtr| {
            *array = sorted(array.clone(), &mut |a, b| ask(&context, &by, a, b))?;
            Outcome::Ok(())
        });
    }
    for name in ["order", "order_by"] {
        table.inner(name, |context: NativeCallContext, array: Array, by: FnPtr| {
            sorted(array, &mut |a, b| ask(&context, &by, a, b))
        });
    }
    table.inner("sort", |array: &mut Array| {
        *array = sorted(array.clone(), &mut natural)?;
        Outcome::Ok(())
    });
    table.inner("sort_desc", |array: &mut Array| {
        *array = sorted(array.clone(), &mut |a, b| natural(b, a))?;
        Outcome::Ok(())
    });
    table.inner("order", |array: Array| sorted(array, &mut natural));
    table.inner("order_desc", |array: Array| sorted(array, &mut |a, b| natural(b, a)));
}

/// Asks a script: a number below or above 0, or whether the first comes first.
fn ask(context: &NativeCallContext<'_>, by: &FnPtr, a: &Dynamic, b: &Dynamic) -> Outcome<Ordering> {
    let said: Dynamic = by.call_raw(context, None, [a.clone(), b.clone()])?;
    if let Ok(number) = said.as_int() {
        return Ok(number.cmp(&0));
    }
    match said.as_bool() {
        Ok(true) => Ok(Ordering::Less),
        Ok(false) => Ok(Ordering::Greater),
        Err(kind) => {
            Err(format!("sorting wants a number, `true` or `false` of its function, not a value of type {kind}").into())
        }
    }
}

/// Compares two values of one type.
fn natural(a: &Dynamic, b: &Dynamic) -> Outcome<Ordering> {
    if let (Ok(a), Ok(b)) = (a.as_int(), b.as_int()) {
        return Ok(a.cmp(&b));
    }
    if let (Ok(a), Ok(b)) = (a.as_float(), b.as_float()) {
        return Ok(a.total_cmp(&b));
    }
    if let (Some(a), Some(b)) = (a.read_lock::<ImmutableString>(), b.read_lock::<ImmutableString>()) {
        return Ok(a.cmp(&b));
    }
    if let (Ok(a), Ok(b)) = (a.as_char(), b.as_char()) {
        return Ok(a.cmp(&b));
    }
    if let (Ok(a), Ok(b)) = (a.as_bool(), b.as_bool()) {
        return Ok(a.cmp(&b));
    }
    if a.is_unit() && b.is_unit() {
        return Ok(Ordering::Equal);
    }
    Err(format!("values of types {} and {} cannot be sorted", a.type_name(), b.type_name()).into())
}

/// Sorts by merging, without moving what is equal.
fn sorted(array: Array, compare: &mut dyn FnMut(&Dynamic, &Dynamic) -> Outcome<Ordering>) -> Outcome<Array> {
    if array.len() < 2 {
        return Ok(array);
    }
    let mut left = array;
    let right = sorted(left.split_off(left.len() / 2), compare)?;
    let left = sorted(left, compare)?;
    let mut merged = Array::with_capacity(left.len() + right.len());
    let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
    while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
        let takes_right = compare(a, b)? == Ordering::Greater;
        merged.extend(if takes_right { right.next() } else { left.next() });
    }
    merged.extend(left);
    merged.extend(right);
    Ok(merged)
}
