//! Cells that an import must survive, as tables: a cell, and what is stored of it, or the code that refuses it, or the one that it is taken
//! with. Whole tables share one file, one import and one export. What the cells hold lives in the children.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::Home;

/// Days, as spreadsheets and people write them.
mod dates;
/// Fields that have no table of their own.
mod fields;
/// E-mail addresses and what people put around them.
mod mails;
/// Names and other texts.
mod names;
/// Phone numbers.
mod phones;
/// Types, languages, countries, labels.
mod places;
/// Whose row it is, and what it may change.
mod policy;

/// What becomes of a cell.
#[derive(Clone, Copy)]
pub enum Want {
    /// It is stored so, without a word.
    Is(&'static str),
    /// It is stored so, with a warning of that code.
    Warns(&'static str, &'static str),
    /// Nothing is stored, without a word.
    Blank,
    /// It is refused with that code.
    Fails(&'static str),
}

/// One row of a file, and what becomes of it.
pub struct Row {
    case: &'static str,
    cells: Vec<(&'static str, String)>,
    stored: Vec<(&'static str, Option<String>)>,
    warned: Vec<&'static str>,
    refused: Vec<&'static str>,
}

/// A row by the number of its case.
pub fn row(case: &'static str) -> Row {
    Row { case, cells: Vec::new(), stored: Vec::new(), warned: Vec::new(), refused: Vec::new() }
}

impl Row {
    /// What stands in a column.
    pub fn cell(mut self, column: &'static str, value: impl Into<String>) -> Self {
        self.cells.push((column, value.into()));
        self
    }

    /// What the contact has at a place such as `phones/0/e164`.
    pub fn is(mut self, place: &'static str, value: impl Into<String>) -> Self {
        self.stored.push((place, Some(value.into())));
        self
    }

    /// There is nothing at the place.
    pub fn blank(mut self, place: &'static str) -> Self {
        self.stored.push((place, None));
        self
    }

    /// A value of the row is taken with a warning.
    pub fn warns(mut self, code: &'static str) -> Self {
        self.warned.push(code);
        self
    }

    /// The row is refused; one code for every problem.
    pub fn fails(mut self, code: &'static str) -> Self {
        self.refused.push(code);
        self
    }
}

/// A row for each cell of a table; its values are looked for at one place.
pub fn column(column: &'static str, place: &'static str, table: &[(&'static str, &'static str, Want)]) -> Vec<Row> {
    let one = |&(case, value, want): &(&'static str, &'static str, Want)| {
        let row = row(case).cell(column, value);
        match want {
            Want::Is(stored) => row.is(place, stored),
            Want::Warns(stored, code) => row.is(place, stored).warns(code),
            Want::Blank => row.blank(place),
            Want::Fails(code) => row.fails(code),
        }
    };
    table.iter().map(one).collect()
}

/// Imports the rows as one file under the settings, checks what became of each, and returns the report.
#[track_caller]
pub fn check(settings: &str, options: &[&str], rows: &[Row]) -> Value {
    check_in(&Home::new(), settings, options, rows)
}

/// The same in a home that is there already.
#[track_caller]
pub fn check_in(home: &Home, settings: &str, options: &[&str], rows: &[Row]) -> Value {
    home.write("carnet.toml", settings);
    let (content, lines) = file(rows);
    home.write("cells.csv", content);
    let status = if rows.iter().any(|row| !row.refused.is_empty()) { 3 } else { 0 };
    let args = [&["--json", "import", "cells.csv", "--errors-json", "errors.json"], options].concat();
    let report = home.run(&args).json();
    let errors: Value = serde_json::from_str(&home.read("errors.json")).unwrap_or_else(|_| panic!("{report:#}"));
    home.run(&["export", "--format", "jsonl", "--out", "all.jsonl"]).exits(0);
    let stored = by_row(&home.read("all.jsonl"));
    let mut faults = Vec::new();
    for (at, (row, line)) in rows.iter().zip(&lines).enumerate() {
        let record = at as u64 + 1;
        let problems: Vec<&Value> =
            errors.as_array().expect("a list").iter().filter(|problem| problem["row"] == record).collect();
        let about = format!("case {} {:?}", row.case, shown(&row.cells));
        faults.extend(refusals(row, &problems, *line).into_iter().map(|fault| format!("{about}: {fault}")));
        match stored.get(&record) {
            Some(contact) => faults.extend(differences(row, contact).map(|fault| format!("{about}: {fault}"))),
            None if row.refused.is_empty() => faults.push(format!("{about}: nothing is stored")),
            None => {}
        }
    }
    faults.extend(warnings(rows, &lines, &report));
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
    let failed = rows.iter().filter(|row| !row.refused.is_empty()).count() as u64;
    let counts = ["read", "created", "failed"].map(|name| report[name].as_u64());
    let all = rows.len() as u64;
    assert_eq!(counts, [Some(all), Some(all - failed), Some(failed)], "{report:#}");
    assert_eq!(failed > 0, status == 3);
    report
}

/// The file, and the line on which each row begins. Rows get an id, and names where the case is about something else.
fn file(rows: &[Row]) -> (String, Vec<u64>) {
    let mut columns = vec!["external_id", "first_name", "last_name"];
    for (column, _) in rows.iter().flat_map(|row| &row.cells) {
        if !columns.contains(column) {
            columns.push(column);
        }
    }
    let mut content = columns.join(",") + "\n";
    let mut lines = Vec::new();
    for (at, row) in rows.iter().enumerate() {
        lines.push(content.matches('\n').count() as u64 + 1);
        let cell = |column: &&str| {
            let given: Vec<&str> =
                row.cells.iter().filter(|(name, _)| name == column).map(|(_, value)| value.as_str()).collect();
            match (*column, &given[..]) {
                ("external_id", []) => format!("row:{}", at + 1),
                ("first_name", []) => "Ann".to_owned(),
                ("last_name", []) => "Lee".to_owned(),
                (_, values) => format!("\"{}\"", values.join("").replace('"', "\"\"")),
            }
        };
        content.push_str(&(columns.iter().map(cell).collect::<Vec<_>>().join(",") + "\n"));
    }
    (content, lines)
}

fn by_row(export: &str) -> BTreeMap<u64, Value> {
    let contacts = export.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let numbered = contacts.filter_map(|contact| {
        let ids = contact["external_ids"].as_array()?.clone();
        let own = ids.iter().find(|id| id["source"] == "row")?;
        Some((own["id"].as_str()?.parse().ok()?, contact))
    });
    numbered.collect()
}

fn shown(cells: &[(&str, String)]) -> Vec<String> {
    cells.iter().map(|(column, value)| format!("{column}={}", value.chars().take(40).collect::<String>())).collect()
}

/// Every problem says what, where and what to do.
fn refusals(row: &Row, problems: &[&Value], line: u64) -> Vec<String> {
    let mut codes: Vec<&str> = problems.iter().filter_map(|problem| problem["code"].as_str()).collect();
    let mut wanted = row.refused.clone();
    codes.sort_unstable();
    wanted.sort_unstable();
    let mut faults = Vec::new();
    if codes != wanted {
        faults.push(format!("refused with {codes:?}, not {wanted:?}"));
    }
    for problem in problems {
        let code = problem["code"].as_str().unwrap_or_default();
        let said = |name: &str| problem[name].as_str().is_some_and(|text| !text.is_empty());
        let lacks = |name: &&str| !(said(name) || *name == "value" && code.ends_with("_MISSING"));
        let missing: Vec<&str> = ["code", "message", "hint", "field", "value"].into_iter().filter(lacks).collect();
        if !missing.is_empty() || problem["line"] != line {
            faults.push(format!("{missing:?} missing, or the line is not {line}: {problem}"));
        }
    }
    faults
}

fn differences<'r>(row: &'r Row, contact: &'r Value) -> impl Iterator<Item = String> {
    let text = |value: &Value| match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    };
    row.stored.iter().filter_map(move |(place, wanted)| {
        let found = contact.pointer(&format!("/{place}")).and_then(text);
        (found != *wanted).then(|| format!("{place} is {found:?}, not {wanted:?}"))
    })
}

/// The report counts every kind of warning, and shows the first of each.
fn warnings(rows: &[Row], lines: &[u64], report: &Value) -> Vec<String> {
    let mut wanted: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for (row, line) in rows.iter().zip(lines) {
        for code in &row.warned {
            wanted.entry(code).or_insert((0, *line)).0 += 1;
        }
    }
    let told = report["warned"].as_array().cloned().unwrap_or_default();
    let found: BTreeMap<&str, (u64, u64)> = told
        .iter()
        .filter_map(|kind| Some((kind["code"].as_str()?, (kind["count"].as_u64()?, kind["first"]["line"].as_u64()?))))
        .collect();
    if found == wanted { Vec::new() } else { vec![format!("warned {found:?}, not {wanted:?} (count, first line)")] }
}
