//! What is noticed about values while rows are read, told once at the end: those of another program's export, and those of columns without a
//! header in any file. Rows are read by several threads.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::bundled::Remark;
use crate::app::import::report::listed;
use crate::domain::cells::Cells;
use crate::domain::field::FieldKey;
use crate::domain::text::{is_blank, shown};
use crate::intake::write::column_letter;

/// Most different things of one kind that are kept.
const KEPT: usize = 100;

/// Counts of what was seen.
#[derive(Debug)]
pub struct Noticed {
    headers: Vec<String>,
    /// Rows with a value in a column that no field took, by column.
    left: Vec<AtomicU64>,
    /// What is said about columns, with the field that would take each.
    remarks: BTreeMap<usize, (String, String)>,
    yearless: AtomicU64,
    rare: Mutex<Rare>,
}

/// Rows by what was seen, with what became of it.
type Seen = BTreeMap<String, (String, u64)>;

#[derive(Default, Debug)]
struct Rare {
    system: Seen,
    split: Seen,
    unknown: Seen,
    kinds: Seen,
}

impl Noticed {
    pub(super) fn new(headers: &[String]) -> Self {
        Self {
            headers: headers.to_vec(),
            left: headers.iter().map(|_| AtomicU64::new(0)).collect(),
            remarks: BTreeMap::new(),
            yearless: AtomicU64::new(0),
            rare: Mutex::default(),
        }
    }

    pub(super) fn remark(&mut self, column: usize, remark: &Remark) {
        self.remarks.insert(column, (remark.says.clone(), remark.field.clone()));
    }

    pub(super) fn left(&self, column: usize) {
        self.left[column].fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn yearless(&self) {
        self.yearless.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn system_label(&self, label: &str) {
        count(&mut self.rare().system, label, String::new());
    }

    pub(super) fn split_label(&self, label: &str) {
        count(&mut self.rare().split, label, String::new());
    }

    pub(super) fn unknown_kind(&self, kind: &str, field: &FieldKey) {
        count(&mut self.rare().unknown, kind, format!(" to {field}"));
    }

    /// A value of a kind that no field holds, such as a fax number.
    pub(super) fn left_kind(&self, column: usize, kind: &str) {
        let what = format!("{} ({})", self.headers[column], shown(kind));
        count(&mut self.rare().kinds, &what, String::new());
    }

    fn rare(&self) -> MutexGuard<'_, Rare> {
        self.rare.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What there is to tell, in lines.
    pub(super) fn tell(&self) -> Vec<String> {
        let rare = self.rare();
        let held = |column: &usize| self.left[*column].load(Ordering::Relaxed);
        // What a remark is about is told there.
        let columns = (0..self.headers.len()).filter(|at| held(at) > 0 && !self.remarks.contains_key(at));
        let mut left: Vec<String> = columns.map(|column| times(&self.headers[column], held(&column))).collect();
        left.extend(told(&rare.kinds, ""));
        let mut notes = Vec::new();
        let mut note = |what: &str, told: &[String]| {
            if !told.is_empty() {
                notes.push(format!("{what}: {}", listed(told)));
            }
        };
        note("left to plugins, for no field holds them", &left);
        note("kinds that are none of ours, and where their values went", &told(&rare.unknown, "`"));
        note("labels of the program's own, left out", &told(&rare.system, "`"));
        note("labels with a comma or semicolon, which part labels here; left to plugins", &told(&rare.split, "`"));
        for (column, (remark, field)) in self.remarks.iter().filter(|(column, _)| held(column) > 0) {
            let (header, rows) = (&self.headers[*column], rows(held(column)));
            notes.push(format!("`{header}` {remark}: left to plugins ({rows}); `--map '{header}={field}'` takes it"));
        }
        let yearless = self.yearless.load(Ordering::Relaxed);
        if yearless > 0 {
            notes.push(format!(
                "birthdays without a year, which are no dates: {}; `--map Birthday=-` leaves birthdays to plugins, \
                 `--map Birthday=custom.birthday` keeps them as text",
                rows(yearless)
            ));
        }
        notes
    }
}

/// Columns without a header that nobody decided about. They are no fault (the numbers of rows often stand in one), unless something is in them.
#[derive(Debug)]
pub(super) struct Nameless(Vec<(usize, AtomicU64)>);

impl Nameless {
    pub(super) fn new(columns: impl Iterator<Item = usize>) -> Self {
        Self(columns.map(|column| (column, AtomicU64::new(0))).collect())
    }

    pub(super) fn look_at(&self, cells: &Cells) {
        let held = |column: usize| cells.get(column).is_some_and(|cell| !is_blank(cell));
        for (_, seen) in self.0.iter().filter(|(column, _)| held(*column)) {
            seen.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn tell(&self) -> impl Iterator<Item = String> {
        let seen = self.0.iter().map(|(column, seen)| (*column, seen.load(Ordering::Relaxed)));
        seen.filter(|(_, seen)| *seen > 0).map(|(column, seen)| {
            let (letter, number) = (column_letter(column), column + 1);
            format!(
                "column {letter} has no header, and nothing takes its values ({}); `--map '#{number}=FIELD'` does",
                rows(seen)
            )
        })
    }
}

/// Once more; of too many different things, only the first are kept.
fn count(seen: &mut Seen, what: &str, then: String) {
    if let Some((_, rows)) = seen.get_mut(what) {
        *rows += 1;
    } else if seen.len() < KEPT {
        seen.insert(what.to_owned(), (then, 1));
    }
}

fn told(seen: &Seen, quote: &str) -> Vec<String> {
    let one =
        |(what, (then, rows)): (&String, &(String, u64))| times(&format!("{quote}{}{quote}{then}", shown(what)), *rows);
    seen.iter().map(one).collect()
}

/// `Fax (3 rows)`
fn times(what: &str, count: u64) -> String {
    format!("{what} ({})", rows(count))
}

fn rows(count: u64) -> String {
    if count == 1 { "1 row".to_owned() } else { format!("{count} rows") }
}
