//! Where and why a script failed: from Rhai's errors to faults with a position, the source line and a hint.

use rhai::{Dynamic, EvalAltResult};

use super::api::misuse;
use super::call::{Call, Refused};
use super::engine::{MAX_ARRAY, MAX_CALL_LEVELS, MAX_MAP, MAX_STRING, MAX_VARIABLES};
use super::library::glimpse;
use crate::plugin::fault::{Fault, FaultKind, Position};

/// Longest source line that is shown, in characters.
const SHOWN_CHARS: usize = 200;

/// Most that is told of a value that was thrown, in bytes.
const THROWN_BYTES: usize = 2000;

/// A script's text, for showing where something is.
pub(super) struct Source {
    file: String,
    text: String,
}

impl Source {
    pub(super) fn new(file: String, text: &str) -> Self {
        Self { file, text: text.to_owned() }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Returns a place by line and column, from 1.
    pub(super) fn position(&self, line: usize, column: usize) -> Position {
        let text = line.checked_sub(1).and_then(|index| self.text.lines().nth(index));
        let source = text.map(|text| text.trim().chars().take(SHOWN_CHARS).collect());
        Position { file: self.file.clone(), line, column, source }
    }

    /// Returns a place by its byte, from 0.
    pub(super) fn at_byte(&self, at: usize) -> Position {
        let before = self.text.get(..at).unwrap_or_default();
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        self.position(before.matches('\n').count() + 1, column)
    }

    /// Returns a place that Rhai named; the first line when it named none.
    pub(super) fn at(&self, position: rhai::Position) -> Position {
        self.position(position.line().unwrap_or(1), position.position().unwrap_or(0))
    }

    /// Finds the definition of a function.
    pub(super) fn find_function(&self, name: &str) -> Position {
        let defines = |line: &str| {
            let rest = line.trim_start().trim_start_matches("private ").strip_prefix("fn ").map(str::trim_start);
            rest.and_then(|rest| rest.strip_prefix(name)).is_some_and(|rest| rest.trim_start().starts_with('('))
        };
        let line = self.text.lines().position(defines).map_or(1, |index| index + 1);
        self.position(line, 0)
    }
}

/// Tells what a failed call failed by. `failure` is what Carnet itself ended the call for, if it did.
pub(super) fn fault(error: EvalAltResult, failure: Option<Fault>, source: &Source, call: &Call) -> Fault {
    let (error, position) = innermost(error);
    let fault = failure.unwrap_or_else(|| explain(&error, call));
    if position.is_none() { fault } else { fault.at(source.at(position)) }
}

/// Digs out the error that began it, and the innermost place that is known.
fn innermost(mut error: EvalAltResult) -> (EvalAltResult, rhai::Position) {
    let mut position = error.position();
    loop {
        match error {
            EvalAltResult::ErrorInFunctionCall(_, _, inner, _) | EvalAltResult::ErrorInModule(_, inner, _) => {
                error = *inner
            }
            other => return (other, position),
        }
        if !error.position().is_none() {
            position = error.position();
        }
    }
}

fn explain(error: &EvalAltResult, call: &Call) -> Fault {
    match error {
        EvalAltResult::ErrorTooManyOperations(_) => too_many_operations(call.terms.budget.operations),
        EvalAltResult::ErrorStackOverflow(_) => {
            Fault::new(FaultKind::Operations, format!("functions call each other more than {MAX_CALL_LEVELS} deep"))
        }
        EvalAltResult::ErrorTooManyVariables(_) => {
            Fault::new(FaultKind::Memory, format!("a function has more than {MAX_VARIABLES} variables"))
        }
        EvalAltResult::ErrorDataTooLarge(what, _) => Fault::new(FaultKind::Memory, too_large(what)),
        EvalAltResult::ErrorRuntime(value, _) => thrown(value),
        EvalAltResult::ErrorFunctionNotFound(signature, _) => misuse::no_function(signature),
        // In a hook it is found by the compiler.
        EvalAltResult::ErrorVariableNotFound(name, _) => {
            Fault::new(FaultKind::Script, format!("there is no variable `{name}` here"))
                .hint("what computes a constant does not see the others: hand them over as arguments")
        }
        other => Fault::new(FaultKind::Script, plain(other)),
    }
}

/// What is told of a text that is too long.
pub(super) fn too_long() -> String {
    format!("a text, or the texts of one array or map, takes more than {MAX_STRING} bytes")
}

pub(super) fn too_many_operations(limit: u64) -> Fault {
    Fault::over(FaultKind::Operations, format!("it took more than {limit} operations"))
}

fn too_large(what: &str) -> String {
    let what = what.to_ascii_lowercase();
    if what.contains("string") {
        too_long()
    } else if what.contains("map") {
        format!("a map has more than {MAX_MAP} entries")
    } else {
        format!("an array has more than {MAX_ARRAY} elements")
    }
}

/// What a script threw, or a refusal that it did not catch.
fn thrown(value: &Dynamic) -> Fault {
    if let Some(refused) = value.read_lock::<Refused>() {
        let fault = Fault::new(refused.kind, refused.refusal.told());
        return match &refused.refusal.hint {
            Some(hint) => fault.hint(hint.clone()),
            None => fault,
        };
    }
    let text = glimpse(value, THROWN_BYTES);
    Fault::new(FaultKind::Script, if text.is_empty() { "the script threw an error".to_owned() } else { text })
}

fn plain(error: &EvalAltResult) -> String {
    let text = error.to_string();
    // The position is told apart from the message.
    fragment(text.rfind(" (line ").map_or(text.as_str(), |at| &text[..at]))
}

/// Makes a lower-case fragment without a final dot.
pub(super) fn fragment(text: &str) -> String {
    let text = text.trim_end_matches('.');
    let mut chars = text.chars();
    match (chars.next(), chars.next()) {
        (Some(first), Some(second)) if first.is_uppercase() && !second.is_uppercase() => {
            first.to_lowercase().chain(text.chars().skip(1)).collect()
        }
        _ => text.to_owned(),
    }
}
