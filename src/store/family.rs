//! A contact and those merged into it. What was noted about each of them stays with it and is read for all of them through `merged_into`,
//! so that a merge is taken back without moving anything.

use rusqlite::Connection;

/// Begins a query with the table `family`: the numbers of the contact `?1` and of those merged into it, its own first.
pub(super) const FAMILY: &str = "WITH RECURSIVE family (no) AS (
     SELECT ?1 UNION SELECT contact.no FROM contact JOIN family ON contact.merged_into = family.no
 )";

/// Returns the numbers of a contact and of all that were merged into it, its own first.
pub(super) fn numbers(conn: &Connection, no: i64) -> rusqlite::Result<Vec<i64>> {
    conn.prepare_cached(&format!("{FAMILY} SELECT no FROM family"))?.query_map([no], |row| row.get(0))?.collect()
}

/// Counts what there is about a contact and those merged into it; `what` is a table with a column `contact`, and a condition.
pub(super) fn count(conn: &Connection, what: &str, no: i64) -> rusqlite::Result<u64> {
    let sql = format!("{FAMILY} SELECT count(*) FROM {what} AND contact IN (SELECT no FROM family)");
    conn.prepare_cached(&sql)?.query_row([no], |row| row.get::<_, i64>(0)).map(i64::unsigned_abs)
}
