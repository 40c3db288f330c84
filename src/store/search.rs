//! Looking for contacts: a query becomes SQL that walks the narrowest table first and reads only the documents of its page.
//! Cutting the words of a query is done in `words`.

use std::borrow::Cow;
use std::ops::ControlFlow;

use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use crate::domain::contact::Contact;

use super::contacts::{self, COLUMNS};
use super::error::StoreError;
use super::identifiers::VOLUMES;
use super::prepared::kind;
use super::query::{Filter, Query};
use super::types::Page;
use super::words::{Digits, Wanted};

/// The column of the contacts with a piece of a phone number.
const HIT: &str = "hit.contact";

/// A query as SQL.
struct Plan {
    /// The table that is walked.
    from: Cow<'static, str>,
    /// Its column with the contact's number.
    no: &'static str,
    conditions: Vec<String>,
    parameters: Vec<Value>,
}

impl Plan {
    /// Returns nothing when nothing can be found.
    fn of(query: &Query) -> Option<Self> {
        let wanted = Wanted::of(&query.words);
        if wanted.is_empty() && !query.words.trim().is_empty() {
            return None;
        }
        let mut plan = Self::walking(&wanted, query);
        let walked = usize::from(plan.no == HIT);
        plan.numbers(&wanted.numbers[walked..]);
        plan.labels(query);
        plan.kind(query);
        Some(plan)
    }

    fn walking(wanted: &Wanted, query: &Query) -> Self {
        let plan = |from, no| Self { from: Cow::Borrowed(from), no, conditions: Vec::new(), parameters: Vec::new() };
        if !wanted.text.is_empty() {
            let mut plan = plan("contact_text", "contact_text.rowid");
            plan.require("contact_text MATCH ?", [Value::Text(wanted.text.clone())]);
            return plan;
        }
        if let Some(number) = wanted.numbers.first() {
            let (sql, parameters) = number_sql(number);
            return Self { from: Cow::Owned(format!("({sql}) AS hit")), no: HIT, conditions: Vec::new(), parameters };
        }
        // A label's contacts stand together; a page of a rare one is then as quick as a page of a frequent one.
        if query.labels.len() == 1 || (!query.any_label && !query.labels.is_empty()) {
            return plan("contact_label", "contact_label.contact");
        }
        let mut plan = plan("contact", "contact.no");
        plan.require("contact.gone = 0", []);
        plan
    }

    fn require<const N: usize>(&mut self, condition: impl Into<String>, parameters: [Value; N]) {
        self.conditions.push(condition.into());
        self.parameters.extend(parameters);
    }

    fn numbers(&mut self, numbers: &[Digits]) {
        for number in numbers {
            let (sql, parameters) = number_sql(number);
            self.conditions.push(format!("{} IN ({sql})", self.no));
            self.parameters.extend(parameters);
        }
    }

    fn labels(&mut self, query: &Query) {
        let no = self.no;
        let key = |label: &crate::domain::label::LabelName| Value::Text(label.key().to_owned());
        if query.any_label && query.labels.len() > 1 {
            let marks = vec!["?"; query.labels.len()].join(", ");
            self.conditions.push(format!(
                "EXISTS (SELECT 1 FROM contact_label AS its WHERE its.contact = {no}
                     AND its.label IN (SELECT id FROM label WHERE key IN ({marks})))"
            ));
            self.parameters.extend(query.labels.iter().map(key));
            return;
        }
        for (at, label) in query.labels.iter().enumerate() {
            let number = "(SELECT id FROM label WHERE key = ?)";
            let condition = match at {
                0 if self.from == "contact_label" => format!("contact_label.label = {number}"),
                _ => format!(
                    "EXISTS (SELECT 1 FROM contact_label AS its WHERE its.label = {number} AND its.contact = {no})"
                ),
            };
            self.require(condition, [key(label)]);
        }
    }

    fn kind(&mut self, query: &Query) {
        let kind = query.filters.iter().find_map(|filter| match filter {
            Filter::Type(kind) => Some(*kind),
            _ => None,
        });
        let Some(kind) = kind else { return };
        let condition = match &*self.from {
            "contact" => "contact.kind = ?".to_owned(),
            _ => format!("(SELECT its.kind FROM contact AS its WHERE its.no = {}) = ?", self.no),
        };
        self.require(condition, [Value::Text(kind.as_str().to_owned())]);
    }

    fn filter(&self) -> String {
        if self.conditions.is_empty() { "true".to_owned() } else { self.conditions.join(" AND ") }
    }

    fn count_sql(&self) -> String {
        format!("SELECT count(*) FROM {} WHERE {}", self.from, self.filter())
    }

    /// The last two parameters are the cursor and the limit.
    fn page_sql(&self, newest_first: bool) -> String {
        let (no, from) = (self.no, &self.from);
        let join = if from == "contact" { String::new() } else { format!("CROSS JOIN contact ON contact.no = {no}") };
        let (sign, order) = if newest_first { ("<", "DESC") } else { (">", "ASC") };
        let filter = self.filter();
        format!(
            "SELECT {COLUMNS}, contact.no FROM {from} {join} WHERE {filter} AND {no} {sign} ? ORDER BY {no} {order} LIMIT ?"
        )
    }
}

