//! What a guest's last words tell about its end: an engine inside a guest prints the error that nobody caught, with its stack, and traps.

use crate::plugin::fault::{Fault, FaultKind, Position};
use crate::plugin::told;
use crate::runtime::wasm::data::Data;
use crate::runtime::wasm::things::short;

/// Longest message that is taken from a guest, in bytes.
const MESSAGE_BYTES: usize = 400;

/// Longest name of a source file that is believed, in bytes.
const FILE_BYTES: usize = 200;

/// What the JavaScript engine says last.
const ABORTED: &str = "Redirecting call to abort() to mozalloc_abort";

/// Puts the error that a guest printed into the fault of the trap that followed.
pub(in crate::runtime::wasm) fn cause(mut fault: Fault, data: &Data) -> Fault {
    let ended_itself = fault.kind == FaultKind::Trap && fault.message.contains("`unreachable`");
    if !ended_itself && fault.kind != FaultKind::Memory {
        return fault;
    }
    // A component that was built without the network has its functions all the same, and each of them ends it.
    if ended_itself && fault.hint.as_ref().is_some_and(|hint| hint.contains("`[constructor]fields`")) {
        fault.message = "called `fetch`: plugins have no network".to_owned();
        fault.hint = Some("do without it: a plugin sees its event and its configuration, and nothing else".to_owned());
        return fault;
    }
    let Some(Uncaught { message, position, hint }) = uncaught(&data.output.last_words) else { return fault };
    fault.position = position;
    if !ended_itself {
        return fault;
    }
    fault.hint = None;
    if is_refusal(&message)
        && let Some(refused) = &data.call.refused
    {
        let (field, why) = (short(&refused.field), &refused.message);
        fault.message = told::message(format!("did not catch that `{field}` was refused: {why}"));
        fault.hint = refused.hint.clone().map(told::message);
        return fault;
    }
    fault.message = told::message(message[..message.floor_char_boundary(MESSAGE_BYTES)].to_owned());
    let refusal = data.subject.as_ref().and_then(|subject| subject.unmended());
    let refusal = refusal.map(|refusal| format!("`{}` was refused: {}", short(&refusal.field), refusal.message));
    fault.hint = hint.map(str::to_owned).or(refusal);
    fault
}

/// Says whether a line of standard error is an engine's talk about itself, which tells an author nothing.
pub(super) fn tells_nothing(line: &str) -> bool {
    let frame = line.starts_with("  ");
    line == ABORTED
        || line == "Python function threw an unexpected exception"
        || line.starts_with("thread '<unnamed>' (1) panicked at runtime/src/lib.rs:")
        || line.starts_with("note: run with `RUST_BACKTRACE=1`")
        || frame && line.contains("/initializer.js:")
        || frame && line.trim_start().starts_with("File \"/world/")
}

/// An error that nobody caught.
#[derive(Debug, PartialEq, Eq)]
struct Uncaught {
    message: String,
    position: Option<Position>,
    hint: Option<&'static str>,
}

/// Finds the error in what was printed to standard error.
fn uncaught(words: &str) -> Option<Uncaught> {
    let lines: Vec<&str> = words.lines().collect();
    of_python(&lines)
        .or_else(|| of_javascript(&lines))
        .or_else(|| of_thrown_value(&lines))
        .or_else(|| of_interpreter(&lines))
        .or_else(|| of_rust(&lines))
}

/// What bindings throw where Carnet refused to read or to write.
fn is_refusal(message: &str) -> bool {
    message.ends_with(" (see error.payload)") || message.starts_with("raised componentize_py_types.Err: Refusal(")
}

