//! A query becomes a plan: one table that is walked in the order of the contacts' numbers, and what else must hold of each. Which tables
//! and tests a filter means is said by `conditions`, words by `wording`; what is done with the contacts found is `search`'s business.

use std::ops::ControlFlow;

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, params_from_iter};

use crate::domain::contact::Contact;

use super::conditions;
use super::contacts::{self, COLUMNS};
use super::error::StoreError;
use super::query::Query;
use super::verify::Check;
use super::wording::{self, Pieces};

/// How far sizes of tables are looked at when the one to walk is chosen.
const SIZE: usize = 10_000;

/// Above this a set that comes in no order takes longer to sort than the book takes to walk until a page is full.
const SORTED: usize = 150_000;

/// A piece of SQL. `{no}` stands for the column with the contact's number.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Sql {
    pub(super) text: String,
    pub(super) parameters: Vec<Value>,
}

impl Sql {
    /// A piece with its parameters.
    pub(super) fn new<const N: usize>(text: impl Into<String>, parameters: [Value; N]) -> Self {
        Self { text: text.into(), parameters: parameters.into() }
    }
}

/// Something that can be walked.
pub(super) enum Walk {
    /// Rows of a table.
    Table {
        /// The table, or a selection with `AS hit`.
        from: Sql,
        /// The column with the contact's number.
        no: &'static str,
        /// Which rows.
        filter: Sql,
        /// Whether they can come in the order of the numbers without being sorted.
        ordered: bool,
    },
    /// Contacts with a piece of a phone number, volume by volume.
    Numbers(Pieces),
}

/// What must hold of a contact.
pub(super) struct Condition {
    /// Where to find all for which it may hold.
    pub(super) walk: Option<Walk>,
    /// Whether it holds for every row of the walk, so that nothing is left to be tested.
    pub(super) exact: bool,
    /// The test, for any contact.
    pub(super) test: Option<Sql>,
    /// What only the document can tell.
    pub(super) check: Option<Check>,
}

impl Condition {
    /// The same for a way along another table that passes many contacts: what can be looked up once is not read from each document.
    pub(super) fn into_test(self) -> Self {
        match &self.walk {
            Some(Walk::Table { from, no, filter, .. }) if self.test.is_none() => {
                let text = format!("{{no}} IN (SELECT {no} FROM {} WHERE {})", from.text, filter.text);
                let parameters = from.parameters.iter().chain(&filter.parameters).cloned().collect();
                let check = self.check.filter(|_| !self.exact);
                Self { walk: None, exact: self.exact, test: Some(Sql { text, parameters }), check }
            }
            _ => self,
        }
    }
}

/// How the contacts that are meant are found.
pub(super) struct Plan {
    walk: Walk,
    tests: Vec<Sql>,
    checks: Vec<Check>,
}

/// Where a walk begins and in which direction it goes.
#[derive(Copy, Clone, Debug)]
pub(super) struct Way {
    /// The newest first.
    pub(super) newest_first: bool,
    /// The number after which it begins.
    pub(super) after: Option<i64>,
}

/// One contact on the way: its number, and itself where it was read.
pub(super) type Visit<'f> = dyn FnMut(i64, Option<Contact>) -> ControlFlow<()> + 'f;

impl Plan {
    /// Makes a plan; nothing when nothing can be found.
    pub(super) fn of(conn: &Connection, query: &Query) -> Result<Option<Self>, StoreError> {
        let Some(mut conditions) = Self::conditions(conn, query)? else { return Ok(None) };
        let walked = choose(conn, &conditions)?.map(|at| conditions.swap_remove(at));
        let mut rest = Vec::new();
        let walk = match walked {
            Some(Condition { walk, exact, test, check }) => {
                rest.extend((!exact).then_some(Condition { walk: None, exact, test, check }));
                walk
            }
            None => None,
        };
        rest.extend(conditions);
        Ok(Some(Self::walking(walk.unwrap_or_else(everybody), rest)))
    }

