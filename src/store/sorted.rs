//! The two orders that are not that of the numbers: by change, and by name. Their cursors say where the last contact shown stands in the
//! order, so that they stay valid when it is changed or deleted.
//!
//! By change: a contact that was never changed stands at the time in its id. One that is changed between two pages moves to the front,
//! and is then on a page that has been seen; nothing else is shown twice or left out.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::ControlFlow;

use rusqlite::types::Value;
use rusqlite::{Connection, params};

use crate::domain::contact::Contact;
use crate::domain::text::{fold, hex};

use super::contacts;
use super::error::StoreError;
use super::plan::{Condition, Plan, Sql, Walk, Way};
use super::query::Query;
use super::search::{counted, load, no_cursor, nothing};
use super::types::Page;

/// Characters of a name that count in the order; with more in common, contacts follow each other by id.
const NAME_CHARS: usize = 40;

const NEWEST: Way = Way { newest_first: true, after: None };

/// Where a contact stands by change: the later the greater.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Place {
    /// Never changed: milliseconds at which the id was made, and the id.
    Fresh(i64, [u8; 16]),
    /// Changed: nanoseconds, and the number.
    Changed(i64, i64),
}

impl Place {
    fn of(id: [u8; 16], no: i64, updated: Option<i64>) -> Self {
        updated.map_or_else(|| Self::Fresh(millis(&id), id), |at| Self::Changed(at, no))
    }

    /// Changed contacts come before fresh ones of the same millisecond.
    fn key(&self) -> (i64, bool, i64, i64, [u8; 16]) {
        match self {
            Self::Fresh(millis, id) => (*millis, false, 0, 0, *id),
            Self::Changed(nanos, no) => (nanos.div_euclid(1_000_000), true, *nanos, *no, [0; 16]),
        }
    }

    fn cursor(&self) -> String {
        match self {
            Self::Fresh(_, id) => format!("f{}", hex(id)),
            Self::Changed(nanos, no) => format!("u{nanos}.{no}"),
        }
    }

    fn parse(cursor: &str) -> Option<Self> {
        if let Some(id) = cursor.strip_prefix('f') {
            let id: [u8; 16] = unhex(id)?.try_into().ok()?;
            return Some(Self::Fresh(millis(&id), id));
        }
        let (nanos, no) = cursor.strip_prefix('u')?.split_once('.')?;
        Some(Self::Changed(nanos.parse().ok()?, no.parse().ok()?))
    }

    /// Changed contacts that come after this place.
    fn changed_after(&self) -> Sql {
        match self {
            Self::Fresh(millis, _) => {
                let end = millis.saturating_mul(1_000_000);
                Sql::new("contact.updated < ?", [Value::Integer(end)])
            }
            Self::Changed(nanos, no) => {
                Sql::new("(contact.updated, contact.no) < (?, ?)", [Value::Integer(*nanos), Value::Integer(*no)])
            }
        }
    }

    /// Fresh contacts that come after this place.
    fn fresh_after(&self) -> Sql {
        let end = match self {
            Self::Fresh(_, id) => id.to_vec(),
            Self::Changed(nanos, _) => {
                let next = (nanos.div_euclid(1_000_000) + 1).clamp(0, (1 << 48) - 1);
                next.to_be_bytes()[2..].to_vec()
            }
        };
        Sql::new("contact.id < ?", [Value::Blob(end)])
    }
}

/// The milliseconds in a UUIDv7.
fn millis(id: &[u8; 16]) -> i64 {
    id[..6].iter().fold(0, |all, byte| (all << 8) | i64::from(*byte))
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u32>> = text.chars().map(|c| c.to_digit(16)).collect();
    let (pairs, rest) = digits.as_deref()?.as_chunks::<2>();
    rest.is_empty().then(|| pairs.iter().map(|[high, low]| (high * 16 + low) as u8).collect())
}

