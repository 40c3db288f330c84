//! Opening a database: settings of a connection, the version, the migrations. What is done with it is not known here.

use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags};

use super::error::{Placed, StoreError};
use super::migrations::{APPLICATION_ID, LATEST, MIGRATIONS};

/// How long to wait for another process that writes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// How long to wait before SQLite is asked again where it does not wait itself.
const BUSY_PAUSE: Duration = Duration::from_millis(2);

/// Statements kept ready on a connection; more than there are in this program.
const STATEMENTS: usize = 128;

/// Bytes of a page, for new databases. An import writes a fifth faster than with SQLite's 4096, and hardly slower than with 16384.
const PAGE_BYTES: u32 = 8192;

/// Pages of write-ahead log at which it is copied into the database: 64 MiB.
pub(super) const LOG_PAGES: i64 = 8192;

/// Opens the writer's connection, making and migrating the database first.
pub(super) fn open_writer(path: &Path) -> Result<Connection, StoreError> {
    let mut conn = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?;
    wait_to_settle(&mut conn, path)?;
    // The index of identifiers is written in no order: what of it is in memory need not be read back for every batch. A bigger
    // write-ahead log is copied into the database less often, and its pages, which mostly change again and again, once each.
    conn.execute_batch(&format!(
        "PRAGMA cache_size = -49152; PRAGMA wal_autocheckpoint = {LOG_PAGES}; PRAGMA journal_size_limit = 134217728;
         PRAGMA temp_store = MEMORY;"
    ))
    .placed(path)?;
    Ok(conn)
}

/// Opens a connection that only reads.
pub(super) fn open_reader(path: &Path) -> Result<Connection, StoreError> {
    // Readers of a write-ahead log write its index, so the file is opened for both and the connection told to leave it alone.
    let conn = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    conn.execute_batch("PRAGMA query_only = ON; PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY;")
        .placed(path)?;
    Ok(conn)
}

/// Opens a connection for work on the file itself, beside the writer's; the database is there and settled.
pub(super) fn open_beside(path: &Path) -> Result<Connection, StoreError> {
    open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)
}

fn open(path: &Path, mode: OpenFlags) -> Result<Connection, StoreError> {
    let flags = mode | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path, flags).placed(path)?;
    conn.set_prepared_statement_cache_capacity(STATEMENTS);
    conn.busy_timeout(BUSY_TIMEOUT).placed(path)?;
    conn.execute_batch("PRAGMA foreign_keys = ON; PRAGMA synchronous = NORMAL;").placed(path)?;
    Ok(conn)
}

/// Settles the version, together with others who may be doing the same. A connection that already reads and wants to write is refused at
/// once and not made to wait, since two such would wait for each other; so whoever comes second lets go and asks again.
fn wait_to_settle(conn: &mut Connection, path: &Path) -> Result<(), StoreError> {
    let deadline = Instant::now() + BUSY_TIMEOUT;
    loop {
        match settle_version(conn, path) {
            Err(StoreError::Locked { .. }) if Instant::now() < deadline => std::thread::sleep(BUSY_PAUSE),
            settled => return settled,
        }
    }
}

/// Migrates a database that is empty or ours and not from the future.
fn settle_version(conn: &mut Connection, path: &Path) -> Result<(), StoreError> {
    if !is_ours(conn).placed(path)? {
        return Err(StoreError::NotADatabase { path: path.to_owned() });
    }
    let found = version(conn).placed(path)?;
    if found > LATEST {
        return Err(StoreError::Newer { path: path.to_owned(), found, known: LATEST });
    }
    if conn.is_readonly("main").placed(path)? {
        return Err(StoreError::ReadOnly { path: path.to_owned() });
    }
    if found == 0 {
        conn.pragma_update(None, "page_size", PAGE_BYTES).placed(path)?;
    }
    conn.pragma_update(None, "journal_mode", "WAL").placed(path)?;
    if found < LATEST { migrate(conn, path) } else { Ok(()) }
}

fn version(conn: &Connection) -> rusqlite::Result<i64> {
    conn.pragma_query_value(None, "user_version", |row| row.get(0))
}

/// A database of another program must not get our tables.
fn is_ours(conn: &mut Connection) -> rusqlite::Result<bool> {
    // One snapshot for both, since another process may be making the tables.
    let tx = conn.transaction()?;
    let tables: i64 = tx.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    let id: i32 = tx.pragma_query_value(None, "application_id", |row| row.get(0))?;
    Ok(id == APPLICATION_ID || (id == 0 && tables == 0))
}

fn migrate(conn: &mut Connection, path: &Path) -> Result<(), StoreError> {
    let Err(error) = MIGRATIONS.to_latest(conn) else { return Ok(()) };
    // Two processes may meet here; the second one finds the work done.
    if version(conn).placed(path)? == LATEST {
        return Ok(());
    }
    match error {
        rusqlite_migration::Error::RusqliteError { err, .. } => Err(err).placed(path),
        other => Err(StoreError::Open { path: path.to_owned(), source: other.into() }),
    }
}
