//! Errors: which one is told, and that each says what to do.

use super::*;

#[track_caller]
fn refused(path: &Path) -> StoreError {
    let error = Store::open(path).unwrap_err();
    assert!(error.hint().is_some(), "{error:?}");
    assert!(error.to_string().contains(&*path.to_string_lossy()), "{error}");
    error
}

#[test]
fn what_is_no_database_of_ours_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("notes.txt");
    std::fs::write(&text, "people I met\n".repeat(100)).unwrap();
    assert!(matches!(refused(&text), StoreError::NotADatabase { .. }));
    assert_eq!(std::fs::read_to_string(&text).unwrap().len(), 1300);

    let foreign = folder.path().join("music.db");
    Connection::open(&foreign).unwrap().execute_batch("CREATE TABLE song (name)").unwrap();
    assert!(matches!(refused(&foreign), StoreError::NotADatabase { .. }));

    assert!(matches!(refused(folder.path()), StoreError::Open { .. }));
    assert!(matches!(refused(&folder.path().join("missing/carnet.db")), StoreError::Open { .. }));
}

#[test]
fn a_database_of_a_newer_version_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("carnet.db");
    drop(Store::open(&path).unwrap());
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 999).unwrap();
    let error = refused(&path);
    assert!(matches!(error, StoreError::Newer { found: 999, known: migrations::LATEST, .. }), "{error:?}");
}

#[test]
fn a_damaged_document_names_its_contact() {
    let store = Store::in_memory().unwrap();
    insert(&store, &contact(1, "Lee"));
    store.write(|writer| Ok::<_, StoreError>(writer.conn.execute("UPDATE contact SET doc = '{'", [])?)).unwrap();
    let error = store.read(|reader| reader.contact(id(1))).unwrap_err();
    assert!(error.to_string().contains(&id(1).to_string()), "{error}");
}

#[test]
fn damage_is_listed() {
    let store = Store::in_memory().unwrap();
    let conn = Connection::open(store.path()).unwrap();
    conn.execute_batch("PRAGMA foreign_keys = OFF; INSERT INTO job_failure VALUES (7, 1, 1, '[]', '[]', '')").unwrap();
    assert_eq!(store.check().unwrap(), ["a row of `job_failure` names a row of `job` that is not there"]);
}

#[track_caller]
fn check_kind(code: i32, expected: &str) {
    let failure = rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), None);
    let error = StoreError::from(failure).at(Path::new("/home/carnet.db"));
    assert!(format!("{error:?}").starts_with(expected), "{error:?}");
    assert!(error.hint().is_some() || expected == "Sql");
}

#[test]
fn what_sqlite_says_is_told_apart() {
    use rusqlite::ffi;
    check_kind(ffi::SQLITE_BUSY, "Locked");
    check_kind(ffi::SQLITE_BUSY_SNAPSHOT, "Locked");
    check_kind(ffi::SQLITE_LOCKED, "Locked");
    check_kind(ffi::SQLITE_FULL, "Full");
    check_kind(ffi::SQLITE_IOERR_WRITE, "Io");
    check_kind(ffi::SQLITE_READONLY, "ReadOnly");
    check_kind(ffi::SQLITE_READONLY_DIRECTORY, "ReadOnly");
    check_kind(ffi::SQLITE_PERM, "ReadOnly");
    check_kind(ffi::SQLITE_CANTOPEN, "Open");
    check_kind(ffi::SQLITE_NOTADB, "NotADatabase");
    check_kind(ffi::SQLITE_CORRUPT, "Corrupt");
    check_kind(ffi::SQLITE_MISUSE, "Sql");
}

#[test]
fn a_handle_is_shared_between_threads() {
    fn shared<T: Send + Sync + Clone>() {}
    shared::<Store>();
}
