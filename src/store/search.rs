//! Looking for contacts: pages in four orders with cursors that stay valid while contacts come and go, streaming, and counting. How the
//! contacts are found is `plan`'s business.

use std::ops::ControlFlow;

use rusqlite::Connection;

use crate::domain::contact::Contact;

use super::contacts;
use super::error::StoreError;
use super::plan::{Plan, Way};
use super::query::{Query, Sort};
use super::sorted;
use super::types::Page;

/// Contacts that a page counts; when there are more, it says so.
const COUNTED: usize = 10_000;

/// The same when telling takes long: documents must be read, or all numbers looked through.
const COUNTED_SLOW: usize = 1_000;

/// An error about a cursor.
pub(super) fn no_cursor(cursor: &str) -> StoreError {
    StoreError::Cursor { cursor: cursor.to_owned() }
}

/// Reads a cursor of an order by number.
fn number(cursor: &str, letter: char) -> Result<i64, StoreError> {
    let number = cursor.strip_prefix(letter).and_then(|number| number.parse().ok()).filter(|number| *number >= 0);
    number.ok_or_else(|| no_cursor(cursor))
}

/// Returns one page.
pub(super) fn page(conn: &Connection, query: &Query) -> Result<Page, StoreError> {
    match query.sort {
        Sort::Newest => by_number(conn, query, true, 'n'),
        Sort::Oldest => by_number(conn, query, false, 'o'),
        Sort::Updated => sorted::by_change(conn, query),
        Sort::Name => sorted::by_name(conn, query),
    }
}

/// A page on which there is nothing.
pub(super) const fn nothing() -> Page {
    Page { total: 0, at_least: false, contacts: Vec::new(), next: None }
}

fn by_number(conn: &Connection, query: &Query, newest_first: bool, letter: char) -> Result<Page, StoreError> {
    let after = query.after.as_deref().map(|cursor| number(cursor, letter)).transpose()?;
    let Some(plan) = Plan::of(conn, query)? else { return Ok(nothing()) };
    let start = Way { newest_first, after: None };
    let mut numbers = Vec::new();
    let (total, at_least) = match plan.count(conn)? {
        Some(total) => (total, false),
        None => {
            let (found, at_least) = counted(conn, &plan, start, query.limit)?;
            numbers = found;
            (numbers.len() as u64, at_least)
        }
    };
    let shown = match after.map_or(Some(0), |after| numbers.iter().position(|no| *no == after).map(|at| at + 1)) {
        // The page lies within what was counted.
        Some(from) if numbers.len() > from + query.limit || (!at_least && !numbers.is_empty()) => {
            numbers.drain(..from.min(numbers.len()));
            numbers.truncate(query.limit.saturating_add(1));
            numbers
        }
        _ => take(conn, &plan, Way { newest_first, after }, query.limit.saturating_add(1))?,
    };
    let next = (shown.len() > query.limit).then(|| query.limit.checked_sub(1).map(|last| shown[last])).flatten();
    let contacts = load(conn, &shown[..query.limit.min(shown.len())])?;
    Ok(Page { total, at_least, contacts, next: next.map(|no| format!("{letter}{no}")) })
}

/// The numbers of the first contacts on a way, and whether there are more than that.
pub(super) fn counted(conn: &Connection, plan: &Plan, way: Way, limit: usize) -> Result<(Vec<i64>, bool), StoreError> {
    let most = if plan.is_slow() { COUNTED_SLOW } else { COUNTED }.max(limit.saturating_add(1));
    let mut found = take(conn, plan, way, most.saturating_add(1))?;
    let more = found.len() > most;
    found.truncate(most);
    Ok((found, more))
}

/// The numbers of the first contacts on a way.
fn take(conn: &Connection, plan: &Plan, way: Way, most: usize) -> Result<Vec<i64>, StoreError> {
    let mut found = Vec::new();
    if most == 0 {
        return Ok(found);
    }
    plan.each(conn, way, false, &mut |no, _| {
        found.push(no);
        if found.len() < most { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    Ok(found)
}

/// Reads contacts by their numbers.
pub(super) fn load(conn: &Connection, numbers: &[i64]) -> Result<Vec<Contact>, StoreError> {
    numbers.iter().filter_map(|no| contacts::get(conn, *no).transpose()).collect()
}

/// Returns the newest contacts, as many as the limit allows, without counting the others.
pub(super) fn newest(conn: &Connection, query: &Query) -> Result<Vec<Contact>, StoreError> {
    let Some(plan) = Plan::of(conn, query)? else { return Ok(Vec::new()) };
    load(conn, &take(conn, &plan, Way { newest_first: true, after: None }, query.limit)?)
}

/// Hands out every contact, oldest first, until told to stop.
pub(super) fn for_each(
    conn: &Connection,
    query: &Query,
    f: &mut dyn FnMut(Contact) -> ControlFlow<()>,
) -> Result<(), StoreError> {
    let after = query.after.as_deref().map(|cursor| number(cursor, 'o')).transpose()?;
    let Some(plan) = Plan::of(conn, query)? else { return Ok(()) };
    let way = Way { newest_first: false, after };
    plan.each(conn, way, true, &mut |_, contact| contact.map_or(ControlFlow::Continue(()), &mut *f))
}

/// Returns how many contacts are meant, all of them counted.
pub(super) fn count_of(conn: &Connection, query: &Query) -> Result<u64, StoreError> {
    let Some(plan) = Plan::of(conn, query)? else { return Ok(0) };
    if let Some(count) = plan.count(conn)? {
        return Ok(count);
    }
    let mut count = 0;
    plan.each(conn, Way { newest_first: true, after: None }, false, &mut |_, _| {
        count += 1;
        ControlFlow::Continue(())
    })?;
    Ok(count)
}

/// Returns how many live contacts there are.
pub(super) fn count(conn: &Connection) -> Result<u64, StoreError> {
    let count: i64 =
        conn.prepare_cached("SELECT count(*) FROM contact WHERE gone = 0")?.query_row([], |row| row.get(0))?;
    Ok(count.unsigned_abs())
}
