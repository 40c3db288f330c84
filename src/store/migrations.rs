//! The schema, as numbered steps. Each file under `migrations/` is final once shipped; connection settings are `connection`'s.

use rusqlite_migration::{M, Migrations};

/// Marks a SQLite file as ours (`CRNT`), set by the first step.
pub(super) const APPLICATION_ID: i32 = 0x4352_4e54;

const STEPS: &[M<'static>] =
    &[M::up(include_str!("migrations/0001_contacts.sql")), M::up(include_str!("migrations/0002_desk.sql"))];

/// All steps, oldest first.
pub(super) const MIGRATIONS: Migrations<'static> = Migrations::from_slice(STEPS);

/// The version that this program writes.
pub(super) const LATEST: i64 = STEPS.len() as i64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_runs() {
        MIGRATIONS.validate().unwrap();
    }

    #[test]
    fn the_first_step_marks_the_file() {
        let mut conn = rusqlite::Connection::open_in_memory().unwrap();
        MIGRATIONS.to_latest(&mut conn).unwrap();
        let id: i32 = conn.pragma_query_value(None, "application_id", |row| row.get(0)).unwrap();
        assert_eq!(id, APPLICATION_ID);
    }
}
