//! The only writer to stdout and stderr. Data goes to stdout, everything else to stderr; with `--json` every answer is one JSON document.

use std::io::{self, BufWriter, IsTerminal, Write};

use serde_json::Value;

use crate::app::contacts::conflict::Conflict;
use crate::app::decide::Told;
use crate::app::failure::Failure;
use crate::app::wire;

/// Prints answers.
pub struct Printer {
    json: bool,
    /// Why an answer could not be written, if it could not.
    trouble: Option<io::Error>,
}

impl Printer {
    /// A printer of JSON, or of text for people.
    #[must_use]
    pub const fn new(json: bool) -> Self {
        Self { json, trouble: None }
    }

    /// Says whether answers are JSON.
    #[must_use]
    pub const fn is_json(&self) -> bool {
        self.json
    }

    /// Says whether progress may be drawn.
    #[must_use]
    pub fn shows_progress(&self) -> bool {
        !self.json && io::stderr().is_terminal()
    }

    /// Prints a command's answer: the JSON document, or the text.
    pub fn answer(&mut self, json: impl FnOnce() -> Value, text: impl FnOnce() -> String) {
        if self.json {
            let document = serde_json::to_string_pretty(&json()).unwrap_or_default();
            self.data(&document);
        } else {
            self.data(text().trim_end_matches('\n'));
        }
    }

    /// Prints an answer whose last member is a list too long to be held; `items` hands out its items as JSON.
    pub fn answer_with_list(
        &mut self,
        object: &Value,
        member: &str,
        items: impl FnOnce(&mut dyn FnMut(&str) -> io::Result<()>) -> io::Result<()>,
    ) {
        let object = serde_json::to_string_pretty(object).unwrap_or_default();
        let head = object.trim_end_matches('}').trim_end();
        let mut out = BufWriter::new(io::stdout().lock());
        let mut first = true;
        let print = || {
            let comma = if head.ends_with('{') { "" } else { "," };
            write!(out, "{head}{comma}\n  \"{member}\": [")?;
            items(&mut |item| write!(out, "{}\n    {item}", if std::mem::take(&mut first) { "" } else { "," }))?;
            writeln!(out, "{}]\n}}", if first { "" } else { "\n  " })?;
            out.flush()
        };
        let printed = print();
        self.keep_trouble(printed);
    }

    /// Prints one line of data. A reader that closed the pipe has seen enough; any other failure is told at the end.
    pub fn data(&mut self, line: &str) {
        let mut out = io::stdout().lock();
        let printed = writeln!(out, "{line}").and_then(|()| out.flush());
        self.keep_trouble(printed);
    }

    fn keep_trouble(&mut self, printed: io::Result<()>) {
        if let Err(error) = printed
            && error.kind() != io::ErrorKind::BrokenPipe
        {
            self.trouble.get_or_insert(error);
        }
    }

    /// Says whether every answer was written, and tells if one was not.
    pub fn wrote_all(&mut self) -> bool {
        match self.trouble.take() {
            Some(error) => {
                self.note(&format!("error: the answer could not be written: {error}"));
                false
            }
            None => true,
        }
    }

    /// Tells something beside the answer.
    pub fn note(&mut self, text: &str) {
        let _ = writeln!(io::stderr().lock(), "{text}");
    }

    /// Tells of something odd.
    pub fn warn(&mut self, text: &str) {
        self.note(&format!("warning: {text}"));
    }

    /// Tells why a command failed, with every problem and the way out.
    pub fn failure(&mut self, failure: &Failure) {
        if self.json {
            let document = serde_json::to_string_pretty(&wire::failure(failure)).unwrap_or_default();
            self.data(&document);
            return;
        }
        self.note(&format!("error: {}", failure.message));
        if let Some(conflict) = &failure.conflict {
            self.note(conflict_text(conflict).trim_end_matches('\n'));
        }
        for told in &failure.problems {
            self.note(&format!("  - {}", problem(told)));
        }
        if let Some(hint) = &failure.hint {
            self.note(&format!("hint: {hint}"));
        }
    }
}

/// What both wanted, a line for each field: theirs first.
fn conflict_text(conflict: &Conflict) -> String {
    let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "–".to_owned());
    let theirs = conflict.theirs.iter().map(|field| {
        let who = format!("{} at {}", wire::actor(&field.by), wire::time(field.at));
        vec![format!("  {}:", field.field), format!("{} → {}", value(&field.old), value(&field.new)), who]
    });
    let yours = conflict.yours.iter().map(|field| {
        let how = match field.how {
            "add" => "add ",
            "remove" => "remove ",
            _ => "",
        };
        vec![format!("  {}:", field.field), format!("{how}{}", value(&field.new)), "you".to_owned()]
    });
    table(&theirs.chain(yours).collect::<Vec<_>>())
}

/// One problem in a line, with hint and plugin.
#[must_use]
pub fn problem(told: &Told) -> String {
    let hint = told.problem.hint.as_ref().map_or_else(String::new, |hint| format!(" ({hint})"));
    let who = told.plugin.as_ref().map_or_else(String::new, |plugin| format!(" [{}]", plugin.name));
    format!("{}{hint}{who}", told.problem)
}

/// Lays cells out in columns, two spaces apart; the last column is not padded.
#[must_use]
pub fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width =
        |at: usize| rows.iter().filter_map(|row| row.get(at)).map(|cell| cell.chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (at, cell) in row.iter().enumerate() {
            line.push_str(cell);
            line.extend(std::iter::repeat_n(' ', widths[at] - cell.chars().count() + 2));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_by_characters() {
        let rows = [vec!["a".to_owned(), "b".to_owned()], vec!["陈陈陈".to_owned(), "c".to_owned()]];
        assert_eq!(table(&rows), "a    b\n陈陈陈  c\n");
    }
}