/// A traceback has the innermost frame last, and then the error.
fn of_python(lines: &[&str]) -> Option<Uncaught> {
    let start = lines.iter().rposition(|line| line.starts_with("Traceback "))?;
    let mut position = None;
    for line in &lines[start + 1..] {
        if !line.starts_with(' ') {
            let late = line.starts_with("ModuleNotFoundError:");
            let hint =
                "import it at the top of the file: what is not imported while it is built is not in the component";
            return Some(Uncaught { message: format!("raised {line}"), position, hint: late.then_some(hint) });
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
    position(own?.1, line, 0)
}

/// What a hook in Python gave back, and its bindings could not take.
fn of_interpreter(lines: &[&str]) -> Option<Uncaught> {
    let at = lines.iter().rposition(|line| line.contains("panicked at runtime/src/lib.rs:"))?;
    let words = lines.get(at + 1)?;
    let message = if let Some(error) = between(words, "PyErr { ", ", traceback: ") {
        let error = error.split_once("value: ").map_or(error, |(_, value)| value);
        match between(error, "KeyError(<class '", "'>)") {
            Some(class) => format!("gave Carnet a `{class}`, which its contract does not have there"),
            // One of the interpreter's own, such as that of a recursion without end.
            None => return Some(Uncaught { message: format!("raised {error}"), position: None, hint: None }),
        }
    } else {
        let (from, class) = between(words, "CastError { from: ", "'> }")?.rsplit_once(", classinfo: <class '")?;
        format!("gave Carnet {from} where its contract has a `{class}`")
    };
    let hint = "wit/deps has what each function takes; a hook gives back a verdict, such as `Verdict_Accept()`";
    Some(Uncaught { message, position: None, hint: Some(hint) })
}

/// The message, `Stack:`, and frames from the innermost on.
fn of_javascript(lines: &[&str]) -> Option<Uncaught> {
    let stack = lines.iter().rposition(|line| *line == "Stack:")?;
    let message = lines[..stack].last()?;
    let frames = lines[stack + 1..].iter().map_while(|line| line.strip_prefix("  ")?.split_once('@'));
    let frames: Vec<(&str, Position)> =
        frames.filter_map(|(function, place)| Some((function, placed(place)?))).collect();
    let mut own = frames.iter().filter(|(_, at)| !at.file.starts_with('/'));
    // An error of an author's own class is made in its constructor, and thrown by whoever called that.
    let position = own.clone().find(|(function, _)| !function.ends_with("Error")).or_else(|| own.next());
    let by_bindings = position.is_none() && frames.iter().any(|(function, _)| function.starts_with("export_"));
    if by_bindings {
        let message = format!("gave back what is no verdict: {message}");
        let hint =
            "give back `{ tag: 'accept' }`, `{ tag: 'skip', val: 'why' }` or `{ tag: 'reject', val: [problem] }`";
        return Some(Uncaught { message, position: None, hint: Some(hint) });
    }
    let position = position.map(|(_, position)| position.clone());
    Some(Uncaught { message: format!("threw {message}"), position, hint: None })
}

/// In JavaScript anything can be thrown, and what is no error has no stack.
fn of_thrown_value(lines: &[&str]) -> Option<Uncaught> {
    let at = lines.iter().rposition(|line| *line == ABORTED)?;
    let value = lines[..at].last().filter(|line| line.starts_with(['"', '(', '[']))?;
    let hint = "throw an `Error`: it knows where it was made";
    Some(Uncaught { message: format!("threw {value}"), position: None, hint: Some(hint) })
}

/// `thread 'main' panicked at src/lib.rs:12:5:`, and the message on the next line.
fn of_rust(lines: &[&str]) -> Option<Uncaught> {
    let at = lines.iter().rposition(|line| line.contains("panicked at "))?;
    let place = lines[at].split_once("panicked at ")?.1.trim_end_matches(':');
    Some(Uncaught { message: format!("panicked: {}", lines.get(at + 1)?), position: placed(place), hint: None })
}

/// Reads `plugin.js:9:27`.
fn placed(text: &str) -> Option<Position> {
    let (rest, column) = text.rsplit_once(':')?;
    let (file, line) = rest.rsplit_once(':')?;
    position(file, line.parse().ok()?, column.parse().ok()?)
}

fn position(file: &str, line: usize, column: usize) -> Option<Position> {
    (file.len() <= FILE_BYTES).then(|| Position { file: file.to_owned(), line, column, source: None })
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(before)?;
    Some(rest.rsplit_once(after)?.0)
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
    fn an_error_of_ones_own_happens_where_it_is_thrown() {
        check(
            "my rule\nStack:\n  RuleError@plugin.js:5:1\n  create@plugin.js:21:34\n",
            "threw my rule",
            "plugin.js:21:34",
        );
        check("my rule\nStack:\n  RuleError@plugin.js:5:1\n", "threw my rule", "plugin.js:5:1");
    }

    #[test]
    fn what_is_thrown_without_a_stack_is_told() {
        check("careful\n\"no\"\nRedirecting call to abort() to mozalloc_abort\n", "threw \"no\"", "");
        check("({code:7})\nRedirecting call to abort() to mozalloc_abort\n", "threw ({code:7})", "");
        assert_eq!(uncaught("careful\nRedirecting call to abort() to mozalloc_abort\n"), None);
    }

    #[test]
    fn a_verdict_that_is_none_is_told_in_both_languages() {
        check(
            "can't access property \"tag\", variant11 is undefined\nStack:\n  export_onCreate_0_1_0$create@/tmp/d/initializer.js:2407:11\n",
            "gave back what is no verdict: can't access property \"tag\", variant11 is undefined",
            "",
        );
        let of_python = |what: &str| {
            format!(
                "thread '<unnamed>' (1) panicked at runtime/src/lib.rs:1640:18:\ncalled `Result::unwrap()` on an `Err` value: {what}\n"
            )
        };
        check(
            &of_python("PyErr { type: <class 'KeyError'>, value: KeyError(<class 'NoneType'>), traceback: None }"),
            "gave Carnet a `NoneType`, which its contract does not have there",
            "",
        );
        check(
            &of_python("CastError { from: 'no', classinfo: <class 'list'> }"),
            "gave Carnet 'no' where its contract has a `list`",
            "",
        );
        check(
            &of_python("PyErr { type: <class 'TypeError'>, value: TypeError(\"'int' object\"), traceback: None }"),
            "raised TypeError(\"'int' object\")",
            "",
        );
    }

    #[test]
    fn other_words_are_no_error() {
        for words in ["", "hello\n", "Stack:\n", "Traceback (most recent call last):\n  File \"x", "panicked at \n"] {
            assert_eq!(uncaught(words), None, "{words}");
        }
        assert!(!tells_nothing("Stack:") && !tells_nothing("  helper@plugin.js:8:25"));
        assert!(tells_nothing("  get@/tmp/d/sources/initializer.js:246:12"));
    }
}
