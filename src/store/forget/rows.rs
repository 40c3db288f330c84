//! Refused rows of imports, which never became contacts: those about a person who is forgotten go, and so do the words that name the person in
//! what is said of the rows of others.

use rusqlite::{Connection, params};
use serde_json::Value;

use crate::domain::traces::{Sight, Traces};

use super::super::error::{Placed, StoreError};
use super::super::tombstones;
use super::super::writer::Writer;
use super::{ERASED, Erased, Eraser};

/// Between the reasons of one row.
const REASONS: &str = " | ";

/// A refused row of an import.
pub(in crate::store) struct FailedRow {
    pub(in crate::store) job: i64,
    pub(in crate::store) record: i64,
    pub(in crate::store) line: i64,
    pub(in crate::store) cells: Vec<String>,
    /// The problems, as JSON.
    problems: String,
    pub(in crate::store) text: String,
}

impl FailedRow {
    /// What is said of the row: the reasons, and what a plugin may have made of its values before it was refused.
    fn said(&self) -> Vec<String> {
        let problems: Value = serde_json::from_str(&self.problems).unwrap_or_default();
        let fields = problems.as_array().into_iter().flatten().filter_map(Value::as_object).flat_map(|it| it.values());
        let texts = fields.filter_map(Value::as_str).map(str::to_owned);
        self.text.split(REASONS).map(str::to_owned).chain(texts).collect()
    }

    fn sight(&self, traces: &Traces) -> Sight {
        let by_cells = traces.in_row(&self.cells);
        if by_cells != Sight::None {
            return by_cells;
        }
        let said = self.said();
        if said.iter().any(|text| traces.identify(text)) {
            let all: Vec<&str> = self.cells.iter().chain(&said).map(String::as_str).collect();
            return traces.in_row(&all);
        }
        if said.iter().any(|text| traces.in_text(text)) { Sight::Mentioned } else { Sight::None }
    }

    /// The problems and the text without what names the person.
    fn without_names(&self, traces: &Traces) -> (String, String) {
        let mut problems: Value = serde_json::from_str(&self.problems).unwrap_or_default();
        for problem in problems.as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut) {
            let named = |value: &&mut Value| value.as_str().is_some_and(|text| traces.in_text(text));
            problem.values_mut().filter(named).for_each(|value| *value = ERASED.into());
        }
        let reason = |reason| if traces.in_text(reason) { ERASED } else { reason };
        let text = self.text.split(REASONS).map(reason).collect::<Vec<_>>().join(REASONS);
        // A name that runs from one reason into the next is one, too.
        let text = if traces.in_text(&text) { ERASED.to_owned() } else { text };
        (problems.to_string(), text)
    }
}

/// Hands out all refused rows in which the person, or a namesake, is seen: in the cells, or in what is said of them.
pub(in crate::store) fn each_failed_row(
    conn: &Connection,
    traces: &Traces,
    f: &mut dyn FnMut(Sight, FailedRow),
) -> Result<(), StoreError> {
    each(conn, &mut |row| {
        let sight = row.sight(traces);
        if sight != Sight::None {
            f(sight, row);
        }
    })
}

fn each(conn: &Connection, f: &mut dyn FnMut(FailedRow)) -> Result<(), StoreError> {
    let mut select =
        conn.prepare("SELECT job, record, line, cells, problems, text FROM job_failure ORDER BY job, record")?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let cells = row.get_ref(3)?.as_str().map_err(rusqlite::Error::from)?;
        // Of a damaged row, what stands between quotes is most likely a cell.
        let damaged = |_| cells.split('"').map(str::to_owned).collect();
        f(FailedRow {
            job: row.get(0)?,
            record: row.get(1)?,
            line: row.get(2)?,
            cells: serde_json::from_str(cells).unwrap_or_else(damaged),
            problems: row.get(4)?,
            text: row.get(5)?,
        });
    }
    Ok(())
}

fn empty(conn: &Connection, job: i64, record: i64) -> rusqlite::Result<()> {
    let update = "UPDATE job_failure SET cells = '[]', problems = '[]', text = ?3 WHERE job = ?1 AND record = ?2";
    conn.execute(update, params![job, record, ERASED]).map(drop)
}

impl Eraser<'_> {
    pub(super) fn failed_rows(&self, erased: &mut Erased) -> Result<(), StoreError> {
        let (mut told, mut mentioned) = (Vec::new(), Vec::new());
        each_failed_row(self.conn, &self.traces, &mut |sight, row| match sight {
            Sight::None => {}
            Sight::Namesake => erased.namesakes.push((row.job, row.record.unsigned_abs())),
            Sight::Mentioned => mentioned.push(row),
            Sight::Person => told.push((row.job, row.record)),
        })?;
        for (job, record) in told {
            empty(self.conn, job, record)?;
            erased.failed_rows.push((job, record.unsigned_abs()));
            erased.jobs.push(job);
        }
        for row in mentioned {
            let (problems, text) = row.without_names(&self.traces);
            self.conn.execute(
                "UPDATE job_failure SET problems = ?3, text = ?4 WHERE job = ?1 AND record = ?2",
                params![row.job, row.record, problems, text],
            )?;
            erased.reasons += 1;
        }
        erased.jobs.sort_unstable();
        erased.jobs.dedup();
        Ok(())
    }
}

impl Writer<'_> {
    /// Erases what came in since people were forgotten: refused rows that tell one of them by what is left to know them by, and everything
    /// that plugins said in words. Returns the rows: job and record.
    ///
    /// # Errors
    /// The database fails.
    pub fn forget_again(&mut self) -> Result<Vec<(i64, u64)>, StoreError> {
        let (conn, path) = (self.reader.conn, self.path);
        conn.execute_batch("PRAGMA secure_delete = ON").placed(path)?;
        super::super::plugin_stats::forget_words(conn).placed(path)?;
        let (known, mut told) = (tombstones::read(conn).placed(path)?, Vec::new());
        each(conn, &mut |row| {
            if known.in_row(row.cells.iter().map(String::as_str)).is_some() {
                told.push((row.job, row.record));
            }
        })
        .placed(path)?;
        for (job, record) in &told {
            empty(conn, *job, *record).placed(path)?;
        }
        Ok(told.into_iter().map(|(job, record)| (job, record.unsigned_abs())).collect())
    }
}