    /// All conditions of a query; nothing when nothing can be found.
    pub(super) fn conditions(conn: &Connection, query: &Query) -> Result<Option<Vec<Condition>>, StoreError> {
        let Some(mut conditions) = wording::conditions(conn, query)? else { return Ok(None) };
        conditions.extend(conditions::of(conn, query)?);
        Ok(Some(conditions))
    }

    /// Makes a plan that walks one thing and tests the others.
    pub(super) fn walking(walk: Walk, conditions: impl IntoIterator<Item = Condition>) -> Self {
        let (mut tests, mut checks) = (Vec::new(), Vec::new());
        for condition in conditions {
            tests.extend(condition.test);
            checks.extend(condition.check);
        }
        Self { walk, tests, checks }
    }

    /// Says whether documents must be read to tell.
    fn reads(&self) -> bool {
        !self.checks.is_empty()
    }

    /// Says whether telling takes long for each contact, so that fewer are counted.
    pub(super) fn is_slow(&self) -> bool {
        let reads = |test: &Sql| test.text.contains(".doc ");
        self.reads()
            || self.tests.iter().any(reads)
            || matches!(&self.walk, Walk::Numbers(pieces) if !pieces.is_anchored())
    }

    /// Counts without walking, where the walk alone says it all and the database counts fast.
    pub(super) fn count(&self, conn: &Connection) -> Result<Option<u64>, StoreError> {
        let Walk::Table { from, filter, ordered: true, .. } = &self.walk else { return Ok(None) };
        if !self.tests.is_empty() || self.reads() || from.text == "contact_text" {
            return Ok(None);
        }
        let index = if from.text == EVERYBODY { "contact INDEXED BY contact_live" } else { &from.text };
        let sql = format!("SELECT count(*) FROM {index} WHERE {}", filter.text);
        let count: i64 =
            conn.prepare_cached(&sql)?.query_row(params_from_iter(&filter.parameters), |row| row.get(0))?;
        Ok(Some(count.unsigned_abs()))
    }

    /// Hands out every contact that is meant until told to stop; with itself when `whole`, or when it had to be read anyway.
    pub(super) fn each(
        &self,
        conn: &Connection,
        way: Way,
        whole: bool,
        visit: &mut Visit<'_>,
    ) -> Result<(), StoreError> {
        let whole = whole || self.reads();
        match &self.walk {
            Walk::Table { from, no, filter, .. } => {
                self.each_row(conn, way, whole, (from, no, filter), visit).map(drop)
            }
            Walk::Numbers(pieces) => {
                for volume in pieces.volumes(conn, way)? {
                    let from = pieces.of_volume(volume);
                    let filter = Sql::new("true", []);
                    if self.each_row(conn, way, whole, (&from, "hit.contact", &filter), visit)?.is_break() {
                        break;
                    }
                }
                Ok(())
            }
        }
    }

    /// Hands out the contacts in an order of the table's own.
    pub(super) fn each_by(&self, conn: &Connection, order: &str, visit: &mut Visit<'_>) -> Result<(), StoreError> {
        let Walk::Table { from, no, filter, .. } = &self.walk else { return Ok(()) };
        self.rows(conn, self.reads(), (from, no, filter), order, visit).map(drop)
    }

    fn each_row(
        &self,
        conn: &Connection,
        way: Way,
        whole: bool,
        (from, no, filter): (&Sql, &str, &Sql),
        visit: &mut Visit<'_>,
    ) -> Result<ControlFlow<()>, StoreError> {
        let (sign, order) = if way.newest_first { ("<", "DESC") } else { (">", "ASC") };
        let order = format!("{no} {order}");
        let Some(after) = way.after else { return self.rows(conn, whole, (from, no, filter), &order, visit) };
        let mut filter = filter.clone();
        filter.text.push_str(&format!(" AND {no} {sign} ?"));
        filter.parameters.push(Value::Integer(after));
        self.rows(conn, whole, (from, no, &filter), &order, visit)
    }

