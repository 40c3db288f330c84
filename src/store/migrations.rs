//! The schema, as numbered steps. Each file under `migrations/` is final once shipped; connection settings are `connection`'s.

use std::sync::LazyLock;

use rusqlite::Transaction;
use rusqlite_migration::{HookResult, M, Migrations};

use super::facets;

/// Marks a SQLite file as ours (`CRNT`), set by the first step.
pub(super) const APPLICATION_ID: i32 = 0x4352_4e54;

/// The version that this program writes.
pub(super) const LATEST: i64 = 6;

/// All steps, oldest first.
pub(super) static MIGRATIONS: LazyLock<Migrations<'static>> = LazyLock::new(|| {
    Migrations::new(vec![
        M::up(include_str!("migrations/0001_contacts.sql")),
        M::up_with_hook(include_str!("migrations/0002_desk.sql"), |transaction: &Transaction<'_>| -> HookResult {
            Ok(facets::fill(transaction)?)
        }),
        M::up(include_str!("migrations/0003_import.sql")),
        M::up(include_str!("migrations/0004_plugins.sql")),
        M::up(include_str!("migrations/0005_words.sql")),
        M::up(include_str!("migrations/0006_volumes.sql")),
    ])
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_runs() {
        MIGRATIONS.validate().unwrap();
        let mut conn = rusqlite::Connection::open_in_memory().unwrap();
        MIGRATIONS.to_latest(&mut conn).unwrap();
        let version: i64 = conn.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
        assert_eq!(version, LATEST);
    }

    #[test]
    fn the_first_step_marks_the_file() {
        let mut conn = rusqlite::Connection::open_in_memory().unwrap();
        MIGRATIONS.to_latest(&mut conn).unwrap();
        let id: i32 = conn.pragma_query_value(None, "application_id", |row| row.get(0)).unwrap();
        assert_eq!(id, APPLICATION_ID);
    }
}
