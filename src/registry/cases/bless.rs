//! Writing what came out of a case into its text as what is expected from now on. Only what differs changes: comments, order and the event
//! stay as they are.

use toml_edit::{Array, ArrayOfTables, DocumentMut, Item, Table, TableLike, Value, value};

use super::compare::problem_text;
use super::parse::{Case, ExpectedProblem, Outcome};
use super::play::Played;

/// A case with other expectations.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Blessed {
    /// The new text.
    pub text: String,
    /// What is expected otherwise now, a line each.
    pub changes: Vec<String>,
}

/// Puts what came out into the text of a case.
///
/// # Errors
/// When the call ended in a fault, which no case comes to expect unless a person writes it, and when the text cannot be edited.
pub fn bless(text: &str, case: &Case, played: &mut Played) -> Result<Blessed, String> {
    if let Err(fault) = &played.verdict {
        return Err(format!("it ended in a fault ({}), and a fault is never blessed", fault.kind.code()));
    }
    let mut document: DocumentMut = text.parse().map_err(|error: toml_edit::TomlError| error.message().to_owned())?;
    let inline = document.get("expect").is_some_and(is_inline);
    let expect = document.get_mut("expect").and_then(Item::as_table_like_mut).ok_or("it has no [expect]")?;
    let mut changes = Vec::new();
    verdict(expect, case, played, &mut changes);
    set(expect, case, played, inline, &mut changes);
    problems(expect, case, played, inline, &mut changes);
    log(expect, case, played, &mut changes);
    state(expect, case, played, &mut changes);
    // In one line, the blanks about values that came or went are put right.
    if let Some(line) = document.get_mut("expect").and_then(Item::as_inline_table_mut).filter(|_| !changes.is_empty()) {
        line.fmt();
    }
    Ok(Blessed { text: as_before(text, &document.to_string()), changes })
}

/// A table that is written in one line cannot hold tables with headers.
fn is_inline(expect: &Item) -> bool {
    expect.is_inline_table() || expect.as_table().is_some_and(Table::is_dotted)
}

fn verdict(expect: &mut dyn TableLike, case: &Case, played: &Played, changes: &mut Vec<String>) {
    let (old, new) = (case.expect.verdict, played.outcome());
    if old != new {
        put(expect, "verdict", new.as_str());
        changes.push(format!("verdict: {} → {}", old.as_str(), new.as_str()));
    }
}

/// Values that are named follow; where none is named and the case has come to accept, what was edited is named.
fn set(expect: &mut dyn TableLike, case: &Case, played: &mut Played, inline: bool, changes: &mut Vec<String>) {
    for (name, old) in &case.expect.set {
        let new = played.value(name);
        if new != *old
            && let Some(set) = expect.get_mut("set").and_then(Item::as_table_like_mut)
        {
            put_by_path(set, name, &new);
            changes.push(format!("set.{name}: `{old}` → `{new}`"));
        }
    }
    let accepts_now = played.outcome() == Outcome::Accept && case.expect.verdict != Outcome::Accept;
    if !accepts_now || !case.expect.set.is_empty() {
        return;
    }
    let mut names: Vec<String> = played.edits.iter().map(|edit| edit.what.to_string()).collect();
    names.sort();
    names.dedup();
    if names.is_empty() {
        return;
    }
    let mut set = Table::new();
    for name in names {
        let new = played.value(&name);
        changes.push(format!("set.{name}: nothing → `{new}`"));
        set.insert(&name, value(new));
    }
    expect.insert("set", if inline { value(set.into_inline_table()) } else { Item::Table(set) });
}

