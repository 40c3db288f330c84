//! What a guest's last words tell about its end: an engine inside a guest prints the error that nobody caught, with its stack, and traps.

use crate::plugin::fault::{Fault, FaultKind, Position};
use crate::runtime::wasm::data::Data;
use crate::runtime::wasm::things::short;

/// Longest message that is taken from a guest, in bytes.
const MESSAGE_BYTES: usize = 400;

/// Puts the error that a guest printed into the fault of the trap that followed.
pub(in crate::runtime::wasm) fn cause(mut fault: Fault, data: &Data) -> Fault {
    let words = &data.output.last_words;
    let ended_itself = fault.kind == FaultKind::Trap && fault.message.contains("`unreachable`");
    if !ended_itself && fault.kind != FaultKind::Memory {
        return fault;
    }
    let Some(Uncaught { message, position }) = uncaught(words) else { return fault };
    fault.position = position;
    fault.hint = None;
    if ended_itself {
        fault.message = message[..message.floor_char_boundary(MESSAGE_BYTES)].to_owned();
        let refusal = data.subject.as_ref().and_then(|subject| subject.unmended());
        fault.hint = refusal.map(|refusal| format!("`{}` was refused: {}", short(&refusal.field), refusal.message));
    }
    fault
}

/// An error that nobody caught.
#[derive(Debug, PartialEq, Eq)]
struct Uncaught {
    message: String,
    position: Option<Position>,
}

/// Finds the error in what was printed to standard error.
fn uncaught(words: &str) -> Option<Uncaught> {
    let lines: Vec<&str> = words.lines().collect();
    of_python(&lines).or_else(|| of_javascript(&lines)).or_else(|| of_rust(&lines))
}

/// A traceback has the innermost frame last, and then the error.
fn of_python(lines: &[&str]) -> Option<Uncaught> {
    let start = lines.iter().rposition(|line| line.starts_with("Traceback "))?;
    let mut position = None;
    for line in &lines[start + 1..] {
        if !line.starts_with(' ') {
            return Some(Uncaught { message: format!("raised {line}"), position });
        }
        position = python_frame(line).or(position);
    }
    None
}

/// Reads `  File "/0/app.py", line 12, in create`. Folders with numbers are the author's, `/world` has the bindings.
fn python_frame(line: &str) -> Option<Position> {
    let (file, rest) = line.trim_start().strip_prefix("File \"")?.split_once("\", line ")?;
    let own = file.trim_start_matches('/').split_once('/').filter(|(root, _)| root.bytes().all(|b| b.is_ascii_digit()));
    let line = rest.split(',').next()?.parse().ok()?;
    Some(Position { file: own?.1.to_owned(), line, column: 0, source: None })
}

/// The message, `Stack:`, and frames from the innermost on.
fn of_javascript(lines: &[&str]) -> Option<Uncaught> {
    let stack = lines.iter().rposition(|line| *line == "Stack:")?;
    let message = lines[..stack].last()?;
    let frames = lines[stack + 1..].iter().map_while(|line| line.strip_prefix("  "));
    let position = frames.filter_map(|frame| placed(frame.split_once('@')?.1)).find(|at| !at.file.starts_with('/'));
    Some(Uncaught { message: format!("threw {message}"), position })
}

/// `thread 'main' panicked at src/lib.rs:12:5:`, and the message on the next line.
fn of_rust(lines: &[&str]) -> Option<Uncaught> {
    let at = lines.iter().rposition(|line| line.contains("panicked at "))?;
    let place = lines[at].split_once("panicked at ")?.1.trim_end_matches(':');
    Some(Uncaught { message: format!("panicked: {}", lines.get(at + 1)?), position: placed(place) })
}

/// Reads `plugin.js:9:27`.
fn placed(text: &str) -> Option<Position> {
    let (rest, column) = text.rsplit_once(':')?;
    let (file, line) = rest.rsplit_once(':')?;
    Some(Position { file: file.to_owned(), line: line.parse().ok()?, column: column.parse().ok()?, source: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(words: &str, message: &str, position: &str) {
        let found = uncaught(words).expect("an error");
        assert_eq!(found.message, message);
        assert_eq!(found.position.map(|position| position.to_string()).unwrap_or_default(), position);
    }

    #[test]
    fn errors_are_found_in_what_engines_print() {
        check(
            "chatter\nTraceback (most recent call last):\n  File \"/0/app.py\", line 49, in create\n  File \"/world/wit_world/imports/things.py\", line 64, in set\nValueError: no\nthread '<unnamed>' (1) panicked at runtime/src/lib.rs:1280:25:\nPython function threw an unexpected exception\n",
            "raised ValueError: no",
            "app.py:49",
        );
        check(
            "I do not like it\nStack:\n  helper@/out/1/initializer.js:459:15\n  create@plugin.js:9:27\n  export@/out/1/initializer.js:2442:17\nRedirecting call to abort() to mozalloc_abort\n",
            "threw I do not like it",
            "plugin.js:9:27",
        );
        check(
            "thread 'main' (1) panicked at src/lib.rs:12:5:\noh no\nnote: run with\n",
            "panicked: oh no",
            "src/lib.rs:12:5",
        );
        check("oh\nStack:\n", "threw oh", "");
    }

    #[test]
    fn other_words_are_no_error() {
        for words in ["", "hello\n", "Stack:\n", "Traceback (most recent call last):\n  File \"x", "panicked at \n"] {
            assert_eq!(uncaught(words), None, "{words}");
        }
    }
}