/// A page, the last changed first.
pub(super) fn by_change(conn: &Connection, query: &Query) -> Result<Page, StoreError> {
    let after = query.after.as_deref().map(|cursor| Place::parse(cursor).ok_or_else(|| no_cursor(cursor)));
    let after = after.transpose()?;
    let Some(plan) = Plan::of(conn, query)? else { return Ok(nothing()) };
    let (found, at_least) = counted(conn, &plan, NEWEST, query.limit)?;
    let (mut places, total) = if at_least {
        let total = plan.count(conn)?;
        (broad(conn, query, after.as_ref())?, total)
    } else {
        let places = found.iter().map(|no| place(conn, *no)).collect::<Result<Vec<_>, _>>()?;
        (places, Some(found.len() as u64))
    };
    places.sort_unstable_by_key(|(place, _)| Reverse(place.key()));
    places.retain(|(place, _)| after.as_ref().is_none_or(|after| place.key() < after.key()));
    let shown = &places[..query.limit.min(places.len())];
    let next = shown.last().filter(|_| places.len() > shown.len()).map(|(place, _)| place.cursor());
    let contacts = load(conn, &shown.iter().map(|(_, no)| *no).collect::<Vec<_>>())?;
    let counted = total.unwrap_or(found.len() as u64);
    Ok(Page { total: counted, at_least: at_least && total.is_none(), contacts, next })
}

fn place(conn: &Connection, no: i64) -> Result<(Place, i64), StoreError> {
    let mut select = conn.prepare_cached("SELECT id, updated FROM contact WHERE no = ?1")?;
    Ok(select.query_row(params![no], |row| Ok((Place::of(row.get(0)?, no, row.get(1)?), no)))?)
}

/// The first changed and the first fresh contacts after a place: where many are meant, they are met soon on the way along the index.
fn broad(conn: &Connection, query: &Query, after: Option<&Place>) -> Result<Vec<(Place, i64)>, StoreError> {
    let mut all = Vec::new();
    let changed =
        ("contact INDEXED BY contact_updated", "contact.updated IS NOT NULL", after.map(Place::changed_after));
    let fresh = (
        "contact INDEXED BY sqlite_autoindex_contact_1",
        "contact.updated IS NULL AND contact.gone = 0",
        after.map(Place::fresh_after),
    );
    for ((from, filter, rest), order) in
        [(changed, "contact.updated DESC, contact.no DESC"), (fresh, "contact.id DESC")]
    {
        let mut filter = Sql::new(filter, []);
        if let Some(rest) = rest {
            filter.text = format!("{} AND {}", filter.text, rest.text);
            filter.parameters.extend(rest.parameters);
        }
        let Some(conditions) = Plan::conditions(conn, query)? else { return Ok(all) };
        let walk = Walk::Table { from: Sql::new(from, []), no: "contact.no", filter, ordered: true };
        let plan = Plan::walking(walk, conditions.into_iter().map(Condition::into_test));
        let mut left = query.limit.saturating_add(1);
        let mut numbers = Vec::new();
        plan.each_by(conn, order, &mut |no, _| {
            numbers.push(no);
            left -= 1;
            if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        for no in numbers {
            all.push(place(conn, no)?);
        }
    }
    Ok(all)
}

/// A page by name. Every contact that is meant is read; only those of the page are kept.
pub(super) fn by_name(conn: &Connection, query: &Query) -> Result<Page, StoreError> {
    let after = query.after.as_deref().map(|cursor| named(cursor).ok_or_else(|| no_cursor(cursor))).transpose()?;
    let Some(plan) = Plan::of(conn, query)? else { return Ok(nothing()) };
    let (mut total, mut kept) = (0, BinaryHeap::new());
    plan.each(conn, NEWEST, true, &mut |no, contact| {
        total += 1;
        let key = contact.as_ref().map(|contact| (name_key(contact), *contact.id.as_bytes()));
        if let Some(key) = key.filter(|key| after.as_ref().is_none_or(|after| key > after)) {
            kept.push((key, no));
            if kept.len() > query.limit.saturating_add(1) {
                kept.pop();
            }
        }
        ControlFlow::Continue(())
    })?;
    let kept = kept.into_sorted_vec();
    let shown = &kept[..query.limit.min(kept.len())];
    let next = shown.last().filter(|_| kept.len() > shown.len());
    let next = next.map(|((name, id), _)| format!("a{}{}", hex(id), hex(name.as_bytes())));
    let contacts = shown.iter().filter_map(|(_, no)| contacts::get(conn, *no).transpose()).collect::<Result<_, _>>()?;
    Ok(Page { total, at_least: false, contacts, next })
}

fn name_key(contact: &Contact) -> String {
    fold(&contact.display_name()).chars().take(NAME_CHARS).collect()
}

fn named(cursor: &str) -> Option<(String, [u8; 16])> {
    let bytes = unhex(cursor.strip_prefix('a')?)?;
    let (id, name) = bytes.split_at_checked(16)?;
    Some((String::from_utf8(name.to_vec()).ok()?, id.try_into().ok()?))
}