/// What was expected and told stays; what was not told goes; what was told beside it comes, so that a case says why it rejects.
fn problems(expect: &mut dyn TableLike, case: &Case, played: &Played, inline: bool, changes: &mut Vec<String>) {
    let (expected, told) = (&case.expect.problems, played.problems());
    let is_met = |wanted: &ExpectedProblem| told.iter().any(|problem| wanted.is_met_by(problem));
    let came_to_reject = played.outcome() == Outcome::Reject && case.expect.verdict != Outcome::Reject;
    if expected.iter().all(is_met) && !came_to_reject {
        return;
    }
    let gone: Vec<usize> = (0..expected.len()).rev().filter(|at| !is_met(&expected[*at])).collect();
    let fresh: Vec<(&str, Option<&str>)> = told
        .iter()
        .filter(|problem| !expected.iter().any(|wanted| wanted.is_met_by(problem)))
        .map(|problem| (problem.code.as_ref(), problem.field.as_deref()))
        .collect();
    changes.extend(gone.iter().rev().map(|at| format!("problems: no longer {}", expected[*at])));
    changes.extend(fresh.iter().map(|(code, field)| format!("problems: now {}", problem_text(code, *field))));
    let empty = || if inline { value(Array::new()) } else { Item::ArrayOfTables(ArrayOfTables::new()) };
    let list = expect.entry("problems").or_insert_with(empty);
    match list {
        Item::ArrayOfTables(tables) => {
            gone.iter().for_each(|at| drop(tables.remove(*at)));
            fresh.iter().for_each(|problem| tables.push(problem_table(*problem)));
        }
        Item::Value(Value::Array(array)) => {
            gone.iter().for_each(|at| drop(array.remove(*at)));
            fresh.iter().for_each(|problem| array.push(problem_table(*problem).into_inline_table()));
        }
        _ => {}
    }
    if list.as_array_of_tables().is_some_and(ArrayOfTables::is_empty) || list.as_array().is_some_and(Array::is_empty) {
        expect.remove("problems");
    }
}

fn problem_table((code, field): (&str, Option<&str>)) -> Table {
    let mut table = Table::new();
    table.insert("code", value(code));
    field.into_iter().for_each(|field| drop(table.insert("field", value(field))));
    table
}

/// Lines that were not logged are not expected any more; none are added, for a case names those that matter.
fn log(expect: &mut dyn TableLike, case: &Case, played: &Played, changes: &mut Vec<String>) {
    let gone: Vec<usize> =
        (0..case.expect.log.len()).rev().filter(|at| !played.logged(&case.expect.log[*at])).collect();
    changes.extend(gone.iter().rev().map(|at| format!("log: no longer `{}`", case.expect.log[*at])));
    let Some(list) = expect.get_mut("log") else { return };
    if let Some(array) = list.as_array_mut() {
        gone.iter().for_each(|at| drop(array.remove(*at)));
    }
    if !gone.is_empty() && list.as_array().is_none_or(Array::is_empty) {
        expect.remove("log");
    }
}

/// What is named as remembered follows; nothing is added.
fn state(expect: &mut dyn TableLike, case: &Case, played: &Played, changes: &mut Vec<String>) {
    let Some(table) = expect.get_mut("state").and_then(Item::as_table_like_mut) else { return };
    for (key, old) in &case.expect.state {
        let new = played.remembers(key);
        if new != *old {
            put_by_path(table, key, &new);
            changes.push(format!("state.{key}: `{old}` → `{new}`"));
        }
    }
}

/// Puts a value by a name that may be written as one key, or as tables in tables.
fn put_by_path(table: &mut dyn TableLike, name: &str, new: &str) {
    if table.contains_key(name) {
        put(table, name, new);
        return;
    }
    for (at, _) in name.match_indices('.') {
        let (head, rest) = (&name[..at], &name[at + 1..]);
        if let Some(inner) = table.get_mut(head).and_then(Item::as_table_like_mut) {
            put_by_path(inner, rest, new);
            return;
        }
    }
    put(table, name, new);
}

/// Puts a value in the place of another, with the comments around it.
fn put(table: &mut dyn TableLike, name: &str, new: &str) {
    match table.get_mut(name).and_then(Item::as_value_mut) {
        Some(old) => {
            let decor = old.decor().clone();
            *old = Value::from(new);
            *old.decor_mut() = decor;
        }
        None => drop(table.insert(name, value(new))),
    }
}

/// The text ends its lines as it did before.
fn as_before(old: &str, new: &str) -> String {
    let mut text = if old.contains("\r\n") { new.replace("\r\n", "\n").replace('\n', "\r\n") } else { new.to_owned() };
    if old.starts_with('\u{feff}') && !text.starts_with('\u{feff}') {
        text.insert(0, '\u{feff}');
    }
    text
}
