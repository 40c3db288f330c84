//! Inputs that an import must survive, as tables: a case is a file, the options with which it is imported, and what must become of it. Whole
//! tables share a home and one export. What the cases are about lives in the children.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::{Home, Ran};

/// Error files, and their way back.
mod error_file;

/// What a file is in: container, encoding, line ends, delimiter.
mod reading;

/// Sheer size, faults and haste.
mod scale;

/// Records, cells, quotes, headers.
mod structure;

/// What becomes of a row; the counts of a report.
pub const OUTCOMES: [&str; 6] = ["created", "updated", "unchanged", "skipped", "failed", "blank"];

/// One file and what must become of it.
pub struct Case {
    name: String,
    file: Vec<u8>,
    file_name: &'static str,
    options: Vec<String>,
    counts: String,
    failures: Option<Vec<String>>,
    stored: Vec<(&'static str, Vec<String>)>,
    report: Vec<(&'static str, String)>,
    warnings: Vec<&'static str>,
    refused: Option<(&'static str, Vec<&'static str>)>,
}

/// A case by its number and name.
pub fn case(name: impl Into<String>, file: impl AsRef<[u8]>) -> Case {
    Case {
        name: name.into(),
        file: file.as_ref().to_vec(),
        file_name: "people.csv",
        options: Vec::new(),
        counts: String::new(),
        failures: None,
        stored: Vec::new(),
        report: Vec::new(),
        warnings: Vec::new(),
        refused: None,
    }
}

impl Case {
    /// Options of the import, parted by blanks.
    pub fn with(mut self, options: &str) -> Self {
        self.options.extend(options.split_whitespace().map(str::to_owned));
        self
    }

    /// The file's name, where it counts.
    pub fn named(mut self, name: &'static str) -> Self {
        self.file_name = name;
        self
    }

    /// The counts that are not 0, such as `created 2 failed 1`.
    pub fn gives(mut self, counts: &str) -> Self {
        self.counts = counts.to_owned();
        self
    }

    /// Every problem of every failed row: `line CODE`, or `line CODE column` with the column's letter or the field's name.
    pub fn fails(mut self, failures: &[&str]) -> Self {
        self.failures = Some(failures.iter().map(|text| (*text).to_owned()).collect());
        self
    }

    /// What the contacts that this import created have at a place such as `last_name` or `emails/0/address`, in any order.
    pub fn stores(mut self, place: &'static str, values: &[&str]) -> Self {
        self.stored.push((place, values.iter().map(|text| (*text).to_owned()).collect()));
        self
    }

    /// What the report says under a key.
    pub fn reports(mut self, key: &'static str, value: &str) -> Self {
        self.report.push((key, value.to_owned()));
        self
    }

    /// Words of a warning about the file.
    pub fn warns(mut self, words: &'static str) -> Self {
        self.warnings.push(words);
        self
    }

    /// The whole file is refused with that code and these words, and nothing is imported.
    pub fn refused(mut self, code: &'static str, words: &[&'static str]) -> Self {
        self.refused = Some((code, words.to_vec()));
        self
    }
}

/// Imports the files of a table into one home with these settings, and tells everything that is not as it must be.
#[track_caller]
pub fn check(settings: &str, cases: Vec<Case>) -> Home {
    let home = Home::new();
    home.write("carnet.toml", settings);
    let mut faults = Vec::new();
    let runs: Vec<Option<u64>> = cases.iter().map(|case| one(&home, case, &mut faults)).collect();
    let stored = contacts_by_job(&home);
    for (case, job) in cases.iter().zip(runs) {
        let contacts = job.and_then(|job| stored.get(&format!("import {job}"))).map_or(&[][..], Vec::as_slice);
        for (place, expected) in &case.stored {
            let mut found: Vec<String> = contacts.iter().map(|contact| at(contact, place)).collect();
            let mut expected = expected.clone();
            found.sort();
            expected.sort();
            note(&mut faults, case, found == expected, || format!("{place} is {found:?}, not {expected:?}"));
        }
    }
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
    home
}

/// Imports one file and looks at its report and errors; returns the job.
fn one(home: &Home, case: &Case, faults: &mut Vec<String>) -> Option<u64> {
    home.write(case.file_name, &case.file);
    let _ = std::fs::remove_file(home.path().join("ErrorDetail.csv"));
    let mut args = vec!["--json", "import", case.file_name, "--again", "--errors-json", "errors.json"];
    args.extend(case.options.iter().map(String::as_str));
    let ran = home.run(&args);
    if let Some((code, words)) = &case.refused {
        check_refusal(case, &ran, code, words, faults);
        return None;
    }
    let Ok(report) = serde_json::from_str::<Value>(&ran.stdout) else {
        faults.push(format!("{}: no report: {ran:#?}", case.name));
        return None;
    };
    if report["error"].is_object() {
        faults.push(format!("{}: refused: {:#}", case.name, report["error"]));
        return None;
    }
    let count = |name: &str| report[name].as_u64().unwrap_or_default();
    let told: Vec<String> =
        OUTCOMES.iter().filter(|name| count(name) > 0).map(|name| format!("{name} {}", count(name))).collect();
    let told = told.join(" ");
    note(faults, case, told == case.counts, || format!("counts are `{told}`, not `{}`", case.counts));
    let sum: u64 = OUTCOMES.iter().map(|name| count(name)).sum();
    note(faults, case, sum == count("read"), || format!("{sum} outcomes of {} rows", count("read")));
    for (key, expected) in &case.report {
        let found = report[key].as_str().map_or_else(|| report[key].to_string(), str::to_owned);
        note(faults, case, found == *expected, || format!("{key} is `{found}`, not `{expected}`"));
    }
    let warnings = report["warnings"].to_string();
    for words in &case.warnings {
        note(faults, case, warnings.contains(words), || format!("no warning with `{words}` in {warnings}"));
    }
    let errors: Value = serde_json::from_str(&home.read("errors.json")).expect("the errors");
    let errors = errors.as_array().expect("a list");
    faults.extend(errors.iter().filter_map(incomplete).map(|fault| format!("{}: {fault}", case.name)));
    if let Some(expected) = &case.failures {
        let found: Vec<String> = errors.iter().zip(0..).map(|(error, at)| shown(error, expected.get(at))).collect();
        note(faults, case, found == *expected, || format!("errors are {found:#?}, not {expected:#?}"));
    }
    report["job"].as_u64()
}

fn check_refusal(case: &Case, ran: &Ran, code: &str, words: &[&str], faults: &mut Vec<String>) {
    let answer: Value = serde_json::from_str(&ran.stdout).unwrap_or_default();
    let error = &answer["error"];
    note(faults, case, error["code"] == code, || format!("not refused with {code}: {answer:#} {}", ran.stderr));
    note(faults, case, error["hint"].as_str().is_some_and(|hint| !hint.is_empty()), || format!("no hint: {error:#}"));
    let text = format!("{} {}", error["message"], error["hint"]);
    for word in words {
        let quoted = Value::from(*word).to_string();
        let word = quoted.trim_matches('"');
        note(faults, case, text.contains(word), || format!("`{word}` is not in: {text}"));
    }
}

fn note(faults: &mut Vec<String>, case: &Case, holds: bool, fault: impl FnOnce() -> String) {
    if !holds {
        faults.push(format!("{}: {}", case.name, fault()));
    }
}

/// An error in short, told as fully as what is expected in its place.
fn shown(error: &Value, expected: Option<&String>) -> String {
    let place = expected.and_then(|text| text.split(' ').nth(2));
    let (line, code) = (&error["line"], error["code"].as_str().unwrap_or("no code"));
    let places = ["column", "field"].map(|key| error[key].as_str().unwrap_or_default());
    match place {
        Some(place) if !places.contains(&place) => format!("{line} {code} {}", places.join(" or ")),
        Some(place) => format!("{line} {code} {place}"),
        None => format!("{line} {code}"),
    }
}

/// What is missing in an error: each has its place, code, message and hint.
fn incomplete(error: &Value) -> Option<String> {
    let text = |key: &str| error[key].as_str().is_some_and(|text| !text.trim().is_empty());
    let code = error["code"].as_str().unwrap_or_default();
    let sound_code = !code.is_empty() && code.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
    let place = error["line"].as_u64() > Some(0) && error["row"].as_u64() > Some(0);
    // What is wrong with a whole row has no field, and what is missing has no value.
    let whole_row = matches!(code, "RECORD_TOO_LARGE" | "UNCLOSED_QUOTE");
    let named = text("field") && error["column"].is_string() && error["value"].is_string();
    let place = place && (named || whole_row);
    let short = error["value"].as_str().is_none_or(|value| value.chars().count() <= 200);
    let complete = sound_code && place && text("message") && text("hint") && short;
    (!complete).then(|| format!("an error is not complete: {error:#}"))
}

/// Everything that is stored, by who created it.
fn contacts_by_job(home: &Home) -> BTreeMap<String, Vec<Value>> {
    let lines = home.run(&["export", "--format", "jsonl", "--out", "-"]).exits(0).stdout;
    let mut found: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for contact in lines.lines().map(|line| serde_json::from_str::<Value>(line).expect("a contact")) {
        let by = contact["created"]["by"].as_str().unwrap_or_default().to_owned();
        found.entry(by).or_default().push(contact);
    }
    found
}

fn at(contact: &Value, place: &str) -> String {
    match contact.pointer(&format!("/{place}")) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Null) | None => String::new(),
        Some(other) => other.to_string(),
    }
}
