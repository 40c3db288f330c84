//! `carnet plugin functions`: the reference of scripts at hand.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::app::failure::{Class, Failure};
use crate::cli::exit::Outcome;
use crate::cli::print::Printer;
use crate::runtime::script::{self, Chapter, Entry};

/// Shows all entries in short, or those that fit a word in full.
pub(super) fn run(word: Option<&str>, printer: &mut Printer) -> Result<Outcome, Failure> {
    let found = script::search(word.unwrap_or_default());
    if found.is_empty() {
        let message = format!("scripts have no function, property or field for `{}`", word.unwrap_or_default());
        return Err(Failure::new(Class::NotFound, "FUNCTION_UNKNOWN", message)
            .hint("`carnet plugin functions` lists all; try a shorter word, such as `phone`"));
    }
    printer.answer(|| found_json(&found), || if word.is_some() { in_full(&found) } else { in_short(&found) });
    Ok(Outcome::Done)
}

type Found<'f> = [(&'f Chapter, Vec<&'f Entry>)];

fn found_json(found: &Found<'_>) -> Value {
    let entry = |chapter: &Chapter, entry: &Entry| {
        let examples = entry.examples.iter().map(|example| json!({ "code": example.code, "result": example.result }));
        json!({
            "usage": entry.usage, "chapter": chapter.title, "doc": entry.doc, "examples": examples.collect::<Vec<_>>(),
        })
    };
    let entries = found.iter().flat_map(|(chapter, entries)| entries.iter().map(|one| entry(chapter, one)));
    json!({ "functions": entries.collect::<Vec<_>>() })
}

fn in_full(found: &Found<'_>) -> String {
    let mut text = String::new();
    for entry in found.iter().flat_map(|(_, entries)| entries) {
        let _ = writeln!(text, "{}\n    {}", entry.usage, entry.doc);
        for line in entry.shown().lines() {
            let _ = writeln!(text, "      {line}");
        }
        text.push('\n');
    }
    text.trim_end().to_owned()
}

fn in_short(found: &Found<'_>) -> String {
    let mut text = String::new();
    for (chapter, entries) in found {
        let _ = writeln!(text, "{}", chapter.title.replace('`', ""));
        for entry in entries {
            let _ = writeln!(text, "  {}", entry.usage);
        }
        text.push('\n');
    }
    text.push_str("`carnet plugin functions WORD` tells more, with examples.");
    text
}
