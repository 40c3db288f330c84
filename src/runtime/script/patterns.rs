//! Regular expressions for scripts: compiled once per loaded script, small enough that no search can run long (the engine is linear in
//! text times pattern).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use regex::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};
use rhai::ImmutableString;

use super::call::{Call, Outcome};

/// Longest pattern, in bytes.
const MAX_PATTERN: usize = 1000;
/// Largest compiled pattern, in bytes.
pub(super) const MAX_COMPILED: usize = 256 << 10;
/// Deepest nesting of groups in a pattern.
const NESTED: u32 = 30;
/// Longest text that is searched, in bytes.
const MAX_TEXT: usize = 16 << 10;
/// Most patterns that are kept; a script that makes more gets them compiled anew.
const MAX_KEPT: usize = 64;
/// Longest result of a replacement, in bytes: the engine's limit for a string.
const MAX_RESULT: usize = super::engine::MAX_STRING;

/// Patterns that were compiled before, by any session of a script.
#[derive(Default)]
pub(super) struct Patterns(Mutex<HashMap<String, Regex>>);

impl Patterns {
    /// Returns the compiled pattern, with caches of its own.
    fn get(&self, pattern: &str) -> Outcome<Regex> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = kept.get(pattern) {
            return Ok(known.clone());
        }
        let compiled = compile(pattern)?;
        if kept.len() >= MAX_KEPT {
            kept.clear();
        }
        kept.insert(pattern.to_owned(), compiled.clone());
        Ok(compiled)
    }
}

/// The patterns of one session, so that workers neither wait for each other nor share an expression's caches. Scripts mostly use a few
/// constants, and each is known again by where it lies.
#[derive(Default)]
pub(super) struct Used(Mutex<Vec<(ImmutableString, Arc<Regex>)>>);

impl Used {
    fn get(&self, pattern: &ImmutableString, shared: &Patterns) -> Outcome<Arc<Regex>> {
        let mut used = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let place = used.iter().position(|(known, _)| known.ptr_eq(pattern));
        if let Some(at) = place.or_else(|| used.iter().position(|(known, _)| known == pattern)) {
            return Ok(Arc::clone(&used[at].1));
        }
        let regex = Arc::new(shared.get(pattern)?);
        if used.len() >= MAX_KEPT {
            used.clear();
        }
        used.push((pattern.clone(), Arc::clone(&regex)));
        Ok(regex)
    }
}

fn compile(pattern: &str) -> Outcome<Regex> {
    if pattern.len() > MAX_PATTERN {
        return Err(format!("a pattern has at most {MAX_PATTERN} bytes, this one has {}", pattern.len()).into());
    }
    let mut builder = RegexBuilder::new(pattern);
    builder.size_limit(MAX_COMPILED).dfa_size_limit(MAX_COMPILED).nest_limit(NESTED);
    builder.build().map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => format!("the pattern `{pattern}` repeats too much").into(),
        other => {
            let reason = other.to_string();
            let reason = reason.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
            format!("`{pattern}` is no pattern: {reason}").into()
        }
    })
}

/// Compiles the patterns of rules about one field, so that a text is searched for all of them at once; nothing when they are more than fit.
/// They are small enough together that such a search runs no longer than that for one pattern.
pub(super) fn compile_all(patterns: &[ImmutableString]) -> Outcome<Option<RegexSet>> {
    let mut builder = RegexSetBuilder::new(patterns);
    builder.size_limit(MAX_COMPILED).dfa_size_limit(MAX_COMPILED).nest_limit(NESTED);
    let is_long = patterns.iter().any(|pattern| pattern.len() > MAX_PATTERN);
    match if is_long { None } else { Some(builder.build()) } {
        Some(Ok(set)) => Ok(Some(set)),
        Some(Err(regex::Error::CompiledTooBig(_))) if patterns.len() > 1 => Ok(None),
        // One by one they tell which of them it is.
        _ => patterns.iter().try_for_each(|pattern| compile(pattern).map(drop)).map(|()| None),
    }
}

/// Prepares a search.
fn ready(call: &Call, text: &str, pattern: &ImmutableString) -> Outcome<Arc<Regex>> {
    call.check_clock()?;
    check_text(text)?;
    call.patterns.get(pattern, &call.terms.patterns)
}