    fn rows(
        &self,
        conn: &Connection,
        whole: bool,
        (from, no, filter): (&Sql, &str, &Sql),
        order: &str,
        visit: &mut Visit<'_>,
    ) -> Result<ControlFlow<()>, StoreError> {
        let (columns, join) = match (whole, no) {
            (false, _) => (String::new(), String::new()),
            (true, "contact.no") => (format!(", {COLUMNS}"), String::new()),
            (true, _) => (format!(", {COLUMNS}"), format!(" CROSS JOIN contact ON contact.no = {no}")),
        };
        let mut sql = format!("SELECT {no}{columns} FROM {}{join} WHERE {}", from.text, filter.text);
        for test in &self.tests {
            sql.push_str(" AND ");
            sql.push_str(&test.text.replace("{no}", no));
        }
        sql.push_str(&format!(" ORDER BY {order}"));
        let parameters = [from, filter].into_iter().chain(&self.tests).flat_map(|it| &it.parameters);
        let mut select = conn.prepare_cached(&sql)?;
        let mut rows = select.query(params_from_iter(parameters))?;
        while let Some(row) = rows.next()? {
            let contact = if whole { Some(contacts::read_at(row, 1)?) } else { None };
            if !contact.iter().all(|contact| self.checks.iter().all(|check| check.holds(contact))) {
                continue;
            }
            if visit(row.get(0)?, contact).is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }
}

/// The book itself: without an index, in the order of the numbers.
const EVERYBODY: &str = "contact NOT INDEXED";

fn everybody() -> Walk {
    Walk::Table {
        from: Sql::new(EVERYBODY, []),
        no: "contact.no",
        filter: Sql::new("contact.gone = 0", []),
        ordered: true,
    }
}

/// Returns which condition is walked; none for the whole book.
fn choose(conn: &Connection, conditions: &[Condition]) -> Result<Option<usize>, StoreError> {
    let walkable: Vec<usize> = (0..conditions.len()).filter(|at| conditions[*at].walk.is_some()).collect();
    if let [one] = walkable[..] {
        let sorted = matches!(&conditions[one].walk, Some(Walk::Table { ordered: false, .. }));
        let large = sorted && size(conn, &conditions[one], SORTED)? >= SORTED;
        return Ok((!large).then_some(one));
    }
    let mut best = None;
    for at in walkable {
        let size = size(conn, &conditions[at], SIZE)?;
        // A size that was not counted to its end may be anything.
        let rows = if size >= SIZE { 20 * SIZE } else { size };
        let rest = || conditions.iter().enumerate().filter(|(other, _)| *other != at);
        // Reading a document costs as much as ten tests.
        let cost = if rest().any(|(_, it)| it.check.is_some()) { 10 * rows } else { rows };
        if best.is_none_or(|(least, _)| cost < least) {
            best = Some((cost, at));
        }
    }
    Ok(best.map(|(_, at)| at))
}

/// How many rows a walk has, as far as `most`.
fn size(conn: &Connection, condition: &Condition, most: usize) -> Result<usize, StoreError> {
    let (from, filter) = match &condition.walk {
        Some(Walk::Table { from, filter, .. }) => (from, filter),
        // Looking through all numbers costs about as much as walking so many rows.
        Some(Walk::Numbers(pieces)) => return Ok(if pieces.is_anchored() { 100 } else { SIZE - 1 }),
        None => return Ok(most),
    };
    let sql = format!("SELECT count(*) FROM (SELECT 1 FROM {} WHERE {} LIMIT ?)", from.text, filter.text);
    let limit = Value::Integer(most as i64);
    let parameters = from.parameters.iter().chain(&filter.parameters).chain([&limit]);
    let count: Option<i64> =
        conn.prepare_cached(&sql)?.query_row(params_from_iter(parameters), |row| row.get(0)).optional()?;
    Ok(usize::try_from(count.unwrap_or(0)).unwrap_or(most))
}
