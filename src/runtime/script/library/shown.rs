//! Values as text. Rhai writes them whole before it looks how long the text became, and a map of a thousand long texts that are one and the same
//! takes nothing until then; so they are written here, no further than a text may be long.

use std::fmt::{self, Write};

use rhai::{Array, Dynamic, FnPtr, ImmutableString, Map, NativeCallContext};

use crate::plugin::fault::FaultKind;
use crate::runtime::script::api::Table;
use crate::runtime::script::blame::too_long;
use crate::runtime::script::call::{Call, Outcome};
use crate::runtime::script::engine::{MAX_STRING, too_heavy};
use crate::runtime::script::memory::Heavy;

/// Deepest nesting that is shown: values may hold themselves.
const DEEPEST: usize = 64;

pub(super) fn register(table: &mut Table) {
    for name in ["to_string", "to_debug", "print", "debug"] {
        table.inner(name, |context: NativeCallContext, array: &mut Array| {
            shown(&context, |text| array_text(text, &context, array, 0))
        });
        table.inner(name, |context: NativeCallContext, map: &mut Map| {
            shown(&context, |text| map_text(text, &context, map, 0))
        });
    }
    table.inner("to_json", |context: NativeCallContext, map: &mut Map| shown(&context, |text| json_map(text, map, 0)));
}

/// Writes as much of a value as people want to read.
pub(in crate::runtime::script) fn glimpse(value: &Dynamic, most: usize) -> String {
    let mut text = Text { text: String::new(), most };
    // What is too long ends where it became so.
    let _ = write!(text, "{value}");
    text.text
}

/// A text that takes no more than it may.
struct Text {
    text: String,
    most: usize,
}

impl Write for Text {
    fn write_str(&mut self, more: &str) -> fmt::Result {
        let room = self.most - self.text.len();
        self.text.push_str(&more[..more.floor_char_boundary(room)]);
        if more.len() > room { Err(fmt::Error) } else { Ok(()) }
    }
}

/// Why a value is not shown whole.
enum Cut {
    Long,
    Deep,
}

impl From<fmt::Error> for Cut {
    fn from(_: fmt::Error) -> Self {
        Self::Long
    }
}

/// Returns what was written, or ends the call. Rhai would take an error for a value that cannot be shown, and write it in a way of its own.
fn shown(
    context: &NativeCallContext<'_>,
    write: impl FnOnce(&mut Text) -> Result<(), Cut>,
) -> Outcome<ImmutableString> {
    let mut text = Text { text: String::new(), most: MAX_STRING };
    let call = Call::of(context)?;
    match write(&mut text) {
        Ok(()) => return Ok(text.text.into()),
        Err(Cut::Long) => drop(call.stop(FaultKind::Memory, too_long())),
        Err(Cut::Deep) => drop(too_heavy(&call, Heavy::Depth)),
    }
    Ok(ImmutableString::new())
}

fn value_text(text: &mut Text, context: &NativeCallContext<'_>, value: &Dynamic, depth: usize) -> Result<(), Cut> {
    if depth > DEEPEST {
        return Err(Cut::Deep);
    }
    if let Some(array) = value.read_lock::<Array>() {
        return array_text(text, context, &array, depth);
    }
    if let Some(map) = value.read_lock::<Map>() {
        return map_text(text, context, &map, depth);
    }
    if let Some(string) = value.read_lock::<ImmutableString>() {
        return Ok(write!(text, "{:?}", string.as_str())?);
    }
    // Things of the library know what they look like.
    match context.call_native_fn_raw("to_debug", true, &mut [&mut value.clone()]) {
        Ok(known) if known.is_string() => Ok(write!(text, "{known}")?),
        _ => Ok(write!(text, "{value:?}")?),
    }
}

fn array_text(text: &mut Text, context: &NativeCallContext<'_>, array: &Array, depth: usize) -> Result<(), Cut> {
    listed(text, ("[", ", ", "]"), array, |text, item| value_text(text, context, item, depth + 1))
}

fn map_text(text: &mut Text, context: &NativeCallContext<'_>, map: &Map, depth: usize) -> Result<(), Cut> {
    listed(text, ("#{", ", ", "}"), map, |text, (key, value)| {
        write!(text, "{:?}: ", key.as_str())?;
        value_text(text, context, value, depth + 1)
    })
}

fn json_map(text: &mut Text, map: &Map, depth: usize) -> Result<(), Cut> {
    listed(text, ("{", ",", "}"), map, |text, (key, value)| {
        write!(text, "{:?}:", key.as_str())?;
        json(text, value, depth + 1)
    })
}

fn json(text: &mut Text, value: &Dynamic, depth: usize) -> Result<(), Cut> {
    if depth > DEEPEST {
        return Err(Cut::Deep);
    }
    if let Some(array) = value.read_lock::<Array>() {
        return listed(text, ("[", ",", "]"), &*array, |text, item| json(text, item, depth + 1));
    }
    if let Some(map) = value.read_lock::<Map>() {
        return json_map(text, &map, depth);
    }
    if let Some(function) = value.read_lock::<FnPtr>() {
        return Ok(write!(text, "{:?}", function.fn_name())?);
    }
    Ok(if value.is_unit() { write!(text, "null") } else { write!(text, "{value:?}") }?)
}

/// Writes items, with what stands before, between and behind them.
fn listed<T>(
    text: &mut Text,
    (before, between, behind): (&str, &str, &str),
    items: impl IntoIterator<Item = T>,
    mut write: impl FnMut(&mut Text, T) -> Result<(), Cut>,
) -> Result<(), Cut> {
    text.write_str(before)?;
    for (at, item) in items.into_iter().enumerate() {
        if at > 0 {
            text.write_str(between)?;
        }
        write(text, item)?;
    }
    Ok(text.write_str(behind)?)
}