/// Prepares a search for a text that is read later, while the desk is open: nothing can end the call then.
pub(super) fn prepared(call: &Call, pattern: &ImmutableString) -> Outcome<Arc<Regex>> {
    call.check_clock()?;
    call.patterns.get(pattern, &call.terms.patterns)
}

/// Refuses a text that is too long to be searched.
pub(super) fn check_text(text: &str) -> Outcome<()> {
    if text.len() <= MAX_TEXT {
        return Ok(());
    }
    Err(format!("patterns search texts of at most {MAX_TEXT} bytes, this one has {}", text.len()).into())
}

/// Says whether a prepared pattern occurs in the text.
pub(super) fn occurs(pattern: &Regex, text: &str) -> Outcome<bool> {
    check_text(text)?;
    Ok(pattern.is_match(text))
}

/// Says whether the pattern occurs in the text.
pub(super) fn is_match(call: &Call, text: &str, pattern: &ImmutableString) -> Outcome<bool> {
    Ok(ready(call, text, pattern)?.is_match(text))
}

/// Returns the first occurrence: its first group if the pattern has one, else all of it.
pub(super) fn find(call: &Call, text: &str, pattern: &ImmutableString) -> Outcome<Option<String>> {
    let captures = ready(call, text, pattern)?.captures(text);
    Ok(captures.and_then(|found| found.get(1).or_else(|| found.get(0)).map(|part| part.as_str().to_owned())))
}

/// Returns every occurrence: its first group if the pattern has one, else all of it.
pub(super) fn find_all<'t>(call: &Call, text: &'t str, pattern: &ImmutableString) -> Outcome<Vec<&'t str>> {
    let mut found = Vec::new();
    for captures in ready(call, text, pattern)?.captures_iter(text) {
        call.check_clock()?;
        let part = if captures.len() > 1 { captures.get(1) } else { captures.get(0) };
        found.push(part.map_or("", |part| part.as_str()));
    }
    Ok(found)
}

/// Returns the first occurrence and its groups.
pub(super) fn groups<'t>(call: &Call, text: &'t str, pattern: &ImmutableString) -> Outcome<Vec<&'t str>> {
    let captures = ready(call, text, pattern)?.captures(text);
    Ok(captures.map_or_else(Vec::new, |found| found.iter().map(|part| part.map_or("", |part| part.as_str())).collect()))
}

/// Returns the named groups of the first occurrence.
pub(super) fn named(call: &Call, text: &str, pattern: &ImmutableString) -> Outcome<Vec<(String, String)>> {
    let regex = ready(call, text, pattern)?;
    let Some(found) = regex.captures(text) else { return Ok(Vec::new()) };
    let part = |name: &str| found.name(name).map_or("", |part| part.as_str()).to_owned();
    Ok(regex.capture_names().flatten().map(|name| (name.to_owned(), part(name))).collect())
}

/// Returns what stands between the occurrences.
pub(super) fn split<'t>(call: &Call, text: &'t str, pattern: &ImmutableString) -> Outcome<Vec<&'t str>> {
    let mut parts = Vec::new();
    for part in ready(call, text, pattern)?.split(text) {
        call.check_clock()?;
        parts.push(part);
    }
    Ok(parts)
}

/// Replaces every occurrence; looks at the clock after each.
pub(super) fn replace(call: &Call, text: &str, pattern: &ImmutableString, with: &str) -> Outcome<String> {
    let regex = ready(call, text, pattern)?;
    let (mut result, mut from) = (String::new(), 0);
    for found in regex.captures_iter(text) {
        let Some(whole) = found.get(0) else { continue };
        result.push_str(&text[from..whole.start()]);
        found.expand(with, &mut result);
        from = whole.end();
        check_length(result.len())?;
        call.check_clock()?;
    }
    result.push_str(&text[from..]);
    check_length(result.len())?;
    Ok(result)
}

/// Refuses a text that would be longer than the engine allows.
pub(super) fn check_length(length: usize) -> Outcome<()> {
    if length <= MAX_RESULT {
        return Ok(());
    }
    Err(rhai::EvalAltResult::ErrorDataTooLarge("length of string".into(), rhai::Position::NONE).into())
}