/// The numbers of the contacts with a piece of a phone number, or with the same digits in a name.
fn number_sql(number: &Digits) -> (String, Vec<Value>) {
    let (phone, whatsapp, digits) = (kind::PHONE, kind::WHATSAPP, kind::DIGITS);
    let piece = Value::Text(number.digits.clone());
    let (filter, mut parameters) = if number.anchored {
        // `:` follows `9`.
        let end = Value::Text(format!("{}:", number.digits));
        (format!("kind IN ({phone}, {whatsapp}) AND value >= ? AND value < ?"), vec![piece, end])
    } else {
        (format!("kind IN ({phone}, {whatsapp}, {digits}) AND instr(value, ?) > 0"), vec![piece])
    };
    let mut sql = format!(
        "{} SELECT DISTINCT contact FROM volumes CROSS JOIN identifier USING (volume) WHERE {filter}",
        *VOLUMES
    );
    if let Some(words) = &number.as_words {
        sql.push_str(" UNION SELECT rowid FROM contact_text WHERE contact_text MATCH ?");
        parameters.push(Value::Text(words.clone()));
    }
    (sql, parameters)
}

fn cursor(text: Option<&str>, start: i64) -> Result<i64, StoreError> {
    let Some(text) = text else { return Ok(start) };
    text.parse().map_err(|_| StoreError::Cursor { cursor: text.to_owned() })
}

/// Returns one page, newest first.
pub(super) fn page(conn: &Connection, query: &Query) -> Result<Page, StoreError> {
    let after = cursor(query.after.as_deref(), i64::MAX)?;
    let Some(mut plan) = Plan::of(query) else { return Ok(Page { total: 0, contacts: Vec::new(), next: None }) };
    if plan.no == HIT {
        return page_of_hits(conn, &plan, after, query.limit);
    }
    let total: i64 =
        conn.prepare_cached(&plan.count_sql())?.query_row(params_from_iter(&plan.parameters), |row| row.get(0))?;
    let one_more = i64::try_from(query.limit).unwrap_or(i64::MAX).saturating_add(1);
    let sql = plan.page_sql(true);
    plan.parameters.extend([Value::Integer(after), Value::Integer(one_more)]);
    let mut select = conn.prepare_cached(&sql)?;
    let mut rows = select.query(params_from_iter(&plan.parameters))?;
    let (mut contacts, mut last, mut next) = (Vec::new(), after, None);
    while let Some(row) = rows.next()? {
        if contacts.len() == query.limit {
            next = Some(last.to_string());
            break;
        }
        contacts.push(contacts::read(row)?);
        last = row.get(3)?;
    }
    Ok(Page { total: total.unsigned_abs(), contacts, next })
}

/// Looking for a piece of a number means looking through all numbers; once is enough for the count and the page.
fn page_of_hits(conn: &Connection, plan: &Plan, after: i64, limit: usize) -> Result<Page, StoreError> {
    let sql = format!("SELECT {HIT} FROM {} WHERE {} ORDER BY {HIT} DESC", plan.from, plan.filter());
    let mut select = conn.prepare_cached(&sql)?;
    let hits: Vec<i64> =
        select.query_map(params_from_iter(&plan.parameters), |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    let rest = &hits[hits.partition_point(|no| *no >= after)..];
    let shown = &rest[..limit.min(rest.len())];
    let contacts = shown.iter().filter_map(|no| contacts::get(conn, *no).transpose()).collect::<Result<_, _>>()?;
    let next = shown.last().filter(|_| shown.len() < rest.len()).map(ToString::to_string);
    Ok(Page { total: hits.len() as u64, contacts, next })
}

/// Hands out every contact, oldest first, until told to stop.
pub(super) fn for_each(
    conn: &Connection,
    query: &Query,
    f: &mut dyn FnMut(Contact) -> ControlFlow<()>,
) -> Result<(), StoreError> {
    let after = cursor(query.after.as_deref(), 0)?;
    let Some(mut plan) = Plan::of(query) else { return Ok(()) };
    let sql = plan.page_sql(false);
    plan.parameters.extend([Value::Integer(after), Value::Integer(-1)]);
    let mut select = conn.prepare_cached(&sql)?;
    let mut rows = select.query(params_from_iter(&plan.parameters))?;
    while let Some(row) = rows.next()? {
        if f(contacts::read(row)?).is_break() {
            break;
        }
    }
    Ok(())
}

/// Returns how many live contacts there are.
pub(super) fn count(conn: &Connection) -> Result<u64, StoreError> {
    let count: i64 =
        conn.prepare_cached("SELECT count(*) FROM contact WHERE gone = 0")?.query_row([], |row| row.get(0))?;
    Ok(count.unsigned_abs())
}
