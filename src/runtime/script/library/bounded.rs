//! Rhai's own functions that could grow without bound or wait, replaced by ones that cannot; and those that change a text, which give it
//! back as well: `row.company = row.company.trim();` would otherwise empty the cell.

use rhai::{Array, Dynamic, EvalAltResult, FnPtr, ImmutableString, NativeCallContext, Position};

use crate::runtime::script::api::Table;
use crate::runtime::script::call::{Call, Outcome};
use crate::runtime::script::engine::too_heavy;
use crate::runtime::script::memory::{Heavy, weigh};
use crate::runtime::script::{patterns, sorting};

/// Functions of Rhai's own library whose result is checked too late, or that wait.
pub(super) fn register(table: &mut Table) {
    table.inner("replace", |text: &mut ImmutableString, find: &str, with: &str| replace(text, find, with));
    table.inner("replace", |text: &mut ImmutableString, find: char, with: &str| {
        replace(text, find.encode_utf8(&mut [0; 4]), with)
    });
    table.inner("replace", |text: &mut ImmutableString, find: &str, with: char| {
        replace(text, find, with.encode_utf8(&mut [0; 4]))
    });
    table.inner("replace", |text: &mut ImmutableString, find: char, with: char| {
        replace(text, find.encode_utf8(&mut [0; 4]), with.encode_utf8(&mut [0; 4]))
    });
    table.inner("map", |context: NativeCallContext, array: Array, mapper: FnPtr| map(&context, array, &mapper));
    table.inner("trim", |text: &mut ImmutableString| {
        if text.trim().len() < text.len() {
            *text = text.trim().into();
        }
        text.clone()
    });
    table.inner("make_upper", |text: &mut ImmutableString| cased(text, str::to_uppercase));
    table.inner("make_lower", |text: &mut ImmutableString| cased(text, str::to_lowercase));
    // Padding with nothing would never end.
    table.inner("pad", |text: &mut ImmutableString, length: i64, with: &str| pad(text, length, with));
    sorting::register(table);
    // By their exact types, for those win over any other.
    table.inner("sleep", |_: i64| refused::<()>("sleep"));
    table.inner("sleep", |_: f64| refused::<()>("sleep"));
    // Bytes are weighed by nobody.
    table.inner("to_blob", |_: &str| refused::<Array>("to_blob"));
    table.inner("zip", |_: Array, _: Array, _: FnPtr| refused::<Array>("zip"));
}

fn refused<T>(name: &str) -> Outcome<T> {
    Err(EvalAltResult::ErrorRuntime(format!("`{name}` is not available").into(), Position::NONE).into())
}

fn cased(text: &mut ImmutableString, to: fn(&str) -> String) -> Outcome<ImmutableString> {
    let cased = to(text);
    patterns::check_length(cased.len())?;
    *text = cased.into();
    Ok(text.clone())
}

fn replace(text: &mut ImmutableString, find: &str, with: &str) -> Outcome<ImmutableString> {
    let count = text.matches(find).count();
    let grown = text.len() + count.saturating_mul(with.len());
    patterns::check_length(grown.saturating_sub(count * find.len()))?;
    if count > 0 {
        *text = text.replace(find, with).into();
    }
    Ok(text.clone())
}

fn pad(text: &mut ImmutableString, length: i64, with: &str) -> Outcome<ImmutableString> {
    let length = usize::try_from(length).unwrap_or(0);
    let missing = length.saturating_sub(text.chars().count());
    if missing == 0 {
        return Ok(text.clone());
    }
    if with.is_empty() {
        return Err("`pad` takes a text that is not empty".into());
    }
    patterns::check_length(length)?;
    let padded = format!("{text}{}", with.chars().cycle().take(missing).collect::<String>());
    patterns::check_length(padded.len())?;
    *text = padded.into();
    Ok(text.clone())
}

/// Weighs what it collects, which is in no variable yet.
fn map(context: &NativeCallContext<'_>, array: Array, mapper: &FnPtr) -> Outcome<Array> {
    let call = Call::of(context)?;
    let mut mapped = Array::with_capacity(array.len());
    let (mut weight, mut with_index) = (0, false);
    for (index, item) in array.into_iter().enumerate() {
        let value = map_one(context, mapper, item, index, &mut with_index)?;
        weight += weigh(&value, 0).map_err(|heavy| too_heavy(&call, heavy))?;
        if weight > call.terms.budget.memory_bytes {
            return Err(too_heavy(&call, Heavy::Bytes));
        }
        mapped.push(value);
    }
    Ok(mapped)
}

/// Calls `|item|` or, when there is no such function, `|item, index|` from then on.
fn map_one(
    context: &NativeCallContext<'_>,
    mapper: &FnPtr,
    item: Dynamic,
    index: usize,
    with_index: &mut bool,
) -> Outcome<Dynamic> {
    let index = Dynamic::from(i64::try_from(index).unwrap_or(i64::MAX));
    if !*with_index {
        match mapper.call_raw(context, None, [item.clone()]) {
            Err(error) if is_missing(&error, mapper) => *with_index = true,
            done => return done,
        }
    }
    mapper.call_raw(context, None, [item, index])
}

fn is_missing(error: &EvalAltResult, mapper: &FnPtr) -> bool {
    matches!(error, EvalAltResult::ErrorFunctionNotFound(signature, _) if signature.starts_with(mapper.fn_name()))
}
