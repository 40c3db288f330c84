//! Copying the write-ahead log into the database on a thread of its own, while much is written at once. The writer would otherwise wait
//! for the disk at every 64 MiB of log, and with it all who work ahead of it. What is written, and in which transactions, is not known here.

use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use crossbeam_channel::{Receiver, Sender, bounded};
use rusqlite::Connection;

use super::error::{Placed, StoreError};
use super::{Store, connection, lock};

/// Pages of log from which it is worth copying.
const WORTH: i64 = connection::LOG_PAGES;

/// Pages of log at which the writer waits for the copying and ends it itself, so that the log stays bounded: 192 MiB. The log begins anew
/// only when all of it is copied, and who writes without a pause is always a little ahead.
const MOST: i64 = 3 * WORTH;

/// As long as it lives, the log is copied beside the writer: see [`Store::checkpoint_aside`].
#[derive(Debug)]
pub struct Checkpoints {
    store: Store,
    thread: Option<JoinHandle<()>>,
}

/// What the writer and the thread know of each other.
#[derive(Debug)]
pub(super) struct Aside {
    told: Sender<()>,
    /// Held while the log is copied: SQLite refuses a second one at once.
    copying: Arc<Mutex<()>>,
}

impl Store {
    /// Copies the log into the database beside the writer until the answer is dropped. Durability is what it is without: a commit is
    /// kept by the log, and the log until it was copied and the copy is on the disk.
    ///
    /// # Errors
    /// When the database cannot be opened once more.
    pub fn checkpoint_aside(&self) -> Result<Checkpoints, StoreError> {
        let conn = connection::open_beside(self.path())?;
        // One message waiting is enough: whoever takes it copies all that is there by then.
        let (told, commits) = bounded(1);
        let copying = Arc::<Mutex<()>>::default();
        let turn = Arc::clone(&copying);
        let work = move || copy_while_told(&conn, &commits, &turn);
        // Without a thread to be had, the writer goes on copying by itself.
        let Ok(thread) = thread::Builder::new().name("checkpoints".to_owned()).spawn(work) else {
            return Ok(Checkpoints { store: self.clone(), thread: None });
        };
        self.copy_at(0)?;
        *lock(&self.inner.aside) = Some(Aside { told, copying });
        Ok(Checkpoints { store: self.clone(), thread: Some(thread) })
    }

    /// From how many pages on the writer copies the log with a commit; 0 means never.
    fn copy_at(&self, pages: i64) -> Result<(), StoreError> {
        lock(&self.inner.writer).conn.pragma_update(None, "wal_autocheckpoint", pages).placed(self.path())
    }

    /// Has the log copied after a commit, once it is worth it, until all of it is copied and the next commit begins it anew.
    pub(super) fn see_to_log(&self, conn: &Connection) {
        let aside = lock(&self.inner.aside);
        let Some(Aside { told, copying }) = &*aside else { return };
        let (pages, copied) = checkpoint(conn, "NOOP").unwrap_or_default();
        if pages < WORTH || copied == pages {
            return;
        }
        if pages < MOST {
            let _ = told.try_send(());
        } else {
            copy(conn, copying);
        }
    }
}

impl Drop for Checkpoints {
    fn drop(&mut self) {
        // The thread ends when nobody can tell it anything any more.
        drop(lock(&self.store.inner.aside).take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        // A connection that cannot take a setting fails with its next transaction, and says so there.
        let _ = self.store.copy_at(WORTH);
    }
}

fn copy_while_told(conn: &Connection, commits: &Receiver<()>, copying: &Mutex<()>) {
    commits.iter().for_each(|()| copy(conn, copying));
}

/// Copies what is in the log. An error leaves it as it is, with the commits in it: who opens the database next copies it.
fn copy(conn: &Connection, copying: &Mutex<()>) {
    let _turn = lock(copying);
    let _ = checkpoint(conn, "PASSIVE");
}

/// Pages that the log has, and how many of them are copied, after a checkpoint of a kind.
fn checkpoint(conn: &Connection, kind: &str) -> rusqlite::Result<(i64, i64)> {
    conn.query_row(&format!("PRAGMA wal_checkpoint({kind})"), [], |row| Ok((row.get(1)?, row.get(2)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The pages of a log to which `rows` of a mebibyte went, one commit each, and how many of them are copied.
    fn log_after(store: &Store, rows: usize) -> (i64, i64) {
        for _ in 0..rows {
            let filler = "x".repeat(1 << 20);
            let add = |writer: &mut super::super::Writer<'_>| -> Result<(), StoreError> {
                writer.conn().execute("INSERT INTO filler VALUES (?1)", [&filler]).placed(store.path()).map(drop)
            };
            store.write(add).expect("a commit");
        }
        checkpoint(&connection::open_beside(store.path()).expect("a connection"), "NOOP").expect("the log")
    }

    #[test]
    fn the_log_is_copied_beside_the_writer_and_stays_bounded() {
        let store = Store::in_memory().expect("a store");
        let make = |writer: &mut super::super::Writer<'_>| -> Result<(), StoreError> {
            writer.conn().execute_batch("CREATE TABLE filler (text)").placed(store.path())
        };
        store.write(make).expect("a table");
        let aside = store.checkpoint_aside().expect("a thread");
        let (pages, _) = log_after(&store, 300);
        assert!(pages <= MOST + 200, "{pages} pages of 300 MiB are still in the log");
        drop(aside);
        let left: i64 = store
            .read(|reader| {
                reader.conn.query_row("SELECT count(*) FROM filler", [], |row| row.get(0)).placed(store.path())
            })
            .expect("a count");
        assert_eq!(left, 300);
        let limit: i64 = lock(&store.inner.writer)
            .conn
            .pragma_query_value(None, "wal_autocheckpoint", |row| row.get(0))
            .expect("a setting");
        assert_eq!(limit, WORTH, "the writer copies by itself again");
    }
}
